//! The tokens that the wizard makes, held against what their tools do: every call of the tool succeeds, and with each privilege
//! taken away one fails, or shows nothing.

use std::collections::{BTreeMap, BTreeSet};

use labwizard::domain::{Need, Release};
use labwizard::lab::proxmox::cluster::{AclRow, Cluster, Role, Subject, Token, User};
use labwizard::lab::proxmox::seed::seed;
use labwizard::lab::{LabRelease, Scenario};
use labwizard::target::Library;
use labwizard::target::needs::{grants, needs, owner_needs};
use labwizard::wizard::Wizard;

use super::make::{has_the_plan_and_no_more, making, outcomes};
use super::{Stage, but, lab};

mod tools;

use tools::{ToolCall, Work, works};

/// What every work picks.
const PICKS: [(&str, &str); 3] = [("node", "pve1"), ("storage", "local-lvm"), ("files", "local")];

/// Does all calls, and leaves the cluster as it was.
fn work(cluster: &mut Cluster, who: &str, calls: &[ToolCall]) -> Result<(), String> {
    let (guests, storages) = (cluster.guests.clone(), cluster.storages.clone());
    let (bridges, pending, tasks) = (cluster.bridges.clone(), cluster.pending_bridges.clone(), cluster.tasks.clone());
    let done = calls.iter().try_for_each(|one| one.make(cluster, who));
    (cluster.guests, cluster.storages) = (guests, storages);
    (cluster.bridges, cluster.pending_bridges, cluster.tasks) = (bridges, pending, tasks);
    done
}

/// The user of a tool and its token, with what the plan grants each of them.
const USER: &str = "tool@pve";
const TOKEN: &str = "tool@pve!tool";

/// Makes both, as a plan does: a role for each path, granted to the token, and to the user what the user needs.
fn grant(cluster: &mut Cluster, of_token: &[Need], of_user: &[Need]) {
    let token = Token { secret: String::new(), privsep: true, expire: 0, comment: None };
    let tokens = BTreeMap::from([("tool".to_owned(), token)]);
    cluster.users.insert(USER.to_owned(), User { enable: true, tokens, ..User::default() });
    for (subject, who, needs) in [(Subject::Token, TOKEN, of_token), (Subject::User, USER, of_user)] {
        for (number, grant) in grants(needs).into_iter().enumerate() {
            let role = format!("{}{number}", subject.word());
            cluster.roles.insert(role.clone(), Role { privileges: grant.privileges, special: false });
            cluster.grant(&grant.path, subject, who, &role, true);
        }
    }
}

/// The token of a plan.
fn token_of(w: &Wizard) -> String {
    let making = w.plan.as_ref().unwrap().as_ref().unwrap().making.as_ref().unwrap();
    making.token.as_ref().unwrap().to_string()
}

/// What of the needs no call needs: each privilege is taken away at the path that it is needed at, and nowhere else.
fn unneeded(cluster: &mut Cluster, who: &str, needs: &[Need], calls: &[ToolCall]) -> Vec<String> {
    let rows: Vec<AclRow> = cluster.acl.iter().filter(|row| row.who == who).cloned().collect();
    let (acl, roles) = (cluster.acl.clone(), cluster.roles.clone());
    let mut unneeded = Vec::new();
    for row in rows {
        for privilege in &roles[&row.role].privileges {
            // What a path has only because what is granted there takes the place of what comes from above is no need.
            if !needs.iter().any(|need| need.path == row.path && need.privileges.contains(privilege)) {
                continue;
            }
            let mut less = roles[&row.role].privileges.clone();
            less.remove(privilege);
            cluster.roles.insert("Less".to_owned(), Role { privileges: less, special: false });
            cluster.acl.remove(&row);
            cluster.acl.insert(AclRow { role: "Less".to_owned(), ..row.clone() });
            if work(cluster, TOKEN, calls).is_ok() {
                unneeded.push(format!("{who}: {privilege} on {}", row.path));
            }
            (cluster.acl, cluster.roles) = (acl.clone(), roles.clone());
        }
    }
    unneeded
}

/// With every right there is a token is still refused.
fn refused_with_all_rights(cluster: &mut Cluster, token: &str, calls: &[ToolCall]) {
    let acl = cluster.acl.clone();
    let (user, _) = token.split_once('!').unwrap();
    cluster.acl.retain(|row| row.who != user && row.who != token);
    cluster.grant("/", Subject::User, user, "Administrator", true);
    cluster.grant("/", Subject::Token, token, "Administrator", true);
    for call in calls {
        let why = call.make(cluster, token).unwrap_err();
        assert!(why.contains("only root can set"), "{why}");
    }
    cluster.acl = acl;
}

