//! The runs that the state folder keeps: begun, listed, opened anew, forgotten, and pruned.

use std::io;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::error::{Cause, DiskError, Doing};
use super::journal::{self, RunId};
use super::ops::{Ops, stat_if_there, sync_dir};
use super::record::{RunRecord, RunState};
use super::run::Run;
use super::seen::Kind;
use super::state::State;

/// How many runs are kept for undo.
pub const RUNS_KEPT: usize = 10;
const RUNS: &str = "runs";

impl<O: Ops + Clone> State<O> {
    /// A name that no run here has.
    pub fn free_name(&self) -> RunId {
        let runs = self.existing(RUNS).ok().flatten();
        let taken = |id: &RunId| {
            let there = runs.as_ref().map(|runs| stat_if_there(&self.ops, runs, id.as_str()));
            matches!(there, Some(Ok(Some(_))))
        };
        // A million runs are not kept.
        loop {
            let id = RunId::random();
            if !taken(&id) {
                return id;
            }
        }
    }

    /// Begins a run under a name of its own choice, [`State::begin_run_as`].
    pub fn begin_run(&self, now: u64) -> Result<Run<O>, DiskError> {
        self.begin_run_as(self.free_name(), now)
    }

    /// Begins a run: its folder and its journal are on disk when this returns. Older runs beyond [`RUNS_KEPT`] go.
    ///
    /// `now` in seconds since 1970.
    ///
    /// Errors: the name is taken, or what a write can meet.
    pub fn begin_run_as(&self, id: RunId, now: u64) -> Result<Run<O>, DiskError> {
        let there = self.runs()?;
        let nth = there.iter().filter(|run| run.when == now).map(|run| run.nth + 1).max().unwrap_or(0);
        self.prune(there, RUNS_KEPT - 1)?;
        let runs = self.made(RUNS)?;
        let path = self.dir.join(RUNS).join(id.as_str());
        let refused = |error: io::Error| DiskError::refused(Doing::Journal, &path, &error);
        self.ops.make_dir(&runs, id.as_str(), 0o700).map_err(refused)?;
        self.inherit(&runs, &path).map_err(refused)?;
        let run = Run::begin(self.clone(), id, now, nth)?;
        sync_dir(&self.ops, &runs).map_err(refused)?;
        Ok(run)
    }

    /// All runs that are kept, the latest first; of runs of one second by the order in which they began.
    pub fn runs(&self) -> Result<Vec<RunRecord>, DiskError> {
        let Some(runs) = self.existing(RUNS)? else { return Ok(Vec::new()) };
        let path = self.dir.join(RUNS);
        let names = self.ops.names(&runs, &path).map_err(|error| DiskError::refused(Doing::List, &path, &error))?;
        let mut records = Vec::new();
        for id in names.iter().filter_map(|name| RunId::parse(name)) {
            match self.record(&id) {
                Ok(record) => records.push(record),
                // No run of ours, or one that another labwizard deletes at this moment.
                Err(DiskError::Refused { cause: Cause::Missing | Cause::NotAFolder | Cause::TooManyLinks, .. }) => {}
                Err(error) => return Err(error),
            }
        }
        records.sort_by(|a, b| (b.when, b.nth).cmp(&(a.when, a.nth)).then(a.id.cmp(&b.id)));
        Ok(records)
    }

    /// One run.
    pub fn run(&self, id: &RunId) -> Result<RunRecord, DiskError> {
        let unknown = || DiskError::NoSuchRun { id: id.to_string() };
        let runs = self.existing(RUNS)?.ok_or_else(unknown)?;
        match stat_if_there(&self.ops, &runs, id.as_str()) {
            Ok(Some(stat)) if stat.kind == Kind::Folder => self.record(id),
            Ok(_) => Err(unknown()),
            Err(error) => Err(DiskError::refused(Doing::Look, &self.run_folder(id), &error)),
        }
    }

    /// Opens the journal of a run that is over, to note in it what is taken back.
    ///
    /// Errors: no such run, still going on, of a later version or damaged.
    pub fn reopen(&self, id: &RunId) -> Result<Run<O>, DiskError> {
        let record = self.run_to_undo(id)?;
        Run::reopen(self.clone(), id.clone(), record.files.len())
    }

    fn record(&self, id: &RunId) -> Result<RunRecord, DiskError> {
        let path = self.run_folder(id);
        let refused = |error: io::Error| DiskError::refused(Doing::Read, &path, &error);
        let dir = self.ops.open_dir(&path).map_err(refused)?;
        let bytes = match self.ops.read(&dir, journal::FILE, journal::LIMIT) {
            Ok((_, bytes)) => bytes.unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Zeroizing::default(),
            Err(error) => return Err(refused(error)),
        };
        Ok(RunRecord::read(id.clone(), &bytes, self.alive))
    }

    pub(super) fn run_folder(&self, id: &RunId) -> PathBuf {
        self.dir.join(RUNS).join(id.as_str())
    }

    /// Deletes a run with its backups and its journal: it can then no longer be undone.
    pub fn forget(&self, id: &RunId) -> Result<(), DiskError> {
        let record = self.run(id)?;
        match record.state {
            RunState::Alive => return Err(DiskError::RunAlive { id: id.to_string(), pid: record.pid }),
            RunState::Later(version) => return Err(DiskError::Later { path: self.run_folder(id), version }),
            RunState::Finished(_) | RunState::Broken | RunState::Damaged => {}
        }
        self.delete_run(id)
    }

    pub(super) fn delete_run(&self, id: &RunId) -> Result<(), DiskError> {
        let path = self.run_folder(id);
        let refused = |error: io::Error| DiskError::refused(Doing::Remove, &path, &error);
        let Some(runs) = self.existing(RUNS)? else { return Ok(()) };
        // Another labwizard may be deleting it too: what is gone is gone.
        let gone = |done: io::Result<()>| match done {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(refused(error)),
            _ => Ok(()),
        };
        let dir = match self.ops.open_dir(&path) {
            Ok(dir) => dir,
            Err(error) => return gone(Err(error)),
        };
        let mut names = self.ops.names(&dir, &path).map_err(refused)?;
        // The journal last: as long as it is there, what is left can be told.
        names.sort_by_key(|name| name == journal::FILE);
        for name in names {
            gone(self.ops.remove(&dir, &name))?;
        }
        gone(self.ops.remove_dir(&runs, id.as_str()))?;
        sync_dir(&self.ops, &runs).map_err(refused)
    }

    /// Deletes the oldest of the runs that are over until `keep` of them are left. A run that broke off, or whose work may
    /// still stand on a host, stays until it is undone or forgotten.
    fn prune(&self, runs: Vec<RunRecord>, keep: usize) -> Result<(), DiskError> {
        let over = |run: &RunRecord| match run.state {
            RunState::Finished(_) => !run.may_stand_on_hosts(),
            RunState::Broken => run.is_undone(),
            RunState::Alive | RunState::Later(_) | RunState::Damaged => false,
        };
        for run in runs.into_iter().filter(over).skip(keep) {
            self.delete_run(&run.id)?;
        }
        Ok(())
    }
}
