//! Sign-in: why a host refuses a token or a login, as far as it tells, and what decides where it does not.
//!
//! Up to 9.1.4 and 8.4.16 the reason stands in the status line; since 9.1.5 and 8.4.17 there is one text for all causes
//! (pve-manager commits 26c10a2e and d3973e63), and the honest answer is a list of what it may be. Whoever may see users tells
//! them apart after all.

mod cause;
mod login;

use crate::diagnosis::by_root::{Who, without_login};
use crate::diagnosis::{Reading, codes, road};
use crate::domain::finding::{Code, Finding, Mend, Severity::*, Step};
use crate::domain::observation::{Link, Observation, Realm, RequestTrouble, Seen};
use crate::domain::visible::visible;
use crate::domain::{Estate, Id, Release, Timestamp, TokenId, Trust};

const TOKEN: Id = Id::fixed("token");
const PASSWORD: Id = Id::fixed("password");

pub fn judge(seen: &Seen, all: &[Observation], reading: &Reading<'_>) -> Vec<Finding> {
    match seen {
        Seen::IsProxmox { realms, .. } => realm(realms, reading).into_iter().collect(),
        // What the realm explains needs no other cause.
        Seen::SignInRefused { .. } if reading.password && realm(realms(all), reading).is_some() => Vec::new(),
        Seen::SignInRefused { status, phrase, .. } => {
            let refused = Refused { status: *status, phrase, all, release: super::release(all), via: via(all) };
            vec![if reading.password { login::refused(&refused, reading) } else { token(&refused, reading) }]
        }
        Seen::Failed { link: Link::SignIn, trouble, .. } => vec![failed(trouble, all, reading)],
        _ => Vec::new(),
    }
}

/// A refusal, and what is known around it.
struct Refused<'a> {
    status: u16,
    /// The status line's reason, redacted.
    phrase: &'a str,
    all: &'a [Observation],
    release: Option<Release>,
    /// What calls itself the server, where it is not Proxmox's own.
    via: Option<&'a str>,
}

impl Refused<'_> {
    /// As evidence.
    fn said(&self) -> String {
        format!("the host answered {} “{}”", self.status, visible(self.phrase))
    }

    /// Proxmox answers `GET /version` and a login with 200 or 401, and with 5xx where it is broken itself; these are others' words
    /// (pve-http-server `AnyEvent.pm`).
    fn is_others(&self) -> bool {
        matches!(self.status, 300..=399 | 403..=407 | 429 | 502..=504)
    }
}

fn realms(all: &[Observation]) -> &[Realm] {
    let told = all.iter().find_map(|o| match &o.seen {
        Seen::IsProxmox { realms, .. } => Some(realms.as_slice()),
        _ => None,
    });
    told.unwrap_or_default()
}

fn via(all: &[Observation]) -> Option<&str> {
    all.iter().find_map(|o| match &o.seen {
        Seen::IsProxmox { via, .. } => via.as_deref(),
        _ => None,
    })
}

/// Users, tokens and grants, where somebody who may see them looked.
pub fn estate(all: &[Observation]) -> Option<&Estate> {
    all.iter().find_map(|o| match &o.seen {
        Seen::Estate(estate) => Some(estate.as_ref()),
        _ => None,
    })
}

/// The field that names whoever signs in.
fn field(reading: &Reading<'_>) -> Id {
    if reading.password { PASSWORD } else { TOKEN }
}

/// What is known of a realm that is named and that the host does not list.
struct Stray {
    named: String,
    /// The realms that there are, as evidence.
    there: String,
    what_to_do: String,
}

fn stray(there: &[Realm], reading: &Reading<'_>) -> Option<Stray> {
    let user = Who(reading.signer.as_ref()).user()?;
    if there.is_empty() || there.iter().any(|realm| realm.name == user.realm()) {
        return None;
    }
    let names: Vec<String> = there.iter().map(|realm| visible(&realm.name)).collect();
    let like = super::alike::likeliest(user.realm(), there.iter().map(|realm| realm.name.as_str()));
    let what_to_do = match like {
        Some(like) => format!("Write {}@{} if that user is meant.", visible(user.user()), visible(like)),
        None => {
            "Take the realm that stands behind the user's name in the web UI under Datacenter → Permissions → Users."
                .into()
        }
    };
    Some(Stray { named: visible(user.realm()), there: format!("the host's realms: {}", names.join(", ")), what_to_do })
}

