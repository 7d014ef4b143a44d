//! The calls under `/nodes/{node}/qemu` and `/nodes/{node}/lxc` (qemu-server API2/Qemu.pm, pve-container API2/LXC.pm).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, bit, may, need};
use super::cluster::Guest;
use super::{configuration, drives, volumes};

pub fn list_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), may("full", Kind::Bool)]
}

fn list(call: &mut Call, containers: bool) -> Answer {
    let node = call.text("node");
    let seen = call.cluster.guests.iter().filter(|(id, guest)| {
        guest.node == node && guest.is_container == containers && call.may(&format!("/vms/{id}"), &["VM.Audit"])
    });
    let rows = seen.map(|(id, guest)| {
        let mut row = figures(call, *id, guest);
        if guest.template {
            row["template"] = bit(true);
        }
        if containers {
            row["type"] = json!("lxc");
            if call.release() == LabRelease::V7_4_20 {
                row["vmid"] = json!(id.to_string());
            }
            row["swap"] = json!(0);
            row["maxswap"] = json!(536_870_912);
        }
        row
    });
    Ok(rows.collect())
}

fn figures(call: &Call, id: u32, guest: &Guest) -> Value {
    let mut row = json!({
        "vmid": id, "name": guest.name, "status": if guest.running { "running" } else { "stopped" },
        "cpus": guest.cores, "maxmem": guest.memory, "maxdisk": guest.disk,
        "mem": if guest.running { guest.memory / 2 } else { 0 }, "disk": 0,
        "cpu": if guest.running { json!(0.03) } else { json!(0) },
        "uptime": if guest.running { 86_400 } else { 0 },
        "netin": 0, "netout": 0,
    });
    let old = call.release() == LabRelease::V7_4_20;
    if guest.is_container || guest.running || old {
        row["diskread"] = json!(0);
        row["diskwrite"] = json!(0);
    }
    if call.release().has_memhost() && !guest.is_container {
        row["memhost"] = json!(0);
    }
    if let Some(tags) = &guest.tags {
        row["tags"] = json!(tags);
    }
    if guest.running {
        row["pid"] = json!(1000 + id);
    }
    row
}

pub fn machines(call: &mut Call) -> Answer {
    list(call, false)
}

pub fn containers(call: &mut Call) -> Answer {
    list(call, true)
}

pub fn one_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), need("vmid", Kind::GuestId)]
}

pub fn audit(call: &Call) -> Result<(), Failure> {
    call.need(&format!("/vms/{}", call.text("vmid")), &["VM.Audit"])
}

pub fn power(call: &Call) -> Result<(), Failure> {
    call.need(&format!("/vms/{}", call.text("vmid")), &["VM.PowerMgmt"])
}

pub fn allocate(call: &Call) -> Result<(), Failure> {
    call.need(&format!("/vms/{}", call.text("vmid")), &["VM.Allocate"])
}

/// The guest that the path names.
pub fn find<'a>(call: &'a Call, container: bool) -> Result<&'a Guest, Failure> {
    let (node, id) = (call.text("node"), call.guest_id());
    let folder = if container { "lxc" } else { "qemu-server" };
    let found = call.cluster.guests.get(&id).filter(|guest| guest.node == node && guest.is_container == container);
    found.ok_or_else(|| Failure::died(format!("Configuration file 'nodes/{node}/{folder}/{id}.conf' does not exist")))
}

fn config(guest: &Guest) -> Value {
    let mut config: Value = guest.config.clone().into_iter().collect::<serde_json::Map<_, _>>().into();
    if guest.template {
        config["template"] = bit(true);
    }
    config
}

pub fn machine_config(call: &mut Call) -> Answer {
    find(call, false).map(config)
}

pub fn container_config(call: &mut Call) -> Answer {
    find(call, true).map(config)
}

