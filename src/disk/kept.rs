//! A file of records in the state folder: read whole, replaced whole, and set aside where it cannot be read, never deleted.

use std::io;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::{DiskError, Doing};
use super::ops::{Ops, stat_if_there};
use super::state::State;

/// All records of a file, and what is wrong with it if it could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept<T> {
    pub records: Vec<T>,
    /// [`DiskError::Later`] or [`DiskError::Damaged`]: nothing is known then. The next time something is remembered, the file
    /// is set aside, never deleted.
    pub trouble: Option<DiskError>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Kept { records: Vec::new(), trouble: None }
    }
}

/// Such a file as TOML.
pub(super) trait Sheet: Serialize + DeserializeOwned {
    type Record;
    /// Its name in the state folder.
    const NAME: &'static str;
    /// The version of the format that this program writes.
    const VERSION: u64;

    fn new(records: Vec<Self::Record>) -> Self;
    fn records(self) -> Vec<Self::Record>;
}

#[derive(Deserialize)]
struct Version {
    version: u64,
}

impl<O: Ops + Clone> State<O> {
    /// What such a file holds. One that cannot be read is reported in [`Kept::trouble`], and left alone.
    pub(super) fn sheet<S: Sheet>(&self) -> Result<Kept<S::Record>, DiskError> {
        let path = || self.dir.join(S::NAME);
        let trouble = |trouble| Ok(Kept { records: Vec::new(), trouble: Some(trouble) });
        let bytes = match self.read_file(S::NAME) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(Kept::default()),
            Err(damaged @ DiskError::Damaged { .. }) => return trouble(damaged),
            Err(error) => return Err(error),
        };
        let Ok(Version { version }) = toml_edit::de::from_slice(&bytes) else {
            return trouble(DiskError::Damaged { path: path() });
        };
        if version > S::VERSION {
            return trouble(DiskError::Later { path: path(), version });
        }
        match toml_edit::de::from_slice::<S>(&bytes) {
            Ok(sheet) => Ok(Kept { records: sheet.records(), trouble: None }),
            Err(_) => trouble(DiskError::Damaged { path: path() }),
        }
    }

    /// Changes what it holds, under its lock. Returns where an unreadable file was set aside.
    pub(super) fn change_sheet<S: Sheet>(
        &self,
        change: impl FnOnce(&mut Vec<S::Record>),
    ) -> Result<Option<PathBuf>, DiskError> {
        let path = self.dir.join(S::NAME);
        let _lock = self.lock(&path)?;
        let mut kept = self.sheet::<S>()?;
        let aside = if kept.trouble.is_some() { Some(self.set_aside(S::NAME)?) } else { None };
        change(&mut kept.records);
        let text = toml_edit::ser::to_string_pretty(&S::new(kept.records));
        let text = text.map_err(|_| DiskError::refused(Doing::Remember, &path, &io::ErrorKind::InvalidData.into()))?;
        self.put(S::NAME, text.as_bytes())?;
        Ok(aside)
    }

    fn set_aside(&self, file: &str) -> Result<PathBuf, DiskError> {
        let refused = |error: io::Error| DiskError::refused(Doing::Remember, &self.dir.join(file), &error);
        let dir = self.made("")?;
        let mut n = 1;
        while stat_if_there(&self.ops, &dir, &format!("{file}.damaged-{n}")).map_err(refused)?.is_some() {
            n += 1;
        }
        let name = format!("{file}.damaged-{n}");
        self.ops.rename(&dir, file, &name, false).map_err(refused)?;
        Ok(self.dir.join(name))
    }
}
