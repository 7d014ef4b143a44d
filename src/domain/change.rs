//! Changes to a host's users, roles, tokens and grants: a closed set, each with its command for root's shell.
//!
//! The same value is what Review shows, what the API is sent, what `pveum` is run with over ssh, and what the journal keeps.

use std::collections::BTreeSet;

use crate::domain::rights::Privilege;
use crate::domain::{Timestamp, TokenId, UserId};

/// Whom a grant is made to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grantee {
    User(UserId),
    Token(TokenId),
}

/// What a token is besides its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenMake {
    pub id: TokenId,
    /// Privilege separation: it has only what it is granted. Off, it has all rights of its user.
    pub separated: bool,
    /// When it ends; none for never.
    pub expire: Option<Timestamp>,
    /// Carries the mark of the run that makes it, [`mark`].
    pub comment: String,
}

/// One write. Nothing else can be changed on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A user without a password, so that nobody can log in as it.
    MakeUser {
        user: UserId,
        comment: String,
    },
    MakeRole {
        role: String,
        privileges: BTreeSet<Privilege>,
    },
    MakeToken(TokenMake),
    /// The role at the path and below, to each of `to`.
    Grant {
        path: String,
        role: String,
        to: Vec<Grantee>,
    },
    /// A new secret in place of the old, which is dead at that moment (pve-access-control 9.1.0, Proxmox VE 9.2).
    NewSecret(TokenId),
    /// Its entries in the ACL go with it (pve-access-control `API2/User.pm`).
    RemoveToken(TokenId),
    Ungrant {
        path: String,
        role: String,
        to: Vec<Grantee>,
    },
    /// All entries of the ACL that use it go with it.
    RemoveRole {
        role: String,
    },
    RemoveUser {
        user: UserId,
    },
    /// Whether a user may sign in, and with them their tokens. Nothing else of them changes (pve-access-control `API2/User.pm`
    /// update_user).
    Enable {
        user: UserId,
        on: bool,
    },
    /// When a user's account or a token ends, none for never. Secret, rights and groups stay.
    SetEnd {
        who: Grantee,
        end: Option<Timestamp>,
        /// When it ended before.
        was: Option<Timestamp>,
    },
}

impl Grantee {
    /// Themselves, or the owner of the token.
    pub fn user(&self) -> &UserId {
        match self {
            Grantee::User(user) => user,
            Grantee::Token(token) => &token.user,
        }
    }

    /// Its name holds a sign at which Proxmox parts lists of names, so that a grant would go to others.
    pub fn splits(&self) -> bool {
        self.user().user().contains([',', ';'])
    }
}

impl Change {
    /// What takes it back; none for what cannot be taken back, or is itself a removal.
    pub fn back(&self) -> Option<Change> {
        Some(match self {
            Change::MakeUser { user, .. } => Change::RemoveUser { user: user.clone() },
            Change::MakeRole { role, .. } => Change::RemoveRole { role: role.clone() },
            Change::MakeToken(token) => Change::RemoveToken(token.id.clone()),
            Change::Grant { path, role, to } => {
                Change::Ungrant { path: path.clone(), role: role.clone(), to: to.clone() }
            }
            Change::Enable { user, on } => Change::Enable { user: user.clone(), on: !on },
            Change::SetEnd { who, end, was } => Change::SetEnd { who: who.clone(), end: *was, was: *end },
            Change::NewSecret(_)
            | Change::RemoveToken(_)
            | Change::Ungrant { .. }
            | Change::RemoveRole { .. }
            | Change::RemoveUser { .. } => return None,
        })
    }

    /// The answer to it holds a secret, once.
    pub fn gives_secret(&self) -> bool {
        matches!(self, Change::MakeToken(_) | Change::NewSecret(_))
    }
}

/// What stands at the beginning of the comment of everything that a run makes: `labwizard 3f9a1c`.
pub fn mark(run: &str) -> String {
    format!("labwizard {run}")
}

/// Whether a comment carries the mark of this run.
pub fn carries_mark(comment: &str, run: &str) -> bool {
    let mark = mark(run);
    comment.strip_prefix(mark.as_str()).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
}

/// Whether some run of labwizard made what has this comment.
pub fn is_ours(comment: &str) -> bool {
    comment.strip_prefix("labwizard ").is_some_and(|rest| {
        let run = rest.split(|c: char| !c.is_ascii_hexdigit()).next().unwrap_or_default();
        (4..=8).contains(&run.len()) && carries_mark(comment, run)
    })
}
