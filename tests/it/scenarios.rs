//! Every scenario of the lab, walked to its end: what is found, where it is mended, and how grave it is.

use std::time::Duration;

use labwizard::client::Limits;
use labwizard::domain::finding::{Finding, Severity, Step};
use labwizard::lab::{LabRelease, Scenario};

use crate::flow::{Held, Stage, TOOL, answers, lab};

use Severity::{Error, Info, Warning};

/// A code, how grave it is, and the step at which it is mended.
type Expected = (&'static str, Severity, Step);

/// What is to be found in a scenario on a release, and whether the walk gets to its end.
fn expected(scenario: Scenario, release: LabRelease) -> (&'static [Expected], bool) {
    // Releases before 9.1.5 and 8.4.17 name the cause of a refusal.
    let tells = matches!(release, LabRelease::V7_4_20 | LabRelease::V8_4_16 | LabRelease::V9_1_4);
    match scenario {
        Scenario::Fine
        | Scenario::Empty
        | Scenario::NoTemplates
        | Scenario::TenThousandGuests
        | Scenario::HostileStrings
        | Scenario::Slow => (&[], true),
        Scenario::NodeDown => (&[("node.offline", Warning, Step::Details)], true),
        Scenario::WrongSecret if tells => (&[("token.wrong-secret", Error, Step::Access)], false),
        Scenario::Expired if tells => (&[("token.expired", Error, Step::Access)], false),
        Scenario::DisabledUser if tells => (&[("user.disabled", Error, Step::Access)], false),
        Scenario::WrongSecret | Scenario::Expired | Scenario::DisabledUser => {
            (&[("token.refused", Error, Step::Access)], false)
        }
        Scenario::NoRights => (&[("rights.none", Error, Step::Verify)], false),
        Scenario::MissingRight => (&[("rights.missing", Error, Step::Verify)], false),
        Scenario::ChangedCertificate => (&[("tls.changed", Error, Step::Trust)], false),
        Scenario::ExpiredCertificate => (&[("tls.expired", Warning, Step::Trust)], true),
        Scenario::NameMismatch | Scenario::AcmeCertificate | Scenario::ForeignCa | Scenario::SameNames => {
            (&[("tls.ca-not-used", Info, Step::Trust)], true)
        }
        Scenario::LoginPageOnly => (&[("host.not-proxmox", Error, Step::Host)], false),
        Scenario::Pbs => (&[("host.backup-server", Error, Step::Host)], false),
        Scenario::Unifi => (&[("host.unifi", Error, Step::Host)], false),
        Scenario::Redirect => (&[("host.redirect", Error, Step::Host)], false),
        Scenario::Silent | Scenario::EndlessBody | Scenario::EndlessHeader => {
            (&[("host.no-answer", Error, Step::Host)], false)
        }
        Scenario::DeepJson | Scenario::GzipBody | Scenario::BrokenJson => {
            (&[("host.no-answer", Error, Step::Host)], false)
        }
    }
}

/// Walks with the token that a tool would have.
pub async fn walk(scenario: Scenario, release: LabRelease) -> (Stage, Held) {
    let mut stage = Stage::new();
    if matches!(scenario, Scenario::Silent | Scenario::EndlessBody | Scenario::EndlessHeader) {
        // These end by the client's patience, and by nothing else.
        let short = Duration::from_millis(300);
        stage.options.limits = Limits { total: short, idle: short, ..stage.options.limits };
    }
    let lab = lab(release, scenario).await;
    let token = lab.token(TOOL).unwrap();
    let held = stage.hold(&answers(&lab, &token)).await;
    (stage, held)
}

fn told(found: &Finding) -> Expected {
    (found.code.0, found.severity, found.step)
}

/// What was found against what was to be; the differences, in words.
fn differences(scenario: Scenario, release: LabRelease, stage: &Stage, held: &Held) -> Vec<String> {
    let (wanted, ends) = expected(scenario, release);
    let found: Vec<Finding> = held.findings().into_iter().filter(|one| !always(one)).collect();
    let mut wrong = Vec::new();
    for one in wanted {
        if !found.iter().any(|finding| told(finding) == *one) {
            wrong.push(format!("{one:?} was not found"));
        }
    }
    for finding in &found {
        if !wanted.contains(&told(finding)) {
            wrong.push(format!("beyond it: {:?}, {}: {:?}", told(finding), finding.title, finding.evidence));
        }
        if finding.title.is_empty() || finding.cause.is_empty() {
            wrong.push(format!("{} says no cause", finding.code));
        }
        if finding.fix.is_empty() {
            wrong.push(format!("{} says nothing to do", finding.code));
        }
    }
    if held.is_done() != ends {
        wrong.push(format!("the walk ended at {:?}:\n{}", held.last().step, held.told()));
    }
    if !ends && stage.env_file().exists() {
        wrong.push("a file was written".to_owned());
    }
    wrong.into_iter().map(|what| format!("{scenario} on {release}: {what}")).collect()
}

/// What is true of every host with a CA of the older make.
fn always(finding: &Finding) -> bool {
    told(finding) == ("tls.ca-not-strict", Info, Step::Trust)
}

async fn check(scenarios: impl IntoIterator<Item = (Scenario, LabRelease)>) {
    let mut wrong = Vec::new();
    for (scenario, release) in scenarios {
        let (stage, held) = walk(scenario, release).await;
        wrong.extend(differences(scenario, release, &stage, &held));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_scenario_is_found_on_the_newest_release() {
    check(Scenario::all().iter().map(|scenario| (*scenario, LabRelease::V9_2_11))).await;
}

#[tokio::test]
async fn releases_that_name_the_cause_of_a_refusal_are_quoted_and_the_others_give_a_list() {
    let cases =
        [Scenario::WrongSecret, Scenario::Expired, Scenario::DisabledUser, Scenario::NoRights, Scenario::MissingRight];
    for release in LabRelease::all() {
        check(cases.map(|scenario| (scenario, *release))).await;
    }
    let (_, held) = walk(Scenario::WrongSecret, LabRelease::V9_2_11).await;
    let refused = held.findings().remove(0);
    assert_eq!(refused.possible.first().map(|code| code.0), Some("token.wrong-secret"), "{refused:?}");
}

#[tokio::test]
async fn a_token_or_user_that_nobody_made_is_named_where_the_host_says_so() {
    for (token, wanted) in [("apex@pve!nobody-made-it", "token.unknown"), ("ghost@pve!tool", "user.unknown")] {
        for release in [LabRelease::V8_4_16, LabRelease::V9_2_11] {
            let (stage, lab) = (Stage::new(), lab(release, Scenario::Fine).await);
            let mut none = lab.token(TOOL).unwrap();
            none.id = token.to_owned();
            let held = stage.hold(&answers(&lab, &none)).await;
            let wanted = if release == LabRelease::V8_4_16 { wanted } else { "token.refused" };
            assert_eq!(held.codes(), [wanted], "{release}: {}", held.told());
            let finding = held.findings().remove(0);
            assert!(!finding.fix.is_empty() && finding.step == Step::Access, "{finding:?}");
        }
    }
}
