//! The lab against answers that Proxmox's own server code gave: every captured request is sent to the lab, and status
//! line, headers and body are compared, but for what is never the same twice (times, tickets, secrets, live figures).
//!
//! The captures are not part of the project. `LABWIZARD_CAPTURES` names the folder that has them; without it the test says
//! that it was skipped. A file is replayed in its own order against one lab, because its requests build on each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use labwizard::lab::proxmox::auth;
use labwizard::lab::proxmox::cluster::{Bridge, Cluster, Guest, Node, Storage, Subject, Token, User};
use labwizard::lab::proxmox::tfa::{SecondFactor, Totp, base32, totp_code};
use labwizard::lab::{Lab, LabConfig, LabRelease};
use serde_json::{Value, json};

use crate::wire::{self, Answer, Wire};

/// The captures that the lab does not answer alike, and why. It may only shrink: an entry that is answered alike fails too.
/// `*` stands for every release.
const NOT_ALIKE: &[(&str, &str, &str)] = &[
    ("*", "formatter html", "a page for browsers that no program reads"),
    ("9.2.11", "formatter png", "a picture for browsers that no program reads"),
    ("9.2.11", "GET /", "the captured server had no web pages; the lab has the login page"),
    ("8.4.16", "body of 100 kB", "the file has the answer cut short"),
    ("8.4.21", "body of 100 kB", "the file has the answer cut short"),
    ("9.1.4", "body of 100 kB", "the file has the answer cut short"),
    ("9.2.11", "API token OK: /access/permissions", "the file has the answer cut short"),
    ("9.2.11", "lower-case header + gzip asked", "the file has the answer cut short"),
    ("9.2.11", "task log", "the lab copies no disks, so its tasks have less to tell"),
    (
        "9.2.11",
        "task status",
        "tasks that failed on the captured host only: a copy without space, containers without programs",
    ),
    ("9.2.11", "task list", "lists tasks that failed on the captured host only"),
    (
        "9.2.11",
        "privsep token with PVEAuditor on /: /cluster/resources",
        "captured after a later section of the file had changed the machine's memory",
    ),
    ("9.2.11", "delete OK 2", "the machine was not there, because its copy had failed on the captured host"),
    ("9.2.11", "status running", "live figures of a process that the lab does not run"),
    ("9.2.11", "cluster resources vm", "the captured host's statistics were not running: every status is unknown"),
];

