//! The rules that the map in `src/lib.rs` tells, read off the source: who imports whom, and what stands nowhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A file of `src` without its tests and comments, by its path below `src`.
struct Source {
    path: String,
    /// The first part of its module path.
    top: String,
    /// How many parts its module path has.
    depth: usize,
    first: String,
    code: String,
}

/// The pure line; each knows only what stands left of it, and itself.
const LINE: [&str; 7] = ["domain", "format", "target", "diagnosis", "plan", "wizard", "front"];

/// What else may be known, by the top module.
fn allowed(top: &str) -> BTreeSet<&str> {
    if let Some(at) = LINE.iter().position(|one| *one == top) {
        return LINE[..=at].iter().copied().collect();
    }
    let joined: &[&str] = match top {
        "client" | "disk" | "lab" => &["domain"],
        // The loop is here, and a front end is a trait of it.
        "runtime" => &["client", "diagnosis", "disk", "domain", "front", "plan", "target", "wizard"],
        "report" => &["diagnosis", "domain", "front", "plan", "wizard"],
        "cli" => &["domain", "lab"],
        "main" | "lib" => &["cli", "command"],
        "command" => {
            return LINE
                .iter()
                .copied()
                .chain(["cli", "client", "command", "disk", "lab", "report", "runtime"])
                .collect();
        }
        other => panic!("{other} has no place in the map"),
    };
    joined.iter().copied().chain([top]).collect()
}

fn sources() -> Vec<Source> {
    fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, into) } else { into.push(path) }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.retain(|path| path.extension().is_some_and(|ext| ext == "rs"));
    let texts: Vec<(String, String)> = paths
        .iter()
        .map(|path| (path.strip_prefix(&root).unwrap().display().to_string(), std::fs::read_to_string(path).unwrap()))
        .collect();
    let tests = test_modules(&texts);
    texts
        .into_iter()
        .filter(|(path, _)| {
            !tests.iter().any(|test| path == test || path.starts_with(&format!("{}/", test.trim_end_matches(".rs"))))
        })
        .map(|(path, text)| source(path, &text))
        .collect()
}

/// The files that a `#[cfg(test)] mod …;` brings in.
fn test_modules(texts: &[(String, String)]) -> Vec<String> {
    let mut tests = Vec::new();
    for (path, text) in texts {
        let folder = path.trim_end_matches(".rs").trim_end_matches("/mod");
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let next = lines.peek().copied().unwrap_or_default().trim();
            if line.trim() == "#[cfg(test)]" && next.starts_with("mod ") && next.ends_with(';') {
                tests.push(format!("{folder}/{}.rs", next["mod ".len()..].trim_end_matches(';')));
            }
        }
    }
    tests
}

fn source(path: String, text: &str) -> Source {
    let module = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let parts: Vec<&str> = module.split('/').collect();
    let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
    let code: String = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{}\n", line.split(" // ").next().unwrap_or_default()))
        .collect();
    Source {
        top: parts[0].to_owned(),
        depth: parts.len(),
        first: text.lines().next().unwrap_or_default().to_owned(),
        code,
        path,
    }
}

fn word(text: &str) -> &str {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default()
}

/// The top modules that a file names, by `crate::` or by climbing up to the root.
fn named(source: &Source) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut add = |rest: &str| match rest.strip_prefix('{') {
        Some(list) => {
            let mut level = 0;
            let mut start = true;
            for (at, c) in list.char_indices() {
                match c {
                    '{' => level += 1,
                    '}' if level == 0 => break,
                    '}' => level -= 1,
                    ',' if level == 0 => {
                        start = true;
                        continue;
                    }
                    _ => {}
                }
                if start && !c.is_whitespace() {
                    all.insert(word(&list[at..]).to_owned());
                    start = false;
                }
            }
        }
        None => {
            all.insert(word(rest).to_owned());
        }
    };
    for (at, _) in source.code.match_indices("crate::") {
        if !source.code[..at].ends_with('$') {
            add(&source.code[at + "crate::".len()..]);
        }
    }
    let climb = "super::".repeat(source.depth);
    for (at, _) in source.code.match_indices(&climb) {
        if !source.code[..at].ends_with("super::") {
            add(&source.code[at + climb.len()..]);
        }
    }
    all.retain(|name| !name.is_empty());
    all
}

