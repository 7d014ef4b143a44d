//! A file that is there and broken: what is wrong is found, and mended with the smallest change, against labs.

mod certificate;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use labwizard::client::SystemRoots;
use labwizard::domain::certificates_from_pem;
use labwizard::domain::finding::Step;
use labwizard::lab::{Lab, LabRelease, NewCertificate, Scenario};
use labwizard::wizard::Setting;
use labwizard::wizard::page::{Block, Page};

use super::make::ADMIN;
use super::{Held, Stage, TOOL, answers, given, lab};

/// Another secret than any lab's.
pub const WRONG: &str = "00000000-0000-4000-8000-00000000dead";

/// A project whose file a walk wrote, with the lab that it is for.
pub struct Project {
    pub stage: Stage,
    pub lab: Lab,
}

impl Project {
    pub async fn on(release: LabRelease) -> Project {
        let (stage, lab) = (Stage::new(), lab(release, Scenario::Fine).await);
        let held = stage.hold(&answers(&lab, &lab.token(TOOL).unwrap())).await;
        assert!(held.is_done(), "{}", held.told());
        Project { stage, lab }
    }

    pub async fn new() -> Project {
        Project::on(LabRelease::default()).await
    }

    pub fn text(&self) -> String {
        std::fs::read_to_string(self.stage.env_file()).unwrap()
    }

    /// Breaks the file: the value of a key is another one.
    pub fn set(&self, key: &str, value: &str) {
        let line = |line: &str| match line.split_once('=') {
            Some((one, _)) if one == key => format!("{key}={value}\n"),
            _ => format!("{line}\n"),
        };
        std::fs::write(self.stage.env_file(), self.text().lines().map(line).collect::<String>()).unwrap();
    }

    pub fn setting(&self) -> Setting {
        Setting { mend: Some(self.stage.env_file()), ..self.stage.setting() }
    }

    pub async fn repair(&self, answers: &BTreeMap<String, String>) -> Held {
        self.stage.hold_as(self.setting(), answers, None).await
    }

    /// What whoever logs in answers.
    pub fn login(&self, more: &[(&str, &str)]) -> BTreeMap<String, String> {
        let admin = self.lab.user(ADMIN).unwrap();
        let mut all = given(&[
            ("login_user", ADMIN),
            ("login_password", &admin.password),
            ("code", &admin.code_now().unwrap_or_default()),
            ("review", "do"),
        ]);
        all.extend(given(more));
        all
    }

    /// The lines that are others now.
    pub fn changed(&self, before: &str) -> Vec<String> {
        let after = self.text();
        assert_eq!(before.lines().count(), after.lines().count());
        let lines = before.lines().zip(after.lines()).filter(|(a, b)| a != b);
        lines.map(|(_, new)| new.split('=').next().unwrap_or_default().to_owned()).collect()
    }
}

/// A page in words.
pub fn words(page: &Page) -> String {
    labwizard::front::words::page(page, false).join("\n")
}

/// The page that tells what was found.
pub fn checkup(held: &Held) -> &Page {
    let asks = |page: &&Page| page.blocks.iter().any(|b| matches!(b, Block::Choice(c) if c.id.as_str() == "mend"));
    held.pages.iter().find(asks).unwrap_or(held.last())
}

#[tokio::test]
async fn a_file_that_labwizard_wrote_has_nothing_wrong_and_is_left_as_it_is() {
    let project = Project::new().await;
    let before = project.text();
    let held = project.repair(&given(&[])).await;
    assert!(held.last().last, "{}", held.told());
    assert!(held.told().contains("Nothing is wrong with"), "{}", held.told());
    assert_eq!(project.text(), before);
}

