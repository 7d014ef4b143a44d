//! An example file that was named: placeholders belong into it, and a secret does not.

use super::{Sight, about, codes};
use crate::domain::finding::{Finding, Mend, Severity::*};
use crate::domain::paste::{Known, PastedSecret, is_uuid, parse_paste};
use crate::domain::visible::visible;
use crate::domain::{Secret, placeholder};
use crate::target::Fact;
use crate::target::meant::plain;
use crate::target::read::{ReadFile, ReadValue};

pub(super) fn judge(sight: &Sight<'_>) -> Vec<Finding> {
    sight
        .read
        .values
        .iter()
        .filter(|value| secret(value).is_some())
        .map(|value| {
            about(
                codes::FILE_EXAMPLE,
                Warning,
                &value.fact,
                value.line,
                format!("{} in this example holds what looks like a secret that works.", visible(&value.key)),
                "Examples are passed on and committed; a secret never goes into them.",
            )
            .say("Write a placeholder in its place, and have a new secret made where the old one was real.")
            .mend(Mend::NewSecret)
        })
        .collect()
}

/// What stands in the file to sign in with and is no placeholder.
pub(super) fn secrets(read: &ReadFile) -> Vec<Secret> {
    read.values.iter().filter_map(secret).collect()
}

fn secret(value: &ReadValue) -> Option<Secret> {
    let stands = plain(value.text.as_str());
    let text = stands.as_str();
    if !value.fact.is_secret() || placeholder(text).is_some() {
        return None;
    }
    match value.fact {
        Fact::Token => parse_paste(text, Known::default()).secret?.sound().map(Secret::share),
        Fact::TokenSecret => is_uuid(text).then(|| PastedSecret::new(text)).and_then(|s| s.sound().map(Secret::share)),
        // A short word would be found in any text.
        _ => Some(stands.to_secret()).filter(Secret::is_telling),
    }
}
