//! What guides get wrong is said where it is met, also beside a token that is whole.

use labwizard::front::words;
use labwizard::wizard::page::Block;
use labwizard::wizard::step::{host, token};

use super::hand::{Hand, SECRET, certificates};

/// What the page says, as lines of text.
fn told(hand: &Hand) -> String {
    let page = hand.w.page();
    let notes = page.blocks.iter().filter_map(|block| match block {
        Block::Field(field) => field.note.clone(),
        _ => None,
    });
    words::page(&page, false).into_iter().chain(notes).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_guides_mistake_is_said_beside_a_whole_token() {
    let [leaf, _] = certificates();
    for (command, truth) in [
        ("Uncheck Privilege Separation.", "has exactly what it is granted"),
        ("pveum token add apex@pve!tool", "There is no command “pveum token”"),
        ("curl -k https://pve:8006/api2/json/version -H 'Authorization: PVEAPIToken=", "they prove that it signs in"),
    ] {
        let mut hand = Hand::new();
        hand.reach_token(&leaf);
        let end = if command.ends_with('=') { "'" } else { "" };
        let gap = if command.ends_with('=') { "" } else { "\n" };
        hand.typed(token::TOKEN, &format!("{command}{gap}apex@pve!tool={SECRET}{end}"));
        assert!(told(&hand).contains(truth), "{command}:\n{}", told(&hand));
        assert!(!told(&hand).contains(SECRET));
    }
}

#[test]
fn an_ssh_command_in_the_host_field_is_told_what_it_was_taken_for() {
    let mut hand = Hand::new();
    hand.reach_host();
    hand.typed(host::HOST, "ssh apex@pve.lan");
    assert!(told(&hand).contains("pve.lan"), "{}", told(&hand));
    assert!(told(&hand).contains("left away"), "{}", told(&hand));
}
