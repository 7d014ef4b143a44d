//! Who may do what: the ACL as pve-access-control reads it (AccessControl.pm `roles`, RPCEnvironment.pm `permissions`).
//!
//! A role at a deeper path replaces what was inherited. A token entry beats a user's, a user's beats a group's, on the same
//! path. `NoAccess` beside other roles leaves nothing. A token with privilege separation has what both it and its user have.

use std::collections::{BTreeMap, BTreeSet};

use super::super::release::LabRelease;
use super::cluster::{Cluster, Subject, split_token};

/// Privileges, each with whether it goes on to paths below.
pub type Privileges = BTreeMap<String, bool>;

/// The paths that `/access/permissions` always looks at.
const TOP_PATHS: [&str; 8] = ["/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms"];

/// What somebody, a user or a token by its full id, may do at a path.
pub fn at(cluster: &Cluster, who: &str, path: &str) -> Privileges {
    let Some((user, token)) = split_token(who) else {
        return of_subject(cluster, who, path);
    };
    let Some(token) = cluster.users.get(user).and_then(|user| user.tokens.get(token)) else {
        return Privileges::new();
    };
    let users = of_subject(cluster, user, path);
    if !token.privsep {
        return users;
    }
    let own = of_subject(cluster, who, path);
    own.into_iter().filter_map(|(name, on)| users.get(&name).map(|users_on| (name, on && *users_on))).collect()
}

/// Whether somebody has one of the privileges at a path.
pub fn any(cluster: &Cluster, who: &str, path: &str, wanted: &[&str]) -> bool {
    let gives = |roles: &Roles, name: &str| {
        let mut known = roles.keys().filter_map(|role| cluster.roles.get(*role));
        known.any(|role| role.privileges.contains(name))
    };
    let Some((user, token)) = split_token(who) else {
        let roles = roles_of(cluster, who, path);
        return wanted.iter().any(|name| gives(&roles, name));
    };
    let Some(token) = cluster.users.get(user).and_then(|user| user.tokens.get(token)) else { return false };
    let users = roles_of(cluster, user, path);
    if !token.privsep {
        return wanted.iter().any(|name| gives(&users, name));
    }
    let own = roles_of(cluster, who, path);
    wanted.iter().any(|name| gives(&own, name) && gives(&users, name))
}

/// All paths where somebody has a right, as `/access/permissions` tells them.
pub fn everywhere(cluster: &Cluster, who: &str) -> BTreeMap<String, Privileges> {
    let mut paths: BTreeSet<String> = TOP_PATHS.iter().map(ToString::to_string).collect();
    if cluster.release == LabRelease::V7_4_20 {
        // A name of its own that no ACL ever had.
        paths.remove("/pool");
        paths.insert("/pools".to_string());
    }
    for row in &cluster.acl {
        // Every step on the way to an entry is a path too.
        for (at, _) in row.path.match_indices('/').skip(1) {
            paths.insert(row.path[..at].to_string());
        }
        paths.insert(row.path.clone());
    }
    for pool in cluster.pools.values() {
        paths.extend(pool.guests.iter().map(|id| format!("/vms/{id}")));
        paths.extend(pool.storages.iter().map(|name| format!("/storage/{name}")));
    }
    let found = paths.into_iter().map(|path| (path.clone(), at(cluster, who, &path)));
    found.filter(|(_, privileges)| !privileges.is_empty()).collect()
}

/// Roles, each with whether it goes on to paths below.
type Roles<'a> = BTreeMap<&'a str, bool>;

fn of_subject(cluster: &Cluster, who: &str, path: &str) -> Privileges {
    let mut privileges = Privileges::new();
    for (role, propagate) in roles_of(cluster, who, path) {
        for name in cluster.roles.get(role).into_iter().flat_map(|role| &role.privileges) {
            *privileges.entry(name.clone()).or_default() |= propagate;
        }
    }
    privileges
}

/// The roles of a user, or a token's own, at a path, those from pools included.
fn roles_of<'a>(cluster: &'a Cluster, who: &str, path: &str) -> Roles<'a> {
    if who == "root@pam" {
        return Roles::from([("Administrator", true)]);
    }
    if !cluster.users.contains_key(who) && cluster.token(who).is_none() {
        return Roles::new();
    }
    let mut roles = acl_roles(cluster, who, path);
    if !roles.contains_key("NoAccess") {
        let pooled = pool_roles(cluster, who, path);
        if pooled.contains_key("NoAccess") {
            return pooled;
        }
        // What comes from a pool does not go on to paths below.
        roles.extend(pooled.into_keys().map(|role| (role, false)));
    }
    roles
}

fn pool_roles<'a>(cluster: &'a Cluster, who: &str, path: &str) -> Roles<'a> {
    let guest = path.strip_prefix("/vms/").and_then(|id| id.parse().ok());
    let storage = path.strip_prefix("/storage/");
    let mut found = Roles::new();
    for (name, pool) in &cluster.pools {
        let is_member = guest.is_some_and(|id| pool.guests.contains(&id))
            || storage.is_some_and(|name| pool.storages.contains(name));
        if is_member {
            found.extend(acl_roles(cluster, who, &format!("/pool/{name}")));
        }
    }
    found
}

