//! Every word that the loader takes stands in the guide for target files, and in the target that has them all.

use std::collections::BTreeSet;

use labwizard::target::Spec;

const EVERYTHING: &str = include_str!("../fixtures/targets/everything.toml");
const GUIDE: &str = include_str!("../../../assets/guides/own-target.md");

/// The words that the loader itself names when one is wrong, at every place where words stand.
fn words() -> BTreeSet<String> {
    let places = [
        ("schema   = 1", "schema = 1\nzzz = 1"),
        ("services = {", "services = { zzz = 1,"),
        ("proxmox = \"required\"", "proxmox = \"zzz\""),
        ("accepts  = {", "accepts = { zzz = 1,"),
        ("[\"token\", \"password\"]", "[\"zzz\"]"),
        ("both     = \"password\"", "both = \"zzz\""),
        ("{ for = \"see machines\"", "{ zzz = 1, for = \"see machines\""),
        ("who = \"user\"", "who = \"zzz\""),
        ("{ say =", "{ zzz = 1, say ="),
        ("name     = \"env\"", "name = \"env\"\nzzz = 1"),
        ("dialect  = \"dotenv\"", "dialect = \"zzz\""),
        ("\"naive\"", "\"zzz\""),
        ("\"pin\"]", "\"zzz\"]"),
        ("names    = \"env\"", "names = \"zzz\""),
        ("found    = {", "found = { zzz = 1,"),
        ("digits = 3", "digits = 3\nzzz = 1"),
        ("{proxmox.address}", "{zzz}"),
        ("EVERY_PORT     = {", "EVERY_PORT = { zzz = 1,"),
        ("when = \"ca\"", "when = \"zzz\""),
        ("\"ipv6\"", "\"zzz\""),
        ("list = \"nodes\",", "list = \"zzz\","),
        ("list = \"nodes\",", "zzz = 1, list = \"nodes\","),
        ("{ beats =", "{ zzz = 1, beats ="),
    ];
    let mut out = BTreeSet::new();
    for (old, new) in places {
        assert!(EVERYTHING.contains(old), "{old}");
        let error = Spec::parse(&EVERYTHING.replacen(old, new, 1)).expect_err(new);
        assert!(!error.allowed.is_empty(), "{new}: {error}");
        out.extend(error.allowed);
    }
    assert!(out.len() > 100, "{}", out.len());
    out
}

#[test]
fn the_guide_names_every_word() {
    for word in words() {
        assert!(GUIDE.contains(&format!("`{word}`")) || GUIDE.contains(&format!("`[{word}]`")), "{word}");
    }
}

/// Words that say the default, so that a file need not hold them.
const DEFAULTS: [&str; 12] =
    ["token", "error", "both", "key", "required", "yaml", "toml", "json", "pick.NAME", "pydantic", "go", "hcl"];

#[test]
fn the_target_that_has_every_word_has_every_word() {
    let plain: String =
        EVERYTHING.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    let stands: BTreeSet<&str> =
        plain.split(|c: char| !(c.is_ascii_alphanumeric() || "_.-".contains(c))).filter(|w| !w.is_empty()).collect();
    for word in words() {
        assert!(stands.contains(word.as_str()) || DEFAULTS.contains(&word.as_str()), "{word}");
    }
}

#[test]
fn the_example_of_the_guide_is_good() {
    let example = GUIDE.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    labwizard::target::library::check("my-tool.toml", example).unwrap_or_else(|e| panic!("{e}"));
}
