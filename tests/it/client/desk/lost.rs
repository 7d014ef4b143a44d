//! Changes whose answer does not come, or cannot be believed: each was sent once, and none is called done.

use std::net::SocketAddr;

use super::super::relay::{Cut, End, Relay, Way};
use super::super::speakers::{self, http};
use super::*;

/// Before it acts, after it acts and before the answer, in the answer: it is lost, was sent once, and only in the first case
/// it was not done.
#[tokio::test]
async fn wherever_a_change_is_cut_it_is_lost_and_was_sent_once() {
    for release in LabRelease::all() {
        for cut in [CutAt::BeforeActing, CutAt::BeforeAnswer, CutAt::MidAnswer] {
            let lab = Lab::start(LabConfig { release: *release, ..LabConfig::quick() }).await.unwrap();
            let desk = desk_of(&lab, "root@pam").await;
            for change in all_changes(*release) {
                let before = (desk.estate().await.unwrap(), writes(&lab).len());
                lab.cut_call(Request::Change(change.clone()).method().as_str(), "/access/", cut);
                let changed = desk.change(&change).await;
                assert!(matches!(changed, Changed::Lost(RequestTrouble::Cut)), "{cut:?} {change:?}: {changed:?}");
                assert_eq!(writes(&lab).len(), before.1 + 1, "{cut:?} {change:?}");
                // The desk is still good for looking up what came of it, and for going on.
                let after = desk.estate().await.unwrap();
                let looks_alike = matches!(change, Change::NewSecret(_));
                assert_eq!(after == before.0, cut == CutAt::BeforeActing || looks_alike, "{cut:?} {change:?}");
                if cut == CutAt::BeforeActing {
                    done(desk.change(&change).await);
                }
            }
        }
    }
}

/// Wherever the wire breaks, byte by byte: what is said not to have been sent never arrived, and what arrived did so once.
#[tokio::test]
async fn what_is_said_not_to_have_left_never_arrived() {
    let lab = quick().await;
    let ticket = ticket_of(&lab, "root@pam").await;
    done(desk_of(&lab, "root@pam").await.change(&Change::MakeUser { user: user(), comment: COMMENT.into() }).await);
    let to = SocketAddr::new(LOOPBACK, lab.port());
    let (mut lost, mut stayed) = (0, 0);
    for (way, end) in [(Way::Up, End::Reset), (Way::Down, End::Fin), (Way::Down, End::Reset)] {
        for after in (0..4800).step_by(120) {
            lab.change(|cluster| cluster.users.get_mut("glass+dome@pve").unwrap().tokens.clear());
            let relay = Relay::start(move |_| to, Some(Cut { connection: 0, way, after, end })).await;
            let before = writes(&lab).len();
            let through = HostAt { endpoint: local(relay.port), ..at(&lab) };
            let Ok(desk) = Desk::open(&through, &Credential::Ticket(ticket.share()), &options()).await else {
                assert_eq!(writes(&lab).len(), before);
                continue;
            };
            let changed = desk.change(&make_token()).await;
            let arrived = writes(&lab).len() - before;
            let is_there = lab.change(|cluster| !cluster.users["glass+dome@pve"].tokens.is_empty());
            assert!(arrived <= 1, "it was sent {arrived} times");
            match changed {
                Changed::Done(_) => assert!(is_there),
                Changed::Lost(_) => lost += 1,
                Changed::NotSent(_) => {
                    stayed += 1;
                    assert!(arrived == 0 && !is_there, "{way:?} {after}");
                }
                Changed::Refused { .. } => panic!("{changed:?}"),
            }
        }
    }
    assert!(lost >= 3, "{lost} lost, {stayed} not sent");
}

