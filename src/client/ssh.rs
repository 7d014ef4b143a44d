//! Root's shell on a host, by the system's own ssh: one connection a run, one command after the other.
//!
//! ssh runs with the person's own settings, agent and known hosts; what it checks is never made weaker. Nothing secret goes
//! into an argument list or down the pipe, and what comes back from a command that makes a secret is wiped when dropped.

mod find;
mod hand;
mod process;
mod shell;
mod talk;
mod terminal;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::client::Options;
use crate::domain::{ShellAnswer, ShellId, SshPlace, SshTrouble};

pub(super) use shell::Shell;

/// The shells that are open, and the ssh that opens them. Clones share them; with the last one they end.
#[derive(Clone)]
pub struct Shells {
    /// Given, or looked for in `PATH` when the first shell is opened.
    ssh: Option<PathBuf>,
    /// What ssh and whatever it starts get of the environment.
    environment: Arc<Vec<(OsString, OsString)>>,
    open: Arc<Mutex<Vec<Arc<Shell>>>>,
}

impl Shells {
    /// The ssh of this machine and this process's environment.
    pub fn of_this_machine() -> Self {
        Shells { ssh: None, ..Shells::with(PathBuf::new(), std::env::vars_os()) }
    }

    /// This ssh, by its absolute path, and this environment, of which it gets what it needs.
    pub fn with(ssh: PathBuf, environment: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let environment = environment.into_iter().filter(|(name, _)| find::is_for_ssh(name)).collect();
        Shells { ssh: Some(ssh), environment: Arc::new(environment), open: Arc::default() }
    }

    fn program(&self) -> Option<PathBuf> {
        match &self.ssh {
            Some(ssh) => Some(ssh.clone()),
            None => find::ssh(&std::env::current_dir().ok()?, self.environment.as_slice()),
        }
    }

    fn keep(&self, shell: Shell) -> ShellId {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.push(Arc::new(shell));
        ShellId(open.len() as u64)
    }

    pub(super) fn get(&self, id: ShellId) -> Option<Arc<Shell>> {
        let at = usize::try_from(id.0).ok()?.checked_sub(1)?;
        self.open.lock().unwrap_or_else(PoisonError::into_inner).get(at).cloned()
    }

    /// Ends all of them, with everything that they started here; a command under way is lost.
    pub fn close(&self) {
        for shell in self.open.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            shell.close();
        }
    }
}

/// Opens a shell and keeps it under a number. ssh may ask on the terminal by itself, so nobody else may be using that
/// meanwhile, unless `silent`: then it fails where it would ask. Blocks until it is open, or is not to be.
pub fn open(place: &SshPlace, silent: bool, options: &Options) -> ShellAnswer {
    let shells = &options.shells;
    let Some(ssh) = shells.program() else { return ShellAnswer::Failed(SshTrouble::NoSsh) };
    let shell = Shell::new(place.clone(), ssh, Arc::clone(&shells.environment), options.limits.total);
    match shell.open(silent) {
        Ok(fingerprint) => ShellAnswer::Open { shell: shells.keep(shell), fingerprint },
        Err(trouble) => ShellAnswer::Failed(trouble),
    }
}
