//! Performs the actions of an agreed plan: the journal first, then the deed, then the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::disk::{self, Announced, Caller, DiskError, FileLock, FileWrite, Run, RunId, State, Written};
use crate::domain::{Change, Grantee, HostAt, Secret, Text, Trouble};
use crate::plan::action::{Action, FileEdit, HostAction, Outcome, Revert};
use crate::plan::{back, refused};
use crate::runtime::desks::Desks;
use crate::runtime::making;
use crate::runtime::remember;
use crate::runtime::restore::{WrittenSecret, restore_as_action, written_secret};
use crate::runtime::revert::{self, Deed, Proof, StillOpens};
use crate::runtime::roots::with_roots;
use crate::runtime::world::trouble;

/// The mode of a file that everybody may read.
const PUBLIC: u32 = 0o644;

/// The one run of this process.
pub(super) struct Performer {
    state: State,
    caller: Caller,
    /// What the run is called; none lets the disk choose.
    name: Option<RunId>,
    run: Option<Run>,
    refused: Option<DiskError>,
    desks: Desks,
    /// One for each token or user that the run works on, by its host and name.
    locks: Vec<(String, FileLock)>,
    /// A secret died in this run: nothing of it is taken back any more.
    past_return: bool,
    /// What may stand on a host though the run was to leave nothing of it.
    open: BTreeSet<usize>,
    /// The secret that the run has made, to find the keys that hold it.
    made: Option<Secret>,
    /// The edit that wrote it, and the keys of it: what stood there before may be the secret of the token that goes.
    replaced: Option<(FileEdit, Vec<String>)>,
    /// What earlier runs wrote, read before it is taken out of their files.
    written: BTreeMap<String, WrittenSecret>,
}

