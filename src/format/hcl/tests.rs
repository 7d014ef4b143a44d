use proptest::prelude::*;

use crate::domain::Text;
use crate::format::{ChangeKind, Dialect, Document, Edit, EditError, Edited, Found, Setting};

fn document(text: &str) -> Document {
    Document::parse(Dialect::Hcl, Text::new(text)).expect("the text is HCL")
}

fn edit(text: &str, edits: &[Edit]) -> Result<Edited, EditError> {
    document(text).apply(edits, &[], None)
}

fn set(text: &str, key: &str, value: Setting) -> String {
    match edit(text, &[Edit::new(key, value)]) {
        Ok(edited) => edited.text().as_str().to_owned(),
        Err(error) => panic!("{text:?}: {error}"),
    }
}

fn words(text: &str) -> Setting {
    Setting::Text(Text::new(text))
}

#[test]
fn a_value_is_replaced_and_every_other_byte_stays() {
    let table = [
        ("a = \"1\"\nb = 2\n", "a = \"new\"\nb = 2\n"),
        ("a = \"1\"", "a = \"new\""),
        (
            "\u{feff}# top\r\na   = \"1\" # why\r\nbb  = [1,\r\n 2]\r\n",
            "\u{feff}# top\r\na   = \"new\" # why\r\nbb  = [1,\r\n 2]\r\n",
        ),
        ("a=\"1\"//c\n", "a=\"new\"//c\n"),
        ("a = <<EOT\nx\n  y\nEOT\nb = 1\n", "a = \"new\"\nb = 1\n"),
        ("a = null\n", "a = \"new\"\n"),
        ("block \"a\" {\n  a = 1\n}\na = \"1\"\n", "block \"a\" {\n  a = 1\n}\na = \"new\"\n"),
        ("/* a = 2\n# a = 3\n*/\na = \"\"\n", "/* a = 2\n# a = 3\n*/\na = \"new\"\n"),
        ("b = <<EOT\n# a = 3\nEOT\na = \"\"\n", "b = <<EOT\n# a = 3\nEOT\na = \"new\"\n"),
    ];
    for (before, after) in table {
        assert_eq!(set(before, "a", words("new")), after, "{before:?}");
    }
}

#[test]
fn literals_stay_literals() {
    assert_eq!(set("a = true\n", "a", words("false")), "a = false\n");
    assert_eq!(set("a = 9000\n", "a", words("9001")), "a = 9001\n");
    assert_eq!(set("a = 9000\n", "a", words("09")), "a = \"09\"\n");
    assert_eq!(set("a = \"x\"\n", "a", Setting::Bool(true)), "a = true\n");
    assert_eq!(set("a = \"true\"\n", "a", Setting::Bool(true)), "a = \"true\"\n");
    assert_eq!(set("", "a", Setting::Number(-3)), "a = -3\n");
}

#[test]
fn a_value_that_is_no_plain_one_is_left_alone() {
    for value in ["{ endpoint = \"x\" }", "[\"x\"]", "\"a${b}\"", "var.x", "1 + 2", "f(1)"] {
        let text = format!("b = 1\na = {value}\n");
        let refused = edit(&text, &[Edit::set("a", "v".into())]);
        assert_eq!(refused.unwrap_err(), EditError::NotPlain { key: "a".into(), line: 2 }, "{value}");
        assert!(matches!(document(&text).get("a"), Found::Once(entry) if entry.value().is_none()));
    }
}

#[test]
fn values_are_read_as_hcl_reads_them() {
    let text = "a = \"q\\\"$${x}%%{y}\\u00e9\"\nb = 1.5\nc = true\nd = null\ne = <<-EOT\n  one\n    two\n  EOT\n# f = \"off\" # why\n";
    let read: Vec<_> = document(text)
        .entries()
        .map(|e| (e.key().to_owned(), e.value().map(|v| v.as_str().to_owned()), e.line(), e.is_commented()))
        .collect();
    let row = |key: &str, value: Option<&str>, line, off| (key.to_owned(), value.map(str::to_owned), line, off);
    assert_eq!(
        read,
        [
            row("a", Some("q\"${x}%{y}é"), 1, false),
            row("b", Some("1.5"), 2, false),
            row("c", Some("true"), 3, false),
            row("d", None, 4, false),
            row("e", Some("one\n  two\n"), 5, false),
            row("f", Some("off"), 9, true),
        ]
    );
}

