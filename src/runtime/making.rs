//! Makes one change on a host: announced in the journal, sent once, closed in the journal; an answer that was lost is looked up.

use std::collections::BTreeMap;

use crate::client::Changed;
use crate::disk::{self, Announced, Run};
use crate::domain::observation::RequestTrouble;
use crate::domain::{Change, Secret, TokenWas, change_record};
use crate::plan::action::{HostAction, Outcome};
use crate::plan::make::sentence;
use crate::plan::refused::{self, OddRole};
use crate::plan::standing::{Standing, came_through, standing};
use crate::runtime::desks::{Desks, TRIES};
use crate::runtime::revert::{self, Deed};
use crate::runtime::world::trouble;

/// How the journal knows a change.
pub(super) fn announced(action: &HostAction) -> Announced {
    let (kind, names) = change_record::to_names(&action.change, &action.at.endpoint);
    Announced { kind, sentence: sentence(&action.change), names }
}

/// Makes the change under number `n` of the run, and tells the secret where one was made.
///
/// `insist`: nothing would be taken back for its failure, so that what is seen to have come to nothing is asked for once more.
pub(super) async fn make(
    desks: &mut Desks,
    journal: &mut Run,
    n: usize,
    action: &HostAction,
    insist: bool,
    tell: &mut impl FnMut(Secret),
) -> Outcome {
    let HostAction { at, by, change, .. } = action;
    if let Err(trouble) = desks.ready(at, by).await {
        return Outcome::NotDone(refused::not_sent(change, &trouble));
    }
    if let Some(odd) = odd_role(desks, action).await {
        return Outcome::NotDone(refused::odd_role(change, &odd));
    }
    if let Some(left) = set_since(desks, journal, action).await {
        return left;
    }
    let mut announcement = announced(action);
    // A token that is to be made again is kept in the journal as it is, should nothing come after its removal.
    if let (Change::RemoveToken(id), false) = (change, action.afterwards) {
        match desks.look(at, by).await {
            Ok(estate) => announcement.names.extend(TokenWas::seen(id, &estate).iter().flat_map(TokenWas::names)),
            Err(trouble) => return Outcome::NotDone(refused::not_sent(change, &trouble)),
        }
    }
    if let Err(error) = journal.announce(n, announcement) {
        return Outcome::NotDone(trouble(&error));
    }
    let mut came = send(desks, journal.id().as_str(), action, tell).await;
    if insist && clear(desks, journal, n, action, &came).await {
        came = send(desks, journal.id().as_str(), action, tell).await;
    }
    let (ended, outcome) = came;
    let closed = journal.ended(n, ended, BTreeMap::new());
    if let (Outcome::Done { .. }, Some(odd)) = (&outcome, odd_role(desks, action).await) {
        return Outcome::Lost(refused::odd_role_since(change, &odd));
    }
    match (closed, outcome) {
        // It stands as announced then, which is what undo looks at.
        (Err(error), Outcome::Done { mut notes }) => {
            notes.push(trouble(&error).what);
            Outcome::Done { notes }
        }
        (_, outcome) => outcome,
    }
}

/// Why what is there already is not set: somebody else did so since the plan was made, and then it is theirs to take back; or it
/// is something else now than what the plan goes by, which undo would put back.
async fn set_since(desks: &mut Desks, journal: &Run, action: &HostAction) -> Option<Outcome> {
    let HostAction { at, by, change, .. } = action;
    if !matches!(change, Change::Enable { .. } | Change::SetEnd { .. }) {
        return None;
    }
    match desks.look(at, by).await {
        Err(trouble) => Some(Outcome::NotDone(refused::not_sent(change, &trouble))),
        Ok(estate) => match standing(change, journal.id().as_str(), &estate) {
            Standing::NotDone => None,
            Standing::AsDone => Some(Outcome::Skipped(refused::set_already())),
            Standing::Differs(what) => Some(Outcome::NotDone(refused::set_since(change, &what))),
            Standing::Unseen => {
                Some(Outcome::NotDone(refused::set_since(change, "whoever is signed in is not shown it")))
            }
        },
    }
}

