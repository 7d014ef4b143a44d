//! What comes to a storage and goes from it, and the bridges of a node: each change can be read back.

use labwizard::lab::{Lab, LabRelease, Scenario};
use serde_json::Value;

use super::{ask, quick};

/// Asks as a token with all rights: the status line and what stands in the body.
fn call(lab: &Lab, method: &str, path: &str, form: &str) -> (String, Value) {
    let token = lab.token("root@pam!automation").unwrap();
    let authorization = format!("PVEAPIToken={}={}", token.id, token.secret);
    parts(&ask(lab, method, &format!("/api2/json{path}"), &[("Authorization", &authorization)], form))
}

fn parts(answer: &str) -> (String, Value) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), serde_json::from_str(body).unwrap_or_default())
}

fn good(lab: &Lab, method: &str, path: &str, form: &str) -> Value {
    let (status, body) = call(lab, method, path, form);
    assert_eq!(status, "HTTP/1.1 200 OK", "{method} {path}: {body}");
    body["data"].clone()
}

/// Uploads a file of this many bytes, as the tools do.
fn upload(lab: &Lab, token: &str, name: &str, bytes: usize) -> (String, Value) {
    let token = lab.token(token).unwrap();
    let authorization = format!("PVEAPIToken={}={}", token.id, token.secret);
    let body = format!(
        "--b0\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\niso\r\n--b0\r\n\
         Content-Disposition: form-data; name=\"filename\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n{}\r\n--b0--\r\n",
        "x".repeat(bytes)
    );
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "multipart/form-data; boundary=b0")];
    parts(&ask(lab, "POST", "/api2/json/nodes/pve1/storage/local/upload", &headers, &body))
}

fn task_end(lab: &Lab, upid: &Value) -> String {
    let status = good(lab, "GET", &format!("/nodes/pve1/tasks/{}/status", upid.as_str().unwrap()), "");
    status["exitstatus"].as_str().unwrap().to_owned()
}

#[test]
fn a_file_bigger_than_any_other_body_is_uploaded_read_and_removed() {
    let lab = quick(Scenario::Fine);
    // More than the largest form that is taken.
    let size = 3 * LabRelease::default().largest_body() + 7;
    let (status, body) = upload(&lab, "root@pam!automation", "my disk.iso", size);
    assert_eq!(status, "HTTP/1.1 200 OK", "{body}");
    assert_eq!(task_end(&lab, &body["data"]), "OK");
    let volume = "/nodes/pve1/storage/local/content/local:iso%2Fmy_disk.iso";
    let read = good(&lab, "GET", volume, "");
    assert_eq!(
        (read["size"].as_u64(), read["path"].as_str()),
        (Some(size as u64), Some("/var/lib/vz/template/iso/my_disk.iso"))
    );
    let listed = good(&lab, "GET", "/nodes/pve1/storage/local/content?content=iso", "");
    assert!(listed.as_array().unwrap().iter().any(|row| row["volid"] == "local:iso/my_disk.iso"), "{listed}");
    good(&lab, "DELETE", volume, "");
    assert!(call(&lab, "GET", volume, "").0.starts_with("HTTP/1.1 500 volume_size_info on"));
    // Nothing of it is left anywhere.
    assert!(lab.change(|cluster| cluster.uploads.is_empty()));
}

#[test]
fn an_upload_is_refused_without_its_right_and_leaves_nothing() {
    let lab = quick(Scenario::Fine);
    let (status, _) = upload(&lab, "apex@pve!bare", "one.iso", 1000);
    assert_eq!(status, "HTTP/1.1 403 Permission check failed (/storage/local, Datastore.AllocateTemplate)");
    let (status, body) = upload(&lab, "root@pam!automation", "one.qcow2", 1000);
    assert_eq!(
        (status.as_str(), &body["errors"]["filename"]),
        ("HTTP/1.1 400 Parameter verification failed.", &"wrong file extension".into())
    );
    assert!(lab.change(|cluster| cluster.uploads.is_empty()));
    // The name under /var/tmp is the server's own to give.
    let form = "content=iso&filename=one.iso&tmpfilename=%2Fvar%2Ftmp%2Fpveupload-0";
    let (status, _) = call(&lab, "POST", "/nodes/pve1/storage/local/upload", form);
    assert_eq!(status, "HTTP/1.1 500 temporary file '/var/tmp/pveupload-0' does not exist");
}

