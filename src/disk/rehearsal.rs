//! A write that is ready, and its end: all that can fail for reasons of the disk is done before, the content is put in place
//! at the end, and whoever gives up leaves nothing behind.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use super::caller::Caller;
use super::error::{Cause, Change, DiskError, Doing};
use super::journal::{Hex, Line, RunId, Was};
use super::lock::FileLock;
use super::ops::{Disk, Open, Ops, Stat, sync_dir};
use super::read::{CONFIG_LIMIT, read_config};
use super::run::Run;
use super::seen::{Base, Digest, Kind};
use super::state::heir;
use super::write::{FileWrite, PRIVATE, Written};

/// A write that is ready: lock held, file unchanged, backup complete, temporary filled in its folder.
///
/// Dropped without a commit, it takes its temporary away.
pub struct Rehearsal<O: Ops = Disk> {
    pub(super) ops: O,
    caller: Caller,
    /// Held until the end.
    _lock: Option<FileLock>,
    pub(super) write: FileWrite,
    errand: Errand,
    n: usize,
    pub(super) dir: O::Dir,
    pub(super) name: String,
    /// What is there now, and its bytes.
    old: Option<Found>,
    /// `None`: written in place, or already renamed.
    temporary: Option<String>,
    notes: Vec<String>,
}

impl Run<Disk> {
    /// Rehearses and commits at once.
    pub fn write(&mut self, write: FileWrite) -> Result<Written, DiskError> {
        self.rehearse(write)?.commit(self)
    }

    /// Makes everything ready for a write without touching the file.
    ///
    /// Errors: another run has the file, it changed since the review, an oddity was not agreed to, or the disk refused.
    pub fn rehearse(&mut self, mut write: FileWrite) -> Result<Rehearsal, DiskError> {
        let lock = self.state.lock(&write.path)?;
        let now = read_config(&write.given, &self.state.caller)?;
        if now.path != write.path {
            return Err(DiskError::Changed { path: write.path, how: Change::OtherFile });
        }
        if !now.folder.exists {
            let folder = write.path.parent().unwrap_or(&write.path);
            return Err(DiskError::refused(Doing::Temporary, folder, &io::ErrorKind::NotFound.into()));
        }
        if let Some(oddity) = now.oddities.iter().find(|oddity| !write.allow.contains(oddity)) {
            return Err(DiskError::NotAgreed { path: write.path, oddity: oddity.clone() });
        }
        // What was agreed to and is no longer so is not done: a file that can be replaced is replaced.
        write.allow.retain(|oddity| now.oddities.contains(oddity));
        self.prepare(write, Some(lock))
    }
}

impl<O: Ops + Clone> Run<O> {
    /// The rehearsal itself, after the lock was taken and the way to the file was looked at.
    pub(super) fn prepare(&mut self, write: FileWrite, lock: Option<FileLock>) -> Result<Rehearsal<O>, DiskError> {
        let n = self.files + 1;
        let mut rehearsal = Rehearsal::look(self, Errand::Write, n, write, lock)?;
        self.files = n;
        let path = rehearsal.write.path.clone();
        let was = match &rehearsal.old {
            None => None,
            Some((stat, bytes)) => {
                let backup = format!("backup-{n}");
                self.back_up(&backup, bytes).map_err(|error| DiskError::refused(Doing::Backup, &path, &error))?;
                let sha256 = Hex(Digest::of(bytes));
                Some(Was { backup, sha256, mode: stat.mode, uid: stat.uid, gid: stat.gid })
            }
        };
        let temporary = (!rehearsal.write.in_place()).then(|| rehearsal.temporary_name(self.id()));
        self.record(&Line::Preparing { n, path, temporary: temporary.clone(), was })?;
        rehearsal.fill(self, temporary)?;
        Ok(rehearsal)
    }
}

