//! Scenarios that answer like something else, or in a way that no answer should come.

use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::Shared;
use super::http::{self, Reply, Request, gzip_stored};
use super::pages;
use super::scenario::Scenario;

/// How deep the nested JSON goes.
const DEPTH: usize = 100_000;

/// Whether the scenario answers this request in Proxmox's place.
pub fn takes_over(shared: &Shared, request: &Request) -> bool {
    let is_api = request.path().starts_with("/api2/");
    match shared.scenario() {
        Scenario::LoginPageOnly | Scenario::Pbs | Scenario::Unifi | Scenario::Redirect | Scenario::Silent => true,
        Scenario::EndlessBody | Scenario::EndlessHeader | Scenario::DeepJson | Scenario::BrokenJson => is_api,
        Scenario::GzipBody => is_api,
        _ => false,
    }
}

/// Answers as the scenario wants, and closes.
pub async fn answer<S: AsyncWrite + Unpin>(stream: &mut S, shared: &Shared, request: &Request) -> io::Result<()> {
    match shared.scenario() {
        Scenario::LoginPageOnly => nginx(stream, "200 OK", "text/html", pages::PROXY_LOGIN).await?,
        Scenario::Redirect => {
            let head = "HTTP/1.1 302 Found\r\nServer: nginx\r\nLocation: https://login.example.invalid/\r\n\
                Content-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(head.as_bytes()).await?;
        }
        Scenario::Pbs => pbs(stream, request).await?,
        Scenario::Unifi => {
            if request.path() == "/api/system" {
                nginx(stream, "200 OK", "application/json; charset=utf-8", pages::UNIFI_SYSTEM).await?;
            } else if request.path().starts_with("/api") || request.path().starts_with("/proxy") {
                let body = "{\"error\":{\"code\":401,\"message\":\"Unauthorized\"}}";
                nginx(stream, "401 Unauthorized", "application/json; charset=utf-8", body).await?;
            } else {
                nginx(stream, "200 OK", "text/html; charset=utf-8", pages::UNIFI).await?;
            }
        }
        Scenario::Silent => std::future::pending::<()>().await,
        Scenario::EndlessBody => {
            let mut reply = Reply::plain(200, "OK", false);
            reply.content_type = Some("application/json;charset=UTF-8");
            stream.write_all(&reply.bytes(request.minor, false, false)).await?;
            stream.write_all(b"{\"data\":[").await?;
            loop {
                // Ends when the client closes.
                stream.write_all(&b"{\"vmid\":100,\"name\":\"guest\"},".repeat(1000)).await?;
            }
        }
        Scenario::EndlessHeader => {
            stream.write_all(&Reply::plain(200, "OK", false).head(request.minor, false)).await?;
            loop {
                stream.write_all(&b"X-Lab: and one more line of header\r\n".repeat(100)).await?;
            }
        }
        Scenario::DeepJson => {
            let body = format!("{{\"data\":{}{}}}", "[".repeat(DEPTH), "]".repeat(DEPTH));
            let reply = Reply::of(200, "OK", "application/json;charset=UTF-8", body.into_bytes());
            stream.write_all(&reply.bytes(request.minor, false, false)).await?;
        }
        Scenario::BrokenJson | Scenario::GzipBody => {
            let mut reply = super::answer::answer(shared, request, None);
            reply.gzip = shared.scenario() == Scenario::GzipBody && reply.body.is_some();
            if let Some(body) = &mut reply.body {
                if reply.gzip {
                    *body = gzip_stored(body);
                } else {
                    body.truncate(body.len() / 2);
                }
            }
            stream.write_all(&reply.bytes(request.minor, false, false)).await?;
        }
        _ => {}
    }
    stream.flush().await?;
    stream.shutdown().await
}

async fn nginx<S: AsyncWrite + Unpin>(stream: &mut S, status: &str, kind: &str, body: &str) -> io::Result<()> {
    let date = http::http_date(http::unix_now());
    let head = format!(
        "HTTP/1.1 {status}\r\nServer: nginx\r\nDate: {date}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await
}

/// A Proxmox Backup Server has the same shape of API, other realms and other words.
async fn pbs<S: AsyncWrite + Unpin>(stream: &mut S, request: &Request) -> io::Result<()> {
    let date = http::http_date(http::unix_now());
    let (status, kind, body) = match request.path() {
        "/api2/json/access/domains" => (
            "200 OK",
            "application/json;charset=UTF-8",
            "{\"data\":[{\"comment\":\"Linux PAM standard authentication\",\"realm\":\"pam\",\"type\":\"pam\"},\
             {\"comment\":\"Proxmox Backup authentication server\",\"realm\":\"pbs\",\"type\":\"pbs\"}]}",
        ),
        "/" => (
            "200 OK",
            "text/html",
            "<!DOCTYPE html><html><head><title>pbs - Proxmox Backup Server</title>\
             <script src=\"/js/proxmox-backup-gui.js\"></script></head><body></body></html>",
        ),
        _ => ("401 Unauthorized", "text/plain", "authentication failed - no authentication credentials provided."),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\ndate: {date}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await
}
