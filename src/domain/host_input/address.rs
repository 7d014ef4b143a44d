//! The host itself: a name as DNS carries it, an IPv4 address of four decimal parts, or an IPv6 address.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::domain::host_input::words::{HostText, is_number};
use crate::domain::host_input::{AddressProblem, HostError};
use crate::domain::{Host, paste, punycode};

/// The host, and how it is shown.
pub(super) fn read_host(text: HostText<'_>, notes: &mut Vec<String>) -> Result<(Host, String), HostError> {
    let host = match text {
        HostText::Bracketed(inside) => v6(inside)?,
        HostText::Bare(bare) if bare.contains(':') => {
            let host = v6(bare)?;
            if bare.rsplit_once(':').is_some_and(|(_, last)| matches!(last, "8006" | "443" | "8443" | "8007")) {
                notes.push("The whole was taken as an IPv6 address; with a port it is written [fd00::5]:8006.".into());
            }
            host
        }
        HostText::Bare(bare) => return name_or_v4(bare, notes),
    };
    if let Host::V6(address) = &host {
        no_single_host(address.is_unspecified(), address.is_multicast(), false)?;
        if address.segments()[0] & 0xffc0 == 0xfe80 {
            notes.push(
                "This is a link-local address, which answers only with a zone; another address may be needed.".into(),
            );
        }
    }
    let shown = host.to_string();
    Ok((host, shown))
}

pub(super) fn v6(text: &str) -> Result<Host, HostError> {
    if text.contains('%') {
        return Err(HostError::Zone);
    }
    text.parse::<Ipv6Addr>().map(Host::V6).map_err(|_| HostError::V6)
}

pub(super) fn no_single_host(unspecified: bool, multicast: bool, broadcast: bool) -> Result<(), HostError> {
    match (unspecified, multicast, broadcast) {
        (true, ..) => Err(HostError::NoHost("the one that stands for “any”")),
        (_, true, _) => Err(HostError::NoHost("a multicast address")),
        (.., true) => Err(HostError::NoHost("the broadcast address")),
        _ => Ok(()),
    }
}

pub(super) fn name_or_v4(text: &str, notes: &mut Vec<String>) -> Result<(Host, String), HostError> {
    if let Some(dot) = text.chars().find(|c| matches!(c, '。' | '．' | '｡' | '․' | '﹒' | '·')) {
        return Err(HostError::Dot(dot));
    }
    let bare = text.strip_suffix('.').unwrap_or(text);
    if bare.is_empty() {
        return Err(HostError::EmptyLabel);
    }
    if is_number(bare)
        && let Ok(port) = bare.parse::<u16>()
        && port >= 255
    {
        return Err(HostError::OnlyAPort(port));
    }
    let last = bare.rsplit('.').next().unwrap_or(bare);
    if is_number(last)
        || last.to_ascii_lowercase().strip_prefix("0x").is_some_and(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))
    {
        let address = v4(bare).map_err(HostError::Address)?;
        no_single_host(address.is_unspecified(), address.is_multicast(), address.is_broadcast())?;
        return Ok((Host::V4(address), address.to_string()));
    }
    if let Some(odd) = bare.chars().find(|c| !may_stand_in_name(*c)) {
        return Err(HostError::Character(odd));
    }
    if let Some(odd) = bare.chars().find(|c| has_plainer_form(*c)) {
        return Err(HostError::OddLetter(odd));
    }
    let lower: String = bare.chars().flat_map(char::to_lowercase).collect();
    if let Some(odd) = lower.chars().find(|c| !may_stand_in_name(*c)) {
        return Err(HostError::OddLetter(odd));
    }
    let name = punycode::to_ascii(&lower);
    for label in name.split('.') {
        match label {
            "" => return Err(HostError::EmptyLabel),
            l if l.len() > 63 => return Err(HostError::TooLong),
            l if l.starts_with('-') || l.ends_with('-') => return Err(HostError::Hyphen),
            _ => {}
        }
    }
    if name.len() > 253 {
        return Err(HostError::TooLong);
    }
    if paste::is_example_name(&name) {
        notes.push(format!("“{name}” is a name that documents use as an example."));
    }
    if name == lower {
        return Ok((Host::Name(name.clone()), name));
    }
    notes.push(format!(
        "“{lower}” has letters beyond a to z, some of which look like others; DNS carries it as {name}."
    ));
    let shown = format!("{name} ({lower})");
    Ok((Host::Name(name), shown))
}

pub(super) fn may_stand_in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') || (!c.is_ascii() && c.is_alphabetic())
}

/// Letters that IDNA maps to others (full-width, ligatures, superscripts, mathematical and presentation forms): refused, since
/// what would be asked is not what is seen.
pub(super) fn has_plainer_form(c: char) -> bool {
    matches!(c,
        'ª' | 'º' | '\u{2b0}'..='\u{2ff}' | '\u{1d2c}'..='\u{1d6a}' | '\u{2071}'..='\u{209c}' | '\u{2100}'..='\u{218f}'
        | '\u{24b6}'..='\u{24e9}' | '\u{3131}'..='\u{318e}' | '\u{f900}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
        | '\u{ff00}'..='\u{ffef}' | '\u{1d400}'..='\u{1d7ff}' | '\u{1f100}'..='\u{1f1ff}'
        | '\u{2f800}'..='\u{2fa1f}' | '\u{132}' | '\u{133}' | '\u{13f}' | '\u{140}' | '\u{149}' | '\u{17f}'
        | '\u{1c4}'..='\u{1cc}' | '\u{1f1}'..='\u{1f3}')
}

pub(super) fn v4(text: &str) -> Result<Ipv4Addr, AddressProblem> {
    let parts: Vec<&str> = text.split('.').collect();
    if parts.iter().any(|p| p.to_ascii_lowercase().starts_with("0x")) {
        return Err(AddressProblem::Hex);
    }
    if !parts.iter().all(|p| is_number(p)) {
        return Err(AddressProblem::Number);
    }
    if parts.len() != 4 {
        return Err(AddressProblem::Parts(parts.len()));
    }
    let mut octets = [0; 4];
    for (octet, part) in octets.iter_mut().zip(parts) {
        if part.len() > 1 && part.starts_with('0') {
            return Err(AddressProblem::LeadingZero);
        }
        let number = part.parse::<u64>().unwrap_or(u64::MAX);
        *octet = u8::try_from(number).map_err(|_| AddressProblem::TooBig(number))?;
    }
    Ok(Ipv4Addr::from(octets))
}
