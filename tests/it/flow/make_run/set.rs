//! What is there already is set only where it still is as the plan says, and taken back only where this run set it.

use labwizard::lab::proxmox::cluster::Cluster;

use super::*;
use crate::flow::TOOL;

const WAS: u64 = 1_600_000_000;
const END: u64 = 2_000_000_000;

/// Whether the tool's user is enabled, and when its token ends.
fn stands(cluster: &mut Cluster) -> (bool, u64) {
    let token = cluster.token(TOOL).unwrap().expire;
    (cluster.users["apex@pve"].enable, token)
}

fn puts(scene: &Scene) -> usize {
    scene.lab.received().iter().filter(|one| one.method == "PUT" && one.path.contains("/access/users/")).count()
}

#[tokio::test]
async fn what_somebody_else_set_meanwhile_is_neither_set_nor_taken_back() {
    let id: TokenId = TOOL.parse().unwrap();
    let seconds = |end: u64| i64::try_from(end).ok();
    let end = Change::SetEnd { who: Grantee::Token(id.clone()), end: seconds(END), was: seconds(WAS) };
    let enable = Change::Enable { user: id.user.clone(), on: true };
    type Fits = fn(&Outcome) -> bool;
    let done: Fits = |one| matches!(one, Outcome::Done { .. });
    let already: Fits = |one| matches!(one, Outcome::Skipped(trouble) if trouble.what.contains("already"));
    let other: Fits = |one| matches!(one, Outcome::NotDone(trouble) if trouble.what.contains("another day"));
    let cases = [
        (&end, (true, WAS), done, 2),
        (&end, (true, END), already, 0),
        (&end, (true, 0), other, 0),
        (&enable, (false, END), done, 2),
        (&enable, (true, END), already, 0),
    ];
    for (change, on_host, fits, sent) in cases {
        let scene = Scene::new().await;
        scene.lab.change(|cluster| {
            cluster.users.get_mut("apex@pve").unwrap().enable = on_host.0;
            cluster.token_mut(TOOL).unwrap().expire = on_host.1;
        });
        // The second one fails, so that what the run did is taken back.
        let to = vec![Grantee::Token(id.clone())];
        let fails = Change::Grant { path: "/vms".into(), role: "NoSuchRole".into(), to };
        let ran = scene.run(vec![scene.host(change.clone()), scene.host(fails)]).await;
        assert!(fits(ran.outcome(0)), "{change:?} {on_host:?}: {}", ran.said());
        assert!(ran.run.failed(), "{}", ran.said());
        assert_eq!(scene.lab.change(stands), on_host, "{change:?}: {}", ran.said());
        assert_eq!(puts(&scene), sent, "{change:?} {on_host:?}");
        assert_eq!(scene.seen().left().count(), 0, "{change:?} {on_host:?}");
    }
}
