//! Whether what a run made on a host still stands there as it was made: only that is ever taken back.

use crate::domain::change::carries_mark;
use crate::domain::{AclSeen, Change, Estate, Grantee, Holder, Timestamp, TokenMake, TokenSeen, UserId};

/// How a change stands on the host now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As it was done.
    AsDone,
    /// Nothing of it is there.
    NotDone,
    /// Something else is there in its place: what differs, as the end of a sentence.
    Differs(String),
    /// Whoever asks may not see it.
    Unseen,
}

/// Holds a change of an earlier run against what the host tells.
pub fn standing(change: &Change, run: &str, estate: &Estate) -> Standing {
    match just_done(change, run, estate) {
        // With a role or a user goes whatever anybody holds through them, also what is not shown.
        Standing::AsDone
            if !estate.acl_whole && matches!(change, Change::MakeUser { .. } | Change::MakeRole { .. }) =>
        {
            Standing::Unseen
        }
        stands => stands,
    }
}

/// The same for a change of the run that is under way: what it made a moment ago, nobody else was given yet.
pub fn just_done(change: &Change, run: &str, estate: &Estate) -> Standing {
    match change {
        Change::MakeUser { user, .. } => made_user(user, run, estate),
        Change::MakeRole { role, privileges } => match estate.role(role) {
            None => Standing::NotDone,
            Some(seen) if seen.built_in => differs("it is one of Proxmox's own"),
            Some(seen) if seen.privileges != *privileges => differs("it has other privileges now"),
            Some(_) => match estate.acl.iter().find(|row| row.role == *role) {
                Some(row) => Standing::Differs(format!("{} still holds it on {}", holder(&row.who), row.path)),
                None => Standing::AsDone,
            },
        },
        Change::MakeToken(make) => match estate.token(&make.id) {
            None => absent(&make.id.user, estate),
            Some(seen) => made_token(make, run, seen),
        },
        Change::Grant { path, role, to } => {
            let rows: Vec<Option<&AclSeen>> = to.iter().map(|grantee| row(estate, path, role, grantee)).collect();
            if rows.iter().all(Option::is_none) {
                // Of a path, whoever asks is told every entry or none.
                let all = estate.acl_whole || estate.acl.iter().any(|row| row.path == *path);
                let could_be = estate.role(role).is_some() && to.iter().any(|grantee| may_be_there(grantee, estate));
                if could_be && !all { Standing::Unseen } else { Standing::NotDone }
            } else if rows.iter().flatten().any(|row| !row.propagates) {
                differs("it no longer holds for what is below")
            } else {
                Standing::AsDone
            }
        }
        // A secret has no mark; nobody can see whether it is the new one.
        Change::NewSecret(_) => differs("whether its secret was replaced cannot be seen"),
        Change::RemoveToken(id) if estate.token(id).is_none() => removed(&id.user, estate),
        Change::RemoveToken(_) => Standing::NotDone,
        Change::RemoveRole { role } => gone(estate.role(role).is_none()),
        Change::RemoveUser { user } if estate.user(user).is_none() => removed(user, estate),
        Change::RemoveUser { .. } => Standing::NotDone,
        Change::Enable { user, on } => match estate.user(user) {
            None => absent(user, estate),
            Some(seen) => gone(seen.enabled == *on),
        },
        Change::SetEnd { who, end, was } => match end_of(who, estate) {
            None => absent(who.user(), estate),
            Some(now) if now == *end => Standing::AsDone,
            Some(now) if now == *was => Standing::NotDone,
            Some(_) => differs("it was set to another day since"),
        },
        Change::Ungrant { path, role, to } => gone(to.iter().all(|grantee| row(estate, path, role, grantee).is_none())),
    }
}

/// Whether a change came through, where its answer was lost: what is made under it later does not count.
pub fn came_through(change: &Change, run: &str, estate: &Estate) -> Standing {
    match change {
        Change::Grant { path, role, to } if to.iter().all(|grantee| row(estate, path, role, grantee).is_some()) => {
            Standing::AsDone
        }
        other => just_done(other, run, estate),
    }
}

