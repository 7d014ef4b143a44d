//! Logging in to the lab with every kind of second factor, release by release.

use std::time::{SystemTime, UNIX_EPOCH};

use labwizard::lab::proxmox::tfa::from_base32;
use labwizard::lab::{Lab, LabRelease, LabUser, Scenario, totp_code};

use super::session::{Session, encoded, first_step, lab, second_step, send, ticket};

const REFUSED: &str = "401 authentication failure";
const OK: &str = "200 OK";

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The middle of a time step, so that codes do not change while a test runs.
fn calm() -> u64 {
    while now() % 30 > 20 {
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    now()
}

fn code(user: &LabUser, at: u64) -> String {
    format!("totp:{}", totp_code(&from_base32(user.totp.as_deref().unwrap()).unwrap(), at))
}

fn everywhere(test: impl Fn(&Lab, LabRelease)) {
    for release in LabRelease::all() {
        test(&lab(*release, Scenario::Fine), *release);
    }
}

/// What a challenge says is there.
fn offers(challenge: &str) -> serde_json::Value {
    let json = challenge.strip_prefix("PVE:!tfa!").unwrap().split(':').next().unwrap();
    serde_json::from_str(&json.replace("%3A", ":")).unwrap()
}

#[test]
fn a_challenge_says_what_is_there() {
    everywhere(|lab, release| {
        let offers = |user: &str| offers(&first_step(lab, &lab.user(user).unwrap()));
        assert_eq!(offers("admin@pve"), serde_json::json!({ "totp": true }), "{release}");
        let all = serde_json::json!({ "totp": true, "recovery": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] });
        assert_eq!(offers("keys@pve"), all, "{release}");
        assert_eq!(offers("locked@pve"), serde_json::json!({ "totp": true }), "{release}");
        let browser = offers("browser@pve");
        assert!(browser["webauthn"]["publicKey"].is_object(), "{release}: {browser}");
        assert_eq!(browser.as_object().unwrap().len(), 1, "{release}: {browser}");
    });
}

#[test]
fn codes_of_one_step_before_and_after_are_taken_each_once_and_none_before_the_last() {
    everywhere(|lab, release| {
        let (user, now) = (lab.user("admin@pve").unwrap(), calm());
        let challenge = first_step(lab, &user);
        let tried = |at: u64| second_step(lab, &user, &challenge, &code(&user, at)).status;
        assert_eq!(tried(now - 60), REFUSED, "{release}");
        assert_eq!(tried(now - 30), OK, "{release}");
        assert_eq!(tried(now - 30), REFUSED, "{release}: the same code again");
        assert_eq!(tried(now), OK, "{release}");
        assert_eq!(tried(now + 60), REFUSED, "{release}");
        assert_eq!(tried(now + 30), OK, "{release}");
        assert_eq!(tried(now), REFUSED, "{release}: one before the last");
    });
}

#[test]
fn a_code_has_to_have_its_prefix_its_challenge_and_no_otp_beside_it() {
    everywhere(|lab, release| {
        let (user, now) = (lab.user("keys@pve").unwrap(), calm());
        let challenge = first_step(lab, &user);
        let whole = code(&user, now);
        let bare = whole.strip_prefix("totp:").unwrap();
        assert_eq!(second_step(lab, &user, &challenge, bare).status, REFUSED, "{release}");
        assert_eq!(second_step(lab, &user, "PVE:!tfa!{}:00:sig", &whole).status, REFUSED, "{release}");
        let other = lab.user("admin@pve").unwrap();
        assert_eq!(second_step(lab, &other, &challenge, &code(&other, now)).status, REFUSED, "{release}");
        let both = ticket(lab, &user.user, &whole, &[("tfa-challenge", &challenge), ("otp", bare)]);
        assert_eq!(both.status, REFUSED, "{release}");
        // None of it used the code, and the challenge is as good as it was.
        assert_eq!(second_step(lab, &user, &challenge, &whole).status, OK, "{release}");
    });
}

#[test]
fn a_recovery_key_is_good_once_and_the_next_challenge_leaves_it_out() {
    everywhere(|lab, release| {
        let user = lab.user("keys@pve").unwrap();
        let challenge = first_step(lab, &user);
        let key = format!("recovery:{}", user.recovery[3]);
        assert_eq!(second_step(lab, &user, &challenge, &key).status, OK, "{release}");
        assert_eq!(second_step(lab, &user, &challenge, &key).status, REFUSED, "{release}");
        let left = offers(&first_step(lab, &user));
        assert_eq!(left["recovery"], serde_json::json!([0, 1, 2, 4, 5, 6, 7, 8, 9]), "{release}");
    });
}

