//! The pastes that people make, each with what it must give.

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
        let printed =
            format!("{paste:?} {:?} {problems:?} {:?}", paste.repairs, paste.missing_sentence()).to_lowercase();
        assert!(
            !printed.contains(S) && !printed.contains(T) && !printed.contains("canary"),
            "{:?}\n{printed}",
            row.text
        );
        assert_eq!(paste.complete().is_some(), paste.missing().is_empty());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

const U: &str = "apex@pve";
const N: &str = "glassdome-token";

#[test]
fn ids_and_headers_are_split() {
    check(
        vec![
            row(format!("apex@pve!glassdome-token={S}"), U, N, S),
            row(format!("  apex@pve!glassdome-token={S}\n"), U, N, S),
            row(format!("Authorization: PVEAPIToken=apex@pve!glassdome-token={S}"), U, N, S),
            row(format!("authorization:PVEAPIToken=apex@pve!glassdome-token={S}"), U, N, S),
            row(format!("Authorization: PVEAPIToken apex@pve!glassdome-token={S}"), U, N, S),
            row(format!("Authorization=PVEAPIToken=apex@pve!glassdome-token={S}"), U, N, S),
            row(format!("PVEAPIToken=apex@pve!glassdome-token={S}"), U, N, S).repaired(&["PVEAPIToken="]),
            row(format!("-H 'Authorization: PVEAPIToken=apex@pve!glassdome-token={S}'"), U, N, S),
            row(
                format!("curl -k -H 'Authorization: PVEAPIToken=apex@pve!glassdome-token={S}' https://pve.lan:8006/api2/json/access/permissions"),
                U,
                N,
                S,
            ),
            row(
                format!("$ curl --insecure --header \"Authorization: PVEAPIToken=apex@pve!glassdome-token={S}\" \\\n  https://pve.lan:8006/api2/json/cluster/resources"),
                U,
                N,
                S,
            ),
            row(
                format!("curl -H 'Authorization: PVEAPIToken=apex@pve!glassdome-token={S}' https://pve:8006/api2/json/version"),
                U,
                N,
                S,
            )
            .wrong(&["/access/permissions"]),
            row(format!("apex@pve!glassdome-token {S}"), U, N, S),
            row(format!("apex@pve!glassdome-token\n{S}"), U, N, S),
            row(format!("{S}\napex@pve!glassdome-token"), U, N, S),
            row(format!("apex@pve\nglassdome-token\n{S}"), U, N, S),
            row(format!("apex@pve glassdome-token {S}"), U, N, S),
            row(format!("o!ne@two@pve!glassdome-token={S}"), "o!ne@two@pve", N, S),
            row(format!("'apex@pve!glassdome-token={S}'"), U, N, S),
            row(format!("apex@pve!glassdome-token = {S}"), U, N, S),
            row(format!("apex@pve!glassdome-token, {S}"), U, N, S),
            row(format!("https://apex@pve!glassdome-token={S}@pve.lan:8006"), U, N, S),
        ],
        &Known::default(),
    );
}

