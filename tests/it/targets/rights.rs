//! What the targets of this program need, release by release.

use std::collections::{BTreeMap, BTreeSet};

use labwizard::domain::{Release, Rights, missing};
use labwizard::target::needs::{grants, needs, owner_needs};
use labwizard::target::{Library, Spec};

/// Known to every release from 7.4 to 9.2 (captured: GET /access/roles).
const EVERYWHERE: &str = "Datastore.Allocate Datastore.AllocateSpace Datastore.AllocateTemplate Datastore.Audit Group.Allocate \
    Permissions.Modify Pool.Allocate Pool.Audit Realm.Allocate Realm.AllocateUser SDN.Allocate SDN.Audit Sys.Audit Sys.Console \
    Sys.Incoming Sys.Modify Sys.PowerMgmt Sys.Syslog User.Modify VM.Allocate VM.Audit VM.Backup VM.Clone VM.Config.CDROM \
    VM.Config.CPU VM.Config.Cloudinit VM.Config.Disk VM.Config.HWType VM.Config.Memory VM.Config.Network VM.Config.Options \
    VM.Console VM.Migrate VM.PowerMgmt VM.Snapshot VM.Snapshot.Rollback";

/// What each release knows besides (captured there).
const BESIDES: [(&str, &str); 9] = [
    ("7.4-3", "VM.Monitor"),
    ("7.4-20", "VM.Monitor SDN.Use"),
    ("8.0.3", "VM.Monitor SDN.Use Mapping.Audit Mapping.Modify Mapping.Use"),
    ("8.3.2", "VM.Monitor SDN.Use Mapping.Audit Mapping.Modify Mapping.Use Sys.AccessNetwork"),
    ("8.4.1", "VM.Monitor SDN.Use Mapping.Audit Mapping.Modify Mapping.Use Sys.AccessNetwork"),
    ("8.4.16", "VM.Monitor SDN.Use Mapping.Audit Mapping.Modify Mapping.Use Sys.AccessNetwork"),
    ("8.4.21", "VM.Monitor SDN.Use Mapping.Audit Mapping.Modify Mapping.Use Sys.AccessNetwork"),
    ("9.1.4", NINE),
    ("9.2.11", NINE),
];
const NINE: &str = "SDN.Use Mapping.Audit Mapping.Modify Mapping.Use Sys.AccessNetwork VM.GuestAgent.Audit VM.GuestAgent.FileRead \
    VM.GuestAgent.FileSystemMgmt VM.GuestAgent.FileWrite VM.GuestAgent.Unrestricted VM.Replicate";

fn all_groups(spec: &Spec) -> BTreeSet<String> {
    spec.groups.iter().map(|(name, _)| name.to_owned()).collect()
}

