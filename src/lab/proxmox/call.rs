//! One call of the API: who asks, with which parameters, and how it is refused.
//!
//! Parameters are checked as PVE::JSONSchema does, with its words.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::release::LabRelease;
use super::cluster::{Cluster, is_realm_like, is_user_id, split_token};
use super::permissions;

/// Why a call is not answered with data.
#[derive(Debug, Clone)]
pub struct Failure {
    pub status: u16,
    /// What is in the status line and, in releases that have it, in `message`; its last newline included.
    pub message: String,
    /// By parameter.
    pub errors: BTreeMap<String, String>,
}

impl Failure {
    /// An exception of Perl: a 500 with its text.
    pub fn died(text: impl Into<String>) -> Failure {
        Failure { status: 500, message: format!("{}\n", text.into()), errors: BTreeMap::new() }
    }

    /// One wrong parameter.
    pub fn parameter(name: &str, text: impl Into<String>) -> Failure {
        Failure::parameters(BTreeMap::from([(name.to_string(), text.into())]))
    }

    pub fn parameters(errors: BTreeMap<String, String>) -> Failure {
        Failure { status: 400, message: "Parameter verification failed.\n".to_string(), errors }
    }

    /// A right is missing. Without a reason Proxmox names none.
    pub fn forbidden(why: Option<&str>) -> Failure {
        let message = match why {
            Some(why) => format!("Permission check failed ({why})\n"),
            None => "Permission check failed\n".to_string(),
        };
        Failure { status: 403, message, errors: BTreeMap::new() }
    }

    /// No such path, or not with this method.
    pub fn not_implemented(method: &str, path: &str) -> Failure {
        let message = format!("Method '{method} {path}' not implemented");
        Failure { status: 501, message, errors: BTreeMap::new() }
    }

    /// pveproxy did not reach whoever was to answer: another node, or its own root daemon on port 85.
    pub fn unreachable(why: &str) -> Failure {
        Failure { status: 595, message: why.to_string(), errors: BTreeMap::new() }
    }

    /// The other node shows a certificate that is not the one of `/etc/pve/nodes`: the words are OpenSSL's.
    pub fn link_broken() -> Failure {
        let message = "tls_process_server_certificate: certificate verify failed".to_string();
        Failure { status: 596, message, errors: BTreeMap::new() }
    }

    /// A login was refused; why is never told.
    pub fn login() -> Failure {
        Failure { status: 401, message: "authentication failure\n".to_string(), errors: BTreeMap::new() }
    }
}

pub type Answer = Result<Value, Failure>;

/// A call on its way: the cluster, who asks, and what came with it.
pub struct Call<'a> {
    pub cluster: &'a mut Cluster,
    /// A user, or a token by its full id; empty for a call that needs no login.
    pub who: String,
    pub params: BTreeMap<String, String>,
}

impl Call<'_> {
    pub fn release(&self) -> LabRelease {
        self.cluster.release
    }

    /// A parameter that is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(String::as_str)
    }

    /// A parameter that the schema has made sure of.
    pub fn text(&self, name: &str) -> String {
        self.params.get(name).cloned().unwrap_or_default()
    }

    pub fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(truth)
    }

    pub fn number(&self, name: &str) -> u64 {
        self.get(name).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    pub fn guest_id(&self) -> u32 {
        u32::try_from(self.number("vmid")).unwrap_or(0)
    }

    /// Whether the caller has one of the privileges.
    pub fn may(&self, path: &str, wanted: &[&str]) -> bool {
        permissions::any(self.cluster, &self.who, path, wanted)
    }

    /// Demands one of the privileges, and names path and privileges where it is missing.
    pub fn need(&self, path: &str, wanted: &[&str]) -> Result<(), Failure> {
        if self.may(path, wanted) {
            return Ok(());
        }
        Err(Failure::forbidden(Some(&format!("{path}, {}", wanted.join("|")))))
    }

    /// Starts a task that is over at once.
    pub fn task(&mut self, kind: &str, id: &str, outcome: Result<Vec<String>, String>) -> Value {
        let (node, who) = (self.text("node"), self.who.clone());
        json!(self.cluster.run_task(&node, kind, id, &who, outcome))
    }

    pub fn now(&self) -> u64 {
        self.cluster.now()
    }
}

/// What a parameter may hold.
pub enum Kind {
    Text,
    Bool,
    /// At least this.
    Int(i64),
    Words(&'static [&'static str]),
    /// Not longer than this.
    Short(usize),
    UserId,
    TokenName,
    TokenIds,
    GuestId,
    Privileges,
    Role,
    DnsName,
    /// At least as long as the release demands.
    NewPassword,
    Upid,
    /// The name of a network interface.
    Iface,
    /// `http://` or `https://` and something.
    Url,
}

/// A parameter of a call's schema.
pub struct Param {
    pub name: &'static str,
    pub kind: Kind,
    pub needed: bool,
}

/// A parameter that must be there.
pub fn need(name: &'static str, kind: Kind) -> Param {
    Param { name, kind, needed: true }
}

/// A parameter that may be there.
pub fn may(name: &'static str, kind: Kind) -> Param {
    Param { name, kind, needed: false }
}

