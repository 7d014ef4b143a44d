//! A token that is refused though its secret is right: its user is enabled, an end is set later, or the realm is picked.

use labwizard::lab::proxmox::cluster::{Subject, User};
use labwizard::lab::{Cluster, LabRelease};

use super::errands::{signing_in, take_back};
use super::repair::{Project, checkup, words};
use super::{Held, TOOL, but, given};

const OWNER: &str = "apex@pve";
const NAME: &str = "glassdome-token";
/// Long over.
const ENDED: u64 = 1_600_000_000;

fn owner(cluster: &mut Cluster) -> &mut User {
    cluster.users.get_mut(OWNER).unwrap()
}

/// What a person saw, page by page.
fn told(held: &Held) -> String {
    held.pages.iter().map(words).collect::<Vec<_>>().join("\n---\n")
}

#[tokio::test]
async fn what_keeps_a_token_from_signing_in_is_set_right_and_can_be_taken_back() {
    type Break = fn(&mut User);
    let cases: [(&str, Break, &str); 3] = [
        ("user", |user| user.enable = false, "Enable the user again"),
        ("account", |user| user.expire = ENDED, "Give the user's account a later end"),
        ("token", |user| user.tokens.get_mut(NAME).unwrap().expire = ENDED, "Give the token a later end"),
    ];
    for (what, break_it, offer) in cases {
        let project = Project::new().await;
        project.lab.change(|cluster| break_it(owner(cluster)));
        let (text, broken) = (project.text(), project.lab.access_state());
        let answers = [("mend", "look-up"), ("mend, then", "wake"), ("expire", "90d")];
        let held = project.repair(&project.login(&answers)).await;
        assert!(told(&held).contains(offer), "{what}: {}", told(&held));
        assert_eq!(held.last().title, "Glassdome is mended.", "{what}: {}", told(&held));
        assert!(held.told().contains("gone"), "{what}: {}", held.told());
        assert_eq!(project.text(), text, "{what}");
        let secret = project.lab.token(TOOL).unwrap().secret;
        assert!(!told(&held).contains(&secret), "{what}");

        let (stage, lab) = (&project.stage, &project.lab);
        let held = stage.hold_as(take_back(stage), &but(&signing_in(lab), &[("take-back", "do")]), None).await;
        assert!(lab.access_state() == broken, "{what}: {}", told(&held));
    }
}

#[tokio::test]
async fn an_older_release_names_the_cause_so_that_nobody_has_to_look_it_up_first() {
    let project = Project::on(LabRelease::V9_1_4).await;
    project.lab.change(|cluster| owner(cluster).tokens.get_mut(NAME).unwrap().expire = ENDED);
    let held = project.repair(&project.login(&[("mend", "wake"), ("expire", "never")])).await;
    assert_eq!(held.last().title, "Glassdome is mended.", "{}", told(&held));
    project.lab.change(|cluster| assert_eq!(owner(cluster).tokens[NAME].expire, 0));
}

#[tokio::test]
async fn whose_realm_is_missing_or_mistyped_is_picked_among_those_of_the_host_and_tried_first() {
    for typed in ["apex", "apex@pev"] {
        let project = Project::new().await;
        project.set("PROXMOX_USER", typed);
        let before = project.text();
        let held = project.repair(&given(&[("mend", "user.pve"), ("review", "do")])).await;
        assert!(words(checkup(&held)).contains("Sign in as apex@pve"), "{typed}: {}", told(&held));
        assert_eq!(held.last().title, "Glassdome is mended.", "{typed}: {}", told(&held));
        assert_eq!(project.changed(&before), ["PROXMOX_USER"], "{typed}");
        assert!(project.text().contains("PROXMOX_USER=apex@pve\n"), "{typed}");
    }
}

#[tokio::test]
async fn commands_for_where_no_login_works_stand_behind_an_answer_of_their_own() {
    let project = Project::new().await;
    project.set("PROXMOX_TOKEN_VALUE", super::repair::WRONG);
    let held = project.repair(&given(&[("mend", "no-login"), ("mend, then", "leave")])).await;
    let (first, last) = (words(checkup(&held)), words(held.last()));
    let unlock = "pveum user tfa unlock root@pam";
    assert!(!first.contains(unlock) && last.contains(unlock), "{first}\n---\n{last}");
}

