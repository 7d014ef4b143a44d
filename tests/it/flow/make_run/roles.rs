//! The role of a grant is looked at before the grant and after it: what somebody widened meanwhile is not given away.

use labwizard::lab::proxmox::cluster::Cluster;

use super::*;

const ROLE: &str = "LabwizardGlassdome";

fn widen(cluster: &mut Cluster) {
    cluster.roles.get_mut(ROLE).unwrap().privileges.insert("Sys.Modify".into());
}

/// Runs the plan, and changes the cluster as soon as this request has arrived.
async fn run_and_change(scene: &Scene, method: &str, path: &str, change: fn(&mut Cluster)) -> Ran {
    let watch = async {
        while !scene.lab.received().iter().any(|one| one.method == method && one.path.contains(path)) {
            tokio::task::yield_now().await;
        }
        scene.lab.change(change);
    };
    tokio::join!(scene.run(scene.plan()), watch).0
}

fn grants(scene: &Scene) -> usize {
    scene.lab.received().iter().filter(|one| one.method == "PUT" && one.path.contains("/access/acl")).count()
}

/// The first grant of the plan.
const GRANT: usize = 3;

#[tokio::test]
async fn a_role_that_changed_before_its_grant_is_not_granted() {
    let gone = |cluster: &mut Cluster| drop(cluster.roles.remove(ROLE));
    let less = |cluster: &mut Cluster| {
        cluster.roles.get_mut(ROLE).unwrap().privileges.remove("VM.Clone");
    };
    type Touch = fn(&mut Cluster);
    for (touch, why) in
        [(widen as Touch, "also has Sys.Modify now"), (less, "lacks VM.Clone now"), (gone, "is no longer there")]
    {
        let scene = Scene::new().await;
        let ran = run_and_change(&scene, "POST", "/token/", touch).await;
        let Outcome::NotDone(trouble) = ran.outcome(GRANT) else { panic!("{}", ran.said()) };
        assert!(trouble.what.contains(why), "{trouble:?}");
        assert_eq!(grants(&scene), 0, "{why}: nothing is granted");
        // The user and the token are taken back; the role is so where it still is as it was made.
        assert!(scene.more().is_subset(&BTreeSet::from([format!("role {ROLE}")])), "{why}: {:?}", scene.more());
    }
}

#[tokio::test]
async fn a_role_that_changed_while_it_was_granted_is_taken_back_from_whom_it_was_granted_to() {
    let scene = Scene::new().await;
    let ran = run_and_change(&scene, "PUT", "/access/acl", widen).await;
    let Outcome::Lost(trouble) = ran.outcome(GRANT) else { panic!("{}", ran.said()) };
    assert!(trouble.what.contains("also has Sys.Modify now"), "{trouble:?}");
    assert!(trouble.hint.as_ref().is_some_and(|hint| hint.contains("pveum acl delete /vms")), "{trouble:?}");
    assert_eq!(ran.run.steps[GRANT].back, Some(Outcome::Done { notes: Vec::new() }), "{}", ran.said());
    assert!(ran.run.steps[GRANT + 1].outcome.is_none(), "what comes after it is not begun");
    // The role is somebody else's now, and is told.
    assert_eq!(scene.more(), BTreeSet::from([format!("role {ROLE}")]));
    assert_eq!(ran.run.left().count(), 1, "{}", ran.said());
}

/// A host that does not tell of its roles before the grant gets none; after it, the grant is taken back.
#[tokio::test]
async fn a_role_that_cannot_be_looked_at_is_not_taken_on_trust() {
    for after in [false, true] {
        let scene = Scene::new().await;
        if after {
            let watch = async {
                while grants(&scene) == 0 {
                    tokio::task::yield_now().await;
                }
                (0..3).for_each(|_| scene.lab.cut_call("GET", "/access/roles", CutAt::BeforeActing));
            };
            let (ran, ()) = tokio::join!(scene.run(scene.plan()), watch);
            assert!(matches!(ran.outcome(GRANT), Outcome::Lost(_)), "{}", ran.said());
        } else {
            (0..3).for_each(|_| scene.lab.cut_call("GET", "/access/roles", CutAt::BeforeActing));
            let ran = scene.run(scene.plan()).await;
            assert!(matches!(ran.outcome(GRANT), Outcome::NotDone(_)), "{}", ran.said());
            assert_eq!(grants(&scene), 0);
        }
        assert_eq!(scene.more(), BTreeSet::new(), "{after}");
    }
}
