//! The file as it will be: what changes in it, what is still open, and how it reads once it was written.

use std::collections::BTreeSet;

use crate::diagnosis;
use crate::domain::around::Git;
use crate::domain::finding::Finding;
use crate::domain::visible::visible;
use crate::domain::{Change, FileSeen};
use crate::format::{Document, Found, Side};
use crate::plan::action::{Action, Outcome};
use crate::plan::edit::Prepared;
use crate::target::nearby;
use crate::target::spec::{Form, VerifyWord};
use crate::target::traps::Around;
use crate::target::write::KeyValue;
use crate::wizard::Wizard;
use crate::wizard::page::{Block, DiffSide, FileDiff, Tone};
use crate::wizard::step::{checkup, count, details, file, listed, quiet, toned, tool, trust};

pub(super) fn file_diff(w: &Wizard, prepared: &Prepared) -> FileDiff {
    let seen: &FileSeen = &prepared.edit.seen;
    let mut notes = Vec::new();
    match &seen.there {
        Some(there) => {
            let after = there.mode & 0o600;
            if there.mode & 0o777 != after {
                notes.push(format!("mode {:04o} → {after:04o}", there.mode & 0o777));
            } else {
                notes.push(format!("mode {after:04o}"));
            }
            notes.push("the old file is kept for undo".into());
        }
        None => notes.push("mode 0600".into()),
    }
    if let Some((_, around)) = file::seen(w) {
        notes.push(match &around.git {
            Git::NoRepository => "in no git repository".into(),
            Git::Ignored => "git ignores it".into(),
            Git::Tracked => "git tracks it".into(),
            Git::WouldTrack => "git would take it in".into(),
            Git::Unknown(why) => format!("git was not asked: {}", visible(why)),
        });
    }
    let about = match (&seen.there, file::example(w)) {
        (Some(_), _) if prepared.lines.is_empty() => "every value is there already".into(),
        (Some(_), _) => format!("new values; {} stay as they are", count(prepared.kept, "other line", "other lines")),
        (None, Some((name, _))) => format!("a new file, from {}", visible(&name)),
        (None, None) => "a new file".into(),
    };
    FileDiff {
        path: file::shown(w, &seen.path),
        about,
        lines: prepared.lines.iter().map(|(side, line)| diff_line(w, prepared, *side, line)).collect(),
        notes,
    }
}

/// A changed line; where its secret does not exist yet, with the step that makes it.
fn diff_line(w: &Wizard, prepared: &Prepared, side: Side, line: &str) -> (DiffSide, String) {
    if side != Side::Added {
        return (DiffSide::Removed, line.to_owned());
    }
    let awaited = prepared.edit.awaits.iter().any(|value| line.starts_with(&format!("{}=", visible(&value.key))));
    let maker = match &w.plan {
        Some(Ok(draw)) => {
            draw.plan.actions.iter().rposition(|planned| planned.action.change().is_some_and(Change::gives_secret))
        }
        _ => None,
    };
    let line = match maker.filter(|_| awaited) {
        Some(at) => format!("{line} (made in step {})", at + 1),
        None => line.to_owned(),
    };
    (DiffSide::Added, line)
}

/// What is left out, still a placeholder, or cannot be filled.
pub(super) fn notes(w: &Wizard, prepared: &Prepared) -> Vec<Block> {
    let mut blocks = Vec::new();
    let later: Vec<String> = details::left_out(w).into_iter().map(|(key, _)| visible(&key)).collect();
    if !later.is_empty() {
        blocks.push(quiet(format!("Left for later: {}.", listed(&later))));
    }
    let still = placeholders(prepared);
    if !still.is_empty() {
        blocks.push(toned(
            Tone::Warning,
            format!("Still an example's placeholder, for you to fill: {}.", listed(&still)),
        ));
    }
    let open = without_value(w, prepared);
    if !open.is_empty() {
        blocks.push(toned(Tone::Warning, format!("The module also needs a value for: {}.", listed(&open))));
    }
    if let (Some(form), Some((_, around))) = (file::form(w), file::seen(w)) {
        let damaged: Vec<String> = nearby::damaged(form, around).iter().map(|text| visible(text)).collect();
        if !damaged.is_empty() {
            blocks.push(toned(
                Tone::Warning,
                format!("Not read, so it is not known which variables are declared: {}.", listed(&damaged)),
            ));
        }
    }
    let missing: Vec<String> = prepared.filled.missing.iter().map(|m| visible(&m.key)).collect();
    if !missing.is_empty() {
        blocks.push(toned(Tone::Warning, format!("Without a value: {}.", listed(&missing))));
    }
    for undeclared in &prepared.filled.undeclared {
        blocks.push(toned(
            Tone::Warning,
            format!("The module declares no variable for this, so it is not written: {}.", undeclared.names.join(", ")),
        ));
    }
    // In a repair that leaves it as it is, nobody chose it.
    let chosen = checkup::verification(w).is_none();
    if details::verify(w) == VerifyWord::Off && trust::agreed(w).is_some() && chosen {
        blocks.push(toned(Tone::Warning, format!("{} will not verify the host's certificate.", tool::title(w))));
    }
    blocks
}

