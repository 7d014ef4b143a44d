//! Root's shell on a host, by the system's own ssh: one connection a run, one command after the other.

use crate::client::Options;
use crate::domain::{ShellAnswer, SshPlace, SshTrouble};

/// Opens a shell and keeps it under a number. ssh may ask on the terminal by itself, so nobody else may be using that
/// meanwhile, unless `silent`: then it fails where it would ask.
pub fn open(place: &SshPlace, silent: bool, options: &Options) -> ShellAnswer {
    let _ = (place, silent, options);
    ShellAnswer::Failed(SshTrouble::Stopped)
}
