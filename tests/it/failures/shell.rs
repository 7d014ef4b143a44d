//! Commands that a finding shows, pasted into a real shell: root's on the host, whose programs are the lab's, or this machine's.

use std::path::Path;
use std::process::Command;

use labwizard::domain::Finding;
use labwizard::domain::finding::Fix;

use super::scene::Scene;
use crate::ssh;

/// The programs of a host that are run in a row beside `pveum`.
const PROGRAMS: [&str; 6] = ["cat", "journalctl", "mv", "pvecm", "systemctl", "timedatectl"];

/// The others that a finding may name, on the host or here.
const KNOWN: [&str; 8] = ["chmod", "git", "grep", "printf", "pvenode", "pveum", "sed", "qm"];

/// The place of a command that is run here and not on the host.
const HERE: &str = "this machine's shell";

impl Scene {
    /// Runs the commands of a finding as they stand there, and gives back what they print.
    ///
    /// # Errors
    /// Where it shows none that holds the words, and where one fails, in words.
    pub fn paste_shown(&mut self, finding: &Finding, words: Option<&str>) -> Result<String, String> {
        let shown = finding.fix.iter().filter_map(|fix| match fix {
            Fix::Run { on, command } if words.is_none_or(|words| command.contains(words)) => Some((on, command)),
            _ => None,
        });
        let shown: Vec<(&String, &String)> = shown.collect();
        if shown.is_empty() {
            return Err(format!("no command with {words:?} is shown: {:#?}", finding.fix));
        }
        let mut printed = String::new();
        for (on, command) in shown {
            printed.push_str(&if on == HERE { self.paste_here(command)? } else { self.paste_on_host(command)? });
        }
        Ok(printed)
    }

    /// In root's shell on the host.
    pub fn paste_on_host(&self, command: &str) -> Result<String, String> {
        let console = self.lab.console().unwrap();
        let programs = tempfile::tempdir().unwrap();
        let bin = programs.path().join("bin");
        ssh::host(&bin, &console);
        for name in PROGRAMS {
            std::fs::copy(bin.join("pveum"), bin.join(name)).unwrap();
        }
        let mut shell = shell(command, Path::new("/"));
        shell.env_clear().env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
        ran(shell, command)
    }

    /// In a shell of this machine, in another folder than the file's.
    fn paste_here(&mut self, command: &str) -> Result<String, String> {
        self.write();
        let mut shell = shell(command, Path::new("/"));
        shell.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        let printed = ran(shell, command)?;
        self.read();
        Ok(printed)
    }
}

/// What keeps a command from being pasted as it stands, in words: a shell does not read it, it names a program that nobody has, or
/// a name is left open.
pub fn amiss(command: &str) -> Option<String> {
    let read = Command::new("/bin/sh").args(["-n", "-c", command]).output().unwrap();
    let programs = command.split(['|', '&']).filter_map(|part| part.split_whitespace().next());
    let unknown = programs.into_iter().find(|name| !KNOWN.contains(name) && !PROGRAMS.contains(name));
    match unknown {
        Some(name) => Some(format!("nobody has {name}: {command}")),
        None if command.contains("'<") => Some(format!("a name is left open: {command}")),
        None if !read.status.success() => Some(format!("a shell does not read it: {command}")),
        None => None,
    }
}

fn shell(command: &str, folder: &Path) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).current_dir(folder);
    shell
}

fn ran(mut shell: Command, command: &str) -> Result<String, String> {
    let ended = shell.output().unwrap();
    let printed = String::from_utf8_lossy(&ended.stdout).into_owned();
    // Systemd's word for a service that does not run.
    let tells_down = command.starts_with("systemctl status") && ended.status.code() == Some(3);
    if ended.status.success() || tells_down {
        return Ok(printed);
    }
    Err(format!("{command}: {}{printed}{}", ended.status, String::from_utf8_lossy(&ended.stderr)))
}
