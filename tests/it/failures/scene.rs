//! What a row of the table is tried on: a lab in its state, a road to it, a config file, and what lies around.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use labwizard::client::{Options, SystemRoots};
use labwizard::domain::observation::NameTrouble;
use labwizard::domain::{Der, Fingerprint, HostRecord, Trust};
use labwizard::lab::ca::Authority;
use labwizard::lab::config::{CA_FILE, FILE, Facts, MODE};
use labwizard::lab::proxmox::cluster::Subject;
use labwizard::lab::{Lab, LabConfig, LabRelease, LabToken, NewCertificate, Scenario};

use super::files;
use super::road::{self, Road};
use super::table::{Make, Row};
use crate::client::{LOOPBACK, Script, local, now, options};

/// The token of the lab that has what the usual tool needs.
const TOOL: &str = "apex@pve!glassdome-token";
/// Where it has that.
pub const TOOL_PATHS: [&str; 3] = ["/vms", "/storage", "/sdn/zones/localnetwork"];
/// A name of the lab's host, besides its address.
const NAME: &str = "pve1.lan";
/// What somebody of a directory logs in with.
const PASSWORD: &str = "correct-horse";

/// A config file, and the lab that it is for.
pub struct Scene {
    pub lab: Lab,
    pub road: Road,
    /// Holds the file, and the CA that it names.
    folder: tempfile::TempDir,
    /// The file's name in that folder.
    name: String,
    pub text: String,
    /// What the file says when nothing is wrong with it.
    pub healthy: String,
    pub mode: u32,
    /// Whether git is asked.
    pub has_git: bool,
    /// Whether nobody is asked.
    pub offline: bool,
    pub environment: Vec<String>,
    pub records: Vec<HostRecord>,
    pub options: Options,
}

impl Scene {
    /// Sets up what the row says, on a release.
    pub async fn of(row: &Row, release: LabRelease) -> Scene {
        let scenario = row.make.iter().find_map(|make| match make {
            Make::Scenario(scenario) => Some(*scenario),
            _ => None,
        });
        let names = vec![NAME.to_owned()];
        let config = LabConfig { release, scenario: scenario.unwrap_or_default(), names, ..LabConfig::quick() };
        let lab = Lab::start(config).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        // Some CAs that this machine trusts, and that signed nothing here.
        let public = Authority::public().unwrap().issued.der;
        let ca = folder.path().join(CA_FILE);
        std::fs::write(&ca, lab.ca_pem()).unwrap();
        let has = |wanted: fn(&Make) -> bool| row.make.iter().any(wanted);
        let unverified = has(|make| matches!(make, Make::Unverified | Make::Pinned));
        let ca = (!unverified).then(|| ca.display().to_string());
        let mut options = Options { system: SystemRoots::These(vec![Der(public)]), ..options() };
        let road = road_of(row, &lab, &mut options).await;
        let facts = Facts { address: road.address(&lab), ..Facts::of(&lab, &token_of(row, &lab), ca) };
        let file = row.make.iter().find_map(|make| match make {
            Make::File(target) => Some(target.as_str()),
            _ => None,
        });
        let (name, healthy) = match file {
            Some(target) => files::of(target, &facts, folder.path()),
            None => (FILE.to_owned(), facts.healthy()),
        };
        let mut scene = Scene {
            text: healthy.clone(),
            mode: MODE,
            environment: Vec::new(),
            records: Vec::new(),
            has_git: false,
            offline: false,
            lab,
            road,
            folder,
            name,
            healthy,
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
            Make::Windows => self.text = self.text.replace('\n', "\r\n"),
            Make::Without(key) => self.text = without(&self.text, key),
            Make::Login(user) => {
                let user = self.lab.user(user).unwrap();
                for line in [format!("PROXMOX_USER={}", user.user), format!("PROXMOX_PASSWORD={}", user.password)] {
                    self.text = with_line(&self.text, &line);
                }
                for key in ["PROXMOX_TOKEN_NAME", "PROXMOX_TOKEN_VALUE"] {
                    self.text = without(&self.text, key);
                }
                self.healthy = self.text.clone();
            }
            Make::May(user) => self.lab.change(|cluster| {
                cluster.users.get_mut(user).unwrap().password = Some(PASSWORD.to_owned());
                TOOL_PATHS.iter().for_each(|path| cluster.grant(path, Subject::User, user, "LabTool", true));
            }),
            Make::Environment(name) => self.environment.push(name.clone()),
            Make::Mode(mode) => self.mode = *mode,
            Make::Git(what) => self.git(what),
            Make::Relay(what) if what == "wrong-key" => {
                self.lab.swap_certificate(NewCertificate::WrongKey).unwrap();
            }
            Make::Offline => self.offline = true,
            Make::Scenario(_)
            | Make::File(_)
            | Make::Token(_)
            | Make::Unverified
            | Make::Pinned
            | Make::Relay(_)
            | Make::Elsewhere(_)
            | Make::Answered(_) => {}
        }
    }

