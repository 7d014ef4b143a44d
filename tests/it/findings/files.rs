//! Config files that something is wrong with: what each brings up. A row puts one line of a good file in another shape, or lays
//! something around it; more rows, more samples.

use std::path::PathBuf;

use labwizard::diagnosis::config::{Scene, understand};
use labwizard::diagnosis::file::clash;
use labwizard::domain::file::{Folder, Identity, There};
use labwizard::domain::{Around, Base, CopySeen, Digest, FileSeen, Finding, Git, History, Text};
use labwizard::format::{Dialect, Document};

use super::Sample;

const LAB: &str = "PROXMOX_HOST=pve.lan\nPROXMOX_USER=apex@pve\nPROXMOX_TOKEN_NAME=lab\n\
    PROXMOX_TOKEN_VALUE=00000000-0000-4000-8000-000000000004\nPROXMOX_VERIFY_SSL=false\nPROXMOX_NODE=pve\nLAB_PROXMOX_INSTANCE=01\n";
const TOFU: &str = "proxmox_endpoint  = \"https://pve.lan:8006\"\n\
    proxmox_api_token = \"apex@pve!lab=00000000-0000-4000-8000-000000000004\"\nproxmox_insecure  = true\n";
const SHELL: &str = "PM_API_URL=https://pve.lan:8006/api2/json\nPM_API_TOKEN_ID='apex@pve!lab'\n\
    PM_API_TOKEN_SECRET=00000000-0000-4000-8000-000000000004\n";
const PASSWORD: &str = "PROXMOX_HOST=pve.lan\nPROXMOX_PORT=8006\nPROXMOX_USER=apex@pve\nPROXMOX_PASSWORD=hunter22\nPROXMOX_VERIFY_SSL=false\n";

/// About, the file's name, its text, what stands there, and what stands there in its place.
const FILES: &[(&str, &str, &str, &str, &str)] = &[
    ("a file that no tool reads", ".env", "COLOUR=blue\n", "", ""),
    ("a file that two tools read", ".env", PASSWORD, "PROXMOX_PORT=8006\n", ""),
    ("a text that is no HCL", "terraform.tfvars", TOFU, "= \"https", "= = \"https"),
    ("a placeholder where the host belongs", ".env", LAB, "=pve.lan", "=your-proxmox-ip"),
    (
        "a placeholder where the secret belongs",
        ".env",
        LAB,
        "00000000-0000-4000-8000-000000000004",
        "your-token-secret-here",
    ),
    ("a placeholder where the node belongs", ".env", LAB, "=pve\n", "=NODE_NAME\n"),
    (
        "the secret of a document",
        ".env",
        LAB,
        "00000000-0000-4000-8000-000000000004",
        "12345678-1234-1234-1234-123456789abc",
    ),
    ("the full id for the short name", ".env", LAB, "=lab", "=apex@pve!lab"),
    ("the short name for the full id", ".env", SHELL, "'apex@pve!lab'", "lab"),
    ("a token for the user", ".env", LAB, "=apex@pve", "=apex@pve!lab"),
    ("a user without realm", ".env", LAB, "=apex@pve", "=root"),
    ("the secret for the name", ".env", LAB, "=lab", "=a0000000-0000-4000-8000-000000000007"),
    ("the header's word", "terraform.tfvars", TOFU, "apex@pve!lab=", "PVEAPIToken=apex@pve!lab="),
    ("a token as Backup Server writes it", "terraform.tfvars", TOFU, "!lab=", "!lab:"),
    ("two names", "terraform.tfvars", TOFU, "!lab=", "!lab!one="),
    ("a token without its secret", "terraform.tfvars", TOFU, "=00000000-0000-4000-8000-000000000004", ""),
    ("a secret cut short", ".env", LAB, "8000-000000000004", "8000-0000"),
    (
        "a secret in capitals",
        ".env",
        LAB,
        "00000000-0000-4000-8000-000000000004",
        "0000000A-0000-4000-8000-000000000004",
    ),
    ("a password for the secret", ".env", LAB, "00000000-0000-4000-8000-000000000004", "Tr0ub4dor"),
    ("a secret for the password", ".env", PASSWORD, "hunter22", "00000000-0000-4000-8000-000000000004"),
    ("a character that nobody sees", ".env", LAB, "=lab", "=l\u{200b}ab"),
    ("curly quotes", ".env", LAB, "=lab", "=“lab”"),
    ("line ends of Windows", ".env", SHELL, "\n", "\r\n"),
    ("an address with a scheme", ".env", LAB, "=pve.lan", "=https://pve.lan:8006"),
    ("an address without a scheme", "terraform.tfvars", TOFU, "https://", ""),
    ("an address over http", "terraform.tfvars", TOFU, "https://", "http://"),
    ("an address without a port", "terraform.tfvars", TOFU, ":8006", ""),
    ("the API's path is too much", "terraform.tfvars", TOFU, ":8006", ":8006/api2/json"),
    ("the API's path is missing", ".env", SHELL, "/api2/json", ""),
    ("IPv6 without brackets", "terraform.tfvars", TOFU, "pve.lan:8006", "fd00::5"),
    ("no address at all", ".env", LAB, "=pve.lan", "=pve lan two"),
    ("a word that is no switch", ".env", LAB, "=false", "=maybe"),
    ("a number for the host that nobody has", ".env", LAB, "LAB_PROXMOX_INSTANCE=01\n", ""),
    ("the host is missing", ".env", LAB, "PROXMOX_HOST=pve.lan\n", ""),
    ("a reference", ".env", LAB, "00000000-0000-4000-8000-000000000004", "${OTHER}"),
    ("an open quote", ".env", LAB, "=lab", "=\"lab"),
    ("a line without “=”", ".env", LAB, "PROXMOX_HOST=", "PROXMOX_HOST "),
    ("blanks that one reader takes and one does not", ".env", PLAIN, "PROXMOX_HOST=", "PROXMOX_HOST ="),
    ("two lines with blanks", ".env", PLAIN, "HOST=pve.lan\nPROXMOX_PORT=", "HOST =pve.lan\nPROXMOX_PORT ="),
    ("a word of examples that may be a name", ".env", LAB, "=lab\n", "=secret\n"),
    ("a command that gives the value", ".env", SHELL, "'apex@pve!lab'", "\"$(pass show pve)\""),
    ("blanks around the “=”", ".env", SHELL, "URL=", "URL = "),
    ("a “!” in double quotes", ".env", SHELL, "'apex@pve!lab'", "\"apex@pve!lab\""),
    ("a key twice", ".env", LAB, "PROXMOX_NODE=pve\n", "PROXMOX_NODE=pve\nPROXMOX_NODE=two\n"),
    ("a key that beats another", ".env", LAB, "PROXMOX_NODE=pve\n", "PROXMOX_NODE=pve\nPROXMOX_01_HOST=other\n"),
    ("a token and a password", ".env", LAB, "PROXMOX_NODE=pve\n", "PROXMOX_NODE=pve\nPROXMOX_PASSWORD=hunter22\n"),
    ("a key that is not read", ".env", LAB, "PROXMOX_NODE=pve\n", "PROXMOX_NODE=pve\nPROXMOX_PORT=8006\n"),
    ("a false claim", ".env", LAB, "PROXMOX_NODE", "# pveum token add root@pam!x\nPROXMOX_NODE"),
    ("a privilege that is gone", ".env", LAB, "PROXMOX_NODE", "# the role needs VM.Monitor\nPROXMOX_NODE"),
    ("an example with a secret", ".env.example", LAB, "", ""),
];

