//! Hosts that answer in their own way: who they are told to be, and what of their words is kept.

use std::sync::atomic::{AtomicUsize, Ordering};

use labwizard::domain::Link;
use labwizard::domain::observation::{RequestTrouble, Speaker};
use labwizard::domain::{Fingerprint, Release};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::road::tls;
use super::*;
use crate::find;

const DOMAINS: &str = "/api2/json/access/domains";
const REALMS: &str = r#"{"data":[{"realm":"pam","type":"pam"},{"realm":"pve","type":"pve"}]}"#;

pub struct Scripted {
    pub port: u16,
    pub leaf: Fingerprint,
    pub heads: Arc<Mutex<Vec<String>>>,
}

/// A TLS host that answers each request with the bytes that `answer` gives for its path, and closes.
pub async fn host(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Scripted {
    let (config, der) = tls();
    let acceptor = tokio_rustls::TlsAcceptor::from(config);
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (heads, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
    let noted = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let (acceptor, answer, noted) = (acceptor.clone(), Arc::clone(&answer), Arc::clone(&noted));
            tokio::spawn(async move {
                let mut tls = acceptor.accept(tcp).await?;
                let mut read = Vec::new();
                let head = loop {
                    if tls.read_buf(&mut read).await? == 0 {
                        return Ok(());
                    }
                    let text = String::from_utf8_lossy(&read).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                    if length.is_none_or(|length| body.len() >= length.parse().unwrap()) {
                        break head.to_owned();
                    }
                };
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                noted.lock().unwrap().push(head);
                tls.write_all(&answer(&path)).await?;
                tls.shutdown().await
            });
        }
    });
    Scripted { port, leaf: Fingerprint::of(&der), heads }
}

/// An answer with a length, in HTTP.
pub fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
        .into_bytes()
}

