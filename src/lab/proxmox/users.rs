//! The calls under `/access/users`, `/access/password` and `/access/groups` (pve-access-control API2/User.pm, Group.pm).

use serde_json::{Map, Value, json};

use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, bit, list, may, need, object};
use super::cluster::{AclRow, Group, Subject, User, split_token};
use super::tokens;

/// Whether the caller has one of the privileges on `/access/groups`, or on a group of an existing user.
pub fn user_group_check(call: &Call, user: &str, wanted: &[&str]) -> bool {
    if !call.cluster.users.contains_key(user) {
        return false;
    }
    let groups = call.cluster.groups.iter().filter(|(_, group)| group.members.contains(user));
    call.may("/access/groups", wanted)
        || groups.into_iter().any(|(name, _)| call.may(&format!("/access/groups/{name}"), wanted))
}

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
pub fn confirm(call: &Call, name: &str) -> Result<(), Failure> {
    let Some(given) = call.get(name) else {
        return Err(Failure::parameter(name, "password is required to modify user"));
    };
    let known = call.cluster.users.get(&call.who).and_then(|user| user.password.as_deref());
    if known == Some(given) { Ok(()) } else { Err(Failure::login()) }
}

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
