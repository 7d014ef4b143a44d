//! What lies around a file, asked of the target's rules.

use crate::domain::Around;
use crate::target::Library;
use crate::target::spec::Form;

pub fn folder(_library: &Library, _around: &Around) -> Option<String> {
    None
}

pub fn file(_form: &Form, _around: &Around) -> Option<String> {
    None
}

pub fn is_example(name: &str) -> bool {
    ["example", "sample", "template", "dist"].iter().any(|word| name.ends_with(word))
}

pub fn example_for<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    names.iter().copied().find(|n| n.trim_start_matches('.').starts_with(name.trim_start_matches('.')))
}

pub fn declared(_form: &Form, _around: &Around) -> Option<Vec<String>> {
    None
}

pub fn run_command(_form: &Form, _around: &Around, _path: &std::path::Path) -> Option<String> {
    None
}
