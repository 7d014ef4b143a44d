//! The certificate: what is wrong with it, and what its state means for trust.

use crate::diagnosis::by_root::SHELL;
use crate::diagnosis::{Reading, codes};
use crate::domain::finding::{Finding, Mend, Severity::*, Step};
use crate::domain::observation::{CaTrouble, Observation, Seen, TlsTrouble};
use crate::domain::time;
use crate::domain::visible::visible;
use crate::domain::{Certificate, Fingerprint, Id, Trust};

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
        .say("Plan a new CA: every node's certificate is made anew then, and each program that verifies by it needs the new file. Proxmox's manual says how, under Certificate Management.")
    })
}

fn names(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().map(|name| visible(name)).collect();
    if shown.is_empty() { "no name at all".into() } else { shown.join(", ") }
}

/// A handshake that did not hold.
pub(super) fn handshake(trouble: &TlsTrouble, leaf: Option<&Certificate>, reading: &Reading<'_>) -> Finding {
    let host = reading.host;
    // The served certificate holds now, so it is a CA above it that does not.
    if let Some(leaf) = leaf
        && matches!(trouble, TlsTrouble::Expired | TlsTrouble::NotYetValid)
        && leaf.holds_at(reading.now)
    {
        return Finding::new(
            codes::TLS_EXPIRED,
            Error,
            Step::Trust,
            format!("The CA that signed the certificate of “{host}” has ended or is not valid yet."),
            "The certificate itself holds today; what is agreed to is the CA, and that does not.",
        )
        .seen(format!("this machine's clock says {}", time::date_and_time(reading.now)))
        .say("Check this machine's clock first.")
        .say("Then trust the fingerprint after comparing it, and renew the CA.")
        .run(format!("To compare with. {SHELL}"), "pvenode cert info")
        .possible(&[codes::CLOCK_OFF])
        .mend(Mend::Certificate)
        .at(TRUST);
    }
    // What an earlier run agreed to held then: a CA that no longer signs what is served is a change, whatever was chosen.
    if let (TlsTrouble::UnknownIssuer, Some(agreed)) = (trouble, reading.remembered) {
        return changed(agreed, leaf, reading);
    }
    match trouble {
        TlsTrouble::OtherCertificate { agreed } => changed(agreed, leaf, reading),
        TlsTrouble::UnknownIssuer => Finding::new(
            codes::TLS_UNKNOWN_CA,
            Error,
            Step::Trust,
            format!("No CA that is trusted here signed the certificate of “{host}”."),
            "Proxmox signs its certificates with a CA of its own cluster, which no system knows by itself; or the CA file is of \
             another cluster. A program that verifies stops here too. Nothing was sent.",
        )
        .also_issuer(leaf)
        .say("Compare the fingerprint with the host's own, and agree to it; labwizard then fetches the cluster's CA and has the tool verify by it.")
        .run(format!("To compare with. {SHELL}"), "pvenode cert info")
        .say("Or give the tool the cluster's CA file; this prints it.")
        .run(SHELL, "cat /etc/pve/pve-root-ca.pem")
        .mend(Mend::Certificate)
        .at(TRUST),
        TlsTrouble::OtherName(good) => Finding::new(
            codes::TLS_OTHER_NAME,
            Error,
            Step::Host,
            format!("The certificate is not made out for “{host}”."),
            "It is signed by the CA, for other names. A second network card, an alias or a public name is usually not among them.",
        )
        .seen(format!("it is good for {}", names(good)))
        .say("Use one of these names or addresses, if it leads to the same host.")
        .say("Or trust the fingerprint instead, which does not look at names.")
        .say("The names are those that the node had when its certificate was made; after a change of address this makes a new one.")
        .run(SHELL, "pvecm updatecerts --force && systemctl restart pveproxy")
        .mend(Mend::Ask(HOST))
        .mend(Mend::Certificate)
        .at(HOST),
        TlsTrouble::Expired => Finding::new(
            codes::TLS_EXPIRED,
            Error,
            Step::Trust,
            format!("By this machine's clock the certificate of “{host}” has ended."),
            "The clock is ahead, or the certificate was not renewed: for Proxmox's own that is the daily pve-daily-update.",
        )
        .also_dates(leaf)
        .seen(format!("this machine's clock says {}", time::date_and_time(reading.now)))
        .say("Check this machine's clock first.")
        .run(SHELL, "pvecm updatecerts --force && systemctl restart pveproxy")
        .say("Or trust the fingerprint after comparing it: a pin does not look at dates.")
        .possible(&[codes::CLOCK_OFF])
        .mend(Mend::Certificate)
        .at(TRUST),
        TlsTrouble::NotYetValid => Finding::new(
            codes::TLS_NOT_YET,
            Error,
            Step::Trust,
            format!("By this machine's clock the certificate of “{host}” is not valid yet."),
            "This machine's clock is behind, or the host's was ahead when the certificate was made.",
        )
        .also_dates(leaf)
        .seen(format!("this machine's clock says {}", time::date_and_time(reading.now)))
        .say("Check this machine's clock first.")
        .run("On this machine, and in root's shell on the host", "timedatectl")
        .possible(&[codes::CLOCK_OFF])
        .mend(Mend::Certificate)
        .at(TRUST),
        TlsTrouble::BadSignature => Finding::new(
            codes::TLS_SIGNATURE,
            Error,
            Step::Trust,
            format!("Whoever answers at “{host}” shows a certificate and does not have its key."),
            "A copied certificate is no proof; somebody may stand between. Nothing was sent.",
        )
        .say("Stop here, and look at the network between this machine and the host.")
        .at(TRUST),
        TlsTrouble::Unsupported(what) => Finding::new(
            codes::TLS_UNSUPPORTED,
            Error,
            Step::Trust,
            format!("The certificate of “{host}” cannot be checked here."),
            "It uses something that current TLS libraries refuse. This is no sign of an attack by itself.",
        )
        .seen(visible(what))
        .say("Have Proxmox make a new certificate.")
        .run(SHELL, "pvecm updatecerts --force && systemctl restart pveproxy")
        .at(TRUST),
        TlsTrouble::PlainHttp => Finding::new(
            codes::TLS_PLAIN_HTTP,
            Error,
            Step::Host,
            format!("“{host}” speaks HTTP without TLS on this port."),
            "Proxmox's API is on 8006 with TLS. Over plain HTTP everybody on the way could read the token, so nothing was sent.",
        )
        .say("Type the address with port 8006, or without a port, and with https:// where the tool wants a URL.")
        .mend(Mend::Ask(HOST))
        .at(HOST),
        TlsTrouble::NotTls => Finding::new(
            codes::TLS_NOT_TLS,
            Error,
            Step::Host,
            format!("What answers at “{host}” does not speak TLS."),
            "Another program listens on this port.",
        )
        .say("Check the port; Proxmox's is 8006.")
        .mend(Mend::Ask(HOST))
        .at(HOST),
        TlsTrouble::Closed => Finding::new(
            codes::TLS_CLOSED,
            Error,
            Step::Host,
            format!("“{host}” takes the connection and closes it in the handshake."),
            "Proxmox does so for addresses that it does not let in (ALLOW_FROM and DENY_FROM in /etc/default/pveproxy); so does a port that is not TLS.",
        )
        .say("Look at the addresses that Proxmox lets in, and check the port; Proxmox's is 8006.")
        .run(SHELL, "cat /etc/default/pveproxy")
        .mend(Mend::Ask(HOST))
        .at(HOST),
        TlsTrouble::TimedOut => Finding::new(
            codes::TLS_TIMEOUT,
            Error,
            Step::Host,
            format!("“{host}” takes the connection and does not finish the handshake."),
            "The host is overloaded, or something in between swallows large packets (an MTU problem, often with a VPN).",
        )
        .say("Try again; if it stays, lower the MTU of the VPN.")
        .at(HOST),
        TlsTrouble::Other(_) => other(trouble, host),
    }
}

