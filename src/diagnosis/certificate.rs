//! The certificate: what is wrong with it, and what its state means for trust.

mod handshake;

use handshake::{handshake, names};

use crate::diagnosis::by_root::SHELL;
use crate::diagnosis::{Reading, codes};
use crate::domain::finding::{Finding, Mend, Severity::*, Step};
use crate::domain::observation::{CaTrouble, Observation, Seen};
use crate::domain::time;
use crate::domain::{Certificate, Id, Trust};

const TRUST: Id = Id::fixed("trust");
const HOST: Id = Id::fixed("host");
const DAY: i64 = 86_400;
/// Proxmox renews its own certificate two weeks before the end (pve-manager `bin/pveupdate`); later means that it did not.
const RENEWAL: i64 = 14 * DAY;
/// From so long before its end on a certificate's end is said.
const NEAR: i64 = 30 * DAY;
/// The same for the CA, with which every node's certificate has to be made anew.
const CA_NEAR: i64 = 180 * DAY;
/// A clock this far from the host's breaks time-based codes and looks like an invalid certificate.
const CLOCK: i64 = 30;

pub fn judge(seen: &Seen, all: &[Observation], reading: &Reading<'_>) -> Vec<Finding> {
    match seen {
        Seen::NoTls(trouble) => vec![handshake(trouble, None, reading)],
        Seen::Certificate { leaf, verdict, .. } => {
            let mut findings = Vec::new();
            match verdict {
                Some(Err(trouble)) => findings.push(handshake(trouble, Some(leaf), reading)),
                Some(Ok(())) => {
                    findings.extend(renewed(leaf, reading));
                    findings.extend(standing(leaf, reading));
                }
                None => {}
            }
            findings
        }
        Seen::SignedIn { clock_off: Some(off), .. } | Seen::SignInRefused { clock_off: Some(off), .. } => {
            clock(*off).into_iter().collect()
        }
        Seen::ClusterCa(Ok(ca)) => {
            let not_strict = (!ca.strict).then(|| {
                Finding::new(
                    codes::CA_NOT_STRICT,
                    Info,
                    Step::Trust,
                    "The cluster's CA is of an older make.",
                    "It was made before pve-cluster 9.1.2 and lacks keyUsage. Most programs take it; Python 3.13 and later refuse it.",
                )
                .say("Where a tool with a newer Python refuses it, leave verification to the fingerprint, or renew the cluster's CA.")
            });
            not_strict.into_iter().chain(ca_ends(&ca.certificate, reading)).collect()
        }
        // A certificate that has ended says so itself; no CA can vouch for it any more.
        Seen::ClusterCa(Err(CaTrouble::Expired)) if leaf_ended(all, reading) => Vec::new(),
        Seen::ClusterCa(Err(trouble)) => cluster_ca(trouble).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn leaf_ended(all: &[Observation], reading: &Reading<'_>) -> bool {
    all.iter().any(|o| matches!(&o.seen, Seen::Certificate { leaf, .. } if leaf.not_after < reading.now))
}

fn clock(off: i64) -> Option<Finding> {
    (off.abs() > CLOCK).then(|| {
        let (which, by) = if off > 0 { ("ahead of", off) } else { ("behind", -off) };
        Finding::new(
            codes::CLOCK_OFF,
            Warning,
            Step::Trust,
            format!("This machine's clock is {} {which} the host's.", span(by)),
            "Certificates look invalid, one-time codes are refused and logins end at once when clocks differ. Either clock may be \
             the wrong one; nodes of a cluster whose clocks differ refuse each other's logins too.",
        )
        .say("Look which of the clocks is wrong, and set it by a time server.")
        .run("On this machine, and in root's shell on each node", "timedatectl")
        .run("Where it is not synchronized", "timedatectl set-ntp true")
    })
}

fn span(seconds: i64) -> String {
    match seconds {
        s if s < 120 => format!("{s} seconds"),
        s if s < 7200 => format!("{} minutes", s / 60),
        s if s < 2 * DAY => format!("{} hours", s / 3600),
        s => format!("{} days", s / DAY),
    }
}

/// The certificate is another than the remembered one, and holds against what was agreed: a CA that signed both.
fn renewed(leaf: &Certificate, reading: &Reading<'_>) -> Option<Finding> {
    let before = reading.remembered.filter(|before| **before != leaf.fingerprint)?;
    let by = match reading.trust? {
        Trust::Ca(_) => "The CA that was agreed to signed it",
        Trust::System => "A CA that this system trusts signed it",
        Trust::Pin(_) | Trust::Unverified => return None,
    };
    Some(
        Finding::new(
            codes::TLS_RENEWED,
            Info,
            Step::Trust,
            format!("The certificate of “{}” was renewed.", reading.host),
            format!("{by}, under the name or address that is used, so this is the host that was agreed to. It is remembered at the next save."),
        )
        .seen(format!("before: {before}"))
        .seen(format!("now: {}", leaf.fingerprint))
        .say("Nothing is to be done. A tool that pins the old fingerprint needs the new one.")
        .at(TRUST),
    )
}

/// Whether the certificate says that a cluster of Proxmox made it (pve-cluster `Cluster/Setup.pm`). Anybody can write that; it
/// only chooses the words.
fn says_cluster(leaf: &Certificate) -> bool {
    leaf.issuer.contains("PVE Cluster Manager CA")
}

/// A certificate that held: what is still worth knowing.
fn standing(leaf: &Certificate, reading: &Reading<'_>) -> Option<Finding> {
    if reading.trust == Some(&Trust::Unverified) {
        return Some(
            Finding::new(
                codes::TLS_UNVERIFIED,
                Warning,
                Step::Trust,
                "The certificate is not verified.",
                "Whoever stands on the way to the host can show any certificate, and read the token.",
            )
            .say("Compare the host's fingerprint once; then labwizard writes verification by the cluster's CA where the tool takes one.")
            .run(format!("To compare with. {SHELL}"), "pvenode cert info")
            .mend(Mend::Verify)
            .mend(Mend::Certificate)
            .at(TRUST),
        );
    }
    let left = leaf.not_after - reading.now;
    if left < 0 {
        // Only a pin gets here: its dates are not looked at.
        return Some(
            Finding::new(
                codes::TLS_EXPIRED,
                Warning,
                Step::Trust,
                format!("By this machine's clock the host's certificate ended {} ago.", span(-left)),
                "The agreed fingerprint still holds, but programs that verify by CA refuse it.",
            )
            .seen(format!("it ended on {}", time::date(leaf.not_after)))
            .say("Make a new one; its fingerprint is another, and has to be agreed to anew.")
            .run(SHELL, "pvecm updatecerts --force && systemctl restart pveproxy"),
        );
    }
    (left < NEAR).then(|| {
        let late = left < RENEWAL;
        let cause = match (says_cluster(leaf), late) {
            (true, true) => "Proxmox renews its own certificate two weeks before the end, with the daily pve-daily-update; that did not happen here.",
            (true, false) => "Proxmox renews its own certificate two weeks before the end, with the daily pve-daily-update.",
            (false, _) => "It was not made by the cluster's own CA, so its owner renews it: ACME, or whoever put it there.",
        };
        let finding = Finding::new(
            codes::TLS_ENDS_SOON,
            if late { Warning } else { Info },
            Step::Trust,
            format!("The host's certificate ends in {}.", span(left)),
            cause,
        )
        .seen(format!("it ends on {}", time::date(leaf.not_after)));
        let finding = match (says_cluster(leaf), late) {
            (true, true) => finding
                .say("Look whether the daily job runs, and make the certificate anew.")
                .run(SHELL, "systemctl status --no-pager pve-daily-update.timer")
                .run(SHELL, "pvecm updatecerts --force && systemctl restart pveproxy"),
            (true, false) => finding.say("Nothing is to be done now."),
            (false, _) => finding.say("Look at the node → System → Certificates in the web UI: what is there, and whether ACME renews it."),
        };
        match reading.trust {
            Some(Trust::Pin(_)) => finding.say(
                "With the renewal the fingerprint changes, and what pins it stops. The cluster's CA outlasts that: have the tool verify by it where it can.",
            ),
            _ => finding,
        }
    })
}

/// The cluster's CA ends with all certificates that it signed.
fn ca_ends(ca: &Certificate, reading: &Reading<'_>) -> Option<Finding> {
    let left = ca.not_after - reading.now;
    (0..CA_NEAR).contains(&left).then(|| {
        Finding::new(
            codes::CA_ENDS_SOON,
            Info,
            Step::Trust,
            format!("The cluster's CA ends in {}.", span(left)),
            "Proxmox makes a CA for ten years and does not renew it by itself. With its end every program that verifies by it \
             refuses the host.",
        )
        .seen(format!("it ends on {}", time::date(ca.not_after)))
    })
    .map(|finding| {
        new_ca(finding.say("Plan a new CA: every node's certificate is made anew then, and each program that verifies by it needs the new file."))
    })
}

/// How the cluster gets a new CA: it is made where none is there, and the certificate of the node with it (pve-cluster
/// `Cluster/Setup.pm` gen_pveca_cert, gen_pve_node_files). The key stays.
fn new_ca(finding: Finding) -> Finding {
    finding
        .run(
            "In root's shell on one node; the old CA is kept in /root",
            "mv /etc/pve/pve-root-ca.pem /root/ && pvecm updatecerts --force && systemctl restart pveproxy",
        )
        .run("Then in root's shell on each other node", "pvecm updatecerts --force && systemctl restart pveproxy")
}

fn cluster_ca(trouble: &CaTrouble) -> Option<Finding> {
    let (cause, hint) = match trouble {
        // Nothing was lost by a request that failed; verification stays as it was agreed.
        CaTrouble::NotAsked(_) | CaTrouble::NotListed => return None,
        CaTrouble::NotACa(why) => (
            format!("What the host hands out as its CA cannot be used as one: {why}."),
            "Look at /etc/pve/pve-root-ca.pem on the host.".to_owned(),
        ),
        CaTrouble::Expired => (
            "The cluster's CA has ended or is not valid yet.".to_owned(),
            "Renew it on the host; every node's certificate has to be made anew then.".to_owned(),
        ),
        CaTrouble::DoesNotSignTheServed => (
            "The host serves a certificate of its own or of ACME, which the cluster's CA did not sign.".to_owned(),
            "Stay with the fingerprint, or give labwizard the file of the CA that signed it.".to_owned(),
        ),
        CaTrouble::OtherName(good) => (
            format!("The certificate is good for {}, and not for what was typed.", names(good)),
            "Type one of these as the host, if it leads there, to have full verification.".to_owned(),
        ),
    };
    Some(
        Finding::new(
            codes::CA_NOT_USED,
            Info,
            Step::Trust,
            "Full verification with the cluster's CA is not possible here.",
            cause,
        )
        .say(hint),
    )
}
