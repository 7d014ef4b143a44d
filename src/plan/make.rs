//! From what a token shall be able to do, and what stands on the host already, to the changes that make it.

use crate::domain::change::mark;
use crate::domain::rights::Privilege;
use crate::domain::{Change, Estate, Grantee, Need, Release, Timestamp, TokenId, TokenMake, TokenName, UserId};
use crate::target::needs::{Grant, grants, roles};

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    pub token: &'a TokenId,
    pub wanted: Wanted<'a>,
    /// What to do where the token is there already.
    pub existing: &'a Existing,
    /// When it is to end; none for never.
    pub expire: Option<Timestamp>,
    /// The run's name, for the mark of what it makes.
    pub run: &'a str,
    /// What for, in a few words: `Glassdome on desk7`.
    pub purpose: &'a str,
    pub now: Timestamp,
    /// What roles of ours are called, as far as these names are free.
    pub role: &'a str,
    pub release: Release,
    /// Every privilege that this host knows; empty where it was not told.
    pub known: &'a [Privilege],
    pub estate: &'a Estate,
}

/// Which rights it gets.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// Exactly these; the owner gets what only the owner is asked for besides.
    Least { token: &'a [Need], owner: &'a [Need] },
    /// All rights of its user: privilege separation off.
    Same,
}

/// What to do with a token of the wanted name that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It is not expected; where it is there all the same, there is no plan.
    Refuse,
    /// A second token with the same rights takes its place; the old one is removed at the end, where that was agreed to.
    Beside { name: TokenName, remove: bool },
    /// A new secret in place; the old one dies at that moment.
    InPlace,
}

/// What will be changed on the host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Making {
    /// The token that will be used.
    pub token: Option<TokenId>,
    /// In the order that the host accepts; then the token is proved and the file written.
    pub changes: Vec<Change>,
    /// After the file was written.
    pub afterwards: Vec<Change>,
    /// What the token and its owner will hold, path by path.
    pub grants: Vec<Grant>,
    /// What is to be said of it, a sentence each.
    pub remarks: Vec<String>,
}

/// Why there is no such plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoMaking {
    /// The token is there already, and nothing was said about it.
    Exists(TokenId),
    /// The user of the token is disabled, or has ended.
    OwnerOff(UserId),
    /// What is needed at this path and this release does not know.
    UnknownPrivilege(String),
}

/// Works out the changes.
///
/// # Errors
/// Where what stands on the host does not allow it.
pub fn make(order: &Order<'_>) -> Result<Making, NoMaking> {
    let token = order.token.clone();
    if order.estate.token(&token).is_some() {
        return Err(NoMaking::Exists(token));
    }
    let mut changes = Vec::new();
    let comment = format!("{}: for {}", mark(order.run), order.purpose);
    if order.estate.user(&token.user).is_none() {
        changes.push(Change::MakeUser { user: token.user.clone(), comment: comment.clone() });
    }
    let wanted = match order.wanted {
        Wanted::Least { token, .. } => grants(token),
        Wanted::Same => Vec::new(),
    };
    let roles = roles(order.role, &wanted);
    for role in &roles {
        changes.push(Change::MakeRole { role: role.name.clone(), privileges: role.privileges.clone() });
    }
    let separated = matches!(order.wanted, Wanted::Least { .. });
    changes.push(Change::MakeToken(TokenMake { id: token.clone(), separated, expire: order.expire, comment }));
    for role in &roles {
        for path in &role.paths {
            let to = vec![Grantee::User(token.user.clone()), Grantee::Token(token.clone())];
            changes.push(Change::Grant { path: path.clone(), role: role.name.clone(), to });
        }
    }
    Ok(Making { token: Some(token), changes, afterwards: Vec::new(), grants: wanted, remarks: Vec::new() })
}

/// A change in words, as Review lists it: `make the user lab@pve, who has no password`.
pub fn sentence(change: &Change) -> String {
    match change {
        Change::MakeUser { user, .. } => format!("make the user {user}, who has no password"),
        Change::MakeRole { role, privileges } => format!("make the role {role} with {} privileges", privileges.len()),
        Change::MakeToken(token) => format!("make the token {}", token.id),
        Change::Grant { path, role, .. } => format!("grant {role} on {path}"),
        Change::NewSecret(id) => format!("give {id} a new secret; the old one is dead from then on"),
        Change::RemoveToken(id) => format!("remove the token {id}"),
        Change::Ungrant { path, role, .. } => format!("take {role} on {path} back"),
        Change::RemoveRole { role } => format!("remove the role {role}"),
        Change::RemoveUser { user } => format!("remove the user {user}"),
    }
}
