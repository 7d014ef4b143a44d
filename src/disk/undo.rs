//! Takes back what a run wrote: exactly what it wrote, or nothing; what was edited since is handed to whoever knows the format.

use std::io;

use crate::domain::Text;

use super::error::{DiskError, Doing};
use super::journal::{Line, RunId};
use super::lock::FileLock;
use super::ops::{Disk, Ops, sync_dir};
use super::read::{CONFIG_LIMIT, read_config};
use super::record::{FileRecord, FileState, RunRecord, RunState};
use super::rehearsal::{Errand, Rehearsal};
use super::run::Run;
use super::seen::{Digest, FileSeen, InPlace, Oddity};
use super::state::State;
use super::write::FileWrite;

/// What came of taking back one file.
#[derive(Debug, Clone)]
pub enum FileUndo {
    /// The old content and mode are back.
    Restored { doubt: Option<DiskError> },
    /// The run had made the file; it is removed.
    Removed { doubt: Option<DiskError> },
    /// The file is as it was before the run already, or is gone where there was none.
    AsBefore,
    /// The file is gone, though there was one before the run; the backup's text is here for whoever wants it back.
    Gone { before: Text },
    /// The file was edited since: nothing was done. To take back only the run's values, write over `now`, with `before` (`None`
    /// where the run made the file) telling what the values were.
    Edited { before: Option<Text>, now: FileSeen },
}

impl State<Disk> {
    /// Takes back file `n` of run `id`; the last one first, where a run wrote a file more than once. `allow`: the oddities that the person agreed to.
    ///
    /// Errors: no such run, still going on, of a later version or damaged, backup lost, or what a write can meet.
    pub fn take_back(&self, id: &RunId, n: usize, allow: &[Oddity]) -> Result<FileUndo, DiskError> {
        let (_, file) = self.file_to_undo(id, n)?;
        let lock = self.lock(&file.path)?;
        let seen = read_config(&file.path, &self.caller)?;
        self.take_back_seen(id, n, seen, allow, Some(lock))
    }

    /// Records that file `n` of run `id` was taken back by other means, as by an edit of the values alone.
    pub fn taken_back(&self, id: &RunId, n: usize) -> Result<(), DiskError> {
        let (record, _) = self.file_to_undo(id, n)?;
        Run::reopen(self.clone(), id.clone(), record)?.record(&Line::TookBack { n })
    }
}

impl<O: Ops + Clone> State<O> {
    /// The same for a file that was just looked at, with its lock held.
    pub(super) fn take_back_seen(
        &self,
        id: &RunId,
        n: usize,
        seen: FileSeen,
        allow: &[Oddity],
        lock: Option<FileLock>,
    ) -> Result<FileUndo, DiskError> {
        let (count, file) = self.file_to_undo(id, n)?;
        if matches!(file.state, FileState::Prepared | FileState::Dropped | FileState::TakenBack) {
            return Ok(FileUndo::AsBefore);
        }
        let before = self.before(id, &file)?;
        let current = seen.base().map(|base| base.digest);
        match (current, &file.was) {
            (None, None) => return Ok(FileUndo::AsBefore),
            (Some(now), Some(was)) if now == was.sha256.0 && file.wrote != Some(now) => return Ok(FileUndo::AsBefore),
            (None, Some(_)) => return Ok(FileUndo::Gone { before: before.unwrap_or_default() }),
            (Some(_), _) if seen.path != file.path || current != file.wrote => {
                return Ok(FileUndo::Edited { before, now: seen });
            }
            (Some(_), _) => {}
        }
        if let Some(oddity) = seen.oddities.iter().find(|oddity| !allow.contains(oddity)) {
            return Err(DiskError::NotAgreed { path: seen.path, oddity: oddity.clone() });
        }
        let mut write = FileWrite::over(&seen, before.unwrap_or_default()).allowing(allow.iter().cloned());
        write.mode = file.was.as_ref().map_or(write.mode, |was| was.mode & 0o777);
        if file.temporary.is_none() {
            // It was written in place because it cannot be replaced.
            write.allow.push(Oddity::InPlace(InPlace::Mount));
        }
        Run::reopen(self.clone(), id.clone(), count)?.take_back(write, file, lock)
    }

