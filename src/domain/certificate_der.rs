//! Certificates read from what a host sends: for a person to look at, and a CA's shape for those who will check with it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use x509_cert::der::asn1::{ObjectIdentifier, OctetString};
use x509_cert::der::{Decode, Encode, Tag, Tagged};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, SubjectAltName};
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::domain::{Certificate, CertificateName, Der, Fingerprint, Timestamp};

/// Why a certificate could not be read. It holds nothing of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    #[error("what the host showed is not a certificate (X.509, DER)")]
    NotACertificate,
    #[error("there is no certificate in this text: it would begin with “-----BEGIN CERTIFICATE-----”")]
    NoPem,
    #[error("the certificate in this text is damaged: what stands between BEGIN and END cannot be read")]
    DamagedPem,
    #[error("this is a private key, not a certificate; labwizard needs no private key")]
    PrivateKey,
}

impl Certificate {
    /// Reads one certificate. Names that cannot be read are left out; the bytes stay as they are in `der`.
    pub fn from_der(der: &[u8]) -> Result<Certificate, CertificateError> {
        let parsed = parse(der)?;
        let body = parsed.tbs_certificate();
        let key = body.subject_public_key_info().to_der().map_err(|_| CertificateError::NotACertificate)?;
        Ok(Certificate {
            fingerprint: Fingerprint::of(der),
            key: Fingerprint::of(&key),
            subject: subject(body.subject()),
            issuer: issuer(body.issuer()),
            self_issued: body.subject() == body.issuer(),
            names: names(&parsed),
            not_before: seconds(&body.validity().not_before),
            not_after: seconds(&body.validity().not_after),
            der: Der(der.to_vec()),
        })
    }

    /// Whether `now` lies within the certificate's validity.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        (self.not_before..=self.not_after).contains(&now)
    }
}

/// A certificate as PEM, written anew from its bytes: text and further blocks around it do not come along.
pub fn pem_of(der: &Der) -> String {
    use x509_cert::der::pem::{LineEnding, encode_string};
    // Only a buffer that is too small fails, and this one grows.
    encode_string("CERTIFICATE", LineEnding::LF, &der.0).unwrap_or_default()
}

/// The certificates of a PEM text, each as DER, in their order. Text around them is left away.
pub fn certificates_from_pem(text: &str) -> Result<Vec<Der>, CertificateError> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(BEGIN) {
        let block = &rest[start..];
        let end = block.find(END).ok_or(CertificateError::DamagedPem)? + END.len();
        // Line ends and indents differ where a PEM was pasted; the decoder wants lines of equal length.
        let inside: String = block[BEGIN.len()..end - END.len()].split_whitespace().collect();
        let mut lines = String::from(BEGIN);
        for (i, c) in inside.chars().enumerate() {
            if i % 64 == 0 {
                lines.push('\n');
            }
            lines.push(c);
        }
        lines.push('\n');
        lines.push_str(END);
        lines.push('\n');
        let (_, der) = x509_cert::der::pem::decode_vec(lines.as_bytes()).map_err(|_| CertificateError::DamagedPem)?;
        parse(&der)?;
        found.push(Der(der));
        rest = &block[end..];
    }
    match found.is_empty() {
        false => Ok(found),
        true if text.contains("PRIVATE KEY-----") => Err(CertificateError::PrivateKey),
        true => Err(CertificateError::NoPem),
    }
}

/// What a public key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Rsa {
        bits: usize,
    },
    Ec {
        bits: usize,
    },
    Ed25519,
    Ed448,
    /// One that this program knows no name for.
    Other,
}

/// What a CA certificate says of itself that strict checkers look at. Python 3.13 and later refuses a CA without key usage,
/// as Proxmox made them before pve-cluster 9.1.2 (pve-cluster `Setup.pm`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaShape {
    /// `basicConstraints` says CA:TRUE.
    pub ca: bool,
    /// `basicConstraints` is marked critical, as RFC 5280 wants it of a CA.
    pub critical: bool,
    /// How many CAs may stand below this one, where it says so.
    pub path_length: Option<u8>,
    /// `keyUsage` is there at all.
    pub has_key_usage: bool,
    /// `keyUsage` is there and allows to sign certificates.
    pub may_sign: bool,
    pub key: KeyKind,
    pub self_issued: bool,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

