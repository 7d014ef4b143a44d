//! How a row is walked: what is asked, what is answered, and what comes of it.

use std::collections::{BTreeMap, BTreeSet};

use super::fix::Fix;
use super::scene::{Scene, token_of};
use super::table::Row;
use crate::flow::make::ADMIN;

/// How a row is walked, from its `walk`.
///
/// An entry is a question with its answer, `mend=grant`, or a question alone, which gets the answer that is right in this scene.
/// What is not among them is not asked, and what is among them is. Besides: `login` are the questions of who signs in; `first=CODE`
/// is what the page opens at, where that is not the row's own; `lines=N` how many lines are others, where that is not the row's
/// own; `with=KEY=VALUE` is another line of the file, where the row's own leads away from this machine; `left=CODE` is what this
/// mend leaves; `ends=WORDS` is the last page's title, where nothing can be mended from here; `nothing` is offered to be done.
pub struct Plan {
    pub answers: Vec<(String, Option<String>)>,
    pub first: String,
    pub lines: usize,
    pub with: Option<String>,
    pub left: BTreeSet<String>,
    pub ends: Option<String>,
    /// The page offers no mend: there is nothing that labwizard could do.
    pub nothing: bool,
    /// Somebody mends it elsewhere, and it is looked at again.
    pub again: bool,
}

impl Plan {
    pub fn of(row: &Row) -> Plan {
        let mut plan = Plan {
            answers: Vec::new(),
            first: row.code.clone(),
            lines: row.lines,
            with: None,
            left: row.left.iter().cloned().collect(),
            ends: None,
            nothing: false,
            again: false,
        };
        for entry in row.walk.clone().unwrap_or_else(|| usual(row)) {
            let (word, value) = match entry.split_once('=') {
                Some((word, value)) => (word.to_owned(), Some(value.to_owned())),
                None => (entry, None),
            };
            match (word.as_str(), value) {
                ("first", Some(code)) => plan.first = code,
                ("lines", Some(lines)) => plan.lines = lines.parse().unwrap(),
                ("with", with) => plan.with = with,
                ("left", Some(code)) => plan.left.extend([code]),
                ("ends", ends) => plan.ends = ends,
                ("nothing", None) => plan.nothing = true,
                ("login", who) => {
                    // The administrator has a second factor, and root has none.
                    let code = who.is_none().then_some("code");
                    plan.answers.extend([("login_user".to_owned(), who)]);
                    plan.answers.extend(["login_password"].into_iter().chain(code).map(|id| (id.to_owned(), None)));
                }
                (_, value) => plan.answers.push((word, value)),
            }
        }
        plan.again = plan.answers.iter().any(|(_, answer)| answer.as_deref() == Some("again"));
        plan
    }

    pub fn ids(&self) -> BTreeSet<&str> {
        self.answers.iter().map(|(id, _)| id.trim_end_matches(", then")).collect()
    }
}

/// Where the row says nothing: its mend with what that asks for, else what somebody mends elsewhere.
fn usual(row: &Row) -> Vec<String> {
    match row.mend.as_deref().map(|mend| mend.split_once(' ').unwrap_or((mend, ""))) {
        Some(("ask", id)) => vec![format!("mend=ask.{id}"), id.to_owned()],
        Some((word @ ("rewrite" | "remove"), key)) => vec![format!("mend={word}.{key}")],
        Some((word @ ("grant" | "new-secret"), _)) => vec![format!("mend={word}"), "login".to_owned()],
        Some((word @ ("close" | "ignore"), _)) => vec![format!("mend={word}")],
        None if matches!(row.fix.as_slice(), [Fix::Direct]) => vec!["mend=ask.host".to_owned(), "host".to_owned()],
        _ if row.fix.is_empty() => vec!["mend=leave".to_owned()],
        _ => vec!["mend=again".to_owned()],
    }
}

/// What a person would answer who knows how it should be.
fn right(row: &Row, scene: &Scene, id: &str) -> String {
    let token = token_of(row, &scene.lab);
    let (user, name) = token.id.rsplit_once('!').unwrap();
    let admin = scene.lab.user(ADMIN).unwrap();
    match id {
        "host" => format!("127.0.0.1:{}", scene.lab.port()),
        "token" => pasted(scene, &token.id),
        "user" => user.to_owned(),
        "token_name" => name.to_owned(),
        "pick.node" => "pve1".to_owned(),
        "password" => "beside the user".to_owned(),
        "trust" => "pin".to_owned(),
        "login_user" => ADMIN.to_owned(),
        "login_password" => admin.password,
        "code" => admin.code_now().unwrap_or_default(),
        other => panic!("what is right for “{other}” is said by the row alone"),
    }
}

/// A token of the lab as it is pasted.
fn pasted(scene: &Scene, id: &str) -> String {
    format!("{id}={}", scene.lab.token_secret(id).unwrap_or_else(|| panic!("the lab has no {id}")))
}

/// What is answered, by the questions.
pub fn answers(row: &Row, plan: &Plan, scene: &Scene) -> BTreeMap<String, String> {
    let answer = |(id, answer): &(String, Option<String>)| {
        let answer = match (id.trim_end_matches(", then"), answer) {
            ("token", Some(of)) => pasted(scene, of),
            (_, Some(answer)) => answer.replace("{port}", &scene.lab.port().to_string()),
            (id, None) => right(row, scene, id),
        };
        (id.clone(), answer)
    };
    let mut all: BTreeMap<String, String> = plan.answers.iter().map(answer).collect();
    if let Some(who) = all.get("user").and_then(|who| scene.lab.user(who)).filter(|_| all.contains_key("password")) {
        all.insert("password".to_owned(), who.password.clone());
    }
    if let Some(who) = all.get("login_user").and_then(|who| scene.lab.user(who)) {
        all.insert("login_password".to_owned(), who.password.clone());
        all.insert("code".to_owned(), who.code_now().unwrap_or_default());
    }
    // What is deleted is named with its line, which the row need not know.
    if let Some(key) = all.get("mend").and_then(|mend| mend.strip_prefix("remove.").map(str::to_owned)) {
        let line = scene.text.lines().position(|line| super::scene::key(line) == key);
        all.insert("mend".to_owned(), format!("remove.{key}.{}", line.unwrap_or_default() + 1));
    }
    all.insert("review".to_owned(), "do".to_owned());
    // Whoever meets a host for the first time is asked for it.
    if scene.records.is_empty() {
        all.entry("trust".to_owned()).or_insert_with(|| right(row, scene, "trust"));
    }
    all
}
