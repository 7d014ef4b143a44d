//! Keys in, inputs out.

use std::time::Duration;

use labwizard::domain::Text;
use labwizard::front::tui::screen::Act;
use labwizard::wizard::message::Input;
use labwizard::wizard::page::{Block, FieldError, Page, Pick};

use super::{Held, UNICODE, id, key, pages};

const UP: &[u8] = b"\x1b[A";
const DOWN: &[u8] = b"\x1b[B";
const ENTER: &[u8] = b"\r";
const TAB: &[u8] = b"\t";
const ESC: &[u8] = b"\x1b";
const CTRL_C: &[u8] = b"\x03";
const CTRL_R: &[u8] = b"\x12";
const F1: &[u8] = b"\x1bOP";

fn held(page: Page) -> Held {
    Held::new(page, UNICODE, (80, 24))
}

fn typed(field: &'static str, text: &str, pasted: bool) -> Input {
    Input::Typed { field: id(field), text: Text::new(text), pasted }
}

fn chose(question: &'static str, choice: &'static str) -> Input {
    Input::Chose { question: id(question), choice: id(choice) }
}

fn secret_page() -> Page {
    let mut secret = pages::field("secret", "Secret", "hunter2-hunter2");
    secret.secret = true;
    let mut page = pages::host();
    page.blocks = vec![Block::Field(secret)];
    page
}

#[test]
fn each_letter_says_the_whole_text_and_a_paste_is_one_edit() {
    let mut held = held(pages::trust());
    assert_eq!(held.say(b"A"), [typed("fingerprint", "A", false)]);
    assert_eq!(held.say(b"\x1b[200~B:C\x1b[201~"), [typed("fingerprint", "AB:C", true)]);
    assert_eq!(held.say(b"\x7f"), [typed("fingerprint", "AB:", false)]);
    assert_eq!(held.say(b"\x1b[D"), []);
}

#[test]
fn a_paste_with_line_ends_stays_in_its_field_and_submits_nothing() {
    for paste in [&b"\x1b[200~id\nsecret\n\x1b[201~\r\r\r"[..], b"id\nsecret\n\n\n"] {
        let mut held = held(pages::trust());
        assert_eq!(held.say(paste), [typed("fingerprint", "id\nsecret", true)]);
    }
}

#[test]
fn what_is_typed_or_pasted_at_the_answers_goes_to_the_pages_only_field() {
    for (bytes, pasted) in [(&b"\x1b[200~A1:B2\x1b[201~"[..], true), (b"A1:B2", true), (b"A", false)] {
        let mut held = held(pages::trust());
        held.press(TAB);
        let text = if bytes == b"A" { "A" } else { "A1:B2" };
        assert_eq!(held.say(bytes), [typed("fingerprint", text, pasted)]);
    }
}

#[test]
fn a_token_that_is_pasted_at_the_answers_does_not_come_into_sight() {
    let mut page = pages::trust();
    page.blocks.retain(|block| !matches!(block, Block::Field(_)));
    page.blocks.insert(0, Block::Field(pages::field("compare", "Compare", "")));
    page.focus = Some(id("trust"));
    let mut held = held(page);
    assert_eq!(held.say(b"apex@pve!tok\n00000000-0000-4000-8000-000000000001\n"), []);
    assert!(!held.text().contains("00000000"), "{}", held.text());
}

#[test]
fn among_several_fields_what_is_typed_at_the_answers_goes_to_none() {
    let mut page = pages::trust();
    page.blocks.push(Block::Field(pages::field("other", "Other", "")));
    let mut held = held(page);
    held.press(TAB);
    assert_eq!(held.say(b"A1:B2"), []);
}

#[test]
fn enter_in_a_field_submits() {
    assert_eq!(held(pages::host()).say(ENTER), [Input::Submit]);
}

#[test]
fn enter_on_an_answer_takes_it_and_submits() {
    let mut held = held(pages::review());
    assert_eq!(held.say(ENTER), [chose("review", "do"), Input::Submit]);
}

