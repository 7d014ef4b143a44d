//! The words that everything else is made of.

pub mod secret;

pub use secret::{MASK, Secret, Text};
