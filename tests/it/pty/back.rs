//! Back, forward, and stopping what is under way.

use labwizard::lab::Scenario;

use super::sandbox::Sandbox;
use super::terminal::Terminal;
use super::walk::*;

#[test]
fn back_from_the_review_to_the_host_and_forward_again_keeps_every_answer() {
    let (sandbox, lab) = (Sandbox::new(), lab());
    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    terminal.reach_review(&lab);
    for page in [VERIFY, DETAILS, TOKEN, ACCESS, TRUST, HOST] {
        terminal.press_shown("Esc");
        terminal.arrive(page);
    }
    assert!(terminal.text().contains(&address(&lab)), "{}", terminal.transcript());
    let forward = [TRUST, ACCESS, TOKEN, DETAILS, VERIFY, REVIEW];
    for page in forward {
        terminal.enter();
        terminal.arrive(page);
    }
    terminal.enter();
    terminal.arrive(DONE);
    terminal.enter();
    assert_eq!(terminal.ended(), Ok(0));
    let names: Vec<String> = values(&sandbox.project().join(".env")).into_iter().map(|(key, _)| key).collect();
    assert_eq!(names.len(), 8, "{names:?}");
}

#[test]
fn escape_stops_a_look_that_nobody_answers() {
    let (sandbox, lab) = (Sandbox::new(), lab_with(Scenario::Silent));
    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    terminal.reach_host();
    terminal.type_in(&address(&lab));
    terminal.enter();
    terminal.wait_until("a look under way", |screen| screen.contains("Looking at") && screen.contains("Esc stop"));
    // Typing and Enter do nothing while it runs; stopping does.
    terminal.press("Enter");
    terminal.press_shown("Esc");
    terminal.arrive(HOST);
    assert!(terminal.text().contains(&address(&lab)), "the answer is kept\n{}", terminal.transcript());
    assert!(terminal.text().contains("Enter "), "{}", terminal.transcript());
}

#[test]
fn what_is_answered_after_a_stop_changes_nothing() {
    let (sandbox, lab) = (Sandbox::new(), lab_with(Scenario::Slow));
    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    terminal.reach_host();
    terminal.type_in(&address(&lab));
    terminal.enter();
    terminal
        .wait_until("a request under way", |screen| screen.contains("Looking at") && screen.contains("✓ certificate"));
    terminal.press_shown("Esc");
    terminal.arrive(HOST);
    let stopped = terminal.text();
    terminal.press("F1");
    terminal.wait_for("Help:");
    terminal.press_shown("Esc");
    terminal.wait_until("the page as it was", |screen| screen == stopped);
    // The next look takes as long as the one that was stopped still had to go, and longer: a late answer comes in between.
    let seen = terminal.screens().len();
    terminal.enter();
    terminal.arrive(TRUST);
    let between = terminal.screens().split_off(seen);
    let looks = between.iter().take_while(|screen| !screen.contains(TRUST));
    assert!(looks.clone().count() > 1 && looks.clone().all(|screen| screen.contains(HOST)));
}

#[test]
fn the_time_that_something_takes_is_told() {
    let (sandbox, lab) = (Sandbox::new(), lab_with(Scenario::Silent));
    let mut terminal = Terminal::start(&sandbox, &[], (80, 24));
    terminal.reach_host();
    terminal.type_in(&address(&lab));
    terminal.enter();
    terminal.wait_for("· 2 s");
    terminal.wait_for("· 3 s");
}
