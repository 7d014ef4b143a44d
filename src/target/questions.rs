//! What a target asks in Details: its picks from live lists, and its yes-or-no groups.

use std::collections::BTreeMap;

use super::spec::{List, Pick, Presence, Spec};
use crate::domain::observation::{GuestSeen, NodeSeen, StorageSeen};

/// A question that is answered from a list.
#[derive(Clone, Copy, Debug)]
pub struct PickQuestion<'s> {
    /// Its name; the answer is kept under it.
    pub name: &'s str,
    pub ask: &'s str,
    pub required: bool,
    pick: &'s Pick,
}

/// A yes-or-no question; the answer is no until it is yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupQuestion<'s> {
    pub name: &'s str,
    pub ask: &'s str,
    /// A yes brings in rights that give power over the host.
    pub dangerous: bool,
}

/// The lists of the host, as they were seen. What was not seen is empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lists<'l> {
    pub nodes: &'l [NodeSeen],
    pub guests: &'l [GuestSeen],
    pub storages: &'l [StorageSeen],
    /// Node and bridge.
    pub bridges: &'l [(String, String)],
    pub pools: &'l [String],
    pub mappings: &'l [String],
    pub sites: &'l [String],
}

/// An entry to choose: what is written, and what is shown. Both are the host's own text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub value: String,
    pub name: String,
}

pub fn picks(spec: &Spec) -> Vec<PickQuestion<'_>> {
    spec.picks
        .iter()
        .map(|(name, pick)| PickQuestion { name, ask: &pick.ask, required: pick.need == Presence::Required, pick })
        .collect()
}

pub fn groups(spec: &Spec) -> Vec<GroupQuestion<'_>> {
    spec.groups
        .iter()
        .map(|(name, ask)| GroupQuestion {
            name,
            ask,
            dangerous: spec.dangerous().any(|(right, _)| right.group.as_deref() == Some(name)),
        })
        .collect()
}

impl<'s> PickQuestion<'s> {
    pub fn list(&self) -> List {
        self.pick.list
    }

    /// The name of the pick whose answer narrows this list.
    pub fn narrowed_by(&self) -> Option<&'s str> {
        self.pick.on.as_deref()
    }

    /// The entries to choose from, in the host's order, each once.
    pub fn entries(&self, lists: &Lists<'_>, answers: &BTreeMap<String, String>) -> Vec<Entry> {
        let node = self.narrowed_by().and_then(|on| answers.get(on)).map(String::as_str);
        let here = |of: &str| node.is_none_or(|node| node == of);
        let plain = |name: &String| Entry { value: name.clone(), name: name.clone() };
        let guest = |g: &GuestSeen| Entry { value: g.id.to_string(), name: g.name.clone() };
        let mut out: Vec<Entry> = match self.pick.list {
            List::Nodes => lists.nodes.iter().map(|n| plain(&n.name)).collect(),
            List::Templates => lists.guests.iter().filter(|g| g.template && here(&g.node)).map(guest).collect(),
            List::Guests => lists.guests.iter().filter(|g| !g.template && here(&g.node)).map(guest).collect(),
            List::Storages => {
                let holds = |s: &&StorageSeen| {
                    self.pick.holds.as_deref().is_none_or(|what| s.content.iter().any(|c| c == what))
                };
                lists.storages.iter().filter(|s| here(&s.node)).filter(holds).map(|s| plain(&s.name)).collect()
            }
            List::Bridges => lists.bridges.iter().filter(|(n, _)| here(n)).map(|(_, b)| plain(b)).collect(),
            List::Pools => lists.pools.iter().map(plain).collect(),
            List::Mappings => lists.mappings.iter().map(plain).collect(),
            List::Sites => lists.sites.iter().map(plain).collect(),
        };
        let mut seen = std::collections::BTreeSet::new();
        out.retain(|entry| seen.insert(entry.value.clone()));
        out
    }

    /// Which entry to suggest: the only one, where an answer is required; else the first whose name holds the likeliest part.
    pub fn suggested(&self, entries: &[Entry]) -> Option<usize> {
        if self.required && entries.len() == 1 {
            return Some(0);
        }
        self.pick.like.iter().find_map(|part| {
            let part = part.to_lowercase();
            entries.iter().position(|entry| entry.name.to_lowercase().contains(&part))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> Spec {
        Spec::parse(
            r#"
schema = 1
title = "T"
about = "a"
services = { proxmox = "required" }
accepts = { proxmox = ["token"] }
rights = [ { for = "x", on = "/nodes/{pick.node}", privs = "Sys.Modify", group = "big" } ]
form = [ { name = "env", dialect = "dotenv", file = [".env"], verify = ["off"] } ]
[keys]
NODE = { value = "{pick.node}" }
[picks]
node = { list = "nodes", ask = "Which?" }
image = { list = "templates", on = "node", like = ["2204", "jammy"], ask = "Which image?", need = "optional" }
store = { list = "storages", on = "node", holds = "images", ask = "Where?" }
[groups]
big = "Big?"
small = "Small?"
"#,
        )
        .unwrap()
    }

    fn guest(id: u32, name: &str, node: &str, template: bool) -> GuestSeen {
        GuestSeen { id, name: name.into(), node: node.into(), template, container: false }
    }

    #[test]
    fn a_list_is_narrowed_by_the_node_that_was_picked_before() {
        let spec = spec();
        let guests =
            [guest(9000, "jammy", "a", true), guest(9001, "Ubuntu-2204", "b", true), guest(100, "vm", "b", false)];
        let lists = Lists { guests: &guests, ..Lists::default() };
        let image = picks(&spec)[1];
        let all = image.entries(&lists, &BTreeMap::new());
        assert_eq!(all.len(), 2);
        assert_eq!(image.suggested(&all), Some(1), "the likeliest part wins over the earlier entry");
        let on_a = image.entries(&lists, &BTreeMap::from([("node".into(), "a".into())]));
        assert_eq!(on_a, [Entry { value: "9000".into(), name: "jammy".into() }]);
        assert_eq!(image.suggested(&on_a), Some(0));
        assert_eq!(image.suggested(&[Entry { value: "1".into(), name: "debian".into() }]), None);
    }

    #[test]
    fn storages_are_filtered_by_what_they_hold_and_shared_ones_stand_once() {
        let spec = spec();
        let storage = |name: &str, node: &str, content: &[&str]| StorageSeen {
            name: name.into(),
            node: node.into(),
            kind: "nfs".into(),
            content: content.iter().map(|c| (*c).to_owned()).collect(),
        };
        let storages =
            [storage("nas", "a", &["images"]), storage("nas", "b", &["images"]), storage("isos", "a", &["iso"])];
        let store = picks(&spec)[2];
        let entries = store.entries(&Lists { storages: &storages, ..Lists::default() }, &BTreeMap::new());
        assert_eq!(entries.len(), 1);
        assert_eq!(store.suggested(&entries), Some(0), "the only one of a required pick is suggested");
    }

    #[test]
    fn a_group_that_gives_power_over_the_host_says_so() {
        let spec = spec();
        let told: Vec<_> = groups(&spec).iter().map(|g| (g.name.to_owned(), g.dangerous)).collect();
        assert_eq!(told, [("big".to_owned(), true), ("small".to_owned(), false)]);
    }
}
