//! Holds the conversation with a person: full screen, line by line, or unattended.
//!
//! There is one loop, in `runtime`; a front end draws pages and says what the person did. It owns only focus, cursor, scroll,
//! filter and reveal: all words about the matter come with the page.

use std::io;

use crate::wizard::message::Input;
use crate::wizard::page::{Block, Page};

pub mod glyph;
pub mod plain;
pub mod shown;
pub mod tui;
pub mod unattended;
pub mod words;

/// A way to hold the conversation.
pub trait Front {
    /// Shows the page as it is now, and keeps it. Called after every change; draws only what differs.
    fn show(&mut self, page: Page) -> io::Result<()>;

    /// Waits for what the person does next. While the shown page is busy, only stopping and quitting are said. Dropping the
    /// future loses nothing that was typed.
    fn next(&mut self) -> impl Future<Output = io::Result<Input>>;

    /// Whether a program that asks by itself finds a person at a terminal, once that was lent to it.
    fn can_lend(&self) -> bool {
        false
    }

    /// Gives the terminal back as it was, runs `work`, and takes it again: for programs that ask by themselves.
    fn lend(&mut self, work: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()>;

    /// Ends: the terminal is given back, and `summary` stays in its normal screen.
    fn end(&mut self, summary: &[String]) -> io::Result<()>;
}

/// How things are to look, on whatever front end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Colours; without, not one colour code is written.
    pub color: bool,
    /// Nothing beyond ASCII is written.
    pub ascii: bool,
}

/// Whether the full screen can be used: nobody asked for `--plain`, both ends are a terminal, and it can move its cursor.
pub fn full_screen_fits(plain: bool, term: Option<&str>, stdin_is_terminal: bool, stdout_is_terminal: bool) -> bool {
    let can_move = term.is_some_and(|term| !matches!(term, "" | "dumb" | "unknown"));
    !plain && can_move && stdin_is_terminal && stdout_is_terminal
}

/// The plain lines of a last page, which stay in the normal screen after quitting: they can be scrolled to and copied.
pub fn summary(page: &Page) -> Vec<String> {
    let told = |block: &&Block| !matches!(block, Block::Choice(_) | Block::Field(_) | Block::Pick(_));
    let page = Page { blocks: page.blocks.iter().filter(told).cloned().collect(), ..page.clone() };
    words::page(&page, false)
}

/// Whether a page is another one than the page before it, rather than the same with new words: what was begun on it is over.
fn is_another(before: &Page, page: &Page) -> bool {
    let shared = || before.questions().any(|id| page.questions().any(|other| other == id));
    before.step != page.step || (before.title != page.title && !shared())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_screen_wants_a_terminal_at_both_ends_that_can_move_its_cursor() {
        assert!(full_screen_fits(false, Some("xterm-256color"), true, true));
        assert!(!full_screen_fits(true, Some("xterm"), true, true));
        assert!(!full_screen_fits(false, Some("dumb"), true, true));
        assert!(!full_screen_fits(false, None, true, true));
        assert!(!full_screen_fits(false, Some("xterm"), false, true));
        assert!(!full_screen_fits(false, Some("xterm"), true, false));
    }
}
