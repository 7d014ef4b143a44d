//! TCP: the first address of an endpoint that takes a connection.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::client::options::Limits;
use crate::domain::observation::ConnectTrouble;

/// Opens one connection within the limit.
pub(super) async fn open(address: SocketAddr, limits: &Limits) -> Result<TcpStream, ConnectTrouble> {
    let stream = timeout(limits.connect, TcpStream::connect(address))
        .await
        .map_err(|_| ConnectTrouble::TimedOut)?
        .map_err(|error| trouble(&error))?;
    // Requests are single small writes; waiting to fill a packet only costs a round trip.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// The first of `addresses` that takes a connection at `port`. Each next one starts when the one before it failed or its head
/// start is over; whoever is first wins and the others are dropped. Fails with one entry an address.
pub(super) async fn first(
    addresses: &[IpAddr],
    port: u16,
    limits: &Limits,
) -> Result<(TcpStream, IpAddr), Vec<(IpAddr, ConnectTrouble)>> {
    let mut waiting = addresses.iter().copied();
    let mut trying = FuturesUnordered::new();
    let mut failed = Vec::new();
    let attempt = |address: IpAddr| async move { (address, open(SocketAddr::new(address, port), limits).await) };
    trying.extend(waiting.next().map(attempt));
    while !trying.is_empty() {
        let more = waiting.len() > 0;
        tokio::select! {
            biased;
            Some((address, outcome)) = trying.next() => match outcome {
                Ok(stream) => return Ok((stream, address)),
                Err(trouble) => {
                    failed.push((address, trouble));
                    trying.extend(waiting.next().map(attempt));
                }
            },
            () = pause(more, limits) => trying.extend(waiting.next().map(attempt)),
        }
    }
    Err(failed)
}

/// A head start where there is somebody to start after it; else never ends.
fn pause(more: bool, limits: &Limits) -> impl Future<Output = ()> {
    let head_start = limits.head_start;
    async move { if more { sleep(head_start).await } else { std::future::pending().await } }
}

fn trouble(error: &io::Error) -> ConnectTrouble {
    use io::ErrorKind::*;
    match error.kind() {
        ConnectionRefused => ConnectTrouble::Refused,
        TimedOut => ConnectTrouble::TimedOut,
        HostUnreachable | NetworkUnreachable | AddrNotAvailable | NetworkDown => ConnectTrouble::Unreachable,
        ConnectionReset | ConnectionAborted => ConnectTrouble::Reset,
        PermissionDenied => ConnectTrouble::Forbidden,
        _ => ConnectTrouble::Other,
    }
}
