//! Take back: what an earlier run did on hosts and in files, listed before it is undone, and what came of that.

use std::sync::Arc;

use crate::diagnosis::token_end;
use crate::domain::time::date_and_time;
use crate::domain::visible::{visible, whole};
use crate::domain::{ChangeState, Id, RunFile, RunSeen};
use crate::plan::action::{Action, Outcome, Revert};
use crate::plan::make::sentence;
use crate::plan::{Plan, Planned};
use crate::wizard::Wizard;
use crate::wizard::errand::Errand;
use crate::wizard::message::Exit;
use crate::wizard::page::{Answer, Block, Choice, Command, Tone};
use crate::wizard::step::{By, Next, Parts, file, host, made, quiet, review, say, token, toned};

pub const TAKE_BACK: Id = Id::fixed("take-back");
pub const DO: Id = Id::fixed("do");
const LEAVE: Id = Id::fixed("leave");

/// The run that is taken back.
pub fn record(w: &Wizard) -> Option<&RunSeen> {
    match &w.setting.errand {
        Errand::TakeBack(run) => Some(run),
        _ => None,
    }
}

/// Everything that still stands, the last first: a grant before its token, a role before its user.
fn plan(w: &Wizard) -> Plan {
    let by = token::credential(w).filter(|by| by.is_for_this_run());
    let (Some(record), Some(at), Some(by)) = (record(w), host::at(w), by) else { return Plan::default() };
    let by = Arc::new(by);
    let heading = review::heading(w);
    let host = record.left().collect::<Vec<_>>().into_iter().rev().filter(|seen| seen.endpoint == at.endpoint);
    let host = host.filter_map(|seen| {
        let back = seen.change.back()?;
        let change = token_end::as_left(&seen.change, &seen.endpoint, &w.setting.runs);
        let action = Revert { run: record.name.clone(), n: seen.n, at: at.clone(), by: by.clone(), change };
        let sentence = match seen.state {
            ChangeState::Unknown => format!("{}, if it is there", sentence(&back)),
            _ => sentence(&back),
        };
        Some(Planned { action: Action::Revert(Box::new(action)), heading: heading.clone(), sentence })
    });
    let files: Vec<_> = record.files_left().collect();
    let files = files.into_iter().rev().map(|file| Planned {
        action: Action::Restore { run: record.name.clone(), n: file.n },
        heading: "On this machine".into(),
        sentence: format!("put {} back to what it was", file::shown(w, &file.path)),
    });
    Plan { actions: host.chain(files).collect() }
}

/// What stands at another host than the one that was signed in to.
fn elsewhere(w: &Wizard) -> Vec<String> {
    let at = host::endpoint(w);
    let mut hosts: Vec<String> = record(w)
        .into_iter()
        .flat_map(RunSeen::left)
        .filter(|seen| Some(&seen.endpoint) != at.as_ref())
        .map(|seen| visible(&seen.endpoint.to_string()))
        .collect();
    hosts.dedup();
    hosts
}

/// Why a run that replaced a secret is not taken back, or not whole; what is left alone, and the commands for it.
fn kept(w: &Wizard, record: &RunSeen) -> Vec<Block> {
    let Some(dead) = record.dead().next().filter(|_| record.has_replaced()) else {
        return made::mending(record, "A file may still hold it");
    };
    let id = visible(&dead.to_string());
    let mut blocks = vec![toned(
        Tone::Warning,
        format!(
            "This run replaced a secret: the old one of {id} is dead, or may be, and nothing brings it back. What took its \
             place is left alone, since without it the file would hold a secret that opens nothing."
        ),
    )];
    let stays = record.stays().map(|seen| whole(&sentence(&seen.change)));
    let shown: Vec<&RunFile> = record.files_left().collect();
    let files = record.files.iter().filter(|file| file.stands && !shown.contains(file));
    let files = files.map(|file| format!("set values in {}", file::shown(w, &file.path)));
    let lines: Vec<String> = stays.chain(files).map(|line| format!("  {line}")).collect();
    if !lines.is_empty() {
        blocks.push(say(format!("Left alone:\n{}", lines.join("\n"))));
    }
    blocks.extend(made::mending(record, "No file holds what took its place"));
    let commands = made::taken_back_by(record.stays());
    if !commands.is_empty() {
        let about = "To remove it once nothing uses it any more, in root's shell on the host".into();
        blocks.push(Block::Command(Command { about, text: commands.join("\n") }));
    }
    blocks
}

