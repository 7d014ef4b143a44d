//! Whatever a file and a value hold: what was written reads back with every reader, and every other line stays.

use super::*;
use proptest::prelude::*;

/// Values made of what is dangerous anywhere.
fn attack() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "\n", "\"", "'", "$", "${", "}", "%{", "#", "\\", "`", "!", "&", "*", ":", "-", "[", "{", "\u{feff}", " ", "a",
        "=", "~", ";", "é", "\\n",
    ]);
    prop::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat())
}

fn readers() -> impl Strategy<Value = Vec<Reader>> {
    prop::sample::subsequence(ALL.to_vec(), 1..=3)
}

fn file() -> impl Strategy<Value = String> {
    let lines = prop::sample::select(vec![
        "B=1",
        "# note",
        "",
        "C='x # y' # z",
        "D=\"two words\"",
        "K=old",
        "K='old' # why",
        "#K=off",
        "# K='off' # c",
        "E=a#b",
        "F=~x",
        "just words",
        "G=it's",
        "H=\"a\\\"b\"",
        "  I = 7  ",
    ]);
    let parts = prop::collection::vec(lines, 0..7);
    (parts, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(mut parts, crlf, bom, end)| {
        let mut seen = std::collections::HashSet::new();
        parts.retain(|part| !part.starts_with('K') || seen.insert('K'));
        let mut text = parts.join(if crlf { "\r\n" } else { "\n" });
        if end {
            text.push_str(if crlf { "\r\n" } else { "\n" });
        }
        if bom { format!("\u{feff}{text}") } else { text }
    })
}

/// The lines of the file that are not about K, comments of its line included.
fn other_lines(document: &Document) -> Vec<String> {
    let text = document.text().as_str().trim_start_matches('\u{feff}');
    let lines = text.split('\n').map(|line| line.trim_end_matches('\r').to_owned());
    lines
        .filter(|line| {
            !line.is_empty()
                && !line.trim_start_matches(['#', ' ']).starts_with('K')
                && line != "# why"
                && line != "# c"
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_was_written_reads_back_with_every_reader_and_the_rest_stays(
        text in file(), value in attack(), readers in readers(), on in any::<bool>(),
    ) {
        let old = document(&text);
        let mut edit = Edit::set("K", Text::new(value.clone()));
        if on {
            edit = edit.switching_on();
        }
        match old.apply(&[edit], &readers, None) {
            Ok(edited) => {
                let written = edited.text().as_str();
                for &reader in &readers {
                    let reading = read_as(reader, written);
                    prop_assert_eq!(reading.value("K", reader), Some(value.as_str()), "{}", reader);
                }
                if readers.contains(&Dotenvy) {
                    // a second reading, by the crate itself; it replaces nothing here, or ours would not have been sure
                    let theirs = dotenvy::from_read_iter(written.trim_start_matches('\u{feff}').as_bytes())
                        .find_map(|pair| pair.ok().filter(|(key, _)| key == "K"));
                    prop_assert_eq!(theirs.map(|(_, value)| value), Some(value.clone()));
                }
                prop_assert_eq!(other_lines(&old), other_lines(&edited.document));
                prop_assert_eq!(text.starts_with('\u{feff}'), written.starts_with('\u{feff}'));
                let again = edited.document.apply(&[Edit::set("K", Text::new(value))], &readers, None).unwrap();
                prop_assert_eq!(again.text(), edited.text());
            }
            // a lone quote further up makes K a part of another value for some readers
            Err(EditError::CheckFailed { reader: Some(_), .. }) if text.contains("it's") => {}
            Err(EditError::CheckFailed { what, reader, .. }) => {
                return Err(TestCaseError::fail(format!("{what} {reader:?} {readers:?}")));
            }
            Err(EditError::BadValue { .. }) => prop_assert!(value.contains('\n')),
            Err(_) => {}
        }
    }

    #[test]
    fn a_token_is_written_bare_and_read_by_all(text in file()) {
        let text = text.trim_start_matches('\u{feff}').to_owned();
        let token = "root@pam!x=00000000-0000-4000-8000-000000000001";
        match document(&text).apply(&[Edit::set("K", token.into())], &[PythonDotenv, Naive], None) {
            Ok(edited) => {
                let line = format!("K={token}");
                prop_assert!(edited.text().as_str().lines().any(|found| found.trim_end() == line));
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        }
    }

    #[test]
    fn no_text_makes_it_fall(text in any::<String>(), key in "[A-Z]{1,3}") {
        if let Ok(document) = Document::parse(Dialect::Dotenv, Text::new(text)) {
            let _ = document.apply(&[Edit::set(key, "v".into())], &ALL[..2], None);
        }
    }
}
