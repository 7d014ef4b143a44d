//! The token by hand: the commands for a root shell on the host, and the clicks in its web UI.

use super::needs::{Grant, Role, roles};
use crate::domain::time::date;
use crate::domain::{Timestamp, TokenId};

/// What is to be made.
#[derive(Clone, Copy, Debug)]
pub struct ByHand<'a> {
    pub token: &'a TokenId,
    /// The user is there already.
    pub user_exists: bool,
    /// What the roles are called: letters, digits, `.`, `-`, `_`, and not `PVE` first.
    pub role: &'a str,
    /// What the token is granted.
    pub token_grants: &'a [Grant],
    /// What its owner is granted; where a tool looks at the owner this is more than the token has.
    pub owner_grants: &'a [Grant],
    /// When the token ends.
    pub expires: Option<Timestamp>,
}

/// A grant of one role at one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row<'r> {
    path: &'r str,
    role: &'r str,
    to_owner: bool,
    to_token: bool,
}

impl ByHand<'_> {
    /// The commands, each as its words, in an order that works: a grant to a token needs the token. Not quoted yet.
    ///
    /// To be run as root on the host. Privilege separation stays on. The last but the grants prints the secret, once.
    pub fn commands(&self) -> Vec<Vec<String>> {
        let user = self.token.user.to_string();
        let mut out = Vec::new();
        let mut push = |words: &[&str]| out.push(words.iter().map(|w| (*w).to_owned()).collect());
        if !self.user_is_there() {
            push(&["pveum", "user", "add", &user]);
        }
        let roles = self.roles();
        for role in &roles {
            push(&["pveum", "role", "add", &role.name, "--privs", &privileges(role, ",")]);
        }
        let expire = self.expires.unwrap_or(0).to_string();
        let name = self.token.name.as_str();
        push(&[
            "pveum",
            "user",
            "token",
            "add",
            &user,
            name,
            "--privsep",
            "1",
            "--expire",
            &expire,
            "--output-format",
            "json",
        ]);
        let id = self.token.to_string();
        for row in self.rows(&roles) {
            let mut words = vec!["pveum", "acl", "modify", row.path];
            if row.to_owner {
                words.extend(["--users", &user]);
            }
            if row.to_token {
                words.extend(["--tokens", &id]);
            }
            words.extend(["--roles", row.role]);
            push(&words);
        }
        out
    }

    /// The same in the web UI, step by step.
    pub fn clicks(&self) -> Vec<Step> {
        let roles = self.roles();
        let mut out = Vec::new();
        if !self.user_is_there() {
            out.push(self.step("user", &[]));
        }
        for role in &roles {
            out.push(self.step("role", &[("role", &role.name), ("privileges", &privileges(role, ", "))]));
        }
        let expire = self.expires.map_or("leave “never”".to_owned(), date);
        out.push(self.step("token", &[("expire", &expire)]));
        for row in self.rows(&roles) {
            let fill = [("path", row.path), ("role", row.role)];
            if row.to_owner {
                out.push(self.step("grant-user", &fill));
            }
            if row.to_token {
                out.push(self.step("grant-token", &fill));
            }
        }
        out
    }

    /// root@pam cannot be made, and has every right.
    fn is_root(&self) -> bool {
        self.token.user.user() == "root" && self.token.user.realm() == "pam"
    }

    fn user_is_there(&self) -> bool {
        self.user_exists || self.is_root()
    }

    fn owner_grants(&self) -> &[Grant] {
        if self.is_root() { &[] } else { self.owner_grants }
    }

    fn roles(&self) -> Vec<Role> {
        let all: Vec<Grant> = self.token_grants.iter().chain(self.owner_grants()).cloned().collect();
        roles(self.role, &all)
    }

    fn rows<'r>(&'r self, roles: &'r [Role]) -> Vec<Row<'r>> {
        let row = |grant: &'r Grant, to_owner, to_token| {
            let role = roles.iter().find(|role| role.privileges == grant.privileges);
            role.map(|role| Row { path: &grant.path, role: &role.name, to_owner, to_token })
        };
        let both = |grant: &Grant| self.token_grants.contains(grant);
        let owner = self.owner_grants().iter().filter_map(|grant| row(grant, true, both(grant)));
        let token = self.token_grants.iter().filter(|grant| !self.owner_grants().contains(grant));
        owner.chain(token.filter_map(|grant| row(grant, false, true))).collect()
    }

    fn step(&self, name: &str, with: &[(&str, &str)]) -> Step {
        let user = &self.token.user;
        let own = [("user", user.user()), ("realm", user.realm()), ("token_name", self.token.name.as_str())];
        let (title, lines) = section(name).expect("a test walks every section of the guide");
        // One pass over the text, so that a value with braces in it is never filled again.
        let fill = |text: &str| {
            let mut out = String::new();
            let mut rest = text;
            while let Some((before, word, after)) =
                rest.split_once('{').and_then(|(before, tail)| tail.split_once('}').map(|(w, a)| (before, w, a)))
            {
                out.push_str(before);
                out.push_str(own.iter().chain(with).find(|(key, _)| *key == word).map_or("", |(_, value)| value));
                rest = after;
            }
            out + rest
        };
        Step { title: fill(title), clicks: lines.iter().map(|line| fill(line)).collect() }
    }
}

