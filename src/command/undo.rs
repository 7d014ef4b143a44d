//! Takes back what a run did: what it wrote into files here, and what it made on hosts in a conversation that signs in there.

use std::io::{self, IsTerminal, Write};

use crate::cli::{Looks, Undo};
use crate::command::place::Place;
use crate::command::{Ended, apply, complain, unattended, wizard};
use crate::disk::{Caller, DiskError, FileState, RunId, RunRecord, State};
use crate::domain::{Change, ChangeSeen, ChangeState, RunFile, RunSeen, Text, pveum, time, visible, whole};
use crate::front::unattended::Answers;
use crate::plan::make::sentence;
use crate::runtime::{Restored, forget, restore};
use crate::wizard::draft::Draft;
use crate::wizard::errand::Errand;
use crate::wizard::step::{host, take_back};

pub fn run(looks: Looks, undo: &Undo) -> Ended {
    let Some(place) = Place::own_or_said() else { return Ended::Badly };
    let (state, caller) = (&place.state, &place.caller);
    let runs = match state.runs() {
        Ok(runs) => runs,
        Err(error) => return refused(&error),
    };
    if undo.list {
        list(&runs);
        return Ended::Well;
    }
    let wanted = match &undo.run {
        Some(name) => match RunId::parse(name) {
            Some(id) => runs.iter().find(|run| run.id == id),
            None => None,
        },
        // The latest comes first.
        None => runs.iter().find(|run| run.can_be_undone() && is_walk(run) && !is_back(run)),
    };
    let Some(record) = wanted else {
        match &undo.run {
            Some(name) => complain(&format!("There is no run “{name}”."), Some("labwizard undo --list shows them.")),
            None => complain("There is nothing to take back.", None),
        }
        return Ended::Usage;
    };
    let seen = record.seen();
    if undo.forget {
        if seen.left().chain(seen.stays()).next().is_some() {
            println!("This may still stand on hosts, and nobody will remember it:");
            tell(seen.left().chain(seen.stays()));
        }
        tell_mending(&seen);
        return match state.forget(&record.id) {
            Ok(()) => {
                println!("What was kept of {} is deleted.", record.id.as_str());
                Ended::Well
            }
            Err(error) => refused(&error),
        };
    }
    if record.can_be_undone() && seen.dead().next().is_some() {
        tell_kept(&seen);
    }
    if seen.left().next().is_none() || !record.can_be_undone() {
        return match agreed(undo, &seen) {
            Ok(()) => take_back(state, caller, record, &seen),
            Err(ended) => ended,
        };
    }
    if let Some(later) = runs.iter().find(|run| run.is_later_than(record) && builds_on(&run.seen(), &seen)) {
        complain(
            &format!("The run {} came later and builds on what {} made.", later.id.as_str(), seen.name),
            Some(&format!("Take that one back first: labwizard undo {}", later.id.as_str())),
        );
        return Ended::Usage;
    }
    if undo.answers.is_none() && !io::stdin().is_terminal() && !looks.plain {
        complain(
            &format!("What {} made on hosts is taken back by signing in there, and nobody is here to.", seen.name),
            Some("With a login in a file of answers: labwizard undo RUN --answers FILE --yes"),
        );
        println!("This may still stand:");
        tell(seen.left());
        return Ended::Usage;
    }
    sign_in(looks, undo, &place, seen)
}

/// Shows what goes back, and asks where somebody is there. Whoever names a run with nobody there means that one.
fn agreed(undo: &Undo, seen: &RunSeen) -> Result<(), Ended> {
    let files: Vec<_> = seen.files_left().collect();
    if undo.yes || files.is_empty() {
        return Ok(());
    }
    println!("The run {} of {} wrote, and this is put back to what it was:", seen.name, time::date_and_time(seen.when));
    files.iter().for_each(|file| println!("    {}", visible(&file.path.display().to_string())));
    if !io::stdin().is_terminal() {
        if undo.run.is_some() {
            return Ok(());
        }
        complain(
            "Nobody is here to agree, and no run was named.",
            Some(&format!("labwizard undo {} --yes", seen.name)),
        );
        return Err(Ended::Usage);
    }
    let mut answer = String::new();
    let asked = write!(io::stdout(), "Take it back? [y/N] ").and_then(|()| io::stdout().flush());
    let heard = asked.and_then(|()| io::stdin().read_line(&mut answer));
    if heard.is_ok() && ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()) {
        return Ok(());
    }
    println!("It is left as it is.");
    Err(Ended::Well)
}

