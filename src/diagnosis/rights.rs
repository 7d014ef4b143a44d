//! What the token may do against what the target needs, and what the lists behind sign-in tell of the nodes.

mod grant;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnosis::by_root::{SHELL, Who};
use crate::diagnosis::{Reading, codes, road, signin};
use crate::domain::finding::{Finding, Mend, Severity, Severity::*, Step};
use crate::domain::observation::{Link, NodeSeen, Observation, RequestTrouble, Seen};
use crate::domain::visible::{self, upper_first, visible};
use crate::domain::{Missing, Rights, missing};

pub fn judge(seen: &[Observation], reading: &Reading<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = seen.iter().filter_map(|o| single(&o.seen, reading)).collect();
    findings.extend(lists(seen, reading));
    // What was told to somebody else, who looked why it is refused, is not what the refused one may do.
    let refused = seen.iter().any(|o| matches!(o.seen, Seen::SignInRefused { .. } | Seen::NoSuchRealm(_)));
    let rights = seen.iter().find_map(|o| match &o.seen {
        Seen::Rights(rights) if !refused => Some(rights),
        _ => None,
    });
    if let Some(rights) = rights {
        findings.extend(held(rights, seen, reading));
        findings.extend(too_many(rights, seen, reading));
    }
    for sentence in reading.never {
        let finding = Finding::new(
            codes::TARGET_LIMIT,
            Warning,
            Step::Details,
            sentence.clone(),
            "Proxmox lets only a login as root@pam set these, whatever a token is granted, with or without privilege separation.",
        );
        findings.push(
            finding
                .say("For PCI and USB devices make a mapping (Datacenter → Resource Mappings, since Proxmox VE 8) and grant Mapping.Use on it.")
                .say("Do without the others, or do that part by hand as root@pam."),
        );
    }
    findings
}

fn single(seen: &Seen, reading: &Reading<'_>) -> Option<Finding> {
    match seen {
        // Then more than the rights is not told, and it is said once.
        Seen::Failed { link: Link::Rights, trouble, .. } if Cause::of(trouble, None, &[]) == Cause::Daemon => None,
        Seen::Failed { link: Link::Rights, request, trouble } => {
            let (title, cause) = match request.contains("/access/permissions") {
                true => ("The host did not tell what the token may do.", "Without it nothing is proved."),
                false => {
                    ("The host did not tell what belongs to the rights.", "Users, roles and grants could not be read.")
                }
            };
            Some(
                Finding::new(codes::RIGHTS_UNREAD, Error, Step::Verify, title, cause)
                    .seen(format!("{}: {}", visible(request), road::request_trouble(trouble)))
                    .say("Try again in a minute.")
                    .run(SHELL, "systemctl status --no-pager pveproxy pvedaemon"),
            )
        }
        Seen::Nodes(nodes) => {
            let off: Vec<&str> = nodes.iter().filter(|n| !n.online).map(|n| n.name.as_str()).collect();
            let wanted = off.iter().any(|off| reading.nodes.iter().any(|node| node == off));
            let names: Vec<String> = off.iter().map(|name| visible(name)).collect();
            (!off.is_empty()).then(|| {
                let finding = Finding::new(
                    codes::NODE_OFFLINE,
                    if wanted { Error } else { Warning },
                    Step::Details,
                    format!("Offline: {}.", names.join(", ")),
                    if wanted {
                        "It is the node that is to be worked on. What lies on a node that is off cannot be seen or used."
                    } else {
                        "What lies on a node that is off cannot be seen or used."
                    },
                )
                .say("Start it, or choose another node. If it runs, look at the network between the nodes.")
                .run("In root's shell on a node that is up", "pvecm status");
                if wanted { finding.mend(Mend::Ask(super::picks::field("node"))) } else { finding }
            })
        }
        _ => None,
    }
}

