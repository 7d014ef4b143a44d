//! A frame as an SVG picture: the screens of the README are made with this from real frames.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Position;
use ratatui::style::{Color, Modifier};

/// Pixels of one cell, and around all of them.
const CELL: (usize, usize) = (9, 19);
const EDGE: usize = 14;
const GROUND: &str = "#15181e";
const INK: &str = "#d5d9e0";

/// One `<text>` for each run of one style, stretched to its columns so that any monospace font keeps the grid.
/// The text cursor is a bar.
pub fn of(buffer: &Buffer, cursor: Option<Position>) -> String {
    let area = buffer.area;
    let (width, height) = (usize::from(area.width) * CELL.0 + 2 * EDGE, usize::from(area.height) * CELL.1 + 2 * EDGE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{GROUND}\"/>\n\
         <g font-family=\"'DejaVu Sans Mono','JetBrains Mono',Menlo,Consolas,monospace\" font-size=\"15\" xml:space=\"preserve\">\n"
    );
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let first = &buffer[(x, y)];
            let start = x;
            let mut text = String::new();
            while x < area.width && same_style(first, &buffer[(x, y)]) {
                let symbol = buffer[(x, y)].symbol();
                text.push_str(symbol);
                x += (unicode_width::UnicodeWidthStr::width(symbol) as u16).max(1);
            }
            if !text.trim().is_empty() {
                run(&mut svg, first, &text, (usize::from(start), usize::from(y)), usize::from(x - start));
            }
        }
    }
    svg.push_str("</g>\n");
    if let Some(place) = cursor {
        let (x, y) = (EDGE + usize::from(place.x) * CELL.0, EDGE + usize::from(place.y) * CELL.1);
        // Writing into a string does not fail.
        let _ = writeln!(svg, "<rect x=\"{x}\" y=\"{}\" width=\"2\" height=\"17\" fill=\"{INK}\"/>", y + 1);
    }
    svg.push_str("</svg>\n");
    svg
}

fn run(svg: &mut String, cell: &Cell, text: &str, (x, y): (usize, usize), columns: usize) {
    let weight = if cell.modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let faint = if cell.modifier.contains(Modifier::DIM) { " opacity=\"0.6\"" } else { "" };
    // Blanks at the start would be eaten by some renderers.
    let lead = text.len() - text.trim_start_matches(' ').len();
    let kept = text.trim_matches(' ');
    let tail = text.len() - lead - kept.len();
    let escaped = kept.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace(' ', "\u{a0}");
    // Writing into a string does not fail.
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{weight}{faint}>{escaped}</text>",
        EDGE + (x + lead) * CELL.0,
        EDGE + y * CELL.1 + 15,
        (columns - lead - tail) * CELL.0,
        ink(cell.fg),
    );
}

fn same_style(one: &Cell, other: &Cell) -> bool {
    one.fg == other.fg && one.bg == other.bg && one.modifier == other.modifier
}

fn ink(color: Color) -> &'static str {
    match color {
        Color::Red => "#f0717b",
        Color::Green => "#8ec07c",
        Color::Yellow => "#e5c07b",
        Color::Cyan => "#62c3d0",
        Color::Blue => "#7aa2f7",
        Color::Magenta => "#c792ea",
        _ => INK,
    }
}
