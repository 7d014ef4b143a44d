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
use super::plan::{Plan, answers};
use super::scene::{Scene, with_line};
use super::table::{Row, known};
use super::told::leaks;
use crate::flow::{Held, Stage, setting};

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
    let asked = scene.asked();
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
    if plan.ends.is_some() {
        return wrong;
    }
    if answers.get("mend").is_some_and(|mend| mend == "leave") {
        wrong.extend(Box::pin(anew(row, &stage, scene)).await);
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

/// What is mended where labwizard itself was started takes another start: nothing is wrong then.
async fn anew(row: &Row, stage: &Stage, mut scene: Scene) -> Vec<String> {
    let none = Finding::new(row.code(), row.severity(), Step::Target, "", "");
    for fix in &row.fix {
        scene.repair(fix, &none, None).unwrap();
    }
    scene.write();
    let held = Box::pin(stage.hold_as(scene.asked(), &BTreeMap::new(), None)).await;
    let is_well = held.last().title.starts_with("Nothing is wrong");
    if is_well { Vec::new() } else { vec![format!("mended and started anew:\n{}", words(held.last()))] }
}

impl Scene {
    /// What a conversation about the file is told.
    fn asked(&self) -> Setting {
        Setting {
            hosts: self.records.clone(),
            environment: self.environment.clone(),
            mend: Some(self.path()),
            run_name: "0a1b2c".to_owned(),
            ..setting(&self.folder())
        }
    }

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

/// What may be done about it.
fn options(page: &Page) -> Vec<&str> {
    let choices = page.blocks.iter().filter_map(|block| match block {
        Block::Choice(choice) if choice.id.as_str() == "mend" => Some(choice),
        _ => None,
    });
    choices.flat_map(|choice| &choice.options).map(|option| option.id.as_str()).collect()
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
        let offers_nothing = options(opened) == ["again", "leave"];
        if self.plan.nothing != offers_nothing && self.plan.answers.iter().any(|(id, _)| id == "mend") {
            wrong.push(format!("it offers {:?}", options(opened)));
        }
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
