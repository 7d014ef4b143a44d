//! Finds files by their names in a folder and the folders below it: bounded in depth, folders and entries, and through no link.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// How many folders down is looked.
pub const DEEP: usize = 2;
/// The most files that are kept.
pub const MOST_FILES: usize = 100;
/// The most entries that are looked at, in all folders together.
pub const MOST_ENTRIES: usize = 20_000;

/// Folders that hold thousands of files of others, and never a config of one's own.
const FOREIGN: [&str; 4] = [".git", "node_modules", ".terraform", "__pycache__"];

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovered {
    /// The nearest first, by name in each folder.
    pub files: Vec<PathBuf>,
    /// Not everything was looked at: there is more than the limits allow.
    pub more: bool,
}

/// The regular files in `folder` and at most [`DEEP`] folders below whose path, relative to `folder` and with `/`, is `wanted`.
/// What git ignores is found too, for that is where secrets lie. A folder that cannot be listed holds nothing.
pub fn discover(folder: &Path, wanted: impl Fn(&str) -> bool) -> Discovered {
    let mut found = Discovered::default();
    let mut entries = 0;
    let mut waiting = VecDeque::from([(String::new(), 0)]);
    while let Some((below, depth)) = waiting.pop_front() {
        let Ok(listed) = std::fs::read_dir(folder.join(&below)) else { continue };
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        for entry in listed.flatten() {
            entries += 1;
            if entries > MOST_ENTRIES {
                found.more = true;
                break;
            }
            let (Ok(name), Ok(kind)) = (entry.file_name().into_string(), entry.file_type()) else { continue };
            // The kind of the entry itself: a link is neither.
            let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            if kind.is_file() && wanted(&path) {
                files.push(path);
            } else if kind.is_dir() && depth < DEEP && !FOREIGN.contains(&name.as_str()) {
                folders.push((path, depth + 1));
            }
        }
        files.sort();
        folders.sort();
        found.files.extend(files.into_iter().map(|path| folder.join(path)));
        if found.files.len() > MOST_FILES {
            found.files.truncate(MOST_FILES);
            found.more = true;
        }
        if found.more {
            break;
        }
        waiting.extend(folders);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn folder(files: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().canonicalize().unwrap();
        for file in files {
            let file = path.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "A=1\n").unwrap();
        }
        (temp, path)
    }

    fn names(folder: &Path) -> Vec<String> {
        let found = discover(folder, |path| path.ends_with(".env"));
        found.files.iter().map(|path| path.strip_prefix(folder).unwrap().display().to_string()).collect()
    }

    #[test]
    fn the_nearest_come_first_and_two_folders_down_is_the_end() {
        let (_temp, dir) = folder(&["b.env", "a.env", "z/.env", "y/x/.env", "y/x/w/.env", "other.txt"]);
        assert_eq!(names(&dir), ["a.env", "b.env", "z/.env", "y/x/.env"]);
    }

    #[test]
    fn what_git_ignores_is_found_and_what_it_keeps_for_itself_is_not() {
        let (_temp, dir) = folder(&["app/.env", ".git/.env", "node_modules/p/.env", ".hidden/.env"]);
        std::fs::write(dir.join(".gitignore"), ".env\n").unwrap();
        assert_eq!(names(&dir), [".hidden/.env", "app/.env"]);
    }

    #[test]
    fn no_link_is_followed_and_only_regular_files_are_found() {
        let (_temp, dir) = folder(&["real/.env"]);
        let (_other, outside) = folder(&["x/.env"]);
        symlink(outside.join("x"), dir.join("leaves")).unwrap();
        symlink(dir.join("real/.env"), dir.join("link.env")).unwrap();
        symlink(&dir, dir.join("round")).unwrap();
        std::fs::create_dir(dir.join("folder.env")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            dir.join("pipe.env"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        assert_eq!(names(&dir), ["real/.env"]);
    }

    #[test]
    fn many_files_and_entries_are_bounded_and_it_is_told() {
        let (_temp, dir) = folder(&[]);
        for n in 0..MOST_FILES + 5 {
            std::fs::File::create(dir.join(format!("{n:05}.env"))).unwrap();
        }
        let found = discover(&dir, |path| path.ends_with(".env"));
        assert_eq!((found.files.len(), found.more), (MOST_FILES, true));
        assert_eq!(found.files[0], dir.join("00000.env"));
        assert_eq!(discover(&dir.join("no"), |_| true), Discovered::default());
    }
}
