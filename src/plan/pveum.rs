//! The `pveum` commands that make a token with exactly the rights that a target needs: one text for what is shown and copied.

use std::collections::BTreeSet;

use crate::domain::shell::{ShellError, command};
use crate::domain::{TokenName, UserId};
use crate::target::needs::Grant;

/// Who gets which grants.
#[derive(Debug)]
pub struct Wanted<'a> {
    pub user: &'a UserId,
    pub name: &'a TokenName,
    /// What the roles are called after, `glassdome`.
    pub target: &'a str,
    pub grants: &'a [Grant],
}

/// A role and where it is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleGrant {
    pub role: String,
    pub privileges: BTreeSet<String>,
    pub path: String,
}

/// One role for each set of privileges: a role with more than a path needs would give more than is needed there.
pub fn roles(target: &str, grants: &[Grant]) -> Vec<RoleGrant> {
    let mut out: Vec<RoleGrant> = Vec::new();
    for grant in grants {
        let same = out.iter().find(|known| known.privileges == grant.privileges).map(|known| known.role.clone());
        let role = same.unwrap_or_else(|| format!("Labwizard-{target}{}", suffix(&grant.path)));
        out.push(RoleGrant { role, privileges: grant.privileges.clone(), path: grant.path.clone() });
    }
    out
}

/// `/storage/local-lvm` → `-storage-local-lvm`; role names hold letters, digits, `.`, `-` and `_`.
fn suffix(path: &str) -> String {
    let words: Vec<&str> = path.split('/').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "-root".to_owned() } else { format!("-{}", words.join("-")) }
}

/// The commands in the order that the host accepts: user, roles, token, grants to both. Privilege separation stays on.
///
/// A user of realm pam exists in the host's own system or not at all, so none is made (pve-access-control `API2/User.pm`).
pub fn commands(wanted: &Wanted<'_>) -> Result<Vec<String>, ShellError> {
    let user = wanted.user.to_string();
    let name = wanted.name.as_str();
    let token = format!("{user}!{name}");
    let mut lines = Vec::new();
    if wanted.user.realm() == "pve" {
        lines.push(command(&["pveum", "user", "add", &user, "--comment", &format!("made for {}", wanted.target)])?);
    }
    let roles = roles(wanted.target, wanted.grants);
    let mut made = BTreeSet::new();
    for grant in &roles {
        if made.insert(&grant.role) {
            let privileges: Vec<&str> = grant.privileges.iter().map(String::as_str).collect();
            lines.push(command(&["pveum", "role", "add", &grant.role, "--privs", &privileges.join(" ")])?);
        }
    }
    lines.push(command(&["pveum", "user", "token", "add", &user, name, "--privsep", "1", "--output-format", "json"])?);
    for grant in &roles {
        lines.push(grant_command(&grant.path, &user, &token, &grant.role)?);
    }
    Ok(lines)
}

/// The commands that give an existing token what it lacks, a role each set.
pub fn missing_commands(wanted: &Wanted<'_>) -> Result<Vec<String>, ShellError> {
    let user = wanted.user.to_string();
    let token = format!("{user}!{}", wanted.name);
    let mut lines = Vec::new();
    for grant in roles(wanted.target, wanted.grants) {
        let privileges: Vec<&str> = grant.privileges.iter().map(String::as_str).collect();
        lines.push(command(&["pveum", "role", "add", &grant.role, "--privs", &privileges.join(" ")])?);
        lines.push(grant_command(&grant.path, &user, &token, &grant.role)?);
    }
    Ok(lines)
}

fn grant_command(path: &str, user: &str, token: &str, role: &str) -> Result<String, ShellError> {
    command(&["pveum", "acl", "modify", path, "--users", user, "--tokens", token, "--roles", role])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(path: &str, privileges: &[&str]) -> Grant {
        Grant { path: path.into(), privileges: privileges.iter().map(|p| (*p).to_owned()).collect() }
    }

    #[test]
    fn the_block_makes_user_roles_token_and_grants_in_the_order_that_the_host_accepts() {
        let user = "apex@pve".parse().unwrap();
        let name = "glassdome-token".parse().unwrap();
        let grants = [grant("/vms", &["VM.Audit", "VM.Clone"]), grant("/storage", &["Datastore.AllocateSpace"])];
        let wanted = Wanted { user: &user, name: &name, target: "tool", grants: &grants };
        assert_eq!(
            commands(&wanted).unwrap(),
            [
                "pveum user add apex@pve --comment 'made for tool'",
                "pveum role add Labwizard-tool-vms --privs 'VM.Audit VM.Clone'",
                "pveum role add Labwizard-tool-storage --privs Datastore.AllocateSpace",
                "pveum user token add apex@pve glassdome-token --privsep 1 --output-format json",
                "pveum acl modify /vms --users apex@pve --tokens 'apex@pve!glassdome-token' --roles Labwizard-tool-vms",
                "pveum acl modify /storage --users apex@pve --tokens 'apex@pve!glassdome-token' --roles Labwizard-tool-storage",
            ]
        );
    }

    #[test]
    fn a_user_of_the_hosts_system_is_not_made_and_no_privsep_is_ever_off() {
        let user = "root@pam".parse().unwrap();
        let name = "tok".parse().unwrap();
        let lines = commands(&Wanted { user: &user, name: &name, target: "tool", grants: &[] }).unwrap();
        assert!(!lines.iter().any(|line| line.contains("user add") || line.contains("--privsep 0")));
    }
}
