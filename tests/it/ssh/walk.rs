//! Whole conversations in which root's shell settles trust and makes the token.

use std::collections::BTreeMap;

use labwizard::domain::Step;
use labwizard::lab::{AccessState, Scenario};
use labwizard::wizard::Setting;
use labwizard::wizard::errand::Errand;
use labwizard::wizard::page::Block;

use super::*;
use crate::flow::{Held, Stage, but, given};

/// What the wizard names by itself for this target.
const MADE: &str = "glassdome@pve!glassdome";

/// The answers of a walk that asks for no password at all.
fn answers(lab: &Lab) -> BTreeMap<String, String> {
    given(&[
        ("target", "glassdome"),
        ("file", ".env"),
        ("host", &format!("127.0.0.1:{}", lab.port())),
        ("trust", "ssh"),
        ("ssh_place", "root@pve.lan"),
        ("access", "ssh"),
        ("expire", "90d"),
        ("pick.node", "pve1"),
        ("review", "do"),
    ])
}

async fn lab(release: LabRelease) -> Lab {
    crate::flow::lab(release, Scenario::Fine).await
}

fn stage(stand: &Stand) -> Stage {
    let mut stage = Stage::new();
    stage.options = stand.options();
    stage
}

fn state(lab: &Lab) -> AccessState {
    lab.change(|cluster| cluster.access_state())
}

/// What is said under a field of the last page.
fn error_at(held: &Held, id: &str) -> Option<String> {
    held.last().blocks.iter().find_map(|block| match block {
        Block::Field(field) if field.id.as_str() == id => field.error.as_ref().map(|error| error.what.clone()),
        _ => None,
    })
}

#[tokio::test]
async fn from_a_bare_name_to_a_proven_file_over_ssh_on_each_release() {
    for release in LabRelease::all().iter().copied() {
        let lab = lab(release).await;
        let stand = Stand::of(&lab);
        let stage = stage(&stand);
        let held = stage.hold(&answers(&lab)).await;
        assert_eq!(held.last().title, "Glassdome is set up.", "{release}: {}", held.told());
        assert!(held.presses <= 12, "{release}: {} answers", held.presses);
        assert!(held.wizard.agreed.as_ref().unwrap().compared, "{release}");
        let file: BTreeMap<String, String> =
            dotenvy::from_path_iter(stage.env_file()).unwrap().map(Result::unwrap).collect();
        let secret = lab.token_secret(MADE).expect("it was made");
        assert_eq!(
            (file["PROXMOX_USER"].as_str(), file["PROXMOX_TOKEN_NAME"].as_str()),
            ("glassdome@pve", "glassdome")
        );
        assert!(file["PROXMOX_TOKEN_VALUE"] == secret, "{release}: the file holds another secret");
        // No login went over the API: the proof alone carries something, and that is the new token.
        let logins = lab.received().into_iter().filter(|request| request.path.contains("/access/ticket")).count();
        assert_eq!(logins, 0, "{release}");
        assert!(!everything_in(stand.path()).contains(&secret), "{release}");
        assert!(!everything_in(&stage.state_folder()).contains(&secret), "{release}");
    }
}

#[tokio::test]
async fn review_says_whose_shell_it_is() {
    let lab = lab(LabRelease::default()).await;
    let stand = Stand::of(&lab);
    let before = state(&lab);
    let held = stage(&stand).hold(&but(&answers(&lab), &[("review", "back")])).await;
    assert!(!held.is_done());
    let shown: Vec<String> =
        held.pages.iter().map(|page| labwizard::front::words::page(page, false).join("\n")).collect();
    let heading = format!("On 127.0.0.1:{}, as root over ssh", lab.port());
    assert!(shown.iter().any(|page| page.contains(&heading)), "{}", shown.last().unwrap());
    assert!(state(&lab) == before, "nothing is made before it was agreed to");
    let write = |words: &Vec<String>| words[0] == "pveum" && !words.contains(&"list".to_owned());
    assert!(!stand.console.commands().iter().any(write));
}

#[tokio::test]
async fn a_shell_of_another_host_settles_no_trust() {
    let (lab, other) = (lab(LabRelease::default()).await, lab(LabRelease::default()).await);
    let stand = Stand::of(&other);
    let held = stage(&stand).hold(&answers(&lab)).await;
    assert!(held.wizard.agreed.is_none());
    assert!(held.told().contains("has another certificate than the one that was shown"), "{}", held.told());
    assert!(held.told().contains(&other.fingerprint()) && held.told().contains(&lab.fingerprint()), "{}", held.told());
    assert!(!lab.received().iter().any(|request| request.had_authorization));
}

/// The page that stays, not one that is passed in a moment: there it is told, and there it ends.
fn is_stopped(held: &Held) {
    let last = held.last();
    assert!(last.busy.is_none() && last.step == Step::Access, "{}", held.told());
    assert!(held.told().contains("has another certificate than the one that was shown"), "{}", held.told());
}

