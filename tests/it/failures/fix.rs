//! The steps of a repair, as the table writes them: `word:value`. A step does what the finding says, by its own commands where it
//! shows some.

use serde::Deserialize;

/// One step.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub enum Fix {
    /// The mend that the finding offers, applied to the file.
    Mend,
    /// The commands that the finding shows, each in its place and in their order: all, or those that hold these words.
    Shown(Option<String>),
    /// The command that is shown and holds these words prints a new secret, which goes into the file.
    Secret(String),
    /// An administrator looked: from here on what that look says is followed.
    Look,
    /// Another check: from here on its finding of this code is followed.
    Then(String),
    /// What a finding says in words of the user's own rights: what it lacks of what is missing is given it in a role.
    User,
    /// The line of this key is typed anew as it should be.
    Type(String),
    /// A line is typed in the place of the one of its key; `{port}` is the lab's.
    Line(String),
    /// The secret that the token has is pasted into this key once more.
    Paste(String),
    /// A placeholder takes the secret's place in a file beside.
    Placeholder(String),
    /// The file gets another token of the lab that is well.
    OtherToken(String),
    /// The file gets a token with the rights of a tool alone, made in root's shell.
    LeastRights,
    /// Something on the host or the road that has no command: a node is started, a directory answers.
    Host(String),
    /// The certificate is compared with what the shown command prints on the host, and agreed to.
    Agree,
    /// The CA file of the tool gets what the shown command prints.
    CaFile,
    /// The value of this key is put between single quotes.
    ShellQuotes(String),
    /// The variable is unset.
    Unset(String),
    /// The file gets the host's own address.
    Direct,
}

impl TryFrom<String> for Fix {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (word, value) = text.split_once(':').unwrap_or((&text, ""));
        let owned = value.trim().to_owned();
        Ok(match word {
            "mend" => Fix::Mend,
            "shown" => Fix::Shown(Some(owned).filter(|words| !words.is_empty())),
            "secret" => Fix::Secret(owned),
            "look" => Fix::Look,
            "then" => Fix::Then(owned),
            "user" => Fix::User,
            "type" => Fix::Type(owned),
            "line" => Fix::Line(owned),
            "paste" => Fix::Paste(owned),
            "placeholder" => Fix::Placeholder(owned),
            "other-token" => Fix::OtherToken(owned),
            "least-rights" => Fix::LeastRights,
            "host" => Fix::Host(owned),
            "agree" => Fix::Agree,
            "ca-file" => Fix::CaFile,
            "unset" => Fix::Unset(owned),
            "shell-quotes" => Fix::ShellQuotes(owned),
            "direct" => Fix::Direct,
            other => return Err(format!("nothing is repaired by “{other}”")),
        })
    }
}
