//! What must hold where the wizard makes a token, and which tests hold it.
//!
//! | Must | Tests |
//! |---|---|
//! | Lost answers: announced before it is sent, looked up before it is taken back | `make_run::{a_connection_that_is_cut_once_*, what_a_host_that_went_away_*, a_run_that_is_killed_anywhere_*}`, `make_run::killed`, `cuts`, `make_run::others::no_change_arrives_that_is_not_in_the_journal_already`, `make_run::replaced` |
//! | Undo harms nobody else | `make_run::others::{what_somebody_changed_since_*, what_is_gone_already_*, who_is_not_shown_a_token_*}`, `disk::undo`, `errands` |
//! | No blind retry: once per press, never resent | here: `each_login_and_write_of_a_walk_is_sent_once_*`; `client::desk::{wherever_a_change_is_cut_*, what_is_said_not_to_have_left_*, a_desk_that_rested_*}`, `client::login::wherever_the_connection_is_cut_*`, `make::{a_wrong_password_*, a_wrong_code_*}`, `make_run::others::each_change_is_sent_once_*` |
//! | No password where nothing was compared or verified | `login::{nobody_logs_in_where_the_certificate_is_not_verified, a_certificate_that_was_not_compared_*}`, `client::login::{without_an_agreed_certificate_*, every_agreed_trust_carries_a_login_*}`, `make_apply::what_was_not_said_*`, `ssh::walk` |
//! | One function quotes for shells | `domain::shell`, `domain::pveum`, `client::proxmox::request::path_parts_and_query_*`, `hostile` |
//! | ssh is bounded and never weakened | `ssh::hostile`, `ssh::asked`, `ssh::sshd`, `client::ssh::process::the_arguments_are_ours_*`, `domain::ssh` |
//! | A role is what the plan says, before the grant and after it | `make_run::roles`; here: `a_role_that_is_widened_after_the_review_is_not_granted`; `targets::rights::a_right_with_power_over_the_host_*` |
//! | Nothing of the login outlasts it | `canary::making`, `canary::program`, `login::the_password_is_forgotten_*`, `client::login::what_a_login_gives_is_never_printed`; here: `done_says_that_the_login_ends_by_itself` |

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use labwizard::domain::Change;
use labwizard::lab::proxmox::cluster::Role;
use labwizard::lab::{Lab, LabConfig, LabRelease, Scenario};
use labwizard::plan::action::Outcome;
use labwizard::wizard::page::Page;

use super::make::making;
use super::{Stage, but, lab};

/// The same answers by root, who needs no code, so that a test can log in more than once.
fn as_root(lab: &Lab) -> BTreeMap<String, String> {
    let root = lab.user("root@pam").unwrap();
    but(&making(lab), &[("login_user", "root@pam"), ("login_password", &root.password)])
}

/// Each login and each write, with what it says, once; to a host that closes connections as soon as they rest.
#[tokio::test]
async fn each_login_and_write_of_a_walk_is_sent_once_to_a_host_that_closes_resting_connections() {
    for idle in [Duration::from_millis(1), Duration::from_millis(20), Duration::from_secs(5)] {
        let mut stage = Stage::new();
        stage.options.limits.pause = Duration::ZERO;
        let lab = Lab::start(LabConfig { idle, ..LabConfig::quick() }).await.unwrap();
        let held = stage.hold(&making(&lab)).await;
        let mut sent: Vec<Vec<u8>> = Vec::new();
        for request in lab.received().into_iter().filter(|one| one.method != "GET") {
            assert!(!sent.contains(&request.raw), "{idle:?}: {} {} came twice", request.method, request.path);
            sent.push(request.raw);
        }
        let logins = lab.received().iter().filter(|one| one.path.ends_with("/access/ticket")).count();
        assert!(logins == 2 || idle < Duration::from_secs(5), "{idle:?}: the password, and the code");
        // Where it closes them in the middle of a request, an answer is lost, and the walk may end there.
        assert!(held.is_done() || idle < Duration::from_secs(5), "{idle:?}: {}", held.told());
    }
}

/// The roles that a walk would make.
async fn roles_of_the_plan(lab: &Lab) -> Vec<Change> {
    let held = Stage::new().hold(&but(&as_root(lab), &[("review", "back")])).await;
    let making = held.wizard.plan.as_ref().unwrap().as_ref().unwrap().making.as_ref().unwrap();
    making.changes.iter().filter(|change| matches!(change, Change::MakeRole { .. })).cloned().collect()
}

/// Roles that are there and fit are used; somebody who widens one while Review is read widens nobody's rights.
#[tokio::test]
async fn a_role_that_is_widened_after_the_review_is_not_granted() {
    let lab = Rc::new(lab(LabRelease::default(), Scenario::Fine).await);
    let roles = roles_of_the_plan(&lab).await;
    assert!(!roles.is_empty());
    for change in &roles {
        let Change::MakeRole { role, privileges } = change else { continue };
        let role_there = Role { privileges: privileges.clone(), special: false };
        lab.change(|cluster| cluster.roles.insert(role.clone(), role_there));
    }
    let before = lab.access_state();
    let Change::MakeRole { role: widened, .. } = roles[0].clone() else { panic!("{roles:?}") };
    let (host, role, mut done) = (lab.clone(), widened.clone(), false);
    let hook = Box::new(move |page: &Page| {
        if !done && page.title.starts_with("Nothing has been made") {
            done = true;
            host.change(|cluster| cluster.roles.get_mut(&role).unwrap().privileges.insert("Permissions.Modify".into()));
        }
    });
    let stage = Stage::new();
    let held = stage.hold_with(&as_root(&lab), Some(hook)).await;
    assert_eq!(held.last().title, "It was not finished.", "{}", held.told());
    assert!(held.told().contains("also has Permissions.Modify now"), "{}", held.told());
    let run = held.wizard.run.as_ref().unwrap();
    assert!(run.steps.iter().all(|step| !matches!(&step.planned.action.change(), Some(Change::MakeRole { .. }))));
    assert!(run.steps.iter().any(|step| matches!(step.outcome, Some(Outcome::NotDone(_)))));
    assert_eq!(run.left().count(), 0, "{}", held.told());
    // All is as it was but for what somebody else did.
    assert!(lab.access_state() != before, "the role was widened");
    lab.change(|cluster| cluster.roles.get_mut(&widened).unwrap().privileges.remove("Permissions.Modify"));
    assert!(lab.access_state() == before, "{}", held.told());
    assert!(!stage.env_file().exists());
}

#[tokio::test]
async fn done_says_that_the_login_ends_by_itself() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let held = stage.hold(&making(&lab)).await;
    assert!(held.is_done() && held.told().contains("The login ends by itself in at most two hours"), "{}", held.told());
}
