//! A few answers with their meaning: beside the title where all fit on a line, else below it.

use super::{Context, MARGIN, error};
use crate::front::glyph::Glyph;
use crate::front::tui::sheet::{Run, Sheet};
use crate::front::tui::theme::Role;
use crate::wizard::page::Choice;

pub fn draw(sheet: &mut Sheet, choice: &Choice, context: &Context<'_>) {
    let focused = context.focus.is(&choice.id);
    let from = sheet.lines.len();
    if !choice.label.is_empty() {
        sheet.indented(MARGIN, &choice.label, if focused { Role::Focus } else { Role::Plain });
    }
    let at = context.focus.list(&choice.id).and_then(|list| list.at);
    let title = |sheet: &Sheet, place: usize| {
        let option = &choice.options[place];
        let role = match (at == Some(place), focused) {
            (true, true) => Role::Focus,
            (true, false) => Role::Strong,
            _ if option.risky => Role::Warning,
            _ => Role::Plain,
        };
        let risk = if option.risky { format!("{} ", Glyph::Warning.of(sheet.look.ascii)) } else { String::new() };
        sheet.run(&format!("{risk}{}", option.title), role)
    };
    let widest = (0..choice.options.len()).map(|place| title(sheet, place).width()).max().unwrap_or(0);
    let beside = choice.options.iter().all(|option| {
        option.about.len() <= 1
            && option
                .about
                .iter()
                .all(|about| MARGIN + 4 + widest + 3 + sheet.run(about, Role::Quiet).width() <= sheet.width)
    });
    for (place, option) in choice.options.iter().enumerate() {
        let start = sheet.lines.len();
        let here = at == Some(place);
        let mark = match (here, focused) {
            (true, true) => sheet.glyph(Glyph::Here, Role::Focus),
            (true, false) => sheet.glyph(Glyph::Here, Role::Strong),
            (false, _) => sheet.blanks(1),
        };
        let mut lead = vec![sheet.blanks(MARGIN), mark, sheet.blanks(1)];
        let name = title(sheet, place);
        if beside && !option.about.is_empty() {
            let rest = widest - name.width() + 3;
            lead.extend([name, sheet.blanks(rest), sheet.run(&option.about[0], Role::Quiet)]);
            sheet.line(lead);
        } else {
            let role = name.style();
            let whole = name.text().to_owned();
            flow_titled(sheet, lead, &whole, role);
            for about in &option.about {
                sheet.indented(MARGIN + 4, about, Role::Quiet);
            }
        }
        if here && focused {
            sheet.focus = Some(start..sheet.lines.len());
        }
    }
    error(sheet, MARGIN + 2, choice.error.as_ref());
    if focused && (at.is_none() || choice.error.is_some()) {
        sheet.focus = Some(from..sheet.lines.len());
    }
}

fn flow_titled(sheet: &mut Sheet, lead: Vec<Run>, title: &str, style: ratatui::style::Style) {
    let from = sheet.lines.len();
    let parts = lead.len();
    sheet.flow(lead, title, Role::Plain);
    for (at, line) in sheet.lines[from..].iter_mut().enumerate() {
        let skip = if at == 0 { parts } else { 1 };
        line.iter_mut().skip(skip).for_each(|run| run.restyle(style));
    }
}