#[tokio::test]
async fn a_wrong_secret_is_mended_by_a_new_one_and_one_line_is_changed() {
    let project = Project::new().await;
    project.set("PROXMOX_TOKEN_VALUE", WRONG);
    let before = project.text();
    let held = project.repair(&project.login(&[("mend", "new-secret")])).await;
    assert!(words(checkup(&held)).contains("refuse"), "{}", words(checkup(&held)));
    assert!(held.is_done(), "{}", held.told());
    assert_eq!(project.changed(&before), ["PROXMOX_TOKEN_VALUE"], "{}", held.told());
    assert!(held.told().contains("gone"), "{}", held.told());
    assert_eq!(held.last().title, "Glassdome is mended.", "{}", held.told());
    // Nothing is called set up, and nothing comes next, before the checks have said so.
    let early = held.pages.iter().filter(|page| page.step == Step::Done && page.busy.is_some());
    assert!(early.clone().next().is_some());
    for page in early {
        assert_eq!(page.title, "Can Glassdome work with it now?");
        assert!(!words(page).contains("Next"), "{}", words(page));
    }
    // The host is known, so nobody was asked about it; the file's secret is on no page.
    assert!(held.pages.iter().all(|page| !words(page).contains(WRONG)));
}

#[tokio::test]
async fn a_token_that_labwizard_made_gets_a_new_secret_and_no_grant_at_a_wider_path() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let made = stage.hold(&super::make::making(&lab)).await;
    assert!(made.is_done(), "{}", made.told());
    let project = Project { stage, lab };
    project.set("PROXMOX_TOKEN_VALUE", WRONG);
    let before = project.text();
    // Somebody else, for the code of the one who made it is used up.
    let root = project.lab.user("root@pam").unwrap();
    let login = [("login_user", "root@pam"), ("login_password", root.password.as_str()), ("mend", "new-secret")];
    let held = project.repair(&project.login(&login)).await;
    assert!(held.is_done(), "{}", held.told());
    assert_eq!(project.changed(&before), ["PROXMOX_TOKEN_VALUE"], "{}", held.told());
    assert!(!held.told().contains("acl modify"), "{}", held.told());
}

#[tokio::test]
async fn a_token_that_is_pasted_anew_is_all_that_is_asked() {
    let project = Project::new().await;
    let right = project.lab.token(TOOL).unwrap().secret;
    project.set("PROXMOX_TOKEN_VALUE", WRONG);
    let before = project.text();
    let answers = given(&[("mend", "ask.token"), ("token", &right), ("review", "do")]);
    let held = project.repair(&answers).await;
    assert!(held.is_done(), "{}", held.told());
    assert_eq!(project.changed(&before), ["PROXMOX_TOKEN_VALUE"]);
    assert!(held.presses <= 4, "{} answers", held.presses);
    assert_eq!(held.last().title, "Glassdome is mended.", "{}", held.told());
}

#[tokio::test]
async fn another_node_is_picked_from_the_list_and_nothing_else_is_asked() {
    let project = Project::new().await;
    project.set("PROXMOX_NODE", "pve1.lan");
    let before = project.text();
    let held = project.repair(&given(&[("mend", "ask.pick.node"), ("pick.node", "pve1"), ("review", "do")])).await;
    assert!(held.is_done(), "{}", held.told());
    assert_eq!(project.changed(&before), ["PROXMOX_NODE"]);
    assert_eq!(held.last().title, "Glassdome is mended.", "{}", held.told());
}

#[tokio::test]
async fn a_file_of_no_known_tool_is_left_alone() {
    let project = Project::new().await;
    let text = "export SOMETHING=else\nMORE=00000000-0000-4000-8000-000000000001\n";
    std::fs::write(project.stage.env_file(), text).unwrap();
    let held = project.repair(&given(&[])).await;
    assert!(held.last().last && held.told().contains("left alone"), "{}", held.told());
    assert!(!held.told().contains("00000000"), "{}", held.told());
    assert_eq!(project.text(), text);
}

#[tokio::test]
async fn somebody_who_signs_in_learns_why_the_host_refuses_and_stays_signed_in_for_the_mend() {
    let project = Project::new().await;
    project.set("PROXMOX_TOKEN_VALUE", WRONG);
    let before = project.text();
    let held = project.repair(&project.login(&[("mend", "look-up"), ("mend, then", "new-secret")])).await;
    let told: Vec<String> = held.pages.iter().map(words).collect();
    assert!(told.iter().any(|page| page.contains("its secret is another")), "{}", told.join("\n---\n"));
    assert!(held.is_done(), "{}", held.told());
    assert_eq!(project.changed(&before), ["PROXMOX_TOKEN_VALUE"]);
    let logins = project.lab.received().iter().filter(|sent| sent.path.contains("/access/ticket")).count();
    assert_eq!(logins, 2, "a password and a code, once");
}

