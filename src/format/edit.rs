//! What is asked of a document, and what came of it.

use super::Document;
use crate::domain::Text;

/// One key and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub key: String,
    pub value: Setting,
    pub commented: Commented,
    pub duplicates: Duplicates,
    /// Where a shell reads the file, a line that is copied into one keeps its value too: no `!` stands between double quotes.
    pub for_typing: bool,
}

/// What a key is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    Text(Text),
    /// Written without quotes where the dialect knows the difference (HCL).
    Number(i64),
    /// Written without quotes where the dialect knows the difference (HCL).
    Bool(bool),
    /// The line is deleted. Commenting it out would keep the old secret in the file.
    Remove,
    /// Of the key's live lines these (counted from 1) are deleted, and the others stay to the byte.
    RemoveLines(Vec<usize>),
}

/// What to do with `#KEY=…` when the key stands nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Commented {
    /// Leave it, and put the new line right after it.
    #[default]
    After,
    /// Put the new line in its place, as with a copied example file.
    SwitchOn,
}

/// What to do when the key stands more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Duplicates {
    /// Answer with `EditError::Duplicate`.
    #[default]
    Refuse,
    /// Keep the one in this line (counted from 1), delete the others.
    Keep(usize),
}

impl Edit {
    pub fn set(key: impl Into<String>, value: Text) -> Self {
        Edit::new(key, Setting::Text(value))
    }

    pub fn remove(key: impl Into<String>) -> Self {
        Edit::new(key, Setting::Remove)
    }

    pub fn remove_lines(key: impl Into<String>, lines: Vec<usize>) -> Self {
        Edit::new(key, Setting::RemoveLines(lines))
    }

    pub fn new(key: impl Into<String>, value: Setting) -> Self {
        Edit {
            key: key.into(),
            value,
            commented: Commented::default(),
            duplicates: Duplicates::default(),
            for_typing: false,
        }
    }

    /// A commented line of this key is replaced by the live one.
    pub fn switching_on(mut self) -> Self {
        self.commented = Commented::SwitchOn;
        self
    }

    /// A shell in which somebody types holds the value too.
    pub fn for_typing(mut self) -> Self {
        self.for_typing = true;
        self
    }

    /// Of several lines the given one is kept, the others are deleted.
    pub fn keeping(mut self, line: usize) -> Self {
        self.duplicates = Duplicates::Keep(line);
        self
    }
}

impl Setting {
    /// Whether lines only go, so that nothing of the key is written.
    pub(super) fn only_lines(&self) -> bool {
        matches!(self, Setting::RemoveLines(_))
    }

    /// The value as a reader would hold it; `None` where the key or lines of it are removed.
    pub(super) fn as_text(&self) -> Option<Text> {
        match self {
            Setting::Text(text) => Some(text.clone()),
            Setting::Number(number) => Some(Text::new(number.to_string())),
            Setting::Bool(truth) => Some(Text::new(truth.to_string())),
            Setting::Remove | Setting::RemoveLines(_) => None,
        }
    }
}

/// The new text, read already, and what changed, in the order of the edits.
#[derive(Debug, Clone)]
pub struct Edited {
    pub document: Document,
    pub changed: Vec<Change>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub key: String,
    pub kind: ChangeKind,
    /// Where the key's value was written in the new text, counted from 1; `None` when none was.
    pub line: Option<usize>,
    /// The lines of the old text that went: the value that was replaced, deleted duplicates, the comment that was switched on.
    pub gone: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// The key was there; its value is new.
    Set,
    /// The key is new.
    Added,
    /// A commented line became a live one.
    SwitchedOn,
    /// Lines of the key were deleted.
    Removed,
    /// Not a byte of it was touched.
    Unchanged,
}

impl Edited {
    /// What to write to the file.
    pub fn text(&self) -> &Text {
        self.document.text()
    }
}
