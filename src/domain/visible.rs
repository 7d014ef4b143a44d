//! Text that is not ours, made fit to be shown: it can neither steer the terminal nor look like something else.
//!
//! Everything from a host, a file or a paste passes [`visible`] on its way to a screen, a log, JSON or the clipboard. Names
//! that go on into commands, files, titles or choices must match Proxmox's own grammar besides ([`is_node_name`] and so on).

use unicode_width::UnicodeWidthChar;

/// The columns that one line of foreign text may fill, the `…` of a cut one included.
pub const MAX_COLUMNS: usize = 200;

/// Combining marks that a letter may carry; what is written anywhere needs no more.
const MAX_MARKS: usize = 4;

/// `text` as one line: control, bidi, zero-width, tag and private characters become `\u{202e}`, line ends `␊`; cut with `…`
/// at [`MAX_COLUMNS`].
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(4 * MAX_COLUMNS));
    let (mut columns, mut marks) = (0, 0);
    // Where the text may be cut so that the `…` still fits.
    let mut cut = 0;
    for c in text.chars() {
        let start = out.len();
        if c == '\n' {
            out.push('␊');
            marks = 0;
        } else if is_hidden(c) {
            out.extend(c.escape_unicode());
            marks = 0;
        } else if c.width() == Some(0) {
            marks += 1;
            match marks {
                ..=MAX_MARKS => out.push(c),
                n if n == MAX_MARKS + 1 => out.push('…'),
                _ => continue,
            }
        } else {
            out.push(c);
            marks = 0;
        }
        columns += out[start..].chars().map(|c| c.width().unwrap_or(1)).sum::<usize>();
        if columns > MAX_COLUMNS {
            out.truncate(cut);
            out.push('…');
            return out;
        }
        if columns < MAX_COLUMNS {
            cut = out.len();
        }
    }
    out
}

/// A sentence or command of our own, which holds names of others: each of its words is made [`visible`], and none is left out.
pub fn whole(text: &str) -> String {
    text.split(' ').map(visible).collect::<Vec<_>>().join(" ")
}

/// Each line of `text`, made [`visible`].
pub fn visible_lines(text: &str) -> Vec<String> {
    text.lines().map(visible).collect()
}

/// Whether a character would act on the terminal, or be there without being seen.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'       // Mongolian variation selectors
            | '\u{200b}'..='\u{200f}'       // zero-width, left-to-right and right-to-left marks
            | '\u{2028}'..='\u{202e}'       // line and paragraph separators, bidi embeddings and overrides
            | '\u{2060}'..='\u{206f}'       // word joiner, invisible operators, bidi isolates
            | '\u{3164}' | '\u{ffa0}'       // Hangul fillers
            | '\u{e000}'..='\u{f8ff}'       // private use
            | '\u{fe00}'..='\u{fe0f}'       // variation selectors
            | '\u{feff}'                    // byte order mark
            | '\u{fff0}'..='\u{fffb}'       // unassigned, interlinear annotations
            | '\u{fffe}' | '\u{ffff}'       // no characters
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{10ffff}') // tags, variation selectors, private use
}

/// pve-common `JSONSchema.pm` pve_verify_node_name.
pub fn is_node_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    !bytes.is_empty()
        && text.len() <= 63
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
        && bytes[0] != b'-'
        && bytes[bytes.len() - 1] != b'-'
}

/// pve-common `JSONSchema.pm` parse_id, for storages.
pub fn is_storage_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 2
        && bytes.len() <= 100
        && bytes[0].is_ascii_alphabetic()
        && bytes[bytes.len() - 1].is_ascii_alphanumeric()
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// pve-common `JSONSchema.pm` parse_bridge_id, of ASCII letters alone, and not a `-` first, which a command would take for an option.
pub fn is_bridge_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// pve-common `JSONSchema.pm` pve_verify_vmid: 100 to 999999999.
pub fn is_vmid(text: &str) -> bool {
    (3..=9).contains(&text.len()) && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit())
}

