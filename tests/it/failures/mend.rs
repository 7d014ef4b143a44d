//! Repairs of a scene: the file's mends by the program itself, its lines as somebody types them, the host's by the shown commands.

use std::collections::BTreeMap;
use std::path::Path;

use labwizard::disk::ignore;
use labwizard::domain::Finding;
use labwizard::domain::finding::Mend;
use labwizard::lab::LabToken;
use labwizard::lab::config::MODE;
use labwizard::plan::action::Action;
use labwizard::plan::mend;
use labwizard::target::Library;

use super::fix::Fix;
use super::host::secret;
use super::scene::{Scene, key, with_line, without};
use crate::client::{local, patient};
use crate::flow::Stage;

impl Scene {
    /// Does one step of a repair. `finding` is the one that is followed.
    ///
    /// # Errors
    /// Why the step comes to nothing, in words.
    pub fn repair(&mut self, fix: &Fix, finding: &Finding, named: Option<&str>) -> Result<(), String> {
        match fix {
            Fix::Mend => self.mend(finding, named)?,
            Fix::Shown(words) => drop(self.paste_shown(finding, words.as_deref())?),
            Fix::Secret(words) => {
                let secret = secret(&self.paste_shown(finding, Some(words))?)?;
                self.type_line(&format!("PROXMOX_TOKEN_VALUE={secret}"));
            }
            Fix::Look | Fix::Then(_) => return Err("another finding has to be found first".to_owned()),
            Fix::User => self.complete_user(finding)?,
            Fix::Type(key) => {
                let line = self.healthy.lines().find(|line| self::key(line) == key).unwrap().to_owned();
                self.type_line(&line);
            }
            Fix::Line(line) => self.type_line(&line.replace("{port}", &self.lab.port().to_string())),
            Fix::Paste(key) => {
                let id = format!("{}!{}", self.value("PROXMOX_USER"), self.value("PROXMOX_TOKEN_NAME"));
                let secret = self.lab.token_secret(&id).ok_or_else(|| format!("there is no token {id}"))?;
                self.type_line(&format!("{key}={secret}"));
            }
            Fix::Placeholder(name) => self.blank(name),
            Fix::OtherToken(id) => {
                let token = self.lab.token(id).unwrap();
                self.use_token(&token);
            }
            Fix::LeastRights => {
                let token = self.make_least_rights()?;
                self.use_token(&token);
            }
            Fix::Host(what) => self.at_the_host(what),
            Fix::Agree => {
                let printed = self.paste_shown(finding, Some("pvenode cert info"))?;
                let shown = self.lab.fingerprint();
                if !printed.contains(&shown) {
                    return Err(format!("the host prints another fingerprint than {shown}: {printed}"));
                }
                self.agree();
            }
            Fix::CaFile => {
                let printed = self.paste_shown(finding, Some("pve-root-ca.pem"))?;
                self.put_ca(&printed);
                let path = self.ca_path().display().to_string();
                if self.value("REQUESTS_CA_BUNDLE") != path {
                    self.type_line(&format!("REQUESTS_CA_BUNDLE={path}"));
                }
            }
            Fix::ShellQuotes(key) => {
                let line = self.text.lines().find(|line| self::key(line) == key).unwrap().replace('"', "'");
                self.type_line(&line);
            }
            Fix::Unset(name) => self.environment.retain(|other| other != name),
            Fix::Direct => self.type_line(&format!("PROXMOX_HOST=127.0.0.1:{}", self.lab.port())),
        }
        // What is well has time.
        self.options.limits = patient();
        Ok(())
    }

    fn type_line(&mut self, line: &str) {
        self.text = with_line(&self.text, line);
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

    /// The token's own keys take the place of a login's.
    fn use_token(&mut self, token: &LabToken) {
        let (user, name) = token.id.rsplit_once('!').unwrap();
        self.text = without(&self.text, "PROXMOX_PASSWORD");
        for line in [
            format!("PROXMOX_USER={user}"),
            format!("PROXMOX_TOKEN_NAME={name}"),
            format!("PROXMOX_TOKEN_VALUE={}", token.secret),
        ] {
            self.type_line(&line);
        }
    }

    /// Writes a placeholder over the secret in a file beside.
    fn blank(&self, name: &str) {
        let path = self.folder().join(name);
        let secret = self.value("PROXMOX_TOKEN_VALUE");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(&secret), "{name} holds no secret");
        std::fs::write(&path, text.replace(&secret, "your-token-secret")).unwrap();
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
        Mend::Switch { key, word, .. } => format!("switch {key} {word}"),
        Mend::Port { key, .. } => format!("port {key}"),
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
        Mend::Token(id) => format!("token {id}"),
    }
}
