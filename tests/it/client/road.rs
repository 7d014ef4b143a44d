//! What stands on the road and is no host: no TLS, no HTTP, no answer.

use std::io;
use std::net::SocketAddr;
use std::process::Command;

use labwizard::client::survey;
use labwizard::domain::Link;
use labwizard::domain::observation::{Speaker, TlsTrouble};
use labwizard::lab::{Lab, LabConfig, Scenario};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::*;
use crate::find;

/// Listens, and treats every connection as `treat` does.
async fn listen<F: Future<Output = io::Result<()>> + Send + 'static>(
    treat: impl Fn(TcpStream) -> F + Send + Sync + 'static,
) -> u16 {
    let listener = TcpListener::bind(SocketAddr::new(LOOPBACK, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(treat(tcp));
        }
    });
    port
}

/// Waits for the beginning of a handshake, says `words`, and closes.
async fn says(words: &'static [u8]) -> u16 {
    listen(move |mut tcp| async move {
        tcp.read_buf(&mut Vec::with_capacity(4096)).await?;
        tcp.write_all(words).await?;
        tcp.shutdown().await?;
        // Reading on until the other side closes keeps the kernel from throwing the words away with a reset.
        tokio::io::copy(&mut tcp, &mut tokio::io::sink()).await.map(drop)
    })
    .await
}

async fn trouble_at(port: u16) -> TlsTrouble {
    let all = look(inquiry(port, None, None), &options()).await;
    find!(all, Seen::NoTls(trouble) => trouble.clone())
}

#[tokio::test]
async fn what_speaks_no_tls_is_named_for_what_it_speaks() {
    for (words, wanted) in [
        (
            &b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html>The plain HTTP request"[..],
            TlsTrouble::PlainHttp,
        ),
        (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", TlsTrouble::NotTls),
        (b"\x00\x00\x00\x00\x00\x00", TlsTrouble::NotTls),
        (b"", TlsTrouble::Closed),
        // Half of a record.
        (b"\x16\x03\x03\x00\x7a\x02", TlsTrouble::Closed),
        // An alert: handshake_failure.
        (
            b"\x15\x03\x03\x00\x02\x02\x28",
            TlsTrouble::Unsupported("host and program have no protocol version, cipher or signature in common".into()),
        ),
    ] {
        assert_eq!(trouble_at(says(words).await).await, wanted, "{}", String::from_utf8_lossy(words));
    }
}

#[tokio::test]
async fn a_connection_that_is_closed_or_reset_at_once_is_closed() {
    let closed = listen(|tcp| async move {
        drop(tcp);
        Ok(())
    })
    .await;
    assert_eq!(trouble_at(closed).await, TlsTrouble::Closed);
    let reset = listen(|tcp| async move { tcp.set_zero_linger() }).await;
    assert_eq!(trouble_at(reset).await, TlsTrouble::Closed);
}

#[tokio::test]
async fn a_handshake_without_answer_ends_at_the_limit() {
    let silent =
        listen(|mut tcp| async move { tokio::io::copy(&mut tcp, &mut tokio::io::sink()).await.map(drop) }).await;
    let mut options = options();
    options.limits.connect = Duration::from_millis(150);
    let all = look(inquiry(silent, None, None), &options).await;
    assert_eq!(last(&all), &Seen::NoTls(TlsTrouble::TimedOut));
}

#[tokio::test]
async fn a_dead_address_does_not_hold_up_a_live_one() {
    let lab = Lab::start(LabConfig::quick()).await.unwrap();
    // Nothing listens at the other address of loopback.
    let dead = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));
    let options = Options { resolver: Script::of([Ok(vec![dead, LOOPBACK])]), ..options() };
    let mut asked = inquiry(lab.port(), None, None);
    asked.endpoints[0].host = Host::Name("localhost".into());
    let all = look(asked, &options).await;
    assert_eq!(find!(all, Seen::Connected(_, address) => *address), LOOPBACK);
    assert!(matches!(last(&all), Seen::IsProxmox { .. }));
}

