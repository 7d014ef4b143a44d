//! The embedded lab, asked over real TLS: what its users rely on.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use labwizard::lab::{CutAt, Lab, LabConfig, LabRelease, LabUser, NewCertificate, Scenario};

use crate::wire::connect;

mod described;
mod faults;
mod files;
mod login;
mod making;
mod session;

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
    String::from_utf8_lossy(&answer).into_owned()
}

fn with_token(lab: &Lab, id: &str, path: &str) -> String {
    let token = lab.token(id).unwrap();
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
fn requests_that_come_at_once_are_answered_one_after_the_other() {
    let lab = quick(Scenario::Fine);
    let mut stream = connect(&lab).unwrap();
    let one = "GET /api2/json/access/domains HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    stream.write_all(format!("{one}\r\n{one}Connection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK\r\n").count(), 2, "{answers}");
    assert_eq!((lab.connections(), lab.received().len()), (1, 2));
}

#[test]
fn the_tools_token_clones_starts_and_removes_a_guest() {
    for release in LabRelease::all() {
        let lab = Lab::start_in_thread(LabConfig { release: *release, ..LabConfig::quick() }).unwrap();
        let token = lab.token("apex@pve!glassdome-token").unwrap();
        let header = format!("PVEAPIToken={}={}", token.id, token.secret);
        for (method, path, body) in [
            ("POST", "/9000/clone", "newid=701&name=copy&full=1&storage=local-lvm"),
            ("PUT", "/701/config", "cores=2&memory=4096&net0=virtio,bridge=vmbr0&ciuser=lab&ide2=local-lvm:cloudinit"),
            ("POST", "/701/status/start", ""),
            ("GET", "/701/status/current", ""),
            ("POST", "/701/status/stop", ""),
            ("DELETE", "/701", ""),
        ] {
            let path = format!("/api2/json/nodes/pve1/qemu{path}");
            let form = ("Content-Type", "application/x-www-form-urlencoded");
            let answer = ask(&lab, method, &path, &[("Authorization", &header), form], body);
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{release}: {method} {path}: {answer}");
        }
    }
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
    let token = lab.token("root@pam!automation").unwrap();
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
    let keys = host["users"].as_array().unwrap().iter().find(|user| user["user"] == "keys@pve").unwrap();
    assert_eq!(keys["recovery"].as_array().unwrap().len(), 10);
    assert_eq!(keys["about"], "an administrator with a second factor and recovery keys");
}

#[test]
fn ten_thousand_guests_are_listed_for_who_may_see_them() {
    let lab = quick(Scenario::TenThousandGuests);
    let answer = with_token(&lab, "monitor@pve!exporter", "/api2/json/cluster/resources?type=vm");
    assert!(answer.matches("\"vmid\":").count() >= 10_000);
    let answer = with_token(&lab, "apex@pve!bare", "/api2/json/cluster/resources?type=vm");
    assert!(answer.ends_with("{\"data\":[]}"), "{answer}");
}

/// Signs in at a lab that holds refused logins for so long.
fn log_in(hold: Duration, password: impl FnOnce(&LabUser) -> String) -> String {
    let lab = Lab::start_in_thread(LabConfig { hold, ..LabConfig::default() }).unwrap();
    let user = lab.user("guest@pve").unwrap();
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let body = format!("username={}&password={}", user.user, password(&user));
    ask(&lab, "POST", "/api2/json/access/ticket", &form, &body)
}

#[test]
fn a_refused_login_is_held_back_and_a_good_one_is_not() {
    let start = Instant::now();
    let answer = log_in(Duration::from_millis(400), |_| "something-else".into());
    assert!(answer.starts_with("HTTP/1.1 401 authentication failure\r\n"), "{answer}");
    assert!(start.elapsed() >= Duration::from_millis(400));
    // Were it held, this test would not end.
    let answer = log_in(Duration::from_secs(24 * 60 * 60), |user| user.password.clone());
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[test]
fn a_second_factor_is_asked_for_and_taken() {
    let lab = quick(Scenario::Fine);
    let user = lab.user("admin@pve").unwrap();
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let login = |fields: &str| {
        ask(&lab, "POST", "/api2/json/access/ticket", &form, &format!("username={}&{fields}", user.user))
    };
    let first = login(&format!("password={}", user.password));
    let body: serde_json::Value = serde_json::from_str(first.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(body["data"]["NeedTFA"], 1);
    let challenge = body["data"]["ticket"].as_str().unwrap();
    assert!(challenge.starts_with("PVE:!tfa!{\"totp\"%3Atrue}:"), "{challenge}");
    let challenge: String = challenge.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let code = user.code_now().unwrap();
    assert!(login(&format!("password=totp:000000&tfa-challenge={challenge}")).starts_with("HTTP/1.1 401 "));
    let second = login(&format!("password=totp:{code}&tfa-challenge={challenge}"));
    assert!(second.contains("\"cap\":{"), "{second}");
}

#[test]
fn a_connection_that_says_nothing_is_closed() {
    let config = LabConfig { idle: Duration::from_millis(100), ..LabConfig::quick() };
    let lab = Lab::start_in_thread(config).unwrap();
    let mut stream = connect(&lab).unwrap();
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
    assert_eq!((lab.connections(), lab.received().len()), (1, 0));
}

#[tokio::test]
async fn a_lab_runs_on_the_runtime_of_its_owner_or_beside_it() {
    let (within, beside) = (Lab::start(LabConfig::quick()).await.unwrap(), quick(Scenario::Fine));
    for lab in [&within, &beside] {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", lab.port())).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 301 Moved Permanently\r\n"), "{answer}");
        assert!(!lab.received()[0].tls);
    }
}

#[test]
fn dropping_the_lab_ends_it() {
    let lab = quick(Scenario::Silent);
    let port = lab.port();
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    drop(lab);
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}

/// What a client with the good token gets in each scenario where the lab answers at all: the start of the answer, and a
/// text in it.
#[test]
fn every_scenario_shows_what_it_is_about() {
    const VERSION: &str = "/api2/json/version";
    const GUESTS: &str = "/api2/json/nodes/pve1/qemu";
    let table: &[(Scenario, &str, &str, &str)] = &[
        (Scenario::Fine, VERSION, "HTTP/1.1 200 OK", "\"release\":\"9.2\""),
        (Scenario::Empty, GUESTS, "HTTP/1.1 200 OK", "{\"data\":[]}"),
        (Scenario::NoTemplates, GUESTS, "HTTP/1.1 200 OK", "homeassistant"),
        (Scenario::NodeDown, "/api2/json/nodes/pve2/qemu", "HTTP/1.1 595 No route to host", ""),
        (Scenario::NodeDown, "/api2/json/nodes", "HTTP/1.1 200 OK", "\"status\":\"offline\""),
        (Scenario::WrongSecret, VERSION, "HTTP/1.1 401 Authentication failed!", ""),
        (Scenario::Expired, VERSION, "HTTP/1.1 401 Authentication failed!", ""),
        (Scenario::DisabledUser, VERSION, "HTTP/1.1 401 Authentication failed!", ""),
        (Scenario::NoRights, "/api2/json/access/permissions", "HTTP/1.1 200 OK", "{\"data\":{}}"),
        (Scenario::HostileStrings, GUESTS, "HTTP/1.1 200 OK", "\\u001b]0;owned\\u0007"),
        (Scenario::LoginPageOnly, VERSION, "HTTP/1.1 200 OK", "<h1>Sign in</h1>"),
        (Scenario::Pbs, "/api2/json/access/domains", "HTTP/1.1 200 OK", "\"realm\":\"pbs\""),
        (Scenario::Unifi, "/", "HTTP/1.1 200 OK", "<title>UniFi OS</title>"),
        (Scenario::GzipBody, VERSION, "HTTP/1.1 200 OK", "Content-Encoding: gzip"),
        (Scenario::BrokenJson, GUESTS, "HTTP/1.1 200 OK", "{\"data\":["),
        (Scenario::DeepJson, VERSION, "HTTP/1.1 200 OK", "[[[[["),
        (Scenario::Redirect, VERSION, "HTTP/1.1 302 Found", "Location: https://login.example.invalid/"),
    ];
    for (scenario, path, start, part) in table {
        let lab = quick(*scenario);
        let answer = with_token(&lab, "apex@pve!glassdome-token", path);
        assert!(answer.starts_with(start) && answer.contains(part), "{scenario}: {answer}");
    }
    let answer = with_token(&quick(Scenario::NoTemplates), "apex@pve!glassdome-token", GUESTS);
    assert!(!answer.contains("template"), "{answer}");
    for (scenario, has) in [(Scenario::Fine, true), (Scenario::MissingRight, false)] {
        let answer =
            with_token(&quick(scenario), "apex@pve!glassdome-token", "/api2/json/access/permissions?path=/vms/9000");
        assert_eq!(answer.contains("VM.PowerMgmt"), has, "{scenario}: {answer}");
    }
}

#[test]
fn an_endless_answer_ends_with_its_client_only() {
    for scenario in [Scenario::EndlessBody, Scenario::EndlessHeader] {
        let lab = quick(scenario);
        let mut stream = connect(&lab).unwrap();
        stream.write_all(b"GET /api2/json/access/domains HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut read = vec![0; 4 << 20];
        stream.read_exact(&mut read).unwrap();
        let has_end = read.windows(4).any(|four| four == b"\r\n\r\n");
        assert_eq!(has_end, scenario == Scenario::EndlessBody);
    }
}

#[test]
fn certificates_that_do_not_fit_are_refused_by_a_client_that_checks() {
    for (scenario, fits) in [
        (Scenario::Fine, true),
        (Scenario::ExpiredCertificate, false),
        (Scenario::NameMismatch, false),
        (Scenario::AcmeCertificate, false),
        (Scenario::ForeignCa, false),
        (Scenario::SameNames, false),
    ] {
        assert_eq!(connect(&quick(scenario)).is_ok(), fits, "{scenario}");
    }
}

#[test]
fn the_cas_certificate_is_told_to_every_token() {
    let lab = quick(Scenario::Fine);
    let answer = with_token(&lab, "apex@pve!bare", "/api2/json/nodes/pve1/certificates/info");
    let body: serde_json::Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(body["data"][0]["filename"], "pve-root-ca.pem");
    assert_eq!(body["data"][0]["pem"], lab.ca_pem());
    assert_eq!(body["data"][1]["fingerprint"], lab.fingerprint());
    assert_eq!(body["data"][1]["san"][0], "127.0.0.1");
}

/// The secret that is sent back: a stray `=` after it makes old releases echo the whole id with the secret in it.
#[test]
fn an_old_release_echoes_a_secret_with_a_stray_sign() {
    let config = LabConfig { release: LabRelease::V8_4_16, ..LabConfig::quick() };
    let lab = Lab::start_in_thread(config).unwrap();
    let token = lab.token("apex@pve!glassdome-token").unwrap();
    let header = format!("PVEAPIToken={}={}=", token.id, token.secret);
    let answer = ask(&lab, "GET", "/api2/json/version", &[("Authorization", &header)], "");
    assert!(
        answer.starts_with(&format!("HTTP/1.1 401 '{}={}' is not a valid token ID", token.id, token.secret)),
        "{answer}"
    );
}
