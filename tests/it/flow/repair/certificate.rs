//! Repairs in which a certificate is agreed to anew, or the tool's own verifying is what is wrong.

use super::*;

#[tokio::test]
async fn a_host_never_met_goes_through_trust_and_it_is_said_that_it_is_the_first_time() {
    let project = Project::new().await;
    project.set("PROXMOX_TOKEN_VALUE", WRONG);
    let before = project.text();
    let right = project.lab.token(TOOL).unwrap().secret;
    let answers = given(&[("mend", "ask.token"), ("trust", "pin"), ("token", &right), ("review", "do")]);
    let setting = Setting { hosts: Vec::new(), ..project.setting() };
    let held = project.stage.hold_as(setting, &answers, None).await;
    let trust = held.pages.iter().find(|page| page.step == labwizard::domain::finding::Step::Trust);
    assert!(words(trust.expect("it asks")).contains("first time"), "{}", words(trust.unwrap()));
    assert!(held.is_done(), "{}", held.told());
    assert_eq!(project.changed(&before), ["PROXMOX_TOKEN_VALUE"]);
}

#[tokio::test]
async fn a_changed_certificate_is_agreed_to_side_by_side_and_stop_is_what_stands_there() {
    let project = Project::new().await;
    project.lab.swap_certificate(NewCertificate::NewCluster).unwrap();
    let before = project.text();
    let held = project.repair(&given(&[("mend", "certificate")])).await;
    assert_eq!(held.last().title, "The certificate has changed.", "{}", held.told());
    assert!(held.told().contains("agreed then"), "{}", held.told());
    // Nobody chose: it was to stop, and nothing was sent.
    let held = project.repair(&given(&[("mend", "certificate"), ("trust", "pin"), ("review", "do")])).await;
    assert!(held.is_done(), "{}", held.told());
    assert_eq!(held.last().title, "Glassdome is mended.", "{}", held.told());
    assert_eq!(project.text(), before);
}

/// A system that trusts the CA of this lab.
fn of_another(lab: &Lab) -> SystemRoots {
    SystemRoots::These(certificates_from_pem(&lab.ca_pem()).unwrap())
}

#[tokio::test]
async fn a_file_that_verifies_goes_on_verifying_after_its_certificate_was_agreed_to() {
    let mut project = Project::new().await;
    project.stage.options.system = of_another(&lab(LabRelease::default(), Scenario::Fine).await);
    project.set("PROXMOX_VERIFY_SSL", "true");
    let setting = Setting { hosts: Vec::new(), ..project.setting() };
    let answers = given(&[("mend", "certificate"), ("trust", "pin"), ("review", "do")]);
    let held = project.stage.hold_as(setting, &answers, None).await;
    assert!(held.is_done(), "{}", held.told());
    assert_eq!(value(&project, "PROXMOX_VERIFY_SSL").as_deref(), Some("true"), "{}", held.told());
    assert!(value(&project, "REQUESTS_CA_BUNDLE").is_some(), "{}", held.told());
    assert_eq!(held.last().title, "Glassdome is mended.", "{}", held.told());
}

#[tokio::test]
async fn a_file_that_names_an_old_ca_verifies_by_the_systems_where_these_vouch_for_the_host() {
    let mut project = Project::new().await;
    project.stage.options.system = of_another(&project.lab);
    let old = project.stage.project().join("old.pem");
    std::fs::write(&old, lab(LabRelease::default(), Scenario::Fine).await.ca_pem()).unwrap();
    project.set("PROXMOX_VERIFY_SSL", "true");
    let text = project.text() + &format!("REQUESTS_CA_BUNDLE={}\n", old.display());
    std::fs::write(project.stage.env_file(), &text).unwrap();
    let mend = format!("remove.REQUESTS_CA_BUNDLE.{}", text.lines().count());
    let held = project.repair(&given(&[("mend", &mend), ("review", "do")])).await;
    assert!(words(checkup(&held)).contains("cannot work with"), "{}", words(checkup(&held)));
    assert_eq!(held.last().title, "Glassdome is mended.", "{}", held.told());
    assert_eq!(value(&project, "PROXMOX_VERIFY_SSL").as_deref(), Some("true"), "{}", held.told());
    assert_eq!(value(&project, "REQUESTS_CA_BUNDLE"), None, "{}", held.told());
}

#[tokio::test]
async fn where_the_environment_names_the_cas_the_files_own_word_on_verifying_stands() {
    let project = Project::new().await;
    project.set("PROXMOX_VERIFY_SSL", "true");
    let environment = vec!["REQUESTS_CA_BUNDLE".to_owned()];
    let setting = Setting { hosts: Vec::new(), environment, ..project.setting() };
    let answers = given(&[("mend", "certificate"), ("trust", "pin"), ("review", "do")]);
    let held = project.stage.hold_as(setting, &answers, None).await;
    assert!(held.is_done(), "{}", held.told());
    assert_eq!(value(&project, "PROXMOX_VERIFY_SSL").as_deref(), Some("true"), "{}", held.told());
}

#[tokio::test]
async fn verification_that_is_switched_on_is_by_the_clusters_ca_without_a_further_choice() {
    let project = Project::new().await;
    project.set("PROXMOX_VERIFY_SSL", "false");
    let setting = Setting { hosts: Vec::new(), ..project.setting() };
    let answers = given(&[("mend", "verify"), ("trust", "pin"), ("review", "do")]);
    let held = project.stage.hold_as(setting, &answers, None).await;
    assert!(held.is_done(), "{}", held.told());
    assert_eq!(value(&project, "PROXMOX_VERIFY_SSL").as_deref(), Some("true"), "{}", held.told());
    assert_eq!(held.last().title, "Glassdome is mended.", "{}", held.told());
    assert!(!held.told().contains("itself does not verify"), "{}", held.told());
}

#[tokio::test]
async fn what_the_tool_still_does_not_verify_is_not_told_to_be_gone() {
    let project = Project::new().await;
    project.set("PROXMOX_VERIFY_SSL", "false");
    let setting = Setting { hosts: Vec::new(), ..project.setting() };
    let answers = given(&[("mend", "certificate"), ("trust", "pin"), ("review", "do")]);
    let held = project.stage.hold_as(setting, &answers, None).await;
    assert!(held.is_done(), "{}", held.told());
    assert!(held.told().contains("still so"), "{}", held.told());
}

#[tokio::test]
async fn what_the_tool_holds_the_certificate_against_is_judged_in_a_repair_as_in_a_check() {
    let mut project = Project::new().await;
    project.stage.options.system = of_another(&lab(LabRelease::default(), Scenario::Fine).await);
    project.set("PROXMOX_VERIFY_SSL", "true");
    let held = project.repair(&given(&[("mend", "leave")])).await;
    assert!(words(checkup(&held)).contains("cannot work with"), "{}", words(checkup(&held)));
}
