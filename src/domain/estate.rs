//! A host's users, tokens, roles and grants, as whoever asks may see them.

use std::collections::BTreeSet;

use crate::domain::rights::Privilege;
use crate::domain::{Timestamp, TokenId, TokenName, UserId};

/// Everything that a plan is held against. Rows whose names do not fit Proxmox's grammar are left out: they are not ours and
/// are never put into a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Estate {
    /// `GET /access/users?full=1`: whoever has User.Modify or Sys.Audit on /access/groups sees all, others themselves.
    pub users: Vec<UserSeen>,
    pub roles: Vec<RoleSeen>,
    /// `GET /access/acl`: whoever has Sys.Audit or Permissions.Modify on /access sees all.
    pub acl: Vec<AclSeen>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSeen {
    pub id: UserId,
    pub enabled: bool,
    /// When the account ends; none for never.
    pub expire: Option<Timestamp>,
    pub comment: Option<String>,
    pub groups: Vec<String>,
    pub tokens: Vec<TokenSeen>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSeen {
    pub name: TokenName,
    pub separated: bool,
    pub expire: Option<Timestamp>,
    pub comment: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSeen {
    pub name: String,
    pub privileges: BTreeSet<Privilege>,
    /// Made by Proxmox itself.
    pub built_in: bool,
}

/// One entry of the ACL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclSeen {
    pub path: String,
    pub who: Holder,
    pub role: String,
    pub propagates: bool,
}

/// Who holds a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    User(UserId),
    Group(String),
    Token(TokenId),
}

impl Estate {
    pub fn user(&self, id: &UserId) -> Option<&UserSeen> {
        self.users.iter().find(|user| user.id == *id)
    }

    pub fn token(&self, id: &TokenId) -> Option<&TokenSeen> {
        self.user(&id.user)?.tokens.iter().find(|token| token.name == id.name)
    }

    pub fn role(&self, name: &str) -> Option<&RoleSeen> {
        self.roles.iter().find(|role| role.name == name)
    }
}