/// The roles that the ACL gives at a path, with whether they go on below it.
fn acl_roles<'a>(cluster: &'a Cluster, who: &str, path: &str) -> Roles<'a> {
    let mut held = Roles::new();
    let path = format!("/{}", path.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"));
    let member = |group: &str| cluster.groups.get(group).is_some_and(|group| group.members.contains(who));
    // The root, then every path on the way, then the path itself.
    let steps = path.match_indices('/').skip(1).map(|(at, _)| &path[..at]);
    let whole = (path != "/").then_some(path.as_str());
    for at in std::iter::once("/").chain(steps).chain(whole) {
        for subject in [Subject::Token, Subject::User, Subject::Group] {
            let is_ours = |name: &str| if subject == Subject::Group { member(name) } else { name == who };
            let rows = cluster.acl.iter().filter(|row| row.subject == subject && row.path == at && is_ours(&row.who));
            let rows = rows.filter(|row| row.propagate || at == path);
            let new: Roles = rows.map(|row| (row.role.as_str(), row.propagate)).collect();
            if !new.is_empty() {
                held = new;
                break;
            }
        }
    }
    match held.get("NoAccess") {
        Some(propagate) => Roles::from([("NoAccess", *propagate)]),
        None => held,
    }
}

#[cfg(test)]
mod tests {
    use super::super::cluster::{Cluster, Role, Subject, Token, User};
    use super::*;

    fn cluster() -> Cluster {
        let mut cluster = Cluster::bare(LabRelease::V9_2_11);
        for (name, privileges) in [("RA", vec!["VM.Audit", "VM.Clone"]), ("RB", vec!["VM.Audit", "VM.PowerMgmt"])] {
            let privileges = privileges.into_iter().map(String::from).collect();
            cluster.roles.insert(name.to_string(), Role { privileges, special: false });
        }
        let token = Token { secret: String::new(), privsep: true, expire: 0, comment: None };
        let mut user = User { enable: true, ..User::default() };
        user.tokens.insert("tk".to_string(), token);
        cluster.users.insert("u@pve".to_string(), user);
        cluster
    }

    fn names(cluster: &Cluster, who: &str, path: &str) -> Vec<String> {
        at(cluster, who, path).into_keys().collect()
    }

    #[test]
    fn a_separated_token_has_what_both_have() {
        let mut cluster = cluster();
        cluster.grant("/vms", Subject::User, "u@pve", "RB", true);
        assert!(names(&cluster, "u@pve!tk", "/vms/100").is_empty());
        cluster.grant("/", Subject::Token, "u@pve!tk", "RA", true);
        assert_eq!(names(&cluster, "u@pve!tk", "/vms/100"), ["VM.Audit"]);
        assert!(names(&cluster, "u@pve!tk", "/").is_empty());
        cluster.token_mut("u@pve!tk").unwrap().privsep = false;
        assert_eq!(names(&cluster, "u@pve!tk", "/vms/100"), ["VM.Audit", "VM.PowerMgmt"]);
    }

    #[test]
    fn a_deeper_role_replaces_the_inherited_one() {
        let mut cluster = cluster();
        cluster.grant("/", Subject::User, "u@pve", "RB", true);
        cluster.grant("/vms/9000", Subject::User, "u@pve", "PVETemplateUser", true);
        assert_eq!(names(&cluster, "u@pve", "/vms/9000"), ["VM.Audit", "VM.Clone"]);
        assert_eq!(names(&cluster, "u@pve", "/vms/100"), ["VM.Audit", "VM.PowerMgmt"]);
    }

    #[test]
    fn what_does_not_propagate_holds_at_its_path_only() {
        let mut cluster = cluster();
        cluster.grant("/vms", Subject::User, "u@pve", "RB", false);
        assert_eq!(at(&cluster, "u@pve", "/vms").get("VM.Audit"), Some(&false));
        assert!(names(&cluster, "u@pve", "/vms/100").is_empty());
    }

    #[test]
    fn no_access_beside_another_role_leaves_nothing() {
        let mut cluster = cluster();
        cluster.grant("/vms", Subject::User, "u@pve", "RB", true);
        cluster.grant("/vms", Subject::User, "u@pve", "NoAccess", true);
        assert!(names(&cluster, "u@pve", "/vms/100").is_empty());
    }

    #[test]
    fn a_pool_gives_rights_to_its_members_only() {
        let mut cluster = cluster();
        cluster.grant("/pool/p1", Subject::User, "u@pve", "RB", true);
        cluster.pools.entry("p1".to_string()).or_default().guests.insert(100);
        assert_eq!(at(&cluster, "u@pve", "/vms/100").get("VM.Audit"), Some(&false));
        assert!(names(&cluster, "u@pve", "/vms/101").is_empty());
    }

    #[test]
    fn the_dump_has_every_step_to_an_entry_and_no_empty_path() {
        let mut cluster = cluster();
        cluster.grant("/mapping/usb/x1", Subject::User, "u@pve", "RB", true);
        assert_eq!(everywhere(&cluster, "u@pve").into_keys().collect::<Vec<_>>(), ["/mapping/usb/x1"]);
        cluster.grant("/", Subject::User, "u@pve", "RB", true);
        assert!(everywhere(&cluster, "u@pve").contains_key("/mapping/usb"));
    }
}
