//! The two kinds of host, and how each is asked.

use std::net::SocketAddr;

use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;

use super::answer;
use super::request::{Question, Request};
use super::session::{Session, redactor_of};
use crate::client::http::{Outgoing, Pool, Reply};
use crate::client::options::Options;
use crate::client::tls::{Door, SystemCas};
use crate::domain::observation::{RequestTrouble, TlsTrouble};
use crate::domain::redact::Redactor;
use crate::domain::{Endpoint, Secret, Trust, UserId};

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
        pool.prepare(1);
        pool.begin(tcp).await?;
        Ok(Stranger(pool))
    }

    /// The chain that its first connection showed, leaf first.
    pub fn seen(&self) -> &[CertificateDer<'static>] {
        self.0.door().seen()
    }

    pub async fn ask(&self, question: Question) -> Result<Reply, RequestTrouble> {
        ask(&self.0, &Request::Open(question), None).await
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

    /// Shakes hands over `tcp`, and opens `spare` more connections meanwhile.
    pub async fn begin(&self, tcp: TcpStream, spare: usize) -> Result<(), TlsTrouble> {
        self.pool.prepare(spare);
        self.pool.begin(tcp).await
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub fn door(&self) -> &Door {
        self.pool.door()
    }

    pub async fn ask_openly(&self, question: Question) -> Result<Reply, RequestTrouble> {
        ask(&self.pool, &Request::Open(question), None).await
    }

    /// Asks as `session`. Whatever the status, the answer is a reply; its words are to be read through [`Session::words`].
    pub async fn ask(&self, request: &Request, session: &Session) -> Result<Reply, RequestTrouble> {
        ask(&self.pool, request, Some(session)).await
    }

    /// Signs in with a password.
    pub async fn log_in(&self, user: &UserId, password: &Secret) -> Result<Reply, RequestTrouble> {
        ask(&self.pool, &Request::Ticket { user: user.clone(), password: password.share() }, None).await
    }
}

async fn ask(pool: &Pool, request: &Request, session: Option<&Session>) -> Result<Reply, RequestTrouble> {
    let target = request.target();
    pool.send(Outgoing {
        method: request.method(),
        target: &target,
        form: request.encoded_form(),
        credential: session.map(Session::header),
        limit: request.limit(),
        // Somebody else's page may be any size; its beginning tells who it is.
        cut: matches!(request, Request::Open(Question::LoginPage)),
    })
    .await
}

impl Session {
    /// The host's words for its answer: the status line's, else the body's message; without this session's secrets.
    pub fn words(&self, reply: &Reply) -> String {
        words(reply, self.redactor())
    }

    /// The host's words for a refused login, where there is no session yet.
    pub fn password_words(reply: &Reply, password: &Secret) -> String {
        words(reply, &redactor_of(password))
    }

    /// The data of a good answer, read by `read`; any other as the trouble that it is.
    pub fn data<T>(
        &self,
        reply: Result<Reply, RequestTrouble>,
        read: impl FnOnce(&[u8]) -> Result<T, answer::Unreadable>,
    ) -> Result<T, RequestTrouble> {
        let reply = reply?;
        if reply.status != 200 {
            return Err(RequestTrouble::Answered { status: reply.status, phrase: self.words(&reply) });
        }
        read(&reply.body).map_err(|unreadable| RequestTrouble::Unreadable(unreadable.to_string()))
    }
}

/// The host's words, cut at 300 characters.
fn words(reply: &Reply, redactor: &Redactor) -> String {
    let said = match reply.reason() {
        Some(reason) => reason.to_owned(),
        None => answer::message(&reply.body).unwrap_or_default(),
    };
    redactor.redact(&said).trim().chars().take(300).collect()
}
