//! What a target's file says: its keys read back into facts, host by host.

use std::collections::BTreeMap;

use super::fact::Fact;
pub use super::held::{Held, held, held_by};
use super::spec::{Form, Key, Names, Spec};
use super::switch::Parser;
use super::write::Candidates;
use crate::domain::token::IdError;
use crate::domain::{Secret, Text, TokenId, TokenName, UserId};

/// A key of the target as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadValue {
    /// Its name in the file.
    pub key: String,
    /// Its name in the target's `[keys]`.
    pub of: String,
    pub fact: Fact,
    /// The host it belongs to, from 1.
    pub instance: u8,
    /// What stands for the fact: the value without the target's text around it.
    pub text: Text,
    /// The target's text around the value is missing.
    pub bare: bool,
    pub line: usize,
}

/// What a file says. An empty value counts as none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadFile {
    /// In the order of the file; of a key that stands twice the last.
    pub values: Vec<ReadValue>,
    /// Keys of the file that the target does not know.
    pub unknown: Vec<String>,
    /// Keys that a further host takes from the first.
    inherited: Vec<String>,
    /// The names that count before others, by the key they beat.
    beats: BTreeMap<String, Vec<String>>,
    preference: Vec<String>,
    /// The values go to variables that the code declares.
    declared: bool,
}

/// How the file signs in.
#[derive(Debug)]
pub enum ReadAccess {
    Token {
        id: Result<TokenId, IdTrouble>,
        secret: Option<Secret>,
    },
    Password {
        user: Result<UserId, IdTrouble>,
        password: Secret,
    },
    /// Nothing to sign in with.
    Nothing,
}

/// Why an id of a file is none. It does not hold the text, which may be a secret in the wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTrouble {
    #[error("no user stands in the file")]
    NoUser,
    #[error("the user has no realm behind an “@”")]
    NoRealm,
    #[error("the user has letters that Proxmox does not take")]
    UserLetters,
    #[error("the realm has letters that Proxmox does not take")]
    Realm,
    #[error("the user has more than 64 characters")]
    TooLong,
    #[error("the token's name has letters that Proxmox does not take")]
    TokenName,
    #[error("no token's name stands in the file")]
    NoTokenName,
    #[error("the token's id has no “!” between user and name")]
    NoBang,
    #[error("where the token's name belongs stands what looks like its secret")]
    LooksSecret,
}

impl From<IdError> for IdTrouble {
    fn from(error: IdError) -> Self {
        match error {
            IdError::NoRealm(text) if text.is_empty() => IdTrouble::NoUser,
            IdError::TokenName(text) if text.is_empty() => IdTrouble::NoTokenName,
            IdError::NoRealm(_) => IdTrouble::NoRealm,
            IdError::NoUser => IdTrouble::NoUser,
            IdError::UserLetters(_) => IdTrouble::UserLetters,
            IdError::Realm(_) => IdTrouble::Realm,
            IdError::TooLong(_) => IdTrouble::TooLong,
            IdError::TokenName(_) => IdTrouble::TokenName,
            IdError::NoBang => IdTrouble::NoBang,
        }
    }
}

/// Whether a token's name is of the form of a secret: the two were put in each other's place.
pub(crate) fn looks_secret(name: &str) -> bool {
    let name = name.rsplit_once('!').map_or(name, |(_, name)| name);
    name.len() == 36 && uuid::Uuid::try_parse(name).is_ok()
}

/// Reads the file's lines in one form of the target.
pub fn read(spec: &Spec, form: &Form, held: &[Held]) -> ReadFile {
    let mut out = ReadFile::default();
    let names = Named::new(spec, form);
    for (at, line) in held.iter().enumerate() {
        if held[at + 1..].iter().any(|later| later.key == line.key) {
            continue;
        }
        let Some((of, key, instance)) = names.of(&line.key) else {
            out.unknown.push(line.key.clone());
            continue;
        };
        let Some(value) = line.value.as_ref().filter(|value| !value.is_blank()) else { continue };
        let inner = key.value.read(value.as_str());
        out.values.push(ReadValue {
            key: line.key.clone(),
            of: of.to_owned(),
            fact: key.value.fact.clone(),
            instance,
            text: Text::new(inner.unwrap_or(value.as_str())),
            bare: inner.is_none(),
            line: line.line,
        });
    }
    for (trap, rule) in spec.traps.iter() {
        if let Some(beaten) = &rule.beats {
            out.beats.entry(beaten.to_string()).or_default().push(names.prefix.to_owned() + trap);
        }
    }
    out.preference = names.order();
    out.declared = form.declared.is_some();
    out.inherited = spec.keys.iter().filter(|(_, key)| key.inherits).map(|(name, _)| name.to_owned()).collect();
    out
}

/// A name of a file as the target knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name in the target's `[keys]`.
    pub of: String,
    pub fact: Fact,
    /// The host it belongs to, from 1.
    pub instance: u8,
}

