//! Checks config files: reads them, asks their hosts side by side, and judges. It writes nothing, not even its own memory.

pub(super) mod files;
mod travel;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::client;
use crate::diagnosis::checked::{Asked, Checked, Circumstances, judge_config};
use crate::diagnosis::config::Config;
use crate::diagnosis::leaning::Leaning;
use crate::diagnosis::proved::proved;
use crate::diagnosis::round::{self, Answered, CaFile, Trusting, Turn, Wish};
use crate::diagnosis::shared::{self, Tried};
use crate::diagnosis::untold;
use crate::disk::{self, Caller};
use crate::domain::finding::Finding;
use crate::domain::observation::Surroundings;
use crate::domain::{ConfigRecord, Credential, HostRecord, Observation, RunSeen, Seen, Trust};
use crate::target::Library;
use files::{File, Understood};
use travel::Travelled;

/// What is to be checked, and how.
#[derive(Clone, Debug)]
pub struct Order {
    /// Files, or folders to look through; without any, what labwizard wrote and what lies below the folder one stands in.
    pub files: Vec<PathBuf>,
    /// Nobody is asked: text and file only.
    pub offline: bool,
    /// Nothing is sent where nothing verifies.
    pub strict: bool,
    /// What every host's certificate is held against, before all else.
    pub trust: Option<Trust>,
    /// For the whole check.
    pub within: Duration,
}

/// What a check stands on.
#[derive(Clone)]
pub struct Ground {
    /// The folder one stands in.
    pub here: PathBuf,
    pub library: Library,
    /// The hosts that earlier runs agreed to.
    pub hosts: Vec<HostRecord>,
    /// What earlier runs remember of files.
    pub configs: Vec<ConfigRecord>,
    /// The files that earlier runs wrote, the latest first.
    pub wrote: Vec<PathBuf>,
    /// What earlier runs did on hosts, the latest first.
    pub runs: Vec<RunSeen>,
    /// The names of the variables that are set.
    pub environment: Vec<String>,
    pub surroundings: Surroundings,
    pub caller: Caller,
    pub git: Option<disk::Git>,
    pub options: client::Options,
}

impl Ground {
    /// Where nothing is known but the targets: no host was agreed to, no run left anything, and git is not asked.
    pub fn bare(here: PathBuf, library: Library, caller: Caller, options: client::Options) -> Self {
        Ground {
            here,
            library,
            hosts: Vec::new(),
            configs: Vec::new(),
            wrote: Vec::new(),
            runs: Vec::new(),
            environment: Vec::new(),
            surroundings: Surroundings::default(),
            caller,
            git: None,
            options,
        }
    }
}

/// The hosts that have not answered everything yet, for whoever shows that it goes on.
#[derive(Clone, Debug, Default)]
pub struct Waiting(Arc<Mutex<Vec<String>>>);

impl Waiting {
    /// `host:port` of each.
    pub fn places(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, place: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(place);
    }

    fn remove(&self, place: &str) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = places.iter().position(|one| one == place) {
            places.swap_remove(at);
        }
    }
}

/// What came of a check.
#[derive(Debug)]
pub struct Outcome {
    /// In the order in which they were named or found.
    pub files: Vec<Checked>,
    /// Files that lie here under the name of a tool's file and are none, with why.
    pub passed_over: Vec<(PathBuf, String)>,
    /// Folders lie here that were not looked through.
    pub more: bool,
}

/// Checks what is ordered, within its time.
pub async fn check(order: &Order, ground: &Ground, waiting: &Waiting) -> Outcome {
    let deadline = Instant::now() + order.within;
    let found = files::which(order, ground, deadline).await;
    let (files, passed_over) = files::understood(found.places, ground, deadline).await;
    let by = Trusting { given: order.trust.as_ref(), records: &ground.hosts, strict: order.strict };
    let wishes: Vec<Wish> = if order.offline { Vec::new() } else { wishes(&files, ground, by) };
    let (turns, answered) = round::turns(&wishes);
    let turns: Vec<Arc<Turn>> = turns.into_iter().map(Arc::new).collect();
    // Git takes as long as a round trip; it is asked beside the hosts.
    let (travelled, files) =
        tokio::join!(travel::all(&turns, &ground.options, deadline, waiting), files::with_git(files, ground, deadline));
    let round = Round { order, ground, wishes, answered, travelled };
    let mut checked: Vec<Checked> = files.into_iter().enumerate().map(|(at, file)| round.judge(at, file)).collect();
    shared::join(&mut checked, &round.tried());
    Outcome { files: checked, passed_over, more: found.more }
}

fn wishes(files: &[File], ground: &Ground, by: Trusting<'_>) -> Vec<Wish> {
    let mut all = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let Ok(understood) = &file.understood else { continue };
        for host in &understood.config.hosts {
            all.extend(Wish::of(at, &understood.config, host, &ground.library, understood.ca(host.instance), by));
        }
    }
    all
}

/// Everything that was asked and answered.
struct Round<'a> {
    order: &'a Order,
    ground: &'a Ground,
    wishes: Vec<Wish>,
    answered: Vec<Answered>,
    travelled: Vec<Travelled>,
}

