//! A user and password that a tool signs in with, and that the host refuses. It says the same of every cause.

use crate::diagnosis::by_root::{LOGIN_JOURNAL, SHELL, Who};
use crate::diagnosis::{Reading, codes};
use crate::domain::finding::{Code, Finding, Mend, Severity::*, Step};
use crate::domain::visible::visible;
use crate::domain::{Estate, Timestamp, UserId};

use super::{PASSWORD, Refused, estate, in_between, realms};

/// The host refuses user and password.
pub fn refused(refused: &Refused<'_>, reading: &Reading<'_>) -> Finding {
    let who = reading.who;
    if refused.phrase.contains("NeedTFA") {
        return Finding::new(
            codes::LOGIN_TFA,
            Error,
            Step::Access,
            format!("The login of {who} asks for a second factor."),
            "A program that signs in by itself has no second factor, so it cannot work with this user's password.",
        )
        .say("Use a token, which needs no second factor.")
        .mend(Mend::NewToken)
        .at(PASSWORD);
    }
    if refused.is_others() {
        return in_between(refused, reading);
    }
    let named = Who(reading.signer.as_ref());
    let kind = named.user().and_then(|user| realms(refused.all).iter().find(|realm| realm.name == user.realm()));
    let kind = kind.map(|realm| realm.kind.as_str());
    if kind == Some("openid") {
        return finding(
            codes::LOGIN_REFUSED,
            format!("No password signs {who} in."),
            "The user's realm is an OpenID one: it sends people to a web page, and Proxmox takes no password for it.",
        )
        .seen(refused.said())
        .say("Use a token of this user, or a user of the realm pve.")
        .mend(Mend::NewToken);
    }
    if let Some(code) = named.user().zip(estate(refused.all)).and_then(|(id, all)| decide(id, all, reading.now)) {
        return super::cause::finding(code, reading, refused.release, estate(refused.all))
            .seen(refused.said())
            .at(PASSWORD);
    }
    let directory = matches!(kind, Some("ldap" | "ad"));
    let mut possible = vec![codes::LOGIN_PASSWORD, codes::USER_UNKNOWN, codes::USER_DISABLED, codes::USER_EXPIRED];
    let cause = if directory {
        possible.insert(1, codes::REALM_DOWN);
        "Wrong password, a directory server behind the realm that does not answer, unknown user, disabled or ended account: \
         Proxmox answers all of them alike."
    } else {
        "Wrong password, unknown user, wrong realm, disabled or ended account: Proxmox answers all of them alike."
    };
    let finding = finding(codes::LOGIN_REFUSED, format!("The host refuses user {who} with this password."), cause)
        .seen(refused.said())
        .say("Type the password again, and check the realm: pam takes the password of the Proxmox installation, pve are Proxmox's own users.")
        .run("The reason stands in the host's journal; in root's shell there", LOGIN_JOURNAL);
    let finding = match directory {
        true => finding.say("A name of the directory's server in that line means that it was not reached: start it, or correct the realm under Datacenter → Permissions → Realms."),
        false => finding,
    };
    let finding = finding.run("Which users there are, enabled and until when", "pveum user list");
    // A directory keeps its passwords itself.
    let finding = match directory {
        true => finding,
        false => finding.run(format!("A new password. {SHELL}"), named.password()),
    };
    finding.possible(&possible).mend(Mend::LookUp).mend(Mend::Ask(PASSWORD)).mend(Mend::NewToken)
}

/// What the list of users says of a login that was refused; none where it leaves several causes.
fn decide(user: &UserId, estate: &Estate, now: Timestamp) -> Option<Code> {
    match estate.user(user) {
        None => estate.acl_whole.then_some(codes::USER_UNKNOWN),
        Some(user) if !user.enabled => Some(codes::USER_DISABLED),
        Some(user) => user.expire.is_some_and(|end| end <= now).then_some(codes::USER_EXPIRED),
    }
}

fn finding(code: Code, title: String, cause: &str) -> Finding {
    Finding::new(code, Error, Step::Access, title, visible(cause)).at(PASSWORD)
}
