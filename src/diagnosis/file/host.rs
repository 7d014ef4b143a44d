//! The host in a file, in the shape that its tool takes.

use super::value::{asked, rewritten};
use super::{Mended, Sight, about, ask, codes};
use crate::domain::finding::{Finding, Severity::*};
use crate::domain::visible::visible;
use crate::domain::{Endpoint, Host, parse_host};
use crate::target::Fact;
use crate::target::read::ReadValue;
use crate::target::spec::Refuses;
use crate::target::traps::{TrapHit, TrapKind};

pub(super) fn judge(sight: &Sight<'_>, value: &ReadValue, text: &str) -> Option<Finding> {
    let key = visible(&value.key);
    let input = match parse_host(text) {
        Ok(input) => input,
        Err(error) => {
            return Some(asked(
                value,
                codes::FILE_SHAPE,
                format!("{key} holds no address of a host."),
                error.what(),
                error.hint(),
            ));
        }
    };
    let endpoint = input.endpoints.first()?;
    let named = input.endpoints.len() == 1;
    refused(sight, value, endpoint)
        .or_else(|| without_brackets(value, text, endpoint))
        .or_else(|| shape(sight, value, text, endpoint, named))
        .or_else(|| without_port(sight, value, text, named))
}

/// What this tool cannot take although it is right.
fn refused(sight: &Sight<'_>, value: &ReadValue, endpoint: &Endpoint) -> Option<Finding> {
    let key = sight.spec.keys.get(&value.of)?;
    let why = key.refuses.iter().copied().find(|refuses| match refuses {
        Refuses::Ipv6 => matches!(endpoint.host, Host::V6(_)),
        Refuses::Underscore => matches!(&endpoint.host, Host::Name(name) if name.contains('_')),
    })?;
    Some(asked(
        value,
        codes::FILE_SHAPE,
        format!("{} does not take what stands in {}.", sight.title(), visible(&value.key)),
        why.why().into(),
        "Write another name or address of the same host.",
    ))
}

/// `fd00::5:8006` is an address by itself; whether the end was meant as a port, only the host can tell. Where no port can stand,
/// none was meant.
fn without_brackets(value: &ReadValue, text: &str, endpoint: &Endpoint) -> Option<Finding> {
    let looks = [":8006", ":443", ":8007"].iter().any(|port| text.trim_end_matches('/').ends_with(port));
    if !matches!(endpoint.host, Host::V6(_)) || text.contains('[') || !looks || value.fact == Fact::Host {
        return None;
    }
    let mut finding = asked(
        value,
        codes::FILE_SHAPE,
        format!("{} holds an IPv6 address without brackets.", visible(&value.key)),
        "Its last part looks like a port, and without brackets it is a part of the address.".into(),
        "Write an IPv6 address with a port as in [fd00::5]:8006.",
    );
    if value.fact == Fact::Address {
        finding.severity = Warning;
    }
    Some(finding)
}

/// What stands there against what the tool takes there.
fn shape(sight: &Sight<'_>, value: &ReadValue, text: &str, endpoint: &Endpoint, named: bool) -> Option<Finding> {
    let scheme = text.contains("://");
    let lower = text.to_ascii_lowercase();
    let bare = text.trim_end_matches('/');
    let path = bare.to_ascii_lowercase().ends_with("/api2/json");
    let kind = match value.fact {
        Fact::Address | Fact::Host if scheme => TrapKind::Scheme,
        Fact::Host if named => TrapKind::PortInHost,
        Fact::Address | Fact::Host => return tail(value, text),
        _ if lower.starts_with("http://") => TrapKind::PlainHttp,
        _ if !scheme => TrapKind::NoScheme,
        Fact::Url if path => TrapKind::ApiPath,
        Fact::ApiUrl if !path => TrapKind::NoApiPath,
        _ if bare.matches("/api2/json").count() > 1 => {
            return Some(rewritten(
                value,
                codes::FILE_SHAPE,
                format!("{} ends in /api2/json more than once.", visible(&value.key)),
                "The tool sends its requests to this address as it is, and the host knows no such path.".into(),
                "Leave /api2/json there once.",
            ));
        }
        // An IPv6 address in a whole address stands in brackets.
        _ if matches!(endpoint.host, Host::V6(_)) && !text.contains('[') => {
            return Some(rewritten(
                value,
                codes::FILE_SHAPE,
                format!("{} holds an IPv6 address without brackets.", visible(&value.key)),
                "In a whole address the brackets part it from the port.".into(),
                "Write it as in https://[fd00::5]:8006.",
            ));
        }
        _ => return None,
    };
    let hit = TrapHit { kind: kind.clone(), key: value.key.clone(), other: None, line: Some(value.line) };
    let words = hit.words(sight.title());
    let mut finding = rewritten(value, codes::FILE_SHAPE, visible(&words.title), words.cause, &words.fix);
    if kind == TrapKind::ApiPath && value.fact == Fact::Url {
        // bpg takes any path off before it adds its own (proxmox/api/client.go:69-105).
        finding.severity = Warning;
    }
    Some(finding)
}

/// A path or slash behind a bare host.
fn tail(value: &ReadValue, text: &str) -> Option<Finding> {
    text.contains(['/', '?', '#']).then(|| {
        rewritten(
            value,
            codes::FILE_SHAPE,
            format!("{} holds more than a host.", visible(&value.key)),
            "The tool puts the address together itself, and a path in the middle of it is none.".into(),
            "Keep the host, and the port if it is not 8006.",
        )
    })
}

/// A whole address without a port leads to 443, where Proxmox itself does not listen.
fn without_port(sight: &Sight<'_>, value: &ReadValue, text: &str, named: bool) -> Option<Finding> {
    (matches!(value.fact, Fact::Url | Fact::ApiUrl) && text.contains("://") && !named).then(|| {
        about(
            codes::FILE_SHAPE,
            Warning,
            &value.fact,
            value.line,
            format!("{} names no port.", visible(&value.key)),
            format!(
                "{} then asks port 443, and Proxmox listens on 8006; only a proxy in front of it would answer there.",
                sight.title()
            ),
        )
        .say("Write :8006 behind the host, unless a proxy answers on 443.")
        .mended(ask(&value.fact))
    })
}

/// The port where it has a key of its own.
pub(super) fn port(value: &ReadValue, text: &str) -> Option<Finding> {
    let sound = text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port != 0);
    (!sound).then(|| {
        asked(
            value,
            codes::FILE_SHAPE,
            format!("{} holds no port.", visible(&value.key)),
            "A port is a number from 1 to 65535.".into(),
            "Write the port alone; Proxmox's own is 8006.",
        )
    })
}
