//! Logging in to the embedded lab: each attempt is one request, and nothing of it shows.

use labwizard::client::renew;
use labwizard::domain::observation::RequestTrouble;
use labwizard::domain::{Der, Factors, Fingerprint, certificates_from_pem};
use labwizard::lab::proxmox::tfa::Recovery;
use labwizard::lab::{CutAt, LabConfig, LabRelease, Scenario};

use super::speakers::{self, http};
use super::*;
use crate::find;

pub const ADMIN: &str = "admin@pve";
const KEY: &str = "2d94-1055-6707-a616";

pub async fn quick() -> Lab {
    Lab::start(LabConfig::quick()).await.unwrap()
}

pub async fn of(release: LabRelease) -> Lab {
    Lab::start(LabConfig { release, ..LabConfig::quick() }).await.unwrap()
}

/// The challenge of a right password.
async fn challenge(lab: &Lab) -> (Secret, Factors) {
    match log_in(password_of(lab, ADMIN), &options()).await {
        LoginAnswer::NeedsCode { challenge, factors } => (challenge, factors),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(answer: LoginAnswer) -> (u16, String) {
    match answer {
        LoginAnswer::Refused { status, phrase, .. } => (status, phrase),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn signed_in(answer: LoginAnswer) -> Ticket {
    match answer {
        LoginAnswer::SignedIn(ticket) => ticket,
        other => panic!("{other:?}"),
    }
}

/// The ticket works, and it is that user's.
async fn opens(lab: &Lab, ticket: Ticket) -> bool {
    let all = look(inquiry(lab.port(), pin(lab), Some(Credential::Ticket(ticket))), &options()).await;
    all.iter().any(|o| matches!(o.seen, Seen::SignedIn { .. }))
}

fn said(lab: &Lab) -> Vec<String> {
    lab.received().into_iter().map(|one| String::from_utf8_lossy(&one.raw).into_owned()).collect()
}

#[tokio::test]
async fn a_daemon_that_is_down_is_no_word_about_the_password() {
    let lab = Lab::start(LabConfig { scenario: Scenario::DaemonDown, ..LabConfig::quick() }).await.unwrap();
    let answer = log_in(password_of(&lab, "root@pam"), &options()).await;
    let down = matches!(&answer, LoginAnswer::Failed(RequestTrouble::Answered { status: 595, .. }));
    assert!(down, "{answer:?}");
}

#[tokio::test]
async fn a_password_signs_in_with_one_request_on_every_release() {
    for release in LabRelease::all() {
        let lab = of(*release).await;
        let ticket = signed_in(log_in(password_of(&lab, "root@pam"), &options()).await);
        assert_eq!(ticket.user.to_string(), "root@pam");
        assert!((now() - ticket.since).abs() < 60);
        let said = said(&lab);
        assert_eq!((said.len(), lab.connections()), (1, 1), "{release:?}");
        assert!(said[0].starts_with("POST /api2/json/access/ticket HTTP/1.1\r\n"), "{release:?}");
        assert!(said[0].ends_with("&new-format=1") && !said[0].contains("otp="), "{release:?}");
        assert!(opens(&lab, ticket).await, "{release:?}");
    }
}

#[tokio::test]
async fn a_time_code_is_a_second_step_on_every_release() {
    for release in LabRelease::all() {
        let lab = of(*release).await;
        let (challenge, factors) = challenge(&lab).await;
        assert_eq!(factors, Factors { totp: true, ..Factors::default() }, "{release:?}");
        let code = lab.user(ADMIN).unwrap().code_now().unwrap();
        let ticket = signed_in(log_in(code_for(&lab, ADMIN, &challenge, Factor::Totp, &code), &options()).await);
        assert_eq!(lab.received().len(), 2);
        assert!(said(&lab).iter().all(|one| one.contains("&new-format=1") && !one.contains("otp=")), "{release:?}");
        assert!(opens(&lab, ticket).await, "{release:?}");
    }
}

#[tokio::test]
async fn a_recovery_key_signs_in_once_on_every_release() {
    for release in LabRelease::all() {
        let lab = of(*release).await;
        lab.change(|cluster| {
            let keys = vec![None, Some(KEY.to_owned()), Some("cee7-963f-0058-6d60".to_owned())];
            cluster.users.get_mut(ADMIN).unwrap().factors.recovery = Some(Recovery { created: 0, keys });
        });
        let (first, factors) = challenge(&lab).await;
        assert_eq!(factors, Factors { totp: true, recovery: 2, ..Factors::default() }, "{release:?}");
        assert_eq!(factors.usable(), [Factor::Totp, Factor::Recovery]);
        signed_in(log_in(code_for(&lab, ADMIN, &first, Factor::Recovery, KEY), &options()).await);
        let (second, factors) = challenge(&lab).await;
        assert_eq!(factors.recovery, 1);
        let again = refused(log_in(code_for(&lab, ADMIN, &second, Factor::Recovery, KEY), &options()).await);
        assert_eq!(again, (401, "authentication failure".to_owned()), "{release:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_in_the_hosts_words_and_sent_once_on_every_release() {
    for release in LabRelease::all() {
        let lab = of(*release).await;
        let wrong = || Secret::new("wr0ng-wr0ng".into());
        let login = |user: &str| Login::Password { at: at(&lab), user: user.parse().unwrap(), password: wrong() };
        for (count, user) in ["root@pam", ADMIN, "nobody@pve", "root@nowhere"].into_iter().enumerate() {
            let answer = log_in(login(user), &options()).await;
            let LoginAnswer::Refused { clock_off: Some(off), .. } = answer else { panic!("{answer:?}") };
            assert!(off.abs() < 60);
            assert_eq!(refused(answer), (401, "authentication failure".to_owned()), "{release:?} {user}");
            assert_eq!(lab.received().len(), count + 1);
        }
    }
}

#[tokio::test]
async fn a_wrong_and_a_used_code_are_refused_and_neither_is_sent_again() {
    for release in LabRelease::all() {
        let lab = of(*release).await;
        let code = lab.user(ADMIN).unwrap().code_now().unwrap();
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let (challenge, _) = challenge(&lab).await;
        let step = async |code: &str| log_in(code_for(&lab, ADMIN, &challenge, Factor::Totp, code), &options()).await;
        assert_eq!(refused(step(wrong).await).0, 401);
        // A challenge survives a wrong answer.
        signed_in(step(&code).await);
        assert_eq!(refused(step(&code).await), (401, "authentication failure".to_owned()), "{release:?}");
        assert_eq!(lab.received().len(), 4);
        let failures = lab.change(|cluster| cluster.users[ADMIN].factors.failures);
        assert_eq!(failures, 1, "a code was tried more than once");
    }
}

#[tokio::test]
async fn a_challenge_is_nobodys_ticket() {
    for release in LabRelease::all() {
        let lab = of(*release).await;
        let (challenge, _) = challenge(&lab).await;
        let ticket =
            Ticket { user: ADMIN.parse().unwrap(), ticket: challenge, csrf: Secret::new("x".into()), since: now() };
        let renewed = renew(&at(&lab), &ticket, &options()).await;
        assert!(matches!(renewed, Err(RequestTrouble::Answered { status: 401, .. })), "{renewed:?}");
        assert!(!opens(&lab, ticket).await, "{release:?}");
    }
}

#[tokio::test]
async fn a_ticket_is_renewed_without_password_or_code() {
    for release in LabRelease::all() {
        let lab = of(*release).await;
        let old = ticket_of(&lab, ADMIN).await;
        let before = lab.received().len();
        let new = renew(&at(&lab), &old, &options()).await.unwrap();
        assert_eq!((new.user.clone(), lab.received().len()), (old.user.clone(), before + 1), "{release:?}");
        assert!(opens(&lab, new).await, "{release:?}");
        let broken = Ticket { ticket: Secret::new(format!("{}x", old.ticket.reveal())), ..old.share() };
        let answer = renew(&at(&lab), &broken, &options()).await.unwrap_err();
        assert_eq!(answer, RequestTrouble::Answered { status: 401, phrase: "authentication failure".into() });
    }
    assert!(options().limits.renew.as_secs() == 3600);
}

#[tokio::test]
async fn wherever_the_connection_is_cut_a_login_is_sent_once_and_fails() {
    for at in [CutAt::BeforeActing, CutAt::BeforeAnswer, CutAt::MidAnswer] {
        let lab = quick().await;
        let (challenge, _) = challenge(&lab).await;
        let code = lab.user(ADMIN).unwrap().code_now().unwrap();
        for login in [password_of(&lab, ADMIN), code_for(&lab, ADMIN, &challenge, Factor::Totp, &code)] {
            let before = lab.received().len();
            lab.cut_call("POST", "/access/ticket", at);
            let answer = log_in(login, &options()).await;
            assert!(matches!(answer, LoginAnswer::Failed(RequestTrouble::Cut)), "{at:?} {answer:?}");
            assert_eq!(lab.received().len(), before + 1);
        }
    }
}

#[tokio::test]
async fn without_an_agreed_certificate_nothing_of_a_login_leaves() {
    let lab = quick().await;
    let (challenge, _) = challenge(&lab).await;
    let ticket = ticket_of(&lab, "root@pam").await;
    let (requests, connections) = (lab.received().len(), lab.connections());
    let both = |at: HostAt| {
        let user = || ADMIN.parse().unwrap();
        let password = Secret::new(lab.user(ADMIN).unwrap().password);
        let (challenge, code) = (challenge.share(), Secret::new("123456".into()));
        [
            Login::Password { at: at.clone(), user: user(), password },
            Login::Code { at, user: user(), challenge, factor: Factor::Totp, code },
        ]
    };
    let unverified = HostAt { trust: Trust::Unverified, ..at(&lab) };
    for login in both(unverified.clone()) {
        let answer = log_in(login, &options()).await;
        assert!(matches!(answer, LoginAnswer::Failed(RequestTrouble::Stopped)), "{answer:?}");
    }
    assert_eq!(renew(&unverified, &ticket, &options()).await.unwrap_err(), RequestTrouble::Stopped);
    assert_eq!(lab.connections(), connections, "somebody was connected to");
    let other = HostAt { trust: Trust::Pin(Fingerprint::of(b"another certificate")), ..at(&lab) };
    for login in both(other.clone()) {
        let answer = log_in(login, &options()).await;
        assert!(matches!(answer, LoginAnswer::Failed(RequestTrouble::NotConnected)), "{answer:?}");
    }
    assert_eq!(renew(&other, &ticket, &options()).await.unwrap_err(), RequestTrouble::NotConnected);
    assert_eq!(lab.received().len(), requests, "something was sent");
    // A survey may look at an unverified host, and signs in there with a token at most.
    let all = look(inquiry(lab.port(), Some(Trust::Unverified), Some(Credential::Ticket(ticket))), &options()).await;
    assert!(find!(all, Seen::Failed { trouble, .. } => *trouble == RequestTrouble::Stopped));
    let asked: Vec<_> = lab.received().split_off(requests);
    assert!(!asked.is_empty() && asked.iter().all(|one| !one.had_authorization), "{asked:?}");
}

#[tokio::test]
async fn every_agreed_trust_carries_a_login_and_no_other_does() {
    let lab = quick().await;
    let ca = certificates_from_pem(&lab.ca_pem()).unwrap().remove(0);
    let with = |system: Vec<Der>| Options { system: SystemRoots::These(system), ..options() };
    for (trust, options, opens) in [
        (Trust::Ca(ca.clone()), with(Vec::new()), true),
        (Trust::System, with(vec![ca.clone()]), true),
        (Trust::System, with(Vec::new()), false),
        (Trust::Ca(Der(b"nonsense".to_vec())), with(Vec::new()), false),
    ] {
        let before = lab.received().len();
        let password = Secret::new(lab.user("root@pam").unwrap().password);
        let at = HostAt { trust, ..at(&lab) };
        let answer = log_in(Login::Password { at, user: "root@pam".parse().unwrap(), password }, &options).await;
        assert_eq!(matches!(answer, LoginAnswer::SignedIn(_)), opens, "{answer:?}");
        assert_eq!(lab.received().len() - before, usize::from(opens));
    }
}

#[tokio::test]
async fn a_name_is_resolved_unless_its_address_was_agreed() {
    let lab = quick().await;
    let endpoint = Endpoint { host: Host::Name("localhost".into()), port: lab.port() };
    let script = Script::of([Ok(vec![LOOPBACK])]);
    let options = Options { resolver: Arc::clone(&script) as _, ..options() };
    for (address, asked) in [(Some(LOOPBACK), 0), (None, 1)] {
        let at = HostAt { endpoint: endpoint.clone(), address, ..at(&lab) };
        let password = Secret::new(lab.user("root@pam").unwrap().password);
        signed_in(log_in(Login::Password { at, user: "root@pam".parse().unwrap(), password }, &options).await);
        assert_eq!(script.asked.lock().unwrap().len(), asked);
    }
}

#[tokio::test]
async fn a_host_that_never_answers_is_waited_for_once() {
    let lab = Lab::start(LabConfig { scenario: Scenario::Silent, ..LabConfig::quick() }).await.unwrap();
    let options = Options { limits: Limits { total: Duration::from_millis(300), ..patient() }, ..options() };
    let answer = log_in(password_of(&lab, "root@pam"), &options).await;
    assert!(matches!(answer, LoginAnswer::Failed(RequestTrouble::TimedOut)), "{answer:?}");
    assert_eq!((lab.received().len(), lab.connections()), (1, 1));
}

#[tokio::test]
async fn nobody_is_logged_in_where_nobody_answers() {
    let closed = std::net::TcpListener::bind((LOOPBACK, 0)).unwrap().local_addr().unwrap().port();
    let at = HostAt { endpoint: local(closed), address: None, trust: Trust::Pin(Fingerprint::of(b"x")) };
    let named = HostAt { endpoint: Endpoint { host: Host::Name("nowhere.lan".into()), port: closed }, ..at.clone() };
    for at in [at, named] {
        let login =
            Login::Password { at, user: "root@pam".parse().unwrap(), password: Secret::new("c4n4ry-c4n4ry".into()) };
        let answer = log_in(login, &options()).await;
        assert!(matches!(answer, LoginAnswer::Failed(RequestTrouble::NotConnected)), "{answer:?}");
    }
}

#[tokio::test]
async fn a_host_that_repeats_what_it_was_told_is_not_repeated() {
    let canary = "c4n4ry-c4n4ry-c4n4ry";
    let answer = move |_: &str| http(&format!("401 wrong '{canary}' and totp:271828"), "", "");
    let host = speakers::host(answer).await;
    let at = HostAt { endpoint: local(host.port), address: None, trust: Trust::Pin(host.leaf) };
    let user = || "root@pam".parse().unwrap();
    let secret = || Secret::new(canary.into());
    let code = Secret::new("271828".into());
    for login in [
        Login::Password { at: at.clone(), user: user(), password: secret() },
        Login::Code { at: at.clone(), user: user(), challenge: secret(), factor: Factor::Totp, code },
    ] {
        let is_code = matches!(login, Login::Code { .. });
        assert!(!format!("{login:?}").contains(canary));
        let shown = format!("{:?}", log_in(login, &options()).await);
        assert!(shown.contains("wrong '") && !shown.contains(canary), "{shown}");
        assert_eq!(shown.contains("271828"), !is_code, "{shown}");
    }
    let ticket = Ticket { user: user(), ticket: secret(), csrf: Secret::new("x".into()), since: now() };
    let shown = format!("{:?}", renew(&at, &ticket, &options()).await);
    assert!(shown.contains("wrong '") && !shown.contains(canary), "{shown}");
}

#[tokio::test]
async fn an_answer_that_is_no_login_signs_nobody_in() {
    for (body, wanted) in [
        (r#"{"data":null}"#, "other JSON than belongs there, at line 1, column 12"),
        (r#"{"data":{"username":"root@pam"}}"#, "no ticket, or one that is none"),
        (r#"{"data":{"ticket":"PVE:tfa!root@pam:6B::s","CSRFPreventionToken":"x"}}"#, "no ticket, or one that is none"),
        ("<html>", "no JSON at line 1, column 1"),
    ] {
        let host = speakers::host(move |_| http("200 OK", "", body)).await;
        let at = HostAt { endpoint: local(host.port), address: None, trust: Trust::Pin(host.leaf) };
        let login = Login::Password { at, user: "root@pam".parse().unwrap(), password: Secret::new("x".into()) };
        let answer = log_in(login, &options()).await;
        let LoginAnswer::Failed(RequestTrouble::Unreadable(said)) = answer else { panic!("{answer:?}") };
        assert_eq!(said, wanted);
        assert_eq!(host.heads.lock().unwrap().len(), 1);
    }
}

/// A realm of a directory may not mind large and small letters, and the ticket is made out in the host's own spelling.
#[tokio::test]
async fn a_ticket_is_whose_the_host_says() {
    let body = r#"{"data":{"username":"ada@ad","ticket":"PVE:ada@ad:6B::s","CSRFPreventionToken":"6B:x"}}"#;
    let host = speakers::host(move |_| http("200 OK", "", body)).await;
    let at = HostAt { endpoint: local(host.port), address: None, trust: Trust::Pin(host.leaf) };
    let login = Login::Password { at, user: "Ada@ad".parse().unwrap(), password: Secret::new("x".into()) };
    assert_eq!(signed_in(log_in(login, &options()).await).user.to_string(), "ada@ad");
}

#[tokio::test]
async fn what_a_login_gives_is_never_printed() {
    let lab = quick().await;
    let password = lab.user(ADMIN).unwrap().password;
    let code = lab.user(ADMIN).unwrap().code_now().unwrap();
    let answer = log_in(password_of(&lab, ADMIN), &options()).await;
    let LoginAnswer::NeedsCode { challenge, .. } = &answer else { panic!("{answer:?}") };
    let next = code_for(&lab, ADMIN, challenge, Factor::Totp, &code);
    let mut shown = format!("{answer:?} {next:?}");
    let done = log_in(next, &options()).await;
    shown += &format!("{done:?}");
    let ticket = signed_in(done);
    shown += &format!("{ticket:?} {:?} {}", ticket.share(), Credential::Ticket(ticket.share()));
    for secret in [&password, &code, challenge.reveal(), ticket.ticket.reveal(), ticket.csrf.reveal()] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
