//! Target, second page: which file is written, and what is there already.

use std::net::IpAddr;
use std::path::{Component, Path, PathBuf};

use crate::domain::around::{Around, Git};
use crate::domain::shell;
use crate::domain::visible::visible;
use crate::domain::{FileSeen, Id, Text};
use crate::format::Document;
use crate::target::nearby;
use crate::target::spec::{Dialect, Form};
use crate::wizard::Wizard;
use crate::wizard::page::{Answer, Block, Choice, Field, Tone};
use crate::wizard::step::{By, Next, Parts, count, moved_note, quiet, say, toned, tool, wrong};

pub const FORM: Id = Id::fixed("form");
pub const FILE: Id = Id::fixed("file");

/// The target that the folder of the start looks like.
pub fn recognised(w: &Wizard) -> Option<String> {
    let around = w.evidence.start.as_ref()?;
    nearby::folder(&w.setting.library, around)
}

fn form_id(form: &Form) -> Id {
    Id::new(form.name.as_str().to_owned())
}

/// The forms that end in a file.
fn forms(w: &Wizard) -> Vec<&Form> {
    tool::spec(w).map(|spec| spec.form.iter().filter(|form| form.is_written()).collect()).unwrap_or_default()
}

/// The chosen form, else the first.
pub fn form(w: &Wizard) -> Option<&Form> {
    let forms = forms(w);
    let chosen = w.draft.choice(&FORM);
    forms.iter().find(|form| Some(&form_id(form)) == chosen).or(forms.first()).copied()
}

/// The file's usual name in a form, without patterns.
fn usual(form: &Form) -> String {
    form.file.iter().map(|file| file.as_str()).find(|file| !file.contains('*')).unwrap_or(".env").to_owned()
}

/// `~`, relative and absolute paths, as a person types them.
pub fn expand(w: &Wizard, typed: &str) -> PathBuf {
    let path = match (typed.strip_prefix("~/"), &w.setting.home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ if typed == "~" => w.setting.home.clone().unwrap_or_else(|| PathBuf::from("~")),
        _ => PathBuf::from(typed),
    };
    tidy(&w.setting.here.join(path))
}

/// Without `.` parts; `..` stays, for it depends on links.
fn tidy(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

/// The file that the answers name: a folder is completed by the usual name.
pub fn path(w: &Wizard) -> Option<PathBuf> {
    let form = form(w)?;
    let typed = w.draft.text(&FILE);
    if typed.is_empty() {
        return usual_path(w);
    }
    let path = expand(w, typed);
    let asked = w.evidence.file.as_ref().filter(|file| file.asked == path).and_then(|file| file.answer.as_ref());
    let completed = path.join(usual(form));
    // A folder is known by its slash, by what was seen there, or by having been completed already.
    let folder = typed.ends_with('/')
        || typed == "~"
        || w.evidence.file.as_ref().is_some_and(|file| file.asked == completed)
        || matches!(asked, Some(Ok((_, around))) if around.folder == path);
    Some(if folder { completed } else { path })
}

/// The file that stands there while nothing is typed.
fn usual_path(w: &Wizard) -> Option<PathBuf> {
    let form = form(w)?;
    let suggested = w.evidence.start.as_ref().and_then(|around| nearby::file(form, around));
    Some(expand(w, &suggested.unwrap_or_else(|| usual(form))))
}

/// The command that goes on with the file that is written. A bare name could be that of a command of labwizard.
pub fn again(w: &Wizard) -> String {
    let command = |path: PathBuf| {
        let near = path.strip_prefix(&w.setting.here).unwrap_or(&path);
        let text = near.to_str().filter(|text| text.contains(['.', '/'])).or(path.to_str())?;
        let quoted = shell::quote(text).ok().filter(|quoted| visible(quoted) == *quoted)?;
        Some(format!("labwizard {quoted}"))
    };
    path(w).and_then(command).unwrap_or_else(|| "labwizard FILE".to_owned())
}

/// A path as people write it: `~` for the home folder.
pub fn shown(w: &Wizard, path: &Path) -> String {
    let text = match w.setting.home.as_ref().and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) if !rest.as_os_str().is_empty() => format!("~/{}", rest.display()),
        _ => path.display().to_string(),
    };
    visible(&text)
}

