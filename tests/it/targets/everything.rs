//! A target that lives only here, with every word of the schema, walked to its files.

use std::collections::{BTreeMap, BTreeSet};

use labwizard::domain::{Endpoint, Host, Release, Secret};
use labwizard::format::{Document, read_as};
use labwizard::target::facts::{UnifiAccess, UnifiFacts};
use labwizard::target::needs::{needs, never, owner_needs};
use labwizard::target::write::{Surroundings, values};
use labwizard::target::{Access, Facts, Spec, Verify};

const TEXT: &str = include_str!("../fixtures/targets/everything.toml");
const SECRET: &str = "00000000-0000-4000-8000-000000000002";

fn spec() -> Spec {
    Spec::parse(TEXT).unwrap_or_else(|e| panic!("{e}"))
}

fn facts() -> Facts {
    Facts {
        endpoint: Some(Endpoint { host: Host::Name("pve.lan".into()), port: 8007 }),
        access: Some(Access::Token { id: "me@pve!it".parse().unwrap(), secret: Some(Secret::new(SECRET.into())) }),
        verify: Verify::Ca { path: "/srv/ca.pem".into() },
        cluster: Some("home".into()),
        picks: BTreeMap::from([("node".to_owned(), "a".to_owned()), ("bridge".to_owned(), "vmbr0".to_owned())]),
        instance: 1,
        unifi: Some(UnifiFacts {
            endpoint: Some(Endpoint { host: Host::Name("unifi.lan".into()), port: 443 }),
            access: Some(UnifiAccess::ApiKey(Secret::new("made-up-key".into()))),
            verify: true,
            site: Some("default".into()),
            site_label: Some("Home".into()),
        }),
    }
}

#[test]
fn it_is_walked_to_a_file_that_reads_back() {
    let spec = spec();
    let form = spec.form(Some("env")).unwrap();
    let filled = values(&spec, form, &facts(), Surroundings::default()).unwrap();
    assert_eq!(filled.missing, []);
    let empty = Document::parse(form.editor().unwrap(), "".into()).unwrap();
    let edited = empty.apply(&filled.edits(None).unwrap(), &form.held_against(), None).unwrap();
    let expected = [
        ("EVERY_HOST", "pve.lan"),
        ("EVERY_ADDRESS", "pve.lan:8007"),
        ("EVERY_PORT", "8007"),
        ("EVERY_URL", "https://pve.lan:8007/"),
        ("EVERY_API", "https://pve.lan:8007/api2/json"),
        ("EVERY_USER", "me@pve"),
        ("EVERY_LOGIN", "me"),
        ("EVERY_REALM", "pve"),
        ("EVERY_NAME", "it"),
        ("EVERY_ID", "me@pve!it"),
        ("EVERY_SECRET", SECRET),
        ("EVERY_HEADER", "PVEAPIToken=me@pve!it=00000000-0000-4000-8000-000000000002"),
        ("EVERY_TLS", "strict"),
        ("EVERY_INSECURE", "0"),
        ("EVERY_CA", "/srv/ca.pem"),
        ("EVERY_CLUSTER", "home"),
        ("EVERY_NUMBER", "001"),
        ("EVERY_BRIDGE", "vmbr0"),
        ("EVERY_NODE", "a"),
        ("UNI_ADDRESS", "unifi.lan"),
        ("UNI_HOST", "unifi.lan"),
        ("UNI_PORT", "443"),
        ("UNI_URL", "https://unifi.lan"),
        ("UNI_KEY", "made-up-key"),
        ("UNI_SITE", "default"),
        ("UNI_LABEL", "Home"),
        ("UNI_TLS", "true"),
        ("UNI_INSECURE", "false"),
    ];
    for reader in form.held_against() {
        let reading = read_as(reader, edited.text().as_str());
        let got: Vec<_> = reading.pairs.iter().map(|p| (p.key, p.value.as_str())).collect();
        assert_eq!(got, expected, "{reader}");
    }
}

#[test]
fn a_secret_that_comes_later_is_filled_into_the_same_file() {
    let spec = spec();
    let form = spec.form(Some("env")).unwrap();
    let now = values(&spec, form, &facts(), Surroundings::default()).unwrap();
    let later = Facts { access: Some(Access::Token { id: "me@pve!it".parse().unwrap(), secret: None }), ..facts() };
    let later = values(&spec, form, &later, Surroundings::default()).unwrap();
    assert!(later.edits(None).is_none());
    let secret = Secret::new(SECRET.into());
    assert_eq!(later.edits(Some(&secret)), now.edits(None));
}

#[test]
fn its_needs_follow_release_groups_and_picks() {
    let spec = spec();
    let paths = |release: &str, groups: &[&str], picks: &BTreeMap<String, String>| -> Vec<String> {
        let groups: BTreeSet<String> = groups.iter().map(|g| (*g).to_owned()).collect();
        needs(&spec, release.parse().unwrap(), picks, &groups)
            .iter()
            .map(|n| format!("{} {}", n.path, n.privileges.iter().cloned().collect::<Vec<_>>().join(" ")))
            .collect()
    };
    let none = BTreeMap::new();
    assert_eq!(paths("8.4.21", &[], &none), ["/vms VM.Audit", "/vms VM.Monitor"]);
    assert_eq!(paths("9.0.1", &[], &none), ["/vms VM.Audit", "/vms VM.GuestAgent.Audit"]);
    assert_eq!(paths("9.0.1", &["net"], &none)[2], "/sdn/zones/localnetwork SDN.Use");
    assert_eq!(paths("9.0.1", &["net"], &facts().picks)[2], "/sdn/zones/localnetwork/vmbr0 SDN.Use");
    assert_eq!(paths("7.4-20", &["net"], &none).len(), 2);
    let net = BTreeSet::from(["net".to_owned()]);
    assert_eq!(owner_needs(&spec, Release::new(9, 0, 1), &none, &net).len(), 4);
    assert_eq!(never(&spec, &BTreeSet::new()).len(), 1);
    assert_eq!(never(&spec, &net).len(), 2);
}
