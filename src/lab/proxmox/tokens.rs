//! The calls under `/access/users/{userid}/token` (pve-access-control API2/User.pm).

use serde_json::{Value, json};

use super::super::release::LabRelease;

use super::call::{Answer, Call, Failure, Kind, Param, bit, list, may, need, object, truth};
use super::cluster::{Subject, Token};
use super::users::user_group_check;

/// Owners by their ticket, and who may modify users. A token is never an owner.
pub fn own_or_user_modify(call: &Call) -> Result<(), Failure> {
    let owner = call.text("userid");
    if !super::cluster::is_user_id(&owner) {
        return Err(Failure::died(format!("value '{owner}' does not look like a valid user name")));
    }
    if call.who == owner || user_group_check(call, &owner, &["User.Modify"]) {
        return Ok(());
    }
    Err(Failure::forbidden(None))
}

fn owner_check(call: &Call) -> Result<String, Failure> {
    let owner = call.text("userid");
    let known = call.cluster.users.contains_key(&owner);
    if known { Ok(owner) } else { Err(Failure::died(format!("no such user ('{owner}')"))) }
}

fn no_such(call: &Call) -> Failure {
    Failure::died(format!("no such token '{}' for user '{}'", call.text("tokenid"), call.text("userid")))
}

fn find<'a>(call: &'a mut Call) -> Result<&'a mut Token, Failure> {
    owner_check(call)?;
    let error = no_such(call);
    let (owner, name) = (call.text("userid"), call.text("tokenid"));
    call.cluster.users.get_mut(&owner).and_then(|user| user.tokens.get_mut(&name)).ok_or(error)
}

/// What lists and reads tell of a token.
pub fn shown(token: &Token) -> Value {
    object([
        ("privsep", Some(bit(token.privsep))),
        ("expire", Some(json!(token.expire))),
        ("comment", token.comment.clone().map(Value::from)),
    ])
}

/// Every token with its name.
pub fn shown_list<'a>(tokens: impl IntoIterator<Item = (&'a String, &'a Token)>) -> Value {
    let rows = tokens.into_iter().map(|(name, token)| {
        let mut row = shown(token);
        row["tokenid"] = json!(name);
        row
    });
    rows.collect()
}

pub fn list_params(_: LabRelease) -> Vec<Param> {
    vec![need("userid", Kind::UserId)]
}

pub fn read_params(_: LabRelease) -> Vec<Param> {
    vec![need("userid", Kind::UserId), need("tokenid", Kind::TokenName)]
}

pub fn create_params(_: LabRelease) -> Vec<Param> {
    vec![
        need("userid", Kind::UserId),
        need("tokenid", Kind::TokenName),
        may("comment", Kind::Text),
        may("expire", Kind::Int(0)),
        may("privsep", Kind::Bool),
    ]
}

pub fn update_params(release: LabRelease) -> Vec<Param> {
    let mut params = create_params(release);
    if release.deletes_token_comment() {
        params.push(may("delete", Kind::Text));
    }
    if release.regenerates() {
        params.push(may("regenerate", Kind::Bool));
    }
    params
}

pub fn index(call: &mut Call) -> Answer {
    let owner = owner_check(call)?;
    Ok(shown_list(call.cluster.users.get(&owner).into_iter().flat_map(|user| &user.tokens)))
}

pub fn read(call: &mut Call) -> Answer {
    find(call).map(|token| shown(token))
}

fn new_secret() -> String {
    uuid::Uuid::new_v4().to_string()
}

pub fn create(call: &mut Call) -> Answer {
    let owner = owner_check(call)?;
    let name = call.text("tokenid");
    let comment = call.get("comment").map(String::from);
    let privsep = call.get("privsep").is_none_or(truth);
    let token = Token { secret: new_secret(), privsep, expire: call.number("expire"), comment };
    // The answer has what was sent, as it was sent: strings. Only the default is a number.
    let sent = |name: &str| call.get(name).map(|text| json!(text));
    let info = object([
        ("privsep", Some(sent("privsep").unwrap_or(json!(1)))),
        ("expire", sent("expire")),
        ("comment", sent("comment")),
    ]);
    let answer = json!({ "full-tokenid": format!("{owner}!{name}"), "value": token.secret, "info": info });
    let tokens = call.cluster.users.get_mut(&owner).map(|user| &mut user.tokens);
    match tokens {
        Some(tokens) if !tokens.contains_key(&name) => {
            tokens.insert(name, token);
            Ok(answer)
        }
        _ => Err(Failure::parameter("tokenid", "Token already exists.")),
    }
}

pub fn update(call: &mut Call) -> Answer {
    let sent = |name: &str| call.get(name).map(String::from);
    let (privsep, expire, comment) = (sent("privsep"), sent("expire"), sent("comment"));
    let deleted: Vec<String> = list(&call.text("delete")).map(String::from).collect();
    let regenerate = call.flag("regenerate");
    let full = format!("{}!{}", call.text("userid"), call.text("tokenid"));
    let token = find(call)?;
    if let Some(privsep) = &privsep {
        token.privsep = truth(privsep);
    }
    if let Some(expire) = expire.as_ref().and_then(|text| text.parse().ok()) {
        token.expire = expire;
    }
    if comment.is_some() {
        token.comment = comment;
    }
    if deleted.iter().any(|name| name == "comment") {
        token.comment = None;
    }
    let mut answer = shown(token);
    for (name, text) in [("privsep", privsep), ("expire", expire)] {
        if let Some(text) = text {
            answer[name] = json!(text);
        }
    }
    if regenerate {
        token.secret = new_secret();
        answer["value"] = json!(token.secret);
        answer["full-tokenid"] = json!(full);
    }
    Ok(answer)
}

pub fn delete(call: &mut Call) -> Answer {
    find(call)?;
    let (owner, name) = (call.text("userid"), call.text("tokenid"));
    if let Some(user) = call.cluster.users.get_mut(&owner) {
        user.tokens.remove(&name);
    }
    let full = format!("{owner}!{name}");
    call.cluster.acl.retain(|row| row.subject != Subject::Token || row.who != full);
    Ok(Value::Null)
}
