//! What is done at the host by hand, and what root makes there for a file that needs another token.

use std::collections::BTreeSet;

use labwizard::domain::Finding;
use labwizard::lab::{LabToken, NewCertificate};

use super::scene::{Scene, TOOL_PATHS};

impl Scene {
    pub fn at_the_host(&mut self, what: &str) {
        match what {
            "node starts" => self.lab.change(|cluster| cluster.nodes.iter_mut().for_each(|node| node.online = true)),
            "directory answers" => self.lab.change(|cluster| {
                cluster
                    .realms
                    .iter_mut()
                    .filter(|realm| realm.name == "corp")
                    .for_each(|realm| realm.can_log_in = true);
            }),
            "own key" => self.lab.swap_certificate(NewCertificate::Renewed).unwrap(),
            "new CA" => self.lab.swap_certificate(NewCertificate::RenewedCa).unwrap(),
            "road is clear" => self.road.clear(),
            "file of the signer" => self.put_ca(&self.lab.signer_pem()),
            other => panic!("nobody does “{other}” at the host"),
        }
    }

    /// As the finding has it: the user's rights are listed, and where something of what is missing is not among them, one role of
    /// the list and of what is missing is made and given to the user at that path.
    ///
    /// # Errors
    /// Where no list is shown, or a command fails, in words.
    pub fn complete_user(&mut self, finding: &Finding) -> Result<(), String> {
        self.paste_shown(finding, Some("pveum user permissions"))?;
        let user = self.user();
        let missing = finding.evidence.iter().filter_map(|line| line.split_once(": "));
        let missing: Vec<(&str, &str)> = missing.filter(|(path, _)| path.starts_with('/')).collect();
        for (at, (path, privileges)) in missing.into_iter().enumerate() {
            let listed = self.paste_on_host(&format!("pveum user permissions {user} --path {path}"))?;
            let words = listed.split([' ', '│', '\n']);
            let mut held: BTreeSet<&str> = words.filter(|word| is_privilege(word)).collect();
            let before = held.len();
            held.extend(privileges.split(", "));
            if held.len() > before {
                let all = held.into_iter().collect::<Vec<_>>().join(",");
                self.paste_on_host(&format!("pveum role add Whole{at} --privs {all}"))?;
                self.paste_on_host(&format!("pveum acl modify {path} --users {user} --roles Whole{at}"))?;
            }
        }
        Ok(())
    }

    /// A token of a user of its own, both with what the tool needs and nothing else.
    pub fn make_least_rights(&mut self) -> Result<LabToken, String> {
        self.paste_on_host("pveum user add tool@pve")?;
        let made = self.paste_on_host("pveum user token add tool@pve labs --privsep 1 --output-format json")?;
        for path in TOOL_PATHS {
            self.paste_on_host(&format!(
                "pveum acl modify {path} --users tool@pve --tokens 'tool@pve!labs' --roles LabTool"
            ))?;
        }
        Ok(LabToken { id: "tool@pve!labs".to_owned(), secret: secret(&made)?, about: String::new() })
    }
}

/// The secret that a command printed as JSON.
pub fn secret(printed: &str) -> Result<String, String> {
    let json: serde_json::Value = serde_json::from_str(printed).map_err(|error| format!("{error}: {printed}"))?;
    json["value"].as_str().map(str::to_owned).ok_or_else(|| format!("no secret is in {printed}"))
}

/// `VM.Audit`, as no other word of such a table looks.
fn is_privilege(word: &str) -> bool {
    word.split('.').count() >= 2
        && word.split('.').all(|part| part.starts_with(|c: char| c.is_ascii_uppercase()))
        && word.chars().all(|c| c.is_ascii_alphabetic() || c == '.')
}
