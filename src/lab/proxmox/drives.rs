//! The drives of machines: which rights their volumes ask for, and the volumes that come and go with them (qemu-server
//! API2/Qemu.pm, check_storage_access and create_disks).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, may, need};
use super::cluster::{Cluster, Volume};
use super::guests::find;
use super::volumes;

/// Bytes of a cloud-init drive.
const CLOUD_INIT: u64 = 4 << 20;

/// Whether a setting of a machine is a drive: `scsi0`, `ide2`.
pub fn is_drive(name: &str) -> bool {
    let bus = name.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(bus, "ide" | "sata" | "scsi" | "virtio" | "efidisk") && bus.len() < name.len()
}

/// What stands first in the text of a drive.
enum Source<'a> {
    /// Nothing that lies in a storage.
    None,
    CloudInit(&'a str),
    /// A new disk: the storage, and bytes.
    New(&'a str, u64),
    /// A volume that is there: its whole id.
    Volume(&'a str),
}

fn source(text: &str) -> Source<'_> {
    let file = text.split(',').next().unwrap_or_default();
    match file.split_once(':') {
        None => Source::None,
        Some((storage, "cloudinit")) => Source::CloudInit(storage),
        Some((storage, size)) => match size.parse::<f64>() {
            Ok(gibibytes) => Source::New(storage, (gibibytes * (1u64 << 30) as f64) as u64),
            Err(_) => Source::Volume(file),
        },
    }
}

fn space(call: &Call, storage: &str) -> Result<(), Failure> {
    call.need(&format!("/storage/{storage}"), &["Datastore.AllocateSpace"])
}

/// Whether the caller may put this into a machine's drive: space for a new disk, a look at a volume that is there. For a
/// cloud-init drive the storage is not asked.
pub fn check(call: &Call, vmid: u32, text: &str) -> Result<(), Failure> {
    match source(text) {
        Source::None | Source::CloudInit(_) => Ok(()),
        Source::New(storage, _) => {
            volumes::storage(call.cluster, storage)?;
            space(call, storage)
        }
        Source::Volume(id) => {
            let name = id.split_once(':').map_or("", |(_, name)| name);
            let Some((content, owner)) = volumes::parse_name(name) else {
                return Err(Failure::died(format!("unable to parse volume filename '{name}'")));
            };
            // The machine's own volumes are its own.
            if owner == Some(vmid) { Ok(()) } else { volumes::readable(call, id, content, owner) }
        }
    }
}

/// Makes the volume that a drive's text asks for, and returns the text as the configuration keeps it.
pub fn allocate(cluster: &mut Cluster, vmid: u32, text: &str) -> String {
    let (storage, size, is_disk) = match source(text) {
        Source::None | Source::Volume(_) => return text.to_string(),
        Source::CloudInit(storage) => (storage, CLOUD_INIT, false),
        Source::New(storage, size) => (storage, size, true),
    };
    let options: String = text.split(',').skip(1).map(|option| format!(",{option}")).collect();
    if is_disk {
        let id = new_volume(cluster, storage, vmid, "raw", size);
        return format!("{id}{options},size={}", shown(size));
    }
    let id = format!("{storage}:{}", file(cluster, storage, vmid, "cloudinit", "qcow2"));
    volumes::add(cluster, disk(&id, vmid, size));
    format!("{id},media=cdrom")
}

/// The name of a volume in its storage: with the machine's folder where the storage has files.
fn file(cluster: &Cluster, storage: &str, vmid: u32, what: &str, format: &str) -> String {
    let has_files = cluster.storages.iter().any(|known| known.name == storage && known.path.is_some());
    if has_files { format!("{vmid}/vm-{vmid}-{what}.{format}") } else { format!("vm-{vmid}-{what}") }
}

fn disk(id: &str, vmid: u32, size: u64) -> Volume {
    let format = match id.rsplit_once('.') {
        Some((_, format @ ("qcow2" | "vmdk"))) => format,
        _ => "raw",
    };
    Volume { id: id.to_string(), content: "images".to_string(), format: format.to_string(), size, guest: Some(vmid) }
}

/// Adds a disk under the first number that is free.
fn new_volume(cluster: &mut Cluster, storage: &str, vmid: u32, format: &str, size: u64) -> String {
    let taken = |id: &str| cluster.storages.iter().any(|known| known.volumes.iter().any(|volume| volume.id == id));
    let ids =
        (0..).map(|number| format!("{storage}:{}", file(cluster, storage, vmid, &format!("disk-{number}"), format)));
    let id = ids.into_iter().find(|id| !taken(id)).unwrap_or_default();
    volumes::add(cluster, disk(&id, vmid, size));
    id
}

/// A size as the text of a drive has it.
fn shown(size: u64) -> String {
    match (size % (1 << 30), size % (1 << 20)) {
        (0, _) => format!("{}G", size >> 30),
        (_, 0) => format!("{}M", size >> 20),
        _ => format!("{}K", size >> 10),
    }
}

/// Bytes of `32G`.
fn bytes(text: &str) -> Option<u64> {
    let (number, shift) = match text.char_indices().last()? {
        (at, 'K') => (&text[..at], 10),
        (at, 'M') => (&text[..at], 20),
        (at, 'G') => (&text[..at], 30),
        (at, 'T') => (&text[..at], 40),
        _ => (text, 0),
    };
    number.parse::<f64>().ok().map(|number| (number * (1u64 << shift) as f64) as u64)
}

fn size_of(text: &str) -> Option<u64> {
    text.split(',').find_map(|option| option.strip_prefix("size=")).and_then(bytes)
}

/// Whether the caller may copy a machine with this configuration: space where its disks go to.
pub fn check_copy(call: &Call, config: &BTreeMap<String, Value>, target: Option<&str>) -> Result<(), Failure> {
    for (_, text) in disks(config) {
        if let Source::Volume(id) = source(text) {
            space(call, target.unwrap_or_else(|| id.split(':').next().unwrap_or_default()))?;
        }
    }
    Ok(())
}

/// The drives that are no CDs.
fn disks(config: &BTreeMap<String, Value>) -> impl Iterator<Item = (&String, &str)> {
    let drives = config.iter().filter(|(name, _)| is_drive(name));
    drives.filter_map(|(name, value)| Some((name, value.as_str().filter(|text| !text.contains("media=cdrom"))?)))
}

/// Copies the disks of a machine for another: the configuration as the copy has it.
pub fn copy(
    cluster: &mut Cluster,
    config: &BTreeMap<String, Value>,
    newid: u32,
    target: Option<&str>,
) -> BTreeMap<String, Value> {
    let mut copied = config.clone();
    for (name, text) in disks(config) {
        let Source::Volume(id) = source(text) else { continue };
        let format = id.rsplit_once('.').map_or("raw", |(_, format)| format);
        let storage = target.unwrap_or_else(|| id.split(':').next().unwrap_or_default());
        let new = new_volume(cluster, storage, newid, format, size_of(text).unwrap_or(0));
        copied.insert(name.clone(), json!(text.replacen(id, &new, 1)));
    }
    copied
}

pub fn resize_params(_: LabRelease) -> Vec<Param> {
    vec![
        need("node", Kind::Text),
        need("vmid", Kind::GuestId),
        need("disk", Kind::Text),
        need("size", Kind::Text),
        may("digest", Kind::Short(40)),
        may("skiplock", Kind::Bool),
    ]
}

pub fn resize_check(call: &Call) -> Result<(), Failure> {
    call.need(&format!("/vms/{}", call.text("vmid")), &["VM.Config.Disk"])
}

/// Grows a disk. Since 8 this is a task.
pub fn resize(call: &mut Call) -> Answer {
    let (id, name, asked) = (call.guest_id(), call.text("disk"), call.text("size"));
    let text = find(call, false)?.config.get(&name).and_then(Value::as_str).unwrap_or_default().to_string();
    let Source::Volume(volume) = source(&text) else {
        return Err(Failure::died(format!("disk '{name}' does not exist")));
    };
    space(call, volume.split(':').next().unwrap_or_default())?;
    let old = size_of(&text).unwrap_or(0);
    let Some(number) = bytes(asked.trim_start_matches('+')) else {
        return Err(Failure::parameter("size", "value does not match the regex pattern"));
    };
    let new = if asked.starts_with('+') { old + number } else { number };
    if new < old {
        return Err(Failure::died("shrinking disks is not supported"));
    }
    let grown = text.replace(&format!("size={}", shown(old)), &format!("size={}", shown(new)));
    let mut all = call.cluster.storages.iter_mut().flat_map(|storage| &mut storage.volumes);
    if let Some(known) = all.find(|known| known.id == volume) {
        known.size = new;
    }
    if let Some(guest) = call.cluster.guests.get_mut(&id) {
        guest.config.insert(name, json!(grown));
    }
    let task = call.release().resizes_by_task().then(|| call.task("resize", &id.to_string(), Ok(vec![])));
    Ok(task.unwrap_or(Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_shown_as_a_drive_has_them() {
        for (text, size) in [("32G", 32 << 30), ("528K", 528 << 10), ("4M", 4 << 20), ("1T", 1 << 40), ("512", 512)] {
            assert_eq!(bytes(text), Some(size), "{text}");
        }
        assert_eq!(["x", "", "G"].map(bytes), [None, None, None]);
        assert_eq!([32 << 30, 4 << 20, 528 << 10].map(shown), ["32G", "4M", "528K"]);
        assert!(is_drive("scsi0") && is_drive("ide2") && !is_drive("scsihw") && !is_drive("scsi"));
    }
}
