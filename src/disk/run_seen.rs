//! What a journal tells of a run's work on hosts and in files, for those who know nothing of journals.

use crate::domain::{ChangeSeen, ChangeState, RunFile, RunSeen, Timestamp, change_record};

use super::journal::{ActionRecord, FileState, Outcome, RunRecord, RunState};

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
                })
                .collect(),
        }
    }

    /// Something that it made may still stand on a host.
    pub fn may_stand_on_hosts(&self) -> bool {
        self.seen().left().next().is_some()
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
    Some(ChangeSeen { n: record.n, endpoint, change, state })
}
