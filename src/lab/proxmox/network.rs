//! The calls under `/nodes/{node}/network`: a node's bridges, as they are and as they will be (pve-manager API2/Network.pm).
//!
//! A change is written to `interfaces.new` and waits there until it is applied or taken back. The lab's nodes have bridges and
//! no interface of another kind.

use serde_json::{Value, json};

use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, bit, list, may, need, object};
use super::cluster::{Bridge, Cluster};
use super::nodes::node_audit;

pub fn network_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), may("type", Kind::Text)]
}

/// The bridges that run on a node.
fn running<'a>(cluster: &'a Cluster, node: &str) -> impl Iterator<Item = &'a Bridge> {
    cluster.bridges.iter().filter(move |bridge| bridge.node == node)
}

/// The bridges of a node as its configuration has them: with the changes that wait.
fn configured(cluster: &Cluster, node: &str) -> Vec<Bridge> {
    let waiting = cluster.pending_bridges.get(node).cloned();
    waiting.unwrap_or_else(|| running(cluster, node).cloned().collect())
}

pub fn network(call: &mut Call) -> Answer {
    let node = call.text("node");
    let kind = call.text("type");
    if !matches!(kind.as_str(), "" | "bridge" | "any_bridge" | "any_local_bridge" | "include_sdn") {
        return Ok(json!([]));
    }
    let seen =
        |bridge: &Bridge| call.may(&format!("/sdn/zones/localnetwork/{}", bridge.name), &["SDN.Use", "SDN.Audit"]);
    let all = configured(call.cluster, &node);
    let rows = all.iter().filter(|bridge| seen(bridge)).map(|bridge| row(call.cluster, bridge));
    Ok(rows.collect())
}

fn row(cluster: &Cluster, bridge: &Bridge) -> Value {
    let runs = running(cluster, &bridge.node).any(|known| known.name == bridge.name);
    let method = if bridge.cidr.is_some() { "static" } else { "manual" };
    let (address, mask) = match bridge.cidr.as_deref().and_then(|cidr| cidr.split_once('/')) {
        Some((address, mask)) => (Some(address), Some(mask)),
        None => (None, None),
    };
    object([
        ("iface", Some(json!(bridge.name))),
        ("type", Some(json!("bridge"))),
        ("method", Some(json!(method))),
        ("method6", Some(json!("manual"))),
        ("families", Some(json!(["inet"]))),
        ("active", runs.then(|| bit(true))),
        ("autostart", bridge.autostart.then(|| bit(true))),
        ("bridge_ports", Some(json!(bridge.ports))),
        ("bridge_stp", Some(json!("off"))),
        ("bridge_fd", Some(json!("0"))),
        ("bridge_vlan_aware", bridge.vlan_aware.then(|| bit(true))),
        ("priority", Some(json!(3))),
        ("cidr", bridge.cidr.clone().map(Value::from)),
        ("address", address.map(Value::from)),
        ("netmask", mask.map(Value::from)),
        ("comments", bridge.comment.clone().map(Value::from)),
    ])
}

/// What waits to be applied on a node, as the list of its interfaces tells it beside its rows: a diff of the two files.
pub fn changes(cluster: &Cluster, node: &str) -> Option<String> {
    let waiting = cluster.pending_bridges.get(node)?;
    let gone = running(cluster, node).filter(|known| !waiting.contains(known)).map(|bridge| stanza(bridge, '-'));
    let new = waiting.iter().filter(|bridge| !running(cluster, node).any(|known| known == *bridge));
    let lines: String = gone.chain(new.map(|bridge| stanza(bridge, '+'))).collect();
    (!lines.is_empty()).then(|| format!("--- /etc/network/interfaces\n+++ /etc/network/interfaces.new\n{lines}"))
}

