//! Takes back what a run did: what it wrote into files here, and what it made on hosts in a conversation that signs in there.

use std::io::{self, IsTerminal};

use crate::cli::{Looks, Undo};
use crate::command::place::Place;
use crate::command::{Ended, apply, complain, unattended, wizard};
use crate::disk::{Caller, DiskError, FileState, RunId, RunRecord, State};
use crate::domain::{ChangeSeen, ChangeState, RunSeen, Text, pveum, time, visible, whole};
use crate::front::unattended::Answers;
use crate::plan::make::sentence;
use crate::runtime::restore;
use crate::wizard::draft::Draft;
use crate::wizard::errand::Errand;
use crate::wizard::step::{host, take_back};

pub fn run(looks: Looks, undo: &Undo) -> Ended {
    let place = match Place::own() {
        Ok(place) => place,
        Err(error) => return refused(&error),
    };
    let (state, caller) = (&place.state, &place.caller);
    let runs = match state.runs() {
        Ok(runs) => runs,
        Err(error) => return refused(&error),
    };
    if undo.list {
        list(&runs);
        return Ended::Well;
    }
    let wanted = match &undo.run {
        Some(name) => match RunId::parse(name) {
            Some(id) => runs.iter().find(|run| run.id == id),
            None => None,
        },
        None => {
            runs.iter().filter(|run| run.can_be_undone() && is_walk(run) && !is_back(run)).max_by_key(|run| run.when)
        }
    };
    let Some(record) = wanted else {
        match &undo.run {
            Some(name) => complain(&format!("There is no run “{name}”."), Some("labwizard undo --list shows them.")),
            None => complain("There is nothing to take back.", None),
        }
        return Ended::Usage;
    };
    let seen = record.seen();
    if undo.forget {
        if seen.left().next().is_some() {
            println!("This may still stand on hosts, and nobody will remember it:");
            tell_left(&seen);
        }
        return match state.forget(&record.id) {
            Ok(()) => {
                println!("What was kept of {} is deleted.", record.id.as_str());
                Ended::Well
            }
            Err(error) => refused(&error),
        };
    }
    if seen.left().next().is_none() || !record.can_be_undone() {
        return take_back(state, caller, record);
    }
    if undo.answers.is_none() && !io::stdin().is_terminal() && !looks.plain {
        complain(
            &format!("What {} made on hosts is taken back by signing in there, and nobody is here to.", seen.name),
            Some("With a login in a file of answers: labwizard undo RUN --answers FILE --yes"),
        );
        println!("This may still stand:");
        tell_left(&seen);
        return Ended::Usage;
    }
    sign_in(looks, undo, &place, seen)
}

/// Takes back what stands on hosts, in a conversation that signs in there.
fn sign_in(looks: Looks, undo: &Undo, place: &Place, seen: RunSeen) -> Ended {
    let draft = undo.answers.as_deref().map_or(Ok(Draft::default()), |path| apply::draft(path, &place.library));
    let mut draft = match draft {
        Ok(draft) => draft,
        Err(trouble) => {
            complain(&trouble.what, trouble.hint.as_deref());
            return Ended::Usage;
        }
    };
    if let Some(made) = seen.left().next() {
        draft.type_in(host::HOST, Text::new(made.endpoint.to_string()));
    }
    if undo.yes {
        draft.choose(take_back::TAKE_BACK, take_back::DO);
    }
    let mut setting = place.setting();
    setting.errand = Errand::TakeBack(Box::new(seen));
    if undo.answers.is_none() {
        return wizard::hold(looks, setting, draft, place.world());
    }
    let held = unattended::hold(setting, draft, Answers::default(), place.world());
    held.map_or(Ended::Badly, |held| {
        held.say(apply::hint);
        held.ended()
    })
}

/// What may still stand on hosts, in the order in which it is taken back, each with its command.
fn tell_left(seen: &RunSeen) {
    let mut left: Vec<&ChangeSeen> = seen.left().collect();
    left.reverse();
    for one in left {
        println!("    {}: {}", one.endpoint, whole(&sentence(&one.change)));
        if let Some(Ok(command)) = one.change.back().as_ref().map(pveum::command) {
            println!("        taken back by: {}", whole(&command));
        }
    }
}

fn refused(error: &DiskError) -> Ended {
    complain(&error.sentence(), Some(&error.hint()));
    Ended::Badly
}

/// The run performed a plan; saving answers and taking back are runs too, and are taken back by name alone.
fn is_walk(run: &RunRecord) -> bool {
    !run.actions.is_empty()
}

/// Everything that the run wrote and made is back already.
fn is_back(run: &RunRecord) -> bool {
    let back = |state: FileState| matches!(state, FileState::TakenBack | FileState::Dropped);
    run.files.iter().all(|file| back(file.state)) && !run.may_stand_on_hosts()
}

fn list(runs: &[RunRecord]) {
    if runs.is_empty() {
        println!("No run is kept.");
    }
    for run in runs {
        let when = time::date_and_time(i64::try_from(run.when).unwrap_or(0));
        let state = if is_back(run) {
            "taken back"
        } else if run.can_be_undone() {
            ""
        } else {
            "not to be taken back"
        };
        println!("{}  {when}  {state}", run.id.as_str());
        for file in run.files.iter().filter(|file| file.state != FileState::Dropped) {
            println!("    {}", visible(&file.path.display().to_string()));
        }
        for one in run.seen().changes {
            let state = match one.state {
                ChangeState::Made => "stands",
                ChangeState::Unknown => "may stand",
                ChangeState::NotMade => "was never done",
                ChangeState::TakenBack => "taken back",
            };
            println!("    {}: {} ({state})", one.endpoint, whole(&sentence(&one.change)));
        }
    }
}

fn take_back(state: &State, caller: &Caller, record: &RunRecord) -> Ended {
    let mut ended = Ended::Well;
    for file in record.files.iter().rev() {
        match restore(state, caller, record, file) {
            Ok(restored) => println!("{}", visible(restored.sentence())),
            Err(error) => ended = refused(&error),
        }
    }
    if record.actions.iter().any(|action| action.action.kind == "remember") {
        println!("How the host was trusted stays remembered.");
    }
    ended
}
