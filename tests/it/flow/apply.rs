//! `labwizard apply`, the whole program: the same conversation with nobody there.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use labwizard::lab::{Lab, LabConfig, LabRelease, LabToken, NewCertificate, Scenario};

use super::TOOL;
use super::canary::Needles;

/// A folder of its own for everything, and a lab.
pub struct Place {
    folder: tempfile::TempDir,
    pub lab: Lab,
    token: LabToken,
}

impl Place {
    pub fn new(scenario: Scenario) -> Place {
        Place::on(LabRelease::default(), scenario)
    }

    /// The same, with another of the lab's tokens.
    pub fn with_token(scenario: Scenario, id: &str) -> Place {
        let place = Place::new(scenario);
        let token = place.lab.token(id).unwrap();
        Place { token, ..place }
    }

    fn on(release: LabRelease, scenario: Scenario) -> Place {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("project")).unwrap();
        let lab = Lab::start_in_thread(LabConfig { release, scenario, ..LabConfig::quick() }).unwrap();
        let token = lab.token(TOOL).unwrap();
        Place { folder, lab, token }
    }

    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub fn env_file(&self) -> PathBuf {
        self.project().join(".env")
    }

    /// Answers for this lab; `secret` is what stands behind `secret =`.
    pub fn answers(&self, secret: &str) -> String {
        let (user, name) = self.token.id.split_once('!').unwrap();
        format!(
            "target = \"glassdome\"\nfile = \".env\"\n[proxmox]\nhost = \"127.0.0.1:{}\"\ntrust = \"sha256:{}\"\nuser = \"{user}\"\n\
             token_name = \"{name}\"\nsecret = {secret}\nnode = \"pve1\"\n",
            self.lab.port(),
            self.lab.fingerprint()
        )
    }

    pub fn command(&self, answers: &str, flags: &[&str]) -> Command {
        std::fs::write(self.folder.path().join("answers.toml"), answers).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_labwizard"));
        command
            .arg("apply")
            .arg("--answers")
            .arg(self.folder.path().join("answers.toml"))
            .args(flags)
            .current_dir(self.project())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LABWIZARD_STATE", self.folder.path().join("state"))
            .env("PVE_SECRET", &self.token.secret)
            .stdin(Stdio::null());
        command
    }

    /// Runs it and holds that nothing it says is a secret.
    pub fn apply(&self, answers: &str, flags: &[&str]) -> Ran {
        self.run(self.command(answers, flags))
    }

    pub fn run(&self, mut command: Command) -> Ran {
        let output = command.output().unwrap();
        let ran = Ran::of(&output);
        let needles = Needles::of([("token", self.token.secret.as_str())]);
        assert_eq!(needles.found_in(ran.all().as_bytes()), Vec::<&str>::new());
        ran
    }

    fn wrote(&self) -> bool {
        std::fs::read_to_string(self.env_file()).is_ok_and(|text| text.contains(&self.token.secret))
    }
}

