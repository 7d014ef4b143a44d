//! The road up to the host's first words: names, connections, and who answers.

use crate::diagnosis::{Reading, codes};
use crate::domain::finding::{Finding, Severity::*, Step};
use crate::domain::observation::{ConnectTrouble, Link, NameTrouble, RequestTrouble, Seen, Speaker};
use crate::domain::{Endpoint, Id};

const HOST: Id = Id::fixed("host");

pub fn judge(seen: &Seen, reading: &Reading<'_>) -> Vec<Finding> {
    match seen {
        Seen::NotResolved(trouble) => vec![name(trouble, reading)],
        Seen::NotConnected(tried) => vec![connect(tried, reading)],
        Seen::NotProxmox(speaker) => vec![speaker_finding(speaker, reading)],
        Seen::Failed { link: Link::Proxmox, trouble, .. } => vec![silent(trouble, reading)],
        _ => Vec::new(),
    }
}

fn name(trouble: &NameTrouble, reading: &Reading<'_>) -> Finding {
    let host = reading.host;
    match trouble {
        NameTrouble::Unknown => Finding::new(
            codes::NAME_UNKNOWN,
            Error,
            Step::Host,
            format!("No name server knows “{host}”."),
            "The name is misspelt, or it is known in another network only: names from a router or from mDNS (.local) are \
             often known to a browser and not to every program.",
        )
        .say("Check the spelling.")
        .say("Type the host's IP address; the Proxmox machine shows it on its own screen, as https://ADDRESS:8006/."),
        NameTrouble::NoServer | NameTrouble::TimedOut => Finding::new(
            codes::NAME_NO_SERVER,
            Error,
            Step::Host,
            format!("Nobody answered the question for the name “{host}”."),
            "This machine's name server cannot be reached, so no name can be looked up now.",
        )
        .say("Check this machine's network.")
        .say("Type the host's IP address, which needs no name server."),
    }
    .at(HOST)
}

fn connect(tried: &[(Endpoint, std::net::IpAddr, ConnectTrouble)], reading: &Reading<'_>) -> Finding {
    let host = reading.host;
    // The trouble that says most about the host stands for all: a refusal proves that it is there.
    let order = [
        ConnectTrouble::Refused,
        ConnectTrouble::Reset,
        ConnectTrouble::Forbidden,
        ConnectTrouble::Unreachable,
        ConnectTrouble::TimedOut,
        ConnectTrouble::Other,
    ];
    let worst = order.into_iter().find(|kind| tried.iter().any(|(_, _, t)| t == kind)).unwrap_or(ConnectTrouble::Other);
    let ports = ports(tried);
    let finding = match worst {
        ConnectTrouble::Refused => Finding::new(
            codes::CONNECT_REFUSED,
            Error,
            Step::Host,
            format!("The machine at “{host}” is there, and nothing listens on {ports}."),
            "It is another machine than the Proxmox host, Proxmox's web server is not running, or it has another port.",
        )
        .say("Check the address; Proxmox's port is 8006.")
        .run("root's shell on the host", "systemctl status pveproxy"),
        ConnectTrouble::Reset => Finding::new(
            codes::CONNECT_RESET,
            Error,
            Step::Host,
            format!("“{host}” closes every connection as soon as it is made."),
            "A firewall stands between, or Proxmox only lets certain addresses in (ALLOW_FROM and DENY_FROM in /etc/default/pveproxy).",
        )
        .say("Look at the firewall of the host and at /etc/default/pveproxy."),
        ConnectTrouble::Forbidden => Finding::new(
            codes::CONNECT_FORBIDDEN,
            Error,
            Step::Host,
            format!("This machine does not let labwizard connect to “{host}”."),
            "A local firewall or a sandbox forbids it.",
        )
        .say("Allow the connection, or run labwizard elsewhere."),
        ConnectTrouble::Unreachable => Finding::new(
            codes::CONNECT_UNREACHABLE,
            Error,
            Step::Host,
            format!("There is no way from here to “{host}”."),
            "This machine has no route to that network: a VPN that is down, another VLAN, or a wrong address.",
        )
        .say("Check the address, the VPN and the network that this machine is in."),
        ConnectTrouble::TimedOut | ConnectTrouble::Other => Finding::new(
            codes::CONNECT_TIMEOUT,
            Error,
            Step::Host,
            format!("Nothing answers at “{host}” on {ports}."),
            "The machine is off, the address is another's or nobody's, or a firewall drops what is sent to it.",
        )
        .say("Check that the host is on, and its address.")
        .say("Try the same address in a browser on this machine."),
    };
    let finding = tried.iter().fold(finding, |f, (endpoint, address, trouble)| {
        f.seen(format!("{address}, port {}: {}", endpoint.port, word(*trouble)))
    });
    proxies(finding, reading).at(HOST)
}

