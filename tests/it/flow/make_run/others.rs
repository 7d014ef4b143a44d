//! What others changed since, who may not, what is written beside it, and what the wire sees.

use labwizard::disk::read_config;
use labwizard::domain::Text;
use labwizard::format::{Dialect, Edit};
use labwizard::lab::proxmox::cluster::{Cluster, Subject, User};
use labwizard::plan::action::{FileEdit, STAND_IN};

use super::*;
use crate::flow::unseen::half_sighted;

const ROLE: &str = "LabwizardGlassdome";

/// An edit of the project's file that awaits nothing any more.
pub fn edit(stage: &Stage, secret: &str) -> FileEdit {
    let seen = read_config(&stage.env_file(), &Stage::caller()).unwrap();
    FileEdit {
        agreed: seen.oddities.clone(),
        seen,
        dialect: Dialect::Dotenv,
        readers: Vec::new(),
        start: Text::default(),
        edits: vec![
            Edit::set("HOST", Text::from("pve.lan")),
            Edit::set("TOKEN", Text::new(format!("{}={secret}", token()))),
        ],
        heading: None,
        awaits: Arc::default(),
    }
}

/// Makes the token and writes its secret into the project's file.
async fn make_and_write(scene: &Scene) -> Ran {
    let mut plan = scene.plan();
    plan.push(Action::Edit(Box::new(edit(&scene.stage, STAND_IN))));
    let ran = perform(&scene.stage, RUN, plan, |secret, action| match (action, secret) {
        (Action::Edit(_), Some(secret)) => Action::Edit(Box::new(edit(&scene.stage, secret.reveal()))),
        (action, _) => action,
    })
    .await;
    assert!(!ran.run.failed(), "{}", ran.said());
    ran
}

#[tokio::test]
async fn what_somebody_changed_since_is_theirs_and_stays() {
    type Touch = fn(&mut Cluster);
    let touches: [(&str, Touch, &str); 7] = [
        ("token lab@pve!glassdome", |c| c.token_mut("lab@pve!glassdome").unwrap().comment = None, "comment"),
        ("token lab@pve!glassdome", |c| c.token_mut("lab@pve!glassdome").unwrap().privsep = false, "separation"),
        ("token lab@pve!glassdome", |c| c.token_mut("lab@pve!glassdome").unwrap().expire = 0, "expiry"),
        ("user lab@pve", |c| c.users.get_mut("lab@pve").unwrap().comment = Some("mine".into()), "comment"),
        ("user lab@pve", |c| c.grant("/", Subject::User, "lab@pve", "PVEAuditor", true), "holds PVEAuditor on /"),
        (
            "role LabwizardGlassdome",
            |c| c.roles.get_mut(ROLE).unwrap().privileges.extend(["VM.PowerMgmt".to_owned()]),
            "privileges",
        ),
        (
            "role LabwizardGlassdome",
            |c| c.grant("/pool/x", Subject::User, "apex@pve", ROLE, true),
            "apex@pve still holds it on /pool/x",
        ),
    ];
    for (stays, touch, why) in touches {
        let scene = Scene::new().await;
        scene.run(scene.plan()).await;
        scene.lab.change(touch);
        let outcomes = scene.take_back().await;
        assert!(scene.stands().contains(stays), "{stays} {why}: {:?}", scene.more());
        let told = outcomes.iter().any(|one| matches!(one, Outcome::NotDone(trouble) if trouble.what.contains(why)));
        assert!(told, "{stays} {why}: {outcomes:?}");
        let told = outcomes.iter().all(|one| match one {
            Outcome::NotDone(trouble) => trouble.hint.as_ref().is_some_and(|hint| hint.contains("pveum ")),
            _ => true,
        });
        assert!(told, "{outcomes:?}");
        assert!(scene.seen().left().any(|one| made_by(&one.change).iter().any(|line| line == stays)), "{stays}");
    }
}

#[tokio::test]
async fn what_is_gone_already_counts_as_taken_back() {
    let scene = Scene::new().await;
    scene.run(scene.plan()).await;
    scene.lab.change(|cluster| {
        cluster.users.remove("lab@pve");
        cluster.roles.remove(ROLE);
        cluster.acl.retain(|row| row.role != ROLE);
    });
    let outcomes = scene.take_back().await;
    assert!(outcomes.iter().all(|one| matches!(one, Outcome::Done { .. })), "{outcomes:?}");
    assert_eq!((scene.stands(), scene.seen().left().count()), (scene.before.clone(), 0));
}

