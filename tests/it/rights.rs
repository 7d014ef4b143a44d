//! Rights: each one that a built-in target needs is taken away in turn, on every release, and is named with its path.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use labwizard::diagnosis::{Reading, judge};
use labwizard::domain::finding::{Finding, Severity};
use labwizard::domain::observation::Surroundings;
use labwizard::domain::{Need, Observation, Release, Seen, missing};
use labwizard::lab::proxmox::cluster::{Cluster, Role, Subject, Token, User};
use labwizard::lab::{Lab, LabConfig, LabRelease, LabToken};
use labwizard::target::needs::{grants, needs};
use labwizard::target::{Library, Spec};

use crate::client;

/// Where a role is granted: path and privileges.
type Granted = Vec<(String, BTreeSet<String>)>;

/// Whom a grant is made to.
#[derive(Clone, Copy, PartialEq)]
enum To {
    Both,
    UserOnly,
    TokenOnly,
}

/// Surveys that run side by side.
const AT_ONCE: usize = 4;

async fn lab(release: LabRelease) -> Lab {
    Lab::start(LabConfig { release, ..LabConfig::quick() }).await.unwrap()
}

/// What everything that a target can do needs, with things of the lab picked.
fn everything(spec: &Spec, release: LabRelease) -> Vec<Need> {
    let groups: BTreeSet<String> = spec.groups.iter().map(|(name, _)| name.to_string()).collect();
    needs(spec, release.version().parse::<Release>().unwrap(), &crate::make::picks(spec), &groups)
}

/// A fresh user of realm pve with a token, and a role for each grant.
fn make(cluster: &mut Cluster, number: usize, granted: &Granted, to: To) -> LabToken {
    let (user, secret) = (format!("u{number}@pve"), uuid::Uuid::new_v4().to_string());
    let token = Token { secret: secret.clone(), privsep: true, expire: 0, comment: None };
    let tokens = BTreeMap::from([("tk".to_owned(), token)]);
    cluster.users.insert(user.clone(), User { enable: true, tokens, ..User::default() });
    let id = format!("{user}!tk");
    for (at, (path, privileges)) in granted.iter().enumerate() {
        let role = format!("R{number}-{at}");
        cluster.roles.insert(role.clone(), Role { privileges: privileges.clone(), special: false });
        if to != To::TokenOnly {
            cluster.grant(path, Subject::User, &user, &role, true);
        }
        if to != To::UserOnly {
            cluster.grant(path, Subject::Token, &id, &role, true);
        }
    }
    LabToken { id, secret, about: String::new() }
}

