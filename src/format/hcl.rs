//! HCL (`*.tfvars`, `*.tf`): hcl-edit reads and gives the places, the text itself is spliced.
//!
//! hcl-edit is never asked to write a file: it drops the CR of CR LF line ends, and does not bear a byte order mark.

use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::expr::Expression;
use hcl_edit::parser::{parse_body, parse_expr};
use hcl_edit::structure::{Attribute, Body, Structure};
use hcl_edit::template::{Element, Template};

use super::document::{Form, Slot};
use super::error::FormatError;
use crate::domain::Text;

mod comments;
mod rewrite;

pub use super::tf::{
    Argument, Declared, Given, ProviderSource, declared_variables, provider_arguments, provider_sources,
};
pub(super) use rewrite::apply;

const BOM: &str = "\u{feff}";

/// The top-level attributes of a text, commented ones too.
pub(super) fn slots(text: &str) -> Result<Vec<Slot>, FormatError> {
    if let Some(at) = text.find('\0') {
        return Err(at_byte(text, at, "there is a NUL character here, which HCL does not take"));
    }
    let skipped = if text.starts_with(BOM) { BOM.len() } else { 0 };
    let inner = &text[skipped..];
    let body = body_with_doubles(inner)?;
    let mut slots = Vec::new();
    let mut gap_start = 0;
    let mut lines = LineCount::new(inner);
    for structure in body.iter() {
        let Some(span) = structure.span() else { continue };
        comments::commented(inner, gap_start..span.start, &mut lines, &mut slots);
        gap_start = span.end;
        if let Structure::Attribute(attribute) = structure {
            slots.push(slot(inner, attribute, span, &mut lines)?);
        }
    }
    comments::commented(inner, gap_start..inner.len(), &mut lines, &mut slots);
    for slot in &mut slots {
        for range in [&mut slot.key, &mut slot.value, &mut slot.comment, &mut slot.whole] {
            *range = range.start + skipped..range.end + skipped;
        }
    }
    Ok(slots)
}

/// Reads a whole text, its byte order mark aside.
pub(super) fn body(text: &str) -> Result<Body, FormatError> {
    let inner = text.trim_start_matches(BOM);
    parse_body(inner).map_err(|error| ours(&error))
}

/// HCL refuses a name that is set twice. So that it can be asked about, each further one gets an unused name of the same length
/// in a copy that is only read; the places stay.
fn body_with_doubles(text: &str) -> Result<Body, FormatError> {
    let mut copy = None;
    for _ in 0..64 {
        let current = copy.as_ref().map_or(text, Text::as_str);
        match parse_body(current) {
            Ok(body) => return Ok(body),
            Err(error) => {
                let at = error.location().offset();
                let length = current[at..].find(|c| !is_name_char(c)).unwrap_or(current.len() - at);
                let unused = Some(()).filter(|()| error.message().contains("redefined")).and_then(|()| {
                    (0..10_000)
                        .map(|n| format!("z{n:0>width$}", width = length.saturating_sub(1)))
                        .find(|name| name.len() == length && !current.contains(name.as_str()))
                });
                let Some(unused) = unused else { return Err(ours(&error)) };
                copy = Some(Text::new(format!("{}{unused}{}", &current[..at], &current[at + length..])));
            }
        }
    }
    Err(FormatError { line: 1, column: 1, why: "too many names are set more than once" })
}

fn slot(text: &str, attribute: &Attribute, span: Range<usize>, lines: &mut LineCount) -> Result<Slot, FormatError> {
    let key = attribute.key.span().unwrap_or(span.start..span.start + attribute.key.len());
    let value = attribute.value.span().unwrap_or(key.end..span.end);
    let form = form(&attribute.value);
    if form == Form::Double
        && let Some(n) = text[value.clone()].find('\n')
    {
        return Err(at_byte(text, value.start + n, "a text in double quotes runs over the end of its line"));
    }
    let line_end = text[span.end..].find('\n').map_or(text.len(), |n| span.end + n + 1);
    let behind = text[span.end..line_end].trim_end_matches(['\r', '\n']);
    let comment_start = span.end + (behind.len() - behind.trim_start_matches([' ', '\t']).len());
    Ok(Slot {
        whole: line_start(text, key.start)..line_end,
        line: lines.at(key.start),
        comment: comment_start..span.end + behind.len(),
        key,
        value,
        commented: false,
        exported: false,
        form,
    })
}

fn form(value: &Expression) -> Form {
    match value {
        Expression::String(_) => Form::Double,
        Expression::Bool(_) | Expression::Number(_) | Expression::Null(_) => Form::Bare,
        Expression::HeredocTemplate(_) => Form::Heredoc,
        _ => Form::Complex,
    }
}

/// A plain value as HCL reads it; numbers and true/false as they stand. `None` for null, lists, objects, expressions, and
/// texts with `${…}` in them.
pub(super) fn decode(raw: &str, form: Form) -> Option<Text> {
    match form {
        Form::Bare => (raw != "null").then(|| Text::new(raw)),
        Form::Double | Form::Heredoc => match parse_expr(raw).ok()? {
            Expression::String(text) => Some(Text::new(text.value().as_str())),
            Expression::HeredocTemplate(heredoc) => literal(&heredoc.template),
            _ => None,
        },
        Form::Single | Form::Complex | Form::Open | Form::Odd => None,
    }
}

fn literal(template: &Template) -> Option<Text> {
    let mut out = String::new();
    for element in template.iter() {
        match element {
            Element::Literal(text) => out.push_str(text),
            _ => return None,
        }
    }
    Some(Text::new(out))
}

pub(super) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// hcl-edit's error holds the offending line: only its place and the kind of fault pass.
fn ours(error: &hcl_edit::parser::Error) -> FormatError {
    let message = error.message();
    let why = if message.contains("redefined") {
        "the same name is set twice"
    } else if message.contains("escape sequence") {
        "a backslash begins something that HCL does not know"
    } else if message.contains("heredoc") {
        "a text that begins with << has no end"
    } else if message.contains("newline") {
        "the line should end here"
    } else {
        "this is not HCL: a name, a value, a quote or a bracket is missing"
    };
    FormatError { line: error.location().line(), column: error.location().column(), why }
}

fn at_byte(text: &str, at: usize, why: &'static str) -> FormatError {
    let start = line_start(text, at);
    FormatError {
        line: text[..start].matches('\n').count() + 1,
        column: text[start..at].chars().filter(|&c| c != '\u{feff}').count() + 1,
        why,
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |n| n + 1)
}

/// Line numbers of places asked for in rising order, in one pass.
struct LineCount<'a> {
    text: &'a str,
    seen: usize,
    line: usize,
}

impl<'a> LineCount<'a> {
    fn new(text: &'a str) -> Self {
        LineCount { text, seen: 0, line: 1 }
    }

    fn at(&mut self, place: usize) -> usize {
        self.line += self.text[self.seen..place].matches('\n').count();
        self.seen = place;
        self.line
    }
}

#[cfg(test)]
mod tests;
