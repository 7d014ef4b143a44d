//! A run, as its journal tells it: how it ended, what it wrote, and what it did on hosts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::journal::{Announced, Line, Outcome, RunId, VERSION, Was};
use super::seen::{Digest, FileSeen};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::journal::Hex;

    fn id() -> RunId {
        RunId::parse("0a1b2c").unwrap()
    }

    fn sample() -> (Vec<u8>, Vec<Line>) {
        let sha256 = Hex(Digest::of(b"old"));
        let was = Was { backup: "backup-1".into(), sha256, mode: 0o644, uid: 0, gid: 0 };
        let action = Announced { kind: "make-token".into(), sentence: "Make the token".into(), ..Default::default() };
        let lines = vec![
            Line::Started { version: VERSION, run: id(), pid: 1, born: Some(2), at: 3, nth: 0 },
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
        let run = RunRecord::read(id(), &sample().0, |_, _| false);
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
            let run = RunRecord::read(id(), &text[..cut], |_, _| false);
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
        let run = RunRecord::read(id(), &[&text[..half], b"\n", &rest].concat(), |_, _| false);
        assert_eq!((run.state, run.gaps, run.actions.len()), (RunState::Finished(9), true, 0));
    }

    #[test]
    fn a_journal_of_a_later_version_is_told_whatever_else_it_holds() {
        let text = b"{\"what\":\"began\",\"version\":2,\"new\":[1]}\n{\"what\":\"x\"}\n";
        let run = RunRecord::read(id(), text, |_, _| false);
        assert_eq!(run.state, RunState::Later(2));
        assert!(!run.can_be_undone());
    }
}
