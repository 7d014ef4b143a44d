//! Whoever may make users, roles, tokens and grants, and is not shown what others hold.

use labwizard::lab::proxmox::cluster::{Cluster, Role, Subject, User};
use labwizard::lab::{LabRelease, Scenario};
use labwizard::wizard::page::Block;

use super::make::{making, writes};
use super::{Stage, but, lab};

/// Has a user make and grant all that a target needs, on the paths it needs it, and see no more of the ACL than that.
pub fn half_sighted(cluster: &mut Cluster, who: &str) {
    cluster.acl.retain(|row| row.who != who);
    let mut role = |name: &str, privileges: &[&str]| {
        let privileges = privileges.iter().map(|name| (*name).to_owned()).collect();
        cluster.roles.insert(name.to_owned(), Role { privileges, special: false });
    };
    role("Maker", &["User.Modify", "Realm.AllocateUser", "Sys.Modify"]);
    role("Giver", &["Permissions.Modify"]);
    cluster.grant("/access", Subject::User, who, "Maker", true);
    for path in ["/vms", "/storage", "/sdn", "/pool"] {
        cluster.grant(path, Subject::User, who, "Giver", true);
    }
}

#[tokio::test]
async fn nothing_is_granted_to_a_user_whose_other_rights_are_not_shown() {
    for instead in ["", "block"] {
        let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
        let before = lab.change(|cluster| {
            half_sighted(cluster, "apex@pve");
            cluster.users.insert("svc@pve".into(), User { enable: true, ..User::default() });
            cluster.grant("/", Subject::User, "svc@pve", "PVEAdmin", true);
            cluster.access_state()
        });
        let apex = lab.user("apex@pve").unwrap();
        let mut answers = but(
            &making(&lab),
            &[("login_user", "apex@pve"), ("login_password", apex.password.as_str()), ("user", "svc@pve")],
        );
        if !instead.is_empty() {
            answers = but(&answers, &[("instead", instead)]);
        }
        let held = stage.hold(&answers).await;
        let seen: Vec<String> =
            held.pages.iter().map(|page| labwizard::front::words::page(page, false).join("\n")).collect();
        assert!(
            seen.iter().any(|page| page.contains("What svc@pve holds already is not all shown here.")),
            "{seen:#?}"
        );
        assert_eq!(writes(&lab), [""; 0], "{}", held.told());
        assert!(lab.change(|cluster| cluster.access_state()) == before);
        if instead == "block" {
            let by_hand = held.pages.iter().find(|page| {
                page.blocks
                    .iter()
                    .any(|block| matches!(block, Block::Command(command) if command.text.contains("pveum")))
            });
            let by_hand = labwizard::front::words::page(by_hand.expect("there is a block"), false).join("\n");
            assert!(by_hand.contains("svc@pve is there already"), "{by_hand}");
        } else {
            assert_eq!(held.codes(), ["make.acl-unseen"], "{}", held.told());
        }
    }
}
