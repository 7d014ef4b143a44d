//! Takes this run's secrets out of what others say: a host may echo a token in its answer, and so may a shell or a file.
//!
//! Releases before 8.4.17 and 9.1.5 answer `401 'user@realm!name=SECRET' is not a valid token ID…` in the status line
//! (pve-access-control `AccessControl.pm`). Redact first, make [`visible`](crate::domain::visible()) second.

use std::fmt;

use zeroize::Zeroizing;

use crate::domain::paste::is_uuid;
use crate::domain::{MASK, Secret};

/// This much of a secret in a row is hidden, so that a cut or broken one is too; shorter secrets only whole.
const WINDOW: usize = 12;

/// Knows the secrets of a run. It finds them in any case, percent-encoded, and by any twelve characters in a row.
#[derive(Default)]
pub struct Redactor {
    /// Lower-case and in order; a secret shorter than the window whole, of others every window.
    parts: Vec<Zeroizing<Vec<u8>>>,
    lengths: Vec<usize>,
    secrets: usize,
}

impl Redactor {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a secret to hide. An empty one hides nothing.
    pub fn add(&mut self, secret: &Secret) {
        let low = Zeroizing::new(lowered(secret.reveal().as_bytes()).0);
        if low.is_empty() {
            return;
        }
        self.secrets += 1;
        let length = low.len().min(WINDOW);
        for window in low.windows(length) {
            self.parts.push(Zeroizing::new(window.to_vec()));
        }
        self.parts.sort_by(|a, b| a.as_slice().cmp(b.as_slice()));
        if !self.lengths.contains(&length) {
            self.lengths.push(length);
        }
    }

    /// `text` with dots where a secret, a good part of one, or a UUID behind `=` stood.
    pub fn redact(&self, text: &str) -> String {
        let (low, place) = lowered(text.as_bytes());
        let low = Zeroizing::new(low);
        let mut hide = vec![false; text.len()];
        let mut mark = |from: usize, to: usize| {
            let end = place.get(to).copied().unwrap_or(text.len());
            hide[place[from]..end].fill(true);
        };
        for length in &self.lengths {
            for (at, window) in low.windows(*length).enumerate() {
                if self.parts.binary_search_by(|part| part.as_slice().cmp(window)).is_ok() {
                    mark(at, at + length);
                }
            }
        }
        for (at, window) in low.windows(37).enumerate() {
            if window[0] == b'=' && std::str::from_utf8(&window[1..]).is_ok_and(is_uuid) {
                mark(at + 1, at + 37);
            }
        }
        let mut out = String::with_capacity(text.len());
        let mut hidden = false;
        for (at, c) in text.char_indices() {
            // A letter of several bytes goes whole where any of them is hidden.
            let hidden_here = hide[at..at + c.len_utf8()].contains(&true);
            match (hidden, hidden_here) {
                (false, true) => out.push_str(MASK),
                (_, false) => out.push(c),
                (true, true) => {}
            }
            hidden = hidden_here;
        }
        out
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} secrets)", self.secrets)
    }
}

/// The bytes in small letters with `%xx` decoded, and for each where it began in the text.
fn lowered(text: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let digit = |at: usize| text.get(at).and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let (mut low, mut place) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len()));
    let mut at = 0;
    while at < text.len() {
        place.push(at);
        match (text[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(second)) => {
                low.push((high << 4 | second).to_ascii_lowercase());
                at += 3;
            }
            (byte, ..) => {
                low.push(byte.to_ascii_lowercase());
                at += 1;
            }
        }
    }
    (low, place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UUID: &str = "01234567-89ab-4def-8123-456789abcdef";

    fn redactor(secrets: &[&str]) -> Redactor {
        let mut redactor = Redactor::new();
        for secret in secrets {
            redactor.add(&Secret::new((*secret).to_owned()));
        }
        redactor
    }

    #[test]
    fn a_secret_is_hidden_in_every_form_that_comes_back() {
        let r = redactor(&[UUID, "pass wörd/2024!", "123456"]);
        for (text, shown) in [
            (
                format!("401 'apex@pve!tok={UUID}=' is not a valid token ID"),
                format!("401 'apex@pve!tok={MASK}=' is not a valid token ID"),
            ),
            (UUID.to_uppercase(), MASK.to_owned()),
            (UUID.replace('-', "%2D"), MASK.to_owned()),
            (UUID.replace('-', "%2d"), MASK.to_owned()),
            (UUID.bytes().map(|b| format!("%{b:02x}")).collect(), MASK.to_owned()),
            (format!("{}…", &UUID[..13]), format!("{MASK}…")),
            (format!("…{}", &UUID[20..]), format!("…{MASK}")),
            (format!("{UUID} and {UUID}"), format!("{MASK} and {MASK}")),
            ("it said pass wörd/2024! so".into(), format!("it said {MASK} so")),
            ("pass%20w%C3%B6rd%2F2024%21".into(), MASK.to_owned()),
            ("code 123456 wrong".into(), format!("code {MASK} wrong")),
            ("12345".into(), "12345".into()),
            ("nothing of it, 100 %".into(), "nothing of it, 100 %".into()),
            ("".into(), "".into()),
        ] {
            assert_eq!(r.redact(&text), shown);
        }
    }

    #[test]
    fn a_uuid_behind_an_equals_sign_is_hidden_though_nobody_knew_it() {
        let r = Redactor::new();
        assert_eq!(r.redact(&format!("apex@pve!tok={UUID}, {UUID}")), format!("apex@pve!tok={MASK}, {UUID}"));
        assert_eq!(r.redact(&format!("tok%3D{UUID}")), format!("tok%3D{MASK}"));
        assert_eq!(r.redact(&format!("tok={}", UUID.to_uppercase())), format!("tok={MASK}"));
    }

    #[test]
    fn an_empty_secret_hides_nothing() {
        assert_eq!(redactor(&[""]).redact("abc"), "abc");
    }

    #[test]
    fn a_redactor_prints_how_many_secrets_it_knows() {
        assert_eq!(format!("{:?}", redactor(&[UUID, "x"])), "Redactor(2 secrets)");
    }

    proptest! {
        #[test]
        fn no_twelve_letters_of_a_secret_ever_come_through(secret in "[ -~äß]{12,40}", front in ".{0,20}", back in ".{0,20}", cut in 0usize..20) {
            let tail: String = secret.chars().skip(cut.min(secret.chars().count() - 12)).collect();
            let shown = redactor(&[&secret]).redact(&format!("{front}{tail}{back}")).to_lowercase();
            let low = secret.to_ascii_lowercase();
            let letters: Vec<char> = low.chars().collect();
            // Outside of what surrounds it, which may hold the same letters by chance, nothing of it is left.
            for window in letters.windows(WINDOW) {
                let part: String = window.iter().collect();
                prop_assert!(part.contains('%') || !shown.contains(&part), "{part}");
            }
        }

        #[test]
        fn any_text_comes_through_when_nothing_is_secret(text in "[^=]{0,80}") {
            prop_assert_eq!(Redactor::new().redact(&text), text);
        }
    }
}
