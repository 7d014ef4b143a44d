//! Crafted observations, one of each kind of failure, and the judgments of them.

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
    let all = |id: UserId, tokens: Vec<TokenSeen>| UserSeen {
        id,
        enabled: true,
        expire: None,
        comment: None,
        groups: Vec::new(),
        tokens,
    };
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
    Library::built_in().get("glassdome").unwrap().spec.clone()
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
    road(names, &mut add);
    certificates(names, &mut add);
    tokens(names, &mut add);
    logins(names, &mut add);
    inside(names, &mut add);
    picked(names, &mut add);
    shells(&mut add);
    checks(names, &mut add);
    all
}

type Add<'a> = &'a mut dyn FnMut(&str, Vec<Finding>);

fn road(names: &Names, add: Add<'_>) {
    let case = Case::of(names);
    let at: IpAddr = "10.0.0.5".parse().unwrap();
    let mut one = |about: &str, what: Seen| add(about, case.found(&seen([what])));
    one("the name is not known", Seen::NotResolved(NameTrouble::Unknown));
    one("no name server answers", Seen::NotResolved(NameTrouble::NoServer));
    for (about, trouble) in [
        ("port closed", ConnectTrouble::Refused),
        ("nobody there", ConnectTrouble::TimedOut),
        ("no route", ConnectTrouble::Unreachable),
        ("closed at once", ConnectTrouble::Reset),
        ("a sandbox", ConnectTrouble::Forbidden),
    ] {
        let tried = vec![(endpoint(names, 8006), at, trouble), (endpoint(names, 443), at, ConnectTrouble::TimedOut)];
        one(about, Seen::NotConnected(tried));
    }
    one("a UniFi console", Seen::NotProxmox(Speaker::Unifi));
    one("a backup server", Seen::NotProxmox(Speaker::ProxmoxBackup));
    one("a redirect", Seen::NotProxmox(Speaker::Redirect { to: format!("https://login.example/{}", names.words) }));
    let other = |status, html| Seen::NotProxmox(Speaker::Other { server: Some(names.words.clone()), status, html });
    one("a page instead of the API", other(200, true));
    one("another server", other(404, false));
    one("a proxy that gets no answer", other(502, true));
    one("no whole answer", Seen::NotProxmox(Speaker::Nothing(RequestTrouble::TimedOut)));
    let mut behind = case.clone();
    behind.surroundings.proxies = vec!["HTTPS_PROXY".into()];
    add(
        "nobody there, with a proxy set",
        behind.found(&seen([Seen::NotConnected(vec![(endpoint(names, 8006), at, ConnectTrouble::TimedOut)])])),
    );
    let mut here = case.clone();
    here.surroundings.hosts_file = vec![names.name.clone()];
    add("a name of the hosts file", here.found(&seen([Seen::Connected(endpoint(names, 8006), at)])));
    let local = Endpoint { host: Host::Name("pve.local".into()), port: 8006 };
    add("a name of mDNS", case.found(&seen([Seen::Connected(local, at)])));
}

