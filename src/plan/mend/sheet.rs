//! What each mend asks of a file: the values that are set and the lines that go, each key once.

use crate::diagnosis::config::Config;
use crate::domain::{Credential, Endpoint, Text};
use crate::format::{Document, Edit, Setting};
use crate::plan::mend::{NoMend, Told, ca_file, facts};
use crate::target::read::{ReadAccess, ReadValue};
use crate::target::spec::{Form, Presence, Spec, VerifyWord};
use crate::target::write::{Filled, KeyValue, Surroundings, values};
use crate::target::{Fact, Facts, Value, Verify, meant};

pub(super) fn live_keys(document: &Document) -> Vec<String> {
    document.entries().filter(|entry| !entry.is_commented()).map(|entry| entry.key().to_owned()).collect()
}

/// What is asked of the file so far.
#[derive(Default)]
pub(super) struct Sheet {
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

    pub(super) fn edits(self, mending: &Mending<'_>) -> Vec<Edit> {
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
pub(super) struct Mending<'a> {
    pub(super) config: &'a Config,
    pub(super) spec: &'a Spec,
    pub(super) form: &'a Form,
    pub(super) told: &'a Told<'a>,
    pub(super) existing: Vec<String>,
}

impl Mending<'_> {
    /// The live lines of a key.
    fn lines(&self, key: &str) -> Vec<usize> {
        let of_key = |entry: &crate::format::Entry<'_>| !entry.is_commented() && entry.key() == key;
        self.config.document.entries().filter(of_key).map(|entry| entry.line()).collect()
    }

    pub(super) fn remove(&self, key: &str, line: usize, sheet: &mut Sheet) -> Result<(), NoMend> {
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

    /// The switch says this word of its tool from now on.
    pub(super) fn switch(&self, key: &str, word: &str, sheet: &mut Sheet) -> Result<(), NoMend> {
        let unknown = || NoMend::Unknown(key.to_owned());
        let stands = self.config.read.values.iter().find(|value| value.key == key).ok_or_else(unknown)?;
        let words = self.spec.keys.get(&stands.of).map(|key| key.words.as_slice()).unwrap_or_default();
        if !words.iter().any(|known| known.as_str() == word) {
            return Err(unknown());
        }
        sheet.set(match word.parse::<bool>() {
            Ok(on) => Edit::new(key, Setting::Bool(on)),
            Err(_) => Edit::set(key, Text::new(word)),
        });
        Ok(())
    }

    /// The port of a line that the tool does not read goes behind the first host.
    pub(super) fn move_port(&self, key: &str, line: usize, sheet: &mut Sheet) -> Result<(), NoMend> {
        let unknown = || NoMend::Unknown(key.to_owned());
        let port = self.config.port_at(key, line).ok_or_else(unknown)?;
        let mut facts = self.facts(1);
        facts.endpoint = Some(Endpoint { port, ..facts.endpoint.ok_or_else(unknown)? });
        let filled = self.values(&facts)?;
        let address = filled.set.iter().find(|value| value.fact == Fact::Address).and_then(|value| value.edit(None));
        sheet.set(address.ok_or_else(unknown)?);
        self.remove(key, line, sheet)
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

    pub(super) fn rewrite(&self, key: &str, sheet: &mut Sheet) -> Result<(), NoMend> {
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

    pub(super) fn verify(&self, sheet: &mut Sheet) -> Result<(), NoMend> {
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
