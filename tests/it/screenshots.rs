//! The README's pictures: the demo is walked in a pseudo-terminal and its screens are drawn. What differs from run to run is
//! replaced by stand-ins first. A committed picture that no longer shows the program fails; `LABWIZARD_BLESS=1 cargo test`
//! draws them anew.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::screens::svg;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};

const SIZE: (u16, u16) = (80, 24);
/// Longer than anything takes, on however slow a machine.
const WATCHDOG: Duration = Duration::from_secs(60);
/// A screen that is drawn anew is one that has stood still for this long.
const STILL: Duration = Duration::from_millis(700);

/// The demo in a pseudo-terminal. Dropping it ends the program and removes the demo's folder.
struct Demo {
    screen: vt100::Parser,
    output: Receiver<Vec<u8>>,
    input: Box<dyn Write + Send>,
    program: Box<dyn Child + Send + Sync>,
    _terminal: Box<dyn MasterPty + Send>,
    _home: tempfile::TempDir,
}

impl Demo {
    /// The demo that begins with nothing.
    fn start(scenario: &str) -> Demo {
        Demo::run(&["demo", "--fresh", "--scenario", scenario])
    }

    fn run(arguments: &[&str]) -> Demo {
        let home = tempfile::tempdir().unwrap();
        let size = PtySize { rows: SIZE.1, cols: SIZE.0, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_labwizard"));
        command.args(arguments);
        command.env_clear();
        command.cwd(home.path());
        for (name, value) in [("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8"), ("TERM", "xterm-256color")] {
            command.env(name, value);
        }
        command.env("HOME", home.path());
        // The demo's folder stands on the screen: its path has the same length on every machine.
        command.env("TMPDIR", "/tmp");
        let program = pair.slave.spawn_command(command).unwrap();
        let (mut reader, input) = (pair.master.try_clone_reader().unwrap(), pair.master.take_writer().unwrap());
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            // An error is what Linux says where the program has ended.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let [columns, rows] = [SIZE.0, SIZE.1].map(|n| NonZeroU16::new(n).unwrap());
        let screen = vt100::Parser::new(rows, columns, 0);
        Demo { screen, output, input, program, _terminal: pair.master, _home: home }
    }

    fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Takes in what the program writes, until it is as it should be; the second is for how long nothing has come.
    #[track_caller]
    fn wait(&mut self, what: &str, mut done: impl FnMut(&Demo, Duration) -> bool) {
        let (end, mut last) = (Instant::now() + WATCHDOG, Instant::now());
        while !done(self, last.elapsed()) {
            assert!(Instant::now() < end, "waited in vain for: {what}\n{}", self.text());
            match self.output.recv_timeout(Duration::from_millis(50)) {
                Ok(bytes) => {
                    self.screen.process(&bytes);
                    last = Instant::now();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => panic!("the program ended before: {what}\n{}", self.text()),
            }
        }
    }

    #[track_caller]
    fn wait_for(&mut self, text: &str) {
        self.wait(text, |demo, _| demo.text().contains(text));
    }

    fn press(&mut self, keys: &str) {
        self.input.write_all(keys.as_bytes()).unwrap();
    }

    /// Holds the screen against the committed picture, or draws that anew.
    #[track_caller]
    fn picture(&mut self, name: &str) {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("assets/screenshots/{name}.svg"));
        if std::env::var_os("LABWIZARD_BLESS").is_some() {
            self.wait("a screen that stands still", |_, still| still > STILL);
            std::fs::write(&path, self.draw()).unwrap();
            return;
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        self.wait("the picture, or another screen that stands still", |demo, still| {
            still > 4 * STILL || (still.is_zero() || still > STILL / 10) && demo.draw() == committed
        });
        assert!(
            self.draw() == committed,
            "{} is stale: LABWIZARD_BLESS=1 cargo test draws it anew. Now it is\n{}",
            path.display(),
            self.text()
        );
    }

    fn draw(&self) -> String {
        let screen = self.screen.screen();
        let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
        let text = self.text();
        let mut words = text.split_whitespace().skip_while(|word| *word != "undo");
        // The run's id, which may have been wrapped onto a row of its own.
        let run = words.nth(1).filter(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_hexdigit()));
        let mut pairs = 0;
        for y in 0..SIZE.1 {
            let mut row: Vec<Cell> = (0..SIZE.0).map(|x| cell(screen.cell(y, x).unwrap())).collect();
            Demo::settle(&mut row, run, &mut pairs);
            for (x, cell) in (0..SIZE.0).zip(row) {
                buffer[(x, y)] = cell;
            }
        }
        let (y, x) = screen.cursor_position();
        svg::of(&buffer, (!screen.hide_cursor()).then_some(Position { x, y }))
    }

    /// Puts stand-ins of the same length for what differs from run to run. `pairs` counts the fingerprint's pairs on the screen.
    fn settle(row: &mut [Cell], run: Option<&str>, pairs: &mut usize) {
        let symbols = row.iter().map(|cell| cell.symbol().chars().next().unwrap_or(' '));
        let mut text: Vec<char> = symbols.collect();
        stand_in(&mut text, "labwizard-demo-", char::is_ascii_hexdigit, "5a1ab0de");
        stand_in(&mut text, "127.0.0.1:", char::is_ascii_digit, "38006");
        stand_in(&mut text, "port ", char::is_ascii_digit, "38006");
        if let Some(at) = run.and_then(|run| text.windows(run.len()).position(|w| w.iter().copied().eq(run.chars()))) {
            text.splice(at..at + 6, "7f3a01".chars());
        }
        // The dates that 90 days and a year from today are; they begin the line's choices or stand in the plan.
        for (mark, day) in
            [("In 90 days, ", "2027-02-20"), ("In a year, ", "2027-11-22"), ("!glassdome, until ", "2027-02-20")]
        {
            stand_in(&mut text, mark, |c| c.is_ascii_digit() || *c == '-', day);
        }
        stand_in(&mut text, "until     ", |c| c.is_ascii_digit() || *c == '-', "2028-11-21");
        // The day's count drops within the lab's first second.
        stand_in(&mut text, "2028-11-21, ", char::is_ascii_digit, "730");
        // How long it took stands at the right edge of its column.
        if let Some(at) = text.windows(3).position(|three| three == [' ', 'm', 's']) {
            let start = text[..at].iter().rposition(|c| !c.is_ascii_digit()).map_or(0, |place| place + 1);
            text[start..at].fill(' ');
            text[at - 1] = '2';
        }
        // On a slow machine it takes seconds: `1.0 s` is as wide as `2 ms` and one more.
        let seconds = text
            .windows(5)
            .position(|five| matches!(five, [a, '.', b, ' ', 's'] if a.is_ascii_digit() && b.is_ascii_digit()));
        if let Some(at) = seconds {
            text.splice(at..at + 5, " 2 ms".chars());
        }
        let is_of_a_pair = |c: &char| c.is_ascii_hexdigit() || *c == ':';
        if let Some(start) = text.windows(47).position(|run| run.iter().all(is_of_a_pair)) {
            let wanted: Vec<String> = (*pairs..*pairs + 16).map(|n| format!("{:02X}", (n * 89 + 61) % 256)).collect();
            text.splice(start..start + 47, wanted.join(":").chars());
            *pairs += 16;
        }
        for (cell, symbol) in row.iter_mut().zip(text) {
            cell.set_char(symbol);
        }
    }
}

/// Puts `stand_in` for the run of such characters behind each `mark`, where it is as long.
fn stand_in(text: &mut [char], mark: &str, of_it: impl Fn(&char) -> bool, stand_in: &str) {
    let mark: Vec<char> = mark.chars().collect();
    for start in mark.len()..text.len() {
        let run = text[start..].iter().take_while(|c| of_it(c)).count();
        if text[..start].ends_with(&mark) && run == stand_in.len() {
            for (place, symbol) in text[start..].iter_mut().zip(stand_in.chars()) {
                *place = symbol;
            }
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
        let text = self.text();
        let folder =
            text.find("/tmp/labwizard-demo-").and_then(|at| text.get(at..at + "/tmp/labwizard-demo-5a1ab0de".len()));
        let _ = folder.map(std::fs::remove_dir_all);
    }
}

fn cell(seen: &vt100::Cell) -> Cell {
    let mut cell = Cell::default();
    cell.set_symbol(if seen.has_contents() { seen.contents() } else { " " });
    let mut style = Style::new().fg(match seen.fgcolor() {
        vt100::Color::Idx(1 | 9) => Color::Red,
        vt100::Color::Idx(2 | 10) => Color::Green,
        vt100::Color::Idx(3 | 11) => Color::Yellow,
        vt100::Color::Idx(4 | 12) => Color::Blue,
        vt100::Color::Idx(5 | 13) => Color::Magenta,
        vt100::Color::Idx(6 | 14) => Color::Cyan,
        _ => Color::Reset,
    });
    for (on, modifier) in [(seen.bold(), Modifier::BOLD), (seen.dim(), Modifier::DIM)] {
        if on {
            style = style.add_modifier(modifier);
        }
    }
    cell.set_style(style);
    cell
}

/// From the first page to the one where the token's rights are judged.
fn to_verify(demo: &mut Demo, picture: impl Fn(&mut Demo, &str)) {
    to_access(demo, picture);
    for way in ["Have it made over SSH", "I have a token"] {
        demo.press(DOWN);
        demo.wait_for(&format!("▸ {way}"));
    }
    demo.press(ENTER);
    demo.wait_for("Paste the token.");
    demo.press(ENTER);
    demo.wait_for("Which node should labs run on?");
    demo.press(DOWN);
    demo.wait_for("▸ pve1");
    demo.press(ENTER);
}

const DOWN: &str = "\x1b[B";
const ENTER: &str = "\r";

/// From the first page to the one where the way to a token is chosen.
fn to_access(demo: &mut Demo, picture: impl Fn(&mut Demo, &str)) {
    let (down, enter, escape) = (DOWN, ENTER, "\x1b");
    demo.wait_for("What do you want to set up?");
    demo.press(down);
    demo.wait_for("▸ Glassdome");
    demo.press(enter);
    demo.wait_for("Which file does Glassdome read?");
    demo.press(enter);
    demo.wait_for("What shall Glassdome do?");
    demo.press(enter);
    demo.wait_for("Where is your Proxmox?");
    demo.press(enter);
    demo.wait_for("Is this your Proxmox?");
    demo.press(escape);
    demo.wait_for("Where is your Proxmox?");
    picture(demo, "host");
    demo.press(enter);
    demo.wait_for("Is this your Proxmox?");
    demo.press(down);
    demo.wait_for("▸ It is the same: trust it");
    picture(demo, "trust");
    demo.press(enter);
    demo.wait_for("How shall Glassdome get in?");
}

#[test]
fn the_readmes_pictures_show_the_program() {
    let mut demo = Demo::start("fine");
    to_verify(&mut demo, |demo, name| demo.picture(name));
    demo.wait_for("Verify · ");
    demo.picture("verify");
    demo.press("\r");
    demo.wait_for("Review · ");
    demo.picture("review");
    // The answers may stand below the screen, and Enter acts only on what is seen.
    demo.press("\x1b[6~");
    demo.wait_for("▸ Do it");
    demo.press("\r");
    demo.wait_for("is set up.");
    demo.picture("done");
}

#[test]
fn the_picture_of_a_repair_shows_the_program() {
    let mut demo = Demo::run(&["demo", "--scenario", "wrong-secret"]);
    // Proxmox holds a refusal for three seconds.
    demo.wait_for("names no");
    demo.picture("repair");
}

#[test]
fn the_pictures_of_the_making_show_the_program() {
    let mut demo = Demo::start("fine");
    to_access(&mut demo, |_, _| {});
    demo.press(ENTER);
    demo.wait_for("Enter takes the lab's password");
    demo.press(ENTER);
    demo.wait_for("When shall it end?");
    demo.press(DOWN);
    demo.wait_for("▸ In 90 days");
    demo.picture("make");
    demo.press(ENTER);
    demo.wait_for("Which node should labs run on?");
    demo.press(DOWN);
    demo.wait_for("▸ pve1");
    demo.press(ENTER);
    demo.wait_for("may make all of it");
    demo.picture("grants");
    demo.press(ENTER);
    demo.wait_for("Nothing has been made or written yet.");
    demo.picture("review-make");
}

#[test]
fn the_picture_of_a_missing_right_shows_the_program() {
    let mut demo = Demo::start("missing-right");
    to_verify(&mut demo, |_, _| {});
    demo.wait_for("Verify · ");
    demo.picture("verify-missing-right");
}