#[test]
fn what_pveum_and_the_web_page_print_is_understood() {
    let table = format!(
        "┌──────────────┬──────────────────────────────────────┐\n│ key          │ value                                │\n╞══════════════╪══════════════════════════════════════╡\n│ full-tokenid │ apex@pve!glassdome-token             │\n├──────────────┼──────────────────────────────────────┤\n│ info         │ {{\"privsep\":\"1\"}}                      │\n├──────────────┼──────────────────────────────────────┤\n│ value        │ {S} │\n└──────────────┴──────────────────────────────────────┘\n"
    );
    let half: String = table.lines().skip(3).map(|l| l.trim_start_matches(['│', '├'])).collect::<Vec<_>>().join("\n");
    let ascii = format!(
        "+--------------+--------------------------------------+\n| key          | value                                |\n+==============+======================================+\n| full-tokenid | apex@pve!glassdome-token             |\n+--------------+--------------------------------------+\n| value        | {S} |\n+--------------+--------------------------------------+"
    );
    let json =
        format!("{{\"full-tokenid\":\"apex@pve!glassdome-token\",\"info\":{{\"privsep\":\"0\"}},\"value\":\"{S}\"}}");
    let pretty = format!(
        "{{\n   \"full-tokenid\" : \"apex@pve!glassdome-token\",\n   \"info\" : {{\n      \"comment\" : \"for the lab\",\n      \"expire\" : \"0\",\n      \"privsep\" : \"0\"\n   }},\n   \"value\" : \"{S}\"\n}}\n"
    );
    let wrap = |text: &str, width: usize| {
        let letters: Vec<char> = text.chars().collect();
        letters.chunks(width).map(|c| c.iter().collect::<String>()).collect::<Vec<_>>().join("\n")
    };
    check(
        vec![
            row(table.clone(), U, N, S),
            row(table.replace('\n', "\r\n"), U, N, S),
            row(format!("root@pve:~# pveum user token add apex@pve glassdome-token\n{table}root@pve:~# "), U, N, S),
            row(half, U, N, S),
            row(ascii, U, N, S),
            row(format!("\u{1b}[1m{table}\u{1b}[0m"), U, N, S),
            row(format!("│ value        │ {S} │"), "", "", S),
            row("│ full-tokenid │ apex@pve!glassdome-token             │", U, N, ""),
            row(table.replace("0000-4000-8000", "0000-4000-│\n│              │ 8000"), U, N, S)
                .repaired(&["Line breaks"]),
            row(json.clone(), U, N, S),
            row(pretty.clone(), U, N, S),
            row(format!("{{\"data\":{json}}}"), U, N, S),
            row(wrap(&json, 80), U, N, S).repaired(&["Line breaks"]),
            row(wrap(&json, 40), U, N, S).repaired(&["Line breaks"]),
            row(wrap(&json, 60).replace('\n', "\r\n"), U, N, S),
            row(format!("full-tokenid: apex@pve!glassdome-token\ninfo:\n  privsep: '1'\nvalue: {S}\n"), U, N, S),
            row(format!("Token ID: apex@pve!glassdome-token\nSecret: {S}"), U, N, S),
            row(format!("Token ID:\napex@pve!glassdome-token\nSecret:\n{S}\n"), U, N, S),
            row(format!("Token ID\tapex@pve!glassdome-token\nSecret\t{S}"), U, N, S),
            row(
                format!(
                    "Token Secret\nToken ID:\napex@pve!glassdome-token\nSecret:\n{S}\nPlease record the API token secret - it will only be displayed now"
                ),
                U,
                N,
                S,
            ),
            row(format!("User: apex@pve\nToken Name: glassdome-token\nSecret: {S}"), U, N, S),
            row(
                wrap(
                    &format!(
                        "curl -k -H 'Authorization: PVEAPIToken=apex@pve!glassdome-token={S}' https://pve.lan:8006/"
                    ),
                    80,
                ),
                U,
                N,
                S,
            )
            .repaired(&["Line breaks"]),
            row(
                wrap(
                    &format!(
                        "curl -k -H 'Authorization: PVEAPIToken=apex@pve!glassdome-token={S}' https://pve.lan:8006/"
                    ),
                    34,
                ),
                U,
                N,
                S,
            )
            .repaired(&["Line breaks"]),
            row(format!("apex@pve!glassdome-token={}\n{}", &S[..20], &S[20..]), U, N, S).repaired(&["Line breaks"]),
        ],
        &Known::default(),
    );
}

