//! Trust: what the host's certificate is held against. Nothing is preselected at first contact; "stop" is on a change.

use std::path::PathBuf;

use crate::diagnosis;
use crate::domain::certificate_der::certificates_from_pem;
use crate::domain::finding::{Finding, Severity, Step};
use crate::domain::observation::TlsTrouble;
use crate::domain::time;
use crate::domain::visible::{upper_first, visible};
use crate::domain::{Certificate, CertificateName, Fingerprint, Host, Id, Inquiry, Seen, Trust};
use crate::wizard::Wizard;
use crate::wizard::evidence::Survey;
use crate::wizard::message::Exit;
use crate::wizard::page::{Answer, Block, CertificateCard, Choice, Field, Tone};
use crate::wizard::step::{Agreement, By, Next, Parts, checkup, file, host, quiet, say, ssh, toned, wrong};

pub const TRUST: Id = Id::fixed("trust");
pub const COMPARE: Id = Id::fixed("compare");
pub const CA_FILE: Id = Id::fixed("ca_file");
const PIN: Id = Id::fixed("pin");
const CA: Id = Id::fixed("ca");
const SYSTEM: Id = Id::fixed("system");
const INSECURE: Id = Id::fixed("insecure");
/// Root's shell tells the fingerprint, and it is compared without eyes.
const SSH: Id = Id::fixed("ssh");
const STOP: Id = Id::fixed("stop");

/// The certificate that the host shows now, and whether the system's CAs signed it.
fn shown(w: &Wizard) -> Option<(&Certificate, bool)> {
    host::look(w).filter(|look| look.ended).and_then(Survey::certificate)
}

/// How this endpoint was trusted in an earlier run.
pub fn record(w: &Wizard) -> Option<&crate::domain::HostRecord> {
    let endpoint = host::endpoint(w)?;
    w.setting.hosts.iter().find(|record| record.endpoint == endpoint)
}

/// What an earlier run agreed to, where `trust` is that.
pub fn leaned_on<'w>(w: &'w Wizard, trust: Option<&Trust>) -> Option<&'w Fingerprint> {
    record(w).filter(|record| Some(&record.trust) == trust).map(|record| &record.leaf)
}

/// Why the certificate does not hold against what an earlier run agreed to. Whoever has not even its key is left out:
/// there is nothing to agree to.
fn broken(w: &Wizard) -> Option<&TlsTrouble> {
    let look = host::look(w).filter(|look| look.ended)?;
    leaned_on(w, look.inputs.trust.as_ref())?;
    look.seen.iter().find_map(|o| match &o.seen {
        Seen::Certificate { verdict: Some(Err(trouble)), .. } if *trouble != TlsTrouble::BadSignature => Some(trouble),
        _ => None,
    })
}

/// The person has to say what is to be trusted now, before the host is asked who it is.
pub fn unsettled(w: &Wizard) -> bool {
    broken(w).is_some()
}

/// The remembered certificate is not the one that is shown.
fn changed(w: &Wizard) -> bool {
    matches!(
        broken(w),
        Some(TlsTrouble::OtherCertificate { .. } | TlsTrouble::UnknownIssuer | TlsTrouble::OtherName(_))
    )
}

/// Takes up what was agreed in an earlier run, where it held in this one.
pub fn recall(w: &mut Wizard) {
    let Some(record) = record(w).cloned() else { return };
    let held = host::look(w).is_some_and(Survey::held);
    if let (true, true, Some((leaf, _))) = (held, record.trust != Trust::Unverified, shown(w)) {
        let seen = leaf.clone();
        w.agreed =
            Some(Agreement { endpoint: record.endpoint, trust: record.trust, seen, remembered: true, compared: false });
    }
}

/// What was said of another certificate is no answer for this one.
pub fn enter(w: &mut Wizard) {
    if w.agreed.is_some() && agreed(w).is_none() {
        w.agreed = None;
        [TRUST, COMPARE, CA_FILE].iter().for_each(|id| w.draft.forget(id));
    }
}

/// An earlier agreement that held: the page has nothing to ask.
pub fn remembered(w: &Wizard) -> bool {
    agreed(w).is_some_and(|agreed| agreed.remembered) && w.draft.choice(&TRUST).is_none()
}

