//! The cluster that the lab starts with: small and believable, with secrets made at random.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::release::LabRelease;
use super::super::scenario::Scenario;
use super::super::{LabToken, LabUser};
use super::cluster::{Bridge, Cluster, Guest, Node, Realm, Storage, Subject, User, Volume};
pub use super::people::TOOL_ROLE;
use super::people::{OUR_ROLE, by_an_earlier_run, by_hand, people, role};

const GIB: u64 = 1 << 30;
/// Seconds.
const DAY: u64 = 24 * 60 * 60;

/// A cluster, and the users and tokens that its people would know.
pub struct Seed {
    pub cluster: Cluster,
    pub users: Vec<LabUser>,
    pub tokens: Vec<LabToken>,
}

/// Makes the cluster of a scenario. Certificates are not in it yet.
pub fn seed(release: LabRelease, scenario: Scenario) -> Seed {
    let mut cluster = Cluster::bare(release);
    hosts(&mut cluster, scenario);
    let (users, mut tokens) = people(&mut cluster);
    guests(&mut cluster, scenario);
    go_wrong(&mut cluster, &mut tokens, scenario);
    Seed { cluster, users, tokens }
}

pub(super) fn text(text: &str) -> String {
    text.to_string()
}

fn hosts(cluster: &mut Cluster, scenario: Scenario) {
    cluster.name = Some(text("homelab"));
    // Its users log in at another site, through a browser.
    cluster.realms.push(Realm {
        name: text("sso"),
        kind: text("openid"),
        comment: text("Single sign-on"),
        is_default: false,
        tfa: None,
        can_log_in: false,
    });
    for (name, last) in [("pve1", 11), ("pve2", 12)] {
        let address = std::net::IpAddr::from([192, 0, 2, last]);
        let online = name == "pve1" || scenario != Scenario::NodeDown;
        let trusted = name == "pve1" || scenario != Scenario::LinkBroken;
        cluster.nodes.push(Node { name: text(name), address, online, trusted, fingerprint: String::new() });
        for (bridge, cidr, ports, comment) in [
            ("vmbr0", Some(format!("192.0.2.{last}/24")), "eno1", None),
            ("vmbr1", None, "", Some(text("lab network, no uplink"))),
        ] {
            let (name, node) = (text(bridge), text(name));
            let vlan_aware = bridge == "vmbr0";
            let (ports, autostart) = (text(ports), true);
            cluster.bridges.push(Bridge { name, node, cidr, ports, vlan_aware, autostart, comment });
        }
    }
    let storage = |name: &str, kind: &str, content: &[&str], shared: bool, total: u64, path: Option<&str>| Storage {
        name: text(name),
        kind: text(kind),
        content: content.iter().map(|kind| text(kind)).collect(),
        shared,
        nodes: Vec::new(),
        total: total * GIB,
        used: total * GIB / 4,
        path: path.map(text),
        volumes: Vec::new(),
    };
    let mut local = storage("local", "dir", &["iso", "vztmpl", "backup", "snippets"], false, 94, Some("/var/lib/vz"));
    for iso in ["debian-13.1.0-amd64-netinst.iso", "ubuntu-24.04.3-live-server-amd64.iso"] {
        let (id, content, format) = (format!("local:iso/{iso}"), text("iso"), text("iso"));
        local.volumes.push(Volume { id, content, format, size: 700 << 20, guest: None });
    }
    cluster.storages = vec![
        local,
        storage("local-lvm", "lvmthin", &["images", "rootdir"], false, 794, None),
        storage("nas", "nfs", &["iso", "backup", "images"], true, 7400, Some("/mnt/pve/nas")),
    ];
}

