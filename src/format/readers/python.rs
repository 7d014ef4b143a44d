//! python-dotenv 1.2.2 (`parser.py`, `variables.py`), with its default `interpolate=True`.

use super::{Fault, Pair, Reading};
use crate::format::dotenv::{Binding, Scanner, decode};

pub(super) fn read(text: &str) -> Reading<'_> {
    let mut reading = Reading::default();
    for found in Scanner::new(text, 0) {
        match found {
            Binding::Pair(slot) => {
                let Some(value) = decode(&text[slot.value.clone()], slot.form) else { continue };
                let unsure = expands(&value)
                    .then_some("it puts the value of a variable in place of ${…}, even in single quotes.");
                reading.pairs.push(Pair { key: &text[slot.key.clone()], value: value.into(), line: slot.line, unsure });
            }
            Binding::Fault { line, .. } => {
                reading.faults.push(Fault { line, why: "it skips this line with a warning.", stops: false });
            }
            Binding::Comment { .. } | Binding::Nothing => {}
        }
    }
    reading
}

/// `\$\{[^\}:]*(?::-[^\}]*)?\}`
fn expands(value: &str) -> bool {
    value.match_indices("${").any(|(at, _)| {
        let name = &value[at + 2..];
        match name.find(['}', ':']) {
            Some(end) if name.as_bytes()[end] == b'}' => true,
            Some(end) => name[end..].starts_with(":-") && name[end..].contains('}'),
            None => false,
        }
    })
}
