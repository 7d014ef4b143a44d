//! Second factors: time codes (RFC 6238, as authenticator apps make them), recovery keys, and security keys that only a browser
//! can ask.

use std::fmt::Write as _;

use serde_json::json;

/// Seconds that one code stands for.
pub const STEP: u64 = 30;
/// After so many wrong codes TOTP is locked (proxmox-tfa api/mod.rs).
pub const MOST_FAILURES: u32 = 8;

/// The second factors of a user.
#[derive(Clone, Default)]
pub struct SecondFactor {
    pub totp: Vec<Totp>,
    pub recovery: Option<Recovery>,
    /// Keys that a browser asks (WebAuthn). The lab has none of them in hand, so none is ever taken.
    pub webauthn: Vec<SecurityKey>,
    pub failures: u32,
    pub locked: bool,
}

/// A time code's secret and what is known of it.
#[derive(Clone)]
pub struct Totp {
    pub id: String,
    pub description: String,
    pub created: u64,
    pub secret: Vec<u8>,
    /// The step of the last code that a login took; none at or before it is taken again.
    pub last: Option<u64>,
}

/// A key of WebAuthn, as far as it is listed.
#[derive(Clone)]
pub struct SecurityKey {
    pub id: String,
    pub description: String,
    pub created: u64,
}

/// Ten keys, each good for one login.
#[derive(Clone)]
pub struct Recovery {
    pub created: u64,
    pub keys: Vec<Option<String>>,
}

impl SecondFactor {
    pub fn is_none(&self) -> bool {
        self.totp.is_empty() && self.recovery.is_none() && self.webauthn.is_empty()
    }

    /// What a challenge says is there: JSON, whose colons the ticket writes as `%3A`. What is not there is left out, a set of
    /// recovery keys that are all used too (proxmox-tfa api/mod.rs, TfaChallenge; webauthn-rs, RequestChallengeResponse).
    pub fn challenge(&self) -> String {
        let mut parts = Vec::new();
        if !self.totp.is_empty() {
            parts.push("\"totp\":true".to_string());
        }
        if let Some(recovery) = &self.recovery {
            let left = recovery.keys.iter().enumerate().filter(|(_, key)| key.is_some());
            let left: Vec<_> = left.map(|(index, _)| index.to_string()).collect();
            if !left.is_empty() {
                parts.push(format!("\"recovery\":[{}]", left.join(",")));
            }
        }
        if !self.webauthn.is_empty() {
            let allowed = self.webauthn.iter().map(|key| json!({ "type": "public-key", "id": key.id }));
            let asked = json!({ "publicKey": {
                "challenge": uuid::Uuid::new_v4().simple().to_string(),
                "timeout": 60_000,
                "rpId": "pve1.example.org",
                "allowCredentials": allowed.collect::<Vec<_>>(),
                "userVerification": "preferred",
            } });
            parts.push(format!("\"webauthn\":{asked}"));
        }
        format!("{{{}}}", parts.join(","))
    }

    /// Takes `totp:CODE` or `recovery:KEY`, and notes that it was used.
    pub fn take(&mut self, response: &str, now: u64, locks: bool) -> bool {
        match response.split_once(':') {
            Some(("totp", code)) => self.take_code(code, now, locks),
            Some(("recovery", key)) => self.take_key(key),
            _ => false,
        }
    }

    fn take_code(&mut self, code: &str, now: u64, locks: bool) -> bool {
        if self.locked && locks {
            return false;
        }
        let step = now / STEP;
        for totp in &mut self.totp {
            let tried = step.saturating_sub(1)..=step + 1;
            let fresh = |step: &u64| totp.last.is_none_or(|last| *step > last);
            if let Some(step) =
                tried.into_iter().find(|step| fresh(step) && totp_code(&totp.secret, step * STEP) == code)
            {
                totp.last = Some(step);
                self.failures = 0;
                return true;
            }
        }
        self.failures += 1;
        self.locked |= locks && self.failures >= MOST_FAILURES;
        false
    }

    fn take_key(&mut self, key: &str) -> bool {
        let keys = self.recovery.iter_mut().flat_map(|recovery| &mut recovery.keys);
        for known in keys {
            if known.as_deref() == Some(key) {
                *known = None;
                self.failures = 0;
                self.locked = false;
                return true;
            }
        }
        false
    }
}

