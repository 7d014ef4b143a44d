//! Whole conversations, held by a script of answers against a lab, and by feeding messages by hand.

mod answered;
mod apply;
pub mod canary;
mod certificates;
mod cuts;
mod errands;
mod guides;
mod hand;
mod hostile;
mod kept;
mod kills;
mod login;
pub mod make;
mod make_apply;
mod make_run;
pub mod repair;
mod repair_choices;
mod repair_signin;
mod repair_update;
mod rights_made;
mod safety;
mod unseen;
mod update;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use labwizard::client::Options;
use labwizard::disk::{Caller, Git, State};
use labwizard::domain::finding::{Finding, Step};
use labwizard::domain::{HostRecord, Id, RunSeen, Text};
use labwizard::front::Front;
use labwizard::lab::{Lab, LabConfig, LabRelease, LabToken, Scenario};
use labwizard::report;
use labwizard::runtime::{World, configs_from_state, converse, record_from_state};
use labwizard::target::Library;
use labwizard::wizard::draft::Draft;
use labwizard::wizard::message::Input;
use labwizard::wizard::page::{Block, LinkState, Page};
use labwizard::wizard::{Setting, Wizard};

/// The token of the lab that has what a tool needs.
pub const TOOL: &str = "apex@pve!glassdome-token";

/// Longer than any walk takes, so that a test ends with a word instead of never.
const WATCHDOG: Duration = Duration::from_secs(120);

/// What a script does when a page is shown: it may change the lab, and nothing else.
type Hook = Box<dyn FnMut(&Page)>;

/// A front end that answers by the question's name and keeps every page it was shown.
#[derive(Default)]
pub struct Script {
    answers: BTreeMap<String, String>,
    pages: Rc<RefCell<Vec<Page>>>,
    page: Option<Page>,
    given: BTreeSet<(Step, String, Id)>,
    submitted: BTreeSet<(Step, String)>,
    /// How often Enter was pressed.
    presses: Rc<RefCell<usize>>,
    /// The pages as they were when it was.
    entered: Rc<RefCell<Vec<Page>>>,
    hook: Option<Hook>,
    /// A page that is submitted and comes back.
    again: Option<(Step, String)>,
    /// Ctrl-C is pressed, once, while this action of the run is under way.
    leaves_at: Option<usize>,
}

impl Script {
    pub fn of(answers: &BTreeMap<String, String>) -> Script {
        Script { answers: answers.clone(), ..Script::default() }
    }

    fn turn(&mut self) -> Option<Input> {
        let page = self.page.as_ref()?;
        if page.busy.is_some() {
            let at = self.leaves_at.filter(|at| under_way(page) == Some(*at))?;
            self.leaves_at.take_if(|leaves| *leaves == at);
            return Some(Input::Quit);
        }
        if page.last {
            return Some(Input::Quit);
        }
        let place = (page.step, page.title.clone());
        if self.again.take_if(|again| *again == place).is_some() {
            self.entered.borrow_mut().push(page.clone());
            return Some(Input::Submit);
        }
        for block in &page.blocks {
            let (id, is_field) = match block {
                Block::Field(field) => (&field.id, true),
                Block::Choice(choice) => (&choice.id, false),
                Block::Pick(pick) => (&pick.id, false),
                _ => continue,
            };
            let Some(answer) = self.answers.get(id.as_str()).cloned() else { continue };
            if !self.given.insert((place.0, place.1.clone(), id.clone())) {
                continue;
            }
            // What is chosen where the same page comes back.
            if let Some(next) = self.answers.remove(&format!("{id}, then")) {
                let id = id.clone();
                self.answers.insert(id.to_string(), next);
                self.given.remove(&(place.0, place.1.clone(), id.clone()));
                self.again = Some(place);
                return Some(Input::Chose { question: id, choice: Id::new(answer) });
            }
            return Some(if is_field {
                Input::Typed { field: id.clone(), text: Text::new(answer.as_str()), pasted: false }
            } else {
                Input::Chose { question: id.clone(), choice: Id::new(answer) }
            });
        }
        // A page that came back with nothing new to answer is where the walk ends.
        let more = self.submitted.insert(place);
        self.entered.borrow_mut().extend(more.then(|| page.clone()));
        *self.presses.borrow_mut() += usize::from(more);
        Some(if more { Input::Submit } else { Input::Quit })
    }
}

