//! What comes along with copying, taken out of a paste before it is read: colours, invisible characters, prompts, broken lines.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::domain::paste::secret::{begins_uuid, is_uuid};
use crate::domain::visible::is_hidden;

/// The text in plain characters, and what was done to it.
pub(super) fn clean(text: &str) -> (Zeroizing<String>, Vec<String>) {
    let mut repairs = Vec::new();
    let plain = Zeroizing::new(without_escapes(text));
    let (mut hidden, mut blanks, mut quotes, mut dashes, mut wide) = (false, false, false, false, false);
    let mut out = Zeroizing::new(String::with_capacity(plain.len()));
    for c in plain.chars() {
        match c {
            '\r' => {}
            '\n' | '\t' | ' ' => out.push(c),
            '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
                blanks = true;
                out.push(' ');
            }
            '\u{2028}' | '\u{2029}' | '\u{85}' => out.push('\n'),
            c if is_hidden(c) => hidden = true,
            '“' | '”' | '„' | '«' | '»' => {
                quotes = true;
                out.push('"');
            }
            '‘' | '’' | '‚' => {
                quotes = true;
                out.push('\'');
            }
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => {
                dashes = true;
                out.push('-');
            }
            '！' | '＠' | '＝' | '：' => {
                wide = true;
                out.push(match c {
                    '！' => '!',
                    '＠' => '@',
                    '＝' => '=',
                    _ => ':',
                });
            }
            // The frame of a table: upright lines part cells, the others are nothing.
            '│' | '┃' | '║' | '├' | '┤' | '╟' | '╢' | '╞' | '╡' => out.push('|'),
            '\u{2500}'..='\u{257f}' => out.push(' '),
            c => out.push(c),
        }
    }
    for (seen, sentence) in [
        (hidden, "Characters that are not seen were taken out."),
        (blanks, "Blanks of another kind (from a web page or a document) became plain ones."),
        (quotes, "Curly quotes became straight ones."),
        (dashes, "Dashes of another kind became hyphens."),
        (wide, "Full-width signs became plain ones."),
    ] {
        if seen {
            repairs.push(sentence.to_owned());
        }
    }
    let closed = Zeroizing::new(close_bangs(&out));
    if closed != out {
        repairs.push("Blanks around the “!” were taken out.".to_owned());
    }
    (Zeroizing::new(without_prompts(&closed)), repairs)
}

/// `user@realm ! name` → `user@realm!name`, where all of it stands in one line.
fn close_bangs(text: &str) -> String {
    let lines: Vec<Cow<'_, str>> = text.split('\n').map(close_bang).collect();
    lines.join("\n")
}

fn close_bang(line: &str) -> Cow<'_, str> {
    let Some((front, behind)) = line.split_once('!') else { return Cow::Borrowed(line) };
    let (user, name) = (front.trim_end(), behind.trim_start());
    let blank = user.len() < front.len() || name.len() < behind.len();
    let last = user.rsplit([' ', '\t', '"', '\'', '=']).next().unwrap_or(user);
    if blank && last.contains('@') && name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        Cow::Owned(format!("{user}!{name}"))
    } else {
        Cow::Borrowed(line)
    }
}

/// Without a terminal's control sequences (ECMA-48: CSI, OSC and two-character ones).
fn without_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let csi = match c {
            '\u{9b}' => true,
            '\u{1b}' => match letters.next() {
                Some('[') => true,
                Some(']') => {
                    // An operating system command goes on to BEL or ESC \.
                    while let Some(c) = letters.next() {
                        if c == '\u{7}' || (c == '\u{1b}' && letters.next_if_eq(&'\\').is_some()) {
                            break;
                        }
                    }
                    false
                }
                _ => false,
            },
            c => {
                out.push(c);
                false
            }
        };
        if csi {
            for c in letters.by_ref() {
                if ('\u{40}'..='\u{7e}').contains(&c) {
                    break;
                }
            }
        }
    }
    out
}

/// Without shell prompts at the front of lines: `root@pve:~# `, `[root@pve ~]# `, `$ `.
fn without_prompts(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').map(without_prompt).collect();
    lines.join("\n")
}

