//! What labwizard promises not to do.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::process::{Command, Stdio};
use std::sync::mpsc;

use labwizard::disk::{Caller, State};
use labwizard::lab::Scenario;
use rustix::process::{Pid, Signal, kill_process};

use super::sandbox::{PROGRAM, Sandbox};
use super::terminal::{Terminal, WATCHDOG, contains};
use super::walk::*;

#[track_caller]
fn quit(terminal: &mut Terminal) {
    terminal.press("Ctrl-C");
    terminal.wait_for("Quit labwizard?");
    terminal.press("Ctrl-C");
    assert_eq!(terminal.ended(), Ok(130), "{}", terminal.transcript());
}

#[test]
fn before_do_it_nothing_changes_but_the_state_folder() {
    let (sandbox, lab) = (Sandbox::new(), lab());
    fs::write(sandbox.project().join(".env"), "OTHER=1\nPROXMOX_HOST=10.0.0.5\n").unwrap();
    let before = sandbox.all_but_state();
    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    terminal.reach_review(&lab);
    assert_eq!(sandbox.all_but_state(), before);
    assert!(!sandbox.path("state/runs").exists() && !sandbox.path("state/hosts.toml").exists());
    quit(&mut terminal);
    assert_eq!(sandbox.all_but_state(), before);
    for (path, there) in sandbox.tree("state") {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, if there.is_some() { 0o600 } else { 0o700 }, "{}", path.display());
    }
    assert!(lab.received().iter().all(|request| request.method == "GET"), "a host is only asked");
}

#[test]
fn a_file_that_another_labwizard_works_on_is_left_alone_and_its_process_named() {
    let (sandbox, lab) = (Sandbox::new(), lab());
    fs::DirBuilder::new().mode(0o700).create(sandbox.path("state")).unwrap();
    let caller = Caller::of_process(|_| None);
    let state = State::open(sandbox.path("state"), caller).unwrap();
    let env = fs::canonicalize(sandbox.project()).unwrap().join(".env");
    let lock = state.lock(&env).unwrap();
    assert_eq!(lock.note(), None);

    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    terminal.reach_review(&lab);
    terminal.enter();
    terminal.arrive("It was not finished.");
    let words = format!("is being worked on by another labwizard, process {}.", std::process::id());
    assert!(terminal.text().contains(&words), "{}", terminal.transcript());
    assert!(!env.exists());
    terminal.enter();
    assert_eq!(terminal.ended(), Ok(1), "{}", terminal.transcript());
    assert!(!env.exists());
    drop(lock);

    // The answers were kept for another try; this one begins from nothing.
    fs::remove_file(sandbox.path("state/walk.toml")).unwrap();
    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    terminal.reach_done(&lab);
    terminal.enter();
    assert_eq!(terminal.ended(), Ok(0));
    assert!(env.exists());
}

#[test]
fn the_demo_touches_and_reads_nothing_of_the_callers_own() {
    let sandbox = Sandbox::new();
    let canary = "canary-of-the-real-file";
    fs::write(sandbox.project().join(".env"), format!("PROXMOX_HOST={canary}.lan\nPROXMOX_TOKEN_VALUE={canary}\n"))
        .unwrap();
    fs::DirBuilder::new().mode(0o700).create(sandbox.path("state")).unwrap();
    for file in ["state/hosts.toml", "state/walk.toml"] {
        fs::write(sandbox.path(file), format!("{canary} = [ damaged")).unwrap();
        fs::set_permissions(sandbox.path(file), fs::Permissions::from_mode(0o600)).unwrap();
    }
    fs::create_dir_all(sandbox.path("config/labwizard/targets")).unwrap();
    fs::write(sandbox.path("config/labwizard/targets/mine.toml"), format!("title = \"{canary}\"")).unwrap();
    let before = || -> Vec<_> {
        ["project", "home", "state", "config", "data", "cache"].iter().map(|name| sandbox.tree(name)).collect()
    };
    let there = before();

    let mut terminal = Terminal::start(&sandbox, &["demo"], (80, 24));
    terminal.reach_host();
    terminal.enter();
    terminal.arrive(TRUST);
    terminal.trust();
    quit(&mut terminal);
    assert_eq!(before(), there);
    assert!(!contains(&terminal.raw(), canary.as_bytes()), "{}", terminal.transcript());
    assert!(!contains(&terminal.raw(), b"hosts.toml") && !contains(&terminal.raw(), b"mine.toml"));

    // What it would have said, had it read them: the wizard does.
    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    terminal.wait_for_bytes(b"hosts.toml");
    terminal.arrive(TARGET);
    quit(&mut terminal);
}

