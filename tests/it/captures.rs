//! The lab against answers that Proxmox's own server code gave: every captured request is sent to the lab, and status
//! line, headers and body are compared, but for what is never the same twice (times, tickets, secrets, live figures).
//!
//! The captures are not part of the project. `LABWIZARD_CAPTURES` names the folder that has them; without it the test says
//! that it was skipped. A file is replayed in its own order against one lab, because its requests build on each other.

use std::collections::BTreeSet;
use std::path::Path;

use labwizard::lab::LabRelease;

mod alike;
mod file;
mod fixture;
mod replay;

use replay::Replay;

/// The captures that the lab does not answer alike, and why. It may only shrink: an entry that is answered alike fails too.
/// `*` stands for every release.
const NOT_ALIKE: &[(&str, &str, &str)] = &[
    ("*", "formatter html", "a page for browsers that no program reads"),
    ("9.2.11", "formatter png", "a picture for browsers that no program reads"),
    ("9.2.11", "GET /", "the captured server had no web pages; the lab has the login page"),
    ("8.4.16", "body of 100 kB", "the file has the answer cut short"),
    ("8.4.21", "body of 100 kB", "the file has the answer cut short"),
    ("9.1.4", "body of 100 kB", "the file has the answer cut short"),
    ("9.2.11", "API token OK: /access/permissions", "the file has the answer cut short"),
    ("9.2.11", "lower-case header + gzip asked", "the file has the answer cut short"),
    ("9.2.11", "task log", "the lab copies no disks, so its tasks have less to tell"),
    (
        "9.2.11",
        "task status",
        "tasks that failed on the captured host only: a copy without space, containers without programs",
    ),
    ("9.2.11", "task list", "lists tasks that failed on the captured host only"),
    (
        "9.2.11",
        "privsep token with PVEAuditor on /: /cluster/resources",
        "captured after a later section of the file had changed the machine's memory",
    ),
    ("9.2.11", "delete OK 2", "the machine was not there, because its copy had failed on the captured host"),
    ("9.2.11", "status running", "live figures of a process that the lab does not run"),
    ("9.2.11", "cluster resources vm", "the captured host's statistics were not running: every status is unknown"),
];

#[test]
fn the_lab_answers_as_proxmox_did() {
    let Some(folder) = std::env::var_os("LABWIZARD_CAPTURES") else {
        eprintln!("skipped: LABWIZARD_CAPTURES does not name the folder of the captures");
        return;
    };
    let files = [
        (LabRelease::V7_4_20, "pve7.4-20-captures.md"),
        (LabRelease::V8_4_16, "pve8.4.16-captures.md"),
        (LabRelease::V8_4_21, "pve8.4.21-captures.md"),
        (LabRelease::V9_1_4, "pve9.1.4-captures.md"),
        (LabRelease::V9_2_11, "pve9.2-captures.md"),
    ];
    let mut wrong = Vec::new();
    for (release, file) in files {
        let path = Path::new(&folder).join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let captures = file::parse(&text);
        let mut replay = Replay::new(release, &captures);
        let (mut alike, mut listed) = (0, BTreeSet::new());
        for capture in &captures {
            let excuse = NOT_ALIKE
                .iter()
                .find(|(on, name, _)| (*on == "*" || *on == release.version()) && *name == capture.name);
            match (replay.compare(capture), excuse) {
                (Ok(()), None) => alike += 1,
                // A name may stand for several captures, of which some are alike.
                (Ok(()), Some((_, name, _))) => {
                    alike += 1;
                    listed.insert((*name, true));
                }
                (Err(_), Some((_, name, _))) => {
                    listed.insert((*name, false));
                }
                (Err(error), None) => wrong.push(format!("{release}: {}\n{error}", capture.name)),
            }
        }
        eprintln!("{release}: {alike} of {} captures answered alike", captures.len());
        for (name, _) in listed.iter().filter(|(_, is_alike)| *is_alike) {
            if !listed.contains(&(*name, false)) {
                wrong.push(format!("{release}: “{name}” is answered alike now; take it off the list"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n\n{}", wrong.len(), wrong.join("\n\n"));
}
