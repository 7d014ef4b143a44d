//! Files that a person might write, or be given, as a target: each is refused with its place, or taken without harm.

use labwizard::target::library::check;
use labwizard::target::parse::MOST_BYTES;
use labwizard::target::{Library, SpecError};

const GOOD: &str = r#"schema = 1
title = "Mine"
about = "A tool of mine"
services = { proxmox = "required" }
accepts = { proxmox = ["token"] }
rights = [ { for = "see machines", on = "/vms", privs = "VM.Audit" } ]
form = [ { name = "env", dialect = "dotenv", file = ["mine.env"], verify = ["off"] } ]
[keys]
MINE_HOST = { value = "{proxmox.host}" }
MINE_TOKEN = { value = "{proxmox.token}" }
[picks]
node = { list = "nodes", ask = "Which node?" }
[groups]
more = "More?"
"#;

fn refused(text: &str) -> SpecError {
    check("mine.toml", text).expect_err(text)
}

#[test]
fn the_file_that_the_table_is_made_from_is_good() {
    let target = check("mine.toml", GOOD).unwrap();
    assert!(target.yours);
    assert_eq!(target.name, "mine");
}

/// Old text, new text, line of the mistake, a part of the sentence.
const TABLE: &[(&str, &str, usize, &str)] = &[
    ("schema = 1", "schema = 2", 1, "reads schema 1"),
    ("schema = 1", "schema = \"1\"", 1, "a small whole number belongs here"),
    ("title = \"Mine\"\n", "", 1, "“title” is missing"),
    ("title = \"Mine\"", "titel = \"Mine\"", 2, "no word “titel”"),
    ("title = \"Mine\"", "title = \"Mi\\u001b[2Jne\"", 2, "control, bidi or invisible"),
    ("title = \"Mine\"", "title = \"Mi\\u202Ene\"", 2, "control, bidi or invisible"),
    ("title = \"Mine\"", "title = \"\"", 2, "empty"),
    ("title = \"Mine\"", "title = \"Mine", 2, "stops being TOML"),
    ("title = \"Mine\"", "title = \"Mine\"\ntitle = \"Mine\"", 3, "twice"),
    ("\"mine.env\"", "\"../mine.env\"", 7, "inside the chosen folder"),
    ("\"mine.env\"", "\"/etc/passwd\"", 7, "inside the chosen folder"),
    ("\"mine.env\"", "\"~/.ssh/authorized_keys\"", 7, "inside the chosen folder"),
    ("\"mine.env\"", "\".git/config\"", 7, "inside the chosen folder"),
    ("\"mine.env\"", "\"C:\\\\mine.env\"", 7, "inside the chosen folder"),
    ("\"mine.env\"", "\"*.env\"", 7, "a default has no “*”"),
    ("verify = [\"off\"]", "verify = [\"off\"], mode = \"0644\"", 7, "no word “mode”"),
    ("verify = [\"off\"]", "verify = [\"off\"], command = \"rm -rf /\"", 7, "no word “command”"),
    ("verify = [\"off\"]", "verify = [\"off\"], url = \"https://elsewhere\"", 7, "no word “url”"),
    ("verify = [\"off\"]", "verify = [\"of\"]", 7, "“of” is none of the words"),
    ("verify = [\"off\"]", "verify = [\"ca\"]", 7, "“ca” needs a key"),
    ("verify = [\"off\"]", "verify = []", 7, "how the tool can hold the certificate"),
    ("dialect = \"dotenv\"", "dialect = \"env\"", 7, "“env” is none of the words"),
    ("privs = \"VM.Audit\"", "privs = \"VM.Audit; rm\"", 6, "is no privilege"),
    ("privs = \"VM.Audit\"", "privs = \"\"", 6, "no privilege stands here"),
    ("on = \"/vms\"", "on = \"/vms/\"", 6, "a path begins with"),
    ("on = \"/vms\"", "on = \"/wms\"", 6, "Proxmox knows no path"),
    ("on = \"/vms\"", "on = \"/nodes/{pick.noed}\"", 6, "[picks] has no “noed”"),
    ("privs = \"VM.Audit\"", "privs = \"VM.Audit\", group = \"mor\"", 6, "[groups] has no “mor”"),
    ("privs = \"VM.Audit\"", "privs = \"VM.Audit\", since = \"nine\"", 6, "is no release"),
    ("privs = \"VM.Audit\"", "privs = \"VM.Audit\", since = \"9.0\", before = \"8.0\"", 6, "holds on no release"),
    ("{proxmox.host}", "{proxmox.hots}", 9, "no fact is called “proxmox.hots”"),
    ("{proxmox.host}", "{proxmox.host}:{proxmox.port}", 9, "exactly one fact"),
    ("{proxmox.host}", "{env.HOME}", 9, "no fact is called"),
    ("{proxmox.host}", "fixed", 9, "exactly one fact"),
    ("{proxmox.host}", "{pick.noed}", 9, "[picks] has no “noed”"),
    ("{proxmox.host}", "{instance}", 9, "needs an [instances] table"),
    ("{proxmox.host}", "{unifi.host}", 9, "no service unifi"),
    ("{proxmox.host}", "{proxmox.password}", 9, "accepts has no “password”"),
    ("MINE_HOST =", "\"MINE HOST\" =", 9, "a key has no"),
    ("MINE_HOST =", "\"MINE\\nHOST\" =", 9, "a key has no"),
    ("MINE_HOST =", "MINE_TOKEN =", 10, "twice"),
    ("\"{proxmox.host}\"", "\"{proxmox.host}\", also = [\"MINE_TOKEN\"]", 10, "stands for two keys"),
    ("\"{proxmox.host}\"", "\"{proxmox.host}\", nth = [\"MINE_{nn}_HOST\"]", 9, "need an [instances] table"),
    ("\"{proxmox.host}\"", "\"{proxmox.host}\", words = [\"yes\", \"no\"]", 9, "two words of a switch"),
    ("list = \"nodes\"", "list = \"nodes\", on = \"storage\"", 12, "no pick above"),
    ("list = \"nodes\"", "list = \"secrets\"", 12, "“secrets” is none of the words"),
    ("more = \"More?\"", "more = \"More?\"\n[traps]\nX = { beats = \"MINE_HOTS\" }", 16, "[keys] has no “MINE_HOTS”"),
    ("more = \"More?\"", "more = \"More?\"\n[traps]\nX = { }", 16, "exactly one of beats and ignored"),
    ("services = { proxmox = \"required\" }", "services = { }", 4, "needs a service"),
    (
        "services = { proxmox = \"required\" }",
        "services = { proxmox = \"required\", ssh = \"required\" }",
        4,
        "no word “ssh”",
    ),
    ("[\"token\"]", "[\"api_key\"]", 5, "a way into UniFi"),
    ("[\"token\"]", "[\"root\"]", 5, "“root” is none of the words"),
];

