//! What stands between a config file and the lab: nothing, or a relay that spoils by count.

use std::time::Duration;

use labwizard::client::Limits;
use labwizard::lab::Lab;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::relay::{Fault, Relay};

/// The way to the lab.
pub enum Road {
    Direct,
    /// Every connection goes through here.
    Relayed {
        relay: Relay,
        by_patience: bool,
    },
    /// A port of this machine that nobody listens on.
    Closed(u16),
    /// A port whose queue is full: further connections are never taken. What fills it is held.
    Full {
        port: u16,
        _queue: (TcpListener, Vec<TcpStream>),
    },
    /// A name in place of the address.
    Named(&'static str),
    /// Another machine than the host.
    Elsewhere(Box<Lab>),
}

impl Road {
    pub async fn of(what: Option<&str>, lab: &Lab) -> Road {
        let relayed = |fault, by_patience| {
            // It has a runtime of its own, which none can be made inside of.
            let port = lab.port();
            let relay = std::thread::spawn(move || Relay::to(port)).join().unwrap().unwrap();
            relay.spoil_all(fault);
            Road::Relayed { relay, by_patience }
        };
        match what {
            None | Some("wrong-key") => Road::Direct,
            Some("closed-port") => Road::Closed(closed().await),
            Some("black-hole") => full().await,
            Some("swallow") => relayed(Fault::Swallow, true),
            Some("plain-http") => relayed(Fault::PlainHttp, false),
            Some("garbage") => relayed(Fault::Garbage, false),
            Some("half-record") => relayed(Fault::HalfRecord, false),
            // In the midst of the host's first words: they are some hundred bytes.
            Some("cut-handshake") => relayed(Fault::EndDown(100), false),
            Some("reset-handshake") => relayed(Fault::ResetDown(100), false),
            Some("trickle") => relayed(Fault::Trickle, true),
            Some("no-name" | "no-name-server") => Road::Named("pve.lab.invalid"),
            Some(other) => panic!("no road is “{other}”"),
        }
    }

    /// The port that the file names.
    pub fn port(&self, lab: &Lab) -> u16 {
        match self {
            Road::Direct | Road::Named(_) => lab.port(),
            Road::Relayed { relay, .. } => relay.port(),
            Road::Closed(port) | Road::Full { port, .. } => *port,
            Road::Elsewhere(other) => other.port(),
        }
    }

    /// Whatever spoils it is gone.
    pub fn clear(&self) {
        match self {
            Road::Relayed { relay, .. } => relay.mend(),
            _ => panic!("nothing on this road can be taken away"),
        }
    }

    pub fn address(&self, lab: &Lab) -> String {
        let host = if let Road::Named(name) = self { name } else { "127.0.0.1" };
        format!("{host}:{}", self.port(lab))
    }

    /// Whether nothing but the client's patience ends it.
    pub fn ends_by_patience(&self) -> bool {
        matches!(self, Road::Relayed { by_patience: true, .. } | Road::Full { .. })
    }
}

/// Little patience, for what nothing else ends.
pub fn short() -> Limits {
    let short = Duration::from_millis(250);
    Limits { connect: short, total: short, idle: short, ..Limits::default() }
}

async fn closed() -> u16 {
    // Bound and given up again: the system gives such a port to nobody else soon.
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// Linux takes one connection more than the queue is long, and drops what asks after that.
async fn full() -> Road {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    for _ in 0..2 {
        waiting.push(TcpStream::connect(address).await.unwrap());
    }
    Road::Full { port: address.port(), _queue: (listener, waiting) }
}
