//! From edits to a new text: which lines are replaced, deleted or put in, whatever the dialect.

use std::collections::HashSet;
use std::ops::Range;

use super::document::{Document, Form, Slot};
use super::edit::{Change, ChangeKind, Commented, Duplicates, Edit, Setting};
use super::error::EditError;
use crate::domain::Text;

/// How a dialect writes lines. Every text given back is whole lines with their line ends.
pub(super) trait Writer {
    /// The lines of this slot with the new value; `None` when they hold it already. A commented slot becomes a live line.
    fn rewritten(&self, slot: &Slot, edit: &Edit) -> Result<Option<Text>, EditError>;
    /// New lines for these keys, to stand at this place of the old text; `joined` when the line above it comes right before them.
    fn fresh(&self, edits: &[&Edit], at: usize, joined: bool) -> Result<Text, EditError>;
}

/// A new text, not yet checked.
pub(super) struct Spliced {
    pub new: Text,
    /// The old text without the lines that were touched: what must read the same as before.
    pub rest: Text,
    /// `line` is not filled in yet.
    pub changed: Vec<Change>,
}

pub(super) fn splice(
    document: &Document,
    edits: &[Edit],
    heading: Option<&'static str>,
    writer: &dyn Writer,
) -> Result<Spliced, EditError> {
    let mut asked = HashSet::new();
    if let Some(twice) = edits.iter().find(|edit| !asked.insert(edit.key.as_str())) {
        return Err(EditError::AskedTwice { key: twice.key.clone() });
    }
    let mut operations: Vec<(Range<usize>, Text)> = Vec::new();
    let mut changed = Vec::with_capacity(edits.len());
    let mut missing: Vec<&Edit> = Vec::new();
    for edit in edits {
        let of_key = |commented: bool| {
            document
                .slots()
                .iter()
                .filter(move |slot| slot.commented == commented && document.slice(&slot.key) == edit.key)
        };
        let live: Vec<&Slot> = of_key(false).collect();
        let mut gone = Vec::new();
        let kind = if edit.value == Setting::Remove {
            for slot in &live {
                operations.push((slot.whole.clone(), Text::default()));
                gone.push(slot.line);
            }
            if live.is_empty() { ChangeKind::Unchanged } else { ChangeKind::Removed }
        } else if let Setting::RemoveLines(lines) = &edit.value {
            if let Some(line) = lines.iter().find(|line| !live.iter().any(|slot| slot.line == **line)) {
                return Err(EditError::NoSuchLine { key: edit.key.clone(), line: *line });
            }
            for slot in live.iter().filter(|slot| lines.contains(&slot.line)) {
                operations.push((slot.whole.clone(), Text::default()));
                gone.push(slot.line);
            }
            if gone.is_empty() { ChangeKind::Unchanged } else { ChangeKind::Removed }
        } else if let Some(kept) = kept(edit, &live)? {
            let mut kind = ChangeKind::Unchanged;
            for slot in &live {
                if slot.line != kept.line {
                    operations.push((slot.whole.clone(), Text::default()));
                    gone.push(slot.line);
                    kind = ChangeKind::Set;
                } else if let Some(lines) = writer.rewritten(slot, edit)? {
                    operations.push((slot.whole.clone(), lines));
                    gone.push(slot.line);
                    kind = ChangeKind::Set;
                }
            }
            kind
        } else if let Some(comment) = of_key(true).next_back() {
            if edit.commented == Commented::SwitchOn {
                let lines = writer.rewritten(comment, edit)?.unwrap_or_default();
                operations.push((comment.whole.clone(), lines));
                gone.push(comment.line);
                ChangeKind::SwitchedOn
            } else {
                let at = comment.whole.end;
                operations.push((at..at, writer.fresh(&[edit], at, true)?));
                ChangeKind::Added
            }
        } else {
            missing.push(edit);
            ChangeKind::Added
        };
        changed.push(Change { key: edit.key.clone(), kind, line: None, gone });
    }
    if !missing.is_empty() {
        let end = document.text().as_str().len();
        let mut lines = String::new();
        if let Some(heading) = heading {
            lines = under_heading(document.text().as_str(), heading);
        }
        let fresh = writer.fresh(&missing, end, heading.is_none())?;
        lines.reserve_exact(fresh.as_str().len());
        lines.push_str(fresh.as_str());
        operations.push((end..end, Text::new(lines)));
    }
    let (new, rest) = assemble(document.text().as_str(), operations);
    Ok(Spliced { new, rest, changed })
}

