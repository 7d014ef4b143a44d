//! Line by line, on stdin and stdout: for `--plain`, for terminals that can do no more, for pipes, for screen readers.
//!
//! [`dialogue::Dialogue`] holds the conversation; here it gets its lines and its output. Only line ends and visible characters
//! are written.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, IsTerminal, Write};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::front::words;
use crate::front::{Front, Look};
use crate::wizard::message::Input;
use crate::wizard::page::Page;

pub mod dialogue;
mod reader;

use dialogue::{Dialogue, Turn};
use reader::{Heard, Reader};

/// The conversation in lines.
pub struct Plain {
    dialogue: Dialogue,
    look: Look,
    reader: Reader,
    out: Box<dyn Write>,
    /// Columns of the terminal that is written to; none where it is no terminal, and lines go on to their end.
    width: fn() -> Option<usize>,
    /// What is copied whole, and stands in one line.
    commands: BTreeSet<String>,
    said: VecDeque<Input>,
    /// The prompt stands there, and a line was asked for.
    asked: bool,
    ends: Option<[Signal; 3]>,
    ending: bool,
    input_ended: bool,
}

impl Plain {
    /// On stdin and stdout.
    pub fn new(look: Look) -> Self {
        let width = || {
            let size = io::stdout().is_terminal().then(crossterm::terminal::size)?.ok()?;
            Some(usize::from(size.0)).filter(|columns| *columns >= 20)
        };
        Plain { width, ..Plain::with(look, Reader::stdin(), Box::new(io::stdout())) }
    }

    fn with(look: Look, reader: Reader, out: Box<dyn Write>) -> Self {
        Plain {
            dialogue: Dialogue::default(),
            look,
            reader,
            out,
            width: || None,
            commands: BTreeSet::new(),
            said: VecDeque::new(),
            asked: false,
            ends: None,
            ending: false,
            input_ended: false,
        }
    }

    /// Whether a question stood there when the input had ended: it quit because nobody was there to answer.
    pub fn input_ended(&self) -> bool {
        self.input_ended
    }

    fn print(&mut self, lines: Vec<String>) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        if std::mem::take(&mut self.asked) {
            // The prompt's line ends here; it is written again below.
            text.push('\n');
        }
        let width = (self.width)();
        for line in words::fit(lines, self.look.ascii) {
            let folded = match width {
                Some(width) if !self.commands.contains(line.trim_start()) => words::folded(&line, width),
                _ => vec![line],
            };
            for line in folded {
                text.push_str(&line);
                text.push('\n');
            }
        }
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// What ends the conversation from outside.
    async fn ended(ends: &mut Option<[Signal; 3]>) -> io::Result<()> {
        if ends.is_none() {
            *ends = Some([
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            ]);
        }
        if let Some([int, term, hup]) = ends {
            tokio::select! { _ = int.recv() => {}, _ = term.recv() => {}, _ = hup.recv() => {} }
        }
        Ok(())
    }

    fn hear(&mut self, heard: Heard) -> io::Result<()> {
        self.asked = false;
        match heard {
            Heard::Line { text, thrown_away } => {
                if !self.reader.is_terminal() {
                    self.print(vec![String::new()])?;
                }
                let (inputs, lines) = self.dialogue.answer(&text);
                self.said.extend(inputs);
                self.print(lines)?;
                if thrown_away {
                    self.print(vec![
                        "(What was typed ahead was thrown away: this question had not been seen yet.)".to_owned(),
                    ])?;
                }
            }
            Heard::End => {
                self.input_ended = true;
                self.print(vec![String::new(), "The input has ended, and there is nobody to answer.".to_owned()])?;
                self.said.push_back(Input::Quit);
            }
        }
        Ok(())
    }
}

impl Front for Plain {
    fn show(&mut self, page: Page) -> io::Result<()> {
        self.commands = words::commands(&page);
        let lines = self.dialogue.show(page);
        self.print(lines)
    }

