//! The progress of an agreed plan, as data: what was done, what is under way, and what came of it.

use crate::plan::action::{Action, Outcome, RunNo};
use crate::plan::{Plan, Planned};

/// A plan that a person agreed to, action by action in its order.
#[derive(Debug)]
pub struct Run {
    pub no: RunNo,
    /// Its name in the journal, once it has one.
    pub name: Option<String>,
    pub steps: Vec<RunStep>,
}

/// One action of a run.
#[derive(Debug)]
pub struct RunStep {
    pub planned: Planned,
    /// None while it waits or is under way.
    pub outcome: Option<Outcome>,
}

impl Run {
    pub fn new(no: RunNo, plan: &Plan) -> Self {
        let steps = plan.actions.iter().map(|planned| RunStep { planned: planned.clone(), outcome: None }).collect();
        Run { no, name: None, steps }
    }

    pub fn first(&self) -> Option<Action> {
        self.steps.first().map(|step| step.planned.action.clone())
    }

    /// Notes what came of an action; gives the next one, or none where the run is over: at the end, and after a failure.
    pub fn performed(&mut self, index: usize, outcome: Outcome) -> Option<Action> {
        let step = self.steps.get_mut(index)?;
        let failed = matches!(outcome, Outcome::NotDone(_));
        step.outcome = Some(outcome);
        if failed { None } else { self.steps.get(index + 1).map(|step| step.planned.action.clone()) }
    }

    /// An answer is awaited.
    pub fn in_flight(&self) -> bool {
        !self.failed() && self.steps.iter().any(|step| step.outcome.is_none())
    }

    /// An action was not done; those after it were not begun.
    pub fn failed(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.outcome, Some(Outcome::NotDone(_))))
    }
}