/// A `demo --serve --json` that a shell started, the shell, and the lab's port.
fn served_by_a_shell(sandbox: &Sandbox) -> (std::process::Child, BufReader<std::process::ChildStdout>, u16) {
    let mut command = Command::new("/bin/sh");
    // The shell waits for its child, and does not become it.
    command.args(["-c", "\"$0\" demo --serve --json & echo $!; wait", PROGRAM]).env_clear().envs(sandbox.environment());
    let mut shell = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut out = BufReader::new(shell.stdout.take().unwrap());
    let mut lines = [String::new(), String::new()];
    for line in &mut lines {
        out.read_line(line).unwrap();
    }
    let json = lines.iter().find(|line| line.starts_with('{')).unwrap();
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    let url = json["proxmox"][0]["url"].as_str().unwrap();
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    (shell, out, port)
}

#[test]
fn a_served_demo_ends_with_the_process_that_started_it() {
    let sandbox = Sandbox::new();
    let (mut shell, mut out, port) = served_by_a_shell(&sandbox);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    kill_process(Pid::from_child(&shell), Signal::KILL).unwrap();
    shell.wait().unwrap();
    // The demo holds the other end of this pipe: its end is the demo's.
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut rest = String::new();
        let _ = out.read_to_string(&mut rest);
        let _ = tell.send(rest);
    });
    told.recv_timeout(WATCHDOG).expect("the demo has ended");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody serves there any more");
    assert_eq!(sandbox.tree("tmp").len(), 1, "nothing is left behind");
}

/// The sequences that labwizard may write; the place of the first that it may not.
fn first_foreign_sequence(raw: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(raw).expect("it is UTF-8");
    let mut at = 0;
    while let Some(sign) = text[at..].chars().next() {
        let rest = &text[at + sign.len_utf8()..];
        let length = match sign {
            '\x1b' => csi(rest).or_else(|| osc_52(rest)),
            '\r' | '\n' => Some(0),
            sign if sign.is_control() || ('\u{202a}'..='\u{202e}').contains(&sign) || sign == '\u{200b}' => None,
            _ => Some(0),
        };
        match length {
            Some(length) => at += sign.len_utf8() + length,
            None => return Some(at),
        }
    }
    None
}

/// The length of a CSI behind its ESC: SGR, a place for the cursor, erasing, and the modes for the screen, cursor and pastes.
fn csi(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('[')?;
    let parameters = inner.find(|sign: char| !(sign.is_ascii_digit() || matches!(sign, ';' | '?')))?;
    let allowed = match inner[parameters..].chars().next()? {
        'm' | 'H' | 'J' | 'K' => !inner[..parameters].contains('?'),
        'h' | 'l' => matches!(&inner[..parameters], "?25" | "?1049" | "?2004"),
        _ => false,
    };
    allowed.then_some(1 + parameters + 1)
}

/// The clipboard.
fn osc_52(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix("]52;c;")?;
    let end = inner.find(|sign: char| !(sign.is_ascii_alphanumeric() || matches!(sign, '+' | '/' | '=')))?;
    inner[end..].starts_with("\x1b\\").then_some("]52;c;".len() + end + 2)
}

