//! The answers of the lab that labwizard's own code relies on: request, status line and body, by release where it differs.
//! Each was seen on Proxmox's own server code.

use labwizard::lab::{Lab, LabConfig, LabRelease};
use serde_json::{Value, json};

use crate::wire::{Answer, connect, exchange};

/// Who sends a request.
#[derive(Clone, Copy)]
enum Who {
    Nobody,
    /// `root@pam!automation`, all rights.
    Root,
    /// A token that has what a tool needs.
    Tool,
    /// A token without rights.
    Bare,
    /// The token of [`Who::Tool`] with another secret.
    WrongSecret,
    /// A token that nobody made.
    Unknown,
}

fn send(lab: &Lab, who: Who, method: &str, path: &str, form: &str) -> Answer {
    let token = |id: &str| lab.token(id).map(|token| format!("{}={}", token.id, token.secret)).unwrap();
    let credential = match who {
        Who::Nobody => None,
        Who::Root => Some(token("root@pam!automation")),
        Who::Tool => Some(token("apex@pve!glassdome-token")),
        Who::Bare => Some(token("apex@pve!bare")),
        Who::WrongSecret => Some("apex@pve!glassdome-token=00000000-0000-4000-8000-000000000001".to_string()),
        Who::Unknown => Some("apex@pve!nobody-made-it=00000000-0000-4000-8000-000000000001".to_string()),
    };
    let mut text = format!("{method} /api2/json{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    if let Some(credential) = credential {
        text.push_str(&format!("Authorization: PVEAPIToken={credential}\r\n"));
    }
    if !form.is_empty() {
        let length = form.len();
        text.push_str(&format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"));
    }
    exchange(connect(lab).unwrap().as_mut(), format!("{text}\r\n{form}").as_bytes())
}

const OLD: &[LabRelease] = &[LabRelease::V7_4_20, LabRelease::V8_4_16, LabRelease::V9_1_4];
const NEW: &[LabRelease] = &[LabRelease::V8_4_21, LabRelease::V9_2_11];

type Case = (&'static [LabRelease], Who, &'static str, &'static str, &'static str, &'static str, &'static str);

/// Releases (none: all), who, method, path, form, status line, and a part of the body (`""`: whatever it is).
#[rustfmt::skip]
const CASES: &[Case] = &[
    // ---- no login
    (&[], Who::Nobody, "GET", "/access/domains", "", "200 OK", "\"realm\":\"pam\""),
    (&[], Who::Nobody, "GET", "/version", "", "401 No ticket", ""),
    (&[], Who::Nobody, "GET", "/no/such/path", "", "401 No ticket", ""),
    // ---- tokens
    (&[], Who::Tool, "GET", "/version", "", "200 OK", "\"repoid\""),
    (NEW, Who::WrongSecret, "GET", "/version", "", "401 Authentication failed!", ""),
    (NEW, Who::Unknown, "GET", "/version", "", "401 Authentication failed!", ""),
    (OLD, Who::WrongSecret, "GET", "/version", "", "401 invalid token value!", ""),
    (OLD, Who::Unknown, "GET", "/version", "", "401 no such token 'nobody-made-it' for user 'apex@pve'", ""),
    // ---- rights
    (&[], Who::Bare, "GET", "/access/permissions", "", "200 OK", "{\"data\":{}}"),
    (&[], Who::Bare, "GET", "/nodes/pve1/qemu", "", "200 OK", "{\"data\":[]}"),
    (&[], Who::Bare, "GET", "/nodes/pve1/storage", "", "200 OK", "{\"data\":[]}"),
    (&[], Who::Bare, "GET", "/nodes/pve1/network?type=any_bridge", "", "200 OK", "{\"data\":[]}"),
    (&[], Who::Bare, "GET", "/nodes/pve1/status", "", "403 Permission check failed (/nodes/pve1, Sys.Audit)", ""),
    (&[], Who::Bare, "POST", "/nodes/pve1/qemu/100/status/start", "", "403 Permission check failed (/vms/100, VM.PowerMgmt)", ""),
    (&[], Who::Tool, "GET", "/nodes/pve1/network?type=any_bridge", "", "200 OK", "\"iface\":\"vmbr0\""),
    (&[], Who::Tool, "GET", "/nodes/pve1/storage", "", "200 OK", "local-lvm"),
    (&[], Who::Tool, "GET", "/access/permissions?path=/vms/9000", "", "200 OK", "\"VM.Clone\":1"),
    (&[], Who::Tool, "GET", "/access/roles/Administrator", "", "200 OK", "\"VM.Clone\":1"),
    (&[], Who::Tool, "GET", "/access/users/apex@pve/token", "", "403 Permission check failed", ""),
    (&[], Who::Tool, "PUT", "/nodes/pve1/qemu/100/config", "name=other", "403 Permission check failed (/vms/100, VM.Config.Options)", ""),
    (&[], Who::Tool, "PUT", "/nodes/pve1/qemu/100/config", "scsi0=local-lvm:8", "403 Permission check failed (/vms/100, VM.Config.Disk)", ""),
    (&[], Who::Root, "PUT", "/nodes/pve1/qemu/100/config", "args=-x", "500 only root can set 'args' config", ""),
    (&[], Who::Root, "PUT", "/nodes/pve1/qemu/100/config", "hostpci0=01:00.0", "500 only root can set 'hostpci0' config for non-mapped devices", ""),
    // ---- what is not there
    (&[], Who::Tool, "GET", "/nonsense", "", "501 Method 'GET /nonsense' not implemented", ""),
    (&[], Who::Tool, "POST", "/version", "", "501 Method 'POST /version' not implemented", ""),
    (&[], Who::Root, "GET", "/nodes/pve1/qemu/999/config", "", "500 Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist", ""),
    (&[], Who::Root, "GET", "/nodes/ghost/status", "", "500 hostname lookup 'ghost' failed - failed to get address info for: ghost: Temporary failure in name resolution", ""),
    (&[], Who::Root, "GET", "/cluster/nextid?vmid=100", "", "400 Parameter verification failed.", "VM 100 already exists"),
    // ---- making: user, role, token, grant
    (&[], Who::Root, "POST", "/access/users", "userid=new@pve&comment=made", "200 OK", "{\"data\":null}"),
    (&[], Who::Root, "POST", "/access/users", "userid=new@pve", "500 create user failed: user 'new@pve' already exists", ""),
    (&[], Who::Root, "POST", "/access/roles", "roleid=New&privs=VM.Audit,VM.Clone", "200 OK", "{\"data\":null}"),
    (&[], Who::Root, "POST", "/access/roles", "roleid=New&privs=VM.Audit", "500 create role failed: role 'New' already exists", ""),
    (&[], Who::Root, "POST", "/access/roles", "roleid=Odd&privs=VM.Nope", "400 Parameter verification failed.", "invalid format - invalid privilege 'VM.Nope'\\n"),
    (&[], Who::Root, "POST", "/access/users/new@pve/token/tk", "privsep=1&expire=0", "200 OK", "\"full-tokenid\":\"new@pve!tk\",\"info\":{\"expire\":\"0\",\"privsep\":\"1\"}"),
    (&[], Who::Root, "POST", "/access/users/new@pve/token/tk", "", "400 Parameter verification failed.", "\"errors\":{\"tokenid\":\"Token already exists.\"}"),
    (&[], Who::Root, "POST", "/access/users/new@pve/token/1", "", "400 Parameter verification failed.", "value does not match the regex pattern"),
    (&[], Who::Root, "POST", "/access/users/ghost@pve/token/tk", "", "403 Permission check failed", ""),
    (&[], Who::Root, "PUT", "/access/acl", "path=/vms&roles=New&users=new@pve&tokens=new@pve!tk", "200 OK", "{\"data\":null}"),
    (&[], Who::Root, "PUT", "/access/acl", "path=/vms&roles=New&users=new@pve&tokens=new@pve!tk", "200 OK", "{\"data\":null}"),
    (&[], Who::Root, "PUT", "/access/acl", "path=/vms&roles=Gone&users=new@pve", "500 ACL update failed: role 'Gone' does not exist", ""),
    (&[], Who::Root, "PUT", "/access/acl", "path=/vms&roles=New&tokens=new@pve!gone", "500 ACL update failed: no such token 'gone' for user 'new@pve'", ""),
    (&[], Who::Root, "PUT", "/access/acl", "path=/foo&roles=New&users=new@pve", "400 Parameter verification failed.", "invalid ACL path '/foo'"),
    (&[], Who::Root, "GET", "/access/permissions?userid=new@pve!tk&path=/vms/1234", "", "200 OK", "{\"data\":{\"/vms/1234\":{\"VM.Audit\":1,\"VM.Clone\":1}}}"),
    (&[LabRelease::V9_2_11], Who::Root, "PUT", "/access/users/new@pve/token/tk", "regenerate=1", "200 OK", "\"full-tokenid\":\"new@pve!tk\",\"privsep\":1,\"value\":\""),
    (OLD, Who::Root, "PUT", "/access/users/new@pve/token/tk", "regenerate=1", "400 Parameter verification failed.", "\"regenerate\":\"property is not defined in schema"),
    // ---- and taking back, in the clean order
    (&[], Who::Root, "DELETE", "/access/users/new@pve/token/tk", "", "200 OK", "{\"data\":null}"),
    (&[], Who::Root, "DELETE", "/access/users/new@pve/token/tk", "", "500 no such token 'tk' for user 'new@pve'", ""),
    (&[], Who::Root, "PUT", "/access/acl", "path=/vms&roles=New&users=new@pve&delete=1", "200 OK", "{\"data\":null}"),
    (&[], Who::Root, "PUT", "/access/acl", "path=/vms&roles=New&users=new@pve&delete=1", "200 OK", "{\"data\":null}"),
    (&[], Who::Root, "DELETE", "/access/roles/New", "", "200 OK", "{\"data\":null}"),
    (&[], Who::Root, "DELETE", "/access/roles/New", "", "500 delete role failed: role 'New' does not exist", ""),
    (&[], Who::Root, "DELETE", "/access/users/new@pve", "", "200 OK", "{\"data\":null}"),
    (&[], Who::Root, "DELETE", "/access/users/new@pve", "", "500 no such user ('new@pve')", ""),
];

#[test]
fn the_answers_that_the_client_relies_on() {
    for release in LabRelease::all() {
        let lab = Lab::start_in_thread(LabConfig { release: *release, ..LabConfig::quick() }).unwrap();
        for (on, who, method, path, form, status, part) in CASES {
            if !on.is_empty() && !on.contains(release) {
                continue;
            }
            let answer = send(&lab, *who, method, path, form);
            let body = String::from_utf8_lossy(&answer.body);
            let case = format!("{release}: {method} {path} {form}\n{}\n{body}", answer.status);
            assert_eq!(answer.status, format!("HTTP/1.1 {status}"), "{case}");
            assert!(body.contains(part), "{case}");
            has_the_errors_shape(*release, status, &answer, &case);
        }
    }
}

/// An error says its text in the body since 8.4; a refused token never has one.
fn has_the_errors_shape(release: LabRelease, status: &str, answer: &Answer, case: &str) {
    let (code, phrase) = status.split_once(' ').unwrap();
    match code {
        "200" => assert_eq!(answer.header("Content-Type"), Some("application/json;charset=UTF-8"), "{case}"),
        "401" => {
            assert!(answer.body.is_empty() && answer.header("Content-Length").is_none(), "{case}");
        }
        _ => {
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            let newline = if code == "501" { "" } else { "\n" };
            let message =
                if release == LabRelease::V7_4_20 { Value::Null } else { json!(format!("{phrase}{newline}")) };
            assert_eq!(body["message"], message, "{case}");
            assert_eq!(answer.header("Connection"), Some("close"), "{case}");
        }
    }
}
