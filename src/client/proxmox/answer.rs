//! Proxmox's answers, read leniently: it writes numbers as strings and truths as 0 and 1, and not always the same way.
//!
//! What cannot be read is named by its place and never by its content.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

pub use super::lenient::Unreadable;
use super::lenient::{Flag, Map, Rows, Word, data, shallow};
use crate::domain::observation::{GuestSeen, NodeSeen, Realm, StorageSeen};
use crate::domain::{Release, Secret};

/// The body's `message`, for a host whose status line lost its words.
pub fn message(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Said {
        message: Word,
    }
    shallow(body).then_some(())?;
    serde_json::from_slice::<Said>(body).ok().map(|said| said.message.0.trim().to_owned())
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
    Ticket(Secret),
    /// A second factor is asked for; the kinds that the host offers, `totp, recovery`.
    NeedsFactor(String),
}

/// `POST /access/ticket`.
pub fn login(body: &[u8]) -> Result<Login, Unreadable> {
    #[derive(Deserialize)]
    struct Ticket {
        ticket: String,
        #[serde(default, rename = "NeedTFA")]
        need_tfa: Flag,
    }
    let Ticket { ticket, need_tfa }: Ticket = data(body)?;
    let ticket = Secret::new(ticket);
    if need_tfa.0 {
        return Ok(Login::NeedsFactor(factors(ticket.reveal())));
    }
    Ok(Login::Ticket(ticket))
}

/// The kinds of factor in a challenge, `PVE:!tfa!{"totp"%3Atrue}:…`: those of the known names that it holds.
fn factors(challenge: &str) -> String {
    const KINDS: [&str; 5] = ["totp", "recovery", "webauthn", "u2f", "yubico"];
    KINDS.into_iter().filter(|kind| challenge.contains(&format!("\"{kind}\""))).collect::<Vec<_>>().join(", ")
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
mod tests {
    use super::*;

    #[test]
    fn truths_and_numbers_are_read_in_every_form_that_proxmox_writes() {
        let body = br#"{"data":[{"vmid":"100","template":"1","type":"qemu","node":"pve"},{"vmid":200,"template":0,"type":"lxc","name":"ct","node":"pve"},{"type":"qemu"},{"type":"node"}]}"#;
        let seen = guests(body).unwrap();
        assert_eq!(seen.len(), 2);
        assert_eq!(
            (seen[0].id, seen[0].name.as_str(), seen[0].template, seen[0].container),
            (100, "VM 100", true, false)
        );
        assert!(!seen[1].template && seen[1].container);
    }

    #[test]
    fn a_token_without_rights_is_read_as_no_paths_at_all() {
        for body in [&br#"{"data":{}}"#[..], br#"{"data":[]}"#, br#"{"data":null}"#] {
            assert!(permissions(body).unwrap().is_empty());
        }
        let some = permissions(br#"{"data":{"/vms":{"VM.Audit":1,"VM.Clone":"0"}}}"#).unwrap();
        assert_eq!((some["/vms"]["VM.Audit"], some["/vms"]["VM.Clone"]), (true, false));
    }

    #[test]
    fn what_cannot_be_read_is_named_by_place_and_not_by_content() {
        let canary = "c4n4ry-c4n4ry";
        for body in [
            format!(r#"{{"data":"{canary}"}}"#),
            format!(r#"{{"data":[{{"node":["{canary}"]}}]}}"#),
            format!(r#"{{"data":[{{"{canary}":1}}]}}"#),
            format!("<html>{canary}</html>"),
            format!(r#"{{"data":[{{"node":"{canary}"#),
            format!(r#"{{"data":{{"{canary}":1}}}}"#),
        ] {
            let said = nodes(body.as_bytes()).unwrap_err();
            assert!(!format!("{said} {said:?}").contains(canary), "{said:?}");
        }
    }

    #[test]
    fn a_challenge_names_its_factors_and_is_no_ticket() {
        let body = br#"{"data":{"NeedTFA":1,"ticket":"PVE:!tfa!{\"totp\"%3Atrue,\"recovery\"%3A\"x\"}:0:sig"}}"#;
        let Ok(Login::NeedsFactor(kinds)) = login(body) else { panic!("a challenge was taken for a ticket") };
        assert_eq!(kinds, "totp, recovery");
    }

    #[test]
    fn releases_and_realms_are_read() {
        assert_eq!(release(br#"{"data":{"version":"7.4-20","release":"7.4"}}"#), Ok(Release::new(7, 4, 20)));
        let all = realms(br#"{"data":[{"realm":"pam","type":"pam","comment":"Linux"},{"realm":"pve","type":"pve","tfa":"oath","default":1}]}"#);
        let all = all.unwrap();
        assert!(!all[0].tfa && all[1].tfa && all[1].default);
        assert!(message(br#"{"data":null,"message":"no such user\n"}"#).is_some_and(|m| m == "no such user"));
    }
}