#[test]
fn a_mistake_is_told_with_its_line_in_our_own_words() {
    assert!(TABLE.len() >= 30);
    for (old, new, line, sentence) in TABLE {
        assert!(GOOD.contains(old), "{old}");
        let error = refused(&GOOD.replacen(old, new, 1));
        assert!(error.message.contains(sentence), "{new}: {error}");
        assert_eq!(error.line, *line, "{new}: {error}");
        let shown = error.to_string();
        assert!(!shown.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{shown:?}");
    }
}

#[test]
fn a_caret_stands_under_the_word_and_the_allowed_words_beside_it() {
    let error = refused(&GOOD.replace("dialect = \"dotenv\"", "dialect = \"env\""));
    insta::assert_snapshot!(error.to_string(), @r#"
    line 7, column 36: “env” is none of the words that may stand here
    7 | form = [ { name = "env", dialect = "env", file = ["mine.env"], verify = ["off"] } ]
      |                                    ^^^^^
        may stand here: dotenv, hcl, yaml, toml, json, sh, card, register
    "#);
    let error = refused(&GOOD.replace("{proxmox.host}", "{proxmox.hots}"));
    assert!(error.allowed.contains(&"proxmox.host".to_owned()), "{:?}", error.allowed);
    let error = refused(&GOOD.replace("on = \"/vms\"", "on = \"/wms\""));
    assert!(error.allowed.contains(&"/vms".to_owned()), "{:?}", error.allowed);
}

#[test]
fn no_text_makes_the_loader_stumble() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let bad = prop_oneof![any::<String>(), "[\\[\\]{}=\"',#\\n a-z.]{0,40}"];
    runner
        .run(&(0..=GOOD.len(), 0..60usize, bad), |(at, cut, text)| {
            let start = (0..=at).rev().find(|i| GOOD.is_char_boundary(*i)).unwrap_or(0);
            let end = (start + cut).min(GOOD.len());
            let end = (end..=GOOD.len()).find(|i| GOOD.is_char_boundary(*i)).unwrap_or(GOOD.len());
            let mixed = format!("{}{text}{}", &GOOD[..start], &GOOD[end..]);
            if let Err(error) = check("mine.toml", &mixed) {
                let shown = error.to_string();
                prop_assert!(shown.len() < 4000);
                prop_assert!(!shown.chars().any(|c| c != '\n' && c.is_control()));
                prop_assert!(error.line <= mixed.lines().count() + 1);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_file_that_is_too_large_is_not_looked_at() {
    let error = refused(&format!("{GOOD}#{}", "x".repeat(MOST_BYTES)));
    assert!(error.message.contains("at most"), "{error}");
    assert!(error.to_string().len() < 200);
}

#[test]
fn endless_nesting_and_noise_are_refused_and_not_followed() {
    for text in
        ["a = ".to_owned() + &"[".repeat(20_000), "{".repeat(5000), "\u{0}".into(), "\u{feff}[".into(), String::new()]
    {
        let error = refused(&text);
        assert!(error.to_string().len() < 1000, "{error}");
    }
}

#[test]
fn a_long_line_is_shown_around_its_mistake() {
    let long = format!("about = \"{}\"\nabuot = \"x\" # {}", "a".repeat(300), "b".repeat(5000));
    let error = refused(&GOOD.replace("about = \"A tool of mine\"", &long));
    assert_eq!(error.line, 4);
    assert!(error.line_text.chars().count() <= 120);
}

#[test]
fn a_name_that_the_program_knows_cannot_be_taken() {
    for taken in Library::built_in().iter() {
        let error = check(&format!("{}.toml", taken.name), GOOD).unwrap_err();
        assert!(error.message.contains("knows already"), "{error}");
    }
    for bad in ["Mine.toml", "mine", "../mine.toml", "mi ne.toml", ".toml", "mine.toml\u{202e}"] {
        assert!(check(bad, GOOD).is_err(), "{bad}");
    }
    let yours =
        Library::with([("glassdome.toml".to_owned(), GOOD.to_owned()), ("mine.toml".to_owned(), GOOD.to_owned())]);
    assert_eq!(yours.refused().len(), 1);
    assert!(!yours.get("glassdome").unwrap().yours && yours.get("mine").unwrap().yours);
}

#[test]
fn dangerous_rights_of_a_users_file_are_named() {
    let text = GOOD.replace("privs = \"VM.Audit\"", "privs = \"VM.Audit Sys.Modify Permissions.Modify\"");
    let target = check("mine.toml", &text).unwrap();
    let told: Vec<_> = target.spec.dangerous().flat_map(|(_, what)| what).collect();
    assert_eq!(told, ["Permissions.Modify", "Sys.Modify"]);
    let text = GOOD.replace("on = \"/vms\"", "on = \"/access\"");
    let target = check("mine.toml", &text).unwrap();
    assert_eq!(target.spec.dangerous().flat_map(|(_, what)| what).collect::<Vec<_>>(), ["/access"]);
}

#[test]
fn a_mistake_in_tables_of_tables_has_its_line_too() {
    let text = include_str!("../fixtures/targets/everything.toml");
    for (old, new, sentence) in [
        ("dialect  = \"card\"", "dialect  = \"carp\"", "“carp” is none"),
        ("prefix   = \"TF_VAR_\"", "names = \"env\"\nprefix   = \"TF_VAR_\"", "do not go together"),
        ("file     = [\"every.tfvars\"]", "file     = [\"../every.tfvars\"]", "inside the chosen folder"),
        ("first  = \"001\"", "first  = \"01\"", "the first instance is 1"),
        ("digits = 3", "digits = 9", "1 to 4 digits"),
        ("nth = [\"EVERY_{nn}_TLS\"]", "nth = [\"EVERY_TLS_NN\"]", "has {nn} in it"),
        ("default = \"lax\"", "default = \"no\"", "one of its two words"),
        ("group = \"net\", who", "group = \"nets\", who", "[groups] has no “nets”"),
    ] {
        let mutated = text.replacen(old, new, 1);
        assert_ne!(mutated, text, "{old}");
        let error = refused(&mutated);
        assert!(error.message.contains(sentence), "{error}");
        let last = new.lines().last().unwrap();
        let expected = mutated.lines().position(|line| line.contains(last)).unwrap() + 1;
        assert_eq!(error.line, expected, "{error}");
    }
}
