//! A run that is going on: its folder, its journal, its backups.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use super::error::{DiskError, Doing};
use super::journal::{self, Announced, Line, Outcome, RunId};
use super::ops::{Disk, Open, Ops, sync_dir};
use super::process;
use super::state::{State, heir};

/// A run of this process. What it does is in its journal before it is done.
pub struct Run<O: Ops = Disk> {
    pub(super) state: State<O>,
    id: RunId,
    pub(super) dir: O::Dir,
    path: PathBuf,
    journal: O::File,
    /// The journal may end in half a line.
    torn: bool,
    pub(super) files: usize,
}

impl<O: Ops + Clone> Run<O> {
    pub(super) fn begin(state: State<O>, id: RunId, now: u64, nth: u32) -> Result<Self, DiskError> {
        let path = state.run_folder(&id);
        let refused = |error: io::Error| DiskError::refused(Doing::Journal, &path, &error);
        let dir = state.ops.open_dir(&path).map_err(refused)?;
        let journal = make(&state, &dir, journal::FILE).map_err(refused)?;
        let mut run = Run { state, id: id.clone(), dir, path, journal, torn: false, files: 0 };
        let pid = std::process::id();
        run.record(&Line::Started { version: journal::VERSION, run: id, pid, born: process::born(pid), at: now, nth })?;
        let synced = sync_dir(&run.state.ops, &run.dir);
        synced.map_err(|error| DiskError::refused(Doing::Journal, &run.path, &error))?;
        Ok(run)
    }

    /// Opens the journal of a run that is over, to add to it.
    pub(super) fn reopen(state: State<O>, id: RunId, files: usize) -> Result<Self, DiskError> {
        let path = state.run_folder(&id);
        let refused = |error: io::Error| DiskError::refused(Doing::Journal, &path, &error);
        let dir = state.ops.open_dir(&path).map_err(refused)?;
        let journal = state.ops.open(&dir, journal::FILE, Open::Append).map_err(refused)?;
        Ok(Run { state, id, dir, path, journal, torn: true, files })
    }

    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// Records, before it is sent, an action on a host. It is on disk when this returns.
    pub fn announce(&mut self, n: usize, action: Announced) -> Result<(), DiskError> {
        self.record(&Line::Announced { n, action })
    }

    /// Records, before it is sent, that action `n` is taken back on its host. It is on disk when this returns.
    pub fn reverting(&mut self, n: usize) -> Result<(), DiskError> {
        self.record(&Line::Reverting { n })
    }

    /// Records what came of action `n`, and what it made, by name; never a secret.
    pub fn ended(&mut self, n: usize, outcome: Outcome, made: BTreeMap<String, String>) -> Result<(), DiskError> {
        self.record(&Line::Ended { n, outcome, made })
    }

    /// Records that the run ended in order. `now` in seconds since 1970.
    pub fn finish(self, now: u64) -> Result<RunId, DiskError> {
        self.over(now, false)
    }

    /// The same for a run that was to take something back from a host and did not.
    pub fn finish_with_rest(self, now: u64) -> Result<RunId, DiskError> {
        self.over(now, true)
    }

    fn over(mut self, at: u64, left: bool) -> Result<RunId, DiskError> {
        self.record(&Line::Finished { at, left })?;
        Ok(self.id)
    }

    pub(super) fn record(&mut self, line: &Line) -> Result<(), DiskError> {
        let refused = |error: io::Error| DiskError::refused(Doing::Journal, &self.path, &error);
        let mut bytes = if self.torn { vec![b'\n'] } else { Vec::new() };
        serde_json::to_writer(&mut bytes, line).map_err(|_| refused(io::ErrorKind::InvalidData.into()))?;
        bytes.push(b'\n');
        self.torn = true;
        self.state.ops.write(&mut self.journal, &bytes).map_err(refused)?;
        self.state.ops.sync(&self.journal).map_err(refused)?;
        self.torn = false;
        Ok(())
    }

    /// Puts bytes into the folder of the run; they and their name are on disk when this returns.
    pub(super) fn back_up(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = make(&self.state, &self.dir, name)?;
        self.state.ops.write(&mut file, bytes)?;
        self.state.ops.sync(&file)?;
        sync_dir(&self.state.ops, &self.dir)
    }
}

fn make<O: Ops + Clone>(state: &State<O>, dir: &O::Dir, name: &str) -> io::Result<O::File> {
    let file = state.ops.open(dir, name, Open::New(0o600))?;
    if let Some((uid, gid)) = heir(&state.caller, &state.ops.stat(dir, "")?) {
        state.ops.set_owner(&file, Some(uid), Some(gid))?;
    }
    Ok(file)
}
