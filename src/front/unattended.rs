//! The same conversation with nobody there: each question is answered by its id, and what stays open ends it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::domain::finding::Step;
use crate::domain::{Finding, Id, Severity, Text};
use crate::front::{Front, is_another};
use crate::wizard::message::Input;
use crate::wizard::page::{Block, FieldError, Page};

/// How often one page is submitted before the conversation counts as going in circles.
const ROUNDS: usize = 3;

/// Answers by the id of their question.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    pub by_id: BTreeMap<String, AnswerValue>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerValue {
    /// For a field.
    Text(Text),
    /// The id of an option or item, or its title.
    Choice(String),
}

/// Why the conversation could not go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Stopped {
    #[error("“{label}” ({id}, at {}) has no answer, and nobody is there to give one", step.word())]
    Unanswered { id: Id, label: String, step: Step },
    #[error("“{given}” is not among what {id} ({label}, at {}) offers", step.word())]
    NotOffered { id: Id, label: String, step: Step, given: String, offered: Vec<String> },
    /// The page came back with what is wrong on it.
    #[error("{} could not be passed: {}", step.word(), reasons(errors, findings))]
    Refused { step: Step, errors: Vec<(Id, FieldError)>, findings: Vec<Finding> },
}

fn reasons(errors: &[(Id, FieldError)], findings: &[Finding]) -> String {
    let errors = errors.iter().map(|(_, error)| error.what.as_str());
    let all: Vec<&str> = errors.chain(findings.iter().map(|finding| finding.title.as_str())).collect();
    if all.is_empty() { "the same page came again".to_owned() } else { all.join("; ") }
}

/// Answers pages from [`Answers`]. It prints nothing; every shown page is given to `sink`.
pub struct Unattended<S> {
    answers: Answers,
    sink: S,
    page: Option<Page>,
    /// Questions of this page that were answered already.
    sent: BTreeSet<Id>,
    submitted: bool,
    rounds: BTreeMap<(Step, String), usize>,
    stopped: Option<Stopped>,
    ends: Option<[Signal; 3]>,
    /// A signal has come already.
    ending: bool,
}

impl<S: FnMut(&Page)> Unattended<S> {
    pub fn new(answers: Answers, sink: S) -> Self {
        Unattended {
            answers,
            sink,
            page: None,
            sent: BTreeSet::new(),
            submitted: false,
            rounds: BTreeMap::new(),
            stopped: None,
            ends: None,
            ending: false,
        }
    }

    /// Why it quit, where it did not reach the end.
    pub fn stopped(&self) -> Option<&Stopped> {
        self.stopped.as_ref()
    }

    /// What is to be said now; nothing while something is under way.
    fn turn(&mut self) -> Option<Input> {
        let page = self.page.as_ref()?;
        if page.busy.is_some() {
            return None;
        }
        if page.last || self.stopped.is_some() {
            return Some(Input::Quit);
        }
        let said = self.answer(page);
        Some(match said {
            Ok(Some(input)) => {
                if let Input::Typed { field: id, .. } | Input::Chose { question: id, .. } = &input {
                    self.sent.insert(id.clone());
                }
                // With this answer the page is another one, and may be passed now.
                self.submitted = false;
                input
            }
            Ok(None) => {
                self.submitted = true;
                *self.rounds.entry((page.step, page.title.clone())).or_default() += 1;
                Input::Submit
            }
            Err(stopped) => {
                self.stopped = Some(stopped);
                Input::Quit
            }
        })
    }

