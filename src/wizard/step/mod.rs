//! The pages of the conversation, one file each: what it shows, when it is done, and what submitting it asks for.

pub mod access;
pub mod checkup;
pub mod code;
pub mod details;
pub mod done;
pub mod ends;
pub mod file;
pub mod guide;
pub mod host;
pub mod instance;
pub mod lives;
pub mod login;
pub mod made;
pub mod make;
mod memory;
pub mod nearby;
pub mod review;
pub mod road;
pub mod ssh;
pub mod take_back;
pub mod token;
pub mod tokens;
pub mod tool;
pub mod trust;
pub mod uses;
pub mod verify;

use crate::domain::finding::Step;
use crate::domain::paste::{Known, parse_paste};
use crate::domain::token::IdError;
use crate::domain::visible::{upper_first, visible};
use crate::domain::{Certificate, Endpoint, Id, Text, Trust, time};
use crate::wizard::Wizard;
use crate::wizard::errand::Errand;
use crate::wizard::message::{Effect, Exit};
use crate::wizard::page::{Block, Field, FieldError, Page, Paragraph, Tone};

/// The pages in their one order. A step may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PageId {
    Checkup,
    Tool,
    File,
    Uses,
    Host,
    Trust,
    Access,
    Login,
    Code,
    Ssh,
    Guide,
    Make,
    Token,
    Details,
    Verify,
    Review,
    TakeBack,
    Tokens,
    Done,
}

impl PageId {
    pub fn step(self) -> Step {
        match self {
            PageId::Checkup | PageId::Tool | PageId::File | PageId::Uses => Step::Target,
            PageId::Host => Step::Host,
            PageId::Trust => Step::Trust,
            PageId::Access
            | PageId::Login
            | PageId::Code
            | PageId::Ssh
            | PageId::Guide
            | PageId::Make
            | PageId::Token => Step::Access,
            PageId::Details => Step::Details,
            PageId::Verify => Step::Verify,
            PageId::Review | PageId::TakeBack | PageId::Tokens => Step::Review,
            PageId::Done => Step::Done,
        }
    }
}

/// What comes of submitting a page.
#[derive(Debug)]
pub enum Next {
    /// Something is missing or wrong; the page says what.
    Stay,
    /// Something has to be seen first; the page is submitted again when it was.
    Wait(Vec<Effect>),
    Go,
    To(PageId),
    /// Stay on this page, and do this.
    Do(Vec<Effect>),
    Leave(Exit),
}

/// Who submits: a person, who wants what failed to be tried again, or the world, whose answer has just come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Person,
    World,
}

/// What was agreed about a host's certificate, with what was seen then. If that changes, it no longer counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    pub endpoint: Endpoint,
    pub trust: Trust,
    /// The certificate that was on the screen.
    pub seen: Certificate,
    /// It was agreed in an earlier run, and held in this one.
    pub remembered: bool,
    /// A pasted fingerprint was the same, or the one that root's shell told.
    pub compared: bool,
}

/// What a step contributes to its page; the rest is the same everywhere.
#[derive(Debug, Default)]
pub struct Parts {
    pub title: String,
    pub blocks: Vec<Block>,
    pub submit: &'static str,
    pub busy: Option<String>,
    pub focus: Option<Id>,
    pub help: Vec<String>,
}

/// The pages that this conversation has, in order.
pub fn pages(w: &Wizard) -> Vec<PageId> {
    use PageId::*;
    match w.setting.errand {
        Errand::SetUp if checkup::here(w) => checkup::pages(w, set_up(w)),
        Errand::SetUp => set_up(w),
        Errand::TakeBack(_) => [signing_in(w), vec![TakeBack, Done]].concat(),
        Errand::Tokens => [signing_in(w), vec![Tokens, Done]].concat(),
    }
}

/// Up to somebody who may change the host.
fn signing_in(w: &Wizard) -> Vec<PageId> {
    use PageId::*;
    let mut pages = vec![Host, Trust, Access];
    pages.extend(sign_in(w));
    pages
}

/// The pages of whoever makes or removes something.
fn sign_in(w: &Wizard) -> Vec<PageId> {
    use PageId::*;
    if access::over_ssh(w) {
        return vec![Ssh];
    }
    if code::wanted(w) || w.at() == Code { vec![Login, Code] } else { vec![Login] }
}

