//! What a checkup asks the world for, in its order: the file, the CAs that it names, and each of its hosts once.

use std::path::{Path, PathBuf};

use crate::diagnosis::config::{Config, ConfigHost, Scene, understand};
use crate::diagnosis::held::secrets;
use crate::diagnosis::leaning::Leaning;
use crate::diagnosis::round::{self, CaFile, Trusting, Wish};
use crate::diagnosis::untold;
use crate::domain::finding::Finding;
use crate::domain::{ConfigRecord, Credential, Der, HostRecord, Seen, Trust};
use crate::plan::action::{Action, Outcome};
use crate::wizard::Wizard;
use crate::wizard::evidence::{CaAsked, Checkup, FileEvidence, HostAsked, Search, Survey};
use crate::wizard::message::{Effect, ProbeId, ReadId};
use crate::wizard::step::{details, host, token};

/// The file is looked at, and nobody else yet.
pub fn begin(w: &mut Wizard) -> Vec<Effect> {
    let (checkup, effects) = of_file(w);
    w.evidence.checkup = checkup;
    effects
}

/// The same after the repair, into a place of its own.
pub fn begin_after(w: &mut Wizard) -> Vec<Effect> {
    let (checkup, effects) = of_file(w);
    w.evidence.after = checkup;
    effects
}

fn of_file(w: &mut Wizard) -> (Option<Checkup>, Vec<Effect>) {
    let Some(path) = w.setting.mend.clone() else { return (None, Vec::new()) };
    let (file, effect) = look(w, path);
    (Some(Checkup::of(file)), vec![effect])
}

fn look(w: &mut Wizard, path: PathBuf) -> (FileEvidence, Effect) {
    let id = ReadId(w.fresh());
    (FileEvidence { id, asked: path.clone(), answer: None }, Effect::Look(id, path))
}

/// The next questions, once what was asked is there; none where nobody is left to be asked.
pub fn go_on(w: &mut Wizard, after: bool) -> Vec<Effect> {
    let checkup = if after { &w.evidence.after } else { &w.evidence.checkup };
    let Some(checkup) = checkup.as_ref().filter(|checkup| !checkup.is_awaited() && !checkup.asked) else {
        return Vec::new();
    };
    let Ok(config) = understood(w, &checkup.file) else {
        slot(w, after).iter_mut().for_each(|checkup| checkup.asked = true);
        return Vec::new();
    };
    let mut effects: Vec<Effect> = search(w, &config, after).into_iter().collect();
    let cas = look_at_cas(w, &config, after);
    if !cas.is_empty() {
        effects.extend(cas);
        return effects;
    }
    effects.extend(ask_hosts(w, &config, after));
    effects
}

fn slot(w: &mut Wizard, after: bool) -> &mut Option<Checkup> {
    if after { &mut w.evidence.after } else { &mut w.evidence.checkup }
}

/// The search for the file's secrets, once and beside everything else.
fn search(w: &mut Wizard, config: &Config, after: bool) -> Option<Effect> {
    let id = ReadId(w.fresh());
    let checkup = slot(w, after).as_mut().filter(|checkup| checkup.search.is_none())?;
    let (seen, around) = checkup.file.answer.as_ref()?.as_ref().ok()?;
    let effect = Effect::Search(id, Box::new((seen.clone(), around.clone(), secrets(config))));
    checkup.search = Some(Search { id, ended: false });
    Some(effect)
}

/// The files with CAs that hosts name and that nobody has looked at.
fn look_at_cas(w: &mut Wizard, config: &Config, after: bool) -> Vec<Effect> {
    let mut effects = Vec::new();
    for path in config.hosts.iter().filter_map(|host| ca_path(config, host)) {
        let id = ReadId(w.fresh());
        let checkup = slot(w, after).as_mut().filter(|checkup| !checkup.cas.iter().any(|ca| ca.asked == path));
        if let Some(checkup) = checkup {
            checkup.cas.push(CaAsked { id, asked: path.clone(), answer: None });
            effects.push(Effect::LookAtCa(id, path));
        }
    }
    effects
}

