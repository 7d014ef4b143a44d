//! The state folder on a real disk: private, refused when it is not, and never losing what it should keep.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use super::caller::Caller;
use super::error::{DiskError, StateTrouble};
use super::journal::{Announced, Outcome, RunId};
use super::read::read_config;
use super::record::RunState;
use super::runs::RUNS_KEPT;
use super::state::State;
use super::write::FileWrite;
use crate::domain::{Change, ChangeState, Endpoint, Host, change_record};

fn me() -> Caller {
    Caller::of_process(|_| None)
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().canonicalize().unwrap();
    (temp, path)
}

/// Every file and folder below `path`.
fn walk(path: &Path) -> Vec<PathBuf> {
    let mut all = vec![path.to_owned()];
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            all.extend(walk(&entry.unwrap().path()));
        }
    }
    all
}

/// A state folder in which a bit of everything was kept.
fn used(dir: PathBuf, caller: Caller) -> State {
    let state = State::open(dir, caller).unwrap();
    state.keep_walk("target = \"x\"\n").unwrap();
    let project = state.folder().parent().unwrap().join("p.env");
    std::fs::write(&project, "A=1\n").unwrap();
    let seen = read_config(&project, &caller).unwrap();
    let mut run = state.begin_run(1).unwrap();
    run.write(FileWrite::over(&seen, "A=2\n".into()).allowing(seen.oddities)).unwrap();
    run.announce(0, Announced { kind: "make-token".into(), ..Default::default() }).unwrap();
    run.ended(0, Outcome::Done, [("token".into(), "apex@pve!x".into())].into()).unwrap();
    run.finish(2).unwrap();
    state
}

#[test]
fn opening_and_looking_make_nothing() {
    let (_temp, dir) = folder();
    let state = State::open(dir.join("a/state"), me()).unwrap();
    assert_eq!((state.runs().unwrap(), state.walk().unwrap()), (vec![], None));
    state.clean_up(0).unwrap();
    state.drop_walk().unwrap();
    assert!(!dir.join("a").exists());
}

