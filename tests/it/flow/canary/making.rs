//! The same search over walks that log in, make a token, replace one, take a run back and revoke: every message, effect and page,
//! every file, and all that the host was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use labwizard::front::Front;
use labwizard::lab::{CutAt, Lab, LabConfig, LabRelease};
use labwizard::wizard::draft::Draft;
use labwizard::wizard::errand::Errand;
use labwizard::wizard::message::Msg;
use labwizard::wizard::{Setting, Wizard};
use tokio::sync::mpsc;

use super::super::make::{ADMIN, making};
use super::super::{Hook, Script, Stage, WATCHDOG, but, given, lab};
use super::{Foreign, Needles, files, sent, shown};

/// What the wizard makes here by itself.
const MADE: &str = "glassdome@pve!glassdome";

/// A conversation of which every word was written down.
struct Heard {
    title: String,
    /// Its last page in words, for a test's own message.
    last: String,
    said: String,
}

impl Heard {
    fn of(said: String) -> Heard {
        Heard { title: String::new(), last: String::new(), said }
    }
}

/// Holds a conversation and writes down every message, effect and page, and the whole wizard at each page with another title.
async fn listen(stage: &Stage, setting: Setting, answers: &BTreeMap<String, String>, hook: Option<Hook>) -> Heard {
    let mut script = Script { hook, ..Script::of(answers) };
    let pages = script.pages.clone();
    let (mut wizard, mut effects) = Wizard::new(setting, Draft::default());
    let mut world = stage.world();
    let (tell, mut told) = mpsc::unbounded_channel();
    world.answer_to(tell);
    world.call_run(&wizard.setting.run_name).await;
    let mut said = BTreeSet::new();
    let mut title = String::new();
    let conversation = async {
        'held: loop {
            for effect in effects.drain(..) {
                said.insert(format!("{effect:?}"));
                if world.run(effect).is_some() {
                    break 'held;
                }
            }
            while let Ok(msg) = told.try_recv() {
                said.insert(format!("{msg:?}"));
                effects.extend(wizard.update(msg));
            }
            if !effects.is_empty() {
                continue;
            }
            let page = wizard.page();
            if page.title != title {
                title.clone_from(&page.title);
                said.insert(format!("{wizard:?}"));
            }
            script.show(page).unwrap();
            let msg = tokio::select! {
                biased;
                Some(msg) = told.recv() => msg,
                input = script.next() => Msg::Person(input.unwrap()),
            };
            said.insert(format!("{msg:?}"));
            effects = wizard.update(msg);
        }
    };
    tokio::time::timeout(WATCHDOG, conversation).await.expect("the conversation ends");
    world.settle().await;
    let mut all = shown(&pages.take());
    said.iter().for_each(|words| writeln!(all, "{words}").unwrap());
    writeln!(all, "{}", labwizard::report::conversation(&wizard, true, None)).unwrap();
    writeln!(all, "{}", labwizard::wizard::answers::file(&wizard)).unwrap();
    writeln!(all, "{}", labwizard::wizard::walk::walk(&wizard)).unwrap();
    let last = labwizard::front::words::page(&wizard.page(), false).join("\n");
    Heard { title, last, said: all }
}

/// A project whose file has values of others and a token that works.
struct Scene {
    stage: Stage,
    lab: Rc<Lab>,
    foreign: Foreign,
    answers: BTreeMap<String, String>,
    /// What the file held before each run.
    before: Vec<String>,
}

const OLD: &str = "apex@pve!glassdome-token";

impl Scene {
    async fn new(release: LabRelease) -> Scene {
        let (mut stage, lab) = (Stage::new(), Rc::new(lab(release, LabConfig::quick().scenario).await));
        stage.options.limits.pause = Duration::ZERO;
        let foreign = Foreign::with(lab.token_secret(OLD).unwrap());
        std::fs::write(stage.env_file(), foreign.text()).unwrap();
        let answers = making(&lab);
        let before = vec![foreign.text()];
        Scene { stage, lab, foreign, answers, before }
    }

    fn answer(&mut self, change: &[(&str, &str)]) {
        self.answers = but(&self.answers, change);
    }

