//! Verify, where a token is to be made: what will be granted, path by path, and whether whoever is signed in may do it.

use std::collections::BTreeSet;

use crate::diagnosis::codes;
use crate::domain::Grantee;
use crate::domain::finding::{Finding, Severity, Step};
use crate::domain::missing;
use crate::domain::rights::Privilege;
use crate::domain::visible::{visible, whole};
use crate::plan::make::{Extent, Making, allows};
use crate::target::needs::Grant;
use crate::wizard::Wizard;
use crate::wizard::evidence::Survey;
use crate::wizard::page::{Answer, Block, Choice, Tone};
use crate::wizard::step::{By, Next, Parts, count, details, host, listed, make, quiet, road, say, token, toned, tool};

use super::{AGAIN, NEXT, ask, findings, survey};

/// A token is to be made here, and is not yet.
pub fn here(w: &Wizard) -> bool {
    token::credential(w).is_some_and(|credential| credential.is_for_this_run())
}

/// Nothing stands in the way.
pub fn may(w: &Wizard) -> bool {
    survey(w).is_some_and(|survey| survey.ended && survey.signed_in())
        && make::made_of(w).is_some()
        && make::findings(w).iter().all(|finding| finding.severity != Severity::Error)
        && lacking(w).is_none()
}

/// A token with the same rights as whoever signs in can do no more than they can.
fn lacking(w: &Wizard) -> Option<Finding> {
    let signer = make::signer(w).filter(|signer| make::same_rights(w) && !signer.is_root())?;
    let lacks = missing(&details::rights(w), survey(w)?.rights()?);
    if lacks.is_empty() {
        return None;
    }
    let who = visible(&signer.to_string());
    let finding = Finding::new(
        codes::RIGHTS_MISSING,
        Severity::Error,
        Step::Access,
        format!("{who} lacks {} that {} needs.", count(lacks.len(), "right", "rights"), tool::title(w)),
        "A token with the same rights as its user can do no more than its user.",
    );
    let finding = lacks.iter().fold(finding, |f, lack| f.seen(format!("{}: {}", visible(&lack.path), lack.privilege)));
    Some(finding.say("Sign in as somebody who has them, or hand the block of commands to an administrator."))
}

pub fn page(w: &Wizard) -> Parts {
    let who = make::signer(w).map(|user| visible(&user.to_string())).unwrap_or_default();
    let mut blocks = Vec::new();
    if let Some(survey) = survey(w).filter(|survey| !survey.ended || !survey.signed_in()) {
        blocks.push(Block::Road(road::of_survey(survey)));
    }
    let ended = survey(w).is_some_and(|survey| survey.ended);
    let findings: Vec<Finding> = findings(w).into_iter().chain(make::findings(w)).chain(lacking(w)).collect();
    // What stands in the way is read before what would have been granted.
    if !findings.is_empty() {
        blocks.push(Block::Findings(findings));
    }
    if ended && let Some(making) = make::made_of(w) {
        blocks.extend(granted(w, &making));
        blocks.extend(making.remarks.iter().map(|remark| quiet(whole(remark))));
    }
    let deed = match () {
        () if make::wakes(w) => "do",
        () if make::keeps(w) => "grant",
        () => "make",
    };
    if ended && may(w) {
        blocks.push(toned(Tone::Good, format!("{who} may {deed} all of it.")));
    }
    if ended && (make::cannot(w, true).is_some() || lacking(w).is_some()) {
        blocks.push(Block::Choice(make::instead(w)));
    } else if ended && !may(w) {
        blocks.push(Block::Choice(again(w)));
    }
    Parts {
        title: format!("May {who} {deed} this?"),
        blocks,
        submit: if may(w) { "next" } else { "go on" },
        busy: w.waiting().then(|| format!("Looking around as {who}")),
        focus: None,
        help: vec![
            "Each line is a path of the host's permissions and what holds there and below. The token and its user are granted the same, since a token's rights are what both have in common.".into(),
            "A grant at a deeper path replaces what is inherited there, so it carries everything that is needed there.".into(),
        ],
    }
}