/// What is shown is neither the remembered pin nor signed by the remembered CA's key. Names in it explain and prove nothing.
fn changed(agreed: &Fingerprint, leaf: Option<&Certificate>, reading: &Reading<'_>) -> Finding {
    let by_ca = matches!(reading.trust, Some(Trust::Ca(_)));
    let cause = match (by_ca, leaf.map(says_cluster)) {
        (true, Some(false)) => {
            "The cluster's CA that was agreed to did not sign it, and it does not say that a cluster of Proxmox did: a certificate \
             of ACME or of your own was put in its place; or somebody stands between."
        }
        (true, _) => {
            "The CA that was agreed to did not sign it: the host was set up anew, has joined another cluster, or its CA was made \
             anew; or somebody stands between."
        }
        (false, _) => {
            "It was renewed, the host was set up anew, or another node answers at this address; or somebody stands between."
        }
    };
    let finding = Finding::new(
        codes::TLS_CHANGED,
        Error,
        Step::Trust,
        format!("“{}” shows another certificate than the one that was agreed.", reading.host),
        format!("{cause} Only a comparison tells. Nothing was sent."),
    )
    .seen(format!("agreed: {agreed}"));
    let finding = match leaf {
        Some(leaf) => {
            finding.seen(format!("shown: {}", leaf.fingerprint)).also_issuer(Some(leaf)).also_dates(Some(leaf))
        }
        None => finding,
    };
    finding
        .say("Compare the shown fingerprint with the host's own, and agree to it only if it is the same.")
        .run(SHELL, "pvenode cert info")
        .mend(Mend::Certificate)
        .at(TRUST)
}

