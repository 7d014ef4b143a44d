//! Proxmox's answers, read leniently: it writes numbers as strings and truths as 0 and 1, and not always the same way.
//!
//! What cannot be read is named by its place and never by its content.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

pub use super::lenient::Unreadable;
use super::lenient::{Flag, Hidden, Map, Rows, Word, data, shallow};
use crate::domain::observation::{GuestSeen, NodeSeen, Realm, StorageSeen};
use crate::domain::{Factors, Release, Secret, TokenId, UserId};

/// The body's `message`, for a host whose status line lost its words.
pub fn message(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Said {
        message: Word,
    }
    shallow(body).then_some(())?;
    serde_json::from_slice::<Said>(body).ok().map(|said| said.message.0.trim().to_owned())
}

/// What is wrong with which parameter, `tokenid: Token already exists.`, where the answer names any (PVE::JSONSchema).
pub fn faults(body: &[u8]) -> Vec<String> {
    #[derive(Deserialize)]
    struct Said {
        errors: Map<Word>,
    }
    let said = if shallow(body) { serde_json::from_slice::<Said>(body).ok() } else { None };
    let errors = said.map(|said| said.errors.0).unwrap_or_default();
    errors.into_iter().map(|(name, fault)| format!("{name}: {}", fault.0.trim())).collect()
}

/// `GET /version`.
pub fn release(body: &[u8]) -> Result<Release, Unreadable> {
    #[derive(Deserialize)]
    struct Version {
        version: Word,
    }
    let version: Version = data(body)?;
    version.version.0.parse().map_err(|_| Unreadable::Release)
}

/// What `POST /access/ticket` gave.
pub enum Login {
    /// The ticket, its CSRF token, and whose it is by the host's own spelling: a realm may not mind large and small letters.
    Ticket { user: Option<UserId>, ticket: Secret, csrf: Secret },
    /// A second factor is asked for.
    NeedsCode { challenge: Secret, factors: Factors },
}

/// `POST /access/ticket`.
pub fn login(body: &[u8]) -> Result<Login, Unreadable> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        username: Word,
        #[serde(default)]
        ticket: Hidden,
        #[serde(default, rename = "CSRFPreventionToken")]
        csrf: Hidden,
        #[serde(default, rename = "NeedTFA")]
        need_tfa: Flag,
    }
    let Answer { username, ticket, csrf, need_tfa }: Answer = data(body)?;
    let ticket = ticket.0.ok_or(Unreadable::Ticket)?;
    let challenged = ticket.reveal().starts_with(CHALLENGE);
    match (need_tfa.0 || challenged, csrf.0) {
        (true, _) => {
            let factors = factors(ticket.reveal()).ok_or(Unreadable::Ticket)?;
            Ok(Login::NeedsCode { challenge: ticket, factors })
        }
        // The old form of a challenge, which is never asked for, is nobody's ticket either.
        (false, Some(csrf)) if !ticket.reveal().starts_with("PVE:tfa!") => {
            Ok(Login::Ticket { user: username.0.parse().ok(), ticket, csrf })
        }
        (false, _) => Err(Unreadable::Ticket),
    }
}

/// A challenge begins so where a ticket has its user.
const CHALLENGE: &str = "PVE:!tfa!";

/// What a challenge offers: the JSON in `PVE:!tfa!{"totp"%3Atrue,"recovery"%3A[0,1]}:…`, whose colons are written as `%3A`
/// (proxmox-login `ticket.rs`).
fn factors(challenge: &str) -> Option<Factors> {
    let (json, _) = challenge.strip_prefix(CHALLENGE)?.split_once(':')?;
    let json = json.replace("%3A", ":").replace("%3a", ":");
    if !shallow(json.as_bytes()) {
        return None;
    }
    let offered: serde_json::Map<String, Value> = serde_json::from_str(&json).ok()?;
    let there = |name: &str| offered.get(name).is_some_and(|value| !is_nothing(value));
    // The places of the keys that are left; older releases said only whether there are any.
    let recovery = match offered.get("recovery") {
        Some(Value::Array(left)) => left.len(),
        Some(value) if !is_nothing(value) => 1,
        _ => 0,
    };
    Some(Factors {
        totp: there("totp"),
        recovery,
        yubico: there("yubico"),
        webauthn: there("webauthn") || there("u2f"),
    })
}

/// What Perl takes for false or empty.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::String(text) => matches!(text.as_str(), "" | "0" | "unavailable"),
        Value::Array(list) => list.is_empty(),
        Value::Bool(true) | Value::Object(_) => false,
    }
}

/// The new secret of a token: `POST` or `PUT /access/users/{userid}/token/{tokenid}`, held against the id that was asked for.
pub fn token_secret(body: &[u8], asked: &TokenId) -> Result<Secret, Unreadable> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default, rename = "full-tokenid")]
        id: Word,
        #[serde(default)]
        value: Hidden,
    }
    let Answer { id, value }: Answer = data(body)?;
    let whole = |value: &Secret| value.reveal().bytes().all(|byte| byte.is_ascii_graphic());
    value.0.filter(|value| id.0 == asked.to_string() && whole(value)).ok_or(Unreadable::Value)
}

/// Any whole answer, of a write that gives nothing back.
pub fn nothing(body: &[u8]) -> Result<(), Unreadable> {
    data::<IgnoredAny>(body).map(|_| ())
}

