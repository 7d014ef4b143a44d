//! A home, a state folder and a project of a test's own, and what stands in them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::terminal::WATCHDOG;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_labwizard");

/// Folders that are gone with the test.
pub struct Sandbox {
    root: TempDir,
}

/// What stands at a path: a folder, or a file with its mode and bytes.
pub type Tree = BTreeMap<PathBuf, Option<(u32, Vec<u8>)>>;

impl Sandbox {
    pub fn new() -> Sandbox {
        let root = tempfile::Builder::new().prefix("lw").tempdir().unwrap();
        for name in ["home", "config", "data", "cache", "tmp", "project"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        Sandbox { root }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn project(&self) -> PathBuf {
        self.path("project")
    }

    /// All variables that the program gets.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let folder = |name: &str| self.path(name).display().to_string();
        vec![
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", folder("home")),
            ("LABWIZARD_STATE", folder("state")),
            ("XDG_CONFIG_HOME", folder("config")),
            ("XDG_DATA_HOME", folder("data")),
            ("XDG_STATE_HOME", folder("data")),
            ("XDG_CACHE_HOME", folder("cache")),
            ("TMPDIR", folder("tmp")),
            ("LANG", "C.UTF-8".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
        ]
    }

    /// labwizard with these arguments, not started yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env_clear().envs(self.environment()).current_dir(self.project());
        command
    }

    /// labwizard without a terminal, to its end.
    #[track_caller]
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        self.run_with(arguments, input, &[])
    }

    /// The same with further variables.
    #[track_caller]
    pub fn run_with(&self, arguments: &[&str], input: &str, more: &[(&str, &str)]) -> Output {
        let mut command = self.command(arguments);
        for (name, value) in more {
            command.env(name, value);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        to_the_end(command.spawn().unwrap(), input)
    }

    /// What stands below a folder of the sandbox.
    pub fn tree(&self, name: &str) -> Tree {
        let mut tree = Tree::new();
        let mut open = vec![self.path(name)];
        while let Some(path) = open.pop() {
            let Ok(meta) = fs::symlink_metadata(&path) else { continue };
            if meta.is_dir() {
                open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                tree.insert(path, None);
            } else {
                let bytes = fs::read(&path).unwrap_or_default();
                tree.insert(path, Some((meta.permissions().mode() & 0o7777, bytes)));
            }
        }
        tree
    }

    /// Everything in the sandbox but the state folder.
    pub fn all_but_state(&self) -> Tree {
        let mut tree = self.tree("");
        tree.retain(|path, _| !path.starts_with(self.path("state")));
        tree
    }

    /// The files that hold this text.
    pub fn files_with(&self, needle: &str) -> Vec<PathBuf> {
        let holds = |bytes: &[u8]| super::terminal::contains(bytes, needle.as_bytes());
        let all = self.tree("").into_iter();
        all.filter(|(_, there)| there.as_ref().is_some_and(|(_, bytes)| holds(bytes))).map(|(path, _)| path).collect()
    }
}

/// Feeds a program and waits for its end; a watchdog ends it with what it said so far.
#[track_caller]
pub fn to_the_end(mut child: Child, input: &str) -> Output {
    let pid = Pid::from_child(&child);
    let (mut stdin, mut stdout, mut stderr) =
        (child.stdin.take(), child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let input = input.to_owned();
    std::thread::spawn(move || {
        // It may end before it has read everything.
        let _ = stdin.as_mut().map(|stdin| stdin.write_all(input.as_bytes()));
    });
    let (tell, told) = mpsc::channel();
    let errors = std::thread::spawn(move || {
        let mut all = Vec::new();
        let _ = stderr.read_to_end(&mut all);
        all
    });
    std::thread::spawn(move || {
        let mut all = Vec::new();
        let _ = stdout.read_to_end(&mut all);
        let _ = tell.send((all, child.wait()));
    });
    let (out, status, in_time) = match told.recv_timeout(WATCHDOG) {
        Ok((out, status)) => (out, status.unwrap(), true),
        Err(_) => {
            let _ = kill_process(pid, Signal::KILL);
            let (out, status) = told.recv().unwrap();
            (out, status.unwrap(), false)
        }
    };
    let output = Output { status, stdout: out, stderr: errors.join().unwrap() };
    assert!(in_time, "it did not end:\n{}", said(&output));
    output
}

/// All that a program said, for a failure's text.
pub fn said(output: &Output) -> String {
    format!(
        "{}\n---- stdout\n{}\n---- stderr\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