pub struct Ran {
    pub code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn of(output: &Output) -> Ran {
        Ran {
            code: output.status.code().expect("it ended by itself"),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    pub fn all(&self) -> String {
        format!("{}\n{}", self.out, self.err)
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no JSON: {}", self.all()))
    }

    fn codes(&self) -> Vec<String> {
        let json = self.json();
        let of = |finding: &serde_json::Value| finding["code"].as_str().unwrap().to_owned();
        json["findings"].as_array().unwrap().iter().map(of).collect()
    }
}

pub const FROM_ENV: &str = "{ env = \"PVE_SECRET\" }";

#[test]
fn with_a_yes_the_file_is_written_and_the_outcome_is_one_json_object() {
    let place = Place::new(Scenario::Fine);
    let ran = place.apply(&place.answers(FROM_ENV), &["--yes", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(place.wrote());
    let json = ran.json();
    assert_eq!((&json["ok"], &json["untested"]), (&true.into(), &false.into()), "{json}");
    assert!(json["run"].is_string() && json["done"].as_array().is_some_and(|done| !done.is_empty()), "{json}");
}

#[test]
fn without_a_yes_the_plan_is_shown_and_nothing_written() {
    let place = Place::new(Scenario::Fine);
    let ran = place.apply(&place.answers(FROM_ENV), &[]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.out.contains("PROXMOX_TOKEN_VALUE"), "{}", ran.all());
    assert!(!place.env_file().exists());
}

#[test]
fn a_dry_run_shows_the_plan_and_ends_well() {
    let place = Place::new(Scenario::Fine);
    let ran = place.apply(&place.answers(FROM_ENV), &["--dry-run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.out.contains("PROXMOX_TOKEN_VALUE"), "{}", ran.all());
    assert!(!place.env_file().exists() && !place.folder.path().join("state/hosts.toml").exists());
}

#[test]
fn a_token_that_cannot_do_the_work_ends_badly_and_nothing_is_written() {
    let cases = [
        (Scenario::MissingRight, "rights.missing"),
        (Scenario::NoRights, "rights.none"),
        (Scenario::WrongSecret, "token.refused"),
    ];
    for (scenario, code) in cases {
        let mut place = Place::new(scenario);
        if scenario == Scenario::WrongSecret {
            place.token.secret = uuid::Uuid::new_v4().to_string();
        }
        let ran = place.apply(&place.answers(FROM_ENV), &["--yes", "--json"]);
        assert_eq!(ran.code, 1, "{scenario}: {}", ran.all());
        assert_eq!(ran.codes(), [code], "{scenario}");
        assert_eq!(ran.json()["ok"], false);
        assert!(!place.env_file().exists(), "{scenario}");
    }
}

#[test]
fn force_writes_and_says_that_nothing_was_proved() {
    let place = Place::new(Scenario::MissingRight);
    let ran = place.apply(&place.answers(FROM_ENV), &["--yes", "--force", "--json"]);
    assert!(place.wrote(), "{}", ran.all());
    assert_eq!(ran.json()["untested"], true);
    assert!(ran.codes().contains(&"target.untested".to_owned()), "{:?}", ran.codes());
}

#[test]
fn force_without_a_host_writes_too() {
    let place = Place::new(Scenario::Fine);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let answers = place.answers(FROM_ENV).replace(&place.lab.port().to_string(), &nobody.to_string());
    let ran = place.apply(&answers, &["--yes"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(!place.env_file().exists());
    let ran = place.apply(&answers, &["--yes", "--force"]);
    assert!(place.wrote(), "{}", ran.all());
}

#[test]
fn a_secret_that_stands_in_the_answers_is_refused_and_not_echoed() {
    let place = Place::new(Scenario::Fine);
    for literal in [format!("\"{}\"", place.token.secret), format!("{{ literal = \"{}\" }}", place.token.secret)] {
        let ran = place.apply(&place.answers(&literal), &["--yes"]);
        assert_eq!(ran.code, 2, "{}", ran.all());
        assert!(!ran.err.is_empty() && !place.env_file().exists());
        assert!(place.lab.received().is_empty());
    }
}

#[test]
fn a_damaged_answers_file_is_named_by_place_and_never_quoted() {
    let place = Place::new(Scenario::Fine);
    let good = place.answers(FROM_ENV);
    let secret = &place.token.secret;
    for damaged in [
        format!("{good}{secret}"),
        format!("{good}x = {secret}"),
        format!("{good}\"{secret}\" = 1"),
        format!("{secret} = {secret}\n{good}"),
        format!("{good}[{secret}\n"),
        format!("target = \"{secret}\n"),
        format!("target = [\"{secret}\"]"),
        good.replace("node = \"pve1\"", &format!("node = [\"{secret}\"]")),
    ] {
        let ran = place.apply(&damaged, &["--yes"]);
        assert_eq!(ran.code, 2, "{}", ran.all());
        assert!(!ran.err.is_empty());
    }
}

#[test]
fn answers_that_nobody_asked_for_end_as_wrong_usage() {
    let place = Place::new(Scenario::Fine);
    let good = place.answers(FROM_ENV);
    for (answers, word) in [
        (format!("{good}nodes = \"pve1\"\n"), "line 10, column 1"),
        (good.replace("glassdome\"\n", "sandcastle\"\n"), "sandcastle"),
        (format!("{good}[values]\nNO_SUCH_KEY = 1\n"), "NO_SUCH_KEY"),
        (good.replace("sha256:", "md5:"), "md5:"),
    ] {
        let ran = place.apply(&answers, &["--yes"]);
        assert_eq!(ran.code, 2, "{word}: {}", ran.all());
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
        assert!(!place.env_file().exists());
    }
}

#[test]
fn what_the_host_does_not_have_is_named_and_not_written() {
    let place = Place::new(Scenario::Fine);
    let ran = place.apply(&place.answers(FROM_ENV).replace("\"pve1\"", "\"pve9\""), &["--yes", "--json"]);
    assert_eq!((ran.code, ran.codes()), (1, vec!["node.unknown".to_owned()]), "{}", ran.all());
    assert!(!place.env_file().exists());
}

#[test]
fn the_secret_comes_from_the_environment_a_file_a_pipe_or_a_program() {
    let place = Place::new(Scenario::Fine);
    let kept = place.folder.path().join("secret");
    std::fs::write(&kept, format!("{}\n", place.token.secret)).unwrap();
    std::fs::set_permissions(&kept, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let path = kept.display();
    for source in [
        FROM_ENV.to_owned(),
        format!("{{ file = \"{path}\" }}"),
        "{ stdin = true }".into(),
        format!("{{ command = [\"cat\", \"{path}\"] }}"),
    ] {
        let _ = std::fs::remove_file(place.env_file());
        let mut command = place.command(&place.answers(&source), &["--yes"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Whoever does not read its input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(format!("{}\n", place.token.secret).as_bytes());
        let ran = Ran::of(&child.wait_with_output().unwrap());
        assert_eq!(ran.code, 0, "{source}: {}", ran.all());
        assert!(place.wrote(), "{source}");
    }
}

#[test]
fn a_secret_that_does_not_come_is_said_before_anything_is_asked() {
    let place = Place::new(Scenario::Fine);
    for source in
        ["{ env = \"NOT_SET\" }", "{ file = \"/nowhere/secret\" }", "{ stdin = true }", "{ command = [\"false\"] }"]
    {
        let ran = place.apply(&place.answers(source), &["--yes"]);
        assert_eq!(ran.code, 2, "{source}: {}", ran.all());
        assert!(!ran.err.is_empty(), "{source}");
    }
    assert!(place.lab.received().is_empty());
}

#[test]
fn a_remembered_host_that_shows_another_certificate_gets_no_request() {
    let place = Place::new(Scenario::Fine);
    assert_eq!(place.apply(&place.answers(FROM_ENV), &["--yes"]).code, 0);
    let old = place.answers(FROM_ENV);
    let without: String =
        old.lines().filter(|line| !line.starts_with("trust")).map(|line| format!("{line}\n")).collect();
    place.lab.swap_certificate(NewCertificate::NewCluster).unwrap();
    let before = place.lab.received().len();
    for answers in [&old, &without] {
        let ran = place.apply(answers, &["--yes", "--json"]);
        assert_eq!(ran.code, 1, "{}", ran.all());
        assert!(ran.codes().contains(&"tls.changed".to_owned()), "{:?}", ran.codes());
        assert_eq!(place.lab.received().len(), before);
    }
    // Who names the new fingerprint has compared it.
    let ran = place.apply(&place.answers(FROM_ENV), &["--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
}

#[test]
fn another_fingerprint_than_the_answers_name_gets_no_token() {
    let place = Place::new(Scenario::Fine);
    let answers = place.answers(FROM_ENV);
    place.lab.swap_certificate(NewCertificate::NewCluster).unwrap();
    let ran = place.apply(&answers, &["--yes"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(!place.lab.received().iter().any(|one| one.had_authorization));
}

#[test]
fn proxies_and_other_certificates_of_the_environment_are_not_used() {
    let place = Place::new(Scenario::Fine);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let log = place.folder.path().join("keys");
    let mut command = place.command(&place.answers(FROM_ENV), &["--yes", "--json"]);
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"] {
        command.env(name, &proxy);
    }
    command.env("SSLKEYLOGFILE", &log).env("SSL_CERT_FILE", "/dev/null").env("NETRC", "/dev/null");
    let ran = place.run(command);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(place.wrote() && !log.exists());
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "the proxy was asked");
}

#[test]
fn a_set_proxy_is_named_where_the_host_is_not_reached() {
    let place = Place::new(Scenario::Fine);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let answers = place.answers(FROM_ENV).replace(&place.lab.port().to_string(), &nobody.to_string());
    let mut command = place.command(&answers, &["--yes", "--json"]);
    command.env("HTTPS_PROXY", "http://127.0.0.1:9");
    let ran = place.run(command);
    assert_eq!(ran.codes(), ["connect.refused"]);
    assert!(ran.json()["findings"][0]["evidence"].to_string().contains("HTTPS_PROXY"), "{}", ran.out);
}

/// Releases before 8.4.17 repeat what they could not read, the secret with it.
#[test]
fn a_secret_that_the_host_repeats_is_not_repeated_here() {
    let mut place = Place::on(LabRelease::V8_4_16, Scenario::Fine);
    // The program sees both; what the host echoes is the secret and the stray sign.
    place.token.secret.push('=');
    let ran = place.apply(&place.answers(FROM_ENV), &["--yes", "--json"]);
    let whole = place.token.secret.trim_end_matches('=').to_owned();
    assert_eq!(Needles::of([("token", whole.as_str())]).found_in(ran.all().as_bytes()), Vec::<&str>::new());
    let mut kept = Vec::new();
    super::canary::files(&place.folder.path().join("state"), &mut kept);
    for (path, bytes) in kept {
        assert!(Needles::of([("token", whole.as_str())]).found_in(&bytes).is_empty(), "{}", path.display());
    }
}

/// What is said to a program's standard input is not taken as an answer where none was asked for.
#[test]
fn without_a_terminal_it_ends_instead_of_waiting() {
    let place = Place::new(Scenario::Fine);
    let answers = place.answers(FROM_ENV).replace("node = \"pve1\"\n", "");
    let mut command = place.command(&answers.replace("target = \"glassdome\"\n", ""), &["--yes"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // The pipe stays open: whoever reads it would wait for ever.
    let open = child.stdin.take();
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2), "{err}");
    drop(open);
}
