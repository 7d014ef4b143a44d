//! What a person types or pastes as a host, taken apart: the place to ask, and what was left away.
//!
//! Nothing here is sent anywhere, and what looks like a secret never becomes an [`Endpoint`] nor part of an error's words.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::domain::paste::{self, Known, Paste};
use crate::domain::visible::is_hidden;
use crate::domain::{Endpoint, Host, PROXMOX_PORT, TokenId, UserId, punycode, visible};

/// What was typed as host, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostInput {
    /// The places to try: one where a port was named, else 8006 and 443, in this order.
    pub endpoints: Vec<Endpoint>,
    /// What was left away or taken differently, a sentence each.
    pub notes: Vec<String>,
    /// In words what will be asked: `pve.lan, port 8006 or 443`.
    pub understood: String,
    pub kind: HostKind,
}

/// Which product an address looks like. What it is, only the host can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostKind {
    Proxmox,
    LooksLikeUnifi,
    /// Port 8007 is that of Proxmox Backup Server.
    LooksLikeBackupServer,
}

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

/// Takes apart what was typed or pasted as a host.
pub fn parse_host(text: &str) -> Result<HostInput, HostError> {
    let mut notes = Vec::new();
    let cleaned = clean(text, &mut notes);
    if cleaned.is_empty() {
        return Err(HostError::Empty);
    }
    if let Some(what) = secret_in(&cleaned) {
        let read = paste::parse_paste(text, Known::default());
        let uuid = read.secret.as_ref().is_some_and(|secret| {
            use paste::SecretProblem::{Group, Length, Letter, Truncated};
            matches!(secret.problem(), None | Some(Truncated { .. } | Group { .. } | Length(_) | Letter { .. }))
        });
        let paste = (read.name.is_some() || uuid).then(|| Box::new(read));
        return Err(HostError::IsASecret { what, paste });
    }
    if let Some(what) = paste::placeholder(&cleaned).filter(|what| !what.contains("documents use")) {
        return Err(HostError::Placeholder(what));
    }
    let one = one_address(&cleaned, &mut notes)?;
    let address = split(&one, &mut notes)?;
    let (host, shown) = read_host(address.host, &mut notes)?;
    let port = match address.port {
        Some(22) => {
            notes.push("Port 22 is SSH's; Proxmox's own is tried.".into());
            None
        }
        other => other,
    };
    let kind = kind(&host, port, address.path);
    let ports = port.map_or(vec![PROXMOX_PORT, 443], |port| vec![port]);
    let words: Vec<String> = ports.iter().map(u16::to_string).collect();
    Ok(HostInput {
        understood: format!("{shown}, port {}", words.join(" or ")),
        endpoints: ports.into_iter().map(|port| Endpoint { host: host.clone(), port }).collect(),
        notes,
        kind,
    })
}

/// Takes off what comes along with copying: blanks and quotes around, invisible characters, a final comma.
fn clean(text: &str, notes: &mut Vec<String>) -> String {
    let mut hidden = false;
    let kept: String = text
        .chars()
        .map(|c| if matches!(c, '\u{a0}' | '\u{202f}' | '\u{3000}' | '\t' | '\r') { ' ' } else { c })
        .filter(|c| {
            // Control characters are no accident of copying, and stay to be refused; line ends count as blanks.
            let drop = is_hidden(*c) && !c.is_control();
            hidden |= drop;
            !drop
        })
        .collect();
    if hidden {
        notes.push("Characters that are not seen were left away.".into());
    }
    let mut rest = kept.trim();
    loop {
        let before = rest;
        for (open, close) in
            [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('„', '“'), ('‘', '’'), ('«', '»'), ('(', ')')]
        {
            if let Some(inside) = rest.strip_prefix(open).and_then(|r| r.strip_suffix(close)) {
                rest = inside.trim();
            }
        }
        if let Some(inside) = rest.strip_prefix('<').and_then(|r| r.strip_suffix('>'))
            && inside.contains("://")
        {
            rest = inside.trim();
        }
        rest = rest.trim_end_matches([',', ';']).trim_end();
        if rest == before {
            return rest.to_owned();
        }
    }
}

/// The parts of a label that a secret stands behind.
const SECRET_WORDS: [&str; 12] = [
    "token",
    "tokenid",
    "tokensecret",
    "secret",
    "pass",
    "passwd",
    "password",
    "pwd",
    "key",
    "apikey",
    "apitoken",
    "passphrase",
];

