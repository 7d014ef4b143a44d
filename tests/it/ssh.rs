//! Root's shell over ssh: what is run, what may come back, and a token made and taken back without a login to the API.

mod apply;
mod asked;
mod hostile;
mod sshd;
mod walk;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use labwizard::client::ssh::{self, Shells};
use labwizard::client::{Changed, Desk, Options, still_opens, survey};
use labwizard::domain::{
    Change, Credential, Grantee, HostAt, Inquiry, Secret, Seen, ShellAnswer, ShellId, SshPlace, SshTrouble, TokenId,
    TokenMake, Trust, UserId,
};
use labwizard::lab::{Console, CutAt, Lab, LabConfig, LabRelease};

use crate::client::{local, options};

/// Stands in the environment of whoever starts ssh, and belongs nowhere else.
const CANARY: &str = "c4n4ry-of-the-environment";

/// A folder with an `ssh` that runs its commands here, on a host whose programs are the lab's.
pub struct Stand {
    folder: tempfile::TempDir,
    pub console: Console,
}

impl Stand {
    pub fn of(lab: &Lab) -> Stand {
        let folder = tempfile::tempdir().unwrap();
        let console = lab.console().unwrap();
        host(&folder.path().join("host"), &console);
        copy("ssh", &folder.path().join("ssh"));
        Stand { folder, console }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Lets ssh run some lines before anything else.
    pub fn before(&self, lines: &str) {
        std::fs::write(self.path().join("before"), lines).unwrap();
    }

    /// What the stand-in wrote down.
    pub fn noted(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap_or_default()
    }

    pub fn options(&self) -> Options {
        Options { shells: Shells::with(self.path().join("ssh"), environment()), ..options() }
    }
}

/// Puts a host's programs into a folder.
pub fn host(folder: &Path, console: &Console) {
    std::fs::create_dir_all(folder).unwrap();
    for name in ["pveum", "pvesh", "pvenode", "id"] {
        copy("pveum", &folder.join(name));
    }
    std::fs::write(folder.join("port"), console.port().to_string()).unwrap();
}

fn copy(script: &str, to: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ssh").join(script);
    std::fs::copy(from, to).unwrap();
}

/// What this process has, and something that nobody else may have.
pub fn environment() -> Vec<(OsString, OsString)> {
    let more = [("PVE_TOKEN_SECRET", CANARY), ("LANG", "C.UTF-8")];
    std::env::vars_os().chain(more.map(|(name, value)| (name.into(), value.into()))).collect()
}

pub fn root() -> SshPlace {
    "root@pve.lan".parse().unwrap()
}

/// The number of an open shell.
pub fn opened(answer: ShellAnswer) -> ShellId {
    match answer {
        ShellAnswer::Open { shell, .. } => shell,
        ShellAnswer::Failed(trouble) => panic!("{trouble:?}"),
    }
}

fn at(lab: &Lab) -> HostAt {
    let trust = Trust::Pin(lab.fingerprint().parse().unwrap());
    HostAt { endpoint: local(lab.port()), address: None, trust }
}

async fn desk(lab: &Lab, options: &Options) -> Desk {
    let place = root();
    let shell = opened(ssh::open(&place, true, options));
    Desk::open(&at(lab), &Credential::Shell(shell), options).await.unwrap()
}

fn token() -> TokenId {
    "labwizard-tofu@pve!mia-laptop".parse().unwrap()
}

/// Everything that a token with least rights takes, in the order in which a host accepts it.
fn plan() -> Vec<Change> {
    let user: UserId = "labwizard-tofu@pve".parse().unwrap();
    let (role, path) = ("labwizard-tofu".to_owned(), "/vms".to_owned());
    vec![
        Change::MakeUser { user: user.clone(), comment: "labwizard 3f9a1c, for Mia's laptop; it isn't `root`".into() },
        Change::MakeRole {
            role: role.clone(),
            privileges: ["VM.Audit", "VM.Clone"].map(str::to_owned).into_iter().collect(),
        },
        Change::MakeToken(TokenMake {
            id: token(),
            separated: true,
            expire: Some(1_900_000_000),
            comment: "labwizard 3f9a1c, tofu at /home/mia".into(),
        }),
        Change::Grant { path, role, to: vec![Grantee::User(user), Grantee::Token(token())] },
    ]
}

async fn done(desk: &Desk, change: &Change) -> Option<Secret> {
    match desk.change(change).await {
        Changed::Done(secret) => secret,
        other => panic!("{change:?}: {other:?}"),
    }
}

#[tokio::test]
async fn a_token_is_made_over_ssh_and_taken_back_on_each_release() {
    for release in LabRelease::all().iter().copied() {
        let lab = Lab::start_in_thread(LabConfig { release, ..LabConfig::quick() }).unwrap();
        let stand = Stand::of(&lab);
        let options = stand.options();
        let ShellAnswer::Open { shell, fingerprint } = ssh::open(&root(), true, &options) else { panic!("not open") };
        assert_eq!(fingerprint.unwrap().to_string(), lab.fingerprint(), "{release:?}");
        let desk = Desk::open(&at(&lab), &Credential::Shell(shell), &options).await.unwrap();
        let before = desk.estate().await.unwrap();
        let mut secret = None;
        for change in plan() {
            secret = done(&desk, &change).await.or(secret);
        }
        let secret = secret.expect("a token has a secret");
        let estate = desk.estate().await.unwrap();
        let made = estate.token(&token()).unwrap();
        assert!(made.separated && made.expire == Some(1_900_000_000), "{release:?}: {made:?}");
        assert_eq!(estate.user(&token().user).unwrap().comment.as_deref(), Some(comment()));
        assert_eq!(estate.role("labwizard-tofu").unwrap().privileges.len(), 2);
        assert_eq!(estate.acl.iter().filter(|row| row.role == "labwizard-tofu" && row.propagates).count(), 2);
        assert!(still_opens(&at(&lab), &token(), &secret, &options).await.unwrap(), "{release:?}");
        for change in plan().iter().rev().filter_map(Change::back) {
            done(&desk, &change).await;
        }
        assert_eq!(desk.estate().await.unwrap(), before, "{release:?}");
        assert!(!still_opens(&at(&lab), &token(), &secret, &options).await.unwrap(), "{release:?}");
        assert!(!everything_in(stand.path()).contains(secret.reveal()), "{release:?}");
        options.shells.close();
    }
}

fn comment() -> &'static str {
    "labwizard 3f9a1c, for Mia's laptop; it isn't `root`"
}

