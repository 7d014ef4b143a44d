//! A config that works, and one with a single thing wrong.

use labwizard::domain::{Change, ChangeSeen, ChangeState, Grantee, RunSeen, TokenId, TokenMake};

use super::*;

#[tokio::test]
async fn a_config_that_works_has_no_finding_and_says_what_was_proved() {
    for release in LabRelease::all() {
        let lab = Lab::start(LabConfig { release: *release, ..LabConfig::quick() }).await.unwrap();
        let bench = Bench::new().knowing(&lab);
        bench.write(".env", &glassdome(&lab, &tool(&lab), "false"));
        let files = bench.check().await.files;
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].findings, [], "{release}");
        assert_eq!(files[0].target.as_ref().map(|(name, _)| name.as_str()), Some("glassdome"));
        let proved = files[0].proved.join("\n");
        assert!(proved.contains("is the agreed one, as remembered"), "{proved}");
        assert!(proved.contains("apex@pve!glassdome-token signs in"), "{proved}");
        assert!(proved.contains("rights that Glassdome needs"), "{proved}");
    }
}

/// A token with the least rights does not see its own record, so the host cannot say it.
#[tokio::test]
async fn the_end_of_a_token_that_labwizard_made_is_said_from_its_own_journal() {
    let lab = lab(Scenario::Fine).await;
    let mut bench = Bench::new().knowing(&lab);
    bench.write(".env", &glassdome(&lab, &tool(&lab), "false"));
    let id: TokenId = tool(&lab).id.parse().unwrap();
    let days = |days: i64| Some(crate::client::now() + days * 86_400);
    let make =
        |end| Change::MakeToken(TokenMake { id: id.clone(), separated: true, expire: end, comment: String::new() });
    let set = |end| Change::SetEnd { who: Grantee::Token(id.clone()), end, was: None };
    for (changes, told) in [
        (vec![make(days(5))], vec!["token.ends-soon"]),
        (vec![make(days(90))], vec![]),
        // It has just signed in, so whatever was remembered is not so any more.
        (vec![make(days(-5))], vec![]),
        (vec![set(days(90)), make(days(5))], vec![]),
        (vec![set(days(5)), make(days(90))], vec!["token.ends-soon"]),
    ] {
        let run = |change| {
            let made = ChangeSeen { n: 0, endpoint: local(lab.port()), change, state: ChangeState::Made, was: None };
            RunSeen { name: "7f3a01".into(), when: 0, finished: true, changes: vec![made], files: Vec::new() }
        };
        bench.ground.runs = changes.iter().cloned().map(run).collect();
        assert_eq!(codes(&bench.check().await.files[0]), told, "{changes:?}");
    }
}

/// Only where the tool verifies by the cluster's CA does its make matter.
#[tokio::test]
async fn a_ca_of_an_older_make_is_told_to_whoever_verifies_by_it() {
    for (release, told) in [(LabRelease::V7_4_20, vec!["tls.ca-not-strict"]), (LabRelease::default(), vec![])] {
        let lab = Lab::start(LabConfig { release, ..LabConfig::quick() }).await.unwrap();
        let bench = Bench::new().knowing(&lab);
        bench.write("ca.pem", &lab.ca_pem());
        let ca = format!("{}REQUESTS_CA_BUNDLE=ca.pem\n", glassdome(&lab, &tool(&lab), "true"));
        let verifying = bench.write("strict.env", &ca);
        let lax = bench.write("lax.env", &glassdome(&lab, &tool(&lab), "false"));
        let files = bench.check_these(&[verifying, lax]).await;
        assert_eq!((codes(&files[0]), codes(&files[1])), (told, vec![]), "{release}");
    }
}
