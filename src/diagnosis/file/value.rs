//! One value after the other, by the parsers of the wizard's fields.

use super::{Mended, Sight, about, ask, codes, host, token, unfilled};
use crate::domain::finding::{Code, Finding, Mend, Severity::*};
use crate::domain::visible::{is_hidden, visible};
use crate::target::Fact;
use crate::target::meant::plain;
use crate::target::read::ReadValue;

/// What is wrong with the value; of several things the one that somebody must say before what can be written anew.
pub(super) fn judge(sight: &Sight<'_>, value: &ReadValue) -> Option<Finding> {
    let text = plain(value.text.as_str());
    let text = text.as_str();
    unfilled::judge(value, text)
        .or_else(|| match &value.fact {
            Fact::Address | Fact::Host | Fact::Url | Fact::ApiUrl => host::judge(sight, value, text),
            Fact::Port => host::port(value, text),
            Fact::User | Fact::UserName | Fact::Realm => token::user(sight, value, text),
            Fact::TokenName | Fact::TokenId => token::id(sight, value, text),
            Fact::TokenSecret => token::secret(value, text),
            Fact::Token => token::whole(value, text),
            Fact::Password => token::password(sight, value, text),
            _ => None,
        })
        .or_else(|| bare(sight, value))
        .or_else(|| copied(value, text))
}

/// The tool's own text around the value is missing.
fn bare(sight: &Sight<'_>, value: &ReadValue) -> Option<Finding> {
    value.bare.then(|| {
        rewritten(
            value,
            codes::FILE_SHAPE,
            format!("{} lacks the text that the tool expects around the value.", visible(&value.key)),
            format!("{} sends the value as it stands.", sight.title()),
            "Write the value with the text around it.",
        )
    })
}

/// Characters that came along with copying, though the value in them is right.
fn copied(value: &ReadValue, text: &str) -> Option<Finding> {
    let stands = value.text.as_str();
    let unseen = |c: char| is_hidden(c) || (c.is_whitespace() && c != ' ');
    let key = visible(&value.key);
    // A password may well begin or end with a blank or a quote.
    let (wrong, severity) = match value.fact {
        Fact::Password => (stands.chars().any(unseen), Warning),
        _ => (stands != text, Error),
    };
    if !wrong {
        return None;
    }
    let places: Vec<String> = stands
        .chars()
        .enumerate()
        .filter(|(_, c)| unseen(*c))
        .take(5)
        .map(|(at, c)| format!("U+{:04X} at place {}", u32::from(c), at + 1))
        .collect();
    let mut finding = rewritten(
        value,
        codes::FILE_HIDDEN,
        if places.is_empty() {
            format!("{key} holds blanks or quotes around the value.")
        } else {
            format!("{key} holds characters that nobody sees.")
        },
        "They came along with copying. The tool sends them too, and the host compares letter by letter.".into(),
        "Take them out; the value itself is good.",
    );
    finding.severity = severity;
    finding.evidence.extend(places);
    Some(finding)
}

/// A finding about a value whose right form is known from what stands there.
pub(super) fn rewritten(value: &ReadValue, code: Code, title: String, cause: String, fix: &str) -> Finding {
    about(code, Error, &value.fact, value.line, title, cause).say(fix).mend(Mend::Rewrite { key: value.key.clone() })
}

/// A finding about a value that somebody must say anew.
pub(super) fn asked(value: &ReadValue, code: Code, title: String, cause: String, fix: impl Into<String>) -> Finding {
    about(code, Error, &value.fact, value.line, title, cause).say(fix).mended(ask(&value.fact))
}
