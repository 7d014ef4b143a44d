//! How long a live check takes. These print and assert nothing: a busy machine is no fault of the program.
//! `cargo test --release --test it -- --ignored --nocapture speed`

use std::time::Instant;

use labwizard::domain::certificates_from_pem;
use labwizard::lab::{Lab, LabConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

async fn time(lab: &Lab, token: &str, paths: usize) -> Duration {
    let mut asked = inquiry(lab.port(), pin(lab), credential(&lab.token(token).unwrap()));
    asked.paths = (0..paths).map(|i| format!("/vms/{}", 100 + i)).collect();
    let options = options();
    let since = Instant::now();
    let all = look(asked, &options).await;
    let took = since.elapsed();
    assert!(all.iter().any(|o| matches!(o.seen, Seen::Rights(_) | Seen::SignInRefused { .. })));
    took
}

/// One connection and two requests, one after the other, with nothing around them.
async fn floor(lab: &Lab) -> Duration {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificates_from_pem(&lab.ca_pem()).unwrap().remove(0).0.into()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let token = lab.token("apex@pve!glassdome-token").unwrap();
    let request = format!(
        "GET /api2/json/version HTTP/1.1\r\nHost: localhost\r\nAuthorization: PVEAPIToken={}={}\r\n\r\n",
        token.id, token.secret
    );
    let since = Instant::now();
    let tcp = TcpStream::connect((LOOPBACK, lab.port())).await.unwrap();
    tcp.set_nodelay(true).unwrap();
    let name = "localhost".try_into().unwrap();
    let mut tls = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap();
    for _ in 0..2 {
        tls.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}}") {
            tls.read_buf(&mut answer).await.unwrap();
        }
    }
    since.elapsed()
}

#[test]
#[ignore = "prints how long things take"]
fn a_live_check_beside_its_floor() {
    // The lab lives on a thread of its own, as a host would.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for delay in [0, 20, 50] {
        let delay = Duration::from_millis(delay);
        let lab = Lab::start_in_thread(LabConfig { delay, ..LabConfig::default() }).unwrap();
        for paths in [0, 3] {
            let mut all = Vec::new();
            for _ in 0..11 {
                all.push(runtime.block_on(time(&lab, "apex@pve!glassdome-token", paths)));
            }
            all.sort();
            let mut least: Vec<_> = (0..11).map(|_| runtime.block_on(floor(&lab))).collect();
            least.sort();
            println!("{delay:?} a round trip, {paths} paths: {:?}; the floor {:?}", all[5], least[5]);
        }
    }
    let lab = Lab::start_in_thread(LabConfig::default()).unwrap();
    let since = Instant::now();
    let wrong = Credential::Token {
        id: "apex@pve!glassdome-token".parse().unwrap(),
        secret: Secret::new("00000000-0000-4000-8000-000000000001".into()),
    };
    runtime.block_on(look(inquiry(lab.port(), pin(&lab), Some(wrong)), &options()));
    println!("wrong token: {:?}", since.elapsed());
}
