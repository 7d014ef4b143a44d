//! The page of trust: the certificate as it is shown, what a pasted fingerprint says of it, and what can be agreed to.

use crate::domain::time;
use crate::domain::visible::upper_first;
use crate::domain::{Certificate, CertificateName, Host, Id};
use crate::wizard::Wizard;
use crate::wizard::page::{Answer, Block, CertificateCard, Choice, Field, Tone};
use crate::wizard::step::trust::settle::{no_comparison, preset};
use crate::wizard::step::trust::{
    CA, CA_FILE, COMPARE, INSECURE, PIN, SSH, STOP, SYSTEM, TRUST, ca, changed, comparison, findings, record, shown,
};
use crate::wizard::step::{Parts, checkup, host, quiet, road, say, ssh, toned, wrong};

pub fn page(w: &Wizard) -> Parts {
    let Some((leaf, system)) = shown(w) else {
        if let Some(look) = host::look(w).filter(|_| w.waiting()) {
            return Parts {
                title: "Does the certificate hold?".into(),
                blocks: vec![Block::Road(road::of_look(look))],
                busy: Some("Holding the certificate against what you chose".into()),
                ..Parts::default()
            };
        }
        return Parts { title: "Look at the host first.".into(), submit: "back to the host", ..Parts::default() };
    };
    let mut blocks = Vec::new();
    let changed = changed(w);
    if changed && let Some(record) = record(w) {
        blocks.push(toned(
            Tone::Bad,
            format!(
                "This host shows another certificate than the one that was agreed on {}. It was renewed, or the host was set \
                 up anew; or somebody stands between. Nothing was sent.",
                time::date(record.when)
            ),
        ));
        blocks.push(Block::Facts(vec![("agreed then".into(), record.leaf.to_string())]));
    } else {
        if checkup::here(w) && record(w).is_none() {
            blocks.push(toned(
                Tone::Warning,
                "labwizard meets this host for the first time: what the file says of it was agreed to by nobody here.",
            ));
        }
        blocks.push(say(kind(leaf, system)));
    }
    blocks.push(Block::Certificate(card(leaf, w, if changed { "shown now" } else { "" })));
    if leaf.not_after < w.setting.now {
        blocks.push(toned(
            Tone::Warning,
            "It has ended. A fingerprint can be trusted all the same; programs that verify by CA refuse it.",
        ));
    }
    if !covers(leaf, w) {
        blocks.push(toned(
            Tone::Warning,
            format!(
                "It is not made out for {}. A fingerprint can be trusted all the same; a CA cannot verify this name.",
                host::shown(w)
            ),
        ));
    }
    blocks.push(quiet("Compare it once: web UI → node → System → Certificates, or on the host: pvenode cert info"));
    let compare = comparison(w);
    blocks.push(Block::Field(Field {
        id: COMPARE,
        label: "Paste it, I compare".into(),
        value: w.draft.raw(&COMPARE),
        placeholder: String::new(),
        secret: false,
        multiline: false,
        note: match &compare {
            Some(Ok(true)) => Some("It is the same.".into()),
            Some(Ok(false)) => Some("It is ANOTHER one. Do not trust this certificate before you know why.".into()),
            _ => None,
        },
        error: match &compare {
            Some(Err(why)) => wrong(format!("{}.", upper_first(why)), None),
            Some(Ok(false)) if w.tried() => wrong(
                "The pasted fingerprint is another one than the host shows.",
                "Look whether you compared the right node; each node has its own certificate.".to_owned(),
            ),
            _ => None,
        },
    }));
    blocks.push(Block::Choice(choice(w, system, changed)));
    if w.draft.is(&TRUST, &CA) {
        blocks.push(ca_field(w));
    }
    if w.draft.is(&TRUST, &SSH) {
        blocks.push(Block::Field(ssh::field(w)));
    }
    // The checkup has told at length that it is another one.
    let mut findings = if changed && checkup::here(w) { Vec::new() } else { findings(w) };
    findings.extend(no_comparison(w));
    if !findings.is_empty() {
        blocks.push(Block::Findings(findings));
    }
    Parts {
        title: if changed { "The certificate has changed.".into() } else { "Is this your Proxmox?".into() },
        blocks,
        submit: "agree",
        busy: w.waiting().then(|| if w.session.in_flight() { ssh::busy(w) } else { "Reading the CA file".into() }),
        focus: Some(if matches!(compare, Some(Err(_) | Ok(false))) && w.tried() { COMPARE } else { TRUST }),
        help: vec![
            "A certificate tells whether the machine that answers is the one you mean. Proxmox signs its own by default, so no program knows it at first: somebody has to compare it once.".into(),
            "With the fingerprint trusted, labwizard takes the cluster's CA after signing in and checks that this certificate comes from it, so that a renewed one will not break anything.".into(),
        ],
    }
}

