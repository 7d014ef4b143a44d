//! A pasted secret and what is wrong with it: Proxmox's are UUIDs of 36 characters in small letters.

use std::fmt;

use crate::domain::Secret;
use crate::domain::paste::placeholder;

/// A secret as it would be sent, and what speaks against it.
pub struct PastedSecret {
    value: Secret,
    problem: Option<SecretProblem>,
}

impl PastedSecret {
    /// Judges a text that stands where a secret belongs. Blanks around are left away; repairs are the caller's.
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        PastedSecret { problem: problem_of(text), value: Secret::new(text.to_owned()) }
    }

    /// The secret, where it is what Proxmox makes.
    pub fn sound(&self) -> Option<&Secret> {
        self.problem.is_none().then_some(&self.value)
    }

    /// The secret as pasted, for a person who insists: the server keeps any text without blanks
    /// (pve-access-control `TokenConfig.pm`).
    pub fn forced(&self) -> &Secret {
        &self.value
    }

    pub fn problem(&self) -> Option<&SecretProblem> {
        self.problem.as_ref()
    }
}

impl fmt::Debug for PastedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PastedSecret({}, {:?})", self.value.shape(), self.problem)
    }
}

/// Why a text is no secret of a token. It holds at most one letter of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretProblem {
    /// Characters where 36 belong.
    Length(usize),
    /// It is a UUID so far, and ends early.
    Truncated {
        has: usize,
    },
    /// A group (1 to 5) has another length than it should.
    Group {
        which: usize,
        has: usize,
        wants: usize,
    },
    /// A character (counted from 1) that no UUID has.
    Letter {
        letter: char,
        position: usize,
    },
    Placeholder(&'static str),
    LooksLikePassword,
    LooksLikeTokenName,
    /// `user@realm`.
    LooksLikeUser,
    /// 32 letters and digits, as UniFi's keys have.
    LooksLikeApiKey,
    /// A certificate's fingerprint.
    LooksLikeFingerprint,
    /// `PVE:user@realm:…::…`, which ends after two hours.
    LooksLikeTicket,
    LooksLikeUrl,
    HasBlanks,
}

