//! The calls under `/access`: users, groups, roles, ACL, realms, permissions, second factors (pve-access-control API2).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, bit, list, may, need, object};
use super::cluster::{AclRow, Group, Role, Subject, User, is_user_id, split_token};
use super::tfa::{Recovery, Totp, from_base32, totp_code};
use super::{permissions, tokens};

/// Whether the caller has one of the privileges on `/access/groups`, or on a group of an existing user.
pub fn user_group_check(call: &Call, user: &str, wanted: &[&str]) -> bool {
    if !call.cluster.users.contains_key(user) {
        return false;
    }
    let groups = call.cluster.groups.iter().filter(|(_, group)| group.members.contains(user));
    call.may("/access/groups", wanted)
        || groups.into_iter().any(|(name, _)| call.may(&format!("/access/groups/{name}"), wanted))
}

// ---- users

pub fn users_params(_: LabRelease) -> Vec<Param> {
    vec![may("enabled", Kind::Bool), may("full", Kind::Bool)]
}

fn user_row(call: &Call, id: &str, user: &User, full: bool) -> Value {
    let text = |text: &Option<String>| text.clone().map(Value::from);
    let realm = id.rsplit_once('@').map(|(_, realm)| realm).unwrap_or_default();
    let kind = call.cluster.realms.iter().find(|known| known.name == realm).map(|known| json!(known.kind));
    let has_factors = !user.factors.is_none();
    let groups = call.cluster.groups.iter().filter(|(_, group)| group.members.contains(id));
    let groups: Vec<&str> = groups.map(|(name, _)| name.as_str()).collect();
    let tokens = if user.tokens.is_empty() { Value::Null } else { tokens::shown_list(&user.tokens) };
    let locked = user.factors.locked.then(|| bit(true));
    object([
        ("userid", Some(json!(id))),
        ("enable", Some(bit(user.enable))),
        ("expire", Some(json!(user.expire))),
        ("realm-type", kind),
        ("comment", text(&user.comment)),
        // The line of a user with factors has all its fields, so an empty address is told.
        ("email", text(&user.email).or(has_factors.then(|| json!("")))),
        ("firstname", text(&user.firstname)),
        ("lastname", text(&user.lastname)),
        ("keys", has_factors.then(|| json!("x"))),
        ("totp-locked", locked),
        ("groups", full.then(|| json!(groups.join(",")))),
        ("tokens", full.then_some(tokens)),
    ])
}

pub fn users(call: &mut Call) -> Answer {
    let sees_all = call.may("/access/groups", &["User.Modify", "Sys.Audit"]);
    let seen = |id: &str| {
        sees_all
            || id == call.who
            || call.cluster.groups.iter().any(|(name, group)| {
                group.members.contains(id) && call.may(&format!("/access/groups/{name}"), &["User.Modify", "Sys.Audit"])
            })
    };
    let wanted = call.get("enabled").map(|text| text == "1");
    let users = call.cluster.users.iter().filter(|(id, user)| seen(id) && wanted.is_none_or(|on| on == user.enable));
    Ok(users.map(|(id, user)| user_row(call, id, user, call.flag("full"))).collect())
}

fn user_fields(params: &mut Vec<Param>) {
    params.extend([
        may("comment", Kind::Text),
        may("email", Kind::Text),
        may("enable", Kind::Bool),
        may("expire", Kind::Int(0)),
        may("firstname", Kind::Text),
        may("groups", Kind::Text),
        may("keys", Kind::Text),
        may("lastname", Kind::Text),
    ]);
}

pub fn user_create_params(_: LabRelease) -> Vec<Param> {
    let mut params = vec![need("userid", Kind::UserId), may("password", Kind::NewPassword)];
    user_fields(&mut params);
    params
}

pub fn user_create_check(call: &Call) -> Result<(), Failure> {
    let id = call.text("userid");
    let realm = id.rsplit_once('@').map_or("", |(_, realm)| realm);
    call.need(&format!("/access/realm/{realm}"), &["Realm.AllocateUser"])?;
    if call.may("/access/groups", &["User.Modify"]) {
        return Ok(());
    }
    let groups = call.text("groups");
    if groups.is_empty() {
        return Err(Failure::forbidden(Some("/access/groups, User.Modify")));
    }
    list(&groups).try_for_each(|group| call.need(&format!("/access/groups/{group}"), &["User.Modify"]))
}

