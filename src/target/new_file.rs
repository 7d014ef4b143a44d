//! The text that a brand-new file begins as: its comments, with every key switched off, ready for the edits.

use super::spec::{Dialect, Form};
use super::write::Filled;
use crate::domain::Text;

/// The comments of a new file with a commented line for each key, in their order. The edits switch these on, so that the
/// editors alone decide how a value is written.
pub fn skeleton(form: &Form, filled: &Filled) -> Text {
    let mut text = String::new();
    for line in &form.head {
        text.push_str(&format!("# {line}\n"));
    }
    if !form.head.is_empty() {
        text.push('\n');
    }
    // `terraform fmt` puts the equals signs of a block in one column; a comment ends a block.
    let mut block: Vec<&str> = Vec::new();
    let flush = |block: &mut Vec<&str>, text: &mut String| {
        let width = block.iter().map(|key| key.len()).max().unwrap_or(0);
        for key in block.drain(..) {
            match form.dialect {
                Dialect::Hcl => text.push_str(&format!("# {key:width$} = \"\"\n")),
                _ => text.push_str(&format!("#{key}=\n")),
            }
        }
    };
    for value in &filled.set {
        if let Some(about) = &value.about {
            flush(&mut block, &mut text);
            text.push_str(&format!("# {about}\n"));
        }
        block.push(&value.key);
    }
    flush(&mut block, &mut text);
    Text::new(text)
}