/// `GET /access/domains`.
pub fn realms(body: &[u8]) -> Result<Vec<Realm>, Unreadable> {
    #[derive(Deserialize)]
    struct Row {
        realm: Word,
        #[serde(rename = "type")]
        kind: Word,
        comment: Option<Word>,
        #[serde(default)]
        default: Flag,
        tfa: Option<Word>,
    }
    Ok(data::<Rows<Row>>(body)?
        .0
        .into_iter()
        .map(|row| Realm {
            name: row.realm.0,
            kind: row.kind.0,
            comment: row.comment.map(|word| word.0).filter(|text| !text.is_empty()),
            default: row.default.0,
            tfa: row.tfa.is_some_and(|word| !word.0.is_empty()),
        })
        .collect())
}

/// Path → privilege → whether it holds below.
pub type Permissions = BTreeMap<String, BTreeMap<String, bool>>;

/// The paths whose rights the whole tree tells without fail, be there an entry in the ACL or not. Where one of them is not in it
/// nothing is held there (pve-access-control `RPCEnvironment.pm` get_effective_permissions, the same in 7.4 and 9.2).
pub const ALWAYS_TOLD: [&str; 6] = ["/", "/access", "/nodes", "/sdn", "/storage", "/vms"];

/// `GET /access/permissions`, whole or of one path.
pub fn permissions(body: &[u8]) -> Result<Permissions, Unreadable> {
    let map: Option<Map<Option<Map<Flag>>>> = data(body)?;
    Ok(map
        .unwrap_or_default()
        .0
        .into_iter()
        .map(|(path, privileges)| {
            (path, privileges.unwrap_or_default().0.into_iter().map(|(name, below)| (name, below.0)).collect())
        })
        .collect())
}

/// `GET /access/roles/Administrator`: the names of its privileges.
pub fn privileges(body: &[u8]) -> Result<Vec<String>, Unreadable> {
    Ok(data::<Map<Flag>>(body)?.0.into_iter().filter(|(_, has)| has.0).map(|(name, _)| name).collect())
}

/// `GET /nodes`.
pub fn nodes(body: &[u8]) -> Result<Vec<NodeSeen>, Unreadable> {
    #[derive(Deserialize)]
    struct Row {
        node: Word,
        #[serde(default)]
        status: Word,
        maxcpu: Option<IgnoredAny>,
        ssl_fingerprint: Option<Word>,
    }
    Ok(data::<Rows<Row>>(body)?
        .0
        .into_iter()
        .map(|row| NodeSeen {
            name: row.node.0,
            online: row.status.0 == "online",
            audited: row.maxcpu.is_some(),
            fingerprint: row.ssl_fingerprint.and_then(|text| text.0.parse().ok()),
        })
        .collect())
}

/// `GET /cluster/resources?type=vm`. A guest without a name is called as Proxmox's own list calls it.
pub fn guests(body: &[u8]) -> Result<Vec<GuestSeen>, Unreadable> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(default)]
        vmid: Word,
        #[serde(default)]
        name: Word,
        #[serde(default)]
        node: Word,
        #[serde(default)]
        template: Flag,
        #[serde(default, rename = "type")]
        kind: Word,
    }
    Ok(data::<Rows<Row>>(body)?
        .0
        .into_iter()
        .filter_map(|row| {
            let container = match row.kind.0.as_str() {
                "qemu" => false,
                "lxc" => true,
                _ => return None,
            };
            let id = row.vmid.0.parse().ok()?;
            let name = match row.name.0 {
                name if !name.is_empty() => name,
                _ if container => format!("CT{id}"),
                _ => format!("VM {id}"),
            };
            Some(GuestSeen { id, name, node: row.node.0, template: row.template.0, container })
        })
        .collect())
}

/// `GET /nodes/{node}/storage`.
pub fn storages(body: &[u8], node: &str) -> Result<Vec<StorageSeen>, Unreadable> {
    #[derive(Deserialize)]
    struct Row {
        storage: Word,
        #[serde(default, rename = "type")]
        kind: Word,
        #[serde(default)]
        content: Word,
    }
    Ok(data::<Rows<Row>>(body)?
        .0
        .into_iter()
        .map(|row| StorageSeen {
            name: row.storage.0,
            node: node.to_owned(),
            kind: row.kind.0,
            content: row.content.0.split(',').map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect(),
        })
        .collect())
}

/// `GET /nodes/{node}/network?type=any_bridge`: the names, sorted.
pub fn bridges(body: &[u8]) -> Result<Vec<String>, Unreadable> {
    #[derive(Deserialize)]
    struct Row {
        iface: Word,
    }
    let mut names: Vec<String> = data::<Rows<Row>>(body)?.0.into_iter().map(|row| row.iface.0).collect();
    names.sort();
    Ok(names)
}

/// `GET /nodes/{node}/certificates/info`: the PEM of the cluster's CA, where it is listed.
pub fn cluster_ca(body: &[u8]) -> Result<Option<String>, Unreadable> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(default)]
        filename: Word,
        #[serde(default)]
        pem: Word,
    }
    Ok(data::<Rows<Row>>(body)?.0.into_iter().find(|row| row.filename.0 == "pve-root-ca.pem").map(|row| row.pem.0))
}

#[cfg(test)]
mod tests;
