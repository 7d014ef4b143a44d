//! Tokens: those of whoever is signed in and those that labwizard made, with what they may do, when they end and where they
//! live; and revoking one.

use std::sync::Arc;

use crate::diagnosis::token_end;
use crate::domain::change::is_ours;
use crate::domain::time::date;
use crate::domain::visible::visible;
use crate::domain::{Change, Estate, Holder, Id, Seen, TokenId, TokenSeen, UserId, shell};
use crate::plan::action::{Action, HostAction, Outcome};
use crate::plan::make::sentence;
use crate::plan::{Plan, Planned};
use crate::wizard::Wizard;
use crate::wizard::page::{Answer, Block, Choice, Command, Item, Pick, Tone};
use crate::wizard::step::{
    By, Next, PageId, Parts, file, host, listed, lives, made, make, quiet, review, say, token, toned, wrong,
};

/// Which one is revoked.
pub const REVOKE: Id = Id::fixed("revoke");
/// Whether that is meant.
pub const SURE: Id = Id::fixed("revoke.sure");
pub const YES: Id = Id::fixed("yes");
/// Nothing is revoked.
const NONE: Id = Id::fixed("none");
const NO: Id = Id::fixed("no");

/// One token, with what labwizard knows of it.
struct Row<'w> {
    id: TokenId,
    seen: &'w TokenSeen,
    /// What it may do, in words.
    rights: String,
    /// The files that hold it, as far as the runs of this machine tell.
    lives: Vec<String>,
    made_here: bool,
}

fn estate(w: &Wizard) -> Option<&Estate> {
    token::survey(w)?.seen.iter().find_map(|o| match &o.seen {
        Seen::Estate(estate) => Some(estate.as_ref()),
        _ => None,
    })
}

/// Whose tokens are listed: whoever signed in; over ssh that is root.
fn asker(w: &Wizard) -> Option<UserId> {
    make::signer(w)
}

fn rows(w: &Wizard) -> Vec<Row<'_>> {
    let (Some(estate), Some(asker)) = (estate(w), asker(w)) else { return Vec::new() };
    let mut rows: Vec<Row<'_>> = estate
        .users
        .iter()
        .flat_map(|user| user.tokens.iter().map(move |token| (user, token)))
        .filter(|(user, token)| user.id == asker || token.comment.as_deref().is_some_and(is_ours))
        .map(|(user, seen)| {
            let id = TokenId { user: user.id.clone(), name: seen.name.clone() };
            let known = host::endpoint(w)
                .map(|endpoint| lives::of(&w.setting.runs, &endpoint, &id, seen.comment.as_deref()))
                .unwrap_or_default();
            let lives = known.files.iter().map(|path| file::shown(w, path)).collect();
            Row { rights: rights(estate, &id, seen), id, seen, lives, made_here: known.made_here }
        })
        .collect();
    rows.sort_by(|a, b| (a.id.user != asker, &a.id).cmp(&(b.id.user != asker, &b.id)));
    rows
}

/// What a token may do, as far as whoever asks may see it.
fn rights(estate: &Estate, id: &TokenId, seen: &TokenSeen) -> String {
    if !seen.separated {
        return format!("all rights of {}", visible(&id.user.to_string()));
    }
    let granted: Vec<String> = estate
        .acl
        .iter()
        .filter(|row| row.who == Holder::Token(id.clone()))
        .map(|row| format!("{} on {}", visible(&row.role), visible(&row.path)))
        .collect();
    if granted.is_empty() { "only what is granted to it, and no grant is seen here".into() } else { listed(&granted) }
}

fn ends(w: &Wizard, seen: &TokenSeen) -> String {
    match seen.expire {
        None => "never ends".into(),
        Some(end) if end <= w.setting.now => format!("ended on {}", date(end)),
        Some(end) => format!("ends on {}", date(end)),
    }
}

fn whose(row: &Row<'_>) -> String {
    let comment = row.seen.comment.as_deref().unwrap_or_default();
    match (row.made_here, is_ours(comment)) {
        (true, _) if row.lives.is_empty() => "made by labwizard from this machine".into(),
        (true, _) => format!("made by labwizard, lives in {}", listed(&row.lives)),
        (false, true) => "made by labwizard on another machine or in a run that is forgotten".into(),
        (false, false) => "not made by labwizard".into(),
    }
}

/// The picked token.
fn picked(w: &Wizard) -> Option<Row<'_>> {
    let wanted = w.draft.choice(&REVOKE)?.as_str().to_owned();
    rows(w).into_iter().find(|row| row.id.to_string() == wanted)
}

/// The list, a paragraph each.
fn list(w: &Wizard) -> Vec<Block> {
    let rows = rows(w);
    let who = asker(w).map(|user| visible(&user.to_string())).unwrap_or_default();
    if rows.is_empty() {
        return vec![say(format!("{who} has no token, and none that labwizard made is seen here."))];
    }
    rows.iter()
        .map(|row| {
            let comment = row.seen.comment.as_deref().filter(|comment| !comment.is_empty());
            let comment = comment.map(|comment| format!("\n  “{}”", visible(comment))).unwrap_or_default();
            let ended = row.seen.expire.is_some_and(|end| end <= w.setting.now);
            toned(
                if ended { Tone::Quiet } else { Tone::Plain },
                format!(
                    "{}\n  {}; {}\n  {}{comment}",
                    visible(&row.id.to_string()),
                    ends(w, row.seen),
                    whose(row),
                    row.rights
                ),
            )
        })
        .collect()
}

