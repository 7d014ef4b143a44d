//! A config file's text together with where its keys stand.

use std::fmt;
use std::ops::Range;

use super::edit::{Edit, Edited};
use super::error::{EditError, FormatError};
use super::{Reader, dotenv, hcl};
use crate::domain::Text;

/// The kinds of file that can be edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    Dotenv,
    Hcl,
}

/// A file's text, read once. Holds secrets: its `Debug` tells only kind and sizes.
#[derive(Clone)]
pub struct Document {
    dialect: Dialect,
    text: Text,
    slots: Vec<Slot>,
}

/// Where one key stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub key: Range<usize>,
    /// What a new value replaces, its quotes included.
    pub value: Range<usize>,
    /// The inline comment from its mark to the end of its line; empty when there is none.
    pub comment: Range<usize>,
    /// Whole lines, the line end included.
    pub whole: Range<usize>,
    pub line: usize,
    pub commented: bool,
    pub exported: bool,
    pub form: Form,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Bare,
    Single,
    Double,
    /// HCL `<<EOT`.
    Heredoc,
    /// HCL: list, object, expression.
    Complex,
    /// A quote opens and is closed nowhere; the whole rest of the line is its value.
    Open,
    /// Something stands behind the closing quote, which only some readers understand; the whole rest of the line is its value.
    Odd,
}

/// A key of a document.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    document: &'a Document,
    slot: &'a Slot,
}

/// How often a key stands in a document.
#[derive(Debug, Clone)]
pub enum Found<'a> {
    Missing,
    /// Only as a comment; the line of the last one.
    Commented(usize),
    Once(Entry<'a>),
    /// More than once, in these lines.
    Twice(Vec<usize>),
}

impl Document {
    /// Reads the text. A file that does not exist yet is the empty text.
    pub fn parse(dialect: Dialect, text: Text) -> Result<Document, FormatError> {
        let slots = match dialect {
            Dialect::Dotenv => dotenv::slots(text.as_str())?,
            Dialect::Hcl => hcl::slots(text.as_str())?,
        };
        Ok(Document { dialect, text, slots })
    }

    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub fn text(&self) -> &Text {
        &self.text
    }

    /// Every key in file order, those in comments too.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.slots.iter().map(move |slot| Entry { document: self, slot })
    }

    pub fn get(&self, key: &str) -> Found<'_> {
        let mut live = self.entries().filter(|entry| entry.key() == key && !entry.is_commented());
        match (live.next(), live.next()) {
            (None, _) => match self.entries().filter(|entry| entry.key() == key).last() {
                Some(entry) => Found::Commented(entry.line()),
                None => Found::Missing,
            },
            (Some(entry), None) => Found::Once(entry),
            (Some(first), Some(second)) => {
                Found::Twice([first, second].into_iter().chain(live).map(|entry| entry.line()).collect())
            }
        }
    }

    /// The text with the edits made, read again by the rules of each reader.
    ///
    /// `readers` are those of the target; HCL has but one and ignores them. With none given, a `.env` is held against
    /// python-dotenv. `heading`: a comment, without its mark, over keys that are added at the end.
    pub fn apply(
        &self,
        edits: &[Edit],
        readers: &[Reader],
        heading: Option<&'static str>,
    ) -> Result<Edited, EditError> {
        match self.dialect {
            Dialect::Dotenv if readers.is_empty() => dotenv::apply(self, edits, &[Reader::PythonDotenv], heading),
            Dialect::Dotenv => dotenv::apply(self, edits, readers, heading),
            Dialect::Hcl => hcl::apply(self, edits, heading),
        }
    }

    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    pub(super) fn slice(&self, range: &Range<usize>) -> &str {
        &self.text.as_str()[range.clone()]
    }
}

impl<'a> Entry<'a> {
    pub fn key(&self) -> &'a str {
        self.document.slice(&self.slot.key)
    }

    /// Counted from 1.
    pub fn line(&self) -> usize {
        self.slot.line
    }

    /// The value as the dialect's reference reader takes it (python-dotenv without expansion; HCL), also of a key that is
    /// commented out. `None` where there is no plain value: a damaged line, an HCL list, object or expression.
    pub fn value(&self) -> Option<Text> {
        let raw = self.document.slice(&self.slot.value);
        match self.document.dialect {
            Dialect::Dotenv => dotenv::decode(raw, self.slot.form).map(Text::new),
            Dialect::Hcl => hcl::decode(raw, self.slot.form),
        }
    }

    /// The value as it is written, its quotes included. It may be a secret.
    pub fn written(&self) -> &'a str {
        self.document.slice(&self.slot.value)
    }

    pub fn is_commented(&self) -> bool {
        self.slot.commented
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({:?}, {} keys, {:?})", self.dialect, self.slots.len(), self.text)
    }
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry(line {})", self.slot.line)
    }
}
