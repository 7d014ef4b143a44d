//! What is wrong in the text, row by row.

mod table;

use super::*;
use crate::domain::Credential;

pub(crate) use table::ROWS;

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
fn an_address_that_looks_wrong_and_that_nobody_answers_at_is_told_first() {
    use crate::diagnosis::checked::{Asked, Circumstances, judge_config};
    use crate::domain::finding::Severity;
    use crate::domain::{Observation, Seen};
    let library = Library::built_in();
    let surroundings = crate::domain::observation::Surroundings::default();
    let about = Circumstances { library: &library, records: &[], surroundings: &surroundings, runs: &[], now: 0 };
    for (which, old, new) in [("glassdome", "=pve.lan", "=fd00::5:8006"), ("bpg", ":8006", "")] {
        let (path, text) = good(which);
        let config = config(path, &text.replacen(old, new, 1));
        let seen = vec![Observation { seen: Seen::NotConnected(Vec::new()), took: Default::default() }];
        let findings = judge_config(&config, &[Asked { instance: 1, trust: None, seen }], &about);
        let of_road = findings.iter().find(|one| one.code.0.starts_with("connect.")).expect("the road is told");
        assert_eq!(findings[0].code, crate::diagnosis::codes::FILE_SHAPE, "{which}: {findings:#?}");
        assert_eq!((findings[0].severity, of_road.severity), (Severity::Error, Severity::Error), "{which}");
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

#[test]
fn a_port_that_has_no_effect_is_the_cause_where_nobody_answers_without_it() {
    use crate::diagnosis::checked::{Asked, Circumstances, judge_config};
    use crate::domain::{Observation, Seen};
    let library = Library::built_in();
    let surroundings = crate::domain::observation::Surroundings::default();
    let about = Circumstances { library: &library, records: &[], surroundings: &surroundings, runs: &[], now: 0 };
    let (path, text) = good("glassdome");
    let config = config(path, &text.replace("PROXMOX_NODE=pve\n", "PROXMOX_NODE=pve\nPROXMOX_PORT=41455\n"));
    assert!(format!("{:?}", config.findings).contains("Write PROXMOX_HOST=pve.lan:41455"), "{:?}", config.findings);
    let judged = |seen| {
        let seen = vec![Observation { seen, took: Default::default() }];
        judge_config(&config, &[Asked { instance: 1, trust: None, seen }], &about)
    };
    let refused = Seen::NotConnected(vec![(
        crate::domain::Endpoint { host: crate::domain::Host::Name("pve.lan".into()), port: 8006 },
        "192.0.2.1".parse().unwrap(),
        crate::domain::observation::ConnectTrouble::Refused,
    )]);
    let found = judged(refused);
    assert_eq!(told(&found)[0], "! file.ignored-key port:PROXMOX_PORT:7 remove:PROXMOX_PORT:7", "{found:#?}");
    let answers = Seen::IsProxmox { realms: Vec::new(), release_hint: None, via: None };
    assert_eq!(told(&judged(answers)), ["~ file.ignored-key remove:PROXMOX_PORT:7"]);
}

#[test]
fn of_two_lines_in_a_file_that_takes_each_once_the_one_that_cannot_work_goes_first() {
    let (path, text) = good("bpg");
    let token = text.lines().find(|line| line.contains("api_token")).unwrap();
    let at = text.lines().position(|line| line == token).unwrap() + 1;
    let bad = token.replace(SECRET, "0000");
    let twice = |first: &str, second: &str| text.replace(token, &format!("{first}\n{second}"));
    let of = |text: &str| told(&config(path, text).findings)[0].clone();
    let mends =
        |a: usize, b: usize| format!("! file.duplicate remove:proxmox_api_token:{a} remove:proxmox_api_token:{b}");
    assert_eq!(of(&twice(token, &bad)), mends(at + 1, at));
    assert_eq!(of(&twice(&bad, token)), mends(at, at + 1));
    assert_eq!(of(&twice(token, token)), mends(at, at + 1));
}
