//! The state of a cluster: what stands in `/etc/pve` and what runs on its nodes. Tests may change all of it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::ca::Issued;
use super::super::release::LabRelease;
pub use super::access_state::{AccessState, AccessToken, AccessUser};
use super::tfa::SecondFactor;

/// How long Proxmox's tickets are good, in seconds (pve-access-control AccessControl.pm).
const TICKET_LIFE: u64 = 2 * 60 * 60;

/// A cluster of the lab. The fields are what Proxmox keeps; nothing checks a change that a test makes.
pub struct Cluster {
    pub release: LabRelease,
    /// The first is the one that answers.
    pub nodes: Vec<Node>,
    /// The name of the cluster; a single host has none.
    pub name: Option<String>,
    pub realms: Vec<Realm>,
    /// By `user@realm`.
    pub users: BTreeMap<String, User>,
    /// Members by the name of the group.
    pub groups: BTreeMap<String, Group>,
    pub roles: BTreeMap<String, Role>,
    pub acl: BTreeSet<AclRow>,
    pub pools: BTreeMap<String, Pool>,
    /// By their number.
    pub guests: BTreeMap<u32, Guest>,
    pub storages: Vec<Storage>,
    pub bridges: Vec<Bridge>,
    /// What stands in a node's `/etc/network/interfaces.new`: its bridges as they will be.
    pub pending_bridges: BTreeMap<String, Vec<Bridge>>,
    /// Files that were uploaded and that no storage has taken yet: their bytes, by the name under `/var/tmp`.
    pub uploads: BTreeMap<String, u64>,
    /// Newest last.
    pub tasks: Vec<Task>,
    /// Why the web server refused whom, as its journal has it, newest last; what it answers may tell less.
    pub refusals: Vec<String>,
    /// What `/nodes/{node}/certificates/info` tells: file name and certificate.
    pub certificates: Vec<(String, Issued)>,
    /// Signs tickets; who changes it ends every login.
    pub ticket_key: [u8; 16],
    /// How long a ticket is good, in seconds.
    pub ticket_life: u64,
    /// Whether pvedaemon runs on the node that answers. Without it pveproxy answers alone what needs no root.
    pub daemon_runs: bool,
    /// Seconds that the host's clock is ahead of the right time.
    pub clock_ahead: i64,
    /// Counts processes, so that the ids of tasks differ.
    pub last_pid: u32,
}

#[derive(Clone, Debug)]
pub struct Node {
    pub name: String,
    pub address: std::net::IpAddr,
    pub online: bool,
    /// Whether the other nodes verify its certificate, so that they pass calls on to it.
    pub trusted: bool,
    /// Its certificate's fingerprint, as `/nodes` tells it to everybody.
    pub fingerprint: String,
}

#[derive(Clone, Debug)]
pub struct Realm {
    pub name: String,
    /// `pam`, `pve`, `ldap`, `openid` …
    pub kind: String,
    pub comment: String,
    pub is_default: bool,
    /// The factor that the realm demands: `oath` or `yubico`.
    pub tfa: Option<String>,
    /// Whether its users can log in here at all (a directory that is not reachable cannot).
    pub can_log_in: bool,
}

#[derive(Clone, Default)]
pub struct User {
    pub enable: bool,
    /// Seconds since 1970; 0 is never.
    pub expire: u64,
    pub comment: Option<String>,
    pub email: Option<String>,
    pub firstname: Option<String>,
    pub lastname: Option<String>,
    /// A user without one cannot log in; tokens of it work.
    pub password: Option<String>,
    pub tokens: BTreeMap<String, Token>,
    pub factors: SecondFactor,
}

#[derive(Clone)]
pub struct Token {
    pub secret: String,
    pub privsep: bool,
    /// Seconds since 1970; 0 is never.
    pub expire: u64,
    pub comment: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Group {
    pub members: BTreeSet<String>,
    pub comment: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Role {
    pub privileges: BTreeSet<String>,
    /// Built in, cannot be changed.
    pub special: bool,
}

/// Whom an entry of the ACL is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Group,
    Token,
    User,
}

impl Subject {
    pub fn word(self) -> &'static str {
        match self {
            Subject::Group => "group",
            Subject::Token => "token",
            Subject::User => "user",
        }
    }
}

/// One entry of the ACL. Two entries that differ only in `propagate` do not stand side by side; [`Cluster::grant`] sees to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AclRow {
    /// Normal: one slash before each part, none at the end.
    pub path: String,
    pub subject: Subject,
    /// The user, group or token.
    pub who: String,
    pub role: String,
    pub propagate: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Pool {
    pub comment: Option<String>,
    pub guests: BTreeSet<u32>,
    pub storages: BTreeSet<String>,
}

#[derive(Clone, Debug)]
pub struct Guest {
    pub node: String,
    /// A container; otherwise a virtual machine.
    pub is_container: bool,
    pub name: String,
    pub template: bool,
    pub running: bool,
    pub cores: u32,
    /// Bytes.
    pub memory: u64,
    /// Bytes.
    pub disk: u64,
    pub tags: Option<String>,
    /// The lines of its configuration, as its API tells them.
    pub config: BTreeMap<String, serde_json::Value>,
}

#[derive(Clone, Debug)]
pub struct Storage {
    pub name: String,
    /// `dir`, `lvmthin`, `zfspool`, `nfs` …
    pub kind: String,
    /// `images`, `iso` …
    pub content: Vec<String>,
    pub shared: bool,
    /// The nodes that have it; empty means all.
    pub nodes: Vec<String>,
    /// Bytes.
    pub total: u64,
    /// Bytes.
    pub used: u64,
    pub path: Option<String>,
    /// Volume and its format, as `storage/content` lists them.
    pub volumes: Vec<Volume>,
}