/// What was seen of the file that is named now.
pub fn seen(w: &Wizard) -> Option<(&FileSeen, &Around)> {
    let path = path(w)?;
    let evidence = w.evidence.file.as_ref().filter(|file| file.asked == path)?;
    evidence.answer.as_ref()?.as_ref().ok().map(|(seen, around)| (seen, around))
}

/// The file that is named now is being looked at.
pub fn looked_at(w: &Wizard) -> bool {
    let asked = w.evidence.file.as_ref().filter(|file| file.answer.is_none());
    asked.is_some_and(|file| Some(&file.asked) == path(w).as_ref())
}

/// What was typed is a host's address, and no file of that name is there: the host is asked next.
fn is_address(w: &Wizard, seen: &FileSeen) -> bool {
    let typed = w.draft.text(&FILE);
    let port = |(_, port): (&str, &str)| port.parse::<u16>().is_ok();
    let url = typed.starts_with("https://") || typed.starts_with("http://");
    let bare = !typed.contains('/') && (typed.rsplit_once(':').is_some_and(port) || typed.parse::<IpAddr>().is_ok());
    seen.there.is_none() && (url || bare)
}

/// Why the named file cannot be written at all: what, and what to do.
fn refusal(w: &Wizard) -> Option<(String, String)> {
    let path = path(w)?;
    let evidence = w.evidence.file.as_ref().filter(|file| file.asked == path)?;
    let (seen, around) = match evidence.answer.as_ref()? {
        Err(trouble) => return Some((trouble.what.clone(), trouble.hint.clone().unwrap_or_default())),
        Ok((seen, around)) => (seen, around),
    };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let shown = shown(w, &seen.path);
    if is_address(w, seen) {
        return Some((
            format!("“{}” is an address, and the file comes first.", visible(w.draft.text(&FILE))),
            "The address is asked on the next page. Name a file here, or a folder.".into(),
        ));
    }
    if crate::target::example::is_example(&name) {
        return Some((
            format!("{shown} is an example that others copy, so no secret goes into it."),
            format!("Name the file that the tool reads, such as {}.", form(w).map(usual).unwrap_or_default()),
        ));
    }
    if around.git == Git::Tracked {
        return Some((
            format!("Git tracks {shown}, so a secret in it would go to everybody who has the repository."),
            format!("Take it out of git first, {}, or name another file.", crate::diagnosis::untrack(&seen.path)),
        ));
    }
    if !seen.folder.exists {
        return Some((
            format!("There is no folder {}.", visible(&path.parent().unwrap_or(Path::new("/")).to_string_lossy())),
            "Make it first, or name another place.".into(),
        ));
    }
    let dialect = dialect(w)?;
    let there = seen.there.as_ref()?;
    Document::parse(dialect, there.text.clone()).err().map(|error| {
        (format!("{shown} cannot be understood: {error}"), "Mend that line first; nothing is changed.".into())
    })
}

/// The dialect that the chosen form is edited in.
pub fn dialect(w: &Wizard) -> Option<crate::format::Dialect> {
    match form(w)?.dialect {
        Dialect::Dotenv => Some(crate::format::Dialect::Dotenv),
        Dialect::Hcl => Some(crate::format::Dialect::Hcl),
        _ => None,
    }
}

pub fn done(w: &Wizard) -> bool {
    seen(w).is_some() && refusal(w).is_none()
}

