//! What a person types or pastes as a host, taken apart: the place to ask, and what was left away.
//!
//! Nothing here is sent anywhere, and what looks like a secret never becomes an [`Endpoint`] nor part of an error's words.

mod address;
mod error;
mod secret;
mod words;

pub use error::{AddressProblem, HostError};

use crate::domain::paste::{self, Known};
use crate::domain::{Endpoint, Host, PROXMOX_PORT};
use address::read_host;
use secret::secret_in;
use words::{clean, one_address, split};

/// What was typed as host, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostInput {
    /// The places to try: one where a port was named, else 8006 and 443, in this order.
    pub endpoints: Vec<Endpoint>,
    /// What was left away or taken differently, a sentence each.
    pub notes: Vec<String>,
    /// In words what will be asked: `pve.lan, port 8006 or 443`.
    pub understood: String,
    pub kind: HostKind,
}

/// Which product an address looks like. What it is, only the host can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostKind {
    Proxmox,
    LooksLikeUnifi,
    /// Port 8007 is that of Proxmox Backup Server.
    LooksLikeBackupServer,
}

/// Takes apart what was typed or pasted as a host.
pub fn parse_host(text: &str) -> Result<HostInput, HostError> {
    let mut notes = Vec::new();
    let cleaned = clean(text, &mut notes);
    if cleaned.is_empty() {
        return Err(HostError::Empty);
    }
    if let Some(what) = secret_in(&cleaned) {
        let read = paste::parse_paste(text, Known::default());
        let uuid = read.secret.as_ref().is_some_and(|secret| {
            use paste::SecretProblem::{Group, Length, Letter, Truncated};
            matches!(secret.problem(), None | Some(Truncated { .. } | Group { .. } | Length(_) | Letter { .. }))
        });
        let paste = (read.name.is_some() || uuid).then(|| Box::new(read));
        return Err(HostError::IsASecret { what, paste });
    }
    if let Some(what) = paste::placeholder(&cleaned).filter(|what| !what.contains("documents use")) {
        return Err(HostError::Placeholder(what));
    }
    let one = one_address(&cleaned, &mut notes)?;
    let address = split(&one, &mut notes)?;
    let (host, shown) = read_host(address.host, &mut notes)?;
    let port = match address.port {
        Some(22) => {
            notes.push("Port 22 is SSH's; Proxmox's own is tried.".into());
            None
        }
        other => other,
    };
    let kind = kind(&host, port, address.path);
    let ports = port.map_or(vec![PROXMOX_PORT, 443], |port| vec![port]);
    let words: Vec<String> = ports.iter().map(u16::to_string).collect();
    Ok(HostInput {
        understood: format!("{shown}, port {}", words.join(" or ")),
        endpoints: ports.into_iter().map(|port| Endpoint { host: host.clone(), port }).collect(),
        notes,
        kind,
    })
}

/// Ports and names that UniFi's controllers and consoles have of their own.
fn kind(host: &Host, port: Option<u16>, path: &str) -> HostKind {
    let first = match host {
        Host::Name(name) => name.split('.').next().unwrap_or(name),
        _ => "",
    };
    let unifi_name =
        matches!(first, "unifi" | "udm" | "unvr" | "ucg") || matches!(host, Host::Name(n) if n.ends_with(".ui.com"));
    let unifi_path = ["/proxy/network", "/network/default", "/manage"].iter().any(|p| path.starts_with(p));
    match port {
        Some(8007) => HostKind::LooksLikeBackupServer,
        Some(8443 | 11443) => HostKind::LooksLikeUnifi,
        None | Some(443) if unifi_name || unifi_path => HostKind::LooksLikeUnifi,
        _ => HostKind::Proxmox,
    }
}

#[cfg(test)]
mod tests;