/// What was agreed, while the host shows what was on the screen then.
pub fn agreed(w: &Wizard) -> Option<&Agreement> {
    let agreed = w.agreed.as_ref()?;
    let (leaf, _) = shown(w)?;
    (Some(&agreed.endpoint) == host::endpoint(w).as_ref() && agreed.seen.fingerprint == leaf.fingerprint)
        .then_some(agreed)
}

pub fn done(w: &Wizard) -> bool {
    host::offline(w) || agreed(w).is_some()
}

/// What a pasted fingerprint says of the certificate.
fn comparison(w: &Wizard) -> Option<Result<bool, String>> {
    let pasted = w.draft.text(&COMPARE);
    if pasted.is_empty() {
        return None;
    }
    let (leaf, _) = shown(w)?;
    Some(match pasted.parse::<Fingerprint>() {
        Ok(fingerprint) => Ok(fingerprint == leaf.fingerprint),
        Err(error) => Err(error.to_string()),
    })
}

pub fn page(w: &Wizard) -> Parts {
    let Some((leaf, system)) = shown(w) else {
        if let Some(look) = host::look(w).filter(|_| w.waiting()) {
            return Parts {
                title: "Does the certificate hold?".into(),
                blocks: vec![Block::Road(super::road::of_look(look))],
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

/// What was chosen. On a change it is to stop; at first contact nothing, until a pasted fingerprint turns out to be the same.
fn preset(w: &Wizard, changed: bool) -> Option<Id> {
    let compared = comparison(w) == Some(Ok(true));
    w.draft.choice(&TRUST).cloned().or(if compared { Some(PIN) } else { changed.then_some(STOP) })
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

fn ca_path(w: &Wizard) -> Option<PathBuf> {
    let typed = w.draft.text(&CA_FILE);
    (!typed.is_empty()).then(|| file::expand(w, typed))
}

/// The CA of the named file: none while it was not read.
fn ca(w: &Wizard) -> Option<Result<crate::domain::Der, String>> {
    let path = ca_path(w)?;
    let evidence = w.evidence.ca_file.as_ref().filter(|file| file.asked == path)?;
    Some(match evidence.answer.as_ref()? {
        Err(trouble) => Err(trouble.what.clone()),
        Ok((seen, _)) => match &seen.there {
            None => Err(format!("There is no file {}.", path.display())),
            Some(there) => certificates_from_pem(there.text.as_str())
                .map_err(|error| error.to_string())
                .and_then(|mut all| all.drain(..).next().ok_or_else(|| "The file holds no certificate.".to_owned())),
        },
    })
}

fn findings(w: &Wizard) -> Vec<Finding> {
    let Some(look) = host::look(w).filter(|look| look.ended) else { return Vec::new() };
    if look.inputs.trust.is_none() {
        return Vec::new();
    }
    super::verify::reading(w, look.inputs.trust.as_ref(), |reading| diagnosis::judge(&look.seen, reading))
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect()
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    let Some((leaf, system)) = shown(w) else { return Next::To(super::PageId::Host) };
    let (seen, changed) = (leaf.clone(), changed(w));
    let Some(endpoint) = host::endpoint(w) else { return Next::To(super::PageId::Host) };
    let Some(choice) = preset(w, changed) else { return Next::Stay };
    let compared = comparison(w);
    // With nobody there, what was agreed gives way only to a certificate or CA that the answers name.
    if changed && w.setting.unattended && ![CA, SSH].contains(&choice) && !(choice == PIN && compared == Some(Ok(true)))
    {
        return Next::Stay;
    }
    if matches!(compared, Some(Err(_) | Ok(false))) && choice == PIN {
        return Next::Stay;
    }
    let trust = if choice == PIN {
        Trust::Pin(seen.fingerprint)
    } else if choice == SYSTEM && system {
        Trust::System
    } else if choice == INSECURE {
        Trust::Unverified
    } else if choice == CA {
        return with_ca(w, by);
    } else if choice == SSH {
        return with_ssh(w, by);
    } else if choice == STOP {
        return Next::Leave(Exit::Failed);
    } else {
        return Next::Stay;
    };
    // A host that was not asked yet who it is, because what was remembered did not hold, is asked now.
    if !host::look(w).is_some_and(Survey::is_proxmox) {
        return look_again(w, trust, by, compared == Some(Ok(true)));
    }
    w.agreed = Some(Agreement { endpoint, trust, seen, remembered: false, compared: compared == Some(Ok(true)) });
    Next::Go
}

/// Root's shell is asked for the fingerprint. Only the very certificate that was shown is agreed to.
fn with_ssh(w: &mut Wizard, by: By) -> Next {
    if w.session.in_flight() {
        return Next::Wait(Vec::new());
    }
    let (Some((leaf, _)), Some(endpoint)) = (shown(w), host::endpoint(w)) else { return Next::Stay };
    let seen = leaf.clone();
    match ssh::told(w) {
        Some(Some(told)) if told == seen.fingerprint => {
            let trust = Trust::Pin(seen.fingerprint);
            if !host::look(w).is_some_and(Survey::is_proxmox) {
                return look_again(w, trust, by, true);
            }
            w.agreed = Some(Agreement { endpoint, trust, seen, remembered: false, compared: true });
            Next::Go
        }
        _ if by == By::World => Next::Stay,
        _ => match ssh::to_open(w) {
            Some(place) => Next::Wait(vec![w.ask_shell(place)]),
            None => Next::Stay,
        },
    }
}

/// Why root's shell settled nothing, where it was asked.
pub fn no_comparison(w: &Wizard) -> Option<Finding> {
    if !w.draft.is(&TRUST, &SSH) {
        return None;
    }
    let (leaf, _) = shown(w)?;
    let place = ssh::place(w).ok()?;
    match ssh::told(w) {
        Some(Some(told)) if told == leaf.fingerprint => None,
        Some(Some(told)) => Some(diagnosis::ssh::differs(&place, &told, &leaf.fingerprint)),
        Some(None) => Some(diagnosis::ssh::unread(&place)),
        None => ssh::no_shell(w, Step::Trust),
    }
}

/// Root's shell settled the trust that is agreed.
pub fn by_ssh(w: &Wizard) -> bool {
    let told = ssh::told(w).flatten();
    w.draft.is(&TRUST, &SSH) && told.is_some() && told == agreed(w).map(|agreed| agreed.seen.fingerprint)
}

/// A CA file is read, and the handshake held against it, before it is agreed to.
fn with_ca(w: &mut Wizard, by: By) -> Next {
    let Some(path) = ca_path(w) else { return Next::Stay };
    let der = match ca(w) {
        None => return Next::Wait(vec![w.ask_ca_file(path)]),
        Some(Err(_)) if by == By::Person => return Next::Wait(vec![w.ask_ca_file(path)]),
        Some(Err(_)) => return Next::Stay,
        Some(Ok(der)) => der,
    };
    look_again(w, Trust::Ca(der), by, true)
}

/// Looks at the host under another trust, and agrees to it where the certificate holds.
fn look_again(w: &mut Wizard, trust: Trust, by: By, compared: bool) -> Next {
    let Some(endpoint) = host::endpoint(w) else { return Next::Stay };
    let Some(look) = host::look(w) else { return Next::Stay };
    if look.inputs.trust.as_ref() == Some(&trust) && (look.ended && (look.held() || by == By::World)) {
        return match (look.held() && look.is_proxmox(), look.certificate()) {
            (true, Some((leaf, _))) => {
                let seen = leaf.clone();
                w.agreed = Some(Agreement { endpoint, trust, seen, remembered: false, compared });
                Next::Go
            }
            _ => Next::Stay,
        };
    }
    let address = look.connected().map(|(_, address)| address);
    let inquiry = Inquiry { address, trust: Some(trust), ..Inquiry::to(look.inputs.endpoints.clone()) };
    Next::Wait(vec![w.ask_look(inquiry)])
}

/// How the trust was settled, in a few words.
pub fn words(agreed: &Agreement) -> String {
    match &agreed.trust {
        Trust::Pin(fingerprint) => format!("the certificate {}", &fingerprint.to_string()[..23]),
        Trust::Ca(_) => format!("what the CA “{}” signed", visible(&agreed.seen.issuer)),
        Trust::System => "what the system's CAs signed".into(),
        Trust::Unverified => "nothing: the certificate is not verified".into(),
    }
}

/// What a remembered or unverified trust is worth saying on later pages.
pub fn note(w: &Wizard) -> Option<Block> {
    let agreed = agreed(w)?;
    match agreed.trust {
        Trust::Unverified => {
            Some(toned(Tone::Warning, "The certificate is not verified: anyone on the way can read the token."))
        }
        _ if agreed.remembered => Some(quiet(format!("Trusted as before: {}.", words(agreed)))),
        _ => None,
    }
}
