//! The few operations through which files are changed: one trait, so that tests can stop, fail or forget each of them.
//!
//! Every name is relative to an opened folder, and no operation follows a link in its last part.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{self as sys, AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::error::{Cause, DiskError, Doing};
use super::seen::{Identity, Kind};

/// What the file system says of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    pub kind: Kind,
    pub identity: Identity,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub links: u64,
}

/// How a file is opened for writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// It must not be there; made with this mode whatever the umask says it may be at most.
    New(u32),
    /// It is there; writes go to its end.
    Append,
    /// It is there; writes go over what it holds, from its start.
    Over,
}

/// Everything that changes the disk, and the looks that go with it.
pub trait Ops {
    type Dir;
    type File;

    fn open_dir(&self, path: &Path) -> io::Result<Self::Dir>;
    fn make_dir(&self, dir: &Self::Dir, name: &str, mode: u32) -> io::Result<()>;
    /// The names in a folder, without `.` and `..`.
    fn names(&self, dir: &Self::Dir, path: &Path) -> io::Result<Vec<String>>;
    /// Of the name itself: a link is told as a link. An empty name is the folder.
    fn stat(&self, dir: &Self::Dir, name: &str) -> io::Result<Stat>;
    /// The content of a regular file of at most `cap` bytes; of anything else only what it is.
    fn read(&self, dir: &Self::Dir, name: &str, cap: u64) -> io::Result<(Stat, Option<Zeroizing<Vec<u8>>>)>;
    fn open(&self, dir: &Self::Dir, name: &str, how: Open) -> io::Result<Self::File>;
    fn write(&self, file: &mut Self::File, bytes: &[u8]) -> io::Result<()>;
    fn cut(&self, file: &Self::File, length: u64) -> io::Result<()>;
    fn set_owner(&self, file: &Self::File, uid: Option<u32>, gid: Option<u32>) -> io::Result<()>;
    fn set_dir_owner(&self, dir: &Self::Dir, uid: u32, gid: u32) -> io::Result<()>;
    fn set_mode(&self, file: &Self::File, mode: u32) -> io::Result<()>;
    fn sync(&self, file: &Self::File) -> io::Result<()>;
    /// `over`: whether a file of the name `to` is replaced; else its being there is an error.
    fn rename(&self, dir: &Self::Dir, from: &str, to: &str, over: bool) -> io::Result<()>;
    fn remove(&self, dir: &Self::Dir, name: &str) -> io::Result<()>;
    fn remove_dir(&self, dir: &Self::Dir, name: &str) -> io::Result<()>;
    fn sync_dir(&self, dir: &Self::Dir) -> io::Result<()>;
}

/// The disk of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Ops for Disk {
    type Dir = OwnedFd;
    type File = File;

    fn open_dir(&self, path: &Path) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(sys::open(path, flags, Mode::empty())?)
    }

    fn make_dir(&self, dir: &OwnedFd, name: &str, mode: u32) -> io::Result<()> {
        Ok(sys::mkdirat(dir, name, bits(mode))?)
    }

    fn names(&self, _dir: &OwnedFd, path: &Path) -> io::Result<Vec<String>> {
        std::fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.file_name().into_string().ok()))
            .filter_map(Result::transpose)
            .collect()
    }

    fn stat(&self, dir: &OwnedFd, name: &str) -> io::Result<Stat> {
        Ok(if name.is_empty() { sys::fstat(dir)? } else { sys::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)? }.into())
    }

    fn read(&self, dir: &OwnedFd, name: &str, cap: u64) -> io::Result<(Stat, Option<Zeroizing<Vec<u8>>>)> {
        // Looked at before it is opened: opening a device can already do something.
        let before = self.stat(dir, name)?;
        if before.kind != Kind::File || before.identity.size > cap {
            return Ok((before, None));
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(sys::openat(dir, name, flags, Mode::empty())?);
        let stat = Stat::from(sys::fstat(&file)?);
        if stat.kind != Kind::File || stat.identity.size > cap {
            return Ok((stat, None));
        }
        // Room for everything at once, so that no half-grown copy is left behind in memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(stat.identity.size as usize + 64));
        (&file).take(cap + 1).read_to_end(&mut bytes)?;
        Ok((stat, (bytes.len() as u64 <= cap).then_some(bytes)))
    }

    fn open(&self, dir: &OwnedFd, name: &str, how: Open) -> io::Result<File> {
        let common = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let (flags, mode) = match how {
            Open::New(mode) => (OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL, mode),
            Open::Append => (OFlags::WRONLY | OFlags::APPEND, 0),
            Open::Over => (OFlags::WRONLY, 0),
        };
        Ok(File::from(sys::openat(dir, name, flags | common, bits(mode))?))
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn cut(&self, file: &File, length: u64) -> io::Result<()> {
        Ok(sys::ftruncate(file, length)?)
    }

    fn set_owner(&self, file: &File, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
        Ok(sys::fchown(file, uid.map(sys::Uid::from_raw), gid.map(sys::Gid::from_raw))?)
    }

    fn set_dir_owner(&self, dir: &OwnedFd, uid: u32, gid: u32) -> io::Result<()> {
        Ok(sys::fchown(dir, Some(sys::Uid::from_raw(uid)), Some(sys::Gid::from_raw(gid)))?)
    }

    fn set_mode(&self, file: &File, mode: u32) -> io::Result<()> {
        Ok(sys::fchmod(file, bits(mode))?)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, dir: &OwnedFd, from: &str, to: &str, over: bool) -> io::Result<()> {
        if over {
            return Ok(sys::renameat(dir, from, dir, to)?);
        }
        #[cfg(any(target_os = "linux", target_os = "macos"))]
        {
            match sys::renameat_with(dir, from, dir, to, sys::RenameFlags::NOREPLACE) {
                // Not every file system knows it.
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
                done => return Ok(done?),
            }
        }
        match self.stat(dir, to) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(sys::renameat(dir, from, dir, to)?),
            Err(error) => Err(error),
        }
    }

    fn remove(&self, dir: &OwnedFd, name: &str) -> io::Result<()> {
        Ok(sys::unlinkat(dir, name, AtFlags::empty())?)
    }

    fn remove_dir(&self, dir: &OwnedFd, name: &str) -> io::Result<()> {
        Ok(sys::unlinkat(dir, name, AtFlags::REMOVEDIR)?)
    }

    fn sync_dir(&self, dir: &OwnedFd) -> io::Result<()> {
        Ok(sys::fsync(dir)?)
    }
}