#[test]
fn lines_of_files_are_understood() {
    check(
        vec![
            row(format!("PROXMOX_USER=apex@pve PROXMOX_TOKEN_NAME=glassdome-token PROXMOX_TOKEN_VALUE={S}"), U, N, S),
            row(
                format!(
                    "PROXMOX_HOST=pve.lan\nPROXMOX_USER=apex@pve\nPROXMOX_TOKEN_NAME=glassdome-token\nPROXMOX_TOKEN_VALUE={S}\nPROXMOX_VERIFY_SSL=false\n"
                ),
                U,
                N,
                S,
            ),
            row(
                format!(
                    "export PROXMOX_USER='apex@pve'\nexport PROXMOX_TOKEN_NAME=\"glassdome-token\"\nexport PROXMOX_TOKEN_VALUE=\"{S}\""
                ),
                U,
                N,
                S,
            ),
            row(
                format!("PROXMOX_02_USER=apex@pve\nPROXMOX_TOKEN_NAME_02=glassdome-token\nPROXMOX_TOKEN_VALUE_02={S}"),
                U,
                N,
                S,
            ),
            row(format!("proxmox_api_token = \"apex@pve!glassdome-token={S}\""), U, N, S),
            row(format!("PROXMOX_VE_API_TOKEN='apex@pve!glassdome-token={S}'"), U, N, S),
            row(format!("PM_API_TOKEN_ID='apex@pve!glassdome-token'\nPM_API_TOKEN_SECRET='{S}'"), U, N, S),
            row(format!("pm_api_token_id     = \"apex@pve!glassdome-token\"\npm_api_token_secret = \"{S}\""), U, N, S),
            row(format!("proxmox_username = \"apex@pve!glassdome-token\"\nproxmox_token = \"{S}\""), U, N, S),
            row(format!("user: apex@pve\ntoken_name: glassdome-token\ntoken_value: {S}"), U, N, S),
            row(
                format!(
                    "default:\n  user: apex@pve\n  token_name: \"glassdome-token\"\n  token_value: \"{S}\"\n  verify_ssl: false"
                ),
                U,
                N,
                S,
            ),
            row(format!("username: apex\nrealm: pve\ntoken_name: glassdome-token\ntoken_secret: {S}"), U, N, S),
            row(format!("$env:PROXMOX_TOKEN_VALUE = \"{S}\""), "", "", S),
            row(format!("PROXMOX_TOKEN_NAME=apex@pve!glassdome-token\nPROXMOX_TOKEN_VALUE={S}"), U, N, S)
                .repaired(&["full id"]),
            row("PROXMOX_TOKEN_NAME=glassdome-token", "", N, ""),
            row(format!("PROXMOX_TOKEN_VALUE={}\n{}\nNEXT=1", &S[..16], &S[16..]), "", "", S)
                .repaired(&["Line breaks"]),
            row("PROXMOX_USER=apex\nPROXMOX_TOKEN_NAME=glassdome-token", "", N, "").wrong(&["realm behind an @"]),
            row("PROXMOX_USER=apex@pve\nPROXMOX_PASSWORD=canary-2024", U, "", "").wrong(&["password and no token"]),
            row("PROXMOX_TOKEN_NAME=1token", "", "", "").wrong(&["begins with a letter"]),
            row(
                "PROXMOX_USER=apex@pve\nPROXMOX_TOKEN_NAME=glassdome-token\nPROXMOX_TOKEN_VALUE=your-token-secret-here",
                U,
                N,
                "",
            )
            .wrong(&["“your”"]),
            row(
                format!(
                    "PROXMOX_USER=apex@pve\nPROXMOX_PASSWORD=canary\nPROXMOX_TOKEN_NAME=glassdome-token\nPROXMOX_TOKEN_VALUE={S}"
                ),
                U,
                N,
                S,
            ),
            row(
                format!(
                    "services:\n  app:\n    environment:\n      - PVE_TOKEN_NAME=glassdome-token\n      - PVE_TOKEN_VALUE={S}\n      - PVE_USER=apex@pve"
                ),
                U,
                N,
                S,
            ),
            row(
                format!(
                    "provider \"proxmox\" {{\n  endpoint  = \"https://pve.lan:8006/\"\n  api_token = \"apex@pve!glassdome-token={S}\"\n  insecure = true\n}}"
                ),
                U,
                N,
                S,
            ),
            row("PROXMOX_TOKEN_VALUE=", "", "", "").wrong(&["Nothing in this"]),
        ],
        &Known::default(),
    );
}

