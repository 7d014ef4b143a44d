//! What can go wrong in reading and editing, in our own words: never a piece of the file, which may be a secret.

use super::Reader;

/// Why a text is not of its dialect, and where. `Display` is one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Line {line}, column {column}: {why}")]
pub struct FormatError {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// Fixed words.
    pub why: &'static str,
}

/// Why an edit was not made. Nothing is given out then; keys named here are those that the caller asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The key stands more than once; the caller asks which line to keep and says so with `Duplicates::Keep`.
    #[error("{key} stands more than once, in lines {}. Readers differ in which of them counts.", numbers(lines))]
    Duplicate { key: String, lines: Vec<usize> },
    /// The line that was to be kept does not hold the key.
    #[error("{key} does not stand in line {line}, which was to be kept.")]
    NoSuchLine { key: String, line: usize },
    /// No way of writing the value reads back right with this reader.
    #[error("{reader} would not read the value of {key} as it is: {why}")]
    CannotHold { key: String, reader: Reader, why: &'static str },
    /// The value cannot stand in any file of this dialect.
    #[error("The value of {key} cannot be written: {why}")]
    BadValue { key: String, why: &'static str },
    /// The key is no name in this dialect.
    #[error("{key} is not a name that this kind of file can hold.")]
    BadKey { key: String },
    /// The same key was asked for twice in one edit.
    #[error("{key} was to be set twice at once.")]
    AskedTwice { key: String },
    /// HCL: the value that stands there is no plain text, number or true/false.
    #[error("{key} in line {line} is not a plain text, number or true/false, so it is left alone.")]
    NotPlain { key: String, line: usize },
    /// Another line of the file is damaged so that a new line could be read as a part of it.
    #[error("Line {line} is damaged: {why}. Nothing can be written safely before it is mended.")]
    Damaged { line: usize, why: &'static str },
    /// A reader gives up at another line, so it would never see the new values.
    #[error("{reader} cannot read line {line}: {why}")]
    Unreadable { reader: Reader, line: usize, why: &'static str },
    /// The result, read again, was not the old file but for the edit. A fault of ours, or a file with lines that only some
    /// readers take for keys.
    #[error("The new text, read again, does not hold what it should: {what}. Nothing was changed.")]
    CheckFailed { what: &'static str, key: Option<String>, reader: Option<Reader> },
}

fn numbers(lines: &[usize]) -> String {
    lines.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}
