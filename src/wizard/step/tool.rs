//! Target, first page: which tool is set up.

use crate::domain::visible::visible;
use crate::domain::{Change, ChangeSeen, ChangeState, Id, RunSeen, Text, TokenId, time};
use crate::plan::make::sentence;
use crate::target::library::Target;
use crate::target::spec::Spec;
use crate::wizard::Wizard;
use crate::wizard::errand::Errand;
use crate::wizard::page::{Answer, Block, Choice, Tone};
use crate::wizard::step::{Next, PageId, Parts, ends, host, made, nearby, quiet, toned, wrong};

pub const TARGET: Id = Id::fixed("target");
/// What becomes of a run that broke off.
pub const BROKEN: Id = Id::fixed("broken_run");
const CLEAN: Id = Id::fixed("clean");
const LATER: Id = Id::fixed("later");
/// A token that works, and no file.
pub const TOKEN_ONLY: Id = Id::fixed("token-only");

pub fn token_only(w: &Wizard) -> bool {
    w.draft.is(&TARGET, &TOKEN_ONLY)
}

/// The chosen target.
pub fn target(w: &Wizard) -> Option<&Target> {
    w.setting.library.get(w.draft.choice(&TARGET)?.as_str())
}

pub fn spec(w: &Wizard) -> Option<&Spec> {
    target(w).map(|target| &*target.spec)
}

/// The target's title, for sentences; `this token` where none is set up.
pub fn title(w: &Wizard) -> String {
    spec(w).map_or_else(|| "the token".to_owned(), |spec| spec.title.as_str().to_owned())
}

pub fn done(w: &Wizard) -> bool {
    token_only(w) || target(w).is_some()
}

pub fn page(w: &Wizard) -> Parts {
    let mut options: Vec<Answer> = w
        .setting
        .library
        .iter()
        .filter(|target| target.heading.services.proxmox.is_some())
        .map(|target| Answer {
            id: Id::new(target.name.clone()),
            title: if target.yours {
                format!("{} (yours)", target.heading.title.as_str())
            } else {
                target.heading.title.as_str().to_owned()
            },
            about: vec![target.heading.about.as_str().to_owned()],
            risky: false,
        })
        .collect();
    options.push(Answer {
        id: TOKEN_ONLY,
        title: "Only a working token".into(),
        about: vec!["Nothing is written; the token is tested and what it may do is shown.".into()],
        risky: false,
    });
    let unknown = w.draft.choice(&TARGET).filter(|_| !done(w));
    let error = match unknown {
        Some(name) if w.tried() => wrong(
            format!("There is no target “{}”.", crate::domain::visible::visible(name.as_str())),
            "labwizard targets lists them.".to_owned(),
        ),
        None if w.tried() => wrong("Choose one.", None),
        _ => None,
    };
    let mut blocks = broken_off(w);
    blocks.extend(nearby::offer(w));
    let ends = ends::near(w);
    if !ends.is_empty() {
        blocks.push(Block::Findings(ends));
    }
    blocks.push(Block::Choice(Choice {
        id: TARGET,
        label: String::new(),
        options,
        chosen: w.draft.choice(&TARGET).cloned().or_else(|| found_here(w)),
        error,
    }));
    if w.setting.resumed {
        blocks.push(quiet("The answers of your last, unfinished walk are filled in; secrets are asked again. Enter goes through them."));
    }
    for refused in w.setting.library.refused() {
        blocks.push(quiet(format!("Your target {} is not used: {}", refused.file, refused.error)));
    }
    Parts {
        title: "What do you want to set up?".into(),
        blocks,
        submit: "next",
        focus: Some(match left(w) {
            Some(_) => BROKEN,
            None if nearby::is_broken(w) => nearby::MEND_HERE,
            None => TARGET,
        }),
        help: vec![
            "labwizard writes the settings file of one tool, so that this tool can work with your Proxmox. It asks where the host is, tests the access, shows what it will write, and writes only after you agree.".into(),
            "Tools of your own can be described in a TOML file; labwizard targets --check FILE reads one.".into(),
        ],
        ..Parts::default()
    }
}

/// The list of tools is for whoever turns to none of these.
pub fn settling() -> Vec<(Id, Id)> {
    vec![(BROKEN, CLEAN), (nearby::MEND_HERE, nearby::YES), (nearby::MEND_HERE, nearby::ADD)]
}

