//! What a survey is asked to find out, and with what it may sign in.

use std::fmt;
use std::net::IpAddr;

use crate::domain::{Endpoint, HostAt, Secret, ShellId, Ticket, TokenId, Trust, UserId};

/// What the host is asked with, and what goes into the file.
pub enum Credential {
    Token {
        id: TokenId,
        secret: Secret,
    },
    Password {
        user: UserId,
        password: Secret,
    },
    /// A login of this run. It never goes into a file.
    Ticket(Ticket),
    /// Root's shell over ssh, opened in this run.
    Shell(ShellId),
}

impl Credential {
    /// A further holder of the same secret.
    pub fn share(&self) -> Self {
        match self {
            Credential::Token { id, secret } => Credential::Token { id: id.clone(), secret: secret.share() },
            Credential::Password { user, password } => {
                Credential::Password { user: user.clone(), password: password.share() }
            }
            Credential::Ticket(ticket) => Credential::Ticket(ticket.share()),
            Credential::Shell(shell) => Credential::Shell(*shell),
        }
    }

    /// It signs in for this run only, to make what the tool will use.
    pub fn is_for_this_run(&self) -> bool {
        matches!(self, Credential::Ticket(_) | Credential::Shell(_))
    }

    pub fn same_as(&self, other: &Credential) -> bool {
        match (self, other) {
            (Credential::Token { id: a, secret: s }, Credential::Token { id: b, secret: t }) => a == b && s.same_as(t),
            (Credential::Password { user: a, password: s }, Credential::Password { user: b, password: t }) => {
                a == b && s.same_as(t)
            }
            (Credential::Ticket(a), Credential::Ticket(b)) => a.user == b.user && a.ticket.same_as(&b.ticket),
            (Credential::Shell(a), Credential::Shell(b)) => a == b,
            _ => false,
        }
    }
}

impl fmt::Display for Credential {
    /// The full token id or the user; never the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Credential::Token { id, .. } => id.fmt(f),
            Credential::Password { user, .. } => user.fmt(f),
            Credential::Ticket(ticket) => ticket.user.fmt(f),
            Credential::Shell(_) => f.write_str("root@pam"),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({self})")
    }
}

/// How far a survey travels: it stops where what it would need is not given.
#[derive(Debug)]
pub struct Inquiry {
    /// The places to try, side by side; the first that answers as Proxmox wins.
    pub endpoints: Vec<Endpoint>,
    /// The address that was agreed in this run; a name is resolved once a run.
    pub address: Option<IpAddr>,
    /// What the certificate is held against. Without it the certificate is looked at and nothing is sent over it that matters:
    /// only the questions that need no login, over a connection of their own.
    pub trust: Option<Trust>,
    /// Sent only where the certificate held against `trust`.
    pub credential: Option<Credential>,
    /// ACL paths to ask for exactly, besides the whole tree.
    pub paths: Vec<String>,
    /// Whether the lists for Details are wanted, all of them.
    pub lists: bool,
    /// Whether the machines and templates are wanted, without the other lists.
    pub guests: bool,
    /// Nodes whose storages are asked for beside the question which nodes there are: where the answers are known and only tested.
    pub storages_of: Vec<String>,
    /// Nodes whose certificates are asked for in the same way: they have the cluster's CA, and show whether the node that
    /// answers gets through to the others.
    pub certificates_of: Vec<String>,
    /// Whether users, tokens, roles and grants are wanted: where something is to be made.
    pub estate: bool,
}

impl Inquiry {
    /// These places as they show themselves to anybody: no trust, no credential, nothing else asked.
    pub fn to(endpoints: Vec<Endpoint>) -> Self {
        Inquiry {
            endpoints,
            address: None,
            trust: None,
            credential: None,
            paths: Vec::new(),
            lists: false,
            guests: false,
            storages_of: Vec::new(),
            certificates_of: Vec::new(),
            estate: false,
        }
    }

    /// A place that was agreed to, with everything that is asked of it left out.
    pub fn of(at: &HostAt) -> Self {
        let (address, trust) = (at.address, Some(at.trust.clone()));
        Inquiry { address, trust, ..Inquiry::to(vec![at.endpoint.clone()]) }
    }
}