/// Answers of somebody in between, and of a host that answers something else than was asked.
#[tokio::test]
async fn an_answer_that_may_hide_a_deed_is_a_lost_one() {
    let good =
        |id: &str| format!(r#"{{"data":{{"full-tokenid":"{id}","value":"c4n4ry-c4n4ry","info":{{"privsep":"1"}}}}}}"#);
    let json = |body: &str| http("200 OK", "", body);
    let status = |line: &str| http(line, "", "");
    let short = format!("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{}", good(&token().to_string())).into_bytes();
    for (answer, wanted) in [
        (json(&good(&token().to_string())), "Done(Some(••••••••))"),
        (
            json(&good("glass+dome@pve!lab.tool-2")),
            "Lost(Unreadable(\"no secret in the field “value”, or that of another token\"))",
        ),
        (json(r#"{"data":null}"#), "Lost(Unreadable(\"other JSON than belongs there, at line 1, column 12\"))"),
        (json("<html>"), "Lost(Unreadable(\"no JSON at line 1, column 1\"))"),
        (json(""), "Lost(Unreadable(\"the JSON ends too early, at line 1, column 0\"))"),
        (short, "Lost(Cut)"),
        (status("595 Connection refused"), "Refused { status: 595, words: \"Connection refused\" }"),
        (status("596 Connection timed out"), "Lost(Answered { status: 596, phrase: \"Connection timed out\" })"),
        (status("599 Too many redirections"), "Lost(Answered { status: 599, phrase: \"Too many redirections\" })"),
        (status("504 Gateway Time-out"), "Lost(Answered { status: 504, phrase: \"Gateway Time-out\" })"),
        (status("302 Found"), "Refused { status: 302, words: \"Found\" }"),
        (b"HTTP/1.1 2".to_vec(), "Lost(Cut)"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec(), "Lost(Unreadable(\"the answer's head is not HTTP\"))"),
    ] {
        let host = speakers::host(move |_| answer.clone()).await;
        let at = HostAt { endpoint: local(host.port), address: None, trust: Trust::Pin(host.leaf) };
        let ticket = Ticket {
            user: "root@pam".parse().unwrap(),
            ticket: Secret::new("PVE:root@pam:6B::c4n4ry".into()),
            csrf: Secret::new("6B:c4n4ry".into()),
            since: now(),
        };
        let desk = Desk::open(&at, &Credential::Ticket(ticket), &options()).await.unwrap();
        assert_eq!(format!("{:?}", desk.change(&make_token()).await), wanted);
        assert_eq!(host.heads.lock().unwrap().len(), 1);
    }
}

/// Hosts that never answer, never end, or answer in another way than was asked: no change is ever called done.
#[tokio::test]
async fn a_host_that_misbehaves_leaves_a_change_lost() {
    let limits = Limits { total: Duration::from_secs(2), ..patient() };
    for (scenario, wanted) in [
        (Scenario::Silent, "Lost(TimedOut)"),
        (Scenario::EndlessBody, "Lost(TooLarge)"),
        (Scenario::EndlessHeader, "Lost(TooLarge)"),
        (Scenario::DeepJson, "Lost(TooLarge)"),
        (Scenario::BrokenJson, "Lost(Unreadable(\"the JSON ends too early"),
        (Scenario::GzipBody, "Lost(Unreadable(\"the answer is compressed, which was not asked for\"))"),
        (Scenario::LoginPageOnly, "Lost(Unreadable(\"no JSON at line 1, column 1\"))"),
        (Scenario::Redirect, "Refused { status: 302, words: \"Found\" }"),
        (Scenario::Unifi, "Refused { status: 401, words: \"Unauthorized\" }"),
    ] {
        let lab = Lab::start(LabConfig { scenario, ..LabConfig::quick() }).await.unwrap();
        let by = credential(&lab.token("root@pam!automation").unwrap()).unwrap();
        let desk = Desk::open(&at(&lab), &by, &Options { limits, ..options() }).await.unwrap();
        // As whoever performs a run does: on a task of its own.
        let changed = tokio::spawn(async move { desk.change(&make_role()).await }).await.unwrap();
        assert!(format!("{changed:?}").starts_with(wanted), "{scenario:?} {changed:?}");
        assert_eq!(writes(&lab).len(), 1, "{scenario:?}");
    }
}
