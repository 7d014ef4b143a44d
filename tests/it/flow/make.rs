//! Whole conversations in which the wizard logs in and makes the token, against a lab.

mod undone;

use std::collections::{BTreeMap, BTreeSet};

use labwizard::domain::{Change, Grantee};
use labwizard::lab::proxmox::permissions;
use labwizard::lab::{CutAt, Lab, LabRelease, Scenario};
use labwizard::plan::action::{Action, Outcome};
use labwizard::wizard::page::{Block, Page};

use super::{Held, Stage, but, given, lab};

pub const ADMIN: &str = "admin@pve";
/// What the wizard names by itself for this target.
const MADE: &str = "glassdome@pve!glassdome";

/// The answers of a walk that logs in with a second factor and has the token made.
pub fn making(lab: &Lab) -> BTreeMap<String, String> {
    let admin = lab.user(ADMIN).unwrap();
    given(&[
        ("target", "glassdome"),
        ("file", ".env"),
        ("host", &format!("127.0.0.1:{}", lab.port())),
        ("trust", "pin"),
        ("compare", &lab.fingerprint()),
        ("access", "login"),
        ("login_user", ADMIN),
        ("login_password", &admin.password),
        ("code", &admin.code_now().unwrap_or_default()),
        ("expire", "90d"),
        ("pick.node", "pve1"),
        ("review", "do"),
    ])
}

/// What the file says, by its keys.
pub fn values(stage: &Stage) -> BTreeMap<String, String> {
    dotenvy::from_path_iter(stage.env_file()).unwrap().map(Result::unwrap).collect()
}

/// The secret that the lab takes for a token now.
fn secret(lab: &Lab, id: &str) -> Option<String> {
    lab.change(|cluster| cluster.token(id).map(|token| token.secret.clone()))
}

/// The writes that a lab was sent: all but reads and logins.
pub fn writes(lab: &Lab) -> Vec<String> {
    let write = |line: &String| !line.starts_with("GET ") && !line.contains("/access/ticket");
    lab.received().iter().map(|request| format!("{} {}", request.method, request.path)).filter(write).collect()
}

pub fn outcomes(held: &Held) -> String {
    let run = held.wizard.run.as_ref();
    let line =
        |step: &labwizard::plan::run::RunStep| format!("{}: {:?} {:?}", step.planned.sentence, step.outcome, step.back);
    run.map(|run| run.steps.iter().map(line).collect::<Vec<_>>().join("\n")).unwrap_or_default()
}

#[tokio::test]
async fn from_a_bare_name_to_a_proven_file_in_a_dozen_answers_on_each_release() {
    for release in LabRelease::all() {
        let (stage, lab) = (Stage::new(), lab(*release, Scenario::Fine).await);
        let held = stage.hold(&making(&lab)).await;
        assert!(held.is_done(), "{release}: {}", held.told());
        assert_eq!(held.last().title, "Glassdome is set up.", "{release}: {}\n{}", held.told(), outcomes(&held));
        assert!(held.presses <= 12, "{release}: {} answers", held.presses);
        let file = values(&stage);
        assert_eq!(
            (file["PROXMOX_USER"].as_str(), file["PROXMOX_TOKEN_NAME"].as_str()),
            ("glassdome@pve", "glassdome")
        );
        let there = secret(&lab, MADE).is_some_and(|secret| secret == file["PROXMOX_TOKEN_VALUE"]);
        assert!(there, "{release}: the file holds the secret of the token that was made");
        has_the_plan_and_no_more(&lab, &held, MADE);
        // What was proved is the token's own, and not what the one who made it may do.
        assert!(held.codes().iter().all(|code| !code.starts_with("rights.")), "{release}: {:?}", held.codes());
    }
}

