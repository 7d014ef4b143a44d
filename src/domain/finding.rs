//! A finding: what is wrong or worth knowing, why, on what evidence, and what to do about it.

use std::fmt;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Info,
    /// The tool works, and it costs safety or comfort.
    Warning,
    /// The tool cannot work like this.
    Error,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A stable dotted name, `token.refused`; all of them stand in `diagnosis/codes.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub &'static str);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The steps of the conversation, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    Target,
    Host,
    Trust,
    Access,
    Details,
    Verify,
    Review,
    Done,
}

impl Step {
    pub const ALL: [Step; 8] =
        [Step::Target, Step::Host, Step::Trust, Step::Access, Step::Details, Step::Verify, Step::Review, Step::Done];

    pub fn word(self) -> &'static str {
        match self {
            Step::Target => "Target",
            Step::Host => "Host",
            Step::Trust => "Trust",
            Step::Access => "Access",
            Step::Details => "Details",
            Step::Verify => "Verify",
            Step::Review => "Review",
            Step::Done => "Done",
        }
    }
}

/// What is wrong, why, and what to do. Texts from a host or file inside it have passed `visible` and the redactor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    pub severity: Severity,
    /// Where it is mended.
    pub step: Step,
    /// The question or field that it stands under, if one.
    pub field: Option<crate::domain::Id>,
    /// What happened, in one sentence.
    pub title: String,
    /// Why, in plain words.
    pub cause: String,
    /// What was seen that says so, a line each.
    pub evidence: Vec<String>,
    /// What to do, the easiest first.
    pub fix: Vec<Fix>,
    /// Where the host tells causes apart for nobody: the codes it may be, likeliest first.
    pub possible: Vec<Code>,
    /// What labwizard can do about it, the easiest first.
    pub mends: Vec<Mend>,
}

/// What labwizard can do about a finding: data, shown first, and done only after a review.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mend {
    /// Ask for this answer anew, with everything else as it is; a question's id: `host`, `token`, `pick.node`, `group.resize`.
    Ask(crate::domain::Id),
    /// Write what stands for the key in the shape that its tool reads.
    Rewrite { key: String },
    /// Write this word for the switch: the tool verifies the host's certificate by it, or does not.
    Switch { key: String, word: String, verifies: bool },
    /// The port that stands in this line, counted from 1, goes behind the host, and the line goes.
    Port { key: String, line: usize },
    /// Delete this line, counted from 1.
    Remove { key: String, line: usize },
    /// Close the file to others.
    Close,
    /// Keep the file out of git by a line in the `.gitignore` beside it.
    Ignore,
    /// Grant exactly what is missing, to the token and to its user.
    Grant,
    /// A new secret for this token.
    NewSecret,
    /// Another token, made by labwizard.
    NewToken,
    /// The old and the new certificate side by side, to agree to the new one.
    Certificate,
    /// Have the tool verify the host's certificate from now on.
    Verify,
    /// Sign in as somebody who may look up why the host refuses.
    LookUp,
    /// Have this token sign in again: its user enabled, a later end for the two.
    Wake,
    /// Sign in as this user, with token name and secret as they stand.
    User(crate::domain::UserId),
    /// Sign in as this token, with the secret as it stands.
    Token(crate::domain::TokenId),
}

/// One thing to do about a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix {
    /// A sentence.
    Say(String),
    /// A command to copy whole, and where it is to be run.
    Run { on: String, command: String },
}

impl Finding {
    pub fn new(code: Code, severity: Severity, step: Step, title: impl Into<String>, cause: impl Into<String>) -> Self {
        Finding {
            code,
            severity,
            step,
            field: None,
            title: title.into(),
            cause: cause.into(),
            evidence: Vec::new(),
            fix: Vec::new(),
            possible: Vec::new(),
            mends: Vec::new(),
        }
    }

    pub fn at(mut self, field: crate::domain::Id) -> Self {
        self.field = Some(field);
        self
    }

    pub fn seen(mut self, evidence: impl Into<String>) -> Self {
        self.evidence.push(evidence.into());
        self
    }

    pub fn say(mut self, sentence: impl Into<String>) -> Self {
        self.fix.push(Fix::Say(sentence.into()));
        self
    }

    pub fn run(mut self, on: impl Into<String>, command: impl Into<String>) -> Self {
        self.fix.push(Fix::Run { on: on.into(), command: command.into() });
        self
    }

    pub fn mend(mut self, mend: Mend) -> Self {
        self.mends.push(mend);
        self
    }

    pub fn possible(mut self, codes: &[Code]) -> Self {
        self.possible.extend_from_slice(codes);
        self
    }
}
