//! The end of a token or of its user, where it is near: Proxmox tells nobody, and the tool that uses it stops at midnight.

use crate::diagnosis::by_root::{SHELL, Who};
use crate::diagnosis::{Reading, codes, signin};
use crate::domain::finding::{Code, Finding, Mend, Severity, Severity::*, Step};
use crate::domain::time::date;
use crate::domain::visible::visible;
use crate::domain::{Change, ChangeState, Endpoint, Grantee, Observation, RunSeen, Seen, Timestamp, TokenId};

const DAY: Timestamp = 86_400;
/// From so many seconds before its end on it is said.
const NEAR: Timestamp = 30 * DAY;

/// An end that has come, or comes so soon that it is said.
pub fn is_near(end: Timestamp, now: Timestamp) -> bool {
    end - now <= NEAR
}

/// What the host tells of the ends of the token that signed in and of its user.
pub fn judge(seen: &[Observation], reading: &Reading<'_>) -> Vec<Finding> {
    let signed_in = seen.iter().any(|o| matches!(o.seen, Seen::SignedIn { .. }));
    let Some(estate) = signin::estate(seen).filter(|_| signed_in) else { return Vec::new() };
    let who = Who(reading.signer.as_ref());
    let token = who.token().and_then(|id| near(id, estate.token(id)?.expire, reading.now));
    let user = who.user().and_then(|id| {
        let end = estate.user(id)?.expire;
        let what = format!("account of the user {}", visible(&id.to_string()));
        let (title, severity) = ends(&what, end, reading.now)?;
        Some(
            finding(
                codes::USER_ENDS_SOON,
                severity,
                title,
                "When a user's account ends, its tokens are refused too. Proxmox reminds nobody of it.",
            )
            .say("Set a later end, or none: the web UI under Datacenter → Permissions → Users → Edit, or this command.")
            .run(SHELL, who.endless_user())
            .mend(Mend::Wake)
            .mend(Mend::NewToken),
        )
    });
    token.into_iter().chain(user).collect()
}

/// What is to be said of a token that signed in and that the host does not tell of: a token with the least rights does not see
/// its own record. A run of this machine that made it knows its end.
pub fn remembered(id: &TokenId, seen: &[Observation], runs: &[RunSeen], now: Timestamp) -> Option<Finding> {
    let signed_in = seen.iter().any(|o| matches!(o.seen, Seen::SignedIn { .. }));
    let told = seen.iter().any(|o| matches!(&o.seen, Seen::Estate(estate) if estate.token(id).is_some()));
    let at = seen.iter().find_map(|o| match &o.seen {
        Seen::Connected(endpoint, _) => Some(endpoint),
        _ => None,
    })?;
    if !signed_in || told { None } else { near(id, made(runs).find(|one| one.0 == at && one.1 == id)?.2, now) }
}

/// The tokens that runs of this machine made and that still stand, with the host and the end of each; the latest run first.
pub fn made(runs: &[RunSeen]) -> impl Iterator<Item = (&Endpoint, &TokenId, Option<Timestamp>)> {
    let changes = runs.iter().flat_map(|run| &run.changes);
    changes.filter(|seen| seen.state == ChangeState::Made).filter_map(|seen| match &seen.change {
        Change::MakeToken(made) => Some((&seen.endpoint, &made.id, made.expire)),
        _ => None,
    })
}

/// What is to be said of a token that ends then; none where the end is far, or there is none.
pub fn near(id: &TokenId, expire: Option<Timestamp>, now: Timestamp) -> Option<Finding> {
    let (title, severity) = ends(&format!("token {}", visible(&id.to_string())), expire, now)?;
    let who = Grantee::Token(id.clone());
    Some(
        finding(codes::TOKEN_ENDS_SOON, severity, title, "It was made with an end, and Proxmox reminds nobody of it.")
            .say("Run labwizard on its file for a later end, or set one under Datacenter → Permissions → API Tokens → Edit; the secret stays the same.")
            .run(SHELL, Who(Some(&who)).endless_token())
            .mend(Mend::Wake)
            .mend(Mend::NewToken),
    )
}

fn finding(code: Code, severity: Severity, title: String, cause: &str) -> Finding {
    Finding::new(code, severity, Step::Access, title, cause)
}

/// The sentence of an end that is near, and how grave it is.
fn ends(what: &str, end: Option<Timestamp>, now: Timestamp) -> Option<(String, Severity)> {
    let end = end.filter(|end| is_near(*end, now))?;
    Some(match (end - now + DAY - 1) / DAY {
        _ if end <= now => (format!("The {what} ended on {}.", date(end)), Warning),
        1 => (format!("The {what} ends within a day, on {}.", date(end)), Warning),
        days if days <= 14 => (format!("The {what} ends in {days} days, on {}.", date(end)), Warning),
        days => (format!("The {what} ends in {days} days, on {}.", date(end)), Info),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_said_from_thirty_days_before_and_not_earlier() {
        let id: TokenId = "lab@pve!wiz".parse().unwrap();
        let said = |days: Timestamp| near(&id, Some(1_800_000_000 + days * DAY), 1_800_000_000).map(|f| f.severity);
        assert_eq!((said(31), said(30), said(14), said(-1)), (None, Some(Info), Some(Warning), Some(Warning)));
        assert_eq!(near(&id, None, 1_800_000_000), None);
    }
}
