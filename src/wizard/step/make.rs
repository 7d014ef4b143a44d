//! Make: whose the token will be, what it is called, what it may do, when it ends, and what becomes of one that is there.

mod waking;
pub mod wish;
mod words;

use crate::domain::finding::Finding;
use crate::domain::visible::visible;
use crate::domain::{Change, Id, Text, TokenSeen, UserId, change, time};
use crate::plan::make::{Making, NoMaking};
use crate::wizard::Wizard;
use crate::wizard::page::{Answer, Block, Choice, Field, Tone};
use crate::wizard::step::{
    By, Next, PageId, Parts, access, checkup, details, file, host, listed, lives, open_field, quiet, token, toned,
    tool, wrong,
};

use wish::{BESIDE, DATE, IN_PLACE, LEAST, MINE, NEVER, NO, OTHER_NAME, PASTE, QUARTER, SAME, SERVICE, YEAR, YES};
pub use wish::{
    EXISTING, EXPIRE, EXPIRE_DATE, KEEP, REMOVE_OLD, RIGHTS, WAKE, WHOSE, estate, existing, expire, id, keeps, making,
    paths, same_rights, signer, wakes,
};

/// What to do where whoever is signed in may not make it.
pub const INSTEAD: Id = Id::fixed("instead");
const BLOCK: Id = Id::fixed("block");
const LOGIN: Id = Id::fixed("login");

/// The plan, where there is one.
pub fn made_of(w: &Wizard) -> Option<Making> {
    making(w).and_then(Result::ok)
}

pub fn done(w: &Wizard) -> bool {
    w.run.is_some() || (made_of(w).is_some() && cannot(w, false).is_none())
}

