//! Line by line, without a terminal, and unattended.

use std::fs;
use std::process::Stdio;

use labwizard::lab::{Lab, Scenario};

use super::sandbox::{Sandbox, said, to_the_end};
use super::terminal::{Terminal, contains};
use super::walk::*;

/// What a person says to `--plain`, a line each, up to the last page.
fn lines(lab: &Lab) -> Vec<String> {
    let mut lines = vec!["Glassdome".to_owned(), String::new()];
    lines.extend(["no", "no", "no", "no"].map(str::to_owned));
    lines.push(address(lab));
    // No fingerprint is pasted, the certificate is agreed to, and a token is there.
    lines.extend(["", "1", "I have a token"].map(str::to_owned));
    lines.push(whole_token(lab));
    // The node; the template, the storage and the verification as suggested; then on from Verify; do it; finish.
    lines.extend(["pve1", "", "", "", "", "1", "1"].map(str::to_owned));
    lines
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it is UTF-8")
}

/// Only line ends and what can be seen.
#[track_caller]
pub fn only_text(text: &str) {
    for sign in text.chars() {
        let visible = !sign.is_control() && !('\u{202a}'..='\u{202e}').contains(&sign) && sign != '\u{200b}';
        assert!(sign == '\n' || visible, "{sign:?} in {}", text.escape_debug());
    }
}

#[test]
fn from_a_pipe_the_walk_goes_line_by_line() {
    let (sandbox, lab) = (Sandbox::new(), lab());
    let output = sandbox.run(&["--plain"], &(lines(&lab).join("\n") + "\n"));
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(values(&sandbox.project().join(".env")), expected(&lab));
    assert_eq!(sandbox.files_with(&secret(&lab)), [sandbox.project().join(".env")]);
    let out = text(&output.stdout);
    only_text(&out);
    assert!(!out.contains(&secret(&lab)) && !text(&output.stderr).contains(&secret(&lab)), "{out}");
    assert!(out.contains(DONE), "{out}");
}

#[test]
fn a_pipe_alone_chooses_plain_by_itself() {
    let (sandbox, lab) = (Sandbox::new(), lab());
    let output = sandbox.run(&[], &(lines(&lab).join("\n") + "\n"));
    assert!(output.status.success(), "{}", said(&output));
    only_text(&text(&output.stdout));
}

/// Answers each question as its prompt comes.
fn walk_on_a_terminal(sandbox: &Sandbox, lab: &Lab, arguments: &[&str], more: &[(&str, &str)]) -> Terminal {
    let mut words = vec![super::sandbox::PROGRAM];
    words.extend(arguments);
    let mut terminal = Terminal::start_program(sandbox, &words, (80, 200), more);
    for line in lines(lab) {
        terminal.wait_for_prompt();
        terminal.send(format!("{line}\r").as_bytes());
    }
    assert_eq!(terminal.ended(), Ok(0), "{}", terminal.transcript());
    terminal
}

#[test]
fn plain_on_a_terminal_asks_and_does_not_echo_the_secret() {
    let (sandbox, lab) = (Sandbox::new(), lab());
    let terminal = walk_on_a_terminal(&sandbox, &lab, &["--plain"], &[]);
    assert_eq!(values(&sandbox.project().join(".env")), expected(&lab));
    assert!(!contains(&terminal.raw(), secret(&lab).as_bytes()), "{}", terminal.transcript());
    // The terminal itself makes \r\n of every \n.
    only_text(&text(&terminal.raw()).replace("\r\n", "\n"));
    assert_eq!(terminal.modes(), terminal.modes_before);
}

#[test]
fn a_dumb_terminal_chooses_plain_by_itself() {
    let (sandbox, lab) = (Sandbox::new(), lab());
    let terminal = walk_on_a_terminal(&sandbox, &lab, &[], &[("TERM", "dumb")]);
    assert!(!contains(&terminal.raw(), b"\x1b"), "{}", terminal.transcript());
}

#[test]
fn without_anybody_to_answer_it_ends_with_2_and_the_command_that_would_work() {
    let sandbox = Sandbox::new();
    for arguments in [&[][..], &["--plain"], &["demo"], &["demo", "--plain"]] {
        let mut command = sandbox.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = to_the_end(command.spawn().unwrap(), "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {}", said(&output));
        assert!(text(&output.stderr).contains("labwizard apply --answers FILE --yes"), "{}", said(&output));
    }
    assert_eq!(sandbox.tree("project").len(), 1);
}

