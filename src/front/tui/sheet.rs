//! A sheet: the body of a page as lines of styled runs, as long as it has to be. The screen shows a window of it.
//!
//! Every text gets here through [`run`], which makes it fit to be shown; nothing else writes into the body.

use std::ops::Range;

use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::front::Look;
use crate::front::glyph::Glyph;
use crate::front::shown::shown;
use crate::front::tui::theme::{Role, style};

/// A piece of one line in one style; its text is fit to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    text: String,
    style: Style,
}

impl Run {
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn style(&self) -> Style {
        self.style
    }

    /// Goes on with the text of a run of the same style.
    pub fn append(&mut self, next: &Run) {
        self.text.push_str(&next.text);
    }

    pub fn restyle(&mut self, style: Style) {
        self.style = style;
    }

    /// In columns.
    pub fn width(&self) -> usize {
        self.text.width()
    }
}

pub type Line = Vec<Run>;

/// The body, line by line, and where in it the keyboard is.
#[derive(Debug)]
pub struct Sheet {
    pub look: Look,
    /// Columns that a line may take.
    pub width: usize,
    pub lines: Vec<Line>,
    /// Line and column of the text cursor.
    pub cursor: Option<(usize, usize)>,
    /// The lines that must be in sight for what the next key does.
    pub focus: Option<Range<usize>>,
}

impl Sheet {
    pub fn new(width: usize, look: Look) -> Self {
        Sheet { look, width, lines: Vec::new(), cursor: None, focus: None }
    }

    pub fn run(&self, text: &str, role: Role) -> Run {
        Run { text: shown(text, self.look.ascii).into_owned(), style: style(role, self.look) }
    }

    pub fn glyph(&self, glyph: Glyph, role: Role) -> Run {
        Run { text: glyph.of(self.look.ascii).to_owned(), style: style(role, self.look) }
    }

    pub fn blanks(&self, columns: usize) -> Run {
        Run { text: " ".repeat(columns), style: Style::new() }
    }

    /// One line as it is; the caller has seen that it fits.
    pub fn line(&mut self, line: Line) {
        self.lines.push(line);
    }

    pub fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(Line::new());
        }
    }

    /// A text under a lead: it wraps at words, and its further lines start below the text, not below the lead.
    pub fn flow(&mut self, lead: Line, text: &str, role: Role) {
        let hang = lead.iter().map(Run::width).sum::<usize>().min(self.width * 2 / 3);
        let mut lead = Some(lead);
        for part in text.split('\n') {
            let run = self.run(part, role);
            for piece in wrapped(&run.text, self.width.saturating_sub(hang).max(8)) {
                let further = || if piece.is_empty() { Line::new() } else { vec![self.blanks(hang)] };
                let mut line = lead.take().unwrap_or_else(further);
                if !piece.is_empty() {
                    line.push(Run { text: piece.to_owned(), style: run.style });
                }
                self.lines.push(line);
            }
        }
    }

    /// As [`Sheet::flow`], behind a number of blanks.
    pub fn indented(&mut self, columns: usize, text: &str, role: Role) {
        let lead = if columns == 0 { Line::new() } else { vec![self.blanks(columns)] };
        self.flow(lead, text, role);
    }
}

/// Breaks a line at blanks so that each piece takes at most `width` columns; a longer word is broken where it must be.
/// Blanks inside a piece stay as they are.
pub fn wrapped(text: &str, width: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut columns = 0;
    // Where the last run of blanks began and ended.
    let mut blank: Option<(usize, usize)> = None;
    for (at, grapheme, wide) in graphemes(text) {
        if grapheme == " " {
            blank = match blank {
                Some((from, to)) if to == at => Some((from, at + 1)),
                _ => Some((at, at + 1)),
            };
        } else if columns + wide > width && at > start {
            match blank.filter(|(from, _)| *from > start) {
                Some((from, to)) => {
                    pieces.push(&text[start..from]);
                    start = to;
                }
                None => {
                    // A fingerprint is compared pair by pair.
                    let cut = text[start..at].rfind(':').map_or(at, |colon| start + colon + 1);
                    pieces.push(&text[start..cut]);
                    start = cut;
                }
            }
            blank = None;
            columns = text[start..at].width();
        }
        columns += wide;
    }
    pieces.push(text[start..].trim_end());
    pieces
}

/// Whether every byte is a character of one column: ASCII without control characters.
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// What is read as one character, with its place and columns. To find where one ends takes tables, except in plain text.
fn graphemes(text: &str) -> impl Iterator<Item = (usize, &str, usize)> {
    let plain = is_plain(text);
    let (bytes, rest) = if plain { (text.len(), "") } else { (0, text) };
    let bytes = (0..bytes).map(|at| (at, &text[at..=at], 1));
    bytes.chain(rest.grapheme_indices(true).map(|(at, grapheme)| (at, grapheme, grapheme.width())))
}

/// The first graphemes of a text that take at most `width` columns.
pub fn clipped(text: &str, width: usize) -> &str {
    let mut columns = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        columns += grapheme.width();
        if columns > width {
            return &text[..at];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_wraps_at_words_and_keeps_its_inner_blanks() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("/vms     VM.Clone", 20), ["/vms     VM.Clone"]);
        assert_eq!(wrapped("", 5), [""]);
        assert_eq!(wrapped("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrapped("a bcdefgh", 4), ["a", "bcde", "fgh"]);
        assert_eq!(wrapped("AA:BB:CC:DD", 7), ["AA:BB:", "CC:DD"]);
    }

    #[test]
    fn wide_characters_count_as_two_columns() {
        assert_eq!(wrapped("日本語", 4), ["日本", "語"]);
        assert_eq!(clipped("日本語", 5), "日本");
    }

    #[test]
    fn plain_text_is_read_character_by_character_as_any_other_is() {
        for text in ["", " ", "a b", "~/.env: 36 characters", "añ", "─", "a\tb", "e\u{301}x"] {
            let wanted: Vec<_> = text.grapheme_indices(true).map(|(at, one)| (at, one, one.width())).collect();
            assert_eq!(graphemes(text).collect::<Vec<_>>(), wanted, "{text:?}");
        }
    }

    #[test]
    fn nothing_of_a_text_is_lost_by_wrapping() {
        let text = "A token whose rights are kept apart from its user's has only what it is granted.";
        for width in 1..90 {
            let back: String = wrapped(text, width).concat().split_whitespace().collect();
            assert_eq!(back, text.split_whitespace().collect::<String>(), "{width}");
        }
    }
}
