//! Review: everything that will happen, before it does. Nothing but "do it" writes.

mod content;
mod drafting;
mod mending;
mod on_host;
mod progress;

use crate::diagnosis::codes;
use crate::domain::around::Git;
use crate::domain::finding::{Finding, Severity, Step};
use crate::domain::visible::{visible, whole};
use crate::domain::{Id, TokenId};
use crate::plan::Plan;
use crate::wizard::Wizard;
use crate::wizard::message::Effect;
use crate::wizard::page::Tone;
use crate::wizard::page::{Answer, Block, Choice, LinkState, PlanGroup, PlanLine};
use crate::wizard::step::{By, Next, PageId, Parts, checkup, file, quiet, say, toned, tool, verify, wrong};

use content::{file_diff, notes, traps};
pub use content::{placeholders, reads_back, without_value};
pub use drafting::Draw;
use drafting::{draw, keep_id, oddity_id};
pub use on_host::heading;
pub use progress::progress;

pub const REVIEW: Id = Id::fixed("review");
pub const IGNORE: Id = Id::fixed("ignore");
const DO: Id = Id::fixed("do");
const BACK: Id = Id::fixed("back");
const YES: Id = Id::fixed("yes");
const NO: Id = Id::fixed("no");

pub fn enter(w: &mut Wizard) -> Vec<Effect> {
    // A yes belongs to the plan that was on the screen. Unattended it was given in advance, to whatever the answers make.
    if !w.setting.unattended {
        w.draft.forget(&REVIEW);
        w.draft.forget_all(|id| id.as_str().starts_with("agree.") || id.as_str().starts_with("keep."));
    }
    match file::path(w) {
        // The file is looked at anew, so that what is agreed to is what is there now.
        Some(path) if !tool::token_only(w) => vec![w.ask_file(path)],
        _ => {
            prepare(w);
            Vec::new()
        }
    }
}

/// Makes the plan from what is known now.
pub fn prepare(w: &mut Wizard) {
    w.plan = Some(draw(w));
}

/// What Review has to say of the file and of what was proved.
pub fn findings(w: &Wizard) -> Vec<Finding> {
    let mut findings = Vec::new();
    if verify::untested(w) {
        let target = tool::title(w);
        let new = |title: &str, cause| Finding::new(codes::UNTESTED, Severity::Warning, Step::Review, title, cause);
        findings.push(match verify::failed(w) {
            Some(found) => new(
                "This is written although the test failed.",
                format!("{} {target} fails at it until it is mended.", whole(&found.title)),
            )
            .say(format!("Once it is written, {} mends it.", file::again(w))),
            None => {
                new("This is written untested.", format!("Whether {target} can work with it shows only when it runs."))
                    .say("Run labwizard again when the host answers.")
            }
        });
    }
    // In a repair the checkup has told what is wrong with the file, and tells it again at the end.
    if !tool::token_only(w) && !checkup::here(w) {
        findings.extend(traps(w));
    }
    if let Some((seen, around)) = file::seen(w).filter(|_| !tool::token_only(w) && checkup::in_file(w).is_none()) {
        let path = file::shown(w, &seen.path);
        match &around.git {
            Git::Tracked => findings.push(
                Finding::new(
                    codes::FILE_TRACKED,
                    Severity::Error,
                    Step::Target,
                    format!("Git tracks {path}."),
                    "A secret in it would go to everybody who has the repository.",
                )
                .say("Name another file, or take this one out of git first."),
            ),
            Git::WouldTrack if w.draft.is(&IGNORE, &NO) => findings.push(
                Finding::new(
                    codes::FILE_NOT_IGNORED,
                    Severity::Warning,
                    Step::Review,
                    format!("Git would take {path} in with the next git add."),
                    "The secret would be in the repository's history then, where it cannot be taken back.",
                )
                .say("Let labwizard add the line to .gitignore."),
            ),
            _ => {}
        }
    }
    findings
}

pub fn page(w: &Wizard) -> Parts {
    let mut blocks = Vec::new();
    match &w.plan {
        None => {}
        Some(Err(trouble)) => {
            blocks.push(toned(Tone::Bad, trouble.what.clone()));
            blocks.extend(trouble.hint.clone().map(quiet));
        }
        Some(Ok(draw)) => blocks.extend(drawn(w, draw)),
    }
    let running = w.run.as_ref().is_some_and(crate::plan::run::Run::in_flight);
    if running {
        blocks = vec![Block::Plan(progress(w))];
    }
    Parts {
        title: match &w.plan {
            _ if running => "Doing it.".into(),
            Some(Ok(draw)) if draw.plan.actions.is_empty() && draw.duplicate.is_none() => "There is nothing to write.".into(),
            Some(Ok(draw)) if draw.making.is_some() => "Nothing has been made or written yet. This will happen:".into(),
            _ => "Nothing has been written yet. This will happen:".into(),
        },
        blocks,
        submit: "go on",
        busy: if running {
            Some("Writing; this is not stopped in the middle".into())
        } else {
            w.waiting().then(|| "Reading the file".into())
        },
        focus: Some(REVIEW),
        help: vec![
            "What is listed here is all that happens. Values of secrets are never shown; other lines of the file stay byte for byte.".into(),
            "labwizard undo takes it back.".into(),
        ],
    }
}

