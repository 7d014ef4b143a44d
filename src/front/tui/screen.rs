//! The full screen without a terminal: keys and pages in, frames and what the person said out.
//!
//! ```text
//!  labwizard                     Host · 2 of 7     product, where we are
//!  ✓ Target   ▸ Host   · Trust                     the road of steps
//! ────────────────────────────────────────────
//!  ! demo: nothing here touches your files         the banner, where there is one
//!   title, blocks                                  the body: scrolls
//!  asking pve.lan · 3 s                            what is under way, or a notice
//! ──────────────────────── lines 1–17 of 42 ──
//!  Enter next   Esc back   F1 help   Ctrl-C quit   from the table of keys
//! ```

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::domain::{Fix, Id, Text};
use crate::front::Look;
use crate::front::glyph::Glyph;
use crate::front::tui::block;
use crate::front::tui::editor::Edit;
use crate::front::tui::focus::{Focus, Question, question};
use crate::front::tui::frame;
use crate::front::tui::keyboard::Heard;
use crate::front::tui::keys::{self, Action};
use crate::front::tui::sheet::Sheet;
use crate::front::tui::theme::Role;
use crate::wizard::message::Input;
use crate::wizard::page::{Block, Page};

/// How long a secret stays shown.
const REVEAL: Duration = Duration::from_secs(20);
/// From when on it is told how long something takes.
const PATIENCE: Duration = Duration::from_secs(2);
/// The widest that text is set; longer lines are hard to read.
const WIDEST: u16 = 100;
/// The smallest screen that holds a page.
pub const SMALLEST: (u16, u16) = (60, 16);

/// What a key leads to, beside another frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Say(Input),
    Suspend,
    /// To the clipboard; a command or address, never a secret.
    Copy(String),
    /// Show this page without frame and wrap.
    Bare,
    /// Draw all anew.
    Redraw,
}

/// What lies over the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    Nothing,
    Help,
    /// The question whether to quit.
    Quit,
}

pub struct Screen {
    pub(super) look: Look,
    pub(super) size: (u16, u16),
    page: Option<Page>,
    focus: Focus,
    over: Over,
    /// First line of the body, and of the help, that is in sight.
    scroll: usize,
    help_scroll: usize,
    /// The next frame brings the focus into sight.
    bring: bool,
    /// What the last frame showed of the body, to know how far a page of it is and whether Enter acts on what is in sight.
    window: Window,
    submitted: bool,
    notice: Option<String>,
    /// Which command was copied last.
    copied: Option<usize>,
    revealed: Option<(Id, Instant)>,
    busy_since: Option<Instant>,
}

#[derive(Clone, Copy, Default)]
struct Window {
    rows: usize,
    lines: usize,
    focus_in_sight: bool,
}

impl Screen {
    pub fn new(look: Look, size: (u16, u16)) -> Self {
        Screen {
            look,
            size,
            page: None,
            focus: Focus::default(),
            over: Over::Nothing,
            scroll: 0,
            help_scroll: 0,
            bring: false,
            window: Window { focus_in_sight: true, ..Window::default() },
            submitted: false,
            notice: None,
            copied: None,
            revealed: None,
            busy_since: None,
        }
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        self.size
    }

    pub fn page(&self) -> Option<&Page> {
        self.page.as_ref()
    }

    /// Takes over a page. Whether it is one of another step, for which a fresh key is wanted.
    pub fn show(&mut self, page: Page, now: Instant) -> bool {
        let other_step = self.page.as_ref().is_none_or(|before| before.step != page.step);
        let anew = other_step || self.page.as_ref().is_some_and(|before| before.title != page.title);
        if anew {
            self.scroll = 0;
            self.bring = false;
            self.notice = None;
            self.copied = None;
            self.revealed = None;
            self.over = if self.over == Over::Quit { Over::Quit } else { Over::Nothing };
        }
        self.focus.follow(&page, anew);
        if page.busy.is_none() {
            self.busy_since = None;
            if self.submitted && !anew && page.focus.is_some() {
                self.focus.current =
                    page.focus.clone().filter(|id| question(&page, id).is_some()).or(self.focus.current.take());
                self.bring = true;
            }
            self.submitted = false;
        } else if self.busy_since.is_none() {
            self.busy_since = Some(now);
        }
        self.page = Some(page);
        other_step
    }

