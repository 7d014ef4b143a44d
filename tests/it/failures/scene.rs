//! What a row of the table is tried on: a lab in its state, a road to it, a config file, and what lies around.

use std::path::PathBuf;

use labwizard::client::Options;
use labwizard::diagnosis::checked::Asked;
use labwizard::domain::around::{Around, CopySeen, Git, History, Module};
use labwizard::domain::file::{Base, Digest, FileSeen, Folder, Identity, There};
use labwizard::domain::observation::NameTrouble;
use labwizard::domain::{Fingerprint, HostRecord, Text, Trust};
use labwizard::lab::config::{CA_FILE, Facts, MODE};
use labwizard::lab::{Lab, LabConfig, LabRelease, LabToken, NewCertificate, Scenario};

use super::files;
use super::road::{self, Road};
use super::table::{Make, Row};
use crate::client::{Script, local, now, options};

/// The token of the lab that has what the usual tool needs.
const TOOL: &str = "apex@pve!glassdome-token";

/// A config file, and the lab that it is for.
pub struct Scene {
    pub lab: Lab,
    pub road: Road,
    /// Holds the CA that the file names.
    pub folder: tempfile::TempDir,
    /// The file's name in that folder.
    pub name: String,
    pub text: String,
    /// What the file says when nothing is wrong with it.
    pub healthy: String,
    pub mode: u32,
    pub around: Around,
    pub environment: Vec<String>,
    pub records: Vec<HostRecord>,
    pub options: Options,
    /// What came of the last asking, host by host.
    pub asked: Vec<Asked>,
}

impl Scene {
    /// Sets up what the row says, on a release.
    pub async fn of(row: &Row, release: LabRelease) -> Scene {
        let scenario = row.make.iter().find_map(|make| match make {
            Make::Scenario(scenario) => Some(*scenario),
            _ => None,
        });
        let config = LabConfig { release, scenario: scenario.unwrap_or_default(), ..LabConfig::quick() };
        let lab = Lab::start(config).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join(CA_FILE);
        std::fs::write(&ca, lab.ca_pem()).unwrap();
        let has = |wanted: fn(&Make) -> bool| row.make.iter().any(wanted);
        let unverified = has(|make| matches!(make, Make::Unverified | Make::Pinned));
        let ca = (!unverified).then(|| ca.display().to_string());
        let mut options = options();
        let road = road_of(row, &lab, &mut options).await;
        let facts = Facts { address: road.address(&lab), ..Facts::of(&lab, &token_of(row, &lab), ca) };
        let file = row.make.iter().find_map(|make| match make {
            Make::File(target) => Some(target.as_str()),
            _ => None,
        });
        let (name, healthy, around) = match file {
            Some(target) => files::of(target, &facts),
            None => (labwizard::lab::config::FILE.to_owned(), facts.healthy(), Around::default()),
        };
        let around = Around { folder: folder.path().to_owned(), names: vec![name.clone()], ..around };
        let mut scene = Scene {
            text: healthy.clone(),
            mode: MODE,
            environment: Vec::new(),
            records: Vec::new(),
            asked: Vec::new(),
            lab,
            road,
            folder,
            name,
            healthy,
            around,
            options,
        };
        // What is remembered was agreed to before anything became another.
        if has(|make| matches!(make, Make::Pinned)) {
            scene.agree();
        }
        scene.lab.go_on();
        for make in &row.make {
            scene.apply(make, &facts);
        }
        let impatient = [Scenario::Silent, Scenario::EndlessBody, Scenario::EndlessHeader];
        if scenario.is_some_and(|scenario| impatient.contains(&scenario)) || scene.road.ends_by_patience() {
            scene.options.limits = road::short();
        }
        scene
    }

