//! Why a target's file cannot be read: the place, the line with a caret, our own words, and what may stand there.

use std::fmt;
use std::ops::Range;

use crate::domain::visible::is_hidden;

/// A mistake in a target's file. Such a file holds no secret, so its line may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecError {
    /// From 1; 0 where the mistake has no place (the file is too large).
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The line, with what steers a terminal replaced, shortened where it is long.
    pub line_text: String,
    /// How many characters the caret marks, at least 1.
    pub width: usize,
    pub message: String,
    /// The words that may stand there.
    pub allowed: Vec<String>,
}

impl SpecError {
    /// A mistake that concerns the whole file.
    pub fn whole(message: impl Into<String>) -> Self {
        SpecError {
            line: 0,
            column: 0,
            line_text: String::new(),
            width: 0,
            message: message.into(),
            allowed: Vec::new(),
        }
    }

    /// A mistake at a place of the text, in bytes.
    pub fn at(text: &str, span: Option<Range<usize>>, message: impl Into<String>) -> Self {
        let Some(span) = span else { return SpecError::whole(message) };
        let start = floor(text, span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = floor(text, span.end).clamp(start, line_end);
        let line: String =
            text[line_start..line_end].chars().map(|c| if is_hidden(c) { '\u{fffd}' } else { c }).collect();
        let column = text[line_start..start].chars().count() + 1;
        let width = text[start..end].chars().count().max(1);
        let (line_text, column, width) = shorten(&line, column, width);
        SpecError {
            line: text[..line_start].matches('\n').count() + 1,
            column,
            line_text,
            width,
            message: message.into(),
            allowed: Vec::new(),
        }
    }

    /// A mistake that the TOML parser found.
    pub fn syntax(text: &str, error: &toml_edit::TomlError) -> Self {
        let message = if error.message().contains("duplicate key") {
            "this key stands in the file twice"
        } else {
            "this is where the file stops being TOML: a quote, a bracket, a comma or an “=” is missing or too much"
        };
        SpecError::at(text, error.span(), message)
    }

    /// A mistake in the words of the schema.
    pub fn schema(text: &str, error: &toml_edit::de::Error) -> Self {
        let (message, allowed) = in_our_words(error.message());
        SpecError { allowed, ..SpecError::at(text, error.span(), message) }
    }

    pub(super) fn allowing(mut self, allowed: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.allowed = allowed.into_iter().map(Into::into).collect();
        self
    }
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Keeps at most 120 characters of a long line, the marked ones among them.
fn shorten(line: &str, column: usize, width: usize) -> (String, usize, usize) {
    const MOST: usize = 120;
    let length = line.chars().count();
    if length <= MOST {
        return (line.to_owned(), column, width);
    }
    let from = (column - 1).saturating_sub(MOST / 2);
    let kept: String = line.chars().skip(from).take(MOST).collect();
    let column = column - from;
    (kept, column, width.min(MOST + 1 - column).max(1))
}

/// The parts between backticks.
fn ticked(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The deserializer's and our own messages, turned into a sentence and the allowed words.
fn in_our_words(raw: &str) -> (String, Vec<String>) {
    let raw: String = raw.chars().filter(|c| !is_hidden(*c)).take(2000).collect();
    let (what, expected) = raw.split_once(", expected ").unwrap_or((&raw, ""));
    let word = ticked(what).into_iter().next().unwrap_or_default();
    let message = if what.starts_with("unknown field") {
        format!("there is no word “{word}” here")
    } else if what.starts_with("unknown variant") {
        format!("“{word}” is none of the words that may stand here")
    } else if what.starts_with("missing field") {
        format!("“{word}” is missing here")
    } else if what.starts_with("duplicate field") {
        format!("“{word}” stands here twice")
    } else if what.starts_with("invalid type") || what.starts_with("invalid value") {
        let found = ["string", "integer", "floating", "boolean", "sequence", "map", "datetime"];
        let found = found.into_iter().find(|kind| what.contains(kind)).unwrap_or("value");
        let found = match found {
            "integer" | "floating" => "a number",
            "boolean" => "a true or false",
            "sequence" => "a list",
            "map" => "a table",
            "datetime" => "a date",
            "string" => "a text",
            _ => "something",
        };
        let wanted = match expected {
            e if e.contains("string") => "a text in quotes",
            e if e.contains("boolean") => "true or false",
            e if e.contains("sequence") => "a list in [ ]",
            e if e.contains("u8") => "a small whole number",
            e if e.contains("struct") || e.contains("table") || e.contains("map") => "a table",
            _ => "something else",
        };
        format!("here stands {found}, and {wanted} belongs here")
    } else {
        what.to_owned()
    };
    (message, ticked(expected))
}

impl fmt::Display for SpecError {
    /// The sentence, then the line with its number, the caret below, and the allowed words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return f.write_str(&self.message);
        }
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(f, "line {}, column {}: {}", self.line, self.column, self.message)?;
        writeln!(f, "{number} | {}", self.line_text)?;
        write!(f, "{margin} | {}{}", " ".repeat(self.column.saturating_sub(1)), "^".repeat(self.width))?;
        if !self.allowed.is_empty() {
            write!(f, "\n{margin}   may stand here: {}", self.allowed.join(", "))?;
        }
        Ok(())
    }
}

impl std::error::Error for SpecError {}
