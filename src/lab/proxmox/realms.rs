//! The calls under `/access/domains` and `/access/tfa` (pve-access-control API2/Domains.pm, TFA.pm).

use serde_json::{Value, json};

use super::super::http::form_pairs;
use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, bit, list, may, need, object};
use super::cluster::User;
use super::tfa::{Recovery, STEP, Totp, from_base32, totp_code};
use super::users::{confirm, user_group_check};

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
    let plugin = match realm.kind.as_str() {
        "openid" => "PVE::Auth::OpenId".to_string(),
        kind => format!("PVE::Auth::{}", kind.to_uppercase()),
    };
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
    let keys =
        user.factors.webauthn.iter().map(
            |key| json!({ "id": key.id, "type": "webauthn", "description": key.description, "created": key.created }),
        );
    totp.chain(keys).chain(recovery).collect()
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
            let uri = form_pairs(call.text("totp").split_once('?').map_or("", |(_, query)| query));
            let secret = uri.iter().find(|(name, _)| name == "secret").and_then(|(_, secret)| from_base32(secret));
            let Some(secret) = secret else { return Err(Failure::died("missing 'totp' parameter")) };
            let value = call.text("value");
            let steps = [now.saturating_sub(STEP), now, now + STEP];
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
