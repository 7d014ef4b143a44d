//! The system's CAs.

use std::sync::{Arc, OnceLock};

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName};

use super::{unix, web_verifier};
use crate::client::options::SystemRoots;
use crate::domain::Timestamp;

/// Holds certificates against the system's CAs. Reading these takes a few milliseconds, so it happens once.
pub struct SystemCas {
    roots: SystemRoots,
    verifier: OnceLock<Option<Arc<dyn ServerCertVerifier>>>,
}

impl SystemCas {
    pub fn new(roots: SystemRoots) -> Self {
        SystemCas { roots, verifier: OnceLock::new() }
    }

    /// Reads them, so that they are there when they are needed.
    pub(in crate::client) fn load(&self) {
        let _ = self.verifier();
    }

    /// Whether they are there already: read by an earlier survey of the program, or given.
    pub(in crate::client) fn is_read(&self) -> bool {
        match self.roots {
            SystemRoots::Machine => MACHINE.get().is_some(),
            SystemRoots::These(_) => true,
        }
    }

    /// `None` where the system has no CAs that can be read.
    pub(super) fn verifier(&self) -> Option<Arc<dyn ServerCertVerifier>> {
        self.verifier
            .get_or_init(|| match &self.roots {
                SystemRoots::Machine => MACHINE.get_or_init(machine).clone(),
                SystemRoots::These(ders) => signed_by(ders.iter().map(|der| CertificateDer::from(der.0.clone()))),
            })
            .clone()
    }

    /// Whether `chain` (leaf first) holds under `name` at `now`.
    pub(in crate::client) fn holds(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: Timestamp,
    ) -> Result<(), Option<rustls::Error>> {
        let ([leaf, rest @ ..], Some(verifier)) = (chain, self.verifier()) else { return Err(None) };
        verifier.verify_server_cert(leaf, rest, name, &[], unix(now)).map(|_| ()).map_err(Some)
    }
}

/// This machine's, for all surveys of the program: fifty hosts at once read them once.
static MACHINE: OnceLock<Option<Arc<dyn ServerCertVerifier>>> = OnceLock::new();

fn signed_by<'a>(certificates: impl Iterator<Item = CertificateDer<'a>>) -> Option<Arc<dyn ServerCertVerifier>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates);
    let verifier: Option<Arc<WebPkiServerVerifier>> = web_verifier(roots);
    verifier.map(|verifier| verifier as _)
}

/// The lists that the distributions keep. They are read here and not by a crate that also looks at SSL_CERT_FILE and
/// SSL_CERT_DIR: whoever sets a variable must not choose whom this program trusts.
#[cfg(not(any(target_os = "macos", windows)))]
fn machine() -> Option<Arc<dyn ServerCertVerifier>> {
    use rustls::pki_types::pem::PemObject;

    const LISTS: [&str; 6] = [
        "/etc/ssl/certs/ca-certificates.crt",                // Debian, Arch, NixOS
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
        "/etc/pki/tls/certs/ca-bundle.crt",                  // older Fedora, RHEL
        "/etc/ssl/ca-bundle.pem",                            // openSUSE
        "/etc/ssl/cert.pem",                                 // Alpine, BSD
        "/usr/local/share/certs/ca-root-nss.crt",            // FreeBSD
    ];
    LISTS.iter().find_map(|path| {
        let list = CertificateDer::pem_file_iter(path).ok()?;
        signed_by(list.filter_map(Result::ok))
    })
}

/// macOS and Windows keep theirs behind an interface, which no variable changes.
#[cfg(any(target_os = "macos", windows))]
fn machine() -> Option<Arc<dyn ServerCertVerifier>> {
    rustls_platform_verifier::Verifier::new(super::provider()).ok().map(|verifier| Arc::new(verifier) as _)
}