impl SecretProblem {
    /// What is wrong, in one sentence.
    pub fn sentence(&self) -> String {
        match self {
            SecretProblem::Length(n) => {
                format!("The secret has {}; Proxmox makes a UUID of 36.", characters(*n))
            }
            SecretProblem::Truncated { has } => format!(
                "The secret ends after {}; it has 36, so {} at its end {} missing.",
                characters(*has),
                36usize.saturating_sub(*has),
                if 36usize.saturating_sub(*has) == 1 { "is" } else { "are" }
            ),
            SecretProblem::Group { which, has, wants } => format!(
                "The {} group of the secret has {}, and {wants} belong there.",
                ["first", "second", "third", "fourth", "fifth"].get(which.saturating_sub(1)).unwrap_or(&"last"),
                characters(*has)
            ),
            SecretProblem::Letter { letter, position } => format!(
                "“{}” at place {position} of the secret is in no UUID; there are only 0 to 9, a to f and hyphens.",
                crate::domain::visible(&letter.to_string())
            ),
            SecretProblem::Placeholder(what) => format!("Where the secret belongs stands {what}."),
            SecretProblem::LooksLikePassword => {
                "This looks like a password; the secret of a token is a UUID of 36 characters.".into()
            }
            SecretProblem::LooksLikeTokenName => {
                "This looks like the name of a token; its secret is a UUID of 36 characters.".into()
            }
            SecretProblem::LooksLikeUser => "This is a user; the secret of a token is a UUID of 36 characters.".into(),
            SecretProblem::LooksLikeApiKey => {
                "This looks like an API key of UniFi; the secret of a Proxmox token is a UUID of 36 characters.".into()
            }
            SecretProblem::LooksLikeFingerprint => {
                "This is a certificate's fingerprint; the secret of a token is a UUID of 36 characters.".into()
            }
            SecretProblem::LooksLikeTicket => {
                "This is the ticket of a login, which ends after two hours; the secret of a token is a UUID.".into()
            }
            SecretProblem::LooksLikeUrl => {
                "This is an address; the secret of a token is a UUID of 36 characters.".into()
            }
            SecretProblem::HasBlanks => "The secret of a token has no blanks in it, and this has.".into(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            SecretProblem::Truncated { .. } | SecretProblem::Length(_) | SecretProblem::Group { .. } => {
                "Copy it once more, whole. If it is lost, make a new token: Proxmox shows a secret only once."
            }
            SecretProblem::Letter { .. } => "Copy it instead of typing it; O and 0, l and 1 are easily confused.",
            SecretProblem::Placeholder(_) => "Put in the secret that Proxmox showed when the token was made.",
            _ => "It was shown once, when the token was made. If it is lost, make a new token.",
        }
    }
}

fn characters(n: usize) -> String {
    format!("{n} character{}", if n == 1 { "" } else { "s" })
}

/// The lengths of a UUID's groups.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// Whether the text is a UUID of 36 characters, in any case.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.split('-').map(str::len).eq(GROUPS)
        && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// Whether the text is the beginning of a UUID, its first hyphen included.
pub(crate) fn begins_uuid(text: &str) -> bool {
    const PATTERN: &str = "00000000-0000-0000-0000-000000000000";
    (9..36).contains(&text.len())
        && text.bytes().zip(PATTERN.bytes()).all(|(b, p)| if p == b'-' { b == b'-' } else { b.is_ascii_hexdigit() })
}

/// Whether the text wants to be a UUID: mostly hex, with hyphens where a UUID has some.
pub(crate) fn like_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let hex = text.bytes().filter(|b| b.is_ascii_hexdigit() || *b == b'-').count();
    // Two letters may be wrong, and it is long enough that no word is meant.
    let mostly_hex = text.len() >= 12 && hex + 2 >= text.len() && text.bytes().any(|b| b.is_ascii_digit());
    let nearly = |at: usize, wants: usize| groups.get(at).is_some_and(|g| g.len().abs_diff(wants) <= 1);
    mostly_hex && groups.len() >= 3 && nearly(0, 8) && nearly(1, 4) && (nearly(2, 4) || groups.len() == 3)
}

fn problem_of(text: &str) -> Option<SecretProblem> {
    if let Some(what) = placeholder(text) {
        return Some(SecretProblem::Placeholder(what));
    }
    // An upper-case one is repaired before it comes here; the server would refuse it.
    if is_uuid(text) {
        return None;
    }
    let count = text.chars().count();
    if like_uuid(text) {
        return Some(uuid_problem(text, count));
    }
    if begins_uuid(text) {
        return Some(SecretProblem::Truncated { has: count });
    }
    let hex = text.bytes().filter(u8::is_ascii_hexdigit).count();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    Some(if text.starts_with("PVE:") && text.contains("::") {
        SecretProblem::LooksLikeTicket
    } else if text.contains("://") {
        SecretProblem::LooksLikeUrl
    } else if text.contains(char::is_whitespace) {
        SecretProblem::HasBlanks
    } else if text.bytes().filter(|b| *b == b':').count() >= 15 && hex >= 32 {
        SecretProblem::LooksLikeFingerprint
    } else if text.parse::<crate::domain::UserId>().is_ok_and(|user| matches!(user.realm(), "pam" | "pve")) {
        SecretProblem::LooksLikeUser
    } else if hex == count && count >= 20 {
        match count {
            64 => SecretProblem::LooksLikeFingerprint,
            n => SecretProblem::Length(n),
        }
    } else if count == 32 && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
        SecretProblem::LooksLikeApiKey
    } else if text.chars().all(plain) && looks_like_name(text) {
        SecretProblem::LooksLikeTokenName
    } else if hex == count && count >= 4 {
        SecretProblem::Truncated { has: count }
    } else {
        SecretProblem::LooksLikePassword
    })
}