/// Path by path: what for, and with which privileges.
fn granted(w: &Wizard, making: &Making) -> Vec<Block> {
    let grants = &making.grants;
    let token = making.token.as_ref().map(|id| visible(&id.to_string())).unwrap_or_default();
    if make::wakes(w) {
        return vec![quiet(format!("{token} is granted nothing; its rights stay."))];
    }
    if making.extent == Extent::Whole {
        return vec![toned(Tone::Warning, format!("{token} gets all rights of its user, now and later."))];
    }
    if grants.is_empty() {
        return vec![quiet(format!("{token} is granted nothing."))];
    }
    let row = |grant: &Grant| (visible(&grant.path), whole(&listed(&allows(&grant.privileges))));
    let mut rows: Vec<(String, String)> = grants.iter().map(row).collect();
    // Where a tool looks at the owner, that one holds more than the token.
    let more = making.owner.iter().filter(|held| !grants.iter().any(|grant| grant.path == held.path));
    rows.extend(more.map(row).map(|(path, words)| (path, format!("{words} (the user alone)"))));
    if make::keeps(w) {
        return kept(w, making, &token, rows);
    }
    if making.extent == Extent::More {
        return vec![
            say(format!("{token} will hold this on {}:", host::shown(w))),
            Block::Facts(rows),
            toned(
                Tone::Warning,
                format!(
                    "That is more than {} needs: what was granted before is among it. Whoever has the file can do all of it.",
                    tool::title(w)
                ),
            ),
        ];
    }
    vec![
        say(format!("{token} and its user are granted this on {}, and nothing else:", host::shown(w))),
        Block::Facts(rows),
        quiet(format!("That is what {} needs, and all that whoever has the file can do.", tool::title(w))),
    ]
}

/// What a token that is there gets besides what it has, which is marked, and what it has.
fn kept(w: &Wizard, making: &Making, token: &str, all: Vec<(String, String)>) -> Vec<Block> {
    let news = |who: &Grantee, held: &Grant| -> BTreeSet<Privilege> {
        let before = make::estate(w).map(|estate| estate.granted(who, &held.path)).unwrap_or_default();
        held.privileges.iter().filter(|one| !before.contains_key(*one)).cloned().collect()
    };
    let row = |held: &Grant, word: &str, new: &BTreeSet<Privilege>| {
        (visible(&held.path), format!("+ {word}: {}", whole(&listed(&allows(new)))))
    };
    let mut new: Vec<(String, String)> = Vec::new();
    if let Some(id) = &making.token {
        let (as_token, as_owner) = (Grantee::Token(id.clone()), Grantee::User(id.user.clone()));
        let of_token = making.grants.iter().map(|held| (held, news(&as_token, held)));
        new.extend(of_token.filter(|(_, new)| !new.is_empty()).map(|(held, new)| row(held, "new", &new)));
        // Its user needs the same, and may have it already.
        let of_owner = making.owner.iter().map(|held| (held, news(&as_owner, held)));
        let of_owner =
            of_owner.filter(|(_, new)| !new.is_empty()).map(|(held, new)| row(held, "new for its user", &new));
        new.extend(of_owner);
    }
    let mut blocks = match new.is_empty() {
        true => vec![say(format!("{token} has all that {} needs; nothing is granted.", tool::title(w)))],
        false => vec![say(format!("This is granted on {}:", host::shown(w))), Block::Facts(new)],
    };
    blocks.push(say(format!("{token} then holds, with what it has already:")));
    blocks.push(Block::Facts(all));
    if making.extent == Extent::More {
        let more = format!("That is more than {} needs. Whoever has the file can do all of it.", tool::title(w));
        blocks.push(toned(Tone::Warning, more));
    }
    blocks
}

fn again(w: &Wizard) -> Choice {
    Choice {
        id: NEXT,
        label: "What now?".into(),
        options: vec![Answer {
            id: AGAIN,
            title: "Look again".into(),
            about: vec!["after something was changed on the host; or go back and change an answer".into()],
            risky: false,
        }],
        // Unattended nobody is there to look again.
        chosen: w.draft.choice(&NEXT).cloned().or((!w.setting.unattended).then_some(AGAIN)),
        error: None,
    }
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    if survey(w).is_some_and(|survey: &Survey| !survey.ended) {
        return Next::Wait(Vec::new());
    }
    if by == By::World {
        // The result is looked at before anybody goes on.
        return Next::Do(Vec::new());
    }
    if may(w) {
        return Next::Go;
    }
    if make::cannot(w, true).is_some() || lacking(w).is_some() {
        return make::go_instead(w);
    }
    w.draft.forget(&NEXT);
    Next::Wait(ask(w))
}