/// What the target knows a name of a file as; none where it does not.
pub fn known(spec: &Spec, form: &Form, name: &str) -> Option<Known> {
    let (of, key, instance) = Named::new(spec, form).of(name)?;
    Some(Known { of: of.to_owned(), fact: key.value.fact.clone(), instance })
}

/// Which names of a file belong to which key.
struct Named<'s> {
    spec: &'s Spec,
    form: &'s Form,
    prefix: &'s str,
}

impl<'s> Named<'s> {
    fn new(spec: &'s Spec, form: &'s Form) -> Self {
        Named { spec, form, prefix: form.prefix.as_deref().unwrap_or_default() }
    }

    fn of(&self, name: &str) -> Option<(&'s str, &'s Key, u8)> {
        for (of, key) in self.spec.keys.iter() {
            if Candidates::new(self.spec, self.form, of, key, 1).all.iter().any(|one| one == name) {
                return Some((of, key, 1));
            }
        }
        if self.form.names == Names::Env {
            return None;
        }
        let plain = name.strip_prefix(self.prefix)?;
        if let Some((_, trap)) = self.spec.traps.iter().find(|(trap, _)| *trap == plain)
            && let Some(beaten) = &trap.beats
        {
            let (of, key) = self.spec.keys.iter().find(|(of, _)| *of == beaten.as_str())?;
            return Some((of, key, 1));
        }
        let digits = usize::from(self.spec.instances.as_ref()?.digits);
        self.spec.keys.iter().find_map(|(of, key)| {
            let number = key.nth.iter().find_map(|nth| numbered(nth, plain, digits))?;
            (number > 1).then_some((of, key, number))
        })
    }

    /// All names of the first host, the preferred ones first.
    fn order(&self) -> Vec<String> {
        self.spec.keys.iter().flat_map(|(of, key)| Candidates::new(self.spec, self.form, of, key, 1).all).collect()
    }
}

/// The number that stands for `{nn}`, with exactly so many digits.
fn numbered(nth: &str, name: &str, digits: usize) -> Option<u8> {
    let (before, after) = nth.split_once("{nn}")?;
    let number = name.strip_prefix(before)?.strip_suffix(after)?;
    (number.len() == digits && number.bytes().all(|b| b.is_ascii_digit())).then(|| number.parse().ok())?
}

fn full_id(text: &str) -> Result<TokenId, IdTrouble> {
    if looks_secret(text) { Err(IdTrouble::LooksSecret) } else { Ok(text.parse()?) }
}

impl ReadFile {
    /// The hosts that the file names, by their numbers.
    pub fn instances(&self) -> Vec<u8> {
        let mut out: Vec<u8> = self
            .values
            .iter()
            .filter(|value| !matches!(value.fact, Fact::Instance | Fact::Pick(_) | Fact::Unifi(_)))
            .map(|value| value.instance)
            .collect();
        out.sort_unstable();
        out.dedup();
        out
    }

    /// A number that no host of the file has yet.
    pub fn free_instance(&self) -> u8 {
        let taken = self.instances();
        (1..=u8::MAX).find(|n| !taken.contains(n)).unwrap_or(u8::MAX)
    }

    /// The value that the tool would use: one that beats, else the preferred name, else a further one; a further host may have
    /// it from the first.
    pub fn get(&self, instance: u8, fact: &Fact) -> Option<&ReadValue> {
        self.own(instance, fact).or_else(|| {
            let first = if instance > 1 { self.own(1, fact) } else { None };
            first.filter(|value| self.inherited.contains(&value.of))
        })
    }

    fn own(&self, instance: u8, fact: &Fact) -> Option<&ReadValue> {
        let of = || self.values.iter().filter(|v| v.instance == instance && v.fact == *fact);
        let beating = |v: &&ReadValue| self.beats.get(&v.of).is_some_and(|keys| keys.contains(&v.key));
        of().find(beating).or_else(|| {
            of().min_by_key(|v| self.preference.iter().position(|name| *name == v.key).unwrap_or(usize::MAX))
        })
    }

    fn text(&self, instance: u8, fact: Fact) -> Option<&str> {
        self.get(instance, &fact).map(|value| value.text.as_str())
    }

    /// The host as it can be typed: what stands in the file, with a port from its own key where it has one.
    pub fn host(&self, instance: u8) -> Option<String> {
        for whole in [Fact::Url, Fact::ApiUrl, Fact::Address] {
            if let Some(text) = self.text(instance, whole) {
                return Some(text.to_owned());
            }
        }
        let host = self.text(instance, Fact::Host)?;
        match self.text(instance, Fact::Port) {
            // Bare IPv6 has several colons; with a port it needs brackets.
            Some(port) if host.matches(':').count() > 1 && !host.starts_with('[') => Some(format!("[{host}]:{port}")),
            Some(port) if !host.contains(':') || host.ends_with(']') => Some(format!("{host}:{port}")),
            _ => Some(host.to_owned()),
        }
    }

