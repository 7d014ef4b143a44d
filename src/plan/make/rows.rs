//! Which entries of the ACL a plan adds, so that nobody loses a right by them.
//!
//! They are laid one after the other onto a copy of what stands, from the upper paths down; so each sees what the ones before
//! it gave.

use std::collections::BTreeSet;

use crate::domain::rights::Privilege;
use crate::domain::{AclSeen, Estate, Grantee, Holder, RoleSeen};
use crate::target::needs::Grant;

/// An entry to be added, for one holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub path: String,
    pub gives: Gives,
    pub to: Grantee,
}

/// What an entry gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gives {
    /// Exactly these, by whatever role.
    Privileges(BTreeSet<Privilege>),
    /// A role that another entry has.
    Role(String),
}

/// A right that somebody held at a path and keeps, for it is in the new entry too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub who: Grantee,
    pub path: String,
    pub privileges: BTreeSet<Privilege>,
}

/// What stands, with the entries that were laid onto it.
#[derive(Debug)]
pub struct Laid {
    /// Before anything was added.
    before: Estate,
    pub estate: Estate,
    pub rows: Vec<Row>,
    pub kept: Vec<Kept>,
    /// NoAccess no longer holds there for whom it did.
    pub opened: Vec<(Grantee, String)>,
}

/// Somebody whom NoAccess keeps out of a path whatever is granted beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShutOut {
    pub who: Grantee,
    pub path: String,
}

impl Row {
    pub fn privileges(&self) -> Option<&BTreeSet<Privilege>> {
        match &self.gives {
            Gives::Privileges(privileges) => Some(privileges),
            Gives::Role(_) => None,
        }
    }

    pub fn is_of(&self, holder: &Holder) -> bool {
        *holder == holder_of(&self.to)
    }
}

pub fn holder_of(who: &Grantee) -> Holder {
    match who {
        Grantee::User(user) => Holder::User(user.clone()),
        Grantee::Token(token) => Holder::Token(token.clone()),
    }
}

impl Laid {
    pub fn new(estate: &Estate) -> Laid {
        let (before, estate) = (estate.clone(), estate.clone());
        Laid { before, estate, rows: Vec::new(), kept: Vec::new(), opened: Vec::new() }
    }

    /// Takes all entries of a holder away, as they go with a token that is removed.
    pub fn clear(&mut self, who: &Grantee) {
        let holder = holder_of(who);
        self.before.acl.retain(|row| row.who != holder);
        self.estate.acl.retain(|row| row.who != holder);
    }

    /// Adds an entry like one that is there already, which its holder then has had all along.
    pub fn copy(&mut self, path: &str, role: &str, to: &Grantee) {
        self.before.acl.push(entry(path, role, to));
        self.estate.acl.push(entry(path, role, to));
        self.rows.push(Row { path: path.to_owned(), gives: Gives::Role(role.to_owned()), to: to.clone() });
    }

    /// Adds what `who` lacks of the grants, which come with the upper paths first.
    ///
    /// # Errors
    /// Where NoAccess stands on the same path for the same holder.
    pub fn add(&mut self, grants: &[Grant], who: &Grantee) -> Result<(), ShutOut> {
        for grant in grants {
            if self.holds(who, grant) {
                continue;
            }
            let kept = self.replaced(who, &grant.path);
            if self.before.shut_out(who, &grant.path) {
                self.opened.push((who.clone(), grant.path.clone()));
            }
            let besides: BTreeSet<Privilege> = kept.difference(&grant.privileges).cloned().collect();
            let privileges: BTreeSet<Privilege> = grant.privileges.union(&besides).cloned().collect();
            if !besides.is_empty() {
                self.kept.push(Kept { who: who.clone(), path: grant.path.clone(), privileges: besides });
            }
            let role = self.stand_in(&privileges);
            self.estate.acl.push(entry(&grant.path, &role, who));
            self.rows.push(Row { path: grant.path.clone(), gives: Gives::Privileges(privileges), to: who.clone() });
            if !self.holds(who, grant) {
                return Err(ShutOut { who: who.clone(), path: grant.path.clone() });
            }
        }
        Ok(())
    }

    /// The entries of a holder, as they will be.
    pub fn rows_of(&self, who: &Grantee) -> impl Iterator<Item = &AclSeen> {
        let holder = holder_of(who);
        self.estate.acl.iter().filter(move |row| row.who == holder)
    }

    /// Whether all of a grant holds already, at its path and below.
    fn holds(&self, who: &Grantee, grant: &Grant) -> bool {
        let held = self.estate.granted(who, &grant.path);
        grant.privileges.iter().all(|privilege| held.get(privilege) == Some(&true))
    }

    /// What an entry for `who` at this path would take the place of, at the path and below it. What was
    /// added above carries its own down as far as it is asked for.
    fn replaced(&self, who: &Grantee, path: &str) -> BTreeSet<Privilege> {
        let holder = holder_of(who);
        let own: Vec<&AclSeen> = self.before.acl.iter().filter(|row| row.path == path && row.who == holder).collect();
        // Entries of the same holder on one path stand beside each other.
        if own.iter().any(|row| row.propagates) {
            return BTreeSet::new();
        }
        // A part that no path has: what is only inherited.
        let below = format!("{}/~", path.trim_end_matches('/'));
        let mut replaced: BTreeSet<Privilege> = self.before.granted(who, &below).into_keys().collect();
        if own.is_empty() {
            replaced.extend(self.before.granted(who, path).into_keys());
        }
        replaced
    }

    /// A role of these privileges, whatever it will be called.
    fn stand_in(&mut self, privileges: &BTreeSet<Privilege>) -> String {
        // No role of a host has a blank in its name.
        let name = privileges.iter().map(String::as_str).collect::<Vec<_>>().join(" ") + " ";
        if self.estate.role(&name).is_none() {
            let privileges = privileges.clone();
            self.estate.roles.push(RoleSeen { name: name.clone(), privileges, built_in: false });
        }
        name
    }
}

fn entry(path: &str, role: &str, to: &Grantee) -> AclSeen {
    AclSeen { path: path.to_owned(), who: holder_of(to), role: role.to_owned(), propagates: true }
}