#[test]
fn folders_are_0700_and_files_0600_whatever_is_kept() {
    let (_temp, dir) = folder();
    let state = used(dir.join("a/state"), me());
    let all = walk(state.folder());
    assert!(all.len() >= 7, "{all:?}");
    for path in all {
        let meta = path.metadata().unwrap();
        assert_eq!(meta.mode() & 0o777, if meta.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
}

#[test]
fn a_folder_that_others_may_enter_is_refused_also_when_it_is_opened_up_later() {
    let (_temp, dir) = folder();
    let state = used(dir.join("state"), me());
    for mode in [0o777, 0o750, 0o701] {
        std::fs::set_permissions(state.folder(), PermissionsExt::from_mode(mode)).unwrap();
        let refused = DiskError::StateFolder { path: dir.join("state"), trouble: StateTrouble::OpenToOthers(mode) };
        assert_eq!(State::open(dir.join("state"), me()).unwrap_err(), refused);
        assert_eq!(state.begin_run(3).err(), Some(refused.clone()));
        assert_eq!(state.keep_walk("x").unwrap_err(), refused);
        assert_eq!(state.hosts().unwrap_err(), refused);
    }
}

#[test]
fn a_folder_of_somebody_else_and_a_file_in_its_place_are_refused() {
    let (_temp, dir) = folder();
    used(dir.join("state"), me());
    let other = Caller { uid: me().uid + 4242, sudo: None };
    let refused = DiskError::StateFolder { path: dir.join("state"), trouble: StateTrouble::ForeignOwner(me().uid) };
    assert_eq!(State::open(dir.join("state"), other).unwrap_err(), refused);
    std::fs::write(dir.join("file"), "").unwrap();
    let refused = DiskError::StateFolder { path: dir.join("file"), trouble: StateTrouble::NotAFolder };
    assert_eq!(State::open(dir.join("file"), me()).unwrap_err(), refused);
}

#[test]
fn under_sudo_all_that_is_made_belongs_to_the_caller() {
    if !me().is_root() {
        eprintln!("skipped: only root can give files away");
        return;
    }
    let (_temp, dir) = folder();
    std::fs::create_dir(dir.join("home")).unwrap();
    chown(dir.join("home"), Some(4242), Some(4343)).unwrap();
    let sudo = Caller { uid: 0, sudo: Some((4242, 4343)) };
    let state = used(dir.join("home/state"), sudo);
    for path in walk(state.folder()) {
        let meta = path.metadata().unwrap();
        assert_eq!((meta.uid(), meta.gid()), (4242, 4343), "{}", path.display());
    }
    // Root without sudo does not trust it, and makes none in a stranger's folder.
    assert!(matches!(State::open(dir.join("home/state"), me()), Err(DiskError::StateFolder { .. })));
    let planted = State::open(dir.join("home/other"), me()).unwrap();
    assert!(matches!(planted.keep_walk("x"), Err(DiskError::StateFolder { .. })));
}

#[test]
fn a_link_to_the_state_folder_is_followed() {
    let (_temp, dir) = folder();
    std::fs::create_dir(dir.join("real")).unwrap();
    std::os::unix::fs::symlink(dir.join("real"), dir.join("linked")).unwrap();
    let state = State::open(dir.join("linked/a/state"), me()).unwrap();
    state.keep_walk("x").unwrap();
    assert_eq!(State::open(dir.join("real/a/state"), me()).unwrap().walk().unwrap().as_deref(), Some("x"));
}

#[test]
fn the_answers_of_a_walk_are_kept_replaced_and_dropped() {
    let (_temp, dir) = folder();
    let state = State::open(dir.join("state"), me()).unwrap();
    state.keep_walk("one").unwrap();
    state.keep_walk("two").unwrap();
    assert_eq!(state.walk().unwrap().as_deref(), Some("two"));
    state.drop_walk().unwrap();
    assert_eq!(state.walk().unwrap(), None);
}

#[test]
fn runs_of_one_second_are_told_in_the_order_in_which_they_began() {
    let (_temp, dir) = folder();
    let state = State::open(dir.join("state"), me()).unwrap();
    let mut began = Vec::new();
    for at in [7, 7, 7, 7, 7, 8, 8, 6] {
        let run = state.begin_run(at).unwrap();
        began.push((at, run.id().clone()));
        run.finish(at).unwrap();
    }
    // The clock was set back before the last.
    began.sort_by_key(|(at, _)| *at);
    began.reverse();
    let runs = state.runs().unwrap();
    let told: Vec<_> = runs.iter().map(|run| (run.when, run.id.clone())).collect();
    assert_eq!(told, began);
    for pair in runs.windows(2) {
        assert!(pair[0].is_later_than(&pair[1]) && !pair[1].is_later_than(&pair[0]));
    }
    assert!(!runs[0].is_later_than(&runs[0]));
}

#[test]
fn a_run_of_an_earlier_labwizard_is_read_though_it_has_no_place_in_its_second() {
    let (_temp, dir) = folder();
    let state = State::open(dir.join("state"), me()).unwrap();
    let id = state.begin_run(7).unwrap().finish(7).unwrap();
    let journal = dir.join("state/runs").join(id.as_str()).join("journal");
    assert!(!std::fs::read_to_string(&journal).unwrap().contains("nth"), "the first of a second has the old form");
    let next = state.begin_run(7).unwrap().finish(7).unwrap();
    let runs: Vec<_> = state.runs().unwrap().into_iter().map(|run| run.id).collect();
    assert_eq!(runs, [next, id]);
}

#[test]
fn the_last_ten_runs_are_kept_and_a_broken_one_until_it_is_dealt_with() {
    let (_temp, dir) = folder();
    let mut state = State::open(dir.join("state"), me()).unwrap();
    let mut broken = state.begin_run(0).unwrap();
    broken.announce(0, Announced { kind: "make-token".into(), ..Default::default() }).unwrap();
    let broken = broken.id().clone();
    state.alive = |_, _| false;
    for at in 1..=RUNS_KEPT as u64 + 5 {
        state.begin_run(at).unwrap().finish(at).unwrap();
    }
    let runs = state.runs().unwrap();
    let ended: Vec<_> = runs.iter().filter(|run| matches!(run.state, RunState::Finished(_))).map(|r| r.when).collect();
    assert_eq!(ended, (6..=15).rev().collect::<Vec<_>>());
    assert_eq!(state.run(&broken).unwrap().state, RunState::Broken);
    assert_eq!(state.run(&broken).unwrap().actions[0].outcome, None);
    state.forget(&broken).unwrap();
    assert!(matches!(state.run(&broken), Err(DiskError::NoSuchRun { .. })));
}

#[test]
fn the_next_start_removes_the_temporary_of_a_dead_run_and_nobody_elses() {
    let (_temp, dir) = folder();
    let mut state = State::open(dir.join("state"), me()).unwrap();
    let file = dir.join(".env");
    let mut run = state.begin_run(1).unwrap();
    let plan = FileWrite::over(&read_config(&file, &me()).unwrap(), "A=1\n".into());
    // Forgotten, the rehearsal leaves what a killed process leaves.
    std::mem::forget(run.rehearse(plan).unwrap());
    let temporary = dir.join(format!("..env.labwizard-{}", run.id()));
    for name in ["..env.labwizard-ffffff", ".x.labwizard-1"] {
        std::fs::write(dir.join(name), "not ours").unwrap();
    }
    assert_eq!(state.clean_up(9).unwrap().removed, [] as [PathBuf; 0], "the run is alive");
    assert!(temporary.exists());
    state.alive = |_, _| false;
    assert_eq!(state.clean_up(9).unwrap().removed, std::slice::from_ref(&temporary));
    assert!(!temporary.exists() && dir.join("..env.labwizard-ffffff").exists() && dir.join(".x.labwizard-1").exists());
}

#[test]
fn a_journal_cut_at_any_byte_stops_neither_the_list_nor_the_next_run() {
    let (_temp, dir) = folder();
    let mut state = used(dir.join("state"), me());
    state.alive = |_, _| false;
    let id = state.runs().unwrap()[0].id.clone();
    let journal = state.run_folder(&id).join("journal");
    let whole = std::fs::read(&journal).unwrap();
    for cut in 0..whole.len() {
        std::fs::write(&journal, &whole[..cut]).unwrap();
        assert_eq!(state.runs().unwrap().len(), 1, "cut at {cut}");
        let undone = state.take_back(&id, 1, &[]);
        let told = undone.is_ok() || matches!(undone, Err(DiskError::Damaged { .. } | DiskError::NoSuchRun { .. }));
        assert!(told, "cut at {cut}: {undone:?}");
        std::fs::write(dir.join("p.env"), "A=2\n").unwrap();
    }
    assert!(state.begin_run(9).is_ok());
}

#[test]
fn what_is_no_run_in_the_folder_of_runs_stops_nothing() {
    let (_temp, dir) = folder();
    let state = used(dir.join("state"), me());
    std::fs::write(state.folder().join("runs/abcdef"), "no folder").unwrap();
    std::os::unix::fs::symlink("/", state.folder().join("runs/fedcba")).unwrap();
    std::fs::create_dir(state.folder().join("runs/not-an-id")).unwrap();
    assert_eq!(state.runs().unwrap().len(), 1);
    assert_eq!(state.clean_up(u32::MAX.into()).unwrap().stuck, []);
    state.begin_run(3).unwrap();
    assert!(state.folder().join("runs/abcdef").exists(), "what is not ours is left alone");
}

#[test]
fn a_run_may_be_handed_to_the_worker_that_touches_the_disk() {
    fn assert_send<T: Send + 'static>() {}
    assert_send::<State>();
    assert_send::<super::Run>();
    assert_send::<super::Rehearsal>();
}

#[test]
fn nothing_but_the_backup_holds_what_a_file_held() {
    const CANARY: &str = "00000000-0000-4000-8000-000000000001";
    let (_temp, dir) = folder();
    let state = State::open(dir.join("state"), me()).unwrap();
    let file = dir.join(".env");
    std::fs::write(&file, format!("OLD={CANARY}\n")).unwrap();
    let plan = |text: &str| FileWrite::over(&read_config(&file, &me()).unwrap(), text.into());
    let mut run = state.begin_run(1).unwrap();
    let late = plan(&format!("LATE={CANARY}\n"));
    let written = run.write(plan(&format!("NEW={CANARY}\n"))).unwrap();
    let error = run.write(late.clone()).unwrap_err();
    let said = format!("{written:?} {late:?} {error} {error:?} {:?}", state.runs().unwrap());
    assert!(!said.contains("00000000-0000"), "{said}");
    run.finish(2).unwrap();
    let holders: Vec<_> = walk(state.folder())
        .into_iter()
        .filter(|path| path.is_file() && std::fs::read_to_string(path).unwrap().contains("00000000-0000"))
        .collect();
    assert!(holders.len() == 1 && holders[0].ends_with("backup-1"), "{holders:?}");
}

/// A change on a host, as it is announced.
fn host_change(role: &str) -> Announced {
    let change = Change::MakeRole { role: role.into(), privileges: ["VM.Audit".to_owned()].into() };
    let endpoint = Endpoint { host: Host::Name("pve.lan".into()), port: 8006 };
    let (kind, names) = change_record::to_names(&change, &endpoint);
    Announced { kind, sentence: "make it".into(), names }
}

fn states(state: &State, id: &RunId) -> Vec<ChangeState> {
    state.run(id).unwrap().seen().changes.iter().map(|one| one.state).collect()
}

#[test]
fn a_run_is_begun_under_the_name_that_its_marks_carry_and_no_second_time() {
    let (_temp, dir) = folder();
    let state = State::open(dir.join("state"), me()).unwrap();
    let name = state.free_name();
    assert!(!dir.join("state").exists(), "to choose a name makes nothing");
    let run = state.begin_run_as(name.clone(), 1).unwrap();
    assert_eq!(run.id(), &name);
    assert!(matches!(state.begin_run_as(name.clone(), 2), Err(DiskError::Refused { .. })));
    assert_ne!(state.free_name(), name);
}

#[test]
fn the_journal_tells_of_each_change_on_a_host_how_it_stands() {
    let (_temp, dir) = folder();
    let mut state = State::open(dir.join("state"), me()).unwrap();
    let mut run = state.begin_run(1).unwrap();
    let outcomes = [Outcome::Done, Outcome::NotSent, Outcome::Refused, Outcome::Lost, Outcome::TakenBack];
    for (n, outcome) in outcomes.into_iter().enumerate() {
        run.announce(n, host_change("Lab")).unwrap();
        run.ended(n, outcome, Default::default()).unwrap();
    }
    run.announce(5, host_change("Lab")).unwrap();
    run.announce(6, Announced { kind: "edit".into(), ..Default::default() }).unwrap();
    let id = run.id().clone();
    drop(run);
    state.alive = |_, _| false;
    use ChangeState::*;
    assert_eq!(states(&state, &id), [Made, NotMade, NotMade, Unknown, TakenBack, Unknown]);
    let seen = state.run(&id).unwrap().seen();
    assert_eq!(seen.left().map(|one| one.n).collect::<Vec<_>>(), [0, 3, 5]);
    assert!(!seen.finished);
    // Taken back on another day: announced it still stands, ended it is gone.
    let mut again = state.reopen(&id).unwrap();
    again.reverting(0).unwrap();
    assert_eq!(states(&state, &id)[0], Made);
    again.ended(0, Outcome::TakenBack, Default::default()).unwrap();
    assert_eq!(states(&state, &id), [TakenBack, NotMade, NotMade, Unknown, TakenBack, Unknown]);
}

#[test]
fn only_a_run_that_is_over_is_reopened() {
    let (_temp, dir) = folder();
    let state = State::open(dir.join("state"), me()).unwrap();
    let run = state.begin_run(1).unwrap();
    assert!(matches!(state.reopen(run.id()), Err(DiskError::RunAlive { .. })));
    let id = run.finish(2).unwrap();
    assert!(state.reopen(&id).is_ok());
    assert!(matches!(state.reopen(&RunId::parse("ffffff").unwrap()), Err(DiskError::NoSuchRun { .. })));
}

#[test]
fn a_run_whose_work_stands_on_a_host_is_kept_until_it_is_taken_back() {
    let (_temp, dir) = folder();
    let mut state = State::open(dir.join("state"), me()).unwrap();
    let mut standing = state.begin_run(1).unwrap();
    standing.announce(0, host_change("Lab")).unwrap();
    standing.ended(0, Outcome::Done, Default::default()).unwrap();
    let standing = standing.finish(1).unwrap();
    let mut broken = state.begin_run(2).unwrap();
    broken.announce(0, host_change("Lab")).unwrap();
    let broken = broken.id().clone();
    state.alive = |_, _| false;
    let pass = |from: u64| {
        (from..from + RUNS_KEPT as u64 + 1).for_each(|at| {
            state.begin_run(at).unwrap().finish(at).unwrap();
        })
    };
    pass(10);
    for id in [&standing, &broken] {
        assert!(state.run(id).is_ok(), "{id} is gone");
        state.reopen(id).unwrap().ended(0, Outcome::TakenBack, Default::default()).unwrap();
    }
    pass(100);
    for id in [&standing, &broken] {
        assert!(matches!(state.run(id), Err(DiskError::NoSuchRun { .. })), "{id} is still there");
    }
}