/// The token's rights are the plan's: on every path of it, and nowhere else.
pub fn has_the_plan_and_no_more(lab: &Lab, held: &Held, token: &str) {
    let making = held.wizard.plan.as_ref().unwrap().as_ref().unwrap().making.as_ref().unwrap();
    let planned: BTreeMap<String, BTreeSet<String>> =
        making.grants.iter().map(|grant| (grant.path.clone(), grant.privileges.clone())).collect();
    assert!(!planned.is_empty());
    let held: BTreeMap<String, BTreeSet<String>> = lab.change(|cluster| {
        let all = permissions::everywhere(cluster, token).into_iter();
        all.map(|(path, privileges)| {
            (path, privileges.into_keys().map(|name| name.to_string()).collect::<BTreeSet<String>>())
        })
        .filter(|(_, privileges): &(String, BTreeSet<String>)| !privileges.is_empty())
        .collect()
    });
    for (path, privileges) in &planned {
        assert_eq!(held.get(path), Some(privileges), "{path}");
    }
    // Proxmox lists what is inherited below too; none of it is more than what stands above.
    for (path, privileges) in held.iter().filter(|(path, _)| !planned.contains_key(*path)) {
        let above = planned.iter().any(|(top, all)| {
            path.starts_with(&format!("{}/", top.trim_end_matches('/'))) && privileges.is_subset(all)
        });
        assert!(above, "{path}: {privileges:?}");
    }
}

#[tokio::test]
async fn before_do_it_nothing_is_sent_but_reads_and_the_login() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let held = stage.hold(&but(&making(&lab), &[("review", "back")])).await;
    assert!(!held.is_done(), "{}", held.told());
    assert_eq!(writes(&lab), [""; 0]);
    assert!(!stage.env_file().exists() && stage.state().runs().unwrap().is_empty());
    // All of it was on the screen: sentences, commands, and the file with the secret that does not exist yet.
    let review = held.pages.iter().find(|page| page.title.starts_with("Nothing has been made")).unwrap();
    let text = labwizard::front::words::page(review, false).join("\n");
    for part in [
        "make the user glassdome@pve",
        "pveum user token add glassdome@pve glassdome",
        "prove that the token",
        "(made in step ",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!text.contains("00000000-0000"), "the stand-in is nobody's to see\n{text}");
}

#[tokio::test]
async fn a_wrong_password_is_sent_once_and_told() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let held = stage.hold(&but(&making(&lab), &[("login_password", "wrong-wrong-wrong")])).await;
    assert!(!held.is_done());
    assert_eq!(held.codes(), ["login.refused"]);
    let logins = lab.received().iter().filter(|request| request.path.ends_with("/access/ticket")).count();
    assert_eq!(logins, 1);
}

#[tokio::test]
async fn a_wrong_code_is_sent_once_and_counted() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let wrong = lab.user(ADMIN).unwrap().code_now().map(|code| if code.starts_with('1') { "200000" } else { "100000" });
    let held = stage.hold(&but(&making(&lab), &[("code", wrong.unwrap())])).await;
    assert_eq!(held.codes(), ["login.code-refused"]);
    assert!(held.told().contains("1 of 8 wrong codes"), "{}", held.told());
    let logins = lab.received().iter().filter(|request| request.path.ends_with("/access/ticket")).count();
    assert_eq!(logins, 2, "the password, and the code");
}

#[tokio::test]
async fn a_token_of_that_name_is_never_replaced_without_a_choice() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let existing = [("user", "apex@pve"), ("token_name", "glassdome-token")];
    let old = secret(&lab, "apex@pve!glassdome-token");
    let held = stage.hold(&but(&making(&lab), &existing)).await;
    assert!(!held.is_done() && held.wizard.run.is_none());
    assert!(held.told().contains("which labwizard did not make"), "{}", held.told());
    assert_eq!(writes(&lab), [""; 0]);

    // Beside it, and the old one stays.
    let stage = Stage::new();
    let again = but(&making_later(&lab), &[existing[0], existing[1], ("existing", "beside")]);
    let held = stage.hold(&again).await;
    assert_eq!(held.last().title, "Glassdome is set up.", "{}\n{}", held.told(), outcomes(&held));
    assert_eq!(values(&stage)["PROXMOX_TOKEN_NAME"], "glassdome-token-2");
    assert_eq!(secret(&lab, "apex@pve!glassdome-token"), old);
}

