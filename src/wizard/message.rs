//! What can be said to the conversation, and what it can ask for.

use std::path::PathBuf;

use crate::domain::finding::Step;
use crate::domain::{
    Around, Der, FileSeen, Id, Inquiry, Login, LoginAnswer, Observation, Secret, ShellAnswer, SshPlace, Text, Trouble,
};
use crate::plan::action::{Action, Outcome, RunNo};

/// Names one look at a file; an answer to another one is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadId(pub u64);

/// Names one survey; an answer to another one is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeId(pub u64);

/// Names one attempt to log in or to open a shell; an answer to another one is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptId(pub u64);

/// What a person did. Front ends send these and nothing else.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The whole text of a field, after every edit; a paste is one edit.
    Typed {
        field: Id,
        text: Text,
        pasted: bool,
    },
    Chose {
        question: Id,
        choice: Id,
    },
    /// Enter: take this page's answers and go on.
    Submit,
    Back,
    GoTo(Step),
    /// Esc while something is under way.
    Stop,
    /// Ctrl-C, confirmed where it was to be confirmed; or the terminal is gone.
    Quit,
    /// Back from suspension (`fg`): what was being read is started again.
    Resumed,
}

/// Everything that `update` takes: a person's doing, and the world's answers, each naming its question.
#[derive(Debug)]
pub enum Msg {
    Person(Input),
    /// What lies around the folder that the conversation began in.
    Around(Box<Around>),
    Looked(ReadId, Box<Result<(FileSeen, Around), Trouble>>),
    /// The CA of a file that a config names; none where it holds only those of this system. Or why it cannot be used.
    LookedAtCa(ReadId, Result<Option<Der>, String>),
    /// What lies around a config, with what the search for its secrets brought.
    Searched(ReadId, Box<Around>),
    Saw(ProbeId, Observation),
    Ended(ProbeId),
    /// The run has a name in the journal, by which it can be taken back.
    Began(RunNo, String),
    Performed(RunNo, usize, Outcome),
    /// The secret that an action of the run has made. It comes before its `Performed`.
    Made(RunNo, usize, Secret),
    TookBack(RunNo, usize, Outcome),
    LoggedIn(AttemptId, Box<LoginAnswer>),
    Opened(AttemptId, ShellAnswer),
    /// The answers were saved, and where; or why not.
    Saved(Result<PathBuf, Trouble>),
}

/// What `update` asks the world for.
#[derive(Debug)]
pub enum Effect {
    LookAround(PathBuf),
    Look(ReadId, PathBuf),
    LookAtCa(ReadId, PathBuf),
    /// Searches git's history and the files beside a config for its secrets.
    Search(ReadId, Box<(FileSeen, Around, Vec<Secret>)>),
    Survey(ProbeId, Inquiry),
    Cancel(ProbeId),
    /// Announced in the journal first, closed in it after.
    Perform(RunNo, usize, Action),
    /// Takes an action of this run back: looked at first, announced and closed in the journal likewise.
    TakeBack(RunNo, usize, Action),
    /// Sent once; what it may be answered with is a matter of the person, never of a retry.
    LogIn(AttemptId, Box<Login>),
    /// Root's shell over ssh, which may ask on the terminal by itself.
    OpenShell(AttemptId, SshPlace),
    /// An attempt whose answer nobody waits for any more.
    Drop(AttemptId),
    /// The run is over, well or not.
    EndRun(RunNo),
    /// The answers file for a colleague, without secrets.
    SaveAnswers(PathBuf, String),
    /// The answers of an unfinished walk, without secrets; none forgets them.
    KeepWalk(Option<String>),
    Leave(Exit),
}

/// How the conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    /// A finding of severity error, or an action that failed.
    Failed,
    Interrupted,
    /// The same file is taken up again, from the beginning.
    Again,
}
