//! The one owner of the state folder: made private, refused when others could read or plant something in it.

use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::caller::Caller;
use super::error::{Cause, DiskError, Doing, StateTrouble};
use super::journal::{self, RunId, RunRecord, RunState};
use super::ops::{Disk, Open, Ops, Stat, stat_if_there, sync_dir};
use super::run::Run;
use super::seen::Kind;

/// How many runs are kept for undo.
pub const RUNS_KEPT: usize = 10;
const RUNS: &str = "runs";
const WALK: &str = "walk.toml";
/// The most bytes of a file of ours that are read.
const LIMIT: u64 = 1 << 20;

/// The state folder: hosts that are trusted, journals and backups of runs, the answers of an unfinished walk.
///
/// Nothing is made on disk before there is something to keep.
#[derive(Debug, Clone)]
pub struct State<O: Ops = Disk> {
    pub(super) dir: PathBuf,
    pub(super) ops: O,
    pub(super) caller: Caller,
    /// Whether a process (pid, when it began) is still there.
    pub(super) alive: fn(u32, Option<u64>) -> bool,
}

/// Where the state folder is when nothing else is said: the user's data folder of labwizard. `None` without a home.
pub fn default_folder() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "labwizard")?;
    Some(dirs.data_local_dir().to_owned())
}

impl State<Disk> {
    /// Opens the state folder, which need not be there yet.
    ///
    /// Errors: it belongs to somebody else, or others may enter it.
    pub fn open(dir: PathBuf, caller: Caller) -> Result<Self, DiskError> {
        let dir = std::path::absolute(&dir).map_err(|error| DiskError::refused(Doing::Look, &dir, &error))?;
        // Links above it, or to it, are the owner's business; what counts is what is at their end.
        let there = dir.ancestors().find_map(|above| Some((above.canonicalize().ok()?, dir.strip_prefix(above).ok()?)));
        let dir = match &there {
            Some((above, rest)) if rest.as_os_str().is_empty() => above.clone(),
            Some((above, rest)) => above.join(rest),
            None => dir,
        };
        State::with(dir, Disk, caller)
    }
}

impl<O: Ops + Clone> State<O> {
    pub(super) fn with(dir: PathBuf, ops: O, caller: Caller) -> Result<Self, DiskError> {
        let state = State { dir, ops, caller, alive: journal::alive };
        state.existing("")?;
        Ok(state)
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.dir
    }

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

