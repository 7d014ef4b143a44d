//! The one place where a text becomes fit to be shown: it can steer no terminal, and an ASCII one can show it.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use crate::domain::visible;
use crate::front::glyph;

/// Makes a text fit for the screen: what would steer a terminal or hide stands there readable, and where `ascii` is asked for,
/// everything beyond ASCII is written in it. A line's end is such a sign too; split a text into lines before. Unlike
/// [`visible`], which stands where a host's text comes in, this cuts nothing: long texts of our own wrap.
pub fn shown(text: &str, ascii: bool) -> Cow<'_, str> {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for grapheme in text.graphemes(true) {
        if matches!(grapheme.as_bytes(), [0x20..0x7f]) {
            out.push_str(grapheme);
            continue;
        }
        for sign in visible(grapheme).chars() {
            match glyph::in_ascii(sign) {
                _ if !ascii || sign.is_ascii() => out.push(sign),
                Some(plain) => out.push_str(plain),
                None => out.extend(sign.escape_unicode()),
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_steer_the_terminal_is_shown_instead() {
        for steering in ["\u{1b}[2J", "\u{9b}31m", "\u{202e}abc", "a\rb", "\u{200b}"] {
            let text = shown(steering, false);
            assert!(text.chars().all(|c| c >= ' ' && c != '\u{7f}' && !('\u{80}'..'\u{a0}').contains(&c)), "{text}");
            assert!(text.contains("\\u{"), "{text}");
        }
        assert_eq!(shown("pve.lan · “a”", false), "pve.lan · “a”");
    }

    #[test]
    fn an_ascii_terminal_gets_ascii_only() {
        assert_eq!(shown("“mode” 0644 → 0600 …", true), "\"mode\" 0644 -> 0600 ...");
        assert_eq!(shown("Köln", true), "K\\u{f6}ln");
    }
}
