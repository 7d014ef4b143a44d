//! Everything that will happen, numbered through all groups; while it is done, how far each action is.

use super::MARGIN;
use crate::front::tui::sheet::Sheet;
use crate::front::tui::theme::{Role, of_state};
use crate::wizard::page::{LinkState, PlanGroup};

pub fn draw(sheet: &mut Sheet, groups: &[PlanGroup]) {
    let all: usize = groups.iter().map(|group| group.actions.len()).sum();
    let digits = all.to_string().len();
    let mut number = 0;
    for (at, group) in groups.iter().enumerate() {
        if at > 0 {
            sheet.gap();
        }
        if !group.heading.is_empty() {
            sheet.indented(MARGIN, &group.heading, Role::Strong);
        }
        for action in &group.actions {
            number += 1;
            let (glyph, role) = of_state(action.state);
            let mark = if action.state == LinkState::Waiting { sheet.blanks(1) } else { sheet.glyph(glyph, role) };
            let lead = vec![
                sheet.blanks(MARGIN),
                mark,
                sheet.blanks(1),
                sheet.run(&format!("{number:>digits$}"), Role::Quiet),
                sheet.blanks(1),
            ];
            let text = match action.state {
                LinkState::Warning | LinkState::Broken => role,
                _ => Role::Plain,
            };
            sheet.flow(lead, &action.sentence, text);
            if let Some(outcome) = &action.outcome {
                let role = if text == Role::Plain { Role::Quiet } else { text };
                sheet.indented(MARGIN + 3 + digits, outcome, role);
            }
        }
    }
}
