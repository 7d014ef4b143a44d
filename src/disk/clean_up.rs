//! What dead runs left behind is removed: temporaries, and runs that broke off before they did anything.

use std::io;
use std::path::{Path, PathBuf};

use super::error::{DiskError, Doing};
use super::journal::{self, RunId};
use super::ops::Ops;
use super::record::RunState;
use super::state::State;

impl<O: Ops + Clone> State<O> {
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