#[tokio::test]
async fn a_missing_right_is_granted_and_nothing_in_the_file_changes() {
    let project = Project::new().await;
    project.lab.change(|cluster| cluster.acl.retain(|row| row.who != TOOL || row.path != "/vms"));
    let before = project.text();
    let held = project.repair(&project.login(&[("mend", "grant")])).await;
    assert!(held.is_done(), "{}\n{:?}", held.told(), held.pages.len());
    assert_eq!(held.last().title, "Glassdome is mended.", "{}", held.told());
    assert_eq!(project.text(), before);
    assert!(!held.told().contains(&project.lab.token(TOOL).unwrap().secret));
}

#[tokio::test]
async fn faults_of_the_text_are_mended_in_one_go_without_asking_the_host_for_more() {
    let project = Project::new().await;
    project.set("PROXMOX_TOKEN_NAME", TOOL);
    let text = project.text() + "PROXMOX_USER=apex@pve\n";
    std::fs::write(project.stage.env_file(), text).unwrap();
    let held = project.repair(&given(&[("mend", "all"), ("review", "do")])).await;
    assert!(held.is_done(), "{}", held.told());
    assert_eq!(held.last().title, "Glassdome is mended.", "{}", held.told());
    let after = project.text();
    assert!(after.contains("PROXMOX_TOKEN_NAME=glassdome-token"), "{:?}", super::keys(&after));
    assert_eq!(after.matches("PROXMOX_USER=").count(), 1);
}

#[tokio::test]
async fn of_two_hosts_the_broken_one_is_mended_and_the_other_one_stays() {
    let project = Project::new().await;
    let second = lab(LabRelease::default(), Scenario::Fine).await;
    let more = format!(
        "PROXMOX_02_HOST=127.0.0.1:{}\nPROXMOX_02_USER=apex@pve\nPROXMOX_02_TOKEN_NAME=glassdome-token\n\
         PROXMOX_TOKEN_VALUE_02={WRONG}\nPROXMOX_02_VERIFY_SSL=false\n",
        second.port()
    );
    std::fs::write(project.stage.env_file(), project.text() + &more).unwrap();
    let before = project.text();
    let right = second.token(TOOL).unwrap().secret;
    let answers = given(&[("mend", "ask.token"), ("trust", "pin"), ("token", &right), ("review", "do")]);
    let held = project.repair(&answers).await;
    assert!(held.is_done(), "{}", held.told());
    assert_eq!(project.changed(&before), ["PROXMOX_TOKEN_VALUE_02"], "{}", held.told());
}

#[tokio::test]
async fn what_stands_in_the_file_is_on_no_page_and_an_unfinished_repair_is_not_kept() {
    let project = Project::new().await;
    let secret = project.lab.token(TOOL).unwrap().secret;
    const CANARY: &str = "canary-7f3a9c1e-of-another-tool";
    std::fs::write(project.stage.env_file(), project.text() + &format!("DB_PASSWORD={CANARY}\n")).unwrap();
    project.lab.change(|cluster| cluster.acl.retain(|row| row.who != TOOL));
    let held = project.repair(&project.login(&[("mend", "grant"), ("review", "back")])).await;
    let password = project.lab.user(ADMIN).unwrap().password;
    for page in &held.pages {
        let shown = format!("{}{:?}", words(page), super::canary::painted(page));
        for needle in [secret.as_str(), CANARY, password.as_str()] {
            assert!(!shown.contains(needle), "{}", page.title);
        }
    }
    assert!(project.stage.state().walk().unwrap().is_none());
    assert!(!format!("{:?}", held.wizard).contains(&secret));
}

