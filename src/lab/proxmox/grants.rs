//! The calls under `/access/roles`, `/access/acl` and `/access/permissions` (pve-access-control API2/Role.pm, ACL.pm,
//! AccessControl.pm).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, bit, list, may, need};
use super::cluster::{AclRow, Role, Subject, split_token};
use super::permissions::{self, Privileges};

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

pub fn acl(call: &mut Call) -> Answer {
    let sees_all = call.may("/access", &["Sys.Audit"]);
    let rows = call.cluster.acl.iter().filter(|row| sees_all || call.may(&row.path, &who_changes(&row.path)));
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
    call.need(&path, &who_changes(&path))
}

/// The privileges of which one is needed to change, or see, the ACL of a path (RPCEnvironment.pm, check_perm_modify). Who has it
/// by the second alone gives away no more than their own.
fn who_changes(path: &str) -> Vec<&'static str> {
    let also = if path.starts_with("/storage/") {
        Some("Datastore.Allocate")
    } else if path.starts_with("/vms/") {
        Some("VM.Allocate")
    } else if path.starts_with("/pool/") {
        Some("Pool.Allocate")
    } else {
        None
    };
    std::iter::once("Permissions.Modify").chain(also).collect()
}

/// Whether somebody without `Permissions.Modify` at a path may add or remove a role there: the role has no more than they have,
/// and goes no further (API2/ACL.pm, update_acl).
fn within_own(call: &Call, path: &str, name: &str, role: &Role, delete: bool, propagate: bool) -> Result<(), Failure> {
    let own = permissions::at(call.cluster, &call.who, path);
    let verb = if delete { "remove" } else { "add" };
    let refused = |why: &str| {
        let text = format!("400 Parameter verification failed.\nrole: Cannot {verb} role '{name}'{why}");
        Err(Failure::died(format!("ACL update failed: {text}")))
    };
    for privilege in &role.privileges {
        match own.get(privilege) {
            None => return refused(" - requires 'Permissions.Modify' or superset of privileges."),
            Some(false) if propagate && !delete => {
                return refused(
                    " with propagation - requires 'Permissions.Modify' or propagated superset of privileges.",
                );
            }
            Some(_) => {}
        }
    }
    // This one has no privileges, and takes all of them away.
    if name == "NoAccess" { refused(" - requires 'Permissions.Modify'") } else { Ok(()) }
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
        ["pool", names @ ..] => names.len() <= release.pool_levels(),
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
    let (delete, propagate) = (call.flag("delete"), call.get("propagate").is_none_or(|text| text == "1"));
    // What stands at a path that no release takes any more can still be removed.
    if !delete && !is_acl_path(call.release(), &path) {
        return Err(Failure::parameter("path", format!("invalid ACL path '{}'", call.text("path"))));
    }
    let failed = |why: String| Failure::died(format!("ACL update failed: {why}"));
    let roles = call.text("roles");
    let mut rows = Vec::new();
    for role in list(&roles) {
        let Some(known) = call.cluster.roles.get(role) else {
            return Err(failed(format!("role '{role}' does not exist")));
        };
        if call.release().limits_half_grants() && !call.may(&path, &["Permissions.Modify"]) {
            within_own(call, &path, role, known, delete, propagate)?;
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
    let shown = |privileges: Privileges| -> Value {
        privileges.into_iter().map(|(name, propagate)| (name, bit(propagate))).collect::<Map<_, _>>().into()
    };
    if let Some(path) = call.get("path") {
        let privileges =
            if path.starts_with('/') { permissions::at(call.cluster, &who, path) } else { Privileges::new() };
        return Ok(json!({ path: shown(privileges) }));
    }
    let all = permissions::everywhere(call.cluster, &who);
    Ok(Value::Object(all.into_iter().map(|(path, privileges)| (path, shown(privileges))).collect()))
}
