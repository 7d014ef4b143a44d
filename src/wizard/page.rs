//! A page as data: what a step shows and what can be done there. Front ends draw it; they hold no words of their own.

use crate::domain::finding::Step;
use crate::domain::{Certificate, Finding, Id, Link, Text};

/// One screen of the conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Where we are: the current step and the state of every visible one.
    pub step: Step,
    pub road: Vec<(Step, StepState)>,
    /// Stands above everything, on every page: the lab's banner.
    pub banner: Option<String>,
    /// The one question of this page.
    pub title: String,
    pub blocks: Vec<Block>,
    /// What Enter does here, `next`, `check it`, `do it`.
    pub submit: &'static str,
    /// Whether Esc goes back (not on the first page).
    pub back: bool,
    /// Something is under way that Esc stops: what, as a sentence. No answer is awaited meanwhile.
    pub busy: Option<String>,
    /// The conversation is over; the front end shows the page, waits for a last key where somebody looks, and ends.
    pub last: bool,
    /// Answers that leave nothing else of this page to be asked: the question, and the answer to it.
    pub settling: Vec<(Id, Id)>,
    /// Where the focus should go when this page is new or was submitted with an error.
    pub focus: Option<Id>,
    /// The help of this page, in paragraphs.
    pub help: Vec<String>,
}

/// How far a step is. Computed, never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    Pending,
    Current,
    Done,
    /// It was done, and something that it leans on has changed since.
    Stale,
}

/// The closed set of what can stand on a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Text(Paragraph),
    Field(Field),
    Choice(Choice),
    Pick(Pick),
    Road(Vec<RoadLink>),
    Certificate(CertificateCard),
    Findings(Vec<Finding>),
    Plan(Vec<PlanGroup>),
    Diff(FileDiff),
    Command(Command),
    /// Name and value, aligned: `Next   start Glassdome again`.
    Facts(Vec<(String, String)>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paragraph {
    pub text: String,
    pub tone: Tone,
}

/// The weight of a text; a front end gives each its colour and symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    /// Help and asides.
    Quiet,
    Good,
    Warning,
    Bad,
}

/// A text to type.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub id: Id,
    pub label: String,
    pub value: Text,
    /// What is shown while nothing is typed; Enter on an empty field with a default takes it.
    pub placeholder: String,
    /// Shown as dots; Ctrl-R reveals.
    pub secret: bool,
    /// Takes several lines by pasting (Enter inside a paste does not submit).
    pub multiline: bool,
    /// What was understood, under the field: `pve.lan, port 8006`, `36 characters, a UUID`.
    pub note: Option<String>,
    /// What is wrong, from submit until the first edit: one sentence, one hint.
    pub error: Option<FieldError>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pub what: String,
    pub hint: Option<String>,
}

/// One of a few answers, all on the screen with their meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub id: Id,
    pub label: String,
    pub options: Vec<Answer>,
    /// What was chosen, or what stands preselected; none where a person must decide by themselves.
    pub chosen: Option<Id>,
    pub error: Option<FieldError>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub id: Id,
    pub title: String,
    /// What it means, a line each.
    pub about: Vec<String>,
    /// It costs safety: drawn as a warning.
    pub risky: bool,
}

/// One of many, from a live list, with type-to-filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Pick {
    pub id: Id,
    pub label: String,
    pub items: Vec<Item>,
    pub chosen: Option<Id>,
    /// What an empty list says: whether there is nothing, or the token may not see.
    pub empty: String,
    /// It can wait: the front end offers "leave it out" under [`Pick::LATER`].
    pub optional: bool,
    pub error: Option<FieldError>,
}

impl Pick {
    /// The answer that leaves an optional pick out.
    pub const LATER: Id = Id::fixed("later");
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub id: Id,
    pub title: String,
    pub about: String,
}

/// One link of the road, drawn with a symbol, a word and a sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct RoadLink {
    pub link: Link,
    /// The word in front; mostly `link.word()`.
    pub word: String,
    pub state: LinkState,
    pub sentence: String,
    /// Milliseconds; none while it is under way or was not travelled.
    pub took_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    Waiting,
    Running,
    Good,
    Warning,
    Broken,
}

/// A certificate to be compared; with another beside it where the agreed one has changed.
#[derive(Clone, Debug, PartialEq)]
pub struct CertificateCard {
    pub heading: String,
    pub certificate: Certificate,
    /// Days until it ends (negative: since it ended), and its last day as `2027-03-04`.
    pub days_left: i64,
    pub until: String,
}

/// Actions under one heading: `On pve.lan, with apex@pve!glassdome-token`, `In ~/glassdome/.env`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanGroup {
    pub heading: String,
    pub actions: Vec<PlanLine>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanLine {
    pub sentence: String,
    pub state: LinkState,
    /// What came of it, once it was done.
    pub outcome: Option<String>,
}

/// The changed lines of one file, masked already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDiff {
    pub path: String,
    /// `new values; 14 other lines stay as they are`, `a new file`.
    pub about: String,
    pub lines: Vec<(DiffSide, String)>,
    /// `mode 0644 → 0600`, `git ignores it`, `the old file is kept for undo`.
    pub notes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffSide {
    Removed,
    Added,
    Kept,
}

/// A command or address to copy: bare on the screen, or by OSC 52. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Where it is to be run or opened: `in root's shell on the host`.
    pub about: String,
    pub text: String,
}

impl Page {
    /// The ids that take an answer, in reading order.
    pub fn questions(&self) -> impl Iterator<Item = &Id> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Field(field) => Some(&field.id),
            Block::Choice(choice) => Some(&choice.id),
            Block::Pick(pick) => Some(&pick.id),
            _ => None,
        })
    }
}