/// What kind of secret a text holds, by its looks alone.
fn secret_in(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    let holds = |part: &str| lower.contains(part);
    if holds("apitoken=") || holds("apitoken ") || holds("authorization:") || holds("x-api-key") || holds("bearer ") {
        return Some("a header with a token");
    }
    if holds("pveauthcookie") || holds("pve:") && holds("::") || holds("csrfpreventiontoken") {
        return Some("a ticket of a login");
    }
    if holds("private key-----") {
        return Some("a private key");
    }
    let decoded = lower.replace("%21", "!").replace("%40", "@").replace("%3a", ":").replace("%3d", "=");
    if let Some((_, behind)) = decoded.split_once('!')
        && decoded.contains('@')
    {
        let is_id = text.parse::<TokenId>().is_ok();
        let has_secret = behind.contains(['=', ':', ' ', '\n']) || has_uuid(&decoded);
        return Some(match (is_id, has_secret) {
            (true, _) => "a token's id",
            (false, true) => "a token",
            (false, false) => "a password",
        });
    }
    if has_uuid(&decoded) {
        return Some("a UUID, the secret of a token");
    }
    let keyed = decoded.split_once(['=', ':']).is_some_and(|(key, value)| {
        let key = key.trim().trim_start_matches("export ").trim_matches('"');
        !value.trim().is_empty()
            && key.len() <= 60
            && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' '))
            && key.split(['_', '-', ' ']).any(|word| SECRET_WORDS.contains(&word))
            && !value.trim().bytes().all(|b| b.is_ascii_digit())
    });
    if keyed {
        return Some("a line with a secret");
    }
    if decoded.split_whitespace().any(user_and_password) {
        return Some("a name and a password");
    }
    if text.contains(['!', '$', '^', '&', '+']) && !text.contains("://") && !text.contains(char::is_whitespace) {
        return Some("a password");
    }
    let (digits, letters) =
        (text.bytes().filter(u8::is_ascii_digit).count(), text.bytes().filter(u8::is_ascii_alphabetic).count());
    let one_word = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'=' | b'/'));
    let url = text.contains("://") || text.contains('.');
    if one_word && !url && text.len() >= 24 && digits >= 4 && letters >= 4 {
        return Some("a key or the secret of a token");
    }
    if lower.starts_with("eyj") && text.len() > 40 {
        return Some("a key or the secret of a token");
    }
    None
}

/// `user:password@…`, whatever stands in front.
fn user_and_password(word: &str) -> bool {
    let rest = word.split_once("://").map_or(word, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    // A password may itself hold a slash, so the whole rest counts where a user and a colon come before any slash.
    let user_info = rest.rsplit_once('@').map(|(user, _)| user).filter(|user| {
        let slash = user.find('/').unwrap_or(user.len());
        authority.contains('@')
            || user
                .find(':')
                .is_some_and(|colon| colon < slash && !user[colon + 1..slash].bytes().all(|b| b.is_ascii_digit()))
    });
    user_info.is_some_and(|info| info.contains(':') && !info.starts_with('['))
}

/// Whether a UUID stands in the text, or the greater part of one, or its 32 digits without hyphens.
pub(crate) fn has_uuid(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_hexdigit() && c != '-').any(|run| {
        let groups: Vec<usize> = run.split('-').map(str::len).collect();
        let cut = groups.len() >= 3 && groups.windows(3).any(|w| w[0] >= 8 && w[1] == 4 && w[2] >= 3)
            || groups.len() >= 4 && groups.windows(4).any(|w| w[0] == 4 && w[1] == 4 && w[2] == 4 && w[3] >= 8);
        let bare = groups.contains(&32);
        cut || bare
    })
}

