//! A server certificate as a person is shown it, read from its DER.

use std::fmt;
use std::net::IpAddr;

use crate::domain::Fingerprint;

/// Seconds since 1970, UTC. The pure part has no clock: "now" comes in as one of these.
pub type Timestamp = i64;

/// What a certificate says of itself. All texts are the host's own and are shown only through `visible`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub fingerprint: Fingerprint,
    /// SHA-256 over the public key (SubjectPublicKeyInfo): a renewed certificate may keep it.
    pub key: Fingerprint,
    /// The subject's common name, else the whole subject.
    pub subject: String,
    /// The issuer's organisation and common name, `PVE Cluster Manager CA`.
    pub issuer: String,
    /// Subject and issuer are equal.
    pub self_issued: bool,
    /// Alternative names, in the certificate's order.
    pub names: Vec<CertificateName>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub der: Der,
}

/// A name that a certificate is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateName {
    Dns(String),
    Ip(IpAddr),
}

impl fmt::Display for CertificateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CertificateName::Dns(name) => f.write_str(name),
            CertificateName::Ip(address) => address.fmt(f),
        }
    }
}

/// A certificate's bytes; its `Debug` says only how many.
#[derive(Clone, PartialEq, Eq)]
pub struct Der(pub Vec<u8>);

impl fmt::Debug for Der {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Der({} bytes)", self.0.len())
    }
}

/// What was agreed about a host's certificate, and with it what every later connection is held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Exactly this leaf. Its name and dates are not looked at; the handshake's signature is.
    Pin(Fingerprint),
    /// What this CA signed, under the name or address that is connected to. Holds the CA's DER.
    Ca(Der),
    /// What the system's CAs signed, under the name or address that is connected to.
    System,
    /// Anything. Whoever stands on the way can read what is sent.
    Unverified,
}