pub fn page(w: &Wizard) -> Parts {
    let mut blocks = Vec::new();
    let forms = forms(w);
    if forms.len() > 1 {
        blocks.push(Block::Choice(Choice {
            id: FORM,
            label: "In which form?".into(),
            options: forms
                .iter()
                .map(|form| Answer {
                    id: form_id(form),
                    title: form.name.as_str().to_owned(),
                    about: vec![form.file.iter().map(|file| file.as_str().to_owned()).collect::<Vec<_>>().join(", ")],
                    risky: false,
                })
                .collect(),
            chosen: form(w).map(form_id),
            error: None,
        }));
    }
    let default = usual_path(w).map(|path| shown(w, &path)).unwrap_or_default();
    let error = match refusal(w) {
        Some((what, hint)) if w.tried() => wrong(what, Some(hint).filter(|hint| !hint.is_empty())),
        _ => None,
    };
    blocks.push(Block::Field(Field {
        id: FILE,
        label: "File".into(),
        value: w.draft.raw(&FILE),
        placeholder: default,
        secret: false,
        multiline: false,
        note: moved_note(w, &FILE)
            .or_else(|| (!w.draft.text(&FILE).is_empty()).then(|| path(w).map(|p| shown(w, &p))).flatten()),
        error,
    }));
    match seen(w) {
        // What is wrong with the file stands under its field.
        Some(_) if refusal(w).is_some() => {}
        Some((seen, around)) => blocks.extend(what_is_there(w, seen, around)),
        None => blocks.push(quiet(
            "A file that is there keeps every line that is not ours; its old state is kept for undo. A folder will do too.",
        )),
    }
    Parts {
        title: format!("Which file does {} read?", tool::title(w)),
        blocks,
        submit: "next",
        busy: w.waiting().then(|| "Reading the file".into()),
        focus: Some(FILE),
        help: vec!["Nothing is written before the review page, which shows every line that changes. Secrets never go into an example file or into one that git tracks.".into()],
    }
}

fn what_is_there(w: &Wizard, seen: &FileSeen, around: &Around) -> Vec<Block> {
    let mut blocks = Vec::new();
    match &seen.there {
        Some(there) => {
            let keys = dialect(w)
                .and_then(|dialect| Document::parse(dialect, there.text.clone()).ok())
                .map(|document| document.entries().filter(|entry| !entry.is_commented()).count());
            if let Some(keys) = keys {
                blocks.push(say(format!("It is there, with {}.", count(keys, "value", "values"))));
            }
        }
        None => match example(w) {
            Some((name, _)) => {
                blocks.push(say(format!("It is not there yet. It starts as a copy of {}.", visible(&name))))
            }
            None => blocks.push(say("It is not there yet, and is made new.")),
        },
    }
    for oddity in &seen.oddities {
        blocks.push(toned(Tone::Warning, format!("To be agreed in the review: {}.", oddity.words())));
    }
    if around.git == Git::WouldTrack {
        blocks.push(toned(Tone::Warning, "Git would take this file in; the review offers the line that keeps it out."));
    }
    blocks
}

/// The example that a file that is not there starts from.
pub fn example(w: &Wizard) -> Option<(String, Text)> {
    let (seen, around) = seen(w)?;
    if seen.there.is_some() {
        return None;
    }
    let name = path(w)?.file_name()?.to_string_lossy().into_owned();
    let names: Vec<String> = around.examples.iter().map(|(name, _)| name.clone()).collect();
    let chosen = crate::target::example::example_for(&name, &names)?.to_owned();
    around.examples.iter().find(|(name, _)| *name == chosen).cloned()
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    let Some(path) = path(w) else { return Next::Stay };
    let fresh = w.evidence.file.as_ref().is_some_and(|file| file.asked == path && file.answer.is_some());
    if fresh && (by == By::World || done(w)) {
        // The answer may have told that the path is a folder, which completes it.
        return match self::path(w) {
            Some(completed) if completed != path => Next::Wait(vec![w.ask_file(completed)]),
            _ if done(w) => Next::Go,
            _ => Next::Stay,
        };
    }
    Next::Wait(vec![w.ask_file(path)])
}
