//! The program itself: its words, its JSON, its exit code, and what it leaves behind.

use std::process::{Command, Output};

use serde_json::Value;

use super::scope::bytes;
use super::*;

/// A home with a project, a state folder and nothing else.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Home {
        let home = Home(tempfile::tempdir().unwrap());
        std::fs::create_dir(home.project()).unwrap();
        home
    }

    fn project(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap().join("project")
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.project().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_labwizard"));
        program.arg("check").args(arguments);
        self.here(program).output().unwrap()
    }

    /// The same with this many KiB of addresses and no more.
    fn run_in(&self, space: u32, arguments: &[&str]) -> Output {
        let mut shell = Command::new("sh");
        let program = "ulimit -v \"$1\" && shift && exec \"$@\"";
        shell.args(["-c", program, "sh", &space.to_string(), env!("CARGO_BIN_EXE_labwizard"), "check"]).args(arguments);
        self.here(shell).env("MALLOC_ARENA_MAX", "1").output().unwrap()
    }

    fn here(&self, mut program: Command) -> Command {
        program
            .current_dir(self.project())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.0.path())
            .env("LANG", "C.UTF-8")
            .env("LABWIZARD_STATE", self.0.path().join("state"));
        program
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn json_says_what_was_found_and_nothing_anywhere_is_written() {
    let lab = Lab::start_in_thread(LabConfig::quick()).unwrap();
    let home = Home::new();
    let token = tool(&lab);
    home.write(".env", &glassdome(&lab, &token, "false"));
    let state = labwizard::disk::State::open(home.0.path().join("state"), Stage::caller()).unwrap();
    state.keep_walk("host = \"pve.lan\"\n").unwrap();
    let before = bytes(home.0.path());

    let fingerprint = format!("sha256:{}", lab.fingerprint());
    let healthy = home.run(&["--json", "--trust", &fingerprint]);
    assert_eq!(healthy.status.code(), Some(0), "{healthy:?}");
    let json: Value = serde_json::from_str(&out(&healthy)).unwrap();
    assert_eq!((&json["ok"], json["files"].as_array().map(Vec::len)), (&Value::Bool(true), Some(1)));
    let file = &json["files"][0];
    assert!(file["file"].as_str().unwrap().ends_with("/project/.env"), "{file}");
    assert_eq!((&file["target"], &file["findings"]), (&Value::from("glassdome"), &Value::Array(Vec::new())));

    let strict = home.run(&["--strict", "--json", ".env"]);
    assert_eq!(strict.status.code(), Some(1));
    let json: Value = serde_json::from_str(&out(&strict)).unwrap();
    assert_eq!(json["ok"], Value::Bool(false));
    let finding = json["files"][0]["findings"][0].as_object().unwrap();
    let keys: Vec<&str> = finding.keys().map(String::as_str).collect();
    for key in ["cause", "code", "evidence", "fix", "possible", "severity", "step", "title"] {
        assert!(keys.contains(&key), "{keys:?}");
    }

    let plain = home.run(&[".env", "--no-color", "--ascii"]);
    assert_eq!(plain.status.code(), Some(0), "{plain:?}");
    assert!(out(&plain).starts_with(".env - Glassdome\n"), "{}", out(&plain));
    assert!(out(&plain).bytes().all(|byte| byte == b'\n' || (0x20..0x7f).contains(&byte)), "{}", out(&plain));

    for output in [&healthy, &strict, &plain] {
        let all = format!("{}{}", out(output), String::from_utf8_lossy(&output.stderr));
        assert!(!all.contains(&token.secret) && !all.contains(&token.secret[..12]), "a secret is shown");
    }
    assert_eq!(before, bytes(home.0.path()));
}

#[test]
fn an_empty_file_is_named_beside_what_was_checked_with_what_fills_it() {
    let home = Home::new();
    home.write(".env", "\n");
    let (folder, text) = (home.project().join("app"), "LAB_PROXMOX_INSTANCE=01\nPROXMOX_HOST=127.0.0.1:1\n");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join(".env"), text).unwrap();
    let output = home.run(&["--offline"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(out(&output).contains("app/.env"), "{}", out(&output));
    assert!(said.contains(".env is left alone. It is empty") && said.contains("fills it"), "{said}");
}

#[test]
fn no_file_and_a_wrong_trust_are_wrong_usage() {
    let home = Home::new();
    for (arguments, said) in [
        (&[][..], "no config file here"),
        (&["--trust", "ssh"], "is none of them"),
        (&["--trust", "sha256:12"], "no SHA-256 fingerprint"),
        (&["--trust", "insecure", "--strict"], "verifies nothing"),
        (&["--offline", "--within", "3"], "cannot be used with"),
        (&["--within", "0"], "number of seconds"),
    ] {
        let output = home.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(said), "{arguments:?}: {told}");
    }
}

#[test]
fn names_and_values_that_would_steer_a_terminal_are_shown_and_do_not() {
    let home = Home::new();
    let name = "\u{1b}[2J\u{202e}x.env";
    home.write(name, "PROXMOX_HOST=\u{1b}[31mpve\u{202e}\nPROXMOX_TOKEN_NAME=x\u{9b}y\nPROXMOX_TOKEN_VALUE=\u{200b}\n");
    for arguments in
        [&["--offline", name][..], &["--offline", "--json", name], &["--offline"], &["--offline", "--json"]]
    {
        let output = home.run(arguments);
        let all = format!("{}{}", out(&output), String::from_utf8(output.stderr.clone()).unwrap());
        let bad = all
            .chars()
            .find(|c| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c) || *c == '\u{200b}');
        assert_eq!(bad, None, "{arguments:?}: {all:?}");
        if arguments.contains(&"--json") {
            let json: Value = serde_json::from_str(&out(&output)).unwrap();
            assert!(json["files"][0]["file"].as_str().unwrap().ends_with(name), "{json}");
        }
    }
}

/// The limit is held by the kernel: whatever would be kept of an answer without end does not fit into it.
#[test]
#[cfg(target_os = "linux")]
fn an_answer_without_end_is_read_in_little_memory() {
    const SPACE: u32 = 128 * 1024;
    let home = Home::new();
    for scenario in [Scenario::EndlessBody, Scenario::EndlessHeader, Scenario::DeepJson] {
        let lab = Lab::start_in_thread(LabConfig { scenario, ..LabConfig::quick() }).unwrap();
        home.write(".env", &glassdome(&lab, &tool(&lab), "false"));
        let output = home.run_in(SPACE, &["--json", ".env"]);
        assert_eq!(output.status.code(), Some(1), "{scenario}: {output:?}");
        assert!(out(&output).contains("\"host.no-answer\""), "{scenario}: {}", out(&output));
    }
    let output = home.run_in(8 * 1024, &["--json", ".env"]);
    assert_ne!(output.status.code(), Some(1), "the limit is one: {output:?}");
}