#[test]
fn the_lab_answers_as_proxmox_did() {
    let Some(folder) = std::env::var_os("LABWIZARD_CAPTURES") else {
        eprintln!("skipped: LABWIZARD_CAPTURES does not name the folder of the captures");
        return;
    };
    let files = [
        (LabRelease::V7_4_20, "pve7.4-20-captures.md"),
        (LabRelease::V8_4_16, "pve8.4.16-captures.md"),
        (LabRelease::V8_4_21, "pve8.4.21-captures.md"),
        (LabRelease::V9_1_4, "pve9.1.4-captures.md"),
        (LabRelease::V9_2_11, "pve9.2-captures.md"),
    ];
    let mut wrong = Vec::new();
    for (release, file) in files {
        let path = Path::new(&folder).join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let captures = parse(&text);
        let mut replay = Replay::new(release, &captures);
        let (mut alike, mut listed) = (0, BTreeSet::new());
        for capture in &captures {
            let excuse = NOT_ALIKE
                .iter()
                .find(|(on, name, _)| (*on == "*" || *on == release.version()) && *name == capture.name);
            match (replay.compare(capture), excuse) {
                (Ok(()), None) => alike += 1,
                // A name may stand for several captures, of which some are alike.
                (Ok(()), Some((_, name, _))) => {
                    alike += 1;
                    listed.insert((*name, true));
                }
                (Err(_), Some((_, name, _))) => {
                    listed.insert((*name, false));
                }
                (Err(error), None) => wrong.push(format!("{release}: {}\n{error}", capture.name)),
            }
        }
        eprintln!("{release}: {alike} of {} captures answered alike", captures.len());
        for (name, _) in listed.iter().filter(|(_, is_alike)| *is_alike) {
            if !listed.contains(&(*name, false)) {
                wrong.push(format!("{release}: “{name}” is answered alike now; take it off the list"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

/// One request and its answer, as they stand in a file.
#[derive(Debug)]
struct Capture {
    name: String,
    /// The lines that begin with `> `, without it; a line of a request's body may stand without.
    request: Vec<String>,
    status: String,
    headers: Vec<(String, String)>,
    body: String,
}

fn parse(text: &str) -> Vec<Capture> {
    let mut captures = Vec::new();
    let mut name = None;
    let mut fence: Option<Vec<&str>> = None;
    for line in text.lines() {
        match &mut fence {
            Some(lines) if line == "```" => {
                if let Some(name) = name.take().filter(|_| lines.first().is_some_and(|line| line.starts_with("> "))) {
                    captures.push(capture(name, lines));
                }
                fence = None;
            }
            Some(lines) => lines.push(line),
            None if line.starts_with("```") => fence = Some(Vec::new()),
            None => {
                if let Some(heading) = line.strip_prefix("#### ") {
                    name = Some(heading.to_string());
                }
            }
        }
    }
    captures
}

fn capture(name: String, lines: &[&str]) -> Capture {
    let answer = lines.iter().position(|line| line.starts_with("HTTP/1.") || line.starts_with("closed by"));
    let (request, answer) = lines.split_at(answer.unwrap_or(lines.len()));
    let mut request: Vec<String> =
        request.iter().map(|line| line.strip_prefix("> ").unwrap_or(line).to_string()).collect();
    while request.last().is_some_and(|line| line.is_empty() || line == "<EOF>" || line.starts_with("[[time")) {
        request.pop();
    }
    let mut answer = answer.iter();
    let status =
        answer.next().filter(|line| line.starts_with("HTTP/1.")).map_or(String::new(), |line| line.to_string());
    let headers = answer.by_ref().take_while(|line| !line.is_empty());
    let headers =
        headers.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_string(), value.to_string()));
    let headers = headers.collect();
    let body: Vec<&str> = answer.copied().filter(|line| !line.starts_with("[[time")).collect();
    Capture { name, request, status, headers, body: body.join("\n").trim_end().to_string() }
}

/// The lab, and how the names of a file's variables are spelled there.
struct Replay {
    lab: Lab,
    /// As captured, and as the lab says it: secrets, tickets, CSRF tokens, task ids, recovery keys.
    names: Vec<(String, String)>,
    connection: Option<Box<dyn Wire>>,
    last_code: String,
}

/// The time code's secret of everybody in the replay.
const SEED: &[u8] = b"a secret of the tests";

impl Replay {
    fn new(release: LabRelease, captures: &[Capture]) -> Replay {
        let config = LabConfig { release, ..LabConfig::quick() };
        let lab = Lab::start_in_thread(config).unwrap();
        lab.change(|cluster| {
            let certificates = std::mem::take(&mut cluster.certificates);
            *cluster = fixture(release, captures);
            cluster.certificates = certificates;
        });
        Replay { lab, names: Vec::new(), connection: None, last_code: String::new() }
    }

    fn compare(&mut self, capture: &Capture) -> Result<(), String> {
        if capture.request[0] == "(idle)" {
            return self.idle(capture);
        }
        let sends_code = ["=totp:", "&otp=", "form: response="]
            .iter()
            .any(|part| capture.request.iter().any(|line| line.contains(part)));
        if sends_code && capture.status.starts_with("HTTP/1.1 200") {
            // Between two codes that were taken, half a minute passed.
            self.lab.change(|cluster| {
                for totp in cluster.users.values_mut().flat_map(|user| &mut user.factors.totp) {
                    totp.last = None;
                }
            });
        }
        let request = self.request(capture);
        let answer = self.send(capture, &request);
        let answer = Answer { body: unpacked(&answer), ..answer };
        self.learn(&capture.body, &answer.body);
        let told = |what: &str, wanted: &str, got: &str| format!("  {what}\n    proxmox: {wanted}\n    lab:     {got}");
        let status = self.spelled(&capture.status);
        if status != answer.status {
            let body = String::from_utf8_lossy(&answer.body);
            return Err(told("status line", &status, &format!("{} {body}", answer.status)));
        }
        let (wanted, got) = (plain_headers(&capture.headers), plain_headers(&answer.headers));
        if wanted != got {
            return Err(told("headers", &wanted, &got));
        }
        let (wanted, got) = (plain_body(&capture.body), plain_body(&String::from_utf8_lossy(&answer.body)));
        if wanted != got {
            return Err(told("body", &difference(&wanted, &got), &difference(&got, &wanted)));
        }
        Ok(())
    }

    /// A connection that says nothing is closed. The wait itself is measured elsewhere.
    fn idle(&mut self, _: &Capture) -> Result<(), String> {
        self.connection = None;
        Ok(())
    }

    /// A captured text with the lab's own names in it.
    fn spelled(&self, text: &str) -> String {
        let mut text = text.to_string();
        for (captured, own) in self.names.iter().rev() {
            text = text.replace(captured, own);
        }
        text
    }

    /// A header of a request: a ticket stands there cut short.
    fn credential(&self, value: &str) -> String {
        let Some((word, cut)) = value.split_once('=').filter(|(word, _)| *word == "PVEAuthCookie") else {
            return self.spelled(value);
        };
        let is_raw = cut.contains(':');
        let whole = cut.trim_end_matches('…');
        // It may be cut inside an escape.
        let whole = whole.rfind('%').filter(|at| !is_raw && at + 3 > whole.len()).map_or(whole, |at| &whole[..at]);
        let ticket = self.ticket(&percent_decode(whole), cut.ends_with('…'));
        let ticket = if is_raw { ticket.replace('%', "%25") } else { percent_encode(&ticket) };
        format!("{word}={ticket}")
    }

    /// The lab's ticket for a captured one, also for a login that the file does not have. One whose time was changed gets
    /// that time.
    fn ticket(&self, captured: &str, is_cut: bool) -> String {
        if !is_cut {
            return captured.to_string();
        }
        let captured = captured.trim_end_matches('…');
        if let Some((_, own)) = self.names.iter().rev().find(|(known, _)| known.starts_with(captured)) {
            return own.clone();
        }
        let head = captured.split("::").next().unwrap_or_default();
        let (user, time) = head.rsplit_once(':').unwrap_or_default();
        let own = self.lab.change(|cluster| auth::ticket(cluster, user.trim_start_matches("PVE:")));
        if time != "6A000000" {
            return own;
        }
        let signature = own.split("::").nth(1).unwrap_or_default();
        format!("{user}:{time}::{signature}")
    }

    /// The lab's CSRF token for a captured one, whose user the request's ticket names.
    fn csrf(&self, capture: &Capture, captured: &str) -> String {
        let spelled = self.spelled(captured);
        if spelled != captured || !is_variable(captured) {
            return spelled;
        }
        let cookie = capture.request.iter().find_map(|line| line.strip_prefix("Cookie: PVEAuthCookie=PVE%3A"));
        let user = percent_decode(cookie.unwrap_or_default().split("%3A").next().unwrap_or_default());
        self.lab.change(|cluster| auth::csrf_now(cluster, &user))
    }

    fn request(&mut self, capture: &Capture) -> Vec<u8> {
        let first = self.spelled_path(&capture.request[0]);
        let is_raw = first.ends_with("HTTP/1.1") || first.ends_with("HTTP/1.0");
        if is_raw || !first.contains(' ') {
            return self.raw_request(capture, first);
        }
        let (mut method, path) =
            first.split_once(' ').map(|(method, path)| (method.to_string(), path.to_string())).unwrap();
        if capture.name.starts_with("HEAD") {
            method = "HEAD".to_string();
        }
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAccept: */*\r\n", self.lab.port());
        if capture.name == "gzip asked" {
            head.push_str("Accept-Encoding: gzip\r\n");
        }
        let mut body = None;
        let mut lines = capture.request[1..].iter().peekable();
        while let Some(line) = lines.next() {
            if let Some(form) = line.strip_prefix("form: ").or((line == "form:").then_some("")) {
                let mut form = form.to_string();
                for more in lines.by_ref() {
                    form = format!("{form}\n{more}");
                }
                head.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
                body = Some(self.form(capture, &form));
            } else if let Some(text) = line.strip_prefix("body: ") {
                body = Some(self.body(text));
            } else if let Some(value) = line.strip_prefix("CSRFPreventionToken: ") {
                head.push_str(&format!("CSRFPreventionToken: {}\r\n", self.csrf(capture, value)));
            } else if let Some((name, value)) = line.split_once(": ") {
                head.push_str(&format!("{name}: {}\r\n", self.credential(value)));
            }
        }
        if let Some(body) = &body {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        format!("{head}\r\n{}", body.unwrap_or_default()).into_bytes()
    }

    /// A task's id in a path is a name of the file, too.
    fn spelled_path(&self, line: &str) -> String {
        let mut line = self.spelled(line);
        for (captured, own) in self.names.iter().filter(|(captured, _)| captured.starts_with("UPID:")) {
            line = line.replace(&percent_encode(captured), &percent_encode(own));
        }
        line
    }

    fn raw_request(&mut self, capture: &Capture, first: String) -> Vec<u8> {
        let mut head = format!("{first}\r\n");
        let mut body = String::new();
        for line in &capture.request[1..] {
            match line.split_once(": ") {
                Some(("Host", _)) => head.push_str(&format!("Host: 127.0.0.1:{}\r\n", self.lab.port())),
                Some((name, value)) => head.push_str(&format!("{name}: {}\r\n", self.credential(value))),
                None if line.is_empty() => {}
                None if capture.name.contains("chunked") => body.push_str(&format!("{line}\r\n")),
                None => body.push_str(line),
            }
        }
        // Bodies end with a newline in the file only.
        format!("{head}\r\n{body}{}", if body.is_empty() { "" } else { "\n" }).into_bytes()
    }

    fn body(&self, text: &str) -> String {
        if let Some((start, length)) = text.strip_suffix(" bytes)").and_then(|text| text.split_once("… (")) {
            let length: usize = length.parse().unwrap();
            return format!("{start}{}", "x".repeat(length - start.len()));
        }
        self.spelled(text)
    }

    fn form(&mut self, capture: &Capture, form: &str) -> String {
        let pairs =
            form.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let mut encoded = Vec::new();
        for (name, value) in pairs {
            let value = match name {
                "username" if value.ends_with('…') => "a".repeat(70),
                "tfa-challenge" => self.ticket(value, value.ends_with('…')),
                "password" if value.starts_with("PVE:") => self.ticket(value, value.ends_with('…')),
                "totp" => format!("otpauth://totp/test?secret={}", base32(SEED)),
                "password" | "otp" | "response" | "value" => self.code(capture, value),
                _ => self.spelled(value),
            };
            encoded.push(format!("{name}={}", percent_encode(value.trim_end_matches('…'))));
        }
        encoded.join("&")
    }

    /// A time code of the capture's moment becomes the one of this moment.
    fn code(&mut self, capture: &Capture, value: &str) -> String {
        let (prefix, digits) = value.strip_prefix("totp:").map_or(("", value), |digits| ("totp:", digits));
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) || digits == "000000" {
            return self.spelled(value);
        }
        let name = capture.name.as_str();
        let is_wrong = name.contains("wrong value");
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let offset = if has(&["-60 s"]) {
            -60
        } else if has(&["-30 s"]) {
            -30
        } else if has(&["+30 s"]) {
            30
        } else {
            0
        };
        if is_wrong {
            return format!("{prefix}000000");
        }
        if !has(&["replay", "same code"]) {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
            self.last_code = totp_code(SEED, now.saturating_add_signed(offset));
        }
        format!("{prefix}{}", self.last_code)
    }

    fn send(&mut self, capture: &Capture, request: &[u8]) -> Answer {
        if capture.name.starts_with("plain http") {
            return wire::exchange(&mut wire::tcp(self.lab.port()).unwrap(), request);
        }
        if !capture.name.starts_with("keep-alive") {
            return wire::exchange(wire::connect(&self.lab).unwrap().as_mut(), request);
        }
        let mut connection = self.connection.take().unwrap_or_else(|| wire::connect(&self.lab).unwrap());
        let answer = wire::exchange(connection.as_mut(), request);
        if !answer.status.is_empty() {
            self.connection = Some(connection);
        }
        answer
    }

    /// Notes how the lab spells what an answer gave: by its place in the JSON.
    fn learn(&mut self, captured: &str, own: &[u8]) {
        let (Ok(captured), Ok(own)) = (serde_json::from_str(captured), serde_json::from_slice(own)) else { return };
        self.learn_value(&captured, &own);
    }

    fn learn_value(&mut self, captured: &Value, own: &Value) {
        match (captured, own) {
            (Value::Object(captured), Value::Object(own)) => {
                for (name, value) in captured {
                    if let Some(own) = own.get(name) {
                        self.learn_value(value, own);
                    }
                }
            }
            (Value::Array(captured), Value::Array(own)) if captured.iter().all(Value::is_string) => {
                captured.iter().zip(own).for_each(|(captured, own)| self.learn_value(captured, own));
            }
            (Value::String(captured), Value::String(own)) if captured != own && is_variable(captured) => {
                self.names.push((captured.clone(), own.clone()));
            }
            _ => {}
        }
    }
}

/// Names, order and values of headers, but for times and for the length, which the body has.
fn plain_headers(headers: &[(String, String)]) -> String {
    let plain = headers.iter().map(|(name, value)| match name.as_str() {
        "Date" | "Expires" | "Content-Length" => name.clone(),
        // Which port it was says nothing.
        "Location" => {
            format!("{name}: {}", value.chars().filter(|letter| !letter.is_ascii_digit()).collect::<String>())
        }
        _ => format!("{name}: {value}"),
    });
    plain.collect::<Vec<_>>().join(" | ")
}

/// A gzip stream that stores its bytes, as the lab writes it, unpacked.
fn unpacked(answer: &Answer) -> Vec<u8> {
    if answer.header("Content-Encoding") != Some("gzip") {
        return answer.body.clone();
    }
    let mut out = Vec::new();
    let mut rest = &answer.body[10..];
    loop {
        let (is_last, length) = (rest[0] == 1, usize::from(u16::from_le_bytes([rest[1], rest[2]])));
        out.extend_from_slice(&rest[5..5 + length]);
        rest = &rest[5 + length..];
        if is_last {
            return out;
        }
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
}

/// Whether a text of an answer is one that is never the same twice.
fn is_variable(text: &str) -> bool {
    let recovery = text.len() == 19 && text.split('-').all(|part| part.len() == 4);
    let csrf = text.len() == 52 && text.as_bytes()[8] == b':';
    is_uuid(text) || recovery || csrf || text.starts_with("PVE:") || text.starts_with("UPID:")
}

/// A body with what varies replaced by what it is, and the order of keys and rows made one.
fn plain_body(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(value) => plain_value("", value).to_string(),
        Err(_) => body.trim_end().to_string(),
    }
}

/// Figures of a host's load and size, and marks of single machines: what they are is compared, not how much.
const LIVE: &[&str] = &[
    "arch",
    "avail",
    "available",
    "cgroup-mode",
    "cores",
    "cpu",
    "cpus",
    "created",
    "digest",
    "disk",
    "endtime",
    "family",
    "flags",
    "free",
    "hvm",
    "idle",
    "kversion",
    "loadavg",
    "maxcpu",
    "maxdisk",
    "maxmem",
    "mem",
    "meta",
    "mhz",
    "model",
    "net0",
    "pid",
    "pstart",
    "smbios1",
    "sockets",
    "ssl_fingerprint",
    "starttime",
    "total",
    "uptime",
    "used",
    "used_fraction",
    "vendor",
    "wait",
];

fn plain_value(name: &str, value: Value) -> Value {
    match value {
        // The kernel is the host's.
        Value::Object(fields) if name == "current-kernel" => json!(fields.keys().collect::<Vec<_>>()),
        // A guest that does not run has the fixture's own figures.
        Value::Object(fields)
            if fields.get("status").is_some_and(|status| status == "stopped") && fields.contains_key("vmid") =>
        {
            Value::Object(fields)
        }
        Value::Object(fields) => {
            let plain = |(name, value): (String, Value)| {
                let plain = plain_value(&name, value);
                (name, plain)
            };
            Value::Object(fields.into_iter().map(plain).collect())
        }
        Value::Array(rows) => {
            let mut rows: Vec<Value> = rows.into_iter().map(|row| plain_value(name, row)).collect();
            rows.sort_by_key(Value::to_string);
            Value::Array(rows)
        }
        Value::String(text) if is_variable(&text) => {
            let kind = text.split(':').next().filter(|word| word.len() < 5).unwrap_or("id");
            json!(format!("<{kind}>"))
        }
        Value::String(text) if matches!(name, "content" | "privs" | "groups") => {
            let mut parts: Vec<&str> = text.split(',').collect();
            parts.sort_unstable();
            json!(parts.join(","))
        }
        Value::Number(_) if LIVE.contains(&name) => json!("<number>"),
        Value::String(_) if LIVE.contains(&name) => json!("<text>"),
        other => other,
    }
}

/// The part of a text where it begins to differ from another.
fn difference(text: &str, other: &str) -> String {
    let same = text.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let from = same.saturating_sub(120);
    text.chars().skip(from).take(400).collect()
}

fn percent_encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { (byte as char).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn percent_decode(text: &str) -> String {
    labwizard::lab::http::percent_decode(text, false)
}

/// The password that a file logs a user in with.
fn password(captures: &[Capture], user: &str) -> String {
    let mut lines = captures.iter().flat_map(|capture| &capture.request);
    let prefix = format!("form: username={user}&password=");
    let sent = lines.find_map(|line| {
        let password = line.strip_prefix(&prefix)?.split('&').next()?;
        (password != "wrong" && !password.is_empty()).then(|| password.to_string())
    });
    sent.unwrap_or_else(|| "none-in-the-file".to_string())
}

/// The secret that a file sends for a token.
fn secret(captures: &[Capture], id: &str) -> String {
    let mut lines = captures.iter().flat_map(|capture| &capture.request);
    let prefix = format!("Authorization: PVEAPIToken={id}=");
    let found = lines
        .find_map(|line| line.strip_prefix(&prefix).filter(|secret| is_uuid(secret) && !secret.starts_with("000")));
    found.unwrap_or("none-in-the-file").to_string()
}

/// The cluster that was captured: one host, two machines, a container.
fn fixture(release: LabRelease, captures: &[Capture]) -> Cluster {
    let text = String::from;
    let mut cluster = Cluster::bare(release);
    let address = "192.0.2.10".parse().unwrap();
    cluster.nodes.push(Node { name: text("pve"), address, online: true, fingerprint: text("00") });
    for (user, enable, expire) in [
        ("root@pam", true, 0),
        ("alice@pve", true, 0),
        ("bob@pve", true, 0),
        ("disabled@pve", false, 0),
        ("expired@pve", true, 1_000_000_000),
        ("totp@pve", true, 0),
    ] {
        let password = Some(password(captures, user));
        cluster.users.insert(text(user), User { enable, expire, password, ..User::default() });
    }
    let factor = Totp { id: uuid_like(), description: text("phone"), created: 1, secret: SEED.to_vec(), last: None };
    cluster.users.get_mut("totp@pve").unwrap().factors = SecondFactor { totp: vec![factor], ..SecondFactor::default() };
    for (user, name, privsep, expire) in [
        ("root@pam", "ci", false, 0),
        ("alice@pve", "full", false, 0),
        ("alice@pve", "priv", true, 0),
        ("alice@pve", "old", false, 1_000_000_000),
        ("alice@pve", "audit", true, 0),
        ("disabled@pve", "t1", false, 0),
    ] {
        let secret = secret(captures, &format!("{user}!{name}"));
        let token = Token { secret, privsep, expire, comment: None };
        cluster.users.get_mut(user).unwrap().tokens.insert(text(name), token);
    }
    for user in ["alice@pve", "totp@pve"] {
        cluster.grant("/", Subject::User, user, "PVEAdmin", true);
    }
    cluster.grant("/", Subject::Token, "alice@pve!audit", "PVEAuditor", true);
    let content = ["snippets", "iso", "rootdir", "images", "backup", "vztmpl", "import"].map(text);
    let old = release == LabRelease::V7_4_20;
    let content = content.into_iter().filter(|kind| !old || kind == "images" || kind == "rootdir");
    cluster.storages.push(Storage {
        name: text("local"),
        kind: text("dir"),
        content: content.collect(),
        shared: false,
        nodes: vec![],
        total: 1 << 38,
        used: 1 << 34,
        path: Some(text("/var/lib/vz")),
        volumes: vec![],
    });
    let bridge = Bridge {
        name: text("vmbr0"),
        node: text("pve"),
        cidr: None,
        ports: text(""),
        vlan_aware: false,
        comment: None,
    };
    cluster.bridges.push(bridge);
    for (id, name, is_container, template) in
        [(100, "web1", false, false), (200, "ct1", true, false), (9000, "tmpl", false, true)]
    {
        let mut guest = guest(id, name, is_container, template);
        if old && !is_container {
            guest.config.insert(text("memory"), json!(64));
        }
        cluster.guests.insert(id, guest);
    }
    cluster
}

fn uuid_like() -> String {
    "00000000-0000-4000-8000-000000000001".to_string()
}

fn guest(id: u32, name: &str, is_container: bool, template: bool) -> Guest {
    let config = if is_container {
        json!({
            "arch": "amd64", "cores": 1, "digest": "0", "hostname": name, "memory": 512, "ostype": "debian",
            "rootfs": format!("local:{id}/vm-{id}-disk-0.raw,size=4G"), "swap": 512, "unprivileged": 1,
        })
    } else {
        json!({
            "boot": "order=scsi0;net0", "digest": "0", "kvm": 0, "memory": "64", "meta": "creation-qemu=10", "name": name,
            "net0": "virtio=BC:24:11:00:00:00,bridge=vmbr0", "scsi0": format!("local:{id}/vm-{id}-disk-0.qcow2,size=1G"),
            "smbios1": "uuid=0", "vmgenid": uuid_like(),
        })
    };
    let config: BTreeMap<String, Value> = serde_json::from_value(config).unwrap();
    Guest {
        node: "pve".to_string(),
        is_container,
        name: name.to_string(),
        template,
        running: false,
        cores: 1,
        memory: if is_container { 512 << 20 } else { 64 << 20 },
        disk: if is_container { 4 << 30 } else { 1 << 30 },
        tags: None,
        config,
    }
}
