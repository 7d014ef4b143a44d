//! Starts labwizard and turns its outcome into an exit code.

use std::process::ExitCode;

use clap::Parser;

use labwizard::cli::Cli;
use labwizard::command;
use labwizard::front::tui::terminal::say_panics_without_their_words;

fn main() -> ExitCode {
    keep_memory_private();
    say_panics_without_their_words();
    command::run(Cli::parse()).into()
}

/// No core dump and no other program's look into this memory, which holds secrets. Where the system refuses, nothing is lost
/// that was there before.
fn keep_memory_private() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}
