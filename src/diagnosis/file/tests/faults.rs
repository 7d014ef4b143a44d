//! What is wrong in the text, row by row.

use super::*;
use crate::domain::Credential;

#[test]
fn a_good_file_of_any_target_is_silent_and_its_credential_is_used() {
    for which in ALL_GOOD {
        let (path, text) = good(which);
        let config = config(path, &text);
        assert_eq!(told(&config.findings), [] as [&str; 0], "{which}: {:#?}", config.findings);
        assert_eq!(config.hosts.len(), 1, "{which}");
        assert!(config.hosts[0].credential.is_some(), "{which}");
        let place = config.hosts[0].place.as_ref().unwrap();
        assert_eq!(place.endpoints.len(), 1);
        assert_eq!(place.endpoints[0].to_string(), "pve.lan:8006", "{which}");
    }
}

/// File, what stands in it, what is put in its place, and what is said of it then.
pub(crate) type Row = (&'static str, &'static str, &'static str, &'static [&'static str]);

pub(crate) const ROWS: &[Row] = &[
    // 1, 24: full id and short name, in each other's place
    ("glassdome", "=tok", "=a@pve!tok", &["! file.wrong-shape rewrite:PROXMOX_TOKEN_NAME"]),
    ("glassdome", "=a@pve\n", "=a@pve!tok\n", &["! file.wrong-shape rewrite:PROXMOX_USER"]),
    ("plain", "'a@pve!tok'", "tok", &["! file.wrong-shape ask:token"]),
    ("depl0y", "a@pve!tok", "tok", &["! file.wrong-shape rewrite:api_token_id"]),
    ("telmate", "\"a@pve!tok\"", "\"tok\"", &["! file.wrong-shape ask:token"]),
    (
        "plain-password",
        "=a@pve\nPROXMOX_PASSWORD=hunter22",
        "=a@pve!tok\nPROXMOX_PASSWORD=00000000-0000-4000-8000-000000000004",
        &["! file.wrong-shape rewrite:PROXMOX_USER"],
    ),
    ("plain-password", "=a@pve\n", "=a@pve!tok\n", &["! file.wrong-shape ask:token"]),
    // 2: placeholders
    ("glassdome", SECRET, "your-token-secret-here", &["! file.placeholder ask:token NewSecret NewToken"]),
    ("glassdome", SECRET, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", &["! file.placeholder ask:token NewSecret NewToken"]),
    (
        "glassdome",
        SECRET,
        "12345678-1234-1234-1234-123456789abc",
        &["! token.example-secret ask:token NewSecret NewToken"],
    ),
    (
        "glassdome",
        SECRET,
        "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        &["! token.example-secret ask:token NewSecret NewToken"],
    ),
    (
        "telmate",
        SECRET,
        "11111111-1111-1111-1111-111111111111",
        &["! token.example-secret ask:token NewSecret NewToken"],
    ),
    ("bpg", SECRET, "12345678-1234-1234-1234-123456789abc", &["! token.example-secret ask:token NewSecret NewToken"]),
    ("bpg", "a@pve!tok", "user@pam!TOKENID", &["! file.placeholder ask:token NewSecret NewToken"]),
    ("telmate", "a@pve!tok", "a@pve!TOKENID", &["! file.placeholder ask:token"]),
    ("glassdome", "=pve.lan", "=your-proxmox-ip", &["! file.placeholder ask:host"]),
    ("bpg", "pve.lan", "YOUR_PROXMOX_IP", &["! file.placeholder ask:host"]),
    ("bpg", "pve.lan", "pve.example.com", &["~ file.placeholder ask:host"]),
    ("glassdome", "=pve\n", "=NODE_NAME\n", &["~ file.placeholder ask:pick.node"]),
    ("glassdome", "=a@pve\n", "=your-user@pve\n", &["! file.placeholder ask:token"]),
    ("glassdome", "=tok", "=your-token-name", &["! file.placeholder ask:token"]),
    ("glassdome", "=tok", "=TOKENID", &["! file.placeholder ask:token"]),
    ("plain", "'a@pve!tok'", "tokenid", &["! file.placeholder ask:token"]),
    ("plain-password", "hunter22", "'<password>'", &["! file.placeholder ask:password"]),
    ("plain-password", "hunter22", "YOUR-PASSWORD", &["! file.placeholder ask:password"]),
    // 3: a half is missing
    (
        "bpg",
        "a@pve!tok=00000000-0000-4000-8000-000000000004",
        "a@pve!tok",
        &["! token.shape ask:token NewSecret NewToken"],
    ),
    (
        "bpg",
        "a@pve!tok=00000000-0000-4000-8000-000000000004",
        "a@pve!tok=",
        &["! token.shape ask:token NewSecret NewToken"],
    ),
    ("bpg", "a@pve!tok=", "", &["! token.shape ask:token NewToken"]),
    ("glassdome", SECRET, "", &["! file.missing-value ask:token NewSecret NewToken"]),
    // 4: two “!”, the header's word, Backup Server's separator
    ("bpg", "a@pve!tok", "PVEAPIToken=a@pve!tok", &["! file.wrong-shape rewrite:proxmox_api_token"]),
    ("bpg-env", "a@pve!tok", "PVEAPIToken=a@pve!tok", &["! file.wrong-shape rewrite:PROXMOX_VE_API_TOKEN"]),
    ("bpg", "a@pve!tok=", "a@pve!one!two=", &["! token.shape ask:token NewToken"]),
    ("bpg", "a@pve!tok=", "a@pve!tok:", &["! file.wrong-shape rewrite:proxmox_api_token"]),
    ("telmate", "\"a@pve!tok\"", "\"PVEAPIToken=a@pve!tok\"", &["! file.wrong-shape rewrite:proxmox_api_token_id"]),
    (
        "glassdome",
        SECRET,
        "a@pve!tok=00000000-0000-4000-8000-000000000004",
        &["! file.wrong-shape rewrite:PROXMOX_TOKEN_VALUE"],
    ),
    // 5: the secret itself
    ("glassdome", SECRET, "00000000-0000-4000-8000-00000000", &["! token.shape ask:token NewSecret NewToken"]),
    ("glassdome", SECRET, "0000000A-0000-4000-8000-000000000004", &["! token.shape rewrite:PROXMOX_TOKEN_VALUE"]),
    ("telmate", SECRET, "00000000000040008000000000000004", &["! token.shape rewrite:proxmox_api_token_secret"]),
    ("glassdome", SECRET, "Tr0ub4dor", &["! token.shape ask:token NewSecret NewToken"]),
    ("bpg", SECRET, "00000000-0000-4000-8000-00000000", &["! token.shape ask:token NewSecret NewToken"]),
    ("plain-password", "hunter22", SECRET, &["~ file.wrong-shape ask:token"]),
    ("glassdome", "=tok", "=a0000000-0000-4000-8000-000000000007", &["! file.wrong-shape ask:token"]),
    // 6: what came along with copying
    (
        "glassdome",
        SECRET,
        "\"00000000-0000-4000-8000-000000000004 \"",
        &["! file.hidden-characters rewrite:PROXMOX_TOKEN_VALUE"],
    ),
    (
        "glassdome",
        SECRET,
        "00000000-0000-4000\u{200b}-8000-000000000004",
        &["! file.hidden-characters rewrite:PROXMOX_TOKEN_VALUE"],
    ),
    ("glassdome", "=pve.lan", "=\u{feff}pve.lan", &["! file.hidden-characters rewrite:PROXMOX_HOST"]),
    ("bpg", "a@pve!tok", "\u{a0}a@pve!tok", &["! file.hidden-characters rewrite:proxmox_api_token"]),
    ("glassdome", "=tok", "=“tok”", &["! file.hidden-characters rewrite:PROXMOX_TOKEN_NAME"]),
    // 7, 8: dialects
    (
        "bpg-env",
        "'a@pve!tok=00000000-0000-4000-8000-000000000004'",
        "\"a@pve!tok=00000000-0000-4000-8000-000000000004\"",
        &[". file.shell-expands"],
    ),
    ("plain-password", "hunter22", "\"secret pw!\"", &[]),
    ("plain-password", "hunter22", "\"secret!pw\"", &[". file.shell-expands"]),
    ("bpg-env", "ENDPOINT=https", "ENDPOINT = https", &["! file.shell-expands rewrite:PROXMOX_VE_ENDPOINT"]),
    ("plain-password", "hunter22", "hunt$er22", &["~ file.readers-differ rewrite:PROXMOX_PASSWORD"]),
    ("plain", "PROXMOX_HOST=", "PROXMOX_HOST =", &["~ file.readers-differ rewrite:PROXMOX_HOST"]),
    (
        "plain",
        "PROXMOX_HOST=pve.lan\nPROXMOX_PORT=",
        "PROXMOX_HOST =pve.lan\nPROXMOX_PORT =",
        &["~ file.readers-differ rewrite:PROXMOX_HOST rewrite:PROXMOX_PORT"],
    ),
    // C2: references
    ("glassdome", SECRET, "${VICTIM}", &["! file.reference ask:token"]),
    ("glassdome", "=pve.lan", "=${VICTIM}", &["! file.reference ask:host"]),
    ("bpg-env", "'a@pve!tok=00000000-0000-4000-8000-000000000004'", "$VICTIM", &["! file.reference ask:token"]),
    ("bpg-env", "'a@pve!tok=00000000-0000-4000-8000-000000000004'", "\"$(cat token)\"", &["~ file.reference"]),
    ("bpg-env", "'a@pve!tok=00000000-0000-4000-8000-000000000004'", "\"${NONE:-$(cat token)}\"", &["~ file.reference"]),
    ("bpg-env", "//pve.lan", "//${PROXMOX_VE_INSECURE}.lan", &["~ file.reference"]),
    ("glassdome", SECRET, "$(pass show pve)", &["! file.placeholder ask:token NewSecret NewToken"]),
    ("bpg", "\"a@pve!tok=00000000-0000-4000-8000-000000000004\"", "\"${var.token}\"", &["! file.reference ask:token"]),
    ("bpg", "\"a@pve!tok=00000000-0000-4000-8000-000000000004\"", "var.token", &["! file.reference ask:token"]),
    ("bpg", "\"https://pve.lan:8006\"", "[\"https://pve.lan:8006\"]", &["! file.wrong-shape ask:host"]),
    // 18, 19, 20: addresses
    ("glassdome", "=pve.lan", "=https://pve.lan:8006", &["! file.wrong-shape rewrite:PROXMOX_HOST"]),
    ("glassdome", "=pve.lan", "=pve.lan/", &["! file.wrong-shape rewrite:PROXMOX_HOST"]),
    ("plain", "=pve.lan", "=pve.lan:8006", &["! file.wrong-shape rewrite:PROXMOX_HOST"]),
    ("telmate", "/api2/json", "", &["! file.wrong-shape rewrite:proxmox_api_url"]),
    ("telmate", "/api2/json", "/api2/json/api2/json", &["! file.wrong-shape rewrite:proxmox_api_url"]),
    ("bpg", ":8006", ":8006/api2/json", &["~ file.wrong-shape rewrite:proxmox_endpoint"]),
    ("bpg", "https://", "http://", &["! file.wrong-shape rewrite:proxmox_endpoint"]),
    ("bpg", "https://", "", &["! file.wrong-shape rewrite:proxmox_endpoint"]),
    ("bpg", ":8006", "", &["~ file.wrong-shape ask:host"]),
    ("plain", "=8006", "=8006x", &["! file.wrong-shape ask:host"]),
    // 22: realms
    ("glassdome", "=a@pve\n", "=root\n", &["! token.shape ask:user ask:token"]),
    ("glassdome", "=a@pve\n", "=\n", &["! file.missing-value ask:token"]),
    ("bpg", "a@pve!tok", "root!tok", &["! token.shape ask:token NewToken"]),
    // 27: IPv6
    ("bpg", "pve.lan:8006", "fd00::5", &["! file.wrong-shape rewrite:proxmox_endpoint"]),
    ("glassdome", "=pve.lan", "=fd00::5:8006", &["~ file.wrong-shape ask:host"]),
    ("bpg", "pve.lan:8006", "fd00::5:8006", &["! file.wrong-shape ask:host"]),
    ("plain", "=pve.lan", "=fd00::5:8006", &[]),
    ("depl0y", "pve.lan", "fd00::5", &["! file.wrong-shape ask:host"]),
    ("depl0y", "pve.lan", "my_pve.lan", &["! file.wrong-shape ask:host"]),
    // lines that beat, double or lack each other
    (
        "glassdome",
        "PROXMOX_NODE=pve\n",
        "PROXMOX_NODE=pve\nPROXMOX_01_HOST=other\n",
        &["~ file.shadowed rewrite:PROXMOX_HOST remove:PROXMOX_01_HOST:7"],
    ),
    (
        "glassdome",
        "PROXMOX_NODE=pve\n",
        "PROXMOX_NODE=pve\nPROXMOX_NODE=b\n",
        &["~ file.duplicate remove:PROXMOX_NODE:6"],
    ),
    (
        "bpg",
        "proxmox_insecure  = true\n",
        "proxmox_insecure  = true\nproxmox_insecure  = true\n",
        &["! file.duplicate remove:proxmox_insecure:3"],
    ),
    (
        "glassdome",
        "PROXMOX_NODE=pve\n",
        "PROXMOX_NODE=pve\nPROXMOX_PASSWORD=hunter22\n",
        &["~ file.shadowed remove:PROXMOX_PASSWORD:7 remove:PROXMOX_TOKEN_VALUE:4"],
    ),
    (
        "telmate",
        "proxmox_tls_insecure     = true\n",
        "proxmox_password = \"hunter22\"\nproxmox_user = \"a@pve\"\n",
        &["! file.shadowed remove:proxmox_password:4 remove:proxmox_api_token_secret:3"],
    ),
    (
        "glassdome",
        "PROXMOX_NODE=pve\n",
        "PROXMOX_NODE=pve\nPROXMOX_PORT=8006\n",
        &["~ file.ignored-key remove:PROXMOX_PORT:7"],
    ),
    ("glassdome", "LAB_PROXMOX_INSTANCE=01\n", "", &["! file.missing-value rewrite:LAB_PROXMOX_INSTANCE"]),
    ("glassdome", "=false", "=maybe", &["! file.wrong-shape Verify"]),
    ("plain", "=false", "=no", &["~ file.wrong-shape rewrite:PROXMOX_VERIFY_SSL"]),
    ("bpg-env", "=true", "=True", &["~ file.wrong-shape rewrite:PROXMOX_VE_INSECURE"]),
    // words that the tool takes for what they say
    ("glassdome", "=false", "=no", &[]),
    ("glassdome", "=false", "=0", &[]),
    ("bpg-env", "=true", "=1", &[]),
    ("plain", "PROXMOX_PORT=8006\n", "", &["~ file.missing-value rewrite:PROXMOX_PORT"]),
    ("plain", "PROXMOX_VERIFY_SSL=false\n", "", &["~ file.missing-value Verify"]),
    // lines that nobody can read
    ("glassdome", "=tok", "=\"tok", &["! file.damaged ask:token"]),
    ("glassdome", "PROXMOX_HOST=pve.lan", "PROXMOX_HOST pve.lan", &["! file.damaged ask:host"]),
    // claims
    ("glassdome", "LAB_P", "# pveum token add root@pam!x\nLAB_P", &[". file.false-claim"]),
    ("bpg", "proxmox_insecure", "# the role needs VM.Monitor\nproxmox_insecure", &[". rights.unknown-privilege"]),
];

#[test]
fn each_fault_is_named_with_the_mend_that_repairs_it_and_nothing_else_is() {
    let mut wrong = Vec::new();
    for (which, old, new, expected) in ROWS {
        let (path, text) = good(which);
        assert!(text.contains(old), "{which}: {old}");
        let config = config(path, &text.replacen(old, new, 1));
        let said = told(&config.findings);
        if said != *expected {
            wrong.push(format!("{which}: {new:?}\n   wants {expected:?}\n   said  {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n", wrong.join("\n"));
}

#[test]
fn a_finding_says_where_why_and_what_to_do_and_never_the_value() {
    for (which, old, new, _) in ROWS {
        let (path, text) = good(which);
        let text = text.replacen(old, new, 1);
        for finding in config(path, &text).findings {
            let all = format!("{finding:?}");
            assert!(!all.contains(SECRET) && !all.contains("hunter22") && !all.contains("Tr0ub4dor"), "{all}");
            assert!(finding.title.ends_with('.') && finding.cause.ends_with('.'), "{all}");
            assert!(!finding.fix.is_empty() && !finding.title.contains("“”"), "{all}");
            let worded = format!("{} {}", finding.title, finding.cause).to_lowercase();
            for word in ["please", "simply", "successfully", "just "] {
                assert!(!worded.contains(word), "{all}");
            }
        }
    }
}

#[test]
fn what_can_be_written_anew_is_understood_as_it_is_meant() {
    for (which, old, new, expected) in ROWS {
        let (path, text) = good(which);
        let config = config(path, &text.replacen(old, new, 1));
        let host = &config.hosts[0];
        let asks =
            expected.iter().any(|line| line.starts_with('!') && (line.contains(" ask:") || line.contains("duplicate")));
        if asks || expected.iter().any(|line| line.contains("file.reference")) {
            continue;
        }
        assert!(host.place.is_ok(), "{which}: {new}");
        match &host.credential {
            Some(Credential::Token { id, secret }) => {
                assert_eq!(id.to_string(), "a@pve!tok", "{which}: {new}");
                assert!(secret.reveal().ends_with("000000000004") && secret.reveal().len() == 36, "{which}: {new}");
            }
            Some(Credential::Password { .. }) => assert_eq!(*which, "plain-password"),
            other => panic!("{which}: {new}: {other:?}"),
        }
    }
}

#[test]
fn a_word_of_examples_that_may_be_a_name_is_doubted_and_still_tried() {
    for (which, old, new) in [
        ("glassdome", "=a@pve\n", "=user@pve\n"),
        ("glassdome", "=a@pve\n", "=username@pam\n"),
        ("glassdome", "=tok", "=secret"),
        ("glassdome", "=tok", "=tokenid"),
        ("plain", "a@pve!tok", "user@pve!tokenid"),
        ("bpg", "a@pve!tok", "a@pve!secret"),
        ("bpg", "a@pve!tok", "user@pam!tok"),
        ("plain-password", "hunter22", "your-garden"),
        ("plain-password", "hunter22", "changeme"),
    ] {
        let (path, text) = good(which);
        let config = config(path, &text.replacen(old, new, 1));
        let field = if which == "plain-password" && old == "hunter22" { "password" } else { "token" };
        assert_eq!(told(&config.findings), [format!("~ file.placeholder ask:{field}")], "{which} {new}");
        assert!(config.hosts[0].credential.is_some(), "{which} {new}");
    }
}

#[test]
fn nothing_signs_in_with_what_the_file_does_not_hold_itself() {
    let none = |which: &str, old: &str, new: &str, environment: &[&str]| {
        let (path, text) = good(which);
        assert!(text.contains(old));
        let environment: Vec<String> = environment.iter().map(|name| (*name).to_owned()).collect();
        let config = read_with(path, &text.replacen(old, new, 1), &Around::default(), &environment).unwrap();
        assert!(config.hosts.iter().all(|host| host.credential.is_none()), "{which}: {new} {environment:?}");
        config
    };
    none("glassdome", SECRET, "${VICTIM_TOKEN}", &["VICTIM_TOKEN"]);
    none("glassdome", SECRET, "${PROXMOX_TOKEN_VALUE}", &["PROXMOX_TOKEN_VALUE"]);
    none("glassdome", "=tok", "=${VICTIM}", &[]);
    none("glassdome", "=a@pve", "=$(whoami)@${REALM}", &[]);
    none("bpg-env", "'a@pve!tok=00000000-0000-4000-8000-000000000004'", "$VICTIM", &["VICTIM"]);
    none("bpg", "\"a@pve!tok=00000000-0000-4000-8000-000000000004\"", "\"${var.token}\"", &[]);
    let shadowed = none("glassdome", "", "", &["PROXMOX_TOKEN_VALUE", "HOME"]);
    assert_eq!(told(&shadowed.findings), ["~ file.shadowed"]);
    none("glassdome", "", "", &["PROXMOX_HOST"]);
    let many = none("plain", "", "", &["PROXMOX_HOST", "PROXMOX_TOKEN_ID", "PROXMOX_TOKEN_SECRET"]);
    assert_eq!(told(&many.findings), ["~ file.shadowed"], "one cause is one finding");
    assert_eq!(many.findings[0].evidence.len(), 3);
}

#[test]
fn what_only_looks_wrong_is_taken_back_by_the_host_that_it_is_about() {
    use crate::diagnosis::checked::{Asked, Circumstances, judge_config};
    use crate::domain::{Observation, Seen};
    let library = Library::built_in();
    let surroundings = crate::domain::observation::Surroundings::default();
    let about = Circumstances { library: &library, records: &[], surroundings: &surroundings, runs: &[], now: 0 };
    let is_proxmox = || Seen::IsProxmox { realms: Vec::new(), release_hint: None, via: None };
    for (which, old, new, seen, said) in [
        ("glassdome", "=pve.lan", "=fd00::5:8006", None, 1),
        ("glassdome", "=pve.lan", "=fd00::5:8006", Some(is_proxmox()), 0),
        ("bpg", ":8006", "", Some(is_proxmox()), 0),
        ("glassdome", "=tok", "=secret", Some(is_proxmox()), 1),
        ("bpg", ":8006", ":8006/api2/json", Some(is_proxmox()), 1),
    ] {
        let (path, text) = good(which);
        let config = config(path, &text.replacen(old, new, 1));
        let seen = seen.map(|seen| Observation { seen, took: Default::default() }).into_iter().collect();
        let asked = [Asked { instance: 1, trust: None, seen }];
        let findings = judge_config(&config, &asked, &about);
        let of_text = findings.iter().filter(|finding| config.findings.contains(finding)).count();
        assert_eq!(of_text, said, "{which} {new}: {findings:?}");
    }
}

#[test]
fn lines_of_windows_are_said_once_and_where_they_do_harm() {
    let (path, text) = good("bpg-env");
    let config_ = config(path, &text.replace('\n', "\r\n"));
    assert_eq!(told(&config_.findings), ["! file.hidden-characters"]);
    assert!(
        matches!(&config_.findings[0].fix[0], crate::domain::Fix::Run { command, .. } if command == "sed -i 's/\\r$//' /lab/.env")
    );
    for which in ["glassdome", "bpg", "telmate", "depl0y"] {
        let (path, text) = good(which);
        assert_eq!(told(&config(path, &text.replace('\n', "\r\n")).findings), [] as [&str; 0], "{which}");
    }
}

#[test]
fn values_of_keys_that_nobody_declared_are_in_no_finding() {
    let canaries: String =
        (0..20).map(|n| format!("FOREIGN_{n}=\"CANARY-{n} ${{X}}\"\nFOREIGN_{n}='CANARY-again'\n")).collect();
    let odd = "OPEN=\"CANARY-open\nSTRAY CANARY-stray\n# CANARY=CANARY-comment\nPVE_X=CANARY\u{200b}\n";
    for which in ["glassdome", "bpg-env", "bpg-vars", "telmate-env", "plain", "depl0y"] {
        let (path, text) = good(which);
        for text in [format!("{canaries}{odd}{text}"), format!("{text}{canaries}{odd}")] {
            match read_with(path, &text, &Around::default(), &[]) {
                Ok(config) => assert!(!all_text(&config.findings).contains("CANARY"), "{which}: {:?}", config.findings),
                Err(finding) => assert!(!format!("{finding:?}").contains("CANARY"), "{which}: {finding:?}"),
            }
        }
    }
    for which in ["bpg", "telmate"] {
        let (path, text) = good(which);
        let canaries: String = (0..20).map(|n| format!("foreign_{n} = \"CANARY-{n}\"\n")).collect();
        assert_eq!(told(&config(path, &format!("{text}{canaries}")).findings), [] as [&str; 0]);
    }
}

#[test]
fn every_value_that_is_wrong_stays_out_of_its_finding() {
    // Where a secret may stand in the wrong place, no text of that place is quoted.
    for which in ALL_GOOD {
        let (path, text) = good(which);
        let lines: Vec<&str> = text.lines().collect();
        for at in 0..lines.len() {
            let Some((key, _)) = lines[at].split_once('=') else { continue };
            for value in ["CANARY", "CANARY@CANARY!CANARY", "https://CANARY!", "CANARY CANARY$", "CANARY@"] {
                let quoted = if path.ends_with("tfvars") { format!("\"{value}\"") } else { format!("'{value}'") };
                let line = format!("{key}={quoted}");
                let mut lines = lines.clone();
                lines[at] = &line;
                if let Ok(config) = read_with(path, &(lines.join("\n") + "\n"), &Around::default(), &[]) {
                    assert!(!all_text(&config.findings).contains("CANARY"), "{which} {line}: {:?}", config.findings);
                }
            }
        }
    }
}

#[test]
fn a_further_host_of_the_file_is_judged_as_its_own() {
    let (path, text) = good("glassdome");
    let second = format!(
        "{text}PROXMOX_02_HOST=https://b.lan\nPROXMOX_02_USER=a@pve\nPROXMOX_TOKEN_VALUE_02=00000000-0000-4000-8000-00000000\n"
    );
    let config = config(path, &second);
    assert_eq!(
        told(&config.findings),
        ["! file.wrong-shape rewrite:PROXMOX_02_HOST", "! token.shape ask:token NewSecret NewToken"]
    );
    assert!(config.hosts[0].credential.is_some() && config.hosts[1].credential.is_none());
    assert_eq!(config.hosts[1].place.as_ref().unwrap().endpoints[0].to_string(), "b.lan:8006");
}

#[test]
fn a_line_is_held_only_against_the_readers_that_take_it() {
    let (path, text) = good("glassdome");
    let exported = text.replace("\nPROXMOX_", "\nexport PROXMOX_").replace("=pve.lan", "=pve.lan # the old one");
    assert_eq!(told(&config(path, &exported).findings), [] as [&str; 0], "the first host's lines are python-dotenv's");
    let second = "PROXMOX_02_HOST=b.lan # mine\nexport PROXMOX_02_USER=a@pve\n\
                  PROXMOX_TOKEN_VALUE_02=00000000-0000-4000-8000-000000000004\n";
    let said = told(&config(path, &format!("{exported}{second}")).findings);
    let one = |key: &str| format!("~ file.readers-differ rewrite:{key}");
    assert_eq!(said, [one("PROXMOX_02_HOST"), one("PROXMOX_02_USER")]);
}

#[test]
fn lines_with_one_cause_are_one_finding_that_names_each() {
    let (path, text) = good("bpg-env");
    let finding = &config(path, &text.replace('=', " = ")).findings[0];
    assert!(finding.title.starts_with("3 keys are not read as"), "{}", finding.title);
    assert_eq!(finding.evidence.len(), 3, "{:?}", finding.evidence);
    assert!(finding.evidence[1].ends_with(": PROXMOX_VE_API_TOKEN"), "{:?}", finding.evidence);
}

#[test]
fn a_shell_that_gives_up_is_said_with_its_line() {
    let (path, text) = good("bpg-env");
    let config = config(path, &format!("OTHER=(a b)\n{text}"));
    assert_eq!(told(&config.findings), ["! file.damaged"]);
    assert!(config.findings[0].title.contains("line 1"));
}