/// A sentence begins with a capital letter, whatever words it is made of.
pub fn upper_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn what_would_steer_or_hide_is_spelled_out() {
        for (text, shown) in [
            ("pve", "pve"),
            ("Größe, 日本, عربي", "Größe, 日本, عربي"),
            ("\x1b[2J", "\\u{1b}[2J"),
            ("a\u{9b}2Jb", "a\\u{9b}2Jb"),
            ("a\rb", "a\\u{d}b"),
            ("a\tb", "a\\u{9}b"),
            ("a\nb", "a␊b"),
            ("\0", "\\u{0}"),
            ("\x7f", "\\u{7f}"),
            ("abc\u{202e}cba", "abc\\u{202e}cba"),
            ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"),
            ("a\u{200b}b\u{200d}c\u{2060}", "a\\u{200b}b\\u{200d}c\\u{2060}"),
            ("\u{feff}x", "\\u{feff}x"),
            ("☎\u{fe0f}", "☎\\u{fe0f}"),
            ("x\u{e0041}", "x\\u{e0041}"),
            ("\u{e000}\u{f0000}", "\\u{e000}\\u{f0000}"),
            ("a\u{2028}b\u{85}c", "a\\u{2028}b\\u{85}c"),
            ("so\u{ad}ft", "so\\u{ad}ft"),
        ] {
            assert_eq!(visible(text), shown, "{text:?}");
        }
    }

    #[test]
    fn a_letter_keeps_four_marks_and_the_rest_is_said_to_be_cut() {
        assert_eq!(visible(&format!("e{}x", "\u{301}".repeat(50))), format!("e{}…x", "\u{301}".repeat(4)));
        assert_eq!(visible("e\u{301}"), "e\u{301}");
    }

    #[test]
    fn a_line_ends_at_two_hundred_columns() {
        assert_eq!(visible(&"a".repeat(200)), "a".repeat(200));
        assert_eq!(visible(&"a".repeat(201)), format!("{}…", "a".repeat(199)));
        assert_eq!(visible(&"日".repeat(150)).width(), 199);
        assert_eq!(visible(&"\u{1b}".repeat(150)), format!("{}…", "\\u{1b}".repeat(33)));
    }

    #[test]
    fn a_sentence_of_our_own_is_told_to_its_end() {
        let long = format!("make the role Lab with {} and \u{1b}[2J", ["VM.Audit"; 60].join(", "));
        assert_eq!(whole(&long), long.replace('\u{1b}', "\\u{1b}"));
    }

    #[test]
    fn lines_stay_lines_where_they_are_wanted() {
        assert_eq!(visible_lines("one\r\ntwo\x1b\nthree"), ["one", "two\\u{1b}", "three"]);
    }

    #[test]
    fn names_follow_proxmoxs_own_grammar() {
        type Rule = fn(&str) -> bool;
        let table: [(Rule, &[&str], &[&str]); 4] = [
            (
                is_node_name,
                &["pve", "pve-01", "1", "A"],
                &["", "-a", "a-", "pve.lan", "a b", "a_b", "ä", "$(id)", "a\n"],
            ),
            (is_storage_name, &["local-lvm", "ab", "a.b_c1"], &["", "a", "1ab", "ab-", "a b", "a/b", "é1", "ab\n"]),
            (is_bridge_name, &["vmbr0", "_x", "br-lan.5"], &["", "-vmbr0", "a b", "vmbr0;id", "br/0", "vmbr０"]),
            (is_vmid, &["100", "999999999"], &["", "99", "099", "1000000000", "1e3", "-100", " 100"]),
        ];
        for (rule, good, bad) in table {
            assert!(good.iter().all(|t| rule(t)), "{good:?}");
            assert!(!bad.iter().any(|t| rule(t)), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_steers_or_hides_ever_comes_out(text in any::<String>(), odd in "[\\x00-\\x1f\u{80}-\u{9f}\u{200b}-\u{206f}\u{300}-\u{310}\u{e0000}-\u{e007f}a日]{0,300}") {
            for text in [text, odd] {
                let shown = visible(&text);
                prop_assert!(!shown.chars().any(is_hidden));
                prop_assert!(shown.width() <= MAX_COLUMNS);
                prop_assert_eq!(visible(&shown), shown.clone());
            }
        }
    }
}
