//! After the repair: the same checks again, and what was wrong before beside what is wrong now.

use crate::domain::finding::{Finding, Severity};
use crate::domain::shell;
use crate::domain::visible::whole;
use crate::wizard::Wizard;
use crate::wizard::message::Effect;
use crate::wizard::page::{Block, Command, LinkState, PlanGroup, PlanLine, Tone};
use crate::wizard::step::toned;

use super::{Told, ask, told};

/// Asks for the checks, once the run is over.
pub fn begin(w: &mut Wizard) -> Vec<Effect> {
    if super::here(w) { ask::begin_after(w) } else { Vec::new() }
}

/// What is still to be asked.
pub fn go_on(w: &mut Wizard) -> Vec<Effect> {
    ask::go_on(w, true)
}

/// The checks are under way.
pub fn is_awaited(w: &Wizard) -> bool {
    w.evidence.after.as_ref().is_some_and(|after| after.is_awaited() || !after.asked)
}

/// What came of them.
fn now(w: &Wizard) -> Option<Told> {
    let after = w.evidence.after.as_ref().filter(|after| after.asked && !after.is_awaited())?;
    told::after(w, after)
}

/// Something that keeps the tool from working is still there.
pub fn is_wrong(w: &Wizard) -> bool {
    now(w).is_some_and(|now| now.worst() == Some(Severity::Error))
}

/// All that was wrong is still so.
fn is_in_vain(w: &Wizard) -> bool {
    w.repair.as_ref().zip(now(w)).is_some_and(|(repair, now)| all_left(&repair.before, &now.all()))
}

/// There was something worth a mend, and none of it is gone.
fn all_left(before: &[Finding], after: &[Finding]) -> bool {
    let worth = |finding: &&Finding| finding.severity >= Severity::Warning;
    let is_left = |finding: &Finding| still(finding, before, after).is_some_and(|left| worth(&left));
    before.iter().any(|finding| worth(&finding)) && before.iter().filter(worth).all(is_left)
}

/// What was wrong and is not any more, what still is, and what is new.
pub fn blocks(w: &Wizard) -> Vec<Block> {
    let (Some(repair), Some(now)) = (&w.repair, now(w)) else { return Vec::new() };
    let after = now.all();
    let worth = |finding: &&Finding| finding.severity >= Severity::Warning;
    let line = |finding: &Finding, state: LinkState, outcome: &str| PlanLine {
        sentence: whole(&finding.title),
        state,
        outcome: Some(outcome.to_owned()),
    };
    let bad = |finding: &Finding| match finding.severity {
        Severity::Error => LinkState::Broken,
        _ => LinkState::Warning,
    };
    let mut actions: Vec<PlanLine> = Vec::new();
    let mut known: Vec<&Finding> = Vec::new();
    for finding in repair.before.iter().filter(worth) {
        actions.push(match still(finding, &repair.before, &after) {
            Some(left) if left.severity == Severity::Info => line(left, LinkState::Warning, "still so"),
            Some(left) => line(left, bad(left), "still there"),
            None => line(finding, LinkState::Good, "gone"),
        });
        known.extend(still(finding, &repair.before, &after));
    }
    let new: Vec<&Finding> = after.iter().filter(worth).filter(|one| !known.contains(one)).collect();
    actions.extend(new.iter().map(|finding| line(finding, bad(finding), "new")));
    let mut blocks = Vec::new();
    if !actions.is_empty() {
        blocks.push(Block::Plan(vec![PlanGroup { heading: "Before, and checked again now".into(), actions }]));
    }
    if !after.iter().any(|finding| finding.severity >= Severity::Warning) {
        blocks.push(toned(
            Tone::Good,
            format!("Checked again: nothing is wrong any more. {} can work with it.", now.title),
        ));
    }
    if now.worst() == Some(Severity::Error) || is_in_vain(w) {
        blocks.extend(again(w).map(|text| Block::Command(Command { about: "What is left is mended by".into(), text })));
    }
    // What is new is told whole: nobody has read it yet.
    let new: Vec<Finding> = new.into_iter().cloned().collect();
    if !new.is_empty() {
        blocks.push(Block::Findings(new));
    }
    blocks
}

/// What is left of a finding: itself, or one that says the same of the same question in other words, since there is less of it.
fn still<'f>(finding: &Finding, before: &[Finding], after: &'f [Finding]) -> Option<&'f Finding> {
    let same = |a: &Finding, b: &Finding| a.code == b.code && a.field == b.field;
    let itself = |one: &Finding| same(one, finding) && one.title == finding.title;
    let other = |one: &&Finding| same(one, finding) && !before.iter().any(|b| same(b, one) && b.title == one.title);
    after.iter().find(|one| itself(one)).or_else(|| after.iter().find(other))
}

/// The command that goes on with what is left.
fn again(w: &Wizard) -> Option<String> {
    let path = w.setting.mend.as_ref()?.to_str()?;
    Some(format!("labwizard {}", shell::quote(path).ok()?))
}

/// The last page's first line.
pub fn title(w: &Wizard, failed: bool) -> String {
    let tool = super::super::tool::title(w);
    let run_failed = w.run.as_ref().is_some_and(crate::plan::run::Run::failed);
    match (run_failed, failed) {
        (true, _) => "It was not finished.".into(),
        (false, true) if is_wrong(w) => format!("It was done, and {tool} still cannot work."),
        (false, true) => "It was not finished.".into(),
        (false, false) if is_in_vain(w) => "It was done, and what was wrong is still so.".into(),
        (false, false) => format!("{tool} is mended."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::codes;
    use crate::domain::finding::Step;

    #[test]
    fn nothing_is_mended_while_all_that_was_wrong_is_there() {
        let tracked = || Finding::new(codes::FILE_TRACKED, Severity::Warning, Step::Review, "Git tracks it.", "");
        let open = || Finding::new(codes::FILE_OPEN, Severity::Warning, Step::Review, "Others may read it.", "");
        let told = || Finding::new(codes::FILE_OPEN, Severity::Info, Step::Review, "Others may read it.", "");
        assert!(all_left(&[tracked(), open()], &[tracked(), open()]));
        assert!(!all_left(&[tracked(), open()], &[tracked()]), "one is gone");
        assert!(!all_left(&[open()], &[told()]), "what is only told keeps nothing from working");
        assert!(!all_left(&[], &[tracked()]), "it is new");
        assert!(!all_left(&[told()], &[told()]));
    }
}
