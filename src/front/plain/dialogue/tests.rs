//! The conversation in lines, page by page.

use super::*;
use crate::domain::Link;
use crate::domain::Text;
use crate::domain::finding::Step;
use crate::wizard::page::{
    Answer, Choice, Command, Field, FieldError, Item, LinkState, Paragraph, Pick, RoadLink, StepState, Tone,
};

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
        settling: vec![],
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
fn an_answer_that_settles_the_page_leaves_its_other_questions_unasked() {
    let page = || Page { settling: vec![("way".into(), "ssh".into())], ..page(vec![choice(Some("ssh")), field(None)]) };
    for (line, settles) in [("", true), ("ssh", true), ("login", false)] {
        let mut dialogue = Dialogue::default();
        dialogue.show(page());
        dialogue.turn();
        dialogue.answer(line);
        assert_eq!(matches!(dialogue.turn(), Turn::Say(Input::Submit)), settles, "{line}");
    }
}

#[test]
fn a_mistake_is_no_default_and_enter_does_not_repeat_it() {
    for secret in [false, true] {
        let with = |error: Option<&str>| match field(error) {
            Block::Field(field) => Block::Field(Field { value: Text::new("tomorrow"), secret, ..field }),
            other => other,
        };
        let mut dialogue = shown(vec![with(Some("“tomorrow” is no day."))]);
        assert!(matches!(dialogue.turn(), Turn::Ask { prompt, .. } if !prompt.contains('[')));
        let (said, lines) = dialogue.answer("");
        assert!(said.is_empty() && lines.concat().contains("anew"), "{lines:?}");
        let mut sound = shown(vec![with(None)]);
        assert!(matches!(sound.turn(), Turn::Ask { prompt, .. } if prompt.contains('[')));
        assert!(sound.answer("").1.is_empty());
    }
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
    let road = vec![(Step::Access, StepState::Current)];
    let last = Page { last: true, road, ..page(vec![Block::Facts(vec![("Undo".into(), "labwizard undo 1".into())])]) };
    dialogue.show(last.clone());
    assert!(matches!(dialogue.turn(), Turn::Say(Input::Quit)));
    assert!(dialogue.unsaid(&crate::front::summary(&last)).is_empty());
}

#[test]
fn the_last_page_tells_what_is_new_of_it_and_the_rest_once() {
    let text = |text: &str| Block::Text(Paragraph { text: text.into(), tone: Tone::Plain });
    let done = |title: &str, texts: &[&str], busy: Option<&str>| Page {
        step: Step::Done,
        title: title.into(),
        busy: busy.map(str::to_owned),
        ..page(texts.iter().map(|one| text(one)).collect())
    };
    let mut dialogue = Dialogue::default();
    dialogue.show(done("Does it work?", &["It is written."], Some("Checking")));
    assert_eq!(dialogue.show(done("It works.", &["It is written.", "Checked."], None)), ["It works.", "Checked."]);
}

#[test]
fn what_stands_below_a_heading_is_set_in_up_to_the_next_question() {
    let text = |text: &str, tone| Block::Text(Paragraph { text: text.into(), tone });
    let command = Block::Command(Command { about: "On the host".into(), text: "one\ntwo".into() });
    let blocks = vec![text("Before.", Tone::Plain), text("By hand:", Tone::Quiet), text("Do.", Tone::Plain), command];
    let lines = Dialogue::default().show(page(blocks)).join("\n");
    assert!(lines.contains("Before.\nBy hand:\n  Do.\n  On the host\n    one\n    two"), "{lines}");
}
