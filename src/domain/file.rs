//! What was seen of a file: its content, its identity, and what is odd about it. Plain data, no I/O.

use std::fmt;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::domain::Text;

use crate::domain::visible::visible;

/// A SHA-256 of some bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The SHA-256 of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Digest(Sha256::digest(bytes).into())
    }

    /// 64 lower-case hex digits.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads 64 hex digits; anything else is `None`.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok()?;
        }
        Some(Digest(bytes))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

/// Which file it is, as the file system counts, and when its content last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    pub device: u64,
    pub inode: u64,
    /// In bytes.
    pub size: u64,
    /// Seconds and nanoseconds since 1970.
    pub modified: (i64, i64),
}

/// What a write is based on: exactly this file with exactly this content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base {
    pub digest: Digest,
    pub identity: Identity,
}

/// A look at the place where a config file is or will be.
#[derive(Debug, Clone)]
pub struct FileSeen {
    /// The path as it was given.
    pub given: PathBuf,
    /// Absolute, every link followed: what Review shows and the write replaces.
    pub path: PathBuf,
    /// The file itself; `None` when there is none yet.
    pub there: Option<There>,
    pub folder: Folder,
    /// What needs an own yes, and is refused unattended.
    pub oddities: Vec<Oddity>,
}

/// A file that is there.
#[derive(Debug, Clone)]
pub struct There {
    pub text: Text,
    pub base: Base,
    /// The permission bits, at most 0o7777.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// How many names the file has.
    pub links: u64,
}

/// The folder of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folder {
    pub exists: bool,
    /// Whether a file can be made in it by this user.
    pub writable: bool,
    /// Device and inode, so that a write can tell that the folder was not swapped.
    pub identity: Option<(u64, u64)>,
}

impl FileSeen {
    /// What a write of this file is to be based on.
    pub fn base(&self) -> Option<Base> {
        self.there.as_ref().map(|there| there.base)
    }
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    File,
    Folder,
    Link,
    Pipe,
    Socket,
    Device,
    Unknown,
}

impl Kind {
    pub fn words(self) -> &'static str {
        match self {
            Kind::File => "a file",
            Kind::Folder => "a folder",
            Kind::Link => "a link",
            Kind::Pipe => "a named pipe",
            Kind::Socket => "a socket",
            Kind::Device => "a device",
            Kind::Unknown => "something else",
        }
    }
}

/// Something about a file or its folder that needs an own yes before the file is written, and is refused unattended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Oddity {
    /// The path is a link, and what it points at lies outside the folder that was chosen.
    LinkLeaves { to: PathBuf },
    /// The file has this many names; the others would keep the old content.
    HardLinks(u64),
    /// The file belongs to somebody else.
    ForeignOwner(u32),
    /// Extended attributes or an ACL that the new file would not have.
    Attributes(Vec<String>),
    /// Others may write into the folder, and so replace the file.
    OpenFolder { folder: PathBuf, mode: u32 },
    /// As root: a link or folder on the way belongs to neither root nor the user behind sudo.
    ForeignWay { at: PathBuf, uid: u32 },
    /// The file is marked as not to be written.
    ReadOnly,
    /// The file cannot be replaced, only written over in place; a break in between leaves it incomplete.
    InPlace(InPlace),
}

/// Why a file can only be written in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InPlace {
    /// The file itself is a mount, as container volumes are.
    Mount,
    /// No file can be made in its folder.
    FolderClosed,
}

impl Oddity {
    /// The oddity in words, without a full stop.
    pub fn words(&self) -> String {
        match self {
            Oddity::LinkLeaves { to } => format!("it is a link that leaves its folder, to {}", show(to)),
            Oddity::HardLinks(names) => {
                format!("the file has {names} names, and the others would keep the old content")
            }
            Oddity::ForeignOwner(uid) => format!("the file belongs to another user ({uid})"),
            Oddity::Attributes(names) => {
                format!("the file has attributes that would be lost: {}", names.join(", ").escape_debug())
            }
            Oddity::OpenFolder { folder, mode } => {
                format!("others may write into its folder {} (mode {mode:04o}), and replace the file", show(folder))
            }
            Oddity::ForeignWay { at, uid } => {
                format!("you are root, and {} on the way belongs to user {uid}, who can redirect it", show(at))
            }
            Oddity::ReadOnly => "the file is marked read-only".into(),
            Oddity::InPlace(InPlace::Mount) => {
                "the file is a mount and can only be written in place, where a break leaves it incomplete".into()
            }
            Oddity::InPlace(InPlace::FolderClosed) => {
                "its folder takes no new file, so it can only be written in place, where a break leaves it incomplete"
                    .into()
            }
        }
    }

    pub fn hint(&self) -> String {
        match self {
            Oddity::LinkLeaves { to } => format!("Name {} itself, or agree to it in the review.", show(to)),
            Oddity::OpenFolder { folder, .. } => {
                format!("chmod go-w {}, or agree to it in the review.", show(folder))
            }
            Oddity::ForeignOwner(_) | Oddity::ForeignWay { .. } => {
                "Run as the owner, or agree to it in the review.".into()
            }
            Oddity::ReadOnly => "Make it writable with chmod u+w, or agree to it in the review.".into(),
            Oddity::HardLinks(_) | Oddity::Attributes(_) | Oddity::InPlace(_) => "Agree to it in the review.".into(),
        }
    }
}

fn show(path: &Path) -> String {
    visible(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_back_from_its_hex() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Digest::from_hex(&digest.hex()), Some(digest));
        assert_eq!(Digest::from_hex("ba78"), None);
        assert_eq!(Digest::from_hex(&"é".repeat(32)), None);
        assert_eq!(Digest::from_hex(&"+1".repeat(32)), None);
    }

    #[test]
    fn what_was_seen_prints_no_content() {
        let text = Text::new("PROXMOX_TOKEN_VALUE=00000000-0000-4000-8000-000000000001\n");
        let base =
            Base { digest: Digest::of(b""), identity: Identity { device: 1, inode: 2, size: 3, modified: (4, 5) } };
        let there = There { text, base, mode: 0o600, uid: 0, gid: 0, links: 1 };
        assert!(!format!("{there:?}").contains("00000000-0000"));
    }
}
