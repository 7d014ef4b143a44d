//! The whole way through the wizard, as a person goes it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use labwizard::lab::{Lab, LabConfig, Scenario};

use super::sandbox::Sandbox;
use super::terminal::Terminal;

pub const TOOL: &str = "apex@pve!glassdome-token";

pub fn lab() -> Lab {
    lab_with(Scenario::Fine)
}

pub fn lab_with(scenario: Scenario) -> Lab {
    Lab::start_in_thread(LabConfig { scenario, ..LabConfig::quick() }).unwrap()
}

pub fn secret(lab: &Lab) -> String {
    lab.token(TOOL).unwrap().secret
}

pub fn whole_token(lab: &Lab) -> String {
    format!("{TOOL}={}", secret(lab))
}

pub fn address(lab: &Lab) -> String {
    format!("127.0.0.1:{}", lab.port())
}

/// The pages of the walk for Glassdome, by what only they say.
pub const TARGET: &str = "What do you want to set up?";
pub const FILE: &str = "Which file does Glassdome read?";
pub const USES: &str = "What shall Glassdome do?";
pub const HOST: &str = "Where is your Proxmox?";
pub const TRUST: &str = "Is this your Proxmox?";
pub const ACCESS: &str = "How shall Glassdome get in?";
pub const TOKEN: &str = "Paste the token.";
pub const DETAILS: &str = "The details for Glassdome.";
pub const VERIFY: &str = "Will Glassdome be able to work with";
pub const LOGIN: &str = "Who makes the token?";
pub const MAKE: &str = "The token for Glassdome.";
pub const MAY: &str = "May root@pam make this?";
/// Where something is made on the host besides.
pub const REVIEW_MAKING: &str = "Nothing has been made or written yet.";
pub const REVIEW: &str = "Nothing has been written yet.";
pub const DONE: &str = "Glassdome is set up.";

impl Terminal {
    /// Moves the highlight down to this row.
    #[track_caller]
    pub fn choose(&mut self, row: &str) {
        for _ in 0..30 {
            if self.highlights(row) {
                return;
            }
            let before = self.screen();
            self.press("Down");
            self.wait_change(&before);
        }
        panic!("{row} cannot be reached\n{}", self.transcript());
    }

    /// Enter, and where it first brings what it acts on into sight, once more.
    #[track_caller]
    pub fn enter(&mut self) {
        if self.footer().contains("see the answers") {
            self.press_shown("Enter");
            self.wait_until("what Enter acts on is in sight", |screen| !screen.contains("see the answers"));
        }
        self.press_shown("Enter");
    }

    /// Waits for a page, and until nothing is under way on it.
    #[track_caller]
    pub fn arrive(&self, title: &str) {
        self.wait_until(title, |screen| screen.contains(title) && screen.contains(" Enter "));
    }

    fn highlights(&self, row: &str) -> bool {
        let marked = |line: &str| {
            let line = line.trim_start();
            line.strip_prefix('▸').is_some_and(|rest| rest.trim_start_matches([' ', '!']).starts_with(row))
        };
        self.screen().lines().skip(2).any(|line| marked(line) || line.contains(&format!("▸ {row}")))
    }

    pub fn reach_file(&mut self) {
        self.arrive(TARGET);
        self.choose("Glassdome");
        self.enter();
        self.arrive(FILE);
    }

    pub fn reach_host(&mut self) {
        self.reach_file();
        self.enter();
        self.arrive(USES);
        self.enter();
        self.arrive(HOST);
    }

    pub fn reach_trust(&mut self, lab: &Lab) {
        self.reach_host();
        self.type_in(&address(lab));
        self.enter();
        self.arrive(TRUST);
    }

    pub fn trust(&mut self) {
        // Nothing is preselected here: the first Enter says so and goes to the question.
        self.enter();
        self.wait_for("nothing is chosen for you here");
        self.choose("It is the same: trust it");
        self.enter();
        self.arrive(ACCESS);
    }

    pub fn reach_access(&mut self, lab: &Lab) {
        self.reach_trust(lab);
        self.trust();
    }

    pub fn reach_token(&mut self, lab: &Lab) {
        self.reach_access(lab);
        self.choose("I have a token");
        self.enter();
        self.arrive(TOKEN);
    }

    pub fn reach_details(&mut self, lab: &Lab) {
        self.reach_token(lab);
        self.paste(&whole_token(lab), &format!("{TOOL} · secret: 36 characters, a UUID"));
        self.enter();
        self.arrive(DETAILS);
    }

    pub fn reach_review(&mut self, lab: &Lab) {
        self.reach_details(lab);
        self.choose("pve1");
        self.enter();
        self.arrive(VERIFY);
        self.enter();
        self.arrive(REVIEW);
    }