async fn speaker_at(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Seen {
    let host = host(answer).await;
    last(&look(inquiry(host.port, None, None), &options()).await).clone()
}

#[tokio::test]
async fn unifi_is_known_by_its_page_its_header_or_where_it_sends() {
    for (status, headers, body) in [
        ("200 OK", "Content-Type: text/html\r\n", "<html><head><title>UniFi OS</title>"),
        ("200 OK", "Access-Control-Expose-Headers: Content-Disposition, X-Csrf-Token\r\n", "<html>"),
        ("302 Found", "Location: /manage\r\n", ""),
        ("302 ", "Location: https://unifi.lan:8443/manage/account/login\r\n", ""),
    ] {
        let seen = speaker_at(move |path| match path {
            "/" => http(status, headers, body),
            _ => http("404 Not Found", "", ""),
        });
        assert_eq!(seen.await, Seen::NotProxmox(Speaker::Unifi), "{headers}");
    }
}

#[tokio::test]
async fn proxmox_behind_a_reverse_proxy_is_still_proxmox() {
    let seen = speaker_at(|path| match path {
        DOMAINS => http("200 OK", "Server: nginx\r\n", REALMS),
        _ => http("200 OK", "Server: nginx\r\n", "<script src=\"/pve2/js/pvemanagerlib.js?ver=8.4.16\">"),
    });
    let Seen::IsProxmox { release_hint, .. } = seen.await else { panic!("not known") };
    assert_eq!(release_hint, Some(Release::new(8, 4, 16)));
}

#[tokio::test]
async fn a_page_of_any_size_is_read_as_far_as_it_matters() {
    let seen = speaker_at(|path| match path {
        DOMAINS => http("200 OK", "Server: pve-api-daemon/3.0\r\n", REALMS),
        _ => http("200 OK", "", &format!("<script src=\"pvemanagerlib.js?ver=9.2.11\">{}", "x".repeat(300_000))),
    });
    assert!(matches!(seen.await, Seen::IsProxmox { release_hint: Some(_), .. }));
}

#[tokio::test]
async fn a_proxy_that_asks_for_its_own_login_is_something_else() {
    let seen =
        speaker_at(|_| http("401 Unauthorized", "Server: cloudflare\r\nContent-Type: text/html\r\n", "<html>Sign in"));
    let wanted = Speaker::Other { server: Some("cloudflare".into()), status: 401, html: true };
    assert_eq!(seen.await, Seen::NotProxmox(wanted));
}

#[tokio::test]
async fn a_redirect_is_named_and_nobody_goes_there() {
    let came = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&came);
    let elsewhere = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let to = format!("https://127.0.0.1:{}/", elsewhere.local_addr().unwrap().port());
    tokio::spawn(async move {
        while elsewhere.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let header = format!("Location: {to}\r\nSet-Cookie: a=b\r\n");
    // Before sign-in, and in answer to it.
    let seen = speaker_at({
        let header = header.clone();
        move |_| http("301 Moved Permanently", &header, "")
    });
    assert_eq!(seen.await, Seen::NotProxmox(Speaker::Redirect { to }));
    let host = host(move |path| match path {
        DOMAINS => http("200 OK", "", REALMS),
        _ => http("307 Temporary Redirect", &header, ""),
    })
    .await;
    let all = look(signing_in(&host), &options()).await;
    assert_eq!(find!(all, Seen::SignInRefused { status, .. } => *status), 307);
    assert_eq!(came.load(Ordering::SeqCst), 0);
    assert!(host.heads.lock().unwrap().iter().all(|head| !head.to_lowercase().contains("cookie")));
}

fn signing_in(host: &Scripted) -> Inquiry {
    let token = Credential::Token {
        id: "apex@pve!tool".parse().unwrap(),
        secret: Secret::new("00000000-0000-4000-8000-000000000001".into()),
    };
    inquiry(host.port, Some(Trust::Pin(host.leaf)), Some(token))
}

/// Proxmox up to sign-in, where it answers `refusal`.
async fn refusal(refusal: impl Fn() -> Vec<u8> + Send + Sync + 'static) -> Vec<Observation> {
    let host = host(move |path| match path {
        DOMAINS => http("200 OK", "", REALMS),
        "/api2/json/version" => refusal(),
        _ => http("200 OK", "", ""),
    })
    .await;
    look(signing_in(&host), &options()).await
}

#[tokio::test]
async fn the_hosts_words_come_from_the_status_line_and_else_from_the_body() {
    let message = r#"{"data":null,"message":"kein Zugang für ü\n"}"#;
    for (answer, wanted) in [
        (http("401 no such user ('ghost@pve')", "", ""), "no such user ('ghost@pve')"),
        (http("403 Forbidden", "", message), "Forbidden"),
        // A phrase beyond ASCII is lost on the way.
        (http("403 für ü", "", message), "kein Zugang für ü"),
        (http("403 ", "", message), "kein Zugang für ü"),
        (http("595 Connection refused", "", ""), "Connection refused"),
        (http("403 ", "", "<html>"), ""),
    ] {
        let all = refusal(move || answer.clone()).await;
        assert_eq!(find!(all, Seen::SignInRefused { phrase, .. } => phrase.clone()), wanted);
    }
}

#[tokio::test]
async fn an_error_without_length_or_polite_end_is_still_an_answer() {
    let all = refusal(|| b"HTTP/1.1 401 No ticket\r\nDate: Sun, 22 Nov 2026 00:16:27 GMT\r\n\r\n".to_vec()).await;
    let (status, time) = find!(all, Seen::SignInRefused { status, clock_off, .. } => (*status, *clock_off));
    assert_eq!(status, 401);
    assert!((now() - time.unwrap() - 1_795_306_587).abs() < 5);
}

#[tokio::test]
async fn a_signed_in_answer_is_bounded_and_read_by_place_only() {
    for (answer, wanted) in [
        (http("200 OK", "Content-Encoding: gzip\r\n", "x"), "the answer is compressed, which was not asked for"),
        (http("200 OK", "", "<html>c4n4ry"), "no JSON at line 1, column 1"),
        (http("200 OK", "", r#"{"data":{"version":"c4n4ry"}}"#), "no release in the field “version”"),
    ] {
        let all = refusal(move || answer.clone()).await;
        let trouble = find!(all, Seen::Failed { link: Link::SignIn, trouble, .. } => trouble.clone());
        assert_eq!(trouble, RequestTrouble::Unreadable(wanted.into()));
    }
    // Announced too large, or grown too large without a length.
    let announced = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".to_vec();
    let mut grown = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
    grown.resize(100_000, b' ');
    let mut head = b"HTTP/1.1 200 OK\r\nX: ".to_vec();
    head.resize(70_000, b'x');
    for answer in [announced, grown, head] {
        let all = refusal(move || answer.clone()).await;
        assert!(find!(all, Seen::Failed { link: Link::SignIn, trouble, .. } => *trouble == RequestTrouble::TooLarge));
    }
}
