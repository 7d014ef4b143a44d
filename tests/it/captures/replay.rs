//! Sends captured requests to a lab: with its own tickets, secrets and codes where the capture has others.

use std::time::Duration;

use labwizard::lab::proxmox::auth;
use labwizard::lab::proxmox::tfa::{base32, totp_code};
use labwizard::lab::{Lab, LabConfig, LabRelease};
use serde_json::Value;

use super::alike::{difference, is_variable, plain_body, plain_headers, unpacked};
use super::file::Capture;
use super::fixture::fixture;
use crate::wire::{self, Answer, Wire};

/// The lab, and how the names of a file's variables are spelled there.
pub struct Replay {
    lab: Lab,
    /// As captured, and as the lab says it: secrets, tickets, CSRF tokens, task ids, recovery keys.
    names: Vec<(String, String)>,
    connection: Option<Box<dyn Wire>>,
    last_code: String,
}

/// The time code's secret of everybody in the replay.
pub const SEED: &[u8] = b"a secret of the tests";

impl Replay {
    pub fn new(release: LabRelease, captures: &[Capture]) -> Replay {
        let config = LabConfig { release, ..LabConfig::quick() };
        let lab = Lab::start_in_thread(config).unwrap();
        lab.change(|cluster| {
            let certificates = std::mem::take(&mut cluster.certificates);
            *cluster = fixture(release, captures);
            cluster.certificates = certificates;
        });
        Replay { lab, names: Vec::new(), connection: None, last_code: String::new() }
    }

    pub fn compare(&mut self, capture: &Capture) -> Result<(), String> {
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

    /// A connection that says nothing is closed, before its first request and after one: here after less than Proxmox's 5 s.
    fn idle(&self, capture: &Capture) -> Result<(), String> {
        let waits = LabConfig::default().idle;
        let config = LabConfig { idle: Duration::from_millis(100), ..LabConfig::quick() };
        let lab = Lab::start_in_thread(config).unwrap();
        let mut connection = wire::connect(&lab).unwrap();
        if capture.name.contains("keep-alive") {
            let answer = wire::exchange(connection.as_mut(), b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            assert_eq!(answer.header("Connection"), Some("Keep-Alive"));
        }
        match connection.read(&mut [0; 1]) {
            Ok(0) if waits == Duration::from_secs(5) => Ok(()),
            other => Err(format!("  closed after {waits:?} of silence, here with {other:?}")),
        }
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

fn percent_encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { (byte as char).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn percent_decode(text: &str) -> String {
    labwizard::lab::http::percent_decode(text, false)
}
