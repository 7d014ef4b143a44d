//! Whole walks whose line is cut once: at each request that is sent after “do it”, and at each of three points of it.

mod kept;
mod leaves;
mod stays;
mod undone;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use labwizard::disk::RunId;
use labwizard::domain::finding::Step;
use labwizard::domain::{Change, ChangeState, RunSeen};
use labwizard::lab::{AccessState, CutAt, Lab, LabRelease, Scenario};
use labwizard::wizard::page::{Block, Page};

use super::make::{has_the_plan_and_no_more, making, outcomes, values};
use super::{Held, Stage, TOOL, but, lab};

/// What becomes of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A user of its own and its token are made.
    Make,
    /// A second token takes the place of the one in the file, which is removed at the end.
    Beside,
    /// The token in the file gets a new secret: 9.2 changes it in place, before that it is removed and made again.
    InPlace,
}

pub const RELEASES: [LabRelease; 3] = [LabRelease::V7_4_20, LabRelease::V8_4_21, LabRelease::V9_2_11];
const WAYS: [Way; 3] = [Way::Make, Way::Beside, Way::InPlace];

/// A walk that is over, and what stood before it.
pub struct Walked {
    pub stage: Stage,
    pub lab: Rc<Lab>,
    pub held: Held,
    pub way: Way,
    before: AccessState,
    file: Option<String>,
    /// The secret of the token that stood there.
    old: String,
    /// Requests that were sent after “do it”.
    pub sent: usize,
}

/// Holds the walk of a way. `arm` is called once, before “do it”, with the number of requests that came until then.
pub async fn walk(way: Way, release: LabRelease, arm: impl FnOnce(&Lab, usize) + 'static) -> Walked {
    walk_leaving(way, release, arm, None).await
}

/// The same, with Ctrl-C pressed while this action of the run is under way.
async fn walk_leaving(
    way: Way,
    release: LabRelease,
    arm: impl FnOnce(&Lab, usize) + 'static,
    leaves_at: Option<usize>,
) -> Walked {
    let mut stage = Stage::new();
    stage.options.limits.pause = Duration::ZERO;
    let lab = Rc::new(lab(release, Scenario::Fine).await);
    let root = lab.user("root@pam").unwrap();
    let mut answers = but(&making(&lab), &[("login_user", "root@pam"), ("login_password", &root.password)]);
    if way != Way::Make {
        write_old(&stage, &lab);
        let existing = if way == Way::Beside { "beside" } else { "in-place" };
        let more =
            [("user", "apex@pve"), ("token_name", "glassdome-token"), ("existing", existing), ("remove_old", "yes")];
        answers = but(&answers, &more);
    }
    let (before, file) = (lab.access_state(), std::fs::read_to_string(stage.env_file()).ok());
    let old = lab.token_secret(TOOL).unwrap();
    let begun = Rc::new(Cell::new(0));
    let hook = {
        let (lab, begun, mut arm) = (lab.clone(), begun.clone(), Some(arm));
        Box::new(move |page: &Page| {
            if page.step == Step::Review
                && page.busy.is_none()
                && let Some(arm) = arm.take()
            {
                begun.set(lab.received().len());
                arm(&lab, begun.get());
            }
        })
    };
    let held = match leaves_at {
        Some(at) => stage.hold_leaving(&answers, Some(hook), at).await,
        None => stage.hold_with(&answers, Some(hook)).await,
    };
    let sent = lab.received().len() - begun.get();
    Walked { stage, lab, held, way, before, file, old, sent }
}

/// The file as an earlier day wrote it, with the token that somebody made by hand.
fn write_old(stage: &Stage, lab: &Lab) {
    let token = lab.token(TOOL).unwrap();
    let text = format!(
        "PROXMOX_HOST=127.0.0.1:{}\nPROXMOX_USER=apex@pve\nPROXMOX_TOKEN_NAME=glassdome-token\nPROXMOX_TOKEN_VALUE={}\nPROXMOX_NODE=pve1\n",
        lab.port(),
        token.secret
    );
    std::fs::write(stage.env_file(), text).unwrap();
}

impl Walked {
    /// What the journal of the run tells; none where no run was begun.
    pub fn seen(&self) -> Option<RunSeen> {
        let name = self.held.wizard.run.as_ref()?.name.clone()?;
        Some(self.stage.state().run(&RunId::parse(&name).unwrap()).unwrap().seen())
    }

    /// What it did not come to, for everything.
    fn not_everything(&self) -> Option<String> {
        if self.held.last().title != "Glassdome is set up." {
            return Some(format!("it ends with {}", self.held.last().title));
        }
        let file = values(&self.stage);
        let id = format!("{}!{}", file["PROXMOX_USER"], file["PROXMOX_TOKEN_NAME"]);
        if self.lab.token_secret(&id).is_none_or(|secret| secret != file["PROXMOX_TOKEN_VALUE"]) {
            return Some(format!("the secret in the file is not that of {id}"));
        }
        has_the_plan_and_no_more(&self.lab, &self.held, &id);
        if self.way == Way::Beside && self.lab.token_secret(TOOL).is_some() {
            return Some("the old token stands".into());
        }
        None
    }

