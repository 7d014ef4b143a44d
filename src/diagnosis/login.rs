//! Logging in with a password and a second factor: why a host refuses, as far as it tells. It says the same of every cause.

use crate::diagnosis::by_root::{LOGIN_JOURNAL, SHELL, Who};
use crate::diagnosis::{codes, road};
use crate::domain::finding::{Finding, Severity::*, Step};
use crate::domain::observation::RequestTrouble;
use crate::domain::visible::visible;
use crate::domain::{Factor, Factors, Grantee, Id, UserId};

const PASSWORD: Id = Id::fixed("login_password");
const CODE: Id = Id::fixed("code");

/// How many wrong codes Proxmox takes before it locks a user's codes (proxmox-tfa `api/mod.rs`; on since Proxmox VE 8.0).
pub const CODES_BEFORE_LOCK: usize = 8;

/// A clock that is off by more than this makes codes wrong: a code is good for 30 s, and the host takes its neighbours too.
const CLOCK_OFF: i64 = 30;

/// The host refuses user and password. It answers a wrong password, user and realm all alike.
pub fn refused(user: &UserId, status: u16, phrase: &str) -> Finding {
    Finding::new(
        codes::LOGIN_REFUSED,
        Error,
        Step::Access,
        format!("The host refuses {} with this password.", visible(&user.to_string())),
        "Wrong password, unknown user, wrong realm, disabled or ended account: Proxmox answers all of them alike.",
    )
    .seen(said(status, phrase))
    .say("Type the password again, and check the realm: pam takes the password of the Proxmox installation, pve are Proxmox's own users.")
    .say(
        "If no login works, root's shell still does: over SSH, or on the machine's own screen. These commands say why, list the \
         users, and set a new password.",
    )
    .run("Why it was refused; the last line is the latest", LOGIN_JOURNAL)
    .run("Which users there are, whether they are enabled and when they end", "pveum user list")
    .run(format!("A new password. {SHELL}"), by_name(user, |who| who.password()))
    .possible(&[codes::LOGIN_PASSWORD, codes::USER_UNKNOWN, codes::USER_DISABLED, codes::USER_EXPIRED])
    .at(PASSWORD)
}

