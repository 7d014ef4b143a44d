//! The part of an answers file about a token that the wizard makes: what is to be made, and who logs in for it.

use std::str::FromStr;

use serde::Deserialize;
use toml_edit::{InlineTable, Table, Value, value};

use super::read::source;
use super::{AnswersError, SecretSource};
use crate::domain::{Factor, Id, Text, UserId, time};
use crate::wizard::Wizard;
use crate::wizard::draft::Draft;
use crate::wizard::step::make::wish;
use crate::wizard::step::{access, code, login, make, review, token};

/// `create = true`, or what is to be made.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    rights: Option<String>,
    expire: Option<String>,
    comment: Option<String>,
    existing: Option<String>,
    remove_old: Option<bool>,
    via: Option<String>,
    user: Option<String>,
    token_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    user: Option<String>,
    password: Option<serde_json::Value>,
    totp: Option<serde_json::Value>,
    recovery: Option<serde_json::Value>,
}

/// Where the secrets of a login come from.
#[derive(Debug, Default)]
pub struct LoginSources {
    pub password: Option<SecretSource>,
    pub code: Option<SecretSource>,
}

/// Fills the draft with what is to be made, and says whether anything is.
pub(super) fn create(draft: &mut Draft, given: Option<serde_json::Value>) -> Result<bool, AnswersError> {
    let given = match given {
        None | Some(serde_json::Value::Bool(false)) => return Ok(false),
        Some(serde_json::Value::Bool(true)) => Create::default(),
        Some(table) => {
            table_of(table, "create", "rights, expire, comment, existing, remove_old, via, user and token_name")?
        }
    };
    let one_of = |word: &Option<String>, name: &'static str, known: &[(&str, Id)]| match word {
        None => Ok(None),
        Some(word) => known.iter().find(|(one, _)| one == word).map(|(_, id)| Some(id.clone())).ok_or_else(|| {
            let known: Vec<&str> = known.iter().map(|(one, _)| *one).collect();
            AnswersError::Word(name, known.join(", "))
        }),
    };
    let via = one_of(&given.via, "via", &[("login", access::LOGIN), ("ssh", access::SSH)])?;
    draft.choose(access::ACCESS, via.unwrap_or(access::LOGIN));
    let rights =
        one_of(&given.rights, "rights", &[("least", wish::LEAST), ("same", wish::SAME)])?.unwrap_or(wish::LEAST);
    if rights == wish::SAME {
        // All rights of its user: of whoever signs in, for one that is made has none.
        draft.choose(make::WHOSE, wish::MINE);
    }
    draft.choose(make::RIGHTS, rights);
    // "fail" is no answer to the question what shall become of one that is there.
    let known = [
        ("fail", None),
        ("new-name", Some(wish::OTHER_NAME)),
        ("regenerate", Some(wish::IN_PLACE)),
        ("beside", Some(wish::BESIDE)),
    ];
    if let Some(word) = &given.existing {
        let Some((_, choice)) = known.iter().find(|(one, _)| one == word) else {
            return Err(AnswersError::Word("existing", "fail, new-name, regenerate, beside".into()));
        };
        if let Some(choice) = choice {
            draft.choose(make::EXISTING, choice.clone());
        }
    }
    if let Some(yes) = given.remove_old {
        draft.choose(make::REMOVE_OLD, if yes { wish::YES } else { wish::NO });
    }
    if let Some(end) = &given.expire {
        expire(draft, end)?;
    }
    for (id, text) in [(wish::COMMENT, given.comment), (token::USER, given.user), (token::NAME, given.token_name)] {
        if let Some(text) = text {
            draft.type_in(id, Text::new(text));
        }
    }
    Ok(true)
}

fn expire(draft: &mut Draft, end: &str) -> Result<(), AnswersError> {
    let known = [wish::QUARTER, wish::YEAR, wish::NEVER];
    match known.iter().find(|id| id.as_str() == end) {
        Some(id) => draft.choose(make::EXPIRE, id.clone()),
        None if time::of_date(end).is_some() => {
            draft.choose(make::EXPIRE, wish::DATE);
            draft.type_in(make::EXPIRE_DATE, Text::new(end));
        }
        None => return Err(AnswersError::Word("expire", "90d, 1y, never and a day as 2027-01-31".into())),
    }
    Ok(())
}

