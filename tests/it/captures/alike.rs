//! When two answers are alike: what is never the same twice is compared by what it is, not by its value.

use serde_json::{Value, json};

use crate::wire::Answer;

/// Names, order and values of headers, but for times and for the length, which the body has.
pub fn plain_headers(headers: &[(String, String)]) -> String {
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
pub fn unpacked(answer: &Answer) -> Vec<u8> {
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

pub fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
}

/// Whether a text of an answer is one that is never the same twice.
pub fn is_variable(text: &str) -> bool {
    let recovery = text.len() == 19 && text.split('-').all(|part| part.len() == 4);
    let csrf = text.len() == 52 && text.as_bytes()[8] == b':';
    is_uuid(text) || recovery || csrf || text.starts_with("PVE:") || text.starts_with("UPID:")
}

/// A body with what varies replaced by what it is, and the order of keys and rows made one.
pub fn plain_body(body: &str) -> String {
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
pub fn difference(text: &str, other: &str) -> String {
    let same = text.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let from = same.saturating_sub(120);
    text.chars().skip(from).take(400).collect()
}