/// The one word that is the address, out of a command, a sentence with a URL, `KEY=value` or `name port`.
fn one_address(text: &str, notes: &mut Vec<String>) -> Result<String, HostError> {
    let words: Vec<&str> = text.split_whitespace().skip_while(|w| matches!(*w, "$" | "#" | ">" | "%")).collect();
    let urls: Vec<&&str> = words.iter().filter(|w| w.contains("://")).collect();
    let address = match words.as_slice() {
        [] => return Err(HostError::Empty),
        [one] => value_of(one, notes),
        ["ssh" | "sftp" | "mosh", rest @ ..] => {
            notes.push("The host was taken out of the ssh command.".into());
            out_of_ssh(rest).ok_or(HostError::SeveralWords)?
        }
        ["ping" | "ping6" | "curl" | "wget" | "telnet" | "nc" | "dig" | "nslookup", rest @ ..] => {
            notes.push(format!("The host was taken out of the {} command.", words[0]));
            let plain: Vec<&str> = rest.iter().copied().filter(|w| !w.starts_with('-')).collect();
            match (urls.as_slice(), plain.as_slice()) {
                ([url], _) => (**url).to_owned(),
                (_, [name]) => (*name).to_owned(),
                (_, [name, port]) if is_number(port) => format!("{name}:{port}"),
                _ => return Err(HostError::SeveralWords),
            }
        }
        [key, "=" | ":", value] if is_key(key) => {
            notes.push(format!("The value of “{key}” was taken."));
            (*value).to_owned()
        }
        [key, value] if key.strip_suffix([':', '=']).is_some_and(is_key) && !is_number(value) => {
            notes.push(format!("The value of “{}” was taken.", &key[..key.len() - 1]));
            (*value).to_owned()
        }
        [name, port] if is_number(port) => format!("{}:{port}", name.trim_end_matches(':')),
        [name, ":", port] if is_number(port) => format!("{name}:{port}"),
        [name, "port", port] if is_number(port) => format!("{}:{port}", name.trim_end_matches([',', ':'])),
        _ => match urls.as_slice() {
            [url] => {
                notes.push("The address was taken out of the text around it.".into());
                (**url).to_owned()
            }
            _ => return Err(HostError::SeveralWords),
        },
    };
    Ok(address.trim_matches(['"', '\'', '`', ',', ';']).to_owned())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_key(text: &str) -> bool {
    text.len() <= 60
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// `PROXMOX_HOST=pve.lan` → `pve.lan`.
fn value_of(word: &str, notes: &mut Vec<String>) -> String {
    match word.split_once('=') {
        Some((key, value)) if is_key(key) && !value.is_empty() => {
            notes.push(format!("The value of “{key}” was taken."));
            value.trim_matches(['"', '\'']).to_owned()
        }
        _ => word.to_owned(),
    }
}

/// The destination of an ssh command line: the first word that is no option nor an option's value.
fn out_of_ssh(words: &[&str]) -> Option<String> {
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match word.strip_prefix('-') {
            // ssh(1): these options take a value, which may stand in the next word.
            Some(option) if option.len() == 1 && "BbcDEeFIiJLlmOopQRSWw".contains(option) => drop(rest.next()),
            Some(_) => {}
            None => {
                let host = word.strip_prefix("ssh://").unwrap_or(word);
                return Some(host.to_owned());
            }
        }
    }
    None
}

/// An address in its parts.
struct Parts<'a> {
    host: HostText<'a>,
    port: Option<u16>,
    path: &'a str,
}

enum HostText<'a> {
    Bracketed(&'a str),
    Bare(&'a str),
}

/// Takes scheme, user, port and path off.
fn split<'a>(text: &'a str, notes: &mut Vec<String>) -> Result<Parts<'a>, HostError> {
    let (rest, ssh) = without_scheme(text, notes)?;
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    note_path(path, notes);
    let host_and_port = match authority.rsplit_once('@') {
        None => authority,
        Some((_, "")) => return Err(HostError::Character('@')),
        Some((user, host)) => {
            // “root@pam” is a user; “root@pve” is more often typed for ssh to a host that is called pve.
            if let Ok(id) = authority.parse::<UserId>()
                && (host == "pam"
                    || (host == "pve" && user != "root" && !ssh && !notes.iter().any(|n| n.contains("ssh"))))
            {
                return Err(HostError::IsAUser(id));
            }
            let user: String = visible(user).chars().take(40).collect();
            notes.push(format!("“{user}” was left away; who signs in is asked later."));
            host
        }
    };
    if host_and_port.is_empty() {
        return Err(HostError::Empty);
    }
    if let Some(inside) = host_and_port.strip_prefix('[') {
        let (address, behind) = inside.split_once(']').ok_or(HostError::V6)?;
        let port = match behind {
            "" | ":" => None,
            port => Some(read_port(port.strip_prefix(':').ok_or(HostError::V6)?)?),
        };
        return Ok(Parts { host: HostText::Bracketed(address), port: port.filter(|_| !ssh), path });
    }
    let colons = host_and_port.bytes().filter(|b| *b == b':').count();
    match host_and_port.rsplit_once(':') {
        Some((host, port)) if colons == 1 => {
            if host.is_empty() {
                return Err(HostError::OnlyAPort(read_port(port)?));
            }
            let port = if port.is_empty() { None } else { Some(read_port(port)?) };
            if ssh && port.is_some() {
                notes.push("The port of SSH was left away.".into());
            }
            Ok(Parts { host: HostText::Bare(host), port: port.filter(|_| !ssh), path })
        }
        _ => Ok(Parts { host: HostText::Bare(host_and_port), port: None, path }),
    }
}

