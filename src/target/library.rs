//! All targets that are known: those of this program, and the user's own.

use super::lazy::{Heading, LazySpec};
use super::spec::Spec;
use super::spec_error::SpecError;

/// Names and texts of the targets of this program, in the order in which they are offered.
const BUILT_IN: &[(&str, &str)] = include!("../../assets/targets/built_in.rs");

/// A target with its name.
#[derive(Clone, Debug)]
pub struct Target {
    /// The file's name without `.toml`; what the command line and the answers file call it.
    pub name: String,
    pub heading: Heading,
    pub spec: LazySpec,
    /// It is a file of the user, and is marked so wherever it is shown.
    pub yours: bool,
}

impl Target {
    fn yours(name: String, spec: Spec) -> Target {
        Target { name, heading: Heading::of(&spec), spec: LazySpec::of(spec), yours: true }
    }
}

/// A file of the user that is no target, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub file: String,
    pub error: SpecError,
}

/// The targets, the program's first.
#[derive(Clone, Debug)]
pub struct Library {
    targets: Vec<Target>,
    refused: Vec<Refused>,
}

impl Library {
    /// The program's targets alone.
    pub fn built_in() -> Library {
        let targets = BUILT_IN
            .iter()
            .map(|(name, text)| Target {
                name: (*name).to_owned(),
                heading: Heading::built_in(text),
                spec: LazySpec::built_in(text),
                yours: false,
            })
            .collect();
        Library { targets, refused: Vec::new() }
    }

    /// The program's targets and the user's, given as file name and text.
    pub fn with(yours: impl IntoIterator<Item = (String, String)>) -> Library {
        let mut library = Library::built_in();
        for (file, text) in yours {
            match named(&file).and_then(|name| Ok((name, Spec::parse(&text)?))) {
                Ok((name, _)) if library.get(&name).is_some() => {
                    let error = SpecError::whole(format!(
                        "“{name}” is the name of a target that labwizard knows already; give this file another name"
                    ));
                    library.refused.push(Refused { file, error });
                }
                Ok((name, spec)) => library.targets.push(Target::yours(name, spec)),
                Err(error) => library.refused.push(Refused { file, error }),
            }
        }
        library
    }

    pub fn get(&self, name: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.name.eq_ignore_ascii_case(name))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Target> {
        self.targets.iter()
    }

    /// The user's files that cannot be used.
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }
}

/// Checks a file as `targets --check` does: its name, its words, and how its parts fit.
///
/// # Errors
/// The first mistake.
pub fn check(file: &str, text: &str) -> Result<Target, SpecError> {
    let name = named(file)?;
    if BUILT_IN.iter().any(|(taken, _)| taken.eq_ignore_ascii_case(&name)) {
        return Err(SpecError::whole(format!(
            "“{name}” is the name of a target that labwizard knows already; give this file another name"
        )));
    }
    Ok(Target::yours(name, Spec::parse(text)?))
}

/// The target's name that a file's name gives.
fn named(file: &str) -> Result<String, SpecError> {
    let stem = file.strip_suffix(".toml").unwrap_or_default();
    if super::fact::is_id(stem) {
        Ok(stem.to_owned())
    } else {
        Err(SpecError::whole(
            "a target's file is called by a name of lower-case letters, digits, “_” and “-”, and ends in .toml",
        ))
    }
}

/// The texts of the program's targets, for tests that look at their comments.
pub fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    BUILT_IN.iter().copied()
}