fn guest(cluster: &mut Cluster, id: u32, node: &str, name: &str, container: bool, template: bool, running: bool) {
    let storage = "local-lvm";
    let (disk, memory, cores) = (32 * GIB, 2 * GIB + u64::from(id % 4) * 2 * GIB, 1 + id % 4);
    let kind = if template { "base" } else { "vm" };
    let volume = format!("{storage}:{kind}-{id}-disk-0");
    let mac = format!("BC:24:11:{:02X}:{:02X}:{:02X}", id >> 16 & 255, id >> 8 & 255, id & 255);
    let mut config = BTreeMap::from([
        (text("digest"), json!(format!("{:040x}", u64::from(id) * 7919))),
        (text("cores"), json!(cores)),
        (text("memory"), if container { json!(memory >> 20) } else { json!((memory >> 20).to_string()) }),
    ]);
    if container {
        config.insert(text("hostname"), json!(name));
        config.insert(text("ostype"), json!("debian"));
        config.insert(text("rootfs"), json!(format!("{volume},size=32G")));
        config.insert(text("net0"), json!(format!("name=eth0,bridge=vmbr0,hwaddr={mac},ip=dhcp,type=veth")));
    } else {
        config.insert(text("name"), json!(name));
        config.insert(text("boot"), json!("order=scsi0"));
        config.insert(text("scsihw"), json!("virtio-scsi-single"));
        config.insert(text("scsi0"), json!(format!("{volume},size=32G")));
        config.insert(text("net0"), json!(format!("virtio={mac},bridge=vmbr0")));
        config.insert(text("smbios1"), json!(format!("uuid=00000000-0000-4000-8000-{id:012}")));
    }
    let content = if container { "rootdir" } else { "images" };
    if let Some(storage) = cluster.storages.iter_mut().find(|known| known.name == storage) {
        let (content, format) = (text(content), text("raw"));
        storage.volumes.push(Volume { id: volume, content, format, size: disk, guest: Some(id) });
    }
    let (node, name) = (text(node), text(name));
    let guest =
        Guest { node, is_container: container, name, template, running, cores, memory, disk, tags: None, config };
    cluster.guests.insert(id, guest);
}

fn guests(cluster: &mut Cluster, scenario: Scenario) {
    if scenario == Scenario::Empty {
        return;
    }
    for (id, node, name, container, running) in [
        (100, "pve1", "homeassistant", false, true),
        (101, "pve1", "docker", false, true),
        (102, "pve2", "nas-mirror", false, false),
        (103, "pve1", "pihole", true, true),
        (104, "pve2", "grafana", true, true),
        (110, "pve2", "win11", false, false),
    ] {
        guest(cluster, id, node, name, container, false, running);
    }
    if scenario != Scenario::NoTemplates {
        for (id, node, name) in [
            (9000, "pve1", "ubuntu-2204-template"),
            (9001, "pve1", "ubuntu-2404-template"),
            (9002, "pve1", "debian-13-template"),
            (9010, "pve2", "windows-11-template"),
        ] {
            guest(cluster, id, node, name, false, true, false);
        }
        if let Some(jammy) = cluster.guests.get_mut(&9000) {
            jammy.tags = Some(text("cloud-init;jammy"));
        }
    }
    if scenario == Scenario::TenThousandGuests {
        for id in (100..).filter(|id| !(9000..9011).contains(id)).take(10_000) {
            if !cluster.guests.contains_key(&id) {
                let node = if id % 2 == 0 { "pve1" } else { "pve2" };
                guest(cluster, id, node, &format!("guest-{id:05}"), id % 5 == 0, false, id % 3 == 0);
            }
        }
    }
}