/// Checks what was sent against the schema; all faults are told at once.
pub fn check(release: LabRelease, schema: &[Param], sent: &BTreeMap<String, String>) -> Result<(), Failure> {
    let mut errors = BTreeMap::new();
    for param in schema {
        match sent.get(param.name) {
            None if param.needed => {
                errors.insert(param.name.to_string(), "property is missing and it is not optional".to_string());
            }
            None => {}
            Some(value) => {
                if let Err(error) = fits(release, &param.kind, value) {
                    errors.insert(param.name.to_string(), error);
                }
            }
        }
    }
    for name in sent.keys().filter(|name| !schema.iter().any(|param| param.name == *name)) {
        let text = "property is not defined in schema and the schema does not allow additional properties";
        errors.insert(name.clone(), text.to_string());
    }
    if errors.is_empty() { Ok(()) } else { Err(Failure::parameters(errors)) }
}

fn fits(release: LabRelease, kind: &Kind, value: &str) -> Result<(), String> {
    let format = |text: String| Err(format!("invalid format - {text}\n"));
    match kind {
        Kind::Text => Ok(()),
        Kind::Bool if matches!(value, "0" | "1") => Ok(()),
        Kind::Bool => Err(format!("type check ('boolean') failed - got '{value}'")),
        Kind::Int(least) => match value.parse::<i64>() {
            Err(_) => Err(format!("type check ('integer') failed - got '{value}'")),
            Ok(number) if number < *least => Err(format!("value must have a minimum value of {least}")),
            Ok(_) => Ok(()),
        },
        Kind::Words(words) if words.contains(&value) => Ok(()),
        Kind::Words(words) => {
            Err(format!("value '{value}' does not have a value in the enumeration '{}'", words.join(", ")))
        }
        Kind::Short(most) if value.chars().count() <= *most => Ok(()),
        Kind::Short(most) => Err(format!("value may only be {most} characters long")),
        Kind::UserId if value.chars().count() < 3 => format(format!("user name '{value}' is too short")),
        Kind::UserId if value.chars().count() > 64 => format(format!("user name '{value}' is too long")),
        Kind::UserId if is_user_id(value) => Ok(()),
        Kind::UserId => format(format!("value '{value}' does not look like a valid user name")),
        Kind::TokenName if is_realm_like(value) => Ok(()),
        Kind::TokenName => Err("value does not match the regex pattern".to_string()),
        Kind::TokenIds => match list(value).find(|id| split_token(id).is_none()) {
            None => Ok(()),
            Some(id) => format(format!("value '{id}' does not look like a valid token ID")),
        },
        Kind::GuestId => match value.parse::<u32>() {
            Ok(100..=999_999_999) => Ok(()),
            _ => format("value does not look like a valid VM ID".to_string()),
        },
        Kind::Privileges => match list(value).find(|name| !release.knows(name)) {
            None => Ok(()),
            Some(name) => format(format!("invalid privilege '{name}'")),
        },
        Kind::Role if !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)) => {
            Ok(())
        }
        Kind::Role => format(format!("role name '{value}' contains invalid characters")),
        Kind::DnsName if is_dns_name(value) => Ok(()),
        Kind::DnsName => format("value does not look like a valid DNS name".to_string()),
        Kind::NewPassword => {
            let least = release.shortest_password();
            let long_enough = value.chars().count() >= least;
            if long_enough { Ok(()) } else { Err(format!("value must be at least {least} characters long")) }
        }
        Kind::Upid if value.split(':').count() == 9 && value.starts_with("UPID:") => Ok(()),
        Kind::Upid => Err("unable to parse worker upid".to_string()),
        Kind::Iface if is_interface(value) => Ok(()),
        Kind::Iface => format(format!("invalid network interface name '{value}'")),
        Kind::Url if value.starts_with("http://") || value.starts_with("https://") => Ok(()),
        Kind::Url => Err("value does not match the regex pattern".to_string()),
    }
}

/// A letter, then at least one letter, digit or `_`, and maybe a part of it behind `.` or `:` (pve-common JSONSchema.pm,
/// pve-iface).
fn is_interface(name: &str) -> bool {
    let (whole, part) = name.split_once(['.', ':']).unwrap_or((name, "0"));
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let fits = whole.starts_with(|c: char| c.is_ascii_alphabetic()) && whole.len() > 1 && whole.chars().all(word);
    fits && name.len() <= 20 && !part.is_empty() && part.chars().all(|c| c.is_ascii_digit())
}

fn is_dns_name(name: &str) -> bool {
    name.split('.').all(|label| {
        let inside = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !label.is_empty() && label.chars().all(inside) && !label.starts_with('-') && !label.ends_with('-')
    })
}

/// Proxmox's lists: separated by commas, semicolons or blanks.
pub fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', ' ', '\t', '\n', '\0']).filter(|part| !part.is_empty())
}

/// Whether a checked boolean is on.
pub fn truth(text: &str) -> bool {
    text == "1"
}

/// An object out of pairs, leaving out what is `None`.
pub fn object(pairs: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let pairs = pairs.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// 1 or 0, as Proxmox writes booleans.
pub fn bit(on: bool) -> Value {
    json!(u8::from(on))
}