/// Reads a CA's shape. It judges nothing.
pub fn ca_shape(der: &[u8]) -> Result<CaShape, CertificateError> {
    let parsed = parse(der)?;
    let body = parsed.tbs_certificate();
    let basic = body.get_extension::<BasicConstraints>().ok().flatten();
    let usage = body.get_extension::<KeyUsage>().ok().flatten();
    Ok(CaShape {
        ca: basic.as_ref().is_some_and(|(_, b)| b.ca),
        critical: basic.as_ref().is_some_and(|(critical, _)| *critical),
        path_length: basic.as_ref().and_then(|(_, b)| b.path_len_constraint),
        has_key_usage: usage.is_some(),
        may_sign: usage.is_some_and(|(_, u)| u.key_cert_sign()),
        key: key_kind(body.subject_public_key_info()),
        self_issued: body.subject() == body.issuer(),
        not_before: seconds(&body.validity().not_before),
        not_after: seconds(&body.validity().not_after),
    })
}

fn parse(der: &[u8]) -> Result<x509_cert::Certificate, CertificateError> {
    x509_cert::Certificate::from_der(der).map_err(|_| CertificateError::NotACertificate)
}

fn seconds(time: &x509_cert::time::Time) -> Timestamp {
    Timestamp::try_from(time.to_unix_duration().as_secs()).unwrap_or(Timestamp::MAX)
}

/// The common name, else the whole subject, else that there is none.
fn subject(name: &Name) -> String {
    let common = name.common_name().ok().flatten().map(|n| n.value().into_owned());
    match common {
        Some(common) if !common.trim().is_empty() => common,
        _ if name.is_empty() => "(no name)".to_owned(),
        _ => name.to_string(),
    }
}

/// Organisation and common name. Of Proxmox's own CA only the organisation says something: its common name is the product's
/// (pve-cluster `Setup.pm` gen_pve_ca).
fn issuer(name: &Name) -> String {
    let organisation = name.organization().ok().flatten().map(|n| n.value().into_owned());
    let common = name.common_name().ok().flatten().map(|n| n.value().into_owned());
    match (organisation, common) {
        (Some(o), Some(c)) if o == c || c == "Proxmox Virtual Environment" => o,
        (Some(o), Some(c)) => format!("{o}, {c}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) if name.is_empty() => "(no name)".to_owned(),
        (None, None) => name.to_string(),
    }
}

fn names(certificate: &x509_cert::Certificate) -> Vec<CertificateName> {
    let Ok(Some((_, SubjectAltName(list)))) = certificate.tbs_certificate().get_extension::<SubjectAltName>() else {
        return Vec::new();
    };
    list.iter()
        .filter_map(|name| match name {
            GeneralName::DnsName(dns) => Some(CertificateName::Dns(dns.as_str().to_owned())),
            GeneralName::IpAddress(bytes) => address(bytes).map(CertificateName::Ip),
            _ => None,
        })
        .collect()
}

fn address(bytes: &OctetString) -> Option<IpAddr> {
    let bytes = bytes.as_bytes();
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::V4(Ipv4Addr::from(four)));
    }
    <[u8; 16]>::try_from(bytes).ok().map(|sixteen| IpAddr::V6(Ipv6Addr::from(sixteen)))
}

