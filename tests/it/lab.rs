//! The embedded lab, asked over real TLS: what its users rely on.

use std::io::{Read, Write};

use labwizard::lab::{CutAt, Lab, LabConfig, LabRelease, NewCertificate, Scenario};

use crate::wire::connect;

/// Sends a request that asks to close, and returns all that came.
fn ask(lab: &Lab, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut stream = connect(lab).unwrap();
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n", lab.port());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    stream.write_all(format!("{text}\r\n{body}").as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A cut connection ends without TLS's own goodbye.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

fn with_token(lab: &Lab, id: &str, path: &str) -> String {
    let token = lab.token(id);
    ask(lab, "GET", path, &[("Authorization", &format!("PVEAPIToken={}={}", token.id, token.secret))], "")
}

fn quick(scenario: Scenario) -> Lab {
    Lab::start_in_thread(LabConfig { scenario, ..LabConfig::quick() }).unwrap()
}

#[test]
fn a_good_token_is_answered_and_its_certificate_verifies() {
    let lab = quick(Scenario::Fine);
    let answer = with_token(&lab, "apex@pve!glassdome-token", "/api2/json/version");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\nCache-Control: max-age=0\r\nConnection: close\r\n"), "{answer}");
    assert!(answer.contains("\"version\":\"9.2.11\""), "{answer}");
    assert_eq!(lab.received()[0].path, "/api2/json/version");
    assert!(lab.received()[0].had_authorization);
}

#[test]
fn every_release_says_its_version_and_knows_the_good_token() {
    for release in LabRelease::all() {
        let lab = Lab::start_in_thread(LabConfig { release: *release, ..LabConfig::quick() }).unwrap();
        let answer = with_token(&lab, "apex@pve!glassdome-token", "/api2/json/version");
        assert!(answer.contains(&format!("\"version\":\"{release}\"")), "{answer}");
        let answer = with_token(&lab, "apex@pve!glassdome-token", "/api2/json/nodes/pve1/qemu");
        assert!(answer.contains("ubuntu-2204-template"), "{answer}");
    }
}

#[test]
fn what_is_wrong_with_a_token_is_told_by_old_releases_only() {
    let lab = quick(Scenario::Fine);
    let answer = with_token(&lab, "apex@pve!old", "/api2/json/version");
    assert!(answer.starts_with("HTTP/1.1 401 Authentication failed!\r\n"), "{answer}");
    let config = LabConfig { release: LabRelease::V8_4_16, ..LabConfig::quick() };
    let lab = Lab::start_in_thread(config).unwrap();
    let answer = with_token(&lab, "apex@pve!old", "/api2/json/version");
    assert!(answer.starts_with("HTTP/1.1 401 token 'old' access expired\r\n"), "{answer}");
}

#[test]
fn a_request_for_another_host_is_refused() {
    let lab = quick(Scenario::Fine);
    let mut stream = connect(&lab).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: pve.example.org\r\n\r\n").unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[test]
fn a_cut_before_acting_changes_nothing_and_one_before_the_answer_does() {
    let lab = quick(Scenario::Fine);
    let token = lab.token("root@pam!automation");
    let authorization = format!("PVEAPIToken={}={}", token.id, token.secret);
    let path = "/api2/json/access/users/apex@pve/token/new-one";
    let make = || ask(&lab, "POST", path, &[("Authorization", &authorization)], "");
    let exists = || lab.change(|cluster| cluster.token("apex@pve!new-one").is_some());
    lab.cut_request(1, CutAt::BeforeActing);
    assert_eq!((make().as_str(), exists()), ("", false));
    lab.cut_call("POST", "/token/", CutAt::BeforeAnswer);
    assert_eq!((make().as_str(), exists()), ("", true));
    assert!(make().starts_with("HTTP/1.1 400 Parameter verification failed.\r\n"));
}

#[test]
fn a_certificate_with_another_key_is_refused_in_the_handshake() {
    let lab = quick(Scenario::Fine);
    assert!(connect(&lab).is_ok());
    lab.swap_certificate(NewCertificate::WrongKey).unwrap();
    assert!(connect(&lab).is_err());
    lab.swap_certificate(NewCertificate::Renewed).unwrap();
    assert!(connect(&lab).is_ok());
}

#[test]
fn a_changed_certificate_is_shown_to_the_second_connection() {
    let lab = quick(Scenario::ChangedCertificate);
    assert!(connect(&lab).is_ok());
    assert!(connect(&lab).is_err());
}

#[test]
fn what_is_printed_for_scripts_can_be_used() {
    let lab = quick(Scenario::Fine);
    let printed = lab.serve_json(std::path::Path::new("ca.pem"));
    let host = &printed["proxmox"][0];
    assert_eq!(host["url"], format!("https://127.0.0.1:{}", lab.port()));
    assert_eq!((host["ca"].as_str(), host["node"].as_str()), (Some("ca.pem"), Some("pve1")));
    assert_eq!(host["tokens"][0]["id"], "apex@pve!glassdome-token");
    assert!(host["users"][0]["totp"].is_null() && host["users"][1]["totp"].is_string());
}