#[test]
fn what_is_surely_wrong_is_repaired_and_said() {
    check(
        vec![
            row(format!("apex@pve!glassdome-token={}", T.to_uppercase()), U, N, T).repaired(&["capital letters"]),
            row(T.to_uppercase(), "", "", T).repaired(&["capital letters"]),
            row(format!("“apex@pve!glassdome-token={S}”"), U, N, S).repaired(&["Curly quotes"]),
            row(format!("\"apex@pve!glassdome-token\"=\"{S}\""), U, N, S),
            row(format!("apex@pve!glassdome-token={S}\r\n"), U, N, S),
            row(format!("apex@pve!glassdome-token=\u{a0}{S}\u{a0}"), U, N, S).repaired(&["Blanks of another kind"]),
            row(format!("\u{feff}apex@pve!glassdome-token={S}\u{200b}"), U, N, S).repaired(&["not seen"]),
            row(format!("apex@pve!!glassdome-token={S}"), U, N, S).repaired(&["doubled “!”"]),
            row(format!("apex@pve!glassdome-token:{S}"), U, N, S).repaired(&["“:”"]),
            row(format!("apex%40pve%21glassdome-token={S}"), U, N, S).repaired(&["%40"]),
            row(format!("apex%40pve%21glassdome-token%3D{S}"), U, N, S).repaired(&["%40"]),
            row(format!("apex@pve!glassdome-token={S}="), U, N, S).repaired(&["Signs around"]),
            row(format!("apex@pve!glassdome-token={S}."), U, N, S).repaired(&["Signs around"]),
            row(format!("apex@pve!glassdome-token={}", S.replace('-', "–")), U, N, S).repaired(&["Dashes"]),
            row(S.replace('-', ""), "", "", S).repaired(&["hyphens of the secret"]),
            row(format!("apex@pve!apex@pve!glassdome-token={S}"), U, N, S).repaired(&["twice"]),
            row(format!("apex@pve!glassdome-token!tokenid={S}"), U, N, S).repaired(&["example's word"]),
            row(format!("apex@pve！glassdome-token＝{S}"), U, N, S).repaired(&["Full-width"]),
            row(format!("\u{1b}[32mapex@pve!glassdome-token\u{1b}[0m={S}"), U, N, S),
            row(format!("{{{S}}}"), "", "", S),
            row(format!("urn:uuid:{S}"), "", "", S),
            row(format!("apex@pve! glassdome-token={S}"), U, N, S).repaired(&["Blanks around"]),
            row(format!("apex@pve ! glassdome-token = {S}"), U, N, S).repaired(&["Blanks around"]),
            row(format!("PM_PASS={S}"), "", "", S).repaired(&["where a password belongs"]),
        ],
        &Known::default(),
    );
}

