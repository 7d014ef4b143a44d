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

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::domain::Id;
use crate::domain::finding::Step;
use crate::front::glyph::Glyph;
use crate::front::tui::block;
use crate::front::tui::focus::{Focus, question};
use crate::front::tui::frame;
use crate::front::tui::keys::{self, Action};
use crate::front::tui::sheet::Sheet;
use crate::front::tui::theme::Role;
use crate::front::{Look, is_another};
use crate::wizard::message::Input;
use crate::wizard::page::Page;

mod press;

use press::commands;

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

    /// Takes over a page. Whether it is of another step or asks something else, for which a fresh key is wanted.
    pub fn show(&mut self, page: Page, now: Instant) -> bool {
        let before = self.page.as_ref();
        let anew = before.is_none_or(|before| is_another(before, &page));
        let fresh = before.is_none_or(|before| before.step != page.step || before.title != page.title);
        if anew {
            self.scroll = 0;
            self.bring = false;
            self.submitted = false;
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
        fresh
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

    /// When the screen changes by itself; nothing while nothing runs.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        let busy = self.busy_since.map(|since| {
            let next_second = now.duration_since(since).as_secs() + 1;
            since + Duration::from_secs(next_second).max(PATIENCE)
        });
        let hide = self.revealed.as_ref().map(|(_, until)| *until);
        busy.into_iter().chain(hide).min()
    }

    /// Draws the frame; where the text cursor stands is returned.
    pub fn paint(&mut self, buffer: &mut Buffer, now: Instant) -> Option<Position> {
        if self.revealed.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.revealed = None;
        }
        let (columns, _) = self.size;
        if self.too_small() {
            frame::too_small(buffer, self.over == Over::Quit, self.look);
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

    fn too_small(&self) -> bool {
        self.size.0 < SMALLEST.0 || self.size.1 < SMALLEST.1
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
            // What a run does comes to its end.
            if page.step < Step::Review {
                all.push((Action::Away, "stop"));
            }
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
            } else if page.busy.is_none() && self.nothing_highlighted() {
                all.push((Action::Down, "choose"));
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