/// The same by another administrator with a recovery key, since each code is good once.
fn making_later(lab: &Lab) -> BTreeMap<String, String> {
    let keys = lab.user("keys@pve").unwrap();
    let login = [("login_user", "keys@pve"), ("login_password", &keys.password), ("factor", "recovery")];
    but(&but(&making(lab), &login), &[("code", &keys.recovery[0])])
}

#[tokio::test]
async fn a_new_secret_in_place_is_written_and_the_old_one_is_dead() {
    for release in [LabRelease::V9_2_11, LabRelease::V8_4_21] {
        let (stage, lab) = (Stage::new(), lab(release, Scenario::Fine).await);
        let old = secret(&lab, "apex@pve!glassdome-token");
        let answers = [("user", "apex@pve"), ("token_name", "glassdome-token"), ("existing", "in-place")];
        let held = stage.hold(&but(&making(&lab), &answers)).await;
        assert_eq!(held.last().title, "Glassdome is set up.", "{release} {}\n{}", held.told(), outcomes(&held));
        let new = secret(&lab, "apex@pve!glassdome-token");
        assert!(new != old && new.as_deref() == Some(values(&stage)["PROXMOX_TOKEN_VALUE"].as_str()), "{release}");
        let rehearsed = held
            .wizard
            .run
            .as_ref()
            .unwrap()
            .steps
            .iter()
            .position(|s| matches!(s.planned.action, Action::Rehearse(_)));
        let died = held.wizard.run.as_ref().unwrap().steps.iter().position(|s| s.planned.action.is_final());
        assert!(rehearsed.is_some() && rehearsed < died, "{release}: the file is tried before the old secret dies");
    }
}

#[tokio::test]
async fn the_grants_of_the_plan_name_the_token_and_its_user() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let held = stage.hold(&but(&making(&lab), &[("review", "back")])).await;
    let making = held.wizard.plan.as_ref().unwrap().as_ref().unwrap().making.as_ref().unwrap();
    let both = |change: &Change| match change {
        Change::Grant { to, .. } => {
            to.iter().any(|to| matches!(to, Grantee::User(_))) && to.iter().any(|to| matches!(to, Grantee::Token(_)))
        }
        _ => true,
    };
    assert!(making.changes.iter().all(both), "{:#?}", making.changes);
}

#[tokio::test]
async fn the_answers_that_are_saved_say_it_again_without_a_secret() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let held = stage.hold(&making(&lab)).await;
    let text = labwizard::wizard::answers::file(&held.wizard);
    for part in [
        "expire = \"90d\"",
        "existing = \"fail\"",
        "user = \"admin@pve\"",
        "env = \"PVE_PASSWORD\"",
        "env = \"PVE_TOTP\"",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let read = labwizard::wizard::answers::read(&text, &labwizard::target::Library::built_in()).unwrap();
    assert_eq!(read.draft.choice(&"expire".into()).map(|id| id.as_str()), Some("90d"));
    let made = secret(&lab, MADE).unwrap();
    let admin = lab.user(ADMIN).unwrap().password;
    assert!(!text.contains(&made) && !text.contains(&admin));
}

#[tokio::test]
async fn the_block_for_an_administrator_is_the_plan_that_was_answered() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let helper = lab.user("helper@pve").unwrap();
    let answers = [
        ("login_user", helper.user.as_str()),
        ("login_password", &helper.password),
        ("user", "apex@pve"),
        ("instead", "block"),
    ];
    let held = stage.hold(&but(&making(&lab), &answers)).await;
    let block = held.pages.iter().flat_map(|page| &page.blocks).find_map(|block| match block {
        Block::Command(command) if command.text.contains("pveum user token add") => Some(command.text.clone()),
        _ => None,
    });
    let block = block.unwrap_or_else(|| panic!("{}", held.told()));
    let end = held.wizard.setting.now + 90 * 86_400;
    assert!(block.contains(&format!("pveum user token add apex@pve glassdome --privsep 1 --expire {end} ")), "{block}");
    assert!(!block.contains("pveum user add"), "the user is there already\n{block}");
    assert_eq!(writes(&lab), [""; 0]);
}