/// A step in the web UI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub title: String,
    pub clicks: Vec<String>,
}

const TEXT: &str = include_str!("../../assets/guides/token-by-hand.md");

/// A section's title and lines.
fn section(name: &str) -> Option<(&'static str, Vec<&'static str>)> {
    let sections = TEXT.split("\n## ").skip(1);
    sections.filter_map(|text| text.split_once('\n')).find_map(|(head, body)| {
        let (found, title) = head.split_once(": ")?;
        (found == name).then(|| (title, body.lines().filter_map(|line| line.strip_prefix("- ")).collect()))
    })
}

fn privileges(role: &Role, between: &str) -> String {
    role.privileges.iter().map(String::as_str).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::shell;

    fn grant(path: &str, privs: &[&str]) -> Grant {
        Grant { path: path.into(), privileges: privs.iter().map(|p| (*p).to_owned()).collect() }
    }

    fn lines(hand: &ByHand<'_>) -> Vec<String> {
        hand.commands()
            .iter()
            .map(|words| shell::command(&words.iter().map(String::as_str).collect::<Vec<_>>()).unwrap())
            .collect()
    }

    #[test]
    fn the_commands_make_user_roles_and_token_before_the_grants() {
        let token: TokenId = "lab@pve!wiz".parse().unwrap();
        let grants = [grant("/vms", &["VM.Audit", "VM.Clone"]), grant("/storage/a", &["Datastore.Audit"])];
        let hand = ByHand {
            token: &token,
            user_exists: false,
            role: "LabwizardThing",
            token_grants: &grants,
            owner_grants: &grants,
            expires: Some(1_800_000_000),
        };
        assert_eq!(
            lines(&hand),
            [
                "pveum user add lab@pve",
                "pveum role add LabwizardThing --privs VM.Audit,VM.Clone",
                "pveum role add LabwizardThing-storage --privs Datastore.Audit",
                "pveum user token add lab@pve wiz --privsep 1 --expire 1800000000 --output-format json",
                "pveum acl modify /vms --users lab@pve --tokens 'lab@pve!wiz' --roles LabwizardThing",
                "pveum acl modify /storage/a --users lab@pve --tokens 'lab@pve!wiz' --roles LabwizardThing-storage",
            ]
        );
    }

    #[test]
    fn an_owner_that_is_looked_at_gets_a_role_of_its_own_and_root_gets_none() {
        let narrow = [grant("/vms", &["VM.Audit"])];
        let broad = [grant("/", &["VM.Audit", "Sys.Audit"])];
        let token: TokenId = "lab@pve!wiz".parse().unwrap();
        let hand = ByHand {
            token: &token,
            user_exists: true,
            role: "R1",
            token_grants: &narrow,
            owner_grants: &broad,
            expires: None,
        };
        assert_eq!(
            lines(&hand)[2..],
            [
                "pveum user token add lab@pve wiz --privsep 1 --expire 0 --output-format json",
                "pveum acl modify / --users lab@pve --roles R1-root",
                "pveum acl modify /vms --tokens 'lab@pve!wiz' --roles R1",
            ]
        );
        let root: TokenId = "root@pam!wiz".parse().unwrap();
        let all = lines(&ByHand { token: &root, user_exists: false, ..hand });
        assert!(!all.iter().any(|line| line.contains("user add") || line.contains("--users")), "{all:?}");
        assert!(all.iter().all(|line| !line.contains("privsep 0")));
    }

    #[test]
    fn the_clicks_are_the_same_steps_with_everything_filled_in() {
        let token: TokenId = "lab@pve!wiz".parse().unwrap();
        let grants = [grant("/vms", &["VM.Audit"])];
        let hand = ByHand {
            token: &token,
            user_exists: false,
            role: "R1",
            token_grants: &grants,
            owner_grants: &grants,
            expires: None,
        };
        let steps = hand.clicks();
        let titles: Vec<_> = steps.iter().map(|s| s.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "Make the user lab@pve",
                "Make the role R1",
                "Make the token wiz",
                "Give lab@pve the role on /vms",
                "Give the token the role on /vms"
            ]
        );
        for step in &steps {
            assert!(step.clicks.len() >= 4, "{step:?}");
            assert!(!step.clicks.iter().any(|click| click.contains(['{', '}']) || click.ends_with(": ")), "{step:?}");
        }
    }
}
