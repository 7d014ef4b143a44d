//! Judges what was seen: observations in, findings out; never asks anybody.

pub mod agreed;
pub mod alike;
pub mod by_root;
mod certificate;
pub mod checked;
pub mod codes;
pub mod config;
pub mod file;
pub mod held;
pub mod leaning;
pub mod login;
pub mod picks;
pub mod proved;
mod rights;
mod road;
pub mod round;
pub mod shared;
mod signin;
pub mod ssh;
mod system_ca;
pub mod token_end;
pub mod untold;
pub mod verifying;

use crate::domain::{
    Finding, Fingerprint, Grantee, Need, Observation, Release, Seen, Timestamp, Trust, observation::Surroundings,
};

pub use file::untrack;
pub use road::request_trouble;
pub use signin::{decide, without_reason as refused_without_reason};

/// What the judge must know besides what was seen.
#[derive(Debug)]
pub struct Reading<'a> {
    /// The host as the person typed it, made visible.
    pub host: &'a str,
    /// The full token id or user that signs in, made visible; empty while nobody does.
    pub who: &'a str,
    /// The same as a name; none for a login of this run alone, and while nobody signs in.
    pub signer: Option<Grantee>,
    pub password: bool,
    pub trust: Option<&'a Trust>,
    /// The certificate that an earlier run agreed to, while this one leans on that.
    pub remembered: Option<&'a Fingerprint>,
    /// The target's title.
    pub target: &'a str,
    pub needs: &'a [Need],
    /// Every privilege that the target names for any use of it.
    pub uses: &'a [String],
    /// A file that is there may be meant for a part of the host alone: what is held there only is doubted, not refused.
    pub part_will_do: bool,
    /// Whoever verifies the certificate can go by its fingerprint in place of its CA.
    pub pins: bool,
    /// The nodes that the answers name.
    pub nodes: &'a [String],
    /// What no token can do and the answers ask for, in sentences of the target.
    pub never: &'a [String],
    pub surroundings: &'a Surroundings,
    pub now: Timestamp,
}

/// Everything that is wrong or worth knowing about what was seen, the gravest first, and in the road's order among equals.
pub fn judge(seen: &[Observation], reading: &Reading<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for observation in seen {
        findings.extend(road::judge(&observation.seen, reading));
        findings.extend(certificate::judge(&observation.seen, seen, reading));
        findings.extend(signin::judge(&observation.seen, seen, reading));
    }
    findings.extend(rights::judge(seen, reading));
    findings.extend(token_end::judge(seen, reading));
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// The release that the host told after signing in, else the one that its login page hints at.
pub fn release(seen: &[Observation]) -> Option<Release> {
    let told = seen.iter().find_map(|o| match o.seen {
        Seen::SignedIn { release, .. } => Some(release),
        _ => None,
    });
    told.or_else(|| {
        seen.iter().find_map(|o| match o.seen {
            Seen::IsProxmox { release_hint, .. } => release_hint,
            _ => None,
        })
    })
}