/// The six digits that an authenticator app shows at a moment (seconds since 1970).
pub fn totp_code(secret: &[u8], at: u64) -> String {
    let mac = hmac_sha1(secret, &(at / STEP).to_be_bytes());
    let offset = usize::from(mac[19] & 15);
    let word = u32::from_be_bytes([mac[offset], mac[offset + 1], mac[offset + 2], mac[offset + 3]]) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Base32 without padding, as secrets of authenticator apps are written.
pub fn base32(bytes: &[u8]) -> String {
    let bits: String = bytes.iter().fold(String::new(), |mut bits, byte| {
        let _ = write!(bits, "{byte:08b}");
        bits
    });
    let groups = bits.as_bytes().chunks(5).map(|five| {
        let text = format!("{:0<5}", String::from_utf8_lossy(five));
        usize::from_str_radix(&text, 2).unwrap_or(0)
    });
    groups.map(|index| BASE32[index] as char).collect()
}

/// The bytes of a base32 text; `None` when a character is none of base32.
pub fn from_base32(text: &str) -> Option<Vec<u8>> {
    let mut bits = 0u32;
    let mut count = 0;
    let mut out = Vec::new();
    for letter in text.trim_end_matches('=').bytes() {
        let value = BASE32.iter().position(|known| *known == letter.to_ascii_uppercase())?;
        bits = bits << 5 | value as u32;
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(out)
}

fn hmac_sha1(key: &[u8], message: &[u8]) -> [u8; 20] {
    let mut block = [0u8; 64];
    if key.len() > 64 {
        block[..20].copy_from_slice(&sha1(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let keyed = |pad: u8, rest: &[u8]| {
        let mut bytes: Vec<u8> = block.iter().map(|byte| byte ^ pad).collect();
        bytes.extend_from_slice(rest);
        sha1(&bytes)
    };
    keyed(0x5c, &keyed(0x36, message))
}

/// SHA-1, which RFC 6238's codes are made with. Good for nothing else; here it stands beside a lab's own secrets only.
fn sha1(message: &[u8]) -> [u8; 20] {
    let mut state = [0x6745_2301u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    let mut bytes = message.to_vec();
    bytes.push(0x80);
    while bytes.len() % 64 != 56 {
        bytes.push(0);
    }
    bytes.extend_from_slice(&(message.len() as u64 * 8).to_be_bytes());
    for block in bytes.chunks(64) {
        let mut words = [0u32; 80];
        for (word, four) in words.iter_mut().zip(block.chunks(4)) {
            *word = four.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
        }
        for at in 16..80 {
            words[at] = (words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16]).rotate_left(1);
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (at, word) in words.iter().enumerate() {
            let (mix, constant) = match at {
                0..20 => ((b & c) | (!b & d), 0x5a82_7999),
                20..40 => (b ^ c ^ d, 0x6ed9_eba1),
                40..60 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6),
            };
            let next = a.rotate_left(5).wrapping_add(mix).wrapping_add(e).wrapping_add(constant).wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (sum, part) in state.iter_mut().zip([a, b, c, d, e]) {
            *sum = sum.wrapping_add(part);
        }
    }
    let mut out = [0; 20];
    for (four, word) in out.chunks_mut(4).zip(state) {
        four.copy_from_slice(&word.to_be_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six of its eight digits.
        assert_eq!(totp_code(SEED, 59), "287082");
        assert_eq!(totp_code(SEED, 1_111_111_109), "081804");
        assert_eq!(totp_code(SEED, 2_000_000_000), "279037");
    }

    #[test]
    fn base32_goes_there_and_back() {
        assert_eq!(base32(SEED), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap(), SEED);
        assert_eq!(from_base32("GE1"), None);
    }

    fn factor() -> SecondFactor {
        let totp =
            Totp { id: String::new(), description: String::new(), created: 0, secret: SEED.to_vec(), last: None };
        SecondFactor { totp: vec![totp], ..SecondFactor::default() }
    }

    #[test]
    fn a_code_counts_once_and_one_step_off_is_taken() {
        let mut factor = factor();
        let (now, old) = (6000, 6000 - 30);
        assert!(factor.take(&format!("totp:{}", totp_code(SEED, old)), now, true));
        assert!(!factor.take(&format!("totp:{}", totp_code(SEED, old)), now, true));
        assert!(factor.take(&format!("totp:{}", totp_code(SEED, now)), now, true));
        assert!(!factor.take(&format!("totp:{}", totp_code(SEED, now - 60)), now, true));
    }

    #[test]
    fn eight_wrong_codes_lock_and_a_recovery_key_unlocks() {
        let mut factor = factor();
        factor.recovery = Some(Recovery { created: 0, keys: vec![Some("aaaa-bbbb-cccc-dddd".to_string())] });
        for _ in 0..MOST_FAILURES {
            assert!(!factor.take("totp:000000", 6000, true));
        }
        assert!(factor.locked && !factor.take(&format!("totp:{}", totp_code(SEED, 6000)), 6000, true));
        assert!(factor.take("recovery:aaaa-bbbb-cccc-dddd", 6000, true) && !factor.locked);
    }

    #[test]
    fn a_challenge_names_the_keys_that_are_left() {
        let mut factor = factor();
        factor.recovery = Some(Recovery { created: 0, keys: vec![None, Some(String::new())] });
        assert_eq!(factor.challenge(), "{\"totp\":true,\"recovery\":[1]}");
        factor.recovery = Some(Recovery { created: 0, keys: vec![None, None] });
        assert_eq!(factor.challenge(), "{\"totp\":true}");
    }

    #[test]
    fn a_browsers_key_is_asked_for_and_none_is_ever_taken() {
        let key = SecurityKey { id: "a2V5".to_string(), description: String::new(), created: 0 };
        let mut factor = SecondFactor { webauthn: vec![key], ..SecondFactor::default() };
        let challenge: serde_json::Value = serde_json::from_str(&factor.challenge()).unwrap();
        assert_eq!(challenge["webauthn"]["publicKey"]["allowCredentials"][0]["id"], "a2V5");
        assert_eq!(challenge.as_object().unwrap().len(), 1);
        assert!(
            !factor.is_none() && !factor.take("webauthn:{}", 6000, true) && !factor.take("totp:000000", 6000, true)
        );
    }
}
