//! TLS: what a certificate is held against, the handshake, and what went wrong in it.

pub(super) mod ca;
mod system;
mod trouble;
mod verifier;

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::client::connect;
use crate::client::options::Options;
use crate::domain::observation::{ConnectTrouble, TlsTrouble};
use crate::domain::{Certificate, Endpoint, Host, Timestamp, Trust};

pub use system::SystemCas;
use verifier::{Held, Verifier};

/// A way to open TLS connections to one address, all held against the same thing. Whoever changes their mind makes a new one:
/// nothing of an old trust lives on in a session, a pool or a verifier.
#[derive(Clone)]
pub(super) struct Door {
    address: SocketAddr,
    name: ServerName<'static>,
    config: Arc<ClientConfig>,
    verifier: Arc<Verifier>,
    patience: Duration,
    limits: crate::client::options::Limits,
}

/// Why a connection did not come about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OpenTrouble {
    Connect(ConnectTrouble),
    Tls(TlsTrouble),
}

/// An open connection, its handshake held.
pub(super) type Stream = TlsStream<Wire>;

impl Door {
    /// A door that only looks: it keeps what the host shows and ends the handshake there, so that no request can follow.
    pub fn look(endpoint: &Endpoint, address: SocketAddr, options: &Options) -> Result<Door, TlsTrouble> {
        Door::new(Held::Look, endpoint, address, options)
    }

    /// A door that takes any certificate whose key the host has. For questions that carry no credential.
    pub fn any(endpoint: &Endpoint, address: SocketAddr, options: &Options) -> Result<Door, TlsTrouble> {
        Door::new(Held::Any, endpoint, address, options)
    }

    /// A door that opens only to what was agreed.
    pub fn trusted(
        trust: &Trust,
        endpoint: &Endpoint,
        address: SocketAddr,
        options: &Options,
        system: &SystemCas,
    ) -> Result<Door, TlsTrouble> {
        let held = match trust {
            Trust::Pin(agreed) => Held::Pin(*agreed),
            Trust::Ca(der) => Held::Signed(ca_verifier(&der.0)?),
            Trust::System => Held::Signed(
                system.verifier().ok_or_else(|| TlsTrouble::Unsupported("this system has no list of CAs".into()))?,
            ),
            Trust::Unverified => Held::Any,
        };
        Door::new(held, endpoint, address, options)
    }

    fn new(held: Held, endpoint: &Endpoint, address: SocketAddr, options: &Options) -> Result<Door, TlsTrouble> {
        let verifier = Arc::new(Verifier::new(held, provider().signature_verification_algorithms));
        let mut config = ClientConfig::builder_with_details(provider(), Arc::new(Moment(options.now)))
            .with_safe_default_protocol_versions()
            .map_err(|_| TlsTrouble::Other("no protocol version is available".into()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&verifier) as _)
            .with_no_client_auth();
        // A resumed session skips the verifier.
        config.resumption = Resumption::disabled();
        let (name, limits) = (server_name(&endpoint.host)?, options.limits);
        Ok(Door { address, name, config: Arc::new(config), verifier, patience: limits.connect, limits })
    }

    /// Connects and shakes hands.
    pub async fn open(&self) -> Result<Stream, OpenTrouble> {
        let tcp = connect::open(self.address, &self.limits).await.map_err(OpenTrouble::Connect)?;
        self.shake(tcp).await.map_err(OpenTrouble::Tls)
    }

    /// Shakes hands over a connection that is open already.
    pub async fn shake(&self, tcp: TcpStream) -> Result<Stream, TlsTrouble> {
        let hands =
            TlsConnector::from(Arc::clone(&self.config)).connect(self.name.clone(), Wire::new(tcp)).into_fallible();
        match timeout(self.patience, hands).await {
            Err(_) => Err(TlsTrouble::TimedOut),
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err((error, wire))) => Err(trouble::of(&error, &wire.first[..wire.got], &self.verifier)),
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The chain that the host showed, leaf first; empty before a handshake came that far.
    pub fn seen(&self) -> &[CertificateDer<'static>] {
        self.verifier.seen()
    }

    /// Looks at what the host shows. Nothing is sent but the handshake's beginning.
    pub async fn observe(&self) -> Result<&[CertificateDer<'static>], OpenTrouble> {
        match self.open().await {
            Err(OpenTrouble::Tls(_)) if !self.seen().is_empty() => Ok(self.seen()),
            Err(trouble) => Err(trouble),
            // A looking door never opens; were it to, nothing is sent through it.
            Ok(_) => Ok(self.seen()),
        }
    }
}

/// What the certificate may be checked by: rustls's own verifier with one CA.
fn ca_verifier(der: &[u8]) -> Result<Arc<rustls::client::WebPkiServerVerifier>, TlsTrouble> {
    let unreadable = || TlsTrouble::Unsupported("the agreed CA cannot be read as one".into());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(der.to_vec())).map_err(|_| unreadable())?;
    web_verifier(roots).ok_or_else(unreadable)
}

fn web_verifier(roots: RootCertStore) -> Option<Arc<rustls::client::WebPkiServerVerifier>> {
    rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build().ok()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The name that goes into the handshake and that a CA's signature must be made out for. An address is never sent as SNI.
pub(super) fn server_name(host: &Host) -> Result<ServerName<'static>, TlsTrouble> {
    match host.address() {
        Some(address) => Ok(ServerName::IpAddress(address.into())),
        None => ServerName::try_from(host.to_string())
            .map_err(|_| TlsTrouble::Unsupported("no certificate can be made out for this name".into())),
    }
}

pub(super) fn unix(now: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(now).unwrap_or(0)))
}

/// The moment of this survey, so that all certificates of a run are judged at the same time and tests choose it.
#[derive(Debug)]
struct Moment(Timestamp);

impl TimeProvider for Moment {
    fn current_time(&self) -> Option<UnixTime> {
        Some(unix(self.0))
    }
}

/// The names that a certificate is good for, as text.
pub(super) fn names(leaf: &CertificateDer<'_>) -> Vec<String> {
    Certificate::from_der(leaf).map(|one| one.names.iter().map(ToString::to_string).collect()).unwrap_or_default()
}

/// A TCP connection that remembers the first bytes that came over it: they tell plain HTTP from other garbage.
pub(super) struct Wire {
    tcp: TcpStream,
    first: [u8; 8],
    got: usize,
}

impl Wire {
    fn new(tcp: TcpStream) -> Self {
        Wire { tcp, first: [0; 8], got: 0 }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.tcp).poll_read(cx, buf);
        let got = self.got;
        for (place, byte) in self.first[got..].iter_mut().zip(&buf.filled()[before..]) {
            *place = *byte;
        }
        self.got = (got + buf.filled().len() - before).min(8);
        polled
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
