//! Each failure repaired by the wizard itself: `labwizard FILE` on a scene, with the answers of its row.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

use labwizard::disk::Git;
use labwizard::domain::finding::{Finding, Fix as Shown, Severity, Step};
use labwizard::domain::visible::whole;
use labwizard::lab::LabRelease;
use labwizard::plan::action::Action;
use labwizard::wizard::Setting;
use labwizard::wizard::page::{Block, LinkState, Page, PlanLine};

use super::cluster::Host;
use super::diff::changed_lines;
use super::fix::Fix;
use super::listed;
use super::scene::{Scene, token_of, with_line};
use super::table::{Row, known};
use super::told::leaks;
use crate::flow::make::ADMIN;
use crate::flow::{Held, Stage, setting};

/// How a row is walked, from its `walk`.
///
/// An entry is a question with its answer, `mend=grant`, or a question alone, which gets the answer that is right in this scene.
/// What is not among them is not asked, and what is among them is. Besides: `login` are the questions of who signs in; `first=CODE`
/// is what the page opens at, where that is not the row's own; `lines=N` how many lines are others, where that is not the row's
/// own; `with=KEY=VALUE` is another line of the file, where the row's own leads away from this machine; `left=CODE` is what this
/// mend leaves; `ends=WORDS` is the last page's title, where nothing can be mended from here.
struct Plan {
    answers: Vec<(String, Option<String>)>,
    first: String,
    lines: usize,
    with: Option<String>,
    left: BTreeSet<String>,
    ends: Option<String>,
    /// Somebody mends it elsewhere, and it is looked at again.
    again: bool,
}

impl Plan {
    fn of(row: &Row) -> Plan {
        let mut plan = Plan {
            answers: Vec::new(),
            first: row.code.clone(),
            lines: row.lines,
            with: None,
            left: row.left.iter().cloned().collect(),
            ends: None,
            again: false,
        };
        for entry in row.walk.clone().unwrap_or_else(|| usual(row)) {
            let (word, value) = match entry.split_once('=') {
                Some((word, value)) => (word.to_owned(), Some(value.to_owned())),
                None => (entry, None),
            };
            match (word.as_str(), value) {
                ("first", Some(code)) => plan.first = code,
                ("lines", Some(lines)) => plan.lines = lines.parse().unwrap(),
                ("with", with) => plan.with = with,
                ("left", Some(code)) => plan.left.extend([code]),
                ("ends", ends) => plan.ends = ends,
                ("login", who) => {
                    // The administrator has a second factor, and root has none.
                    let code = who.is_none().then_some("code");
                    plan.answers.extend([("login_user".to_owned(), who)]);
                    plan.answers.extend(["login_password"].into_iter().chain(code).map(|id| (id.to_owned(), None)));
                }
                (_, value) => plan.answers.push((word, value)),
            }
        }
        plan.again = plan.answers.iter().any(|(_, answer)| answer.as_deref() == Some("again"));
        plan
    }

    fn ids(&self) -> BTreeSet<&str> {
        self.answers.iter().map(|(id, _)| id.trim_end_matches(", then")).collect()
    }
}

/// Where the row says nothing: its mend with what that asks for, else what somebody mends elsewhere.
fn usual(row: &Row) -> Vec<String> {
    let words = match row.mend.as_deref().map(|mend| mend.split_once(' ').unwrap_or((mend, ""))) {
        Some(("ask", id)) => vec![format!("mend=ask.{id}"), id.to_owned()],
        Some((word @ ("rewrite" | "remove"), key)) => vec![format!("mend={word}.{key}")],
        Some((word @ ("grant" | "new-secret"), _)) => vec![format!("mend={word}"), "login".to_owned()],
        Some((word @ ("close" | "ignore"), _)) => vec![format!("mend={word}")],
        None if matches!(row.fix.as_slice(), [Fix::Direct]) => vec!["mend=ask.host".to_owned(), "host".to_owned()],
        _ if row.fix.is_empty() => vec!["mend=leave".to_owned()],
        _ => vec!["mend=again".to_owned()],
    };
    words
}

