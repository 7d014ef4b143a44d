//! Review: everything that will happen, before it does. Nothing but "do it" writes.

use std::path::PathBuf;

use crate::diagnosis::{self, codes};
use crate::domain::around::Git;
use crate::domain::finding::{Finding, Severity, Step};
use crate::domain::visible::visible;
use crate::domain::{Credential, FileSeen, HostRecord, Id, Trouble, Trust};
use crate::format::{Document, EditError, Found, Side};
use crate::plan::action::{Action, Unfit};
use crate::plan::edit::{NoEdit, Order, Prepared, prepare as prepare_edit};
use crate::plan::{Plan, Planned};
use crate::target::spec::VerifyWord;
use crate::target::traps::Around;
use crate::target::{Access, Facts, Verify};
use crate::wizard::Wizard;
use crate::wizard::message::Effect;
use crate::wizard::page::{Answer, Block, Choice, DiffSide, FileDiff, LinkState, PlanGroup, PlanLine, Tone};
use crate::wizard::step::{
    By, Next, PageId, Parts, count, details, file, host, instance, listed, quiet, say, token, toned, tool, trust,
    verify, wrong,
};

pub const REVIEW: Id = Id::fixed("review");
pub const IGNORE: Id = Id::fixed("ignore");
const DO: Id = Id::fixed("do");
const BACK: Id = Id::fixed("back");
const YES: Id = Id::fixed("yes");
const NO: Id = Id::fixed("no");

/// What Review shows and what is agreed to by it.
#[derive(Debug)]
pub struct Draw {
    pub prepared: Option<Prepared>,
    pub plan: Plan,
    /// The file's keys that stand more than once, with their lines.
    pub duplicate: Option<(String, Vec<usize>)>,
}

/// The question which line of a doubled key is kept.
fn keep_id(key: &str) -> Id {
    Id::new(format!("keep.{key}"))
}

/// The question whether an oddity of the file is agreed to.
fn oddity_id(index: usize) -> Id {
    Id::new(format!("agree.{index}"))
}

/// What is known, for the target's values.
pub fn facts(w: &Wizard) -> Facts {
    let access = token::credential(w).map(|credential| match credential {
        Credential::Token { id, secret } => Access::Token { id, secret: Some(secret) },
        Credential::Password { user, password } => Access::Password { user, password: Some(password) },
    });
    let verify = match details::verify(w) {
        VerifyWord::Off => Verify::Off,
        VerifyWord::System => Verify::System,
        VerifyWord::Ca => ca_path(w).map_or(Verify::Off, |path| Verify::Ca { path }),
        VerifyWord::Pin => trust::agreed(w).map_or(Verify::Off, |agreed| Verify::Pin(agreed.seen.fingerprint)),
    };
    Facts {
        endpoint: host::endpoint(w),
        access,
        verify,
        cluster: None,
        picks: details::picks(w),
        instance: instance::number(w),
        unifi: None,
    }
}

/// Where the cluster's CA is written: beside the config, named by its own hash, so that another CA never takes its place.
fn ca_path(w: &Wizard) -> Option<PathBuf> {
    let ca = details::cluster_ca(w)?;
    let (seen, _) = file::seen(w)?;
    let hex = ca.certificate.fingerprint.to_string().replace(':', "").to_lowercase();
    Some(seen.path.parent()?.join(format!("pve-ca-{}.pem", &hex[..8])))
}

fn wants_ca(w: &Wizard) -> bool {
    !tool::token_only(w) && details::verify(w) == VerifyWord::Ca && ca_path(w).is_some()
}