#[test]
fn where_nothing_is_preselected_enter_chooses_nothing() {
    let mut held = held(pages::trust());
    held.press(TAB);
    assert_eq!(held.say(ENTER), [Input::Submit]);
}

#[test]
fn down_leads_from_field_to_answers_and_up_back_with_what_was_highlighted() {
    let mut held = held(pages::trust());
    assert_eq!(held.say(DOWN), []);
    held.press(DOWN);
    held.press(DOWN);
    held.press(UP);
    assert_eq!(held.say(UP), [chose("trust", "same")]);
    // The keyboard is back in the field.
    assert_eq!(held.say(b"x"), [typed("fingerprint", "x", false)]);
}

#[test]
fn tab_goes_around() {
    let mut held = held(pages::trust());
    held.press(TAB);
    held.press(TAB);
    assert_eq!(held.say(b"x"), [typed("fingerprint", "x", false)]);
    held.press(b"\x1b[Z");
    // Among the answers, where a blank takes the highlighted one.
    assert_eq!(held.say(b" "), []);
    assert_eq!(held.say(ENTER), [Input::Submit]);
}

#[test]
fn enter_acts_on_nothing_that_is_out_of_sight() {
    let mut held = Held::new(pages::verify(), UNICODE, (60, 16));
    assert!(!held.text().contains("Grant exactly"), "{}", held.text());
    assert_eq!(held.say(ENTER), []);
    assert!(held.text().contains("▸ Grant exactly"), "{}", held.text());
    assert_eq!(held.say(ENTER), [chose("mend", "grant"), Input::Submit]);
}

#[test]
fn on_a_screen_that_is_too_small_only_quitting_is_possible() {
    let mut held = Held::new(pages::review(), UNICODE, (40, 10));
    assert_eq!(held.say(ENTER), []);
    assert_eq!(held.say(CTRL_C), []);
    assert_eq!(held.text().trim_end(), "Ctrl-C again quits");
    assert_eq!(held.say(CTRL_C), [Input::Quit]);
}

#[test]
fn escape_stops_what_is_under_way_and_else_goes_back() {
    let mut held = held(pages::host());
    assert_eq!(held.say(ESC), [Input::Back]);
    let busy = Page { busy: Some("Asking pve.lan".into()), ..pages::host() };
    held.show(busy.clone());
    assert_eq!(held.say(ESC), [Input::Stop]);
    assert_eq!(held.say(b"x"), []);
    assert_eq!(held.say(ENTER), []);
    held.show(Page { busy: None, back: false, ..pages::host() });
    assert_eq!(held.say(ESC), []);
}

#[test]
fn quitting_asks_once() {
    let mut held = held(pages::host());
    assert_eq!(held.say(CTRL_C), []);
    assert!(held.text().contains("Ctrl-C again quits"), "{}", held.text());
    assert_eq!(held.say(b"x"), []);
    assert!(!held.text().contains("again quits"));
    held.press(CTRL_C);
    assert_eq!(held.say(CTRL_C), [Input::Quit]);
}

#[test]
fn on_the_last_page_enter_leaves() {
    for keys in [ENTER, ESC, CTRL_C] {
        assert_eq!(held(pages::done()).say(keys), [Input::Quit]);
    }
}

#[test]
fn a_secret_is_dots_until_it_is_revealed_and_for_20_seconds() {
    let mut held = held(secret_page());
    assert!(!held.text().contains("hunter2"));
    held.press(CTRL_R);
    assert!(held.text().contains("hunter2-hunter2"));
    assert!(held.screen.deadline(held.now).is_some());
    held.wait(Duration::from_secs(21));
    assert!(!held.text().contains("hunter2"));
    assert_eq!(held.screen.deadline(held.now), None);
}

