//! What can be said to the conversation: by a person, through a front end, and by the world.

use crate::domain::finding::Step;
use crate::domain::{Id, Text};

/// What a person did. Front ends send these and nothing else.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The whole text of a field, after every edit; a paste is one edit.
    Typed {
        field: Id,
        text: Text,
        pasted: bool,
    },
    Chose {
        question: Id,
        choice: Id,
    },
    /// Enter: take this page's answers and go on.
    Submit,
    Back,
    GoTo(Step),
    /// Esc while something is under way.
    Stop,
    /// Ctrl-C, confirmed where it was to be confirmed; or the terminal is gone.
    Quit,
    /// Back from suspension (`fg`): what was being read is started again.
    Resumed,
}
