//! The live lines of a file with their values, as the programs that read it hold them.

use super::spec::Form;
use crate::domain::Text;
use crate::format::{self, Document};

/// A live line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub key: String,
    /// `None` where the line holds no plain value.
    pub value: Option<Text>,
    /// From 1.
    pub line: usize,
}

/// The live lines of a document, in its order.
pub fn held(document: &Document) -> Vec<Held> {
    document
        .entries()
        .filter(|entry| !entry.is_commented())
        .map(|entry| Held { key: entry.key().to_owned(), value: entry.value(), line: entry.line() })
        .collect()
}

/// The live lines with the values that the form's readers hold, where all of these hold the same; else as [`held`] has them.
pub fn held_by(form: &Form, document: &Document) -> Vec<Held> {
    let mut lines = held(document);
    if document.dialect() != format::Dialect::Dotenv {
        return lines;
    }
    let readers = form.held_against();
    let readings: Vec<_> =
        readers.iter().map(|reader| (*reader, format::read_as(*reader, document.text().as_str()))).collect();
    for line in &mut lines {
        // The carriage return of a line's end is told of the whole file.
        let mut values =
            readings.iter().map(|(reader, reading)| Some(reading.value(&line.key, *reader)?.trim_end_matches('\r')));
        let Some(Some(first)) = values.next() else { continue };
        if values.all(|value| value == Some(first)) {
            line.value = Some(Text::new(first));
        }
    }
    lines
}