pub fn enter(w: &mut Wizard) -> Vec<Effect> {
    // A yes belongs to the plan that was on the screen. Unattended it was given in advance, to whatever the answers make.
    if !w.setting.unattended {
        w.draft.forget(&REVIEW);
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

fn draw(w: &Wizard) -> Result<Draw, Trouble> {
    let mut plan = Plan::default();
    let mut prepared = None;
    let mut duplicate = None;
    if !tool::token_only(w) {
        match edit(w)? {
            Ok(edit) => prepared = Some(edit),
            Err(doubled) => duplicate = Some(doubled),
        }
    }
    if let Some(prepared) = &prepared {
        let (seen, around) = file::seen(w).ok_or_else(not_read)?;
        let heading = "On this machine".to_owned();
        let path = file::shown(w, &seen.path);
        if around.git == Git::WouldTrack && !w.draft.is(&IGNORE, &NO) {
            plan.actions.push(Planned {
                action: Action::Ignore(seen.path.clone()),
                heading: heading.clone(),
                sentence: "add a line to the .gitignore beside the file, so that git leaves it alone".into(),
            });
        }
        if wants_ca(w)
            && let (Some(path), Some(ca)) = (ca_path(w), details::cluster_ca(w))
        {
            let roots = tool::spec(w).is_some_and(|spec| spec.ca_needs_roots());
            plan.actions.push(Planned {
                action: Action::WriteCa { path: path.clone(), pem: ca.pem.clone(), roots },
                heading: heading.clone(),
                sentence: format!(
                    "write the cluster's CA{} to {}",
                    if roots { " and the system's CAs" } else { ", which is public," },
                    file::shown(w, &path)
                ),
            });
        }
        let open = seen.there.as_ref().is_some_and(|there| there.mode & 0o077 != 0);
        if prepared.changed > 0 || open || seen.there.is_none() {
            plan.actions.push(Planned {
                action: Action::Edit(Box::new(prepared.edit.clone())),
                heading,
                sentence: match &seen.there {
                    Some(_) if prepared.changed == 0 => format!("close {path} to others; every value is there already"),
                    Some(_) => format!("set {} in {path}", count(prepared.changed, "value", "values")),
                    None => format!("make {path} with {}", count(prepared.changed, "value", "values")),
                },
            });
        }
    }
    if let Some(record) = record(w) {
        let pem = details::cluster_ca(w).map(|ca| ca.pem.clone());
        plan.actions.push(Planned {
            heading: "On this machine".into(),
            sentence: format!("remember how {} was trusted, for later runs", visible(&record.endpoint.to_string())),
            action: Action::Remember(Box::new(record), pem),
        });
    }
    Ok(Draw { prepared, plan, duplicate })
}

fn not_read() -> Trouble {
    Trouble { what: "The file could not be read.".into(), hint: Some("Go back to the file.".into()) }
}

/// The edit, or the key that stands more than once and its lines.
fn edit(w: &Wizard) -> Result<Result<Prepared, (String, Vec<usize>)>, Trouble> {
    let (Some(spec), Some(form), Some(dialect), Some((seen, around))) =
        (tool::spec(w), file::form(w), file::dialect(w), file::seen(w))
    else {
        return Err(match w.evidence.file.as_ref().and_then(|file| file.answer.as_ref()) {
            Some(Err(trouble)) => trouble.clone(),
            _ => not_read(),
        });
    };
    let declared = super::nearby::declared(form, around);
    let facts = facts(w);
    let agreed = seen
        .oddities
        .iter()
        .enumerate()
        .filter(|(index, _)| w.draft.is(&oddity_id(*index), &YES))
        .map(|(_, oddity)| oddity.clone())
        .collect();
    let order = Order {
        spec,
        form,
        dialect,
        facts: &facts,
        seen,
        example: file::example(w).map(|(_, text)| text),
        declared: declared.as_deref(),
        agreed,
        keep: &|key| w.draft.choice(&keep_id(key)).and_then(|line| line.as_str().parse().ok()),
    };
    match prepare_edit(&order) {
        Ok(prepared) => Ok(Ok(prepared)),
        Err(NoEdit::Unfit(Unfit::Edit(EditError::Duplicate { key, lines }))) => Ok(Err((key, lines))),
        Err(error) => {
            Err(Trouble { what: error.to_string(), hint: Some("Go back and change the answer it names.".into()) })
        }
    }
}

/// What will be remembered of the host. The demo remembers in its own state, which ends with it.
fn record(w: &Wizard) -> Option<HostRecord> {
    let agreed = trust::agreed(w)?;
    let ca = details::cluster_ca(w);
    let trust = match (&agreed.trust, ca) {
        // The CA survives renewals of the certificate; whoever agreed to the leaf agreed to what its cluster signs.
        (Trust::Pin(_), Some(ca)) => Trust::Ca(ca.certificate.der.clone()),
        (other, _) => other.clone(),
    };
    let record = HostRecord {
        endpoint: agreed.endpoint.clone(),
        trust,
        leaf: agreed.seen.fingerprint,
        cluster: None,
        nodes: details::node_names(w),
        when: w.setting.now,
    };
    let known = w
        .setting
        .hosts
        .iter()
        .any(|old| old.endpoint == record.endpoint && old.trust == record.trust && old.leaf == record.leaf);
    (!known).then_some(record)
}

/// What Review has to say of the file and of what was proved.
pub fn findings(w: &Wizard) -> Vec<Finding> {
    let mut findings = Vec::new();
    if verify::untested(w) {
        findings.push(
            Finding::new(
                codes::UNTESTED,
                Severity::Warning,
                Step::Review,
                "This is written untested.",
                format!("Whether {} can work with it shows only when it runs.", tool::title(w)),
            )
            .say("Run labwizard again when the host answers."),
        );
    }
    if !tool::token_only(w) {
        findings.extend(traps(w));
    }
    if let Some((seen, around)) = file::seen(w).filter(|_| !tool::token_only(w)) {
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
        title: if running { "Doing it.".into() } else { "Nothing has been written yet. This will happen:".into() },
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
        blocks.push(say("Every value is there already: nothing is written."));
    }
    blocks.push(Block::Plan(groups(&draw.plan)));
    if let Some(prepared) = &draw.prepared {
        blocks.push(Block::Diff(file_diff(w, prepared)));
        blocks.extend(notes(w, prepared));
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
    if around.git == Git::WouldTrack {
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

fn groups(plan: &Plan) -> Vec<PlanGroup> {
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

/// What was done and is under way.
pub fn progress(w: &Wizard) -> Vec<PlanGroup> {
    use crate::plan::action::Outcome;
    let mut groups: Vec<PlanGroup> = Vec::new();
    let mut current = true;
    for step in w.run.iter().flat_map(|run| &run.steps) {
        let (state, outcome) = match &step.outcome {
            Some(Outcome::Done { notes }) => (LinkState::Good, notes.first().cloned()),
            Some(Outcome::NotDone(trouble)) => (LinkState::Broken, Some(trouble.what.clone())),
            Some(Outcome::Unsafe(trouble)) => (LinkState::Warning, Some(trouble.what.clone())),
            None if current => {
                current = false;
                (LinkState::Running, None)
            }
            None => (LinkState::Waiting, None),
        };
        if matches!(step.outcome, Some(Outcome::NotDone(_))) {
            current = false;
        }
        let line = PlanLine { sentence: step.planned.sentence.clone(), state, outcome };
        match groups.last_mut().filter(|group| group.heading == step.planned.heading) {
            Some(group) => group.actions.push(line),
            None => groups.push(PlanGroup { heading: step.planned.heading.clone(), actions: vec![line] }),
        }
    }
    groups
}

fn file_diff(w: &Wizard, prepared: &Prepared) -> FileDiff {
    let seen: &FileSeen = &prepared.edit.seen;
    let mut notes = Vec::new();
    match &seen.there {
        Some(there) => {
            let after = there.mode & 0o600;
            if there.mode & 0o777 != after {
                notes.push(format!("mode {:04o} → {after:04o}", there.mode & 0o777));
            } else {
                notes.push(format!("mode {after:04o}"));
            }
            notes.push("the old file is kept for undo".into());
        }
        None => notes.push("mode 0600".into()),
    }
    if let Some((_, around)) = file::seen(w) {
        notes.push(match &around.git {
            Git::NoRepository => "in no git repository".into(),
            Git::Ignored => "git ignores it".into(),
            Git::Tracked => "git tracks it".into(),
            Git::WouldTrack => "git would take it in".into(),
            Git::Unknown(why) => format!("git was not asked: {}", visible(why)),
        });
    }
    let about = match (&seen.there, file::example(w)) {
        (Some(_), _) => format!("new values; {} stay as they are", count(prepared.kept, "other line", "other lines")),
        (None, Some((name, _))) => format!("a new file, from {}", visible(&name)),
        (None, None) => "a new file".into(),
    };
    FileDiff {
        path: file::shown(w, &seen.path),
        about,
        lines: prepared
            .lines
            .iter()
            .map(|(side, line)| (if *side == Side::Added { DiffSide::Added } else { DiffSide::Removed }, line.clone()))
            .collect(),
        notes,
    }
}

/// What is left out, still a placeholder, or cannot be filled.
fn notes(w: &Wizard, prepared: &Prepared) -> Vec<Block> {
    let mut blocks = Vec::new();
    let later = details::left_out(w);
    if !later.is_empty() {
        blocks.push(quiet(format!("Left for later: {}", later.join(" "))));
    }
    let still = placeholders(prepared);
    if !still.is_empty() {
        blocks.push(toned(
            Tone::Warning,
            format!("Still an example's placeholder, for you to fill: {}.", listed(&still)),
        ));
    }
    let open = without_value(w, prepared);
    if !open.is_empty() {
        blocks.push(toned(Tone::Warning, format!("The module also needs a value for: {}.", listed(&open))));
    }
    let missing: Vec<String> = prepared.filled.missing.iter().map(|m| visible(&m.key)).collect();
    if !missing.is_empty() {
        blocks.push(toned(Tone::Warning, format!("Without a value: {}.", listed(&missing))));
    }
    for undeclared in &prepared.filled.undeclared {
        blocks.push(toned(
            Tone::Warning,
            format!("The module declares no variable for this, so it is not written: {}.", undeclared.names.join(", ")),
        ));
    }
    if details::verify(w) == VerifyWord::Off && trust::agreed(w).is_some() {
        blocks.push(toned(Tone::Warning, format!("{} will not verify the host's certificate.", tool::title(w))));
    }
    blocks
}

/// The variables that the module needs and that the file gives no value.
pub fn without_value(w: &Wizard, prepared: &Prepared) -> Vec<String> {
    let (Some(form), Some((_, around)), Ok(edited)) = (file::form(w), file::seen(w), prepared.edit.after()) else {
        return Vec::new();
    };
    let given: Vec<String> =
        edited.document.entries().filter(|entry| !entry.is_commented()).map(|entry| entry.key().to_owned()).collect();
    super::nearby::without_value(form, around, &given).iter().map(|name| visible(name)).collect()
}

/// What the tool would stumble over in the file as it will be.
fn traps(w: &Wizard) -> Vec<Finding> {
    let (Some(spec), Some(form), Some((_, around)), Some(Ok(draw))) =
        (tool::spec(w), file::form(w), file::seen(w), &w.plan)
    else {
        return Vec::new();
    };
    let Some(edited) = draw.prepared.as_ref().and_then(|prepared| prepared.edit.after().ok()) else {
        return Vec::new();
    };
    let declared = super::nearby::declared(form, around);
    let loaded = super::nearby::loaded(around);
    let around = Around { environment: &w.setting.environment, declared: declared.as_deref(), loaded: &loaded };
    diagnosis::file::traps(spec, form, &edited.document, around)
}

/// The keys whose values an example left to be filled in, and nobody did.
pub fn placeholders(prepared: &Prepared) -> Vec<String> {
    let Ok(edited) = prepared.edit.after() else { return Vec::new() };
    let ours: Vec<&str> = prepared.filled.set.iter().map(|value| value.key.as_str()).collect();
    edited
        .document
        .entries()
        .filter(|entry| !entry.is_commented() && !ours.contains(&entry.key()))
        .filter(|entry| entry.value().is_some_and(|v| crate::domain::paste::placeholder(v.as_str()).is_some()))
        .map(|entry| visible(entry.key()))
        .collect()
}

/// Everything that must be agreed to by itself has a yes.
fn agreed(w: &Wizard) -> bool {
    let Some((seen, _)) = file::seen(w).filter(|_| !tool::token_only(w)) else { return true };
    (0..seen.oddities.len()).all(|index| w.draft.is(&oddity_id(index), &YES))
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    if by == By::World {
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

/// How the file reads, once it was written: the values that its readers take.
pub fn reads_back(w: &Wizard) -> Option<Result<usize, String>> {
    let (seen, _) = file::seen(w)?;
    let there = seen.there.as_ref()?;
    let Some(Ok(draw)) = &w.plan else { return None };
    let prepared = draw.prepared.as_ref()?;
    let document = Document::parse(prepared.edit.dialect, there.text.clone()).ok()?;
    let wrong: Vec<String> = prepared
        .filled
        .set
        .iter()
        .filter(|value| !matches!(document.get(&value.key), Found::Once(entry) if entry.value().as_ref() == value.value.text()))
        .map(|value| visible(&value.key))
        .collect();
    Some(if wrong.is_empty() { Ok(prepared.filled.set.len()) } else { Err(listed(&wrong)) })
}
