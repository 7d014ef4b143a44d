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
    let has = at(cluster, who, path);
    wanted.iter().any(|name| has.contains_key(*name))
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

fn of_subject(cluster: &Cluster, who: &str, path: &str) -> Privileges {
    if who == "root@pam" {
        let all = cluster.roles.get("Administrator");
        return all.into_iter().flat_map(|role| &role.privileges).map(|name| (name.clone(), true)).collect();
    }
    if !cluster.users.contains_key(who) && cluster.token(who).is_none() {
        return Privileges::new();
    }
    let mut roles = roles(cluster, who, path);
    if !roles.contains_key("NoAccess") {
        let pooled = pool_roles(cluster, who, path);
        if pooled.contains_key("NoAccess") {
            roles = pooled;
        } else {
            // What comes from a pool does not go on to paths below.
            for role in pooled.into_keys() {
                roles.insert(role, false);
            }
        }
    }
    let mut privileges = Privileges::new();
    for (role, propagate) in roles {
        for name in cluster.roles.get(&role).into_iter().flat_map(|role| &role.privileges) {
            *privileges.entry(name.clone()).or_default() |= propagate;
        }
    }
    privileges
}

fn pool_roles(cluster: &Cluster, who: &str, path: &str) -> BTreeMap<String, bool> {
    let mut found = BTreeMap::new();
    for (name, pool) in &cluster.pools {
        let guest = path.strip_prefix("/vms/").and_then(|id| id.parse().ok());
        let is_member = guest.is_some_and(|id| pool.guests.contains(&id))
            || path.strip_prefix("/storage/").is_some_and(|name| pool.storages.contains(name));
        if is_member {
            found.extend(roles(cluster, who, &format!("/pool/{name}")));
        }
    }
    found
}

/// The roles that hold at a path, with whether they go on below it.
fn roles(cluster: &Cluster, who: &str, path: &str) -> BTreeMap<String, bool> {
    let mut held = BTreeMap::new();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    for depth in 0..=parts.len() {
        let at = format!("/{}", parts[..depth].join("/"));
        let is_final = depth == parts.len();
        let here = |subject: Subject, is_ours: &dyn Fn(&str) -> bool| -> BTreeMap<String, bool> {
            let rows = cluster.acl.iter().filter(|row| row.path == at && row.subject == subject && is_ours(&row.who));
            let rows = rows.filter(|row| is_final || row.propagate);
            rows.map(|row| (row.role.clone(), row.propagate)).collect()
        };
        let same = |name: &str| name == who;
        let member = |group: &str| cluster.groups.get(group).is_some_and(|group| group.members.contains(who));
        for (subject, is_ours) in
            [(Subject::Token, &same as &dyn Fn(&str) -> bool), (Subject::User, &same), (Subject::Group, &member)]
        {
            let new = here(subject, is_ours);
            if !new.is_empty() {
                held = new;
                break;
            }
        }
    }
    if let Some(propagate) = held.get("NoAccess") {
        return BTreeMap::from([("NoAccess".to_string(), *propagate)]);
    }
    held
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
