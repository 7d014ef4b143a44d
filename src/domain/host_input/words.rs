//! Finds the one address in what was pasted: a command, a line of a file, a sentence with a URL; and takes it apart.

use crate::domain::UserId;
use crate::domain::host_input::HostError;
use crate::domain::visible::{is_hidden, visible};

/// Takes off what comes along with copying: blanks and quotes around, invisible characters, a final comma.
pub(super) fn clean(text: &str, notes: &mut Vec<String>) -> String {
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

/// The one word that is the address, out of a command, a sentence with a URL, `KEY=value` or `name port`.
pub(super) fn one_address(text: &str, notes: &mut Vec<String>) -> Result<String, HostError> {
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

pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

pub(super) fn is_key(text: &str) -> bool {
    text.len() <= 60
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// `PROXMOX_HOST=pve.lan` → `pve.lan`.
pub(super) fn value_of(word: &str, notes: &mut Vec<String>) -> String {
    match word.split_once('=') {
        Some((key, value)) if is_key(key) && !value.is_empty() => {
            notes.push(format!("The value of “{key}” was taken."));
            value.trim_matches(['"', '\'']).to_owned()
        }
        _ => word.to_owned(),
    }
}

/// The destination of an ssh command line: the first word that is no option nor an option's value.
pub(super) fn out_of_ssh(words: &[&str]) -> Option<String> {
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
pub(super) struct Parts<'a> {
    pub(super) host: HostText<'a>,
    pub(super) port: Option<u16>,
    pub(super) path: &'a str,
}

pub(super) enum HostText<'a> {
    Bracketed(&'a str),
    Bare(&'a str),
}

/// Takes scheme, user, port and path off.
pub(super) fn split<'a>(text: &'a str, notes: &mut Vec<String>) -> Result<Parts<'a>, HostError> {
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
pub(super) fn without_scheme<'a>(text: &'a str, notes: &mut Vec<String>) -> Result<(&'a str, bool), HostError> {
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

pub(super) fn note_path(path: &str, notes: &mut Vec<String>) {
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

pub(super) fn read_port(text: &str) -> Result<u16, HostError> {
    if !is_number(text) {
        return Err(HostError::PortText);
    }
    // Long numbers are not quoted: somebody's secret may be one.
    let short = || if text.len() <= 6 { text.to_owned() } else { format!("a number of {} digits", text.len()) };
    text.parse::<u16>().ok().filter(|port| *port != 0).ok_or_else(|| HostError::PortRange(short()))
}