/// The variables that the module needs and that the file gives no value.
pub fn without_value(w: &Wizard, prepared: &Prepared) -> Vec<String> {
    let (Some(form), Some((_, around)), Ok(edited)) = (file::form(w), file::seen(w), prepared.edit.after()) else {
        return Vec::new();
    };
    let given: Vec<String> =
        edited.document.entries().filter(|entry| !entry.is_commented()).map(|entry| entry.key().to_owned()).collect();
    nearby::without_value(form, around, &given).iter().map(|name| visible(name)).collect()
}

/// What the tool would stumble over in the file as it will be.
pub(super) fn traps(w: &Wizard) -> Vec<Finding> {
    let (Some(spec), Some(form), Some((seen, around)), Some(Ok(draw))) =
        (tool::spec(w), file::form(w), file::seen(w), &w.plan)
    else {
        return Vec::new();
    };
    let Some(edited) = draw.prepared.as_ref().and_then(|prepared| prepared.edit.after().ok()) else {
        return Vec::new();
    };
    let declared = nearby::declared(form, around);
    let loaded = nearby::counting_before(form, around, &seen.path);
    let around = Around { environment: &w.setting.environment, declared: declared.as_deref(), loaded: &loaded };
    let mut findings = diagnosis::file::traps(spec, form, &edited.document, around);
    if let Some(target) = tool::target(w).map(|target| &target.name) {
        let library = &w.setting.library;
        findings.extend(diagnosis::file::clash(library, target, form, &edited.document, &readers(w, form, seen)));
    }
    findings
}

/// The tools that read this file too: those that labwizard wrote it for, and the one that its text as it was speaks for.
fn readers(w: &Wizard, form: &Form, seen: &FileSeen) -> BTreeSet<String> {
    let name = seen.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let text = seen.there.as_ref().map(|there| there.text.clone());
    let document = form.editor().zip(text).and_then(|(dialect, text)| Document::parse(dialect, text).ok());
    let before = document.and_then(|document| diagnosis::file::reader_of(&w.setting.library, &name, &document));
    let wrote = w.setting.configs.iter().filter(|one| one.path == seen.path).map(|one| one.target.clone());
    before.into_iter().chain(wrote).collect()
}

/// The keys whose values an example left to be filled in, and nobody did.
pub fn placeholders(prepared: &Prepared) -> Vec<String> {
    let Ok(edited) = prepared.edit.after() else { return Vec::new() };
    let ours: Vec<&str> = prepared.filled.set.iter().map(|value| value.key.as_str()).collect();
    edited
        .document
        .entries()
        .filter(|entry| !entry.is_commented() && !ours.contains(&entry.key()))
        .filter(|entry| entry.value().is_some_and(|v| crate::domain::paste::placeholder(v.as_str()).is_some()))
        .map(|entry| visible(entry.key()))
        .collect()
}

/// How the file reads, once it was written: the values that its readers take.
pub fn reads_back(w: &Wizard) -> Option<Result<usize, String>> {
    let written = w.run.as_ref().is_none_or(|run| {
        let edit = run.steps.iter().find(|step| matches!(step.planned.action, Action::Edit(_)));
        edit.is_none_or(|step| matches!(step.outcome, Some(Outcome::Done { .. } | Outcome::Unsafe(_))))
    });
    if !written {
        return None;
    }
    let (seen, _) = file::seen(w)?;
    let there = seen.there.as_ref()?;
    let Some(Ok(draw)) = &w.plan else { return None };
    let prepared = draw.prepared.as_ref()?;
    let document = Document::parse(prepared.edit.dialect, there.text.clone()).ok()?;
    let meant = |value: &KeyValue| match (value.value.text(), &w.made) {
        (Some(text), _) => Some(text.clone()),
        (None, made) => made.as_ref().map(|secret| value.value.with_secret(secret)),
    };
    let stands =
        |value: &KeyValue| matches!(document.get(&value.key), Found::Once(entry) if entry.value() == meant(value));
    let wrong: Vec<String> =
        prepared.filled.set.iter().filter(|value| !stands(value)).map(|value| visible(&value.key)).collect();
    Some(if wrong.is_empty() { Ok(prepared.filled.set.len()) } else { Err(listed(&wrong)) })
}
