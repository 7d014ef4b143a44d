//! What the disk refused, in sentences: what happened, why, and what to do about it.
//!
//! Plain data, no I/O: no `io::Error` is kept, so nothing of a file's content and no raw error chain can reach a person.

use std::path::{Path, PathBuf};

use super::seen::{Kind, Oddity};

/// Everything that can go wrong on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiskError {
    /// The path names something that is no regular file.
    NotAFile { path: PathBuf, kind: Kind },
    /// The file is larger than `limit` bytes.
    TooLarge { path: PathBuf, bytes: u64, limit: u64 },
    /// The file is not UTF-8; `line` (from 1) is the first line that is not.
    NotText { path: PathBuf, line: usize },
    /// The path itself cannot be used: not UTF-8, no file name, a loop of links.
    BadPath { path: PathBuf, why: &'static str },
    /// The system refused.
    Refused { doing: Doing, path: PathBuf, cause: Cause },
    /// The file is not what was reviewed; nothing was written.
    Changed { path: PathBuf, how: Change },
    /// Something that needs an own yes, and has none; nothing was written.
    NotAgreed { path: PathBuf, oddity: Oddity },
    /// Another labwizard works on this file.
    Busy { path: PathBuf, pid: Option<u32> },
    /// The state folder cannot be trusted.
    StateFolder { path: PathBuf, trouble: StateTrouble },
    /// Written by a later version of labwizard.
    Later { path: PathBuf, version: u64 },
    /// Labwizard's own record cannot be read.
    Damaged { path: PathBuf },
    /// There is no run of that id.
    NoSuchRun { id: String },
    /// That run is still going on.
    RunAlive { id: String, pid: u32 },
    /// The backup is gone, or not what was put there.
    BackupLost { path: PathBuf },
    /// The new content is in place, but the system did not confirm that it would survive a power loss.
    NotYetSafe { path: PathBuf, cause: Cause },
}

/// What was being done when the system refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    Look,
    Read,
    Lock,
    Backup,
    Temporary,
    Replace,
    Overwrite,
    Remove,
    Remember,
    Journal,
    List,
}

/// Why the system refused, as far as it told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    NoSpace,
    Quota,
    ReadOnly,
    Denied,
    Io,
    Busy,
    Missing,
    Exists,
    NotAFolder,
    TooManyLinks,
    NameTooLong,
    OtherFilesystem,
    /// The system's own number, for whoever wants to look it up.
    Other(i32),
}

/// In which way a file is not what was reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Content,
    Appeared,
    Vanished,
    OtherFile,
    Folder,
}

/// Why the state folder is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateTrouble {
    ForeignOwner(u32),
    OpenToOthers(u32),
    NotAFolder,
}

