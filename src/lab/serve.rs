//! Connections: TLS, one request after the other, the hold on a refused login, limits, and what a scenario breaks.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::cut::Fault;
use super::http::{self, Head, Reply, Request};
use super::scenario::Scenario;
use super::upload::{Reader, Upload};
use super::{CutAt, Received, Shared, answer};

/// pveproxy takes so many connections at once; more wait.
const MOST_CONNECTIONS: usize = 500;
/// A request on one connection after so many others is its last (pve-http-server: keep-alive of 100).
const MOST_REQUESTS: usize = 100;
/// A body that nobody may send is read so far, and thrown away, so that the answer arrives.
const MOST_DISCARDED: usize = 4 << 20;

/// Takes connections until told to stop.
pub async fn listen(listener: TcpListener, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return,
        };
        let Ok((stream, peer)) = accepted else { continue };
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let (shared, mut stop) = (shared.clone(), stop.clone());
        tokio::spawn(async move {
            // A connection that breaks concerns nobody but its client.
            tokio::select! {
                _ = connection(stream, peer, &shared) => {}
                _ = stop.changed() => {}
            }
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, shared: &Shared) -> io::Result<()> {
    if !peer.ip().is_loopback() {
        return Ok(());
    }
    stream.set_nodelay(true)?;
    let number = shared.connections.fetch_add(1, Ordering::SeqCst);
    if shared.is_down() {
        return Ok(());
    }
    // One round trip for TCP, one for TLS 1.3.
    sleep(shared.config.delay).await;
    let mut first = [0u8; 1];
    if timeout(shared.config.idle, stream.peek(&mut first)).await.map_err(io::Error::other)?? == 0 {
        return Ok(());
    }
    if first[0] != 0x16 {
        return plain(stream, number, shared).await;
    }
    sleep(shared.config.delay).await;
    let acceptor = TlsAcceptor::from(shared.tls_for(number));
    let accepted = timeout(shared.config.idle, acceptor.accept(stream)).await.map_err(io::Error::other)?;
    requests(accepted?, number, shared).await
}

/// Plain HTTP on the TLS port is sent to https.
async fn plain(mut stream: TcpStream, number: usize, shared: &Shared) -> io::Result<()> {
    let mut read = Vec::new();
    let Some(request) = next_head(&mut stream, &mut read, shared, false).await? else { return Ok(()) };
    let Ok(request) = request else {
        return finish(&mut stream, &bad_request(shared), 0, false).await;
    };
    shared.note(number, &request, &read);
    let with_body = shared.release().errors_have_message();
    let host = request.header("Host").unwrap_or_else(|| format!("127.0.0.1:{}", shared.port));
    let (status, text) = if request.method == "GET" { (301, "Moved Permanently") } else { (308, "Permanent Redirect") };
    let mut reply = Reply::plain(status, text, with_body);
    reply.location = Some(format!("https://{host}{}", request.target));
    let bytes = reply.bytes(request.minor, request.keeps_alive(), false);
    stream.write_all(&bytes).await?;
    close(&mut stream).await
}

fn bad_request(shared: &Shared) -> Reply {
    Reply::plain(400, "bad request", shared.release().errors_have_message())
}

/// The next head: `None` when the client is gone or idle, `Err` inside when it is none.
async fn next_head<S: AsyncRead + Unpin>(
    stream: &mut S,
    read: &mut Vec<u8>,
    shared: &Shared,
    tls: bool,
) -> io::Result<Option<Result<Request, ()>>> {
    loop {
        match http::read_head(read, tls) {
            Head::Whole(mut request, length) => {
                request.body = read.split_off(length);
                return Ok(Some(Ok(request)));
            }
            Head::Broken => return Ok(Some(Err(()))),
            Head::Partial => {}
        }
        let mut chunk = [0u8; 4096];
        match timeout(shared.config.idle, stream.read(&mut chunk)).await {
            Err(_) | Ok(Ok(0)) => return Ok(None),
            Ok(Ok(count)) => read.extend_from_slice(&chunk[..count]),
            Ok(Err(error)) => return Err(error),
        }
    }
}

async fn requests<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, number: usize, shared: &Shared) -> io::Result<()> {
    let mut waiting = Vec::new();
    for count in 1.. {
        let Some(head) = next_head(&mut stream, &mut waiting, shared, true).await? else {
            return close(&mut stream).await;
        };
        if shared.is_down() {
            return Ok(());
        }
        let Ok(mut request) = head else {
            return finish(&mut stream, &bad_request(shared), 0, false).await;
        };
        // What came after the head is body, and maybe the next request.
        let head_bytes = std::mem::take(&mut waiting);
        let announced = request.announced();
        let takes_body = matches!(request.method.as_str(), "POST" | "PUT") && !request.is_chunked();
        let mut refused = None;
        let upload = if takes_body && answer::takes_file(shared, &request) { Reader::of(&request) } else { None };
        let has_file = upload.is_some();
        if let Some(reader) = upload {
            let Some((upload, rest)) = file(&mut stream, reader, &mut request, shared).await? else { return Ok(()) };
            request.upload = Some(upload);
            waiting = rest;
        } else if takes_body && announced <= shared.release().largest_body() {
            while request.body.len() < announced {
                let mut chunk = vec![0u8; (announced - request.body.len()).min(64 * 1024)];
                match timeout(shared.config.idle, stream.read(&mut chunk)).await {
                    Err(_) | Ok(Ok(0)) => return Ok(()),
                    Ok(Ok(count)) => request.body.extend_from_slice(&chunk[..count]),
                    Ok(Err(error)) => return Err(error),
                }
            }
            waiting = request.body.split_off(announced);
        } else if announced > 0 || request.is_chunked() {
            refused = Some(announced);
        } else {
            waiting = std::mem::take(&mut request.body);
        }
        let raw = [head_bytes.as_slice(), &request.body].concat();
        let fault = shared.note(number, &request, &raw);
        let cut = fault.map(|fault| fault.at);
        if refused.is_some() {
            request.body.clear();
        }
        if cut == Some(CutAt::BeforeActing) {
            return shared.end(fault).await;
        }
        sleep(shared.config.delay).await;
        let is_last = count == MOST_REQUESTS;
        let keep = request.keeps_alive() && !is_last && !has_file;
        if super::broken::takes_over(shared, &request) {
            return super::broken::answer(&mut stream, shared, &request).await;
        }
        let reply = answer::answer(shared, &request, refused);
        if shared.scenario() == Scenario::Slow {
            sleep(Duration::from_secs(2)).await;
        }
        if reply.held {
            sleep(shared.config.hold).await;
        }
        let bytes = reply.bytes(request.minor, keep, request.method == "HEAD");
        match cut {
            Some(CutAt::BeforeAnswer) => return shared.end(fault).await,
            Some(CutAt::MidAnswer) => {
                stream.write_all(&bytes[..middle(&bytes)]).await?;
                stream.flush().await?;
                return shared.end(fault).await;
            }
            _ => {}
        }
        stream.write_all(&bytes).await?;
        stream.flush().await?;
        if !keep || reply.status >= 400 {
            if refused.is_some() {
                discard(&mut stream).await;
            }
            return close(&mut stream).await;
        }
    }
    Ok(())
}

