//! Writing HCL attributes: values as quoted strings or literals, new ones aligned as `terraform fmt` would.

use super::{decode, is_name_char};
use crate::domain::Text;
use crate::format::document::{Dialect, Document, Form, Slot};
use crate::format::edit::{Edit, Edited, Setting};
use crate::format::error::EditError;
use crate::format::quote;
use crate::format::splice::{self, Writer, line_ending};

pub(in crate::format) fn apply(
    document: &Document,
    edits: &[Edit],
    heading: Option<&'static str>,
) -> Result<Edited, EditError> {
    for edit in edits {
        if let Setting::Text(value) = &edit.value
            && let Some(why) = quote::refusal(value.as_str())
        {
            return Err(EditError::BadValue { key: edit.key.clone(), why });
        }
        let starts = edit.key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts || !edit.key.chars().all(is_name_char) {
            return Err(EditError::BadKey { key: edit.key.clone() });
        }
    }
    let mut spliced = splice::splice(document, edits, heading, &HclWriter { document })?;
    let failed = |what, key: Option<&String>| EditError::CheckFailed { what, key: key.cloned(), reader: None };
    let new = Document::parse(Dialect::Hcl, spliced.new).map_err(|_| failed("it cannot be read any more", None))?;
    splice::check_structure(document, &new, edits, &mut spliced.changed)?;
    for edit in edits.iter().filter(|edit| !edit.value.only_lines()) {
        let mut live = new.entries().filter(|entry| !entry.is_commented() && entry.key() == edit.key);
        if live.next().and_then(|entry| entry.value()) != edit.value.as_text() {
            return Err(failed("the new value does not read back", Some(&edit.key)));
        }
    }
    Ok(Edited { document: new, changed: spliced.changed })
}

struct HclWriter<'a> {
    document: &'a Document,
}

impl Writer for HclWriter<'_> {
    fn rewritten(&self, slot: &Slot, edit: &Edit) -> Result<Option<Text>, EditError> {
        let raw = self.document.slice(&slot.value);
        if slot.form == Form::Complex && !slot.commented {
            return Err(EditError::NotPlain { key: edit.key.clone(), line: slot.line });
        }
        if !slot.commented && decode(raw, slot.form) == edit.value.as_text() {
            return Ok(None);
        }
        let text = self.document.text().as_str();
        let start = if slot.commented { slot.key.start } else { slot.whole.start };
        let value = written(&edit.value, Some(raw).filter(|_| slot.form == Form::Bare));
        let (before, after) = (&text[start..slot.value.start], &text[slot.value.end..slot.whole.end]);
        Ok(Some(Text::new(format!("{before}{}{after}", value.as_str()))))
    }

    fn fresh(&self, edits: &[&Edit], at: usize, joined: bool) -> Result<Text, EditError> {
        let ending = line_ending(self.document.text().as_str(), at);
        let widest = edits.iter().map(|edit| edit.key.len()).max().unwrap_or(0);
        let mut lines = String::with_capacity(edits.len() * 128);
        let above = if joined { self.aligned(at, true) } else { None };
        let width = match above.or_else(|| self.aligned(at, false)) {
            Some(width) if widest <= width => width,
            // they would all have to move: a blank line begins a column of its own
            Some(_) if above.is_some() => {
                lines.push_str(ending);
                widest
            }
            _ => widest,
        };
        for edit in edits {
            let value = written(&edit.value, None);
            lines.push_str(&format!("{:width$} = ", edit.key));
            lines.push_str(value.as_str());
            lines.push_str(ending);
        }
        Ok(Text::new(lines))
    }
}

impl HclWriter<'_> {
    /// How far the names reach in the one-line attributes that touch this place from above or below, when their `=` stand in one
    /// column.
    fn aligned(&self, at: usize, above: bool) -> Option<usize> {
        let mut edge = at;
        let mut column = None;
        loop {
            let touching = self
                .document
                .slots()
                .iter()
                .find(|slot| !slot.commented && edge == if above { slot.whole.end } else { slot.whole.start });
            let Some(slot) = touching.filter(|slot| !self.document.slice(&slot.value).contains('\n')) else {
                return column;
            };
            let line = self.document.slice(&slot.whole);
            let equals = line.find('=')?;
            if line.starts_with([' ', '\t'])
                || !line[..equals].ends_with(' ')
                || *column.get_or_insert(equals - 1) != equals - 1
            {
                return None;
            }
            edge = if above { slot.whole.start } else { slot.whole.end };
        }
    }
}

/// A quoted string, or a literal where one was asked for or stands there already (`beside`).
fn written(value: &Setting, beside: Option<&str>) -> Text {
    let is_truth = |text: &str| matches!(text, "true" | "false");
    match (value, beside) {
        (Setting::Text(text), Some(old)) if is_truth(old) && is_truth(text.as_str()) => text.clone(),
        (Setting::Text(text), Some(old))
            if old.parse::<i64>().is_ok()
                && text.as_str().parse().is_ok_and(|n: i64| n.to_string() == text.as_str()) =>
        {
            text.clone()
        }
        (Setting::Text(text), _) => quote::hcl_string(text.as_str()),
        (other, _) => other.as_text().unwrap_or_default(),
    }
}
