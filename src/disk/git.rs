//! Asks git whether a file would be committed, without letting the project's own git settings run anything.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::domain::Text;

use super::caller::Caller;
use super::error::DiskError;
use super::programs::find_program;
use super::read::read_config;
use super::write::FileWrite;

/// How long git may take.
pub const GIT_TIME: Duration = Duration::from_secs(5);
/// The most bytes of an answer that are kept.
const ANSWER: u64 = 64 << 10;
/// The mode of a `.gitignore` that is made new; it holds nothing private.
const PUBLIC: u32 = 0o644;

/// How git sees a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitState {
    /// The file lies in no repository.
    NoRepo,
    /// It is in the repository already.
    Tracked,
    /// A rule keeps it out.
    Ignored,
    /// The next `git add .` takes it in.
    WouldTrack,
    /// There is no git on this machine.
    GitMissing,
    /// Git did not tell; why, in words without a full stop.
    Unknown(String),
}

/// The git of this machine: a program outside the project, and the little of the environment that it gets.
#[derive(Debug, Clone)]
pub struct Git {
    program: PathBuf,
    environment: Vec<(&'static str, OsString)>,
    time: Duration,
}

impl Git {
    /// Finds git in the absolute folders of `PATH`, passing over those inside `project`. `variable` looks up an
    /// environment variable.
    pub fn find(project: &Path, variable: impl Fn(&str) -> Option<OsString>) -> Option<Git> {
        let program = find_program("git", project, &variable("PATH")?)?;
        let kept = ["HOME", "XDG_CONFIG_HOME"];
        let environment = kept.iter().filter_map(|name| Some((*name, variable(name)?))).collect();
        Some(Git { program, environment, time: GIT_TIME })
    }

    /// How git sees the file at a resolved path.
    pub fn state(&self, path: &Path) -> GitState {
        let Some((folder, name)) = nearest(path) else { return GitState::Unknown("the path names no file".into()) };
        let ignored = match self.ask(folder, &["check-ignore", "--no-index", "-q", "--", &format!("./{name}")]) {
            Ok(Answer { code: Some(0), .. }) => true,
            Ok(Answer { code: Some(1), .. }) => false,
            Ok(answer) if answer.said(NO_REPOSITORY) => return GitState::NoRepo,
            Ok(answer) => return GitState::Unknown(answer.why()),
            Err(why) => return GitState::Unknown(why),
        };
        match self.ask(folder, &["--literal-pathspecs", "ls-files", "-z", "--", &name]) {
            Ok(Answer { code: Some(0), out, .. }) if !out.is_empty() => GitState::Tracked,
            Ok(Answer { code: Some(0), .. }) if ignored => GitState::Ignored,
            Ok(Answer { code: Some(0), .. }) => GitState::WouldTrack,
            Ok(answer) => GitState::Unknown(answer.why()),
            Err(why) => GitState::Unknown(why),
        }
    }

    /// Git's answer in whole, as far as it is kept.
    fn ask(&self, folder: &Path, arguments: &[&str]) -> Result<Answer, String> {
        let called = self.call(folder, arguments, kept)?;
        Ok(Answer { code: called.code, out: called.taken, err: called.err })
    }

    /// The only place where git is called. `take` reads what it tells, on a thread of its own; once it has enough, git is ended.
    pub(super) fn call<T: Send + 'static>(
        &self,
        folder: &Path,
        arguments: &[&str],
        take: impl FnOnce(ChildStdout) -> Option<T> + Send + 'static,
    ) -> Result<Called<T>, String> {
        let mut command = Command::new(&self.program);
        command
            .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "log.showSignature=false"])
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env("LC_ALL", "C")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Its own group, so that whatever it starts ends with it.
            .process_group(0);
        let mut child = command.spawn().map_err(|_| "git could not be started".to_string())?;
        let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
            end(&mut child);
            return Err("git could not be listened to".into());
        };
        let (out, err) = (aside(|| take(out)), aside(|| kept(err)));
        let ends = Instant::now() + self.time;
        let left = || ends.saturating_duration_since(Instant::now());
        let late = || format!("git did not answer within {} seconds", self.time.as_secs());
        let Ok(taken) = out.recv_timeout(left()) else {
            end(&mut child);
            return Err(late());
        };
        let Some(taken) = taken else {
            end(&mut child);
            return Err("git could not be listened to".into());
        };
        let Ok(err) = err.recv_timeout(left()) else {
            end(&mut child);
            return Err(late());
        };
        let err = err.unwrap_or_default();
        // Both ends are closed: what is left is that it exits.
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(Called { code: status.code(), taken, err }),
                Ok(None) if left().is_zero() => {
                    end(&mut child);
                    return Err("git did not end".into());
                }
                Ok(None) => std::thread::sleep(Duration::from_millis(1)),
                Err(_) => return Err("git could not be waited for".into()),
            }
        }
    }
}

