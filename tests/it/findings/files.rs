//! Config files that something is wrong with: what each brings up. A row is a file's name and its text; more rows, more samples.

use super::Sample;

/// About, the file's name, its text.
const FILES: &[(&str, &str, &str)] = &[
    ("a file that no tool reads", ".env", "COLOUR=blue\n"),
    (
        "a placeholder is left in",
        ".env",
        "PROXMOX_HOST=pve.lan\nPROXMOX_USER=apex@pve\nPROXMOX_TOKEN_NAME=lab\nPROXMOX_TOKEN_VALUE=your-secret\nPROXMOX_NODE=pve\nPROXMOX_NODE=pve\n",
    ),
];

pub fn samples() -> Vec<Sample> {
    let mut all = Vec::new();
    for (about, name, text) in FILES {
        for finding in found(name, text) {
            all.push(Sample { about: (*about).to_owned(), finding });
        }
    }
    all
}

/// What is wrong with a file of this name in a folder of its own.
fn found(name: &str, text: &str) -> Vec<labwizard::domain::Finding> {
    use labwizard::diagnosis::config::{Scene, understand};
    use labwizard::domain::file::{Folder, Identity, There};
    use labwizard::domain::{Around, Base, Digest, FileSeen, Text};
    let identity = Identity { device: 1, inode: 1, size: text.len() as u64, modified: (0, 0) };
    let path = std::path::PathBuf::from("/home/me/lab").join(name);
    let seen = FileSeen {
        given: path.clone(),
        path,
        there: Some(There {
            text: Text::new(text),
            base: Base { digest: Digest::of(text.as_bytes()), identity },
            mode: 0o600,
            uid: 1000,
            gid: 1000,
            links: 1,
        }),
        folder: Folder { exists: true, writable: true, identity: None },
        oddities: Vec::new(),
    };
    let around = Around { folder: "/home/me/lab".into(), names: vec![name.to_owned()], ..Around::default() };
    let library = labwizard::target::Library::built_in();
    let scene = Scene { library: &library, seen: &seen, around: &around, environment: &[] };
    match understand(scene) {
        Ok(config) => config.findings,
        Err(finding) => vec![*finding],
    }
}
