//! The pages of logging in and making a token, as real conversations with a lab brought them, with their styles.

use labwizard::domain::time::date;
use labwizard::lab::{CutAt, Lab, LabRelease, Scenario};
use labwizard::wizard::Setting;
use labwizard::wizard::errand::Errand;
use labwizard::wizard::page::Page;

use super::{Held as Drawn, SIZES, UNICODE, picture};
use crate::flow::make::{ADMIN, making};
use crate::flow::{Held, Stage, but, given, lab};

const RUN: &str = "0a1b2c";
const DAY: i64 = 86_400;

/// The project lies in the home folder, so that paths are short and alike everywhere.
pub fn setting(stage: &Stage) -> Setting {
    let home = stage.project().parent().map(std::path::Path::to_owned);
    Setting { home, run_name: RUN.into(), ..stage.setting() }
}

async fn held(stage: &Stage, lab: &Lab, other: &[(&str, &str)]) -> Held {
    stage.hold_as(setting(stage), &but(&making(lab), other), None).await
}

/// The last page with such a title on which nothing was under way.
fn page<'h>(held: &'h Held, title: &str) -> &'h Page {
    let page = held.pages.iter().rev().find(|page| page.busy.is_none() && page.title.starts_with(title));
    page.unwrap_or_else(|| panic!("no page {title:?}; it ended with\n{}", held.told()))
}

/// Draws it at each size, with stand-ins of the same width for what differs from day to day.
fn looks(name: &str, stage: &Stage, lab: &Lab, held: &Held, page: &Page) {
    drawn(&format!("making_{name}"), stage, lab, held, page);
}

pub fn drawn(name: &str, stage: &Stage, lab: &Lab, held: &Held, page: &Page) {
    let now = held.wizard.setting.now;
    let folder =
        stage.project().parent().and_then(|folder| folder.file_name()).map(|name| name.to_string_lossy().into_owned());
    let standing = [
        (folder.unwrap_or_default(), ".tmp5a1ab0"),
        (lab.port().to_string(), "38006"),
        ((now + 90 * DAY).to_string(), "1803081600"),
        (date(now + 90 * DAY), "2027-02-20"),
        (date(now + 365 * DAY), "2027-11-22"),
        (date(now), "2026-11-22"),
        (stage.setting().runs.first().map_or_else(|| RUN.to_owned(), |run| run.name.clone()), RUN),
    ];
    for size in SIZES {
        let (buffer, cursor) = Drawn::new(page.clone(), UNICODE, size).frame();
        let mut text = picture(&buffer, cursor);
        for (varies, stand_in) in &standing {
            assert_eq!(varies.len(), stand_in.len(), "{varies}");
            text = text.replace(varies.as_str(), stand_in);
        }
        let name = format!("{name}_{}x{}", size.0, size.1);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../snapshots" }, {
            insta::assert_snapshot!(name, text);
        });
    }
}

async fn scene() -> (Stage, Lab) {
    (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await)
}

#[tokio::test]
async fn the_way_from_the_login_to_the_end_looks_as_agreed() {
    let (stage, lab) = scene().await;
    let all = held(&stage, &lab, &[]).await;
    let first = all.pages.iter().find(|page| page.title == "Who makes the token?").unwrap();
    looks("login", &stage, &lab, &all, first);
    let first = all.pages.iter().find(|page| page.title == format!("A second factor for {ADMIN}.")).unwrap();
    looks("code", &stage, &lab, &all, first);
    looks("make", &stage, &lab, &all, page(&all, "The token for"));
    looks("verify", &stage, &lab, &all, page(&all, "May "));
    looks("review", &stage, &lab, &all, page(&all, "Nothing has been made"));
    looks("done", &stage, &lab, &all, page(&all, "Glassdome is set up."));
}

#[tokio::test]
async fn a_refused_login_and_a_refused_code_look_as_agreed() {
    let (stage, lab) = scene().await;
    let refused = held(&stage, &lab, &[("login_password", "wrong-wrong-wrong")]).await;
    looks("login_refused", &stage, &lab, &refused, refused.last());
    let right = lab.user(ADMIN).unwrap().code_now().unwrap();
    let wrong = if right.starts_with('1') { "200000" } else { "100000" };
    let refused = held(&stage, &lab, &[("code", wrong)]).await;
    looks("code_refused", &stage, &lab, &refused, refused.last());
}

#[tokio::test]
async fn a_name_that_is_taken_and_a_signer_who_may_not_look_as_agreed() {
    let (stage, lab) = scene().await;
    let taken = held(&stage, &lab, &[("user", "apex@pve"), ("token_name", "glassdome-token")]).await;
    looks("existing", &stage, &lab, &taken, taken.last());
    let helper = lab.user("helper@pve").unwrap();
    let may_not = [("login_user", helper.user.as_str()), ("login_password", &helper.password)];
    let may_not = held(&stage, &lab, &may_not).await;
    looks("may_not", &stage, &lab, &may_not, may_not.last());
}

#[tokio::test]
async fn a_run_that_was_taken_back_looks_as_agreed() {
    let (stage, lab) = scene().await;
    lab.cut_call("PUT", "/access/acl", CutAt::BeforeActing);
    let failed = held(&stage, &lab, &[]).await;
    looks("failed", &stage, &lab, &failed, page(&failed, "It was not finished."));
}

#[tokio::test]
async fn the_errands_look_as_agreed() {
    let (stage, lab) = scene().await;
    let made = held(&stage, &lab, &[]).await;
    assert!(made.is_done(), "{}", made.told());
    let root = lab.user("root@pam").unwrap();
    let host = format!("127.0.0.1:{}", lab.port());
    let signing_in =
        given(&[("host", &host), ("trust", "pin"), ("access", "login"), ("login_password", &root.password)]);
    let errand = |errand| Setting { errand, ..setting(&stage) };
    let tokens = stage.hold_as(errand(Errand::Tokens), &signing_in, None).await;
    looks("tokens", &stage, &lab, &tokens, page(&tokens, "The tokens on"));
    let back = errand(Errand::TakeBack(Box::new(stage.last_run())));
    let back = stage.hold_as(back, &but(&signing_in, &[("take-back", "do")]), None).await;
    looks("take_back", &stage, &lab, &back, page(&back, "The run "));
    looks("taken_back", &stage, &lab, &back, page(&back, "What the run "));
}
