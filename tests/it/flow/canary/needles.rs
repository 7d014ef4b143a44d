//! Secrets in every form in which they may come out, and where they are searched for.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// So much of a secret in a row is a leak.
pub const WINDOW: usize = 12;

/// Secrets by name, each in all the forms in which it may come out.
pub struct Needles<'n> {
    names: Vec<&'n str>,
    /// Every window of every form, and whose it is.
    windows: HashMap<Vec<u8>, usize>,
    /// Codes of a few digits, which are looked for whole and with no digit beside them: a part of one is any number.
    codes: Vec<(&'n str, &'n str)>,
}

impl<'n> Needles<'n> {
    pub fn of(secrets: impl IntoIterator<Item = (&'n str, &'n str)>) -> Needles<'n> {
        let (mut names, mut windows) = (Vec::new(), HashMap::new());
        for (name, secret) in secrets {
            assert!(secret.len() >= WINDOW, "{name} is too short to be searched for");
            for form in forms(secret) {
                windows.extend(form.windows(WINDOW).map(|window| (window.to_vec(), names.len())));
            }
            names.push(name);
        }
        Needles { names, windows, codes: Vec::new() }
    }

    /// With codes of a few digits besides.
    pub fn and_codes(mut self, codes: impl IntoIterator<Item = (&'n str, &'n str)>) -> Needles<'n> {
        self.codes.extend(codes);
        self
    }

    /// The names of those that are in there.
    pub fn found_in(&self, text: &[u8]) -> Vec<&'n str> {
        let found: BTreeSet<usize> = text.windows(WINDOW).filter_map(|part| self.windows.get(part).copied()).collect();
        let mut names: Vec<&'n str> = found.into_iter().map(|at| self.names[at]).collect();
        let codes = self.codes.iter().filter(|(_, code)| has_number(text, code.as_bytes()));
        names.extend(codes.map(|(name, _)| *name));
        names
    }
}

/// Whether this number is there, and not as a part of a longer one.
fn has_number(text: &[u8], number: &[u8]) -> bool {
    let is_digit = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_digit);
    let places = text.windows(number.len()).enumerate().filter(|(_, part)| *part == number);
    places.map(|(at, _)| at).any(|at| !is_digit(at.checked_sub(1)) && !is_digit(Some(at + number.len())))
}

pub fn forms(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let hex = |pattern: fn(u8) -> String| bytes.iter().map(|byte| pattern(*byte)).collect::<String>().into_bytes();
    let mut forms = vec![
        bytes.to_vec(),
        secret.to_uppercase().into_bytes(),
        secret.to_lowercase().into_bytes(),
        bytes.iter().rev().copied().collect(),
        hex(|byte| format!("{byte:02x}")),
        hex(|byte| format!("{byte:02X}")),
        hex(|byte| format!("%{byte:02X}")),
        hex(|byte| format!("%{byte:02x}")),
    ];
    for offset in 0..3 {
        let text = base64(&[&b"ab"[..offset], bytes].concat());
        // What the neighbours have a share in is left away on both sides.
        forms.push(text.as_bytes()[offset.div_ceil(2) * 2..text.len() - 4].to_vec());
    }
    forms
}

pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for at in 0..=three.len() {
            text.push(char::from(LETTERS[(bits >> (18 - 6 * at) & 63) as usize]));
        }
        text.push_str(&"=".repeat(3 - three.len()));
    }
    text
}

/// All files below a folder with their bytes.
pub fn files(folder: &Path, into: &mut Vec<(PathBuf, Vec<u8>)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            into.push((path, bytes));
        }
    }
}
