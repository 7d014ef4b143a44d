//! What the token may do against what the target needs, and what was picked against what the host has.

use std::collections::BTreeMap;

use crate::diagnosis::{Reading, codes, road};
use crate::domain::finding::{Finding, Severity::*, Step};
use crate::domain::observation::{Link, Observation, Seen};
use crate::domain::visible::upper_first;
use crate::domain::{Id, Missing, Rights, missing};

pub fn judge(seen: &[Observation], reading: &Reading<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = seen.iter().filter_map(|o| single(&o.seen)).collect();
    let rights = seen.iter().find_map(|o| match &o.seen {
        Seen::Rights(rights) => Some(rights),
        _ => None,
    });
    if let Some(rights) = rights {
        findings.extend(held(rights, reading));
    }
    for sentence in reading.never {
        let finding = Finding::new(
            codes::TARGET_LIMIT,
            Warning,
            Step::Details,
            sentence.clone(),
            "Proxmox lets only a login as root@pam set these, whatever a token is granted, with or without privilege separation.",
        );
        findings.push(finding.say("Do without it, or do that part by hand as root@pam."));
    }
    findings
}

fn single(seen: &Seen) -> Option<Finding> {
    match seen {
        Seen::Failed { link: Link::Rights, request, trouble } => Some(
            Finding::new(
                codes::RIGHTS_UNREAD,
                Error,
                Step::Verify,
                "The host did not tell what the token may do.",
                "Without it nothing is proved.",
            )
            .seen(format!("{request}: {}", road::request_trouble(trouble)))
            .say("Try again."),
        ),
        Seen::Failed { link: Link::Target, request, trouble } => Some(
            Finding::new(
                codes::LIST_UNREAD,
                Warning,
                Step::Details,
                "A list could not be read from the host.",
                "A node that is off or busy cannot tell what it has.",
            )
            .seen(format!("{request}: {}", road::request_trouble(trouble)))
            .say("What it would offer can be typed or left for later."),
        ),
        Seen::Nodes(nodes) => {
            let off: Vec<&str> = nodes.iter().filter(|n| !n.online).map(|n| n.name.as_str()).collect();
            (!off.is_empty()).then(|| {
                Finding::new(
                    codes::NODE_OFFLINE,
                    Warning,
                    Step::Details,
                    format!("Offline: {}.", off.join(", ")),
                    "What lies on a node that is off cannot be seen or used.",
                )
                .say("Start it, or choose another node.")
            })
        }
        _ => None,
    }
}

fn held(rights: &Rights, reading: &Reading<'_>) -> Vec<Finding> {
    let lacks = missing(reading.needs, rights);
    if lacks.is_empty() {
        return Vec::new();
    }
    let target = reading.target;
    if rights.is_empty() {
        return vec![with_missing(
            Finding::new(
                codes::RIGHTS_NONE,
                Error,
                Step::Verify,
                format!("{} signs in and may do nothing; {target} needs {}.", reading.who, counted(lacks.len())),
                "A token whose rights are kept apart from its user's (privilege separation, the default) has exactly what it is \
                 granted, and of that only what its user has too. Here one of the two has nothing. A list that comes back empty \
                 and an answered /version prove only that it signs in.",
            ),
            &lacks,
        )];
    }
    vec![with_missing(
        Finding::new(
            codes::RIGHTS_MISSING,
            Error,
            Step::Verify,
            format!("{} that {target} needs {} missing.", upper_first(&counted(lacks.len())), are(lacks.len())),
            "A token has only what is granted to it and to its user both, and a grant at a deeper path replaces what is \
             inherited there.",
        ),
        &lacks,
    )]
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
    let finding =
        by_path.iter().fold(finding, |f, (path, privileges)| f.seen(format!("{path}: {}", privileges.join(", "))));
    let mut purposes: Vec<&str> = lacks.iter().map(|lack| lack.purpose.as_str()).collect();
    purposes.dedup();
    let mut finding = finding;
    finding.cause.push_str(&format!(" It is needed to {}.", purposes.join("; to ")));
    finding.say("Grant what is missing to the token and to its user both; labwizard shows the commands.")
}

/// What was picked is not on the host.
pub fn not_there(field: Id, label: &str, picked: &str, there: usize) -> Finding {
    Finding::new(
        codes::PICK_UNKNOWN,
        Error,
        Step::Details,
        format!("The host has no “{picked}” for: {label}"),
        if there == 0 {
            "Nothing of the kind is on the host, or the token may not see it.".to_owned()
        } else {
            format!("It has {there} of the kind; the name or number is another, or it was removed.")
        },
    )
    .say("Pick one from the list.")
    .at(field)
}