fn certificates(names: &Names, add: Add<'_>) {
    let case = Case::of(names);
    let ca = Case { trust: Some(Trust::Ca(Der(vec![1]))), ..case.clone() };
    let pinned = Case { remembered: Some(print("AA")), ..case.clone() };
    let by_ca = Case { remembered: Some(print("AA")), ..ca.clone() };
    let mut one =
        |about: &str, case: &Case<'_>, verdict, left| add(about, case.found(&seen([shown(names, verdict, left)])));
    let year = 365 * DAY;
    one("the pinned certificate is another", &pinned, Err(TlsTrouble::OtherCertificate { agreed: print("AA") }), year);
    one("the remembered CA did not sign it", &by_ca, Err(TlsTrouble::UnknownIssuer), year);
    one("another certificate, by the same CA", &by_ca, Ok(()), year);
    one("no CA that is trusted", &ca, Err(TlsTrouble::UnknownIssuer), year);
    one("made out for other names", &ca, Err(TlsTrouble::OtherName(vec!["pve".into(), "10.0.0.5".into()])), year);
    one("it has ended", &ca, Err(TlsTrouble::Expired), -3 * DAY);
    one("its CA has ended", &ca, Err(TlsTrouble::Expired), year);
    one("not valid yet", &ca, Err(TlsTrouble::NotYetValid), -1);
    one("the wrong key", &case, Err(TlsTrouble::BadSignature), year);
    one("an odd algorithm", &case, Err(TlsTrouble::Unsupported(names.words.clone())), year);
    one("a pinned one that has ended", &case, Ok(()), -3 * DAY);
    one("it ends within thirty days", &case, Ok(()), 20 * DAY);
    one("it ends within two weeks", &ca, Ok(()), 9 * DAY);
    one("not verified", &Case { trust: Some(Trust::Unverified), ..case.clone() }, Ok(()), year);
    for (about, trouble) in [
        ("plain HTTP", TlsTrouble::PlainHttp),
        ("no TLS", TlsTrouble::NotTls),
        ("closed in the handshake", TlsTrouble::Closed),
        ("a handshake without end", TlsTrouble::TimedOut),
        ("another trouble", TlsTrouble::Other(names.words.clone())),
    ] {
        add(about, case.found(&seen([Seen::NoTls(trouble)])));
    }
    let told = |left, strict| {
        Seen::ClusterCa(Ok(ClusterCa { certificate: leaf(names, "CC", left), pem: String::new(), strict }))
    };
    add("a CA of the older make", case.found(&seen([told(9 * year, false)])));
    add("a CA that ends", case.found(&seen([told(100 * DAY, true)])));
    for trouble in [
        CaTrouble::NotACa("two blocks".into()),
        CaTrouble::Expired,
        CaTrouble::DoesNotSignTheServed,
        CaTrouble::OtherName(vec![names.words.clone()]),
    ] {
        add("a CA that is not used", case.found(&seen([Seen::ClusterCa(Err(trouble))])));
    }
    for off in [95, -9000] {
        add("a clock that is off", case.found(&seen([Seen::SignedIn { release: NEW, clock_off: Some(off) }])));
    }
}

fn tokens(names: &Names, add: Add<'_>) {
    let case = Case::of(names);
    let id = token(names).map(|token| token.to_string()).unwrap_or_default();
    for phrase in [
        "invalid token value!".to_owned(),
        format!("no such token '{}' for user '{}'", names.token, names.user),
        format!("no such user ('{}')", names.user),
        format!("token '{}' access expired", names.token),
        format!("user '{}' is disabled", names.user),
        format!("user '{}' access expired", names.user),
        format!("'{id}' is not a valid token ID"),
        "No ticket".to_owned(),
    ] {
        let all = seen([proxmox(names, OLD, false), refused(401, &phrase)]);
        add("the host names the cause", case.found(&all));
    }
    let hidden = || vec![proxmox(names, NEW, false), refused(401, "Authentication failed!")];
    add("the host names no cause", case.found(&seen(hidden())));
    add(
        "the host names no cause, in a proxy's words",
        case.found(&seen([proxmox(names, NEW, true), refused(401, "Unauthorized")])),
    );
    add("a proxy drops the token", case.found(&seen([proxmox(names, NEW, true), refused(401, "No ticket")])));
    add("a gateway asks for its own login", case.found(&seen([proxmox(names, NEW, true), refused(403, &names.words)])));
    let mut looked = |about: &str, change: &dyn Fn(&mut Estate)| {
        let mut all = hidden();
        all.push(estate(names, change));
        add(about, case.found(&seen(all)));
    };
    looked("an administrator looked: all is well but the secret", &|_| ());
    looked("an administrator looked: no such token", &|all| {
        all.users[1].tokens[0].name = "glassdome-tokem".parse().unwrap()
    });
    looked("an administrator looked: no token at all", &|all| all.users[1].tokens.clear());
    looked("an administrator looked: the token ended", &|all| all.users[1].tokens[0].expire = Some(NOW - DAY));
    looked("an administrator looked: no such user", &|all| {
        all.users[1].id = UserId::new(all.users[1].id.user(), "pam").unwrap()
    });
    looked("an administrator looked: disabled", &|all| all.users[1].enabled = false);
    looked("an administrator looked: the account ended", &|all| all.users[1].expire = Some(NOW - DAY));
    looked("somebody looked who is not shown all", &|all| {
        all.users.truncate(1);
        all.acl_whole = false;
    });
    let here =
        Seen::IsProxmox { realms: vec![realm("pam", "pam"), realm("pvee", "pve")], release_hint: Some(NEW), via: None };
    if case.signer.is_some() {
        let login = Case { password: true, signer: user(names).map(Grantee::User), ..case.clone() };
        let not_sent = Seen::NoSuchRealm(names.realm.clone());
        add("a login of a realm that is not there", login.found(&seen([here.clone(), not_sent])));
        let refused = Seen::SignInRefused { status: 401, phrase: "Authentication failed!".into(), clock_off: None };
        add("a refused token of a realm that is not there", case.found(&seen([here, refused])));
    }
    for (about, trouble) in [
        ("no answer to sign-in", RequestTrouble::TimedOut),
        ("too long an answer", RequestTrouble::TooLarge),
        ("not the answer that belongs there", RequestTrouble::Unreadable("data".into())),
        ("the daemon is down", answered(595, "Connection refused")),
    ] {
        add(about, case.found(&seen([proxmox(names, NEW, false), failed(Link::SignIn, "GET /version", trouble)])));
    }
    let ends = |change: &dyn Fn(&mut Estate)| case.found(&seen([signed_in(), estate(names, change)]));
    add("a token that ends", ends(&|all| all.users[1].tokens[0].expire = Some(NOW + 9 * DAY)));
    add("an account that ends", ends(&|all| all.users[1].expire = Some(NOW + 20 * DAY)));
}