    /// A file of a run that this version may take back, and how many files the run has.
    pub(super) fn file_to_undo(&self, id: &RunId, n: usize) -> Result<(usize, FileRecord), DiskError> {
        let run = self.run_to_undo(id)?;
        let count = run.files.len();
        let file = run.files.into_iter().find(|file| file.n == n);
        Ok((count, file.ok_or_else(|| DiskError::NoSuchRun { id: format!("{id}, file {n}") })?))
    }

    /// A run that this version may take back.
    pub(super) fn run_to_undo(&self, id: &RunId) -> Result<RunRecord, DiskError> {
        let run = self.run(id)?;
        match run.state {
            RunState::Alive => Err(DiskError::RunAlive { id: id.to_string(), pid: run.pid }),
            RunState::Later(version) => Err(DiskError::Later { path: self.run_folder(id), version }),
            RunState::Damaged => Err(DiskError::Damaged { path: self.run_folder(id) }),
            RunState::Finished(_) | RunState::Broken => Ok(run),
        }
    }

    /// What the file held before the run; `None` if there was none.
    pub(super) fn before(&self, id: &RunId, file: &FileRecord) -> Result<Option<Text>, DiskError> {
        let Some(was) = &file.was else { return Ok(None) };
        let lost = || DiskError::BackupLost { path: file.path.clone() };
        let dir = self.ops.open_dir(&self.run_folder(id)).map_err(|_| lost())?;
        let (_, bytes) = self.ops.read(&dir, &was.backup, CONFIG_LIMIT).map_err(|_| lost())?;
        let mut bytes = bytes.filter(|bytes| Digest::of(bytes) == was.sha256.0).ok_or_else(lost)?;
        String::from_utf8(std::mem::take(&mut *bytes)).map(|text| Some(Text::new(text))).map_err(|_| lost())
    }
}

impl<O: Ops + Clone> Run<O> {
    /// Gives the file its old content, or removes it where there was none.
    pub(super) fn take_back(
        &mut self,
        write: FileWrite,
        file: FileRecord,
        lock: Option<FileLock>,
    ) -> Result<FileUndo, DiskError> {
        let path = write.path.clone();
        let in_place = write.allow.iter().any(|oddity| matches!(oddity, Oddity::InPlace(_)));
        let mut rehearsal = Rehearsal::look(self, Errand::TakeBack, file.n, write, lock)?;
        if file.was.is_none() {
            self.record(&Line::TakingBack { n: file.n, temporary: None })?;
            let refused = |error: io::Error| DiskError::refused(Doing::Remove, &path, &error);
            let doubt = rehearsal.remove().map_err(refused)?;
            // By its content, or by its absence, a second undo finds that there is nothing left to do.
            let _ = self.record(&Line::TookBack { n: file.n });
            return Ok(FileUndo::Removed { doubt });
        }
        let temporary = (!in_place).then(|| rehearsal.temporary_name(self.id()));
        self.record(&Line::TakingBack { n: file.n, temporary: temporary.clone() })?;
        rehearsal.fill(self, temporary)?;
        Ok(FileUndo::Restored { doubt: rehearsal.commit(self)?.doubt })
    }
}

