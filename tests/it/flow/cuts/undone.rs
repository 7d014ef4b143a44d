//! Runs that replaced a secret, and somebody who wants them undone: nothing that works is broken, and nothing is said to be back.

use labwizard::wizard::Setting;
use labwizard::wizard::errand::Errand;

use super::*;
use crate::flow::errands::signing_in;

const REPLACED: [(Way, LabRelease); 3] =
    [(Way::InPlace, LabRelease::V8_4_21), (Way::InPlace, LabRelease::V9_2_11), (Way::Beside, LabRelease::V9_2_11)];

/// The program, with nobody at its input.
fn labwizard(walked: &Walked, arguments: &[&str]) -> (Option<i32>, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_labwizard"))
        .args(arguments)
        .current_dir(walked.stage.project())
        .env_clear()
        .env("HOME", walked.stage.project())
        .env("LABWIZARD_STATE", walked.stage.state_folder())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[tokio::test]
async fn a_run_that_replaced_a_secret_is_not_taken_back_and_says_why() {
    for (way, release) in REPLACED {
        let walked = walk(way, release, |_, _| {}).await;
        let case = format!("{way:?} {release}");
        assert!(walked.not_everything().is_none(), "{case}: {:?}", walked.not_everything());
        let (stage, lab, seen) = (&walked.stage, &walked.lab, walked.seen().unwrap());
        let stands = (lab.access_state(), std::fs::read_to_string(stage.env_file()).unwrap());
        let is_as_it_was = || stands == (lab.access_state(), std::fs::read_to_string(stage.env_file()).unwrap());

        // By the program alone: refused, with what is left alone and how it would go.
        let (code, list) = labwizard(&walked, &["undo", "--list"]);
        assert_eq!(code, Some(0), "{case}");
        assert!(list.contains("replaced a secret; not taken back"), "{case}: {list}");
        for arguments in [&["undo"][..], &["undo", &seen.name]] {
            let (code, told) = labwizard(&walked, arguments);
            assert_eq!(code, Some(1), "{case}: {told}");
            assert!(told.contains("nothing brings it back") && told.contains(".env"), "{case}: {told}");
            assert!(is_as_it_was(), "{case}: {told}");
        }
        // In a conversation only leaving it is offered.
        let setting = Setting { errand: Errand::TakeBack(Box::new(seen.clone())), ..stage.setting() };
        let held = stage.hold_as(setting, &but(&signing_in(lab), &[("take-back", "do")]), None).await;
        assert_eq!(held.last().title, format!("Nothing of the run {} can be taken back.", seen.name), "{case}");
        assert!(held.told().contains("nothing brings it back"), "{case}: {}", held.told());
        let offered = held.last().blocks.iter().find_map(|block| match block {
            Block::Choice(choice) => Some(choice.options.iter().map(|option| option.id.as_str().to_owned()).collect()),
            _ => None,
        });
        assert_eq!(offered, Some(vec!["leave".to_owned()]), "{case}");
        assert!(is_as_it_was(), "{case}: {}", held.told());
        // A run that ended well is no reminder at the next start.
        let start = stage.hold_as(stage.setting(), &Default::default(), None).await;
        assert!(!start.told().contains("was not finished"), "{case}: {}", start.told());
    }
}
