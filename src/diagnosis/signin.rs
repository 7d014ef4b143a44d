//! Sign-in: why a host refuses a token or a login, as far as it tells.
//!
//! Up to 9.1.4 and 8.4.16 the reason stands in the status line; since 9.1.5 and 8.4.17 there is one text for all causes
//! (pve-manager commits 26c10a2e and d3973e63), and the honest answer is a list of what it may be.

use crate::diagnosis::{Reading, codes, road};
use crate::domain::finding::{Code, Finding, Severity::*, Step};
use crate::domain::observation::{Link, Observation, RequestTrouble, Seen};
use crate::domain::{Id, Release, Trust};

const TOKEN: Id = Id::fixed("token");
const PASSWORD: Id = Id::fixed("password");

pub fn judge(seen: &Seen, all: &[Observation], reading: &Reading<'_>) -> Vec<Finding> {
    match seen {
        Seen::SignInRefused { status, phrase, .. } if reading.password => vec![login(*status, phrase, reading)],
        Seen::SignInRefused { status, phrase, .. } => vec![token(*status, phrase, super::release(all), reading)],
        Seen::Failed { link: Link::SignIn, trouble, .. } => vec![failed(trouble, reading)],
        _ => Vec::new(),
    }
}

fn finding(code: Code, title: String, cause: &str) -> Finding {
    Finding::new(code, Error, Step::Access, title, cause).at(TOKEN)
}

/// A refused token. `phrase` is the status line's reason, redacted.
fn token(status: u16, phrase: &str, release: Option<Release>, reading: &Reading<'_>) -> Finding {
    let who = reading.who;
    let said = format!("the host answered {status} “{phrase}”");
    let precise = if phrase.starts_with("invalid token value") {
        finding(
            codes::TOKEN_SECRET,
            format!("The token {who} exists, and its secret is another."),
            "The secret was copied wrongly or cut short, or the token was made anew since. Proxmox shows a secret once and never again.",
        )
        .say("Paste the secret again; if it is lost, make a new one and paste that.")
    } else if phrase.starts_with("no such token") {
        finding(
            codes::TOKEN_UNKNOWN,
            format!("The user has no token of the name in “{who}”."),
            "The token was removed, never made, or its name is spelt differently; upper and lower case count.",
        )
        .say("Look up its name in the web UI under Datacenter → Permissions → API Tokens.")
    } else if phrase.starts_with("no such user") {
        finding(
            codes::USER_UNKNOWN,
            format!("The host knows no user of “{who}”."),
            "The user name or the realm is another: root@pam and root@pve are two users, and upper and lower case count.",
        )
        .say("Look up the user in the web UI under Datacenter → Permissions → Users.")
    } else if phrase.starts_with("token '") && phrase.contains("access expired") {
        finding(
            codes::TOKEN_EXPIRED,
            format!("The token {who} has ended."),
            "It was made with an expiry date, and that has passed.",
        )
        .say("Set a later date in the web UI under Datacenter → Permissions → API Tokens → Edit; the secret stays the same.")
    } else if phrase.starts_with("user '") && phrase.contains("is disabled") {
        finding(
            codes::USER_DISABLED,
            format!("The user of {who} is disabled."),
            "A disabled user's tokens are refused too.",
        )
        .say("Enable the user in the web UI under Datacenter → Permissions → Users.")
    } else if phrase.starts_with("user '") && phrase.contains("access expired") {
        finding(
            codes::USER_EXPIRED,
            format!("The account of the user of {who} has ended."),
            "The user has an expiry date, and that has passed; it ends the tokens too.",
        )
        .say("Set a later date in the web UI under Datacenter → Permissions → Users.")
    } else if phrase.contains("is not a valid token ID") || phrase.starts_with("no tokenid specified") {
        finding(
            codes::TOKEN_MALFORMED,
            "The host could not read the token.".to_owned(),
            "A token is user@realm!name=secret; something in it splits wrongly.",
        )
        .say("Paste the token again, id and secret.")
    } else if phrase.starts_with("No ticket") {
        finding(
            codes::TOKEN_NOT_SENT,
            "The host saw no token at all.".to_owned(),
            "Something in between, such as a reverse proxy, takes the Authorization header away.",
        )
        .say("Use the Proxmox host's own address with port 8006.")
    } else {
        return unsaid(release, reading).seen(said);
    };
    precise.seen(said)
}

