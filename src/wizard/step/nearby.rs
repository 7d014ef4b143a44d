//! A config that lies in the folder of the start: it is said on the first page, with the offer to mend it where it is broken, else
//! to look whether it works or to add a host. Only its text is read; no host is asked before a person chooses.

use std::path::PathBuf;

use crate::diagnosis::codes;
use crate::diagnosis::config::{Config, ConfigHost, Scene, understand};
use crate::domain::finding::{Finding, Severity};
use crate::domain::visible::{visible, whole};
use crate::domain::{Id, Text};
use crate::target::example::is_example;
use crate::target::nearby;
use crate::target::recognise::matches;
use crate::wizard::Wizard;
use crate::wizard::errand::Errand;
use crate::wizard::evidence::FileEvidence;
use crate::wizard::message::{Effect, ReadId};
use crate::wizard::page::{Answer, Block, Choice, Tone};
use crate::wizard::step::instance::INSTANCE;
use crate::wizard::step::tool::TARGET;
use crate::wizard::step::{Next, PageId, checkup, file, listed, say, toned};

/// What becomes of a config that is there.
pub const MEND_HERE: Id = Id::fixed("mend_here");
pub const YES: Id = Id::fixed("yes");
pub const ADD: Id = Id::fixed("add");
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

/// The folder's config as its tool reads it; none where it is not read yet, or left alone.
fn understood(w: &Wizard) -> Option<Config> {
    let (seen, around) = w.evidence.nearby.as_ref()?.answer.as_ref()?.as_ref().ok()?;
    let scene = Scene { library: &w.setting.library, seen, around, environment: &w.setting.environment };
    understand(scene).ok().filter(|config| !config.is_example())
}

fn errors(config: &Config) -> impl Iterator<Item = &Finding> {
    config.findings.iter().filter(|finding| finding.severity == Severity::Error)
}

/// The findings that keep its tool from working. What an example left to be filled in is not broken: nobody has used it yet.
fn broken(w: &Wizard) -> Vec<Finding> {
    let unfilled = [codes::FILE_PLACEHOLDER, codes::FILE_MISSING];
    let config = understood(w);
    let wrong = config.iter().flat_map(errors).filter(|finding| !unfilled.contains(&finding.code));
    wrong.cloned().collect()
}

pub fn is_broken(w: &Wizard) -> bool {
    !broken(w).is_empty()
}

/// The config where its text has nothing wrong and its tool can sign in with it.
fn sound(w: &Wizard) -> Option<Config> {
    let filled = |host: &ConfigHost| host.place.is_ok() && host.credential.is_some();
    understood(w).filter(|config| errors(config).next().is_none() && config.hosts.iter().any(filled))
}

/// What is there in one line, and the offer.
pub fn offer(w: &Wizard) -> Vec<Block> {
    match (broken(w).as_slice(), sound(w)) {
        ([first, more @ ..], _) => offer_to_mend(w, first, more.len()),
        ([], Some(config)) => offer_to_look(w, &config),
        ([], None) => Vec::new(),
    }
}

fn offer_to_mend(w: &Wizard, first: &Finding, more: usize) -> Vec<Block> {
    let more = match more {
        0 => String::new(),
        n => format!(" And {n} more."),
    };
    let options = vec![
        option(YES, "Mend it", "It is checked whole, and every line that changes is shown first."),
        option(NO, "Leave it, and set something up", "labwizard FILE mends it later."),
    ];
    let said = toned(Tone::Warning, format!("{} is there and does not work: {}{more}", shown(w), whole(&first.title)));
    vec![said, choice(w, options)]
}

fn offer_to_look(w: &Wizard, config: &Config) -> Vec<Block> {
    let title = config.spec(&w.setting.library).map(|spec| spec.title.as_str().to_owned()).unwrap_or_default();
    let hosts: Vec<String> = config.hosts.iter().map(|host| visible(&host.typed)).collect();
    let mut options = vec![option(
        YES,
        "Look whether it works",
        "Its hosts are asked, and what is wrong can be mended with the rest filled in.",
    )];
    if several(w, config) {
        options.push(option(ADD, "Add another host to it", "What stands there stays."));
    }
    options.push(option(NO, "Set something up", ""));
    let said = format!("{} is there, {title}'s, for {}. Its text has nothing wrong.", shown(w), listed(&hosts));
    vec![say(said), choice(w, options)]
}

/// The target of the config, where its text has nothing wrong.
pub fn target(w: &Wizard) -> Option<Id> {
    sound(w).map(|config| Id::new(config.target))
}

/// The address that the config names, where it is the file that is set up and has that host alone. Whoever adds a host means
/// another one.
pub fn host(w: &Wizard) -> Option<Text> {
    let same = file::path(w) == w.evidence.nearby.as_ref().map(|nearby| nearby.asked.clone());
    let adds = w.draft.choice(&INSTANCE).is_some();
    let config = sound(w).filter(|config| same && !adds && w.draft.is(&TARGET, &Id::new(config.target.clone())))?;
    match config.hosts.as_slice() {
        [one] => Some(Text::new(one.typed.clone())),
        _ => None,
    }
}

/// Its tool keeps several hosts in one file.
fn several(w: &Wizard, config: &Config) -> bool {
    config.spec(&w.setting.library).is_some_and(|spec| spec.instances.is_some())
}

fn shown(w: &Wizard) -> String {
    w.evidence.nearby.as_ref().map(|nearby| file::shown(w, &nearby.asked)).unwrap_or_default()
}

fn option(id: Id, title: &str, about: &str) -> Answer {
    let about = Some(about.to_owned()).filter(|about| !about.is_empty());
    Answer { id, title: title.to_owned(), about: about.into_iter().collect(), risky: false }
}

fn choice(w: &Wizard, options: Vec<Answer>) -> Block {
    Block::Choice(Choice { id: MEND_HERE, label: String::new(), options, chosen: Some(chosen(w)), error: None })
}

/// What becomes of it. What is broken is mended, unless somebody turned to another tool; what reads well is left.
fn chosen(w: &Wizard) -> Id {
    let other = |config: &Config| w.draft.choice(&TARGET).is_some_and(|target| target.as_str() != config.target);
    let elsewhere = understood(w).as_ref().is_some_and(other);
    let preset = if is_broken(w) && !elsewhere { YES } else { NO };
    w.draft.choice(&MEND_HERE).cloned().unwrap_or(preset)
}

/// Turns to the file that is there, where that was chosen.
pub fn turn(w: &mut Wizard) -> Option<Next> {
    let config = sound(w);
    if !is_broken(w) && config.is_none() {
        return None;
    }
    let (path, chosen) = (w.evidence.nearby.as_ref()?.asked.clone(), chosen(w));
    if chosen == YES {
        w.setting.mend = Some(path);
        return Some(Next::To(PageId::Checkup));
    }
    let config = config.filter(|config| chosen == ADD && several(w, config))?;
    w.draft.choose(INSTANCE, Id::new(config.read.free_instance().to_string()));
    w.draft.choose(TARGET, Id::new(config.target));
    w.draft.choose(file::FORM, Id::new(config.form));
    w.draft.type_in(file::FILE, Text::new(path.to_string_lossy()));
    Some(Next::To(PageId::File))
}
