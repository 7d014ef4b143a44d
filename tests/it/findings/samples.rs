//! Crafted observations, one of each kind of failure, and the judgments of them.

mod inside;
mod road;
mod sign_in;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use labwizard::diagnosis::verifying::{Beyond, Verifying};
use labwizard::diagnosis::{Reading, judge, login, picks, ssh, untold};
use labwizard::domain::finding::{Finding, Step};
use labwizard::domain::observation::{
    CaTrouble, ClusterCa, ConnectTrouble, GuestSeen, Link, NameTrouble, NodeSeen, Observation, Realm, RequestTrouble,
    Seen, Speaker, StorageSeen, Surroundings, TlsTrouble,
};
use labwizard::domain::visible::visible;
use labwizard::domain::{
    AclSeen, Certificate, Der, Endpoint, Estate, Factor, Factors, Fingerprint, Grantee, Holder, Host, Need, Release,
    Rights, RoleSeen, SshPlace, SshTrouble, Timestamp, TokenId, TokenSeen, Trust, UserId, UserSeen,
};
use labwizard::target::{Library, Spec};

use super::Sample;

/// 2026-11-22.
pub const NOW: Timestamp = 1_795_305_600;
const DAY: Timestamp = 86_400;

/// Everything that is not ours in a sample: from the file, the person, or the host.
pub struct Names {
    /// As typed; it is made visible where the wizard makes it so.
    pub host: String,
    /// The endpoint's name, which follows the grammar.
    pub name: String,
    pub user: String,
    pub token: String,
    pub realm: String,
    pub node: String,
    /// A node, template, storage that was picked and is not there.
    pub picked: String,
    /// Words of a host, a proxy, a certificate.
    pub words: String,
    /// An ACL path of a need.
    pub path: String,
    pub role: String,
}

impl Default for Names {
    fn default() -> Self {
        Names {
            host: "pve.lan".into(),
            name: "pve.lan".into(),
            user: "apex@pve".into(),
            token: "glassdome-token".into(),
            realm: "pve".into(),
            node: "pve".into(),
            picked: "pve.lan".into(),
            words: "nginx/1.24".into(),
            path: "/vms".into(),
            role: "LabwizardGlassdome".into(),
        }
    }
}

/// How a sample is judged.
#[derive(Clone)]
pub struct Case<'n> {
    names: &'n Names,
    pub trust: Option<Trust>,
    remembered: Option<Fingerprint>,
    password: bool,
    signer: Option<Grantee>,
    needs: Vec<Need>,
    nodes: Vec<String>,
    never: Vec<String>,
    surroundings: Surroundings,
}

impl<'n> Case<'n> {
    pub fn of(names: &'n Names) -> Self {
        let need = |path: &str, privileges: &[&str]| Need {
            purpose: "clone templates, start, stop and remove machines".into(),
            path: path.into(),
            privileges: privileges.iter().map(|one| (*one).to_owned()).collect(),
        };
        Case {
            names,
            trust: Some(Trust::Pin(print("AA"))),
            remembered: None,
            password: false,
            signer: token(names).map(Grantee::Token),
            needs: vec![need("/", &["Sys.Audit"]), need(&names.path, &["VM.Audit", "VM.Clone", "VM.PowerMgmt"])],
            nodes: Vec::new(),
            never: Vec::new(),
            surroundings: Surroundings::default(),
        }
    }

    pub fn found(&self, seen: &[Observation]) -> Vec<Finding> {
        let who = match (&self.signer, self.password) {
            (Some(Grantee::Token(token)), _) => token.to_string(),
            (Some(Grantee::User(user)), _) => user.to_string(),
            (None, _) => format!("{}!{}", self.names.user, self.names.token),
        };
        judge(
            seen,
            &Reading {
                part_will_do: false,
                pins: true,
                host: &visible(&self.names.host),
                who: &visible(&who),
                signer: self.signer.clone(),
                password: self.password,
                trust: self.trust.as_ref(),
                remembered: self.remembered.as_ref(),
                target: "Glassdome",
                needs: &self.needs,
                uses: &[],
                nodes: &self.nodes,
                never: &self.never,
                surroundings: &self.surroundings,
                now: NOW,
            },
        )
    }
}

