//! What a run keeps for later ones, and forgets when it is taken back: whom to trust, and what was answered for a file.

use std::collections::BTreeMap;
use std::path::Path;

use crate::disk::{self, Announced, DiskError, Outcome, Run, RunId, State};
use crate::domain::certificate_der::pem_of;
use crate::domain::{Certificate, ConfigRecord, Fingerprint, HostRecord, Trust, host_input};

/// Keeps how a host was trusted.
pub(super) fn host(state: &State, run: &mut Run, index: usize, record: &HostRecord) -> Result<(), DiskError> {
    let endpoint = record.endpoint.to_string();
    let names = BTreeMap::from([("endpoint".to_owned(), endpoint.clone())]);
    let sentence = format!("remember how {endpoint} was trusted");
    run.announce(index, Announced { kind: "remember".into(), sentence, names })?;
    let kept = keep_host(state, run.id().as_str(), endpoint, record);
    ended(run, index, kept)
}

fn keep_host(state: &State, run: &str, endpoint: String, record: &HostRecord) -> Result<(), DiskError> {
    let (kind, ca) = match &record.trust {
        Trust::Ca(der) => match Certificate::from_der(&der.0) {
            Ok(certificate) => {
                // Not a file of the run: undoing what was written takes no memory of whom to trust away.
                let path = state.keep_ca(&ca_name(&certificate.key), &pem_of(der))?;
                (disk::TrustKind::Ca, Some((certificate.key.to_string(), path)))
            }
            Err(_) => (disk::TrustKind::Pin, None),
        },
        Trust::Pin(_) => (disk::TrustKind::Pin, None),
        Trust::System => (disk::TrustKind::System, None),
        Trust::Unverified => (disk::TrustKind::None, None),
    };
    let (ca_key, ca_path) = ca.unzip();
    state.remember(disk::HostRecord {
        endpoint,
        trust: kind,
        leaf: Some(record.leaf.to_string()),
        ca_key,
        ca_path,
        cluster: record.cluster.clone(),
        nodes: record.nodes.clone(),
        when: u64::try_from(record.when).unwrap_or(0),
        run: Some(run.to_owned()),
    })?;
    Ok(())
}

/// Notes that it is kept, or that nothing was: what was announced and has no end reads as something that may have been done.
fn ended<T>(run: &mut Run, index: usize, kept: Result<T, DiskError>) -> Result<(), DiskError> {
    let outcome = if kept.is_ok() { Outcome::Done } else { Outcome::NotSent };
    let noted = run.ended(index, outcome, BTreeMap::new());
    kept.and(noted)
}

/// What a CA's file is called in the state folder.
fn ca_name(key: &Fingerprint) -> String {
    let hex = key.to_string().replace(':', "").to_lowercase();
    format!("ca-{}.pem", &hex[..16])
}

/// Keeps what was answered for a file.
pub(super) fn config(state: &State, run: &mut Run, index: usize, record: &ConfigRecord) -> Result<(), DiskError> {
    let names = BTreeMap::from([("path".to_owned(), record.path.display().to_string())]);
    let sentence = "remember what was answered for the file".to_owned();
    run.announce(index, Announced { kind: "remember-config".into(), sentence, names })?;
    let kept = state.remember_config(disk::ConfigRecord {
        path: record.path.clone(),
        target: record.target.clone(),
        instance: record.instance,
        endpoint: record.endpoint.to_string(),
        when: u64::try_from(record.when).unwrap_or(0),
        run: run.id().as_str().to_owned(),
        groups: record.groups.clone(),
        picks: record.picks.clone(),
    });
    ended(run, index, kept)
}

/// Forgets what a run had answered for files that nothing of it stands in any more, after something of it was taken back, as
/// `back` was; or says that this failed.
pub fn forget(state: &State, run: &RunId, back: Option<&Path>) -> Option<String> {
    let failed = state.run(run).and_then(|record| state.forget_configs(&record, back)).err()?;
    Some(format!("What was answered for its file is still remembered: {}", failed.sentence()))
}

/// What counts of what was answered, as the conversation knows it; an entry that cannot be read is left out.
pub fn configs_from_state(kept: &disk::Kept<disk::ConfigRecord>) -> Vec<ConfigRecord> {
    let known = |one: &disk::ConfigRecord| {
        let endpoint = host_input::parse_host(&one.endpoint).ok()?.endpoints.into_iter().next()?;
        Some(ConfigRecord {
            path: one.path.clone(),
            target: one.target.clone(),
            instance: one.instance,
            endpoint,
            groups: one.groups.clone(),
            picks: one.picks.clone(),
            when: i64::try_from(one.when).unwrap_or(i64::MAX),
        })
    };
    kept.latest().filter_map(known).collect()
}
