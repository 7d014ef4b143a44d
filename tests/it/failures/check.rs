//! A check of a scene by the program's own engine, and the look that decides where a host tells no cause.

use std::collections::BTreeSet;
use std::time::Duration;

use labwizard::diagnosis::checked::{Asked, Checked, Circumstances, judge_config};
use labwizard::diagnosis::config::{self, Config, understand};
use labwizard::diagnosis::leaning::Leaning;
use labwizard::diagnosis::{Reading, judge};
use labwizard::disk::{Git, read_config};
use labwizard::domain::observation::Surroundings;
use labwizard::domain::{Around, Credential, FileSeen, Finding, HostAt, Inquiry, Observation, Secret, Seen, Trust};
use labwizard::runtime::check::{Ground, Order, Waiting, check};
use labwizard::target::{Library, needs};

use super::scene::Scene;
use crate::client::{local, look, now};
use crate::flow::Stage;

impl Scene {
    /// Everything that is wrong with the file.
    pub async fn check(&self) -> Vec<Finding> {
        self.checked().await.findings
    }

    /// What a check found of the file.
    pub async fn checked(&self) -> Checked {
        self.write();
        let here = self.folder();
        let git = self.has_git.then(|| Git::find(&here, |name| std::env::var_os(name)).unwrap());
        let ground = Ground {
            hosts: self.records.clone(),
            environment: self.environment.clone(),
            git,
            ..Ground::bare(here, Library::built_in(), Stage::caller(), self.options.clone())
        };
        let files = vec![self.path()];
        let order = Order { files, offline: self.offline, strict: false, trust: None, within: Duration::from_secs(60) };
        let waiting = Waiting::default();
        let checking = check(&order, &ground, &waiting);
        let ended = tokio::time::timeout(Duration::from_secs(90), Box::pin(checking)).await;
        let mut outcome = ended.expect("a check ends");
        assert_eq!(outcome.files.len(), 1);
        outcome.files.remove(0)
    }

    /// Findings that came another way than by a check, as a check would tell them.
    pub fn by_itself(&self, findings: Vec<Finding>) -> Checked {
        Checked { path: self.path(), target: None, proved: Vec::new(), signed_in: false, findings }
    }

    /// Judges as if this trust had been given.
    fn judge(config: &Config, trust: Trust, seen: Vec<Observation>) -> Vec<Finding> {
        let asked = [Asked { instance: 1, trust: Some((trust, Leaning::Given)), seen }];
        let about = Circumstances {
            library: &Library::built_in(),
            records: &[],
            surroundings: &Surroundings::default(),
            runs: &[],
            now: now(),
        };
        judge_config(config, &asked, &about)
    }

    /// What the wizard says of a wish that no token fulfils.
    pub fn answered(group: &str) -> Vec<Finding> {
        let library = Library::built_in();
        let target = library.iter().find(|target| target.spec.groups.iter().any(|(name, _)| name == group)).unwrap();
        let never = needs::never(&target.spec, &BTreeSet::from([group.to_owned()]));
        let reading = Reading {
            part_will_do: false,
            host: "",
            who: "",
            signer: None,
            password: false,
            trust: None,
            remembered: None,
            target: target.spec.title.as_str(),
            needs: &[],
            uses: &[],
            nodes: &[],
            never: &never,
            surroundings: &Surroundings::default(),
            now: now(),
        };
        judge(&[], &reading)
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
        let at = HostAt { endpoint: local(self.lab.port()), address: None, trust: trust.clone() };
        let asked_by =
            |credential, estate| Inquiry { credential: Some(credential), estate, lists: false, ..Inquiry::of(&at) };
        let own = config.hosts[0].credential.as_ref().expect("the file signs in").share();
        let root = Secret::new(self.lab.user("root@pam").unwrap().password);
        let root = Credential::Password { user: "root@pam".parse().unwrap(), password: root };
        let mut seen = Box::pin(look(asked_by(own, false), &self.options)).await;
        let by_root = Box::pin(look(asked_by(root, true), &self.options)).await;
        seen.extend(by_root.into_iter().filter(|one| matches!(one.seen, Seen::Estate(_))));
        Scene::judge(&config, trust, seen)
    }
}
