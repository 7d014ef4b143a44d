//! The small types that a target's file is read into: ordered tables, checked texts, paths and privileges.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

use super::fact::is_id;
use crate::domain::rights::Privilege;
use crate::domain::visible::is_hidden;

/// A table that keeps the order of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered<K, V>(pub Vec<(K, V)>);

impl<K, V> Default for Ordered<K, V> {
    fn default() -> Self {
        Ordered(Vec::new())
    }
}

impl<K: Deref<Target = str>, V> Ordered<K, V> {
    pub fn get(&self, name: &str) -> Option<&V> {
        self.0.iter().find(|(key, _)| &**key == name).map(|(_, value)| value)
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &V)> {
        self.0.iter().map(|(key, value)| (&**key, value))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Ordered<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<K, V>(PhantomData<(K, V)>);
        impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for InOrder<K, V> {
            type Value = Ordered<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut out = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    out.push(entry);
                }
                Ok(Ordered(out))
            }
        }
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

/// Makes a text type whose grammar is checked while it is read, so that an error knows its place.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            pub fn parse(text: &str) -> Result<Self, String> {
                let check: fn(&str) -> Result<(), String> = $check;
                check(text).map(|()| $name(text.to_owned()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $name::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    };
}

checked_text! {
    /// A sentence or title that will be shown: one line, nothing in it that steers a terminal or turns the reading direction.
    Words, words
}
checked_text! {
    /// The name of a pick or group.
    Name, |text| if is_id(text) { Ok(()) } else {
        Err("a name has lower-case letters, digits, “_” and “-”, a letter first, at most 40".to_owned())
    }
}
checked_text! {
    /// A key as it stands in a file, or a path to one.
    KeyName, key_name
}
checked_text! {
    /// A file relative to the chosen folder; its last part may hold `*`.
    FilePattern, file_pattern
}
checked_text! {
    /// A path of Proxmox's access control, with `{pick.NAME}` for a part that is picked.
    AclPath, acl_path
}

fn words(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("this text is empty".to_owned());
    }
    if text.chars().count() > 400 {
        return Err("this text has more than 400 characters".to_owned());
    }
    if text.chars().any(is_hidden) {
        return Err("this text holds a control, bidi or invisible character".to_owned());
    }
    Ok(())
}

fn key_name(text: &str) -> Result<(), String> {
    if text.is_empty() || text.len() > 200 {
        return Err("a key has 1 to 200 characters".to_owned());
    }
    match text.chars().find(|c| !(c.is_ascii_alphanumeric() || "_-.[]{}=".contains(*c))) {
        Some(odd) => Err(format!("a key has no “{}”", odd.escape_default())),
        None => Ok(()),
    }
}

fn file_pattern(text: &str) -> Result<(), String> {
    let inside = "a file lies inside the chosen folder: a relative path with “/”, without “..”, “~” and drive letters";
    if text.is_empty() || text.len() > 200 || text.starts_with(['/', '~']) || text.contains(['\\', ':', '$', '%']) {
        return Err(inside.to_owned());
    }
    if text.chars().any(|c| is_hidden(c) || c.is_whitespace()) {
        return Err("a file's path here has no blanks and no invisible characters".to_owned());
    }
    let mut parts = text.rsplit('/');
    let last = parts.next().unwrap_or_default();
    if last.is_empty()
        || last == "."
        || last == ".."
        || parts.any(|p| p.is_empty() || p == "." || p == ".." || p == ".git")
    {
        return Err(inside.to_owned());
    }
    if text[..text.len() - last.len()].contains(['*', '?', '[']) || last.contains(['?', '[']) {
        return Err("only the last part of a path may hold a “*”".to_owned());
    }
    Ok(())
}

/// The roots that Proxmox accepts as ACL paths (pve-access-control `AccessControl.pm` check_path).
const ACL_ROOTS: [&str; 7] = ["access", "mapping", "nodes", "pool", "sdn", "storage", "vms"];

fn acl_path(text: &str) -> Result<(), String> {
    if text == "/" {
        return Ok(());
    }
    let parts: Vec<_> = text.split('/').collect();
    if !parts[0].is_empty() || !(2..=6).contains(&parts.len()) || parts[1..].contains(&"") {
        return Err("a path begins with “/” and has no empty part and no “/” at its end".to_owned());
    }
    if !ACL_ROOTS.contains(&parts[1]) {
        let roots: Vec<_> = ACL_ROOTS.iter().map(|r| format!("`/{r}`")).collect();
        let odd: String = parts[1].chars().filter(|c| !is_hidden(*c)).take(40).collect();
        return Err(format!("Proxmox knows no path “/{odd}”, expected one of `/`, {}", roots.join(", ")));
    }
    for part in &parts[2..] {
        let pick = part.strip_prefix("{pick.").and_then(|p| p.strip_suffix('}'));
        let plain = part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        if !(plain || pick.is_some_and(is_id)) {
            return Err("a part of a path is a name, or a pick such as {pick.node}".to_owned());
        }
    }
    Ok(())
}

/// Privileges, parted by blanks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Privileges(pub BTreeSet<Privilege>);

impl<'de> Deserialize<'de> for Privileges {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let privileges: BTreeSet<_> = text.split(' ').filter(|p| !p.is_empty()).map(str::to_owned).collect();
        if privileges.is_empty() {
            return Err(D::Error::custom("no privilege stands here"));
        }
        match privileges.iter().find(|p| !is_privilege(p)) {
            Some(odd) => {
                let odd: String = odd.chars().take(40).flat_map(char::escape_debug).collect();
                Err(D::Error::custom(format!(
                    "“{odd}” is no privilege; one looks like VM.Config.Disk, and blanks part them"
                )))
            }
            None => Ok(Privileges(privileges)),
        }
    }
}

/// Two or three words of letters with dots between, each with a capital first.
fn is_privilege(text: &str) -> bool {
    let parts: Vec<_> = text.split('.').collect();
    (2..=3).contains(&parts.len())
        && parts
            .iter()
            .all(|p| p.starts_with(|c: char| c.is_ascii_uppercase()) && p.chars().all(|c| c.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_path_stays_inside_the_folder() {
        for good in [".env", "env/*.tfvars", "*.auto.tfvars", "a/b.yaml"] {
            assert!(FilePattern::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "/etc/passwd",
            "~/.ssh/config",
            "../x",
            "a/../b",
            "c:x",
            "a\\b",
            "",
            ".",
            "a/",
            "*/x",
            ".git/config",
            "$HOME",
            "a b",
            "x\u{202e}",
        ] {
            assert!(FilePattern::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_acl_path_is_one_that_proxmox_accepts() {
        for good in ["/", "/vms", "/storage/{pick.storage}", "/sdn/zones/localnetwork", "/nodes/{pick.node}"] {
            assert!(AclPath::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "vms", "/vms/", "//", "/foo", "/vms/{proxmox.host}", "/vms/a b", "/vms/;rm"] {
            assert!(AclPath::parse(bad).is_err(), "{bad}");
        }
    }
}
