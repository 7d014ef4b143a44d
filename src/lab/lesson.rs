//! What the demo can show: a scenario of the lab, or a fault of the config file alone.

use std::fmt;
use std::str::FromStr;

use super::Scenario;
use super::config::Fault;

/// One thing to learn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lesson {
    Lab(Scenario),
    File(Fault),
}

impl Lesson {
    /// All of them, the lab's first.
    pub fn all() -> Vec<Lesson> {
        let labs = Scenario::all().iter().map(|scenario| Lesson::Lab(*scenario));
        labs.chain(Fault::all().iter().map(|fault| Lesson::File(*fault))).collect()
    }

    /// The word that chooses it.
    pub fn name(self) -> &'static str {
        match self {
            Lesson::Lab(scenario) => scenario.name(),
            Lesson::File(fault) => fault.name(),
        }
    }

    /// What is wrong, in one line.
    pub fn about(self) -> &'static str {
        match self {
            Lesson::Lab(scenario) => scenario.about(),
            Lesson::File(fault) => fault.about(),
        }
    }

    pub fn is_the_labs(self) -> bool {
        matches!(self, Lesson::Lab(_))
    }

    /// The state that the lab is to be in.
    pub fn scenario(self) -> Scenario {
        match self {
            Lesson::Lab(scenario) => scenario,
            Lesson::File(_) => Scenario::Fine,
        }
    }

    pub fn fault(self) -> Option<Fault> {
        match self {
            Lesson::Lab(_) => None,
            Lesson::File(fault) => Some(fault),
        }
    }

    /// Whether a config that worked before is broken by it, or worth a word; else it is a lab for a first walk.
    pub fn breaks_a_config(self) -> bool {
        match self {
            Lesson::Lab(scenario) => scenario.breaks_a_config(),
            Lesson::File(_) => true,
        }
    }
}

impl fmt::Display for Lesson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Nothing to learn has that name.
#[derive(Debug, thiserror::Error)]
#[error("“{0}” is no scenario of the lab; there are {1}")]
pub struct UnknownLesson(String, String);

impl FromStr for Lesson {
    type Err = UnknownLesson;

    fn from_str(text: &str) -> Result<Self, UnknownLesson> {
        Lesson::all().into_iter().find(|lesson| lesson.name() == text).ok_or_else(|| {
            let names: Vec<_> = Lesson::all().iter().map(|lesson| lesson.name()).collect();
            UnknownLesson(text.to_string(), names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lesson_is_found_by_its_own_name() {
        for lesson in Lesson::all() {
            assert_eq!(lesson.name().parse::<Lesson>().unwrap(), lesson);
        }
        assert!("fire".parse::<Lesson>().unwrap_err().to_string().starts_with("“fire” is no scenario of the lab; "));
    }

    #[test]
    fn what_breaks_nothing_is_for_a_first_walk() {
        let whole: Vec<&str> =
            Lesson::all().iter().filter(|lesson| !lesson.breaks_a_config()).map(|one| one.name()).collect();
        assert!(whole.contains(&"fine") && whole.contains(&"token-exists") && !whole.contains(&"expired"), "{whole:?}");
    }
}
