//! Who signs in: users, realms, token names, and the full token id.

use std::fmt;
use std::str::FromStr;

/// `user@realm`, 3 to 64 characters (pve-access-control `Auth/Plugin.pm`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId {
    user: String,
    realm: String,
}

/// Why a text is no user id or token name. Each names the rule, not a code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("a user of Proxmox has a realm behind an @, as in “{0}@pam” or “{0}@pve”")]
    NoRealm(String),
    #[error("nothing stands before the @")]
    NoUser,
    #[error("a user's name has no blanks, colons or slashes, and “{0}” does")]
    UserLetters(String),
    #[error(
        "a realm begins with a letter and goes on with letters, digits, “.”, “-” or “_”, at least two in all; “{0}” does not"
    )]
    Realm(String),
    #[error("a user id has at most 64 characters, and this has {0}")]
    TooLong(usize),
    #[error(
        "a token's name begins with a letter and goes on with letters, digits, “.”, “-” or “_”, at least two in all; “{0}” does not"
    )]
    TokenName(String),
    #[error("a token id has a “!” between user and token name, as in “apex@pve!lab-token”")]
    NoBang,
}

/// The grammar that realms and token names share: a letter, then at least one of letters, digits, `.`, `-`, `_`
/// (pve-access-control `Auth/Plugin.pm`, `AccessControl.pm` token_subid_regex).
fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && text.len() >= 2
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

impl UserId {
    pub fn new(user: &str, realm: &str) -> Result<Self, IdError> {
        if user.is_empty() {
            return Err(IdError::NoUser);
        }
        if user.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, ':' | '/')) {
            return Err(IdError::UserLetters(user.to_owned()));
        }
        if !is_name(realm) || realm.len() > 32 {
            return Err(IdError::Realm(realm.to_owned()));
        }
        let length = user.chars().count() + 1 + realm.len();
        if length > 64 {
            return Err(IdError::TooLong(length));
        }
        Ok(UserId { user: user.to_owned(), realm: realm.to_owned() })
    }

    /// The one who may do everything on a host.
    pub fn root() -> Self {
        UserId { user: "root".to_owned(), realm: "pam".to_owned() }
    }

    /// The part before the last `@`.
    pub fn user(&self) -> &str {
        &self.user
    }

    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The one user who may everything, by the name alone (pve-access-control `RPCEnvironment.pm`).
    pub fn is_root(&self) -> bool {
        self.user == "root" && self.realm == "pam"
    }
}

impl FromStr for UserId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (user, realm) = text.rsplit_once('@').ok_or_else(|| IdError::NoRealm(text.to_owned()))?;
        UserId::new(user, realm)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.user, self.realm)
    }
}

/// The short name of a token, `glassdome-token`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenName(String);

impl TokenName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TokenName {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_name(text) { Ok(TokenName(text.to_owned())) } else { Err(IdError::TokenName(text.to_owned())) }
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The full token id, `user@realm!name`. It is no secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId {
    pub user: UserId,
    pub name: TokenName,
}

impl FromStr for TokenId {
    type Err = IdError;

    /// The last `!` splits, since a user's name may hold one (pve-access-control `AccessControl.pm` split_tokenid).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (user, name) = text.rsplit_once('!').ok_or(IdError::NoBang)?;
        Ok(TokenId { user: user.parse()?, name: name.parse()? })
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}!{}", self.user, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_names_follow_proxmoxs_own_grammar() {
        for good in ["glassdome-token", "my-tok_1.x", "ab", "A1"] {
            assert!(good.parse::<TokenName>().is_ok(), "{good}");
        }
        for bad in ["a", "1abc", "", "has blank", "a:b", "a!b", "a=b", "ä1"] {
            assert!(bad.parse::<TokenName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_last_bang_and_the_last_at_split_a_token_id() {
        let id: TokenId = "o!ne@two@pve!tok".parse().unwrap();
        assert_eq!(id.user.user(), "o!ne@two");
        assert_eq!(id.user.realm(), "pve");
        assert_eq!(id.name.as_str(), "tok");
        assert_eq!(id.to_string(), "o!ne@two@pve!tok");
    }

    #[test]
    fn a_user_without_realm_is_told_what_a_realm_is() {
        assert_eq!("root".parse::<UserId>(), Err(IdError::NoRealm("root".into())));
    }
}
