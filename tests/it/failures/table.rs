//! The rows of `tests/failures.toml`: what fails, how it is made, what is to be said of it, and what repairs it.

use labwizard::diagnosis::codes;
use labwizard::domain::finding::{Code, Severity};
use labwizard::lab::config::Fault;
use labwizard::lab::{LabRelease, Scenario};
use serde::Deserialize;

use super::fix::Fix;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    failure: Vec<Row>,
}

/// A failure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Of the 32 by its number, or a word.
    pub no: String,
    pub name: String,
    /// How the wizard itself repairs it; where it is left out, as `mend` and `fix` say. See [`super::walk`].
    pub walk: Option<Vec<String>>,
    /// `text`, `file`, `road`, `host`, or `advice`: it cannot be seen from here, and a neighbour's text speaks of it.
    pub shows: Shows,
    /// How it is made; see [`Make`].
    pub make: Vec<Make>,
    /// Only on releases that name the cause of a refusal in the status line, or only on the others.
    pub tells: Option<bool>,
    /// Only from this major release on, or only below the other.
    pub since: Option<u16>,
    pub before: Option<u16>,
    pub code: String,
    pub severity: String,
    /// A word of the evidence.
    pub evidence: Option<String>,
    /// A word of the title, cause or fix; of an advice what it says.
    pub says: Option<String>,
    /// The first of them in their order.
    #[serde(default)]
    pub possible: Vec<String>,
    /// What an administrator's look then gives.
    pub decides: Option<String>,
    /// The mend that is offered, in words: `rewrite KEY`, `remove KEY`, `ask ID`, `close`, `grant` …
    pub mend: Option<String>,
    /// A word of the host's journal that tells it, where the answer does not.
    pub journal: Option<String>,
    /// What repairs it, as in [`Way`].
    #[serde(default)]
    pub fix: Vec<Fix>,
    #[serde(default)]
    pub lines: usize,
    #[serde(default)]
    pub left: Vec<String>,
    /// Why nobody can repair it from here.
    pub nobody: Option<String>,
    /// What else the finding says to do about it, each from the beginning.
    #[serde(default)]
    also: Vec<Way>,
}

/// A repair.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// Its steps in their order.
    pub fix: Vec<Fix>,
    /// How many lines of the file differ afterwards.
    #[serde(default)]
    pub lines: usize,
    /// The warnings that are left afterwards, and are not its matter.
    #[serde(default)]
    pub left: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shows {
    Text,
    File,
    Road,
    Host,
    Advice,
}

/// One thing that makes a failure, `word:value` in the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub enum Make {
    /// The state of the lab.
    Scenario(Scenario),
    /// A fault of the file that the demo knows too.
    Fault(Fault),
    /// Another target's file than the usual one.
    File(String),
    /// A line that stands in the place of the one with its key.
    Line(String),
    /// A line more at the end.
    Add(String),
    /// No line of this key.
    Without(String),
    /// The lines end as on Windows.
    Windows,
    /// The file uses this token of the lab.
    Token(String),
    /// The file uses this login of the lab.
    Login(String),
    /// The file says not to verify, and nothing is remembered.
    Unverified,
    /// The certificate that was served at first is remembered as agreed to.
    Pinned,
    /// The variable is set in the environment.
    Environment(String),
    /// The file's mode, octal.
    Mode(u32),
    /// What git does with the file: `tracked`, `would-track`; `history`, `copy`: where else the secret is.
    Git(String),
    /// What stands on the road.
    Relay(String),
    /// The file's address leads to something else than the host, that is in this state.
    Elsewhere(Scenario),
    /// The user of the directory has this password, and what a tool needs.
    May(String),
    /// Nobody is asked: the address of the file leads away from the lab.
    Offline,
    /// The question of this group was answered yes in the wizard; no file says so.
    Answered(String),
}

impl TryFrom<String> for Make {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (word, value) = text.split_once(':').unwrap_or((&text, ""));
        let owned = value.to_owned();
        Ok(match word {
            "scenario" => Make::Scenario(value.parse().map_err(|error| format!("{error}"))?),
            "fault" => Make::Fault(value.parse().map_err(|error| format!("{error}"))?),
            "file" => Make::File(owned),
            "line" => Make::Line(owned),
            "add" => Make::Add(owned),
            "without" => Make::Without(owned),
            "windows" => Make::Windows,
            "token" => Make::Token(owned),
            "login" => Make::Login(owned),
            "unverified" => Make::Unverified,
            "pinned" => Make::Pinned,
            "environment" => Make::Environment(owned),
            "mode" => Make::Mode(u32::from_str_radix(value, 8).map_err(|error| format!("{error}"))?),
            "git" => Make::Git(owned),
            "relay" => Make::Relay(owned),
            "elsewhere" => Make::Elsewhere(value.parse().map_err(|error| format!("{error}"))?),
            "may" => Make::May(owned),
            "offline" => Make::Offline,
            "answered" => Make::Answered(owned),
            other => return Err(format!("nothing is made by “{other}”")),
        })
    }
}

impl Row {
    pub fn code(&self) -> Code {
        known(&self.code)
    }

    pub fn severity(&self) -> Severity {
        let all = [Severity::Error, Severity::Warning, Severity::Info];
        let found = all.into_iter().find(|one| one.word() == self.severity);
        found.unwrap_or_else(|| panic!("{}: “{}” is no severity", self.name, self.severity))
    }

    /// Whether the row speaks of this release.
    pub fn is_for(&self, release: LabRelease) -> bool {
        let major: u16 = release.version().split(['.', '-']).next().and_then(|text| text.parse().ok()).unwrap();
        self.tells.is_none_or(|tells| tells != release.hides_why_not())
            && self.since.is_none_or(|first| major >= first)
            && self.before.is_none_or(|first| major < first)
    }

    /// Whether releases differ in it, so that each is tried.
    pub fn differs(&self) -> bool {
        self.tells.is_some() || self.since.is_some() || self.before.is_some()
    }

    /// The group whose question the wizard asks, where no file says it.
    pub fn answered(&self) -> Option<&str> {
        self.make.iter().find_map(|make| match make {
            Make::Answered(group) => Some(group.as_str()),
            _ => None,
        })
    }

    /// Every way in which it is repaired; none where nobody can.
    pub fn ways(&self) -> Vec<Way> {
        let first = Way { fix: self.fix.clone(), lines: self.lines, left: self.left.clone() };
        let first = (!self.fix.is_empty()).then_some(first);
        first.into_iter().chain(self.also.iter().cloned()).collect()
    }

    pub fn title(&self) -> String {
        format!("{} ({})", self.name, self.no)
    }
}

/// A code of the program by its text.
pub fn known(text: &str) -> Code {
    let found = codes::ALL.iter().find(|(code, _)| code.0 == text);
    found.unwrap_or_else(|| panic!("“{text}” is no code")).0
}

/// All rows.
pub fn rows() -> Vec<Row> {
    toml_edit::de::from_str::<Table>(include_str!("../../failures.toml")).unwrap().failure
}
