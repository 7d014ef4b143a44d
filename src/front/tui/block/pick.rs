//! One of many: a line with what was picked; with the keyboard on it, a filter and a window of the list.

use super::{Context, error, labelled};
use crate::front::glyph::Glyph;
use crate::front::tui::sheet::{Run, Sheet, clipped};
use crate::front::tui::theme::Role;
use crate::wizard::page::{Item, Pick};

/// The row that leaves an optional pick out.
const LATER: &str = "leave it out for now";

pub fn draw(sheet: &mut Sheet, pick: &Pick, context: &Context<'_>) {
    let focused = context.focus.is(&pick.id);
    let from = sheet.lines.len();
    let mut line = labelled(sheet, &pick.label, focused, context);
    let column: usize = line.iter().map(Run::width).sum();
    let room = sheet.width.saturating_sub(column).max(8);
    let list = context.focus.list(&pick.id);

    if !focused {
        let at = list.and_then(|list| list.rows.get(list.at?));
        let (text, role) = match at {
            Some(row) => (pick.items.get(*row).map_or(LATER, |item| &item.title), Role::Strong),
            None if pick.items.is_empty() => (pick.empty.as_str(), Role::Quiet),
            None => ("not picked yet", Role::Quiet),
        };
        sheet.flow(line, text, role);
        error(sheet, column, pick.error.as_ref());
        return;
    }

    let Some(list) = list else { return };
    let found = list.rows.len() - usize::from(pick.optional);
    let count = if list.filter.is_empty() {
        format!("{} to pick from; type to filter", counted(pick.items.len()))
    } else {
        format!("{} of {}", counted(found), counted(pick.items.len()))
    };
    if pick.items.is_empty() {
        sheet.flow(line, &pick.empty, Role::Quiet);
    } else {
        let filter = sheet.run(&list.filter, Role::Plain);
        sheet.cursor = Some((sheet.lines.len(), column + filter.width()));
        let gap = if list.filter.is_empty() { 1 } else { 3 };
        let rest = room.saturating_sub(filter.width() + gap);
        let words = sheet.run(clipped(&count, rest), Role::Quiet);
        line.extend([filter, sheet.blanks(gap), words]);
        sheet.line(line);
    }
    if found == 0 && !pick.items.is_empty() {
        sheet.indented(column, &format!("Nothing here has “{}” in it.", list.filter), Role::Quiet);
    }

    let tall = context.rows.saturating_sub(6).clamp(3, 12);
    let at = list.at.unwrap_or(0);
    let first = at.saturating_sub(tall / 2).min(list.rows.len().saturating_sub(tall));
    let shown = &list.rows[first..list.rows.len().min(first + tall)];
    let later = Item { id: Pick::LATER, title: LATER.to_owned(), about: String::new() };
    let items: Vec<&Item> = shown.iter().map(|row| pick.items.get(*row).unwrap_or(&later)).collect();
    let widest = items.iter().map(|item| sheet.run(&item.title, Role::Plain).width()).max().unwrap_or(0);
    for (place, item) in items.iter().enumerate() {
        let here = list.at == Some(first + place);
        let (mark, role) =
            if here { (sheet.glyph(Glyph::Here, Role::Focus), Role::Focus) } else { (sheet.blanks(1), Role::Plain) };
        let start = sheet.lines.len();
        let title = sheet.run(&item.title, role);
        let about = sheet.run(&item.about, Role::Quiet);
        let lead = vec![sheet.blanks(column), mark, sheet.blanks(1)];
        if column + 2 + widest + 3 + about.width() <= sheet.width {
            let rest = widest - title.width() + 3;
            let mut row = lead;
            row.extend([title, sheet.blanks(rest), about]);
            sheet.line(row);
        } else {
            sheet.flow(lead, &item.title, role);
            if !item.about.is_empty() {
                sheet.indented(column + 4, &item.about, Role::Quiet);
            }
        }
        if here {
            sheet.focus = Some(start..sheet.lines.len());
        }
    }
    if list.rows.len() > shown.len() {
        let about =
            format!("{}–{} of {}", counted(first + 1), counted((first + shown.len()).min(found)), counted(found));
        sheet.indented(column + 2, &about, Role::Quiet);
    }
    error(sheet, column, pick.error.as_ref());
    let (start, end) = sheet.focus.clone().map_or((from, sheet.lines.len()), |focus| (focus.start, focus.end));
    // The filter's line stays in sight with the highlighted row where both fit.
    sheet.focus = Some(if end - from <= context.rows { from..end } else { start..end });
}

/// `10,000`.
fn counted(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn large_counts_are_readable() {
        assert_eq!([0, 999, 1000, 1234567].map(super::counted), ["0", "999", "1,000", "1,234,567"]);
    }
}