/// Of the live lines the one that stays; `None` when there is none.
fn kept<'a>(edit: &Edit, live: &[&'a Slot]) -> Result<Option<&'a Slot>, EditError> {
    match (live, edit.duplicates) {
        ([], _) => Ok(None),
        ([one], _) => Ok(Some(one)),
        (_, Duplicates::Refuse) => {
            Err(EditError::Duplicate { key: edit.key.clone(), lines: live.iter().map(|slot| slot.line).collect() })
        }
        (_, Duplicates::Keep(line)) => match live.iter().find(|slot| slot.line == line) {
            Some(slot) => Ok(Some(slot)),
            None => Err(EditError::NoSuchLine { key: edit.key.clone(), line }),
        },
    }
}

/// A blank line, when something stands above, and the comment.
fn under_heading(text: &str, heading: &str) -> String {
    let ending = line_ending(text, text.len());
    let body = text.trim_start_matches('\u{feff}').trim_end_matches([' ', '\t']);
    let gap = if body.is_empty() || body.ends_with("\n\n") || body.ends_with("\n\r\n") { "" } else { ending };
    format!("{gap}# {heading}{ending}")
}

fn assemble(old: &str, mut operations: Vec<(Range<usize>, Text)>) -> (Text, Text) {
    operations.sort_by_key(|(range, _)| range.start);
    let added: usize = operations.iter().map(|(_, lines)| lines.as_str().len() + 2).sum();
    let mut new = String::with_capacity(old.len() + added);
    let mut rest = String::with_capacity(old.len());
    let mut done = 0;
    for (range, lines) in &operations {
        let kept = &old[done..range.start];
        new.push_str(kept);
        rest.push_str(kept);
        if range.is_empty() && !new.is_empty() && new != "\u{feff}" && !new.ends_with(['\n', '\r']) {
            new.push_str(line_ending(old, range.start));
        }
        if rest == "\u{feff}" {
            // so that a reader that does not know the mark has it on a line of its own, as it had before
            rest.push('\n');
        }
        new.push_str(lines.as_str());
        done = range.end;
    }
    new.push_str(&old[done..]);
    rest.push_str(&old[done..]);
    (Text::new(new), Text::new(rest))
}

/// The line end to use at this place: that of the line above, else of the first line, else `\n`.
pub(super) fn line_ending(text: &str, at: usize) -> &'static str {
    let of = |line: &str| match line {
        line if line.ends_with("\r\n") => Some("\r\n"),
        line if line.ends_with('\n') => Some("\n"),
        line if line.ends_with('\r') => Some("\r"),
        _ => None,
    };
    let above = &text[..at];
    let full = above.rfind(['\n', '\r']).map_or("", |n| &above[..=n]);
    of(full)
        .or_else(|| {
            let first = text.find(['\n', '\r'])?;
            of(&text[..text.len().min(first + if text[first..].starts_with("\r\n") { 2 } else { 1 })])
        })
        .unwrap_or("\n")
}

/// In `new` each asked key stands once, or not at all when it was removed; every other key stands as it does in `old`, to the
/// byte. Fills in the lines of the changes.
pub(super) fn check_structure(
    old: &Document,
    new: &Document,
    edits: &[Edit],
    changed: &mut [Change],
) -> Result<(), EditError> {
    let failed =
        |what, key: Option<&str>| Err(EditError::CheckFailed { what, key: key.map(str::to_owned), reader: None });
    let is_asked = |document: &Document, slot: &Slot| {
        edits.iter().position(|edit| edit.key.len() == slot.key.len() && document.slice(&slot.key) == edit.key)
    };
    let mut before = old.slots().iter().filter(|slot| match is_asked(old, slot) {
        None => true,
        Some(i) => (slot.commented || edits[i].value.only_lines()) && !changed[i].gone.contains(&slot.line),
    });
    let mut lines: Vec<Vec<usize>> = vec![Vec::new(); edits.len()];
    for slot in new.slots() {
        if let Some(i) = is_asked(new, slot).filter(|i| !slot.commented && !edits[*i].value.only_lines()) {
            if slot.form == Form::Open {
                return failed("a key cannot be read", Some(&edits[i].key));
            }
            lines[i].push(slot.line);
            continue;
        }
        let same = before.next().is_some_and(|old_slot| {
            old_slot.commented == slot.commented
                && old_slot.form == slot.form
                && old.slice(&old_slot.key) == new.slice(&slot.key)
                && old.slice(&old_slot.value) == new.slice(&slot.value)
        });
        if !same {
            return failed("another key changed", None);
        }
    }
    if before.next().is_some() {
        return failed("another key is gone", None);
    }
    for ((edit, change), lines) in edits.iter().zip(changed).zip(lines) {
        match (lines.as_slice(), &edit.value) {
            ([], Setting::Remove | Setting::RemoveLines(_)) => {}
            (&[line], value) if *value != Setting::Remove => change.line = Some(line),
            _ => return failed("a key does not stand as often as it should", Some(&edit.key)),
        }
    }
    Ok(())
}
