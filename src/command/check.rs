//! Checks config files and tells what it found; changes nothing.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::{Check, Looks};
use crate::client::Limits;
use crate::command::place::Place;
use crate::command::{Ended, complain, look};
use crate::diagnosis::checked::Checked;
use crate::diagnosis::config::EMPTY;
use crate::disk::{Caller, read_config};
use crate::domain::{Trust, certificates_from_pem, visible};
use crate::report::check::{self as report, Sheet};
use crate::runtime::check::{Order, Outcome, Waiting, check};

/// For one address to take the connection, and again for the handshake.
const CONNECT: Duration = Duration::from_secs(3);
/// For a whole answer; Proxmox holds a refusal for 3 s.
const ANSWER: Duration = Duration::from_secs(10);
/// After which somebody at a terminal is told what is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

pub fn run(looks: Looks, asked: &Check) -> Ended {
    let Some(place) = Place::own_or_said() else { return Ended::Badly };
    let trust = match asked.trust.as_deref().map(|word| trust(word, &place.caller)).transpose() {
        Ok(trust) => trust,
        Err((what, hint)) => {
            complain(&what, Some(&hint));
            return Ended::Usage;
        }
    };
    if asked.strict && trust == Some(Trust::Unverified) {
        complain(
            "--strict sends nothing where nothing verifies, and --trust insecure verifies nothing.",
            Some("Give one of the two."),
        );
        return Ended::Usage;
    }
    let order =
        Order { files: asked.files.clone(), offline: asked.offline, strict: asked.strict, trust, within: asked.within };
    match checked(&order, &place) {
        Some(outcome) => tell(&outcome, looks, asked, &place),
        None => Ended::Interrupted,
    }
}

/// The outcome; none where it was interrupted.
fn checked(order: &Order, place: &Place) -> Option<Outcome> {
    let limits = Limits { connect: CONNECT, total: ANSWER, idle: ANSWER, ..Limits::default() };
    let ground = place.ground(limits);
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(_) => {
            complain("labwizard could not start its clock and network.", Some("The system is out of memory or files."));
            return None;
        }
    };
    let outcome = runtime.block_on(async {
        let waiting = Waiting::default();
        tokio::select! {
            outcome = check(order, &ground, &waiting) => Some(outcome),
            () = show_waiting(&waiting) => None,
            _ = tokio::signal::ctrl_c() => None,
        }
    });
    clear_waiting();
    // A file on a server that does not answer is not waited for.
    runtime.shutdown_background();
    outcome
}

/// So many files that are none of a tool's are named, where nothing else is there.
const NAMED: usize = 3;

fn tell(outcome: &Outcome, looks: Looks, asked: &Check, place: &Place) -> Ended {
    if outcome.more {
        complain(
            "There are more files and folders here than a check looks through.",
            Some("Name the files to be checked."),
        );
    }
    if asked.json {
        println!("{}", report::escaped(&report::json(&outcome.files)));
    }
    // Whoever stands beside an empty file asks about that one, whatever else was checked.
    let left = outcome.passed_over.iter().filter(|(_, why)| outcome.files.is_empty() || why == EMPTY);
    for (path, why) in left.take(NAMED) {
        let path = path.strip_prefix(&place.here).unwrap_or(path);
        complain(&format!("{} is left alone. {why}", visible(&path.to_string_lossy())), fills(why));
    }
    if outcome.files.is_empty() {
        complain(
            "There is no config file here that labwizard knows.",
            Some("Name one: labwizard check FILE. labwizard targets lists the tools whose files it knows."),
        );
    } else if !asked.json {
        let width = std::io::stdout().is_terminal().then(|| crossterm::terminal::size().ok()).flatten();
        let width = width.map(|(width, _)| usize::from(width));
        let sheet = Sheet { look: look(looks), width, here: &place.here, found: asked.files.is_empty() };
        for line in report::lines(&outcome.files, sheet) {
            println!("{line}");
        }
    }
    ended(&outcome.files)
}

/// What fills an empty file.
fn fills(why: &str) -> Option<&'static str> {
    (why == EMPTY).then_some("labwizard, without a file's name, sets a tool up and fills it.")
}

/// How a check of these files ends.
pub fn ended(files: &[Checked]) -> Ended {
    match files {
        [] => Ended::Usage,
        files if report::is_ok(files) => Ended::Well,
        _ => Ended::Badly,
    }
}

/// Says on a terminal what is waited for, once a second, and never ends.
async fn show_waiting(waiting: &Waiting) {
    if !std::io::stderr().is_terminal() {
        std::future::pending::<()>().await;
    }
    let begun = std::time::Instant::now();
    loop {
        tokio::time::sleep(PATIENCE).await;
        let line = match waiting.places().as_slice() {
            [] => "reading files".to_owned(),
            [one] => format!("waiting for {}", visible(one)),
            [one, rest @ ..] => format!("waiting for {} and {} more", visible(one), rest.len()),
        };
        // One line, written over: a tab or a long name would leave its rest behind.
        let _ = write!(std::io::stderr(), "\r\u{1b}[K{line}, {} s", begun.elapsed().as_secs());
    }
}

fn clear_waiting() {
    if std::io::stderr().is_terminal() {
        let _ = write!(std::io::stderr(), "\r\u{1b}[K");
    }
}

/// Reads `--trust`.
fn trust(word: &str, caller: &Caller) -> Result<Trust, (String, String)> {
    let lower = word.to_ascii_lowercase();
    match lower.split_once(':') {
        Some(("sha256", _)) => word.parse().map(Trust::Pin).map_err(|error| {
            (format!("This is no SHA-256 fingerprint: {error}."), "It is 32 pairs of hex digits.".to_owned())
        }),
        Some(("ca", _)) => ca(&PathBuf::from(&word[3..]), caller),
        _ if lower == "system" => Ok(Trust::System),
        _ if lower == "insecure" => Ok(Trust::Unverified),
        _ => Err((
            format!(
                "--trust is sha256:FINGERPRINT, ca:PATH, system or insecure, and “{}” is none of them.",
                visible(word)
            ),
            "The fingerprint stands in the host's own web UI under node → System → Certificates.".to_owned(),
        )),
    }
}

fn ca(path: &std::path::Path, caller: &Caller) -> Result<Trust, (String, String)> {
    let seen = read_config(path, caller).map_err(|error| (error.sentence(), error.hint()))?;
    let none = |why: &str| {
        (
            format!("{} {why}.", visible(&path.display().to_string())),
            "It is a PEM file with one certificate.".to_owned(),
        )
    };
    let there = seen.there.ok_or_else(|| none("is not there"))?;
    match certificates_from_pem(there.text.as_str()).as_deref() {
        Ok([one]) => Ok(Trust::Ca(one.clone())),
        Ok([]) | Err(_) => Err(none("holds no certificate")),
        Ok(_) => Err(none("holds several certificates, and any of them would be trusted")),
    }
}