#[derive(Clone, Debug)]
pub struct Volume {
    /// `local:iso/debian-13.iso`
    pub id: String,
    pub content: String,
    pub format: String,
    /// Bytes.
    pub size: u64,
    pub guest: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    pub name: String,
    pub node: String,
    pub cidr: Option<String>,
    pub ports: String,
    pub vlan_aware: bool,
    pub autostart: bool,
    pub comment: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Task {
    pub upid: String,
    pub node: String,
    pub kind: String,
    pub id: String,
    /// `user@realm`, or a token's full id.
    pub who: String,
    pub pid: u32,
    pub pstart: u32,
    pub start: u64,
    /// `OK`, or what went wrong.
    pub exit: String,
    pub log: Vec<String>,
}

impl Cluster {
    /// A cluster with the built-in roles and realms and `root@pam`, and nothing else.
    pub fn bare(release: LabRelease) -> Cluster {
        let roles = release.roles().into_iter().map(|(name, privileges)| {
            let privileges = privileges.into_iter().map(String::from).collect();
            (name.to_string(), Role { privileges, special: true })
        });
        let realm = |name: &str, comment: &str| Realm {
            name: name.to_string(),
            kind: name.to_string(),
            comment: comment.to_string(),
            is_default: false,
            tfa: None,
            can_log_in: true,
        };
        let realms =
            vec![realm("pam", "Linux PAM standard authentication"), realm("pve", "Proxmox VE authentication server")];
        let mut cluster = Cluster {
            release,
            nodes: Vec::new(),
            name: None,
            realms,
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            roles: roles.collect(),
            acl: BTreeSet::new(),
            pools: BTreeMap::new(),
            guests: BTreeMap::new(),
            storages: Vec::new(),
            bridges: Vec::new(),
            pending_bridges: BTreeMap::new(),
            uploads: BTreeMap::new(),
            tasks: Vec::new(),
            refusals: Vec::new(),
            certificates: Vec::new(),
            ticket_key: *uuid::Uuid::new_v4().as_bytes(),
            ticket_life: TICKET_LIFE,
            daemon_runs: true,
            clock_ahead: 0,
            last_pid: 256,
        };
        cluster.users.insert("root@pam".to_string(), User { enable: true, ..User::default() });
        cluster
    }

    /// Adds an entry to the ACL; one that differs only in `propagate` is replaced.
    pub fn grant(&mut self, path: &str, subject: Subject, who: &str, role: &str, propagate: bool) {
        let row = |propagate| AclRow {
            path: path.to_string(),
            subject,
            who: who.to_string(),
            role: role.to_string(),
            propagate,
        };
        self.acl.remove(&row(!propagate));
        self.acl.insert(row(propagate));
    }

    /// Takes an entry away, whatever its `propagate`; taking away nothing is no error.
    pub fn revoke(&mut self, path: &str, subject: Subject, who: &str, role: &str) {
        self.acl.retain(|row| !(row.path == path && row.subject == subject && row.who == who && row.role == role));
    }

    /// The token of a full id, `user@realm!name`.
    pub fn token(&self, full: &str) -> Option<&Token> {
        let (user, name) = split_token(full)?;
        self.users.get(user)?.tokens.get(name)
    }

    /// The same, to change it.
    pub fn token_mut(&mut self, full: &str) -> Option<&mut Token> {
        let (user, name) = split_token(full)?;
        self.users.get_mut(user)?.tokens.get_mut(name)
    }

    /// What the host's clock says, in seconds since 1970.
    pub fn now(&self) -> u64 {
        super::super::http::unix_now().saturating_add_signed(self.clock_ahead)
    }

    /// The node that answers.
    pub fn here(&self) -> &str {
        self.nodes.first().map_or("localhost", |node| &node.name)
    }

    /// Notes a task that has run: its id is returned, as a call that starts one answers.
    pub fn run_task(
        &mut self,
        node: &str,
        kind: &str,
        id: &str,
        who: &str,
        outcome: Result<Vec<String>, String>,
    ) -> String {
        self.last_pid += 3;
        let start = self.now();
        let (pid, pstart) = (self.last_pid, 0x000a_0000 + self.last_pid * 7);
        let upid = format!("UPID:{node}:{pid:08X}:{pstart:08X}:{start:08X}:{kind}:{id}:{who}:");
        let (exit, log) = match outcome {
            Ok(mut log) => {
                log.push("TASK OK".to_string());
                ("OK".to_string(), log)
            }
            Err(error) => (error.clone(), vec![format!("TASK ERROR: {error}")]),
        };
        let text = String::from;
        let (node, kind, id, who) = (text(node), text(kind), text(id), text(who));
        self.tasks.push(Task { upid: upid.clone(), node, kind, id, who, pid, pstart, start, exit, log });
        upid
    }
}

/// `user@realm` and the token's name of a full id (pve-access-control AccessControl.pm, split_tokenid).
pub fn split_token(full: &str) -> Option<(&str, &str)> {
    let (user, token) = full.rsplit_once('!')?;
    (is_user_id(user) && is_realm_like(token)).then_some((user, token))
}

/// A user's id: a name without blanks, colons and slashes, `@`, and a realm.
pub fn is_user_id(id: &str) -> bool {
    let Some((name, realm)) = id.rsplit_once('@') else { return false };
    let plain = |c: char| !c.is_whitespace() && c != ':' && c != '/';
    !name.is_empty() && name.chars().all(plain) && is_realm_like(realm)
}

/// The rule for the names of realms and of tokens: a letter, then at least one letter, digit, `.`, `-` or `_`.
pub fn is_realm_like(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|c| c.is_ascii_alphabetic());
    let rest = letters.as_str();
    first && !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}