/// Takes `https://` and its misspellings off. The flag says whether it was ssh.
fn without_scheme<'a>(text: &'a str, notes: &mut Vec<String>) -> Result<(&'a str, bool), HostError> {
    let lower = text.to_ascii_lowercase();
    for scheme in ["https", "http", "ssh"] {
        let Some(behind) = lower.strip_prefix(scheme) else { continue };
        let slashes = behind.trim_start_matches(':').trim_start_matches(['/', '\\']);
        let taken = behind.len() - slashes.len();
        let has_slash = behind[..taken].contains(['/', '\\']);
        if !has_slash {
            continue;
        }
        if scheme == "http" {
            notes.push(
                "“http://” was left away: Proxmox is asked over https only, since a token would be readable otherwise."
                    .into(),
            );
        }
        return Ok((&text[text.len() - slashes.len()..], scheme == "ssh"));
    }
    if let Some((scheme, _)) = lower.split_once("://") {
        let plain = !scheme.is_empty() && scheme.len() <= 12 && scheme.bytes().all(|b| b.is_ascii_alphanumeric());
        return Err(if plain { HostError::Scheme(scheme.to_owned()) } else { HostError::Character(':') });
    }
    Ok((text.strip_prefix("//").unwrap_or(text), false))
}

fn note_path(path: &str, notes: &mut Vec<String>) {
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let (folders, more) = path.split_at(end);
    let bare = folders.trim_end_matches(['/', '\\']);
    if let Some(size) = bare.strip_prefix('/').filter(|size| is_number(size) && size.len() <= 3) {
        notes.push(format!("The size of the network, /{size}, is not needed here."));
    } else if !bare.is_empty() {
        let quotable = bare.len() <= 60
            && bare.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.'));
        notes.push(if quotable {
            format!("The path {bare} is not needed here.")
        } else {
            "The path is not needed here.".into()
        });
    }
    match more.chars().next() {
        Some('#') => notes.push("What follows the # is the web page's own, and is not needed.".into()),
        Some(_) => notes.push("What follows the ? is not needed.".into()),
        None => {}
    }
}

fn read_port(text: &str) -> Result<u16, HostError> {
    if !is_number(text) {
        return Err(HostError::PortText);
    }
    // Long numbers are not quoted: somebody's secret may be one.
    let short = || if text.len() <= 6 { text.to_owned() } else { format!("a number of {} digits", text.len()) };
    text.parse::<u16>().ok().filter(|port| *port != 0).ok_or_else(|| HostError::PortRange(short()))
}

