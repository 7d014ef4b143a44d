//! Walks that break off while a token is made: everything stands afterwards, or the host is as it was.

use super::*;

#[tokio::test]
async fn a_refused_grant_takes_back_all_that_was_made() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let before = lab.change(|cluster| cluster.access_state());
    lab.cut_call("PUT", "/access/acl", CutAt::BeforeActing);
    let held = stage.hold(&making(&lab)).await;
    assert_eq!(held.last().title, "It was not finished.", "{}", held.told());
    assert!(
        held.told().contains("Everything that was made on the host is taken back."),
        "{}\n{}",
        held.told(),
        outcomes(&held)
    );
    assert!(lab.change(|cluster| cluster.access_state()) == before, "the host is as it was");
    assert!(!stage.env_file().exists());
}

#[tokio::test]
async fn a_token_that_cannot_do_the_job_is_taken_back_and_not_written() {
    let (stage, lab) = (Stage::new(), std::rc::Rc::new(lab(LabRelease::default(), Scenario::Fine).await));
    let before = lab.change(|cluster| cluster.access_state());
    // Somebody takes the role's grants away again before the proof: the hook sees the grant done and removes it.
    let (host, mut done) = (lab.clone(), false);
    let hook = Box::new(move |page: &Page| {
        let granted = |block: &Block| match block {
            Block::Plan(groups) => groups.iter().flat_map(|group| &group.actions).any(|line| {
                line.sentence.starts_with("prove") && line.state == labwizard::wizard::page::LinkState::Running
            }),
            _ => false,
        };
        if !done && page.blocks.iter().any(granted) {
            done = true;
            host.change(|cluster| cluster.acl.retain(|row| !row.who.starts_with("glassdome@pve")));
        }
    });
    let held = stage.hold_with(&making(&lab), Some(hook)).await;
    assert_eq!(held.last().title, "It was not finished.", "{}", held.told());
    let proof =
        held.wizard.run.as_ref().unwrap().steps.iter().find(|step| matches!(step.planned.action, Action::Prove));
    assert!(matches!(proof.unwrap().outcome, Some(Outcome::NotDone(_))), "{}", outcomes(&held));
    assert!(!stage.env_file().exists());
    assert!(secret(&lab, MADE).is_none(), "{}", outcomes(&held));
    assert!(lab.change(|cluster| cluster.access_state()) == before, "{}", outcomes(&held));
}

#[tokio::test]
async fn a_connection_that_is_cut_once_at_any_write_ends_in_everything_or_nothing() {
    for (method, path) in [
        ("POST", "/access/users"),
        ("POST", "/access/roles"),
        ("POST", "/access/users/glassdome@pve/token/glassdome"),
        ("PUT", "/access/acl"),
    ] {
        for at in CutAt::ALL {
            let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
            let before = lab.change(|cluster| cluster.access_state());
            lab.cut_call(method, path, at);
            let held = stage.hold(&making(&lab)).await;
            let case = format!("{method} {path} {at:?}: {}\n{}", held.told(), outcomes(&held));
            assert!(held.is_done(), "{case}");
            if held.last().title == "Glassdome is set up." {
                let made = secret(&lab, MADE);
                assert!(made.as_deref() == Some(values(&stage)["PROXMOX_TOKEN_VALUE"].as_str()), "{case}");
            } else {
                assert!(lab.change(|cluster| cluster.access_state()) == before, "{case}");
                assert!(
                    !stage.env_file().exists()
                        && (held.told().contains("is taken back.")
                            || held.told().contains("Nothing was made on the host.")),
                    "{case}"
                );
            }
        }
    }
}