/// Seconds since 1970 by this machine's clock.
pub(super) fn seconds_now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Performer {
    pub fn new(state: State, caller: Caller, desks: Desks) -> Self {
        Performer {
            state,
            caller,
            name: None,
            run: None,
            refused: None,
            desks,
            locks: Vec::new(),
            past_return: false,
            open: BTreeSet::new(),
            made: None,
            replaced: None,
            written: BTreeMap::new(),
        }
    }

    /// Gives the run its name, under which what it makes is marked.
    pub fn is_called(&mut self, name: RunId) {
        self.name = Some(name);
    }

    /// Begins the run in the journal, once and where the action is noted there; its name, where it was begun by this call.
    pub fn begun_now(&mut self, action: &Action) -> Option<String> {
        // What takes an earlier run back is noted in that run's journal.
        if self.run.is_some() || matches!(action, Action::Revert(_) | Action::Restore { .. } | Action::Prove) {
            return None;
        }
        let name = self.name.clone().unwrap_or_else(|| self.state.free_name());
        match self.state.begin_run_as(name, seconds_now()) {
            Ok(run) => {
                let name = run.id().as_str().to_owned();
                self.run = Some(run);
                Some(name)
            }
            Err(error) => {
                self.refused = Some(error);
                None
            }
        }
    }

    pub fn end(&mut self) {
        if let Some(run) = self.run.take() {
            // The journal only misses its last line then, and the run reads as broken off, which undo takes as well.
            let _ = if self.open.is_empty() { run.finish(seconds_now()) } else { run.finish_with_rest(seconds_now()) };
        }
        self.open.clear();
        // What it held is wiped with it: locks, logins, secrets.
        self.locks.clear();
        self.desks.close_all();
        (self.made, self.replaced, self.past_return) = (None, None, false);
        self.written.clear();
    }

    /// Performs an action under its number. `tell` is told the secret that it makes, before it is over.
    pub async fn perform(&mut self, index: usize, action: Action, mut tell: impl FnMut(Secret)) -> Outcome {
        if let Some(error) = &self.refused {
            return Outcome::NotDone(trouble(error));
        }
        match action {
            Action::Edit(edit) => self.edit(index, &edit),
            Action::WriteCa { path, pem, roots } => {
                let Some(pem) = (if roots { with_roots(&pem, &self.caller) } else { Some(pem) }) else {
                    return Outcome::NotDone(Trouble::new(
                        "The system's CAs were not found, and without them the tool could verify nobody else.",
                        Some("Choose “No verification” under Details, or install ca-certificates.".to_owned()),
                    ));
                };
                match disk::read_config(&path, &self.caller) {
                    Ok(seen) if seen.there.as_ref().is_some_and(|there| there.text.as_str() == pem) => {
                        Outcome::Done { notes: vec!["it was there already".into()] }
                    }
                    Ok(seen) => {
                        let mut write = FileWrite::over(&seen, Text::new(pem));
                        write.mode = PUBLIC;
                        self.write(write)
                    }
                    Err(error) => Outcome::NotDone(trouble(&error)),
                }
            }
            Action::Ignore(path) => match disk::ignore(&path, &self.caller) {
                Ok(Some(write)) => self.write(write),
                Ok(None) => Outcome::Done { notes: vec!["it stood there already".into()] },
                Err(error) => Outcome::NotDone(trouble(&error)),
            },
            Action::Remember(record) => self.remember(|state, run| remember::host(state, run, index, &record)),
            Action::RememberConfig(record) => self.remember(|state, run| remember::config(state, run, index, &record)),
            Action::Host(action) => self.make(index, &action, &mut tell).await,
            Action::Rehearse(edit) => self.rehearse(&edit),
            Action::Revert(revert) => self.revert(&revert).await,
            Action::Restore { run, n } => {
                self.written_by(&run);
                restore_as_action(&self.state, &self.caller, &run, n)
            }
            // The conversation does it itself, by a survey.
            Action::Prove => Outcome::NotDone(Trouble::new("The token was not tried.", None)),
        }
    }

    /// Takes an action of this run back.
    pub async fn take_back(&mut self, index: usize, action: Action) -> Outcome {
        let Action::Host(action) = action else {
            return Outcome::NotDone(Trouble::new("Only what is done on a host is taken back here.", None));
        };
        let Some(mut run) = self.run.take() else { return not_begun() };
        // The secret never left this process; that it is dead needs no proof that costs whoever leaves three seconds.
        let deed = Deed { at: &action.at, by: &action.by, change: &action.change, secret: None, fresh: true };
        let outcome = revert::take_back(&mut self.desks, &mut run, index, &deed).await;
        self.run = Some(run);
        match &outcome {
            Outcome::Done { .. } => self.open.remove(&index),
            _ => self.open.insert(index),
        };
        outcome
    }

    async fn make(&mut self, index: usize, action: &HostAction, tell: &mut impl FnMut(Secret)) -> Outcome {
        if let Some(error) = self.lock(&action.at, &action.change) {
            return Outcome::NotDone(trouble(&error));
        }
        let Some(mut run) = self.run.take() else { return not_begun() };
        let (mut proof, mut unproved) = (None, false);
        if let (Change::RemoveToken(id), Some((edit, keys))) = (&action.change, &self.replaced) {
            match back::replaced_secret(edit, keys, id, &action.at.endpoint) {
                Some(secret) => proof = Proof::of(&self.desks, &action.at, id, &secret).await,
                None => unproved = true,
            }
        }
        let insist = self.past_return || action.afterwards;
        let made = &mut self.made;
        let mut keep = |secret: Secret| {
            *made = Some(secret.share());
            tell(secret);
        };
        let outcome = making::make(&mut self.desks, &mut run, index, action, insist, &mut keep).await;
        self.run = Some(run);
        let kills = matches!(action.change, Change::RemoveToken(_) | Change::NewSecret(_));
        self.past_return |= kills && outcome.may_stand();
        if matches!(outcome, Outcome::Lost(_)) && action.change.back().is_some() {
            self.open.insert(index);
        }
        match (outcome, proof) {
            (Outcome::Done { mut notes }, Some(proof)) => match proof.end(&self.desks, &action.at).await {
                Ok(note) => {
                    notes.extend(note);
                    Outcome::Done { notes }
                }
                Err(StillOpens) => Outcome::Lost(refused::still_opens(&action.change)),
            },
            (Outcome::Done { mut notes }, None) if unproved => {
                notes.push(
                    "its death was not proved: the file did not say that the secret in it was this one's".to_owned(),
                );
                Outcome::Done { notes }
            }
            (outcome, _) => outcome,
        }
    }

    /// Two runs on one token of one host are kept apart, and two that set something of one user.
    fn lock(&mut self, at: &HostAt, change: &Change) -> Option<DiskError> {
        let id = match change {
            Change::MakeToken(make) => make.id.to_string(),
            Change::NewSecret(id) | Change::RemoveToken(id) => id.to_string(),
            Change::SetEnd { who: Grantee::Token(id), .. } => id.to_string(),
            Change::SetEnd { who: Grantee::User(user), .. } | Change::Enable { user, .. } => user.to_string(),
            _ => return None,
        };
        let key = format!("{}/{id}", at.endpoint);
        if self.locks.iter().any(|(held, _)| *held == key) {
            return None;
        }
        match self.state.lock(Path::new(&key)) {
            Ok(lock) => {
                self.locks.push((key, lock));
                None
            }
            Err(error) => Some(error),
        }
    }

    /// Takes back what an earlier run did on a host; its own journal tells of it.
    async fn revert(&mut self, revert: &Revert) -> Outcome {
        if let Some(error) = self.lock(&revert.at, &revert.change) {
            return Outcome::NotDone(trouble(&error));
        }
        let (mut secret, mut unproved) = (None, false);
        if matches!(revert.change, Change::MakeToken(_)) {
            match self.written_by(&revert.run) {
                WrittenSecret::There(written) => secret = Some(written.share()),
                WrittenSecret::Gone => unproved = true,
                WrittenSecret::Never => {}
            }
        }
        let unknown = || DiskError::NoSuchRun { id: revert.run.clone() };
        let mut journal = match RunId::parse(&revert.run).ok_or_else(unknown).and_then(|id| self.state.reopen(&id)) {
            Ok(journal) => journal,
            Err(error) => return Outcome::NotDone(trouble(&error)),
        };
        let deed = Deed { at: &revert.at, by: &revert.by, change: &revert.change, secret, fresh: false };
        let mut outcome = revert::take_back(&mut self.desks, &mut journal, revert.n, &deed).await;
        if let Outcome::Done { notes } = &mut outcome {
            notes.extend(remember::forget(&self.state, journal.id(), None));
        }
        if let (Outcome::Done { notes }, true) = (&mut outcome, unproved) {
            notes.push("its death was not proved: the file no longer holds its secret as it was written".to_owned());
        }
        outcome
    }

    /// The secret that an earlier run wrote, as its file holds it when this is first asked.
    fn written_by(&mut self, run: &str) -> &WrittenSecret {
        self.written.entry(run.to_owned()).or_insert_with(|| {
            let record = RunId::parse(run).and_then(|id| self.state.run(&id).ok());
            record.map_or(WrittenSecret::Never, |record| written_secret(&record, &self.caller))
        })
    }

    /// Everything of the write but the write.
    fn rehearse(&mut self, edit: &FileEdit) -> Outcome {
        let Some(run) = self.run.as_mut() else { return not_begun() };
        let write = match written(edit) {
            Ok(write) => write,
            Err(trouble) => return Outcome::NotDone(trouble),
        };
        match run.rehearse(write).and_then(|rehearsal| rehearsal.end(run)) {
            Ok(()) => Outcome::Done { notes: Vec::new() },
            Err(error) => Outcome::NotDone(trouble(&error)),
        }
    }

    fn edit(&mut self, index: usize, edit: &FileEdit) -> Outcome {
        // Undo needs to know which keys were ours, should the file be edited by others until then.
        let keys: Vec<&str> = edit.edits.iter().map(|edit| edit.key.as_str()).collect();
        let mut names = BTreeMap::from([
            ("path".to_owned(), edit.seen.path.display().to_string()),
            ("dialect".to_owned(), back::dialect_word(edit.dialect).to_owned()),
            ("keys".to_owned(), keys.join(" ")),
        ]);
        if let Some(secret) = &self.made {
            // And which of them hold the secret, to prove its death later.
            let secrets = back::keys_of(edit, secret);
            names.insert("secret".to_owned(), secrets.join(" "));
            self.replaced = Some((edit.clone(), secrets));
        }
        let announced = Announced { kind: "edit".into(), sentence: format!("set {} values", keys.len()), names };
        if let Some(Err(error)) = self.run.as_mut().map(|run| run.announce(index, announced)) {
            return Outcome::NotDone(trouble(&error));
        }
        match written(edit) {
            Ok(write) => self.write(write),
            Err(trouble) => Outcome::NotDone(trouble),
        }
    }

    /// That something is remembered is comfort: where it fails, the file is written all the same, and it is said.
    fn remember(&mut self, keep: impl FnOnce(&State, &mut Run) -> Result<(), DiskError>) -> Outcome {
        match self.run.as_mut().map(|run| keep(&self.state, run)) {
            Some(Err(error)) => Outcome::Skipped(trouble(&error)),
            Some(Ok(())) | None => Outcome::Done { notes: Vec::new() },
        }
    }

    fn write(&mut self, write: FileWrite) -> Outcome {
        let Some(run) = self.run.as_mut() else { return not_begun() };
        match run.write(write) {
            Ok(Written { doubt: Some(doubt), .. }) => Outcome::Unsafe(trouble(&doubt)),
            Ok(Written { notes, .. }) => Outcome::Done { notes },
            Err(error) => Outcome::NotDone(trouble(&error)),
        }
    }
}

