//! What a target needs on a host, and the grants that give it.

use std::collections::{BTreeMap, BTreeSet};

use super::parse::picks_in;
use super::spec::{Right, Spec, Who};
use crate::domain::rights::{Privilege, in_its_place, parent};
use crate::domain::{Need, Release, Rights};

/// What the token needs, in the order of the file: one entry for each purpose and path.
///
/// `picks` are the answers to the target's picks; a path with an unanswered one is widened to the part above it.
/// `groups` are the groups whose question was answered yes.
pub fn needs(spec: &Spec, release: Release, picks: &BTreeMap<String, String>, groups: &BTreeSet<String>) -> Vec<Need> {
    collect(spec, release, groups, |right| right.who == Who::Both, |right| path(&right.on, picks).0)
}

/// The same for a file that does not say everything that was picked: what is needed where an unsaid pick stands is looked for
/// among `rights`, and counts as met wherever it is held. The path that is named then is that one.
pub fn needs_wherever_held(
    spec: &Spec,
    release: Release,
    picks: &BTreeMap<String, String>,
    groups: &BTreeSet<String>,
    rights: &Rights,
) -> Vec<Need> {
    let place = |right: &Right| {
        let (path, whole) = path(&right.on, picks);
        let holds = |at: &&str| right.privs.0.iter().all(|privilege| rights.allows(at, privilege));
        let below = |at: &&str| at.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'));
        match whole || holds(&path.as_str()) {
            true => path,
            false => rights.paths().map(|(at, _)| at).filter(below).find(holds).map_or(path.clone(), str::to_owned),
        }
    };
    collect(spec, release, groups, |right| right.who == Who::Both, place)
}

/// What the token's owner needs: the same, and what only the owner is asked for. With a password this is all there is.
pub fn owner_needs(
    spec: &Spec,
    release: Release,
    picks: &BTreeMap<String, String>,
    groups: &BTreeSet<String>,
) -> Vec<Need> {
    collect(spec, release, groups, |_| true, |right| path(&right.on, picks).0)
}

fn collect(
    spec: &Spec,
    release: Release,
    groups: &BTreeSet<String>,
    wanted: impl Fn(&Right) -> bool,
    place: impl Fn(&Right) -> String,
) -> Vec<Need> {
    let mut out: Vec<Need> = Vec::new();
    for right in spec.rights.iter().filter(|right| wanted(right) && right.on_release(release)) {
        if right.group.as_ref().is_some_and(|group| !groups.contains(group.as_str())) {
            continue;
        }
        let path = place(right);
        match out.iter_mut().find(|need| need.purpose == right.purpose.as_str() && need.path == path) {
            Some(need) => need.privileges.extend(right.privs.0.iter().cloned()),
            None => out.push(Need { purpose: right.purpose.to_string(), path, privileges: right.privs.0.clone() }),
        }
    }
    out
}

/// The path with its picks filled in, cut above the first that is unanswered or cannot stand in a path; and whether it is whole.
fn path(pattern: &str, picks: &BTreeMap<String, String>) -> (String, bool) {
    let mut path = pattern.to_owned();
    for pick in picks_in(pattern) {
        let hole = format!("{{pick.{pick}}}");
        match picks.get(pick).filter(|answer| fits_a_path(answer)) {
            Some(answer) => path = path.replace(&hole, answer),
            None => {
                let cut = path.find(&hole).unwrap_or(path.len());
                return (parent(&path[..cut]).to_owned(), false);
            }
        }
    }
    (path, true)
}

/// Whether a host's name for a thing can be one part of an ACL path.
fn fits_a_path(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// Every privilege that the target names, for any use of it, on any release.
pub fn named(spec: &Spec) -> BTreeSet<Privilege> {
    spec.rights.iter().flat_map(|right| right.privs.0.iter().cloned()).collect()
}

/// What no token can do of what was asked for.
pub fn never(spec: &Spec, groups: &BTreeSet<String>) -> Vec<String> {
    spec.never
        .iter()
        .filter(|never| never.group.as_ref().is_none_or(|group| groups.contains(group.as_str())))
        .map(|never| never.say.to_string())
        .collect()
}

/// Privileges that a role gives at a path and below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub path: String,
    pub privileges: BTreeSet<Privilege>,
}