    fn git(&mut self, what: &str) {
        self.has_git = true;
        self.write();
        let beside = |name: &str| {
            std::fs::write(self.folder.path().join(name), &self.text).unwrap();
        };
        self.run_git(&["init", "-q"]);
        match what {
            "tracked" => self.run_git(&["add", "-f", FILE]),
            "would-track" => return,
            "history" => {
                self.run_git(&["add", "-f", FILE]);
                self.run_git(&["commit", "-q", "-m", "one"]);
                self.run_git(&["rm", "-q", "--cached", FILE]);
                self.run_git(&["commit", "-q", "-m", "two"]);
            }
            "copy" => {
                beside(".env.bak");
                self.run_git(&["add", "-f", ".env.bak"]);
            }
            "example" => beside(".env.example"),
            other => panic!("git does no “{other}”"),
        }
        if what != "tracked" {
            std::fs::write(self.folder.path().join(".gitignore"), format!("{FILE}\n")).unwrap();
        }
    }

    fn run_git(&self, words: &[&str]) {
        let who = ["-c", "user.name=lab", "-c", "user.email=lab@lab.invalid", "-c", "commit.gpgsign=false"];
        let mut command = std::process::Command::new("git");
        command.current_dir(self.folder.path()).args(who).args(words);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        let ended = command.output().unwrap();
        assert!(ended.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&ended.stderr));
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

    /// The tool's file with the CA, as it came with the lab.
    pub fn ca_path(&self) -> PathBuf {
        self.folder.path().join(CA_FILE)
    }

    pub fn put_ca(&self, pem: &str) {
        std::fs::write(self.ca_path(), pem).unwrap();
    }

    /// What stands for a key, or nothing.
    pub fn value(&self, key: &str) -> String {
        let line = self.text.lines().find(|line| self::key(line) == key);
        line.and_then(|line| line.split_once('=')).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    }

    /// Whom the file's token or login is of.
    pub fn user(&self) -> String {
        self.value("PROXMOX_USER")
    }

    /// Every secret of the lab and of the file, those that are broken too.
    pub fn secrets(&self) -> Vec<String> {
        let of_lab =
            self.lab.tokens().into_iter().flat_map(|token| [Some(token.secret), self.lab.token_secret(&token.id)]);
        let passwords = self.lab.users().into_iter().map(|user| Some(user.password));
        let is_secret = |line: &&str| {
            let key = key(line).to_lowercase();
            ["token_value", "secret", "password", "api_token"].iter().any(|end| key.ends_with(end))
        };
        let of_file = self.text.lines().filter(is_secret).filter_map(|line| {
            let value = line.split_once('=')?.1;
            // Behind the id, where that stands before it.
            let value = value.rsplit(['=', ':']).next().unwrap_or(value).trim_matches(['"', ' ', '“', '”']);
            (!value.contains('!') && value.len() >= 8).then(|| value.to_owned())
        });
        of_lab.chain(passwords).flatten().chain(of_file).collect()
    }

    pub fn folder(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub fn path(&self) -> PathBuf {
        self.folder().join(&self.name)
    }

    /// Takes the file as somebody left it there.
    pub fn read(&mut self) {
        self.text = std::fs::read_to_string(self.path()).unwrap();
        self.mode = std::fs::metadata(self.path()).unwrap().permissions().mode() & 0o777;
    }

    /// Puts the file there as it is now.
    pub fn write(&self) {
        std::fs::write(self.path(), &self.text).unwrap();
        std::fs::set_permissions(self.path(), PermissionsExt::from_mode(self.mode)).unwrap();
    }
}

/// The token that the file is to use.
pub fn token_of(row: &Row, lab: &Lab) -> LabToken {
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
        // Whoever knows the host's name comes to it.
        _ => options.resolver = Script::of(std::iter::repeat_n(Ok(vec![LOOPBACK]), 50)),
    }
    let elsewhere = row.make.iter().find_map(|make| match make {
        Make::Elsewhere(scenario) => Some(*scenario),
        _ => None,
    });
    match elsewhere {
        Some(scenario) => Road::Elsewhere(Box::new(lab.beside(scenario).await.unwrap())),
        None => Road::of(what, lab).await,
    }
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

pub fn without(text: &str, key: &str) -> String {
    text.lines().filter(|line| self::key(line) != key).map(|line| format!("{line}\n")).collect()
}

/// What stands before the `=`.
pub fn key(line: &str) -> &str {
    line.split('=').next().unwrap_or_default().trim()
}
