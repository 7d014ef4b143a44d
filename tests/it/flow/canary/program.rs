//! The same search over the whole program: all that it writes to its terminal and pipes, all that it leaves, all that it hands to
//! other programs, with everything that could make it talk switched on.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use labwizard::lab::{Lab, LabConfig};

use super::super::make::ADMIN;
use super::{Needles, files, sent};
use crate::pty::sandbox::{Sandbox, said};
use crate::pty::terminal::Terminal;
use crate::pty::walk::{ACCESS, DETAILS, DONE, address};

const MADE: &str = "glassdome@pve!glassdome";

/// A sandbox whose project is a repository, and in which git and ssh write down what they are given.
struct Watched {
    sandbox: Sandbox,
    lab: Lab,
}

impl Watched {
    fn new() -> Watched {
        let watched = Watched { sandbox: Sandbox::new(), lab: Lab::start_in_thread(LabConfig::quick()).unwrap() };
        let git = Command::new("git").args(["init", "-q"]).current_dir(watched.sandbox.project()).status().unwrap();
        assert!(git.success());
        std::fs::create_dir(watched.sandbox.path("bin")).unwrap();
        for name in ["git", "ssh"] {
            let found = Command::new("/bin/sh").args(["-c", &format!("command -v {name}")]).output().unwrap();
            let real = String::from_utf8(found.stdout).unwrap();
            let script = format!(
                "#!/bin/sh\n{{ echo {name} \"$@\"; /usr/bin/env; }} >>'{}'\nexec {} \"$@\"\n",
                watched.children().display(),
                real.trim()
            );
            let path = watched.sandbox.path("bin").join(name);
            std::fs::write(&path, script).unwrap();
            std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
        }
        watched
    }

    /// Where other programs write down what they were given.
    fn children(&self) -> PathBuf {
        self.sandbox.path("children")
    }

    /// Only these programs are found, and everything is asked to talk.
    fn loud(&self) -> Vec<(&'static str, String)> {
        vec![
            ("PATH", self.sandbox.path("bin").display().to_string()),
            ("RUST_LOG", "trace".into()),
            ("RUST_BACKTRACE", "full".into()),
        ]
    }

    /// Searches all that was written, left, handed on and sent; `code` is the one that was typed.
    fn leaks(&self, written: &[u8], code: &str) -> Vec<String> {
        let mut secrets: Vec<(String, String)> =
            sent::learned(&self.lab).into_iter().map(|(name, secret)| (name.to_owned(), secret)).collect();
        secrets.extend(self.lab.token_secret(MADE).map(|secret| ("token".into(), secret)));
        for user in self.lab.users() {
            secrets.push(("password".into(), user.password));
            secrets.extend(user.totp.map(|seed| ("seed".into(), seed)));
            secrets.extend(user.recovery.into_iter().map(|key| ("recovery".into(), key)));
        }
        let needles = Needles::of(secrets.iter().map(|(name, secret)| (name.as_str(), secret.as_str())))
            .and_codes([("code", code)]);
        let mut leaks: Vec<String> =
            needles.found_in(written).into_iter().map(|name| format!("written: {name}")).collect();
        let mut left = Vec::new();
        files(&self.sandbox.path(""), &mut left);
        for (path, bytes) in left {
            let allowed = |name: &&str| path == self.sandbox.project().join(".env") && *name == "token";
            let bad = needles.found_in(&bytes).into_iter().filter(|name| !allowed(name));
            leaks.extend(bad.map(|name| format!("{}: {name}", path.display())));
        }
        leaks.extend(sent::leaks(&self.lab, &needles));
        leaks
    }

    #[track_caller]
    fn is_tight(&self, written: &[u8], code: &str) {
        let leaks = self.leaks(written, code);
        assert!(leaks.is_empty(), "{leaks:#?}");
        let secret = self.lab.token_secret(MADE).expect("the token was made");
        let holding = self.sandbox.files_with(&secret);
        assert_eq!(holding, [self.sandbox.project().join(".env")]);
        let children = std::fs::read_to_string(self.children()).unwrap_or_default();
        assert!(children.contains("git "), "git was run, and written down");
    }
}

