//! Logging in: where, as whom, the second factor, and the ticket that comes of it.

use std::fmt;
use std::net::IpAddr;

use crate::domain::observation::RequestTrouble;
use crate::domain::{Endpoint, Secret, Timestamp, Trust, UserId};

/// A host as it was agreed to: every connection goes to this address and is held against this trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAt {
    pub endpoint: Endpoint,
    pub address: Option<IpAddr>,
    pub trust: Trust,
}

/// What a login gave: it opens what its user may do, for two hours (pve-access-control `AccessControl.pm`), and lives in
/// memory only.
pub struct Ticket {
    pub user: UserId,
    pub ticket: Secret,
    /// Goes with every write.
    pub csrf: Secret,
    /// When it was made, by this machine's clock.
    pub since: Timestamp,
}

impl Ticket {
    /// A further holder of the same secrets.
    pub fn share(&self) -> Self {
        Ticket { user: self.user.clone(), ticket: self.ticket.share(), csrf: self.csrf.share(), since: self.since }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({})", self.user)
    }
}

/// One attempt to log in, sent once.
#[derive(Debug)]
pub enum Login {
    Password {
        at: HostAt,
        user: UserId,
        password: Secret,
    },
    /// The second step, which answers the challenge of the first.
    Code {
        at: HostAt,
        user: UserId,
        challenge: Secret,
        factor: Factor,
        code: Secret,
    },
}

/// A second factor that a terminal can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// Six digits of an authenticator app.
    Totp,
    /// One of ten keys, each good once, `2d94-1055-6707-a616`.
    Recovery,
    /// What a Yubikey types.
    Yubico,
}

impl Factor {
    /// The word in front of the code on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Factor::Totp => "totp",
            Factor::Recovery => "recovery",
            Factor::Yubico => "yubico",
        }
    }
}

/// The second factors that a host offers for a login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Factors {
    pub totp: bool,
    /// How many recovery keys are left.
    pub recovery: usize,
    pub yubico: bool,
    /// A security key that a browser talks to; no terminal can.
    pub webauthn: bool,
}

impl Factors {
    /// Those that can be given here.
    pub fn usable(self) -> Vec<Factor> {
        let all = [(Factor::Totp, self.totp), (Factor::Recovery, self.recovery > 0), (Factor::Yubico, self.yubico)];
        all.into_iter().filter(|(_, there)| *there).map(|(factor, _)| factor).collect()
    }
}

/// What came of an attempt.
#[derive(Debug)]
pub enum LoginAnswer {
    SignedIn(Ticket),
    NeedsCode {
        challenge: Secret,
        factors: Factors,
    },
    /// The host's words, redacted. It says the same of every cause.
    Refused {
        status: u16,
        phrase: String,
        /// Seconds that this machine's clock is ahead of the host's.
        clock_off: Option<i64>,
    },
    /// No usable answer; it is not known whether the attempt arrived.
    Failed(RequestTrouble),
}
