//! Privileges and where they hold: what a token has, and what it would need.

use std::collections::{BTreeMap, BTreeSet};

/// A privilege by Proxmox's name for it, `VM.Clone`.
pub type Privilege = String;

/// What a token may do, path by path, as `GET /access/permissions` tells: path → privilege → whether it holds below too.
///
/// The host lists only paths that carry an entry; what holds at a path below them is found by walking up
/// (pve-access-control `RPCEnvironment.pm` permissions). It has already laid user and token over each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights(BTreeMap<String, BTreeMap<Privilege, bool>>);

impl Rights {
    pub fn new(map: BTreeMap<String, BTreeMap<Privilege, bool>>) -> Self {
        Rights(map)
    }

    /// No right anywhere: a token with privilege separation and without grants, or whose owner has none.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(BTreeMap::is_empty)
    }

    pub fn paths(&self) -> impl Iterator<Item = (&str, &BTreeMap<Privilege, bool>)> {
        self.0.iter().map(|(path, privs)| (path.as_str(), privs))
    }

    /// Whether `privilege` holds at `path`: at the nearest listed path upwards, and from above only where it propagates.
    /// A deeper entry replaces what is inherited there.
    pub fn holds(&self, path: &str, privilege: &str) -> bool {
        let mut at = path;
        loop {
            if let Some(privs) = self.0.get(at) {
                return privs.get(privilege).is_some_and(|propagates| at == path || *propagates);
            }
            if at == "/" {
                return false;
            }
            at = parent(at);
        }
    }

    /// Whether what `privilege` is asked for is allowed at `path`: by it, or by one that Proxmox takes in its place.
    pub fn allows(&self, path: &str, privilege: &str) -> bool {
        self.holds(path, privilege) || in_its_place(privilege).is_some_and(|other| self.holds(path, other))
    }

    /// Every privilege that holds at `path`.
    pub fn at(&self, path: &str) -> BTreeSet<Privilege> {
        let all: BTreeSet<&Privilege> = self.0.values().flat_map(BTreeMap::keys).collect();
        all.into_iter().filter(|privilege| self.holds(path, privilege)).cloned().collect()
    }
}

/// The privilege that Proxmox takes wherever it asks for this one (qemu-server `API2/Qemu/Agent.pm`: each call to the guest agent
/// that one of the four allows is allowed by this one too).
pub fn in_its_place(privilege: &str) -> Option<&'static str> {
    let of_the_agent = ["Audit", "FileRead", "FileSystemMgmt", "FileWrite"];
    let name = privilege.strip_prefix("VM.GuestAgent.")?;
    of_the_agent.contains(&name).then_some("VM.GuestAgent.Unrestricted")
}

/// The path above: `/vms/100` → `/vms` → `/`.
pub fn parent(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(cut) => &path[..cut],
    }
}

/// One thing that a target needs: what for, where, and which privileges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// In words, `clone templates, start, stop and remove machines`.
    pub purpose: String,
    /// The ACL path, picks filled in; a path whose pick is unanswered has been widened to its parent.
    pub path: String,
    /// All of these must hold.
    pub privileges: BTreeSet<Privilege>,
}

/// A privilege that is needed at a path and does not hold there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    pub path: String,
    pub privilege: Privilege,
    pub purpose: String,
}

/// What `needs` asks and `rights` lacks, each once, in the order of the needs.
pub fn missing(needs: &[Need], rights: &Rights) -> Vec<Missing> {
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for need in needs {
        for privilege in &need.privileges {
            if !rights.allows(&need.path, privilege) && seen.insert((need.path.clone(), privilege.clone())) {
                out.push(Missing {
                    path: need.path.clone(),
                    privilege: privilege.clone(),
                    purpose: need.purpose.clone(),
                });
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(entries: &[(&str, &[(&str, bool)])]) -> Rights {
        Rights::new(
            entries
                .iter()
                .map(|(path, privs)| {
                    ((*path).to_owned(), privs.iter().map(|(p, down)| ((*p).to_owned(), *down)).collect())
                })
                .collect(),
        )
    }

    #[test]
    fn a_right_is_inherited_from_the_nearest_path_above() {
        let r = rights(&[("/", &[("VM.Clone", true)])]);
        assert!(r.holds("/vms/100", "VM.Clone") && r.holds("/", "VM.Clone"));
        assert!(!r.holds("/vms", "VM.Audit"));
    }

    #[test]
    fn a_deeper_entry_replaces_what_is_inherited() {
        let r = rights(&[("/", &[("VM.Clone", true)]), ("/vms", &[("VM.Audit", true)])]);
        assert!(!r.holds("/vms/100", "VM.Clone"));
        assert!(r.holds("/vms/100", "VM.Audit"));
    }

    #[test]
    fn a_right_that_does_not_propagate_stays_at_its_path() {
        let r = rights(&[("/vms", &[("VM.Clone", false)])]);
        assert!(r.holds("/vms", "VM.Clone") && !r.holds("/vms/100", "VM.Clone"));
    }

    #[test]
    fn nothing_is_missing_where_a_privilege_that_counts_for_it_is_held() {
        let need = |p: &str| Need { purpose: "x".into(), path: "/vms".into(), privileges: [p.to_owned()].into() };
        let agent = rights(&[("/vms", &[("VM.GuestAgent.Unrestricted", true)])]);
        let asked = ["VM.GuestAgent.Audit", "VM.GuestAgent.FileRead", "VM.GuestAgent.Unrestricted"].map(need);
        assert_eq!(missing(&asked, &agent), []);
        let lacks = missing(
            &[need("VM.GuestAgent.Unrestricted"), need("VM.Audit")],
            &rights(&[("/vms", &[("VM.GuestAgent.Audit", true)])]),
        );
        assert_eq!(lacks.len(), 2);
    }

    #[test]
    fn what_is_missing_is_named_once_with_its_path() {
        let need =
            |path: &str, p: &str| Need { purpose: "x".into(), path: path.into(), privileges: [p.to_owned()].into() };
        let lacks = missing(&[need("/vms", "VM.Clone"), need("/vms", "VM.Clone")], &Rights::default());
        assert_eq!(lacks.len(), 1);
        assert_eq!((lacks[0].path.as_str(), lacks[0].privilege.as_str()), ("/vms", "VM.Clone"));
    }
}
