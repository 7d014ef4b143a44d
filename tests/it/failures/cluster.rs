//! What a host holds before a repair and after it, against what the plan said.

use std::collections::{BTreeMap, BTreeSet};

use labwizard::domain::{Change, Grantee};
use labwizard::lab::Lab;
use labwizard::lab::proxmox::cluster::AccessState;

/// Who is there, what is granted, and which secrets count.
pub struct Host {
    state: AccessState,
    /// By the token's full id.
    pub secrets: BTreeMap<String, String>,
}

impl Host {
    pub fn of(lab: &Lab) -> Host {
        let secrets = lab.change(|cluster| {
            let of_user = |(user, one): (&String, &labwizard::lab::proxmox::cluster::User)| {
                let full = |(name, token): (&String, &labwizard::lab::proxmox::cluster::Token)| {
                    (format!("{user}!{name}"), token.secret.clone())
                };
                one.tokens.iter().map(full).collect::<Vec<_>>()
            };
            cluster.users.iter().flat_map(of_user).collect()
        });
        Host { state: lab.access_state(), secrets }
    }

    /// What is other than planned, in words.
    pub fn not_as_planned(&self, after: &Host, planned: &[&Change]) -> Vec<String> {
        let mut planned: BTreeSet<String> = planned.iter().flat_map(|change| words(change)).collect();
        let mut done = self.differences(after);
        // Releases that give no new secret make the token anew: its comment is another then, and nothing else of it.
        for id in self.secrets.keys() {
            let anew = [format!("no token {id}"), format!("token {id}")];
            if anew.iter().all(|what| planned.contains(what)) {
                planned.retain(|what| !anew.contains(what));
                planned.insert(format!("new secret {id}"));
                done.remove(&format!("another comment of {id}"));
            }
        }
        let beyond = done.difference(&planned).map(|what| format!("on the host, and not planned: {what}"));
        // What a token had goes with it, and an entry that was there already is no difference.
        let is_grant = |what: &&String| what.starts_with("grant ");
        let missing = planned.difference(&done).filter(|what| !is_grant(what));
        beyond.chain(missing.map(|what| format!("planned, and not on the host: {what}"))).collect()
    }

    fn differences(&self, after: &Host) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        let (old, new) = (&self.state, &after.state);
        all.extend(new.users.keys().filter(|user| !old.users.contains_key(*user)).map(|user| format!("user {user}")));
        all.extend(
            old.users.keys().filter(|user| !new.users.contains_key(*user)).map(|user| format!("no user {user}")),
        );
        for (user, was) in &old.users {
            let Some(is) = new.users.get(user) else { continue };
            if (was.enable, was.expire, &was.comment) != (is.enable, is.expire, &is.comment) {
                all.insert(format!("another {user}"));
            }
            for (name, was) in &was.tokens {
                let Some(is) = is.tokens.get(name) else { continue };
                if (was.privsep, was.expire) != (is.privsep, is.expire) {
                    all.insert(format!("another {user}!{name}"));
                }
                if was.comment != is.comment {
                    all.insert(format!("another comment of {user}!{name}"));
                }
            }
        }
        all.extend(
            new.roles.iter().filter(|(name, has)| old.roles.get(*name) != Some(has)).map(|(n, _)| format!("role {n}")),
        );
        all.extend(
            old.roles.keys().filter(|name| !new.roles.contains_key(*name)).map(|name| format!("no role {name}")),
        );
        if old.groups != new.groups {
            all.insert("other groups".to_owned());
        }
        all.extend(new.acl.difference(&old.acl).map(|row| format!("grant {} {} {}", row.path, row.role, row.who)));
        all.extend(old.acl.difference(&new.acl).map(|row| format!("no grant {} {} {}", row.path, row.role, row.who)));
        for (id, secret) in &after.secrets {
            match self.secrets.get(id) {
                None => all.extend([format!("token {id}")]),
                Some(was) if was != secret => all.extend([format!("new secret {id}")]),
                Some(_) => {}
            }
        }
        all.extend(
            self.secrets.keys().filter(|id| !after.secrets.contains_key(*id)).map(|id| format!("no token {id}")),
        );
        all
    }
}

/// A planned change as the difference that it makes.
fn words(change: &Change) -> Vec<String> {
    let grants = |word: &str, path: &str, role: &str, to: &[Grantee]| {
        let who = |grantee: &Grantee| match grantee {
            Grantee::User(user) => user.to_string(),
            Grantee::Token(token) => token.to_string(),
        };
        to.iter().map(|one| format!("{word} {path} {role} {}", who(one))).collect()
    };
    match change {
        Change::MakeUser { user, .. } => vec![format!("user {user}")],
        Change::MakeRole { role, .. } => vec![format!("role {role}")],
        Change::MakeToken(make) => vec![format!("token {}", make.id)],
        Change::Grant { path, role, to } => grants("grant", path, role, to),
        Change::NewSecret(id) => vec![format!("new secret {id}")],
        Change::RemoveToken(id) => vec![format!("no token {id}")],
        Change::Ungrant { path, role, to } => grants("no grant", path, role, to),
        Change::RemoveRole { role } => vec![format!("no role {role}")],
        Change::RemoveUser { user } => vec![format!("no user {user}")],
        Change::Enable { user, .. } => vec![format!("another {user}")],
        Change::SetEnd { who: Grantee::User(user), .. } => vec![format!("another {user}")],
        Change::SetEnd { who: Grantee::Token(id), .. } => vec![format!("another {id}")],
    }
}
