//! A check as the program makes it: from config files on disk to findings.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use labwizard::client::{Limits, Options};
use labwizard::diagnosis::checked::Checked;
use labwizard::disk::Caller;
use labwizard::domain::{Endpoint, Host, HostRecord, Trust};
use labwizard::lab::Lab;
use labwizard::runtime::check::{Ground, Order, Waiting, check};
use labwizard::target::Library;
use tokio::runtime::Runtime;

use crate::floor::TOKEN;

/// A folder of config files, and hosts that were agreed to.
pub struct Desk {
    folder: tempfile::TempDir,
    ground: Ground,
    files: Vec<PathBuf>,
}

impl Desk {
    pub fn new() -> Desk {
        let folder = tempfile::tempdir().expect("a folder");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
        let now = i64::try_from(now).expect("it is before the end of time");
        // As the command has them.
        let limits = Limits { connect: Duration::from_secs(3), total: Duration::from_secs(10), ..Limits::default() };
        let options = Options { limits, ..Options::at(now) };
        let ground = Ground::bare(folder.path().to_owned(), Library::built_in(), Caller::of_process(|_| None), options);
        Desk { folder, ground, files: Vec::new() }
    }

    /// A config for a lab whose certificate was agreed to, with the lab's own secret or another.
    pub fn with(mut self, lab: &Lab, secret: Option<&str>) -> Desk {
        let leaf = lab.fingerprint().parse().expect("a fingerprint");
        let endpoint = Endpoint { host: Host::V4(std::net::Ipv4Addr::LOCALHOST), port: lab.port() };
        let (cluster, nodes) = (None, Vec::new());
        self.ground.hosts.push(HostRecord { endpoint, trust: Trust::Pin(leaf), leaf, cluster, nodes, when: 0 });
        let token = lab.token(TOKEN).expect("the lab has it");
        let secret = secret.unwrap_or(&token.secret).to_owned();
        self.of(&format!("127.0.0.1:{}", lab.port()), &secret)
    }

    /// A config for any address.
    pub fn of(mut self, address: &str, secret: &str) -> Desk {
        let (user, name) = TOKEN.split_once('!').expect("a token's name");
        let path = self.folder.path().join(format!("{:02}.env", self.files.len()));
        let text = format!(
            "PROXMOX_HOST={address}\nPROXMOX_USER={user}\nPROXMOX_TOKEN_NAME={name}\nPROXMOX_TOKEN_VALUE={secret}\n\
             PROXMOX_VERIFY_SSL=false\nPROXMOX_NODE=pve1\nLAB_PROXMOX_INSTANCE=01\n"
        );
        write(&path, &text);
        self.files.push(path);
        self
    }

    /// How long it took, and what was found.
    pub fn check(&self, runtime: &Runtime) -> (Duration, Vec<Checked>) {
        let order = Order {
            files: self.files.clone(),
            offline: false,
            strict: false,
            trust: None,
            within: Duration::from_secs(20),
        };
        let since = Instant::now();
        let outcome = runtime.block_on(check(&order, &self.ground, &Waiting::default()));
        (since.elapsed(), outcome.files)
    }

    /// The same where nothing is to be wrong.
    pub fn well(&self, runtime: &Runtime) -> Duration {
        let (took, files) = self.check(runtime);
        let codes: Vec<&str> = files.iter().flat_map(|file| &file.findings).map(|finding| finding.code.0).collect();
        assert!(codes.is_empty() && !files.is_empty(), "a healthy config was found wrong: {codes:?}");
        took
    }

    /// The same where exactly this is wrong.
    pub fn wrong(&self, runtime: &Runtime, code: &str) -> Duration {
        let (took, files) = self.check(runtime);
        let codes: Vec<&str> = files.iter().flat_map(|file| &file.findings).map(|finding| finding.code.0).collect();
        assert_eq!(codes, [code], "another fault was found");
        took
    }
}

fn write(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).expect("a file");
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).expect("a mode");
}
