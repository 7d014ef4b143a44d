//! Why something was not done, in a sentence, with what to do about it.

use crate::domain::Code;

/// A sentence and a hint about something that the disk or a host refused. Made where the error is known; holds nothing secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub what: String,
    pub hint: Option<String>,
    /// The stable name of what happened, where it has one.
    pub code: Option<Code>,
}

impl Trouble {
    pub fn new(what: impl Into<String>, hint: impl Into<Option<String>>) -> Self {
        Trouble { what: what.into(), hint: hint.into(), code: None }
    }

    pub fn coded(self, code: Code) -> Self {
        Trouble { code: Some(code), ..self }
    }
}
