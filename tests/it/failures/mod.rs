//! Every failure of `tests/failures.toml`: the lab, a relay or a file shows it, a check names it and nothing else as an error,
//! the look that would decide decides it, and what repairs it ends in a healthy check.

mod check;
mod cluster;
mod files;
mod mend;
mod road;
mod scene;
mod table;
mod walk;

use std::collections::BTreeSet;

use labwizard::domain::finding::{Finding, Fix, Severity};
use labwizard::lab::LabRelease;

use mend::in_words;
use scene::Scene;
use table::{Row, Shows, known, rows};

/// All words of a finding.
fn words(finding: &Finding) -> String {
    let fixes = finding.fix.iter().map(|fix| match fix {
        Fix::Say(text) => text.clone(),
        Fix::Run { on, command } => format!("{on}: {command}"),
    });
    let fixes: Vec<String> = fixes.collect();
    [&finding.title, &finding.cause, &finding.evidence.join("\n"), &fixes.join("\n")].map(String::as_str).join("\n")
}

fn listed(findings: &[Finding]) -> String {
    let lines =
        findings.iter().map(|one| format!("{} {} “{}” {:?}", one.severity.word(), one.code, one.title, one.evidence));
    lines.collect::<Vec<_>>().join("\n    ")
}

/// What differs from the row, in words.
async fn tried(row: &Row, release: LabRelease) -> Vec<String> {
    let mut scene = Box::pin(Scene::of(row, release)).await;
    let broken = scene.text.clone();
    let findings = match row.answered() {
        Some(group) => Scene::answered(group),
        None => Box::pin(scene.check()).await,
    };
    let mut wrong = Vec::new();
    let found = findings
        .iter()
        .find(|one| one.code == row.code() && row.evidence.as_ref().is_none_or(|word| words(one).contains(word)));
    let Some(found) = found else {
        return vec![format!("{} was not found, but\n    {}", row.code, listed(&findings))];
    };
    if found.severity != row.severity() {
        wrong.push(format!("{} is said as {}", row.code, found.severity.word()));
    }
    if found.fix.is_empty() || found.cause.is_empty() {
        wrong.push("it says no cause or nothing to do".to_owned());
    }
    for other in findings.iter().filter(|one| one.severity == Severity::Error && one.code != row.code()) {
        wrong.push(format!("beyond it: {} “{}” {:?}", other.code, other.title, other.evidence));
    }
    if let Some(says) = row.says.as_ref().filter(|says| !words(found).contains(says.as_str())) {
        wrong.push(format!("“{says}” is not in its text:\n{}", words(found)));
    }
    let possible: Vec<&str> = found.possible.iter().map(|code| code.0).collect();
    if !row.possible.iter().map(String::as_str).eq(possible.iter().take(row.possible.len()).copied()) {
        wrong.push(format!("possible is {possible:?}"));
    }
    if let Some(mend) = row.mend.as_ref().filter(|mend| !Scene::offers(found, mend)) {
        let offered: Vec<String> = found.mends.iter().map(in_words).collect();
        wrong.push(format!("the mend “{mend}” is not offered, but {offered:?}"));
    }
    let found = found.clone();
    if let Some(decided) = &row.decides {
        let after = Box::pin(scene.decide()).await;
        let errors: BTreeSet<&str> =
            after.iter().filter(|one| one.severity == Severity::Error).map(|one| one.code.0).collect();
        if errors != BTreeSet::from([known(decided).0]) {
            wrong.push(format!("the look gives {errors:?} in place of {decided}"));
        }
    }
    if row.fix.is_empty() || !wrong.is_empty() {
        return wrong;
    }
    for fix in &row.fix {
        if let Err(why) = scene.repair(fix, &found, row.mend.as_deref()) {
            wrong.push(why);
            return wrong;
        }
    }
    let after = Box::pin(scene.check()).await;
    let left: Vec<Finding> = after
        .into_iter()
        .filter(|one| one.severity == Severity::Error || (one.code == row.code() && one.severity == Severity::Warning))
        .collect();
    if !left.is_empty() {
        wrong.push(format!("after the repair it still says\n    {}", listed(&left)));
    }
    let lines = changed_lines(&broken, &scene.text);
    if lines != row.lines {
        wrong.push(format!("the repair changed {lines} lines of the file"));
    }
    wrong
}

