//! The same conversation, unattended: answers from a file, the same pages, the same proof before anything is written.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cli::Apply;
use crate::command::place::Place;
use crate::command::unattended::{self, Held};
use crate::command::{Ended, complain};
use crate::disk::{Caller, read_config};
use crate::domain::{Text, Trouble};
use crate::front::summary;
use crate::front::unattended::{AnswerValue, Answers, Stopped};
use crate::report;
use crate::target::Library;
use crate::wizard::answers::{self, SecretSource};
use crate::wizard::draft::Draft;
use crate::wizard::step::{access, code, host, login, make, review, token, uses, verify};

/// The most bytes that a secret from a file, a pipe or a program may have.
const SECRET: u64 = 4096;

pub fn run(apply: &Apply) -> Ended {
    let Some(place) = Place::own_or_said() else { return Ended::Badly };
    let mut draft = match draft(&apply.answers, &place.library) {
        Ok(draft) => draft,
        Err(trouble) => {
            complain(&trouble.what, trouble.hint.as_deref());
            return Ended::Usage;
        }
    };
    if apply.yes {
        draft.choose(review::REVIEW, "do".into());
    }
    if apply.dangerous_rights {
        draft.choose(uses::DANGEROUS, "yes".into());
    }
    let mut answers = Answers::default();
    if apply.force {
        for question in [host::OFFLINE, verify::NEXT] {
            answers.by_id.insert(question.to_string(), AnswerValue::Choice("untested".into()));
        }
    }
    let Some(held) = unattended::hold(place.setting(), draft, answers, place.world()) else { return Ended::Badly };
    let outcome = judge(apply, &held);
    if apply.json {
        println!("{}", report::conversation(&held.wizard, outcome == Ended::Well, held.stopped.as_ref()));
    } else {
        say(apply, &held);
    }
    outcome
}

/// Whether the conversation stopped where a dry run is to stop: before "do it".
fn at_review(stopped: Option<&Stopped>) -> bool {
    matches!(stopped, Some(Stopped::Unanswered { id, .. }) if *id == review::REVIEW)
}

fn judge(apply: &Apply, held: &Held) -> Ended {
    match &held.stopped {
        Some(_) if apply.dry_run && at_review(held.stopped.as_ref()) => Ended::Well,
        Some(Stopped::Unanswered { id, .. }) if [verify::NEXT, host::OFFLINE, make::INSTEAD].contains(id) => {
            Ended::Badly
        }
        _ => held.ended(),
    }
}

fn say(apply: &Apply, held: &Held) {
    match (&held.stopped, &held.last) {
        (Some(_), Some(page)) if at_review(held.stopped.as_ref()) => {
            summary(page).iter().for_each(|line| println!("{line}"));
            if !apply.dry_run {
                complain("Nothing was written.", Some("Add --yes to agree to this."));
            }
        }
        (stopped, _) => {
            held.say(hint);
            if stopped.is_some() {
                complain("Nothing was written.", None);
            }
        }
    }
}

/// What to write into the answers where one is missing.
pub fn hint(stopped: &Stopped) -> Option<&'static str> {
    let Stopped::Unanswered { id, .. } = stopped else { return None };
    Some(match id.as_str() {
        "trust" => "Say how to trust the host: trust = \"sha256:FINGERPRINT\" under [proxmox].",
        "target" => "Name the target: target = \"NAME\"; labwizard targets lists them.",
        "host" => "Name the host: host = \"pve.lan\" under [proxmox].",
        "token" => "Say where the secret comes from: secret = { env = \"PVE_SECRET\" } under [proxmox].",
        "user" => "Name the user with its realm: user = \"apex@pve\" under [proxmox].",
        "token_name" => "Name the token: token_name = \"NAME\" under [proxmox].",
        "access" => "A login goes to nobody but a verified host: trust = \"sha256:FINGERPRINT\" under [proxmox].",
        "login_password" => {
            "Say where it comes from: login = { user = \"root@pam\", password = { env = \"PVE_PASSWORD\" } }."
        }
        "ssh_place" => "Say where root's shell is: ssh = \"root@pve.lan\" under [proxmox].",
        "code" => "Say where the code comes from: totp = { env = \"PVE_TOTP\" } or recovery = { … } in login.",
        "expire" => {
            "Say when the token ends: create = { expire = \"90d\" }; 1y, never and a day such as 2027-01-31 do too."
        }
        "existing" => {
            "Say what becomes of it: create = { existing = \"new-name\" }; beside and regenerate replace it, and regenerate \
             kills the old secret."
        }
        "take-back" | "revoke.sure" => "--yes agrees to it.",
        "instead" => "Let somebody log in who may make it, or ask for rights = \"same\".",
        "dangerous" => "Read its rights with labwizard targets NAME; --dangerous-rights agrees to them.",
        "instance" => "The file names another host: instance = 1 takes its place, 2 stands beside it.",
        _ => return None,
    })
}

