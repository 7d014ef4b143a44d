//! Moving about in the conversation: back, to an earlier step, and what becomes of what was under way.

use crate::domain::finding::Step;
use crate::wizard::Wizard;
use crate::wizard::message::Effect;
use crate::wizard::step::{self, By, PageId};

impl Wizard {
    pub(super) fn back(&mut self) -> Vec<Effect> {
        if self.run.is_some() {
            return Vec::new();
        }
        let before = step::pages(self).into_iter().rfind(|page| *page < self.at && !step::skips(self, *page));
        match before {
            Some(page) => {
                let mut effects = self.cancel();
                self.at = page;
                self.tried = false;
                self.waiting = false;
                effects.retain(|effect| matches!(effect, Effect::Cancel(_) | Effect::Drop(_)));
                effects
            }
            None => Vec::new(),
        }
    }

    pub(super) fn go_to(&mut self, step: Step) -> Vec<Effect> {
        let page = step::pages(self).into_iter().find(|page| page.step() == step && *page < self.at);
        match page {
            Some(page) if self.run.is_none() => {
                let effects = self.cancel();
                self.at = page;
                self.tried = false;
                self.waiting = false;
                effects
            }
            _ => Vec::new(),
        }
    }

    /// Esc while something is under way: what was seen so far counts as nothing.
    pub(super) fn stop(&mut self) -> Vec<Effect> {
        // What a run does comes to its end.
        if self.run.is_some() {
            return Vec::new();
        }
        let effects = self.cancel();
        self.waiting = false;
        effects
    }

    pub(super) fn cancel(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        // What was seen on half of the road is no evidence: of a list that did not come nobody can say that it is empty.
        for survey in [&mut self.evidence.look, &mut self.evidence.survey] {
            if let Some(stopped) = survey.take_if(|survey| !survey.ended) {
                effects.push(Effect::Cancel(stopped.id));
            }
        }
        if let Some(checkup) = self.evidence.checkup.take_if(|checkup| checkup.is_awaited()) {
            effects.extend(checkup.surveys().filter(|survey| !survey.ended).map(|survey| Effect::Cancel(survey.id)));
        }
        effects.extend(self.drop_attempt());
        effects
    }

    pub(super) fn resumed(&mut self) -> Vec<Effect> {
        // What only reads starts again. A login is sent once for each time that a person asks for it.
        let reads = match self.at {
            PageId::Checkup | PageId::Host | PageId::Trust => true,
            PageId::Login | PageId::Code | PageId::Make => !self.session.in_flight(),
            PageId::Token | PageId::Verify => !step::access::by_password(self),
            _ => false,
        };
        if !self.waiting || !reads {
            return Vec::new();
        }
        let mut effects = self.cancel();
        self.waiting = false;
        let next = step::submit(self, By::Person);
        effects.extend(self.follow(next));
        effects
    }
}