/// Fills the draft with who logs in.
pub(super) fn log_in(draft: &mut Draft, given: Option<serde_json::Value>) -> Result<LoginSources, AnswersError> {
    let Some(given) = given else { return Ok(LoginSources::default()) };
    let given: Login = table_of(given, "login", "user, password, totp and recovery")?;
    if let Some(user) = given.user {
        draft.type_in(login::USER, Text::new(user));
    }
    let factor = match (&given.totp, &given.recovery) {
        (Some(_), Some(_)) => return Err(AnswersError::TwoCodes),
        (Some(_), None) => Some(Factor::Totp),
        (None, Some(_)) => Some(Factor::Recovery),
        (None, None) => None,
    };
    if let Some(factor) = factor {
        draft.choose(code::FACTOR, Id::fixed(factor.word()));
    }
    let password = source(given.password, "password")?;
    let code = match source(given.totp, "totp")? {
        Some(totp) => Some(totp),
        None => source(given.recovery, "recovery")?,
    };
    Ok(LoginSources { password, code })
}

/// Says whose token it is to be, where the file names a user: a token for the one who signs in is theirs, and only theirs can have
/// all rights of its user.
pub(super) fn whose(draft: &mut Draft) -> Result<(), AnswersError> {
    let named = draft.text(&token::USER);
    if named.is_empty() {
        return Ok(());
    }
    let signer = if draft.is(&access::ACCESS, &access::SSH) { Some(UserId::root()) } else { login::named(draft) };
    if signer.is_some() && UserId::from_str(named).ok() == signer {
        draft.choose(make::WHOSE, wish::MINE);
    } else if draft.is(&make::RIGHTS, &wish::SAME) {
        return Err(AnswersError::SameOfAnother);
    }
    Ok(())
}

/// A table of the file. What is wrong in it is told by the words that are known, never by what stands there.
fn table_of<T: for<'de> Deserialize<'de>>(
    given: serde_json::Value,
    name: &'static str,
    known: &'static str,
) -> Result<T, AnswersError> {
    serde_json::from_value(given).map_err(|_| AnswersError::Table(name, known))
}

/// Who signs in for it, as it is written down: with the name that was typed, which a login takes again.
fn signer(w: &Wizard) -> Option<UserId> {
    if access::over_ssh(w) { Some(UserId::root()) } else { login::user(w).ok() }
}

/// What this conversation made and who logged in for it, without secrets.
pub(super) fn write(w: &Wizard, proxmox: &mut Table) {
    let mut create = InlineTable::new();
    let mut put = |name: &str, word: &str| {
        create.insert(name, Value::from(word));
    };
    put("rights", if make::same_rights(w) { "same" } else { "least" });
    if let Some(end) = w.draft.choice(&make::EXPIRE) {
        put("expire", if *end == wish::DATE { w.draft.text(&make::EXPIRE_DATE) } else { end.as_str() });
    }
    put("existing", "fail");
    put("via", if access::over_ssh(w) { "ssh" } else { "login" });
    if !w.draft.text(&wish::COMMENT).is_empty() {
        put("comment", w.draft.text(&wish::COMMENT));
    }
    // A preset name depends on what stands on the host: said, it is the same next time.
    let planned = review::planned_token(w);
    let name = planned.as_ref().map_or_else(|| w.draft.text(&token::NAME).to_owned(), |id| id.name.to_string());
    if !name.is_empty() {
        put("token_name", &name);
    }
    // A token of whoever signs in is told by their name: what was typed for a service user is not whose it is.
    let owner = if wish::mine(w) {
        signer(w).map(|user| user.to_string()).unwrap_or_default()
    } else {
        planned.map_or_else(|| w.draft.text(&token::USER).to_owned(), |id| id.user.to_string())
    };
    if !owner.is_empty() {
        put("user", &owner);
    }
    proxmox["create"] = value(create);
    if !access::logs_in(w) {
        return;
    }
    let from = |variable: &str| Value::InlineTable(InlineTable::from_iter([("env", Value::from(variable))]));
    let mut who = InlineTable::new();
    if let Ok(user) = login::user(w) {
        who.insert("user", Value::from(user.to_string()));
    }
    who.insert("password", from("PVE_PASSWORD"));
    match w.session.factor() {
        Some(Factor::Recovery) => {
            who.insert("recovery", from("PVE_RECOVERY"));
        }
        Some(_) => {
            who.insert("totp", from("PVE_TOTP"));
        }
        None => {}
    }
    proxmox["login"] = value(who);
}
