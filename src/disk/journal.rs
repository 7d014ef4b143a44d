//! The journal of a run: what was about to be done and what came of it, a line of JSON each, never a secret.
//!
//! Lines are only ever appended and synced, so that a reader finds, after a break at any byte, everything that was
//! recorded before it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::seen::{Digest, FileSeen};

/// The version of the format that this program writes.
pub(super) const VERSION: u64 = 1;
/// The name of the journal in the folder of its run.
pub(super) const FILE: &str = "journal";
/// The most bytes of a journal that are read.
pub(super) const LIMIT: u64 = 4 << 20;

/// The name of a run: six hex digits, as they stand in comments on the host and in the names of temporaries.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

impl RunId {
    /// Four to eight lower-case hex digits; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        ((4..=8).contains(&text.len()) && text.bytes().all(hex)).then(|| RunId(text.to_owned()))
    }

    pub(super) fn random() -> Self {
        RunId(uuid::Uuid::new_v4().simple().to_string()[..6].to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RunId {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        RunId::parse(&text).ok_or("no run id")
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> String {
        id.0
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub(super) enum Line {
    Started {
        version: u64,
        run: RunId,
        pid: u32,
        /// When that process began, as the kernel counts; tells a reused pid apart.
        born: Option<u64>,
        at: u64,
        /// How many runs began before it in the same second.
        #[serde(default, skip_serializing_if = "is_zero")]
        nth: u32,
    },
    /// A temporary is about to be made. The backup, where there is something to back up, is complete.
    Preparing {
        n: usize,
        path: PathBuf,
        temporary: Option<String>,
        was: Option<Was>,
    },
    /// The file is about to be replaced by what has this digest.
    Writing {
        n: usize,
        sha256: Hex,
    },
    Wrote {
        n: usize,
    },
    /// Given up before anything was replaced.
    Dropped {
        n: usize,
    },
    /// The file is about to be given its old content back.
    TakingBack {
        n: usize,
        temporary: Option<String>,
    },
    TookBack {
        n: usize,
    },
    /// An action on a host is about to be sent.
    Announced {
        n: usize,
        action: Announced,
    },
    /// Action `n` is about to be taken back on its host.
    Reverting {
        n: usize,
    },
    Ended {
        n: usize,
        outcome: Outcome,
        #[serde(default)]
        made: BTreeMap<String, String>,
    },
    Finished {
        at: u64,
        /// Something was to be taken back from a host and was not.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        left: bool,
    },
}

fn is_zero(nth: &u32) -> bool {
    *nth == 0
}

/// An action as the journal knows it: enough to take it back, and no secret.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Announced {
    /// The action's word: `make-token`, `grant`.
    pub kind: String,
    /// The sentence that Review showed.
    pub sentence: String,
    /// What it concerns: host, user, token name, path. Names only, never a value that opens something.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
}

/// What came of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Done,
    /// It was never sent; nothing was made.
    NotSent,
    /// The host said no.
    Refused,
    /// Sent, and no answer came: it counts as made until the host is asked.
    Lost,
    TakenBack,
}

/// What a file was before it was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Was {
    /// The backup's name in the folder of the run.
    pub backup: String,
    pub sha256: Hex,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
}

/// A digest as 64 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Hex(pub Digest);

impl TryFrom<String> for Hex {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Digest::from_hex(&text).map(Hex).ok_or("no SHA-256")
    }
}

impl From<Hex> for String {
    fn from(hex: Hex) -> String {
        hex.0.hex()
    }
}

/// A run, as its journal tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    pub id: RunId,
    /// Seconds since 1970.
    pub when: u64,
    /// How many runs began before it in the same second.
    pub(super) nth: u32,
    pub pid: u32,
    pub(super) born: Option<u64>,
    pub state: RunState,
    /// It ended in order, and something that it was to take back from a host may still stand there.
    pub left: bool,
    pub files: Vec<FileRecord>,
    pub actions: Vec<ActionRecord>,
    /// Some line could not be read; the rest stands.
    pub gaps: bool,
}

/// How a run ended, if it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Its process is still there.
    Alive,
    /// It ended in order, at that second since 1970.
    Finished(u64),
    /// Its process is gone and it did not end in order.
    Broken,
    /// Written by a later version of labwizard, which this one neither undoes nor deletes.
    Later(u64),
    /// Its first line cannot be read.
    Damaged,
}

/// A file that a run wrote or was about to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// Its number in the run.
    pub n: usize,
    pub path: PathBuf,
    pub state: FileState,
    /// There was no such file before.
    pub created: bool,
    pub(super) was: Option<Was>,
    pub(super) wrote: Option<Digest>,
    /// `None`: written in place.
    pub(super) temporary: Option<String>,
}