const PLAIN: &str = "PROXMOX_HOST=pve.lan\nPROXMOX_PORT=8006\nPROXMOX_TOKEN_ID=apex@pve!lab\n\
                     PROXMOX_TOKEN_SECRET=00000000-0000-4000-8000-000000000004\nPROXMOX_VERIFY_SSL=false\n";

pub fn samples() -> Vec<Sample> {
    let mut all = Vec::new();
    let mut add = |about: &str, findings: Vec<Finding>| {
        all.extend(findings.into_iter().map(|finding| Sample { about: about.to_owned(), finding }));
    };
    for (about, name, text, old, new) in FILES {
        assert!(text.contains(old), "{about}");
        let text = if old.is_empty() { (*text).to_owned() } else { text.replace(old, new) };
        add(about, found(name, Some(&text), 0o600, Around::default(), &[]));
    }
    add("no file", found(".env", None, 0o600, Around::default(), &[]));
    add("others may read it", found(".env", Some(LAB), 0o644, Around::default(), &[]));
    let environment = ["PROXMOX_HOST".to_owned(), "PROXMOX_TOKEN_VALUE".to_owned()];
    add("set in the environment", found(".env", Some(LAB), 0o600, Around::default(), &environment));
    let copy = |name: &str| CopySeen { path: PathBuf::from(HOME).join(name), tracked: true, holds_secret: true };
    for (about, around) in [
        ("git tracks it", Around { git: Git::Tracked, ..Around::default() }),
        ("git would take it", Around { git: Git::WouldTrack, ..Around::default() }),
        ("the secret was committed", Around { history: History::Found, ..Around::default() }),
        (
            "the search did not end",
            Around { history: History::Unfinished("It took longer than 5 seconds.".into()), ..Around::default() },
        ),
        ("a copy is tracked", Around { copies: vec![copy(".env.bak")], ..Around::default() }),
        ("a document holds it", Around { copies: vec![copy("README.md")], ..Around::default() }),
    ] {
        add(about, found(".env", Some(LAB), 0o600, around, &[]));
    }
    add("it was written for another tool too", shared());
    all
}

/// A file of two tools.
fn shared() -> Vec<Finding> {
    let library = labwizard::target::Library::built_in();
    let form = library.get("glassdome").and_then(|target| target.spec.form(None)).unwrap();
    let document = Document::parse(Dialect::Dotenv, Text::new(LAB.replace("=pve.lan", "=pve.lan:8443"))).unwrap();
    clash(&library, "glassdome", form, &document, &["proxmox-env".to_owned()].into())
}

const HOME: &str = "/home/me/lab";

/// What is wrong with a file of this name in a folder of its own.
fn found(name: &str, text: Option<&str>, mode: u32, around: Around, environment: &[String]) -> Vec<Finding> {
    let path = PathBuf::from(HOME).join(name);
    let there = text.map(|text| {
        let identity = Identity { device: 1, inode: 1, size: text.len() as u64, modified: (0, 0) };
        let base = Base { digest: Digest::of(text.as_bytes()), identity };
        There { text: Text::new(text), base, mode, uid: 1000, gid: 1000, links: 1 }
    });
    let seen = FileSeen {
        given: path.clone(),
        path,
        there,
        folder: Folder { exists: true, writable: true, identity: None },
        oddities: Vec::new(),
    };
    let around = Around { folder: HOME.into(), names: vec![name.to_owned()], ..around };
    let library = labwizard::target::Library::built_in();
    let scene = Scene { library: &library, seen: &seen, around: &around, environment };
    match understand(scene) {
        Ok(config) => config.findings,
        Err(finding) => vec![*finding],
    }
}
