//! From what is known to the edits of one file, and their diff with every secret masked.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::visible::visible;
use crate::domain::{FileSeen, Oddity, Secret, Text};
use crate::format::{Dialect, Document, Reader, Setting, Side, diff};
use crate::plan::action::{FileEdit, STAND_IN, Unfit};
use crate::target::Facts;
use crate::target::new_file::skeleton;
use crate::target::spec::{Form, Spec};
use crate::target::write::{Filled, KeyValue, Surroundings, WriteError, values};

/// What a file edit is made from.
pub struct Order<'a> {
    pub spec: &'a Spec,
    pub form: &'a Form,
    pub dialect: Dialect,
    pub facts: &'a Facts,
    pub seen: &'a FileSeen,
    /// An example's text that a new file starts from.
    pub example: Option<Text>,
    /// The variables that the module declares.
    pub declared: Option<&'a [String]>,
    pub agreed: Vec<Oddity>,
    /// The token's secret is made by an action of the same plan.
    pub awaits_secret: bool,
    /// Which of several lines of a key is kept.
    pub keep: &'a dyn Fn(&str) -> Option<usize>,
}

/// An edit that would work, and what it changes.
#[derive(Debug)]
pub struct Prepared {
    pub edit: FileEdit,
    pub filled: Filled,
    pub lines: Vec<(Side, String)>,
    /// Lines of the file that stay as they are.
    pub kept: usize,
    /// The keys whose values are new.
    pub changed: usize,
}

/// Why there is no edit.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoEdit {
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Unfit(#[from] Unfit),
    #[error("the secret is not known yet")]
    NoSecret,
}

/// Makes the edits and tries them on the text that was seen.
pub fn prepare(order: &Order<'_>) -> Result<Prepared, NoEdit> {
    let found = order.seen.there.as_ref().map(|there| &there.text).or(order.example.as_ref());
    let known = Document::parse(order.dialect, found.cloned().unwrap_or_default()).map_err(Unfit::from)?;
    let existing: Vec<String> =
        known.entries().filter(|entry| !entry.is_commented()).map(|entry| entry.key().to_owned()).collect();
    let around = Surroundings { existing: &existing, declared: order.declared };
    let filled = values(order.spec, order.form, order.facts, around)?;
    // A file that is not there starts as the example's copy, else as the target's own form.
    let start = order.example.clone().unwrap_or_else(|| skeleton(order.form, &filled));
    let before = match found {
        Some(_) => known,
        None => Document::parse(order.dialect, start.clone()).map_err(Unfit::from)?,
    };
    let stand_in = order.awaits_secret.then(|| Secret::new(STAND_IN.to_owned()));
    let mut edits = filled.edits(stand_in.as_ref()).ok_or(NoEdit::NoSecret)?;
    for edit in &mut edits {
        if order.seen.there.is_none() {
            *edit = edit.clone().switching_on();
        }
        if let Some(line) = (order.keep)(&edit.key) {
            *edit = edit.clone().keeping(line);
        }
    }
    // What is not there needs no removing.
    edits.retain(|edit| edit.value != Setting::Remove || existing.contains(&edit.key));
    let edit = FileEdit {
        seen: order.seen.clone(),
        dialect: order.dialect,
        readers: order.form.readers.iter().map(|reader| Reader::from(*reader)).collect(),
        start,
        edits,
        heading: None,
        agreed: order.agreed.clone(),
        awaits: Arc::new(awaited(&filled)),
    };
    let edited = edit.after()?;
    let open: BTreeSet<&str> =
        filled.set.iter().filter(|value| !value.secret).map(|value| value.key.as_str()).collect();
    let old = order.seen.there.is_some().then_some(&before);
    let lines: Vec<(Side, String)> = diff(old, &edited, &|key| open.contains(key))
        .into_iter()
        .map(|line| (line.side, format!("{}={}", visible(&line.key), visible(line.value.as_str()))))
        .collect();
    let changed = edited.changed.iter().filter(|change| change.kind != crate::format::ChangeKind::Unchanged).count();
    let added = lines.iter().filter(|(side, _)| *side == Side::Added).count();
    let kept = edited.text().as_str().lines().count().saturating_sub(added);
    Ok(Prepared { edit, filled, lines, kept, changed })
}

/// The values that wait for the secret.
fn awaited(filled: &Filled) -> Vec<KeyValue> {
    filled.set.iter().filter(|value| value.edit(None).is_none()).map(KeyValue::again).collect()
}
