//! What was agreed about a host's certificate, in this run and in later ones: another certificate gets not one byte of HTTP.

use labwizard::domain::finding::{Severity, Step};
use labwizard::lab::{Lab, LabRelease, NewCertificate, Scenario};

use super::{Held, Stage, TOOL, answers, but, lab};

/// A host that was set up once, with what the first walk left behind.
async fn set_up() -> (Stage, Lab) {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let held = stage.hold(&answers(&lab, &lab.token(TOOL).unwrap())).await;
    assert!(held.is_done(), "{}", held.told());
    assert_eq!(stage.state().hosts().unwrap().records.len(), 1);
    (stage, lab)
}

/// The second walk: nobody agrees to anything anew.
async fn again(stage: &Stage, lab: &Lab) -> Held {
    let mut answers = answers(lab, &lab.token(TOOL).unwrap());
    answers.remove("trust");
    stage.hold(&answers).await
}

fn changed(held: &Held) -> bool {
    held.findings().iter().any(|finding| {
        finding.code.0 == "tls.changed" && finding.severity == Severity::Error && finding.step == Step::Trust
    })
}

#[tokio::test]
async fn what_was_agreed_once_is_not_asked_again() {
    let (stage, lab) = set_up().await;
    let held = again(&stage, &lab).await;
    assert!(held.is_done(), "{}", held.told());
    assert!(!held.pages.iter().any(|page| page.step == Step::Trust));
}

#[tokio::test]
async fn a_renewed_certificate_of_the_remembered_ca_is_no_change() {
    let (stage, lab) = set_up().await;
    lab.swap_certificate(NewCertificate::Renewed).unwrap();
    let held = again(&stage, &lab).await;
    assert!(held.is_done(), "{}", held.told());
}

#[tokio::test]
async fn another_certificate_than_the_remembered_one_gets_no_request() {
    for new in [NewCertificate::NewCluster, NewCertificate::SameNames, NewCertificate::Public, NewCertificate::WrongKey]
    {
        let (stage, lab) = set_up().await;
        lab.swap_certificate(new).unwrap();
        let (before, file) = (lab.received().len(), std::fs::read(stage.env_file()).unwrap());
        let held = again(&stage, &lab).await;
        assert!(!held.is_done(), "{new:?}: {}", held.told());
        assert_eq!(lab.received().len(), before, "{new:?}: something was asked");
        if new == NewCertificate::WrongKey {
            assert_eq!(held.codes(), ["tls.wrong-key"]);
        } else {
            assert!(changed(&held), "{new:?}: {:?} at {}", held.findings(), held.told());
        }
        assert_eq!(std::fs::read(stage.env_file()).unwrap(), file);
    }
}

#[tokio::test]
async fn a_changed_certificate_stands_beside_the_agreed_one_and_stop_is_preselected() {
    let (stage, lab) = set_up().await;
    let old = lab.fingerprint();
    lab.swap_certificate(NewCertificate::NewCluster).unwrap();
    let held = again(&stage, &lab).await;
    let page =
        held.pages.iter().find(|page| page.step == Step::Trust).expect("the page about the certificate is shown");
    let text = labwizard::front::words::page(page, false).join("\n");
    let halves = |print: &str| [print[..47].to_owned(), print[48..].to_owned()];
    for half in halves(&old).iter().chain(&halves(&lab.fingerprint())) {
        assert!(text.contains(half.as_str()), "{half} is missing in:\n{text}");
    }
    assert!(text.contains("▸ Stop here"), "{text}");
}

#[tokio::test]
async fn a_changed_certificate_can_be_agreed_to_after_comparing_it() {
    let (stage, lab) = set_up().await;
    lab.swap_certificate(NewCertificate::NewCluster).unwrap();
    let all = but(&answers(&lab, &lab.token(TOOL).unwrap()), &[("trust", "pin"), ("compare", &lab.fingerprint())]);
    let held = stage.hold(&all).await;
    assert!(held.is_done(), "{}", held.told());
    let held = again(&stage, &lab).await;
    assert!(held.is_done(), "the new one is remembered: {}", held.told());
}

/// Between the page that the person agreed on and sign-in, somebody else takes the address.
#[tokio::test]
async fn a_certificate_that_changes_within_a_walk_gets_no_token() {
    for at in [Step::Access, Step::Details, Step::Verify] {
        let (stage, lab) = (Stage::new(), std::rc::Rc::new(lab(LabRelease::default(), Scenario::Fine).await));
        let all = answers(&lab, &lab.token(TOOL).unwrap());
        let (swapping, mut swapped) = (lab.clone(), false);
        let count = std::rc::Rc::new(std::cell::Cell::new(usize::MAX));
        let noted = count.clone();
        let hook = Box::new(move |page: &labwizard::wizard::page::Page| {
            if page.step == at && page.busy.is_none() && !swapped {
                swapped = true;
                swapping.swap_certificate(NewCertificate::NewCluster).unwrap();
                noted.set(swapping.received().iter().filter(|one| one.had_authorization).count());
            }
        });
        let held = stage.hold_with(&all, Some(hook)).await;
        let sent = lab.received().iter().filter(|one| one.had_authorization).count();
        assert_ne!(count.get(), usize::MAX, "{at:?} was not reached: {}", held.told());
        assert_eq!(sent, count.get(), "{at:?}: a token was sent to another certificate");
        if at == Step::Access {
            assert!(changed(&held) && !stage.env_file().exists(), "{:?}", held.findings());
        }
    }
}

#[tokio::test]
async fn a_pasted_fingerprint_that_is_another_keeps_the_pin_from_being_agreed() {
    let (stage, lab) = (Stage::new(), lab(LabRelease::default(), Scenario::Fine).await);
    let mut other = lab.fingerprint();
    other.replace_range(0..2, if other.starts_with("00") { "11" } else { "00" });
    let all = but(&answers(&lab, &lab.token(TOOL).unwrap()), &[("compare", &other)]);
    let held = stage.hold(&all).await;
    assert_eq!(held.last().step, Step::Trust);
    assert!(!lab.received().iter().any(|one| one.had_authorization));
}