pub fn token(names: &Names) -> Option<TokenId> {
    format!("{}!{}", names.user, names.token).parse().ok()
}

fn user(names: &Names) -> Option<UserId> {
    names.user.parse().ok()
}

pub fn seen(all: impl IntoIterator<Item = Seen>) -> Vec<Observation> {
    all.into_iter().map(|seen| Observation { seen, took: Duration::ZERO }).collect()
}

pub fn print(byte: &str) -> Fingerprint {
    [byte; 32].join(":").parse().unwrap()
}

fn endpoint(names: &Names, port: u16) -> Endpoint {
    Endpoint { host: Host::Name(names.name.clone()), port }
}

fn leaf(names: &Names, byte: &str, left: Timestamp) -> Certificate {
    Certificate {
        fingerprint: print(byte),
        key: print("0A"),
        subject: names.words.clone(),
        issuer: if names.words.contains("nginx") { "PVE Cluster Manager CA".into() } else { names.words.clone() },
        self_issued: false,
        names: Vec::new(),
        not_before: NOW - 700 * DAY,
        not_after: NOW + left,
        der: Der(Vec::new()),
    }
}

fn shown(names: &Names, verdict: Result<(), TlsTrouble>, left: Timestamp) -> Seen {
    Seen::Certificate { leaf: Box::new(leaf(names, "BB", left)), chain: 1, verdict: Some(verdict), system: false }
}

fn realm(name: &str, kind: &str) -> Realm {
    Realm { name: name.into(), kind: kind.into(), comment: None, default: false, tfa: false }
}

pub fn proxmox(names: &Names, release: Release, via: bool) -> Seen {
    Seen::IsProxmox {
        realms: vec![
            realm("pam", "pam"),
            realm("pve", "pve"),
            realm("home", "ldap"),
            realm("sso", "openid"),
            realm(&names.realm, "pve"),
        ],
        release_hint: Some(release),
        via: via.then(|| names.words.clone()),
    }
}

pub const OLD: Release = Release { major: 8, minor: 4, patch: 16 };
pub const NEW: Release = Release { major: 9, minor: 2, patch: 11 };

pub fn refused(status: u16, phrase: &str) -> Seen {
    Seen::SignInRefused { status, phrase: phrase.into(), clock_off: Some(0) }
}

fn signed_in() -> Seen {
    Seen::SignedIn { release: NEW, clock_off: Some(0) }
}

fn answered(status: u16, phrase: &str) -> RequestTrouble {
    RequestTrouble::Answered { status, phrase: phrase.into() }
}

fn failed(link: Link, request: &str, trouble: RequestTrouble) -> Seen {
    Seen::Failed { link, request: request.into(), trouble }
}

fn node(name: &str, online: bool, byte: &str) -> NodeSeen {
    NodeSeen { name: name.into(), online, audited: true, fingerprint: Some(print(byte)) }
}

pub fn rights(held: &[(&str, &[&str])]) -> Seen {
    let at = |(path, privileges): &(&str, &[&str])| {
        ((*path).to_owned(), privileges.iter().map(|one| ((*one).to_owned(), true)).collect::<BTreeMap<_, _>>())
    };
    Seen::Rights(Rights::new(held.iter().map(at).collect()))
}

