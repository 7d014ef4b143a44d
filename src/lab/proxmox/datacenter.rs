//! The calls under `/cluster` and `/pools`: the datacenter as a whole (pve-manager API2/Cluster.pm).

use serde_json::{Value, json};

use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, bit, may, object};
use super::cluster::Guest;
use super::nodes::{figures, node_status};
use super::storage::{on_node, sees_storage};

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
