//! The targets' files themselves: all of them are known, and say where their words come from.

use std::fs;
use std::path::Path;

use labwizard::target::library::texts;
use labwizard::target::{Library, Spec};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_file_of_the_folder_is_a_target_that_the_program_knows() {
    let mut files: Vec<String> = fs::read_dir(root().join("assets/targets"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
        .collect();
    files.sort();
    let mut known: Vec<String> = Library::built_in().iter().map(|t| t.name.clone()).collect();
    known.sort();
    assert_eq!(files, known);
}

/// Whether a comment names a file with a line, or says that the name is the module's own.
fn names_a_source(line: &str) -> bool {
    let Some((_, comment)) = line.rsplit_once(" # ") else { return false };
    let file_and_line = comment.split([' ', ';', ',']).any(|word| {
        word.split_once(':')
            .is_some_and(|(file, line)| file.contains('.') && line.starts_with(|c: char| c.is_ascii_digit()))
    });
    file_and_line || comment.starts_with("a variable of the module")
}

#[test]
fn every_key_that_a_tool_reads_names_its_source() {
    for (name, text) in texts() {
        let spec = Spec::parse(text).unwrap();
        assert!(spec.source.is_some(), "{name} does not say what it was made from");
        let keys = spec.keys.iter().map(|(key, _)| key).chain(spec.traps.iter().map(|(key, _)| key));
        for key in keys {
            let line = text
                .lines()
                .find(|line| line.split('=').next().is_some_and(|start| start.trim() == key))
                .unwrap_or_else(|| panic!("{name}: {key} has no line of its own"));
            assert!(names_a_source(line), "{name}: {key} has no source behind it");
        }
    }
}

#[test]
fn a_source_is_a_file_with_a_line() {
    assert!(names_a_source("A = { value = \"x\" } # glassdome/core/config.py:88"));
    assert!(!names_a_source("A = { value = \"x\" } # read somewhere"));
    assert!(!names_a_source("A = { value = \"x\" }"));
}

/// The words by which a target could be told from others in code.
fn names() -> Vec<String> {
    let mut out = Vec::new();
    for target in Library::built_in().iter() {
        let title = target.spec.title.to_string();
        for word in target.name.split('-').chain(title.split([' ', ',', '/', '(', ')'])) {
            let word = word.to_lowercase();
            let common = ["proxmox", "env", ".env", "plain", "or", "with", "provider", "opentofu", "terraform", ""];
            if !common.contains(&word.as_str()) && !out.contains(&word) {
                out.push(word);
            }
        }
    }
    out
}

fn rust_files(folder: &Path, out: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

#[test]
fn no_targets_name_stands_in_the_code() {
    let names = names();
    assert!(names.len() >= 4, "{names:?}");
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    assert!(files.len() > 20);
    let mut found = Vec::new();
    for file in files {
        let inside = file.strip_prefix(root().join("src")).unwrap();
        // The client of a tool with an API, the lab that plays such a tool, and the guides' claims that are quoted.
        let allowed = ["client", "lab", "domain/paste/guide.rs"];
        // Files of tests alone.
        if inside.with_extension("").components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        if allowed.iter().any(|path| inside.starts_with(path)) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for (number, line) in code.lines().enumerate() {
            // Comments may tell what was seen where, and the token's name of the examples is no target.
            let line = line.split("//").next().unwrap().to_lowercase().replace("glassdome-token", "");
            for name in &names {
                if line.contains(name.as_str()) {
                    found.push(format!("{}:{}: {name}", inside.display(), number + 1));
                }
            }
        }
    }
    assert_eq!(found, [] as [String; 0]);
}
