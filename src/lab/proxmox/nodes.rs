//! The calls under `/nodes`, `/storage`, `/pools` and `/cluster` that tell about the hosts, not about single guests.

use serde_json::{Value, json};

use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, bit, may, need, object};
use super::cluster::{Bridge, Guest, Node, Storage, Task, split_token};

const GIB: u64 = 1 << 30;
/// Every node of the lab is this big.
const NODE_MEMORY: u64 = 64 * GIB;
const NODE_DISK: u64 = 252 * GIB;
const NODE_CPUS: u32 = 16;

pub fn nothing(_: LabRelease) -> Vec<Param> {
    vec![]
}

pub fn node_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text)]
}

pub fn version(call: &mut Call) -> Answer {
    let release = call.release();
    Ok(json!({ "version": release.version(), "release": release.short(), "repoid": release.repoid() }))
}

// ---- nodes

/// Figures that a node's load would give: made from its name, so that they are the same in every list.
fn load(node: &Node) -> (f64, u64, u64) {
    let seed: u64 = node.name.bytes().map(u64::from).sum();
    (0.01 + (seed % 23) as f64 / 100.0, NODE_MEMORY / 100 * (20 + seed % 50), NODE_DISK / 100 * (10 + seed % 30))
}

fn figures(call: &Call, node: &Node, row: &mut Value) {
    if node.online && call.may(&format!("/nodes/{}", node.name), &["Sys.Audit"]) {
        let (cpu, mem, disk) = load(node);
        for (name, value) in [
            ("cpu", json!(cpu)),
            ("maxcpu", json!(NODE_CPUS)),
            ("mem", json!(mem)),
            ("maxmem", json!(NODE_MEMORY)),
            ("disk", json!(disk)),
            ("maxdisk", json!(NODE_DISK)),
            ("uptime", json!(864_000)),
        ] {
            row[name] = value;
        }
    }
}

fn node_status(node: &Node) -> &'static str {
    if node.online { "online" } else { "offline" }
}

pub fn nodes(call: &mut Call) -> Answer {
    let rows = call.cluster.nodes.iter().map(|node| {
        let mut row = json!({
            "id": format!("node/{}", node.name),
            "node": node.name,
            "type": "node",
            "status": node_status(node),
            "level": "",
            "ssl_fingerprint": node.fingerprint,
        });
        figures(call, node, &mut row);
        row
    });
    Ok(rows.collect())
}

pub fn node_audit(call: &Call) -> Result<(), Failure> {
    call.need(&format!("/nodes/{}", call.text("node")), &["Sys.Audit"])
}

pub fn status(call: &mut Call) -> Answer {
    let release = call.release();
    let name = call.text("node");
    let Some(node) = call.cluster.nodes.iter().find(|node| node.name == name) else { return Ok(Value::Null) };
    let (cpu, mem, disk) = load(node);
    let mut cpuinfo = json!({
        "cpus": NODE_CPUS, "cores": NODE_CPUS / 2, "sockets": 1, "user_hz": 100, "mhz": "2600.000", "hvm": "1",
        "model": "AMD EPYC 3151 4-Core Processor", "flags": "fpu vme de pse tsc msr svm",
    });
    let mut memory = json!({ "total": NODE_MEMORY, "used": mem, "free": NODE_MEMORY - mem });
    let mut status = json!({
        "uptime": 864_000, "cpu": cpu, "wait": 0, "idle": 0, "ksm": { "shared": 0 },
        "loadavg": ["0.42", "0.36", "0.31"],
        "kversion": "Linux 6.14.8-2-pve #1 SMP PREEMPT_DYNAMIC",
        "pveversion": format!("pve-manager/{}/{}", release.version(), release.repoid()),
        "rootfs": { "total": NODE_DISK, "used": disk, "avail": NODE_DISK - disk, "free": NODE_DISK - disk },
        "swap": { "total": 8 * GIB, "used": 0, "free": 8 * GIB },
    });
    if release > LabRelease::V7_4_20 {
        status["boot-info"] = json!({ "mode": "legacy-bios" });
        status["current-kernel"] = json!({
            "sysname": "Linux", "machine": "x86_64", "release": "6.14.8-2-pve", "version": "#1 SMP PREEMPT_DYNAMIC",
        });
    }
    if release.has_memhost() {
        memory["available"] = json!(NODE_MEMORY - mem);
    }
    if release >= LabRelease::V9_2_11 {
        cpuinfo["vendor"] = json!("AuthenticAMD");
        cpuinfo["family"] = json!("23");
    }
    status["cpuinfo"] = cpuinfo;
    status["memory"] = memory;
    Ok(status)
}

