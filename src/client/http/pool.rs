//! The connections to one address behind one door: opened ahead, used again, never shared with another trust.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::{Request, Response};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinHandle;

use super::io::{Io, Payload};
use super::{HEAD, REST};
use crate::client::options::Limits;
use crate::client::tls::{Door, OpenTrouble, Stream};
use crate::domain::Endpoint;
use crate::domain::observation::TlsTrouble;

/// How many connections are open at once at most: enough for all questions of a live check, few for a busy host.
const WIDTH: usize = 12;

/// A task that ends with whoever holds it.
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One connection that speaks HTTP.
pub struct Connection {
    sender: SendRequest<Payload>,
    _driver: Task<()>,
    rests_since: Instant,
}

impl Connection {
    async fn over(stream: Stream) -> Result<Self, OpenTrouble> {
        let (sender, driver) = Builder::new()
            .max_buf_size(HEAD)
            .max_header_size(HEAD)
            .handshake(Io(stream))
            .await
            .map_err(|_| OpenTrouble::Tls(TlsTrouble::Closed))?;
        let driver = Task(tokio::spawn(async move {
            // How it ended is told to whoever waits for an answer.
            let _ = driver.await;
        }));
        Ok(Connection { sender, _driver: driver, rests_since: Instant::now() })
    }

    /// A failure gives the request back where not a byte of it was written.
    pub(super) async fn send(
        &mut self,
        request: Request<Payload>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Payload>>> {
        self.sender.try_send_request(request).await
    }

    /// Whether it can take a request: not closed, and not so long unused that the host may be closing it.
    async fn ready(&mut self) -> bool {
        self.rests_since.elapsed() < REST && self.sender.ready().await.is_ok()
    }
}

/// Connections that are ready, and those that are being opened.
pub struct Pool {
    door: Door,
    host: String,
    limits: Limits,
    width: Semaphore,
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    idle: Vec<Connection>,
    opening: VecDeque<Task<Result<Connection, OpenTrouble>>>,
}

impl Pool {
    pub fn new(door: Door, endpoint: &Endpoint, limits: Limits) -> Self {
        let host = match endpoint.port {
            443 => endpoint.bracketed_host(),
            _ => endpoint.to_string(),
        };
        Pool { door, host, limits, width: Semaphore::new(WIDTH), shelf: Mutex::default() }
    }

    pub fn door(&self) -> &Door {
        &self.door
    }

    /// What stands in the Host header.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Begins to open `spare` further connections, and shakes hands over an open TCP connection, the first of this pool. The
    /// certificate's verdict comes from here.
    pub async fn begin(&self, tcp: TcpStream, spare: usize) -> Result<(), TlsTrouble> {
        self.prepare(spare);
        let stream = self.door.shake(tcp).await?;
        let connection = Connection::over(stream).await.map_err(|_| TlsTrouble::Closed)?;
        self.put_back(connection);
        Ok(())
    }

    /// Begins to open `count` further connections, to be there when they are needed.
    fn prepare(&self, count: usize) {
        let mut shelf = self.shelf();
        for _ in 0..count.min(WIDTH - 1) {
            let door = self.door.clone();
            shelf.opening.push_back(Task(tokio::spawn(async move { Connection::over(door.open().await?).await })));
        }
    }

    /// Waits until fewer than the most requests are under way. Each of them ends within the limits, and so does this.
    pub(super) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.width.acquire().await.ok()
    }

    /// A connection that is ready, else one that is being opened, else a new one.
    pub(super) async fn take(&self) -> Result<Connection, OpenTrouble> {
        loop {
            let idle = self.shelf().idle.pop();
            if let Some(mut connection) = idle {
                if connection.ready().await {
                    return Ok(connection);
                }
                continue;
            }
            let opening = self.shelf().opening.pop_front();
            let Some(mut task) = opening else { break };
            let opened = match (&mut task.0).await {
                Ok(Ok(connection)) => Some(connection),
                // Another certificate than the agreed one is a matter for the caller; a host that takes no more connections
                // than it does is not, as long as it takes one.
                Ok(Err(OpenTrouble::Tls(trouble))) => return Err(OpenTrouble::Tls(trouble)),
                Ok(Err(OpenTrouble::Connect(_))) | Err(_) => None,
            };
            if let Some(mut connection) = opened
                && connection.ready().await
            {
                return Ok(connection);
            }
        }
        Connection::over(self.door.open().await?).await
    }

    pub(super) fn put_back(&self, mut connection: Connection) {
        if !connection.sender.is_closed() {
            connection.rests_since = Instant::now();
            self.shelf().idle.push(connection);
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