/// The answers of [`lines`], as the unattended run takes them.
fn answers(lab: &Lab) -> String {
    format!(
        "target = \"glassdome\"\nfile = \".env\"\nverify = \"off\"\n\n[proxmox]\nhost = \"{}\"\ntrust = \"sha256:{}\"\n\
         user = \"apex@pve\"\ntoken_name = \"glassdome-token\"\nsecret = {{ env = \"PVE_SECRET\" }}\nnode = \"pve1\"\n\n\
         [values]\nUBUNTU_2204_TEMPLATE_ID = 9000\n",
        address(lab),
        lab.fingerprint()
    )
}

#[test]
fn full_screen_plain_and_unattended_write_the_same_bytes() {
    let lab = lab();
    let before = "# mine\nOTHER=1\nPROXMOX_NODE=old\r\n\n# the rest\nLAST='x'";
    let written = |walk: &dyn Fn(&Sandbox)| {
        let sandbox = Sandbox::new();
        let env = sandbox.project().join(".env");
        fs::write(&env, before).unwrap();
        walk(&sandbox);
        fs::read_to_string(&env).unwrap()
    };
    let full_screen = written(&|sandbox| {
        let mut terminal = Terminal::start(sandbox, &[], (80, 24));
        terminal.reach_done(&lab);
        terminal.enter();
        assert_eq!(terminal.ended(), Ok(0));
    });
    let plain = written(&|sandbox| {
        let output = sandbox.run(&["--plain"], &(lines(&lab).join("\n") + "\n"));
        assert!(output.status.success(), "{}", said(&output));
    });
    let unattended = written(&|sandbox| {
        fs::write(sandbox.path("answers.toml"), answers(&lab)).unwrap();
        let path = sandbox.path("answers.toml").display().to_string();
        let secret = secret(&lab);
        let more = [("PVE_SECRET", secret.as_str())];
        let output = sandbox.run_with(&["apply", "--answers", &path], "", &more);
        assert!(!output.status.success(), "nothing is written without --yes: {}", said(&output));
        assert_eq!(fs::read_to_string(sandbox.project().join(".env")).unwrap(), before);
        let output = sandbox.run_with(&["apply", "--answers", &path, "--yes"], "", &more);
        assert!(output.status.success(), "{}", said(&output));
        assert!(!said(&output).contains(&secret), "{}", said(&output));
        only_text(&text(&output.stdout));
    });
    assert!(full_screen.starts_with("# mine\nOTHER=1\nPROXMOX_NODE=pve1\r\n"), "{full_screen}");
    assert_eq!(full_screen, plain);
    assert_eq!(full_screen, unattended);
}

#[test]
fn what_a_hostile_host_says_steers_no_terminal() {
    let (sandbox, lab) = (Sandbox::new(), lab_with(Scenario::HostileStrings));
    let output = sandbox.run(&["--plain", "--no-color"], &(lines(&lab).join("\n") + "\n"));
    only_text(&text(&output.stdout));
    only_text(&text(&output.stderr));
    assert!(text(&output.stdout).contains("\\u{"), "what cannot be seen is shown: {}", said(&output));
}

#[test]
fn a_file_that_is_there_is_mended_line_by_line() {
    let (sandbox, lab) = (Sandbox::new(), lab());
    let text = format!(
        "PROXMOX_HOST={}\nPROXMOX_USER=apex@pve\nPROXMOX_TOKEN_NAME={}\nPROXMOX_TOKEN_VALUE={}\nPROXMOX_VERIFY_SSL=false\n\
         PROXMOX_NODE=pve1\nLAB_PROXMOX_INSTANCE=01\n",
        address(&lab),
        whole_token(&lab).split('=').next().unwrap_or_default(),
        secret(&lab)
    );
    fs::write(sandbox.project().join(".env"), &text).unwrap();
    let output = sandbox.run(&["--plain", ".env"], "PROXMOX_TOKEN_NAME in the shape\nDo it\n\n\n");
    let out = self::text(&output.stdout);
    only_text(&out);
    let after = fs::read_to_string(sandbox.project().join(".env")).unwrap();
    let others =
        |text: &str| text.lines().filter(|line| !line.contains("TOKEN_NAME")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(others(&after), others(&text), "{out}");
    assert!(after.contains("PROXMOX_TOKEN_NAME=glassdome-token\n"), "{out}");
    assert!(out.contains("gone") && !out.contains(&secret(&lab)), "{out}");
}
