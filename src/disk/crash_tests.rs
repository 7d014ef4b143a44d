//! What a break at any moment leaves: every operation of a run is cut off by the process's death, by a power loss, and by an
//! error of the disk, and after each the file is the old or the new one, and the next start finds nothing left over.

use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::caller::Caller;
use super::error::DiskError;
use super::journal::{Announced, Outcome, RunId};
use super::model::{Model, World};
use super::ops::Ops;
use super::read::CONFIG_LIMIT;
use super::record::RunState;
use super::runs::RUNS_KEPT;
use super::seen::{Base, Digest, FileSeen, Folder, There};
use super::state::State;
use super::undo::FileUndo;
use super::write::{FileWrite, Written};

const OLD: &str = "OLD=1\nKEPT=yes\n";
const NEW: &str = "NEW=1\nKEPT=yes, and longer than before\n";
const FILE: &str = ".env";

fn project() -> &'static Path {
    Path::new("/p")
}

fn start(world: World) -> (Model, State<Model>) {
    let model = Model::default();
    *model.0.borrow_mut() = world;
    let caller = Caller { uid: 0, sudo: None };
    // Whoever wrote the journals that are found is dead.
    let state = State { dir: "/s".into(), ops: model.clone(), caller, alive: |_, _| false };
    (model, state)
}

fn seen(model: &Model) -> FileSeen {
    let read = model.read(&project().to_owned(), FILE, CONFIG_LIMIT).ok();
    let there = read.map(|(stat, bytes)| {
        let bytes = bytes.unwrap();
        let base = Base { digest: Digest::of(&bytes), identity: stat.identity };
        let text = String::from_utf8(bytes.to_vec()).unwrap().as_str().into();
        There { text, base, mode: stat.mode, uid: 0, gid: 0, links: 1 }
    });
    let folder = Folder { exists: true, writable: true, identity: Some((1, 999)) };
    FileSeen { given: project().join(FILE), path: project().join(FILE), there, folder, oddities: Vec::new() }
}

/// A whole run that writes [`NEW`].
fn write(model: &Model, state: &State<Model>) -> Result<Written, DiskError> {
    let plan = FileWrite::over(&seen(model), NEW.into()).private();
    let mut run = state.begin_run(5)?;
    let written = run.prepare(plan, None)?.commit(&mut run)?;
    run.finish(6)?;
    Ok(written)
}

/// Takes back all that the kept runs wrote, as the next start's undo does.
fn undo(model: &Model, state: &State<Model>) -> Result<(), DiskError> {
    for run in state.runs()? {
        for file in &run.files {
            if let FileUndo::Edited { .. } | FileUndo::Gone { .. } =
                state.take_back_seen(&run.id, file.n, seen(model), &[], None)?
            {
                panic!("a file of ours is taken for somebody else's: {file:?}");
            }
        }
    }
    Ok(())
}

/// The world before the run: with or without a file, with or without so many runs that one is pruned.
fn worlds() -> Vec<(&'static str, Option<&'static str>, World)> {
    let mut worlds = Vec::new();
    for old in [Some(OLD), None] {
        let mut fresh = World::with_dirs(&["/", "/p"]);
        let mut used = World::with_dirs(&["/", "/p", "/s"]);
        if old.is_some() {
            fresh.put("/p", FILE, OLD, 0o600);
            used.put("/p", FILE, OLD, 0o600);
        }
        worlds.push(("the first run", old, fresh));
        let (model, state) = start(used);
        for at in 0..RUNS_KEPT as u64 {
            state.begin_run(at).unwrap().finish(at).unwrap();
        }
        let used = model.0.borrow().restarted();
        worlds.push(("one run too many", old, used));
    }
    worlds
}

