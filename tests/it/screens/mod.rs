//! Screens as they are drawn, with their styles, at three sizes; and what keys say.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use labwizard::domain::Id;
use labwizard::front::Look;
use labwizard::front::tui::keyboard::{Heard, Keyboard};
use labwizard::front::tui::screen::{Act, Screen};
use labwizard::wizard::message::Input;
use labwizard::wizard::page::{Block, Page};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier};

mod keys;
mod making;
mod pages;
mod pictures;
mod repair;
pub mod svg;
mod terminal;

const UNICODE: Look = Look { color: true, ascii: false };
const SIZES: [(u16, u16); 3] = [(80, 24), (60, 16), (120, 40)];

/// A screen that shows a page, and what was said to it.
struct Held {
    screen: Screen,
    now: Instant,
}

impl Held {
    fn new(page: Page, look: Look, size: (u16, u16)) -> Self {
        let mut held = Held { screen: Screen::new(look, size), now: Instant::now() };
        held.show(page);
        held
    }

    fn show(&mut self, page: Page) {
        self.screen.show(page, self.now);
        self.frame();
    }

    /// One key, as the terminal's bytes.
    fn press(&mut self, bytes: &[u8]) -> Vec<Act> {
        let mut keyboard = Keyboard::default();
        let mut heard = keyboard.read(bytes, self.now);
        if keyboard.waits().is_some() {
            heard.extend(keyboard.settle());
        }
        let acts = heard.into_iter().flat_map(|heard| self.screen.hear(heard, self.now)).collect();
        self.frame();
        acts
    }

    fn say(&mut self, bytes: &[u8]) -> Vec<Input> {
        let inputs = self.press(bytes).into_iter().filter_map(|act| match act {
            Act::Say(input) => Some(input),
            _ => None,
        });
        inputs.collect()
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
    }

    fn frame(&mut self) -> (Buffer, Option<Position>) {
        let (width, height) = self.size();
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let cursor = self.screen.paint(&mut buffer, self.now);
        (buffer, cursor)
    }

    fn size(&self) -> (u16, u16) {
        self.screen.size()
    }

    fn text(&mut self) -> String {
        rows(&self.frame().0).join("\n")
    }
}

fn rows(buffer: &Buffer) -> Vec<String> {
    (0..buffer.area.height)
        .map(|y| {
            let mut row = String::new();
            let mut x = 0;
            while x < buffer.area.width {
                let symbol = buffer[(x, y)].symbol();
                row.push_str(symbol);
                x += unicode_width::UnicodeWidthStr::width(symbol).max(1) as u16;
            }
            row.trim_end().to_owned()
        })
        .collect()
}

/// The rows, and behind each the runs of its styles: `2-10 bold cyan`. The cursor stands at the end.
fn picture(buffer: &Buffer, cursor: Option<Position>) -> String {
    let mut out = String::new();
    for (y, row) in rows(buffer).iter().enumerate() {
        out.push_str(&format!("{row}\n"));
        let mut styles = Vec::new();
        let mut x = 0;
        while x < buffer.area.width {
            let cell = &buffer[(x, y as u16)];
            let start = x;
            while x < buffer.area.width && style(&buffer[(x, y as u16)]) == style(cell) {
                x += 1;
            }
            if !style(cell).is_empty() {
                styles.push(format!("{start}-{} {}", x - 1, style(cell)));
            }
        }
        if !styles.is_empty() {
            out.push_str(&format!("    ╎ {}\n", styles.join(", ")));
        }
    }
    match cursor {
        Some(place) => out.push_str(&format!("cursor at column {}, row {}\n", place.x, place.y)),
        None => out.push_str("no cursor\n"),
    }
    out
}

fn style(cell: &ratatui::buffer::Cell) -> String {
    let mut words = Vec::new();
    for (modifier, word) in [(Modifier::BOLD, "bold"), (Modifier::DIM, "dim"), (Modifier::REVERSED, "reversed")] {
        if cell.modifier.contains(modifier) {
            words.push(word.to_owned());
        }
    }
    for (color, what) in [(cell.fg, ""), (cell.bg, "on ")] {
        if color != Color::Reset {
            words.push(format!("{what}{color}").to_lowercase());
        }
    }
    words.join(" ")
}

fn screens() -> Vec<(&'static str, Page)> {
    let mut all = vec![
        ("screen_host", pages::host()),
        ("screen_trust", pages::trust()),
        ("screen_verify", pages::verify()),
        ("screen_review", pages::review()),
        ("screen_done", pages::done()),
    ];
    all.extend(pages::kinds());
    all
}

#[test]
fn every_screen_looks_as_agreed() {
    for (name, page) in screens() {
        for size in SIZES {
            let mut held = Held::new(page.clone(), UNICODE, size);
            let (buffer, cursor) = held.frame();
            let name = format!("{name}_{}x{}", size.0, size.1);
            insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../snapshots" }, {
                insta::assert_snapshot!(name, picture(&buffer, cursor));
            });
        }
    }
}

#[test]
fn without_colour_the_weight_and_the_words_remain() {
    let look = Look { color: false, ascii: true };
    for (name, page) in [("verify", pages::verify()), ("field", pages::kinds().swap_remove(1).1)] {
        let (buffer, cursor) = Held::new(page, look, (80, 24)).frame();
        assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
        let name = format!("{name}_plain_ascii_80x24");
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../snapshots" }, {
            insta::assert_snapshot!(name, picture(&buffer, cursor));
        });
    }
}

#[test]
fn an_ascii_screen_has_nothing_beyond_ascii_and_every_screen_nothing_that_steers() {
    for (name, page) in screens() {
        for size in SIZES {
            let ascii = Held::new(page.clone(), Look { color: true, ascii: true }, size).text();
            assert!(ascii.is_ascii(), "{name}: {ascii}");
            let unicode = Held::new(page.clone(), UNICODE, size).text();
            assert!(!unicode.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{name}: {unicode}");
        }
    }
}

#[test]
fn nothing_of_a_page_is_cut_it_can_all_be_scrolled_to() {
    for (name, page) in screens() {
        if page.blocks.iter().any(|block| matches!(block, Block::Pick(_))) {
            continue;
        }
        let mut held = Held::new(page.clone(), UNICODE, (60, 16));
        let mut seen = String::new();
        for _ in 0..12 {
            seen.push_str(&held.text());
            held.press(b"\x1b[6~");
        }
        let squeezed = |text: &str| text.split_whitespace().collect::<String>();
        let seen = squeezed(&seen);
        for block in &page.blocks {
            let text = match block {
                Block::Text(paragraph) => &paragraph.text,
                Block::Command(command) => &command.text,
                _ => continue,
            };
            for word in text.split_whitespace().filter(|word| !word.contains('\u{1b}')) {
                assert!(seen.contains(word), "{name}: {word:?} of {text:?}");
            }
        }
    }
}

#[test]
fn a_screen_that_is_too_small_says_what_is_needed() {
    for (size, words) in
        [((59, 16), "needs 60 columns"), ((80, 15), "needs 60 columns"), ((20, 5), "60x16"), ((3, 1), "")]
    {
        let shown = Held::new(pages::host(), UNICODE, size).text();
        assert!(shown.contains(words), "{size:?}: {shown}");
    }
}

fn id(name: &'static str) -> Id {
    Id::fixed(name)
}

fn key(code: KeyCode) -> Heard {
    Heard::Key(KeyEvent::new(code, KeyModifiers::NONE))
}
