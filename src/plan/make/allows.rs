//! What privileges allow, in plain words.

use std::collections::BTreeSet;

use crate::domain::rights::Privilege;

/// What a set of privileges allows, a few words each; what changes machines is one of them. A privilege that is not known here
/// is told by its name.
pub fn allows(privileges: &BTreeSet<Privilege>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut settings: Vec<&str> = Vec::new();
    for privilege in privileges {
        match words(privilege) {
            Some(say) => match say.strip_prefix(SETTINGS) {
                Some(setting) => settings.push(setting),
                None => out.push(say.to_owned()),
            },
            None => out.push(privilege.clone()),
        }
    }
    if let Some((last, first)) = settings.split_last() {
        let first = first.join(", ");
        let and = if first.is_empty() { "" } else { " and " };
        out.push(format!("{SETTINGS}{first}{and}{last}"));
    }
    out
}

/// How every privilege over a part of a machine's configuration begins.
const SETTINGS: &str = "change machines' ";

/// The privilege in words (Proxmox VE Administration Guide, “Privileges”; pve-access-control `AccessControl.pm`).
pub fn words(privilege: &str) -> Option<&'static str> {
    Some(match privilege {
        "Datastore.Allocate" => "change storages and delete files on them",
        "Datastore.AllocateSpace" => "use space on storages",
        "Datastore.AllocateTemplate" => "upload and download images and templates",
        "Datastore.Audit" => "see storages and what is on them",
        "Group.Allocate" => "make and change groups",
        "Mapping.Audit" => "see mapped devices",
        "Mapping.Modify" => "change which devices are mapped",
        "Mapping.Use" => "give mapped devices to machines",
        "Permissions.Modify" => "give rights to anybody",
        "Pool.Allocate" => "make and change pools",
        "Pool.Audit" => "see pools",
        "Realm.Allocate" => "change how people log in",
        "Realm.AllocateUser" => "make users",
        "SDN.Allocate" => "change virtual networks",
        "SDN.Audit" => "see virtual networks",
        "SDN.Use" => "connect machines to networks",
        "Sys.AccessNetwork" => "let the host download from the network",
        "Sys.Audit" => "see how hosts and the cluster are",
        "Sys.Console" => "open a shell on the host",
        "Sys.Incoming" => "take in disks from other clusters",
        "Sys.Modify" => "change the host's settings and network",
        "Sys.PowerMgmt" => "restart and stop the host",
        "Sys.Syslog" => "read the host's log",
        "User.Modify" => "change users and their tokens",
        "VM.Allocate" => "make and remove machines",
        "VM.Audit" => "see machines and their settings",
        "VM.Backup" => "back up and restore machines",
        "VM.Clone" => "clone machines and templates",
        "VM.Config.CDROM" => "change machines' CD drives",
        "VM.Config.CPU" => "change machines' processors",
        "VM.Config.Cloudinit" => "change machines' first start (cloud-init)",
        "VM.Config.Disk" => "change machines' disks",
        "VM.Config.HWType" => "change machines' kind of hardware",
        "VM.Config.Memory" => "change machines' memory",
        "VM.Config.Network" => "change machines' network cards",
        "VM.Config.Options" => "change machines' names and options",
        "VM.Console" => "open machines' screens",
        "VM.GuestAgent.Audit" => "ask machines for their addresses",
        "VM.GuestAgent.FileRead" => "read files inside machines",
        "VM.GuestAgent.FileSystemMgmt" => "freeze and trim machines' file systems",
        "VM.GuestAgent.FileWrite" => "write files inside machines",
        "VM.GuestAgent.Unrestricted" => "run any command inside machines",
        "VM.Migrate" => "move machines to other hosts",
        "VM.Monitor" => "ask machines for their addresses, and steer them below their settings",
        "VM.PowerMgmt" => "start and stop machines",
        "VM.Replicate" => "copy machines to other hosts regularly",
        "VM.Snapshot" => "make and remove snapshots of machines",
        "VM.Snapshot.Rollback" => "set machines back to a snapshot",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn privileges_are_told_in_words_and_unknown_ones_by_name() {
        let set = |names: &str| names.split(' ').map(str::to_owned).collect();
        assert_eq!(
            allows(&set("VM.PowerMgmt VM.Audit X.New VM.Config.CPU")),
            ["see machines and their settings", "start and stop machines", "X.New", "change machines' processors"]
        );
        assert_eq!(
            allows(&set("VM.Config.CPU VM.Config.Disk VM.Config.Memory")),
            ["change machines' processors, disks and memory"]
        );
    }
}
