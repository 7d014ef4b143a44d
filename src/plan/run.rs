//! The progress of an agreed plan, as data: what was done, what is under way, what came of it, and what is taken back.

use crate::plan::action::{Action, Outcome, RunNo};
use crate::plan::{Plan, Planned};

/// A plan that a person agreed to, action by action in its order.
#[derive(Debug)]
pub struct Run {
    pub no: RunNo,
    /// Its name in the journal, once it has one.
    pub name: Option<String>,
    pub steps: Vec<RunStep>,
    /// The action that is under way.
    flight: Option<usize>,
    /// The proof was asked for once more.
    proved_again: bool,
}

/// One action of a run.
#[derive(Debug)]
pub struct RunStep {
    pub planned: Planned,
    /// None while it waits or is under way.
    pub outcome: Option<Outcome>,
    /// What came of taking it back; none where that was not begun.
    pub back: Option<Outcome>,
}

/// What is to be done next.
#[derive(Debug)]
pub enum Next {
    Do(usize, Action),
    TakeBack(usize, Action),
    Over,
}

impl Run {
    pub fn new(no: RunNo, plan: &Plan) -> Self {
        let step = |planned: &Planned| RunStep { planned: planned.clone(), outcome: None, back: None };
        Run { no, name: None, steps: plan.actions.iter().map(step).collect(), flight: None, proved_again: false }
    }

    /// Begins.
    pub fn first(&mut self) -> Next {
        self.forward(0)
    }

    /// Notes what came of an action, and says what is next: after a failure, what is taken back.
    pub fn performed(&mut self, index: usize, outcome: Outcome) -> Next {
        self.flight = None;
        let Some(step) = self.steps.get_mut(index) else { return Next::Over };
        let failed = matches!(outcome, Outcome::NotDone(_) | Outcome::Lost(_));
        step.outcome = Some(outcome);
        if failed && !step.planned.action.is_afterwards() {
            self.backward(self.steps.len())
        } else {
            self.forward(index + 1)
        }
    }

    /// Notes what came of taking an action back. The others are taken back whatever came of this one.
    pub fn took_back(&mut self, index: usize, outcome: Outcome) -> Next {
        self.flight = None;
        if let Some(step) = self.steps.get_mut(index) {
            step.back = Some(outcome);
        }
        self.backward(index)
    }

    /// Stops at the next moment where nothing is half done: what this run made is taken back, as far as that is possible.
    pub fn give_up(&mut self) -> Next {
        self.backward(self.steps.len())
    }

    /// Whoever wants to leave before this action gets it done all the same: the old secret is dead, and what the new one needs to
    /// reach the file is not complete. What comes after the file can be left out.
    pub fn must_do(&self, index: usize) -> bool {
        let is_needed = |step: &RunStep| !step.planned.action.is_afterwards();
        self.is_past_return() && self.steps.get(index).is_some_and(is_needed)
    }

    fn forward(&mut self, index: usize) -> Next {
        match self.steps.get(index) {
            Some(step) => {
                self.flight = Some(index);
                Next::Do(index, step.planned.action.clone())
            }
            None => Next::Over,
        }
    }

    /// The last action before `end` that stands on a host and can be taken back. Nothing is, once something final was done.
    fn backward(&mut self, end: usize) -> Next {
        self.flight = None;
        let stands = |step: &RunStep| step.outcome.as_ref().is_some_and(Outcome::may_stand);
        if self.is_past_return() {
            return Next::Over;
        }
        let back = |step: &RunStep| {
            let can = step.planned.action.change().is_some_and(|change| change.back().is_some());
            can && stands(step) && step.back.is_none()
        };
        match self.steps[..end.min(self.steps.len())].iter().rposition(back) {
            Some(index) => {
                self.flight = Some(index);
                Next::TakeBack(index, self.steps[index].planned.action.clone())
            }
            None => Next::Over,
        }
    }

    /// Something final was done, so that nothing is taken back any more.
    fn is_past_return(&self) -> bool {
        let stands = |step: &RunStep| step.outcome.as_ref().is_some_and(Outcome::may_stand);
        self.steps.iter().any(|step| stands(step) && step.planned.action.is_final())
    }

    /// Whether a proof that failed is to be asked for once more: where nothing would be taken back for it, and only once.
    pub fn prove_again(&mut self) -> bool {
        self.is_past_return() && !std::mem::replace(&mut self.proved_again, true)
    }

    /// An answer is awaited.
    pub fn in_flight(&self) -> bool {
        self.flight.is_some()
    }

    /// The action whose answer is awaited.
    pub fn flight(&self) -> Option<usize> {
        self.flight
    }

    /// An action was not done; those after it were not begun.
    pub fn failed(&self) -> bool {
        let bad = |step: &RunStep| matches!(step.outcome, Some(Outcome::NotDone(_) | Outcome::Lost(_)));
        self.steps.iter().any(|step| bad(step) && !step.planned.action.is_afterwards())
    }

    /// Everything was done that is not merely said where it fails.
    pub fn is_complete(&self) -> bool {
        let done = |step: &RunStep| !matches!(step.outcome, None | Some(Outcome::NotDone(_) | Outcome::Lost(_)));
        self.steps.iter().all(|step| done(step) || step.planned.action.is_afterwards())
    }

    /// What this run made on hosts and could not take back.
    pub fn left(&self) -> impl Iterator<Item = &RunStep> {
        self.steps.iter().filter(|step| matches!(step.back, Some(Outcome::NotDone(_) | Outcome::Lost(_))))
    }
}
