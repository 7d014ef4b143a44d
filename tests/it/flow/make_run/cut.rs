//! Connections that are cut while a plan is performed or taken back: all or nothing, and what may stand is told.

use super::*;

/// Each write is cut once, at each of three points: afterwards everything stands, or nothing.
#[tokio::test]
async fn a_connection_that_is_cut_once_ends_in_everything_or_nothing() {
    let writes = [("POST", "/access/users"), ("POST", "/access/roles"), ("POST", "/token/"), ("PUT", "/access/acl")];
    for (method, path) in writes {
        for cut in CUTS {
            let scene = Scene::new().await;
            scene.lab.cut_call(method, path, cut);
            let ran = scene.run(scene.plan()).await;
            let left: Vec<Change> = scene.seen().left().map(|one| one.change.clone()).collect();
            let acted = cut != CutAt::BeforeActing;
            // The secret of a token went with its answer.
            if acted && path != "/token/" {
                assert!(!ran.run.failed(), "{method} {path} {cut:?}: {}", ran.said());
                assert_eq!(left, changes(), "{method} {path} {cut:?}");
            } else {
                assert!(ran.run.failed(), "{method} {path} {cut:?}");
                assert_eq!(scene.more(), BTreeSet::new(), "{method} {path} {cut:?}: {}", ran.said());
                assert_eq!(left, [], "{method} {path} {cut:?}");
                assert_eq!(ran.run.left().count(), 0, "{method} {path} {cut:?}: {}", ran.said());
            }
        }
    }
}

/// The same while a run is taken back: what only reads is asked again, and what is seen to stand is removed again.
#[tokio::test]
async fn a_connection_that_is_cut_once_while_a_run_is_taken_back_leaves_nothing() {
    let calls = [
        ("GET", "/access/users"),
        ("GET", "/access/acl"),
        ("GET", "/access/roles"),
        ("DELETE", "/token/"),
        ("DELETE", "/access/roles"),
        ("DELETE", "/access/users/lab@pve"),
        ("PUT", "/access/acl"),
    ];
    for (method, path) in calls {
        for cut in CUTS {
            let scene = Scene::new().await;
            scene.run(scene.plan()).await;
            scene.lab.cut_call(method, path, cut);
            let outcomes = scene.take_back().await;
            assert!(outcomes.iter().all(|one| matches!(one, Outcome::Done { .. })), "{method} {path}: {outcomes:?}");
            assert_eq!(scene.more(), BTreeSet::new(), "{method} {path} {cut:?}");
            assert_eq!(scene.seen().left().count(), 0, "{method} {path} {cut:?}");
        }
    }
}

/// Where the connection stays cut, what may stand is told with its command, and the host back, it is cleared.
#[tokio::test]
async fn what_a_host_that_went_away_may_keep_is_told_and_cleared_when_it_is_back() {
    for cut in CUTS {
        let scene = Scene::new().await;
        scene.lab.cut_call("POST", "/token/", cut);
        for _ in 0..40 {
            for method in ["GET", "PUT", "DELETE"] {
                scene.lab.cut_call(method, "/access/", CutAt::BeforeActing);
            }
        }
        let ran = scene.run(scene.plan()).await;
        assert!(matches!(ran.outcome(2), Outcome::Lost(_)), "{}", ran.said());
        let left: Vec<_> = ran.run.left().collect();
        assert_eq!(left.len(), 3, "{}", ran.said());
        for (step, command) in left.iter().zip(["pveum user delete", "pveum role delete", "pveum user token remove"]) {
            let Some(Outcome::NotDone(trouble)) = &step.back else { panic!("{:?}", step.back) };
            assert!(trouble.hint.as_ref().is_some_and(|hint| hint.contains(command)), "{trouble:?}");
        }
        let listed: BTreeSet<String> = scene.seen().left().flat_map(|one| made_by(&one.change)).collect();
        assert!(scene.more().is_subset(&listed), "{:?} {listed:?}", scene.more());
        // What is not used up of the cuts hits what comes next.
        while scene.stands() != scene.before {
            let before = scene.seen().left().count();
            scene.take_back().await;
            assert!(before > 0, "nothing is left to take back, and the host has {:?}", scene.more());
        }
        scene.take_back().await;
        assert_eq!(scene.seen().left().count(), 0);
    }
}
