//! What stands around the body: header, road of steps, banner, status, footer; and the help in the body's place.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::front::Look;
use crate::front::glyph::Glyph;
use crate::front::shown::shown;
use crate::front::tui::keys;
use crate::front::tui::screen::SMALLEST;
use crate::front::tui::sheet::{Line, Sheet, is_plain};
use crate::front::tui::theme::{Role, style};
use crate::wizard::page::{Page, StepState};

/// The rows of a screen, shared out.
pub struct Frame {
    look: Look,
    size: (u16, u16),
    banner: Vec<Line>,
    status: Vec<Line>,
    /// The window of the body.
    pub body: Rect,
}

impl Frame {
    /// With a line of air above the body where `air` is wanted and the screen is tall enough.
    pub fn new(size: (u16, u16), page: &Page, status: Option<&(Glyph, Role, String)>, air: bool, look: Look) -> Self {
        let banner = page.banner.as_ref().map(|text| marked(size.0, Glyph::Warning, Role::Warning, text, look));
        let status = status.map(|(glyph, role, text)| marked(size.0, *glyph, *role, text, look));
        let (banner, status) = (banner.unwrap_or_default(), status.unwrap_or_default());
        let air = u16::from(air && size.1 >= 20);
        let top = 3 + banner.len() as u16 + air;
        let bottom = 2 + status.len() as u16;
        let body = Rect::new(0, top, size.0, size.1.saturating_sub(top + bottom));
        Frame { look, size, banner, status, body }
    }

    /// The lines that are in sight, from line `first` of `all`.
    pub fn draw_body(&self, buffer: &mut Buffer, lines: &[Line], first: usize, all: usize) {
        let tall = usize::from(self.body.height);
        for (row, line) in lines.iter().take(tall).enumerate() {
            put(buffer, 0, self.body.y + row as u16, line);
        }
        let rule = self.size.1 - 2;
        self.rule(buffer, rule);
        if all > tall {
            let sheet = Sheet::new(usize::from(self.size.0), self.look);
            let words = format!(" {}–{} of {all} lines, PageUp PageDown ", first + 1, (first + tall).min(all));
            let run = sheet.run(&words, Role::Strong);
            let x = self.size.0.saturating_sub(run.width() as u16 + 2);
            put(buffer, x, rule, &[run]);
        }
    }

    /// Header, banner, status and footer.
    pub fn draw_edges(&self, buffer: &mut Buffer, page: &Page, footer: &[(&str, &str)]) {
        let columns = usize::from(self.size.0);
        let sheet = Sheet::new(columns, self.look);
        put(buffer, 1, 0, &[sheet.run("labwizard", Role::Strong)]);
        let place = page.road.iter().position(|(step, _)| *step == page.step);
        let place = match place {
            Some(place) => format!("{} · {} of {}", page.step.word(), place + 1, page.road.len()),
            None => page.step.word().to_owned(),
        };
        let place = sheet.run(&place, Role::Quiet);
        put(buffer, self.size.0.saturating_sub(place.width() as u16 + 1), 0, &[place]);
        put(buffer, 1, 1, &road(&sheet, page, columns - 2));
        self.rule(buffer, 2);
        for (row, line) in self.banner.iter().enumerate() {
            put(buffer, 0, 3 + row as u16, line);
        }
        let status = self.size.1 - 2 - self.status.len() as u16;
        for (row, line) in self.status.iter().enumerate() {
            put(buffer, 0, status + row as u16, line);
        }
        // What does not fit goes from the middle: how to go on, to get help and to get out is always told.
        let mut kept = footer.to_vec();
        let width =
            |kept: &[(&str, &str)]| kept.iter().map(|(key, words)| key.width() + words.width() + 4).sum::<usize>();
        while kept.len() > 3 && width(&kept) > columns + 2 {
            kept.remove(kept.len() - 3);
        }
        let mut line = Line::new();
        for (key, words) in kept {
            let gap = if line.is_empty() { 1 } else { 3 };
            line.extend([
                sheet.blanks(gap),
                sheet.run(key, Role::Strong),
                sheet.run(&format!(" {words}"), Role::Quiet),
            ]);
        }
        put(buffer, 0, self.size.1 - 1, &line);
    }

    fn rule(&self, buffer: &mut Buffer, row: u16) {
        let (rule, quiet) = (Glyph::Rule.of(self.look.ascii), style(Role::Quiet, self.look));
        for column in 0..self.size.0.min(buffer.area.right()) {
            buffer[(column, row)].set_symbol(rule).set_style(quiet);
        }
    }
}