/// Every screen that there was with its rows joined, behind the raw bytes.
fn written(terminal: &Terminal) -> Vec<u8> {
    let mut all = terminal.raw();
    for screen in terminal.screens() {
        all.extend_from_slice(screen.as_bytes());
        all.extend(screen.split_whitespace().collect::<String>().bytes());
        all.push(b'\n');
    }
    all
}

#[test]
fn the_full_screen_makes_a_token_and_brings_no_secret_out() {
    for size in [(80, 24), (200, 60)] {
        let watched = Watched::new();
        let (lab, admin) = (&watched.lab, watched.lab.user(ADMIN).unwrap());
        let loud = watched.loud();
        let loud: Vec<(&str, &str)> = loud.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut terminal = Terminal::start_program(&watched.sandbox, &[crate::pty::sandbox::PROGRAM], size, &loud);
        terminal.reach_access(lab);
        assert!(terminal.text().contains(ACCESS));
        terminal.choose("Log in, and have the token made");
        terminal.enter();
        terminal.arrive("Who makes the token?");
        terminal.press("Shift-Tab");
        terminal.type_in(ADMIN);
        terminal.press("Tab");
        terminal.paste(&admin.password, "16 characters");
        terminal.enter();
        terminal.arrive("A second factor for");
        let code = admin.code_now().unwrap();
        terminal.paste(&code, "6 digits");
        terminal.enter();
        terminal.arrive("The token for Glassdome.");
        terminal.enter();
        // Else its answer is taken for that of the next key.
        terminal.wait_for("Choose one; there is no default.");
        terminal.choose("In 90 days");
        terminal.enter();
        terminal.arrive(DETAILS);
        terminal.choose("pve1");
        terminal.enter();
        terminal.arrive("May admin@pve make this?");
        terminal.enter();
        terminal.arrive("Nothing has been made or written yet.");
        terminal.enter();
        terminal.arrive(DONE);
        terminal.enter();
        assert_eq!(terminal.ended(), Ok(0), "{}", terminal.transcript());
        watched.is_tight(&written(&terminal), &code);
    }
}

#[test]
fn the_plain_dialogue_makes_a_token_and_brings_no_secret_out() {
    let watched = Watched::new();
    let admin = watched.lab.user(ADMIN).unwrap();
    let code = admin.code_now().unwrap();
    let lines = ["Glassdome", "", "no", "no", "no", "no", &address(&watched.lab), "", "1", "1", "pve", "admin"];
    let login = [admin.password.as_str(), &code, "", "", "", "1", "pve1", "", "", "", "", "", "1", "1"];
    let lines: Vec<&str> = lines.into_iter().chain(login).collect();
    let loud = watched.loud();
    let loud: Vec<(&str, &str)> = loud.iter().map(|(name, value)| (*name, value.as_str())).collect();
    // In a terminal, where nothing of a secret is echoed.
    let words = [crate::pty::sandbox::PROGRAM, "--plain"];
    let mut terminal = Terminal::start_program(&watched.sandbox, &words, (80, 200), &loud);
    for line in lines {
        terminal.wait_for_prompt();
        terminal.send(format!("{line}\r").as_bytes());
    }
    assert_eq!(terminal.ended(), Ok(0), "{}", terminal.transcript());
    watched.is_tight(&written(&terminal), &code);
}

/// Answers that log in and have a token made.
fn answers(lab: &Lab, factor: &str) -> String {
    format!(
        "target = \"glassdome\"\nfile = \".env\"\nverify = \"off\"\n[proxmox]\nhost = \"{}\"\ntrust = \"sha256:{}\"\n\
         node = \"pve1\"\ncreate = {{ expire = \"90d\" }}\n\
         login = {{ user = \"{ADMIN}\", password = {{ env = \"PVE_PASSWORD\" }}, {factor} = {{ env = \"PVE_CODE\" }} }}\n",
        address(lab),
        lab.fingerprint()
    )
}