pub fn certificates(call: &mut Call) -> Answer {
    let rows = call.cluster.certificates.iter().map(|(file, issued)| {
        json!({
            "filename": file,
            "fingerprint": issued.fingerprint(),
            "subject": issued.subject,
            "issuer": issued.issuer,
            "notbefore": issued.not_before,
            "notafter": issued.not_after,
            "san": issued.san,
            "pem": issued.pem,
            "public-key-type": "id-ecPublicKey",
            "public-key-bits": 256,
        })
    });
    Ok(rows.collect())
}

pub fn network_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), may("type", Kind::Text)]
}

pub fn network(call: &mut Call) -> Answer {
    let node = call.text("node");
    let kind = call.text("type");
    if !matches!(kind.as_str(), "" | "bridge" | "any_bridge" | "any_local_bridge" | "include_sdn") {
        return Ok(json!([]));
    }
    let seen = |bridge: &&Bridge| {
        bridge.node == node && call.may(&format!("/sdn/zones/localnetwork/{}", bridge.name), &["SDN.Use", "SDN.Audit"])
    };
    let rows = call.cluster.bridges.iter().filter(seen).map(|bridge| {
        let method = if bridge.cidr.is_some() { "static" } else { "manual" };
        let (address, mask) = match bridge.cidr.as_deref().and_then(|cidr| cidr.split_once('/')) {
            Some((address, mask)) => (Some(address), Some(mask)),
            None => (None, None),
        };
        object([
            ("iface", Some(json!(bridge.name))),
            ("type", Some(json!("bridge"))),
            ("method", Some(json!(method))),
            ("method6", Some(json!("manual"))),
            ("families", Some(json!(["inet"]))),
            ("active", Some(bit(true))),
            ("autostart", Some(bit(true))),
            ("bridge_ports", Some(json!(bridge.ports))),
            ("bridge_stp", Some(json!("off"))),
            ("bridge_fd", Some(json!("0"))),
            ("bridge_vlan_aware", bridge.vlan_aware.then(|| bit(true))),
            ("priority", Some(json!(3))),
            ("cidr", bridge.cidr.clone().map(Value::from)),
            ("address", address.map(Value::from)),
            ("netmask", mask.map(Value::from)),
            ("comments", bridge.comment.clone().map(Value::from)),
        ])
    });
    Ok(rows.collect())
}

// ---- storage

fn on_node(storage: &Storage, node: &str) -> bool {
    storage.nodes.is_empty() || storage.nodes.iter().any(|known| known == node)
}

fn sees_storage(call: &Call, storage: &Storage, wanted: &[&str]) -> bool {
    call.may(&format!("/storage/{}", storage.name), wanted)
}

const STORAGE_READ: &[&str] = &["Datastore.Audit", "Datastore.AllocateSpace"];

pub fn node_storage_params(_: LabRelease) -> Vec<Param> {
    vec![
        need("node", Kind::Text),
        may("storage", Kind::Text),
        may("content", Kind::Text),
        may("enabled", Kind::Bool),
        may("target", Kind::Text),
        may("format", Kind::Bool),
    ]
}

pub fn node_storage(call: &mut Call) -> Answer {
    let (node, content, name) = (call.text("node"), call.text("content"), call.text("storage"));
    let wanted = |storage: &&Storage| {
        on_node(storage, &node)
            && sees_storage(call, storage, STORAGE_READ)
            && (name.is_empty() || storage.name == name)
            && (content.is_empty()
                || super::call::list(&content).any(|kind| storage.content.iter().any(|own| own == kind)))
    };
    let rows = call.cluster.storages.iter().filter(wanted).map(|storage| {
        json!({
            "storage": storage.name, "type": storage.kind, "content": storage.content.join(","),
            "enabled": 1, "active": 1, "shared": u8::from(storage.shared),
            "total": storage.total, "used": storage.used, "avail": storage.total - storage.used,
            "used_fraction": storage.used as f64 / storage.total.max(1) as f64,
        })
    });
    Ok(rows.collect())
}

