//! The actions that a plan is made of: each says its sentence, and how it is taken back.

use std::path::PathBuf;

use crate::domain::{Base, HostRecord, Oddity, Text, Trouble};
use crate::format::{Dialect, Edit, Reader};

/// One thing that is done once a person agreed.
#[derive(Clone, Debug)]
pub enum Action {
    /// Writes the cluster's CA beside the config. Not a secret: 0644.
    WriteCa { path: PathBuf, pem: String },
    Edit(Box<FileEdit>),
    /// Adds a line to the `.gitignore` of the file's folder.
    Ignore { folder: PathBuf, line: String },
    /// Keeps how this host was trusted.
    Remember(Box<HostRecord>),
}

/// A change of one file: edits, not bytes, so that a file that changed since the review is never overwritten.
#[derive(Clone, Debug)]
pub struct FileEdit {
    pub path: PathBuf,
    pub dialect: Dialect,
    pub readers: Vec<Reader>,
    /// What Review saw; none where the file was not there.
    pub base: Option<Base>,
    /// What a new file starts from: an example's copy, or the target's own form.
    pub start: Text,
    pub edits: Vec<Edit>,
    /// Permission bits that the file has afterwards.
    pub mode: u32,
    /// What is odd about the file and was agreed to.
    pub agreed: Vec<Oddity>,
}

/// What came of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and what there is to say of it.
    Done { note: Option<String> },
    /// Nothing was changed.
    NotDone(Trouble),
    /// It was done, and it is not safe on the disk yet.
    Unsafe(Trouble),
}

/// Names one agreed run of a plan; an answer to another one is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunNo(pub u64);
