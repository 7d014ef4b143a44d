//! The desk where users, roles, tokens and grants are changed: over the API with a ticket, or in root's shell.

use std::sync::Arc;

use crate::client::Options;
use crate::client::http::Unanswered;
use crate::client::proxmox::request::Request;
use crate::client::proxmox::{Asker, Session, Trusted, answer, estate};
use crate::client::ssh::Shell;
use crate::domain::observation::RequestTrouble;
use crate::domain::{Change, Credential, Estate, HostAt, RoleSeen, Secret, Trust, UserId};

/// Somebody who is signed in and may change a host.
pub struct Desk {
    /// Who that is on the host.
    who: UserId,
    hand: Hand,
}

/// How a desk reaches the host.
enum Hand {
    Api(Box<Api>),
    Shell(Arc<Shell>),
}

/// The API, signed in to.
struct Api {
    host: Trusted,
    session: Session,
}

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
    /// Makes ready. Nothing is sent over a connection that does not hold against what was agreed, and nothing at all where
    /// nothing is verified.
    pub async fn open(at: &HostAt, by: &Credential, options: &Options) -> Result<Desk, RequestTrouble> {
        let (who, session) = match by {
            Credential::Ticket(ticket) => (ticket.user.clone(), Session::ticket(ticket)),
            Credential::Token { id, secret } => (id.user.clone(), Session::token(id, secret)),
            // ssh has verified its host by itself, and nothing goes over the API.
            Credential::Shell(id) => {
                let shell = options.shells.get(*id).ok_or(RequestTrouble::NotConnected)?;
                return Ok(Desk { who: UserId::root(), hand: Hand::Shell(shell) });
            }
            // A password is turned into a ticket first, which asks for the second factor.
            Credential::Password { .. } => return Err(RequestTrouble::Stopped),
        };
        if at.trust == Trust::Unverified {
            return Err(RequestTrouble::Stopped);
        }
        let unsendable = || RequestTrouble::Unreadable("the credential cannot be put into HTTP".into());
        let session = session.ok_or_else(unsendable)?;
        let host = Trusted::reach(at, options).await?;
        Ok(Desk { who, hand: Hand::Api(Box::new(Api { host, session })) })
    }

    /// Users, tokens, roles and grants, as far as this one may see them.
    pub async fn estate(&self) -> Result<Estate, RequestTrouble> {
        estate::read(self.asker(), &self.who, estate::sees_whole_acl(self.asker()))
            .await
            .map_err(|(_, trouble)| trouble)
    }

    /// The role of that name as it is now; none where there is none.
    pub async fn role(&self, name: &str) -> Result<Option<RoleSeen>, RequestTrouble> {
        let roles = estate::roles_now(self.asker()).await?;
        Ok(roles.into_iter().find(|role| role.name == name))
    }

    /// Sends a change, once.
    pub async fn change(&self, change: &Change) -> Changed {
        match &self.hand {
            Hand::Api(api) => api.change(change).await,
            Hand::Shell(shell) => match shell.write(change).await {
                Ok(body) => done(change, &body),
                Err(changed) => changed,
            },
        }
    }

    /// Who answers this desk's questions.
    fn asker(&self) -> Asker<'_> {
        match &self.hand {
            Hand::Api(api) => Asker::Api { host: &api.host, session: &api.session },
            Hand::Shell(shell) => Asker::Shell(shell),
        }
    }
}

impl Api {
    async fn change(&self, change: &Change) -> Changed {
        let reply = match self.host.send(&Request::Change(change.clone()), &self.session).await {
            Ok(reply) => reply,
            Err(Unanswered { trouble, gone: false }) => return Changed::NotSent(trouble),
            Err(Unanswered { trouble, gone: true }) => return Changed::Lost(trouble),
        };
        let status = reply.status;
        match status {
            200 => {
                let changed = done(change, &reply.body);
                if let Changed::Done(Some(secret)) = &changed {
                    self.session.hide(secret);
                }
                changed
            }
            _ if passed_on(status) => {
                Changed::Lost(RequestTrouble::Answered { status, phrase: self.session.words(&reply) })
            }
            _ => Changed::Refused { status, words: self.session.words(&reply) },
        }
    }
}

/// What a good answer to a change says. One that cannot be read whole may have lost the secret on its way.
fn done(change: &Change, body: &[u8]) -> Changed {
    let read = match change {
        Change::MakeToken(make) => answer::token_secret(body, &make.id).map(Some),
        Change::NewSecret(id) => answer::token_secret(body, id).map(Some),
        _ => answer::nothing(body).map(|()| None),
    };
    match read {
        Ok(secret) => Changed::Done(secret),
        Err(unreadable) => Changed::Lost(RequestTrouble::Unreadable(unreadable.to_string())),
    }
}

/// Statuses of somebody in between, whose connection to the one who acts broke after it was made: the change may have come
/// through. pveproxy says 596 to 599 so (AnyEvent::HTTP), other proxies 502 and 504. 595 says that nobody took the connection.
fn passed_on(status: u16) -> bool {
    matches!(status, 502 | 504 | 596..=599)
}