impl FileRecord {
    /// Whether what was seen is this file, byte for byte as the run wrote it.
    pub fn is_as_written(&self, seen: &FileSeen) -> bool {
        self.path == seen.path && self.wrote.is_some() && self.wrote == seen.base().map(|base| base.digest)
    }
}

/// How far the writing of a file came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// Only prepared; the file is as it was.
    Prepared,
    /// About to be replaced when the journal ends; the file's content tells whether it was.
    Writing,
    Written,
    Dropped,
    TakenBack,
}

/// An action that a run announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRecord {
    /// Its number in the plan.
    pub n: usize,
    pub action: Announced,
    /// `None`: the journal ends before an outcome; it counts as lost.
    pub outcome: Option<Outcome>,
    /// What it made, by name; no secret.
    pub made: BTreeMap<String, String>,
}

impl RunRecord {
    /// Reads a journal. `alive` tells whether a process (pid, born) is still there.
    pub(super) fn read(id: RunId, bytes: &[u8], alive: impl Fn(u32, Option<u64>) -> bool) -> RunRecord {
        let mut run = RunRecord {
            id,
            when: 0,
            nth: 0,
            pid: 0,
            born: None,
            state: RunState::Damaged,
            left: false,
            files: Vec::new(),
            actions: Vec::new(),
            gaps: false,
        };
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        let Some(first) = lines.next() else { return run };
        // The version is looked at before anything else is taken for granted.
        let version = serde_json::from_slice::<serde_json::Value>(first).ok().and_then(|v| v.get("version")?.as_u64());
        if let Some(version) = version.filter(|version| *version > VERSION) {
            run.state = RunState::Later(version);
            return run;
        }
        let Ok(Line::Started { pid, born, at, nth, .. }) = serde_json::from_slice(first) else { return run };
        (run.when, run.nth, run.pid, run.born) = (at, nth, pid, born);
        run.state = if alive(pid, born) { RunState::Alive } else { RunState::Broken };
        for line in lines {
            match serde_json::from_slice(line) {
                Ok(line) => run.take(line),
                Err(_) => run.gaps = true,
            }
        }
        run
    }

    /// Whether it began after the other one; of runs of one second by the order in which they began.
    pub fn is_later_than(&self, other: &RunRecord) -> bool {
        (self.when, self.nth) > (other.when, other.nth)
    }

    fn take(&mut self, line: Line) {
        match line {
            Line::Started { .. } => self.gaps = true,
            Line::Preparing { n, path, temporary, was } => {
                let created = was.is_none();
                let state = FileState::Prepared;
                self.files.push(FileRecord { n, path, state, created, was, wrote: None, temporary });
            }
            Line::Writing { n, sha256 } => {
                if let Some(file) = self.file(n) {
                    (file.state, file.wrote) = (FileState::Writing, Some(sha256.0));
                }
            }
            Line::Wrote { n } => self.file_is(n, FileState::Written),
            Line::Dropped { n } => self.file_is(n, FileState::Dropped),
            Line::TakingBack { n, temporary } => {
                if let Some(file) = self.file(n) {
                    file.temporary = temporary;
                }
            }
            Line::TookBack { n } => self.file_is(n, FileState::TakenBack),
            Line::Announced { n, action } => {
                self.actions.push(ActionRecord { n, action, outcome: None, made: BTreeMap::new() });
            }
            // Until its end is there, the action stands as it stood.
            Line::Reverting { .. } => {}
            Line::Ended { n, outcome, made } => {
                if let Some(action) = self.actions.iter_mut().rev().find(|action| action.n == n) {
                    action.outcome = Some(outcome);
                    action.made.extend(made);
                }
            }
            Line::Finished { at, left } => (self.state, self.left) = (RunState::Finished(at), left),
        }
    }

    fn file(&mut self, n: usize) -> Option<&mut FileRecord> {
        self.files.iter_mut().find(|file| file.n == n)
    }

    fn file_is(&mut self, n: usize, state: FileState) {
        if let Some(file) = self.file(n) {
            file.state = state;
        }
    }

    /// Whether this version may take it back: it is readable, and its process is gone or done.
    pub fn can_be_undone(&self) -> bool {
        matches!(self.state, RunState::Finished(_) | RunState::Broken)
    }
}