#[test]
fn marks_and_quotes_are_escaped() {
    let table = [
        ("${x}", r#""$${x}""#),
        ("%{x}", r#""%%{x}""#),
        ("$${x}", r#""$$${x}""#),
        ("a$b%", r#""a$b%""#),
        (r#"\"#, r#""\\""#),
        ("\"", r#""\"""#),
        ("'#//", "\"'#//\""),
    ];
    for (value, written) in table {
        assert_eq!(set("", "k", words(value)), format!("k = {written}\n"));
    }
}

#[test]
fn new_attributes_are_aligned_with_those_they_touch() {
    let two = [Edit::set("node", "pve".into()), Edit::new("insecure", Setting::Bool(false))];
    let table = [
        ("", "node     = \"pve\"\ninsecure = false\n"),
        ("proxmox_x = 1\nother     = 2", "proxmox_x = 1\nother     = 2\nnode      = \"pve\"\ninsecure  = false\n"),
        ("a = 1\n", "a = 1\n\nnode     = \"pve\"\ninsecure = false\n"),
        ("a = 1\n\n", "a = 1\n\nnode     = \"pve\"\ninsecure = false\n"),
        ("a = [\n  1\n]\r\n", "a = [\n  1\n]\r\nnode     = \"pve\"\r\ninsecure = false\r\n"),
        ("a  = 1\nb = 2\n", "a  = 1\nb = 2\nnode     = \"pve\"\ninsecure = false\n"),
    ];
    for (before, after) in table {
        assert_eq!(edit(before, &two).unwrap().text().as_str(), after, "{before:?}");
    }
    let headed = document("a = 1\n").apply(&two[..1], &[], Some("Proxmox")).unwrap();
    assert_eq!(headed.text().as_str(), "a = 1\n\n# Proxmox\nnode = \"pve\"\n");
    assert_eq!(set("# aa = \"x\"\nlong = 1\n", "aa", words("y")), "# aa = \"x\"\naa   = \"y\"\nlong = 1\n");
}

#[test]
fn a_commented_attribute_is_switched_on_in_its_place() {
    let text = "# endpoint  = \"https://x\" # where\n#node = <your node>\nb = 1\n";
    let edits =
        [Edit::set("endpoint", "https://y".into()).switching_on(), Edit::set("node", "pve".into()).switching_on()];
    let edited = edit(text, &edits).unwrap();
    assert_eq!(edited.text().as_str(), "endpoint  = \"https://y\" # where\nnode = \"pve\"\nb = 1\n");
    assert!(edited.changed.iter().all(|change| change.kind == ChangeKind::SwitchedOn));
}

#[test]
fn a_name_set_twice_is_asked_about() {
    let text = "token = \"1\"\nb = 2\ntoken = \"3\"\n";
    assert!(matches!(document(text).get("token"), Found::Twice(lines) if lines == [1, 3]));
    let set = Edit::set("token", "9".into());
    assert!(
        matches!(edit(text, std::slice::from_ref(&set)), Err(EditError::Duplicate { lines, .. }) if lines == [1, 3])
    );
    assert_eq!(edit(text, &[set.keeping(1)]).unwrap().text().as_str(), "token = \"9\"\nb = 2\n");
}

#[test]
fn a_damaged_file_is_answered_with_its_place_and_none_of_its_text() {
    let c = "CANARY-00000000";
    let table: Vec<(String, usize)> = vec![
        (format!("a = \"{c}\n"), 1),
        (format!("a = {c} {c}\n"), 1),
        (format!("b = 1\na = \"x\" \"{c}\"\n"), 2),
        (format!("a = '{c}'\n"), 1),
        (format!("a = \"{c}\nb\"\n"), 1),
        (format!("a = \"\\{c}\"\n"), 1),
        (format!("a = \"\\u{c}\"\n"), 1),
        (format!("a = \"${{{c}\"\n"), 1),
        (format!("a = \"%{{{c}}}\"\n"), 1),
        (format!("a = [\"{c}\"\n"), 1),
        (format!("a = {{ x = \"{c}\"\n"), 1),
        (format!("a = <<EOT\n{c}\n"), 1),
        (format!("a = <<{c}\n"), 1),
        (format!("a \"{c}\"\n"), 1),
        (format!("{c}\n"), 1),
        (format!("= {c}\n"), 1),
        (format!("a == {c}\n"), 1),
        (format!("a: {c}\n"), 1),
        (format!("a = {c}\u{0}\n"), 1),
        (format!("/* {c}\n"), 1),
        (format!("a = 1 {c}\n"), 1),
        (format!("a = {c}(\n"), 1),
        (format!("a = ({c}\n"), 1),
        (format!("a = `{c}`\n"), 1),
        (format!("{{\"a\": \"{c}\"}}\n"), 1),
        (format!("export a={c}\n"), 1),
        (format!("block {{ a = \"{c}\" b = 1 }}\n"), 1),
        (format!("x {{\n a = \"{c}\"\n"), 2),
        (format!("\u{feff}\u{feff}a = \"{c}\"\n"), 1),
        (format!("1a = \"{c}\"\n"), 1),
    ];
    assert_eq!(table.len(), 30);
    for (text, line) in table {
        let error = Document::parse(Dialect::Hcl, Text::new(text.clone())).expect_err(&text);
        assert!(error.line >= line, "{text:?}: {error}");
        let shown = format!("{error} {error:?} {error:#?}");
        assert!(!shown.contains("CANARY") && !shown.contains("0000"), "{text:?}: {shown}");
    }
}

/// Values made of what is dangerous anywhere.
fn attack() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "\"", "'", "$", "${", "%{", "#", "\\", "`", "!", "&", "*", ":", "-", "[", "{", "}", "\u{feff}", " ", "a", "//",
        "/*", "é", "=", "\n", "\0",
    ]);
    prop::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat())
}

fn file() -> impl Strategy<Value = String> {
    let lines = prop::sample::select(vec![
        "b = 1",
        "# note",
        "",
        "c    = \"x # y\" # z",
        "list = [1, 2]",
        "k = \"old\"",
        "# k = \"off\"",
        "d = <<EOT\n# k = 1\n${x}\nEOT",
        "o = {\n  k = 1\n}",
        "blk {\n  k = 2\n}",
        "/* k = 1 */",
    ]);
    let parts = prop::collection::vec(lines, 0..6);
    (parts, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(mut parts, crlf, bom, end)| {
        let mut seen = std::collections::HashSet::new();
        parts.retain(|part| !part.contains('=') || seen.insert(*part));
        let mut text = parts.join("\n");
        if end {
            text.push('\n');
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        if bom { format!("\u{feff}{text}") } else { text }
    })
}

proptest! {
    #[test]
    fn what_was_written_reads_back_and_the_rest_stays(text in file(), value in attack(), on in any::<bool>()) {
        let old = document(&text);
        let mut edit = Edit::set("k", Text::new(value.clone()));
        if on {
            edit = edit.switching_on();
        }
        match old.apply(&[edit], &[], None) {
            Ok(edited) => {
                // a second reading, by hcl-edit alone
                let body = hcl_edit::parser::parse_body(edited.text().as_str().trim_start_matches('\u{feff}')).unwrap();
                prop_assert_eq!(body.get_attribute("k").and_then(|a| a.value.as_str()), Some(value.as_str()));
                let others = |document: &Document| -> Vec<String> {
                    document.text().as_str().split_inclusive('\n')
                        .filter(|line| !line.trim_start_matches('\u{feff}').starts_with("k ") && !line.contains("# k = \"off\""))
                        .map(|line| line.trim_end_matches(['\r', '\n']).to_owned())
                        .filter(|line| !line.trim_start_matches('\u{feff}').is_empty())
                        .collect()
                };
                prop_assert_eq!(others(&old), others(&edited.document));
                let again = edited.document.apply(&[Edit::set("k", Text::new(value))], &[], None).unwrap();
                prop_assert_eq!(again.text(), edited.text());
            }
            Err(EditError::BadValue { .. }) => prop_assert!(value.contains(['\n', '\0'])),
            Err(error) => return Err(TestCaseError::fail(format!("{error}"))),
        }
    }
}
