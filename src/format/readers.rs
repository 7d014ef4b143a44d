//! What each consumer of a `.env` would read from it, by its own rules, without touching the environment.
//!
//! Where a reader would put something else in place of what stands there (`$NAME`, `` `…` ``, `~`), or where its versions
//! differ, the pair is marked instead of guessed: its value is then the text before that.

use std::borrow::Cow;
use std::fmt;

use crate::domain::Text;

mod compose;
mod dotenvy;
mod lines;
mod node;
mod python;
mod sh;

/// A program or library that reads `.env` files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reader {
    /// python-dotenv 1.2.2, also behind pydantic-settings.
    PythonDotenv,
    /// Line by line, split at the first `=`, quotes stripped: no escapes, no `export`, no inline comments (Glassdome,
    /// config.py).
    Naive,
    /// The dotenvy crate 0.15.7 as `dotenvy::dotenv()` loads it: of several lines the first counts.
    Dotenvy,
    /// POSIX sh or bash: `set -a; . ./file`.
    Sh,
    /// `docker run --env-file`: verbatim behind the `=`.
    DockerEnvFile,
    /// Docker Compose (compose-go `dotenv/parser.go`).
    Compose,
    /// The dotenv package of npm, 16 (`lib/main.js`).
    Node,
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reader::PythonDotenv => "python-dotenv",
            Reader::Naive => "the line by line reader",
            Reader::Dotenvy => "dotenvy",
            Reader::Sh => "the shell",
            Reader::DockerEnvFile => "docker --env-file",
            Reader::Compose => "Docker Compose",
            Reader::Node => "dotenv for Node",
        })
    }
}

/// What one reader takes from a text.
#[derive(Default)]
pub struct Reading<'a> {
    /// In file order; a key may come more than once.
    pub pairs: Vec<Pair<'a>>,
    pub faults: Vec<Fault>,
}

/// One key and its value, as one reader takes them.
pub struct Pair<'a> {
    pub key: &'a str,
    pub value: Value<'a>,
    /// Counted from 1.
    pub line: usize,
    /// Why the reader may hold something else than `value`, in fixed words.
    pub unsure: Option<&'static str>,
}

/// A value borrowed from the text, or put together and then wiped.
pub enum Value<'a> {
    Plain(&'a str),
    Made(Text),
}

/// A line that a reader refuses or skips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 1.
    pub line: usize,
    /// Fixed words.
    pub why: &'static str,
    /// The reader gives up here: what follows, and with some readers what came before, is not read.
    pub stops: bool,
}

impl Value<'_> {
    pub fn as_str(&self) -> &str {
        match self {
            Value::Plain(text) => text,
            Value::Made(text) => text.as_str(),
        }
    }
}

impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Value::Plain(text),
            Cow::Owned(text) => Value::Made(Text::new(text)),
        }
    }
}

impl Reading<'_> {
    /// The value that counts for this reader; `None` when it does not see the key, or not as it stands there, or refuses the
    /// whole file.
    pub fn value(&self, key: &str, reader: Reader) -> Option<&str> {
        if matches!(reader, Reader::DockerEnvFile | Reader::Compose) && self.stop().is_some() {
            return None;
        }
        self.winner(key, reader).filter(|pair| pair.unsure.is_none()).map(|pair| pair.value.as_str())
    }

    fn winner(&self, key: &str, reader: Reader) -> Option<&Pair<'_>> {
        let mut of_key = self.pairs.iter().filter(|pair| pair.key == key);
        if reader == Reader::Dotenvy { of_key.next() } else { of_key.next_back() }
    }

    /// The fault after which this reader reads no more.
    pub fn stop(&self) -> Option<Fault> {
        self.faults.iter().copied().find(|fault| fault.stops)
    }
}

impl fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reading({} keys, {:?})", self.pairs.len(), self.faults)
    }
}

impl fmt::Debug for Pair<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pair(line {}, {} bytes, {:?})", self.line, self.value.as_str().len(), self.unsure)
    }
}

/// What the reader would read from the text.
pub fn read_as(reader: Reader, text: &str) -> Reading<'_> {
    match reader {
        Reader::PythonDotenv => python::read(text),
        Reader::Naive => lines::read_naive(text),
        Reader::Dotenvy => dotenvy::read(text),
        Reader::Sh => sh::read(text),
        Reader::DockerEnvFile => lines::read_docker(text),
        Reader::Compose => compose::read(text),
        Reader::Node => node::read(text),
    }
}

/// Where lines begin: steps through a text by `\n` only, counting from 1.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').enumerate().map(|(i, line)| (i + 1, line.strip_suffix('\n').unwrap_or(line)))
}

#[cfg(test)]
mod tests;
