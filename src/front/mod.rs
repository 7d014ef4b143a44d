//! Holds the conversation with a person: full screen, line by line, or unattended.
//!
//! There is one loop, in `runtime`; a front end draws pages and says what the person did. It owns only focus, cursor, scroll,
//! filter and reveal: all words come with the page.

use std::io;

use crate::wizard::message::Input;
use crate::wizard::page::Page;

/// A way to hold the conversation.
pub trait Front {
    /// Shows the page as it is now. Called after every change; draws only what differs.
    fn show(&mut self, page: &Page) -> io::Result<()>;

    /// Waits for what the person does next. While the shown page is busy, only stopping and quitting are said. Dropping the
    /// future loses nothing that was typed.
    fn next(&mut self) -> impl Future<Output = io::Result<Input>>;

    /// Gives the terminal back as it was, runs `work`, and takes it again: for suspension and for programs that ask by themselves.
    fn lend(&mut self, work: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()>;

    /// Ends: the terminal is given back, and `summary` stays in its normal screen.
    fn end(&mut self, summary: &[String]) -> io::Result<()>;
}
