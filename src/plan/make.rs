//! From what a token shall be able to do, and what stands on the host already, to the changes that make it.

pub mod allows;
mod comment;
mod remarks;
mod roles;
mod rows;
mod sentence;
#[cfg(test)]
mod tests;
pub mod wake;
mod way;

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::rights::Privilege;
use crate::domain::{
    AclSeen, Change, Estate, Grantee, Need, Release, Timestamp, TokenId, TokenMake, TokenName, UserId,
};
use crate::plan::make::roles::Roles;
use crate::plan::make::rows::{Gives, Laid, Row, ShutOut, holder_of};
use crate::plan::make::way::{Way, has_ended, is_past, way};
use crate::target::needs::{Grant, every_grant, grants};

pub use allows::allows;
pub use sentence::sentence;

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
    /// It keeps its secret, and gets what it lacks; its owner too. Nothing is made but grants and their roles.
    Keep,
    /// It keeps its secret and its rights, and signs in again: its owner is enabled, and whichever of the two has ended or soon
    /// will gets a later end. Nothing is granted.
    Wake,
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
    /// How what the token will hold compares with what was asked for.
    pub extent: Extent,
    /// What the token will hold by its own grants, path by path; nothing for one that has all rights of its user.
    pub grants: Vec<Grant>,
    /// What its owner will hold on the paths where this plan grants something to them.
    pub owner: Vec<Grant>,
    /// What each role of its grants gives, those that it makes and those that are there.
    pub roles: BTreeMap<String, BTreeSet<Privilege>>,
    /// What is to be said of it, a sentence each.
    pub remarks: Vec<String>,
}

/// How much a token will hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// What is needed, and nothing else.
    #[default]
    Needs,
    /// Something besides: by entries that it has or gets from the one it replaces, or by what a grant keeps.
    More,
    /// All rights of its user.
    Whole,
}

/// Why there is no such plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoMaking {
    /// The token is there already, and nothing was said about it.
    Exists(TokenId),
    /// The user of the token is disabled, or has ended.
    OwnerOff(UserId),
    /// What is needed and this release does not know.
    UnknownPrivilege(String),
    /// It would end before it begins; a host makes such a token all the same.
    Past(TokenId),
    /// It was to be kept, and is not there, or not shown.
    Gone(TokenId),
    /// It was to be kept, and its end has come; no grant wakes it.
    Ended(TokenId),
    /// Proxmox parts lists of names at a sign in this one, so a grant would go to others.
    Splits(UserId),
    /// What this one, who is there already, holds is not shown to whoever is signed in; a grant would take the place of it.
    AclUnseen(Grantee),
    /// The role NoAccess keeps them out of this path, whatever is granted beside it.
    ShutOut { who: Grantee, path: String },
}

impl Making {
    /// A change of it shows a secret. Else the token keeps the one that it has, and no file awaits another.
    pub fn gives_secret(&self) -> bool {
        self.changes.iter().any(Change::gives_secret)
    }
}

impl From<ShutOut> for NoMaking {
    fn from(ShutOut { who, path }: ShutOut) -> Self {
        NoMaking::ShutOut { who, path }
    }
}

