//! Runs effects against the network and the disk, and sends back what happened. There is one loop, here.

pub mod check;
mod desks;
mod making;
mod perform;
mod remember;
mod restore;
mod revert;
mod roots;
pub mod searched;
mod sessions;
mod world;

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::time::Duration;

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, timeout_at};

use crate::client::ssh;
use crate::domain::{ShellAnswer, SshPlace, SshTrouble};
use crate::front::Front;
use crate::plan::action::Outcome;
use crate::wizard::Wizard;
use crate::wizard::message::{Effect, Exit, Input, Msg};
use crate::wizard::step::PageId;

pub use remember::{configs_from_state, forget};
pub use restore::{Restored, restore};
pub use world::{World, record_from_state};

/// How long what is under way may still take for somebody who asked twice for the end.
const INSISTED: Duration = Duration::from_secs(3);

/// How long the first page waits for what lies in the folder.
const FIRST_LOOK: Duration = Duration::from_secs(1);

/// Holds one conversation to its end. `first` is what the wizard asked for when it was made.
pub async fn converse<F: Front>(
    front: &mut F,
    wizard: &mut Wizard,
    first: Vec<Effect>,
    mut world: World,
) -> io::Result<Exit> {
    let (answers, mut told) = mpsc::unbounded_channel();
    world.answer_to(answers.clone());
    world.call_run(&wizard.setting.run_name).await;
    let held = hold(front, wizard, first, &mut world, (&answers, &mut told)).await;
    let Err(error) = &held else {
        world.settle().await;
        return held;
    };
    // Nobody is there any more: what was answered is kept, what is under way comes to its end and is taken back. Who insists on
    // the end gets it, unless a secret would be lost by it; the journal tells what was under way.
    let insisted = error.kind() == io::ErrorKind::Interrupted && !kills_a_secret(wizard);
    let patience = if insisted { INSISTED } else { world.patience() };
    let until = Instant::now() + patience;
    let _ = timeout_at(until, wind_up(wizard, &mut world, &mut told)).await;
    if timeout_at(until.max(Instant::now() + INSISTED), world.settle()).await.is_err() {
        world.abandon();
    }
    held
}

/// A secret died in the run that is under way, or is dying.
fn kills_a_secret(wizard: &Wizard) -> bool {
    wizard.run.as_ref().filter(|run| run.in_flight()).is_some_and(|run| {
        run.steps.iter().enumerate().any(|(at, step)| {
            let stands = step.outcome.as_ref().is_some_and(Outcome::may_stand);
            step.planned.action.is_final() && (stands || run.flight() == Some(at))
        })
    })
}

async fn hold<F: Front>(
    front: &mut F,
    wizard: &mut Wizard,
    first: Vec<Effect>,
    world: &mut World,
    (answers, told): (&UnboundedSender<Msg>, &mut UnboundedReceiver<Msg>),
) -> io::Result<Exit> {
    let mut effects = first;
    let first_page = Instant::now() + FIRST_LOOK;
    loop {
        for effect in effects.drain(..) {
            let effect = match effect {
                // ssh asks on the terminal by itself, and nobody else may use that meanwhile.
                Effect::OpenShell(id, place) if front.can_lend() => {
                    let answer = ask_on_the_terminal(front, &place, world)?;
                    let _ = answers.send(Msg::Opened(id, answer));
                    continue;
                }
                effect => effect,
            };
            if let Some(exit) = world.run(effect) {
                return Ok(exit);
            }
        }
        // Everything that is there already goes in before the page is drawn.
        while let Ok(msg) = told.try_recv() {
            effects.extend(wizard.update(msg));
        }
        // What lies in the folder is news that comes before the first question, unless its disk does not answer.
        if effects.is_empty()
            && wizard.looks_around()
            && let Ok(Some(msg)) = timeout_at(first_page, told.recv()).await
        {
            effects.extend(wizard.update(msg));
            continue;
        }
        if !effects.is_empty() {
            continue;
        }
        front.show(wizard.page())?;
        // What the world said is taken first, so that a person never answers a page that is no longer true.
        let msg = tokio::select! {
            biased;
            Some(msg) = told.recv() => msg,
            input = front.next() => Msg::Person(input?),
        };
        effects = wizard.update(msg);
    }
}

/// Opens a shell with the terminal in the hands of ssh.
fn ask_on_the_terminal<F: Front>(front: &mut F, place: &SshPlace, world: &World) -> io::Result<ShellAnswer> {
    let mut answer = ShellAnswer::Failed(SshTrouble::Stopped);
    front.lend(&mut || {
        let mut out = io::stdout().lock();
        writeln!(out, "ssh {place}: what ssh needs to know it asks here. Ctrl-C gives up.")?;
        out.flush()?;
        answer = ssh::open(place, false, world.options());
        Ok(())
    })?;
    Ok(answer)
}

/// Leaves as somebody would who asks for it, and does what the conversation asks for until it has ended.
async fn wind_up(wizard: &mut Wizard, world: &mut World, told: &mut UnboundedReceiver<Msg>) {
    let mut effects = wizard.update(Msg::Person(Input::Quit));
    loop {
        for effect in effects.drain(..) {
            if world.run(effect).is_some() {
                return;
            }
        }
        match told.recv().await {
            Some(msg) => {
                effects = wizard.update(msg);
                // The last page is shown to nobody.
                if effects.is_empty() && wizard.at() == PageId::Done {
                    effects = wizard.update(Msg::Person(Input::Quit));
                }
            }
            None => return,
        }
    }
}