fn drawn(w: &Wizard, draw: &Draw) -> Vec<Block> {
    let mut blocks = Vec::new();
    if draw.plan.actions.is_empty() && draw.duplicate.is_none() {
        blocks.push(say(if tool::token_only(w) { "No file was asked for." } else { "Every value is there already." }));
    }
    blocks.push(Block::Plan(groups(&draw.plan)));
    blocks.extend(draw.making.as_ref().map(on_host::remarks).unwrap_or_default());
    blocks.extend(draw.making.as_ref().and_then(on_host::by_hand).map(Block::Command));
    let stays = super::make::keeps(w) && draw.prepared.as_ref().is_some_and(|prepared| prepared.changed == 0);
    if let Some(prepared) = draw.prepared.as_ref().filter(|_| !stays) {
        blocks.push(Block::Diff(file_diff(w, prepared)));
        blocks.extend(notes(w, prepared));
    }
    for (key, line) in &draw.kept {
        let key = visible(key);
        blocks.push(quiet(format!(
            "{key} stood more than once: line {line} stays, the one that programs read; the others go."
        )));
    }
    if let Some((key, lines)) = &draw.duplicate {
        blocks.push(Block::Choice(which_line(w, key, lines)));
    }
    let findings = findings(w);
    if !findings.is_empty() {
        blocks.push(Block::Findings(findings));
    }
    blocks.extend(questions(w));
    blocks.push(Block::Choice(Choice {
        id: REVIEW,
        label: String::new(),
        options: vec![
            Answer {
                id: DO,
                title: if draw.plan.actions.is_empty() { "Finish".into() } else { "Do it".into() },
                about: Vec::new(),
                risky: verify::untested(w),
            },
            Answer { id: BACK, title: "Go back".into(), about: Vec::new(), risky: false },
        ],
        // Unattended, the answers must say it; a person sees the line that they are about to press.
        chosen: w.draft.choice(&REVIEW).cloned().or((!w.setting.unattended).then_some(DO)),
        error: None,
    }));
    blocks
}

fn which_line(w: &Wizard, key: &str, lines: &[usize]) -> Choice {
    Choice {
        id: keep_id(key),
        label: format!(
            "{} stands more than once, and programs differ in which they read. Which line stays?",
            visible(key)
        ),
        options: lines
            .iter()
            .map(|line| Answer {
                id: Id::new(line.to_string()),
                title: format!("line {line}"),
                about: Vec::new(),
                risky: false,
            })
            .collect(),
        chosen: w.draft.choice(&keep_id(key)).cloned(),
        error: if w.tried() {
            wrong("Choose the line; the others are deleted, and kept for undo.", None)
        } else {
            None
        },
    }
}

/// The yes-or-no questions about the file.
fn questions(w: &Wizard) -> Vec<Block> {
    let Some((seen, around)) = file::seen(w).filter(|_| !tool::token_only(w)) else { return Vec::new() };
    let yes_no = |id: Id, label: String, yes: &str, no: &str, chosen: Option<Id>, risky: bool, missing: bool| {
        Block::Choice(Choice {
            id,
            label,
            options: vec![
                Answer { id: YES, title: yes.into(), about: Vec::new(), risky },
                Answer { id: NO, title: no.into(), about: Vec::new(), risky: false },
            ],
            chosen,
            error: if missing { wrong("This needs an answer of its own.", None) } else { None },
        })
    };
    let mut blocks = Vec::new();
    if around.git == Git::WouldTrack && checkup::in_file(w).is_none() {
        let chosen = w.draft.choice(&IGNORE).cloned().unwrap_or(YES);
        blocks.push(yes_no(
            IGNORE,
            "Keep the file out of git?".into(),
            "Yes, add it to .gitignore",
            "No",
            Some(chosen),
            false,
            false,
        ));
    }
    for (index, oddity) in seen.oddities.iter().enumerate() {
        let id = oddity_id(index);
        let chosen = w.draft.choice(&id).cloned();
        let missing = w.tried() && chosen.is_none();
        blocks.push(yes_no(id, format!("Write it though {}?", oddity.words()), "Yes", "No", chosen, true, missing));
    }
    blocks
}

/// The actions of a plan under their headings, before any was done.
pub fn groups(plan: &Plan) -> Vec<PlanGroup> {
    let mut groups: Vec<PlanGroup> = Vec::new();
    for planned in &plan.actions {
        let line = PlanLine { sentence: planned.sentence.clone(), state: LinkState::Waiting, outcome: None };
        match groups.last_mut().filter(|group| group.heading == planned.heading) {
            Some(group) => group.actions.push(line),
            None => groups.push(PlanGroup { heading: planned.heading.clone(), actions: vec![line] }),
        }
    }
    groups
}

/// The token that the agreed or drawn plan makes.
pub fn planned_token(w: &Wizard) -> Option<TokenId> {
    match &w.plan {
        Some(Ok(draw)) => draw.making.as_ref()?.token.clone(),
        _ => None,
    }
}

/// Everything that must be agreed to by itself has a yes.
fn agreed(w: &Wizard) -> bool {
    let Some((seen, _)) = file::seen(w).filter(|_| !tool::token_only(w)) else { return true };
    (0..seen.oddities.len()).all(|index| w.draft.is(&oddity_id(index), &YES))
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    if by == By::World || w.run.is_some() {
        return Next::Do(Vec::new());
    }
    if w.setting.unattended && !w.draft.is(&REVIEW, &DO) {
        return Next::Stay;
    }
    if w.draft.is(&REVIEW, &BACK) {
        let before = super::pages(w).into_iter().rfind(|page| *page < PageId::Review && !super::skips(w, *page));
        return before.map_or(Next::Stay, Next::To);
    }
    // The answers on this page change the plan; what is agreed to is what they make of it.
    prepare(w);
    let blocked = findings(w).iter().any(|finding| finding.severity == Severity::Error) || !agreed(w);
    match &w.plan {
        Some(Ok(draw)) if draw.duplicate.is_none() && !blocked => {
            let plan = draw.plan.clone();
            if plan.actions.is_empty() {
                return Next::To(PageId::Done);
            }
            let effects = w.start_run(&plan);
            Next::Do(effects)
        }
        _ => Next::Stay,
    }
}
