//! The targets that come with the program, and one that has every word of the schema.

mod everything;
mod files;
mod hostile;
mod rights;
mod shown;
mod traps;
mod values;
mod walk;
mod words;
