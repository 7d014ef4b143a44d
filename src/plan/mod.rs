//! What a person agrees to, as a list of actions, and how each is taken back.

pub mod action;
