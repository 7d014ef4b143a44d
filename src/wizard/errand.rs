//! What the conversation is held for, which decides on its pages.

use crate::domain::RunSeen;

/// An errand.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Errand {
    /// A file for a tool, or a working token.
    #[default]
    SetUp,
    /// What a run did on hosts and in files is taken back.
    TakeBack(Box<RunSeen>),
    /// The tokens of whoever signs in are listed, and revoked where that is wanted.
    Tokens,
}
