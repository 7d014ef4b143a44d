//! What was seen of a file; the words are the domain's.

pub use crate::domain::file::*;
