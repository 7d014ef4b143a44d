//! Answers as a file, for an unattended run and for a colleague. It holds no secret, but says where one comes from.

mod making;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::path::PathBuf;

use crate::wizard::draft::Draft;

pub use making::LoginSources;
pub use read::read;
pub use write::file;

/// Where a secret is taken from. It never stands in the file itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    Env(String),
    File(PathBuf),
    Stdin,
    Command(Vec<String>),
}

/// What an answers file says.
#[derive(Debug)]
pub struct Given {
    pub draft: Draft,
    /// The token's secret, or the password.
    pub secret: Option<SecretSource>,
    pub password: Option<SecretSource>,
    /// Of whoever logs in to make the token.
    pub login: LoginSources,
}

/// Why an answers file cannot be used. Its texts hold no value of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswersError {
    #[error("line {line}, column {column}: {why}")]
    Toml { line: usize, column: usize, why: String },
    #[error(
        "{0} holds the secret itself, and an answers file is made to be shared. Say where it comes from: \
         {{ env = \"NAME\" }}, {{ file = \"PATH\" }}, {{ stdin = true }} or {{ command = [\"op\", \"read\", \"…\"] }}"
    )]
    LiteralSecret(&'static str),
    #[error("{0} needs exactly one of env, file, stdin and command")]
    SecretForm(&'static str),
    #[error("there is no target “{0}”; labwizard targets lists them")]
    NoTarget(String),
    #[error("the target has no “{0}” that could be given here; labwizard targets NAME shows what it has")]
    NoValue(String),
    #[error("{0} is one of {1}, and this is none of them")]
    Word(&'static str, String),
    #[error("{0} is not as it should be here; known are {1}")]
    Table(&'static str, &'static str),
    #[error("login takes totp or recovery, and both are given")]
    TwoCodes,
    #[error("create makes a token, and a secret or password is given for one that is there; one of them has to go")]
    CreateAndSecret,
    #[error(
        "create with rights = \"same\" makes a token of whoever signs in, and user names somebody else; leave user out, sign in \
         as that user, or take rights = \"least\""
    )]
    SameOfAnother,
    #[error("trust is “sha256:FINGERPRINT”, “ssh”, “ca:PATH”, “system” or “insecure”, and “{0}” is none of them")]
    Trust(String),
}
