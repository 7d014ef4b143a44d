//! What was found: what happened, why, what was seen, and what to do.

use super::MARGIN;
use crate::domain::{Finding, Fix, Severity};
use crate::front::glyph::Glyph;
use crate::front::tui::sheet::Sheet;
use crate::front::tui::theme::Role;
use crate::front::words::cause_in_words;

pub fn draw(sheet: &mut Sheet, findings: &[Finding]) {
    for (at, finding) in findings.iter().enumerate() {
        if at > 0 {
            sheet.gap();
        }
        let (glyph, role) = match finding.severity {
            Severity::Error => (Glyph::Bad, Role::Bad),
            Severity::Warning => (Glyph::Warning, Role::Warning),
            Severity::Info => (Glyph::Dot, Role::Strong),
        };
        let lead = vec![sheet.blanks(MARGIN), sheet.glyph(glyph, role), sheet.blanks(1)];
        sheet.flow(lead, &format!("{}: {}", finding.severity.word(), finding.title), role);
        if !finding.cause.is_empty() {
            sheet.indented(MARGIN + 2, &finding.cause, Role::Plain);
        }
        for seen in &finding.evidence {
            sheet.indented(MARGIN + 4, seen, Role::Quiet);
        }
        if !finding.possible.is_empty() {
            let causes: Vec<String> = finding.possible.iter().map(|code| cause_in_words(*code)).collect();
            sheet.indented(MARGIN + 2, &format!("It may be, likeliest first: {}", causes.join("; ")), Role::Quiet);
        }
        for fix in &finding.fix {
            let lead = vec![sheet.blanks(MARGIN + 2), sheet.glyph(Glyph::Arrow, Role::Good), sheet.blanks(1)];
            match fix {
                Fix::Say(sentence) => sheet.flow(lead, sentence, Role::Plain),
                Fix::Run { on, command } => {
                    sheet.flow(lead, on, Role::Plain);
                    sheet.indented(MARGIN + 6, command, Role::Strong);
                }
            }
        }
    }
}
