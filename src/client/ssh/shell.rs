//! An open shell: proved to be root's on a Proxmox VE, asked one thing at a time, opened anew where its connection broke.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::hand;
use super::process::{Ends, Process};
use super::talk::{self, FIRST, Halt, Ran};
use super::terminal::Lent;
use crate::domain::visible::visible;
use crate::domain::{Fingerprint, SshPlace, SshTrouble};

/// What is read of an answer that holds one thing.
pub const SMALL: usize = 64 * 1024;

/// Who this is, and whether Proxmox's own program is there.
const PROOF: &str = "id -u; command -v pveum";
/// The certificates of the node, with their fingerprints.
const CERTIFICATES: &str = "pvenode cert info --output-format json";

/// Root's shell on one host.
pub struct Shell {
    place: SshPlace,
    ssh: PathBuf,
    environment: Arc<Vec<(OsString, OsString)>>,
    /// How long one command may take.
    patience: Duration,
    line: Mutex<Option<Line>>,
    /// Who has their turn to ask; whoever gives up while they wait was never there.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
    /// The running ssh, to be ended while a command is under way.
    process: Mutex<Option<Arc<Process>>>,
    opened: AtomicBool,
    closed: AtomicBool,
}

/// A connection that holds.
struct Line {
    ends: Ends,
    process: Arc<Process>,
}

/// Why a command brought nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// The host never saw it.
    NotSent(Halt),
    /// It was sent, and how it ended is not known.
    Lost(Halt),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shell {
    /// Makes ready; nothing is started yet.
    pub fn new(
        place: SshPlace,
        ssh: PathBuf,
        environment: Arc<Vec<(OsString, OsString)>>,
        patience: Duration,
    ) -> Shell {
        Shell {
            place,
            ssh,
            environment,
            patience,
            line: Mutex::default(),
            turn: Arc::default(),
            process: Mutex::default(),
            opened: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }
    }

    /// Connects, and proves where this is; the fingerprint of the certificate that the host serves.
    pub fn open(&self, silent: bool) -> Result<Option<Fingerprint>, SshTrouble> {
        let line = self.connect(silent).inspect_err(|_| self.close())?;
        *lock(&self.line) = Some(line);
        self.opened.store(true, Ordering::SeqCst);
        let told = self.run(CERTIFICATES, SMALL).ok().filter(|ran| ran.code == 0);
        Ok(told.and_then(|ran| hand::served(&ran.output)))
    }

    fn connect(&self, silent: bool) -> Result<Line, SshTrouble> {
        let started = Process::start(&self.ssh, &self.place, silent, &self.environment);
        let (process, mut ends) = match started {
            Ok((process, ends)) => (Arc::new(process), ends),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(SshTrouble::NoSsh),
            Err(error) => return Err(SshTrouble::Ended { code: None, words: visible(&error.to_string()) }),
        };
        *lock(&self.process) = Some(Arc::clone(&process));
        match self.prove(&mut ends, &process, silent) {
            Ok(()) => Ok(Line { ends, process }),
            Err(trouble) => {
                process.end(true);
                Err(trouble)
            }
        }
    }

    /// Waits for the shell to answer, and for whose and where it is.
    fn prove(&self, ends: &mut Ends, process: &Process, silent: bool) -> Result<(), SshTrouble> {
        let prelude = format!("{FIRST}\n");
        // What the host's own start-up files print comes before the first marker, and belongs to nobody.
        let first = if silent {
            let mut wait = |passed| passed < self.patience && !self.is_closed();
            talk::run(ends, &prelude, ":", SMALL, &mut wait)
        } else {
            let lent = Lent::to(process.group());
            process.show_words(true);
            // It may be a person who is waited for: only they end that.
            let mut wait = |_| {
                process.unstop();
                !self.is_closed()
            };
            let first = talk::run(ends, &prelude, ":", SMALL, &mut wait);
            process.show_words(false);
            drop(lent);
            first
        };
        let proof = first.and_then(|_| {
            let mut wait = |passed| passed < self.patience && !self.is_closed();
            talk::run(ends, "", PROOF, SMALL, &mut wait)
        });
        let proof = proof.map_err(|halt| self.why(halt, process))?;
        let text = String::from_utf8_lossy(&proof.output);
        let mut lines = text.lines().map(str::trim);
        let user = lines.find(|line| !line.is_empty()).unwrap_or_default();
        if user != "0" {
            return Err(SshTrouble::NotRoot(visible(&format!("its user has the number {user} there, and root has 0"))));
        }
        if proof.code != 0 {
            return Err(SshTrouble::NoPveum);
        }
        Ok(())
    }

    fn why(&self, halt: Halt, process: &Process) -> SshTrouble {
        if self.is_closed() {
            return SshTrouble::Stopped;
        }
        match halt {
            Halt::TimedOut => SshTrouble::TimedOut,
            Halt::TooLarge => SshTrouble::Ended { code: None, words: "it writes without an end".into() },
            Halt::NotWritten | Halt::Ended => {
                let code = process.end(false);
                let words = process.words();
                match self.place.sudo && words.contains("sudo") {
                    true => SshTrouble::NotRoot(words),
                    false => SshTrouble::Ended { code, words },
                }
            }
        }
    }

    /// Runs a command whose words were quoted; where the connection broke since the last one, over a new one, without asking
    /// anybody. Nothing is ever run twice.
    pub fn run(&self, command: &str, limit: usize) -> Result<Ran, Missed> {
        let mut held = lock(&self.line);
        for again in [false, true] {
            if self.is_closed() {
                return Err(Missed::NotSent(Halt::Ended));
            }
            if held.is_none() {
                *held = Some(self.connect(true).map_err(|_| Missed::NotSent(Halt::Ended))?);
            }
            let Some(line) = held.as_mut() else { break };
            let mut wait = |passed| passed < self.patience && !self.is_closed();
            match talk::run(&mut line.ends, "", command, limit, &mut wait) {
                Ok(ran) => return Ok(ran),
                Err(halt) => {
                    line.process.end(true);
                    *held = None;
                    match halt {
                        Halt::NotWritten if !again => {}
                        Halt::NotWritten => return Err(Missed::NotSent(halt)),
                        halt => return Err(Missed::Lost(halt)),
                    }
                }
            }
        }
        Err(Missed::NotSent(Halt::Ended))
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// It was open once.
    pub fn was_opened(&self) -> bool {
        self.opened.load(Ordering::SeqCst)
    }

    /// Ends it for good, at once.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        if let Some(process) = lock(&self.process).take() {
            process.end(true);
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.close();
    }
}