/// What stands in the way, once the answers are there.
pub fn findings(w: &Wizard) -> Vec<Finding> {
    if !access::makes(w) || w.run.is_some() {
        return Vec::new();
    }
    match making(w) {
        // Of what is not yet told nothing is missing.
        Some(Err(_)) if !wish::has_looked(w) => Vec::new(),
        Some(Err(why)) => vec![words::no_making(&why)],
        Some(Ok(_)) => cannot(w, w.at() > PageId::Make).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Whoever is signed in may not make it, or not see what it would replace. Before the details are picked, grants are not judged: their paths are open.
pub fn cannot(w: &Wizard, grants_too: bool) -> Option<Finding> {
    let making = match making(w)? {
        Ok(making) => making,
        Err(why @ NoMaking::AclUnseen(_)) => return Some(words::no_making(&why)),
        Err(_) => return None,
    };
    let signer = signer(w)?;
    let mut refusals = wish::refusals(w, &making);
    if !grants_too {
        let is_grant =
            |at: usize| matches!(making.changes.get(at), Some(Change::Grant { .. } | Change::Ungrant { .. }));
        refusals.retain(|refusal| !is_grant(refusal.at));
    }
    (!refusals.is_empty()).then(|| words::cannot(&signer, &making, &refusals))
}

/// What can be done instead.
pub fn instead(w: &Wizard) -> Choice {
    let answer =
        |id: Id, title: &str, about: &str| Answer { id, title: title.into(), about: vec![about.into()], risky: false };
    let mut options = Vec::new();
    let makes = !keeps(w);
    if makes && !same_rights(w) {
        options.push(answer(
            SAME,
            "A token of my own, with all my rights",
            "Everybody may make that. Whoever has it can do what you can, and not less.",
        ));
    }
    if makes {
        options.push(answer(
            BLOCK,
            "Show one block for an administrator to run",
            "The same user, role, token and grants as commands for root's shell; then the secret is pasted here.",
        ));
    }
    options.push(answer(LOGIN, "Sign in as somebody else", "root@pam, or a user with the role Administrator on /."));
    let chosen = w.draft.choice(&INSTEAD).cloned();
    let error = if w.tried() && chosen.is_none() { wrong("Choose one.", None) } else { None };
    Choice { id: INSTEAD, label: "What now?".into(), options, chosen, error }
}

/// Does what was chosen instead.
pub fn go_instead(w: &mut Wizard) -> Next {
    let Some(choice) = w.draft.choice(&INSTEAD).cloned() else { return Next::Stay };
    w.draft.forget(&INSTEAD);
    if choice == SAME && !same_rights(w) {
        w.draft.choose(WHOSE, MINE);
        w.draft.choose(RIGHTS, SAME);
        return if w.at() == PageId::Make && done(w) { Next::Go } else { Next::To(PageId::Make) };
    }
    if choice == BLOCK {
        if let (true, Some(signer)) = (wish::mine(w), signer(w)) {
            w.draft.type_in(token::USER, Text::new(signer.to_string()));
        }
        if let Some(id) = made_of(w).and_then(|making| making.token).or_else(|| wish::id(w)) {
            w.draft.type_in(token::NAME, Text::new(id.name.as_str()));
        }
        w.draft.choose(access::ACCESS, access::HAND);
        return Next::To(PageId::Guide);
    }
    if choice == LOGIN { Next::To(if access::over_ssh(w) { PageId::Ssh } else { PageId::Login }) } else { Next::Stay }
}

pub fn page(w: &Wizard) -> Parts {
    if wish::wakes(w) {
        return waking::page(w);
    }
    let who = signer(w).map(|user| visible(&user.to_string())).unwrap_or_default();
    let mut blocks = if checkup::renews(w) { Vec::new() } else { names(w, &who) };
    if let Some(there) = existing(w) {
        blocks.extend(already(w, there));
    }
    if wish::mine(w) {
        blocks.push(Block::Choice(rights(w)));
    } else if details::rights(w).is_empty() {
        blocks.push(quiet("No tool was chosen, so nothing is granted: the token signs in, and may do nothing until it is granted something."));
    }
    if !wish::keeps_its_end(w) {
        blocks.extend(expiry(w));
    }
    let cannot = cannot(w, false);
    let focus = match () {
        // What was chosen cannot be had: what else is there comes into sight.
        () if cannot.is_some() && w.tried() => INSTEAD,
        () if existing(w).is_some() => EXISTING,
        () => EXPIRE,
    };
    let findings: Vec<Finding> = findings(w)
        .into_iter()
        // What to do about it is asked above.
        .filter(|finding| finding.field.as_ref() != Some(&EXISTING))
        .collect();
    if !findings.is_empty() {
        blocks.push(Block::Findings(findings));
    }
    if cannot.is_some() {
        blocks.push(Block::Choice(instead(w)));
    }
    Parts {
        title: if tool::token_only(w) { "What shall be made?".into() } else { format!("The token for {}.", tool::title(w)) },
        blocks,
        submit: "next",
        busy: w.waiting().then(|| format!("Looking around as {who}")),
        focus: Some(focus),
        help: vec![
            "A user of its own is the least harmful owner: it has no password, so nobody can log in as it, and it has no other rights than the token needs.".into(),
            "A token whose rights are kept apart from its user's has only what it is granted, and of that only what its user has too. So both are granted the same.".into(),
        ],
    }
}

/// Whose it is, and what it is called.
fn names(w: &Wizard, who: &str) -> Vec<Block> {
    let mut blocks = vec![Block::Choice(whose(w, who))];
    if !wish::mine(w) {
        let error = wish::owner(w).and_then(Result::err);
        blocks.push(open_field(w, token::USER, "User", wish::default_user(w), error));
    }
    blocks.push(open_field(w, token::NAME, "Token name", wish::default_name(w), wish::name(w).err()));
    blocks
}

fn whose(w: &Wizard, who: &str) -> Choice {
    let about = if signer(w).as_ref().is_some_and(UserId::is_root) {
        "Kept to what it is granted, or with all of root's rights: asked next.".to_owned()
    } else {
        "It ends when that account does.".to_owned()
    };
    let answer = |id: Id, title: String, about: String| Answer { id, title, about: vec![about], risky: false };
    Choice {
        id: WHOSE,
        label: "Whose token?".into(),
        options: vec![
            answer(
                SERVICE,
                format!("Of a user made for {}", tool::title(w)),
                "It has no password, so nobody can log in as it. Made if it is not there.".into(),
            ),
            answer(MINE, format!("Of {who}, who is signed in"), about),
        ],
        chosen: Some(w.draft.choice(&WHOSE).cloned().unwrap_or(SERVICE)),
        error: None,
    }
}

fn rights(w: &Wizard) -> Choice {
    let root = signer(w).as_ref().is_some_and(UserId::is_root);
    let same = if root {
        "Everything on this host and its cluster, root's rights among them: whoever gets the file gets the host."
    } else {
        "Everything that this user may do, now and later. It cannot be limited."
    };
    let least = if details::rights(w).is_empty() {
        "None, until it is granted something.".to_owned()
    } else {
        format!("What {} needs and no more; shown path by path before it is made.", tool::title(w))
    };
    Choice {
        id: RIGHTS,
        label: "With which rights?".into(),
        options: vec![
            Answer { id: LEAST, title: "The least that do the job".into(), about: vec![least], risky: false },
            Answer { id: SAME, title: "The same rights as the user".into(), about: vec![same.into()], risky: true },
        ],
        chosen: Some(w.draft.choice(&RIGHTS).cloned().unwrap_or(LEAST)),
        error: None,
    }
}

/// What is said and asked of a token that has the name already. Nothing is preselected.
fn already(w: &Wizard, there: &TokenSeen) -> Vec<Block> {
    let id = wish::id(w).map(|id| visible(&id.to_string())).unwrap_or_default();
    let ours = there.comment.as_deref().is_some_and(change::is_ours);
    let mut about = format!("There is a token {id} already");
    about.push_str(match ours {
        true => ", made by labwizard",
        false => ", which labwizard did not make",
    });
    if let Some(comment) = there.comment.as_deref().filter(|comment| !comment.is_empty()) {
        about.push_str(&format!(" (“{}”)", visible(comment)));
    }
    let used = used_in(w, there);
    let dies = match used.as_slice() {
        [] => "Its old secret is dead at that moment, wherever it is used; labwizard knows of no place. It cannot be taken back."
            .to_owned(),
        places => format!(
            "Its old secret is dead at that moment. labwizard wrote it to {}; other places are not known. It cannot be taken back.",
            listed(places)
        ),
    };
    let other = wish::free_name(w).map(|name| name.to_string()).unwrap_or_default();
    let answer = |id: Id, title: String, about: String, risky: bool| Answer { id, title, about: vec![about], risky };
    let chosen = w.draft.choice(&EXISTING).cloned();
    let mut options = vec![
        answer(
            OTHER_NAME,
            format!("Leave it, and make {other}"),
            "Or type another name above. Both work.".into(),
            false,
        ),
        answer(
            BESIDE,
            format!("Make {other} to take its place"),
            "Made, proved and written first, with the same rights. The old one works on until it is removed; that is asked below.".into(),
            false,
        ),
        answer(IN_PLACE, "Give it a new secret".into(), dies, true),
        answer(PASTE, "I have its secret".into(), "Paste it on the next page; nothing is made.".into(), false),
    ];
    // In a repair the rest is chosen where it begins.
    options.retain(|option| !checkup::renews(w) || [BESIDE, IN_PLACE].contains(&option.id));
    let mut blocks = vec![
        toned(Tone::Warning, format!("{about}.")),
        Block::Choice(Choice {
            id: EXISTING,
            label: "What shall become of it?".into(),
            options,
            error: if w.tried() && chosen.is_none() {
                wrong("Choose one; nothing is replaced without it.", None)
            } else {
                None
            },
            chosen: chosen.clone(),
        }),
    ];
    if chosen == Some(BESIDE) {
        blocks.push(Block::Choice(Choice {
            id: REMOVE_OLD,
            label: format!("Remove {id} at the end, once the new one is proved and written?"),
            options: vec![
                Answer { id: NO, title: "No, keep it".into(), about: vec!["It goes on working.".into()], risky: false },
                Answer {
                    id: YES,
                    title: "Yes".into(),
                    about: vec!["Wherever else it is used, it stops working. It cannot be taken back.".into()],
                    risky: true,
                },
            ],
            chosen: Some(w.draft.choice(&REMOVE_OLD).cloned().unwrap_or(NO)),
            error: None,
        }));
    }
    blocks
}

/// The files that hold the secret of the token that is there, as far as earlier runs tell.
fn used_in(w: &Wizard, there: &TokenSeen) -> Vec<String> {
    let (Some(id), Some(endpoint)) = (wish::id(w), host::endpoint(w)) else { return Vec::new() };
    let lives = lives::of(&w.setting.runs, &endpoint, &id, there.comment.as_deref());
    lives.files.iter().map(|path| file::shown(w, path)).collect()
}

fn expiry(w: &Wizard) -> Vec<Block> {
    const DAY: i64 = 86_400;
    let until = |days: i64| time::date(w.setting.now + days * DAY);
    let answer = |id: Id, title: String| Answer { id, title, about: Vec::new(), risky: false };
    let chosen = w.draft.choice(&EXPIRE).cloned();
    let mut blocks = vec![Block::Choice(Choice {
        id: EXPIRE,
        label: "When shall it end?".into(),
        options: vec![
            answer(QUARTER, format!("In 90 days, {}", until(90))),
            answer(YEAR, format!("In a year, {}", until(365))),
            Answer {
                id: NEVER,
                title: "Never".into(),
                about: vec!["It works until somebody removes it.".into()],
                risky: false,
            },
            answer(DATE, "On a day that I name".into()),
        ],
        error: if w.tried() && chosen.is_none() { wrong("Choose one; there is no default.", None) } else { None },
        chosen: chosen.clone(),
    })];
    if chosen == Some(DATE) {
        let typed = w.draft.text(&EXPIRE_DATE);
        let date = time::of_date(typed);
        let error = match date {
            _ if !w.tried() => None,
            None if typed.is_empty() => wrong("The day is missing.", "As in 2027-01-31.".to_owned()),
            None => {
                wrong(format!("“{}” is no day.", visible(typed)), "Year, month and day, as in 2027-01-31.".to_owned())
            }
            Some(date) if date <= w.setting.now => {
                wrong(format!("{} is over; the token would be refused at once.", visible(typed)), None)
            }
            Some(date) if date <= wish::after(w) => wrong(
                format!("{} is no later end than that of today, {}.", visible(typed), time::date(wish::after(w))),
                None,
            ),
            Some(_) => None,
        };
        blocks.push(Block::Field(Field {
            id: EXPIRE_DATE,
            label: "Day".into(),
            value: w.draft.raw(&EXPIRE_DATE),
            placeholder: "2027-01-31".into(),
            secret: false,
            multiline: false,
            note: date
                .filter(|date| *date > w.setting.now)
                .map(|date| format!("in {} days, at 00:00 UTC", time::days_between(w.setting.now, date))),
            error,
        }));
    }
    if chosen != Some(NEVER) {
        blocks.push(quiet("Proxmox reminds nobody; labwizard does when it is run. Note the day."));
    }
    blocks
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    if by == By::World {
        return Next::Do(Vec::new());
    }
    if signer(w).is_none() {
        return Next::To(if access::over_ssh(w) { PageId::Ssh } else { PageId::Login });
    }
    if existing(w).is_some() && w.draft.is(&EXISTING, &PASTE) {
        if let Some(id) = wish::id(w) {
            w.draft.type_in(token::USER, Text::new(id.user.to_string()));
            w.draft.type_in(token::NAME, Text::new(id.name.as_str()));
        }
        w.draft.choose(access::ACCESS, access::PASTE);
        return Next::To(PageId::Token);
    }
    if cannot(w, false).is_some() {
        return go_instead(w);
    }
    if done(w) { Next::Go } else { Next::Stay }
}
