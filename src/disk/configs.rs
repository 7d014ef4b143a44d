//! `files.toml`: what was answered for a file and stands in no line of it, by file, tool and host. It holds no secret.
//!
//! It stands by itself and not among the runs: these are pruned, and what a tool is to do holds for longer. Each entry names
//! its run, so that what a run had answered goes when the run is taken back, and what was answered before it counts again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::DiskError;
use super::kept::{Kept, Sheet};
use super::ops::Ops;
use super::record::RunRecord;
use super::state::State;

/// What was answered for one host of one file, in one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigRecord {
    /// The file, with every link followed.
    pub path: PathBuf,
    /// The target's name.
    pub target: String,
    /// Which of the file's hosts, from 1.
    pub instance: u8,
    /// `host:port`, as the endpoint prints itself.
    pub endpoint: String,
    /// When it was answered, in seconds since 1970.
    pub when: u64,
    /// The run that wrote it.
    pub run: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, bool>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub picks: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u64,
    #[serde(default)]
    file: Vec<ConfigRecord>,
}

impl Sheet for File {
    type Record = ConfigRecord;
    const NAME: &'static str = "files.toml";
    const VERSION: u64 = 1;

    fn new(records: Vec<ConfigRecord>) -> Self {
        File { version: Self::VERSION, file: records }
    }

    fn records(self) -> Vec<ConfigRecord> {
        self.file
    }
}

impl ConfigRecord {
    /// Whether it is about the same host of the same file of the same tool: two tools that read one file have answers each.
    fn is_about(&self, other: &ConfigRecord) -> bool {
        (&self.path, &self.target, self.instance) == (&other.path, &other.target, other.instance)
    }
}

impl Kept<ConfigRecord> {
    /// What counts of each host of each file of each tool: what was answered last.
    pub fn latest(&self) -> impl Iterator<Item = &ConfigRecord> {
        let later = |at: usize, one: &ConfigRecord| self.records[at + 1..].iter().any(|other| other.is_about(one));
        self.records.iter().enumerate().filter(move |(at, one)| !later(*at, one)).map(|(_, one)| one)
    }
}

impl<O: Ops + Clone> State<O> {
    /// What is remembered, the earliest first. A file that cannot be read is reported in [`Kept::trouble`], and left alone.
    pub fn configs(&self) -> Result<Kept<ConfigRecord>, DiskError> {
        self.sheet::<File>()
    }

    /// Remembers what was answered. What earlier runs answered for the same stays as long as this one can be taken back: of
    /// those that no undo can reach any more the last. Returns where an unreadable file was set aside.
    pub fn remember_config(&self, record: ConfigRecord) -> Result<Option<PathBuf>, DiskError> {
        let runs: Vec<String> = self.runs()?.into_iter().map(|run| run.id.to_string()).collect();
        self.change_sheet::<File>(|records| {
            let same = |one: &ConfigRecord| one.is_about(&record);
            records.retain(|one| !(same(one) && one.run == record.run));
            let out_of_reach = |one: &ConfigRecord| same(one) && !runs.contains(&one.run);
            let base = records.iter().rposition(out_of_reach);
            let mut at = 0;
            records.retain(|one| {
                at += 1;
                !out_of_reach(one) || Some(at - 1) == base
            });
            records.push(record);
        })
    }

