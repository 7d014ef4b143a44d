//! `labwizard apply` over ssh, where nobody is there to be asked.

use std::process::Output;

use super::*;
use crate::pty::sandbox::Sandbox;

const MADE: &str = "glassdome@pve!glassdome";

/// Runs it with these lines under `[proxmox]`, and the stand-in's folder first in `PATH`.
fn apply(lab: &Lab, stand: &Stand, lines: &str) -> (Sandbox, Output) {
    let sandbox = Sandbox::new();
    let answers = format!(
        "target = \"glassdome\"\nfile = \".env\"\n[proxmox]\nhost = \"127.0.0.1:{}\"\nnode = \"pve1\"\n{lines}\n",
        lab.port()
    );
    std::fs::write(sandbox.project().join("answers.toml"), answers).unwrap();
    let path = format!("{}:{}", stand.path().display(), std::env::var("PATH").unwrap());
    let output = sandbox.run_with(&["apply", "--answers", "answers.toml", "--yes"], "", &[("PATH", &path)]);
    (sandbox, output)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

const MAKE: &str = "trust = \"ssh\"\nssh = \"root@pve.lan:2222\"\ncreate = { via = \"ssh\", expire = \"90d\" }";

#[test]
fn with_everything_said_trust_is_settled_and_the_token_made() {
    let lab = Lab::start_in_thread(LabConfig::quick()).unwrap();
    let stand = Stand::of(&lab);
    let (sandbox, output) = apply(&lab, &stand, MAKE);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let secret = lab.token_secret(MADE).expect("it was made");
    assert!(!said(&output).contains(&secret), "the secret was said");
    let written = std::fs::read_to_string(sandbox.project().join(".env")).unwrap();
    assert!(written.contains(&secret), "the file holds another one");
    assert_eq!(sandbox.files_with(&secret), [sandbox.project().join(".env")]);
    assert!(stand.noted("argv").contains("BatchMode=yes\n-p\n2222\n"), "{}", stand.noted("argv"));
}

#[test]
fn a_shell_of_another_host_ends_it_before_anything_is_made() {
    let [lab, other] = [(); 2].map(|()| Lab::start_in_thread(LabConfig::quick()).unwrap());
    let stand = Stand::of(&other);
    let (sandbox, output) = apply(&lab, &stand, MAKE);
    assert_ne!(output.status.code(), Some(0));
    assert!(said(&output).contains("has another certificate than the one that was shown"), "{}", said(&output));
    assert!(lab.token_secret(MADE).is_none() && other.token_secret(MADE).is_none());
    assert!(!sandbox.project().join(".env").exists());
}

#[test]
fn what_ssh_would_ask_ends_it_with_its_words() {
    let lab = Lab::start_in_thread(LabConfig::quick()).unwrap();
    let stand = Stand::of(&lab);
    stand.before("echo 'Host key verification failed.' >&2; exit 255");
    let (_sandbox, output) = apply(&lab, &stand, MAKE);
    assert_ne!(output.status.code(), Some(0));
    assert!(said(&output).contains("ssh ended with 255: Host key verification failed."), "{}", said(&output));
}