impl DiskError {
    /// What happened and why, in one sentence or two.
    pub fn sentence(&self) -> String {
        match self {
            DiskError::NotAFile { path, kind } => {
                format!("{} is {}, not a file; it was not opened.", show(path), kind.words())
            }
            DiskError::TooLarge { path, bytes, limit } => format!(
                "{} has {}, more than the {} that a settings file may have; it was not read.",
                show(path),
                size(*bytes),
                size(*limit)
            ),
            DiskError::NotText { path, line } => {
                format!("{} is not plain text in UTF-8: line {line} holds other bytes.", show(path))
            }
            DiskError::BadPath { path, why } => format!("{} cannot be used: {why}.", show(path)),
            DiskError::Refused { doing, path, cause } => {
                format!("{}: {}. {}", doing.failed(path), cause.words(), doing.left())
            }
            DiskError::Changed { path, how } => {
                format!("{} {} since the review; nothing was written.", show(path), how.words())
            }
            DiskError::NotAgreed { path, oddity } => {
                format!("{} was not written: {}.", show(path), oddity.words())
            }
            DiskError::Busy { path, pid: Some(pid) } => {
                format!("{} is being worked on by another labwizard, process {pid}.", show(path))
            }
            DiskError::Busy { path, pid: None } => {
                format!("{} is being worked on by another labwizard.", show(path))
            }
            DiskError::StateFolder { path, trouble } => match trouble {
                StateTrouble::ForeignOwner(uid) => {
                    format!("The state folder {} is not used: it belongs to user {uid}.", show(path))
                }
                StateTrouble::OpenToOthers(mode) => {
                    format!("The state folder {} is not used: others may enter it (mode {mode:04o}).", show(path))
                }
                StateTrouble::NotAFolder => {
                    format!("The state folder {} is not used: it is no folder.", show(path))
                }
            },
            DiskError::Later { path, version } => {
                format!("{} was written by a later labwizard (format {version}); it is left as it is.", show(path))
            }
            DiskError::Damaged { path } => {
                format!("{} is damaged and cannot be read; it is left as it is.", show(path))
            }
            DiskError::NoSuchRun { id } => format!("There is no run ‘{id}’."),
            DiskError::RunAlive { id, pid } => format!("Run {id} is still going on, in process {pid}."),
            DiskError::BackupLost { path } => {
                format!("The backup of {} is gone or not what was put there; nothing was changed.", show(path))
            }
            DiskError::NotYetSafe { path, cause } => format!(
                "{} is written, not yet safe on disk: the system did not confirm it ({}).",
                show(path),
                cause.words()
            ),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            DiskError::NotAFile { kind: Kind::Folder, .. } => "Name the file inside it.".into(),
            DiskError::NotAFile { .. } => "Name a regular file, or a new one.".into(),
            DiskError::TooLarge { .. } => "Name the settings file itself.".into(),
            DiskError::NotText { .. } => "Save it as UTF-8 in an editor, then try again.".into(),
            DiskError::BadPath { .. } => "Name another path.".into(),
            DiskError::Refused { cause, path, doing } => cause.hint(path, *doing),
            DiskError::Changed { .. } => "Review it again: the new content is then what counts.".into(),
            DiskError::NotAgreed { oddity, .. } => oddity.hint(),
            DiskError::Busy { pid: Some(pid), .. } => {
                format!("End that one first, or wait for it (ps -p {pid} shows it).")
            }
            DiskError::Busy { pid: None, .. } => "End that one first, or wait for it.".into(),
            DiskError::StateFolder { path, trouble } => match trouble {
                StateTrouble::ForeignOwner(_) => {
                    "Run as its owner, or set LABWIZARD_STATE to a folder of yours.".into()
                }
                StateTrouble::OpenToOthers(_) => format!("Look at what is in it, then: chmod 700 {}", show(path)),
                StateTrouble::NotAFolder => "Move it away, or set LABWIZARD_STATE to another folder.".into(),
            },
            DiskError::Later { .. } => "Use that later version for this.".into(),
            DiskError::Damaged { path } => format!("Look at it by hand: {}", show(path)),
            DiskError::NoSuchRun { .. } => "labwizard undo without an id lists the runs that are kept.".into(),
            DiskError::RunAlive { pid, .. } => format!("End process {pid} first."),
            DiskError::BackupLost { .. } => "Take the values out of the file by hand.".into(),
            DiskError::NotYetSafe { .. } => "Run sync, then look at the file; the backup is kept.".into(),
        }
    }
}

impl std::fmt::Display for DiskError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.sentence(), self.hint())
    }
}

impl std::error::Error for DiskError {}

impl Doing {
    fn failed(self, path: &Path) -> String {
        let path = show(path);
        match self {
            Doing::Look => format!("Could not look at {path}"),
            Doing::Read => format!("Could not read {path}"),
            Doing::Lock => format!("Could not take the lock for {path}"),
            Doing::Backup => format!("Could not back up {path}"),
            Doing::Temporary => format!("Could not prepare the new {path} in its folder"),
            Doing::Replace => format!("Could not put the new {path} in place"),
            Doing::Overwrite => format!("Could not write {path} in place"),
            Doing::Remove => format!("Could not remove {path}"),
            Doing::Remember => format!("Could not write {path} in the state folder"),
            Doing::Journal => format!("Could not write the journal of this run, {path}"),
            Doing::List => format!("Could not list {path}"),
        }
    }

    /// What the failure left behind.
    fn left(self) -> &'static str {
        match self {
            Doing::Overwrite => "The file may be incomplete; its backup is whole.",
            Doing::Backup | Doing::Temporary | Doing::Replace => "The file is as it was.",
            Doing::Journal => "The run went no further.",
            Doing::Look | Doing::Read | Doing::Lock | Doing::Remove | Doing::Remember | Doing::List => {
                "Nothing was changed."
            }
        }
    }
}