#[tokio::test]
async fn dropping_a_survey_closes_every_connection() {
    let lab = Lab::start(LabConfig { scenario: Scenario::Silent, ..LabConfig::quick() }).await.unwrap();
    let (tell, mut told_of) = mpsc::unbounded_channel();
    let to = SocketAddr::new(LOOPBACK, lab.port());
    // A relay that says when a connection begins and when the client has ended it; the lab ends none by itself.
    let port = listen(move |mut client| {
        let tell = tell.clone();
        async move {
            let _ = tell.send(1);
            let mut host = TcpStream::connect(to).await?;
            let carried = tokio::io::copy_bidirectional(&mut client, &mut host).await;
            let _ = tell.send(-1);
            carried.map(drop)
        }
    })
    .await;
    let options = options();
    let (told, mut heard) = mpsc::unbounded_channel();
    let asked = inquiry(port, pin(&lab), credential(&lab.tokens()[0]));
    let mut surveying = Box::pin(survey(asked, &options, move |o| {
        let _ = told.send(o.seen);
    }));
    loop {
        tokio::select! {
            () = &mut surveying => panic!("a silent host was surveyed to the end"),
            Some(seen) = heard.recv() => if seen == Seen::Started(Link::Proxmox) { break },
        }
    }
    drop(surveying);
    assert!(heard.recv().await.is_none());
    let mut open = told_of.recv().await.unwrap();
    let all_closed = async {
        while open > 0 {
            open += told_of.recv().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all_closed).await.expect("a connection was left open");
}

#[tokio::test]
async fn an_answer_in_no_http_is_not_read_as_one() {
    use std::sync::Arc;
    let (config, _) = tls();
    let port = listen(move |tcp| {
        let config = Arc::clone(&config);
        async move {
            let mut tls = tokio_rustls::TlsAcceptor::from(config).accept(tcp).await?;
            tls.read_buf(&mut Vec::with_capacity(4096)).await?;
            tls.write_all(b"220 mail.example.invalid ESMTP\r\n").await?;
            tls.shutdown().await
        }
    })
    .await;
    let all = look(inquiry(port, None, None), &options()).await;
    let Seen::NotProxmox(Speaker::Nothing(trouble)) = last(&all) else { panic!("{all:#?}") };
    assert!(matches!(trouble, labwizard::domain::observation::RequestTrouble::Unreadable(_)), "{trouble:?}");
}

pub fn tls() -> (Arc<rustls::ServerConfig>, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let der = made.cert.der().to_vec();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![der.clone().into()], key)
        .unwrap();
    (Arc::new(config), der)
}

const CHILD_PORT: &str = "LABWIZARD_TEST_PORT";

/// Proxies, key logs and CA lists of the environment: the survey runs in a process of its own, in which they are set.
#[tokio::test]
async fn the_environment_leads_nothing_astray() {
    let lab = Lab::start(LabConfig::quick()).await.unwrap();
    let (met, mut meets) = mpsc::unbounded_channel();
    let proxy = listen(move |_| {
        let _ = met.send(());
        async { Ok(()) }
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let (keys, cas) = (folder.path().join("keys"), folder.path().join("ca.pem"));
    std::fs::write(&cas, lab.ca_pem()).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", "client::road::a_survey_in_a_hostile_environment", "--ignored"])
        .env(CHILD_PORT, lab.port().to_string())
        .env("SSLKEYLOGFILE", &keys)
        .env("SSL_CERT_FILE", &cas)
        .env("SSL_CERT_DIR", folder.path());
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, format!("http://127.0.0.1:{proxy}"));
    }
    let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    assert!(meets.try_recv().is_err(), "a proxy was asked");
    assert!(!keys.exists(), "keys were logged");
    assert!(lab.received().len() >= 2);
}

#[tokio::test]
#[ignore = "runs as a child of the test above, which sets its environment"]
async fn a_survey_in_a_hostile_environment() {
    let port = std::env::var(CHILD_PORT).unwrap().parse().unwrap();
    let options = Options { limits: patient(), ..Options::at(now()) };
    let all = look(inquiry(port, None, None), &options).await;
    assert!(!find!(all, Seen::Certificate { system, .. } => *system), "SSL_CERT_FILE chose whom to trust");
    assert!(matches!(last(&all), Seen::IsProxmox { .. }));
}

/// One place turns rustls's checks over to our own verifier, and no HTTP client with a mind of its own is used.
#[test]
fn the_source_has_one_dangerous_place_and_no_other_way_out() {
    fn sources(folder: &std::path::Path, into: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => sources(&path, into),
                false => into.push(std::fs::read_to_string(&path).unwrap()),
            }
        }
    }
    let mut all = Vec::new();
    sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    let count = |needle: &str| all.iter().map(|text| text.matches(needle).count()).sum::<usize>();
    assert_eq!(count("with_custom_certificate_verifier"), 1);
    assert_eq!(count("DangerousClientConfig"), 0);
    assert_eq!(count("HandshakeSignatureValid::assertion"), 0);
    assert_eq!(count("KeyLogFile"), 0);
    assert_eq!(count("reqwest::"), 0);
}
