//! Where labwizard keeps what it remembers, and what a conversation is told from outside.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::client;
use crate::client::Limits;
use crate::client::ssh::Shells;
use crate::command::complain;
use crate::disk::{Caller, DiskError, Git, Kept, RunRecord, State, default_folder, find_program};
use crate::domain::observation::{Surroundings, names_in_hosts};
use crate::domain::{RunSeen, Timestamp};
use crate::runtime::check::Ground;
use crate::runtime::{World, configs_from_state, record_from_state};
use crate::target::Library;
use crate::wizard::Setting;

/// The variables that other programs take a proxy from.
const PROXIES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"];
/// Moves the state folder, for tests and for people who keep several.
const STATE: &str = "LABWIZARD_STATE";

/// The folders that a command works in.
pub struct Place {
    pub here: PathBuf,
    pub home: Option<PathBuf>,
    pub state: State,
    pub caller: Caller,
    pub library: Library,
}

/// Seconds since 1970.
pub fn now() -> Timestamp {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|d| Timestamp::try_from(d.as_secs()).ok()).unwrap_or(0)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Place {
    /// The caller's own folders.
    pub fn own() -> Result<Place, DiskError> {
        let caller = Caller::of_process(variable);
        let folder = std::env::var_os(STATE).map(PathBuf::from).or_else(default_folder);
        // Backups may hold secrets: without a home there is no folder that is surely the caller's own.
        let folder = folder.ok_or(DiskError::BadPath {
            path: PathBuf::from("~"),
            why: "there is no home folder here; LABWIZARD_STATE names a folder for what labwizard keeps",
        })?;
        let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
        Ok(Place { here, home, state: State::open(folder, caller)?, caller, library: Library::with(yours()) })
    }

    /// The same; where they cannot be used, that is said.
    pub fn own_or_said() -> Option<Place> {
        Place::own().inspect_err(|error| complain(&error.sentence(), Some(&error.hint()))).ok()
    }

    /// A fresh folder with a state of its own; nothing of the caller's is read.
    pub fn fresh(folder: &Path) -> Result<Place, DiskError> {
        let caller = Caller::of_process(variable);
        let state = State::open(folder.join("state"), caller)?;
        let here = folder.join("project");
        Ok(Place { here, home: None, state, caller, library: Library::built_in() })
    }

    /// Removes what dead runs left behind. What cannot be removed is said, and stops nothing.
    pub fn clean_up(&self) {
        match self.state.clean_up(u64::try_from(now()).unwrap_or(0)) {
            Ok(done) => done.stuck.iter().for_each(|error| complain(&error.sentence(), Some(&error.hint()))),
            Err(error) => complain(&error.sentence(), Some(&error.hint())),
        }
    }

    /// What the conversation is told.
    pub fn setting(&self) -> Setting {
        let (hosts, configs) = (self.state.hosts(), self.state.configs());
        troubles(&hosts, &configs).into_iter().for_each(|error| complain(&error.sentence(), Some(&error.hint())));
        let hosts = hosts.unwrap_or_default();
        let hosts = hosts.records.iter().filter_map(|record| record_from_state(record, &self.caller)).collect();
        let configs = configs.map(|kept| configs_from_state(&kept)).unwrap_or_default();
        let runs = match self.state.runs() {
            Ok(runs) => runs.iter().filter(|run| run.can_be_undone()).map(RunRecord::seen).collect(),
            Err(error) => {
                complain(&error.sentence(), Some(&error.hint()));
                Vec::new()
            }
        };
        Setting {
            home: self.home.clone(),
            hosts,
            configs,
            surroundings: surroundings(),
            environment: std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect(),
            runs: runs.into_iter().filter(|run: &RunSeen| !run.changes.is_empty()).collect(),
            machine: rustix::system::uname().nodename().to_str().ok().map(str::to_owned),
            person: ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(variable),
            ..Setting::bare(now(), self.here.clone(), self.library.clone(), self.state.free_name().to_string())
        }
    }

    /// What a check stands on: nothing of it is written.
    pub fn ground(&self, limits: Limits) -> Ground {
        let setting = self.setting();
        let runs = self.state.runs().unwrap_or_default();
        let files = runs.iter().flat_map(|run| run.seen().files).filter(|file| file.stands);
        let options = client::Options { limits, ..client::Options::at(now()) };
        let files: Vec<PathBuf> = files.map(|file| file.path).collect();
        // Of a file that was written long ago the run is pruned.
        let older = setting.configs.iter().map(|config| config.path.clone()).filter(|path| !files.contains(path));
        Ground {
            hosts: setting.hosts,
            wrote: files.iter().cloned().chain(older).collect(),
            configs: setting.configs.clone(),
            runs: setting.runs,
            environment: setting.environment,
            surroundings: setting.surroundings,
            git: self.git(),
            ..Ground::bare(setting.here, setting.library, self.caller, options)
        }
    }

    fn git(&self) -> Option<Git> {
        Git::find(&self.here, |name| std::env::var_os(name))
    }

    pub fn world(&self) -> World {
        let git = self.git();
        // Also where the conversation is held for another folder, programs of the folder one stands in are passed over.
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let ssh = std::env::current_dir().ok().and_then(|here| find_program("ssh", &here, &paths));
        let shells = ssh.map_or_else(Shells::none, |ssh| Shells::with(ssh, std::env::vars_os()));
        let options = client::Options { shells, ..client::Options::at(now()) };
        World::new(options, self.state.clone(), self.caller, git)
    }
}

