//! The full screen in a pseudo-terminal: this test binary runs itself as the program, in [`the_program`].

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use labwizard::front::plain::Plain;
use labwizard::front::tui::keyboard::PASTE_TAIL;
use labwizard::front::tui::{FullScreen, terminal};
use labwizard::front::{Front, Look, summary};
use labwizard::wizard::message::Input;
use labwizard::wizard::page::{Block, Page};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::pages;

/// Names the file into which the program writes what was said.
const LOG: &str = "LABWIZARD_TEST_LOG";
/// Where set, the program goes line by line, over a page with a secret.
const PLAIN: &str = "LABWIZARD_TEST_PLAIN";
const PATIENCE: Duration = Duration::from_secs(20);

/// Not a test: what the tests below run. Shows two pages, and panics where it is told to.
#[test]
fn the_program() {
    let Some(log) = std::env::var_os(LOG) else { return };
    terminal::say_panics_without_their_words();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let look = Look { color: std::env::var_os("NO_COLOR").is_none(), ascii: false };
    let said = runtime.block_on(async {
        match std::env::var_os(PLAIN) {
            Some(_) => walk(Plain::new(look), pages::secret()).await,
            None => walk(FullScreen::new(look).unwrap(), pages::host()).await,
        }
    });
    std::fs::write(log, said).unwrap();
}

async fn walk(mut front: impl Front, mut page: Page) -> String {
    let mut said = String::new();
    loop {
        front.show(page.clone()).unwrap();
        let Ok(input) = front.next().await else { break };
        said.push_str(&format!("{input:?}\n"));
        match input {
            Input::Quit => break,
            Input::Submit => page = pages::review(),
            Input::Typed { text, .. } => {
                assert!(!text.as_str().ends_with("panic"), "{}", text.as_str());
                if let Block::Field(field) = &mut page.blocks[0] {
                    field.value = text;
                }
            }
            _ => {}
        }
    }
    front.end(&summary(&page)).unwrap();
    said
}

struct Program {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    output: Receiver<Vec<u8>>,
    /// All that it wrote.
    bytes: Vec<u8>,
    screen: vt100::Parser,
    log: tempfile::TempPath,
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a screen has cells")
}

impl Program {
    fn start(envs: &[(&str, &str)]) -> Self {
        let mut program = Program::run(envs);
        // A frame ends with the cursor in its place.
        program.until("the first page", |program| program.bytes.ends_with(b"\x1b[?25h"));
        assert!(program.text().contains("Where is your Proxmox?"));
        program
    }

    fn run(envs: &[(&str, &str)]) -> Self {
        let pty = native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
        let log = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--exact", "screens::terminal::the_program", "--nocapture"]);
        command.env(LOG, &log);
        envs.iter().for_each(|(name, value)| command.env(name, value));
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().unwrap();
        let (tell, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if tell.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let writer = pty.master.take_writer().unwrap();
        Program {
            child,
            master: Some(pty.master),
            writer: Some(writer),
            output,
            bytes: Vec::new(),
            screen: vt100::Parser::new(cells(24), cells(80), 0),
            log,
        }
    }

    fn text(&self) -> String {
        self.screen.screen().contents()
    }

    fn press(&mut self, bytes: &[u8]) {
        let writer = self.writer.as_mut().expect("the terminal is there");
        writer.write_all(bytes).unwrap();
        writer.flush().unwrap();
    }

    fn until(&mut self, what: &str, done: impl Fn(&Program) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done(self) {
            match self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(bytes) => {
                    self.screen.process(&bytes);
                    self.bytes.extend(bytes);
                }
                Err(RecvTimeoutError::Timeout) => panic!("waited in vain for {what}:\n{}", self.text()),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended before {what}:\n{}", self.text()),
            }
        }
    }

