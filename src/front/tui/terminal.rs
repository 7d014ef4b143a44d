//! Takes the terminal and gives it back as it was: after quitting, an error, a panic, Ctrl-Z.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::thread::ThreadId;

use crossterm::Command;
use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};

/// The thread that holds the terminal, while one does.
static HOLDER: Mutex<Option<ThreadId>> = Mutex::new(None);

/// The bytes that take the screen.
pub fn taking() -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, &EnterAlternateScreen);
    write(&mut out, &EnableBracketedPaste);
    write(&mut out, &Hide);
    out
}

/// The bytes that give the screen back: styles off, no paste brackets, the normal screen, a cursor.
pub fn giving_back() -> Vec<u8> {
    let mut out = b"\x1b[0m".to_vec();
    write(&mut out, &DisableBracketedPaste);
    write(&mut out, &LeaveAlternateScreen);
    write(&mut out, &Show);
    out
}

/// The bytes that put a text into the terminal's clipboard (OSC 52). Some terminals have this off.
pub fn copying(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, &CopyToClipboard::to_clipboard_from(text));
    out
}

fn write(out: &mut Vec<u8>, command: &impl Command) {
    let mut text = String::new();
    // Writing into a string does not fail.
    let _ = command.write_ansi(&mut text);
    out.extend_from_slice(text.as_bytes());
}

/// Holds the terminal from [`Terminal::take`] to [`Terminal::give_back`] or its drop.
pub struct Terminal(());

impl Terminal {
    pub fn take() -> io::Result<Self> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "full screen needs a terminal; --plain needs none"));
        }
        let mut terminal = Terminal(());
        terminal.take_again()?;
        Ok(terminal)
    }

    pub fn take_again(&mut self) -> io::Result<()> {
        // Whatever another program left behind: raw mode is set anew, not trusted.
        let _ = disable_raw_mode();
        enable_raw_mode()?;
        hold(true);
        self.write(&taking())
    }

    pub fn give_back(&mut self) -> io::Result<()> {
        // A panic may have given it back already; a second time would put the cursor into what was written since.
        if !hold(false) {
            return Ok(());
        }
        let written = self.write(&giving_back());
        disable_raw_mode().and(written)
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A terminal that is gone cannot be given back.
        let _ = self.give_back();
    }
}

/// Whether it was held before.
fn hold(held: bool) -> bool {
    let mut holder = HOLDER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    std::mem::replace(&mut *holder, held.then(|| std::thread::current().id())).is_some()
}

/// Columns and rows.
pub fn size() -> (u16, u16) {
    match rustix::termios::tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col, size.ws_row),
        _ => (80, 24),
    }
}

/// Throws away what was typed ahead and not read yet.
pub fn discard_typed_ahead() {
    // Where there is no terminal, nothing was typed.
    let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}

/// Stops this program as Ctrl-Z does, with all that was started in the same line; returns when it goes on.
pub fn stop() -> io::Result<()> {
    let group = rustix::process::getpgrp();
    Ok(rustix::process::kill_process_group(group, rustix::process::Signal::TSTP)?)
}

/// From now on a panic gives the terminal back and says where it was, in which version, and one fixed sentence. What the panic
/// says itself is never printed: it may hold what was typed.
pub fn say_panics_without_their_words() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        let holder = *HOLDER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // A panic elsewhere ends a task, not the conversation, and must not write over the screen.
        let here = holder.is_none_or(|holder| holder == std::thread::current().id());
        if !here {
            return;
        }
        let mut out = io::stderr().lock();
        if holder.is_some() {
            hold(false);
            let _ = io::stdout().lock().write_all(&giving_back()).and_then(|()| io::stdout().lock().flush());
            let _ = disable_raw_mode();
        }
        let _ = writeln!(out, "{}", panic_words(&place));
    }));
}

fn panic_words(place: &str) -> String {
    format!(
        "labwizard {} stopped because of a mistake of its own at {place}. What was written stays written, and the next run \
         sees it. A report with this line helps to mend it; it holds nothing that you typed.",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_is_given_back_with_the_very_bytes() {
        assert_eq!(taking(), b"\x1b[?1049h\x1b[?2004h\x1b[?25l");
        assert_eq!(giving_back(), b"\x1b[0m\x1b[?2004l\x1b[?1049l\x1b[?25h");
    }

    #[test]
    fn what_is_taken_is_given_back() {
        let modes = |bytes: Vec<u8>, on: char| {
            let text = String::from_utf8(bytes).unwrap();
            let mut modes: Vec<String> =
                text.split("\x1b[?").filter_map(|part| part.strip_suffix(on).map(str::to_owned)).collect();
            modes.sort();
            modes
        };
        let mut on = modes(taking(), 'h');
        on.push("25".to_owned());
        let off = modes(giving_back(), 'l');
        assert_eq!(modes(taking(), 'l'), ["25"]);
        assert_eq!(modes(giving_back(), 'h'), ["25"]);
        assert_eq!(on.iter().filter(|mode| *mode != "25").collect::<Vec<_>>(), off.iter().collect::<Vec<_>>());
    }

    #[test]
    fn copying_is_one_osc_52_to_the_clipboard() {
        assert_eq!(copying("pvenode cert info"), b"\x1b]52;c;cHZlbm9kZSBjZXJ0IGluZm8=\x1b\\");
    }
}