fn picks() -> BTreeMap<String, String> {
    [("node", "pve"), ("storage", "local-lvm"), ("files", "local")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
}

/// `path: privileges`, without the family where it is VM.Config.
fn shown(needs: &[labwizard::domain::Need]) -> Vec<String> {
    grants(needs)
        .iter()
        .map(|g| format!("{}: {}", g.path, g.privileges.iter().cloned().collect::<Vec<_>>().join(" ")))
        .collect()
}

#[test]
fn no_release_is_asked_for_a_privilege_that_it_lacks() {
    for (release, besides) in BESIDES {
        let known: BTreeSet<&str> = EVERYWHERE.split_whitespace().chain(besides.split_whitespace()).collect();
        let at: Release = release.parse().unwrap();
        for target in Library::built_in().iter() {
            for need in owner_needs(&target.spec, at, &picks(), &all_groups(&target.spec)) {
                for privilege in &need.privileges {
                    assert!(known.contains(privilege.as_str()), "{} on {release} asks for {privilege}", target.name);
                }
            }
        }
    }
}

#[test]
fn every_row_of_rights_holds_on_some_release() {
    for target in Library::built_in().iter() {
        for right in &target.spec.rights {
            let held = BESIDES.iter().any(|(release, _)| right.on_release(release.parse().unwrap()));
            assert!(held, "{}: {}", target.name, right.purpose);
        }
    }
}

/// The measured least rights, with no group chosen.
#[test]
fn the_least_rights_are_those_that_were_measured() {
    let base = "VM.Allocate VM.Audit";
    let table: &[(&str, &[&str], Vec<String>)] = &[
        (
            "glassdome",
            &[],
            vec![
                format!(
                    "/vms: {base} VM.Clone VM.Config.CDROM VM.Config.CPU VM.Config.Cloudinit VM.Config.Memory \
                     VM.Config.Network VM.GuestAgent.Audit VM.PowerMgmt"
                ),
                "/sdn/zones/localnetwork: SDN.Use".into(),
                "/storage/local-lvm: Datastore.AllocateSpace".into(),
            ],
        ),
        (
            "opentofu-bpg",
            &[],
            vec![
                format!(
                    "/vms: {base} VM.Config.CPU VM.Config.Disk VM.Config.HWType VM.Config.Memory VM.Config.Network \
                     VM.Config.Options VM.GuestAgent.Audit VM.PowerMgmt"
                ),
                "/sdn/zones/localnetwork: SDN.Use".into(),
                "/storage/local-lvm: Datastore.AllocateSpace Datastore.Audit".into(),
            ],
        ),
        (
            "opentofu-bpg",
            &["clone", "images"],
            vec![
                format!(
                    "/vms: {base} VM.Clone VM.Config.CDROM VM.Config.CPU VM.Config.Cloudinit VM.Config.Disk VM.Config.HWType \
                     VM.Config.Memory VM.Config.Network VM.Config.Options VM.GuestAgent.Audit VM.PowerMgmt"
                ),
                "/nodes/pve: Sys.AccessNetwork".into(),
                "/sdn/zones/localnetwork: SDN.Use".into(),
                "/storage/local: Datastore.Allocate Datastore.AllocateSpace Datastore.AllocateTemplate".into(),
                "/storage/local-lvm: Datastore.AllocateSpace Datastore.Audit".into(),
            ],
        ),
        (
            "opentofu-telmate",
            &[],
            vec![
                format!(
                    "/vms: {base} VM.Clone VM.Config.CDROM VM.Config.CPU VM.Config.Cloudinit VM.Config.Disk VM.Config.HWType \
                     VM.Config.Memory VM.Config.Network VM.Config.Options VM.GuestAgent.Audit VM.PowerMgmt"
                ),
                "/sdn/zones/localnetwork: SDN.Use".into(),
                "/storage/local-lvm: Datastore.AllocateSpace".into(),
            ],
        ),
        (
            "depl0y",
            &[],
            vec![
                "/: Sys.Audit".into(),
                format!(
                    "/vms: {base} VM.Config.CPU VM.Config.Disk VM.Config.HWType VM.Config.Memory VM.Config.Network \
                     VM.Config.Options VM.GuestAgent.Audit VM.PowerMgmt"
                ),
                "/sdn/zones/localnetwork: SDN.Use".into(),
                "/storage/local: Datastore.AllocateSpace Datastore.AllocateTemplate".into(),
                "/storage/local-lvm: Datastore.AllocateSpace".into(),
            ],
        ),
        (
            "depl0y",
            &["cloud"],
            vec![
                "/: Sys.Audit".into(),
                format!(
                    "/vms: {base} VM.Clone VM.Config.CDROM VM.Config.CPU VM.Config.Cloudinit VM.Config.Disk VM.Config.HWType \
                     VM.Config.Memory VM.Config.Network VM.Config.Options VM.GuestAgent.Audit VM.PowerMgmt"
                ),
                "/sdn/zones/localnetwork: SDN.Use".into(),
                "/storage/local: Datastore.AllocateSpace Datastore.AllocateTemplate".into(),
                "/storage/local-lvm: Datastore.AllocateSpace".into(),
            ],
        ),
    ];
    let library = Library::built_in();
    for (name, groups, expected) in table {
        let groups = groups.iter().map(|g| (*g).to_owned()).collect();
        let needs = needs(&library.get(name).unwrap().spec, Release::new(9, 2, 11), &picks(), &groups);
        let mut expected = expected.clone();
        expected.sort();
        let mut got = shown(&needs);
        got.sort();
        assert_eq!(got, expected, "{name} {groups:?}");
    }
}

#[test]
fn a_token_stays_narrow_where_only_its_owner_is_looked_at() {
    let library = Library::built_in();
    let spec = &library.get("opentofu-telmate").unwrap().spec;
    let (release, groups) = (Release::new(9, 2, 11), BTreeSet::from(["check".to_owned()]));
    let token = shown(&needs(spec, release, &picks(), &groups));
    assert!(
        token.contains(&"/access: Sys.Audit".to_owned()) && !token.iter().any(|g| g.starts_with("/: ")),
        "{token:?}"
    );
    let owner = owner_needs(spec, release, &picks(), &groups);
    let root = grants(&owner).into_iter().find(|g| g.path == "/").unwrap();
    assert_eq!(root.privileges.len(), 20);
    let rights = grants(&owner).into_iter().map(|g| (g.path, g.privileges.into_iter().map(|p| (p, true)).collect()));
    assert_eq!(missing(&owner, &Rights::new(rights.collect())), []);
}

#[test]
fn a_right_with_power_over_the_host_always_waits_for_a_yes() {
    for target in Library::built_in().iter() {
        for (right, what) in target.spec.dangerous() {
            assert!(right.group.is_some(), "{}: {} asks for {what:?} without a question", target.name, right.purpose);
        }
    }
}

#[test]
fn grants_meet_the_needs_of_every_target_on_every_release() {
    for (release, _) in BESIDES {
        for target in Library::built_in().iter() {
            for groups in [BTreeSet::new(), all_groups(&target.spec)] {
                for picks in [BTreeMap::new(), picks()] {
                    let needs = owner_needs(&target.spec, release.parse().unwrap(), &picks, &groups);
                    let map = grants(&needs)
                        .into_iter()
                        .map(|g| (g.path, g.privileges.into_iter().map(|p| (p, true)).collect()));
                    assert_eq!(missing(&needs, &Rights::new(map.collect())), [], "{} on {release}", target.name);
                }
            }
        }
    }
}