#[tokio::test]
async fn a_shell_of_another_host_is_gone_on_with_only_after_a_yes_of_its_own() {
    let (lab, other) = (lab(LabRelease::default()).await, lab(LabRelease::default()).await);
    let stand = Stand::of(&other);
    let before = state(&other);
    let pinned = but(&answers(&lab), &[("trust", "pin"), ("compare", &lab.fingerprint())]);
    for more in [&[][..], &[("ssh_other_node", "no")], &[("ssh_other_node", &lab.fingerprint())]] {
        let held = stage(&stand).hold(&but(&pinned, more)).await;
        is_stopped(&held);
        assert!(!stand.console.commands().iter().any(|words| words[0] == "pveum"), "{more:?}: it was looked around");
    }
    let held = stage(&stand).hold(&but(&pinned, &[("ssh_other_node", &other.fingerprint())])).await;
    // Who goes on all the same makes a token that does not open the host, and that is taken back.
    assert_eq!(held.last().title, "It was not finished.", "{}", held.told());
    assert!(state(&other) == before, "what was made on the other host is gone");
}

/// Undo asks what stands: in another host's shell nothing of the run is there, and nothing may count as gone.
#[tokio::test]
async fn errands_end_at_a_shell_of_another_host() {
    let (lab, other) = (lab(LabRelease::default()).await, lab(LabRelease::default()).await);
    let [own, foreign] = [&lab, &other].map(Stand::of);
    let mut stage = stage(&own);
    let held = stage.hold(&answers(&lab)).await;
    assert_eq!(held.last().title, "Glassdome is set up.", "{}", held.told());
    let (made, before) = (state(&lab), state(&other));
    stage.options = foreign.options();
    let run = stage.last_run();
    let errands =
        [(Errand::TakeBack(Box::new(run.clone())), ("take-back", "do")), (Errand::Tokens, ("revoke", "none"))];
    for (errand, answer) in errands {
        let setting = Setting { errand, ..stage.setting() };
        let pinned = [("trust", "pin"), ("compare", &lab.fingerprint()), answer];
        let held = stage.hold_as(setting, &but(&answers(&lab), &pinned), None).await;
        is_stopped(&held);
    }
    assert!(state(&lab) == made && state(&other) == before);
    assert!(stage.env_file().exists(), "the file is there");
    assert_eq!(stage.last_run().left().count(), run.left().count(), "nothing counts as taken back");
    // In its own shell it is taken back.
    stage.options = own.options();
    let setting = Setting { errand: Errand::TakeBack(Box::new(run)), ..stage.setting() };
    let pinned = [("trust", "pin"), ("compare", &*lab.fingerprint()), ("take-back", "do")];
    let held = stage.hold_as(setting, &but(&answers(&lab), &pinned), None).await;
    assert_eq!(stage.last_run().left().count(), 0, "{}", held.told());
}

#[tokio::test]
async fn an_ssh_that_does_not_get_in_is_told_and_tried_again_only_when_asked() {
    let lab = lab(LabRelease::default()).await;
    let stand = Stand::of(&lab);
    stand.before("echo x >>\"$here/times\"; echo 'root@pve.lan: Permission denied (publickey).' >&2; exit 255");
    let held = stage(&stand).hold(&answers(&lab)).await;
    assert!(held.told().contains("The host does not let root in."), "{}", held.told());
    assert!(held.told().contains("Permission denied (publickey)."), "{}", held.told());
    assert_eq!(stand.noted("times"), "x\n");
}

#[tokio::test]
async fn a_user_of_proxmox_is_no_user_for_ssh() {
    let lab = lab(LabRelease::default()).await;
    let stand = Stand::of(&lab);
    for typed in ["x@pve@pve.lan", "root@pam", "admin@pve"] {
        let held = stage(&stand).hold(&but(&answers(&lab), &[("ssh_place", typed)])).await;
        let error = error_at(&held, "ssh_place").unwrap_or_else(|| panic!("{typed}: {}", held.told()));
        assert!(error.contains("is a user of Proxmox"), "{typed}: {error}");
    }
    let held = stage(&stand).hold(&but(&answers(&lab), &[("ssh_place", "-oProxyCommand=x")])).await;
    assert!(error_at(&held, "ssh_place").unwrap().contains("-oProxyCommand=x"));
    assert_eq!(stand.noted("argv"), "", "nothing was run");
}

#[tokio::test]
async fn a_run_that_is_cut_ends_with_everything_or_nothing() {
    // Each change once, and each kind of cut; all of them at each are held where nothing else is walked.
    let (before, after, within) = (CutAt::BeforeActing, CutAt::BeforeAnswer, CutAt::MidAnswer);
    let cuts = [
        ("pveum user add", after),
        ("pveum role add", before),
        ("pveum user token", after),
        ("pveum user token", within),
        ("pveum acl modify", before),
        ("pveum acl modify", after),
    ];
    for (words, at) in cuts {
        let lab = lab(LabRelease::default()).await;
        let stand = Stand::of(&lab);
        let before = state(&lab);
        stand.console.cut(words, at);
        let stage = stage(&stand);
        let held = stage.hold(&answers(&lab)).await;
        assert!(held.is_done(), "{words} {at:?}: {}", held.told());
        match held.last().title.as_str() {
            "Glassdome is set up." => assert!(stage.env_file().exists()),
            _ => {
                assert!(state(&lab) == before, "{words} {at:?}: {}", held.told());
                assert!(!stage.env_file().exists(), "{words} {at:?}");
            }
        }
    }
}
