//! The command line: commands, flags, and their help.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::lab::{LabRelease, Lesson};

/// Sets up the credentials of a homelab: from a bare host name to a config file that works.
///
/// Without a command it starts the wizard; with the config file of a tool it finds what is wrong there, and mends it. Exit codes: 0 all well, 1 something is wrong or failed, 2 wrong usage or a question
/// with nobody to answer it, 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "labwizard", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// A config file that is there: what is wrong with it is found, and mended where that is agreed to
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub looks: Looks,
    /// Answers to begin with, from a file; the wizard asks the rest
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
}

/// How it looks, for every command.
#[derive(Clone, Copy, Debug, Args)]
pub struct Looks {
    /// Line by line instead of full screen; chosen by itself without a terminal and for TERM=dumb
    #[arg(long, global = true)]
    pub plain: bool,
    /// Write nothing beyond ASCII
    #[arg(long, global = true)]
    pub ascii: bool,
    /// No colours (so does the variable NO_COLOR)
    #[arg(long, global = true)]
    pub no_color: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Test the config files that are there, and change nothing
    Check(Check),
    /// The wizard's conversation, unattended, from a file of answers
    Apply(Apply),
    /// Take back what a run wrote and made
    Undo(Undo),
    /// The tokens on a host: what each may do, when it ends, where it lives; and revoke one
    Tokens(Tokens),
    /// The tools it knows, and what each needs
    Targets(Targets),
    /// The wizard against an embedded lab; no host is needed and nothing of yours is touched
    Demo(Demo),
    /// Completions for a shell, on the standard output
    Completions { shell: Shell },
}

/// Tests config files: what stands in them, their hosts, and what their tools may do there. Nothing is changed, not even what
/// labwizard remembers.
///
/// Without FILE these are the files below this folder, at most two folders down, that a known tool would read, what git ignores
/// among them; then those that labwizard wrote in earlier runs, wherever they are. Exit codes: 0 nothing keeps a tool from working, 1 something does, 2 wrong
/// usage or no file, 130 interrupted.
#[derive(Debug, Args)]
pub struct Check {
    /// Config files, or folders to look through
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The outcome as one JSON object
    #[arg(long)]
    pub json: bool,
    /// Ask no host: look at text and file only
    #[arg(long, conflicts_with_all = ["strict", "trust", "within"])]
    pub offline: bool,
    /// Send nothing where nothing verifies the certificate, also where the file says not to verify it
    #[arg(long)]
    pub strict: bool,
    /// What every host's certificate is held against, whatever the files say: sha256:FINGERPRINT, ca:PATH, system or
    /// insecure. The last two do not lift what an earlier run agreed to
    #[arg(long, value_name = "TRUST")]
    pub trust: Option<String>,
    /// How long the whole check may take
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds)]
    pub within: Duration,
}

#[derive(Debug, Args)]
pub struct Apply {
    /// The answers, as the wizard's last page saves them
    #[arg(long, value_name = "FILE")]
    pub answers: PathBuf,
    /// Agree to the plan; without it nothing is written
    #[arg(long)]
    pub yes: bool,
    /// Show the plan and write nothing
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Write even where the token cannot do the tool's work, or the host does not answer
    #[arg(long)]
    pub force: bool,
    /// Agree that a target of your own asks for power over the host itself
    #[arg(long)]
    pub dangerous_rights: bool,
    /// The outcome as one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Undo {
    /// The run, as its last page named it; without it the latest
    pub run: Option<String>,
    /// List the runs that can be taken back
    #[arg(long, conflicts_with = "run")]
    pub list: bool,
    /// Delete what is kept of the run instead of taking it back
    #[arg(long)]
    pub forget: bool,
    /// Answers with trust and login, for nobody to be asked where the run made something on a host
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// Agree to what is taken back
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct Tokens {
    #[command(subcommand)]
    pub what: Option<TokensDo>,
    /// The host; without it the one that was set up last
    #[arg(long, global = true, value_name = "HOST")]
    pub host: Option<String>,
    /// Answers with host, trust and login, for nobody to be asked
    #[arg(long, global = true, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// Agree to the revoking
    #[arg(long, global = true)]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum TokensDo {
    /// Your own, and those that labwizard made
    List,
    /// Revoke one: whatever uses it is refused from that moment
    Revoke {
        /// The token, as user@realm!name
        id: String,
    },
}

#[derive(Debug, Args)]
pub struct Targets {
    /// Show this one
    pub name: Option<String>,
    /// Check a target's file of your own
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    pub check: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// Only serve the lab, until interrupted
    #[arg(long)]
    pub serve: bool,
    /// With --serve: where it is and its secrets, as one line of JSON
    #[arg(long, requires = "serve")]
    pub json: bool,
    /// What is wrong: it opens on a config that is broken so
    #[arg(long, value_name = "NAME", value_parser = lesson, long_help = lesson_help())]
    pub scenario: Option<Lesson>,
    /// Begin without a config, with the lab that the scenario breaks
    #[arg(long)]
    pub fresh: bool,
    /// Which Proxmox VE it is
    #[arg(long, value_name = "RELEASE", default_value = "9.2.11", value_parser = release)]
    pub release: LabRelease,
    /// A round trip's length, in milliseconds
    #[arg(long, value_name = "MS", default_value = "0", value_parser = milliseconds)]
    pub delay: Duration,
}

fn lesson(word: &str) -> Result<Lesson, String> {
    word.parse().map_err(|error| format!("{error}"))
}

fn release(word: &str) -> Result<LabRelease, String> {
    word.parse().map_err(|error| format!("{error}"))
}

fn milliseconds(word: &str) -> Result<Duration, String> {
    match word.parse() {
        Ok(ms) if ms <= 10_000 => Ok(Duration::from_millis(ms)),
        _ => Err("a number of milliseconds from 0 to 10000".into()),
    }
}

fn seconds(word: &str) -> Result<Duration, String> {
    match word.parse() {
        Ok(seconds) if (1..=3600).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err("a number of seconds from 1 to 3600".into()),
    }
}

fn lesson_help() -> String {
    let lines = |lessons: &[Lesson]| -> String {
        lessons.iter().map(|lesson| format!("\n  {:22} {}", lesson.name(), lesson.about())).collect()
    };
    let (hosts, files): (Vec<Lesson>, Vec<Lesson>) = Lesson::all().into_iter().partition(|lesson| lesson.is_the_labs());
    format!("What is wrong with the lab:{}\n\nOr with the file alone:{}", lines(&hosts), lines(&files))
}
