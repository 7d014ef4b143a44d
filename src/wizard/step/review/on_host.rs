//! The part of the plan that happens on the host: what is made, in the order that the host accepts, and the same by hand.

use std::sync::Arc;

use crate::domain::visible::{visible, whole};
use crate::domain::{Change, Trouble, pveum};
use crate::plan::Planned;
use crate::plan::action::{Action, FileEdit, HostAction};
use crate::plan::make::{Extent, Making, sentence};
use crate::wizard::Wizard;
use crate::wizard::page::{Block, Command, Tone};
use crate::wizard::step::{access, host, make, token, toned, tool};

/// The changes before the file is written, with the proof of the token behind them.
pub(super) fn before(w: &Wizard, making: &Making, edit: Option<&FileEdit>) -> Result<Vec<Planned>, Trouble> {
    let mut plan = changes(w, making, &making.changes, false)?;
    let heading = heading(w);
    plan.push(Planned {
        action: Action::Prove,
        heading: heading.clone(),
        sentence: if tool::token_only(w) || make::wakes(w) {
            "prove that the token signs in".into()
        } else {
            format!("prove that the token can do what {} does", tool::title(w))
        },
    });
    // A secret that dies here is only given up once the file is known to take its successor.
    if let (Some(at), Some(edit)) = (plan.iter().position(|planned| planned.action.is_final()), edit) {
        let rehearse = Planned {
            action: Action::Rehearse(Box::new(edit.clone())),
            heading,
            sentence: "try that the file can be written, before the old secret dies".into(),
        };
        plan.insert(at, rehearse);
    }
    Ok(plan)
}

/// The changes after it.
pub(super) fn afterwards(w: &Wizard, making: &Making) -> Result<Vec<Planned>, Trouble> {
    changes(w, making, &making.afterwards, true)
}

/// Where it happens, and as whom.
pub fn heading(w: &Wizard) -> String {
    let place = host::endpoint(w).map(|endpoint| visible(&endpoint.to_string())).unwrap_or_default();
    if access::over_ssh(w) {
        return format!("On {place}, as root over ssh");
    }
    let who = make::signer(w).map(|user| visible(&user.to_string())).unwrap_or_default();
    format!("On {place}, signed in as {who}")
}

fn changes(w: &Wizard, making: &Making, changes: &[Change], afterwards: bool) -> Result<Vec<Planned>, Trouble> {
    let nobody =
        || Trouble::new("Nobody is signed in to make the token.", Some("Go back to Access and sign in.".to_owned()));
    let by = Arc::new(token::credential(w).filter(|by| by.is_for_this_run()).ok_or_else(nobody)?);
    let at = host::at(w).ok_or_else(nobody)?;
    let planned = |change: &Change| Planned {
        action: Action::Host(Box::new(HostAction {
            at: at.clone(),
            by: Arc::clone(&by),
            change: change.clone(),
            gives: match change {
                Change::Grant { role, .. } => making.roles.get(role).cloned(),
                _ => None,
            },
            afterwards,
        })),
        heading: heading(w),
        sentence: whole(&sentence(change)),
    };
    Ok(changes.iter().map(planned).collect())
}

/// What is to be said of it besides the changes. Verify says it too, and unattended this page alone is told.
pub(super) fn remarks(making: &Making) -> Vec<Block> {
    let tone = if making.extent == Extent::Whole { Tone::Warning } else { Tone::Quiet };
    making.remarks.iter().map(|remark| toned(tone, whole(remark))).collect()
}

/// The same as commands, for whoever wants to see or run them.
pub(super) fn by_hand(making: &Making) -> Option<Command> {
    let all = making.changes.iter().chain(&making.afterwards);
    let commands: Result<Vec<String>, _> = all.map(pveum::command).collect();
    let text = commands.ok().filter(|commands| !commands.is_empty())?.join("\n");
    Some(Command { about: "The same by hand, in root's shell on the host".into(), text })
}
