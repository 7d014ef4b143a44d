//! `.env`: where the keys stand, by python-dotenv's rules, and how lines are rewritten.
//!
//! python-dotenv (1.2.2, `dotenv/parser.py`) is the reference because it is the most tolerant reader and that of most targets:
//! what it takes for a line of its own, others can be held against.

use std::borrow::Cow;
use std::ops::Range;

use super::document::{Form, Slot};
use super::error::FormatError;

mod rewrite;
mod scan;

pub(super) use rewrite::apply;
pub(super) use scan::{Binding, Scanner, is_space, line_ends};

const BOM: &str = "\u{feff}";

/// The keys of a text, commented ones too.
pub(super) fn slots(text: &str) -> Result<Vec<Slot>, FormatError> {
    if let Some(at) = text.find('\0') {
        return Err(fault_at(text, at, "there is a NUL character here, which no reader takes"));
    }
    let start = if text.starts_with(BOM) { BOM.len() } else { 0 };
    let mut slots = Vec::with_capacity(text.len() / 48);
    let scanner = Scanner::new(text, start);
    for found in scanner {
        match found {
            Binding::Pair(slot) => slots.push(slot),
            Binding::Comment { at, whole, line } => slots.extend(commented(text, at, whole, line)),
            Binding::Nothing => {}
            Binding::Fault { slot: Some(slot), .. } => slots.push(slot),
            Binding::Fault { spans_lines: Some(at), .. } => {
                return Err(fault_at(text, at, "a quote opens here and is not closed before its line ends"));
            }
            Binding::Fault { .. } => {}
        }
    }
    Ok(slots)
}

/// The key in a comment like `#KEY=value` or `# export KEY=value`, where the words before the `=` are one name.
fn commented(text: &str, at: usize, whole: Range<usize>, line: usize) -> Option<Slot> {
    let body = text[at..whole.end].trim_start_matches('#');
    let body_start = whole.end - body.len();
    let bare = body.trim_start_matches([' ', '\t']);
    let inner_start = body_start + (body.len() - bare.len());
    let name = bare.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).map_or(bare, str::trim_start);
    let length = name.find(|c: char| !is_name_char(c)).unwrap_or(name.len());
    if length == 0
        || name.as_bytes()[0].is_ascii_digit()
        || !name[length..].trim_start_matches([' ', '\t']).starts_with('=')
    {
        return None;
    }
    let mut inner = Scanner::new(&text[..whole.end], inner_start);
    match inner.next() {
        Some(Binding::Pair(slot) | Binding::Fault { slot: Some(slot), .. }) if slot.whole.end == whole.end => {
            Some(Slot { whole, line, commented: true, ..slot })
        }
        _ => None,
    }
}

pub(super) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

/// The value behind its quotes, as python-dotenv reads it before it expands anything.
pub(super) fn decode(raw: &str, form: Form) -> Option<Cow<'_, str>> {
    match form {
        Form::Bare => Some(Cow::Borrowed(raw)),
        Form::Single => Some(unescape(&raw[1..raw.len() - 1], false)),
        Form::Double => Some(unescape(&raw[1..raw.len() - 1], true)),
        Form::Heredoc | Form::Complex | Form::Open | Form::Odd => None,
    }
}

fn unescape(inner: &str, double: bool) -> Cow<'_, str> {
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        let meant = match (c, chars.peek()) {
            ('\\', Some(&next @ ('\\' | '\''))) => Some(next),
            ('\\', Some('"')) if double => Some('"'),
            ('\\', Some('a')) if double => Some('\x07'),
            ('\\', Some('b')) if double => Some('\x08'),
            ('\\', Some('f')) if double => Some('\x0c'),
            ('\\', Some('n')) if double => Some('\n'),
            ('\\', Some('r')) if double => Some('\r'),
            ('\\', Some('t')) if double => Some('\t'),
            ('\\', Some('v')) if double => Some('\x0b'),
            _ => None,
        };
        if meant.is_some() {
            chars.next();
        }
        out.push(meant.unwrap_or(c));
    }
    Cow::Owned(out)
}

/// Line and column of a byte, both from 1.
fn fault_at(text: &str, at: usize, why: &'static str) -> FormatError {
    let before = &text[..at];
    let line_start = before.rfind(['\n', '\r']).map_or(0, |i| i + 1);
    FormatError { line: scan::line_ends(before) + 1, column: before[line_start..].chars().count() + 1, why }
}

#[cfg(test)]
mod tests;