/// Syncs a folder; file systems that know no such thing are not held to it.
pub(super) fn sync_dir<O: Ops>(ops: &O, dir: &O::Dir) -> io::Result<()> {
    match ops.sync_dir(dir) {
        Err(error) if [Errno::INVAL, Errno::NOTSUP].iter().any(|e| Some(e.raw_os_error()) == error.raw_os_error()) => {
            Ok(())
        }
        done => done,
    }
}

/// The stat of a name, or `None` when there is nothing.
pub(super) fn stat_if_there<O: Ops>(ops: &O, dir: &O::Dir, name: &str) -> io::Result<Option<Stat>> {
    match ops.stat(dir, name) {
        Ok(stat) => Ok(Some(stat)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn bits(mode: u32) -> Mode {
    Mode::from_bits_truncate(mode as rustix::fs::RawMode)
}

// The types of these fields differ between systems.
#[allow(clippy::unnecessary_cast)]
impl From<sys::Stat> for Stat {
    fn from(stat: sys::Stat) -> Self {
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Folder,
            FileType::Symlink => Kind::Link,
            FileType::Fifo => Kind::Pipe,
            FileType::Socket => Kind::Socket,
            FileType::CharacterDevice | FileType::BlockDevice => Kind::Device,
            _ => Kind::Unknown,
        };
        Stat {
            kind,
            identity: Identity {
                device: stat.st_dev as u64,
                inode: stat.st_ino as u64,
                size: stat.st_size as u64,
                modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            },
            mode: stat.st_mode as u32 & 0o7777,
            uid: stat.st_uid as u32,
            gid: stat.st_gid as u32,
            links: stat.st_nlink as u64,
        }
    }
}

impl From<&io::Error> for Cause {
    fn from(error: &io::Error) -> Self {
        let Some(code) = error.raw_os_error() else {
            return match error.kind() {
                io::ErrorKind::NotFound => Cause::Missing,
                io::ErrorKind::AlreadyExists => Cause::Exists,
                io::ErrorKind::PermissionDenied => Cause::Denied,
                _ => Cause::Io,
            };
        };
        match Errno::from_raw_os_error(code) {
            Errno::NOSPC => Cause::NoSpace,
            Errno::DQUOT => Cause::Quota,
            Errno::ROFS => Cause::ReadOnly,
            Errno::ACCESS | Errno::PERM => Cause::Denied,
            Errno::IO => Cause::Io,
            Errno::BUSY | Errno::TXTBSY => Cause::Busy,
            Errno::NOENT => Cause::Missing,
            Errno::EXIST => Cause::Exists,
            Errno::NOTDIR => Cause::NotAFolder,
            Errno::LOOP => Cause::TooManyLinks,
            Errno::NAMETOOLONG => Cause::NameTooLong,
            Errno::XDEV => Cause::OtherFilesystem,
            _ => Cause::Other(code),
        }
    }
}

impl DiskError {
    /// The system's refusal `error`, met while `doing` something to `path`.
    pub fn refused(doing: Doing, path: &Path, error: &io::Error) -> Self {
        DiskError::Refused { doing, path: path.to_owned(), cause: Cause::from(error) }
    }
}