fn current(call: &Call, container: bool) -> Answer {
    let guest = find(call, container)?;
    let mut row = figures(call, call.guest_id(), guest);
    row["ha"] = json!({ "managed": 0 });
    if container {
        row["type"] = json!("lxc");
    } else {
        row["qmpstatus"] = row["status"].clone();
    }
    if guest.template {
        row["template"] = bit(true);
    }
    Ok(row)
}

pub fn machine_status(call: &mut Call) -> Answer {
    current(call, false)
}

pub fn container_status(call: &mut Call) -> Answer {
    current(call, true)
}

pub fn start_params(_: LabRelease) -> Vec<Param> {
    vec![
        need("node", Kind::Text),
        need("vmid", Kind::GuestId),
        may("timeout", Kind::Int(0)),
        may("skiplock", Kind::Bool),
    ]
}

/// A start always begins: whether it works is told by its task only.
pub fn start(call: &mut Call) -> Answer {
    let id = call.guest_id();
    let outcome = match find(call, false) {
        Err(failure) => Err(failure.message.trim_end().to_string()),
        Ok(guest) if guest.template => Err("you can't start a vm if it's a template".to_string()),
        Ok(guest) if guest.running => Err(format!("VM {id} already running")),
        Ok(_) => Ok(vec![]),
    };
    set_running(call, outcome.is_ok(), true);
    Ok(call.task("qmstart", &id.to_string(), outcome))
}

fn set_running(call: &mut Call, works: bool, running: bool) {
    let id = call.guest_id();
    if works && let Some(guest) = call.cluster.guests.get_mut(&id) {
        guest.running = running;
    }
}

pub fn start_container(call: &mut Call) -> Answer {
    let id = call.guest_id();
    let outcome = match find(call, true) {
        Err(failure) => Err(failure.message.trim_end().to_string()),
        Ok(guest) if guest.running => Err(format!("CT {id} already running")),
        Ok(_) => Ok(vec![]),
    };
    set_running(call, outcome.is_ok(), true);
    Ok(call.task("vzstart", &id.to_string(), outcome))
}

pub fn stop(call: &mut Call) -> Answer {
    let works = find(call, false).is_ok();
    set_running(call, works, false);
    let id = call.guest_id().to_string();
    Ok(call.task("qmstop", &id, Ok(vec![])))
}

pub fn shutdown(call: &mut Call) -> Answer {
    let works = find(call, false).is_ok();
    set_running(call, works, false);
    let id = call.guest_id().to_string();
    Ok(call.task("qmshutdown", &id, Ok(vec![])))
}

pub fn clone_params(_: LabRelease) -> Vec<Param> {
    vec![
        need("node", Kind::Text),
        need("vmid", Kind::GuestId),
        need("newid", Kind::GuestId),
        may("name", Kind::DnsName),
        may("description", Kind::Text),
        may("pool", Kind::Text),
        may("snapname", Kind::Text),
        may("storage", Kind::Text),
        may("format", Kind::Words(&["raw", "qcow2", "vmdk"])),
        may("full", Kind::Bool),
        may("target", Kind::Text),
        may("bwlimit", Kind::Int(0)),
    ]
}

pub fn clone_check(call: &Call) -> Result<(), Failure> {
    call.need(&format!("/vms/{}", call.text("vmid")), &["VM.Clone"])?;
    let pool = call.get("pool").map(|pool| format!("/pool/{pool}"));
    let may = call.may(&format!("/vms/{}", call.text("newid")), &["VM.Allocate"])
        || pool.is_some_and(|pool| call.may(&pool, &["VM.Allocate"]));
    if may { Ok(()) } else { Err(Failure::forbidden(None)) }
}

