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

/// The plain lines of a last page, which stay in the normal screen after quitting: they can be scrolled to and copied.
pub fn summary(page: &Page) -> Vec<String> {
    let told = |block: &&Block| !matches!(block, Block::Choice(_) | Block::Field(_) | Block::Pick(_));
    let page = Page { blocks: page.blocks.iter().filter(told).cloned().collect(), ..page.clone() };
    words::page(&page, false)
}
