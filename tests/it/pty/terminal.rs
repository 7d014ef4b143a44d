//! The program in a pseudo-terminal: keys in, the screen that a person would see out.
//!
//! Everything waits for an event from the reader thread; only a watchdog knows a time, and it fails with the transcript.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use super::sandbox::Sandbox;

/// Longer than anything takes, on however slow a machine.
pub const WATCHDOG: Duration = Duration::from_secs(30);
/// labwizard takes an Enter this soon after a paste as a part of it (A12), so a person's Enter comes later.
const AFTER_PASTE: Duration = Duration::from_millis(60);

/// Opening the terminal here must not make it this process's own (O_NOCTTY).
const NOCTTY: i32 = rustix::fs::OFlags::NOCTTY.bits() as i32;

/// What the reader thread has seen.
struct Seen {
    raw: Vec<u8>,
    parser: vt100::Parser,
    /// The rows joined, after every read that changed something.
    screens: Vec<String>,
    /// The terminal has been closed on the other side.
    gone: bool,
    /// Nobody wants to read any more.
    enough: bool,
    exit: Option<ExitStatus>,
}

type Shared = Arc<(Mutex<Seen>, Condvar)>;

pub struct Terminal {
    seen: Shared,
    master: Option<Box<dyn MasterPty + Send>>,
    /// Held open, so that the terminal's modes can be read after the program has ended.
    slave: Option<Box<dyn SlavePty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    pub pid: Pid,
    /// The modes of the line before the program was started.
    pub modes_before: String,
    /// Where the last prompt ended.
    prompt: usize,
    /// What was pressed, for the transcript.
    pressed: VecDeque<String>,
}

fn non_zero(size: u16) -> NonZeroU16 {
    NonZeroU16::new(size).expect("a terminal has a size")
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn lock(seen: &Shared) -> MutexGuard<'_, Seen> {
    seen.0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bytes that a terminal sends for a key of this name.
pub fn bytes_of(key: &str) -> &'static [u8] {
    match key {
        "Enter" => b"\r",
        "Esc" => b"\x1b",
        "Tab" => b"\t",
        "Shift-Tab" => b"\x1b[Z",
        "Up" => b"\x1b[A",
        "Down" => b"\x1b[B",
        "PageUp" => b"\x1b[5~",
        "PageDown" => b"\x1b[6~",
        "F1" => b"\x1bOP",
        "F2" => b"\x1bOQ",
        "Backspace" => b"\x7f",
        "Ctrl-C" => b"\x03",
        "Ctrl-R" => b"\x12",
        "Ctrl-U" => b"\x15",
        "Ctrl-Y" => b"\x19",
        "Ctrl-Z" => b"\x1a",
        _ => panic!("no key is named {key}"),
    }
}

impl Terminal {
    /// Starts labwizard in the sandbox's project.
    pub fn start(sandbox: &Sandbox, arguments: &[&str], size: (u16, u16)) -> Terminal {
        let mut all = vec![super::sandbox::PROGRAM];
        all.extend(arguments);
        Terminal::start_program(sandbox, &all, size, &[])
    }

    /// Starts any program, with further variables.
    pub fn start_program(sandbox: &Sandbox, words: &[&str], size: (u16, u16), more: &[(&str, &str)]) -> Terminal {
        let pair = native_pty_system().openpty(pty_size(size)).unwrap();
        let mut command = CommandBuilder::new(words[0]);
        command.args(&words[1..]);
        command.env_clear();
        for (name, value) in sandbox.environment() {
            command.env(name, value);
        }
        for (name, value) in more {
            command.env(name, value);
        }
        command.cwd(sandbox.project());
        let modes_before = modes(pair.master.as_ref());
        let child = pair.slave.spawn_command(command).unwrap();
        let pid = Pid::from_raw(i32::try_from(child.process_id().unwrap()).unwrap()).unwrap();
        let seen: Shared = Arc::new((
            Mutex::new(Seen {
                raw: Vec::new(),
                parser: vt100::Parser::new(non_zero(size.1), non_zero(size.0), 2000),
                screens: Vec::new(),
                gone: false,
                enough: false,
                exit: None,
            }),
            Condvar::new(),
        ));
        read(pair.master.try_clone_reader().unwrap(), Arc::clone(&seen));
        reap(child, Arc::clone(&seen));
        let writer = Some(pair.master.take_writer().unwrap());
        let (master, slave) = (Some(pair.master), Some(pair.slave));
        Terminal { seen, master, slave, writer, pid, modes_before, prompt: 0, pressed: VecDeque::new() }
    }

