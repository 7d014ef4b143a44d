//! A handshake that did not hold, and what its certificate says of itself.

use super::{HOST, TRUST, new_ca, says_cluster};
use crate::diagnosis::by_root::SHELL;
use crate::diagnosis::{Reading, codes};
use crate::domain::finding::{Finding, Mend, Severity::*, Step};
use crate::domain::observation::TlsTrouble;
use crate::domain::time;
use crate::domain::visible::visible;
use crate::domain::{Certificate, Fingerprint, Trust};

pub(super) fn names(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().map(|name| visible(name)).collect();
    if shown.is_empty() { "no name at all".into() } else { shown.join(", ") }
}

/// A handshake that did not hold.
pub fn handshake(trouble: &TlsTrouble, leaf: Option<&Certificate>, reading: &Reading<'_>) -> Finding {
    let host = reading.host;
    // The served certificate holds now, so it is a CA above it that does not.
    if let Some(leaf) = leaf
        && matches!(trouble, TlsTrouble::Expired | TlsTrouble::NotYetValid)
        && leaf.holds_at(reading.now)
    {
        let finding = Finding::new(
            codes::TLS_EXPIRED,
            Error,
            Step::Trust,
            format!("The CA that signed the certificate of “{host}” has ended or is not valid yet."),
            "The certificate itself holds today; what is agreed to is the CA, and that does not.",
        )
        .seen(format!("this machine's clock says {}", time::date_and_time(reading.now)))
        .say("Check this machine's clock first.")
        .say("Then have a new CA made.");
        return new_ca(finding)
            .possible(&[codes::CLOCK_OFF])
            .or_pin(reading, "Or trust the fingerprint after comparing it: a pin does not look at a CA.")
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
        .say("A certificate of your own or of ACME is signed by another CA: give the tool that CA's file.")
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
        .say("The names are those that the node had when its certificate was made; after a change of address this makes a new one.")
        .run(SHELL, "pvecm updatecerts --force && systemctl restart pveproxy")
        .mend(Mend::Ask(HOST))
        .or_pin(reading, "Or trust the fingerprint instead, which does not look at names.")
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
        .or_pin(reading, "Or trust the fingerprint after comparing it: a pin does not look at dates.")
        .possible(&[codes::CLOCK_OFF])
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
        .or_pin(reading, "Or trust the fingerprint after comparing it: a pin does not look at dates.")
        .possible(&[codes::CLOCK_OFF])
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
        .say("Check the port; Proxmox's is 8006.")
        .say("Look at the addresses that Proxmox lets in. Where this file is not there, all are let in.")
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
    /// What helps where the fingerprint alone can be gone by.
    fn or_pin(self, reading: &Reading<'_>, words: &str) -> Self;
}

impl Also for Finding {
    fn or_pin(self, reading: &Reading<'_>, words: &str) -> Self {
        if reading.pins {
            self.say(words).run(format!("To compare with. {SHELL}"), "pvenode cert info").mend(Mend::Certificate)
        } else {
            self
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::observation::Surroundings;

    fn code(trouble: &TlsTrouble, remembered: Option<&Fingerprint>) -> &'static str {
        told(trouble, remembered, true).code.0
    }

    fn told(trouble: &TlsTrouble, remembered: Option<&Fingerprint>, pins: bool) -> Finding {
        let reading = Reading {
            part_will_do: false,
            pins,
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
        finding
    }

    #[test]
    fn a_fingerprint_is_offered_in_place_of_a_ca_only_to_whoever_can_go_by_one() {
        for trouble in [TlsTrouble::Expired, TlsTrouble::NotYetValid, TlsTrouble::OtherName(Vec::new())] {
            for pins in [true, false] {
                let finding = told(&trouble, None, pins);
                assert_eq!(finding.mends.contains(&Mend::Certificate), pins, "{finding:#?}");
                let words = finding.fix.iter().any(|fix| format!("{fix:?}").contains("fingerprint"));
                assert_eq!(words, pins, "{finding:#?}");
            }
        }
        // Where no CA is known at all, looking at the certificate is what leads to one.
        assert!(told(&TlsTrouble::UnknownIssuer, None, false).mends.contains(&Mend::Certificate));
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