/// The lists that could not be read, one finding for each cause.
fn lists(seen: &[Observation], reading: &Reading<'_>) -> Vec<Finding> {
    let mut by_cause: BTreeMap<(Cause, String), Vec<String>> = BTreeMap::new();
    for observation in seen {
        let Seen::Failed { link, request, trouble } = &observation.seen else { continue };
        let node = node_of(request);
        let cause = Cause::of(trouble, node, seen);
        // Of certificates it matters only that a node can be reached: nothing is picked among them.
        if cause == Cause::Else && request.ends_with("/certificates/info") {
            continue;
        }
        if *link != Link::Target && (*link != Link::Rights || cause != Cause::Daemon) {
            continue;
        }
        let at = if matches!(cause, Cause::Else | Cause::Daemon) {
            String::new()
        } else {
            node.unwrap_or_default().to_owned()
        };
        by_cause.entry((cause, at)).or_default().push(format!(
            "{}: {}",
            visible(request),
            road::request_trouble(trouble)
        ));
    }
    by_cause.into_iter().map(|((cause, node), lines)| cause.finding(&node, lines, reading)).collect()
}

/// `pve2` of `GET /nodes/pve2/storage`.
fn node_of(request: &str) -> Option<&str> {
    let (_, rest) = request.split_once("/nodes/")?;
    rest.split('/').next().filter(|node| !node.is_empty())
}

/// Why a list is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// The node that answers reaches the other, and does not take its certificate (pve-http-server `AnyEvent.pm`: 596).
    Unverified,
    /// The root daemon of the node that answers does not take its web server's connection.
    Daemon,
    /// The node that answers does not reach the other.
    Unreached,
    Else,
}

impl Cause {
    fn of(trouble: &RequestTrouble, node: Option<&str>, seen: &[Observation]) -> Cause {
        let RequestTrouble::Answered { status, phrase } = trouble else { return Cause::Else };
        let tls = ["tls_", "certificate", "ssl"].iter().any(|word| phrase.to_ascii_lowercase().contains(word));
        match status {
            596 if tls => Cause::Unverified,
            595 | 596 | 599 => match (node, this_node(seen)) {
                (Some(asked), Some(this)) if asked != this => Cause::Unreached,
                (Some(_), None) => Cause::Unreached,
                _ => Cause::Daemon,
            },
            _ => Cause::Else,
        }
    }

    fn finding(self, node: &str, lines: Vec<String>, reading: &Reading<'_>) -> Finding {
        let shown = visible(node);
        let severity = if reading.nodes.iter().any(|wanted| wanted == node) { Error } else { Warning };
        let new = |code, severity: Severity, title: String, cause: &str| {
            Finding::new(code, severity, Step::Details, title, cause)
        };
        let finding = match self {
            Cause::Unverified => new(
                codes::NODE_LINK,
                severity,
                format!("The node that answers does not verify the node {shown}."),
                "What is asked of another node goes through the node that answers, which holds that one's certificate against the \
                 cluster's. They do not fit: this is inside the cluster, and nothing that this machine or the tool checks.",
            )
            .say("Have the certificates of the nodes made anew, on each node of the cluster. Their fingerprints change with that, and whatever goes by one has to be told the new one.")
            .run("In root's shell on each node", "pvecm updatecerts --force && systemctl restart pveproxy")
            .say("Until then the tool can be given that node's own address."),
            Cause::Daemon => new(
                codes::DAEMON_DOWN,
                // Without the rights nothing is proved.
                if lines.iter().any(|line| line.contains("/access/permissions")) { Error } else { Warning },
                format!("The daemon behind the web server of “{}” does not answer.", reading.host),
                "Signing in works without it. Lists of a node, machines and changes do not: pvedaemon does these.",
            )
            .say("Look why it is down, and start it.")
            .run(SHELL, "systemctl status --no-pager pvedaemon")
            .run(SHELL, "systemctl restart pvedaemon"),
            Cause::Unreached => new(
                codes::LIST_UNREAD,
                severity,
                format!("The node that answers does not get through to the node {shown}."),
                "What is asked of another node goes through the node that answers. That one is counted as online and did not answer, \
                 or its web server is down.",
            )
            .say("Look whether the cluster is whole, and whether the node's services run.")
            .run("In root's shell on the node that answers", "pvecm status")
            .run("In root's shell on the other node", "systemctl status --no-pager pveproxy pvedaemon"),
            Cause::Else => new(
                codes::LIST_UNREAD,
                Warning,
                "A list could not be read from the host.".to_owned(),
                "A node that is off or busy cannot tell what it has.",
            )
            .say("What it would offer can be typed or left for later; or try again in a minute."),
        };
        lines.into_iter().fold(finding, Finding::seen)
    }
}