impl Cause {
    /// The cause in words, without a full stop.
    pub fn words(self) -> String {
        match self {
            Cause::NoSpace => "the disk is full".into(),
            Cause::Quota => "your share of the disk (quota) is used up".into(),
            Cause::ReadOnly => "the file system is mounted read-only".into(),
            Cause::Denied => "you may not".into(),
            Cause::Io => "the disk reports an input/output error".into(),
            Cause::Busy => "it is in use as a mount".into(),
            Cause::Missing => "it is not there".into(),
            Cause::Exists => "something of that name is there already".into(),
            Cause::NotAFolder => "a part of the path is no folder".into(),
            Cause::TooManyLinks => "a link stands where none may".into(),
            Cause::NameTooLong => "the name is too long".into(),
            Cause::OtherFilesystem => "it lies on another file system".into(),
            Cause::Other(code) => format!("the system answered with error {code}"),
        }
    }

    fn hint(self, path: &Path, doing: Doing) -> String {
        match self {
            Cause::NoSpace => "Make room there, then try again.".into(),
            Cause::Quota => "Delete something of yours there, or ask for a larger quota.".into(),
            Cause::ReadOnly => "Mount it read-write, or name a file elsewhere.".into(),
            Cause::Denied if doing == Doing::Read => format!("Who may read it: ls -l {}", show(path)),
            Cause::Denied => {
                let folder = show(path.parent().unwrap_or(path));
                format!("Run as the owner of its folder, or name a file elsewhere (ls -ld {folder}).")
            }
            Cause::Io => "Look at the system's log (dmesg); the disk may be failing.".into(),
            Cause::Busy => "It can only be written in place; that needs an own yes.".into(),
            Cause::Missing => "Make the folder first, or name another.".into(),
            Cause::Exists => "Move it away, then try again.".into(),
            Cause::NotAFolder | Cause::NameTooLong | Cause::OtherFilesystem => "Name another path.".into(),
            Cause::TooManyLinks => "Name the file itself instead of the link.".into(),
            Cause::Other(_) => "Try again; if it stays, name a file elsewhere.".into(),
        }
    }
}

impl Change {
    fn words(self) -> &'static str {
        match self {
            Change::Content => "was changed",
            Change::Appeared => "came into being",
            Change::Vanished => "was removed",
            Change::OtherFile => "was replaced by another file",
            Change::Folder => "is in a folder that was replaced",
        }
    }
}

/// A path as sentences show it: control characters made visible.
pub(super) fn show(path: &Path) -> String {
    let text = path.to_string_lossy();
    if text.chars().any(char::is_control) { text.escape_debug().to_string() } else { text.into_owned() }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ if bytes < 1 << 30 => format!("{} MiB", bytes >> 20),
        _ => format!("{} GiB", bytes >> 30),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn a_refusal_says_what_why_what_is_left_and_what_to_do() {
        let cases = [
            (Errno::NOSPC, "the disk is full", "Make room there"),
            (Errno::DQUOT, "quota", "quota"),
            (Errno::ROFS, "mounted read-only", "Mount it read-write"),
            (Errno::ACCESS, "you may not", "Run as the owner"),
            (Errno::IO, "input/output error", "dmesg"),
        ];
        for (errno, why, what_to_do) in cases {
            let error = DiskError::refused(Doing::Temporary, Path::new("/srv/.env"), &errno.into());
            let sentence = error.sentence();
            assert!(sentence.starts_with("Could not prepare the new /srv/.env"), "{sentence}");
            assert!(sentence.contains(why), "{sentence}");
            assert!(sentence.ends_with("The file is as it was."), "{sentence}");
            assert!(error.hint().contains(what_to_do), "{}", error.hint());
        }
    }

    #[test]
    fn after_the_rename_nobody_is_told_that_nothing_was_changed() {
        let error = DiskError::NotYetSafe { path: "/srv/.env".into(), cause: Cause::Io };
        assert!(error.sentence().contains("written, not yet safe on disk"));
        assert!(!error.to_string().contains("as it was"));
    }

    #[test]
    fn a_path_with_control_characters_is_shown_escaped() {
        let error = DiskError::BadPath { path: "/tmp/a\u{1b}[2Jb".into(), why: "it is a test" };
        assert!(!error.to_string().contains('\u{1b}'));
    }
}
