//! The words of the checkup: what it found in one line, what was tested, and what each mend means.

use std::path::Path;

use crate::diagnosis::codes;
use crate::domain::finding::{Finding, Mend, Severity, Step};
use crate::domain::visible::visible;
use crate::domain::{Id, Trouble};
use crate::wizard::Wizard;
use crate::wizard::page::{Answer, Block, Tone};
use crate::wizard::step::{count, details, file, host, token, toned};

use super::{Told, ways};

/// The file's path as people write it.
pub fn path(w: &Wizard) -> String {
    w.setting.mend.as_ref().map(|path| file::shown(w, path)).unwrap_or_default()
}

/// The file could not be looked at.
pub fn not_read(w: &Wizard, path: &Path, trouble: Option<&Trouble>) -> Finding {
    let finding = Finding::new(
        codes::FILE_UNREADABLE,
        Severity::Error,
        Step::Target,
        format!("{} cannot be read.", file::shown(w, path)),
        trouble.map(|trouble| trouble.what.clone()).unwrap_or_default(),
    );
    trouble.and_then(|trouble| trouble.hint.clone()).into_iter().fold(finding, |finding, hint| finding.say(hint))
}

pub fn title(path: &str, told: &Told) -> String {
    match (told.config.is_some(), told.worst()) {
        (false, _) => format!("{path} is left alone."),
        (true, Some(Severity::Error)) => {
            let errors = told.findings.iter().filter(|(_, finding)| finding.severity == Severity::Error).count();
            match errors {
                1 => format!("{} cannot work with {path}.", told.title),
                n => format!("{} cannot work with {path}, for {n} reasons.", told.title),
            }
        }
        (true, Some(Severity::Warning)) => format!("{} works with {path}, and there is something to mend.", told.title),
        (true, _) => format!("Nothing is wrong with {path}."),
    }
}

/// What was proved, a line each.
pub fn tested(told: &Told) -> Option<Block> {
    let config = told.config.as_ref()?;
    let read = count(config.read.values.len(), "value was", "values were");
    let mut lines = vec![format!("{read} read the way {} reads them.", told.title)];
    lines.extend(told.proved.iter().cloned());
    Some(toned(Tone::Good, lines.join("\n")))
}

/// The answers that stand for a mend.
pub fn answers(told: &Told, mend: &Mend) -> Vec<Answer> {
    let tool = &told.title;
    let answer = |title: String, about: &str| Answer {
        id: ways::id(mend),
        title,
        about: if about.is_empty() { Vec::new() } else { vec![about.to_owned()] },
        risky: false,
    };
    match mend {
        Mend::Ask(field) => vec![answer(asked(field), "Everything else stays as it is.")],
        Mend::Rewrite { key } => {
            vec![answer(
                format!("Write {} in the shape that {tool} reads", visible(key)),
                "From what stands there; shown first.",
            )]
        }
        Mend::Remove { key, line } => vec![answer(format!("Delete line {line}, {}", visible(key)), "Kept for undo.")],
        Mend::Close => vec![answer("Close the file to others".into(), "Only you can read it then: mode 0600.")],
        Mend::Ignore => vec![answer("Keep the file out of git".into(), "A line in the .gitignore beside it.")],
        Mend::Grant => vec![
            answer(
                "Grant exactly what is missing".into(),
                "You sign in as somebody who may; shown path by path first. The file stays as it is.",
            ),
            Answer {
                id: ways::COMMANDS,
                title: "Show the commands that grant it".into(),
                about: vec!["For root's shell on the host.".into()],
                risky: false,
            },
        ],
        Mend::NewSecret => {
            vec![answer(
                "Give the token a new secret".into(),
                "You sign in; it keeps its name and its rights. Shown first.",
            )]
        }
        Mend::NewToken => {
            vec![answer("Have another token made".into(), "You sign in; it gets the rights that do the job.")]
        }
        Mend::Certificate => {
            vec![answer("Compare the old and the new certificate".into(), "Nothing is sent before you agree.")]
        }
        Mend::Verify => {
            vec![answer(format!("Have {tool} verify the certificate"), "Then nobody on the way can read the token.")]
        }
        Mend::LookUp => vec![answer(
            "Sign in and look up why".into(),
            "An administrator sees the user and its tokens, and whether they have ended.",
        )],
    }
}

fn asked(field: &Id) -> String {
    let known = [
        (host::HOST, "Type another address"),
        (token::TOKEN, "Paste another token"),
        (token::USER, "Type another user"),
        (token::NAME, "Type another token name"),
        (token::PASSWORD, "Type another password"),
        (details::VERIFY, "Choose how the certificate is verified"),
    ];
    if let Some((_, words)) = known.iter().find(|(id, _)| id == field) {
        return (*words).to_owned();
    }
    match field.as_str().strip_prefix("pick.") {
        Some(pick) => format!("Choose another {}", visible(&pick.replace('_', " "))),
        None => format!("Answer {} anew", visible(field.as_str())),
    }
}