/// The fewest grants that meet the needs, the upper paths first.
///
/// A role at a deeper path replaces what is inherited there, so a deeper grant carries what is needed above it as far as that
/// privilege is asked for at such a path at all; where this adds nothing, the grant above is enough.
pub fn grants(needs: &[Need]) -> Vec<Grant> {
    every_grant(needs).into_iter().filter_map(|(grant, enough_above)| (!enough_above).then_some(grant)).collect()
}

/// A grant for every path that something is needed at, the upper paths first, and whether the one above it gives all of it
/// already: to whoever has no other grant there.
pub fn every_grant(needs: &[Need]) -> Vec<(Grant, bool)> {
    let mut wanted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for need in needs {
        wanted.entry(&need.path).or_default().extend(need.privileges.iter().map(String::as_str));
    }
    let mut paths: Vec<_> = wanted.keys().copied().collect();
    paths.sort_by_key(|path| (path.matches('/').count() - usize::from(*path == "/"), *path));
    let mut out: Vec<(Grant, bool)> = Vec::new();
    for path in paths {
        let above = nearest_above(path, &out);
        let mut privileges: BTreeSet<Privilege> = wanted[path].iter().map(|p| (*p).to_owned()).collect();
        // One that another counts for as well is not granted beside it.
        privileges.retain(|p| in_its_place(p).is_none_or(|other| !wanted[path].contains(other)));
        let enough_above = above.is_some_and(|above| privileges.is_subset(&above.privileges));
        // Also where the one above is enough: whoever has another entry there needs one, and that hides what is above.
        if let Some(above) = above {
            privileges.extend(above.privileges.iter().filter(|p| is_asked_at(p, path)).cloned());
        }
        out.push((Grant { path: path.to_owned(), privileges }, enough_above));
    }
    out
}

/// The nearest of the grants above that is made.
fn nearest_above<'g>(path: &str, grants: &'g [(Grant, bool)]) -> Option<&'g Grant> {
    let mut at = path;
    while at != "/" {
        at = parent(at);
        if let Some((grant, _)) = grants.iter().find(|(grant, enough_above)| grant.path == at && !enough_above) {
            return Some(grant);
        }
    }
    None
}

/// Whether Proxmox ever asks for this privilege at a path of this kind. Each family is asked for at its own paths
/// (pve-access-control's table of privileges; seen: Sys.Audit on `/` with VM.* alone on `/vms` is enough for both).
fn is_asked_at(privilege: &str, path: &str) -> bool {
    let root = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let family = privilege.split('.').next().unwrap_or_default();
    match (family, root) {
        (_, "" | "pool") => true,
        ("VM", root) => root == "vms",
        ("Datastore", root) => root == "storage",
        ("SDN", root) => root == "sdn",
        ("Mapping", root) => root == "mapping",
        ("Sys", root) => matches!(root, "nodes" | "access"),
        ("User" | "Realm" | "Group", root) => root == "access",
        _ => true,
    }
}

