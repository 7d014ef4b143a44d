//! Reads a config file: what it holds, which file it is, and what is odd about it. Never blocks, never reads without end.

use std::io;
use std::path::{Component, Path, PathBuf};

use rustix::fs as sys;

use crate::domain::Text;

use super::caller::Caller;
use super::error::{DiskError, Doing};
use super::ops::{Disk, Ops, Stat};
use super::seen::{Base, Digest, FileSeen, Folder, InPlace, Kind, Oddity, There};

/// The most bytes that a config file may have.
pub const CONFIG_LIMIT: u64 = 1 << 20;

/// How many links are followed before it counts as a loop; the kernel's own limit.
const MOST_LINKS: usize = 40;

/// Looks at the place of a config file and reads it if it is there. A file that is not there is an answer, not an error.
///
/// Errors: not a regular file, more than [`CONFIG_LIMIT`] bytes, not UTF-8, or refused by the system.
pub fn read_config(given: &Path, caller: &Caller) -> Result<FileSeen, DiskError> {
    let way = Way::to(given)?;
    let Some(folder_path) = &way.folder else {
        let folder = Folder { exists: false, writable: false, identity: None };
        return Ok(FileSeen { given: given.into(), path: way.path, there: None, folder, oddities: Vec::new() });
    };
    let refused = |doing, path: &Path, error: io::Error| DiskError::refused(doing, path, &error);
    let dir = Disk.open_dir(folder_path).map_err(|error| refused(Doing::Look, folder_path, error))?;
    let folder_stat = Disk.stat(&dir, "").map_err(|error| refused(Doing::Look, folder_path, error))?;
    let writable =
        sys::accessat(&dir, ".", sys::Access::WRITE_OK | sys::Access::EXEC_OK, sys::AtFlags::empty()).is_ok();
    let folder =
        Folder { exists: true, writable, identity: Some((folder_stat.identity.device, folder_stat.identity.inode)) };

    let mut oddities = way.oddities(caller);
    if folder_stat.mode & 0o1002 == 0o002 {
        oddities.push(Oddity::OpenFolder { folder: folder_path.clone(), mode: folder_stat.mode });
    }
    let there = match Disk.read(&dir, &way.name, CONFIG_LIMIT) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(refused(Doing::Read, &way.path, error)),
        Ok((stat, bytes)) => {
            if stat.kind != Kind::File {
                return Err(DiskError::NotAFile { path: way.path, kind: stat.kind });
            }
            let Some(mut bytes) = bytes else {
                let bytes = stat.identity.size.max(CONFIG_LIMIT + 1);
                return Err(DiskError::TooLarge { path: way.path, bytes, limit: CONFIG_LIMIT });
            };
            let base = Base { digest: Digest::of(&bytes), identity: stat.identity };
            let text = match String::from_utf8(std::mem::take(&mut *bytes)) {
                Ok(text) => Text::new(text),
                Err(error) => return Err(not_text(way.path, error)),
            };
            oddities.extend(oddities_of(&stat, &way.path, writable, caller));
            Some(There { text, base, mode: stat.mode, uid: stat.uid, gid: stat.gid, links: stat.links })
        }
    };
    Ok(FileSeen { given: given.into(), path: way.path, there, folder, oddities })
}

/// The error for bytes that are not UTF-8, which are wiped: they may hold a secret all the same.
fn not_text(path: PathBuf, error: std::string::FromUtf8Error) -> DiskError {
    let good = error.utf8_error().valid_up_to();
    let bytes = zeroize::Zeroizing::new(error.into_bytes());
    let line = 1 + bytes[..good].iter().filter(|byte| **byte == b'\n').count();
    DiskError::NotText { path, line }
}

/// What is odd about a file that is there.
fn oddities_of(stat: &Stat, path: &Path, folder_writable: bool, caller: &Caller) -> Vec<Oddity> {
    let mut odd = Vec::new();
    if stat.links > 1 {
        odd.push(Oddity::HardLinks(stat.links));
    }
    if !caller.owns(stat.uid) {
        odd.push(Oddity::ForeignOwner(stat.uid));
    }
    let attributes = attributes(path);
    if !attributes.is_empty() {
        odd.push(Oddity::Attributes(attributes));
    }
    if stat.mode & 0o200 == 0 {
        odd.push(Oddity::ReadOnly);
    }
    if is_mount(path) {
        odd.push(Oddity::InPlace(InPlace::Mount));
    } else if !folder_writable {
        odd.push(Oddity::InPlace(InPlace::FolderClosed));
    }
    odd
}

