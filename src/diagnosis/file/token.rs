//! Who signs in, and with what: the parts of a token in a file, each in the shape that its tool takes.

use super::value::{asked, rewritten};
use super::{Sight, about, codes, unfilled};
use crate::domain::finding::{Code, Finding, Mend, Severity::*};
use crate::domain::paste::{Known, Part, PasteProblem, PastedSecret, is_uuid, parse_paste};
use crate::domain::visible::{upper_first, visible};
use crate::domain::{Credential, Id, TokenId, TokenName, UserId};
use crate::target::Fact;
use crate::target::meant;
use crate::target::read::{IdTrouble, ReadAccess, ReadValue, looks_secret};
use crate::target::spec::Way;
use crate::target::traps::{TrapHit, TrapKind};

fn token() -> Mend {
    Mend::Ask(Id::fixed("token"))
}

/// A trap's words as a finding that can be written anew.
fn trap(sight: &Sight<'_>, value: &ReadValue, kind: TrapKind) -> Finding {
    let hit = TrapHit { kind, key: value.key.clone(), other: None, line: Some(value.line) };
    let words = hit.words(sight.title());
    rewritten(value, codes::FILE_SHAPE, words.title, words.cause, &words.fix)
}

fn malformed(value: &ReadValue, trouble: IdTrouble) -> Finding {
    let fix = match trouble {
        IdTrouble::NoRealm | IdTrouble::Realm => {
            "Write the realm behind the user: @pam for a user of the Proxmox installation, @pve for one of Proxmox's own."
        }
        IdTrouble::TokenName | IdTrouble::NoTokenName => {
            "A token's name is a letter, then letters, digits, “.”, “-” or “_”; look at it under Datacenter → Permissions → API Tokens."
        }
        _ => "Look at user and token under Datacenter → Permissions → API Tokens.",
    };
    let mut finding = asked(
        value,
        codes::TOKEN_SHAPE,
        format!("What stands in {} is not what Proxmox gives out.", visible(&value.key)),
        format!("{}.", upper_first(&trouble.to_string())),
        fix,
    );
    let realm = matches!(trouble, IdTrouble::NoRealm | IdTrouble::Realm | IdTrouble::UserLetters);
    if realm && matches!(value.fact, Fact::User | Fact::UserName | Fact::Realm) {
        // The user alone is wrong; name and secret may stay.
        finding.mends.insert(0, Mend::Ask(Id::fixed("user")));
    }
    finding
}

/// User, or a part of it.
pub(super) fn user(sight: &Sight<'_>, value: &ReadValue, text: &str) -> Option<Finding> {
    if is_uuid(text) {
        return Some(malformed(value, IdTrouble::LooksSecret));
    }
    if text.parse::<TokenId>().is_ok() && value.fact != Fact::Realm {
        if is_login(sight, value) {
            return Some(token_as_login(sight, value));
        }
        return Some(rewritten(
            value,
            codes::FILE_SHAPE,
            format!("{} holds a full token id, and the user alone belongs there.", visible(&value.key)),
            "Proxmox knows no user of this name; the token's name has a key of its own.".into(),
            "Keep what stands before the “!”.",
        ));
    }
    let whole = match value.fact {
        Fact::User => text.parse::<UserId>(),
        Fact::UserName if sight.read.get(value.instance, &Fact::Realm).is_none() => text.parse(),
        Fact::UserName => UserId::new(text, "pam"),
        _ => UserId::new("root", text),
    };
    whole.err().map(|error| malformed(value, error.into()))
}

fn is_login(sight: &Sight<'_>, value: &ReadValue) -> bool {
    matches!(sight.read.access(sight.spec, value.instance), ReadAccess::Password { .. })
}

/// A token's id where the user of a login belongs: with its secret behind it the whole token has keys of its own.
fn token_as_login(sight: &Sight<'_>, value: &ReadValue) -> Finding {
    let key = visible(&value.key);
    let is_whole = matches!(meant::credential(sight.spec, sight.read, value.instance), Some(Credential::Token { .. }));
    let cause = "The tool signs in with them as user and password, and Proxmox knows no user of this name.";
    if is_whole && sight.spec.accepts.proxmox.contains(&Way::Token) {
        return rewritten(
            value,
            codes::FILE_SHAPE,
            format!("A token stands where user and password belong, its id in {key}."),
            cause.into(),
            "Put user, name and secret into the keys for a token, and take the password out.",
        );
    }
    let cause = "Proxmox knows no user of this name, and a token signs in with its secret, not with a password.".into();
    let title = format!("{key} holds a full token id, and the user alone belongs there.");
    asked(
        value,
        codes::FILE_SHAPE,
        title,
        cause,
        "Put in the token with its secret; or, to sign in with a password, keep only what stands before the “!”.",
    )
}

