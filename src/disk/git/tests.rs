//! How git is asked: what it says is told, and nothing of the project runs.

use super::*;
use std::os::unix::fs::PermissionsExt;

impl Git {
    /// A git that is a shell script. Another process writes it, so that no other test's child can hold it open for writing
    /// while it is started.
    pub(in crate::disk) fn fake(folder: &Path, text: &str) -> Git {
        let program = folder.join("git");
        let write = r#"printf '%s' "$1" > "$0" && chmod 755 "$0""#;
        let written =
            Command::new("sh").arg("-c").arg(write).arg(&program).arg(format!("#!/bin/sh\n{text}\n")).status();
        assert!(written.unwrap().success());
        Git { program, environment: vec![("HOME", "/home/x".into())], time: GIT_TIME }
    }

    pub(in crate::disk) fn within(self, time: Duration) -> Git {
        Git { time, ..self }
    }
}

fn variable(name: &str) -> Option<OsString> {
    // No settings of whoever runs the tests.
    if name == "PATH" { std::env::var_os("PATH") } else { None }
}

/// A fresh repository, or `None`, said aloud, where there is no git.
pub(in crate::disk) fn repository() -> Option<(tempfile::TempDir, PathBuf, Git)> {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().canonicalize().unwrap();
    let Some(git) = Git::find(&path, variable) else {
        eprintln!("skipped: there is no git here");
        return None;
    };
    plain_git(&path, &["init", "-q"]);
    Some((temp, path, git))
}

pub(in crate::disk) fn plain_git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=x", "-c", "user.email=x@example.org"]).args(arguments).current_dir(folder);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().unwrap().success(), "{arguments:?}");
}

#[test]
fn git_tells_ignored_tracked_and_what_would_be_tracked() {
    let Some((_temp, dir, git)) = repository() else { return };
    std::fs::write(dir.join(".env"), "A=1\n").unwrap();
    assert_eq!(git.state(&dir.join(".env")), GitState::WouldTrack);
    assert_eq!(git.state(&dir.join("not/yet/.env")), GitState::WouldTrack);
    std::fs::write(dir.join(".gitignore"), ".env\n").unwrap();
    assert_eq!(git.state(&dir.join(".env")), GitState::Ignored);
    assert_eq!(git.state(&dir.join("not/yet/.env")), GitState::Ignored);
    plain_git(&dir, &["add", "-f", ".env"]);
    assert_eq!(git.state(&dir.join(".env")), GitState::Tracked);
    let outside = tempfile::tempdir().unwrap();
    assert_eq!(git.state(&outside.path().join(".env")), GitState::NoRepo);
    assert_eq!(git_state(None, &dir), GitState::GitMissing);
}

#[test]
fn a_name_that_is_magic_to_git_is_taken_literally() {
    let Some((_temp, dir, git)) = repository() else { return };
    for name in [":(top)x", "*", "-q", "a b", "é"] {
        assert_eq!(git.state(&dir.join(name)), GitState::WouldTrack, "{name}");
    }
}

#[test]
fn the_projects_own_settings_run_nothing() {
    let Some((_temp, dir, git)) = repository() else { return };
    let ran = dir.join("ran");
    let script = dir.join("evil.sh");
    std::fs::write(&script, format!("#!/bin/sh\ntouch '{}'\n", ran.display())).unwrap();
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::write(dir.join(".env"), "A=1\n").unwrap();
    plain_git(&dir, &["add", ".env"]);
    let evil = script.to_str().unwrap();
    for key in [
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "core.askPass",
        "credential.helper",
        "diff.external",
        "diff.x.textconv",
        "filter.x.clean",
        "gpg.program",
        "alias.ls-files",
        "alias.check-ignore",
    ] {
        plain_git(&dir, &["config", key, evil]);
    }
    std::fs::write(dir.join(".gitattributes"), "* filter=x diff=x\n").unwrap();
    for hook in ["post-index-change", "fsmonitor-watchman", "pre-commit"] {
        std::fs::copy(&script, dir.join(".git/hooks").join(hook)).unwrap();
    }
    assert_eq!(git.state(&dir.join(".env")), GitState::Tracked);
    assert_eq!(git.state(&dir.join("other")), GitState::WouldTrack);
    assert!(!ran.exists(), "something of the project ran");
    // The trap is sharp: a plain git walks into it.
    let _ = Command::new("git").arg("status").current_dir(&dir).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(ran.exists(), "the trap does not work, so this test proves nothing");
}

