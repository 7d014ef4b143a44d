//! The text of one field while it is edited: graphemes, cursor, words, undo. It draws nothing.
//!
//! The text may be a secret, so every copy of it is wiped when it goes.

use unicode_segmentation::UnicodeSegmentation;
use zeroize::Zeroizing;

/// Room that is taken at once, so that growing leaves no copies behind.
const ROOM: usize = 4096;
/// Steps back that are kept.
const UNDO: usize = 32;

/// What can be done to a text with keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    Left,
    Right,
    WordLeft,
    WordRight,
    Start,
    End,
    /// Deletes the grapheme before the cursor.
    Backspace,
    /// Deletes the grapheme under the cursor.
    Delete,
    /// Deletes the word before the cursor.
    DeleteWord,
    /// Deletes from the start to the cursor.
    DeleteToStart,
    /// Deletes from the cursor to the end.
    DeleteToEnd,
    Undo,
}

/// A text and the place in it where the next letter goes.
pub struct Editor {
    text: Zeroizing<String>,
    /// A byte index on a grapheme's border.
    cursor: usize,
    before: Vec<(Zeroizing<String>, usize)>,
}

impl Editor {
    /// With the cursor at the end.
    pub fn new(text: &str) -> Self {
        Editor { text: with_room(text), cursor: text.len(), before: Vec::new() }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Takes over a text that came from elsewhere; the same text changes nothing.
    pub fn replace(&mut self, text: &str) {
        if self.text.as_str() != text {
            self.remember();
            self.text = with_room(text);
            self.cursor = text.len();
        }
    }

    /// Puts a text in at the cursor.
    pub fn insert(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.remember();
        let mut new = with_room_for(self.text.len() + text.len());
        new.push_str(&self.text[..self.cursor]);
        new.push_str(text);
        new.push_str(&self.text[self.cursor..]);
        self.text = new;
        self.cursor = self.border(self.cursor + text.len());
    }

    /// Whether the text is another one now.
    pub fn edit(&mut self, edit: Edit) -> bool {
        let here = self.cursor;
        match edit {
            Edit::Left => self.cursor = self.left(),
            Edit::Right => self.cursor = self.right(),
            Edit::WordLeft => self.cursor = self.word_left(),
            Edit::WordRight => self.cursor = self.word_right(),
            Edit::Start => self.cursor = 0,
            Edit::End => self.cursor = self.text.len(),
            Edit::Backspace => return self.cut(self.left(), here),
            Edit::Delete => return self.cut(here, self.right()),
            Edit::DeleteWord => return self.cut(self.word_left(), here),
            Edit::DeleteToStart => return self.cut(0, here),
            Edit::DeleteToEnd => return self.cut(here, self.text.len()),
            Edit::Undo => {
                let Some((text, cursor)) = self.before.pop() else { return false };
                self.text = text;
                self.cursor = cursor;
                return true;
            }
        }
        false
    }

    fn cut(&mut self, from: usize, to: usize) -> bool {
        if from == to {
            return false;
        }
        self.remember();
        self.text.replace_range(from..to, "");
        self.cursor = self.border(from);
        true
    }

    fn remember(&mut self) {
        if self.before.len() == UNDO {
            self.before.remove(0);
        }
        self.before.push((with_room(&self.text), self.cursor));
    }

    /// The grapheme border at or after a place: what was put in may have joined with what stood there.
    fn border(&self, place: usize) -> usize {
        self.text.grapheme_indices(true).map(|(at, _)| at).find(|at| *at >= place).unwrap_or(self.text.len())
    }

    fn left(&self) -> usize {
        self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn right(&self) -> usize {
        self.text[self.cursor..].graphemes(true).next().map_or(self.cursor, |next| self.cursor + next.len())
    }

    fn word_left(&self) -> usize {
        let head = self.text[..self.cursor].trim_end_matches(|c: char| !c.is_alphanumeric());
        head.trim_end_matches(char::is_alphanumeric).len()
    }

    fn word_right(&self) -> usize {
        let tail = &self.text[self.cursor..];
        let rest = tail.trim_start_matches(|c: char| !c.is_alphanumeric()).trim_start_matches(char::is_alphanumeric);
        self.cursor + tail.len() - rest.len()
    }
}

fn with_room_for(length: usize) -> Zeroizing<String> {
    Zeroizing::new(String::with_capacity(length.max(ROOM)))
}

fn with_room(text: &str) -> Zeroizing<String> {
    let mut kept = with_room_for(text.len());
    kept.push_str(text);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str, edits: &[Edit]) -> (String, usize) {
        let mut editor = Editor::new(text);
        for edit in edits {
            editor.edit(*edit);
        }
        (editor.text().to_owned(), editor.cursor())
    }

    #[test]
    fn the_cursor_steps_over_whole_graphemes() {
        assert_eq!(after("e\u{301}日", &[Edit::Left]), ("e\u{301}日".into(), 3));
        assert_eq!(after("e\u{301}日", &[Edit::Left, Edit::Left]), ("e\u{301}日".into(), 0));
        assert_eq!(after("e\u{301}日", &[Edit::Start, Edit::Delete]), ("日".into(), 0));
        assert_eq!(after("e\u{301}", &[Edit::Backspace]), (String::new(), 0));
    }

    #[test]
    fn words_end_at_the_signs_of_an_address() {
        assert_eq!(after("pve.lan:8006", &[Edit::DeleteWord]).0, "pve.lan:");
        assert_eq!(after("pve.lan:8006", &[Edit::DeleteWord, Edit::DeleteWord]).0, "pve.");
        assert_eq!(after("root@pam x", &[Edit::Start, Edit::WordRight, Edit::DeleteToStart]).0, "@pam x");
        assert_eq!(after("root@pam x", &[Edit::WordLeft, Edit::DeleteToEnd]).0, "root@pam ");
    }

    #[test]
    fn undo_takes_back_one_edit_after_the_other() {
        let mut editor = Editor::new("a");
        editor.insert("b");
        editor.insert("c\nd");
        assert!(editor.edit(Edit::Undo));
        assert_eq!(editor.text(), "ab");
        assert!(editor.edit(Edit::Undo));
        assert_eq!((editor.text(), editor.cursor()), ("a", 1));
        assert!(!editor.edit(Edit::Undo));
    }

    #[test]
    fn a_text_goes_in_at_the_cursor() {
        let mut editor = Editor::new("pve:8006");
        editor.edit(Edit::Start);
        for _ in 0..3 {
            editor.edit(Edit::Right);
        }
        editor.insert(".lan");
        assert_eq!((editor.text(), editor.cursor()), ("pve.lan:8006", 7));
        // A mark joins the letter before it, and the cursor stays behind both.
        editor.insert("\u{301}");
        assert_eq!(editor.cursor(), 9);
    }
}