/// The write that an edit comes to.
fn written(edit: &FileEdit) -> Result<FileWrite, Trouble> {
    let edited = edit.after().map_err(|unfit| Trouble::new(unfit.to_string(), None))?;
    Ok(FileWrite::over(&edit.seen, edited.text().clone()).private().allowing(edit.agreed.iter().cloned()))
}

fn not_begun() -> Outcome {
    Outcome::NotDone(Trouble::new("The run was not begun; nothing was done.", None))
}

/// Writes an answers file where none is yet. It holds no secret.
pub(super) fn save_answers(
    state: &State,
    caller: &Caller,
    path: &Path,
    text: String,
    now: u64,
) -> Result<PathBuf, Trouble> {
    let told = |error: DiskError| trouble(&error);
    let seen = disk::read_config(path, caller).map_err(told)?;
    if seen.there.is_some() {
        return Err(Trouble::new(
            format!("There is a file {} already, and it was left as it is.", path.display()),
            Some("Move it away, or start labwizard in another folder.".to_owned()),
        ));
    }
    let mut write = FileWrite::over(&seen, Text::new(text));
    write.mode = PUBLIC;
    let mut run = state.begin_run(now).map_err(told)?;
    let written = run.write(write).map_err(told)?;
    run.finish(now).map_err(told)?;
    Ok(written.path)
}
