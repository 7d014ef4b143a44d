//! The changed lines of one file.

use super::MARGIN;
use crate::front::tui::sheet::{Run, Sheet};
use crate::front::tui::theme::Role;
use crate::front::words::joined;
use crate::wizard::page::{DiffSide, FileDiff};

pub fn draw(sheet: &mut Sheet, diff: &FileDiff) {
    let about = format!("({})", diff.about);
    let lead = vec![sheet.blanks(MARGIN), sheet.run(&diff.path, Role::Strong), sheet.blanks(2)];
    if !diff.about.is_empty() && lead.iter().map(Run::width).sum::<usize>() <= sheet.width * 2 / 3 {
        sheet.flow(lead, &about, Role::Quiet);
    } else {
        // Behind a long path there is no room for words.
        sheet.flow(vec![sheet.blanks(MARGIN)], &diff.path, Role::Strong);
        if !diff.about.is_empty() {
            sheet.indented(MARGIN + 3, &about, Role::Quiet);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::Look;

    #[test]
    fn no_word_about_a_file_is_cut_however_long_its_path_is() {
        let about = "new values; 3 other lines stay as they are";
        for length in 1..80 {
            let mut sheet = Sheet::new(60, Look { color: false, ascii: false });
            let path = "p".repeat(length);
            draw(&mut sheet, &FileDiff { path: path.clone(), about: about.into(), lines: vec![], notes: vec![] });
            let text: Vec<String> = sheet.lines.iter().map(|line| line.iter().map(Run::text).collect()).collect();
            assert!(sheet.lines.iter().all(|line| line.iter().map(Run::width).sum::<usize>() <= 60), "{text:#?}");
            let words = text.join(" ");
            assert!(about.split(' ').all(|word| words.contains(word)), "{text:#?}");
        }
    }
}
