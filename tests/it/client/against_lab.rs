//! Surveys of the embedded lab, healthy and with one thing wrong.

use labwizard::domain::observation::{ConnectTrouble, RequestTrouble, Speaker, TlsTrouble};
use labwizard::domain::{Credential, Endpoint, Host, Link, Release, Secret, Seen, Trust, certificates_from_pem};
use labwizard::lab::{CutAt, Lab, LabConfig, LabRelease, Scenario};

use super::trusted::ca_of;
use super::*;
use crate::find;

pub async fn lab(scenario: Scenario) -> Lab {
    Lab::start(LabConfig { scenario, ..LabConfig::quick() }).await.unwrap()
}

async fn look_as(lab: &Lab, token: &str) -> Vec<Observation> {
    look(inquiry(lab.port(), pin(lab), credential(&lab.token(token).unwrap())), &options()).await
}

pub const TOOL: &str = "apex@pve!glassdome-token";

#[tokio::test]
async fn without_trust_the_certificate_is_shown_and_only_open_questions_are_asked() {
    let lab = lab(Scenario::Fine).await;
    let all = look(inquiry(lab.port(), None, credential(&lab.token(TOOL).unwrap())), &options()).await;
    let (leaf, verdict) = find!(all, Seen::Certificate { leaf, verdict, .. } => (leaf.clone(), verdict.clone()));
    assert_eq!(leaf.fingerprint.to_string(), lab.fingerprint());
    assert_eq!(verdict, None);
    let hint = find!(all, Seen::IsProxmox { realms, release_hint, .. } => { assert!(realms.iter().any(|r| r.kind == "pve")); *release_hint });
    assert_eq!(hint, Some(lab.release().version().parse().unwrap()));
    let mut asked: Vec<_> = lab.received().into_iter().map(|r| (r.path, r.had_authorization)).collect();
    asked.sort();
    assert_eq!(asked, [("/".to_owned(), false), ("/api2/json/access/domains".to_owned(), false)]);
}

#[tokio::test]
async fn the_links_are_told_in_the_order_of_the_road() {
    let lab = lab(Scenario::Fine).await;
    let all = look_as(&lab, TOOL).await;
    let place = |pick: fn(&Seen) -> bool| all.iter().position(|o| pick(&o.seen)).unwrap();
    let order = [
        place(|s| matches!(s, Seen::Resolved(_))),
        place(|s| matches!(s, Seen::Connected(..))),
        place(|s| matches!(s, Seen::Certificate { verdict: Some(Ok(())), .. })),
        place(|s| matches!(s, Seen::IsProxmox { .. })),
        place(|s| matches!(s, Seen::SignedIn { .. })),
        place(|s| matches!(s, Seen::Rights(_))),
    ];
    assert!(order.is_sorted(), "{order:?} {all:#?}");
    let started: Vec<_> =
        all.iter().filter_map(|o| if let Seen::Started(link) = o.seen { Some(link) } else { None }).collect();
    for link in Link::ALL {
        assert_eq!(started.iter().filter(|one| **one == link).count(), 1, "{link:?}");
    }
}

#[tokio::test]
async fn a_good_token_shows_rights_exact_paths_nodes_and_guests_on_every_release() {
    for release in LabRelease::all() {
        let lab = Lab::start(LabConfig { release: *release, ..LabConfig::quick() }).await.unwrap();
        let mut asked = inquiry(lab.port(), pin(&lab), credential(&lab.token(TOOL).unwrap()));
        asked.paths = vec!["/vms/100".into(), "/mapping/pci/none".into()];
        let all = look(asked, &options()).await;
        let (signed, time) = find!(all, Seen::SignedIn { release, clock_off } => (*release, *clock_off));
        assert_eq!(signed, release.version().parse::<Release>().unwrap());
        assert!(time.unwrap().abs() < 60);
        let rights = find!(all, Seen::Rights(rights) => rights.clone());
        assert!(rights.holds("/vms/100", "VM.Clone"), "{release:?} {rights:?}");
        assert!(rights.paths().any(|(path, _)| path == "/mapping/pci/none"), "{rights:?}");
        assert!(find!(all, Seen::KnownPrivileges(all) => all.contains(&"VM.Clone".to_owned())));
        assert!(find!(all, Seen::Nodes(nodes) => nodes.iter().any(|n| n.name == lab.node() && n.online)));
        assert!(find!(all, Seen::Guests(guests) => guests.iter().any(|g| g.template)));
        assert!(!all.iter().any(|o| matches!(o.seen, Seen::Failed { .. })), "{all:#?}");
    }
}

