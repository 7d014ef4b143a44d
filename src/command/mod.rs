//! The commands, one thin file each: they join the parts and hold no rule.

/// Prints a line as the one of `std` does, but that nobody reads on is no mistake: `labwizard targets | head -1`.
macro_rules! println {
    ($($words:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($words)*);
    }};
}

/// The same on the error output.
macro_rules! eprintln {
    ($($words:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), $($words)*);
    }};
}

pub mod apply;
pub mod check;
pub mod demo;
pub mod place;
pub mod targets;
pub mod tokens;
pub mod unattended;
pub mod undo;
pub mod wizard;

use std::io::IsTerminal;
use std::process::ExitCode;

use crate::cli::{Cli, Command, Looks};
use crate::front::{Look, full_screen_fits};
use crate::wizard::message::Exit;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Well,
    /// A finding of severity error, or something failed.
    Badly,
    /// Wrong usage, or a question with nobody to answer it.
    Usage,
    Interrupted,
    /// What is left is to be gone on with in a conversation of its own.
    Again,
}

impl From<Exit> for Ended {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Ended::Well,
            Exit::Failed => Ended::Badly,
            Exit::Again => Ended::Again,
            Exit::Interrupted => Ended::Interrupted,
        }
    }
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        ExitCode::from(match ended {
            Ended::Well => 0,
            Ended::Badly | Ended::Again => 1,
            Ended::Usage => 2,
            Ended::Interrupted => 130,
        })
    }
}

/// Runs what the command line asks for.
pub fn run(cli: Cli) -> Ended {
    match cli.command {
        None => wizard::run(cli.looks, cli.file.as_deref(), cli.answers.as_deref()),
        Some(Command::Apply(apply)) => self::apply::run(&apply),
        Some(Command::Check(check)) => self::check::run(cli.looks, &check),
        Some(Command::Undo(undo)) => self::undo::run(cli.looks, &undo),
        Some(Command::Tokens(tokens)) => self::tokens::run(cli.looks, &tokens),
        Some(Command::Targets(targets)) => self::targets::run(&targets),
        Some(Command::Demo(demo)) => self::demo::run(cli.looks, &demo),
        Some(Command::Completions { shell }) => {
            let mut command = <Cli as clap::CommandFactory>::command();
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut command, "labwizard", &mut text);
            let _ = std::io::Write::write_all(&mut std::io::stdout(), &text);
            Ended::Well
        }
    }
}

/// How things look: the flags first, then what the environment asks for and the terminal can.
pub fn look(looks: Looks) -> Look {
    let color = !looks.no_color && supports_color::on(supports_color::Stream::Stdout).is_some();
    let unicode = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .is_some_and(|locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8"));
    Look { color, ascii: looks.ascii || !unicode }
}

/// Whether the conversation is held line by line.
pub fn plain(looks: Looks) -> bool {
    let term = std::env::var("TERM").ok();
    !full_screen_fits(looks.plain, term.as_deref(), std::io::stdin().is_terminal(), std::io::stdout().is_terminal())
}

/// Says one sentence on the error output: what happened, and what to do.
pub fn complain(what: &str, hint: Option<&str>) {
    eprintln!("{}", crate::domain::whole(what));
    if let Some(hint) = hint {
        eprintln!("{}", crate::domain::whole(hint));
    }
}
