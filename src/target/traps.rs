//! What in a file makes trouble for its tool: what the target says, and what follows from the facts by itself.

use super::fact::Fact;
use super::library::Library;
use super::read::{Held, ReadFile, ReadValue, looks_secret, read};
use super::spec::{Both, Dialect, Form, Names, Presence, Reader, Spec, When};
use super::write::Candidates;
use crate::domain::paste::placeholder;

/// What else is there beside the file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around<'a> {
    /// The names of the variables that are set in the environment; they beat a `.env`.
    pub environment: &'a [String],
    /// The variables that the module declares, where there is a module.
    pub declared: Option<&'a [String]>,
    /// Variables that a file which the tool loads by itself sets, and that count before this one: file and name.
    pub loaded: &'a [(String, String)],
}

/// A trap that a file stepped into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrapHit {
    pub kind: TrapKind,
    /// The key it is about.
    pub key: String,
    /// The other key or file that plays a part.
    pub other: Option<String>,
    /// From 1; `None` where the key does not stand in the file.
    pub line: Option<usize>,
}

impl TrapKind {
    /// Whether it is about what one value looks like.
    pub fn is_shape(&self) -> bool {
        use TrapKind::*;
        matches!(
            self,
            FullId
                | SecretInName
                | ShortId
                | ApiPath
                | NoApiPath
                | Scheme
                | NoScheme
                | PlainHttp
                | PortInHost
                | HeaderWord
                | Bare
        )
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrapKind {
    /// `other` is used in place of the key.
    Beaten,
    /// The tool does not read the key; the target's words why.
    Ignored(String),
    /// The full token id stands where the short name belongs.
    FullId,
    /// What looks like the secret stands where the token's name belongs.
    SecretInName,
    /// The short name stands where the full id belongs.
    ShortId,
    /// `/api2/json` is too much here.
    ApiPath,
    /// `/api2/json` is missing here.
    NoApiPath,
    /// A scheme stands where a bare host belongs.
    Scheme,
    /// `https://` is missing in front.
    NoScheme,
    /// The address begins with `http://`.
    PlainHttp,
    /// A port stands where a bare host belongs.
    PortInHost,
    /// The header's `PVEAPIToken=` is too much here.
    HeaderWord,
    /// The tool's own text around the value is missing.
    Bare,
    /// Still the example's value.
    Placeholder,
    /// A variable of the environment is used in place of the line.
    Shadowed,
    /// A file that is loaded by itself, `other`, is used in place of the line.
    Outranked,
    /// No `variable` of this name is declared.
    Undeclared,
    /// A key that the tool needs is not there, or empty.
    MissingKey,
    /// The key stands in several lines.
    Duplicate(Vec<usize>),
    /// A token and a password: the tool takes the first kind, or neither.
    BothWays(Both),
    /// The word is neither of the two that the tool knows here.
    NoSwitch(String, String),
    /// Another tool, `other`, reads the same key as something else.
    Clash { here: Fact, there: Fact },
}

/// All that the file of this target and form steps into, in the order of its lines; what is missing comes last.
pub fn hits(spec: &Spec, form: &Form, held: &[Held], around: Around<'_>) -> Vec<TrapHit> {
    let file = read(spec, form, held);
    let mut out = Vec::new();
    duplicates(held, &mut out);
    told(spec, form, held, &file, &mut out);
    for value in &file.values {
        shape(spec, &file, value, &mut out);
    }
    for line in held {
        let known = file.values.iter().any(|v| v.key == line.key);
        surroundings(form, line, known, around, &mut out);
    }
    for instance in file.instances() {
        both_ways(spec, &file, instance, &mut out);
    }
    out.sort_by_key(|hit| hit.line.unwrap_or(usize::MAX));
    missing(spec, form, &file, around, &mut out);
    out
}

fn hit(kind: TrapKind, value: &ReadValue) -> TrapHit {
    TrapHit { kind, key: value.key.clone(), other: None, line: Some(value.line) }
}

fn duplicates(held: &[Held], out: &mut Vec<TrapHit>) {
    for (at, line) in held.iter().enumerate() {
        if held[..at].iter().any(|earlier| earlier.key == line.key) {
            continue;
        }
        let lines: Vec<usize> = held.iter().filter(|other| other.key == line.key).map(|l| l.line).collect();
        if lines.len() > 1 {
            out.push(TrapHit {
                kind: TrapKind::Duplicate(lines),
                key: line.key.clone(),
                other: None,
                line: Some(line.line),
            });
        }
    }
}

/// The traps that the target names itself.
fn told(spec: &Spec, form: &Form, held: &[Held], file: &ReadFile, out: &mut Vec<TrapHit>) {
    if form.names == Names::Env && form.prefix.is_some() {
        return;
    }
    let prefix = form.prefix.as_deref().unwrap_or_default();
    for (name, trap) in spec.traps.iter() {
        let name = format!("{prefix}{name}");
        let Some(line) = held.iter().rfind(|line| line.key == name) else { continue };
        if let Some(why) = &trap.ignored {
            out.push(TrapHit {
                kind: TrapKind::Ignored(why.to_string()),
                key: name,
                other: None,
                line: Some(line.line),
            });
        } else if let Some(beaten) = &trap.beats {
            // Equal values do no harm, and neither does an empty one.
            let value = file.values.iter().find(|v| v.of == beaten.as_str() && v.key != name && v.instance == 1);
            let beating = file.values.iter().find(|v| v.key == name);
            if let (Some(value), Some(beating)) = (value, beating)
                && value.text != beating.text
            {
                out.push(TrapHit {
                    kind: TrapKind::Beaten,
                    key: value.key.clone(),
                    other: Some(name),
                    line: Some(value.line),
                });
            }
        }
    }
}

/// What follows from the fact and what stands in its place.
fn shape(spec: &Spec, file: &ReadFile, value: &ReadValue, out: &mut Vec<TrapHit>) {
    let text = value.text.as_str();
    if placeholder(text).is_some() {
        out.push(hit(TrapKind::Placeholder, value));
        return;
    }
    let path = text.trim_end_matches('/').ends_with("/api2/json");
    let scheme = text.contains("://");
    let kind = match value.fact {
        Fact::TokenName | Fact::TokenId if looks_secret(text) => Some(TrapKind::SecretInName),
        Fact::TokenName if text.contains('!') => Some(TrapKind::FullId),
        Fact::TokenId if !text.contains('!') => Some(TrapKind::ShortId),
        Fact::Token | Fact::TokenId if text.starts_with("PVEAPIToken") => Some(TrapKind::HeaderWord),
        Fact::TokenSecret if text.contains('!') && text.contains('=') => Some(TrapKind::HeaderWord),
        Fact::Address | Fact::Host if scheme => Some(TrapKind::Scheme),
        Fact::Host if has_port(text) => Some(TrapKind::PortInHost),
        Fact::Url | Fact::ApiUrl if text.to_ascii_lowercase().starts_with("http://") => Some(TrapKind::PlainHttp),
        Fact::Url | Fact::ApiUrl if !scheme => Some(TrapKind::NoScheme),
        Fact::Url if path => Some(TrapKind::ApiPath),
        Fact::ApiUrl if !path => Some(TrapKind::NoApiPath),
        _ if value.bare => Some(TrapKind::Bare),
        _ => None,
    };
    out.extend(kind.map(|kind| hit(kind, value)));
    let words = spec.keys.get(&value.of).map(|key| &key.words[..]);
    if let Some([yes, no]) = words
        && !file.takes(spec, value)
    {
        out.push(hit(TrapKind::NoSwitch(yes.to_string(), no.to_string()), value));
    }
}

/// `pve.lan:8006`, `[fd00::1]:8006`; not `fd00::1`.
fn has_port(text: &str) -> bool {
    match text.rsplit_once(':') {
        Some((host, port)) => {
            !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && (!host.contains(':') || host.ends_with(']'))
        }
        None => false,
    }
}

/// What the environment, the module and other files make of a line.
fn surroundings(form: &Form, line: &Held, known: bool, around: Around<'_>, out: &mut Vec<TrapHit>) {
    let mut push = |kind, other: Option<String>| {
        out.push(TrapHit { kind, key: line.key.clone(), other, line: Some(line.line) });
    };
    // A shell that reads the file sets its variables anew; the libraries leave those that are set.
    let yields = form.dialect == Dialect::Dotenv && form.readers.iter().any(|reader| *reader != Reader::Sh);
    if known && yields && around.environment.contains(&line.key) {
        push(TrapKind::Shadowed, None);
    }
    let prefix = form.prefix.as_deref().unwrap_or_default();
    let Some(plain) = line.key.strip_prefix(prefix) else { return };
    if form.declared.is_some() && (known || form.dialect == Dialect::Hcl) {
        if around.declared.is_some_and(|declared| !declared.iter().any(|d| d == plain)) {
            push(TrapKind::Undeclared, None);
        }
        if known && let Some((file, _)) = around.loaded.iter().find(|(_, name)| name == plain) {
            push(TrapKind::Outranked, Some(file.clone()));
        }
    }
}

fn both_ways(spec: &Spec, file: &ReadFile, instance: u8, out: &mut Vec<TrapHit>) {
    let secret = file.get(instance, &Fact::TokenSecret).or_else(|| file.get(instance, &Fact::Token));
    if let (Some(token), Some(password)) = (secret, file.get(instance, &Fact::Password)) {
        out.push(TrapHit {
            kind: TrapKind::BothWays(spec.both),
            key: token.key.clone(),
            other: Some(password.key.clone()),
            line: Some(token.line.max(password.line)),
        });
    }
}

/// Needed keys of each host that the file names, for the way in that it uses.
fn missing(spec: &Spec, form: &Form, file: &ReadFile, around: Around<'_>, out: &mut Vec<TrapHit>) {
    // A file without a host of its own lacks the first one.
    let hosts = Some(file.instances()).filter(|hosts| !hosts.is_empty()).unwrap_or(vec![1]);
    for instance in hosts {
        let password = file.get(instance, &Fact::Password).is_some();
        let token = [Fact::TokenSecret, Fact::Token, Fact::TokenName, Fact::TokenId]
            .iter()
            .any(|fact| file.get(instance, fact).is_some());
        for (name, key) in spec.keys.iter() {
            if key.need == Presence::Optional || key.default.is_some() || key.value.fact.is_unifi() {
                continue;
            }
            let asked = match key.when {
                Some(When::Token) => token || !password,
                Some(When::Password) => password && !token,
                Some(When::Ca | When::ApiKey) => false,
                None => true,
            };
            let names = Candidates::new(spec, form, name, key, instance);
            let theirs = |v: &ReadValue| v.instance == instance || names.shared || (key.inherits && v.instance == 1);
            let there = file.values.iter().any(|v| v.of == name && theirs(v));
            // Where declarations lead, only what they declare can be missing.
            let open = |declared: &[String]| names.plain.iter().find(|n| declared.contains(n)).cloned();
            let candidate = match around.declared.filter(|_| form.declared.is_some()) {
                Some(declared) => open(declared).map(|n| form.prefix.as_deref().unwrap_or_default().to_owned() + &n),
                None => names.all.first().cloned(),
            };
            if let (true, false, Some(key)) = (asked, there, candidate) {
                out.push(TrapHit { kind: TrapKind::MissingKey, key, other: None, line: None });
            }
        }
    }
}

/// Keys that two targets would read from this one file as different things.
pub fn clashes(library: &Library, target: &str, form: &Form, other: &str, other_form: &Form) -> Vec<TrapHit> {
    let (Some(one), Some(two)) = (library.get(target), library.get(other)) else { return Vec::new() };
    let mut out = Vec::new();
    for (name, key) in one.spec.keys.iter() {
        let names = Candidates::new(&one.spec, form, name, key, 1);
        for (their_name, their_key) in two.spec.keys.iter() {
            if key.value == their_key.value && key.words == their_key.words {
                continue;
            }
            let theirs = Candidates::new(&two.spec, other_form, their_name, their_key, 1);
            for shared in names.all.iter().filter(|n| theirs.all.contains(n)) {
                out.push(TrapHit {
                    kind: TrapKind::Clash { here: key.value.fact.clone(), there: their_key.value.fact.clone() },
                    key: shared.clone(),
                    other: Some(two.spec.title.to_string()),
                    line: None,
                });
            }
        }
    }
    out
}
