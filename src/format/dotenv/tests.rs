//! Edits of a `.env`, each with what its readers make of it.

mod any;

use crate::domain::Text;
use crate::format::{
    ChangeKind, Dialect, Document, Edit, EditError, Edited, Found, Reader, Setting, Side, diff, read_as,
};

use Reader::{Compose, DockerEnvFile, Dotenvy, Naive, Node, PythonDotenv, Sh};

const ALL: [Reader; 7] = [PythonDotenv, Naive, Dotenvy, Sh, DockerEnvFile, Compose, Node];

fn document(text: &str) -> Document {
    Document::parse(Dialect::Dotenv, Text::new(text)).expect("the text is a .env")
}

fn edit(text: &str, edits: &[Edit], readers: &[Reader]) -> Result<Edited, EditError> {
    document(text).apply(edits, readers, None)
}

fn set(text: &str, key: &str, value: &str, readers: &[Reader]) -> String {
    match edit(text, &[Edit::set(key, Text::new(value))], readers) {
        Ok(edited) => edited.text().as_str().to_owned(),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_value_is_replaced_and_every_other_byte_stays() {
    let table = [
        ("A=1\nB=2\n", "A=new\nB=2\n"),
        ("A=1", "A=new"),
        ("\u{feff}# top\r\nA=1\r\nB=2", "\u{feff}# top\r\nA=new\r\nB=2"),
        ("# A is\n\n\nA=1   # why\nB = 'x'\n", "# A is\n\n\nA=new   # why\nB = 'x'\n"),
        ("export A=1\n", "export A=new\n"),
        ("  A=1\n", "  A=new\n"),
        ("A='1'\n", "A='new'\n"),
        ("A=\"1\" # c\n", "A=\"new\" # c\n"),
        ("A=\nB=\n", "A=new\nB=\n"),
        ("B='two\nlines'\nA=1\n", "B='two\nlines'\nA=new\n"),
        ("not a pair\nA=1\n", "not a pair\nA=new\n"),
        ("A=\"open\nB=2\n", "A=new\nB=2\n"),
    ];
    for (before, after) in table {
        assert_eq!(set(before, "A", "new", &[PythonDotenv]), after, "{before:?}");
    }
}

#[test]
fn blanks_around_the_equals_sign_stay_where_every_reader_bears_them() {
    assert_eq!(set("A = 1\n", "A", "new", &[PythonDotenv, Naive, Node]), "A = new\n");
    assert_eq!(set("A = 1\n", "A", "new", &[PythonDotenv, Sh]), "A=new\n");
}

#[test]
fn an_inline_comment_gets_its_own_line_where_a_reader_takes_it_for_the_value() {
    assert_eq!(set("A=\"h:1\" # c\n", "A", "h:2", &[PythonDotenv, Naive]), "# c\nA=h:2\n");
    // python-dotenv holds the value already, the line by line reader does not
    assert_eq!(set("A=\"h:1\" # c\n", "A", "h:1", &[PythonDotenv, Naive]), "# c\nA=h:1\n");
}

#[test]
fn export_goes_only_where_a_reader_trips_over_it_and_no_shell_needs_it() {
    assert_eq!(set("export A=1\n", "A", "2", &[PythonDotenv, Naive]), "A=2\n");
    let refused = edit("export A=1\n", &[Edit::set("A", "2".into())], &[Sh, DockerEnvFile]);
    assert!(matches!(refused, Err(EditError::CannotHold { reader: DockerEnvFile, .. })));
}

#[test]
fn an_equal_value_is_left_alone_to_the_byte() {
    let text = "A = 'x y'   # note\n";
    let edited = edit(text, &[Edit::set("A", "x y".into())], &[PythonDotenv]).unwrap();
    assert_eq!(edited.text().as_str(), text);
    assert_eq!(edited.changed[0].kind, ChangeKind::Unchanged);
}

#[test]
fn a_key_that_stands_only_as_a_comment_is_added_after_it_or_switched_on() {
    let text = "#A=example # say\nB=1\n";
    let after = edit(text, &[Edit::set("A", "v".into())], &[PythonDotenv]).unwrap();
    assert_eq!(after.text().as_str(), "#A=example # say\nA=v\nB=1\n");
    assert_eq!((after.changed[0].kind, after.changed[0].line), (ChangeKind::Added, Some(2)));
    let on = edit(text, &[Edit::set("A", "v".into()).switching_on()], &[PythonDotenv]).unwrap();
    assert_eq!(on.text().as_str(), "A=v # say\nB=1\n");
    assert_eq!(on.changed[0].kind, ChangeKind::SwitchedOn);
    // equal to the example: still it must become a live line
    let same = edit("# A=example", &[Edit::set("A", "example".into()).switching_on()], &[PythonDotenv]).unwrap();
    assert_eq!(same.text().as_str(), "A=example");
}

#[test]
fn missing_keys_are_added_at_the_end_in_order() {
    let edits = [Edit::set("X", "1".into()), Edit::new("Y", Setting::Number(2)), Edit::new("Z", Setting::Bool(true))];
    for (before, after) in
        [("A=1\r\n", "A=1\r\nX=1\r\nY=2\r\nZ=true\r\n"), ("A=1", "A=1\nX=1\nY=2\nZ=true\n"), ("", "X=1\nY=2\nZ=true\n")]
    {
        assert_eq!(edit(before, &edits, &[PythonDotenv]).unwrap().text().as_str(), after);
    }
    let headed = document("A=1").apply(&edits[..1], &[PythonDotenv], Some("Proxmox")).unwrap();
    assert_eq!(headed.text().as_str(), "A=1\n\n# Proxmox\nX=1\n");
    let new = document("").apply(&edits[..1], &[PythonDotenv], Some("Proxmox")).unwrap();
    assert_eq!(new.text().as_str(), "# Proxmox\nX=1\n");
}

#[test]
fn a_key_that_stands_twice_is_asked_about_and_the_kept_one_stays() {
    let text = "A=1\nB=2\nA=3\n";
    assert!(matches!(document(text).get("A"), Found::Twice(lines) if lines == [1, 3]));
    let one = Edit::set("A", "9".into());
    assert_eq!(
        edit(text, std::slice::from_ref(&one), &[PythonDotenv]).unwrap_err(),
        EditError::Duplicate { key: "A".into(), lines: vec![1, 3] }
    );
    let kept = edit(text, &[one.clone().keeping(3)], &[PythonDotenv]).unwrap();
    assert_eq!(kept.text().as_str(), "B=2\nA=9\n");
    assert!(matches!(edit(text, &[one.keeping(2)], &[PythonDotenv]), Err(EditError::NoSuchLine { line: 2, .. })));
}

#[test]
fn removing_deletes_the_line_and_says_where_it_was() {
    let edited = edit("A=1\n#A=0\nB=2", &[Edit::remove("A"), Edit::remove("C")], &[PythonDotenv]).unwrap();
    assert_eq!(edited.text().as_str(), "#A=0\nB=2");
    assert_eq!((edited.changed[0].kind, edited.changed[0].gone.as_slice()), (ChangeKind::Removed, &[1][..]));
    assert_eq!(edited.changed[1].kind, ChangeKind::Unchanged);
}

#[test]
fn the_quoting_table_holds() {
    let portable = [PythonDotenv, Dotenvy, Sh, Compose, Node];
    let table: [(&str, &[Reader], &str); 14] = [
        ("root@pam!x=00000000-0000-4000-8000-000000000001", &ALL, "root@pam!x=00000000-0000-4000-8000-000000000001"),
        ("https://pve.lan:8006/api2/json", &ALL, "https://pve.lan:8006/api2/json"),
        ("", &ALL, ""),
        ("a b", &portable, "'a b'"),
        ("a#b", &portable, "'a#b'"),
        ("a$b", &portable, "'a$b'"),
        ("a\"b", &portable, "'a\"b'"),
        ("a`b", &portable, "'a`b'"),
        ("it's", &portable, "\"it's\""),
        ("it's $5", &[Dotenvy, Sh, Compose], r#""it's \$5""#),
        ("it's `x`", &[Dotenvy, Sh], r"'it'\''s `x`'"),
        ("it's \"a\" x", &[PythonDotenv, Naive], "it's \"a\" x"),
        ("~x", &portable, "'~x'"),
        ("a b'c$d", &[DockerEnvFile], "a b'c$d"),
    ];
    for (value, readers, written) in table {
        match edit("", &[Edit::set("K", value.into())], readers) {
            Ok(edited) => assert_eq!(edited.text().as_str(), format!("K={written}\n")),
            Err(error) => panic!("{value:?}: {error}"),
        }
    }
}

#[test]
fn a_value_that_a_reader_cannot_hold_is_refused_with_the_reader_and_why() {
    let table: [(&str, &[Reader], Reader); 6] = [
        ("p${HOME}w", &ALL, PythonDotenv),
        ("'quoted'", &[Naive], Naive),
        ("a b", &[Sh, DockerEnvFile], DockerEnvFile),
        ("a'b`c$d", &[Compose], Compose),
        ("it's \"a\" #5", &[Node], Node),
        (" a'\"b`", &[Node], Node),
    ];
    for (value, readers, who) in table {
        match edit("", &[Edit::set("K", value.into())], readers) {
            Err(EditError::CannotHold { reader, why, .. }) => {
                assert_eq!(reader, who, "{value:?}: {why}");
            }
            other => panic!("{value:?}: {:?}", other.map(|e| e.text().as_str().to_owned())),
        }
    }
}

#[test]
fn a_byte_order_mark_before_our_line_is_refused_for_readers_that_stumble_over_it() {
    let refused = edit("\u{feff}A=1\n", &[Edit::set("A", "2".into())], &[PythonDotenv]);
    assert!(matches!(refused, Err(EditError::CannotHold { why, .. }) if why.contains("byte order mark")));
    assert_eq!(set("\u{feff}A=1\n", "A", "2", &[Node, Dotenvy]), "\u{feff}A=2\n");
}

#[test]
fn a_shell_cannot_hold_values_in_a_file_with_cr_lf() {
    let refused = edit("A=1\r\n", &[Edit::set("A", "2".into())], &[Sh]);
    assert!(matches!(refused, Err(EditError::CannotHold { why, .. }) if why.contains("CR LF")));
}

#[test]
fn a_reader_that_gives_up_at_another_line_is_named_with_that_line() {
    let refused = edit("X=a b\nA=1\n", &[Edit::set("A", "2".into())], &[Dotenvy]);
    assert!(matches!(refused, Err(EditError::Unreadable { reader: Dotenvy, line: 1, .. })));
    let refused = edit("X='open\nA=1\n", &[Edit::set("A", "2".into())], &[PythonDotenv]);
    assert!(matches!(refused, Err(EditError::Damaged { line: 1, .. })));
}

#[test]
fn values_with_control_characters_and_bad_names_are_refused() {
    for value in ["a\nb", "a\rb", "a\0b", "a\u{1b}b", "a\tb", "a\u{85}b"] {
        let refused = edit("", &[Edit::set("A", value.into())], &[PythonDotenv]);
        assert!(matches!(refused, Err(EditError::BadValue { .. })), "{value:?}");
    }
    for key in ["", "1A", "A B", "A=", "#A", "export", "Ä", "A\n"] {
        let refused = edit("", &[Edit::set(key, "v".into())], &[PythonDotenv]);
        assert!(matches!(refused, Err(EditError::BadKey { .. })), "{key:?}");
    }
    let twice = [Edit::set("A", "1".into()), Edit::set("A", "2".into())];
    assert!(matches!(edit("", &twice, &[PythonDotenv]), Err(EditError::AskedTwice { .. })));
}

#[test]
fn the_diff_shows_changed_keys_and_only_values_that_may_be_seen() {
    let text = "FOREIGN=CANARY-1\nHOST=old\nTOKEN='CANARY-2'\n#NODE=pve1\nGONE=CANARY-3\nSAME=x\n";
    let old = document(text);
    let edits = [
        Edit::set("TOKEN", "CANARY-4".into()),
        Edit::set("HOST", "new".into()),
        Edit::set("NODE", "pve".into()).switching_on(),
        Edit::remove("GONE"),
        Edit::set("SAME", "x".into()),
        Edit::set("MORE", "CANARY-5".into()),
    ];
    let edited = old.apply(&edits, &[PythonDotenv], None).unwrap();
    let lines = diff(Some(&old), &edited, &|key| matches!(key, "HOST" | "NODE"));
    let rows: Vec<_> = lines.iter().map(|l| (l.side, l.key.as_str(), l.value.as_str(), l.line)).collect();
    let dots = crate::domain::MASK;
    assert_eq!(
        rows,
        [
            (Side::Removed, "HOST", "old", 2),
            (Side::Added, "HOST", "new", 2),
            (Side::Removed, "TOKEN", dots, 3),
            (Side::Added, "TOKEN", dots, 3),
            (Side::Removed, "NODE", "pve1", 4),
            (Side::Added, "NODE", "pve", 4),
            (Side::Removed, "GONE", dots, 5),
            (Side::Added, "MORE", dots, 6),
        ]
    );
    assert!(!format!("{lines:?} {edited:?} {old:?} {edits:?}").contains("CANARY"));
    assert_eq!(diff(None, &edited, &|_| true).iter().filter(|line| line.side == Side::Removed).count(), 0);
}

#[test]
fn nothing_of_a_damaged_file_is_in_an_error() {
    let c = "CANARY-00000000";
    let damaged = [
        format!("A='{c}"),
        format!("A=\"{c}\n"),
        format!("A='{c}\nB='x"),
        format!("A=\"{c}\n\" {c}\n"),
        format!("A='{c}\n'{c}\n"),
        format!("A='{c}' {c}\n"),
        format!("A={c}\0\n"),
        format!("'{c}\n'=x\n"),
        format!("'{c}\n"),
        format!("\0{c}\n"),
        format!("{c}\n"),
        format!("{c} {c}={c}\n"),
        format!("={c}\n"),
        format!("export ={c}\n"),
        format!("export {c}\n"),
        format!("A:{c}\n"),
        format!("A={c} {c}\n"),
        format!("A=$({c})\n"),
        format!("A=`{c}\n"),
        format!("A=({c})\n"),
        format!("A=\"\\x{c}\"\n"),
        format!("A={c}\\\n"),
        format!("A=\"{c}\\"),
        format!("A={c};rm\n"),
        format!("A={c}|{c}\n"),
        format!("A=${{{c}\n"),
        format!("if {c}\n"),
        format!("{{ {c}\n"),
        format!("A.{c}-={c}\nA.{c}-={c}\n"),
        format!("\u{feff}\u{feff}A='{c}\r\r\n"),
    ];
    assert_eq!(damaged.len(), 30);
    for text in damaged {
        let mut shown = String::new();
        match Document::parse(Dialect::Dotenv, Text::new(text.clone())) {
            Err(error) => shown += &format!("{error} {error:?} {error:#?}"),
            Ok(document) => {
                shown += &format!("{document:?} {:?}", document.get("A"));
                for readers in [&[PythonDotenv, Naive][..], &[Dotenvy], &[Sh], &[DockerEnvFile], &[Compose], &[Node]] {
                    for edit in [Edit::set("A", c.into()), Edit::set("NEW", format!("{c}'\"`${{x}}").as_str().into())] {
                        match document.apply(&[edit], readers, None) {
                            Ok(edited) => shown += &format!("{edited:?}"),
                            Err(error) => shown += &format!("{error} {error:?} {error:#?}"),
                        }
                    }
                }
            }
        }
        assert!(!shown.contains("CANARY") && !shown.contains("0000"), "{text:?}: {shown}");
    }
}
