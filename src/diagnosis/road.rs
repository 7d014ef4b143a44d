//! The road up to the host's first words: names, connections, and who answers.

use crate::diagnosis::by_root::SHELL;
use crate::diagnosis::{Reading, codes};
use crate::domain::finding::{Finding, Mend, Severity::*, Step};
use crate::domain::observation::{ConnectTrouble, Link, NameTrouble, RequestTrouble, Seen, Speaker};
use crate::domain::visible::visible;
use crate::domain::{Endpoint, Host, Id};

const HOST: Id = Id::fixed("host");

pub fn judge(seen: &Seen, reading: &Reading<'_>) -> Vec<Finding> {
    match seen {
        Seen::NotResolved(trouble) => vec![name(trouble, reading)],
        Seen::Connected(endpoint, _) => here_only(endpoint, reading).into_iter().collect(),
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
        .say("Or use the host's IP address; the Proxmox machine shows it on its own screen, as https://ADDRESS:8006/.")
        .say(elsewhere()),
        NameTrouble::NoServer | NameTrouble::TimedOut => Finding::new(
            codes::NAME_NO_SERVER,
            Error,
            Step::Host,
            format!("Nobody answered the question for the name “{host}”."),
            "This machine's name server cannot be reached, so no name can be looked up now.",
        )
        .say("Check this machine's network.")
        .say("Or use the host's IP address, which needs no name server."),
    }
    .mend(Mend::Ask(HOST))
    .at(HOST)
}

/// What nobody can see from here: whether the tool gets there too.
fn elsewhere() -> &'static str {
    "A tool in a container or on another machine has its own way to the host, and its own names: run labwizard check there too."
}

/// A name that this machine alone knows, though it leads to the host from here.
fn here_only(endpoint: &Endpoint, reading: &Reading<'_>) -> Option<Finding> {
    let Host::Name(name) = &endpoint.host else { return None };
    let why = if reading.surroundings.hosts_file.iter().any(|known| known == name) {
        "It stands in this machine's /etc/hosts, which no other machine and no container reads."
    } else if name.ends_with(".local") {
        "Names that end in .local are found by mDNS, which asks around in the own network; programs in containers and many small \
         systems do not do that."
    } else {
        return None;
    };
    Some(
        Finding::new(
            codes::NAME_HERE_ONLY,
            Info,
            Step::Host,
            format!("The name “{}” may be known on this machine only.", visible(name)),
            why,
        )
        .say("If the tool runs elsewhere, give it the host's IP address, or a name that your router or DNS server knows.")
        .say(elsewhere())
        .mend(Mend::Ask(HOST))
        .at(HOST),
    )
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
    let is_of_one_link = |host: &Host| matches!(host, Host::V6(address) if address.segments()[0] & 0xffc0 == 0xfe80);
    let finding = match worst {
        ConnectTrouble::Other | ConnectTrouble::Unreachable if tried.iter().all(|(at, ..)| is_of_one_link(&at.host)) => {
            Finding::new(
                codes::CONNECT_UNREACHABLE,
                Error,
                Step::Host,
                format!("There is no way from here to “{host}”."),
                "An IPv6 address that begins with fe80 counts on one network link alone, and nothing in it says on which.",
            )
            .say("Type another address of the host; the Proxmox machine shows one on its own screen.")
        }
        ConnectTrouble::Refused => Finding::new(
            codes::CONNECT_REFUSED,
            Error,
            Step::Host,
            format!("The machine at “{host}” is there, and nothing listens on {ports}."),
            "It is another machine than the Proxmox host, Proxmox's web server is not running, or it has another port.",
        )
        .say("Check the address. Proxmox's port is 8006; a tool that is given no port often takes 443, where nothing is.")
        .run(SHELL, "systemctl status --no-pager pveproxy"),
        ConnectTrouble::Reset => Finding::new(
            codes::CONNECT_RESET,
            Error,
            Step::Host,
            format!("“{host}” closes every connection as soon as it is made."),
            "A firewall stands between, or Proxmox only lets certain addresses in (ALLOW_FROM and DENY_FROM in /etc/default/pveproxy).",
        )
        .say("Look at the host's firewall, and at the addresses that Proxmox lets in. Where this file is not there, all are let in.")
        .run(SHELL, "cat /etc/default/pveproxy"),
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
        .say("Check that the host is on, and its address; the Proxmox machine shows it on its own screen.")
        .say("Open the same address in a browser on this machine: if nothing comes there either, it is the network or the host.")
        .say(elsewhere()),
    };
    let finding = tried.iter().fold(finding, |f, (endpoint, address, trouble)| {
        f.seen(format!("{address}, port {}: {}", endpoint.port, word(*trouble)))
    });
    proxies(finding, reading).mend(Mend::Ask(HOST)).at(HOST)
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
        .seen(format!("it points to {}", visible(to)))
        .say("If that is your Proxmox host, type that address.")
        .say("If a proxy asks for its own login there, type the Proxmox host's own address with port 8006 instead.")
        .possible(&[codes::HOST_PROXY]),
        // Proxmox's own server never says that what is behind it does not answer (pve-http-server `AnyEvent.pm`).
        Speaker::Other { server, status: status @ 502..=504, .. } => Finding::new(
            codes::HOST_PROXY,
            Error,
            Step::Host,
            format!("A proxy answers at “{host}”, and does not get through to Proxmox."),
            "Proxmox itself never answers like this: it is what a reverse proxy says when the server behind it is off, is another, \
             or speaks TLS where the proxy does not.",
        )
        .seen(format!("GET /api2/json/access/domains was answered with {status}"))
        .also(server.as_ref().map(|name| format!("the server calls itself {}", visible(name))))
        .say("Type the Proxmox host's own address, with port 8006, to go around the proxy.")
        .say("Or have the proxy reach Proxmox by https on port 8006."),
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
                Some(name) => finding.seen(format!("the server calls itself {}", visible(name))),
                None => finding,
            };
            let finding = if *html { finding.possible(&[codes::HOST_PROXY]) } else { finding };
            finding.say("Type the Proxmox host's own address, with port 8006, to go around a proxy.")
        }
        Speaker::Nothing(trouble) => silent(trouble, reading),
    }
    .mend(Mend::Ask(HOST))
    .at(HOST)
}

trait Also {
    fn also(self, evidence: Option<String>) -> Self;
}

impl Also for Finding {
    fn also(self, evidence: Option<String>) -> Self {
        match evidence {
            Some(evidence) => self.seen(evidence),
            None => self,
        }
    }
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
    .say("If it stays, look whether Proxmox's services run, and start them anew. Machines keep running meanwhile.")
    .run(SHELL, "systemctl restart pveproxy pvedaemon")
    .at(HOST)
}

/// How a request failed, in words.
pub fn request_trouble(trouble: &RequestTrouble) -> String {
    match trouble {
        RequestTrouble::Answered { status, phrase } if phrase.is_empty() => format!("it was answered with {status}"),
        RequestTrouble::Answered { status, phrase } => format!("it was answered with {status} “{}”", visible(phrase)),
        RequestTrouble::TimedOut => "no answer in time".into(),
        RequestTrouble::Cut => "the connection ended before the whole answer was there".into(),
        RequestTrouble::TooLarge => "the answer was larger than such an answer can be".into(),
        RequestTrouble::Unreadable(at) => format!("the answer is not what belongs there ({at})"),
        RequestTrouble::NotConnected => "a further connection could not be made".into(),
        RequestTrouble::Stopped => "it was stopped".into(),
    }
}
