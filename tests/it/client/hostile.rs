//! A host that answers whoever makes something with too much, with nonsense, or with the secrets that it was told.

use labwizard::client::{Changed, Desk};
use labwizard::domain::{Change, TokenMake};

use labwizard::domain::observation::RequestTrouble;

use super::speakers::{Scripted, host, http};
use super::*;

const TICKET: &str = "t1ck3t-c4n4ry-t1ck3t-c4n4ry";
const CSRF: &str = "csrf-c4n4ry-csrf-c4n4ry";
const MADE: &str = "00000000-0000-4000-8000-00000c4n4ry1";

async fn desk(host: &Scripted) -> Desk {
    let at = HostAt { endpoint: local(host.port), address: None, trust: Trust::Pin(host.leaf) };
    let ticket = Ticket {
        user: "root@pam".parse().unwrap(),
        ticket: Secret::new(format!("PVE:root@pam:6B::{TICKET}")),
        csrf: Secret::new(format!("6B:{CSRF}")),
        since: now(),
    };
    Desk::open(&at, &Credential::Ticket(ticket), &options()).await.unwrap()
}

fn make_token() -> Change {
    Change::MakeToken(TokenMake {
        id: "lab@pve!tool".parse().unwrap(),
        separated: true,
        expire: None,
        comment: "labwizard 0a1b2c".into(),
    })
}

fn make_user() -> Change {
    Change::MakeUser { user: "lab@pve".parse().unwrap(), comment: "labwizard 0a1b2c".into() }
}

/// A body as JSON under `data`.
fn data(json: &str) -> Vec<u8> {
    http("200 OK", "", &format!("{{\"data\":{json}}}"))
}

/// Lists that no host has, and what no list is. All of them are read in bounded memory, or refused.
#[tokio::test]
async fn an_estate_of_any_size_depth_or_kind_is_read_or_refused() {
    let rows = |count: usize, row: &str| format!("[{}]", vec![row; count].join(","));
    let many_users = rows(100_000, r#"{"userid":"a@pve","enable":1}"#);
    let too_many = rows(200_001, r#"{"roleid":"r"}"#);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_row = format!(r#"[{{"userid":"a@pve","tokens":{deep}}}]"#);
    let wide = format!(r#"[{{"userid":"a@pve","comment":"{}"}}]"#, "x".repeat(33 * 1024 * 1024));
    let cases: [(&str, &str, String, bool); 12] = [
        ("100,000 users", "/users", many_users, true),
        ("more rows than any host has", "/roles", too_many, false),
        ("brackets without end", "/acl", deep.clone(), false),
        ("brackets without end in a row", "/users", deep_row, false),
        ("a comment of 33 MiB", "/users", wide, false),
        ("an object", "/roles", "{}".into(), false),
        ("a number", "/acl", "7".into(), false),
        ("nothing", "/users", "null".into(), true),
        ("rows that are lists", "/users", "[[],[]]".into(), false),
        ("numbers for names", "/roles", r#"[{"roleid":7,"privs":[]}]"#.into(), false),
        ("a list for a name", "/acl", r#"[{"path":["/"],"type":"user","ugid":"a@pve","roleid":"R"}]"#.into(), false),
        ("flags that are neither", "/users", r#"[{"userid":"a@pve","enable":"perhaps"}]"#.into(), true),
    ];
    for (what, part, body, read) in cases {
        let host = host(move |path| {
            if path.split('?').next().is_some_and(|path| path.ends_with(part)) { data(&body) } else { data("[]") }
        })
        .await;
        let estate = desk(&host).await.estate().await;
        assert_eq!(estate.is_ok(), read, "{what}: {:?}", estate.err());
        if let Err(trouble) = estate {
            assert!(matches!(trouble, RequestTrouble::Unreadable(_) | RequestTrouble::TooLarge), "{what}: {trouble:?}");
        }
    }
}

/// Whatever stands in place of the secret, the change counts as one whose secret was lost, and never as done without one.
#[tokio::test]
async fn an_answer_without_a_secret_that_is_one_leaves_the_token_lost() {
    let row = |value: &str| format!(r#"{{"full-tokenid":"lab@pve!tool","value":{value}}}"#);
    let long = row(&format!("\"{}\"", "0".repeat(70 * 1024)));
    let other = format!(r#"{{"full-tokenid":"other@pve!tool","value":"{MADE}"}}"#);
    for body in [
        "null".to_owned(),
        "[]".into(),
        "{}".into(),
        row("null"),
        row("[]"),
        row("\"\""),
        row("\"a\\nb\""),
        other,
        long,
        "[".repeat(60_000),
    ] {
        let shown = body.chars().take(60).collect::<String>();
        let host = host(move |_| data(&body)).await;
        let changed = desk(&host).await.change(&make_token()).await;
        assert!(matches!(changed, Changed::Lost(_)), "{shown}: {changed:?}");
        assert_eq!(host.heads.lock().unwrap().len(), 1, "{shown}: it was sent once");
    }
}

/// What a host repeats of the login is hidden in every form that it may have on the wire.
#[tokio::test]
async fn a_host_that_repeats_the_login_is_not_repeated() {
    let encoded: String = TICKET.bytes().map(|byte| format!("%{byte:02x}")).collect();
    for echo in [TICKET.to_owned(), TICKET.to_uppercase(), encoded, CSRF.to_owned()] {
        for status in [400, 401, 403, 500, 595, 599] {
            let words = format!("{status} it said '{echo}' to us");
            let host = host(move |_| http(&words, "", "")).await;
            let desk = desk(&host).await;
            let shown = format!("{:?} {:?}", desk.change(&make_user()).await, desk.estate().await);
            assert!(shown.contains("it said '") && !shown.contains(&echo), "{shown}");
            assert!(!shown.to_lowercase().contains("c4n4ry"), "{shown}");
        }
    }
}

/// A secret that the host made and then repeats in another answer of the same run is hidden as well.
#[tokio::test]
async fn a_host_that_repeats_the_secret_that_it_made_is_not_repeated() {
    let secret = uuid::Uuid::new_v4().to_string();
    let echo = secret.clone();
    let host = host(move |path| match path {
        path if path.contains("/token/") => {
            data(&format!(r#"{{"full-tokenid":"lab@pve!tool","value":"{echo}","info":{{}}}}"#))
        }
        _ => http(&format!("500 no {echo}, and no {}", echo.to_uppercase()), "", ""),
    })
    .await;
    let desk = desk(&host).await;
    let made = desk.change(&make_token()).await;
    assert!(matches!(&made, Changed::Done(Some(made)) if made.reveal() == secret), "{made:?}");
    let shown = format!("{:?} {:?}", desk.change(&make_user()).await, desk.estate().await);
    assert!(shown.contains("no ") && !shown.to_lowercase().contains(&secret[..12]), "it is repeated");
}