    fn apply(&mut self, make: &Make, facts: &Facts) {
        match make {
            Make::Fault(fault) => (self.text, self.mode) = facts.with(*fault),
            Make::Line(line) => {
                let line = files::filled(line, facts);
                self.text = with_line(&self.text, &line);
            }
            Make::Add(line) => self.text.push_str(&(files::filled(line, facts) + "\n")),
            Make::Without(key) => self.text = without(&self.text, key),
            Make::Login(user) => {
                let user = self.lab.user(user).unwrap();
                for line in [format!("PROXMOX_USER={}", user.user), format!("PROXMOX_PASSWORD={}", user.password)] {
                    self.text = with_line(&self.text, &line);
                }
                for key in ["PROXMOX_TOKEN_NAME", "PROXMOX_TOKEN_VALUE"] {
                    self.text = without(&self.text, key);
                }
            }
            Make::Environment(name) => self.environment.push(name.clone()),
            Make::Mode(mode) => self.mode = *mode,
            Make::Git(what) => self.git(what),
            Make::Relay(what) if what == "wrong-key" => {
                self.lab.swap_certificate(NewCertificate::WrongKey).unwrap();
            }
            Make::Scenario(_) | Make::File(_) | Make::Token(_) | Make::Unverified | Make::Pinned | Make::Relay(_) => {}
        }
    }

    fn git(&mut self, what: &str) {
        let copy = |name: &str, tracked| CopySeen { path: self.folder.path().join(name), tracked, holds_secret: true };
        match what {
            "tracked" => self.around.git = Git::Tracked,
            "would-track" => self.around.git = Git::WouldTrack,
            "history" => (self.around.git, self.around.history) = (Git::Ignored, History::Found),
            "copy" => (self.around.git, self.around.copies) = (Git::Ignored, vec![copy(".env.bak", true)]),
            "example" => (self.around.git, self.around.copies) = (Git::Ignored, vec![copy(".env.example", false)]),
            other => panic!("git does no “{other}”"),
        }
    }

    /// Remembers what the lab shows now as agreed to.
    pub fn agree(&mut self) {
        let leaf: Fingerprint = self.lab.fingerprint().parse().unwrap();
        let record = HostRecord {
            endpoint: local(self.road.port(&self.lab)),
            trust: Trust::Pin(leaf),
            leaf,
            cluster: Some("homelab".to_owned()),
            nodes: vec!["pve1".to_owned(), "pve2".to_owned()],
            when: now() - 86_400,
        };
        self.records = vec![record];
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// The file as a look at it would tell.
    pub fn file(&self) -> FileSeen {
        let identity = Identity { device: 1, inode: 1, size: self.text.len() as u64, modified: (0, 0) };
        let there = There {
            text: Text::new(self.text.as_str()),
            base: Base { digest: Digest::of(self.text.as_bytes()), identity },
            mode: self.mode,
            uid: 1000,
            gid: 1000,
            links: 1,
        };
        let folder = Folder { exists: true, writable: true, identity: Some((1, 2)) };
        FileSeen { given: self.path(), path: self.path(), there: Some(there), folder, oddities: Vec::new() }
    }
}

fn token_of(row: &Row, lab: &Lab) -> LabToken {
    let id = row.make.iter().find_map(|make| match make {
        Make::Token(id) => Some(id.as_str()),
        _ => None,
    });
    lab.token(id.unwrap_or(TOOL)).unwrap()
}

async fn road_of(row: &Row, lab: &Lab, options: &mut Options) -> Road {
    let what = row.make.iter().find_map(|make| match make {
        Make::Relay(what) => Some(what.as_str()),
        _ => None,
    });
    match what {
        Some("no-name") => options.resolver = Script::of([Err(NameTrouble::Unknown)]),
        Some("no-name-server") => options.resolver = Script::of([Err(NameTrouble::NoServer)]),
        _ => {}
    }
    Road::of(what, lab).await
}

/// The text with this line in the place of those that have its key; at the end where none has it.
pub fn with_line(text: &str, line: &str) -> String {
    let key = key(line);
    let mut out: Vec<&str> = text.lines().collect();
    match out.iter().position(|other| self::key(other) == key) {
        Some(at) => out[at] = line,
        None => out.push(line),
    }
    out.join("\n") + "\n"
}

fn without(text: &str, key: &str) -> String {
    text.lines().filter(|line| self::key(line) != key).map(|line| format!("{line}\n")).collect()
}

/// What stands before the `=`.
pub fn key(line: &str) -> &str {
    line.split('=').next().unwrap_or_default().trim()
}

/// A folder of code around a file of values.
pub fn module(code: &str) -> Around {
    let module =
        Module { folder: PathBuf::new(), code: vec![("main.tf".to_owned(), Text::new(code))], loaded: Vec::new() };
    Around { module: Some(module), ..Around::default() }
}
