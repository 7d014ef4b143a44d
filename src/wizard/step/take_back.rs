//! Take back: what an earlier run did on hosts and in files, listed before it is undone, and what came of that.

use std::sync::Arc;

use crate::domain::time::date_and_time;
use crate::domain::visible::visible;
use crate::domain::{ChangeState, Id, RunSeen};
use crate::plan::action::{Action, Outcome, Revert};
use crate::plan::make::sentence;
use crate::plan::{Plan, Planned};
use crate::wizard::Wizard;
use crate::wizard::errand::Errand;
use crate::wizard::message::Exit;
use crate::wizard::page::{Answer, Block, Choice, Tone};
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
        let action =
            Revert { run: record.name.clone(), n: seen.n, at: at.clone(), by: by.clone(), change: seen.change.clone() };
        let sentence = match seen.state {
            ChangeState::Unknown => format!("{}, if it is there", sentence(&back)),
            _ => sentence(&back),
        };
        Some(Planned { action: Action::Revert(Box::new(action)), heading: heading.clone(), sentence })
    });
    let files = record.files.iter().rev().filter(|file| file.stands).map(|file| Planned {
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

pub fn page(w: &Wizard) -> Parts {
    let Some(record) = record(w) else { return Parts::default() };
    let running = w.run.is_some();
    let plan = plan(w);
    let mut blocks = Vec::new();
    if running {
        blocks.push(Block::Plan(review::progress(w)));
    } else {
        blocks.push(Block::Plan(review::groups(&plan)));
        for host in elsewhere(w) {
            blocks
                .push(toned(Tone::Warning, format!("This run also made something on {host}, which is another host.")));
        }
        blocks.push(quiet(
            "Each is looked at first: what is no longer as this run made it is left alone, and you are told.",
        ));
        blocks.push(Block::Choice(Choice {
            id: TAKE_BACK,
            label: String::new(),
            options: vec![
                Answer { id: DO, title: "Take it back".into(), about: Vec::new(), risky: false },
                Answer { id: LEAVE, title: "Leave it as it is".into(), about: Vec::new(), risky: false },
            ],
            chosen: w.draft.choice(&TAKE_BACK).cloned().or((!w.setting.unattended).then_some(DO)),
            error: None,
        }));
    }
    Parts {
        title: if running {
            "Taking it back.".into()
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
        if let Some(Outcome::NotDone(trouble) | Outcome::Lost(trouble) | Outcome::Unsafe(trouble)) = &step.outcome {
            blocks.extend(trouble.hint.clone().map(say));
        }
    }
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
    w.run.as_ref().is_some_and(|run| {
        run.steps.iter().any(|step| matches!(step.outcome, Some(Outcome::NotDone(_) | Outcome::Lost(_))))
    })
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    if by == By::World || w.run.is_some() {
        return Next::Do(Vec::new());
    }
    match w.draft.choice(&TAKE_BACK) {
        Some(choice) if *choice == LEAVE => return Next::Leave(Exit::Interrupted),
        // Unattended, the answers must say it.
        None if w.setting.unattended => return Next::Stay,
        _ => {}
    }
    let plan = plan(w);
    if plan.actions.is_empty() {
        return Next::To(super::PageId::Done);
    }
    let effects = w.start_run(&plan);
    Next::Do(effects)
}