/// What an administrator sees of the user and the token; `change` spoils it.
pub fn estate(names: &Names, change: impl FnOnce(&mut Estate)) -> Seen {
    let all = |id: UserId, tokens: Vec<TokenSeen>| UserSeen { tokens, ..UserSeen::named(id) };
    let token = token(names).unwrap_or_else(|| "apex@pve!tool".parse().unwrap());
    let tokens = vec![TokenSeen { name: token.name.clone(), separated: true, expire: None, comment: None }];
    let role = |name: &str, privileges: &[&str]| RoleSeen {
        name: name.into(),
        privileges: privileges.iter().map(|one| (*one).to_owned()).collect(),
        built_in: false,
    };
    let row =
        |path: &str, who: Holder, role: &str| AclSeen { path: path.into(), who, role: role.into(), propagates: true };
    let mut estate = Estate {
        users: vec![all(UserId::root(), Vec::new()), all(token.user.clone(), tokens)],
        roles: vec![
            role(&names.role, &["Sys.Audit", "VM.Audit", "VM.Clone"]),
            role("PVEVMAdmin", &["Sys.Audit", "VM.Audit", "VM.Clone", "VM.PowerMgmt"]),
        ],
        acl: vec![
            row("/", Holder::User(token.user.clone()), "PVEVMAdmin"),
            row("/", Holder::Token(token.clone()), &names.role),
        ],
        acl_whole: true,
    };
    change(&mut estate);
    Seen::Estate(Box::new(estate))
}

pub fn glassdome() -> Spec {
    labwizard::target::Spec::clone(&Library::built_in().get("glassdome").unwrap().spec)
}

/// Everything that is found, all samples in the road's order.
pub fn samples(names: &Names) -> Vec<Sample> {
    let mut all = Vec::new();
    // With a name that is none, what hangs on a name is not found.
    let named = token(names).is_some();
    let mut add = |about: &str, findings: Vec<Finding>| {
        assert!(!findings.is_empty() || !named, "{about}: nothing was found");
        all.extend(findings.into_iter().map(|finding| Sample { about: about.to_owned(), finding }));
    };
    road::road(names, &mut add);
    road::certificates(names, &mut add);
    sign_in::tokens(names, &mut add);
    sign_in::logins(names, &mut add);
    inside::inside(names, &mut add);
    inside::picked(names, &mut add);
    shells(&mut add);
    checks(names, &mut add);
    all
}

type Add<'a> = &'a mut dyn FnMut(&str, Vec<Finding>);

fn shells(add: Add<'_>) {
    let place: SshPlace = "root@pve.lan".parse().unwrap();
    let ended = |words: &str| SshTrouble::Ended { code: Some(255), words: words.into() };
    for trouble in [
        SshTrouble::NoSsh,
        ended("Host key verification failed."),
        ended("root@pve.lan: Permission denied (publickey,password)."),
        ended("ssh: connect to host pve.lan port 22: Connection refused"),
        SshTrouble::NotRoot("1000".into()),
        SshTrouble::NoPveum,
        SshTrouble::TimedOut,
        SshTrouble::Stopped,
    ] {
        add("a shell over ssh", vec![ssh::trouble(&place, &trouble, Step::Access)]);
    }
    add("ssh leads elsewhere", vec![ssh::differs(&place, &print("AA"), &print("BB"))]);
    add("ssh leads to another node", vec![ssh::elsewhere(&place, &print("AA"), &print("BB"), true)]);
    add("ssh tells no certificate", vec![ssh::unread(&place)]);
}

fn checks(names: &Names, add: Add<'_>) {
    let shown = seen([shown(names, Ok(()), 365 * DAY), Seen::Started(Link::SignIn)]);
    add(
        "nothing says what to hold the certificate against",
        vec![untold::unsettled(&names.host, false, &Verifying::default(), &shown)],
    );
    let says_not_to = Verifying { verifies: Some(false), by: None };
    add(
        "strictly, nothing is sent where nothing verifies",
        vec![untold::unsettled(&names.host, true, &says_not_to, &shown)],
    );
    for (name, by) in [
        ("the environment says whether to verify", Beyond::Environment("PROXMOX_VERIFY_SSL".into())),
        ("only the code says whether to verify", Beyond::Code),
    ] {
        let verifying = Verifying { verifies: None, by: Some(by) };
        add(name, vec![untold::unsettled(&names.host, false, &verifying, &shown)]);
    }
    add("the time was over", vec![untold::unfinished(&names.host, Duration::from_secs(20), &shown)]);
    add("a CA file that cannot be used", vec![untold::no_ca(Path::new("/lab/ca.pem"), "It holds no certificate.")]);
}
