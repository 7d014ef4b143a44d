//! Hosts that print what they should not, never end, or are no Proxmox VE.

use std::time::{Duration, Instant};

use labwizard::client::Limits;

use super::*;

fn stand() -> (Lab, Stand) {
    let lab = Lab::start_in_thread(LabConfig::quick()).unwrap();
    let stand = Stand::of(&lab);
    (lab, stand)
}

/// Opens a shell where patience is short.
fn open(stand: &Stand, place: &str) -> ShellAnswer {
    let limits = Limits { total: Duration::from_secs(3), ..Limits::default() };
    ssh::open(&place.parse().unwrap(), true, &Options { limits, ..stand.options() })
}

fn failed(answer: ShellAnswer) -> SshTrouble {
    match answer {
        ShellAnswer::Failed(trouble) => trouble,
        ShellAnswer::Open { .. } => panic!("it opened"),
    }
}

#[tokio::test]
async fn what_start_up_files_print_is_passed_over() {
    let (lab, stand) = stand();
    stand.before("printf 'Welcome!\\n{\"value\":\"not this\"}\\n[1]\\n0\\n'");
    let desk = desk(&lab, &stand.options()).await;
    let [user, _, token, _] = <[Change; 4]>::try_from(plan()).unwrap();
    done(&desk, &user).await;
    let secret = done(&desk, &token).await.unwrap();
    assert_eq!(
        secret.reveal(),
        lab.change(|cluster| cluster.token(&super::token().to_string()).unwrap().secret.clone())
    );
}

#[test]
fn an_output_without_an_end_is_cut_off() {
    let (_lab, stand) = stand();
    stand.before("while :; do printf '%01000d' 0; done");
    // By its length and not by its time, of which there is enough.
    let trouble = failed(ssh::open(&root(), true, &stand.options()));
    assert!(matches!(&trouble, SshTrouble::Ended { words, .. } if words.contains("without an end")), "{trouble:?}");
    assert!(is_gone(&stand), "the process stayed");
}

#[test]
fn a_host_that_says_nothing_is_given_up_and_ended() {
    let (_lab, stand) = stand();
    stand.before("sleep 60 & wait");
    assert_eq!(failed(open(&stand, "pve.lan")), SshTrouble::TimedOut);
    assert!(is_gone(&stand), "the process stayed");
}

/// Whether nobody of the stand-in's group is left.
fn is_gone(stand: &Stand) -> bool {
    let group = stand.noted("pid").trim().parse().ok().and_then(rustix::process::Pid::from_raw).unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while Instant::now() < until {
        if rustix::process::test_kill_process_group(group).is_err() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

#[test]
fn the_words_of_ssh_are_told_and_steer_nothing() {
    let (_lab, stand) = stand();
    stand.before(
        "for i in {1..1000}; do printf '%01024d\\n' 0; done >&2; \
         printf '\\e[2J\\e]0;title\\aroot@pve.lan: Permission denied (publickey).\\r\\n' >&2; exit 255",
    );
    let SshTrouble::Ended { code, words } = failed(open(&stand, "pve.lan")) else { panic!("something else") };
    assert_eq!(code, Some(255));
    assert!(!words.contains('\x1b') && words.chars().count() <= 200, "{words:?}");
    stand.before("printf '\\e[2Jroot@pve.lan: Permission denied (publickey).\\r\\n' >&2; exit 255");
    let SshTrouble::Ended { words, .. } = failed(open(&stand, "pve.lan")) else { panic!("something else") };
    assert_eq!(words, "\\u{1b}[2Jroot@pve.lan: Permission denied (publickey).");
}

#[tokio::test]
async fn a_megabyte_of_errors_from_a_command_is_cut_and_the_shell_goes_on() {
    let (lab, stand) = stand();
    let desk = desk(&lab, &stand.options()).await;
    let noisy = "#!/bin/bash\nfor i in {1..1000}; do printf '\\e[31m%01024d\\n' 0; done >&2\nexit 2\n";
    let pveum = stand.path().join("host/pveum");
    let whole = std::fs::read(&pveum).unwrap();
    std::fs::write(&pveum, noisy).unwrap();
    let Changed::Refused { words, .. } = desk.change(&plan()[0]).await else { panic!("not refused") };
    assert!(!words.contains('\x1b') && words.chars().count() <= 200, "{words:?}");
    std::fs::write(&pveum, whole).unwrap();
    done(&desk, &plan()[0]).await;
    assert_eq!(stand.noted("argv").matches("exec sh").count(), 1, "one connection");
}

#[test]
fn a_user_who_is_not_root_and_a_host_that_is_no_proxmox_are_told_apart() {
    let (_lab, stand) = stand();
    stand.before("echo 'sudo: a password is required' >&2; exit 1");
    assert_eq!(failed(open(&stand, "mia@pve.lan")), SshTrouble::NotRoot("sudo: a password is required".into()));
    assert!(stand.noted("argv").ends_with("-l\nmia\n--\npve.lan\nexec sudo -n sh\n"));
    stand.before("");
    let id = stand.path().join("host/id");
    let whole = std::fs::read(&id).unwrap();
    std::fs::write(&id, "#!/bin/bash\necho 1000\n").unwrap();
    assert!(matches!(failed(open(&stand, "pve.lan")), SshTrouble::NotRoot(_)));
    std::fs::write(&id, whole).unwrap();
    std::fs::remove_file(stand.path().join("host/pveum")).unwrap();
    assert_eq!(failed(open(&stand, "pve.lan")), SshTrouble::NoPveum);
}