    /// The next answer for this page; nothing when all are given.
    fn answer(&self, page: &Page) -> Result<Option<Input>, Stopped> {
        let rounds = self.rounds.get(&(page.step, page.title.clone())).copied().unwrap_or(0);
        if self.submitted || rounds >= ROUNDS {
            let errors: Vec<(Id, FieldError)> = errors(page);
            // A question that appeared with the answers so far is answered first.
            let fresh =
                page.questions().any(|id| !self.sent.contains(id) && self.answers.by_id.contains_key(id.as_str()));
            if rounds >= ROUNDS || !fresh {
                let unanswered_here = |id: &Id| !self.answers.by_id.contains_key(id.as_str()) && is_blank(page, id);
                if let Some(open) = errors.iter().find(|(id, _)| unanswered_here(id)) {
                    return Err(unanswered(page, &open.0));
                }
                return Err(Stopped::Refused { step: page.step, errors, findings: findings(page) });
            }
        }
        for block in &page.blocks {
            let (id, options, settled): (&Id, Vec<(&Id, &String)>, bool) = match block {
                Block::Field(field) => match self.given(&field.id) {
                    Some(AnswerValue::Text(text)) => {
                        let pasted = text.as_str().contains('\n');
                        return Ok(Some(Input::Typed { field: field.id.clone(), text: text.clone(), pasted }));
                    }
                    Some(AnswerValue::Choice(text)) => {
                        let text = Text::new(text.as_str());
                        return Ok(Some(Input::Typed { field: field.id.clone(), text, pasted: false }));
                    }
                    None => continue,
                },
                Block::Choice(choice) => {
                    let options = choice.options.iter().map(|option| (&option.id, &option.title)).collect();
                    (&choice.id, options, choice.chosen.is_some())
                }
                Block::Pick(pick) => {
                    let items = pick.items.iter().map(|item| (&item.id, &item.title)).collect();
                    (&pick.id, items, pick.chosen.is_some() || pick.optional)
                }
                _ => continue,
            };
            let given = match self.given(id) {
                Some(AnswerValue::Choice(given)) => given.as_str(),
                Some(AnswerValue::Text(text)) => text.as_str(),
                None if settled || self.sent.contains(id) => continue,
                None => return Err(unanswered(page, id)),
            };
            let by_id = options.iter().find(|(option, _)| *option == given);
            let by_title = || options.iter().find(|(_, title)| title.eq_ignore_ascii_case(given));
            let later =
                matches!(block, Block::Pick(pick) if pick.optional && crate::wizard::page::Pick::LATER == given);
            let choice = match by_id.or_else(by_title) {
                Some((choice, _)) => (*choice).clone(),
                None if later => crate::wizard::page::Pick::LATER,
                None => {
                    return Err(Stopped::NotOffered {
                        id: id.clone(),
                        label: label(page, id),
                        step: page.step,
                        given: given.to_owned(),
                        offered: options.iter().map(|(option, _)| option.to_string()).collect(),
                    });
                }
            };
            return Ok(Some(Input::Chose { question: id.clone(), choice }));
        }
        Ok(None)
    }

    /// The answer to a question that has not been sent yet.
    fn given(&self, id: &Id) -> Option<&AnswerValue> {
        self.answers.by_id.get(id.as_str()).filter(|_| !self.sent.contains(id))
    }
}

fn unanswered(page: &Page, id: &Id) -> Stopped {
    Stopped::Unanswered { id: id.clone(), label: label(page, id), step: page.step }
}

fn label(page: &Page, id: &Id) -> String {
    let label = page.blocks.iter().find_map(|block| match block {
        Block::Field(field) if field.id == *id => Some(&field.label),
        Block::Choice(choice) if choice.id == *id => Some(&choice.label),
        Block::Pick(pick) if pick.id == *id => Some(&pick.label),
        _ => None,
    });
    label.filter(|label| !label.is_empty()).unwrap_or(&page.title).clone()
}

/// Whether a question stands there without any answer, given or preset.
fn is_blank(page: &Page, id: &Id) -> bool {
    page.blocks.iter().any(|block| match block {
        Block::Field(field) => field.id == *id && field.value.is_blank(),
        Block::Choice(choice) => choice.id == *id && choice.chosen.is_none(),
        Block::Pick(pick) => pick.id == *id && pick.chosen.is_none(),
        _ => false,
    })
}

fn errors(page: &Page) -> Vec<(Id, FieldError)> {
    let of = |block: &Block| match block {
        Block::Field(field) => Some((field.id.clone(), field.error.clone()?)),
        Block::Choice(choice) => Some((choice.id.clone(), choice.error.clone()?)),
        Block::Pick(pick) => Some((pick.id.clone(), pick.error.clone()?)),
        _ => None,
    };
    page.blocks.iter().filter_map(of).collect()
}

fn findings(page: &Page) -> Vec<Finding> {
    let of = |block: &Block| match block {
        Block::Findings(findings) => findings.iter().filter(|one| one.severity == Severity::Error).cloned().collect(),
        _ => Vec::new(),
    };
    page.blocks.iter().flat_map(of).collect()
}

impl<S: FnMut(&Page)> Front for Unattended<S> {
    fn show(&mut self, page: Page) -> io::Result<()> {
        let anew = self.page.as_ref().is_none_or(|before| is_another(before, &page));
        if anew {
            self.sent.clear();
            self.submitted = false;
        }
        (self.sink)(&page);
        self.page = Some(page);
        Ok(())
    }

    async fn next(&mut self) -> io::Result<Input> {
        if let Some(input) = self.turn() {
            return Ok(input);
        }
        if self.ends.is_none() {
            self.ends = Some([
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            ]);
        }
        if let Some([int, term, hup]) = &mut self.ends {
            tokio::select! { _ = int.recv() => {}, _ = term.recv() => {}, _ = hup.recv() => {} }
        }
        // The second signal ends at once.
        if std::mem::replace(&mut self.ending, true) { Err(io::ErrorKind::Interrupted.into()) } else { Ok(Input::Quit) }
    }