/// What a cluster's own CA calls itself (pve-cluster `Cluster/Setup.pm`).
const CLUSTER_CA: &str = "PVE Cluster Manager CA";

fn kind(leaf: &Certificate, system: bool) -> String {
    if system {
        "This host shows a certificate that the system's CAs signed for this name.".into()
    } else if leaf.self_issued {
        "This host shows a certificate that it signed itself.".into()
    } else if leaf.issuer.contains(CLUSTER_CA) {
        "This host shows a certificate of its own cluster, as Proxmox does by default.".into()
    } else {
        "This host shows a certificate that a CA signed which this system does not know.".into()
    }
}

/// Whether the certificate is made out for what was typed.
fn covers(leaf: &Certificate, w: &Wizard) -> bool {
    let Some(endpoint) = host::endpoint(w) else { return true };
    leaf.names.iter().any(|name| match (name, &endpoint.host) {
        (CertificateName::Dns(name), Host::Name(host)) => {
            let wild = name.strip_prefix("*.").zip(host.split_once('.'));
            name.eq_ignore_ascii_case(host) || wild.is_some_and(|(end, (_, rest))| rest.eq_ignore_ascii_case(end))
        }
        (CertificateName::Ip(address), host) => host.address() == Some(*address),
        _ => false,
    })
}

fn card(leaf: &Certificate, w: &Wizard, heading: &str) -> CertificateCard {
    CertificateCard {
        heading: heading.into(),
        certificate: leaf.clone(),
        days_left: (leaf.not_after - w.setting.now).div_euclid(86_400),
        until: time::date(leaf.not_after),
    }
}

fn choice(w: &Wizard, system: bool, changed: bool) -> Choice {
    let answer = |id: Id, title: &str, about: &str, risky: bool| Answer {
        id,
        title: title.into(),
        about: if about.is_empty() { Vec::new() } else { vec![about.into()] },
        risky,
    };
    let mut options = Vec::new();
    if changed {
        options.push(answer(STOP, "Stop here", "Nothing is changed; find out first why it is another one.", false));
    }
    options.push(answer(
        PIN,
        if changed { "I compared it: trust the new one" } else { "It is the same: trust it" },
        "After signing in, the cluster's CA is taken too, where it signed this.",
        false,
    ));
    options.push(answer(
        SSH,
        "Fetch it over SSH and compare",
        "Root's shell on the host tells the fingerprint, by your own ssh; the shell stays open for this run.",
        false,
    ));
    options.push(answer(CA, "Use a CA file", "", false));
    if system {
        options.push(answer(SYSTEM, "Trust the system's CAs", "", false));
    }
    options.push(answer(INSECURE, "Do not verify: anyone on the way can read your token", "", true));
    let chosen = preset(w, changed);
    let missing = w.tried() && chosen.is_none();
    Choice {
        id: TRUST,
        label: "What do you say?".into(),
        options,
        chosen,
        error: if missing {
            wrong("Choose one; nothing is chosen for you here.", "Compare the fingerprint first.".to_owned())
        } else {
            None
        },
    }
}

fn ca_field(w: &Wizard) -> Block {
    Block::Field(Field {
        id: CA_FILE,
        label: "CA file".into(),
        value: w.draft.raw(&CA_FILE),
        placeholder: String::new(),
        secret: false,
        multiline: false,
        note: None,
        error: match ca(w) {
            Some(Err(why)) if w.tried() => wrong(why, None),
            None if w.tried() => wrong("Type the path of a PEM file.", None),
            _ => None,
        },
    })
}
