//! Canaries: every secret of a walk is searched for, in every form, in all that the walk shows, says and leaves behind.

mod making;
mod needles;
mod program;
mod sent;

use std::fmt::Write as _;
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
pub use needles::{Needles, WINDOW, files};
use needles::{base64, forms};

/// A page as the full screen paints it, rows joined so that a wrapped secret is whole.
pub fn painted(page: &Page) -> Vec<String> {
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

/// Everything that these pages show, on the full screen, in words, and as data.
fn shown(pages: &[Page]) -> String {
    let mut all = String::new();
    let mut pages = pages.to_vec();
    pages.dedup();
    for page in &pages {
        for line in words::page(page, false).iter().chain(&words::page(page, true)) {
            writeln!(all, "{line}").unwrap();
        }
        writeln!(all, "{page:?}").unwrap();
        painted(page).iter().for_each(|text| writeln!(all, "{text}").unwrap());
    }
    all
}

/// Everything that a walk showed and said.
fn said(held: &Held) -> String {
    let mut all = shown(&held.pages);
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
        Foreign::with(uuid::Uuid::new_v4().to_string())
    }

    /// Around this old token.
    fn with(old: String) -> Foreign {
        let random = || uuid::Uuid::new_v4().to_string();
        Foreign { values: (0..20).map(|n| (format!("FOREIGN_{n}"), random())).collect(), old }
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
    let codes = Needles::of([]).and_codes([("code", "123456")]);
    assert_eq!(codes.found_in(b"the code 123456."), ["code"]);
    assert_eq!(codes.found_in(b"modified 1234567890, 0123456"), Vec::<&str>::new());
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