/// A proxy in the environment explains why a browser gets there and labwizard does not.
fn proxies(finding: Finding, reading: &Reading<'_>) -> Finding {
    match reading.surroundings.proxies.as_slice() {
        [] => finding,
        names => finding.seen(format!("{} is set here; labwizard connects without a proxy", names.join(", "))),
    }
}

fn ports(tried: &[(Endpoint, std::net::IpAddr, ConnectTrouble)]) -> String {
    let mut ports: Vec<u16> = tried.iter().map(|(endpoint, _, _)| endpoint.port).collect();
    ports.sort_unstable();
    ports.dedup();
    match ports.as_slice() {
        [one] => format!("port {one}"),
        many => format!("ports {}", many.iter().map(u16::to_string).collect::<Vec<_>>().join(" and ")),
    }
}

fn word(trouble: ConnectTrouble) -> &'static str {
    match trouble {
        ConnectTrouble::Refused => "refused",
        ConnectTrouble::TimedOut => "no answer",
        ConnectTrouble::Unreachable => "no route",
        ConnectTrouble::Reset => "closed at once",
        ConnectTrouble::Forbidden => "forbidden by this machine",
        ConnectTrouble::Other => "failed",
    }
}

fn speaker_finding(speaker: &Speaker, reading: &Reading<'_>) -> Finding {
    let host = reading.host;
    match speaker {
        Speaker::Unifi => Finding::new(
            codes::HOST_UNIFI,
            Error,
            Step::Host,
            format!("“{host}” is a UniFi console, not a Proxmox host."),
            "Its web server answers as UniFi does.",
        )
        .say("Type the address of the Proxmox host."),
        Speaker::ProxmoxBackup => Finding::new(
            codes::HOST_BACKUP,
            Error,
            Step::Host,
            format!("“{host}” is a Proxmox Backup Server, not Proxmox VE."),
            "Its tokens have another form (a colon before the secret) and other rights, so they do not fit here.",
        )
        .say("Type the address of the Proxmox VE host; its port is 8006, and 8007 is the backup server's."),
        Speaker::Redirect { to } => Finding::new(
            codes::HOST_REDIRECT,
            Error,
            Step::Host,
            format!("“{host}” sends everybody elsewhere."),
            "A redirect is never followed, so that a token cannot be carried away.",
        )
        .seen(format!("it points to {to}"))
        .say("If that is your Proxmox host, type that address."),
        Speaker::Other { server, status, html } => {
            let finding = Finding::new(
                codes::HOST_OTHER,
                Error,
                Step::Host,
                format!("Something answers at “{host}”, and it is not Proxmox VE."),
                if *html {
                    "A web page came where Proxmox's API answers in JSON: another server, or a reverse proxy that asks for its own login first."
                } else {
                    "Proxmox's API lists its realms without a login; this server does not."
                },
            )
            .seen(format!("GET /api2/json/access/domains was answered with {status}"));
            let finding = match server {
                Some(name) => finding.seen(format!("the server calls itself {name}")),
                None => finding,
            };
            finding.say("Type the Proxmox host's own address, with port 8006, to go around a proxy.")
        }
        Speaker::Nothing(trouble) => silent(trouble, reading),
    }
    .at(HOST)
}

fn silent(trouble: &RequestTrouble, reading: &Reading<'_>) -> Finding {
    Finding::new(
        codes::HOST_SILENT,
        Error,
        Step::Host,
        format!("“{}” takes the connection and gives no whole answer.", reading.host),
        "Proxmox's web server is starting, overloaded or stuck, or something in between cuts the answer.",
    )
    .seen(request_trouble(trouble))
    .say("Try again in a minute.")
    .run("root's shell on the host", "systemctl restart pveproxy pvedaemon")
    .at(HOST)
}

/// How a request failed, in words.
pub fn request_trouble(trouble: &RequestTrouble) -> String {
    match trouble {
        RequestTrouble::Answered { status, phrase } if phrase.is_empty() => format!("it was answered with {status}"),
        RequestTrouble::Answered { status, phrase } => format!("it was answered with {status} “{phrase}”"),
        RequestTrouble::TimedOut => "no answer in time".into(),
        RequestTrouble::Cut => "the connection ended before the whole answer was there".into(),
        RequestTrouble::TooLarge => "the answer was larger than such an answer can be".into(),
        RequestTrouble::Unreadable(at) => format!("the answer is not what belongs there ({at})"),
        RequestTrouble::NotConnected => "a further connection could not be made".into(),
        RequestTrouble::Stopped => "it was stopped".into(),
    }
}
