//! Why a text is no host, in sentences that quote nothing which may be a secret.

use crate::domain::UserId;
use crate::domain::paste::Paste;
use crate::domain::visible::is_hidden;

/// Why a text is no host. Its sentences quote only what cannot be a secret.
#[derive(Debug)]
pub enum HostError {
    Empty,
    /// A secret, recognised before anything else was done with it.
    IsASecret {
        what: &'static str,
        paste: Option<Box<Paste>>,
    },
    /// A user of Proxmox, `root@pam`.
    IsAUser(UserId),
    /// An example's placeholder; says which.
    Placeholder(&'static str),
    /// More than one address, or an address among other words.
    SeveralWords,
    /// Another scheme than https, http or ssh.
    Scheme(String),
    /// Only a port, `8006`.
    OnlyAPort(u16),
    PortRange(String),
    PortText,
    /// Numbers that are no IPv4 address of four decimal parts.
    Address(AddressProblem),
    /// Not an IPv6 address, though it has colons like one.
    V6,
    /// `%eth0` behind an IPv6 address.
    Zone,
    /// A dot that only looks like one.
    Dot(char),
    Character(char),
    /// A letter that has a plainer form, which DNS carries instead.
    OddLetter(char),
    EmptyLabel,
    Hyphen,
    TooLong,
    /// An address that means no single host: `0.0.0.0`, a multicast or broadcast one.
    NoHost(&'static str),
}

/// What is wrong with numbers that want to be an IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressProblem {
    Parts(usize),
    TooBig(u64),
    /// `010` is eight to some programs and ten to others.
    LeadingZero,
    Hex,
    /// The last label of a name cannot be a number.
    Number,
}

impl HostError {
    /// What is the matter, in one sentence.
    pub fn what(&self) -> String {
        match self {
            HostError::Empty => "Nothing was typed.".into(),
            HostError::IsASecret { what, .. } => format!("This looks like {what}, not like a host."),
            HostError::IsAUser(user) => format!("“{user}” is a user of Proxmox, not a host."),
            HostError::Placeholder(what) => format!("This is {what}."),
            HostError::SeveralWords => "These are several words; one host is wanted.".into(),
            HostError::Scheme(scheme) => format!("“{scheme}://” is not how Proxmox is reached; it speaks https."),
            HostError::OnlyAPort(port) => format!("“{port}” is a port; the host before it is missing."),
            HostError::PortRange(port) => format!("“{port}” is no port; ports go from 1 to 65535."),
            HostError::PortText => "What stands behind the colon is no port; a port is a number.".into(),
            HostError::Address(AddressProblem::Parts(n)) => {
                let parts = if *n == 1 { "one part".to_owned() } else { format!("{n} parts") };
                format!("An IPv4 address has four parts, and this has {parts}.")
            }
            HostError::Address(AddressProblem::TooBig(n)) => {
                format!("A part of an IPv4 address goes up to 255, and one here is {n}.")
            }
            HostError::Address(AddressProblem::LeadingZero) => {
                "A part of this IPv4 address begins with 0; programs read such a number differently.".into()
            }
            HostError::Address(AddressProblem::Hex) => {
                "A part of this IPv4 address is written in hex; only decimal numbers are taken.".into()
            }
            HostError::Address(AddressProblem::Number) => {
                "The last part of a name cannot be a number, and this is no IPv4 address.".into()
            }
            HostError::V6 => "This has colons like an IPv6 address, and is none.".into(),
            HostError::Zone => "A zone (the part from % on) means an interface of this machine only.".into(),
            HostError::Dot(c) => format!("“{c}” (U+{:04X}) looks like a dot and is none.", u32::from(*c)),
            HostError::Character(c) => match c {
                c if is_hidden(*c) => format!("A character that is not seen (U+{:04X}) stands in this.", u32::from(*c)),
                c => format!("“{c}” cannot stand in the name of a host."),
            },
            HostError::OddLetter(c) => {
                format!(
                    "“{c}” (U+{:04X}) is a letter with a plainer form, which DNS would carry instead.",
                    u32::from(*c)
                )
            }
            HostError::EmptyLabel => "Two dots stand side by side, or a dot at the front.".into(),
            HostError::Hyphen => "A part of a name does not begin or end with a hyphen.".into(),
            HostError::TooLong => "A name has at most 253 characters, and 63 between two dots.".into(),
            HostError::NoHost(what) => format!("This address is {what}, not one host's."),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            HostError::Empty => "A name, an address, or the line from the browser: pve.lan, 10.0.0.5:8006.".into(),
            HostError::IsASecret { paste: Some(_), .. } => {
                "Nothing was sent anywhere. It belongs to the step Access; here goes the host alone, as in pve.lan."
                    .into()
            }
            HostError::IsASecret { paste: None, .. } => {
                "Nothing was sent anywhere. Here goes the host alone, as in pve.lan; who signs in is asked later."
                    .into()
            }
            HostError::IsAUser(_) => "Here goes the host, as in pve.lan; who signs in is asked later.".into(),
            HostError::Placeholder(_) => "Put your own host there: the address that the browser shows.".into(),
            HostError::SeveralWords => "Leave only the name or address, as in pve.lan.".into(),
            HostError::Scheme(_) => "Type the name or address alone, or the line from the browser.".into(),
            HostError::OnlyAPort(port) => format!("As in pve.lan:{port}."),
            HostError::PortRange(_) | HostError::PortText => {
                "Proxmox's own is 8006; without one, 8006 and 443 are tried.".into()
            }
            HostError::Address(_) => "Type all four parts in decimal, as in 10.0.0.5.".into(),
            HostError::V6 => "An IPv6 address with a port is written [fd00::5]:8006.".into(),
            HostError::Zone => "Use the host's name, its IPv4 address, or an IPv6 address that needs no zone.".into(),
            HostError::Dot(_) => "Type the dots by hand.".into(),
            HostError::Character(_) => "Names have letters, digits, “-”, “_” and dots.".into(),
            HostError::OddLetter(_) => "Type the name by hand with plain letters.".into(),
            HostError::EmptyLabel | HostError::Hyphen | HostError::TooLong => {
                "Look at it once more, as in pve.lan.".into()
            }
            HostError::NoHost(_) => "Type the address that the Proxmox machine shows on its own screen.".into(),
        }
    }
}
