//! What a journal tells of a run's work on hosts and in files, for those who know nothing of journals.

use std::path::Path;

use crate::domain::{Change, ChangeSeen, ChangeState, RunFile, RunSeen, Timestamp, TokenWas, change_record};

use super::journal::Outcome;
use super::record::{ActionRecord, FileRecord, FileState, RunRecord, RunState};

impl RunRecord {
    /// The run in the words of the conversation.
    pub fn seen(&self) -> RunSeen {
        RunSeen {
            name: self.id.to_string(),
            when: Timestamp::try_from(self.when).unwrap_or(Timestamp::MAX),
            finished: matches!(self.state, RunState::Finished(_)) && !self.left,
            changes: self.actions.iter().filter_map(change).collect(),
            files: self
                .files
                .iter()
                .map(|file| RunFile {
                    n: file.n,
                    path: file.path.clone(),
                    stands: matches!(file.state, FileState::Writing | FileState::Written),
                    holds_secret: self.holds_secret(file),
                })
                .collect(),
        }
    }

    /// The secret that the run made was written into this file.
    fn holds_secret(&self, file: &FileRecord) -> bool {
        self.actions.iter().any(|action| {
            let names = &action.action.names;
            names.contains_key("secret")
                && names.get("path").is_some_and(|path| *path == file.path.display().to_string())
        })
    }

    /// Something that it made may still stand on a host, or a secret died and nothing took its place.
    pub fn may_stand_on_hosts(&self) -> bool {
        let seen = self.seen();
        seen.left().chain(seen.stays()).next().is_some() || seen.is_open()
    }

    /// Nothing of it stands in this file any more; where it wrote nothing there, nothing of it stands anywhere.
    pub(super) fn is_out_of(&self, path: &Path) -> bool {
        let is_back = |file: &FileRecord| !matches!(file.state, FileState::Writing | FileState::Written);
        let mut here = self.files.iter().filter(|file| file.path == path).peekable();
        match here.peek() {
            Some(_) => here.all(is_back),
            None => self.files.iter().all(is_back) && !self.may_stand_on_hosts(),
        }
    }

    /// Nothing that it did still stands, neither on hosts nor in files, as far as can be read.
    pub(super) fn is_undone(&self) -> bool {
        let known = |action: &ActionRecord| change(action).is_some() || action.action.names.contains_key("path");
        let written = self.files.iter().any(|file| matches!(file.state, FileState::Writing | FileState::Written));
        !written && !self.may_stand_on_hosts() && self.actions.iter().all(known)
    }
}

/// A change on a host; none for what is no such change.
fn change(record: &ActionRecord) -> Option<ChangeSeen> {
    let (change, endpoint) = change_record::from_names(&record.action.kind, &record.action.names)?;
    let state = match record.outcome {
        None | Some(Outcome::Lost) => ChangeState::Unknown,
        Some(Outcome::Done) => ChangeState::Made,
        Some(Outcome::NotSent | Outcome::Refused) => ChangeState::NotMade,
        Some(Outcome::TakenBack) => ChangeState::TakenBack,
    };
    let was = match &change {
        Change::RemoveToken(id) => TokenWas::of_names(id, &record.action.names),
        _ => None,
    };
    Some(ChangeSeen { n: record.n, endpoint, change, state, was })
}