fn logins(names: &Names, add: Add<'_>) {
    let named = user(names);
    let case = Case { password: true, signer: named.clone().map(Grantee::User), ..Case::of(names) };
    let no = || refused(401, "authentication failure");
    add("a refused password", case.found(&seen([proxmox(names, NEW, false), no()])));
    add("a refused password, the user disabled", {
        let disabled = estate(names, |all| all.users[1].enabled = false);
        case.found(&seen([proxmox(names, NEW, false), no(), disabled]))
    });
    let of = |id: &str| Case { signer: Some(Grantee::User(id.parse().unwrap())), ..case.clone() };
    add("a refused password, in a directory", of("me@home").found(&seen([proxmox(names, NEW, false), no()])));
    add("a password for OpenID", of("me@sso").found(&seen([proxmox(names, NEW, false), no()])));
    add("a second factor", case.found(&seen([refused(200, "NeedTFA: totp")])));
    let unverified = Case { trust: Some(Trust::Unverified), ..case.clone() };
    add(
        "a password where nothing verifies",
        unverified.found(&seen([failed(Link::SignIn, "GET /version", RequestTrouble::Stopped)])),
    );
    let Some(user) = named else { return };
    add("an administrator's login is refused", vec![login::refused(&user, 401, "authentication failure")]);
    let code = |factor, off| login::code_refused(&user, factor, (401, "authentication failure"), off, 2);
    add("a code is refused", vec![code(Factor::Totp, None)]);
    add("a code is refused, and clocks differ", vec![code(Factor::Totp, Some(-95))]);
    add("a recovery key is refused", vec![code(Factor::Recovery, None)]);
    let keys = Factors { totp: false, recovery: 0, yubico: false, webauthn: true };
    add("a security key alone", vec![login::no_usable_factor(&user, keys)]);
    add(
        "no answer to a login",
        vec![login::no_answer(&user, &visible(&names.host), &answered(595, "Connection refused"), None)],
    );
}

