//! Small files of a made-up target, read back.

use super::*;
use crate::format::Document;

fn spec() -> Spec {
    Spec::parse(
        r#"
schema = 1
title = "T"
about = "a"
services = { proxmox = "required" }
accepts = { proxmox = ["token", "password"] }
form = [ { name = "env", dialect = "dotenv", file = [".env"], verify = ["off"] } ]
[instances]
digits = 2
first = "01"
[keys]
T_HOST = { value = "{proxmox.host}", nth = ["T_{nn}_HOST"] }
T_PORT = { value = "{proxmox.port}", nth = ["T_{nn}_PORT"] }
T_USER = { value = "{proxmox.user}", nth = ["T_{nn}_USER"], also = ["T_ADMIN"] }
T_NAME = { value = "{proxmox.token_name}", nth = ["T_{nn}_NAME"], when = "token" }
T_SECRET = { value = "{proxmox.token_secret}", nth = ["T_SECRET_{nn}", "T_{nn}_SECRET"], when = "token" }
T_HEADER = { value = "PVEAPIToken={proxmox.token}", when = "token" }
T_PASSWORD = { value = "{proxmox.password}", when = "password" }
T_LAX = { value = "{proxmox.insecure}", words = ["1", "0"] }
T_NODE = { value = "{pick.node}" }
[picks]
node = { list = "nodes", ask = "Which?" }
[traps]
T_01_HOST = { beats = "T_HOST" }
"#,
    )
    .unwrap()
}

fn file(text: &str) -> (Spec, ReadFile) {
    let document = Document::parse(crate::format::Dialect::Dotenv, text.into()).unwrap();
    let spec = spec();
    let read = read(&spec, &spec.form[0], &held(&document));
    (spec, read)
}

#[test]
fn a_file_is_read_back_host_by_host() {
    let (spec, read) = file(
        "T_HOST=pve.lan\nT_PORT=8007\nT_USER=a@pve\nT_NAME=tok\nT_SECRET=s-1\nT_02_HOST=fd00::1\nT_02_PORT=8006\n\
         T_SECRET_02=s-2\nT_02_NAME=b@pve!full\nT_NODE=n1\nOTHER=x\n#T_03_HOST=off\nT_LAX=0\n",
    );
    assert_eq!(read.instances(), [1, 2]);
    assert_eq!(read.host(1).unwrap(), "pve.lan:8007");
    assert_eq!(read.host(2).unwrap(), "[fd00::1]:8006");
    let ReadAccess::Token { id, secret } = read.access(&spec, 1) else { panic!() };
    assert_eq!((id.unwrap().to_string().as_str(), secret.unwrap().reveal()), ("a@pve!tok", "s-1"));
    let ReadAccess::Token { id, .. } = read.access(&spec, 2) else { panic!() };
    assert_eq!(id.unwrap().to_string(), "b@pve!full", "a full id in the place of the short name is understood");
    assert_eq!(read.picks()["node"], "n1");
    assert_eq!(read.unknown, ["OTHER"]);
    assert_eq!(read.verifies(&spec, 1), Some(true));
}

#[test]
fn a_key_that_beats_counts_and_an_empty_one_does_not() {
    let (_, read) = file("T_HOST=old\nT_01_HOST=new\nT_USER=\nT_ADMIN=legacy@pam\n");
    assert_eq!(read.host(1).unwrap(), "new");
    assert_eq!(read.get(1, &Fact::User).unwrap().key, "T_ADMIN");
}

#[test]
fn a_one_string_token_is_parted_at_its_last_equals_sign() {
    let (spec, read) = file("T_HEADER=PVEAPIToken=a@pve!tok=s-1\n");
    let ReadAccess::Token { id, secret } = read.access(&spec, 1) else { panic!() };
    assert_eq!((id.unwrap().to_string().as_str(), secret.unwrap().reveal()), ("a@pve!tok", "s-1"));
    let (_, read) = file("T_HEADER=a@pve!tok=s-1\n");
    assert!(read.values[0].bare);
}

#[test]
fn a_token_counts_before_a_password_unless_the_tool_says_otherwise() {
    let text = "T_USER=a@pve\nT_NAME=tok\nT_SECRET=s\nT_PASSWORD=p\n";
    let (mut spec, read) = file(text);
    assert!(matches!(read.access(&spec, 1), ReadAccess::Token { .. }));
    spec.both = super::super::spec::Both::Password;
    assert!(matches!(read.access(&spec, 1), ReadAccess::Password { .. }));
    let (spec, read) = file("T_HOST=x\n");
    assert!(matches!(read.access(&spec, 1), ReadAccess::Nothing));
}

#[test]
fn an_id_that_is_none_is_told_without_its_text() {
    let id = |text: &str| {
        let (spec, read) = file(text);
        match read.access(&spec, 1) {
            ReadAccess::Token { id, .. } => id.map(|id| id.to_string()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(id("T_SECRET=s\n"), Err(IdTrouble::NoTokenName));
    assert_eq!(id("T_NAME=tok\n"), Err(IdTrouble::NoUser));
    assert_eq!(id("T_NAME=tok\nT_USER=root\n"), Err(IdTrouble::NoRealm));
    assert_eq!(id("T_NAME=1tok\nT_USER=a@pve\n"), Err(IdTrouble::TokenName));
    let swapped = "T_NAME=a0000000-0000-4000-8000-000000000007\nT_USER=a@pve\n";
    assert_eq!(id(swapped), Err(IdTrouble::LooksSecret));
    assert_eq!(id("T_HEADER=00000000-0000-4000-8000-000000000007\n"), Err(IdTrouble::LooksSecret));
}