/// The token's short name, or its full id.
pub(super) fn id(sight: &Sight<'_>, value: &ReadValue, text: &str) -> Option<Finding> {
    if let Some(finding) = unfilled::id(value, text) {
        return Some(finding);
    }
    if looks_secret(text) {
        let mut finding = trap(sight, value, TrapKind::SecretInName);
        finding.mends = vec![token()];
        return Some(finding);
    }
    let meant = meant::bare_id(text).unwrap_or_default();
    if meant != text || text.contains(':') {
        return Some(match meant.parse::<TokenId>() {
            Ok(_) => trap(sight, value, TrapKind::HeaderWord),
            Err(error) => malformed(value, error.into()),
        });
    }
    if has_two_marks(text) {
        return Some(two_marks(value));
    }
    match (&value.fact, text.contains('!')) {
        (Fact::TokenName, true) => Some(match text.parse::<TokenId>() {
            Ok(_) => trap(sight, value, TrapKind::FullId),
            Err(error) => malformed(value, error.into()),
        }),
        (Fact::TokenName, false) => text.parse::<TokenName>().err().map(|error| malformed(value, error.into())),
        (_, true) => text.parse::<TokenId>().err().map(|error| malformed(value, error.into())),
        (_, false) => {
            let mut finding = trap(sight, value, TrapKind::ShortId);
            if meant::id(sight.read, value.instance).is_none() {
                // The user alone is missing; name and secret may stay.
                finding.mends = vec![Mend::Ask(Id::fixed("user")), token()];
            }
            Some(finding)
        }
    }
}

/// A name was put behind an id that had one.
fn has_two_marks(id: &str) -> bool {
    id.matches('!').count() > 1
}

fn two_marks(value: &ReadValue) -> Finding {
    asked(
        value,
        codes::TOKEN_SHAPE,
        format!("What stands in {} is not what Proxmox gives out.", visible(&value.key)),
        "More than one “!” stands in it, and an id has one: between the user with its realm and the token's name."
            .into(),
        "Write user@realm!name once, as it stands under Datacenter → Permissions → API Tokens.",
    )
}

/// The secret alone.
pub(super) fn secret(value: &ReadValue, text: &str) -> Option<Finding> {
    if text.contains('!') && text.contains(['=', ':']) {
        return whole(value, text).or_else(|| {
            Some(rewritten(
                value,
                codes::FILE_SHAPE,
                format!("{} holds the token's id too.", visible(&value.key)),
                "The tool puts id and secret together itself, so the id is sent twice and refused.".into(),
                "Keep only what stands behind the “=”.",
            ))
        });
    }
    let paste = parse_paste(text, Known::default());
    if paste.secret.as_ref().and_then(PastedSecret::sound).is_some_and(|sound| sound.reveal() != text) {
        return Some(repaired(value, text));
    }
    PastedSecret::new(text).problem().map(|problem| {
        let shape = crate::domain::Secret::new(text.to_owned()).shape();
        asked(
            value,
            codes::TOKEN_SHAPE,
            format!("{} does not hold the secret of a token.", visible(&value.key)),
            problem.sentence(),
            problem.hint(),
        )
        .seen(shape)
    })
}

/// A secret that is whole and not letter by letter what Proxmox gave out.
fn repaired(value: &ReadValue, text: &str) -> Finding {
    let what = if text.bytes().any(|b| b.is_ascii_uppercase()) {
        "Capital letters stand in it"
    } else if !text.contains('-') {
        "Its hyphens are missing"
    } else {
        "More stands there than the secret"
    };
    rewritten(
        value,
        codes::TOKEN_SHAPE,
        format!("The secret in {} is not written as Proxmox writes it.", visible(&value.key)),
        format!("{what}. Proxmox compares letter by letter, and writes small letters with four hyphens."),
        "Write it as Proxmox showed it.",
    )
}