/// The action of a run that is under way, by its number in the plan.
fn under_way(page: &Page) -> Option<usize> {
    let groups = page.blocks.iter().filter_map(|block| match block {
        Block::Plan(groups) => Some(groups),
        _ => None,
    });
    let mut lines = groups.flatten().flat_map(|group| &group.actions);
    lines.position(|line| line.state == LinkState::Running)
}

impl Front for Script {
    fn show(&mut self, page: Page) -> io::Result<()> {
        if let Some(hook) = &mut self.hook {
            hook(&page);
        }
        self.pages.borrow_mut().push(page.clone());
        self.page = Some(page);
        Ok(())
    }

    async fn next(&mut self) -> io::Result<Input> {
        match self.turn() {
            Some(input) => Ok(input),
            None => std::future::pending().await,
        }
    }

    fn lend(&mut self, work: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
        work()
    }

    fn end(&mut self, _: &[String]) -> io::Result<()> {
        Ok(())
    }
}

/// A project folder and a state folder, both fresh.
pub struct Stage {
    folder: tempfile::TempDir,
    pub options: Options,
    /// Without it nobody asks git.
    pub git: Option<Git>,
}

/// A conversation that is over.
pub struct Held {
    pub wizard: Wizard,
    pub pages: Vec<Page>,
    /// How many answers it took, a page each.
    pub presses: usize,
    /// The pages that were answered, as they were then.
    pub entered: Vec<Page>,
}

impl Held {
    /// Everything that was found, at its end.
    pub fn findings(&self) -> Vec<Finding> {
        report::findings(&self.wizard)
    }

    pub fn codes(&self) -> Vec<&'static str> {
        self.findings().iter().map(|finding| finding.code.0).collect()
    }

    /// Where it ended.
    pub fn last(&self) -> &Page {
        self.pages.last().expect("a page was shown")
    }

    pub fn is_done(&self) -> bool {
        self.last().step == Step::Done
    }

    /// The last page in words, for a test's own message.
    pub fn told(&self) -> String {
        labwizard::front::words::page(self.last(), false).join("\n")
    }
}

impl Stage {
    pub fn new() -> Stage {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("project")).unwrap();
        Stage { folder, options: crate::client::options(), git: None }
    }

    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    pub fn state_folder(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub fn env_file(&self) -> PathBuf {
        self.project().join(".env")
    }

    pub fn caller() -> Caller {
        Caller::of_process(|_| None)
    }

    pub fn state(&self) -> State {
        State::open(self.state_folder(), Stage::caller()).unwrap()
    }

    /// How hosts were trusted in earlier conversations.
    pub fn remembered(&self) -> Vec<HostRecord> {
        let known = self.state().hosts().unwrap();
        known.records.iter().filter_map(|one| record_from_state(one, &Stage::caller())).collect()
    }

    /// What a conversation here is told; the hosts that earlier ones remembered with it.
    pub fn setting(&self) -> Setting {
        let hosts = self.remembered();
        let configs = configs_from_state(&self.state().configs().unwrap());
        let mut runs: Vec<RunSeen> = self.state().runs().unwrap().iter().map(|run| run.seen()).collect();
        runs.sort_by_key(|run| std::cmp::Reverse(run.when));
        let run_name = self.state().free_name().to_string();
        Setting { hosts, configs, runs, run_name, ..setting(&self.project()) }
    }

    /// The run that was kept last.
    pub fn last_run(&self) -> RunSeen {
        self.setting().runs.into_iter().next().expect("a run is kept")
    }

    pub fn world(&self) -> World {
        World::new(self.options.clone(), self.state(), Stage::caller(), self.git.clone())
    }

    pub async fn hold(&self, answers: &BTreeMap<String, String>) -> Held {
        self.hold_with(answers, None).await
    }

    /// Holds a conversation to its end, or to the page that the answers do not get past.
    pub async fn hold_with(&self, answers: &BTreeMap<String, String>, hook: Option<Hook>) -> Held {
        self.hold_as(self.setting(), answers, hook).await
    }

    /// The same with another setting.
    pub async fn hold_as(&self, setting: Setting, answers: &BTreeMap<String, String>, hook: Option<Hook>) -> Held {
        self.hold_script(setting, Script { hook, ..Script::of(answers) }).await
    }

    /// Holds a conversation whose person presses Ctrl-C while action `at` of the run is under way.
    pub async fn hold_leaving(&self, answers: &BTreeMap<String, String>, hook: Option<Hook>, at: usize) -> Held {
        self.hold_script(self.setting(), Script { hook, leaves_at: Some(at), ..Script::of(answers) }).await
    }

    async fn hold_script(&self, setting: Setting, mut script: Script) -> Held {
        let (pages, presses, entered) = (script.pages.clone(), script.presses.clone(), script.entered.clone());
        let (mut wizard, first) = Wizard::new(setting, Draft::default());
        let held = tokio::time::timeout(WATCHDOG, converse(&mut script, &mut wizard, first, self.world())).await;
        let pages = pages.take();
        match held {
            Ok(ended) => {
                ended.unwrap();
                Held { wizard, pages, presses: presses.take(), entered: entered.take() }
            }
            Err(_) => panic!("the walk did not end; it stood at {:#?}", pages.last()),
        }
    }
}

