//! What is remembered of a config: what was answered for its tool and stands in no line of the file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::domain::{Endpoint, Timestamp};

/// One entry of `files.toml`: the answers for one host of one file. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigRecord {
    /// The file that is meant in the end, with every link followed.
    pub path: PathBuf,
    /// The target's name in the library.
    pub target: String,
    /// Which of the file's hosts, from 1.
    pub instance: u8,
    /// The host that the picks are of.
    pub endpoint: Endpoint,
    /// The target's yes-or-no questions that were asked, and whether the answer was yes.
    pub groups: BTreeMap<String, bool>,
    /// The answers to the target's picks, by the pick's name.
    pub picks: BTreeMap<String, String>,
    /// When it was answered.
    pub when: Timestamp,
}

impl ConfigRecord {
    /// Whether it is about the same host of the same file of the same tool.
    pub fn is_about(&self, other: &ConfigRecord) -> bool {
        (&self.path, &self.target, self.instance) == (&other.path, &other.target, other.instance)
    }

    /// Whether both tell the same, whenever each was answered.
    pub fn says_the_same(&self, other: &ConfigRecord) -> bool {
        self.is_about(other)
            && (&self.endpoint, &self.groups, &self.picks) == (&other.endpoint, &other.groups, &other.picks)
    }

    /// The questions that were answered yes.
    pub fn yes(&self) -> BTreeSet<String> {
        self.groups.iter().filter(|(_, yes)| **yes).map(|(name, _)| name.clone()).collect()
    }
}
