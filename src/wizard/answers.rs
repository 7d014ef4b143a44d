//! Answers as a file: for an unattended run, for a colleague, and for an unfinished walk. None of them holds a secret.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use toml_edit::{DocumentMut, Item, Table, value};

use crate::domain::host_input::{HostError, parse_host};
use crate::domain::paste::{Known, is_uuid, parse_paste};
use crate::domain::{Id, Text, Trust};
use crate::target::fact::Fact;
use crate::target::{Library, Spec};
use crate::wizard::Wizard;
use crate::wizard::draft::Draft;
use crate::wizard::step::{access, details, file, host, instance, review, token, tool, trust, uses};

/// Where a secret is taken from. It never stands in the file itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    Env(String),
    File(PathBuf),
    Stdin,
    Command(Vec<String>),
}

/// What an answers file says.
#[derive(Debug)]
pub struct Given {
    pub draft: Draft,
    /// The token's secret, or the password.
    pub secret: Option<SecretSource>,
    pub password: Option<SecretSource>,
}

/// Why an answers file cannot be used. Its texts hold no value of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswersError {
    #[error("line {line}, column {column}: {why}")]
    Toml { line: usize, column: usize, why: String },
    #[error(
        "{0} holds the secret itself, and an answers file is made to be shared. Say where it comes from: \
         {{ env = \"NAME\" }}, {{ file = \"PATH\" }}, {{ stdin = true }} or {{ command = [\"op\", \"read\", \"…\"] }}"
    )]
    LiteralSecret(&'static str),
    #[error("{0} needs exactly one of env, file, stdin and command")]
    SecretForm(&'static str),
    #[error("there is no target “{0}”; labwizard targets lists them")]
    NoTarget(String),
    #[error("the target has no “{0}” that could be given here; labwizard targets NAME shows what it has")]
    NoValue(String),
    #[error("trust is “sha256:FINGERPRINT”, “ca:PATH”, “system” or “insecure”, and “{0}” is none of them")]
    Trust(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answers {
    target: Option<String>,
    form: Option<String>,
    file: Option<String>,
    #[serde(default)]
    proxmox: Proxmox,
    #[serde(default)]
    values: BTreeMap<String, Scalar>,
    #[serde(default)]
    picks: BTreeMap<String, Scalar>,
    #[serde(default)]
    groups: BTreeMap<String, bool>,
    verify: Option<String>,
    ignore: Option<bool>,
    instance: Option<u8>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proxmox {
    host: Option<String>,
    trust: Option<String>,
    user: Option<String>,
    token_name: Option<String>,
    secret: Option<serde_json::Value>,
    password: Option<serde_json::Value>,
    node: Option<Scalar>,
}

/// A text, number or truth, kept as text.
struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl serde::de::Visitor<'_> for Any {
            type Value = Scalar;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text or a number")
            }
            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(text.to_owned()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }
            fn visit_bool<E>(self, truth: bool) -> Result<Scalar, E> {
                Ok(Scalar(truth.to_string()))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Reads an answers file.
pub fn read(text: &str, library: &Library) -> Result<Given, AnswersError> {
    let answers: Answers = toml_edit::de::from_str(text).map_err(|error| damaged(text, &error))?;
    let mut draft = Draft::default();
    let spec = match &answers.target {
        Some(name) if *name == *tool::TOKEN_ONLY.as_str() => None,
        Some(name) => Some(&library.get(name).ok_or_else(|| AnswersError::NoTarget(name.clone()))?.spec),
        None => None,
    };
    if let Some(name) = answers.target {
        draft.choose(tool::TARGET, Id::new(name));
    }
    if let Some(form) = answers.form {
        draft.choose(file::FORM, Id::new(form));
    }
    if let Some(path) = answers.file {
        draft.type_in(file::FILE, Text::new(path));
    }
    if let Some(way) = answers.verify {
        draft.choose(details::VERIFY, Id::new(way));
    }
    if let Some(ignore) = answers.ignore {
        draft.choose(review::IGNORE, if ignore { "yes".into() } else { "no".into() });
    }
    if let Some(number) = answers.instance {
        draft.choose(instance::INSTANCE, Id::new(number.to_string()));
    }
    let given = answers.proxmox;
    for (id, text) in [(host::HOST, given.host), (token::USER, given.user), (token::NAME, given.token_name)] {
        if let Some(text) = text {
            draft.type_in(id, Text::new(text));
        }
    }
    if let Some(text) = given.trust {
        trust_in(&mut draft, &text)?;
    }
    let picks = answers.picks.into_iter().chain(given.node.map(|node| ("node".to_owned(), node)));
    for (name, Scalar(text)) in picks {
        let known = spec.is_some_and(|spec| spec.picks.iter().any(|(pick, _)| *pick == *name));
        if !known {
            return Err(AnswersError::NoValue(name));
        }
        draft.choose(details::id(&name), Id::new(text));
    }
    for (key, Scalar(text)) in answers.values {
        let name = spec.and_then(|spec| pick_of(spec, &key)).ok_or_else(|| AnswersError::NoValue(key.clone()))?;
        draft.choose(details::id(&name), Id::new(text));
    }
    for (name, yes) in answers.groups {
        let known = spec.is_some_and(|spec| spec.groups.iter().any(|(group, _)| *group == *name));
        if !known {
            return Err(AnswersError::NoValue(name));
        }
        draft.choose(uses::id(&name), if yes { "yes".into() } else { "no".into() });
    }
    let secret = source(given.secret, "secret")?;
    let password = source(given.password, "password")?;
    draft.choose(access::ACCESS, if password.is_some() { access::PASSWORD } else { access::PASTE });
    Ok(Given { draft, secret, password })
}

/// The pick that a key of the target is filled with.
fn pick_of(spec: &Spec, key: &str) -> Option<String> {
    spec.keys.iter().find(|(name, _)| **name == *key).and_then(|(_, key)| match &key.value.fact {
        Fact::Pick(pick) => Some(pick.clone()),
        _ => None,
    })
}

fn trust_in(draft: &mut Draft, text: &str) -> Result<(), AnswersError> {
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("sha256:") {
        draft.choose(trust::TRUST, "pin".into());
        draft.type_in(trust::COMPARE, Text::new(text));
    } else if lower.starts_with("ca:") {
        draft.choose(trust::TRUST, "ca".into());
        draft.type_in(trust::CA_FILE, Text::new(&text[3..]));
    } else if lower == "system" || lower == "insecure" {
        draft.choose(trust::TRUST, Id::new(lower));
    } else {
        return Err(AnswersError::Trust(crate::domain::visible::visible(text)));
    }
    Ok(())
}

/// Where a secret comes from; a literal one is refused without being echoed.
fn source(given: Option<serde_json::Value>, name: &'static str) -> Result<Option<SecretSource>, AnswersError> {
    let Some(given) = given else { return Ok(None) };
    let Some(table) = given.as_object() else { return Err(AnswersError::LiteralSecret(name)) };
    let mut entries = table.iter();
    let (Some((word, inner)), None) = (entries.next(), entries.next()) else {
        return Err(AnswersError::SecretForm(name));
    };
    let source = match word.as_str() {
        "env" => inner.as_str().map(|variable| SecretSource::Env(variable.to_owned())),
        "file" => inner.as_str().map(|path| SecretSource::File(PathBuf::from(path))),
        "stdin" => (inner.as_bool() == Some(true)).then_some(SecretSource::Stdin),
        "command" => inner.as_array().and_then(|words| {
            let words: Option<Vec<String>> = words.iter().map(|word| word.as_str().map(str::to_owned)).collect();
            words.filter(|words| !words.is_empty()).map(SecretSource::Command)
        }),
        _ => None,
    };
    source.map(Some).ok_or(AnswersError::SecretForm(name))
}

/// A TOML error in our own words: the parser's would quote the line, and with it perhaps a secret.
fn damaged(text: &str, error: &toml_edit::de::Error) -> AnswersError {
    let at = error.span().map_or(0, |span| span.start).min(text.len());
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    let said = error.message();
    let why = if said.starts_with("unknown field") {
        let allowed = said.split("expected one of").nth(1).unwrap_or_default().trim().replace('`', "");
        if allowed.is_empty() {
            "this word is not known here".into()
        } else {
            format!("this word is not known here; known are {allowed}")
        }
    } else if said.starts_with("duplicate") {
        "this stands here a second time".into()
    } else if said.starts_with("invalid type") {
        "this is not the kind of value that belongs here".into()
    } else {
        "this is not TOML as it should be".into()
    };
    AnswersError::Toml { line, column, why }
}

/// The answers of this conversation for an unattended run, without secrets.
pub fn file(w: &Wizard) -> String {
    let mut document = DocumentMut::new();
    if let Some(target) = w.draft.choice(&tool::TARGET) {
        document["target"] = value(target.as_str());
    }
    if let Some(form) = file::form(w).filter(|_| !tool::token_only(w)) {
        document["form"] = value(form.name.as_str());
    }
    if let Some(path) = file::path(w).filter(|_| !tool::token_only(w)) {
        let relative = path.strip_prefix(&w.setting.here).map_or_else(|_| path.clone(), std::path::Path::to_owned);
        document["file"] = value(relative.display().to_string());
        document["verify"] = value(details::verify_word(w));
        if instance::number(w) > 1 {
            document["instance"] = value(i64::from(instance::number(w)));
        }
    }
    let mut proxmox = Table::new();
    if let Some(endpoint) = host::endpoint(w) {
        proxmox["host"] = value(endpoint.to_string());
    }
    if let Some(agreed) = trust::agreed(w) {
        proxmox["trust"] = value(match &agreed.trust {
            Trust::Pin(fingerprint) => format!("sha256:{fingerprint}"),
            Trust::Ca(_) if !w.draft.text(&trust::CA_FILE).is_empty() => {
                format!("ca:{}", w.draft.text(&trust::CA_FILE))
            }
            Trust::Ca(_) => format!("sha256:{}", agreed.seen.fingerprint),
            Trust::System => "system".into(),
            Trust::Unverified => "insecure".into(),
        });
    }
    let secret = match token::credential(w) {
        Some(crate::domain::Credential::Token { id, .. }) => {
            proxmox["user"] = value(id.user.to_string());
            proxmox["token_name"] = value(id.name.as_str());
            Some(("secret", "PVE_SECRET"))
        }
        Some(crate::domain::Credential::Password { user, .. }) => {
            proxmox["user"] = value(user.to_string());
            Some(("password", "PVE_PASSWORD"))
        }
        None => None,
    };
    if let Some((name, variable)) = secret {
        let mut from = toml_edit::InlineTable::new();
        from.insert("env", variable.into());
        proxmox[name] = value(from);
    }
    document["proxmox"] = Item::Table(proxmox);
    let picks: Table = details::picks(w).into_iter().map(|(name, picked)| (name, value(picked))).collect();
    if !picks.is_empty() {
        document["picks"] = Item::Table(picks);
    }
    let groups: Table = uses::chosen(w).into_iter().map(|name| (name, value(true))).collect();
    if !groups.is_empty() {
        document["groups"] = Item::Table(groups);
    }
    format!(
        "# Answers for: labwizard apply --answers FILE\n# No secret is in here; it is taken from where \"secret\" says.\n{document}"
    )
}

/// Everything that was answered so far, without secrets, to be continued with.
pub fn walk(w: &Wizard) -> String {
    let secret = [token::TOKEN, token::PASSWORD];
    let mut document = DocumentMut::new();
    let typed: Table = w
        .draft
        .typed()
        .filter(|(id, text)| !secret.contains(id) && !text.is_blank() && !looks_secret(text.as_str()))
        .map(|(id, text)| (id.as_str().to_owned(), value(text.as_str())))
        .collect();
    let chosen: Table = w
        .draft
        .chosen()
        // What was agreed to at the end of one walk is agreed to anew in the next.
        .filter(|(id, _)| **id != review::REVIEW && **id != trust::TRUST)
        .map(|(id, choice)| (id.as_str().to_owned(), value(choice.as_str())))
        .collect();
    document["typed"] = Item::Table(typed);
    document["chosen"] = Item::Table(chosen);
    document.to_string()
}

/// A secret may have been pasted into a field where none belongs. An address, a path or a number is none, though among what
/// stands where a token belongs it would be taken for a password or for the beginning of a UUID.
fn looks_secret(text: &str) -> bool {
    use crate::domain::paste::SecretProblem::{Group, LooksLikeApiKey, LooksLikePassword, LooksLikeTicket, Truncated};
    let uuid = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(is_uuid);
    let host = parse_host(text);
    // A UUID within an address is no part of it.
    if text.as_bytes().windows(36).any(uuid) || matches!(host, Err(HostError::IsASecret { .. })) {
        return true;
    }
    let Some(secret) = parse_paste(text, Known::default()).secret else { return false };
    match secret.problem() {
        None | Some(Group { .. } | LooksLikeApiKey | LooksLikeTicket) => true,
        Some(Truncated { has }) => *has > 8,
        Some(LooksLikePassword) => host.is_err() && !text.trim_start().starts_with(['/', '~', '.']),
        Some(_) => false,
    }
}

/// The answers of an unfinished walk; none where the text is not one.
pub fn resume(text: &str) -> Option<Draft> {
    let document: DocumentMut = text.parse().ok()?;
    let mut draft = Draft::default();
    for (id, item) in document.get("typed")?.as_table()? {
        draft.type_in(Id::new(id), Text::new(item.as_str()?));
    }
    for (id, item) in document.get("chosen")?.as_table()? {
        draft.choose(Id::new(id), Id::new(item.as_str()?));
    }
    Some(draft)
}

#[cfg(test)]
mod tests {
    use super::looks_secret;

    #[test]
    fn an_unfinished_walk_keeps_addresses_paths_and_names() {
        for text in [
            "pve.lan",
            "pve",
            "127.0.0.1:40421",
            "https://pve.lan:8006/",
            "[2001:db8::1]:8006",
            "/home/anna/labs/glassdome/.env",
            "~/labs/.env",
            ".env",
            "apex@pve",
            "glassdome-token",
            "local-lvm",
            "9000",
        ] {
            assert!(!looks_secret(text), "{text}");
        }
    }

    #[test]
    fn an_unfinished_walk_keeps_no_secret_wherever_it_was_pasted() {
        let secret = "00000000-0000-4000-8000-000000000001";
        for text in [
            secret.to_owned(),
            secret[..30].to_owned(),
            format!("apex@pve!glassdome={secret}"),
            format!("apex@pve!glassdome\n{secret}"),
            format!("Authorization: PVEAPIToken=apex@pve!glassdome={secret}"),
            format!("PROXMOX_TOKEN_VALUE={secret}"),
            "https://root:hunter2@pve.lan:8006".to_owned(),
            "PROXMOX_PASSWORD=hunter2".to_owned(),
            "Correct!Horse-Battery".to_owned(),
            "0123456789abcdefABCDEF0123456789".to_owned(),
        ] {
            assert!(looks_secret(&text), "{text}");
        }
    }
}
