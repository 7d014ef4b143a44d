//! Each change as the command for root's shell that does the same: what is printed, copied, and run over ssh.
//!
//! pve-access-control `CLI/pveum.pm`; `remove` is the word that every release from 7 on knows.

use crate::domain::TokenId;
use crate::domain::change::{Change, Grantee, TokenMake};
use crate::domain::shell::{self, ShellError};

/// A word of a command: one of its own, or a value, which must never pass for an option.
enum Word {
    Own(&'static str),
    Value(String),
}

/// The command's words, not quoted yet.
pub fn words(change: &Change) -> Vec<String> {
    let text = |word| match word {
        Word::Own(own) => own.to_owned(),
        Word::Value(value) => value,
    };
    parts(change).into_iter().map(text).collect()
}

/// The command as a person may paste it.
///
/// # Errors
/// Where a value would not arrive as it is, or is a list to Proxmox and one name to us.
pub fn command(change: &Change) -> Result<String, ShellError> {
    if let Change::Grant { to, .. } | Change::Ungrant { to, .. } = change
        && to.iter().any(Grantee::splits)
    {
        return Err(ShellError::List);
    }
    let quoted = |word| match word {
        Word::Own(own) => Ok(own.to_owned()),
        Word::Value(value) => shell::quote(&value),
    };
    Ok(parts(change).into_iter().map(quoted).collect::<Result<Vec<_>, _>>()?.join(" "))
}

fn parts(change: &Change) -> Vec<Word> {
    match change {
        Change::MakeUser { user, comment } => line("pveum user add", [user.to_string()]).and("--comment", comment),
        Change::MakeRole { role, privileges } => {
            let privileges: Vec<&str> = privileges.iter().map(String::as_str).collect();
            line("pveum role add", [role.clone()]).and("--privs", &privileges.join(","))
        }
        Change::MakeToken(TokenMake { id, separated, expire, comment }) => token("pveum user token add", id)
            .and("--privsep", if *separated { "1" } else { "0" })
            .and("--expire", &expire.unwrap_or(0).to_string())
            .and("--comment", comment)
            .and("--output-format", "json"),
        Change::Grant { path, role, to } => grant("pveum acl modify", path, role, to),
        Change::Ungrant { path, role, to } => grant("pveum acl delete", path, role, to),
        Change::NewSecret(id) => {
            token("pveum user token modify", id).and("--regenerate", "1").and("--output-format", "json")
        }
        Change::RemoveToken(id) => token("pveum user token remove", id),
        Change::RemoveRole { role } => line("pveum role delete", [role.clone()]),
        Change::RemoveUser { user } => line("pveum user delete", [user.to_string()]),
        Change::Enable { user, on } => {
            line("pveum user modify", [user.to_string()]).and("--enable", if *on { "1" } else { "0" })
        }
        Change::SetEnd { who, end, .. } => match who {
            Grantee::User(user) => line("pveum user modify", [user.to_string()]),
            Grantee::Token(id) => token("pveum user token modify", id),
        }
        .and("--expire", &end.unwrap_or(0).to_string()),
    }
}

fn line<const N: usize>(own: &'static str, values: [String; N]) -> Vec<Word> {
    own.split(' ').map(Word::Own).chain(values.map(Word::Value)).collect()
}

/// User and token name are two words.
fn token(own: &'static str, id: &TokenId) -> Vec<Word> {
    line(own, [id.user.to_string(), id.name.to_string()])
}

fn grant(own: &'static str, path: &str, role: &str, to: &[Grantee]) -> Vec<Word> {
    let users = to.iter().filter_map(|who| match who {
        Grantee::User(user) => Some(user.to_string()),
        Grantee::Token(_) => None,
    });
    let tokens = to.iter().filter_map(|who| match who {
        Grantee::Token(token) => Some(token.to_string()),
        Grantee::User(_) => None,
    });
    let mut words = line(own, [path.to_owned()]);
    for (option, names) in [("--users", users.collect::<Vec<_>>()), ("--tokens", tokens.collect())] {
        if !names.is_empty() {
            words = words.and(option, &names.join(","));
        }
    }
    words.and("--roles", role)
}

trait And {
    fn and(self, option: &'static str, value: &str) -> Self;
}

impl And for Vec<Word> {
    /// An option with its value.
    fn and(mut self, option: &'static str, value: &str) -> Self {
        self.extend([Word::Own(option), Word::Value(value.to_owned())]);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UserId;
    use proptest::prelude::*;
    use std::process::Command;

    /// What `pveum` is called with when this shell runs these lines: each call's words, the program's own name not among them.
    /// None where there is no such shell.
    fn called(shell: &str, lines: &[String]) -> Option<Vec<Vec<String>>> {
        // No word of a command is a line end alone.
        let stub = r#"pveum() { for word in "$@"; do printf '%s\0' "$word"; done; printf '\n\0'; }"#;
        let script = format!("{}\n{}\n", stub, lines.join("\n"));
        let out = Command::new(shell).args(["-c", &script]).output().ok()?;
        assert!(out.status.success(), "{shell}: {lines:?}");
        let text = String::from_utf8(out.stdout).unwrap();
        let mut calls = vec![Vec::new()];
        for word in text.split_terminator('\0') {
            match word {
                "\n" => calls.push(Vec::new()),
                word => calls.last_mut().unwrap().push(word.to_owned()),
            }
        }
        calls.pop();
        Some(calls)
    }

    /// Runs the commands of all changes in every shell there is, and compares what arrives with what was meant.
    fn arrives(changes: &[Change]) {
        let lines: Vec<String> = changes.iter().map(|change| command(change).unwrap()).collect();
        let meant: Vec<Vec<String>> = changes.iter().map(|change| words(change)[1..].to_vec()).collect();
        for shell in ["sh", "bash", "dash", "zsh"] {
            match called(shell, &lines) {
                Some(calls) => assert_eq!(calls, meant, "{shell}"),
                None if shell == "sh" => panic!("there is no sh"),
                None => eprintln!("SKIPPED: there is no {shell} here"),
            }
        }
    }

    /// One of each kind.
    fn all(user: &UserId, name: &str, comment: &str, path: &str) -> Vec<Change> {
        let id = TokenId { user: user.clone(), name: name.parse().unwrap() };
        let to = vec![Grantee::User(user.clone()), Grantee::Token(id.clone())];
        let role = || "LabwizardTool-sdn.2_x".to_owned();
        let comment = || comment.to_owned();
        vec![
            Change::MakeUser { user: user.clone(), comment: comment() },
            Change::MakeRole { role: role(), privileges: ["VM.Audit", "VM.Clone"].map(str::to_owned).into() },
            Change::MakeToken(TokenMake { id: id.clone(), separated: true, expire: Some(1), comment: comment() }),
            Change::MakeToken(TokenMake { id: id.clone(), separated: false, expire: None, comment: comment() }),
            Change::Grant { path: path.into(), role: role(), to: to.clone() },
            Change::NewSecret(id.clone()),
            Change::Enable { user: user.clone(), on: true },
            Change::SetEnd { who: Grantee::User(user.clone()), end: None, was: Some(1) },
            Change::SetEnd { who: Grantee::Token(id.clone()), end: Some(2), was: Some(1) },
            Change::Ungrant { path: path.into(), role: role(), to },
            Change::RemoveToken(id),
            Change::RemoveRole { role: role() },
            Change::RemoveUser { user: user.clone() },
        ]
    }

    #[test]
    fn the_commands_are_those_that_every_release_knows() {
        let user: UserId = "lab@pve".parse().unwrap();
        let lines: Vec<String> =
            all(&user, "wiz", "labwizard 3f9a1c: Tool", "/vms").iter().map(|change| command(change).unwrap()).collect();
        assert_eq!(
            lines,
            [
                "pveum user add lab@pve --comment 'labwizard 3f9a1c: Tool'",
                "pveum role add LabwizardTool-sdn.2_x --privs VM.Audit,VM.Clone",
                "pveum user token add lab@pve wiz --privsep 1 --expire 1 --comment 'labwizard 3f9a1c: Tool' --output-format json",
                "pveum user token add lab@pve wiz --privsep 0 --expire 0 --comment 'labwizard 3f9a1c: Tool' --output-format json",
                "pveum acl modify /vms --users lab@pve --tokens 'lab@pve!wiz' --roles LabwizardTool-sdn.2_x",
                "pveum user token modify lab@pve wiz --regenerate 1 --output-format json",
                "pveum user modify lab@pve --enable 1",
                "pveum user modify lab@pve --expire 0",
                "pveum user token modify lab@pve wiz --expire 2",
                "pveum acl delete /vms --users lab@pve --tokens 'lab@pve!wiz' --roles LabwizardTool-sdn.2_x",
                "pveum user token remove lab@pve wiz",
                "pveum role delete LabwizardTool-sdn.2_x",
                "pveum user delete lab@pve",
            ]
        );
    }

    #[test]
    fn names_that_a_shell_would_read_arrive_as_they_are() {
        for user in ["x?y#z%2f@pve", "a'b!c@pve", "$(id)@pve", "`id`*@pve", "~@pve", "ä\"日\\@pve", "a&b|c>d@pve"] {
            let user: UserId = user.parse().unwrap();
            arrives(&all(&user, "wiz", "it's $HOME “x” `id` !! \\", "/sdn/zones/localnetwork/vmbr0"));
        }
    }

    #[test]
    fn a_name_that_begins_like_an_option_or_holds_a_line_end_makes_no_command() {
        let user: UserId = "-x@pve".parse().unwrap();
        let fine: UserId = "lab@pve".parse().unwrap();
        assert_eq!(command(&Change::RemoveUser { user: user.clone() }), Err(ShellError::LeadingHyphen));
        let grant = |to| Change::Grant { path: "/vms".into(), role: "R1".into(), to };
        assert_eq!(command(&grant(vec![Grantee::User(user.clone())])), Err(ShellError::LeadingHyphen));
        // Proxmox would take these for two names, one of them perhaps somebody else's.
        for user in ["x,fine@pve", "x;fine@pve"] {
            let user = user.parse().unwrap();
            assert_eq!(command(&grant(vec![Grantee::User(user)])), Err(ShellError::List));
        }
        for comment in ["a\nb", "\u{1b}[31m", "--delete"] {
            assert!(command(&Change::MakeUser { user: fine.clone(), comment: comment.into() }).is_err(), "{comment:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn whatever_the_names_are_the_words_arrive(
            user in "[!-9;-~ä日]{1,12}",
            name in "[a-zA-Z][a-zA-Z0-9._-]{1,8}",
            comment in "[ -~ä“]{0,30}",
        ) {
            let Ok(user) = UserId::new(&user, "pve") else { return Ok(()) };
            let changes = all(&user, &name, &comment, "/vms");
            let splits = user.user().contains([',', ';']);
            if splits
                || user.user().starts_with('-') || comment.starts_with('-') {
                prop_assert!(changes.iter().any(|change| command(change).is_err()));
            } else {
                arrives(&changes);
            }
        }
    }
}
