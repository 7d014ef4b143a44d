//! What a run leaves, and what taking it back leaves: trust stays, folders are completed, memory is private.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use labwizard::lab::Scenario;

use super::apply::{FROM_ENV, Place};

#[test]
fn a_folder_typed_without_a_slash_is_completed_by_the_usual_name() {
    for folder in [".", "..", "./"] {
        let place = Place::new(Scenario::Fine);
        let answers = place.answers(FROM_ENV).replace("file = \".env\"", &format!("file = \"{folder}\""));
        let ran = place.apply(&answers, &["--yes"]);
        assert_eq!(ran.code, 0, "{folder}: {}", ran.all());
        let at = place.project().join(folder).join(".env");
        assert!(at.is_file(), "{folder}: nothing at {}", at.display());
    }
}

#[test]
fn insecure_answers_send_no_token_to_a_changed_certificate_and_forget_no_trust() {
    let place = Place::new(Scenario::Fine);
    assert_eq!(place.apply(&place.answers(FROM_ENV), &["--yes"]).code, 0);
    let remembered = || std::fs::read_to_string(place.state().join("hosts.toml")).unwrap();
    let before = remembered();
    let insecure: String = place
        .answers(FROM_ENV)
        .lines()
        .map(|line| if line.starts_with("trust") { "trust = \"insecure\"\n".to_owned() } else { format!("{line}\n") })
        .collect();
    place.lab.swap_certificate(labwizard::lab::NewCertificate::NewCluster).unwrap();
    let asked = place.lab.received().len();
    assert_ne!(place.apply(&insecure, &["--yes"]).code, 0);
    assert_eq!(place.lab.received().len(), asked);
    assert_eq!(remembered(), before);
}

#[test]
fn undo_takes_the_file_back_and_leaves_the_trust_that_was_agreed_to() {
    let place = Place::new(Scenario::Fine);
    assert_eq!(place.apply(&place.answers(FROM_ENV), &["--yes"]).code, 0);
    let mut undo = place.command("", &[]);
    undo = {
        let mut command = Command::new(undo.get_program());
        command
            .arg("undo")
            .current_dir(place.project())
            .env_clear()
            .env("HOME", place.home())
            .env("LABWIZARD_STATE", place.state());
        command
    };
    let ran = place.run(undo);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(!place.env_file().exists(), "{}", ran.all());
    let without_trust: String = place
        .answers(FROM_ENV)
        .lines()
        .filter(|line| !line.starts_with("trust"))
        .map(|line| format!("{line}\n"))
        .collect();
    let again = place.apply(&without_trust, &["--yes"]);
    assert_eq!(again.code, 0, "{}", again.all());
}

#[test]
#[cfg(target_os = "linux")]
fn the_program_leaves_no_core_and_lets_nobody_look_into_its_memory() {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_labwizard"))
        .args(["demo", "--serve", "--json"])
        .env_clear()
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id()));
    child.kill().unwrap();
    child.wait().unwrap();
    let limits = limits.unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().rev().nth(1), Some("0"), "{core}");
}
