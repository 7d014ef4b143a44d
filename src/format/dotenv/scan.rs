//! One pass over a `.env` text, binding by binding, as python-dotenv 1.2.2 walks it (`parser.py`), but with every position kept.

use std::ops::Range;

use crate::format::document::{Form, Slot};

/// What stands next in the text.
pub(in crate::format) enum Binding {
    Pair(Slot),
    /// `at` is the place of its `#`.
    Comment {
        at: usize,
        whole: Range<usize>,
        line: usize,
    },
    /// Blank lines, or a name without a value.
    Nothing,
    /// A line that python-dotenv skips with a warning. `slot` when key and extent are certain all the same; `spans_lines` when
    /// a quote that opens at this place swallows line ends.
    Fault {
        slot: Option<Slot>,
        spans_lines: Option<usize>,
        line: usize,
    },
}

pub(in crate::format) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pos: usize,
    line: usize,
    /// From where on no `'` (0) or `"` (1) is left; spares searching to the end again and again.
    no_more: [usize; 2],
    /// The line feed last looked up, or the end of the text.
    next_feed: usize,
}

impl Iterator for Scanner<'_> {
    type Item = Binding;

    fn next(&mut self) -> Option<Binding> {
        if self.pos >= self.bytes.len() {
            return None;
        }
        self.skip_space(true);
        if self.pos >= self.bytes.len() {
            return Some(Binding::Nothing);
        }
        let line = self.line;
        // the line's own indentation belongs to it
        let start = self.line_start(self.pos);
        if self.bytes[self.pos] == b'#' {
            let at = self.pos;
            self.pos = self.line_end(at);
            self.eat_line_end();
            return Some(Binding::Comment { at, whole: start..self.pos, line });
        }
        let exported = self.eat_export();
        if self.peek() == Some(b'#') {
            self.rest_of_line();
            return Some(Binding::Nothing);
        }
        let name_at = self.pos;
        let Some(key) = self.key() else {
            let spans_lines = (self.peek() == Some(b'\'')).then_some(name_at);
            self.rest_of_line();
            return Some(Binding::Fault { slot: None, spans_lines, line });
        };
        self.skip_space(false);
        if self.peek() != Some(b'=') {
            // a name alone, or words that are none of ours
            let clean = self.skip_comment_and_line_end().is_some();
            if !clean {
                self.rest_of_line();
            }
            return Some(if clean { Binding::Nothing } else { Binding::Fault { slot: None, spans_lines: None, line } });
        }
        self.pos += 1;
        self.skip_space(false);
        let at = self.pos;
        let mut slot = Slot {
            key,
            value: at..at,
            comment: at..at,
            whole: start..at,
            line,
            commented: false,
            exported,
            form: Form::Bare,
        };
        match self.peek() {
            Some(quote @ (b'\'' | b'"')) => {
                let Some(end) = self.closing(at, quote) else {
                    return Some(self.damaged(slot, Form::Open));
                };
                self.pos = end;
                let lines = line_ends(&self.text[at..end]);
                let Some(comment) = self.skip_comment_and_line_end() else {
                    if lines > 0 {
                        self.line += lines;
                        self.rest_of_line();
                        return Some(Binding::Fault { slot: None, spans_lines: Some(at), line });
                    }
                    return Some(self.damaged(slot, Form::Odd));
                };
                self.line += lines;
                slot.value = at..end;
                slot.form = if quote == b'"' { Form::Double } else { Form::Single };
                slot.comment = comment;
            }
            _ => {
                let end = self.line_end(at);
                let part = &self.text[at..end];
                slot.comment = match inline_comment(part) {
                    Some(hash) => at + hash..end,
                    None => end..end,
                };
                slot.value = at..at + trim_end(&self.text[at..slot.comment.start]).len();
                self.pos = end;
                self.eat_line_end();
            }
        }
        slot.whole.end = self.pos;
        Some(Binding::Pair(slot))
    }
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str, start: usize) -> Self {
        let next_feed = text[start..].find('\n').map_or(text.len(), |n| start + n);
        Scanner { text, bytes: text.as_bytes(), pos: start, line: 1, no_more: [usize::MAX; 2], next_feed }
    }

    /// The whole rest of the line is the value of a line that cannot be read.
    fn damaged(&mut self, mut slot: Slot, form: Form) -> Binding {
        let end = self.line_end(slot.value.start);
        slot.value.end = end;
        slot.comment = end..end;
        slot.form = form;
        self.pos = end;
        self.eat_line_end();
        slot.whole.end = self.pos;
        let line = slot.line;
        Binding::Fault { slot: Some(slot), spans_lines: None, line }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    /// `(?:export[^\S\r\n]+)?`
    fn eat_export(&mut self) -> bool {
        let start = self.pos;
        if !self.text[start..].starts_with("export") {
            return false;
        }
        self.pos += "export".len();
        let before = self.pos;
        self.skip_space(false);
        if self.pos == before {
            self.pos = start;
            return false;
        }
        true
    }

    /// `'([^']+)'` or `([^=\#\s]+)`; the range is that of the name without quotes.
    fn key(&mut self) -> Option<Range<usize>> {
        if self.peek() == Some(b'\'') {
            let start = self.pos + 1;
            let length = self.bytes[start..].iter().position(|&b| b == b'\'').filter(|&n| n > 0)?;
            // a name over several lines is taken for a fault: nothing of ours is called so
            if line_ends(&self.text[start..start + length]) > 0 {
                return None;
            }
            self.pos = start + length + 1;
            return Some(start..start + length);
        }
        let start = self.pos;
        while let Some(b) = self.peek() {
            if b < 0x80 {
                if b == b'=' || b == b'#' || is_space_byte(b) {
                    break;
                }
                self.pos += 1;
            } else {
                let c = self.char_here();
                if is_space(c) {
                    break;
                }
                self.pos += c.len_utf8();
            }
        }
        (self.pos > start).then_some(start..self.pos)
    }

    /// The end of a quoted value, behind its quote: the first quote without a backslash before it; failing that, the last one
    /// with a backslash, as the regular expression's backtracking gives it.
    fn closing(&mut self, open: usize, quote: u8) -> Option<usize> {
        let which = usize::from(quote == b'"');
        if open >= self.no_more[which] {
            return None;
        }
        let mut fallback = None;
        let mut i = open + 1;
        while let Some(n) = self.bytes[i..].iter().position(|&b| b == quote || b == b'\\') {
            i += n;
            if self.bytes[i] == quote {
                return Some(i + 1);
            }
            i += 1;
            if self.bytes.get(i) == Some(&quote) {
                i += 1;
                fallback = Some(i);
            }
        }
        if fallback.is_none() {
            self.no_more[which] = open;
        }
        fallback
    }

    /// `(?:[^\S\r\n]*#[^\r\n]*)?` and `[^\S\r\n]*(?:\r\n|\n|\r|$)`: the comment's range, or `None` (and no step) when
    /// something else stands here.
    fn skip_comment_and_line_end(&mut self) -> Option<Range<usize>> {
        let back = self.pos;
        self.skip_space(false);
        let mut comment = back..back;
        if self.peek() == Some(b'#') {
            comment = self.pos..self.line_end(self.pos);
            self.pos = comment.end;
        }
        if self.pos < self.bytes.len() && !matches!(self.bytes[self.pos], b'\n' | b'\r') {
            self.pos = back;
            return None;
        }
        self.eat_line_end();
        Some(comment)
    }

    fn rest_of_line(&mut self) {
        self.pos = self.line_end(self.pos);
        self.eat_line_end();
    }

    fn eat_line_end(&mut self) {
        match (self.peek(), self.bytes.get(self.pos + 1)) {
            (Some(b'\r'), Some(b'\n')) => self.pos += 2,
            (Some(b'\r' | b'\n'), _) => self.pos += 1,
            _ => return,
        }
        self.line += 1;
    }

    fn line_end(&mut self, from: usize) -> usize {
        if self.next_feed < from {
            self.next_feed = self.text[from..].find('\n').map_or(self.bytes.len(), |n| from + n);
        }
        self.text[from..self.next_feed].find('\r').map_or(self.next_feed, |n| from + n)
    }

    fn line_start(&self, at: usize) -> usize {
        let start = self.bytes[..at].iter().rposition(|&b| b == b'\n' || b == b'\r').map_or(0, |n| n + 1);
        if start == 0 && self.text.starts_with(super::BOM) { super::BOM.len() } else { start }
    }

    fn skip_space(&mut self, over_lines: bool) {
        while let Some(b) = self.peek() {
            match b {
                b'\n' | b'\r' if over_lines => self.eat_line_end(),
                b'\n' | b'\r' => return,
                b if b < 0x80 => {
                    if !is_space_byte(b) {
                        return;
                    }
                    self.pos += 1;
                }
                _ => {
                    let c = self.char_here();
                    if !is_space(c) {
                        return;
                    }
                    self.pos += c.len_utf8();
                }
            }
        }
    }

    fn char_here(&self) -> char {
        self.text[self.pos..].chars().next().unwrap_or('\0')
    }
}

/// Where `\s+#` begins its `#` in an unquoted value.
fn inline_comment(part: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(n) = part[from..].find('#') {
        let hash = from + n;
        if part[..hash].chars().next_back().is_some_and(is_space) {
            return Some(hash);
        }
        from = hash + 1;
    }
    None
}

fn trim_end(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

/// How many lines end in the text: `\r\n`, `\n`, `\r`.
pub(in crate::format) fn line_ends(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut count = 0;
    for (i, &b) in bytes.iter().enumerate() {
        count += usize::from(b == b'\n' || (b == b'\r' && bytes.get(i + 1) != Some(&b'\n')));
    }
    count
}

/// Python's `str.isspace`, which is also `\s`.
pub(in crate::format) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

fn is_space_byte(b: u8) -> bool {
    matches!(b, b'\t'..=b'\r' | b' ' | 0x1c..=0x1f)
}
