use proptest::prelude::*;

use super::*;

use Reader::{Compose, DockerEnvFile, Dotenvy, Naive, Node, PythonDotenv, Sh};

/// The value of K, where the reader is sure of it.
fn read(reader: Reader, text: &str) -> Option<String> {
    read_as(reader, text).value("K", reader).map(str::to_owned)
}

#[test]
fn each_reader_reads_by_its_own_rules() {
    // rows were seen with python-dotenv 1.2.2, dotenvy 0.15.7, dash, bash, and dotenv 16.6 for Node
    let readers = [PythonDotenv, Naive, Dotenvy, Sh, DockerEnvFile, Compose, Node];
    let table: [(&str, [Option<&str>; 7]); 24] = [
        ("K=v", [Some("v"); 7]),
        ("K=v\r\n", [Some("v"), Some("v"), Some("v"), Some("v\r"), Some("v"), Some("v"), Some("v")]),
        ("K=v # c", [Some("v"), Some("v # c"), Some("v"), Some("v"), Some("v # c"), Some("v"), Some("v")]),
        ("K=v#c", [Some("v#c"), Some("v#c"), Some("v#c"), Some("v#c"), Some("v#c"), None, Some("v")]),
        ("K= #c", [Some("#c"), Some("#c"), Some(""), Some(""), Some(" #c"), None, Some("")]),
        ("K='a b'", [Some("a b"), Some("a b"), Some("a b"), Some("a b"), Some("'a b'"), Some("a b"), Some("a b")]),
        ("K=a b", [Some("a b"), Some("a b"), None, None, Some("a b"), Some("a b"), Some("a b")]),
        ("export K=v", [Some("v"), None, Some("v"), Some("v"), None, Some("v"), Some("v")]),
        ("K = v", [Some("v"), Some("v"), Some("v"), None, None, Some("v"), Some("v")]),
        (" K=v", [Some("v"), Some("v"), Some("v"), Some("v"), Some("v"), Some("v"), Some("v")]),
        ("K=a$B", [Some("a$B"), Some("a$B"), None, None, Some("a$B"), None, Some("a$B")]),
        ("K=a${B}", [None, Some("a${B}"), None, None, Some("a${B}"), None, Some("a${B}")]),
        (
            "K='a${B}'",
            [None, Some("a${B}"), Some("a${B}"), Some("a${B}"), Some("'a${B}'"), Some("a${B}"), Some("a${B}")],
        ),
        (
            "K='${B:-x}'",
            [
                None,
                Some("${B:-x}"),
                Some("${B:-x}"),
                Some("${B:-x}"),
                Some("'${B:-x}'"),
                Some("${B:-x}"),
                Some("${B:-x}"),
            ],
        ),
        ("K='${B'", [Some("${B"), Some("${B"), Some("${B"), Some("${B"), Some("'${B'"), Some("${B"), Some("${B")]),
        (
            r#"K="a\$b""#,
            [Some(r"a\$b"), Some(r"a\$b"), Some("a$b"), Some("a$b"), Some(r#""a\$b""#), Some("a$b"), Some(r"a\$b")],
        ),
        (
            r#"K="a\"b""#,
            [
                Some("a\"b"),
                Some(r#"a\"b"#),
                Some("a\"b"),
                Some("a\"b"),
                Some(r#""a\"b""#),
                Some("a\"b"),
                Some(r#"a\"b"#),
            ],
        ),
        (
            r#"K="a\nb""#,
            [Some("a\nb"), Some(r"a\nb"), Some("a\nb"), Some(r"a\nb"), Some(r#""a\nb""#), None, Some("a\nb")],
        ),
        ("K=\"a`b\"", [Some("a`b"), Some("a`b"), Some("a`b"), None, Some("\"a`b\""), Some("a`b"), Some("a`b")]),
        (r"K='a'\''b'", [None, Some(r"a'\''b"), Some("a'b"), Some("a'b"), Some(r"'a'\''b'"), None, Some(r"a'\''b")]),
        ("K=~/x", [Some("~/x"), Some("~/x"), Some("~/x"), None, Some("~/x"), Some("~/x"), Some("~/x")]),
        ("\u{feff}K=v", [None, None, Some("v"), None, Some("v"), Some("v"), Some("v")]),
        ("K=1\nK=2", [Some("2"), Some("2"), Some("1"), Some("2"), Some("2"), Some("2"), Some("2")]),
        ("K=\"v", [None, Some("v"), None, None, Some("\"v"), None, Some("\"v")]),
    ];
    for (text, row) in table {
        for (reader, expected) in readers.into_iter().zip(row) {
            assert_eq!(read(reader, text).as_deref(), expected, "{reader} reads {text:?}");
        }
    }
}

#[test]
fn nothing_of_a_value_is_in_a_debug_print() {
    let text = "K=CANARY # CANARY\nX=\"CANARY\nCANARY CANARY=CANARY\n";
    for reader in [PythonDotenv, Naive, Dotenvy, Sh, DockerEnvFile, Compose, Node] {
        let reading = read_as(reader, text);
        assert!(!format!("{reading:?} {:?}", reading.pairs).contains("CANARY"), "{reader}");
    }
}

/// Whole files out of pieces that some reader gives a meaning to.
fn file() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "K", "=", "A=", "export ", "'", "\"", "\\", "`", "#", " #", " ", "\t", "\n", "\r\n", "a", "b", "é", "!", ":",
        ".", "_", "-", "\u{feff}",
    ]);
    prop::collection::vec(pieces, 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn our_dotenvy_reads_what_the_crate_reads(text in file()) {
        // no $ in the pieces: the crate would look into the environment
        let ours = read_as(Dotenvy, &text);
        let mut theirs = Vec::new();
        let mut stopped = false;
        for item in ::dotenvy::from_read_iter(text.trim_start_matches('\u{feff}').as_bytes()) {
            match item {
                Ok(pair) => theirs.push(pair),
                Err(_) => {
                    stopped = true;
                    break;
                }
            }
        }
        prop_assume!(!text.starts_with("\u{feff}\u{feff}"));
        let ours_owned: Vec<_> = ours.pairs.iter().map(|p| (p.key.to_owned(), p.value.as_str().to_owned())).collect();
        prop_assert_eq!(ours_owned, theirs);
        prop_assert_eq!(ours.stop().is_some(), stopped);
    }

    #[test]
    fn no_reader_falls_over_any_text(text in any::<String>(), pieces in file()) {
        for text in [&text, &pieces] {
            for reader in [PythonDotenv, Naive, Dotenvy, Sh, DockerEnvFile, Compose, Node] {
                read_as(reader, text);
            }
        }
    }
}
