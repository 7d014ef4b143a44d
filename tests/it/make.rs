//! Plans that make tokens, carried out on the lab's own model of Proxmox's users, roles and ACL.

mod any;
mod by_hand;
mod permit;

use std::collections::{BTreeMap, BTreeSet};

use labwizard::domain::{
    AclSeen, Change, Estate, Grantee, Holder, Need, Release, RoleSeen, TokenId, TokenSeen, UserSeen,
};
use labwizard::lab::Cluster;
use labwizard::lab::LabRelease;
use labwizard::lab::proxmox::call::{Answer, Call, Failure};
use labwizard::lab::proxmox::cluster::{Role, Subject, Token, User};
use labwizard::lab::proxmox::{permissions, route};
use labwizard::plan::make::{Existing, Making, NoMaking, Order, Wanted, make};
use labwizard::target::Library;
use labwizard::target::needs::{grants, needs, owner_needs};
use labwizard::target::spec::{List, Spec};

const NOW: i64 = 1_795_306_587;

fn holder(subject: Subject, who: &str) -> Holder {
    match subject {
        Subject::User => Holder::User(who.parse().unwrap()),
        Subject::Group => Holder::Group(who.to_owned()),
        Subject::Token => Holder::Token(who.parse().unwrap()),
    }
}

/// What root sees of a cluster.
fn estate(cluster: &Cluster) -> Estate {
    let token = |(name, token): (&String, &Token)| TokenSeen {
        name: name.parse().unwrap(),
        separated: token.privsep,
        expire: (token.expire > 0).then_some(token.expire as i64),
        comment: token.comment.clone(),
    };
    let user = |(id, user): (&String, &User)| UserSeen {
        id: id.parse().unwrap(),
        enabled: user.enable,
        expire: (user.expire > 0).then_some(user.expire as i64),
        comment: user.comment.clone(),
        groups: cluster.groups.iter().filter(|(_, g)| g.members.contains(id)).map(|(name, _)| name.clone()).collect(),
        tokens: user.tokens.iter().map(token).collect(),
    };
    let role = |(name, role): (&String, &Role)| RoleSeen {
        name: name.clone(),
        privileges: role.privileges.clone(),
        built_in: role.special,
    };
    Estate {
        acl_whole: true,
        users: cluster.users.iter().map(user).collect(),
        roles: cluster.roles.iter().map(role).collect(),
        acl: cluster
            .acl
            .iter()
            .map(|row| AclSeen {
                path: row.path.clone(),
                who: holder(row.subject, &row.who),
                role: row.role.clone(),
                propagates: row.propagate,
            })
            .collect(),
    }
}

/// The call that a change is.
fn request(change: &Change) -> (&'static str, String, Vec<(&'static str, String)>) {
    let token = |id: &TokenId| format!("/access/users/{}/token/{}", id.user, id.name);
    let acl = |path: &str, role: &str, to: &[Grantee]| {
        let mut params = vec![("path", path.to_owned()), ("roles", role.to_owned())];
        for who in to {
            match who {
                Grantee::User(user) => params.push(("users", user.to_string())),
                Grantee::Token(token) => params.push(("tokens", token.to_string())),
            }
        }
        params
    };
    match change {
        Change::MakeUser { user, comment } => {
            ("POST", "/access/users".into(), vec![("userid", user.to_string()), ("comment", comment.clone())])
        }
        Change::MakeRole { role, privileges } => {
            let privileges = privileges.iter().cloned().collect::<Vec<_>>().join(",");
            ("POST", "/access/roles".into(), vec![("roleid", role.clone()), ("privs", privileges)])
        }
        Change::MakeToken(make) => {
            let params = vec![
                ("privsep", u8::from(make.separated).to_string()),
                ("expire", make.expire.unwrap_or(0).to_string()),
                ("comment", make.comment.clone()),
            ];
            ("POST", token(&make.id), params)
        }
        Change::Grant { path, role, to } => ("PUT", "/access/acl".into(), acl(path, role, to)),
        Change::Ungrant { path, role, to } => {
            let mut params = acl(path, role, to);
            params.push(("delete", "1".into()));
            ("PUT", "/access/acl".into(), params)
        }
        Change::NewSecret(id) => ("PUT", token(id), vec![("regenerate", "1".into())]),
        Change::RemoveToken(id) => ("DELETE", token(id), Vec::new()),
        Change::RemoveRole { role } => ("DELETE", format!("/access/roles/{role}"), Vec::new()),
        Change::RemoveUser { user } => ("DELETE", format!("/access/users/{user}"), Vec::new()),
        Change::Enable { user, on } => {
            ("PUT", format!("/access/users/{user}"), vec![("enable", u8::from(*on).to_string())])
        }
        Change::SetEnd { who, end, .. } => {
            let path = match who {
                Grantee::User(user) => format!("/access/users/{user}"),
                Grantee::Token(id) => token(id),
            };
            ("PUT", path, vec![("expire", end.unwrap_or(0).to_string())])
        }
    }
}

