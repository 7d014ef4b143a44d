//! A relay between a client and a host that breaks what it carries, driven by counts and never by time.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the client to the host.
    Up,
    Down,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Fin,
    Reset,
}

/// Ends one connection when so many bytes went one way.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// From 0, in the order in which connections come.
    pub connection: usize,
    pub way: Way,
    pub after: usize,
    pub end: End,
}

/// A running relay. Its task ends with the test's runtime.
pub struct Relay {
    pub port: u16,
    connections: Arc<AtomicUsize>,
    carried: Arc<AtomicUsize>,
}

impl Relay {
    /// Carries connection n to `to(n)`, and ends one of them as `cut` says.
    pub async fn start(to: impl Fn(usize) -> SocketAddr + Send + 'static, cut: Option<Cut>) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (connections, carried) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let relay = Relay { port, connections: Arc::clone(&connections), carried: Arc::clone(&carried) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let number = connections.fetch_add(1, Ordering::SeqCst);
                let (to, carried) = (to(number), Arc::clone(&carried));
                let cut = cut.filter(|cut| cut.connection == number);
                tokio::spawn(async move { carry(client, to, cut, &carried).await });
            }
        });
        relay
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many bytes went down over connection 0.
    pub fn carried(&self) -> usize {
        self.carried.load(Ordering::SeqCst)
    }
}

async fn carry(client: TcpStream, to: SocketAddr, cut: Option<Cut>, carried: &AtomicUsize) -> io::Result<()> {
    let host = TcpStream::connect(to).await?;
    client.set_nodelay(true)?;
    host.set_nodelay(true)?;
    if cut.is_some_and(|cut| cut.end == End::Reset) {
        // Closing then sends a reset instead of a fin.
        client.set_zero_linger()?;
    }
    let limit = |way| cut.filter(|cut| cut.way == way).map_or(usize::MAX, |cut| cut.after);
    let (client_reads, client_writes) = client.into_split();
    let (host_reads, host_writes) = host.into_split();
    // Whichever way ends first ends both: the halves are dropped, and with them the connection.
    tokio::select! {
        done = pump(client_reads, host_writes, limit(Way::Up), None) => done,
        done = pump(host_reads, client_writes, limit(Way::Down), Some(carried)) => done,
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut left: usize,
    count: Option<&AtomicUsize>,
) -> io::Result<()> {
    let mut piece = [0; 4096];
    while left > 0 {
        let most = piece.len().min(left);
        let got = from.read(&mut piece[..most]).await?;
        if got == 0 {
            break;
        }
        to.write_all(&piece[..got]).await?;
        left -= got;
        count.inspect(|count| {
            count.fetch_add(got, Ordering::SeqCst);
        });
    }
    Ok(())
}
