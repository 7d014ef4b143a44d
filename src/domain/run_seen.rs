//! What earlier runs did, as the journal tells: to take back, to clean up, and to know where a token is used.

use std::path::PathBuf;

use crate::domain::{Change, Endpoint, Timestamp};

/// One earlier run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSeen {
    /// Its name, `3f9a1c`.
    pub name: String,
    pub when: Timestamp,
    /// It came to its end in order; else it broke off, or could not take back what it was to.
    pub finished: bool,
    /// What it did on hosts, in the order in which it was done.
    pub changes: Vec<ChangeSeen>,
    pub files: Vec<RunFile>,
}

/// A change on a host that a run announced.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeSeen {
    /// Its number in the run's journal.
    pub n: usize,
    pub endpoint: Endpoint,
    pub change: Change,
    pub state: ChangeState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeState {
    Made,
    /// Announced, and it is not known what came of it: it may stand on the host.
    Unknown,
    /// It never was, or was refused.
    NotMade,
    TakenBack,
}

/// A file that a run wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFile {
    pub n: usize,
    pub path: PathBuf,
    /// The run's writing still stands, as far as the journal knows.
    pub stands: bool,
}

impl RunSeen {
    /// What may still stand on hosts.
    pub fn left(&self) -> impl Iterator<Item = &ChangeSeen> {
        let stands = |seen: &&ChangeSeen| matches!(seen.state, ChangeState::Made | ChangeState::Unknown);
        self.changes.iter().filter(stands).filter(|seen| seen.change.back().is_some())
    }
}
