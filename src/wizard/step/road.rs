//! The road, drawn link by link with a sentence each, from what a survey saw.

use std::net::IpAddr;

use crate::domain::Trust;
use crate::domain::observation::{Link, Observation, Seen, Speaker};
use crate::domain::visible::visible;
use crate::wizard::evidence::Survey;
use crate::wizard::link_of;
use crate::wizard::page::{LinkState, RoadLink};
use crate::wizard::step::{count, listed};

/// The links that need no login.
pub fn of_look(look: &Survey) -> Vec<RoadLink> {
    [Link::Resolve, Link::Connect, Link::Certificate, Link::Proxmox]
        .into_iter()
        .map(|link| draw(link, look, ""))
        .collect()
}

/// The links up to signing in and rights.
pub fn of_survey(survey: &Survey) -> Vec<RoadLink> {
    let who = survey.inputs.credential.as_ref().map(|c| visible(&c.to_string())).unwrap_or_default();
    [Link::Resolve, Link::Connect, Link::Certificate, Link::Proxmox, Link::SignIn, Link::Rights]
        .into_iter()
        .map(|link| draw(link, survey, &who))
        .collect()
}

fn draw(link: Link, survey: &Survey, who: &str) -> RoadLink {
    let seen = survey.seen.iter().rev().find(|o| link_of(&o.seen) == Some(link));
    let (state, sentence, took_ms) = match seen {
        None => (LinkState::Waiting, String::new(), None),
        Some(Observation { seen: Seen::Started(_), .. }) => (LinkState::Running, String::new(), None),
        Some(observation) => {
            let (state, sentence) = describe(&observation.seen, survey, who);
            (state, sentence, u64::try_from(observation.took.as_millis()).ok())
        }
    };
    RoadLink { link, word: link.word().into(), state, sentence, took_ms }
}

fn describe(seen: &Seen, survey: &Survey, who: &str) -> (LinkState, String) {
    use LinkState::{Broken, Good, Warning};
    match seen {
        Seen::Resolved(addresses) => (Good, listed(&addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>())),
        Seen::NotResolved(_) => (Broken, "no address for this name".into()),
        Seen::Connected(endpoint, _) => (Good, format!("port {}", endpoint.port)),
        Seen::NotConnected(_) => (Broken, "nothing answers".into()),
        Seen::Certificate { verdict: Some(Ok(())), .. } => match survey.inputs.trust {
            Some(Trust::Unverified) => (Warning, "not verified".into()),
            Some(Trust::Pin(_)) => (Good, "the one that was agreed".into()),
            Some(Trust::Ca(_)) => (Good, "signed by the agreed CA".into()),
            Some(Trust::System) => (Good, "signed by a CA that the system knows".into()),
            None => (Good, "seen".into()),
        },
        Seen::Certificate { verdict: Some(Err(_)), .. } => (Broken, "does not hold; nothing was sent".into()),
        Seen::Certificate { leaf, verdict: None, .. } => {
            (Good, format!("by {}; to be agreed next", visible(&leaf.issuer)))
        }
        Seen::NoTls(_) => (Broken, "no certificate came".into()),
        Seen::IsProxmox { release_hint, .. } => match release_hint {
            Some(release) => (Good, format!("VE {release} answers")),
            None => (Good, "VE answers".into()),
        },
        Seen::NotProxmox(Speaker::Nothing(_)) => (Broken, "gives no whole answer".into()),
        Seen::NotProxmox(_) => (Broken, "something else answers".into()),
        Seen::SignedIn { release, .. } => (Good, format!("as {who}; VE {release}")),
        Seen::SignInRefused { .. } => (Broken, "the host refuses it (Proxmox holds a refusal for 3 seconds)".into()),
        Seen::NoSuchRealm(realm) => (Broken, format!("the host has no realm {}; nothing was sent", visible(realm))),
        Seen::Rights(rights) if rights.is_empty() => (Warning, "none at all".into()),
        Seen::Rights(rights) => (Good, format!("told for {}", count(rights.paths().count(), "path", "paths"))),
        Seen::Failed { trouble, .. } => (Broken, crate::diagnosis::request_trouble(trouble)),
        _ => (Good, String::new()),
    }
}
