//! The one owner of the state folder: made private, refused when others could read or plant something in it.

use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::caller::Caller;
use super::error::{Cause, DiskError, Doing, StateTrouble};
use super::ops::{Disk, Open, Ops, Stat, sync_dir};
use super::process;

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
        let state = State { dir, ops, caller, alive: process::alive };
        state.existing("")?;
        Ok(state)
    }

    /// Where it is.
    #[cfg(test)]
    pub(super) fn folder(&self) -> &Path {
        &self.dir
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
    pub(super) fn inherit(&self, parent: &O::Dir, path: &Path) -> io::Result<()> {
        match heir(&self.caller, &self.ops.stat(parent, "")?) {
            Some((uid, gid)) => self.ops.set_dir_owner(&self.ops.open_dir(path)?, uid, gid),
            None => Ok(()),
        }
    }
}

/// Who is to own what root makes new in this folder: the folder's owner, if that is not root.
pub(super) fn heir(caller: &Caller, folder: &Stat) -> Option<(u32, u32)> {
    (caller.is_root() && folder.uid != 0).then_some((folder.uid, folder.gid))
}
