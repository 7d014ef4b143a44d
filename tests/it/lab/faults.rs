//! Faults that a test asks the lab for: cuts at three points of a write, a line that stays cut, a daemon that does not run.

use labwizard::lab::{CutAt, LabRelease, Scenario};

use super::session::{Session, lab, send, ticket, with_token};

const NEW: &str = "/access/users/guest@pve/token/new-one";
const DOWN: &str = "595 Connection refused";

#[test]
fn a_write_that_is_cut_was_done_or_not_by_where_it_was_cut() {
    for (at, is_done) in [(CutAt::BeforeActing, false), (CutAt::BeforeAnswer, true), (CutAt::MidAnswer, true)] {
        let lab = lab(LabRelease::default(), Scenario::Fine);
        // Two logins and a read come before it, which are no writes.
        let session = Session::of(&lab, "guest@pve");
        assert_eq!((session.ask("GET", "/version", &[]).status.as_str(), lab.writes()), ("200 OK", 0));
        lab.cut_write(2, at);
        let before = lab.access_state();
        assert_eq!(session.ask("POST", "/access/users/guest@pve/token/other", &[]).status, "200 OK");
        assert_ne!(lab.access_state(), before);
        let before = lab.access_state();
        let cut = session.ask("POST", NEW, &[]);
        assert_eq!((lab.access_state() != before, lab.writes()), (is_done, 2), "{at:?}");
        if at == CutAt::MidAnswer {
            // The head says that all is well, and the secret comes in half.
            assert_eq!(cut.status, "200 OK");
            let secret = lab.token_secret("guest@pve!new-one").unwrap();
            assert!(!cut.body.is_empty() && cut.data().is_null() && !cut.body.contains(&secret), "{}", cut.body);
        } else {
            assert_eq!((cut.status.as_str(), cut.body.as_str()), ("", ""), "{at:?}");
        }
        // Once, and no more.
        let wanted = if is_done { "400 Parameter verification failed." } else { "200 OK" };
        assert_eq!(session.ask("POST", NEW, &[]).status, wanted, "{at:?}");
    }
}

#[test]
fn a_cut_login_may_have_used_its_code() {
    for (at, is_used) in [(CutAt::BeforeActing, false), (CutAt::BeforeAnswer, true)] {
        let lab = lab(LabRelease::default(), Scenario::Fine);
        let user = lab.user("keys@pve").unwrap();
        let challenge = super::session::first_step(&lab, &user);
        let key = format!("recovery:{}", user.recovery[0]);
        let tried = || super::session::second_step(&lab, &user, &challenge, &key).status;
        lab.cut_call("POST", "/access/ticket", at);
        assert_eq!(tried(), "");
        assert_eq!(tried(), if is_used { "401 authentication failure" } else { "200 OK" }, "{at:?}");
    }
}

#[test]
fn a_line_that_stays_cut_answers_nobody_until_it_is_whole_again() {
    for at in CutAt::ALL {
        let lab = lab(LabRelease::default(), Scenario::Fine);
        let session = Session::of(&lab, "guest@pve");
        lab.cut_write(1, at);
        lab.stay_cut_after();
        assert_eq!(session.ask("GET", "/version", &[]).status, "200 OK");
        session.ask("POST", NEW, &[]);
        let (state, received) = (lab.access_state(), lab.received().len());
        for _ in 0..2 {
            assert_eq!(session.ask("DELETE", NEW, &[]).status, "");
        }
        assert_eq!((lab.access_state(), lab.received().len()), (state, received), "{at:?}");
        lab.stay_cut(false);
        let is_there = session.ask("GET", NEW, &[]).status == "200 OK";
        assert_eq!(is_there, at != CutAt::BeforeActing, "{at:?}");
    }
}

#[test]
fn a_connection_that_is_open_is_cut_too() {
    use std::io::{Read, Write};
    let lab = lab(LabRelease::default(), Scenario::Fine);
    let mut open = crate::wire::connect(&lab).unwrap();
    lab.stay_cut(true);
    open.write_all(b"GET /api2/json/access/domains HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
    let mut read = Vec::new();
    let _ = open.read_to_end(&mut read);
    assert_eq!((read.as_slice(), lab.received().len()), (b"".as_slice(), 0));
    assert!(crate::wire::connect(&lab).is_err());
}

/// What needs root is asked of pvedaemon, and rights are checked before.
#[test]
fn without_its_daemon_a_host_answers_what_pveproxy_can_alone() {
    for release in LabRelease::all() {
        let (lab, release) = (lab(*release, Scenario::DaemonDown), *release);
        let guest = lab.user("guest@pve").unwrap();
        let refused = ticket(&lab, &guest.user, &guest.password, &[]);
        assert_eq!((refused.status.as_str(), refused.body.as_str()), (DOWN, ""), "{release}");
        assert_eq!(send(&lab, "GET", "/access/domains", &[], &[]).status, "200 OK", "{release}");
        let token = lab.token("root@pam!automation").unwrap();
        let asked = |path: &str| with_token(&lab, &token.id, &token.secret, path).status;
        for path in ["/version", "/nodes", "/access/permissions", "/access/roles", "/access/acl", "/cluster/resources"]
        {
            assert_eq!(asked(path), "200 OK", "{release}: {path}");
        }
        assert_eq!(asked("/access/users/apex@pve/token"), "200 OK", "{release}");
        let users = if release == LabRelease::V7_4_20 { "200 OK" } else { DOWN };
        assert_eq!(asked("/access/users"), users, "{release}");
        assert_eq!(asked("/nodes/pve1/qemu"), DOWN, "{release}");
        assert_eq!(asked("/nodes/pve2/qemu"), "200 OK", "{release}: another node has its own");
        let make = |id: &str| {
            let token = lab.token(id).unwrap();
            let header = format!("PVEAPIToken={}={}", token.id, token.secret);
            send(&lab, "POST", NEW, &[("Authorization", &header)], &[]).status
        };
        assert_eq!(make("root@pam!automation"), DOWN, "{release}");
        assert_eq!(make("apex@pve!bare"), "403 Permission check failed", "{release}");
        lab.change(|cluster| cluster.daemon_runs = true);
        assert_eq!(make("root@pam!automation"), "200 OK", "{release}");
    }
}
