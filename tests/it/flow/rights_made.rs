//! The tokens that the wizard makes, held against what their tools do: every call of the tool succeeds, and with each privilege
//! taken away one fails, or shows nothing.

use std::collections::{BTreeMap, BTreeSet};

use labwizard::lab::proxmox::call::Call;
use labwizard::lab::proxmox::cluster::{Cluster, Subject};
use labwizard::lab::proxmox::route;
use labwizard::lab::{LabRelease, Scenario};
use labwizard::target::Library;
use labwizard::wizard::Wizard;
use serde_json::Value;

use super::make::{has_the_plan_and_no_more, making, outcomes};
use super::{Stage, but, lab};

/// One call of a tool: method, path, parameters, and whether an empty list means that it does not work.
type ToolCall = (&'static str, &'static str, &'static [(&'static str, &'static str)], bool);

const LISTS: bool = true;
const ACTS: bool = false;

/// A tool's work: what it is asked to do, its calls in their order, and the privileges that only calls need which the lab does not
/// serve (reading one volume, uploads).
struct Work {
    target: &'static str,
    groups: &'static [&'static str],
    calls: Vec<ToolCall>,
    unserved: &'static [&'static str],
}

const LIST: ToolCall = ("GET", "/nodes/pve1/qemu", &[], LISTS);
const STORAGES: ToolCall = ("GET", "/nodes/pve1/storage", &[], LISTS);
const BRIDGES: ToolCall = ("GET", "/nodes/pve1/network", &[("type", "any_bridge")], LISTS);
const CLUSTER: ToolCall = ("GET", "/cluster/status", &[], ACTS);
const NODE: ToolCall = ("GET", "/nodes/pve1/status", &[], ACTS);
const FIGURES: ToolCall = ("GET", "/cluster/resources", &[("type", "storage")], LISTS);
const CLONE: ToolCall =
    ("POST", "/nodes/pve1/qemu/9000/clone", &[("newid", "701"), ("name", "one"), ("full", "1")], ACTS);
const CREATE: ToolCall = ("POST", "/nodes/pve1/qemu", &[("vmid", "701"), ("name", "one")], ACTS);
const CONFIG: &str = "/nodes/pve1/qemu/701/config";
/// What is set on every machine.
const BASE: ToolCall = ("PUT", CONFIG, &[("cores", "2"), ("memory", "2048"), ("net0", "virtio,bridge=vmbr0")], ACTS);
const CLOUD_INIT: ToolCall =
    ("PUT", CONFIG, &[("ide2", "local-lvm:cloudinit"), ("ciuser", "lab"), ("ipconfig0", "ip=dhcp")], ACTS);
const HARDWARE: ToolCall = (
    "PUT",
    CONFIG,
    &[("scsihw", "virtio-scsi-single"), ("scsi0", "local-lvm:32"), ("boot", "order=scsi0"), ("agent", "1")],
    ACTS,
);
const START: ToolCall = ("POST", "/nodes/pve1/qemu/701/status/start", &[], ACTS);
const STATUS: ToolCall = ("GET", "/nodes/pve1/qemu/701/status/current", &[], ACTS);
const AGENT: ToolCall = ("GET", "/nodes/pve1/qemu/701/agent/network-get-interfaces", &[], ACTS);
const STOP: ToolCall = ("POST", "/nodes/pve1/qemu/701/status/stop", &[], ACTS);
const DELETE: ToolCall = ("DELETE", "/nodes/pve1/qemu/701", &[], ACTS);
/// The provider's check at start: its user is to be listed.
const USERS: ToolCall = ("GET", "/access/users", &[("full", "1")], LISTS);

