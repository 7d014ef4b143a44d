//! How it ends, and what is left of it: the terminal as it was, no half-done state.

use labwizard::lab::{Lab, Scenario};
use rustix::process::Signal;

use super::sandbox::Sandbox;
use super::terminal::{Terminal, contains};
use super::walk::*;

/// The bytes that give the terminal back, each after the last that took it.
#[track_caller]
fn given_back(terminal: &Terminal) {
    let raw = terminal.raw();
    let last = |part: &[u8]| (0..raw.len()).rev().find(|at| raw[*at..].starts_with(part));
    for (taken, given) in
        [(&b"\x1b[?1049h"[..], &b"\x1b[?1049l"[..]), (b"\x1b[?25l", b"\x1b[?25h"), (b"\x1b[?2004h", b"\x1b[?2004l")]
    {
        let (taken, given) = (last(taken), last(given));
        assert!(given.is_some() && given > taken, "{taken:?} {given:?}\n{}", terminal.transcript());
    }
    assert!(!terminal.alternate_screen() && !terminal.bracketed_paste() && !terminal.hides_cursor());
    assert_eq!(terminal.modes(), terminal.modes_before);
}

/// Nothing was begun on disk, and nothing that is kept holds the secret.
#[track_caller]
fn state_is_clean(sandbox: &Sandbox, lab: &Lab) {
    assert!(!sandbox.path("state/runs").exists(), "no run was begun");
    assert_eq!(sandbox.tree("project").len(), 1);
    assert_eq!(sandbox.files_with(&secret(lab)), Vec::<std::path::PathBuf>::new());
}

#[test]
fn ctrl_c_asks_once_and_quits_with_130() {
    let (sandbox, lab) = (Sandbox::new(), lab());
    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    terminal.reach_token(&lab);
    terminal.paste(&whole_token(&lab), "36 characters");
    terminal.press_shown("Ctrl-C");
    terminal.wait_for("Quit labwizard? Ctrl-C again quits, any other key stays.");
    terminal.press("Tab");
    terminal.wait_until("it stays", |screen| !screen.contains("Quit labwizard?"));
    terminal.press_shown("Ctrl-C");
    terminal.wait_for("Quit labwizard?");
    assert_ne!(terminal.modes(), terminal.modes_before, "the terminal was taken");
    terminal.press("Ctrl-C");
    assert_eq!(terminal.ended(), Ok(130));
    given_back(&terminal);
    state_is_clean(&sandbox, &lab);
}

#[test]
fn what_was_answered_before_quitting_is_there_again_but_the_secret() {
    let (sandbox, lab) = (Sandbox::new(), lab());
    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    terminal.reach_details(&lab);
    terminal.press("Ctrl-C");
    terminal.wait_for("Quit labwizard?");
    terminal.press("Ctrl-C");
    assert_eq!(terminal.ended(), Ok(130));
    state_is_clean(&sandbox, &lab);

    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    terminal.wait_until("a page", |screen| screen.contains(" Enter "));
    terminal.reach_host();
    assert!(terminal.text().contains(&address(&lab)), "{}", terminal.transcript());
    terminal.enter();
    terminal.arrive(TRUST);
    terminal.trust();
    terminal.enter();
    terminal.arrive(TOKEN);
    assert!(!terminal.text().contains("36 characters"), "{}", terminal.transcript());
}

#[test]
fn a_signal_gives_the_terminal_back_on_every_page() {
    type Way = fn(&mut Terminal, &Lab);
    let pages: [Way; 4] = [
        |terminal, _| terminal.arrive(TARGET),
        |terminal, lab| terminal.reach_trust(lab),
        |terminal, lab| {
            terminal.reach_token(lab);
            terminal.paste(&whole_token(lab), "36 characters");
        },
        |terminal, lab| terminal.reach_review(lab),
    ];
    for page in pages {
        for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
            let (sandbox, lab) = (Sandbox::new(), lab());
            let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
            page(&mut terminal, &lab);
            terminal.signal(signal);
            assert_eq!(terminal.ended(), Ok(130), "{signal:?}\n{}", terminal.transcript());
            given_back(&terminal);
            state_is_clean(&sandbox, &lab);
        }
    }
}

