//! How much room the program takes, on the disk and in memory.

use crate::terminal::{LABWIZARD, Terminal};
use crate::{at_most, note};

pub fn measure() {
    let file = std::fs::metadata(LABWIZARD).expect("the program is there").len();
    at_most("the binary", file as f64 / 1024.0 / 1024.0, 6.0, "MiB");
    let mut terminal = Terminal::start(&[LABWIZARD]);
    terminal.reach_host();
    match terminal.memory() {
        Some((all, own)) => {
            at_most("memory at rest", all as f64 / 1024.0, 12.0, "MiB");
            note("of it the program's own, not pages of its file", format_args!("{:.1} MiB", own as f64 / 1024.0));
        }
        None => note("memory at rest", "SKIPPED, this system does not tell it"),
    }
}
