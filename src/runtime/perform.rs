//! Performs the actions of an agreed plan: the journal first, then the deed, then the journal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::disk::{self, Announced, Caller, DiskError, FileWrite, Run, State, Written};
use crate::domain::certificate_der::pem_of;
use crate::domain::{Certificate, Fingerprint, HostRecord, Text, Trouble, Trust};
use crate::plan::action::{Action, FileEdit, Outcome};
use crate::plan::back;
use crate::runtime::world::trouble;

/// The mode of a file that everybody may read.
const PUBLIC: u32 = 0o644;

/// The one run of this process.
pub(super) struct Performer {
    state: State,
    caller: Caller,
    run: Option<Run>,
    refused: Option<DiskError>,
}

/// Seconds since 1970 by this machine's clock.
pub(super) fn seconds_now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Performer {
    pub fn new(state: State, caller: Caller) -> Self {
        Performer { state, caller, run: None, refused: None }
    }

    /// Begins the run in the journal, once; its name, where it was begun by this call.
    pub fn begun_now(&mut self) -> Option<String> {
        if self.run.is_some() {
            return None;
        }
        match self.state.begin_run(seconds_now()) {
            Ok(run) => {
                let name = run.id().as_str().to_owned();
                self.run = Some(run);
                Some(name)
            }
            Err(error) => {
                self.refused = Some(error);
                None
            }
        }
    }

    pub fn end(&mut self) {
        if let Some(run) = self.run.take() {
            // The journal only misses its last line then, and the run reads as broken off, which undo takes as well.
            let _ = run.finish(seconds_now());
        }
    }

    pub fn perform(&mut self, index: usize, action: Action) -> Outcome {
        if let Some(error) = &self.refused {
            return Outcome::NotDone(trouble(error));
        }
        match action {
            Action::Edit(edit) => self.edit(index, &edit),
            Action::WriteCa { path, pem, roots } => {
                let Some(pem) = (if roots { with_roots(&pem, &self.caller) } else { Some(pem) }) else {
                    return Outcome::NotDone(Trouble {
                        what: "The system's CAs were not found, and without them the tool could verify nobody else."
                            .into(),
                        hint: Some("Choose “No verification” under Details, or install ca-certificates.".into()),
                    });
                };
                match disk::read_config(&path, &self.caller) {
                    Ok(seen) if seen.there.as_ref().is_some_and(|there| there.text.as_str() == pem) => {
                        Outcome::Done { notes: vec!["it was there already".into()] }
                    }
                    Ok(seen) => {
                        let mut write = FileWrite::over(&seen, Text::new(pem));
                        write.mode = PUBLIC;
                        self.write(write)
                    }
                    Err(error) => Outcome::NotDone(trouble(&error)),
                }
            }
            Action::Ignore(path) => match disk::ignore(&path, &self.caller) {
                Ok(Some(write)) => self.write(write),
                Ok(None) => Outcome::Done { notes: vec!["it stood there already".into()] },
                Err(error) => Outcome::NotDone(trouble(&error)),
            },
            Action::Remember(record) => self.remember(index, &record),
            Action::Host(_) | Action::Prove | Action::Rehearse(_) | Action::Revert(_) | Action::Restore { .. } => {
                Outcome::NotDone(Trouble { what: "This is not done here yet.".into(), hint: None })
            }
        }
    }

    fn edit(&mut self, index: usize, edit: &FileEdit) -> Outcome {
        // Undo needs to know which keys were ours, should the file be edited by others until then.
        let keys: Vec<&str> = edit.edits.iter().map(|edit| edit.key.as_str()).collect();
        let announced = Announced {
            kind: "edit".into(),
            sentence: format!("set {} values", keys.len()),
            names: BTreeMap::from([
                ("path".to_owned(), edit.seen.path.display().to_string()),
                ("dialect".to_owned(), back::dialect_word(edit.dialect).to_owned()),
                ("keys".to_owned(), keys.join(" ")),
            ]),
        };
        if let Some(Err(error)) = self.run.as_mut().map(|run| run.announce(index, announced)) {
            return Outcome::NotDone(trouble(&error));
        }
        match edit.after() {
            Ok(edited) => self.write(
                FileWrite::over(&edit.seen, edited.text().clone()).private().allowing(edit.agreed.iter().cloned()),
            ),
            Err(unfit) => Outcome::NotDone(Trouble { what: unfit.to_string(), hint: None }),
        }
    }

    fn write(&mut self, write: FileWrite) -> Outcome {
        let Some(run) = self.run.as_mut() else {
            return Outcome::NotDone(Trouble {
                what: "The run was not begun; nothing was written.".into(),
                hint: None,
            });
        };
        match run.write(write) {
            Ok(Written { doubt: Some(doubt), .. }) => Outcome::Unsafe(trouble(&doubt)),
            Ok(Written { notes, .. }) => Outcome::Done { notes },
            Err(error) => Outcome::NotDone(trouble(&error)),
        }
    }

    /// That something is remembered is comfort: where it fails, the file is written all the same, and it is said.
    fn remember(&mut self, index: usize, record: &HostRecord) -> Outcome {
        match self.try_remember(index, record) {
            Ok(()) => Outcome::Done { notes: Vec::new() },
            Err(error) => Outcome::Skipped(trouble(&error)),
        }
    }

    fn try_remember(&mut self, index: usize, record: &HostRecord) -> Result<(), DiskError> {
        let Some(run) = self.run.as_mut() else { return Ok(()) };
        let endpoint = record.endpoint.to_string();
        let names = BTreeMap::from([("endpoint".to_owned(), endpoint.clone())]);
        run.announce(
            index,
            Announced { kind: "remember".into(), sentence: format!("remember how {endpoint} was trusted"), names },
        )?;
        let (kind, ca) = match &record.trust {
            Trust::Ca(der) => match Certificate::from_der(&der.0) {
                Ok(certificate) => {
                    // Not a file of the run: undoing what was written takes no memory of whom to trust away.
                    let path = self.state.keep_ca(&ca_name(&certificate.key), &pem_of(der))?;
                    (disk::TrustKind::Ca, Some((certificate.key.to_string(), path)))
                }
                Err(_) => (disk::TrustKind::Pin, None),
            },
            Trust::Pin(_) => (disk::TrustKind::Pin, None),
            Trust::System => (disk::TrustKind::System, None),
            Trust::Unverified => (disk::TrustKind::None, None),
        };
        let (ca_key, ca_path) = ca.unzip();
        let run_name = run.id().as_str().to_owned();
        self.state.remember(disk::HostRecord {
            endpoint,
            trust: kind,
            leaf: Some(record.leaf.to_string()),
            ca_key,
            ca_path,
            cluster: record.cluster.clone(),
            nodes: record.nodes.clone(),
            when: u64::try_from(record.when).unwrap_or(0),
            run: Some(run_name),
        })?;
        run.ended(index, disk::Outcome::Done, BTreeMap::new())
    }
}

