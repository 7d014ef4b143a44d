//! The releases of Proxmox VE that the lab can be, and everything that differs between them.
//!
//! Every difference was seen on Proxmox's own server code of that release; names of packages and versions say where it
//! changed. A module that needs to know asks a question here and never compares releases itself.

use std::fmt;
use std::str::FromStr;

/// A release of Proxmox VE that the lab answers as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum LabRelease {
    V7_4_20,
    V8_4_16,
    V8_4_21,
    V9_1_4,
    #[default]
    V9_2_11,
}

use LabRelease::*;

impl LabRelease {
    /// All releases, oldest first.
    pub fn all() -> &'static [LabRelease] {
        &[V7_4_20, V8_4_16, V8_4_21, V9_1_4, V9_2_11]
    }

    /// As `/version` writes it: `9.2.11`; 7.4 has a dash.
    pub fn version(self) -> &'static str {
        match self {
            V7_4_20 => "7.4-20",
            V8_4_16 => "8.4.16",
            V8_4_21 => "8.4.21",
            V9_1_4 => "9.1.4",
            V9_2_11 => "9.2.11",
        }
    }

    /// The short form that `/version` calls `release`.
    pub fn short(self) -> &'static str {
        match self {
            V7_4_20 => "7.4",
            V8_4_16 | V8_4_21 => "8.4",
            V9_1_4 => "9.1",
            V9_2_11 => "9.2",
        }
    }

    /// The commit that pve-manager was built from, as in `/version`.
    pub fn repoid(self) -> &'static str {
        match self {
            V7_4_20 => "5d6e3351c9405a76",
            V8_4_16 => "368e3c45c15b895c",
            V8_4_21 => "2606ac850d46da29",
            V9_1_4 => "5ac30304265fbd8e",
            V9_2_11 => "14a22df35955d97d",
        }
    }

    /// Since pve-manager 9.1.5 and 8.4.17 a refused token or ticket is only `Authentication failed!`.
    pub fn hides_why_not(self) -> bool {
        matches!(self, V8_4_21 | V9_2_11)
    }

    /// Since pve-http-server 5.2.0 the text of an error is in the body too, not only in the status line.
    pub fn errors_have_message(self) -> bool {
        self > V7_4_20
    }

    /// The status of a failure inside the HTTP layer (broken JSON, no such file): 501 before pve-http-server 5.2.0.
    pub fn internal_error(self) -> u16 {
        if self > V7_4_20 { 500 } else { 501 }
    }

    /// How many bytes a request's body may have (pve-http-server 5.2.1: 512 kB).
    pub fn largest_body(self) -> usize {
        if self > V7_4_20 { 512 * 1024 } else { 64 * 1024 }
    }

    /// The line of AnyEvent.pm that a JSON parser's complaint names.
    pub fn json_line(self) -> u32 {
        match self {
            V7_4_20 => 866,
            V8_4_16 | V8_4_21 => 917,
            V9_1_4 | V9_2_11 => 934,
        }
    }

    /// What an answer that the root daemon gave says first about its connection; pveproxy adds its own `Keep-Alive`.
    pub fn daemon_connection(self, post: bool) -> &'static str {
        if self > V7_4_20 || post { "close" } else { "Keep-Alive" }
    }

    /// 7.4 has the old two-factor login too, and takes it when `new-format` is not sent.
    pub fn old_second_factor(self) -> bool {
        self == V7_4_20
    }

    /// Eight wrong codes lock TOTP, and a code counts once (pve-access-control 8.0).
    pub fn locks_codes(self) -> bool {
        self > V7_4_20
    }

    /// Tokens may read `/access/tfa` (pve-access-control 8.0.2).
    pub fn tokens_read_tfa(self) -> bool {
        self > V7_4_20
    }

    /// `PUT …/token/ID regenerate=1` (pve-access-control 9.1.0).
    pub fn regenerates(self) -> bool {
        self >= V9_2_11
    }

    /// `PUT …/token/ID delete=comment` (pve-access-control 9.0.4).
    pub fn deletes_token_comment(self) -> bool {
        self >= V9_1_4
    }

    /// Role names that begin with `PVE` are refused (pve-access-control 8.0.0).
    pub fn reserves_pve_roles(self) -> bool {
        self > V7_4_20
    }

    /// Who may change an ACL by an `Allocate` privilege alone gives away no more than their own (pve-access-control 8.0.0~2).
    pub fn limits_half_grants(self) -> bool {
        self > V7_4_20
    }

    /// How deep pools stand in each other (pve-access-control 8.0.7).
    pub fn pool_levels(self) -> usize {
        if self > V7_4_20 { 3 } else { 1 }
    }

    /// The ACL paths and calls of resource mappings (8.0).
    pub fn has_mappings(self) -> bool {
        self > V7_4_20
    }

    /// Disk images are uploaded and downloaded to be imported (in 8.4's description, not in 7.4's).
    pub fn uploads_images(self) -> bool {
        self > V7_4_20
    }

    /// Growing a disk is a task (in 8.4's description, not in 7.4's).
    pub fn resizes_by_task(self) -> bool {
        self > V7_4_20
    }

    /// Attaching a guest to a bridge asks for `SDN.Use` (8.0).
    pub fn guards_bridges(self) -> bool {
        self > V7_4_20
    }

    /// `/sdn/vnets/V` was an ACL path in 7.4 only.
    pub fn has_vnet_acl(self) -> bool {
        self == V7_4_20
    }

    /// The shortest password of a new user (pve-access-control 8.2.0: 8).
    pub fn shortest_password(self) -> usize {
        if self > V7_4_20 { 8 } else { 5 }
    }

    /// `PUT /access/password` takes the changer's own password (pve-access-control 8.1.3).
    pub fn confirms_password(self) -> bool {
        self > V7_4_20
    }

    /// Anybody may ask for their own permissions by their id (pve-access-control 8.2.0).
    pub fn own_permissions_by_id(self) -> bool {
        self > V7_4_20
    }

    /// Rows of `/cluster/resources` for the networks of a node: `network` since 9, `sdn` in 8, none before.
    pub fn network_rows(self) -> Option<&'static str> {
        match self {
            V7_4_20 => None,
            V8_4_16 | V8_4_21 => Some("sdn"),
            V9_1_4 | V9_2_11 => Some("network"),
        }
    }

    /// 9.x tells the memory that a guest takes on its host.
    pub fn has_memhost(self) -> bool {
        self >= V9_1_4
    }

    /// Since pve-cluster 9.1.2 a new CA has keyUsage; one without it fails strict checks.
    pub fn ca_says_its_use(self) -> bool {
        self >= V9_2_11
    }

    /// The privileges that this release knows: what Administrator has.
    pub fn privileges(self) -> Vec<&'static str> {
        ALL_PRIVILEGES.iter().copied().filter(|privilege| self.knows(privilege)).collect()
    }

    /// Whether the privilege exists in this release; naming another in a role is a 400.
    pub fn knows(self, privilege: &str) -> bool {
        match privilege {
            "VM.Monitor" => self < V9_1_4,
            "VM.Replicate" => self >= V9_1_4,
            "Sys.AccessNetwork" => self > V7_4_20,
            _ if privilege.starts_with("VM.GuestAgent.") => self >= V9_1_4,
            _ if privilege.starts_with("Mapping.") => self > V7_4_20,
            _ => ALL_PRIVILEGES.contains(&privilege),
        }
    }

    /// The built-in roles with their privileges (pve-access-control AccessControl.pm, seen in `GET /access/roles`).
    pub fn roles(self) -> Vec<(&'static str, Vec<&'static str>)> {
        let mut roles: Vec<(&str, Vec<&str>)> = vec![("Administrator", self.privileges()), ("NoAccess", vec![])];
        for (name, privileges) in ROLES {
            if !self.has_mappings() && name.starts_with("PVEMapping") {
                continue;
            }
            let mut privileges: Vec<_> = privileges.iter().copied().filter(|p| self.knows(p)).collect();
            if self == V7_4_20 && matches!(*name, "PVEAdmin" | "PVESysAdmin") {
                privileges.push("Permissions.Modify");
            }
            privileges.sort_unstable();
            roles.push((name, privileges));
        }
        roles
    }
}

