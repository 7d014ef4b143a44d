//! A check of a scene by the program's own engine, and the look that decides where a host tells no cause.

use std::time::Duration;

use labwizard::diagnosis::checked::{Asked, Circumstances, judge_config};
use labwizard::diagnosis::config::{self, Config, understand};
use labwizard::diagnosis::leaning::Leaning;
use labwizard::disk::{Git, read_config};
use labwizard::domain::observation::Surroundings;
use labwizard::domain::{Around, Credential, FileSeen, Finding, Inquiry, Secret, Seen, Trust};
use labwizard::runtime::check::{Ground, Order, Waiting, check};
use labwizard::target::Library;

use super::scene::Scene;
use crate::client::{local, look, now};
use crate::flow::Stage;

impl Scene {
    /// Everything that is wrong with the file.
    pub async fn check(&self) -> Vec<Finding> {
        self.write();
        let here = self.folder();
        let git = self.has_git.then(|| Git::find(&here, |name| std::env::var_os(name)).unwrap());
        let ground = Ground {
            here,
            library: Library::built_in(),
            hosts: self.records.clone(),
            wrote: Vec::new(),
            environment: self.environment.clone(),
            surroundings: Surroundings::default(),
            caller: Stage::caller(),
            git,
            options: self.options.clone(),
        };
        let files = vec![self.path()];
        let order = Order { files, offline: false, strict: false, trust: None, within: Duration::from_secs(60) };
        let waiting = Waiting::default();
        let checking = check(&order, &ground, &waiting);
        let ended = tokio::time::timeout(Duration::from_secs(90), Box::pin(checking)).await;
        let mut outcome = ended.expect("a check ends");
        assert_eq!(outcome.files.len(), 1);
        outcome.files.remove(0).findings
    }

    /// The file as its tool reads it.
    pub fn understood(&self) -> (Config, FileSeen) {
        let library = Library::built_in();
        let seen = read_config(&self.path(), &Stage::caller()).unwrap();
        let around = Around { folder: self.folder(), ..Around::default() };
        let scene = config::Scene { library: &library, seen: &seen, around: &around, environment: &self.environment };
        (understand(scene).unwrap(), seen)
    }

    /// Judges what the host says to the file's token beside what an administrator of the host sees.
    pub async fn decide(&self) -> Vec<Finding> {
        let (config, _) = self.understood();
        let trust = Trust::Pin(self.lab.fingerprint().parse().unwrap());
        let asked_by = |credential, estate| Inquiry {
            endpoints: vec![local(self.lab.port())],
            address: None,
            trust: Some(trust.clone()),
            credential: Some(credential),
            paths: Vec::new(),
            lists: false,
            estate,
        };
        let own = config.hosts[0].credential.as_ref().expect("the file signs in").share();
        let root = Secret::new(self.lab.user("root@pam").unwrap().password);
        let root = Credential::Password { user: "root@pam".parse().unwrap(), password: root };
        let mut seen = Box::pin(look(asked_by(own, false), &self.options)).await;
        let by_root = Box::pin(look(asked_by(root, true), &self.options)).await;
        seen.extend(by_root.into_iter().filter(|one| matches!(one.seen, Seen::Estate(_))));
        let asked = [Asked { instance: 1, trust: Some((trust, Leaning::Given)), seen }];
        let about = Circumstances {
            library: &Library::built_in(),
            records: &[],
            surroundings: &Surroundings::default(),
            now: now(),
        };
        judge_config(&config, &asked, &about)
    }
}
