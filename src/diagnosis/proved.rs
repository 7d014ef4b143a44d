//! What a check proved of a host, in sentences: the good ends of the road.

use crate::diagnosis::checked::Asked;
use crate::diagnosis::config::ConfigHost;
use crate::diagnosis::leaning::Leaning;
use crate::domain::visible::visible;
use crate::domain::{Need, Rights, Seen, Trust, missing};

/// What holds for one host of a file; `title` is the tool's.
pub fn proved(host: &ConfigHost, title: &str, needs: &[Need], asked: &Asked) -> Vec<String> {
    let (of_file, who) = (host, host.credential.as_ref());
    let host = visible(&host.typed);
    let mut lines = Vec::new();
    for one in &asked.seen {
        match &one.seen {
            Seen::Certificate { verdict: Some(Ok(())), .. } => {
                let not = of_file.verifies == Some(false);
                let itself = if not { format!("; {title} itself does not verify it") } else { String::new() };
                lines.extend(certificate(&host, asked).map(|line| format!("{line}{itself}.")));
            }
            Seen::IsProxmox { .. } if !asked.seen.iter().any(|one| matches!(one.seen, Seen::SignedIn { .. })) => {
                lines.push(format!("“{host}” is a Proxmox VE host."));
            }
            Seen::SignedIn { release, .. } => {
                let who = who.map(|who| visible(&who.to_string())).unwrap_or_default();
                let itself = match of_file.put_right {
                    true => format!(" once the file is put right; as it stands, {title} does not"),
                    false => String::new(),
                };
                lines.push(format!("{who} signs in to “{host}”, Proxmox VE {release}{itself}."));
            }
            Seen::Rights(rights) => lines.extend(held(of_file, title, needs, rights)),
            _ => {}
        }
    }
    lines
}

fn certificate(host: &str, asked: &Asked) -> Option<String> {
    let (trust, from) = asked.trust.as_ref()?;
    let by = match trust {
        Trust::Pin(_) => "is the agreed one",
        Trust::Ca(_) => "is signed by the agreed CA",
        Trust::System => "is signed by a CA of this system",
        Trust::Unverified => return None,
    };
    let source = match from {
        Leaning::Given => "as --trust says",
        Leaning::Remembered => "as remembered",
        Leaning::File | Leaning::Unverified => "as the file says",
    };
    Some(format!("The certificate of “{host}” {by}, {source}"))
}

fn held(host: &ConfigHost, title: &str, needs: &[Need], rights: &Rights) -> Option<String> {
    if needs.is_empty() || !missing(needs, rights).is_empty() {
        return None;
    }
    let count: usize = needs.iter().map(|need| need.privileges.len()).sum();
    let rights = if count == 1 { "the 1 right".to_owned() } else { format!("all {count} rights") };
    let agreed = host.agreed.as_ref().filter(|agreed| !agreed.groups.is_empty() || !agreed.picks.is_empty());
    let by = if agreed.is_some() { ", by what was answered for it" } else { "" };
    Some(format!("It has {rights} that {title} needs{by}."))
}