fn fake(folder: &Path, text: &str) -> Git {
    Git::fake(folder, text)
}

#[test]
fn what_git_says_is_told_in_our_words_and_bounded() {
    let temp = tempfile::tempdir().unwrap();
    let git = fake(temp.path(), "echo CANARY; echo CANARY >&2; exit 3");
    assert_eq!(git.state(&temp.path().join("x")), GitState::Unknown("git ended with code 3".into()));
    let git = fake(temp.path(), "echo fatal: detected dubious ownership in CANARY >&2; exit 128");
    let GitState::Unknown(why) = git.state(&temp.path().join("x")) else { panic!("it is not known") };
    assert!(why.contains("belongs to another user") && !why.contains("CANARY"));
    let git = fake(temp.path(), "head -c 1000000 /dev/zero; exit 0");
    assert_eq!(git.ask(temp.path(), &[]).unwrap().out.len() as u64, ANSWER);
}

#[test]
fn a_git_that_never_answers_is_ended_with_all_that_it_started() {
    let temp = tempfile::tempdir().unwrap();
    let git = Git { time: Duration::from_millis(300), ..fake(temp.path(), "sleep 1000 & echo $! > started; wait") };
    let GitState::Unknown(why) = git.state(&temp.path().join("x")) else { panic!("it is not known") };
    assert!(why.contains("did not answer"), "{why}");
    // On a machine too slow to come so far there is nothing that could be left.
    let Ok(started) = std::fs::read_to_string(temp.path().join("started")) else { return };
    let Ok(pid) = started.trim().parse::<u32>() else { return };
    // A signal is sent at once and takes effect when the kernel comes to it.
    let watchdog = Instant::now() + Duration::from_secs(60);
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        if stat.is_empty() || stat.contains(") Z ") {
            break;
        }
        assert!(Instant::now() < watchdog, "still there: {stat}");
        std::thread::yield_now();
    }
}

#[test]
fn git_gets_no_variable_but_the_few_that_it_needs() {
    let temp = tempfile::tempdir().unwrap();
    fake(temp.path(), "env > seen; exit 1").state(&temp.path().join("x"));
    let seen = std::fs::read_to_string(temp.path().join("seen")).unwrap();
    // The shell adds a few of its own.
    let ours = |line: &&str| !["PWD=", "SHLVL=", "_=", "OLDPWD=", "PATH="].iter().any(|own| line.starts_with(own));
    let mut names: Vec<_> = seen.lines().filter(ours).collect();
    names.sort();
    assert_eq!(
        names,
        ["GIT_NO_LAZY_FETCH=1", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "HOME=/home/x", "LC_ALL=C"]
    );
}

#[test]
fn the_line_is_added_at_the_end_once_and_git_then_ignores_the_file() {
    let Some((_temp, dir, git)) = repository() else { return };
    let me = Caller::of_process(|_| None);
    for name in [".env", "#x", "!y", "a*b", "b[c]", "back\\slash", "end "] {
        std::fs::write(dir.join(".gitignore"), "target").unwrap();
        let write = ignore(&dir.join(name), &me).unwrap().unwrap();
        assert!(write.content.as_str().starts_with("target\n/"), "{name}");
        std::fs::write(dir.join(".gitignore"), write.content.as_str()).unwrap();
        assert_eq!(git.state(&dir.join(name)), GitState::Ignored, "{name}");
        assert_eq!(git.state(&dir.join(format!("{name}x"))), GitState::WouldTrack, "{name}");
        assert!(ignore(&dir.join(name), &me).unwrap().is_none(), "{name}");
    }
    assert!(ignore(&dir.join("a\nb"), &me).is_err());
    std::fs::write(dir.join(".gitignore"), "a\r\nb").unwrap();
    assert_eq!(ignore(&dir.join("x"), &me).unwrap().unwrap().content.as_str(), "a\r\nb\r\n/x\r\n");
}
