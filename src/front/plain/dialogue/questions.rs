//! How each question is asked in lines, and what an answer to it means.

use crate::domain::{Id, Text};
use crate::front::words;
use crate::wizard::message::Input;
use crate::wizard::page::{Choice, Field, Pick};

/// Items of a list that are written out at once.
const SHORT: usize = 20;

pub(super) fn ask_field(field: &Field) -> String {
    let mut kept = if is_mistake(field) { String::new() } else { words::value(field) };
    let lines = kept.lines().count();
    if lines > 1 {
        kept = format!("{lines} lines");
    }
    let hint = if field.secret { " (not shown while you type)" } else { "" };
    if kept.is_empty() { format!("{}{hint}:", field.label) } else { format!("{}{hint} [{kept}]:", field.label) }
}

/// What was typed is wrong as it stands, and is nothing for Enter to say again.
fn is_mistake(field: &Field) -> bool {
    field.error.is_some() && !field.value.is_blank()
}

/// An empty line keeps what stands there.
pub(super) fn typed(field: &Field, line: &str) -> Result<Option<Input>, Vec<String>> {
    let text = if field.secret { line } else { line.trim() };
    if text.is_empty() && is_mistake(field) {
        return Err(vec!["What was typed before does not do; type it anew.".to_owned()]);
    }
    if text.is_empty() {
        return Ok(None);
    }
    Ok(Some(Input::Typed { field: field.id.clone(), text: Text::new(text), pasted: text.contains('\n') }))
}

pub(super) fn ask_choice(choice: &Choice, listed: bool) -> String {
    let mut lines = Vec::new();
    if !listed {
        lines.extend(Some(&choice.label).filter(|label| !label.is_empty()).cloned());
        for (at, option) in choice.options.iter().enumerate() {
            let risk = if option.risky { "Warning: " } else { "" };
            lines.push(format!("  {}. {risk}{}", at + 1, option.title));
            lines.extend(option.about.iter().map(|about| format!("     {about}")));
        }
    }
    let chosen = choice.options.iter().position(|option| Some(&option.id) == choice.chosen.as_ref());
    lines.push(prompt(chosen));
    lines.join("\n")
}

fn prompt(chosen: Option<usize>) -> String {
    chosen.map_or("Number or name:".to_owned(), |at| format!("Number or name [{}]:", at + 1))
}

pub(super) fn chose(choice: &Choice, line: &str) -> Result<Option<Input>, Vec<String>> {
    let names: Vec<(&Id, &str)> = choice.options.iter().map(|option| (&option.id, option.title.as_str())).collect();
    let said = |id: &Id| Ok(Some(Input::Chose { question: choice.id.clone(), choice: id.clone() }));
    if line.is_empty() {
        return match &choice.chosen {
            Some(id) => said(id),
            None => Err(vec!["Nothing stands here by default: this is yours to decide.".to_owned()]),
        };
    }
    match find(&names, line).as_slice() {
        [one] => said(names[*one].0),
        [] => Err(vec![format!("“{line}” is none of these; answer with a number from 1 to {}.", names.len())]),
        several => Err(vec![format!("“{line}” fits {} of these; answer with the number.", several.len())]),
    }
}

pub(super) fn ask_pick(pick: &Pick, listed: bool) -> String {
    let mut lines = Vec::new();
    if !listed {
        let end = if pick.label.ends_with(['?', '.', ':']) { "" } else { ":" };
        lines.push(format!("{}{end}", pick.label));
        if pick.items.is_empty() {
            lines.push(format!("  {}", pick.empty));
        }
        let all: Vec<usize> = (0..pick.items.len()).collect();
        lines.extend(list(pick, &all));
        if pick.optional {
            lines.push("  0. leave it out for now".to_owned());
        }
    }
    let chosen = pick.items.iter().find(|item| Some(&item.id) == pick.chosen.as_ref());
    let kept = match chosen {
        Some(item) => format!(" [{}]", item.title),
        None if pick.optional => " [leave it out]".to_owned(),
        None => String::new(),
    };
    lines.push(format!("Number or name{kept}:"));
    lines.join("\n")
}

/// Numbered as the whole list is, so that a number means the same after narrowing.
fn list(pick: &Pick, places: &[usize]) -> Vec<String> {
    let mut lines: Vec<String> = places
        .iter()
        .take(SHORT)
        .map(|place| {
            let item = &pick.items[*place];
            let about = if item.about.is_empty() { String::new() } else { format!(", {}", item.about) };
            format!("  {}. {}{about}", place + 1, item.title)
        })
        .collect();
    if places.len() > SHORT {
        lines.push(format!("  and {} more; type a part of the name to see fewer", places.len() - SHORT));
    }
    lines
}

pub(super) fn picked(pick: &Pick, line: &str) -> Result<Option<Input>, Vec<String>> {
    let said = |id: Id| Ok(Some(Input::Chose { question: pick.id.clone(), choice: id }));
    match (line, &pick.chosen) {
        ("", Some(id)) => return said(id.clone()),
        ("", None) if pick.optional => return said(Pick::LATER),
        ("", None) if pick.items.is_empty() => return Ok(None),
        ("", None) => return Err(vec!["Nothing stands here by default; answer with a number or a name.".to_owned()]),
        ("0", _) if pick.optional => return said(Pick::LATER),
        _ => {}
    }
    let names: Vec<(&Id, &str)> = pick.items.iter().map(|item| (&item.id, item.title.as_str())).collect();
    match find(&names, line).as_slice() {
        [one] => said(names[*one].0.clone()),
        [] => Err(vec![format!("“{line}” is none of the {}.", names.len())]),
        several => Err(list(pick, several)),
    }
}

/// The places that an answer means: an id or title as it stands, else the number of a place, else all titles with it inside.
fn find(names: &[(&Id, &str)], line: &str) -> Vec<usize> {
    let lower = line.to_lowercase();
    let exact = |place: &usize| names[*place].0 == line || names[*place].1.to_lowercase() == lower;
    if let Some(place) = (0..names.len()).find(exact) {
        return vec![place];
    }
    if let Some(place) =
        line.parse::<usize>().ok().and_then(|number| number.checked_sub(1)).filter(|at| *at < names.len())
    {
        return vec![place];
    }
    (0..names.len()).filter(|place| names[*place].1.to_lowercase().contains(&lower)).collect()
}