/// The realm that a login names and that the host does not have: it lists its realms to anybody, so no refusal is waited for.
/// A token needs none: of its user only the entry is looked at (pve-access-control `AccessControl.pm` verify_token).
fn realm(there: &[Realm], reading: &Reading<'_>) -> Option<Finding> {
    let Stray { named, there, what_to_do } = stray(there, reading).filter(|_| reading.password)?;
    let finding = Finding::new(
        codes::REALM_UNKNOWN,
        Error,
        Step::Access,
        format!("“{}” has no realm “{named}”.", reading.host),
        format!(
            "{} names it behind the @. The realm is where Proxmox looks a user up: pam are the system's users, pve are Proxmox's \
             own; upper and lower case count. Nothing was sent for it.",
            reading.who
        ),
    )
    .seen(there)
    .say(what_to_do)
    .mend(Mend::Ask(field(reading)))
    .mend(Mend::NewToken)
    .at(field(reading));
    Some(finding)
}

fn finding(code: Code, title: String, cause: &str) -> Finding {
    Finding::new(code, Error, Step::Access, title, cause).at(TOKEN)
}

/// A refused token.
fn token(refused: &Refused<'_>, reading: &Reading<'_>) -> Finding {
    if refused.is_others() {
        return in_between(refused, reading);
    }
    if refused.status >= 500 {
        let trouble = RequestTrouble::Answered { status: refused.status, phrase: refused.phrase.to_owned() };
        return failed(&trouble, refused.all, reading);
    }
    if refused.phrase.starts_with("No ticket") {
        return not_arrived(refused, reading);
    }
    let looked = estate(refused.all);
    if let Some(code) = cause::named(refused.phrase) {
        let finding = cause::finding(code, reading, refused.release, looked).seen(refused.said());
        return match stray(realms(refused.all), reading).filter(|_| code == codes::USER_UNKNOWN) {
            Some(stray) => finding.seen(stray.there).say(stray.what_to_do),
            None => finding,
        };
    }
    let decided =
        Who(reading.signer.as_ref()).token().zip(looked).and_then(|(id, estate)| decide(id, estate, reading.now));
    match decided {
        Some(code) => cause::finding(code, reading, refused.release, looked).seen(refused.said()),
        None => unsaid(refused, looked.is_some(), reading),
    }
}

/// Which cause of a refusal is left, after somebody who may see users looked. None where they did not see enough: a user who
/// is not shown is unknown only to somebody who is shown all (pve-access-control `API2/User.pm`).
pub fn decide(who: &TokenId, estate: &Estate, now: Timestamp) -> Option<Code> {
    let ended = |end: Option<Timestamp>| end.is_some_and(|end| end <= now);
    let Some(user) = estate.user(&who.user) else { return estate.acl_whole.then_some(codes::USER_UNKNOWN) };
    Some(match estate.token(who) {
        // The same order as the host's own checks (`AccessControl.pm` verify_token).
        _ if !user.enabled => codes::USER_DISABLED,
        _ if ended(user.expire) => codes::USER_EXPIRED,
        None => codes::TOKEN_UNKNOWN,
        Some(token) if ended(token.expire) => codes::TOKEN_EXPIRED,
        Some(_) => codes::TOKEN_SECRET,
    })
}

/// The token did not arrive: Proxmox saw a request without one.
fn not_arrived(refused: &Refused<'_>, reading: &Reading<'_>) -> Finding {
    let (code, title) = match refused.via {
        Some(_) => (codes::HOST_PROXY, format!("A proxy before “{}” takes the token away.", reading.host)),
        None => (codes::TOKEN_NOT_SENT, format!("The token did not arrive at Proxmox on “{}”.", reading.host)),
    };
    let finding = finding(
        code,
        title,
        "labwizard sent the token in the Authorization header, and Proxmox says that it saw none. What stands in between, such as \
         a reverse proxy, keeps that header for itself or drops it.",
    )
    .seen(refused.said());
    let finding = match refused.via {
        Some(name) => finding.seen(format!("the server calls itself {}", visible(name))),
        None => finding.possible(&[codes::HOST_PROXY]),
    };
    around_proxy(finding)
}

/// Somebody answered in Proxmox's place.
fn in_between(refused: &Refused<'_>, reading: &Reading<'_>) -> Finding {
    let finding = finding(
        codes::HOST_PROXY,
        format!("Something before “{}” answers in Proxmox's place.", reading.host),
        "Proxmox takes a token or refuses it with 401, and never answers like this. A reverse proxy or an access gateway stands \
         in between, and asks for its own login or does not reach Proxmox.",
    )
    .seen(refused.said());
    around_proxy(match refused.via {
        Some(name) => finding.seen(format!("the server calls itself {}", visible(name))),
        None => finding,
    })
}