    fn lend(&mut self, work: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
        work()
    }

    fn end(&mut self, _summary: &[String]) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Code;
    use crate::wizard::page::{Answer, Choice, Field};

    fn page(blocks: Vec<Block>) -> Page {
        Page {
            step: Step::Host,
            road: vec![],
            banner: None,
            title: "Where?".into(),
            blocks,
            submit: "next",
            back: false,
            busy: None,
            last: false,
            settling: vec![],
            focus: None,
            help: vec![],
        }
    }

    fn field(error: Option<&str>) -> Block {
        Block::Field(Field {
            id: "host".into(),
            label: "Address".into(),
            value: Text::default(),
            placeholder: String::new(),
            secret: false,
            multiline: false,
            note: None,
            error: error.map(|what| FieldError { what: what.into(), hint: None }),
        })
    }

    fn choice() -> Block {
        let answer = |id, title: &str| Answer { id, title: title.into(), about: vec![], risky: false };
        Block::Choice(Choice {
            id: "trust".into(),
            label: "Trust".into(),
            options: vec![answer("same".into(), "It is the same"), answer("stop".into(), "Stop")],
            chosen: None,
            error: None,
        })
    }

    fn front(answers: &[(&str, AnswerValue)]) -> Unattended<impl FnMut(&Page) + use<>> {
        let by_id = answers.iter().map(|(id, value)| ((*id).to_owned(), value.clone())).collect();
        Unattended::new(Answers { by_id }, |_: &Page| {})
    }

    fn text(text: &str) -> AnswerValue {
        AnswerValue::Text(text.into())
    }

    #[test]
    fn each_question_is_answered_once_and_then_submitted() {
        let mut front = front(&[("host", text("pve.lan")), ("trust", AnswerValue::Choice("It is the SAME".into()))]);
        front.show(page(vec![field(None), choice()])).unwrap();
        assert_eq!(front.turn(), Some(Input::Typed { field: "host".into(), text: "pve.lan".into(), pasted: false }));
        assert_eq!(front.turn(), Some(Input::Chose { question: "trust".into(), choice: "same".into() }));
        assert_eq!(front.turn(), Some(Input::Submit));
    }

    #[test]
    fn a_choice_without_answer_ends_with_its_name() {
        let mut front = front(&[]);
        front.show(page(vec![choice()])).unwrap();
        assert_eq!(front.turn(), Some(Input::Quit));
        let open = Stopped::Unanswered { id: "trust".into(), label: "Trust".into(), step: Step::Host };
        assert_eq!(front.stopped(), Some(&open));
    }

    #[test]
    fn a_field_that_is_refused_without_an_answer_is_unanswered_and_with_one_refused() {
        for (answers, unanswered) in [(vec![], true), (vec![("host", text("x"))], false)] {
            let mut front = front(&answers);
            front.show(page(vec![field(None)])).unwrap();
            while front.turn() != Some(Input::Submit) {}
            front.show(page(vec![field(Some("An address is missing."))])).unwrap();
            assert_eq!(front.turn(), Some(Input::Quit));
            assert_eq!(matches!(front.stopped(), Some(Stopped::Unanswered { .. })), unanswered);
        }
    }

    #[test]
    fn error_findings_on_the_page_that_came_back_are_kept() {
        let mut front = front(&[("host", text("x"))]);
        front.show(page(vec![field(None)])).unwrap();
        while front.turn() != Some(Input::Submit) {}
        let finding = Finding::new(Code("host.refused"), Severity::Error, Step::Host, "Nothing answers.", "");
        front.show(page(vec![field(None), Block::Findings(vec![finding.clone()])])).unwrap();
        assert_eq!(front.turn(), Some(Input::Quit));
        let Some(Stopped::Refused { findings, .. }) = front.stopped() else { panic!("{:?}", front.stopped()) };
        assert_eq!(findings, &[finding]);
    }

    #[test]
    fn what_is_not_offered_is_quoted() {
        let mut front = front(&[("trust", AnswerValue::Choice("yes".into()))]);
        front.show(page(vec![choice()])).unwrap();
        assert_eq!(front.turn(), Some(Input::Quit));
        assert_eq!(front.stopped().unwrap().to_string(), "“yes” is not among what trust (Trust, at Host) offers");
    }

    #[test]
    fn while_something_is_under_way_nothing_is_said() {
        let mut front = front(&[]);
        front.show(Page { busy: Some("asking".into()), ..page(vec![choice()]) }).unwrap();
        assert_eq!(front.turn(), None);
    }

    #[test]
    fn an_answer_does_not_show_in_debug_output() {
        assert!(!format!("{:?}", text("hunter2")).contains("hunter2"));
    }
}
