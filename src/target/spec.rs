//! A target tool as data: the words of its TOML file, read strictly.

mod form;
mod right;

use serde::Deserialize;

use super::fact::{Fact, Template};
use super::switch::Parser;
use super::words::{KeyName, Name, Ordered, Words};

pub use form::{Dialect, Form, Found, Names, Reader, VerifyWord};
pub use right::{Never, Right, Who, is_dangerous};

/// A target: what it is called, what it needs, and how it holds its values.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    pub schema: u8,
    pub title: Words,
    pub about: Words,
    /// What the file was made from: repository and commit.
    pub source: Option<Words>,
    pub services: Services,
    #[serde(default)]
    pub accepts: Accepts,
    /// What the tool does where a file holds a token and a password.
    #[serde(default)]
    pub both: Both,
    /// What comes after the file is written: commands or sentences, shown and never run.
    #[serde(default)]
    pub next: Vec<Words>,
    #[serde(default)]
    pub rights: Vec<Right>,
    #[serde(default)]
    pub never: Vec<Never>,
    pub form: Vec<Form>,
    pub instances: Option<Instances>,
    pub keys: Ordered<KeyName, Key>,
    #[serde(default)]
    pub picks: Ordered<Name, Pick>,
    /// Questions whose yes brings in the rights of that group.
    #[serde(default)]
    pub groups: Ordered<Name, Words>,
    #[serde(default)]
    pub traps: Ordered<KeyName, Trap>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Services {
    pub proxmox: Option<Presence>,
    pub unifi: Option<Presence>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    #[default]
    Required,
    Optional,
}

/// The ways in that the tool can use, the preferred one first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepts {
    #[serde(default)]
    pub proxmox: Vec<Way>,
    #[serde(default)]
    pub unifi: Vec<Way>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    Token,
    Password,
    ApiKey,
}

/// What a tool does when it finds a token and a password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Both {
    /// It uses the token.
    #[default]
    Token,
    /// It uses the password.
    Password,
    /// It refuses to start.
    Error,
}

/// How several hosts share a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instances {
    /// With how many digits `{nn}` and `{instance}` are written.
    pub digits: u8,
    /// What the first is called.
    pub first: Words,
    /// The one of the forms' readers that takes nothing but the lines of further hosts.
    pub reader: Option<Reader>,
}

/// A key of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    pub value: Template,
    /// Names for the second and further hosts, with `{nn}`; the first is written, all are understood.
    #[serde(default)]
    pub nth: Vec<KeyName>,
    /// Further names that the tool understands, or that people declare.
    #[serde(default)]
    pub also: Vec<KeyName>,
    /// Its name as the tool's own environment variable.
    pub env: Option<KeyName>,
    /// Written only with this way in, or with a CA file.
    pub when: Option<When>,
    /// The two words of a switch: yes, no.
    #[serde(default)]
    pub words: Vec<Words>,
    /// How the tool reads the switch.
    #[serde(default)]
    pub switch: Parser,
    /// The same for the second and further hosts, where it is another.
    pub nth_switch: Option<Parser>,
    /// Its name as an argument of the provider, in the code beside the file.
    pub argument: Option<KeyName>,
    #[serde(default)]
    pub need: Presence,
    /// What the tool takes where the key is absent.
    pub default: Option<Words>,
    /// A further host without this key has the first one's.
    #[serde(default)]
    pub inherits: bool,
    /// A comment for it in a new file.
    pub about: Option<Words>,
    /// What writing it costs, said where it is offered.
    pub costs: Option<Words>,
    /// The CA file must hold the public CAs too, since all of the tool's requests are held against it.
    #[serde(default)]
    pub roots: bool,
    /// What the tool refuses here.
    #[serde(default)]
    pub refuses: Vec<Refuses>,
}

impl Key {
    /// What a text in the switch's place says, read so.
    pub fn says(&self, text: &str, by: Parser) -> Option<bool> {
        match &self.words[..] {
            [yes, no] => by.says([yes.as_str(), no.as_str()], text),
            _ => by.says(["true", "false"], text),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    Token,
    Password,
    ApiKey,
    Ca,
}

/// Values that a tool cannot take although they are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Refuses {
    Ipv6,
    Underscore,
}

/// A question that is answered from a list of the host.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pick {
    pub list: List,
    /// The pick whose answer narrows the list.
    pub on: Option<Name>,
    /// What a storage must be able to hold.
    pub holds: Option<Words>,
    pub ask: Words,
    /// Parts of names that make an entry the suggested one, the likeliest first.
    #[serde(default)]
    pub like: Vec<Words>,
    #[serde(default)]
    pub need: Presence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum List {
    Nodes,
    Templates,
    Guests,
    Storages,
    Bridges,
    Pools,
    Mappings,
    Sites,
}

/// A key that makes trouble although nothing else says so. Exactly one of the two.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trap {
    /// Where it stands, the tool uses it instead of this key.
    pub beats: Option<KeyName>,
    /// The tool does not read it; why.
    pub ignored: Option<Words>,
}

impl Refuses {
    /// Why the value cannot be used, and what would do.
    pub fn why(self) -> &'static str {
        match self {
            Refuses::Ipv6 => "The tool takes no IPv6 address here; a name or an IPv4 address of the host would do.",
            Refuses::Underscore => "The tool takes no name with “_” here; an address of the host would do.",
        }
    }
}

impl Spec {
    /// Every dangerous right, with what it is for.
    pub fn dangerous(&self) -> impl Iterator<Item = (&Right, Vec<&str>)> {
        self.rights.iter().map(|right| (right, right.dangerous())).filter(|(_, what)| !what.is_empty())
    }

    /// The form of that name; without a name the first.
    pub fn form(&self, name: Option<&str>) -> Option<&Form> {
        match name {
            Some(name) => self.form.iter().find(|form| form.name.as_str() == name),
            None => self.form.first(),
        }
    }

    /// What comes after this form is written.
    pub fn next_after<'s>(&'s self, form: &'s Form) -> impl Iterator<Item = &'s str> {
        form.next.iter().chain(&self.next).map(Words::as_str)
    }

    /// Whether the CA file must hold the public CAs too.
    pub fn ca_needs_roots(&self) -> bool {
        self.keys.iter().any(|(_, key)| key.value.fact == Fact::CaFile && key.roots)
    }
}
