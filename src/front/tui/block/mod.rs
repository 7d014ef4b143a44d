//! One small file a kind of block: each writes itself into a sheet.

mod certificate;
mod choice;
mod command;
mod diff;
mod facts;
mod field;
mod findings;
mod pick;
mod plan;
mod road;
mod text;

use crate::domain::Id;
use crate::front::glyph::Glyph;
use crate::front::tui::focus::{Focus, Question};
use crate::front::tui::sheet::Sheet;
use crate::front::tui::theme::{Role, of_tone};
use crate::wizard::page::{Block, FieldError, Page};
use unicode_width::UnicodeWidthStr;

/// The left margin of a page's body, in columns.
pub const MARGIN: usize = 2;

/// What a block has to know beside itself.
pub struct Context<'a> {
    pub focus: &'a Focus,
    /// The secret field that is shown.
    pub revealed: Option<&'a Id>,
    /// Rows that the body's window has.
    pub rows: usize,
    /// Columns that the labels of questions take.
    pub label: usize,
}

/// Writes a whole page: its title, then its blocks with a blank line between them.
pub fn page(sheet: &mut Sheet, page: &Page, focus: &Focus, revealed: Option<&Id>, rows: usize) {
    let label = label_column(page, sheet.width);
    let context = Context { focus, revealed, rows, label };
    if !page.title.is_empty() {
        sheet.indented(MARGIN, &page.title, Role::Strong);
    }
    let mut above: Option<&Block> = None;
    for block in &page.blocks {
        if !above.is_some_and(|above| belong_together(above, block, &context)) {
            sheet.gap();
        }
        draw(sheet, block, &context);
        above = Some(block);
    }
}

fn draw(sheet: &mut Sheet, block: &Block, context: &Context<'_>) {
    match block {
        Block::Text(paragraph) => text::draw(sheet, paragraph),
        Block::Field(field) => field::draw(sheet, field, context),
        Block::Choice(choice) => choice::draw(sheet, choice, context),
        Block::Pick(pick) => pick::draw(sheet, pick, context),
        Block::Road(links) => road::draw(sheet, links),
        Block::Certificate(card) => certificate::draw(sheet, card),
        Block::Findings(findings) => findings::draw(sheet, findings),
        Block::Plan(groups) => plan::draw(sheet, groups),
        Block::Diff(diff) => diff::draw(sheet, diff),
        Block::Command(command) => command::draw(sheet, command),
        Block::Facts(facts) => facts::draw(sheet, facts),
    }
}

/// Whether two blocks stand under one another without a gap: lines of a form, marked lines of one weight.
fn belong_together(above: &Block, below: &Block, context: &Context<'_>) -> bool {
    match (above, below) {
        (Block::Text(above), Block::Text(below)) => above.tone == below.tone && of_tone(above.tone).0.is_some(),
        _ => is_line(above, context) && is_line(below, context),
    }
}

/// Whether a block is a line of a form, and stands without a gap under another such line.
fn is_line(block: &Block, context: &Context<'_>) -> bool {
    match block {
        Block::Field(_) => true,
        Block::Pick(pick) => !context.focus.is(&pick.id),
        _ => false,
    }
}

/// One column for the labels of all fields and picks; a label that would take too much stands on a line of its own.
fn label_column(page: &Page, width: usize) -> usize {
    let widest = width * 2 / 5;
    let labels = page.blocks.iter().filter_map(Question::of).filter_map(|question| match question {
        Question::Field(field) => Some(field.label.width()),
        Question::Pick(pick) => Some(pick.label.width()),
        Question::Choice(_) => None,
    });
    labels.filter(|label| *label <= widest).max().map_or(0, |label| label + 3)
}

/// A label in its column, or on its own line where it is too long; the returned line goes on with the answer.
fn labelled(sheet: &mut Sheet, label: &str, focused: bool, context: &Context<'_>) -> Vec<super::sheet::Run> {
    let role = if focused { Role::Focus } else { Role::Plain };
    let run = sheet.run(label, role);
    if label.is_empty() {
        return vec![sheet.blanks(MARGIN)];
    }
    if run.width() + 3 > context.label {
        sheet.indented(MARGIN, label, role);
        return vec![sheet.blanks(MARGIN + 2)];
    }
    let rest = context.label - run.width();
    vec![sheet.blanks(MARGIN), run, sheet.blanks(rest)]
}

/// What is wrong with an answer, under it: one sentence, one hint.
fn error(sheet: &mut Sheet, columns: usize, error: Option<&FieldError>) {
    let Some(error) = error else { return };
    let lead = vec![sheet.blanks(columns), sheet.glyph(Glyph::Bad, Role::Bad), sheet.blanks(1)];
    sheet.flow(lead, &error.what, Role::Bad);
    if let Some(hint) = &error.hint {
        sheet.indented(columns + 2, hint, Role::Plain);
    }
}