    /// A login that no earlier one of this test has used up.
    fn recovery(&self, nth: usize) -> Vec<(String, String)> {
        let keys = self.lab.user("keys@pve").unwrap();
        let pairs = [
            ("login_user", "keys@pve"),
            ("login_password", &keys.password),
            ("factor", "recovery"),
            ("code", &keys.recovery[nth]),
        ];
        pairs.map(|(id, answer)| (id.to_owned(), answer.to_owned())).to_vec()
    }

    /// Searches all that was heard, left and sent, and says what was found where it may not be.
    fn leaks(&self, heard: &Heard) -> Vec<String> {
        let mut secrets: Vec<(String, String)> =
            sent::learned(&self.lab).into_iter().map(|(name, secret)| (name.to_owned(), secret)).collect();
        // The old token signs in as well, to prove that it is dead.
        secrets.retain(|(_, secret)| *secret != self.foreign.old);
        secrets.push(("old".into(), self.foreign.old.clone()));
        secrets.extend(self.foreign.values.iter().cloned());
        secrets.extend(self.lab.token_secret(MADE).map(|secret| ("token".into(), secret)));
        for user in self.lab.users() {
            secrets.push(("password".into(), user.password));
            secrets.extend(user.totp.map(|seed| ("seed".into(), seed)));
            secrets.extend(user.recovery.into_iter().map(|key| ("recovery".into(), key)));
        }
        let code = self.answers["code"].clone();
        let code = (code.len() < super::WINDOW).then_some(("code", code.as_str()));
        let needles =
            Needles::of(secrets.iter().map(|(name, secret)| (name.as_str(), secret.as_str()))).and_codes(code);

        let found = needles.found_in(heard.said.as_bytes());
        let mut leaks: Vec<String> = found.iter().map(|name| format!("said: {name}")).collect();
        let mut left = Vec::new();
        files(self.stage.folder.path(), &mut left);
        for (path, bytes) in left {
            let foreign = |name: &&str| *name == "old" || name.starts_with("FOREIGN");
            let is_target = path == self.stage.env_file();
            let is_backup = path.starts_with(self.stage.state_folder().join("runs"))
                && self.before.iter().any(|text| bytes == text.as_bytes());
            let allowed = |name: &&str| {
                (is_target && *name == "token") || ((is_target || is_backup) && foreign(name))
                // What a broken file held was sent too.
                || (is_backup && *name == "token" && bytes != self.foreign.text().as_bytes())
            };
            let found = needles.found_in(&bytes);
            leaks.extend(found.iter().filter(|name| !allowed(name)).map(|name| format!("{}: {name}", path.display())));
        }
        leaks.extend(sent::leaks(&self.lab, &needles));
        leaks
    }

    async fn hold(&self) -> Heard {
        listen(&self.stage, self.stage.setting(), &self.answers, None).await
    }

    #[track_caller]
    fn is_tight(&self, heard: &Heard, title: &str) {
        assert_eq!(heard.title, title, "{}", heard.last);
        let leaks = self.leaks(heard);
        assert!(leaks.is_empty(), "{leaks:#?}");
    }

    /// The secret that the file has now.
    fn written(&self) -> String {
        let values: BTreeMap<String, String> =
            dotenvy::from_path_iter(self.stage.env_file()).unwrap().map(Result::unwrap).collect();
        values["PROXMOX_TOKEN_VALUE"].clone()
    }
}

const DONE: &str = "Glassdome is set up.";

#[tokio::test]
async fn a_token_is_made_and_no_secret_of_it_comes_out() {
    for release in LabRelease::all() {
        let scene = Scene::new(*release).await;
        let heard = scene.hold().await;
        scene.is_tight(&heard, DONE);
        assert!(scene.written() == scene.lab.token_secret(MADE).unwrap(), "{release}: it is another secret");
    }
}

