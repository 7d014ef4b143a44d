//! The run of an agreed plan: what it asks the world for, step by step, and the proof of the token in its middle.

use crate::domain::Trouble;
use crate::domain::finding::Severity;
use crate::plan::action::{Action, Outcome, RunNo};
use crate::plan::run::Run;
use crate::plan::{self, Plan};
use crate::wizard::Wizard;
use crate::wizard::message::{Effect, Exit, ProbeId};
use crate::wizard::step::{self, PageId};

impl Wizard {
    pub(crate) fn start_run(&mut self, plan: &Plan) -> Vec<Effect> {
        let no = RunNo(self.fresh());
        let mut run = Run::new(no, plan);
        let first = run.first();
        self.places = Some(step::details::places_now(self));
        self.run = Some(run);
        self.run_on(first)
    }

    pub(super) fn performed(&mut self, run: RunNo, index: usize, outcome: Outcome) -> Vec<Effect> {
        let Some(current) = self.run.as_mut().filter(|current| current.no == run) else { return Vec::new() };
        let next = current.performed(index, outcome);
        self.run_on(next)
    }

    pub(super) fn took_back(&mut self, run: RunNo, index: usize, outcome: Outcome) -> Vec<Effect> {
        let Some(current) = self.run.as_mut().filter(|current| current.no == run) else { return Vec::new() };
        let next = current.took_back(index, outcome);
        self.run_on(next)
    }

    /// Asks for what a run does next, or ends it. Whoever wants to leave gets no further action done, and what was made is
    /// taken back first; once a secret has died, the new one is brought into the file before.
    fn run_on(&mut self, next: plan::run::Next) -> Vec<Effect> {
        use plan::run::Next as Step;
        let Some(run) = self.run.as_mut() else { return Vec::new() };
        let next = match next {
            Step::Do(index, _) if self.leaving && !run.must_do(index) => run.give_up(),
            next => next,
        };
        let no = run.no;
        match next {
            Step::Do(index, Action::Edit(edit)) => {
                let edit = match &self.made {
                    Some(secret) => Box::new(edit.with_secret(secret)),
                    None => edit,
                };
                vec![Effect::Perform(no, index, Action::Edit(edit))]
            }
            Step::Do(index, Action::Prove) => self.prove(no, index),
            Step::Do(index, action) => vec![Effect::Perform(no, index, action)],
            Step::TakeBack(index, action) => vec![Effect::TakeBack(no, index, action)],
            // A secret that stands nowhere else is shown first, whoever wants to leave.
            Step::Over if self.leaving && step::made::secret(self).is_empty() => {
                let mut effects = vec![Effect::EndRun(no)];
                effects.extend(self.keep_walk());
                effects.push(Effect::Leave(Exit::Interrupted));
                effects
            }
            Step::Over => {
                self.leaving = false;
                let mut effects = vec![Effect::EndRun(no)];
                effects.extend(self.enter(PageId::Done));
                effects
            }
        }
    }

    /// Signs in with the token that was just made, or granted what it lacked, and asks what the target will need.
    fn prove(&mut self, no: RunNo, index: usize) -> Vec<Effect> {
        if self.made.is_none() {
            self.made = step::token::kept(self);
        }
        let paths = step::details::paths(self);
        let Some(inquiry) = step::token::inquiry(self, paths).filter(|_| self.made.is_some()) else {
            let trouble = Trouble::new("There is no secret to prove the token with.", None);
            return self.performed(no, index, Outcome::NotDone(trouble));
        };
        let effect = self.ask_survey(inquiry);
        if let Effect::Survey(id, _) = &effect {
            self.proving = Some((*id, index));
        }
        vec![effect]
    }

    /// The proof is over: whatever would keep the target from working takes the run back.
    pub(super) fn proved(&mut self, id: ProbeId) -> Vec<Effect> {
        let (Some((_, index)), Some(no)) =
            (self.proving.take_if(|(probe, _)| *probe == id), self.run.as_ref().map(|run| run.no))
        else {
            return Vec::new();
        };
        let signed_in =
            self.evidence.survey.as_ref().is_some_and(|survey| survey.signed_in() && survey.rights().is_some());
        // Whether a token that was to sign in again may do enough is told by the checks that follow; nothing was granted.
        let only_signs_in = step::make::wakes(self);
        let worst = step::verify::findings(self).into_iter().find(|finding| finding.severity == Severity::Error);
        let worst = worst.filter(|_| !(only_signs_in && signed_in));
        let outcome = match worst {
            Some(finding) => Outcome::NotDone(Trouble::new(finding.title, Some(finding.cause)).coded(finding.code)),
            None if !signed_in => Outcome::NotDone(Trouble::new(
                "The new token could not be proved: the host did not tell what it may do.",
                None,
            )),
            None if only_signs_in => Outcome::Done { notes: vec!["it signs in".into()] },
            None => Outcome::Done { notes: vec!["it signs in, and may do what is needed".into()] },
        };
        // The old secret is dead already: a line that was cut once must not keep the new one out of the file.
        let failed = matches!(outcome, Outcome::NotDone(_));
        if failed && self.run.as_mut().is_some_and(plan::run::Run::prove_again) {
            return self.prove(no, index);
        }
        self.performed(no, index, outcome)
    }
}
