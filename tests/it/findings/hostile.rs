//! Hostile strings in every place that is not ours: what a person pastes does nothing but what it says.

use std::process::Command;

use super::samples::{Names, samples};
use super::{commands, taken_by_sh};

/// What a shell, a terminal or Proxmox would read as more than a name.
const ATTACKS: &[&str] = &[
    "$(id>pwned)",
    "`id>pwned`",
    "a;id>pwned",
    "a'b\"c\\",
    "x>pwned",
    "x|tee\u{a0}pwned",
    "-rf",
    "--delete",
    "a,root",
    "a&&id>pwned",
    "\u{202e}evil",
    "${IFS}pwned",
    "a\u{1b}[2Jb",
    "{a,b}",
    "~root",
    "!!",
    "日本",
];

/// The attack in every place at once; where a place has a grammar that forbids it, the parser leaves it out.
fn attacked(with: &str) -> Names {
    Names {
        host: with.to_owned(),
        name: "pve.lan".to_owned(),
        user: format!("{with}@pve"),
        node: with.to_owned(),
        picked: format!("{with}.lan"),
        words: with.to_owned(),
        path: format!("/vms/{with}"),
        role: with.to_owned(),
        ..Names::default()
    }
}

/// The programs that fixes name; each prints what it is called with.
const STUB: &str = r#"say() { for word in "$@"; do printf '%s\0' "$word"; done; printf '\n\0'; }
for_each() { :; }
pveum() { say pveum "$@"; }
pvecm() { say pvecm "$@"; }
pvenode() { say pvenode "$@"; }
systemctl() { say systemctl "$@"; }
journalctl() { say journalctl "$@"; }
timedatectl() { say timedatectl "$@"; }
grep() { say grep "$@"; }
cat() { say cat "$@"; }
mv() { say mv "$@"; }
qm() { say qm "$@"; }
pct() { say pct "$@"; }
ssh() { say ssh "$@"; }
"#;

#[test]
fn whatever_a_host_or_a_file_calls_itself_a_command_does_only_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    for attack in ATTACKS {
        let names = attacked(attack);
        let commands = commands(&samples(&names));
        assert!(commands.len() > 20, "{attack:?}: {commands:?}");
        taken_by_sh(&commands);
        for line in &commands {
            assert!(!line.contains(['\u{202e}', '\u{1b}', '\u{a0}']), "{line:?} is not what it looks like");
        }
        let script = format!("{STUB}\n{}\n", commands.iter().cloned().collect::<Vec<_>>().join("\n"));
        let out =
            Command::new("/bin/sh").args(["-c", &script]).current_dir(folder.path()).env("PATH", "").output().unwrap();
        assert!(out.stderr.is_empty(), "{attack:?}: {}", String::from_utf8_lossy(&out.stderr));
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert!(left.is_empty(), "{attack:?} left {left:?}");
        // What is not ours arrives as one whole word, or not at all.
        for word in String::from_utf8_lossy(&out.stdout).split('\0').filter(|word| word.contains(attack)) {
            let whole = [
                attack.to_string(),
                names.user.clone(),
                format!("{}!{}", names.user, names.token),
                names.path.clone(),
                names.role.clone(),
            ];
            assert!(whole.iter().any(|one| one == word), "{attack:?} arrives as {word:?}");
        }
    }
}

#[test]
fn no_finding_steers_the_terminal() {
    for attack in ATTACKS {
        for sample in samples(&attacked(attack)) {
            let finding = &sample.finding;
            let texts = [&finding.title, &finding.cause].into_iter().chain(&finding.evidence);
            for text in texts {
                let steers = text.chars().any(|c| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}'));
                assert!(!steers, "{} ({}): {text:?}", finding.code, sample.about);
            }
        }
    }
}
