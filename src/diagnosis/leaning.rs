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
/// What is remembered holds also where the file says not to verify (the stricter of the two).
pub fn lean(endpoint: &Endpoint, sources: &Sources<'_>) -> Option<(Trust, Leaning)> {
    if let Some(given) = sources.given {
        let stops = sources.strict && *given == Trust::Unverified;
        return (!stops).then(|| (given.clone(), Leaning::Given));
    }
    let record = sources.records.iter().find(|record| record.endpoint == *endpoint);
    if let Some(record) = record.filter(|record| record.trust != Trust::Unverified) {
        return Some((record.trust.clone(), Leaning::Remembered));
    }
    match (sources.verifies, sources.ca) {
        (Some(true), Some(ca)) => Some((Trust::Ca(ca.clone()), Leaning::File)),
        (Some(true), None) => Some((Trust::System, Leaning::File)),
        (Some(false), _) if !sources.strict => Some((Trust::Unverified, Leaning::Unverified)),
        _ => None,
    }
}
