//! From an endpoint's addresses to a host whose certificate was held, or looked at.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;

use super::eye::Eye;
use super::{Realms, Survey, identify, note};
use crate::client::connect;
use crate::client::proxmox::recognise::recognise;
use crate::client::proxmox::request::Question;
use crate::client::proxmox::{Stranger, Trusted};
use crate::client::tls::{Door, OpenTrouble, server_name};
use crate::domain::observation::{ConnectTrouble, TlsTrouble};
use crate::domain::{Certificate, Endpoint, Link, Seen, Trust};

/// How far one endpoint led.
pub struct Arrival {
    pub reached: Reached,
}

/// What stands at the end of the way to one endpoint.
pub enum Reached {
    /// No address took a connection.
    Dark(Vec<(Endpoint, IpAddr, ConnectTrouble)>),
    /// Connected, and the certificate did not hold, or none was seen.
    NoTls,
    /// Somebody answers who is not Proxmox.
    Else,
    /// Proxmox; where trust was agreed, ready to be signed in to, with its realms.
    Proxmox(Option<(Trusted, Realms)>),
    /// The agreed certificate; who answers is still to be asked.
    Unasked(Trusted),
}

impl Arrival {
    pub fn is_proxmox(&self) -> bool {
        matches!(self.reached, Reached::Proxmox(_) | Reached::Unasked(_))
    }

    pub fn rank(&self) -> u8 {
        match self.reached {
            Reached::Dark(_) => 0,
            Reached::NoTls => 1,
            Reached::Else => 2,
            Reached::Proxmox(_) | Reached::Unasked(_) => 3,
        }
    }
}

impl Survey<'_> {
    /// Travels to one endpoint. `alone` says that no other is tried.
    pub async fn reach(&self, endpoint: &Endpoint, addresses: &[IpAddr], alone: bool, eye: &Eye<'_>) -> Arrival {
        let since = Instant::now();
        if alone {
            eye.saw(Seen::Started(Link::Connect), since);
        }
        let reached = match connect::first(addresses, endpoint.port, &self.options.limits).await {
            Err(failed) => {
                Reached::Dark(failed.into_iter().map(|(address, why)| (endpoint.clone(), address, why)).collect())
            }
            Ok((tcp, address)) => {
                eye.saw(Seen::Connected(endpoint.clone(), address), since);
                let socket = SocketAddr::new(address, endpoint.port);
                match &self.inquiry.trust {
                    None => self.acquaint(endpoint, socket, tcp, eye).await,
                    Some(trust) => self.hold(trust, endpoint, socket, tcp, alone, eye).await,
                }
            }
        };
        Arrival { reached }
    }

    /// No trust is agreed: looks at the certificate, and asks what a stranger may be asked over a connection of its own.
    async fn acquaint(&self, endpoint: &Endpoint, socket: SocketAddr, tcp: TcpStream, eye: &Eye<'_>) -> Reached {
        let since = Instant::now();
        eye.saw(Seen::Started(Link::Certificate), since);
        let door = match Door::look(endpoint, socket, self.options) {
            Ok(door) => door,
            Err(trouble) => {
                eye.saw(Seen::NoTls(trouble), since);
                return Reached::NoTls;
            }
        };
        let (looked, greeted) = tokio::join!(door.observe(), Stranger::greet(endpoint, socket, self.options, tcp));
        let chain = match (looked, &greeted) {
            (Ok(chain), _) => chain,
            (Err(_), Err(trouble)) => {
                eye.saw(Seen::NoTls(trouble.clone()), since);
                return Reached::NoTls;
            }
            (Err(OpenTrouble::Tls(trouble)), Ok(_)) => {
                eye.saw(Seen::NoTls(trouble), since);
                return Reached::NoTls;
            }
            (Err(OpenTrouble::Connect(_)), Ok(_)) => {
                eye.saw(Seen::NoTls(TlsTrouble::Closed), since);
                return Reached::NoTls;
            }
        };
        // Looking ends before the host proves that it has the certificate's key; the stranger's handshake does not.
        let verdict = greeted.as_ref().err().map(|trouble| Err(trouble.clone()));
        // What the first connection showed is what will be agreed to; a later one that shows another is a change.
        let chain = match &greeted {
            Ok(stranger) if !stranger.seen().is_empty() => stranger.seen(),
            _ => chain,
        };
        if !self.show(endpoint, chain, verdict, since, eye) {
            return Reached::NoTls;
        }
        let Ok(stranger) = greeted else { return Reached::NoTls };
        let since = Instant::now();
        eye.saw(Seen::Started(Link::Proxmox), since);
        let (domains, page) = tokio::join!(stranger.ask(Question::Domains), stranger.ask(Question::LoginPage));
        match note(recognise(domains, page), since, eye) {
            Some(_) => Reached::Proxmox(None),
            None => Reached::Else,
        }
    }

    /// Trust is agreed: holds the certificate against it. Where it does not hold, nothing was sent and nothing will be.
    async fn hold(
        &self,
        trust: &Trust,
        endpoint: &Endpoint,
        socket: SocketAddr,
        tcp: TcpStream,
        alone: bool,
        eye: &Eye<'_>,
    ) -> Reached {
        let since = Instant::now();
        eye.saw(Seen::Started(Link::Certificate), since);
        let host = match Trusted::new(trust, endpoint, socket, self.options, &self.system) {
            Ok(host) => host,
            Err(trouble) => {
                eye.saw(Seen::NoTls(trouble), since);
                return Reached::NoTls;
            }
        };
        let verdict = host.begin(tcp, self.spares()).await;
        let chain = host.door().seen();
        match &verdict {
            Err(trouble) if chain.is_empty() => {
                eye.saw(Seen::NoTls(trouble.clone()), since);
                return Reached::NoTls;
            }
            _ => {}
        }
        let held = verdict.is_ok();
        if !self.show(endpoint, chain, Some(verdict), since, eye) || !held {
            return Reached::NoTls;
        }
        if alone && self.knows_the_host() {
            return Reached::Unasked(host);
        }
        match identify(&host, eye).await {
            Some(realms) => Reached::Proxmox(Some((host, realms))),
            None => Reached::Else,
        }
    }

    /// Notes the certificate. Whether it could be read.
    fn show(
        &self,
        endpoint: &Endpoint,
        chain: &[CertificateDer<'_>],
        verdict: Option<Result<(), TlsTrouble>>,
        since: Instant,
        eye: &Eye<'_>,
    ) -> bool {
        let Some(Ok(leaf)) = chain.first().map(|leaf| Certificate::from_der(leaf)) else {
            eye.saw(Seen::NoTls(TlsTrouble::Unsupported("a certificate that is no X.509".into())), since);
            return false;
        };
        let system =
            server_name(&endpoint.host).is_ok_and(|name| self.system.holds(chain, &name, self.options.now).is_ok());
        eye.saw(Seen::Certificate { leaf: Box::new(leaf), chain: chain.len(), verdict, system }, since);
        true
    }
}
