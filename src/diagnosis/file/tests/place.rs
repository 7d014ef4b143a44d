//! Which tool's file it is, and what lies around it.

use super::*;
use crate::domain::around::Module;
use crate::domain::{CopySeen, Git, History};

fn around(path: &str, around: Around) -> Vec<String> {
    let (_, text) = good("glassdome");
    told(&read_with(path, &text, &around, &[]).unwrap().findings)
}

#[test]
fn a_file_that_is_not_there_damaged_or_unknown_is_said_to_be_so_and_left_alone() {
    let library = Library::built_in();
    let missing = seen("/lab/.env", None, 0);
    let code = |scene: Scene<'_>| understand(scene).map(|config| config.target).unwrap_err().code.0;
    let around = Around::default();
    assert_eq!(code(Scene { library: &library, seen: &missing, around: &around, environment: &[] }), "file.not-read");
    for (path, text, expected) in [
        ("/lab/.env", "'A=1\nPROXMOX_HOST=2'\n", "file.damaged"),
        ("/lab/.env", "'A=1\nB=2'\n", "file.not-understood"),
        ("/lab/terraform.tfvars", "region = = \"CANARY\"\n", "file.not-understood"),
        ("/lab/terraform.tfvars", "proxmox_endpoint = \"https://pve.lan\nproxmox_api_token = 3\n", "file.damaged"),
        ("/lab/terraform.tfvars", "proxmox_endpoint = = \"CANARY\"\n", "file.damaged"),
        ("/lab/notes", "dear diary\n", "file.not-understood"),
        ("/lab/.env", "DATABASE=CANARY\n", "file.not-understood"),
        ("/lab/x.yml", "proxmox: CANARY\n", "file.not-understood"),
        ("/lab/.env", "", "file.not-understood"),
        ("/lab/main.tf", "provider \"proxmox\" {}\n", "file.not-understood"),
    ] {
        let seen = seen(path, Some(text), 0o600);
        let scene = Scene { library: &library, seen: &seen, around: &around, environment: &[] };
        let finding = understand(scene).map(|config| config.target).unwrap_err();
        assert_eq!(finding.code.0, expected, "{path} {text}");
        assert!(!format!("{finding:?}").contains("CANARY"), "{finding:?}");
    }
}

#[test]
fn the_provider_in_the_code_tells_whose_names_count() {
    let (path, text) = good("telmate");
    let text = text.replace("proxmox_api_", "pm_api_").replace("proxmox_tls", "pm_tls");
    let code = "terraform {\n required_providers {\n proxmox = { source = \"bpg/proxmox\" }\n }\n}\n\
                variable \"proxmox_endpoint\" {}\nvariable \"proxmox_api_token\" {}\n";
    let module = Module { folder: "/lab".into(), code: vec![("main.tf".into(), code.into())], loaded: Vec::new() };
    let around = Around { folder: "/lab".into(), module: Some(module), ..Around::default() };
    let config = read_with(path, &text, &around, &[]).unwrap();
    assert_eq!(config.target, "opentofu-bpg");
    let said = told(&config.findings);
    assert!(said.len() == 3, "{said:?}");
    assert_eq!(said[..2], ["! file.missing-value ask:host", "! file.missing-value ask:token NewToken"]);
    assert!(said[2].starts_with("~ file.ignored-key remove:pm_api_url:1"), "{said:?}");
    assert_eq!(said.len(), 3);
}

#[test]
fn an_example_that_is_named_may_hold_placeholders_and_no_secret() {
    let (_, text) = good("glassdome");
    for name in ["/lab/.env.example", "/lab/env.example"] {
        let config = config(name, &text.replace(SECRET, "your-token-secret-here").replace("pve.lan", "YOUR_IP"));
        assert_eq!(told(&config.findings), [] as [&str; 0]);
        assert!(config.hosts.is_empty(), "nobody is asked with what an example holds");
        let config = super::config(name, &text);
        assert_eq!(told(&config.findings), ["~ file.example-holds-secret NewSecret"]);
    }
    let (_, text) = good("bpg");
    assert_eq!(
        told(&config("/lab/terraform.tfvars.example", &text).findings),
        ["~ file.example-holds-secret NewSecret"]
    );
}