/// Works out the changes.
///
/// # Errors
/// Where what stands on the host does not allow it.
pub fn make(order: &Order<'_>) -> Result<Making, NoMaking> {
    let way = way(order)?;
    let owner = &order.token.user;
    let there = order.estate.user(owner);
    let wakes = *order.existing == Existing::Wake;
    let is_off = there.is_some_and(|user| !user.enabled || user.expire.is_some_and(|end| is_past(end, order.now)));
    if is_off && !wakes {
        return Err(NoMaking::OwnerOff(owner.clone()));
    }
    let token = way.token(order);
    if matches!(way, Way::Kept(old) if !wakes && has_ended(old, order.now)) {
        return Err(NoMaking::Ended(token));
    }
    let sets_end = wakes || !matches!(way, Way::NewSecret(_) | Way::Kept(_));
    if sets_end && way.expire(order).is_some_and(|end| is_past(end, order.now)) {
        return Err(NoMaking::Past(token));
    }
    let separated = way.separated(order);
    let (for_token, for_owner) = if wakes { Default::default() } else { wanted(order, separated)? };

    let (as_token, as_owner) = (Grantee::Token(token.clone()), Grantee::User(owner.clone()));
    let mut laid = Laid::new(order.estate);
    if !owner.is_root() {
        laid.add(&for_owner, &as_owner)?;
    }
    let mut skipped = Vec::new();
    if let Some(old) = way.rows_of(order) {
        laid.clear(&as_token);
        for row in order.estate.acl.iter().filter(|row| row.who == holder_of(&Grantee::Token(old.clone()))) {
            match row.propagates {
                true => laid.copy(&row.path, &row.role, &as_token),
                false => skipped.push(row),
            }
        }
    }
    laid.add(&for_token, &as_token)?;
    if !order.estate.acl_whole {
        unseen(&way, &laid, order, &as_owner)?;
    }

    let ordered = ordered(&laid.rows, &as_token);
    let roles = Roles::choose(order.role, &ordered, order.estate);
    let comment = comment::comment(order.run, order.purpose, order.now);
    let mut changes = Vec::new();
    if there.is_none() && !owner.is_root() {
        changes.push(Change::MakeUser { user: owner.clone(), comment: comment.clone() });
    }
    changes.extend(roles.made.iter().cloned());
    let make = |expire, comment| Change::MakeToken(TokenMake { id: token.clone(), separated, expire, comment });
    match &way {
        Way::New(_) | Way::Beside { .. } => {
            changes.push(make(order.expire, comment));
            changes.extend(granting(&laid.rows, &roles));
        }
        // What can be taken back comes before what cannot.
        Way::NewSecret(_) => {
            changes.extend(granting(&laid.rows, &roles));
            changes.push(Change::NewSecret(token.clone()));
        }
        Way::Kept(_) if wakes => changes.extend(wake::waking(&token, order.expire, order.estate, order.now)),
        Way::Kept(_) => changes.extend(granting(&laid.rows, &roles)),
        Way::Again(old) => {
            let (owners, tokens): (Vec<Row>, Vec<Row>) = laid.rows.iter().cloned().partition(|row| row.to == as_owner);
            changes.extend(granting(&owners, &roles));
            changes.push(Change::RemoveToken(token.clone()));
            let comment = comment::again(order.run, old.comment.as_deref());
            changes.push(make(way.expire(order), comment));
            changes.extend(granting(&tokens, &roles));
        }
    }
    if !laid.rows.is_empty() && as_owner.splits() {
        return Err(NoMaking::Splits(owner.clone()));
    }
    let afterwards = match &way {
        Way::Beside { remove: true, .. } => vec![Change::RemoveToken(order.token.clone())],
        _ => Vec::new(),
    };
    let grants = match order.wanted {
        _ if !separated => Vec::new(),
        Wanted::Least { token, .. } => held(&laid, &as_token, &grants(token)),
        Wanted::Same => held(&laid, &as_token, &[]),
    };
    let extent = extent(&laid, &as_token, &for_token, separated);
    let owner = held(&laid, &as_owner, &[]);
    let remarks = remarks::remarks(order, &way, &laid, &roles, &skipped, separated);
    let roles = given(&changes, order.estate);
    Ok(Making { token: Some(token), changes, afterwards, extent, grants, owner, roles, remarks })
}

/// Refuses what cannot be done without seeing the whole ACL: a grant to a user who is there takes the place of what they inherit,
/// and of the entries of a token only those that are seen can be given to another.
fn unseen(way: &Way<'_>, laid: &Laid, order: &Order<'_>, owner: &Grantee) -> Result<(), NoMaking> {
    if let Some(old) = way.rows_of(order) {
        return Err(NoMaking::AclUnseen(Grantee::Token(old)));
    }
    let is_there = order.estate.user(&order.token.user).is_some();
    let granted = |who: &Grantee| laid.rows.iter().any(|row| row.to == *who);
    let token = Grantee::Token(order.token.clone());
    match way {
        _ if is_there && granted(owner) => Err(NoMaking::AclUnseen(owner.clone())),
        Way::NewSecret(_) | Way::Kept(_) if granted(&token) => Err(NoMaking::AclUnseen(token)),
        _ => Ok(()),
    }
}