fn set_user_fields(call: &Call, user: &mut User) {
    let sent = |name: &str| call.get(name).map(String::from);
    for (name, field) in [
        ("comment", &mut user.comment),
        ("email", &mut user.email),
        ("firstname", &mut user.firstname),
        ("lastname", &mut user.lastname),
    ] {
        if let Some(text) = sent(name) {
            *field = Some(text);
        }
    }
    if let Some(text) = sent("enable") {
        user.enable = text == "1";
    }
    if let Some(text) = sent("expire") {
        user.expire = text.parse().unwrap_or(0);
    }
}

fn join_groups(call: &mut Call, id: &str) {
    let groups = call.text("groups");
    for group in list(&groups) {
        call.cluster.groups.entry(group.to_string()).or_default().members.insert(id.to_string());
    }
}

pub fn user_create(call: &mut Call) -> Answer {
    let id = call.text("userid");
    if call.cluster.users.contains_key(&id) {
        return Err(Failure::died(format!("create user failed: user '{id}' already exists")));
    }
    let mut user = User { enable: true, password: call.get("password").map(String::from), ..User::default() };
    set_user_fields(call, &mut user);
    join_groups(call, &id);
    call.cluster.users.insert(id, user);
    Ok(Value::Null)
}

pub fn user_params(_: LabRelease) -> Vec<Param> {
    vec![need("userid", Kind::UserId)]
}

/// Who asks about a user that is not there is told so, unless a bare refusal is all that the call gives.
fn known_user(call: &Call, id: &str) -> Result<(), Failure> {
    let known = call.cluster.users.contains_key(id);
    if known { Ok(()) } else { Err(Failure::died(format!("no such user ('{id}')"))) }
}

pub fn user_read_check(call: &Call) -> Result<(), Failure> {
    let id = call.text("userid");
    known_user(call, &id)?;
    let may = user_group_check(call, &id, &["User.Modify", "Sys.Audit"]);
    if may { Ok(()) } else { Err(Failure::forbidden(None)) }
}

pub fn user_modify_check(call: &Call) -> Result<(), Failure> {
    let id = call.text("userid");
    known_user(call, &id)?;
    let may = user_group_check(call, &id, &["User.Modify"]);
    if may { Ok(()) } else { Err(Failure::forbidden(Some("/access/groups, User.Modify"))) }
}

pub fn user_delete_check(call: &Call) -> Result<(), Failure> {
    let id = call.text("userid");
    let realm = id.rsplit_once('@').map_or("", |(_, realm)| realm);
    call.need(&format!("/access/realm/{realm}"), &["Realm.AllocateUser"])?;
    user_modify_check(call)
}

pub fn user_read(call: &mut Call) -> Answer {
    let id = call.text("userid");
    let Some(user) = call.cluster.users.get(&id) else {
        return Err(Failure::died(format!("no such user ('{id}')")));
    };
    let mut row = user_row(call, &id, user, false);
    if let Some(fields) = row.as_object_mut() {
        for name in ["userid", "realm-type", "totp-locked"] {
            fields.remove(name);
        }
        let groups = call.cluster.groups.iter().filter(|(_, group)| group.members.contains(&id));
        fields.insert("groups".to_string(), groups.map(|(name, _)| json!(name)).collect());
        let tokens: Map<String, Value> =
            user.tokens.iter().map(|(name, token)| (name.clone(), tokens::shown(token))).collect();
        let tokens = if tokens.is_empty() { Value::Null } else { Value::Object(tokens) };
        fields.insert("tokens".to_string(), tokens);
    }
    Ok(row)
}

pub fn user_update_params(_: LabRelease) -> Vec<Param> {
    let mut params = vec![need("userid", Kind::UserId), may("append", Kind::Bool)];
    user_fields(&mut params);
    params
}

pub fn user_update(call: &mut Call) -> Answer {
    let id = call.text("userid");
    let Some(mut user) = call.cluster.users.get(&id).cloned() else {
        return Err(Failure::died(format!("no such user ('{id}')")));
    };
    set_user_fields(call, &mut user);
    if call.get("groups").is_some() && !call.flag("append") {
        call.cluster.groups.values_mut().for_each(|group| {
            group.members.remove(&id);
        });
    }
    join_groups(call, &id);
    call.cluster.users.insert(id, user);
    Ok(Value::Null)
}

