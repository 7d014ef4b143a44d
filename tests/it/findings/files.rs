//! Config files that something is wrong with: what each brings up. A row is a change of a file that nothing is wrong with, or
//! of what lies around it; more rows, more samples.

use std::path::{Path, PathBuf};

use labwizard::diagnosis::config::{Scene, understand};
use labwizard::diagnosis::file::not_read;
use labwizard::domain::file::{Folder, Identity, There};
use labwizard::domain::{Around, Base, CopySeen, Digest, FileSeen, Finding, Git, History, Text};
use labwizard::target::Library;

use super::Sample;

const SECRET: &str = "00000000-0000-4000-8000-000000000004";

const GLASSDOME: &str = "PROXMOX_HOST=pve.lan\nPROXMOX_USER=apex@pve\nPROXMOX_TOKEN_NAME=tok\n\
    PROXMOX_TOKEN_VALUE=00000000-0000-4000-8000-000000000004\nPROXMOX_VERIFY_SSL=false\nPROXMOX_NODE=pve\nLAB_PROXMOX_INSTANCE=01\n";

const TOFU: &str = "proxmox_endpoint  = \"https://pve.lan:8006\"\n\
    proxmox_api_token = \"apex@pve!tok=00000000-0000-4000-8000-000000000004\"\nproxmox_insecure  = true\n";

/// About, what stands in Glassdome's file, and what is put in its place.
const TEXTS: &[(&str, &str, &str)] = &[
    ("the full id where the short name belongs", "=tok", "=apex@pve!tok"),
    ("a placeholder is left in", SECRET, "your-token-secret-here"),
    ("the secret of a document", SECRET, "12345678-1234-1234-1234-123456789abc"),
    ("the host's placeholder", "=pve.lan", "=your-proxmox-ip"),
    ("a secret cut short", SECRET, "00000000-0000-4000-8000-00000000"),
    ("a secret in capitals", SECRET, "0000000A-0000-4000-8000-000000000004"),
    ("a password where a secret belongs", SECRET, "Tr0ub4dor"),
    ("no secret", SECRET, ""),
    ("a user without a realm", "=apex@pve\n", "=root\n"),
    ("quotes of a text program", "=tok", "=“tok”"),
    ("a blank in the secret", SECRET, "\"00000000-0000-4000-8000-000000000004 \""),
    ("a comment behind the value", "=pve.lan", "=pve.lan # the old one"),
    ("a reference to another variable", SECRET, "${OTHER}"),
    ("a URL where a name belongs", "=pve.lan", "=https://pve.lan:8006"),
    ("an IPv6 address and a port", "=pve.lan", "=fd00::5:8006"),
    ("a key that beats another", "PROXMOX_NODE=pve\n", "PROXMOX_NODE=pve\nPROXMOX_01_HOST=other\n"),
    ("a key twice", "PROXMOX_NODE=pve\n", "PROXMOX_NODE=pve\nPROXMOX_NODE=b\n"),
    ("token and password", "PROXMOX_NODE=pve\n", "PROXMOX_NODE=pve\nPROXMOX_PASSWORD=hunter22\n"),
    ("a key that is not read", "PROXMOX_NODE=pve\n", "PROXMOX_NODE=pve\nPROXMOX_PORT=8006\n"),
    ("a key is missing", "LAB_PROXMOX_INSTANCE=01\n", ""),
    ("no truth", "=false", "=maybe"),
    ("a quote that is not closed", "=tok", "=\"tok"),
    ("a guide's claim", "LAB_P", "# pveum token add root@pam!x\nLAB_P"),
];

/// The same for the file of a module of OpenTofu.
const TOFU_TEXTS: &[(&str, &str, &str)] = &[
    ("Backup Server's separator", "!tok=", "!tok:"),
    ("plain HTTP", "https://", "http://"),
    ("a path behind the address", ":8006", ":8006/api2/json"),
    ("a privilege of another release", "proxmox_insecure", "# the role needs VM.Monitor\nproxmox_insecure"),
];

pub fn samples() -> Vec<Sample> {
    let mut all = Vec::new();
    let mut add = |about: &str, findings: Vec<Finding>| {
        assert!(!findings.is_empty(), "{about}: nothing was found");
        all.extend(findings.into_iter().map(|finding| Sample { about: about.to_owned(), finding }));
    };
    let around = Around { folder: "/lab".into(), ..Around::default() };
    for (about, old, new) in TEXTS {
        assert!(GLASSDOME.contains(old), "{old}");
        add(about, found("/lab/.env", &GLASSDOME.replace(old, new), 0o600, &around, &[]));
    }
    for (about, old, new) in TOFU_TEXTS {
        assert!(TOFU.contains(old), "{old}");
        add(about, found("/lab/terraform.tfvars", &TOFU.replace(old, new), 0o600, &around, &[]));
    }
    add("a file that no tool reads", found("/lab/.env", "COLOUR=blue\n", 0o600, &around, &[]));
    add("a file that cannot be read", vec![not_read(Path::new("/lab/.env"), "Permission denied.")]);
    add("others may read it", found("/lab/.env", GLASSDOME, 0o644, &around, &[]));
    let set = ["PROXMOX_HOST".to_owned()];
    add("the environment beats it", found("/lab/.env", GLASSDOME, 0o600, &around, &set));
    let mut beside = |about: &str, around: Around| add(about, found("/lab/.env", GLASSDOME, 0o600, &around, &[]));
    beside("git has it", Around { git: Git::Tracked, ..around.clone() });
    beside("git would take it", Around { git: Git::WouldTrack, ..around.clone() });
    beside("git had it", Around { git: Git::Ignored, history: History::Found, ..around.clone() });
    for (about, path, tracked) in [
        ("a copy that git has", "/lab/.env.bak", true),
        ("an example that holds the secret", "/lab/.env.example", true),
        ("a document that holds the secret", "/lab/README.md", false),
    ] {
        let copies = vec![CopySeen { path: path.into(), tracked, holds_secret: true }];
        beside(about, Around { git: Git::Ignored, copies, ..around.clone() });
    }
    all
}

/// What is wrong with a file there.
fn found(path: &str, text: &str, mode: u32, around: &Around, environment: &[String]) -> Vec<Finding> {
    let identity = Identity { device: 1, inode: 1, size: text.len() as u64, modified: (0, 0) };
    let seen = FileSeen {
        given: PathBuf::from(path),
        path: PathBuf::from(path),
        there: Some(There {
            text: Text::new(text),
            base: Base { digest: Digest::of(text.as_bytes()), identity },
            mode,
            uid: 1000,
            gid: 1000,
            links: 1,
        }),
        folder: Folder { exists: true, writable: true, identity: None },
        oddities: Vec::new(),
    };
    let library = Library::built_in();
    match understand(Scene { library: &library, seen: &seen, around, environment }) {
        Ok(config) => config.findings,
        Err(finding) => vec![*finding],
    }
}