fn works() -> Vec<Work> {
    let life = [START, STATUS, AGENT, STOP, DELETE];
    let with = |first: &[ToolCall]| [first, &life].concat();
    vec![
        Work { target: "glassdome", groups: &[], calls: with(&[LIST, CLONE, BASE, CLOUD_INIT]), unserved: &[] },
        Work {
            target: "glassdome",
            groups: &["resize", "windows"],
            calls: with(&[LIST, CLONE, BASE, CLOUD_INIT, HARDWARE]),
            unserved: &[],
        },
        // Reading one volume back needs Datastore.Audit.
        Work {
            target: "opentofu-bpg",
            groups: &[],
            calls: with(&[LIST, STORAGES, CREATE, BASE, HARDWARE]),
            unserved: &["Datastore.Audit"],
        },
        Work {
            target: "opentofu-bpg",
            groups: &["clone"],
            calls: with(&[LIST, STORAGES, CLONE, BASE, CLOUD_INIT, HARDWARE]),
            unserved: &["Datastore.Audit"],
        },
        Work {
            target: "opentofu-telmate",
            groups: &[],
            calls: with(&[LIST, CLONE, BASE, CLOUD_INIT, HARDWARE]),
            unserved: &[],
        },
        Work {
            target: "opentofu-telmate",
            groups: &["check"],
            calls: with(&[USERS, LIST, CLONE, BASE, CLOUD_INIT, HARDWARE]),
            unserved: &[],
        },
        Work {
            target: "depl0y",
            groups: &[],
            calls: with(&[CLUSTER, NODE, LIST, STORAGES, BRIDGES, CREATE, BASE, HARDWARE]),
            unserved: &[],
        },
        Work { target: "proxmox-env", groups: &[], calls: vec![LIST], unserved: &[] },
        Work {
            target: "proxmox-env",
            groups: &["watch", "make", "agent"],
            calls: with(&[CLUSTER, NODE, FIGURES, LIST, CLONE, BASE, CLOUD_INIT, HARDWARE]),
            unserved: &[],
        },
    ]
}

/// Does a call as a token: what refused it.
fn call(cluster: &mut Cluster, who: &str, (method, path, params, lists): ToolCall) -> Result<(), String> {
    let params: BTreeMap<String, String> =
        params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut call = Call { cluster, who: who.to_owned(), params };
    match route::call(&mut call, method, path).answer {
        Ok(Value::Array(rows)) if lists && rows.is_empty() => Err(format!("{method} {path} shows nothing")),
        Ok(_) => Ok(()),
        // The lab's machines have no agent; who may ask is told so.
        Err(failure) if failure.message.contains("No QEMU guest agent") => Ok(()),
        Err(failure) => Err(format!("{method} {path}: {} {} {:?}", failure.status, failure.message, failure.errors)),
    }
}

/// Does all calls, and leaves the cluster's guests as they were.
fn work(cluster: &mut Cluster, who: &str, calls: &[ToolCall]) -> Result<(), String> {
    let guests = cluster.guests.clone();
    let done = calls.iter().try_for_each(|one| call(cluster, who, *one));
    cluster.guests = guests;
    done
}

/// The token and the roles of a plan.
fn token_of(w: &Wizard) -> String {
    let making = w.plan.as_ref().unwrap().as_ref().unwrap().making.as_ref().unwrap();
    making.token.as_ref().unwrap().to_string()
}

/// The roles that a token holds.
fn roles_of(cluster: &Cluster, token: &str) -> BTreeSet<String> {
    cluster.acl.iter().filter(|row| row.who == token).map(|row| row.role.clone()).collect()
}

/// Every privilege of every role that it holds.
fn held(cluster: &Cluster, token: &str) -> BTreeSet<String> {
    roles_of(cluster, token).iter().flat_map(|role| cluster.roles[role].privileges.clone()).collect()
}

/// Does the work with a privilege taken out of every role that the token holds.
fn without(cluster: &mut Cluster, token: &str, privilege: &str, calls: &[ToolCall]) -> Result<(), String> {
    let kept = cluster.roles.clone();
    for role in roles_of(cluster, token) {
        cluster.roles.get_mut(&role).unwrap().privileges.remove(privilege);
    }
    let done = work(cluster, token, calls);
    cluster.roles = kept;
    done
}

