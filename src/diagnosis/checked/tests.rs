//! What a check concludes from what was seen, and what it does not.

use super::*;
use crate::diagnosis::file::tests::{config, good};
use crate::domain::observation::{ClusterCa, ConnectTrouble, NameTrouble, RequestTrouble, Speaker, TlsTrouble};
use crate::domain::{Certificate, Der, Endpoint, Fingerprint, Host, Release};

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
    let signs = ClusterCa { certificate: leaf(), pem: String::new(), strict: true, proved: true };
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

/// What stands in a file that is broken so, what comes of its host, and whether that is its fault.
type Row = (&'static str, &'static str, &'static str, Seen, bool);

#[test]
fn a_line_that_looks_wrong_is_the_cause_only_of_what_it_would_lead_to() {
    let refused = |kind| {
        let host = Host::Name("pve.lan".into());
        Seen::NotConnected(vec![(Endpoint { host, port: 443 }, [10, 0, 0, 5].into(), kind)])
    };
    let page = || Seen::NotProxmox(Speaker::Other { server: None, status: 200, html: true });
    let other = || Err(TlsTrouble::OtherCertificate { agreed: Fingerprint::of(b"agreed") });
    let (port, example) = ((":8006", ""), ("=pve.lan", "=proxmox.example.com"));
    let twice = ("PROXMOX_USER=a@pve\n", "PROXMOX_USER=a@pve\nPROXMOX_USER=b@pve\n");
    let turned_away = || Seen::SignInRefused { status: 401, phrase: "no".into(), clock_off: None };
    let rows: Vec<Row> = vec![
        ("bpg", port.0, port.1, refused(ConnectTrouble::Refused), true),
        ("bpg", port.0, port.1, refused(ConnectTrouble::TimedOut), true),
        ("bpg", port.0, port.1, page(), true),
        ("bpg", port.0, port.1, Seen::NoTls(TlsTrouble::PlainHttp), true),
        ("bpg", port.0, port.1, Seen::NoTls(TlsTrouble::TimedOut), false),
        // A proxy may answer there: nothing was sent that would tell.
        ("bpg", port.0, port.1, shown(Some(Err(TlsTrouble::UnknownIssuer)), false), false),
        ("bpg", port.0, port.1, shown(Some(other()), false), false),
        // No port makes a name known.
        ("bpg", port.0, port.1, Seen::NotResolved(NameTrouble::Unknown), false),
        ("glassdome", example.0, example.1, Seen::NotResolved(NameTrouble::Unknown), true),
        ("glassdome", example.0, example.1, shown(Some(Err(TlsTrouble::UnknownIssuer)), false), false),
        ("glassdome", twice.0, twice.1, turned_away(), true),
        ("glassdome", twice.0, twice.1, refused(ConnectTrouble::Refused), false),
        ("glassdome", twice.0, twice.1, shown(Some(other()), false), false),
    ];
    for (which, old, new, seen, cause) in rows {
        let (path, text) = good(which);
        let text = text.replacen(old, new, 1);
        let doubts = config(path, &text).doubts;
        assert_eq!(doubts.len(), 1, "{which} {new}");
        let told = format!("{which} {new} {seen:?}");
        let all = judged(path, &text, &[asked(None, vec![seen])]);
        let found = all.iter().position(|one| one.title == doubts[0].finding.title).expect("it is said all the same");
        assert_eq!((found == 0, all[found].severity == Severity::Error), (cause, cause), "{told}: {all:#?}");
    }
}
