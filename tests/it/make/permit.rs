//! Who may not make a plan, foreseen, held against what the lab's calls answer.

use std::collections::BTreeSet;

use labwizard::domain::{Change, Need, Rights};
use labwizard::lab::proxmox::cluster::{Role, Subject, User};
use labwizard::lab::proxmox::permissions;
use labwizard::lab::{Cluster, LabRelease};
use labwizard::plan::make::{Existing, Wanted};
use labwizard::plan::permit;
use proptest::prelude::*;

use super::{by_bits, estate, needed, plan, send};

/// Who may ask, and what the lab's own people hold.
fn asker(cluster: &mut Cluster, id: &str, role: &str) {
    cluster.users.insert(id.to_owned(), User { enable: true, ..User::default() });
    if !role.is_empty() {
        cluster.grant("/", Subject::User, id, role, true);
    }
}

/// What a host tells somebody of their own rights: at the paths that are asked for, and wherever they have any.
fn rights(cluster: &Cluster, who: &str, paths: Vec<String>) -> Rights {
    let mut map = permissions::everywhere(cluster, who);
    map.extend(paths.into_iter().map(|path| (path.clone(), permissions::at(cluster, who, &path))));
    Rights::new(map)
}

/// The changes that are refused to somebody for want of a right. What is refused is made by root, so that each is asked for
/// by itself.
fn refused(cluster: &mut Cluster, who: &str, changes: &[Change]) -> Vec<usize> {
    let mut out = Vec::new();
    for (at, change) in changes.iter().enumerate() {
        match send(cluster, who, change) {
            Ok(_) => {}
            Err(failure) if failure.status == 403 || failure.message.contains("superset of privileges") => {
                out.push(at);
                send(cluster, "root@pam", change).unwrap();
            }
            Err(failure) => panic!("{who}: {change:?}: {failure:?}"),
        }
    }
    out
}

fn foreseen(cluster: &Cluster, who: &str, changes: &[Change]) -> Vec<usize> {
    let estate = estate(cluster);
    let paths = [permit::paths(changes), permit::group_paths(changes, &estate)].concat();
    let rights = rights(cluster, who, paths);
    let refusals = permit::refusals(changes, &who.parse().unwrap(), &rights, &estate);
    refusals.into_iter().map(|refusal| refusal.at).collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn who_may_not_make_a_plan_is_known_before() {
    let needs: Vec<Need> = [
        ("/vms", "VM.Audit VM.PowerMgmt"),
        ("/vms/9000", "VM.Audit VM.Clone VM.PowerMgmt"),
        ("/storage/local", "Datastore.AllocateSpace"),
        ("/nodes/pve1", "Sys.Modify"),
    ]
    .map(|(path, names)| Need {
        purpose: "x".into(),
        path: path.into(),
        privileges: names.split(' ').map(str::to_owned).collect(),
    })
    .into();
    for at in LabRelease::all() {
        let mut counts = Vec::new();
        for (who, role) in [
            ("root@pam", ""),
            ("admin@pve", "Administrator"),
            ("half@pve", "PVEAdmin"),
            ("people@pve", "PVEUserAdmin"),
            ("machines@pve", "PVEVMAdmin"),
            ("guest@pve", ""),
        ] {
            for owner in ["tool@pve", "half@pve", "guest@pve"] {
                let mut cluster = Cluster::bare(*at);
                for (id, role) in [(owner, ""), (who, role)] {
                    asker(&mut cluster, id, role);
                }
                cluster.users.remove("tool@pve");
                let wanted = Wanted::Least { token: &needs, owner: &needs };
                let making = plan(&cluster, &format!("{owner}!wiz"), wanted, &Existing::Refuse).unwrap();
                let changes = making.changes;
                let backs: Vec<Change> = changes.iter().rev().filter_map(Change::back).collect();
                let told = foreseen(&cluster, who, &changes);
                let done = refused(&mut cluster, who, &changes);
                assert_eq!(told, done, "{who} for {owner} on {at}: {changes:#?}");
                counts.push(done.len());
                // And what takes it back.
                let told = foreseen(&cluster, who, &backs);
                assert_eq!(told, refused(&mut cluster, who, &backs), "{who} for {owner} on {at}: {backs:#?}");
            }
        }
        assert!(counts.contains(&0) && counts.iter().any(|count| *count > 4), "{counts:?}");
    }
}

#[test]
fn a_user_is_told_which_right_is_missing_and_where() {
    let mut cluster = Cluster::bare(LabRelease::V9_2_11);
    asker(&mut cluster, "guest@pve", "");
    let need = [Need { purpose: "x".into(), path: "/vms".into(), privileges: by_bits(1) }];
    let wanted = Wanted::Least { token: &need, owner: &need };
    let changes = plan(&cluster, "tool@pve!wiz", wanted, &Existing::Refuse).unwrap().changes;
    let rights = rights(&cluster, "guest@pve", permit::paths(&changes));
    let refusals = permit::refusals(&changes, &"guest@pve".parse().unwrap(), &rights, &estate(&cluster));
    let told: Vec<String> = refusals.iter().map(|one| format!("{} {} {}", one.at, one.path, one.privilege)).collect();
    assert_eq!(
        told,
        [
            "0 /access/realm/pve Realm.AllocateUser",
            "0 /access/groups User.Modify",
            "1 /access Sys.Modify",
            "2 /access/groups User.Modify",
            "3 /vms Permissions.Modify",
        ]
    );
}

const POWERS: [&str; 8] = [
    "Permissions.Modify",
    "VM.Allocate",
    "Datastore.Allocate",
    "User.Modify",
    "Realm.AllocateUser",
    "Sys.Modify",
    "VM.Audit",
    "Datastore.Audit",
];
const SEATS: [&str; 9] = [
    "/",
    "/access",
    "/access/groups",
    "/access/groups/g",
    "/access/realm/pve",
    "/vms",
    "/vms/100",
    "/storage/a",
    "/storage",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// An asker with rights at random: what is foreseen is what happens.
    #[test]
    fn refusals_are_foreseen_whatever_somebody_holds(
        held in proptest::collection::vec((0..SEATS.len(), 0usize..256, proptest::bool::weighted(0.8)), 0..6),
        wanted in proptest::collection::vec((0..6usize, 1usize..32), 1..4),
        exists: bool,
    ) {
        let mut cluster = Cluster::bare(LabRelease::default());
        asker(&mut cluster, "asker@pve", "");
        asker(&mut cluster, "ann@pve", "");
        cluster.groups.entry("g".into()).or_default().members.insert("ann@pve".into());
        for (at, (seat, bits, propagate)) in held.iter().enumerate() {
            let privileges = POWERS.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
            let privileges = privileges.map(|(_, name)| (*name).to_owned()).collect();
            cluster.roles.insert(format!("P{at}"), Role { privileges, special: false });
            cluster.grant(SEATS[*seat], Subject::User, "asker@pve", &format!("P{at}"), *propagate);
        }
        let owner = if exists { "ann@pve" } else { "tool@pve" };
        let needs = needed(&wanted);
        let order = Wanted::Least { token: &needs, owner: &needs };
        let making = plan(&cluster, &format!("{owner}!wiz"), order, &Existing::Refuse).unwrap();
        let told = foreseen(&cluster, "asker@pve", &making.changes);
        prop_assert_eq!(told, refused(&mut cluster, "asker@pve", &making.changes), "{:?}", making.changes);
    }
}
