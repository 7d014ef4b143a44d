//! Trust: what the host's certificate is held against. Nothing is preselected at first contact; "stop" is on a change.

mod page;
mod settle;

use std::path::PathBuf;

use crate::diagnosis;
use crate::domain::certificate_der::certificates_from_pem;
use crate::domain::finding::{Finding, Severity};
use crate::domain::observation::TlsTrouble;
use crate::domain::visible::visible;
use crate::domain::{Certificate, Fingerprint, Id, Seen, Trust};
use crate::wizard::Wizard;
use crate::wizard::evidence::Survey;
use crate::wizard::page::{Block, Tone};
use crate::wizard::step::{Agreement, file, host, quiet, toned, verify};

pub use page::page;
pub use settle::{by_ssh, no_comparison, submit};

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
    verify::reading(w, look.inputs.trust.as_ref(), |reading| diagnosis::judge(&look.seen, reading))
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect()
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
