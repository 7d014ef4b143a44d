//! The commands that grant what is missing, to the token and to its user, with what each of them has at the path kept.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnosis::by_root::{SHELL, Who, is_plain};
use crate::diagnosis::{Reading, signin};
use crate::domain::change::{Change, Grantee};
use crate::domain::finding::{Finding, Mend};
use crate::domain::rights::Privilege;
use crate::domain::{Digest, Estate, Holder, Missing, Observation, Rights, pveum, visible};

/// No more commands than somebody pastes; beyond, labwizard does it.
const MOST: usize = 8;

type Set = BTreeSet<Privilege>;

/// What to do about rights that are missing.
pub fn how(
    finding: Finding,
    lacks: &[Missing],
    rights: &Rights,
    seen: &[Observation],
    reading: &Reading<'_>,
) -> Finding {
    let who = Who(reading.signer.as_ref());
    let mut wanted: BTreeMap<&str, Set> = BTreeMap::new();
    for lack in lacks {
        wanted.entry(&lack.path).or_default().insert(lack.privilege.clone());
    }
    let told = signin::estate(seen).filter(|estate| estate.acl_whole);
    let finding = finding
        .mend(Mend::Grant)
        .say("labwizard grants exactly what is missing, to the token and to its user, and keeps what both have: it shows every grant before it makes it.");
    let shut_out =
        told.is_some_and(|estate| grantees(who).iter().any(|one| wanted.keys().any(|path| estate.shut_out(one, path))));
    if shut_out {
        return finding.say("The role NoAccess keeps the user or token out at one of these paths. Remove that entry first: Datacenter → Permissions.");
    }
    match told {
        Some(estate) => commands(finding, &by_estate(&wanted, who, estate), estate),
        None => {
            let separated = who.token().and_then(|id| signin::estate(seen)?.token(id)).map(|token| token.separated);
            unseen(finding, &wanted, who, rights, separated)
        }
    }
}

/// Whom the grants are for; the user root@pam has everything.
fn grantees(who: Who<'_>) -> Vec<Grantee> {
    let token = who.token().map(|token| Grantee::Token(token.clone()));
    let user = who.user().filter(|user| !user.is_root()).map(|user| Grantee::User(user.clone()));
    user.into_iter().chain(token).collect()
}

/// Path, privileges of the role, and whom it is granted to.
type Grants = Vec<(String, Set, Vec<Grantee>)>;

/// Exactly what each lacks, where all entries of the ACL are known.
fn by_estate(wanted: &BTreeMap<&str, Set>, who: Who<'_>, estate: &Estate) -> Grants {
    let separated = who.token().and_then(|id| estate.token(id)).is_none_or(|token| token.separated);
    let mut grants: Grants = Vec::new();
    for (path, privileges) in wanted {
        for one in grantees(who).into_iter().filter(|one| separated || matches!(one, Grantee::User(_))) {
            let has: Set = estate.granted(&one, path).into_keys().collect();
            let lacks: Set = privileges.difference(&has).cloned().collect();
            if lacks.is_empty() {
                continue;
            }
            // Roles of one path add up; a first entry of one's own hides what is inherited and what groups give there.
            let own = estate.acl.iter().any(|row| row.path == **path && is_of(&row.who, &one));
            let role: Set = if own { lacks } else { lacks.union(&has).cloned().collect() };
            match grants.iter_mut().find(|(at, set, _)| at == path && *set == role) {
                Some((_, _, to)) => to.push(one),
                None => grants.push(((*path).to_owned(), role, vec![one])),
            }
        }
    }
    grants
}

fn is_of(holder: &Holder, one: &Grantee) -> bool {
    match (holder, one) {
        (Holder::User(a), Grantee::User(b)) => a == b,
        (Holder::Token(a), Grantee::Token(b)) => a == b,
        _ => false,
    }
}

fn commands(mut finding: Finding, grants: &Grants, estate: &Estate) -> Finding {
    let mut lines = Vec::new();
    let mut made: Vec<(&Set, String)> = Vec::new();
    for (path, privileges, to) in grants {
        let known = estate.roles.iter().find(|role| role.privileges == *privileges).map(|role| role.name.clone());
        let known = known.or_else(|| made.iter().find(|(set, _)| *set == privileges).map(|(_, name)| name.clone()));
        let role = known.unwrap_or_else(|| {
            let name = role_name(privileges);
            lines.push(Change::MakeRole { role: name.clone(), privileges: privileges.clone() });
            made.push((privileges, name.clone()));
            name
        });
        lines.push(Change::Grant { path: path.clone(), role, to: to.clone() });
    }
    let lines: Option<Vec<String>> = lines.iter().map(command).collect();
    let Some(lines) = lines.filter(|lines| lines.len() <= MOST) else { return finding };
    if lines.is_empty() {
        return finding;
    }
    finding = finding.say("These commands do the same.");
    lines.into_iter().fold(finding, |finding, line| finding.run(SHELL, line))
}

/// The role is called by what it holds, so that the commands of two findings never mean different things by one name, and a
/// role that is there already is the one that is meant.
fn role_name(privileges: &Set) -> String {
    let all: Vec<&str> = privileges.iter().map(String::as_str).collect();
    format!("LabwizardMore-{}", &Digest::of(all.join(" ").as_bytes()).hex()[..8])
}

/// A change as a command, where every name in it looks like what it is.
fn command(change: &Change) -> Option<String> {
    pveum::command(change).ok().filter(|line| line.split([' ', ',']).all(|part| visible(part) == part))
}

/// The grants are not shown to whoever asks: of the token is known what it may do, of its user nothing.
fn unseen(
    finding: Finding,
    wanted: &BTreeMap<&str, Set>,
    who: Who<'_>,
    rights: &Rights,
    separated: Option<bool>,
) -> Finding {
    let Some(token) = who.token() else { return finding };
    // Without privilege separation the token has what its user has, and grants of its own do nothing.
    let (to, intro) = match separated {
        Some(false) => (
            Grantee::User(token.user.clone()),
            "These commands do the same. They give it to the user, whose rights the token has; what the user may do there now is kept.",
        ),
        _ => (
            Grantee::Token(token.clone()),
            "Without labwizard it takes two steps. First the token: these commands keep what it may do there now. Leave this step out where the \
             token was made without privilege separation.",
        ),
    };
    let mut lines = Vec::new();
    for (path, privileges) in wanted {
        // What it may do there by a grant above goes with its first entry of its own, so it is granted along.
        let role: Set = privileges.union(&rights.at(path)).cloned().collect();
        let name = role_name(&role);
        let make = Change::MakeRole { role: name.clone(), privileges: role };
        if !lines.contains(&make) {
            lines.push(make);
        }
        lines.push(Change::Grant { path: (*path).to_owned(), role: name, to: vec![to.clone()] });
    }
    let lines = lines.iter().map(command).collect::<Option<Vec<String>>>().filter(|lines| lines.len() <= MOST);
    let finding = match lines {
        Some(lines) => lines.into_iter().fold(finding.say(intro), |finding, line| finding.run(SHELL, line)),
        None => finding,
    };
    if separated == Some(false) || token.user.is_root() {
        return finding;
    }
    let place = wanted.keys().next().copied().filter(|path| is_plain(path)).unwrap_or("/");
    finding
        .say("Then its user: a token never has more than its user. This command lists what the user may do there now.")
        .run(SHELL, who.user_permissions(place))
        .say(
            "If something that is missing is not in that list, make one role of the list and of what is missing (Datacenter → \
             Permissions → Roles), and give it to the user at that path (Permissions → Add → User Permission).",
        )
}
