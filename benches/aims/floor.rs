//! What is put against the lab: a survey, and the least that any program could do.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use labwizard::client::{Options, SystemRoots, survey};
use labwizard::domain::{Credential, Endpoint, Host, Inquiry, Secret, Seen, Trust, certificates_from_pem};
use labwizard::lab::Lab;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

pub const TOKEN: &str = "apex@pve!glassdome-token";

/// The lab lives on a thread of its own, as a host would; this is for the side that asks.
pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// The token that the lab knows.
pub fn right(lab: &Lab) -> Secret {
    Secret::new(lab.token(TOKEN).expect("the lab has it").secret)
}

/// A whole live check, with the certificate pinned: how long it took and what it saw.
pub async fn check(lab: &Lab, secret: Secret, paths: usize) -> (Duration, Vec<Seen>) {
    let asked = Inquiry {
        trust: Some(Trust::Pin(lab.fingerprint().parse().expect("a fingerprint"))),
        credential: Some(Credential::Token { id: TOKEN.parse().expect("a token's name"), secret }),
        paths: (0..paths).map(|i| format!("/vms/{}", 100 + i)).collect(),
        guests: true,
        ..Inquiry::to(vec![Endpoint { host: Host::V4(Ipv4Addr::LOCALHOST), port: lab.port() }])
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
    let now = i64::try_from(now).expect("it is before the end of time");
    let options = Options { system: SystemRoots::These(Vec::new()), ..Options::at(now) };
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let since = Instant::now();
    survey(asked, &options, move |one| notes.lock().expect("one writer").push(one.seen)).await;
    let took = since.elapsed();
    let all = std::mem::take(&mut *seen.lock().expect("one writer"));
    (took, all)
}

/// A live check that ends with the token's rights.
pub async fn well(lab: &Lab, paths: usize) -> Duration {
    let (took, all) = check(lab, right(lab), paths).await;
    assert!(all.iter().any(|one| matches!(one, Seen::Rights(_))), "the check did not come to the rights");
    took
}

/// One connection and two requests, one after the other, with nothing around them.
pub async fn floor(lab: &Lab) -> Duration {
    let mut roots = rustls::RootCertStore::empty();
    let ca = certificates_from_pem(&lab.ca_pem()).expect("the lab's CA").remove(0);
    roots.add(ca.0.into()).expect("a CA");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let token = lab.token(TOKEN).expect("the lab has it");
    let request = format!(
        "GET /api2/json/version HTTP/1.1\r\nHost: localhost\r\nAuthorization: PVEAPIToken={}={}\r\n\r\n",
        token.id, token.secret
    );
    let since = Instant::now();
    let tcp = TcpStream::connect((IpAddr::V4(Ipv4Addr::LOCALHOST), lab.port())).await.expect("the lab listens");
    tcp.set_nodelay(true).expect("a socket");
    let name = "localhost".try_into().expect("a name");
    let mut tls = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, tcp).await.expect("a handshake");
    for _ in 0..2 {
        tls.write_all(request.as_bytes()).await.expect("the lab reads");
        let mut answer = Vec::new();
        while !answer.ends_with(b"}}") {
            let count = tls.read_buf(&mut answer).await.expect("the lab answers");
            assert!(count > 0, "the lab hung up");
        }
    }
    since.elapsed()
}
