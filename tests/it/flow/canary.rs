//! Canaries: every secret of a walk is searched for, in every form, in all that the walk shows, says and leaves behind.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use labwizard::client::Limits;
use labwizard::front::tui::screen::Screen;
use labwizard::front::{Look, words};
use labwizard::lab::{Lab, LabRelease, LabToken, Scenario};
use labwizard::report;
use labwizard::wizard::page::Page;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Held, Stage, TOOL, answers, but, lab};

/// So much of a secret in a row is a leak.
const WINDOW: usize = 12;

/// Secrets by name, each in all the forms in which it may come out.
pub struct Needles<'n> {
    names: Vec<&'n str>,
    /// Every window of every form, and whose it is.
    windows: HashMap<Vec<u8>, usize>,
}

impl<'n> Needles<'n> {
    pub fn of(secrets: impl IntoIterator<Item = (&'n str, &'n str)>) -> Needles<'n> {
        let (mut names, mut windows) = (Vec::new(), HashMap::new());
        for (name, secret) in secrets {
            assert!(secret.len() >= WINDOW, "{name} is too short to be searched for");
            for form in forms(secret) {
                windows.extend(form.windows(WINDOW).map(|window| (window.to_vec(), names.len())));
            }
            names.push(name);
        }
        Needles { names, windows }
    }

    /// The names of those that are in there.
    pub fn found_in(&self, text: &[u8]) -> Vec<&'n str> {
        let found: BTreeSet<usize> = text.windows(WINDOW).filter_map(|part| self.windows.get(part).copied()).collect();
        found.into_iter().map(|at| self.names[at]).collect()
    }
}

fn forms(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let hex = |pattern: fn(u8) -> String| bytes.iter().map(|byte| pattern(*byte)).collect::<String>().into_bytes();
    let mut forms = vec![
        bytes.to_vec(),
        secret.to_uppercase().into_bytes(),
        secret.to_lowercase().into_bytes(),
        bytes.iter().rev().copied().collect(),
        hex(|byte| format!("{byte:02x}")),
        hex(|byte| format!("{byte:02X}")),
        hex(|byte| format!("%{byte:02X}")),
        hex(|byte| format!("%{byte:02x}")),
    ];
    for offset in 0..3 {
        let text = base64(&[&b"ab"[..offset], bytes].concat());
        // What the neighbours have a share in is left away on both sides.
        forms.push(text.as_bytes()[offset.div_ceil(2) * 2..text.len() - 4].to_vec());
    }
    forms
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for at in 0..=three.len() {
            text.push(char::from(LETTERS[(bits >> (18 - 6 * at) & 63) as usize]));
        }
        text.push_str(&"=".repeat(3 - three.len()));
    }
    text
}

/// All files below a folder with their bytes.
pub fn files(folder: &Path, into: &mut Vec<(PathBuf, Vec<u8>)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            into.push((path, bytes));
        }
    }
}

/// A page as the full screen paints it, rows joined so that a wrapped secret is whole.
fn painted(page: &Page) -> Vec<String> {
    let mut all = Vec::new();
    for (width, height) in [(80, 24), (200, 60)] {
        let mut screen = Screen::new(Look { color: true, ascii: false }, (width, height));
        let now = Instant::now();
        screen.show(page.clone(), now);
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        screen.paint(&mut buffer, now);
        let text: String = buffer.content().iter().map(|cell| cell.symbol()).collect();
        all.push(text.split_whitespace().collect());
        all.push(text);
    }
    all
}

