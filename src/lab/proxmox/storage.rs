//! The calls for storages: which there are, where, and what is in them (pve-storage API2/Storage).

use serde_json::{Value, json};

use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, bit, list, may, need, object};
use super::cluster::Storage;

/// Whether a node has the storage.
pub fn on_node(storage: &Storage, node: &str) -> bool {
    storage.nodes.is_empty() || storage.nodes.iter().any(|known| known == node)
}

/// Whether the caller has one of the privileges on the storage.
pub fn sees_storage(call: &Call, storage: &Storage, wanted: &[&str]) -> bool {
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
            && (content.is_empty() || list(&content).any(|kind| storage.content.iter().any(|own| own == kind)))
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
