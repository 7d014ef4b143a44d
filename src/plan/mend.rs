//! From the mends that were chosen to the smallest edit of a file that is there, and the plan that makes it.

pub mod facts;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnosis::config::Config;
use crate::domain::finding::Mend;
use crate::domain::{Credential, Endpoint, FileSeen, Fingerprint, Oddity};
use crate::format::{Document, Edit, Setting};
use crate::plan::action::{Action, FileEdit, Unfit};
use crate::plan::edit::{Prepared, known_open, tried};
use crate::plan::{Plan, Planned};
use crate::target::read::{ReadAccess, ReadValue, known};
use crate::target::spec::{Form, Presence, Spec, VerifyWord};
use crate::target::write::{Filled, KeyValue, Surroundings, WriteError, values};
use crate::target::{Fact, Facts, Library, Value, Verify, meant};

/// What is known besides the file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told<'a> {
    /// Where hosts of the file were found to answer, by their numbers; of the others the file alone tells.
    pub endpoints: Option<&'a BTreeMap<u8, Endpoint>>,
    /// The variables that the module declares, where the form goes by declarations.
    pub declared: Option<&'a [String]>,
    /// What [`Mend::Verify`] has the tool verify against.
    pub verify: Option<&'a Verifying>,
}

/// What a host of the file is to be verified against from now on.
#[derive(Clone, Debug)]
pub struct Verifying {
    /// From 1.
    pub instance: u8,
    /// The cluster's CA that was seen; without one the CAs that the tool trusts anyway.
    pub ca: Option<CaSeen>,
}

/// The CA of a cluster, as its host served it.
#[derive(Clone, Debug)]
pub struct CaSeen {
    pub fingerprint: Fingerprint,
    pub pem: String,
}

/// Why a mend cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoMend {
    #[error("labwizard no longer knows the tool of this file")]
    UnknownTool,
    #[error("what stands for {0} does not tell the right value")]
    Unknown(String),
    #[error("{key} does not stand in line {line}")]
    NoSuchLine { key: String, line: usize },
    #[error("the tool has no way to verify the host from this file")]
    CannotVerify,
    #[error("it is not known yet what the host could be verified against")]
    NothingToVerifyBy,
    /// It is no change of the file: a question, a token, a grant.
    #[error("this is not mended in the file alone")]
    NotOfTheFile,
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// What a plan of mends is made from.
pub struct Order<'a> {
    pub config: &'a Config,
    pub library: &'a Library,
    /// What the mends are based on: the file as `config` was understood from.
    pub seen: &'a FileSeen,
    pub told: Told<'a>,
    pub mends: &'a [Mend],
    /// What is odd about the file and was agreed to.
    pub agreed: Vec<Oddity>,
    /// How a path is shown.
    pub shown: &'a dyn Fn(&Path) -> String,
}

/// The plan, and the edit in it where lines change or the file is closed.
#[derive(Debug)]
pub struct Mended {
    pub plan: Plan,
    pub prepared: Option<Prepared>,
}

/// Whether a mend changes nothing but the file and what lies beside it, and asks nothing.
pub fn is_of_the_file(mend: &Mend) -> bool {
    matches!(mend, Mend::Rewrite { .. } | Mend::Remove { .. } | Mend::Close | Mend::Ignore | Mend::Verify)
}

