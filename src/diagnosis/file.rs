//! The file: what in it makes trouble for its tool, though the host and the token are good.

use crate::diagnosis::codes;
use crate::domain::finding::{Code, Finding, Severity, Step};
use crate::domain::visible::whole;
use crate::format::Document;
use crate::target::read::held;
use crate::target::traps::{Around, TrapKind, hits};
use crate::target::{Form, Spec};

/// What the tool would stumble over in this text, as warnings. Placeholders that nobody filled are listed by whoever shows the
/// file, and are none of these.
pub fn traps(spec: &Spec, form: &Form, document: &Document, around: Around<'_>) -> Vec<Finding> {
    hits(spec, form, &held(document), around)
        .into_iter()
        .filter(|hit| hit.kind != TrapKind::Placeholder)
        .map(|hit| {
            let words = hit.words(spec.title.as_str());
            let finding = Finding::new(
                code(&hit.kind),
                Severity::Warning,
                Step::Review,
                whole(&words.title),
                whole(&words.cause),
            );
            let finding = match hit.line {
                Some(line) => finding.seen(format!("line {line}")),
                None => finding,
            };
            finding.say(whole(&words.fix))
        })
        .collect()
}

fn code(kind: &TrapKind) -> Code {
    match kind {
        TrapKind::Beaten | TrapKind::Shadowed | TrapKind::Outranked | TrapKind::BothWays(_) => codes::FILE_SHADOWED,
        TrapKind::Ignored(_) | TrapKind::Undeclared => codes::FILE_IGNORED,
        TrapKind::MissingKey => codes::FILE_MISSING,
        TrapKind::Placeholder => codes::FILE_PLACEHOLDER,
        TrapKind::Duplicate(_) => codes::FILE_DUPLICATE,
        TrapKind::Clash { .. } => codes::FILE_CLASH,
        TrapKind::FullId
        | TrapKind::SecretInName
        | TrapKind::ShortId
        | TrapKind::ApiPath
        | TrapKind::NoApiPath
        | TrapKind::Scheme
        | TrapKind::PortInHost
        | TrapKind::HeaderWord
        | TrapKind::Bare
        | TrapKind::NoSwitch(..) => codes::FILE_SHAPE,
    }
}
