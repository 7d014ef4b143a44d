//! What the tools of the built-in targets do on a host, call by call, as their sources do it.

use std::collections::BTreeMap;

use labwizard::lab::LabRelease;
use labwizard::lab::proxmox::call::Call;
use labwizard::lab::proxmox::cluster::Cluster;
use labwizard::lab::proxmox::route;

type Params = &'static [(&'static str, &'static str)];

/// When a call has worked.
#[derive(Clone, Copy)]
enum Wants {
    /// It was done, its task too.
    Done,
    /// It shows something: lists are empty, and no error, for whoever may not see.
    Rows,
    /// The user holds all of these at the root.
    OfUser(&'static str),
    /// The call came through to the agent, which no machine of the lab has.
    Agent,
}

/// One call of a tool. `{user}` in a parameter is the token's owner.
#[derive(Clone, Copy)]
pub struct ToolCall {
    method: &'static str,
    path: &'static str,
    params: Params,
    wants: Wants,
    /// The first release on which it is made.
    since: LabRelease,
}

/// A tool's work: what it is asked to do, its calls in their order, and those that no token may make.
pub struct Work {
    pub target: &'static str,
    pub groups: &'static [&'static str],
    pub calls: Vec<ToolCall>,
    pub refused: Vec<ToolCall>,
}

const fn of(method: &'static str, path: &'static str, params: Params, wants: Wants) -> ToolCall {
    ToolCall { method, path, params, wants, since: LabRelease::V7_4_20 }
}

const fn get(path: &'static str) -> ToolCall {
    of("GET", path, &[], Wants::Done)
}

const fn list(path: &'static str, params: Params) -> ToolCall {
    of("GET", path, params, Wants::Rows)
}

const fn post(path: &'static str, params: Params) -> ToolCall {
    of("POST", path, params, Wants::Done)
}

const fn put(path: &'static str, params: Params) -> ToolCall {
    of("PUT", path, params, Wants::Done)
}

const fn delete(path: &'static str) -> ToolCall {
    of("DELETE", path, &[], Wants::Done)
}

const fn since(release: LabRelease, mut call: ToolCall) -> ToolCall {
    call.since = release;
    call
}

impl ToolCall {
    pub fn is_made_on(&self, release: LabRelease) -> bool {
        self.since <= release
    }

    /// Makes it as a token: what refused it.
    pub fn make(&self, cluster: &mut Cluster, who: &str) -> Result<(), String> {
        let user = who.split('!').next().unwrap();
        let params: BTreeMap<String, String> =
            self.params.iter().map(|(name, value)| ((*name).to_owned(), value.replace("{user}", user))).collect();
        if let Some(file) = params.get("tmpfilename") {
            cluster.uploads.insert(file.clone(), 3 << 20);
        }
        let tasks = cluster.tasks.len();
        let mut call = Call { cluster, who: who.to_owned(), params };
        let (method, path) = (self.method, self.path);
        let answer = match (route::call(&mut call, method, path).answer, self.wants) {
            (Ok(answer), _) => answer,
            (Err(failure), Wants::Agent) if failure.message.contains("guest agent") => return Ok(()),
            (Err(failure), _) => {
                return Err(format!("{method} {path}: {} {} {:?}", failure.status, failure.message, failure.errors));
            }
        };
        if let Some(task) = call.cluster.tasks.get(tasks).filter(|task| task.exit != "OK") {
            return Err(format!("{method} {path}: {}", task.exit));
        }
        match self.wants {
            Wants::Rows if answer.as_array().is_none_or(|rows| rows.is_empty()) => {
                Err(format!("{method} {path} shows nothing"))
            }
            Wants::OfUser(wanted) => {
                let lacks: Vec<&str> = wanted.split(' ').filter(|one| answer["/"].get(*one).is_none()).collect();
                if lacks.is_empty() { Ok(()) } else { Err(format!("{user} lacks {lacks:?}")) }
            }
            _ => Ok(()),
        }
    }
}

const LIST: ToolCall = list("/nodes/pve1/qemu", &[]);
const STORAGES: ToolCall = list("/nodes/pve1/storage", &[]);
const SPACE: ToolCall = get("/nodes/pve1/storage/local-lvm/status");
/// What 7.4 shows of bridges to whom was not measured; it knows no right to use one.
const BRIDGES: ToolCall = since(LabRelease::V8_4_16, list("/nodes/pve1/network", &[("type", "any_bridge")]));
const CLUSTER: ToolCall = get("/cluster/status");
const NODE: ToolCall = get("/nodes/pve1/status");
const FIGURES: ToolCall = list("/cluster/resources", &[("type", "storage")]);
const CLONE: ToolCall = post("/nodes/pve1/qemu/9000/clone", &[("newid", "701"), ("name", "one"), ("full", "1")]);
const CONFIG: &str = "/nodes/pve1/qemu/701/config";
/// What is set on every machine.
const BASE: ToolCall = put(CONFIG, &[("cores", "2"), ("memory", "2048"), ("net0", "virtio,bridge=vmbr0")]);
const CLOUD_INIT: ToolCall =
    put(CONFIG, &[("ide2", "local-lvm:cloudinit"), ("ciuser", "lab"), ("ipconfig0", "ip=dhcp")]);
