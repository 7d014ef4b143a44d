//! Done: what was written, how it reads, what to run next, and how to take it back.

use crate::domain::Id;
use crate::domain::finding::{Finding, Severity};
use crate::domain::visible::visible;
use crate::plan::action::Outcome;
use crate::plan::run::Run;
use crate::wizard::Wizard;
use crate::wizard::answers;
use crate::wizard::errand::Errand;
use crate::wizard::message::{Effect, Exit};
use crate::wizard::page::{Answer, Block, Choice, Command, Tone};
use crate::wizard::step::{
    By, Next, Parts, checkup, count, details, file, listed, made, quiet, review, say, take_back, toned, tool, verify,
};

pub const DONE: Id = Id::fixed("done");
/// In the demo: what stands before the command, since its state is its own.
const UNDO: Id = Id::fixed("undo");
const END: Id = Id::fixed("end");
const SAVE: Id = Id::fixed("save");
const GO_ON: Id = Id::fixed("go-on");
/// Where the answers go.
const ANSWERS: &str = "labwizard-answers.toml";

pub fn failed(w: &Wizard) -> bool {
    if w.setting.errand != Errand::SetUp {
        return take_back::failed(w);
    }
    w.run.as_ref().is_some_and(Run::failed)
        || checkup::after::is_wrong(w)
        || matches!(review::reads_back(w), Some(Err(_)))
}

/// How the conversation ended, where it came to its end: what was left undone behind the file counts, though that stands.
pub fn exit(w: &Wizard) -> Exit {
    if failed(w) || made::is_open_after(w) { Exit::Failed } else { Exit::Done }
}

/// The file is read anew, so that the page tells what stands there and not what was meant.
pub fn enter(w: &mut Wizard) -> Vec<Effect> {
    match file::path(w) {
        Some(path)
            if !tool::token_only(w) && (w.run.is_some() || checkup::here(w)) && w.setting.errand == Errand::SetUp =>
        {
            let mut effects = vec![w.ask_file(path)];
            effects.extend(checkup::after::begin(w));
            effects
        }
        _ => Vec::new(),
    }
}

pub fn page(w: &Wizard) -> Parts {
    let target = tool::title(w);
    let failed = failed(w);
    let mut blocks = Vec::new();
    if let Some(run) = &w.run {
        let whole = failed || !made::on_host(w);
        blocks.push(Block::Plan(if whole { review::progress(w) } else { made::in_short(w) }));
        for step in &run.steps {
            let bad = |outcome: &Outcome| match outcome {
                Outcome::NotDone(trouble)
                | Outcome::Unsafe(trouble)
                | Outcome::Skipped(trouble)
                | Outcome::Lost(trouble) => trouble.hint.clone(),
                Outcome::Done { .. } => None,
            };
            blocks.extend(step.outcome.as_ref().and_then(bad).map(say));
            blocks.extend(step.back.as_ref().and_then(bad).map(say));
        }
    }
    // A run that did what it was to do has left nothing, whatever else is still wrong.
    let as_meant = w.run.as_ref().is_some_and(|run| !run.failed()) && checkup::after::is_wrong(w);
    if failed && as_meant {
        blocks.push(quiet("What stands above was done as it was meant; what is still wrong stands below."));
    } else if failed && made::on_host(w) {
        blocks.extend(made::after_failure(w));
    } else if failed {
        blocks.push(quiet("What stands above as done was done, and labwizard undo takes it back."));
    }
    blocks.extend(made::not_done_after(w));
    blocks.extend(made::secret(w));
    if failed && w.keeps() {
        blocks.push(quiet("The answers are kept, without secrets: labwizard takes them up again at its next start."));
    }
    match review::reads_back(w) {
        Some(Ok(0)) => {}
        Some(Ok(n)) => blocks.push(toned(
            Tone::Good,
            format!("{} read back from the file the way {target} reads it.", count(n, "value was", "values were")),
        )),
        Some(Err(keys)) => blocks.push(toned(
            Tone::Bad,
            format!("Read back from the file, another value stands at {keys}. Somebody else changed it in between."),
        )),
        None => {}
    }
    if let Some(Ok(draw)) = &w.plan
        && let Some(prepared) = &draw.prepared
    {
        let still = review::placeholders(prepared);
        let open = review::without_value(w, prepared);
        if !open.is_empty() {
            blocks.push(toned(Tone::Warning, format!("The module also needs a value for: {}.", listed(&open))));
        }
        if !still.is_empty() {
            blocks.push(toned(Tone::Warning, format!("Yours to fill in the file: {}.", listed(&still))));
        }
    }
    blocks.extend(checkup::after::blocks(w));
    // In a repair the checks that were made again have told them.
    let told = if checkup::here(w) { Vec::new() } else { verify::findings(w) };
    let warnings: Vec<Finding> = told.into_iter().filter(|finding| finding.severity == Severity::Warning).collect();
    if !warnings.is_empty() {
        blocks.push(Block::Findings(warnings));
    }
    // What is next in a repair hangs on what the checks say.
    let checks = checkup::here(w) && w.waiting();
    if !checks {
        blocks.push(Block::Facts(facts(w, failed)));
        blocks.extend(made::login(w));
    }
    for command in next_commands(w).into_iter().filter(|_| !failed && !checks && verify::failed(w).is_none()) {
        blocks.push(Block::Command(command));
    }
    match &w.saved {
        Some(Ok(path)) => {
            blocks.push(toned(Tone::Good, format!("The answers are in {}, without secrets.", file::shown(w, path))))
        }
        Some(Err(trouble)) => blocks.push(toned(Tone::Bad, trouble.what.clone())),
        None => {}
    }
    if !failed && w.saved.is_none() && !tool::token_only(w) && !checkup::here(w) {
        blocks.push(Block::Choice(Choice {
            id: DONE,
            label: String::new(),
            options: vec![
                Answer { id: END, title: "Finish".into(), about: Vec::new(), risky: false },
                Answer {
                    id: SAVE,
                    title: "Save the answers, without secrets".into(),
                    about: vec![format!("as {ANSWERS} here, for labwizard apply and for a colleague")],
                    risky: false,
                },
            ],
            chosen: Some(w.draft.choice(&DONE).cloned().unwrap_or(END)),
            error: None,
        }));
    }
    blocks.extend(what_is_left(w));
    Parts {
        title: if checks && !failed {
            format!("Can {target} work with it now?")
        } else if checkup::here(w) {
            checkup::after::title(w, failed)
        } else {
            match (failed, tool::token_only(w), verify::untested(w)) {
                (true, ..) => "It was not finished.".into(),
                (false, true, _) => "The token works.".into(),
                (false, false, true) if verify::failed(w).is_some() => {
                    format!("The file is written, and {target} cannot work with it yet.")
                }
                (false, false, true) => format!("The file for {target} is written, untested."),
                (false, false, false) => format!("{target} is set up."),
            }
        },
        blocks,
        submit: "finish",
        busy: w
            .waiting()
            .then(|| if checkup::here(w) { "Checking again".into() } else { "Reading the file back".into() }),
        ..Parts::default()
    }
}

