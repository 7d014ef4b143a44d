//! Tells by its looks whether what was typed as a host is a secret, before anything else is done with it.

use crate::domain::TokenId;

/// The parts of a label that a secret stands behind.
const SECRET_WORDS: [&str; 12] = [
    "token",
    "tokenid",
    "tokensecret",
    "secret",
    "pass",
    "passwd",
    "password",
    "pwd",
    "key",
    "apikey",
    "apitoken",
    "passphrase",
];

/// What kind of secret a text holds, by its looks alone.
pub(super) fn secret_in(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    let holds = |part: &str| lower.contains(part);
    if holds("apitoken=") || holds("apitoken ") || holds("authorization:") || holds("x-api-key") || holds("bearer ") {
        return Some("a header with a token");
    }
    if holds("pveauthcookie") || holds("csrfpreventiontoken") || is_ticket(text) {
        return Some("a ticket of a login");
    }
    if holds("private key-----") {
        return Some("a private key");
    }
    let decoded = lower.replace("%21", "!").replace("%40", "@").replace("%3a", ":").replace("%3d", "=");
    if let Some((_, behind)) = decoded.split_once('!')
        && decoded.contains('@')
    {
        let is_id = text.parse::<TokenId>().is_ok();
        let has_secret = behind.contains(['=', ':', ' ', '\n']) || has_uuid(&decoded);
        return Some(match (is_id, has_secret) {
            (true, _) => "a token's id",
            (false, true) => "a token",
            (false, false) => "a password",
        });
    }
    if has_uuid(&decoded) {
        return Some("a UUID, the secret of a token");
    }
    let keyed = decoded.split_once(['=', ':']).is_some_and(|(key, value)| {
        let key = key.trim().trim_start_matches("export ").trim_matches('"');
        !value.trim().is_empty()
            && key.len() <= 60
            && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' '))
            && key.split(['_', '-', ' ']).any(|word| SECRET_WORDS.contains(&word))
            && !value.trim().bytes().all(|b| b.is_ascii_digit())
    });
    if keyed {
        return Some("a line with a secret");
    }
    if decoded.split_whitespace().any(user_and_password) {
        return Some("a name and a password");
    }
    let front = text.split(['/', '?']).next().unwrap_or(text);
    if front.contains(['!', '$', '^', '&', '+']) && !text.contains("://") && !text.contains(char::is_whitespace) {
        return Some("a password");
    }
    // A key has letters and digits mixed in one long run; a long name of a host has words between hyphens.
    let long_run = text.split(['-', '_', '=', '/', ':']).any(|run| {
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        run.len() >= 20 && digits >= 3 && run.len() - digits >= 3 && run.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    if long_run && !text.contains('.') && !text.contains("://") {
        return Some("a key or the secret of a token");
    }
    if lower.starts_with("eyj") && text.len() > 40 {
        return Some("a key or the secret of a token");
    }
    None
}

/// `PVE:user@realm:time::signature`, or the half ticket of a second factor, `PVE:!tfa!…` (pve-access-control `AccessControl.pm`).
fn is_ticket(text: &str) -> bool {
    text.match_indices("PVE:").any(|(at, lead)| {
        let behind = &text[at + lead.len()..];
        behind.contains("::")
            && behind.split(':').next().is_some_and(|who| who.contains('@') || who.starts_with("!tfa!"))
    })
}

/// `user:password@…`, whatever stands in front.
fn user_and_password(word: &str) -> bool {
    let rest = word.split_once("://").map_or(word, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    // A password may itself hold a slash, so the whole rest counts where a user and a colon come before any slash.
    let user_info = rest.rsplit_once('@').map(|(user, _)| user).filter(|user| {
        let slash = user.find('/').unwrap_or(user.len());
        authority.contains('@')
            || user
                .find(':')
                .is_some_and(|colon| colon < slash && !user[colon + 1..slash].bytes().all(|b| b.is_ascii_digit()))
    });
    user_info.is_some_and(|info| info.contains(':') && !info.starts_with('['))
}

/// Whether a UUID stands in the text, or the greater part of one, or its 32 digits without hyphens.
fn has_uuid(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_hexdigit() && c != '-').any(|run| {
        let groups: Vec<usize> = run.split('-').map(str::len).collect();
        let cut = groups.len() >= 3 && groups.windows(3).any(|w| w[0] >= 8 && w[1] == 4 && w[2] >= 3)
            || groups.len() >= 4 && groups.windows(4).any(|w| w[0] == 4 && w[1] == 4 && w[2] == 4 && w[3] >= 8);
        let bare = groups.contains(&32);
        cut || bare
    })
}