/// A sentence with a symbol in front, in as many lines as it takes, three at most.
fn marked(columns: u16, glyph: Glyph, role: Role, text: &str, look: Look) -> Vec<Line> {
    let mut sheet = Sheet::new(usize::from(columns).saturating_sub(1), look);
    let lead = vec![sheet.blanks(1), sheet.glyph(glyph, role), sheet.blanks(1)];
    sheet.flow(lead, text, role);
    if sheet.lines.len() > 3 {
        sheet.lines.truncate(3);
        let more = sheet.glyph(Glyph::More, role);
        sheet.lines[2].push(more);
    }
    sheet.lines
}

/// Which steps, by place and state, have their word written.
type WithWord<'a> = &'a dyn Fn(usize, StepState) -> bool;

/// The steps as symbols and words. Where they do not fit, first the gaps shrink, then the words of steps that are done go, then
/// those that are far off.
fn road(sheet: &Sheet, page: &Page, columns: usize) -> Line {
    let current = page.road.iter().position(|(step, _)| *step == page.step).unwrap_or(0);
    let draw = |gap: usize, words: WithWord<'_>| {
        let mut line = Line::new();
        for (place, (step, state)) in page.road.iter().enumerate() {
            let (glyph, role) = match state {
                StepState::Pending => (Glyph::Waiting, Role::Quiet),
                StepState::Current => (Glyph::Here, Role::Focus),
                StepState::Done => (Glyph::Good, Role::Good),
                StepState::Stale => (Glyph::Stale, Role::Warning),
            };
            if place > 0 {
                line.push(sheet.blanks(gap));
            }
            line.push(sheet.glyph(glyph, role));
            if words(place, *state) {
                let word = if *state == StepState::Done { Role::Plain } else { role };
                line.push(sheet.run(&format!(" {}", step.word()), word));
            }
        }
        line
    };
    let all = |_: usize, _: StepState| true;
    let not_done = |_: usize, state: StepState| state != StepState::Done;
    let near = |place: usize, _: StepState| place.abs_diff(current) <= 1;
    let here = |place: usize, _: StepState| place == current;
    let ways: [(usize, WithWord<'_>); 6] = [(3, &all), (2, &all), (1, &all), (1, &not_done), (1, &near), (1, &here)];
    let fits = |line: &Line| line.iter().map(|run| run.width()).sum::<usize>() <= columns;
    ways.iter().map(|(gap, words)| draw(*gap, *words)).find(fits).unwrap_or_default()
}

/// Puts a line into the buffer, as far as the row reaches. Most text is plain, and what is not takes ten times as long.
fn put(buffer: &mut Buffer, mut x: u16, y: u16, line: &[crate::front::tui::sheet::Run]) {
    let end = buffer.area.right();
    for run in line {
        if x >= end || y >= buffer.area.bottom() {
            return;
        }
        let columns = (run.width() as u16).min(end - x);
        // A style is laid over what a cell has; under a text there is to be nothing.
        (x..x + columns).for_each(|column| buffer[(column, y)].reset());
        if is_plain(run.text()) {
            for (column, byte) in (x..x + columns).zip(run.text().bytes()) {
                buffer[(column, y)].set_char(char::from(byte)).set_style(run.style());
            }
            x += columns;
            continue;
        }
        (x, _) = buffer.set_stringn(x, y, run.text(), usize::from(end - x), run.style());
    }
}

/// The one line that a screen shows which is too small for a page; where quitting was begun, how to end that.
pub fn too_small(buffer: &mut Buffer, quitting: bool, look: Look) {
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let again = format!("{} again quits", keys::name(keys::Action::Quit));
    let words = [
        if quitting { again } else { String::new() },
        format!("labwizard needs {} columns and {} rows; this has {columns} and {rows}.", SMALLEST.0, SMALLEST.1),
        format!("needs {}x{}, has {columns}x{rows}", SMALLEST.0, SMALLEST.1),
        format!("{}x{}", SMALLEST.0, SMALLEST.1),
    ];
    let told = |words: &&String| !words.is_empty() && words.width() <= usize::from(columns);
    if let Some(words) = words.iter().find(told).filter(|_| rows > 0) {
        buffer.set_string(0, 0, shown(words, look.ascii), style(Role::Plain, look));
    }
}

/// The help: of this page, then of the keys.
pub fn help(sheet: &mut Sheet, page: &Page) {
    sheet.indented(2, &format!("Help: {}", page.title), Role::Strong);
    for paragraph in &page.help {
        sheet.gap();
        sheet.indented(2, paragraph, Role::Plain);
    }
    sheet.gap();
    sheet.indented(2, "Keys", Role::Strong);
    let name = |sheet: &Sheet, row: &keys::Binding| sheet.run(row.name, Role::Focus);
    let widest = keys::TABLE.iter().map(|row| name(sheet, row).width()).max().unwrap_or(0);
    for row in keys::TABLE {
        let name = name(sheet, row);
        let rest = widest + 3 - name.width();
        let lead = vec![sheet.blanks(2), name, sheet.blanks(rest)];
        sheet.flow(lead, row.about, Role::Plain);
    }
}
