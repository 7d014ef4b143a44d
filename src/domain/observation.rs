//! What was seen on the road to a host, link by link. Seen, not judged: a judgement is a finding.

use std::net::IpAddr;
use std::time::Duration;

use crate::domain::{Certificate, Endpoint, Estate, Fingerprint, Release, Rights};

/// The links of the road, in the order in which they are travelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Link {
    Resolve,
    Connect,
    Certificate,
    Proxmox,
    SignIn,
    Rights,
    Target,
}

impl Link {
    pub const ALL: [Link; 7] =
        [Link::Resolve, Link::Connect, Link::Certificate, Link::Proxmox, Link::SignIn, Link::Rights, Link::Target];

    /// The word that stands for it on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Link::Resolve => "resolve",
            Link::Connect => "connect",
            Link::Certificate => "certificate",
            Link::Proxmox => "Proxmox",
            Link::SignIn => "sign-in",
            Link::Rights => "rights",
            Link::Target => "target",
        }
    }
}

/// One thing seen, and how long it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    pub seen: Seen,
    pub took: Duration,
}

/// What can be seen. Every link has its good end and its bad ones.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// The link is being travelled now; replaced by what comes of it.
    Started(Link),
    Resolved(Vec<IpAddr>),
    NotResolved(NameTrouble),
    /// The endpoint that answered, of those that were tried.
    Connected(Endpoint, IpAddr),
    /// Nothing answered; one entry for each endpoint and address tried.
    NotConnected(Vec<(Endpoint, IpAddr, ConnectTrouble)>),
    /// What the host showed in its handshake, and whether it holds against the trust that was asked for
    /// (`None` where none was agreed yet: then nothing was sent).
    Certificate {
        leaf: Box<Certificate>,
        chain: usize,
        verdict: Option<Result<(), TlsTrouble>>,
        system: bool,
    },
    /// No certificate was seen at all.
    NoTls(TlsTrouble),
    /// The host answered as Proxmox VE: its realms, and the release that its login page names (a hint, for nobody has signed in).
    IsProxmox {
        realms: Vec<Realm>,
        release_hint: Option<Release>,
        /// What calls itself the server, where that is not Proxmox's own: something stands in between and answers for it.
        via: Option<String>,
    },
    /// Something else answered.
    NotProxmox(Speaker),
    /// A signed-in request was answered.
    SignedIn {
        release: Release,
        /// Seconds that this machine's clock is ahead of the host's; none where the answer had no date.
        clock_off: Option<i64>,
    },
    /// The host refused: status, and its words (through the redactor already).
    SignInRefused {
        status: u16,
        phrase: String,
        /// Seconds that this machine's clock is ahead of the host's; none where the answer had no date.
        clock_off: Option<i64>,
    },
    /// The host lists no realm of this name, so no password was sent.
    NoSuchRealm(String),
    /// What the token may do, with the exact paths that were asked for.
    Rights(Rights),
    /// Every privilege that this release knows (the role Administrator; answers a token without rights).
    KnownPrivileges(Vec<String>),
    /// Users, tokens, roles and grants, as far as whoever asks may see them.
    Estate(Box<Estate>),
    Nodes(Vec<NodeSeen>),
    Guests(Vec<GuestSeen>),
    /// Storages of a node; the same shared storage appears once a node.
    Storages(Vec<StorageSeen>),
    /// Bridges of a node.
    Bridges {
        node: String,
        bridges: Vec<String>,
    },
    /// The cluster's CA as the host hands it out over the agreed connection, and whether it may be used (safety: conditions).
    ClusterCa(Result<ClusterCa, CaTrouble>),
    /// A request of this link failed in another way: the link, the status (0: no answer), and the host's words, redacted.
    Failed {
        link: Link,
        request: String,
        trouble: RequestTrouble,
    },
}

