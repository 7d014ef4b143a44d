//! Who is asked what in a check of several files: one secret at one host is one request that can fail, however many files hold it.

use std::collections::BTreeSet;

use crate::diagnosis::config::{Config, ConfigHost};
use crate::diagnosis::leaning::{Leaning, Sources, lean};
use crate::diagnosis::untold;
use crate::domain::finding::Finding;
use crate::domain::visible::is_node_name;
use crate::domain::{
    Credential, Der, Endpoint, HostRecord, Inquiry, Link, Observation, Release, Seen, Trust, certificates_from_pem,
};
use crate::target::Library;
use crate::target::spec::List;

/// The releases whose paths are asked for, since the host's own is known only when it has answered.
const RELEASES: [Release; 2] = [Release::new(7, 4, 0), Release::new(9, 2, 0)];

/// One host of one file, and what there is to be asked of it.
#[derive(Debug)]
pub struct Wish {
    /// The file's place in the order of the check, and the host's number in it.
    pub of: (usize, u8),
    /// The host as it stands there.
    pub typed: String,
    pub endpoints: Vec<Endpoint>,
    /// What the certificate is held against before anything is sent.
    pub trust: Option<(Trust, Leaning)>,
    /// What the tool itself holds it against by its file, where that is something else.
    pub own: Option<Trust>,
    pub credential: Option<Credential>,
    /// The ACL paths to be asked for.
    pub paths: Vec<String>,
    /// The nodes whose storages are to be asked for.
    pub storages_of: Vec<String>,
    /// The nodes whose certificates are to be asked for.
    pub certificates_of: Vec<String>,
    /// A machine or template was picked.
    pub guests: bool,
    /// Something was picked that only the other lists tell.
    pub lists: bool,
}

/// What a host may be trusted by in this check.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trusting<'a> {
    pub given: Option<&'a Trust>,
    pub records: &'a [HostRecord],
    pub strict: bool,
}

/// The CA file that a config names for a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaFile<'a> {
    /// It names none, or one that holds only what this system has anyway.
    None,
    Holds(&'a Der),
    /// It cannot be used, so the tool trusts nobody.
    Broken,
}

impl Wish {
    /// What to ask of this host; none where its address is none.
    pub fn of(
        file: usize,
        config: &Config,
        host: &ConfigHost,
        library: &Library,
        ca: CaFile<'_>,
        by: Trusting<'_>,
    ) -> Option<Wish> {
        let mut endpoints = host.place.as_ref().ok()?.endpoints.clone();
        let (verifies, ca) = match ca {
            CaFile::None => (host.verifies, None),
            CaFile::Holds(ca) => (host.verifies, Some(ca)),
            CaFile::Broken => (None, None),
        };
        let sources = Sources { given: by.given, records: by.records, verifies, ca, strict: by.strict };
        let leant: Vec<(Trust, Leaning)> = endpoints.iter().filter_map(|one| lean(one, &sources)).collect();
        // Of the places that a bare name may mean, the one that was agreed to counts.
        let remembered = leant.iter().find(|(_, from)| *from == Leaning::Remembered);
        let trust = remembered.or(leant.first()).cloned();
        if remembered.is_some() {
            endpoints.retain(|one| by.records.iter().any(|record| record.endpoint == *one));
        }
        let own = match (verifies, ca) {
            (Some(true), Some(ca)) => Some(Trust::Ca(ca.clone())),
            (Some(true), None) => Some(Trust::System),
            _ => None,
        };
        let own =
            own.filter(|own| trust.as_ref().is_some_and(|(trust, from)| *from == Leaning::Remembered && trust != own));
        let paths: BTreeSet<String> = RELEASES
            .iter()
            .flat_map(|release| config.needs(library, host, *release))
            .map(|need| need.path)
            .filter(|path| path != "/")
            .collect();
        let named = nodes(config, host, library);
        let has = |lists: &[List]| picked(config, host, library, |list| lists.contains(&list)).next().is_some();
        Some(Wish {
            of: (file, host.instance),
            typed: host.typed.clone(),
            credential: trust.as_ref().and(host.credential.as_ref()).map(Credential::share),
            trust,
            own,
            paths: paths.into_iter().collect(),
            storages_of: if has(&[List::Storages]) { named.clone() } else { Vec::new() },
            certificates_of: certificates_of(named, &endpoints, by.records),
            guests: has(&[List::Templates, List::Guests]),
            lists: has(&[List::Bridges]),
            endpoints,
        })
    }
}

