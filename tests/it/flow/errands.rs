//! Errands: what a run made is taken back, and tokens are listed and revoked, in conversations of their own.

use std::collections::BTreeMap;

use labwizard::domain::{Change, ChangeState, Step};
use labwizard::lab::{Lab, LabRelease, Scenario};
use labwizard::wizard::Setting;
use labwizard::wizard::errand::Errand;
use labwizard::wizard::page::Block;

use super::make::{making, writes};
use super::{Held, Stage, but, given, lab};

const MADE: &str = "glassdome@pve!glassdome";

/// Whoever signs in for an errand: an administrator without a second factor, since the code of the moment was used to make.
pub fn signing_in(lab: &Lab) -> BTreeMap<String, String> {
    let root = lab.user("root@pam").unwrap();
    given(&[
        ("host", &format!("127.0.0.1:{}", lab.port())),
        ("trust", "pin"),
        ("access", "login"),
        ("login_password", &root.password),
    ])
}

pub fn take_back(stage: &Stage) -> Setting {
    Setting { errand: Errand::TakeBack(Box::new(stage.last_run())), ..stage.setting() }
}

fn tokens(stage: &Stage) -> Setting {
    Setting { errand: Errand::Tokens, ..stage.setting() }
}

/// Everything that a walk showed, as words.
fn shown(held: &Held) -> String {
    held.pages.iter().flat_map(|page| labwizard::front::words::page(page, false)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn what_a_run_made_is_taken_back_whole_on_each_release() {
    for release in LabRelease::all() {
        let (stage, lab) = (Stage::new(), lab(*release, Scenario::Fine).await);
        let before = lab.access_state();
        let made = stage.hold(&making(&lab)).await;
        assert!(made.is_done() && lab.access_state() != before, "{release}: {}", made.told());

        let held = stage.hold_as(take_back(&stage), &but(&signing_in(&lab), &[("take-back", "do")]), None).await;
        assert_eq!(held.last().title, format!("What the run {} made is taken back.", stage.last_run().name));
        assert!(lab.access_state() == before, "{release}: {}", held.told());
        assert!(!stage.env_file().exists(), "{release}: {}", held.told());
        assert!(shown(&held).contains("its old secret is refused now"), "{release}: {}", held.told());
        assert_eq!(stage.last_run().left().count(), 0, "{release}");
        assert!(stage.last_run().changes.iter().all(|one| one.state == ChangeState::TakenBack), "{release}");
    }
}

#[tokio::test]
async fn taking_back_sends_nothing_before_it_is_agreed_to() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    stage.hold(&making(&lab)).await;
    let (sent, before) = (writes(&lab).len(), lab.access_state());
    let held = stage.hold_as(take_back(&stage), &but(&signing_in(&lab), &[("take-back", "leave")]), None).await;
    assert!(held.last().step == Step::Review && writes(&lab).len() == sent, "{}", held.told());
    assert!(lab.access_state() == before && stage.env_file().exists());
}

#[tokio::test]
async fn a_run_that_broke_off_is_offered_at_the_next_start() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let before = lab.access_state();
    stage.hold(&making(&lab)).await;
    // What a run that was killed behind its last grant leaves: everything on the host, and no end in its journal.
    let mut broken = stage.last_run();
    broken.finished = false;
    let setting = Setting { runs: vec![broken.clone()], ..stage.setting() };
    let held = stage.hold_as(setting, &but(&signing_in(&lab), &[("take-back", "do")]), None).await;
    let start = labwizard::front::words::page(&held.pages[0], false).join("\n");
    assert!(start.contains(&format!("The run {}", broken.name)) && start.contains(MADE), "{start}");
    assert!(lab.access_state() == before, "{}", held.told());

    // Left alone, the walk goes on below.
    let setting = Setting { runs: vec![broken], ..stage.setting() };
    let held = stage.hold_as(setting, &given(&[("broken_run", "later"), ("target", "glassdome")]), None).await;
    assert!(held.pages.iter().any(|page| page.title.contains("file")), "{}", held.told());
}

#[tokio::test]
async fn tokens_are_listed_with_what_labwizard_knows_of_them() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    stage.hold(&making(&lab)).await;
    let sent = writes(&lab).len();
    let held = stage.hold_as(tokens(&stage), &signing_in(&lab), None).await;
    let text = shown(&held);
    for part in [
        "root@pam!automation",
        "all rights of root@pam",
        "not made by labwizard",
        MADE,
        "made by labwizard, lives in",
        ".env",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    // Other users' tokens that labwizard did not make are nobody's business here.
    assert!(!text.contains("monitor@pve!exporter"), "{text}");
    assert_eq!(writes(&lab).len(), sent);
}

#[tokio::test]
async fn a_token_is_revoked_after_a_yes_of_its_own_and_not_without() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    stage.hold(&making(&lab)).await;
    let sent = writes(&lab).len();
    let held = stage.hold_as(tokens(&stage), &but(&signing_in(&lab), &[("revoke", MADE)]), None).await;
    assert!(writes(&lab).len() == sent && lab.token_secret(MADE).is_some(), "{}", held.told());
    let log = held.last().blocks.iter().find_map(|block| match block {
        Block::Command(command) => Some(command.text.clone()),
        _ => None,
    });
    assert_eq!(log.as_deref(), Some("grep -F ' glassdome@pve!glassdome [' /var/log/pveproxy/access.log | tail -n 1"));

    let yes = but(&signing_in(&lab), &[("revoke", MADE), ("revoke.sure", "yes")]);
    let held = stage.hold_as(tokens(&stage), &yes, None).await;
    assert_eq!(held.last().title, "It is revoked.", "{}", held.told());
    assert!(lab.token_secret(MADE).is_none(), "{}", held.told());
    assert!(shown(&held).contains(".env still holds it"), "{}", held.told());
}

#[tokio::test]
async fn an_end_that_is_near_is_said_at_the_next_start() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    stage.hold(&making(&lab)).await;
    let end = stage.last_run().changes.iter().find_map(|one| match &one.change {
        Change::MakeToken(made) => made.expire,
        _ => None,
    });
    for (before, said) in [(80, false), (10, true)] {
        let setting = Setting { now: end.unwrap() - before * 86_400, ..stage.setting() };
        let held = stage.hold_as(setting, &given(&[]), None).await;
        assert_eq!(shown(&held).contains(&format!("ends in {before} days")), said, "{}", shown(&held));
    }
}
