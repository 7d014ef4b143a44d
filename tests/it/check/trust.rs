//! What a certificate is held against: what was said, what is remembered, what the file says (C4).

use labwizard::client::SystemRoots;
use labwizard::domain::certificates_from_pem;
use labwizard::lab::NewCertificate;

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Says {
    /// Verify by the cluster's CA.
    Ca,
    /// Verify by the system's CAs, which know no lab.
    System,
    Not,
}

/// Given · the file · remembered · strict → codes, and whether the credential was sent.
type Row = (Option<&'static str>, Says, bool, bool, &'static [&'static str], bool);

const TABLE: &[Row] = &[
    (None, Says::Ca, false, false, &[], true),
    (None, Says::Ca, true, false, &[], true),
    (None, Says::Ca, false, true, &[], true),
    (None, Says::System, false, false, &["tls.unknown-ca"], false),
    // The pin lets the check in, and the tool itself is still refused by its own CAs.
    (None, Says::System, true, false, &["tls.unknown-ca"], true),
    (None, Says::Not, false, false, &["tls.unverified"], true),
    (None, Says::Not, true, false, &[], true),
    (None, Says::Not, false, true, &["tls.unverified"], false),
    (None, Says::Not, true, true, &[], true),
    (Some("pin"), Says::Not, false, true, &[], true),
    (Some("pin"), Says::System, false, false, &[], true),
    (Some("other"), Says::Not, false, false, &["tls.changed"], false),
    (Some("other"), Says::Not, true, false, &["tls.changed"], false),
    (Some("insecure"), Says::Ca, false, false, &["tls.unverified"], true),
    // What is remembered holds in addition.
    (Some("insecure"), Says::Not, true, false, &[], true),
];

#[tokio::test]
async fn the_stricter_of_the_file_and_what_is_remembered_counts_after_what_was_said() {
    let elsewhere = lab(Scenario::Fine).await;
    let system = SystemRoots::These(certificates_from_pem(&elsewhere.ca_pem()).unwrap());
    for row in TABLE {
        let (given, says, remembered, strict, wanted, sent) = *row;
        let lab = lab(Scenario::Fine).await;
        let mut bench = if remembered { Bench::new().knowing(&lab) } else { Bench::new() };
        bench.order.strict = strict;
        bench.ground.options.system = system.clone();
        bench.order.trust = given.map(|word| match word {
            "pin" => Trust::Pin(lab.fingerprint().parse().unwrap()),
            "insecure" => Trust::Unverified,
            _ => Trust::Pin([7; 32].map(|byte: u8| format!("{byte:02X}")).join(":").parse().unwrap()),
        });
        bench.write("ca.pem", &lab.ca_pem());
        let text = glassdome(&lab, &tool(&lab), if says == Says::Not { "false" } else { "true" });
        let more = if says == Says::Ca { "REQUESTS_CA_BUNDLE=ca.pem\n" } else { "" };
        bench.write(".env", &format!("{text}{more}"));
        let files = bench.check().await.files;
        assert_eq!(codes(&files[0]), wanted, "{row:?}: {:#?}", files[0].findings);
        assert_eq!(signed(&lab) > 0, sent, "{row:?}");
        let nothing_sent = files[0].findings.iter().any(|one| one.cause.contains("Nothing was sent"));
        assert!(!(sent && nothing_sent), "{row:?}: {:#?}", files[0].findings);
        let strictly = files[0].findings.iter().any(|one| one.severity == labwizard::domain::finding::Severity::Error);
        assert_eq!(strictly, !wanted.is_empty() && (wanted != ["tls.unverified"] || !sent), "{row:?}");
    }
}

#[tokio::test]
async fn a_changed_certificate_gets_no_credential_whatever_the_file_or_the_command_line_says() {
    let new = [NewCertificate::NewCluster, NewCertificate::SameNames];
    for (new, given) in new.into_iter().zip([None, Some(Trust::Unverified)]) {
        let lab = lab(Scenario::Fine).await;
        let mut bench = Bench::new().knowing(&lab);
        bench.order.trust = given;
        bench.write(".env", &glassdome(&lab, &tool(&lab), "false"));
        lab.swap_certificate(new).unwrap();
        let files = bench.check().await.files;
        assert_eq!(codes(&files[0]), ["tls.changed"], "{new:?}");
        assert_eq!(lab.received().len(), 0, "{:?}", lab.received());
    }
}

#[tokio::test]
async fn a_ca_file_that_is_not_there_or_holds_none_is_named_and_nothing_is_sent() {
    for text in [None, Some("no certificate\n")] {
        let lab = lab(Scenario::Fine).await;
        let bench = Bench::new();
        text.iter().for_each(|text| drop(bench.write("ca.pem", text)));
        bench.write(".env", &format!("{}REQUESTS_CA_BUNDLE=ca.pem\n", glassdome(&lab, &tool(&lab), "true")));
        let files = bench.check().await.files;
        assert_eq!(codes(&files[0]), ["file.not-read"], "{:?}", files[0].findings);
        assert_eq!(signed(&lab), 0);
    }
}

#[tokio::test]
async fn a_file_with_the_public_cas_and_the_clusters_holds_the_clusters() {
    let lab = lab(Scenario::Fine).await;
    let Ok(public) = std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt") else {
        eprintln!("skipped: this system has no list of CAs there");
        return;
    };
    let bench = Bench::new();
    bench.write("all.pem", &format!("{public}{}", lab.ca_pem()));
    bench.write(".env", &format!("{}REQUESTS_CA_BUNDLE=all.pem\n", glassdome(&lab, &tool(&lab), "true")));
    let files = bench.check().await.files;
    assert_eq!(codes(&files[0]), [] as [&str; 0], "{:?}", files[0].findings);
    assert!(signed(&lab) > 0);
}

#[tokio::test]
async fn a_renewed_certificate_that_the_files_ca_signed_stops_labwizard_and_not_the_tool() {
    for (new, severity) in [
        (NewCertificate::Renewed, labwizard::domain::finding::Severity::Warning),
        (NewCertificate::NewCluster, labwizard::domain::finding::Severity::Error),
    ] {
        let lab = lab(Scenario::Fine).await;
        let bench = Bench::new().knowing(&lab);
        bench.write("ca.pem", &lab.ca_pem());
        bench.write(".env", &format!("{}REQUESTS_CA_BUNDLE=ca.pem\n", glassdome(&lab, &tool(&lab), "true")));
        lab.swap_certificate(new).unwrap();
        let files = bench.check().await.files;
        let changed = files[0].findings.iter().find(|one| one.code.0 == "tls.changed").unwrap();
        assert_eq!(changed.severity, severity, "{new:?}: {:#?}", files[0].findings);
        assert_eq!(signed(&lab), 0);
    }
}