pub fn user_delete(call: &mut Call) -> Answer {
    let id = call.text("userid");
    if id == "root@pam" {
        return Err(Failure::died("delete user failed: unable to delete root@pam user"));
    }
    call.cluster.users.remove(&id);
    call.cluster.groups.values_mut().for_each(|group| {
        group.members.remove(&id);
    });
    let is_theirs = |row: &AclRow| match row.subject {
        Subject::User => row.who == id,
        Subject::Token => split_token(&row.who).is_some_and(|(user, _)| user == id),
        Subject::Group => false,
    };
    call.cluster.acl.retain(|row| !is_theirs(row));
    Ok(Value::Null)
}

pub fn unlock_tfa(call: &mut Call) -> Answer {
    let id = call.text("userid");
    let Some(user) = call.cluster.users.get_mut(&id) else {
        return Err(Failure::died(format!("no such user ('{id}')")));
    };
    let was = std::mem::take(&mut user.factors.locked);
    user.factors.failures = 0;
    Ok(bit(was))
}

pub fn password_params(release: LabRelease) -> Vec<Param> {
    let mut params = vec![need("userid", Kind::UserId), need("password", Kind::NewPassword)];
    if release.confirms_password() {
        params.push(may("confirmation-password", Kind::Text));
    }
    params
}

pub fn password_check(call: &Call) -> Result<(), Failure> {
    let id = call.text("userid");
    let may = call.who == id || user_group_check(call, &id, &["User.Modify"]);
    if may { Ok(()) } else { Err(Failure::forbidden(None)) }
}

pub fn password(call: &mut Call) -> Answer {
    if call.release().confirms_password() {
        confirm(call, "confirmation-password")?;
    }
    let (id, password) = (call.text("userid"), call.text("password"));
    match call.cluster.users.get_mut(&id) {
        Some(user) => user.password = Some(password),
        None => return Err(Failure::died(format!("no such user ('{id}')"))),
    }
    Ok(Value::Null)
}

/// Changes to passwords and factors ask for the caller's own password again.
fn confirm(call: &Call, name: &str) -> Result<(), Failure> {
    let Some(given) = call.get(name) else {
        return Err(Failure::parameter(name, "password is required to modify user"));
    };
    let known = call.cluster.users.get(&call.who).and_then(|user| user.password.as_deref());
    if known == Some(given) { Ok(()) } else { Err(Failure::login()) }
}

// ---- groups

pub fn groups(call: &mut Call) -> Answer {
    let sees_all = call.may("/access/groups", &["Sys.Audit", "User.Modify", "Group.Allocate"]);
    let groups = call.cluster.groups.iter().filter(|(name, _)| {
        sees_all || call.may(&format!("/access/groups/{name}"), &["Sys.Audit", "User.Modify", "Group.Allocate"])
    });
    let row = |(name, group): (&String, &Group)| {
        let members: Vec<&str> = group.members.iter().map(String::as_str).collect();
        object([
            ("groupid", Some(json!(name))),
            ("users", Some(json!(members.join(",")))),
            ("comment", group.comment.clone().map(Value::from)),
        ])
    };
    Ok(groups.map(row).collect())
}

pub fn group_create_params(_: LabRelease) -> Vec<Param> {
    vec![need("groupid", Kind::Role), may("comment", Kind::Text)]
}

pub fn group_create(call: &mut Call) -> Answer {
    let name = call.text("groupid");
    if call.cluster.groups.contains_key(&name) {
        return Err(Failure::died(format!("create group failed: group '{name}' already exists")));
    }
    let comment = call.get("comment").map(String::from);
    call.cluster.groups.insert(name, Group { comment, ..Group::default() });
    Ok(Value::Null)
}

pub fn group_delete_params(_: LabRelease) -> Vec<Param> {
    vec![need("groupid", Kind::Role)]
}

