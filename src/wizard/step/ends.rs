//! When tokens end, as far as the runs of this machine and the host tell: Proxmox reminds nobody.

use crate::diagnosis::token_end;
use crate::domain::{Change, ChangeState, Credential, Endpoint, Finding, Seen, Timestamp, TokenId};
use crate::wizard::Wizard;
use crate::wizard::step::{host, token};

/// The tokens that runs of this machine made and that still stand, with the host and the end of each; the latest run first.
fn made(w: &Wizard) -> impl Iterator<Item = (&Endpoint, &TokenId, Option<Timestamp>)> {
    let changes = w.setting.runs.iter().flat_map(|run| &run.changes);
    changes.filter(|seen| seen.state == ChangeState::Made).filter_map(|seen| match &seen.change {
        Change::MakeToken(made) => Some((&seen.endpoint, &made.id, made.expire)),
        _ => None,
    })
}

/// What labwizard made and what ends soon, said at the start.
pub fn near(w: &Wizard) -> Vec<Finding> {
    let mut told: Vec<(&Endpoint, &TokenId)> = Vec::new();
    let mut findings = Vec::new();
    for (endpoint, id, end) in made(w) {
        if told.contains(&(endpoint, id)) {
            continue;
        }
        told.push((endpoint, id));
        findings.extend(token_end::near(id, end, w.setting.now));
    }
    findings
}

/// The end of the token that is used here, where it is near and the host does not tell it: a run of this machine made it.
pub fn of_this(w: &Wizard) -> Option<Finding> {
    let Some(Credential::Token { id, .. }) = token::credential(w) else { return None };
    let host = host::endpoint(w);
    // What the host tells is what holds; a token that may see users sees itself, and the judge has said it.
    let told =
        token::survey(w)?.seen.iter().any(|o| matches!(&o.seen, Seen::Estate(estate) if estate.token(&id).is_some()));
    let known = || made(w).find(|(at, one, _)| Some(*at) == host.as_ref() && **one == id).map(|(_, _, end)| end);
    if told { None } else { token_end::near(&id, known()?, w.setting.now) }
}
