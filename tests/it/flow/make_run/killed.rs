//! A process that performs a run and is killed with SIGKILL, at each line of its journal and at each change that it sends.

use std::process::{Child, Command, Stdio};
use std::time::Instant;

use labwizard::domain::Trust;

use super::*;

/// What the child is told: the lab's port, its fingerprint, root's password there, and where the child's state is.
const TOLD: &str = "LABWIZARD_TEST_KILLED";
const NAME: &str = "flow::make_run::killed::the_process_that_is_killed";

/// The other process: this test alone, in the same program.
#[tokio::test]
#[ignore = "started and killed by the test below"]
async fn the_process_that_is_killed() {
    let Ok(told) = std::env::var(TOLD) else { return };
    let [port, fingerprint, password, folder] = told.split('\n').collect::<Vec<_>>()[..] else {
        panic!("not told all")
    };
    let mut options = crate::client::options();
    options.limits.pause = Duration::ZERO;
    let at = HostAt {
        endpoint: local(port.parse().unwrap()),
        address: None,
        trust: Trust::Pin(fingerprint.parse().unwrap()),
    };
    let password = Secret::new(password.to_owned());
    let login = Login::Password { at: at.clone(), user: "root@pam".parse().unwrap(), password };
    let LoginAnswer::SignedIn(ticket) = log_in(login, &options).await else { panic!("nobody signed in") };
    let by = Arc::new(Credential::Ticket(ticket));
    let state = State::open(folder.into(), Stage::caller()).unwrap();
    let world = World::new(options, state, Stage::caller(), None);
    let plan = changes().into_iter().map(|change| {
        let action = HostAction { at: at.clone(), by: Arc::clone(&by), change, gives: None, afterwards: false };
        Action::Host(Box::new(action))
    });
    perform_in(world, RUN, plan.collect(), |_, action| action).await;
}

fn start(scene: &Scene) -> Child {
    let password = scene.lab.user("root@pam").unwrap().password;
    let folder = scene.stage.state_folder();
    let told = [scene.lab.port().to_string(), scene.lab.fingerprint(), password, folder.display().to_string()];
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--ignored", "--nocapture"])
        .env(TOLD, told.join("\n"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// How many lines the journal has.
fn written(scene: &Scene) -> usize {
    std::fs::read_to_string(scene.journal()).map_or(0, |text| text.lines().count())
}

/// How many changes arrived.
fn arrived(scene: &Scene) -> usize {
    scene.lab.received().iter().filter(|one| one.method != "GET" && !one.path.ends_with("/access/ticket")).count()
}

/// Kills the run as soon as `when` says so; whether that came before its end.
async fn kill_when(scene: &Scene, when: impl Fn(&Scene) -> bool) -> bool {
    let mut child = start(scene);
    let begun = Instant::now();
    loop {
        if when(scene) {
            break;
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "it came to nothing");
        tokio::task::yield_now().await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_left_is_in_its_journal_and_the_next_start_clears_it() {
    type When = fn(&Scene) -> usize;
    let moments: [(When, usize); 2] = [(written, 1 + 2 * changes().len()), (arrived, changes().len())];
    let mut killed = 0;
    for (count, most) in moments {
        for k in 1..=most {
            let scene = Scene::new().await;
            if !kill_when(&scene, |scene| count(scene) >= k).await {
                continue;
            }
            killed += 1;
            let seen = scene.seen();
            let announced: BTreeSet<String> = seen.left().flat_map(|one| made_by(&one.change)).collect();
            assert!(scene.more().is_subset(&announced), "{k}: {:?} {announced:?}", scene.more());
            let outcomes = scene.take_back().await;
            assert!(outcomes.iter().all(|one| matches!(one, Outcome::Done { .. })), "{k}: {outcomes:?}");
            assert_eq!(scene.stands(), scene.before, "{k}");
            assert_eq!(scene.seen().left().count(), 0, "{k}");
        }
    }
    assert!(killed >= changes().len(), "only {killed} processes were killed before their end");
}