/// The names of the extended attributes that a new file in the same folder would not have.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn attributes(path: &Path) -> Vec<String> {
    // Labels that the system puts on every new file by itself.
    const GIVEN_BY_THE_SYSTEM: [&str; 5] =
        ["security.selinux", "security.ima", "security.evm", "security.SMACK64", "com.apple."];
    let mut names = vec![0u8; 4096];
    let Ok(length) = sys::llistxattr(path, &mut names) else { return Vec::new() };
    names[..length]
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .filter(|name| !GIVEN_BY_THE_SYSTEM.iter().any(|given| name.starts_with(given)))
        .collect()
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn attributes(_path: &Path) -> Vec<String> {
    Vec::new()
}

/// Whether a mount stands on the file itself, as with volumes of containers; a rename over it answers EBUSY.
#[cfg(target_os = "linux")]
fn is_mount(path: &Path) -> bool {
    let flags = sys::AtFlags::SYMLINK_NOFOLLOW;
    sys::statx(sys::CWD, path, flags, sys::StatxFlags::BASIC_STATS)
        .is_ok_and(|seen| seen.stx_attributes.contains(sys::StatxAttributes::MOUNT_ROOT))
}

#[cfg(not(target_os = "linux"))]
fn is_mount(_path: &Path) -> bool {
    false
}

/// The way from a path as given to the file that is meant.
struct Way {
    /// Absolute, every link followed.
    path: PathBuf,
    /// The folder of `path`; `None` when it is not there.
    folder: Option<PathBuf>,
    /// The last part of `path`.
    name: String,
    /// The folder that was chosen: that of the path as given, its own links followed.
    chosen: Option<PathBuf>,
    /// Each absolute path that was walked, before its links were followed.
    walked: Vec<PathBuf>,
}

impl Way {
    fn to(given: &Path) -> Result<Way, DiskError> {
        let bad = |why| DiskError::BadPath { path: given.to_owned(), why };
        if given.as_os_str().is_empty() {
            return Err(bad("it names no file"));
        }
        if given.as_os_str().as_encoded_bytes().contains(&0) {
            return Err(bad("its name holds a zero byte"));
        }
        let mut at = std::path::absolute(given).map_err(|error| DiskError::refused(Doing::Look, given, &error))?;
        let mut walked = Vec::new();
        let mut chosen = None;
        for _ in 0..MOST_LINKS {
            let (Some(parent), Some(name)) = (at.parent(), at.file_name()) else {
                return Err(bad("it names no file"));
            };
            let Some(name) = name.to_str().map(str::to_owned) else { return Err(bad("its name is not UTF-8")) };
            if parent.to_str().is_none() {
                return Err(bad("its name is not UTF-8"));
            }
            walked.push(at.clone());
            let folder = match parent.canonicalize() {
                Ok(folder) => folder,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(Way { path: at, folder: None, name, chosen, walked });
                }
                Err(error) => return Err(DiskError::refused(Doing::Look, parent, &error)),
            };
            let path = folder.join(&name);
            chosen.get_or_insert_with(|| folder.clone());
            match std::fs::symlink_metadata(&path) {
                Ok(meta) if meta.is_symlink() => {
                    let to = std::fs::read_link(&path).map_err(|e| DiskError::refused(Doing::Look, &path, &e))?;
                    at = folder.join(to);
                }
                Ok(_) => return Ok(Way { path, folder: Some(folder), name, chosen, walked }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(Way { path, folder: Some(folder), name, chosen, walked });
                }
                Err(error) => return Err(DiskError::refused(Doing::Look, &path, &error)),
            }
        }
        Err(bad("its links go round in a circle"))
    }

    fn oddities(&self, caller: &Caller) -> Vec<Oddity> {
        let mut odd = Vec::new();
        if self.chosen.as_ref().is_some_and(|chosen| !self.path.starts_with(chosen)) {
            odd.push(Oddity::LinkLeaves { to: self.path.clone() });
        }
        if caller.is_root() {
            let stranger = self.walked.iter().chain(self.folder.as_ref()).find_map(|path| stranger_on(path, caller));
            odd.extend(stranger.map(|(at, uid)| Oddity::ForeignWay { at, uid }));
        }
        odd
    }
}