    /// How the file signs in; where it holds a token and a password, by what the tool prefers.
    pub fn access(&self, spec: &Spec, instance: u8) -> ReadAccess {
        let (token, password) = (self.token(instance), self.password(instance));
        let prefers_password = spec.both == super::spec::Both::Password;
        match (token, password) {
            (Some(token), Some(_)) if !prefers_password => token,
            (_, Some(password)) => password,
            (Some(token), None) => token,
            (None, None) => ReadAccess::Nothing,
        }
    }

    fn token(&self, instance: u8) -> Option<ReadAccess> {
        if let Some(whole) = self.text(instance, Fact::Token) {
            // The last `=` parts id and secret, as Proxmox does it.
            let whole = whole.strip_prefix("PVEAPIToken=").unwrap_or(whole);
            let (id, secret) = whole.rsplit_once('=').map_or((whole, None), |(id, secret)| (id, Some(secret)));
            let secret = secret.filter(|s| !s.is_empty()).map(|s| Secret::new(s.to_owned()));
            return Some(ReadAccess::Token { id: full_id(id), secret });
        }
        let secret = self.text(instance, Fact::TokenSecret).map(|s| Secret::new(s.to_owned()));
        let name = self.text(instance, Fact::TokenId).or_else(|| self.text(instance, Fact::TokenName));
        if secret.is_none() && name.is_none() {
            return None;
        }
        let id = self.token_id(instance, name.unwrap_or_default());
        Some(ReadAccess::Token { id, secret })
    }

    /// The id from a full one, or from a short name and the user beside it.
    fn token_id(&self, instance: u8, name: &str) -> Result<TokenId, IdTrouble> {
        if name.is_empty() {
            return Err(IdTrouble::NoTokenName);
        }
        if name.contains('!') || looks_secret(name) {
            return full_id(name);
        }
        let name: TokenName = name.parse()?;
        Ok(TokenId { user: self.user(instance)?, name })
    }

    fn user(&self, instance: u8) -> Result<UserId, IdTrouble> {
        if let Some(user) = self.text(instance, Fact::User) {
            return Ok(user.parse()?);
        }
        let user = self.text(instance, Fact::UserName).unwrap_or_default();
        match self.text(instance, Fact::Realm) {
            Some(realm) => Ok(UserId::new(user, realm)?),
            None => Ok(user.parse()?),
        }
    }

    fn password(&self, instance: u8) -> Option<ReadAccess> {
        let password = Secret::new(self.text(instance, Fact::Password)?.to_owned());
        Some(ReadAccess::Password { user: self.user(instance), password })
    }

    /// Whether the tool verifies certificates by this file; `None` where neither the file nor the tool's default says so, or
    /// the file says it in a word that is none of the two.
    pub fn verifies(&self, spec: &Spec, instance: u8) -> Option<bool> {
        let of = |fact: &Fact| spec.keys.iter().find(|(_, key)| key.value.fact == *fact).map(|(_, key)| key);
        let (key, fact) = [Fact::Verify, Fact::Insecure].into_iter().find_map(|fact| Some((of(&fact)?, fact)))?;
        let positive = fact == Fact::Verify;
        let Some(value) = self.get(instance, &fact) else {
            let says = key.says(key.default.as_ref()?, Parser::Words);
            return Some(says? == positive);
        };
        let said = key.says(value.text.as_str(), self.parser(key, value))?;
        Some(said == positive)
    }

    fn parser(&self, key: &Key, value: &ReadValue) -> Parser {
        match (self.declared, key.nth_switch) {
            (true, _) => Parser::Hcl,
            (false, Some(nth)) if value.instance > 1 => nth,
            _ => key.switch,
        }
    }

    /// Whether the tool takes the word of a switch for what it says: one of the two, or another that it knows.
    pub fn takes(&self, spec: &Spec, value: &ReadValue) -> bool {
        let Some(key) = spec.keys.get(&value.of) else { return true };
        let text = value.text.as_str();
        let parser = self.parser(key, value);
        if parser == Parser::Words && !key.words.is_empty() {
            return key.words.iter().any(|word| text.eq_ignore_ascii_case(word));
        }
        // Where everything else is no, another word for yes is a mistake, and one for no is none.
        let all = [Parser::Words, Parser::Pydantic].into_iter().find_map(|by| key.says(text, by));
        all.is_some() && all == key.says(text, parser)
    }

    /// The answers to picks that stand in the file.
    pub fn picks(&self) -> BTreeMap<String, String> {
        self.values
            .iter()
            .filter_map(|value| match &value.fact {
                Fact::Pick(pick) => Some((pick.clone(), value.text.as_str().to_owned())),
                _ => None,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
