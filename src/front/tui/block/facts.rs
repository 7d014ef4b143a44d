//! Names and values, aligned.

use super::MARGIN;
use crate::front::tui::sheet::Sheet;
use crate::front::tui::theme::Role;

pub fn draw(sheet: &mut Sheet, facts: &[(String, String)]) {
    let widest = sheet.width / 3;
    let column =
        facts.iter().map(|(name, _)| sheet.run(name, Role::Plain).width()).filter(|name| *name <= widest).max();
    for (name, value) in facts {
        let run = sheet.run(name, Role::Quiet);
        let rest = (column.unwrap_or(0) + 3).saturating_sub(run.width());
        if rest == 0 || run.width() > widest {
            sheet.indented(MARGIN, name, Role::Quiet);
            sheet.indented(MARGIN + 2, value, Role::Plain);
        } else {
            let lead = vec![sheet.blanks(MARGIN), run, sheet.blanks(rest)];
            sheet.flow(lead, value, Role::Plain);
        }
    }
}
