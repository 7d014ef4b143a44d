//! From two buffers to the fewest bytes that make the terminal show the second.
//!
//! Written here rather than by ratatui's crossterm backend, which resets colours after every frame, and whose colour codes turn
//! into a reset of bold and reverse where NO_COLOR is set. The only sequences that leave here are CUP, SGR, ED and ?25.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier};

/// What the terminal shows, and the state that it is in.
pub struct Painter {
    shown: Buffer,
    /// Where the terminal writes next, if that is known.
    at: Option<Position>,
    pen: Pen,
    cursor: Option<Position>,
    /// Nothing is known of what stands there.
    anew: bool,
    color: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Pen {
    const NONE: Pen = Pen { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

    fn of(cell: &Cell, color: bool) -> Self {
        let (fg, bg) = if color { (cell.fg, cell.bg) } else { (Color::Reset, Color::Reset) };
        Pen { fg, bg, modifier: cell.modifier }
    }
}

impl Painter {
    pub fn new(color: bool) -> Self {
        Painter { shown: Buffer::empty(Rect::ZERO), at: None, pen: Pen::NONE, cursor: None, anew: true, color }
    }

    /// The terminal may show anything: the next frame clears it and draws all.
    pub fn forget(&mut self) {
        self.anew = true;
    }

    /// Adds to `out` what makes the terminal show `next` with its cursor at `cursor`; `next` is the frame before, afterwards.
    pub fn paint(&mut self, next: &mut Buffer, cursor: Option<Position>, out: &mut Vec<u8>) {
        if self.anew || self.shown.area != next.area {
            out.extend_from_slice(b"\x1b[0m\x1b[2J\x1b[?25l");
            self.shown = Buffer::empty(next.area);
            self.at = None;
            self.pen = Pen::NONE;
            self.cursor = None;
            self.anew = false;
        }
        let shown = std::mem::replace(&mut self.shown, Buffer::empty(Rect::ZERO));
        let rows: Vec<(Buffer, Buffer)> = changed_rows(&shown, next);
        let mut changed: Vec<(u16, u16, &Cell)> = rows.iter().flat_map(|(shown, next)| shown.diff(next)).collect();
        // A run of many cells is drawn with the cursor hidden, so that it is not seen running over the screen.
        let hide = changed.len() > 8 && self.cursor.is_some();
        if hide {
            out.extend_from_slice(b"\x1b[?25l");
            self.cursor = None;
        }
        for (x, y, cell) in changed.drain(..) {
            self.go(Position { x, y }, out);
            self.take(Pen::of(cell, self.color), out);
            out.extend_from_slice(cell.symbol().as_bytes());
            // Behind other characters than these terminals differ in where they go on, and at the edge too.
            let plain = matches!(cell.symbol(), "─" | "•") || cell.symbol().len() == 1;
            self.at = (plain && x + 1 < next.area.width).then_some(Position { x: x + 1, y });
        }
        self.take(Pen::NONE, out);
        match cursor {
            Some(place) => {
                self.go(place, out);
                if self.cursor.is_none() {
                    out.extend_from_slice(b"\x1b[?25h");
                }
            }
            None if self.cursor.is_some() => out.extend_from_slice(b"\x1b[?25l"),
            None => {}
        }
        self.cursor = cursor;
        self.shown = shown;
        std::mem::swap(&mut self.shown, next);
    }

    fn go(&mut self, place: Position, out: &mut Vec<u8>) {
        if self.at != Some(place) {
            out.extend_from_slice(format!("\x1b[{};{}H", place.y + 1, place.x + 1).as_bytes());
            self.at = Some(place);
        }
    }

    fn take(&mut self, pen: Pen, out: &mut Vec<u8>) {
        if self.pen == pen {
            return;
        }
        // Several codes take a modifier away from terminal to terminal; a reset does everywhere.
        let mut codes: Vec<u8> = vec![0];
        for (modifier, code) in MODIFIERS {
            if pen.modifier.contains(modifier) {
                codes.push(code);
            }
        }
        codes.extend(color_code(pen.fg, 30));
        codes.extend(color_code(pen.bg, 40));
        let codes: Vec<String> = codes.iter().map(u8::to_string).collect();
        out.extend_from_slice(format!("\x1b[{}m", codes.join(";")).as_bytes());
        self.pen = pen;
    }
}

/// The rows that are not as they were, as they were and as they are. A typed letter changes two or three, and to find that a row
/// is the same is much quicker than to look for differences in it.
fn changed_rows(shown: &Buffer, next: &Buffer) -> Vec<(Buffer, Buffer)> {
    let width = usize::from(next.area.width).max(1);
    let rows = shown.content.chunks(width).zip(next.content.chunks(width)).zip(next.area.top()..);
    let changed = rows.filter(|((shown, next), _)| shown != next);
    let row = |cells: &[Cell], y| Buffer { area: Rect { y, height: 1, ..next.area }, content: cells.to_vec() };
    changed.map(|((shown, next), y)| (row(shown, y), row(next, y))).collect()
}

const MODIFIERS: [(Modifier, u8); 4] =
    [(Modifier::BOLD, 1), (Modifier::DIM, 2), (Modifier::UNDERLINED, 4), (Modifier::REVERSED, 7)];

/// The code of one of the sixteen colours; the terminal's own for all else. `base` is 30 or 40.
fn color_code(color: Color, base: u8) -> Option<u8> {
    Some(match color {
        Color::Black => base,
        Color::Red => base + 1,
        Color::Green => base + 2,
        Color::Yellow => base + 3,
        Color::Blue => base + 4,
        Color::Magenta => base + 5,
        Color::Cyan => base + 6,
        Color::Gray => base + 7,
        Color::DarkGray => base + 60,
        Color::LightRed => base + 61,
        Color::LightGreen => base + 62,
        Color::LightYellow => base + 63,
        Color::LightBlue => base + 64,
        Color::LightMagenta => base + 65,
        Color::LightCyan => base + 66,
        Color::White => base + 67,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    fn bytes(painter: &mut Painter, text: &str, style: Style, cursor: u16) -> String {
        let mut next = Buffer::empty(Rect::new(0, 0, 20, 2));
        next.set_string(0, 0, text, style);
        let mut out = Vec::new();
        painter.paint(&mut next, Some(Position::new(cursor, 0)), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_typed_letter_is_one_byte() {
        let mut painter = Painter::new(true);
        let plain = Style::new();
        assert_eq!(bytes(&mut painter, "ab", plain, 2), "\x1b[0m\x1b[2J\x1b[?25l\x1b[1;1Hab\x1b[?25h");
        assert_eq!(bytes(&mut painter, "abc", plain, 3), "c");
        assert_eq!(bytes(&mut painter, "abc", plain, 3), "");
        assert_eq!(bytes(&mut painter, "ab", plain, 2), "\x1b[1;3H \x1b[1;3H");
    }

    #[test]
    fn without_colour_there_is_no_colour_code() {
        let style = Style::new().fg(Color::Red).bg(Color::Blue).add_modifier(Modifier::BOLD);
        assert!(bytes(&mut Painter::new(true), "x", style, 1).contains("\x1b[0;1;31;44mx\x1b[0m"));
        assert!(bytes(&mut Painter::new(false), "x", style, 1).contains("\x1b[0;1mx\x1b[0m"));
    }

    #[test]
    fn behind_a_wide_character_the_place_is_said_anew() {
        let mut painter = Painter::new(true);
        bytes(&mut painter, "", Style::new(), 0);
        assert_eq!(bytes(&mut painter, "日b", Style::new(), 3), "日\x1b[1;3Hb");
    }

    #[test]
    fn after_forgetting_all_is_drawn_again() {
        let mut painter = Painter::new(true);
        let first = bytes(&mut painter, "ab", Style::new(), 2);
        painter.forget();
        assert_eq!(bytes(&mut painter, "ab", Style::new(), 2), first);
    }
}
