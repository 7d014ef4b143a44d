//! Whole walks whose person presses Ctrl-C in the middle of the run: a secret that has died is never left without its successor.

use labwizard::plan::action::Action;
use labwizard::wizard::step::PageId;

use super::*;

/// The token has the secret of the file and the rights of the plan.
fn file_opens(walked: &Walked) -> Option<String> {
    let file = values(&walked.stage);
    let id = format!("{}!{}", file["PROXMOX_USER"], file["PROXMOX_TOKEN_NAME"]);
    if walked.lab.token_secret(&id).is_none_or(|secret| secret != file["PROXMOX_TOKEN_VALUE"]) {
        return Some(format!("the secret in the file is not that of {id}"));
    }
    has_the_plan_and_no_more(&walked.lab, &walked.held, &id);
    None
}

#[test]
fn ctrl_c_at_any_action_leaves_the_old_secret_or_the_new_one_working_in_the_file() {
    for (way, release) in [
        (Way::InPlace, LabRelease::V8_4_21),
        (Way::InPlace, LabRelease::V9_2_11),
        (Way::Beside, LabRelease::V9_2_11),
        (Way::Make, LabRelease::V9_2_11),
    ] {
        let steps = block_on(walk(way, release, |_, _| {})).held.wizard.run.unwrap().steps;
        let (mut nothing, mut new) = (0, 0);
        for (at, step) in steps.iter().enumerate() {
            let walked = block_on(walk_leaving(way, release, |_, _| {}, Some(at)));
            let (held, case) = (&walked.held, format!("{way:?} {release} {at}"));
            // What is done on this machine is over before anybody can press a key.
            let takes_time = matches!(step.planned.action, Action::Host(_) | Action::Prove);
            assert!(!takes_time || held.wizard.at() != PageId::Done, "{case}: {}", held.told());
            match walked.not_nothing() {
                None => nothing += 1,
                Some(other) => {
                    let wrong = file_opens(&walked);
                    assert!(wrong.is_none(), "{case}: {wrong:?}; {other}\n{}", outcomes(held));
                    new += 1;
                }
            }
        }
        // In place the old secret's death may be the first thing that takes time.
        assert!(
            new > 0 && (nothing > 0 || way == Way::InPlace),
            "{way:?} {release}: {nothing} nothing, {new} the new one"
        );
    }
}

/// Where the new secret cannot reach the file any more, it is shown before the walk is left.
#[test]
fn ctrl_c_shows_a_new_secret_that_no_file_will_hold() {
    let uncut = block_on(walk(Way::InPlace, LabRelease::V8_4_21, |_, _| {}));
    let steps = uncut.held.wizard.run.unwrap().steps;
    let make = steps.iter().position(|step| step.planned.action.change().is_some_and(Change::gives_secret)).unwrap();
    let arm = |lab: &Lab, _| {
        lab.cut_call("PUT", "/access/acl", CutAt::BeforeActing);
        lab.stay_cut_after();
    };
    let walked = block_on(walk_leaving(Way::InPlace, LabRelease::V8_4_21, arm, Some(make)));
    let made = walked.lab.token_secret(TOOL).expect("the token was made again");
    assert!(walked.held.told().contains("stands in no file"), "{}", walked.held.told());
    let shown = walked
        .held
        .last()
        .blocks
        .iter()
        .any(|block| matches!(block, Block::Field(field) if field.value.as_str() == made));
    assert!(shown, "{}", walked.held.told());
}
