//! Changing the embedded lab's users, roles, tokens and grants: each write is sent once, and nothing of it shows.

mod lost;

use std::net::SocketAddr;

use labwizard::client::proxmox::request::Request;
use labwizard::client::{Changed, Desk, still_opens};
use labwizard::domain::observation::RequestTrouble;
use labwizard::domain::{Change, Estate, Fingerprint, Grantee, Holder, TokenId, TokenMake, UserId};
use labwizard::lab::proxmox::cluster::{Role, Subject};
use labwizard::lab::{CutAt, LabConfig, LabRelease, Scenario};

use super::relay::Relay;
use super::speakers::{self, http};
use super::*;

const ROLE: &str = "LabWizard-3f9a1c";
const COMMENT: &str = "labwizard 3f9a1c: for Glassdome & co, 100 % ü";

fn user() -> UserId {
    "glass+dome@pve".parse().unwrap()
}

fn token() -> TokenId {
    "glass+dome@pve!lab.tool-1".parse().unwrap()
}

fn both() -> Vec<Grantee> {
    vec![Grantee::User(user()), Grantee::Token(token())]
}

fn make_token() -> Change {
    Change::MakeToken(TokenMake { id: token(), separated: true, expire: Some(4_000_000_000), comment: COMMENT.into() })
}

fn make_role() -> Change {
    Change::MakeRole { role: ROLE.into(), privileges: ["VM.Audit".to_owned(), "VM.Clone".to_owned()].into() }
}

fn grant() -> Change {
    Change::Grant { path: "/vms".into(), role: ROLE.into(), to: both() }
}

/// Every change, in an order that a host accepts: made, renewed, and taken back.
fn all_changes(release: LabRelease) -> Vec<Change> {
    let mut all = vec![Change::MakeUser { user: user(), comment: COMMENT.into() }, make_role(), make_token(), grant()];
    all.extend((release == LabRelease::V9_2_11).then(|| Change::NewSecret(token())));
    let ends = |who, end, was| Change::SetEnd { who, end, was };
    all.extend([
        Change::Enable { user: user(), on: false },
        Change::Enable { user: user(), on: true },
        ends(Grantee::User(user()), Some(3_900_000_000), None),
        ends(Grantee::Token(token()), None, Some(4_000_000_000)),
        Change::Ungrant { path: "/vms".into(), role: ROLE.into(), to: both() },
        Change::RemoveToken(token()),
        Change::RemoveRole { role: ROLE.into() },
        Change::RemoveUser { user: user() },
    ]);
    all
}

async fn quick() -> Lab {
    Lab::start(LabConfig::quick()).await.unwrap()
}

async fn desk_of(lab: &Lab, user: &str) -> Desk {
    Desk::open(&at(lab), &Credential::Ticket(ticket_of(lab, user).await), &options()).await.unwrap()
}

