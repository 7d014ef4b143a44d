//! The demo: the same wizard against the embedded lab, in a fresh folder with a state of its own.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use crate::cli::{Demo, Looks};
use crate::command::place::Place;
use crate::command::{Ended, complain, wizard};
use crate::domain::Id;
use crate::lab::{Lab, LabConfig};
use crate::wizard::draft::Draft;

pub fn run(looks: Looks, demo: &Demo) -> Ended {
    let config =
        LabConfig { release: demo.release, scenario: demo.scenario, delay: demo.delay, ..LabConfig::default() };
    let started = Lab::start_in_thread(config).and_then(|lab| Ok((lab, fresh_folder()?)));
    let (lab, folder) = match started {
        Ok(started) => started,
        Err(error) => {
            complain("The lab could not be started.", Some(&format!("The system said: {}", error.kind())));
            return Ended::Badly;
        }
    };
    if demo.serve { serve(&lab, &folder, demo.json) } else { walk(looks, &lab, folder) }
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

fn serve(lab: &Lab, folder: &std::path::Path, json: bool) -> Ended {
    let ca = folder.join("pve-root-ca.pem");
    if std::fs::write(&ca, lab.ca_pem()).is_err() {
        complain("The CA certificate could not be written.", Some(&format!("Folder: {}", folder.display())));
        return Ended::Badly;
    }
    if json {
        println!("{}", lab.serve_json(&ca));
    } else {
        println!("Proxmox VE {} answers at {}", lab.release().version(), lab.url());
        println!("fingerprint {}", lab.fingerprint());
        println!("CA          {}", ca.display());
        for token in lab.tokens() {
            println!("token       {}={}  ({})", token.id, token.secret, token.about);
        }
        for user in lab.users() {
            println!(
                "login       {}  password {}{}",
                user.user,
                user.password,
                user.totp.map(|t| format!("  totp {t}")).unwrap_or_default()
            );
        }
        println!("It serves until interrupted (Ctrl-C).");
    }
    let waited = tokio::runtime::Builder::new_current_thread().enable_all().build().map(|runtime| {
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut term), Ok(mut hup)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else {
                return;
            };
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = term.recv() => {}
                _ = hup.recv() => {}
            }
        });
    });
    // The folder holds nothing but the CA of a lab that is gone.
    let _ = std::fs::remove_dir_all(folder);
    if waited.is_ok() { Ended::Well } else { Ended::Badly }
}

fn walk(looks: Looks, lab: &Lab, folder: PathBuf) -> Ended {
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
    if let Some(token) = lab.tokens().first() {
        setting.hints.insert(Id::fixed("token"), format!("{}={}", token.id, token.secret));
    }
    let ended = wizard::hold(looks, setting, Draft::default(), place.world());
    println!("The demo's files are in {}", folder.display());
    ended
}
