//! A disk for tests, in memory: it can die before any operation, fail any one of them, and lose what was not synced.
//!
//! Stricter than a real one: what was written to a file is lost, short or whole until the file is synced; what happened to a
//! folder's names happens in order, but any number of the last changes is lost until the folder is synced; files and folders
//! are independent of each other.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::io::Errno;
use zeroize::Zeroizing;

use super::ops::{Open, Ops, Stat};
use super::seen::{Identity, Kind};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    File(usize),
    Dir,
}

#[derive(Debug, Clone)]
enum Change {
    Set(String, Entry),
    Gone(String),
    Move(String, String),
}

#[derive(Debug, Clone, Default)]
struct Dir {
    safe: BTreeMap<String, Entry>,
    pending: Vec<Change>,
}

#[derive(Debug, Clone)]
struct File {
    data: Vec<u8>,
    /// The content of the last sync.
    safe: Vec<u8>,
    mode: u32,
    changed: i64,
}

/// The state of the disk.
#[derive(Debug, Clone, Default)]
pub struct World {
    files: Vec<File>,
    dirs: BTreeMap<PathBuf, Dir>,
    clock: i64,
    /// What was asked so far.
    pub log: Vec<String>,
    /// The process dies before this operation; a write gets half done.
    dies_at: Option<usize>,
    /// This operation fails; a write gets half done.
    fails_at: Option<(usize, Errno)>,
    /// The widest mode that any file ever had.
    pub widest: u32,
}

/// A handle on a [`World`].
#[derive(Debug, Clone, Default)]
pub struct Model(pub Rc<RefCell<World>>);

/// An opened file.
pub struct Handle {
    file: usize,
    append: bool,
    at: usize,
}

impl Dir {
    fn now(&self) -> BTreeMap<String, Entry> {
        self.after(self.pending.len())
    }

    fn after(&self, changes: usize) -> BTreeMap<String, Entry> {
        let mut names = self.safe.clone();
        for change in &self.pending[..changes] {
            match change {
                Change::Set(name, entry) => {
                    names.insert(name.clone(), *entry);
                }
                Change::Gone(name) => {
                    names.remove(name);
                }
                Change::Move(from, to) => {
                    if let Some(entry) = names.remove(from) {
                        names.insert(to.clone(), entry);
                    }
                }
            }
        }
        names
    }
}

impl World {
    pub fn with_dirs(paths: &[&str]) -> World {
        let mut world = World::default();
        for path in paths {
            world.dirs.insert(path.into(), Dir::default());
            if let (Some(parent), Some(name)) = (Path::new(path).parent(), Path::new(path).file_name())
                && let Some(dir) = world.dirs.get_mut(parent)
            {
                dir.safe.insert(name.to_str().unwrap().into(), Entry::Dir);
            }
        }
        world
    }

    pub fn put(&mut self, folder: &str, name: &str, text: &str, mode: u32) {
        self.files.push(File { data: text.into(), safe: text.into(), mode, changed: 0 });
        self.dirs.get_mut(Path::new(folder)).unwrap().safe.insert(name.into(), Entry::File(self.files.len() - 1));
    }

    pub fn text(&self, folder: &Path, name: &str) -> Option<String> {
        match self.dirs.get(folder)?.now().get(name)? {
            Entry::File(file) => Some(String::from_utf8_lossy(&self.files[*file].data).into_owned()),
            Entry::Dir => None,
        }
    }

    pub fn mode(&self, folder: &Path, name: &str) -> Option<u32> {
        match self.dirs.get(folder)?.now().get(name)? {
            Entry::File(file) => Some(self.files[*file].mode),
            Entry::Dir => None,
        }
    }

    pub fn names(&self, folder: &Path) -> Vec<String> {
        self.dirs.get(folder).map(|dir| dir.now().into_keys().collect()).unwrap_or_default()
    }

    /// The same disk under a new process.
    pub fn restarted(&self) -> World {
        World { dies_at: None, fails_at: None, log: Vec::new(), ..self.clone() }
    }

    /// The same disk, under a process that dies before operation `k`.
    pub fn dying_at(&self, k: usize) -> World {
        World { dies_at: Some(k), ..self.clone() }
    }

    /// The same disk, on which operation `k` fails.
    pub fn failing_at(&self, k: usize, errno: Errno) -> World {
        World { fails_at: Some((k, errno)), ..self.clone() }
    }