pub fn storages_params(_: LabRelease) -> Vec<Param> {
    vec![may("type", Kind::Text)]
}

pub fn storages(call: &mut Call) -> Answer {
    let seen = call.cluster.storages.iter().filter(|storage| sees_storage(call, storage, STORAGE_READ));
    let rows = seen.map(|storage| {
        object([
            ("storage", Some(json!(storage.name))),
            ("type", Some(json!(storage.kind))),
            ("content", Some(json!(storage.content.join(",")))),
            ("path", storage.path.clone().map(Value::from)),
            ("shared", storage.shared.then(|| bit(true))),
            ("nodes", (!storage.nodes.is_empty()).then(|| json!(storage.nodes.join(",")))),
            ("digest", Some(json!("c0dccd1b3baddb3d47da400c652c96469a624ace"))),
        ])
    });
    Ok(rows.collect())
}

pub fn content_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), need("storage", Kind::Text), may("content", Kind::Text), may("vmid", Kind::GuestId)]
}

pub fn content_check(call: &Call) -> Result<(), Failure> {
    call.need(&format!("/storage/{}", call.text("storage")), STORAGE_READ)
}

pub fn content(call: &mut Call) -> Answer {
    let (name, kind) = (call.text("storage"), call.text("content"));
    let Some(storage) = call.cluster.storages.iter().find(|storage| storage.name == name) else {
        return Err(Failure::died(format!("storage '{name}' does not exist")));
    };
    let own = storage.volumes.iter().filter(|volume| kind.is_empty() || volume.content == kind);
    // Disks of guests are seen with rights on the guest only.
    let seen = own.filter(|volume| {
        let audit = volume.guest.is_none_or(|id| call.may(&format!("/vms/{id}"), &["VM.Audit"]));
        audit || call.may(&format!("/storage/{name}"), &["Datastore.Allocate"])
    });
    let rows = seen.map(|volume| {
        object([
            ("volid", Some(json!(volume.id))),
            ("content", Some(json!(volume.content))),
            ("format", Some(json!(volume.format))),
            ("size", Some(json!(volume.size))),
            ("vmid", volume.guest.map(Value::from)),
        ])
    });
    Ok(rows.collect())
}

// ---- cluster

pub fn sys_audit(call: &Call) -> Result<(), Failure> {
    call.need("/", &["Sys.Audit"])
}

pub fn cluster_status(call: &mut Call) -> Answer {
    let mut rows = Vec::new();
    let count = call.cluster.nodes.len();
    if let Some(name) = &call.cluster.name {
        let online = call.cluster.nodes.iter().filter(|node| node.online).count();
        rows.push(json!({
            "id": "cluster", "type": "cluster", "name": name, "nodes": count, "version": count,
            "quorate": u8::from(online * 2 > count),
        }));
    }
    for (index, node) in call.cluster.nodes.iter().enumerate() {
        let id = if call.cluster.name.is_some() { index + 1 } else { 0 };
        rows.push(json!({
            "id": format!("node/{}", node.name), "type": "node", "name": node.name, "ip": node.address.to_string(),
            "nodeid": id, "online": u8::from(node.online), "local": u8::from(index == 0), "level": "",
        }));
    }
    Ok(json!(rows))
}

pub fn resources_params(_: LabRelease) -> Vec<Param> {
    vec![may("type", Kind::Words(&["vm", "storage", "node", "sdn"]))]
}

