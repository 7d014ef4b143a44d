//! The door against small TLS servers.

use std::sync::Mutex;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose, SigningKey,
    date_time_ymd,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use rustls::{HandshakeKind, SupportedProtocolVersion};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use x509_cert::der::{Decode, Encode};

use super::*;
use crate::client::options::SystemRoots;
use crate::domain::observation::CaTrouble;
use crate::domain::{Der, Fingerprint};

/// What one connection came to: what its hello had, and after the handshake how many bytes came.
#[derive(Debug, PartialEq)]
enum Came {
    Hello { sni: Option<String>, alpn: bool },
    Refused,
    Bytes(usize),
}

#[derive(Debug)]
struct Shows {
    key: Arc<CertifiedKey>,
    tell: Mutex<mpsc::UnboundedSender<Came>>,
}

impl ResolvesServerCert for Shows {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let came = Came::Hello { sni: hello.server_name().map(str::to_owned), alpn: hello.alpn().is_some() };
        let _ = self.tell.lock().unwrap().send(came);
        Some(Arc::clone(&self.key))
    }
}

struct Server {
    at: SocketAddr,
    came: mpsc::UnboundedReceiver<Came>,
}

/// Serves `leaf` with `key` over `versions`, and tells of every connection.
async fn serve(leaf: Vec<u8>, key: &KeyPair, versions: &[&'static SupportedProtocolVersion]) -> Server {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = provider().key_provider.load_private_key(key).unwrap();
    let (tell, came) = mpsc::unbounded_channel();
    let shows = Shows { key: Arc::new(CertifiedKey::new(vec![leaf.into()], key)), tell: Mutex::new(tell.clone()) };
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shows));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let (acceptor, tell) = (acceptor.clone(), tell.clone());
            tokio::spawn(async move {
                let came = match acceptor.accept(tcp).await {
                    Err(_) => Came::Refused,
                    Ok(mut tls) => {
                        let mut all = Vec::new();
                        let _ = tls.read_to_end(&mut all).await;
                        Came::Bytes(all.len())
                    }
                };
                let _ = tell.send(came);
            });
        }
    });
    Server { at, came }
}

impl Server {
    async fn next(&mut self) -> Came {
        self.came.recv().await.unwrap()
    }
}

const BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

const NOW: Timestamp = 1_800_000_000; // January 2027

fn options() -> Options {
    Options { system: SystemRoots::These(Vec::new()), ..Options::at(NOW) }
}

fn endpoint(host: Host) -> Endpoint {
    Endpoint { host, port: 8006 }
}

fn door(trust: &Trust, at: SocketAddr) -> Door {
    let system = SystemCas::new(SystemRoots::These(Vec::new()));
    Door::trusted(trust, &endpoint(Host::Name("localhost".into())), at, &options(), &system).unwrap()
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2028, 1, 1));
    params
}

fn plain_leaf() -> (Vec<u8>, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let leaf = params("leaf").self_signed(&key).unwrap();
    (leaf.der().to_vec(), key)
}

#[tokio::test]
async fn looking_sends_nothing_and_shows_the_leaf() {
    let (leaf, key) = plain_leaf();
    let mut server = serve(leaf.clone(), &key, BOTH).await;
    let look = Door::look(&endpoint(Host::V4([127, 0, 0, 1].into())), server.at, &options()).unwrap();
    assert_eq!(look.observe().await.unwrap()[0].as_ref(), leaf);
    assert_eq!(server.next().await, Came::Hello { sni: None, alpn: false });
    assert_eq!(server.next().await, Came::Refused);
    // And it never opens.
    assert!(look.open().await.is_err());
}

#[tokio::test]
async fn a_wrong_pin_ends_the_handshake_before_any_byte() {
    let (leaf, key) = plain_leaf();
    let mut server = serve(leaf, &key, BOTH).await;
    let agreed = Fingerprint::of(b"another");
    let refused = door(&Trust::Pin(agreed), server.at).open().await.err();
    assert_eq!(refused, Some(OpenTrouble::Tls(TlsTrouble::OtherCertificate { agreed })));
    assert_eq!(server.next().await, Came::Hello { sni: Some("localhost".into()), alpn: false });
    assert_eq!(server.next().await, Came::Refused);
}

