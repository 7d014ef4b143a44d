//! The world that effects are run against: the client, the disk, and what is under way.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc};
use tokio::task::{AbortHandle, JoinSet};

use crate::client::{self, survey};
use crate::disk::{self, Caller, DiskError, RunId, State};
use crate::domain::around::{Around, Git, Module};
use crate::domain::{
    Der, Endpoint, FileSeen, Fingerprint, HostRecord, Timestamp, Trouble, Trust, certificates_from_pem,
};
use crate::runtime::check::files::ca_in;
use crate::runtime::desks::Desks;
use crate::runtime::perform::Performer;
use crate::runtime::searched::searched;
use crate::runtime::sessions::Sessions;
use crate::wizard::message::{Effect, Exit, Msg, ProbeId};

/// Client, disk, and the tasks that are under way.
pub struct World {
    options: Arc<client::Options>,
    state: State,
    caller: Caller,
    git: Option<disk::Git>,
    performer: Arc<Mutex<Performer>>,
    sessions: Arc<Sessions>,
    answers: Option<mpsc::UnboundedSender<Msg>>,
    probes: Vec<(ProbeId, AbortHandle)>,
    tasks: JoinSet<()>,
}

impl World {
    pub fn new(options: client::Options, state: State, caller: Caller, git: Option<disk::Git>) -> Self {
        let options = Arc::new(options);
        let sessions = Arc::new(Sessions::new(Arc::clone(&options)));
        let desks = Desks::new(Arc::clone(&options), Arc::clone(&sessions));
        let performer = Performer::new(state.clone(), caller, desks);
        World {
            options,
            state,
            caller,
            git,
            performer: Arc::new(Mutex::new(performer)),
            sessions,
            answers: None,
            probes: Vec::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Gives the run of this conversation its name, by which what it makes is marked.
    pub async fn call_run(&mut self, name: &str) {
        if let Some(name) = RunId::parse(name) {
            self.performer.lock().await.is_called(name);
        }
    }

    /// Says where the answers to effects go.
    pub fn answer_to(&mut self, answers: mpsc::UnboundedSender<Msg>) {
        self.answers = Some(answers);
    }

    /// The longest that an action in flight and what takes it back are waited for when nobody is there any more.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_secs(5) + self.options.limits.connect + self.options.limits.total
    }

    /// Starts an effect; its answer comes as a message. Leaving is answered at once.
    pub fn run(&mut self, effect: Effect) -> Option<Exit> {
        let answers = self.answers.clone()?;
        match effect {
            Effect::LookAround(folder) => {
                let (caller, git) = (self.caller, self.git.clone());
                self.tasks.spawn_blocking(move || {
                    let around = look_around(&folder, None, git.as_ref(), &caller);
                    // A conversation that is over hears nothing more.
                    let _ = answers.send(Msg::Around(Box::new(around)));
                });
            }
            Effect::Look(id, path) => {
                let (caller, git) = (self.caller, self.git.clone());
                self.tasks.spawn_blocking(move || {
                    let answer = look(&path, git.as_ref(), &caller);
                    let _ = answers.send(Msg::Looked(id, Box::new(answer.map_err(|error| trouble(&error)))));
                });
            }
            Effect::LookAtCa(id, path) => {
                let caller = self.caller;
                self.tasks.spawn_blocking(move || {
                    let _ = answers.send(Msg::LookedAtCa(id, ca_in(&path, &caller)));
                });
            }
            Effect::Search(id, what) => {
                let git = self.git.clone();
                self.tasks.spawn_blocking(move || {
                    let (seen, around, secrets) = *what;
                    let found = searched(around, &seen, &secrets, git.as_ref());
                    let _ = answers.send(Msg::Searched(id, Box::new(found)));
                });
            }
            Effect::Survey(id, inquiry) => {
                let (options, sessions) = (Arc::clone(&self.options), Arc::clone(&self.sessions));
                let handle = self.tasks.spawn(async move {
                    let inquiry = sessions.freshened(inquiry).await;
                    let seen = answers.clone();
                    survey(inquiry, &options, move |observation| {
                        let _ = seen.send(Msg::Saw(id, observation));
                    })
                    .await;
                    let _ = answers.send(Msg::Ended(id));
                });
                self.probes.push((id, handle));
            }
            Effect::Cancel(id) => {
                if let Some(at) = self.probes.iter().position(|(probe, _)| *probe == id) {
                    self.probes.swap_remove(at).1.abort();
                }
            }
            Effect::Perform(run, index, action) => {
                self.work(async move |performer| {
                    if let Some(name) = performer.begun_now(&action) {
                        let _ = answers.send(Msg::Began(run, name));
                    }
                    let made = |secret| drop(answers.send(Msg::Made(run, index, secret)));
                    let outcome = performer.perform(index, action, made).await;
                    let _ = answers.send(Msg::Performed(run, index, outcome));
                });
            }
            Effect::TakeBack(run, index, action) => {
                self.work(async move |performer| {
                    let outcome = performer.take_back(index, action).await;
                    let _ = answers.send(Msg::TookBack(run, index, outcome));
                });
            }
            Effect::LogIn(id, login) => {
                let options = Arc::clone(&self.options);
                self.tasks.spawn(async move {
                    let answer = client::log_in(*login, &options).await;
                    let _ = answers.send(Msg::LoggedIn(id, Box::new(answer)));
                });
            }
            // With nobody at a terminal: ssh fails where it would ask.
            Effect::OpenShell(id, place) => {
                let options = Arc::clone(&self.options);
                self.tasks.spawn_blocking(move || {
                    let answer = client::ssh::open(&place, true, &options);
                    let _ = answers.send(Msg::Opened(id, answer));
                });
            }
            // A login was sent already, and its answer is nobody's; a shell that is being opened is not to be.
            Effect::Drop(_) => self.options.shells.give_up(),
            Effect::EndRun(_) => self.work(async |performer| performer.end()),
            Effect::SaveAnswers(path, text) => {
                let caller = self.caller;
                let state = self.state.clone();
                let now = crate::runtime::perform::seconds_now();
                self.tasks.spawn_blocking(move || {
                    let answer = crate::runtime::perform::save_answers(&state, &caller, &path, text, now);
                    let _ = answers.send(Msg::Saved(answer));
                });
            }
            Effect::KeepWalk(walk) => {
                // A walk that cannot be kept is no reason to keep anybody: its answers hold no secret and are typed again.
                let _ = match walk {
                    Some(text) => self.state.keep_walk(&text),
                    None => self.state.drop_walk(),
                };
            }
            Effect::Leave(exit) => return Some(exit),
        }
        None
    }

    pub(super) fn options(&self) -> &client::Options {
        &self.options
    }

    /// Lets the performer work on a thread of its own: it waits for the disk as well as for the network.
    fn work(&mut self, job: impl AsyncFnOnce(&mut Performer) + Send + 'static) {
        let performer = Arc::clone(&self.performer);
        let runtime = tokio::runtime::Handle::current();
        self.tasks.spawn_blocking(move || {
            runtime.block_on(async { job(&mut *performer.lock().await).await });
        });
    }

    /// Ends what is only being looked at, and lets what writes come to its end; then the shells.
    pub async fn settle(&mut self) {
        self.options.shells.give_up();
        for (_, probe) in self.probes.drain(..) {
            probe.abort();
        }
        while self.tasks.join_next().await.is_some() {}
        self.options.shells.close();
    }

    /// Ends without waiting for what is under way. What was announced in the journal is found there by the next start.
    pub(super) fn abandon(&mut self) {
        self.tasks.detach_all();
        self.options.shells.close();
    }
}

/// What a disk error says, without the error.
pub(super) fn trouble(error: &DiskError) -> Trouble {
    Trouble::new(error.sentence(), Some(error.hint()).filter(|hint| !hint.is_empty()))
}

/// Reads a file, and looks around it.
pub(super) fn look(path: &Path, git: Option<&disk::Git>, caller: &Caller) -> Result<(FileSeen, Around), DiskError> {
    if path.is_dir() {
        // The page completes a folder by the file's usual name; what lies in it is told either way.
        let seen = disk::read_config(&path.join(".labwizard-none"), caller)?;
        return Ok((seen, look_around(path, None, git, caller)));
    }
    let seen = disk::read_config(path, caller)?;
    let folder = seen.path.parent().unwrap_or(Path::new("/")).to_owned();
    let around = look_around(&folder, Some(&seen.path), git, caller);
    Ok((seen, around))
}

/// What lies around a folder. What cannot be listed is not there: the file itself says what is wrong.
fn look_around(folder: &Path, file: Option<&Path>, git: Option<&disk::Git>, caller: &Caller) -> Around {
    let Ok(listing) = disk::look_around(folder) else {
        return Around { folder: folder.to_owned(), ..Around::default() };
    };
    let examples = listing
        .examples
        .iter()
        .filter_map(|name| {
            let seen = disk::read_config(&listing.folder.join(name), caller).ok()?;
            Some((name.clone(), seen.there?.text))
        })
        .collect();
    let module = listing.module.as_ref().map(|module| {
        let texts = module.read().map(|texts| texts.files).unwrap_or_default();
        let loaded = disk::look_around(&module.folder)
            .map(|inside| {
                let named = inside.files.into_iter().filter(|name| loads_itself(name));
                named
                    .filter_map(|name| {
                        let seen = disk::read_config(&module.folder.join(&name), caller).ok()?;
                        Some((name, seen.there?.text))
                    })
                    .collect()
            })
            .unwrap_or_default();
        Module { folder: module.folder.clone(), code: texts, loaded }
    });
    let git = file.map_or(Git::NoRepository, |file| match disk::git_state(git, file) {
        disk::GitState::NoRepo => Git::NoRepository,
        disk::GitState::Tracked => Git::Tracked,
        disk::GitState::Ignored => Git::Ignored,
        disk::GitState::WouldTrack => Git::WouldTrack,
        disk::GitState::GitMissing => Git::Unknown("there is no git on this machine".into()),
        disk::GitState::Unknown(why) => Git::Unknown(why),
    });
    let names = listing.files.clone();
    Around { folder: listing.folder.clone(), names, examples, module, git, ..Around::default() }
}

/// Which variable files OpenTofu and Terraform load by themselves.
fn loads_itself(name: &str) -> bool {
    name == "terraform.tfvars" || name.ends_with(".auto.tfvars")
}

/// A remembered host as the conversation knows it; none where its entry cannot be read.
pub fn record_from_state(record: &disk::HostRecord, caller: &Caller) -> Option<HostRecord> {
    let endpoint = endpoint(&record.endpoint)?;
    let leaf: Fingerprint = record.leaf.as_deref()?.parse().ok()?;
    let trust = match record.trust {
        disk::TrustKind::Pin => Trust::Pin(leaf),
        disk::TrustKind::System => Trust::System,
        disk::TrustKind::None => Trust::Unverified,
        // A CA that is gone, or another one in its place, leaves what was seen when it was agreed to.
        disk::TrustKind::Ca => kept_ca(record, caller).map_or(Trust::Pin(leaf), Trust::Ca),
    };
    Some(HostRecord {
        endpoint,
        trust,
        leaf,
        cluster: record.cluster.clone(),
        nodes: record.nodes.clone(),
        when: Timestamp::try_from(record.when).unwrap_or(Timestamp::MAX),
    })
}

fn endpoint(text: &str) -> Option<Endpoint> {
    crate::domain::host_input::parse_host(text).ok()?.endpoints.into_iter().next()
}

/// The CA of a remembered host, where its file still holds the one that was agreed to.
fn kept_ca(record: &disk::HostRecord, caller: &Caller) -> Option<Der> {
    let pem = disk::read_config(record.ca_path.as_deref()?, caller).ok()?.there?.text;
    let der = certificates_from_pem(pem.as_str()).ok()?.into_iter().next()?;
    let key = crate::domain::Certificate::from_der(&der.0).ok()?.key;
    (record.ca_key.as_deref()?.parse::<Fingerprint>().ok()? == key).then_some(der)
}
