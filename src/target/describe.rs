//! A target in words, as `targets NAME` shows it.

use std::collections::{BTreeMap, BTreeSet};

use super::fact::Fact;
use super::library::Target;
use super::needs::needs;
use super::spec::{Form, Names, VerifyWord};
use crate::domain::Release;

/// A heading and its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub title: String,
    pub lines: Vec<String>,
}

/// One line for a list of targets: name, title and whether it is the user's own.
pub fn in_short(target: &Target) -> String {
    let yours = if target.yours { " (yours)" } else { "" };
    format!("{}  {}: {}{yours}", target.name, target.spec.title, target.spec.about)
}

/// What it writes, what it needs on this release, and what it asks.
pub fn describe(target: &Target, release: Release) -> Vec<Section> {
    let spec = &target.spec;
    let mut out = Vec::new();
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            out.push(Section { title: title.to_owned(), lines });
        }
    };
    let yours = if target.yours { vec!["This is a target file of yours.".to_owned()] } else { Vec::new() };
    section("Yours", yours);
    let seen = spec.source.iter().map(ToString::to_string);
    section("About", [spec.about.to_string()].into_iter().chain(seen.map(|s| format!("made from {s}"))).collect());
    section("Forms", spec.form.iter().map(form_line).collect());
    for form in &spec.form {
        section(&format!("Keys of {}", form.name), key_lines(target, form));
    }
    let always = needs(spec, release, &BTreeMap::new(), &BTreeSet::new());
    let row = |path: &str, purpose: &str, privileges: String| format!("{path}: {purpose}: {privileges}");
    let joined = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" ");
    section(
        &format!("Rights on Proxmox VE {release}"),
        always.iter().map(|need| row(&need.path, &need.purpose, joined(&need.privileges))).collect(),
    );
    for (name, ask) in spec.groups.iter() {
        let rows = spec.rights.iter().filter(|r| r.on_release(release) && r.group.as_deref() == Some(name));
        let mut lines: Vec<String> = rows
            .map(|right| {
                let dangerous = if right.dangerous().is_empty() { "" } else { " (dangerous)" };
                row(&right.on, &right.purpose, joined(&right.privs.0)) + dangerous
            })
            .collect();
        let never = spec.never.iter().filter(|never| never.group.as_deref() == Some(name));
        lines.extend(never.map(|never| never.say.to_string()));
        section(&format!("Only if yes: {ask}"), lines);
    }
    out
}

fn form_line(form: &Form) -> String {
    let files: Vec<_> = form.file.iter().map(|file| file.as_str()).collect();
    let verify: Vec<_> = form
        .verify
        .iter()
        .map(|word| match word {
            VerifyWord::Off => "not at all",
            VerifyWord::System => "against the system's CAs",
            VerifyWord::Ca => "against a CA file",
            VerifyWord::Pin => "against a fingerprint",
        })
        .collect();
    format!("{}: {}; the certificate is held {}", form.name, files.join(", "), verify.join(", or "))
}

fn key_lines(target: &Target, form: &Form) -> Vec<String> {
    let prefix = form.prefix.as_deref().unwrap_or_default();
    target
        .spec
        .keys
        .iter()
        .filter_map(|(name, key)| {
            let name = match form.names {
                Names::Env => key.env.as_deref()?,
                Names::Key => name,
            };
            let what = match &key.value.fact {
                Fact::Pick(pick) => target.spec.picks.get(pick).map_or(String::new(), |p| p.ask.to_string()),
                fact => format!("{}{{{fact}}}{}", key.value.before, key.value.after),
            };
            Some(format!("{prefix}{name}  {what}"))
        })
        .collect()
}
