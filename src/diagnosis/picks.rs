//! What was picked of a host, in a file or in the conversation, against what the host has.

use std::collections::BTreeMap;

use crate::diagnosis::alike::likeliest;
use crate::diagnosis::by_root::{SHELL, word};
use crate::diagnosis::codes;
use crate::domain::finding::{Finding, Mend, Severity::*, Step};
use crate::domain::observation::{GuestSeen, Link, NodeSeen, Observation, Seen, StorageSeen};
use crate::domain::visible::visible;
use crate::domain::{Id, Rights, is_vmid};
use crate::target::Spec;
use crate::target::questions::{self, Lists, PickQuestion};
use crate::target::spec::List;

/// The question of a pick.
pub fn field(pick: &str) -> Id {
    Id::new(format!("pick.{pick}"))
}

/// The nodes among the answers.
pub fn nodes(spec: &Spec, picked: &BTreeMap<String, String>) -> Vec<String> {
    let of_nodes = questions::picks(spec).into_iter().filter(|question| question.list() == List::Nodes);
    of_nodes.filter_map(|question| picked.get(question.name).cloned()).collect()
}

/// The lists that a host told.
#[derive(Debug, Default)]
pub struct Told<'a> {
    pub nodes: &'a [NodeSeen],
    pub guests: &'a [GuestSeen],
    pub storages: Vec<StorageSeen>,
    /// Node and bridge.
    pub bridges: Vec<(String, String)>,
    rights: Option<&'a Rights>,
    /// The requests for lists that were not answered.
    unread: Vec<&'a str>,
    told_nodes: bool,
    told_guests: bool,
}

impl<'a> Told<'a> {
    pub fn of(seen: &'a [Observation]) -> Self {
        let mut all = Told::default();
        for observation in seen {
            match &observation.seen {
                Seen::Nodes(nodes) => (all.nodes, all.told_nodes) = (nodes, true),
                Seen::Guests(guests) => (all.guests, all.told_guests) = (guests, true),
                Seen::Storages(storages) => all.storages.extend(storages.iter().cloned()),
                Seen::Bridges { node, bridges } => {
                    all.bridges.extend(bridges.iter().map(|bridge| (node.clone(), bridge.clone())));
                }
                Seen::Rights(rights) => all.rights = Some(rights),
                Seen::Failed { link: Link::Target, request, .. } => all.unread.push(request),
                _ => {}
            }
        }
        all
    }

    pub fn lists(&self) -> Lists<'_> {
        Lists {
            nodes: self.nodes,
            guests: self.guests,
            storages: &self.storages,
            bridges: &self.bridges,
            ..Lists::default()
        }
    }

    /// Whether what is not in this list is not there: it was read, of the node in question too, and whoever asked may see
    /// such things. Without the right lists come back empty, with a 200.
    fn is_whole(&self, list: List, value: &str, node: Option<&str>) -> bool {
        let asked = |node: &str| self.nodes.iter().any(|seen| seen.name == node && seen.online);
        let reached = node.is_none_or(asked) && self.nodes.iter().all(|seen| seen.online || node.is_some());
        let read = |what: &str| !self.unread.iter().any(|request| request.contains(what));
        match list {
            List::Nodes => self.told_nodes,
            List::Templates | List::Guests => self.told_guests && self.may_see(list, value),
            List::Storages => reached && read("/storage") && self.may_see(list, value),
            List::Bridges => reached && read("/network") && self.may_see(list, value),
            // Never asked for.
            List::Pools | List::Mappings | List::Sites => false,
        }
    }

    /// Whether whoever asked would be shown this one of the kind, if it were there.
    fn may_see(&self, list: List, value: &str) -> bool {
        let Some((path, privileges)) = takes(list) else { return true };
        let own = format!("{path}/{value}");
        self.rights.is_some_and(|rights| privileges.iter().any(|privilege| rights.holds(&own, privilege)))
    }
}