/// What the newer releases say of every cause, and what would decide.
fn unsaid(release: Option<Release>, reading: &Reading<'_>) -> Finding {
    let cause = match release {
        Some(release) if !release.hides_why() => "The host's words fit no cause that is known.".to_owned(),
        Some(release) => format!(
            "Since 9.1.5 and 8.4.17 Proxmox answers every refused token with the same words, whatever the cause, and this host has {release}."
        ),
        None => "Since 9.1.5 and 8.4.17 Proxmox answers every refused token with the same words, whatever the cause."
            .to_owned(),
    };
    finding(codes::TOKEN_REFUSED, format!("The host refuses the token {} and names no reason.", reading.who), &cause)
        .possible(&[
            codes::TOKEN_SECRET,
            codes::TOKEN_UNKNOWN,
            codes::USER_UNKNOWN,
            codes::TOKEN_EXPIRED,
            codes::USER_DISABLED,
            codes::USER_EXPIRED,
        ])
        .say("Compare user, realm and token name, letter by letter, and paste the secret again.")
        .run(
            "Read the reason in root's shell on the host",
            "journalctl -u pveproxy -n 20 --no-pager | grep 'authentication failure'",
        )
}

fn login(status: u16, phrase: &str, reading: &Reading<'_>) -> Finding {
    let who = reading.who;
    if phrase.contains("NeedTFA") {
        return Finding::new(
            codes::LOGIN_TFA,
            Error,
            Step::Access,
            format!("The login of {who} asks for a second factor."),
            "A program that signs in by itself has no second factor, so it cannot work with this user's password.",
        )
        .say("Use a token, which needs no second factor.")
        .at(PASSWORD);
    }
    Finding::new(
        codes::LOGIN_REFUSED,
        Error,
        Step::Access,
        format!("The host refuses user {who} with this password."),
        "Wrong password, unknown user, wrong realm, disabled or ended account: Proxmox answers all of them alike.",
    )
    .seen(format!("the host answered {status} “{phrase}”"))
    .say("Check the realm: pam takes the password of the Proxmox installation, pve are Proxmox's own users.")
    .run("root's shell on the host", "journalctl -u pvedaemon -n 20 --no-pager | grep 'authentication failure'")
    .at(PASSWORD)
}

fn failed(trouble: &RequestTrouble, reading: &Reading<'_>) -> Finding {
    if reading.password && *trouble == RequestTrouble::Stopped && reading.trust == Some(&Trust::Unverified) {
        return Finding::new(
            codes::LOGIN_UNVERIFIED,
            Error,
            Step::Trust,
            format!("The password of {} was not sent.", reading.who),
            "The certificate is not verified, so anyone on the way could read it; a password opens everything that its user may do.",
        )
        .say("Go back to Trust and compare the fingerprint once.")
        .say("Or use a token, which can be limited and revoked.");
    }
    let (code, cause) = match trouble {
        RequestTrouble::TooLarge => (codes::ANSWER_TOO_LARGE, "Something other than Proxmox answers, or it is broken."),
        RequestTrouble::Unreadable(_) => {
            (codes::ANSWER_UNREADABLE, "A reverse proxy with a page of its own, or a broken answer.")
        }
        RequestTrouble::Answered { status: 595 | 596 | 599, .. } => (
            codes::SIGNIN_FAILED,
            "The web server runs and the daemon behind it (pvedaemon), or another node, does not answer.",
        ),
        _ => (codes::SIGNIN_FAILED, "The host is starting, overloaded, or something in between cuts the answer."),
    };
    Finding::new(
        code,
        Error,
        Step::Access,
        format!("Signing in to “{}” brought no usable answer.", reading.host),
        cause,
    )
    .seen(road::request_trouble(trouble))
    .say("Try again in a minute.")
    .run("root's shell on the host", "systemctl status pveproxy pvedaemon")
}
