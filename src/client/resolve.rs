//! Names to addresses, once a run.

use std::future::Future;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::pin::Pin;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::domain::observation::NameTrouble;

/// A lookup under way.
pub type Lookup<'a> = Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, NameTrouble>> + Send + 'a>>;

/// Finds the addresses of a name. Never asked for what is an address already.
pub trait Resolver: Send + Sync {
    fn resolve<'a>(&'a self, name: &'a str) -> Lookup<'a>;
}

/// The system's own resolver (`getaddrinfo`: hosts file, DNS, mDNS, as the machine is set up).
pub struct SystemResolver;

/// getaddrinfo can hang for half a minute on a dead name server.
const PATIENCE: Duration = Duration::from_secs(10);

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str) -> Lookup<'a> {
        let (done, answer) = oneshot::channel();
        let name = name.to_owned();
        // A thread of its own: it cannot be cancelled, and the runtime's blocking threads are waited for at the end of the program.
        thread::spawn(move || {
            let found = (name.as_str(), 0u16).to_socket_addrs().map(|all| all.map(|one| one.ip()).collect::<Vec<_>>());
            let _ = done.send(found.map_err(|error| trouble(&error)));
        });
        Box::pin(async move {
            match tokio::time::timeout(PATIENCE, answer).await {
                Err(_) => Err(NameTrouble::TimedOut),
                Ok(Err(_)) => Err(NameTrouble::NoServer),
                Ok(Ok(Ok(found))) if found.is_empty() => Err(NameTrouble::Unknown),
                Ok(Ok(found)) => found.map(distinct),
            }
        })
    }
}

/// std keeps of getaddrinfo's code only its sentence; "try again" (EAI_AGAIN) is what a silent name server gives.
fn trouble(error: &io::Error) -> NameTrouble {
    let said = error.to_string().to_ascii_lowercase();
    if said.contains("temporary failure") || said.contains("try again") {
        NameTrouble::NoServer
    } else {
        NameTrouble::Unknown
    }
}

/// Each address once, in the resolver's order.
pub(super) fn distinct(all: Vec<IpAddr>) -> Vec<IpAddr> {
    let mut once = Vec::new();
    for one in all {
        if !once.contains(&one) {
            once.push(one);
        }
    }
    once
}