#[test]
fn commands_about_a_file_work_from_any_folder() {
    let (_, text) = good("glassdome");
    let library = Library::built_in();
    for (path, expected) in [
        ("/lab/.env", "git -C /lab rm --cached -- .env"),
        ("/my lab/.env", "git -C '/my lab' rm --cached -- .env"),
        ("/lab/-x.env", "git -C /lab rm --cached -- ./-x.env"),
    ] {
        let (seen, around) = (seen(path, Some(&text), 0o600), Around { git: Git::Tracked, ..Around::default() });
        let config = understand(Scene { library: &library, seen: &seen, around: &around, environment: &[] }).unwrap();
        let commands: Vec<&str> = config
            .findings
            .iter()
            .flat_map(|finding| &finding.fix)
            .filter_map(|fix| match fix {
                crate::domain::Fix::Run { command, .. } => Some(command.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(commands.first(), Some(&expected));
    }
}

#[test]
fn who_may_read_the_file_and_what_git_makes_of_it_is_said() {
    assert_eq!(around("/lab/.env", Around { git: Git::Ignored, ..Around::default() }), [] as [&str; 0]);
    assert_eq!(
        around("/lab/.env", Around { git: Git::Tracked, ..Around::default() }),
        ["~ file.tracked NewSecret"],
        "a line in the .gitignore mends nothing of a tracked file"
    );
    assert_eq!(
        around("/lab/.env", Around { git: Git::WouldTrack, ..Around::default() }),
        ["~ file.not-ignored Ignore"]
    );
    assert_eq!(
        around("/lab/.env", Around { history: History::Found, ..Around::default() }),
        ["~ file.secret-in-history NewSecret NewToken"]
    );
    assert_eq!(around("/lab/.env", Around { history: History::Clean, ..Around::default() }), [] as [&str; 0]);
    let unfinished = Around { history: History::Unfinished("It took too long.".into()), ..Around::default() };
    assert_eq!(around("/lab/.env", unfinished), [". file.secret-in-history"]);
    let library = Library::built_in();
    let (_, text) = good("glassdome");
    let open = seen("/lab/it's/.env", Some(&text), 0o644);
    let lies = Around::default();
    let config = understand(Scene { library: &library, seen: &open, around: &lies, environment: &[] }).unwrap();
    assert_eq!(told(&config.findings), ["~ file.open-to-others Close"]);
    let crate::domain::Fix::Run { command, .. } = &config.findings[0].fix[0] else { panic!() };
    assert_eq!(command, r"chmod 600 -- '/lab/it'\''s/.env'");
}

#[test]
fn a_file_without_a_secret_may_be_open_and_tracked() {
    let (path, text) = good("glassdome");
    let text = text.replace(SECRET, "your-token-secret-here");
    let around = Around { git: Git::Tracked, ..Around::default() };
    let config = read_with(path, &text, &around, &[]).unwrap();
    assert_eq!(told(&config.findings), ["! file.placeholder ask:token NewSecret NewToken"]);
}

#[test]
fn other_files_that_hold_the_secret_are_named() {
    let copy = |path: &str, tracked, holds_secret| CopySeen { path: path.into(), tracked, holds_secret };
    let with = |copies: Vec<CopySeen>| around("/lab/.env", Around { copies, ..Around::default() });
    assert_eq!(with(vec![copy("/lab/.env.bak", true, true)]), ["~ file.copy-tracked NewSecret"]);
    assert_eq!(with(vec![copy("/lab/.env.bak", false, true)]), [] as [&str; 0]);
    assert_eq!(with(vec![copy("/lab/.env.bak", true, false)]), [] as [&str; 0]);
    assert_eq!(with(vec![copy("/lab/README.md", false, true)]), ["~ file.example-holds-secret NewSecret"]);
    assert_eq!(with(vec![copy("/lab/.env.example", false, true)]), ["~ file.example-holds-secret NewSecret"]);
    let text = Text::new(format!("PROXMOX_TOKEN_VALUE={SECRET}\n"));
    let examples = vec![(".env.example".to_owned(), text)];
    let beside = Around { folder: "/lab".into(), examples: examples.clone(), ..Around::default() };
    assert_eq!(around("/lab/.env", beside), ["~ file.example-holds-secret NewSecret"]);
    let twice = Around { examples, copies: vec![copy("/lab/.env.example", false, true)], ..Around::default() };
    assert_eq!(around("/lab/.env", twice), ["~ file.example-holds-secret NewSecret"], "said once");
}

#[test]
fn a_plain_file_with_a_password_is_told_from_one_of_a_tool_that_takes_no_port() {
    let text = "PROXMOX_HOST=pve.lan\nPROXMOX_PORT=8006\nPROXMOX_USER=a@pve\nPROXMOX_PASSWORD=hunter22\nPROXMOX_VERIFY_SSL=false\n";
    assert_eq!(config("/lab/.env", text).target, "proxmox-env");
    let shared = text.replace("PROXMOX_PORT=8006\n", "");
    let finding = read_with("/lab/.env", &shared, &Around::default(), &[]).map(|config| config.target).unwrap_err();
    assert_eq!(finding.code.0, "file.not-understood");
    assert!(finding.evidence[0].contains(", or of "), "{finding:?}");
}

#[test]
fn nothing_signs_in_with_a_value_that_a_later_file_beats() {
    use crate::domain::around::Module;
    let (path, text) = good("bpg");
    let code =
        "variable \"proxmox_endpoint\" {}\nvariable \"proxmox_api_token\" {}\nvariable \"proxmox_insecure\" {}\n";
    for (later, beaten) in [("z.auto.tfvars", true), ("terraform.tfvars", false)] {
        let module = Module {
            folder: "/lab".into(),
            code: vec![("main.tf".into(), Text::new(code))],
            loaded: vec![(later.into(), Text::new("proxmox_endpoint = \"https://elsewhere:8006\"\n"))],
        };
        let around = Around { module: Some(module), ..Around::default() };
        let config = read_with(path, &text, &around, &[]).unwrap();
        assert_eq!(config.hosts[0].credential.is_none(), beaten, "{later}");
        assert_eq!(told(&config.findings).contains(&"~ file.shadowed".to_owned()), beaten, "{:?}", config.findings);
    }
}
