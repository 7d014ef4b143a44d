//! Every scenario of the lab, walked to its end: what is found, where it is mended, and how grave it is.

use std::time::Duration;

use labwizard::client::Limits;
use labwizard::diagnosis::codes;
use labwizard::domain::finding::{Finding, Severity, Step};
use labwizard::lab::{LabRelease, Scenario};
use serde::Deserialize;

use crate::flow::{Held, Stage, TOOL, answers, lab};

/// A code, how grave it is, and the step at which it is mended, in their words.
type Told = (String, String, String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    failure: Vec<Failure>,
}

/// A row of `tests/scenarios.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    scenario: String,
    tells: Option<bool>,
    code: String,
    severity: String,
    step: String,
    #[serde(default)]
    ends: bool,
}

fn table() -> Vec<Failure> {
    toml_edit::de::from_str::<Table>(include_str!("../scenarios.toml")).unwrap().failure
}

/// What is to be found in a scenario on a release, and whether the walk gets to its end.
fn expected(scenario: Scenario, release: LabRelease) -> (Vec<Told>, bool) {
    let tells = matches!(release, LabRelease::V7_4_20 | LabRelease::V8_4_16 | LabRelease::V9_1_4);
    let rows: Vec<Failure> = table()
        .into_iter()
        .filter(|row| row.scenario == scenario.name() && row.tells.is_none_or(|only| only == tells))
        .collect();
    let ends = rows.iter().all(|row| row.ends);
    (rows.into_iter().map(|row| (row.code, row.severity, row.step)).collect(), ends)
}

#[test]
fn each_row_of_the_table_names_what_there_is() {
    for row in table() {
        row.scenario.parse::<Scenario>().unwrap();
        assert!(codes::ALL.iter().any(|(code, _)| code.0 == row.code), "{}", row.code);
        assert!(Step::ALL.iter().any(|step| step.word() == row.step), "{}", row.step);
        assert!([Severity::Error, Severity::Warning, Severity::Info].iter().any(|one| one.word() == row.severity));
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

fn told(found: &Finding) -> Told {
    (found.code.0.to_owned(), found.severity.word().to_owned(), found.step.word().to_owned())
}

/// What was found against what was to be; the differences, in words.
fn differences(scenario: Scenario, release: LabRelease, stage: &Stage, held: &Held) -> Vec<String> {
    let (wanted, ends) = expected(scenario, release);
    let found: Vec<Finding> = held.findings().into_iter().filter(|one| !always(one)).collect();
    let mut wrong = Vec::new();
    for one in &wanted {
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
    finding.code == codes::CA_NOT_STRICT && finding.severity == Severity::Info
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
