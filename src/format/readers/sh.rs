//! A POSIX shell that sources the file (`set -a; . ./file`): assignments only. Any other line is a command, which is a fault.

use super::{Fault, Pair, Reading, Value};
use crate::domain::Text;

const REPLACES: &str = "the shell puts something else in place of an unquoted $, `, ~, * or {.";

const RESERVED: [&str; 15] =
    ["{", "}", "!", "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac"];

pub(super) fn read(text: &str) -> Reading<'_> {
    let mut shell = Shell { text, bytes: text.as_bytes(), pos: 0, line: 1, reading: Reading::default() };
    while shell.pos < text.len() {
        if let Err(Stop(line, why)) = shell.statement() {
            shell.reading.faults.push(Fault { line, why, stops: true });
            break;
        }
    }
    shell.reading
}

struct Shell<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pos: usize,
    line: usize,
    reading: Reading<'a>,
}

/// Where the shell gives up with a syntax error, and why.
struct Stop(usize, &'static str);

impl<'a> Shell<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.pos += 1,
                Some(b'\\') if self.bytes.get(self.pos + 1) == Some(&b'\n') => {
                    self.pos += 2;
                    self.line += 1;
                }
                _ => return,
            }
        }
    }

    /// All words up to a newline or `;`.
    fn statement(&mut self) -> Result<(), Stop> {
        let line = self.line;
        let first_pair = self.reading.pairs.len();
        let (mut exported, mut command) = (false, false);
        loop {
            self.skip_blanks();
            match self.peek() {
                None => break,
                Some(b'\n') => {
                    self.pos += 1;
                    self.line += 1;
                    break;
                }
                Some(b';') => {
                    self.pos += 1;
                    break;
                }
                Some(b'#') => {
                    self.pos = self.text[self.pos..].find('\n').map_or(self.text.len(), |n| self.pos + n);
                    continue;
                }
                Some(b'(' | b')') => return Err(Stop(self.line, "a bracket is a syntax error for the shell.")),
                Some(b'&' | b'|' | b'<' | b'>') => {
                    command = true;
                    self.pos += 1;
                    continue;
                }
                Some(_) => {}
            }
            let rest = &self.text[self.pos..];
            if !exported
                && self.reading.pairs.len() == first_pair
                && rest.strip_prefix("export").is_some_and(|rest| rest.starts_with([' ', '\t']))
            {
                exported = true;
                self.pos += "export".len();
                continue;
            }
            let at = self.line;
            match name(rest) {
                Some(key) if rest[key.len()..].starts_with('=') && !command => {
                    self.pos += key.len() + 1;
                    let (value, replaced) = self.word(exported)?;
                    let unsure = replaced.then_some(REPLACES);
                    self.reading.pairs.push(Pair { key, value, line: at, unsure });
                }
                Some(key) if exported && rest[key.len()..].starts_with([' ', '\t', '\n', ';']) => self.pos += key.len(),
                _ if exported => {
                    return Err(Stop(at, "export of something that is no name is an error for the shell."));
                }
                _ => {
                    let start = self.pos;
                    self.word(true)?;
                    let first = !command && self.reading.pairs.len() == first_pair;
                    if first && RESERVED.contains(&&self.text[start..self.pos]) {
                        return Err(Stop(at, "this is a word of the shell's own language, not an assignment."));
                    }
                    command = true;
                }
            }
        }
        if command {
            // what stands before a command is set for that command alone
            self.reading.pairs.truncate(first_pair);
            let why = "the shell runs a command here: a value with blanks, or a line without =.";
            self.reading.faults.push(Fault { line, why, stops: false });
        }
        Ok(())
    }

    /// One word with its quotes taken off, and whether the shell would replace a part of it.
    fn word(&mut self, exported: bool) -> Result<(Value<'a>, bool), Stop> {
        let start = self.pos;
        while self.peek().is_some_and(|b| is_plain(b, exported)) {
            self.pos += 1;
        }
        if self.peek().is_none_or(ends_word) {
            return Ok((Value::Plain(&self.text[start..self.pos]), false));
        }
        let mut out = self.text[start..self.pos].to_owned();
        out.reserve(self.text[self.pos..].find('\n').unwrap_or(self.text.len() - self.pos));
        let mut replaced = false;
        while let Some(c) = self.text[self.pos..].chars().next() {
            if c.is_ascii() && ends_word(c as u8) {
                break;
            }
            let line = self.line;
            self.pos += c.len_utf8();
            match c {
                '\'' => {
                    let length =
                        self.text[self.pos..].find('\'').ok_or(Stop(line, "a quote opens and is not closed."))?;
                    out.push_str(&self.text[self.pos..self.pos + length]);
                    self.line += out[out.len() - length..].matches('\n').count();
                    self.pos += length + 1;
                }
                '"' => replaced |= self.double_quoted(&mut out)?,
                '\\' => match self.text[self.pos..].chars().next() {
                    Some('\n') => {
                        self.pos += 1;
                        self.line += 1;
                    }
                    Some(c) => {
                        self.pos += c.len_utf8();
                        out.push(c);
                    }
                    None => out.push('\\'),
                },
                '$' | '`' => {
                    replaced = true;
                    out.push(c);
                }
                '~' => {
                    replaced |= out.is_empty() || out.ends_with(':');
                    out.push(c);
                }
                '*' | '?' | '[' | '{' => {
                    replaced |= exported;
                    out.push(c);
                }
                c => out.push(c),
            }
        }
        Ok((Value::Made(Text::new(out)), replaced))
    }

    fn double_quoted(&mut self, out: &mut String) -> Result<bool, Stop> {
        let opened = self.line;
        let mut replaced = false;
        while let Some(c) = self.text[self.pos..].chars().next() {
            self.pos += c.len_utf8();
            match c {
                '"' => return Ok(replaced),
                '\\' => match self.text[self.pos..].chars().next() {
                    Some(c @ ('$' | '`' | '"' | '\\')) => {
                        self.pos += 1;
                        out.push(c);
                    }
                    Some('\n') => {
                        self.pos += 1;
                        self.line += 1;
                    }
                    _ => out.push('\\'),
                },
                '$' | '`' => {
                    replaced = true;
                    out.push(c);
                }
                c => {
                    self.line += usize::from(c == '\n');
                    out.push(c);
                }
            }
        }
        Err(Stop(opened, "a quote opens and is not closed."))
    }
}

fn ends_word(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')')
}

/// Stands for itself in an unquoted word.
fn is_plain(b: u8, exported: bool) -> bool {
    !(ends_word(b)
        || matches!(b, b'\'' | b'"' | b'\\' | b'$' | b'`' | b'~')
        || (exported && matches!(b, b'*' | b'?' | b'[' | b'{')))
}

fn name(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    (end > 0 && !text.as_bytes()[0].is_ascii_digit()).then(|| &text[..end])
}
