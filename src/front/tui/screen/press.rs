//! What a key or a paste does on the screen, and what it says to the conversation.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Act, Over, Screen};
use crate::domain::{Fix, Id, Text};
use crate::front::tui::editor::Edit;
use crate::front::tui::focus::{Question, question};
use crate::front::tui::keyboard::Heard;
use crate::front::tui::keys::{self, Action};
use crate::wizard::message::Input;
use crate::wizard::page::{Block, Page};
use crate::wizard::step::take_apart;

/// How long a secret stays shown.
const REVEAL: Duration = Duration::from_secs(20);

impl Screen {
    /// What was heard, and what comes of it, in order.
    pub fn hear(&mut self, heard: Heard, now: Instant) -> Vec<Act> {
        if self.revealed.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.revealed = None;
        }
        if self.too_small() && !matches!(&heard, Heard::Key(key) if for_every_size(*key)) {
            // Nobody can see what this would do.
            return Vec::new();
        }
        match heard {
            Heard::Pasted(text) => {
                if self.over != Over::Nothing {
                    self.over = Over::Nothing;
                    return Vec::new();
                }
                self.notice = None;
                self.typed(&text.0, true)
            }
            Heard::Key(key) => self.press(key, now),
        }
    }

    fn press(&mut self, key: KeyEvent, now: Instant) -> Vec<Act> {
        let action = keys::action(key);
        match (self.over, action) {
            (_, Some(Action::Suspend)) => return vec![Act::Suspend],
            (_, Some(Action::Redraw)) => return vec![Act::Redraw],
            (Over::Quit, Some(Action::Quit)) => return vec![Act::Say(Input::Quit)],
            (Over::Quit, _) => {
                self.over = Over::Nothing;
                return Vec::new();
            }
            (_, Some(Action::Quit)) => return self.quit(),
            (Over::Help, _) => {
                self.turn_help(action);
                return Vec::new();
            }
            _ => {}
        }
        self.notice = None;
        match action {
            Some(Action::Help) => {
                self.over = Over::Help;
                self.help_scroll = 0;
                Vec::new()
            }
            Some(Action::Bare) => vec![Act::Bare],
            Some(Action::Copy) => self.copy(),
            Some(Action::PageUp | Action::PageDown) => self.turn(action == Some(Action::PageDown)),
            Some(Action::Away) => self.away(),
            // While something is under way only looking, stopping and quitting is possible.
            _ if self.page.as_ref().is_none_or(|page| page.busy.is_some()) => Vec::new(),
            Some(Action::Submit) => self.submit(),
            Some(Action::Next) => self.go(1, true),
            Some(Action::Previous) => self.go(-1, true),
            Some(Action::Up) => self.up_or_down(-1),
            Some(Action::Down) => self.up_or_down(1),
            Some(Action::Reveal) => {
                self.reveal(now);
                Vec::new()
            }
            Some(Action::Edit(edit)) => self.edit(edit),
            Some(Action::GoTo) => self.go_to(key.code),
            Some(_) => Vec::new(),
            None => match key.code {
                KeyCode::Char(sign) if (key.modifiers - KeyModifiers::SHIFT).is_empty() => {
                    self.typed(sign.encode_utf8(&mut [0; 4]), false)
                }
                _ => Vec::new(),
            },
        }
    }

    fn quit(&mut self) -> Vec<Act> {
        if self.page.as_ref().is_none_or(|page| page.last) {
            return vec![Act::Say(Input::Quit)];
        }
        self.over = Over::Quit;
        Vec::new()
    }

    fn away(&mut self) -> Vec<Act> {
        match &self.page {
            Some(page) if page.busy.is_some() => vec![Act::Say(Input::Stop)],
            Some(page) if page.back => vec![Act::Say(Input::Back)],
            Some(page) if page.last => vec![Act::Say(Input::Quit)],
            _ => Vec::new(),
        }
    }

    fn go_to(&self, key: KeyCode) -> Vec<Act> {
        let place = match key {
            KeyCode::Char(digit) => digit.to_digit(10).unwrap_or(0) as usize,
            _ => 0,
        };
        let step = self.page.as_ref().and_then(|page| page.road.get(place.checked_sub(1)?)).map(|(step, _)| *step);
        step.map(|step| Act::Say(Input::GoTo(step))).into_iter().collect()
    }

    fn submit(&mut self) -> Vec<Act> {
        let Some(page) = &self.page else { return Vec::new() };
        if page.last && page.questions().next().is_none() {
            return vec![Act::Say(Input::Quit)];
        }
        // Enter acts on nothing that cannot be seen: it brings it into sight first.
        if !self.window.focus_in_sight {
            self.bring = true;
            return Vec::new();
        }
        let mut acts = self.settle();
        self.submitted = true;
        acts.push(Act::Say(Input::Submit));
        acts
    }

    /// Says the answer that the highlight stands on.
    fn settle(&mut self) -> Vec<Act> {
        let Some(id) = self.focus.current.clone() else { return Vec::new() };
        let answer = self.page.as_ref().and_then(|page| self.focus.answer(question(page, &id)?));
        match answer {
            Some(choice) => {
                if let Some(page) = &self.page {
                    self.focus.said(page, &id);
                }
                vec![Act::Say(Input::Chose { question: id, choice })]
            }
            None => Vec::new(),
        }
    }

    /// On to another question. A highlight that was moved by hand is an answer then, though not submitted.
    fn go(&mut self, step: isize, around: bool) -> Vec<Act> {
        let Some(next) = self.page.as_ref().and_then(|page| self.focus.neighbour(page, step, around)) else {
            return Vec::new();
        };
        let moved = self.focus.current.as_ref().and_then(|id| self.focus.list(id)).is_some_and(|list| list.moved);
        let acts = if moved { self.settle() } else { Vec::new() };
        self.focus.current = Some(next);
        self.revealed = None;
        self.bring = true;
        acts
    }

    fn up_or_down(&mut self, step: isize) -> Vec<Act> {
        let id = self.focus.current.clone();
        if id.as_ref().and_then(|id| self.focus.list_mut(id)).is_some_and(|list| list.step(step)) {
            self.bring = true;
            return Vec::new();
        }
        let there = self.page.as_ref().and_then(|page| self.focus.neighbour(page, step, false));
        match there {
            Some(_) => self.go(step, false),
            None => {
                self.scroll_by(step);
                Vec::new()
            }
        }
    }

    /// PageUp and PageDown: a page of the list that has the keyboard, else of the body.
    fn turn(&mut self, down: bool) -> Vec<Act> {
        let rows = self.window.rows.saturating_sub(2).max(1) as isize;
        let id = self.focus.current.clone();
        let page = self.page.as_ref().filter(|page| page.busy.is_none());
        if let (Some(page), Some(id)) = (page, &id) {
            let long = matches!(question(page, id), Some(Question::Pick(pick)) if pick.items.len() > 10);
            if long && self.focus.list_mut(id).is_some_and(|list| list.step(if down { 8 } else { -8 })) {
                self.bring = true;
                return Vec::new();
            }
        }
        self.scroll_by(if down { rows } else { -rows });
        Vec::new()
    }

    fn scroll_by(&mut self, lines: isize) {
        let last = self.window.lines.saturating_sub(self.window.rows);
        self.scroll = self.scroll.saturating_add_signed(lines).min(last);
        self.bring = false;
    }

    fn turn_help(&mut self, action: Option<Action>) {
        let rows = self.window.rows.saturating_sub(2).max(1) as isize;
        let by = match action {
            Some(Action::Up) => -1,
            Some(Action::Down) => 1,
            Some(Action::PageUp) => -rows,
            Some(Action::PageDown) => rows,
            Some(Action::Away | Action::Submit | Action::Help) => {
                self.over = Over::Nothing;
                return;
            }
            _ => return,
        };
        let last = self.window.lines.saturating_sub(self.window.rows);
        self.help_scroll = self.help_scroll.saturating_add_signed(by).min(last);
    }

    fn reveal(&mut self, now: Instant) {
        let Some(id) = self.secret_in_focus() else { return };
        self.revealed = if self.revealed.is_some() { None } else { Some((id, now + REVEAL)) };
    }

    pub(super) fn secret_in_focus(&self) -> Option<Id> {
        match question(self.page.as_ref()?, self.focus.current.as_ref()?)? {
            Question::Field(field) if field.secret => Some(field.id.clone()),
            _ => None,
        }
    }

    /// A choice or list has the focus, and no answer of it is highlighted.
    pub(super) fn nothing_highlighted(&self) -> bool {
        let focused = self.page.as_ref().zip(self.focus.current.as_ref()).and_then(|(page, id)| question(page, id));
        match focused {
            Some(Question::Choice(choice)) => self.focus.list(&choice.id).is_none_or(|list| list.at.is_none()),
            Some(Question::Pick(pick)) => self.focus.list(&pick.id).is_none_or(|list| list.at.is_none()),
            _ => false,
        }
    }

    fn typed(&mut self, text: &str, pasted: bool) -> Vec<Act> {
        let Some(page) = self.page.as_ref().filter(|page| page.busy.is_none()) else { return Vec::new() };
        let Some(mut id) = self.focus.current.clone() else { return Vec::new() };
        // Among answers no letter means anything, so what is typed there is meant for the page's only field. Of several fields
        // nobody can say which. A token is meant for another page, and does not come into sight here.
        if text != " "
            && matches!(question(page, &id), Some(Question::Choice(_)))
            && let Some(only) = only_field(page)
            && take_apart(&only, &Text::new(text)).is_none()
        {
            id = only;
            self.focus.current = Some(id.clone());
        }
        self.bring = true;
        match question(page, &id) {
            Some(Question::Field(field)) => {
                let Some(editor) = self.focus.editor_mut(&id) else { return Vec::new() };
                let text = if pasted && !field.multiline { text.trim_matches('\n') } else { text };
                editor.insert(text);
                vec![Act::Say(Input::Typed { field: id.clone(), text: Text::new(editor.text()), pasted })]
            }
            Some(Question::Pick(pick)) => {
                if let Some(list) = self.focus.list_mut(&id) {
                    list.filter.push_str(text.trim_matches('\n'));
                    list.sifted_by_hand(pick);
                }
                Vec::new()
            }
            Some(Question::Choice(_)) if text == " " => self.settle(),
            _ => Vec::new(),
        }
    }

    fn edit(&mut self, edit: Edit) -> Vec<Act> {
        let (Some(page), Some(id)) = (&self.page, self.focus.current.clone()) else { return Vec::new() };
        self.bring = true;
        match question(page, &id) {
            Some(Question::Field(_)) => {
                let Some(editor) = self.focus.editor_mut(&id) else { return Vec::new() };
                if !editor.edit(edit) {
                    return Vec::new();
                }
                vec![Act::Say(Input::Typed { field: id.clone(), text: Text::new(editor.text()), pasted: false })]
            }
            Some(Question::Pick(pick)) => {
                let Some(list) = self.focus.list_mut(&id) else { return Vec::new() };
                match edit {
                    Edit::Start => list.jump(0),
                    Edit::End => list.jump(list.rows.len().saturating_sub(1)),
                    Edit::Backspace => {
                        list.filter.pop();
                        list.sifted_by_hand(pick);
                    }
                    Edit::DeleteToStart | Edit::DeleteWord => {
                        list.filter.clear();
                        list.sifted_by_hand(pick);
                    }
                    _ => {}
                }
                Vec::new()
            }
            Some(Question::Choice(choice)) => {
                let last = choice.options.len().saturating_sub(1);
                if let Some(list) = self.focus.list_mut(&id) {
                    match edit {
                        Edit::Start => list.jump(0),
                        Edit::End => list.jump(last),
                        _ => {}
                    }
                }
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// The next command of the page, to the clipboard.
    fn copy(&mut self) -> Vec<Act> {
        let Some(page) = &self.page else { return Vec::new() };
        let all = commands(page);
        if all.is_empty() {
            self.notice = Some("There is no command here to copy.".to_owned());
            return Vec::new();
        }
        let place = self.copied.map_or(0, |last| (last + 1) % all.len());
        let text = all[place].clone();
        let which = if all.len() > 1 { format!(" ({} of {})", place + 1, all.len()) } else { String::new() };
        self.notice = Some(format!("Sent to the clipboard{which}, if this terminal allows it: {text}"));
        self.copied = Some(place);
        vec![Act::Copy(text)]
    }
}

/// Keys that do the same whether or not there is room for a page.
fn for_every_size(key: KeyEvent) -> bool {
    matches!(keys::action(key), Some(Action::Quit | Action::Suspend | Action::Redraw))
}

/// The commands of a page, in reading order.
pub fn commands(page: &Page) -> Vec<&String> {
    page.blocks
        .iter()
        .flat_map(|block| match block {
            Block::Command(command) => vec![&command.text],
            Block::Findings(findings) => findings
                .iter()
                .flat_map(|finding| &finding.fix)
                .filter_map(|fix| match fix {
                    Fix::Run { command, .. } => Some(command),
                    Fix::Say(_) => None,
                })
                .collect(),
            _ => Vec::new(),
        })
        .collect()
}

/// The field of a page that has exactly one.
fn only_field(page: &Page) -> Option<Id> {
    let mut fields = page.blocks.iter().filter_map(|block| match block {
        Block::Field(field) => Some(field.id.clone()),
        _ => None,
    });
    let only = fields.next()?;
    fields.next().is_none().then_some(only)
}
