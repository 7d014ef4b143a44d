//! The safe write: verified against the review, backed up, filled beside the file, synced, renamed over it.
//!
//! In two halves, so that a plan can rehearse the write before an action that cannot be taken back: [`Run::rehearse`] does
//! all that can fail for reasons of the disk, [`Rehearsal::commit`] puts the content in place.

use std::path::PathBuf;

use crate::domain::Text;

use super::error::DiskError;
use super::seen::{Base, Digest, FileSeen, Oddity};

/// The mode of a file that is made new, and of one that a secret goes into.
pub const PRIVATE: u32 = 0o600;

/// What is to be written, and on what it is based.
#[derive(Debug, Clone)]
pub struct FileWrite {
    /// The path as it was given to the review, so that its links are followed anew.
    pub given: PathBuf,
    /// The resolved path that Review showed.
    pub path: PathBuf,
    /// Device and inode of its folder.
    pub folder: Option<(u64, u64)>,
    /// The file that was reviewed; `None`: there was none, and there must be none.
    pub base: Option<Base>,
    pub content: Text,
    /// The mode that the file is to have.
    pub mode: u32,
    /// The oddities that the person agreed to, exactly as they were seen.
    pub allow: Vec<Oddity>,
}

impl FileWrite {
    /// A write over what was seen: an existing file keeps its mode, a new one is private.
    pub fn over(seen: &FileSeen, content: Text) -> Self {
        FileWrite {
            given: seen.given.clone(),
            path: seen.path.clone(),
            folder: seen.folder.identity,
            base: seen.base(),
            content,
            mode: seen.there.as_ref().map_or(PRIVATE, |there| there.mode & 0o777),
            allow: Vec::new(),
        }
    }

    /// The same, for content that holds a secret: nobody but the owner may read it afterwards.
    pub fn private(mut self) -> Self {
        self.mode &= PRIVATE;
        self
    }

    /// The same, with these oddities agreed to.
    pub fn allowing(mut self, oddities: impl IntoIterator<Item = Oddity>) -> Self {
        self.allow.extend(oddities);
        self
    }

    pub(super) fn in_place(&self) -> bool {
        self.allow.iter().any(|oddity| matches!(oddity, Oddity::InPlace(_)))
    }
}

/// A write that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub path: PathBuf,
    /// Its number in the run, for undo.
    pub n: usize,
    /// There was no such file before.
    pub created: bool,
    /// Of the content that now stands there.
    pub digest: Digest,
    /// [`DiskError::NotYetSafe`] when the system did not confirm the write after it was done.
    pub doubt: Option<DiskError>,
    /// What else is worth a line: no lock, an owner that could not be kept.
    pub notes: Vec<String>,
}
