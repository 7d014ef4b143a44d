//! What a checkup asks the world for, in its order: the file, the CAs that it names, and each of its hosts once.

use std::path::{Path, PathBuf};

use crate::diagnosis::config::{Config, ConfigHost, Scene, understand};
use crate::diagnosis::leaning::{Leaning, Sources, lean};
use crate::diagnosis::untold;
use crate::domain::finding::Finding;
use crate::domain::{Credential, Der, Endpoint, HostRecord, Release, Seen, Trust, certificates_from_pem};
use crate::wizard::Wizard;
use crate::wizard::evidence::{Checkup, FileEvidence, HostAsked, Survey};
use crate::wizard::message::{Effect, ProbeId, ReadId};
use crate::wizard::step::token;

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
    (Some(Checkup { file, cas: Vec::new(), asked: false, hosts: Vec::new() }), vec![effect])
}

fn look(w: &mut Wizard, path: PathBuf) -> (FileEvidence, Effect) {
    let id = ReadId(w.fresh());
    (FileEvidence { id, asked: path.clone(), answer: None }, Effect::Look(id, path))
}

/// The next questions, once what was asked is there; none where nobody is left to be asked.
pub fn go_on(w: &mut Wizard, after: bool) -> Vec<Effect> {
    let slot = if after { &w.evidence.after } else { &w.evidence.checkup };
    let Some(checkup) = slot.as_ref().filter(|checkup| !checkup.is_awaited() && !checkup.asked) else {
        return Vec::new();
    };
    let Ok(config) = understood(w, &checkup.file) else {
        settled(w, after, Vec::new());
        return Vec::new();
    };
    let named: Vec<PathBuf> = config.hosts.iter().filter_map(|host| ca_path(&config, host)).collect();
    let open: Vec<PathBuf> = named.into_iter().filter(|path| !checkup.cas.iter().any(|ca| ca.asked == *path)).collect();
    if !open.is_empty() {
        return look_at_cas(w, open, after);
    }
    ask_hosts(w, &config, after)
}

fn look_at_cas(w: &mut Wizard, paths: Vec<PathBuf>, after: bool) -> Vec<Effect> {
    let mut effects = Vec::new();
    for path in paths {
        let (file, effect) = look(w, path);
        let slot = if after { &mut w.evidence.after } else { &mut w.evidence.checkup };
        if let Some(checkup) = slot.as_mut().filter(|checkup| !checkup.cas.iter().any(|ca| ca.asked == file.asked)) {
            checkup.cas.push(file);
            effects.push(effect);
        }
    }
    effects
}

fn settled(w: &mut Wizard, after: bool, hosts: Vec<HostAsked>) {
    let slot = if after { &mut w.evidence.after } else { &mut w.evidence.checkup };
    if let Some(checkup) = slot {
        checkup.asked = true;
        checkup.hosts = hosts;
    }
}

/// Each host of the file, side by side. One secret goes to one host once.
fn ask_hosts(w: &mut Wizard, config: &Config, after: bool) -> Vec<Effect> {
    let records = records(w, after);
    let mut hosts: Vec<HostAsked> = Vec::new();
    let mut effects = Vec::new();
    for host in &config.hosts {
        let Ok(place) = &host.place else { continue };
        if crate::domain::paste::placeholder(&host.typed).is_some() {
            continue;
        }
        let endpoints = endpoints(&place.endpoints, &records);
        let trust = endpoints.first().and_then(|endpoint| settle(w, config, host, endpoint, &records, after));
        let paths = paths(w, config, host);
        let Some(mut inquiry) = host.inquiry(trust.as_ref().map(|(trust, _)| trust.clone()), paths) else { continue };
        inquiry.endpoints = endpoints;
        let same = hosts.iter_mut().find(|one| {
            one.survey.inputs.endpoints == inquiry.endpoints
                && same_credential(one.survey.inputs.credential.as_ref(), inquiry.credential.as_ref())
        });
        if let Some(same) = same {
            same.instances.push(host.instance);
            continue;
        }
        let id = ProbeId(w.fresh());
        hosts.push(HostAsked { instances: vec![host.instance], trust, survey: Survey::new(id, &inquiry) });
        effects.push(Effect::Survey(id, inquiry));
    }
    settled(w, after, hosts);
    effects
}

