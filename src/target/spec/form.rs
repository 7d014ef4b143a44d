//! The forms in which a target holds its values: files of a dialect, a card, or a client of the tool's own.

use serde::Deserialize;

use crate::format;
use crate::target::words::{FilePattern, KeyName, Words};

/// A way to hold the values.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    pub name: Words,
    pub dialect: Dialect,
    /// Where it lies, the first is the default.
    pub file: Vec<FilePattern>,
    /// All that read the file; a line which they would read differently is not written.
    #[serde(default)]
    pub readers: Vec<Reader>,
    /// How the tool can hold the certificate, in this form.
    pub verify: Vec<VerifyWord>,
    /// Stands before every key.
    pub prefix: Option<KeyName>,
    /// Which of a key's names is used.
    #[serde(default)]
    pub names: Names,
    /// Files that say which keys exist; only those are filled.
    pub declared: Option<FilePattern>,
    pub found: Option<Found>,
    /// The comment lines that a new file begins with.
    #[serde(default)]
    pub head: Vec<Words>,
    /// What comes after this form is written, before what comes after all of them.
    #[serde(default)]
    pub next: Vec<Words>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    Dotenv,
    Hcl,
    Yaml,
    Toml,
    Json,
    Sh,
    /// Shown, and not written.
    Card,
    /// Handed to the tool by a client of its own.
    Register,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reader {
    PythonDotenv,
    /// Line by line: splits at the first `=`, strips quotes; knows no comment behind a value, no `export`, no escapes.
    Naive,
    Sh,
    Dotenvy,
    Node,
    DockerEnvFile,
    Compose,
}

impl From<Reader> for format::Reader {
    fn from(reader: Reader) -> format::Reader {
        match reader {
            Reader::PythonDotenv => format::Reader::PythonDotenv,
            Reader::Naive => format::Reader::Naive,
            Reader::Sh => format::Reader::Sh,
            Reader::Dotenvy => format::Reader::Dotenvy,
            Reader::Node => format::Reader::Node,
            Reader::DockerEnvFile => format::Reader::DockerEnvFile,
            Reader::Compose => format::Reader::Compose,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VerifyWord {
    Off,
    /// Against what the system or the process trusts; the cluster's CA must be put there.
    System,
    /// Against a file with the CA, named by a key `when = "ca"`.
    Ca,
    Pin,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Names {
    #[default]
    Key,
    /// The key's `env` name.
    Env,
}

/// By what a file or folder is recognised.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// Keys that hardly another tool has.
    #[serde(default)]
    pub keys: Vec<KeyName>,
    /// Files of the tool's own checkout.
    #[serde(default)]
    pub beside: Vec<FilePattern>,
    /// A provider's source address in `*.tf`.
    pub provider: Option<Words>,
}

impl Form {
    /// The editor for its files, where there is one.
    pub fn editor(&self) -> Option<format::Dialect> {
        match self.dialect {
            Dialect::Dotenv => Some(format::Dialect::Dotenv),
            Dialect::Hcl => Some(format::Dialect::Hcl),
            _ => None,
        }
    }

    /// All that read the file, as the editors name them.
    pub fn held_against(&self) -> Vec<format::Reader> {
        self.readers.iter().copied().map(Into::into).collect()
    }

    /// Whether the form's file is written by us.
    pub fn is_written(&self) -> bool {
        !matches!(self.dialect, Dialect::Card | Dialect::Register)
    }
}
