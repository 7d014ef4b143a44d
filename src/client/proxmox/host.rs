//! The two kinds of host, and how each is asked.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use super::answer;
use super::request::{Question, Request};
use super::session::Session;
use crate::client::connect;
use crate::client::http::{Outgoing, Pool, Reply, Unanswered};
use crate::client::options::Options;
use crate::client::tls::{Door, SystemCas};
use crate::domain::observation::{RequestTrouble, TlsTrouble};
use crate::domain::redact::Redactor;
use crate::domain::{Endpoint, HostAt, Trust};

/// Anybody: any certificate, whose key they have. No credential can be given to one.
pub struct Stranger(Pool);

impl Stranger {
    /// Shakes hands over `tcp`. Fails where the host has not the key of the certificate that it shows.
    pub async fn greet(
        endpoint: &Endpoint,
        address: SocketAddr,
        options: &Options,
        tcp: TcpStream,
    ) -> Result<Stranger, TlsTrouble> {
        let pool = Pool::new(Door::any(endpoint, address, options)?, endpoint, options.limits);
        pool.begin(tcp, 1).await?;
        Ok(Stranger(pool))
    }

    /// The chain that its first connection showed, leaf first.
    pub fn seen(&self) -> &[CertificateDer<'static>] {
        self.0.door().seen()
    }

    pub async fn ask(&self, question: Question) -> Result<Reply, RequestTrouble> {
        Ok(send(&self.0, &Request::Open(question), None).await?)
    }
}

/// A host whose certificate is held against what was agreed, on every connection.
pub struct Trusted {
    pool: Pool,
    endpoint: Endpoint,
}

impl Trusted {
    /// Makes ready; nothing is connected yet.
    pub fn new(
        trust: &Trust,
        endpoint: &Endpoint,
        address: SocketAddr,
        options: &Options,
        system: &SystemCas,
    ) -> Result<Trusted, TlsTrouble> {
        let door = Door::trusted(trust, endpoint, address, options, system)?;
        Ok(Trusted { pool: Pool::new(door, endpoint, options.limits), endpoint: endpoint.clone() })
    }

    /// Goes to a host that was agreed to. Fails where its certificate does not hold; then nothing was sent.
    pub async fn reach(at: &HostAt, options: &Options) -> Result<Trusted, RequestTrouble> {
        let HostAt { endpoint, address, trust } = at;
        let addresses = match address.or_else(|| endpoint.host.address()) {
            Some(address) => vec![address],
            None => {
                let found = options.resolver.resolve(&endpoint.host.to_string()).await;
                found.map_err(|_| RequestTrouble::NotConnected)?
            }
        };
        let system = Arc::new(SystemCas::new(options.system.clone()));
        if *trust == Trust::System {
            let system = Arc::clone(&system);
            // Without them the certificate does not hold, which is found below.
            let _ = tokio::task::spawn_blocking(move || system.load()).await;
        }
        let (tcp, address) = connect::first(&addresses, endpoint.port, &options.limits)
            .await
            .map_err(|_| RequestTrouble::NotConnected)?;
        let held = |trouble| match trouble {
            TlsTrouble::TimedOut => RequestTrouble::TimedOut,
            _ => RequestTrouble::NotConnected,
        };
        let socket = SocketAddr::new(address, endpoint.port);
        let host = Trusted::new(trust, endpoint, socket, options, &system).map_err(held)?;
        host.begin(tcp, 0).await.map_err(held)?;
        Ok(host)
    }

    /// Shakes hands over `tcp`, and opens `spare` more connections meanwhile.
    pub async fn begin(&self, tcp: TcpStream, spare: usize) -> Result<(), TlsTrouble> {
        self.pool.begin(tcp, spare).await
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub fn door(&self) -> &Door {
        self.pool.door()
    }

    pub async fn ask_openly(&self, question: Question) -> Result<Reply, RequestTrouble> {
        Ok(send(&self.pool, &Request::Open(question), None).await?)
    }

    /// Asks as `session`. Whatever the status, the answer is a reply; its words are to be read through [`Session::words`].
    pub async fn ask(&self, request: &Request, session: &Session) -> Result<Reply, RequestTrouble> {
        Ok(self.send(request, session).await?)
    }

    /// The same for a write, where it matters whether any of it left.
    pub async fn send(&self, request: &Request, session: &Session) -> Result<Reply, Unanswered> {
        send(&self.pool, request, Some(session)).await
    }

    /// Sends one step of a login, which has no session yet.
    pub async fn log_in(&self, step: &Request) -> Result<Reply, RequestTrouble> {
        Ok(send(&self.pool, step, None).await?)
    }
}

async fn send(pool: &Pool, request: &Request, session: Option<&Session>) -> Result<Reply, Unanswered> {
    let (target, method) = (request.target(), request.method());
    pool.send(Outgoing {
        credential: session.map(|session| session.headers(&method)).unwrap_or_default(),
        method,
        target: &target,
        form: request.encoded_form(),
        limit: request.limit(),
        // Somebody else's page may be any size; its beginning tells who it is.
        cut: matches!(request, Request::Open(Question::LoginPage)),
    })
    .await
}

impl Session {
    /// The host's words for its answer: the status line's, else the body's message; without this session's secrets.
    pub fn words(&self, reply: &Reply) -> String {
        words(reply, &self.redactor())
    }

    /// The body of a good answer; any other as the trouble that it is.
    pub fn good(&self, reply: Result<Reply, RequestTrouble>) -> Result<Zeroizing<Vec<u8>>, RequestTrouble> {
        let reply = reply?;
        if reply.status != 200 {
            return Err(RequestTrouble::Answered { status: reply.status, phrase: self.words(&reply) });
        }
        Ok(reply.body)
    }
}

/// The host's words without the secrets that `redactor` knows, cut at 300 characters: the status line's, else or where it
/// goes on the body's message, and what it has against parameters.
pub fn words(reply: &Reply, redactor: &Redactor) -> String {
    // The status line ends where the message has its first line break.
    let mut said = match (reply.reason(), answer::message(&reply.body)) {
        (Some(reason), Some(message)) if message.starts_with(reason) => message.replace('\n', " "),
        (Some(reason), _) => reason.to_owned(),
        (None, message) => message.unwrap_or_default(),
    };
    for fault in answer::faults(&reply.body) {
        said = format!("{said} {fault}");
    }
    redactor.redact(&said).trim().chars().take(300).collect()
}
