//! What `labwizard check --json` tells of a scene: the text as the command prints it, read again, and what it must be like.

use labwizard::command::{Ended, check::ended};
use labwizard::diagnosis::checked::Checked;
use labwizard::domain::Finding;
use labwizard::domain::finding::{Fix, Severity, Step};
use labwizard::report::check as report;
use serde::Deserialize;

use super::table::{Row, known};

/// The whole of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    ok: bool,
    files: Vec<ToldFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToldFile {
    file: String,
    target: Option<String>,
    #[serde(rename = "proved")]
    _proved: Vec<String>,
    findings: Vec<ToldFinding>,
}

/// One finding, as a program that reads the JSON has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldFinding {
    pub code: String,
    pub severity: String,
    step: String,
    pub title: String,
    cause: String,
    fix: Vec<ToldFix>,
    pub possible: Vec<String>,
    pub evidence: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum ToldFix {
    Say { say: String },
    Run { on: String, run: String },
}

impl Told {
    /// What the command would print of this file.
    pub fn of(checked: &Checked) -> (String, Told) {
        let text = report::escaped(&report::json(std::slice::from_ref(checked)));
        let told = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        (text, told)
    }

    pub fn findings(&self) -> &[ToldFinding] {
        &self.files[0].findings
    }

    /// What differs from what was found, in words: a program that reads the JSON knows all of it, and no more.
    pub fn differs(&self, checked: &Checked) -> Vec<String> {
        let [file] = self.files.as_slice() else { return vec![format!("{} files are told", self.files.len())] };
        let errors = checked.findings.iter().any(|one| one.severity == Severity::Error);
        let mut wrong = Vec::new();
        let mut hold = |what: &str, holds: bool| {
            if !holds {
                wrong.push(format!("the JSON tells {what} otherwise"));
            }
        };
        hold("ok", self.ok != errors);
        hold("the exit code", ended(std::slice::from_ref(checked)) == if errors { Ended::Badly } else { Ended::Well });
        hold("the file", file.file == checked.path.to_string_lossy());
        hold("the target", file.target.as_ref() == checked.target.as_ref().map(|(name, _)| name));
        hold("how many findings there are", file.findings.len() == checked.findings.len());
        for (told, found) in file.findings.iter().zip(&checked.findings) {
            hold(&format!("the finding {}", found.code), told.is(found));
        }
        wrong
    }
}

impl ToldFinding {
    fn is(&self, found: &Finding) -> bool {
        let fix = found.fix.iter().map(|fix| match fix {
            Fix::Say(say) => ToldFix::Say { say: say.clone() },
            Fix::Run { on, command } => ToldFix::Run { on: on.clone(), run: command.clone() },
        });
        self.code == found.code.0
            && self.severity == found.severity.word()
            && self.step == found.step.word().to_lowercase()
            && self.title == found.title
            && self.cause == found.cause
            && self.fix.iter().eq(fix.collect::<Vec<_>>().iter())
            && self.possible.iter().eq(found.possible.iter().map(|code| code.0))
            && self.evidence == found.evidence
    }

    /// All its words.
    pub fn words(&self) -> String {
        let fixes = self.fix.iter().map(|fix| match fix {
            ToldFix::Say { say } => say.clone(),
            ToldFix::Run { on, run } => format!("{on}: {run}"),
        });
        let all = [self.title.clone(), self.cause.clone()].into_iter().chain(self.evidence.iter().cloned());
        all.chain(fixes).collect::<Vec<_>>().join("\n")
    }

    /// The commands that it shows.
    pub fn commands(&self) -> impl Iterator<Item = &str> {
        self.fix.iter().filter_map(|fix| match fix {
            ToldFix::Say { .. } => None,
            ToldFix::Run { run, .. } => Some(run.as_str()),
        })
    }

    /// The finding of the row: its code, and the word of its evidence.
    pub fn is_of(&self, row: &Row) -> bool {
        let seen = |word: &String| self.evidence.iter().any(|line| line.contains(word.as_str()));
        self.code == row.code && row.evidence.as_ref().is_none_or(seen)
    }

    /// What is not as the row says, in words.
    pub fn against(&self, row: &Row) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.severity != row.severity {
            wrong.push(format!("{} is said as {}", row.code, self.severity));
        }
        if !Step::ALL.iter().any(|step| step.word().to_lowercase() == self.step) {
            wrong.push(format!("{} is no step", self.step));
        }
        for (what, text) in [("title", &self.title), ("cause", &self.cause)] {
            if !text.ends_with('.') || text.contains('\n') {
                wrong.push(format!("the {what} is no sentence: {text}"));
            }
        }
        if self.fix.is_empty() {
            wrong.push("it says nothing to do".to_owned());
        }
        if let Some(says) = row.says.as_ref().filter(|says| !self.words().contains(says.as_str())) {
            wrong.push(format!("“{says}” is not in its text:\n{}", self.words()));
        }
        for code in &self.possible {
            known(code);
        }
        if !row.possible.iter().eq(self.possible.iter().take(row.possible.len())) {
            wrong.push(format!("possible is {:?}", self.possible));
        }
        wrong
    }
}

/// The secrets of which something is in the text: as they are, in other letters, or their beginning.
pub fn leaks<'a>(text: &str, secrets: &'a [String]) -> Vec<&'a str> {
    let text = text.to_lowercase();
    let begins = |secret: &&String| {
        let beginning: String = secret.to_lowercase().chars().take(8).collect();
        text.contains(&beginning)
    };
    secrets.iter().filter(begins).map(String::as_str).collect()
}