#[test]
fn what_a_node_fetches_is_there_and_is_not_written_over() {
    let lab = quick(Scenario::Fine);
    let url = "url=https%3A%2F%2Fimages.example%2Fdebian-13.img%3Fa%3Db";
    let told = good(&lab, "GET", &format!("/nodes/pve1/query-url-metadata?{url}"), "");
    assert_eq!(told["filename"], "debian-13.img");
    let form = format!("{url}&content=iso&filename=debian-13.img");
    let first = good(&lab, "POST", "/nodes/pve1/storage/local/download-url", &form);
    assert_eq!(task_end(&lab, &first), "OK");
    let read = good(&lab, "GET", "/nodes/pve1/storage/local/content/local:iso/debian-13.img", "");
    assert_eq!(read["size"], told["size"]);
    let again = good(&lab, "POST", "/nodes/pve1/storage/local/download-url", &form);
    assert_eq!(task_end(&lab, &again), "refusing to override existing file '/var/lib/vz/template/iso/debian-13.img'");
    let (status, _) = call(&lab, "POST", "/nodes/pve1/storage/local-lvm/download-url", &form);
    assert_eq!(status, "HTTP/1.1 500 can't upload to storage type 'lvmthin', not a file based storage!");
}

#[test]
fn a_machines_disks_come_and_go_with_it() {
    let lab = quick(Scenario::Fine);
    let disks = || {
        let rows = good(&lab, "GET", "/nodes/pve1/storage/local-lvm/content?vmid=701", "");
        let disk = |row: &Value| format!("{} {}", row["volid"].as_str().unwrap(), row["size"].as_u64().unwrap() >> 20);
        let mut all: Vec<String> = rows.as_array().unwrap().iter().map(disk).collect();
        all.sort();
        all
    };
    good(&lab, "POST", "/nodes/pve1/qemu", "vmid=701&scsi0=local-lvm%3A32%2Cdiscard%3Don&ide2=local-lvm%3Acloudinit");
    assert_eq!(disks(), ["local-lvm:vm-701-cloudinit 4", "local-lvm:vm-701-disk-0 32768"]);
    good(&lab, "PUT", "/nodes/pve1/qemu/701/resize", "disk=scsi0&size=%2B8G");
    let config = good(&lab, "GET", "/nodes/pve1/qemu/701/config", "");
    assert_eq!(config["scsi0"], "local-lvm:vm-701-disk-0,discard=on,size=40G");
    good(&lab, "DELETE", "/nodes/pve1/qemu/701", "");
    assert_eq!(disks(), [""; 0]);
    good(&lab, "POST", "/nodes/pve1/qemu/9000/clone", "newid=701&full=1");
    assert_eq!(disks(), ["local-lvm:vm-701-disk-0 32768"]);
}

#[test]
fn a_new_bridge_waits_until_it_is_applied_or_taken_back() {
    let lab = quick(Scenario::Fine);
    let bridge = || {
        let (_, body) = call(&lab, "GET", "/nodes/pve1/network", "");
        let row = body["data"].as_array().unwrap().iter().find(|row| row["iface"] == "vmbr9").cloned();
        (row.map(|row| row["active"] == 1), body["changes"].as_str().map(str::to_owned))
    };
    let form = "iface=vmbr9&type=bridge&autostart=1&cidr=10.0.0.1%2F24";
    for end in ["DELETE", "PUT"] {
        good(&lab, "POST", "/nodes/pve1/network", form);
        let (active, changes) = bridge();
        assert_eq!(active, Some(false));
        let changes = changes.unwrap();
        assert!(changes.contains("\n+auto vmbr9\n+iface vmbr9 inet static\n+\taddress 10.0.0.1/24\n"), "{changes}");
        let (status, body) = call(&lab, "POST", "/nodes/pve1/network", form);
        assert_eq!(
            (status.as_str(), &body["errors"]["iface"]),
            ("HTTP/1.1 400 Parameter verification failed.", &"interface already exists".into())
        );
        good(&lab, end, "/nodes/pve1/network", "");
        assert_eq!(bridge(), ((end == "PUT").then_some(true), None), "{end}");
    }
    good(&lab, "DELETE", "/nodes/pve1/network/vmbr9", "");
    assert!(bridge().1.unwrap().contains("\n-iface vmbr9 inet static\n"));
    assert!(call(&lab, "GET", "/nodes/pve1/network/vmbr9", "").0.starts_with("HTTP/1.1 400"));
}
