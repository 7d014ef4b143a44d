//! Agreed plans that change a host, performed against a lab without a conversation: all or nothing, and nothing left unsaid.

mod broken_off;
mod cut;
mod killed;
mod others;
mod replaced;
mod roles;
mod set;
mod undo;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use labwizard::client::log_in;
use labwizard::disk::{RunId, State};
use labwizard::domain::change::mark;
use labwizard::domain::{
    Change, ChangeState, Credential, Grantee, HostAt, Login, LoginAnswer, RunSeen, Secret, TokenId, TokenMake,
};
use labwizard::lab::proxmox::cluster::Cluster;
use labwizard::lab::{CutAt, Lab, LabConfig, LabRelease};
use labwizard::plan::action::{Action, HostAction, Outcome, Revert, RunNo};
use labwizard::plan::run::{Next, Run};
use labwizard::plan::{Plan, Planned};
use labwizard::runtime::World;
use labwizard::wizard::message::{Effect, Msg};
use tokio::sync::mpsc;

use super::Stage;
use crate::client::{local, pin};

const RUN: &str = "0a1b2c";
const CUTS: [CutAt; 3] = [CutAt::BeforeActing, CutAt::BeforeAnswer, CutAt::MidAnswer];

/// A lab, somebody who signed in there, and the folders of a run.
struct Scene {
    stage: Stage,
    lab: Lab,
    at: HostAt,
    by: Arc<Credential>,
    /// What stood on the host before anything was done.
    before: BTreeSet<String>,
}

/// What a run came to.
struct Ran {
    run: Run,
    secret: Option<Secret>,
}

impl Ran {
    fn outcome(&self, at: usize) -> &Outcome {
        self.run.steps[at].outcome.as_ref().expect("it was tried")
    }

    /// Everything that it says.
    fn said(&self) -> String {
        format!("{:?}", self.run.steps.iter().map(|step| (&step.outcome, &step.back)).collect::<Vec<_>>())
    }
}

fn token() -> TokenId {
    "lab@pve!glassdome".parse().unwrap()
}

/// The changes of a whole plan, in the order that the host takes.
fn changes() -> Vec<Change> {
    let comment = format!("{}: for Glassdome", mark(RUN));
    let grant =
        |path: &str, to: Vec<Grantee>| Change::Grant { path: path.into(), role: "LabwizardGlassdome".into(), to };
    let both = vec![Grantee::User(token().user), Grantee::Token(token())];
    vec![
        Change::MakeUser { user: token().user, comment: comment.clone() },
        Change::MakeRole {
            role: "LabwizardGlassdome".into(),
            privileges: ["VM.Audit", "VM.Clone"].map(str::to_owned).into(),
        },
        Change::MakeToken(TokenMake { id: token(), separated: true, expire: Some(2_000_000_000), comment }),
        grant("/vms", both.clone()),
        grant("/storage/local", both),
    ]
}

/// Users, tokens, roles and entries of the ACL, a line each; no secret.
pub fn estate(cluster: &mut Cluster) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (id, user) in &cluster.users {
        all.insert(format!("user {id}"));
        all.extend(user.tokens.keys().map(|name| format!("token {id}!{name}")));
    }
    all.extend(cluster.roles.keys().map(|role| format!("role {role}")));
    all.extend(cluster.acl.iter().map(|row| format!("acl {} {} {}", row.path, row.who, row.role)));
    all
}

/// The lines of what a change makes.
pub fn made_by(change: &Change) -> Vec<String> {
    match change {
        Change::MakeUser { user, .. } => vec![format!("user {user}")],
        Change::MakeRole { role, .. } => vec![format!("role {role}")],
        Change::MakeToken(make) => vec![format!("token {}", make.id)],
        Change::Grant { path, role, to } => to
            .iter()
            .map(|grantee| match grantee {
                Grantee::User(user) => format!("acl {path} {user} {role}"),
                Grantee::Token(token) => format!("acl {path} {token} {role}"),
            })
            .collect(),
        _ => Vec::new(),
    }
}

impl Scene {
    async fn new() -> Scene {
        Scene::on(LabRelease::default()).await
    }

    async fn on(release: LabRelease) -> Scene {
        let mut stage = Stage::new();
        stage.options.limits.pause = Duration::ZERO;
        let lab = Lab::start(LabConfig { release, ..LabConfig::quick() }).await.unwrap();
        let at = HostAt { endpoint: local(lab.port()), address: None, trust: pin(&lab).unwrap() };
        let before = lab.change(estate);
        let by = Arc::new(sign_in(&stage, &lab, &at, "root@pam").await);
        Scene { stage, lab, at, by, before }
    }

    fn stands(&self) -> BTreeSet<String> {
        self.lab.change(estate)
    }

    /// What the host has more than before.
    fn more(&self) -> BTreeSet<String> {
        self.stands().difference(&self.before).cloned().collect()
    }

    fn host(&self, change: Change) -> Action {
        let gives = match &change {
            Change::Grant { role, .. } => changes().into_iter().find_map(|made| match made {
                Change::MakeRole { role: name, privileges } if name == *role => Some(privileges),
                _ => None,
            }),
            _ => None,
        };
        let action = HostAction { at: self.at.clone(), by: Arc::clone(&self.by), change, gives, afterwards: false };
        Action::Host(Box::new(action))
    }

    fn plan(&self) -> Vec<Action> {
        changes().into_iter().map(|change| self.host(change)).collect()
    }

