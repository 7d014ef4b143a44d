//! Whom a file may mean whose user has no realm, or one that the host does not have: the realms are listed to anybody.

use crate::diagnosis::alike::likeliest;
use crate::diagnosis::config::Config;
use crate::domain::observation::Realm;
use crate::domain::{Observation, Seen, UserId};
use crate::target::{Fact, meant as read};

/// So many are offered.
const OFFERED: usize = 4;

/// The same name in each realm of the host, likeliest first; none where the realm is one of them, or no realm was told.
pub fn meant(config: &Config, instance: u8, seen: &[Observation]) -> Vec<UserId> {
    let realms = seen.iter().find_map(|one| match &one.seen {
        Seen::IsProxmox { realms, .. } => Some(realms.as_slice()),
        _ => None,
    });
    let (Some((name, typed)), Some(realms)) = (named(config, instance), realms) else { return Vec::new() };
    if realms.iter().any(|realm| Some(&realm.name) == typed.as_ref()) {
        return Vec::new();
    }
    let near = typed.as_deref().and_then(|typed| likeliest(typed, realms.iter().map(|realm| realm.name.as_str())));
    let mut realms: Vec<&Realm> = realms.iter().collect();
    // Tokens are mostly made for users of Proxmox's own; root is the system's.
    let usual = if name == "root" { "pam" } else { "pve" };
    realms.sort_by_key(|realm| (Some(realm.name.as_str()) != near, realm.name != usual));
    realms.iter().filter_map(|realm| UserId::new(&name, &realm.name).ok()).take(OFFERED).collect()
}

/// The user's name and realm as they stand in the file; none where no name of one does.
fn named(config: &Config, instance: u8) -> Option<(String, Option<String>)> {
    let text = |fact: &Fact| config.read.get(instance, fact).map(|value| read::plain(value.text.as_str()));
    // What stands alone where the whole id belongs is the token's name.
    let id = || text(&Fact::TokenId).filter(|id| id.as_str().contains('!'));
    let whole = [Fact::User, Fact::UserName].iter().find_map(text).or_else(id)?;
    // A token's id has its name behind the user.
    let user = read::bare_id(whole.as_str())?.split('!').next()?;
    let beside = text(&Fact::Realm).map(|realm| realm.as_str().to_owned());
    match user.rsplit_once('@') {
        Some((name, realm)) => Some((name.to_owned(), Some(realm.to_owned()))),
        None => Some((user.to_owned(), beside)),
    }
}