/// The first folder or link on the way to `path` that belongs to neither root nor the user behind sudo.
fn stranger_on(path: &Path, caller: &Caller) -> Option<(PathBuf, u32)> {
    use std::os::unix::fs::MetadataExt;
    let mut at = PathBuf::new();
    for part in path.components() {
        at.push(part);
        if matches!(part, Component::CurDir | Component::ParentDir) {
            continue;
        }
        let meta = std::fs::symlink_metadata(&at).ok()?;
        if (meta.is_symlink() || meta.is_dir()) && !caller.owns(meta.uid()) {
            return Some((at, meta.uid()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn me() -> Caller {
        Caller::of_process(|_| None)
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().canonicalize().unwrap();
        (temp, path)
    }

    #[test]
    fn a_plain_file_is_read_with_digest_and_identity_and_nothing_is_odd() {
        let (_temp, dir) = folder();
        std::fs::write(dir.join(".env"), "A=1\n").unwrap();
        let seen = read_config(&dir.join("./.env"), &me()).unwrap();
        assert_eq!(seen.path, dir.join(".env"));
        assert_eq!(seen.oddities, []);
        let there = seen.there.unwrap();
        assert_eq!(there.text.as_str(), "A=1\n");
        assert_eq!(there.base.digest, Digest::of(b"A=1\n"));
        assert_eq!((there.base.identity.size, there.links), (4, 1));
        assert!(seen.folder.exists && seen.folder.writable);
    }

    #[test]
    fn a_file_that_is_not_there_is_an_answer_with_the_state_of_its_folder() {
        let (_temp, dir) = folder();
        let seen = read_config(&dir.join(".env"), &me()).unwrap();
        assert!(seen.there.is_none() && seen.folder.exists && seen.folder.writable);
        let seen = read_config(&dir.join("no/such/.env"), &me()).unwrap();
        assert!(seen.there.is_none() && !seen.folder.exists);
    }

    #[test]
    fn what_is_no_file_is_named_at_once_and_never_opened() {
        let (_temp, dir) = folder();
        sys::mknodat(sys::CWD, dir.join("pipe"), sys::FileType::Fifo, sys::Mode::RUSR, 0).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(dir.join("socket")).unwrap();
        symlink("/dev/zero", dir.join("device")).unwrap();
        std::fs::create_dir(dir.join("folder")).unwrap();
        for (name, kind) in
            [("pipe", Kind::Pipe), ("socket", Kind::Socket), ("device", Kind::Device), ("folder", Kind::Folder)]
        {
            match read_config(&dir.join(name), &me()) {
                Err(DiskError::NotAFile { kind: found, .. }) => assert_eq!(found, kind),
                other => panic!("{name}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_sparse_file_of_two_gibibytes_is_refused_by_its_size() {
        let (_temp, dir) = folder();
        std::fs::File::create(dir.join("big")).unwrap().set_len(2 << 30).unwrap();
        let error = read_config(&dir.join("big"), &me()).unwrap_err();
        assert!(error.sentence().contains("2 GiB") && error.sentence().contains("1 MiB"), "{error}");
    }

    #[test]
    fn the_limit_itself_is_still_read() {
        let (_temp, dir) = folder();
        std::fs::write(dir.join("full"), vec![b'x'; CONFIG_LIMIT as usize]).unwrap();
        assert!(read_config(&dir.join("full"), &me()).is_ok());
        std::fs::write(dir.join("over"), vec![b'x'; CONFIG_LIMIT as usize + 1]).unwrap();
        assert!(matches!(read_config(&dir.join("over"), &me()), Err(DiskError::TooLarge { .. })));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_told_by_their_line_and_not_shown() {
        let (_temp, dir) = folder();
        std::fs::write(dir.join("latin1"), b"A=1\nCANARY=caf\xe9\n").unwrap();
        let error = read_config(&dir.join("latin1"), &me()).unwrap_err();
        assert!(error.sentence().contains("line 2"), "{error}");
        assert!(!format!("{error} {error:?}").contains("CANARY"));
    }

    #[test]
    fn a_path_that_names_no_file_is_a_sentence() {
        for given in ["", "/", "..", "a\0b"] {
            let error = read_config(Path::new(given), &me()).unwrap_err();
            assert!(matches!(error, DiskError::BadPath { .. }), "{given:?}: {error:?}");
        }
        assert!(matches!(read_config(Path::new("."), &me()), Err(DiskError::NotAFile { kind: Kind::Folder, .. })));
    }

    #[test]
    fn a_link_is_followed_and_one_that_leaves_the_folder_is_odd() {
        let (_temp, dir) = folder();
        std::fs::create_dir(dir.join("project")).unwrap();
        std::fs::write(dir.join("project/real.env"), "A=1\n").unwrap();
        std::fs::write(dir.join("outside.env"), "B=1\n").unwrap();
        symlink("real.env", dir.join("project/inside")).unwrap();
        symlink("../outside.env", dir.join("project/leaves")).unwrap();
        let inside = read_config(&dir.join("project/inside"), &me()).unwrap();
        assert_eq!((inside.path, inside.oddities), (dir.join("project/real.env"), vec![]));
        let leaves = read_config(&dir.join("project/leaves"), &me()).unwrap();
        assert_eq!(leaves.oddities, [Oddity::LinkLeaves { to: dir.join("outside.env") }]);
        symlink("round", dir.join("round")).unwrap();
        assert!(matches!(read_config(&dir.join("round"), &me()), Err(DiskError::BadPath { .. })));
    }

    #[test]
    fn a_link_to_nothing_is_a_file_that_is_not_there_at_the_links_end() {
        let (_temp, dir) = folder();
        symlink("later.env", dir.join(".env")).unwrap();
        let seen = read_config(&dir.join(".env"), &me()).unwrap();
        assert_eq!(seen.path, dir.join("later.env"));
        assert!(seen.there.is_none());
    }

    #[test]
    fn a_second_name_a_read_only_file_and_an_open_folder_are_odd() {
        let (_temp, dir) = folder();
        let file = dir.join(".env");
        std::fs::write(&file, "A=1\n").unwrap();
        std::fs::hard_link(&file, dir.join("other")).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o400)).unwrap();
        std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o777)).unwrap();
        let odd = read_config(&file, &me()).unwrap().oddities;
        assert_eq!(
            odd,
            [Oddity::OpenFolder { folder: dir.clone(), mode: 0o777 }, Oddity::HardLinks(2), Oddity::ReadOnly]
        );
        // The sticky bit, as /tmp has it, keeps others from replacing it.
        std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o1777)).unwrap();
        assert!(!read_config(&file, &me()).unwrap().oddities.iter().any(|o| matches!(o, Oddity::OpenFolder { .. })));
    }

    #[test]
    fn a_foreign_owner_is_odd_and_for_root_a_foreign_folder_too() {
        let (_temp, dir) = folder();
        std::fs::write(dir.join(".env"), "A=1\n").unwrap();
        let mine = me().uid;
        let other = Caller { uid: mine + 4242, sudo: None };
        assert!(read_config(&dir.join(".env"), &other).unwrap().oddities.contains(&Oddity::ForeignOwner(mine)));
        if me().is_root() {
            std::os::unix::fs::chown(&dir, Some(4242), Some(4242)).unwrap();
            let way = Oddity::ForeignWay { at: dir.clone(), uid: 4242 };
            assert_eq!(read_config(&dir.join(".env"), &me()).unwrap().oddities, [way]);
            let sudo = Caller { uid: 0, sudo: Some((4242, 4242)) };
            assert_eq!(read_config(&dir.join(".env"), &sudo).unwrap().oddities, []);
        }
    }

    #[test]
    fn an_attribute_that_a_new_file_would_not_have_is_odd() {
        let (_temp, dir) = folder();
        std::fs::write(dir.join(".env"), "A=1\n").unwrap();
        if sys::setxattr(dir.join(".env"), "user.note", b"x", sys::XattrFlags::empty()).is_err() {
            eprintln!("skipped: this file system has no extended attributes");
            return;
        }
        let odd = read_config(&dir.join(".env"), &me()).unwrap().oddities;
        assert_eq!(odd, [Oddity::Attributes(vec!["user.note".into()])]);
    }
}