async fn seen(lab: &Lab, token: &LabToken, needs: &[Need]) -> Vec<Observation> {
    let mut inquiry = client::inquiry(lab.port(), client::pin(lab), client::credential(token));
    inquiry.paths = needs.iter().map(|need| need.path.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    client::look(inquiry, &client::options()).await
}

fn found(seen: &[Observation], who: &str, target: &str, needs: &[Need]) -> Vec<Finding> {
    judged(seen, who, target, needs, false)
}

/// What is wrong; `part_will_do` as for a file that is there.
fn judged(seen: &[Observation], who: &str, target: &str, needs: &[Need], part_will_do: bool) -> Vec<Finding> {
    judge(
        seen,
        &Reading {
            part_will_do,
            pins: true,
            host: "127.0.0.1",
            who,
            signer: who.parse().ok().map(labwizard::domain::Grantee::Token),
            password: false,
            trust: None,
            remembered: None,
            target,
            needs,
            uses: &[],
            nodes: &[],
            never: &[],
            surroundings: &Surroundings::default(),
            now: client::now(),
        },
    )
    .into_iter()
    .filter(|finding| finding.severity == Severity::Error)
    .collect()
}

/// Code and evidence of the only error.
fn only(findings: &[Finding]) -> (&'static str, Vec<String>) {
    match findings {
        [] => ("nothing", Vec::new()),
        [one] => (one.code.0, one.evidence.clone()),
        many => ("several", many.iter().map(|finding| finding.title.clone()).collect()),
    }
}

/// One right taken away: what is granted without it, and what is to be said.
struct Case {
    target: &'static str,
    needs: Arc<Vec<Need>>,
    granted: Granted,
    /// Path and privilege, one line a path; none where nothing is missing.
    lines: Vec<String>,
}

/// Everything granted, and then everything but one privilege of one role, in turn.
fn cases(release: LabRelease) -> Vec<Case> {
    let mut all = Vec::new();
    for target in Library::built_in().iter().filter(|target| target.spec.services.proxmox.is_some()) {
        let needs = Arc::new(everything(&target.spec, release));
        let name: &'static str = Box::leak(target.name.clone().into_boxed_str());
        let full: Granted = grants(&needs).into_iter().map(|grant| (grant.path, grant.privileges)).collect();
        all.push(Case { target: name, needs: needs.clone(), granted: full.clone(), lines: Vec::new() });
        for (at, (_, privileges)) in full.iter().enumerate() {
            for privilege in privileges {
                let mut granted = full.clone();
                granted[at].1.remove(privilege);
                // A role without any privilege is a grant of nothing; Proxmox refuses to make one.
                granted.retain(|(_, privileges)| !privileges.is_empty());
                let lines = lost(&needs, &granted, privilege);
                // Some privileges are carried down for what stands above, and are asked for nowhere at this path.
                if !lines.is_empty() {
                    all.push(Case { target: name, needs: needs.clone(), granted, lines });
                }
            }
        }
    }
    all
}

/// Where `privilege` is needed and no grant at or above the path gives it; a deeper grant replaces what stands above.
fn lost(needs: &[Need], granted: &Granted, privilege: &str) -> Vec<String> {
    let paths: BTreeSet<&str> =
        needs.iter().filter(|need| need.privileges.contains(privilege)).map(|need| need.path.as_str()).collect();
    let nearest = |path: &str| {
        granted
            .iter()
            .filter(|(at, _)| path == at || at == "/" || path.starts_with(&format!("{at}/")))
            .max_by_key(|(at, _)| at.len())
    };
    paths
        .into_iter()
        .filter(|path| nearest(path).is_none_or(|(_, privileges)| !privileges.contains(privilege)))
        .map(|path| format!("{path}: {privilege}"))
        .collect()
}

#[tokio::test]
async fn each_needed_right_that_is_missing_is_named_with_its_path_on_every_release() {
    use futures_util::StreamExt;
    for release in LabRelease::all() {
        let lab = lab(*release).await;
        let cases = cases(*release);
        let named: BTreeSet<&str> =
            cases.iter().filter(|case| !case.lines.is_empty()).map(|case| case.target).collect();
        assert_eq!(named.len(), Library::built_in().iter().count(), "{named:?}");
        let tokens: Vec<LabToken> = lab.change(|cluster| {
            cases.iter().enumerate().map(|(number, case)| make(cluster, number, &case.granted, To::Both)).collect()
        });
        let wrong: Vec<String> = futures_util::stream::iter(cases.iter().zip(&tokens))
            .map(|(case, token)| async {
                let seen = seen(&lab, token, &case.needs).await;
                let (code, evidence) = only(&found(&seen, &token.id, case.target, &case.needs));
                let nothing = case.granted.is_empty();
                let wanted = match (case.lines.is_empty(), nothing) {
                    (true, _) => "nothing",
                    (false, true) => "rights.none",
                    (false, false) => "rights.missing",
                };
                (code != wanted || evidence != case.lines).then(|| {
                    format!("{release}, {}: wanted {wanted} {:?}, said {code} {evidence:?}", case.target, case.lines)
                })
            })
            .buffer_unordered(AT_ONCE)
            .filter_map(std::future::ready)
            .collect()
            .await;
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[tokio::test]
async fn every_privilege_that_a_target_asks_for_is_known_to_the_release_that_it_asks_for_it_on() {
    for release in LabRelease::all() {
        let lab = lab(*release).await;
        let seen = seen(&lab, &lab.token("root@pam!automation").unwrap(), &[]).await;
        let known = crate::find!(seen, Seen::KnownPrivileges(known) => known.clone());
        for target in Library::built_in().iter() {
            for privilege in everything(&target.spec, *release).iter().flat_map(|need| &need.privileges) {
                assert!(known.contains(privilege), "{}: {release} has no {privilege}", target.name);
            }
        }
    }
}

fn set(words: &str) -> BTreeSet<String> {
    words.split(' ').map(str::to_owned).collect()
}

fn need(path: &str, privileges: &str) -> Need {
    Need { purpose: "work".into(), path: path.into(), privileges: set(privileges) }
}

#[tokio::test]
async fn a_right_that_is_held_elsewhere_only_does_not_count() {
    let lab = lab(LabRelease::default()).await;
    let needs = [need("/storage/local-lvm", "Datastore.AllocateSpace"), need("/vms", "VM.Audit VM.Clone")];
    let vms = || ("/vms".to_owned(), set("VM.Audit VM.Clone"));
    let local = || ("/storage/local-lvm".to_owned(), set("Datastore.AllocateSpace"));
    let cases: [(&str, Granted, &[&str]); 6] = [
        ("all of it", vec![vms(), local()], &[]),
        ("all at the root", vec![("/".into(), set("VM.Audit VM.Clone Datastore.AllocateSpace"))], &[]),
        (
            "another storage",
            vec![vms(), ("/storage/nas".into(), set("Datastore.AllocateSpace"))],
            &["/storage/local-lvm: Datastore.AllocateSpace"],
        ),
        ("one guest", vec![local(), ("/vms/100".into(), set("VM.Audit VM.Clone"))], &["/vms: VM.Audit, VM.Clone"]),
        (
            "a deeper grant that hides the upper one",
            vec![
                vms(),
                ("/storage".into(), set("Datastore.AllocateSpace")),
                ("/storage/local-lvm".into(), set("Datastore.Audit")),
            ],
            &["/storage/local-lvm: Datastore.AllocateSpace"],
        ),
        (
            "a pool that nothing is in",
            vec![vms(), ("/pool/lab".into(), set("Datastore.AllocateSpace"))],
            &["/storage/local-lvm: Datastore.AllocateSpace"],
        ),
    ];
    for (number, (about, granted, lines)) in cases.iter().enumerate() {
        let token = lab.change(|cluster| make(cluster, number, granted, To::Both));
        let (code, evidence) = only(&found(&seen(&lab, &token, &needs).await, &token.id, "It", &needs));
        assert_eq!(evidence, *lines, "{about}");
        assert_eq!(code, if lines.is_empty() { "nothing" } else { "rights.missing" }, "{about}");
    }
}

/// Whoever wrote such a file may have meant it so: the check of it doubts, and the walk that sets it up does not take it.
#[tokio::test]
async fn a_file_that_is_there_may_be_meant_for_a_part_of_the_host() {
    let lab = lab(LabRelease::default()).await;
    let needs = [need("/vms", "VM.Audit VM.Clone")];
    for (number, (path, doubted)) in [("/vms/100", true), ("/nodes/pve1", false)].into_iter().enumerate() {
        let granted = vec![(path.to_owned(), set("VM.Audit VM.Clone"))];
        let token = lab.change(|cluster| make(cluster, number, &granted, To::Both));
        let seen = seen(&lab, &token, &needs).await;
        assert_eq!(only(&found(&seen, &token.id, "It", &needs)).0, "rights.missing", "{path}");
        assert_eq!(judged(&seen, &token.id, "It", &needs, true).is_empty(), doubted, "{path}");
    }
}

#[tokio::test]
async fn a_separated_token_has_what_is_granted_to_it_and_to_its_user_both() {
    let lab = lab(LabRelease::default()).await;
    let needs = [need("/vms", "VM.Audit")];
    let granted = vec![("/vms".to_owned(), set("VM.Audit"))];
    for (number, to, wanted) in
        [(0, To::Both, "nothing"), (1, To::UserOnly, "rights.none"), (2, To::TokenOnly, "rights.none")]
    {
        let token = lab.change(|cluster| make(cluster, number, &granted, to));
        let findings = found(&seen(&lab, &token, &needs).await, &token.id, "It", &needs);
        assert_eq!(only(&findings).0, wanted);
        assert!(
            findings.iter().all(|finding| finding.cause.contains("privilege separation") && !finding.fix.is_empty())
        );
    }
    // Not separated, the token has all that its user has, whatever is granted to the token.
    let token = lab.change(|cluster| {
        let token = make(cluster, 3, &granted, To::UserOnly);
        let user = cluster.users.get_mut("u3@pve").unwrap();
        user.tokens.get_mut("tk").unwrap().privsep = false;
        token
    });
    assert_eq!(only(&found(&seen(&lab, &token, &needs).await, &token.id, "It", &needs)).0, "nothing");
}

/// The dump without a path leaves out a path where nothing is held; that it was asked for tells the difference.
#[tokio::test]
async fn no_access_at_a_deeper_path_is_seen() {
    let lab = lab(LabRelease::default()).await;
    let needs = [need("/vms/9000", "VM.Clone")];
    let token = lab.change(|cluster| {
        let token = make(cluster, 0, &vec![("/vms".to_owned(), set("VM.Clone"))], To::Both);
        cluster.grant("/vms/9000", Subject::User, "u0@pve", "NoAccess", true);
        token
    });
    let seen = seen(&lab, &token, &needs).await;
    assert_eq!(
        only(&found(&seen, &token.id, "It", &needs)),
        ("rights.missing", vec!["/vms/9000: VM.Clone".to_owned()])
    );
    let rights = crate::find!(seen, Seen::Rights(rights) => rights.clone());
    assert_eq!(missing(&[need("/vms/100", "VM.Clone")], &rights), []);
}

/// The same at a path that the dump tells without fail: there it is not asked for, and that it is left out tells it.
#[tokio::test]
async fn no_access_at_a_path_that_is_always_told_is_seen() {
    for path in ["/vms", "/storage", "/nodes", "/sdn", "/access"] {
        let lab = lab(LabRelease::default()).await;
        let needs = [need(path, "Sys.Audit")];
        let token = lab.change(|cluster| {
            let token = make(cluster, 0, &vec![("/".to_owned(), set("Sys.Audit"))], To::Both);
            cluster.grant(path, Subject::User, "u0@pve", "NoAccess", true);
            token
        });
        let seen = seen(&lab, &token, &needs).await;
        let rights = crate::find!(seen, Seen::Rights(rights) => rights.clone());
        assert!(!rights.holds(path, "Sys.Audit") && rights.holds("/pool", "Sys.Audit"), "{path} {rights:?}");
        assert!(lab.received().iter().all(|one| !one.path.contains("?path=")), "{path}");
    }
}