const ALL_PRIVILEGES: &[&str] = &[
    "Datastore.Allocate",
    "Datastore.AllocateSpace",
    "Datastore.AllocateTemplate",
    "Datastore.Audit",
    "Group.Allocate",
    "Mapping.Audit",
    "Mapping.Modify",
    "Mapping.Use",
    "Permissions.Modify",
    "Pool.Allocate",
    "Pool.Audit",
    "Realm.Allocate",
    "Realm.AllocateUser",
    "SDN.Allocate",
    "SDN.Audit",
    "SDN.Use",
    "Sys.AccessNetwork",
    "Sys.Audit",
    "Sys.Console",
    "Sys.Incoming",
    "Sys.Modify",
    "Sys.PowerMgmt",
    "Sys.Syslog",
    "User.Modify",
    "VM.Allocate",
    "VM.Audit",
    "VM.Backup",
    "VM.Clone",
    "VM.Config.CDROM",
    "VM.Config.CPU",
    "VM.Config.Cloudinit",
    "VM.Config.Disk",
    "VM.Config.HWType",
    "VM.Config.Memory",
    "VM.Config.Network",
    "VM.Config.Options",
    "VM.Console",
    "VM.GuestAgent.Audit",
    "VM.GuestAgent.FileRead",
    "VM.GuestAgent.FileSystemMgmt",
    "VM.GuestAgent.FileWrite",
    "VM.GuestAgent.Unrestricted",
    "VM.Migrate",
    "VM.Monitor",
    "VM.PowerMgmt",
    "VM.Replicate",
    "VM.Snapshot",
    "VM.Snapshot.Rollback",
];

