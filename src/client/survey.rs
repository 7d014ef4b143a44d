//! The road to a host, travelled link by link: it says what it sees and judges nothing.
//!
//! Where no trust is agreed, the certificate is looked at and the host is asked what it tells anybody. Where trust is agreed,
//! every connection is held against it, and only then the credential is sent: once, in one request, and everything else side
//! by side when that one was answered. Nothing is tried twice. Dropping the future stops everything.

mod arrive;
mod eye;
mod inside;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::future::{Either, join_all, select};
use futures_util::stream::FuturesUnordered;
use tokio::time::sleep;

use crate::client::options::Options;
use crate::client::proxmox::Trusted;
use crate::client::proxmox::answer::ALWAYS_TOLD;
use crate::client::proxmox::recognise::{Proxmox, recognise};
use crate::client::proxmox::request::Question;
use crate::client::resolve::distinct;
use crate::client::tls::SystemCas;
use crate::domain::observation::{NameTrouble, Speaker};
use crate::domain::{Credential, Endpoint, Host, Inquiry, Link, Observation, Seen, Trust};
use arrive::{Arrival, Reached};
use eye::Eye;

/// Travels as far as `inquiry` allows and tells `see` of everything on the way, in the order of the links.
pub async fn survey(inquiry: Inquiry, options: &Options, mut see: impl FnMut(Observation) + Send) {
    let see: Mutex<&mut (dyn FnMut(Observation) + Send)> = Mutex::new(&mut see);
    let survey = Survey { inquiry: &inquiry, options, system: Arc::new(SystemCas::new(options.system.clone())) };
    survey.travel(&Eye::open(&see)).await;
}

/// The realms that no host lacks (pve-access-control `Auth/Plugin.pm` parse_config).
const EVERYWHERE: [&str; 2] = ["pam", "pve"];

/// What holds for the whole road.
struct Survey<'a> {
    inquiry: &'a Inquiry,
    options: &'a Options,
    system: Arc<SystemCas>,
}