/// Makes a change as somebody.
fn send(cluster: &mut Cluster, who: &str, change: &Change) -> Answer {
    let (method, path, params) = request(change);
    let params: BTreeMap<String, String> = params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let mut call = Call { cluster, who: who.to_owned(), params };
    route::call(&mut call, method, &path).answer
}

fn apply(cluster: &mut Cluster, changes: &[Change]) {
    for change in changes {
        if let Err(Failure { status, message, errors }) = send(cluster, "root@pam", change) {
            panic!("{change:?}: {status} {message} {errors:?}");
        }
    }
}

fn release(release: LabRelease) -> Release {
    release.version().parse().unwrap()
}

/// An order over a cluster, with what mostly does not matter filled in.
fn plan(cluster: &Cluster, token: &str, wanted: Wanted<'_>, existing: &Existing) -> Result<Making, NoMaking> {
    let known: Vec<String> = cluster.release.privileges().into_iter().map(str::to_owned).collect();
    make(&Order {
        token: &token.parse().unwrap(),
        wanted,
        existing,
        expire: Some(NOW + 90 * 86_400),
        run: "3f9a1c",
        purpose: "Tool on desk7",
        now: NOW,
        role: "LabwizardTool",
        release: release(cluster.release),
        known: &known,
        estate: &estate(cluster),
    })
}

fn names(rights: &BTreeMap<String, bool>) -> BTreeSet<String> {
    rights.keys().cloned().collect()
}

/// Every path that counts in a cluster, and one below each.
fn places(cluster: &Cluster, more: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    let top = ["/", "/access", "/nodes", "/pool", "/sdn", "/storage", "/vms", "/mapping"].map(str::to_owned);
    let all: BTreeSet<String> =
        top.into_iter().chain(cluster.acl.iter().map(|row| row.path.clone())).chain(more).collect();
    all.iter().flat_map(|path| [path.clone(), format!("{}/100", path.trim_end_matches('/'))]).collect()
}

/// Things of the lab where a target asks for them.
pub fn picks(spec: &Spec) -> BTreeMap<String, String> {
    let picked = |list| match list {
        List::Nodes => "pve1",
        List::Templates => "9000",
        List::Guests => "100",
        List::Storages => "local-lvm",
        List::Bridges => "vmbr0",
        _ => "lab",
    };
    spec.picks.iter().map(|(name, pick)| (name.to_string(), picked(pick.list).to_owned())).collect()
}

/// No group, each by itself, and all.
fn group_sets(spec: &Spec) -> Vec<BTreeSet<String>> {
    let all: BTreeSet<String> = spec.groups.iter().map(|(name, _)| name.to_string()).collect();
    let each = all.iter().map(|one| BTreeSet::from([one.clone()]));
    [BTreeSet::new()].into_iter().chain(each).chain([all.clone()]).collect()
}

/// Every target with every group on every release: what is needed by the token and by its owner.
fn everything(mut with: impl FnMut(&str, LabRelease, &[Need], &[Need])) {
    for at in LabRelease::all() {
        for target in Library::built_in().iter().filter(|target| target.spec.services.proxmox.is_some()) {
            for groups in group_sets(&target.spec) {
                let picks = picks(&target.spec);
                let token = needs(&target.spec, release(*at), &picks, &groups);
                let owner = owner_needs(&target.spec, release(*at), &picks, &groups);
                with(&format!("{} {groups:?} on {at}", target.name), *at, &token, &owner);
            }
        }
    }
}

