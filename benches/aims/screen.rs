//! What a typed letter costs, and what the program does while nobody does anything.

use std::time::{Duration, Instant};

use crate::terminal::{FIRST, LABWIZARD, Terminal};
use crate::{at_most, median, ms, note};

const LETTERS: usize = 40;
/// Slower than a paste, whose letters would be drawn together.
const BETWEEN: Duration = Duration::from_millis(60);
const IDLE: Duration = Duration::from_secs(2);

pub fn measure() {
    let mut terminal = Terminal::start(&[LABWIZARD]);
    terminal.wait_for(FIRST);
    idle(&terminal, "the first page");
    terminal.reach_file();
    letters(&mut terminal, "the file's field");
    terminal.reach_host();
    letters(&mut terminal, "the host's field, which tells how it is understood");
    idle(&terminal, "a field with text");
}

/// From the write of a letter to the end of what the program draws for it, through the terminal and back.
fn letters(terminal: &mut Terminal, place: &str) {
    let (mut times, mut bytes) = (Vec::new(), Vec::new());
    let worked = terminal.worked();
    for count in 1..=LETTERS {
        std::thread::sleep(BETWEEN);
        let typed = "q".repeat(count);
        let before = terminal.written;
        let since = Instant::now();
        terminal.send(b"q");
        terminal.wait(&typed, |screen| screen.contains(&typed));
        times.push(since.elapsed());
        bytes.push((terminal.written - before) as f64);
    }
    let most = bytes.iter().copied().fold(0.0, f64::max);
    at_most(&format!("key to screen in {place}, median"), ms(median(times)), 0.3, "ms");
    if let Some((before, after)) = worked.zip(terminal.worked()) {
        let each = ms(after.saturating_sub(before)) / LETTERS as f64;
        note("of it the program's own work, mean", format_args!("{each:.3} ms"));
    }
    at_most(&format!("bytes for a letter in {place}, median"), median(bytes), 40.0, "bytes");
    note("the most for one letter", format_args!("{most} bytes"));
}

fn idle(terminal: &Terminal, on: &str) {
    // What was begun for the last key is over by then.
    std::thread::sleep(IDLE / 4);
    let before = terminal.wake_ups();
    std::thread::sleep(IDLE);
    match before.zip(terminal.wake_ups()) {
        Some((before, after)) => {
            at_most(&format!("wake-ups in {IDLE:?} on {on}"), after.abs_diff(before) as f64, 0.0, "wake-ups");
        }
        None => note("wake-ups", "SKIPPED, this system does not tell them"),
    }
}
