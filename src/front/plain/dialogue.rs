//! The conversation in lines, without input and output: pages in, lines and questions out, answers in, inputs out.

mod questions;
#[cfg(test)]
mod tests;
mod told;

use std::collections::{HashSet, VecDeque};

use crate::domain::Id;
use crate::domain::finding::Step;
use crate::front::is_another;
use crate::wizard::message::Input;
use crate::wizard::page::{Block, Page};

use questions::{ask_choice, ask_field, ask_pick, chose, picked, typed};
use told::{errors, headline, is_head, set_in, told};

const WORDS: &str = "At every question: ? for help, back (or <) for the page before, quit to end.";

/// What is to be done now.
pub enum Turn {
    Say(Input),
    /// Something is under way.
    Wait,
    Ask {
        prompt: String,
        secret: bool,
        several: bool,
    },
}

#[derive(Default)]
pub struct Dialogue {
    page: Option<Page>,
    /// Questions that are still to be asked before the page is submitted.
    open: VecDeque<Id>,
    /// Lines of this page that were printed already.
    printed: HashSet<String>,
    /// The list that stands before the current question is printed.
    listed: bool,
    submitted: bool,
    words_said: bool,
    busy: Option<String>,
}

impl Dialogue {
    /// The lines that are new.
    pub fn show(&mut self, page: Page) -> Vec<String> {
        let mut lines = Vec::new();
        let before = self.page.take();
        // The last page grows: what was told of the run stands above already.
        let grows = |before: &Page| before.step == page.step && page.step == Step::Done;
        let anew = before.as_ref().is_none_or(|before| is_another(before, &page) && !grows(before));
        if anew {
            self.printed.clear();
            self.open = page.questions().cloned().collect();
            self.busy = None;
            self.listed = false;
            lines.push(String::new());
            lines.extend(page.banner.iter().map(|banner| format!("Note: {banner}")));
            lines.push(headline(&page));
        } else {
            if before.as_ref().is_some_and(|before| before.title != page.title) {
                lines.push(headline(&page));
            }
            let known: Vec<&Id> = before.iter().flat_map(Page::questions).collect();
            self.open.extend(page.questions().filter(|id| !known.contains(id)).cloned());
            self.open.retain(|id| page.questions().any(|other| other == id));
        }
        // What is looked at anew is told anew, even where it comes out the same.
        let failed = |page: &Page| page.blocks.iter().any(|block| matches!(block, Block::Findings(_)));
        if page.busy.is_some() && before.as_ref().is_some_and(|before| before.busy.is_none() && failed(before)) {
            self.printed.clear();
        }
        let mut below = false;
        for block in &page.blocks {
            let head = is_head(block);
            below &= matches!(block, Block::Text(_) | Block::Command(_));
            let new = told(block).into_iter().filter(|part| self.printed.insert(part.clone()));
            lines.extend(new.map(|part| if below && !head { set_in(&part) } else { part }));
            below |= head;
        }
        if page.busy != self.busy {
            lines.extend(page.busy.iter().map(|busy| format!("{busy} …")));
            self.busy.clone_from(&page.busy);
        }
        if page.busy.is_none() && std::mem::take(&mut self.submitted) && !anew {
            for (id, error) in errors(&page) {
                lines.push(format!("Error: {}", error.what));
                lines.extend(error.hint.clone());
                if !self.open.contains(id) {
                    self.open.push_back(id.clone());
                }
            }
            if self.open.is_empty() {
                // Nothing says what is amiss: all is asked again rather than submitted again.
                self.open = page.focus.iter().cloned().chain(page.questions().cloned()).collect();
                let mut seen = HashSet::new();
                self.open.retain(|id| page.questions().any(|other| other == id) && seen.insert(id.clone()));
            }
            self.listed = false;
        }
        if !self.words_said && !page.last {
            self.words_said = true;
            lines.push(WORDS.to_owned());
        }
        self.page = Some(page);
        lines
    }

    /// What is to be done now. Asking again asks the same.
    pub fn turn(&mut self) -> Turn {
        let Some(page) = &self.page else { return Turn::Wait };
        if page.busy.is_some() {
            return Turn::Wait;
        }
        let Some(id) = self.open.front() else {
            if page.last && page.questions().next().is_none() {
                return Turn::Say(Input::Quit);
            }
            if page.questions().next().is_some() {
                self.submitted = true;
                return Turn::Say(Input::Submit);
            }
            return Turn::Ask { prompt: format!("Enter: {}", page.submit), secret: false, several: false };
        };
        let asked = page.blocks.iter().find_map(|block| match block {
            Block::Field(field) if field.id == *id => {
                Some((ask_field(field), field.secret, field.multiline || field.secret))
            }
            Block::Choice(choice) if choice.id == *id => Some((ask_choice(choice, self.listed), false, false)),
            Block::Pick(pick) if pick.id == *id => Some((ask_pick(pick, self.listed), false, false)),
            _ => None,
        });
        self.listed = true;
        match asked {
            Some((prompt, secret, several)) => Turn::Ask { prompt, secret, several },
            None => Turn::Wait,
        }
    }

    /// What an answer says, and what is to be printed about it.
    pub fn answer(&mut self, line: &str) -> (Vec<Input>, Vec<String>) {
        let Some(page) = &self.page else { return (Vec::new(), Vec::new()) };
        match line.trim() {
            "?" => {
                self.listed = false;
                let none = || vec!["There is no help for this page.".to_owned()];
                return (Vec::new(), Some(page.help.clone()).filter(|help| !help.is_empty()).unwrap_or_else(none));
            }
            "back" | "<" if page.back => return (vec![Input::Back], Vec::new()),
            "back" | "<" => return (Vec::new(), vec!["This is the first page.".to_owned()]),
            "quit" => return (vec![Input::Quit], Vec::new()),
            _ => {}
        }
        let Some(id) = self.open.front().cloned() else {
            self.submitted = true;
            return (vec![Input::Submit], Vec::new());
        };
        let found = page.blocks.iter().find_map(|block| match block {
            Block::Field(field) if field.id == id => Some(typed(field, line)),
            Block::Choice(choice) if choice.id == id => Some(chose(choice, line.trim())),
            Block::Pick(pick) if pick.id == id => Some(picked(pick, line.trim())),
            _ => None,
        });
        match found {
            Some(Ok(input)) => {
                self.open.pop_front();
                self.listed = false;
                let settles = |(question, answer): &(Id, Id)| matches!(&input, Some(Input::Chose { question: q, choice }) if q == question && choice == answer);
                if page.settling.iter().any(settles) {
                    self.open.clear();
                }
                (input.into_iter().collect(), Vec::new())
            }
            Some(Err(lines)) => (Vec::new(), lines),
            None => {
                self.open.pop_front();
                (Vec::new(), Vec::new())
            }
        }
    }

    /// The lines of a summary that have not been printed already.
    pub fn unsaid(&self, summary: &[String]) -> Vec<String> {
        let head = |line: &String| {
            self.page.as_ref().is_some_and(|page| *line == page.title || page.banner.as_ref() == Some(line))
        };
        let known = |line: &String| self.printed.iter().any(|part| part.split('\n').any(|printed| printed == line));
        let new = |line: &&String| !line.is_empty() && !head(line) && !known(line);
        summary.iter().filter(new).cloned().collect()
    }
}