impl<O: Ops + Clone> Rehearsal<O> {
    /// Opens the folder and checks that it and the file are those of the review.
    pub(super) fn look(
        run: &Run<O>,
        errand: Errand,
        n: usize,
        write: FileWrite,
        lock: Option<FileLock>,
    ) -> Result<Self, DiskError> {
        let ops = run.state.ops.clone();
        let path = &write.path;
        let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
            return Err(DiskError::BadPath { path: path.clone(), why: "it names no file" });
        };
        let name = name.to_owned();
        let refused = |error: io::Error| DiskError::refused(Doing::Temporary, path, &error);
        let dir = ops.open_dir(folder).map_err(refused)?;
        let stat = ops.stat(&dir, "").map_err(refused)?;
        if write.folder.is_some_and(|folder| folder != (stat.identity.device, stat.identity.inode)) {
            return Err(DiskError::Changed { path: path.clone(), how: Change::Folder });
        }
        let old = verify(&ops, &dir, &name, path, write.base)?;
        let notes = lock.as_ref().and_then(FileLock::note).into_iter().collect();
        Ok(Rehearsal {
            ops,
            caller: run.state.caller,
            _lock: lock,
            write,
            errand,
            n,
            dir,
            name,
            old,
            temporary: None,
            notes,
        })
    }

    pub(super) fn temporary_name(&self, id: &RunId) -> String {
        format!(".{}.labwizard-{id}", self.name)
    }

    /// Fills the temporary; in case of failure it is taken away again.
    pub(super) fn fill(&mut self, run: &mut Run<O>, temporary: Option<String>) -> Result<(), DiskError> {
        let Some(name) = temporary else { return Ok(()) };
        let refused = |path: &Path, error: &io::Error| DiskError::refused(Doing::Temporary, path, error);
        let mut file = match self.ops.open(&self.dir, &name, Open::New(PRIVATE)) {
            Ok(file) => file,
            Err(error) => {
                let error = refused(&self.write.path, &error);
                return Err(self.give_up(run, error));
            }
        };
        // From here on it is ours to remove.
        self.temporary = Some(name.clone());
        let temporary = name;
        let filled = (|| {
            self.ops.write(&mut file, self.write.content.as_str().as_bytes())?;
            let mode = self.keep_owner(&file, &temporary)?;
            self.ops.set_mode(&file, mode)?;
            self.ops.sync(&file)
        })();
        match filled {
            Ok(()) => Ok(()),
            Err(error) => {
                let error = refused(&self.write.path, &error);
                Err(self.give_up(run, error))
            }
        }
    }

    /// Gives the temporary the owner of what it replaces, or of its folder where root makes a new file; returns the mode
    /// that is right after that.
    fn keep_owner(&mut self, file: &O::File, temporary: &str) -> io::Result<u32> {
        let mode = self.write.mode & 0o777;
        let mine = self.ops.stat(&self.dir, temporary)?;
        let wanted = match &self.old {
            Some((old, _)) => Some((old.uid, old.gid)),
            None => heir(&self.caller, &self.ops.stat(&self.dir, "")?),
        };
        let Some((uid, gid)) = wanted.filter(|wanted| *wanted != (mine.uid, mine.gid)) else { return Ok(mode) };
        if allowed(self.ops.set_owner(file, Some(uid), Some(gid)))? {
            return Ok(mode);
        }
        if uid != mine.uid {
            self.notes.push(format!("The file now belongs to you; only root could have left it to user {uid}."));
        }
        if gid == mine.gid || allowed(self.ops.set_owner(file, None, Some(gid)))? {
            return Ok(mode);
        }
        // Another group must not get what the old one was given.
        Ok(mode & !0o070)
    }

    /// Ends it without a write: its temporary goes, and the journal says so.
    pub fn end(mut self, run: &mut Run<O>) -> Result<(), DiskError> {
        self.take_away();
        run.record(&Line::Dropped { n: self.n })
    }

    /// Puts the content in place.
    pub fn commit(mut self, run: &mut Run<O>) -> Result<Written, DiskError> {
        let path = self.write.path.clone();
        let n = self.n;
        let digest = Digest::of(self.write.content.as_str().as_bytes());
        if self.errand == Errand::Write
            && let Err(error) = run.record(&Line::Writing { n, sha256: Hex(digest) })
        {
            return Err(self.give_up(run, error));
        }
        // The last look: nothing but the rename comes after it.
        if let Err(error) = verify(&self.ops, &self.dir, &self.name, &path, self.write.base) {
            return Err(self.give_up(run, error));
        }
        let mut doubt = None;
        match &self.temporary {
            Some(temporary) => {
                let over = self.write.base.is_some();
                if let Err(error) = self.ops.rename(&self.dir, temporary, &self.name, over) {
                    let error = match Cause::from(&error) {
                        Cause::Exists if !over => DiskError::Changed { path, how: Change::Appeared },
                        _ => DiskError::refused(Doing::Replace, &path, &error),
                    };
                    return Err(self.give_up(run, error));
                }
                self.temporary = None;
                if let Err(error) = sync_dir(&self.ops, &self.dir) {
                    doubt = Some(DiskError::NotYetSafe { path: path.clone(), cause: (&error).into() });
                }
            }
            None => {
                if let Err(error) = self.overwrite() {
                    return Err(self.give_up(run, error));
                }
            }
        }
        let done = if self.errand == Errand::Write { Line::Wrote { n } } else { Line::TookBack { n } };
        if run.record(&done).is_err() {
            // Undo goes by the file's content, which the journal named before the rename.
            self.notes.push("The journal could not be closed for this file; undo will know it by its content.".into());
        }
        let notes = std::mem::take(&mut self.notes);
        Ok(Written { path, n, created: self.write.base.is_none(), digest, doubt, notes })
    }

    /// Writes over the file in place, where it cannot be replaced; what fails is put back at once as far as it goes.
    fn overwrite(&mut self) -> Result<(), DiskError> {
        let path = &self.write.path;
        let mut touched = false;
        let old_mode = self.old.as_ref().map_or(PRIVATE, |(old, _)| old.mode & 0o777);
        let put = |bytes: &[u8], from: u32, mode: u32, touched: &mut bool| -> io::Result<()> {
            let mut file = self.ops.open(&self.dir, &self.name, Open::Over)?;
            // Narrowed before the content comes in, widened only after it went.
            let narrow = mode & from;
            if narrow != from {
                allowed(self.ops.set_mode(&file, narrow))?;
            }
            *touched = true;
            self.ops.write(&mut file, bytes)?;
            self.ops.cut(&file, bytes.len() as u64)?;
            if narrow != mode {
                allowed(self.ops.set_mode(&file, mode))?;
            }
            self.ops.sync(&file)
        };
        let new = self.write.content.as_str().as_bytes();
        let mode = self.write.mode & 0o777;
        let Err(error) = put(new, old_mode, mode, &mut touched) else { return Ok(()) };
        let whole = match &self.old {
            Some((_, old)) if touched => put(old, old_mode & mode, old_mode, &mut touched).is_ok(),
            _ => !touched,
        };
        Err(DiskError::refused(if whole { Doing::Replace } else { Doing::Overwrite }, path, &error))
    }

    /// Takes the temporary away and says so in the journal, as far as either can be done; hands the error back.
    fn give_up(&mut self, run: &mut Run<O>, error: DiskError) -> DiskError {
        self.take_away();
        // What is half written stays open in the journal; it is for undo.
        let whole = !matches!(error, DiskError::Refused { doing: Doing::Overwrite, .. });
        if self.errand == Errand::Write && whole {
            // The error that led here is the one that counts; without this line the file's content tells the same.
            let _ = run.record(&Line::Dropped { n: self.n });
        }
        error
    }

    fn take_away(&mut self) {
        if let Some(name) = self.temporary.take() {
            let _ = self.ops.remove(&self.dir, &name);
        }
    }
}

