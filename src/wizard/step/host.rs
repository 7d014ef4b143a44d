//! Host: where Proxmox is. Nothing is resolved before Enter, and nothing that is secret is sent.

use crate::diagnosis;
use crate::domain::finding::{Finding, Severity};
use crate::domain::host_input::{HostError, HostInput, parse_host};
use crate::domain::{Endpoint, HostAt, Id, Inquiry, Seen, Text, Trust};
use crate::wizard::Wizard;
use crate::wizard::evidence::Survey;
use crate::wizard::page::{Answer, Block, Choice, Field, Tone};
use crate::wizard::step::{By, Next, Parts, listed, moved_note, quiet, road, say, toned, wrong};

pub const HOST: Id = Id::fixed("host");
/// What to do when nobody answers.
pub const OFFLINE: Id = Id::fixed("offline");
const AGAIN: Id = Id::fixed("again");
const UNTESTED: Id = Id::fixed("untested");

/// The host as typed, or as the demo knows it.
fn input(w: &Wizard) -> String {
    let typed = w.draft.text(&HOST);
    if typed.is_empty() { w.setting.hints.get(&HOST).cloned().unwrap_or_default() } else { typed.to_owned() }
}

/// What the folder's config says stands there, to be gone on with or typed over.
pub fn enter(w: &mut Wizard) {
    let said = super::nearby::host(w).filter(|_| input(w).is_empty());
    if let Some(said) = said {
        w.draft.type_in(HOST, said);
    }
}

fn parsed(w: &Wizard) -> Result<HostInput, HostError> {
    parse_host(&input(w))
}

/// The host's name for sentences.
pub fn shown(w: &Wizard) -> String {
    match endpoint(w) {
        Some(endpoint) => endpoint.host.to_string(),
        None => crate::domain::visible::visible(&input(w)),
    }
}

/// The endpoint that answered as Proxmox; without a host, the one that was typed.
pub fn endpoint(w: &Wizard) -> Option<Endpoint> {
    look(w)
        .and_then(Survey::connected)
        .map(|(endpoint, _)| endpoint.clone())
        .or_else(|| parsed(w).ok().and_then(|input| input.endpoints.first().cloned()))
}

/// The host as it was agreed to, where a login may go: its certificate is verified.
pub fn at(w: &Wizard) -> Option<HostAt> {
    let (endpoint, address) = look(w)?.connected()?;
    let trust = super::trust::agreed(w)?.trust.clone();
    (trust != Trust::Unverified).then(|| HostAt { endpoint: endpoint.clone(), address: Some(address), trust })
}

/// The endpoints that are looked at. What was agreed about one of them holds for that one alone, so it is asked by itself.
fn wanted(w: &Wizard) -> Option<Vec<Endpoint>> {
    let typed = parsed(w).ok()?.endpoints;
    let known = typed.iter().find(|endpoint| w.setting.hosts.iter().any(|record| record.endpoint == **endpoint));
    Some(known.map_or(typed.clone(), |endpoint| vec![endpoint.clone()]))
}

/// The look at what is typed now.
pub fn look(w: &Wizard) -> Option<&Survey> {
    let wanted = wanted(w)?;
    w.evidence.look.as_ref().filter(|look| look.inputs.endpoints == wanted)
}

pub fn findings(w: &Wizard) -> Vec<Finding> {
    let Some(look) = look(w).filter(|look| look.ended) else { return Vec::new() };
    let trust = look.inputs.trust.as_ref();
    super::verify::reading(w, trust, |reading| diagnosis::judge(&look.seen, reading))
}

/// The person goes on without the host: the file is written untested.
pub fn offline(w: &Wizard) -> bool {
    w.draft.is(&OFFLINE, &UNTESTED) && look(w).is_some_and(|look| look.ended && !look.is_proxmox())
}

pub fn done(w: &Wizard) -> bool {
    // Another certificate than the remembered one is asked nothing; what it means is for the next page.
    look(w).is_some_and(|look| look.ended && look.is_proxmox()) || offline(w) || super::trust::unsettled(w)
}