#[tokio::test]
async fn no_session_is_ever_resumed_so_the_certificate_is_checked_each_time() {
    let (leaf, key) = plain_leaf();
    for versions in [BOTH, &[&rustls::version::TLS12]] {
        let server = serve(leaf.clone(), &key, versions).await;
        let door = door(&Trust::Pin(Fingerprint::of(&leaf)), server.at);
        for _ in 0..3 {
            let stream = door.open().await.unwrap();
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
        }
    }
}

/// The certificate as X.509 version 1: without the version, without extensions, signed anew.
fn as_v1(leaf: &[u8], key: &KeyPair) -> Vec<u8> {
    fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
        let content = parts.concat();
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        let head = match (high, low) {
            (0, ..0x80) => vec![0x30, low],
            (0, _) => vec![0x30, 0x81, low],
            _ => vec![0x30, 0x82, high, low],
        };
        [head, content].concat()
    }
    let parsed = x509_cert::Certificate::from_der(leaf).unwrap();
    let old = parsed.tbs_certificate();
    let body = sequence(&[
        old.serial_number().to_der().unwrap(),
        old.signature().to_der().unwrap(),
        old.issuer().to_der().unwrap(),
        old.validity().to_der().unwrap(),
        old.subject().to_der().unwrap(),
        old.subject_public_key_info().to_der().unwrap(),
    ]);
    let signature = key.sign(&body).unwrap();
    let mut bits = vec![0x03, u8::try_from(signature.len() + 1).unwrap(), 0];
    bits.extend(signature);
    sequence(&[body, old.signature().to_der().unwrap(), bits])
}

