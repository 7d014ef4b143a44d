//! How far an agreed plan is: what was done, what is under way, and what is taken back after a failure.

use crate::plan::action::Outcome;
use crate::plan::run::RunStep;
use crate::wizard::Wizard;
use crate::wizard::page::{LinkState, PlanGroup, PlanLine};

/// What was done and is under way.
pub fn progress(w: &Wizard) -> Vec<PlanGroup> {
    let mut groups: Vec<PlanGroup> = Vec::new();
    let flight = w.run.as_ref().and_then(|run| run.flight());
    for (index, step) in w.run.iter().flat_map(|run| &run.steps).enumerate() {
        let (state, outcome) = state(step, flight == Some(index));
        let line = PlanLine { sentence: step.planned.sentence.clone(), state, outcome };
        match groups.last_mut().filter(|group| group.heading == step.planned.heading) {
            Some(group) => group.actions.push(line),
            None => groups.push(PlanGroup { heading: step.planned.heading.clone(), actions: vec![line] }),
        }
    }
    groups
}

fn state(step: &RunStep, in_flight: bool) -> (LinkState, Option<String>) {
    if in_flight {
        return (LinkState::Running, step.outcome.as_ref().map(|_| "is being taken back".to_owned()));
    }
    if let Some(back) = &step.back {
        return match back {
            Outcome::Done { .. } | Outcome::Unsafe(_) => (LinkState::Warning, Some("taken back".into())),
            Outcome::Skipped(trouble) => (LinkState::Warning, Some(trouble.what.clone())),
            Outcome::NotDone(trouble) | Outcome::Lost(trouble) => {
                (LinkState::Broken, Some(format!("not taken back: {}", trouble.what)))
            }
        };
    }
    match &step.outcome {
        Some(Outcome::Done { notes }) => (LinkState::Good, notes.first().cloned()),
        Some(Outcome::NotDone(trouble) | Outcome::Lost(trouble)) => (LinkState::Broken, Some(trouble.what.clone())),
        Some(Outcome::Unsafe(trouble) | Outcome::Skipped(trouble)) => (LinkState::Warning, Some(trouble.what.clone())),
        None => (LinkState::Waiting, None),
    }
}
