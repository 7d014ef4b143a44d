//! Who is there and what is granted, as tests compare it: all of it, and no secret.

use std::collections::{BTreeMap, BTreeSet};

use super::cluster::{AclRow, Cluster, Token, User};

/// Who is there and what is granted, without secrets: equal where nothing of it differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessState {
    /// By `user@realm`.
    pub users: BTreeMap<String, AccessUser>,
    /// The privileges by the name of the role.
    pub roles: BTreeMap<String, BTreeSet<String>>,
    /// Members by the name of the group.
    pub groups: BTreeMap<String, BTreeSet<String>>,
    pub acl: BTreeSet<AclRow>,
}

/// A user in an [`AccessState`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessUser {
    pub enable: bool,
    /// Seconds since 1970; 0 is never.
    pub expire: u64,
    pub comment: Option<String>,
    pub has_password: bool,
    /// By the token's name.
    pub tokens: BTreeMap<String, AccessToken>,
}

/// A token in an [`AccessState`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    pub privsep: bool,
    /// Seconds since 1970; 0 is never.
    pub expire: u64,
    pub comment: Option<String>,
}

impl Cluster {
    /// The users, tokens, roles and grants, without secrets.
    pub fn access_state(&self) -> AccessState {
        let token = |token: &Token| AccessToken {
            privsep: token.privsep,
            expire: token.expire,
            comment: token.comment.clone(),
        };
        let user = |user: &User| AccessUser {
            enable: user.enable,
            expire: user.expire,
            comment: user.comment.clone(),
            has_password: user.password.is_some(),
            tokens: user.tokens.iter().map(|(name, known)| (name.clone(), token(known))).collect(),
        };
        AccessState {
            users: self.users.iter().map(|(id, known)| (id.clone(), user(known))).collect(),
            roles: self.roles.iter().map(|(name, role)| (name.clone(), role.privileges.clone())).collect(),
            groups: self.groups.iter().map(|(name, group)| (name.clone(), group.members.clone())).collect(),
            acl: self.acl.clone(),
        }
    }
}
