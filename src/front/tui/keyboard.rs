//! From the terminal's bytes to keys and pastes.
//!
//! Read here rather than by crossterm's reader, which waits inside a call for the rest of a paste, spins when the terminal is
//! gone, and keeps what was typed unwiped. The rule of pastes is held here: text that arrives in one read with other text is a
//! paste, bracketed or not, and no Enter that comes with it, or right behind it, submits anything.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use zeroize::Zeroizing;

/// How long a lone ESC waits for the rest of a key's sequence (a slow line may part them).
const ESCAPE_WAIT: Duration = Duration::from_millis(30);
/// How long a paste waits for its rest. One whose end never comes must not swallow Ctrl-C.
const PASTE_WAIT: Duration = Duration::from_secs(2);
/// How long after a paste an Enter still belongs to it.
pub const PASTE_TAIL: Duration = Duration::from_millis(50);
/// More than this is no sequence of a key, and no paste of a person.
const LONGEST_SEQUENCE: usize = 32;
const LONGEST_PASTE: usize = 1 << 20;
const PASTE_END: &[u8] = b"\x1b[201~";

/// What a person did at the keyboard.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    Key(KeyEvent),
    Pasted(Pasted),
}

/// A pasted text; its `Debug` says only how long it is.
#[derive(Clone, PartialEq)]
pub struct Pasted(pub Zeroizing<String>);

impl std::fmt::Debug for Pasted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pasted({} bytes)", self.0.len())
    }
}

/// Puts keys together from what each read gave.
#[derive(Default)]
pub struct Keyboard {
    /// The beginning of a sequence or character whose rest has not come yet.
    pending: Zeroizing<Vec<u8>>,
    /// The inside of a bracketed paste that has not ended yet.
    pasting: Option<Zeroizing<Vec<u8>>>,
    /// Until when an Enter belongs to the last paste.
    tail: Option<Instant>,
}

impl Keyboard {
    /// What one read means. `now` is when it was read.
    pub fn read(&mut self, bytes: &[u8], now: Instant) -> Vec<Heard> {
        let mut heard = Vec::new();
        for &byte in bytes {
            self.take(byte, &mut heard);
        }
        self.as_paste(heard, now)
    }

    /// How long to wait for the rest of what was begun; after that, [`Keyboard::settle`].
    pub fn waits(&self) -> Option<Duration> {
        match self.pasting {
            Some(_) => Some(PASTE_WAIT),
            None => (self.pending.first() == Some(&0x1b)).then_some(ESCAPE_WAIT),
        }
    }

    /// Nothing followed: what was begun stands for itself.
    pub fn settle(&mut self) -> Vec<Heard> {
        if let Some(paste) = self.pasting.take() {
            return vec![pasted(&paste)];
        }
        let alone = self.pending.as_slice() == [0x1b];
        self.pending.clear();
        if alone { vec![key(KeyCode::Esc, KeyModifiers::NONE)] } else { Vec::new() }
    }

    /// Forgets what was begun: the page is another one, and wants a fresh key.
    pub fn forget(&mut self) {
        self.pending.clear();
    }

    fn take(&mut self, byte: u8, heard: &mut Vec<Heard>) {
        if let Some(paste) = &mut self.pasting {
            paste.push(byte);
            let ended = paste.ends_with(PASTE_END);
            if ended || paste.len() > LONGEST_PASTE {
                let keep = if ended { paste.len() - PASTE_END.len() } else { paste.len() };
                heard.push(pasted(&paste[..keep]));
                self.pasting = None;
            }
            return;
        }
        self.pending.push(byte);
        match parse(&self.pending) {
            Parsed::More if self.pending.len() < LONGEST_SEQUENCE => return,
            Parsed::More | Parsed::Nothing => {}
            Parsed::Key(code, modifiers) => heard.push(key(code, modifiers)),
            Parsed::PasteStart => self.pasting = Some(Zeroizing::new(Vec::with_capacity(4096))),
            // ESC and then no sequence: the ESC was a key, and the byte starts anew.
            Parsed::Escape => {
                heard.push(key(KeyCode::Esc, KeyModifiers::NONE));
                self.pending.clear();
                return self.take(byte, heard);
            }
        }
        self.pending.clear();
    }

