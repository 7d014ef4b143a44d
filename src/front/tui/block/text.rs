//! A paragraph, with the symbol of its weight.

use super::MARGIN;
use crate::front::tui::sheet::Sheet;
use crate::front::tui::theme::{Role, of_tone};
use crate::wizard::page::Paragraph;

pub fn draw(sheet: &mut Sheet, paragraph: &Paragraph) {
    let (glyph, role) = of_tone(paragraph.tone);
    let mut lead = vec![sheet.blanks(MARGIN)];
    if let Some(glyph) = glyph {
        lead.push(sheet.glyph(glyph, role));
        lead.push(sheet.blanks(1));
    }
    // What is well needs no colour to be read.
    let text = if role == Role::Good { Role::Plain } else { role };
    sheet.flow(lead, &paragraph.text, text);
}
