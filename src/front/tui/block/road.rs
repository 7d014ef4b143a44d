//! The road to a host, link by link; the broken one is where the eye lands.

use super::MARGIN;
use crate::front::tui::sheet::{Run, Sheet};
use crate::front::tui::theme::{Role, of_state};
use crate::wizard::page::{LinkState, RoadLink};

pub fn draw(sheet: &mut Sheet, links: &[RoadLink]) {
    let word = |sheet: &Sheet, link: &RoadLink, role| sheet.run(&link.word, role);
    let widest = links.iter().map(|link| word(sheet, link, Role::Plain).width()).max().unwrap_or(0);
    let column = MARGIN + 2 + widest + 3;
    for link in links {
        let (glyph, role) = of_state(link.state);
        let text = match link.state {
            LinkState::Good | LinkState::Running => Role::Plain,
            _ => role,
        };
        let name = word(sheet, link, if text == Role::Plain { Role::Plain } else { text });
        let rest = widest - name.width() + 3;
        let lead = vec![sheet.blanks(MARGIN), sheet.glyph(glyph, role), sheet.blanks(1), name, sheet.blanks(rest)];
        let took = link.took_ms.map(|ms| sheet.run(&duration(ms), Role::Quiet));
        let from = sheet.lines.len();
        let whole = sheet.width;
        // Room for the time at the right of the first line.
        sheet.width = whole.saturating_sub(9).max(column + 8);
        sheet.flow(lead, &link.sentence, text);
        sheet.width = whole;
        if let Some(took) = took {
            let used: usize = sheet.lines[from].iter().map(Run::width).sum();
            let gap = sheet.blanks(whole.saturating_sub(used + took.width()));
            sheet.lines[from].extend([gap, took]);
        }
    }
}

/// `7 ms`, `3.1 s`.
fn duration(ms: u64) -> String {
    if ms < 1000 { format!("{ms} ms") } else { format!("{}.{} s", ms / 1000, ms % 1000 / 100) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn long_times_are_told_in_seconds() {
        assert_eq!([7, 999, 1000, 3190].map(super::duration), ["7 ms", "999 ms", "1.0 s", "3.1 s"]);
    }
}