/// Reads the file of an upload, and what came behind it. Nothing when the client is gone.
async fn file<S: AsyncRead + Unpin>(
    stream: &mut S,
    mut reader: Reader,
    request: &mut Request,
    shared: &Shared,
) -> io::Result<Option<(Result<Upload, String>, Vec<u8>)>> {
    let mut left = request.announced();
    let mut came = std::mem::take(&mut request.body);
    let rest = came.split_off(came.len().min(left));
    let mut good = reader.take(&came);
    left -= came.len();
    let mut chunk = vec![0u8; 64 * 1024];
    while left > 0 {
        let most = left.min(chunk.len());
        match timeout(shared.config.idle, stream.read(&mut chunk[..most])).await {
            Err(_) | Ok(Ok(0)) => return Ok(None),
            Ok(Ok(count)) => {
                good = good.and_then(|()| reader.take(&chunk[..count]));
                left -= count;
            }
            Ok(Err(error)) => return Err(error),
        }
    }
    Ok(Some((good.and_then(|()| reader.end()), rest)))
}

/// Where an answer is cut: in the middle of its body, of its head where it has none.
fn middle(answer: &[u8]) -> usize {
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4);
    if head < answer.len() { head + (answer.len() - head) / 2 } else { answer.len() / 2 }
}

/// Reads what is left of a body that was refused: closing with bytes unread would take the answer away from the client.
async fn discard<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) {
    let mut left = MOST_DISCARDED;
    let mut chunk = vec![0u8; 64 * 1024];
    while left > 0 {
        match timeout(Duration::from_millis(200), stream.read(&mut chunk)).await {
            Ok(Ok(count)) if count > 0 => left = left.saturating_sub(count),
            _ => return,
        }
    }
}

async fn finish<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    reply: &Reply,
    minor: u8,
    keep: bool,
) -> io::Result<()> {
    stream.write_all(&reply.bytes(minor, keep, false)).await?;
    stream.flush().await?;
    discard(stream).await;
    close(stream).await
}

async fn close<S: AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    stream.shutdown().await
}

impl Shared {
    /// Remembers a request, and says where it is to be cut.
    pub(super) fn note(&self, connection: usize, request: &Request, raw: &[u8]) -> Option<Fault> {
        let received = Received {
            connection,
            method: request.method.clone(),
            path: request.target.clone(),
            had_authorization: request.header("Authorization").is_some() || request.header("Cookie").is_some(),
            tls: request.tls,
            raw: raw[..raw.len().min(64 * 1024)].to_vec(),
        };
        let mut all = super::locked(&self.received);
        if all.len() < super::MOST_REMEMBERED {
            all.push(received);
        }
        drop(all);
        super::locked(&self.cuts).count(&request.method, &request.target)
    }

    /// Where a request is cut the connection ends; where it is held, nothing comes until its client or the lab ends.
    async fn end(&self, fault: Option<Fault>) -> io::Result<()> {
        if fault.is_some_and(|fault| fault.holds) {
            super::locked(&self.cuts).hold();
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    fn is_down(&self) -> bool {
        super::locked(&self.cuts).is_down()
    }
}
