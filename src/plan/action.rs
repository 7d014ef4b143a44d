//! The actions that a plan is made of.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::rights::Privilege;
use crate::domain::{Change, ConfigRecord, Credential, FileSeen, HostAt, HostRecord, Oddity, Secret, Text, Trouble};
use crate::format::{Dialect, Document, Edit, EditError, Edited, FormatError, Reader};
use crate::target::write::KeyValue;

/// One thing that is done once a person agreed.
#[derive(Clone, Debug)]
pub enum Action {
    /// Writes the cluster's CA beside the config. Not a secret: 0644.
    /// `roots`: the tool takes this file in place of the system's CAs, so these are written with it.
    WriteCa {
        path: PathBuf,
        pem: String,
        roots: bool,
    },
    Edit(Box<FileEdit>),
    /// Adds a line for the file to the `.gitignore` beside it.
    Ignore(PathBuf),
    /// Keeps how this host was trusted.
    Remember(Box<HostRecord>),
    /// Keeps what was answered for the file and stands in no line of it.
    RememberConfig(Box<ConfigRecord>),
    /// A change on a host.
    Host(Box<HostAction>),
    /// The token that was made signs in and may do what the target needs. The conversation itself does it, by a survey.
    Prove,
    /// The write of this file as far as it goes without replacing it: before a secret that cannot be taken back.
    Rehearse(Box<FileEdit>),
    /// Takes back what an earlier run did on a host, as far as it still is as that run made it.
    Revert(Box<Revert>),
    /// Takes back what an earlier run wrote into a file.
    Restore {
        run: String,
        n: usize,
    },
}

/// A change on a host and who makes it.
#[derive(Clone, Debug)]
pub struct HostAction {
    pub at: HostAt,
    pub by: Arc<Credential>,
    pub change: Change,
    /// What the role of a grant gives by the plan: the host is asked before the grant and after it whether it still does.
    pub gives: Option<BTreeSet<Privilege>>,
    /// It comes after the file was written: where it fails it is said, and nothing is taken back.
    pub afterwards: bool,
}

/// What an earlier run did on a host, to be taken back.
#[derive(Clone, Debug)]
pub struct Revert {
    /// The run's name and the number of the change in its journal.
    pub run: String,
    pub n: usize,
    pub at: HostAt,
    pub by: Arc<Credential>,
    /// What was done.
    pub change: Change,
}

impl Action {
    /// What it changes on a host, if it does.
    pub fn change(&self) -> Option<&Change> {
        match self {
            Action::Host(action) => Some(&action.change),
            _ => None,
        }
    }

    /// Once done it stays done, and nothing before it is taken back any more: the file is written, or a secret died.
    pub fn is_final(&self) -> bool {
        match self {
            Action::Edit(_) => true,
            Action::Host(action) => matches!(action.change, Change::NewSecret(_) | Change::RemoveToken(_)),
            _ => false,
        }
    }

    /// Where it fails, it is said, and what comes after it is done all the same.
    pub fn is_afterwards(&self) -> bool {
        match self {
            Action::Remember(_) | Action::RememberConfig(_) | Action::Revert(_) | Action::Restore { .. } => true,
            Action::Host(action) => action.afterwards,
            _ => false,
        }
    }
}

/// A change of one file: edits, not bytes, so that a file that changed since the review is never overwritten.
#[derive(Clone, Debug)]
pub struct FileEdit {
    /// What Review saw.
    pub seen: FileSeen,
    pub dialect: Dialect,
    pub readers: Vec<Reader>,
    /// What a file that is not there starts from: an example's copy, or the target's own form.
    pub start: Text,
    pub edits: Vec<Edit>,
    /// A comment over keys that are added at the end.
    pub heading: Option<&'static str>,
    /// What is odd about the file and was agreed to.
    pub agreed: Vec<Oddity>,
    /// The values whose secret an action of the same plan makes; until then they hold [`STAND_IN`].
    pub awaits: Arc<Vec<KeyValue>>,
}

/// What stands in the place of a secret that does not exist yet, in what is tried and never written.
pub const STAND_IN: &str = "00000000-0000-0000-0000-000000000000";

/// Why an edit cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Edit(#[from] EditError),
}

impl FileEdit {
    /// The edit with the secret that was made, in all places that await it.
    pub fn with_secret(&self, secret: &Secret) -> FileEdit {
        let mut filled = self.clone();
        for value in self.awaits.iter() {
            let made = value.edit(Some(secret));
            let place = filled.edits.iter_mut().find(|edit| edit.key == value.key);
            if let (Some(place), Some(made)) = (place, made) {
                place.value = made.value;
            }
        }
        filled.awaits = Arc::default();
        filled
    }

    /// The text as Review saw it, or as the new file starts.
    pub fn before(&self) -> Result<Document, FormatError> {
        let text = self.seen.there.as_ref().map_or(&self.start, |there| &there.text);
        Document::parse(self.dialect, text.clone())
    }

    /// The text with the edits made.
    pub fn after(&self) -> Result<Edited, Unfit> {
        Ok(self.before()?.apply(&self.edits, &self.readers, self.heading)?)
    }
}

/// What came of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and what there is to say of it.
    Done { notes: Vec<String> },
    /// Nothing was changed.
    NotDone(Trouble),
    /// It was left out, and nothing depends on it.
    Skipped(Trouble),
    /// It was done, and the system did not confirm that it is safe on the disk.
    Unsafe(Trouble),
    /// It was sent to a host, no answer came, and the host could not be asked since: it may stand there.
    Lost(Trouble),
}

impl Outcome {
    /// It stands, or may.
    pub fn may_stand(&self) -> bool {
        matches!(self, Outcome::Done { .. } | Outcome::Unsafe(_) | Outcome::Lost(_))
    }
}

/// Names one agreed run of a plan; an answer to another one is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunNo(pub u64);