#[tokio::test]
async fn the_wizard_makes_a_token_with_the_plans_rights_and_no_more_for_every_target_on_each_release() {
    for release in LabRelease::all() {
        for target in Library::built_in().iter().filter(|target| target.spec.services.proxmox.is_some()) {
            let (stage, lab) = (Stage::new(), lab(*release, Scenario::Fine).await);
            let all: Vec<(String, &str)> =
                target.spec.groups.iter().map(|(name, _)| (format!("group.{name}"), "yes")).collect();
            let mut answers: Vec<(&str, &str)> = all.iter().map(|(id, yes)| (id.as_str(), *yes)).collect();
            let picks = PICKS.map(|(name, value)| (format!("pick.{name}"), value));
            answers.extend(picks.iter().map(|(id, value)| (id.as_str(), *value)));
            answers.push(("target", target.name.as_str()));
            let held = stage.hold(&but(&making(&lab), &answers)).await;
            assert!(
                held.is_done() && !held.wizard.run.as_ref().unwrap().failed(),
                "{} on {release}: {}\n{}",
                target.name,
                held.told(),
                outcomes(&held)
            );
            let token = token_of(&held.wizard);
            has_the_plan_and_no_more(&lab, &held, &token);
            // It does the tool's work, whatever of it is asked for.
            for Work { groups, mut calls, .. } in works().into_iter().filter(|work| work.target == target.name.as_str())
            {
                calls.retain(|call| call.is_made_on(*release));
                let done = lab.change(|cluster| work(cluster, &token, &calls));
                assert_eq!(done, Ok(()), "{} {groups:?} on {release}", target.name);
            }
        }
    }
}

/// The plan's grants, made without the wizard: that it makes them is held above.
#[test]
fn every_call_of_a_tool_succeeds_with_its_grants_and_one_fails_without_each_privilege() {
    let library = Library::built_in();
    let picks = PICKS.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    for release in LabRelease::all() {
        let at: Release = release.version().parse().unwrap();
        for Work { target, groups, mut calls, mut refused } in works() {
            calls.retain(|call| call.is_made_on(*release));
            refused.retain(|call| call.is_made_on(*release));
            let about = format!("{target} {groups:?} on {release}");
            let spec = &library.get(target).unwrap().spec;
            let groups: BTreeSet<String> = groups.iter().map(|group| (*group).to_owned()).collect();
            let (of_token, of_user) = (needs(spec, at, &picks, &groups), owner_needs(spec, at, &picks, &groups));
            let mut cluster = seed(*release, Scenario::Fine).cluster;
            grant(&mut cluster, &of_token, &of_user);
            assert_eq!(work(&mut cluster, TOKEN, &calls), Ok(()), "{about}");
            let mut idle = unneeded(&mut cluster, TOKEN, &of_token, &calls);
            idle.extend(unneeded(&mut cluster, USER, &of_user, &calls));
            assert_eq!(idle, [""; 0], "{about}");
            refused_with_all_rights(&mut cluster, TOKEN, &refused);
        }
    }
}

/// The check is able to fail.
#[test]
fn a_grant_that_no_call_needs_is_found_and_a_missing_one_too() {
    let (library, at, none) = (Library::built_in(), Release::new(9, 2, 11), BTreeSet::new());
    let picks = PICKS.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let mut needs = needs(&library.get("glassdome").unwrap().spec, at, &picks, &none);
    needs[0].privileges.insert("VM.Console".to_owned());
    let calls = works().remove(0).calls;
    let granted = |needs: &[Need]| {
        let mut cluster = seed(LabRelease::default(), Scenario::Fine).cluster;
        grant(&mut cluster, needs, needs);
        cluster
    };
    let mut cluster = granted(&needs);
    assert_eq!(unneeded(&mut cluster, TOKEN, &needs, &calls), ["tool@pve!tool: VM.Console on /vms"]);
    assert_eq!(unneeded(&mut cluster, USER, &needs, &calls), ["tool@pve: VM.Console on /vms"]);
    needs.retain(|need| need.path != "/storage/local-lvm");
    let lacks = work(&mut granted(&needs), TOKEN, &calls).unwrap_err();
    assert!(lacks.contains("(/storage/local-lvm, Datastore.AllocateSpace)"), "{lacks}");
}

#[test]
fn every_question_of_a_target_stands_in_a_work() {
    let mut asked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for work in works() {
        asked.entry(work.target.to_owned()).or_default().extend(work.groups.iter().map(|group| (*group).to_owned()));
    }
    let of_targets = Library::built_in();
    let of_targets = of_targets
        .iter()
        .filter(|target| target.spec.services.proxmox.is_some())
        .map(|target| (target.name.to_string(), target.spec.groups.iter().map(|(name, _)| name.to_string()).collect()));
    assert_eq!(asked, of_targets.collect());
}

#[tokio::test]
async fn a_token_that_keeps_more_than_is_needed_is_told_so_before_it_is_agreed_to() {
    for (name, verify, review) in [
        (
            "whole",
            "apex@pve!whole gets all rights of its user",
            "apex@pve!whole has all rights of apex@pve and keeps them.",
        ),
        ("glassdome-token", "That is more than Glassdome needs", ""),
    ] {
        let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
        // Something that no tool asks for.
        lab.change(|cluster| {
            cluster.grant("/mapping", Subject::Token, &format!("apex@pve!{name}"), "PVEAuditor", true)
        });
        let answers = [("user", "apex@pve"), ("token_name", name), ("existing", "in-place"), ("review", "back")];
        let held = stage.hold(&but(&making(&lab), &answers)).await;
        let page = |title: &str| {
            let page = held.pages.iter().rfind(|page| page.title.starts_with(title) && page.busy.is_none());
            let words = page.map(|page| labwizard::front::words::page(page, false).join(" "));
            words
                .unwrap_or_else(|| panic!("no page {title}: {}", held.told()))
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        let (said, agreed) = (page("May "), page("Nothing has been made"));
        assert!(said.contains(verify) && !said.contains("is granted nothing"), "{said}");
        assert!(!said.contains("all that whoever has the file can do"), "{said}");
        assert!(agreed.contains(review), "{agreed}");
    }
}