/// A bridge as the file has it, each line with this sign of a diff.
fn stanza(bridge: &Bridge, sign: char) -> String {
    let method = if bridge.cidr.is_some() { "static" } else { "manual" };
    let ports = if bridge.ports.is_empty() { "none" } else { &bridge.ports };
    let mut lines = Vec::new();
    lines.extend(bridge.autostart.then(|| format!("auto {}", bridge.name)));
    lines.push(format!("iface {} inet {method}", bridge.name));
    lines.extend(bridge.cidr.as_ref().map(|cidr| format!("\taddress {cidr}")));
    lines.push(format!("\tbridge-ports {ports}"));
    lines.push("\tbridge-stp off".to_string());
    lines.push("\tbridge-fd 0".to_string());
    lines.extend(bridge.vlan_aware.then(|| "\tbridge-vlan-aware yes".to_string()));
    lines.extend(bridge.comment.as_ref().map(|comment| format!("#{comment}")));
    lines.iter().map(|line| format!("{sign}{line}\n")).collect()
}

pub fn modify_check(call: &Call) -> Result<(), Failure> {
    call.need(&format!("/nodes/{}", call.text("node")), &["Sys.Modify"])
}

pub fn create_params(_: LabRelease) -> Vec<Param> {
    vec![
        need("node", Kind::Text),
        need("iface", Kind::Iface),
        need("type", Kind::Words(&["bridge"])),
        may("autostart", Kind::Bool),
        may("bridge_ports", Kind::Text),
        may("bridge_vlan_aware", Kind::Bool),
        may("cidr", Kind::Text),
        may("comments", Kind::Text),
    ]
}

pub fn create(call: &mut Call) -> Answer {
    let (node, name) = (call.text("node"), call.text("iface"));
    let mut all = configured(call.cluster, &node);
    if all.iter().any(|known| known.name == name) {
        return Err(Failure::parameter("iface", "interface already exists"));
    }
    let ports = call.text("bridge_ports");
    for port in list(&ports) {
        if let Some(user) = all.iter().find(|known| list(&known.ports).any(|used| used == port)) {
            let text = format!("{port} is already used on interface '{}'.", user.name);
            return Err(Failure::parameter("bridge_ports", text));
        }
    }
    all.push(Bridge {
        name,
        node: node.clone(),
        cidr: call.get("cidr").map(String::from),
        ports,
        vlan_aware: call.flag("bridge_vlan_aware"),
        autostart: call.flag("autostart"),
        comment: call.get("comments").map(String::from),
    });
    call.cluster.pending_bridges.insert(node, all);
    Ok(Value::Null)
}

pub fn one_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), need("iface", Kind::Iface)]
}

pub fn one_check(call: &Call) -> Result<(), Failure> {
    node_audit(call)
}

pub fn one(call: &mut Call) -> Answer {
    let (node, name) = (call.text("node"), call.text("iface"));
    let all = configured(call.cluster, &node);
    let Some(bridge) = all.iter().find(|bridge| bridge.name == name) else { return Err(no_interface()) };
    let mut row = row(call.cluster, bridge);
    // The name is in the path.
    row.as_object_mut().map(|row| row.remove("iface"));
    Ok(row)
}

fn no_interface() -> Failure {
    Failure::parameter("iface", "interface does not exist")
}

pub fn delete(call: &mut Call) -> Answer {
    let (node, name) = (call.text("node"), call.text("iface"));
    let mut all = configured(call.cluster, &node);
    let before = all.len();
    all.retain(|bridge| bridge.name != name);
    if all.len() == before {
        return Err(no_interface());
    }
    call.cluster.pending_bridges.insert(node, all);
    Ok(Value::Null)
}

/// Takes back what waits.
pub fn revert(call: &mut Call) -> Answer {
    let node = call.text("node");
    call.cluster.pending_bridges.remove(&node);
    Ok(Value::Null)
}

/// Applies what waits.
pub fn reload(call: &mut Call) -> Answer {
    let node = call.text("node");
    if let Some(waiting) = call.cluster.pending_bridges.remove(&node) {
        call.cluster.bridges.retain(|bridge| bridge.node != node);
        call.cluster.bridges.extend(waiting);
    }
    Ok(call.task("srvreload", "networking", Ok(vec![])))
}