/// How many lines are others, whichever of the two texts has more.
fn changed_lines(before: &str, after: &str) -> usize {
    let only = |one: &str, other: &str| one.lines().filter(|line| !other.lines().any(|same| same == *line)).count();
    only(before, after).max(only(after, before)).max(before.lines().count().abs_diff(after.lines().count()))
}

async fn all(wanted: impl Fn(&Row) -> bool, releases: impl Fn(&Row) -> Vec<LabRelease>) {
    each(wanted, releases, async |row, release| Box::pin(tried(row, release)).await).await;
}

async fn each(
    wanted: impl Fn(&Row) -> bool,
    releases: impl Fn(&Row) -> Vec<LabRelease>,
    tried: impl AsyncFn(&Row, LabRelease) -> Vec<String>,
) {
    let mut wrong = Vec::new();
    let only = std::env::var("ROW").ok();
    for row in rows().into_iter().filter(wanted).filter(|row| only.as_ref().is_none_or(|no| *no == row.no)) {
        for release in releases(&row).into_iter().filter(|release| row.is_for(*release)) {
            let found = tried(&row, release).await;
            wrong.extend(found.into_iter().map(|what| format!("{} on {release}: {what}", row.title())));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn newest(_: &Row) -> Vec<LabRelease> {
    vec![LabRelease::V9_2_11]
}

#[tokio::test]
async fn what_shows_in_a_file_is_named_and_mended() {
    all(|row| matches!(row.shows, Shows::Text | Shows::File), newest).await;
}

#[tokio::test]
async fn what_shows_on_the_road_is_named() {
    all(|row| row.shows == Shows::Road, newest).await;
}

#[tokio::test]
async fn what_a_host_shows_is_named_and_mended() {
    all(|row| row.shows == Shows::Host, newest).await;
}

#[tokio::test]
async fn what_releases_show_differently_is_named_on_each() {
    let older = |_: &Row| LabRelease::all().iter().copied().filter(|release| *release != LabRelease::V9_2_11).collect();
    all(|row| row.differs(), older).await;
}

#[tokio::test]
async fn what_cannot_be_seen_from_here_is_said_by_a_neighbour() {
    all(|row| row.shows == Shows::Advice, newest).await;
}

async fn walks(wanted: impl Fn(&Row) -> bool, releases: impl Fn(&Row) -> Vec<LabRelease>) {
    each(
        |row| row.shows != Shows::Advice && wanted(row),
        releases,
        async |row, release| Box::pin(walk::walked(row, release)).await,
    )
    .await;
}

#[tokio::test]
async fn what_shows_in_a_file_is_mended_by_the_wizard() {
    walks(|row| matches!(row.shows, Shows::Text | Shows::File), newest).await;
}

#[tokio::test]
async fn what_shows_on_the_road_is_mended_by_the_wizard() {
    walks(|row| row.shows == Shows::Road, newest).await;
}

#[tokio::test]
async fn what_a_host_shows_is_mended_by_the_wizard() {
    walks(|row| row.shows == Shows::Host, newest).await;
}

#[tokio::test]
async fn what_releases_show_differently_is_mended_by_the_wizard_on_an_older_one() {
    walks(|row| row.differs(), |_| vec![LabRelease::V9_1_4]).await;
}

/// A row that no test would run is no row.
#[test]
fn each_row_is_whole_and_stands_once() {
    let mut seen = BTreeSet::new();
    for row in rows() {
        row.code();
        row.severity();
        for code in row.possible.iter().chain(&row.decides) {
            known(code);
        }
        assert!(seen.insert((row.no.clone(), row.name.clone(), row.tells, row.since)), "{} twice", row.title());
        assert!(LabRelease::all().iter().any(|release| row.is_for(*release)), "{} is for no release", row.title());
        assert!(row.shows != Shows::Advice || row.says.is_some(), "{} says nothing", row.title());
    }
    for number in 1..=32 {
        assert!(seen.iter().any(|(no, ..)| *no == number.to_string()), "{number} has no row");
    }
}