/// What is odd about the role of a grant: it gives something else than the plan says.
async fn odd_role(desks: &mut Desks, action: &HostAction) -> Option<OddRole> {
    let (Change::Grant { role, .. }, Some(planned)) = (&action.change, &action.gives) else { return None };
    match desks.role(&action.at, &action.by, role).await {
        Err(trouble) => Some(OddRole::Unseen(trouble)),
        Ok(None) => Some(OddRole::Gone),
        Ok(Some(seen)) if seen.privileges == *planned => None,
        Ok(Some(seen)) => Some(OddRole::Other {
            more: seen.privileges.difference(planned).cloned().collect(),
            less: planned.difference(&seen.privileges).cloned().collect(),
        }),
    }
}

/// Whether nothing of a change is there, so that it may be asked for again: it came to nothing, or it made a token whose secret
/// was lost, which goes.
async fn clear(
    desks: &mut Desks,
    journal: &mut Run,
    n: usize,
    action: &HostAction,
    came: &(disk::Outcome, Outcome),
) -> bool {
    let HostAction { at, by, change, .. } = action;
    match came {
        (disk::Outcome::NotSent, _) => true,
        (disk::Outcome::Lost, _) if matches!(change, Change::MakeToken(_)) => {
            let deed = Deed { at, by, change, secret: None, fresh: true };
            let gone = revert::take_back(desks, journal, n, &deed).await;
            matches!(gone, Outcome::Done { .. }) && journal.announce(n, announced(action)).is_ok()
        }
        _ => false,
    }
}

/// Sends the change, once, and says what came of it: for the journal, and for the person.
async fn send(
    desks: &mut Desks,
    run: &str,
    action: &HostAction,
    tell: &mut impl FnMut(Secret),
) -> (disk::Outcome, Outcome) {
    let HostAction { at, by, change, .. } = action;
    match desks.change(at, by, change).await {
        Changed::Done(None) if change.gives_secret() => {
            let trouble = refused::secret_lost(change, &RequestTrouble::Unreadable("the secret".into()));
            (disk::Outcome::Lost, Outcome::Lost(trouble))
        }
        Changed::Done(secret) => {
            secret.into_iter().for_each(tell);
            (disk::Outcome::Done, Outcome::Done { notes: Vec::new() })
        }
        Changed::Refused { status, words } => {
            (disk::Outcome::Refused, Outcome::NotDone(refused::refused(change, status, &words)))
        }
        Changed::NotSent(trouble) => (disk::Outcome::NotSent, Outcome::NotDone(refused::not_sent(change, &trouble))),
        Changed::Lost(trouble) => look_up(desks, run, action, &trouble).await,
    }
}

/// Asks the host what came of a change whose answer was lost.
async fn look_up(desks: &mut Desks, run: &str, action: &HostAction, lost: &RequestTrouble) -> (disk::Outcome, Outcome) {
    let HostAction { at, by, change, .. } = action;
    let unknown = || (disk::Outcome::Lost, Outcome::Lost(refused::unknown(change, lost)));
    if matches!(change, Change::NewSecret(_)) {
        return unknown();
    }
    for round in 0..TRIES {
        if round > 0 {
            desks.pause().await;
        }
        let Ok(estate) = desks.look(at, by).await else { return unknown() };
        match came_through(change, run, &estate) {
            Standing::AsDone if change.gives_secret() => {
                return (disk::Outcome::Lost, Outcome::Lost(refused::secret_lost(change, lost)));
            }
            Standing::AsDone => {
                let note = "its answer was lost; the host was asked, and it is done".to_owned();
                return (disk::Outcome::Done, Outcome::Done { notes: vec![note] });
            }
            // What was sent may still be waiting there for a lock: it is asked for again before it counts as never done.
            Standing::NotDone => {}
            Standing::Differs(_) | Standing::Unseen => return unknown(),
        }
    }
    (disk::Outcome::NotSent, Outcome::NotDone(refused::never_done(change, lost)))
}