/// What a person would answer who knows how it should be.
fn right(row: &Row, scene: &Scene, id: &str) -> String {
    let token = token_of(row, &scene.lab);
    let (user, name) = token.id.rsplit_once('!').unwrap();
    let admin = scene.lab.user(ADMIN).unwrap();
    match id {
        "host" => format!("127.0.0.1:{}", scene.lab.port()),
        "token" => pasted(scene, &token.id),
        "user" => user.to_owned(),
        "token_name" => name.to_owned(),
        "pick.node" => "pve1".to_owned(),
        "password" => "beside the user".to_owned(),
        "trust" => "pin".to_owned(),
        "login_user" => ADMIN.to_owned(),
        "login_password" => admin.password,
        "code" => admin.code_now().unwrap_or_default(),
        other => panic!("what is right for “{other}” is said by the row alone"),
    }
}

/// A token of the lab as it is pasted.
fn pasted(scene: &Scene, id: &str) -> String {
    format!("{id}={}", scene.lab.token_secret(id).unwrap_or_else(|| panic!("the lab has no {id}")))
}

fn answers(row: &Row, plan: &Plan, scene: &Scene) -> BTreeMap<String, String> {
    let answer = |(id, answer): &(String, Option<String>)| {
        let answer = match (id.trim_end_matches(", then"), answer) {
            ("token", Some(of)) => pasted(scene, of),
            (_, Some(answer)) => answer.replace("{port}", &scene.lab.port().to_string()),
            (id, None) => right(row, scene, id),
        };
        (id.clone(), answer)
    };
    let mut all: BTreeMap<String, String> = plan.answers.iter().map(answer).collect();
    if let Some(who) = all.get("user").and_then(|who| scene.lab.user(who)).filter(|_| all.contains_key("password")) {
        all.insert("password".to_owned(), who.password.clone());
    }
    if let Some(who) = all.get("login_user").and_then(|who| scene.lab.user(who)) {
        all.insert("login_password".to_owned(), who.password.clone());
        all.insert("code".to_owned(), who.code_now().unwrap_or_default());
    }
    // What is deleted is named with its line, which the row need not know.
    if let Some(key) = all.get("mend").and_then(|mend| mend.strip_prefix("remove.").map(str::to_owned)) {
        let line = scene.text.lines().position(|line| super::scene::key(line) == key);
        all.insert("mend".to_owned(), format!("remove.{key}.{}", line.unwrap_or_default() + 1));
    }
    all.insert("review".to_owned(), "do".to_owned());
    // Whoever meets a host for the first time is asked for it.
    if scene.records.is_empty() {
        all.entry("trust".to_owned()).or_insert_with(|| right(row, scene, "trust"));
    }
    all
}