#[tokio::test]
async fn the_wizard_makes_a_token_with_the_plans_rights_and_no_more_for_every_target_on_each_release() {
    for release in LabRelease::all() {
        for target in Library::built_in().iter().filter(|target| target.spec.services.proxmox.is_some()) {
            let (stage, lab) = (Stage::new(), lab(*release, Scenario::Fine).await);
            let all: Vec<(String, &str)> =
                target.spec.groups.iter().map(|(name, _)| (format!("group.{name}"), "yes")).collect();
            let mut answers: Vec<(&str, &str)> = all.iter().map(|(id, yes)| (id.as_str(), *yes)).collect();
            answers.extend([("target", target.name.as_str()), ("pick.storage", "local-lvm"), ("pick.files", "local")]);
            let held = stage.hold(&but(&making(&lab), &answers)).await;
            assert!(
                held.is_done() && !held.wizard.run.as_ref().unwrap().failed(),
                "{} on {release}: {}\n{}",
                target.name,
                held.told(),
                outcomes(&held)
            );
            has_the_plan_and_no_more(&lab, &held, &token_of(&held.wizard));
        }
    }
}

#[tokio::test]
async fn every_call_of_a_tool_succeeds_with_its_token_and_one_fails_without_each_privilege() {
    for release in LabRelease::all() {
        for Work { target, groups, mut calls, unserved } in works() {
            // What 7.4 shows of bridges to whom was not measured; it knows no right to use one.
            calls.retain(|call| *call != BRIDGES || *release > LabRelease::V7_4_20);
            let (stage, lab) = (Stage::new(), lab(*release, Scenario::Fine).await);
            let yes: Vec<String> = groups.iter().map(|group| format!("group.{group}")).collect();
            let mut answers = vec![("target", target), ("pick.storage", "local-lvm"), ("pick.files", "local")];
            answers.extend(yes.iter().map(|id| (id.as_str(), "yes")));
            let done = stage.hold(&but(&making(&lab), &answers)).await;
            let about = format!("{target} {groups:?} on {release}");
            assert!(!done.wizard.run.as_ref().unwrap().failed(), "{about}: {}", done.told());
            let token = token_of(&done.wizard);
            lab.change(|cluster| {
                assert_eq!(work(cluster, &token, &calls), Ok(()), "{about}");
                let all = held(cluster, &token);
                let unneeded: Vec<&String> =
                    all.iter().filter(|privilege| without(cluster, &token, privilege, &calls).is_ok()).collect();
                assert_eq!(unneeded, unserved, "{about}: of {all:?}");
            });
        }
    }
}

#[tokio::test]
async fn a_token_that_keeps_more_than_is_needed_is_told_so_before_it_is_agreed_to() {
    for (name, verify, review) in [
        (
            "whole",
            "apex@pve!whole gets all rights of its user",
            "apex@pve!whole has all rights of apex@pve and keeps them.",
        ),
        ("glassdome-token", "That is more than Glassdome needs", ""),
    ] {
        let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
        // Something that no tool asks for.
        lab.change(|cluster| {
            cluster.grant("/mapping", Subject::Token, &format!("apex@pve!{name}"), "PVEAuditor", true)
        });
        let answers = [("user", "apex@pve"), ("token_name", name), ("existing", "in-place"), ("review", "back")];
        let held = stage.hold(&but(&making(&lab), &answers)).await;
        let page = |title: &str| {
            let page = held.pages.iter().rfind(|page| page.title.starts_with(title) && page.busy.is_none());
            let words = page.map(|page| labwizard::front::words::page(page, false).join(" "));
            words
                .unwrap_or_else(|| panic!("no page {title}: {}", held.told()))
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        let (said, agreed) = (page("May "), page("Nothing has been made"));
        assert!(said.contains(verify) && !said.contains("is granted nothing"), "{said}");
        assert!(!said.contains("all that whoever has the file can do"), "{said}");
        assert!(agreed.contains(review), "{agreed}");
    }
}
