//! Users, tokens, roles and grants, read side by side.

use serde::Deserialize;

use super::Asker;
use super::answer::{self, Unreadable};
use super::lenient::{Flag, Rows, Word, data};
use super::request::Request;
use crate::domain::observation::RequestTrouble;
use crate::domain::{AclSeen, Estate, Holder, RoleSeen, Timestamp, TokenSeen, UserId, UserSeen};

/// What `asker` may see, who is `me`; fails with the part that could not be read. Each part answers anybody, with what they
/// may see of it (pve-access-control `API2/User.pm`, `API2/Role.pm`, `API2/ACL.pm`).
/// `whole` tells whether the asker is told all entries of the ACL.
pub async fn read(
    asker: Asker<'_>,
    me: &UserId,
    whole: impl Future<Output = Result<bool, RequestTrouble>>,
) -> Result<Estate, (Request, RequestTrouble)> {
    let of = |request: Request| move |trouble| (request, trouble);
    let (seen, roles, acl, whole) = tokio::join!(
        asker.data(&Request::Users, users),
        asker.data(&Request::Roles, roles),
        asker.data(&Request::Acl, acl),
        whole
    );
    let mut seen = seen.map_err(of(Request::Users))?;
    let listed = seen.iter().any(|user| user.id == *me);
    // Whoever asks with a token is no user to the host, and would be refused this.
    if !listed && !asker.is_token() {
        let request = Request::TokensOf(me.clone());
        match asker.data(&request, tokens).await {
            Ok(tokens) => seen.push(UserSeen { tokens, ..UserSeen::named(me.clone()) }),
            Err(RequestTrouble::Answered { .. }) => {}
            Err(trouble) => return Err((request, trouble)),
        }
    }
    Ok(Estate {
        users: seen,
        roles: roles.map_err(of(Request::Roles))?,
        acl: acl.map_err(of(Request::Acl))?,
        // The groups of a user who is not listed are not told, and with them what these hold.
        acl_whole: whole.map_err(of(Request::PermissionsAt(ACCESS.into())))? && listed,
    })
}

/// Where it is decided who sees every entry of the ACL.
const ACCESS: &str = "/access";

/// Whether the asker is told all entries of the ACL (`API2/ACL.pm` read_acl).
pub async fn sees_whole_acl(asker: Asker<'_>) -> Result<bool, RequestTrouble> {
    if asker.is_root() {
        return Ok(true);
    }
    let held = asker.data(&Request::PermissionsAt(ACCESS.into()), answer::permissions).await?;
    Ok(shows_whole_acl(&held))
}

/// The same by what the asker may do, the whole tree or that path of it.
pub fn shows_whole_acl(held: &answer::Permissions) -> bool {
    held.get(ACCESS).is_some_and(|privileges| privileges.contains_key("Sys.Audit"))
}

/// The role that holds every privilege which the release knows (pve-access-control `AccessControl.pm` special_roles).
pub const EVERYTHING: &str = "Administrator";

/// All roles as they are now.
pub async fn roles_now(asker: Asker<'_>) -> Result<Vec<RoleSeen>, RequestTrouble> {
    asker.data(&Request::Roles, roles).await
}

#[derive(Deserialize)]
struct TokenRow {
    tokenid: Word,
    #[serde(default)]
    privsep: Flag,
    #[serde(default)]
    expire: Word,
    #[serde(default)]
    comment: Word,
}

impl TokenRow {
    fn seen(self) -> Option<TokenSeen> {
        Some(TokenSeen {
            name: self.tokenid.0.parse().ok()?,
            separated: self.privsep.0,
            expire: moment(&self.expire),
            comment: text(self.comment),
        })
    }
}

/// `GET /access/users?full=1`.
fn users(body: &[u8]) -> Result<Vec<UserSeen>, Unreadable> {
    #[derive(Deserialize)]
    struct Row {
        userid: Word,
        #[serde(default)]
        enable: Flag,
        #[serde(default)]
        expire: Word,
        #[serde(default)]
        comment: Word,
        /// In one line, `admins,ops`.
        #[serde(default)]
        groups: Word,
        tokens: Option<Rows<TokenRow>>,
    }
    let seen = |row: Row| {
        Some(UserSeen {
            id: row.userid.0.parse().ok()?,
            enabled: row.enable.0,
            expire: moment(&row.expire),
            comment: text(row.comment),
            groups: words(&row.groups),
            tokens: row.tokens.into_iter().flat_map(|rows| rows.0).filter_map(TokenRow::seen).collect(),
        })
    };
    Ok(data::<Rows<Row>>(body)?.0.into_iter().filter_map(seen).collect())
}

/// `GET /access/users/{userid}/token`.
fn tokens(body: &[u8]) -> Result<Vec<TokenSeen>, Unreadable> {
    Ok(data::<Rows<TokenRow>>(body)?.0.into_iter().filter_map(TokenRow::seen).collect())
}

/// `GET /access/roles`.
fn roles(body: &[u8]) -> Result<Vec<RoleSeen>, Unreadable> {
    #[derive(Deserialize)]
    struct Row {
        roleid: Word,
        #[serde(default)]
        privs: Word,
        #[serde(default)]
        special: Flag,
    }
    let seen = |row: Row| {
        let privileges = words(&row.privs);
        let fits = is_word(&row.roleid.0) && privileges.iter().all(|name| is_word(name));
        fits.then(|| RoleSeen {
            name: row.roleid.0,
            privileges: privileges.into_iter().collect(),
            built_in: row.special.0,
        })
    };
    Ok(data::<Rows<Row>>(body)?.0.into_iter().filter_map(seen).collect())
}