/// What a CA's file is called in the state folder.
fn ca_name(key: &Fingerprint) -> String {
    let hex = key.to_string().replace(':', "").to_lowercase();
    format!("ca-{}.pem", &hex[..16])
}

/// Writes an answers file where none is yet. It holds no secret.
pub(super) fn save_answers(
    state: &State,
    caller: &Caller,
    path: &Path,
    text: String,
    now: u64,
) -> Result<PathBuf, Trouble> {
    let told = |error: DiskError| trouble(&error);
    let seen = disk::read_config(path, caller).map_err(told)?;
    if seen.there.is_some() {
        return Err(Trouble {
            what: format!("There is a file {} already, and it was left as it is.", path.display()),
            hint: Some("Move it away, or start labwizard in another folder.".into()),
        });
    }
    let mut write = FileWrite::over(&seen, Text::new(text));
    write.mode = PUBLIC;
    let mut run = state.begin_run(now).map_err(told)?;
    let written = run.write(write).map_err(told)?;
    run.finish(now).map_err(told)?;
    Ok(written.path)
}

/// Where systems keep their CAs as one file: Debian and Arch, Fedora, SUSE, Alpine and macOS.
const ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The system's CAs with another one behind them; none where the system's are not found.
fn with_roots(pem: &str, caller: &Caller) -> Option<String> {
    let roots = ROOTS.iter().find_map(|path| {
        let real = Path::new(path).canonicalize().ok()?;
        disk::read_config(&real, caller).ok()?.there.map(|there| there.text)
    })?;
    let gap = if roots.as_str().ends_with('\n') { "" } else { "\n" };
    Some(format!("{}{gap}{pem}", roots.as_str()))
}
