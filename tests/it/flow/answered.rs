//! What is answered in a walk and stands in no file: it is kept, a check and a repair go by it, and it goes with its run.

use std::time::Duration;

use labwizard::diagnosis::checked::Checked;
use labwizard::disk::Outcome;
use labwizard::domain::finding::Step;
use labwizard::domain::{Id, RunSeen};
use labwizard::lab::proxmox::cluster::Subject;
use labwizard::lab::{Lab, LabRelease, Scenario};
use labwizard::runtime::check::{Ground, Order, Waiting, check};
use labwizard::runtime::restore;

use super::repair::{Project, checkup, words};
use super::{Held, Stage, TOOL, answers, but, given, lab};

/// Gives the lab's token a privilege wherever it has any, or takes it away.
fn may(lab: &Lab, privilege: &str, may: bool) {
    lab.change(|cluster| {
        let ours = |row: &labwizard::lab::proxmox::cluster::AclRow| row.who == TOOL || row.who == "apex@pve";
        let roles: Vec<String> = cluster.acl.iter().filter(|row| ours(row)).map(|row| row.role.clone()).collect();
        for role in roles {
            if let Some(role) = cluster.roles.get_mut(&role) {
                match may {
                    true => role.privileges.insert(privilege.to_owned()),
                    false => role.privileges.remove(privilege),
                };
            }
        }
    });
}

/// A walk that was asked what the tool shall do.
async fn walked(resize: &str) -> Project {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    may(&lab, "VM.Config.Disk", true);
    let all =
        but(&answers(&lab, &lab.token(TOOL).unwrap()), &[("group.resize", resize), ("pick.storage", "local-lvm")]);
    let held = stage.hold(&all).await;
    assert!(held.is_done(), "{}", held.told());
    Project { stage, lab }
}

async fn checked(project: &Project) -> Checked {
    let setting = project.stage.setting();
    let ground = Ground {
        here: project.stage.project(),
        library: setting.library,
        hosts: setting.hosts,
        configs: setting.configs,
        wrote: Vec::new(),
        runs: setting.runs,
        environment: Vec::new(),
        surroundings: setting.surroundings,
        caller: Stage::caller(),
        git: None,
        options: project.stage.options.clone(),
    };
    let files = vec![project.stage.env_file()];
    let order = Order { files, offline: false, strict: false, trust: None, within: Duration::from_secs(60) };
    check(&order, &ground, &Waiting::default()).await.files.remove(0)
}

fn codes(checked: &Checked) -> Vec<&'static str> {
    checked.findings.iter().map(|finding| finding.code.0).collect()
}

#[tokio::test]
async fn what_was_agreed_to_and_is_taken_away_is_missing_in_a_check_and_granted_by_a_repair() {
    let project = walked("yes").await;
    let kept = project.stage.setting().configs;
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].instance, kept[0].groups["resize"], kept[0].groups["bridges"]), (1, true, false));
    assert_eq!(kept[0].picks.iter().collect::<Vec<_>>(), [(&"storage".to_owned(), &"local-lvm".to_owned())]);
    let well = checked(&project).await;
    assert_eq!(codes(&well), ["tls.unverified"; 0], "{:?}", well.findings);
    assert!(well.proved.join("\n").contains("by what was answered for it."), "{:?}", well.proved);

    may(&project.lab, "VM.Config.Disk", false);
    let memory = std::fs::read(project.stage.state_folder().join("files.toml")).unwrap();
    let lacking = checked(&project).await;
    assert_eq!(codes(&lacking), ["rights.missing"]);
    let told = format!("{:?}", lacking.findings);
    assert!(told.contains("VM.Config.Disk") && told.contains("was answered yes on"), "{told}");
    let before = project.text();
    let held = project.repair(&project.login(&[("mend", "grant")])).await;
    assert!(words(checkup(&held)).contains("was answered yes on"), "{}", words(checkup(&held)));
    assert_eq!(held.last().title, "Glassdome is mended.", "{}", held.told());
    assert_eq!(project.text(), before);
    assert_eq!(codes(&checked(&project).await), [""; 0]);
    // Nothing of it was answered anew, so nothing was written.
    assert_eq!(std::fs::read(project.stage.state_folder().join("files.toml")).unwrap(), memory);
}

#[tokio::test]
async fn what_was_answered_is_answered_anew_where_its_right_was_taken_away_and_the_file_stays() {
    let project = walked("yes").await;
    let (before, asked) = (project.text(), project.lab.received().len());
    may(&project.lab, "VM.Config.Disk", false);
    let answers = given(&[("mend", "ask.group.resize"), ("group.resize", "no"), ("review", "do")]);
    let held = project.repair(&answers).await;
    assert_eq!(held.last().title, "Glassdome is mended.", "{}", held.told());
    let kept = project.stage.setting().configs;
    assert_eq!((kept.len(), kept[0].groups["resize"]), (1, false));
    assert_eq!((project.text(), codes(&checked(&project).await)), (before, Vec::new()));
    let received = project.lab.received();
    assert!(received[asked..].iter().all(|request| request.method == "GET"), "nothing was changed on the host");
    assert!(project.stage.last_run().finished);
}

#[tokio::test]
async fn a_place_that_was_picked_is_picked_anew_where_its_right_is_held_elsewhere() {
    let project = walked("no").await;
    let before = project.text();
    project.lab.change(|cluster| {
        let moved = |mut row: labwizard::lab::proxmox::cluster::AclRow| {
            row.path = row.path.replace("/storage", "/storage/nas");
            row
        };
        cluster.acl = std::mem::take(&mut cluster.acl).into_iter().map(moved).collect();
    });
    let answers = given(&[("mend", "ask.pick.storage"), ("pick.storage", "nas"), ("review", "do")]);
    let held = project.repair(&answers).await;
    assert_eq!(held.last().title, "Glassdome is mended.", "{}", held.told());
    assert_eq!((project.text(), &*project.stage.setting().configs[0].picks["storage"]), (before, "nas"));
}

