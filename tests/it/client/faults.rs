//! Networks that break in the middle: every survey ends, says what happened, and asks nothing twice.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use labwizard::domain::observation::TlsTrouble;
use labwizard::lab::{CutAt, Lab, LabConfig};

use super::relay::{Cut, End, Relay, Way};
use super::*;
use crate::find;

const TOOL: &str = "apex@pve!glassdome-token";

/// Whether it went all the way, or else says where it stopped.
fn judged(all: &[Observation]) -> bool {
    let complete = all.iter().any(|o| matches!(o.seen, Seen::Rights(_)))
        && all.iter().any(|o| matches!(o.seen, Seen::Guests(_)))
        && all.iter().any(|o| matches!(o.seen, Seen::Nodes(_)))
        && all.iter().any(|o| matches!(o.seen, Seen::KnownPrivileges(_)));
    let told = all.iter().any(|o| {
        matches!(
            o.seen,
            Seen::Failed { .. }
                | Seen::NoTls(_)
                | Seen::NotProxmox(_)
                | Seen::Certificate { verdict: Some(Err(_)), .. }
        )
    });
    assert!(complete || told, "it stopped without a word: {all:#?}");
    complete
}

fn nothing_twice(lab: &Lab, before: usize) {
    let mut asked = BTreeMap::new();
    for one in lab.received().into_iter().skip(before) {
        *asked.entry((one.method, one.path)).or_insert(0) += 1;
    }
    assert!(asked.values().all(|count| *count == 1), "{asked:#?}");
}

#[tokio::test]
async fn wherever_a_connection_is_cut_the_survey_ends_and_says_so() {
    let lab = Lab::start(LabConfig::quick()).await.unwrap();
    let to = SocketAddr::new(LOOPBACK, lab.port());
    let paths = || vec!["/vms/100".to_owned(), "/vms/101".to_owned()];
    let asked = |port| Inquiry { paths: paths(), ..inquiry(port, pin(&lab), credential(&lab.token(TOOL).unwrap())) };
    let whole = Relay::start(move |_| to, None).await;
    assert!(judged(&look(asked(whole.port), &options()).await));
    let (connections, bytes) = (whole.connections(), whole.carried());
    let mut cuts = 0;
    for connection in 0..connections {
        for (way, end) in [(Way::Down, End::Fin), (Way::Down, End::Reset), (Way::Up, End::Reset)] {
            for step in 0..8 {
                let cut = Cut { connection, way, after: step * bytes / 8, end };
                let relay = Relay::start(move |_| to, Some(cut)).await;
                let before = lab.received().len();
                judged(&look(asked(relay.port), &options()).await);
                nothing_twice(&lab, before);
                cuts += 1;
            }
        }
    }
    assert!(cuts >= 100, "{connections} connections");
}

#[tokio::test]
async fn whichever_request_is_cut_the_survey_ends_and_says_so() {
    for at in [CutAt::BeforeActing, CutAt::BeforeAnswer, CutAt::MidAnswer] {
        for number in 1..=20 {
            let lab = Lab::start(LabConfig::quick()).await.unwrap();
            lab.cut_request(number, at);
            let all = look(inquiry(lab.port(), pin(&lab), credential(&lab.token(TOOL).unwrap())), &options()).await;
            let complete = judged(&all);
            nothing_twice(&lab, 0);
            if complete && lab.received().len() < number {
                assert!(number > 6, "only {number} requests");
                break;
            }
        }
    }
}

#[tokio::test]
async fn another_host_on_any_later_connection_gets_no_request() {
    let lab = Lab::start(LabConfig::quick()).await.unwrap();
    let impostor = Lab::start(LabConfig::quick()).await.unwrap();
    let (right, wrong) = (SocketAddr::new(LOOPBACK, lab.port()), SocketAddr::new(LOOPBACK, impostor.port()));
    for from in 0..8 {
        let relay = Relay::start(move |number| if number < from { right } else { wrong }, None).await;
        let all = look(inquiry(relay.port, pin(&lab), credential(&lab.token(TOOL).unwrap())), &options()).await;
        judged(&all);
        if from == 0 {
            let verdict = find!(all, Seen::Certificate { verdict, .. } => verdict.clone());
            assert!(matches!(verdict, Some(Err(TlsTrouble::OtherCertificate { .. }))));
        }
    }
    assert!(impostor.connections() > 0);
    assert!(impostor.received().is_empty(), "{:?}", impostor.received());
}