/// Checks one disk that was found after a break; returns whether the new content is there.
fn holds(world: World, old: Option<&str>, about: &str) -> bool {
    let text = world.text(project(), FILE);
    let is_new = text.as_deref() == Some(NEW);
    assert!(is_new || text.as_deref() == old, "{about}: neither old nor new: {text:?}");
    assert_eq!(world.widest & !0o600, 0, "{about}: a file was wider than 0600");
    assert!(world.mode(project(), FILE).is_none_or(|mode| mode == 0o600), "{about}");

    // New content means a journal that can be read and a backup that is whole.
    let (model, state) = start(world);
    let runs = state.runs().unwrap();
    if is_new {
        let ours = runs.iter().find(|run| !run.files.is_empty()).unwrap_or_else(|| panic!("{about}: no journal"));
        // Before it may stand a rehearsal that wrote nothing.
        let file = ours.files.last().unwrap();
        assert_eq!(file.wrote, Some(Digest::of(NEW.as_bytes())), "{about}");
        let backup = state.before(&ours.id, file).unwrap_or_else(|_| panic!("{about}: the backup is not whole"));
        assert_eq!(backup.as_ref().map(|text| text.as_str()), old, "{about}");
    }
    for run in runs.iter().filter(|run| run.state == RunState::Damaged) {
        let journal = model.0.borrow().text(&Path::new("/s/runs").join(run.id.as_str()), "journal");
        assert!(!journal.unwrap_or_default().contains('\n'), "{about}: a journal that was begun cannot be read");
    }

    // The next start leaves nothing over.
    let done = state.clean_up(1_000_000).unwrap_or_else(|error| panic!("{about}: {error}"));
    assert_eq!(done.stuck, [], "{about}");
    assert_clean(&model, about);
    assert!(state.runs().unwrap().iter().all(|run| run.state != RunState::Damaged), "{about}");
    assert_eq!(model.0.borrow().text(project(), FILE), text, "{about}: cleaning up changed the file");

    // And undo brings back what was.
    undo(&model, &state).unwrap_or_else(|error| panic!("{about}: {error}"));
    assert_eq!(model.0.borrow().text(project(), FILE).as_deref(), old, "{about}: after undo");
    assert_clean(&model, about);
    is_new
}

fn assert_clean(model: &Model, about: &str) {
    let world = model.0.borrow();
    let beside = world.names(project());
    assert!(beside.iter().all(|name| name == FILE), "{about}: left over: {beside:?}");
    let left: Vec<_> = world.names(Path::new("/s")).into_iter().filter(|name| name.contains("labwizard-")).collect();
    assert!(left.is_empty(), "{about}: left over in the state folder: {left:?}");
}

/// How many operations `act` takes on `world`.
fn length(world: &World, act: impl Fn(&Model, &State<Model>)) -> usize {
    let (model, state) = start(world.clone());
    act(&model, &state);
    model.0.borrow().log.len()
}

#[test]
fn a_process_that_dies_at_any_moment_leaves_the_old_or_the_new_file() {
    for (name, old, world) in worlds() {
        let (mut olds, mut news) = (0, 0);
        for k in 0..=length(&world, |model, state| drop(write(model, state).unwrap())) {
            let (model, state) = start(world.dying_at(k));
            let _ = write(&model, &state);
            let found = model.0.borrow().restarted();
            if holds(found, old, &format!("{name}, {old:?}, death at {k}")) { news += 1 } else { olds += 1 }
        }
        assert!(olds > 10 && news > 2, "{name}: {olds} old, {news} new: the test does not reach both");
    }
}

#[test]
fn a_power_loss_at_any_moment_leaves_the_old_or_the_new_file() {
    let mut found = 0;
    for (name, old, world) in worlds() {
        for k in 0..=length(&world, |model, state| drop(write(model, state).unwrap())) {
            let (model, state) = start(world.dying_at(k));
            let _ = write(&model, &state);
            let after = model.0.borrow().after_power_loss();
            for (n, world) in after.into_iter().enumerate() {
                found += 1;
                holds(world, old, &format!("{name}, {old:?}, power loss at {k}, {n}"));
            }
        }
    }
    assert!(found > 500, "only {found} disks were looked at");
}