/// Id and secret in one.
pub(super) fn whole(value: &ReadValue, text: &str) -> Option<Finding> {
    let key = visible(&value.key);
    let paste = parse_paste(text, Known::default());
    for problem in &paste.problems {
        match problem {
            PasteProblem::Placeholder { part, what } if *part != Part::Secret => {
                return match meant::as_written(text) {
                    Some((id, _)) => unfilled::id(value, &id.to_string()),
                    None => Some(unfilled::in_part(value, what)),
                };
            }
            PasteProblem::TwoNames
            | PasteProblem::OtherProduct(_)
            | PasteProblem::Ticket
            | PasteProblem::SeveralTokens => {
                return Some(shapeless(value, problem.sentence(), problem.hint()));
            }
            PasteProblem::User(error) | PasteProblem::Name(error) => {
                return Some(malformed(value, error.clone().into()));
            }
            _ => {}
        }
    }
    match (paste.id(), paste.secret.as_ref().map(PastedSecret::problem)) {
        (Some(_), None) => Some(shapeless(
            value,
            "The secret is missing: behind the id belongs “=”, and then the secret.".into(),
            "Put in the secret that Proxmox showed when the token was made.".into(),
        )),
        (None, Some(_)) => Some(shapeless(
            value,
            "User or name of the token is missing: before the secret belongs user@realm!name=.".into(),
            "Look at user and token under Datacenter → Permissions → API Tokens.".into(),
        )),
        (None, None) => Some(shapeless(value, "What stands there is not user@realm!name=secret.".into(), WHOLE.into())),
        (Some(_), Some(Some(problem))) => Some(secret_in_whole(value, problem)),
        (Some(id), Some(None)) => {
            let sound = paste.secret.as_ref()?.sound()?;
            let wants = format!("{id}={}", sound.reveal());
            let stands = zeroize::Zeroizing::new(wants);
            if value.fact != Fact::Token || stands.as_str() == text {
                return None;
            }
            let (cause, fix) = if text.starts_with("PVEAPIToken") {
                ("PVEAPIToken= belongs to the header that the tool makes itself.", "Keep only user@realm!name=secret.")
            } else if text.contains('=') {
                ("The tool sends the value as it stands, and Proxmox wants user@realm!name=secret.", WHOLE)
            } else {
                ("Between id and secret stands “:”, as Proxmox Backup Server writes it; Proxmox VE wants “=”.", WHOLE)
            };
            let title = format!("The token in {key} is not written as the tool sends it.");
            Some(rewritten(value, codes::FILE_SHAPE, title, cause.into(), fix))
        }
    }
}

const WHOLE: &str = "Write user@realm!name=secret, as one text.";

fn shapeless(value: &ReadValue, cause: String, fix: String) -> Finding {
    asked(value, codes::TOKEN_SHAPE, format!("{} holds no whole token.", visible(&value.key)), cause, fix)
}

fn secret_in_whole(value: &ReadValue, problem: &crate::domain::paste::SecretProblem) -> Finding {
    use crate::domain::paste::SecretProblem::Placeholder;
    let code: Code = match problem {
        Placeholder(what) if what.contains("UUID") => codes::TOKEN_EXAMPLE,
        Placeholder(_) => codes::FILE_PLACEHOLDER,
        _ => codes::TOKEN_SHAPE,
    };
    let title = match code {
        codes::TOKEN_EXAMPLE => format!("{} holds the secret of a public document.", visible(&value.key)),
        codes::FILE_PLACEHOLDER => format!("{} still holds the value of an example.", visible(&value.key)),
        _ => format!("{} does not end in the secret of a token.", visible(&value.key)),
    };
    asked(value, code, title, problem.sentence(), problem.hint())
}

/// A password may be anything; only what is known to be something else is said.
pub(super) fn password(sight: &Sight<'_>, value: &ReadValue, text: &str) -> Option<Finding> {
    if meant::id_as_user(sight.read, value.instance).is_some() {
        // What stands beside it is the fault, and is told there.
        return None;
    }
    let title = if is_uuid(text) {
        format!("{} holds what looks like the secret of a token.", visible(&value.key))
    } else if text.contains('!') && parse_paste(text, Known::default()).complete().is_some() {
        format!("{} holds a token.", visible(&value.key))
    } else {
        return None;
    };
    Some(
        about(
            codes::FILE_SHAPE,
            Warning,
            &value.fact,
            value.line,
            title,
            "A password goes to the login, which knows no tokens; the host would refuse it.",
        )
        .say("Put user, token name and secret into the token's own keys, or the password here.")
        .mend(token()),
    )
}
