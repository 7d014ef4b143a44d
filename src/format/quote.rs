//! The ways to write one value, plainest first. Which of them is right is not decided here but by reading each back with the
//! readers' own rules.

use super::document::Form;
use crate::domain::Text;

/// Why a value can stand in no file of any dialect; `None` when it can.
pub(super) fn refusal(value: &str) -> Option<&'static str> {
    value.chars().find(|c| c.is_control()).map(|c| match c {
        '\n' | '\r' => "it holds a line break.",
        '\0' => "it holds a NUL character.",
        _ => "it holds a control character.",
    })
}

/// Whether the value reads alike unquoted by every reader, `docker --env-file` included.
fn is_safe_bare(value: &str) -> bool {
    value.bytes().all(|b| b.is_ascii_alphanumeric() || b"_@!=:./+,-".contains(&b))
}

/// The ways to write a `.env` value. `kept` is how the value that stands there is quoted; it is tried first.
///
/// Never a backtick between double quotes: a shell would run it.
pub(super) fn dotenv_forms(value: &str, kept: Option<Form>) -> Vec<Text> {
    let single = || (!value.contains('\'')).then(|| format!("'{value}'"));
    let double = || (!value.contains(['"', '$', '\\', '`'])).then(|| format!("\"{value}\""));
    let mut forms = Vec::with_capacity(7);
    match kept {
        Some(Form::Single) => forms.push(single()),
        Some(Form::Double) => forms.push(double()),
        _ => {}
    }
    forms.push(is_safe_bare(value).then(|| value.to_owned()));
    forms.push(single());
    forms.push(double());
    forms.push((!value.contains('`')).then(|| {
        let mut out = String::with_capacity(value.len() * 2 + 2);
        out.push('"');
        for c in value.chars() {
            if matches!(c, '"' | '$' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
        out.push('"');
        out
    }));
    let spliced = Text::new(value.replace('\'', r"'\''"));
    forms.push(Some(format!("'{}'", spliced.as_str())));
    forms.push(Some(value.to_owned()));
    forms.into_iter().flatten().map(Text::new).collect()
}

/// An HCL quoted string that reads as `value`: a quote and a backslash are escaped, `${` and `%{` get their mark doubled.
pub(super) fn hcl_string(value: &str) -> Text {
    let mut out = String::with_capacity(value.len() * 2 + 2);
    out.push('"');
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\\' => out.push('\\'),
            '$' | '%' if chars.peek() == Some(&'{') => out.push(c),
            _ => {}
        }
        out.push(c);
    }
    out.push('"');
    Text::new(out)
}