pub fn group_delete(call: &mut Call) -> Answer {
    let name = call.text("groupid");
    if call.cluster.groups.remove(&name).is_none() {
        return Err(Failure::died(format!("delete group failed: group '{name}' does not exist")));
    }
    call.cluster.acl.retain(|row| row.subject != Subject::Group || row.who != name);
    Ok(Value::Null)
}

pub fn group_check(call: &Call) -> Result<(), Failure> {
    call.need("/access/groups", &["Group.Allocate"])
}

// ---- roles

pub fn sys_modify_access(call: &Call) -> Result<(), Failure> {
    call.need("/access", &["Sys.Modify"])
}

pub fn roles(call: &mut Call) -> Answer {
    let row = |(name, role): (&String, &Role)| {
        let privileges: Vec<&str> = role.privileges.iter().map(String::as_str).collect();
        json!({ "roleid": name, "privs": privileges.join(","), "special": u8::from(role.special) })
    };
    Ok(call.cluster.roles.iter().map(row).collect())
}

pub fn role_params(_: LabRelease) -> Vec<Param> {
    vec![need("roleid", Kind::Role)]
}

pub fn role_create_params(_: LabRelease) -> Vec<Param> {
    vec![need("roleid", Kind::Role), may("privs", Kind::Privileges)]
}

pub fn role_update_params(_: LabRelease) -> Vec<Param> {
    vec![need("roleid", Kind::Role), may("privs", Kind::Privileges), may("append", Kind::Bool)]
}

pub fn role(call: &mut Call) -> Answer {
    let name = call.text("roleid");
    match call.cluster.roles.get(&name) {
        Some(role) => Ok(Value::Object(role.privileges.iter().map(|name| (name.clone(), json!(1))).collect())),
        None => Err(Failure::died(format!("role '{name}' does not exist"))),
    }
}

fn sent_privileges(call: &Call) -> Vec<String> {
    list(&call.text("privs")).map(String::from).collect()
}

pub fn role_create(call: &mut Call) -> Answer {
    let name = call.text("roleid");
    if call.release().reserves_pve_roles() && name.to_ascii_lowercase().starts_with("pve") {
        return Err(Failure::parameter(
            "roleid",
            "cannot use role ID starting with the (case-insensitive) 'PVE' namespace",
        ));
    }
    if call.cluster.roles.contains_key(&name) {
        return Err(Failure::died(format!("create role failed: role '{name}' already exists")));
    }
    let privileges = sent_privileges(call).into_iter().collect();
    call.cluster.roles.insert(name, Role { privileges, special: false });
    Ok(Value::Null)
}

pub fn role_update(call: &mut Call) -> Answer {
    let (name, sent, append) = (call.text("roleid"), sent_privileges(call), call.flag("append"));
    match call.cluster.roles.get_mut(&name) {
        Some(role) if role.special => Err(Failure::died(format!("auto-generated role '{name}' cannot be modified"))),
        Some(role) => {
            if !append {
                role.privileges.clear();
            }
            role.privileges.extend(sent);
            Ok(Value::Null)
        }
        None => Err(Failure::died(format!("update role failed: role '{name}' does not exist"))),
    }
}

pub fn role_delete(call: &mut Call) -> Answer {
    let name = call.text("roleid");
    match call.cluster.roles.get(&name) {
        Some(role) if role.special => Err(Failure::died(format!("auto-generated role '{name}' cannot be deleted"))),
        Some(_) => {
            call.cluster.roles.remove(&name);
            // An entry of the ACL for a role that is gone is gone too.
            call.cluster.acl.retain(|row| row.role != name);
            Ok(Value::Null)
        }
        None => Err(Failure::died(format!("delete role failed: role '{name}' does not exist"))),
    }
}

// ---- ACL

pub fn acl(call: &mut Call) -> Answer {
    let sees_all = call.may("/access", &["Sys.Audit", "Permissions.Modify"]);
    let rows = call.cluster.acl.iter().filter(|row| sees_all || call.may(&row.path, &["Permissions.Modify"]));
    let row = |row: &AclRow| {
        json!({
            "path": row.path,
            "type": row.subject.word(),
            "ugid": row.who,
            "roleid": row.role,
            "propagate": u8::from(row.propagate),
        })
    };
    Ok(rows.map(row).collect())
}