#[tokio::test]
async fn whoever_may_not_make_it_is_told_who_could_and_what_to_do_instead() {
    for (instead, ends) in [
        ("", "The token for Glassdome."),
        ("block", "Make a token with just the rights it needs."),
        ("same", "Glassdome is set up."),
    ] {
        let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
        let apex = lab.user("apex@pve").unwrap();
        let mut answers = but(&making(&lab), &[("login_user", "apex@pve"), ("login_password", &apex.password)]);
        if !instead.is_empty() {
            answers = but(&answers, &[("instead", instead)]);
        }
        let before = lab.change(|cluster| cluster.access_state());
        let held = stage.hold(&answers).await;
        let seen = held
            .pages
            .iter()
            .any(|page| labwizard::front::words::page(page, false).join("\n").contains("Sys.Modify on /access"));
        assert!(seen, "{instead}: {}", held.told());
        let way = held.pages.iter().any(|page| page.title == ends);
        assert!(way, "{instead}: {}", held.told());
        if instead == "same" {
            assert_eq!(values(&stage)["PROXMOX_USER"], "apex@pve");
        } else {
            assert_eq!(writes(&lab), [""; 0], "{instead}");
            assert!(lab.change(|cluster| cluster.access_state()) == before, "{instead}");
        }
    }
}

#[tokio::test]
async fn no_secret_of_the_walk_is_shown_or_left_anywhere_but_in_the_file() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let held = stage.hold(&making(&lab)).await;
    assert_eq!(held.last().title, "Glassdome is set up.", "{}", held.told());
    let (admin, made) = (lab.user(ADMIN).unwrap(), secret(&lab, MADE).unwrap());
    let ticket = lab.received().iter().find_map(|request| {
        let text = String::from_utf8_lossy(&request.raw).into_owned();
        let at = text.find("PVEAuthCookie=")? + "PVEAuthCookie=".len();
        text[at..].split([';', '\r']).next().map(str::to_owned)
    });
    let ticket = ticket.unwrap();
    let secrets = [
        ("password", admin.password.as_str()),
        ("made", made.as_str()),
        ("ticket", ticket.rsplit(':').next().unwrap()),
    ];
    let needles = super::canary::Needles::of(secrets);
    for page in &held.pages {
        let text = labwizard::front::words::page(page, false).join("\n");
        assert_eq!(needles.found_in(text.as_bytes()), Vec::<&str>::new(), "{}", page.title);
        assert_eq!(needles.found_in(format!("{page:?}").as_bytes()), Vec::<&str>::new(), "{}", page.title);
    }
    assert_eq!(needles.found_in(format!("{:?}", held.wizard).as_bytes()), Vec::<&str>::new());
    let mut left = Vec::new();
    super::canary::files(&stage.state_folder(), &mut left);
    assert!(!left.is_empty());
    for (path, bytes) in &left {
        assert_eq!(needles.found_in(bytes), Vec::<&str>::new(), "{}", path.display());
    }
    assert_eq!(needles.found_in(&std::fs::read(stage.env_file()).unwrap()).first(), Some(&"made"));
}

#[tokio::test]
async fn a_token_that_has_ended_gets_a_new_end_with_its_new_secret() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let ended = [("user", "apex@pve"), ("token_name", "old"), ("existing", "in-place"), ("remove_old", "no")];
    let held = stage.hold(&but(&making(&lab), &ended)).await;
    assert_eq!(held.last().title, "Glassdome is set up.", "{}\n{}", held.told(), outcomes(&held));
    let expire = lab.change(|cluster| cluster.token("apex@pve!old").map(|token| token.expire)).unwrap();
    assert!(i64::try_from(expire).unwrap() > held.wizard.setting.now + 89 * 86_400, "{expire}");
}