fn guest_row(call: &Call, id: u32, guest: &Guest) -> Value {
    let kind = if guest.is_container { "lxc" } else { "qemu" };
    let online = call.cluster.nodes.iter().any(|node| node.name == guest.node && node.online);
    let status = if !online {
        "unknown"
    } else if guest.running {
        "running"
    } else {
        "stopped"
    };
    let mut row = json!({
        "id": format!("{kind}/{id}"), "type": kind, "vmid": id, "node": guest.node, "status": status,
    });
    if online {
        let (cpu, mem) = if guest.running { (0.03, guest.memory / 2) } else { (0.0, 0) };
        let uptime = if guest.running { 86_400 } else { 0 };
        for (name, value) in [
            ("name", json!(guest.name)),
            ("template", bit(guest.template)),
            ("maxcpu", json!(guest.cores)),
            ("maxmem", json!(guest.memory)),
            ("maxdisk", json!(guest.disk)),
            ("cpu", if guest.running { json!(cpu) } else { json!(0) }),
            ("mem", json!(mem)),
            ("disk", json!(0)),
            ("uptime", json!(uptime)),
            ("netin", json!(0)),
            ("netout", json!(0)),
            ("diskread", json!(0)),
            ("diskwrite", json!(0)),
        ] {
            row[name] = value;
        }
        if call.release().has_memhost() {
            row["memhost"] = json!(mem);
        }
        if let Some(tags) = &guest.tags {
            row["tags"] = json!(tags);
        }
    }
    row
}

pub fn resources(call: &mut Call) -> Answer {
    let kind = call.text("type");
    let wants = |name: &str| kind.is_empty() || kind == name;
    let mut rows = Vec::new();
    if kind.is_empty() {
        for (name, pool) in &call.cluster.pools {
            if call.may(&format!("/pool/{name}"), &["Pool.Audit"]) {
                let comment = pool.comment.clone().map(Value::from);
                let id = json!(format!("/pool/{name}"));
                rows.push(object([
                    ("id", Some(id)),
                    ("type", Some(json!("pool"))),
                    ("pool", Some(json!(name))),
                    ("comment", comment),
                ]));
            }
        }
    }
    if wants("vm") {
        let seen = call.cluster.guests.iter().filter(|(id, _)| call.may(&format!("/vms/{id}"), &["VM.Audit"]));
        rows.extend(seen.map(|(id, guest)| guest_row(call, *id, guest)));
    }
    for node in call.cluster.nodes.iter().filter(|_| wants("node")) {
        let mut row = json!({
            "id": format!("node/{}", node.name), "type": "node", "node": node.name,
            "status": node_status(node), "level": "", "cgroup-mode": 2,
        });
        figures(call, node, &mut row);
        rows.push(row);
    }
    for node in call.cluster.nodes.iter().filter(|_| wants("storage")) {
        let seen = call
            .cluster
            .storages
            .iter()
            .filter(|storage| on_node(storage, &node.name) && sees_storage(call, storage, &["Datastore.Audit"]));
        rows.extend(seen.map(|storage| {
            json!({
                "id": format!("storage/{}/{}", node.name, storage.name), "type": "storage", "node": node.name,
                "storage": storage.name, "plugintype": storage.kind, "content": storage.content.join(","),
                "shared": u8::from(storage.shared), "status": "available",
                "disk": storage.used, "maxdisk": storage.total,
            })
        }));
    }
    if wants("sdn") && call.may("/sdn/zones/localnetwork", &["SDN.Audit"]) {
        for node in &call.cluster.nodes {
            match call.release().network_rows() {
                Some("network") => rows.push(json!({
                    "id": format!("network/{}/zone/localnetwork", node.name), "type": "network", "node": node.name,
                    "network": "localnetwork", "network-type": "zone", "status": "ok",
                })),
                Some(_) => rows.push(json!({
                    "id": format!("sdn/{}/localnetwork", node.name), "type": "sdn", "node": node.name,
                    "sdn": "localnetwork", "status": "ok",
                })),
                None => {}
            }
        }
    }
    Ok(json!(rows))
}

pub fn nextid_params(_: LabRelease) -> Vec<Param> {
    vec![may("vmid", Kind::GuestId)]
}