    pub fn reach_done(&mut self, lab: &Lab) {
        self.reach_review(lab);
        self.enter();
        self.arrive(DONE);
    }
}

/// The values of a `.env`, as the library reads them.
pub fn values(path: &Path) -> Vec<(String, String)> {
    dotenvy::from_path_iter(path).unwrap().map(Result::unwrap).collect()
}

pub fn expected(lab: &Lab) -> Vec<(String, String)> {
    let secret = secret(lab);
    let address = address(lab);
    let values = [
        ("PROXMOX_HOST", address.as_str()),
        ("PROXMOX_USER", "apex@pve"),
        ("PROXMOX_TOKEN_NAME", "glassdome-token"),
        ("PROXMOX_TOKEN_VALUE", &secret),
        ("PROXMOX_VERIFY_SSL", "false"),
        ("PROXMOX_NODE", "pve1"),
        ("LAB_PROXMOX_INSTANCE", "01"),
        ("UBUNTU_2204_TEMPLATE_ID", "9000"),
    ];
    values.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec()
}

fn full_walk(size: (u16, u16)) {
    let (sandbox, lab) = (Sandbox::new(), lab());
    let mut terminal = Terminal::start(&sandbox, &[], size);
    terminal.reach_done(&lab);
    terminal.enter();
    assert_eq!(terminal.ended(), Ok(0), "{}", terminal.transcript());

    let env = sandbox.project().join(".env");
    assert_eq!(values(&env), expected(&lab));
    assert_eq!(fs::metadata(&env).unwrap().permissions().mode() & 0o7777, 0o600);
    let names: Vec<_> = sandbox.tree("project").into_keys().collect();
    assert_eq!(names, [sandbox.project(), env], "nothing else stands in the project");
    // What was done stays on the normal screen.
    assert!(!terminal.alternate_screen());
    assert!(terminal.text().contains(DONE) && terminal.text().contains("labwizard undo"), "{}", terminal.transcript());
}

#[test]
fn the_full_walk_on_the_home_screen() {
    full_walk((80, 24));
}

#[test]
fn the_full_walk_on_the_smallest_screen() {
    full_walk((60, 16));
}

#[test]
fn the_demo_goes_from_its_hints_to_a_file() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::start(&sandbox, &["demo"], (80, 24));
    terminal.reach_host();
    terminal.enter();
    terminal.arrive(TRUST);
    terminal.trust();
    terminal.enter();
    terminal.arrive(LOGIN);
    terminal.wait_for("Enter takes the lab's password");
    terminal.enter();
    terminal.arrive(MAKE);
    // When it ends has no default.
    terminal.choose("In 90 days");
    terminal.enter();
    terminal.arrive(DETAILS);
    terminal.choose("pve1");
    terminal.enter();
    terminal.arrive(MAY);
    terminal.enter();
    terminal.arrive(REVIEW_MAKING);
    terminal.enter();
    terminal.arrive(DONE);
    assert_written(terminal, &sandbox, "glassdome@pve");
}

#[test]
fn the_demo_brings_a_token_too() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::start(&sandbox, &["demo"], (80, 24));
    terminal.reach_host();
    terminal.enter();
    terminal.arrive(TRUST);
    terminal.trust();
    terminal.choose("I have a token");
    terminal.enter();
    terminal.arrive(TOKEN);
    terminal.enter();
    terminal.arrive(DETAILS);
    terminal.choose("pve1");
    terminal.enter();
    terminal.arrive(VERIFY);
    terminal.enter();
    terminal.arrive(REVIEW);
    terminal.enter();
    terminal.arrive(DONE);
    assert_written(terminal, &sandbox, "apex@pve");
}

#[test]
fn the_demo_opens_on_a_config_that_is_broken_as_asked() {
    let sandbox = Sandbox::new();
    let terminal = Terminal::start(&sandbox, &["demo", "--scenario", "full-id"], (80, 24));
    // The page about the file, not the walk's first.
    terminal.wait_for("PROXMOX_TOKEN_NAME");
    assert!(sandbox.tree("tmp").into_keys().any(|path| path.ends_with("project/.env")));
}

fn assert_written(mut terminal: Terminal, sandbox: &Sandbox, user: &str) {
    terminal.enter();
    assert_eq!(terminal.ended(), Ok(0), "{}", terminal.transcript());
    assert!(terminal.text().contains("The demo's files are in"), "{}", terminal.transcript());
    let written = sandbox.tree("tmp").into_keys().find(|path| path.ends_with("project/.env")).unwrap();
    let values = values(&written);
    for (key, value) in [("PROXMOX_NODE", "pve1"), ("PROXMOX_USER", user)] {
        assert!(values.contains(&(key.to_owned(), value.to_owned())), "{key}");
    }
    assert_eq!(sandbox.tree("project").len(), 1, "nothing is written where it was started");
}
