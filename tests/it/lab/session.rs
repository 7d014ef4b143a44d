//! Whoever logs in to the lab by hand: raw requests over TLS, and their answers taken apart.

use std::io::{Read, Write};

use labwizard::lab::{Lab, LabConfig, LabRelease, LabUser, Scenario};
use serde_json::Value;

use crate::wire::connect;

/// A lab of that release, without waiting.
pub fn lab(release: LabRelease, scenario: Scenario) -> Lab {
    Lab::start_in_thread(LabConfig { release, scenario, ..LabConfig::quick() }).unwrap()
}

/// An answer.
pub struct Answer {
    /// Without `HTTP/1.1`: `200 OK`; empty where nothing came.
    pub status: String,
    /// As it came.
    pub body: String,
}

impl Answer {
    /// What is in `data`; `Null` where there is none.
    pub fn data(&self) -> Value {
        serde_json::from_str::<Value>(&self.body).map(|mut body| body["data"].take()).unwrap_or_default()
    }

    /// What is said of a parameter.
    pub fn error(&self, parameter: &str) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["errors"][parameter].as_str().unwrap_or_default().to_string()
    }
}

/// Every byte as `%XX`.
pub fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Sends one request, with a form as its body, or behind the path where a DELETE has to have it.
pub fn send(lab: &Lab, method: &str, path: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Answer {
    let form: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let form = form.join("&");
    let (query, body) = if matches!(method, "POST" | "PUT") { (String::new(), form) } else { (form, String::new()) };
    let mark = if query.is_empty() { "" } else { "?" };
    let mut text =
        format!("{method} /api2/json{path}{mark}{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!(
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            body.len()
        ));
    }
    let mut all = Vec::new();
    if let Ok(mut stream) = connect(lab)
        && stream.write_all(format!("{text}\r\n{body}").as_bytes()).is_ok()
    {
        // A cut connection ends without TLS's own goodbye.
        let _ = stream.read_to_end(&mut all);
    }
    let text = String::from_utf8_lossy(&all).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.lines().next().unwrap_or_default();
    Answer { status: status.trim_start_matches("HTTP/1.1 ").to_string(), body: body.to_string() }
}

/// `POST /access/ticket`, with `new-format` as a client should.
pub fn ticket(lab: &Lab, user: &str, password: &str, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![("username", user), ("password", password), ("new-format", "1")];
    form.extend(more);
    send(lab, "POST", "/access/ticket", &[], &form)
}

/// The ticket that the first step gives: a challenge where there is a second factor.
pub fn first_step(lab: &Lab, user: &LabUser) -> String {
    let answer = ticket(lab, &user.user, &user.password, &[]);
    assert_eq!(answer.status, "200 OK", "{}: {}", user.user, answer.body);
    answer.data()["ticket"].as_str().unwrap().to_string()
}

/// The second step, with its prefix: `totp:123456`.
pub fn second_step(lab: &Lab, user: &LabUser, challenge: &str, response: &str) -> Answer {
    ticket(lab, &user.user, response, &[("tfa-challenge", challenge)])
}

/// Somebody who is logged in.
pub struct Session<'a> {
    lab: &'a Lab,
    cookie: String,
    csrf: String,
}

impl<'a> Session<'a> {
    /// Logs in, with the app's code where one is asked for.
    pub fn of(lab: &'a Lab, user: &str) -> Session<'a> {
        let user = lab.user(user).unwrap();
        let mut answer = ticket(lab, &user.user, &user.password, &[]);
        if answer.data()["NeedTFA"] == 1 {
            let (challenge, code) = (answer.data()["ticket"].as_str().unwrap().to_string(), user.code_now().unwrap());
            answer = second_step(lab, &user, &challenge, &format!("totp:{code}"));
        }
        assert_eq!(answer.status, "200 OK", "{}: {}", user.user, answer.body);
        let data = answer.data();
        let text = |name: &str| data[name].as_str().unwrap().to_string();
        let cookie = format!("PVEAuthCookie={}", encoded(&text("ticket")));
        Session { lab, cookie, csrf: text("CSRFPreventionToken") }
    }

    pub fn ask(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let headers = [("Cookie", self.cookie.as_str()), ("CSRFPreventionToken", &self.csrf)];
        send(self.lab, method, path, &headers, form)
    }

    /// What goes with each write.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// The same with another CSRF token, or none.
    pub fn ask_with(&self, method: &str, path: &str, csrf: Option<&str>) -> Answer {
        let mut headers = vec![("Cookie", self.cookie.as_str())];
        headers.extend(csrf.map(|csrf| ("CSRFPreventionToken", csrf)));
        send(self.lab, method, path, &headers, &[])
    }
}

/// Asks with a token.
pub fn with_token(lab: &Lab, id: &str, secret: &str, path: &str) -> Answer {
    send(lab, "GET", path, &[("Authorization", &format!("PVEAPIToken={id}={secret}"))], &[])
}