#[test]
fn what_is_wrong_or_missing_is_named() {
    check(
        vec![
            row("", "", "", "").wrong(&["Nothing was pasted"]),
            row(" \n\u{200b} ", "", "", "").repaired(&[]).wrong(&["Nothing was pasted"]),
            row("hello there world", "", "", "").wrong(&["Nothing in this"]),
            row("apex@pve!glassdome-token", U, N, ""),
            row("apex@pve!glassdome-token=", U, N, ""),
            row("apex@pve", U, "", ""),
            row(S, "", "", S),
            row(format!("!glassdome-token={S}"), "", N, S),
            row(format!("apex!glassdome-token={S}"), "", N, S).wrong(&["realm behind an @"]),
            row(format!("apex@pve!x={S}"), U, "", S).wrong(&["at least two"]),
            row(format!("apex@pve!1abc={S}"), U, "", S).wrong(&["begins with a letter"]),
            row(format!("apex@pve!one!two={S}"), U, "", S).wrong(&["Two “!”"]),
            row(format!("user@pam!TOKENID={S}"), "", "", S).wrong(&["user@pam", "TOKENID"]),
            row("USER@REALM!TOKENID=UUID", "", "", "").wrong(&["USER@REALM", "TOKENID", "UUID"]),
            row("apex@pve!glassdome-token=xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", U, N, "").wrong(&["placeholder letters"]),
            row("apex@pve!glassdome-token=12345678-1234-1234-1234-123456789abc", U, N, "").wrong(&["example UUID"]),
            row("apex@pve!glassdome-token=aaaaaaaa-bbb-cccc-dddd-ef0123456789", U, N, "").wrong(&["Proxmox's documentation"]),
            row("apex@pve!glassdome-token=<uuid-secret>", U, N, "").wrong(&["angle brackets"]),
            row(format!("apex@pve!glassdome-token={}", &S[..35]), U, N, "").wrong(&["ends after 35 characters"]),
            row(format!("apex@pve!glassdome-token={}", &S[..13]), U, N, "").wrong(&["ends after 13 characters"]),
            row(format!("apex@pve!glassdome-token={S}1"), U, N, "").wrong(&["fifth group"]),
            row(format!("apex@pve!glassdome-token={}", S.replace("4000", "4O00")), U, N, "").wrong(&["“O” at place 16"]),
            row("apex@pve!glassdome-token=canary-Pa55", U, N, "").wrong(&["looks like a password"]),
            row("Canary2024", "", "", "").wrong(&["looks like a password"]),
            row("Canary!2024", "", "", "").wrong(&["looks like a password"]),
            row("glassdome-token", "", "", "").wrong(&["looks like the name"]),
            row(format!("PBSAPIToken=apex@pbs!glassdome-token:{S}"), "apex@pbs", N, S)
                .repaired(&["“:”", "PVEAPIToken="])
                .wrong(&["Backup Server"]),
            row("PVEAuthCookie=PVE:root@pam:00000000::canary", "", "", "").wrong(&["ticket of a login"]),
            row(format!("apex@pve!one1={S}\napex@pve!two2={T}"), U, "one1", S).wrong(&["More than one"]),
            row("pveum user token add apex@pve glassdome-token --privsep 0", U, N, "").wrong(&["without what it printed"]),
            row("root@pve:~# pveum user token add 'apex@pve' glassdome-token --output-format json", U, N, "")
                .wrong(&["without what it printed"]),
            row("ssh root@pve pveum user token add apex@pve glassdome-token", U, N, "").wrong(&["without what it printed"]),
            row("TOKENID", "", "", "").wrong(&["the word TOKENID"]),
            row("UUID", "", "", "").wrong(&["the word UUID"]),
            row("pveum user add apex@pve", U, "", "").wrong(&["without what it printed"]),
            row("pveum token add apex@pve!glassdome-token", U, N, "").wrong(&["no command “pveum token”"]),
            row("pveum user token remove apex@pve!glassdome-token", U, N, "").wrong(&["two arguments"]),
            row("┌────────┬─────────┬────────┬─────────┐\n│ tokenid │ comment │ expire │ privsep │\n╞═════════╪═════════╪════════╪═════════╡\n│ mytok    │         │ 0      │ 1       │\n└────────┴─────────┴────────┴─────────┘", "", "", "")
                .wrong(&["list of tokens"]),
            row("400 Parameter verification failed.\ntokenid: Token already exists.\npveum user token add <userid> <tokenid> [OPTIONS]", "", "", "")
                .wrong(&["there already"]),
            row("create user failed: no such user ('ghost@pve')", "", "", "").wrong(&["no user “ghost@pve”"]),
            row("-bash: !tok: event not found", "", "", "").wrong(&["shell took the “!”"]),
            row("-bash: pveum: command not found", "", "", "").wrong(&["no pveum"]),
            row("401 Authentication failed!", "", "", "").wrong(&["refused to sign in"]),
        ],
        &Known::default(),
    );
}

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
    assert_eq!(paste.missing(), [Part::Secret]);
    assert_eq!(paste.missing_sentence().unwrap(), "the secret is missing");
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
        fn nothing_printed_shows_a_pasted_secret(secret in "canary[a-z0-9!$%^&*]{6,20}", lead in "(apex@pve!tok=|PROXMOX_TOKEN_VALUE=|secret: |password = |)") {
            let paste = parse_paste(&format!("{lead}{secret}"), Known::default());
            let problems: Vec<String> = paste.problems.iter().flat_map(|p| [p.sentence(), p.hint()]).collect();
            let printed = format!("{paste:?} {problems:?}");
            prop_assert!(!printed.contains("canary"), "{}", printed);
        }
    }
}