impl Survey<'_> {
    async fn travel(&self, eye: &Eye<'_>) {
        // Reading the system's CAs takes some milliseconds; they are needed with the first certificate.
        if !self.system.is_read() {
            let system = Arc::clone(&self.system);
            std::thread::spawn(move || system.load());
        }
        let Some(places) = self.resolve(eye).await else { return };
        let Some(arrival) = self.arrive(&places, eye).await else { return };
        match arrival.reached {
            Reached::Proxmox(Some((host, realms))) => self.enter_by(&realms, &host, eye).await,
            Reached::Unasked(host) => {
                let inside = eye.held();
                let asked = pin!(async {
                    let known = identify(&host, eye).await.is_some();
                    if known {
                        inside.release();
                    }
                    known
                });
                let entered = pin!(self.enter(&host, &inside));
                match select(asked, entered).await {
                    Either::Left((true, entered)) => entered.await,
                    Either::Left((false, _)) => {}
                    Either::Right(((), asked)) => {
                        asked.await;
                    }
                }
            }
            Reached::Proxmox(None) | Reached::Else | Reached::NoTls | Reached::Dark(_) => {}
        }
    }

    /// Finds the addresses of each endpoint; a name is resolved once, however many ports are tried.
    async fn resolve(&self, eye: &Eye<'_>) -> Option<Vec<(Endpoint, Vec<IpAddr>)>> {
        let since = Instant::now();
        eye.saw(Seen::Started(Link::Resolve), since);
        let endpoints = &self.inquiry.endpoints;
        let mut names: Vec<&Host> = Vec::new();
        for endpoint in endpoints {
            if !names.contains(&&endpoint.host) {
                names.push(&endpoint.host);
            }
        }
        let found = join_all(names.iter().map(|host| async move {
            match (self.inquiry.address, host.address(), host) {
                (Some(agreed), ..) => Ok(vec![agreed]),
                (None, Some(address), _) => Ok(vec![address]),
                (None, None, host) => self.options.resolver.resolve(&host.to_string()).await,
            }
        }))
        .await;
        let addresses = |host: &Host| {
            let at = names.iter().position(|one| *one == host)?;
            found[at].as_ref().ok().cloned()
        };
        let places: Vec<_> = endpoints.iter().filter_map(|one| Some((one.clone(), addresses(&one.host)?))).collect();
        let all = distinct(found.iter().flatten().flatten().copied().collect());
        if all.is_empty() {
            let trouble = found.into_iter().find_map(Result::err).unwrap_or(NameTrouble::Unknown);
            eye.saw(Seen::NotResolved(trouble), since);
            return None;
        }
        eye.saw(Seen::Resolved(all), since);
        Some(places)
    }

    /// Tries the places side by side. The first that is Proxmox wins; one that stands earlier in the list is given a head
    /// start's time to answer so too. Where none is, the one that came furthest counts.
    async fn arrive(&self, places: &[(Endpoint, Vec<IpAddr>)], eye: &Eye<'_>) -> Option<Arrival> {
        let since = Instant::now();
        let alone = places.len() == 1;
        let eyes: Vec<Eye<'_>> = places.iter().map(|_| eye.held()).collect();
        if let ([one], true) = (eyes.as_slice(), alone) {
            one.release();
        } else {
            eye.saw(Seen::Started(Link::Connect), since);
        }
        let mut going: FuturesUnordered<_> =
            places
                .iter()
                .zip(&eyes)
                .enumerate()
                .map(|(at, ((endpoint, addresses), eye))| async move {
                    (at, self.reach(endpoint, addresses, alone, eye).await)
                })
                .collect();
        let mut best: Option<(usize, Arrival)> = None;
        let mut dark = Vec::new();
        let mut pending: Vec<usize> = (0..places.len()).collect();
        loop {
            let settled = best.as_ref().is_some_and(|(at, one)| one.is_proxmox() && pending.iter().all(|p| p > at));
            if settled || pending.is_empty() {
                break;
            }
            let patience = async {
                match &best {
                    Some((_, one)) if one.is_proxmox() => sleep(self.options.limits.head_start).await,
                    _ => std::future::pending().await,
                }
            };
            let next = tokio::select! {
                biased;
                next = going.next() => next,
                () = patience => None,
            };
            let Some((at, mut arrival)) = next else { break };
            pending.retain(|p| *p != at);
            if let Reached::Dark(troubles) = &mut arrival.reached {
                dark.push((at, std::mem::take(troubles)));
            }
            let better = best.as_ref().is_none_or(|(other, one)| {
                arrival.rank() > one.rank() || (arrival.rank() == one.rank() && at < *other)
            });
            if better {
                best = Some((at, arrival));
            }
        }
        let (at, arrival) = best?;
        if let Reached::Dark(_) = arrival.reached {
            dark.sort_by_key(|(at, _)| *at);
            eye.saw(Seen::NotConnected(dark.into_iter().flat_map(|(_, troubles)| troubles).collect()), since);
            return None;
        }
        eyes[at].release();
        Some(arrival)
    }

    /// The same for a host whose realms are known: a password for a realm that it does not have is never sent, for its refusal
    /// would take 3 s and name no cause. A token of such a user signs in all the same: its realm is not looked at
    /// (pve-access-control `AccessControl.pm` verify_token against authenticate_user).
    async fn enter_by(&self, realms: &Realms, host: &Trusted, eye: &Eye<'_>) {
        match self.realm() {
            Some(realm) if !realms.is_empty() && !realms.contains(&realm) => {
                eye.saw(Seen::NoSuchRealm(realm), Instant::now());
            }
            _ => self.enter(host, eye).await,
        }
    }

    /// The realm that must be there for whoever signs in.
    fn realm(&self) -> Option<String> {
        let user = match self.inquiry.credential.as_ref()? {
            Credential::Password { user, .. } => user,
            Credential::Ticket(ticket) => &ticket.user,
            Credential::Token { .. } | Credential::Shell(_) => return None,
        };
        Some(user.realm().to_owned())
    }

    /// Signs in and looks at everything inside, where a credential is given.
    async fn enter(&self, host: &Trusted, eye: &Eye<'_>) {
        if let Some(credential) = &self.inquiry.credential {
            inside::enter(self, host, credential, eye).await;
        }
    }

    /// Whether sign-in may go out beside the question who the host is: an agreed certificate says that already, and the realm
    /// is one that every host has. Any other is looked for first.
    fn knows_the_host(&self) -> bool {
        matches!(self.inquiry.trust, Some(Trust::Pin(_) | Trust::Ca(_)))
            && self.inquiry.credential.is_some()
            && self.realm().is_none_or(|realm| EVERYWHERE.contains(&realm.as_str()))
    }

    /// The ACL paths of the inquiry, each once: those that the tree of permissions tells anyway, and those to be asked for singly.
    fn paths(&self) -> (Vec<&str>, Vec<&str>) {
        let all: BTreeSet<&str> = self.inquiry.paths.iter().map(String::as_str).collect();
        all.into_iter().partition(|path| ALWAYS_TOLD.contains(path))
    }

    /// How many connections are wanted besides the first: as many as there are questions side by side, after sign-in or with it.
    fn spares(&self) -> usize {
        let inquiry = self.inquiry;
        match inquiry.credential {
            Some(Credential::Token { .. } | Credential::Password { .. } | Credential::Ticket(_)) => {
                // Permissions and nodes; users, roles and grants, or the known privileges alone.
                let always = 2 + if inquiry.estate { 3 } else { 1 };
                let guests = usize::from(inquiry.guests || inquiry.lists);
                let ahead = if inquiry.lists { 0 } else { inquiry.storages_of.len() + inquiry.certificates_of.len() };
                always + guests + self.paths().1.len() + ahead - 1
            }
            Some(Credential::Shell(_)) => 0,
            None => 1,
        }
    }
}

/// The names of a host's realms.
type Realms = Vec<String>;

/// Asks a trusted host who it is and notes the answer: its realms, where it is Proxmox.
async fn identify(host: &Trusted, eye: &Eye<'_>) -> Option<Realms> {
    let since = Instant::now();
    eye.saw(Seen::Started(Link::Proxmox), since);
    let (domains, page) = tokio::join!(host.ask_openly(Question::Domains), host.ask_openly(Question::LoginPage));
    note(recognise(domains, page), since, eye)
}

/// Notes who answered: its realms, where it is Proxmox.
fn note(known: Result<Proxmox, Speaker>, since: Instant, eye: &Eye<'_>) -> Option<Realms> {
    match known {
        Ok(Proxmox { realms, release_hint, via }) => {
            let names = realms.iter().map(|realm| realm.name.clone()).collect();
            eye.saw(Seen::IsProxmox { realms, release_hint, via }, since);
            Some(names)
        }
        Err(speaker) => {
            eye.saw(Seen::NotProxmox(speaker), since);
            None
        }
    }
}
