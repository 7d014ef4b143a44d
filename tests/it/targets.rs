//! The targets that come with the program, and one that has every word of the schema.

mod files;
mod rights;
mod values;
