//! What a write says in its body.

use crate::domain::change::{Change, Grantee, TokenMake};

/// The form of a write; none for a removal, which has no body (pve-http-server `AnyEvent.pm` refuses one).
pub fn of(change: &Change) -> Option<Vec<(&'static str, String)>> {
    let word = |text: &str| text.to_owned();
    let acl = |path: &str, role: &str, to: &[Grantee], last: &'static str| {
        let (mut users, mut tokens) = (Vec::new(), Vec::new());
        for one in to {
            match one {
                Grantee::User(user) => users.push(user.to_string()),
                Grantee::Token(token) => tokens.push(token.to_string()),
            }
        }
        let mut form = vec![("path", word(path)), ("roles", word(role))];
        let named = [("users", users), ("tokens", tokens)].into_iter().filter(|(_, names)| !names.is_empty());
        form.extend(named.map(|(name, names)| (name, names.join(","))));
        form.push((last, word("1")));
        form
    };
    Some(match change {
        Change::MakeUser { user, comment } => vec![("userid", user.to_string()), ("comment", comment.clone())],
        Change::MakeRole { role, privileges } => {
            let privileges: Vec<&str> = privileges.iter().map(String::as_str).collect();
            vec![("roleid", role.clone()), ("privs", privileges.join(","))]
        }
        Change::MakeToken(TokenMake { separated, expire, comment, .. }) => vec![
            ("privsep", word(if *separated { "1" } else { "0" })),
            ("expire", expire.unwrap_or(0).to_string()),
            ("comment", comment.clone()),
        ],
        Change::Grant { path, role, to } => acl(path, role, to, "propagate"),
        Change::Ungrant { path, role, to } => acl(path, role, to, "delete"),
        Change::NewSecret(_) => vec![("regenerate", word("1"))],
        // What is not sent stays as it is.
        Change::Enable { on, .. } => vec![("enable", word(if *on { "1" } else { "0" }))],
        Change::SetEnd { end, .. } => vec![("expire", end.unwrap_or(0).to_string())],
        Change::RemoveToken(_) | Change::RemoveRole { .. } | Change::RemoveUser { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::proxmox::request::Request;
    use crate::domain::TokenId;

    #[test]
    fn each_write_says_what_it_changes_and_a_removal_has_no_body() {
        let token: TokenId = "a'b+c@pve!my-tok_1.x".parse().unwrap();
        let user = || token.user.clone();
        let to = vec![Grantee::User(user()), Grantee::Token(token.clone())];
        let make = |separated, expire| {
            Change::MakeToken(TokenMake {
                id: token.clone(),
                separated,
                expire,
                comment: "labwizard 3f9a1c & co".into(),
            })
        };
        let role = || "R.1".to_owned();
        let privileges = ["VM.Audit".to_owned(), "Sys.Audit".to_owned()].into();
        const USER: &str = "/api2/json/access/users/a%27b%2Bc%40pve";
        const TOKEN: &str = "/api2/json/access/users/a%27b%2Bc%40pve/token/my-tok_1.x";
        const ACL: &str = "path=%2Fvms&roles=R.1&users=a%27b%2Bc%40pve&tokens=a%27b%2Bc%40pve%21my-tok_1.x";
        for (change, method, target, body) in [
            (
                Change::MakeUser { user: user(), comment: "x y".into() },
                "POST",
                "/api2/json/access/users",
                Some("userid=a%27b%2Bc%40pve&comment=x%20y".to_owned()),
            ),
            (
                Change::MakeRole { role: role(), privileges },
                "POST",
                "/api2/json/access/roles",
                Some("roleid=R.1&privs=Sys.Audit%2CVM.Audit".to_owned()),
            ),
            (
                make(true, Some(1_800_000_000)),
                "POST",
                TOKEN,
                Some("privsep=1&expire=1800000000&comment=labwizard%203f9a1c%20%26%20co".to_owned()),
            ),
            (
                make(false, None),
                "POST",
                TOKEN,
                Some("privsep=0&expire=0&comment=labwizard%203f9a1c%20%26%20co".to_owned()),
            ),
            (
                Change::Grant { path: "/vms".into(), role: role(), to: to.clone() },
                "PUT",
                "/api2/json/access/acl",
                Some(format!("{ACL}&propagate=1")),
            ),
            (
                Change::Ungrant { path: "/vms".into(), role: role(), to },
                "PUT",
                "/api2/json/access/acl",
                Some(format!("{ACL}&delete=1")),
            ),
            (Change::NewSecret(token.clone()), "PUT", TOKEN, Some("regenerate=1".to_owned())),
            (Change::Enable { user: user(), on: true }, "PUT", USER, Some("enable=1".to_owned())),
            (
                Change::SetEnd { who: Grantee::User(user()), end: None, was: Some(1) },
                "PUT",
                USER,
                Some("expire=0".to_owned()),
            ),
            (
                Change::SetEnd { who: Grantee::Token(token.clone()), end: Some(2), was: Some(1) },
                "PUT",
                TOKEN,
                Some("expire=2".to_owned()),
            ),
            (Change::RemoveToken(token.clone()), "DELETE", TOKEN, None),
            (Change::RemoveRole { role: role() }, "DELETE", "/api2/json/access/roles/R.1", None),
            (Change::RemoveUser { user: user() }, "DELETE", USER, None),
        ] {
            let request = Request::Change(change);
            assert_eq!((request.method().as_str(), request.target().as_str()), (method, target));
            let sent = request.encoded_form().map(|form| String::from_utf8(form.to_vec()).unwrap());
            assert_eq!(sent, body);
        }
    }
}
