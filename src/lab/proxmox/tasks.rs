//! The calls for tasks: what a call that takes long has started (pve-manager API2/Tasks.pm).

use serde_json::{Value, json};

use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, may, need, object};
use super::cluster::{Task, split_token};

pub fn task_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), need("upid", Kind::Upid)]
}

pub fn task_log_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), need("upid", Kind::Upid), may("start", Kind::Int(0)), may("limit", Kind::Int(0))]
}

fn task<'a>(call: &'a Call) -> Result<&'a Task, Failure> {
    let upid = call.text("upid");
    let found = call.cluster.tasks.iter().find(|task| task.upid == upid);
    found.ok_or_else(|| Failure::parameter("upid", "no such task"))
}

/// Who started a task may follow it, and so may the owner of the token that did; others need Sys.Audit.
fn may_follow(call: &Call, task: &Task) -> bool {
    let owner = split_token(&task.who).map_or(task.who.as_str(), |(user, _)| user);
    call.who == task.who || call.who == owner || call.may(&format!("/nodes/{}", task.node), &["Sys.Audit"])
}

/// A task as every call tells it, and how it ended in the call's own words.
fn told(task: &Task, end: [(&'static str, Value); 2]) -> Value {
    let (user, token) = match split_token(&task.who) {
        Some((user, token)) => (user, Some(json!(token))),
        None => (task.who.as_str(), None),
    };
    let [one, other] = end.map(|(name, value)| (name, Some(value)));
    object([
        ("upid", Some(json!(task.upid))),
        ("node", Some(json!(task.node))),
        ("type", Some(json!(task.kind))),
        ("id", Some(json!(task.id))),
        ("user", Some(json!(user))),
        ("tokenid", token),
        ("pid", Some(json!(task.pid))),
        ("pstart", Some(json!(task.pstart))),
        ("starttime", Some(json!(task.start))),
        one,
        other,
    ])
}

pub fn task_status(call: &mut Call) -> Answer {
    let task = task(call)?;
    if !may_follow(call, task) {
        return Err(Failure::forbidden(Some(&format!("/nodes/{}, Sys.Audit", task.node))));
    }
    Ok(told(task, [("status", json!("stopped")), ("exitstatus", json!(task.exit))]))
}

pub fn task_log(call: &mut Call) -> Answer {
    let task = task(call)?;
    if !may_follow(call, task) {
        return Err(Failure::forbidden(Some(&format!("/nodes/{}, Sys.Audit", task.node))));
    }
    Ok(task.log.iter().enumerate().map(|(index, line)| json!({ "n": index + 1, "t": line })).collect())
}

pub fn tasks_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), may("limit", Kind::Int(0)), may("start", Kind::Int(0)), may("vmid", Kind::GuestId)]
}

pub fn tasks(call: &mut Call) -> Answer {
    let limit = call.get("limit").and_then(|text| text.parse().ok()).unwrap_or(50);
    let node = call.text("node");
    let own = call.cluster.tasks.iter().rev().filter(|task| task.node == node && may_follow(call, task));
    let rows = own.take(limit).map(|task| told(task, [("endtime", json!(task.start)), ("status", json!(task.exit))]));
    Ok(rows.collect())
}
