//! What is in a storage: listing, reading and removing volumes (pve-storage API2/Storage/Content.pm).

use serde_json::{Value, json};

use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, may, need, object};
use super::cluster::{Cluster, Storage, Volume};
use super::storage::STORAGE_READ;

pub fn content_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), need("storage", Kind::Text), may("content", Kind::Text), may("vmid", Kind::GuestId)]
}

pub fn content_check(call: &Call) -> Result<(), Failure> {
    call.need(&format!("/storage/{}", call.text("storage")), STORAGE_READ)
}

/// A storage by its name.
pub fn storage<'a>(cluster: &'a Cluster, name: &str) -> Result<&'a Storage, Failure> {
    let found = cluster.storages.iter().find(|storage| storage.name == name);
    found.ok_or_else(|| Failure::died(format!("storage '{name}' does not exist")))
}

pub fn content(call: &mut Call) -> Answer {
    let (name, kind) = (call.text("storage"), call.text("content"));
    let owner = call.get("vmid").map(|_| call.guest_id());
    let storage = storage(call.cluster, &name)?;
    let asked = storage
        .volumes
        .iter()
        .filter(|volume| (kind.is_empty() || volume.content == kind) && (owner.is_none() || volume.guest == owner));
    let seen = asked.filter(|volume| readable(call, &volume.id, &volume.content, volume.guest).is_ok());
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

/// Whether the caller may read a volume: a guest's disk only who may change the guest's disks and see the storage (pve-storage
/// Storage.pm, check_volume_access).
pub fn readable(call: &Call, id: &str, content: &str, owner: Option<u32>) -> Result<(), Failure> {
    let path = format!("/storage/{}", id.split(':').next().unwrap_or_default());
    if call.may(&path, &["Datastore.Allocate"]) {
        return Ok(());
    }
    match (content, owner) {
        ("iso" | "vztmpl" | "import", _) => call.need(&path, &["Datastore.AllocateSpace", "Datastore.Audit"]),
        ("backup", Some(owner)) => {
            call.need(&path, &["Datastore.AllocateSpace"])?;
            call.need(&format!("/vms/{owner}"), &["VM.Backup"])
        }
        ("images" | "rootdir", Some(owner)) => {
            call.need(&path, &["Datastore.Audit"])?;
            call.need(&format!("/vms/{owner}"), &["VM.Config.Disk"])
        }
        _ => Err(Failure::died(format!("missing privileges to access {id}"))),
    }
}

/// What a volume's name tells of it: what it holds, and whose it is (pve-storage Plugin.pm and LVMPlugin.pm, parse_volname).
pub fn parse_name(name: &str) -> Option<(&'static str, Option<u32>)> {
    let number = |text: &str| text.split('-').next().and_then(|id| id.parse().ok());
    match name.split_once('/') {
        Some(("iso", _)) => Some(("iso", None)),
        Some(("vztmpl", _)) => Some(("vztmpl", None)),
        Some(("import", _)) => Some(("import", None)),
        Some(("snippets", _)) => Some(("snippets", None)),
        Some(("backup", file)) => {
            let id = ["vzdump-qemu-", "vzdump-lxc-"].iter().find_map(|start| file.strip_prefix(start));
            Some(("backup", id.and_then(number)))
        }
        Some((owner, _)) => owner.parse().ok().map(|owner| ("images", Some(owner))),
        None => {
            let owner = ["vm-", "base-"].iter().find_map(|start| name.strip_prefix(start)).and_then(number);
            let container = || name.strip_prefix("subvol-").and_then(number);
            owner.map(|owner| ("images", Some(owner))).or_else(|| container().map(|owner| ("rootdir", Some(owner))))
        }
    }
}

pub fn volume_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), may("storage", Kind::Text), need("volume", Kind::Text)]
}

/// The volume that the path names, by its whole id: the storage before the name may be left out.
fn named(call: &Call) -> Result<(String, &'static str, Option<u32>), Failure> {
    let (own, text) = (call.text("storage"), call.text("volume"));
    let id = match text.split_once(':') {
        Some((other, _)) if other != own => {
            return Err(Failure::parameter("volume", format!("storage ID mismatch ({other} != {own})\n")));
        }
        Some(_) => text,
        None => format!("{own}:{text}"),
    };
    storage(call.cluster, &own)?;
    let name = id.split_once(':').map_or("", |(_, name)| name);
    let (content, owner) =
        parse_name(name).ok_or_else(|| Failure::died(format!("unable to parse volume filename '{name}'")))?;
    Ok((id, content, owner))
}