/// Everything that a walk showed and said.
fn said(held: &Held) -> String {
    let mut all = String::new();
    let mut pages = held.pages.clone();
    pages.dedup();
    for page in &pages {
        for line in words::page(page, false).iter().chain(&words::page(page, true)) {
            writeln!(all, "{line}").unwrap();
        }
        writeln!(all, "{page:?}").unwrap();
        painted(page).iter().for_each(|text| writeln!(all, "{text}").unwrap());
    }
    writeln!(all, "{}", report::conversation(&held.wizard, true, None)).unwrap();
    writeln!(all, "{:?} {}", held.wizard, labwizard::wizard::answers::file(&held.wizard)).unwrap();
    writeln!(all, "{}", labwizard::wizard::walk::walk(&held.wizard)).unwrap();
    all
}

/// An .env that is there already: foreign values around an old token.
struct Foreign {
    values: Vec<(String, String)>,
    old: String,
}

impl Foreign {
    fn new() -> Foreign {
        let random = || uuid::Uuid::new_v4().to_string();
        let values = (0..20).map(|n| (format!("FOREIGN_{n}"), random())).collect();
        Foreign { values, old: random() }
    }

    fn text(&self) -> String {
        let mut text = String::from("# kept as it is\n");
        for (n, (key, value)) in self.values.iter().enumerate() {
            match n % 4 {
                0 => writeln!(text, "{key}={value}"),
                1 => writeln!(text, "export {key}='{value}'"),
                2 => writeln!(text, "{key}=\"{value}\" # {value}"),
                _ => writeln!(text, "PATH_{n}=https://user:{value}@example.org/"),
            }
            .unwrap();
            if n == 10 {
                writeln!(text, "PROXMOX_TOKEN_VALUE={}", self.old).unwrap();
            }
        }
        text
    }

    fn needles<'n>(&'n self, token: &'n str) -> Needles<'n> {
        let foreign = self.values.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        Needles::of(foreign.chain([("old", self.old.as_str()), ("token", token)]))
    }
}

/// Walks and searches everything; where it is allowed to be, it is looked for too.
async fn search(
    scenario: Scenario,
    release: LabRelease,
    lab: &Lab,
    token: &LabToken,
    change: &[(&str, &str)],
) -> Vec<String> {
    let mut stage = Stage::new();
    if matches!(scenario, Scenario::Silent | Scenario::EndlessBody | Scenario::EndlessHeader) {
        let short = Duration::from_millis(300);
        stage.options.limits = Limits { total: short, idle: short, ..stage.options.limits };
    }
    let foreign = Foreign::new();
    std::fs::write(stage.env_file(), foreign.text()).unwrap();
    let held = stage.hold(&but(&answers(lab, token), change)).await;
    let needles = foreign.needles(&token.secret);
    let mut leaks: Vec<String> =
        needles.found_in(said(&held).as_bytes()).iter().map(|name| format!("said: {name}")).collect();
    let mut left = Vec::new();
    files(&stage.state_folder(), &mut left);
    files(&stage.project(), &mut left);
    for (path, bytes) in left {
        let found = needles.found_in(&bytes);
        let of_target = path == stage.env_file();
        // A backup is the old file, and nothing but it.
        let is_backup = bytes == foreign.text().as_bytes() && path.starts_with(stage.state_folder().join("runs"));
        let allowed = |name: &str| of_target || (is_backup && name != "token");
        let bad = found.iter().filter(|name| !allowed(name));
        leaks.extend(bad.map(|name| format!("{}: {name}", path.display())));
        if of_target && held.is_done() {
            assert!(found.contains(&"token") && !found.contains(&"old"), "{scenario}: the file is not written");
        }
    }
    for request in lab.received() {
        let head = String::from_utf8_lossy(&request.raw).into_owned();
        // The token goes into its header, and nowhere else.
        let rest: String =
            head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("authorization:")).collect();
        leaks.extend(needles.found_in(rest.as_bytes()).iter().map(|name| format!("sent in {}: {name}", request.path)));
    }
    leaks.into_iter().map(|leak| format!("{scenario} on {release}: {leak}")).collect()
}