/// Where a repair left something that keeps the tool from working. A demo has one thing that is broken, and ends.
fn what_is_left(w: &Wizard) -> Option<Block> {
    let asks = checkup::after::is_wrong(w) && w.setting.mend.is_some() && w.setting.real.is_none() && !w.waiting();
    asks.then(|| {
        let answer = |id, title: &str| Answer { id, title: title.into(), about: Vec::new(), risky: false };
        Block::Choice(Choice {
            id: DONE,
            label: String::new(),
            options: vec![answer(GO_ON, "Go on with what is left"), answer(END, "Finish")],
            chosen: Some(w.draft.choice(&DONE).cloned().unwrap_or(GO_ON)),
            error: None,
        })
    })
}

fn facts(w: &Wizard, failed: bool) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let found = verify::failed(w).filter(|_| !failed);
    facts.extend(found.iter().map(|_| ("Next".to_owned(), format!("{}   mends what the test found", file::again(w)))));
    if let (Some(spec), Some(form), false) = (tool::spec(w), file::form(w), failed || tool::token_only(w)) {
        // Where the command for this very file is known, it stands below in place of the general one.
        let known = next_commands(w).is_some();
        let told = spec.next_after(form).filter(|next| !known || !next.ends_with(" plan"));
        let told = told.filter(|_| found.is_none() && has_new_values(w));
        facts.extend(told.map(|next| ("Next".to_owned(), next.to_owned())));
    }
    facts.extend(made::expiry(w));
    for (key, how) in details::left_out(w) {
        facts.push(("Later".to_owned(), format!("{}: {how}; then run labwizard again", visible(&key))));
    }
    // The lab ends with the demo, and with it all that was made there.
    let gone = w.setting.real.is_some() && made::on_host(w);
    if let Some(name) = w.run.as_ref().filter(|_| made::something_stands(w) && !gone).and_then(|run| run.name.clone()) {
        facts.push((
            "Undo".to_owned(),
            format!(
                "{}labwizard undo {name}{}",
                w.setting.hints.get(&UNDO).map(String::as_str).unwrap_or_default(),
                if made::on_host(w) { "   takes back what was made (by login or SSH)" } else { "" }
            ),
        ));
    }
    if let Some(real) = &w.setting.real {
        facts.push(("For real".to_owned(), real.clone()));
    }
    facts
}

/// The tool has something to read anew; what was done on the host, or about the file as a whole, it does not have to.
fn has_new_values(w: &Wizard) -> bool {
    let prepared = |draw: &review::Draw| draw.prepared.as_ref().is_some_and(|prepared| prepared.changed > 0);
    w.plan.as_ref().is_some_and(|plan| plan.as_ref().is_ok_and(prepared))
}

/// The command that the tool is run with, from the right folder.
fn next_commands(w: &Wizard) -> Option<Command> {
    let (seen, around) = file::seen(w)?;
    let form = file::form(w)?;
    let command = crate::target::nearby::run_command(form, around, &seen.path)?;
    Some(Command { about: "Run it with".into(), text: visible(&command) })
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    if by == By::World && checkup::after::is_awaited(w) {
        let effects = checkup::after::go_on(w);
        let over = effects.is_empty() && !checkup::after::is_awaited(w);
        return if over { Next::Do(effects) } else { Next::Wait(effects) };
    }
    if by == By::World {
        return Next::Do(Vec::new());
    }
    if w.draft.is(&DONE, &SAVE) && w.saved.is_none() {
        let path = w.setting.here.join(ANSWERS);
        let text = answers::file(w);
        // Saved once; what stands preselected next is to finish.
        w.draft.forget(&DONE);
        return Next::Do(vec![Effect::SaveAnswers(path, text)]);
    }
    let goes_on = what_is_left(w).is_some() && !w.draft.is(&DONE, &END);
    Next::Leave(if goes_on { Exit::Again } else { exit(w) })
}
