//! Errors of a handshake, told apart.

use std::error::Error as StdError;
use std::io;

use rustls::{AlertDescription, CertificateError, Error};

use super::verifier::{Held, Verifier, key_of_v1};
use crate::domain::observation::TlsTrouble;
use crate::domain::{KeyKind, ca_shape};

/// What `error` means, with the first bytes that the host sent (at most eight) and what was held against what.
pub(super) fn of(error: &io::Error, first: &[u8], verifier: &Verifier) -> TlsTrouble {
    let Some(error) = typed(error) else {
        return match first {
            b"" => TlsTrouble::Closed,
            bytes => not_tls(bytes).unwrap_or(match error.kind() {
                io::ErrorKind::TimedOut => TlsTrouble::TimedOut,
                _ => TlsTrouble::Closed,
            }),
        };
    };
    match error {
        Error::InvalidCertificate(why) => certificate(why, verifier),
        Error::InvalidMessage(_) => not_tls(first).unwrap_or_else(|| TlsTrouble::Other("a damaged handshake".into())),
        Error::AlertReceived(alert) => match alert {
            AlertDescription::HandshakeFailure
            | AlertDescription::ProtocolVersion
            | AlertDescription::InsufficientSecurity
            | AlertDescription::MissingExtension => TlsTrouble::Unsupported(
                "host and program have no protocol version, cipher or signature in common".into(),
            ),
            other => TlsTrouble::Other(format!("the host ended the handshake with the alert {other:?}")),
        },
        Error::PeerIncompatible(_) => {
            TlsTrouble::Unsupported("host and program have no protocol version, cipher or signature in common".into())
        }
        Error::PeerMisbehaved(_) | Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            TlsTrouble::Other("the host breaks the rules of TLS".into())
        }
        Error::DecryptError => TlsTrouble::Other("what the host sent cannot be decrypted".into()),
        Error::NoCertificatesPresented => TlsTrouble::Unsupported("the host shows no certificate".into()),
        _ => TlsTrouble::Other("the handshake failed".into()),
    }
}

/// The verdict of a CA's check outside of a handshake.
pub(super) fn of_check(error: &Error, verifier: &Verifier) -> TlsTrouble {
    match error {
        Error::InvalidCertificate(why) => certificate(why, verifier),
        _ => TlsTrouble::Other("the certificate could not be checked".into()),
    }
}

fn certificate(why: &CertificateError, verifier: &Verifier) -> TlsTrouble {
    let leaf = verifier.seen().first();
    match why {
        CertificateError::ApplicationVerificationFailure => match verifier.held {
            Held::Pin(agreed) => TlsTrouble::OtherCertificate { agreed },
            _ => TlsTrouble::Other("the certificate was refused".into()),
        },
        CertificateError::UnknownIssuer => TlsTrouble::UnknownIssuer,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsTrouble::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TlsTrouble::NotYetValid,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsTrouble::OtherName(leaf.map(super::names).unwrap_or_default())
        }
        CertificateError::BadSignature => match leaf.and_then(|leaf| weak(leaf)) {
            Some(weakness) => TlsTrouble::Unsupported(weakness),
            None => TlsTrouble::BadSignature,
        },
        CertificateError::BadEncoding => TlsTrouble::Unsupported("a certificate that is no X.509".into()),
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => TlsTrouble::Unsupported(
            leaf.and_then(|leaf| weak(leaf))
                .unwrap_or_else(|| "a signature of a kind that is not trusted any more".into()),
        ),
        _ if leaf.is_some_and(|leaf| key_of_v1(leaf).is_some()) => {
            TlsTrouble::Unsupported("a certificate of X.509 version 1 over TLS 1.2".into())
        }
        _ => TlsTrouble::Unsupported("a certificate that breaks a rule of X.509".into()),
    }
}

/// Keys that ring cannot check: what looks like a forged signature may only be one of these.
fn weak(leaf: &[u8]) -> Option<String> {
    match ca_shape(leaf).ok()?.key {
        KeyKind::Rsa { bits } if bits < 2048 => Some(format!("an RSA key of {bits} bits")),
        KeyKind::Ec { bits } if bits != 256 && bits != 384 => Some(format!("an elliptic key of {bits} bits")),
        KeyKind::Ed448 => Some("an Ed448 key".into()),
        KeyKind::Other => Some("a key of an unknown kind".into()),
        _ => None,
    }
}

/// What speaks, where it is not TLS. A TLS record begins with 20 to 23 and the version 3.
fn not_tls(first: &[u8]) -> Option<TlsTrouble> {
    match first {
        [b'H', b'T', b'T', b'P', ..] => Some(TlsTrouble::PlainHttp),
        [20..=23, 3, ..] | [20..=23] | [] => None,
        _ => Some(TlsTrouble::NotTls),
    }
}

/// The rustls error inside an io error: it is wrapped in io errors more than once, which `source` alone does not see through.
fn typed(error: &io::Error) -> Option<&Error> {
    let mut at: &(dyn StdError + 'static) = error.get_ref()?;
    loop {
        if let Some(found) = at.downcast_ref::<Error>() {
            return Some(found);
        }
        at = match at.downcast_ref::<io::Error>() {
            Some(inner) => inner.get_ref()?,
            None => at.source()?,
        };
    }
}
