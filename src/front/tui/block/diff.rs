//! The changed lines of one file.

use super::MARGIN;
use crate::front::tui::sheet::Sheet;
use crate::front::tui::theme::Role;
use crate::front::words::joined;
use crate::wizard::page::{DiffSide, FileDiff};

pub fn draw(sheet: &mut Sheet, diff: &FileDiff) {
    let mut lead = vec![sheet.blanks(MARGIN), sheet.run(&diff.path, Role::Strong)];
    if diff.about.is_empty() {
        sheet.flow(vec![sheet.blanks(MARGIN)], &diff.path, Role::Strong);
    } else {
        lead.push(sheet.blanks(2));
        sheet.flow(lead, &format!("({})", diff.about), Role::Quiet);
    }
    for (side, line) in &diff.lines {
        let (sign, role) = match side {
            DiffSide::Removed => ("- ", Role::Removed),
            DiffSide::Added => ("+ ", Role::Good),
            DiffSide::Kept => ("  ", Role::Quiet),
        };
        let lead = vec![sheet.blanks(MARGIN + 1), sheet.run(sign, role)];
        sheet.flow(lead, line, role);
    }
    if !diff.notes.is_empty() {
        sheet.indented(MARGIN + 3, &joined(&diff.notes), Role::Quiet);
    }
}
