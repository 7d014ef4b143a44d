//! Whether whoever is signed in may make the changes of a plan, as far as the host's rules tell in advance.
//!
//! The rules are those of pve-access-control's calls (`API2/User.pm`, `Role.pm`, `ACL.pm`; `RPCEnvironment.pm` perm-modify),
//! measured on 9.2: `root@pam` may everything.

use std::collections::BTreeSet;

use crate::domain::rights::Privilege;
use crate::domain::{Change, Estate, Grantee, Rights, UserId};

/// A change that will be refused, for want of one right. A change that lacks several is there several times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its place in the list.
    pub at: usize,
    /// Where a right is missing, and which.
    pub path: String,
    pub privilege: String,
}

const ACCESS: &str = "/access";
const GROUPS: &str = "/access/groups";

/// The paths at which the rights of the asker decide.
pub fn paths(changes: &[Change]) -> Vec<String> {
    let mut all: BTreeSet<String> = [ACCESS, GROUPS].map(str::to_owned).into();
    for change in changes {
        match change {
            Change::MakeUser { user, .. } | Change::RemoveUser { user } => {
                all.insert(realm(user));
            }
            Change::Grant { path, .. } | Change::Ungrant { path, .. } => {
                all.insert(path.clone());
            }
            Change::MakeRole { .. }
            | Change::RemoveRole { .. }
            | Change::MakeToken(_)
            | Change::NewSecret(_)
            | Change::RemoveToken(_)
            | Change::Enable { .. }
            | Change::SetEnd { .. } => {}
        }
    }
    all.into_iter().collect()
}

/// The paths of the groups of those whose tokens or accounts are changed: who may change users of one of these groups may make
/// the change too. Without them [`refusals`] may foresee one too many.
pub fn group_paths(changes: &[Change], estate: &Estate) -> Vec<String> {
    let owners = changes.iter().filter_map(|change| match change {
        Change::MakeToken(token) => Some(&token.id.user),
        Change::NewSecret(id) | Change::RemoveToken(id) => Some(&id.user),
        Change::RemoveUser { user } | Change::Enable { user, .. } => Some(user),
        Change::SetEnd { who, .. } => Some(who.user()),
        Change::MakeUser { .. }
        | Change::MakeRole { .. }
        | Change::RemoveRole { .. }
        | Change::Grant { .. }
        | Change::Ungrant { .. } => None,
    });
    let groups = owners.filter_map(|owner| estate.user(owner)).flat_map(|user| &user.groups);
    groups.map(|group| format!("{GROUPS}/{group}")).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Those of the changes that `asker`, who holds `rights`, may not make.
pub fn refusals(changes: &[Change], asker: &UserId, rights: &Rights, estate: &Estate) -> Vec<Refusal> {
    if asker.is_root() {
        return Vec::new();
    }
    let asker = Asker { id: asker, rights, estate };
    let mut out = Vec::new();
    for (at, change) in changes.iter().enumerate() {
        let lacks = asker.lacks(change, &changes[..at]);
        out.extend(lacks.into_iter().map(|(path, privilege)| Refusal { at, path, privilege }));
    }
    out
}

fn realm(user: &UserId) -> String {
    format!("/access/realm/{}", user.realm())
}

struct Asker<'a> {
    id: &'a UserId,
    rights: &'a Rights,
    estate: &'a Estate,
}

/// Path and privilege.
type Lack = (String, String);

impl Asker<'_> {
    /// What is missing for a change, after those before it were made.
    fn lacks(&self, change: &Change, before: &[Change]) -> Vec<Lack> {
        match change {
            Change::MakeUser { user, .. } => {
                let mut lacks = self.lack(&realm(user), "Realm.AllocateUser");
                // A new user is in no group whose rights could do instead.
                lacks.extend(self.lack(GROUPS, "User.Modify"));
                lacks
            }
            Change::RemoveUser { user } => {
                let mut lacks = self.lack(&realm(user), "Realm.AllocateUser");
                lacks.extend(self.lack_over(user));
                lacks
            }
            Change::MakeRole { .. } | Change::RemoveRole { .. } => self.lack(ACCESS, "Sys.Modify"),
            Change::MakeToken(token) => self.lack_for_token_of(&token.id.user),
            Change::NewSecret(id) | Change::RemoveToken(id) | Change::SetEnd { who: Grantee::Token(id), .. } => {
                self.lack_for_token_of(&id.user)
            }
            // Nobody gives themselves a later end.
            Change::Enable { user, .. } | Change::SetEnd { who: Grantee::User(user), .. } => self.lack_over(user),
            Change::Grant { path, role, .. } | Change::Ungrant { path, role, .. } => {
                if self.rights.holds(path, "Permissions.Modify") || self.may_pass_on(path, self.role(role, before)) {
                    Vec::new()
                } else {
                    vec![(path.clone(), "Permissions.Modify".to_owned())]
                }
            }
        }
    }

    fn lack(&self, path: &str, privilege: &str) -> Vec<Lack> {
        if self.rights.holds(path, privilege) { Vec::new() } else { vec![(path.to_owned(), privilege.to_owned())] }
    }

    fn lack_for_token_of(&self, owner: &UserId) -> Vec<Lack> {
        if owner == self.id { Vec::new() } else { self.lack_over(owner) }
    }

    /// Who may change one of a user's groups may change the user.
    fn lack_over(&self, user: &UserId) -> Vec<Lack> {
        let groups = self.estate.user(user).map_or(&[][..], |user| &user.groups);
        let over = |group: &String| self.rights.holds(&format!("{GROUPS}/{group}"), "User.Modify");
        if groups.iter().any(over) { Vec::new() } else { self.lack(GROUPS, "User.Modify") }
    }

    /// Who may allocate one machine, storage or pool may pass on there what they have there themselves.
    fn may_pass_on(&self, path: &str, role: Option<&BTreeSet<Privilege>>) -> bool {
        let allocates = [("/vms/", "VM.Allocate"), ("/storage/", "Datastore.Allocate"), ("/pool/", "Pool.Allocate")]
            .into_iter()
            .find(|(start, _)| path.strip_prefix(start).is_some_and(|rest| !rest.is_empty()));
        let Some((_, allocate)) = allocates else { return false };
        let all = |role: &BTreeSet<Privilege>| role.iter().all(|privilege| self.rights.holds(path, privilege));
        self.rights.holds(path, allocate) && role.is_some_and(all)
    }

    fn role<'r>(&'r self, name: &str, before: &'r [Change]) -> Option<&'r BTreeSet<Privilege>> {
        let made = before.iter().find_map(|change| match change {
            Change::MakeRole { role, privileges } if role == name => Some(privileges),
            _ => None,
        });
        made.or_else(|| self.estate.role(name).map(|role| &role.privileges))
    }
}
