//! Target, third page: what the tool shall do, which decides on the rights that it needs.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnosis::agreed;
use crate::domain::visible::visible;
use crate::domain::{Id, Trouble};
use crate::target::questions::{self, GroupQuestion};
use crate::wizard::Wizard;
use crate::wizard::page::{Answer, Block, Choice};
use crate::wizard::step::{Next, Parts, checkup, listed, memory, quiet, tool, wrong};

/// Power over the host, for a target of the person's own.
pub const DANGEROUS: Id = Id::fixed("dangerous");
const YES: Id = Id::fixed("yes");
const NO: Id = Id::fixed("no");

pub fn id(name: &str) -> Id {
    agreed::field(name)
}

/// The question is one of this page.
pub fn asks_it(w: &Wizard, field: &Id) -> bool {
    groups(w).iter().any(|group| id(group.name) == *field)
}

/// The yes-or-no questions of the target.
pub fn groups(w: &Wizard) -> Vec<GroupQuestion<'_>> {
    tool::spec(w).map(questions::groups).unwrap_or_default()
}

/// Answers a group, as a person would.
pub fn answer(w: &mut Wizard, group: &str, yes: bool) {
    w.draft.choose(id(group), if yes { YES } else { NO });
}

/// Leaves all groups unanswered, and what they ask for without a yes.
pub fn forget(w: &mut Wizard) {
    w.draft.forget_all(|id| id.as_str().starts_with("group.") || *id == DANGEROUS);
}

/// The groups that were answered, and whether with yes.
pub fn answered(w: &Wizard) -> BTreeMap<String, bool> {
    let said = |group: GroupQuestion<'_>| {
        let choice = w.draft.choice(&id(group.name))?;
        Some((group.name.to_owned(), *choice == YES))
    };
    groups(w).into_iter().filter_map(said).collect()
}

/// What is chosen while a person has not answered: as it was answered for this file before, else no.
fn preset(w: &Wizard, group: &str) -> Id {
    let before = memory::of_file(w).and_then(|record| record.groups.get(group));
    if before == Some(&true) { YES } else { NO }
}

/// The groups that were answered with yes.
pub fn chosen(w: &Wizard) -> BTreeSet<String> {
    groups(w).into_iter().filter(|group| w.draft.is(&id(group.name), &YES)).map(|group| group.name.to_owned()).collect()
}

/// What a target of the person's own asks for that gives power over the host itself. A built-in one asks for such rights only
/// behind a question of its own.
fn powers(w: &Wizard) -> Vec<String> {
    let Some(target) = tool::target(w).filter(|target| target.yours) else { return Vec::new() };
    let chosen = chosen(w);
    let asked = |group: Option<&str>| group.is_none_or(|group| chosen.contains(group));
    let rights = target.spec.dangerous().filter(|(right, _)| asked(right.group.as_deref()));
    rights.map(|(right, what)| format!("{} on {}", visible(&what.join(", ")), visible(right.on.as_str()))).collect()
}

/// Whether there is anything to ask.
pub fn asks(w: &Wizard) -> bool {
    !groups(w).is_empty() || !powers(w).is_empty()
}

/// A target of the person's own asks for power over the host, by what is answered.
pub fn asks_for_power(w: &Wizard) -> bool {
    !powers(w).is_empty()
}

/// Power over the host has its own yes, or was not asked for.
pub fn agreed(w: &Wizard) -> bool {
    powers(w).is_empty() || w.draft.is(&DANGEROUS, &YES)
}

/// Why nothing is made or granted.
pub fn needs_a_yes() -> Trouble {
    Trouble::new(
        "This target of yours asks for power over the host itself, and nobody has said yes to it.",
        Some("Go back to what it shall do.".to_owned()),
    )
}

/// Every question has a default, so the page is done once it was seen.
pub fn done(w: &Wizard) -> bool {
    groups(w).iter().all(|group| w.draft.choice(&id(group.name)).is_some()) && agreed(w)
}

pub fn page(w: &Wizard) -> Parts {
    let mut blocks: Vec<Block> = groups(w)
        .into_iter()
        .map(|group| {
            let more = if group.dangerous { "These rights reach beyond machines, to the host itself." } else { "" };
            Block::Choice(Choice {
                id: id(group.name),
                label: group.ask.to_owned(),
                options: vec![
                    Answer { id: NO, title: "No".into(), about: Vec::new(), risky: false },
                    Answer {
                        id: YES,
                        title: "Yes".into(),
                        about: if more.is_empty() { Vec::new() } else { vec![more.into()] },
                        risky: group.dangerous,
                    },
                ],
                chosen: Some(w.draft.choice(&id(group.name)).cloned().unwrap_or_else(|| preset(w, group.name))),
                error: None,
            })
        })
        .collect();
    let powers = powers(w);
    if !powers.is_empty() {
        blocks.push(Block::Choice(Choice {
            id: DANGEROUS,
            label: format!(
                "This target of yours asks for power over the host itself: {}. Go on with it?",
                listed(&powers)
            ),
            options: vec![
                Answer { id: NO, title: "No".into(), about: Vec::new(), risky: false },
                Answer {
                    id: YES,
                    title: "Yes, I know why it needs this".into(),
                    about: vec!["Whoever has the token can change the host with it.".into()],
                    risky: true,
                },
            ],
            chosen: w.draft.choice(&DANGEROUS).cloned(),
            error: if w.tried() && !agreed(w) {
                wrong(
                    "This needs a yes of its own.",
                    "Go back and choose another target, or change its file.".to_owned(),
                )
            } else {
                None
            },
        }));
    }
    blocks.push(quiet("Each yes asks for a few more rights; only what is asked for here is tested, and granted if you make the token now."));
    Parts {
        title: format!("What shall {} do?", tool::title(w)),
        blocks,
        submit: "next",
        focus: groups(w).into_iter().map(|group| id(group.name)).find(|id| checkup::anew(w, id)),
        help: vec!["The rights that a tool needs depend on what you use of it. Answer no where you are not sure; labwizard can be run again.".into()],
        ..Parts::default()
    }
}

pub fn submit(w: &mut Wizard) -> Next {
    let open: Vec<(Id, Id)> = groups(w)
        .iter()
        .map(|group| (id(group.name), preset(w, group.name)))
        .filter(|(id, _)| w.draft.choice(id).is_none())
        .collect();
    for (id, preset) in open {
        w.draft.choose(id, preset);
    }
    if agreed(w) { Next::Go } else { Next::Stay }
}
