//! What lies around a config file: example files, a module's declarations, and what git thinks of it. Plain data.

use std::path::PathBuf;

use crate::domain::Text;

/// The folder of a config file and what in it bears on the file.
#[derive(Clone, Debug, Default)]
pub struct Around {
    pub folder: PathBuf,
    /// The names of the regular files there, sorted.
    pub names: Vec<String>,
    /// The example files there with their text.
    pub examples: Vec<(String, Text)>,
    /// The nearest folder upwards that holds `*.tf`, with these files' texts.
    pub module: Option<Module>,
    /// What git would do with the config file.
    pub git: Git,
}

/// A folder of OpenTofu or Terraform code.
#[derive(Clone, Debug, Default)]
pub struct Module {
    pub folder: PathBuf,
    /// Name and text of each `*.tf`.
    pub code: Vec<(String, Text)>,
    /// Name and text of each `*.tfvars` there that is loaded by itself.
    pub loaded: Vec<(String, Text)>,
}

/// How git treats a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Git {
    /// The folder is in no repository.
    #[default]
    NoRepository,
    Tracked,
    Ignored,
    /// Not tracked, and `git add` would take it in.
    WouldTrack,
    /// There is no git here, or it gave no answer: why, in a sentence.
    Unknown(String),
}