    /// Every disk that may be found after a power loss at this moment.
    pub fn after_power_loss(&self) -> Vec<World> {
        let dirs: Vec<&PathBuf> = self.dirs.keys().filter(|path| !self.dirs[*path].pending.is_empty()).collect();
        let files: Vec<usize> = (0..self.files.len()).filter(|n| self.files[*n].data != self.files[*n].safe).collect();
        let mut choices: Vec<usize> = dirs.iter().map(|path| self.dirs[*path].pending.len() + 1).collect();
        choices.extend(files.iter().map(|_| 3));
        let count: usize = choices.iter().product();
        // Code that forgets to sync makes them many; some thousand of them are enough to find it out.
        (0..count)
            .step_by(count / 4096 + 1)
            .map(|mut choice| {
                let mut pick = |of: usize| {
                    let picked = choice % of;
                    choice /= of;
                    picked
                };
                let mut world = self.restarted();
                for (path, of) in dirs.iter().zip(&choices) {
                    let dir = world.dirs.get_mut(*path).unwrap();
                    *dir = Dir { safe: dir.after(pick(*of)), pending: Vec::new() };
                }
                for file in &files {
                    let file = &mut world.files[*file];
                    match pick(3) {
                        0 => file.data = file.safe.clone(),
                        1 => {
                            file.data.truncate(file.safe.len() + (file.data.len().saturating_sub(file.safe.len())) / 2)
                        }
                        _ => {}
                    }
                    file.safe = file.data.clone();
                }
                world.drop_unreachable();
                world
            })
            .collect()
    }

    /// Whether a folder can be reached from above; one that was removed is kept, because the removal may be lost.
    fn is_there(&self, path: &Path) -> bool {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return self.dirs.contains_key(path) };
        let name = name.to_str().unwrap();
        self.dirs.contains_key(path) && self.dirs.get(parent).is_some_and(|dir| dir.now().contains_key(name))
    }

    fn drop_unreachable(&mut self) {
        while let Some(lost) = self.dirs.keys().find(|path| !self.is_there(path)).cloned() {
            self.dirs.remove(&lost);
        }
    }

    fn find(&self, dir: &Path, name: &str) -> io::Result<Entry> {
        let dir = self.dirs.get(dir).ok_or(Errno::NOENT)?;
        Ok(*dir.now().get(name).ok_or(Errno::NOENT)?)
    }

    fn file(&self, dir: &Path, name: &str) -> io::Result<usize> {
        match self.find(dir, name)? {
            Entry::File(file) => Ok(file),
            Entry::Dir => Err(Errno::ISDIR.into()),
        }
    }

    fn change(&mut self, dir: &Path, change: Change) {
        self.dirs.get_mut(dir).unwrap().pending.push(change);
    }

    fn stat(&self, file: usize) -> Stat {
        let file_seen = &self.files[file];
        let size = file_seen.data.len() as u64;
        let identity = Identity { device: 1, inode: file as u64, size, modified: (file_seen.changed, 0) };
        Stat { kind: Kind::File, identity, mode: file_seen.mode, uid: 0, gid: 0, links: 1 }
    }

    /// Counts an operation; says how it goes.
    fn step(&mut self, what: String) -> Result<(), (Errno, bool)> {
        let at = self.log.len();
        self.log.push(what);
        if self.dies_at.is_some_and(|k| at >= k) {
            return Err((Errno::IO, self.dies_at == Some(at)));
        }
        match self.fails_at {
            Some((k, errno)) if k == at => Err((errno, true)),
            _ => Ok(()),
        }
    }

    fn plain(&mut self, what: &str, name: &str) -> io::Result<()> {
        self.step(format!("{what} {name}")).map_err(|(errno, _)| errno.into())
    }
}

impl Ops for Model {
    type Dir = PathBuf;
    type File = Handle;

    fn open_dir(&self, path: &Path) -> io::Result<PathBuf> {
        let mut world = self.0.borrow_mut();
        world.plain("open-dir", &path.to_string_lossy())?;
        world.is_there(path).then(|| path.to_owned()).ok_or(Errno::NOENT.into())
    }

    fn make_dir(&self, dir: &PathBuf, name: &str, _mode: u32) -> io::Result<()> {
        let mut world = self.0.borrow_mut();
        world.plain("make-dir", name)?;
        if world.find(dir, name).is_ok() {
            return Err(Errno::EXIST.into());
        }
        world.dirs.insert(dir.join(name), Dir::default());
        world.change(dir, Change::Set(name.into(), Entry::Dir));
        Ok(())
    }

    fn names(&self, dir: &PathBuf, _path: &Path) -> io::Result<Vec<String>> {
        let mut world = self.0.borrow_mut();
        world.plain("names", &dir.to_string_lossy())?;
        Ok(world.names(dir))
    }

    fn stat(&self, dir: &PathBuf, name: &str) -> io::Result<Stat> {
        let mut world = self.0.borrow_mut();
        world.plain("stat", name)?;
        if !name.is_empty() {
            let file = world.find(dir, name)?;
            if let Entry::File(file) = file {
                return Ok(world.stat(file));
            }
        }
        let identity = Identity { device: 1, inode: 999, size: 0, modified: (0, 0) };
        Ok(Stat { kind: Kind::Folder, identity, mode: 0o700, uid: 0, gid: 0, links: 1 })
    }

