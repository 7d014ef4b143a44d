//! A paste in words: what is a value, what is a label before one, and what only stands between.

use crate::domain::paste::secret::like_uuid;

/// What a label before a value says that the value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The whole token, or its id, or its secret; the look of the value decides.
    Token,
    Id,
    User,
    Realm,
    Name,
    Secret,
    Password,
    Ticket,
    Other,
}

/// The role of a label, by the words that tools and web pages use; a number behind it says only which one.
pub(super) fn role(label: &str) -> Role {
    let plain: String = label.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let plain = plain.trim_end_matches(|c: char| c.is_ascii_digit());
    let ends = |words: &[&str]| words.iter().any(|word| plain.ends_with(word));
    if ends(&["password", "passwd", "pass", "pwd"]) {
        Role::Password
    } else if ends(&["ticket", "authcookie", "preventiontoken", "csrf"]) {
        Role::Ticket
    } else if plain == "value" || ends(&["tokenvalue", "secret", "secretkey", "tokensecretvalue", "tokenuuid"]) {
        Role::Secret
    } else if ends(&["tokenname", "tokensubid"]) {
        Role::Name
    } else if ends(&["tokenid", "tokenids", "tokens"]) {
        Role::Id
    } else if ends(&["token", "apikey"]) {
        Role::Token
    } else if ends(&["user", "users", "username", "userid", "login"]) {
        Role::User
    } else if ends(&["realm"]) {
        Role::Realm
    } else {
        Role::Other
    }
}

/// A word of the text, or what stands between words. Words are borrowed, so that no further copy of a secret is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Word(&'a str),
    /// `=` or `:` or a tab: what stood before is a label.
    Sep,
    /// The upright line of a table.
    Bar,
    Comma,
    Line,
}

pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    // Where the word at hand begins, and whether it is in a `${…}`.
    let (mut start, mut variable) = (0, false);
    for (at, c) in text.char_indices() {
        let piece = match c {
            '{' if text[start..at].ends_with('$') => {
                variable = true;
                continue;
            }
            '}' if variable => {
                variable = false;
                continue;
            }
            '\n' => Some(Piece::Line),
            '\t' => Some(Piece::Sep),
            '|' => Some(Piece::Bar),
            ',' | ';' => Some(Piece::Comma),
            '"' | '\'' | '`' | '(' | ')' | '{' | '}' | '[' | ']' | '\\' => None,
            c if c.is_whitespace() => None,
            _ => continue,
        };
        push_word(&mut out, &text[start..at]);
        out.extend(piece);
        start = at + c.len_utf8();
    }
    push_word(&mut out, &text[start..]);
    out
}

/// Takes `KEY=value`, `key:value`, `--flag` and `KEY:` apart.
fn push_word<'a>(out: &mut Vec<Piece<'a>>, word: &'a str) {
    if word.is_empty() || word.bytes().all(|b| matches!(b, b'-' | b'+')) && word.len() > 2 {
        return;
    }
    if word.chars().all(|c| matches!(c, '=' | ':' | '>')) {
        // `+====+` frames of tables come without the corners here.
        out.extend((word.len() <= 2).then_some(Piece::Sep));
        return;
    }
    if let Some(flag) = word.strip_prefix('-')
        && flag.starts_with(|c: char| c == '-' || c.is_ascii_alphabetic())
    {
        let flag = flag.trim_start_matches('-');
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        out.extend([Piece::Comma, Piece::Word(name), Piece::Sep]);
        return push_word(out, value);
    }
    if word.contains("://") || product_of(word).is_some() {
        return out.push(Piece::Word(word));
    }
    let word = word.strip_prefix("$env:").unwrap_or(word);
    match word.split_once(['=', ':']) {
        Some((label, value)) if is_label(label) && !word.starts_with("PVE:") => {
            out.extend([Piece::Word(label), Piece::Sep]);
            push_word(out, value);
        }
        _ => out.push(Piece::Word(word)),
    }
}

/// Whether a word before `=` or `:` names what stands behind it.
pub(super) fn is_label(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        && !like_uuid(word)
}

/// The product in `PVEAPIToken=` and where the token begins behind it.
pub(super) fn product_of(word: &str) -> Option<(&str, &str)> {
    let at = word.to_ascii_lowercase().find("apitoken=")?;
    let product = word.get(at.checked_sub(3)?..at)?;
    matches!(product.to_ascii_uppercase().as_str(), "PVE" | "PBS" | "PDM" | "PMG")
        .then(|| (product, &word[at + "apitoken=".len()..]))
}