/// The file's answers to picks from such lists.
fn picked<'c>(
    config: &Config,
    host: &'c ConfigHost,
    library: &Library,
    of: impl Fn(List) -> bool,
) -> impl Iterator<Item = &'c String> {
    let picks = config.spec(library).into_iter().flat_map(|spec| spec.picks.iter());
    let names: Vec<&str> = picks.filter(|(_, pick)| of(pick.list)).map(|(name, _)| name).collect();
    names.into_iter().filter_map(|name| host.picks.get(name))
}

/// The nodes that the file names.
fn nodes(config: &Config, host: &ConfigHost, library: &Library) -> Vec<String> {
    let all: BTreeSet<&String> = picked(config, host, library, |list| list == List::Nodes).collect();
    all.into_iter().filter(|name| is_node_name(name)).cloned().collect()
}

/// Of so many nodes the certificates are asked for at most: each is a request that goes out beside the others.
const NODES: usize = 4;

/// The nodes of which it is known beforehand that they are there: those that the file names, then those that are remembered.
fn certificates_of(named: Vec<String>, endpoints: &[Endpoint], records: &[HostRecord]) -> Vec<String> {
    let mut all = named;
    let remembered = records.iter().filter(|record| endpoints.contains(&record.endpoint));
    for node in remembered.flat_map(|record| &record.nodes).filter(|name| is_node_name(name)) {
        put(&mut all, node);
    }
    all.truncate(NODES);
    all
}

/// One journey to a host: it signs in at most once, and holds the certificate against as much as the files want.
#[derive(Debug)]
pub struct Turn {
    endpoints: Vec<Endpoint>,
    credential: Option<Credential>,
    paths: Vec<String>,
    storages_of: Vec<String>,
    certificates_of: Vec<String>,
    guests: bool,
    lists: bool,
    /// The strictest first: the first that holds signs in.
    trusts: Vec<Option<Trust>>,
    /// Held against, and nothing is sent.
    looks: Vec<Trust>,
}

/// Which journey a wish is answered by, and by which parts of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    pub turn: usize,
    pub trust: usize,
    pub own: Option<usize>,
}

/// Joins the wishes into as few journeys as there are secrets and hosts.
pub fn turns(wishes: &[Wish]) -> (Vec<Turn>, Vec<Answered>) {
    let mut turns: Vec<Turn> = Vec::new();
    let places: Vec<usize> = wishes.iter().map(|wish| place(&mut turns, wish)).collect();
    for turn in &mut turns {
        turn.trusts.sort_by_key(rank);
    }
    let answered = wishes.iter().zip(places).map(|(wish, turn)| {
        let trust = wish.trust.as_ref().map(|(trust, _)| trust.clone());
        Answered {
            turn,
            trust: turns[turn].trusts.iter().position(|one| *one == trust).unwrap_or_default(),
            own: wish.own.as_ref().and_then(|own| turns[turn].looks.iter().position(|one| one == own)),
        }
    });
    let answered = answered.collect();
    (turns, answered)
}

fn place(turns: &mut Vec<Turn>, wish: &Wish) -> usize {
    let same = |turn: &Turn| {
        let credentials = match (&turn.credential, &wish.credential) {
            (Some(one), Some(other)) => one.same_as(other),
            (None, None) => true,
            _ => false,
        };
        credentials && turn.endpoints == wish.endpoints
    };
    let at = turns.iter().position(same).unwrap_or_else(|| {
        turns.push(Turn {
            endpoints: wish.endpoints.clone(),
            credential: wish.credential.as_ref().map(Credential::share),
            paths: Vec::new(),
            storages_of: Vec::new(),
            certificates_of: Vec::new(),
            guests: false,
            lists: false,
            trusts: Vec::new(),
            looks: Vec::new(),
        });
        turns.len() - 1
    });
    let turn = &mut turns[at];
    let trust = wish.trust.as_ref().map(|(trust, _)| trust.clone());
    put(&mut turn.trusts, &trust);
    wish.own.iter().for_each(|own| put(&mut turn.looks, own));
    wish.paths.iter().for_each(|path| put(&mut turn.paths, path));
    wish.storages_of.iter().for_each(|node| put(&mut turn.storages_of, node));
    wish.certificates_of.iter().for_each(|node| put(&mut turn.certificates_of, node));
    turn.certificates_of.truncate(NODES);
    turn.guests |= wish.guests;
    turn.lists |= wish.lists;
    at
}