    /// What is not said of a secret that died, or may have, while the file still holds it: the journal names it, and the page has
    /// the one command that mends it, or the new secret itself.
    fn not_told(&self) -> Option<String> {
        let named = self.seen().is_some_and(|seen| {
            seen.changes.iter().any(|one| {
                let stands = matches!(one.state, ChangeState::Made | ChangeState::Unknown);
                stands && matches!(&one.change, Change::NewSecret(id) if id.to_string() == TOOL)
            })
        });
        if self.way != Way::InPlace || !named {
            return Some("the journal does not name it".into());
        }
        let told = self.held.told();
        let mends = ["pveum user token modify apex@pve glassdome-token --regenerate 1", "stands in no file"];
        (!mends.iter().any(|words| told.contains(words))).then(|| "nothing says how it is mended".into())
    }

    /// What is other than before, for nothing.
    fn not_nothing(&self) -> Option<String> {
        if self.lab.access_state() != self.before {
            return Some("the host is other than it was".into());
        }
        if std::fs::read_to_string(self.stage.env_file()).ok() != self.file {
            return Some("the file is other than it was".into());
        }
        if self.file.is_some() && self.lab.token_secret(TOOL).is_none_or(|secret| secret != self.old) {
            return Some("the secret in the file is dead".into());
        }
        let left = self.seen().map_or(0, |seen| seen.left().count());
        (left > 0).then(|| format!("the journal names {left} as left"))
    }
}

/// A cut of one walk.
#[derive(Clone, Copy, Debug)]
struct Case {
    way: Way,
    release: LabRelease,
    number: usize,
    at: CutAt,
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Goes through the cases on a few threads, each lab with a runtime of its own; what `judge` says of each is wrong.
fn each<C: Copy + Sync>(cases: &[C], judge: impl Fn(C) -> Option<String> + Sync) -> Vec<String> {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    wrong.lock().unwrap().extend(judge(*case));
                }
            });
        }
    });
    wrong.into_inner().unwrap()
}

/// Every request of every walk at every point; with `thinned`, each write of each way at each point on one release, and of what only
/// reads each request at one point.
fn cases(thinned: bool) -> Vec<Case> {
    let walks: Vec<(Way, LabRelease)> = WAYS.iter().flat_map(|way| RELEASES.map(|release| (*way, release))).collect();
    let counted = Mutex::new(Vec::new());
    let wrong = each(&walks, |(way, release)| {
        let uncut = block_on(walk(way, release, |_, _| {}));
        let all = uncut.lab.received();
        let reads: Vec<bool> = all[all.len() - uncut.sent..].iter().map(|request| request.method == "GET").collect();
        counted.lock().unwrap().push((way, release, reads));
        uncut
            .not_everything()
            .map(|why| format!("{way:?} on {release}: {why}\n{}\n{}", outcomes(&uncut.held), uncut.held.told()))
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let mut cases = Vec::new();
    for (way, release, reads) in counted.into_inner().unwrap() {
        let place = RELEASES.iter().position(|one| *one == release).unwrap();
        for (index, reads) in reads.iter().enumerate() {
            for (point, at) in CutAt::ALL.into_iter().enumerate() {
                let wanted = match reads {
                    true => point == index % 3 && matches!((way, place), (Way::Make, 2) | (Way::InPlace, 1)),
                    false => (index + point) % 3 == place,
                };
                if wanted || !thinned {
                    cases.push(Case { way, release, number: index + 1, at });
                }
            }
        }
    }
    cases
}

/// Cuts each case; what ended neither in everything nor in nothing, nor in what is told with the command that mends it.
fn cut(cases: &[Case]) {
    let wrong = each(cases, |case| {
        let Case { way, release, number, at } = case;
        let walked = block_on(walk(way, release, move |lab, begun| lab.cut_request(begun + number, at)));
        let (everything, nothing, told) = (walked.not_everything()?, walked.not_nothing()?, walked.not_told()?);
        let all = walked.lab.received();
        let cut = &all[all.len() - walked.sent + number - 1];
        Some(format!(
            "{case:?} {} {}: {everything}; {nothing}; {told}\n{}\n{}",
            cut.method,
            cut.path,
            outcomes(&walked.held),
            walked.held.told()
        ))
    });
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
}

#[test]
fn a_line_that_is_cut_once_in_the_run_ends_in_everything_or_nothing() {
    cut(&cases(true));
}

#[test]
#[ignore = "more than five hundred walks, which take minutes"]
fn a_line_that_is_cut_once_anywhere_in_the_run_ends_in_everything_or_nothing() {
    cut(&cases(false));
}

fn logins(lab: &Lab) -> usize {
    lab.received().iter().filter(|one| one.path.ends_with("/access/ticket")).count()
}

/// A login whose answer is lost may have counted against a lock, or used a code up: nobody sends it again but the person.
#[tokio::test]
async fn a_login_whose_answer_is_lost_is_not_sent_again() {
    for (steps, answered) in [(1, "password"), (2, "code")] {
        for at in CutAt::ALL {
            let (stage, lab) = (Stage::new(), Rc::new(lab(LabRelease::default(), Scenario::Fine).await));
            let (host, mut armed) = (lab.clone(), false);
            // Cut is the login of the password, or that of the code after it.
            let hook = move |page: &Page| {
                let asks = page.blocks.iter().any(|block| matches!(block, Block::Field(field) if field.secret));
                if !armed && page.step == Step::Access && page.busy.is_none() && asks && logins(&host) == steps - 1 {
                    armed = true;
                    host.cut_call("POST", "/access/ticket", at);
                }
            };
            let held = stage.hold_with(&making(&lab), Some(Box::new(hook))).await;
            assert!(!held.is_done(), "{answered} {at:?}: {}", held.told());
            assert_eq!(logins(&lab), steps, "{answered} {at:?}: {}", held.told());
        }
    }
}
