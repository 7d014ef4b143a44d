//! Which of several hosts in one file this one is, for tools that keep more than one.

use crate::domain::visible::visible;
use crate::domain::{Endpoint, Id};
use crate::format::Document;
use crate::target::read::{ReadAccess, ReadFile, held_by, read};
use crate::wizard::Wizard;
use crate::wizard::page::{Answer, Choice};
use crate::wizard::step::{checkup, file, host, tool, wrong};

pub const INSTANCE: Id = Id::fixed("instance");

/// The hosts that the file names already, where the tool keeps several.
fn there(w: &Wizard) -> Option<ReadFile> {
    let (spec, form) = (tool::spec(w)?, file::form(w)?);
    spec.instances.as_ref()?;
    let (seen, _) = file::seen(w)?;
    let document = Document::parse(file::dialect(w)?, seen.there.as_ref()?.text.clone()).ok()?;
    Some(read(spec, form, &held_by(form, &document)))
}

/// Each host of the file that is in use: it has something to sign in with, and is no example's placeholder.
fn named(w: &Wizard, file: &ReadFile) -> Vec<(u8, String)> {
    let Some(spec) = tool::spec(w) else { return Vec::new() };
    let used = |number: &u8| match file.access(spec, *number) {
        ReadAccess::Token { secret, .. } => secret.is_some(),
        ReadAccess::Password { .. } => true,
        ReadAccess::Nothing => false,
    };
    let hosts = file.instances().into_iter().filter(used).filter_map(|number| Some((number, file.host(number)?)));
    hosts.filter(|(_, host)| crate::domain::paste::placeholder(host).is_none()).collect()
}

/// Whether a host as the file has it is the one that is set up.
fn same(host: &str, endpoint: &Endpoint) -> bool {
    crate::domain::parse_host(host).is_ok_and(|input| input.endpoints.contains(endpoint))
}

/// The number that this host gets, and whether a person has to say it.
fn decide(w: &Wizard) -> (Option<u8>, Vec<(u8, String)>, u8) {
    let (Some(file), Some(endpoint)) = (there(w), host::endpoint(w)) else { return (Some(1), Vec::new(), 1) };
    let hosts = named(w, &file);
    let own = hosts.iter().find(|(_, host)| same(host, &endpoint)).map(|(number, _)| *number);
    let free = file.free_instance();
    let offered = |number: &u8| *number == free || hosts.iter().any(|(there, _)| there == number);
    let chosen = w.draft.choice(&INSTANCE).and_then(|choice| choice.as_str().parse().ok()).filter(offered);
    let number = match (own, hosts.is_empty()) {
        (Some(number), _) => Some(number),
        (None, true) => Some(1),
        // Another host stands there: whether this one takes its place is nothing to guess.
        (None, false) => chosen,
    };
    (number, hosts, free)
}

/// The number that this host has in the file, counted from 1.
pub fn number(w: &Wizard) -> u8 {
    if let Some(number) = checkup::number(w) {
        return number;
    }
    decide(w).0.unwrap_or(1)
}

/// The question, where another host stands in the file already.
pub fn question(w: &Wizard) -> Option<Choice> {
    // A host that is repaired keeps its place.
    if checkup::number(w).is_some() {
        return None;
    }
    let endpoint = host::endpoint(w)?;
    let (chosen, hosts, free) = decide(w);
    if hosts.is_empty() || hosts.iter().any(|(_, host)| same(host, &endpoint)) {
        return None;
    }
    let title = tool::title(w);
    let mut options = vec![Answer {
        id: Id::new(free.to_string()),
        title: format!("Beside it, as host {free}"),
        about: vec![format!("{title} keeps several; what is there stays.")],
        risky: false,
    }];
    options.extend(hosts.iter().map(|(number, host)| Answer {
        id: Id::new(number.to_string()),
        title: format!("In place of {}", visible(host)),
        about: vec![format!("host {number} in the file; its values are kept for undo")],
        risky: false,
    }));
    let shown: Vec<String> = hosts.iter().map(|(_, host)| visible(host)).collect();
    Some(Choice {
        id: INSTANCE,
        label: format!("The file already names {}. Where does {endpoint} go?", shown.join(", ")),
        options,
        error: if w.tried() && chosen.is_none() { wrong("Choose one.", None) } else { None },
        chosen: chosen.map(|number| Id::new(number.to_string())),
    })
}

/// A person has to say which host it is, and has not.
pub fn open(w: &Wizard) -> bool {
    question(w).is_some_and(|question| question.chosen.is_none())
}