/// `GET /access/acl`.
fn acl(body: &[u8]) -> Result<Vec<AclSeen>, Unreadable> {
    #[derive(Deserialize)]
    struct Row {
        path: Word,
        #[serde(rename = "type")]
        kind: Word,
        ugid: Word,
        roleid: Word,
        #[serde(default)]
        propagate: Flag,
    }
    let seen = |row: Row| {
        let who = match row.kind.0.as_str() {
            "user" => Holder::User(row.ugid.0.parse().ok()?),
            "token" => Holder::Token(row.ugid.0.parse().ok()?),
            "group" if is_word(&row.ugid.0) => Holder::Group(row.ugid.0),
            _ => return None,
        };
        let fits = is_path(&row.path.0) && is_word(&row.roleid.0);
        fits.then_some(AclSeen { path: row.path.0, who, role: row.roleid.0, propagates: row.propagate.0 })
    };
    Ok(data::<Rows<Row>>(body)?.0.into_iter().filter_map(seen).collect())
}

/// Seconds since 1970; 0 is never.
fn moment(word: &Word) -> Option<Timestamp> {
    word.0.parse().ok().filter(|at| *at != 0)
}

fn text(word: Word) -> Option<String> {
    Some(word.0).filter(|text| !text.is_empty())
}

/// Proxmox's lists are parted by commas, semicolons or blanks (pve-common `Tools.pm` split_list).
fn words(list: &Word) -> Vec<String> {
    list.0.split([',', ';', ' ', '\t', '\n']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The grammar of roles, groups and privileges (pve-access-control `AccessControl.pm` verify_rolename).
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// A path of the ACL: `/`, or words behind slashes, of which those of users' realms and groups may be any.
fn is_path(text: &str) -> bool {
    text == "/"
        || text.strip_prefix('/').is_some_and(|rest| {
            rest.split('/').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_graphic()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_their_tokens_are_read_in_every_form_that_proxmox_writes() {
        let body = br#"{"data":[
            {"userid":"root@pam","enable":1,"expire":0,"groups":"","tokens":null,"email":"x","realm-type":"pam"},
            {"userid":"apex@pve","enable":"1","expire":"4000000000","comment":"labwizard 3f9a1c","groups":"admins,ops",
             "tokens":[{"tokenid":"tool","privsep":"0","expire":"0"},{"tokenid":"two","privsep":1,"expire":7,"comment":"c"},
                       {"tokenid":"x","privsep":1}]},
            {"userid":"no realm"},{"userid":"a:b@pve"},{"userid":"off@pve","enable":0},{"userid":"bare@pve"}]}"#;
        let seen = users(body).unwrap();
        let names: Vec<String> = seen.iter().map(|user| user.id.to_string()).collect();
        assert_eq!(names, ["root@pam", "apex@pve", "off@pve", "bare@pve"]);
        assert!(seen[0].enabled && seen[0].expire.is_none() && seen[0].groups.is_empty() && seen[0].tokens.is_empty());
        assert!(seen[1].enabled && seen[1].expire == Some(4_000_000_000) && seen[1].groups == ["admins", "ops"]);
        assert_eq!(seen[1].comment.as_deref(), Some("labwizard 3f9a1c"));
        let tokens: Vec<_> = seen[1].tokens.iter().map(|t| (t.name.as_str(), t.separated, t.expire)).collect();
        assert_eq!(tokens, [("tool", false, None), ("two", true, Some(7))]);
        assert!(!seen[2].enabled && !seen[3].enabled);
        assert!(users(br#"{"data":{}}"#).is_err() && users(br#"{"data":[{"enable":1}]}"#).is_err());
    }

    #[test]
    fn rows_whose_names_could_not_be_put_into_a_command_are_left_out() {
        let seen = roles(
            br#"{"data":[{"roleid":"PVEAdmin","privs":"VM.Audit,VM.Clone","special":"1"},{"roleid":"none","privs":""},
                {"roleid":"$(x)","privs":"VM.Audit"},{"roleid":"r","privs":"VM.Audit;a'b"},{"roleid":"","privs":""}]}"#,
        )
        .unwrap();
        let names: Vec<_> =
            seen.iter().map(|role| (role.name.as_str(), role.privileges.len(), role.built_in)).collect();
        assert_eq!(names, [("PVEAdmin", 2, true), ("none", 0, false)]);
        let seen = acl(
            br#"{"data":[{"path":"/","type":"user","ugid":"a@pve","roleid":"R","propagate":1},
                {"path":"/vms/100","type":"token","ugid":"a@pve!tk","roleid":"R","propagate":"0"},
                {"path":"/pool/x","type":"group","ugid":"g-ad","roleid":"R","propagate":1},
                {"path":"vms","type":"user","ugid":"a@pve","roleid":"R"},{"path":"/a//b","type":"user","ugid":"a@pve","roleid":"R"},
                {"path":"/","type":"user","ugid":"a","roleid":"R"},{"path":"/","type":"else","ugid":"a@pve","roleid":"R"},
                {"path":"/","type":"group","ugid":"a b","roleid":"R"},{"path":"/","type":"user","ugid":"a@pve","roleid":"R;"}]}"#,
        )
        .unwrap();
        let rows: Vec<_> = seen.iter().map(|row| (row.path.as_str(), row.propagates)).collect();
        assert_eq!(rows, [("/", true), ("/vms/100", false), ("/pool/x", true)]);
        assert!(matches!((&seen[1].who, &seen[2].who), (Holder::Token(_), Holder::Group(name)) if name == "g-ad"));
    }
}
