//! Repairs of a scene: the file's mends by the program itself, the host's by root's shell or by hand.

use std::collections::BTreeMap;
use std::path::Path;

use labwizard::disk::ignore;
use labwizard::domain::Finding;
use labwizard::domain::finding::{Fix as Shown, Mend};
use labwizard::lab::LabToken;
use labwizard::lab::config::MODE;
use labwizard::lab::proxmox::cluster::{Subject, Token};

use labwizard::plan::action::Action;
use labwizard::plan::mend;
use labwizard::target::Library;

use super::scene::{Scene, key, with_line};
use super::table::Fix;
use crate::client::local;
use crate::flow::Stage;

impl Scene {
    /// Does one step of a repair. `finding` is the one that is repaired.
    ///
    /// # Errors
    /// Why the mend comes to nothing, in words.
    pub fn repair(&mut self, fix: &Fix, finding: &Finding, named: Option<&str>) -> Result<(), String> {
        match fix {
            Fix::Mend => return self.mend(finding, named),
            Fix::Console(command) => self.run(command),
            Fix::Shown => {
                let command = finding.fix.iter().find_map(|fix| match fix {
                    Shown::Run { command, .. } if command.contains("pveum") => Some(command.clone()),
                    _ => None,
                });
                self.run(&command.unwrap_or_else(|| panic!("no command of pveum is shown: {:#?}", finding.fix)));
            }
            Fix::Type(key) => {
                let line = self.healthy.lines().find(|line| self::key(line) == key).unwrap().to_owned();
                self.text = with_line(&self.text, &line);
            }
            Fix::NewSecret => {
                let secret = uuid::Uuid::new_v4().to_string();
                self.lab.change(|cluster| {
                    let user = cluster.users.get_mut("apex@pve").unwrap();
                    let token = user.tokens.entry("glassdome-token".to_owned()).or_insert_with(|| Token {
                        secret: String::new(),
                        privsep: true,
                        expire: 0,
                        comment: None,
                    });
                    token.secret = secret.clone();
                });
                self.text = with_line(&self.text, &format!("PROXMOX_TOKEN_VALUE={secret}"));
            }
            Fix::OtherToken(id) => {
                let token = self.lab.token(id).unwrap();
                self.use_token(&token);
            }
            Fix::Host(what) => self.at_the_host(what),
            Fix::Agree => self.agree(),
            Fix::ShellQuotes(key) => {
                let line = self.text.lines().find(|line| self::key(line) == key).unwrap().replace('"', "'");
                self.text = with_line(&self.text, &line);
            }
            Fix::Unset(name) => self.environment.retain(|other| other != name),
            Fix::Direct => {
                let line = format!("PROXMOX_HOST=127.0.0.1:{}", self.lab.port());
                self.text = with_line(&self.text, &line);
            }
        }
        Ok(())
    }

    /// The mend that is named, or the first that is the file's own, as the program plans it.
    fn mend(&mut self, finding: &Finding, named: Option<&str>) -> Result<(), String> {
        let (config, seen) = self.understood();
        let library = Library::built_in();
        let is_meant = |one: &Mend| mend::is_of_the_file(one) && named.is_none_or(|words| in_words(one) == words);
        let mends: Vec<Mend> = finding.mends.iter().filter(|one| is_meant(one)).take(1).cloned().collect();
        let endpoints = BTreeMap::from([(1, local(self.road.port(&self.lab)))]);
        let told = mend::Told { endpoints: Some(&endpoints), ..mend::Told::default() };
        let shown = |path: &Path| path.display().to_string();
        let order = mend::Order {
            config: &config,
            library: &library,
            seen: &seen,
            told,
            mends: &mends,
            agreed: Vec::new(),
            shown: &shown,
        };
        let mended = mend::plan(&order).map_err(|error| format!("{mends:?}: {error}"))?;
        if mended.plan.actions.is_empty() {
            return Err(format!("{mends:?} come to nothing"));
        }
        for planned in mended.plan.actions {
            match planned.action {
                Action::Edit(edit) => {
                    self.text = edit.after().unwrap().text().as_str().to_owned();
                    self.mode = MODE;
                }
                Action::Ignore(path) => {
                    let write = ignore(&path, &Stage::caller()).unwrap().unwrap();
                    std::fs::write(&write.path, write.content.as_str()).unwrap();
                }
                other => panic!("{other:?} is no change of the file"),
            }
        }
        Ok(())
    }

