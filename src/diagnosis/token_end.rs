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
/// its own record. A run of this machine that made it, or gave it another end, knows it.
pub fn remembered(id: &TokenId, seen: &[Observation], runs: &[RunSeen], now: Timestamp) -> Option<Finding> {
    let signed_in = seen.iter().any(|o| matches!(o.seen, Seen::SignedIn { .. }));
    let told = seen.iter().any(|o| matches!(&o.seen, Seen::Estate(estate) if estate.token(id).is_some()));
    let at = seen.iter().find_map(|o| match &o.seen {
        Seen::Connected(endpoint, _) => Some(endpoint),
        _ => None,
    })?;
    if !signed_in || told {
        return None;
    }
    // Who has just signed in has not ended, whatever is remembered.
    let (_, _, end) = made(runs).into_iter().find(|one| one.0 == at && one.1 == id)?;
    near(id, end.filter(|end| *end > now), now)
}

/// The tokens that runs of this machine made or gave another end, with the host and the end of each. `runs`: the latest first.
/// What was done last counts: of a token that was removed since, or whose last change may not have come about, nothing is told.
pub fn made(runs: &[RunSeen]) -> Vec<(&Endpoint, &TokenId, Option<Timestamp>)> {
    let (mut known, mut ends): (Vec<(&Endpoint, &TokenId)>, _) = (Vec::new(), Vec::new());
    for seen in runs.iter().flat_map(|run| run.changes.iter().rev()).filter(|seen| seen.may_stand()) {
        let (id, end) = match &seen.change {
            Change::MakeToken(made) => (&made.id, Some(made.expire)),
            Change::SetEnd { who: Grantee::Token(id), end, .. } => (id, Some(*end)),
            Change::RemoveToken(id) => (id, None),
            _ => continue,
        };
        if known.contains(&(&seen.endpoint, id)) {
            continue;
        }
        known.push((&seen.endpoint, id));
        let end = end.filter(|_| seen.state == ChangeState::Made);
        ends.extend(end.map(|end| (&seen.endpoint, id, end)));
    }
    ends
}

/// A change as runs of this machine left it: a token that one of them made, with the end that a later one gave it.
pub fn as_left(change: &Change, at: &Endpoint, runs: &[RunSeen]) -> Change {
    let mut change = change.clone();
    if let Change::MakeToken(make) = &mut change
        && let Some((_, _, end)) = made(runs).into_iter().find(|one| *one.0 == *at && *one.1 == make.id)
    {
        make.expire = end;
    }
    change
}

/// What is to be said of a token that ends then; none where the end is far, or there is none.
pub fn near(id: &TokenId, expire: Option<Timestamp>, now: Timestamp) -> Option<Finding> {
    let (title, severity) = ends(&format!("token {}", visible(&id.to_string())), expire, now)?;
    let who = Grantee::Token(id.clone());
    Some(
        finding(codes::TOKEN_ENDS_SOON, severity, title, "It has an end, and Proxmox reminds nobody of it.")
            .say("labwizard gives it a later end where it is run on the file of the token; the secret stays the same.")
            .say("Without labwizard: Datacenter → Permissions → API Tokens → Edit, or this command, after which it never ends.")
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
    use crate::domain::{ChangeSeen, TokenMake};

    #[test]
    fn an_end_is_said_from_thirty_days_before_and_not_earlier() {
        let id: TokenId = "lab@pve!wiz".parse().unwrap();
        let said = |days: Timestamp| near(&id, Some(1_800_000_000 + days * DAY), 1_800_000_000).map(|f| f.severity);
        assert_eq!((said(31), said(30), said(14), said(-1)), (None, Some(Info), Some(Warning), Some(Warning)));
        assert_eq!(near(&id, None, 1_800_000_000), None);
    }

    fn run(change: Change, state: ChangeState) -> RunSeen {
        let endpoint = crate::domain::parse_host("pve.lan:8006").unwrap().endpoints.remove(0);
        let changes = vec![ChangeSeen { n: 0, endpoint, change, state, was: None }];
        RunSeen { name: "3f9a1c".into(), when: 0, finished: true, changes, files: Vec::new() }
    }

    #[test]
    fn of_a_tokens_ends_the_one_that_was_set_last_counts_and_what_is_not_known_is_not_said() {
        use ChangeState::{Made, NotMade, TakenBack, Unknown};
        let id: TokenId = "lab@pve!wiz".parse().unwrap();
        let make = TokenMake { id: id.clone(), separated: true, expire: Some(5), comment: String::new() };
        let set = |end| Change::SetEnd { who: Grantee::Token(id.clone()), end, was: Some(5) };
        let cases = [
            (set(Some(9)), Made, Some(Some(9))),
            (set(None), Made, Some(None)),
            (set(Some(9)), Unknown, None),
            (set(Some(9)), NotMade, Some(Some(5))),
            (set(Some(9)), TakenBack, Some(Some(5))),
            (Change::SetEnd { who: Grantee::User(id.user.clone()), end: None, was: None }, Made, Some(Some(5))),
            (Change::MakeToken(TokenMake { expire: Some(7), ..make.clone() }), Made, Some(Some(7))),
            (Change::RemoveToken(id.clone()), Made, None),
        ];
        for (later, state, end) in cases {
            let runs = [run(later, state), run(Change::MakeToken(make.clone()), Made)];
            let told = made(&runs);
            assert_eq!(told.first().map(|one| one.2), end, "{runs:?}");
            let Change::MakeToken(left) =
                as_left(&Change::MakeToken(make.clone()), &runs[1].changes[0].endpoint, &runs)
            else {
                panic!("another change");
            };
            assert_eq!(left.expire, end.unwrap_or(Some(5)), "{runs:?}");
        }
    }
}