#[tokio::test]
async fn what_is_missing_is_granted_by_hand_too_and_looked_at_again() {
    let project = Rc::new(Project::new().await);
    let taken = project.lab.change(|cluster| {
        let all = cluster.acl.clone();
        cluster.acl.retain(|row| row.who != TOOL || row.path != "/vms");
        all
    });
    let before = project.text();
    let (lab, answers) = (Rc::clone(&project), given(&[("mend", "commands"), ("review", "do")]));
    let shown = Rc::new(RefCell::new(String::new()));
    let block = Rc::clone(&shown);
    let hook = move |page: &Page| {
        if page.title == "Grant what is missing." {
            *block.borrow_mut() = words(page);
            lab.lab.change(|cluster| cluster.acl.clone_from(&taken));
        }
    };
    let held = project.stage.hold_as(project.setting(), &answers, Some(Box::new(hook))).await;
    assert!(shown.borrow().contains("pveum acl modify"), "{}", shown.borrow());
    assert_eq!(held.last().title, "Glassdome is mended.", "{}", held.told());
    assert_eq!(project.text(), before);
}

/// What `key` says in the file.
fn value(project: &Project, key: &str) -> Option<String> {
    let text = project.text();
    text.lines().find_map(|line| line.strip_prefix(&format!("{key}=")).map(str::to_owned))
}

#[tokio::test]
async fn whoever_saw_too_little_is_led_to_another_login() {
    let project = Project::new().await;
    let apex = project.lab.user("apex@pve").unwrap();
    project.set("PROXMOX_TOKEN_VALUE", WRONG);
    project.set("PROXMOX_USER", "auditor@pve");
    let login = [("login_user", "apex@pve"), ("login_password", apex.password.as_str()), ("mend", "look-up")];
    let told = RefCell::new(String::new());
    let held = project.repair(&project.login(&[&login[..], &[("mend, then", "look-up")]].concat())).await;
    held.pages.iter().for_each(|page| *told.borrow_mut() += &words(page));
    let told = told.into_inner();
    assert!(told.contains("did not show it enough to tell why"), "{told}");
    assert!(!told.contains("This cannot be done here"), "{told}");
    assert!(told.matches("Who may look it up?").count() >= 2, "{told}");
}

#[tokio::test]
async fn of_a_secret_that_stands_twice_the_pasted_one_goes_where_it_counts_and_nobody_is_asked_for_lines() {
    let project = Project::new().await;
    let right = project.lab.token(TOOL).unwrap().secret;
    std::fs::write(project.stage.env_file(), project.text() + &format!("PROXMOX_TOKEN_VALUE={WRONG}\n")).unwrap();
    let held = project.repair(&given(&[("mend", "ask.token"), ("token", &right), ("review", "do")])).await;
    assert!(held.is_done(), "{}", held.told());
    assert_eq!(project.text().matches("PROXMOX_TOKEN_VALUE=").count(), 1);
    assert!(value(&project, "PROXMOX_TOKEN_VALUE") == Some(right), "{}", held.told());
    let page = words(checkup(&held));
    // Once as what is wrong, and once over what can be done by hand.
    assert_eq!(page.matches("PROXMOX_TOKEN_VALUE stands in 2 lines").count(), 2, "{page}");
    assert_eq!(held.last().title, "Glassdome is mended.", "{}", held.told());
}

#[tokio::test]
async fn what_a_repair_leaves_wrong_is_gone_on_with() {
    let project = Project::new().await;
    project.set("PROXMOX_TOKEN_VALUE", WRONG);
    project.set("PROXMOX_TOKEN_NAME", TOOL);
    let held = project.repair(&given(&[("mend", "rewrite.PROXMOX_TOKEN_NAME"), ("review", "do")])).await;
    assert_eq!(held.last().title, "It was done, and Glassdome still cannot work.", "{}", held.told());
    assert!(held.told().contains("Go on with what is left"), "{}", held.told());
}

#[tokio::test]
async fn the_host_has_one_like_it_and_that_one_is_suggested() {
    let project = Project::new().await;
    project.set("PROXMOX_NODE", "PVE1.lan");
    let before = project.text();
    let held = project.repair(&given(&[("mend", "ask.pick.node"), ("review", "do")])).await;
    assert!(held.is_done(), "{}", held.told());
    assert_eq!(project.changed(&before), ["PROXMOX_NODE"]);
    assert_eq!(value(&project, "PROXMOX_NODE").as_deref(), Some("pve1"));
}