pub fn nextid(call: &mut Call) -> Answer {
    if let Some(wanted) = call.get("vmid") {
        let id = call.guest_id();
        if call.cluster.guests.contains_key(&id) {
            return Err(Failure::parameter("vmid", format!("VM {id} already exists")));
        }
        return Ok(json!(wanted));
    }
    let free = (100..=999_999_999).find(|id| !call.cluster.guests.contains_key(id)).unwrap_or(100);
    Ok(json!(free.to_string()))
}

pub fn empty_list(_: &mut Call) -> Answer {
    Ok(json!([]))
}

pub fn pools(call: &mut Call) -> Answer {
    let seen = call.cluster.pools.iter().filter(|(name, _)| call.may(&format!("/pool/{name}"), &["Pool.Audit"]));
    let rows = seen.map(|(name, pool)| {
        object([("poolid", Some(json!(name))), ("comment", pool.comment.clone().map(Value::from))])
    });
    Ok(rows.collect())
}

// ---- tasks

pub fn task_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), need("upid", Kind::Upid)]
}

pub fn task_log_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), need("upid", Kind::Upid), may("start", Kind::Int(0)), may("limit", Kind::Int(0))]
}

fn task<'a>(call: &'a Call) -> Result<&'a Task, Failure> {
    let upid = call.text("upid");
    let found = call.cluster.tasks.iter().find(|task| task.upid == upid);
    found.ok_or_else(|| Failure::parameter("upid", "no such task"))
}

/// Who started a task may follow it, and so may the owner of the token that did; others need Sys.Audit.
fn may_follow(call: &Call, task: &Task) -> bool {
    let owner = split_token(&task.who).map_or(task.who.as_str(), |(user, _)| user);
    call.who == task.who || call.who == owner || call.may(&format!("/nodes/{}", task.node), &["Sys.Audit"])
}

pub fn task_status(call: &mut Call) -> Answer {
    let task = task(call)?;
    if !may_follow(call, task) {
        return Err(Failure::forbidden(Some(&format!("/nodes/{}, Sys.Audit", task.node))));
    }
    let (user, token) = match split_token(&task.who) {
        Some((user, token)) => (user, Some(json!(token))),
        None => (task.who.as_str(), None),
    };
    Ok(object([
        ("upid", Some(json!(task.upid))),
        ("node", Some(json!(task.node))),
        ("type", Some(json!(task.kind))),
        ("id", Some(json!(task.id))),
        ("user", Some(json!(user))),
        ("tokenid", token),
        ("pid", Some(json!(task.pid))),
        ("pstart", Some(json!(task.pstart))),
        ("starttime", Some(json!(task.start))),
        ("status", Some(json!("stopped"))),
        ("exitstatus", Some(json!(task.exit))),
    ]))
}

pub fn task_log(call: &mut Call) -> Answer {
    let task = task(call)?;
    if !may_follow(call, task) {
        return Err(Failure::forbidden(Some(&format!("/nodes/{}, Sys.Audit", task.node))));
    }
    Ok(task.log.iter().enumerate().map(|(index, line)| json!({ "n": index + 1, "t": line })).collect())
}

pub fn tasks_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), may("limit", Kind::Int(0)), may("start", Kind::Int(0)), may("vmid", Kind::GuestId)]
}

pub fn tasks(call: &mut Call) -> Answer {
    let limit = call.get("limit").and_then(|text| text.parse().ok()).unwrap_or(50);
    let node = call.text("node");
    let own = call.cluster.tasks.iter().rev().filter(|task| task.node == node && may_follow(call, task));
    let rows = own.take(limit).map(|task| {
        let (user, token) = match split_token(&task.who) {
            Some((user, token)) => (user, Some(json!(token))),
            None => (task.who.as_str(), None),
        };
        object([
            ("upid", Some(json!(task.upid))),
            ("node", Some(json!(task.node))),
            ("type", Some(json!(task.kind))),
            ("id", Some(json!(task.id))),
            ("user", Some(json!(user))),
            ("tokenid", token),
            ("pid", Some(json!(task.pid))),
            ("pstart", Some(json!(task.pstart))),
            ("starttime", Some(json!(task.start))),
            ("endtime", Some(json!(task.start))),
            ("status", Some(json!(task.exit))),
        ])
    });
    Ok(rows.collect())
}