#[track_caller]
fn done(changed: Changed) -> Option<Secret> {
    match changed {
        Changed::Done(secret) => secret,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(changed: Changed) -> (u16, String) {
    match changed {
        Changed::Refused { status, words } => (status, words),
        other => panic!("{other:?}"),
    }
}

/// The writes that arrived, but for logins.
fn writes(lab: &Lab) -> Vec<String> {
    let writes = lab.received().into_iter().filter(|one| one.method != "GET" && !one.path.ends_with("/access/ticket"));
    writes.map(|one| String::from_utf8_lossy(&one.raw).into_owned()).collect()
}

async fn opens(lab: &Lab, secret: &Secret) -> bool {
    still_opens(&at(lab), &token(), secret, &options()).await.unwrap()
}

#[tokio::test]
async fn every_change_is_done_and_seen_on_every_release() {
    for release in LabRelease::all() {
        let lab = Lab::start(LabConfig { release: *release, ..LabConfig::quick() }).await.unwrap();
        let desk = desk_of(&lab, "admin@pve").await;
        let before = desk.estate().await.unwrap();
        let mut secrets = Vec::new();
        for change in all_changes(*release) {
            let made = done(desk.change(&change).await);
            assert_eq!(made.is_some(), change.gives_secret(), "{change:?}");
            let estate = desk.estate().await.unwrap();
            if let Some(secret) = made {
                assert!(opens(&lab, &secret).await, "{release:?}");
                secrets.push(secret);
            }
            match &change {
                Change::MakeUser { .. } => {
                    let seen = estate.user(&user()).unwrap();
                    assert!(seen.enabled && seen.expire.is_none() && seen.comment.as_deref() == Some(COMMENT));
                    assert!(lab.change(|cluster| cluster.users["glass+dome@pve"].password.is_none()));
                }
                Change::MakeRole { privileges, .. } => {
                    let seen = estate.role(ROLE).unwrap();
                    assert!(!seen.built_in && seen.privileges == *privileges);
                }
                Change::MakeToken(make) => {
                    let seen = estate.token(&token()).unwrap();
                    assert!(seen.separated && seen.expire == make.expire);
                    assert_eq!(seen.comment.as_deref(), Some(COMMENT));
                }
                Change::Grant { .. } => assert_eq!(ours(&estate), 2),
                Change::NewSecret(_) => {
                    assert!(!opens(&lab, &secrets[0]).await && opens(&lab, &secrets[1]).await);
                    let seen = estate.token(&token()).unwrap();
                    assert!(seen.separated && seen.expire == Some(4_000_000_000) && seen.comment.is_some());
                    assert_eq!(ours(&estate), 2);
                }
                Change::Enable { on, .. } => {
                    let seen = estate.user(&user()).unwrap();
                    assert!(seen.enabled == *on && seen.comment.as_deref() == Some(COMMENT));
                    assert_eq!(ours(&estate), 2);
                }
                Change::SetEnd { who: Grantee::User(_), end, .. } => {
                    assert_eq!(estate.user(&user()).unwrap().expire, *end);
                }
                Change::SetEnd { end, .. } => {
                    let seen = estate.token(&token()).unwrap();
                    assert!(seen.separated && seen.expire == *end && seen.comment.as_deref() == Some(COMMENT));
                    assert_eq!(ours(&estate), 2);
                }
                Change::Ungrant { .. } => assert_eq!(ours(&estate), 0),
                Change::RemoveToken(_) => {
                    assert!(estate.token(&token()).is_none());
                    for secret in &secrets {
                        assert!(!opens(&lab, secret).await, "{release:?}");
                    }
                }
                Change::RemoveRole { .. } => assert!(estate.role(ROLE).is_none()),
                Change::RemoveUser { .. } => assert!(estate.user(&user()).is_none()),
            }
        }
        assert_eq!(desk.estate().await.unwrap(), before, "{release:?}");
        assert_eq!(writes(&lab).len(), all_changes(*release).len(), "{release:?}");
    }
}

/// How many entries there are of what the tests make.
fn ours(estate: &Estate) -> usize {
    let is_ours = |who: &Holder| *who == Holder::User(user()) || *who == Holder::Token(token());
    let rows = estate.acl.iter().filter(|row| row.role == ROLE);
    rows.filter(|row| row.path == "/vms" && row.propagates && is_ours(&row.who)).count()
}

#[tokio::test]
async fn whether_every_entry_of_the_acl_is_told_is_known_on_every_release() {
    for release in LabRelease::all() {
        let lab = Lab::start(LabConfig { release: *release, ..LabConfig::quick() }).await.unwrap();
        let told = |estate: &Estate| estate.acl.len();
        let all = lab.change(|cluster| {
            cluster.acl.retain(|row| row.who != "apex@pve");
            cluster.acl.len()
        });
        let whole = desk_of(&lab, "admin@pve").await.estate().await.unwrap();
        assert!(whole.acl_whole && told(&whole) == all, "{release:?}");
        let desk = desk_of(&lab, "apex@pve").await;
        assert!(!desk.estate().await.unwrap().acl_whole, "{release:?}");
        // Who may change grants is told those of that path, and no others.
        lab.change(|cluster| {
            cluster
                .roles
                .insert("Giver".into(), Role { privileges: ["Permissions.Modify".into()].into(), special: false });
            cluster.grant("/access", Subject::User, "apex@pve", "Giver", true);
        });
        let part = desk.estate().await.unwrap();
        assert!(!part.acl_whole && told(&part) < all && told(&part) > 0, "{release:?}");
        lab.change(|cluster| cluster.grant("/access", Subject::User, "apex@pve", "PVEAuditor", true));
        let whole = desk.estate().await.unwrap();
        assert!(whole.acl_whole && told(&whole) == all + 2, "{release:?}");
    }
}

#[tokio::test]
async fn a_new_secret_in_place_is_refused_where_the_release_has_none() {
    for release in [LabRelease::V7_4_20, LabRelease::V8_4_16, LabRelease::V8_4_21, LabRelease::V9_1_4] {
        let lab = Lab::start(LabConfig { release, ..LabConfig::quick() }).await.unwrap();
        let desk = desk_of(&lab, "root@pam").await;
        let (status, words) =
            refused(desk.change(&Change::NewSecret("apex@pve!glassdome-token".parse().unwrap())).await);
        assert_eq!(status, 400, "{release:?}");
        assert!(words.contains("regenerate: property is not defined in schema"), "{words}");
        let old = lab.token("apex@pve!glassdome-token").unwrap();
        let (id, secret) = (old.id.parse().unwrap(), Secret::new(old.secret));
        assert_eq!(still_opens(&at(&lab), &id, &secret, &options()).await, Ok(true));
    }
}

#[tokio::test]
async fn a_token_with_rights_may_stand_at_the_desk_too() {
    let lab = quick().await;
    let by = credential(&lab.token("root@pam!automation").unwrap()).unwrap();
    let desk = Desk::open(&at(&lab), &by, &options()).await.unwrap();
    for change in all_changes(LabRelease::V9_2_11) {
        done(desk.change(&change).await);
    }
    assert!(writes(&lab).iter().all(|one| !one.to_ascii_lowercase().contains("csrf")));
}

#[tokio::test]
async fn every_write_carries_the_csrf_token_and_fails_with_another() {
    let lab = quick().await;
    let ticket = ticket_of(&lab, "root@pam").await;
    let desk = Desk::open(&at(&lab), &Credential::Ticket(ticket.share()), &options()).await.unwrap();
    desk.estate().await.unwrap();
    for change in all_changes(lab.release()) {
        done(desk.change(&change).await);
    }
    let header = format!("\r\ncsrfpreventiontoken: {}\r\n", ticket.csrf.reveal());
    for one in lab.received() {
        let text = String::from_utf8_lossy(&one.raw);
        let expected = one.method != "GET" && !one.path.ends_with("/access/ticket");
        assert_eq!(text.contains(&header), expected, "{} {}", one.method, one.path);
    }
    let other = Ticket { csrf: Secret::new("6B0233BB:wrong".into()), ..ticket };
    let desk = Desk::open(&at(&lab), &Credential::Ticket(other), &options()).await.unwrap();
    for change in all_changes(lab.release()) {
        let wanted = (401, "Permission denied - invalid csrf token".to_owned());
        assert_eq!(refused(desk.change(&change).await), wanted, "{change:?}");
    }
}

/// A host closes what lies unused; a write then takes a new connection and is still sent once.
#[tokio::test]
async fn a_desk_that_rested_sends_over_a_new_connection() {
    let config = LabConfig { idle: Duration::from_millis(100), ..LabConfig::quick() };
    let lab = Lab::start(config).await.unwrap();
    let desk = desk_of(&lab, "root@pam").await;
    for change in all_changes(lab.release()) {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let before = lab.connections();
        done(desk.change(&change).await);
        assert_eq!(lab.connections(), before + 1);
    }
    assert_eq!(writes(&lab).len(), all_changes(lab.release()).len());
}

#[tokio::test]
async fn a_host_that_is_gone_or_another_gets_nothing() {
    let lab = quick().await;
    let ticket = ticket_of(&lab, "root@pam").await;
    let by = Credential::Ticket(ticket.share());
    // From the beginning.
    let connections = lab.connections();
    let open = async |trust: Trust, by: &Credential| {
        Desk::open(&HostAt { trust, ..at(&lab) }, by, &options()).await.err().unwrap()
    };
    assert_eq!(open(Trust::Unverified, &by).await, RequestTrouble::Stopped);
    let password = Credential::Password { user: "root@pam".parse().unwrap(), password: Secret::new("x".into()) };
    assert_eq!(open(pin(&lab).unwrap(), &password).await, RequestTrouble::Stopped);
    assert_eq!(lab.connections(), connections);
    assert_eq!(open(Trust::Pin(Fingerprint::of(b"another")), &by).await, RequestTrouble::NotConnected);
    // In the middle: the first connection leads to the right host, and later ones to another.
    let impostor = quick().await;
    let (right, wrong) = (SocketAddr::new(LOOPBACK, lab.port()), SocketAddr::new(LOOPBACK, impostor.port()));
    let relay = Relay::start(move |number| if number == 0 { right } else { wrong }, None).await;
    let through = HostAt { endpoint: local(relay.port), ..at(&lab) };
    let desk = Desk::open(&through, &by, &options()).await.unwrap();
    // A refusal ends the connection.
    assert_eq!(refused(desk.change(&Change::RemoveRole { role: "Nope".into() }).await).0, 500);
    for change in all_changes(lab.release()) {
        let changed = desk.change(&change).await;
        assert!(matches!(changed, Changed::NotSent(RequestTrouble::NotConnected)), "{changed:?}");
    }
    assert!(impostor.connections() > 0 && impostor.received().is_empty());
    // Gone.
    let desk = desk_of(&lab, "root@pam").await;
    assert_eq!(refused(desk.change(&Change::RemoveRole { role: "Nope".into() }).await).0, 500);
    drop(lab);
    let changed = desk.change(&make_role()).await;
    assert!(matches!(changed, Changed::NotSent(RequestTrouble::NotConnected)), "{changed:?}");
}

#[tokio::test]
async fn what_a_host_refuses_is_told_in_its_words_with_what_is_wrong() {
    let lab = quick().await;
    let root = desk_of(&lab, "root@pam").await;
    for change in [Change::MakeUser { user: user(), comment: COMMENT.into() }, make_role(), make_token()] {
        done(root.change(&change).await);
    }
    let unknown = |name: &str| Change::MakeRole { role: "Other".into(), privileges: [name.to_owned()].into() };
    let at_path = |path: &str| Change::Grant { path: path.into(), role: ROLE.into(), to: both() };
    for (change, status, wanted) in [
        (make_token(), 400, "Parameter verification failed. tokenid: Token already exists."),
        (make_role(), 500, "create role failed: role 'LabWizard-3f9a1c' already exists"),
        (
            Change::MakeUser { user: user(), comment: String::new() },
            500,
            "create user failed: user 'glass+dome@pve' already exists",
        ),
        (
            unknown("VM.Monitor"),
            400,
            "Parameter verification failed. privs: invalid format - invalid privilege 'VM.Monitor'",
        ),
        (at_path("/foo"), 400, "Parameter verification failed. path: invalid ACL path '/foo'"),
        (
            Change::RemoveToken("glass+dome@pve!none".parse().unwrap()),
            500,
            "no such token 'none' for user 'glass+dome@pve'",
        ),
        (
            Change::Grant { path: "/vms".into(), role: "None".into(), to: both() },
            500,
            "ACL update failed: role 'None' does not exist",
        ),
    ] {
        assert_eq!(refused(root.change(&change).await), (status, wanted.to_owned()), "{change:?}");
    }
    let plain = desk_of(&lab, "guest@pve").await;
    for (change, wanted) in [
        (Change::MakeRole { role: "Other".into(), privileges: Default::default() }, "(/access, Sys.Modify)"),
        (grant(), "(/vms, Permissions.Modify)"),
        (Change::RemoveToken(token()), "Permission check failed"),
    ] {
        let (status, words) = refused(plain.change(&change).await);
        assert!(status == 403 && words.contains(wanted), "{status} {words}");
    }
    // What goes on behind the status line is told to its end.
    let half = desk_of(&lab, "apex@pve").await;
    let more = Change::Grant { path: "/vms/100".into(), role: "Administrator".into(), to: both() };
    let (status, words) = refused(half.change(&more).await);
    assert_eq!(status, 500);
    assert!(words.ends_with("requires 'Permissions.Modify' or superset of privileges."), "{words}");
    // One's own token needs no right.
    let own =
        TokenMake { id: "guest@pve!own".parse().unwrap(), separated: false, expire: None, comment: COMMENT.into() };
    assert!(done(plain.change(&Change::MakeToken(own)).await).is_some());
    let seen = plain.estate().await.unwrap();
    assert_eq!(seen.users.len(), 1);
    assert!(!seen.users[0].tokens[0].separated && seen.users[0].tokens[0].expire.is_none());
}

#[tokio::test]
async fn nothing_that_signs_in_or_was_made_is_printed() {
    let lab = quick().await;
    let ticket = ticket_of(&lab, "root@pam").await;
    let desk = Desk::open(&at(&lab), &Credential::Ticket(ticket.share()), &options()).await.unwrap();
    done(desk.change(&Change::MakeUser { user: user(), comment: COMMENT.into() }).await);
    let changed = desk.change(&make_token()).await;
    let mut shown = format!("{changed:?}");
    for request in Request::examples() {
        shown += &format!("{request:?} {request}");
    }
    let secret = done(changed).unwrap();
    for hidden in [secret.reveal(), ticket.ticket.reveal(), ticket.csrf.reveal(), "example"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    // A host that repeats what signed in.
    let canary = "c4n4ry-c4n4ry-c4n4ry";
    let host = speakers::host(move |_| {
        http("400 Bad", "", &format!(r#"{{"data":null,"errors":{{"x":"PVE:root@pam:{canary} and 6B%3A{canary}"}}}}"#))
    })
    .await;
    let repeated = Ticket {
        user: "root@pam".parse().unwrap(),
        ticket: Secret::new(format!("PVE:root@pam:{canary}")),
        csrf: Secret::new(format!("6B:{canary}")),
        since: now(),
    };
    let at = HostAt { endpoint: local(host.port), address: None, trust: Trust::Pin(host.leaf) };
    let desk = Desk::open(&at, &Credential::Ticket(repeated), &options()).await.unwrap();
    let (status, words) = refused(desk.change(&make_role()).await);
    assert!(status == 400 && words.starts_with("Bad x: ") && !words.contains(canary), "{words}");
}
