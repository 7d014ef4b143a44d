//! The ssh process: how it is started, what is read of it, and how it ends with everything that it started.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use zeroize::{Zeroize, Zeroizing};

use crate::domain::SshPlace;
use crate::domain::visible::{visible, visible_lines};

/// Pieces of this many bytes are read.
const PIECE: usize = 8 * 1024;
/// So many pieces wait to be taken; then ssh waits.
const PIECES: usize = 8;
/// What is kept of ssh's own words: the last of them.
const WORDS: usize = 8 * 1024;
/// So many lines of them are shown while it has the terminal.
const MOST_SHOWN: usize = 100;
/// How long ssh may take to end by itself when its work is over.
const GRACE: Duration = Duration::from_millis(500);

/// The arguments. Everything that is not ours has been through the grammar of [`SshPlace`].
pub fn arguments(place: &SshPlace, silent: bool) -> Vec<String> {
    let mut words = vec!["-T".to_owned()];
    let mut option = |text: &str| words.extend(["-o".to_owned(), text.to_owned()]);
    option("ForwardAgent=no");
    option("ForwardX11=no");
    option("ClearAllForwardings=yes");
    option("PermitLocalCommand=no");
    option("ControlPath=none");
    // The person's settings may have a command of their own for this host, and ssh takes only one.
    option("RemoteCommand=none");
    // The connection stays open while the person reads, and what stands between forgets silent ones.
    option("ServerAliveInterval=30");
    if silent {
        option("BatchMode=yes");
    }
    if let Some(port) = place.port() {
        words.extend(["-p".to_owned(), port.to_string()]);
    }
    words.extend(["-l".to_owned(), place.user().to_owned(), "--".to_owned(), place.host().to_owned()]);
    words.push(if place.sudo { "exec sudo -n sh" } else { "exec sh" }.to_owned());
    words
}

/// A running ssh. Dropping it ends it.
pub struct Process {
    child: Mutex<Option<Child>>,
    group: Pid,
    words: Arc<Mutex<Vec<u8>>>,
    /// Reads the words.
    listener: Option<JoinHandle<()>>,
    /// Its words go to the terminal, too.
    shown: Arc<AtomicBool>,
}

/// The two ends of a running ssh.
pub struct Ends {
    pub input: ChildStdin,
    pub output: Receiver<Zeroizing<Vec<u8>>>,
}

impl Process {
    pub fn start(
        ssh: &Path,
        place: &SshPlace,
        silent: bool,
        environment: &[(OsString, OsString)],
    ) -> std::io::Result<(Process, Ends)> {
        let mut child = Command::new(ssh)
            .args(arguments(place, silent))
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            // Not the project's folder: nothing there is meant for ssh.
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Its own group: Ctrl-C is for labwizard, and whatever ssh starts ends with it.
            .process_group(0)
            .spawn()?;
        let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut process = Process {
            listener: None,
            group: Pid::from_child(&child),
            child: Mutex::new(Some(child)),
            words: Arc::default(),
            shown: Arc::default(),
        };
        let (Some(input), Some(output), Some(errors)) = (input, output, errors) else {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        };
        let (give, take) = sync_channel(PIECES);
        std::thread::Builder::new().name("ssh output".into()).spawn(move || pass_on(output, &give))?;
        let (words, shown) = (Arc::clone(&process.words), Arc::clone(&process.shown));
        let listen = move || listen(errors, &words, &shown);
        process.listener = Some(std::thread::Builder::new().name("ssh words".into()).spawn(listen)?);
        Ok((process, Ends { input, output: take }))
    }

    pub fn group(&self) -> Pid {
        self.group
    }

    /// Whether its words are shown on the terminal as they come.
    pub fn show_words(&self, on: bool) {
        self.shown.store(on, Ordering::SeqCst);
    }

