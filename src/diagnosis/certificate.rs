//! The certificate: what is wrong with it, and what its state means for trust.

use crate::diagnosis::{Reading, codes};
use crate::domain::finding::{Finding, Severity::*, Step};
use crate::domain::observation::{CaTrouble, Observation, Seen, TlsTrouble};
use crate::domain::time;
use crate::domain::{Certificate, Fingerprint, Id, Trust};

const TRUST: Id = Id::fixed("trust");
const HOST: Id = Id::fixed("host");
const DAY: i64 = 86_400;
/// Proxmox renews its own certificate two weeks before the end (pve-manager `bin/pveupdate`); later means that it did not.
const RENEWAL: i64 = 14 * DAY;
/// A clock this far from the host's breaks time-based codes and looks like an invalid certificate.
const CLOCK: i64 = 30;

pub fn judge(seen: &Seen, all: &[Observation], reading: &Reading<'_>) -> Vec<Finding> {
    match seen {
        Seen::NoTls(trouble) => vec![handshake(trouble, None, reading)],
        Seen::Certificate { leaf, verdict, .. } => {
            let mut findings = Vec::new();
            match verdict {
                Some(Err(trouble)) => findings.push(handshake(trouble, Some(leaf), reading)),
                Some(Ok(())) => findings.extend(standing(leaf, reading)),
                None => {}
            }
            findings
        }
        Seen::SignedIn { clock_off: Some(off), .. } | Seen::SignInRefused { clock_off: Some(off), .. } => {
            clock(*off).into_iter().collect()
        }
        Seen::ClusterCa(Ok(ca)) if !ca.strict => vec![
            Finding::new(
                codes::CA_NOT_STRICT,
                Info,
                Step::Trust,
                "The cluster's CA is of an older make.",
                "It was made before pve-cluster 9.1.2 and lacks keyUsage. Most programs take it; Python 3.13 and later refuse it.",
            )
            .say("Where a tool with a newer Python refuses it, leave verification to the fingerprint, or renew the cluster's CA."),
        ],
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
            "Certificates look invalid and one-time codes are refused when clocks differ.",
        )
        .say("Set both clocks by a time server: timedatectl set-ntp true.")
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
            .say("Go back to Trust and compare the fingerprint once.")
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
                format!("The host's certificate ended {} ago.", span(-left)),
                "The agreed fingerprint still holds, but programs that verify by CA refuse it.",
            )
            .run("root's shell on the host", "pvecm updatecerts --force"),
        );
    }
    (left < RENEWAL).then(|| {
        Finding::new(
            codes::TLS_ENDS_SOON,
            Warning,
            Step::Trust,
            format!("The host's certificate ends in {}.", span(left)),
            "Proxmox renews its own certificate two weeks before the end, with the daily pve-daily-update; that did not happen here.",
        )
        .run("root's shell on the host", "systemctl status pve-daily-update.timer")
    })
}

fn names(names: &[String]) -> String {
    if names.is_empty() { "no name at all".into() } else { names.join(", ") }
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
        .say("Trust the fingerprint after comparing it, and renew the CA.")
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
            format!("The CA that was chosen did not sign the certificate of “{host}”."),
            "Proxmox signs its certificates with a CA of its own cluster, which no system knows; or the CA file is of another cluster.",
        )
        .say("Trust the fingerprint after comparing it, or choose the cluster's CA file (/etc/pve/pve-root-ca.pem on the host).")
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
        .at(HOST),
        TlsTrouble::Expired => Finding::new(
            codes::TLS_EXPIRED,
            Error,
            Step::Trust,
            format!("The certificate of “{host}” has ended."),
            "This machine's clock is ahead, or Proxmox's daily job that renews its certificate did not run.",
        )
        .seen(format!("this machine's clock says {}", time::date_and_time(reading.now)))
        .say("Check this machine's clock first.")
        .run("root's shell on the host", "pvecm updatecerts --force && systemctl restart pveproxy")
        .say("Or trust the fingerprint after comparing it: a pin does not look at dates.")
        .at(TRUST),
        TlsTrouble::NotYetValid => Finding::new(
            codes::TLS_NOT_YET,
            Error,
            Step::Trust,
            format!("The certificate of “{host}” is not valid yet."),
            "This machine's clock is behind, or the host's was ahead when the certificate was made.",
        )
        .seen(format!("this machine's clock says {}", time::date_and_time(reading.now)))
        .say("Check this machine's clock first.")
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
        .seen(what.clone())
        .run("root's shell on the host", "pvecm updatecerts --force")
        .at(TRUST),
        TlsTrouble::PlainHttp => Finding::new(
            codes::TLS_PLAIN_HTTP,
            Error,
            Step::Host,
            format!("“{host}” speaks HTTP without TLS on this port."),
            "Proxmox's API is on 8006 with TLS. Over plain HTTP everybody on the way could read the token, so nothing was sent.",
        )
        .say("Type the address with port 8006, or without a port.")
        .at(HOST),
        TlsTrouble::NotTls => Finding::new(
            codes::TLS_NOT_TLS,
            Error,
            Step::Host,
            format!("What answers at “{host}” is no TLS."),
            "Another program listens on this port.",
        )
        .say("Check the port; Proxmox's is 8006.")
        .at(HOST),
        TlsTrouble::Closed => Finding::new(
            codes::TLS_CLOSED,
            Error,
            Step::Host,
            format!("“{host}” takes the connection and closes it in the handshake."),
            "Proxmox does so for addresses that it does not let in (ALLOW_FROM and DENY_FROM in /etc/default/pveproxy); so does a port that is not TLS.",
        )
        .run("root's shell on the host", "cat /etc/default/pveproxy")
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

fn changed(agreed: &Fingerprint, leaf: Option<&Certificate>, reading: &Reading<'_>) -> Finding {
    let mut finding = Finding::new(
        codes::TLS_CHANGED,
        Error,
        Step::Trust,
        format!("“{}” shows another certificate than the one that was agreed.", reading.host),
        "It was renewed or the host was set up anew; or somebody stands between. Only a comparison tells. Nothing was sent.",
    )
    .seen(format!("agreed: {agreed}"));
    if let Some(leaf) = leaf {
        finding = finding.seen(format!("shown: {}", leaf.fingerprint));
    }
    finding
        .say("Compare the shown fingerprint on the host, and agree to it only if it is the same.")
        .run("root's shell on the host", "pvenode cert info")
        .at(TRUST)
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
        TlsTrouble::Other(what) => finding.seen(what.clone()),
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
            password: false,
            trust: None,
            remembered,
            target: "It",
            needs: &[],
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
