//! One request of each kind, to be held against Proxmox's own description of its API.

use super::{Question, Request};
use crate::domain::change::{Change, Grantee, TokenMake};
use crate::domain::{Factor, Secret, TokenId};

impl Request {
    /// One of each kind, with values that a host would take.
    pub fn examples() -> Vec<Request> {
        let node = || "pve".to_owned();
        let mut all = vec![
            Request::Open(Question::Domains),
            Request::Open(Question::LoginPage),
            Request::Version,
            Request::Permissions,
            Request::PermissionsAt("/vms/100".into()),
            Request::KnownPrivileges,
            Request::Nodes,
            Request::Guests,
            Request::Storages { node: node() },
            Request::Bridges { node: node() },
            Request::Certificates { node: node() },
            Request::Users,
            Request::Roles,
            Request::Acl,
        ];
        if let Ok(token) = "apex@pve!tool".parse() {
            all.extend(of(token));
        }
        all
    }
}

/// Those that name somebody.
fn of(token: TokenId) -> impl Iterator<Item = Request> {
    let user = || token.user.clone();
    let secret = || Secret::new("example".into());
    let [role, path, comment] = ["LabWizard", "/vms", "labwizard 3f9a1c"].map(|text| move || text.to_owned());
    let to = vec![Grantee::User(user()), Grantee::Token(token.clone())];
    let expire = Some(1_800_000_000);
    let logins = [
        Request::Ticket { user: user(), password: secret() },
        Request::Code { user: user(), challenge: secret(), factor: Factor::Totp, code: secret() },
        Request::TokensOf(user()),
    ];
    let changes = [
        Change::MakeUser { user: user(), comment: comment() },
        Change::MakeRole { role: role(), privileges: ["VM.Audit".to_owned(), "VM.Clone".to_owned()].into() },
        Change::MakeToken(TokenMake { id: token.clone(), separated: true, expire, comment: comment() }),
        Change::Grant { path: path(), role: role(), to: to.clone() },
        Change::NewSecret(token.clone()),
        Change::Enable { user: user(), on: true },
        Change::SetEnd { who: Grantee::User(user()), end: expire, was: None },
        Change::SetEnd { who: Grantee::Token(token.clone()), end: expire, was: None },
        Change::Ungrant { path: path(), role: role(), to },
        Change::RemoveToken(token.clone()),
        Change::RemoveRole { role: role() },
        Change::RemoveUser { user: user() },
    ];
    logins.into_iter().chain(changes.map(Request::Change))
}
