//! What a repair offers: the mends of each thing that is as grave as the first, of each host, and none that would help nobody.

use std::os::unix::fs::PermissionsExt;

use labwizard::domain::{ConfigRecord, parse_host};
use labwizard::lab::config::Facts;
use labwizard::lab::{LabRelease, Scenario};
use labwizard::target::Library;
use labwizard::wizard::Setting;
use labwizard::wizard::page::{Block, Page};

use super::repair::{Project, WRONG, checkup, words};
use super::{Stage, TOOL, given, lab};

/// What may be chosen on the page that tells what is wrong.
fn options(page: &Page) -> Vec<&str> {
    let choices = page.blocks.iter().filter_map(|block| match block {
        Block::Choice(choice) if choice.id.as_str() == "mend" => Some(choice),
        _ => None,
    });
    choices.flat_map(|choice| &choice.options).map(|option| option.id.as_str()).collect()
}

#[tokio::test]
async fn whoever_leaves_the_first_of_two_warnings_gets_to_the_other() {
    let project = Project::new().await;
    std::fs::write(project.stage.env_file(), project.text() + "PROXMOX_NODE=pve1\n").unwrap();
    std::fs::set_permissions(project.stage.env_file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let (held, line) = (project.repair(&given(&[("mend", "leave")])).await, project.text().lines().count());
    let all = options(checkup(&held)).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let removes: Vec<&String> = all.iter().filter(|id| id.starts_with("remove.PROXMOX_NODE.")).collect();
    assert!(all.contains(&"close".to_owned()) && removes.len() == 1, "{all:?} of {line} lines");
    // Whatever is written is closed to others.
    for (mend, gone) in [("close", "may read"), (removes[0].as_str(), "stands in 2 lines")] {
        let held = project.repair(&given(&[("mend", mend), ("review", "do")])).await;
        assert_eq!(held.last().title, "Glassdome is mended.", "{mend}: {}", held.told());
        let is_gone = |line: &str| line.contains(gone) && line.contains("gone");
        assert!(held.told().lines().any(is_gone), "{mend}: {}", held.told());
    }
}

#[tokio::test]
async fn of_two_hosts_that_are_both_wrong_either_is_mended_first() {
    let project = Project::on(LabRelease::V9_1_4).await;
    let second = lab(LabRelease::V9_1_4, Scenario::Fine).await;
    project.set("PROXMOX_TOKEN_VALUE", WRONG);
    let more = format!(
        "PROXMOX_02_HOST=127.0.0.1:{}\nPROXMOX_02_USER=apex@pve\nPROXMOX_02_TOKEN_NAME=glassdome-token\n\
         PROXMOX_TOKEN_VALUE_02={WRONG}\nPROXMOX_02_VERIFY_SSL=false\n",
        second.port()
    );
    std::fs::write(project.stage.env_file(), project.text() + &more).unwrap();
    let before = project.text();
    let right = second.token(TOOL).unwrap().secret;
    let answers = given(&[("mend", "ask.token.host-2"), ("trust", "pin"), ("token", &right), ("review", "do")]);
    let held = project.repair(&answers).await;
    assert_eq!(held.last().title, "It was done, and Glassdome still cannot work.", "{}", held.told());
    assert_eq!(project.changed(&before), ["PROXMOX_TOKEN_VALUE_02"], "{}", held.told());
}

#[tokio::test]
async fn a_certificate_that_no_ca_at_hand_signed_is_looked_at_once_and_not_offered_again() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::ForeignCa).await);
    let ca = stage.project().join("ca.pem");
    std::fs::write(&ca, lab.ca_pem()).unwrap();
    let facts = Facts::of(&lab, &lab.token(TOOL).unwrap(), Some(ca.display().to_string()));
    std::fs::write(stage.env_file(), facts.healthy()).unwrap();
    std::fs::set_permissions(stage.env_file(), std::fs::Permissions::from_mode(0o600)).unwrap();
    let project = Project { stage, lab };
    let held = project.repair(&given(&[("mend", "certificate"), ("trust", "pin"), ("review", "do")])).await;
    assert_eq!(options(checkup(&held)), ["certificate", "again", "leave"], "{}", held.told());
    assert_eq!(held.last().title, "It was done, and Glassdome still cannot work.", "{}", held.told());
    let held = project.repair(&given(&[("mend", "leave")])).await;
    assert_eq!(options(checkup(&held)), ["again", "leave"], "{}", held.told());
}

