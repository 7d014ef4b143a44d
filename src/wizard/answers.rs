//! Answers as a file, for an unattended run and for a colleague. It holds no secret, but says where one comes from.

mod making;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use toml_edit::{DocumentMut, Item, Table, value};

use crate::domain::{Id, Text, Trust};
use crate::target::fact::Fact;
use crate::target::{Library, Spec};
use crate::wizard::Wizard;
use crate::wizard::draft::Draft;
use crate::wizard::step::{access, details, file, host, instance, review, ssh, token, tool, trust, uses};

pub use making::LoginSources;

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
    /// Of whoever logs in to make the token.
    pub login: LoginSources,
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
    #[error("{0} is one of {1}, and this is none of them")]
    Word(&'static str, String),
    #[error("{0} is not as it should be here; known are {1}")]
    Table(&'static str, &'static str),
    #[error("login takes totp or recovery, and both are given")]
    TwoCodes,
    #[error("create makes a token, and a secret or password is given for one that is there; one of them has to go")]
    CreateAndSecret,
    #[error(
        "create with rights = \"same\" makes a token of whoever signs in, and user names somebody else; leave user out, sign in \
         as that user, or take rights = \"least\""
    )]
    SameOfAnother,
    #[error("trust is “sha256:FINGERPRINT”, “ssh”, “ca:PATH”, “system” or “insecure”, and “{0}” is none of them")]
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
    if access::over_ssh(w)
        && let Ok(place) = ssh::place(w)
    {
        proxmox["ssh"] = value(place.to_string());
    }
    if access::makes(w) {
        making::write(w, &mut proxmox);
    }
    let secret = match token::credential(w).filter(|_| !access::makes(w)) {
        Some(crate::domain::Credential::Token { id, .. }) => {
            proxmox["user"] = value(id.user.to_string());
            proxmox["token_name"] = value(id.name.as_str());
            Some(("secret", "PVE_SECRET"))
        }
        Some(crate::domain::Credential::Password { user, .. }) => {
            proxmox["user"] = value(user.to_string());
            Some(("password", "PVE_PASSWORD"))
        }
        Some(crate::domain::Credential::Ticket(_) | crate::domain::Credential::Shell(_)) | None => None,
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
        "# Answers for: labwizard apply --answers FILE\n# No secret is in here; each is taken from where the file says.\n{document}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A target with a key that is filled by a pick.
    fn library() -> Library {
        let text = r#"
schema = 1
title = "Thing"
about = "a thing"
services = { proxmox = "required" }
accepts = { proxmox = ["token", "password"] }
form = [ { name = "env", dialect = "dotenv", file = [".env"], verify = ["off"] } ]
[keys]
NODE = { value = "{pick.node}" }
HOST = { value = "{proxmox.address}" }
[picks]
node = { list = "nodes", ask = "Which?" }
[groups]
big = "Big?"
"#;
        Library::with([("thing.toml".to_owned(), text.to_owned())])
    }

    #[test]
    fn answers_fill_the_draft_by_the_names_of_their_questions() {
        let given = read(
            "target = \"thing\"\nfile = \"x/.env\"\n[proxmox]\nhost = \"pve.lan\"\ntrust = \"system\"\nuser = \"a@pve\"\n\
             token_name = \"tok\"\nsecret = { env = \"S\" }\n[values]\nNODE = \"n1\"\n[groups]\nbig = true\n",
            &library(),
        )
        .unwrap();
        assert_eq!(given.draft.text(&host::HOST), "pve.lan");
        assert_eq!(given.draft.choice(&trust::TRUST).map(Id::as_str), Some("system"));
        assert_eq!(given.draft.choice(&details::id("node")).map(Id::as_str), Some("n1"));
        assert_eq!(given.draft.choice(&uses::id("big")).map(Id::as_str), Some("yes"));
        assert_eq!(given.secret, Some(SecretSource::Env("S".into())));
    }

    #[test]
    fn a_secret_that_stands_in_the_file_is_refused_without_being_echoed() {
        let error = read("[proxmox]\nsecret = \"canary-canary\"\n", &library()).unwrap_err();
        assert_eq!(error, AnswersError::LiteralSecret("secret"));
        assert!(!error.to_string().contains("canary"));
    }

    #[test]
    fn damaged_answers_are_told_by_place_and_never_quoted() {
        for text in
            ["[proxmox]\nsecret = canary\n", "target = \"canary", "canary = 1\n", "[proxmox]\nhost = [\"canary\"]\n"]
        {
            let error = read(text, &library()).unwrap_err();
            let told = format!("{error} {error:?}");
            assert!(!told.contains("canary"), "{told}");
        }
    }

    #[test]
    fn a_token_that_is_to_be_made_fills_the_questions_of_its_page() {
        let given = read(
            "target = \"thing\"\n[proxmox]\nhost = \"pve.lan\"\n\
             create = { rights = \"same\", expire = \"2030-01-31\", existing = \"new-name\" }\n\
             login = { user = \"root@pam\", password = { env = \"P\" }, totp = { env = \"T\" } }\n",
            &library(),
        )
        .unwrap();
        let chosen = |id: &str| given.draft.choice(&Id::new(id)).map(|choice| choice.to_string());
        assert_eq!(chosen("access").as_deref(), Some("login"));
        assert_eq!(chosen("whose").as_deref(), Some("mine"));
        assert_eq!(chosen("expire").as_deref(), Some("date"));
        assert_eq!(chosen("existing").as_deref(), Some("other-name"));
        assert_eq!(chosen("factor").as_deref(), Some("totp"));
        assert_eq!(given.login.password, Some(SecretSource::Env("P".into())));
        assert_eq!(given.login.code, Some(SecretSource::Env("T".into())));
    }

    #[test]
    fn all_rights_of_a_user_are_refused_where_another_one_signs_in() {
        let same = |more: &str| {
            let text = format!("[proxmox]\n{more}\n").replace("SAME", "rights = \"same\", user = \"svc@pve\"");
            read(&text, &library()).map(|_| ())
        };
        for text in [
            "create = { SAME }",
            "create = { SAME, via = \"ssh\" }",
            "create = { SAME }\nlogin = { user = \"root@pam\" }",
            "create = { SAME }\nlogin = { user = \"svc\" }",
            "user = \"svc@pve\"\ncreate = { rights = \"same\" }\nlogin = { user = \"root@pam\" }",
            "create = { rights = \"same\", user = \"nobody\" }\nlogin = { user = \"root@pam\" }",
        ] {
            assert_eq!(same(text), Err(AnswersError::SameOfAnother), "{text}");
        }
        for text in [
            "create = { SAME }\nlogin = { user = \"svc@pve\" }",
            "create = { rights = \"same\", user = \"root@pam\" }",
            "create = { rights = \"same\", user = \"root@pam\" }\nlogin = { user = \"root\" }",
            "create = { rights = \"same\", user = \"root@pam\", via = \"ssh\" }",
            "create = { rights = \"least\", user = \"svc@pve\" }\nlogin = { user = \"root@pam\" }",
        ] {
            assert_eq!(same(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_to_be_made_has_no_silent_expiry_and_no_silent_replacement() {
        let given = read("[proxmox]\ncreate = { existing = \"fail\" }\n", &library()).unwrap();
        for open in ["expire", "existing"] {
            assert_eq!(given.draft.choice(&Id::new(open)), None, "{open}");
        }
    }

    #[test]
    fn a_wrong_word_about_what_is_to_be_made_is_told_without_being_quoted() {
        for text in [
            "create = { expire = \"canary\" }",
            "create = { canary = 1 }",
            "create = \"canary\"",
            "create = true\nsecret = { env = \"canary\" }",
            "login = { password = \"canary\" }",
            "login = { totp = { env = \"canary\" }, recovery = { env = \"canary\" } }",
        ] {
            let error = read(&format!("[proxmox]\n{text}\n"), &library()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        }
    }

    #[test]
    fn what_the_target_does_not_have_is_named() {
        let wrong = |text: &str| read(text, &library()).unwrap_err();
        assert_eq!(wrong("target = \"nothing\""), AnswersError::NoTarget("nothing".into()));
        assert_eq!(wrong("target = \"thing\"\n[picks]\nx = 1"), AnswersError::NoValue("x".into()));
        assert_eq!(wrong("target = \"thing\"\n[values]\nHOST = \"h\""), AnswersError::NoValue("HOST".into()));
        assert_eq!(wrong("[proxmox]\ntrust = \"yes\""), AnswersError::Trust("yes".into()));
    }
}