    async fn run(&self, actions: Vec<Action>) -> Ran {
        perform(&self.stage, RUN, actions, |_, action| action).await
    }

    fn state(&self) -> State {
        self.stage.state()
    }

    fn seen(&self) -> RunSeen {
        self.state().run(&RunId::parse(RUN).unwrap()).unwrap().seen()
    }

    fn journal(&self) -> std::path::PathBuf {
        self.stage.state_folder().join("runs").join(RUN).join("journal")
    }

    /// Makes the run look as if its process had been killed.
    fn kill(&self) {
        let text = std::fs::read_to_string(self.journal()).unwrap();
        let alive = format!("\"pid\":{},", std::process::id());
        assert!(text.contains(&alive), "{text}");
        std::fs::write(self.journal(), text.replace(&alive, "\"pid\":999999999,")).unwrap();
    }

    /// What takes the run back, as its journal tells it, the last first.
    fn reverts(&self) -> Vec<Action> {
        let seen = self.seen();
        let mut left: Vec<_> = seen.left().cloned().collect();
        left.reverse();
        left.into_iter()
            .map(|one| {
                Action::Revert(Box::new(Revert {
                    run: RUN.into(),
                    n: one.n,
                    at: self.at.clone(),
                    by: Arc::clone(&self.by),
                    change: one.change,
                }))
            })
            .collect()
    }

    /// Takes the run back, each action whatever came of the one before it.
    async fn take_back(&self) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for action in self.reverts() {
            let ran = perform(&self.stage, "ffffff", vec![action], |_, action| action).await;
            outcomes.push(ran.outcome(0).clone());
        }
        outcomes
    }
}

async fn sign_in(stage: &Stage, lab: &Lab, at: &HostAt, user: &str) -> Credential {
    let password = Secret::new(lab.user(user).unwrap().password);
    let login = Login::Password { at: at.clone(), user: user.parse().unwrap(), password };
    match log_in(login, &stage.options).await {
        LoginAnswer::SignedIn(ticket) => Credential::Ticket(ticket),
        other => panic!("{other:?}"),
    }
}

/// Performs a plan as the conversation does: the next action after the answer to the one before. `begin` sees each action before it
/// is asked for, and the secret that was made so far.
async fn perform(
    stage: &Stage,
    name: &str,
    actions: Vec<Action>,
    begin: impl FnMut(Option<&Secret>, Action) -> Action,
) -> Ran {
    perform_in(stage.world(), name, actions, begin).await
}

async fn perform_in(
    mut world: World,
    name: &str,
    actions: Vec<Action>,
    mut begin: impl FnMut(Option<&Secret>, Action) -> Action,
) -> Ran {
    world.call_run(name).await;
    let (answers, mut told) = mpsc::unbounded_channel();
    world.answer_to(answers);
    let planned = |action| Planned { action, heading: "On the host".into(), sentence: String::new() };
    let plan = Plan { actions: actions.into_iter().map(planned).collect() };
    let no = RunNo(1);
    let mut run = Run::new(no, &plan);
    let mut secret = None;
    let mut next = run.first();
    loop {
        match next {
            Next::Do(index, action) => world.run(Effect::Perform(no, index, begin(secret.as_ref(), action))),
            Next::TakeBack(index, action) => world.run(Effect::TakeBack(no, index, action)),
            Next::Over => break,
        };
        next = loop {
            match answer(&mut told).await {
                Msg::Performed(_, index, outcome) => break run.performed(index, outcome),
                Msg::TookBack(_, index, outcome) => break run.took_back(index, outcome),
                Msg::Made(_, _, made) => secret = Some(made),
                Msg::Began(_, began) => assert_eq!(began, name),
                other => panic!("{other:?}"),
            }
        };
    }
    world.run(Effect::EndRun(no));
    world.settle().await;
    Ran { run, secret }
}

async fn answer(told: &mut mpsc::UnboundedReceiver<Msg>) -> Msg {
    let waited = tokio::time::timeout(Duration::from_secs(60), told.recv()).await;
    waited.expect("an action is answered").expect("the world is there")
}

#[tokio::test]
async fn what_was_planned_is_made_on_every_release_and_the_journal_tells_it_without_the_secret() {
    for release in LabRelease::all() {
        let scene = Scene::on(*release).await;
        let ran = scene.run(scene.plan()).await;
        for at in 0..5 {
            assert_eq!(ran.outcome(at), &Outcome::Done { notes: Vec::new() }, "{release:?} {at}");
        }
        let made: BTreeSet<String> = changes().iter().flat_map(made_by).collect();
        assert_eq!(scene.more(), made, "{release:?}");
        let secret = ran.secret.expect("a secret was made");
        let kept = scene.lab.change(|cluster| cluster.token(&token().to_string()).unwrap().secret.clone());
        assert!(secret.reveal() == kept, "{release:?}: it is another secret");
        let seen = scene.seen();
        assert!(seen.finished);
        assert_eq!(seen.changes.iter().map(|one| one.change.clone()).collect::<Vec<_>>(), changes());
        assert!(seen.changes.iter().all(|one| one.state == ChangeState::Made));
        let journal = std::fs::read_to_string(scene.journal()).unwrap();
        let Credential::Ticket(ticket) = &*scene.by else { panic!("a ticket signed in") };
        for hidden in [&secret, &ticket.ticket, &ticket.csrf] {
            assert!(!journal.contains(hidden.reveal()), "{release:?}: a secret is in the journal");
        }
    }
}
