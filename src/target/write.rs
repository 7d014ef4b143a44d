//! Which keys of a target get which values, in the order of a new file.

use std::collections::BTreeSet;

use super::fact::{Fact, UnifiFact};
use super::facts::{Access, Facts, UnifiAccess, Value, Verify};
use super::spec::{Both, Form, Key, Names, Presence, Refuses, Spec, VerifyWord, Way, When};
use crate::domain::{Host, Secret, Text};
use crate::format::{Edit, Setting};

/// What the file and its surroundings say about names.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'a> {
    /// The live keys of the file.
    pub existing: &'a [String],
    /// The variables that the module declares, where the form goes by declarations and some were found.
    pub declared: Option<&'a [String]>,
}

/// A key and what it is to hold.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyValue {
    /// The name in this file.
    pub key: String,
    /// The name in the target's `[keys]`.
    pub of: String,
    pub value: Value,
    pub kind: Kind,
    pub secret: bool,
    pub fact: Fact,
    /// A comment for it in a new file.
    pub about: Option<String>,
}

impl KeyValue {
    /// A second one like it. Only texts that a file will hold are copied.
    pub fn again(&self) -> KeyValue {
        KeyValue {
            key: self.key.clone(),
            of: self.of.clone(),
            value: copy(&self.value),
            kind: self.kind,
            secret: self.secret,
            fact: self.fact.clone(),
            about: self.about.clone(),
        }
    }

    /// The edit that writes it; `None` while its secret is awaited and not given.
    pub fn edit(&self, secret: Option<&Secret>) -> Option<Edit> {
        let text = match (self.value.text(), secret) {
            (Some(text), _) => text.clone(),
            (None, Some(secret)) => self.value.with_secret(secret),
            (None, None) => return None,
        };
        let setting = match self.kind {
            Kind::Number => text.as_str().parse().map_or(Setting::Text(text), Setting::Number),
            Kind::Bool => Setting::Bool(text.as_str() == "true"),
            Kind::Text => Setting::Text(text),
        };
        Some(Edit::new(self.key.as_str(), setting))
    }
}

impl Filled {
    /// All edits, removals last; `None` while a secret is awaited and not given.
    pub fn edits(&self, secret: Option<&Secret>) -> Option<Vec<Edit>> {
        let set = self.set.iter().map(|value| value.edit(secret));
        set.chain(self.remove.iter().map(|key| Some(Edit::remove(key.as_str())))).collect()
    }
}

/// What a value is, where the dialect knows the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Bool,
}

/// All that a file gets, and what is to be said about it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// In the order of a new file.
    pub set: Vec<KeyValue>,
    /// Keys of the other way to sign in that the tool would prefer, or stumble over: they must go.
    pub remove: Vec<String>,
    /// Keys of the other way to sign in that do no harm and stay as they are.
    pub left: Vec<String>,
    /// Keys that are shared by all hosts of the file and hold something already.
    pub shared: Vec<String>,
    /// Needed and not known.
    pub missing: Vec<MissingValue>,
    /// Known, and nothing declares a name for them.
    pub undeclared: Vec<Undeclared>,
    /// Values that the tool refuses.
    pub refused: Vec<RefusedValue>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingValue {
    pub key: String,
    pub fact: Fact,
}

/// A value without a declared name, and the names that would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undeclared {
    pub fact: Fact,
    pub names: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedValue {
    pub key: String,
    pub why: Refuses,
}

/// Why nothing can be filled at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    #[error("the tool keeps one host in a file, so a second one needs a file of its own")]
    OneHost,
    #[error("the tool counts to {0} hosts in a file")]
    TooManyHosts(u16),
    #[error("the tool does not take a password of Proxmox in place of a token")]
    NoPassword,
    #[error("the tool does not take a token of Proxmox")]
    NoToken,
    #[error("in this form the tool cannot hold the certificate against that")]
    Verification,
}