/// The node that answers: the one whose certificate was shown, or the only one.
fn this_node(seen: &[Observation]) -> Option<&str> {
    let leaf = seen.iter().find_map(|o| match &o.seen {
        Seen::Certificate { leaf, .. } => Some(&leaf.fingerprint),
        _ => None,
    });
    let nodes: &[NodeSeen] = seen.iter().find_map(|o| match &o.seen {
        Seen::Nodes(nodes) => Some(nodes.as_slice()),
        _ => None,
    })?;
    match nodes {
        [only] => Some(only.name.as_str()),
        many => many
            .iter()
            .find(|node| node.fingerprint.is_some() && node.fingerprint.as_ref() == leaf)
            .map(|node| node.name.as_str()),
    }
}

fn held(rights: &Rights, seen: &[Observation], reading: &Reading<'_>) -> Vec<Finding> {
    let (unknown, lacks): (Vec<Missing>, Vec<Missing>) =
        missing(reading.needs, rights).into_iter().partition(|lack| !is_known(&lack.privilege, seen));
    let mut findings: Vec<Finding> = unknown_privileges(&unknown, seen, reading).into_iter().collect();
    if lacks.is_empty() {
        return findings;
    }
    let target = reading.target;
    let partly = reading.part_will_do && lacks.iter().all(|lack| held_below(rights, lack));
    let finding = if partly {
        // By choice, perhaps: a token for one pool or for some machines.
        Finding::new(
            codes::RIGHTS_MISSING,
            Warning,
            Step::Verify,
            format!(
                "{} that {target} needs {} held on a part alone.",
                upper_first(&counted(lacks.len())),
                are(lacks.len())
            ),
            "It is held below these paths or in a pool, so the tool can work there and nowhere else. If that was meant so, leave it.",
        )
    } else if rights.is_empty() {
        let finding = Finding::new(
            codes::RIGHTS_NONE,
            Error,
            Step::Verify,
            format!("{} signs in and may do nothing; {target} needs {}.", reading.who, counted(lacks.len())),
            "A token whose rights are kept apart from its user's (privilege separation, the default) has exactly what it is \
             granted, and of that only what its user has too. Here one of the two has nothing. A list that comes back empty \
             and an answered /version prove only that it signs in.",
        );
        whose(finding, seen, reading)
    } else {
        Finding::new(
            codes::RIGHTS_MISSING,
            Error,
            Step::Verify,
            format!("{} that {target} needs {} missing.", upper_first(&counted(lacks.len())), are(lacks.len())),
            "A token has only what is granted to it and to its user both, and a grant at a deeper path replaces what is \
             inherited there.",
        )
    };
    findings.push(grant::how(with_missing(finding, &lacks), &lacks, rights, seen, reading));
    findings
}

/// Whether what lacks at a path is held somewhere below it, or in a pool, which stands for its machines and storages.
fn held_below(rights: &Rights, lack: &Missing) -> bool {
    let pools = ["/vms", "/storage"].iter().any(|family| lack.path.starts_with(family));
    let below = |at: &str| at.strip_prefix(lack.path.as_str()).is_some_and(|rest| rest.starts_with('/'));
    rights.paths().any(|(at, _)| (below(at) || pools && at.starts_with("/pool/")) && rights.holds(at, &lack.privilege))
}

/// Whether the release knows a privilege; where it told none, every one counts as known.
fn is_known(privilege: &str, seen: &[Observation]) -> bool {
    seen.iter().all(|o| match &o.seen {
        Seen::KnownPrivileges(names) => names.is_empty() || names.iter().any(|name| name == privilege),
        _ => true,
    })
}

/// Privileges that are asked for and that no grant on this release can give.
fn unknown_privileges(unknown: &[Missing], seen: &[Observation], reading: &Reading<'_>) -> Option<Finding> {
    let names: BTreeSet<&str> = unknown.iter().map(|lack| lack.privilege.as_str()).collect();
    if names.is_empty() {
        return None;
    }
    let release = super::release(seen).map(|release| format!(" {release}")).unwrap_or_default();
    let names: Vec<&str> = names.into_iter().collect();
    Some(
        Finding::new(
            codes::RIGHTS_UNKNOWN,
            Warning,
            Step::Verify,
            format!("Proxmox VE{release} knows no privilege {}.", names.join(", ")),
            format!(
                "{} asks for it. Privileges come and go with releases: VM.Monitor went with 9.0, and VM.GuestAgent.* came in its place.",
                reading.target
            ),
        )
        .say(format!("Look for a version of {} that knows this release.", reading.target)),
    )
}