/// What it takes to see a kind of thing: a path, and one of these privileges there.
pub fn takes(list: List) -> Option<(&'static str, &'static [&'static str])> {
    Some(match list {
        List::Templates | List::Guests => ("/vms", &["VM.Audit"]),
        List::Storages => ("/storage", &["Datastore.Audit", "Datastore.AllocateSpace"]),
        List::Bridges => ("/sdn/zones/localnetwork", &["SDN.Use", "SDN.Audit"]),
        List::Pools => ("/pool", &["Pool.Audit"]),
        List::Mappings => ("/mapping", &["Mapping.Use"]),
        List::Nodes | List::Sites => return None,
    })
}

/// Everything that was picked and is not on the host. Nothing is said of what could not be seen.
pub fn judge(spec: &Spec, picked: &BTreeMap<String, String>, seen: &[Observation]) -> Vec<Finding> {
    if !seen.iter().any(|o| matches!(o.seen, Seen::SignedIn { .. })) {
        return Vec::new();
    }
    let told = Told::of(seen);
    let questions = questions::picks(spec);
    let mut findings = Vec::new();
    for question in &questions {
        let Some(value) = picked.get(question.name) else { continue };
        let node = question.narrowed_by().and_then(|on| picked.get(on)).map(String::as_str);
        // A node that is not there has nothing on it, and that is said once.
        let unknown = node.is_some_and(|node| told.told_nodes && !told.nodes.iter().any(|seen| seen.name == *node));
        if unknown {
            continue;
        }
        let entries = question.entries(&told.lists(), picked);
        if !entries.iter().any(|entry| entry.value == *value) && told.is_whole(question.list(), value, node) {
            let names: Vec<&str> = entries.iter().map(|entry| entry.value.as_str()).collect();
            findings.push(absent(question, value, node, &names, &told));
        }
    }
    findings
}

fn absent(question: &PickQuestion<'_>, value: &str, node: Option<&str>, names: &[&str], told: &Told<'_>) -> Finding {
    let finding = match question.list() {
        List::Nodes => no_node(value, names),
        List::Templates | List::Guests => no_guest(question, value, node, told),
        _ => other(question, value, node, names, told),
    };
    finding.mend(Mend::Ask(field(question.name))).at(field(question.name))
}

fn no_node(value: &str, names: &[&str]) -> Finding {
    let shown = visible(value);
    let like = likeliest(value, names.iter().copied());
    let cause = match like {
        _ if value.parse::<std::net::IpAddr>().is_ok() => {
            "That is an address. Proxmox knows its nodes by their own names, the ones under Datacenter in the web UI.".to_owned()
        }
        Some(like) if value.to_lowercase() == like.to_lowercase() => {
            "Upper and lower case count in a node's name.".to_owned()
        }
        Some(like) if value.split('.').next() == Some(like) => {
            format!("“{shown}” is its name in DNS. To Proxmox the node is only the part before the first dot.")
        }
        _ => "The name is another, the node has left the cluster, or it was never in it. The names stand under Datacenter in the web UI.".to_owned(),
    };
    let finding =
        Finding::new(codes::NODE_UNKNOWN, Error, Step::Details, format!("The cluster has no node “{shown}”."), cause)
            .seen(listed("its nodes", names));
    match like {
        Some(like) => finding.say(format!("Write {} as the node.", visible(like))),
        None if names.len() == 1 => finding.say(format!("Write {} as the node; there is no other.", visible(names[0]))),
        None => finding.say("Pick the node from the list of those that are there."),
    }
}

fn no_guest(question: &PickQuestion<'_>, value: &str, node: Option<&str>, told: &Told<'_>) -> Finding {
    let shown = visible(value);
    let there = told.guests.iter().find(|guest| guest.id.to_string() == value);
    let template = question.list() == List::Templates;
    let kind = if template { "template" } else { "machine" };
    let new = |title: String, cause: String| Finding::new(codes::PICK_UNKNOWN, Error, Step::Details, title, cause);
    match there {
        Some(guest) if template && !guest.template => {
            let name = visible(&guest.name);
            let finding = new(
                format!("{shown} is a machine, and no template yet."),
                format!(
                    "{} It is answered with {shown} ({name}), which was never turned into a template.",
                    asks(question)
                ),
            )
            .say("Choose another template; or stop this machine and turn it into one, which cannot be taken back.");
            let command = if guest.container { "pct template" } else { "qm template" };
            finding.run(SHELL, format!("{command} {}", word(Some(shown).filter(|id| is_vmid(id)), "<id>")))
        }
        Some(guest) if !template && guest.template => new(
            format!("{shown} is a template, and no machine."),
            format!("{} It is answered with {shown}, and a template cannot run.", asks(question)),
        )
        .say("Pick a machine, or clone the template first."),
        Some(guest) => {
            let at = visible(&guest.node);
            new(
                format!(
                    "The {kind} {shown} is on the node {at}, not on {}.",
                    visible(node.unwrap_or("the one that was picked"))
                ),
                format!("{} A tool that looks for it on another node does not find it.", asks(question)),
            )
            .say(format!("Pick the node {at}, or a {kind} of the node that is picked."))
        }
        None => new(
            format!("The host has no {kind} {shown}."),
            format!("{} It is answered with {shown}; that was removed, or the number is another.", asks(question)),
        )
        .say(format!("Pick a {kind} from the list of those that are there.")),
    }
}

fn other(question: &PickQuestion<'_>, value: &str, node: Option<&str>, names: &[&str], told: &Told<'_>) -> Finding {
    let shown = visible(value);
    let (kind, storage) = match question.list() {
        List::Storages => ("storage", told.storages.iter().find(|storage| storage.name == value)),
        List::Bridges => ("bridge", None),
        _ => ("entry", None),
    };
    let at = node.map(|node| format!(" on the node {}", visible(node))).unwrap_or_default();
    let new = |title: String, cause: String| Finding::new(codes::PICK_UNKNOWN, Error, Step::Details, title, cause);
    if let Some(storage) = storage {
        let holds = storage.content.iter().map(|word| visible(word)).collect::<Vec<_>>().join(", ");
        return new(
            format!("The storage {shown} is there, and not for this{at}."),
            format!(
                "{} A storage holds only what it is set up for, on the nodes that it is set up for.",
                asks(question)
            ),
        )
        .seen(format!("it may hold: {holds}"))
        .say("Pick another storage, or let this one hold more: Datacenter → Storage → Edit → Content.");
    }
    let finding = new(
        format!("The host has no {kind} “{shown}”{at}."),
        format!("{} The name is another, or it was removed.", asks(question)),
    )
    .seen(listed("there are", names));
    match likeliest(value, names.iter().copied()) {
        Some(like) => finding.say(format!("Write {}, if that is meant.", visible(like))),
        None => finding.say("Pick one from the list of those that are there."),
    }
}

/// The target's question, as a sentence.
fn asks(question: &PickQuestion<'_>) -> String {
    format!("The question is “{}”.", visible(question.ask))
}

/// How many names of a list are shown.
const MOST: usize = 12;

fn listed(what: &str, names: &[&str]) -> String {
    if names.is_empty() {
        return format!("{what}: none");
    }
    let shown: Vec<String> = names.iter().take(MOST).map(|name| visible(name)).collect();
    let more = if names.len() > MOST { format!(" and {} more", names.len() - MOST) } else { String::new() };
    format!("{what}: {}{more}", shown.join(", "))
}