#[test]
fn a_rehearsed_write_whose_content_comes_later_never_leaves_the_rehearsed_content() {
    let act = |model: &Model, state: &State<Model>| -> Result<(), DiskError> {
        let plan = FileWrite::over(&seen(model), "NEW=????\n".into()).private();
        let mut run = state.begin_run(5)?;
        run.prepare(plan, None)?.end(&mut run)?;
        run.announce(0, Announced { kind: "new-secret".into(), ..Default::default() })?;
        run.ended(0, Outcome::Done, Default::default())?;
        let plan = FileWrite::over(&seen(model), NEW.into()).private();
        run.prepare(plan, None)?.commit(&mut run)?;
        run.finish(6).map(drop)
    };
    for (name, old, world) in worlds() {
        let (mut olds, mut news) = (0, 0);
        for k in 0..=length(&world, |model, state| act(model, state).unwrap()) {
            let (model, state) = start(world.dying_at(k));
            let _ = act(&model, &state);
            let now = model.0.borrow().restarted();
            let after = model.0.borrow().after_power_loss();
            for (n, world) in [now].into_iter().chain(after).enumerate() {
                if holds(world, old, &format!("{name}, {old:?}, broken at {k}, {n}")) { news += 1 } else { olds += 1 }
            }
        }
        assert!(olds > 10 && news > 2, "{name}: {olds} old, {news} new: the test does not reach both");
    }
}

#[test]
fn once_a_write_is_reported_done_no_power_loss_takes_it_back() {
    for (name, _, world) in worlds() {
        let (model, state) = start(world);
        assert_eq!(write(&model, &state).unwrap().doubt, None, "{name}");
        for world in model.0.borrow().after_power_loss() {
            assert_eq!(world.text(project(), FILE).as_deref(), Some(NEW), "{name}");
        }
    }
}

#[test]
fn an_error_of_the_disk_at_any_moment_leaves_the_old_file_or_says_that_it_is_written() {
    for (name, old, world) in worlds() {
        let length = length(&world, |model, state| drop(write(model, state).unwrap()));
        for errno in [Errno::NOSPC, Errno::IO, Errno::DQUOT, Errno::ROFS, Errno::ACCESS] {
            for k in 0..length {
                let about = format!("{name}, {old:?}, {errno:?} at {k}");
                let (model, state) = start(world.failing_at(k, errno));
                let result = write(&model, &state);
                let world = model.0.borrow().restarted();
                let op = model.0.borrow().log[k].clone();
                let is_new = world.text(project(), FILE).as_deref() == Some(NEW);
                match &result {
                    Ok(_) => assert!(is_new, "{about} ({op}): said to be written, and is not"),
                    // The last line of the journal comes when all is written.
                    Err(DiskError::Refused { doing: super::Doing::Journal, .. }) => {}
                    Err(error) => {
                        assert!(!is_new, "{about} ({op}): {error}, but it is written");
                        assert!(!error.sentence().is_empty() && !error.hint().is_empty());
                    }
                }
                // A temporary is removed at once; only when its removal is what failed, the next start does it.
                let beside = world.names(project());
                let removal = model.0.borrow().log[k].starts_with("remove");
                assert!(removal || beside.iter().all(|name| name == FILE), "{about} ({op}): left over: {beside:?}");
                holds(world, old, &about);
            }
        }
    }
}

#[test]
fn a_folder_that_cannot_be_synced_is_accepted_where_it_is_not_known_and_doubted_where_it_fails() {
    let (_, _, world) = worlds().remove(0);
    let (model, at_rest) = start(world.clone());
    write(&model, &at_rest).unwrap();
    let k = model.0.borrow().log.iter().position(|op| op == "sync-dir /p").unwrap();
    for (errno, doubted) in [(Errno::INVAL, false), (Errno::NOTSUP, false), (Errno::IO, true), (Errno::NOSPC, true)] {
        let (model, state) = start(world.failing_at(k, errno));
        let written = write(&model, &state).unwrap();
        assert_eq!(written.doubt.is_some(), doubted, "{errno:?}");
        assert!(written.doubt.is_none_or(|doubt| doubt.sentence().contains("not yet safe on disk")));
    }
}

