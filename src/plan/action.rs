//! The actions that a plan is made of.

use std::path::PathBuf;

use crate::domain::{FileSeen, HostRecord, Oddity, Text, Trouble};
use crate::format::{Dialect, Document, Edit, EditError, Edited, FormatError, Reader};

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
}

/// Why an edit cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Edit(#[from] EditError),
}

impl FileEdit {
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
}

/// Names one agreed run of a plan; an answer to another one is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunNo(pub u64);
