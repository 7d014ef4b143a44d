//! `hosts.toml`: whom the person agreed to trust, by endpoint. It holds no secret.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::DiskError;
use super::kept::{Kept, Sheet};
use super::ops::Ops;
use super::state::State;

/// What is remembered of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostRecord {
    /// `host:port`, as the endpoint prints itself. Trust never carries over to another one.
    pub endpoint: String,
    pub trust: TrustKind,
    /// SHA-256 of the agreed leaf's DER, 64 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaf: Option<String>,
    /// SHA-256 of the CA's public key, 64 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_key: Option<String>,
    /// Where the CA's certificate was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_path: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<String>,
    /// When it was agreed, in seconds since 1970.
    pub when: u64,
    /// The run that wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

/// How an endpoint is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrustKind {
    /// Exactly this certificate.
    Pin,
    /// Whatever this CA signed under the right name.
    Ca,
    /// What the system trusts.
    System,
    /// No verification.
    None,
}

/// The hosts that are trusted.
pub type Hosts = Kept<HostRecord>;

#[derive(Serialize, Deserialize)]
struct File {
    version: u64,
    #[serde(default)]
    host: Vec<HostRecord>,
}

impl Sheet for File {
    type Record = HostRecord;
    const NAME: &'static str = "hosts.toml";
    const VERSION: u64 = 1;

    fn new(records: Vec<HostRecord>) -> Self {
        File { version: Self::VERSION, host: records }
    }

    fn records(self) -> Vec<HostRecord> {
        self.host
    }
}

impl<O: Ops + Clone> State<O> {
    /// What is remembered. A file that cannot be read is reported in [`Kept::trouble`], and left alone.
    pub fn hosts(&self) -> Result<Hosts, DiskError> {
        self.sheet::<File>()
    }

    /// Remembers a host in the place of what was known of its endpoint. Returns where an unreadable file was set aside.
    pub fn remember(&self, record: HostRecord) -> Result<Option<PathBuf>, DiskError> {
        self.change_sheet::<File>(|hosts| {
            hosts.retain(|host| host.endpoint != record.endpoint);
            hosts.push(record);
            hosts.sort_by(|a, b| a.endpoint.cmp(&b.endpoint));
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::caller::Caller;
    use super::*;
    use std::os::unix::fs::MetadataExt;

    fn state() -> (tempfile::TempDir, State) {
        let temp = tempfile::tempdir().unwrap();
        let state = State::open(temp.path().join("state"), Caller::of_process(|_| None)).unwrap();
        (temp, state)
    }

    fn host(endpoint: &str, leaf: &str) -> HostRecord {
        HostRecord {
            endpoint: endpoint.into(),
            trust: TrustKind::Pin,
            leaf: Some(leaf.repeat(64)),
            ca_key: None,
            ca_path: Some("/etc/pve-ca.pem".into()),
            cluster: Some("homelab \"x\"".into()),
            nodes: vec!["pve".into(), "pve2".into()],
            when: 1_700_000_000,
            run: Some("0a1b2c".into()),
        }
    }

    #[test]
    fn what_is_remembered_is_read_back_and_the_latest_counts() {
        let (_temp, state) = state();
        assert_eq!(state.hosts().unwrap(), Hosts::default());
        assert!(!state.folder().exists(), "looking makes nothing");
        state.remember(host("pve.lan:8006", "a")).unwrap();
        state.remember(host("[fd00::1]:8006", "b")).unwrap();
        state.remember(host("pve.lan:8006", "c")).unwrap();
        let hosts = state.hosts().unwrap();
        assert_eq!(hosts.records, [host("[fd00::1]:8006", "b"), host("pve.lan:8006", "c")]);
        assert_eq!(std::fs::metadata(state.folder().join(File::NAME)).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_or_later_file_is_reported_then_set_aside_and_never_deleted() {
        let (_temp, state) = state();
        state.remember(host("pve.lan:8006", "a")).unwrap();
        let file = state.folder().join(File::NAME);
        let cases =
            ["version = 2\nnew = 1\n", "version = 1\n[[host]]\nendpoint = 4\n", "\u{0}\u{1}garbage", "host = []\n"];
        for (n, text) in cases.into_iter().enumerate() {
            std::fs::write(&file, text).unwrap();
            let hosts = state.hosts().unwrap();
            assert!(hosts.trouble.is_some() && hosts.records.is_empty(), "{text}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "looking changes nothing");
            let aside = state.remember(host("pve.lan:8006", "b")).unwrap().unwrap();
            assert_eq!(aside, state.folder().join(format!("hosts.toml.damaged-{}", n + 1)));
            assert_eq!(std::fs::read_to_string(&aside).unwrap(), text);
            assert_eq!(state.hosts().unwrap().records, [host("pve.lan:8006", "b")]);
        }
    }

    #[test]
    fn cut_at_any_byte_it_is_read_or_reported_and_never_half_a_record() {
        let (_temp, state) = state();
        state.remember(host("pve.lan:8006", "a")).unwrap();
        let file = state.folder().join(File::NAME);
        let whole = std::fs::read(&file).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&file, &whole[..cut]).unwrap();
            let hosts = state.hosts().unwrap();
            assert!(hosts.trouble.is_some() || hosts.records.iter().all(|host| host.when > 0), "cut at {cut}");
        }
    }
}