/// What the token and its owner are to hold.
fn wanted(order: &Order<'_>, separated: bool) -> Result<(Vec<Grant>, Vec<Grant>), NoMaking> {
    let Wanted::Least { token, owner } = order.wanted else { return Ok((Vec::new(), Vec::new())) };
    let unknown = token.iter().chain(owner).flat_map(|need| &need.privileges);
    let unknown = unknown.filter(|_| !order.known.is_empty()).find(|privilege| !order.known.contains(privilege));
    if let Some(unknown) = unknown {
        return Err(NoMaking::UnknownPrivilege(unknown.clone()));
    }
    // A token has no more than its owner, so the owner needs all that the token does.
    let all: Vec<Need> = owner.iter().chain(token).cloned().collect();
    // Also where a grant above would be enough: an entry that stands there already may hide it.
    let each = |needs: &[Need]| every_grant(needs).into_iter().map(|(grant, _)| grant).collect();
    Ok((if separated { each(token) } else { Vec::new() }, each(&all)))
}

/// Whether the token's entries give it anything that is not needed at their path.
fn extent(laid: &Laid, token: &Grantee, needed: &[Grant], separated: bool) -> Extent {
    if !separated {
        return Extent::Whole;
    }
    let is_needed = |row: &&AclSeen| {
        let role = laid.estate.role(&row.role);
        let of_path = || needed.iter().filter(|grant| grant.path == row.path);
        role.is_none_or(|role| role.privileges.iter().all(|one| of_path().any(|grant| grant.privileges.contains(one))))
    };
    if laid.rows_of(token).all(|row| is_needed(&row)) { Extent::Needs } else { Extent::More }
}

/// What each role gives that is granted by these changes.
fn given(changes: &[Change], estate: &Estate) -> BTreeMap<String, BTreeSet<Privilege>> {
    let made = |name: &str| {
        changes.iter().find_map(|change| match change {
            Change::MakeRole { role, privileges } if role == name => Some(privileges),
            _ => None,
        })
    };
    let granted = changes.iter().filter_map(|change| match change {
        Change::Grant { role, .. } => Some(role),
        _ => None,
    });
    granted
        .filter_map(|role| {
            let privileges = made(role).or_else(|| estate.role(role).map(|seen| &seen.privileges))?;
            Some((role.clone(), privileges.clone()))
        })
        .collect()
}

/// The rows in the order in which roles are named after them: the token's first.
fn ordered(rows: &[Row], token: &Grantee) -> Vec<Row> {
    let (tokens, others): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.to == *token);
    tokens.into_iter().chain(others).cloned().collect()
}

/// The rows as grants: what is alike for several is one.
fn granting(rows: &[Row], roles: &Roles) -> Vec<Change> {
    let mut out: Vec<(&str, &str, Vec<Grantee>)> = Vec::new();
    for row in rows {
        let role = match &row.gives {
            Gives::Role(role) => role.as_str(),
            Gives::Privileges(privileges) => match roles.of(privileges) {
                Some(role) => role,
                None => continue,
            },
        };
        match out.iter_mut().find(|(path, known, _)| *path == row.path && *known == role) {
            Some((_, _, to)) if to.contains(&row.to) => {}
            Some((_, _, to)) => to.push(row.to.clone()),
            None => out.push((&row.path, role, vec![row.to.clone()])),
        }
    }
    let change =
        |(path, role, to): (&str, &str, Vec<Grantee>)| Change::Grant { path: path.into(), role: role.into(), to };
    out.into_iter().map(change).collect()
}

/// What somebody will hold by the ACL, on the paths of these grants and of all rows that are added for them; of a token that is there on all
/// paths where it has any.
fn held(laid: &Laid, who: &Grantee, grants: &[Grant]) -> Vec<Grant> {
    let mut paths: Vec<&str> = grants.iter().map(|grant| grant.path.as_str()).collect();
    let added = laid.rows.iter().filter(|row| row.to == *who).map(|row| row.path.as_str());
    let is_there = matches!(who, Grantee::Token(id) if laid.estate.token(id).is_some());
    let there = laid.rows_of(who).filter(|_| is_there).map(|row| row.path.as_str());
    for path in added.chain(there) {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let privileges = |path: &str| -> BTreeSet<Privilege> { laid.estate.granted(who, path).into_keys().collect() };
    paths.into_iter().map(|path| Grant { path: path.to_owned(), privileges: privileges(path) }).collect()
}