/// What differs from what is to be, in words.
pub async fn walked(row: &Row, release: LabRelease) -> Vec<String> {
    let plan = Plan::of(row);
    let mut scene = Box::pin(Scene::of(row, release)).await;
    if let Some(line) = &plan.with {
        scene.text = with_line(&scene.text, line);
    }
    scene.write();
    let (answers, is_new) = (answers(row, &plan, &scene), scene.records.is_empty());
    let mut secrets = scene.secrets();
    let broken = scene.text.clone();
    let (files, before) = (names(&scene.folder()), Host::of(&scene.lab));
    let stage = stage(&scene);
    let asked = Setting {
        hosts: scene.records.clone(),
        environment: scene.environment.clone(),
        mend: Some(scene.path()),
        run_name: "0a1b2c".to_owned(),
        ..setting(&scene.folder())
    };
    let scene = Rc::new(RefCell::new(scene));
    let hook = plan.again.then(|| mends_elsewhere(row, &plan, Rc::clone(&scene)));
    let held = Box::pin(stage.hold_as(asked, &answers, hook)).await;
    // The hook went with the conversation.
    let mut scene = Rc::into_inner(scene).expect("the conversation is over").into_inner();

    secrets.extend(Host::of(&scene.lab).secrets.into_values());
    let mut wrong = Walk { row, plan: &plan, held: &held, is_new }.wrong();
    let mut pages = held.pages.clone();
    pages.dedup();
    for page in &pages {
        let shown = format!("{}\n{page:?}", words(page));
        let leaks = leaks(&shown, &secrets);
        wrong.extend(leaks.iter().map(|_| format!("“{}” shows a secret, or its beginning", page.title)));
    }
    if std::env::var("SHOW").is_ok_and(|name| row.name.starts_with(&name)) {
        eprintln!("==== {} ({}) {}", row.name, row.no, row.code);
        held.entered.iter().chain([held.last()]).for_each(|page| eprintln!("{}\n----", words(page)));
    }
    if plan.ends.is_some() || answers.get("mend").is_some_and(|mend| mend == "leave") {
        return wrong;
    }
    scene.look(&stage);
    let planned = held.wizard.run.iter().flat_map(|run| &run.steps).map(|step| &step.planned.action);
    let changes: Vec<_> = planned.clone().filter_map(Action::change).collect();
    if !plan.again {
        wrong.extend(before.not_as_planned(&Host::of(&scene.lab), &changes));
        let new = planned.filter_map(|action| match action {
            Action::WriteCa { path, .. } => path.file_name().map(|name| name.to_string_lossy().into_owned()),
            Action::Ignore(_) => Some(".gitignore".to_owned()),
            _ => None,
        });
        let beyond = &(&names(&scene.folder()) - &files) - &new.collect();
        wrong.extend((!beyond.is_empty()).then(|| format!("it wrote {beyond:?} besides")));
    }
    let lines = changed_lines(&broken, &scene.text);
    wrong.extend(
        (lines != plan.lines).then(|| format!("{lines} lines of the file are others in place of {}", plan.lines)),
    );
    let left = Box::pin(scene.check()).await;
    let is_left = |one: &Finding| {
        !plan.left.contains(one.code.0)
            && (one.severity == Severity::Error || (one.severity == Severity::Warning && one.code == row.code()))
    };
    let left: Vec<Finding> = left.into_iter().filter(is_left).collect();
    wrong.extend((!left.is_empty()).then(|| format!("a check after it still says\n    {}", listed(&left))));
    wrong
}

impl Scene {
    /// Takes over what the conversation left: the file, and how the host was agreed to.
    fn look(&mut self, stage: &Stage) {
        use std::os::unix::fs::PermissionsExt;
        self.text = std::fs::read_to_string(self.path()).unwrap();
        self.mode = std::fs::metadata(self.path()).unwrap().permissions().mode() & 0o777;
        let agreed = stage.remembered();
        self.records.retain(|one| agreed.iter().all(|other| other.endpoint != one.endpoint));
        self.records.extend(agreed);
    }
}

fn stage(scene: &Scene) -> Stage {
    let mut stage = Stage::new();
    stage.options = scene.options.clone();
    stage.git = scene.has_git.then(|| Git::find(&scene.folder(), |name| std::env::var_os(name)).unwrap());
    stage
}

/// On the page that tells what is wrong, the row's repair is done elsewhere.
fn mends_elsewhere(row: &Row, plan: &Plan, scene: Rc<RefCell<Scene>>) -> Box<dyn FnMut(&Page)> {
    let fixes = row.fix.clone();
    let looks = plan.answers.iter().any(|(_, answer)| answer.as_deref() == Some("look-up"));
    let code = row.decides.as_ref().filter(|_| looks).map_or(row.code(), |code| known(code));
    let mut done = false;
    Box::new(move |page: &Page| {
        let finding = findings(page).find(|finding| finding.code == code).filter(|_| !done && page.busy.is_none());
        let Some(finding) = finding else { return };
        done = true;
        // The page shows what to do below the answers.
        let commands = page.blocks.iter().filter_map(|block| match block {
            Block::Command(command) => Some(Shown::Run { on: command.about.clone(), command: command.text.clone() }),
            _ => None,
        });
        let finding = Finding { fix: commands.collect(), ..finding.clone() };
        let mut scene = scene.borrow_mut();
        // What another look would tell, the page tells; what another check finds is mended by answers.
        let until_check = fixes.iter().take_while(|fix| !matches!(fix, Fix::Then(_)));
        for fix in until_check.filter(|fix| !matches!(fix, Fix::Look)) {
            scene.repair(fix, &finding, None).unwrap();
        }
        scene.write();
    })
}

fn words(page: &Page) -> String {
    labwizard::front::words::page(page, false).join("\n")
}

