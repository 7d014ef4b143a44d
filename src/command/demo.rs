//! The demo: the same wizard against the embedded lab, in a fresh folder with a state of its own.

use std::fs::{DirBuilder, Permissions};
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::PathBuf;

use crate::cli::{Demo, Looks};
use crate::command::place::{Place, now};
use crate::command::{Ended, complain, wizard};
use crate::domain::{
    Change, ChangeSeen, ChangeState, Endpoint, Host, HostRecord, Id, RunSeen, Timestamp, TokenMake, Trust,
};
use crate::lab::{Lab, LabConfig, LabToken, Lesson, Scenario, config};
use crate::wizard::Setting;
use crate::wizard::draft::Draft;

pub fn run(looks: Looks, demo: &Demo) -> Ended {
    let lesson = demo.scenario.unwrap_or(Lesson::Lab(Scenario::Fine));
    let config =
        LabConfig { release: demo.release, scenario: lesson.scenario(), delay: demo.delay, ..LabConfig::default() };
    let started = Lab::start_in_thread(config).and_then(|lab| Ok((lab, fresh_folder()?)));
    let (lab, folder) = match started {
        Ok(started) => started,
        Err(error) => {
            complain("The lab could not be started.", Some(&format!("The system said: {}", error.kind())));
            return Ended::Badly;
        }
    };
    let lesson = Some(lesson).filter(|lesson| lesson.breaks_a_config() && !demo.fresh);
    if demo.serve { serve(&lab, &folder, demo.json) } else { walk(looks, &lab, lesson, folder) }
}

/// Puts the config there that the lesson is about, as somebody has it who was well until now. What an earlier run agreed to is
/// remembered.
fn broken(lab: &Lab, lesson: Lesson, setting: &mut Setting) -> io::Result<()> {
    let folder = setting.here.clone();
    let path = folder.join(config::FILE);
    let Some(token) = lab.tokens().into_iter().next() else { return Ok(()) };
    let ca = folder.join(config::CA_FILE);
    std::fs::write(&ca, lab.ca_pem())?;
    setting.hosts.extend(remembered(lab));
    setting.runs.extend(made(lab, &token));
    lab.go_on();
    let facts = config::Facts::of(lab, &token, Some(ca.display().to_string()));
    let (text, mode) = lesson.fault().map_or_else(|| (facts.healthy(), config::MODE), |fault| facts.with(fault));
    std::fs::write(&path, text)?;
    std::fs::set_permissions(&path, Permissions::from_mode(mode))?;
    setting.mend = Some(path);
    Ok(())
}

/// What an earlier run would remember of the lab.
fn remembered(lab: &Lab) -> Option<HostRecord> {
    let leaf = lab.fingerprint().parse().ok()?;
    let nodes = lab.change(|cluster| cluster.nodes.iter().map(|node| node.name.clone()).collect());
    let cluster = lab.change(|cluster| cluster.name.clone());
    Some(HostRecord { endpoint: endpoint(lab), trust: Trust::Pin(leaf), leaf, cluster, nodes, when: now() })
}

/// What the run would remember that made this token, where it has an end that has not come: it does not see its own record.
fn made(lab: &Lab, token: &LabToken) -> Option<RunSeen> {
    let (end, separated) = lab.change(|cluster| cluster.token(&token.id).map(|seen| (seen.expire, seen.privsep)))?;
    let expire = Timestamp::try_from(end).ok().filter(|end| *end > now())?;
    let make = TokenMake { id: token.id.parse().ok()?, separated, expire: Some(expire), comment: String::new() };
    let made = ChangeSeen {
        n: 0,
        endpoint: endpoint(lab),
        change: Change::MakeToken(make),
        state: ChangeState::Made,
        was: None,
    };
    Some(RunSeen { name: String::new(), when: now(), finished: true, changes: vec![made], files: Vec::new() })
}

fn endpoint(lab: &Lab) -> Endpoint {
    Endpoint { host: Host::V4(Ipv4Addr::LOCALHOST), port: lab.port() }
}

/// A folder that nobody else may look into.
fn fresh_folder() -> io::Result<PathBuf> {
    let folder =
        std::env::temp_dir().join(format!("labwizard-demo-{}", &uuid::Uuid::new_v4().simple().to_string()[..8]));
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder.create(&folder)?;
    builder.create(folder.join("project"))?;
    Ok(folder)
}

/// Serves until interrupted, or until whoever started this is gone.
fn serve(lab: &Lab, folder: &std::path::Path, json: bool) -> Ended {
    let ca = folder.join("pve-root-ca.pem");
    if std::fs::write(&ca, lab.ca_pem()).is_err() {
        complain("The CA certificate could not be written.", Some(&format!("Folder: {}", folder.display())));
        return Ended::Badly;
    }
    let waited = tokio::runtime::Builder::new_current_thread().enable_all().build().and_then(|runtime| {
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            // Heard from before the first word is out: whoever reads it may end this at once.
            let [mut int, mut term, mut hup] =
                [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?];
            let parent = parent();
            announce(lab, &ca, json)?;
            tokio::select! {
                _ = int.recv() => {}
                _ = term.recv() => {}
                _ = hup.recv() => {}
                () = gone(parent.as_ref()) => {}
            }
            Ok(())
        })
    });
    // The folder holds nothing but the CA of a lab that is gone.
    let _ = std::fs::remove_dir_all(folder);
    if waited.is_ok() { Ended::Well } else { Ended::Badly }
}

