//! An answers file is read into a draft, and what is wrong in it is told without a value of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::{AnswersError, Given, SecretSource, making};
use crate::domain::{Id, Text};
use crate::target::fact::Fact;
use crate::target::{Library, Spec};
use crate::wizard::draft::Draft;
use crate::wizard::step::{access, details, file, host, instance, review, ssh, token, tool, trust, uses};

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
    create: Option<serde_json::Value>,
    login: Option<serde_json::Value>,
    /// Where root's shell is, `root@pve.lan`.
    ssh: Option<String>,
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
    let texts =
        [(host::HOST, given.host), (token::USER, given.user), (token::NAME, given.token_name), (ssh::PLACE, given.ssh)];
    for (id, text) in texts {
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
    let makes = making::create(&mut draft, given.create)?;
    if !makes {
        draft.choose(access::ACCESS, if password.is_some() { access::PASSWORD } else { access::PASTE });
    } else if secret.is_some() || password.is_some() {
        return Err(AnswersError::CreateAndSecret);
    }
    let login = making::log_in(&mut draft, given.login)?;
    if makes {
        making::whose(&mut draft)?;
    }
    Ok(Given { draft, secret, password, login })
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
    } else if ["system", "insecure", "ssh"].contains(&lower.as_str()) {
        draft.choose(trust::TRUST, Id::new(lower));
    } else {
        return Err(AnswersError::Trust(crate::domain::visible::visible(text)));
    }
    Ok(())
}

/// Where a secret comes from; a literal one is refused without being echoed.
pub(super) fn source(
    given: Option<serde_json::Value>,
    name: &'static str,
) -> Result<Option<SecretSource>, AnswersError> {
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