/// A realm that people sign in with (`GET /access/domains`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    pub name: String,
    /// `pam`, `pve`, `ldap`, `ad`, `openid`.
    pub kind: String,
    pub comment: Option<String>,
    pub default: bool,
    pub tfa: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSeen {
    pub name: String,
    pub online: bool,
    /// Whether the host told figures of it, which takes Sys.Audit.
    pub audited: bool,
    pub fingerprint: Option<Fingerprint>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestSeen {
    pub id: u32,
    pub name: String,
    pub node: String,
    pub template: bool,
    pub container: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageSeen {
    pub name: String,
    pub node: String,
    pub kind: String,
    /// What it may hold: `images`, `iso`, `vztmpl`, `snippets`, `import`, …
    pub content: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterCa {
    pub certificate: Certificate,
    /// The CA as we encode it ourselves from its DER.
    pub pem: String,
    /// It lacks keyUsage or a critical basicConstraints: strict readers (Python 3.13) refuse it.
    pub strict: bool,
    /// A connection of its own held with it as the only root, under the name that was typed. Only then it may be written, or
    /// agreed to for later runs.
    pub proved: bool,
}

/// Why the cluster's CA is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaTrouble {
    /// The host lists no `pve-root-ca.pem`.
    NotListed,
    /// It is not one CA certificate: several blocks, no CA, not self-signed, damaged, too weak.
    NotACa(String),
    Expired,
    /// The certificate that the host serves is not signed by it: an own or ACME certificate.
    DoesNotSignTheServed,
    /// It signs the served certificate, which is not made out for the name or address that was typed: the names it is good for.
    OtherName(Vec<CertificateNameText>),
    /// The request failed.
    NotAsked(RequestTrouble),
}

/// A certificate's name as text, ready to be shown.
pub type CertificateNameText = String;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameTrouble {
    /// The name does not exist.
    Unknown,
    /// Nobody answered the question.
    NoServer,
    TimedOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectTrouble {
    Refused,
    TimedOut,
    /// No route to the host or its network.
    Unreachable,
    /// The connection was closed at once.
    Reset,
    /// The operating system does not let us.
    Forbidden,
    Other,
}

/// What went wrong in a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsTrouble {
    /// Another certificate than the agreed one.
    OtherCertificate {
        agreed: Fingerprint,
    },
    /// No agreed CA signed it.
    UnknownIssuer,
    /// Signed, and made out for other names.
    OtherName(Vec<CertificateNameText>),
    Expired,
    NotYetValid,
    /// The handshake's signature does not fit the certificate: somebody shows a certificate whose key they do not have.
    BadSignature,
    /// A certificate or algorithm that this program cannot check (X.509 v1, P-521, RSA below 2048, SHA-1), in words.
    Unsupported(String),
    /// It speaks plain HTTP on this port.
    PlainHttp,
    /// It closed the connection in the handshake (an address filter, or no TLS port).
    Closed,
    TimedOut,
    /// It answers something that is no TLS.
    NotTls,
    Other(String),
}

/// Who answered instead of Proxmox VE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Speaker {
    Unifi,
    /// Proxmox Backup Server, which has tokens of another form.
    ProxmoxBackup,
    /// A page, or an answer of another server, with what it calls itself.
    Other {
        server: Option<String>,
        status: u16,
        html: bool,
    },
    /// Redirected elsewhere; nothing followed it.
    Redirect {
        to: String,
    },
    /// Something in between that stands before Proxmox (the answer lacks Proxmox's own server name).
    Nothing(RequestTrouble),
}

/// How a single request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestTrouble {
    /// The host's own answer: status and words, redacted.
    Answered {
        status: u16,
        phrase: String,
    },
    TimedOut,
    /// The connection ended before the whole answer was there.
    Cut,
    /// More than the limit for this kind of answer.
    TooLarge,
    /// The answer is not the JSON that belongs there; where, not what.
    Unreadable(String),
    /// The connection could not be made again.
    NotConnected,
    Stopped,
}

/// The environment of this machine as far as it explains a failure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The names of proxy variables that are set; labwizard does not use them.
    pub proxies: Vec<String>,
    /// The names in this machine's hosts file, which no other machine knows by it.
    pub hosts_file: Vec<String>,
}

/// The names that a hosts file gives (hosts(5)): an address, then names, up to a `#`. Names that are blocked by an address of
/// nobody, and the machine's own loopback names, are left out.
pub fn names_in_hosts(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
        let Some(address) = words.next().and_then(|word| word.parse::<IpAddr>().ok()) else { continue };
        if !address.is_loopback() && !address.is_unspecified() && !address.is_multicast() {
            names.extend(words.map(str::to_ascii_lowercase));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hosts_file_is_read_as_the_resolver_reads_it() {
        let text = "127.0.0.1 localhost\n10.0.0.5\tPVE.lan pve # mine\n# 10.0.0.6 no\n0.0.0.0 ads.example\nff02::1 all\nodd\n::1 x\n";
        assert_eq!(names_in_hosts(text), ["pve.lan", "pve"]);
    }
}