    async fn next(&mut self) -> io::Result<Input> {
        loop {
            if let Some(input) = self.said.pop_front() {
                return Ok(input);
            }
            let turn = self.dialogue.turn();
            let wants_line = match turn {
                Turn::Say(input) => return Ok(input),
                Turn::Wait => false,
                Turn::Ask { prompt, secret, several } => {
                    if !std::mem::replace(&mut self.asked, true) {
                        if secret {
                            self.reader.silence()?;
                        }
                        let lines = words::fit(vec![prompt], self.look.ascii);
                        let line = match (self.width)() {
                            // One column stays for the blank behind the question.
                            Some(width) => {
                                let folded = lines.iter().flat_map(|line| words::folded(line, width - 1));
                                folded.collect::<Vec<_>>().join("\n")
                            }
                            None => lines.join("\n"),
                        };
                        self.out.write_all(line.as_bytes())?;
                        self.out.write_all(b" ")?;
                        self.out.flush()?;
                        self.reader.ask(several);
                    }
                    true
                }
            };
            let heard = tokio::select! {
                biased;
                ended = Self::ended(&mut self.ends) => {
                    ended?;
                    // The second signal ends at once.
                    if std::mem::replace(&mut self.ending, true) {
                        return Err(io::ErrorKind::Interrupted.into());
                    }
                    self.reader.restore();
                    return Ok(Input::Quit);
                }
                heard = self.reader.heard(), if wants_line => heard?,
            };
            self.hear(heard)?;
        }
    }

    fn can_lend(&self) -> bool {
        self.reader.is_terminal()
    }

    fn lend(&mut self, work: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
        self.reader.restore();
        self.out.flush()?;
        work()
    }

    fn end(&mut self, summary: &[String]) -> io::Result<()> {
        self.reader.restore();
        let last = self.dialogue.unsaid(summary);
        match self.print(last) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            done => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::domain::finding::Step;
    use crate::domain::{Id, Text};
    use crate::wizard::page::{Block, Field};

    #[derive(Clone, Default)]
    struct Out(Arc<Mutex<Vec<u8>>>);

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn page() -> Page {
        Page {
            step: Step::Host,
            road: vec![],
            banner: None,
            title: "Where is \u{1b}[31m\u{202e}your Proxmox?".into(),
            blocks: vec![Block::Field(Field {
                id: Id::fixed("host"),
                label: "Address".into(),
                value: Text::default(),
                placeholder: String::new(),
                secret: false,
                multiline: false,
                note: None,
                error: None,
            })],
            submit: "next",
            back: true,
            busy: None,
            last: false,
            settling: vec![],
            focus: None,
            help: vec![],
        }
    }

    fn walk(input: &'static str) -> (Vec<Input>, String) {
        let out = Out::default();
        let look = Look { color: false, ascii: false };
        let mut plain = Plain::with(look, Reader::from_bytes(input.as_bytes()), Box::new(out.clone()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let said = runtime.block_on(async {
            plain.show(page()).unwrap();
            let mut said = Vec::new();
            loop {
                let input = plain.next().await.unwrap();
                let done = matches!(input, Input::Submit | Input::Quit);
                said.push(input);
                if done {
                    return said;
                }
            }
        });
        assert_eq!(plain.input_ended(), said.last() == Some(&Input::Quit));
        plain.end(&[]).unwrap();
        let bytes = out.0.lock().unwrap().clone();
        (said, String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_line_is_an_answer_and_the_last_one_submits() {
        let (said, shown) = walk("pve.lan\n");
        let typed = Input::Typed { field: Id::fixed("host"), text: Text::new("pve.lan"), pasted: false };
        assert_eq!(said, [typed, Input::Submit]);
        assert!(shown.contains("Address:"), "{shown}");
    }

    #[test]
    fn the_end_of_input_quits_with_a_word() {
        let (said, shown) = walk("");
        assert_eq!(said, [Input::Quit]);
        assert!(shown.contains("nobody to answer"), "{shown}");
    }

    #[test]
    fn nothing_but_line_ends_and_visible_characters_is_written() {
        let (_, shown) = walk("?\nx\u{1b}[2J\n");
        for sign in shown.chars() {
            assert!(
                sign == '\n' || (sign >= ' ' && !('\u{7f}'..'\u{a0}').contains(&sign) && sign != '\u{202e}'),
                "{sign:?}"
            );
        }
    }
}