pub fn acl_update_params(_: LabRelease) -> Vec<Param> {
    vec![
        need("path", Kind::Text),
        need("roles", Kind::Text),
        may("users", Kind::Text),
        may("groups", Kind::Text),
        may("tokens", Kind::TokenIds),
        may("propagate", Kind::Bool),
        may("delete", Kind::Bool),
    ]
}

pub fn acl_update_check(call: &Call) -> Result<(), Failure> {
    let path = normal(&call.text("path"));
    let also = if path.starts_with("/storage/") {
        Some("Datastore.Allocate")
    } else if path.starts_with("/vms/") {
        Some("VM.Allocate")
    } else if path.starts_with("/pool/") {
        Some("Pool.Allocate")
    } else {
        None
    };
    let wanted: Vec<&str> = std::iter::once("Permissions.Modify").chain(also).collect();
    call.need(&path, &wanted)
}

/// A path as the ACL keeps it: one slash before each part and none at the end.
fn normal(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    format!("/{}", parts.join("/"))
}

/// Which paths an ACL may have (AccessControl.pm, check_path).
fn is_acl_path(release: LabRelease, path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').skip(1).filter(|part| !part.is_empty()).collect();
    let word = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    let number = |text: &str| text.parse::<u32>().is_ok_and(|id| id >= 100);
    if !parts.iter().all(|part| word(part) || part.contains('@')) {
        return false;
    }
    match parts.as_slice() {
        [] | ["access" | "nodes" | "pool" | "sdn" | "storage" | "vms"] => true,
        ["access", "groups" | "realm"] | ["access", "groups" | "realm", _] => true,
        ["nodes" | "storage", _] => true,
        ["pool", names @ ..] => names.len() <= 3,
        ["vms", id] => number(id),
        ["sdn", "zones"] | ["sdn", "zones", _] | ["sdn", "zones", _, _] => true,
        ["sdn", "zones", _, _, tag] => tag.parse::<u16>().is_ok(),
        ["sdn", "vnets", _] => release.has_vnet_acl(),
        ["sdn", "controllers" | "dns" | "ipams" | "fabrics"]
        | ["sdn", "controllers" | "dns" | "ipams" | "fabrics", _] => true,
        ["mapping"] => release.has_mappings(),
        ["mapping", "dir" | "notifications" | "pci" | "usb"]
        | ["mapping", "dir" | "notifications" | "pci" | "usb", _] => release.has_mappings(),
        _ => false,
    }
}

pub fn acl_update(call: &mut Call) -> Answer {
    let subjects = [("users", Subject::User), ("groups", Subject::Group), ("tokens", Subject::Token)];
    if subjects.iter().all(|(name, _)| call.get(name).is_none()) {
        let text = "either 'users', 'groups' or 'tokens' is required.";
        let errors = subjects.iter().map(|(name, _)| (name.to_string(), text.to_string()));
        return Err(Failure::parameters(errors.collect::<BTreeMap<_, _>>()));
    }
    let path = normal(&call.text("path"));
    if !is_acl_path(call.release(), &path) {
        return Err(Failure::parameter("path", format!("invalid ACL path '{}'", call.text("path"))));
    }
    let (delete, propagate) = (call.flag("delete"), call.get("propagate").is_none_or(|text| text == "1"));
    let failed = |why: String| Failure::died(format!("ACL update failed: {why}"));
    let roles = call.text("roles");
    let mut rows = Vec::new();
    for role in list(&roles) {
        let Some(known) = call.cluster.roles.get(role) else {
            return Err(failed(format!("role '{role}' does not exist")));
        };
        if !call.may(&path, &["Permissions.Modify"]) {
            let own = permissions::at(call.cluster, &call.who, &path);
            if !known.privileges.iter().all(|privilege| own.contains_key(privilege)) {
                let why = format!(
                    "400 Parameter verification failed.\nrole: Cannot add role '{role}' - requires 'Permissions.Modify' or superset of privileges."
                );
                return Err(failed(why));
            }
        }
        for (name, subject) in subjects {
            let sent = call.text(name);
            for who in list(&sent) {
                let known = match subject {
                    Subject::User => call.cluster.users.contains_key(who),
                    Subject::Group => call.cluster.groups.contains_key(who),
                    Subject::Token => call.cluster.token(who).is_some(),
                };
                if !known {
                    let why = match split_token(who) {
                        Some((user, token)) => format!("no such token '{token}' for user '{user}'"),
                        None => format!("{} '{who}' does not exist", subject.word()),
                    };
                    return Err(failed(why));
                }
                rows.push((subject, who.to_string(), role.to_string()));
            }
        }
    }
    for (subject, who, role) in rows {
        if delete {
            call.cluster.revoke(&path, subject, &who, &role);
        } else {
            call.cluster.grant(&path, subject, &who, &role, propagate);
        }
    }
    Ok(Value::Null)
}

