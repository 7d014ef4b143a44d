//! A change in words.

use crate::domain::rights::Privilege;
use crate::domain::time::date;
use crate::domain::{Change, Grantee, TokenMake};
use std::collections::BTreeSet;

/// A change as Review and the journal tell it: `make the user lab@pve, who has no password`.
pub fn sentence(change: &Change) -> String {
    match change {
        Change::MakeUser { user, .. } => format!("make the user {user}, who has no password"),
        Change::MakeRole { role, privileges } => format!("make the role {role} with {}", list(privileges)),
        Change::MakeToken(token) => made(token),
        Change::Grant { path, role, to } => format!("grant {role} on {path} to {}", holders(to)),
        Change::NewSecret(id) => format!("give {id} a new secret; the old one is dead from then on"),
        Change::RemoveToken(id) => format!("remove the token {id}; its secret is dead from then on"),
        Change::Ungrant { path, role, to } => format!("take {role} on {path} back from {}", holders(to)),
        Change::RemoveRole { role } => format!("remove the role {role}"),
        Change::RemoveUser { user } => format!("remove the user {user}"),
        Change::Enable { user, on: true } => format!("enable the user {user}, whose tokens sign in again then"),
        Change::Enable { user, on: false } => format!("disable the user {user}; its tokens are refused from then on"),
        Change::SetEnd { who, end: Some(end), .. } => format!("have {} end on {}", name(who), date(*end)),
        Change::SetEnd { who, end: None, .. } => format!("have {} never end", name(who)),
    }
}

/// `the user lab@pve` or `the token lab@pve!wiz`.
fn name(who: &Grantee) -> String {
    match who {
        Grantee::User(user) => format!("the user {user}"),
        Grantee::Token(token) => format!("the token {token}"),
    }
}

fn made(token: &TokenMake) -> String {
    let end = match token.expire.filter(|end| *end > 0) {
        Some(end) => format!(", until {}", date(end)),
        None => " that never ends".to_owned(),
    };
    let rights = if token.separated {
        "with the rights that it is granted and no others".to_owned()
    } else {
        format!("with all rights of {}", token.id.user)
    };
    format!("make the token {}{end}, {rights}", token.id)
}

/// `VM.Audit, VM.Clone and VM.PowerMgmt`
fn list(privileges: &BTreeSet<Privilege>) -> String {
    let names: Vec<&str> = privileges.iter().map(String::as_str).collect();
    match names.as_slice() {
        [] => "no privileges".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `lab@pve and its token`, or whom else.
fn holders(to: &[Grantee]) -> String {
    match to {
        [Grantee::User(user), Grantee::Token(token)] if token.user == *user => format!("{user} and its token"),
        _ => {
            let holder = |who: &Grantee| match who {
                Grantee::User(user) => user.to_string(),
                Grantee::Token(token) => format!("the token {token}"),
            };
            to.iter().map(holder).collect::<Vec<_>>().join(" and ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{TokenId, UserId};

    #[test]
    fn every_change_is_told_whole() {
        let user: UserId = "lab@pve".parse().expect("a user");
        let id: TokenId = "lab@pve!wiz".parse().expect("a token");
        let both = vec![Grantee::User(user.clone()), Grantee::Token(id.clone())];
        let token = |separated, expire| {
            Change::MakeToken(TokenMake { id: id.clone(), separated, expire, comment: String::new() })
        };
        let (path, role) = ("/vms".to_owned(), "R1".to_owned());
        for (change, told) in [
            (
                Change::MakeUser { user: user.clone(), comment: String::new() },
                "make the user lab@pve, who has no password",
            ),
            (
                Change::MakeRole { role: "R1".into(), privileges: ["VM.Audit", "VM.Clone"].map(String::from).into() },
                "make the role R1 with VM.Audit and VM.Clone",
            ),
            (
                token(true, Some(1_803_081_600)),
                "make the token lab@pve!wiz, until 2027-02-20, with the rights that it is granted and no others",
            ),
            (token(false, None), "make the token lab@pve!wiz that never ends, with all rights of lab@pve"),
            (
                Change::Grant { path: path.clone(), role: role.clone(), to: both.clone() },
                "grant R1 on /vms to lab@pve and its token",
            ),
            (
                Change::Grant { path: path.clone(), role: role.clone(), to: both[1..].to_vec() },
                "grant R1 on /vms to the token lab@pve!wiz",
            ),
            (Change::Ungrant { path, role, to: both[..1].to_vec() }, "take R1 on /vms back from lab@pve"),
            (
                Change::Enable { user: user.clone(), on: true },
                "enable the user lab@pve, whose tokens sign in again then",
            ),
            (
                Change::SetEnd { who: both[1].clone(), end: Some(1_803_081_600), was: Some(1) },
                "have the token lab@pve!wiz end on 2027-02-20",
            ),
            (Change::SetEnd { who: both[0].clone(), end: None, was: None }, "have the user lab@pve never end"),
        ] {
            assert_eq!(sentence(&change), told);
        }
    }
}