/// A command about this user.
fn by_name(user: &UserId, command: impl FnOnce(Who<'_>) -> String) -> String {
    let named = Grantee::User(user.clone());
    command(Who(Some(&named)))
}

/// The host refuses a code. `wrong` counts the codes of this user that were refused here.
pub fn code_refused(
    user: &UserId,
    factor: Factor,
    (status, phrase): (u16, &str),
    clock_off: Option<i64>,
    wrong: usize,
) -> Finding {
    let who = visible(&user.to_string());
    let clock = clock_off.filter(|off| factor == Factor::Totp && off.abs() > CLOCK_OFF);
    let cause = match (factor, clock) {
        (Factor::Totp, Some(off)) => format!(
            "This machine's clock is {} s {} the host's, and a code is good for 30 s by the host's clock. It may also be mistyped \
             or used already.",
            off.abs(),
            if off > 0 { "ahead of" } else { "behind" }
        ),
        (Factor::Totp, None) => {
            "It is mistyped, was used already (each is good once), or belongs to another entry of the app; \
             or codes are locked after too many wrong ones. Proxmox answers all of them alike."
                .into()
        }
        (Factor::Recovery, _) => "It is mistyped, or was used already: each key is good once.".into(),
        (Factor::Yubico, _) => {
            "It was used already, belongs to another key, or the host could not ask Yubico's servers.".into()
        }
    };
    let mut finding = Finding::new(
        codes::LOGIN_CODE_REFUSED,
        Error,
        Step::Access,
        format!("The host refuses this {} of {who}.", word(factor)),
        cause,
    )
    .seen(said(status, phrase))
    .at(CODE);
    let clocks = (factor == Factor::Totp).then_some(codes::CLOCK_OFF);
    let mut possible = vec![codes::LOGIN_CODE_WRONG, codes::LOGIN_CODE_USED];
    if clock.is_some() {
        possible.insert(0, codes::CLOCK_OFF);
        finding = finding
            .say("Set the clocks right, here and on the host.")
            .run("On each of the two", "timedatectl set-ntp true");
    } else {
        possible.extend(clocks);
    }
    finding = finding.say(match factor {
        Factor::Totp => "Wait for the next code of the app and type that.",
        Factor::Recovery => "Type another of the keys.",
        Factor::Yubico => "Touch the key again.",
    });
    if factor == Factor::Totp {
        possible.push(codes::LOGIN_CODES_LOCKED);
        finding = finding.seen(format!(
            "{wrong} of {CODES_BEFORE_LOCK} wrong codes; after the eighth Proxmox takes no code of {who} until they are unlocked"
        ));
        finding = finding.run(format!("To unlock. {SHELL}"), by_name(user, |who| who.unlock()));
    }
    finding.possible(&possible).run("Why it was refused; the last line is the latest", LOGIN_JOURNAL)
}

/// The host asks for a second factor, and offers none that a terminal can give.
pub fn no_usable_factor(user: &UserId, factors: Factors) -> Finding {
    let who = visible(&user.to_string());
    let cause = if factors.webauthn {
        "It offers a security key alone (WebAuthn), which talks to a browser and to no terminal."
    } else {
        "It offers no factor that is known here; recovery keys may be used up."
    };
    Finding::new(
        codes::LOGIN_NO_FACTOR,
        Error,
        Step::Access,
        format!("{who} cannot sign in from a terminal: the host asks for a second factor."),
        cause,
    )
    .say("Add an authenticator app or recovery keys to the user: web UI → user menu → TFA.")
    .say("Or go back and choose the commands or the web UI way; both make the same token.")
}

/// No usable answer came. Where it was to a code, the code may be used up.
pub fn no_answer(user: &UserId, host: &str, trouble: &RequestTrouble, factor: Option<Factor>) -> Finding {
    let who = visible(&user.to_string());
    let (code, cause, command) = match trouble {
        RequestTrouble::Answered { status: 595 | 596 | 599, .. } => (
            codes::DAEMON_DOWN,
            "The web server runs, and the daemon behind it that checks passwords (pvedaemon) does not answer.",
            "systemctl restart pvedaemon",
        ),
        RequestTrouble::TooLarge => (
            codes::ANSWER_TOO_LARGE,
            "Something other than Proxmox answers, or it is broken.",
            "systemctl status --no-pager pveproxy pvedaemon",
        ),
        RequestTrouble::Unreadable(_) => (
            codes::ANSWER_UNREADABLE,
            "A reverse proxy with a page of its own, or a broken answer.",
            "systemctl status --no-pager pveproxy pvedaemon",
        ),
        _ => (
            codes::SIGNIN_FAILED,
            "The host is starting, overloaded, or something in between cuts the answer.",
            "systemctl status --no-pager pveproxy pvedaemon",
        ),
    };
    let finding = Finding::new(
        code,
        Error,
        Step::Access,
        format!("Signing in to “{host}” as {who} brought no usable answer."),
        cause,
    )
    .seen(road::request_trouble(trouble));
    let finding = match factor {
        Some(_) => finding.say("The code may have arrived, and is good once: go on with a new one."),
        None => finding.say("Try again in a minute."),
    };
    finding.run(SHELL, command)
}

/// What a second factor is called.
pub fn word(factor: Factor) -> &'static str {
    match factor {
        Factor::Totp => "code",
        Factor::Recovery => "recovery key",
        Factor::Yubico => "Yubikey code",
    }
}

fn said(status: u16, phrase: &str) -> String {
    format!("the host answered {status} “{phrase}”")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::Fix;

    fn user() -> UserId {
        "o'neil@pve".parse().unwrap()
    }

    fn code(clock_off: Option<i64>, wrong: usize) -> Finding {
        code_refused(&user(), Factor::Totp, (401, "authentication failure"), clock_off, wrong)
    }

    #[test]
    fn a_clock_that_is_off_is_named_before_a_mistyped_code() {
        assert_eq!(code(Some(-95), 1).possible[0], codes::CLOCK_OFF);
        assert!(code(Some(-95), 1).cause.starts_with("This machine's clock is 95 s behind the host's"));
        for near in [None, Some(0), Some(30), Some(-30)] {
            assert_eq!(code(near, 1).possible[0], codes::LOGIN_CODE_WRONG, "{near:?}");
        }
    }

    #[test]
    fn wrong_codes_are_counted_and_the_unlocking_command_is_quoted() {
        let finding = code(None, 2);
        assert!(finding.evidence.iter().any(|line| line.starts_with("2 of 8 wrong codes")), "{:?}", finding.evidence);
        let unlocks = finding
            .fix
            .iter()
            .any(|fix| matches!(fix, Fix::Run { command, .. } if command == r"pveum user tfa unlock 'o'\''neil@pve'"));
        assert!(unlocks, "{:?}", finding.fix);
    }

    #[test]
    fn a_recovery_key_locks_nothing_and_has_no_clock() {
        let finding = code_refused(&user(), Factor::Recovery, (401, "authentication failure"), Some(500), 1);
        assert!(
            !finding.possible.contains(&codes::CLOCK_OFF) && !finding.possible.contains(&codes::LOGIN_CODES_LOCKED)
        );
    }

    #[test]
    fn a_daemon_that_is_down_is_named() {
        let down = RequestTrouble::Answered { status: 595, phrase: "Connection refused".into() };
        assert!(no_answer(&user(), "pve.lan", &down, None).cause.contains("pvedaemon"));
    }
}
