//! Each change as the command for root's shell that does the same: what is printed, copied, and run over ssh.
//!
//! pve-access-control `CLI/pveum.pm`; `remove` is the word that every release from 7 on knows.

use crate::domain::change::{Change, Grantee, TokenMake};
use crate::domain::shell::{self, ShellError};

/// The command's words, not quoted yet.
pub fn words(change: &Change) -> Vec<String> {
    match change {
        Change::MakeUser { user, comment } => line(&["pveum", "user", "add", &user.to_string(), "--comment", comment]),
        Change::MakeRole { role, privileges } => {
            let privileges: Vec<&str> = privileges.iter().map(String::as_str).collect();
            line(&["pveum", "role", "add", role, "--privs", &privileges.join(",")])
        }
        Change::MakeToken(TokenMake { id, separated, expire, comment }) => line(&[
            "pveum",
            "user",
            "token",
            "add",
            &id.user.to_string(),
            id.name.as_str(),
            "--privsep",
            if *separated { "1" } else { "0" },
            "--expire",
            &expire.unwrap_or(0).to_string(),
            "--comment",
            comment,
            "--output-format",
            "json",
        ]),
        Change::Grant { path, role, to } => grant(path, role, to, "modify"),
        Change::Ungrant { path, role, to } => grant(path, role, to, "delete"),
        Change::NewSecret(id) => line(&[
            "pveum",
            "user",
            "token",
            "modify",
            &id.user.to_string(),
            id.name.as_str(),
            "--regenerate",
            "1",
            "--output-format",
            "json",
        ]),
        Change::RemoveToken(id) => line(&["pveum", "user", "token", "remove", &id.user.to_string(), id.name.as_str()]),
        Change::RemoveRole { role } => line(&["pveum", "role", "delete", role]),
        Change::RemoveUser { user } => line(&["pveum", "user", "delete", &user.to_string()]),
    }
}

/// The command as a person may paste it.
pub fn command(change: &Change) -> Result<String, ShellError> {
    let words = words(change);
    shell::command(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn line(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn grant(path: &str, role: &str, to: &[Grantee], verb: &str) -> Vec<String> {
    let users: Vec<String> = to.iter().filter_map(user).collect();
    let tokens: Vec<String> = to.iter().filter_map(token).collect();
    let mut words = line(&["pveum", "acl", verb, path]);
    for (option, names) in [("--users", users), ("--tokens", tokens)] {
        if !names.is_empty() {
            words.extend([option.to_owned(), names.join(",")]);
        }
    }
    words.extend(["--roles".to_owned(), role.to_owned()]);
    words
}

fn user(grantee: &Grantee) -> Option<String> {
    match grantee {
        Grantee::User(user) => Some(user.to_string()),
        Grantee::Token(_) => None,
    }
}

fn token(grantee: &Grantee) -> Option<String> {
    match grantee {
        Grantee::Token(token) => Some(token.to_string()),
        Grantee::User(_) => None,
    }
}