/// A later run wrote the same file, or made a token of the same user at the same host, and that still stands.
fn builds_on(later: &RunSeen, earlier: &RunSeen) -> bool {
    let file = |one: &RunFile| one.stands && earlier.files.iter().any(|other| other.stands && other.path == one.path);
    let owner = |seen: &ChangeSeen| match &seen.change {
        Change::MakeToken(made) => Some((seen.endpoint.clone(), made.id.user.clone())),
        Change::MakeUser { user, .. } => Some((seen.endpoint.clone(), user.clone())),
        _ => None,
    };
    let owners: Vec<_> = earlier.left().filter_map(owner).collect();
    let token = |seen: &ChangeSeen| {
        matches!(seen.change, Change::MakeToken(_)) && owner(seen).is_some_and(|owner| owners.contains(&owner))
    };
    later.left().any(token) || (later.left().next().is_some() && later.files.iter().any(file))
}

/// Takes back what stands on hosts, in a conversation that signs in there.
fn sign_in(looks: Looks, undo: &Undo, place: &Place, seen: RunSeen) -> Ended {
    let draft = undo.answers.as_deref().map_or(Ok(Draft::default()), |path| apply::draft(path, &place.library));
    let mut draft = match draft {
        Ok(draft) => draft,
        Err(trouble) => {
            complain(&trouble.what, trouble.hint.as_deref());
            return Ended::Usage;
        }
    };
    if let Some(made) = seen.left().next() {
        draft.type_in(host::HOST, Text::new(made.endpoint.to_string()));
    }
    if undo.yes {
        draft.choose(take_back::TAKE_BACK, take_back::DO);
    }
    let mut setting = place.setting();
    setting.errand = Errand::TakeBack(Box::new(seen));
    if undo.answers.is_none() {
        return wizard::hold(looks, setting, draft, place.world());
    }
    let held = unattended::hold(setting, draft, Answers::default(), place.world());
    held.map_or(Ended::Badly, |held| {
        held.say(apply::hint);
        held.ended()
    })
}

/// What may still stand on hosts, in the order in which it is taken back, each with its command.
fn tell<'s>(changes: impl Iterator<Item = &'s ChangeSeen>) {
    let mut left: Vec<&ChangeSeen> = changes.collect();
    left.reverse();
    for one in left {
        println!("    {}: {}", one.endpoint, whole(&sentence(&one.change)));
        if let Some(Ok(command)) = one.change.back().as_ref().map(pveum::command) {
            println!("        taken back by: {}", whole(&command));
        }
    }
}

/// Why a run that killed a secret is not taken back, or not whole, with what is left alone.
fn tell_kept(seen: &RunSeen) {
    let dead: Vec<String> = seen.dead().map(|id| visible(&id.to_string())).collect();
    let dead = dead.join(", ");
    if !seen.has_replaced() {
        println!("{} removed {dead}, and nothing brings its secret back.", seen.name);
        return tell_mending(seen);
    }
    println!(
        "{} replaced a secret: the old one of {dead} is dead, or may be, and nothing brings it back.\n\
         What took its place is left alone, since without it the file would hold a secret that opens nothing:",
        seen.name
    );
    tell(seen.stays());
    let shown: Vec<_> = seen.files_left().collect();
    for file in seen.files.iter().filter(|file| file.stands && !shown.contains(file)) {
        println!("    {}", visible(&file.path.display().to_string()));
    }
    tell_mending(seen);
}

/// The commands that give a token a new secret whose old one is dead, where nothing took its place.
fn tell_mending(seen: &RunSeen) {
    let commands = seen.mending();
    if !commands.is_empty() {
        println!("No file holds a secret that lives. Run labwizard again, or make one in root's shell on the host:");
        commands.iter().for_each(|command| println!("        {}", whole(command)));
    }
}

fn refused(error: &DiskError) -> Ended {
    complain(&error.sentence(), Some(&error.hint()));
    Ended::Badly
}

/// The run performed a plan; saving answers and taking back are runs too, and are taken back by name alone.
fn is_walk(run: &RunRecord) -> bool {
    !run.actions.is_empty()
}

