//! A conversation with nobody there: what is not answered ends it, and is said.

use std::io;

use crate::command::{Ended, complain};
use crate::front::unattended::{Answers, Stopped, Unattended};
use crate::front::{summary, words};
use crate::report;
use crate::runtime::{World, converse};
use crate::wizard::draft::Draft;
use crate::wizard::message::Exit;
use crate::wizard::page::{Block, Page, Paragraph, Tone};
use crate::wizard::step::{PageId, made};
use crate::wizard::{Setting, Wizard};

/// A conversation that is over.
pub struct Held {
    pub wizard: Wizard,
    pub exit: io::Result<Exit>,
    /// Why it went no further, where it did not reach its end.
    pub stopped: Option<Stopped>,
    pub last: Option<Page>,
}

/// Holds it to its end, or to the question that has no answer. None where this machine gives no clock and network for it.
pub fn hold(mut setting: Setting, draft: Draft, answers: Answers, world: World) -> Option<Held> {
    setting.unattended = true;
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        complain("labwizard could not start its clock and network.", None);
        return None;
    };
    let (mut wizard, first) = Wizard::new(setting, draft);
    let mut last = None;
    let (exit, stopped) = runtime.block_on(async {
        let mut front = Unattended::new(answers, |page: &Page| last = Some(page.clone()));
        let exit = converse(&mut front, &mut wizard, first, world).await;
        (exit, front.stopped().cloned())
    });
    // Whoever insisted on the end does not wait for what is under way.
    runtime.shutdown_background();
    Some(Held { wizard, exit, stopped, last })
}

impl Held {
    /// How it ended, where it came to its end.
    pub fn ended(&self) -> Ended {
        match (&self.stopped, &self.exit) {
            (Some(Stopped::Unanswered { .. } | Stopped::NotOffered { .. }), _) => Ended::Usage,
            (None, Err(error)) if error.kind() == io::ErrorKind::Interrupted => Ended::Interrupted,
            (Some(Stopped::Refused { .. }), _) | (None, Err(_)) => Ended::Badly,
            // Unattended the last page ends the conversation by quitting.
            (None, Ok(Exit::Interrupted)) if self.wizard.at() == PageId::Done => Ended::Well,
            (None, Ok(exit)) => (*exit).into(),
        }
    }

    /// Says what came of it: the last page, or why it stopped before.
    pub fn say(&self, hint: impl Fn(&Stopped) -> Option<&'static str>) {
        match (&self.stopped, &self.last) {
            (None, Some(page)) => {
                let page = broken_off(&self.wizard, page).unwrap_or_else(|| page.clone());
                summary(&page).iter().for_each(|line| println!("{line}"));
            }
            (Some(stopped), _) => {
                complain(&format!("{}.", stopped.to_string().trim_end_matches('.')), hint(stopped));
                for finding in report::findings(&self.wizard) {
                    words::finding(&finding).iter().for_each(|line| eprintln!("{line}"));
                }
            }
            (None, None) => {}
        }
    }
}

/// The last page of a run that was ended before its end: what is left of it, which no page after it told.
fn broken_off(w: &Wizard, last: &Page) -> Option<Page> {
    let run = w.run.as_ref().filter(|_| w.at() != PageId::Done)?;
    let flight = run.flight().and_then(|at| run.steps.get(at)).filter(|step| step.planned.action.change().is_some());
    let under_way = flight.map(|step| {
        let undo = format!("labwizard undo {}", run.name.as_deref().unwrap_or_default());
        let text = format!(
            "It was ended in the middle of this, which may be done or not: {}.\n{} looks, and takes it back.",
            step.planned.sentence,
            undo.trim_end()
        );
        Block::Text(Paragraph { text, tone: Tone::Warning })
    });
    let mut blocks = last.blocks.clone();
    match under_way {
        Some(block) => {
            blocks.push(block);
            if made::something_stands(w) {
                blocks.extend(made::after_failure(w));
            }
        }
        None => blocks.extend(made::after_failure(w)),
    }
    Some(Page { title: "It was ended before its end.".into(), busy: None, blocks, ..last.clone() })
}