/// All that lies in a folder, as one text.
fn everything_in(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        text += &match path.is_dir() {
            true => everything_in(&path),
            false => String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned(),
        };
    }
    text
}

#[tokio::test]
async fn what_the_host_refuses_comes_with_its_words_and_changes_nothing() {
    let lab = Lab::start_in_thread(LabConfig::quick()).unwrap();
    let stand = Stand::of(&lab);
    let desk = desk(&lab, &stand.options()).await;
    let [user, role, token, grant] = <[Change; 4]>::try_from(plan()).unwrap();
    let refused = async |change: &Change| match desk.change(change).await {
        Changed::Refused { status: 0, words } => words,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&token).await, "no such user ('labwizard-tofu@pve')");
    assert!(refused(&grant).await.starts_with("ACL update failed: "));
    for change in [&user, &role, &token] {
        done(&desk, change).await;
    }
    assert_eq!(refused(&token).await, "Parameter verification failed. tokenid: Token already exists.");
    assert!(refused(&role).await.contains("already exists"));
}

#[tokio::test]
async fn a_connection_that_breaks_is_lost_and_the_next_question_opens_another() {
    let lab = Lab::start_in_thread(LabConfig::quick()).unwrap();
    for cut in [CutAt::BeforeActing, CutAt::BeforeAnswer, CutAt::MidAnswer] {
        let stand = Stand::of(&lab);
        let options = stand.options();
        let desk = desk(&lab, &options).await;
        for change in plan() {
            let words = labwizard::domain::pveum::words(&change)[..3].join(" ");
            stand.console.cut(&words, cut);
            let asked = stand.console.commands().len();
            let lost = desk.change(&change).await;
            assert!(matches!(lost, Changed::Lost(_)), "{cut:?} {words}: {lost:?}");
            assert_eq!(stand.console.commands().len(), asked + 1, "{cut:?} {words}: sent once");
            let there = has(&desk, &change).await;
            assert_eq!(there, cut != CutAt::BeforeActing, "{cut:?} {words}");
            if !there {
                done(&desk, &change).await;
            }
        }
        for change in plan().iter().rev().filter_map(Change::back) {
            done(&desk, &change).await;
        }
        options.shells.close();
    }
}

