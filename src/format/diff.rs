//! What an edit changes, as data for the review: changed lines only, values masked unless the target says they may be seen.

use super::document::{Document, Entry, Found};
use super::edit::{ChangeKind, Edited};
use crate::domain::MASK;

/// One changed line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    pub side: Side,
    pub key: String,
    pub value: Shown,
    /// In the old text for `Removed`, in the new one for `Added`; counted from 1.
    pub line: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Removed,
    Added,
}

/// A value as it may be seen. A mask tells nothing of it, not even its length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    Clear(String),
    Masked,
}

impl Shown {
    /// What to print.
    pub fn as_str(&self) -> &str {
        match self {
            Shown::Clear(text) => text,
            Shown::Masked => MASK,
        }
    }
}

/// The changed lines in file order, what went before what came. `old` is `None` for a new file. `show`: whether the value of
/// this key may be seen.
pub fn diff(old: Option<&Document>, edited: &Edited, show: &dyn Fn(&str) -> bool) -> Vec<DiffLine> {
    let line = |side, entry: &Entry<'_>| {
        let value = match entry.value() {
            Some(value) if show(entry.key()) => Shown::Clear(value.as_str().to_owned()),
            _ => Shown::Masked,
        };
        DiffLine { side, key: entry.key().to_owned(), value, line: entry.line() }
    };
    let mut blocks: Vec<(usize, Vec<DiffLine>)> = Vec::new();
    for change in edited.changed.iter().filter(|change| change.kind != ChangeKind::Unchanged) {
        let mut lines = Vec::new();
        for entry in old.iter().flat_map(|old| old.entries()) {
            if entry.key() == change.key && change.gone.contains(&entry.line()) {
                lines.push(line(Side::Removed, &entry));
            }
        }
        // Where only lines went, the one that may be left is not new.
        if let (Some(_), Found::Once(entry)) = (change.line, edited.document.get(&change.key)) {
            lines.push(line(Side::Added, &entry));
        }
        blocks.push((change.line.or(change.gone.first().copied()).unwrap_or(0), lines));
    }
    blocks.sort_by_key(|(line, _)| *line);
    blocks.into_iter().flat_map(|(_, lines)| lines).collect()
}