/// Why what is remembered cannot be read; what is wrong with all of the folder once.
fn troubles<'t, H, C>(
    hosts: &'t Result<Kept<H>, DiskError>,
    configs: &'t Result<Kept<C>, DiskError>,
) -> Vec<&'t DiskError> {
    let of_hosts = hosts.as_ref().map_or_else(Some, |kept| kept.trouble.as_ref());
    let of_configs = configs.as_ref().map_or_else(|error| hosts.is_ok().then_some(error), |kept| kept.trouble.as_ref());
    of_hosts.into_iter().chain(of_configs).collect()
}

/// What of this machine explains a failure: proxies that are set, and the names that its hosts file gives.
pub fn surroundings() -> Surroundings {
    use std::io::Read;
    let proxies = PROXIES.iter().filter(|name| std::env::var_os(name).is_some()).map(|n| (*n).to_owned()).collect();
    let mut text = Vec::new();
    // A list of blocked names can be of any length; what a person wrote stands at its beginning.
    let read = std::fs::File::open(HOSTS_FILE).and_then(|file| file.take(HOSTS_MOST).read_to_end(&mut text));
    let hosts_file = read.map(|_| names_in_hosts(&String::from_utf8_lossy(&text))).unwrap_or_default();
    Surroundings { proxies, hosts_file }
}

const HOSTS_FILE: &str = "/etc/hosts";
const HOSTS_MOST: u64 = 64 * 1024;

/// The folder for a person's own targets.
pub fn targets_folder() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "labwizard").map(|dirs| dirs.config_dir().join("targets"))
}

/// The person's own targets, as file name and text. A file that cannot be read is said and passed over.
fn yours() -> Vec<(String, String)> {
    let Some(folder) = targets_folder() else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    files.retain(|path| path.extension().is_some_and(|ext| ext == "toml"));
    files.sort();
    let caller = Caller::of_process(variable);
    files
        .into_iter()
        .filter_map(|path| {
            let name = path.file_name()?.to_string_lossy().into_owned();
            match crate::disk::read_config(&path, &caller) {
                Ok(seen) => Some((name, seen.there?.text.as_str().to_owned())),
                Err(error) => {
                    complain(&error.sentence(), Some(&error.hint()));
                    None
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_cannot_be_read_is_said_and_what_is_wrong_with_all_of_it_once() {
        let damaged = |name: &str| DiskError::Damaged { path: name.into() };
        let (well, failed) = (|| Ok(Kept::<()>::default()), |name: &str| Err::<Kept<()>, _>(damaged(name)));
        let partly = |name: &str| Ok(Kept::<()> { records: Vec::new(), trouble: Some(damaged(name)) });
        for (hosts, configs, said) in [
            (well(), well(), &[][..]),
            (well(), failed("files"), &["files"]),
            (well(), partly("files"), &["files"]),
            (partly("hosts"), failed("files"), &["hosts", "files"]),
            (failed("hosts"), failed("files"), &["hosts"]),
        ] {
            let said: Vec<DiskError> = said.iter().map(|name| damaged(name)).collect();
            assert_eq!(troubles(&hosts, &configs).into_iter().cloned().collect::<Vec<_>>(), said);
        }
    }
}
