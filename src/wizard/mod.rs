//! The conversation itself: a pure update over draft, evidence and run.
//!
//! A step's state is computed, never stored: done when its answers parse and what was seen with these answers holds. So first
//! run, back, resume and "change one answer" are one path.

pub mod answers;
mod asking;
pub mod draft;
pub mod errand;
pub mod evidence;
pub mod message;
mod moving;
pub mod page;
mod running;
pub mod session;
mod setting;
pub mod step;
pub mod walk;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::domain::finding::Step;
use crate::domain::{Id, Secret, Trouble};
use crate::plan::run::Run;
use crate::wizard::draft::Draft;
use crate::wizard::errand::Errand;
use crate::wizard::evidence::Evidence;
use crate::wizard::message::{Effect, Exit, Input, Msg, ProbeId};
use crate::wizard::page::{Page, StepState};
use crate::wizard::session::Session;
use crate::wizard::step::{Agreement, By, Next, PageId};
pub use asking::link_of;
use asking::note;
pub use setting::Setting;

/// One conversation.
#[derive(Debug)]
pub struct Wizard {
    pub setting: Setting,
    pub draft: Draft,
    pub evidence: Evidence,
    /// What was agreed about the host's certificate, with what was seen then.
    pub agreed: Option<Agreement>,
    pub run: Option<Run>,
    /// The secret that the run has made.
    pub made: Option<Secret>,
    /// The places that its rights are for.
    places: Option<BTreeMap<String, String>>,
    /// Who is signed in to make it.
    pub session: Session,
    /// What Review shows, once what it needs was read.
    pub plan: Option<Result<step::review::Draw, Trouble>>,
    /// What is mended, once it was chosen.
    pub repair: Option<step::checkup::Repair>,
    /// Where the answers for a colleague were saved.
    pub saved: Option<Result<PathBuf, Trouble>>,
    at: PageId,
    /// The furthest page that was reached.
    reached: PageId,
    /// This page was submitted and could not be left: its errors are shown until the next edit.
    tried: bool,
    /// What was submitted waits for the world.
    waiting: bool,
    moved: Option<Id>,
    /// The action of the run that proves the token, while the host is asked.
    proving: Option<(ProbeId, usize)>,
    /// Somebody wants to leave, as soon as the action in flight has come to its end.
    leaving: bool,
    last_id: u64,
}

impl Wizard {
    /// A conversation and what it asks for first. `draft` holds answers that are known already.
    pub fn new(setting: Setting, draft: Draft) -> (Self, Vec<Effect>) {
        let mut first = vec![Effect::LookAround(setting.here.clone())];
        let mut wizard = Wizard {
            setting,
            draft,
            evidence: Evidence::default(),
            agreed: None,
            run: None,
            made: None,
            places: None,
            session: Session::default(),
            plan: None,
            repair: None,
            saved: None,
            at: PageId::Tool,
            reached: PageId::Tool,
            tried: false,
            waiting: false,
            moved: None,
            proving: None,
            leaving: false,
            last_id: 0,
        };
        if let Some(begin) = step::pages(&wizard).first().copied() {
            (wizard.at, wizard.reached) = (begin, begin);
            if begin == PageId::Checkup {
                first.extend(wizard.enter(begin));
            }
        }
        (wizard, first)
    }

    pub fn at(&self) -> PageId {
        self.at
    }

    pub fn tried(&self) -> bool {
        self.tried
    }

    pub fn waiting(&self) -> bool {
        self.waiting
    }

    /// The field that a token was just pasted into, though none belongs there; it is kept for where it does.
    pub fn moved(&self) -> Option<&Id> {
        self.moved.as_ref()
    }

    /// The first page is not all there yet: the folder, or the config in it, is still being looked at.
    pub fn looks_around(&self) -> bool {
        let nearby = self.evidence.nearby.as_ref();
        self.at == PageId::Tool
            && self.run.is_none()
            && !self.setting.unattended
            && (self.evidence.start.is_none() || nearby.is_some_and(|nearby| nearby.answer.is_none()))
    }

    /// The page as it is now.
    pub fn page(&self) -> Page {
        step::page(self)
    }

    /// How far each visible step is.
    pub fn road(&self) -> Vec<(Step, StepState)> {
        let pages = step::pages(self);
        let mut road: Vec<(Step, StepState)> = Vec::new();
        for step in Step::ALL {
            let of_step: Vec<PageId> = pages.iter().copied().filter(|p| p.step() == step).collect();
            if of_step.is_empty() {
                continue;
            }
            let state = if self.at.step() == step {
                StepState::Current
            } else if of_step.iter().all(|p| *p > self.reached) {
                StepState::Pending
            } else if of_step.iter().all(|p| step::done(self, *p)) {
                StepState::Done
            } else if of_step.iter().any(|p| *p < self.reached) {
                StepState::Stale
            } else {
                StepState::Pending
            };
            road.push((step, state));
        }
        road
    }

