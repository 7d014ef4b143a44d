//! A config that lies in the folder of the start and is broken: it is said on the first page, with the offer to mend it. Only
//! its text is read; no host is asked before a person chooses.

use std::path::PathBuf;

use crate::diagnosis::codes;
use crate::diagnosis::config::{Scene, understand};
use crate::domain::Id;
use crate::domain::finding::{Finding, Severity};
use crate::domain::visible::whole;
use crate::target::example::is_example;
use crate::target::nearby;
use crate::target::recognise::matches;
use crate::wizard::Wizard;
use crate::wizard::errand::Errand;
use crate::wizard::evidence::FileEvidence;
use crate::wizard::message::{Effect, ReadId};
use crate::wizard::page::{Answer, Block, Choice, Tone};
use crate::wizard::step::{Next, PageId, checkup, file, toned};

/// What becomes of a config that is broken.
pub const MEND_HERE: Id = Id::fixed("mend_here");
const YES: Id = Id::fixed("yes");
const NO: Id = Id::fixed("no");

/// Where the folder has a config, it is read.
pub fn look(w: &mut Wizard) -> Vec<Effect> {
    let asked = w.setting.unattended || w.setting.errand != Errand::SetUp || checkup::here(w);
    let Some(path) = config(w).filter(|_| !asked) else { return Vec::new() };
    let id = ReadId(w.fresh());
    w.evidence.nearby = Some(FileEvidence { id, asked: path.clone(), answer: None });
    vec![Effect::Look(id, path)]
}

/// The folder's config: of the target that the folder clearly belongs to, else the first of a usual name.
fn config(w: &Wizard) -> Option<PathBuf> {
    let around = w.evidence.start.as_ref()?;
    let library = &w.setting.library;
    let clear = nearby::folder(library, around);
    let forms = |of: Option<&str>| {
        let targets = library.iter().filter(move |target| of.is_none_or(|name| target.name == name));
        targets.flat_map(|target| &target.spec.form).filter(|form| form.is_written()).collect::<Vec<_>>()
    };
    let patterns = forms(clear.as_deref()).into_iter().flat_map(|form| form.file.iter());
    let found = patterns
        .filter_map(|pattern| around.names.iter().find(|name| matches(pattern.as_str(), name) && !is_example(name)));
    found.min().map(|name| around.folder.join(name))
}

/// The findings that keep its tool from working. What an example left to be filled in is not broken: nobody has used it yet.
fn broken(w: &Wizard) -> Vec<Finding> {
    let Some(Ok((seen, around))) = w.evidence.nearby.as_ref().and_then(|file| file.answer.as_ref()) else {
        return Vec::new();
    };
    let scene = Scene { library: &w.setting.library, seen, around, environment: &w.setting.environment };
    let Ok(config) = understand(scene) else { return Vec::new() };
    let unfilled = [codes::FILE_PLACEHOLDER, codes::FILE_MISSING];
    let wrong = config.findings.into_iter().filter(|finding| finding.severity == Severity::Error);
    wrong.filter(|finding| !unfilled.contains(&finding.code)).collect()
}

pub fn is_broken(w: &Wizard) -> bool {
    !broken(w).is_empty()
}

/// What is wrong with it in one line, and the offer.
pub fn offer(w: &Wizard) -> Vec<Block> {
    let wrong = broken(w);
    let (Some(first), Some(evidence)) = (wrong.first(), &w.evidence.nearby) else { return Vec::new() };
    let path = file::shown(w, &evidence.asked);
    let more = match wrong.len() - 1 {
        0 => String::new(),
        n => format!(" And {n} more."),
    };
    let option = |id: Id, title: String, about: &str| Answer { id, title, about: vec![about.to_owned()], risky: false };
    vec![
        toned(Tone::Warning, format!("{path} is there and does not work: {}{more}", whole(&first.title))),
        Block::Choice(Choice {
            id: MEND_HERE,
            label: String::new(),
            options: vec![
                option(YES, "Mend it".into(), "It is checked whole, and every line that changes is shown first."),
                option(NO, "Leave it, and go on below".into(), "labwizard FILE mends it later."),
            ],
            chosen: Some(w.draft.choice(&MEND_HERE).cloned().unwrap_or(YES)),
            error: None,
        }),
    ]
}

/// Turns to the broken file.
pub fn mend(w: &mut Wizard) -> Option<Next> {
    if !is_broken(w) || w.draft.is(&MEND_HERE, &NO) {
        return None;
    }
    w.setting.mend = Some(w.evidence.nearby.as_ref()?.asked.clone());
    Some(Next::To(PageId::Checkup))
}
