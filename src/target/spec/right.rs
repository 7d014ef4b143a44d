//! The rights that a target needs: what for, where, which, on which releases, and which of them are dangerous.

use serde::Deserialize;

use crate::domain::Release;
use crate::target::words::{AclPath, Name, Privileges, Words};

/// A row of rights: what for, where, which.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Right {
    #[serde(rename = "for")]
    pub purpose: Words,
    pub on: AclPath,
    pub privs: Privileges,
    /// From this release on.
    #[serde(default, deserialize_with = "release")]
    pub since: Option<Release>,
    /// Up to, and not including, this release.
    #[serde(default, deserialize_with = "release")]
    pub before: Option<Release>,
    /// Only if this group's question was answered yes.
    pub group: Option<Name>,
    /// Who needs it: both, or only the token's owner.
    #[serde(default)]
    pub who: Who,
}

/// Who is looked at: Proxmox gives a token what it and its owner have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    #[default]
    Both,
    /// The tool looks at the user's rights; the token itself does without.
    User,
}

/// What no token can do, whatever it is granted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Never {
    /// Said only if this group's question was answered yes.
    pub group: Option<Name>,
    pub say: Words,
}

fn release<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Release>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

impl Right {
    /// Whether the row holds on this release.
    pub fn on_release(&self, release: Release) -> bool {
        self.since.is_none_or(|since| release >= since) && self.before.is_none_or(|before| release < before)
    }

    /// The privileges, or the path, that give power over the host itself; shown as dangerous, and asked for by name.
    pub fn dangerous(&self) -> Vec<&str> {
        let path = (self.on.as_str() == "/access" || self.on.starts_with("/access/")).then_some(self.on.as_str());
        self.privs.0.iter().map(String::as_str).filter(|p| is_dangerous(p)).chain(path).collect()
    }
}

/// Privileges with which more can be had, or the host be broken.
pub fn is_dangerous(privilege: &str) -> bool {
    ["Permissions.", "User.", "Realm."].iter().any(|family| privilege.starts_with(family))
        || matches!(privilege, "Sys.Modify" | "Sys.Console")
}
