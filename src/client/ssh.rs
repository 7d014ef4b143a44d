//! Root's shell on a host, by the system's own ssh: one connection a run, one command after the other.
//!
//! ssh runs with the person's own settings, agent and known hosts; what it checks is never made weaker. Nothing secret goes
//! into an argument list or down the pipe, and what comes back from a command that makes a secret is wiped when dropped.

mod environment;
mod hand;
mod process;
mod shell;
mod talk;
mod terminal;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::client::Options;
use crate::domain::{ShellAnswer, ShellId, SshPlace, SshTrouble};

pub(super) use shell::Shell;

/// The shells of a run, and the ssh that opens them. Clones share them; with the last one they end.
#[derive(Clone)]
pub struct Shells {
    /// By its absolute path; none where there is none that may be run.
    ssh: Option<PathBuf>,
    /// What ssh and whatever it starts get of the environment.
    environment: Arc<Vec<(OsString, OsString)>>,
    all: Arc<Mutex<Vec<Arc<Shell>>>>,
}

impl Shells {
    /// This machine has no ssh that may be run.
    pub fn none() -> Self {
        Shells { ssh: None, ..Shells::with(PathBuf::new(), []) }
    }

    /// This ssh, by its absolute path, and this environment, of which it gets what it needs.
    pub fn with(ssh: PathBuf, environment: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let environment = environment.into_iter().filter(|(name, _)| environment::is_for_ssh(name)).collect();
        Shells { ssh: Some(ssh), environment: Arc::new(environment), all: Arc::default() }
    }

    fn program(&self) -> Option<PathBuf> {
        self.ssh.clone()
    }

    fn keep(&self, shell: &Arc<Shell>) -> ShellId {
        let mut all = self.all();
        all.push(Arc::clone(shell));
        ShellId(all.len() as u64)
    }

    fn all(&self) -> MutexGuard<'_, Vec<Arc<Shell>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, id: ShellId) -> Option<Arc<Shell>> {
        let at = usize::try_from(id.0).ok()?.checked_sub(1)?;
        self.all().get(at).cloned()
    }

    /// Ends all of them, with everything that they started here; a command under way is lost.
    pub fn close(&self) {
        let all = self.all().clone();
        all.iter().for_each(|shell| shell.close());
    }

    /// Ends those that are still being opened.
    pub fn give_up(&self) {
        let all = self.all().clone();
        all.iter().filter(|shell| !shell.was_opened()).for_each(|shell| shell.close());
    }
}

/// Opens a shell and keeps it under a number. ssh may ask on the terminal by itself, so nobody else may be using that
/// meanwhile, unless `silent`: then it fails where it would ask. Blocks until it is open, or is not to be.
pub fn open(place: &SshPlace, silent: bool, options: &Options) -> ShellAnswer {
    let shells = &options.shells;
    let Some(ssh) = shells.program() else { return ShellAnswer::Failed(SshTrouble::NoSsh) };
    let shell = Arc::new(Shell::new(place.clone(), ssh, Arc::clone(&shells.environment), options.limits.total));
    let number = shells.keep(&shell);
    match shell.open(silent) {
        Ok(fingerprint) => ShellAnswer::Open { shell: number, fingerprint },
        Err(trouble) => ShellAnswer::Failed(trouble),
    }
}