/// Everything that the run wrote and made is back already.
fn is_back(run: &RunRecord) -> bool {
    let back = |state: FileState| matches!(state, FileState::TakenBack | FileState::Dropped);
    run.files.iter().all(|file| back(file.state)) && !run.may_stand_on_hosts()
}

/// How a run stands, in a few words.
fn how_it_stands(run: &RunRecord, seen: &RunSeen) -> &'static str {
    if !run.can_be_undone() {
        "not to be taken back"
    } else if seen.has_replaced() {
        "replaced a secret; not taken back"
    } else if seen.dead().next().is_some() {
        "removed a token; not taken back"
    } else if is_back(run) {
        "taken back"
    } else {
        ""
    }
}

fn list(runs: &[RunRecord]) {
    if runs.is_empty() {
        println!("No run is kept.");
    }
    for run in runs {
        let when = time::date_and_time(i64::try_from(run.when).unwrap_or(0));
        let seen = run.seen();
        let state = how_it_stands(run, &seen);
        println!("{}  {when}  {state}", run.id.as_str());
        for file in run.files.iter().filter(|file| file.state != FileState::Dropped) {
            println!("    {}", visible(&file.path.display().to_string()));
        }
        for one in &seen.changes {
            let lasts = one.change.back().is_some();
            let state = match one.state {
                ChangeState::Made if lasts => "stands",
                ChangeState::Unknown if lasts => "may stand",
                ChangeState::Made => "was done",
                ChangeState::Unknown => "may have been done",
                ChangeState::NotMade => "was never done",
                ChangeState::TakenBack => "taken back",
            };
            println!("    {}: {} ({state})", one.endpoint, whole(&sentence(&one.change)));
        }
        for command in seen.mending() {
            println!("        made again by: {}", whole(&command));
        }
    }
}

/// Takes back what the run wrote into files, as far as that harms nothing.
fn take_back(state: &State, caller: &Caller, record: &RunRecord, seen: &RunSeen) -> Ended {
    let keeps = seen.has_replaced() || seen.is_open();
    let mut ended = if keeps && record.can_be_undone() { Ended::Badly } else { Ended::Well };
    let left: Vec<usize> = seen.files_left().map(|file| file.n).collect();
    let kept = |n: usize| seen.files.iter().any(|file| file.n == n && file.stands && !left.contains(&n));
    for file in record.files.iter().rev().filter(|file| !kept(file.n) && file.state != FileState::Dropped) {
        match restore(state, caller, record, file) {
            Ok(restored) => {
                println!("{}", visible(restored.sentence()));
                if matches!(restored, Restored::Left(_)) {
                    ended = Ended::Badly;
                }
            }
            Err(error) => ended = refused(&error),
        }
    }
    // A run that wrote into no file had its answers remembered all the same.
    if record.can_be_undone()
        && let Some(failed) = forget(state, &record.id, None)
    {
        complain(&failed, None);
        ended = Ended::Badly;
    }
    if record.actions.iter().any(|action| action.action.kind == "remember") {
        println!("How the host was trusted stays remembered.");
    }
    ended
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TokenMake;

    fn made(name: &str, when: i64, token: &str, path: &str) -> RunSeen {
        let id = token.parse().unwrap();
        let change = Change::MakeToken(TokenMake { id, separated: true, expire: None, comment: String::new() });
        let endpoint = crate::domain::parse_host("pve.lan:8006").unwrap().endpoints.remove(0);
        RunSeen {
            name: name.into(),
            when,
            finished: true,
            changes: vec![ChangeSeen { n: 0, endpoint, change, state: ChangeState::Made, was: None }],
            files: vec![RunFile { n: 1, path: path.into(), stands: true, holds_secret: true }],
        }
    }

    #[test]
    fn a_run_is_not_taken_back_below_a_later_one_that_builds_on_it() {
        let first = made("aaaa", 1, "lab@pve!one", "/p/.env");
        assert!(builds_on(&made("bbbb", 2, "lab@pve!two", "/q/.env"), &first), "the same user's second token");
        assert!(builds_on(&made("bbbb", 2, "other@pve!two", "/p/.env"), &first), "the same file");
        assert!(!builds_on(&made("bbbb", 2, "other@pve!two", "/q/.env"), &first));
        let mut back = made("bbbb", 2, "lab@pve!two", "/p/.env");
        back.changes[0].state = ChangeState::TakenBack;
        assert!(!builds_on(&back, &first), "it was taken back itself");
    }
}