#[test]
fn the_grammar_of_the_output_tells_what_is_foreign() {
    for good in
        ["a ✓\r\n", "\x1b[0;1;36mx\x1b[12;4H\x1b[2J\x1b[K", "\x1b[?1049h\x1b[?25l\x1b[?2004l", "\x1b]52;c;YQ==\x1b\\z"]
    {
        assert_eq!(first_foreign_sequence(good.as_bytes()), None, "{good:?}");
    }
    for (bad, at) in [
        ("ab\x1b]0;title\x07", 2),
        ("\x1b[?1000h", 0),
        ("\x1b[6n", 0),
        ("x\x1bc", 1),
        ("\x07", 0),
        ("a\u{202e}", 1),
        ("\u{9b}31m", 0),
        ("\x1b]52;c;YQ==\x07", 0),
        ("\x1b]8;;http://x\x1b\\", 0),
    ] {
        assert_eq!(first_foreign_sequence(bad.as_bytes()), Some(at), "{bad:?}");
    }
}

#[test]
fn only_known_sequences_are_written_whatever_a_host_says() {
    for scenario in [Scenario::HostileStrings, Scenario::Fine] {
        let (sandbox, lab) = (Sandbox::new(), lab_with(scenario));
        let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
        terminal.reach_trust(&lab);
        terminal.trust();
        terminal.choose("I have a token");
        terminal.enter();
        terminal.arrive(TOKEN);
        terminal.paste(&format!("{}\x1b]0;owned\x07\x1b[31m\u{202e}", whole_token(&lab)), "secret:");
        terminal.press("Ctrl-U");
        terminal.wait_until("an empty field", |screen| !screen.contains("secret:"));
        terminal.paste(&whole_token(&lab), "36 characters, a UUID");
        terminal.enter();
        terminal.arrive(DETAILS);
        for _ in 0..4 {
            terminal.press("Tab");
            terminal.press("PageDown");
            terminal.wait_quiet();
        }
        terminal.press("F2");
        terminal.wait_for("any key: back to labwizard");
        assert!(!terminal.alternate_screen());
        terminal.press("Tab");
        terminal.wait_until("the page again", |screen| screen.ends_with("Ctrl-C quit"));
        terminal.press("F1");
        terminal.wait_for("Help:");
        terminal.press_shown("Esc");
        terminal.wait_until("the page again", |screen| !screen.contains("Help:"));
        quit(&mut terminal);
        let raw = terminal.raw();
        if let Some(at) = first_foreign_sequence(&raw) {
            let around = String::from_utf8_lossy(&raw[at.saturating_sub(40)..raw.len().min(at + 40)]).into_owned();
            panic!("{scenario}: {}", around.escape_debug());
        }
        assert!(!contains(&raw, b"\x1b]52"), "nothing is copied unasked");
    }
}

#[test]
fn a_command_goes_to_the_clipboard_when_it_is_asked_for_and_a_secret_never() {
    let (sandbox, lab) = (Sandbox::new(), lab());
    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    terminal.reach_access(&lab);
    terminal.choose("Show me how to make one");
    terminal.enter();
    terminal.wait_for("Ctrl-Y copy");
    assert!(!contains(&terminal.raw(), b"\x1b]52"));
    terminal.press_shown("Ctrl-Y");
    terminal.wait_for_bytes(b"\x1b]52;c;");
    terminal.wait_for("Sent to the clipboard");
    quit(&mut terminal);
    assert_eq!(first_foreign_sequence(&terminal.raw()), None);
}

#[test]
fn output_that_nobody_reads_is_no_panic() {
    let sandbox = Sandbox::new();
    for arguments in
        [&["targets"][..], &["targets", "glassdome"], &["completions", "bash"], &["--help"], &["demo", "--serve"]]
    {
        let mut command = sandbox.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Closed before a word of it was read.
        drop(child.stdout.take());
        let mut errors = String::new();
        child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        child.wait().unwrap();
        assert!(!errors.contains("panicked") && !errors.contains("mistake of its own"), "{arguments:?}: {errors}");
    }
}
