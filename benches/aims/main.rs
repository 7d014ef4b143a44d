//! The measures that labwizard holds itself to, one line each: what · figure · aim · ratio of the two.
//!
//! `cargo bench` takes all of them, `cargo bench -- edit client` only some. Nothing here fails because a machine is slow; what
//! is wrong for other reasons (a refused token that was taken, an edit that touched another byte) ends the run.

use std::fmt::Display;
use std::time::{Duration, Instant};

mod check;
mod client;
mod edit;
mod engine;
mod floor;
mod many;
mod screen;
mod size;
mod start;
mod terminal;

/// The measures by the word that picks them.
const ALL: [(&str, fn()); 7] = [
    ("start", start::measure),
    ("screen", screen::measure),
    ("client", client::measure),
    ("check", check::measure),
    ("many", many::measure),
    ("edit", edit::measure),
    ("size", size::measure),
];

fn main() {
    // cargo itself adds `--bench`.
    let picked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    println!("what · figure · aim · figure ÷ aim");
    for (name, measure) in ALL {
        if picked.is_empty() || picked.iter().any(|word| word == name) {
            measure();
        }
    }
}

/// A figure of which less is better.
fn at_most(what: &str, figure: f64, aim: f64, unit: &str) {
    line(what, figure, '≤', aim, unit, figure <= aim);
}

/// A figure of which more is better.
fn at_least(what: &str, figure: f64, aim: f64, unit: &str) {
    line(what, figure, '≥', aim, unit, figure >= aim);
}

fn line(what: &str, figure: f64, sign: char, aim: f64, unit: &str, met: bool) {
    // Where the aim is nothing at all there is no ratio.
    let ratio = if aim > 0.0 { format!("{:.2}", figure / aim) } else { "–".to_owned() };
    let missed = if met { "" } else { " · MISSED" };
    println!("{what} · {} {unit} · {sign} {} {unit} · {ratio}{missed}", short(figure), short(aim));
}

/// What is told beside the measures, without an aim of its own.
fn note(what: &str, words: impl Display) {
    println!("  {what}: {words}");
}

/// As many digits as tell something.
fn short(figure: f64) -> String {
    match figure.abs() {
        size if size == 0.0 || size >= 100.0 => format!("{figure:.0}"),
        size if size >= 1.0 => format!("{figure:.1}"),
        _ => format!("{figure:.3}"),
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The middle of several runs; half of them were quicker.
fn median<T: PartialOrd + Copy>(mut runs: Vec<T>) -> T {
    runs.sort_by(|a, b| a.partial_cmp(b).expect("a figure is a number"));
    runs[runs.len() / 2]
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let since = Instant::now();
    let done = work();
    (since.elapsed(), done)
}
