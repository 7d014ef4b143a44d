//! The system's CAs as one text, for tools that take a single file.

use std::path::Path;

use crate::disk::{self, Caller};

/// Where systems keep their CAs as one file: Debian and Arch, Fedora, SUSE, Alpine and macOS.
const ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The system's CAs with another one behind them; none where the system's are not found.
pub(super) fn with_roots(pem: &str, caller: &Caller) -> Option<String> {
    let roots = roots(caller)?;
    let gap = if roots.ends_with('\n') { "" } else { "\n" };
    Some(format!("{roots}{gap}{pem}"))
}

/// The system's CAs as one PEM text.
pub(super) fn roots(caller: &Caller) -> Option<String> {
    ROOTS.iter().find_map(|path| {
        let real = Path::new(path).canonicalize().ok()?;
        disk::read_config(&real, caller).ok()?.there.map(|there| there.text.as_str().to_owned())
    })
}
