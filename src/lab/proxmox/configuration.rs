//! Changing a machine's configuration: which right each parameter asks for, as it was measured (qemu-server API2/Qemu.pm).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, may, need};
use super::guests::find;

pub fn config_update_params(_: LabRelease) -> Vec<Param> {
    let mut params = vec![need("node", Kind::Text), need("vmid", Kind::GuestId), may("delete", Kind::Text)];
    params.extend(CONFIG.iter().map(|(name, _)| may(name, Kind::Text)));
    params
}

/// The rights on a machine's configuration: `args` asks for none of them in particular.
const ALL: &[&str] = &[
    "VM.Config.CDROM",
    "VM.Config.CPU",
    "VM.Config.Cloudinit",
    "VM.Config.Disk",
    "VM.Config.HWType",
    "VM.Config.Memory",
    "VM.Config.Network",
    "VM.Config.Options",
];

/// Parameters of a machine's configuration that the lab knows, and the privileges of which one is enough for each.
const CONFIG: &[(&str, &[&str])] = &[
    ("cores", &["VM.Config.CPU"]),
    ("cpu", &["VM.Config.CPU"]),
    ("sockets", &["VM.Config.CPU"]),
    ("memory", &["VM.Config.Memory"]),
    ("balloon", &["VM.Config.Memory"]),
    ("name", &["VM.Config.Options"]),
    ("description", &["VM.Config.Options"]),
    ("tags", &["VM.Config.Options"]),
    ("onboot", &["VM.Config.Options"]),
    ("agent", &["VM.Config.Options"]),
    ("ostype", &["VM.Config.Options"]),
    ("scsihw", &["VM.Config.HWType"]),
    ("serial0", &["VM.Config.HWType"]),
    ("vga", &["VM.Config.HWType"]),
    ("machine", &["VM.Config.HWType"]),
    ("hostpci0", &["VM.Config.HWType"]),
    ("usb0", &["VM.Config.HWType"]),
    ("args", ALL),
    ("net0", &["VM.Config.Network"]),
    ("net1", &["VM.Config.Network"]),
    ("boot", &["VM.Config.Disk"]),
    ("scsi0", &["VM.Config.Disk"]),
    ("ide2", &["VM.Config.CDROM"]),
    ("ciuser", &["VM.Config.Cloudinit", "VM.Config.Network"]),
    ("cipassword", &["VM.Config.Cloudinit", "VM.Config.Network"]),
    ("sshkeys", &["VM.Config.Cloudinit", "VM.Config.Network"]),
    ("ipconfig0", &["VM.Config.Cloudinit", "VM.Config.Network"]),
    ("nameserver", &["VM.Config.Cloudinit", "VM.Config.Network"]),
];

/// What no token may set, whatever was granted: `root@pam` is meant, not its rights (qemu-server API2/Qemu.pm).
fn only_root(call: &Call, name: &str, value: &str) -> Result<(), Failure> {
    let why = match name {
        "args" => "'args' config".to_string(),
        "hostpci0" if !value.contains("mapping=") => "'hostpci0' config for non-mapped devices".to_string(),
        "usb0" if value.contains("host=") => "'usb0' config for real devices".to_string(),
        _ => return Ok(()),
    };
    if call.who == "root@pam" { Ok(()) } else { Err(Failure::died(format!("only root can set {why}"))) }
}

pub fn config_update(call: &mut Call) -> Answer {
    let id = call.guest_id();
    if let Some(memory) = call.get("memory")
        && memory.parse::<u64>().is_err()
        && !memory.starts_with("current=")
    {
        let text = if call.release() == LabRelease::V7_4_20 {
            format!("type check ('integer') failed - got '{memory}'")
        } else {
            format!("invalid format - format error\nmemory.current: type check ('integer') failed - got '{memory}'\n")
        };
        return Err(Failure::parameter("memory", text));
    }
    let sent: Vec<(&str, String, &[&str])> =
        CONFIG.iter().filter_map(|(name, rights)| Some((*name, call.get(name)?.to_string(), *rights))).collect();
    for (name, value, rights) in &sent {
        call.need(&format!("/vms/{id}"), rights)?;
        // A cloud-init drive is a drive and a part of cloud-init.
        if value.contains(":cloudinit") {
            call.need(&format!("/vms/{id}"), &["VM.Config.Cloudinit"])?;
        }
        only_root(call, name, value)?;
    }
    find(call, false)?;
    used_by(call, &sent.iter().map(|(name, value, _)| (name.to_string(), json!(value))).collect())?;
    if let Some(guest) = call.cluster.guests.get_mut(&id) {
        for (name, value, _) in sent {
            match (name, value.parse::<u64>()) {
                ("name", _) => guest.name.clone_from(&value),
                ("memory", Ok(mebibytes)) => guest.memory = mebibytes << 20,
                ("cores", Ok(cores)) => guest.cores = u32::try_from(cores).unwrap_or(guest.cores),
                _ => {}
            }
            guest.config.insert(name.to_string(), json!(value));
        }
    }
    Ok(Value::Null)
}

pub fn config_check(call: &Call) -> Result<(), Failure> {
    call.need(&format!("/vms/{}", call.text("vmid")), ALL)
}

/// What a machine uses must be granted: space where the disks are, and (since 8) the bridges of its network cards.
pub fn used_by(call: &Call, config: &BTreeMap<String, Value>) -> Result<(), Failure> {
    for (name, value) in config {
        let text = value.as_str().unwrap_or_default();
        let is_disk = ["scsi", "sata", "virtio", "ide"].iter().any(|bus| name.starts_with(bus)) && name != "scsihw";
        if is_disk
            && let Some((storage, _)) = text.split_once(':')
            && call.cluster.storages.iter().any(|known| known.name == storage)
        {
            call.need(&format!("/storage/{storage}"), &["Datastore.AllocateSpace"])?;
        }
        let bridge = text.split(',').find_map(|part| part.strip_prefix("bridge="));
        if name.starts_with("net")
            && call.release().guards_bridges()
            && let Some(bridge) = bridge
        {
            let tag = text.split(',').find_map(|part| part.strip_prefix("tag="));
            let tag = tag.map(|tag| format!("/{tag}")).unwrap_or_default();
            call.need(&format!("/sdn/zones/localnetwork/{bridge}{tag}"), &["SDN.Use"])?;
        }
    }
    Ok(())
}
