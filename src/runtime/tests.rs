//! A conversation whose terminal goes away in the middle of a run.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::client::{self, Options, log_in};
use crate::disk::{Caller, State};
use crate::domain::change::mark;
use crate::domain::{
    Change, ChangeState, Credential, Endpoint, Host, HostAt, Login, LoginAnswer, Secret, TokenMake, Trust,
};
use crate::lab::{Lab, LabConfig};
use crate::plan::action::{Action, HostAction};
use crate::plan::{Plan, Planned};
use crate::target::Library;
use crate::wizard::Setting;
use crate::wizard::draft::Draft;
use crate::wizard::page::Page;

const RUN: &str = "0a1b2c";

/// A terminal that is gone after so many pages: it can then no longer be read, or no longer be drawn on.
struct Lost {
    pages: usize,
    on_show: bool,
}

impl Front for Lost {
    fn show(&mut self, _: Page) -> io::Result<()> {
        if self.pages == 0 && self.on_show {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.pages = self.pages.saturating_sub(1);
        Ok(())
    }

    async fn next(&mut self) -> io::Result<Input> {
        if self.pages == 0 && !self.on_show {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        std::future::pending().await
    }

    fn lend(&mut self, work: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
        work()
    }

    fn end(&mut self, _: &[String]) -> io::Result<()> {
        Ok(())
    }
}

fn setting(here: &Path) -> Setting {
    Setting::bare(0, here.to_owned(), Library::built_in(), RUN.into())
}

fn changes() -> Vec<Change> {
    let comment = format!("{}: for a test", mark(RUN));
    let id: crate::domain::TokenId = "lab@pve!glassdome".parse().unwrap();
    vec![
        Change::MakeUser { user: id.user.clone(), comment: comment.clone() },
        Change::MakeRole { role: "LabwizardTest".into(), privileges: ["VM.Audit".to_owned()].into() },
        Change::MakeToken(TokenMake { id, separated: true, expire: None, comment }),
    ]
}

#[tokio::test]
async fn who_loses_the_terminal_in_the_middle_of_a_run_gets_what_was_made_taken_back() {
    for pages in 0..=changes().len() {
        for on_show in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let lab = Lab::start(LabConfig::quick()).await.unwrap();
            let now = i64::try_from(perform::seconds_now()).unwrap();
            let mut options = Options { system: client::SystemRoots::These(Vec::new()), ..Options::at(now) };
            options.limits.pause = Duration::ZERO;
            let endpoint = Endpoint { host: Host::V4([127, 0, 0, 1].into()), port: lab.port() };
            let at = HostAt { endpoint, address: None, trust: Trust::Pin(lab.fingerprint().parse().unwrap()) };
            let password = Secret::new(lab.user("root@pam").unwrap().password);
            let login = Login::Password { at: at.clone(), user: "root@pam".parse().unwrap(), password };
            let LoginAnswer::SignedIn(ticket) = log_in(login, &options).await else { panic!("nobody signed in") };
            let by = Arc::new(Credential::Ticket(ticket));
            let planned = |change| {
                let action = HostAction { at: at.clone(), by: Arc::clone(&by), change, gives: None, afterwards: false };
                let action = Action::Host(Box::new(action));
                Planned { action, heading: String::new(), sentence: String::new() }
            };
            let plan = Plan { actions: changes().into_iter().map(planned).collect() };
            let caller = Caller::of_process(|_| None);
            let state = State::open(folder.path().join("state"), caller).unwrap();
            let world = World::new(options, state.clone(), caller, None);
            let (mut wizard, _) = Wizard::new(setting(folder.path()), Draft::default());
            let first = wizard.start_run(&plan);
            let mut front = Lost { pages, on_show };
            let held = converse(&mut front, &mut wizard, first, world);
            let ended = tokio::time::timeout(Duration::from_secs(60), held).await.expect("it ends");
            assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
            let record = state.run(&crate::disk::RunId::parse(RUN).unwrap()).unwrap();
            let seen = record.seen();
            assert!(seen.finished, "{pages} {on_show}");
            let whole = seen.changes.len() == changes().len() && seen.left().count() == changes().len();
            let none = seen.changes.iter().all(|one| one.state == ChangeState::TakenBack);
            assert!(none || (whole && pages == changes().len()), "{pages} {on_show}: {:?}", seen.changes);
            let there = lab
                .change(|cluster| [cluster.users.contains_key("lab@pve"), cluster.roles.contains_key("LabwizardTest")]);
            assert_eq!(there, [whole, whole], "{pages} {on_show}");
        }
    }
}
