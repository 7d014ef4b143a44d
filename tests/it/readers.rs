//! Every reader of text that may hold a secret, against texts damaged around one: no error gives any of it away.

use std::fmt::{Debug, Display};

use labwizard::disk::{Caller, State};
use labwizard::domain::certificates_from_pem;
use labwizard::format::{Dialect, Document};
use labwizard::target::Library;
use labwizard::wizard::answers;

/// What must not come out, and no eight letters of it either.
const CANARY: &str = "C4N4RY-0123456789-abcdef";

/// What breaks a text of one dialect or another.
const SIGNS: [&str; 26] = [
    "\"",
    "'",
    "\"\"\"",
    "\\",
    "\\u",
    "\n",
    "\r",
    "\0",
    "\t",
    "#",
    "=",
    ":",
    ",",
    ";",
    "[",
    "]]",
    "{",
    "}",
    "${",
    "$(",
    "%{",
    "`",
    "<<E\n",
    "\u{202e}",
    "\u{feff}",
    "-----BEGIN CERTIFICATE-----",
];

/// The text with one sign put before, into and behind the canary, and cut at each of its letters.
fn damaged(text: &str) -> Vec<String> {
    let at = text.find(CANARY).expect("it holds the canary");
    let end = at + CANARY.len();
    let places = [at, at + 7, end];
    let signs = SIGNS.iter().flat_map(|sign| places.map(|place| [&text[..place], sign, &text[place..]].concat()));
    let cuts = (at + 8..=end).map(|cut| text[..cut].to_owned());
    // A line that lacks its beginning, and one whose closing sign is gone.
    let bare = [text[at..].to_owned(), [&text[..end], text[end..].trim_start_matches(['"', '\''])].concat()];
    signs.chain(cuts).chain(bare).collect()
}

fn gives_away(said: &str) -> bool {
    let letters: Vec<char> = CANARY.chars().collect();
    letters.windows(8).any(|some| said.contains(&some.iter().collect::<String>()))
}

fn words<E: Display + Debug>(error: E) -> String {
    format!("{error} {error:?} {error:#?} {error:#}")
}

/// What a reader says of a text that it refuses; none where it takes it.
type Reader = Box<dyn Fn(&str) -> Option<String>>;

/// Each with a text that it takes.
fn readers() -> Vec<(&'static str, String, Reader)> {
    let document =
        |dialect| -> Reader { Box::new(move |text: &str| Document::parse(dialect, text.into()).err().map(words)) };
    let library = Library::built_in();
    let answers: Reader = Box::new(move |text: &str| answers::read(text, &library).err().map(words));
    let state = |name: &'static str| -> Reader {
        let temp = tempfile::tempdir().unwrap();
        let state = State::open(temp.path().join("state"), Caller::of_process(|_| None)).unwrap();
        state.keep_walk("").unwrap();
        Box::new(move |text: &str| {
            let file = temp.path().join("state").join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            for folder in file.ancestors().skip(1).take_while(|folder| *folder != temp.path()) {
                std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
            }
            std::fs::write(&file, text).unwrap();
            let asked = [
                state.hosts().map(|kept| kept.trouble),
                state.configs().map(|kept| kept.trouble),
                state.walk().map(|_| None),
                state.runs().map(|_| None),
            ];
            let troubles = asked.into_iter().filter_map(|answer| answer.unwrap_or_else(Some));
            let said = troubles.map(|error| format!("{} {} {error:?}", error.sentence(), error.hint()));
            let said: Vec<String> = said.collect();
            (!said.is_empty()).then(|| said.join("\n"))
        })
    };
    vec![
        ("dotenv", format!("A=b\nPROXMOX_TOKEN_VALUE=\"{CANARY}\"\nC='d'\n"), document(Dialect::Dotenv)),
        ("hcl", format!("a = 1\nproxmox_api_token = \"{CANARY}\"\nb = [1]\n"), document(Dialect::Hcl)),
        ("answers", format!("host = \"pve.lan\"\nfile = \"{CANARY}\"\n"), answers),
        ("certificates", format!("-----BEGIN CERTIFICATE-----\n{CANARY}\n-----END CERTIFICATE-----\n"), {
            Box::new(|text: &str| certificates_from_pem(text).err().map(words))
        }),
        (
            "hosts",
            format!("version = 1\n\n[[host]]\nendpoint = \"{CANARY}\"\ntrust = \"pin\"\nwhen = 1\n"),
            state("hosts.toml"),
        ),
        (
            "files",
            format!(
                "version = 1\n\n[[file]]\npath = \"/x\"\ntarget = \"{CANARY}\"\ninstance = 1\nendpoint = \"a:1\"\nwhen = 1\nrun = \"0a1b\"\n"
            ),
            state("files.toml"),
        ),
        ("walk", format!("[typed]\nhost = \"{CANARY}\"\n"), state("walk.toml")),
        (
            "journal",
            format!("{{\"what\":\"started\",\"version\":1,\"run\":\"{CANARY}\",\"pid\":1,\"born\":null,\"at\":1}}\n"),
            state("runs/0a1b2c/journal"),
        ),
    ]
}

#[test]
fn no_reader_says_a_word_of_a_damaged_text() {
    for (name, text, read) in readers() {
        let all = damaged(&text);
        assert!(all.len() >= 30);
        let mut refused = 0;
        for text in all {
            if let Some(said) = read(&text) {
                refused += 1;
                assert!(!gives_away(&said), "{name} gives away what it read");
            }
        }
        // What is never refused says nothing at all.
        assert!(refused >= 3 || ["walk", "journal"].contains(&name), "{name} refused {refused}");
    }
}

/// What a parser says by itself would be found, so that silence is a proof.
#[test]
fn a_parser_that_quotes_is_found_out() {
    let quotes = damaged(&format!("token = \"{CANARY}\"\n"))
        .into_iter()
        .filter_map(|text| text.parse::<toml_edit::DocumentMut>().err())
        .filter(|error| gives_away(&words(error)));
    assert!(quotes.count() >= 5);
}