#[test]
fn a_token_that_was_made_has_what_the_plan_says_and_nothing_else() {
    let mut count = 0;
    everything(|about, at, token, owner| {
        let mut cluster = Cluster::bare(at);
        let before = (cluster.users.clone().into_keys().collect::<Vec<_>>(), cluster.acl.clone(), cluster.roles.len());
        let making = plan(&cluster, "tool@pve!wiz", Wanted::Least { token, owner }, &Existing::Refuse).unwrap();
        assert_eq!(making.grants, grants(token), "{about}");
        apply(&mut cluster, &making.changes);
        let places = places(&cluster, making.grants.iter().map(|grant| grant.path.clone()));
        for path in &places {
            // The nearest grant upwards is all that holds.
            let nearest = making
                .grants
                .iter()
                .filter(|grant| {
                    *path == grant.path || path.starts_with(&format!("{}/", grant.path.trim_end_matches('/')))
                })
                .max_by_key(|grant| grant.path.len());
            let wanted = nearest.map(|grant| grant.privileges.clone()).unwrap_or_default();
            assert_eq!(names(&permissions::at(&cluster, "tool@pve!wiz", path)), wanted, "{about}: {path}");
        }
        for need in token {
            let held = names(&permissions::at(&cluster, "tool@pve!wiz", &need.path));
            assert!(held.is_superset(&need.privileges), "{about}: {need:?}");
        }
        for need in owner {
            let held = names(&permissions::at(&cluster, "tool@pve", &need.path));
            assert!(held.is_superset(&need.privileges), "{about}: {need:?}");
        }
        for change in making.changes.iter().rev() {
            send(&mut cluster, "root@pam", &change.back().unwrap()).unwrap();
        }
        let after = (cluster.users.clone().into_keys().collect::<Vec<_>>(), cluster.acl.clone(), cluster.roles.len());
        assert_eq!(before, after, "{about}");
        count += 1;
    });
    assert!(count > 50, "{count}");
}

#[test]
fn a_second_token_of_the_same_user_needs_no_more_roles_and_no_more_for_the_user() {
    everything(|about, at, token, owner| {
        let mut cluster = Cluster::bare(at);
        let wanted = Wanted::Least { token, owner };
        let making = plan(&cluster, "tool@pve!wiz", wanted, &Existing::Refuse).unwrap();
        apply(&mut cluster, &making.changes);
        let second = plan(&cluster, "tool@pve!two", wanted, &Existing::Refuse).unwrap();
        for change in &second.changes {
            let fits = match change {
                Change::MakeToken(_) => true,
                Change::Grant { to, .. } => to.iter().all(|who| matches!(who, Grantee::Token(_))),
                _ => false,
            };
            assert!(fits, "{about}: {change:?}");
        }
        assert_eq!(second.grants, making.grants, "{about}");
    });
}

/// A built-in role where it fits exactly, and only there.
#[test]
fn a_role_of_proxmoxs_own_is_used_where_it_is_exactly_the_need_on_that_release() {
    for at in LabRelease::all() {
        let cluster = Cluster::bare(*at);
        for (name, privileges) in at.roles().into_iter().filter(|(_, privileges)| !privileges.is_empty()) {
            let set: BTreeSet<String> = privileges.iter().map(|one| (*one).to_owned()).collect();
            let all = [Need { purpose: "x".into(), path: "/".into(), privileges: set.clone() }];
            let making =
                plan(&cluster, "t@pve!wiz", Wanted::Least { token: &all, owner: &all }, &Existing::Refuse).unwrap();
            assert!(!making.changes.iter().any(|change| matches!(change, Change::MakeRole { .. })), "{name} on {at}");
            let Some(Change::Grant { role, .. }) = making.changes.last() else { panic!("{making:?}") };
            assert_eq!(cluster.roles[role].privileges, set, "{name} on {at}");
        }
    }
}

#[test]
fn every_privilege_that_a_host_knows_is_told_in_words() {
    for at in LabRelease::all() {
        for privilege in at.privileges() {
            assert!(labwizard::plan::make::allows::words(privilege).is_some(), "{privilege} on {at}");
        }
    }
}

const PATHS: [&str; 7] = ["/", "/vms", "/vms/100", "/storage", "/storage/a", "/nodes", "/access"];
const PRIVILEGES: [&str; 5] = ["VM.Audit", "VM.Clone", "VM.Console", "Datastore.Audit", "Sys.Audit"];

fn by_bits(bits: usize) -> BTreeSet<String> {
    PRIVILEGES.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, name)| (*name).to_owned()).collect()
}

fn needed(bits: &[(usize, usize)]) -> Vec<Need> {
    bits.iter()
        .map(|(path, bits)| Need { purpose: "x".into(), path: PATHS[*path].into(), privileges: by_bits(*bits) })
        .collect()
}