macro_rules! vm_admin {
    ($($more:literal),*) => {
        &[
            $($more,)*
            "VM.Allocate", "VM.Audit", "VM.Backup", "VM.Clone", "VM.Config.CDROM", "VM.Config.CPU",
            "VM.Config.Cloudinit", "VM.Config.Disk", "VM.Config.HWType", "VM.Config.Memory", "VM.Config.Network",
            "VM.Config.Options", "VM.Console", "VM.GuestAgent.Audit", "VM.GuestAgent.FileRead",
            "VM.GuestAgent.FileSystemMgmt", "VM.GuestAgent.FileWrite", "VM.GuestAgent.Unrestricted", "VM.Migrate",
            "VM.Monitor", "VM.PowerMgmt", "VM.Replicate", "VM.Snapshot", "VM.Snapshot.Rollback",
        ]
    };
}

#[rustfmt::skip]
const ROLES: &[(&str, &[&str])] = &[
    ("PVEAdmin", vm_admin![
        "Datastore.Allocate", "Datastore.AllocateSpace", "Datastore.AllocateTemplate", "Datastore.Audit",
        "Group.Allocate", "Mapping.Audit", "Mapping.Use", "Pool.Allocate", "Pool.Audit", "Realm.AllocateUser",
        "SDN.Allocate", "SDN.Audit", "SDN.Use", "Sys.Audit", "Sys.Console", "Sys.Syslog", "User.Modify"
    ]),
    ("PVEAuditor", &["Datastore.Audit", "Mapping.Audit", "Pool.Audit", "SDN.Audit", "Sys.Audit", "VM.Audit", "VM.GuestAgent.Audit"]),
    ("PVEDatastoreAdmin", &["Datastore.Allocate", "Datastore.AllocateSpace", "Datastore.AllocateTemplate", "Datastore.Audit"]),
    ("PVEDatastoreUser", &["Datastore.AllocateSpace", "Datastore.Audit"]),
    ("PVEMappingAdmin", &["Mapping.Audit", "Mapping.Modify", "Mapping.Use"]),
    ("PVEMappingUser", &["Mapping.Audit", "Mapping.Use"]),
    ("PVEPoolAdmin", &["Pool.Allocate", "Pool.Audit"]),
    ("PVEPoolUser", &["Pool.Audit"]),
    ("PVESDNAdmin", &["SDN.Allocate", "SDN.Audit", "SDN.Use"]),
    ("PVESDNUser", &["SDN.Audit", "SDN.Use"]),
    ("PVESysAdmin", &["Sys.Audit", "Sys.Console", "Sys.Syslog"]),
    ("PVETemplateUser", &["VM.Audit", "VM.Clone"]),
    ("PVEUserAdmin", &["Group.Allocate", "Realm.AllocateUser", "User.Modify"]),
    ("PVEVMAdmin", vm_admin![]),
    ("PVEVMUser", &[
        "VM.Audit", "VM.Backup", "VM.Config.CDROM", "VM.Config.Cloudinit", "VM.Console", "VM.GuestAgent.Audit",
        "VM.GuestAgent.FileRead", "VM.GuestAgent.FileSystemMgmt", "VM.GuestAgent.FileWrite", "VM.PowerMgmt",
    ]),
];

impl fmt::Display for LabRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.version())
    }
}

/// No release of the lab has that name.
#[derive(Debug, thiserror::Error)]
#[error("“{0}” is no release of the lab; there are {1}")]
pub struct UnknownRelease(String, String);

impl FromStr for LabRelease {
    type Err = UnknownRelease;

    /// The full version (`9.2.11`), or a shorter one (`9.2`, `8.4`, `9`), which means the newest that begins so.
    fn from_str(text: &str) -> Result<Self, UnknownRelease> {
        let begins = |release: &&LabRelease| {
            let rest = release.version().strip_prefix(text);
            !text.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
        };
        LabRelease::all().iter().rev().find(begins).copied().ok_or_else(|| {
            let names: Vec<_> = LabRelease::all().iter().map(|release| release.version()).collect();
            UnknownRelease(text.to_string(), names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_means_the_newest_that_begins_so() {
        assert_eq!("9".parse::<LabRelease>().unwrap(), V9_2_11);
        assert_eq!("8.4".parse::<LabRelease>().unwrap(), V8_4_21);
        assert_eq!("7.4".parse::<LabRelease>().unwrap(), V7_4_20);
        assert_eq!("9.1.4".parse::<LabRelease>().unwrap(), V9_1_4);
    }

    #[test]
    fn an_unknown_release_names_the_known_ones() {
        let error = "9.2.1".parse::<LabRelease>().unwrap_err().to_string();
        assert_eq!(error, "“9.2.1” is no release of the lab; there are 7.4-20, 8.4.16, 8.4.21, 9.1.4, 9.2.11");
    }

    #[test]
    fn the_number_of_privileges_is_that_of_the_release() {
        assert_eq!(V9_2_11.privileges().len(), 47);
        assert_eq!(V8_4_16.privileges().len(), 42);
        assert_eq!(V7_4_20.privileges().len(), 38);
    }
}
