//! The client against real TLS on loopback: the embedded lab, and small hosts that misbehave on purpose.

mod against_lab;
mod ahead;
mod desk;
mod faults;
mod hostile;
mod login;
mod relay;
mod road;
mod speakers;
mod ticket;
mod trusted;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use labwizard::client::resolve::Lookup;
use labwizard::client::{Limits, Options, Resolver, SystemRoots, log_in, survey};
use labwizard::domain::observation::NameTrouble;
use labwizard::domain::{
    Credential, Endpoint, Factor, Host, HostAt, Inquiry, Login, LoginAnswer, Observation, Secret, Seen, Ticket, Trust,
};
use labwizard::lab::{Lab, LabToken};

pub const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Answers with what was written for each call, in turn; notes what it was asked.
#[derive(Default)]
pub struct Script {
    pub answers: Mutex<Vec<Result<Vec<IpAddr>, NameTrouble>>>,
    pub asked: Mutex<Vec<String>>,
}

impl Script {
    pub fn of(answers: impl IntoIterator<Item = Result<Vec<IpAddr>, NameTrouble>>) -> Arc<Self> {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        Arc::new(Script { answers: Mutex::new(answers), asked: Mutex::default() })
    }
}

impl Resolver for Script {
    fn resolve<'a>(&'a self, name: &'a str) -> Lookup<'a> {
        self.asked.lock().unwrap().push(name.to_owned());
        let answer = self.answers.lock().unwrap().pop().unwrap_or(Err(NameTrouble::Unknown));
        Box::pin(std::future::ready(answer))
    }
}

pub fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

pub fn options() -> Options {
    Options {
        read: std::time::Instant::now(),
        resolver: Script::of([]),
        system: SystemRoots::These(Vec::new()),
        limits: patient(),
        ..Options::at(now())
    }
}

/// So long that no test that is well ever meets one of them.
pub fn patient() -> Limits {
    let long = Duration::from_secs(30);
    Limits { connect: long, total: long, idle: long, ..Limits::default() }
}

pub fn local(port: u16) -> Endpoint {
    Endpoint { host: Host::V4(Ipv4Addr::LOCALHOST), port }
}

pub fn inquiry(port: u16, trust: Option<Trust>, credential: Option<Credential>) -> Inquiry {
    Inquiry { trust, credential, guests: true, ..Inquiry::to(vec![local(port)]) }
}

pub fn pin(lab: &Lab) -> Option<Trust> {
    Some(Trust::Pin(lab.fingerprint().parse().unwrap()))
}

/// A lab as it was agreed to.
pub fn at(lab: &Lab) -> HostAt {
    HostAt { endpoint: local(lab.port()), address: None, trust: pin(lab).unwrap() }
}

pub fn password_of(lab: &Lab, user: &str) -> Login {
    let password = Secret::new(lab.user(user).unwrap().password);
    Login::Password { at: at(lab), user: user.parse().unwrap(), password }
}

pub fn code_for(lab: &Lab, user: &str, challenge: &Secret, factor: Factor, code: &str) -> Login {
    let (challenge, code) = (challenge.share(), Secret::new(code.to_owned()));
    Login::Code { at: at(lab), user: user.parse().unwrap(), challenge, factor, code }
}

/// A whole login, with a time code where one is asked for.
pub async fn ticket_of(lab: &Lab, user: &str) -> Ticket {
    let answer = match log_in(password_of(lab, user), &options()).await {
        LoginAnswer::NeedsCode { challenge, .. } => {
            let code = lab.user(user).unwrap().code_now().unwrap();
            log_in(code_for(lab, user, &challenge, Factor::Totp, &code), &options()).await
        }
        answer => answer,
    };
    match answer {
        LoginAnswer::SignedIn(ticket) => ticket,
        other => panic!("{user} did not get in: {other:?}"),
    }
}

pub fn credential(token: &LabToken) -> Option<Credential> {
    Some(Credential::Token { id: token.id.parse().unwrap(), secret: Secret::new(token.secret.clone()) })
}

/// A whole survey; it fails the test with what was seen so far where it does not end.
pub async fn look(inquiry: Inquiry, options: &Options) -> Vec<Observation> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let surveyed =
        tokio::time::timeout(Duration::from_secs(60), survey(inquiry, options, move |o| notes.lock().unwrap().push(o)));
    if surveyed.await.is_err() {
        panic!("the survey did not end; it saw {:#?}", seen.lock().unwrap());
    }
    seen.lock().unwrap().clone()
}

/// The first thing seen that `pick` takes.
#[track_caller]
pub fn find<T>(all: &[Observation], pick: impl Fn(&Seen) -> Option<T>) -> T {
    match all.iter().find_map(|one| pick(&one.seen)) {
        Some(found) => found,
        None => panic!("not seen, but this: {all:#?}"),
    }
}

/// `find!(all, Seen::Variant(binding) => value)`.
#[macro_export]
macro_rules! find {
    ($all:expr, $pattern:pat => $value:expr) => {
        $crate::client::find(&$all, |seen| match seen {
            $pattern => Some($value),
            _ => None,
        })
    };
}

pub fn last(all: &[Observation]) -> &Seen {
    &all.last().expect("something was seen").seen
}
