//! What Done says of the host: what was made there, until when, what is left after a failure, and the secret that stands nowhere
//! else.

use crate::diagnosis::codes;
use crate::domain::change::Change;
use crate::domain::finding::{Finding, Severity, Step};
use crate::domain::visible::visible;
use crate::domain::{ChangeSeen, ChangeState, Id, RunFile, RunSeen, Text, pveum, time};
use crate::plan::action::{Action, Outcome};
use crate::plan::run::RunStep;
use crate::wizard::Wizard;
use crate::wizard::page::{Block, Command, Field, LinkState, PlanGroup, PlanLine, Tone};
use crate::wizard::step::{count, listed, make, quiet, review, toned};

const SECRET: Id = Id::fixed("made_secret");

fn steps(w: &Wizard) -> impl Iterator<Item = &RunStep> {
    w.run.iter().flat_map(|run| &run.steps)
}

/// It stands on the host, or may: done, and not taken back.
fn stands(step: &RunStep) -> bool {
    let taken_back = matches!(step.back, Some(Outcome::Done { .. } | Outcome::Unsafe(_)));
    step.outcome.as_ref().is_some_and(Outcome::may_stand) && !taken_back
}

/// There is something to be taken back: on the host, or in a file.
pub fn something_stands(w: &Wizard) -> bool {
    steps(w).any(|step| stands(step) && !matches!(step.planned.action, Action::Prove | Action::Rehearse(_)))
}

/// The file was written, and not only looked at.
pub fn is_written(w: &Wizard) -> bool {
    steps(w).any(|step| stands(step) && matches!(step.planned.action, Action::Edit(_)))
}

/// The run was to make something on a host.
pub fn on_host(w: &Wizard) -> bool {
    steps(w).any(|step| step.planned.action.change().is_some())
}

/// What was done, the host's part in one line: everything was on Review, one by one.
pub fn in_short(w: &Wizard) -> Vec<PlanGroup> {
    let mut groups = review::progress(w);
    let Some(heading) = steps(w).find(|step| step.planned.action.change().is_some()).map(|step| &step.planned.heading)
    else {
        return groups;
    };
    let made = |what: fn(&Change) -> bool| {
        steps(w).filter(|step| step.planned.action.change().is_some_and(what) && stands(step)).count()
    };
    let counted = [
        (made(|change| matches!(change, Change::MakeUser { .. })), "user", "users"),
        (made(|change| matches!(change, Change::MakeRole { .. })), "role", "roles"),
        (made(|change| matches!(change, Change::MakeToken(_))), "token", "tokens"),
        (made(|change| matches!(change, Change::NewSecret(_))), "new secret", "new secrets"),
        (made(|change| matches!(change, Change::Grant { .. })), "grant", "grants"),
    ];
    let words: Vec<String> =
        counted.into_iter().filter(|(n, ..)| *n > 0).map(|(n, one, many)| count(n, one, many)).collect();
    let line = |sentence: String| PlanLine { sentence, state: LinkState::Good, outcome: None };
    if let Some(group) = groups.iter_mut().find(|group| group.heading == *heading) {
        // What is set, and not made, is told as it is.
        let is_set = |change: &Change| matches!(change, Change::Enable { .. } | Change::SetEnd { .. });
        let set = steps(w).filter(|step| step.planned.action.change().is_some_and(is_set) && stands(step));
        group.actions = set.map(|step| line(step.planned.sentence.clone())).collect();
        if !words.is_empty() {
            group.actions.push(line(format!("make {}", listed(&words))));
        }
        if steps(w).any(|step| matches!(step.planned.action, Action::Prove)) {
            let proved = match make::wakes(w) {
                true => "the token signs in",
                false => "the token signs in, and may do what is needed",
            };
            group.actions.push(line(proved.into()));
        }
    }
    groups
}

/// What the run could not do or take back, as findings.
pub fn findings(w: &Wizard) -> Vec<Finding> {
    let mut findings = Vec::new();
    for step in steps(w) {
        let severity = if step.planned.action.is_afterwards() { Severity::Warning } else { Severity::Error };
        let of = |outcome: &Option<Outcome>| match outcome {
            Some(Outcome::NotDone(trouble) | Outcome::Lost(trouble)) => Some(trouble.clone()),
            _ => None,
        };
        for trouble in [of(&step.outcome), of(&step.back)].into_iter().flatten() {
            let code = trouble.code.unwrap_or(codes::RUN_FAILED);
            let cause = format!("It was to be done: {}.", step.planned.sentence);
            let finding = Finding::new(code, severity, Step::Done, trouble.what, cause);
            findings.push(trouble.hint.into_iter().fold(finding, |finding, hint| finding.say(hint)));
        }
    }
    findings
}

/// After a failure: what was taken back, or what is left and how each is mended.
pub fn after_failure(w: &Wizard) -> Vec<Block> {
    let mut blocks = Vec::new();
    let of_host = |step: &&RunStep| step.planned.action.change().is_some();
    let left: Vec<&RunStep> = steps(w).filter(of_host).filter(|step| stands(step)).collect();
    if left.is_empty() {
        if steps(w).any(|step| step.back.is_some()) {
            blocks.push(toned(Tone::Good, "Everything that was made on the host is taken back."));
        } else if steps(w).any(|step| of_host(&step)) {
            blocks.push(quiet("Nothing was made on the host."));
        }
        return blocks;
    }
    let words: Vec<String> = left
        .iter()
        .map(|step| match step.outcome {
            Some(Outcome::Lost(_)) => format!("  {} (its answer was lost: it may stand there)", step.planned.sentence),
            _ => format!("  {}", step.planned.sentence),
        })
        .collect();
    blocks.push(toned(Tone::Warning, format!("Left on the host:\n{}", words.join("\n"))));
    let seen = as_seen(w);
    let commands = taken_back_by(seen.left());
    if !commands.is_empty() {
        let about = "labwizard undo takes it back; or by hand, in root's shell on the host".into();
        blocks.push(Block::Command(Command { about, text: commands.join("\n") }));
    }
    if secret(w).is_empty() {
        blocks.extend(mending(&seen, "The file still holds it"));
    }
    blocks
}