/// Words as people call tokens: `glassdome-token`, `terraform`; a password has digits or capitals amid letters.
fn looks_like_name(text: &str) -> bool {
    let words: Vec<&str> = text.split(['-', '_', '.']).collect();
    text.len() >= 2
        && text.parse::<crate::domain::TokenName>().is_ok()
        && words.iter().all(|w| {
            let letters = w.trim_end_matches(|c: char| c.is_ascii_digit());
            w.len() - letters.len() <= 2 && letters.bytes().all(|b| b.is_ascii_lowercase())
        })
        && !text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn uuid_problem(text: &str, count: usize) -> SecretProblem {
    if let Some((at, letter)) = text.chars().enumerate().find(|(_, c)| !c.is_ascii_hexdigit() && *c != '-') {
        return SecretProblem::Letter { letter, position: at + 1 };
    }
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    for (at, (has, wants)) in lengths.iter().zip(GROUPS).enumerate() {
        let last = at + 1 == lengths.len();
        match has.cmp(&wants) {
            std::cmp::Ordering::Less if last => return SecretProblem::Truncated { has: count },
            std::cmp::Ordering::Equal => {}
            _ => return SecretProblem::Group { which: at + 1, has: *has, wants },
        }
    }
    if lengths.len() < GROUPS.len() { SecretProblem::Truncated { has: count } } else { SecretProblem::Length(count) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_secret_is_said_precisely() {
        use SecretProblem::*;
        for (text, problem) in [
            ("00000000-0000-4000-8000-000000000001", None),
            (" 00000000-0000-4000-8000-000000000001 ", None),
            ("00000000-0000-4000-8000-00000000000", Some(Truncated { has: 35 })),
            ("00000000-0000-4000-8000-", Some(Truncated { has: 24 })),
            ("00000000-0000-40", Some(Truncated { has: 16 })),
            ("00000000-0000-4000-8000-0000000000011", Some(Group { which: 5, has: 13, wants: 12 })),
            ("00000000-000-4000-8000-000000000001", Some(Group { which: 2, has: 3, wants: 4 })),
            ("0000000-0000-4000-8000-000000000001", Some(Group { which: 1, has: 7, wants: 8 })),
            ("00000000-0000-4000-8000-000000000001-", Some(Length(37))),
            ("0000000O-0000-4000-8000-000000000001", Some(Letter { letter: 'O', position: 8 })),
            ("00000000-0000-4000-8000-00000000000g", Some(Letter { letter: 'g', position: 36 })),
            ("glassdome-token", Some(LooksLikeTokenName)),
            ("terraform", Some(LooksLikeTokenName)),
            ("Tr0ub4dor&3", Some(LooksLikePassword)),
            ("hunter2hunter22", Some(LooksLikePassword)),
            ("root@pam", Some(LooksLikeUser)),
            ("P@ssw0rd", Some(LooksLikePassword)),
            ("AbCdEfGhIjKlMnOpQrStUvWxYz012345", Some(LooksLikeApiKey)),
            ("PVE:root@pam:00000000::AAAA", Some(LooksLikeTicket)),
            ("https://pve.lan:8006", Some(LooksLikeUrl)),
            ("changeme", Some(Placeholder("a placeholder that asks to be changed"))),
            ("00000000", Some(Truncated { has: 8 })),
            ("two words", Some(HasBlanks)),
            (&["AB"; 32].join(":"), Some(LooksLikeFingerprint)),
            (&"ab".repeat(20), Some(Length(40))),
        ] {
            let secret = PastedSecret::new(text);
            assert_eq!(secret.problem(), problem.as_ref(), "{text}");
            assert_eq!(secret.sound().is_some(), problem.is_none());
            assert_eq!(secret.forced().reveal(), text.trim());
            if let Some(problem) = problem {
                assert!(problem.sentence().ends_with('.') && problem.hint().ends_with('.'));
                assert!(!problem.sentence().contains(text), "{text}");
            }
        }
    }

    #[test]
    fn a_pasted_secret_prints_its_shape_alone() {
        let shown = format!("{:?}", PastedSecret::new("hunter2-is-the-canary"));
        assert!(!shown.contains("canary"), "{shown}");
    }
}
