//! Runs that end anywhere, as their journals tell them: what stands was announced, and the next start clears it.

use super::*;

/// Killed around each write of the journal and each request: what stands was announced, and the next start clears it.
#[tokio::test]
async fn a_run_that_is_killed_anywhere_is_told_by_its_journal_and_cleared_by_the_next_start() {
    /// When it is killed: announced and not sent, acted and not closed, closed.
    const MOMENTS: [&str; 3] = ["announced", "acted", "closed"];
    for n in 0..changes().len() {
        for moment in MOMENTS {
            let scene = Scene::new().await;
            let plan: Vec<Action> = scene.plan().into_iter().take(n + 1).collect();
            let text = if moment == "announced" {
                let begun = announced(&scene, &plan[n], n).await;
                if n > 0 {
                    scene.run(plan[..n].to_vec()).await;
                }
                let mut text = lines(&scene);
                text.pop();
                if text.is_empty() {
                    std::fs::create_dir_all(scene.journal().parent().unwrap()).unwrap();
                    private(&scene.stage.state_folder());
                    text.push(begun[0].clone());
                }
                text.push(begun[1].clone());
                text
            } else {
                scene.run(plan).await;
                let mut text = lines(&scene);
                text.truncate(text.len() - if moment == "acted" { 2 } else { 1 });
                text
            };
            std::fs::write(scene.journal(), text.join("\n") + "\n").unwrap();
            scene.kill();
            let seen = scene.seen();
            assert!(!seen.finished, "{n} {moment}");
            let announced: BTreeSet<String> = seen.left().flat_map(|one| made_by(&one.change)).collect();
            assert!(scene.more().is_subset(&announced), "{n} {moment}: {:?} {announced:?}", scene.more());
            assert_eq!(seen.left().count(), n + 1, "{n} {moment}");
            let outcomes = scene.take_back().await;
            assert!(outcomes.iter().all(|one| matches!(one, Outcome::Done { .. })), "{n} {moment}: {outcomes:?}");
            assert_eq!(scene.stands(), scene.before, "{n} {moment}");
            assert_eq!(scene.seen().left().count(), 0, "{n} {moment}");
        }
    }
}

/// Makes folders that only their owner enters, as labwizard makes them.
fn private(folder: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    for inside in ["", "runs", &format!("runs/{RUN}")] {
        std::fs::set_permissions(folder.join(inside), PermissionsExt::from_mode(0o700)).unwrap();
    }
}

fn lines(scene: &Scene) -> Vec<String> {
    let text = std::fs::read_to_string(scene.journal()).unwrap_or_default();
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// What the journal of a run begins with that announced only this action: written elsewhere, against a host that cuts the request.
async fn announced(scene: &Scene, action: &Action, n: usize) -> Vec<String> {
    let other = Stage::new();
    let method = if matches!(action.change(), Some(Change::Grant { .. })) { "PUT" } else { "POST" };
    scene.lab.cut_call(method, "/access/", CutAt::BeforeActing);
    let mut world = other.world();
    world.call_run(RUN).await;
    let (answers, mut told) = mpsc::unbounded_channel();
    world.answer_to(answers);
    let mut action = action.clone();
    if let Action::Host(action) = &mut action {
        // Here stands nothing of what was made before it, the role of a grant neither.
        action.gives = None;
    }
    world.run(Effect::Perform(RunNo(1), n, action));
    while !matches!(answer(&mut told).await, Msg::Performed(..)) {}
    world.settle().await;
    let path = other.state_folder().join("runs").join(RUN).join("journal");
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<String> = text.lines().take(2).map(str::to_owned).collect();
    assert!(lines.len() == 2 && lines[1].contains("\"announced\""), "{text}");
    lines
}