/// What takes back the part of a change that stands: of a grant, only the entries that are there, for an entry of a token that
/// is gone is refused.
pub fn back(change: &Change, estate: &Estate) -> Option<Change> {
    Some(match change.back()? {
        Change::Ungrant { path, role, mut to } => {
            if to.iter().all(|grantee| row(estate, &path, &role, grantee).is_none()) {
                to.retain(|grantee| may_be_there(grantee, estate));
            } else {
                to.retain(|grantee| row(estate, &path, &role, grantee).is_some());
            }
            Change::Ungrant { path, role, to }
        }
        other => other,
    })
}

/// When a user or a token ends, none inside for never; none where they are not seen.
fn end_of(who: &Grantee, estate: &Estate) -> Option<Option<Timestamp>> {
    let end = match who {
        Grantee::User(user) => estate.user(user)?.expire,
        Grantee::Token(id) => estate.token(id)?.expire,
    };
    Some(end.filter(|end| *end > 0))
}

fn made_user(user: &UserId, run: &str, estate: &Estate) -> Standing {
    let Some(seen) = estate.user(user) else { return absent(user, estate) };
    if !seen.comment.as_deref().is_some_and(|comment| carries_mark(comment, run)) {
        return differs("its comment no longer has the mark of that run");
    }
    if let Some(token) = seen.tokens.first() {
        return Standing::Differs(format!("it has the token {}", token.name));
    }
    if let Some(group) = seen.groups.first() {
        return Standing::Differs(format!("it is in the group {group}"));
    }
    match estate.acl.iter().find(|row| row.who == Holder::User(user.clone())) {
        Some(row) => Standing::Differs(format!("it holds {} on {}", row.role, row.path)),
        None => Standing::AsDone,
    }
}

fn made_token(make: &TokenMake, run: &str, seen: &TokenSeen) -> Standing {
    if !seen.comment.as_deref().is_some_and(|comment| carries_mark(comment, run)) {
        differs("its comment no longer has the mark of that run")
    } else if seen.separated != make.separated {
        differs("its privilege separation was changed")
    } else if seen.expire != make.expire {
        differs("its expiry was changed")
    } else {
        Standing::AsDone
    }
}

/// A user or its token that is not in the list: not there, or not shown to whoever asks. Who sees all sees root.
fn absent(user: &UserId, estate: &Estate) -> Standing {
    if sees(user, estate) { Standing::NotDone } else { Standing::Unseen }
}

fn removed(user: &UserId, estate: &Estate) -> Standing {
    if sees(user, estate) { Standing::AsDone } else { Standing::Unseen }
}

fn sees(user: &UserId, estate: &Estate) -> bool {
    estate.user(user).is_some() || sees_all(estate)
}

fn sees_all(estate: &Estate) -> bool {
    estate.users.iter().any(|seen| seen.id.to_string() == "root@pam")
}

fn may_be_there(grantee: &Grantee, estate: &Estate) -> bool {
    match grantee {
        Grantee::User(user) => estate.user(user).is_some() || !sees(user, estate),
        Grantee::Token(token) => estate.token(token).is_some() || !sees(&token.user, estate),
    }
}

fn row<'a>(estate: &'a Estate, path: &str, role: &str, to: &Grantee) -> Option<&'a AclSeen> {
    estate.acl.iter().find(|row| {
        let same = match (&row.who, to) {
            (Holder::User(holder), Grantee::User(user)) => holder == user,
            (Holder::Token(holder), Grantee::Token(token)) => holder == token,
            _ => false,
        };
        same && row.path == path && row.role == role
    })
}

fn holder(holder: &Holder) -> String {
    match holder {
        Holder::User(user) => user.to_string(),
        Holder::Group(group) => format!("the group {group}"),
        Holder::Token(token) => token.to_string(),
    }
}

