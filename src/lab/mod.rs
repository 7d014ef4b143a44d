//! The embedded lab: a Proxmox that answers like the real one, over TLS on 127.0.0.1, for demo and tests.
//!
//! It writes nothing, keeps its keys in memory, makes its secrets at random at every start, and ends with its owner.

mod answer;
mod broken;
pub mod ca;
mod certificates;
pub mod config;
mod console;
mod cut;
pub mod http;
mod lesson;
mod pages;
pub mod proxmox;
pub mod release;
pub mod scenario;
mod serve;
mod upload;

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::ServerConfig;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use certificates::NewCertificate;
use certificates::Served;
pub use console::{Console, Printed};
pub use cut::CutAt;
use cut::Cuts;
pub use lesson::Lesson;
pub use proxmox::access_state::AccessState;
pub use proxmox::cluster::Cluster;
pub use proxmox::tfa::totp_code;
pub use release::LabRelease;
pub use scenario::Scenario;

/// So many requests are remembered; later ones are answered and forgotten.
const MOST_REMEMBERED: usize = 10_000;

/// How a lab is to be.
#[derive(Clone, Debug)]
pub struct LabConfig {
    pub release: LabRelease,
    pub scenario: Scenario,
    /// Added to each round trip: connecting, the handshake, and every request.
    pub delay: Duration,
    /// How long a refused login is held back. Proxmox: 3 s.
    pub hold: Duration,
    /// A connection that says nothing for so long is closed. Proxmox: 5 s.
    pub idle: Duration,
    /// Names besides those of loopback that a request may be for.
    pub names: Vec<String>,
}

impl Default for LabConfig {
    fn default() -> Self {
        LabConfig {
            release: LabRelease::default(),
            scenario: Scenario::default(),
            delay: Duration::ZERO,
            hold: Duration::from_secs(3),
            idle: Duration::from_secs(5),
            names: Vec::new(),
        }
    }
}

impl LabConfig {
    /// The newest release, nothing wrong, and no waiting: for tests that do not measure time.
    pub fn quick() -> LabConfig {
        LabConfig { hold: Duration::ZERO, ..LabConfig::default() }
    }
}

/// A user of the lab and how they log in. Without `Debug`: it holds secrets.
#[derive(Clone)]
pub struct LabUser {
    pub user: String,
    pub password: String,
    /// The secret of their second factor, base32, as an authenticator app takes it.
    pub totp: Option<String>,
    /// Their recovery keys, each good for one login.
    pub recovery: Vec<String>,
    /// What is special about them, in one line.
    pub about: String,
}

impl LabUser {
    /// The code that their authenticator app would show now.
    pub fn code_now(&self) -> Option<String> {
        let secret = proxmox::tfa::from_base32(self.totp.as_deref()?)?;
        Some(totp_code(&secret, http::unix_now()))
    }
}

/// A token of the lab: what was handed out, whether or not it still works. Without `Debug`: it holds a secret.
#[derive(Clone)]
pub struct LabToken {
    /// `user@realm!name`
    pub id: String,
    pub secret: String,
    /// What is special about it, in one line.
    pub about: String,
}

/// A request that arrived.
#[derive(Clone)]
pub struct Received {
    /// From 0, in the order in which connections came.
    pub connection: usize,
    pub method: String,
    /// With its query.
    pub path: String,
    /// Whether a token or a ticket came with it.
    pub had_authorization: bool,
    /// Whether it came over TLS.
    pub tls: bool,
    /// Head and body, as they came after TLS; no more than 64 KiB.
    pub raw: Vec<u8>,
}

impl std::fmt::Debug for Received {
    /// Says how much arrived, not what: there are secrets in it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} on connection {} ({} bytes)", self.method, self.path, self.connection, self.raw.len())
    }
}

pub(crate) struct Shared {
    config: LabConfig,
    port: u16,
    cluster: Mutex<Cluster>,
    tls: RwLock<Served>,
    received: Mutex<Vec<Received>>,
    connections: AtomicUsize,
    cuts: Mutex<Cuts>,
    /// The web server was started anew, and is well since.
    restarted: AtomicBool,
}

/// A poisoned lock is one that a panicking test held; what it guards is still good.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn release(&self) -> LabRelease {
        self.config.release
    }

    /// What is wrong now.
    fn scenario(&self) -> Scenario {
        let wrong = self.config.scenario;
        if wrong.is_stuck() && self.restarted.load(Ordering::SeqCst) { Scenario::Fine } else { wrong }
    }

    fn tls_for(&self, connection: usize) -> Arc<ServerConfig> {
        self.tls.read().unwrap_or_else(PoisonError::into_inner).for_connection(connection)
    }
}

/// A running lab. Dropping it stops it.
pub struct Lab {
    shared: Arc<Shared>,
    users: Vec<LabUser>,
    tokens: Vec<LabToken>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Lab {
    /// Starts a lab on the runtime of the caller.
    pub async fn start(config: LabConfig) -> io::Result<Lab> {
        let seed = proxmox::seed::seed(config.release, config.scenario);
        Lab::start_with(config, seed.cluster, seed.users, seed.tokens).await
    }

    /// Starts a lab with a cluster of one's own.
    pub async fn start_with(
        config: LabConfig,
        mut cluster: Cluster,
        users: Vec<LabUser>,
        tokens: Vec<LabToken>,
    ) -> io::Result<Lab> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        cluster.release = config.release;
        let served = Served::first(&config, &mut cluster)?;
        Lab::serving(config, (listener, port), (cluster, users, tokens), served)
    }

