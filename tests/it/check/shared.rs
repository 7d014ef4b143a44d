//! Several files: each secret is sent to its host once, and one cause is one finding.

use labwizard::diagnosis::shared::causes;

use super::*;

const WRONG: &str = "00000000-0000-4000-8000-000000000001";

fn as_token(id: &str, secret: &str) -> LabToken {
    LabToken { id: id.to_owned(), secret: secret.to_owned(), about: String::new() }
}

#[tokio::test]
async fn ten_files_with_one_token_are_one_request_that_is_refused_and_one_finding() {
    let lab = lab(Scenario::Fine).await;
    let bench = Bench::new().knowing(&lab);
    for at in 0..10 {
        bench.write(&format!("{at}/.env"), &glassdome(&lab, &as_token(TOOL, WRONG), "false"));
    }
    let files = bench.check().await.files;
    assert_eq!(files.len(), 10);
    assert_eq!(signed(&lab), 1, "{:?}", lab.received());
    for file in &files {
        assert_eq!(codes(file), ["token.refused"]);
    }
    let causes = causes(&files);
    assert_eq!(causes.len(), 1);
    assert_eq!(causes[0].files, (0..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn files_that_trust_differently_share_the_one_sign_in() {
    let lab = lab(Scenario::Fine).await;
    let bench = Bench::new();
    bench.write("ca.pem", &lab.ca_pem());
    let ca = format!("{}REQUESTS_CA_BUNDLE=ca.pem\n", glassdome(&lab, &tool(&lab), "true"));
    let strict = bench.write("strict.env", &ca);
    let lax = bench.write("lax.env", &glassdome(&lab, &tool(&lab), "false"));
    let files = bench.check_these(&[lax, strict]).await;
    assert_eq!(lab.received().iter().filter(|one| one.path == "/api2/json/version").count(), 1);
    assert_eq!(codes(&files[0]), ["tls.unverified"]);
    assert_eq!(codes(&files[1]), [] as [&str; 0], "{:?}", files[1].findings);
    for file in &files {
        assert!(file.proved.iter().any(|line| line.contains("rights that Glassdome needs")), "{:?}", file.proved);
    }
}

#[tokio::test]
async fn a_secret_that_is_refused_beside_one_that_is_taken_is_the_wrong_secret() {
    let lab = lab(Scenario::Fine).await;
    let bench = Bench::new().knowing(&lab);
    let good = bench.write("good.env", &glassdome(&lab, &tool(&lab), "false"));
    let bad = bench.write("bad.env", &glassdome(&lab, &as_token(TOOL, WRONG), "false"));
    let files = bench.check_these(&[bad, good]).await;
    assert_eq!((codes(&files[0]), codes(&files[1])), (vec!["token.wrong-secret"], vec![]));
    let told = format!("{:?}", files[0].findings);
    assert!(told.contains("good.env") && !told.contains(WRONG), "{told}");
}

#[tokio::test]
async fn what_one_host_of_a_file_refuses_is_not_told_of_the_other() {
    let (one, two) = (lab(Scenario::Fine).await, lab(Scenario::Fine).await);
    let bench = Bench::new().knowing(&one).knowing(&two);
    let good = bench.write("good.env", &glassdome(&one, &tool(&one), "false"));
    let wrong = as_token(&tool(&one).id, WRONG);
    let (user, name) = wrong.id.split_once('!').unwrap();
    let second = format!(
        "PROXMOX_02_HOST=127.0.0.1:{}\nPROXMOX_02_USER={user}\nPROXMOX_02_TOKEN_NAME={name}\nPROXMOX_TOKEN_VALUE_02={WRONG}\n",
        two.port()
    );
    let bad = bench.write("bad.env", &format!("{}{second}", glassdome(&one, &wrong, "false")));
    let files = bench.check_these(&[bad, good]).await;
    let told: Vec<(&str, bool)> = files[0]
        .findings
        .iter()
        .map(|one| (one.code.0, one.evidence.iter().any(|line| line.contains(&format!(":{}", two.port())))))
        .collect();
    assert_eq!(told, [("token.wrong-secret", false), ("token.refused", true)], "{:#?}", files[0].findings);
}

#[tokio::test]
async fn a_sound_user_is_no_longer_among_the_causes() {
    let lab = lab(Scenario::Fine).await;
    let bench = Bench::new().knowing(&lab);
    let good = bench.write("good.env", &glassdome(&lab, &tool(&lab), "false"));
    let bad = bench.write("bad.env", &glassdome(&lab, &as_token("apex@pve!nobody-made-it", WRONG), "false"));
    let files = bench.check_these(&[bad, good]).await;
    assert_eq!(codes(&files[0]), ["token.refused"]);
    let possible: Vec<&str> = files[0].findings[0].possible.iter().map(|code| code.0).collect();
    assert!(
        possible.contains(&"token.unknown") && !possible.iter().any(|code| code.starts_with("user.")),
        "{possible:?}"
    );
}

/// Files with these tokens, all refused: the one finding's title, and what it may be in the first place.
async fn refused(ids: &[&str]) -> (String, &'static str, usize) {
    let lab = lab(Scenario::Fine).await;
    let bench = Bench::new().knowing(&lab);
    for (at, id) in ids.iter().enumerate() {
        bench.write(&format!("{at}.env"), &glassdome(&lab, &as_token(id, WRONG), "false"));
    }
    let files = bench.check().await.files;
    let causes = causes(&files);
    let titles: Vec<&str> = causes.iter().map(|cause| cause.finding.title.as_str()).collect();
    assert_eq!(causes.len(), 1, "{titles:#?}");
    (causes[0].finding.title.clone(), causes[0].finding.possible[0].0, causes[0].files.len())
}

#[tokio::test]
async fn what_all_refused_share_is_named_first() {
    let (title, first, files) = refused(&["apex@pve!one", "apex@pve!two", "apex@pve!three"]).await;
    assert!(title.contains("all 3 tokens of apex@pve"), "{title}");
    assert_eq!((first, files), ("user.disabled", 3));
    let (title, first, files) = refused(&["apex@pve!one", "monitor@pve!two"]).await;
    assert!(title.contains("all 2 tokens of the realm pve"), "{title}");
    assert_eq!((first, files), ("realm.unknown", 2));
    let (title, first, files) = refused(&["apex@pve!one", "root@pam!two"]).await;
    assert!(title.contains("all 2 tokens that were tried"), "{title}");
    assert_eq!((first, files), ("token.not-arrived", 2));
}

#[tokio::test]
async fn a_host_that_is_not_there_is_one_cause_for_all_its_files() {
    let lab = lab(Scenario::Fine).await;
    let text = glassdome(&lab, &tool(&lab), "false");
    drop(lab);
    let bench = Bench::new();
    for name in ["a.env", "b.env"] {
        bench.write(name, &text);
    }
    let files = bench.check().await.files;
    assert_eq!((codes(&files[0]), codes(&files[1])), (vec!["connect.refused"], vec!["connect.refused"]));
    assert_eq!(causes(&files).len(), 1);
}
