//! Every failure of `tests/failures.toml`: the lab, a relay or a file shows it, a check names it and nothing else as an error,
//! the look that would decide decides it, and what repairs it ends in a healthy check.

mod check;
mod cluster;
mod diff;
mod files;
mod fix;
mod host;
mod mend;
mod road;
mod scene;
mod shell;
mod table;
mod told;
mod walk;

use std::collections::BTreeSet;

use labwizard::diagnosis::checked::Checked;
use labwizard::domain::finding::{Finding, Severity};
use labwizard::lab::LabRelease;

use diff::changed_lines;
use fix::Fix;
use mend::in_words;
use scene::Scene;
use shell::amiss;
use table::{Row, Shows, Way, known, rows};
use told::{Told, ToldFinding, leaks};

fn listed(findings: &[Finding]) -> String {
    let lines =
        findings.iter().map(|one| format!("{} {} “{}” {:?}", one.severity.word(), one.code, one.title, one.evidence));
    lines.collect::<Vec<_>>().join("\n    ")
}

/// What is told of the scene, and what is wrong with how.
async fn check(scene: &Scene, row: &Row, wrong: &mut Vec<String>) -> (Checked, Told) {
    let checked = match row.answered() {
        Some(group) => scene.by_itself(Scene::answered(group)),
        None => Box::pin(scene.checked()).await,
    };
    let (text, told) = Told::of(&checked);
    wrong.extend(told.differs(&checked));
    wrong.extend(told.findings().iter().flat_map(ToldFinding::commands).filter_map(amiss));
    wrong
        .extend(leaks(&text, &scene.secrets()).iter().map(|_| "a secret, or its beginning, is in the JSON".to_owned()));
    (checked, told)
}

/// What differs from the row, in words.
async fn tried(row: &Row, release: LabRelease) -> Vec<String> {
    let (scene, found, mut wrong) = Box::pin(shown(row, release)).await;
    let Some(found) = found.filter(|_| wrong.is_empty()) else { return wrong };
    let mut made = Some((scene, found));
    for way in row.ways() {
        // Each begins where nothing is repaired yet.
        let (mut scene, found) = match made.take() {
            Some(made) => made,
            None => {
                let (scene, found, _) = Box::pin(shown(row, release)).await;
                (scene, found.expect("it was found before"))
            }
        };
        let why = Box::pin(repaired(&mut scene, row, &way, found)).await;
        wrong.extend(why.into_iter().map(|why| format!("by {:?}: {why}", way.fix)));
    }
    wrong
}

/// The scene, the finding that is followed in it, and what differs from the row before anything is repaired.
async fn shown(row: &Row, release: LabRelease) -> (Scene, Option<Finding>, Vec<String>) {
    let mut scene = Box::pin(Scene::of(row, release)).await;
    let mut wrong = Vec::new();
    let (checked, told) = Box::pin(check(&scene, row, &mut wrong)).await;
    let Some(at) = told.findings().iter().position(|one| one.is_of(row)) else {
        wrong.push(format!("{} was not found, but\n    {}", row.code, listed(&checked.findings)));
        return (scene, None, wrong);
    };
    wrong.extend(told.findings()[at].against(row));
    for other in told.findings().iter().filter(|one| one.severity == "error" && one.code != row.code) {
        wrong.push(format!("beyond it: {} “{}” {:?}", other.code, other.title, other.evidence));
    }
    let mut found = checked.findings[at].clone();
    if let Some(mend) = row.mend.as_ref().filter(|mend| !Scene::offers(&found, mend)) {
        let offered: Vec<String> = found.mends.iter().map(in_words).collect();
        wrong.push(format!("the mend “{mend}” is not offered, but {offered:?}"));
    }
    if let Some(word) = &row.journal {
        match scene.paste_shown(&found, Some("journalctl")) {
            Ok(printed) if printed.contains(word) => {}
            other => wrong.push(format!("the journal does not say “{word}”: {other:?}")),
        }
    }
    if let Some(decided) = &row.decides {
        let after = Box::pin(scene.decide()).await;
        let errors: Vec<Finding> = after.into_iter().filter(|one| one.severity == Severity::Error).collect();
        match errors.as_slice() {
            [one] if one.code == known(decided) => found = one.clone(),
            _ => wrong.push(format!("in place of {decided} the look gives\n    {}", listed(&errors))),
        }
    }
    (scene, Some(found), wrong)
}

/// What is not as it should be after the repair, in words.
async fn repaired(scene: &mut Scene, row: &Row, way: &Way, mut found: Finding) -> Vec<String> {
    let broken = scene.text.clone();
    let mut wrong = Vec::new();
    for fix in &way.fix {
        let other = match fix {
            Fix::Look => Some((Box::pin(scene.decide()).await, row.code.as_str())),
            Fix::Then(code) => Some((Box::pin(scene.check()).await, code.as_str())),
            _ => None,
        };
        let done = match other {
            Some((all, code)) => match all.iter().find(|one| one.code == known(code)) {
                Some(one) => {
                    found = one.clone();
                    Ok(())
                }
                None => Err(format!("{code} does not follow, but\n    {}", listed(&all))),
            },
            None => scene.repair(fix, &found, row.mend.as_deref()),
        };
        if let Err(why) = done {
            wrong.push(why);
            return wrong;
        }
    }
    let (after, _) = Box::pin(check(scene, row, &mut wrong)).await;
    let counts = |one: &Finding| one.severity > Severity::Info || one.code == row.code();
    let is_foreseen =
        |one: &Finding| one.severity == Severity::Warning && way.left.iter().any(|code| *code == one.code.0);
    let (foreseen, left): (Vec<Finding>, Vec<Finding>) =
        after.findings.into_iter().filter(counts).partition(is_foreseen);
    if !left.is_empty() {
        wrong.push(format!("after the repair it still says\n    {}", listed(&left)));
    }
    for code in way.left.iter().filter(|code| !foreseen.iter().any(|one| one.code == known(code))) {
        wrong.push(format!("{code} is not left after the repair"));
    }
    let lines = changed_lines(&broken, &scene.text);
    if lines != way.lines {
        wrong.push(format!("the repair changed {lines} lines of the file"));
    }
    wrong
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
    let older = |row: &Row| {
        let all = [LabRelease::V9_1_4, LabRelease::V8_4_21, LabRelease::V7_4_20];
        all.into_iter().filter(|release| row.is_for(*release)).take(1).collect()
    };
    walks(|row| row.differs(), older).await;
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
        let key = (row.no.clone(), row.name.clone(), row.tells, row.since, row.before);
        assert!(seen.insert(key), "{} twice", row.title());
        assert!(row.ways().is_empty() == row.nobody.is_some(), "{} is repaired, or says why nobody can", row.title());
        assert!(LabRelease::all().iter().any(|release| row.is_for(*release)), "{} is for no release", row.title());
        assert!(row.shows != Shows::Advice || row.says.is_some(), "{} says nothing", row.title());
    }
    for number in 1..=32 {
        assert!(seen.iter().any(|(no, ..)| *no == number.to_string()), "{number} has no row");
    }
}