/// The answers of a file, with the secret that it names.
pub fn draft(path: &Path, library: &Library) -> Result<Draft, Trouble> {
    let caller = Caller::of_process(|name| std::env::var(name).ok());
    let trouble = |what: String| Trouble::new(what, None);
    let seen = read_config(path, &caller).map_err(|error| Trouble::new(error.sentence(), Some(error.hint())))?;
    let there = seen.there.ok_or_else(|| trouble(format!("There is no file {}.", path.display())))?;
    let mut given = answers::read(there.text.as_str(), library)
        .map_err(|error| trouble(format!("{}: {error}.", path.display())))?;
    if let Some(source) = &given.secret {
        let secret = fetch(source, "secret", &caller)?;
        given.draft.type_in(token::TOKEN, secret);
        given.draft.choose(access::ACCESS, access::PASTE);
    }
    if let Some(source) = &given.password {
        given.draft.type_in(token::PASSWORD, fetch(source, "password", &caller)?);
    }
    if let Some(source) = &given.login.password {
        given.draft.type_in(login::PASSWORD, fetch(source, "password", &caller)?);
    }
    if let Some(source) = &given.login.code {
        given.draft.type_in(code::CODE, fetch(source, "code", &caller)?);
    }
    Ok(given.draft)
}

/// Fetches a secret from where the answers say. Nothing of it reaches a message.
fn fetch(source: &SecretSource, name: &str, caller: &Caller) -> Result<Text, Trouble> {
    let fail = |what: String, hint: &str| Trouble::new(what, Some(hint.to_owned()).filter(|h| !h.is_empty()));
    let text = match source {
        SecretSource::Env(variable) => std::env::var(variable).map(Text::new).map_err(|_| {
            fail(
                format!("The {name} is to come from the variable {variable}, which is not set."),
                "Set it for this command.",
            )
        })?,
        SecretSource::File(path) => {
            let seen = read_config(path, caller).map_err(|error| fail(error.sentence(), &error.hint()))?;
            let there =
                seen.there.ok_or_else(|| fail(format!("There is no file {} with the {name}.", path.display()), ""))?;
            if there.text.as_str().len() as u64 > SECRET {
                return Err(fail(format!("{} is larger than a {name} can be.", path.display()), ""));
            }
            if there.mode & 0o077 != 0 {
                complain(
                    &format!("Others may read {}, which holds the {name}.", path.display()),
                    Some("chmod 600 it."),
                );
            }
            there.text
        }
        SecretSource::Stdin => bounded(io::stdin().lock())
            .ok_or_else(|| fail(format!("The {name} did not come on the standard input."), ""))?,
        SecretSource::Command(words) => from_command(words).ok_or_else(|| {
            fail(format!("The program {} did not give the {name}.", words[0]), "Run it by itself and look.")
        })?,
    };
    let trimmed = Text::new(text.as_str().trim());
    if trimmed.is_blank() { Err(fail(format!("The {name} that came is empty."), "")) } else { Ok(trimmed) }
}

/// At most as many bytes as a secret may have, as text.
fn bounded(from: impl Read) -> Option<Text> {
    let mut text = zeroize::Zeroizing::new(String::new());
    from.take(SECRET + 1).read_to_string(&mut text).ok()?;
    (text.len() as u64 <= SECRET).then(|| Text::new(text.as_str()))
}

/// What a password manager's program needs of the environment: where it is, who asks, and its own settings.
fn passes(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "LC_ALL",
        "TERM",
        "TMPDIR",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "SSH_AUTH_SOCK",
        "DBUS_SESSION_BUS_ADDRESS",
        "GPG_TTY",
        "GNUPGHOME",
    ];
    const BEGINNINGS: [&str; 8] = ["XDG_", "OP_", "BW_", "VAULT_", "BAO_", "PASSWORD_STORE_", "SOPS_", "AGE_"];
    NAMES.contains(&name) || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

fn from_command(words: &[String]) -> Option<Text> {
    let (program, arguments) = words.split_first()?;
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(passes)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let text = child.stdout.take().and_then(bounded);
    child.wait().ok().filter(std::process::ExitStatus::success)?;
    text
}
