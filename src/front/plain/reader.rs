//! Lines from stdin, read on a thread of its own and only when one was asked for, so that what is lent gets its own input.

use std::io::{self, BufRead, IsTerminal};
use std::sync::{Arc, Mutex, mpsc as requests};

use rustix::termios::{LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

/// What came.
pub enum Heard {
    /// An answer, of several lines where a pasted text had them. What was typed ahead on a terminal may have been thrown away.
    Line {
        text: Zeroizing<String>,
        thrown_away: bool,
    },
    End,
}

struct Request {
    several: bool,
}

/// Asks the thread for one answer at a time.
pub struct Reader {
    requests: requests::Sender<Request>,
    heard: mpsc::UnboundedReceiver<io::Result<Heard>>,
    terminal: bool,
    /// A line was asked for and has not come.
    asked: bool,
    /// The terminal's modes from before the echo was turned off, while it is off.
    before: Arc<Mutex<Option<Termios>>>,
}

impl Reader {
    pub fn stdin() -> Self {
        let terminal = io::stdin().is_terminal();
        Reader::of(|| io::BufReader::new(io::stdin()), terminal)
    }

    /// For tests: as from a pipe.
    #[cfg(test)]
    pub fn from_bytes(bytes: &'static [u8]) -> Self {
        Reader::of(move || bytes, false)
    }

    fn of<R: BufRead>(source: impl FnOnce() -> R + Send + 'static, terminal: bool) -> Self {
        let (requests, asked) = requests::channel::<Request>();
        let (tell, heard) = mpsc::unbounded_channel();
        let before = Arc::new(Mutex::new(None));
        let modes = Arc::clone(&before);
        std::thread::spawn(move || {
            let mut source = source();
            while let Ok(request) = asked.recv() {
                let answer = answer(&mut source, &request, terminal, &modes);
                let over = matches!(answer, Ok(Heard::End) | Err(_));
                if tell.send(answer).is_err() || over {
                    return;
                }
            }
        });
        Reader { requests, heard, terminal, asked: false, before }
    }

    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Asks for one answer; while one is awaited already, that one stays the next.
    pub fn ask(&mut self, several: bool) {
        if std::mem::replace(&mut self.asked, true) {
            return;
        }
        // A thread that has ended has said so in the other channel.
        let _ = self.requests.send(Request { several });
    }

    pub async fn heard(&mut self) -> io::Result<Heard> {
        let heard = self.heard.recv().await.unwrap_or(Ok(Heard::End));
        self.asked = false;
        heard
    }

    /// Turns the echo off until the next answer is there. It comes before the prompt: who sees that may type or paste at once.
    pub fn silence(&self) -> io::Result<()> {
        let mut before = self.before.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !self.terminal || before.is_some() {
            return Ok(());
        }
        let now = tcgetattr(io::stdin())?;
        let mut quiet = now.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        // The line's end is still seen, so that one knows that it was taken.
        quiet.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Now, &quiet)?;
        *before = Some(now);
        Ok(())
    }

    /// Turns the echo on again, if it is off.
    pub fn restore(&self) {
        restore(&self.before);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.restore();
    }
}

fn restore(before: &Mutex<Option<Termios>>) {
    let mut before = before.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(modes) = before.take() {
        // A terminal that is gone has no echo to restore.
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &modes);
    }
}

fn answer(
    source: &mut impl BufRead,
    request: &Request,
    terminal: bool,
    modes: &Mutex<Option<Termios>>,
) -> io::Result<Heard> {
    let text = read_answer(source, request.several, || terminal && waiting() > 0);
    restore(modes);
    let thrown_away = terminal && waiting() > 0;
    if thrown_away {
        tcflush(io::stdin(), QueueSelector::IFlush)?;
    }
    Ok(match text? {
        Some(text) => Heard::Line { text, thrown_away },
        None => Heard::End,
    })
}

/// Bytes that wait on the terminal.
fn waiting() -> u64 {
    rustix::io::ioctl_fionread(io::stdin()).unwrap_or(0)
}

/// One answer: a line; where several may come, up to an empty line, the end of what the first line opened, or as long as more
/// of a paste waits. Nothing at the end of input.
fn read_answer(
    source: &mut impl BufRead,
    several: bool,
    more_waits: impl Fn() -> bool,
) -> io::Result<Option<Zeroizing<String>>> {
    let mut text = Zeroizing::new(String::with_capacity(4096));
    loop {
        let start = text.len();
        let mut bytes = Zeroizing::new(Vec::new());
        let count = source.read_until(b'\n', &mut bytes)?;
        text.push_str(&String::from_utf8_lossy(&bytes));
        let line = text[start..].trim_end_matches(['\n', '\r']);
        let (empty, end) = (line.is_empty(), start + line.len());
        if count == 0 && start == 0 {
            return Ok(None);
        }
        if !several || count == 0 || empty || !(is_open(&text) || more_waits()) {
            text.truncate(end);
            let kept = text.trim_end_matches('\n').len();
            text.truncate(kept);
            return Ok(Some(text));
        }
    }
}

/// Whether a text has begun something whose end is still to come: the table or JSON of pveum, a PEM block.
fn is_open(text: &str) -> bool {
    let count = |sign: char| text.matches(sign).count();
    let start = text.trim_start();
    (start.starts_with('┌') && !text.contains('┘'))
        || (start.starts_with(['{', '[']) && (count('{') > count('}') || count('[') > count(']')))
        || (start.starts_with("-----BEGIN") && !text.contains("-----END"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(mut input: &[u8], several: bool) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(text) = read_answer(&mut input, several, || false).unwrap() {
            all.push(text.to_string());
        }
        all
    }

    #[test]
    fn from_a_pipe_each_line_is_an_answer() {
        assert_eq!(answers(b"one\r\n\ntwo", false), ["one", "", "two"]);
        assert_eq!(answers(b"one\ntwo\n", true), ["one", "two"]);
    }

    #[test]
    fn what_a_line_opens_is_taken_to_its_end() {
        let json = "{\n  \"value\": {}\n}";
        assert_eq!(answers(format!("{json}\nnext\n").as_bytes(), true), [json, "next"]);
        let table = "┌────┐\n│ id │\n└────┘";
        assert_eq!(answers(format!("{table}\nnext\n").as_bytes(), true), [table, "next"]);
        assert_eq!(answers(b"{ not closed\n\nnext\n", true), ["{ not closed", "next"]);
    }

    #[test]
    fn a_paste_is_taken_as_long_as_more_of_it_waits() {
        let mut input: &[u8] = b"id\nsecret\nlate\n";
        let left = std::cell::Cell::new(1);
        let more = || left.replace(left.get() - 1) > 0;
        assert_eq!(read_answer(&mut input, true, more).unwrap().unwrap().as_str(), "id\nsecret");
    }
}