#[tokio::test]
async fn who_is_not_shown_a_token_does_not_count_it_as_gone() {
    let scene = Scene::new().await;
    scene.run(scene.plan()).await;
    let apex = Arc::new(sign_in(&scene.stage, &scene.lab, &scene.at, "apex@pve").await);
    let stands = scene.stands();
    for action in scene.reverts() {
        let Action::Revert(mut revert) = action else { panic!("{action:?}") };
        revert.by = Arc::clone(&apex);
        let ran = perform(&scene.stage, "ffffff", vec![Action::Revert(revert)], |_, action| action).await;
        assert!(matches!(ran.outcome(0), Outcome::NotDone(_)), "{}", ran.said());
    }
    assert_eq!((scene.stands(), scene.seen().left().count()), (stands, 5));
}

#[tokio::test]
async fn a_role_stays_where_who_else_holds_it_is_not_shown() {
    let scene = Scene::new().await;
    scene.run(scene.plan()).await;
    scene.lab.change(|cluster| {
        half_sighted(cluster, "apex@pve");
        cluster.users.insert("monitor@pve".into(), User { enable: true, ..User::default() });
        cluster.grant("/nodes", Subject::User, "monitor@pve", ROLE, true);
    });
    let apex = Arc::new(sign_in(&scene.stage, &scene.lab, &scene.at, "apex@pve").await);
    let mut told = Vec::new();
    for action in scene.reverts() {
        let Action::Revert(mut revert) = action else { panic!("{action:?}") };
        revert.by = Arc::clone(&apex);
        let ran = perform(&scene.stage, "ffffff", vec![Action::Revert(revert)], |_, action| action).await;
        told.push(matches!(ran.outcome(0), Outcome::Done { .. }));
    }
    // Grants and token are gone; role and user may be others' by now.
    assert_eq!(told.iter().filter(|done| **done).count(), 3, "{told:?}");
    let stands = scene.stands();
    for stays in ["role LabwizardGlassdome", "user lab@pve", "acl /nodes monitor@pve LabwizardGlassdome"] {
        assert!(stands.contains(stays), "{stays}: {stands:?}");
    }
    assert!(!stands.contains("token lab@pve!glassdome"));
    assert_eq!(scene.seen().left().count(), 2);
}

#[tokio::test]
async fn a_refusal_names_the_right_and_takes_back_what_was_made_before_it() {
    let scene = Scene::new().await;
    let user = "apex@pve";
    // Users and tokens may be made, roles may not.
    scene.lab.change(|cluster| cluster.grant("/access", Subject::User, user, "PVEUserAdmin", true));
    let before = scene.stands();
    let by = Arc::new(sign_in(&scene.stage, &scene.lab, &scene.at, user).await);
    let plan = changes().into_iter().map(|change| {
        let action = HostAction { at: scene.at.clone(), by: Arc::clone(&by), change, gives: None, afterwards: false };
        Action::Host(Box::new(action))
    });
    let ran = scene.run(plan.collect()).await;
    let Outcome::NotDone(trouble) = ran.outcome(1) else { panic!("{}", ran.said()) };
    assert!(trouble.what.contains("lacks Sys.Modify on /access"), "{trouble:?}");
    assert!(trouble.hint.as_ref().is_some_and(|hint| hint.contains("pveum role add")), "{trouble:?}");
    assert_eq!(ran.run.steps[0].back, Some(Outcome::Done { notes: Vec::new() }), "{}", ran.said());
    assert_eq!(scene.stands(), before);
    let states: Vec<ChangeState> = scene.seen().changes.iter().map(|one| one.state).collect();
    assert_eq!(states, [ChangeState::TakenBack, ChangeState::NotMade]);
}

#[tokio::test]
async fn a_role_that_came_into_being_since_the_review_is_neither_used_nor_removed() {
    let scene = Scene::new().await;
    scene.lab.change(|cluster| cluster.roles.insert(ROLE.into(), Default::default()));
    let ran = scene.run(scene.plan()).await;
    let Outcome::NotDone(trouble) = ran.outcome(1) else { panic!("{}", ran.said()) };
    assert!(trouble.what.contains("is there already"), "{trouble:?}");
    assert_eq!(scene.more(), BTreeSet::from([format!("role {ROLE}")]));
}