    /// What it wrote until it ended.
    fn finish(&mut self) -> String {
        let end = Instant::now() + PATIENCE;
        while let Ok(bytes) = self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.screen.process(&bytes);
            self.bytes.extend(bytes);
        }
        self.child.wait().unwrap();
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

/// What the terminal does with input and output, as `stty` tells.
fn modes(program: &Program) -> String {
    let modes = program.master.as_ref().expect("the terminal is there").get_termios().expect("a terminal has modes");
    format!("{:?} {:?} {:?} {:?}", modes.input_flags, modes.output_flags, modes.control_flags, modes.local_flags)
}

/// The modes of a terminal that nobody has touched.
fn fresh_modes() -> String {
    let pty = native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
    let modes = pty.master.get_termios().unwrap();
    format!("{:?} {:?} {:?} {:?}", modes.input_flags, modes.output_flags, modes.control_flags, modes.local_flags)
}

/// The sequences that may leave the program, and nothing else that could steer a terminal.
fn only_known_sequences(written: &str) {
    let mut rest = written;
    while let Some(at) =
        rest.find(|sign: char| (sign < ' ' && sign != '\n' && sign != '\r') || ('\u{7f}'..'\u{a0}').contains(&sign))
    {
        let sequence = &rest[at..];
        let body = sequence.strip_prefix("\x1b[").unwrap_or_else(|| panic!("{:?}", clip(sequence)));
        let end = body.find(|sign: char| ('@'..='~').contains(&sign)).unwrap_or_else(|| panic!("{:?}", clip(sequence)));
        let (inner, last) = (&body[..end], &body[end..=end]);
        let numbers = inner.chars().all(|sign| sign.is_ascii_digit() || sign == ';');
        let known = match last {
            "m" | "H" => numbers,
            "J" | "K" => numbers,
            "h" | "l" => matches!(inner, "?25" | "?1049" | "?2004"),
            _ => false,
        };
        assert!(known, "{:?}", clip(sequence));
        rest = &body[end + 1..];
    }
}

fn clip(text: &str) -> String {
    text.chars().take(20).collect()
}

#[test]
fn the_sequences_that_are_held_back_are_told_apart() {
    only_known_sequences("a\x1b[0;1m\x1b[2J\x1b[?25hb\r\n");
    for bad in ["\x1b]0;title\x07", "\x1b[6n", "\x1b[?1000h", "\u{9b}31m", "\x08", "\x1bc"] {
        assert!(std::panic::catch_unwind(|| only_known_sequences(bad)).is_err(), "{bad:?}");
    }
}

#[test]
fn a_pasted_text_that_would_steer_the_terminal_does_not() {
    let mut program = Program::start(&[]);
    program.press("\x1b[200~\x1b[31m\x1b]0;t\x07\u{9b}6n\u{202e}end\x1b[201~".as_bytes());
    program.until("the paste", |program| program.text().contains("end"));
    let id = program.child.process_id().and_then(|id| rustix::process::Pid::from_raw(id as i32)).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    only_known_sequences(&program.finish());
}

#[test]
fn line_by_line_a_secret_is_not_echoed_and_what_was_typed_ahead_is_thrown_away() {
    let mut program = Program::run(&[(PLAIN, "1")]);
    program.until("the question", |program| program.text().contains("not shown while you type):"));
    let quiet = |program: &Program| !modes(program).contains("ECHO |");
    while !quiet(&program) {
        std::thread::yield_now();
    }
    // Three lines at once: the first two are one paste to an empty line, the rest was typed ahead.
    program.press(b"hunter2\nhunter3\n\nahead\n");
    program.until("the page's end", |program| program.text().contains("thrown away"));
    program.until("the next question", |program| program.text().contains("Name:"));
    assert_eq!(modes(&program), fresh_modes());
    program.press(b"quit\n");
    let written = program.finish();
    assert!(!written.contains("hunter"), "{written}");
    assert!(!written.contains('\x1b'), "{written:?}");
    assert_eq!(program.said(), "Typed { field: Id(\"secret\"), text: Text(15 bytes), pasted: true }\nQuit\n");
}

fn given_back(written: &str) {
    only_known_sequences(written);
    let back = String::from_utf8(terminal::giving_back()).unwrap();
    assert_eq!(written.matches(&back).count(), 1, "{written:?}");
    let (before, after) = written.split_once(&back).unwrap();
    assert!(before.contains("\x1b[?1049h") && !after.contains('\x1b'), "{after:?}");
}

#[test]
fn after_quitting_the_terminal_is_as_before_and_the_summary_stays() {
    let mut program = Program::start(&[]);
    assert_ne!(modes(&program), fresh_modes());
    program.press(b"\x03");
    program.until("the question", |program| program.text().contains("Ctrl-C again quits"));
    program.press(b"\x03");
    program.until("the end", |program| program.text().contains("resolve: ok"));
    assert_eq!(modes(&program), fresh_modes());
    let written = program.finish();
    given_back(&written);
    assert_eq!(program.said(), "Quit\n");
}

#[test]
fn a_signal_ends_as_quitting_does() {
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::HUP, rustix::process::Signal::INT] {
        let mut program = Program::start(&[]);
        program.press(b"x");
        program.until("the letter", |program| program.text().contains("jsonx"));
        let id = program.child.process_id().and_then(|id| rustix::process::Pid::from_raw(id as i32)).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
        let written = program.finish();
        given_back(&written);
        assert!(program.said().ends_with("Quit\n"), "{}", program.said());
    }
}