#[test]
fn a_revealed_secret_is_covered_by_a_resize_a_suspension_and_another_step() {
    let ends: [fn(&mut Held); 4] = [
        |held| held.screen.resize((100, 30)),
        |held| held.screen.cover(),
        |held| held.show(pages::verify()),
        |held| drop(held.press(CTRL_R)),
    ];
    for end in ends {
        let mut held = held(secret_page());
        held.press(CTRL_R);
        assert!(held.text().contains("hunter2"));
        end(&mut held);
        held.show(secret_page());
        assert!(!held.text().contains("hunter2"));
    }
}

#[test]
fn only_what_runs_makes_the_screen_change_by_itself() {
    let mut held = held(pages::host());
    assert_eq!(held.screen.deadline(held.now), None);
    held.show(Page { busy: Some("Asking pve.lan".into()), ..pages::host() });
    assert_eq!(held.screen.deadline(held.now), Some(held.now + Duration::from_secs(2)));
    assert!(!held.text().contains(" s\n"));
    held.wait(Duration::from_millis(3100));
    assert!(held.text().contains("Asking pve.lan · 3 s"), "{}", held.text());
    assert_eq!(held.screen.deadline(held.now), Some(held.now + Duration::from_millis(900)));
    held.show(pages::host());
    assert_eq!(held.screen.deadline(held.now), None);
}

#[test]
fn a_page_of_another_step_wants_a_fresh_key() {
    let mut held = held(pages::host());
    assert!(!held.screen.show(pages::host(), held.now));
    assert!(held.screen.show(pages::trust(), held.now));
}

#[test]
fn a_title_that_changes_while_one_types_takes_nothing_away() {
    let mut held = held(pages::trust());
    held.press(b"A");
    held.press(b"\x1b[D");
    let mut page = Page { title: "Is this pve.lan?".into(), ..pages::trust() };
    if let Block::Field(field) = &mut page.blocks[3] {
        field.value = Text::new("A");
    }
    held.show(page);
    assert_eq!(held.say(b"B"), [typed("fingerprint", "BA", false)]);
}

#[test]
fn typing_sifts_a_long_list_and_enter_takes_the_first_that_fits() {
    let page = pages::kinds().into_iter().find(|(name, _)| *name == "pick").map(|(_, page)| page).unwrap();
    let mut held = held(page);
    assert!(held.text().contains("▸ guest-5000"), "{}", held.text());
    for letter in ["7", "7", "7", "7"] {
        assert_eq!(held.say(letter.as_bytes()), []);
    }
    assert!(held.text().contains("7777   1 of 10,000"), "{}", held.text());
    assert_eq!(held.say(ENTER), [chose("pick.guest", "7777"), Input::Submit]);
}

#[test]
fn a_filter_that_fits_nothing_says_so_and_enter_takes_nothing() {
    let mut page = pages::host();
    page.blocks = vec![Block::Pick(Pick { optional: false, ..pages::pick(30, None) })];
    let mut held = held(page);
    held.press(b"q");
    held.press(b"q");
    assert!(held.text().contains("Nothing here has “qq” in it"), "{}", held.text());
    assert_eq!(held.say(ENTER), [Input::Submit]);
}

#[test]
fn an_optional_pick_can_be_left_out() {
    let mut page = pages::host();
    page.blocks = vec![Block::Pick(pages::pick(3, None))];
    let mut held = held(page);
    held.press(b"\x1b[F");
    assert_eq!(held.say(ENTER), [chose("pick.guest", "later"), Input::Submit]);
}

#[test]
fn after_a_refused_submit_the_keyboard_is_where_the_page_says() {
    let mut held = held(pages::trust());
    held.press(TAB);
    held.press(ENTER);
    let mut page = pages::trust();
    page.focus = Some(id("fingerprint"));
    if let Block::Field(field) = &mut page.blocks[3] {
        field.error = Some(FieldError { what: "This is another certificate.".into(), hint: None });
    }
    held.show(page);
    assert!(held.text().contains("✗ This is another certificate."), "{}", held.text());
    assert_eq!(held.say(b"x"), [typed("fingerprint", "x", false)]);
}