/// The latest run that broke off, or could not take back what it was to, and may have left something on a host, or a token
/// without a secret that anybody knows.
fn left(w: &Wizard) -> Option<&RunSeen> {
    let left = |run: &&RunSeen| (!run.finished && run.left().next().is_some()) || is_without_secret(w, run);
    w.setting.runs.iter().find(left).filter(|_| !w.setting.unattended)
}

/// A secret died in this run, its successor reached no file, and no later run made another one.
fn is_without_secret(w: &Wizard, run: &RunSeen) -> bool {
    let gave = |one: &ChangeSeen, id: &TokenId| {
        one.state == ChangeState::Made
            && match &one.change {
                Change::MakeToken(make) => make.id == *id,
                Change::NewSecret(there) => there == id,
                _ => false,
            }
    };
    // The latest come first.
    let later = || w.setting.runs.iter().take_while(|one| one.name != run.name);
    let mended = |id: &TokenId| later().any(|run| !run.is_open() && run.changes.iter().any(|one| gave(one, id)));
    // A run that came to its end has shown the secret that it could not write.
    let shown = |id: &TokenId| run.finished && run.changes.iter().any(|one| gave(one, id));
    run.is_open() && run.dead().any(|id| !mended(id) && !shown(id))
}

/// What such a run may have left, and what shall become of it.
fn broken_off(w: &Wizard) -> Vec<Block> {
    let Some(run) = left(w) else { return Vec::new() };
    let stands = run.left().chain(run.stays()).chain(run.changes.iter().filter(|one| one.killed().is_some()));
    let lines: Vec<String> = stands
        .map(|one| {
            format!("  {}: {}", visible(&one.endpoint.to_string()), crate::domain::whole(&sentence(&one.change)))
        })
        .collect();
    let when = time::date_and_time(run.when);
    let mut blocks = vec![toned(
        Tone::Warning,
        format!(
            "The run {} of {when} was not finished. This was done on a host and stands, or may:\n{}",
            run.name,
            lines.join("\n")
        ),
    )];
    blocks.extend(made::mending(run, "A file may still hold it"));
    let back = run.left().next().is_some();
    let mut options = Vec::new();
    if back {
        options.push(Answer {
            id: CLEAN,
            title: "Take it back now".into(),
            about: vec!["You sign in at the host, and see first what is removed.".into()],
            risky: false,
        });
    }
    options.push(Answer {
        id: LATER,
        title: "Leave it, and go on".into(),
        about: vec![match back {
            true => format!("labwizard undo {} takes it back later.", run.name),
            false => format!("labwizard undo {} --forget ends this reminder.", run.name),
        }],
        risky: false,
    });
    blocks.push(Block::Choice(Choice {
        id: BROKEN,
        label: "What shall become of it?".into(),
        options,
        chosen: Some(choice(w, run)),
        error: None,
    }));
    blocks
}

/// What becomes of a run that broke off: where nothing of it can be taken back, it is left.
fn choice(w: &Wizard, run: &RunSeen) -> Id {
    match run.left().next() {
        Some(_) => w.draft.choice(&BROKEN).cloned().unwrap_or(CLEAN),
        None => LATER,
    }
}

/// Turns to what the broken run left.
fn clean_up(w: &mut Wizard) -> Option<Next> {
    let run = left(w)?.clone();
    if choice(w, &run) == LATER {
        return None;
    }
    let endpoint = run.left().next()?.endpoint.to_string();
    w.draft.type_in(host::HOST, Text::new(endpoint));
    w.setting.errand = Errand::TakeBack(Box::new(run));
    Some(Next::To(PageId::Host))
}

/// The target that the folder looks like, else the one whose file lies there.
fn found_here(w: &Wizard) -> Option<Id> {
    super::file::recognised(w).map(Id::new).or_else(|| nearby::target(w))
}

pub fn submit(w: &mut Wizard) -> Next {
    if let Some(next) = clean_up(w).or_else(|| nearby::turn(w)) {
        return next;
    }
    if w.draft.choice(&TARGET).is_none()
        && let Some(found) = found_here(w)
    {
        w.draft.choose(TARGET, found);
    }
    if done(w) { Next::Go } else { Next::Stay }
}