impl Round<'_> {
    fn judge(&self, at: usize, file: File) -> Checked {
        let understood = match file.understood {
            Ok(understood) => understood,
            Err(finding) => {
                let findings = vec![*finding];
                return Checked { path: file.path, target: None, proved: Vec::new(), signed_in: false, findings };
            }
        };
        let config = &understood.config;
        let mine: Vec<(&Wish, &Answered)> =
            self.wishes.iter().zip(&self.answered).filter(|(wish, _)| wish.of.0 == at).collect();
        // What was seen is much, and is copied once.
        let asked: Vec<Asked> = mine.iter().map(|(wish, answer)| self.asked(wish, answer)).collect();
        let untold: Vec<Finding> = mine
            .iter()
            .zip(&asked)
            .filter_map(|((wish, answer), asked)| self.untold(&understood, wish, answer, &asked.seen))
            .collect();
        let proved = mine.iter().zip(&asked).flat_map(|((wish, _), asked)| self.proved(config, wish, asked)).collect();
        let let_in = asked.iter().all(|asked| round::let_in(&asked.seen));
        let signed_in = !mine.is_empty() && mine.len() == config.hosts.len() && let_in;
        // What the tool stops at first is told first.
        let by_itself = mine.iter().map(|(wish, answer)| self.asked_by_itself(wish, answer));
        let asked: Vec<Asked> = by_itself.zip(asked).flat_map(|(own, asked)| own.into_iter().chain([asked])).collect();
        let about = Circumstances {
            library: &self.ground.library,
            records: &self.ground.hosts,
            surroundings: &self.ground.surroundings,
            runs: &self.ground.runs,
            now: self.ground.options.moment(),
        };
        let mut findings: Vec<Finding> = Vec::new();
        let no_ca = understood.no_ca.iter().map(|(_, finding)| finding.clone());
        for finding in judge_config(config, &asked, &about).into_iter().chain(no_ca).chain(untold) {
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
        if !self.order.offline {
            let untested = untold::untested(config, &findings);
            findings.extend(untested);
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let target = self.ground.library.get(&config.target);
        let target = target.map(|target| (target.name.clone(), target.spec.title.as_str().to_owned()));
        Checked { path: file.path, target, proved, signed_in, findings }
    }

    /// What was seen for a wish under the trust that signs in.
    fn asked(&self, wish: &Wish, answer: &Answered) -> Asked {
        let seen = self.travelled[answer.turn].seen(answer.trust);
        Asked { instance: wish.of.1, trust: wish.trust.clone(), seen }
    }

    /// How the certificate held against the tool's own trust, where that is another.
    fn asked_by_itself(&self, wish: &Wish, answer: &Answered) -> Option<Asked> {
        let (own, at) = wish.own.as_ref().zip(answer.own)?;
        let seen = round::handshake(&self.travelled[answer.turn].looks[at]);
        Some(Asked { instance: wish.of.1, trust: Some((own.clone(), Leaning::File)), seen })
    }

    /// What could not be found out.
    fn untold(&self, understood: &Understood, wish: &Wish, answer: &Answered, seen: &[Observation]) -> Option<Finding> {
        let host = understood.config.hosts.iter().find(|host| host.instance == wish.of.1)?;
        if !self.travelled[answer.turn].ended {
            return Some(untold::unfinished(&host.typed, self.order.within, seen));
        }
        round::unsettled(host, wish, understood.ca(host.instance), self.order.strict, seen)
    }

    fn proved(&self, config: &Config, wish: &Wish, asked: &Asked) -> Vec<String> {
        let Some(host) = config.hosts.iter().find(|host| host.instance == wish.of.1) else { return Vec::new() };
        let needs = config.needs_seen(&self.ground.library, host, &asked.seen);
        let title = config.spec(&self.ground.library).map_or("", |spec| spec.title.as_str());
        proved(host, title, &needs, asked)
    }

    /// Who tried to sign in, each once.
    fn tried(&self) -> Vec<Tried> {
        let of_turn = |(at, travelled): (usize, &Travelled)| {
            let refused = travelled.signed().iter().any(|one| matches!(one.seen, Seen::SignInRefused { .. }));
            let let_in = travelled.signed().iter().any(|one| matches!(one.seen, Seen::SignedIn { .. }));
            if !refused && !let_in {
                return None;
            }
            let mine = || self.wishes.iter().zip(&self.answered).filter(|(_, answer)| answer.turn == at);
            let (wish, _) = mine().next()?;
            let who = wish.credential.as_ref()?;
            let user = match who {
                Credential::Token { id, .. } => id.user.clone(),
                Credential::Password { user, .. } => user.clone(),
                Credential::Ticket(_) | Credential::Shell(_) => return None,
            };
            let files = mine().map(|(wish, _)| (wish.of.0, wish.typed.clone())).collect();
            let place = wish.endpoints.first()?.to_string();
            Some(Tried { files, place, user, who: who.to_string(), refused })
        };
        self.travelled.iter().enumerate().filter_map(of_turn).collect()
    }
}

/// What was seen by one question, while it may still be under way.
type Notes = Arc<Mutex<Vec<Observation>>>;

fn taken(notes: &Notes) -> Vec<Observation> {
    std::mem::take(&mut *notes.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Understood {
    fn ca(&self, instance: u8) -> CaFile<'_> {
        if self.no_ca.iter().any(|(of, _)| *of == instance) {
            return CaFile::Broken;
        }
        self.cas.iter().find(|(of, _)| *of == instance).map_or(CaFile::None, |(_, ca)| CaFile::Holds(ca))
    }
}