#[tokio::test]
async fn one_signed_in_request_goes_first_and_alone() {
    let lab = lab(Scenario::WrongSecret).await;
    let all = look_as(&lab, TOOL).await;
    let (status, phrase) = find!(all, Seen::SignInRefused { status, phrase, .. } => (*status, phrase.clone()));
    assert_eq!((status, phrase.as_str()), (401, "Authentication failed!"));
    let signed: Vec<_> = lab.received().into_iter().filter(|r| r.had_authorization).collect();
    assert_eq!(signed.len(), 1, "{signed:#?}");
    assert!(!all.iter().any(|o| matches!(o.seen, Seen::Started(Link::Rights))));
}

#[tokio::test]
async fn the_lists_come_with_the_cluster_ca_when_they_are_wanted() {
    let lab = lab(Scenario::Fine).await;
    let mut asked = inquiry(lab.port(), pin(&lab), credential(&lab.token("root@pam!automation").unwrap()));
    asked.lists = true;
    let all = look(asked, &options()).await;
    assert!(find!(all, Seen::Storages(list) => list.iter().any(|s| s.content.contains(&"images".to_owned()))));
    assert!(find!(all, Seen::Bridges { bridges, .. } => bridges.contains(&"vmbr0".to_owned())));
    let ca = find!(all, Seen::ClusterCa(ca) => ca.clone()).unwrap();
    assert_eq!(vec![ca.certificate.der.clone()], certificates_from_pem(&lab.ca_pem()).unwrap());
    assert_eq!(certificates_from_pem(&ca.pem).unwrap().remove(0), ca.certificate.der);
    assert!(ca.proved);
    // What was taken carries a connection on its own.
    let again = look(inquiry(lab.port(), Some(Trust::Ca(ca.certificate.der)), None), &options()).await;
    assert!(find!(again, Seen::Certificate { verdict, .. } => verdict == &Some(Ok(()))));
}

#[tokio::test]
async fn what_is_not_proxmox_is_named_and_gets_no_credential() {
    for (scenario, wanted) in [
        (Scenario::Unifi, Speaker::Unifi),
        (Scenario::Pbs, Speaker::ProxmoxBackup),
        (Scenario::Redirect, Speaker::Redirect { to: "https://login.example.invalid/".into() }),
        (Scenario::LoginPageOnly, Speaker::Other { server: Some("nginx".into()), status: 200, html: true }),
    ] {
        let lab = lab(scenario).await;
        for trust in [None, Some(Trust::Unverified)] {
            let all = look(inquiry(lab.port(), trust, credential(&lab.token(TOOL).unwrap())), &options()).await;
            assert_eq!(last(&all), &Seen::NotProxmox(wanted.clone()), "{scenario} {all:#?}");
        }
        assert!(lab.received().iter().all(|r| !r.had_authorization), "{scenario}");
    }
}

#[tokio::test]
async fn answers_without_end_sense_or_leave_are_bounded() {
    for (scenario, wanted) in [
        (Scenario::EndlessBody, RequestTrouble::TooLarge),
        (Scenario::EndlessHeader, RequestTrouble::TooLarge),
        (Scenario::GzipBody, RequestTrouble::Unreadable("the answer is compressed, which was not asked for".into())),
    ] {
        let lab = lab(scenario).await;
        let all = look(inquiry(lab.port(), None, None), &options()).await;
        assert_eq!(last(&all), &Seen::NotProxmox(Speaker::Nothing(wanted)), "{scenario}");
    }
    for scenario in [Scenario::DeepJson, Scenario::BrokenJson] {
        let lab = lab(scenario).await;
        let all = look(inquiry(lab.port(), None, None), &options()).await;
        assert!(matches!(last(&all), Seen::NotProxmox(_)), "{scenario} {all:#?}");
    }
}