fn offenders(fault: impl Fn(&Source) -> Vec<String>) -> Vec<String> {
    sources()
        .iter()
        .flat_map(|source| fault(source).into_iter().map(|what| format!("src/{}: {what}", source.path)))
        .collect()
}

#[test]
fn each_module_knows_only_what_the_map_allows() {
    let tops: BTreeSet<String> = sources().into_iter().map(|source| source.top).collect();
    let wrong = offenders(|source| {
        let may = allowed(&source.top);
        named(source)
            .into_iter()
            .filter(|name| tops.contains(name) && !may.contains(name.as_str()))
            .map(|name| format!("{} knows {name}", source.top))
            .collect()
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The reader of imports is able to see one.
#[test]
fn every_way_to_name_a_module_is_seen() {
    let of = |path: &str, code: &str| named(&source(path.to_owned(), code)).into_iter().collect::<Vec<_>>();
    assert_eq!(of("wizard/step/host.rs", "use crate::client::http;"), ["client"]);
    assert_eq!(of("wizard/mod.rs", "use crate::{disk, domain::{self, Id},\n    lab::Lab};"), ["disk", "domain", "lab"]);
    assert_eq!(of("wizard/mod.rs", "fn f() { crate::disk::read() }"), ["disk"]);
    assert_eq!(of("wizard/page.rs", "use super::super::disk::State;"), ["disk"]);
    assert_eq!(
        of("wizard/page.rs", "// crate::disk\nfn f() {} // crate::lab\n#[cfg(test)]\nmod tests { use crate::client; }"),
        [] as [&str; 0]
    );
    assert_eq!(of("wizard/page.rs", "fn f() {}\n#[cfg(test)]\nmod tests { use crate::client; }"), [] as [&str; 0]);
}

#[test]
fn the_pure_line_has_no_clock_disk_network_or_environment() {
    let never =
        ["reqwest", "hyper::", "std::fs", "std::env", "std::net::Tcp", "std::process", "SystemTime", "tokio::net"];
    let pure = ["tokio", "Instant::now", "crossterm", "ratatui", "std::thread", "std::io"];
    let wrong = offenders(|source| {
        if !LINE.contains(&source.top.as_str()) {
            return Vec::new();
        }
        let mut words: Vec<&str> = never.to_vec();
        if source.top != "front" {
            words.extend(pure);
        } else if !source.path.starts_with("front/tui") {
            words.push("ratatui");
        }
        words.into_iter().filter(|word| source.code.contains(word)).map(|word| format!("has {word}")).collect()
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_module_says_first_what_it_deals_with() {
    let wrong = offenders(|source| if source.first.starts_with("//! ") { vec![] } else { vec![source.first.clone()] });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_three_programs_are_started_in_one_place_each() {
    let mut places: Vec<(String, usize)> = sources()
        .into_iter()
        .filter(|source| source.code.contains("use std::process::") && source.code.contains("Command::new("))
        .map(|source| (source.path, source.code.matches("Command::new(").count()))
        .collect();
    places.sort();
    // The program that an answers file names for a secret, ssh, and git.
    let known = ["client/ssh/process.rs", "command/apply.rs", "disk/git.rs"].map(|path| (path.to_owned(), 1));
    assert_eq!(places, known);
}

/// A parser's own error quotes what it could not read; its words end where it is caught.
#[test]
fn no_foreign_error_reaches_a_person_by_its_own_words() {
    let foreign = [
        "toml_edit::",
        "serde_json::Error",
        "dotenvy::Error",
        "hcl_edit::parser::Error",
        "reqwest::Error",
        "serde::de::Error",
        "rustls::Error",
        "hyper::Error",
    ];
    let wrong = offenders(|source| {
        source
            .code
            .lines()
            .filter(|line| line.contains("#[from]") || line.contains("#[source]") || line.contains("transparent"))
            .filter(|line| foreign.iter().any(|one| line.contains(one)))
            .map(|line| line.trim().to_owned())
            .collect()
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}
