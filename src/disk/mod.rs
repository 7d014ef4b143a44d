//! Touches the disk: reads, writes without harm, and keeps the state folder.

mod caller;
mod error;
mod ops;
mod read;
mod seen;

pub use caller::Caller;
pub use error::{Cause, Change, DiskError, Doing, StateTrouble};
pub use read::{CONFIG_LIMIT, read_config};
pub use seen::{Base, Digest, FileSeen, Folder, Identity, InPlace, Kind, Oddity, There};