/// Says where the lab is and its secrets.
fn announce(lab: &Lab, ca: &std::path::Path, json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", lab.serve_json(ca))?;
        return out.flush();
    }
    writeln!(out, "Proxmox VE {} answers at {}", lab.release().version(), lab.url())?;
    writeln!(out, "fingerprint {}", lab.fingerprint())?;
    writeln!(out, "CA          {}", ca.display())?;
    for token in lab.tokens() {
        writeln!(out, "token       {}={}  ({})", token.id, token.secret, token.about)?;
    }
    for user in lab.users() {
        let totp = user.totp.map(|totp| format!("  totp {totp}")).unwrap_or_default();
        let recovery =
            if user.recovery.is_empty() { String::new() } else { format!("  recovery {}", user.recovery.join(" ")) };
        writeln!(out, "login       {}  password {}{totp}{recovery}  ({})", user.user, user.password, user.about)?;
    }
    writeln!(out, "It serves until interrupted (Ctrl-C).")?;
    out.flush()
}

/// The process that started this one, to be told of its end: a lab does not outlive whoever wanted it. Nothing elsewhere than
/// on Linux, and on kernels before 5.3.
fn parent() -> Option<Process> {
    #[cfg(target_os = "linux")]
    {
        let parent = rustix::process::getppid()?;
        let process = rustix::process::pidfd_open(parent, rustix::process::PidfdFlags::NONBLOCK).ok()?;
        // Where it ended in between, another one has taken this process over already.
        (rustix::process::getppid() == Some(parent)).then(|| watch(process).ok()).flatten()
    }
    #[cfg(not(target_os = "linux"))]
    None
}

type Process = tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>;

async fn gone(process: Option<&Process>) {
    match process {
        // A process is readable when it has ended.
        Some(process) => drop(process.readable().await),
        None => std::future::pending().await,
    }
}

/// Deprecated because a safe type could hand out other descriptors over time; an `OwnedFd` is always the same one, and what
/// replaces it needs `unsafe`.
#[cfg(target_os = "linux")]
#[allow(deprecated)]
fn watch(process: std::os::fd::OwnedFd) -> io::Result<Process> {
    tokio::io::unix::AsyncFd::with_interest(process, tokio::io::Interest::READABLE)
}

fn walk(looks: Looks, lab: &Lab, lesson: Option<Lesson>, folder: PathBuf) -> Ended {
    let place = match Place::fresh(&folder) {
        Ok(place) => place,
        Err(error) => {
            complain(&error.sentence(), Some(&error.hint()));
            return Ended::Badly;
        }
    };
    let mut setting = place.setting();
    setting.hosts.clear();
    setting.environment.clear();
    setting.banner = Some(format!("Demo · VE {} · files in {}", lab.release().version(), place.here.display()));
    setting.real = Some("labwizard (without “demo”) does the same with your own host".into());
    setting.hints.insert(Id::fixed("host"), format!("127.0.0.1:{}", lab.port()));
    setting.hints.insert(Id::fixed("undo"), format!("LABWIZARD_STATE={} ", folder.join("state").display()));
    if let Some(user) = lab.users().first() {
        setting.hints.insert(Id::fixed("login_user"), user.user.clone());
        setting.hints.insert(Id::fixed("login_password"), user.password.clone());
    }
    if let Some(token) = lab.tokens().first() {
        setting.hints.insert(Id::fixed("token"), format!("{}={}", token.id, token.secret));
    }
    if let Some(error) = lesson.and_then(|lesson| broken(lab, lesson, &mut setting).err()) {
        complain("The demo's config could not be written.", Some(&format!("The system said: {}", error.kind())));
        return Ended::Badly;
    }
    let ended = wizard::hold(looks, setting, Draft::default(), place.world());
    println!("The demo's files are in {}; the folder can be removed.", folder.display());
    ended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_demos_token_is_remembered_where_it_has_one_that_has_not_come() {
        let days = |scenario| {
            let lab = Lab::start_in_thread(LabConfig { scenario, ..LabConfig::quick() }).unwrap();
            let run = made(&lab, &lab.tokens()[0])?;
            match &run.changes[0].change {
                Change::MakeToken(make) => Some((make.expire? - now() + 3_600) / 86_400),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!([Scenario::Fine, Scenario::Expired, Scenario::TokenEndsSoon].map(days), [None, None, Some(10)]);
    }
}