// ---- permissions

pub fn permissions_params(_: LabRelease) -> Vec<Param> {
    vec![may("userid", Kind::Text), may("path", Kind::Text)]
}

pub fn permissions(call: &mut Call) -> Answer {
    let asked = call.get("userid").map(String::from);
    let who = match asked {
        None => call.who.clone(),
        Some(other) => {
            let own_token = split_token(&other).is_some_and(|(user, _)| user == call.who);
            let is_own = (other == call.who || own_token) && call.release().own_permissions_by_id();
            if !is_own {
                call.need("/access", &["Sys.Audit"])?;
            }
            other
        }
    };
    let shown = |privileges: permissions::Privileges| -> Value {
        privileges.into_iter().map(|(name, propagate)| (name, bit(propagate))).collect::<Map<_, _>>().into()
    };
    if let Some(path) = call.get("path") {
        let privileges = if path.starts_with('/') {
            permissions::at(call.cluster, &who, path)
        } else {
            permissions::Privileges::new()
        };
        return Ok(json!({ path: shown(privileges) }));
    }
    let all = permissions::everywhere(call.cluster, &who);
    Ok(Value::Object(all.into_iter().map(|(path, privileges)| (path, shown(privileges))).collect()))
}

// ---- realms

pub fn domains(call: &mut Call) -> Answer {
    let rows = call.cluster.realms.iter().map(|realm| {
        object([
            ("realm", Some(json!(realm.name))),
            ("type", Some(json!(realm.kind))),
            ("comment", Some(json!(realm.comment))),
            ("default", realm.is_default.then(|| bit(true))),
            ("tfa", realm.tfa.clone().map(Value::from)),
        ])
    });
    Ok(rows.collect())
}

pub fn domain_params(_: LabRelease) -> Vec<Param> {
    vec![need("realm", Kind::Text)]
}

pub fn domain_check(call: &Call) -> Result<(), Failure> {
    call.need("/access/realm", &["Realm.Allocate", "Sys.Audit"])
}

pub fn domain(call: &mut Call) -> Answer {
    let name = call.text("realm");
    let Some(realm) = call.cluster.realms.iter().find(|realm| realm.name == name) else {
        return Err(Failure::died(format!("domain '{name}' does not exist")));
    };
    // The digest of an empty domains.cfg, which is what a fresh host has.
    let digest = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    let plugin = format!("PVE::Auth::{}", realm.kind.to_uppercase());
    Ok(json!({ "type": realm.kind, "comment": realm.comment, "plugin": plugin, "digest": digest }))
}

pub fn domain_update_params(_: LabRelease) -> Vec<Param> {
    vec![
        need("realm", Kind::Text),
        may("comment", Kind::Text),
        may("default", Kind::Bool),
        may("tfa", Kind::Text),
        may("delete", Kind::Text),
    ]
}

pub fn domain_update_check(call: &Call) -> Result<(), Failure> {
    call.need("/access/realm", &["Realm.Allocate"])
}

pub fn domain_update(call: &mut Call) -> Answer {
    let name = call.text("realm");
    let (comment, tfa) = (call.get("comment").map(String::from), call.get("tfa").map(String::from));
    let deletes_tfa = list(&call.text("delete")).any(|name| name == "tfa");
    let Some(realm) = call.cluster.realms.iter_mut().find(|realm| realm.name == name) else {
        return Err(Failure::died(format!("domain '{name}' does not exist")));
    };
    if let Some(comment) = comment {
        realm.comment = comment;
    }
    if let Some(tfa) = tfa {
        let kind = tfa.split(',').find_map(|part| part.strip_prefix("type=").or((!part.contains('=')).then_some(part)));
        realm.tfa = kind.map(String::from);
    }
    if deletes_tfa {
        realm.tfa = None;
    }
    Ok(Value::Null)
}