/// A setting without anything of this machine.
pub fn setting(here: &Path) -> Setting {
    Setting::bare(crate::client::now(), here.to_owned(), Library::built_in(), "0a1b2c".into())
}

/// The answers of a whole walk with a token of the lab.
pub fn answers(lab: &Lab, token: &LabToken) -> BTreeMap<String, String> {
    given(&[
        ("target", "glassdome"),
        ("file", ".env"),
        ("host", &format!("127.0.0.1:{}", lab.port())),
        ("trust", "pin"),
        ("access", "paste"),
        ("token", &format!("{}={}", token.id, token.secret)),
        ("pick.node", "pve1"),
        ("review", "do"),
    ])
}

pub fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(id, answer)| ((*id).to_owned(), (*answer).to_owned())).collect()
}

/// The same answers with some of them others.
pub fn but(answers: &BTreeMap<String, String>, pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut all = answers.clone();
    all.extend(given(pairs));
    all
}

pub async fn lab(release: LabRelease, scenario: Scenario) -> Lab {
    Lab::start(LabConfig { release, scenario, ..LabConfig::quick() }).await.unwrap()
}

#[tokio::test]
async fn a_walk_from_a_bare_name_ends_with_a_file_that_works() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let token = lab.token(TOOL).unwrap();
    let held = stage.hold(&answers(&lab, &token)).await;
    assert!(held.is_done(), "{}", held.told());
    let text = std::fs::read_to_string(stage.env_file()).unwrap();
    for line in [
        format!("PROXMOX_HOST={}", format_args!("127.0.0.1:{}", lab.port())),
        "PROXMOX_USER=apex@pve".into(),
        "PROXMOX_TOKEN_NAME=glassdome-token".into(),
        format!("PROXMOX_TOKEN_VALUE={}", token.secret),
        "PROXMOX_NODE=pve1".into(),
    ] {
        let plain = text.replace(['"', '\''], "");
        assert!(plain.contains(&line), "{line} is not in the file, whose keys are {:?}", keys(&text));
    }
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(stage.env_file()).unwrap().permissions().mode() & 0o777, 0o600);
}

/// The keys of an .env, for messages that must hold no value.
fn keys(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.split_once('=').map(|(key, _)| key)).collect()
}

/// Whatever is written is written by "do it" alone.
#[tokio::test]
async fn nothing_is_written_before_the_plan_was_agreed_to() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let answers = but(&answers(&lab, &lab.token(TOOL).unwrap()), &[("review", "back")]);
    let held = stage.hold(&answers).await;
    assert!(!held.is_done(), "{}", held.told());
    assert!(!stage.env_file().exists());
    assert!(stage.state().hosts().unwrap().records.is_empty());
    assert!(stage.state().runs().unwrap().is_empty());
}
