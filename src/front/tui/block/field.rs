//! A text field: label, the text with its cursor, and under it what was understood or what is wrong.

use unicode_segmentation::UnicodeSegmentation;

use super::{Context, error, labelled};
use crate::front::glyph::Glyph;
use crate::front::tui::editor::Editor;
use crate::front::tui::sheet::{Line, Run, Sheet, clipped};
use crate::front::tui::theme::Role;
use crate::wizard::page::Field;

/// Lines that a field of several lines takes at most; its window follows the cursor.
const TALLEST: usize = 6;

pub fn draw(sheet: &mut Sheet, field: &Field, context: &Context<'_>) {
    let focused = context.focus.is(&field.id);
    let from = sheet.lines.len();
    let mut lead = labelled(sheet, &field.label, focused, context);
    let column: usize = lead.iter().map(Run::width).sum();
    let room = sheet.width.saturating_sub(column + 1).max(4);

    let text = context.focus.editor(&field.id).map_or(field.value.as_str(), Editor::text);
    let cursor = context.focus.editor(&field.id).map_or(text.len(), Editor::cursor);
    let masked = field.secret && context.revealed != Some(&field.id);
    let looks = Looks { masked, several: field.multiline };

    if text.is_empty() {
        let kept = clipped(&field.placeholder, room - 1);
        lead.push(sheet.run(kept, Role::Quiet));
        if kept.len() < field.placeholder.len() {
            lead.push(sheet.glyph(Glyph::More, Role::Quiet));
        }
        if focused {
            sheet.cursor = Some((sheet.lines.len(), column));
        }
        sheet.line(lead);
    } else {
        let lines = looks.lines(text, cursor);
        let here = lines.iter().position(|line| line.cursor.is_some()).unwrap_or(0);
        let first = (here + 1).saturating_sub(TALLEST);
        for (at, line) in lines.iter().enumerate().skip(first).take(TALLEST) {
            let mut row = if at == first { std::mem::take(&mut lead) } else { vec![sheet.blanks(column)] };
            let place = window(sheet, &mut row, line, room, focused);
            if let (true, Some(place)) = (focused, place) {
                sheet.cursor = Some((sheet.lines.len(), column + place));
            }
            sheet.line(row);
        }
        if lines.len() > TALLEST {
            let about = format!("{} lines, {} of them shown", lines.len(), TALLEST);
            sheet.indented(column, &about, Role::Quiet);
        }
    }
    if let Some(note) = field.note.as_deref().filter(|_| field.error.is_none()) {
        sheet.indented(column, note, Role::Quiet);
    }
    error(sheet, column, field.error.as_ref());
    if focused {
        sheet.focus = Some(from..sheet.lines.len());
    }
}

/// How a text is shown.
struct Looks {
    masked: bool,
    several: bool,
}

/// A line of the text as cells, and where in it the cursor is.
struct Shown {
    cells: Vec<String>,
    cursor: Option<usize>,
}

impl Looks {
    fn lines(&self, text: &str, cursor: usize) -> Vec<Shown> {
        let mut lines = vec![Shown { cells: Vec::new(), cursor: None }];
        for (at, grapheme) in text.grapheme_indices(true) {
            let line = lines.last_mut().expect("there is always a line");
            if at == cursor {
                line.cursor = Some(line.cells.len());
            }
            match (grapheme, self.several) {
                ("\n", true) => lines.push(Shown { cells: Vec::new(), cursor: None }),
                ("\n", false) if !self.masked => line.cells.push("\n".to_owned()),
                _ if self.masked => line.cells.push(String::new()),
                _ => line.cells.push(grapheme.to_owned()),
            }
        }
        let line = lines.last_mut().expect("there is always a line");
        if cursor >= text.len() {
            line.cursor = Some(line.cells.len());
        }
        lines
    }
}

/// Puts the part of a line into `row` that has the cursor in it, with a sign at each edge beyond which it goes on; the cursor's
/// column is returned.
fn window(sheet: &Sheet, row: &mut Line, line: &Shown, room: usize, focused: bool) -> Option<usize> {
    let cells: Vec<Run> = line
        .cells
        .iter()
        .map(|cell| match cell.as_str() {
            "" => sheet.glyph(Glyph::Mask, Role::Plain),
            "\n" => sheet.glyph(Glyph::Newline, Role::Quiet),
            text => sheet.run(text, Role::Plain),
        })
        .collect();
    let all: usize = cells.iter().map(Run::width).sum();
    // Without the focus a field shows its start.
    let cursor = line.cursor.filter(|_| focused);
    let before: usize = cells.iter().take(cursor.unwrap_or(0)).map(Run::width).sum();
    let more = sheet.glyph(Glyph::More, Role::Quiet);
    if all <= room {
        merge(row, cells);
        return cursor.map(|_| before);
    }
    let mut skipped = 0;
    let mut from = 0;
    while before - skipped + usize::from(from > 0) > room.saturating_sub(2) && from < cells.len() {
        // By a third of the window at once, so that typing at its edge does not draw all of it for each letter.
        let target = skipped + (room / 3).max(1);
        while skipped < target && from < cells.len() && skipped < before {
            skipped += cells[from].width();
            from += 1;
        }
    }
    let mut used = 0;
    if from > 0 {
        row.push(more.clone());
        used += 1;
    }
    let lead = used;
    let mut kept = Vec::new();
    let mut cut = false;
    let rest: usize = cells[from..].iter().map(Run::width).sum();
    for cell in cells.into_iter().skip(from) {
        if used + cell.width() > room - usize::from(lead + rest > room) {
            cut = true;
            break;
        }
        used += cell.width();
        kept.push(cell);
    }
    merge(row, kept);
    if cut {
        row.push(more);
    }
    cursor.map(|_| lead + before - skipped)
}

/// Adds cells to a row; neighbours of one style become one run.
fn merge(row: &mut Line, cells: Vec<Run>) {
    let mut merged: Line = Vec::new();
    for cell in cells {
        match merged.last_mut() {
            Some(last) if last.style() == cell.style() => last.append(&cell),
            _ => merged.push(cell),
        }
    }
    row.extend(merged);
}