/// Which of the two has nothing, where the grants were shown.
fn whose(finding: Finding, seen: &[Observation], reading: &Reading<'_>) -> Finding {
    let told = signin::estate(seen).filter(|estate| estate.acl_whole);
    let Some((estate, id)) = told.zip(Who(reading.signer.as_ref()).token()) else { return finding };
    let granted = |holder: &dyn Fn(&crate::domain::Holder) -> bool| estate.acl.iter().any(|row| holder(&row.who));
    let token = granted(&|who| matches!(who, crate::domain::Holder::Token(token) if token == id));
    match token {
        false => finding.seen("the token has no entry of its own under Datacenter → Permissions"),
        true => finding
            .seen("the token has entries of its own under Datacenter → Permissions; its user has none that cover them"),
    }
}

/// Privileges that give power over the host itself, and the path at which that counts.
const POWERS: [(&str, &str); 6] = [
    ("/", "Permissions.Modify"),
    ("/access", "User.Modify"),
    ("/access", "Realm.Allocate"),
    ("/", "Sys.Modify"),
    ("/", "Sys.Console"),
    ("/", "Sys.PowerMgmt"),
];

/// Whoever has the file could do far more than the tool does.
fn too_many(rights: &Rights, seen: &[Observation], reading: &Reading<'_>) -> Option<Finding> {
    let who = Who(reading.signer.as_ref());
    let user = who.user().filter(|_| !reading.needs.is_empty())?;
    let beyond: Vec<&str> = POWERS
        .iter()
        .filter(|(path, privilege)| rights.holds(path, privilege) && !reading.uses.iter().any(|used| used == privilege))
        .map(|(_, privilege)| *privilege)
        .collect();
    if beyond.is_empty() {
        return None;
    }
    let everything = beyond.contains(&"Permissions.Modify");
    let separated = who.token().and_then(|id| signin::estate(seen)?.token(id)).map(|token| token.separated);
    let title = match everything {
        true => format!("{} may do everything on this host.", reading.who),
        false => format!("{} may do far more than {} needs.", reading.who, reading.target),
    };
    let finding = Finding::new(
        codes::RIGHTS_TOO_MANY,
        Warning,
        Step::Access,
        title,
        format!(
            "{} works with much less. Whoever gets hold of the file gets all of this: a copied folder or backup is enough.",
            reading.target
        ),
    )
    .seen(format!("beyond what {} uses: {}", reading.target, beyond.join(", ")));
    let finding = if user.is_root() { finding.seen("its user is root@pam") } else { finding };
    let finding = match separated {
        Some(false) => finding.seen("privilege separation is off: it has every right of its user, now and later"),
        _ => finding,
    };
    let finding = finding.say(format!(
        "Have labwizard make a token of its own for {}, with the rights that do the job; it takes the place of this one in the file.",
        reading.target
    ));
    let finding = match who.token() {
        Some(_) => finding
            .say("When nothing uses the old one any more, remove it: the web UI under Datacenter → Permissions → API Tokens."),
        None => finding,
    };
    Some(finding.mend(Mend::NewToken))
}

fn counted(n: usize) -> String {
    if n == 1 { "1 right".into() } else { format!("{n} rights") }
}

fn are(n: usize) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

/// One line a path: what is missing there, and for what.
fn with_missing(finding: Finding, lacks: &[Missing]) -> Finding {
    let mut by_path: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for lack in lacks {
        by_path.entry(&lack.path).or_default().push(&lack.privilege);
    }
    let finding = by_path
        .iter()
        .fold(finding, |f, (path, privileges)| f.seen(visible::whole(&format!("{path}: {}", privileges.join(", ")))));
    let mut purposes: Vec<&str> = lacks.iter().map(|lack| lack.purpose.as_str()).collect();
    purposes.dedup();
    let mut finding = finding;
    finding.cause.push_str(&format!(" It is needed to {}.", purposes.join("; to ")));
    finding
}
