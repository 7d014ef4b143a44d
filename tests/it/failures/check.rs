//! A check of a scene, in process: the file is understood, its hosts are asked, and all of it is judged.

use std::path::Path;

use labwizard::diagnosis::checked::{Asked, Circumstances, judge_config};
use labwizard::diagnosis::config::{self, Config, understand};
use labwizard::diagnosis::leaning::{Sources, lean};
use labwizard::domain::certificate_der::certificates_from_pem;
use labwizard::domain::observation::Surroundings;
use labwizard::domain::{Credential, Der, Finding, Inquiry, Release, Secret, Trust};
use labwizard::target::Library;

use super::scene::Scene;
use crate::client::{local, look, now};

/// Everything that is wrong with the file, and how it was read.
pub struct Checked {
    pub config: Option<Config>,
    pub findings: Vec<Finding>,
}

impl Scene {
    /// Reads the file, asks its hosts, and judges.
    pub async fn check(&mut self) -> Checked {
        let library = Library::built_in();
        let file = self.file();
        let scene =
            config::Scene { library: &library, seen: &file, around: &self.around, environment: &self.environment };
        let config = match understand(scene) {
            Ok(config) => config,
            Err(finding) => return Checked { config: None, findings: vec![*finding] },
        };
        let mut asked = Vec::new();
        for host in &config.hosts {
            let release = Release::new(9, 2, 0);
            let paths = config.needs(&library, host, release).into_iter().map(|need| need.path).collect();
            let ca = host.ca_file.as_deref().and_then(read_ca);
            let sources = Sources {
                given: None,
                records: &self.records,
                verifies: host.verifies,
                ca: ca.as_ref(),
                strict: false,
            };
            let trust = host.place.as_ref().ok().and_then(|place| lean(place.endpoints.first()?, &sources));
            let inquiry = host.inquiry(trust.as_ref().map(|(trust, _)| trust.clone()), paths);
            let seen = match inquiry {
                Some(inquiry) => Box::pin(look(inquiry, &self.options)).await,
                None => Vec::new(),
            };
            asked.push(Asked { instance: host.instance, trust, seen });
        }
        let findings = self.judge(&config, &asked);
        self.asked = asked;
        Checked { config: Some(config), findings }
    }

    fn judge(&self, config: &Config, asked: &[Asked]) -> Vec<Finding> {
        let about = Circumstances {
            library: &Library::built_in(),
            records: &self.records,
            surroundings: &Surroundings::default(),
            now: now(),
        };
        judge_config(config, asked, &about)
    }

    /// Judges anew with what an administrator of the host sees.
    pub async fn decide(&mut self, config: &Config) -> Vec<Finding> {
        let root = self.lab.user("root@pam").unwrap();
        let who = Credential::Password { user: "root@pam".parse().unwrap(), password: Secret::new(root.password) };
        let inquiry = Inquiry {
            endpoints: vec![local(self.lab.port())],
            address: None,
            trust: Some(Trust::Pin(self.lab.fingerprint().parse().unwrap())),
            credential: Some(who),
            paths: Vec::new(),
            lists: false,
            estate: true,
        };
        let seen = Box::pin(look(inquiry, &self.options)).await;
        let estate = seen.into_iter().filter(|one| matches!(one.seen, labwizard::domain::Seen::Estate(_)));
        let mut asked = std::mem::take(&mut self.asked);
        asked[0].seen.extend(estate);
        self.judge(config, &asked)
    }
}

fn read_ca(path: &Path) -> Option<Der> {
    certificates_from_pem(&std::fs::read_to_string(path).ok()?).ok()?.into_iter().next()
}