#[test]
fn a_signal_while_a_host_keeps_silent_ends_at_once() {
    let (sandbox, lab) = (Sandbox::new(), lab_with(Scenario::Silent));
    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    terminal.reach_host();
    terminal.type_in(&address(&lab));
    terminal.enter();
    terminal.wait_for("Looking at");
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.ended(), Ok(130));
    given_back(&terminal);
}

#[test]
fn a_terminal_that_is_closed_ends_the_program() {
    let (sandbox, lab) = (Sandbox::new(), lab());
    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    terminal.reach_token(&lab);
    terminal.hang_up(|terminal| terminal.resize((90, 30)));
    assert_eq!(terminal.ended(), Ok(130));
    state_is_clean(&sandbox, &lab);
}

#[test]
fn ctrl_z_goes_to_the_shell_and_fg_comes_back() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::start_program(&sandbox, &["/bin/sh", "-i"], (80, 24), &[("PS1", "shell> ")]);
    terminal.wait_for("shell>");
    let of_the_shell = terminal.modes();
    terminal.send(format!("{}\r", super::sandbox::PROGRAM).as_bytes());
    terminal.reach_host();
    terminal.type_in("pve.invalid");
    terminal.press("Ctrl-Z");
    terminal.wait_until("the shell", |screen| screen.contains("Stopped") && screen.ends_with("shell>"));
    assert!(!terminal.alternate_screen() && !terminal.bracketed_paste() && !terminal.hides_cursor());
    assert_eq!(terminal.modes(), of_the_shell);
    terminal.send(b"echo between-$((40+2))\r");
    terminal.wait_for("between-42");
    terminal.send(b"fg\r");
    terminal.arrive(HOST);
    assert!(terminal.alternate_screen() && terminal.text().contains("pve.invalid"), "{}", terminal.transcript());
    // And it is still the same conversation.
    terminal.press_shown("Esc");
    terminal.arrive(USES);
    terminal.press("Ctrl-C");
    terminal.wait_for("Quit labwizard?");
    terminal.press("Ctrl-C");
    terminal.wait_until("the shell again", |screen| screen.ends_with("shell>"));
    terminal.send(b"echo code-$?\r");
    terminal.wait_for("code-130");
    terminal.send(b"exit\r");
    assert_eq!(terminal.ended(), Ok(0));
}

#[test]
fn a_window_that_changes_its_size_in_the_middle_of_a_page_loses_nothing() {
    let (sandbox, lab) = (Sandbox::new(), lab());
    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    terminal.reach_host();
    terminal.type_in(&address(&lab));
    for size in [(60, 16), (120, 40), (72, 18), (80, 24)] {
        terminal.resize(size);
        let rule = "─".repeat(usize::from(size.0));
        terminal.wait_until("a whole frame", |screen| screen.contains(&rule) && screen.ends_with("Ctrl-C quit"));
        assert!(terminal.screen().lines().any(|line| line == rule), "{}", terminal.transcript());
        assert!(terminal.text().contains(&address(&lab)) && terminal.text().contains(HOST), "{size:?}");
        assert_eq!(terminal.screen().lines().count(), usize::from(size.1));
    }
    terminal.enter();
    terminal.arrive(TRUST);
}

#[test]
fn a_screen_that_is_too_small_says_what_is_needed_and_keeps_the_page() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::start(&sandbox, &[], (40, 10));
    terminal.wait_for("needs 60x16, has 40x10");
    // Nothing can be agreed to that nobody sees.
    terminal.press("Down");
    terminal.press("Enter");
    terminal.wait_quiet();
    terminal.resize((80, 24));
    terminal.arrive(TARGET);
    terminal.reach_host();
    terminal.type_in("pve.invalid");
    terminal.resize((40, 10));
    terminal.wait_for("needs 60x16, has 40x10");
    assert!(!terminal.text().contains("pve.invalid"));
    terminal.resize((60, 16));
    terminal.wait_for("pve.invalid");
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.ended(), Ok(130));
    given_back(&terminal);
    assert!(!contains(&terminal.raw(), b"panicked"));
}