const HARDWARE: ToolCall = put(
    CONFIG,
    &[("scsihw", "virtio-scsi-single"), ("scsi1", "local-lvm:32"), ("boot", "order=scsi0"), ("agent", "1")],
);
const RESIZE: ToolCall = put("/nodes/pve1/qemu/701/resize", &[("disk", "scsi0"), ("size", "+8G")]);
const START: ToolCall = post("/nodes/pve1/qemu/701/status/start", &[]);
const STATUS: ToolCall = get("/nodes/pve1/qemu/701/status/current");
const AGENT: ToolCall = of("GET", "/nodes/pve1/qemu/701/agent/network-get-interfaces", &[], Wants::Agent);
const EXEC: ToolCall = of("POST", "/nodes/pve1/qemu/701/agent/exec", &[("command", "uptime")], Wants::Agent);
const STOP: ToolCall = post("/nodes/pve1/qemu/701/status/stop", &[]);
const DELETE: ToolCall = delete("/nodes/pve1/qemu/701");
const LIFE: [ToolCall; 5] = [START, STATUS, AGENT, STOP, DELETE];

/// The shell of a machine for Windows, its disk, and the two ISO images (Glassdome's proxmox_client.py,
/// create_windows_vm_from_iso).
const WINDOWS: [ToolCall; 6] = [
    post(
        "/nodes/pve1/qemu",
        &[
            ("vmid", "702"),
            ("name", "win"),
            ("memory", "4096"),
            ("cores", "2"),
            ("sockets", "1"),
            ("cpu", "host"),
            ("ostype", "win11"),
            ("machine", "pc-q35-7.2"),
            ("bios", "ovmf"),
            ("scsihw", "virtio-scsi-pci"),
            ("net0", "virtio,bridge=vmbr0"),
            ("ide2", "none,media=cdrom"),
            ("efidisk0", "local-lvm:1,efitype=4m"),
        ],
    ),
    put("/nodes/pve1/qemu/702/config", &[("sata0", "local-lvm:30,cache=writeback")]),
    list("/nodes/pve1/storage/local/content", &[]),
    put(
        "/nodes/pve1/qemu/702/config",
        &[("ide2", "local:iso/debian-13.1.0-amd64-netinst.iso,media=cdrom"), ("ide3", "none,media=cdrom")],
    ),
    put("/nodes/pve1/qemu/702/config", &[("boot", "order=ide2")]),
    delete("/nodes/pve1/qemu/702"),
];
const NEW_BRIDGE: ToolCall = post("/nodes/pve1/network", &[("iface", "vmbr9"), ("type", "bridge"), ("autostart", "1")]);

/// A machine as the provider makes it in one call (bpg), and its disk read back.
const CREATE: ToolCall = post(
    "/nodes/pve1/qemu",
    &[
        ("vmid", "701"),
        ("name", "one"),
        ("cores", "2"),
        ("memory", "2048"),
        ("net0", "virtio,bridge=vmbr0"),
        ("scsihw", "virtio-scsi-single"),
        ("scsi0", "local-lvm:32"),
        ("ide2", "local-lvm:cloudinit"),
        ("ciuser", "lab"),
        ("ipconfig0", "ip=dhcp"),
        ("boot", "order=scsi0"),
        ("serial0", "socket"),
        ("agent", "1"),
    ],
);
const DISK: ToolCall = get("/nodes/pve1/storage/local-lvm/content/local-lvm:vm-701-disk-0");
/// An image that the node fetches, a file that is uploaded, and both removed (bpg proxmox/nodes/storage).
const IMAGES: [ToolCall; 7] = [
    of("GET", "/nodes/pve1/query-url-metadata", &[("url", "https://images.example/one.img")], Wants::Done),
    post(
        "/nodes/pve1/storage/local/download-url",
        &[("content", "iso"), ("filename", "one.img"), ("url", "https://images.example/one.img")],
    ),
    list("/nodes/pve1/storage/local/content", &[]),
    get("/storage/local"),
    TWO,
    delete("/nodes/pve1/storage/local/content/local:iso%2Fone.img"),
    delete("/nodes/pve1/storage/local/content/local:iso%2Ftwo.iso"),
];
const ORDER: ToolCall = put(CONFIG, &[("startup", "order=1")]);
/// Mappings came with 8.
const MAPPED: ToolCall = since(LabRelease::V8_4_16, put(CONFIG, &[("hostpci0", "mapping=gpu,pcie=1")]));

const UPLOAD: &str = "/nodes/pve1/storage/local/upload";
const FILE: &str = "/var/tmp/pveupload-0";
const TWO: ToolCall = post(UPLOAD, &[("content", "iso"), ("filename", "two.iso"), ("tmpfilename", FILE)]);
const NEW: ToolCall = post(UPLOAD, &[("content", "iso"), ("filename", "new.iso"), ("tmpfilename", FILE)]);

