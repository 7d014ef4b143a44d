//! A change as the journal keeps it: names only, never a secret, and back again.

use std::collections::BTreeMap;

use crate::domain::change::{Change, Grantee, TokenMake};
use crate::domain::{Endpoint, Timestamp, UserId, host_input};

/// The names that say what a change is about.
type Names = BTreeMap<String, String>;

const MAKE_USER: &str = "make-user";
const MAKE_ROLE: &str = "make-role";
const MAKE_TOKEN: &str = "make-token";
const GRANT: &str = "grant";
const NEW_SECRET: &str = "new-secret";
const REMOVE_TOKEN: &str = "remove-token";
const UNGRANT: &str = "ungrant";
const REMOVE_ROLE: &str = "remove-role";
const REMOVE_USER: &str = "remove-user";
const ENABLE: &str = "enable-user";
const SET_END: &str = "set-end";

/// The change's word and its names, with the host's endpoint.
pub fn to_names(change: &Change, endpoint: &Endpoint) -> (String, BTreeMap<String, String>) {
    let (kind, names) = match change {
        Change::MakeUser { user, comment } => {
            (MAKE_USER, vec![("user", user.to_string()), ("comment", comment.clone())])
        }
        Change::MakeRole { role, privileges } => {
            let privileges: Vec<&str> = privileges.iter().map(String::as_str).collect();
            (MAKE_ROLE, vec![("role", role.clone()), ("privileges", privileges.join(" "))])
        }
        Change::MakeToken(TokenMake { id, separated, expire, comment }) => (
            MAKE_TOKEN,
            vec![
                ("token", id.to_string()),
                ("separated", separated.to_string()),
                ("expire", end_word(*expire)),
                ("comment", comment.clone()),
            ],
        ),
        Change::Grant { path, role, to } => (GRANT, grant(path, role, to)),
        Change::Ungrant { path, role, to } => (UNGRANT, grant(path, role, to)),
        Change::NewSecret(id) => (NEW_SECRET, vec![("token", id.to_string())]),
        Change::RemoveToken(id) => (REMOVE_TOKEN, vec![("token", id.to_string())]),
        Change::RemoveRole { role } => (REMOVE_ROLE, vec![("role", role.clone())]),
        Change::RemoveUser { user } => (REMOVE_USER, vec![("user", user.to_string())]),
        Change::Enable { user, on } => (ENABLE, vec![("user", user.to_string()), ("on", on.to_string())]),
        Change::SetEnd { who, end, was } => {
            (SET_END, vec![("who", grantee_word(who)), ("expire", end_word(*end)), ("was", end_word(*was))])
        }
    };
    let host = [("endpoint", endpoint.to_string())];
    let names = host.into_iter().chain(names).map(|(name, value)| (name.to_owned(), value)).collect();
    (kind.to_owned(), names)
}

/// The change of these names; none where they are not whole, or another version's.
pub fn from_names(kind: &str, names: &BTreeMap<String, String>) -> Option<(Change, Endpoint)> {
    let get = |name: &str| names.get(name).map(String::as_str);
    let owned = |name: &str| names.get(name).cloned();
    let change = match kind {
        MAKE_USER => Change::MakeUser { user: get("user")?.parse().ok()?, comment: owned("comment")? },
        MAKE_ROLE => Change::MakeRole {
            role: owned("role")?,
            privileges: get("privileges")?.split_whitespace().map(str::to_owned).collect(),
        },
        MAKE_TOKEN => Change::MakeToken(TokenMake {
            id: get("token")?.parse().ok()?,
            separated: get("separated")?.parse().ok()?,
            expire: end_of(get("expire")?)?,
            comment: owned("comment")?,
        }),
        GRANT => {
            let (path, role, to) = granted(names)?;
            Change::Grant { path, role, to }
        }
        UNGRANT => {
            let (path, role, to) = granted(names)?;
            Change::Ungrant { path, role, to }
        }
        NEW_SECRET => Change::NewSecret(get("token")?.parse().ok()?),
        REMOVE_TOKEN => Change::RemoveToken(get("token")?.parse().ok()?),
        REMOVE_ROLE => Change::RemoveRole { role: owned("role")? },
        REMOVE_USER => Change::RemoveUser { user: get("user")?.parse::<UserId>().ok()? },
        ENABLE => Change::Enable { user: get("user")?.parse().ok()?, on: get("on")?.parse().ok()? },
        SET_END => {
            Change::SetEnd { who: grantee_of(get("who")?)?, end: end_of(get("expire")?)?, was: end_of(get("was")?)? }
        }
        _ => return None,
    };
    Some((change, endpoint(get("endpoint")?)?))
}

fn end_word(end: Option<Timestamp>) -> String {
    end.map_or("never".to_owned(), |end| end.to_string())
}

fn end_of(word: &str) -> Option<Option<Timestamp>> {
    match word {
        "never" => Some(None),
        end => end.parse().ok().map(Some),
    }
}