#[tokio::test]
async fn no_scenario_brings_a_secret_out() {
    let mut leaks = Vec::new();
    for scenario in Scenario::all() {
        let lab = lab(LabRelease::default(), *scenario).await;
        leaks.extend(search(*scenario, LabRelease::default(), &lab, &lab.token(TOOL).unwrap(), &[]).await);
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
}

/// Releases before 8.4.17 and 9.1.5 repeat in the status line what they could not read.
#[tokio::test]
async fn a_host_that_repeats_the_secret_does_not_bring_it_out() {
    for release in [LabRelease::V7_4_20, LabRelease::V8_4_16, LabRelease::V9_1_4] {
        for (suffix, forced) in [("=", "yes"), ("=x", "yes"), ("x", "yes")] {
            let lab = lab(release, Scenario::Fine).await;
            let token = lab.token(TOOL).unwrap();
            let pasted = format!("{}={}{suffix}", token.id, token.secret);
            let leaks = search(Scenario::Fine, release, &lab, &token, &[("token", &pasted), ("force", forced)]).await;
            assert!(leaks.is_empty(), "{suffix}: {leaks:#?}");
        }
    }
}

#[tokio::test]
async fn a_password_comes_out_nowhere_but_in_the_file_and_the_login() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let user = lab.user("apex@pve").unwrap();
    let change = [("access", "password"), ("user", user.user.as_str()), ("password", user.password.as_str())];
    let held = stage.hold(&but(&answers(&lab, &lab.token(TOOL).unwrap()), &change)).await;
    assert!(held.is_done(), "{}", held.told());
    let needles = Needles::of([("password", user.password.as_str())]);
    assert_eq!(needles.found_in(said(&held).as_bytes()), Vec::<&str>::new());
    let mut left = Vec::new();
    files(&stage.state_folder(), &mut left);
    for (path, bytes) in left {
        assert!(needles.found_in(&bytes).is_empty(), "{}", path.display());
    }
    for request in lab.received().iter().filter(|one| !one.path.ends_with("/access/ticket")) {
        assert!(needles.found_in(&request.raw).is_empty(), "{}", request.path);
    }
    assert_eq!(needles.found_in(&std::fs::read(stage.env_file()).unwrap()), ["password"]);
}

/// The harness can fail: each way out, with a secret on it.
#[test]
fn a_planted_leak_is_found_in_every_form_and_channel() {
    let secret = uuid::Uuid::new_v4().to_string();
    let needles = Needles::of([("other", "not-in-there-at-all"), ("planted", secret.as_str())]);
    for form in forms(&secret) {
        let text = [b"before ".as_slice(), &form, b" after"].concat();
        assert_eq!(needles.found_in(&text), ["planted"], "{}", String::from_utf8_lossy(&text));
    }
    assert_eq!(needles.found_in(&secret.as_bytes()[7..7 + WINDOW]), ["planted"]);
    assert_eq!(needles.found_in(&secret.as_bytes()[..WINDOW - 1]), Vec::<&str>::new());
    assert_eq!(needles.found_in(b"nothing of the kind is said here"), Vec::<&str>::new());
    for prefix in ["", "a", "ab", "abc"] {
        let text = base64(format!("{prefix}{secret}{prefix}").as_bytes());
        assert_eq!(needles.found_in(text.as_bytes()), ["planted"], "{text}");
    }
    let page = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let (wizard, _) = labwizard::wizard::Wizard::new(super::setting(folder.path()), Default::default());
        Page { title: text.to_owned(), ..wizard.page() }
    };
    assert!(painted(&page(&secret)).iter().any(|text| needles.found_in(text.as_bytes()) == ["planted"]));
    assert!(painted(&page("harmless")).iter().all(|text| needles.found_in(text.as_bytes()).is_empty()));
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("deep")).unwrap();
    std::fs::write(folder.path().join("deep/left"), &secret).unwrap();
    let mut left = Vec::new();
    files(folder.path(), &mut left);
    assert_eq!(needles.found_in(&left[0].1), ["planted"]);
}
