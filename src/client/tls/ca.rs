//! The cluster's CA as the host hands it out: whether it may be used.
//!
//! It adds no trust beyond the agreed connection (whoever answers there could lie about everything), and it survives the
//! renewal of the leaf.

use rustls::pki_types::CertificateDer;
use x509_cert::der::pem::LineEnding;
use x509_cert::der::{Decode, Encode, Header, Reader, SliceReader, Tag};

use super::trouble;
use super::verifier::{Held, Verifier};
use super::{SystemCas, ca_verifier, names, provider, server_name, unix};
use crate::domain::observation::{CaTrouble, ClusterCa, TlsTrouble};
use crate::domain::{Certificate, Der, Host, KeyKind, Timestamp, ca_shape, certificates_from_pem};

/// Checks all that can be checked without a further connection. `chain` is what the handshake showed, leaf first;
/// `host` the name that was typed.
pub fn examine(
    pem: &str,
    chain: &[CertificateDer<'_>],
    host: &Host,
    now: Timestamp,
    system: &SystemCas,
) -> Result<ClusterCa, CaTrouble> {
    let not = |why: &str| CaTrouble::NotACa(why.to_owned());
    let blocks = pem.matches("-----BEGIN ").count();
    if blocks != 1 {
        return Err(CaTrouble::NotACa(format!("it holds {blocks} blocks instead of one certificate")));
    }
    let found = certificates_from_pem(pem).map_err(|_| not("it cannot be read"))?;
    let [Der(der)] = found.as_slice() else { return Err(not("it is not one certificate")) };
    let shape = ca_shape(der).map_err(|_| not("it cannot be read"))?;
    let certificate = Certificate::from_der(der).map_err(|_| not("it cannot be read"))?;
    match shape.key {
        KeyKind::Rsa { bits } if bits >= 2048 => {}
        KeyKind::Ec { bits: 256 | 384 } => {}
        _ => return Err(not("its key is too weak or of an unusual kind")),
    }
    if !shape.ca || (shape.has_key_usage && !shape.may_sign) {
        return Err(not("it may not sign certificates"));
    }
    if !shape.self_issued || !signed_by(der, der) {
        return Err(not("it is not signed by itself"));
    }
    if !certificate.holds_at(now) {
        // The end of a CA that the host does not serve by is no matter of its certificate.
        let serves = chain.iter().any(|one| one.as_ref() != der.as_slice() && signed_by(one, der));
        return Err(if serves { CaTrouble::Expired } else { CaTrouble::DoesNotSignTheServed });
    }
    signs(der, chain, host, now)?;
    if known_to(system, chain, host, now) {
        return Err(not("this system's own CAs vouch for it already"));
    }
    let pem = x509_cert::der::pem::encode_string("CERTIFICATE", LineEnding::LF, der)
        .map_err(|_| not("it cannot be written again"))?;
    Ok(ClusterCa { certificate, pem, strict: shape.has_key_usage && shape.critical, proved: false })
}

/// Whether the CA signs what the host served, under the typed name.
fn signs(ca: &[u8], chain: &[CertificateDer<'_>], host: &Host, now: Timestamp) -> Result<(), CaTrouble> {
    use rustls::client::danger::ServerCertVerifier;

    let [leaf, rest @ ..] = chain else { return Err(CaTrouble::DoesNotSignTheServed) };
    let name = server_name(host).map_err(|_| CaTrouble::OtherName(names(leaf)))?;
    let by = ca_verifier(ca).map_err(|_| CaTrouble::NotACa("it cannot be read".into()))?;
    let verifier = Verifier::new(Held::Signed(by), provider().signature_verification_algorithms);
    let Err(error) = verifier.verify_server_cert(leaf, rest, &name, &[], unix(now)) else { return Ok(()) };
    Err(of(trouble::of_check(&error, &verifier)))
}

/// What a failure to verify under the CA means for it.
pub fn of(trouble: TlsTrouble) -> CaTrouble {
    match trouble {
        TlsTrouble::OtherName(names) => CaTrouble::OtherName(names),
        TlsTrouble::Expired | TlsTrouble::NotYetValid => CaTrouble::Expired,
        _ => CaTrouble::DoesNotSignTheServed,
    }
}

/// Whether the system's CAs vouch for the chain, be it under another name: then this is no cluster's own CA.
fn known_to(system: &SystemCas, chain: &[CertificateDer<'_>], host: &Host, now: Timestamp) -> bool {
    server_name(host).is_ok_and(|name| system.holds(chain, &name, now).is_ok())
}

/// Verifies the certificate's signature with the CA's key alone; names and dates of neither are looked at.
fn signed_by(der: &[u8], ca: &[u8]) -> bool {
    let (Some((body, algorithm, signature, ..)), Some((.., key_algorithm, key))) = (parts(der), parts(ca)) else {
        return false;
    };
    provider().signature_verification_algorithms.all.iter().any(|one| {
        one.signature_alg_id().as_ref() == algorithm
            && one.public_key_alg_id().as_ref() == key_algorithm
            && one.verify_signature(&key, body, &signature).is_ok()
    })
}

type Parts<'a> = (&'a [u8], Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>);

/// What was signed (the very bytes), how, the signature, and the key with its kind.
fn parts(der: &[u8]) -> Option<Parts<'_>> {
    let parsed = x509_cert::Certificate::from_der(der).ok()?;
    let mut reader = SliceReader::new(der).ok()?;
    let outer = Header::decode(&mut reader).ok()?;
    (outer.tag() == Tag::Sequence).then_some(())?;
    let body = reader.tlv_bytes().ok()?;
    let key = parsed.tbs_certificate().subject_public_key_info();
    Some((
        body,
        identifier(parsed.signature_algorithm())?,
        parsed.signature().as_bytes()?.to_vec(),
        identifier(&key.algorithm)?,
        key.subject_public_key.as_bytes()?.to_vec(),
    ))
}

/// An AlgorithmIdentifier as webpki compares it: its content without the sequence's own header.
fn identifier(algorithm: &impl Encode) -> Option<Vec<u8>> {
    let der = algorithm.to_der().ok()?;
    let mut reader = SliceReader::new(&der).ok()?;
    let header = Header::decode(&mut reader).ok()?;
    let content = reader.read_slice(header.length()).ok()?;
    Some(content.to_vec())
}
