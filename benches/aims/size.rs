//! How much room the program takes, on the disk and in memory.

use std::path::Path;

use crate::terminal::{LABWIZARD, Terminal};
use crate::{at_most, note};

pub fn measure() {
    let here = Path::new(LABWIZARD);
    binary("the binary as built for speed of building", here);
    match here.ancestors().nth(2).map(|target| target.join("ship/labwizard")).filter(|path| path.exists()) {
        Some(shipped) => binary("the binary as shipped, when it was last built", &shipped),
        None => note("the binary as shipped", "SKIPPED, `cargo build --profile ship` has not been run"),
    }
    let mut terminal = Terminal::start(&[LABWIZARD]);
    terminal.reach_file();
    terminal.reach_host();
    match terminal.memory() {
        Some((all, own)) => {
            at_most("memory at rest", all as f64 / 1024.0, 12.0, "MiB");
            note("of it the program's own, not pages of files", format_args!("{:.1} MiB", own as f64 / 1024.0));
        }
        None => note("memory at rest", "SKIPPED, this system does not tell it"),
    }
}

fn binary(what: &str, path: &Path) {
    let bytes = std::fs::metadata(path).expect("the program is there").len();
    at_most(what, bytes as f64 / 1024.0 / 1024.0, 6.0, "MiB");
    note("in bytes", bytes);
}