pub fn page(w: &Wizard) -> Parts {
    let input = parsed(w);
    let typed = w.draft.raw(&HOST);
    let note = match &input {
        Ok(input) if !typed.is_blank() => {
            let mut words = vec![input.understood.clone()];
            words.extend(input.notes.iter().cloned());
            Some(words.join("; "))
        }
        _ => moved_note(w, &HOST),
    };
    let error = match &input {
        Err(error) if w.tried() => wrong(error.what(), error.hint()),
        _ => None,
    };
    let field = Field {
        id: HOST,
        label: "Address".into(),
        value: typed,
        placeholder: w.setting.hints.get(&HOST).cloned().unwrap_or_default(),
        secret: false,
        multiline: false,
        note,
        error,
    };
    let mut blocks = vec![Block::Field(field)];
    let look = look(w);
    if let Some(look) = look {
        blocks.push(Block::Road(road::of_look(look)));
    }
    let findings = findings(w);
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    if !findings.is_empty() {
        blocks.push(Block::Findings(findings));
    }
    if look.is_some_and(|look| look.ended) && failed && !super::tool::token_only(w) {
        blocks.push(Block::Choice(Choice {
            id: OFFLINE,
            label: "What now?".into(),
            options: vec![
                Answer {
                    id: AGAIN,
                    title: "Try again".into(),
                    about: vec!["or change the address above".into()],
                    risky: false,
                },
                Answer {
                    id: UNTESTED,
                    title: "Go on without the host".into(),
                    about: vec!["The file is written untested: whether it works shows only when the tool runs.".into()],
                    risky: true,
                },
            ],
            // Unattended nobody is there to try again.
            chosen: w.draft.choice(&OFFLINE).cloned().or((!w.setting.unattended).then_some(AGAIN)),
            error: None,
        }));
    } else if look.is_none() {
        blocks.push(quiet(
            "Any shape will do: a name, an address, the line from your browser. It is also the line that the Proxmox machine \
             shows on its own screen.",
        ));
        blocks.push(quiet("No password or token is sent before you have seen the certificate."));
    }
    Parts {
        title: "Where is your Proxmox?".into(),
        blocks,
        submit: "look",
        busy: w.waiting().then(|| format!("Looking at {}", shown(w))),
        focus: Some(HOST),
        help: vec![
            "Type the address that you open in the browser to get to Proxmox. Its port is 8006; without a port labwizard tries 8006 and 443.".into(),
            "labwizard looks whether the name resolves, whether something answers, which certificate it shows, and whether it is Proxmox. For that no login is needed.".into(),
        ],
    }
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    let Some(endpoints) = wanted(w) else { return Next::Stay };
    if by == By::Person && w.draft.text(&HOST).is_empty() {
        // The shown default was taken.
        let taken = self::input(w);
        w.draft.type_in(HOST, Text::new(taken));
    }
    match look(w) {
        Some(look) if look.ended && look.is_proxmox() => {
            super::trust::recall(w);
            Next::Go
        }
        // What was agreed before no longer holds: the next page shows both certificates, side by side.
        Some(look) if look.ended && by == By::World && super::trust::unsettled(w) => Next::Go,
        Some(look) if look.ended && by == By::World => Next::Stay,
        Some(look) if look.ended && w.draft.is(&OFFLINE, &UNTESTED) && !look.is_proxmox() => Next::Go,
        Some(look) if !look.ended => Next::Wait(Vec::new()),
        _ => {
            w.draft.forget(&OFFLINE);
            let trust = w
                .setting
                .hosts
                .iter()
                .find(|record| endpoints.contains(&record.endpoint))
                .map(|record| record.trust.clone())
                // "Do not verify" is said anew each time.
                .filter(|trust| *trust != Trust::Unverified);
            Next::Wait(vec![w.ask_look(Inquiry { trust, ..Inquiry::to(endpoints) })])
        }
    }
}

/// The realms that people sign in with at this host.
pub fn realms(w: &Wizard) -> Vec<crate::domain::observation::Realm> {
    look(w)
        .into_iter()
        .flat_map(|look| look.seen.iter())
        .find_map(|o| match &o.seen {
            Seen::IsProxmox { realms, .. } => Some(realms.clone()),
            _ => None,
        })
        .unwrap_or_default()
}

/// A line about the realms: `people sign in as pam, pve or ldap-home`.
pub fn realm_words(w: &Wizard) -> Option<Block> {
    let names: Vec<String> = realms(w).into_iter().map(|realm| crate::domain::visible::visible(&realm.name)).collect();
    (!names.is_empty()).then(|| {
        say(format!(
            "Users have a realm behind an @. This host's realms: {}. pam takes the password of the Proxmox installation; pve are Proxmox's own users.",
            listed(&names)
        ))
    })
}

/// What stands on every page once the person goes on without the host.
pub fn untested_note(w: &Wizard) -> Option<Block> {
    offline(w).then(|| toned(Tone::Warning, "The host did not answer: nothing here is tested."))
}