/// The commands that take changes back, the last first.
pub fn taken_back_by<'c>(changes: impl Iterator<Item = &'c ChangeSeen>) -> Vec<String> {
    let changes: Vec<&ChangeSeen> = changes.collect();
    changes.into_iter().rev().filter_map(|seen| pveum::command(&seen.change.back()?).ok()).collect()
}

/// The runs of this machine, the latest first: this one too, as far as it is.
pub fn runs(w: &Wizard) -> Vec<RunSeen> {
    std::iter::once(as_seen(w)).chain(w.setting.runs.iter().cloned()).collect()
}

/// The run that is under way or over, as its journal will tell it to the next one.
fn as_seen(w: &Wizard) -> RunSeen {
    let mut seen =
        RunSeen { name: String::new(), when: w.setting.now, finished: false, changes: vec![], files: vec![] };
    for (n, step) in steps(w).enumerate() {
        match &step.planned.action {
            Action::Host(action) => seen.changes.push(ChangeSeen {
                n,
                endpoint: action.at.endpoint.clone(),
                change: action.change.clone(),
                state: match step.outcome {
                    Some(Outcome::Lost(_)) if stands(step) => ChangeState::Unknown,
                    _ if stands(step) => ChangeState::Made,
                    _ if step.back.is_some() => ChangeState::TakenBack,
                    _ => ChangeState::NotMade,
                },
                was: None,
            }),
            Action::Edit(edit) => {
                seen.files.push(RunFile { n, path: edit.seen.path.clone(), stands: stands(step), holds_secret: true });
            }
            _ => {}
        }
    }
    seen
}

/// A secret is dead, or may be, and nothing that is known took its place: that is said, with the commands that mend it.
/// `held`: where the old one still stands, as the beginning of a sentence.
pub fn mending(seen: &RunSeen, held: &str) -> Vec<Block> {
    let Some(dead) = seen.dead().next().filter(|_| seen.is_open()) else { return Vec::new() };
    let id = visible(&dead.to_string());
    let words = format!(
        "The old secret of {id} is dead, or may be. {held}: run labwizard again once the host answers, which makes a new \
         secret and writes it."
    );
    let mut blocks = vec![toned(Tone::Warning, words)];
    let commands = seen.mending();
    if !commands.is_empty() {
        let about =
            "Or by hand, in root's shell on the host; the new secret is shown once and goes into the file".into();
        blocks.push(Block::Command(Command { about, text: commands.join("\n") }));
    }
    blocks
}

/// The commands of what was to be done on the host after the file was written, and was not, or may not be.
fn open_after(w: &Wizard) -> impl Iterator<Item = String> {
    let open = steps(w).filter(|step| step.planned.action.is_afterwards());
    open.filter(|step| matches!(step.outcome, Some(Outcome::NotDone(_) | Outcome::Lost(_) | Outcome::Skipped(_))))
        .filter_map(|step| pveum::command(step.planned.action.change()?).ok())
}

/// Something was to be done on the host after the file was written, and was not.
pub fn is_open_after(w: &Wizard) -> bool {
    open_after(w).next().is_some()
}

/// What was to be done after the file was written, and was not: the old token, with the command that removes it.
pub fn not_done_after(w: &Wizard) -> Vec<Block> {
    open_after(w)
        .map(|text| Block::Command(Command { about: "Still to be done, in root's shell on the host".into(), text }))
        .collect()
}

/// The new secret, where it works and no file holds it.
pub fn secret(w: &Wizard) -> Vec<Block> {
    let Some(secret) = &w.made else { return Vec::new() };
    let alive = steps(w).any(|step| step.planned.action.change().is_some_and(Change::gives_secret) && stands(step));
    let written = steps(w).any(|step| {
        matches!(step.planned.action, Action::Edit(_))
            && matches!(step.outcome, Some(Outcome::Done { .. } | Outcome::Unsafe(_)))
    });
    if !alive || written {
        return Vec::new();
    }
    let id = review::planned_token(w).map(|id| visible(&id.to_string())).unwrap_or_default();
    vec![
        toned(
            Tone::Warning,
            format!("The secret of {id} stands in no file. Proxmox shows it never again: take it from here."),
        ),
        Block::Field(Field {
            id: SECRET,
            label: "Secret".into(),
            value: Text::new(secret.reveal()),
            placeholder: String::new(),
            secret: true,
            multiline: false,
            note: Some(format!("{}; Ctrl-R shows it", secret.shape())),
            error: None,
        }),
    ]
}

/// Until when the token works: `ends on 2027-02-20, in 90 days`.
pub fn expiry(w: &Wizard) -> Option<(String, String)> {
    let made = steps(w).find_map(|step| match step.planned.action.change() {
        Some(Change::MakeToken(token)) if stands(step) => Some(token),
        _ => None,
    })?;
    let words = match made.expire {
        Some(at) => format!("ends on {}, in {} days", time::date(at), time::days_between(w.setting.now, at)),
        None => "never ends by itself".into(),
    };
    Some(("Token".into(), format!("{} {words}", visible(&made.id.to_string()))))
}

/// What becomes of the login.
pub fn login(w: &Wizard) -> Option<Block> {
    w.session.was_signed_in().then(|| {
        quiet("The login ends by itself in at most two hours; Proxmox has no logout. labwizard keeps nothing of it.")
    })
}