pub fn page(w: &Wizard) -> Parts {
    if w.run.is_some() {
        return Parts {
            title: "Revoking it.".into(),
            blocks: vec![Block::Plan(review::progress(w))],
            busy: Some("Revoking; this is not stopped in the middle".into()),
            ..Parts::default()
        };
    }
    let mut blocks = list(w);
    blocks.push(quiet("Tokens of other users that labwizard did not make are left out here."));
    let soon: Vec<_> =
        rows(w).iter().filter_map(|row| token_end::near(&row.id, row.seen.expire, w.setting.now)).collect();
    if !soon.is_empty() {
        blocks.push(Block::Findings(soon));
    }
    let none = Item { id: NONE, title: "none, I only look".into(), about: String::new() };
    let items: Vec<Item> = std::iter::once(none)
        .chain(rows(w).iter().map(|row| Item {
            id: Id::new(row.id.to_string()),
            title: visible(&row.id.to_string()),
            about: ends(w, row.seen),
        }))
        .collect();
    if items.len() > 1 {
        blocks.push(Block::Pick(Pick {
            id: REVOKE,
            label: "Revoke one".into(),
            items,
            chosen: Some(w.draft.choice(&REVOKE).cloned().unwrap_or(NONE)),
            empty: String::new(),
            optional: false,
            error: unknown(w),
        }));
    }
    if let Some(row) = picked(w) {
        let id = visible(&row.id.to_string());
        if let Ok(pattern) = shell::quote(&format!(" {} [", row.id)) {
            blocks.push(Block::Command(Command {
                about: "When it was used last, Proxmox does not keep; each node's log of requests tells".into(),
                text: format!("grep -F {pattern} /var/log/pveproxy/access.log | tail -n 1"),
            }));
        }
        blocks.push(Block::Choice(Choice {
            id: SURE,
            label: format!("Revoke {id}? Whatever uses it is refused from that moment, and it cannot be brought back."),
            options: vec![
                Answer { id: NO, title: "No".into(), about: Vec::new(), risky: false },
                Answer { id: YES, title: "Yes, revoke it".into(), about: Vec::new(), risky: true },
            ],
            chosen: w.draft.choice(&SURE).cloned(),
            error: if w.tried() && w.draft.choice(&SURE).is_none() {
                wrong("This needs an answer of its own.", None)
            } else {
                None
            },
        }));
    }
    Parts {
        title: format!("The tokens on {}", host::shown(w)),
        blocks,
        submit: "go on",
        focus: Some(if picked(w).is_some() { SURE } else { REVOKE }),
        help: vec![
            "Listed are the tokens of whoever signed in, and those of other users that labwizard made, as far as this login may see them.".into(),
        ],
        ..Parts::default()
    }
}

/// A token that was named and is not there.
fn unknown(w: &Wizard) -> Option<crate::wizard::page::FieldError> {
    let wanted = w.draft.choice(&REVOKE).filter(|id| **id != NONE)?;
    if picked(w).is_some() {
        return None;
    }
    wrong(
        format!("No token “{}” is seen here.", visible(wanted.as_str())),
        "labwizard tokens list shows them.".to_owned(),
    )
}

/// What happened, and the list that is left.
pub fn done(w: &Wizard) -> Parts {
    let mut blocks = Vec::new();
    let mut title = "Nothing was changed.".to_owned();
    if let Some(run) = &w.run {
        blocks.push(Block::Plan(review::progress(w)));
        let gone = run.steps.iter().all(|step| matches!(step.outcome, Some(Outcome::Done { .. })));
        title = if gone { "It is revoked.".into() } else { "It was not revoked.".into() };
        let lives = picked(w).map(|row| row.lives).unwrap_or_default();
        if gone && !lives.is_empty() {
            blocks.push(toned(
                Tone::Warning,
                format!("{} still holds it: run labwizard there for a new one.", listed(&lives)),
            ));
        }
    } else {
        blocks.extend(list(w));
    }
    blocks.extend(made::login(w));
    Parts { title, blocks, submit: "finish", ..Parts::default() }
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    if by == By::World || w.run.is_some() {
        return Next::Do(Vec::new());
    }
    let wanted = w.draft.choice(&REVOKE).filter(|id| **id != NONE).is_some();
    if !wanted {
        return Next::To(PageId::Done);
    }
    let Some(id) = picked(w).map(|row| row.id) else { return Next::Stay };
    match w.draft.choice(&SURE) {
        Some(answer) if *answer == YES => {}
        Some(_) => {
            w.draft.forget(&REVOKE);
            w.draft.forget(&SURE);
            return Next::Do(Vec::new());
        }
        None => return Next::Stay,
    }
    let (Some(at), Some(by)) = (host::at(w), token::credential(w).filter(|by| by.is_for_this_run())) else {
        return Next::Stay;
    };
    let change = Change::RemoveToken(id);
    let planned = Planned {
        heading: review::heading(w),
        sentence: sentence(&change),
        action: Action::Host(Box::new(HostAction { at, by: Arc::new(by), change, gives: None, afterwards: true })),
    };
    let effects = w.start_run(&Plan { actions: vec![planned] });
    Next::Do(effects)
}
