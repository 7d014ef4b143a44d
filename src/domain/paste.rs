//! What a pasted token text holds: user, token name and secret, what was repaired on the way, and what is wrong or missing.

mod clean;
mod found;
mod guide;
mod placeholder;
mod read;
mod secret;
mod words;

pub use guide::{GuideMistake, HostSaid, guide_mistake, host_said};
pub(crate) use placeholder::is_example_name;
pub use placeholder::placeholder;
pub(crate) use secret::is_uuid;
pub use secret::{PastedSecret, SecretProblem};

use crate::domain::token::IdError;
use crate::domain::visible::upper_first;
use crate::domain::{Secret, TokenId, TokenName, UserId};

/// What is known already, from other fields; a paste may leave it out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub user: Option<UserId>,
    pub name: Option<TokenName>,
}

/// One of the three things that make a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    User,
    Name,
    Secret,
}

impl Part {
    /// As it stands in a sentence: `the token's name`.
    pub fn word(self) -> &'static str {
        match self {
            Part::User => "the user",
            Part::Name => "the token's name",
            Part::Secret => "the secret",
        }
    }
}

/// What was found in a pasted text, completed by what was known.
#[derive(Debug, Default)]
pub struct Paste {
    pub user: Option<UserId>,
    pub name: Option<TokenName>,
    pub secret: Option<PastedSecret>,
    /// What was wrong and has been put right, a sentence each.
    pub repairs: Vec<String>,
    pub problems: Vec<PasteProblem>,
}

impl Paste {
    /// Id and secret, where all three are there and the secret is what Proxmox makes.
    pub fn complete(&self) -> Option<(TokenId, Secret)> {
        Some((self.id()?, self.secret.as_ref()?.sound()?.share()))
    }

    /// Id and secret as pasted, for a person who insists on a secret that is no UUID.
    pub fn forced(&self) -> Option<(TokenId, Secret)> {
        Some((self.id()?, self.secret.as_ref()?.forced().share()))
    }

    /// The full id, where user and name are there.
    pub fn id(&self) -> Option<TokenId> {
        Some(TokenId { user: self.user.clone()?, name: self.name.clone()? })
    }
}

/// What is wrong with a paste. Its sentences hold nothing of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasteProblem {
    Empty,
    /// Nothing in it is a part of a token.
    NothingFound,
    User(IdError),
    Name(IdError),
    Placeholder {
        part: Part,
        what: &'static str,
    },
    Secret(SecretProblem),
    /// `root@pam!one!two=…`: either may be the name.
    TwoNames,
    /// More than one token stands in it; the first was taken.
    SeveralTokens,
    /// A password and no token.
    Password,
    /// The ticket of a login.
    Ticket,
    /// A token of another product.
    OtherProduct(&'static str),
    /// The command that makes a token, without what it printed.
    CommandAlone,
    /// A list of tokens, which never shows secrets.
    ListOfTokens,
    /// What the host or the shell answered instead of a token.
    Said(HostSaid),
    /// What a guide got wrong, met in the paste.
    Guide(GuideMistake),
}

impl PasteProblem {
    /// What is the matter, in one or two sentences.
    pub fn sentence(&self) -> String {
        match self {
            PasteProblem::Empty => "Nothing was pasted.".into(),
            PasteProblem::NothingFound => "Nothing in this looks like a part of a token.".into(),
            PasteProblem::User(error) | PasteProblem::Name(error) => format!("{}.", upper_first(&error.to_string())),
            PasteProblem::Placeholder { part, what } => format!("Where {} belongs stands {what}.", part.word()),
            PasteProblem::Secret(problem) => problem.sentence(),
            PasteProblem::TwoNames => "Two “!” stand in the token's id, so either part may be its name.".into(),
            PasteProblem::SeveralTokens => "More than one token stands in this; the first was taken.".into(),
            PasteProblem::Password => "This holds a password and no token.".into(),
            PasteProblem::Ticket => "This is the ticket of a login, which ends after two hours.".into(),
            PasteProblem::OtherProduct(product) => {
                format!("This is a token of {product}; Proxmox VE knows its own alone.")
            }
            PasteProblem::CommandAlone => {
                "This is a command without what it printed; the secret stands in its output.".into()
            }
            PasteProblem::ListOfTokens => {
                "This is a list of tokens; the host shows a secret only once, when it is made.".into()
            }
            PasteProblem::Said(said) => said.what(),
            PasteProblem::Guide(mistake) => mistake.truth.into(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            PasteProblem::Empty | PasteProblem::NothingFound => {
                "Any shape will do: user@realm!name=secret, the whole output of pveum, the lines of a file.".into()
            }
            PasteProblem::User(_) => "Type the user with its realm, as in apex@pve.".into(),
            PasteProblem::Name(_) => "Look at the name under Datacenter → Permissions → API Tokens.".into(),
            PasteProblem::Placeholder { part: Part::Secret, .. } => {
                "Put in the secret that Proxmox showed when the token was made.".into()
            }
            PasteProblem::Placeholder { part, .. } => format!("Put in {} of your own.", part.word()),
            PasteProblem::Secret(problem) => problem.hint().into(),
            PasteProblem::TwoNames => "Type the name of the token alone, as the host lists it.".into(),
            PasteProblem::SeveralTokens => "Paste one token alone if another was meant.".into(),
            PasteProblem::Password => "Log in with it instead, and have a token made.".into(),
            PasteProblem::Ticket => "Paste a token, or log in and have one made.".into(),
            PasteProblem::OtherProduct(_) => "Paste a token of the Proxmox VE host.".into(),
            PasteProblem::CommandAlone => "Run it as root on the host, and paste what it prints.".into(),
            PasteProblem::ListOfTokens => "If the secret is lost, make a new token.".into(),
            PasteProblem::Said(said) => said.hint(),
            PasteProblem::Guide(_) => "Leave the guide here; the commands that labwizard shows do work.".into(),
        }
    }
}

/// Reads whatever was pasted as a token, or as a part of one.
///
/// Each value is known by its look first (`user@realm!name`, a UUID, `user@realm`) and by the word before it second, so that
/// headers, commands, tables, JSON and lines of files need no grammar of their own.
pub fn parse_paste(text: &str, known: Known) -> Paste {
    read::read(text, known)
}

#[cfg(test)]
mod tests;
