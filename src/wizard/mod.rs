//! The conversation itself: a pure update over draft, evidence and run.

pub mod message;
pub mod page;
