//! Who answers questions inside a host.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::answer::Unreadable;
use super::request::Request;
use super::{Session, Trusted};
use crate::client::ssh::Shell;
use crate::domain::observation::RequestTrouble;

/// One of the ways to ask what only somebody who is signed in may ask.
#[derive(Clone, Copy)]
pub enum Asker<'a> {
    /// The API, as a session.
    Api { host: &'a Trusted, session: &'a Session },
    /// Root's shell.
    Shell(&'a Arc<Shell>),
}

impl Asker<'_> {
    /// Whether it is root@pam themself who asks.
    pub fn is_root(self) -> bool {
        matches!(self, Asker::Shell(_))
    }

    /// Whether a token asks.
    pub fn is_token(self) -> bool {
        matches!(self, Asker::Api { session, .. } if session.is_token())
    }

    /// The body of a good answer, `{"data": …}`; any other answer is the trouble that it is.
    async fn ask(self, request: &Request) -> Result<Zeroizing<Vec<u8>>, RequestTrouble> {
        match self {
            Asker::Api { host, session } => session.good(host.ask(request, session).await),
            Asker::Shell(shell) => shell.read(request).await,
        }
    }

    /// Asks, and reads the answer.
    pub async fn data<T>(
        self,
        request: &Request,
        read: impl FnOnce(&[u8]) -> Result<T, Unreadable>,
    ) -> Result<T, RequestTrouble> {
        let body = self.ask(request).await?;
        read(&body).map_err(|unreadable| RequestTrouble::Unreadable(unreadable.to_string()))
    }
}
