//! One cause of a refused token each, and what to do about it: named by the host, or found by somebody who looked.

use crate::diagnosis::alike::likeliest;
use crate::diagnosis::by_root::{SHELL, Who, regenerates};
use crate::diagnosis::{Reading, codes};
use crate::domain::finding::{Code, Finding, Mend};
use crate::domain::time::date;
use crate::domain::visible::visible;
use crate::domain::{Estate, Release, TokenId};

use super::TOKEN;

/// What to do with a token that was made by hand.
const SHOWN_ONCE: &str = "The token's secret is shown once: put it into the file, and run the check again, which shows what is to be \
                          granted.";

/// The cause that a status line names (pve-access-control `AccessControl.pm` verify_token, `RPCEnvironment.pm`; captured).
pub fn named(phrase: &str) -> Option<Code> {
    Some(match phrase {
        p if p.starts_with("invalid token value") => codes::TOKEN_SECRET,
        p if p.starts_with("no such token") => codes::TOKEN_UNKNOWN,
        p if p.starts_with("no such user") => codes::USER_UNKNOWN,
        p if p.starts_with("token '") && p.contains("access expired") => codes::TOKEN_EXPIRED,
        p if p.starts_with("user '") && p.contains("is disabled") => codes::USER_DISABLED,
        p if p.starts_with("user '") && p.contains("access expired") => codes::USER_EXPIRED,
        p if p.contains("is not a valid token ID") || p.starts_with("no tokenid specified") => codes::TOKEN_MALFORMED,
        _ => return None,
    })
}

/// The finding of one cause. What `looked` shows goes into its evidence.
pub fn finding(code: Code, reading: &Reading<'_>, release: Option<Release>, looked: Option<&Estate>) -> Finding {
    let who = Who(reading.signer.as_ref());
    let id = reading.who;
    let user = who.user().map(|user| visible(&user.to_string())).unwrap_or_else(|| id.to_owned());
    let new = |title: String, cause: &str| super::finding(code, title, cause);
    match code {
        codes::TOKEN_SECRET => secret(new(
            format!("The token {id} exists, and its secret is another."),
            "The secret was copied wrongly or cut short, or it is of an earlier token: whoever makes a token anew, on a second \
             machine perhaps, ends the secret that it had. Proxmox shows a secret once and never again.",
        ), who, release, looked),
        codes::TOKEN_UNKNOWN => unknown_token(new(
            format!("The user {user} has no token of the name in {id}."),
            "The token was removed, never made, or its name is spelt differently; upper and lower case count.",
        ), who, looked),
        codes::USER_UNKNOWN => unknown_user(new(
            format!("The host knows no user {user}."),
            "The user was never made or was removed, or name or realm are spelt differently: root@pam and root@pve are two users, \
             and upper and lower case count.",
        ), who, looked),
        codes::TOKEN_EXPIRED => new(
            format!("The token {id} has ended."),
            "It was made with an end, and that has passed. Its secret and its rights are kept.",
        )
        .seen_end(who.token().and_then(|id| looked?.token(id)?.expire), "the token's end")
        .say("Set a later end, or none: the web UI under Datacenter → Permissions → API Tokens → Edit, or this command.")
        .run(SHELL, who.endless_token())
        .wakes(who)
        .mend(Mend::NewToken),
        codes::USER_DISABLED => new(
            format!("The user {user} is disabled."),
            "A disabled user's tokens are refused too.",
        )
        .say("Enable the user, if that was not on purpose: the web UI under Datacenter → Permissions → Users, or this command.")
        .run(SHELL, who.enable())
        .say("Or use a token of another user.")
        .wakes(who)
        .mend(Mend::NewToken)
        .mend(Mend::Ask(TOKEN)),
        codes::USER_EXPIRED => new(
            format!("The account of the user {user} has ended."),
            "The user was made with an end, and that has passed; it ends the user's tokens too.",
        )
        .seen_end(who.user().and_then(|id| looked?.user(id)?.expire), "the account's end")
        .say("Set a later end, or none: the web UI under Datacenter → Permissions → Users → Edit, or this command.")
        .run(SHELL, who.endless_user())
        .wakes(who)
        .mend(Mend::NewToken)
        .mend(Mend::Ask(TOKEN)),
        _ => new(
            "The host could not read the token.".to_owned(),
            "A token is user@realm!name=secret; something in what arrived splits wrongly, such as a second “=” or “!” in it.",
        )
        .say("Paste the token again, id and secret.")
        .mend(Mend::Ask(TOKEN)),
    }
}