    /// Starts something else on this machine, whose certificate the same CA signed: what an address leads to that is mistyped.
    pub async fn beside(&self, scenario: Scenario) -> io::Result<Lab> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let config = LabConfig { scenario, ..self.shared.config.clone() };
        let seed = proxmox::seed::seed(config.release, scenario);
        let mut cluster = seed.cluster;
        let served = self.served(|served| Served::by(served.authority.share(), &mut cluster))?;
        Lab::serving(config, (listener, port), (cluster, seed.users, seed.tokens), served)
    }

    fn serving(
        config: LabConfig,
        (listener, port): (TcpListener, u16),
        (cluster, users, tokens): (Cluster, Vec<LabUser>, Vec<LabToken>),
        served: Served,
    ) -> io::Result<Lab> {
        let shared = Arc::new(Shared {
            config,
            port,
            cluster: Mutex::new(cluster),
            tls: RwLock::new(served),
            received: Mutex::default(),
            connections: AtomicUsize::new(0),
            cuts: Mutex::default(),
            restarted: AtomicBool::new(false),
        });
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(serve::listen(listener, shared.clone(), stopped));
        Ok(Lab { shared, users, tokens, stop, thread: None })
    }

    /// Starts a lab on a thread of its own, also from within another runtime.
    pub fn start_in_thread(config: LabConfig) -> io::Result<Lab> {
        let (tell, told) = std::sync::mpsc::channel();
        let serve = move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(tell.send(Err(error))),
            };
            runtime.block_on(async {
                let lab = Lab::start(config).await;
                let stopped = lab.as_ref().ok().map(|lab| lab.stop.subscribe());
                let is_wanted = tell.send(lab).is_ok();
                if let Some(mut stopped) = stopped.filter(|_| is_wanted) {
                    // Ends when the lab is dropped, and takes all connections with it.
                    let _ = stopped.changed().await;
                }
            });
        };
        let thread = std::thread::Builder::new().name("lab".to_string()).spawn(serve)?;
        let mut lab = told.recv().map_err(io::Error::other)??;
        lab.thread = Some(thread);
        Ok(lab)
    }

    pub fn port(&self) -> u16 {
        self.shared.port
    }

    /// `https://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.shared.port)
    }

    /// Of the certificate that is served now: SHA-256, upper case, with colons.
    pub fn fingerprint(&self) -> String {
        self.served(|served| served.leaf.issued.fingerprint())
    }

    /// The CA of the cluster that is served now.
    pub fn ca_pem(&self) -> String {
        self.served(|served| served.authority.issued.pem.clone())
    }

    /// The CA that signed what is served now, whether or not it is the cluster's.
    pub fn signer_pem(&self) -> String {
        self.served(|served| served.signer.as_ref().unwrap_or(&served.authority).issued.pem.clone())
    }

    fn served<R>(&self, read: impl FnOnce(&Served) -> R) -> R {
        read(&self.shared.tls.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The name of the node that answers.
    pub fn node(&self) -> String {
        self.change(|cluster| cluster.here().to_string())
    }

    pub fn release(&self) -> LabRelease {
        self.shared.release()
    }

    /// Who can log in, or could.
    pub fn users(&self) -> Vec<LabUser> {
        self.users.clone()
    }

    /// One of them, by `user@realm`.
    pub fn user(&self, id: &str) -> Option<LabUser> {
        self.users.iter().find(|user| user.user == id).cloned()
    }

    /// The tokens that were handed out, the best first.
    pub fn tokens(&self) -> Vec<LabToken> {
        self.tokens.clone()
    }

    /// One of them, by `user@realm!name`.
    pub fn token(&self, id: &str) -> Option<LabToken> {
        self.tokens.iter().find(|token| token.id == id).cloned()
    }

    /// Reads or changes the cluster between two requests.
    pub fn change<R>(&self, change: impl FnOnce(&mut Cluster) -> R) -> R {
        change(&mut locked(&self.shared.cluster))
    }

    /// The requests that arrived, oldest first.
    pub fn received(&self) -> Vec<Received> {
        locked(&self.shared.received).clone()
    }

    /// How many connections came, whether or not they asked anything.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The users, tokens, roles and grants as they are now, without secrets: to be compared with an earlier or later state.
    pub fn access_state(&self) -> AccessState {
        self.change(|cluster| cluster.access_state())
    }

    /// The secret that a token, `user@realm!name`, has now; none where there is no such token.
    pub fn token_secret(&self, id: &str) -> Option<String> {
        self.change(|cluster| cluster.token(id).map(|token| token.secret.clone()))
    }

    /// As if somebody had been here before: what a scenario shows after the first connection is shown from now on.
    pub fn go_on(&self) {
        self.shared.tls.write().unwrap_or_else(PoisonError::into_inner).go_on();
    }

    /// Serves another certificate from the next connection on.
    pub fn swap_certificate(&self, new: NewCertificate) -> io::Result<()> {
        let mut served = self.shared.tls.write().unwrap_or_else(PoisonError::into_inner);
        served.swap(new, self.release(), &mut locked(&self.shared.cluster))
    }

    /// The object that `demo --serve --json` prints; `ca` is where the caller put [`Lab::ca_pem`].
    pub fn serve_json(&self, ca: &Path) -> Value {
        let user = |user: &LabUser| {
            json!({
                "user": user.user,
                "password": user.password,
                "totp": user.totp,
                "recovery": user.recovery,
                "about": user.about,
            })
        };
        let token = |token: &LabToken| json!({ "id": token.id, "secret": token.secret, "about": token.about });
        json!({
            "proxmox": [{
                "url": self.url(),
                "release": self.release().version(),
                "fingerprint": self.fingerprint(),
                "ca": ca.display().to_string(),
                "node": self.node(),
                "users": self.users.iter().map(user).collect::<Vec<_>>(),
                "tokens": self.tokens.iter().map(token).collect::<Vec<_>>(),
            }],
            "unifi": [],
            "depl0y": [],
        })
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