/// A target of the person's own that asks for power over the host where that was answered yes.
const MINE: &str = r#"
schema = 1
title = "Mine"
about = "a tool of mine"
services = { proxmox = "required" }
accepts = { proxmox = ["token"] }
rights = [ { for = "change the host", on = "/", privs = "Sys.Modify", group = "power" } ]
form = [ { name = "env", dialect = "dotenv", file = [".env"], verify = ["off"] } ]
[keys]
MINE_HOST = { value = "{proxmox.address}" }
MINE_TOKEN = { value = "{proxmox.token}", when = "token" }
[groups]
power = "Shall it change the host?"
"#;

#[tokio::test]
async fn power_over_the_host_that_an_earlier_walk_agreed_to_needs_its_own_yes_again_before_it_is_granted() {
    let project = Project::new().await;
    let (token, path) = (project.lab.token(TOOL).unwrap(), project.stage.env_file());
    let host = format!("127.0.0.1:{}", project.lab.port());
    std::fs::write(&path, format!("MINE_HOST={host}\nMINE_TOKEN={}={}\n", token.id, token.secret)).unwrap();
    let setting = || {
        let library = Library::with(vec![("mine.toml".to_owned(), MINE.to_owned())]);
        let record = ConfigRecord {
            path: path.canonicalize().unwrap(),
            target: "mine".into(),
            instance: 1,
            endpoint: parse_host(&host).unwrap().endpoints.remove(0),
            groups: [("power".to_owned(), true)].into(),
            picks: Default::default(),
            when: 1_700_000_000,
        };
        Setting { library, configs: vec![record], ..project.setting() }
    };
    let granted = || project.lab.change(|cluster| cluster.acl.iter().any(|row| row.who == TOOL && row.path == "/"));
    let asks = "What shall Mine do?";
    for (mend, yes, ends) in
        [("commands", None, asks), ("grant", None, asks), ("grant", Some("yes"), "Mine is mended.")]
    {
        let mut answers = project.login(&[("mend", mend)]);
        answers.extend(yes.map(|yes| ("dangerous".to_owned(), yes.to_owned())));
        let held = project.stage.hold_as(setting(), &answers, None).await;
        assert_eq!(held.last().title, ends, "{mend}: {}", held.told());
        assert_eq!(granted(), yes.is_some(), "{mend}: {}", held.told());
        let asked = held.pages.iter().find(|page| page.title == asks).map(words).unwrap_or_default();
        assert!(asked.contains("Sys.Modify on /"), "{mend}: {asked}");
    }
}

#[tokio::test]
async fn each_host_that_lacks_rights_is_granted_them_by_an_answer_of_its_own_and_has_its_own_commands() {
    let (project, second) = (Project::new().await, lab(LabRelease::default(), Scenario::Fine).await);
    let more = format!(
        "PROXMOX_02_HOST=127.0.0.1:{}\nPROXMOX_02_USER=apex@pve\nPROXMOX_02_TOKEN_NAME=glassdome-token\n\
         PROXMOX_TOKEN_VALUE_02={}\nPROXMOX_02_VERIFY_SSL=false\n",
        second.port(),
        second.token(TOOL).unwrap().secret
    );
    std::fs::write(project.stage.env_file(), project.text() + &more).unwrap();
    project.lab.change(|cluster| cluster.acl.retain(|row| row.who != TOOL || row.path != "/vms"));
    second.change(|cluster| cluster.acl.retain(|row| row.who != TOOL || !row.path.starts_with("/sdn")));
    let mut hosts = project.setting().hosts;
    hosts.push(crate::check::record(&second));
    let setting = || Setting { hosts: hosts.clone(), ..project.setting() };
    let wanted = ["grant", "commands", "grant.host-2", "commands.host-2", "again", "leave"];
    for (answer, own, others) in [("commands", "/vms", "/sdn"), ("commands.host-2", "/sdn", "/vms")] {
        let held = project.stage.hold_as(setting(), &given(&[("mend", answer)]), None).await;
        assert_eq!(options(checkup(&held)), wanted, "{}", held.told());
        let page = held.pages.iter().find(|page| page.title == "Grant what is missing.");
        let commands = words(page.unwrap_or_else(|| panic!("{answer}: {}", held.told())));
        let grants: Vec<&str> = commands.lines().filter(|line| line.contains("pveum acl modify")).collect();
        assert!(grants.iter().any(|line| line.contains(own)), "{answer}: {grants:?}");
        assert!(!grants.iter().any(|line| line.contains(others)), "{answer}: {grants:?}");
    }
}
