//! The files of a check: which they are, what they say, and what lies around them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::{Ground, Order};
use crate::diagnosis::codes;
use crate::diagnosis::config::{Config, Scene, understand};
use crate::diagnosis::held::secrets;
use crate::diagnosis::round::ca_among;
use crate::diagnosis::untold;
use crate::disk;
use crate::domain::around::Git;
use crate::domain::finding::{Finding, Severity, Step};
use crate::domain::{Around, Der, FileSeen};
use crate::runtime::searched::searched;
use crate::runtime::world::look;
use crate::target::recognise::matches;

/// How many programs of git run at once.
const GITS: usize = 8;

/// How a file came into the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Named,
    /// labwizard wrote it.
    Wrote,
    /// It lies here under a name that a tool's file has.
    Found,
}

/// What is to be read.
#[derive(Debug, Default)]
pub struct Found {
    pub places: Vec<(PathBuf, Origin)>,
    /// Folders lie here that were not looked through.
    pub more: bool,
}

/// A file of the check.
#[derive(Debug)]
pub struct File {
    /// As it was named or found.
    pub path: PathBuf,
    pub understood: Result<Understood, Box<Finding>>,
}

/// A file that a tool reads.
#[derive(Debug)]
pub struct Understood {
    pub config: Config,
    seen: FileSeen,
    around: Around,
    /// The CA that each host's certificate is held against, by the host's number.
    pub cas: Vec<(u8, Der)>,
    /// The CA files that cannot be used, in the same way.
    pub no_ca: Vec<(u8, Finding)>,
}

/// The files that are ordered; without an order those here that known tools would have, then those that labwizard wrote.
pub async fn which(order: &Order, ground: &Ground, deadline: Instant) -> Found {
    let (order, ground) = (order.clone(), ground.clone());
    let work = spawn_blocking(move || {
        let mut found = Found::default();
        for path in &order.files {
            if path.is_dir() {
                below(path, &ground, &mut found);
            } else {
                found.places.push((path.clone(), Origin::Named));
            }
        }
        if order.files.is_empty() {
            // What lies here is what somebody who stands here asks about.
            below(&ground.here, &ground, &mut found);
            found.places.extend(ground.wrote.iter().map(|path| (path.clone(), Origin::Wrote)));
        }
        found
    });
    match timeout_at(deadline, work).await {
        Ok(Ok(found)) => found,
        _ => Found { places: Vec::new(), more: true },
    }
}

fn below(folder: &Path, ground: &Ground, found: &mut Found) {
    let patterns: Vec<&str> = ground
        .library
        .iter()
        .flat_map(|target| &target.spec.form)
        .flat_map(|form| form.file.iter().map(|pattern| pattern.as_str()))
        .collect();
    let discovered = disk::discover(folder, |path| patterns.iter().any(|pattern| matches(pattern, path)));
    found.places.extend(discovered.files.into_iter().map(|path| (path, Origin::Found)));
    found.more |= discovered.more;
}

/// Reads and understands them, each file once; what was found and is no known tool's is left out, and told apart with why.
pub async fn understood(
    places: Vec<(PathBuf, Origin)>,
    ground: &Ground,
    deadline: Instant,
) -> (Vec<File>, Vec<(PathBuf, String)>) {
    let reading = places.into_iter().map(|(path, origin)| async move {
        let (from, caller) = (path.clone(), ground.caller);
        let looked = timeout_at(deadline, spawn_blocking(move || look(&from, None, &caller))).await;
        let understood = match looked {
            Ok(Ok(Ok((seen, around)))) => match understand_one(seen, around, ground) {
                Ok(understood) => Ok(with_cas(understood, ground, deadline).await),
                Err(finding) => Err(finding),
            },
            Ok(Ok(Err(error))) => Err(unreadable(&error)),
            _ => Err(unread(&path)),
        };
        (File { path, understood }, origin)
    });
    let mut files: Vec<File> = Vec::new();
    let mut known: Vec<PathBuf> = Vec::new();
    let mut left: Vec<(PathBuf, String)> = Vec::new();
    for (file, origin) in join_all(reading).await {
        let place = match &file.understood {
            Ok(understood) => understood.seen.path.clone(),
            Err(finding) if passed_over(origin, finding) => {
                if origin == Origin::Found && finding.code == codes::FILE_UNKNOWN {
                    left.push((file.path, finding.cause.clone()));
                }
                continue;
            }
            Err(_) => file.path.clone(),
        };
        if !known.contains(&place) {
            known.push(place);
            files.push(file);
        }
    }
    (files, left)
}