#[tokio::test]
async fn what_a_grant_adds_is_marked_beside_what_the_token_has() {
    let project = Project::new().await;
    project.lab.change(|cluster| cluster.acl.retain(|row| row.who != TOOL || row.path != "/vms"));
    let held = project.repair(&project.login(&[("mend", "grant")])).await;
    let page = held.pages.iter().map(words).find(|page| page.contains("May ") && page.contains("+ new: "));
    assert!(page.is_some_and(|page| page.contains("then holds, with what it has already")), "{}", told(&held));
}

#[tokio::test]
async fn what_is_missing_is_granted_where_it_was_found_missing_and_a_place_that_is_held_stays() {
    const BARE: &str = "apex@pve!bare";
    // What its user holds at a storage is there for another token.
    let project = Project::new().await;
    project.set("PROXMOX_TOKEN_NAME", "bare");
    project.set("PROXMOX_TOKEN_VALUE", &project.lab.token(BARE).unwrap().secret);
    project.lab.change(|cluster| cluster.grant("/storage/local", Subject::User, OWNER, "PVEDatastoreUser", true));
    // A token that holds its place itself, and lacks something else.
    let narrow = Project::new().await;
    narrow.lab.change(|cluster| {
        cluster.acl.retain(|row| row.who != TOOL || !["/vms", "/storage", "/"].contains(&row.path.as_str()));
        cluster.grant("/storage/local-lvm", Subject::Token, TOOL, "PVEDatastoreUser", true);
    });
    for (project, token, at, not_at) in
        [(project, BARE, "/storage", "/storage/local"), (narrow, TOOL, "/storage/local-lvm", "/storage")]
    {
        let setting = labwizard::wizard::Setting { configs: Vec::new(), ..project.setting() };
        let held = project.stage.hold_as(setting, &project.login(&[("mend", "grant")]), None).await;
        assert_eq!(held.last().title, "Glassdome is mended.", "{token}: {}", told(&held));
        let has = |path: &str| {
            project.lab.change(|cluster| cluster.acl.iter().any(|row| row.who == token && row.path == path))
        };
        assert!(has(at) && !has(not_at), "{token}: {}", told(&held));
        // The tool has nothing to read anew.
        assert!(!words(held.last()).contains("start Glassdome again"), "{token}: {}", told(&held));
        assert!(!told(&held).contains("shows no token"), "{token}: {}", told(&held));
    }
}

#[tokio::test]
async fn nobody_is_offered_to_do_what_they_may_not() {
    const BY: &str = "by monitor@pve, who is signed in";
    let broken: [(&str, fn(&mut Cluster), &str); 2] = [
        ("new-secret", |_| (), "Who gives the token a new secret?"),
        ("wake", |cluster| owner(cluster).enable = false, "Who lets the token sign in again?"),
    ];
    for (mend, break_it, asked) in broken {
        let project = Project::new().await;
        if mend == "new-secret" {
            project.set("PROXMOX_TOKEN_VALUE", super::repair::WRONG);
        }
        project.lab.change(break_it);
        let monitor = project.lab.user("monitor@pve").unwrap();
        let login = [("login_user", "monitor@pve"), ("login_password", monitor.password.as_str())];
        let answers = but(&project.login(&login), &[("mend", "look-up"), ("mend, then", mend)]);
        let held = project.repair(&answers).await;
        assert!(!told(&held).contains(BY), "{mend}: {}", told(&held));
        assert!(told(&held).contains("needs another login: monitor@pve may not"), "{mend}: {}", told(&held));
        assert!(held.pages.iter().any(|page| page.title == asked), "{mend}: {}", told(&held));
    }
}

#[tokio::test]
async fn a_token_that_lacks_rights_is_written_with_the_truth_about_it_and_what_mends_it() {
    let (stage, lab) = (super::Stage::new(), super::lab(LabRelease::default(), labwizard::lab::Scenario::Fine).await);
    let token = lab.token("apex@pve!bare").unwrap();
    let answers = but(&super::answers(&lab, &token), &[("verdict", "untested")]);
    let held = stage.hold(&answers).await;
    assert!(held.is_done(), "{}", told(&held));
    let page = |needle: &str| held.pages.iter().map(words).find(|page| page.contains(needle)).unwrap_or_default();
    let verify = page("Write it, and have what is missing granted after that");
    assert!(verify.contains(": labwizard ") && !verify.contains("labwizard grants exactly"), "{}", told(&held));
    let review = page("This is written although the test failed.");
    assert!(review.contains("Once it is written, labwizard "), "{}", told(&held));
    assert!(!told(&held).contains("when the host answers"), "{}", told(&held));
    let done = words(held.last());
    assert!(done.contains("mends what the test found") && !done.contains("start Glassdome again"), "{done}");
}