fn findings(page: &Page) -> impl Iterator<Item = &Finding> {
    page.blocks.iter().flat_map(|block| match block {
        Block::Findings(findings) => findings.as_slice(),
        _ => &[],
    })
}

fn names(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// A conversation that is over, held against its row.
struct Walk<'w> {
    row: &'w Row,
    plan: &'w Plan,
    held: &'w Held,
    /// Nobody agreed to the host before.
    is_new: bool,
}

impl Walk<'_> {
    fn wrong(&self) -> Vec<String> {
        let tells = |page: &&Page| page.step == Step::Target && findings(page).next().is_some();
        let Some(opened) = self.held.pages.iter().find(tells) else {
            return vec![format!("it tells nothing:\n{}", words(self.held.last()))];
        };
        let mut wrong = Vec::new();
        let first = findings(opened).next().map(|finding| finding.code.0).unwrap_or_default();
        if first != self.plan.first {
            wrong.push(format!("it opens at {first} in place of {}:\n{}", self.plan.first, words(opened)));
        }
        // A look for the cause has the page come back with it.
        let chosen = self.held.entered.iter().rfind(tells).unwrap_or(opened);
        let decided = self.row.decides.as_ref().map(|code| known(code));
        let finding = findings(chosen).find(|finding| finding.code == self.row.code() || Some(finding.code) == decided);
        wrong.extend(self.wrongly_asked());
        let last = self.held.last();
        match &self.plan.ends {
            Some(title) if last.title.contains(title) => {}
            Some(title) => wrong.push(format!("it ends with\n{}\n  in place of “{title}”", words(last))),
            None if self.plan.answers.iter().any(|(_, answer)| answer.as_deref() == Some("leave")) => {}
            None if self.plan.again => {
                let well = last.last && last.title.contains("is wrong with");
                let well =
                    well || findings(last).all(|one| one.severity < Severity::Error && one.code != self.row.code());
                wrong.extend((!well).then(|| format!("after it was mended elsewhere:\n{}", words(last))));
            }
            None if self.held.is_done() => match finding {
                Some(finding) => wrong.extend(self.not_gone(finding)),
                None => wrong.push(format!("{} is not told:\n{}", self.row.code, words(chosen))),
            },
            None => wrong.push(format!("it does not get to its end:\n{}", words(last))),
        }
        wrong
    }

    /// Each page that was answered asked for something of the row, and all of the row was asked for.
    fn wrongly_asked(&self) -> Vec<String> {
        let ids = self.plan.ids();
        let mut wrong = Vec::new();
        let mut met: BTreeSet<String> = BTreeSet::new();
        for page in self.held.entered.iter().filter(|page| page.step != Step::Review) {
            let asked: Vec<&str> = page.questions().map(|id| id.as_str()).collect();
            met.extend(asked.iter().map(|id| (*id).to_owned()));
            let meets = self.is_new && asked.contains(&"trust") && words(page).contains("for the first time");
            if !asked.is_empty() && !meets && !asked.iter().any(|id| ids.contains(id)) {
                wrong.push(format!("it asks for {asked:?} too:\n{}", words(page)));
            }
        }
        wrong.extend(ids.iter().filter(|id| !met.contains(**id)).map(|id| format!("nobody asks for {id}")));
        wrong
    }

    /// What the last page tells of before and after.
    fn not_gone(&self, finding: &Finding) -> Vec<String> {
        let last = self.held.last();
        let lines: Vec<&PlanLine> = last
            .blocks
            .iter()
            .filter_map(|block| match block {
                Block::Plan(groups) => groups.iter().find(|group| group.heading.starts_with("Before")),
                _ => None,
            })
            .flat_map(|group| &group.actions)
            .collect();
        let gone = |line: &&&PlanLine| line.outcome.as_deref() == Some("gone");
        let told = lines.iter().filter(gone).any(|line| line.sentence == whole(&finding.title));
        let broken = lines.iter().any(|line| line.state == LinkState::Broken);
        if (told || self.plan.left.contains(finding.code.0)) && !broken {
            return Vec::new();
        }
        vec![format!("its end does not tell that it is gone:\n{}", words(last))]
    }
}
