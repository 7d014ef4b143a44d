//! The safe write: verified against the review, backed up, filled beside the file, synced, renamed over it.
//!
//! In two halves, so that a plan can rehearse the write before an action that cannot be taken back: [`Run::rehearse`] does
//! all that can fail for reasons of the disk, [`Rehearsal::commit`] puts the content in place.

use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::domain::Text;

use super::caller::Caller;
use super::error::{Cause, Change, DiskError, Doing};
use super::journal::{Hex, Line, RunId, Was};
use super::lock::FileLock;
use super::ops::{Disk, Open, Ops, Stat, sync_dir};
use super::read::{CONFIG_LIMIT, read_config};
use super::run::Run;
use super::seen::{Base, Digest, FileSeen, Kind, Oddity};
use super::state::heir;

/// The mode of a file that is made new, and of one that a secret goes into.
pub const PRIVATE: u32 = 0o600;

/// What is to be written, and on what it is based.
#[derive(Debug, Clone)]
pub struct FileWrite {
    /// The path as it was given to the review, so that its links are followed anew.
    pub given: PathBuf,
    /// The resolved path that Review showed.
    pub path: PathBuf,
    /// Device and inode of its folder.
    pub folder: Option<(u64, u64)>,
    /// The file that was reviewed; `None`: there was none, and there must be none.
    pub base: Option<Base>,
    pub content: Text,
    /// The mode that the file is to have.
    pub mode: u32,
    /// The oddities that the person agreed to, exactly as they were seen.
    pub allow: Vec<Oddity>,
}

impl FileWrite {
    /// A write over what was seen: an existing file keeps its mode, a new one is private.
    pub fn over(seen: &FileSeen, content: Text) -> Self {
        FileWrite {
            given: seen.given.clone(),
            path: seen.path.clone(),
            folder: seen.folder.identity,
            base: seen.base(),
            content,
            mode: seen.there.as_ref().map_or(PRIVATE, |there| there.mode & 0o777),
            allow: Vec::new(),
        }
    }

    /// The same, for content that holds a secret: nobody but the owner may read it afterwards.
    pub fn private(mut self) -> Self {
        self.mode &= PRIVATE;
        self
    }

    /// The same, with these oddities agreed to.
    pub fn allowing(mut self, oddities: impl IntoIterator<Item = Oddity>) -> Self {
        self.allow.extend(oddities);
        self
    }

    fn in_place(&self) -> bool {
        self.allow.iter().any(|oddity| matches!(oddity, Oddity::InPlace(_)))
    }
}

