//! What a survey leans on besides its inquiry: the resolver, the clock's reading, the system's CAs, the limits of patience.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::resolve::{Resolver, SystemResolver};
use crate::client::ssh::Shells;
use crate::domain::{Der, Timestamp};

/// How names, time and patience are had. Tests bring their own.
#[derive(Clone)]
pub struct Options {
    pub resolver: Arc<dyn Resolver>,
    /// The moment at which certificates are judged, seconds since 1970.
    pub now: Timestamp,
    /// When `now` was read.
    pub read: Instant,
    pub system: SystemRoots,
    pub limits: Limits,
    /// The ssh that is run, and what was opened with it.
    pub shells: Shells,
}

impl Options {
    /// The present moment, seconds since 1970: `now` and the time that has passed since it was read.
    pub fn moment(&self) -> Timestamp {
        self.now.saturating_add(Timestamp::try_from(self.read.elapsed().as_secs()).unwrap_or(0))
    }

    /// This machine's resolver and CAs, no ssh, the usual limits, and `now`.
    pub fn at(now: Timestamp) -> Self {
        Options {
            resolver: Arc::new(SystemResolver),
            now,
            read: Instant::now(),
            system: SystemRoots::Machine,
            limits: Limits::default(),
            shells: Shells::none(),
        }
    }
}

/// Which CAs "the system's CAs" are.
#[derive(Clone, Debug, Default)]
pub enum SystemRoots {
    /// Those of this machine, from where the system keeps them; no environment variable moves that place.
    #[default]
    Machine,
    /// Exactly these.
    These(Vec<Der>),
}

/// How long is waited for what.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For one address to take the connection, and again for the handshake.
    pub connect: Duration,
    /// For a whole answer. Proxmox holds every refusal for 3 s (pve-http-server `AnyEvent.pm`), so this is well above.
    pub total: Duration,
    /// Between two pieces of an answer's body.
    pub idle: Duration,
    /// How long an address is tried before the next one is tried beside it (RFC 8305), and how long an endpoint that stands
    /// earlier in the list is waited for when a later one has answered as Proxmox.
    pub head_start: Duration,
    /// The age at which whoever holds a ticket renews it. It lives 2 h (pve-access-control `AccessControl.pm`).
    pub renew: Duration,
    /// Between two tries to ask a host how something stands whose answer was lost.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connect: Duration::from_secs(8),
            total: Duration::from_secs(20),
            idle: Duration::from_secs(10),
            head_start: Duration::from_millis(250),
            renew: Duration::from_secs(60 * 60),
            pause: Duration::from_secs(1),
        }
    }
}