impl<O: Ops + Clone> Rehearsal<O> {
    /// Removes the file that was looked at; what it says afterwards is whether the removal is safe on disk.
    fn remove(&mut self) -> io::Result<Option<DiskError>> {
        self.ops.remove(&self.dir, &self.name)?;
        let synced = sync_dir(&self.ops, &self.dir);
        Ok(synced.err().map(|error| DiskError::NotYetSafe { path: self.write.path.clone(), cause: (&error).into() }))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::path::PathBuf;

    use super::super::caller::Caller;
    use super::*;

    fn me() -> Caller {
        Caller::of_process(|_| None)
    }

    /// A file that held `old` (`None`: was not there) and into which a finished run wrote `NEW=1`.
    fn written(old: Option<&str>) -> (tempfile::TempDir, State, PathBuf, RunId) {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let state = State::open(root.join("state"), me()).unwrap();
        let path = root.join(".env");
        if let Some(old) = old {
            std::fs::write(&path, old).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        }
        let mut run = state.begin_run(1).unwrap();
        run.write(FileWrite::over(&read_config(&path, &me()).unwrap(), "NEW=1\n".into()).private()).unwrap();
        let id = run.finish(2).unwrap();
        (temp, state, path, id)
    }

    fn state_of(state: &State, id: &RunId) -> (FileState, RunRecord) {
        let record = state.run(id).unwrap();
        (record.files[0].state, record)
    }

    #[test]
    fn a_file_that_is_as_we_wrote_it_gets_its_old_bytes_and_mode_back() {
        let (_temp, state, path, id) = written(Some("OLD=1\n"));
        assert!(matches!(state.take_back(&id, 1, &[]).unwrap(), FileUndo::Restored { doubt: None }));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "OLD=1\n");
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o644);
        assert_eq!(state_of(&state, &id).0, FileState::TakenBack);
        assert!(matches!(state.take_back(&id, 1, &[]).unwrap(), FileUndo::AsBefore));
    }

    #[test]
    fn a_file_that_we_made_is_removed() {
        let (_temp, state, path, id) = written(None);
        assert!(matches!(state.take_back(&id, 1, &[]).unwrap(), FileUndo::Removed { doubt: None }));
        assert!(!path.exists());
        assert!(matches!(state.take_back(&id, 1, &[]).unwrap(), FileUndo::AsBefore));
    }

    #[test]
    fn a_file_that_was_edited_since_is_left_and_handed_over_with_its_backup() {
        let (_temp, state, path, id) = written(Some("OLD=1\n"));
        std::fs::write(&path, "NEW=1\nTHEIRS=1\n").unwrap();
        let FileUndo::Edited { before, now } = state.take_back(&id, 1, &[]).unwrap() else { panic!("not told") };
        assert_eq!(before.unwrap().as_str(), "OLD=1\n");
        assert_eq!(now.there.unwrap().text.as_str(), "NEW=1\nTHEIRS=1\n");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "NEW=1\nTHEIRS=1\n");
        state.taken_back(&id, 1).unwrap();
        assert_eq!(state_of(&state, &id).0, FileState::TakenBack);
    }

    #[test]
    fn a_file_that_is_gone_since_is_told_with_what_it_held() {
        let (_temp, state, path, id) = written(Some("OLD=1\n"));
        std::fs::remove_file(&path).unwrap();
        let FileUndo::Gone { before } = state.take_back(&id, 1, &[]).unwrap() else { panic!("not told") };
        assert_eq!(before.as_str(), "OLD=1\n");
    }

    #[test]
    fn a_backup_that_is_not_what_was_put_there_is_never_written() {
        let (_temp, state, path, id) = written(Some("OLD=1\n"));
        std::fs::write(state.run_folder(&id).join("backup-1"), "EVIL=1\n").unwrap();
        assert_eq!(state.take_back(&id, 1, &[]).unwrap_err(), DiskError::BackupLost { path: path.clone() });
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "NEW=1\n");
    }

    #[test]
    fn a_later_or_damaged_journal_stops_undo_and_is_neither_changed_nor_deleted() {
        let (_temp, state, _path, id) = written(Some("OLD=1\n"));
        let journal = state.run_folder(&id).join("journal");
        for (text, stops) in [("{\"version\":9}\n", "later labwizard"), ("garbage\n", "damaged")] {
            std::fs::write(&journal, text).unwrap();
            assert!(state.take_back(&id, 1, &[]).unwrap_err().sentence().contains(stops));
            state.clean_up(u32::MAX.into()).unwrap();
            for at in 10..30 {
                state.begin_run(at).unwrap().finish(at).unwrap();
            }
            assert_eq!(std::fs::read_to_string(&journal).unwrap(), text);
        }
    }

    #[test]
    fn a_run_that_is_going_on_is_not_undone_nor_forgotten() {
        let (_temp, state, path, _) = written(Some("OLD=1\n"));
        let mut run = state.begin_run(3).unwrap();
        run.write(FileWrite::over(&read_config(&path, &me()).unwrap(), "NEW=2\n".into())).unwrap();
        let alive = DiskError::RunAlive { id: run.id().to_string(), pid: std::process::id() };
        assert_eq!(state.take_back(run.id(), 1, &[]).unwrap_err(), alive);
        assert_eq!(state.forget(run.id()).unwrap_err(), alive);
    }

    #[test]
    fn what_is_forgotten_is_gone_with_its_backups() {
        let (_temp, state, path, id) = written(Some("OLD=1\n"));
        state.forget(&id).unwrap();
        assert!(!state.run_folder(&id).exists());
        assert_eq!(state.take_back(&id, 1, &[]).unwrap_err(), DiskError::NoSuchRun { id: id.to_string() });
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "NEW=1\n");
    }
}
