//! What a person pastes, in whatever form, and what a paste cannot do.

use labwizard::lab::Lab;

use super::sandbox::Sandbox;
use super::terminal::{Terminal, contains, joined};
use super::walk::*;

/// What the field says of a token that was understood whole.
fn understood() -> String {
    format!("{TOOL} · secret: 36 characters, a UUID")
}

fn at_token() -> (Sandbox, Lab, Terminal) {
    let (sandbox, lab) = (Sandbox::new(), lab());
    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    terminal.reach_token(&lab);
    (sandbox, lab, terminal)
}

#[test]
fn each_form_of_a_token_is_understood_and_signs_in() {
    let (_sandbox, lab, mut terminal) = at_token();
    let secret = secret(&lab);
    let url = lab.url();
    let forms = [
        format!("{TOOL}={secret}"),
        format!("Authorization: PVEAPIToken={TOOL}={secret}"),
        format!("curl -k -H 'Authorization: PVEAPIToken={TOOL}={secret}' {url}/api2/json/version"),
        format!(
            "┌──────────────┬──────────────────────────────────────┐\n\
             │ key          │ value                                │\n\
             ╞══════════════╪══════════════════════════════════════╡\n\
             │ full-tokenid │ {TOOL}             │\n\
             ├──────────────┼──────────────────────────────────────┤\n\
             │ info         │ {{\"privsep\":\"1\"}}                      │\n\
             ├──────────────┼──────────────────────────────────────┤\n\
             │ value        │ {secret} │\n\
             └──────────────┴──────────────────────────────────────┘\n"
        ),
        format!(
            "{{\n  \"full-tokenid\": \"{TOOL}\",\n  \"info\": {{ \"privsep\": \"1\" }},\n  \"value\": \"{secret}\"\n}}\n"
        ),
        format!("{TOOL}\n{secret}"),
        format!("{TOOL}\r\n{secret}\r\n"),
        format!("PROXMOX_USER=apex@pve\nPROXMOX_TOKEN_NAME=glassdome-token\nPROXMOX_TOKEN_VALUE={secret}\n"),
    ];
    for form in &forms {
        terminal.paste(form, &understood());
        assert!(terminal.text().contains(TOKEN), "the paste submitted nothing: {form}\n{}", terminal.transcript());
        terminal.press("Ctrl-U");
        // An edit of several lines is emptied line by line.
        for _ in 0..12 {
            terminal.press("Backspace");
            terminal.press("Ctrl-U");
        }
        terminal.wait_until("an empty field", |screen| !screen.contains("secret:"));
    }
    assert!(!lab.received().iter().any(|request| request.had_authorization), "nothing was sent by a paste alone");
    terminal.paste(&forms[3], &understood());
    terminal.enter();
    terminal.arrive(DETAILS);
    for screen in terminal.screens() {
        assert!(!joined(&screen).contains(&secret), "{screen}");
    }
}

#[test]
fn a_paste_that_ends_itself_and_presses_enter_goes_no_further_than_its_field() {
    let (_sandbox, lab, mut terminal) = at_token();
    let token = whole_token(&lab);
    let before = lab.received().len();
    // What a hostile page can put into a clipboard: the end of the paste, then keys.
    terminal.send(format!("\x1b[200~{token}\x1b[201~\r\r\r").as_bytes());
    terminal.wait_for(&understood());
    terminal.send(b"\x1b[200~ \x1b[201~\r\x1b[201~\r\r");
    // A key that has an effect of its own comes behind all of that: what was to happen has happened then.
    terminal.press("F1");
    terminal.wait_for("Help: Paste the token.");
    terminal.press_shown("Esc");
    terminal.wait_for(&understood());
    assert_eq!(lab.received().len(), before, "{}", terminal.transcript());
    assert!(terminal.text().contains(TOKEN));
}

#[test]
fn lines_without_brackets_in_one_write_stay_in_the_field_of_each_page() {
    let (sandbox, lab) = (Sandbox::new(), lab());
    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    let lines = format!("{TOOL}\n{}\n\n\n", secret(&lab));
    let stays = |terminal: &mut Terminal, title: &str| {
        let here = terminal.text().split(" of ").next().unwrap_or_default().to_owned();
        let seen = terminal.screens().len();
        terminal.send(lines.as_bytes());
        // The help lies over the page only when everything before it was taken.
        terminal.wait_quiet();
        terminal.press("F1");
        terminal.wait_for("Help:");
        terminal.press_shown("Esc");
        terminal.wait_until("the page again", |screen| !screen.contains("Help:"));
        assert!(terminal.text().starts_with(&here), "{title} was left\n{}", terminal.transcript());
        // What is pasted into a field for a path or an address stands there as it is, to be corrected.
        for screen in terminal.screens().split_off(seen).iter().filter(|_| ![FILE, HOST].contains(&title)) {
            assert!(!joined(screen).contains(&secret(&lab)), "{screen}");
        }
    };
    let empty = |terminal: &mut Terminal| {
        for _ in 0..6 {
            terminal.press("Ctrl-U");
            terminal.press("Backspace");
        }
    };
    terminal.arrive(TARGET);
    stays(&mut terminal, TARGET);
    terminal.reach_file();
    stays(&mut terminal, FILE);
    empty(&mut terminal);
    terminal.wait_until("an empty field", |screen| !screen.contains("apex"));
    terminal.enter();
    terminal.arrive(USES);
    stays(&mut terminal, USES);
    terminal.enter();
    terminal.arrive(HOST);
    stays(&mut terminal, HOST);
    assert_eq!(lab.connections(), 0);
    empty(&mut terminal);
    terminal.wait_until("an empty field", |screen| !screen.contains("apex"));
    terminal.type_in(&address(&lab));
    terminal.enter();
    terminal.arrive(TRUST);
    stays(&mut terminal, TRUST);
    empty(&mut terminal);
    terminal.trust();
    stays(&mut terminal, ACCESS);
    terminal.choose("I have a token");
    terminal.enter();
    terminal.arrive(TOKEN);
    stays(&mut terminal, TOKEN);
    assert!(!lab.received().iter().any(|request| request.had_authorization));
    assert_eq!(sandbox.tree("project").len(), 1);
}

#[test]
fn a_pasted_secret_is_nowhere_but_in_the_target() {
    let (sandbox, lab) = (Sandbox::new(), lab());
    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    terminal.reach_done(&lab);
    terminal.enter();
    assert_eq!(terminal.ended(), Ok(0));
    let secret = secret(&lab);
    assert_eq!(sandbox.files_with(&secret), [sandbox.project().join(".env")]);
    assert!(!contains(&terminal.raw(), secret.as_bytes()));
    for screen in terminal.screens() {
        assert!(!screen.contains(&secret) && !joined(&screen).replace(' ', "").contains(&secret), "{screen}");
    }
    // The harness sees a secret where there is one.
    assert!(!terminal.screens().is_empty() && contains(&terminal.raw(), DONE.as_bytes()));
}

#[test]
fn a_revealed_secret_is_seen_and_hidden_again_by_leaving_the_page() {
    let (_sandbox, lab, mut terminal) = at_token();
    terminal.paste(&whole_token(&lab), &understood());
    assert!(!terminal.text().contains(&secret(&lab)));
    terminal.press_shown("Ctrl-R");
    terminal.wait_for(&secret(&lab));
    terminal.press_shown("Esc");
    terminal.arrive(ACCESS);
    terminal.enter();
    terminal.arrive(TOKEN);
    assert!(!terminal.text().contains(&secret(&lab)), "{}", terminal.transcript());
}