#[tokio::test]
async fn undo_of_a_later_day_removes_everything_and_proves_that_the_secret_is_dead() {
    for restore_first in [false, true] {
        let scene = Scene::new().await;
        let ran = make_and_write(&scene).await;
        let secret = ran.secret.unwrap();
        let text = std::fs::read_to_string(scene.stage.env_file()).unwrap();
        assert!(text.contains(secret.reveal()), "the secret is not in the file");
        let seen = scene.seen();
        assert_eq!(seen.files.iter().filter(|file| file.stands).count(), 1);
        let restore = Action::Restore { run: RUN.into(), n: seen.files[0].n };
        let mut plan = scene.reverts();
        plan.insert(if restore_first { 0 } else { plan.len() }, restore);
        let back = perform(&scene.stage, "ffffff", plan, |_, action| action).await;
        assert!(!back.run.failed(), "{}", back.said());
        assert!(back.said().contains("its old secret is refused now"), "{}", back.said());
        assert!(!back.said().contains(secret.reveal()));
        assert!(!scene.stage.env_file().exists());
        assert_eq!((scene.stands(), scene.seen().left().count()), (scene.before.clone(), 0));
        assert!(scene.seen().files.iter().all(|file| !file.stands));
        // Nothing of this is a run of its own.
        assert_eq!(scene.state().runs().unwrap().len(), 1);
    }
}

/// Whether the host was shown this secret.
pub fn was_sent(scene: &Scene, secret: &str) -> bool {
    scene.lab.received().iter().any(|one| String::from_utf8_lossy(&one.raw).contains(secret))
}

/// The file may lead elsewhere by now, with the secret of another host.
#[tokio::test]
async fn undo_shows_the_host_no_secret_that_came_into_the_file_since() {
    const THEIRS: &str = "00000000-0000-4000-8000-000000000001";
    for restore_first in [false, true] {
        let scene = Scene::new().await;
        make_and_write(&scene).await;
        let theirs = format!("HOST=other.lan\nTOKEN=mia@pve!theirs={THEIRS}\n");
        std::fs::write(scene.stage.env_file(), theirs).unwrap();
        let mut plan = scene.reverts();
        let restore = Action::Restore { run: RUN.into(), n: scene.seen().files[0].n };
        plan.insert(if restore_first { 0 } else { plan.len() }, restore);
        let back = perform(&scene.stage, "ffffff", plan, |_, action| action).await;
        assert!(!back.run.failed() && back.said().contains("its death was not proved"), "{}", back.said());
        assert_eq!(scene.stands(), scene.before);
        assert!(!was_sent(&scene, THEIRS), "a foreign secret was sent");
    }
}

#[tokio::test]
async fn a_rehearsal_leaves_the_file_and_its_folder_as_they_were_and_fails_as_the_write_would() {
    let scene = Scene::new().await;
    std::fs::write(scene.stage.env_file(), "HOST=old\n").unwrap();
    let rehearse = || Action::Rehearse(Box::new(edit(&scene.stage, STAND_IN)));
    let ran = scene.run(vec![rehearse()]).await;
    assert_eq!(ran.outcome(0), &Outcome::Done { notes: Vec::new() });
    assert_eq!(std::fs::read_to_string(scene.stage.env_file()).unwrap(), "HOST=old\n");
    assert_eq!(std::fs::read_dir(scene.stage.project()).unwrap().count(), 1);
    assert!(scene.seen().files.iter().all(|file| !file.stands));
    let stale = rehearse();
    std::fs::write(scene.stage.env_file(), "HOST=newer\n").unwrap();
    let ran = perform(&scene.stage, "0a1b2d", vec![stale], |_, action| action).await;
    let Outcome::NotDone(trouble) = ran.outcome(0) else { panic!("{}", ran.said()) };
    assert!(trouble.what.contains("since the review"), "{trouble:?}");
}