/// The host, and how it is shown.
fn read_host(text: HostText<'_>, notes: &mut Vec<String>) -> Result<(Host, String), HostError> {
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

fn v6(text: &str) -> Result<Host, HostError> {
    if text.contains('%') {
        return Err(HostError::Zone);
    }
    text.parse::<Ipv6Addr>().map(Host::V6).map_err(|_| HostError::V6)
}

fn no_single_host(unspecified: bool, multicast: bool, broadcast: bool) -> Result<(), HostError> {
    match (unspecified, multicast, broadcast) {
        (true, ..) => Err(HostError::NoHost("the one that stands for “any”")),
        (_, true, _) => Err(HostError::NoHost("a multicast address")),
        (.., true) => Err(HostError::NoHost("the broadcast address")),
        _ => Ok(()),
    }
}

fn name_or_v4(text: &str, notes: &mut Vec<String>) -> Result<(Host, String), HostError> {
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

fn may_stand_in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') || (!c.is_ascii() && c.is_alphabetic())
}

/// Letters that IDNA maps to others (full-width, ligatures, superscripts, mathematical and presentation forms): refused, since
/// what would be asked is not what is seen.
fn has_plainer_form(c: char) -> bool {
    matches!(c,
        'ª' | 'º' | '\u{2b0}'..='\u{2ff}' | '\u{1d2c}'..='\u{1d6a}' | '\u{2071}'..='\u{209c}' | '\u{2100}'..='\u{218f}'
        | '\u{24b6}'..='\u{24e9}' | '\u{3131}'..='\u{318e}' | '\u{f900}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
        | '\u{ff00}'..='\u{ffef}' | '\u{1d400}'..='\u{1d7ff}' | '\u{1f100}'..='\u{1f1ff}'
        | '\u{2f800}'..='\u{2fa1f}' | '\u{132}' | '\u{133}' | '\u{13f}' | '\u{140}' | '\u{149}' | '\u{17f}'
        | '\u{1c4}'..='\u{1cc}' | '\u{1f1}'..='\u{1f3}')
}

fn v4(text: &str) -> Result<Ipv4Addr, AddressProblem> {
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

/// Ports and names that UniFi's controllers and consoles have of their own.
fn kind(host: &Host, port: Option<u16>, path: &str) -> HostKind {
    let first = match host {
        Host::Name(name) => name.split('.').next().unwrap_or(name),
        _ => "",
    };
    let unifi_name =
        matches!(first, "unifi" | "udm" | "unvr" | "ucg") || matches!(host, Host::Name(n) if n.ends_with(".ui.com"));
    let unifi_path = ["/proxy/network", "/network/default", "/manage"].iter().any(|p| path.starts_with(p));
    match port {
        Some(8007) => HostKind::LooksLikeBackupServer,
        Some(8443 | 11443) => HostKind::LooksLikeUnifi,
        None | Some(443) if unifi_name || unifi_path => HostKind::LooksLikeUnifi,
        _ => HostKind::Proxmox,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UUID: &str = "00000000-0000-4000-8000-000000000001";

    #[test]
    fn every_shape_that_people_paste_is_understood() {
        let both = "pve.lan, port 8006 or 443";
        let one = "pve.lan, port 8006";
        // text, what is understood, a part of each note
        let table: &[(&str, &str, &[&str])] = &[
            ("pve.lan", both, &[]),
            ("PVE.Lan", both, &[]),
            ("  pve.lan \n", both, &[]),
            ("pve.lan.", both, &[]),
            ("pve.lan:8006", one, &[]),
            ("pve.lan:", both, &[]),
            ("pve.lan 8006", one, &[]),
            ("pve.lan: 8006", one, &[]),
            ("pve.lan, port 8006", one, &[]),
            ("https://pve.lan:8006", one, &[]),
            ("https://pve.lan:8006/", one, &[]),
            ("HTTPS://PVE.LAN:8006/", one, &[]),
            ("https:/pve.lan:8006", one, &[]),
            ("https//pve.lan:8006", one, &[]),
            (r"https:\\pve.lan:8006\", one, &[]),
            ("//pve.lan:8006", one, &[]),
            ("https://pve.lan", both, &[]),
            ("https://pve.lan:8006/api2/json", one, &["The path /api2/json is not needed here."]),
            ("pve.lan/api2/json/", both, &["/api2/json"]),
            ("https://pve.lan:8006/#v1:0:18:4:31:::::::", one, &["#"]),
            ("https://pve.lan:8006/?console=shell&node=pve", one, &["?"]),
            ("https://pve.lan:8006/#v1:0:=qemu%2F100:4::::::", one, &["#"]),
            ("http://pve.lan:8006", one, &["https only"]),
            ("http://pve.lan", both, &["https only"]),
            ("\"pve.lan\"", both, &[]),
            ("“https://pve.lan:8006”", one, &[]),
            ("<https://pve.lan:8006/>", one, &[]),
            ("`pve.lan`,", both, &[]),
            ("pve\u{200b}.lan", both, &["not seen"]),
            ("\u{feff}pve.lan\u{a0}", both, &["not seen"]),
            ("root@pve.lan", both, &["“root” was left away"]),
            ("root@pam@pve.lan:8006", one, &["“root@pam” was left away"]),
            ("https://root@pve.lan:8006", one, &["“root”"]),
            ("ssh root@pve.lan", both, &["ssh command", "“root”"]),
            ("$ ssh -p 2222 -i key root@pve.lan", both, &["ssh command", "“root”"]),
            ("ssh -o StrictHostKeyChecking=no pve.lan uptime", both, &["ssh command"]),
            ("ssh://root@pve.lan:22", both, &["“root”", "SSH"]),
            ("pve.lan:22", both, &["SSH"]),
            ("ping pve.lan", both, &["ping command"]),
            ("telnet pve.lan 8006", one, &["telnet command"]),
            ("curl -k https://pve.lan:8006/api2/json/version", one, &["curl command", "/api2/json/version"]),
            ("PROXMOX_HOST=pve.lan", both, &["“PROXMOX_HOST”"]),
            ("PROXMOX_HOST=\"pve.lan\"", both, &["“PROXMOX_HOST”"]),
            ("host = pve.lan", both, &["“host”"]),
            ("Host: pve.lan", both, &["“Host”"]),
            (
                "Please use your web browser to configure this server - connect to:\n\n  https://192.168.1.50:8006/\n",
                "192.168.1.50, port 8006",
                &["out of the text"],
            ),
            ("10.0.0.5", "10.0.0.5, port 8006 or 443", &[]),
            ("10.0.0.5:8006", "10.0.0.5, port 8006", &[]),
            ("10.0.0.5/24", "10.0.0.5, port 8006 or 443", &["/24"]),
            ("10.0.0.5.", "10.0.0.5, port 8006 or 443", &[]),
            ("fd00::5", "fd00::5, port 8006 or 443", &[]),
            ("FD00:0:0::5", "fd00::5, port 8006 or 443", &[]),
            ("[fd00::5]", "fd00::5, port 8006 or 443", &[]),
            ("[fd00::5]:8006", "fd00::5, port 8006", &[]),
            ("https://[fd00::5]:8006/", "fd00::5, port 8006", &[]),
            ("fd00::5:8006", "fd00::5:8006, port 8006 or 443", &["[fd00::5]:8006"]),
            ("::1", "::1, port 8006 or 443", &[]),
            ("fe80::1", "fe80::1, port 8006 or 443", &["link-local"]),
            ("pve", "pve, port 8006 or 443", &[]),
            ("root@pve", "pve, port 8006 or 443", &["“root”"]),
            ("ssh apex@pve", "pve, port 8006 or 443", &["ssh command", "“apex”"]),
            ("localhost:8006", "localhost, port 8006", &[]),
            ("my_node.lan", "my_node.lan, port 8006 or 443", &[]),
            ("_pve", "_pve, port 8006 or 443", &[]),
            ("a1-b2", "a1-b2, port 8006 or 443", &[]),
            ("3com.lan", "3com.lan, port 8006 or 443", &[]),
            ("münchen.lan", "xn--mnchen-3ya.lan (münchen.lan), port 8006 or 443", &["xn--mnchen-3ya.lan"]),
            ("https://MÜNCHEN.lan:8006", "xn--mnchen-3ya.lan (münchen.lan), port 8006", &["xn--mnchen-3ya.lan"]),
            ("рve.lan", "xn--ve-kmc.lan (рve.lan), port 8006 or 443", &["look like others"]),
            ("xn--mnchen-3ya.lan", "xn--mnchen-3ya.lan, port 8006 or 443", &[]),
            ("pve.example.com", "pve.example.com, port 8006 or 443", &["documents"]),
        ];
        for (text, understood, notes) in table {
            let host = parse_host(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
            assert_eq!(host.understood, *understood, "{text}");
            assert_eq!(host.notes.len(), notes.len(), "{text}: {:?}", host.notes);
            for (note, part) in host.notes.iter().zip(*notes) {
                assert!(note.contains(part), "{text}: {note}");
            }
        }
    }

    #[test]
    fn without_a_port_proxmoxs_own_comes_first() {
        let ports = |text: &str| parse_host(text).unwrap().endpoints.iter().map(|e| e.port).collect::<Vec<_>>();
        assert_eq!(ports("pve.lan"), [8006, 443]);
        assert_eq!(ports("pve.lan:443"), [443]);
    }

    #[test]
    fn another_product_is_suspected_by_its_port_or_name() {
        use HostKind::*;
        for (text, kind) in [
            ("pve.lan", Proxmox),
            ("pbs.lan:8007", LooksLikeBackupServer),
            ("unifi.lan", LooksLikeUnifi),
            ("unifi", LooksLikeUnifi),
            ("unifi.lan:8006", Proxmox),
            ("10.0.0.1:8443", LooksLikeUnifi),
            ("https://10.0.0.1/proxy/network/integration/v1/sites", LooksLikeUnifi),
            ("https://unifi.ui.com/consoles", LooksLikeUnifi),
        ] {
            assert_eq!(parse_host(text).unwrap().kind, kind, "{text}");
        }
    }

    /// A short name for an error, to compare by.
    fn name(error: &HostError) -> String {
        let text = format!("{error:?}");
        text.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
    }

    #[test]
    fn what_is_no_host_is_refused_with_its_reason() {
        for (text, error) in [
            ("", "Empty"),
            (" \n\t", "Empty"),
            ("https://", "Empty"),
            ("10.5", "Address"),
            ("10.0.0", "Address"),
            ("10.0.0.0.5", "Address"),
            ("010.0.0.1", "Address"),
            ("0x7f.1", "Address"),
            ("0x7f000001", "Address"),
            ("127.0.0.0x1", "Address"),
            ("256.1.1.1", "Address"),
            ("10.0.0.99999999999999999999999", "Address"),
            ("pve.1", "Address"),
            ("1", "Address"),
            ("8006", "OnlyAPort"),
            (":8006", "OnlyAPort"),
            ("pve.lan:0", "PortRange"),
            ("pve.lan:65536", "PortRange"),
            ("pve.lan:99999999999", "PortRange"),
            ("pve.lan:https", "PortText"),
            ("pve.lan:8006:1", "V6"),
            ("[fd00::5", "V6"),
            ("[fd00::5]8006", "V6"),
            ("[pve.lan]:8006", "V6"),
            ("fd00::zz", "V6"),
            ("fe80::1%eth0", "Zone"),
            ("[fe80::1%25eth0]:8006", "Zone"),
            ("10。0。0。5", "Dot"),
            ("pve．lan", "Dot"),
            ("pve..lan", "EmptyLabel"),
            (".lan", "EmptyLabel"),
            (".", "EmptyLabel"),
            ("-pve.lan", "Hyphen"),
            ("pve-.lan", "Hyphen"),
            ("pve.lan\u{1b}[2J", "Character"),
            ("pve\0.lan", "Character"),
            ("pve*.lan", "Character"),
            ("pve%2elan", "Character"),
            ("ｐｖｅ.lan", "OddLetter"),
            ("𝐩𝐯𝐞.lan", "OddLetter"),
            ("ﬁle.lan", "OddLetter"),
            ("pve pve2", "SeveralWords"),
            ("10.0.0.5 10.0.0.6", "SeveralWords"),
            ("https://a.lan https://b.lan", "SeveralWords"),
            ("ftp://pve.lan", "Scheme"),
            ("htps://pve.lan", "Scheme"),
            ("root@pam", "IsAUser"),
            ("apex@pve", "IsAUser"),
            ("root@", "Character"),
            ("your-proxmox-ip-or-hostname", "Placeholder"),
            ("YOUR_PROXMOX_IP", "Placeholder"),
            ("https://your-proxmox-server:8006", "Placeholder"),
            ("<host>", "Placeholder"),
            ("0.0.0.0", "NoHost"),
            ("::", "NoHost"),
            ("224.0.0.1", "NoHost"),
            ("255.255.255.255", "NoHost"),
        ] {
            let found = parse_host(text).map(|h| h.understood).expect_err(text);
            assert_eq!(name(&found), error, "{text}");
            assert!(found.what().ends_with('.') && found.hint().ends_with('.'), "{text}");
        }
        let long = format!("{}.lan", "a".repeat(64));
        assert_eq!(name(&parse_host(&long).unwrap_err()), "TooLong");
        let longer = format!("{}lan", "abcdefgh.".repeat(30));
        assert_eq!(name(&parse_host(&longer).unwrap_err()), "TooLong");
    }

    #[test]
    fn a_secret_is_never_taken_for_a_host_nor_quoted() {
        let table: Vec<(String, bool)> = vec![
            (UUID.into(), true),
            (UUID.to_uppercase(), true),
            (UUID.replace('-', ""), true),
            (UUID[..35].into(), true),
            (UUID[..18].into(), true),
            (format!("apex@pve!tok={UUID}"), true),
            (format!("apex@pve!tok:{UUID}"), true),
            (format!("PVEAPIToken=apex@pve!tok={UUID}"), true),
            (format!("Authorization: PVEAPIToken=apex@pve!tok={UUID}"), true),
            (format!("curl -k -H 'Authorization: PVEAPIToken=apex@pve!tok={UUID}' https://pve.lan:8006/"), true),
            (format!("apex%40pve%21tok%3D{UUID}"), true),
            (format!("https://apex@pve!tok={UUID}@pve.lan"), true),
            (format!("PROXMOX_TOKEN_VALUE={UUID}"), true),
            (format!("{{\"full-tokenid\":\"apex@pve!tok\",\"value\":\"{UUID}\"}}"), true),
            (format!("│ value │ {UUID} │"), true),
            (format!("https://pve.lan:8006/{UUID}"), false),
            (format!("pve.lan {UUID}"), true),
            ("apex@pve!glassdome-token".into(), true),
            ("apex@pve!tok=hunter2canary".into(), true),
            ("root:hunter2canary@pve.lan".into(), false),
            ("https://root:hunter2canary@pve.lan:8006".into(), false),
            ("https://root@pam:hunter2canary@pve.lan:8006/".into(), false),
            ("https://root:hunter2/canary@pve.lan".into(), false),
            ("https://root%40pam%3Ahunter2canary@pve.lan".into(), false),
            ("ssh root:hunter2canary@pve.lan".into(), false),
            ("PROXMOX_PASSWORD=hunter2canary".into(), false),
            ("password: hunter2canary".into(), false),
            ("pm_api_token_secret = \"hunter2canary\"".into(), false),
            ("X-API-KEY: hunter2canary".into(), false),
            ("Bearer hunter2canary".into(), false),
            ("PVEAuthCookie=PVE:root@pam:00000000::hunter2canary".into(), false),
            ("PVE:root@pam:00000000::hunter2canary".into(), false),
            ("CSRFPreventionToken: 00000000:hunter2canary".into(), false),
            ("hunter2-Canary!".into(), false),
            ("hunter2$canary".into(), false),
            ("AbCdEfGhIjKlMnOpQrStUvWxYz012345".into(), false),
            ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.hunter2canaryhunter2canary".into(), false),
            ("-----BEGIN PRIVATE KEY-----\nhunter2canary".into(), false),
        ];
        for (text, pasted) in table {
            let error = parse_host(&text).map(|h| h.understood).expect_err(&text);
            let HostError::IsASecret { what, paste } = &error else { panic!("{text}: {error:?}") };
            assert!(what.starts_with('a'), "{what}");
            assert_eq!(paste.is_some(), pasted, "{text}: {error:?}");
            let said = format!("{} {} {error:?}", error.what(), error.hint()).to_lowercase();
            assert!(!said.contains("hunter2") && !said.contains(&UUID[..13]), "{said}");
        }
    }

    #[test]
    fn no_error_quotes_more_than_a_sign_or_a_port() {
        for text in
            ["pve.lan:hunter2canary", "pve%hunter2canary", "hunter2 canary", "[hunter2canary]", "hunter2,canary"]
        {
            let error = parse_host(text).unwrap_err();
            let said = format!("{} {} {error:?}", error.what(), error.hint());
            assert!(!said.contains("canary"), "{said}");
        }
    }

    /// Reads a URL by the rules of RFC 3986 alone: user-info, host, port, and what follows.
    fn read_url(url: &str) -> (Option<&str>, &str, &str, &str) {
        let rest = url.strip_prefix("https://").unwrap();
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (user, place) = authority.rsplit_once('@').map_or((None, authority), |(u, p)| (Some(u), p));
        let (host, port) = place.rsplit_once(':').unwrap();
        (user, host, port, path)
    }

    fn holds(text: &str) {
        let Ok(host) = parse_host(text) else { return };
        assert!(!host.endpoints.is_empty());
        for endpoint in &host.endpoints {
            let url = endpoint.url();
            let (user, name, port, path) = read_url(&url);
            assert_eq!((user, path), (None, ""), "{text:?}: {url}");
            assert_eq!(port, endpoint.port.to_string());
            assert_ne!(endpoint.port, 0);
            match &endpoint.host {
                Host::V4(a) => assert_eq!(name.parse(), Ok(*a)),
                Host::V6(a) => assert_eq!(name[1..name.len() - 1].parse(), Ok(*a)),
                Host::Name(n) => {
                    assert_eq!(name, n);
                    assert!(n.len() <= 253 && !n.ends_with('.'));
                    assert!(
                        n.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b)),
                        "{n}"
                    );
                    assert!(n.parse::<std::net::IpAddr>().is_err());
                    // What the WHATWG would read as a number must not get here as a name.
                    assert!(!n.rsplit('.').next().unwrap().bytes().all(|b| b.is_ascii_digit()), "{n}");
                }
            }
            // What was understood is understood again, and as the same.
            assert_eq!(parse_host(&url).unwrap().endpoints, std::slice::from_ref(endpoint), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_a_clean_address_or_none(text in ".{0,40}") {
            holds(&text);
        }

        #[test]
        fn any_near_host_gives_a_clean_address_or_none(text in "(https?://)?([a-z0-9._]{1,6}@)?[a-zA-Z0-9.\\-_:\\[\\]äр%。]{1,24}(:[0-9]{0,6})?(/[a-z0-9?#@:]{0,10})?") {
            holds(&text);
        }

        #[test]
        fn every_v4_address_is_itself(bytes in any::<[u8; 4]>(), port in 1u16..) {
            prop_assume!(port != 22);
            let address = Ipv4Addr::from(bytes);
            if let Ok(host) = parse_host(&format!("{address}:{port}")) {
                prop_assert_eq!(&host.endpoints, &[Endpoint { host: Host::V4(address), port }]);
            } else {
                prop_assert!(address.is_unspecified() || address.is_multicast() || address.is_broadcast());
            }
        }
    }
}
