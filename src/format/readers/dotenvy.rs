//! dotenvy 0.15.7 (`iter.rs`, `parse.rs`) without its environment: a `$` that it would replace is marked, never looked up.

use std::borrow::Cow;

use super::{Fault, Pair, Reading};

const EXPANDS: &str = "it puts the value of a variable in place of $….";

pub(super) fn read(text: &str) -> Reading<'_> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reading = Reading::default();
    let mut number = 1;
    let mut rest = text;
    while !rest.is_empty() {
        let line = number;
        let Some((statement, after, lines)) = take_statement(rest) else {
            reading.faults.push(Fault { line, why: "a quote opens and is not closed; it gives up.", stops: true });
            break;
        };
        rest = after;
        number += lines;
        match pair(statement) {
            Ok(Some((key, value, expands))) => {
                reading.pairs.push(Pair { key, value: value.into(), line, unsure: expands.then_some(EXPANDS) })
            }
            Ok(None) => {}
            Err(why) => {
                reading.faults.push(Fault { line, why, stops: true });
                break;
            }
        }
    }
    reading
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Complete,
    Escape,
    Strong,
    StrongEscape,
    Weak,
    WeakEscape,
    Blank,
}

/// One statement, what follows it, and how many lines it took. A line that ends in blanks, as dotenvy has it, goes on in the
/// next one.
fn take_statement(text: &str) -> Option<(&str, &str, usize)> {
    let mut state = State::Complete;
    let mut start = 0;
    let mut lines = 0;
    while start < text.len() {
        let end = text[start..].find('\n').map_or(text.len(), |n| start + n + 1);
        lines += 1;
        // dotenvy looks at all that was gathered so far, from its beginning
        if text[..end].trim_start().starts_with('#') {
            return Some(("", &text[end..], lines));
        }
        for (n, c) in text[start..end].char_indices() {
            state = match (state, c) {
                (State::Blank, '#') => return Some((&text[..start + n], &text[end..], lines)),
                (State::Complete, c) if c.is_whitespace() && c != '\n' && c != '\r' => State::Blank,
                (State::Complete | State::Blank, '\\') => State::Escape,
                (State::Complete | State::Blank, '"') => State::Weak,
                (State::Complete | State::Blank, '\'') => State::Strong,
                (State::Complete | State::Blank | State::Escape, _) => State::Complete,
                (State::Weak, '\\') => State::WeakEscape,
                (State::Weak, '"') | (State::Strong, '\'') => State::Complete,
                (State::Weak | State::WeakEscape, _) => State::Weak,
                (State::Strong, '\\') => State::StrongEscape,
                (State::Strong | State::StrongEscape, _) => State::Strong,
            };
        }
        if state == State::Complete {
            let statement = &text[..end];
            let statement = statement.strip_suffix('\n').map_or(statement, |s| s.strip_suffix('\r').unwrap_or(s));
            return Some((statement, &text[end..], lines));
        }
        start = end;
    }
    None
}

type Parsed<'a> = Option<(&'a str, Cow<'a, str>, bool)>;

fn pair(statement: &str) -> Result<Parsed<'_>, &'static str> {
    const NO_PAIR: &str = "it finds no name and = here, and gives up.";
    let line = statement.trim_end().trim_start();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (mut key, mut rest) = name(line).ok_or(NO_PAIR)?;
    rest = rest.trim_start();
    if key == "export" && !rest.starts_with('=') {
        (key, rest) = name(rest).ok_or(NO_PAIR)?;
        rest = rest.trim_start();
    }
    let rest = rest.strip_prefix('=').ok_or(NO_PAIR)?.trim_start();
    if rest.is_empty() || rest.starts_with('#') {
        return Ok(Some((key, Cow::Borrowed(""), false)));
    }
    if rest.bytes().all(|b| !matches!(b, b'\\' | b'\'' | b'"' | b'$' | b' ' | b'\t')) {
        return Ok(Some((key, Cow::Borrowed(rest), false)));
    }
    let (value, expands) = unquote(rest)?;
    Ok(Some((key, Cow::Owned(value), expands)))
}

fn name(line: &str) -> Option<(&str, &str)> {
    if !line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    Some(line.split_at(line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(line.len())))
}

fn unquote(input: &str) -> Result<(String, bool), &'static str> {
    let (mut strong, mut weak, mut escaped, mut ended, mut expands) = (false, false, false, false, false);
    let mut out = String::with_capacity(input.len());
    for c in input.chars() {
        if ended {
            match c {
                ' ' | '\t' => continue,
                '#' => break,
                _ => return Err("a value with blanks stands without quotes; it gives up."),
            }
        } else if escaped {
            match c {
                '\\' | '\'' | '"' | '$' | ' ' => out.push(c),
                'n' => out.push('\n'),
                _ => return Err("it does not know this escape, and gives up."),
            }
            escaped = false;
        } else if strong {
            if c == '\'' {
                strong = false;
            } else {
                out.push(c);
            }
        } else {
            match c {
                '$' => {
                    expands = true;
                    out.push(c);
                }
                '"' => weak = !weak,
                '\\' => escaped = true,
                '\'' if !weak => strong = true,
                ' ' | '\t' if !weak => ended = true,
                _ => out.push(c),
            }
        }
    }
    if strong || weak {
        return Err("a quote opens and is not closed; it gives up.");
    }
    Ok((out, expands))
}
