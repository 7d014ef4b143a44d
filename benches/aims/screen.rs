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
    terminal.reach_host();
    letters(&mut terminal);
    idle(&terminal, "a field with text");
}

/// From the write of a letter to the end of what the program draws for it, through the terminal and back.
fn letters(terminal: &mut Terminal) {
    let (mut times, mut bytes) = (Vec::new(), Vec::new());
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
    at_most("key to screen, median", ms(median(times)), 0.3, "ms");
    at_most("bytes for a typed letter, median", median(bytes), 40.0, "bytes");
    note("bytes for a typed letter, the most", most);
}

fn idle(terminal: &Terminal, on: &str) {
    let switches = || terminal.status("voluntary_ctxt_switches");
    // What was begun for the last key is over by then.
    std::thread::sleep(IDLE / 4);
    let before = switches();
    std::thread::sleep(IDLE);
    match (before, switches()) {
        (Some(before), Some(after)) => {
            at_most(&format!("wake-ups in {IDLE:?} on {on}"), after.abs_diff(before) as f64, 0.0, "wake-ups");
        }
        _ => note("wake-ups", "SKIPPED, this system does not tell them"),
    }
}
