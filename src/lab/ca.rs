//! The cluster's own CA and the certificate of a node, shaped as pve-cluster makes them, fresh at every start.
//!
//! Proxmox signs with RSA (4096 bits for the CA, 2048 for a node). Nothing here can make RSA keys, so these are P-256;
//! names, extensions, lifetimes and the chain (leaf only) are Proxmox's (pve-cluster Cluster/Setup.pm).

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};

use super::release::LabRelease;

const DAY: u64 = 24 * 60 * 60;
/// How long a cluster's CA is good, in days (pve-cluster Cluster/Setup.pm).
const TEN_YEARS: u64 = 3650;

/// What was made: the certificate, and what `/nodes/{node}/certificates/info` tells of it.
#[derive(Clone, Debug)]
pub struct Issued {
    pub pem: String,
    pub der: Vec<u8>,
    /// As OpenSSL writes it in one line: `/OU=PVE Cluster Node/O=Proxmox Virtual Environment/CN=pve.lan`.
    pub subject: String,
    pub issuer: String,
    pub not_before: u64,
    pub not_after: u64,
    pub san: Vec<String>,
}

impl Issued {
    /// SHA-256 over the certificate, upper case with colons, as Proxmox shows it.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.der)
    }
}

/// SHA-256 of a certificate's bytes: 32 pairs of upper-case digits, joined by colons.
pub fn fingerprint(der: &[u8]) -> String {
    let mut text = String::with_capacity(95);
    for byte in Sha256::digest(der) {
        let colon = if text.is_empty() { "" } else { ":" };
        let _ = write!(text, "{colon}{byte:02X}");
    }
    text
}

/// A CA with its key, which never leaves the memory.
pub struct Authority {
    pub issued: Issued,
    issuer: Arc<Issuer<'static, KeyPair>>,
}

/// A leaf with its key, ready to be served.
pub struct Leaf {
    pub issued: Issued,
    key: Vec<u8>,
}

impl Leaf {
    /// The chain as it is served (Proxmox sends the leaf alone) and its key.
    pub fn for_tls(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        (vec![CertificateDer::from(self.issued.der.clone())], key)
    }

    /// The same certificate with the key of another: what somebody has who copied only what is public.
    pub fn with_key_of(&self, other: &Leaf) -> Leaf {
        Leaf { issued: self.issued.clone(), key: other.key.clone() }
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn failed(error: rcgen::Error) -> std::io::Error {
    std::io::Error::other(error)
}

fn name(parts: &[(DnType, &str)]) -> (DistinguishedName, String) {
    let mut dn = DistinguishedName::new();
    let mut line = String::new();
    for (kind, value) in parts {
        let short = match kind {
            DnType::OrganizationalUnitName => "OU",
            DnType::OrganizationName => "O",
            DnType::CountryName => "C",
            _ => "CN",
        };
        let _ = write!(line, "/{short}={value}");
        dn.push(kind.clone(), *value);
    }
    (dn, line)
}

fn params(dn: DistinguishedName, not_before: u64, not_after: u64) -> CertificateParams {
    let moment = |seconds| rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds);
    let mut params = CertificateParams::default();
    params.distinguished_name = dn;
    params.not_before = moment(not_before);
    params.not_after = moment(not_after);
    params.serial_number = Some(SerialNumber::from_slice(&uuid::Uuid::new_v4().as_bytes()[..8]));
    params.use_authority_key_identifier_extension = true;
    params
}

impl Authority {
    /// The CA of a cluster: `CN=Proxmox Virtual Environment, OU=<uuid>, O=PVE Cluster Manager CA`, ten years.
    pub fn of_cluster(release: LabRelease) -> std::io::Result<Authority> {
        let unit = uuid::Uuid::new_v4().to_string();
        Authority::named(release, &unit)
    }

    /// The same with a unit of one's choice: another cluster's CA may copy every name.
    pub fn named(release: LabRelease, unit: &str) -> std::io::Result<Authority> {
        Authority::with(&of_cluster(unit), release.ca_says_its_use(), TEN_YEARS)
    }

    /// The CA of a cluster that ends after so many days from now.
    pub fn ending(release: LabRelease, days: u64) -> std::io::Result<Authority> {
        let unit = uuid::Uuid::new_v4().to_string();
        Authority::with(&of_cluster(&unit), release.ca_says_its_use(), days)
    }

    /// A CA as a public one looks.
    pub fn public() -> std::io::Result<Authority> {
        let parts =
            [(DnType::CountryName, "US"), (DnType::OrganizationName, "Lab Encrypt"), (DnType::CommonName, "LE7")];
        Authority::with(&parts, true, TEN_YEARS)
    }