/// The edits that the mends ask for, each key once. [`Mend::Close`] and [`Mend::Ignore`] change no line.
///
/// # Errors
/// The first mend that cannot be made; then none is.
pub fn edits(config: &Config, library: &Library, told: &Told<'_>, mends: &[Mend]) -> Result<Vec<Edit>, NoMend> {
    let spec = config.spec(library).ok_or(NoMend::UnknownTool)?;
    let form = config.form(library).ok_or(NoMend::UnknownTool)?;
    let mending = Mending { config, spec, form, told, existing: live_keys(&config.document) };
    let mut sheet = Sheet::default();
    for mend in mends {
        match mend {
            Mend::Rewrite { key } => mending.rewrite(key, &mut sheet)?,
            Mend::Remove { key, line } => mending.remove(key, *line, &mut sheet)?,
            Mend::Verify => mending.verify(&mut sheet)?,
            Mend::Close | Mend::Ignore => {}
            Mend::Ask(_)
            | Mend::Grant
            | Mend::NewSecret
            | Mend::NewToken
            | Mend::Certificate
            | Mend::LookUp
            | Mend::Wake
            | Mend::User(_) => {
                return Err(NoMend::NotOfTheFile);
            }
        }
    }
    Ok(sheet.edits(&mending))
}

/// The actions with their sentences.
///
/// # Errors
/// As [`edits`]; or the file cannot hold a value so that all who read it agree.
pub fn plan(order: &Order<'_>) -> Result<Mended, NoMend> {
    let config = order.config;
    let spec = config.spec(order.library).ok_or(NoMend::UnknownTool)?;
    let form = config.form(order.library).ok_or(NoMend::UnknownTool)?;
    let dialect = form.editor().ok_or(NoMend::UnknownTool)?;
    let edits = edits(config, order.library, &order.told, order.mends)?;
    let edit = FileEdit {
        seen: order.seen.clone(),
        dialect,
        readers: form.held_against(),
        start: Default::default(),
        edits,
        heading: None,
        agreed: order.agreed.clone(),
        awaits: Arc::default(),
    };
    let filled = Filled::default();
    let mut open: BTreeSet<String> = known_open(spec, form, &config.document).into_iter().collect();
    // A key that is added is shown, unless a secret that stood elsewhere goes there.
    let is_secret = |key: &str| known(spec, form, key).is_none_or(|known| known.fact.is_secret());
    let is_there = |key: &str| config.document.entries().any(|entry| entry.key() == key);
    let added = edit.edits.iter().filter(|edit| !is_there(&edit.key) && !is_secret(&edit.key));
    open.extend(added.map(|edit| edit.key.clone()));
    let prepared = tried(edit, filled, Some(&config.document), &open)?;
    let mut mended = Mended { plan: Plan::default(), prepared: None };
    let path = (order.shown)(&order.seen.path);
    let mut push = |action, sentence| {
        mended.plan.actions.push(Planned { action, heading: "On this machine".to_owned(), sentence });
    };
    if order.mends.contains(&Mend::Ignore) {
        push(Action::Ignore(order.seen.path.clone()), IGNORES.to_owned());
    }
    if order.mends.contains(&Mend::Verify)
        && let Some(ca) = order.told.verify.and_then(|verify| verify.ca.as_ref())
        && form.verify.contains(&VerifyWord::Ca)
        && let Some(file) = ca_file(&order.seen.path, &ca.fingerprint)
    {
        let (roots, shown) = (spec.ca_needs_roots(), (order.shown)(&file));
        push(Action::WriteCa { path: file, pem: ca.pem.clone(), roots }, writes_ca(roots, &shown));
    }
    let is_open = order.seen.there.as_ref().is_some_and(|there| there.mode & 0o077 != 0);
    let closes = is_open && order.mends.contains(&Mend::Close);
    if prepared.changed > 0 || closes {
        let sentence = mends(&prepared, is_open, &path);
        push(Action::Edit(Box::new(prepared.edit.clone())), sentence);
        mended.prepared = Some(prepared);
    }
    Ok(mended)
}

/// The sentence of [`Action::Ignore`].
const IGNORES: &str = "add a line to the .gitignore beside the file, so that git leaves it alone";

/// The sentence of [`Action::WriteCa`].
fn writes_ca(roots: bool, path: &str) -> String {
    format!("write the cluster's CA{} to {path}", if roots { " and the system's CAs" } else { ", which is public," })
}