    /// Joins text that came together into pastes, and drops the Enter keys that came with one.
    fn as_paste(&mut self, heard: Vec<Heard>, now: Instant) -> Vec<Heard> {
        let letters = heard.iter().filter(|one| letter(one).is_some()).count();
        let enters = heard.iter().filter(|one| is_enter(one)).count();
        let bracketed = self.pasting.is_some() || heard.iter().any(|one| matches!(one, Heard::Pasted(_)));
        let after_paste = self.tail.is_some_and(|until| now < until);
        let join = !bracketed && letters > 0 && letters + enters > 1;
        if bracketed || join {
            self.tail = Some(now + PASTE_TAIL);
        }
        let mut kept: Vec<Heard> = Vec::with_capacity(heard.len());
        let mut entered = false;
        for one in heard {
            let line_end = is_enter(&one);
            if line_end && !join && (bracketed || after_paste || std::mem::replace(&mut entered, true)) {
                // It came with a paste; or it is one of several, and the page behind the first has been seen by nobody.
                continue;
            }
            let sign = if line_end { Some('\n') } else { letter(&one) };
            match (sign, kept.last_mut()) {
                (Some(sign), Some(Heard::Pasted(text))) if join => text.0.push(sign),
                (Some(sign), _) if join => kept.push(pasted(sign.to_string().as_bytes())),
                _ => kept.push(one),
            }
        }
        kept
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Heard {
    Heard::Key(KeyEvent::new(code, modifiers))
}

/// Line ends become `\n`, and what is no UTF-8 is shown as such.
fn pasted(bytes: &[u8]) -> Heard {
    let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
    let lines = Zeroizing::new(text.replace("\r\n", "\n"));
    Heard::Pasted(Pasted(Zeroizing::new(lines.replace('\r', "\n"))))
}

fn letter(heard: &Heard) -> Option<char> {
    match heard {
        Heard::Key(KeyEvent { code: KeyCode::Char(sign), modifiers, .. })
            if (*modifiers - KeyModifiers::SHIFT).is_empty() =>
        {
            Some(*sign)
        }
        _ => None,
    }
}

fn is_enter(heard: &Heard) -> bool {
    matches!(heard, Heard::Key(KeyEvent { code: KeyCode::Enter, .. }))
}

enum Parsed {
    /// More bytes are needed.
    More,
    Nothing,
    Key(KeyCode, KeyModifiers),
    PasteStart,
    Escape,
}

fn parse(bytes: &[u8]) -> Parsed {
    let none = KeyModifiers::NONE;
    match bytes {
        [0x1b] | [0x1b, b'['] | [0x1b, b'O'] => Parsed::More,
        [0x1b, 0x1b] => Parsed::Escape,
        [0x1b, b'[', b'['] => Parsed::More,
        // The Linux console writes its first function keys like this.
        [0x1b, b'[', b'[', letter @ b'A'..=b'E'] => Parsed::Key(KeyCode::F(letter - b'A' + 1), none),
        [0x1b, b'[', inner @ .., last] => match last {
            0x40..=0x7e => control_sequence(inner, *last),
            0x20..=0x3f => Parsed::More,
            _ => Parsed::Nothing,
        },
        [0x1b, b'O', last] => control_sequence(b"", *last),
        [0x1b, rest @ ..] => match parse(rest) {
            Parsed::Key(code, modifiers) => Parsed::Key(code, modifiers | KeyModifiers::ALT),
            other => other,
        },
        [b'\r' | b'\n'] => Parsed::Key(KeyCode::Enter, none),
        [b'\t'] => Parsed::Key(KeyCode::Tab, none),
        [0x7f | 0x08] => Parsed::Key(KeyCode::Backspace, none),
        [0] => Parsed::Key(KeyCode::Char(' '), KeyModifiers::CONTROL),
        [control @ 0x01..=0x1a] => Parsed::Key(KeyCode::Char((control - 1 + b'a') as char), KeyModifiers::CONTROL),
        [control @ 0x1c..=0x1f] => Parsed::Key(KeyCode::Char((control - 0x1c + b'\\') as char), KeyModifiers::CONTROL),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.chars().next().map_or(Parsed::Nothing, |sign| Parsed::Key(KeyCode::Char(sign), none)),
            Err(error) if error.error_len().is_none() => Parsed::More,
            Err(_) => Parsed::Nothing,
        },
    }
}

/// `ESC [ inner last`: arrows, function keys, with modifiers as xterm writes them (`1;5C`).
fn control_sequence(inner: &[u8], last: u8) -> Parsed {
    let mut numbers = inner
        .split(|byte| *byte == b';')
        .map(|part| std::str::from_utf8(part).ok().and_then(|digits| digits.parse::<u16>().ok()).unwrap_or(0));
    let first = numbers.next().unwrap_or(0);
    let bits = numbers.next().unwrap_or(1).saturating_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)] {
        modifiers.set(modifier, bits & bit != 0);
    }
    let code = match (last, first) {
        (b'~', 200) => return Parsed::PasteStart,
        (b'A', _) => KeyCode::Up,
        (b'B', _) => KeyCode::Down,
        (b'C', _) => KeyCode::Right,
        (b'D', _) => KeyCode::Left,
        (b'H', _) | (b'~', 1 | 7) => KeyCode::Home,
        (b'F', _) | (b'~', 4 | 8) => KeyCode::End,
        (b'Z', _) => KeyCode::BackTab,
        (b'M', _) if inner.is_empty() => KeyCode::Enter,
        (b'~', 3) => KeyCode::Delete,
        (b'~', 5) => KeyCode::PageUp,
        (b'~', 6) => KeyCode::PageDown,
        (b'P'..=b'S', _) => KeyCode::F(last - b'P' + 1),
        (b'~', number @ 11..=15) => KeyCode::F((number - 10) as u8),
        (b'~', number @ 17..=21) => KeyCode::F((number - 11) as u8),
        (b'~', number @ 23..=24) => KeyCode::F((number - 12) as u8),
        _ => return Parsed::Nothing,
    };
    Parsed::Key(code, modifiers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(bytes: &[u8]) -> Vec<Heard> {
        let mut keyboard = Keyboard::default();
        let mut heard = keyboard.read(bytes, Instant::now());
        if keyboard.waits().is_some() {
            heard.extend(keyboard.settle());
        }
        heard
    }

    fn plain(code: KeyCode) -> Vec<Heard> {
        vec![key(code, KeyModifiers::NONE)]
    }

    fn paste(text: &str) -> Heard {
        Heard::Pasted(Pasted(Zeroizing::new(text.to_owned())))
    }

    #[test]
    fn keys_are_read_as_the_common_terminals_write_them() {
        assert_eq!(heard(b"a"), plain(KeyCode::Char('a')));
        assert_eq!(heard("é".as_bytes()), plain(KeyCode::Char('é')));
        assert_eq!(heard(b"\r"), plain(KeyCode::Enter));
        assert_eq!(heard(b"\x1b"), plain(KeyCode::Esc));
        assert_eq!(heard(b"\x7f"), plain(KeyCode::Backspace));
        for up in [&b"\x1b[A"[..], b"\x1bOA"] {
            assert_eq!(heard(up), plain(KeyCode::Up));
        }
        for f1 in [&b"\x1bOP"[..], b"\x1b[11~", b"\x1b[[A"] {
            assert_eq!(heard(f1), plain(KeyCode::F(1)));
        }
        assert_eq!(heard(b"\x1b[5~"), plain(KeyCode::PageUp));
        assert_eq!(heard(b"\x1b[24~"), plain(KeyCode::F(12)));
        assert_eq!(heard(b"\x1b[1;5C"), [key(KeyCode::Right, KeyModifiers::CONTROL)]);
        assert_eq!(heard(b"\x1b\x7f"), [key(KeyCode::Backspace, KeyModifiers::ALT)]);
        assert_eq!(heard(b"\x03"), [key(KeyCode::Char('c'), KeyModifiers::CONTROL)]);
        assert_eq!(heard(b"\x1f"), [key(KeyCode::Char('_'), KeyModifiers::CONTROL)]);
    }

    #[test]
    fn a_sequence_that_arrives_in_parts_is_one_key() {
        let mut keyboard = Keyboard::default();
        let now = Instant::now();
        assert!(keyboard.read(b"\x1b", now).is_empty() && keyboard.waits().is_some());
        assert_eq!(keyboard.read(b"[B", now), plain(KeyCode::Down));
        assert!(keyboard.read(b"\xe6\x97", now).is_empty() && keyboard.waits().is_none());
        assert_eq!(keyboard.read(b"\xa5", now), plain(KeyCode::Char('日')));
    }

    #[test]
    fn what_is_no_key_is_nothing() {
        for noise in [&b"\x1b[?62;c"[..], b"\xff", b"\x1b[999~", b"\x1b[<0;1;1M"] {
            assert_eq!(heard(noise), [], "{noise:?}");
        }
    }

    #[test]
    fn a_bracketed_paste_is_one_text_however_it_arrives() {
        let mut keyboard = Keyboard::default();
        let now = Instant::now();
        assert_eq!(keyboard.read(b"\x1b[200~one\r\ntw", now), []);
        assert_eq!(keyboard.read(b"o\x1b[201~", now), [paste("one\ntwo")]);
    }

    #[test]
    fn a_paste_whose_end_never_comes_does_not_swallow_the_keys_behind_it() {
        let mut keyboard = Keyboard::default();
        let now = Instant::now();
        assert_eq!(keyboard.read(b"\r\x1b[200~x", now), []);
        assert_eq!(keyboard.waits(), Some(PASTE_WAIT));
        assert_eq!(keyboard.settle(), [paste("x")]);
        assert_eq!(keyboard.read(b"\x03", now), [key(KeyCode::Char('c'), KeyModifiers::CONTROL)]);
    }

    #[test]
    fn enter_with_or_right_behind_a_paste_submits_nothing() {
        let mut keyboard = Keyboard::default();
        let now = Instant::now();
        assert_eq!(keyboard.read(b"\x1b[200~x\x1b[201~\r\r\r", now), [paste("x")]);
        assert_eq!(keyboard.read(b"\r", now + Duration::from_millis(10)), []);
        assert_eq!(keyboard.read(b"\r", now + Duration::from_millis(90)), plain(KeyCode::Enter));
    }

    #[test]
    fn text_that_arrives_together_is_a_paste_even_without_brackets() {
        assert_eq!(heard(b"id\nsecret\n\n\n"), [paste("id\nsecret\n\n\n")]);
        assert_eq!(heard(b"a\r"), [paste("a\n")]);
        assert_eq!(heard(b"\r\r\r"), plain(KeyCode::Enter));
        assert_eq!(
            heard(b"\x1b[B\x1b[B\r"),
            [plain(KeyCode::Down), plain(KeyCode::Down), plain(KeyCode::Enter)].concat()
        );
    }

    #[test]
    fn a_paste_does_not_show_in_debug_output() {
        assert_eq!(format!("{:?}", heard(b"secret")), "[Pasted(Pasted(6 bytes))]");
    }
}