/// Each host of the file, side by side. One secret goes to one host once: where what it is held against differs, one after the
/// other, until one has signed in.
fn ask_hosts(w: &mut Wizard, config: &Config, after: bool) -> Vec<Effect> {
    let records = records(w, after);
    let by = Trusting { given: None, records: &records, strict: false };
    let Some(mut checkup) = slot(w, after).take() else { return Vec::new() };
    let mut effects = Vec::new();
    if checkup.turns.is_empty() {
        let library = &w.setting.library;
        let wish = |host| Wish::of(0, config, host, library, ca(config, host, &checkup), by);
        let wishes: Vec<Wish> = config.hosts.iter().filter_map(wish).collect();
        let (turns, answered) = round::turns(&wishes);
        checkup.wishes = wishes.into_iter().zip(answered).collect();
        checkup.turns = turns;
        effects.extend(ask_looks(w, &mut checkup));
    }
    let stage = checkup.hosts.iter().map(|host| host.at + 1).max().unwrap_or_default();
    for turn in 0..checkup.turns.len() {
        effects.extend(ask_host(w, &mut checkup, turn, stage));
    }
    checkup.asked = checkup.turns.iter().all(|turn| turn.len().0 <= stage + 1);
    *slot(w, after) = Some(checkup);
    effects
}

/// The road by the trust of this number, where the journey has so many.
fn ask_host(w: &mut Wizard, checkup: &mut Checkup, turn: usize, at: usize) -> Option<Effect> {
    let signed_in = checkup.hosts.iter().any(|host| host.turn == turn && round::signed_in(&host.survey.seen));
    let journey = checkup.turns.get(turn).filter(|journey| at < journey.len().0)?;
    let mut inquiry = journey.inquiry(at, signed_in);
    // What can be picked is shown on the pages that the mends lead to.
    inquiry.lists = true;
    let mine = || checkup.wishes.iter().filter(|(_, answer)| (answer.turn, answer.trust) == (turn, at));
    let instances = mine().map(|(wish, _)| wish.of.1).collect();
    let trust = mine().next().and_then(|(wish, _)| wish.trust.clone());
    let id = ProbeId(w.fresh());
    checkup.hosts.push(HostAsked { instances, trust, turn, at, survey: Survey::new(id, &inquiry) });
    Some(Effect::Survey(id, inquiry))
}

/// Looks at certificates alone, held against what the tool itself holds them against.
fn ask_looks(w: &mut Wizard, checkup: &mut Checkup) -> Vec<Effect> {
    let mut effects = Vec::new();
    for (turn, journey) in checkup.turns.iter().enumerate() {
        for at in 0..journey.len().1 {
            let (id, inquiry) = (ProbeId(w.fresh()), journey.look(at));
            checkup.looks.push((turn, at, Survey::new(id, &inquiry)));
            effects.push(Effect::Survey(id, inquiry));
        }
    }
    effects
}

/// How hosts were trusted in earlier runs, and after the repair how this one was.
pub fn records(w: &Wizard, after: bool) -> Vec<HostRecord> {
    let mut records = w.setting.hosts.clone();
    if let Some(agreed) = w.agreed.as_ref().filter(|agreed| after && agreed.trust != Trust::Unverified) {
        records.retain(|record| record.endpoint != agreed.endpoint);
        records.push(HostRecord {
            endpoint: agreed.endpoint.clone(),
            trust: agreed.trust.clone(),
            leaf: agreed.seen.fingerprint,
            cluster: None,
            nodes: Vec::new(),
            when: w.setting.now,
        });
    }
    records
}

/// What is remembered of files: by earlier runs, and by this one.
fn configs(w: &Wizard) -> Vec<ConfigRecord> {
    let mut all = w.setting.configs.clone();
    for step in w.run.iter().flat_map(|run| &run.steps) {
        if let (Action::RememberConfig(record), Some(Outcome::Done { .. })) = (&step.planned.action, &step.outcome) {
            all.retain(|old| !old.is_about(record));
            all.push(ConfigRecord::clone(record));
        }
    }
    all
}

