//! Target, first page: which tool is set up.

use crate::domain::Id;
use crate::target::library::Target;
use crate::target::spec::Spec;
use crate::wizard::Wizard;
use crate::wizard::page::{Answer, Block, Choice};
use crate::wizard::step::{Next, Parts, quiet, wrong};

pub const TARGET: Id = Id::fixed("target");
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
    target(w).map(|target| &target.spec)
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
        .filter(|target| target.spec.services.proxmox.is_some())
        .map(|target| Answer {
            id: Id::new(target.name.clone()),
            title: if target.yours {
                format!("{} (yours)", target.spec.title.as_str())
            } else {
                target.spec.title.as_str().to_owned()
            },
            about: vec![target.spec.about.as_str().to_owned()],
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
    let mut blocks = vec![Block::Choice(Choice {
        id: TARGET,
        label: String::new(),
        options,
        chosen: w.draft.choice(&TARGET).cloned().or_else(|| found_here(w)),
        error,
    })];
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
        focus: Some(TARGET),
        help: vec![
            "labwizard writes the settings file of one tool, so that this tool can work with your Proxmox. It asks where the host is, tests the access, shows what it will write, and writes only after you agree.".into(),
            "Tools of your own can be described in a TOML file; labwizard targets --check FILE reads one.".into(),
        ],
        ..Parts::default()
    }
}

/// The target that the folder looks like.
fn found_here(w: &Wizard) -> Option<Id> {
    super::file::recognised(w).map(Id::new)
}

pub fn submit(w: &mut Wizard) -> Next {
    if w.draft.choice(&TARGET).is_none()
        && let Some(found) = found_here(w)
    {
        w.draft.choose(TARGET, found);
    }
    if done(w) { Next::Go } else { Next::Stay }
}
