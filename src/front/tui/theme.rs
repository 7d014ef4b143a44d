//! The sixteen colours by role, and what stands in for them where there is no colour.

use ratatui::style::{Color, Modifier, Style};

use crate::front::Look;
use crate::front::glyph::Glyph;
use crate::wizard::page::{LinkState, Tone};

/// What a piece of text is for. The terminal's own background always stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Plain,
    /// Titles, and what the eye should find first.
    Strong,
    /// Help, asides, rules.
    Quiet,
    /// Where the keyboard is.
    Focus,
    Good,
    Warning,
    Bad,
    /// A line that goes.
    Removed,
}

/// The style of a role. Without colour the weight alone tells, and the symbol and word beside it.
pub fn style(role: Role, look: Look) -> Style {
    let (color, modifier) = match role {
        Role::Plain => (None, Modifier::empty()),
        Role::Strong => (None, Modifier::BOLD),
        Role::Quiet => (None, Modifier::DIM),
        Role::Focus => (Some(Color::Cyan), Modifier::BOLD),
        Role::Good => (Some(Color::Green), Modifier::empty()),
        Role::Warning => (Some(Color::Yellow), Modifier::BOLD),
        Role::Bad => (Some(Color::Red), Modifier::BOLD),
        Role::Removed => (Some(Color::Red), Modifier::empty()),
    };
    let style = Style::new().add_modifier(modifier);
    match color {
        Some(color) if look.color => style.fg(color),
        _ => style,
    }
}

/// The symbol and colour of how far something is.
pub fn of_state(state: LinkState) -> (Glyph, Role) {
    match state {
        LinkState::Waiting => (Glyph::Waiting, Role::Quiet),
        LinkState::Running => (Glyph::Running, Role::Focus),
        LinkState::Good => (Glyph::Good, Role::Good),
        LinkState::Warning => (Glyph::Warning, Role::Warning),
        LinkState::Broken => (Glyph::Bad, Role::Bad),
    }
}

/// The symbol and colour of a text's weight.
pub fn of_tone(tone: Tone) -> (Option<Glyph>, Role) {
    match tone {
        Tone::Plain => (None, Role::Plain),
        Tone::Quiet => (None, Role::Quiet),
        Tone::Good => (Some(Glyph::Good), Role::Good),
        Tone::Warning => (Some(Glyph::Warning), Role::Warning),
        Tone::Bad => (Some(Glyph::Bad), Role::Bad),
    }
}