/// Each kind of secret was in play: a search that knows none of them would find nothing either.
#[tokio::test]
async fn every_kind_of_secret_is_searched_for() {
    let mut scene = Scene::new(LabRelease::default()).await;
    scene.stage.options.limits.renew = Duration::ZERO;
    scene.is_tight(&scene.hold().await, DONE);
    let kinds: BTreeSet<&str> = sent::learned(&scene.lab).iter().map(|(name, _)| *name).collect();
    assert_eq!(kinds, BTreeSet::from(["challenge", "csrf", "ticket", "token"]));
    // And what is planted is found, wherever it is put.
    let tickets: Vec<String> =
        sent::learned(&scene.lab).into_iter().filter(|(name, _)| *name == "ticket").map(|(_, secret)| secret).collect();
    // Password, code, and the renewal, whose ticket of the same second is the same text.
    let logins = scene.lab.received().iter().filter(|request| request.path.ends_with("/access/ticket")).count();
    assert!(logins > 2, "the ticket was renewed");
    for (secret, name) in [
        (scene.answers["login_password"].clone(), "password"),
        (scene.answers["code"].clone(), "code"),
        (tickets[0].clone(), "ticket"),
        (scene.lab.token_secret(MADE).unwrap(), "token"),
        (scene.foreign.old.clone(), "old"),
        (scene.lab.user(ADMIN).unwrap().totp.unwrap(), "seed"),
    ] {
        let said = Heard::of(format!("it is {secret}."));
        assert_eq!(scene.leaks(&said), [format!("said: {name}")]);
        let path = scene.stage.state_folder().join("planted");
        std::fs::write(&path, &secret).unwrap();
        let silent = Heard::of(String::new());
        assert_eq!(scene.leaks(&silent), [format!("{}: {name}", path.display())]);
        std::fs::remove_file(path).unwrap();
    }
}

#[tokio::test]
async fn a_recovery_key_and_a_token_beside_the_old_one_come_out_nowhere() {
    for remove in ["no", "yes"] {
        let mut scene = Scene::new(LabRelease::default()).await;
        let login = scene.recovery(0);
        scene.answers.extend(login);
        let beside =
            [("user", "apex@pve"), ("token_name", "glassdome-token"), ("existing", "beside"), ("remove_old", remove)];
        scene.answer(&beside);
        scene.is_tight(&scene.hold().await, DONE);
        assert!(scene.written() == scene.lab.token_secret("apex@pve!glassdome-token-2").unwrap());
        assert_eq!(scene.lab.token_secret(OLD).is_some(), remove == "no");
    }
}

#[tokio::test]
async fn a_secret_that_is_replaced_in_place_comes_out_no_more_than_the_new_one() {
    for release in [LabRelease::V9_2_11, LabRelease::V8_4_21] {
        let mut scene = Scene::new(release).await;
        scene.answer(&[("user", "apex@pve"), ("token_name", "glassdome-token"), ("existing", "in-place")]);
        scene.is_tight(&scene.hold().await, DONE);
        assert!(scene.written() == scene.lab.token_secret(OLD).unwrap());
    }
}

#[tokio::test]
async fn what_fails_on_the_way_and_is_taken_back_brings_no_secret_out() {
    for (method, path) in [("POST", "/token/"), ("PUT", "/access/acl"), ("POST", "/access/ticket")] {
        for cut in CutAt::ALL {
            let scene = Scene::new(LabRelease::default()).await;
            scene.lab.cut_call(method, path, cut);
            let heard = scene.hold().await;
            let leaks = scene.leaks(&heard);
            assert!(leaks.is_empty(), "{method} {path} {cut:?}: {leaks:#?}");
        }
    }
}

#[tokio::test]
async fn a_proof_that_fails_brings_no_secret_out() {
    let scene = Scene::new(LabRelease::default()).await;
    let (host, mut done) = (scene.lab.clone(), false);
    // Whoever takes the rights away does it as soon as the token is there: the run goes on to its proof.
    let hook = Box::new(move |page: &labwizard::wizard::page::Page| {
        if !done && labwizard::front::words::page(page, false).iter().any(|line| line.contains("prove that")) {
            done = host.change(|cluster| {
                let before = cluster.acl.len();
                cluster.acl.retain(|row| !row.who.starts_with("glassdome@pve"));
                cluster.acl.len() < before
            });
        }
    });
    let heard = listen(&scene.stage, scene.stage.setting(), &scene.answers, Some(hook)).await;
    scene.is_tight(&heard, "It was not finished.");
    assert_eq!(std::fs::read_to_string(scene.stage.env_file()).unwrap(), scene.foreign.text());
}

