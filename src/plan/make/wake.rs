//! What keeps a token from signing in, or soon will, set right: its owner enabled, a later end for both. Its secret stays.

use crate::diagnosis::token_end::is_near;
use crate::domain::{Change, Estate, Grantee, Timestamp, TokenId};

/// The changes after which the token signs in until `end`; an end that is far off is left alone.
pub fn waking(id: &TokenId, end: Option<Timestamp>, estate: &Estate, now: Timestamp) -> Vec<Change> {
    let user = &id.user;
    let off = estate.user(user).is_some_and(|seen| !seen.enabled);
    let enable = off.then(|| Change::Enable { user: user.clone(), on: true });
    let later = ending(id, estate, now).into_iter();
    enable.into_iter().chain(later.map(|(who, was)| Change::SetEnd { who, end, was: Some(was) })).collect()
}

/// Those of the token and its owner whose end has come or is near, with that end.
pub fn ending(id: &TokenId, estate: &Estate, now: Timestamp) -> Vec<(Grantee, Timestamp)> {
    let user = estate.user(&id.user).and_then(|seen| Some((Grantee::User(id.user.clone()), seen.expire?)));
    let token = estate.token(id).and_then(|seen| Some((Grantee::Token(id.clone()), seen.expire?)));
    user.into_iter().chain(token).filter(|(_, end)| *end > 0 && is_near(*end, now)).collect()
}
