//! The SHA-256 fingerprint of a certificate, in Proxmox's own form.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// SHA-256 over a certificate's DER. Printed as Proxmox does: upper-case hex with colons, 95 characters
/// (pve-common `Certificate.pm`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub fn of(der: &[u8]) -> Self {
        Fingerprint(Sha256::digest(der).into())
    }

    /// The two lines of 16 bytes each that fit on a screen of 60 columns.
    pub fn halves(&self) -> (String, String) {
        let all = self.to_string();
        (all[..47].to_owned(), all[48..].to_owned())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            let colon = if i == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is no fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FingerprintError {
    #[error("a SHA-256 fingerprint has 64 hex digits, and this has {0}")]
    Length(usize),
    #[error("“{0}” is not a hex digit")]
    Digit(char),
    #[error("this is a SHA-1 fingerprint (40 hex digits); the SHA-256 one has 64")]
    Sha1,
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    /// Takes any case, with or without colons and blanks, with a `sha256:`, `SHA256 Fingerprint=` or `sha256 Fingerprint=`
    /// in front, broken over lines.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        let start = ["sha256 fingerprint=", "sha-256", "sha256:", "sha256=", "fingerprint"]
            .iter()
            .find_map(|lead| lower.starts_with(lead).then_some(lead.len()))
            .unwrap_or(0);
        let digits: String =
            text[start..].chars().filter(|c| !c.is_whitespace() && !matches!(c, ':' | '-' | '=' | '│' | '|')).collect();
        if let Some(odd) = digits.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(FingerprintError::Digit(odd));
        }
        match digits.len() {
            64 => {}
            40 => return Err(FingerprintError::Sha1),
            other => return Err(FingerprintError::Length(other)),
        }
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).map_err(|_| FingerprintError::Length(i))?;
        }
        Ok(Fingerprint(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_reads_back_in_every_form_that_people_paste() {
        let one = Fingerprint::of(b"certificate");
        let shown = one.to_string();
        assert_eq!(shown.len(), 95);
        let (first, second) = one.halves();
        for pasted in [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace(':', ""),
            format!("sha256:{shown}"),
            format!("sha256 Fingerprint={shown}"),
            format!("SHA-256   {first}\n          {second}\n"),
        ] {
            assert_eq!(pasted.parse(), Ok(one), "{pasted}");
        }
    }

    #[test]
    fn what_is_no_fingerprint_says_why() {
        assert_eq!("AA:BB".parse::<Fingerprint>(), Err(FingerprintError::Length(4)));
        assert_eq!("AA:ZZ".parse::<Fingerprint>(), Err(FingerprintError::Digit('Z')));
        assert_eq!("a".repeat(40).parse::<Fingerprint>(), Err(FingerprintError::Sha1));
    }
}
