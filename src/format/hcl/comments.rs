//! Attributes that are commented out at the top level: `# key = "value"`, `//key = 1`.

use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::parser::parse_body;

use super::{LineCount, form, is_name_char, line_start};
use crate::format::document::{Form, Slot};

/// Adds those of a gap between two structures, which holds only blanks and comments.
pub(super) fn commented(text: &str, gap: Range<usize>, lines: &mut LineCount, slots: &mut Vec<Slot>) {
    let mut at = gap.start;
    while at < gap.end {
        let rest = &text[at..gap.end];
        if rest.starts_with("/*") {
            at += rest.find("*/").map_or(rest.len(), |n| n + 2);
        } else if rest.starts_with('#') || rest.starts_with("//") {
            let end = rest.find('\n').map_or(gap.end, |n| at + n + 1);
            let start = line_start(text, at);
            if text[start..at].trim().is_empty() {
                slots.extend(slot(text, at, start..end, lines));
            }
            at = end;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
}

fn slot(text: &str, at: usize, whole: Range<usize>, lines: &mut LineCount) -> Option<Slot> {
    let comment = text[at..whole.end].trim_end_matches(['\r', '\n']);
    let end = at + comment.len();
    let inner = comment.trim_start_matches(['#', '/']).trim_start_matches([' ', '\t']);
    let key_start = end - inner.len();
    let length = inner.find(|c| !is_name_char(c)).filter(|&n| n > 0)?;
    let after = inner[length..].trim_start_matches([' ', '\t']).strip_prefix('=')?;
    if after.starts_with('=') {
        return None;
    }
    let mut slot = Slot {
        key: key_start..key_start + length,
        value: end - after.trim_start_matches([' ', '\t']).len()..end,
        comment: end..end,
        line: lines.at(whole.start),
        whole,
        commented: true,
        exported: false,
        form: Form::Odd,
    };
    let parsed = parse_body(inner).ok();
    if let Some(attribute) = parsed.as_ref().and_then(|body| body.attributes().next())
        && let Some(value) = attribute.value.span()
    {
        slot.form = form(&attribute.value);
        slot.value = key_start + value.start..key_start + value.end;
        let behind = text[slot.value.end..end].trim_start_matches([' ', '\t']);
        slot.comment = end - behind.len()..end;
    }
    Some(slot)
}