#[test]
fn an_undo_that_breaks_at_any_moment_leaves_the_new_or_the_old_file_and_can_be_repeated() {
    for (name, old, world) in worlds() {
        let (model, at_rest) = start(world);
        write(&model, &at_rest).unwrap();
        let world = model.0.borrow().restarted();
        for k in 0..=length(&world, |model, state| undo(model, state).unwrap()) {
            let (model, state) = start(world.dying_at(k));
            let _ = undo(&model, &state);
            let now = model.0.borrow().restarted();
            let after = model.0.borrow().after_power_loss();
            for (n, world) in [now].into_iter().chain(after).enumerate() {
                holds(world, old, &format!("{name}, {old:?}, undo broken at {k}, {n}"));
            }
        }
    }
}

#[test]
fn a_file_of_the_state_folder_is_old_or_new_after_any_break() {
    let mut world = World::with_dirs(&["/", "/p", "/s"]);
    world.put("/s", "walk.toml", "old", 0o600);
    for k in 0..=length(&world, |_, state| state.keep_walk("new").unwrap()) {
        let (model, state_) = start(world.dying_at(k));
        let _ = state_.keep_walk("new");
        let now = model.0.borrow().restarted();
        let after = model.0.borrow().after_power_loss();
        for world in [now].into_iter().chain(after) {
            let (model, state) = start(world);
            assert!(matches!(state.walk().unwrap().as_deref(), Some("old" | "new")), "at {k}");
            state.clean_up(0).unwrap();
            assert_clean(&model, &format!("at {k}"));
        }
    }
}

#[test]
fn in_place_a_break_may_tear_the_file_but_never_without_a_whole_backup() {
    use super::seen::{InPlace, Oddity};
    let mut world = World::with_dirs(&["/", "/p", "/s"]);
    world.put("/p", FILE, OLD, 0o600);
    let act = |model: &Model, state: &State<Model>| -> Result<(), DiskError> {
        let plan = FileWrite::over(&seen(model), NEW.into()).allowing([Oddity::InPlace(InPlace::Mount)]);
        let mut run = state.begin_run(5)?;
        run.prepare(plan, None)?.commit(&mut run)?;
        Ok(())
    };
    let mut torn = 0;
    for k in 0..=length(&world, |model, state| act(model, state).unwrap()) {
        let (model, at_work) = start(world.dying_at(k));
        let _ = act(&model, &at_work);
        for world in model.0.borrow().after_power_loss() {
            let text = world.text(project(), FILE).unwrap();
            if text == OLD {
                continue;
            }
            torn += usize::from(text != NEW);
            let (_, state) = start(world);
            let run = state.runs().unwrap().remove(0);
            let backup = state.before(&run.id, &run.files[0]).unwrap().unwrap();
            assert_eq!(backup.as_str(), OLD, "at {k}");
        }
    }
    assert!(torn > 0, "the test does not reach a torn file");
    // An error, though, is mended at once.
    for k in 0..length(&world, |model, state| act(model, state).unwrap()) {
        let (model, at_work) = start(world.failing_at(k, Errno::NOSPC));
        let done = act(&model, &at_work).is_ok();
        let text = model.0.borrow().text(project(), FILE).unwrap();
        assert_eq!(text, if done { NEW } else { OLD }, "{:?}", model.0.borrow().log[k]);
    }
}

#[test]
fn the_model_can_lose_what_was_not_synced() {
    let (model, _) = start(World::with_dirs(&["/", "/p"]));
    let dir: PathBuf = project().to_owned();
    let mut file = model.open(&dir, "x", super::ops::Open::New(0o600)).unwrap();
    model.write(&mut file, b"abcd").unwrap();
    let texts = |model: &Model| -> Vec<Option<String>> {
        let mut texts: Vec<_> = model.0.borrow().after_power_loss().iter().map(|world| world.text(&dir, "x")).collect();
        texts.sort();
        texts.dedup();
        texts
    };
    assert_eq!(texts(&model), [None, Some("".into()), Some("ab".into()), Some("abcd".into())]);
    model.sync(&file).unwrap();
    assert_eq!(texts(&model), [None, Some("abcd".into())]);
    model.sync_dir(&dir).unwrap();
    assert_eq!(texts(&model), [Some("abcd".into())]);
    assert_eq!(RunId::parse("x"), None);
}