#[tokio::test]
async fn what_was_answered_no_is_not_missed_and_counts_as_chosen_where_it_is_asked_again() {
    let project = walked("no").await;
    may(&project.lab, "VM.Config.Disk", false);
    assert_eq!(codes(&checked(&project).await), [""; 0]);
    // A second walk on the same file begins with what was answered before.
    may(&project.lab, "VM.Config.Disk", true);
    let token = project.lab.token(TOOL).unwrap();
    let yes = but(&answers(&project.lab, &token), &[("group.resize", "yes")]);
    assert!(project.stage.hold(&yes).await.is_done());
    let held = project.stage.hold(&answers(&project.lab, &token)).await;
    assert!(held.wizard.draft.is(&Id::fixed("group.resize"), &Id::fixed("yes")), "{}", held.told());
    assert!(held.wizard.draft.is(&Id::fixed("pick.storage"), &Id::fixed("local-lvm")), "{}", held.told());
}

/// The host stands under another address from now on; what was picked for it holds there too.
#[tokio::test]
async fn the_checks_after_a_repair_go_by_what_it_has_just_remembered() {
    let project = std::rc::Rc::new(walked("no").await);
    let (old, new) = (format!("127.0.0.2:{}", project.lab.port()), format!("127.0.0.1:{}", project.lab.port()));
    let mut setting = project.setting();
    setting.configs[0].endpoint = labwizard::domain::parse_host(&old).unwrap().endpoints.remove(0);
    project.set("PROXMOX_HOST", &old);
    let (at, mut done) = (project.clone(), false);
    let hook = Box::new(move |page: &labwizard::wizard::page::Page| {
        if !done && page.step == Step::Review {
            done = true;
            // From now on it may use another storage, and not the one that was picked.
            at.lab.change(|cluster| {
                for (subject, who) in [(Subject::Token, TOOL), (Subject::User, "apex@pve")] {
                    cluster.acl.retain(|row| row.who != who || !row.path.starts_with("/storage"));
                    cluster.grant("/storage/nas", subject, who, "PVEDatastoreUser", true);
                }
            });
        }
    });
    let answers = given(&[("mend", "ask.host"), ("host", &new), ("review", "do")]);
    let held = project.stage.hold_as(setting, &answers, Some(hook)).await;
    assert!(held.last().title == "Glassdome is mended.", "{}", held.told());
    assert!(held.told().contains("/storage/local-lvm: Datastore.AllocateSpace"), "{}", held.told());
}

#[tokio::test]
async fn a_run_that_is_taken_back_takes_its_answers_along_and_the_ones_before_count_again() {
    let project = walked("no").await;
    let yes =
        but(&answers(&project.lab, &project.lab.token(TOOL).unwrap()), &[("group.resize", "yes"), ("instance", "1")]);
    project.set("PROXMOX_NODE", "pve2");
    let held: Held = project.stage.hold(&yes).await;
    assert!(held.is_done(), "{}", held.told());
    let resize = || project.stage.setting().configs.first().map(|config| config.groups["resize"]);
    let state = project.stage.state();
    for expected in [Some(true), Some(false)] {
        assert_eq!(resize(), expected);
        let run =
            state.runs().unwrap().into_iter().find(|run| run.seen().files.iter().any(|file| file.stands)).unwrap();
        for file in &run.files {
            restore(&state, &Stage::caller(), &run, file).unwrap();
        }
    }
    assert_eq!(resize(), None);
}

#[tokio::test]
async fn a_state_folder_of_before_is_read_and_a_repair_of_a_file_of_others_keeps_nothing() {
    let project = walked("yes").await;
    std::fs::remove_file(project.stage.state_folder().join("files.toml")).unwrap();
    may(&project.lab, "VM.Config.Disk", false);
    assert_eq!(codes(&checked(&project).await), [""; 0], "it is judged by itself");
    project.set("PROXMOX_TOKEN_VALUE", super::repair::WRONG);
    let right = project.lab.token(TOOL).unwrap().secret;
    let held = project.repair(&given(&[("mend", "ask.token"), ("token", &right), ("review", "do")])).await;
    assert_eq!(held.last().title, "Glassdome is mended.", "{}", held.told());
    assert!(!project.stage.state_folder().join("files.toml").exists(), "nobody was asked");
}

#[tokio::test]
async fn answers_that_could_not_be_kept_are_said_and_cost_nothing_else() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    // Another labwizard is at it.
    let folder = stage.project().canonicalize().unwrap().with_file_name("state");
    let _busy = stage.state().lock(&folder.join("files.toml")).unwrap();
    let held = stage.hold_as(super::setting(&stage.project()), &answers(&lab, &lab.token(TOOL).unwrap()), None).await;
    assert!(held.is_done(), "{}", held.told());
    assert!(stage.env_file().is_file());
    assert!(held.told().contains("files.toml"), "{}", held.told());
    let runs: Vec<RunSeen> = stage.state().runs().unwrap().iter().map(|run| run.seen()).collect();
    assert!(runs.iter().all(|run| run.finished), "{runs:?}");
    let run = stage.state().runs().unwrap().remove(0);
    let noted = run.actions.iter().find(|action| action.action.kind == "remember-config").unwrap();
    assert_eq!(noted.outcome, Some(Outcome::NotSent), "what was not kept has an end in the journal");
}
