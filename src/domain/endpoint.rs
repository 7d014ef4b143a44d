//! Where a host answers: a name or address, and a port, in the one form that may reach the wire.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The port of Proxmox's API and web UI (pve-manager `bin/pveproxy`).
pub const PROXMOX_PORT: u16 = 8006;

/// A host as it may be resolved or contacted: an ASCII DNS name, an IPv4 address of four decimal parts, or an IPv6 address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// Lower-case ASCII (punycode for other letters), labels of letters, digits, `-` and `_`, without a trailing dot.
    Name(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl Host {
    /// The address, where the host is one and needs no resolving.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Host::Name(_) => None,
            Host::V4(a) => Some(IpAddr::V4(*a)),
            Host::V6(a) => Some(IpAddr::V6(*a)),
        }
    }
}

impl fmt::Display for Host {
    /// Without brackets; see [`Endpoint`] for the form that goes into a URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::V4(a) => a.fmt(f),
            Host::V6(a) => a.fmt(f),
        }
    }
}

/// A host and a port. It holds no user, path or scheme, so nothing of these can reach a URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    pub host: Host,
    pub port: u16,
}

impl Endpoint {
    /// `https://host:port`, always with the port, IPv6 in brackets, no trailing slash.
    pub fn url(&self) -> String {
        format!("https://{self}")
    }

    /// The host as it stands in a URL or before a port: IPv6 in brackets.
    pub fn bracketed_host(&self) -> String {
        match &self.host {
            Host::V6(a) => format!("[{a}]"),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Endpoint {
    /// `host:port`, IPv6 in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.bracketed_host(), self.port)
    }
}