pub fn page(w: &Wizard) -> Parts {
    let Some(record) = record(w) else { return Parts::default() };
    let running = w.run.is_some();
    let plan = plan(w);
    let mut blocks = Vec::new();
    if running {
        blocks.push(Block::Plan(review::progress(w)));
    } else {
        if !plan.actions.is_empty() {
            blocks.push(Block::Plan(review::groups(&plan)));
        }
        blocks.extend(kept(w, record));
        for host in elsewhere(w) {
            blocks
                .push(toned(Tone::Warning, format!("This run also made something on {host}, which is another host.")));
        }
        let mut options = Vec::new();
        if !plan.actions.is_empty() {
            blocks.push(quiet(
                "Each is looked at first: what is no longer as this run made it is left alone, and you are told.",
            ));
            options.push(Answer { id: DO, title: "Take it back".into(), about: Vec::new(), risky: false });
        }
        options.push(Answer { id: LEAVE, title: "Leave it as it is".into(), about: Vec::new(), risky: false });
        blocks.push(Block::Choice(Choice {
            id: TAKE_BACK,
            label: String::new(),
            options,
            chosen: chosen(w, &plan),
            error: None,
        }));
    }
    Parts {
        title: if running {
            "Taking it back.".into()
        } else if plan.actions.is_empty() {
            format!("Nothing of the run {} can be taken back.", record.name)
        } else {
            format!("The run {} is taken back like this:", record.name)
        },
        blocks,
        submit: "go on",
        busy: running.then(|| "Taking it back; this is not stopped in the middle".into()),
        focus: Some(TAKE_BACK),
        help: vec![format!("The run of {}.", date_and_time(record.when))],
    }
}

/// What is chosen: unattended, the answers must say it; where a secret died, a person must.
fn chosen(w: &Wizard, plan: &Plan) -> Option<Id> {
    let preset = match record(w).is_some_and(|record| record.dead().next().is_some()) || plan.actions.is_empty() {
        true => LEAVE,
        false => DO,
    };
    let offered = |choice: &&Id| **choice == LEAVE || !plan.actions.is_empty();
    w.draft.choice(&TAKE_BACK).filter(offered).cloned().or((!w.setting.unattended).then_some(preset))
}

/// What came of it.
pub fn done(w: &Wizard) -> Parts {
    let name = record(w).map(|run| run.name.clone()).unwrap_or_default();
    let Some(run) = &w.run else {
        return Parts {
            title: "Nothing was taken back.".into(),
            blocks: vec![quiet(format!("labwizard undo {name} does it later."))],
            submit: "finish",
            ..Parts::default()
        };
    };
    let mut blocks = vec![Block::Plan(review::progress(w))];
    for step in &run.steps {
        let trouble = match &step.outcome {
            Some(Outcome::NotDone(trouble) | Outcome::Lost(trouble)) => trouble,
            Some(Outcome::Unsafe(trouble) | Outcome::Skipped(trouble)) => trouble,
            Some(Outcome::Done { .. }) | None => continue,
        };
        blocks.extend(trouble.hint.clone().map(say));
    }
    for host in elsewhere(w) {
        blocks
            .push(toned(Tone::Warning, format!("What this run made on {host}, which is another host, stands still.")));
    }
    blocks.extend(record(w).map(|record| kept(w, record)).unwrap_or_default());
    blocks.extend(made::login(w));
    Parts {
        title: if failed(w) {
            "Not everything is taken back.".into()
        } else {
            format!("What the run {name} made is taken back.")
        },
        blocks,
        submit: "finish",
        ..Parts::default()
    }
}

/// Something was not taken back.
pub fn failed(w: &Wizard) -> bool {
    let Some(run) = &w.run else { return record(w).is_some() };
    let bad = |outcome: &Option<Outcome>| {
        matches!(outcome, Some(Outcome::NotDone(_) | Outcome::Lost(_) | Outcome::Skipped(_)))
    };
    run.steps.iter().any(|step| bad(&step.outcome)) || !elsewhere(w).is_empty()
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    if by == By::World || w.run.is_some() {
        return Next::Do(Vec::new());
    }
    let plan = plan(w);
    match chosen(w, &plan) {
        // Unattended, the answers must say it.
        None => Next::Stay,
        Some(choice) if choice == LEAVE => Next::Leave(Exit::Interrupted),
        Some(_) => {
            let effects = w.start_run(&plan);
            Next::Do(effects)
        }
    }
}