#[tokio::test]
async fn a_host_that_never_answers_is_given_up_after_the_limit() {
    let lab = lab(Scenario::Silent).await;
    let mut options = options();
    options.limits.total = Duration::from_millis(150);
    let all = look(inquiry(lab.port(), None, None), &options).await;
    assert_eq!(last(&all), &Seen::NotProxmox(Speaker::Nothing(RequestTrouble::TimedOut)));
}

#[tokio::test]
async fn ten_thousand_guests_are_read() {
    let lab = lab(Scenario::TenThousandGuests).await;
    let all = look_as(&lab, "root@pam!automation").await;
    assert!(find!(all, Seen::Guests(guests) => guests.len()) >= 10_000);
}

#[tokio::test]
async fn a_token_without_rights_signs_in_and_holds_nothing() {
    let lab = lab(Scenario::Fine).await;
    let mut asked = inquiry(lab.port(), pin(&lab), credential(&lab.token("apex@pve!bare").unwrap()));
    asked.paths = vec!["/vms".into()];
    let all = look(asked, &options()).await;
    let rights = find!(all, Seen::Rights(rights) => rights.clone());
    assert!(rights.is_empty() && rights.paths().any(|(path, _)| path == "/vms"));
    assert!(find!(all, Seen::Nodes(nodes) => nodes.iter().all(|n| !n.audited)));
}

#[tokio::test]
async fn a_password_signs_in_by_a_ticket_and_a_second_factor_is_named() {
    let lab = lab(Scenario::Fine).await;
    for user in lab.users() {
        let credential =
            Credential::Password { user: user.user.parse().unwrap(), password: Secret::new(user.password.clone()) };
        let all = look(inquiry(lab.port(), pin(&lab), Some(credential)), &options()).await;
        match user.totp {
            Some(_) => {
                let phrase = find!(all, Seen::SignInRefused { phrase, .. } => phrase.clone());
                assert!(phrase.starts_with("NeedTFA: totp"), "{phrase}");
            }
            None if all.iter().any(|o| matches!(o.seen, Seen::SignInRefused { .. })) => {
                let phrase = find!(all, Seen::SignInRefused { phrase, .. } => phrase.clone());
                let wanted = if user.user == "browser@pve" { "NeedTFA: webauthn" } else { "authentication failure" };
                assert!(matches!(user.user.as_str(), "browser@pve" | "retired@pve"), "{}", user.user);
                assert_eq!(phrase, wanted);
            }
            None => assert!(find!(all, Seen::Rights(_) => true)),
        }
    }
    assert!(lab.received().iter().all(|r| !String::from_utf8_lossy(&r.raw).contains("otp=")));
}

#[tokio::test]
async fn a_password_is_never_sent_where_nothing_was_verified() {
    let lab = lab(Scenario::Fine).await;
    let user = lab.users().remove(0);
    let credential = Credential::Password { user: user.user.parse().unwrap(), password: Secret::new(user.password) };
    let all = look(inquiry(lab.port(), Some(Trust::Unverified), Some(credential)), &options()).await;
    assert!(find!(all, Seen::Failed { link: Link::SignIn, trouble, .. } => *trouble == RequestTrouble::Stopped));
    assert!(lab.received().iter().all(|r| r.method == "GET"));
}

#[tokio::test]
async fn an_echoed_secret_never_comes_back_in_the_hosts_words() {
    for release in LabRelease::all() {
        let lab = Lab::start(LabConfig { release: *release, ..LabConfig::quick() }).await.unwrap();
        let token = lab.token("apex@pve!whole").unwrap();
        for damage in ["=", "=x", ";", "%", "\n"] {
            let secret = Secret::new(format!("{}{damage}", token.secret));
            let asked = Credential::Token { id: token.id.parse().unwrap(), secret };
            let all = look(inquiry(lab.port(), pin(&lab), Some(asked)), &options()).await;
            let said = find!(all, Seen::SignInRefused { phrase, .. } => phrase.clone());
            assert!(!said.is_empty());
            for window in token.secret.as_bytes().windows(12) {
                assert!(!format!("{all:?}").contains(std::str::from_utf8(window).unwrap()), "{release:?} {said}");
            }
        }
    }
}