fn inside(names: &Names, add: Add<'_>) {
    let case = Case::of(names);
    add("no rights at all", case.found(&seen([signed_in(), rights(&[])])));
    add("no rights at all, and the grants are shown", {
        let bare = estate(names, |all| all.acl.truncate(1));
        case.found(&seen([signed_in(), rights(&[]), bare]))
    });
    let some: &[(&str, &[&str])] = &[("/", &["Sys.Audit", "VM.Audit", "VM.Clone"])];
    add("a right is missing", case.found(&seen([signed_in(), rights(some)])));
    add(
        "a right is missing, and the grants are shown",
        case.found(&seen([signed_in(), rights(some), estate(names, |_| ())])),
    );
    let known = Seen::KnownPrivileges(["Sys.Audit", "VM.Audit", "VM.Clone"].map(str::to_owned).to_vec());
    add("a right that the release does not know", case.found(&seen([signed_in(), rights(some), known])));
    let everything: &[(&str, &[&str])] = &[(
        "/",
        &["Sys.Audit", "VM.Audit", "VM.Clone", "VM.PowerMgmt", "Permissions.Modify", "Sys.Modify", "User.Modify"],
    )];
    add(
        "rights far beyond the need",
        case.found(&seen([
            signed_in(),
            rights(everything),
            estate(names, |all| {
                all.users[1].tokens[0].separated = false;
            }),
        ])),
    );
    let root = Case { signer: Some(Grantee::Token("root@pam!auto".parse().unwrap())), ..case.clone() };
    add("a root token", root.found(&seen([signed_in(), rights(everything)])));
    add(
        "the rights are not told",
        case.found(&seen([failed(Link::Rights, "GET /access/permissions", RequestTrouble::TimedOut)])),
    );
    let limit =
        Case { never: vec!["Passing a device through by its address takes root@pam itself.".into()], ..case.clone() };
    add("what no token can do", limit.found(&seen([signed_in()])));
    let nodes = || Seen::Nodes(vec![node(&names.node, true, "BB"), node("pve2", false, "CC")]);
    add("a node is off", case.found(&seen([nodes()])));
    let on_it = Case { nodes: vec!["pve2".into()], ..case.clone() };
    add("the picked node is off", on_it.found(&seen([nodes()])));
    let list = |node: &str| format!("GET /nodes/{node}/storage");
    let here = shown(names, Ok(()), 365 * DAY);
    let both = || Seen::Nodes(vec![node(&names.node, true, "BB"), node("pve2", true, "CC")]);
    for (about, node, trouble) in [
        (
            "another node's certificate",
            "pve2",
            answered(596, "tls_process_server_certificate: certificate verify failed"),
        ),
        ("another node is not reached", "pve2", answered(595, "No route to host")),
        ("the node's own daemon is down", names.node.as_str(), answered(595, "Connection refused")),
        ("a list takes too long", names.node.as_str(), RequestTrouble::TimedOut),
    ] {
        add(about, case.found(&seen([here.clone(), both(), failed(Link::Target, &list(node), trouble)])));
    }
}

fn picked(names: &Names, add: Add<'_>) {
    let spec = glassdome();
    let guest = |id, name: &str, node: &str, template| GuestSeen {
        id,
        name: name.into(),
        node: node.into(),
        template,
        container: false,
    };
    let storage = |name: &str, content: &str| StorageSeen {
        name: name.into(),
        node: names.node.clone(),
        kind: "lvmthin".into(),
        content: vec![content.into()],
    };
    let all = seen([
        signed_in(),
        rights(&[("/", &["VM.Audit", "Datastore.Audit", "SDN.Use"])]),
        Seen::Nodes(vec![node(&names.node, true, "BB"), node("pve2", true, "CC")]),
        Seen::Guests(vec![
            guest(9000, "ubuntu-2204", "pve2", true),
            guest(100, &names.words, &names.node, false),
            guest(9001, "debian", &names.node, true),
        ]),
        Seen::Storages(vec![storage("local-lvm", "images"), storage("local", "iso")]),
        Seen::Bridges { node: names.node.clone(), bridges: vec!["vmbr0".into()] },
    ]);
    let mut one = |about: &str, picks: &[(&str, &str)]| {
        let picks = picks.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        add(about, picks::judge(&spec, &picks, &all));
    };
    one("a node by its name in DNS", &[("node", &names.picked)]);
    one("a node in other letters", &[("node", "PVE")]);
    one("a node by its address", &[("node", "10.0.0.5")]);
    one("a node that nobody knows", &[("node", "proxmox")]);
    let here = ("node", names.node.as_str());
    one("a machine where a template belongs", &[here, ("ubuntu2204", "100")]);
    one("a template of another node", &[here, ("ubuntu2204", "9000")]);
    one("a template that is not there", &[here, ("ubuntu2204", &format!("77{}", names.picked))]);
    one("a storage in a slip", &[here, ("storage", "local-lmv")]);
    one("a storage for other things", &[here, ("storage", "local")]);
}

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