fn around_proxy(finding: Finding) -> Finding {
    finding
        .say("Use the Proxmox host's own address with port 8006, which goes around the proxy.")
        .say("Or have the proxy pass the Authorization header on unchanged, and ask for no login of its own on /api2.")
        .mend(Mend::Ask(Id::fixed("host")))
        .at(Id::fixed("host"))
}

/// The title of a refusal that names no cause.
pub fn without_reason(who: &str) -> String {
    format!("The host refuses the token {who} and names no reason.")
}

/// What the newer releases say of every cause, and what would decide.
fn unsaid(refused: &Refused<'_>, looked: bool, reading: &Reading<'_>) -> Finding {
    let cause = match refused.release {
        Some(release) if !release.hides_why() => "The host's words fit no cause that is known.".to_owned(),
        Some(release) => format!("Proxmox {release} says the same to every refused token, whatever the cause."),
        None => "Since 9.1.5 and 8.4.17 Proxmox says the same to every refused token, whatever the cause.".to_owned(),
    };
    let finding = finding(codes::TOKEN_REFUSED, without_reason(reading.who), &cause).seen(refused.said());
    let finding = match refused.via {
        Some(name) => finding.seen(format!("the server calls itself {}", visible(name))).possible(&[codes::HOST_PROXY]),
        None => finding,
    };
    let stray = stray(realms(refused.all), reading);
    let finding = match &stray {
        Some(stray) => finding
            .seen(stray.there.clone())
            .say(format!("The host has no realm “{}”. {}", stray.named, stray.what_to_do))
            .possible(&[codes::REALM_UNKNOWN])
            .mend(Mend::Ask(TOKEN)),
        None => finding,
    };
    let finding = finding.possible(&[
        codes::TOKEN_SECRET,
        codes::TOKEN_UNKNOWN,
        codes::USER_UNKNOWN,
        codes::TOKEN_EXPIRED,
        codes::USER_DISABLED,
        codes::USER_EXPIRED,
    ]);
    let finding = finding
        .say("Compare user, realm and token name with the web UI, letter by letter, and paste the secret again.");
    let finding = match looked {
        false => {
            finding.say("labwizard FILE looks up which it is, with an administrator's login, and changes nothing.")
        }
        true => finding
            .seen("whoever looked is not shown all users (that takes Sys.Audit on /access)")
            .say("To know which it is, sign in as somebody who sees all users, such as root@pam."),
    };
    let finding = without_login(finding, Who(reading.signer.as_ref()), refused.release).mend(Mend::LookUp);
    let finding = if stray.is_some() { finding } else { finding.mend(Mend::Ask(TOKEN)) };
    finding.mend(Mend::NewSecret).mend(Mend::NewToken)
}

fn failed(trouble: &RequestTrouble, all: &[Observation], reading: &Reading<'_>) -> Finding {
    if reading.password && *trouble == RequestTrouble::Stopped && reading.trust == Some(&Trust::Unverified) {
        return Finding::new(
            codes::LOGIN_UNVERIFIED,
            // The tool may well work so; it is only not known here.
            Warning,
            Step::Trust,
            format!("The password of {} was not tested.", reading.who),
            "The certificate is not verified, so anyone on the way could read the password, and it opens everything that its user \
             may do. labwizard did not send it; whether the host takes it is not known.",
        )
        .say("Compare the host's fingerprint once; then it is tested, and held against that.")
        .say("Or use a token, which can be limited and revoked.")
        .mend(Mend::Certificate)
        .mend(Mend::NewToken);
    }
    let (code, cause) = match trouble {
        RequestTrouble::TooLarge => (codes::ANSWER_TOO_LARGE, "Something other than Proxmox answers, or it is broken."),
        RequestTrouble::Unreadable(_) => {
            (codes::ANSWER_UNREADABLE, "A reverse proxy with a page of its own, or a broken answer.")
        }
        RequestTrouble::Answered { status: 595 | 596 | 599, .. } => (
            codes::DAEMON_DOWN,
            "The web server runs, and the daemon behind it that checks logins (pvedaemon) does not answer.",
        ),
        _ => (codes::SIGNIN_FAILED, "The host is starting, overloaded, or something in between cuts the answer."),
    };
    let finding = Finding::new(
        code,
        Error,
        Step::Access,
        format!("Signing in to “{}” brought no usable answer.", reading.host),
        cause,
    )
    .seen(road::request_trouble(trouble));
    let finding = match via(all) {
        Some(name) => finding.seen(format!("the server calls itself {}", visible(name))).possible(&[codes::HOST_PROXY]),
        None => finding,
    };
    finding.say("Try again in a minute.").run(super::by_root::SHELL, "systemctl status --no-pager pveproxy pvedaemon")
}