#[tokio::test]
async fn a_cut_answer_is_told_as_cut_and_nothing_is_asked_twice() {
    let lab = lab(Scenario::Fine).await;
    lab.cut_call("GET", "/version", CutAt::MidAnswer);
    let all = look_as(&lab, TOOL).await;
    assert!(find!(all, Seen::Failed { link: Link::SignIn, trouble, .. } => *trouble == RequestTrouble::Cut));
    lab.cut_call("GET", "/access/roles", CutAt::BeforeAnswer);
    let all = look_as(&lab, TOOL).await;
    assert!(find!(all, Seen::Failed { link: Link::Rights, request, trouble } =>
        *trouble == RequestTrouble::Cut && request == "GET /access/roles/Administrator"));
    assert!(find!(all, Seen::Rights(_) => true));
    let asked = |path: &str| lab.received().iter().filter(|r| r.path.contains(path)).count();
    assert_eq!((asked("/version"), asked("/access/roles")), (2, 1));
}

#[tokio::test]
async fn of_two_places_the_one_that_is_proxmox_wins_and_only_it_is_told_of() {
    let (unifi, lab) = (lab(Scenario::Unifi).await, lab(Scenario::Fine).await);
    for order in [[unifi.port(), lab.port()], [lab.port(), unifi.port()]] {
        let mut asked = inquiry(order[0], None, None);
        asked.endpoints.push(local(order[1]));
        let all = look(asked, &options()).await;
        assert_eq!(find!(all, Seen::Connected(endpoint, _) => endpoint.port), lab.port());
        assert!(matches!(last(&all), Seen::IsProxmox { .. }), "{all:#?}");
        assert_eq!(all.iter().filter(|o| matches!(o.seen, Seen::Certificate { .. })).count(), 1);
    }
}

#[tokio::test]
async fn a_survey_can_be_spawned_and_of_many_hosts_each_is_seen() {
    let lab = Arc::new(lab(Scenario::Fine).await);
    let surveys: Vec<_> = (0..20)
        .map(|_| {
            let asked = inquiry(lab.port(), pin(&lab), credential(&lab.token(TOOL).unwrap()));
            tokio::spawn(async move { look(asked, &options()).await })
        })
        .collect();
    for one in surveys {
        assert!(find!(one.await.unwrap(), Seen::Rights(rights) => !rights.is_empty()));
    }
}

#[tokio::test]
async fn a_name_without_addresses_is_not_resolved() {
    let options = Options { resolver: Script::of([Ok(Vec::new()), Ok(Vec::new())]), ..options() };
    let mut asked = inquiry(8006, None, None);
    asked.endpoints[0].host = Host::Name("pve.lan".into());
    assert_eq!(last(&look(asked, &options).await), &Seen::NotResolved(NameTrouble::Unknown));
}

