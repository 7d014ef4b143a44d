//! ssh asks on the terminal by itself, and the terminal comes back as it was.

use std::io::{BufRead, stdin};

use super::*;
use crate::pty::sandbox::Sandbox;
use crate::pty::terminal::Terminal;

/// Where the stand-in lies that the program below runs.
const STAND: &str = "LABWIZARD_TEST_STAND";

/// No test: what the tests below run in a terminal of their own.
#[test]
#[ignore = "is run by others, in a terminal"]
fn a_program_that_opens_a_shell() {
    let stand = PathBuf::from(std::env::var_os(STAND).expect("it is run by others"));
    let shells = Shells::with(stand.join("ssh"), std::env::vars_os());
    let answer = ssh::open(&root(), false, &Options { shells: shells.clone(), ..options() });
    println!("came of it: {answer:?}");
    let line = stdin().lock().lines().next().unwrap().unwrap();
    println!("read: {line}");
    shells.close();
}

/// Waits until the terminal was handed over. The stand-in is there at once; ssh has a connection to make first.
const HANDED: &str =
    "until read -r s </proc/$$/stat; f=(${s##*) }); [ \"${f[2]}\" = \"${f[5]}\" ]; do sleep 0.01; done\n";

/// The program in a terminal, with a stand-in that runs these lines first.
fn asked(lines: &str) -> (Lab, Stand, Sandbox, Terminal) {
    let lab = Lab::start_in_thread(LabConfig::quick()).unwrap();
    let stand = Stand::of(&lab);
    stand.before(&format!("{HANDED}{lines}"));
    let sandbox = Sandbox::new();
    let this = std::env::current_exe().unwrap().display().to_string();
    let words = [this.as_str(), "ssh::asked::a_program_that_opens_a_shell", "--exact", "--ignored", "--nocapture"];
    let at = stand.path().display().to_string();
    let terminal = Terminal::start_program(&sandbox, &words, (100, 30), &[(STAND, &at)]);
    (lab, stand, sandbox, terminal)
}

/// The terminal is the program's own again: it can be read, and has its settings back.
fn comes_back(mut terminal: Terminal) {
    terminal.send(b"still here\r");
    terminal.wait_for("read: still here");
    assert_eq!(terminal.modes(), terminal.modes_before);
}

#[test]
fn a_question_of_ssh_is_answered_on_the_terminal() {
    let ask =
        "printf 'Are you sure (yes/no)? ' >/dev/tty; read -r answer </dev/tty; echo \"$answer\" >\"$here/answer\"";
    let (_lab, stand, _sandbox, mut terminal) = asked(ask);
    terminal.wait_for("Are you sure (yes/no)?");
    terminal.send(b"yes\r");
    terminal.wait_for("came of it: Open");
    assert_eq!(stand.noted("answer"), "yes\n");
    comes_back(terminal);
}

#[test]
fn what_ssh_says_meanwhile_is_shown_and_steers_nothing() {
    let (_lab, _stand, _sandbox, terminal) = asked("printf 'Warning: \\e[31mthe key has changed\\n' >&2; sleep 0.2");
    terminal.wait_for("Warning: \\u{1b}[31mthe key has changed");
    terminal.wait_for("came of it: Open");
    comes_back(terminal);
}

#[test]
fn ctrl_c_at_a_password_ends_ssh_alone_and_the_echo_comes_back() {
    let (_lab, _stand, _sandbox, mut terminal) =
        asked("stty -echo </dev/tty; printf 'password: ' >/dev/tty; read -r answer </dev/tty");
    terminal.wait_for("password:");
    terminal.press("Ctrl-C");
    terminal.wait_for("came of it: Failed(Ended");
    comes_back(terminal);
}

#[test]
fn ctrl_z_at_a_question_does_not_leave_the_terminal_with_nobody() {
    let (_lab, _stand, _sandbox, mut terminal) =
        asked("printf 'password: ' >/dev/tty; until read -r answer </dev/tty; do :; done");
    terminal.wait_for("password:");
    terminal.press("Ctrl-Z");
    terminal.send(b"secret\r");
    terminal.wait_for("came of it: Open");
    comes_back(terminal);
}

/// The stand-in's folder stands first in the program's `PATH`.
fn labwizard_at(lines: &str, arguments: &[&str]) -> (Lab, Stand, Sandbox, Terminal) {
    let lab = Lab::start_in_thread(LabConfig::quick()).unwrap();
    let stand = Stand::of(&lab);
    stand.before(&format!("{HANDED}{lines}"));
    let sandbox = Sandbox::new();
    let path = format!("{}:{}", stand.path().display(), std::env::var("PATH").unwrap());
    let words = [&[crate::pty::sandbox::PROGRAM], arguments].concat();
    let terminal = Terminal::start_program(&sandbox, &words, (100, 40), &[("PATH", &path)]);
    (lab, stand, sandbox, terminal)
}

/// Up to ssh, on the page that asks for trust.
fn fetch(terminal: &mut Terminal, lab: &Lab) {
    terminal.reach_trust(lab);
    terminal.enter();
    terminal.wait_for("nothing is chosen for you here");
    terminal.choose("Fetch it over SSH and compare");
    terminal.enter();
}

const ASK: &str = "printf 'Key or password? ' >/dev/tty; read -r answer </dev/tty; echo \"$answer\" >\"$here/answer\"";

#[test]
fn the_full_screen_gives_the_terminal_to_ssh_and_takes_it_again() {
    let (lab, stand, _sandbox, mut terminal) = labwizard_at(ASK, &[]);
    fetch(&mut terminal, &lab);
    terminal.wait_for("ssh root@127.0.0.1: what ssh needs to know it asks here.");
    terminal.wait_for("Key or password?");
    assert!(!terminal.alternate_screen() && !terminal.hides_cursor());
    terminal.send(b"a password\r");
    terminal.arrive(crate::pty::walk::ACCESS);
    assert!(terminal.alternate_screen());
    assert_eq!(stand.noted("answer"), "a password\n");
    assert!(terminal.screen().contains("Have it made over SSH"));
}

#[test]
fn ctrl_c_at_ssh_comes_back_to_the_page_and_says_so() {
    let (lab, _stand, _sandbox, mut terminal) = labwizard_at(ASK, &[]);
    fetch(&mut terminal, &lab);
    terminal.wait_for("Key or password?");
    terminal.press("Ctrl-C");
    terminal.wait_for("was stopped.");
    assert!(terminal.alternate_screen());
}
