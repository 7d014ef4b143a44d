//! What a lab was sent: which secret may go where, and whether one went anywhere else.

use labwizard::lab::{Lab, Received};

use super::Needles;

/// A request taken apart: its head without the lines that sign in, what these say, and its form.
struct Parts {
    head: String,
    signing: Vec<(String, String)>,
    form: Vec<(String, String)>,
}

fn parts(request: &Received) -> Parts {
    let text = String::from_utf8_lossy(&request.raw).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut parts = Parts { head: String::new(), signing: Vec::new(), form: Vec::new() };
    for line in head.lines() {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        match name.to_ascii_lowercase().as_str() {
            "authorization" | "cookie" | "csrfpreventiontoken" => {
                parts.signing.push((name.to_ascii_lowercase(), plain(value.trim())));
            }
            _ => parts.head += &format!("{line}\n"),
        }
    }
    let fields = body.split('&').filter_map(|pair| pair.split_once('='));
    parts.form = fields.map(|(name, value)| (name.to_owned(), plain(value))).collect();
    parts
}

/// Without percent signs.
fn plain(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = tail.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn is_login(request: &Received) -> bool {
    request.method == "POST" && request.path.ends_with("/access/ticket")
}

/// The part of a ticket, a challenge or a CSRF token that nobody could guess: what is signed names user and time.
fn unguessable(text: &str) -> String {
    text.rsplit(':').next().unwrap_or_default().to_owned()
}

/// The secrets that were sent and that nobody knew beforehand: challenges, tickets, CSRF tokens, secrets of tokens.
pub fn learned(lab: &Lab) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for request in lab.received() {
        let parts = parts(&request);
        for (name, value) in parts.signing {
            match name.as_str() {
                "authorization" => all.push(("token", value.rsplit('=').next().unwrap_or_default().to_owned())),
                "cookie" => all.push(("ticket", unguessable(&value))),
                _ => all.push(("csrf", unguessable(&value))),
            }
        }
        let challenges = parts.form.iter().filter(|(name, _)| name == "tfa-challenge");
        all.extend(challenges.map(|(_, value)| ("challenge", unguessable(value))));
    }
    all.sort();
    all.dedup();
    all
}

/// Where each secret may go: the password, the code, and a ticket that is renewed into the password of a login; the challenge
/// beside a code; tickets, CSRF tokens and tokens into their headers. Anything else is told.
pub fn leaks(lab: &Lab, needles: &Needles<'_>) -> Vec<String> {
    lab.received().iter().flat_map(|request| leaks_of(request, needles)).collect()
}

fn leaks_of(request: &Received, needles: &Needles<'_>) -> Vec<String> {
    let Parts { head, signing, form } = parts(request);
    let mut leaks = Vec::new();
    let mut hold = |place: String, text: &str, allowed: &[&str]| {
        // Nothing is allowed in plain text.
        let bad = needles.found_in(text.as_bytes()).into_iter().filter(|name| !request.tls || !allowed.contains(name));
        leaks.extend(bad.map(|name| format!("sent in {place} of {} {}: {name}", request.method, request.path)));
    };
    hold("the head".into(), &head, &[]);
    for (name, value) in &signing {
        let own: &[&str] = match name.as_str() {
            "authorization" => &["token", "old"],
            "cookie" => &["ticket"],
            _ => &["csrf"],
        };
        hold(name.clone(), value, own);
    }
    for (name, value) in &form {
        let own: &[&str] = match name.as_str() {
            "password" if is_login(request) => &["password", "code", "recovery", "ticket"],
            "tfa-challenge" if is_login(request) => &["challenge"],
            _ => &[],
        };
        hold(format!("the field {name}"), value, own);
    }
    leaks
}

/// The check can fail: each secret in a place that is not its own.
#[test]
fn a_secret_in_a_place_that_is_not_its_own_is_told() {
    let secrets = ["4f1c9a2be07d", "b83d5510fe6a", "c0a7e4419d2f", "d92be61f7a30"];
    let names = ["password", "ticket", "csrf", "token"];
    let needles = Needles::of(names.into_iter().zip(secrets));
    let request = |method: &str, path: &str, raw: &str| Received {
        connection: 0,
        method: method.into(),
        path: path.into(),
        had_authorization: true,
        tls: true,
        raw: raw.as_bytes().to_vec(),
    };
    let login = "/api2/json/access/ticket";
    let good = request("POST", login, "POST /x HTTP/1.1\r\nCookie: a=b83d5510fe6a\r\n\r\npassword=4f1c%39a2be07d");
    assert_eq!(leaks_of(&good, &needles), Vec::<String>::new());
    for (bad, what) in [
        (request("GET", "/", "GET /?x=d92be61f7a30 HTTP/1.1\r\nHost: x\r\n\r\n"), "token"),
        (request("GET", "/", "GET / HTTP/1.1\r\nAuthorization: x=b83d5510fe6a\r\n\r\n"), "ticket"),
        (request("GET", "/", "GET / HTTP/1.1\r\nCookie: x=d92be61f7a30\r\n\r\n"), "token"),
        (request("POST", "/users", "POST / HTTP/1.1\r\nHost: x\r\n\r\npassword=4f1c%39a2be07d"), "password"),
        (request("POST", login, "POST / HTTP/1.1\r\nHost: x\r\n\r\ncomment=c0a7e4419d2f"), "csrf"),
        (Received { tls: false, ..good }, "password"),
    ] {
        let told = leaks_of(&bad, &needles);
        assert!(told.iter().any(|leak| leak.ends_with(what)), "{what}: {told:?}");
    }
}