// ---- second factors

fn entries(user: &User) -> Value {
    let totp =
        user.factors.totp.iter().map(
            |totp| json!({ "id": totp.id, "type": "totp", "description": totp.description, "created": totp.created }),
        );
    let recovery = user
        .factors
        .recovery
        .iter()
        .map(|recovery| json!({ "id": "recovery", "type": "recovery", "created": recovery.created }));
    totp.chain(recovery).collect()
}

pub fn tfa_list(call: &mut Call) -> Answer {
    let sees_all = call.may("/access/groups", &["User.Modify", "Sys.Audit"]);
    let users = call.cluster.users.iter().filter(|(_, user)| !user.factors.is_none());
    let users = users.filter(|(id, _)| sees_all || **id == call.who);
    let row = |(id, user): (&String, &User)| {
        let locked = user.factors.locked.then(|| bit(true));
        object([("userid", Some(json!(id))), ("entries", Some(entries(user))), ("totp-locked", locked)])
    };
    Ok(users.map(row).collect())
}

pub fn tfa_user_check(call: &Call) -> Result<(), Failure> {
    let id = call.text("userid");
    let may = call.who == id || user_group_check(call, &id, &["User.Modify", "Sys.Audit"]);
    if may { Ok(()) } else { Err(Failure::forbidden(None)) }
}

pub fn tfa_user(call: &mut Call) -> Answer {
    let id = call.text("userid");
    Ok(call.cluster.users.get(&id).map_or(json!([]), entries))
}

pub fn tfa_add_params(_: LabRelease) -> Vec<Param> {
    vec![
        need("userid", Kind::UserId),
        need("type", Kind::Words(&["totp", "u2f", "webauthn", "recovery", "yubico"])),
        may("description", Kind::Text),
        may("totp", Kind::Text),
        may("value", Kind::Text),
        may("challenge", Kind::Text),
        may("password", Kind::Text),
    ]
}

pub fn tfa_add(call: &mut Call) -> Answer {
    let id = call.text("userid");
    let now = call.now();
    if !call.cluster.users.contains_key(&id) {
        return Err(Failure::died(format!("no such user ('{id}')")));
    }
    confirm(call, "password")?;
    match call.text("type").as_str() {
        "totp" => {
            let uri = super::super::http::form_pairs(call.text("totp").split_once('?').map_or("", |(_, query)| query));
            let secret = uri.iter().find(|(name, _)| name == "secret").and_then(|(_, secret)| from_base32(secret));
            let Some(secret) = secret else { return Err(Failure::died("missing 'totp' parameter")) };
            let value = call.text("value");
            let steps = [now - 30, now, now + 30];
            if !steps.into_iter().any(|at| totp_code(&secret, at) == value) {
                return Err(Failure::died("failed to verify TOTP challenge"));
            }
            let totp_id = uuid::Uuid::new_v4().to_string();
            let totp =
                Totp { id: totp_id.clone(), description: call.text("description"), created: now, secret, last: None };
            if let Some(user) = call.cluster.users.get_mut(&id) {
                user.factors.totp.push(totp);
            }
            Ok(json!({ "id": totp_id }))
        }
        "recovery" => {
            let keys: Vec<String> = (0..10).map(|_| recovery_key()).collect();
            let kept = keys.iter().cloned().map(Some).collect();
            if let Some(user) = call.cluster.users.get_mut(&id) {
                user.factors.recovery = Some(Recovery { created: now, keys: kept });
            }
            Ok(json!({ "id": "recovery", "recovery": keys }))
        }
        other => Err(Failure::died(format!("the lab has no '{other}' devices"))),
    }
}

/// Four groups of four hexadecimal digits.
pub fn recovery_key() -> String {
    let hex = uuid::Uuid::new_v4().simple().to_string();
    [&hex[..4], &hex[4..8], &hex[8..12], &hex[16..20]].join("-").to_lowercase()
}

/// Whether an id may stand for a user in a path at all.
pub fn is_user(call: &Call) -> bool {
    is_user_id(&call.text("userid"))
}
