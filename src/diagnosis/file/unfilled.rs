//! Values that an example put there to be replaced; some words of examples are names that people give as well.

use super::value::asked;
use super::{Mended, about, ask, codes, put_in};
use crate::domain::finding::{Finding, Severity::*};
use crate::domain::paste::is_uuid;
use crate::domain::visible::visible;
use crate::domain::{TokenId, TokenName, UserId, placeholder};
use crate::target::Fact;
use crate::target::read::ReadValue;

pub(super) fn judge(value: &ReadValue, text: &str) -> Option<Finding> {
    let what = placeholder(text)?;
    let key = visible(&value.key);
    if value.fact.is_secret() && is_uuid(text) {
        return Some(asked(
            value,
            codes::TOKEN_EXAMPLE,
            format!("{key} holds the secret of a public document."),
            format!("It is {what}, and no host gave it out for you."),
            put_in(&value.fact, &key),
        ));
    }
    if may_be_meant(&value.fact, text, what) {
        return Some(doubtful(value, what));
    }
    let mut finding = asked(
        value,
        codes::FILE_PLACEHOLDER,
        format!("{key} still holds the value of an example."),
        format!("Where a value of your own belongs stands {what}."),
        put_in(&value.fact, &key),
    );
    if !signs_in_with(&value.fact) {
        finding.severity = Warning;
    }
    Some(finding)
}

/// Whether no tool reaches or signs in to its host without it.
fn signs_in_with(fact: &Fact) -> bool {
    use Fact::*;
    match fact {
        Address | Host | Url | ApiUrl | User | UserName | Realm | TokenName | TokenId | TokenSecret | Token
        | Password => true,
        Port | Verify | Insecure | CaFile | Fingerprint | Pick(_) | Instance | Cluster | Unifi(_) => false,
    }
}

/// The id of a token, in one or in two of whose parts stands a word of examples.
pub(super) fn id(value: &ReadValue, id: &str) -> Option<Finding> {
    let (user, name) = id.rsplit_once('!').map_or((None, id), |(user, name)| (Some(user), name));
    let (of_user, of_name) = (user.and_then(placeholder), placeholder(name));
    let what = of_name.or(of_user)?;
    let sound = id.parse::<TokenId>().is_ok() || (user.is_none() && id.parse::<TokenName>().is_ok());
    let user_may = of_user.is_none_or(|what| user.is_some_and(|user| may_be_meant(&Fact::User, user, what)));
    let name_may = of_name.is_none_or(|what| may_be_meant(&Fact::TokenName, name, what));
    if sound && user_may && name_may {
        // A short name where the full id belongs is wrong whatever it says.
        return (user.is_some() || value.fact == Fact::TokenName).then(|| doubtful(value, what));
    }
    Some(in_part(value, what))
}

/// A part of a value is of an example.
pub(super) fn in_part(value: &ReadValue, what: &str) -> Finding {
    let key = visible(&value.key);
    asked(
        value,
        codes::FILE_PLACEHOLDER,
        format!("{key} still holds the value of an example."),
        format!("In it stands {what}."),
        put_in(&value.fact, &key),
    )
}

/// A user, a token, a password or a lab may be called so; the host can tell.
fn doubtful(value: &ReadValue, what: &str) -> Finding {
    let key = visible(&value.key);
    about(
        codes::FILE_PLACEHOLDER,
        Warning,
        &value.fact,
        value.line,
        format!("{key} may still hold the value of an example."),
        format!("In it stands {what}. It may be meant all the same, so it is tried."),
    )
    .say(put_in(&value.fact, &key))
    .mended(ask(&value.fact))
}

/// Whether somebody may have called it so. What documents write in capitals is to be replaced.
fn may_be_meant(fact: &Fact, text: &str, what: &str) -> bool {
    let small = text.bytes().any(|b| b.is_ascii_lowercase());
    let word = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@!".contains(&b));
    let yours = what.contains("your");
    match fact {
        Fact::Address | Fact::Host | Fact::Url | Fact::ApiUrl => what.contains("documents use"),
        Fact::User => small && word && !yours && text != "user@realm" && text.parse::<UserId>().is_ok(),
        Fact::UserName | Fact::TokenName => small && word && !yours && text.parse::<TokenName>().is_ok(),
        Fact::Password => small && word,
        _ => false,
    }
}
