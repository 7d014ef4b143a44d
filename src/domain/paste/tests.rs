//! The pastes that people make, each with what it must give.

mod sound;
mod wrong;

use super::*;

const S: &str = "00000000-0000-4000-8000-000000000001";
const T: &str = "abcdef01-0000-4000-8000-0000000000ab";

/// What a paste must give: user, name, whether the secret is `S` or `T` and sound, a part of each repair, and of each problem's sentence.
struct Row {
    text: String,
    user: &'static str,
    name: &'static str,
    secret: &'static str,
    repairs: &'static [&'static str],
    problems: &'static [&'static str],
}

fn row(text: impl Into<String>, user: &'static str, name: &'static str, secret: &'static str) -> Row {
    Row { text: text.into(), user, name, secret, repairs: &[], problems: &[] }
}

impl Row {
    fn repaired(mut self, repairs: &'static [&'static str]) -> Self {
        self.repairs = repairs;
        self
    }

    fn wrong(mut self, problems: &'static [&'static str]) -> Self {
        self.problems = problems;
        self
    }
}

fn check(rows: Vec<Row>, known: &Known) {
    let mut failures = Vec::new();
    for row in rows {
        let paste = parse_paste(&row.text, known.clone());
        let user = paste.user.as_ref().map(ToString::to_string).unwrap_or_default();
        let name = paste.name.as_ref().map(ToString::to_string).unwrap_or_default();
        let secret =
            paste.secret.as_ref().and_then(PastedSecret::sound).map(|s| s.reveal().to_owned()).unwrap_or_default();
        let problems: Vec<String> = paste.problems.iter().map(PasteProblem::sentence).collect();
        let fit = |found: &[String], wanted: &[&str]| {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(f, w)| f.contains(w))
        };
        if user != row.user
            || name != row.name
            || secret != row.secret
            || !fit(&paste.repairs, row.repairs)
            || !fit(&problems, row.problems)
        {
            failures.push(format!(
                "{:?}\n  found  {user:?} {name:?} {secret:?}\n         {:?}\n         {problems:?}\n  wanted {:?} {:?} {:?} {:?} {:?}",
                row.text, paste.repairs, row.user, row.name, row.secret, row.repairs, row.problems
            ));
        }
        // Whatever was pasted, nothing that is printed shows the secret.
        let printed = format!("{paste:?} {:?} {problems:?}", paste.repairs).to_lowercase();
        assert!(
            !printed.contains(&S[..16]) && !printed.contains(&T[..16]) && !printed.contains("canary"),
            "{:?}\n{printed}",
            row.text
        );
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

const U: &str = "apex@pve";
const N: &str = "glassdome-token";

#[test]
fn what_is_known_completes_a_paste() {
    let known = Known { user: U.parse().ok(), name: None };
    check(
        vec![
            row(S, U, "", S),
            row(format!("glassdome-token={S}"), U, N, S).repaired(&["before the “=”"]),
            row(format!("glassdome-token {S}"), U, N, S),
            row(format!("glassdome-token\n{S}"), U, N, S),
            row(format!("{S}\nglassdome-token"), U, N, S),
            row("glassdome-token", U, N, ""),
            row(format!("!glassdome-token={S}"), U, N, S),
            row(format!("root@pam!glassdome-token={S}"), "root@pam", N, S).repaired(&["“root@pam” where “apex@pve”"]),
            row("username: apex", U, "", "").wrong(&["Nothing in this"]),
        ],
        &known,
    );
    let both = Known { user: U.parse().ok(), name: N.parse().ok() };
    check(
        vec![
            row(S, U, N, S),
            row(format!("  {S}  "), U, N, S),
            row("glassdome-token", U, N, "").wrong(&["looks like the name"]),
            row("", U, N, "").wrong(&["Nothing was pasted"]),
        ],
        &both,
    );
}

#[test]
fn a_person_may_insist_on_a_secret_that_is_no_uuid() {
    let paste = parse_paste("apex@pve!glassdome-token=hand-made-2", Known::default());
    assert!(paste.complete().is_none());
    let (id, secret) = paste.forced().unwrap();
    assert_eq!((id.to_string().as_str(), secret.reveal()), ("apex@pve!glassdome-token", "hand-made-2"));
}

mod any {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_makes_it_stumble(text in any::<String>(), near in "[a-z@!=:|'\"\\-\n │{}0-9f]{0,80}") {
            let _ = parse_paste(&text, Known::default());
            let _ = parse_paste(&near, Known::default());
        }

        #[test]
        fn every_token_is_read_back(user in "[a-z][a-z0-9.@_-]{0,10}", name in "[A-Za-z][A-Za-z0-9._-]{1,20}", uuid in "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}") {
            let id = format!("{user}@pve!{name}");
            let Ok(id) = id.parse::<TokenId>() else { return Ok(()) };
            prop_assume!(placeholder(name.as_str()).is_none() && placeholder(&id.user.to_string()).is_none() && placeholder(&uuid).is_none());
            for text in [format!("{id}={uuid}"), format!("PVEAPIToken={id}={uuid}"), format!("{uuid}\n{id}\n")] {
                let (read, secret) = parse_paste(&text, Known::default()).complete().expect(&text);
                prop_assert_eq!(&read, &id);
                prop_assert_eq!(secret.reveal(), &uuid);
            }
        }

        #[test]
        fn nothing_printed_shows_a_pasted_secret(secret in "canary[a-z0-9!$^&*]{6,20}", lead in "(apex@pve!tok=|PROXMOX_TOKEN_VALUE=|secret: |password = |)") {
            let paste = parse_paste(&format!("{lead}{secret}"), Known::default());
            let problems: Vec<String> = paste.problems.iter().flat_map(|p| [p.sentence(), p.hint()]).collect();
            let printed = format!("{paste:?} {problems:?}");
            prop_assert!(!printed.contains("canary"), "{}", printed);
        }
    }
}
