//! Touches the disk: reads, writes without harm, and keeps the state folder.

mod caller;
mod clean_up;
mod configs;
mod copies;
#[cfg(test)]
mod crash_tests;
mod discover;
mod error;
mod git;
mod history;
mod hosts;
mod journal;
mod kept;
mod lock;
mod look;
mod matcher;
#[cfg(test)]
mod model;
mod ops;
mod process;
mod programs;
mod read;
mod record;
mod rehearsal;
mod run;
mod run_seen;
mod runs;
mod seen;
mod state;
#[cfg(test)]
mod state_tests;
mod undo;
mod write;
#[cfg(test)]
mod write_tests;

pub use caller::Caller;
pub use clean_up::CleanedUp;
pub use configs::ConfigRecord;
pub use copies::{MOST_COPIES, copies};
pub use discover::{Discovered, discover};
pub use error::{Cause, Change, DiskError, Doing, StateTrouble};
pub use git::{GIT_TIME, Git, GitState, git_state, ignore};
pub use history::HISTORY_LIMIT;
pub use hosts::{HostRecord, Hosts, TrustKind};
pub use journal::{Announced, Outcome, RunId};
pub use kept::Kept;
pub use lock::FileLock;
pub use look::{FOLDERS_UP, Listing, MOST_NAMES, Module, ModuleText, TF_FILES, is_example, look_around};
pub use programs::find_program;
pub use read::{CONFIG_LIMIT, read_config};
pub use record::{ActionRecord, FileRecord, FileState, RunRecord, RunState};
pub use rehearsal::Rehearsal;
pub use run::Run;
pub use runs::RUNS_KEPT;
pub use seen::{Base, Digest, FileSeen, Folder, Identity, InPlace, Kind, Oddity, There};
pub use state::{State, default_folder};
pub use undo::FileUndo;
pub use write::{FileWrite, PRIVATE, Written};