fn set_up(w: &Wizard) -> Vec<PageId> {
    use PageId::*;
    let mut pages = vec![Tool];
    let file = !tool::token_only(w);
    if file {
        pages.push(File);
        if uses::asks(w) {
            pages.push(Uses);
        }
    }
    pages.extend([Host, Trust, Access]);
    if access::makes(w) {
        pages.extend(sign_in(w));
        pages.push(Make);
    } else {
        if access::by_hand(w) {
            pages.push(Guide);
        }
        pages.push(Token);
    }
    if file && details::asks(w) {
        pages.push(Details);
    }
    pages.extend([Verify, Review, Done]);
    pages
}

pub fn done(w: &Wizard, page: PageId) -> bool {
    match page {
        PageId::Checkup => w.repair.is_some(),
        PageId::Tool => tool::done(w),
        // While it is looked at anew it is no less there.
        PageId::File => file::done(w) || (w.at() != PageId::File && file::looked_at(w)),
        PageId::Host => host::done(w),
        PageId::Trust => trust::done(w),
        PageId::Access => access::done(w),
        PageId::Login => login::done(w),
        PageId::Code => code::done(w),
        PageId::Guide => guide::done(w),
        PageId::Make => make::done(w),
        PageId::Token => token::done(w),
        PageId::Uses => uses::done(w),
        PageId::Details => details::done(w),
        PageId::Verify => verify::done(w),
        PageId::Review => w.run.is_some(),
        PageId::TakeBack | PageId::Tokens => w.run.is_some(),
        PageId::Ssh => ssh::done(w),
        PageId::Done => false,
    }
}

/// Whether there is nothing to ask on a page, so that nobody has to see it.
pub fn skips(w: &Wizard, page: PageId) -> bool {
    let nothing = match page {
        // A remembered certificate that held needs no second agreement; without a host there is none.
        PageId::Trust => host::offline(w) || trust::remembered(w),
        PageId::Verify => host::offline(w),
        _ => false,
    };
    nothing || checkup::skips(w, page)
}

pub fn page(w: &Wizard) -> Page {
    let at = w.at();
    let parts = match at {
        PageId::Checkup => checkup::page(w),
        PageId::Tool => tool::page(w),
        PageId::File => file::page(w),
        PageId::Host => host::page(w),
        PageId::Trust => trust::page(w),
        PageId::Access => access::page(w),
        PageId::Login => login::page(w),
        PageId::Code => code::page(w),
        PageId::Guide => guide::page(w),
        PageId::Make => make::page(w),
        PageId::Token => token::page(w),
        PageId::Uses => uses::page(w),
        PageId::Details => details::page(w),
        PageId::Verify => verify::page(w),
        PageId::Review => review::page(w),
        PageId::TakeBack => take_back::page(w),
        PageId::Tokens => tokens::page(w),
        PageId::Ssh => ssh::page(w),
        PageId::Done => match w.setting.errand {
            Errand::SetUp => done::page(w),
            Errand::TakeBack(_) => take_back::done(w),
            Errand::Tokens => tokens::done(w),
        },
    };
    let mut parts = parts;
    parts.blocks.splice(0..0, about_errand(w));
    let first = pages(w).first() == Some(&at);
    Page {
        step: at.step(),
        road: w.road(),
        banner: w.setting.banner.clone(),
        title: parts.title,
        blocks: parts.blocks,
        submit: parts.submit,
        back: !first && w.run.is_none() && !w.waiting(),
        busy: parts.busy,
        last: at == PageId::Done || checkup::is_over(w),
        settling: if at == PageId::Tool { tool::settling() } else { Vec::new() },
        focus: parts.focus,
        help: parts.help,
    }
}

/// What the errand is, on the pages that ask for host, trust and login.
fn about_errand(w: &Wizard) -> Option<Block> {
    let on_the_way = !matches!(w.at(), PageId::TakeBack | PageId::Tokens | PageId::Done);
    match &w.setting.errand {
        Errand::TakeBack(run) if on_the_way => Some(quiet(format!(
            "To take back what the run {} of {} made. What is removed is shown first.",
            run.name,
            time::date_and_time(run.when)
        ))),
        Errand::Tokens if on_the_way => Some(quiet("To list the tokens on a host. Nothing is changed without a yes.")),
        _ => None,
    }
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    match w.at() {
        PageId::Checkup => checkup::submit(w, by),
        PageId::Tool => tool::submit(w),
        PageId::File => file::submit(w, by),
        PageId::Host => host::submit(w, by),
        PageId::Trust => trust::submit(w, by),
        PageId::Access => access::submit(w),
        PageId::Login => login::submit(w, by),
        PageId::Code => code::submit(w, by),
        PageId::Guide => guide::submit(w),
        PageId::Make => make::submit(w, by),
        PageId::Token => token::submit(w, by),
        PageId::Uses => uses::submit(w),
        PageId::Details => details::submit(w),
        PageId::Verify => verify::submit(w, by),
        PageId::Review => review::submit(w, by),
        PageId::TakeBack => take_back::submit(w, by),
        PageId::Tokens => tokens::submit(w, by),
        PageId::Ssh => ssh::submit(w, by),
        PageId::Done => done::submit(w, by),
    }
}

