//! Make, where a token that is there is to sign in again: what stands in its way, and until when it shall work.

use crate::domain::finding::Finding;
use crate::domain::visible::visible;
use crate::domain::{Grantee, time};
use crate::wizard::Wizard;
use crate::wizard::page::Block;
use crate::wizard::step::{Parts, quiet, say};

use super::{EXPIRE, INSTEAD, cannot, expiry, findings, instead, signer, wish};

pub fn page(w: &Wizard) -> Parts {
    let who = signer(w).map(|user| visible(&user.to_string())).unwrap_or_default();
    let id = wish::id(w).map(|id| visible(&id.to_string())).unwrap_or_default();
    let ends = wish::ending(w);
    let mut blocks: Vec<Block> = told(w).into_iter().map(say).collect();
    if !ends.is_empty() {
        blocks.extend(expiry(w));
    }
    blocks.push(quiet("Its secret stays, and so do its rights. Undo puts back what was."));
    let found: Vec<Finding> = findings(w);
    if !found.is_empty() {
        blocks.push(Block::Findings(found));
    }
    let cannot = cannot(w, false).is_some();
    if cannot {
        blocks.push(Block::Choice(instead(w)));
    }
    Parts {
        title: if ends.is_empty() { format!("{id} shall sign in again.") } else { format!("How long shall {id} work?") },
        blocks,
        submit: "next",
        busy: w.waiting().then(|| format!("Looking around as {who}")),
        focus: match () {
            () if cannot => Some(INSTEAD),
            () if !ends.is_empty() => Some(EXPIRE),
            () => None,
        },
        help: vec![
            "A token is refused when its end or that of its user's account has come, and while its user is disabled. Nothing else of the two is changed.".into(),
        ],
    }
}

/// What stands in the token's way, and what becomes of it.
fn told(w: &Wizard) -> Vec<String> {
    let user = wish::id(w).map(|id| id.user);
    let seen = user.as_ref().zip(wish::estate(w)).and_then(|(user, estate)| estate.user(user));
    let off = seen.filter(|seen| !seen.enabled);
    let off = off.map(|seen| {
        format!(
            "The user {} is disabled. It is enabled again, and all its tokens with it.",
            visible(&seen.id.to_string())
        )
    });
    let ends = wish::ending(w).into_iter().map(|(who, end)| {
        let verb = if end <= w.setting.now { "ended" } else { "ends" };
        let of = match who {
            Grantee::User(user) => format!("account of the user {}", visible(&user.to_string())),
            Grantee::Token(id) => format!("token {}", visible(&id.to_string())),
        };
        format!("The {of} {verb} on {}.", time::date(end))
    });
    off.into_iter().chain(ends).collect()
}