/// What came of a call.
pub(super) struct Called<T> {
    pub code: Option<i32>,
    pub taken: T,
    err: Vec<u8>,
}

impl<T> Called<T> {
    /// Why git failed, in our own words.
    pub fn why(self) -> String {
        Answer { code: self.code, out: Vec::new(), err: self.err }.why()
    }

    pub fn is_no_repository(&self) -> bool {
        String::from_utf8_lossy(&self.err).contains(NO_REPOSITORY)
    }
}

/// What git says where there is no repository; it is asked in English.
const NO_REPOSITORY: &str = "not a git repository";

/// What git answered.
struct Answer {
    code: Option<i32>,
    out: Vec<u8>,
    err: Vec<u8>,
}

impl Answer {
    fn said(&self, words: &str) -> bool {
        String::from_utf8_lossy(&self.err).contains(words)
    }

    /// Why it failed, in our own words: git's could hold anything.
    fn why(&self) -> String {
        if self.said("dubious ownership") {
            return "git does not trust this repository, because it belongs to another user".into();
        }
        match self.code {
            Some(code) => format!("git ended with code {code}"),
            None => "git was ended by a signal".into(),
        }
    }
}

/// Reads a pipe to its end, keeping the first [`ANSWER`] bytes.
fn kept(mut pipe: impl Read) -> Option<Vec<u8>> {
    let mut kept = Vec::new();
    let read = pipe.by_ref().take(ANSWER).read_to_end(&mut kept);
    // The rest is let through, so that git does not wait for us.
    let _ = read.and_then(|_| io::copy(&mut pipe, &mut io::sink()));
    Some(kept)
}

/// Does something on a thread of its own, and tells what came of it.
fn aside<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> mpsc::Receiver<T> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        // Nobody listens any more when it took too long.
        let _ = sender.send(job());
    });
    receiver
}

fn end(child: &mut Child) {
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended by itself in between.
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
    let _ = child.wait();
}

/// The nearest folder above a path that is there, and the rest of the path.
fn nearest(path: &Path) -> Option<(&Path, String)> {
    let folder = path.ancestors().skip(1).find(|folder| folder.is_dir())?;
    Some((folder, path.strip_prefix(folder).ok()?.to_str()?.to_owned()))
}

/// How git, if there is one, sees a file.
pub fn git_state(git: Option<&Git>, path: &Path) -> GitState {
    git.map_or(GitState::GitMissing, |git| git.state(path))
}

/// The write that keeps `path` (resolved) out of git: one line at the end of the `.gitignore` beside it. `None` if the line is
/// there already.
pub fn ignore(path: &Path, caller: &Caller) -> Result<Option<FileWrite>, DiskError> {
    let bad = |path: &Path, why| DiskError::BadPath { path: path.to_owned(), why };
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Err(bad(path, "it names no file"));
    };
    if name.chars().any(char::is_control) {
        return Err(bad(path, "its name holds a control character, which a .gitignore cannot"));
    }
    let ignore = folder.join(".gitignore");
    let seen = read_config(&ignore, caller)?;
    if seen.folder.exists && std::fs::symlink_metadata(&ignore).is_ok_and(|meta| meta.is_symlink()) {
        return Err(bad(&ignore, "it is a link, and git does not follow it"));
    }
    let line = pattern(name);
    let old = seen.there.as_ref().map_or("", |there| there.text.as_str());
    if old.lines().any(|there| there == line) {
        return Ok(None);
    }
    let end = if old.contains("\r\n") { "\r\n" } else { "\n" };
    let gap = if old.is_empty() || old.ends_with('\n') { "" } else { end };
    let mut write = FileWrite::over(&seen, Text::new(format!("{old}{gap}{line}{end}")));
    if seen.there.is_none() {
        write.mode = PUBLIC;
    }
    Ok(Some(write))
}

/// The pattern that matches exactly this name in this folder.
fn pattern(name: &str) -> String {
    let mut pattern = String::from("/");
    for (at, sign) in name.char_indices() {
        let last = at + sign.len_utf8() == name.len();
        if matches!(sign, '*' | '?' | '[' | '\\') || (sign == ' ' && last) {
            pattern.push('\\');
        }
        pattern.push(sign);
    }
    pattern
}

#[cfg(test)]
pub(super) mod tests;
