//! The one table of keys: what each does, its name and its words. Footer, help and manual are made from it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::front::tui::editor::Edit;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Submit,
    /// Esc: stops what is under way, closes what lies over the page, else goes back.
    Away,
    Next,
    Previous,
    Up,
    Down,
    PageUp,
    PageDown,
    Reveal,
    Copy,
    Bare,
    Help,
    /// The step of the road that the digit counts to.
    GoTo,
    Redraw,
    Suspend,
    Quit,
    Edit(Edit),
}

/// One row of the table.
#[derive(Debug)]
pub struct Binding {
    pub action: Action,
    /// As footer and help write it: `Ctrl-R`.
    pub name: &'static str,
    /// What the help says of it.
    pub about: &'static str,
    keys: &'static [(KeyCode, KeyModifiers)],
}

const NONE: KeyModifiers = KeyModifiers::NONE;
const CTRL: KeyModifiers = KeyModifiers::CONTROL;
const ALT: KeyModifiers = KeyModifiers::ALT;

const fn letter(sign: char) -> (KeyCode, KeyModifiers) {
    (KeyCode::Char(sign), CTRL)
}

const fn digit(sign: char) -> (KeyCode, KeyModifiers) {
    (KeyCode::Char(sign), ALT)
}

/// In the order of the help. Keys that type text are in no row: where text can be typed, no printable key is a command.
pub const TABLE: &[Binding] = &[
    Binding {
        action: Action::Submit,
        name: "Enter",
        about: "take the answer and go on",
        keys: &[(KeyCode::Enter, NONE)],
    },
    Binding {
        action: Action::Away,
        name: "Esc",
        about: "stop what is under way, or go back; nothing typed is lost",
        keys: &[(KeyCode::Esc, NONE)],
    },
    Binding { action: Action::Next, name: "Tab", about: "next question", keys: &[(KeyCode::Tab, NONE)] },
    Binding {
        action: Action::Previous,
        name: "Shift-Tab",
        about: "question before",
        keys: &[(KeyCode::BackTab, NONE), (KeyCode::BackTab, KeyModifiers::SHIFT)],
    },
    Binding {
        action: Action::Up,
        name: "Up",
        about: "answer above, then question above",
        keys: &[(KeyCode::Up, NONE)],
    },
    Binding {
        action: Action::Down,
        name: "Down",
        about: "answer below, then question below",
        keys: &[(KeyCode::Down, NONE)],
    },
    Binding {
        action: Action::PageUp,
        name: "PageUp",
        about: "scroll up; in a list, a page of it",
        keys: &[(KeyCode::PageUp, NONE)],
    },
    Binding {
        action: Action::PageDown,
        name: "PageDown",
        about: "scroll down; in a list, a page of it",
        keys: &[(KeyCode::PageDown, NONE)],
    },
    Binding {
        action: Action::Reveal,
        name: "Ctrl-R",
        about: "show the secret in this field for 20 seconds, or hide it",
        keys: &[letter('r')],
    },
    Binding {
        action: Action::Copy,
        name: "Ctrl-Y",
        about: "copy a command to the clipboard; again for the next one",
        keys: &[letter('y')],
    },
    Binding {
        action: Action::Bare,
        name: "F2",
        about: "this page bare, without frame or wrap, to mark with the mouse",
        keys: &[(KeyCode::F(2), NONE)],
    },
    Binding { action: Action::Help, name: "F1", about: "help", keys: &[(KeyCode::F(1), NONE)] },
    Binding {
        action: Action::GoTo,
        name: "Alt-1…9",
        about: "go to that step of the road",
        keys: &[
            digit('1'),
            digit('2'),
            digit('3'),
            digit('4'),
            digit('5'),
            digit('6'),
            digit('7'),
            digit('8'),
            digit('9'),
        ],
    },
    Binding { action: Action::Redraw, name: "Ctrl-L", about: "draw the screen anew", keys: &[letter('l')] },
    Binding {
        action: Action::Suspend,
        name: "Ctrl-Z",
        about: "back to the shell; fg comes here again",
        keys: &[letter('z')],
    },
    Binding { action: Action::Quit, name: "Ctrl-C", about: "quit; asks once", keys: &[letter('c')] },
    Binding {
        action: Action::Edit(Edit::Left),
        name: "Left",
        about: "a letter left",
        keys: &[(KeyCode::Left, NONE), letter('b')],
    },
    Binding {
        action: Action::Edit(Edit::Right),
        name: "Right",
        about: "a letter right",
        keys: &[(KeyCode::Right, NONE), letter('f')],
    },
    Binding {
        action: Action::Edit(Edit::WordLeft),
        name: "Ctrl-Left",
        about: "a word left",
        keys: &[(KeyCode::Left, CTRL), (KeyCode::Left, ALT), (KeyCode::Char('b'), ALT)],
    },
    Binding {
        action: Action::Edit(Edit::WordRight),
        name: "Ctrl-Right",
        about: "a word right",
        keys: &[(KeyCode::Right, CTRL), (KeyCode::Right, ALT), (KeyCode::Char('f'), ALT)],
    },
    Binding {
        action: Action::Edit(Edit::Start),
        name: "Home",
        about: "start of the text, or of the list",
        keys: &[(KeyCode::Home, NONE), letter('a')],
    },
    Binding {
        action: Action::Edit(Edit::End),
        name: "End",
        about: "end of the text, or of the list",
        keys: &[(KeyCode::End, NONE), letter('e')],
    },
    Binding {
        action: Action::Edit(Edit::Backspace),
        name: "Backspace",
        about: "delete the letter before",
        keys: &[(KeyCode::Backspace, NONE), (KeyCode::Backspace, KeyModifiers::SHIFT)],
    },
    Binding {
        action: Action::Edit(Edit::Delete),
        name: "Delete",
        about: "delete the letter under the cursor",
        keys: &[(KeyCode::Delete, NONE), letter('d')],
    },
    Binding {
        action: Action::Edit(Edit::DeleteWord),
        name: "Ctrl-W",
        about: "delete the word before",
        keys: &[letter('w'), (KeyCode::Backspace, ALT), (KeyCode::Backspace, CTRL)],
    },
    Binding {
        action: Action::Edit(Edit::DeleteToStart),
        name: "Ctrl-U",
        about: "delete to the start",
        keys: &[letter('u')],
    },
    Binding {
        action: Action::Edit(Edit::DeleteToEnd),
        name: "Ctrl-K",
        about: "delete to the end",
        keys: &[letter('k')],
    },
    Binding {
        action: Action::Edit(Edit::Undo),
        name: "Ctrl-_",
        about: "undo the last edit of this field",
        keys: &[letter('_')],
    },
];

/// What this key asks for.
pub fn action(key: KeyEvent) -> Option<Action> {
    let pressed = (key.code, key.modifiers);
    TABLE.iter().find(|row| row.keys.contains(&pressed)).map(|row| row.action)
}

/// The name of the key that does this.
pub fn name(action: Action) -> &'static str {
    TABLE.iter().find(|row| row.action == action).map_or("", |row| row.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_means_one_thing() {
        let all: Vec<_> = TABLE.iter().flat_map(|row| row.keys).collect();
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one), "{one:?} stands in two rows");
        }
    }

    #[test]
    fn no_printable_key_is_a_command() {
        for (code, modifiers) in TABLE.iter().flat_map(|row| row.keys) {
            assert!(!matches!(code, KeyCode::Char(_)) || modifiers.intersects(CTRL | ALT), "{code:?}");
        }
    }
}