fn gone(done: bool) -> Standing {
    if done { Standing::AsDone } else { Standing::NotDone }
}

fn differs(what: &str) -> Standing {
    Standing::Differs(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{RoleSeen, TokenId, UserSeen};

    const RUN: &str = "0a1b2c";

    fn id() -> TokenId {
        "lab@pve!glassdome".parse().unwrap()
    }

    fn privileges(names: &[&str]) -> std::collections::BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn comment() -> String {
        format!("labwizard {RUN}: for Glassdome")
    }

    fn make() -> Change {
        Change::MakeToken(TokenMake { id: id(), separated: true, expire: Some(9), comment: comment() })
    }

    fn user() -> Change {
        Change::MakeUser { user: id().user, comment: comment() }
    }

    fn role() -> Change {
        Change::MakeRole { role: "Lab".into(), privileges: privileges(&["VM.Audit"]) }
    }

    fn grant() -> Change {
        let to = vec![Grantee::User(id().user), Grantee::Token(id())];
        Change::Grant { path: "/vms".into(), role: "Lab".into(), to }
    }

    fn entry(who: Holder) -> AclSeen {
        AclSeen { path: "/vms".into(), who, role: "Lab".into(), propagates: true }
    }

    fn root() -> UserSeen {
        UserSeen::named("root@pam".parse().unwrap())
    }

    /// Everything that the four changes make.
    fn whole() -> Estate {
        let token = TokenSeen { name: id().name, separated: true, expire: Some(9), comment: Some(comment()) };
        let user = UserSeen { comment: Some(comment()), tokens: vec![token], ..UserSeen::named(id().user) };
        let role = RoleSeen { name: "Lab".into(), privileges: privileges(&["VM.Audit"]), built_in: false };
        let acl = vec![entry(Holder::User(id().user)), entry(Holder::Token(id()))];
        Estate { users: vec![user, root()], roles: vec![role], acl, acl_whole: true }
    }

    /// With what was made after it taken away.
    fn up_to_user() -> Estate {
        let mut estate = whole();
        estate.users[0].tokens.clear();
        estate.acl.clear();
        estate
    }

    #[test]
    fn what_stands_as_made_is_told_and_what_is_absent_too() {
        for (change, estate) in [(make(), whole()), (grant(), whole()), (user(), up_to_user()), (role(), up_to_user())]
        {
            assert_eq!(standing(&change, RUN, &estate), Standing::AsDone, "{change:?}");
            let bare = Estate { users: vec![root()], acl_whole: true, ..Estate::default() };
            assert_eq!(standing(&change, RUN, &bare), Standing::NotDone, "{change:?}");
        }
    }

    #[test]
    fn each_thing_that_somebody_changed_since_makes_it_theirs() {
        type Touch = fn(&mut Estate);
        let cases: [(Change, Estate, Touch); 11] = [
            (make(), whole(), |e| e.users[0].tokens[0].comment = None),
            (make(), whole(), |e| e.users[0].tokens[0].comment = Some("labwizard ffffff: x".into())),
            (make(), whole(), |e| e.users[0].tokens[0].separated = false),
            (make(), whole(), |e| e.users[0].tokens[0].expire = None),
            (user(), up_to_user(), |e| e.users[0].comment = Some("mine now".into())),
            (user(), up_to_user(), |e| e.users[0].groups.push("ops".into())),
            (user(), up_to_user(), |e| e.users[0].tokens = whole().users[0].tokens.clone()),
            (user(), up_to_user(), |e| e.acl.push(entry(Holder::User(id().user)))),
            (role(), up_to_user(), |e| e.roles[0].privileges = privileges(&["VM.Audit", "VM.Clone"])),
            (role(), up_to_user(), |e| e.acl.push(entry(Holder::Group("ops".into())))),
            (grant(), whole(), |e| e.acl[0].propagates = false),
        ];
        for (change, mut estate, touch) in cases {
            touch(&mut estate);
            assert!(matches!(standing(&change, RUN, &estate), Standing::Differs(_)), "{change:?} {estate:?}");
        }
    }

    #[test]
    fn a_user_or_an_end_that_was_set_is_taken_back_only_while_it_is_as_it_was_set() {
        let enable = Change::Enable { user: id().user, on: true };
        let end = |end, was| Change::SetEnd { who: Grantee::Token(id()), end, was };
        assert_eq!(standing(&enable, RUN, &whole()), Standing::AsDone);
        assert_eq!(enable.back(), Some(Change::Enable { user: id().user, on: false }));
        let mut off = whole();
        off.users[0].enabled = false;
        assert_eq!(standing(&enable, RUN, &off), Standing::NotDone);
        assert_eq!(standing(&end(Some(9), Some(5)), RUN, &whole()), Standing::AsDone);
        assert_eq!(standing(&end(None, Some(9)), RUN, &whole()), Standing::NotDone);
        assert!(matches!(standing(&end(None, Some(5)), RUN, &whole()), Standing::Differs(_)));
        assert_eq!(end(Some(9), Some(5)).back(), Some(end(Some(5), Some(9))));
        assert_eq!(standing(&enable, RUN, &Estate::default()), Standing::Unseen);
    }

    #[test]
    fn what_is_not_shown_does_not_count_as_gone() {
        let nothing = Estate::default();
        for change in [make(), user(), Change::RemoveToken(id())] {
            assert_eq!(standing(&change, RUN, &nothing), Standing::Unseen, "{change:?}");
        }
        let roles_alone = Estate { roles: whole().roles, ..nothing };
        assert_eq!(standing(&grant(), RUN, &roles_alone), Standing::Unseen);
        let without_acl = Estate { acl: Vec::new(), acl_whole: false, ..whole() };
        assert_eq!(standing(&grant(), RUN, &without_acl), Standing::Unseen);
        assert_eq!(back(&grant(), &without_acl), grant().back());
    }

    #[test]
    fn a_role_or_user_stays_where_not_everybodys_grants_are_shown() {
        let part = Estate { acl_whole: false, ..up_to_user() };
        for change in [user(), role()] {
            assert_eq!(standing(&change, RUN, &part), Standing::Unseen, "{change:?}");
            assert_eq!(just_done(&change, RUN, &part), Standing::AsDone, "{change:?}");
            assert_eq!(came_through(&change, RUN, &part), Standing::AsDone, "{change:?}");
            let bare = Estate { users: vec![root()], ..Estate::default() };
            assert_eq!(standing(&change, RUN, &bare), Standing::NotDone, "{change:?}");
        }
        // Another entry of the same path is shown, so this one would be.
        let mut part = Estate { acl_whole: false, ..whole() };
        part.acl = vec![entry(Holder::Group("ops".into()))];
        assert_eq!(standing(&grant(), RUN, &part), Standing::NotDone);
        part.acl[0].path = "/".into();
        assert_eq!(standing(&grant(), RUN, &part), Standing::Unseen);
    }

    #[test]
    fn of_a_grant_only_the_entries_that_are_there_go_back() {
        let mut estate = whole();
        estate.acl.retain(|row| row.who == Holder::User(id().user));
        let expected = Change::Ungrant { path: "/vms".into(), role: "Lab".into(), to: vec![Grantee::User(id().user)] };
        assert_eq!(back(&grant(), &estate), Some(expected));
        assert_eq!(came_through(&grant(), RUN, &whole()), Standing::AsDone);
    }

    #[test]
    fn a_removal_is_done_where_nothing_is_left() {
        let removal = Change::RemoveToken(id());
        assert_eq!(standing(&removal, RUN, &whole()), Standing::NotDone);
        assert_eq!(standing(&removal, RUN, &up_to_user()), Standing::AsDone);
    }
}