/// What arriving at a page asks for by itself.
pub fn enter(w: &mut Wizard) -> Vec<Effect> {
    match w.at() {
        PageId::Checkup => checkup::enter(w),
        PageId::Host => {
            host::enter(w);
            Vec::new()
        }
        PageId::Trust => {
            trust::enter(w);
            Vec::new()
        }
        PageId::Verify => verify::enter(w),
        PageId::Review => review::enter(w),
        PageId::Done => done::enter(w),
        _ => Vec::new(),
    }
}

/// Whether this page waits for the world.
pub fn awaits(w: &Wizard) -> bool {
    let survey = |survey: &Option<crate::wizard::evidence::Survey>| survey.as_ref().is_some_and(|s| !s.ended);
    let file = |file: &Option<crate::wizard::evidence::FileEvidence>| file.as_ref().is_some_and(|f| f.answer.is_none());
    match w.at() {
        PageId::Checkup => w.evidence.checkup.as_ref().is_some_and(|checkup| checkup.is_awaited()),
        PageId::File | PageId::Review => file(&w.evidence.file),
        PageId::Done => file(&w.evidence.file) || w.evidence.after.as_ref().is_some_and(|after| after.is_awaited()),
        PageId::Host => survey(&w.evidence.look),
        PageId::Trust => file(&w.evidence.ca_file) || survey(&w.evidence.look) || w.session.in_flight(),
        PageId::Login | PageId::Code | PageId::Ssh => w.session.in_flight() || survey(&w.evidence.survey),
        PageId::Token | PageId::Make | PageId::Verify => survey(&w.evidence.survey),
        _ => false,
    }
}

pub(crate) fn say(text: impl Into<String>) -> Block {
    Block::Text(Paragraph { text: text.into(), tone: Tone::Plain })
}

pub(crate) fn quiet(text: impl Into<String>) -> Block {
    Block::Text(Paragraph { text: text.into(), tone: Tone::Quiet })
}

pub(crate) fn toned(tone: Tone, text: impl Into<String>) -> Block {
    Block::Text(Paragraph { text: text.into(), tone })
}

pub(crate) fn wrong(what: impl Into<String>, hint: impl Into<Option<String>>) -> Option<FieldError> {
    Some(FieldError { what: what.into(), hint: hint.into() })
}

/// A field that is shown as it is typed, with what stands there while it is empty.
pub(crate) fn open_field(w: &Wizard, id: Id, label: &str, default: String, error: Option<IdError>) -> Block {
    Block::Field(Field {
        value: w.draft.raw(&id),
        id,
        label: label.into(),
        placeholder: default,
        secret: false,
        multiline: false,
        note: None,
        error: error.and_then(|error| wrong(format!("{}.", upper_first(&visible(&error.to_string()))), None)),
    })
}

/// The field, where a whole token was typed or pasted into one that is shown and resolved. The token is kept as a secret.
pub fn take_apart(field: &Id, text: &Text) -> Option<Id> {
    let open =
        [host::HOST, file::FILE, token::USER, token::NAME, login::USER, ssh::PLACE, trust::COMPARE, trust::CA_FILE];
    let secret = || parse_paste(text.as_str(), Known::default()).secret.is_some_and(|secret| secret.sound().is_some());
    (open.contains(field) && secret()).then(|| field.clone())
}

/// What is said under a field that a token was pasted into.
pub(crate) fn moved_note(w: &Wizard, field: &Id) -> Option<String> {
    (w.moved() == Some(field))
        .then(|| "That is a token. It is kept for the Access page, and was not used here.".to_owned())
}

/// Joins words as people do: `a`, `a and b`, `a, b and c`.
pub(crate) fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [front @ .., last] => format!("{} and {last}", front.join(", ")),
    }
}

/// `1 line`, `3 lines`.
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}
