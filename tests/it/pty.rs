//! The whole program, in a pseudo-terminal and in pipes, against an embedded lab.

mod back;
mod ends;
mod paste;
mod plain;
mod promises;
mod sandbox;
mod terminal;
mod walk;