fn same_credential(a: Option<&Credential>, b: Option<&Credential>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.same_as(b),
        (None, None) => true,
        _ => false,
    }
}

/// What was agreed about one of several addresses holds for that one alone, so it is asked by itself.
fn endpoints(named: &[Endpoint], records: &[HostRecord]) -> Vec<Endpoint> {
    let known = named.iter().find(|endpoint| records.iter().any(|record| record.endpoint == **endpoint));
    known.map_or_else(|| named.to_vec(), |endpoint| vec![endpoint.clone()])
}

fn settle(
    w: &Wizard,
    config: &Config,
    host: &ConfigHost,
    endpoint: &Endpoint,
    records: &[HostRecord],
    after: bool,
) -> Option<(Trust, Leaning)> {
    let slot = if after { &w.evidence.after } else { &w.evidence.checkup };
    let ca = slot.as_ref().and_then(|checkup| ca(config, host, checkup));
    lean(endpoint, &Sources { given: None, records, verifies: host.verifies, ca: ca.as_ref(), strict: false })
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

/// The rights that are asked for by path; the newest release names at least the paths of the others.
fn paths(w: &Wizard, config: &Config, host: &ConfigHost) -> Vec<String> {
    let needs = config.needs(&w.setting.library, host, Release::new(9, 2, 0));
    let mut paths: Vec<String> = needs.into_iter().map(|need| need.path).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// The file as its tool reads it.
pub fn understood(w: &Wizard, file: &FileEvidence) -> Result<Config, Box<Finding>> {
    match &file.answer {
        Some(Ok((seen, around))) => {
            understand(Scene { library: &w.setting.library, seen, around, environment: &w.setting.environment })
        }
        Some(Err(trouble)) => Err(Box::new(super::words::not_read(w, &file.asked, Some(trouble)))),
        None => Err(Box::new(super::words::not_read(w, &file.asked, None))),
    }
}

/// The file with CAs that a host's lines name, beside the config where it is relative.
fn ca_path(config: &Config, host: &ConfigHost) -> Option<PathBuf> {
    let named = host.ca_file.as_ref().filter(|_| host.verifies != Some(false))?;
    Some(config.path.parent().unwrap_or(Path::new("/")).join(named))
}

/// Why the CA that a host's lines name cannot be used.
pub fn no_ca(config: &Config, host: &ConfigHost, checkup: &Checkup) -> Option<Finding> {
    let path = ca_path(config, host)?;
    let asked = checkup.cas.iter().find(|ca| ca.asked == path)?;
    let why = match asked.answer.as_ref()? {
        Err(trouble) => trouble.what.clone(),
        Ok((seen, _)) if seen.there.is_none() => "There is no such file.".to_owned(),
        Ok(_) if ca(config, host, checkup).is_none() => "It holds no certificate.".to_owned(),
        Ok(_) => return None,
    };
    Some(untold::no_ca(&path, &why))
}

/// The CA that the file names, where it could be read.
fn ca(config: &Config, host: &ConfigHost, checkup: &Checkup) -> Option<Der> {
    let path = ca_path(config, host)?;
    let evidence = checkup.cas.iter().find(|ca| ca.asked == path)?;
    let (seen, _) = evidence.answer.as_ref()?.as_ref().ok()?;
    certificates_from_pem(seen.there.as_ref()?.text.as_str()).ok()?.into_iter().next()
}

/// The host has refused what signs in now.
pub fn was_refused(w: &Wizard) -> bool {
    let Some(credential) = token::credential(w) else { return false };
    let hosts = w.evidence.checkup.iter().flat_map(|checkup| &checkup.hosts);
    hosts.into_iter().any(|host| {
        host.survey.inputs.credential.as_ref().is_some_and(|asked| asked.same_as(&credential))
            && host.survey.seen.iter().any(|o| matches!(o.seen, Seen::SignInRefused { .. }))
    })
}