fn put<T: PartialEq + Clone>(all: &mut Vec<T>, one: &T) {
    if !all.contains(one) {
        all.push(one.clone());
    }
}

fn rank(trust: &Option<Trust>) -> u8 {
    match trust {
        Some(Trust::Pin(_)) => 0,
        Some(Trust::Ca(_)) => 1,
        Some(Trust::System) => 2,
        Some(Trust::Unverified) => 3,
        None => 4,
    }
}

impl Turn {
    /// How many questions come one after the other, and how many more are put beside the first.
    pub fn len(&self) -> (usize, usize) {
        (self.trusts.len(), self.looks.len())
    }

    /// The question with trust number `at`; it signs in unless an earlier one did.
    pub fn inquiry(&self, at: usize, signed_in: bool) -> Inquiry {
        let trust = self.trusts[at].clone();
        let credential = self.credential.as_ref().filter(|_| trust.is_some() && !signed_in).map(Credential::share);
        Inquiry {
            trust,
            paths: self.paths.clone(),
            lists: self.lists,
            guests: self.guests,
            storages_of: self.storages_of.clone(),
            certificates_of: self.certificates_of.clone(),
            estate: credential.is_some(),
            credential,
            ..Inquiry::to(self.endpoints.clone())
        }
    }

    /// The question that only holds the certificate against what the tool holds it against.
    pub fn look(&self, at: usize) -> Inquiry {
        Inquiry { trust: Some(self.looks[at].clone()), ..Inquiry::to(self.endpoints.clone()) }
    }

    /// The host and port that are asked, for whoever waits.
    pub fn place(&self) -> String {
        self.endpoints.first().map(ToString::to_string).unwrap_or_default()
    }
}

/// Whether the request that can fail was sent, or is on its way.
pub fn signed_in(seen: &[Observation]) -> bool {
    seen.iter().any(|one| inside(&one.seen))
}

/// Whether whoever signed in was let in.
pub fn let_in(seen: &[Observation]) -> bool {
    seen.iter().any(|one| matches!(one.seen, Seen::SignedIn { .. }))
}

fn inside(seen: &Seen) -> bool {
    // Who notes only what came of a link has no longer that it was started.
    let of_link = matches!(seen, Seen::Started(Link::SignIn) | Seen::Failed { link: Link::SignIn, .. });
    of_link || matches!(seen, Seen::SignedIn { .. } | Seen::SignInRefused { .. })
}

/// What one who did not sign in anew saw on the road, with what was seen behind the sign-in that stands for all.
pub fn joined(road: Vec<Observation>, signed: &[Observation]) -> Vec<Observation> {
    let held = road.iter().any(|one| matches!(&one.seen, Seen::Certificate { verdict: Some(Ok(())), .. }));
    if !held {
        return road;
    }
    let behind = signed.iter().skip_while(|one| !inside(&one.seen)).cloned();
    road.into_iter().chain(behind).collect()
}

/// What a look at the certificate alone adds: how it held against what the tool holds it against.
pub fn handshake(seen: &[Observation]) -> Vec<Observation> {
    seen.iter().filter(|one| matches!(one.seen, Seen::Certificate { .. })).cloned().collect()
}

/// Nobody signed in, since nothing says what the certificate is to be; not where a CA file that cannot be used says why.
pub fn unsettled(
    host: &ConfigHost,
    wish: &Wish,
    ca: CaFile<'_>,
    strict: bool,
    seen: &[Observation],
) -> Option<Finding> {
    let reached = seen.iter().any(|one| matches!(one.seen, Seen::IsProxmox { .. }));
    let open = wish.trust.is_none() && host.credential.is_some() && reached && ca != CaFile::Broken;
    open.then(|| untold::unsettled(&host.typed, strict, &host.verifying(), seen))
}

/// The CA among those of a file; none where it holds only those that this system has anyway, which `public` tells as PEM.
///
/// # Errors
/// Why it holds none, in a sentence.
pub fn ca_among(text: &str, public: impl FnOnce() -> String) -> Result<Option<Der>, String> {
    let all = certificates_from_pem(text).map_err(|_| "It holds no certificate that can be read.")?;
    match all.as_slice() {
        [] => Err("It holds no certificate.".to_owned()),
        [one] => Ok(Some(one.clone())),
        // A file that stands in place of the system's CAs holds these too; what is beside them is the cluster's.
        many => {
            let public = certificates_from_pem(&public()).unwrap_or_default();
            Ok(many.iter().rev().find(|one| !public.contains(one)).cloned())
        }
    }
}
