//! Where the keyboard is on a page, and what was begun at each question: the text in a field, the highlight in a list, its filter.

use std::collections::BTreeMap;

use crate::domain::Id;
use crate::front::tui::editor::Editor;
use crate::wizard::page::{Block, Choice, Page, Pick};

/// What was begun at the questions of the shown page.
#[derive(Default)]
pub struct Focus {
    pub current: Option<Id>,
    fields: BTreeMap<Id, Editor>,
    lists: BTreeMap<Id, List>,
}

/// A highlight among the rows of a choice or pick.
#[derive(Default)]
pub struct List {
    pub filter: String,
    /// Of a pick: the items that the filter leaves, as places in `items`, and the row that leaves it out as `items.len()`.
    pub rows: Vec<usize>,
    /// A place in `rows`.
    pub at: Option<usize>,
    /// The highlight was moved by hand and has not been said yet.
    pub moved: bool,
}

/// A block that takes an answer.
#[derive(Clone, Copy)]
pub enum Question<'a> {
    Field(&'a crate::wizard::page::Field),
    Choice(&'a Choice),
    Pick(&'a Pick),
}

impl<'a> Question<'a> {
    pub fn of(block: &'a Block) -> Option<Self> {
        match block {
            Block::Field(field) => Some(Question::Field(field)),
            Block::Choice(choice) => Some(Question::Choice(choice)),
            Block::Pick(pick) => Some(Question::Pick(pick)),
            _ => None,
        }
    }

    pub fn id(self) -> &'a Id {
        match self {
            Question::Field(field) => &field.id,
            Question::Choice(choice) => &choice.id,
            Question::Pick(pick) => &pick.id,
        }
    }
}

/// The question of this id on a page.
pub fn question<'a>(page: &'a Page, id: &Id) -> Option<Question<'a>> {
    page.blocks.iter().filter_map(Question::of).find(|question| question.id() == id)
}

impl Focus {
    /// Takes over what a page says. `anew` where the page is another one: then nothing that was begun is kept.
    pub fn follow(&mut self, page: &Page, anew: bool) {
        if anew {
            *self = Focus::default();
        }
        for question in page.blocks.iter().filter_map(Question::of) {
            match question {
                Question::Field(field) => {
                    let text = field.value.as_str();
                    self.fields.entry(field.id.clone()).or_insert_with(|| Editor::new(text)).replace(text);
                }
                Question::Choice(choice) => {
                    let list = self.lists.entry(choice.id.clone()).or_default();
                    list.rows = (0..choice.options.len()).collect();
                    list.rest_on(choice.options.iter().position(|option| Some(&option.id) == choice.chosen.as_ref()));
                }
                Question::Pick(pick) => {
                    let list = self.lists.entry(pick.id.clone()).or_default();
                    list.sift(pick);
                    list.rest_on(chosen_row(pick));
                }
            }
        }
        let gone = |id: &Id| question(page, id).is_none();
        self.fields.retain(|id, _| !gone(id));
        self.lists.retain(|id, _| !gone(id));
        if self.current.as_ref().is_none_or(gone) {
            self.current = page.focus.clone().filter(|id| !gone(id)).or_else(|| page.questions().next().cloned());
        }
    }

    pub fn is(&self, id: &Id) -> bool {
        self.current.as_ref() == Some(id)
    }

    pub fn editor(&self, id: &Id) -> Option<&Editor> {
        self.fields.get(id)
    }

    pub fn editor_mut(&mut self, id: &Id) -> Option<&mut Editor> {
        self.fields.get_mut(id)
    }

    pub fn list(&self, id: &Id) -> Option<&List> {
        self.lists.get(id)
    }

    pub fn list_mut(&mut self, id: &Id) -> Option<&mut List> {
        self.lists.get_mut(id)
    }