fn without_prompt(line: &str) -> &str {
    let trimmed = line.trim_start();
    for sign in ["# ", "$ ", "% ", "> ", "❯ "] {
        if let Some(rest) = trimmed.strip_prefix(sign) {
            return rest;
        }
        let Some((front, rest)) = trimmed.split_once(sign) else { continue };
        let shell = front.ends_with('~') || front.ends_with(']') || front.contains(":/") || front.contains(":~");
        if front.len() <= 80 && front.contains('@') && shell && !front.contains(['!', '=', '"', '\'']) {
            return rest;
        }
    }
    // A prompt alone, with nothing behind it.
    let bare = trimmed.trim_end();
    let alone = bare.ends_with(['#', '$']) && bare.contains('@') && (bare.contains(":~") || bare.contains(":/"));
    if alone && !bare.contains('!') { "" } else { line }
}

/// Lines where a secret goes on in the next one are joined; a table's frame between its halves is left away.
pub(super) fn join_broken_secrets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split('\n') {
        if out.is_empty() {
            out.push_str(line);
            continue;
        }
        let last = out.rsplit('\n').next().unwrap_or("");
        let end = last.trim_end_matches(['|', ' ', '\\']);
        let start = line.trim_start_matches(['|', ' ']);
        let tail = run_at_end(end);
        let head_length = start.bytes().take_while(|b| b.is_ascii_hexdigit() || *b == b'-').count();
        let joined = Zeroizing::new(format!("{tail}{}", &start[..head_length]));
        if !tail.is_empty() && head_length > 0 && tail.len() < 36 && (is_uuid(&joined) || begins_uuid(&joined)) {
            let keep = out.len() - (last.len() - end.len());
            out.truncate(keep);
            out.push_str(start);
        } else {
            out.push('\n');
            out.push_str(line);
        }
    }
    out
}

/// The hex digits and hyphens that a line ends with, from the last sign that no UUID has.
fn run_at_end(line: &str) -> &str {
    let start = line.bytes().rposition(|b| !(b.is_ascii_hexdigit() || b == b'-')).map_or(0, |at| at + 1);
    // A word that only ends like a UUID (`…feed`) is none.
    let before = line.as_bytes().get(start.wrapping_sub(1));
    match before {
        Some(b) if b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80 => "",
        _ => &line[start..],
    }
}

/// Lines that are exactly as long as the longest are joined with the next: a window had broken them.
pub(super) fn join_full_lines(text: &str) -> String {
    let width = text.split('\n').map(|l| l.chars().count()).max().unwrap_or(0);
    let mut out = String::with_capacity(text.len());
    let mut lines = text.split('\n').peekable();
    while let Some(line) = lines.next() {
        out.push_str(line);
        if line.chars().count() < width && lines.peek().is_some() {
            out.push('\n');
        }
    }
    out
}

/// All lines in one.
pub(super) fn join_all(text: &str) -> String {
    text.split('\n').map(|line| line.strip_suffix('\\').unwrap_or(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_invisible_characters_go() {
        let (text, repairs) = clean("\u{feff}\u{1b}[1;32mvalue\u{1b}[0m\u{200b}\u{a0}x\r\n\u{1b}]0;title\u{7}y");
        assert_eq!(text.as_str(), "value x\ny");
        assert_eq!(repairs.len(), 2);
    }

    #[test]
    fn prompts_go_and_ids_stay() {
        for (line, rest) in [
            ("root@pve:~# pveum x", "pveum x"),
            ("[root@pve ~]# pveum x", "pveum x"),
            ("$ curl x", "curl x"),
            ("apex@pve!tok=1", "apex@pve!tok=1"),
            ("root@pve:~#", ""),
            ("user@host:/etc/pve$ ls", "ls"),
            ("NAME=value # a comment", "NAME=value # a comment"),
        ] {
            assert_eq!(without_prompt(line), rest, "{line}");
        }
    }

    #[test]
    fn a_secret_broken_over_lines_is_whole_again() {
        for broken in [
            "TOKEN=00000000-0000-40\n00-8000-000000000001\nNEXT=1",
            "| TOKEN=00000000-0000-40 |\n|      00-8000-000000000001\nNEXT=1",
        ] {
            let joined = join_broken_secrets(broken);
            assert!(joined.contains("00000000-0000-4000-8000-000000000001\nNEXT=1"), "{joined}");
        }
        let whole = "00000000-0000-4000-8000-000000000001\nabc";
        assert_eq!(join_broken_secrets(whole), whole);
    }
}
