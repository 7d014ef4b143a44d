//! The conversation in lines, without input and output: pages in, lines and questions out, answers in, inputs out.

use std::collections::{HashSet, VecDeque};

use crate::domain::{Id, Text};
use crate::front::{is_another, words};
use crate::wizard::message::Input;
use crate::wizard::page::{Block, Choice, Field, FieldError, LinkState, Page, Pick};

/// Items of a list that are written out at once.
const SHORT: usize = 20;
const WORDS: &str = "At every question: ? for help, back (or <) for the page before, quit to end.";

/// What is to be done now.
pub enum Turn {
    Say(Input),
    /// Something is under way.
    Wait,
    Ask {
        prompt: String,
        secret: bool,
        several: bool,
    },
}

#[derive(Default)]
pub struct Dialogue {
    page: Option<Page>,
    /// Questions that are still to be asked before the page is submitted.
    open: VecDeque<Id>,
    /// Lines of this page that were printed already.
    printed: HashSet<String>,
    /// The list that stands before the current question is printed.
    listed: bool,
    submitted: bool,
    words_said: bool,
    busy: Option<String>,
}

impl Dialogue {
    /// The lines that are new.
    pub fn show(&mut self, page: Page) -> Vec<String> {
        let mut lines = Vec::new();
        let before = self.page.take();
        let anew = before.as_ref().is_none_or(|before| is_another(before, &page));
        if anew {
            self.printed.clear();
            self.open = page.questions().cloned().collect();
            self.busy = None;
            self.listed = false;
            lines.push(String::new());
            lines.extend(page.banner.iter().map(|banner| format!("Note: {banner}")));
            lines.push(headline(&page));
        } else {
            if before.as_ref().is_some_and(|before| before.title != page.title) {
                lines.push(headline(&page));
            }
            let known: Vec<&Id> = before.iter().flat_map(Page::questions).collect();
            self.open.extend(page.questions().filter(|id| !known.contains(id)).cloned());
            self.open.retain(|id| page.questions().any(|other| other == id));
        }
        // What is looked at anew is told anew, even where it comes out the same.
        let failed = |page: &Page| page.blocks.iter().any(|block| matches!(block, Block::Findings(_)));
        if page.busy.is_some() && before.as_ref().is_some_and(|before| before.busy.is_none() && failed(before)) {
            self.printed.clear();
        }
        for block in &page.blocks {
            let new: Vec<String> = told(block).into_iter().filter(|part| self.printed.insert(part.clone())).collect();
            lines.extend(new);
        }
        if page.busy != self.busy {
            lines.extend(page.busy.iter().map(|busy| format!("{busy} …")));
            self.busy.clone_from(&page.busy);
        }
        if page.busy.is_none() && std::mem::take(&mut self.submitted) && !anew {
            for (id, error) in errors(&page) {
                lines.push(format!("Error: {}", error.what));
                lines.extend(error.hint.clone());
                if !self.open.contains(id) {
                    self.open.push_back(id.clone());
                }
            }
            if self.open.is_empty() {
                // Nothing says what is amiss: all is asked again rather than submitted again.
                self.open = page.focus.iter().cloned().chain(page.questions().cloned()).collect();
                let mut seen = HashSet::new();
                self.open.retain(|id| page.questions().any(|other| other == id) && seen.insert(id.clone()));
            }
            self.listed = false;
        }
        if !self.words_said && !page.last {
            self.words_said = true;
            lines.push(WORDS.to_owned());
        }
        self.page = Some(page);
        lines
    }