    fn use_token(&mut self, token: &LabToken) {
        let (user, name) = token.id.rsplit_once('!').unwrap();
        for line in [
            format!("PROXMOX_USER={user}"),
            format!("PROXMOX_TOKEN_NAME={name}"),
            format!("PROXMOX_TOKEN_VALUE={}", token.secret),
        ] {
            self.text = with_line(&self.text, &line);
        }
    }

    /// Commands as a person pastes them, one a line or joined by `&&`.
    fn run(&self, commands: &str) {
        let console = self.lab.console().unwrap();
        for command in commands.split("&&").flat_map(str::lines).map(str::trim).filter(|line| !line.is_empty()) {
            let words = shell_words(command);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let printed = console.run(&words);
            // The lab's console prints no tables; what is to be done is done all the same.
            let done = printed.code == 0 || printed.errors.contains("prints JSON only");
            assert!(done, "{command}: {}", printed.errors);
        }
    }

    fn at_the_host(&self, what: &str) {
        self.lab.change(|cluster| match what {
            "node starts" => cluster.nodes.iter_mut().for_each(|node| node.online = true),
            "pvecm updatecerts" => cluster.nodes.iter_mut().for_each(|node| node.trusted = true),
            "clock set" => cluster.clock_ahead = 0,
            "daemon starts" => cluster.daemon_runs = true,
            "grant removed" => {
                cluster.revoke("/vms", Subject::User, "apex@pve", "PVEAuditor");
                cluster.revoke("/vms", Subject::Token, "apex@pve!glassdome-token", "PVEAuditor");
            }
            other => panic!("nobody does “{other}” at the host"),
        });
    }

    /// Whether the finding offers this mend, in the table's words.
    pub fn offers(finding: &Finding, words: &str) -> bool {
        finding.mends.iter().any(|mend| in_words(mend) == words)
    }
}

/// A mend as the table writes it.
pub fn in_words(mend: &Mend) -> String {
    match mend {
        Mend::Ask(id) => format!("ask {}", id.as_str()),
        Mend::Rewrite { key } => format!("rewrite {key}"),
        Mend::Remove { key, .. } => format!("remove {key}"),
        Mend::Close => "close".to_owned(),
        Mend::Ignore => "ignore".to_owned(),
        Mend::Grant => "grant".to_owned(),
        Mend::NewSecret => "new-secret".to_owned(),
        Mend::NewToken => "new-token".to_owned(),
        Mend::Certificate => "certificate".to_owned(),
        Mend::Verify => "verify".to_owned(),
        Mend::LookUp => "look-up".to_owned(),
        Mend::Wake => "wake".to_owned(),
        Mend::User(user) => format!("user {user}"),
    }
}

/// The words of a command as a shell parts them: single and double quotes, and nothing that expands.
fn shell_words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut open) = (Vec::new(), String::new(), None, false);
    for letter in command.chars() {
        match (quote, letter) {
            (None, '\'' | '"') => (quote, open) = (Some(letter), true),
            (Some(end), letter) if end == letter => quote = None,
            (None, letter) if letter.is_whitespace() => {
                if open {
                    words.push(std::mem::take(&mut word));
                }
                open = false;
            }
            (_, letter) => {
                word.push(letter);
                open = true;
            }
        }
    }
    if open {
        words.push(word);
    }
    words
}