    // ---- what a person does

    /// These bytes, in one write.
    pub fn send(&mut self, bytes: &[u8]) {
        self.pressed.push_back(String::from_utf8_lossy(bytes).escape_debug().to_string());
        let writer = self.writer.as_mut().expect("the terminal is open");
        writer.write_all(bytes).unwrap();
        writer.flush().unwrap();
    }

    /// A key, whether or not the screen tells of it.
    pub fn press(&mut self, key: &str) {
        self.send(bytes_of(key));
    }

    /// A key that the last row of the screen offers.
    #[track_caller]
    pub fn press_shown(&mut self, key: &str) {
        let footer = self.footer();
        assert!(footer.split_whitespace().any(|word| word == key), "{key} is not offered\n{}", self.transcript());
        self.press(key);
    }

    /// Text into a field that shows it. Letters that arrive together count as a paste, so the paste's tail is waited out.
    #[track_caller]
    pub fn type_in(&mut self, text: &str) {
        for letter in text.chars() {
            self.send(letter.encode_utf8(&mut [0; 4]).as_bytes());
        }
        self.wait_for(text);
        std::thread::sleep(AFTER_PASTE);
    }

    /// A paste in brackets; `then` is what the screen shows when it has arrived.
    #[track_caller]
    pub fn paste(&mut self, text: &str, then: &str) {
        self.send(format!("\x1b[200~{text}\x1b[201~").as_bytes());
        self.wait_for(then);
        std::thread::sleep(AFTER_PASTE);
    }

    pub fn resize(&mut self, size: (u16, u16)) {
        // The terminal first: what the program draws for the new size must not meet the old one.
        lock(&self.seen).parser.screen_mut().set_size(non_zero(size.1), non_zero(size.0));
        self.master.as_ref().expect("the terminal is open").resize(pty_size(size)).unwrap();
    }

    pub fn signal(&self, signal: Signal) {
        assert!(lock(&self.seen).exit.is_none(), "the program has ended already");
        kill_process(self.pid, signal).unwrap();
    }

    /// Closes the terminal under the program. `wake` makes it draw once more, which lets the reader go.
    pub fn hang_up(&mut self, wake: impl FnOnce(&mut Terminal)) {
        lock(&self.seen).enough = true;
        wake(self);
        self.wait("the reader lets go", |seen| seen.gone);
        self.slave = None;
        self.writer = None;
        self.master = None;
    }

    // ---- what there is to see

    /// The screen as rows.
    pub fn screen(&self) -> String {
        lock(&self.seen).parser.screen().contents()
    }

    /// The screen with its rows joined and runs of blanks made one, so that wrapped sentences can be looked for.
    pub fn text(&self) -> String {
        joined(&self.screen())
    }

    pub fn footer(&self) -> String {
        let seen = lock(&self.seen);
        let screen = seen.parser.screen();
        screen.rows(0, screen.size().1.get()).last().unwrap_or_default().to_string()
    }

    pub fn raw(&self) -> Vec<u8> {
        lock(&self.seen).raw.clone()
    }

    /// Every screen that there was, one after each read.
    pub fn screens(&self) -> Vec<String> {
        lock(&self.seen).screens.clone()
    }

    pub fn alternate_screen(&self) -> bool {
        lock(&self.seen).parser.screen().alternate_screen()
    }

    pub fn bracketed_paste(&self) -> bool {
        lock(&self.seen).parser.screen().bracketed_paste()
    }

    pub fn hides_cursor(&self) -> bool {
        lock(&self.seen).parser.screen().hide_cursor()
    }

    /// The modes of the line, as text to compare.
    pub fn modes(&self) -> String {
        modes(self.master.as_deref().expect("the terminal is open"))
    }

    // ---- waiting