    pub fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.revealed = None;
        self.bring = true;
    }

    /// Secrets are hidden again: the terminal is given away.
    pub fn cover(&mut self) {
        self.revealed = None;
    }

    pub fn notice(&mut self, words: impl Into<String>) {
        self.notice = Some(words.into());
    }

    /// When the screen changes by itself; nothing while nothing runs.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        let busy = self.busy_since.map(|since| {
            let next_second = now.duration_since(since).as_secs() + 1;
            since + Duration::from_secs(next_second).max(PATIENCE)
        });
        let hide = self.revealed.as_ref().map(|(_, until)| *until);
        busy.into_iter().chain(hide).min()
    }

    /// What was heard, and what comes of it, in order.
    pub fn hear(&mut self, heard: Heard, now: Instant) -> Vec<Act> {
        if self.revealed.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.revealed = None;
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
            Some(_) => Vec::new(),
            None => match key.code {
                KeyCode::Char(sign) if (key.modifiers - KeyModifiers::SHIFT).is_empty() => {
                    self.typed(sign.encode_utf8(&mut [0; 4]), false)
                }
                KeyCode::Char(digit @ '1'..='9') if key.modifiers == KeyModifiers::ALT => self.go_to(digit),
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

    /// Alt and a digit: that step of the road.
    fn go_to(&mut self, digit: char) -> Vec<Act> {
        let place = digit as usize - '1' as usize;
        let step = self.page.as_ref().and_then(|page| page.road.get(place)).map(|(step, _)| *step);
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

    fn secret_in_focus(&self) -> Option<Id> {
        match question(self.page.as_ref()?, self.focus.current.as_ref()?)? {
            Question::Field(field) if field.secret => Some(field.id.clone()),
            _ => None,
        }
    }

    fn typed(&mut self, text: &str, pasted: bool) -> Vec<Act> {
        let Some(page) = self.page.as_ref().filter(|page| page.busy.is_none()) else { return Vec::new() };
        let Some(id) = self.focus.current.clone() else { return Vec::new() };
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

    /// Draws the frame; where the text cursor stands is returned.
    pub fn paint(&mut self, buffer: &mut Buffer, now: Instant) -> Option<Position> {
        if self.revealed.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.revealed = None;
        }
        let (columns, rows) = self.size;
        if columns < SMALLEST.0 || rows < SMALLEST.1 {
            frame::too_small(buffer, self.look);
            return None;
        }
        let page = self.page.as_ref()?;
        let status = self.status(page, now);
        let frame = |air| frame::Frame::new(self.size, page, status.as_ref(), air, self.look);
        let tall = usize::from(frame(false).body.height);
        let width = usize::from(columns.min(WIDEST)).saturating_sub(1);
        let mut sheet = Sheet::new(width, self.look);
        let help = self.over == Over::Help;
        if help {
            frame::help(&mut sheet, page);
        } else {
            let revealed = self.revealed.as_ref().map(|(id, _)| id);
            block::page(&mut sheet, page, &self.focus, revealed, tall);
        }

        let frame = frame(sheet.lines.len() < tall);
        let (body, tall) = (frame.body, usize::from(frame.body.height));
        let last = sheet.lines.len().saturating_sub(tall);
        let scroll = if help { &mut self.help_scroll } else { &mut self.scroll };
        if !help && self.bring {
            if let Some(focus) = &sheet.focus {
                let end = focus.end.min(focus.start + tall);
                *scroll = (*scroll).max(end.saturating_sub(tall)).min(focus.start);
            }
            if let Some((line, _)) = sheet.cursor {
                *scroll = (*scroll).max((line + 1).saturating_sub(tall)).min(line);
            }
        }
        *scroll = (*scroll).min(last);
        let first = *scroll;
        let in_sight = |line: usize| (first..first + tall).contains(&line);
        let focus_in_sight = match (&sheet.focus, sheet.cursor) {
            (_, Some((line, _))) => in_sight(line),
            (Some(focus), None) => focus.is_empty() || in_sight(focus.start),
            (None, None) => true,
        };
        self.window = Window {
            rows: tall,
            lines: sheet.lines.len(),
            focus_in_sight: if help { self.window.focus_in_sight } else { focus_in_sight },
        };
        let cursor = sheet.cursor.filter(|(line, _)| !help && page.busy.is_none() && in_sight(*line));

        frame.draw_body(buffer, &sheet.lines[first..], first, sheet.lines.len());
        frame.draw_edges(buffer, page, &self.footer(page));
        let (line, column) = cursor.filter(|_| self.over == Over::Nothing)?;
        let column = u16::try_from(column).unwrap_or(u16::MAX).min(body.width.saturating_sub(1));
        Some(Position { x: body.x + column, y: body.y + (line - first) as u16 })
    }

    /// The line above the footer: the question whether to quit, what is under way, or what was done.
    fn status(&self, page: &Page, now: Instant) -> Option<(Glyph, Role, String)> {
        if self.over == Over::Quit {
            let words = format!("Quit labwizard? {} again quits, any other key stays.", keys::name(Action::Quit));
            return Some((Glyph::Warning, Role::Warning, words));
        }
        if let Some(notice) = &self.notice {
            return Some((Glyph::Dot, Role::Focus, notice.clone()));
        }
        let busy = page.busy.as_ref()?;
        let took = self.busy_since.map(|since| now.saturating_duration_since(since)).filter(|took| *took >= PATIENCE);
        let took = took.map(|took| format!(" {} {} s", Glyph::Dot.of(false), took.as_secs())).unwrap_or_default();
        Some((Glyph::Running, Role::Focus, format!("{busy}{took}")))
    }

    /// At most five keys that do something here, from the table.
    fn footer(&self, page: &Page) -> Vec<(&'static str, &'static str)> {
        let mut all: Vec<(Action, &'static str)> = Vec::new();
        if self.over == Over::Help {
            all.extend([(Action::Away, "close"), (Action::PageDown, "more")]);
        } else if page.busy.is_some() {
            all.push((Action::Away, "stop"));
        } else if page.last && page.questions().next().is_none() {
            all.push((Action::Submit, "leave"));
        } else {
            all.push((Action::Submit, if self.window.focus_in_sight { page.submit } else { "see the answers" }));
            if page.back {
                all.push((Action::Away, "back"));
            }
        }
        if self.over != Over::Help {
            if self.secret_in_focus().is_some() {
                all.push((Action::Reveal, if self.revealed.is_some() { "hide" } else { "show" }));
            } else if !commands(page).is_empty() {
                all.push((Action::Copy, "copy"));
            } else if page.questions().nth(1).is_some() && page.busy.is_none() {
                all.push((Action::Next, "next question"));
            }
            all.push((Action::Help, "help"));
        }
        all.push((Action::Quit, "quit"));
        all.into_iter().map(|(action, words)| (keys::name(action), words)).collect()
    }
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
