//! What a certificate is held against: a pin, a CA, the system's CAs; and that nothing is sent where it does not hold.

use labwizard::client::SystemRoots;
use labwizard::domain::observation::{CaTrouble, TlsTrouble};
use labwizard::domain::{Der, certificates_from_pem};
use labwizard::lab::{NewCertificate, Scenario};

use super::against_lab::{TOOL, lab};
use super::*;
use crate::find;

pub fn ca_of(lab: &Lab) -> Trust {
    Trust::Ca(certificates_from_pem(&lab.ca_pem()).unwrap().remove(0))
}

#[tokio::test]
async fn a_ca_that_does_not_sign_what_is_served_is_not_taken() {
    for (scenario, wanted) in [
        (Scenario::AcmeCertificate, CaTrouble::DoesNotSignTheServed),
        (Scenario::ForeignCa, CaTrouble::DoesNotSignTheServed),
    ] {
        let lab = lab(scenario).await;
        let mut asked = inquiry(lab.port(), pin(&lab), credential(&lab.token(TOOL).unwrap()));
        asked.lists = true;
        let all = look(asked, &options()).await;
        assert_eq!(find!(all, Seen::ClusterCa(ca) => ca.clone()).unwrap_err(), wanted, "{scenario}");
    }
    let lab = lab(Scenario::NameMismatch).await;
    let mut asked = inquiry(lab.port(), pin(&lab), credential(&lab.token(TOOL).unwrap()));
    asked.lists = true;
    let all = look(asked, &options()).await;
    let Err(CaTrouble::OtherName(names)) = find!(all, Seen::ClusterCa(ca) => ca.clone()) else { panic!("{all:#?}") };
    assert!(!names.is_empty());
}

#[tokio::test]
async fn a_changed_certificate_gets_no_request_at_all() {
    for new in [NewCertificate::NewCluster, NewCertificate::SameNames, NewCertificate::Renewed] {
        let lab = lab(Scenario::Fine).await;
        let agreed = pin(&lab);
        lab.swap_certificate(new).unwrap();
        let all = look(inquiry(lab.port(), agreed, credential(&lab.token(TOOL).unwrap())), &options()).await;
        let verdict = find!(all, Seen::Certificate { verdict, .. } => verdict.clone());
        assert!(matches!(verdict, Some(Err(TlsTrouble::OtherCertificate { .. }))), "{new:?} {verdict:?}");
        assert!(lab.received().is_empty(), "{:?}", lab.received());
        assert!(matches!(last(&all), Seen::Certificate { .. }));
    }
}

#[tokio::test]
async fn a_ca_holds_over_a_renewal_and_not_over_another_cluster_of_the_same_names() {
    let lab = lab(Scenario::Fine).await;
    let ca = ca_of(&lab);
    for (new, wanted) in [
        (NewCertificate::Renewed, Ok(())),
        (NewCertificate::Expired, Err(TlsTrouble::Expired)),
        (NewCertificate::OtherName, Err(TlsTrouble::OtherName(Vec::new()))),
        (NewCertificate::SameNames, Err(TlsTrouble::UnknownIssuer)),
        (NewCertificate::NewCluster, Err(TlsTrouble::UnknownIssuer)),
    ] {
        lab.swap_certificate(new).unwrap();
        let before = lab.received().len();
        let all = look(inquiry(lab.port(), Some(ca.clone()), credential(&lab.token(TOOL).unwrap())), &options()).await;
        let verdict = find!(all, Seen::Certificate { verdict, .. } => verdict.clone().unwrap());
        match (&verdict, &wanted) {
            (Err(TlsTrouble::OtherName(names)), Err(TlsTrouble::OtherName(_))) => assert!(!names.is_empty()),
            _ => assert_eq!(verdict, wanted, "{new:?}"),
        }
        assert_eq!(verdict.is_err(), lab.received().len() == before, "{new:?}");
    }
}

#[tokio::test]
async fn a_right_certificate_with_another_key_is_a_bad_signature_under_every_trust() {
    let lab = lab(Scenario::Fine).await;
    let trusts = [pin(&lab), Some(ca_of(&lab)), Some(Trust::Unverified), None];
    lab.swap_certificate(NewCertificate::WrongKey).unwrap();
    for trust in trusts {
        let all = look(inquiry(lab.port(), trust.clone(), credential(&lab.token(TOOL).unwrap())), &options()).await;
        let verdict = find!(all, Seen::Certificate { verdict, .. } => verdict.clone());
        assert_eq!(verdict, Some(Err(TlsTrouble::BadSignature)), "{trust:?}");
    }
    assert!(lab.received().is_empty(), "{:?}", lab.received());
}

#[tokio::test]
async fn the_system_is_trusted_only_for_what_its_cas_signed_and_says_so_beforehand() {
    let lab = lab(Scenario::Fine).await;
    let Trust::Ca(ca) = ca_of(&lab) else { unreachable!() };
    let corporate = Options { system: SystemRoots::These(vec![ca]), ..options() };
    for (options, wanted) in [(&corporate, true), (&options(), false)] {
        let all = look(inquiry(lab.port(), None, None), options).await;
        assert_eq!(find!(all, Seen::Certificate { system, .. } => *system), wanted);
        let all = look(inquiry(lab.port(), Some(Trust::System), credential(&lab.token(TOOL).unwrap())), options).await;
        assert_eq!(all.iter().any(|o| matches!(o.seen, Seen::SignedIn { .. })), wanted, "{all:#?}");
    }
    // A CA that the system knows already is no cluster's own.
    let mut asked = inquiry(lab.port(), pin(&lab), credential(&lab.token(TOOL).unwrap()));
    asked.lists = true;
    let all = look(asked, &corporate).await;
    assert!(find!(all, Seen::ClusterCa(ca) => matches!(ca, Err(CaTrouble::NotACa(_)))));
}

#[tokio::test]
async fn an_unreadable_agreed_ca_is_a_trouble_and_not_a_request() {
    let lab = lab(Scenario::Fine).await;
    let all = look(inquiry(lab.port(), Some(Trust::Ca(Der(b"nonsense".to_vec()))), None), &options()).await;
    assert!(find!(all, Seen::NoTls(trouble) => matches!(trouble, TlsTrouble::Unsupported(_))));
    assert!(lab.received().is_empty());
}
