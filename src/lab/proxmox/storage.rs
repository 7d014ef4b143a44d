//! The calls for storages: which there are, where, and how full (pve-storage API2/Storage).

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

/// Any of these shows a storage and what is in it.
pub const STORAGE_READ: &[&str] = &["Datastore.Audit", "Datastore.AllocateSpace"];

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
        let mut row = figures(storage);
        row["storage"] = json!(storage.name);
        row["used_fraction"] = json!(storage.used as f64 / storage.total.max(1) as f64);
        row
    });
    Ok(rows.collect())
}

fn figures(storage: &Storage) -> Value {
    json!({
        "type": storage.kind, "content": storage.content.join(","), "enabled": 1, "active": 1,
        "shared": u8::from(storage.shared),
        "total": storage.total, "used": storage.used, "avail": storage.total.saturating_sub(storage.used),
    })
}

pub fn status_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), need("storage", Kind::Text)]
}

pub fn status(call: &mut Call) -> Answer {
    let (node, name) = (call.text("node"), call.text("storage"));
    let found = call.cluster.storages.iter().find(|storage| storage.name == name && on_node(storage, &node));
    found.map(figures).ok_or_else(|| Failure::parameter("storage", "No such storage."))
}

pub fn storages_params(_: LabRelease) -> Vec<Param> {
    vec![may("type", Kind::Text)]
}

pub fn storages(call: &mut Call) -> Answer {
    let seen = call.cluster.storages.iter().filter(|storage| sees_storage(call, storage, STORAGE_READ));
    Ok(seen.map(configured).collect())
}

/// A storage as `storage.cfg` has it.
fn configured(storage: &Storage) -> Value {
    object([
        ("storage", Some(json!(storage.name))),
        ("type", Some(json!(storage.kind))),
        ("content", Some(json!(storage.content.join(",")))),
        ("path", storage.path.clone().map(Value::from)),
        ("shared", storage.shared.then(|| bit(true))),
        ("nodes", (!storage.nodes.is_empty()).then(|| json!(storage.nodes.join(",")))),
        ("digest", Some(json!("c0dccd1b3baddb3d47da400c652c96469a624ace"))),
    ])
}

pub fn one_params(_: LabRelease) -> Vec<Param> {
    vec![need("storage", Kind::Text)]
}

/// How a storage is set up is told only to who may change it.
pub fn one_check(call: &Call) -> Result<(), Failure> {
    call.need(&format!("/storage/{}", call.text("storage")), &["Datastore.Allocate"])
}

pub fn one(call: &mut Call) -> Answer {
    let name = call.text("storage");
    let storage = super::volumes::storage(call.cluster, &name)?;
    Ok(configured(storage))
}