    #[track_caller]
    fn wait(&self, what: &str, done: impl Fn(&Seen) -> bool) {
        let until = Instant::now() + WATCHDOG;
        let mut seen = lock(&self.seen);
        while !done(&seen) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(seen);
                panic!("waited in vain for: {what}\n{}", self.transcript());
            }
            seen = self.seen.1.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Until this text stands on the screen, wherever it wraps.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        self.wait_until(text, |screen| screen.contains(text));
    }

    #[track_caller]
    pub fn wait_until(&self, what: &str, done: impl Fn(&str) -> bool) {
        self.wait(what, |seen| {
            let there = done(&joined(&seen.parser.screen().contents()));
            assert!(there || !(seen.exit.is_some() && seen.gone), "the program ended before: {what}");
            there
        });
    }

    /// Until everything that was sent has been read by the program: the terminal's queue is empty.
    #[track_caller]
    pub fn wait_quiet(&self) {
        let path = self.master.as_ref().expect("the terminal is open").tty_name().expect("it has a name");
        let tty = std::fs::OpenOptions::new().read(true).custom_flags(NOCTTY).open(path).unwrap();
        let until = Instant::now() + WATCHDOG;
        while rustix::io::ioctl_fionread(&tty).unwrap() > 0 {
            assert!(Instant::now() < until, "what was sent is not read\n{}", self.transcript());
            std::thread::yield_now();
        }
        // What is read is acted on within one turn; the paste's tail is longer than that.
        std::thread::sleep(AFTER_PASTE);
    }

    /// Until a prompt stands there that came after what was sent last: it ends in a blank, which no other line does.
    #[track_caller]
    pub fn wait_for_prompt(&mut self) {
        let from = self.prompt;
        self.wait("a prompt", |seen| seen.raw.len() > from && seen.raw.ends_with(b" "));
        self.prompt = lock(&self.seen).raw.len();
    }

    /// Until the screen is another one than this.
    #[track_caller]
    pub fn wait_change(&self, before: &str) {
        self.wait("another screen", |seen| seen.parser.screen().contents() != before);
    }

    /// Until the program has written these bytes.
    #[track_caller]
    pub fn wait_for_bytes(&self, bytes: &[u8]) {
        self.wait(&String::from_utf8_lossy(bytes).escape_debug().to_string(), |seen| contains(&seen.raw, bytes));
    }

    /// Until the program has ended and all that it wrote is here; the exit code, or the signal's name.
    #[track_caller]
    pub fn ended(&mut self) -> Result<u32, String> {
        self.wait("the program ends", |seen| seen.exit.is_some());
        // Ours was the last hold on the terminal; closing it lets the reader come to the end.
        self.wait_drained();
        let seen = lock(&self.seen);
        let exit = seen.exit.as_ref().expect("it ended");
        match exit.signal() {
            Some(signal) => Err(signal.to_owned()),
            None => Ok(exit.exit_code()),
        }
    }

    fn wait_drained(&mut self) {
        if self.slave.take().is_some() {
            self.wait("the terminal's end", |seen| seen.gone);
        }
    }

    pub fn transcript(&self) -> String {
        let (screen, tail, exit) = {
            let seen = lock(&self.seen);
            let tail = seen.raw[seen.raw.len().saturating_sub(1500)..].to_vec();
            (seen.parser.screen().contents(), tail, seen.exit.clone())
        };
        let pressed: Vec<&str> = self.pressed.iter().map(String::as_str).collect();
        format!(
            "exit: {exit:?}\npressed: {}\nlast bytes: {}\n---- screen\n{screen}\n----",
            pressed.join(" "),
            String::from_utf8_lossy(&tail).escape_debug()
        )
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // The program never outlives the test; until it was waited for, its id is its own.
        let seen = lock(&self.seen);
        if seen.exit.is_none() {
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}

fn modes(master: &(dyn MasterPty + Send)) -> String {
    format!("{:?}", master.get_termios().expect("it has modes"))
}

pub fn joined(screen: &str) -> String {
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn read(mut reader: Box<dyn Read + Send>, seen: Shared) {
    std::thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        loop {
            // An error is what Linux says where the other side is closed.
            let count = reader.read(&mut buffer).unwrap_or(0);
            let mut seen_now = lock(&seen);
            let last = count == 0 || seen_now.enough;
            if last {
                drop(reader);
                seen_now.gone = true;
                seen.1.notify_all();
                return;
            }
            seen_now.raw.extend_from_slice(&buffer[..count]);
            seen_now.parser.process(&buffer[..count]);
            let screen = seen_now.parser.screen().contents();
            if seen_now.screens.last() != Some(&screen) {
                seen_now.screens.push(screen);
            }
            seen.1.notify_all();
        }
    });
}

fn reap(mut child: Box<dyn Child + Send + Sync>, seen: Shared) {
    std::thread::spawn(move || {
        let exit = child.wait().unwrap_or_else(|_| ExitStatus::with_exit_code(99));
        lock(&seen).exit = Some(exit);
        seen.1.notify_all();
    });
}