/// Whether a process is still there. A pid that was given to another process since is told by when that one began.
pub(super) fn alive(pid: u32, born: Option<u64>) -> bool {
    let Some(process) = i32::try_from(pid).ok().filter(|pid| *pid > 0).and_then(rustix::process::Pid::from_raw) else {
        return false;
    };
    match rustix::process::test_kill_process(process) {
        Err(rustix::io::Errno::SRCH) => false,
        // EPERM: it is there and belongs to somebody else.
        _ => born.is_none() || self::born(pid).is_none() || self::born(pid) == born,
    }
}

/// When a process began, in the kernel's ticks since boot; `None` where there is no `/proc`.
pub(super) fn born(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses and may hold anything; the 22nd is what is looked for.
    stat.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (Vec<u8>, Vec<Line>) {
        let sha256 = Hex(Digest::of(b"old"));
        let was = Was { backup: "backup-1".into(), sha256, mode: 0o644, uid: 0, gid: 0 };
        let action = Announced { kind: "make-token".into(), sentence: "Make the token".into(), ..Default::default() };
        let lines = vec![
            Line::Started { version: VERSION, run: RunId("0a1b2c".into()), pid: 1, born: Some(2), at: 3, nth: 0 },
            Line::Announced { n: 0, action },
            Line::Ended { n: 0, outcome: Outcome::Done, made: [("token".into(), "apex@pve!x".into())].into() },
            Line::Preparing { n: 1, path: "/p/.env".into(), temporary: Some("t".into()), was: Some(was) },
            Line::Writing { n: 1, sha256: Hex(Digest::of(b"new")) },
            Line::Wrote { n: 1 },
            Line::Finished { at: 9, left: false },
        ];
        let text: Vec<u8> = lines.iter().flat_map(|l| [serde_json::to_vec(l).unwrap(), vec![b'\n']].concat()).collect();
        (text, lines)
    }

    #[test]
    fn a_journal_tells_the_whole_run() {
        let run = RunRecord::read(RunId("0a1b2c".into()), &sample().0, |_, _| false);
        assert_eq!((run.when, run.pid, run.state, run.gaps), (3, 1, RunState::Finished(9), false));
        assert_eq!(run.files[0].state, FileState::Written);
        assert_eq!(run.files[0].wrote, Some(Digest::of(b"new")));
        assert_eq!(run.actions[0].outcome, Some(Outcome::Done));
        assert_eq!(run.actions[0].made["token"], "apex@pve!x");
    }

    #[test]
    fn cut_at_every_byte_it_tells_exactly_the_lines_that_are_whole() {
        let (text, lines) = sample();
        for cut in 0..=text.len() {
            let run = RunRecord::read(RunId("0a1b2c".into()), &text[..cut], |_, _| false);
            // A last line that lacks only its newline is whole.
            let mut end = 0;
            let whole = text.split_inclusive(|b| *b == b'\n').take_while(|line| {
                end += line.len();
                end - 1 <= cut
            });
            let whole = whole.count();
            assert_eq!(run.state == RunState::Damaged, whole == 0, "cut at {cut}");
            assert_eq!(run.actions.len(), usize::from(whole > 1), "cut at {cut}");
            assert_eq!(run.files.len(), usize::from(whole > 3), "cut at {cut}");
            assert_eq!(run.state == RunState::Finished(9), whole == lines.len(), "cut at {cut}");
        }
    }

    #[test]
    fn half_a_line_in_the_middle_costs_only_itself() {
        let (text, lines) = sample();
        let half = text.iter().position(|b| *b == b'\n').unwrap() + 20;
        let rest = serde_json::to_vec(&lines[6]).unwrap();
        let run = RunRecord::read(RunId("0a1b2c".into()), &[&text[..half], b"\n", &rest].concat(), |_, _| false);
        assert_eq!((run.state, run.gaps, run.actions.len()), (RunState::Finished(9), true, 0));
    }

    #[test]
    fn a_journal_of_a_later_version_is_told_whatever_else_it_holds() {
        let text = b"{\"what\":\"began\",\"version\":2,\"new\":[1]}\n{\"what\":\"x\"}\n";
        let run = RunRecord::read(RunId("0a1b2c".into()), text, |_, _| false);
        assert_eq!(run.state, RunState::Later(2));
        assert!(!run.can_be_undone());
    }

    #[test]
    fn a_run_id_is_short_lower_hex_and_nothing_else() {
        assert!(RunId::parse(RunId::random().as_str()).is_some());
        for bad in ["", "abc", "012345678", "ABCD", "../x", "12 4"] {
            assert_eq!(RunId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_process_is_told_apart_from_a_later_one_of_the_same_pid() {
        let me = std::process::id();
        assert!(alive(me, born(me)));
        assert!(!alive(0, None));
        if let Some(mine) = born(me) {
            assert!(!alive(me, Some(mine + 1)));
        }
    }
}