#[test]
fn a_terminal_that_goes_away_ends_the_program() {
    let mut program = Program::start(&[]);
    program.writer = None;
    program.master = None;
    // Its reader still holds a descriptor; the hang-up is what a closed window sends.
    let id = program.child.process_id().and_then(|id| rustix::process::Pid::from_raw(id as i32)).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::HUP).unwrap();
    program.finish();
}

#[test]
fn a_panic_gives_the_terminal_back_and_says_nothing_that_was_typed() {
    let mut program = Program::start(&[]);
    program.press(b"\x1b[200~canary-panic\x1b[201~");
    let written = program.finish();
    given_back(&written);
    let back = String::from_utf8(terminal::giving_back()).unwrap();
    let after = written.split_once(&back).unwrap().1;
    assert!(after.contains("stopped because of a mistake of its own at tests/it/screens/terminal.rs:"), "{after}");
    assert!(!after.contains("canary"), "{after}");
}

#[test]
fn a_typed_letter_costs_a_few_bytes_and_no_colour_is_written_without_colour() {
    let mut program = Program::start(&[("NO_COLOR", "1")]);
    let before = program.bytes.len();
    program.press(b"q");
    program.until("the letter", |program| program.text().contains("jsonq"));
    let letter = &program.bytes[before..];
    assert!(letter.len() <= 40, "{:?}", String::from_utf8_lossy(letter));
    let written = String::from_utf8_lossy(&program.bytes).into_owned();
    let sequences = written.split('\x1b').skip(1);
    for styles in sequences.filter_map(|part| part.strip_prefix('[')?.split_once('m').map(|(codes, _)| codes)) {
        if styles.chars().all(|sign| sign.is_ascii_digit() || sign == ';') {
            assert!(styles.split(';').all(|code| matches!(code, "0" | "1" | "2")), "{styles}");
        }
    }
}

#[test]
fn keys_pressed_ahead_do_not_reach_a_page_that_nobody_has_seen() {
    let mut program = Program::start(&[]);
    program.press(b"\x1b[200~pve.lan\x1b[201~\r\r\r");
    program.until("the paste", |program| program.text().contains("jsonpve.lan"));
    assert!(program.text().contains("Where is your Proxmox?"));
    // Not a guess: the rule itself is one of time, and the paste has been read.
    std::thread::sleep(PASTE_TAIL);
    program.press(b"\r");
    program.until("the next page", |program| program.text().contains("Nothing has been made"));
    program.press(b"\x03");
    program.until("the question", |program| program.text().contains("Ctrl-C again quits"));
    program.press(b"\x03");
    program.finish();
    assert_eq!(program.said().matches("Submit").count(), 1, "{}", program.said());
    assert!(!program.said().contains("Chose"), "{}", program.said());
}

#[test]
fn suspending_gives_the_terminal_away_and_takes_it_again() {
    let mut program = Program::start(&[]);
    let before = program.bytes.len();
    // Where no shell is there to continue it, the system lets it go on at once.
    program.press(b"\x1a");
    program.until("the page again", |program| {
        let written = String::from_utf8_lossy(&program.bytes[before..]).into_owned();
        let back = String::from_utf8(terminal::giving_back()).unwrap();
        written.split_once(&back).is_some_and(|(_, after)| after.contains("\x1b[?1049h") && after.contains("quit"))
    });
    let id = program.child.process_id().and_then(|id| rustix::process::Pid::from_raw(id as i32)).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    program.finish();
    assert_eq!(program.said(), "Resumed\nQuit\n");
}

#[test]
fn bare_text_stands_on_the_normal_screen_until_a_key() {
    let mut program = Program::start(&[]);
    program.press(b"\x1bOQ");
    program.until("the bare page", |program| program.text().contains("any key: back"));
    assert!(!program.screen.screen().alternate_screen());
    assert!(program.text().contains("\nresolve: ok, 192.168.1.50\n"), "{}", program.text());
    program.press(b"x");
    program.until("the page", |program| {
        program.screen.screen().alternate_screen() && program.text().contains("Ctrl-C quit")
    });
    program.press(b"\x03");
    program.until("the question", |program| program.text().contains("Ctrl-C again quits"));
    program.press(b"\x03");
    only_known_sequences(&program.finish());
    assert_eq!(program.said(), "Quit\n");
}

#[test]
fn a_window_that_changes_its_size_is_drawn_anew() {
    let mut program = Program::start(&[]);
    let master = program.master.as_ref().expect("the terminal is there");
    master.resize(PtySize { rows: 10, cols: 50, pixel_width: 0, pixel_height: 0 }).unwrap();
    program.screen.screen_mut().set_size(cells(10), cells(50));
    program.until("the one line", |program| program.text().contains("needs 60x16, has 50x10"));
    let id = program.child.process_id().and_then(|id| rustix::process::Pid::from_raw(id as i32)).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    given_back(&program.finish());
}
