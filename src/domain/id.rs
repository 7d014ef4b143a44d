//! The names of questions and of their answers, which front ends, answers files and findings share.

use std::borrow::Cow;
use std::fmt;

/// The stable name of a question, field, or choice: `host`, `pick.node`, `group.resize`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(Cow<'static, str>);

impl Id {
    pub const fn fixed(name: &'static str) -> Self {
        Id(Cow::Borrowed(name))
    }

    pub fn new(name: impl Into<String>) -> Self {
        Id(Cow::Owned(name.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Id {
    fn from(name: &'static str) -> Self {
        Id::fixed(name)
    }
}

impl From<String> for Id {
    fn from(name: String) -> Self {
        Id(Cow::Owned(name))
    }
}

impl PartialEq<str> for Id {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Id {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