#[tokio::test]
async fn a_name_is_resolved_once_and_all_connections_go_to_its_first_address() {
    let lab = lab(Scenario::Fine).await;
    let script = Script::of([Ok(vec![LOOPBACK]), Ok(vec![IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))])]);
    let options = Options { resolver: script.clone(), ..options() };
    let mut asked = inquiry(lab.port(), pin(&lab), credential(&lab.token(TOOL).unwrap()));
    let name = Host::Name("localhost".into());
    asked.endpoints = vec![Endpoint { host: name.clone(), port: lab.port() }];
    let all = look(asked, &options).await;
    assert!(find!(all, Seen::Rights(_) => true));
    assert_eq!(*script.asked.lock().unwrap(), ["localhost"]);
    assert!(lab.received().iter().all(|r| {
        String::from_utf8_lossy(&r.raw).to_lowercase().contains(&format!("host: localhost:{}\r\n", lab.port()))
    }));
    // An agreed address wins over the name.
    let script = Script::of([]);
    let options = Options { resolver: script.clone(), ..options };
    let mut asked = inquiry(lab.port(), pin(&lab), None);
    asked.endpoints = vec![Endpoint { host: name, port: lab.port() }];
    asked.address = Some(LOOPBACK);
    let all = look(asked, &options).await;
    assert_eq!(find!(all, Seen::Resolved(all) => all.clone()), [LOOPBACK]);
    assert!(script.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_unknown_name_and_a_closed_port_are_told_apart() {
    let mut asked = inquiry(8006, None, None);
    asked.endpoints[0].host = Host::Name("pve.invalid".into());
    let all = look(asked, &options()).await;
    assert_eq!(last(&all), &Seen::NotResolved(NameTrouble::Unknown));
    let (one, two) = (closed_port(), closed_port());
    let mut asked = inquiry(one, None, None);
    asked.endpoints.push(local(two));
    let all = look(asked, &options()).await;
    let refused = |port| (local(port), LOOPBACK, ConnectTrouble::Refused);
    assert_eq!(last(&all), &Seen::NotConnected(vec![refused(one), refused(two)]));
}

/// Bound once and closed again.
fn closed_port() -> u16 {
    std::net::TcpListener::bind((LOOPBACK, 0)).unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn time_is_what_the_options_say() {
    let lab = lab(Scenario::Fine).await;
    let ca = ca_of(&lab);
    for (now, wanted) in [(1_000_000_000, TlsTrouble::NotYetValid), (4_000_000_000, TlsTrouble::Expired)] {
        let options = Options { now, ..options() };
        let all = look(inquiry(lab.port(), Some(ca.clone()), None), &options).await;
        assert_eq!(find!(all, Seen::Certificate { verdict, .. } => verdict.clone()), Some(Err(wanted)));
    }
}

#[tokio::test]
async fn only_what_is_needed_goes_out() {
    let lab = lab(Scenario::Fine).await;
    look_as(&lab, TOOL).await;
    let received = lab.received();
    assert!(received.len() >= 7);
    for one in received {
        let text = String::from_utf8_lossy(&one.raw).to_lowercase();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let names: Vec<_> = head.lines().skip(1).map(|line| line.split(':').next().unwrap()).collect();
        match one.had_authorization {
            true => assert_eq!(names, ["host", "authorization"], "{head}"),
            false => assert_eq!(names, ["host"], "{head}"),
        }
        assert!(body.is_empty() && one.tls);
    }
}

#[tokio::test]
async fn a_password_for_a_realm_that_is_not_there_is_never_sent_and_a_token_is() {
    let lab = lab(Scenario::Fine).await;
    let password = Some(Credential::Password {
        user: "apex@nowhere".parse().unwrap(),
        password: Secret::new("correct-horse".into()),
    });
    let all = look(inquiry(lab.port(), pin(&lab), password), &options()).await;
    assert_eq!(last(&all), &Seen::NoSuchRealm("nowhere".into()), "{all:#?}");
    assert!(lab.received().iter().all(|request| request.method == "GET" && !request.had_authorization));
    // Of a token Proxmox looks at the user alone, whose realm may have been removed since.
    let mut token = lab.token(TOOL).unwrap();
    token.id = "apex@nowhere!tool".to_owned();
    let all = look(inquiry(lab.port(), pin(&lab), credential(&token)), &options()).await;
    assert!(matches!(last(&all), Seen::SignInRefused { status: 401, .. }), "{all:#?}");
    // A realm that every host has is looked at beside it, and its refusal waited for.
    let mut token = lab.token(TOOL).unwrap();
    token.id = "ghost@pve!tool".to_owned();
    let all = look(inquiry(lab.port(), pin(&lab), credential(&token)), &options()).await;
    assert!(matches!(last(&all), Seen::SignInRefused { status: 401, .. }), "{all:#?}");
}