#[tokio::test]
async fn a_version_1_leaf_with_the_right_pin_is_checked_by_its_key() {
    let (leaf, key) = plain_leaf();
    let v1 = as_v1(&leaf, &key);
    let pin = Trust::Pin(Fingerprint::of(&v1));
    let server = serve(v1.clone(), &key, &[&rustls::version::TLS13]).await;
    assert!(door(&pin, server.at).open().await.is_ok());
    let thief = KeyPair::generate().unwrap();
    let server = serve(v1.clone(), &thief, &[&rustls::version::TLS13]).await;
    assert_eq!(door(&pin, server.at).open().await.err(), Some(OpenTrouble::Tls(TlsTrouble::BadSignature)));
    let server = serve(v1, &key, &[&rustls::version::TLS12]).await;
    let refused = door(&pin, server.at).open().await.err();
    assert!(
        matches!(&refused, Some(OpenTrouble::Tls(TlsTrouble::Unsupported(why))) if why.contains("version 1")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_wrong_key_is_a_bad_signature_in_both_versions_of_tls() {
    let (leaf, _) = plain_leaf();
    let thief = KeyPair::generate().unwrap();
    for trust in [Trust::Pin(Fingerprint::of(&leaf)), Trust::Unverified] {
        for versions in [&[&rustls::version::TLS13], &[&rustls::version::TLS12]] {
            let mut server = serve(leaf.clone(), &thief, versions).await;
            let refused = door(&trust, server.at).open().await.err();
            assert_eq!(refused, Some(OpenTrouble::Tls(TlsTrouble::BadSignature)), "{trust:?}");
            server.next().await;
            assert_eq!(server.next().await, Came::Refused);
        }
    }
}

/// A CA and a leaf signed by it.
fn cluster(change: impl FnOnce(&mut CertificateParams)) -> (String, Vec<CertificateDer<'static>>) {
    let mut ca = params("Proxmox Virtual Environment");
    ca.subject_alt_names.clear();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    change(&mut ca);
    let issuer = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    let leaf = params("pve.lan").signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
    (issuer.pem(), vec![leaf.der().clone()])
}

fn examine(
    pem: &str,
    chain: &[CertificateDer<'_>],
    host: &str,
    now: Timestamp,
    system: Vec<Der>,
) -> Result<bool, CaTrouble> {
    let system = SystemCas::new(SystemRoots::These(system));
    ca::examine(pem, chain, &Host::Name(host.into()), now, &system).map(|found| {
        assert_eq!(found.pem.matches("-----BEGIN ").count(), 1);
        found.strict
    })
}

#[test]
fn a_ca_is_taken_only_under_all_of_its_conditions() {
    let (good, chain) = cluster(|_| {});
    let is_no_ca = |result: Result<bool, CaTrouble>| matches!(result, Err(CaTrouble::NotACa(_)));
    assert_eq!(examine(&good, &chain, "localhost", NOW, Vec::new()), Ok(true));
    assert_eq!(examine(&format!("some words\n{good}more"), &chain, "localhost", NOW, Vec::new()), Ok(true));
    // Several blocks, a key beside it, none at all.
    let key = KeyPair::generate().unwrap().serialize_pem();
    for pem in [format!("{good}{good}"), format!("{good}{key}"), key, String::new(), good.replace('M', "N")] {
        assert!(is_no_ca(examine(&pem, &chain, "localhost", NOW, Vec::new())), "{pem}");
    }
    // Not valid at the moment, or not the one that signed what was served, or under another name.
    for at in [1_000_000_000, 4_000_000_000] {
        assert_eq!(examine(&good, &chain, "localhost", at, Vec::new()), Err(CaTrouble::Expired));
    }
    let (other, _) = cluster(|_| {});
    // The end of one that the host does not serve by is nobody's matter, not even where the host shows it as well.
    let shown = crate::domain::certificates_from_pem(&other).unwrap().remove(0).0;
    for chain in [chain.clone(), [chain.clone(), vec![shown.into()]].concat()] {
        let ended = examine(&other, &chain, "localhost", 4_000_000_000, Vec::new());
        assert_eq!(ended, Err(CaTrouble::DoesNotSignTheServed));
    }
    assert_eq!(examine(&other, &chain, "localhost", NOW, Vec::new()), Err(CaTrouble::DoesNotSignTheServed));
    assert_eq!(examine(&good, &[], "localhost", NOW, Vec::new()), Err(CaTrouble::DoesNotSignTheServed));
    assert_eq!(
        examine(&good, &chain, "pve.other", NOW, Vec::new()),
        Err(CaTrouble::OtherName(vec!["localhost".into(), "127.0.0.1".into()]))
    );
    // The system knows it already.
    let der = crate::domain::certificates_from_pem(&good).unwrap().remove(0);
    assert!(is_no_ca(examine(&good, &chain, "localhost", NOW, vec![der])));
    // No CA, or one that may not sign; and one without key usage, which only strict readers refuse.
    let (leaf, _) = cluster(|ca| ca.is_ca = IsCa::ExplicitNoCa);
    assert!(is_no_ca(examine(&leaf, &chain, "localhost", NOW, Vec::new())));
    let (mute, served) = cluster(|ca| ca.key_usages = vec![KeyUsagePurpose::CrlSign]);
    assert!(is_no_ca(examine(&mute, &served, "localhost", NOW, Vec::new())));
    let (old, served) = cluster(|ca| ca.key_usages.clear());
    assert_eq!(examine(&old, &served, "localhost", NOW, Vec::new()), Ok(false));
}

#[test]
fn a_ca_whose_own_signature_is_broken_or_anothers_is_none() {
    let (good, chain) = cluster(|_| {});
    let mut der = crate::domain::certificates_from_pem(&good).unwrap().remove(0).0;
    *der.last_mut().unwrap() ^= 1;
    let broken = x509_cert::der::pem::encode_string("CERTIFICATE", x509_cert::der::pem::LineEnding::LF, &der).unwrap();
    let refused = examine(&broken, &chain, "localhost", NOW, Vec::new());
    assert_eq!(refused, Err(CaTrouble::NotACa("it is not signed by itself".into())));
}
