//! `labwizard apply` where the wizard makes the token: the answers file says all that a person would.

use labwizard::lab::{CutAt, LabRelease, Scenario};

use super::TOOL;
use super::apply::Place;
use super::canary::Needles;
use super::make::{ADMIN, making, writes};
use super::{Stage, but, lab};

/// Answers that have the token made; `create` and `trust` as given.
fn answers(place: &Place, create: &str, trust: &str) -> String {
    format!(
        "target = \"glassdome\"\nfile = \".env\"\n[proxmox]\nhost = \"127.0.0.1:{}\"\ntrust = \"{trust}\"\nnode = \"pve1\"\n\
         create = {create}\n\
         login = {{ user = \"{ADMIN}\", password = {{ env = \"PVE_PASSWORD\" }}, totp = {{ env = \"PVE_TOTP\" }} }}\n",
        place.lab.port()
    )
}

/// Runs it with the administrator's secrets in the environment, and holds that none of them is said or left behind.
pub fn apply(place: &Place, create: &str, trust: &str, flags: &[&str]) -> (i32, String) {
    let admin = place.lab.user(ADMIN).unwrap();
    let mut command = place.command(&answers(place, create, trust), flags);
    command.env("PVE_PASSWORD", &admin.password).env("PVE_TOTP", admin.code_now().unwrap());
    let ran = place.run(command);
    let made = place.lab.change(|cluster| cluster.token("glassdome@pve!glassdome").map(|token| token.secret.clone()));
    let secrets = [("password", Some(admin.password)), ("totp", admin.totp), ("made", made)];
    let needles = Needles::of(secrets.iter().filter_map(|(name, secret)| Some((*name, secret.as_deref()?))));
    assert_eq!(needles.found_in(ran.all().as_bytes()), Vec::<&str>::new());
    (ran.code, ran.all())
}

fn pinned(place: &Place) -> String {
    format!("sha256:{}", place.lab.fingerprint())
}

#[test]
fn a_dry_run_shows_the_whole_plan_and_sends_no_write() {
    let place = Place::new(Scenario::Fine);
    let (code, said) = apply(&place, "{ expire = \"90d\" }", &pinned(&place), &["--dry-run"]);
    assert_eq!(code, 0, "{said}");
    for part in
        ["make the user glassdome@pve", "pveum user token add", "prove that the token", "PROXMOX_TOKEN_VALUE=••••••••"]
    {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    assert_eq!(writes(&place.lab), [""; 0]);
    assert!(!place.env_file().exists());
}

#[test]
fn with_everything_said_the_token_is_made_and_written() {
    let place = Place::new(Scenario::Fine);
    let (code, said) = apply(&place, "{ expire = \"1y\" }", &pinned(&place), &["--yes"]);
    assert_eq!(code, 0, "{said}");
    let made = place.lab.change(|cluster| cluster.token("glassdome@pve!glassdome").map(|token| token.secret.clone()));
    let text = std::fs::read_to_string(place.env_file()).unwrap();
    assert!(made.is_some_and(|secret| text.contains(&secret)));
}

#[test]
fn what_was_not_said_is_refused_and_nothing_is_sent() {
    for (create, trust, open) in [
        ("true", None, "expire"),
        ("{ expire = \"never\" }", Some("insecure"), "access"),
        ("{ expire = \"never\", user = \"apex@pve\", token_name = \"glassdome-token\" }", None, "existing"),
    ] {
        let place = Place::new(Scenario::Fine);
        let trust = trust.map_or_else(|| pinned(&place), str::to_owned);
        let (code, said) = apply(&place, create, &trust, &["--yes"]);
        assert_eq!(code, 2, "{create}: {said}");
        assert!(said.contains(&format!("({open}, at Access)")), "{create}: {said}");
        assert_eq!(writes(&place.lab), [""; 0], "{create}");
    }
}

/// The file is written and works; the old token that was to go stands still, and a script is told by the exit code.
#[test]
fn an_old_token_that_was_not_removed_is_no_whole_success() {
    let place = Place::new(Scenario::Fine);
    place.lab.cut_call("DELETE", "/token/", CutAt::BeforeActing);
    place.lab.stay_cut_after();
    let old = place.lab.token(TOOL).unwrap();
    std::fs::write(
        place.env_file(),
        format!(
            "PROXMOX_HOST=127.0.0.1:{}\nPROXMOX_USER=apex@pve\nPROXMOX_TOKEN_NAME=glassdome-token\nPROXMOX_TOKEN_VALUE={}\n\
             PROXMOX_NODE=pve1\n",
            place.lab.port(),
            old.secret
        ),
    )
    .unwrap();
    let create = "{ expire = \"1y\", user = \"apex@pve\", token_name = \"glassdome-token\", existing = \"beside\", \
                  remove_old = true }";
    let (code, said) = apply(&place, create, &pinned(&place), &["--yes"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("pveum user token remove apex@pve glassdome-token"), "{said}");
    assert!(place.lab.token_secret(TOOL).is_some());
    assert!(std::fs::read_to_string(place.env_file()).unwrap().contains("glassdome-token-2"), "{said}");
}

#[tokio::test]
async fn whose_token_it_is_and_what_it_is_for_are_saved_with_the_answers() {
    for (whose, typed, owner) in [("mine", "svc@pve", "admin@pve"), ("service", "svc@pve", "svc@pve")] {
        let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
        let answers = [("whose", whose), ("rights", "least"), ("user", typed), ("review", "back")];
        let mut held = stage.hold(&but(&making(&lab), &answers)).await;
        // No page asks for it; an answers file may have said it.
        held.wizard.draft.type_in("comment".into(), "for the cellar".into());
        let text = labwizard::wizard::answers::file(&held.wizard);
        let read = labwizard::wizard::answers::read(&text, &labwizard::target::Library::built_in()).unwrap();
        let again = |id: &str| read.draft.choice(&labwizard::domain::Id::new(id)).map(|choice| choice.to_string());
        assert_eq!(again("whose").as_deref(), (whose == "mine").then_some("mine"), "{text}");
        assert_eq!(again("rights").as_deref(), Some("least"), "{text}");
        assert_eq!(read.draft.text(&"user".into()), owner, "{text}");
        assert_eq!(read.draft.text(&"comment".into()), "for the cellar", "{text}");
    }
}
