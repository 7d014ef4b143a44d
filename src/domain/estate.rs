//! A host's users, tokens, roles and grants, as whoever asks may see them.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::change::Grantee;
use crate::domain::rights::Privilege;
use crate::domain::{Timestamp, TokenId, TokenName, UserId};

/// Everything that a plan is held against. Rows whose names do not fit Proxmox's grammar are left out: they are not ours and
/// are never put into a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Estate {
    /// `GET /access/users?full=1`: whoever has User.Modify or Sys.Audit on /access/groups sees all, others themselves.
    pub users: Vec<UserSeen>,
    pub roles: Vec<RoleSeen>,
    /// `GET /access/acl`: of a path all entries or none.
    pub acl: Vec<AclSeen>,
    /// Everybody's entries are among them: whoever has Sys.Audit on /access is told all, others those of the paths where they
    /// may change them (pve-access-control `API2/ACL.pm` read_acl). Where it is not so, what somebody holds is not known.
    pub acl_whole: bool,
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

impl UserSeen {
    /// A user who is there, and of whom nothing else is told.
    pub fn named(id: UserId) -> Self {
        UserSeen { id, enabled: true, expire: None, comment: None, groups: Vec::new(), tokens: Vec::new() }
    }
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

    /// What somebody may do at a path, each privilege with whether it holds below too; a token with privilege separation what
    /// both it and its user may. Rights from pools are not in it: who holds them is not seen here.
    pub fn rights_of(&self, who: &Grantee, path: &str) -> BTreeMap<Privilege, bool> {
        let user = match who {
            Grantee::User(user) => user,
            Grantee::Token(token) => &token.user,
        };
        if self.user(user).is_none() && !user.is_root() {
            return BTreeMap::new();
        }
        let users = self.granted(&Grantee::User(user.clone()), path);
        let Grantee::Token(id) = who else { return users };
        match self.token(id) {
            None => BTreeMap::new(),
            Some(token) if !token.separated => users,
            Some(_) => {
                let both = |(privilege, below): (Privilege, bool)| {
                    users.get(&privilege).map(|users_below| (privilege, below && *users_below))
                };
                self.granted(who, path).into_iter().filter_map(both).collect()
            }
        }
    }

    /// What the ACL gives a user, or a token by itself, at a path, whether or not they are there.
    pub fn granted(&self, who: &Grantee, path: &str) -> BTreeMap<Privilege, bool> {
        let mut privileges = BTreeMap::new();
        for (role, propagates) in self.roles_at(who, path) {
            for privilege in self.role(role).into_iter().flat_map(|role| &role.privileges) {
                *privileges.entry(privilege.clone()).or_default() |= propagates;
            }
        }
        privileges
    }

    /// Whether somebody is kept out of a path by the role NoAccess.
    pub fn shut_out(&self, who: &Grantee, path: &str) -> bool {
        self.roles_at(who, path).contains_key(NO_ACCESS)
    }

    /// The roles that the ACL gives at a path, each with whether it goes on to paths below (pve-access-control
    /// `AccessControl.pm` roles): a deeper entry replaces what is inherited, on one path a user's replaces its groups', and
    /// NoAccess leaves nothing beside it.
    fn roles_at(&self, who: &Grantee, path: &str) -> BTreeMap<&str, bool> {
        if matches!(who, Grantee::User(user) if user.is_root()) {
            return BTreeMap::from([("Administrator", true)]);
        }
        let groups = match who {
            Grantee::User(user) => self.user(user).map_or(&[][..], |user| &user.groups),
            Grantee::Token(_) => &[],
        };
        let is_own = |holder: &Holder| match (holder, who) {
            (Holder::User(holder), Grantee::User(user)) => holder == user,
            (Holder::Token(holder), Grantee::Token(token)) => holder == token,
            _ => false,
        };
        let is_groups = |holder: &Holder| matches!(holder, Holder::Group(group) if groups.contains(group));
        let mut held = BTreeMap::new();
        // The root, then every path on the way, then the path itself.
        let steps = path.match_indices('/').skip(1).map(|(at, _)| &path[..at]);
        for at in std::iter::once("/").chain(steps).chain((path != "/").then_some(path)) {
            let counts = |row: &&AclSeen| row.path == at && (row.propagates || at == path);
            let roles = |whose: &dyn Fn(&Holder) -> bool| -> BTreeMap<&str, bool> {
                let rows = self.acl.iter().filter(counts).filter(|row| whose(&row.who));
                rows.map(|row| (row.role.as_str(), row.propagates)).collect()
            };
            let own = roles(&is_own);
            let new = if own.is_empty() { roles(&is_groups) } else { own };
            if !new.is_empty() {
                held = new;
            }
        }
        match held.get(NO_ACCESS) {
            Some(propagates) => BTreeMap::from([(NO_ACCESS, *propagates)]),
            None => held,
        }
    }
}

const NO_ACCESS: &str = "NoAccess";