fn passed_over(origin: Origin, finding: &Finding) -> bool {
    match origin {
        Origin::Named => false,
        // It may be gone, or another's by now.
        Origin::Wrote => finding.code == codes::FILE_UNKNOWN || finding.code == codes::FILE_UNREADABLE,
        // A known tool's file that nobody can read is no other's.
        Origin::Found => finding.code != codes::FILE_DAMAGED,
    }
}

fn understand_one(seen: FileSeen, around: Around, ground: &Ground) -> Result<Understood, Box<Finding>> {
    let config = understand(scene(&seen, &around, ground))?.remembering(&ground.library, &ground.configs);
    Ok(Understood { config, seen, around, cas: Vec::new(), no_ca: Vec::new() })
}

/// The same with the CAs that its hosts are held against. Their files may lie where nothing answers.
async fn with_cas(mut understood: Understood, ground: &Ground, deadline: Instant) -> Understood {
    let folder = understood.seen.path.parent().unwrap_or(Path::new("/")).to_owned();
    let verified = understood.config.hosts.iter().filter(|host| host.verifies == Some(true));
    let named = verified.filter_map(|host| Some((host.instance, host.ca_file.clone()?)));
    let reading = named.map(|(instance, path)| {
        let (from, caller) = (folder.join(&path), ground.caller);
        async move {
            let read = timeout_at(deadline, spawn_blocking(move || ca_in(&from, &caller))).await;
            let read = read.ok().and_then(Result::ok).unwrap_or_else(|| Err("It was not read in time.".to_owned()));
            (instance, path, read)
        }
    });
    for (instance, path, read) in join_all(reading).await {
        match read {
            Ok(ca) => understood.cas.extend(ca.map(|ca| (instance, ca))),
            Err(why) => understood.no_ca.push((instance, untold::no_ca(&path, &why))),
        }
    }
    understood
}

fn scene<'a>(seen: &'a FileSeen, around: &'a Around, ground: &'a Ground) -> Scene<'a> {
    Scene { library: &ground.library, seen, around, environment: &ground.environment }
}

/// The CA of a file; none where it holds only CAs that this system has anyway.
pub(in crate::runtime) fn ca_in(path: &Path, caller: &disk::Caller) -> Result<Option<Der>, String> {
    let seen = disk::read_config(path, caller).map_err(|error| error.sentence())?;
    let there = seen.there.ok_or("There is no such file.")?;
    ca_among(there.text.as_str(), || crate::runtime::roots::roots(caller).unwrap_or_default())
}

/// The same files with what git says of them, and what its history and the files beside them hold.
pub async fn with_git(files: Vec<File>, ground: &Ground, deadline: Instant) -> Vec<File> {
    let places = Arc::new(Semaphore::new(GITS));
    let asking = files.into_iter().map(|file| {
        let places = Arc::clone(&places);
        async move {
            let File { path, understood } = file;
            let Ok(understood) = understood else { return File { path, understood } };
            let _place = places.acquire().await.ok();
            let (from, git, caller) = (understood.seen.path.clone(), ground.git.clone(), ground.caller);
            let (seen, secrets) = (understood.seen.clone(), secrets(&understood.config));
            let work = move || {
                let (_, around) = look(&from, git.as_ref(), &caller)?;
                Ok::<_, disk::DiskError>(searched(around, &seen, &secrets, git.as_ref()))
            };
            let looked = timeout_at(deadline, spawn_blocking(work)).await;
            let around = match looked {
                Ok(Ok(Ok(around))) => around,
                _ => Around { git: Git::Unknown("git gave no answer in time".into()), ..understood.around },
            };
            let config = understand(scene(&understood.seen, &around, ground));
            let remembering = |config: Config| config.remembering(&ground.library, &ground.configs);
            let understood = config.map(|config| Understood { config: remembering(config), around, ..understood });
            File { path, understood }
        }
    });
    join_all(asking).await
}

fn unreadable(error: &disk::DiskError) -> Box<Finding> {
    let finding = Finding::new(
        codes::FILE_UNREADABLE,
        Severity::Error,
        Step::Target,
        error.sentence(),
        "Nothing of it was read.",
    );
    let hint = error.hint();
    Box::new(if hint.is_empty() { finding.say("Name the file itself.") } else { finding.say(hint) })
}

fn unread(path: &Path) -> Box<Finding> {
    let shown = crate::domain::visible::visible(&path.to_string_lossy());
    Box::new(
        Finding::new(
            codes::CHECK_UNFINISHED,
            Severity::Error,
            Step::Target,
            format!("{shown} was not read in time."),
            "The disk or the server that it lies on does not answer.",
        )
        .say("Look whether the file can be read at all, and try again."),
    )
}
