//! The program itself, killed with SIGKILL in the middle of a run: its journal names what is left, and it clears that itself.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use labwizard::disk::State;
use labwizard::domain::{ChangeState, RunSeen};
use labwizard::lab::{CutAt, Scenario};
use labwizard::plan::make::sentence;
use rustix::process::{Pid, Signal, kill_process};

use super::Stage;
use super::apply::Place;
use super::make_run::{estate, made_by};

/// Longer than any run takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The login and what is made, as an answers file says them.
fn answers(place: &Place) -> String {
    format!(
        "target = \"glassdome\"\nfile = \".env\"\n[proxmox]\nhost = \"127.0.0.1:{}\"\ntrust = \"sha256:{}\"\nnode = \"pve1\"\n\
         create = {{ expire = \"90d\" }}\nlogin = {{ user = \"root@pam\", password = {{ env = \"PVE_PASSWORD\" }} }}\n",
        place.lab.port(),
        place.lab.fingerprint()
    )
}

fn with_login(place: &Place, mut command: Command) -> Command {
    command.env("PVE_PASSWORD", place.lab.user("root@pam").unwrap().password);
    command
}

/// The only run that is kept.
fn seen(place: &Place) -> RunSeen {
    let runs = State::open(place.state(), Stage::caller()).unwrap().runs().unwrap();
    assert_eq!(runs.len(), 1);
    runs[0].seen()
}

/// Runs the program until the lab holds a request of it, and kills it there; whether it came to that.
fn kill_when_held(place: &Place) -> bool {
    let mut command = with_login(place, place.command(&answers(place), &["--yes"]));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while place.lab.held() == 0 {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(begun.elapsed() < PATIENCE, "it came to nothing");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

/// Kills the program at a point of a write, after `before` of the lab, and has it clear up by itself.
fn killed(number: usize, at: CutAt, before: impl Fn(&Place)) -> bool {
    let place = Place::new(Scenario::Fine);
    let (there, access) = (place.lab.change(estate), place.lab.access_state());
    before(&place);
    place.lab.hold_write(number, at);
    if !kill_when_held(&place) {
        return false;
    }
    let run = seen(&place);
    assert!(!run.finished, "{number} {at:?}");
    let listed: BTreeSet<String> = run.left().flat_map(|one| made_by(&one.change)).collect();
    let more: BTreeSet<String> = place.lab.change(estate).difference(&there).cloned().collect();
    assert!(more.is_subset(&listed), "{number} {at:?}: {more:?} is there, and the journal names {listed:?}");
    // What is under way is not known; all before it is.
    let unknown = run.changes.iter().filter(|one| one.state == ChangeState::Unknown).count();
    assert!(unknown <= 1, "{number} {at:?}: {:?}", run.changes);
    assert!(!place.env_file().exists(), "{number} {at:?}");

    let mut undo = place.command(&answers(&place), &[]);
    let arguments: Vec<_> = undo.get_args().skip(1).map(ToOwned::to_owned).collect();
    let mut command = Command::new(undo.get_program());
    command.arg("undo").arg(&run.name).args(arguments).arg("--yes");
    command.current_dir(place.project()).env_clear().stdin(Stdio::null());
    for (name, value) in undo.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    undo = with_login(&place, command);
    let ran = place.run(undo);
    assert_eq!(ran.code, 0, "{number} {at:?}: {}", ran.all());
    assert!(place.lab.access_state() == access, "{number} {at:?}: {}", ran.all());
    assert_eq!(seen(&place).left().count(), 0, "{number} {at:?}");
    true
}

#[test]
fn the_program_killed_at_any_write_is_told_by_its_journal_and_clears_what_it_left() {
    let mut writes = 0;
    for number in 1.. {
        // Announced and not done; done and not closed. What was before it is closed.
        let points = [CutAt::BeforeActing, CutAt::BeforeAnswer];
        if points.map(|at| killed(number, at, |_| {})) != [true; 2] {
            break;
        }
        writes = number;
    }
    assert!(writes >= 6, "only {writes} writes were held");
}

#[test]
fn the_program_killed_while_it_takes_back_is_told_by_its_journal_and_clears_what_it_left() {
    // The last grant is refused by a cut line, so that all before it is taken back.
    let last = {
        let place = Place::new(Scenario::Fine);
        let ran = place.run(with_login(&place, place.command(&answers(&place), &["--yes"])));
        assert_eq!(ran.code, 0, "{}", ran.all());
        place.lab.writes()
    };
    let mut held = 0;
    for number in last + 1.. {
        let points = [CutAt::BeforeActing, CutAt::BeforeAnswer];
        let fails = |place: &Place| place.lab.cut_write(last, CutAt::BeforeActing);
        if points.map(|at| killed(number, at, fails)) != [true; 2] {
            break;
        }
        held += 1;
    }
    assert!(held >= 4, "only {held} removals were held");
}

/// Signals while the host holds the making of the token: whoever insists does not wait for its patience, and is told what is left.
#[test]
fn the_program_ends_at_the_second_signal_and_tells_what_is_left() {
    let place = Place::new(Scenario::Fine);
    let there = place.lab.change(estate);
    place.lab.hold_write(3, CutAt::BeforeAnswer);
    let mut command = with_login(&place, place.command(&answers(&place), &["--yes"]));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + PATIENCE;
    while place.lab.held() == 0 {
        assert!(Instant::now() < until, "nothing is held");
        std::thread::sleep(Duration::from_millis(1));
    }
    let pid = Pid::from_child(&child);
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until, "it does not end");
        // Signals that come together count as one.
        let _ = kill_process(pid, Signal::INT);
        std::thread::sleep(Duration::from_millis(200));
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    let run = seen(&place);
    assert!(!run.finished);
    let more: BTreeSet<String> = place.lab.change(estate).difference(&there).cloned().collect();
    assert_eq!(more.len(), 3, "{more:?}");
    for one in run.left() {
        assert!(said.contains(&sentence(&one.change)), "{} is not in\n{said}", sentence(&one.change));
    }
    assert!(said.contains(&format!("labwizard undo {}", run.name)), "{said}");
}
