//! Reads and edits config formats in place, byte for byte outside the edited value.
//!
//! A [`Document`] owns a file's text and knows where its keys stand. [`Document::apply`] splices new values in and gives the
//! whole new text, after it has been read again by the rules of every [`Reader`] that the target names.
//! Comments, order, blank lines, line endings, a byte order mark, unknown keys and the quoting of other values stay as they are.

mod diff;
mod document;
mod dotenv;
mod edit;
mod error;
pub mod hcl;
mod quote;
pub mod readers;
mod splice;
mod tf;

pub use diff::{DiffLine, Shown, Side, diff};
pub use document::{Dialect, Document, Entry, Found};
pub use edit::{Change, ChangeKind, Commented, Duplicates, Edit, Edited, Setting};
pub use error::{EditError, FormatError};
pub use readers::{Pair, Reader, Reading, read_as};