#[test]
fn apply_undo_and_revoke_bring_no_secret_out() {
    let watched = Watched::new();
    let (lab, admin) = (&watched.lab, watched.lab.user(ADMIN).unwrap());
    let code = admin.code_now().unwrap();
    std::fs::write(watched.sandbox.project().join("answers.toml"), answers(lab, "totp")).unwrap();
    let mut all = Vec::new();
    let mut run = |arguments: &[&str], password: &str, code: &str| {
        let loud = watched.loud();
        let mut more: Vec<(&str, &str)> = loud.iter().map(|(name, value)| (*name, value.as_str())).collect();
        more.extend([("PVE_PASSWORD", password), ("PVE_CODE", code)]);
        let output = watched.sandbox.run_with(arguments, "", &more);
        all.extend_from_slice(&output.stdout);
        all.extend_from_slice(&output.stderr);
        output
    };
    for json in ["--json", "--yes"] {
        let output = run(&["apply", "--answers", "answers.toml", "--dry-run", json], "wrong-password-00", "000000");
        assert_ne!(output.status.code(), Some(0), "{}", said(&output));
    }
    let output = run(&["apply", "--answers", "answers.toml", "--yes", "--json"], &admin.password, &code);
    assert!(output.status.success(), "{}", said(&output));
    let secret = lab.token_secret(MADE).unwrap();
    watched.is_tight(&all, &code);

    let keys = lab.user("keys@pve").unwrap();
    let login = answers(lab, "recovery").replace(ADMIN, "keys@pve").replace("create = { expire = \"90d\" }\n", "");
    let login: String =
        login.lines().filter(|line| !line.starts_with("node")).map(|line| format!("{line}\n")).collect();
    std::fs::write(watched.sandbox.project().join("undo.toml"), login).unwrap();
    let loud = watched.loud();
    let mut more: Vec<(&str, &str)> = loud.iter().map(|(name, value)| (*name, value.as_str())).collect();
    more.extend([("PVE_PASSWORD", keys.password.as_str()), ("PVE_CODE", keys.recovery[0].as_str())]);
    let output = watched.sandbox.run_with(&["tokens", "revoke", MADE, "--answers", "undo.toml", "--yes"], "", &more);
    assert!(output.status.success(), "{}", said(&output));
    all.extend_from_slice(&output.stdout);
    all.extend_from_slice(&output.stderr);
    more.pop();
    more.push(("PVE_CODE", keys.recovery[1].as_str()));
    let output = watched.sandbox.run_with(&["undo", "--answers", "undo.toml", "--yes"], "", &more);
    assert!(output.status.success(), "{}", said(&output));
    all.extend_from_slice(&output.stdout);
    all.extend_from_slice(&output.stderr);
    assert_eq!(watched.leaks(&all, &code), Vec::<String>::new());
    // The file is as before: it was not there.
    assert_eq!(Needles::of([("dead", secret.as_str())]).found_in(&all), Vec::<&str>::new());
    assert_eq!(watched.sandbox.files_with(&secret), Vec::<PathBuf>::new());
}

/// The search can fail: a secret on a screen, in a file, in an argument of another program.
#[test]
fn a_leak_of_the_program_would_be_found() {
    let watched = Watched::new();
    let password = watched.lab.user(ADMIN).unwrap().password;
    assert_eq!(watched.leaks(format!("\x1b[1m{password}").as_bytes(), "123456"), ["written: password"]);
    assert_eq!(watched.leaks(b"the code 123456 was", "123456"), ["written: code"]);
    for (arguments, name, value) in
        [(vec!["--version", password.as_str()], "A", "b"), (vec!["--version"], "A", &password)]
    {
        let mut git = Command::new(watched.sandbox.path("bin/git"));
        git.args(arguments).env(name, value).output().unwrap();
        assert_eq!(watched.leaks(b"", "123456"), [format!("{}: password", watched.children().display())]);
        std::fs::remove_file(watched.children()).unwrap();
    }
}
