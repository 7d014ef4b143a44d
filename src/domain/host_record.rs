//! What is remembered of a host: how it was trusted, and what it called itself.

use crate::domain::{Endpoint, Fingerprint, Timestamp, Trust};

/// One entry of `hosts.toml`. Trust is per endpoint and never carries over to another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRecord {
    pub endpoint: Endpoint,
    pub trust: Trust,
    /// The leaf that was served when it was agreed.
    pub leaf: Fingerprint,
    pub cluster: Option<String>,
    pub nodes: Vec<String>,
    pub when: Timestamp,
}
