//! The journal of a run: what was about to be done and what came of it, a line of JSON each, never a secret.
//!
//! Lines are only ever appended and synced, so that a reader finds, after a break at any byte, everything that was
//! recorded before it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::seen::Digest;

/// The version of the format that this program writes.
pub(super) const VERSION: u64 = 1;
/// The name of the journal in the folder of its run.
pub(super) const FILE: &str = "journal";
/// The most bytes of a journal that are read.
pub(super) const LIMIT: u64 = 4 << 20;

/// The name of a run: six hex digits, as they stand in comments on the host and in the names of temporaries.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

impl RunId {
    /// Four to eight lower-case hex digits; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        ((4..=8).contains(&text.len()) && text.bytes().all(hex)).then(|| RunId(text.to_owned()))
    }

    pub(super) fn random() -> Self {
        RunId(uuid::Uuid::new_v4().simple().to_string()[..6].to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RunId {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        RunId::parse(&text).ok_or("no run id")
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> String {
        id.0
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub(super) enum Line {
    Started {
        version: u64,
        run: RunId,
        pid: u32,
        /// When that process began, as the kernel counts; tells a reused pid apart.
        born: Option<u64>,
        at: u64,
        /// How many runs began before it in the same second.
        #[serde(default, skip_serializing_if = "is_zero")]
        nth: u32,
    },
    /// A temporary is about to be made. The backup, where there is something to back up, is complete.
    Preparing {
        n: usize,
        path: PathBuf,
        temporary: Option<String>,
        was: Option<Was>,
    },
    /// The file is about to be replaced by what has this digest.
    Writing {
        n: usize,
        sha256: Hex,
    },
    Wrote {
        n: usize,
    },
    /// Given up before anything was replaced.
    Dropped {
        n: usize,
    },
    /// The file is about to be given its old content back.
    TakingBack {
        n: usize,
        temporary: Option<String>,
    },
    TookBack {
        n: usize,
    },
    /// An action on a host is about to be sent.
    Announced {
        n: usize,
        action: Announced,
    },
    /// Action `n` is about to be taken back on its host.
    Reverting {
        n: usize,
    },
    Ended {
        n: usize,
        outcome: Outcome,
        #[serde(default)]
        made: BTreeMap<String, String>,
    },
    Finished {
        at: u64,
        /// Something was to be taken back from a host and was not.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        left: bool,
    },
}

fn is_zero(nth: &u32) -> bool {
    *nth == 0
}

/// An action as the journal knows it: enough to take it back, and no secret.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Announced {
    /// The action's word: `make-token`, `grant`.
    pub kind: String,
    /// The sentence that Review showed.
    pub sentence: String,
    /// What it concerns: host, user, token name, path. Names only, never a value that opens something.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
}

/// What came of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Done,
    /// It was never sent; nothing was made.
    NotSent,
    /// The host said no.
    Refused,
    /// Sent, and no answer came: it counts as made until the host is asked.
    Lost,
    TakenBack,
}

/// What a file was before it was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Was {
    /// The backup's name in the folder of the run.
    pub backup: String,
    pub sha256: Hex,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
}

/// A digest as 64 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Hex(pub Digest);

impl TryFrom<String> for Hex {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Digest::from_hex(&text).map(Hex).ok_or("no SHA-256")
    }
}

impl From<Hex> for String {
    fn from(hex: Hex) -> String {
        hex.0.hex()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_id_is_short_lower_hex_and_nothing_else() {
        assert!(RunId::parse(RunId::random().as_str()).is_some());
        for bad in ["", "abc", "012345678", "ABCD", "../x", "12 4"] {
            assert_eq!(RunId::parse(bad), None, "{bad}");
        }
    }
}
