//! Looks for a config's secret in the files beside it: examples, backups and documents. Bounded in files and bytes, and nothing is
//! followed through a link.

use crate::domain::around::CopySeen;
use crate::domain::{FileSeen, Secret};

use super::git::{Git, GitState, git_state};
use super::history::SHORTEST;
use super::look::{is_example, look_around};
use super::matcher::Matcher;
use super::ops::{Disk, Ops};
use super::read::CONFIG_LIMIT;

/// The most files beside a config that are read.
pub const MOST_COPIES: usize = 50;

/// What a file beside a config may be to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside {
    Example,
    Backup,
    Document,
}

/// The files beside the config that hold one of these secrets, and its backups that git tracks: what they held once may be known.
pub fn copies(seen: &FileSeen, secrets: &[Secret], git: Option<&Git>) -> Vec<CopySeen> {
    let needles: Vec<Matcher> =
        secrets.iter().filter(|secret| secret.reveal().len() >= SHORTEST).map(Matcher::new).collect();
    let (Some(folder), Some(name)) = (seen.path.parent(), seen.path.file_name().and_then(|name| name.to_str())) else {
        return Vec::new();
    };
    let (Ok(listing), Ok(dir)) = (look_around(folder), Disk.open_dir(folder)) else { return Vec::new() };
    let mut candidates: Vec<(&String, Beside)> =
        listing.files.iter().filter_map(|other| Some((other, beside(name, other)?))).collect();
    // What is likeliest to hold it, should there be too many.
    candidates.sort_by_key(|(_, kind)| *kind != Beside::Backup);
    candidates
        .into_iter()
        .take(MOST_COPIES)
        .filter_map(|(other, kind)| {
            let (_, bytes) = Disk.read(&dir, other, CONFIG_LIMIT).ok()?;
            let bytes = bytes?;
            let holds_secret = needles.iter().any(|needle| needle.is_in(&bytes));
            if !holds_secret && kind != Beside::Backup {
                return None;
            }
            let path = folder.join(other);
            let tracked = git_state(git, &path) == GitState::Tracked;
            (holds_secret || tracked).then_some(CopySeen { path, tracked, holds_secret })
        })
        .collect()
}

/// What a file of this name is to the config.
fn beside(config: &str, other: &str) -> Option<Beside> {
    if other == config {
        return None;
    }
    if is_example(other) || ["example", "sample", "template", "dist"].iter().any(|end| has_part(other, end)) {
        return Some(Beside::Example);
    }
    if is_backup(config, other) {
        return Some(Beside::Backup);
    }
    let lower = other.to_lowercase();
    let ends = [".md", ".markdown", ".rst", ".txt"];
    ends.iter().any(|end| lower.ends_with(end)).then_some(Beside::Document)
}

/// Whether one of the parts between dots is this word.
fn has_part(name: &str, word: &str) -> bool {
    name.split('.').skip(1).any(|part| part.eq_ignore_ascii_case(word))
}

/// `.env.bak`, `.env~`, `.env.2026-11-22`, `x.tfvars.orig`, and what editors leave: `.env.swp`, `#.env#`.
fn is_backup(config: &str, other: &str) -> bool {
    let bare = other.trim_matches('#');
    let Some(rest) = bare.strip_prefix(config).or_else(|| bare.strip_prefix(&format!(".{config}"))) else {
        return false;
    };
    let words = ["bak", "backup", "old", "orig", "save", "copy", "swp", "swo", "rej", "prev"];
    let says = |part: &str| {
        let lower = part.to_lowercase();
        words.iter().any(|word| lower.starts_with(word)) || lower.starts_with(|c: char| c.is_ascii_digit())
    };
    rest.is_empty() || rest.ends_with('~') || rest.split(['.', '-', '_', ' ', '(']).skip(1).any(says)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{Caller, read_config};
    use std::process::{Command, Stdio};

    const SECRET: &str = "00000000-0000-4000-8000-0000000c0de1";

    #[test]
    fn backups_examples_and_documents_are_told_by_their_names() {
        for (config, other, kind) in [
            (".env", ".env.bak", Some(Beside::Backup)),
            (".env", ".env~", Some(Beside::Backup)),
            (".env", ".env.2026-11-22", Some(Beside::Backup)),
            (".env", ".env.2026-11-22.bak", Some(Beside::Backup)),
            (".env", ".env-old", Some(Beside::Backup)),
            (".env", "..env.swp", Some(Beside::Backup)),
            (".env", "#.env#", Some(Beside::Backup)),
            ("lab.tfvars", "lab.tfvars.orig", Some(Beside::Backup)),
            (".env", ".env.example", Some(Beside::Example)),
            ("lab.tfvars", "lab.tfvars.sample", Some(Beside::Example)),
            (".env", "README.TXT", Some(Beside::Document)),
            (".env", "SETUP.md", Some(Beside::Document)),
            (".env", ".env", None),
            (".env", ".env.production", None),
            (".env", "main.rs", None),
        ] {
            assert_eq!(beside(config, other), kind, "{other}");
        }
    }

    #[test]
    fn files_that_hold_the_secret_are_named_and_whether_git_tracks_them() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().canonicalize().unwrap();
        let variable = |name: &str| if name == "PATH" { std::env::var_os("PATH") } else { None };
        let Some(git) = Git::find(&dir, variable) else {
            eprintln!("skipped: there is no git here");
            return;
        };
        let run = |arguments: &[&str]| {
            let mut command = Command::new("git");
            command.args(arguments).current_dir(&dir).env("GIT_CONFIG_GLOBAL", "/dev/null").stdout(Stdio::null());
            assert!(command.status().unwrap().success(), "{arguments:?}");
        };
        run(&["init", "-q"]);
        let holding = format!("TOKEN={SECRET}\n");
        for (name, text) in [
            (".env", holding.as_str()),
            (".env.example", "TOKEN=changeme\n"),
            (".env.bak", &holding),
            (".env.old", "TOKEN=another\n"),
            (".env.orig", "TOKEN=another\n"),
            ("README.md", &holding),
            ("NOTES.md", "nothing\n"),
            ("main.rs", &holding),
        ] {
            std::fs::write(dir.join(name), text).unwrap();
        }
        std::os::unix::fs::symlink(dir.join(".env"), dir.join("LINK.md")).unwrap();
        std::fs::write(dir.join("HUGE.md"), vec![b'x'; (CONFIG_LIMIT + 1) as usize]).unwrap();
        run(&["add", ".env.bak", ".env.old", "README.md"]);
        let seen = read_config(&dir.join(".env"), &Caller::of_process(|_| None)).unwrap();
        let found = copies(&seen, &[Secret::new(SECRET.into())], Some(&git));
        let told: Vec<(String, bool, bool)> = found
            .iter()
            .map(|copy| (copy.path.file_name().unwrap().to_str().unwrap().to_owned(), copy.tracked, copy.holds_secret))
            .collect();
        let of = |name: &str, tracked, holds| (name.to_owned(), tracked, holds);
        assert_eq!(told, [of(".env.bak", true, true), of(".env.old", true, false), of("README.md", true, true)]);
        let without = copies(&seen, &[Secret::new("short".into())], None);
        assert!(without.is_empty());
    }
}
