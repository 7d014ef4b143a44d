//! What a person agrees to, as a list of actions, and how each is taken back.

pub mod action;
pub mod back;
pub mod edit;
pub mod make;
mod meaning;
pub mod mend;
pub mod permit;
pub mod refused;
pub mod run;
pub mod standing;

use crate::plan::action::Action;

/// Everything that will be done, in its order. Nothing is done before a person agreed to exactly this.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub actions: Vec<Planned>,
}

/// One action with the words that it is agreed to by.
#[derive(Clone, Debug)]
pub struct Planned {
    pub action: Action,
    /// Where it happens: `In ~/glassdome/.env`.
    pub heading: String,
    pub sentence: String,
}
