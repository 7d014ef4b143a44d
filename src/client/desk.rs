//! The desk where users, roles, tokens and grants are changed: over the API with a ticket, or in root's shell.

use crate::client::Options;
use crate::domain::observation::RequestTrouble;
use crate::domain::{Change, Credential, Estate, HostAt, Secret};

/// Somebody who is signed in and may change a host.
pub struct Desk {}

/// What came of a change, which was sent once at most.
#[derive(Debug)]
pub enum Changed {
    /// Done; with the secret that was made.
    Done(Option<Secret>),
    /// The host said no: status (0 over ssh) and its words, redacted.
    Refused { status: u16, words: String },
    /// It never left here.
    NotSent(RequestTrouble),
    /// It left here, and no whole answer came: it may be done.
    Lost(RequestTrouble),
}

impl Desk {
    /// Makes ready. Nothing is sent over a connection that does not hold against what was agreed.
    pub async fn open(at: &HostAt, by: &Credential, options: &Options) -> Result<Desk, RequestTrouble> {
        let _ = (at, by, options);
        Err(RequestTrouble::Stopped)
    }

    /// Users, tokens, roles and grants, as far as this one may see them.
    pub async fn estate(&self) -> Result<Estate, RequestTrouble> {
        Err(RequestTrouble::Stopped)
    }

    /// Sends a change, once.
    pub async fn change(&self, change: &Change) -> Changed {
        let _ = change;
        Changed::NotSent(RequestTrouble::Stopped)
    }
}
