//! What a check holds a host's certificate against: what was said, what is remembered, and what the file says, in this order.

use crate::domain::{Der, Endpoint, HostRecord, Trust};

/// Where the trust of a check comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaning {
    /// Said on the command line.
    Given,
    /// Agreed to in an earlier run.
    Remembered,
    /// The file names a CA, or verifies by the system's.
    File,
    /// The file says not to verify, and its tool signs in like this every minute.
    Unverified,
}

/// What is known of how a host may be trusted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sources<'a> {
    pub given: Option<&'a Trust>,
    pub records: &'a [HostRecord],
    /// Whether the tool verifies by its file; none where nothing says so.
    pub verifies: Option<bool>,
    /// The CA that the file names, where it could be read.
    pub ca: Option<&'a Der>,
    /// Nothing is sent where nothing verifies.
    pub strict: bool,
}

/// The trust to ask this endpoint with; none: only what anybody may ask is asked.
///
/// What is remembered holds also where the file or the command line says not to verify: only a certificate or CA that somebody
/// named for this check takes its place, since `system` and `insecure` say nothing of this very host.
pub fn lean(endpoint: &Endpoint, sources: &Sources<'_>) -> Option<(Trust, Leaning)> {
    if let Some(named @ (Trust::Pin(_) | Trust::Ca(_))) = sources.given {
        return Some((named.clone(), Leaning::Given));
    }
    let record = sources.records.iter().find(|record| record.endpoint == *endpoint);
    if let Some(record) = record.filter(|record| record.trust != Trust::Unverified) {
        return Some((record.trust.clone(), Leaning::Remembered));
    }
    if let Some(given) = sources.given {
        let stops = sources.strict && *given == Trust::Unverified;
        return (!stops).then(|| (given.clone(), Leaning::Given));
    }
    match (sources.verifies, sources.ca) {
        (Some(true), Some(ca)) => Some((Trust::Ca(ca.clone()), Leaning::File)),
        (Some(true), None) => Some((Trust::System, Leaning::File)),
        (Some(false), _) if !sources.strict => Some((Trust::Unverified, Leaning::Unverified)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Fingerprint, Host};

    fn pin(byte: u8) -> Trust {
        Trust::Pin(Fingerprint::of(&[byte]))
    }

    #[test]
    fn what_is_remembered_holds_whatever_is_said_without_naming_a_certificate() {
        let endpoint = Endpoint { host: Host::Name("pve.lan".into()), port: 8006 };
        let record = |trust: &Trust| HostRecord {
            endpoint: endpoint.clone(),
            trust: trust.clone(),
            leaf: Fingerprint::of(&[1]),
            cluster: None,
            nodes: Vec::new(),
            when: 0,
        };
        let (old, ca) = (pin(1), Trust::Ca(Der(vec![1])));
        let table = [
            (Trust::Unverified, &old, Some((old.clone(), Leaning::Remembered))),
            (Trust::Unverified, &ca, Some((ca.clone(), Leaning::Remembered))),
            (Trust::System, &old, Some((old.clone(), Leaning::Remembered))),
            (pin(2), &old, Some((pin(2), Leaning::Given))),
            (Trust::Unverified, &Trust::Unverified, Some((Trust::Unverified, Leaning::Given))),
        ];
        for (given, remembered, wanted) in table {
            let records = [record(remembered)];
            let sources =
                Sources { given: Some(&given), records: &records, verifies: Some(false), ..Sources::default() };
            assert_eq!(lean(&endpoint, &sources), wanted, "{given:?} {remembered:?}");
        }
    }
}
