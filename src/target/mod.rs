//! What is known of each tool that is set up: targets as data, and the rules that follow from the data.

pub mod describe;
pub mod example;
pub mod fact;
pub mod facts;
pub mod guide;
pub mod held;
pub mod lazy;
pub mod library;
pub mod meant;
pub mod module;
pub mod nearby;
pub mod needs;
pub mod new_file;
pub mod parse;
pub mod questions;
pub mod read;
pub mod recognise;
pub mod spec;
pub mod spec_error;
pub mod switch;
pub mod trap_words;
pub mod traps;
pub mod words;
pub mod write;

pub use fact::{Fact, Template};
pub use facts::{Access, Facts, UnifiAccess, UnifiFacts, Value, Verify};
pub use library::{Library, Target};
pub use spec::{Form, Key, Spec};
pub use spec_error::SpecError;
