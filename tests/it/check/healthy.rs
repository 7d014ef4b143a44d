//! A config that works, and one with a single thing wrong.

use labwizard::domain::{Change, ChangeSeen, ChangeState, RunSeen, TokenMake};

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
    for (days, told) in [(5, vec!["token.ends-soon"]), (90, vec![])] {
        let expire = Some(crate::client::now() + days * 86_400);
        let id = tool(&lab).id.parse().unwrap();
        let change = Change::MakeToken(TokenMake { id, separated: true, expire, comment: String::new() });
        let made = ChangeSeen { n: 0, endpoint: local(lab.port()), change, state: ChangeState::Made, was: None };
        let run = RunSeen { name: "7f3a01".into(), when: 0, finished: true, changes: vec![made], files: Vec::new() };
        bench.ground.runs = vec![run];
        assert_eq!(codes(&bench.check().await.files[0]), told, "{days} days");
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
