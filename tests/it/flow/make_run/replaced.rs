//! A token that is there already: another beside it, a new secret in place, or removed and made again; each cut once.

use labwizard::plan::action::STAND_IN;

use super::others::{edit, was_sent};
use super::undo::{labwizard, out};
use super::*;
use crate::flow::TOOL;

/// The token of the lab that gets a new secret.
fn old() -> TokenId {
    TOOL.parse().unwrap()
}

fn beside() -> TokenId {
    "apex@pve!glassdome-token-2".parse().unwrap()
}

fn make(id: TokenId) -> Change {
    let comment = format!("{}: for Glassdome", mark(RUN));
    Change::MakeToken(TokenMake { id, separated: true, expire: None, comment })
}

fn grant(to: TokenId) -> Change {
    Change::Grant { path: "/vms".into(), role: "LabTool".into(), to: vec![Grantee::Token(to)] }
}

/// A project whose file holds the old secret.
async fn scene(release: LabRelease) -> (Scene, String) {
    let scene = Scene::on(release).await;
    let secret = scene.lab.token(TOOL).unwrap().secret;
    let text = format!("HOST=127.0.0.1:{}\nTOKEN={TOOL}={secret}\n", scene.lab.port());
    std::fs::write(scene.stage.env_file(), text).unwrap();
    (scene, secret)
}

/// Changes, the file, and what comes after it.
async fn replace(scene: &Scene, before: Vec<Change>, after: Vec<Change>) -> Ran {
    let mut plan: Vec<Action> = before.into_iter().map(|change| scene.host(change)).collect();
    plan.push(Action::Edit(Box::new(edit(&scene.stage, STAND_IN))));
    plan.extend(after.into_iter().map(|change| {
        let action =
            HostAction { at: scene.at.clone(), by: Arc::clone(&scene.by), change, gives: None, afterwards: true };
        Action::Host(Box::new(action))
    }));
    perform(&scene.stage, RUN, plan, |secret, action| match (action, secret) {
        (Action::Edit(_), Some(secret)) => Action::Edit(Box::new(edit(&scene.stage, secret.reveal()))),
        (action, _) => action,
    })
    .await
}

fn secret_of(scene: &Scene, id: &TokenId) -> Option<String> {
    scene.lab.change(|cluster| cluster.token(&id.to_string()).map(|token| token.secret.clone()))
}

fn written(scene: &Scene) -> String {
    std::fs::read_to_string(scene.stage.env_file()).unwrap()
}

#[tokio::test]
async fn the_token_that_was_replaced_is_removed_at_the_end_and_its_death_proved() {
    let (scene, _) = scene(LabRelease::default()).await;
    let ran = replace(&scene, vec![make(beside()), grant(beside())], vec![Change::RemoveToken(old())]).await;
    assert_eq!(
        ran.outcome(3),
        &Outcome::Done { notes: vec!["its old secret is refused now".into()] },
        "{}",
        ran.said()
    );
    assert_eq!(secret_of(&scene, &old()), None);
}

/// The file may have been another host's before: its secret is then not shown to this one.
#[tokio::test]
async fn a_secret_that_the_file_held_for_another_host_or_token_is_not_shown_to_this_one() {
    const THEIRS: &str = "00000000-0000-4000-8000-000000000001";
    for [host, token] in [["other.lan:8006", TOOL], ["127.0.0.1:PORT", "mia@pve!theirs"]] {
        let (scene, _) = scene(LabRelease::default()).await;
        let host = host.replace("PORT", &scene.lab.port().to_string());
        std::fs::write(scene.stage.env_file(), format!("HOST={host}\nTOKEN={token}={THEIRS}\n")).unwrap();
        let ran = replace(&scene, vec![make(beside()), grant(beside())], vec![Change::RemoveToken(old())]).await;
        assert!(!ran.run.failed() && ran.said().contains("its death was not proved"), "{}", ran.said());
        assert_eq!(secret_of(&scene, &old()), None);
        assert!(!was_sent(&scene, THEIRS), "{host} {token}: a foreign secret was sent");
    }
}

/// Made before the old one is broken: whatever is cut once, the file holds a secret that opens, and one token is left.
#[tokio::test]
async fn a_cut_beside_an_old_token_leaves_the_old_or_the_new_whole() {
    for (method, path) in [("POST", "/token/"), ("PUT", "/access/acl"), ("DELETE", "/token/")] {
        for cut in CUTS {
            let (scene, old_secret) = scene(LabRelease::default()).await;
            scene.lab.cut_call(method, path, cut);
            let ran = replace(&scene, vec![make(beside()), grant(beside())], vec![Change::RemoveToken(old())]).await;
            let is_new = !ran.run.failed();
            let new = secret_of(&scene, &beside());
            assert_eq!(new.is_some(), is_new, "{method} {cut:?}: {}", ran.said());
            assert_eq!(secret_of(&scene, &old()).is_none(), is_new, "{method} {cut:?}: {}", ran.said());
            let opens = new.as_deref().unwrap_or(&old_secret);
            assert!(written(&scene).contains(opens), "{method} {cut:?}: the file holds no living secret");
            assert_eq!(is_new, method != "POST" && (method != "PUT" || cut != CutAt::BeforeActing), "{method} {cut:?}");
        }
    }
}

