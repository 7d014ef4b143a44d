//! A command or address to copy.

use super::MARGIN;
use crate::front::tui::sheet::Sheet;
use crate::front::tui::theme::Role;
use crate::wizard::page::Command;

pub fn draw(sheet: &mut Sheet, command: &Command) {
    if !command.about.is_empty() {
        sheet.indented(MARGIN, &command.about, Role::Plain);
    }
    sheet.indented(MARGIN + 2, &command.text, Role::Strong);
}
