//! Takes back what a run wrote: exactly that, or, where the file was edited since, only our values in it.

use crate::cli::Undo;
use crate::command::place::{Place, now};
use crate::command::{Ended, complain};
use crate::disk::{
    Caller, DiskError, FileRecord, FileState, FileUndo, FileWrite, RunId, RunRecord, State, read_config,
};
use crate::domain::{FileSeen, Text, time, visible};
use crate::plan::back::{dialect, values_back};

pub fn run(undo: &Undo) -> Ended {
    let (state, caller) = match Place::own() {
        Ok(place) => (place.state, place.caller),
        Err(error) => return refused(&error),
    };
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
    if undo.forget {
        return match state.forget(&record.id) {
            Ok(()) => {
                println!("What was kept of {} is deleted.", record.id.as_str());
                Ended::Well
            }
            Err(error) => refused(&error),
        };
    }
    take_back(&state, &caller, record)
}

fn refused(error: &DiskError) -> Ended {
    complain(&error.sentence(), Some(&error.hint()));
    Ended::Badly
}

/// The run performed a plan; saving answers and taking back are runs too, and are taken back by name alone.
fn is_walk(run: &RunRecord) -> bool {
    !run.actions.is_empty()
}

/// Everything that the run wrote is back already.
fn is_back(run: &RunRecord) -> bool {
    run.files.iter().all(|file| matches!(file.state, FileState::TakenBack | FileState::Dropped))
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
        for file in &run.files {
            println!("    {}", visible(&file.path.display().to_string()));
        }
    }
}

fn take_back(state: &State, caller: &Caller, record: &RunRecord) -> Ended {
    let mut ended = Ended::Well;
    for file in record.files.iter().rev() {
        match one(state, caller, record, file) {
            Ok(said) => println!("{}", visible(&said)),
            Err(error) => ended = refused(&error),
        }
    }
    if record.actions.iter().any(|action| action.action.kind == "remember") {
        println!("How the host was trusted stays remembered.");
    }
    ended
}

fn one(state: &State, caller: &Caller, record: &RunRecord, file: &FileRecord) -> Result<String, DiskError> {
    let path = file.path.display();
    // Whoever asks to have this taken back agreed to the file as it is, when it was written.
    let odd = read_config(&file.path, caller)?.oddities;
    Ok(match state.take_back(&record.id, file.n, &odd)? {
        FileUndo::Restored { doubt: None } => format!("{path} is as it was."),
        FileUndo::Removed { doubt: None } => format!("{path} is removed; there was none before."),
        FileUndo::Restored { doubt: Some(doubt) } | FileUndo::Removed { doubt: Some(doubt) } => doubt.sentence(),
        FileUndo::AsBefore => format!("{path} needs nothing: it is as it was."),
        FileUndo::Gone { .. } => {
            format!("{path} is gone; its old content is kept with the run {}.", record.id.as_str())
        }
        FileUndo::Edited { before, now } => edited(state, record, file, before.as_ref(), now)?,
    })
}

/// The file was edited since: only our values go back.
fn edited(
    state: &State,
    record: &RunRecord,
    file: &FileRecord,
    before: Option<&Text>,
    seen: FileSeen,
) -> Result<String, DiskError> {
    let path = file.path.display().to_string();
    let ours = record.actions.iter().find(|action| action.action.names.get("path") == Some(&path));
    let Some((keys, dialect)) = ours.and_then(|action| {
        let names = &action.action.names;
        let keys: Vec<String> = names.get("keys")?.split(' ').map(str::to_owned).collect();
        Some((keys, dialect(names.get("dialect")?)?))
    }) else {
        return Ok(format!("{path} was edited since and is left alone."));
    };
    let Ok(edit) = values_back(before, seen, dialect, &keys) else {
        return Ok(format!("{path} was edited since so that it can no longer be read; it is left alone."));
    };
    let Ok(after) = edit.after() else {
        return Ok(format!("{path} was edited since so that our values cannot be told apart; it is left alone."));
    };
    let at = u64::try_from(now()).unwrap_or(0);
    let mut run = state.begin_run(at)?;
    run.write(FileWrite::over(&edit.seen, after.text().clone()).allowing(edit.agreed.iter().cloned()))?;
    run.finish(at)?;
    state.taken_back(&record.id, file.n)?;
    Ok(format!("{path} was edited since: our {} values are back to what they were, everything else stays.", keys.len()))
}
