//! A host whose names and comments are attacks on a terminal or a shell: none of them steers anything on the way to a token.

use std::collections::BTreeMap;

use labwizard::front::words;
use labwizard::lab::proxmox::cluster::{Cluster, Role, Subject, Token, User};
use labwizard::lab::{Lab, LabRelease, Scenario};
use labwizard::wizard::Setting;
use labwizard::wizard::errand::Errand;
use labwizard::wizard::page::{Block, Page};

use super::apply::Place;
use super::canary::painted;
use super::make::making;
use super::{Held, Stage, but, given, lab, make_apply};

/// What a comment may hold.
const TEXTS: [&str; 6] = [
    "a\x1b]0;owned\x07b",
    "\x1b[2J\x1b[31m",
    "x\u{9b}31m\u{85}",
    "\u{202e}drawrof\u{2066}",
    "one\ntwo\r\nthree",
    "z\u{200b}\u{feff}\u{e0041}\u{e000}",
];
/// Names that no Proxmox gives out.
const NAMES: [&str; 5] = ["$(id)", "a`id`", "b;id", "-rf", "c\x1b[2Jd"];

fn is_plain(c: char) -> bool {
    let bidi = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    let hidden =
        matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e007f}');
    !c.is_control() && !bidi && !hidden
}

#[track_caller]
fn only_plain(text: &str) {
    let bad = text.chars().find(|c| *c != '\n' && !is_plain(*c));
    assert!(bad.is_none(), "{bad:?} in {}", text.escape_debug());
}

/// All that is shown of these pages, and all commands on them.
#[track_caller]
fn only_plain_pages(pages: &[Page]) -> Vec<String> {
    let mut commands = Vec::new();
    let mut pages = pages.to_vec();
    pages.dedup();
    for page in &pages {
        only_plain(&page.title);
        words::page(page, false).iter().chain(&words::page(page, true)).for_each(|line| only_plain(line));
        painted(page).iter().for_each(|text| only_plain(text));
        commands.extend(page.blocks.iter().filter_map(|block| match block {
            Block::Command(command) => Some(command.text.clone()),
            _ => None,
        }));
    }
    for name in NAMES {
        assert!(commands.iter().all(|command| !command.contains(name)), "{name} is in a command of {commands:?}");
    }
    commands
}

/// Everything that can have a comment has an attack for one; users, tokens, roles and grants with names that are attacks stand
/// beside those that are there.
fn poison(cluster: &mut Cluster) {
    let mut texts = TEXTS.iter().map(|text| (*text).to_owned()).cycle();
    let mut next = || texts.next().unwrap();
    cluster.realms.iter_mut().for_each(|realm| realm.comment = next());
    let token = |comment: String| Token {
        secret: uuid::Uuid::new_v4().to_string(),
        privsep: true,
        expire: 0,
        comment: Some(comment),
    };
    let tokens = NAMES.iter().map(|name| ((*name).to_owned(), token(next()))).collect();
    let poisoned = User { enable: true, comment: Some(next()), tokens, ..User::default() };
    for name in NAMES {
        cluster.users.insert(format!("{name}@pve"), poisoned.clone());
        cluster.roles.insert(name.to_owned(), Role { privileges: [name.to_owned()].into(), special: false });
        cluster.grant(&format!("/pool/{name}"), Subject::User, "admin@pve", name, true);
        cluster.grant("/vms", Subject::User, &format!("{name}@pve"), name, true);
    }
    // One that labwizard would make, and one that it did make by its comment.
    for (name, comment) in [("glassdome", next()), ("mine", format!("labwizard 0a1b2c: {}", TEXTS[0]))] {
        let user = cluster.users.entry("glassdome@pve".into()).or_default();
        user.enable = true;
        user.comment = Some(next());
        user.tokens.insert(name.into(), token(comment));
    }
    for user in cluster.users.values_mut() {
        user.comment = Some(next());
    }
}

async fn poisoned() -> (Stage, Lab, BTreeMap<String, String>) {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::HostileStrings).await);
    lab.change(poison);
    let answers = but(&making(&lab), &[("existing", "beside"), ("remove_old", "no")]);
    (stage, lab, answers)
}

fn shown(held: &Held) -> String {
    held.pages.iter().flat_map(|page| words::page(page, false)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn no_text_of_a_host_steers_the_terminal_on_the_way_to_a_token() {
    let (stage, lab, answers) = poisoned().await;
    let held = stage.hold(&answers).await;
    assert_eq!(held.last().title, "Glassdome is set up.", "{}", held.told());
    let commands = only_plain_pages(&held.pages);
    assert!(commands.iter().any(|command| command.contains("pveum user token add glassdome@pve glassdome-2")));
    // They were there to be seen: the realm's comment at Login, the token's at Make.
    assert!(shown(&held).contains(r"\u{1b}]0;owned\u{7}"), "{}", shown(&held));
    for request in lab.received().iter().filter(|one| one.method != "GET") {
        let raw = String::from_utf8_lossy(&request.raw);
        assert!(NAMES.iter().all(|name| !raw.contains(name)), "{request:?}");
    }
    only_plain(&labwizard::report::conversation(&held.wizard, true, None).to_string());
    only_plain(&labwizard::wizard::answers::file(&held.wizard));
}

#[tokio::test]
async fn no_text_of_a_host_steers_the_terminal_where_tokens_are_listed_and_runs_taken_back() {
    let (stage, lab, answers) = poisoned().await;
    stage.hold(&answers).await;
    let root = lab.user("root@pam").unwrap();
    let login = [("host", &*format!("127.0.0.1:{}", lab.port())), ("trust", "pin"), ("access", "login")];
    let login = but(&given(&login), &[("login_password", &root.password), ("take-back", "do")]);
    let tokens = Setting { errand: Errand::Tokens, ..stage.setting() };
    let held = stage.hold_as(tokens, &login, None).await;
    only_plain_pages(&held.pages);
    assert!(shown(&held).contains(r"“labwizard 0a1b2c: a\u{1b}]0;owned\u{7}b”"), "{}", shown(&held));
    for name in NAMES {
        assert!(!shown(&held).contains(&format!("@pve!{name}")), "{name} is offered");
    }
    let back = Setting { errand: Errand::TakeBack(Box::new(stage.last_run())), ..stage.setting() };
    let held = stage.hold_as(back, &login, None).await;
    assert!(held.last().title.ends_with("made is taken back."), "{}", held.told());
    only_plain_pages(&held.pages);
}

#[test]
fn an_unattended_run_against_such_a_host_writes_plain_text() {
    let place = Place::new(Scenario::HostileStrings);
    place.lab.change(poison);
    let trust = format!("sha256:{}", place.lab.fingerprint());
    for create in ["{ expire = \"90d\" }", "{ expire = \"90d\", existing = \"beside\", remove_old = false }"] {
        for flags in [&["--dry-run"][..], &["--yes", "--json"]] {
            let (_, said) = make_apply::apply(&place, create, &trust, flags);
            only_plain(&said);
        }
    }
}