    /// What is to be done now. Asking again asks the same.
    pub fn turn(&mut self) -> Turn {
        let Some(page) = &self.page else { return Turn::Wait };
        if page.busy.is_some() {
            return Turn::Wait;
        }
        let Some(id) = self.open.front() else {
            if page.last && page.questions().next().is_none() {
                return Turn::Say(Input::Quit);
            }
            if page.questions().next().is_some() {
                self.submitted = true;
                return Turn::Say(Input::Submit);
            }
            return Turn::Ask { prompt: format!("Enter: {}", page.submit), secret: false, several: false };
        };
        let asked = page.blocks.iter().find_map(|block| match block {
            Block::Field(field) if field.id == *id => {
                Some((ask_field(field), field.secret, field.multiline || field.secret))
            }
            Block::Choice(choice) if choice.id == *id => Some((ask_choice(choice, self.listed), false, false)),
            Block::Pick(pick) if pick.id == *id => Some((ask_pick(pick, self.listed), false, false)),
            _ => None,
        });
        self.listed = true;
        match asked {
            Some((prompt, secret, several)) => Turn::Ask { prompt, secret, several },
            None => Turn::Wait,
        }
    }

    /// What an answer says, and what is to be printed about it.
    pub fn answer(&mut self, line: &str) -> (Vec<Input>, Vec<String>) {
        let Some(page) = &self.page else { return (Vec::new(), Vec::new()) };
        match line.trim() {
            "?" => {
                self.listed = false;
                let none = || vec!["There is no help for this page.".to_owned()];
                return (Vec::new(), Some(page.help.clone()).filter(|help| !help.is_empty()).unwrap_or_else(none));
            }
            "back" | "<" if page.back => return (vec![Input::Back], Vec::new()),
            "back" | "<" => return (Vec::new(), vec!["This is the first page.".to_owned()]),
            "quit" => return (vec![Input::Quit], Vec::new()),
            _ => {}
        }
        let Some(id) = self.open.front().cloned() else {
            self.submitted = true;
            return (vec![Input::Submit], Vec::new());
        };
        let found = page.blocks.iter().find_map(|block| match block {
            Block::Field(field) if field.id == id => Some(typed(field, line)),
            Block::Choice(choice) if choice.id == id => Some(chose(choice, line.trim())),
            Block::Pick(pick) if pick.id == id => Some(picked(pick, line.trim())),
            _ => None,
        });
        match found {
            Some(Ok(input)) => {
                self.open.pop_front();
                self.listed = false;
                (input.into_iter().collect(), Vec::new())
            }
            Some(Err(lines)) => (Vec::new(), lines),
            None => {
                self.open.pop_front();
                (Vec::new(), Vec::new())
            }
        }
    }

    /// The lines of a summary that have not been printed already.
    pub fn unsaid(&self, summary: &[String]) -> Vec<String> {
        let title = self.page.as_ref().map(headline);
        let known = |line: &String| self.printed.iter().any(|part| part.split('\n').any(|printed| printed == line));
        let new = |line: &&String| !line.is_empty() && Some(*line) != title.as_ref() && !known(line);
        summary.iter().filter(new).cloned().collect()
    }
}

fn headline(page: &Page) -> String {
    match page.road.iter().position(|(step, _)| *step == page.step) {
        Some(place) => format!("{}, {} of {}: {}", page.step.word(), place + 1, page.road.len(), page.title),
        None => page.title.clone(),
    }
}

/// What a block tells, in parts that are printed once each: a road's links and a plan's actions one by one as they complete.
fn told(block: &Block) -> Vec<String> {
    match block {
        Block::Field(field) => field.note.iter().map(|note| format!("{}: {note}", field.label)).collect(),
        Block::Choice(_) | Block::Pick(_) => Vec::new(),
        Block::Road(links) => {
            let done = |state: &LinkState| !matches!(state, LinkState::Waiting | LinkState::Running);
            links.iter().filter(|link| done(&link.state)).map(words::link).collect()
        }
        Block::Plan(groups) => {
            let mut number = 0;
            let mut parts = Vec::new();
            for group in groups {
                parts.push(group.heading.clone());
                for action in &group.actions {
                    number += 1;
                    parts.push(words::planned(number, action));
                }
            }
            parts
        }
        Block::Findings(findings) => findings.iter().map(|finding| words::finding(finding).join("\n")).collect(),
        other => vec![words::block(other).join("\n")],
    }
}

