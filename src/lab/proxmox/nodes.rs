//! The calls under `/nodes` that tell about a host: its state and certificates (pve-manager API2/Nodes.pm).

use serde_json::{Value, json};

use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, need};
use super::cluster::Node;

const GIB: u64 = 1 << 30;
/// Every node of the lab is this big.
const NODE_MEMORY: u64 = 64 * GIB;
const NODE_DISK: u64 = 252 * GIB;
const NODE_CPUS: u32 = 16;

pub fn nothing(_: LabRelease) -> Vec<Param> {
    vec![]
}

pub fn node_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text)]
}

pub fn version(call: &mut Call) -> Answer {
    let release = call.release();
    Ok(json!({ "version": release.version(), "release": release.short(), "repoid": release.repoid() }))
}

/// Figures that a node's load would give: made from its name, so that they are the same in every list.
fn load(node: &Node) -> (f64, u64, u64) {
    let seed: u64 = node.name.bytes().map(u64::from).sum();
    (0.01 + (seed % 23) as f64 / 100.0, NODE_MEMORY / 100 * (20 + seed % 50), NODE_DISK / 100 * (10 + seed % 30))
}

/// Adds what only who may audit the node sees of it.
pub fn figures(call: &Call, node: &Node, row: &mut Value) {
    if node.online && call.may(&format!("/nodes/{}", node.name), &["Sys.Audit"]) {
        let (cpu, mem, disk) = load(node);
        for (name, value) in [
            ("cpu", json!(cpu)),
            ("maxcpu", json!(NODE_CPUS)),
            ("mem", json!(mem)),
            ("maxmem", json!(NODE_MEMORY)),
            ("disk", json!(disk)),
            ("maxdisk", json!(NODE_DISK)),
            ("uptime", json!(864_000)),
        ] {
            row[name] = value;
        }
    }
}

/// `online` or `offline`.
pub fn node_status(node: &Node) -> &'static str {
    if node.online { "online" } else { "offline" }
}

pub fn nodes(call: &mut Call) -> Answer {
    let rows = call.cluster.nodes.iter().map(|node| {
        let mut row = json!({
            "id": format!("node/{}", node.name),
            "node": node.name,
            "type": "node",
            "status": node_status(node),
            "level": "",
            "ssl_fingerprint": node.fingerprint,
        });
        figures(call, node, &mut row);
        row
    });
    Ok(rows.collect())
}

pub fn node_audit(call: &Call) -> Result<(), Failure> {
    call.need(&format!("/nodes/{}", call.text("node")), &["Sys.Audit"])
}

pub fn status(call: &mut Call) -> Answer {
    let release = call.release();
    let name = call.text("node");
    let Some(node) = call.cluster.nodes.iter().find(|node| node.name == name) else { return Ok(Value::Null) };
    let (cpu, mem, disk) = load(node);
    let mut cpuinfo = json!({
        "cpus": NODE_CPUS, "cores": NODE_CPUS / 2, "sockets": 1, "user_hz": 100, "mhz": "2600.000", "hvm": "1",
        "model": "AMD EPYC 3151 4-Core Processor", "flags": "fpu vme de pse tsc msr svm",
    });
    let mut memory = json!({ "total": NODE_MEMORY, "used": mem, "free": NODE_MEMORY - mem });
    let mut status = json!({
        "uptime": 864_000, "cpu": cpu, "wait": 0, "idle": 0, "ksm": { "shared": 0 },
        "loadavg": ["0.42", "0.36", "0.31"],
        "kversion": "Linux 6.14.8-2-pve #1 SMP PREEMPT_DYNAMIC",
        "pveversion": format!("pve-manager/{}/{}", release.version(), release.repoid()),
        "rootfs": { "total": NODE_DISK, "used": disk, "avail": NODE_DISK - disk, "free": NODE_DISK - disk },
        "swap": { "total": 8 * GIB, "used": 0, "free": 8 * GIB },
    });
    if release > LabRelease::V7_4_20 {
        status["boot-info"] = json!({ "mode": "legacy-bios" });
        status["current-kernel"] = json!({
            "sysname": "Linux", "machine": "x86_64", "release": "6.14.8-2-pve", "version": "#1 SMP PREEMPT_DYNAMIC",
        });
    }
    if release.has_memhost() {
        memory["available"] = json!(NODE_MEMORY - mem);
    }
    if release >= LabRelease::V9_2_11 {
        cpuinfo["vendor"] = json!("AuthenticAMD");
        cpuinfo["family"] = json!("23");
    }
    status["cpuinfo"] = cpuinfo;
    status["memory"] = memory;
    Ok(status)
}

pub fn certificates(call: &mut Call) -> Answer {
    let rows = call.cluster.certificates.iter().map(|(file, issued)| {
        json!({
            "filename": file,
            "fingerprint": issued.fingerprint(),
            "subject": issued.subject,
            "issuer": issued.issuer,
            "notbefore": issued.not_before,
            "notafter": issued.not_after,
            "san": issued.san,
            "pem": issued.pem,
            "public-key-type": "id-ecPublicKey",
            "public-key-bits": 256,
        })
    });
    Ok(rows.collect())
}