    /// The answer that the highlight of a question stands on.
    pub fn answer(&self, question: Question<'_>) -> Option<Id> {
        let list = self.list(question.id())?;
        let row = *list.rows.get(list.at?)?;
        match question {
            Question::Field(_) => None,
            Question::Choice(choice) => choice.options.get(row).map(|option| option.id.clone()),
            Question::Pick(pick) => match pick.items.get(row) {
                Some(item) => Some(item.id.clone()),
                None => Some(Pick::LATER),
            },
        }
    }

    /// The answer under the highlight was said: it is no longer begun, and the filter that led to it has done its work.
    pub fn said(&mut self, page: &Page, id: &Id) {
        let Some(list) = self.lists.get_mut(id) else { return };
        list.moved = false;
        if let (Some(Question::Pick(pick)), false) = (question(page, id), list.filter.is_empty()) {
            let row = list.at.and_then(|at| list.rows.get(at).copied());
            list.filter.clear();
            list.sift(pick);
            list.at = row.and_then(|row| list.rows.iter().position(|other| *other == row));
        }
    }

    /// The question `step` places on, around the page's end where `around`.
    pub fn neighbour(&self, page: &Page, step: isize, around: bool) -> Option<Id> {
        let all: Vec<&Id> = page.questions().collect();
        let here = all.iter().position(|id| self.is(id))? as isize;
        let count = all.len() as isize;
        let there = if around { (here + step).rem_euclid(count) } else { here + step };
        (there != here).then_some(there).and_then(|there| all.get(usize::try_from(there).ok()?).copied().cloned())
    }
}

fn chosen_row(pick: &Pick) -> Option<usize> {
    match pick.chosen.as_ref()? {
        later if pick.optional && *later == Pick::LATER => Some(pick.items.len()),
        id => pick.items.iter().position(|item| item.id == *id),
    }
}

impl List {
    /// Puts the highlight on an item or option, unless it was moved by hand.
    fn rest_on(&mut self, place: Option<usize>) {
        if !self.moved {
            self.at = place.and_then(|place| self.rows.iter().position(|row| *row == place));
        }
        self.at = self.at.filter(|_| !self.rows.is_empty()).map(|at| at.min(self.rows.len() - 1));
    }

    /// Keeps the items whose title or meaning has every word of the filter.
    pub fn sift(&mut self, pick: &Pick) {
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let fits = |text: &str, word: &str| contains(text, word);
        self.rows.clear();
        self.rows.extend(
            pick.items
                .iter()
                .enumerate()
                .filter(|(_, item)| words.iter().all(|word| fits(&item.title, word) || fits(&item.about, word)))
                .map(|(place, _)| place),
        );
        if pick.optional {
            self.rows.push(pick.items.len());
        }
    }

    /// The filter was changed by hand: the first item that it leaves is highlighted.
    pub fn sifted_by_hand(&mut self, pick: &Pick) {
        self.sift(pick);
        self.moved = true;
        self.at = if self.filter.is_empty() {
            chosen_row(pick).and_then(|row| self.rows.iter().position(|r| *r == row))
        } else {
            Some(0)
        };
        self.at = self.at.filter(|at| self.rows.get(*at).is_some_and(|row| *row < pick.items.len()));
    }

    /// Puts the highlight on this row, where there are rows.
    pub fn jump(&mut self, row: usize) {
        self.at = (!self.rows.is_empty()).then(|| row.min(self.rows.len() - 1));
        self.moved = true;
    }

    /// Moves the highlight; `false` where there was no row that way.
    pub fn step(&mut self, by: isize) -> bool {
        let last = self.rows.len() as isize - 1;
        let there = match self.at {
            None if by > 0 => 0,
            None => return false,
            Some(at) => (at as isize + by).clamp(0, last.max(0)),
        };
        if last < 0 || self.at == Some(there as usize) {
            return false;
        }
        self.at = Some(there as usize);
        self.moved = true;
        true
    }
}

/// Whether a text holds a lower-case word, in whatever case.
fn contains(text: &str, word: &str) -> bool {
    if !text.is_ascii() || !word.is_ascii() {
        return text.to_lowercase().contains(word);
    }
    let (text, word) = (text.as_bytes(), word.as_bytes());
    word.is_empty() || text.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}