/// What becomes of the file.
fn mends(prepared: &Prepared, is_open: bool, path: &str) -> String {
    if prepared.changed == 0 {
        return format!("close {path} to others; every value is there already");
    }
    let is_gone = |edit: &&Edit| matches!(edit.value, Setting::Remove | Setting::RemoveLines(_));
    let lines = |n: usize, one: &str| if n == 1 { format!("one {one}") } else { format!("{n} {one}s") };
    let removed = prepared.edit.edits.iter().filter(is_gone).count().min(prepared.changed);
    let set = prepared.changed - removed;
    let mut parts = Vec::new();
    if set > 0 {
        parts.push(format!("put right {} in {path}", lines(set, "value")));
    }
    if removed > 0 {
        let at = if set > 0 { String::new() } else { format!(" from {path}") };
        parts.push(format!("remove {}{at}", lines(removed, "line")));
    }
    if is_open {
        parts.push("close it to others".to_owned());
    }
    match parts.split_last() {
        Some((last, first)) if !first.is_empty() => format!("{}, and {last}", first.join(", ")),
        _ => parts.concat(),
    }
}

/// Where a cluster's CA is written: beside the config, named by its own hash, so that another CA never takes its place.
pub fn ca_file(config: &Path, ca: &Fingerprint) -> Option<PathBuf> {
    let hex = ca.to_string().replace(':', "").to_lowercase();
    Some(config.parent()?.join(format!("pve-ca-{}.pem", hex.get(..8)?)))
}

fn live_keys(document: &Document) -> Vec<String> {
    document.entries().filter(|entry| !entry.is_commented()).map(|entry| entry.key().to_owned()).collect()
}

/// What is asked of the file so far.
#[derive(Default)]
struct Sheet {
    set: Vec<Edit>,
    /// Lines to be deleted, by their key.
    gone: Vec<(String, Vec<usize>)>,
}

impl Sheet {
    fn set(&mut self, edit: Edit) {
        if self.set.iter().all(|other| other.key != edit.key) {
            self.set.push(edit);
        }
    }

    fn edits(self, mending: &Mending<'_>) -> Vec<Edit> {
        let lines = |key: &str| mending.lines(key);
        let gone = |key: &str| self.gone.iter().find(|(k, _)| k == key).map(|(_, lines)| lines.as_slice());
        let mut out: Vec<Edit> = Vec::new();
        for edit in &self.set {
            let stay: Vec<usize> = lines(&edit.key)
                .into_iter()
                .filter(|line| !gone(&edit.key).is_some_and(|g| g.contains(line)))
                .collect();
            // Of several lines the one that counts is put right, and is then the only one.
            out.push(match stay.last() {
                Some(line) if lines(&edit.key).len() > 1 => edit.clone().keeping(*line),
                _ => edit.clone(),
            });
        }
        for (key, gone) in self.gone.iter().filter(|(key, _)| self.set.iter().all(|edit| edit.key != *key)) {
            let all = lines(key).iter().all(|line| gone.contains(line));
            out.push(if all { Edit::remove(key) } else { Edit::remove_lines(key, gone.clone()) });
        }
        out
    }
}

/// A file that is mended.
struct Mending<'a> {
    config: &'a Config,
    spec: &'a Spec,
    form: &'a Form,
    told: &'a Told<'a>,
    existing: Vec<String>,
}

