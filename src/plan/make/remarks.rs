//! What is to be said of a plan besides its changes.

use std::collections::BTreeSet;

use crate::diagnosis::token_end::is_near;
use crate::domain::rights::Privilege;
use crate::domain::time::date;
use crate::domain::{AclSeen, Change, Grantee, Holder, Need, Timestamp, pveum};
use crate::plan::make::roles::Roles;
use crate::plan::make::rows::Laid;
use crate::plan::make::way::Way;
use crate::plan::make::{Existing, Order, Wanted};

/// So many paths are named; of more it is said that there are.
const NAMED: usize = 3;

pub fn remarks(
    order: &Order<'_>,
    way: &Way<'_>,
    laid: &Laid,
    roles: &Roles,
    skipped: &[&AclSeen],
    separated: bool,
) -> Vec<String> {
    let mut out = Vec::new();
    whole(order, separated, &mut out);
    existing(order, way, skipped, &mut out);
    for role in &roles.left_alone {
        out.push(format!("The role {role} is there already with other privileges and is left alone."));
    }
    for kept in &laid.kept {
        out.push(format!("{} keeps what it has on {}: {}.", name(&kept.who), kept.path, list(&kept.privileges)));
    }
    for (who, path) in &laid.opened {
        out.push(format!("{} was kept out of {path} by the role NoAccess; the grant opens it.", name(who)));
    }
    if !matches!(way, Way::New(_)) || order.estate.user(&order.token.user).is_some() {
        deeper(order, laid, &mut out);
        others(order, way, laid, &mut out);
    }
    out
}

/// A token with all rights of its user.
fn whole(order: &Order<'_>, separated: bool, out: &mut Vec<String>) {
    let user = &order.token.user;
    let given = |end: &Timestamp| *order.existing == Existing::Wake && is_near(*end, order.now);
    let end = order.estate.user(user).and_then(|user| user.expire);
    if let Some(end) = end.filter(|end| *end > 0 && !given(end)) {
        out.push(format!("The user {user} ends on {}, and the token with it.", date(end)));
    }
    if separated {
        return;
    }
    if user.is_root() {
        out.push(
            "The token may do everything that root@pam may, on every host of the cluster: whoever holds its secret holds them all."
                .into(),
        );
        out.push(
            "Raw devices (hostpci, usb) and args stay closed to it all the same, as to any token: mapped devices, or root's own password, are the way there."
                .into(),
        );
    } else if order.estate.user(user).is_none() {
        out.push(format!("The token has all rights of {user}, which is new and has none yet."));
    } else {
        out.push(format!("The token has all rights of {user}, also those that {user} is given later."));
    }
}

/// What becomes of the token that was there.
fn existing(order: &Order<'_>, way: &Way<'_>, skipped: &[&AclSeen], out: &mut Vec<String>) {
    let id = order.token;
    let end = match way {
        Way::New(_) => return,
        Way::Beside { old, new, .. } => {
            if !old.separated && matches!(order.wanted, Wanted::Least { .. }) {
                out.push(format!("{id} has all rights of {}; {new} gets only those that are listed.", id.user));
            }
            order.expire
        }
        Way::NewSecret(old) => old.expire,
        Way::Kept(_) => {
            match order.existing {
                Existing::Wake => out.push(format!("{id} keeps its secret and its rights.")),
                _ => out.push(format!("{id} keeps its secret and its end.")),
            }
            order.expire
        }
        Way::Again(_) => way.expire(order),
    };
    if end != order.expire {
        let end = end.filter(|end| *end > 0).map_or("never ends".to_owned(), |end| format!("ends on {}", date(end)));
        out.push(format!("{id} {end}, as before."));
    }
    if let Way::NewSecret(old) | Way::Again(old) | Way::Kept(old) = way {
        match (order.wanted, old.separated) {
            (Wanted::Same, true) => out.push(format!("{id} keeps its own rights, which are not all of {}.", id.user)),
            (Wanted::Least { .. }, false) => out.push(format!("{id} has all rights of {} and keeps them.", id.user)),
            _ => {}
        }
    }
    for row in skipped {
        let to = vec![Grantee::Token(way.token(order))];
        let grant = Change::Grant { path: row.path.clone(), role: row.role.clone(), to };
        if let Ok(command) = pveum::command(&grant) {
            out.push(format!(
                "{id} has {} on {} but not below it. That is not given again here; the command for it is: {command} --propagate 0",
                row.role, row.path
            ));
        }
    }
}

/// Paths below those of the plan where the owner has an entry of their own, and with it less than the token needs.
fn deeper(order: &Order<'_>, laid: &Laid, out: &mut Vec<String>) {
    let Wanted::Least { token, .. } = order.wanted else { return };
    let user = &order.token.user;
    let groups = order.estate.user(user).map_or(&[][..], |user| &user.groups);
    let theirs = |holder: &Holder| match holder {
        Holder::User(holder) => holder == user,
        Holder::Group(group) => groups.contains(group),
        Holder::Token(_) => false,
    };
    let rows = order.estate.acl.iter().filter(|row| !user.is_root() && theirs(&row.who));
    let mut paths: BTreeSet<&str> = rows.map(|row| row.path.as_str()).collect();
    paths.retain(|path| {
        let asked: Vec<&Need> = token.iter().filter(|need| is_below(path, &need.path)).collect();
        let held = laid.estate.granted(&Grantee::User(user.clone()), path);
        asked.iter().any(|need| need.privileges.iter().any(|privilege| !held.contains_key(privilege)))
    });
    if let Some(named) = some(paths.into_iter().map(str::to_owned)) {
        out.push(format!("{user} has other rights on {named}, so the token can do less there."));
    }
}

fn is_below(path: &str, above: &str) -> bool {
    path.len() > above.len() && path.strip_prefix(above.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}

/// Tokens of the owner that have all rights of theirs, and so get what the owner is granted.
fn others(order: &Order<'_>, way: &Way<'_>, laid: &Laid, out: &mut Vec<String>) {
    let Some(user) = order.estate.user(&order.token.user) else { return };
    if !laid.rows.iter().any(|row| matches!(row.to, Grantee::User(_))) {
        return;
    }
    let used = way.token(order).name;
    let whole = user.tokens.iter().filter(|token| !token.separated && token.name != used);
    if let Some(named) = some(whole.map(|token| format!("{}!{}", user.id, token.name))) {
        out.push(format!("What {} is granted, {named} can do too: it has all rights of its user.", user.id));
    }
}

/// The first few of them.
fn some(all: impl Iterator<Item = String>) -> Option<String> {
    let all: Vec<String> = all.collect();
    match all.as_slice() {
        [] => None,
        names if names.len() <= NAMED => Some(names.join(", ")),
        names => Some(format!("{} and {} more", names[..NAMED].join(", "), names.len() - NAMED)),
    }
}

fn name(who: &Grantee) -> String {
    match who {
        Grantee::User(user) => user.to_string(),
        Grantee::Token(token) => token.to_string(),
    }
}

fn list(privileges: &BTreeSet<Privilege>) -> String {
    privileges.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