#[tokio::test]
async fn what_was_typed_wrong_comes_out_no_more_than_what_was_right() {
    let wrong = "00000000-wrong-password";
    for answers in [&[("login_password", wrong)][..], &[("code", "000001")], &[("code", "lab-no-code-at-all")]] {
        let mut scene = Scene::new(LabRelease::default()).await;
        scene.answer(answers);
        let heard = scene.hold().await;
        let leaks = scene.leaks(&heard);
        assert!(leaks.is_empty(), "{answers:?}: {leaks:#?}");
        let typed = Needles::of([("wrong", wrong), ("wrong", "lab-no-code-at-all")]);
        assert_eq!(typed.found_in(heard.said.as_bytes()), Vec::<&str>::new(), "{answers:?}");
    }
}

#[tokio::test]
async fn taking_a_run_back_brings_no_secret_out() {
    let mut scene = Scene::new(LabRelease::default()).await;
    scene.is_tight(&scene.hold().await, DONE);
    let dead = scene.written();
    let run = scene.stage.state().runs().unwrap()[0].seen();
    let title = format!("What the run {} made is taken back.", run.name);
    let setting = Setting { errand: Errand::TakeBack(Box::new(run)), ..scene.stage.setting() };
    let login = scene.recovery(0);
    scene.answers.extend(login);
    scene.answer(&[("take-back", "do")]);
    let heard = listen(&scene.stage, setting, &scene.answers, None).await;
    scene.is_tight(&heard, &title);
    assert_eq!(scene.lab.token_secret(MADE), None);
    assert_eq!(Needles::of([("dead", dead.as_str())]).found_in(heard.said.as_bytes()), Vec::<&str>::new());
}

#[tokio::test]
async fn listing_and_revoking_tokens_brings_no_secret_out() {
    let mut scene = Scene::new(LabRelease::default()).await;
    scene.is_tight(&scene.hold().await, DONE);
    let setting = Setting { errand: Errand::Tokens, ..scene.stage.setting() };
    let login = scene.recovery(0);
    scene.answers.extend(login);
    scene.answers.extend(given(&[("revoke", MADE), ("revoke.sure", "yes")]));
    let heard = listen(&scene.stage, setting, &scene.answers, None).await;
    scene.is_tight(&heard, "It is revoked.");
    assert_eq!(scene.lab.token_secret(MADE), None);
}

#[tokio::test]
async fn a_repair_brings_out_neither_the_files_secret_nor_the_password_nor_the_new_secret() {
    let mut scene = Scene::new(LabRelease::default()).await;
    scene.is_tight(&scene.hold().await, DONE);
    let (right, wrong) = (scene.written(), uuid::Uuid::new_v4().to_string());
    let broken = std::fs::read_to_string(scene.stage.env_file()).unwrap().replace(&right, &wrong);
    std::fs::write(scene.stage.env_file(), &broken).unwrap();
    scene.before.push(broken);
    let login = scene.recovery(0);
    scene.answers = given(&[("mend", "new-secret"), ("review", "do")]);
    scene.answers.insert("code".into(), String::new());
    scene.answers.extend(login);
    let setting = Setting { mend: Some(scene.stage.env_file()), ..scene.stage.setting() };
    let heard = listen(&scene.stage, setting, &scene.answers, None).await;
    scene.is_tight(&heard, "Glassdome is mended.");
    assert!(scene.written() == scene.lab.token_secret(MADE).unwrap() && scene.written() != right);
    let dead = Needles::of([("right", right.as_str()), ("wrong", wrong.as_str())]);
    assert_eq!(dead.found_in(heard.said.as_bytes()), Vec::<&str>::new());
    let mut left = Vec::new();
    files(&scene.stage.state_folder(), &mut left);
    left.retain(|(_, bytes)| !scene.before.iter().any(|text| bytes == text.as_bytes()));
    for (path, bytes) in left {
        assert_eq!(dead.found_in(&bytes), Vec::<&str>::new(), "{}", path.display());
    }
}
