//! Takes this run's secrets out of what a host says: releases before 8.4.17 and 9.1.5 echo a mistyped token, secret and all,
//! in the status line of their 401.

use crate::domain::{MASK, Secret};

/// The secrets that were sent, so that their echo can be recognised.
#[derive(Default)]
pub(super) struct Redactor(Vec<Secret>);

/// A piece of a secret this long is taken out too: the host splits what it was sent at `=` and `;` and may echo a part.
const PIECE: usize = 8;

impl Redactor {
    pub fn of(secret: &Secret) -> Self {
        Redactor(vec![secret.share()])
    }

    pub fn add(&mut self, secret: Secret) {
        self.0.push(secret);
    }

    /// `text` with a mask for every run of at least eight bytes that a secret holds too, and for every whole shorter secret.
    pub fn clean(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        while at < bytes.len() {
            let run = self.0.iter().map(|secret| shared(&bytes[at..], secret.reveal().as_bytes())).max().unwrap_or(0);
            if run > 0 {
                out.push_str(MASK);
                at += run;
                while !text.is_char_boundary(at) {
                    at += 1;
                }
            } else {
                let width = text[at..].chars().next().map_or(1, char::len_utf8);
                out.push_str(&text[at..at + width]);
                at += width;
            }
        }
        out
    }
}

/// How many bytes at the beginning of `text` are a piece of `secret`; 0 where too few to count.
fn shared(text: &[u8], secret: &[u8]) -> usize {
    let least = PIECE.min(secret.len()).max(1);
    (0..secret.len())
        .map(|from| secret[from..].iter().zip(text).take_while(|(a, b)| a == b).count())
        .filter(|&run| run >= least)
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echoed_secret_is_masked_whole_in_part_and_short() {
        let redactor = Redactor::of(&Secret::new("00000000-0000-4000-8000-000000000001=x".into()));
        let said = redactor.clean("'a@pve!t=00000000-0000-4000-8000-000000000001' is not a valid token ID");
        assert_eq!(said, format!("'a@pve!t={MASK}' is not a valid token ID"));
        assert_eq!(
            Redactor::of(&Secret::new("pw1".into())).clean("login pw1 ü failed"),
            format!("login {MASK} ü failed")
        );
    }

    #[test]
    fn other_words_stay_and_an_empty_secret_masks_nothing() {
        let redactor = Redactor::of(&Secret::new(String::new()));
        assert_eq!(redactor.clean("Authentication failed! ü"), "Authentication failed! ü");
        assert_eq!(Redactor::default().clean("x"), "x");
    }
}