/// The keys and values of one host in one form.
///
/// A key that stands in the file under one of its names keeps that name. With declarations only declared names are used.
///
/// # Errors
/// What the target cannot do at all.
pub fn values(spec: &Spec, form: &Form, facts: &Facts, around: Surroundings<'_>) -> Result<Filled, WriteError> {
    possible(spec, form, facts)?;
    let instance = facts.instance();
    let mut out = Filled::default();
    for (name, key) in spec.keys.iter() {
        if form.names == Names::Env && key.env.is_none() {
            continue;
        }
        let names = Candidates::new(spec, form, name, key, instance);
        if !wanted(key, facts) {
            sort_out(spec, key, facts, &names, around, &mut out);
            continue;
        }
        if key.value.fact.is_unifi() && facts.unifi.is_none() {
            continue;
        }
        let Some(known) = facts.value_of(&key.value.fact) else {
            if key.need == Presence::Required {
                out.missing.push(MissingValue { key: names.first(), fact: key.value.fact.clone() });
            }
            continue;
        };
        let Some(chosen) = names.choose(around) else {
            out.undeclared.push(Undeclared { fact: key.value.fact.clone(), names: names.plain });
            continue;
        };
        if names.shared && around.existing.contains(&chosen) {
            out.shared.push(chosen);
            continue;
        }
        if let Some(why) = refused(key, facts) {
            out.refused.push(RefusedValue { key: chosen.clone(), why });
        }
        let value = in_the_tools_words(spec, key, facts, known.value).within(&key.value);
        for beating in beating(spec, form, name, instance, around) {
            out.set.push(key_value(beating, name, key, copy(&value), None));
        }
        out.set.push(key_value(chosen, name, key, value, key.about.as_ref().map(ToString::to_string)));
    }
    out.undeclared.retain(|u| spec_requires(spec, u));
    Ok(out)
}

fn spec_requires(spec: &Spec, undeclared: &Undeclared) -> bool {
    spec.keys.iter().any(|(_, key)| key.value.fact == undeclared.fact && key.need == Presence::Required)
}

fn key_value(key: String, of: &str, from: &Key, value: Value, about: Option<String>) -> KeyValue {
    KeyValue {
        key,
        of: of.to_owned(),
        kind: kind(from, &value),
        value,
        secret: from.value.fact.is_secret(),
        fact: from.value.fact.clone(),
        about,
    }
}

/// A second key with the same value. Only texts that a file will hold are copied.
fn copy(value: &Value) -> Value {
    match value {
        Value::Known(text) => Value::Known(text.clone()),
        Value::Awaits { before, after } => Value::Awaits { before: before.clone(), after: after.clone() },
    }
}

fn possible(spec: &Spec, form: &Form, facts: &Facts) -> Result<(), WriteError> {
    match (&spec.instances, facts.instance()) {
        (_, 1) => {}
        (None, _) => return Err(WriteError::OneHost),
        (Some(i), n) => {
            let most = 10u16.pow(u32::from(i.digits)) - 1;
            if u16::from(n) > most {
                return Err(WriteError::TooManyHosts(most));
            }
        }
    }
    let ways = &spec.accepts.proxmox;
    match &facts.access {
        Some(Access::Token { .. }) if !ways.contains(&Way::Token) => return Err(WriteError::NoToken),
        Some(Access::Password { .. }) if !ways.contains(&Way::Password) => return Err(WriteError::NoPassword),
        _ => {}
    }
    let word = match facts.verify {
        Verify::Off => VerifyWord::Off,
        Verify::System => VerifyWord::System,
        Verify::Ca { .. } => VerifyWord::Ca,
        Verify::Pin(_) => VerifyWord::Pin,
    };
    if form.verify.contains(&word) { Ok(()) } else { Err(WriteError::Verification) }
}

/// The way in that a key belongs to.
fn way(key: &Key) -> Option<When> {
    match (key.when, &key.value.fact) {
        (Some(when), _) => Some(when),
        (None, Fact::TokenName | Fact::TokenId | Fact::TokenSecret | Fact::Token) => Some(When::Token),
        (None, Fact::Password | Fact::Unifi(UnifiFact::Password)) => Some(When::Password),
        (None, Fact::Unifi(UnifiFact::ApiKey)) => Some(When::ApiKey),
        (None, _) => None,
    }
}

/// Whether a key is one for this way in.
fn wanted(key: &Key, facts: &Facts) -> bool {
    let unifi = facts.unifi.as_ref().and_then(|u| u.access.as_ref());
    match way(key) {
        None => true,
        Some(When::Ca) => matches!(facts.verify, Verify::Ca { .. }),
        Some(When::Token) => !matches!(facts.access, Some(Access::Password { .. })),
        Some(When::Password) if key.value.fact.is_unifi() => matches!(unifi, Some(UnifiAccess::Password { .. })),
        Some(When::Password) => matches!(facts.access, Some(Access::Password { .. })),
        Some(When::ApiKey) => matches!(unifi, Some(UnifiAccess::ApiKey(_))),
    }
}

/// What becomes of a key of the other way in that stands in the file.
fn sort_out(spec: &Spec, key: &Key, facts: &Facts, names: &Candidates, around: Surroundings<'_>, out: &mut Filled) {
    if key.value.fact.is_unifi() {
        return;
    }
    let in_the_way = match (way(key), &facts.access) {
        (Some(When::Token), Some(Access::Password { .. })) => spec.both != Both::Password,
        (Some(When::Password), Some(Access::Token { .. })) => spec.both != Both::Token,
        _ => return,
    };
    let standing = names.all.iter().filter(|name| around.existing.contains(name)).cloned();
    let list = if in_the_way { &mut out.remove } else { &mut out.left };
    list.extend(standing);
}

