//! From the start of the program to its first page, beside the dialog that shell scripts use.

use std::time::Duration;

use crate::terminal::{FIRST, LABWIZARD, Terminal, is_there};
use crate::{at_most, median, ms, note};

const RUNS: usize = 15;
const WHIPTAIL: [&str; 6] = ["whiptail", "--title", "x", "--msgbox", "hello", "10"];

fn first_frame(words: &[&str], text: &str) -> Duration {
    let mut terminal = Terminal::start(words);
    terminal.wait_for(text);
    terminal.since_start()
}

pub fn measure() {
    let whiptail = is_there(WHIPTAIL[0]);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    // In turn, so that whatever else the machine does meets both.
    for _ in 0..RUNS {
        ours.push(first_frame(&[LABWIZARD], FIRST));
        if whiptail {
            theirs.push(first_frame(&[&WHIPTAIL[..], &["40"]].concat(), "hello"));
        }
    }
    let ours = ms(median(ours));
    at_most("start to first frame", ours, 15.0, "ms");
    if whiptail {
        at_most("start to first frame beside whiptail's", ours, ms(median(theirs)), "ms");
    } else {
        note("start to first frame beside whiptail's", "SKIPPED, whiptail is not installed here");
    }
}
