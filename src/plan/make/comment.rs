//! The comments of what a run makes: its mark, what for, and when.

use crate::domain::change::{carries_mark, is_ours, mark};
use crate::domain::time::date;
use crate::domain::{Timestamp, visible::visible};

/// Longer comments make the tables of the web UI unreadable; in characters.
const MOST: usize = 120;

/// `labwizard 3f9a1c: Glassdome on desk7, 2026-11-22`. Names of people and machines can hold anything, so what is not a plain
/// letter, digit or sign becomes a hyphen.
pub fn comment(run: &str, purpose: &str, now: Timestamp) -> String {
    let (mark, day) = (mark(run), date(now));
    let room = MOST.saturating_sub(mark.len() + day.len() + 4);
    let mut plain = String::new();
    for c in purpose.trim().chars() {
        let kept = c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '_' | '@' | ':' | ',' | '-');
        match if kept { c } else { '-' } {
            '-' if plain.ends_with('-') => {}
            c => plain.push(c),
        }
    }
    plain.truncate(room);
    let plain = plain.trim_matches([' ', ',', '-']);
    if plain.is_empty() { format!("{mark}: {day}") } else { format!("{mark}: {plain}, {day}") }
}

/// The comment of a token that is made again: the run's mark before the old text, in place of an earlier run's.
pub fn again(run: &str, old: Option<&str>) -> String {
    let old = old.unwrap_or_default();
    if carries_mark(old, run) {
        return visible(old);
    }
    let text = if is_ours(old) { old.split_once(": ").map_or("", |(_, text)| text) } else { old };
    let text = visible(text.trim());
    if text.is_empty() { mark(run) } else { format!("{}: {text}", mark(run)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = 1_795_306_587;

    #[test]
    fn a_comment_says_what_made_it_what_for_and_when() {
        assert_eq!(comment("3f9a1c", "Glassdome on desk7", NOW), "labwizard 3f9a1c: Glassdome on desk7, 2026-11-22");
        assert_eq!(comment("3f9a1c", "", NOW), "labwizard 3f9a1c: 2026-11-22");
        assert!(carries_mark(&comment("3f9a1c", "x", NOW), "3f9a1c"));
    }

    #[test]
    fn what_a_machine_is_called_cannot_make_a_comment_long_or_strange() {
        let made = comment("3f9a1c", "Tool on Änne’s\u{1b}[31m “box”\n", NOW);
        assert_eq!(made, "labwizard 3f9a1c: Tool on -nne-s-31m -box, 2026-11-22");
        let made = comment("3f9a1c", &"n".repeat(500), NOW);
        assert!(made.len() <= MOST && made.ends_with(", 2026-11-22"), "{made}");
    }

    #[test]
    fn a_token_that_is_made_again_keeps_its_text_behind_the_mark() {
        assert_eq!(again("3f9a1c", Some("CI, ask Jörg")), "labwizard 3f9a1c: CI, ask Jörg");
        assert_eq!(again("3f9a1c", Some("labwizard 77aa: Tool, 2025-01-01")), "labwizard 3f9a1c: Tool, 2025-01-01");
        assert_eq!(again("3f9a1c", None), "labwizard 3f9a1c");
        assert!(!again("3f9a1c", Some("a\u{1b}[31m\nb")).contains(|c: char| c.is_control()));
    }
}
