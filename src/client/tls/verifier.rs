//! What a host's certificate is held against in the handshake.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature, verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use x509_cert::der::{Decode, Encode};

use crate::domain::Fingerprint;

/// The five ways to hold a certificate against something.
pub(super) enum Held {
    /// Against nothing, and the handshake ends there.
    Look,
    /// Against nothing; the host must have the certificate's key.
    Any,
    /// Against the agreed leaf: exactly it, whatever its names and dates.
    Pin(Fingerprint),
    /// Against CAs, under the name that was connected to.
    Signed(Arc<dyn ServerCertVerifier>),
}

/// Holds a certificate against one thing for its whole life, and keeps what the host showed first.
pub(super) struct Verifier {
    pub held: Held,
    algorithms: WebPkiSupportedAlgorithms,
    seen: OnceLock<Vec<CertificateDer<'static>>>,
}

impl Verifier {
    pub fn new(held: Held, algorithms: WebPkiSupportedAlgorithms) -> Self {
        Verifier { held, algorithms, seen: OnceLock::new() }
    }

    /// The chain that was shown, leaf first.
    pub fn seen(&self) -> &[CertificateDer<'static>] {
        self.seen.get().map_or(&[], Vec::as_slice)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier")
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let _ =
            self.seen.set(std::iter::once(leaf).chain(rest).map(|one| one.clone().into_owned()).collect::<Vec<_>>());
        match &self.held {
            Held::Look => Err(Error::General("looked".into())),
            Held::Any => Ok(ServerCertVerified::assertion()),
            Held::Pin(agreed) if Fingerprint::of(leaf) == *agreed => Ok(ServerCertVerified::assertion()),
            Held::Pin(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
            Held::Signed(by) => by.verify_server_cert(leaf, rest, name, ocsp, now).map_err(|error| match error {
                // A CA of the same name with another key. "Bad signature" is kept for the handshake's own.
                Error::InvalidCertificate(CertificateError::BadSignature) => CertificateError::UnknownIssuer.into(),
                other => other,
            }),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // webpki reads no X.509 v1. Its key is checked all the same: the pin says that this is the certificate.
        match key_of_v1(leaf) {
            Some(key) => verify_tls13_signature_with_raw_key(message, &key, signed, &self.algorithms),
            None => verify_tls13_signature(message, leaf, signed, &self.algorithms),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The public key of a certificate of X.509 version 1, and of no other.
pub(super) fn key_of_v1(leaf: &CertificateDer<'_>) -> Option<SubjectPublicKeyInfoDer<'static>> {
    let parsed = x509_cert::Certificate::from_der(leaf).ok()?;
    let body = parsed.tbs_certificate();
    if body.version() != x509_cert::certificate::Version::V1 {
        return None;
    }
    body.subject_public_key_info().to_der().ok().map(SubjectPublicKeyInfoDer::from)
}
