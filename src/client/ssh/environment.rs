//! What ssh gets of the environment.

use std::ffi::OsStr;

/// What ssh, its agent and its helpers go by. Everything else of this process's environment stays here: there may be secrets
/// in it.
const KEPT: [&str; 20] = [
    "HOME",
    "PATH",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "TERM",
    "TMPDIR",
    "SSH_AUTH_SOCK",
    "SSH_ASKPASS",
    "SSH_ASKPASS_REQUIRE",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "KRB5CCNAME",
];

/// Whether a variable is handed on.
pub fn is_for_ssh(name: &OsStr) -> bool {
    KEPT.iter().any(|kept| *kept == name)
}
