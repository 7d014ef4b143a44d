//! Docker Compose (compose-go `dotenv/parser.go`). Its releases differ in comments without a blank and in some escapes; such a
//! value is marked.

use super::{Fault, Pair, Reading, Value};
use crate::domain::Text;

const EXPANDS: &str = "Compose puts the value of a variable in place of $….";
const DIFFER: &str = "releases of Compose read this differently.";

pub(super) fn read(text: &str) -> Reading<'_> {
    let mut reading = Reading::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut pos, mut line) = (0, 1);
    loop {
        let gap = text[pos..].find(|c: char| !c.is_whitespace()).unwrap_or(text.len() - pos);
        line += text[pos..pos + gap].matches('\n').count();
        pos += gap;
        if pos >= text.len() {
            return reading;
        }
        let end_of_line = text[pos..].find('\n').map_or(text.len(), |n| pos + n);
        if text[pos..].starts_with('#') {
            pos = end_of_line;
            continue;
        }
        let whole = &text[pos..end_of_line];
        let bare = whole.strip_prefix("export").unwrap_or(whole).trim_start_matches(is_blank);
        let Some(end) =
            bare.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']') || is_blank(c)))
        else {
            // a name alone takes its value from the environment
            pos = end_of_line;
            continue;
        };
        let key = bare[..end].trim_end();
        if !bare[end..].starts_with(['=', ':']) || key.is_empty() || key.contains(char::is_whitespace) {
            reading.faults.push(Fault {
                line,
                why: "Compose takes this for no name, and refuses the file.",
                stops: true,
            });
            return reading;
        }
        let rest = bare[end + 1..].trim_start_matches(is_blank);
        let at = end_of_line - rest.len();
        let (value, unsure, next) = match rest.as_bytes().first() {
            Some(&quote @ (b'\'' | b'"')) => match quoted(&text[at..], quote) {
                Some((value, unsure, length)) => (Value::Made(value), unsure, at + length),
                None => {
                    reading.faults.push(Fault { line, why: "a quote opens and is not closed.", stops: true });
                    return reading;
                }
            },
            _ => {
                let (value, unsure) = unquoted(rest);
                (Value::Plain(value), unsure, end_of_line)
            }
        };
        reading.pairs.push(Pair { key, value, line, unsure });
        line += text[pos..next].matches('\n').count();
        pos = next;
    }
}

fn unquoted(rest: &str) -> (&str, Option<&'static str>) {
    let cut = rest.find('#').unwrap_or(rest.len());
    let unsure = if rest[..cut].contains('$') {
        Some(EXPANDS)
    } else if cut < rest.len() && !rest[..cut].ends_with(' ') {
        Some(DIFFER)
    } else {
        None
    };
    (rest[..cut].trim_end(), unsure)
}

/// The value, its mark, and how many bytes it takes with its quotes.
fn quoted(text: &str, quote: u8) -> Option<(Text, Option<&'static str>, usize)> {
    let double = quote == b'"';
    let mut out = String::with_capacity(text.find('\n').unwrap_or(text.len()));
    let mut unsure = None;
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == char::from(quote) => return Some((Text::new(out), unsure, at + 1)),
            '\\' => match chars.peek().map(|&(_, c)| c) {
                Some(next @ ('"' | '$' | '\\')) if double => {
                    chars.next();
                    // older releases take a quote behind a backslash for the value's, whatever stands before the backslash
                    if next == '\\' {
                        unsure = unsure.or(Some(DIFFER).filter(|_| chars.peek().is_some_and(|&(_, c)| c == '"')));
                    }
                    out.push(next);
                }
                Some(next) => {
                    unsure = unsure.or(Some(DIFFER).filter(|_| double || next == '\''));
                    if !double && next == '\'' {
                        chars.next();
                        out.push('\'');
                    } else {
                        out.push('\\');
                    }
                }
                None => out.push('\\'),
            },
            '$' if double => {
                unsure = Some(EXPANDS);
                out.push('$');
            }
            c => out.push(c),
        }
    }
    None
}

/// White space that ends no line.
fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\x0b' | '\x0c' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}