fn go_wrong(cluster: &mut Cluster, tokens: &mut Vec<LabToken>, scenario: Scenario) {
    match scenario {
        Scenario::WrongSecret => {
            for token in tokens {
                token.secret = uuid::Uuid::new_v4().to_string();
            }
        }
        Scenario::Expired => {
            let all = cluster.users.values_mut().flat_map(|user| user.tokens.values_mut());
            all.for_each(|token| token.expire = 1_600_000_000);
        }
        Scenario::TokenEndsSoon => {
            let end = cluster.now() + 10 * DAY;
            let all = cluster.users.values_mut().flat_map(|user| user.tokens.values_mut());
            all.for_each(|token| token.expire = end);
        }
        Scenario::TokenGone => {
            cluster.users.values_mut().for_each(|user| user.tokens.clear());
            cluster.acl.retain(|row| row.subject != Subject::Token);
        }
        Scenario::DisabledUser => owners(cluster).for_each(|(_, user)| user.enable = false),
        Scenario::UserExpired => owners(cluster).for_each(|(_, user)| user.expire = 1_600_000_000),
        Scenario::UserGone => {
            let gone: Vec<String> = owners(cluster).map(|(id, _)| id.clone()).collect();
            cluster.users.retain(|id, _| !gone.contains(id));
            // Its grants go with a user (pve-access-control AccessControl.pm, delete_user_acl).
            cluster.acl.retain(|row| !gone.iter().any(|user| row.who.split('!').next() == Some(user.as_str())));
        }
        Scenario::RealmDown => directory(cluster),
        Scenario::NoRights => cluster.acl.retain(|row| row.role == "Administrator"),
        Scenario::MissingRight => {
            if let Some(role) = cluster.roles.get_mut(TOOL_ROLE) {
                role.privileges.remove("VM.PowerMgmt");
            }
        }
        Scenario::ReplacedRight => replaced_right(cluster),
        Scenario::UpgradedRole => {
            // VM.Monitor is dropped from roles when a host becomes a 9 (pve-access-control 9.0.2).
            if let Some(role) = cluster.roles.get_mut(TOOL_ROLE).filter(|_| !cluster.release.knows("VM.Monitor")) {
                role.privileges.remove("VM.GuestAgent.Audit");
            }
        }
        Scenario::AllRights => {
            let all: Vec<String> = owners(cluster).map(|(id, _)| id.clone()).collect();
            owners(cluster).flat_map(|(_, user)| user.tokens.values_mut()).for_each(|token| token.privsep = false);
            all.iter().for_each(|user| cluster.grant("/", Subject::User, user, "Administrator", true));
            // Deeper entries would take the place of what comes from above.
            cluster.acl.retain(|row| row.path == "/" || !all.iter().any(|user| row.who.starts_with(user.as_str())));
        }
        Scenario::HostileStrings => hostile(cluster),
        Scenario::ClockOff => cluster.clock_ahead = 600,
        Scenario::DaemonDown => cluster.daemon_runs = false,
        Scenario::TokenExists => tokens.push(by_hand(cluster)),
        Scenario::RoleTaken => {
            cluster.roles.insert(text(OUR_ROLE), role(["VM.Audit", "VM.Console"]));
        }
        Scenario::OursExists => tokens.push(by_an_earlier_run(cluster)),
        _ => {}
    }
}

/// Whoever has tokens, root@pam aside.
fn owners(cluster: &mut Cluster) -> impl Iterator<Item = (&String, &mut User)> {
    cluster.users.iter_mut().filter(|(id, user)| *id != "root@pam" && !user.tokens.is_empty())
}

/// A directory that is set up and does not answer, and somebody of it.
fn directory(cluster: &mut Cluster) {
    cluster.realms.push(Realm {
        name: text("corp"),
        kind: text("ldap"),
        comment: text("The directory of the house"),
        is_default: false,
        tfa: None,
        can_log_in: false,
    });
    let user = User { enable: true, comment: Some(text("of the directory")), ..User::default() };
    cluster.users.insert(text("cora@corp"), user);
    cluster.grant("/", Subject::User, "cora@corp", "PVEAuditor", true);
}

/// What the tools were granted at several paths stands at /, and an entry at /vms takes its place there.
fn replaced_right(cluster: &mut Cluster) {
    let moved: Vec<(Subject, String)> =
        cluster.acl.iter().filter(|row| row.role == TOOL_ROLE).map(|row| (row.subject, row.who.clone())).collect();
    cluster.acl.retain(|row| row.role != TOOL_ROLE);
    for (subject, who) in moved {
        cluster.grant("/", subject, &who, TOOL_ROLE, true);
        cluster.grant("/vms", subject, &who, "PVEAuditor", true);
    }
}

/// Texts that must never steer a terminal, a page or a shell.
pub const HOSTILE: [&str; 6] = [
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31mred",
    "line\r\nnext\tcell\u{0}end",
    "\u{202e}gpj.exe\u{202c}\u{200b}\u{feff}",
    "$(touch /tmp/x)`id`; rm -rf '~' \"&|<>",
    "<script>alert(1)</script>{{7*7}}%s%n",
    "é\u{301}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}漢字ｗｉｄｅ",
];

fn hostile(cluster: &mut Cluster) {
    let mut texts = HOSTILE.iter().cycle();
    let mut next = || texts.next().map_or(String::new(), |text| text.to_string());
    for guest in cluster.guests.values_mut() {
        guest.name = next();
        guest.tags = Some(next());
        guest.config.insert(text("description"), json!(next()));
    }
    for realm in &mut cluster.realms {
        realm.comment = next();
    }
    for user in cluster.users.values_mut() {
        user.comment = Some(next());
        user.tokens.values_mut().for_each(|token| token.comment = Some(next()));
    }
    for bridge in &mut cluster.bridges {
        bridge.comment = Some(next());
    }
    cluster.name = Some(next());
}
