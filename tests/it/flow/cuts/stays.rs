//! Whole walks whose line is cut at a write and stays cut: what is left is told, and the next start clears it.

use labwizard::domain::pveum;

use super::*;
use crate::flow::errands::signing_in;
use crate::flow::make_run::{estate, made_by};

/// The commands of the last page under these words.
fn commands(held: &Held, about: &str) -> Vec<String> {
    let blocks = held.last().blocks.iter();
    let texts = blocks.filter_map(|block| match block {
        Block::Command(command) if command.about.starts_with(about) => Some(command.text.clone()),
        _ => None,
    });
    texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// Each write of each way on one of the releases; of a whole making at each point.
fn stay_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (place, way) in WAYS.into_iter().enumerate() {
        for (turn, release) in RELEASES.into_iter().enumerate() {
            let uncut = block_on(walk(way, release, |_, _| {}));
            for index in (0..uncut.lab.writes()).filter(|index| (index + place) % 3 == turn) {
                let points = CutAt::ALL.into_iter().enumerate();
                let points = points.filter(|(point, _)| way == Way::Make || *point == (index + 1) % 3);
                cases.extend(points.map(|(_, at)| Case { way, release, number: index + 1, at }));
            }
        }
    }
    cases
}

/// What is wrong with what a walk says whose line stayed cut, and with what the next start makes of it.
async fn wrong(case: Case) -> Option<String> {
    let Case { way, release, number, at } = case;
    let there = Rc::new(std::cell::RefCell::new(BTreeSet::new()));
    let noted = there.clone();
    let walked = walk(way, release, move |lab, _| {
        *noted.borrow_mut() = lab.change(estate);
        lab.cut_write(number, at);
        lab.stay_cut_after();
    })
    .await;
    let (lab, stage, held) = (&walked.lab, &walked.stage, &walked.held);
    let seen = walked.seen()?;
    let left: Vec<_> = seen.left().map(|one| one.change.clone()).collect();
    let listed: BTreeSet<String> = seen.left().chain(seen.stays()).flat_map(|one| made_by(&one.change)).collect();
    let more: BTreeSet<String> = lab.change(estate).difference(&there.borrow()).cloned().collect();
    if !more.is_subset(&listed) {
        return Some(format!("{more:?} is there, and the journal lists {listed:?}"));
    }
    if held.last().title == "Glassdome is set up." {
        // The file was written: only the old token is left over.
        let open = commands(held, "Still to be done");
        return (open != ["pveum user token remove apex@pve glassdome-token"]).then(|| format!("to be done: {open:?}"));
    }
    let undo: Vec<String> = left.iter().rev().map(|change| pveum::command(&change.back().unwrap()).unwrap()).collect();
    let told = commands(held, "labwizard undo takes it back");
    if told != undo {
        return Some(format!("it tells {told:?}, and the journal {undo:?}"));
    }
    // A secret that is to be replaced by hand has its commands on the page as in the journal.
    if !mends_alike(held, &seen) {
        return Some(format!("it tells {:?}, and the journal {:?}", commands(held, "Or by hand"), seen.mending()));
    }
    let dead = lab.token_secret(TOOL).is_none_or(|secret| secret != walked.old);
    if dead && walked.file.is_some() && !mends(&held.told()) {
        return Some("the old secret is dead, and nothing says what to do".into());
    }
    // The host is back, and labwizard is started again.
    lab.stay_cut(false);
    if left.is_empty() {
        return None;
    }
    let again = stage.hold_as(stage.setting(), &but(&signing_in(lab), &[("take-back", "do")]), None).await;
    let rest: Vec<_> = walked.seen()?.left().cloned().collect();
    if !rest.is_empty() {
        return Some(format!("the next start left {rest:?}: {}", again.told()));
    }
    let more: BTreeSet<String> = lab.change(estate).difference(&there.borrow()).cloned().collect();
    if !more.is_empty() || (way != Way::InPlace && lab.access_state() != walked.before) {
        return Some(format!("after the next start there is more: {more:?}\n{}", again.told()));
    }
    None
}

/// Whether a page has the commands of the journal, but for the comment, or the new secret in their place.
fn mends_alike(held: &Held, seen: &RunSeen) -> bool {
    let plain = |lines: Vec<String>| -> Vec<String> {
        lines.iter().map(|line| line.split(" --comment ").next().unwrap().to_owned()).collect()
    };
    let told = plain(commands(held, "Or by hand"));
    held.told().contains("stands in no file") || told == plain(seen.mending())
}

/// Whether a page says how a secret that died is replaced.
fn mends(told: &str) -> bool {
    ["pveum user token modify apex@pve glassdome-token --regenerate 1", "stands in no file", "labwizard again"]
        .iter()
        .any(|words| told.contains(words))
}

#[test]
fn what_a_line_that_stays_cut_leaves_is_told_with_its_commands_and_cleared_by_the_next_start() {
    let cases = stay_cases();
    assert!(cases.len() > 20, "{cases:?}");
    let wrong = each(&cases, |case| block_on(wrong(case)).map(|why| format!("{case:?}: {why}")));
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
}
