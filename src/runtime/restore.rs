//! Takes back what a run wrote into a file: exactly that, or, where the file was edited since, only our values in it.

use crate::disk::{Caller, DiskError, FileRecord, FileUndo, FileWrite, RunId, RunRecord, State, read_config};
use crate::domain::{FileSeen, Secret, Text, Trouble};
use crate::plan::action::Outcome;
use crate::plan::back::{dialect, secret_of, values_back};
use crate::runtime::perform::seconds_now;
use crate::runtime::remember;
use crate::runtime::world::trouble;

/// What came of a file, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restored {
    /// It is as it was, or our values in it are.
    Back(String),
    /// It was left alone.
    Left(String),
}

impl Restored {
    pub fn sentence(&self) -> &str {
        match self {
            Restored::Back(said) | Restored::Left(said) => said,
        }
    }
}

/// Takes back one file of a run.
///
/// # Errors
/// What [`State::take_back`] can meet.
pub fn restore(state: &State, caller: &Caller, record: &RunRecord, file: &FileRecord) -> Result<Restored, DiskError> {
    let path = file.path.display();
    // Whoever asks to have this taken back agreed to the file as it is, when it was written.
    let odd = read_config(&file.path, caller)?.oddities;
    let said = match state.take_back(&record.id, file.n, &odd)? {
        FileUndo::Restored { doubt: None } => format!("{path} is as it was."),
        FileUndo::Removed { doubt: None } => format!("{path} is removed; there was none before."),
        FileUndo::Restored { doubt: Some(doubt) } | FileUndo::Removed { doubt: Some(doubt) } => doubt.sentence(),
        FileUndo::AsBefore => format!("{path} needs nothing: it is as it was."),
        FileUndo::Gone { .. } => {
            format!("{path} is gone; its old content is kept with the run {}.", record.id.as_str())
        }
        FileUndo::Edited { before, now } => match edited(state, record, file, before.as_ref(), now)? {
            Restored::Back(said) => said,
            left => return Ok(left),
        },
    };
    // What was answered for the file goes with it.
    let forgot = remember::forget(state, &record.id, Some(&file.path)).map(|note| format!(" {note}"));
    Ok(Restored::Back(said + &forgot.unwrap_or_default()))
}

/// The file was edited since: only our values go back.
fn edited(
    state: &State,
    record: &RunRecord,
    file: &FileRecord,
    before: Option<&Text>,
    seen: FileSeen,
) -> Result<Restored, DiskError> {
    let path = file.path.display().to_string();
    let ours = record
        .actions
        .iter()
        .find(|action| action.action.names.get("path") == Some(&path) && action.action.kind == "edit");
    let Some((keys, dialect)) = ours.and_then(|action| {
        let names = &action.action.names;
        let keys: Vec<String> = names.get("keys")?.split(' ').map(str::to_owned).collect();
        Some((keys, dialect(names.get("dialect")?)?))
    }) else {
        return Ok(Restored::Left(format!("{path} was edited since and is left alone.")));
    };
    let left = |why: &str| Ok(Restored::Left(format!("{path} was edited since so that {why}; it is left alone.")));
    let Ok(edit) = values_back(before, seen, dialect, &keys) else {
        return left("it can no longer be read");
    };
    let Ok(after) = edit.after() else {
        return left("our values cannot be told apart");
    };
    let mut run = state.begin_run(seconds_now())?;
    run.write(FileWrite::over(&edit.seen, after.text().clone()).allowing(edit.agreed.iter().cloned()))?;
    run.finish(seconds_now())?;
    state.taken_back(&record.id, file.n)?;
    Ok(Restored::Back(format!(
        "{path} was edited since: our {} values are back to what they were, everything else stays.",
        keys.len()
    )))
}

/// The same for file `n` of the run of that name, as an action of a plan.
pub(super) fn restore_as_action(state: &State, caller: &Caller, run: &str, n: usize) -> Outcome {
    let unknown = || DiskError::NoSuchRun { id: format!("{run}, file {n}") };
    let done = RunId::parse(run).ok_or_else(unknown).and_then(|id| {
        let record = state.run(&id)?;
        let file = record.files.iter().find(|file| file.n == n).ok_or_else(unknown)?;
        restore(state, caller, &record, file)
    });
    match done {
        Ok(Restored::Back(said)) => Outcome::Done { notes: vec![said] },
        Ok(Restored::Left(what)) => Outcome::Skipped(Trouble::new(
            what,
            Some(format!("Take the values out by hand; the backup is kept with the run {run}.")),
        )),
        Err(error) => Outcome::NotDone(trouble(&error)),
    }
}

/// What is known of the secret that a run wrote.
pub(super) enum WrittenSecret {
    /// It wrote none.
    Never,
    /// Its file is not as it was written: what stands there now may be somebody else's.
    Gone,
    There(Secret),
}

/// The secret that a run wrote, from where it stands in its file, as long as that is as it was written.
pub(super) fn written_secret(record: &RunRecord, caller: &Caller) -> WrittenSecret {
    let wrote = record.actions.iter().map(|action| &action.action.names).find(|names| names.contains_key("secret"));
    let Some(names) = wrote else { return WrittenSecret::Never };
    let found = || {
        let dialect = dialect(names.get("dialect")?)?;
        let there = read_config(names.get("path")?.as_ref(), caller).ok()?;
        record.files.iter().find(|file| file.is_as_written(&there))?;
        let text = there.there?.text;
        names.get("secret")?.split(' ').find_map(|key| secret_of(&text, dialect, key))
    };
    found().map_or(WrittenSecret::Gone, WrittenSecret::There)
}