/// Keys of the file that the tool uses in place of this one; they get the same value, so that both say the same.
fn beating(spec: &Spec, form: &Form, name: &str, instance: u8, around: Surroundings<'_>) -> Vec<String> {
    if instance != 1 || form.names == Names::Env {
        return Vec::new();
    }
    let beats = spec.traps.iter().filter(|(_, trap)| trap.beats.as_deref() == Some(name));
    beats
        .map(|(key, _)| form.prefix.as_deref().unwrap_or_default().to_owned() + key)
        .filter(|key| around.existing.contains(key))
        .collect()
}

fn refused(key: &Key, facts: &Facts) -> Option<Refuses> {
    let host = match &key.value.fact {
        Fact::Unifi(_) => &facts.unifi.as_ref()?.endpoint.as_ref()?.host,
        _ => &facts.endpoint.as_ref()?.host,
    };
    key.refuses.iter().copied().find(|refuses| match refuses {
        Refuses::Ipv6 => matches!(host, Host::V6(_)),
        Refuses::Underscore => matches!(host, Host::Name(name) if name.contains('_')),
    })
}

/// A switch in the tool's two words, an instance with its digits.
fn in_the_tools_words(spec: &Spec, key: &Key, facts: &Facts, value: Value) -> Value {
    match (&key.value.fact, &key.words[..], &spec.instances) {
        (fact, [yes, no], _) if fact.is_switch() => {
            let on = value.text().is_some_and(|text| text.as_str() == "true");
            Value::Known(Text::new(if on { yes.as_str() } else { no.as_str() }))
        }
        (Fact::Instance, _, Some(instances)) => Value::Known(Text::new(numbered(facts.instance(), instances.digits))),
        _ => value,
    }
}

fn kind(key: &Key, value: &Value) -> Kind {
    let text = value.text().map_or("", Text::as_str);
    match &key.value.fact {
        fact if fact.is_switch() && (text == "true" || text == "false") => Kind::Bool,
        Fact::Port | Fact::Unifi(UnifiFact::Port) => Kind::Number,
        // Guests and templates are picked by their number.
        Fact::Pick(_) if !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit()) => {
            Kind::Number
        }
        _ => Kind::Text,
    }
}

/// The number of a host with the digits that the target counts with.
pub(super) fn numbered(instance: u8, digits: u8) -> String {
    format!("{instance:0width$}", width = usize::from(digits))
}

/// The names that a key may have in this file, the preferred one first.
pub(super) struct Candidates {
    /// With the form's prefix.
    pub all: Vec<String>,
    /// Without it, as they are declared.
    pub plain: Vec<String>,
    /// A key without a name for further hosts, seen by one of them.
    pub shared: bool,
}

impl Candidates {
    pub(super) fn new(spec: &Spec, form: &Form, name: &str, key: &Key, instance: u8) -> Candidates {
        let digits = spec.instances.as_ref().map_or(1, |i| i.digits);
        let mut shared = false;
        let plain: Vec<String> = if form.names == Names::Env {
            key.env.iter().map(ToString::to_string).collect()
        } else if instance > 1 && !key.nth.is_empty() {
            key.nth.iter().map(|nth| nth.replace("{nn}", &numbered(instance, digits))).collect()
        } else {
            shared = instance > 1;
            [name.to_owned()].into_iter().chain(key.also.iter().map(ToString::to_string)).collect()
        };
        let prefix = form.prefix.as_deref().unwrap_or_default();
        let all = plain.iter().map(|name| format!("{prefix}{name}")).collect();
        Candidates { all, plain, shared }
    }

    fn first(&self) -> String {
        self.all.first().cloned().unwrap_or_default()
    }

    /// The name to write: one that stands in the file, else the preferred one; of the declared ones, where there are declarations.
    fn choose(&self, around: Surroundings<'_>) -> Option<String> {
        let declared: BTreeSet<&str> = around.declared.unwrap_or_default().iter().map(String::as_str).collect();
        let open: Vec<&String> = self
            .all
            .iter()
            .zip(&self.plain)
            .filter(|(_, plain)| declared.is_empty() || declared.contains(plain.as_str()))
            .map(|(name, _)| name)
            .collect();
        open.iter().find(|name| around.existing.contains(name)).or(open.first()).map(|name| (*name).clone())
    }
}
