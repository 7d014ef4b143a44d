//! A token that is refused though its secret is right: its user is enabled, an end is set later, or the realm is picked.

use labwizard::domain::{Change, time};
use labwizard::lab::proxmox::cluster::{Subject, User};
use labwizard::lab::{Cluster, LabRelease, Scenario};
use labwizard::wizard::Setting;
use labwizard::wizard::errand::Errand;

use super::errands::{signing_in, take_back};
use super::make::writes;
use super::repair::{Project, checkup, words};
use super::{Held, Stage, TOOL, but, given, lab};

const OWNER: &str = "apex@pve";
const NAME: &str = "glassdome-token";
/// What the wizard makes.
const MADE: &str = "glassdome@pve!glassdome";
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
        assert!(!held.told().contains("reads the new file"), "{what}: {}", held.told());
        let secret = project.lab.token(TOOL).unwrap().secret;
        assert!(!told(&held).contains(&secret), "{what}");

        let (stage, lab) = (&project.stage, &project.lab);
        let held = stage.hold_as(take_back(stage), &but(&signing_in(lab), &[("take-back", "do")]), None).await;
        assert!(lab.access_state() == broken, "{what}: {}", told(&held));
    }
}

#[tokio::test]
async fn a_day_before_the_end_of_today_is_no_later_end() {
    let project = Project::new().await;
    let day = |days: i64| project.setting().now + days * 86_400;
    project.lab.change(|cluster| {
        owner(cluster).tokens.get_mut(NAME).unwrap().expire = ENDED;
        owner(cluster).expire = day(20).unsigned_abs();
    });
    // Whose login takes no code, for each is taken once.
    let root = project.lab.user("root@pam").unwrap();
    for (days, ends) in [(10, false), (40, true)] {
        let date = time::date(day(days));
        let login = [("login_user", "root@pam"), ("login_password", root.password.as_str())];
        let end = [("mend", "look-up"), ("mend, then", "wake"), ("expire", "date"), ("expire_date", date.as_str())];
        let answers = [&login[..], &end].concat();
        let held = project.repair(&project.login(&answers)).await;
        let title = if ends { "Glassdome is mended.".to_owned() } else { format!("How long shall {TOOL} work?") };
        assert_eq!(held.last().title, title, "{days}: {}", held.told());
    }
}

#[tokio::test]
async fn whoever_gives_a_later_end_grants_nothing_and_what_is_missing_is_told_afterwards() {
    let project = Project::new().await;
    project.lab.change(|cluster| {
        owner(cluster).tokens.get_mut(NAME).unwrap().expire = ENDED;
        cluster.acl.retain(|row| row.who != TOOL || row.path != "/vms");
    });
    let answers = [("mend", "look-up"), ("mend, then", "wake"), ("expire", "90d")];
    let held = project.repair(&project.login(&answers)).await;
    let all = told(&held);
    assert!(project.lab.change(|cluster| owner(cluster).tokens[NAME].expire > ENDED), "{all}");
    assert!(!writes(&project.lab).iter().any(|line| line.contains("/access/acl")), "{:?}", writes(&project.lab));
    assert!(!all.contains("so does the file"), "{all}");
    assert_eq!(held.last().title, "It was done, and Glassdome still cannot work.", "{all}");
    assert!(held.told().contains("gone") && held.told().contains("rights that Glassdome needs are missing"), "{all}");
    // What was done is as it was meant.
    assert!(!held.told().contains("Left on the host"), "{all}");
}

/// A token with the least rights does not see its own record: what labwizard did last is all that is known of its end.
#[tokio::test]
async fn a_later_end_counts_for_a_token_that_does_not_see_its_own_and_its_making_can_still_be_taken_back() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let made = stage.hold(&super::make::making(&lab)).await;
    assert!(made.is_done(), "{}", made.told());
    let project = Project { stage, lab };
    let soon = project.setting().now + 5 * 86_400;
    let mut setting = project.setting();
    let changes = setting.runs.iter_mut().flat_map(|run| &mut run.changes);
    let made = changes.filter_map(|seen| match &mut seen.change {
        Change::MakeToken(made) => Some(made),
        _ => None,
    });
    made.for_each(|made| made.expire = Some(soon));
    project.lab.change(|cluster| cluster.token_mut(MADE).unwrap().expire = soon.unsigned_abs());

    let root = project.lab.user("root@pam").unwrap();
    let login = [("login_user", "root@pam"), ("login_password", root.password.as_str())];
    let wake = [("mend", "wake"), ("expire", "1y")];
    let held = project.stage.hold_as(setting, &project.login(&[login, wake].concat()), None).await;
    assert_eq!(held.last().title, "Glassdome is mended.", "{}", told(&held));
    assert!(held.told().contains("gone"), "{}", held.told());
    let held = project.repair(&given(&[])).await;
    assert!(held.told().contains("Nothing is wrong with"), "{}", held.told());

    let (stage, lab) = (&project.stage, &project.lab);
    let first = stage.setting().runs.pop().unwrap();
    let setting = Setting { errand: Errand::TakeBack(Box::new(first)), ..stage.setting() };
    let held = stage.hold_as(setting, &but(&signing_in(lab), &[("take-back", "do")]), None).await;
    assert!(lab.change(|cluster| cluster.token(MADE).is_none()), "{}", told(&held));
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
async fn whose_realm_is_missing_keeps_name_and_secret_also_where_the_id_is_whole_or_a_password_stands_there() {
    let project = Project::new().await;
    let (secret, root) = (project.lab.token(TOOL).unwrap().secret, project.lab.user("root@pam").unwrap().password);
    let token = format!("PROXMOX_TOKEN_ID='apex!{NAME}'\nPROXMOX_TOKEN_SECRET={secret}\n");
    let password = format!("PROXMOX_USER=root\nPROXMOX_PASSWORD={root}\n");
    for (stands, mend, key) in [(token, "user.pve", "PROXMOX_TOKEN_ID"), (password, "user.pam", "PROXMOX_USER")] {
        let port = project.lab.port();
        let text = format!("PROXMOX_HOST=127.0.0.1\nPROXMOX_PORT={port}\n{stands}PROXMOX_VERIFY_SSL=false\n");
        std::fs::write(project.stage.env_file(), &text).unwrap();
        let held = project.repair(&given(&[("mend", mend), ("review", "do")])).await;
        assert!(held.is_done(), "{key}: {}", told(&held));
        assert_eq!(project.changed(&text), [key], "{}", told(&held));
        assert!(held.last().title.ends_with("is mended."), "{key}: {}", told(&held));
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