fn errors(page: &Page) -> impl Iterator<Item = (&Id, &FieldError)> {
    page.blocks.iter().filter_map(|block| match block {
        Block::Field(field) => field.error.as_ref().map(|error| (&field.id, error)),
        Block::Choice(choice) => choice.error.as_ref().map(|error| (&choice.id, error)),
        Block::Pick(pick) => pick.error.as_ref().map(|error| (&pick.id, error)),
        _ => None,
    })
}

fn ask_field(field: &Field) -> String {
    let mut kept = words::value(field);
    let lines = kept.lines().count();
    if lines > 1 {
        kept = format!("{lines} lines");
    }
    let hint = if field.secret { " (not shown while you type)" } else { "" };
    if kept.is_empty() { format!("{}{hint}:", field.label) } else { format!("{}{hint} [{kept}]:", field.label) }
}

/// An empty line keeps what stands there.
fn typed(field: &Field, line: &str) -> Result<Option<Input>, Vec<String>> {
    let text = if field.secret { line } else { line.trim() };
    if text.is_empty() {
        return Ok(None);
    }
    Ok(Some(Input::Typed { field: field.id.clone(), text: Text::new(text), pasted: text.contains('\n') }))
}

fn ask_choice(choice: &Choice, listed: bool) -> String {
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

fn chose(choice: &Choice, line: &str) -> Result<Option<Input>, Vec<String>> {
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

fn ask_pick(pick: &Pick, listed: bool) -> String {
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

fn picked(pick: &Pick, line: &str) -> Result<Option<Input>, Vec<String>> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Link;
    use crate::domain::finding::Step;
    use crate::wizard::page::{Answer, Item, RoadLink};

    fn page(blocks: Vec<Block>) -> Page {
        Page {
            step: Step::Access,
            road: vec![],
            banner: None,
            title: "How?".into(),
            blocks,
            submit: "next",
            back: true,
            busy: None,
            last: false,
            focus: None,
            help: vec!["Some help.".into()],
        }
    }

    fn choice(chosen: Option<&'static str>) -> Block {
        let option =
            |id: &'static str, title: &str| Answer { id: id.into(), title: title.into(), about: vec![], risky: false };
        Block::Choice(Choice {
            id: "way".into(),
            label: "Way".into(),
            options: vec![option("login", "Log in"), option("ssh", "Over SSH"), option("hand", "By hand, over there")],
            chosen: chosen.map(Id::fixed),
            error: None,
        })
    }

    fn pick(count: usize) -> Block {
        let item = |at: usize| Item { id: Id::new(at.to_string()), title: format!("guest-{at}"), about: String::new() };
        Block::Pick(Pick {
            id: "guest".into(),
            label: "Guest".into(),
            items: (9000..9000 + count).map(item).collect(),
            chosen: None,
            empty: "There is none.".into(),
            optional: false,
            error: None,
        })
    }

    fn field(error: Option<&str>) -> Block {
        Block::Field(Field {
            id: "name".into(),
            label: "Name".into(),
            value: Text::default(),
            placeholder: String::new(),
            secret: false,
            multiline: false,
            note: None,
            error: error.map(|what| FieldError { what: what.into(), hint: None }),
        })
    }

    fn shown(blocks: Vec<Block>) -> Dialogue {
        let mut dialogue = Dialogue::default();
        dialogue.show(page(blocks));
        dialogue.turn();
        dialogue
    }

    fn chose(question: &'static str, choice: &str) -> Vec<Input> {
        vec![Input::Chose { question: question.into(), choice: Id::new(choice) }]
    }

    #[test]
    fn a_choice_is_answered_by_number_id_or_a_part_that_fits_one() {
        for (line, id) in [("1", "login"), ("ssh", "ssh"), ("OVER ssh", "ssh"), ("hand", "hand"), ("log", "login")] {
            assert_eq!(shown(vec![choice(None)]).answer(line).0, chose("way", id), "{line}");
        }
    }

    #[test]
    fn what_fits_none_or_several_is_asked_again_with_the_reason() {
        for (line, reason) in [("over", "fits 2"), ("4", "none of these"), ("x", "“x”"), ("", "yours to decide")] {
            let (said, lines) = shown(vec![choice(None)]).answer(line);
            assert!(said.is_empty() && lines.concat().contains(reason), "{line}: {lines:?}");
        }
        assert_eq!(shown(vec![choice(Some("ssh"))]).answer("").0, chose("way", "ssh"));
    }

    #[test]
    fn a_long_list_is_narrowed_and_its_numbers_stay() {
        let mut dialogue = shown(vec![pick(300)]);
        let (said, lines) = dialogue.answer("guest-911");
        assert!(said.is_empty());
        assert_eq!(lines[0], "  111. guest-9110");
        assert_eq!(dialogue.answer("111").0, chose("guest", "9110"));
    }

    #[test]
    fn an_id_goes_before_a_number() {
        assert_eq!(shown(vec![pick(3)]).answer("9001").0, chose("guest", "9001"));
        assert_eq!(shown(vec![pick(3)]).answer("1").0, chose("guest", "9000"));
    }

    #[test]
    fn help_back_and_quit_are_understood_at_every_question() {
        for block in [choice(None), field(None), pick(3)] {
            let mut dialogue = shown(vec![block]);
            assert_eq!(dialogue.answer("?"), (vec![], vec!["Some help.".to_owned()]));
            assert_eq!(dialogue.answer("back").0, [Input::Back]);
            assert_eq!(dialogue.answer("<").0, [Input::Back]);
            assert_eq!(dialogue.answer("quit").0, [Input::Quit]);
        }
    }

    #[test]
    fn after_the_last_answer_the_page_is_submitted_and_what_was_wrong_is_asked_again() {
        let mut dialogue = shown(vec![choice(Some("ssh")), field(None)]);
        dialogue.answer("");
        dialogue.answer("x y");
        assert!(matches!(dialogue.turn(), Turn::Say(Input::Submit)));
        let lines = dialogue.show(page(vec![choice(Some("ssh")), field(Some("A name has no blanks."))]));
        assert_eq!(lines, ["Error: A name has no blanks."]);
        assert!(matches!(dialogue.turn(), Turn::Ask { prompt, .. } if prompt == "Name:"));
        dialogue.answer("x");
        assert!(matches!(dialogue.turn(), Turn::Say(Input::Submit)));
    }

    #[test]
    fn a_road_is_told_link_by_link_and_each_once() {
        let road = |states: [LinkState; 2]| {
            let links = [Link::Resolve, Link::Connect].into_iter().zip(states).map(|(link, state)| RoadLink {
                link,
                word: link.word().into(),
                state,
                sentence: "s".into(),
                took_ms: None,
            });
            Page { busy: Some("Asking".into()), ..page(vec![Block::Road(links.collect())]) }
        };
        use LinkState::{Broken, Good, Running, Waiting};
        let mut dialogue = Dialogue::default();
        let first = dialogue.show(road([Running, Waiting]));
        assert!(!first.iter().any(|line| line.contains("resolve")), "{first:?}");
        assert_eq!(dialogue.show(road([Good, Running])), ["resolve: ok, s"]);
        assert!(matches!(dialogue.turn(), Turn::Wait));
        assert_eq!(dialogue.show(road([Good, Broken])), ["connect: failed, s"]);
        assert!(dialogue.show(road([Good, Broken])).is_empty());
    }

    #[test]
    fn a_last_page_ends_by_itself_and_its_lines_are_not_said_twice() {
        let mut dialogue = Dialogue::default();
        let last = Page { last: true, ..page(vec![Block::Facts(vec![("Undo".into(), "labwizard undo 1".into())])]) };
        dialogue.show(last.clone());
        assert!(matches!(dialogue.turn(), Turn::Say(Input::Quit)));
        assert!(dialogue.unsaid(&crate::front::summary(&last)).is_empty());
    }
}