    /// The last words of ssh itself, on one line, safe to be shown.
    pub fn words(&self) -> String {
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = visible_lines(&String::from_utf8_lossy(&words));
        let mut last: Vec<&str> = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
        last = last.split_off(last.len().saturating_sub(2));
        visible(&last.join(" "))
    }

    /// Lets it go on where somebody stopped it: stopped, it would hold the terminal for ever.
    pub fn unstop(&self) {
        let stopped = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
        if let Ok(Some(_)) = waitid(WaitId::Pid(self.group), stopped) {
            let _ = kill_process_group(self.group, Signal::CONT);
        }
    }

    /// Ends it, at once or after a moment in which it may end by itself; its exit code, where it has one. Its group is ended
    /// while its number is still its own.
    pub fn end(&self, at_once: bool) -> Option<i32> {
        let mut held = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let mut child = held.take()?;
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let until = Instant::now() + if at_once { Duration::ZERO } else { GRACE };
        while matches!(waitid(WaitId::Pid(self.group), ended), Ok(None)) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
        // There is nobody left in it, most times.
        let _ = kill_process_group(self.group, Signal::KILL);
        let code = child.wait().ok()?.code();
        // Its last words are on their way still; somebody who left its group may hold the pipe open.
        let until = Instant::now() + GRACE;
        while self.listener.as_ref().is_some_and(|thread| !thread.is_finished()) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        code
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end(true);
    }
}

/// Hands pieces of the output on until nobody wants them. Each may hold a secret.
fn pass_on(mut output: impl Read, give: &SyncSender<Zeroizing<Vec<u8>>>) {
    let mut piece = Zeroizing::new([0u8; PIECE]);
    loop {
        match output.read(piece.as_mut_slice()) {
            Ok(0) => return,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return,
            Ok(count) => {
                let taken = Zeroizing::new(piece[..count].to_vec());
                piece[..count].zeroize();
                if give.send(taken).is_err() {
                    return;
                }
            }
        }
    }
}

/// Keeps the last words, and shows them where that is wanted.
fn listen(mut errors: impl Read, words: &Mutex<Vec<u8>>, shown: &AtomicBool) {
    let mut piece = [0u8; PIECE];
    let mut line = Vec::new();
    let mut lines = 0;
    loop {
        let count = match errors.read(&mut piece) {
            Ok(0) => return,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return,
            Ok(count) => count,
        };
        let mut kept = words.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(&piece[..count]);
        let over = kept.len().saturating_sub(WORDS);
        kept.drain(..over);
        drop(kept);
        for byte in &piece[..count] {
            if *byte != b'\n' {
                if line.len() < 1024 {
                    line.push(*byte);
                }
                continue;
            }
            if shown.load(Ordering::SeqCst) && lines < MOST_SHOWN {
                lines += 1;
                show(&line);
            }
            line.clear();
        }
    }
}

fn show(line: &[u8]) {
    let text = visible(String::from_utf8_lossy(line).trim_end());
    if let Ok(mut terminal) = std::fs::OpenOptions::new().write(true).open("/dev/tty") {
        // The words are kept besides.
        let _ = writeln!(terminal, "{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_ours_and_the_host_stands_behind_the_dashes() {
        let place: SshPlace = "admin@[2001:db8::1]:2222".parse().unwrap();
        assert_eq!(
            arguments(&place, true).join(" "),
            "-T -o ForwardAgent=no -o ForwardX11=no -o ClearAllForwardings=yes -o PermitLocalCommand=no \
             -o ControlPath=none -o RemoteCommand=none -o ServerAliveInterval=30 -o BatchMode=yes -p 2222 -l admin -- \
             2001:db8::1 exec sudo -n sh"
        );
        let root = arguments(&"pve.lan".parse().unwrap(), false);
        assert!(!root.iter().any(|word| word.contains("BatchMode") || word.contains("StrictHostKeyChecking")));
        assert_eq!(root[root.len() - 5..], ["-l", "root", "--", "pve.lan", "exec sh"]);
    }
}