fn key_kind(key: &SubjectPublicKeyInfoOwned) -> KeyKind {
    const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
    const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
    const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
    const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");
    const CURVES: [(ObjectIdentifier, usize); 4] = [
        (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), 256),
        (ObjectIdentifier::new_unwrap("1.3.132.0.34"), 384),
        (ObjectIdentifier::new_unwrap("1.3.132.0.35"), 521),
        (ObjectIdentifier::new_unwrap("1.3.132.0.10"), 256),
    ];
    match key.algorithm.oid {
        RSA => rsa_bits(key.subject_public_key.raw_bytes()).map_or(KeyKind::Other, |bits| KeyKind::Rsa { bits }),
        EC => {
            let curve = key.algorithm.parameters.as_ref().and_then(|p| p.decode_as::<ObjectIdentifier>().ok());
            CURVES
                .iter()
                .find(|(oid, _)| Some(*oid) == curve)
                .map_or(KeyKind::Other, |(_, bits)| KeyKind::Ec { bits: *bits })
        }
        ED25519 => KeyKind::Ed25519,
        ED448 => KeyKind::Ed448,
        _ => KeyKind::Other,
    }
}

/// The modulus' length of `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }`.
fn rsa_bits(key: &[u8]) -> Option<usize> {
    let parts = Vec::<x509_cert::der::Any>::from_der(key).ok()?;
    let modulus = parts.first().filter(|part| part.tag() == Tag::Integer)?.value();
    let digits: &[u8] = match modulus {
        [0, rest @ ..] => rest,
        all => all,
    };
    Some(digits.len() * 8 - digits.first()?.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{
        BasicConstraints as Constraint, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
        date_time_ymd,
    };

    /// A CA and a leaf in the form that Proxmox makes them (pve-cluster `Setup.pm`).
    fn cluster(ca_usages: Vec<KeyUsagePurpose>) -> (Vec<u8>, Vec<u8>) {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::default();
        ca.distinguished_name = rcgen::DistinguishedName::new();
        ca.distinguished_name.push(DnType::CommonName, "Proxmox Virtual Environment");
        ca.distinguished_name.push(DnType::OrganizationalUnitName, "00000000-0000-4000-8000-000000000001");
        ca.distinguished_name.push(DnType::OrganizationName, "PVE Cluster Manager CA");
        ca.is_ca = IsCa::Ca(Constraint::Unconstrained);
        ca.key_usages = ca_usages;
        let ca_der = ca.self_signed(&ca_key).unwrap().der().to_vec();

        let key = KeyPair::generate().unwrap();
        let mut leaf = CertificateParams::new(["localhost".to_owned(), "pve".to_owned()]).unwrap();
        leaf.subject_alt_names.insert(0, SanType::IpAddress("127.0.0.1".parse().unwrap()));
        leaf.subject_alt_names.insert(1, SanType::IpAddress("fd00::5".parse().unwrap()));
        leaf.distinguished_name = rcgen::DistinguishedName::new();
        leaf.distinguished_name.push(DnType::OrganizationalUnitName, "PVE Cluster Node");
        leaf.distinguished_name.push(DnType::OrganizationName, "Proxmox Virtual Environment");
        leaf.distinguished_name.push(DnType::CommonName, "pve.lan");
        leaf.not_before = date_time_ymd(2025, 3, 4);
        leaf.not_after = date_time_ymd(2027, 3, 4);
        let leaf_der = leaf.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap().der().to_vec();
        (ca_der, leaf_der)
    }

    #[test]
    fn a_proxmox_leaf_tells_whom_it_is_for_and_by_whom_and_until_when() {
        let (_, der) = cluster(vec![]);
        let leaf = Certificate::from_der(&der).unwrap();
        assert_eq!(leaf.subject, "pve.lan");
        assert_eq!(leaf.issuer, "PVE Cluster Manager CA");
        assert!(!leaf.self_issued);
        let names: Vec<String> = leaf.names.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["127.0.0.1", "fd00::5", "localhost", "pve"]);
        assert_eq!(crate::domain::time::date(leaf.not_before), "2025-03-04");
        assert_eq!(crate::domain::time::date(leaf.not_after), "2027-03-04");
        assert!(leaf.holds_at(leaf.not_after) && !leaf.holds_at(leaf.not_after + 1));
        assert_eq!(leaf.fingerprint, Fingerprint::of(&der));
        assert_ne!(leaf.key, leaf.fingerprint);
        assert_eq!(leaf.der.0, der);
    }

    #[test]
    fn a_renewed_certificate_of_the_same_key_shows_the_same_key() {
        let key = KeyPair::generate().unwrap();
        let make = |year| {
            let mut params = CertificateParams::new(["pve".to_owned()]).unwrap();
            params.not_after = date_time_ymd(year, 1, 1);
            Certificate::from_der(params.self_signed(&key).unwrap().der()).unwrap()
        };
        let (old, new) = (make(2027), make(2028));
        assert!(old.self_issued);
        assert_eq!(old.key, new.key);
        assert_ne!(old.fingerprint, new.fingerprint);
    }

    #[test]
    fn an_organisation_and_a_common_name_are_both_shown() {
        let mut params = CertificateParams::new(["x".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Let's Encrypt");
        params.distinguished_name.push(DnType::CommonName, "R11");
        let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert_eq!(Certificate::from_der(der.der()).unwrap().issuer, "Let's Encrypt, R11");
    }

    #[test]
    fn a_certificate_without_any_name_says_so() {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let read = Certificate::from_der(der.der()).unwrap();
        assert_eq!((read.subject.as_str(), read.issuer.as_str(), read.names.len()), ("(no name)", "(no name)", 0));
    }

    #[test]
    fn a_cas_shape_shows_what_strict_checkers_ask() {
        let old = ca_shape(&cluster(vec![]).0).unwrap();
        assert!(old.ca && old.critical && old.self_issued);
        assert!(!old.has_key_usage && !old.may_sign);
        assert_eq!(old.key, KeyKind::Ec { bits: 256 });
        let new = ca_shape(&cluster(vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign]).0).unwrap();
        assert!(new.has_key_usage && new.may_sign);
        let odd = ca_shape(&cluster(vec![KeyUsagePurpose::CrlSign]).0).unwrap();
        assert!(odd.has_key_usage && !odd.may_sign);
        let leaf = ca_shape(&cluster(vec![]).1).unwrap();
        assert!(!leaf.ca && !leaf.self_issued);
    }

    #[test]
    fn a_pem_is_read_however_its_lines_were_broken() {
        let (ca, leaf) = cluster(vec![]);
        let pem = |der: &[u8]| {
            x509_cert::der::pem::encode_string("CERTIFICATE", x509_cert::der::pem::LineEnding::LF, der).unwrap()
        };
        let both = format!("Bag Attributes\n{}some words\n{}", pem(&ca), pem(&leaf));
        let want = vec![Der(ca.clone()), Der(leaf)];
        for text in [both.clone(), both.replace('\n', "\r\n"), both.replace('\n', "\n   ")] {
            assert_eq!(certificates_from_pem(&text), Ok(want.clone()));
        }
        assert_eq!(certificates_from_pem("nothing"), Err(CertificateError::NoPem));
        assert_eq!(certificates_from_pem(&pem(&ca).replacen('M', "!", 1)), Err(CertificateError::DamagedPem));
        assert_eq!(certificates_from_pem(&both[..both.len() - 30]), Err(CertificateError::DamagedPem));
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
        assert_eq!(certificates_from_pem(key), Err(CertificateError::PrivateKey));
    }

    #[test]
    fn rsa_keys_are_measured_by_their_modulus() {
        let mut key = vec![0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00];
        key.extend([0xff; 256]);
        key.extend([0x02, 0x03, 0x01, 0x00, 0x01]);
        assert_eq!(rsa_bits(&key), Some(2048));
        assert_eq!(rsa_bits(b"nonsense"), None);
    }

    proptest! {
        #[test]
        fn garbage_is_no_certificate(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert_eq!(Certificate::from_der(&bytes).unwrap_err(), CertificateError::NotACertificate);
            prop_assert!(ca_shape(&bytes).is_err());
        }
    }

    #[test]
    fn a_damaged_certificate_never_makes_it_stumble() {
        let (_, der) = cluster(vec![]);
        for at in 0..der.len() {
            let mut damaged = der.clone();
            damaged[at] ^= 0x55;
            let _ = Certificate::from_der(&damaged);
            let _ = ca_shape(&damaged);
            let _ = Certificate::from_der(&der[..at]).unwrap_err();
        }
    }
}
