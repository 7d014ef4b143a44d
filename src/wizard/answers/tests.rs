//! What an answers file may hold, and that what is wrong in it is told without being quoted.

use super::*;
use crate::domain::Id;
use crate::target::Library;
use crate::wizard::step::{details, host, trust, uses};

/// A target with a key that is filled by a pick.
fn library() -> Library {
    let text = r#"
schema = 1
title = "Thing"
about = "a thing"
services = { proxmox = "required" }
accepts = { proxmox = ["token", "password"] }
form = [ { name = "env", dialect = "dotenv", file = [".env"], verify = ["off"] } ]
[keys]
NODE = { value = "{pick.node}" }
HOST = { value = "{proxmox.address}" }
[picks]
node = { list = "nodes", ask = "Which?" }
[groups]
big = "Big?"
"#;
    Library::with([("thing.toml".to_owned(), text.to_owned())])
}

#[test]
fn answers_fill_the_draft_by_the_names_of_their_questions() {
    let given = read(
        "target = \"thing\"\nfile = \"x/.env\"\n[proxmox]\nhost = \"pve.lan\"\ntrust = \"system\"\nuser = \"a@pve\"\n\
         token_name = \"tok\"\nsecret = { env = \"S\" }\n[values]\nNODE = \"n1\"\n[groups]\nbig = true\n",
        &library(),
    )
    .unwrap();
    assert_eq!(given.draft.text(&host::HOST), "pve.lan");
    assert_eq!(given.draft.choice(&trust::TRUST).map(Id::as_str), Some("system"));
    assert_eq!(given.draft.choice(&details::id("node")).map(Id::as_str), Some("n1"));
    assert_eq!(given.draft.choice(&uses::id("big")).map(Id::as_str), Some("yes"));
    assert_eq!(given.secret, Some(SecretSource::Env("S".into())));
}

#[test]
fn a_secret_that_stands_in_the_file_is_refused_without_being_echoed() {
    let error = read("[proxmox]\nsecret = \"canary-canary\"\n", &library()).unwrap_err();
    assert_eq!(error, AnswersError::LiteralSecret("secret"));
    assert!(!error.to_string().contains("canary"));
}

#[test]
fn damaged_answers_are_told_by_place_and_never_quoted() {
    for text in
        ["[proxmox]\nsecret = canary\n", "target = \"canary", "canary = 1\n", "[proxmox]\nhost = [\"canary\"]\n"]
    {
        let error = read(text, &library()).unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(!told.contains("canary"), "{told}");
    }
}

#[test]
fn a_token_that_is_to_be_made_fills_the_questions_of_its_page() {
    let given = read(
        "target = \"thing\"\n[proxmox]\nhost = \"pve.lan\"\n\
         create = { rights = \"same\", expire = \"2030-01-31\", existing = \"new-name\" }\n\
         login = { user = \"root@pam\", password = { env = \"P\" }, totp = { env = \"T\" } }\n",
        &library(),
    )
    .unwrap();
    let chosen = |id: &str| given.draft.choice(&Id::new(id)).map(|choice| choice.to_string());
    assert_eq!(chosen("access").as_deref(), Some("login"));
    assert_eq!(chosen("whose").as_deref(), Some("mine"));
    assert_eq!(chosen("expire").as_deref(), Some("date"));
    assert_eq!(chosen("existing").as_deref(), Some("other-name"));
    assert_eq!(chosen("factor").as_deref(), Some("totp"));
    assert_eq!(given.login.password, Some(SecretSource::Env("P".into())));
    assert_eq!(given.login.code, Some(SecretSource::Env("T".into())));
}

#[test]
fn all_rights_of_a_user_are_refused_where_another_one_signs_in() {
    let same = |more: &str| {
        let text = format!("[proxmox]\n{more}\n").replace("SAME", "rights = \"same\", user = \"svc@pve\"");
        read(&text, &library()).map(|_| ())
    };
    for text in [
        "create = { SAME }",
        "create = { SAME, via = \"ssh\" }",
        "create = { SAME }\nlogin = { user = \"root@pam\" }",
        "create = { SAME }\nlogin = { user = \"svc\" }",
        "user = \"svc@pve\"\ncreate = { rights = \"same\" }\nlogin = { user = \"root@pam\" }",
        "create = { rights = \"same\", user = \"nobody\" }\nlogin = { user = \"root@pam\" }",
    ] {
        assert_eq!(same(text), Err(AnswersError::SameOfAnother), "{text}");
    }
    for text in [
        "create = { SAME }\nlogin = { user = \"svc@pve\" }",
        "create = { rights = \"same\", user = \"root@pam\" }",
        "create = { rights = \"same\", user = \"root@pam\" }\nlogin = { user = \"root\" }",
        "create = { rights = \"same\", user = \"root@pam\", via = \"ssh\" }",
        "create = { rights = \"least\", user = \"svc@pve\" }\nlogin = { user = \"root@pam\" }",
    ] {
        assert_eq!(same(text), Ok(()), "{text}");
    }
}

#[test]
fn what_is_to_be_made_has_no_silent_expiry_and_no_silent_replacement() {
    let given = read("[proxmox]\ncreate = { existing = \"fail\" }\n", &library()).unwrap();
    for open in ["expire", "existing"] {
        assert_eq!(given.draft.choice(&Id::new(open)), None, "{open}");
    }
}

#[test]
fn a_wrong_word_about_what_is_to_be_made_is_told_without_being_quoted() {
    for text in [
        "create = { expire = \"canary\" }",
        "create = { canary = 1 }",
        "create = \"canary\"",
        "create = true\nsecret = { env = \"canary\" }",
        "login = { password = \"canary\" }",
        "login = { totp = { env = \"canary\" }, recovery = { env = \"canary\" } }",
    ] {
        let error = read(&format!("[proxmox]\n{text}\n"), &library()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
}

#[test]
fn what_the_target_does_not_have_is_named() {
    let wrong = |text: &str| read(text, &library()).unwrap_err();
    assert_eq!(wrong("target = \"nothing\""), AnswersError::NoTarget("nothing".into()));
    assert_eq!(wrong("target = \"thing\"\n[picks]\nx = 1"), AnswersError::NoValue("x".into()));
    assert_eq!(wrong("target = \"thing\"\n[values]\nHOST = \"h\""), AnswersError::NoValue("HOST".into()));
    assert_eq!(wrong("[proxmox]\ntrust = \"yes\""), AnswersError::Trust("yes".into()));
}