    /// Forgets what a run had answered for files that it no longer stands in: `back`, which was just seen to be back, those of
    /// which the run's journal says it, and, where the run wrote nothing into them, those of a run that is back in all. It
    /// changes nothing where that is nothing.
    pub fn forget_configs(&self, run: &RunRecord, back: Option<&Path>) -> Result<(), DiskError> {
        let is_back = |path: &Path| back == Some(path) || run.is_out_of(path);
        let of_it = |one: &ConfigRecord| one.run == run.id.as_str() && is_back(&one.path);
        if self.configs()?.records.iter().any(of_it) {
            self.change_sheet::<File>(|records| records.retain(|one| !of_it(one)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::caller::Caller;
    use super::super::journal::RunId;
    use super::super::read::read_config;
    use super::super::runs::RUNS_KEPT;
    use super::super::write::FileWrite;
    use super::*;
    use std::os::unix::fs::MetadataExt;

    fn state() -> (tempfile::TempDir, State) {
        let temp = tempfile::tempdir().unwrap();
        let state = State::open(temp.path().join("state"), Caller::of_process(|_| None)).unwrap();
        (temp, state)
    }

    fn answered(path: &str, run: &str, resize: bool) -> ConfigRecord {
        ConfigRecord {
            path: path.into(),
            target: "glassdome".into(),
            instance: 1,
            endpoint: "[fd00::1]:8006".into(),
            when: 1_700_000_000,
            run: run.into(),
            groups: [("resize".to_owned(), resize)].into(),
            picks: [("storage".to_owned(), "local-lvm".to_owned())].into(),
        }
    }

    /// A run that answered, as it goes through the state folder.
    fn run(state: &State, path: &str, resize: bool, at: u64) -> RunId {
        let run = state.begin_run(at).unwrap();
        state.remember_config(answered(path, run.id().as_str(), resize)).unwrap();
        run.finish(at).unwrap()
    }

    fn forget(state: &State, run: &RunId) {
        state.forget_configs(&state.run(run).unwrap(), None).unwrap();
    }

    fn latest(state: &State) -> Vec<(String, bool)> {
        let kept = state.configs().unwrap();
        kept.latest().map(|one| (one.path.display().to_string(), one.groups["resize"])).collect()
    }

    #[test]
    fn what_was_answered_is_read_back_and_the_latest_counts() {
        let (_temp, state) = state();
        assert_eq!(state.configs().unwrap(), Kept::default());
        assert!(!state.folder().exists(), "looking makes nothing");
        for record in [answered("/p/.env", "0a1b", false), answered("/q \"x\"/.env", "0a1b", true)] {
            state.remember_config(record).unwrap();
        }
        assert_eq!(state.configs().unwrap().records[1], answered("/q \"x\"/.env", "0a1b", true));
        state.remember_config(answered("/p/.env", "0a1c", true)).unwrap();
        assert_eq!(latest(&state), [("/q \"x\"/.env".into(), true), ("/p/.env".into(), true)]);
        assert_eq!(std::fs::metadata(state.folder().join(File::NAME)).unwrap().mode() & 0o777, 0o600);
        let second = ConfigRecord { instance: 2, ..answered("/p/.env", "0a1d", false) };
        state.remember_config(second).unwrap();
        assert_eq!(latest(&state).len(), 3, "another host of the file has answers of its own");
    }

    #[test]
    fn each_tool_of_one_file_has_answers_of_its_own() {
        let (_temp, state) = state();
        let of = |target: &str, run: &str, resize| ConfigRecord {
            target: target.into(),
            ..answered("/p/.env", run, resize)
        };
        state.remember_config(of("glassdome", "0a1b", true)).unwrap();
        for run in ["0a1c", "0a1d", "0a1e"] {
            state.remember_config(of("proxmox-env", run, false)).unwrap();
        }
        let kept = state.configs().unwrap();
        let latest: Vec<&str> = kept.latest().map(|one| one.target.as_str()).collect();
        assert_eq!(latest, ["glassdome", "proxmox-env"]);
        let runs: Vec<&str> = kept.records.iter().map(|one| one.run.as_str()).collect();
        assert_eq!(runs, ["0a1b", "0a1d", "0a1e"], "of those that no undo reaches, the last of each tool stays");
    }

    #[test]
    fn what_a_run_answered_goes_with_it_and_what_was_answered_before_counts_again() {
        let (_temp, state) = state();
        let first = run(&state, "/p/.env", false, 1);
        let second = run(&state, "/p/.env", true, 2);
        assert_eq!(latest(&state), [("/p/.env".into(), true)]);
        forget(&state, &second);
        assert_eq!(latest(&state), [("/p/.env".into(), false)]);
        forget(&state, &first);
        assert_eq!(latest(&state), []);
    }

    #[test]
    fn what_was_answered_outlives_the_record_of_its_run_and_is_not_heaped_up() {
        let (_temp, state) = state();
        let first = run(&state, "/p/.env", true, 1);
        for at in 2..30 {
            state.begin_run(at).unwrap().finish(at).unwrap();
        }
        assert!(state.run(&first).is_err(), "its record is pruned");
        assert_eq!(latest(&state), [("/p/.env".into(), true)]);
        let runs: Vec<RunId> = (30..60).map(|at| run(&state, "/p/.env", at % 2 == 0, at)).collect();
        assert_eq!(state.configs().unwrap().records.len(), RUNS_KEPT + 1);
        runs.iter().rev().take(RUNS_KEPT).for_each(|run| forget(&state, run));
        assert_eq!(latest(&state), [("/p/.env".into(), false)], "the last one that no undo reaches");
    }

    #[test]
    fn forgetting_what_is_not_there_writes_nothing() {
        let (_temp, state) = state();
        let run = state.begin_run(1).unwrap().finish(1).unwrap();
        forget(&state, &run);
        assert!(!state.folder().join(File::NAME).exists());
    }

    #[test]
    fn what_was_answered_for_a_file_stays_until_what_the_run_wrote_there_is_back() {
        let (temp, state) = state();
        let root = temp.path().canonicalize().unwrap();
        let mut run = state.begin_run(1).unwrap();
        let paths = [".gitignore", ".env"].map(|name| root.join(name));
        for path in &paths {
            let seen = read_config(path, &Caller::of_process(|_| None)).unwrap();
            run.write(FileWrite::over(&seen, "NEW=1\n".into())).unwrap();
        }
        for path in [&paths[1], &root.join("other.env")] {
            state.remember_config(answered(path.to_str().unwrap(), run.id().as_str(), true)).unwrap();
        }
        let id = run.finish(1).unwrap();
        let left = |n: usize| {
            state.take_back(&id, n, &[]).unwrap();
            forget(&state, &id);
            latest(&state).len()
        };
        assert_eq!(left(1), 2, "only what stands beside it is back");
        assert_eq!(left(2), 0, "the file is back, and with it all that the run did");
    }

    #[test]
    fn a_damaged_or_later_file_is_reported_then_set_aside_and_never_deleted() {
        let (_temp, state) = state();
        state.remember_config(answered("/p/.env", "0a1b", true)).unwrap();
        let file = state.folder().join(File::NAME);
        for (n, text) in ["version = 2\n", "version = 1\n[[file]]\npath = 4\n", "\u{0}"].into_iter().enumerate() {
            std::fs::write(&file, text).unwrap();
            assert!(state.configs().unwrap().trouble.is_some(), "{text}");
            let aside = state.remember_config(answered("/p/.env", "0a1c", false)).unwrap().unwrap();
            assert_eq!(aside, state.folder().join(format!("files.toml.damaged-{}", n + 1)));
            assert_eq!(std::fs::read_to_string(&aside).unwrap(), text);
            assert_eq!(latest(&state), [("/p/.env".into(), false)]);
        }
    }

    #[test]
    fn cut_at_any_byte_it_is_reported_or_read_as_far_as_it_goes() {
        let (_temp, state) = state();
        state.remember_config(answered("/p/.env", "0a1b", true)).unwrap();
        let file = state.folder().join(File::NAME);
        let whole = std::fs::read(&file).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&file, &whole[..cut]).unwrap();
            let kept = state.configs().unwrap();
            assert!(kept.trouble.is_some() || kept.records.len() <= 1, "cut at {cut}");
            assert!(kept.records.iter().all(|one| one.path == Path::new("/p/.env")), "cut at {cut}");
        }
    }
}