    /// Takes one message and answers with what it asks the world for.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Person(input) => self.person(input),
            Msg::Around(around) => {
                self.evidence.start = Some(*around);
                step::nearby::look(self)
            }
            Msg::Looked(id, answer) => self.looked(id, *answer),
            Msg::LookedAtCa(id, answer) => {
                let ca = self.evidence.ca_mut(id).map(|ca| ca.answer = Some(answer));
                ca.map(|()| self.arrived()).unwrap_or_default()
            }
            Msg::Searched(id, around) => self.searched(id, *around),
            Msg::Saw(id, observation) => {
                if let Some(survey) = self.survey_mut(id) {
                    note(survey, observation);
                }
                Vec::new()
            }
            Msg::Ended(id) => match self.survey_mut(id) {
                Some(survey) => {
                    survey.ended = true;
                    if self.proving.is_some() { self.proved(id) } else { self.arrived() }
                }
                None => Vec::new(),
            },
            Msg::Began(run, name) => {
                if let Some(current) = self.run.as_mut().filter(|current| current.no == run) {
                    current.name = Some(name);
                }
                Vec::new()
            }
            Msg::Performed(run, index, outcome) => self.performed(run, index, outcome),
            Msg::TookBack(run, index, outcome) => self.took_back(run, index, outcome),
            Msg::Made(run, _, secret) => {
                if self.run.as_ref().is_some_and(|current| current.no == run) {
                    self.made = Some(secret);
                }
                Vec::new()
            }
            Msg::LoggedIn(id, answer) => self.logged_in(id, *answer),
            Msg::Opened(id, answer) => self.opened(id, answer),
            Msg::Saved(answer) => {
                self.saved = Some(answer);
                Vec::new()
            }
        }
    }

    fn person(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Typed { field, text, .. } => {
                self.tried = false;
                self.moved = step::take_apart(&field, &text);
                let field = if self.moved.is_some() { step::token::TOKEN } else { field };
                self.draft.type_in(field, text);
                Vec::new()
            }
            Input::Chose { question, choice } => {
                self.tried = false;
                self.draft.choose(question, choice);
                if self.at == PageId::Review && self.run.is_none() {
                    // The page shows what these answers make of the plan, before anybody agrees to it.
                    step::review::prepare(self);
                }
                Vec::new()
            }
            Input::Submit if self.waiting => Vec::new(),
            Input::Submit => {
                let next = step::submit(self, By::Person);
                self.follow(next)
            }
            Input::Stop => self.stop(),
            Input::Back => self.back(),
            Input::GoTo(step) => self.go_to(step),
            Input::Resumed => self.resumed(),
            Input::Quit => self.quit(),
        }
    }

    fn follow(&mut self, next: Next) -> Vec<Effect> {
        match next {
            Next::Stay => {
                self.tried = true;
                self.waiting = false;
                Vec::new()
            }
            Next::Wait(effects) => {
                self.waiting = true;
                effects
            }
            Next::Go => self.forward(),
            Next::To(page) => self.enter(page),
            Next::Leave(exit) => {
                let keep = match self.at == PageId::Done && !step::done::failed(self) {
                    true => self.keeps().then_some(Effect::KeepWalk(None)),
                    false => self.keep_walk(),
                };
                keep.into_iter().chain([Effect::Leave(exit)]).collect()
            }
            Next::Do(effects) => {
                self.tried = false;
                self.waiting = false;
                effects
            }
        }
    }

    /// On to the next page that has something to ask or to show.
    fn forward(&mut self) -> Vec<Effect> {
        if step::checkup::returns(self) {
            return self.enter(PageId::Checkup);
        }
        let next = step::pages(self).into_iter().find(|page| *page > self.at && !step::skips(self, *page));
        match next {
            Some(page) => self.enter(page),
            None => self.follow(Next::Stay),
        }
    }

    fn enter(&mut self, page: PageId) -> Vec<Effect> {
        self.at = page;
        self.reached = self.reached.max(page);
        self.tried = false;
        self.waiting = false;
        let mut effects = step::enter(self);
        self.waiting = step::awaits(self);
        if !self.waiting && step::checkup::goes_on(self) {
            let next = step::submit(self, By::Person);
            effects.extend(self.follow(next));
        }
        effects
    }

    /// Something that was waited for is there.
    fn arrived(&mut self) -> Vec<Effect> {
        if !self.waiting || step::awaits(self) {
            return Vec::new();
        }
        self.waiting = false;
        if self.login_ended() {
            return self.enter(PageId::Login);
        }
        let next = step::submit(self, By::World);
        self.follow(next)
    }

    fn quit(&mut self) -> Vec<Effect> {
        // The answer of an action in flight is awaited, and no further one begins.
        if self.run.as_ref().is_some_and(Run::in_flight) {
            self.leaving = true;
            return Vec::new();
        }
        let mut effects = self.cancel();
        effects.extend(self.keep_walk());
        effects.push(Effect::Leave(match &self.run {
            Some(_) => step::done::exit(self),
            None if step::checkup::is_over(self) => step::checkup::exit(self),
            None => Exit::Interrupted,
        }));
        effects
    }

    /// What becomes of the answers: a walk whose run did all that it was to is over, another one can be taken up again. Nobody
    /// takes up an unattended one.
    fn keep_walk(&self) -> Option<Effect> {
        let over = self.run.as_ref().is_some_and(Run::is_complete);
        let kept = (!over).then(|| walk::walk(self)).filter(|walk| walk::resume(walk).is_some());
        self.keeps().then_some(Effect::KeepWalk(kept))
    }

    /// Only a walk that sets something up is taken up again, and only by a person.
    pub(crate) fn keeps(&self) -> bool {
        !self.setting.unattended && self.setting.errand == Errand::SetUp && self.setting.mend.is_none()
    }
}
