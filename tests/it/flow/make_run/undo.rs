//! `labwizard undo` where a run made something on a host.

use std::process::{Command, Output, Stdio};

use labwizard::plan::make::sentence;

use super::*;

/// Runs the program with nobody at its input.
pub fn labwizard(scene: &Scene, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_labwizard"))
        .args(arguments)
        .current_dir(scene.stage.project())
        .env_clear()
        .env("HOME", scene.stage.project())
        .env("LABWIZARD_STATE", scene.stage.state_folder())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn with_nobody_to_sign_in_it_lists_what_stands_and_its_commands_and_touches_nothing() {
    let scene = Scene::new().await;
    scene.run(scene.plan()).await;
    let (stands, requests) = (scene.stands(), scene.lab.received().len());
    for arguments in [&["undo"][..], &["undo", RUN]] {
        let output = labwizard(&scene, arguments);
        assert_eq!(output.status.code(), Some(2), "{}", out(&output));
        let text = out(&output);
        let commands = [
            "pveum acl delete /storage/local",
            "pveum acl delete /vms",
            "pveum user token remove lab@pve glassdome",
            "pveum role delete LabwizardGlassdome",
            "pveum user delete lab@pve",
        ];
        let places: Vec<Option<usize>> = commands.iter().map(|command| text.find(command)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} in\n{text}");
    }
    assert_eq!((scene.stands(), scene.lab.received().len()), (stands, requests));
    assert_eq!(scene.seen().left().count(), 5);
}

#[tokio::test]
async fn the_list_tells_how_each_change_stands_and_a_run_that_is_back_is_not_offered() {
    let scene = Scene::new().await;
    scene.lab.cut_call("POST", "/access/roles", CutAt::BeforeActing);
    scene.run(scene.plan()).await;
    let text = out(&labwizard(&scene, &["undo", "--list"]));
    let host = format!("127.0.0.1:{}", scene.lab.port());
    for (n, state) in [(0, "taken back"), (1, "was never done")] {
        let line = format!("{host}: {} ({state})", sentence(&changes()[n]));
        assert!(text.contains(&line), "{line} is not in\n{text}");
    }
    let output = labwizard(&scene, &["undo"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nothing to take back"));
}

#[tokio::test]
async fn what_is_forgotten_is_told_with_its_commands_first() {
    let scene = Scene::new().await;
    scene.run(scene.plan()).await;
    let output = labwizard(&scene, &["undo", RUN, "--forget"]);
    assert_eq!(output.status.code(), Some(0), "{}", out(&output));
    assert!(out(&output).contains("pveum user token remove lab@pve glassdome"), "{}", out(&output));
    assert!(scene.state().runs().unwrap().is_empty());
}
