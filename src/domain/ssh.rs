//! Root's shell on a host over ssh: whom to connect to, in a grammar of our own.

use std::fmt;
use std::str::FromStr;

/// `root@pve.lan`, with what becomes root there. Holds nothing that ssh could take for an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshPlace {
    user: String,
    host: String,
    port: Option<u16>,
    /// The user is not root and becomes it with `sudo -n`.
    pub sudo: bool,
}

/// Why a text is no such place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SshPlaceError {
    #[error("nothing is typed")]
    Empty,
    #[error(
        "a user's name on the host begins with a letter and goes on with letters, digits, “.”, “-” or “_”; “{0}” does not"
    )]
    User(String),
    #[error(
        "a host's name or address is letters, digits, “.”, “-”, “_” and “:”, and begins with a letter or digit; “{0}” does not"
    )]
    Host(String),
    #[error("a port is a number from 1 to 65535, and “{0}” is none")]
    Port(String),
}

impl SshPlace {
    pub fn user(&self) -> &str {
        &self.user
    }

    /// A name of the ssh config, a host name or an address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn port(&self) -> Option<u16> {
        self.port
    }
}

impl FromStr for SshPlace {
    type Err = SshPlaceError;

    /// `host`, `user@host`, `user@host:2222`, `user@[2001:db8::1]:2222`. Without a user it is root; sudo is on for others.
    fn from_str(text: &str) -> Result<Self, SshPlaceError> {
        let text = text.trim().strip_prefix("ssh ").unwrap_or(text.trim()).trim();
        if text.is_empty() {
            return Err(SshPlaceError::Empty);
        }
        let (user, rest) = text.rsplit_once('@').unwrap_or(("root", text));
        let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None if rest.matches(':').count() == 1 => {
                rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)))
            }
            None => (rest, None),
        };
        let word = |text: &str, more: &str| {
            text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        if !word(user, "._-") || !user.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(SshPlaceError::User(user.to_owned()));
        }
        if !word(host, "._-:") {
            return Err(SshPlaceError::Host(host.to_owned()));
        }
        let number = |port: &str| port.parse().ok().filter(|port| *port != 0);
        let port = match port {
            None => None,
            Some(text) => Some(number(text).ok_or_else(|| SshPlaceError::Port(text.to_owned()))?),
        };
        Ok(SshPlace { user: user.to_owned(), host: host.to_owned(), port, sudo: user != "root" })
    }
}

impl fmt::Display for SshPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.port, self.host.contains(':')) {
            (None, _) => write!(f, "{}@{}", self.user, self.host),
            (Some(port), true) => write!(f, "{}@[{}]:{port}", self.user, self.host),
            (Some(port), false) => write!(f, "{}@{}:{port}", self.user, self.host),
        }
    }
}

/// What came of opening such a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellAnswer {
    /// It is open under this number, and root's. With the fingerprint of the certificate that the host says is its own.
    Open {
        shell: ShellId,
        fingerprint: Option<crate::domain::Fingerprint>,
    },
    Failed(SshTrouble),
}

/// Names an open shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShellId(pub u64);

/// Why there is no such shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SshTrouble {
    /// There is no ssh on this machine.
    NoSsh,
    /// ssh ended before the shell was there: its own words, made visible and cut.
    Ended {
        code: Option<i32>,
        words: String,
    },
    /// The user is not root there, and `sudo -n` was refused: its words.
    NotRoot(String),
    /// There is no `pveum` on that host: it is not a Proxmox VE.
    NoPveum,
    TimedOut,
    Stopped,
}