/// No user's name and no token's has a blank or a colon in it.
fn grantee_word(who: &Grantee) -> String {
    match who {
        Grantee::User(user) => format!("user:{user}"),
        Grantee::Token(token) => format!("token:{token}"),
    }
}

fn grantee_of(word: &str) -> Option<Grantee> {
    match word.split_once(':')? {
        ("user", user) => Some(Grantee::User(user.parse().ok()?)),
        ("token", token) => Some(Grantee::Token(token.parse().ok()?)),
        _ => None,
    }
}

fn grant(path: &str, role: &str, to: &[Grantee]) -> Vec<(&'static str, String)> {
    let to: Vec<String> = to.iter().map(grantee_word).collect();
    vec![("path", path.to_owned()), ("role", role.to_owned()), ("to", to.join(" "))]
}

fn granted(names: &Names) -> Option<(String, String, Vec<Grantee>)> {
    let to = names.get("to")?.split_whitespace().map(grantee_of);
    Some((names.get("path")?.clone(), names.get("role")?.clone(), to.collect::<Option<_>>()?))
}

fn endpoint(text: &str) -> Option<Endpoint> {
    host_input::parse_host(text).ok()?.endpoints.into_iter().next()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{Host, TokenId, TokenName, UserId};

    fn users() -> impl Strategy<Value = UserId> {
        ("[!-9;-~äß漢]{1,30}", "[a-z][a-z0-9._-]{1,20}")
            .prop_filter_map("no user", |(user, realm)| UserId::new(&user.replace('/', "!"), &realm).ok())
    }

    fn tokens() -> impl Strategy<Value = TokenId> {
        (users(), "[A-Za-z][A-Za-z0-9._-]{1,20}").prop_map(|(user, name)| {
            let name: TokenName = name.parse().unwrap();
            TokenId { user, name }
        })
    }

    fn to() -> impl Strategy<Value = Vec<Grantee>> {
        prop::collection::vec(one(), 0..4)
    }

    fn one() -> impl Strategy<Value = Grantee> {
        prop_oneof![users().prop_map(Grantee::User), tokens().prop_map(Grantee::Token)]
    }

    fn changes() -> impl Strategy<Value = Change> {
        let text = "\\PC{0,40}";
        let privileges = prop::collection::btree_set("[A-Za-z.]{1,20}", 0..6);
        prop_oneof![
            (users(), text).prop_map(|(user, comment)| Change::MakeUser { user, comment }),
            (text, privileges).prop_map(|(role, privileges)| Change::MakeRole { role, privileges }),
            (tokens(), any::<bool>(), any::<Option<i64>>(), text).prop_map(|(id, separated, expire, comment)| {
                Change::MakeToken(TokenMake { id, separated, expire, comment })
            }),
            (text, text, to()).prop_map(|(path, role, to)| Change::Grant { path, role, to }),
            (text, text, to()).prop_map(|(path, role, to)| Change::Ungrant { path, role, to }),
            tokens().prop_map(Change::NewSecret),
            tokens().prop_map(Change::RemoveToken),
            text.prop_map(|role| Change::RemoveRole { role }),
            users().prop_map(|user| Change::RemoveUser { user }),
            (users(), any::<bool>()).prop_map(|(user, on)| Change::Enable { user, on }),
            (one(), any::<Option<i64>>(), any::<Option<i64>>()).prop_map(|(who, end, was)| Change::SetEnd {
                who,
                end,
                was
            }),
        ]
    }

    fn endpoints() -> impl Strategy<Value = Endpoint> {
        let host = prop_oneof![
            any::<std::net::Ipv4Addr>()
                .prop_filter("a host's address", |a| !a.is_unspecified() && !a.is_multicast() && !a.is_broadcast())
                .prop_map(Host::V4),
            (1..=u16::MAX).prop_map(|end| Host::V6([0xfd00, 1, 2, 3, 4, 5, 6, end].into())),
            "[a-z]{1,8}\\.lan".prop_map(Host::Name),
        ];
        (host, 1..=u16::MAX).prop_map(|(host, port)| Endpoint { host, port })
    }

    proptest! {
        #[test]
        fn every_change_is_read_back_from_its_names(change in changes(), endpoint in endpoints()) {
            let (kind, names) = to_names(&change, &endpoint);
            prop_assert_eq!(from_names(&kind, &names), Some((change, endpoint)));
        }

        #[test]
        fn names_that_are_not_whole_are_no_change(change in changes(), endpoint in endpoints(), at in 0usize..6) {
            let (kind, mut names) = to_names(&change, &endpoint);
            let lost = names.keys().nth(at % names.len()).unwrap().clone();
            names.remove(&lost);
            prop_assert_eq!(from_names(&kind, &names), None);
        }
    }

    #[test]
    fn a_later_versions_word_is_no_change() {
        let names = [("endpoint".to_owned(), "pve.lan:8006".to_owned())].into();
        for kind in ["", "make-group", "edit", "remember"] {
            assert_eq!(from_names(kind, &names), None, "{kind}");
        }
    }
}
