//! What a page tells in lines, before anything of it is asked.

use crate::domain::Id;
use crate::front::words;
use crate::wizard::page::{Block, FieldError, LinkState, Page, Tone};

pub(super) fn headline(page: &Page) -> String {
    match page.road.iter().position(|(step, _)| *step == page.step) {
        Some(place) => format!("{}, {} of {}: {}", page.step.word(), place + 1, page.road.len(), page.title),
        None => page.title.clone(),
    }
}

/// What a block tells, in parts that are printed once each: a road's links and a plan's actions one by one as they complete.
pub(super) fn told(block: &Block) -> Vec<String> {
    match block {
        Block::Field(field) => field.note.iter().map(|note| format!("{}: {note}", field.label)).collect(),
        Block::Choice(_) | Block::Pick(_) => Vec::new(),
        Block::Road(links) => {
            let done = |state: &LinkState| !matches!(state, LinkState::Waiting | LinkState::Running);
            links.iter().filter(|link| done(&link.state)).map(words::link).collect()
        }
        Block::Plan(groups) => {
            let mut number = 0;
            let mut parts = Vec::new();
            for group in groups {
                parts.push(group.heading.clone());
                for action in &group.actions {
                    number += 1;
                    parts.push(words::planned(number, action));
                }
            }
            parts
        }
        Block::Findings(findings) => findings.iter().map(|finding| words::finding(finding).join("\n")).collect(),
        other => vec![words::block(other).join("\n")],
    }
}

/// A line that the text and the commands below it belong to.
pub(super) fn is_head(block: &Block) -> bool {
    matches!(block, Block::Text(paragraph) if paragraph.tone == Tone::Quiet && paragraph.text.ends_with(':'))
}

/// A part as it stands below such a line.
pub(super) fn set_in(part: &str) -> String {
    part.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

pub(super) fn errors(page: &Page) -> impl Iterator<Item = (&Id, &FieldError)> {
    page.blocks.iter().filter_map(|block| match block {
        Block::Field(field) => field.error.as_ref().map(|error| (&field.id, error)),
        Block::Choice(choice) => choice.error.as_ref().map(|error| (&choice.id, error)),
        Block::Pick(pick) => pick.error.as_ref().map(|error| (&pick.id, error)),
        _ => None,
    })
}
