//! What a conversation is told from outside when it begins.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::domain::observation::Surroundings;
use crate::domain::{ConfigRecord, HostRecord, Id, RunSeen, Timestamp};
use crate::target::Library;
use crate::wizard::errand::Errand;

/// What the conversation is told from outside, as values: it has no clock, environment or disk of its own.
#[derive(Debug)]
pub struct Setting {
    pub now: Timestamp,
    /// The folder that relative paths begin in.
    pub here: PathBuf,
    pub home: Option<PathBuf>,
    pub library: Library,
    /// How hosts were trusted in earlier runs.
    pub hosts: Vec<HostRecord>,
    /// What was answered in earlier runs for files and stands in no line of them.
    pub configs: Vec<ConfigRecord>,
    pub surroundings: Surroundings,
    /// The names of the variables that are set in the environment.
    pub environment: Vec<String>,
    /// Stands above every page.
    pub banner: Option<String>,
    /// In the demo: what to start for the real host.
    pub real: Option<String>,
    /// Words of the demo for single questions, by their id: the lab's address, a token to paste.
    pub hints: BTreeMap<Id, String>,
    /// Nothing waits for a person: no page is skipped, and nothing is agreed to by itself.
    pub unattended: bool,
    /// The answers of an unfinished walk were filled in.
    pub resumed: bool,
    pub errand: Errand,
    /// The file that is to be mended, where the conversation is about one that is there.
    pub mend: Option<PathBuf>,
    /// What this conversation's run will be called, in the journal and in the comments of what it makes: `3f9a1c`.
    pub run_name: String,
    /// What earlier runs did on hosts, the latest first.
    pub runs: Vec<RunSeen>,
    /// This machine's name and its person's, for the names of what is made.
    pub machine: Option<String>,
    pub person: Option<String>,
}

impl Setting {
    /// A conversation of which nothing is known but the moment, the folder, the targets, and what its run will be called.
    pub fn bare(now: Timestamp, here: PathBuf, library: Library, run_name: String) -> Self {
        Setting {
            now,
            here,
            home: None,
            library,
            hosts: Vec::new(),
            configs: Vec::new(),
            surroundings: Surroundings::default(),
            environment: Vec::new(),
            banner: None,
            real: None,
            hints: BTreeMap::new(),
            unattended: false,
            resumed: false,
            errand: Errand::default(),
            mend: None,
            run_name,
            runs: Vec::new(),
            machine: None,
            person: None,
        }
    }
}