    fn delete_run(&self, id: &RunId) -> Result<(), DiskError> {
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

    /// Removes what dead runs left behind: their temporaries beside files and in the state folder, and runs that broke off
    /// before they did anything. Called once at start; what cannot be removed is told and stops nothing.
    ///
    /// `now` in seconds since 1970.
    pub fn clean_up(&self, now: u64) -> Result<CleanedUp, DiskError> {
        let mut done = CleanedUp::default();
        for run in self.runs()? {
            if run.state == RunState::Damaged {
                done.note(self.clean_unborn(&run.id, now));
            }
            if !run.can_be_undone() {
                continue;
            }
            for file in &run.files {
                let (Some(temporary), Some(folder)) = (&file.temporary, file.path.parent()) else { continue };
                // Only what carries our mark is touched, whatever a journal says.
                let ours = temporary.starts_with('.') && temporary.ends_with(&format!(".labwizard-{}", run.id));
                if ours && !temporary.contains('/') {
                    // A folder that is gone or closed holds nothing that could be removed.
                    let Ok(dir) = self.ops.open_dir(folder) else { continue };
                    done.remove(&self.ops, &dir, folder, temporary);
                }
            }
            if run.state == RunState::Broken && run.files.is_empty() && run.actions.is_empty() {
                done.note(self.delete_run(&run.id));
            }
        }
        let Some(dir) = self.existing("")? else { return Ok(done) };
        let names =
            self.ops.names(&dir, &self.dir).map_err(|error| DiskError::refused(Doing::List, &self.dir, &error))?;
        for name in names {
            let pid = name.rsplit_once(".labwizard-").and_then(|(_, pid)| pid.parse().ok());
            if name.starts_with('.') && pid.is_some_and(|pid| !(self.alive)(pid, None)) {
                done.remove(&self.ops, &dir, &self.dir, &name);
            }
        }
        Ok(done)
    }

    /// Removes the folder of a run that broke off before its first line was whole: nothing was done under it. One that is
    /// younger than an hour may still get its first line.
    fn clean_unborn(&self, id: &RunId, now: u64) -> Result<(), DiskError> {
        let path = self.run_folder(id);
        let refused = |error: io::Error| DiskError::refused(Doing::Look, &path, &error);
        let dir = self.ops.open_dir(&path).map_err(refused)?;
        let (made, _) = self.ops.stat(&dir, "").map_err(refused)?.identity.modified;
        let names = self.ops.names(&dir, &path).map_err(refused)?;
        let whole = match self.ops.read(&dir, journal::FILE, journal::LIMIT) {
            Ok((_, bytes)) => bytes.is_none_or(|bytes| bytes.contains(&b'\n')),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(refused(error)),
        };
        if whole || names.iter().any(|name| name != journal::FILE) || made.saturating_add(3600) > now as i64 {
            return Ok(());
        }
        self.delete_run(id)
    }

    /// The answers of an unfinished walk, as they were kept; they hold no secret.
    pub fn walk(&self) -> Result<Option<String>, DiskError> {
        let Some(bytes) = self.read_file(WALK)? else { return Ok(None) };
        match String::from_utf8(bytes.to_vec()) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(DiskError::Damaged { path: self.dir.join(WALK) }),
        }
    }

    /// Keeps the answers of an unfinished walk. They must hold no secret.
    pub fn keep_walk(&self, answers: &str) -> Result<(), DiskError> {
        self.put(WALK, answers.as_bytes())
    }

    /// Keeps a CA's certificate under a name of its own, and tells where. It belongs to no run, so no undo takes it away.
    pub fn keep_ca(&self, name: &str, pem: &str) -> Result<PathBuf, DiskError> {
        self.put(name, pem.as_bytes())?;
        Ok(self.dir.join(name))
    }

