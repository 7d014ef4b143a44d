//! A target's words, read when they are first looked into: what the first page shows of a target stands in its first lines.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::spec::{Services, Spec};
use super::words::Words;

/// Reads a spec when it is asked for.
type Read = Box<dyn FnOnce() -> Spec + Send>;

/// A spec that is there, or is read at the first look into it. A copy shares it.
#[derive(Clone)]
pub struct LazySpec(Arc<LazyLock<Spec, Read>>);

impl LazySpec {
    /// The spec of one of this program's targets.
    pub(super) fn built_in(text: &'static str) -> LazySpec {
        LazySpec::by(move || Spec::parse(text).expect("a test reads every target of this program"))
    }

    pub(super) fn of(spec: Spec) -> LazySpec {
        LazySpec::by(move || spec)
    }

    fn by(read: impl FnOnce() -> Spec + Send + 'static) -> LazySpec {
        LazySpec(Arc::new(LazyLock::new(Box::new(read))))
    }
}

impl Deref for LazySpec {
    type Target = Spec;

    fn deref(&self) -> &Spec {
        &self.0
    }
}

impl fmt::Debug for LazySpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// What a list of targets shows of one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Heading {
    pub title: Words,
    pub about: Words,
    pub services: Services,
}

impl Heading {
    pub(super) fn of(spec: &Spec) -> Heading {
        Heading { title: spec.title.clone(), about: spec.about.clone(), services: spec.services }
    }

    /// That of one of this program's targets, without reading the rest of its file.
    pub(super) fn built_in(text: &str) -> Heading {
        let key = |line: &&str| line.split([' ', '=']).next().is_some_and(|key| KEYS.contains(&key));
        let lines: Vec<&str> = text.lines().filter(key).take(KEYS.len()).collect();
        toml_edit::de::from_str(&lines.join("\n")).expect("a test reads the heading of every target of this program")
    }
}

/// Where it stands: a line each, before the first table.
const KEYS: [&str; 3] = ["title", "about", "services"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::library::texts;

    #[test]
    fn the_first_lines_of_every_target_say_what_the_whole_says() {
        for (name, text) in texts() {
            assert_eq!(Heading::built_in(text), Heading::of(&LazySpec::built_in(text)), "{name}");
        }
    }
}