/// What a target's role is called: `LabwizardMyTool` for `my-tool`. Proxmox takes letters, digits, `.`, `-` and `_`, and keeps
/// names that begin with `PVE` for itself (pve-access-control `API2/Role.pm`).
pub fn role_name(target: &str) -> String {
    let words = target.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = String::from("Labwizard");
    for word in words {
        name.push_str(&word[..1].to_ascii_uppercase());
        name.push_str(&word[1..]);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(path: &str, privs: &str) -> Need {
        Need { purpose: "x".into(), path: path.into(), privileges: privs.split(' ').map(str::to_owned).collect() }
    }

    fn shown(grants: &[Grant]) -> Vec<String> {
        grants
            .iter()
            .map(|g| format!("{} {}", g.path, g.privileges.iter().cloned().collect::<Vec<_>>().join(" ")))
            .collect()
    }

    #[test]
    fn needs_at_one_path_become_one_grant() {
        let grants = grants(&[
            need("/vms", "VM.Clone"),
            need("/vms", "VM.Audit VM.Clone"),
            need("/storage/a", "Datastore.Audit"),
        ]);
        assert_eq!(shown(&grants), ["/vms VM.Audit VM.Clone", "/storage/a Datastore.Audit"]);
    }

    #[test]
    fn a_deeper_grant_carries_what_is_asked_for_there_and_needed_above() {
        let all = [need("/vms/100", "VM.Console"), need("/vms", "VM.Audit"), need("/", "Sys.Audit VM.PowerMgmt")];
        assert_eq!(
            shown(&grants(&all)),
            ["/ Sys.Audit VM.PowerMgmt", "/vms VM.Audit VM.PowerMgmt", "/vms/100 VM.Audit VM.Console VM.PowerMgmt"]
        );
    }

    #[test]
    fn a_deeper_path_that_needs_nothing_more_is_left_to_inheritance() {
        let all = [need("/storage/a", "Datastore.Audit"), need("/", "Datastore.Audit Sys.Audit")];
        assert_eq!(shown(&grants(&all)), ["/ Datastore.Audit Sys.Audit"]);
    }

    #[test]
    fn a_privilege_that_another_counts_for_is_not_granted_beside_it() {
        let all = [need("/vms", "VM.Audit VM.GuestAgent.Audit"), need("/vms", "VM.GuestAgent.Unrestricted")];
        assert_eq!(shown(&grants(&all)), ["/vms VM.Audit VM.GuestAgent.Unrestricted"]);
        let apart = [need("/", "VM.GuestAgent.Audit"), need("/vms", "VM.GuestAgent.FileRead")];
        assert_eq!(
            shown(&grants(&apart)),
            ["/ VM.GuestAgent.Audit", "/vms VM.GuestAgent.Audit VM.GuestAgent.FileRead"]
        );
    }

    #[test]
    fn what_is_granted_meets_every_need() {
        use crate::domain::{Rights, missing};
        let all = [
            need("/", "Sys.Audit"),
            need("/nodes", "Sys.Modify"),
            need("/nodes/pve", "Sys.AccessNetwork"),
            need("/vms", "VM.Audit"),
        ];
        let map = grants(&all).into_iter().map(|g| (g.path, g.privileges.into_iter().map(|p| (p, true)).collect()));
        let rights = Rights::new(map.collect());
        assert_eq!(missing(&all, &rights), []);
        assert!(rights.holds("/nodes/pve", "Sys.Modify") && rights.holds("/nodes/pve", "Sys.Audit"));
    }

    #[test]
    fn a_path_whose_pick_is_unanswered_or_no_name_is_widened() {
        let answers = |value: &str| BTreeMap::from([("storage".to_owned(), value.to_owned())]);
        assert_eq!(path("/storage/{pick.storage}", &answers("local-lvm")).0, "/storage/local-lvm");
        assert_eq!(path("/storage/{pick.storage}", &BTreeMap::new()).0, "/storage");
        assert_eq!(path("/storage/{pick.storage}", &answers("../vms")).0, "/storage");
        assert_eq!(
            path("/sdn/zones/localnetwork/{pick.bridge}/{pick.tag}", &BTreeMap::new()).0,
            "/sdn/zones/localnetwork"
        );
    }

    #[test]
    fn what_is_needed_at_an_unsaid_pick_is_met_wherever_it_is_held() {
        let spec = &crate::target::Library::built_in().get("glassdome").unwrap().spec.clone();
        let (none, groups) = (BTreeMap::new(), BTreeSet::new());
        let held = |path: &str| {
            let all = needs(spec, Release::new(9, 2, 0), &BTreeMap::new(), &groups);
            let storage = all.iter().find(|need| need.path == "/storage").unwrap();
            let privileges = storage.privileges.iter().map(|one| (one.clone(), true)).collect();
            Rights::new(BTreeMap::from([(path.to_owned(), privileges)]))
        };
        let places = |rights: &Rights| -> Vec<String> {
            let all = needs_wherever_held(spec, Release::new(9, 2, 0), &none, &groups, rights);
            all.into_iter().map(|need| need.path).filter(|path| path.starts_with("/storage")).collect()
        };
        assert_eq!(places(&held("/storage/fast")), ["/storage/fast"]);
        assert_eq!(places(&held("/storage")), ["/storage"]);
        assert_eq!(places(&held("/storagex/fast")), ["/storage"]);
        assert_eq!(places(&Rights::default()), ["/storage"]);
    }

    #[test]
    fn a_role_is_named_after_its_target() {
        assert_eq!(role_name("my-tool"), "LabwizardMyTool");
        assert_eq!(role_name("x0y"), "LabwizardX0y");
    }
}