    fn with(parts: &[(DnType, &str)], says_its_use: bool, days: u64) -> std::io::Result<Authority> {
        let (dn, subject) = name(parts);
        // What ends soon was made ten years before its end.
        let until = now() + days * DAY;
        let from = (until - TEN_YEARS * DAY).min(now() - DAY);
        let mut params = params(dn, from, until);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        if says_its_use {
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        }
        let key = KeyPair::generate().map_err(failed)?;
        let made = params.self_signed(&key).map_err(failed)?;
        let issued = Issued {
            pem: made.pem(),
            der: made.der().to_vec(),
            issuer: subject.clone(),
            subject,
            not_before: from,
            not_after: until,
            san: Vec::new(),
        };
        Ok(Authority { issued, issuer: Arc::new(Issuer::new(params, key)) })
    }

    /// The same CA with the same key.
    pub fn share(&self) -> Authority {
        Authority { issued: self.issued.clone(), issuer: Arc::clone(&self.issuer) }
    }

    /// The unit in the CA's name: the uuid of the cluster.
    pub fn unit(&self) -> &str {
        self.issued.subject.split('/').find_map(|part| part.strip_prefix("OU=")).unwrap_or_default()
    }

    /// The certificate of a node: two years, serverAuth, loopback and the node's names and address.
    pub fn node(&self, node: &str, address: IpAddr) -> std::io::Result<Leaf> {
        let full = format!("{node}.lan");
        self.leaf(&of_node(&full), &self.node_names(node, address), now() - DAY, now() + 730 * DAY)
    }

    /// The same with a common name of one's choice.
    pub fn node_called(&self, common_name: &str, node: &str, address: IpAddr) -> std::io::Result<Leaf> {
        self.leaf(&of_node(common_name), &self.node_names(node, address), now() - DAY, now() + 730 * DAY)
    }

    /// The same, but its two years ended a month ago.
    pub fn expired_node(&self, node: &str, address: IpAddr) -> std::io::Result<Leaf> {
        let full = format!("{node}.lan");
        self.leaf(&of_node(&full), &self.node_names(node, address), now() - 760 * DAY, now() - 30 * DAY)
    }

    /// The same, but its two years end after so many days.
    pub fn ending_node(&self, node: &str, address: IpAddr, days: u64) -> std::io::Result<Leaf> {
        let full = format!("{node}.lan");
        let until = now() + days * DAY;
        self.leaf(&of_node(&full), &self.node_names(node, address), until - 730 * DAY, until)
    }

    /// A certificate for a node that names only these host names and addresses.
    pub fn node_for(&self, common_name: &str, names: &[&str]) -> std::io::Result<Leaf> {
        let names: Vec<_> = names.iter().map(|name| san(name)).collect::<Result<_, _>>()?;
        self.leaf(&of_node(common_name), &names, now() - DAY, now() + 730 * DAY)
    }

    /// A certificate for one name as public CAs give it: ninety days, and nothing but the name.
    pub fn site(&self, name: &str) -> std::io::Result<Leaf> {
        self.leaf(&[(DnType::CommonName, name)], &[san(name)?], now() - DAY, now() + 90 * DAY)
    }

    fn node_names(&self, node: &str, address: IpAddr) -> Vec<SanType> {
        let dns = |name: &str| san(name).ok();
        [
            Some(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST))),
            Some(SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST))),
            dns("localhost"),
            Some(SanType::IpAddress(address)),
            dns(node),
            dns(&format!("{node}.lan")),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn leaf(&self, parts: &[(DnType, &str)], names: &[SanType], from: u64, until: u64) -> std::io::Result<Leaf> {
        let (dn, subject) = name(parts);
        let mut params = params(dn, from, until);
        params.is_ca = IsCa::ExplicitNoCa;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.subject_alt_names = names.to_vec();
        let key = KeyPair::generate().map_err(failed)?;
        let made = params.signed_by(&key, &self.issuer).map_err(failed)?;
        let san = names.iter().map(|name| match name {
            SanType::IpAddress(address) => address.to_string(),
            SanType::DnsName(name) => name.as_str().to_string(),
            _ => String::new(),
        });
        let issued = Issued {
            pem: made.pem(),
            der: made.der().to_vec(),
            subject,
            issuer: self.issued.subject.clone(),
            not_before: from,
            not_after: until,
            san: san.collect(),
        };
        Ok(Leaf { issued, key: key.serialize_der() })
    }
}

/// The subject of a cluster's CA.
fn of_cluster(unit: &str) -> [(DnType, &str); 3] {
    [
        (DnType::CommonName, "Proxmox Virtual Environment"),
        (DnType::OrganizationalUnitName, unit),
        (DnType::OrganizationName, "PVE Cluster Manager CA"),
    ]
}

/// The subject of a node's certificate.
fn of_node(common_name: &str) -> [(DnType, &str); 3] {
    [
        (DnType::OrganizationalUnitName, "PVE Cluster Node"),
        (DnType::OrganizationName, "Proxmox Virtual Environment"),
        (DnType::CommonName, common_name),
    ]
}

fn san(name: &str) -> std::io::Result<SanType> {
    match name.parse() {
        Ok(address) => Ok(SanType::IpAddress(address)),
        Err(_) => Ok(SanType::DnsName(name.try_into().map_err(failed)?)),
    }
}