#[test]
fn what_a_page_makes_of_a_paste_stands_in_the_field() {
    let mut held = held(pages::host());
    let mut page = pages::host();
    if let Block::Field(field) = &mut page.blocks[0] {
        field.value = Text::new("pve.lan");
    }
    held.show(page);
    assert_eq!(held.say(b"x"), [typed("host", "pve.lanx", false)]);
}

#[test]
fn a_command_is_copied_whole_and_the_next_one_with_the_next_press() {
    let page = pages::kinds().into_iter().find(|(name, _)| *name == "findings").map(|(_, page)| page).unwrap();
    let mut held = held(page);
    let copied = held.press(b"\x19");
    assert!(matches!(&copied[..], [Act::Copy(text)] if text.starts_with("pveum acl modify")), "{copied:?}");
    assert!(held.text().contains("Sent to the clipboard"), "{}", held.text());
}

#[test]
fn a_secret_cannot_be_copied() {
    let mut held = held(secret_page());
    assert_eq!(held.press(b"\x19"), []);
}

#[test]
fn the_help_is_made_from_the_table_and_types_nothing() {
    let mut held = held(pages::host());
    held.press(F1);
    assert!(
        held.text().contains("Help: Where is your Proxmox?") && held.text().contains("Shift-Tab"),
        "{}",
        held.text()
    );
    assert_eq!(held.say(b"x"), []);
    assert_eq!(held.say(ESC), []);
    assert!(!held.text().contains("Help:"));
}

#[test]
fn a_cursor_stays_in_sight_in_a_text_that_is_longer_than_its_line() {
    let mut held = held(pages::trust());
    let long: String = "0123456789".repeat(20);
    held.press(format!("\x1b[200~{long}\x1b[201~").as_bytes());
    let mut page = pages::trust();
    if let Block::Field(field) = &mut page.blocks[3] {
        field.value = Text::new(long.as_str());
    }
    held.show(page.clone());
    for (key, at_start) in [(&b"\x1b[H"[..], true), (b"\x1b[F", false)] {
        held.press(key);
        let (buffer, cursor) = held.frame();
        let cursor = cursor.expect("the field has the keyboard");
        assert!(cursor.x < 80);
        let row = super::rows(&buffer)[usize::from(cursor.y)].clone();
        assert!(row.contains("0123456"), "{row}");
        assert_eq!(row.trim_end().ends_with('…'), at_start, "{row}");
    }
}

#[test]
fn alt_and_a_digit_go_to_that_step() {
    let said = held(pages::verify()).say(b"\x1b2");
    assert_eq!(said, [Input::GoTo(labwizard::domain::finding::Step::Host)]);
}

#[test]
fn a_key_that_means_nothing_here_does_nothing() {
    let mut held = held(pages::done());
    for code in [crossterm::event::KeyCode::F(9), crossterm::event::KeyCode::Char('q')] {
        assert_eq!(held.screen.hear(key(code), held.now), []);
    }
}

#[test]
fn a_page_that_was_busy_at_first_is_read_from_its_top() {
    let mut held = Held::new(pages::verify(), UNICODE, (60, 16));
    held.press(ENTER);
    held.press(ENTER);
    let mut review = pages::review();
    let title = review.title.clone();
    let blocks = std::mem::take(&mut review.blocks);
    review.focus = blocks.iter().find_map(|block| match block {
        Block::Choice(choice) => Some(choice.id.clone()),
        _ => None,
    });
    held.show(Page { busy: Some("Reading the file".into()), ..review.clone() });
    held.show(Page { blocks, ..review });
    assert!(held.text().contains(&title), "{}", held.text());
}

#[test]
fn stopping_is_offered_while_something_is_looked_at_and_not_while_a_run_acts() {
    for (mut page, offered) in [(pages::host(), true), (pages::review(), false)] {
        page.busy = Some("At work".into());
        assert_eq!(held(page).text().contains("Esc stop"), offered);
    }
}
