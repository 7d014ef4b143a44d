//! From what is known to the edits of one file, and their diff with every secret masked.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::visible::visible;
use crate::domain::{FileSeen, Oddity, Secret, Text};
use crate::format::{Dialect, Document, Edit, Reader, Setting, Side, diff};
use crate::plan::action::{FileEdit, STAND_IN, Unfit};
use crate::plan::meaning::is_same;
use crate::target::Facts;
use crate::target::new_file::skeleton;
use crate::target::read::{Held, held_by, read};
use crate::target::spec::{Form, Presence, Spec};
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
    /// Where the file is repaired: what the chosen mends ask for. Besides that, only what means something else than what stands
    /// there is set, and what the tool needs and has no line is added.
    pub repair: Option<Vec<Edit>>,
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
    let mut filled = values(order.spec, order.form, order.facts, around)?;
    let stand_in = order.awaits_secret.then(|| Secret::new(STAND_IN.to_owned()));
    if order.repair.is_some() {
        keep_what_means_the_same(order, &held_by(order.form, &known), &mut filled, stand_in.as_ref());
    }
    // A file that is not there starts as the example's copy, else as the target's own form.
    let start = order.example.clone().unwrap_or_else(|| skeleton(order.form, &filled));
    let before = match found {
        Some(_) => known,
        None => Document::parse(order.dialect, start.clone()).map_err(Unfit::from)?,
    };
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
    // What was answered since counts before what stood there in another shape.
    let asked: Vec<&Edit> =
        order.repair.iter().flatten().filter(|mend| edits.iter().all(|e| e.key != mend.key)).collect();
    let asked: Vec<Edit> = asked.into_iter().cloned().collect();
    edits.extend(asked);
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
    let open: BTreeSet<String> =
        filled.set.iter().filter(|value| !value.secret).map(|value| value.key.clone()).collect();
    let open = open.into_iter().chain(known_open(order.spec, order.form, &before)).collect();
    let old = order.seen.there.is_some().then_some(&before);
    Ok(tried(edit, filled, old, &open)?)
}

/// The edit with the lines that it changes; values are shown of the keys in `open`.
pub(super) fn tried(
    edit: FileEdit,
    filled: Filled,
    old: Option<&Document>,
    open: &BTreeSet<String>,
) -> Result<Prepared, Unfit> {
    let edited = edit.after()?;
    let lines: Vec<(Side, String)> = diff(old, &edited, &|key| open.contains(key))
        .into_iter()
        .map(|line| (line.side, format!("{}={}", visible(&line.key), visible(line.value.as_str()))))
        .collect();
    let changed = edited.changed.iter().filter(|change| change.kind != crate::format::ChangeKind::Unchanged).count();
    let added = lines.iter().filter(|(side, _)| *side == Side::Added).count();
    let kept = edited.text().as_str().lines().count().saturating_sub(added);
    Ok(Prepared { edit, filled, lines, kept, changed })
}

/// The keys of the file that the target declares, and as none of its secrets.
pub(super) fn known_open(spec: &Spec, form: &Form, document: &Document) -> Vec<String> {
    let read = read(spec, form, &held_by(form, document));
    read.values.into_iter().filter(|value| !value.fact.is_secret()).map(|value| value.key).collect()
}

/// Leaves out of what would be written everything that the file says already, in whatever shape its tool takes.
fn keep_what_means_the_same(order: &Order<'_>, standing: &[Held], filled: &mut Filled, secret: Option<&Secret>) {
    let (spec, instance) = (order.spec, order.facts.instance());
    let text = |value: &KeyValue| match (value.value.text(), secret) {
        (None, Some(secret)) => Some(value.value.with_secret(secret)),
        (text, _) => text.cloned(),
    };
    let is_ours =
        |line: &&Held| !filled.set.iter().any(|value| value.key == line.key) && !filled.remove.contains(&line.key);
    let written = filled.set.iter().map(|value| Held { key: value.key.clone(), value: text(value), line: 0 });
    let after: Vec<Held> = standing.iter().filter(is_ours).cloned().chain(written).collect();
    let (old, new) = (read(spec, order.form, standing), read(spec, order.form, &after));
    filled.missing.retain(|missing| old.get(instance, &missing.fact).is_none());
    filled.set.retain(|value| {
        if is_same(spec, &old, &new, instance, &value.fact) {
            return false;
        }
        if old.get(instance, &value.fact).is_some() {
            return true;
        }
        let Some(key) = spec.keys.get(&value.of) else { return true };
        let is_default =
            key.default.as_ref().is_some_and(|taken| text(value).is_some_and(|t| t.as_str() == taken.as_str()));
        let switches_off = value.fact.is_switch() && new.verifies(spec, instance) == Some(false);
        !is_default && (key.need == Presence::Required || switches_off)
    });
}

/// The values that wait for the secret.
fn awaited(filled: &Filled) -> Vec<KeyValue> {
    filled.set.iter().filter(|value| value.edit(None).is_none()).map(KeyValue::again).collect()
}
