//! Who answered: Proxmox VE, or somebody else.

use super::answer;
use super::request::{Question, Request};
use crate::client::http::Reply;
use crate::domain::Release;
use crate::domain::observation::{Realm, RequestTrouble, Speaker};

/// Proxmox VE, with what it says to anybody.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::client) struct Proxmox {
    pub realms: Vec<Realm>,
    pub release_hint: Option<Release>,
    /// What calls itself the server, where it is not Proxmox's own.
    pub via: Option<String>,
}

/// Tells by the answers to `GET /access/domains` and `GET /` who speaks.
pub(in crate::client) fn recognise(
    domains: Result<Reply, RequestTrouble>,
    page: Result<Reply, RequestTrouble>,
) -> Result<Proxmox, Speaker> {
    let domains = match domains {
        Ok(reply) => reply,
        Err(trouble) => {
            return Err(page.ok().as_ref().and_then(known_page).unwrap_or(Speaker::Nothing(trouble)));
        }
    };
    let realms = if domains.status == 200 { answer::realms(&domains.body).ok() } else { None };
    match realms {
        Some(realms) if realms.iter().any(|realm| realm.kind == "pbs") => Err(Speaker::ProxmoxBackup),
        // A reverse proxy may put its own name in place of Proxmox's; its realms still tell.
        Some(realms) if is_daemon(&domains) || realms.iter().any(|realm| realm.kind == "pve") => {
            let via = if is_daemon(&domains) { None } else { domains.header("server").map(short) };
            Ok(Proxmox { realms, release_hint: page.ok().and_then(|page| release_of(&page.body)), via })
        }
        // Its own name over an answer that is none: it is Proxmox, and something is broken there or on the way.
        None if domains.status == 200 && is_daemon(&domains) => {
            let at = Request::Open(Question::Domains).to_string();
            Err(Speaker::Nothing(RequestTrouble::Unreadable(at)))
        }
        _ => Err(page.ok().as_ref().and_then(known_page).unwrap_or_else(|| other(&domains))),
    }
}

/// Proxmox's own web server names itself (pve-http-server `AnyEvent.pm`).
fn is_daemon(reply: &Reply) -> bool {
    reply.header("server").is_some_and(|name| name.starts_with("pve-api-daemon"))
}

/// Pages that are known for what they are.
fn known_page(page: &Reply) -> Option<Speaker> {
    let text = String::from_utf8_lossy(&page.body);
    let sent_to_manage = page.header("location").is_some_and(|to| {
        let path = to.split_once("://").map_or(to, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
        path == "/manage" || path.starts_with("/manage/")
    });
    let csrf = page.header("x-csrf-token").is_some()
        || page
            .header("access-control-expose-headers")
            .is_some_and(|names| names.to_ascii_lowercase().contains("x-csrf-token"));
    if sent_to_manage || csrf || text.contains("<title>UniFi OS") || text.contains("UNIFI_OS_MANIFEST") {
        Some(Speaker::Unifi)
    } else if text.contains("Proxmox Backup Server") {
        Some(Speaker::ProxmoxBackup)
    } else {
        None
    }
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

fn other(reply: &Reply) -> Speaker {
    match reply.header("location") {
        Some(to) if (300..400).contains(&reply.status) => Speaker::Redirect { to: short(to) },
        _ => Speaker::Other { server: reply.header("server").map(short), status: reply.status, html: reply.is_html() },
    }
}

/// The login page loads `pvemanagerlib.js?ver=9.2.11` (pve-manager `www/index.html.tpl`).
fn release_of(page: &[u8]) -> Option<Release> {
    let text = String::from_utf8_lossy(page);
    let (_, after) = text.split_once("pvemanagerlib.js?ver=")?;
    let version: String =
        after.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '~')).take(20).collect();
    version.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_page_names_the_release() {
        let page = br#"<script type="text/javascript" src="/pve2/js/pvemanagerlib.js?ver=9.2.11"></script>"#;
        assert_eq!(release_of(page), Some(Release::new(9, 2, 11)));
        assert_eq!(release_of(b"pvemanagerlib.js?ver=7.4-20\""), Some(Release::new(7, 4, 20)));
        assert_eq!(release_of(b"<html>nothing</html>"), None);
    }
}
