//! The sentences for traps: what happened, why, and what to do.

use super::fact::Fact;
use super::spec::Both;
use super::traps::{TrapHit, TrapKind};

/// What is said of a trap. Keys and files in it are the file's own text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrapWords {
    pub title: String,
    pub cause: String,
    pub fix: String,
}

impl TrapHit {
    /// The sentences, with the tool's title.
    pub fn words(&self, tool: &str) -> TrapWords {
        let key = &self.key;
        let other = self.other.as_deref().unwrap_or_default();
        let (title, cause, fix) = match &self.kind {
            TrapKind::Beaten => (
                format!("{tool} uses {other} in place of {key}."),
                format!("Where both stand in the file, {other} counts, and the two differ."),
                format!("Give {other} the same value, or remove it."),
            ),
            TrapKind::Ignored(why) => (
                format!("{key} has no effect in this file."),
                why.clone(),
                format!("Remove {key} here; set it where the tool looks for it."),
            ),
            TrapKind::FullId => (
                format!("{key} holds a full token id, and the short name belongs there."),
                "The tool puts user and name together itself, so the id is sent twice and refused.".into(),
                "Keep only what stands behind the “!”.".into(),
            ),
            TrapKind::SecretInName => (
                format!("{key} holds what looks like the secret, and the token's name belongs there."),
                "A name goes over the wire and into logs as it is, and the host knows no token of it.".into(),
                "Put name and secret each in their own place; if this file was shared, make a new secret.".into(),
            ),
            TrapKind::ShortId => (
                format!("{key} holds no full token id."),
                "The tool sends this value as it is, and Proxmox knows a token only by user@realm!name.".into(),
                "Write user, realm and name: user@realm!name.".into(),
            ),
            TrapKind::ApiPath => (
                format!("{key} ends in /api2/json, which is too much."),
                "The tool adds the path itself.".into(),
                "End the address behind the port.".into(),
            ),
            TrapKind::NoApiPath => (
                format!("{key} does not end in /api2/json."),
                "The tool sends its requests to this address as it is.".into(),
                "Write /api2/json behind the port.".into(),
            ),
            TrapKind::Scheme => (
                format!("{key} begins with https://, and a bare host belongs there."),
                "The tool puts https:// in front itself, so the address is none.".into(),
                "Keep the host, and the port if it is not 8006.".into(),
            ),
            TrapKind::NoScheme => (
                format!("{key} does not begin with https://."),
                "The tool takes the value for a whole address, and refuses one without it.".into(),
                "Write https:// in front.".into(),
            ),
            TrapKind::PlainHttp => (
                format!("{key} begins with http://."),
                "Proxmox speaks https only; it answers plain http with a redirect, which most programs do not follow with a token.".into(),
                "Write https:// in its place.".into(),
            ),
            TrapKind::PortInHost => (
                format!("{key} holds a port, and the host alone belongs there."),
                "The port has a key of its own.".into(),
                "Move the port to its own key.".into(),
            ),
            TrapKind::HeaderWord => (
                format!("{key} holds more than the value."),
                "PVEAPIToken= and the id belong to the header that the tool makes itself.".into(),
                "Keep only the value that the tool asks for.".into(),
            ),
            TrapKind::Bare => (
                format!("{key} lacks the text that the tool expects around the value."),
                "The tool sends the value as it stands.".into(),
                "Write the value again.".into(),
            ),
            TrapKind::Placeholder => (
                format!("{key} still holds the value of an example."),
                "It was made to be replaced.".into(),
                "Put in your own value.".into(),
            ),
            TrapKind::Shadowed => (
                format!("{key} is set in the environment, which counts before the file."),
                "A variable that is set when the tool starts is not replaced by the file's line.".into(),
                format!("Unset {key} where the tool is started."),
            ),
            TrapKind::Outranked => (
                format!("{other} sets the same variable as {key}, and counts before it."),
                "Of the files that are loaded by themselves the last counts, and each beats a value from the environment.".into(),
                format!("Write the value into {other}, or remove it there."),
            ),
            TrapKind::Undeclared => (
                format!("No variable {key} is declared beside this file."),
                "A value without a declaration is not used; a warning is all that is seen of it.".into(),
                "Remove the line, or declare the variable.".into(),
            ),
            TrapKind::MissingKey => {
                (format!("{key} is missing, or empty."), format!("{tool} needs it."), format!("Write {key}."))
            }
            TrapKind::Duplicate(lines) => (
                format!("{key} stands in {} lines: {}.", lines.len(), numbers(lines)),
                "Which of them counts differs between readers.".into(),
                "Keep one.".into(),
            ),
            TrapKind::BothWays(Both::Error) => (
                format!("{key} and {other} stand in the file together."),
                format!("{tool} refuses to start with a token and a password."),
                format!("Remove {other}."),
            ),
            TrapKind::BothWays(Both::Token) => (
                format!("{other} is not used."),
                format!("Where a token stands beside a password, {tool} takes the token."),
                format!("Remove {other}, or the token."),
            ),
            TrapKind::BothWays(Both::Password) => (
                format!("{key} is not used."),
                format!("Where a token stands beside a password, {tool} takes the password."),
                format!("Remove {other}, or the token."),
            ),
            TrapKind::NoSwitch(yes, no) => (
                format!("{key} is neither “{yes}” nor “{no}”."),
                format!("{tool} knows these two words here."),
                format!("Write {yes} or {no}."),
            ),
            TrapKind::Clash { here, there } => (
                format!("{tool} and {other} would read {key} as different things."),
                format!("{tool} takes it for {}, {other} for {}.", thing(here), thing(there)),
                "Keep a file for each of the two.".into(),
            ),
        };
        TrapWords { title, cause, fix }
    }
}

/// What a value is, in words; as the fact is called where there are no better ones.
fn thing(fact: &Fact) -> String {
    let words = match fact {
        Fact::Address => "a host that may have a port",
        Fact::Host => "a host alone",
        Fact::Url => "an address with https://",
        Fact::ApiUrl => "an address that ends in /api2/json",
        Fact::User => "a user with its realm",
        Fact::UserName => "a user without its realm",
        Fact::TokenName => "a token's short name",
        Fact::TokenId => "a full token id",
        Fact::TokenSecret => "a token's secret",
        Fact::Token => "a token id with its secret",
        other => return other.to_string(),
    };
    words.to_owned()
}

fn numbers(lines: &[usize]) -> String {
    lines.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}