/// Whether a change is to be seen on the host.
async fn has(desk: &Desk, change: &Change) -> bool {
    let estate = desk.estate().await.unwrap();
    match change {
        Change::MakeUser { user, .. } => estate.user(user).is_some(),
        Change::MakeRole { role, .. } => estate.role(role).is_some(),
        Change::MakeToken(make) => estate.token(&make.id).is_some(),
        Change::Grant { role, .. } => estate.acl.iter().any(|row| row.role == *role),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_host_that_stays_away_is_never_sent_anything_again() {
    let lab = Lab::start_in_thread(LabConfig::quick()).unwrap();
    let stand = Stand::of(&lab);
    let desk = desk(&lab, &stand.options()).await;
    let [user, role, ..] = <[Change; 4]>::try_from(plan()).unwrap();
    stand.console.cut("pveum user add", CutAt::BeforeAnswer);
    stand.before("echo 'ssh: connect to host pve.lan port 22: No route to host' >&2; exit 255");
    assert!(matches!(desk.change(&user).await, Changed::Lost(_)));
    assert!(matches!(desk.change(&role).await, Changed::NotSent(_)));
    assert!(desk.estate().await.is_err());
    stand.before("");
    assert!(has(&desk, &user).await && !has(&desk, &role).await, "the first one came through");
}

#[test]
fn arguments_and_environment_hold_nothing_that_is_not_for_ssh() {
    let lab = Lab::start_in_thread(LabConfig::quick()).unwrap();
    let stand = Stand::of(&lab);
    let place = "root@pve.lan:2222".parse().unwrap();
    opened(ssh::open(&place, true, &stand.options()));
    let argv = stand.noted("argv");
    let fixed = "-T\n-o\nForwardAgent=no\n-o\nForwardX11=no\n-o\nClearAllForwardings=yes\n-o\nPermitLocalCommand=no\n-o\nControlPath=none\n";
    assert!(argv.starts_with(fixed), "{argv}");
    assert!(argv.ends_with("-o\nBatchMode=yes\n-p\n2222\n-l\nroot\n--\npve.lan\nexec sh\n"), "{argv}");
    assert!(!argv.contains("StrictHostKeyChecking"));
    let env = stand.noted("env");
    assert!(env.contains("declare -x PATH=") && env.contains("declare -x LANG="), "{env}");
    assert!(!env.contains(CANARY) && !env.contains("CARGO"), "{env}");
}

#[test]
fn a_place_that_ssh_could_take_for_something_else_is_none() {
    for text in ["-oProxyCommand=x", "root@-oProxyCommand=x", "a;b", "$(x)@pve", "a b", "x@pve@host", "root@a/b", "`x`"]
    {
        assert!(text.parse::<SshPlace>().is_err(), "{text}");
    }
}

#[test]
fn without_an_ssh_it_is_said() {
    let options = Options { shells: Shells::with("/nonexistent/ssh".into(), environment()), ..options() };
    assert_eq!(ssh::open(&root(), true, &options), ShellAnswer::Failed(SshTrouble::NoSsh));
}

#[tokio::test]
async fn a_survey_looks_around_in_the_shell_and_sends_no_login_over_the_api() {
    for release in LabRelease::all().iter().copied() {
        let lab = Lab::start_in_thread(LabConfig { release, ..LabConfig::quick() }).unwrap();
        let stand = Stand::of(&lab);
        let options = stand.options();
        let shell = opened(ssh::open(&root(), true, &options));
        let inquiry = Inquiry {
            credential: Some(Credential::Shell(shell)),
            paths: vec!["/vms/100".into()],
            lists: true,
            estate: true,
            ..Inquiry::of(&at(&lab))
        };
        let mut seen = Vec::new();
        survey(inquiry, &options, |observation| seen.push(observation.seen)).await;
        assert!(!seen.iter().any(|seen| matches!(seen, Seen::Failed { .. })), "{release:?}: {seen:?}");
        let found = |wanted: fn(&Seen) -> bool| seen.iter().any(wanted);
        assert!(found(|seen| matches!(seen, Seen::SignedIn { .. })), "{release:?}");
        assert!(
            found(|seen| matches!(seen, Seen::Rights(rights) if rights.holds("/vms/100", "VM.Allocate"))),
            "{release:?}"
        );
        assert!(found(|seen| matches!(seen, Seen::Estate(estate) if !estate.users.is_empty())), "{release:?}");
        assert!(found(|seen| matches!(seen, Seen::Storages(list) if !list.is_empty())), "{release:?}");
        assert!(found(|seen| matches!(seen, Seen::ClusterCa(Ok(_)))), "{release:?}");
        assert!(!lab.received().iter().any(|request| request.had_authorization), "{release:?}");
    }
}