pub fn volume(call: &mut Call) -> Answer {
    let (id, content, owner) = named(call)?;
    readable(call, &id, content, owner)?;
    let storage = storage(call.cluster, &call.text("storage"))?;
    let Some(volume) = storage.volumes.iter().find(|volume| volume.id == id) else {
        return Err(Failure::died(format!("volume_size_info on '{id}' failed - no format")));
    };
    // What is no disk is raw to whoever asks for its size.
    let format = if matches!(volume.content.as_str(), "images" | "rootdir") { &volume.format } else { "raw" };
    Ok(json!({ "path": path(storage, volume), "size": volume.size, "used": volume.size, "format": format }))
}

/// Where a volume lies on its node.
fn path(storage: &Storage, volume: &Volume) -> String {
    let name = volume.id.split_once(':').map_or("", |(_, name)| name);
    let Some(root) = &storage.path else { return format!("/dev/{}/{name}", storage.name) };
    match name.split_once('/') {
        Some((kind @ ("iso" | "vztmpl" | "import" | "snippets" | "backup"), file)) => {
            format!("{root}/{}/{file}", folder(kind))
        }
        _ => format!("{root}/images/{name}"),
    }
}

/// The folder of a kind of files in a storage of files (pve-storage Plugin.pm, get_subdir).
pub fn folder(content: &str) -> &'static str {
    match content {
        "iso" => "template/iso",
        "vztmpl" => "template/cache",
        "import" => "import",
        "snippets" => "snippets",
        _ => "dump",
    }
}

pub fn delete_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), may("storage", Kind::Text), need("volume", Kind::Text), may("delay", Kind::Int(1))]
}

/// Removing is for who may do all on the storage, but for backups of machines that one may back up.
pub fn delete(call: &mut Call) -> Answer {
    let (id, content, owner) = named(call)?;
    let name = call.text("storage");
    match owner.filter(|_| content == "backup") {
        Some(owner) => {
            call.need(&format!("/storage/{name}"), &["Datastore.AllocateSpace"])?;
            call.need(&format!("/vms/{owner}"), &["VM.Backup"])?;
        }
        None => call.need(&format!("/storage/{name}"), &["Datastore.Allocate"])?,
    }
    remove(call.cluster, |volume| volume.id == id);
    let task = owner.map_or_else(|| name.clone(), |owner| format!("{owner}@{name}"));
    let upid = call.task("imgdel", &task, Ok(vec![format!("Removed volume '{id}'")]));
    // Who waits for the end is told nothing more.
    Ok(if call.get("delay").is_some() { Value::Null } else { upid })
}

/// Removes volumes, and gives back the space that they took.
pub fn remove(cluster: &mut Cluster, which: impl Fn(&Volume) -> bool) {
    for storage in &mut cluster.storages {
        let freed: u64 = storage.volumes.iter().filter(|volume| which(volume)).map(|volume| volume.size).sum();
        storage.volumes.retain(|volume| !which(volume));
        storage.used = storage.used.saturating_sub(freed);
    }
}

/// Adds a volume; one of that id is replaced.
pub fn add(cluster: &mut Cluster, volume: Volume) {
    remove(cluster, |known| known.id == volume.id);
    let name = volume.id.split(':').next().unwrap_or_default().to_string();
    if let Some(storage) = cluster.storages.iter_mut().find(|storage| storage.name == name) {
        storage.used = storage.used.saturating_add(volume.size).min(storage.total);
        storage.volumes.push(volume);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volumes_name_tells_what_it_holds_and_whose_it_is() {
        for (name, told) in [
            ("iso/debian-13.iso", Some(("iso", None))),
            ("import/cloud.qcow2", Some(("import", None))),
            ("100/vm-100-disk-0.qcow2", Some(("images", Some(100)))),
            ("vm-701-disk-0", Some(("images", Some(701)))),
            ("base-9000-disk-0", Some(("images", Some(9000)))),
            ("subvol-103-disk-0", Some(("rootdir", Some(103)))),
            ("backup/vzdump-qemu-100-2026_11_22-00_00_00.vma.zst", Some(("backup", Some(100)))),
            ("backup/by-hand.tar", Some(("backup", None))),
            ("", None),
            ("else", None),
        ] {
            assert_eq!(parse_name(name), told, "{name}");
        }
    }
}