#[test]
fn eight_wrong_codes_lock_since_8_and_a_recovery_key_or_an_administrator_unlocks() {
    everywhere(|lab, release| {
        let (user, now) = (lab.user("keys@pve").unwrap(), calm());
        let challenge = first_step(lab, &user);
        let locks = release > LabRelease::V7_4_20;
        for _ in 0..8 {
            assert_eq!(second_step(lab, &user, &challenge, "totp:000000").status, REFUSED);
        }
        let tried = |at: u64| second_step(lab, &user, &challenge, &code(&user, at)).status;
        assert_eq!(tried(now - 30), if locks { REFUSED } else { OK }, "{release}");
        assert_eq!(offers(&first_step(lab, &user))["totp"], true, "{release}: a lock is not told");
        let root = Session::of(lab, "root@pam");
        let locked = |id: &str| {
            let all = root.ask("GET", "/access/tfa", &[]).data();
            let found = all.as_array().unwrap().iter().find(|row| row["userid"] == id).cloned().unwrap();
            found["totp-locked"] == 1
        };
        assert_eq!((locked("keys@pve"), locked("locked@pve")), (locks, locks), "{release}");
        let key = format!("recovery:{}", user.recovery[0]);
        assert_eq!(second_step(lab, &user, &challenge, &key).status, OK, "{release}");
        assert_eq!(tried(now), OK, "{release}: unlocked by the key");

        let other = lab.user("locked@pve").unwrap();
        let challenge = first_step(lab, &other);
        let tried = |at: u64| second_step(lab, &other, &challenge, &code(&other, at)).status;
        assert_eq!(tried(now - 30), if locks { REFUSED } else { OK }, "{release}");
        let unlocked = root.ask("PUT", "/access/users/locked@pve/unlock-tfa", &[]);
        if locks {
            assert_eq!((unlocked.status.as_str(), unlocked.data()), (OK, serde_json::json!(1)), "{release}");
        } else {
            assert_eq!(unlocked.status, "501 Method 'PUT /access/users/locked@pve/unlock-tfa' not implemented");
        }
        assert_eq!(tried(now), OK, "{release}");
    });
}

#[test]
fn a_browsers_key_lets_nobody_in_and_an_openid_realm_takes_no_password() {
    everywhere(|lab, release| {
        let user = lab.user("browser@pve").unwrap();
        let challenge = first_step(lab, &user);
        for response in ["webauthn:{}", "totp:000000", "recovery:aaaa-bbbb-cccc-dddd", &user.password] {
            assert_eq!(second_step(lab, &user, &challenge, response).status, REFUSED, "{release}: {response}");
        }
        let realms = send(lab, "GET", "/access/domains", &[], &[]).data();
        let kinds: Vec<_> = realms.as_array().unwrap().iter().map(|row| row["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["pam", "pve", "openid"], "{release}");
        assert_eq!(ticket(lab, "somebody@sso", "a-password", &[]).status, REFUSED, "{release}");
    });
}

#[test]
fn a_challenge_is_no_session_and_its_refusal_is_worded_by_release() {
    everywhere(|lab, release| {
        let user = lab.user("admin@pve").unwrap();
        let cookie = |ticket: &str| format!("PVEAuthCookie={}", encoded(ticket));
        let asked = |ticket: &str| send(lab, "GET", "/version", &[("Cookie", &cookie(ticket))], &[]);
        let told = "401 permission denied - invalid PVE ticket";
        let hidden = matches!(release, LabRelease::V8_4_21 | LabRelease::V9_2_11);
        let wanted = if hidden { "401 Authentication failed!" } else { told };
        let refused = asked(&first_step(lab, &user));
        assert_eq!((refused.status.as_str(), refused.body.as_str()), (wanted, ""), "{release}");

        // Without new-format 7.4 answers as before 7.0: no list of factors, and a code in one step with `otp`.
        let form = [("username", user.user.as_str()), ("password", user.password.as_str())];
        let old = send(lab, "POST", "/access/ticket", &[], &form).data()["ticket"].as_str().unwrap().to_string();
        if release == LabRelease::V7_4_20 {
            assert!(old.starts_with("PVE:tfa!admin@pve:"), "{old}");
            assert_eq!(asked(&old).status, "401 No ticket");
            assert_eq!(second_step(lab, &user, &old, &code(&user, calm())).status, REFUSED);
        } else {
            assert!(old.starts_with("PVE:!tfa!{\"totp\"%3Atrue}:"), "{release}: {old}");
        }
    });
}

#[test]
fn a_ticket_is_renewed_by_itself_and_dies_with_its_age_its_user_or_the_hosts_key() {
    everywhere(|lab, release| {
        let session = Session::of(lab, "admin@pve");
        assert_eq!(session.ask("GET", "/version", &[]).status, OK);
        let user = lab.user("guest@pve").unwrap();
        let first = first_step(lab, &user);
        assert_eq!(ticket(lab, "guest@pve", &first, &[]).status, OK, "{release}: renewed");
        assert_eq!(ticket(lab, "monitor@pve", &first, &[]).status, REFUSED, "{release}: of another user");
        lab.change(|cluster| cluster.ticket_life = 0);
        std::thread::sleep(std::time::Duration::from_millis(1100));
        assert!(session.ask("GET", "/version", &[]).status.starts_with("401 "), "{release}");
        assert_eq!(ticket(lab, "guest@pve", &first, &[]).status, REFUSED, "{release}: too old to renew");
    });
}

#[test]
fn a_write_needs_the_csrf_token_of_the_same_user() {
    everywhere(|lab, release| {
        let (guest, path) = (Session::of(lab, "guest@pve"), "/access/users/guest@pve/token/own");
        let other = Session::of(lab, "monitor@pve");
        for csrf in [None, Some("00000000:x"), Some(other.csrf())] {
            let refused = guest.ask_with("POST", path, csrf);
            let wanted = ("401 Permission denied - invalid csrf token", "");
            assert_eq!((refused.status.as_str(), refused.body.as_str()), wanted, "{release}");
        }
        assert!(lab.change(|cluster| cluster.token("guest@pve!own").is_none()));
        assert_eq!(guest.ask_with("GET", "/version", None).status, OK, "{release}: reading needs none");
        assert_eq!(guest.ask_with("POST", path, Some(guest.csrf())).status, OK, "{release}");
    });
}
