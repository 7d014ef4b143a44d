//! The whole program, in a pseudo-terminal and in pipes, against an embedded lab.

mod back;
mod ends;
mod paste;
mod plain;
mod promises;
pub mod sandbox;
pub mod terminal;
pub mod walk;
