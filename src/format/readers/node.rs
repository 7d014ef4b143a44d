//! The dotenv package of npm, 16.6 (`lib/main.js`): one regular expression, walked by hand, its backtracking included.

use super::{Pair, Reading, Value};
use crate::domain::Text;

pub(super) fn read(text: &str) -> Reading<'_> {
    let mut reading = Reading::default();
    let (mut pos, mut line) = (0, 1);
    while pos < text.len() {
        let end = line_end(text, pos);
        let (next, pair) = match statement(text, pos, line) {
            Some((next, pair)) => (next, Some(pair)),
            None => (end, None),
        };
        reading.pairs.extend(pair);
        let next = line_end(text, next.max(pos));
        let after = next + if text[next..].starts_with("\r\n") { 2 } else { usize::from(next < text.len()) };
        line += crate::format::dotenv::line_ends(&text[pos..after]);
        pos = after;
    }
    reading
}

/// `\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(value)?\s*(?:#.*)?$` from a line's beginning; the end of the match and the pair.
fn statement(text: &str, pos: usize, line: usize) -> Option<(usize, Pair<'_>)> {
    let whole = &text[pos..line_end(text, pos)];
    let mut rest = whole.trim_start_matches(is_space);
    if let Some(after) = rest.strip_prefix("export").filter(|after| after.starts_with(is_space)) {
        let after = after.trim_start_matches(is_space);
        // `export =x` sets a variable called export
        if after.starts_with(is_name_char) {
            rest = after;
        }
    }
    let length = rest.find(|c| !is_name_char(c)).filter(|&n| n > 0)?;
    let key = &rest[..length];
    let rest = &rest[length..];
    let spaced = rest.trim_start_matches(is_space);
    let rest = match (spaced.strip_prefix('='), rest.strip_prefix(':')) {
        (Some(rest), _) => rest,
        (None, Some(rest)) if rest.starts_with(is_space) => rest,
        _ => return None,
    };
    let at = pos + whole.len() - rest.len();
    let (raw, end) = value(text, at)?;
    Some((end, Pair { key, value: unquote(raw), line, unsure: None }))
}

/// The value as it stands, and where the match ends; the alternatives in the expression's order.
fn value(text: &str, at: usize) -> Option<(&str, usize)> {
    let start = at + text[at..line_end(text, at)].find(|c| !is_space(c)).unwrap_or(0);
    if let Some(quote @ ('\'' | '"' | '`')) = text[start..].chars().next() {
        for end in closings(text, start, quote as u8) {
            let tail = text[end..line_end(text, end)].trim_start_matches(is_space);
            if tail.is_empty() || tail.starts_with('#') {
                return Some((&text[start..end], line_end(text, end)));
            }
        }
    }
    let end = line_end(text, at);
    let plain = &text[at..end];
    Some((&plain[..plain.find('#').unwrap_or(plain.len())], end))
}

/// Where `'(?:\\'|[^'])*'` may end, in the order in which the expression tries it.
fn closings(text: &str, open: usize, quote: u8) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut ends = Vec::new();
    let mut i = open + 1;
    while i < bytes.len() {
        if bytes[i] == b'\\' && bytes.get(i + 1) == Some(&quote) {
            i += 2;
            ends.push(i);
        } else if bytes[i] == quote {
            ends.push(i + 1);
            break;
        } else {
            i += 1;
        }
    }
    ends.reverse();
    ends
}

/// Trim, take a pair of quotes off, and `\n` and `\r` in double quotes.
fn unquote(raw: &str) -> Value<'_> {
    let value = raw.trim_matches(is_space);
    let first = value.as_bytes().first().copied();
    let inner = match first {
        Some(b'\'' | b'"' | b'`') if value.len() > 1 && value.as_bytes().last() == first.as_ref() => {
            &value[1..value.len() - 1]
        }
        _ => value,
    };
    if first == Some(b'"') && inner.contains('\\') {
        return Value::Made(Text::new(inner.replace("\\n", "\n").replace("\\r", "\r")));
    }
    // it turns every line end into \n before it looks
    if inner.contains('\r') {
        return Value::Made(Text::new(inner.replace("\r\n", "\n").replace('\r', "\n")));
    }
    Value::Plain(inner)
}

fn line_end(text: &str, from: usize) -> usize {
    text[from..].bytes().position(|b| b == b'\n' || b == b'\r').map_or(text.len(), |n| from + n)
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

/// JavaScript's `\s`, line ends aside.
fn is_space(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}' && c != '\n' && c != '\r') || c == '\u{feff}'
}