impl Mending<'_> {
    /// The live lines of a key.
    fn lines(&self, key: &str) -> Vec<usize> {
        let of_key = |entry: &crate::format::Entry<'_>| !entry.is_commented() && entry.key() == key;
        self.config.document.entries().filter(of_key).map(|entry| entry.line()).collect()
    }

    fn remove(&self, key: &str, line: usize, sheet: &mut Sheet) -> Result<(), NoMend> {
        if !self.lines(key).contains(&line) {
            return Err(NoMend::NoSuchLine { key: key.to_owned(), line });
        }
        match sheet.gone.iter_mut().find(|(known, _)| known == key) {
            Some((_, lines)) if lines.contains(&line) => {}
            Some((_, lines)) => lines.push(line),
            None => sheet.gone.push((key.to_owned(), vec![line])),
        }
        Ok(())
    }

    fn facts(&self, instance: u8) -> Facts {
        let mut facts = facts::facts(self.spec, self.form, &self.config.read, instance);
        if let Some(seen) = self.told.endpoints.and_then(|seen| seen.get(&instance)) {
            facts.endpoint = Some(seen.clone());
        }
        facts
    }

    /// What the file says where this value is the one that counts.
    fn facts_by(&self, stands: &ReadValue) -> Facts {
        let mut read = self.config.read.clone();
        read.values
            .retain(|value| value.of != stands.of || value.instance != stands.instance || value.key == stands.key);
        facts::facts(self.spec, self.form, &read, stands.instance)
    }

    fn values(&self, facts: &Facts) -> Result<Filled, NoMend> {
        let around = Surroundings { existing: &self.existing, declared: self.told.declared };
        Ok(values(self.spec, self.form, facts, around)?)
    }

    fn rewrite(&self, key: &str, sheet: &mut Sheet) -> Result<(), NoMend> {
        let unknown = || NoMend::Unknown(key.to_owned());
        let Some(stands) = self.config.read.values.iter().find(|value| value.key == key) else {
            return self.add(key, sheet);
        };
        if matches!(stands.fact, Fact::User | Fact::UserName) && self.is_token_as_login(stands.instance) {
            return self.move_token(stands.instance, sheet);
        }
        let switch = matches!(stands.fact, Fact::Verify | Fact::Insecure);
        if switch && self.config.read.verifies(self.spec, stands.instance).is_none() {
            return Err(unknown());
        }
        // A key that another one beats is taken by its own value, and the other one gets that too.
        let counts = self.config.read.get(stands.instance, &stands.fact);
        let beaten = counts.is_some_and(|counts| counts.key != stands.key && counts.of == stands.of);
        let facts = if beaten { self.facts_by(stands) } else { self.facts(stands.instance) };
        let filled = self.values(&facts)?;
        if beaten {
            let beating = filled.set.iter().filter(|value| value.of == stands.of && value.key != stands.key);
            beating.filter_map(|value| value.edit(None)).for_each(|edit| sheet.set(edit));
        }
        let written = filled.set.iter().find(|value| value.key == key);
        let written = written.or_else(|| filled.set.iter().find(|value| value.of == stands.of));
        let edit = match written {
            Some(value) => value.edit(None),
            // A key of the other way to sign in, or one whose value nothing tells: as it stands, in a shape that all read alike.
            None if stands.fact.is_switch() => None,
            None => self.as_it_stands(stands),
        };
        sheet.set(Edit { key: key.to_owned(), ..edit.ok_or_else(unknown)?.for_typing() });
        self.with_it(stands, &filled, sheet);
        Ok(())
    }

    /// Whether id and secret of a token stand where the tool takes user and password.
    fn is_token_as_login(&self, instance: u8) -> bool {
        let read = &self.config.read;
        matches!(read.access(self.spec, instance), ReadAccess::Password { .. })
            && matches!(meant::credential(self.spec, read, instance), Some(Credential::Token { .. }))
    }

    /// User, name and secret go into the keys for a token, and the keys of the login that hold them go.
    fn move_token(&self, instance: u8, sheet: &mut Sheet) -> Result<(), NoMend> {
        let filled = self.values(&self.facts(instance))?;
        let of_it = |value: &&KeyValue| {
            use Fact::*;
            matches!(value.fact, User | UserName | Realm | TokenName | TokenId | TokenSecret | Token)
        };
        for value in filled.set.iter().filter(of_it) {
            sheet.set(value.edit(None).ok_or_else(|| NoMend::Unknown(value.key.clone()))?.for_typing());
        }
        for key in filled.remove.iter().chain(&filled.left) {
            for line in self.lines(key) {
                self.remove(key, line, sheet)?;
            }
        }
        Ok(())
    }

    /// The value that stands there, with the target's text around it.
    fn as_it_stands(&self, stands: &ReadValue) -> Option<Edit> {
        let template = &self.spec.keys.get(&stands.of)?.value;
        let value = Value::Known(stands.text.clone()).within(template);
        Some(Edit::set(stands.key.as_str(), value.text()?.clone()))
    }

    /// A key that is needed and has no line, where the rest of the file tells its value.
    fn add(&self, key: &str, sheet: &mut Sheet) -> Result<(), NoMend> {
        for instance in self.config.read.instances() {
            let filled = self.values(&self.facts(instance))?;
            let verifies = self.config.read.verifies(self.spec, instance);
            let needed = |value: &&KeyValue| {
                let told = !value.fact.is_switch() || verifies.is_some();
                told && value.key == key
                    && self.spec.keys.get(&value.of).is_some_and(|key| key.need == Presence::Required)
            };
            if let Some(edit) = filled.set.iter().find(needed).and_then(|value| value.edit(None)) {
                sheet.set(edit);
                return Ok(());
            }
        }
        Err(NoMend::Unknown(key.to_owned()))
    }

    /// What a value held that belongs elsewhere goes there: a port into its own key, a token's user, the id beside a secret.
    fn with_it(&self, stands: &ReadValue, filled: &Filled, sheet: &mut Sheet) {
        let text = stands.text.as_str();
        let facts: &[Fact] = match stands.fact {
            Fact::Host => &[Fact::Port],
            Fact::TokenName if text.contains('!') => &[Fact::User, Fact::UserName, Fact::Realm],
            Fact::TokenSecret if text.contains('!') => {
                &[Fact::User, Fact::UserName, Fact::Realm, Fact::TokenName, Fact::TokenId]
            }
            _ => return,
        };
        let names_port = || {
            let input = crate::domain::parse_host(text);
            input.is_ok_and(|input| input.endpoints.len() == 1)
        };
        if stands.fact == Fact::Host && !names_port() {
            return;
        }
        for value in filled.set.iter().filter(|value| facts.contains(&value.fact)) {
            let there = self.config.read.get(stands.instance, &value.fact);
            let lost = match there {
                None => true,
                // What stands with a secret is only taken where nothing else says it.
                Some(_) if stands.fact == Fact::TokenSecret => false,
                Some(there) => value.value.text().is_some_and(|text| meant::plain(there.text.as_str()) != *text),
            };
            if lost && let Some(edit) = value.edit(None) {
                sheet.set(edit);
            }
        }
    }

    fn verify(&self, sheet: &mut Sheet) -> Result<(), NoMend> {
        let verifying = self.told.verify.ok_or(NoMend::NothingToVerifyBy)?;
        let has = |word: VerifyWord| self.form.verify.contains(&word);
        let ca = verifying.ca.as_ref().filter(|_| has(VerifyWord::Ca));
        let verify = match ca.and_then(|ca| ca_file(&self.config.path, &ca.fingerprint)) {
            Some(path) => Verify::Ca { path },
            None if has(VerifyWord::System) => Verify::System,
            None if has(VerifyWord::Ca) => return Err(NoMend::NothingToVerifyBy),
            None => return Err(NoMend::CannotVerify),
        };
        let filled = self.values(&Facts { verify, ..self.facts(verifying.instance) })?;
        let of_it = |value: &&KeyValue| matches!(value.fact, Fact::Verify | Fact::Insecure | Fact::CaFile);
        let mut any = false;
        for edit in filled.set.iter().filter(of_it).filter_map(|value| value.edit(None)) {
            any = true;
            sheet.set(edit);
        }
        if any { Ok(()) } else { Err(NoMend::CannotVerify) }
    }
}

#[cfg(test)]
mod heals;
#[cfg(test)]
mod tests;
