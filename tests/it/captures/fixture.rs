//! The cluster that was captured, and the people in it. Passwords and secrets are those that the file itself sends.

use std::collections::BTreeMap;

use labwizard::lab::LabRelease;
use labwizard::lab::proxmox::cluster::{Bridge, Cluster, Guest, Node, Storage, Subject, Token, User};
use labwizard::lab::proxmox::tfa::{SecondFactor, Totp};
use serde_json::{Value, json};

use super::alike::is_uuid;
use super::file::Capture;
use super::replay::SEED;

/// The password that a file logs a user in with.
fn password(captures: &[Capture], user: &str) -> String {
    let mut lines = captures.iter().flat_map(|capture| &capture.request);
    let prefix = format!("form: username={user}&password=");
    let sent = lines.find_map(|line| {
        let password = line.strip_prefix(&prefix)?.split('&').next()?;
        (password != "wrong" && !password.is_empty()).then(|| password.to_string())
    });
    sent.unwrap_or_else(|| "none-in-the-file".to_string())
}

/// The secret that a file sends for a token.
fn secret(captures: &[Capture], id: &str) -> String {
    let mut lines = captures.iter().flat_map(|capture| &capture.request);
    let prefix = format!("Authorization: PVEAPIToken={id}=");
    let found = lines
        .find_map(|line| line.strip_prefix(&prefix).filter(|secret| is_uuid(secret) && !secret.starts_with("000")));
    found.unwrap_or("none-in-the-file").to_string()
}

/// The cluster that was captured: one host, two machines, a container.
pub fn fixture(release: LabRelease, captures: &[Capture]) -> Cluster {
    let text = String::from;
    let mut cluster = Cluster::bare(release);
    let address = "192.0.2.10".parse().unwrap();
    cluster.nodes.push(Node { name: text("pve"), address, online: true, trusted: true, fingerprint: text("00") });
    for (user, enable, expire) in [
        ("root@pam", true, 0),
        ("alice@pve", true, 0),
        ("bob@pve", true, 0),
        ("disabled@pve", false, 0),
        ("expired@pve", true, 1_000_000_000),
        ("totp@pve", true, 0),
    ] {
        let password = Some(password(captures, user));
        cluster.users.insert(text(user), User { enable, expire, password, ..User::default() });
    }
    let factor = Totp { id: uuid_like(), description: text("phone"), created: 1, secret: SEED.to_vec(), last: None };
    cluster.users.get_mut("totp@pve").unwrap().factors = SecondFactor { totp: vec![factor], ..SecondFactor::default() };
    for (user, name, privsep, expire) in [
        ("root@pam", "ci", false, 0),
        ("alice@pve", "full", false, 0),
        ("alice@pve", "priv", true, 0),
        ("alice@pve", "old", false, 1_000_000_000),
        ("alice@pve", "audit", true, 0),
        ("disabled@pve", "t1", false, 0),
    ] {
        let secret = secret(captures, &format!("{user}!{name}"));
        let token = Token { secret, privsep, expire, comment: None };
        cluster.users.get_mut(user).unwrap().tokens.insert(text(name), token);
    }
    for user in ["alice@pve", "totp@pve"] {
        cluster.grant("/", Subject::User, user, "PVEAdmin", true);
    }
    cluster.grant("/", Subject::Token, "alice@pve!audit", "PVEAuditor", true);
    let content = ["snippets", "iso", "rootdir", "images", "backup", "vztmpl", "import"].map(text);
    let old = release == LabRelease::V7_4_20;
    let content = content.into_iter().filter(|kind| !old || kind == "images" || kind == "rootdir");
    cluster.storages.push(Storage {
        name: text("local"),
        kind: text("dir"),
        content: content.collect(),
        shared: false,
        nodes: vec![],
        total: 1 << 38,
        used: 1 << 34,
        path: Some(text("/var/lib/vz")),
        volumes: vec![],
    });
    let bridge = Bridge {
        name: text("vmbr0"),
        node: text("pve"),
        cidr: None,
        ports: text(""),
        vlan_aware: false,
        autostart: true,
        comment: None,
    };
    cluster.bridges.push(bridge);
    for (id, name, is_container, template) in
        [(100, "web1", false, false), (200, "ct1", true, false), (9000, "tmpl", false, true)]
    {
        let mut guest = guest(id, name, is_container, template);
        if old && !is_container {
            guest.config.insert(text("memory"), json!(64));
        }
        cluster.guests.insert(id, guest);
    }
    cluster
}

fn uuid_like() -> String {
    "00000000-0000-4000-8000-000000000001".to_string()
}

fn guest(id: u32, name: &str, is_container: bool, template: bool) -> Guest {
    let config = if is_container {
        json!({
            "arch": "amd64", "cores": 1, "digest": "0", "hostname": name, "memory": 512, "ostype": "debian",
            "rootfs": format!("local:{id}/vm-{id}-disk-0.raw,size=4G"), "swap": 512, "unprivileged": 1,
        })
    } else {
        json!({
            "boot": "order=scsi0;net0", "digest": "0", "kvm": 0, "memory": "64", "meta": "creation-qemu=10", "name": name,
            "net0": "virtio=BC:24:11:00:00:00,bridge=vmbr0", "scsi0": format!("local:{id}/vm-{id}-disk-0.qcow2,size=1G"),
            "smbios1": "uuid=0", "vmgenid": uuid_like(),
        })
    };
    let config: BTreeMap<String, Value> = serde_json::from_value(config).unwrap();
    Guest {
        node: "pve".to_string(),
        is_container,
        name: name.to_string(),
        template,
        running: false,
        cores: 1,
        memory: if is_container { 512 << 20 } else { 64 << 20 },
        disk: if is_container { 4 << 30 } else { 1 << 30 },
        tags: None,
        config,
    }
}
