//! What lies around a folder: names of files, example files, and the `*.tf` files of the module that it belongs to.
//!
//! Bounded in files, bytes and folders, and nothing is followed through a link.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::domain::Text;

use super::error::{DiskError, Doing};
use super::ops::{Disk, Ops};
use super::read::CONFIG_LIMIT;
use super::seen::Kind;

/// The most `*.tf` files of a module that are read.
pub const TF_FILES: usize = 200;
/// How many folders upwards are looked through for `*.tf` files.
pub const FOLDERS_UP: usize = 3;
/// The most names of a folder that are kept, in their order.
pub const MOST_NAMES: usize = 2000;
/// The most bytes of a module that are read, all files together.
const MODULE_LIMIT: u64 = 8 << 20;

/// What lies around a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub folder: PathBuf,
    /// The names of files and links in it, sorted; folders are left out.
    pub files: Vec<String>,
    /// Those of `files` that are regular files and named like an example of a config.
    pub examples: Vec<String>,
    /// The nearest folder, from this one upwards, that holds `*.tf` files.
    pub module: Option<Module>,
    /// There are more files than [`MOST_NAMES`].
    pub more: bool,
}

/// A folder with `*.tf` files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    pub folder: PathBuf,
    /// Their names, sorted, at most [`TF_FILES`].
    pub files: Vec<String>,
    /// There are more.
    pub more: bool,
}

/// The text of a module.
#[derive(Debug, Clone, Default)]
pub struct ModuleText {
    /// Name and text of each file.
    pub files: Vec<(String, Text)>,
    /// Files that were not read: too large, not UTF-8, or refused by the system.
    pub skipped: Vec<String>,
}

/// The names of a folder, in order and bounded.
#[derive(Default)]
struct Names {
    files: BTreeSet<String>,
    examples: BTreeSet<String>,
    tf: BTreeSet<String>,
    more_files: bool,
    more_tf: bool,
    repository: bool,
}

/// Lists what lies around `folder`. A folder that is not there holds nothing.
pub fn look_around(folder: &Path) -> Result<Listing, DiskError> {
    let refused = |path: &Path, error: &std::io::Error| DiskError::refused(Doing::List, path, error);
    let mut at = std::path::absolute(folder).map_err(|error| refused(folder, &error))?;
    let mut names = list(&at).map_err(|error| refused(&at, &error))?;
    let mut listing = Listing {
        folder: at.clone(),
        files: std::mem::take(&mut names.files).into_iter().collect(),
        examples: std::mem::take(&mut names.examples).into_iter().collect(),
        module: None,
        more: names.more_files,
    };
    for _ in 0..=FOLDERS_UP {
        if !names.tf.is_empty() {
            listing.module = Some(Module { folder: at, files: names.tf.into_iter().collect(), more: names.more_tf });
            break;
        }
        // A module does not reach over the border of its repository.
        if names.repository || !at.pop() {
            break;
        }
        // A folder above that may not be listed ends the search; it is no fault of this one.
        let Ok(above) = list(&at) else { break };
        names = above;
    }
    Ok(listing)
}

fn list(folder: &Path) -> std::io::Result<Names> {
    let mut names = Names::default();
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(names),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        names.repository |= name == ".git";
        // The kind of the entry itself; a link is a link.
        let kind = entry.file_type()?;
        if kind.is_dir() {
            continue;
        }
        if kind.is_file() && name.ends_with(".tf") && !name.starts_with('.') {
            names.more_tf |= keep(&mut names.tf, name.clone(), TF_FILES);
        }
        if kind.is_file() && is_example(&name) {
            keep(&mut names.examples, name.clone(), MOST_NAMES);
        }
        if kind.is_file() || kind.is_symlink() {
            names.more_files |= keep(&mut names.files, name, MOST_NAMES);
        }
    }
    Ok(names)
}

/// Keeps the first `most` in order; whether something was left out.
fn keep(names: &mut BTreeSet<String>, name: String, most: usize) -> bool {
    names.insert(name);
    names.len() > most && names.pop_last().is_some()
}

/// Whether a name is that of an example of a config file.
pub fn is_example(name: &str) -> bool {
    const NAMES: [&str; 7] =
        [".env.example", "env.example", ".env.sample", ".env.template", ".env.dist", "env.sample", "env.template"];
    NAMES.contains(&name) || [".env.example", ".tfvars.example"].iter().any(|end| name.ends_with(end))
}