/// The announcement is on the disk before the host hears of the change.
#[tokio::test]
async fn no_change_arrives_that_is_not_in_the_journal_already() {
    let scene = Scene::new().await;
    let run = scene.run(scene.plan());
    let watch = async {
        let mut heard = 0;
        while heard < changes().len() {
            let writes = scene.lab.received().iter().filter(|one| is_change(&one.method, &one.path)).count();
            if writes > heard {
                let text = std::fs::read_to_string(scene.journal()).unwrap();
                let announced = text.lines().filter(|line| line.contains("\"announced\"")).count();
                assert!(announced >= writes, "{announced} are announced, and {writes} arrived");
                heard = writes;
            }
            tokio::task::yield_now().await;
        }
    };
    let (ran, watched) = tokio::join!(run, tokio::time::timeout(Duration::from_secs(60), watch));
    watched.expect("all of it arrived");
    assert!(!ran.run.failed(), "{}", ran.said());
}

fn is_change(method: &str, path: &str) -> bool {
    method != "GET" && !path.ends_with("/access/ticket")
}

/// A renewal is a login: it is sent once, whatever becomes of it. Where it fails, the ticket is still good for its second hour.
#[tokio::test]
async fn each_change_is_sent_once_and_an_old_ticket_is_renewed_once() {
    for cut in [None, Some(CutAt::BeforeActing), Some(CutAt::BeforeAnswer), Some(CutAt::MidAnswer)] {
        let mut scene = Scene::new().await;
        let ran = scene.run(scene.plan()).await;
        assert!(!ran.run.failed());
        let count = |scene: &Scene, is: fn(&str, &str) -> bool| {
            scene.lab.received().iter().filter(|one| is(&one.method, &one.path)).count()
        };
        let logins: fn(&str, &str) -> bool = |_, path| path.ends_with("/access/ticket");
        assert_eq!((count(&scene, is_change), count(&scene, logins)), (5, 1));
        // An hour later: the ticket is old, and the one that it is renewed to is not.
        scene.stage.options.now += i64::try_from(scene.stage.options.limits.renew.as_secs()).unwrap();
        if let Some(cut) = cut {
            scene.lab.cut_call("POST", "/access/ticket", cut);
        }
        let ran = perform(&scene.stage, "ffffff", scene.reverts(), |_, action| action).await;
        assert!(!ran.run.failed(), "{cut:?}: {}", ran.said());
        assert_eq!((count(&scene, is_change), count(&scene, logins)), (10, 2), "{cut:?}");
        assert_eq!(scene.stands(), scene.before, "{cut:?}");
    }
}

/// Two runs on one token of one host are kept apart.
#[tokio::test]
async fn a_token_that_another_run_works_on_is_not_touched() {
    let scene = Scene::new().await;
    let held = scene.state().lock(std::path::Path::new(&format!("{}/{}", scene.at.endpoint, token()))).unwrap();
    let ran = scene.run(scene.plan()).await;
    let Outcome::NotDone(trouble) = ran.outcome(2) else { panic!("{}", ran.said()) };
    assert!(trouble.what.contains("another labwizard"), "{trouble:?}");
    assert_eq!(scene.stands(), scene.before);
    drop(held);
}

#[tokio::test]
async fn undo_touches_no_token_that_another_run_works_on() {
    let scene = Scene::new().await;
    scene.run(scene.plan()).await;
    let held = scene.state().lock(std::path::Path::new(&format!("{}/{}", scene.at.endpoint, token()))).unwrap();
    let outcomes = scene.take_back().await;
    let stopped =
        |one: &&Outcome| matches!(one, Outcome::NotDone(trouble) if trouble.what.contains("another labwizard"));
    assert_eq!(outcomes.iter().filter(stopped).count(), 1, "{outcomes:?}");
    assert!(scene.stands().contains(&format!("token {}", token())));
    drop(held);
    scene.take_back().await;
    assert_eq!((scene.stands(), scene.seen().left().count()), (scene.before.clone(), 0));
}

/// The lock of a token on one host is none for the token of that name on another.
#[tokio::test]
async fn each_host_s_token_of_one_name_has_a_lock_of_its_own() {
    let (one, two) = (Scene::new().await, Scene::new().await);
    let held = one.state().lock(std::path::Path::new(&format!("{}/{}", two.at.endpoint, token()))).unwrap();
    let of = |scene: &Scene| [0, 2].map(|n| scene.host(changes().remove(n)));
    let ran = one.run([of(&one), of(&two)].concat()).await;
    assert_eq!(ran.outcome(1), &Outcome::Done { notes: Vec::new() }, "{}", ran.said());
    let Outcome::NotDone(trouble) = ran.outcome(3) else { panic!("{}", ran.said()) };
    assert!(trouble.what.contains("another labwizard"), "{trouble:?}");
    drop(held);
}
