//! Secrets and other private text: one type each, wiped when dropped, printed as dots.

use std::fmt;
use std::sync::Arc;

use zeroize::{Zeroize, Zeroizing};

/// What stands wherever a secret would be printed. Its length says nothing about the secret.
pub const MASK: &str = "••••••••";

/// A secret: a token's value, a password, a code.
///
/// Printing it gives dots. It is not `Clone`, `PartialEq` or `Serialize`, so that every further holder, comparison and
/// way out is asked for by name: [`Secret::share`], [`Secret::same_as`], [`Secret::reveal`].
pub struct Secret(Arc<Zeroizing<Box<str>>>);

impl Secret {
    /// Takes the text over; the given string is wiped.
    pub fn new(mut text: String) -> Self {
        let kept = Zeroizing::new(Box::<str>::from(text.as_str()));
        text.zeroize();
        Secret(Arc::new(kept))
    }

    /// A further holder of the same memory; nothing is copied.
    pub fn share(&self) -> Self {
        Secret(Arc::clone(&self.0))
    }

    /// The secret itself. Every call is a place where it may leave: the wire, the file, the field that the person asked to see.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Compares without telling by its time where two secrets differ.
    pub fn same_as(&self, other: &Secret) -> bool {
        let (a, b) = (self.0.as_bytes(), other.0.as_bytes());
        a.len() == b.len() && a.iter().zip(b).fold(0, |seen, (x, y)| seen | (x ^ y)) == 0
    }

    /// Whether it is told from the words of any text where it stands: a UUID, or a password that is long or mixed.
    pub fn is_telling(&self) -> bool {
        let length = self.0.chars().count();
        let has = |of: fn(&char) -> bool| self.0.chars().any(|letter| of(&letter));
        let letters = has(|letter| letter.is_alphabetic());
        let others = has(|letter| !letter.is_alphabetic() && !"-_. ".contains(*letter));
        length >= 16 || (length >= 8 && letters && others)
    }

    /// Length and shape in words, as a masked field shows it: `36 characters, a UUID`.
    pub fn shape(&self) -> String {
        let length = self.0.chars().count();
        let unit = if length == 1 { "character" } else { "characters" };
        match uuid::Uuid::try_parse(&self.0) {
            Ok(_) if length == 36 => format!("{length} {unit}, a UUID"),
            _ => format!("{length} {unit}"),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Text that may hold a secret though nobody has looked yet: what was typed or pasted, a file's content.
///
/// Wiped when dropped; its `Debug` says only how long it is.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text(Zeroizing<String>);

impl Text {
    pub fn new(text: impl Into<String>) -> Self {
        Text(Zeroizing::new(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// The whole text as a secret.
    pub fn to_secret(&self) -> Secret {
        Secret::new(self.0.to_string())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text::new(text)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Ticket;

    /// Compiles only while the type does not have the trait: with it, `some` would mean two things.
    macro_rules! lacks {
        ($type:ty: $($lacked:path),+) => {$(
            const _: fn() = || {
                trait Ambiguous<A> {
                    fn some() {}
                }
                impl<T: ?Sized> Ambiguous<()> for T {}
                struct Lacked;
                impl<T: ?Sized + $lacked> Ambiguous<Lacked> for T {}
                let _ = <$type as Ambiguous<_>>::some;
            };
        )+};
    }

    lacks!(Secret: Clone, fmt::Display, PartialEq, serde::Serialize, AsRef<str>, std::ops::Deref);
    lacks!(Ticket: Clone, fmt::Display, PartialEq, serde::Serialize);
    lacks!(Text: fmt::Display, serde::Serialize, std::ops::Deref);

    #[test]
    fn a_secret_prints_as_dots_whatever_it_holds() {
        let secret = Secret::new("hunter2-hunter2".into());
        assert_eq!(format!("{secret:?}"), MASK);
        assert_eq!(format!("{:?}", Text::new("hunter2")), "Text(7 bytes)");
    }

    #[test]
    fn a_shape_tells_length_and_whether_it_is_a_uuid() {
        assert_eq!(Secret::new("00000000-0000-4000-8000-000000000001".into()).shape(), "36 characters, a UUID");
        assert_eq!(Secret::new("0000000000004000800000000000000a".into()).shape(), "32 characters");
        assert_eq!(Secret::new("x".into()).shape(), "1 character");
    }

    #[test]
    fn a_word_of_any_text_does_not_tell_that_a_secret_stands_there() {
        let tells = |text: &str| Secret::new(text.into()).is_telling();
        for word in ["glassdome", "Glassdome", "pve-cluster", "12345678", "a1", ""] {
            assert!(!tells(word), "{word}");
        }
        for secret in ["00000000-0000-4000-8000-000000000001", "hunter22", "correct-horse-battery"] {
            assert!(tells(secret), "{secret}");
        }
    }

    #[test]
    fn secrets_are_compared_by_value() {
        let a = Secret::new("abc".into());
        assert!(a.same_as(&a.share()));
        assert!(!a.same_as(&Secret::new("abd".into())));
        assert!(!a.same_as(&Secret::new("abcd".into())));
    }
}