impl Module {
    /// Reads its files, as far as they are regular, small and UTF-8.
    pub fn read(&self) -> Result<ModuleText, DiskError> {
        let dir = Disk.open_dir(&self.folder).map_err(|error| DiskError::refused(Doing::Read, &self.folder, &error))?;
        let mut text = ModuleText::default();
        let mut left = MODULE_LIMIT;
        for name in &self.files {
            let read = Disk.read(&dir, name, CONFIG_LIMIT.min(left)).ok();
            let bytes = read.filter(|(stat, _)| stat.kind == Kind::File).and_then(|(_, bytes)| bytes);
            let good = bytes.and_then(|mut bytes| String::from_utf8(std::mem::take(&mut *bytes)).ok());
            match good {
                Some(good) => {
                    left -= good.len() as u64;
                    text.files.push((name.clone(), Text::new(good)));
                }
                None => text.skipped.push(name.clone()),
            }
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().canonicalize().unwrap();
        // The border: what lies above the test's own folder is not looked at.
        std::fs::create_dir(path.join(".git")).unwrap();
        (temp, path)
    }

    fn touch(path: PathBuf) {
        std::fs::write(path, "x = 1\n").unwrap();
    }

    #[test]
    fn files_and_examples_are_named_and_folders_are_not() {
        let (_temp, dir) = folder();
        for name in [".env", "env.example", "lab.tfvars.example", "prod.env.example", "example.txt"] {
            touch(dir.join(name));
        }
        std::fs::create_dir(dir.join("sub.tf")).unwrap();
        symlink("/etc/passwd", dir.join(".env.example")).unwrap();
        let listing = look_around(&dir).unwrap();
        assert_eq!(listing.files.len(), 6, "{:?}", listing.files);
        assert_eq!(listing.examples, ["env.example", "lab.tfvars.example", "prod.env.example"], "a link is no example");
        assert_eq!((listing.module, listing.more), (None, false));
    }

    #[test]
    fn the_module_is_the_nearest_folder_upwards_that_holds_tf_files() {
        let (_temp, dir) = folder();
        std::fs::create_dir_all(dir.join("tofu/env/lab")).unwrap();
        touch(dir.join("far.tf"));
        touch(dir.join("tofu/main.tf"));
        touch(dir.join("tofu/vars.tf"));
        let module = look_around(&dir.join("tofu/env/lab")).unwrap().module.unwrap();
        assert_eq!((module.folder.clone(), module.files.len()), (dir.join("tofu"), 2));
        assert_eq!(module.read().unwrap().files[0].1.as_str(), "x = 1\n");
    }

    #[test]
    fn the_search_ends_at_the_repository_and_after_a_few_folders() {
        let (_temp, dir) = folder();
        touch(dir.join("far.tf"));
        std::fs::create_dir_all(dir.join("repo/.git")).unwrap();
        std::fs::create_dir_all(dir.join("a/b/c/d")).unwrap();
        assert_eq!(look_around(&dir.join("repo")).unwrap().module, None);
        assert_eq!(look_around(&dir.join("a/b/c/d")).unwrap().module, None);
        assert!(look_around(&dir.join("a/b/c")).unwrap().module.is_some());
    }

    #[test]
    fn a_folder_that_is_not_there_holds_nothing() {
        let (_temp, dir) = folder();
        let listing = look_around(&dir.join("no")).unwrap();
        assert!(listing.files.is_empty() && listing.module.is_none());
    }

    #[test]
    fn many_files_are_bounded_and_the_first_by_name_are_kept() {
        let (_temp, dir) = folder();
        for n in 0..MOST_NAMES + 50 {
            std::fs::File::create(dir.join(format!("{n:05}.tf"))).unwrap();
        }
        let listing = look_around(&dir).unwrap();
        let module = listing.module.unwrap();
        assert_eq!(
            (listing.files.len(), listing.more, module.files.len(), module.more),
            (MOST_NAMES, true, TF_FILES, true)
        );
        assert_eq!(module.files[0], "00000.tf");
    }

    #[test]
    fn what_cannot_be_read_in_a_module_is_named_and_the_rest_is_read() {
        let (_temp, dir) = folder();
        touch(dir.join("a.tf"));
        std::fs::write(dir.join("b.tf"), b"\xff\xfe").unwrap();
        std::fs::File::create(dir.join("c.tf")).unwrap().set_len(2 << 30).unwrap();
        let text = look_around(&dir).unwrap().module.unwrap().read().unwrap();
        assert_eq!((text.files.len(), text.skipped), (1, vec!["b.tf".to_string(), "c.tf".to_string()]));
    }
}
