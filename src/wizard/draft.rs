//! What the person answered, as typed; parsed when asked, so nothing is ever half understood.

use std::collections::BTreeMap;
use std::fmt;

use crate::domain::{Id, Text};

/// The answers by their question's name. A front end, an answers file and an unfinished walk fill it alike.
#[derive(Clone, Default)]
pub struct Draft {
    typed: BTreeMap<Id, Text>,
    chosen: BTreeMap<Id, Id>,
}

impl Draft {
    /// What was typed, trimmed; empty while nothing was.
    pub fn text(&self, id: &Id) -> &str {
        self.typed.get(id).map_or("", |text| text.as_str().trim())
    }

    /// What was typed, byte for byte.
    pub fn raw(&self, id: &Id) -> Text {
        self.typed.get(id).cloned().unwrap_or_default()
    }

    pub fn choice(&self, id: &Id) -> Option<&Id> {
        self.chosen.get(id)
    }

    pub fn is(&self, id: &Id, choice: &Id) -> bool {
        self.choice(id) == Some(choice)
    }

    pub fn type_in(&mut self, id: Id, text: Text) {
        self.typed.insert(id, text);
    }

    pub fn choose(&mut self, id: Id, choice: Id) {
        self.chosen.insert(id, choice);
    }

    pub fn forget(&mut self, id: &Id) {
        self.typed.remove(id);
        self.chosen.remove(id);
    }

    pub fn forget_all(&mut self, which: impl Fn(&Id) -> bool) {
        self.typed.retain(|id, _| !which(id));
        self.chosen.retain(|id, _| !which(id));
    }

    pub fn typed(&self) -> impl Iterator<Item = (&Id, &Text)> {
        self.typed.iter()
    }

    pub fn chosen(&self) -> impl Iterator<Item = (&Id, &Id)> {
        self.chosen.iter()
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("typed", &self.typed.keys()).field("chosen", &self.chosen).finish()
    }
}
