//! Every finding's words: one sample of each code and variant, made by real judgments of crafted observations, kept in
//! `tests/snapshots/findings.txt` and read as a diff. `INSTA_UPDATE=always` writes it anew.

mod decided;
mod files;
mod hostile;
mod samples;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use labwizard::diagnosis::codes;
use labwizard::domain::finding::{Finding, Fix};
use samples::{Names, samples};

/// A finding and what brought it up.
pub struct Sample {
    pub about: String,
    pub finding: Finding,
}

/// Codes that no judgment of the road, the host or a file gives, and who gives them.
const ELSEWHERE: &[(&str, &str)] = &[
    ("rights.cannot-make", "the plan, before it is shown"),
    ("make.", "the plan, before it is shown"),
    ("change.", "a run, while the plan is carried out"),
    ("run.failed", "a run, while the plan is carried out"),
    ("login.ended", "a run, while the plan is carried out"),
    ("login.code-wrong", "only ever a possible cause: the host tells codes apart for nobody"),
    ("login.code-used", "only ever a possible cause: the host tells codes apart for nobody"),
    ("login.codes-locked", "only ever a possible cause: the host tells codes apart for nobody"),
    ("login.password-wrong", "only ever a possible cause: the host tells refused logins apart for nobody"),
    ("realm.down", "only ever a possible cause: the host tells refused logins apart for nobody"),
    ("target.untested", "the conversation, where nothing is asked"),
];

fn all() -> Vec<Sample> {
    let mut all = samples(&Names::default());
    all.extend(files::samples());
    all
}

#[test]
fn every_findings_words_are_as_they_were_read() {
    let mut text = String::from(
        "Every finding's words, one sample of each code and variant. Written by tests/it/findings.rs; read it as somebody\n\
         who set up Proxmox last weekend.\n",
    );
    let mut samples = all();
    let place = |sample: &Sample| codes::ALL.iter().position(|(code, _)| *code == sample.finding.code);
    samples.sort_by_key(place);
    for sample in &samples {
        text.push_str(&drawn(sample));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/findings.txt");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(text.lines()).find(|(kept, now)| kept != now);
    assert!(kept == text, "the words are others: {differs:?}\nINSTA_UPDATE=always writes them anew");
}

fn drawn(sample: &Sample) -> String {
    let Finding { code, severity, step, field, title, cause, evidence, fix, possible, mends } = &sample.finding;
    let mut out = String::new();
    let at = field.as_ref().map(|field| format!(", at {}", field.as_str())).unwrap_or_default();
    let _ = writeln!(
        out,
        "\n── {code} · {} · {}{at}\n   ({})\n{title}\n{cause}",
        severity.word(),
        step.word(),
        sample.about
    );
    evidence.iter().for_each(|line| out.push_str(&format!("    {line}\n")));
    if !possible.is_empty() {
        let names: Vec<&str> = possible.iter().map(|code| code.0).collect();
        let _ = writeln!(out, "  may be: {}", names.join(", "));
    }
    for fix in fix {
        match fix {
            Fix::Say(sentence) => out.push_str(&format!("  → {sentence}\n")),
            Fix::Run { on, command } => out.push_str(&format!("  → {on}:\n      {command}\n")),
        }
    }
    if !mends.is_empty() {
        let names: Vec<String> = mends.iter().map(|mend| format!("{mend:?}")).collect();
        let _ = writeln!(out, "  mends: {}", names.join(", "));
    }
    out
}

#[test]
fn every_code_has_a_sample_or_a_reason_why_not() {
    let shown: BTreeSet<&str> = all().iter().map(|sample| sample.finding.code.0).collect();
    let excused =
        |code: &str| ELSEWHERE.iter().any(|(name, _)| code == *name || (name.ends_with('.') && code.starts_with(name)));
    let without: Vec<&str> =
        codes::ALL.iter().map(|(code, _)| code.0).filter(|code| !shown.contains(code) && !excused(code)).collect();
    assert_eq!(without, [""; 0]);
    for sample in all() {
        for code in &sample.finding.possible {
            assert!(codes::ALL.iter().any(|(known, _)| known == code), "{code}");
        }
    }
}

/// Words that talk down, beg or cheer.
const FORBIDDEN: &[&str] =
    &["please", "simply", "successful", "just ", "oops", "sorry", "unfortunately", "obviously", "easy", "easily"];

#[test]
fn the_words_keep_the_rules() {
    let mut wrong = Vec::new();
    for Sample { about, finding } in all() {
        let mut fault = |what: String| wrong.push(format!("{} ({about}): {what}", finding.code));
        let says = finding.fix.iter().filter_map(|fix| match fix {
            Fix::Say(sentence) => Some(sentence),
            Fix::Run { .. } => None,
        });
        for sentence in [&finding.title, &finding.cause].into_iter().chain(says) {
            let ours = unquoted(sentence);
            if !sentence.ends_with(['.', '?', '”']) {
                fault(format!("no end: {sentence}"));
            }
            if ours.split(' ').any(|word| word.ends_with('!')) {
                fault(format!("it shouts: {sentence}"));
            }
            for word in FORBIDDEN.iter().filter(|word| ours.to_lowercase().contains(*word)) {
                fault(format!("“{word}”: {sentence}"));
            }
            if sentence.contains("  ") || sentence.contains('\n') {
                fault(format!("odd blanks: {sentence}"));
            }
        }
        if finding.title.chars().count() > 130 {
            fault(format!("a long title: {}", finding.title));
        }
        if finding.fix.is_empty() {
            fault("nothing to do".into());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A sentence without what it quotes.
fn unquoted(sentence: &str) -> String {
    let mut depth = 0;
    sentence
        .chars()
        .filter(|c| {
            depth += i32::from(*c == '“') - i32::from(*c == '”');
            depth == 0
        })
        .collect()
}

#[test]
fn every_command_is_one_that_a_shell_takes() {
    let commands = commands(&all());
    assert!(commands.len() > 30);
    taken_by_sh(&commands);
}

/// The commands of all fixes, each once.
pub fn commands(samples: &[Sample]) -> BTreeSet<String> {
    let fixes = samples.iter().flat_map(|sample| &sample.finding.fix);
    fixes
        .filter_map(|fix| match fix {
            Fix::Run { command, .. } => Some(command.clone()),
            Fix::Say(_) => None,
        })
        .collect()
}

/// `sh -n` takes each line.
pub fn taken_by_sh(commands: &BTreeSet<String>) {
    let takes = |script: &str| {
        let mut sh = Command::new("sh").arg("-n").stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        sh.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        sh.wait().unwrap().success()
    };
    for line in commands {
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    let whole: Vec<&str> = commands.iter().map(String::as_str).collect();
    if !takes(&whole.join("\n")) {
        let wrong: Vec<&&str> = whole.iter().filter(|line| !takes(line)).collect();
        panic!("no shell takes {wrong:?}");
    }
}
