//! Taking a file edit back where the file was edited by others since: only the values that were ours.

use crate::domain::{FileSeen, Text};
use crate::format::{Dialect, Document, Edit, Found};
use crate::plan::action::{FileEdit, Unfit};

/// The edit that gives `keys` the values they had in `before`, and removes those that were not there. Everything else in the
/// file stays as it is now.
pub fn values_back(before: Option<&Text>, now: FileSeen, dialect: Dialect, keys: &[String]) -> Result<FileEdit, Unfit> {
    let old = Document::parse(dialect, before.cloned().unwrap_or_default())?;
    let current = Document::parse(dialect, now.there.as_ref().map(|there| there.text.clone()).unwrap_or_default())?;
    let edits = keys
        .iter()
        .filter_map(|key| {
            let stands = !matches!(current.get(key), Found::Missing | Found::Commented(_));
            match old.get(key) {
                Found::Once(entry) => entry.value().map(|value| Edit::set(key.as_str(), value)),
                _ if stands => Some(Edit::remove(key.as_str())),
                _ => None,
            }
        })
        .collect();
    let agreed = now.oddities.clone();
    Ok(FileEdit { seen: now, dialect, readers: Vec::new(), start: Text::default(), edits, heading: None, agreed })
}

/// The word of a dialect in the journal.
pub fn dialect_word(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Dotenv => "dotenv",
        Dialect::Hcl => "hcl",
    }
}

/// The dialect of a word in the journal.
pub fn dialect(word: &str) -> Option<Dialect> {
    [Dialect::Dotenv, Dialect::Hcl].into_iter().find(|dialect| dialect_word(*dialect) == word)
}