/// In place the old secret may be dead: then it is said, with the command that mends it, and nothing is undone silently.
#[tokio::test]
async fn a_cut_of_a_new_secret_in_place_is_told_with_what_mends_it() {
    for cut in CUTS {
        let (scene, old_secret) = scene(LabRelease::default()).await;
        scene.lab.cut_call("PUT", "/token/", cut);
        let ran = replace(&scene, vec![Change::NewSecret(old())], Vec::new()).await;
        let Outcome::Lost(trouble) = ran.outcome(0) else { panic!("{cut:?}: {}", ran.said()) };
        assert!(trouble.hint.as_ref().is_some_and(|hint| hint.contains("--regenerate 1")), "{trouble:?}");
        assert!(ran.run.steps.iter().all(|step| step.back.is_none()), "{}", ran.said());
        assert!(written(&scene).contains(&old_secret), "{cut:?}: the file was written");
        let seen = scene.seen();
        assert_eq!((&seen.changes[0].change, seen.changes[0].state), (&Change::NewSecret(old()), ChangeState::Unknown));
        assert!(secret_of(&scene, &old()).is_some());
    }
}

#[tokio::test]
async fn a_new_secret_in_place_is_written() {
    for release in LabRelease::all().iter().filter(|release| release.regenerates()) {
        let (scene, old_secret) = scene(*release).await;
        let ran = replace(&scene, vec![Change::NewSecret(old())], Vec::new()).await;
        assert!(!ran.run.failed(), "{}", ran.said());
        let new = secret_of(&scene, &old()).unwrap();
        assert!(new != old_secret && written(&scene).contains(&new), "{release:?}");
    }
}

/// Older hosts: removed, made again, granted again. Before the removal nothing is changed, and after it everything is made.
#[tokio::test]
async fn a_cut_of_a_token_that_is_made_again_leaves_the_old_or_the_new_whole() {
    for (method, path) in [("DELETE", "/token/"), ("POST", "/token/"), ("PUT", "/access/acl")] {
        for cut in CUTS {
            let (scene, old_secret) = scene(LabRelease::all()[0]).await;
            let stood = scene.stands();
            scene.lab.cut_call(method, path, cut);
            let ran = replace(&scene, vec![Change::RemoveToken(old()), make(old()), grant(old())], Vec::new()).await;
            let there = secret_of(&scene, &old()).unwrap();
            assert!(written(&scene).contains(&there), "{method} {cut:?}: the file holds a dead secret, {}", ran.said());
            if method == "DELETE" && cut == CutAt::BeforeActing {
                assert_eq!((scene.stands(), there), (stood, old_secret));
                continue;
            }
            assert!(!ran.run.failed() && there != old_secret, "{method} {cut:?}: {}", ran.said());
            assert!(scene.stands().contains(&format!("acl /vms {TOOL} LabTool")), "{method} {cut:?}");
            let stays: Vec<Change> = scene.seen().stays().map(|one| one.change.clone()).collect();
            assert_eq!(stays, [make(old()), grant(old())], "{method} {cut:?}");
            assert_eq!(scene.seen().left().count(), 0, "{method} {cut:?}");
        }
    }
}

/// The program was killed behind the removal: what the token was stands in the journal, and everything that reads it tells.
#[tokio::test]
async fn a_token_that_was_removed_and_not_made_again_is_not_forgotten() {
    let (scene, old_secret) = scene(LabRelease::V8_4_21).await;
    let ran = scene.run(vec![scene.host(Change::RemoveToken(old()))]).await;
    assert!(!ran.run.failed() && secret_of(&scene, &old()).is_none(), "{}", ran.said());
    scene.kill();
    let (seen, was) = (scene.seen(), scene.before.difference(&scene.stands()).cloned().collect::<BTreeSet<_>>());
    let commands = seen.mending();
    assert!(commands[0].starts_with("pveum user token add apex@pve glassdome-token --privsep 1 --expire 0 --comment "));
    // Each entry that went with it comes back.
    let rows: BTreeSet<String> = commands[1..].iter().map(|line| line.replace('\'', "")).collect();
    let gone = was.iter().filter_map(|line| line.strip_prefix("acl ")?.split_once(&format!(" {TOOL} ")));
    let wanted: BTreeSet<String> =
        gone.map(|(path, role)| format!("pveum acl modify {path} --tokens {TOOL} --roles {role}")).collect();
    assert!(!wanted.is_empty());
    assert_eq!(rows, wanted);

    let list = labwizard(&scene, &["undo", "--list"]);
    let text = out(&list);
    assert!(text.contains("removed a token; not taken back") && !text.contains("  taken back\n"), "{text}");
    let undo = labwizard(&scene, &["undo", RUN]);
    assert_eq!(undo.status.code(), Some(1), "{}", out(&undo));
    let page = scene.stage.hold_as(scene.stage.setting(), &Default::default(), None).await;
    let start = labwizard::front::words::page(&page.pages[0], false).join("\n");
    for command in &commands {
        for told in [&text, &out(&undo), &start] {
            assert!(told.contains(command.as_str()), "{command} is not in\n{told}");
        }
    }
    assert!(written(&scene).contains(&old_secret));
    // Newer runs do not push it out.
    for at in 0..30 {
        scene.state().begin_run(2_000_000_000 + at).unwrap().finish(2_000_000_000 + at).unwrap();
    }
    assert_eq!(scene.seen().mending(), commands);
}