fn secret(finding: Finding, who: Who<'_>, release: Option<Release>, looked: Option<&Estate>) -> Finding {
    let finding = match looked {
        Some(_) => finding.seen("user and token are there, enabled, and have not ended; only the secret is left"),
        None => finding,
    };
    let finding = finding.say("Paste the secret again, all 36 characters of it.");
    let finding = match regenerates(release) {
        true => finding
            .say("If it is lost, have a new one made; rights and name stay. Whatever else uses the old secret stops working then.")
            .run(SHELL, who.new_secret()),
        false => finding.say(
            "If it is lost: this release gives a token no new secret. labwizard makes a second token with the same rights, and \
             removes the old one last.",
        ),
    };
    finding.mend(Mend::Ask(TOKEN)).mend(Mend::NewSecret).mend(Mend::NewToken)
}

fn unknown_token(finding: Finding, who: Who<'_>, looked: Option<&Estate>) -> Finding {
    let there = who.user().and_then(|id| looked?.user(id)).map(|user| &user.tokens);
    let finding = match (there, who.token()) {
        (Some(tokens), _) if tokens.is_empty() => finding.seen("the user has no token at all"),
        (Some(tokens), Some(id)) => {
            let names: Vec<&str> = tokens.iter().map(|token| token.name.as_str()).collect();
            let finding = finding.seen(format!("the user's tokens: {}", names.join(", ")));
            match likeliest(id.name.as_str(), names.iter().copied()) {
                Some(like) => meant(finding, id, like),
                None => finding,
            }
        }
        _ => finding,
    };
    // Where somebody has seen that it is gone, nothing is left to paste.
    let is_gone = there.is_some() && finding.mends.is_empty();
    finding
        .say("Look up its name in the web UI under Datacenter → Permissions → API Tokens, or by this command.")
        .run(SHELL, who.tokens())
        .say(format!("If it is gone, make it anew under its name. {SHOWN_ONCE}"))
        .run(SHELL, who.make_token())
        .asks_or_makes(is_gone)
}

/// The user has a token of nearly this name.
fn meant(finding: Finding, id: &TokenId, like: &str) -> Finding {
    let finding = finding.say(format!("Write {like} as the token's name, if that one is meant."));
    match like.parse() {
        Ok(name) => finding.mend(Mend::Token(TokenId { user: id.user.clone(), name })),
        Err(_) => finding,
    }
}

fn unknown_user(finding: Finding, who: Who<'_>, looked: Option<&Estate>) -> Finding {
    let names: Vec<String> =
        looked.map(|all| all.users.iter().map(|user| user.id.to_string()).collect()).unwrap_or_default();
    let same_name = who.user().and_then(|id| {
        let other = |name: &&String| name.rsplit_once('@').is_some_and(|(user, _)| user == id.user());
        names
            .iter()
            .find(other)
            .map(String::as_str)
            .or_else(|| likeliest(&id.to_string(), names.iter().map(String::as_str)))
    });
    let finding = match same_name {
        Some(like) => finding.say(format!("There is a user {}; write that, if it is meant.", visible(like))),
        None => finding,
    };
    let finding = finding
        .say("Look up the user in the web UI under Datacenter → Permissions → Users, or by this command.")
        .run(SHELL, "pveum user list");
    // A user of another realm is made where that realm keeps its users.
    let own = who.user().is_some_and(|user| user.realm() == "pve") && who.token().is_some();
    let finding = match own {
        true => finding
            .say(format!("If the user is gone, make both anew under their names. {SHOWN_ONCE}"))
            .run(SHELL, who.make_user())
            .run(SHELL, who.make_token()),
        false => finding,
    };
    // Where somebody has seen that it is gone, nothing is left to paste.
    finding.asks_or_makes(looked.is_some() && same_name.is_none())
}

trait Makes {
    fn asks_or_makes(self, is_gone: bool) -> Self;
}

impl Makes for Finding {
    fn asks_or_makes(self, is_gone: bool) -> Self {
        match is_gone {
            true => self.mend(Mend::NewToken).mend(Mend::Ask(TOKEN)),
            false => self.mend(Mend::Ask(TOKEN)).mend(Mend::NewToken),
        }
    }
}

trait Wakes {
    fn wakes(self, who: Who<'_>) -> Self;
}

impl Wakes for Finding {
    /// A login that stands in the file is not tried out by whoever mends it, so it is left to them.
    fn wakes(self, who: Who<'_>) -> Self {
        if who.token().is_some() { self.mend(Mend::Wake) } else { self }
    }
}

trait SeenEnd {
    fn seen_end(self, end: Option<crate::domain::Timestamp>, what: &str) -> Self;
}

impl SeenEnd for Finding {
    fn seen_end(self, end: Option<crate::domain::Timestamp>, what: &str) -> Self {
        match end {
            Some(end) => self.seen(format!("{what}: {}", date(end))),
            None => self,
        }
    }
}
