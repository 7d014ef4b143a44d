//! Commands for root's shell on the host. A name goes into one only where it arrives as it is and looks like what it is; else a
//! placeholder stands there (safety: fixes to paste).

use crate::domain::change::{Change, Grantee};
use crate::domain::finding::{Finding, Fix};
use crate::domain::visible::visible;
use crate::domain::{Release, TokenId, UserId, pveum, shell};

/// Where the commands are run.
pub const SHELL: &str = "In root's shell on the host";

/// Where pveproxy writes why it refused a token (pve-manager `bin/pveproxy`).
pub const TOKEN_JOURNAL: &str = "journalctl -u pveproxy -n 50 --no-pager | grep 'authentication failure'";

/// Where pvedaemon writes why it refused a login (pve-manager `bin/pvedaemon`); a directory's server is named there too.
pub const LOGIN_JOURNAL: &str = "journalctl -u pvedaemon -n 50 --no-pager | grep 'authentication failure'";

const ANY_USER: &str = "<user@realm>";
const ANY_TOKEN: &str = "<token-name>";

/// Who signs in, as far as that is a name.
#[derive(Clone, Copy)]
pub struct Who<'a>(pub Option<&'a Grantee>);

impl<'a> Who<'a> {
    pub fn user(self) -> Option<&'a UserId> {
        match self.0? {
            Grantee::User(user) => Some(user),
            Grantee::Token(token) => Some(&token.user),
        }
    }

    pub fn token(self) -> Option<&'a TokenId> {
        match self.0? {
            Grantee::User(_) => None,
            Grantee::Token(token) => Some(token),
        }
    }

    /// The user's name, as a value of a command.
    fn user_word(self) -> String {
        word(self.user().map(UserId::to_string), ANY_USER)
    }

    fn name_word(self) -> String {
        word(self.token().map(|token| token.name.to_string()), ANY_TOKEN)
    }

    pub fn tokens(self) -> String {
        format!("pveum user token list {}", self.user_word())
    }

    /// The token's end is taken away; 0 is never.
    pub fn endless_token(self) -> String {
        format!("pveum user token modify {} {} --expire 0", self.user_word(), self.name_word())
    }

    pub fn endless_user(self) -> String {
        format!("pveum user modify {} --expire 0", self.user_word())
    }

    pub fn enable(self) -> String {
        format!("pveum user modify {} --enable 1", self.user_word())
    }

    /// The second factors of a user are taken again (pve-access-control 8.0).
    pub fn unlock(self) -> String {
        format!("pveum user tfa unlock {}", self.user_word())
    }

    pub fn password(self) -> String {
        format!("pveum passwd {}", self.user_word())
    }

    /// What its user may do at a path.
    pub fn user_permissions(self, path: &str) -> String {
        format!("pveum user permissions {} --path {}", self.user_word(), word(Some(path.to_owned()), "<path>"))
    }

    /// A user of this name who cannot log in; its tokens can.
    pub fn make_user(self) -> String {
        format!("pveum user add {}", self.user_word())
    }

    /// A token of this name, with nothing granted to it yet.
    pub fn make_token(self) -> String {
        format!("pveum user token add {} {} --output-format json", self.user_word(), self.name_word())
    }

    /// A new secret in place of the old.
    pub fn new_secret(self) -> String {
        let command = self.token().filter(|token| is_plain(&token.to_string()));
        command.and_then(|token| pveum::command(&Change::NewSecret(token.clone())).ok()).unwrap_or_else(|| {
            format!(
                "pveum user token modify {} {} --regenerate 1 --output-format json",
                self.user_word(),
                self.name_word()
            )
        })
    }
}

/// Since pve-access-control 9.1.0, in Proxmox VE 9.2, a token that is there can be given a new secret.
pub fn regenerates(release: Option<Release>) -> bool {
    release.is_some_and(|release| release >= Release::new(9, 2, 0))
}

/// What is left where no login works: why it was refused, which tokens there are, and how a way in is made again.
pub fn without_login(finding: Finding, who: Who<'_>, release: Option<Release>) -> Finding {
    let root = Grantee::User(UserId::root());
    let root = Who(Some(&root));
    let finding = finding
        .say(NO_LOGIN)
        .run("Why it was refused, in the last line", TOKEN_JOURNAL)
        .run("The user's tokens, and when they end", who.tokens())
        .run("Unlock root's one-time codes", root.unlock())
        .run("A new password for root", root.password());
    match (who.token(), regenerates(release)) {
        (Some(_), true) => finding.run("A new secret for the token; the old one is dead then", who.new_secret()),
        _ => finding,
    }
}

/// How the block of [`without_login`] begins.
const NO_LOGIN: &str = "If no login works either, root's shell does: over SSH, or on the machine's own screen.";

/// What to do about a finding, and behind it the block for where no login works.
pub fn parted(fixes: &[Fix]) -> (&[Fix], &[Fix]) {
    let begins = |fix: &Fix| matches!(fix, Fix::Say(sentence) if sentence == NO_LOGIN);
    fixes.split_at(fixes.iter().position(begins).unwrap_or(fixes.len()))
}

/// A value as one word of a command, or the placeholder.
pub fn word(value: Option<String>, placeholder: &str) -> String {
    let fits = value.filter(|value| is_plain(value)).and_then(|value| shell::quote(&value).ok());
    // A placeholder has signs that a shell reads.
    fits.unwrap_or_else(|| format!("'{placeholder}'"))
}

/// It looks like what it is, and is one name to Proxmox, which parts lists at commas and semicolons.
pub fn is_plain(text: &str) -> bool {
    visible(text) == text && !text.contains([',', ';'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_not_arrive_is_a_placeholder() {
        let commands = |id: &str| {
            let token = Grantee::Token(id.parse().unwrap());
            let who = Who(Some(&token));
            [who.tokens(), who.endless_token(), who.make_token(), who.new_secret()]
        };
        assert_eq!(
            commands("o'neil@pve!tool"),
            [
                r"pveum user token list 'o'\''neil@pve'",
                r"pveum user token modify 'o'\''neil@pve' tool --expire 0",
                r"pveum user token add 'o'\''neil@pve' tool --output-format json",
                r"pveum user token modify 'o'\''neil@pve' tool --regenerate 1 --output-format json"
            ]
        );
        for odd in ["-x@pve!tool", "a\u{202e}b@pve!tool", "a,b@pve!tool"] {
            for command in commands(odd) {
                assert!(command.contains("'<user@realm>'") && !command.contains("a,b"), "{command}");
            }
        }
        assert_eq!(Who(None).tokens(), "pveum user token list '<user@realm>'");
    }
}