/// The file as its tool reads it.
pub fn understood(w: &Wizard, file: &FileEvidence) -> Result<Config, Box<Finding>> {
    match &file.answer {
        Some(Ok((seen, around))) => {
            let scene = Scene { library: &w.setting.library, seen, around, environment: &w.setting.environment };
            Ok(understand(scene)?.remembering(&w.setting.library, &configs(w)))
        }
        Some(Err(trouble)) => Err(Box::new(super::words::not_read(w, &file.asked, Some(trouble)))),
        None => Err(Box::new(super::words::not_read(w, &file.asked, None))),
    }
}

/// The file with CAs that a host's lines name, beside the config where it is relative.
fn ca_path(config: &Config, host: &ConfigHost) -> Option<PathBuf> {
    let named = host.ca_file.as_ref().filter(|_| host.verifies == Some(true))?;
    Some(config.path.parent().unwrap_or(Path::new("/")).join(named))
}

fn ca_answer<'c>(config: &Config, host: &ConfigHost, checkup: &'c Checkup) -> Option<&'c Result<Option<Der>, String>> {
    let path = ca_path(config, host)?;
    checkup.cas.iter().find(|ca| ca.asked == path)?.answer.as_ref()
}

/// Why the CA that a host's lines name cannot be used.
pub fn no_ca(config: &Config, host: &ConfigHost, checkup: &Checkup) -> Option<Finding> {
    let why = ca_answer(config, host, checkup)?.as_ref().err()?;
    Some(untold::no_ca(host.ca_file.as_ref()?, why))
}

/// The CA that the file names.
pub fn ca<'c>(config: &Config, host: &ConfigHost, checkup: &'c Checkup) -> CaFile<'c> {
    match ca_answer(config, host, checkup) {
        Some(Ok(Some(ca))) => CaFile::Holds(ca),
        Some(Err(_)) => CaFile::Broken,
        Some(Ok(None)) | None => CaFile::None,
    }
}

/// The file that is repaired names the very CA that its host's cluster has.
pub fn names_the_ca(w: &Wizard) -> bool {
    let (Some(checkup), Some(number), Some(cluster)) = (&w.evidence.checkup, super::number(w), details::cluster_ca(w))
    else {
        return false;
    };
    understood(w, &checkup.file).is_ok_and(|config| {
        let host = config.hosts.iter().find(|host| host.instance == number);
        host.is_some_and(|host| ca(&config, host, checkup) == CaFile::Holds(&cluster.certificate.der))
    })
}

/// The host has refused what signs in now. What answers at another address refused it in its own name.
pub fn was_refused(w: &Wizard) -> bool {
    let (Some(credential), Some(at)) = (token::credential(w), host::endpoint(w)) else { return false };
    let hosts = w.evidence.checkup.iter().flat_map(|checkup| &checkup.hosts);
    hosts.into_iter().any(|host| {
        host.survey.inputs.endpoints.contains(&at)
            && host.survey.inputs.credential.as_ref().is_some_and(|asked| asked.same_as(&credential))
            && host.survey.seen.iter().any(|o| matches!(o.seen, Seen::SignInRefused { .. }))
    })
}

/// A host of the file has refused this.
pub fn has_refused(w: &Wizard, credential: &Credential) -> bool {
    let hosts = w.evidence.checkup.iter().flat_map(|checkup| &checkup.hosts);
    hosts.into_iter().any(|host| {
        host.survey.inputs.credential.as_ref().is_some_and(|asked| asked.same_as(credential))
            && host.survey.seen.iter().any(|o| matches!(o.seen, Seen::SignInRefused { .. }))
    })
}

/// The host that a mend is about was agreed to in an earlier run, and signed in to in this one.
pub fn is_remembered(w: &Wizard, told: &super::Told, instance: Option<u8>) -> bool {
    let instance = instance.or(told.first_instance());
    let host = w.evidence.checkup.as_ref().zip(instance).and_then(|(checkup, instance)| checkup.host(instance));
    host.is_some_and(|host| matches!(host.trust, Some((_, Leaning::Remembered))) && host.survey.signed_in())
}