pub fn clone(call: &mut Call) -> Answer {
    let (node, id, newid) = (call.text("node"), call.guest_id(), call.number("newid"));
    let newid = u32::try_from(newid).unwrap_or(0);
    if let Some(storage) = call.get("storage") {
        if !call.cluster.storages.iter().any(|known| known.name == storage) {
            return Err(Failure::died(format!("storage '{storage}' does not exist")));
        }
        call.need(&format!("/storage/{storage}"), &["Datastore.AllocateSpace"])?;
    }
    let Some(source) = call.cluster.guests.get(&id).filter(|guest| guest.node == node).cloned() else {
        return Err(Failure::died(format!("unable to find configuration file for VM {id} on node '{node}'")));
    };
    if call.cluster.guests.contains_key(&newid) {
        return Err(Failure::died(format!("unable to create VM {newid}: config file already exists")));
    }
    let storage = call.get("storage").map(String::from);
    drives::check_copy(call, &source.config, storage.as_deref())?;
    for card in source.config.iter().filter(|(name, _)| name.starts_with("net")).filter_map(|(_, card)| card.as_str()) {
        configuration::bridge_check(call, card)?;
    }
    let name = call.get("name").map_or_else(|| format!("Copy-of-VM-{}", source.name), String::from);
    let mut config = drives::copy(call.cluster, &source.config, newid, storage.as_deref());
    config.insert("name".to_string(), json!(name));
    if let Some(pool) = call.get("pool").map(String::from) {
        call.cluster.pools.entry(pool).or_default().guests.insert(newid);
    }
    let copy = Guest { name, template: false, running: false, config, ..source };
    call.cluster.guests.insert(newid, copy);
    Ok(call.task("qmclone", &id.to_string(), Ok(vec![format!("creating a clone of VM {id} with ID {newid}")])))
}

pub fn delete_params(_: LabRelease) -> Vec<Param> {
    vec![
        need("node", Kind::Text),
        need("vmid", Kind::GuestId),
        may("purge", Kind::Bool),
        may("destroy-unreferenced-disks", Kind::Bool),
        may("skiplock", Kind::Bool),
    ]
}

pub fn delete(call: &mut Call) -> Answer {
    let id = call.guest_id();
    if find(call, false)?.running {
        return Err(Failure::died(format!("VM {id} is running - destroy failed")));
    }
    call.cluster.guests.remove(&id);
    volumes::remove(call.cluster, |volume| volume.guest == Some(id));
    let purge = call.flag("purge").then(|| format!("purging VM {id} from related configurations.."));
    Ok(call.task("qmdestroy", &id.to_string(), Ok(purge.into_iter().collect())))
}

pub fn create_params(_: LabRelease) -> Vec<Param> {
    let mut params = vec![
        need("node", Kind::Text),
        need("vmid", Kind::GuestId),
        may("pool", Kind::Text),
        may("name", Kind::DnsName),
    ];
    params.extend(configuration::settings().filter(|setting| setting.name != "name"));
    params
}

pub fn create_check(call: &Call) -> Result<(), Failure> {
    let pool = call.get("pool").map(|pool| format!("/pool/{pool}"));
    let may = call.may(&format!("/vms/{}", call.text("vmid")), &["VM.Allocate"])
        || pool.is_some_and(|pool| call.may(&pool, &["VM.Allocate"]));
    if may { Ok(()) } else { Err(Failure::forbidden(None)) }
}

pub fn create(call: &mut Call) -> Answer {
    configuration::may_set(call, true)?;
    let (node, id) = (call.text("node"), call.guest_id());
    if call.cluster.guests.contains_key(&id) {
        return Err(Failure::died(format!("unable to create VM {id} - VM {id} already exists on node '{node}'")));
    }
    let name = call.get("name").map_or_else(|| format!("VM{id}"), String::from);
    let config = BTreeMap::from([("name".to_string(), json!(name))]);
    let guest = Guest {
        node,
        is_container: false,
        name,
        template: false,
        running: false,
        cores: 1,
        memory: 512 << 20,
        disk: 0,
        tags: None,
        config,
    };
    call.cluster.guests.insert(id, guest);
    configuration::set(call);
    Ok(call.task("qmcreate", &id.to_string(), Ok(vec![])))
}
