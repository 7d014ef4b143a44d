//! How trust is settled: by what was compared, by root's shell, or by a CA file that the handshake is held against.

use crate::diagnosis;
use crate::domain::finding::{Finding, Step};
use crate::domain::{Id, Inquiry, Trust};
use crate::wizard::Wizard;
use crate::wizard::evidence::Survey;
use crate::wizard::message::Exit;
use crate::wizard::step::trust::{
    CA, INSECURE, PIN, SSH, STOP, SYSTEM, TRUST, agreed, ca, ca_path, changed, comparison, shown,
};
use crate::wizard::step::{Agreement, By, Next, PageId, host, ssh};

/// What was chosen. On a change it is to stop; at first contact nothing, until a pasted fingerprint turns out to be the same.
pub(super) fn preset(w: &Wizard, changed: bool) -> Option<Id> {
    let compared = comparison(w) == Some(Ok(true));
    w.draft.choice(&TRUST).cloned().or(if compared { Some(PIN) } else { changed.then_some(STOP) })
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    let Some((leaf, system)) = shown(w) else { return Next::To(PageId::Host) };
    let (seen, changed) = (leaf.clone(), changed(w));
    let Some(endpoint) = host::endpoint(w) else { return Next::To(PageId::Host) };
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