    fn read(&self, dir: &PathBuf, name: &str, _cap: u64) -> io::Result<(Stat, Option<Zeroizing<Vec<u8>>>)> {
        let mut world = self.0.borrow_mut();
        world.plain("read", name)?;
        let file = world.file(dir, name)?;
        Ok((world.stat(file), Some(Zeroizing::new(world.files[file].data.clone()))))
    }

    fn open(&self, dir: &PathBuf, name: &str, how: Open) -> io::Result<Handle> {
        let mut world = self.0.borrow_mut();
        world.plain("open", name)?;
        let Open::New(mode) = how else {
            return Ok(Handle { file: world.file(dir, name)?, append: how == Open::Append, at: 0 });
        };
        if world.find(dir, name).is_ok() {
            return Err(Errno::EXIST.into());
        }
        world.widest |= mode;
        world.clock += 1;
        let changed = world.clock;
        world.files.push(File { data: Vec::new(), safe: Vec::new(), mode, changed });
        let file = world.files.len() - 1;
        world.change(dir, Change::Set(name.into(), Entry::File(file)));
        Ok(Handle { file, append: false, at: 0 })
    }

    fn write(&self, handle: &mut Handle, bytes: &[u8]) -> io::Result<()> {
        let mut world = self.0.borrow_mut();
        let (bytes, done) = match world.step(format!("write {} bytes", bytes.len())) {
            Ok(()) => (bytes, Ok(())),
            Err((errno, true)) => (&bytes[..bytes.len() / 2], Err(errno.into())),
            Err((errno, false)) => return Err(errno.into()),
        };
        world.clock += 1;
        let changed = world.clock;
        let file = &mut world.files[handle.file];
        let at = if handle.append { file.data.len() } else { handle.at };
        let end = (at + bytes.len()).max(file.data.len());
        file.data.resize(end, 0);
        file.data[at..at + bytes.len()].copy_from_slice(bytes);
        file.changed = changed;
        handle.at = at + bytes.len();
        done
    }

    fn cut(&self, handle: &Handle, length: u64) -> io::Result<()> {
        let mut world = self.0.borrow_mut();
        world.plain("cut", "")?;
        world.files[handle.file].data.truncate(length as usize);
        Ok(())
    }

    fn set_owner(&self, _file: &Handle, _uid: Option<u32>, _gid: Option<u32>) -> io::Result<()> {
        self.0.borrow_mut().plain("set-owner", "")
    }

    fn set_dir_owner(&self, _dir: &PathBuf, _uid: u32, _gid: u32) -> io::Result<()> {
        self.0.borrow_mut().plain("set-dir-owner", "")
    }

    fn set_mode(&self, handle: &Handle, mode: u32) -> io::Result<()> {
        let mut world = self.0.borrow_mut();
        world.plain("set-mode", "")?;
        world.widest |= mode;
        world.files[handle.file].mode = mode;
        Ok(())
    }

    fn sync(&self, handle: &Handle) -> io::Result<()> {
        let mut world = self.0.borrow_mut();
        world.plain("sync", "")?;
        let file = &mut world.files[handle.file];
        file.safe = file.data.clone();
        Ok(())
    }

    fn rename(&self, dir: &PathBuf, from: &str, to: &str, over: bool) -> io::Result<()> {
        let mut world = self.0.borrow_mut();
        world.plain("rename", to)?;
        world.find(dir, from)?;
        if !over && world.find(dir, to).is_ok() {
            return Err(Errno::EXIST.into());
        }
        world.change(dir, Change::Move(from.into(), to.into()));
        Ok(())
    }

    fn remove(&self, dir: &PathBuf, name: &str) -> io::Result<()> {
        let mut world = self.0.borrow_mut();
        world.plain("remove", name)?;
        world.file(dir, name)?;
        world.change(dir, Change::Gone(name.into()));
        Ok(())
    }

    fn remove_dir(&self, dir: &PathBuf, name: &str) -> io::Result<()> {
        let mut world = self.0.borrow_mut();
        world.plain("remove-dir", name)?;
        world.find(dir, name)?;
        if !world.names(&dir.join(name)).is_empty() {
            return Err(Errno::NOTEMPTY.into());
        }
        world.change(dir, Change::Gone(name.into()));
        Ok(())
    }

    fn sync_dir(&self, dir: &PathBuf) -> io::Result<()> {
        let mut world = self.0.borrow_mut();
        world.plain("sync-dir", &dir.to_string_lossy())?;
        let dir = world.dirs.get_mut(dir).ok_or(Errno::NOENT)?;
        *dir = Dir { safe: dir.now(), pending: Vec::new() };
        Ok(())
    }
}
