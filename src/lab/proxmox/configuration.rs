//! Changing a machine's configuration: which right each parameter asks for, as it was measured (qemu-server API2/Qemu.pm).

use serde_json::{Value, json};

use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, may, need};
use super::drives;
use super::guests::find;

pub fn config_update_params(_: LabRelease) -> Vec<Param> {
    let mut params = vec![need("node", Kind::Text), need("vmid", Kind::GuestId), may("delete", Kind::Text)];
    params.extend(settings());
    params
}

/// The settings of a machine that the lab knows.
pub fn settings() -> impl Iterator<Item = Param> {
    CONFIG.iter().map(|(name, _)| may(name, Kind::Text))
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
    ("numa", &["VM.Config.CPU"]),
    ("memory", &["VM.Config.Memory"]),
    ("balloon", &["VM.Config.Memory"]),
    ("name", &["VM.Config.Options"]),
    ("description", &["VM.Config.Options"]),
    ("tags", &["VM.Config.Options"]),
    ("onboot", &["VM.Config.Options"]),
    ("agent", &["VM.Config.Options"]),
    ("ostype", &["VM.Config.Options"]),
    ("bios", &["VM.Config.Options"]),
    ("protection", &["VM.Config.Options"]),
    ("startup", &["VM.Config.Options"]),
    ("scsihw", &["VM.Config.HWType"]),
    ("serial0", &["VM.Config.HWType"]),
    ("vga", &["VM.Config.HWType"]),
    ("machine", &["VM.Config.HWType"]),
    ("tablet", &["VM.Config.HWType"]),
    ("hostpci0", &["VM.Config.HWType"]),
    ("usb0", &["VM.Config.HWType"]),
    ("args", ALL),
    ("net0", &["VM.Config.Network"]),
    ("net1", &["VM.Config.Network"]),
    ("boot", &["VM.Config.Disk"]),
    ("scsi0", &["VM.Config.Disk"]),
    ("scsi1", &["VM.Config.Disk"]),
    ("sata0", &["VM.Config.Disk"]),
    ("virtio0", &["VM.Config.Disk"]),
    ("efidisk0", &["VM.Config.Disk"]),
    ("ide0", &["VM.Config.CDROM"]),
    ("ide3", &["VM.Config.CDROM"]),
    ("ide2", &["VM.Config.CDROM"]),
    ("ciuser", &["VM.Config.Cloudinit", "VM.Config.Network"]),
    ("cipassword", &["VM.Config.Cloudinit", "VM.Config.Network"]),
    ("sshkeys", &["VM.Config.Cloudinit", "VM.Config.Network"]),
    ("ipconfig0", &["VM.Config.Cloudinit", "VM.Config.Network"]),
    ("nameserver", &["VM.Config.Cloudinit", "VM.Config.Network"]),
    ("searchdomain", &["VM.Config.Cloudinit", "VM.Config.Network"]),
    ("cicustom", &["VM.Config.Cloudinit", "VM.Config.Network"]),
];

/// What asks for more than the right to change a machine: the host's start, a device that was given a name for this, and what
/// no token may set, whatever was granted: `root@pam` is meant, not its rights (qemu-server API2/Qemu.pm).
fn beyond(call: &Call, name: &str, value: &str) -> Result<(), Failure> {
    let option = |wanted: &str| value.split(',').find_map(|part| part.strip_prefix(wanted));
    let why = match (name, option("mapping=")) {
        ("startup", _) => return call.need("/", &["Sys.Modify"]),
        ("args", _) => "'args' config".to_string(),
        ("hostpci0" | "usb0", Some(_)) if !call.release().has_mappings() => format!("'{name}' config"),
        ("hostpci0", Some(id)) => return call.need(&format!("/mapping/pci/{id}"), &["Mapping.Use"]),
        ("usb0", Some(id)) => return call.need(&format!("/mapping/usb/{id}"), &["Mapping.Use"]),
        ("hostpci0", None) => "'hostpci0' config for non-mapped devices".to_string(),
        ("usb0", None) if value.contains("host=") => "'usb0' config for real devices".to_string(),
        _ => return Ok(()),
    };
    if call.who == "root@pam" { Ok(()) } else { Err(Failure::died(format!("only root can set {why}"))) }
}

fn sent(call: &Call) -> Vec<(&'static str, String, &'static [&'static str])> {
    CONFIG.iter().filter_map(|(name, rights)| Some((*name, call.get(name)?.to_string(), *rights))).collect()
}

/// Whether the caller may set what was sent. A new machine's drives are all disks to its rights.
pub fn may_set(call: &Call, is_new: bool) -> Result<(), Failure> {
    let id = call.guest_id();
    let machine = format!("/vms/{id}");
    if let Some(memory) = call.get("memory") {
        memory_fits(call.release(), memory)?;
    }
    for (name, value, rights) in &sent(call) {
        let is_drive = drives::is_drive(name);
        match is_new && is_drive {
            true => call.need(&machine, &["VM.Config.Disk"])?,
            false => call.need(&machine, rights)?,
        }
        // A cloud-init drive is a drive and a part of cloud-init.
        if !is_new && value.contains(":cloudinit") {
            call.need(&machine, &["VM.Config.Cloudinit"])?;
        }
        if is_drive {
            drives::check(call, id, value)?;
        }
        if name.starts_with("net") {
            bridge_check(call, value)?;
        }
        beyond(call, name, value)?;
    }
    Ok(())
}

fn memory_fits(release: LabRelease, memory: &str) -> Result<(), Failure> {
    if memory.parse::<u64>().is_ok() || memory.starts_with("current=") {
        return Ok(());
    }
    let text = if release == LabRelease::V7_4_20 {
        format!("type check ('integer') failed - got '{memory}'")
    } else {
        format!("invalid format - format error\nmemory.current: type check ('integer') failed - got '{memory}'\n")
    };
    Err(Failure::parameter("memory", text))
}

pub fn config_update(call: &mut Call) -> Answer {
    may_set(call, false)?;
    find(call, false)?;
    set(call);
    Ok(Value::Null)
}

/// Sets what was sent.
pub fn set(call: &mut Call) {
    let id = call.guest_id();
    for (name, value, _) in sent(call) {
        let value = if drives::is_drive(name) { drives::allocate(call.cluster, id, &value) } else { value };
        let Some(guest) = call.cluster.guests.get_mut(&id) else { return };
        match (name, value.parse::<u64>()) {
            ("name", _) => guest.name.clone_from(&value),
            ("memory", Ok(mebibytes)) => guest.memory = mebibytes << 20,
            ("cores", Ok(cores)) => guest.cores = u32::try_from(cores).unwrap_or(guest.cores),
            _ => {}
        }
        guest.config.insert(name.to_string(), json!(value));
    }
}

pub fn config_check(call: &Call) -> Result<(), Failure> {
    call.need(&format!("/vms/{}", call.text("vmid")), ALL)
}

/// Since 8 a machine's network card asks for its bridge.
pub fn bridge_check(call: &Call, card: &str) -> Result<(), Failure> {
    let option = |wanted: &str| card.split(',').find_map(|part| part.strip_prefix(wanted));
    let Some(bridge) = option("bridge=").filter(|_| call.release().guards_bridges()) else { return Ok(()) };
    let tag = option("tag=").map(|tag| format!("/{tag}")).unwrap_or_default();
    call.need(&format!("/sdn/zones/localnetwork/{bridge}{tag}"), &["SDN.Use"])
}
