//! One run a file: a lock in the state folder, keyed by the resolved path, never on the file that is going to be renamed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::error::{Cause, DiskError, Doing};
use super::ops::Ops;
use super::seen::Digest;
use super::state::{State, heir};

const LOCKS: &str = "locks";

/// A lock that is held until it is dropped, or the reason why the file system gave none. Without it, the look at the file
/// just before it is replaced still guards.
#[derive(Debug)]
pub struct FileLock {
    held: Option<File>,
    note: Option<Cause>,
}

impl FileLock {
    /// Why there is no lock, in words to be shown as a note; `None` when it is held.
    pub fn note(&self) -> Option<String> {
        let cause = self.note?;
        Some(format!(
            "No lock could be taken ({}); a second labwizard on this file would not be noticed.",
            cause.words()
        ))
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        if let Some(file) = &self.held {
            // Closing is not enough: a program that another thread is just starting holds the same lock until it runs.
            let _ = file.unlock();
        }
    }
}

impl<O: Ops + Clone> State<O> {
    /// Takes the lock for a file (its resolved path) or another thing named by a path.
    ///
    /// Errors: another process has it (its pid is told), or the state folder is refused.
    pub fn lock(&self, path: &Path) -> Result<FileLock, DiskError> {
        let dir = self.made(LOCKS)?;
        let key = Digest::of(path.as_os_str().as_encoded_bytes()).hex();
        let lock = self.dir.join(LOCKS).join(&key[..32]);
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32)
            .open(&lock);
        let mut file = opened.map_err(|error| DiskError::refused(Doing::Lock, path, &error))?;
        let heir = self.ops.stat(&dir, "").ok().and_then(|stat| heir(&self.caller, &stat));
        match file.try_lock() {
            Ok(()) => {
                if let Some((uid, gid)) = heir {
                    // Left to root, the next run without sudo would be refused.
                    std::os::unix::fs::fchown(&file, Some(uid), Some(gid))
                        .map_err(|error| DiskError::refused(Doing::Lock, path, &error))?;
                }
                // Who holds it is a help for the other one; the lock counts without it.
                let _ = file.set_len(0).and_then(|()| file.write_all(std::process::id().to_string().as_bytes()));
                Ok(FileLock { held: Some(file), note: None })
            }
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let read = file.rewind().and_then(|()| file.take(20).read_to_string(&mut text));
                let pid = read.ok().and_then(|_| text.trim().parse().ok());
                Err(DiskError::Busy { path: path.to_owned(), pid })
            }
            Err(TryLockError::Error(error)) => Ok(FileLock { held: None, note: Some((&error).into()) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::caller::Caller;
    use super::*;

    #[test]
    fn the_second_is_told_the_pid_of_the_first_and_gets_it_after_the_first_is_done() {
        let temp = tempfile::tempdir().unwrap();
        let state = State::open(temp.path().join("state"), Caller::of_process(|_| None)).unwrap();
        let path = Path::new("/project/.env");
        let held = state.lock(path).unwrap();
        assert_eq!(held.note(), None);
        let busy = DiskError::Busy { path: path.into(), pid: Some(std::process::id()) };
        assert_eq!(state.lock(path).unwrap_err(), busy);
        assert_eq!(state.lock(Path::new("/project/other")).unwrap().note(), None);
        drop(held);
        assert_eq!(state.lock(path).unwrap().note(), None);
    }

    #[test]
    fn a_lock_that_the_file_system_refuses_is_a_note() {
        let lock = FileLock { held: None, note: Some(Cause::Other(37)) };
        assert!(lock.note().unwrap().contains("No lock could be taken"));
    }
}