impl<O: Ops> Drop for Rehearsal<O> {
    fn drop(&mut self) {
        if let Some(name) = self.temporary.take() {
            let _ = self.ops.remove(&self.dir, &name);
        }
    }
}

/// A file that is there: what it is, and its bytes.
type Found = (Stat, Zeroizing<Vec<u8>>);

/// What a write is for, as the journal tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errand {
    Write,
    TakeBack,
}

/// Whether it was done; `false` if the file system or the user's rights do not allow it, which is no failure of the disk.
fn allowed(done: io::Result<()>) -> io::Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(error) => match Cause::from(&error) {
            Cause::NoSpace | Cause::Quota | Cause::ReadOnly | Cause::Io => Err(error),
            _ => Ok(false),
        },
    }
}

/// Checks that the file is still the one that was reviewed, to the byte; returns what is there.
fn verify<O: Ops>(
    ops: &O,
    dir: &O::Dir,
    name: &str,
    path: &Path,
    base: Option<Base>,
) -> Result<Option<Found>, DiskError> {
    let changed = |how| Err(DiskError::Changed { path: path.to_owned(), how });
    let (stat, bytes) = match (ops.read(dir, name, CONFIG_LIMIT), base) {
        (Err(error), None) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        (Err(error), Some(_)) if error.kind() == io::ErrorKind::NotFound => return changed(Change::Vanished),
        (Err(error), _) => return Err(DiskError::refused(Doing::Temporary, path, &error)),
        (Ok(_), None) => return changed(Change::Appeared),
        (Ok(seen), Some(_)) => seen,
    };
    let (Some(bytes), Kind::File) = (bytes, stat.kind) else { return changed(Change::OtherFile) };
    let Some(base) = base else { return changed(Change::Appeared) };
    if (base.identity.device, base.identity.inode) != (stat.identity.device, stat.identity.inode) {
        return changed(Change::OtherFile);
    }
    if base.identity != stat.identity || base.digest != Digest::of(&bytes) {
        return changed(Change::Content);
    }
    Ok(Some((stat, bytes)))
}
