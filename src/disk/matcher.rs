//! Finds a secret in bytes, skipping ahead as far as a mismatch allows (Horspool's search), without a copy of it.

use crate::domain::Secret;

/// One secret that is looked for.
pub(super) struct Matcher {
    secret: Secret,
    /// How far to skip where a window ends in this byte.
    skip: Box<[usize; 256]>,
}

impl Matcher {
    /// An empty secret is found nowhere.
    pub fn new(secret: &Secret) -> Matcher {
        let needle = secret.reveal().as_bytes();
        let mut skip = Box::new([needle.len().max(1); 256]);
        for (at, byte) in needle.iter().enumerate().take(needle.len().saturating_sub(1)) {
            skip[usize::from(*byte)] = needle.len() - 1 - at;
        }
        Matcher { secret: secret.share(), skip }
    }

    /// In bytes.
    pub fn len(&self) -> usize {
        self.secret.reveal().len()
    }

    pub fn is_in(&self, bytes: &[u8]) -> bool {
        let needle = self.secret.reveal().as_bytes();
        let Some((last, first)) = needle.split_last() else { return false };
        let mut at = first.len();
        while let Some(byte) = bytes.get(at) {
            if byte == last && bytes[at - first.len()..at] == *first {
                return true;
            }
            at += self.skip[usize::from(*byte)];
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_finds_what_is_there_and_nothing_else(text in "[ab]{0,40}", needle in "[ab]{1,6}") {
            let matcher = Matcher::new(&Secret::new(needle.clone()));
            prop_assert_eq!(matcher.is_in(text.as_bytes()), text.contains(&needle));
        }
    }

    #[test]
    fn an_empty_secret_is_nowhere() {
        assert!(!Matcher::new(&Secret::new(String::new())).is_in(b"anything"));
    }
}