    /// Forgets the unfinished walk.
    pub fn drop_walk(&self) -> Result<(), DiskError> {
        let Some(dir) = self.existing("")? else { return Ok(()) };
        match self.ops.remove(&dir, WALK) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(DiskError::refused(Doing::Remove, &self.dir.join(WALK), &error))
            }
            _ => Ok(()),
        }
    }

    /// Reads a file of the state folder itself; `None` when it is not there.
    pub(super) fn read_file(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, DiskError> {
        let Some(dir) = self.existing("")? else { return Ok(None) };
        let path = self.dir.join(name);
        match self.ops.read(&dir, name, LIMIT) {
            Ok((_, Some(bytes))) => Ok(Some(bytes)),
            Ok((_, None)) => Err(DiskError::Damaged { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DiskError::refused(Doing::Read, &path, &error)),
        }
    }

    /// Replaces a file of the state folder itself, whole or not at all.
    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), DiskError> {
        let dir = self.made("")?;
        let path = self.dir.join(name);
        let temporary = format!(".{name}.labwizard-{}", std::process::id());
        let placed = (|| {
            match self.ops.remove(&dir, &temporary) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = self.ops.open(&dir, &temporary, Open::New(0o600))?;
            self.ops.write(&mut file, bytes)?;
            if let Some((uid, gid)) = heir(&self.caller, &self.ops.stat(&dir, "")?) {
                self.ops.set_owner(&file, Some(uid), Some(gid))?;
            }
            self.ops.sync(&file)?;
            self.ops.rename(&dir, &temporary, name, true)
        })();
        if let Err(error) = placed {
            // It could not be put in place; whether its remains can be removed changes nothing about that.
            let _ = self.ops.remove(&dir, &temporary);
            return Err(DiskError::refused(Doing::Remember, &path, &error));
        }
        sync_dir(&self.ops, &dir).map_err(|error| DiskError::NotYetSafe { path, cause: (&error).into() })
    }

    /// A folder of the state folder (`""` is the state folder itself), if it is there; refused if it cannot be trusted.
    pub(super) fn existing(&self, name: &str) -> Result<Option<O::Dir>, DiskError> {
        // What is inside counts only as long as the folder around it can be trusted.
        if !name.is_empty() && self.existing("")?.is_none() {
            return Ok(None);
        }
        let path = if name.is_empty() { self.dir.clone() } else { self.dir.join(name) };
        let dir = match self.ops.open_dir(&path) {
            Ok(dir) => dir,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if matches!(Cause::from(&error), Cause::NotAFolder | Cause::TooManyLinks) => {
                return Err(DiskError::StateFolder { path, trouble: StateTrouble::NotAFolder });
            }
            Err(error) => return Err(DiskError::refused(Doing::Look, &path, &error)),
        };
        let stat = self.ops.stat(&dir, "").map_err(|error| DiskError::refused(Doing::Look, &path, &error))?;
        let trouble = if !self.caller.owns(stat.uid) {
            StateTrouble::ForeignOwner(stat.uid)
        } else if stat.mode & 0o077 != 0 {
            StateTrouble::OpenToOthers(stat.mode)
        } else {
            return Ok(Some(dir));
        };
        Err(DiskError::StateFolder { path, trouble })
    }

    /// The same, made if it is not there.
    pub(super) fn made(&self, name: &str) -> Result<O::Dir, DiskError> {
        if let Some(dir) = self.existing(name)? {
            return Ok(dir);
        }
        let path = if name.is_empty() { self.dir.clone() } else { self.dir.join(name) };
        self.make_all(&path).map_err(|error| DiskError::refused(Doing::Remember, &path, &error))?;
        let missing = || DiskError::refused(Doing::Look, &path, &io::ErrorKind::NotFound.into());
        self.existing(name)?.ok_or_else(missing)
    }

    fn make_all(&self, path: &Path) -> io::Result<()> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let dir = match self.ops.open_dir(parent) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.make_all(parent)?;
                self.ops.open_dir(parent)?
            }
            opened => opened?,
        };
        match self.ops.make_dir(&dir, name, 0o700) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            made => made?,
        }
        self.inherit(&dir, path)?;
        sync_dir(&self.ops, &dir)
    }

    /// Gives a folder that was just made the owner of the one that it lies in, where we are root in another user's folder.
    fn inherit(&self, parent: &O::Dir, path: &Path) -> io::Result<()> {
        match heir(&self.caller, &self.ops.stat(parent, "")?) {
            Some((uid, gid)) => self.ops.set_dir_owner(&self.ops.open_dir(path)?, uid, gid),
            None => Ok(()),
        }
    }
}

/// What a clean-up did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CleanedUp {
    /// The temporaries that are gone.
    pub removed: Vec<PathBuf>,
    /// What could not be removed, and why.
    pub stuck: Vec<DiskError>,
}

impl CleanedUp {
    fn remove<O: Ops>(&mut self, ops: &O, dir: &O::Dir, folder: &Path, name: &str) {
        let path = folder.join(name);
        match ops.remove(dir, name) {
            Ok(()) => self.removed.push(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.stuck.push(DiskError::refused(Doing::Remove, &path, &error)),
        }
    }

    fn note(&mut self, done: Result<(), DiskError>) {
        self.stuck.extend(done.err());
    }
}

/// Who is to own what root makes new in this folder: the folder's owner, if that is not root.
pub(super) fn heir(caller: &Caller, folder: &Stat) -> Option<(u32, u32)> {
    (caller.is_root() && folder.uid != 0).then_some((folder.uid, folder.gid))
}
