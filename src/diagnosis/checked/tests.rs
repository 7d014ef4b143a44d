//! What a check concludes from what was seen, and what it does not.

use super::*;
use crate::diagnosis::file::tests::{config, good};
use crate::domain::observation::{ClusterCa, RequestTrouble, TlsTrouble};
use crate::domain::{Certificate, Der, Fingerprint, Release};

fn leaf() -> Certificate {
    Certificate {
        fingerprint: Fingerprint::of(b"leaf"),
        key: Fingerprint::of(b"key"),
        subject: "pve.lan".into(),
        issuer: "somebody".into(),
        self_issued: false,
        names: Vec::new(),
        not_before: 0,
        not_after: i64::MAX,
        der: Der(Vec::new()),
    }
}

fn shown(verdict: Option<Result<(), TlsTrouble>>, system: bool) -> Seen {
    Seen::Certificate { leaf: Box::new(leaf()), chain: 1, verdict, system }
}

fn asked(trust: Option<(Trust, Leaning)>, seen: Vec<Seen>) -> Asked {
    let seen = seen.into_iter().map(|seen| Observation { seen, took: Default::default() }).collect();
    Asked { instance: 1, trust, seen }
}

fn judged(path: &str, text: &str, asked: &[Asked]) -> Vec<Finding> {
    let (library, surroundings) = (Library::built_in(), Surroundings::default());
    let about = Circumstances { library: &library, records: &[], surroundings: &surroundings, runs: &[], now: 1 };
    judge_config(&config(path, text), asked, &about)
}

#[test]
fn a_certificate_is_still_looked_at_unless_it_was_seen_that_no_ca_at_hand_signed_it() {
    let (path, text) = good("glassdome");
    let text = text.replace("VERIFY_SSL=false\n", "VERIFY_SSL=true\nREQUESTS_CA_BUNDLE=ca.pem\n");
    let line = text.lines().position(|line| line.starts_with("REQUESTS")).unwrap() + 1;
    let looks = || vec![Mend::Certificate];
    let by_system = || vec![Mend::Remove { key: "REQUESTS_CA_BUNDLE".into(), line }];
    let known = "this system's own CAs vouch for it already";
    let signs = ClusterCa { certificate: leaf(), pem: String::new(), strict: true };
    for (ca, system, mends) in [
        (Some(Err(CaTrouble::DoesNotSignTheServed)), false, vec![]),
        (Some(Err(CaTrouble::NotAsked(RequestTrouble::TimedOut))), false, looks()),
        (Some(Ok(signs)), false, looks()),
        // No node was known to ask for it.
        (None, false, looks()),
        (Some(Err(CaTrouble::DoesNotSignTheServed)), true, by_system()),
        (Some(Err(CaTrouble::NotACa(known.into()))), true, by_system()),
    ] {
        let told = format!("{ca:?} {system}");
        let own =
            asked(Some((Trust::System, Leaning::File)), vec![shown(Some(Err(TlsTrouble::UnknownIssuer)), system)]);
        let in_it = Seen::SignedIn { release: Release::new(9, 2, 0), clock_off: None };
        let seen = [shown(Some(Ok(())), system), in_it].into_iter().chain(ca.map(Seen::ClusterCa)).collect();
        let main = asked(Some((Trust::Pin(leaf().fingerprint), Leaning::Remembered)), seen);
        let all = judged(path, &text, &[own, main]);
        let found = all.iter().find(|one| one.code == codes::TLS_UNKNOWN_CA).expect("the tool is stopped");
        assert_eq!(found.mends, mends, "{told}");
    }
}