/// The provider's check at start: its user is to be listed, with 20 privileges (Telmate proxmox/provider.go:228-266).
const CHECK: [ToolCall; 2] = [
    list("/access/users", &[("full", "1")]),
    of(
        "GET",
        "/access/permissions",
        &[("userid", "{user}"), ("path", "/")],
        Wants::OfUser(
            "Datastore.AllocateSpace Datastore.Audit Pool.Allocate Pool.Audit Sys.Audit Sys.Console Sys.Modify VM.Allocate \
             VM.Audit VM.Clone VM.Config.CDROM VM.Config.Cloudinit VM.Config.CPU VM.Config.Disk VM.Config.HWType \
             VM.Config.Memory VM.Config.Network VM.Config.Options VM.Migrate VM.PowerMgmt",
        ),
    ),
];

/// What Depl0y looks at, then an install image that it uploads and a machine from it (backend/app/services/deployment.py,
/// deploy_linux_vm; proxmox.py, create_vm).
const DEPLOY: [ToolCall; 10] = [
    CLUSTER,
    NODE,
    LIST,
    STORAGES,
    SPACE,
    BRIDGES,
    list("/nodes/pve1/storage/local/content", &[("content", "iso")]),
    NEW,
    post(
        "/nodes/pve1/qemu",
        &[
            ("vmid", "702"),
            ("name", "two"),
            ("sockets", "1"),
            ("cores", "2"),
            ("memory", "2048"),
            ("scsihw", "virtio-scsi-pci"),
            ("scsi0", "local-lvm:32"),
            ("net0", "virtio,bridge=vmbr0"),
            ("ostype", "l26"),
            ("agent", "1"),
            ("boot", "order=ide2;scsi0;net0"),
            ("ide2", "local:iso/new.iso,media=cdrom"),
        ],
    ),
    delete("/nodes/pve1/qemu/702"),
];
const RUNNING: [ToolCall; 3] = [
    post("/nodes/pve1/qemu/100/status/stop", &[]),
    post("/nodes/pve1/qemu/100/status/start", &[]),
    of("GET", "/nodes/pve1/qemu/100/agent/network-get-interfaces", &[], Wants::Agent),
];

const EXISTING: &str = "/nodes/pve1/qemu/101/config";
const ARGS: ToolCall = put(EXISTING, &[("args", "-device floppy")]);
const RAW_PCI: ToolCall = put(EXISTING, &[("hostpci0", "0000:01:00")]);
const RAW_USB: ToolCall = put(EXISTING, &[("usb0", "host=1234:5678")]);

pub fn works() -> Vec<Work> {
    let work = |target, groups, calls: &[&[ToolCall]]| Work { target, groups, calls: calls.concat(), refused: vec![] };
    let refused = |refused: &[ToolCall], work: Work| Work { refused: refused.to_vec(), ..work };
    let clone = [LIST, CLONE, BASE, CLOUD_INIT];
    let cloned = [LIST, STORAGES, CLONE, BASE, CLOUD_INIT, HARDWARE, RESIZE];
    let env = [CLUSTER, NODE, FIGURES, LIST, CLONE, BASE, CLOUD_INIT, HARDWARE, RESIZE];
    vec![
        work("glassdome", &[], &[&clone, &LIFE]),
        work("glassdome", &["resize"], &[&clone, &[RESIZE], &LIFE]),
        refused(&[ARGS], work("glassdome", &["windows", "bridges", "args"], &[&clone, &LIFE, &WINDOWS, &[NEW_BRIDGE]])),
        work("opentofu-bpg", &[], &[&[LIST, STORAGES, CREATE, RESIZE, DISK], &LIFE]),
        work("opentofu-bpg", &["clone"], &[&cloned, &[DISK], &LIFE]),
        refused(
            &[RAW_PCI, RAW_USB, ARGS],
            work(
                "opentofu-bpg",
                &["images", "startup", "passthrough", "raw"],
                &[&[LIST, STORAGES, CREATE, DISK, ORDER, MAPPED], &LIFE, &IMAGES],
            ),
        ),
        work("opentofu-telmate", &[], &[&cloned, &LIFE]),
        refused(&[RAW_PCI, RAW_USB], work("opentofu-telmate", &["check", "raw"], &[&CHECK, &cloned, &LIFE])),
        work("depl0y", &[], &[&DEPLOY, &RUNNING]),
        work("depl0y", &["cloud", "exec"], &[&DEPLOY, &[CLONE, BASE, RESIZE, CLOUD_INIT, START, EXEC], &LIFE[1..]]),
        work("proxmox-env", &[], &[&[LIST]]),
        work("proxmox-env", &["power"], &[&[LIST], &RUNNING[..2]]),
        work("proxmox-env", &["watch", "make", "agent"], &[&env, &LIFE]),
    ]
}
