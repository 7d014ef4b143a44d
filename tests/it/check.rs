//! Checks of config files against labs, in process.

mod healthy;
mod program;
mod scope;
mod shared;
mod trust;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use labwizard::diagnosis::checked::Checked;
use labwizard::domain::{HostRecord, Trust};
use labwizard::lab::{Lab, LabConfig, LabRelease, LabToken, Scenario};
use labwizard::runtime::check::{Ground, Order, Outcome, Waiting, check};
use labwizard::target::Library;

use crate::client::local;
use crate::flow::{Stage, TOOL};

/// A folder with config files, and what a check of them stands on.
pub struct Bench {
    _folder: tempfile::TempDir,
    pub ground: Ground,
    pub order: Order,
}

impl Bench {
    pub fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().canonicalize().unwrap();
        let ground = Ground::bare(here, Library::built_in(), Stage::caller(), crate::client::options());
        let order =
            Order { files: Vec::new(), offline: false, strict: false, trust: None, within: Duration::from_secs(60) };
        Bench { _folder: folder, ground, order }
    }

    pub fn here(&self) -> &Path {
        &self.ground.here
    }

    /// The same with a lab whose certificate an earlier run agreed to.
    pub fn knowing(mut self, lab: &Lab) -> Bench {
        self.ground.hosts.push(record(lab));
        self
    }

    /// Writes a file that only its owner may read.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.here().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        path
    }

    pub async fn check(&self) -> Outcome {
        let waiting = Waiting::default();
        let checking = check(&self.order, &self.ground, &waiting);
        tokio::time::timeout(Duration::from_secs(90), checking).await.expect("a check ends")
    }

    /// Checks exactly these.
    pub async fn check_these(&self, files: &[PathBuf]) -> Vec<Checked> {
        let order = Order { files: files.to_vec(), ..self.order.clone() };
        check(&order, &self.ground, &Waiting::default()).await.files
    }
}

/// What an earlier run that agreed to the lab's certificate remembers.
pub fn record(lab: &Lab) -> HostRecord {
    let leaf = lab.fingerprint().parse().unwrap();
    HostRecord {
        endpoint: local(lab.port()),
        trust: Trust::Pin(leaf),
        leaf,
        cluster: None,
        nodes: Vec::new(),
        when: crate::client::now(),
    }
}

/// Glassdome's file for a lab.
pub fn glassdome(lab: &Lab, token: &LabToken, verify: &str) -> String {
    let (user, name) = token.id.split_once('!').unwrap();
    format!(
        "PROXMOX_HOST=127.0.0.1:{}\nPROXMOX_USER={user}\nPROXMOX_TOKEN_NAME={name}\nPROXMOX_TOKEN_VALUE={}\n\
         PROXMOX_VERIFY_SSL={verify}\nPROXMOX_NODE=pve1\nLAB_PROXMOX_INSTANCE=01\n",
        lab.port(),
        token.secret
    )
}

pub fn codes(checked: &Checked) -> Vec<&'static str> {
    checked.findings.iter().map(|finding| finding.code.0).collect()
}

/// How many requests of a lab signed in and were refused, as far as a test can count: those with a credential.
pub fn signed(lab: &Lab) -> usize {
    lab.received().iter().filter(|one| one.had_authorization).count()
}

pub async fn lab(scenario: Scenario) -> Lab {
    Lab::start(LabConfig { scenario, ..LabConfig::quick() }).await.unwrap()
}

pub fn tool(lab: &Lab) -> LabToken {
    lab.token(TOOL).unwrap()
}