/// What a certificate says of itself, as evidence.
trait Also {
    fn also_issuer(self, leaf: Option<&Certificate>) -> Self;
    fn also_dates(self, leaf: Option<&Certificate>) -> Self;
}

impl Also for Finding {
    fn also_issuer(self, leaf: Option<&Certificate>) -> Self {
        match leaf {
            Some(leaf) => self.seen(format!("it says that it is by {}", visible(&leaf.issuer))),
            None => self,
        }
    }

    fn also_dates(self, leaf: Option<&Certificate>) -> Self {
        match leaf {
            Some(leaf) => {
                self.seen(format!("it is good from {} to {}", time::date(leaf.not_before), time::date(leaf.not_after)))
            }
            None => self,
        }
    }
}

fn other(trouble: &TlsTrouble, host: &str) -> Finding {
    let finding = Finding::new(
        codes::TLS_FAILED,
        Error,
        Step::Trust,
        format!("The handshake with “{host}” failed."),
        "The two sides could not agree on a protected connection.",
    );
    match trouble {
        TlsTrouble::Other(what) => finding.seen(visible(what)),
        other => finding.seen(format!("{other:?}")),
    }
    .say("Try again; if it stays, open the address in a browser on this machine and compare.")
    .at(TRUST)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::observation::Surroundings;

    fn code(trouble: &TlsTrouble, remembered: Option<&Fingerprint>) -> &'static str {
        let reading = Reading {
            host: "pve.lan",
            who: "",
            signer: None,
            password: false,
            trust: None,
            remembered,
            target: "It",
            needs: &[],
            uses: &[],
            nodes: &[],
            never: &[],
            surroundings: &Surroundings::default(),
            now: 0,
        };
        let finding = handshake(trouble, None, &reading);
        assert!(!finding.cause.is_empty() && !finding.fix.is_empty(), "{finding:?}");
        finding.code.0
    }

    #[test]
    fn a_remembered_ca_that_does_not_sign_any_more_is_a_change_and_a_chosen_one_was_the_wrong_one() {
        let agreed: Fingerprint = vec!["AB"; 32].join(":").parse().unwrap();
        assert_eq!(code(&TlsTrouble::UnknownIssuer, None), "tls.unknown-ca");
        assert_eq!(code(&TlsTrouble::UnknownIssuer, Some(&agreed)), "tls.changed");
        assert_eq!(code(&TlsTrouble::OtherCertificate { agreed }, None), "tls.changed");
        // A copied certificate is no change to agree to.
        assert_eq!(code(&TlsTrouble::BadSignature, Some(&agreed)), "tls.wrong-key");
    }
}