/// A write that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub path: PathBuf,
    /// Its number in the run, for undo.
    pub n: usize,
    /// There was no such file before.
    pub created: bool,
    /// Of the content that now stands there.
    pub digest: Digest,
    /// [`DiskError::NotYetSafe`] when the system did not confirm the write after it was done.
    pub doubt: Option<DiskError>,
    /// What else is worth a line: no lock, an owner that could not be kept.
    pub notes: Vec<String>,
}

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
    old: Option<(Stat, Zeroizing<Vec<u8>>)>,
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
    pub fn rehearse(&mut self, write: FileWrite) -> Result<Rehearsal, DiskError> {
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

    /// Puts other content in place than what was rehearsed with, as when the secret has come into being since.
    pub fn commit_with(mut self, run: &mut Run<O>, content: Text) -> Result<Written, DiskError> {
        self.write.content = content;
        if let Some(name) = self.temporary.take() {
            if let Err(error) = self.ops.remove(&self.dir, &name) {
                let error = DiskError::refused(Doing::Temporary, &self.write.path, &error);
                return Err(self.give_up(run, error));
            }
            self.fill(run, Some(name))?;
        }
        self.commit(run)
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
) -> Result<Option<(Stat, Zeroizing<Vec<u8>>)>, DiskError> {
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

#[cfg(test)]
mod tests {
    use super::super::caller::Caller;
    use super::super::journal::FileState;
    use super::super::seen::InPlace;
    use super::super::state::State;
    use super::super::undo::FileUndo;
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    /// A project folder and a state folder, both fresh.
    struct Desk {
        _temp: tempfile::TempDir,
        project: PathBuf,
        state: State,
    }

    impl Desk {
        fn new() -> Desk {
            let temp = tempfile::tempdir().unwrap();
            let root = temp.path().canonicalize().unwrap();
            std::fs::create_dir(root.join("project")).unwrap();
            let state = State::open(root.join("state"), me()).unwrap();
            Desk { _temp: temp, project: root.join("project"), state }
        }

        fn file(&self, text: &str, mode: u32) -> PathBuf {
            let path = self.project.join(".env");
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            path
        }

        fn plan(&self, path: &Path, text: &str) -> FileWrite {
            FileWrite::over(&read_config(path, &me()).unwrap(), text.into())
        }

        fn names(&self) -> Vec<String> {
            let mut names: Vec<_> = std::fs::read_dir(&self.project)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        }
    }

    fn me() -> Caller {
        Caller::of_process(|_| None)
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().mode() & 0o777
    }

    fn text(path: &Path) -> String {
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_new_file_is_private_and_nothing_else_is_left_beside_it() {
        let desk = Desk::new();
        let path = desk.project.join(".env");
        let mut run = desk.state.begin_run(1).unwrap();
        let written = run.write(desk.plan(&path, "A=1\n")).unwrap();
        assert!(written.created && written.doubt.is_none() && written.notes.is_empty());
        assert_eq!((text(&path).as_str(), mode(&path)), ("A=1\n", 0o600));
        assert_eq!(desk.names(), [".env"]);
    }

    #[test]
    fn an_existing_file_keeps_its_mode_unless_a_secret_goes_in() {
        let desk = Desk::new();
        let path = desk.file("A=0\n", 0o644);
        let mut run = desk.state.begin_run(1).unwrap();
        run.write(desk.plan(&path, "A=1\n")).unwrap();
        assert_eq!(mode(&path), 0o644);
        run.write(desk.plan(&path, "A=2\n").private()).unwrap();
        assert_eq!((text(&path).as_str(), mode(&path)), ("A=2\n", 0o600));
    }

    #[test]
    fn the_backup_lies_in_the_state_folder_private_and_whole() {
        let desk = Desk::new();
        let path = desk.file("OLD=1\n", 0o644);
        let mut run = desk.state.begin_run(1).unwrap();
        run.write(desk.plan(&path, "NEW=1\n")).unwrap();
        let folder = desk.state.run_folder(run.id());
        assert_eq!(text(&folder.join("backup-1")), "OLD=1\n");
        assert_eq!(
            (mode(&folder), mode(&folder.join("backup-1")), mode(&folder.join("journal"))),
            (0o700, 0o600, 0o600)
        );
        let id = run.finish(2).unwrap();
        let record = desk.state.run(&id).unwrap();
        assert_eq!(record.files[0].state, FileState::Written);
        assert_eq!(record.files[0].path, path);
        assert_eq!(record.files[0].was.as_ref().unwrap().mode, 0o644);
    }

    #[test]
    fn a_rehearsal_that_is_dropped_leaves_everything_as_it_was() {
        let desk = Desk::new();
        let path = desk.file("OLD=1\n", 0o600);
        let mut run = desk.state.begin_run(1).unwrap();
        let rehearsal = run.rehearse(desk.plan(&path, "NEW=1\n")).unwrap();
        assert_eq!(desk.names().len(), 2, "the temporary stands beside the file");
        assert_eq!(mode(&desk.project.join(format!("..env.labwizard-{}", run.id()))), 0o600);
        drop(rehearsal);
        assert_eq!((desk.names(), text(&path)), (vec![".env".to_string()], "OLD=1\n".to_string()));
    }

    #[test]
    fn what_is_committed_may_differ_from_what_was_rehearsed() {
        let desk = Desk::new();
        let path = desk.file("T=\n", 0o600);
        let mut run = desk.state.begin_run(1).unwrap();
        let rehearsal = run.rehearse(desk.plan(&path, "T=????\n")).unwrap();
        let written = rehearsal.commit_with(&mut run, "T=made since\n".into()).unwrap();
        assert_eq!((text(&path).as_str(), written.digest), ("T=made since\n", Digest::of(b"T=made since\n")));
        assert_eq!(desk.names(), [".env"]);
    }

    #[test]
    fn a_file_that_changed_since_the_review_is_not_touched() {
        type Change = fn(&Path);
        let changes: [(&str, Change, super::Change); 5] = [
            ("content", |path| std::fs::write(path, "THEIRS=1\n").unwrap(), super::Change::Content),
            ("same length", |path| std::fs::write(path, "OLD=2\n").unwrap(), super::Change::Content),
            ("removed", |path| std::fs::remove_file(path).unwrap(), super::Change::Vanished),
            (
                "replaced",
                |path| {
                    std::fs::write(path.with_extension("n"), "OLD=1\n").unwrap();
                    std::fs::rename(path.with_extension("n"), path).unwrap();
                },
                super::Change::OtherFile,
            ),
            (
                "made a link",
                |path| {
                    std::fs::rename(path, path.with_extension("real")).unwrap();
                    symlink(path.with_extension("real"), path).unwrap();
                },
                super::Change::OtherFile,
            ),
        ];
        for (name, change, how) in changes {
            for late in [false, true] {
                let desk = Desk::new();
                let path = desk.file("OLD=1\n", 0o600);
                let plan = desk.plan(&path, "NEW=1\n");
                let mut run = desk.state.begin_run(1).unwrap();
                let result = if late {
                    let rehearsal = run.rehearse(plan).unwrap();
                    std::thread::scope(|scope| scope.spawn(|| change(&path)).join().unwrap());
                    rehearsal.commit(&mut run)
                } else {
                    change(&path);
                    run.write(plan)
                };
                match result {
                    Err(DiskError::Changed { how: found, .. }) => assert_eq!(found, how, "{name}"),
                    other => panic!("{name}, late: {late}: {other:?}"),
                }
                assert!(desk.names().iter().all(|name| !name.contains("labwizard")), "{name}");
                assert!(!std::fs::read_to_string(&path).is_ok_and(|text| text.contains("NEW")), "{name}");
            }
        }
    }

    #[test]
    fn a_file_that_came_into_being_since_the_review_is_not_replaced() {
        let desk = Desk::new();
        let path = desk.project.join(".env");
        let mut run = desk.state.begin_run(1).unwrap();
        let rehearsal = run.rehearse(desk.plan(&path, "NEW=1\n")).unwrap();
        std::fs::write(&path, "THEIRS=1\n").unwrap();
        let error = rehearsal.commit(&mut run).unwrap_err();
        assert_eq!(error, DiskError::Changed { path: path.clone(), how: super::Change::Appeared });
        assert_eq!(text(&path), "THEIRS=1\n");
    }

    #[test]
    fn a_folder_that_was_swapped_since_the_review_is_not_written_into() {
        let desk = Desk::new();
        let path = desk.project.join(".env");
        let plan = desk.plan(&path, "NEW=1\n");
        let mut run = desk.state.begin_run(1).unwrap();
        std::fs::rename(&desk.project, desk.project.with_extension("away")).unwrap();
        std::fs::create_dir(&desk.project).unwrap();
        assert_eq!(run.write(plan).unwrap_err(), DiskError::Changed { path: path.clone(), how: super::Change::Folder });
        assert!(!path.exists());
    }

    #[test]
    fn a_link_is_kept_and_the_file_behind_it_is_replaced() {
        let desk = Desk::new();
        std::fs::write(desk.project.join("real"), "OLD=1\n").unwrap();
        symlink("real", desk.project.join(".env")).unwrap();
        let path = desk.project.join(".env");
        desk.state.begin_run(1).unwrap().write(desk.plan(&path, "NEW=1\n")).unwrap();
        assert!(std::fs::symlink_metadata(&path).unwrap().is_symlink());
        assert_eq!(text(&desk.project.join("real")), "NEW=1\n");
    }

    #[test]
    fn an_oddity_is_refused_until_exactly_it_was_agreed_to() {
        let desk = Desk::new();
        let path = desk.file("OLD=1\n", 0o600);
        std::fs::hard_link(&path, desk.project.join("second")).unwrap();
        let mut run = desk.state.begin_run(1).unwrap();
        let refused = run.write(desk.plan(&path, "NEW=1\n")).unwrap_err();
        assert_eq!(refused, DiskError::NotAgreed { path: path.clone(), oddity: Oddity::HardLinks(2) });
        let other = desk.plan(&path, "NEW=1\n").allowing([Oddity::HardLinks(3)]);
        assert!(run.write(other).is_err());
        run.write(desk.plan(&path, "NEW=1\n").allowing([Oddity::HardLinks(2)])).unwrap();
        assert_eq!((text(&path), text(&desk.project.join("second"))), ("NEW=1\n".into(), "OLD=1\n".into()));
    }

    #[test]
    fn a_second_run_on_the_same_file_is_told_who_has_it() {
        let desk = Desk::new();
        let path = desk.file("OLD=1\n", 0o600);
        let mut first = desk.state.begin_run(1).unwrap();
        let mut second = desk.state.begin_run(1).unwrap();
        let rehearsal = first.rehearse(desk.plan(&path, "NEW=1\n")).unwrap();
        let busy = second.rehearse(desk.plan(&path, "NEW=2\n")).err();
        assert_eq!(busy, Some(DiskError::Busy { path: path.clone(), pid: Some(std::process::id()) }));
        rehearsal.commit(&mut first).unwrap();
        second.write(desk.plan(&path, "NEW=2\n")).unwrap();
    }

    #[test]
    fn in_place_it_stays_the_same_file() {
        let desk = Desk::new();
        let path = desk.file("A LONGER OLD=1\n", 0o640);
        let inode = std::fs::metadata(&path).unwrap().ino();
        let mut run = desk.state.begin_run(1).unwrap();
        let plan = desk.plan(&path, "NEW=1\n").private().allowing([Oddity::InPlace(InPlace::Mount)]);
        run.write(plan).unwrap();
        assert_eq!((text(&path).as_str(), mode(&path)), ("NEW=1\n", 0o600));
        assert_eq!(std::fs::metadata(&path).unwrap().ino(), inode);
        let id = run.finish(2).unwrap();
        assert!(matches!(desk.state.take_back(&id, 1, &[]).unwrap(), FileUndo::Restored { doubt: None }));
        assert_eq!((text(&path).as_str(), mode(&path)), ("A LONGER OLD=1\n", 0o640));
        assert_eq!(std::fs::metadata(&path).unwrap().ino(), inode);
    }

    #[test]
    fn root_keeps_the_owner_of_a_file_and_gives_a_new_one_to_the_folders_owner() {
        if !me().is_root() {
            eprintln!("skipped: only root can give files away");
            return;
        }
        let desk = Desk::new();
        std::os::unix::fs::chown(&desk.project, Some(4242), Some(4343)).unwrap();
        let path = desk.file("OLD=1\n", 0o600);
        std::os::unix::fs::chown(&path, Some(4444), Some(4545)).unwrap();
        let mut run = desk.state.begin_run(1).unwrap();
        for (name, owner) in [(".env", (4444, 4545)), ("new.env", (4242, 4343))] {
            let seen = read_config(&desk.project.join(name), &me()).unwrap();
            let plan = FileWrite::over(&seen, "NEW=1\n".into()).allowing(seen.oddities);
            let path = run.write(plan).unwrap().path;
            let meta = std::fs::metadata(&path).unwrap();
            assert_eq!(((meta.uid(), meta.gid()), mode(&path)), (owner, 0o600));
        }
    }
}
