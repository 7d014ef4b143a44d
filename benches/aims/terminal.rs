//! A program in a pseudo-terminal, read by the thread that measures, so that no hand-over between threads is measured too.

use std::fs;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

pub const LABWIZARD: &str = env!("CARGO_BIN_EXE_labwizard");

/// Longer than anything takes; then the program is ended, which ends the run with what was on its screen.
const WATCHDOG: Duration = Duration::from_secs(20);
const COLUMNS: u16 = 80;
const ROWS: u16 = 24;

pub struct Terminal {
    _master: Box<dyn MasterPty + Send>,
    reader: Box<dyn Read + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    parser: vt100::Parser,
    /// Held open as long as the program may run.
    watched: Option<Sender<()>>,
    started: Instant,
    /// Bytes that the program has written.
    pub written: usize,
    _home: TempDir,
}

impl Terminal {
    /// Starts a program in a home of its own where nothing has ever been done.
    pub fn start(words: &[&str]) -> Terminal {
        let home = tempfile::tempdir().expect("a folder for the run");
        let project = home.path().join("project");
        fs::create_dir(&project).expect("a folder for the project");
        let mut command = CommandBuilder::new(words[0]);
        command.args(&words[1..]);
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", home.path());
        command.env("LABWIZARD_STATE", home.path().join("state"));
        command.env("TMPDIR", home.path());
        command.env("LANG", "C.UTF-8");
        command.env("TERM", "xterm-256color");
        command.cwd(project);
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let reader = pair.master.try_clone_reader().expect("its output");
        let writer = pair.master.take_writer().expect("its input");
        let non_zero = |size| NonZeroU16::new(size).expect("a terminal has a size");
        let parser = vt100::Parser::new(non_zero(ROWS), non_zero(COLUMNS), 0);
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).expect("the program starts");
        // With the last one of ours closed, the end of the program ends the reading.
        drop(pair.slave);
        let mut killer = child.clone_killer();
        let (watched, watch) = mpsc::channel::<()>();
        std::thread::spawn(move || {
            if watch.recv_timeout(WATCHDOG) == Err(RecvTimeoutError::Timeout) {
                let _ = killer.kill();
            }
        });
        let watched = Some(watched);
        Terminal { _master: pair.master, reader, writer, child, parser, watched, started, written: 0, _home: home }
    }

    pub fn since_start(&self) -> Duration {
        self.started.elapsed()
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).expect("the terminal is open");
        self.writer.flush().expect("the terminal is open");
    }

    /// Until the screen is as wanted.
    pub fn wait(&mut self, what: &str, done: impl Fn(&str) -> bool) {
        let mut buffer = [0; 16 * 1024];
        loop {
            let screen = self.screen();
            if done(&screen) {
                return;
            }
            // An error is what Linux says where the other side is closed.
            let count = self.reader.read(&mut buffer).unwrap_or(0);
            assert!(count > 0, "the program ended, or did not answer in time, before: {what}\n{screen}");
            self.written += count;
            self.parser.process(&buffer[..count]);
        }
    }

    pub fn wait_for(&mut self, text: &str) {
        self.wait(text, |screen| screen.contains(text));
    }

    pub fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// Sends a key and waits for a page that can be answered.
    pub fn go(&mut self, key: &[u8], title: &str) {
        self.send(key);
        self.wait(title, |screen| screen.contains(title) && screen.contains(" Enter "));
    }

    /// The way to the first page that letters are typed into.
    pub fn reach_file(&mut self) {
        self.wait_for(FIRST);
        while !self.screen().contains("▸ Glassdome") {
            let before = self.screen();
            self.send(b"\x1b[B");
            self.wait("another row is highlighted", |screen| screen != before);
        }
        self.go(b"\r", "Which file does Glassdome read?");
    }

    /// From there to the page that says below its field how it understands what is typed.
    pub fn reach_host(&mut self) {
        self.go(b"\r", "What shall Glassdome do?");
        self.go(b"\r", "Where is your Proxmox?");
    }

    /// How often the program's threads have gone to sleep to be woken again (Linux, proc_pid_status(5)); nothing on other
    /// systems.
    pub fn wake_ups(&self) -> Option<u64> {
        self.tasks("status", |text| named(text, "voluntary_ctxt_switches:"))
    }

    /// For how long the program's threads have been on a processor, in nanoseconds (Linux, `schedstat`): what else the machine
    /// does is not in it.
    pub fn worked(&self) -> Option<Duration> {
        self.tasks("schedstat", |text| text.split_whitespace().next()?.parse().ok()).map(Duration::from_nanos)
    }

    fn tasks(&self, file: &str, read: impl Fn(&str) -> Option<u64>) -> Option<u64> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.process_id()?)).ok()?;
        tasks.map(|task| read(&fs::read_to_string(task.ok()?.path().join(file)).ok()?)).sum()
    }

    /// Memory that the program has in use, in KiB, and how much of it is its own, not pages of files (Linux).
    pub fn memory(&self) -> Option<(u64, u64)> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.process_id()?)).ok()?;
        Some((named(&text, "VmRSS:")?, named(&text, "RssAnon:")?))
    }
}

/// The number behind a name at the start of a line.
fn named(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.watched = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the wizard's first page asks.
pub const FIRST: &str = "What do you want to set up";

/// Whether a program is there to compare with.
pub fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}
