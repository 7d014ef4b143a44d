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
    /// Whether git's history holds the file's secret.
    pub history: History,
    /// Files beside the config file that hold its secret too: examples, backups and documents.
    pub copies: Vec<CopySeen>,
}

/// What a look into git's history for the secret of a config file brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum History {
    /// Nobody asked for it, or there is no repository.
    #[default]
    NotSearched,
    Clean,
    Found,
    /// The search came to no end: why, in a sentence.
    Unfinished(String),
}

/// A file beside a config file, looked at for the secret that stands in the config file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopySeen {
    pub path: PathBuf,
    pub tracked: bool,
    pub holds_secret: bool,
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
