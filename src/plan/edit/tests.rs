//! A repair writes only what means something else than what stands in the file.

use std::collections::BTreeMap;

use super::*;
use crate::domain::file::{Folder, Identity, There};
use crate::domain::{Base, Digest, Endpoint, Fingerprint, Host};
use crate::format::{ChangeKind, Found};
use crate::target::spec::{VerifyWord, Way};
use crate::target::{Access, Fact, Library, Verify};

const SECRET: &str = "00000000-0000-4000-8000-000000000001";
const OTHER: &str = "00000000-0000-4000-8000-000000000002";

fn seen(text: Option<&str>) -> FileSeen {
    let there = |text: &str| {
        let identity = Identity { device: 1, inode: 2, size: text.len() as u64, modified: (4, 5) };
        let base = Base { digest: Digest::of(text.as_bytes()), identity };
        There { text: text.into(), base, mode: 0o600, uid: 0, gid: 0, links: 1 }
    };
    FileSeen {
        given: "/p/x".into(),
        path: "/p/x".into(),
        there: text.map(there),
        folder: Folder { exists: true, writable: true, identity: None },
        oddities: Vec::new(),
    }
}

fn facts(spec: &Spec, way: Way, verify: Verify, instance: u8) -> Facts {
    let user = "lab@pve".parse().unwrap();
    Facts {
        endpoint: Some(Endpoint { host: Host::Name("pve.lan".into()), port: 8006 }),
        access: Some(match way {
            Way::Password => Access::Password { user, password: Some(Secret::new("s p#cial".into())) },
            _ => Access::Token { id: "lab@pve!wiz".parse().unwrap(), secret: Some(Secret::new(SECRET.into())) },
        }),
        verify,
        cluster: Some("lab".into()),
        picks: spec.picks.iter().map(|(name, _)| (name.to_owned(), "pick1".to_owned())).collect(),
        instance,
        unifi: None,
    }
}

fn verifies(form: &Form) -> Vec<Verify> {
    let of = |word: &VerifyWord| match word {
        VerifyWord::Off => Verify::Off,
        VerifyWord::System => Verify::System,
        VerifyWord::Ca => Verify::Ca { path: "/p/ca.pem".into() },
        VerifyWord::Pin => Verify::Pin("AB:".repeat(32).trim_end_matches(':').parse::<Fingerprint>().unwrap()),
    };
    form.verify.iter().map(of).collect()
}

fn made(spec: &Spec, form: &Form, facts: &Facts, text: Option<&str>, repair: Option<Vec<Edit>>) -> Prepared {
    prepare(&Order {
        spec,
        form,
        dialect: form.editor().unwrap(),
        facts,
        seen: &seen(text),
        example: None,
        declared: None,
        agreed: Vec::new(),
        awaits_secret: false,
        repair,
        keep: &|_| None,
    })
    .unwrap()
}

fn changed(prepared: &Prepared) -> Vec<String> {
    let edited = prepared.edit.after().unwrap();
    edited.changed.into_iter().filter(|c| c.kind != ChangeKind::Unchanged).map(|c| c.key).collect()
}

/// Another value for one thing that is known, and the facts of keys that hold it.
type Touch = (&'static str, fn(&mut Facts), fn(&Fact) -> bool);

const TOUCHES: [Touch; 5] = [
    (
        "host",
        |f| f.endpoint = Some(Endpoint { host: Host::Name("other.lan".into()), port: 8006 }),
        |fact| matches!(fact, Fact::Address | Fact::Host | Fact::Url | Fact::ApiUrl),
    ),
    (
        "port",
        |f| f.endpoint = Some(Endpoint { host: Host::Name("pve.lan".into()), port: 8007 }),
        |fact| {
            // A host whose port stands in a key of its own is the same host; its value is written again and is equal.
            matches!(fact, Fact::Address | Fact::Port | Fact::Url | Fact::ApiUrl)
        },
    ),
    (
        "secret",
        |f| match &mut f.access {
            Some(Access::Token { secret, .. }) => *secret = Some(Secret::new(OTHER.into())),
            Some(Access::Password { password, .. }) => *password = Some(Secret::new("other".into())),
            None => {}
        },
        |fact| matches!(fact, Fact::TokenSecret | Fact::Token | Fact::Password),
    ),
    (
        "name",
        |f| {
            if let Some(Access::Token { id, .. }) = &mut f.access {
                id.name = "two".parse().unwrap();
            }
        },
        |fact| matches!(fact, Fact::TokenName | Fact::TokenId | Fact::Token),
    ),
    ("pick", |f| f.picks.values_mut().for_each(|pick| *pick = "pick2".into()), |fact| matches!(fact, Fact::Pick(_))),
];

#[test]
fn a_file_of_ours_is_repaired_by_nothing_and_a_new_answer_by_its_own_keys() {
    let (library, mut count) = (Library::built_in(), 0);
    for target in library.iter() {
        let spec = &target.spec;
        for form in spec.form.iter().filter(|form| form.editor().is_some()) {
            let instances: &[u8] = if spec.instances.is_some() { &[1, 2] } else { &[1] };
            for way in &spec.accepts.proxmox {
                for verify in verifies(form) {
                    let first = facts(spec, *way, verify.clone(), 1);
                    let mut text =
                        made(spec, form, &first, None, None).edit.after().unwrap().text().as_str().to_owned();
                    for instance in instances {
                        let about = format!("{} {} {way:?} {verify:?} {instance}", target.name, form.name);
                        let same = facts(spec, *way, verify.clone(), *instance);
                        let written = made(spec, form, &same, Some(&text), None).edit.after().unwrap();
                        text = written.text().as_str().to_owned();
                        let none: Vec<String> = Vec::new();
                        assert_eq!(changed(&made(spec, form, &same, Some(&text), Some(Vec::new()))), none, "{about}");
                        for (what, touch, holds) in TOUCHES {
                            let mut other = facts(spec, *way, verify.clone(), *instance);
                            touch(&mut other);
                            let prepared = made(spec, form, &other, Some(&text), Some(Vec::new()));
                            let keys = changed(&prepared);
                            for key in &keys {
                                let value = prepared.filled.set.iter().find(|value| value.key == *key).unwrap();
                                assert!(holds(&value.fact), "{about}, {what}: {key}");
                            }
                            let whole = made(spec, form, &other, Some(&text), None);
                            assert_eq!(changed(&whole), keys, "{about}, {what}: all that differs is set");
                            count += keys.len();
                        }
                    }
                }
            }
        }
    }
    assert!(count > 150, "{count}");
}

/// What stands there in the words of a person, and means what we would have written.
#[test]
fn what_means_the_same_stays_as_it_was_written() {
    let library = Library::built_in();
    let rows = [
        (
            "opentofu-bpg",
            "tfvars",
            Verify::System,
            "pve_endpoint=\"https://PVE.lan:8006/\"\nproxmox_api_token = \"lab@pve!wiz=00000000-0000-4000-8000-000000000001\"\nproxmox_node=\"pick1\"\n",
        ),
        (
            "glassdome",
            "env",
            Verify::Off,
            "export PROXMOX_ADMIN='lab@pve' # who\nPROXMOX_HOST=pve.lan:8006\nPROXMOX_TOKEN_NAME=lab@pve!wiz\nPROXMOX_TOKEN_VALUE=\"00000000-0000-4000-8000-000000000001\"\nPROXMOX_NODE = pick1\nLAB_PROXMOX_INSTANCE=3\n",
        ),
        (
            "proxmox-env",
            "env",
            Verify::Off,
            "PROXMOX_HOST=https://pve.lan\nPROXMOX_PORT=\"8006\"\nPROXMOX_TOKEN_ID=lab@pve!wiz\nPROXMOX_TOKEN_SECRET=00000000-0000-4000-8000-000000000001\nPROXMOX_VERIFY_SSL=No\n",
        ),
    ];
    for (target, form, verify, text) in rows {
        let spec = &library.get(target).unwrap().spec;
        let form = spec.form(Some(form)).unwrap();
        let prepared = made(spec, form, &facts(spec, Way::Token, verify, 1), Some(text), Some(Vec::new()));
        assert_eq!(prepared.edit.after().unwrap().text().as_str(), text, "{target}");
        assert!(prepared.edit.edits.is_empty(), "{target}");
    }
}

#[test]
fn what_is_needed_and_missing_is_added_and_what_is_optional_is_not() {
    let library = Library::built_in();
    let spec = &library.get("glassdome").unwrap().spec;
    let text = "PROXMOX_HOST=pve.lan\nPROXMOX_USER=lab@pve\nPROXMOX_TOKEN_VALUE=00000000-0000-4000-8000-000000000001\n";
    let of = |facts: &Facts| made(spec, &spec.form[0], facts, Some(text), Some(Vec::new()));
    let off = facts(spec, Way::Token, Verify::Off, 1);
    assert_eq!(changed(&of(&off)), ["PROXMOX_TOKEN_NAME", "PROXMOX_NODE", "LAB_PROXMOX_INSTANCE"]);
    let default = Facts { picks: BTreeMap::from([("node".to_owned(), "pve".to_owned())]), ..off };
    assert_eq!(changed(&of(&default)), ["PROXMOX_TOKEN_NAME", "LAB_PROXMOX_INSTANCE"], "the tool takes pve by itself");
    let on = facts(spec, Way::Token, Verify::Ca { path: "/p/ca.pem".into() }, 1);
    assert!(changed(&of(&on)).contains(&"PROXMOX_VERIFY_SSL".to_owned()));

    let spec = &library.get("opentofu-bpg").unwrap().spec;
    let text = "proxmox_endpoint = \"https://pve.lan:8006\"\nproxmox_api_token = \"lab@pve!wiz=00000000-0000-4000-8000-000000000001\"\n";
    let of = |verify| made(spec, &spec.form[0], &facts(spec, Way::Token, verify, 1), Some(text), Some(Vec::new()));
    assert!(changed(&of(Verify::System)).is_empty());
    assert_eq!(changed(&of(Verify::Off)), ["proxmox_insecure"]);
}

#[test]
fn the_chosen_mends_are_made_beside_the_new_answers_and_yield_to_them() {
    let library = Library::built_in();
    let spec = &library.get("glassdome").unwrap().spec;
    let file = made(spec, &spec.form[0], &facts(spec, Way::Token, Verify::Off, 1), None, None);
    let text = file.edit.after().unwrap().text().as_str().to_owned() + "SECRETS_BACKEND=env\n";
    let mut other = facts(spec, Way::Token, Verify::Off, 1);
    (TOUCHES[0].1)(&mut other);
    let mends = vec![Edit::remove("SECRETS_BACKEND"), Edit::set("PROXMOX_HOST", "stale.lan".into())];
    let prepared = made(spec, &spec.form[0], &other, Some(&text), Some(mends));
    assert_eq!(changed(&prepared), ["PROXMOX_HOST", "SECRETS_BACKEND"]);
    let edited = prepared.edit.after().unwrap();
    let Found::Once(host) = edited.document.get("PROXMOX_HOST") else { panic!() };
    assert_eq!(host.value().unwrap().as_str(), "other.lan");
}

#[test]
fn a_secret_that_is_still_to_be_made_is_awaited_in_its_own_keys_alone() {
    let library = Library::built_in();
    let spec = &library.get("glassdome").unwrap().spec;
    let form = &spec.form[0];
    let file = made(spec, form, &facts(spec, Way::Token, Verify::Off, 1), None, None);
    let text = file.edit.after().unwrap().text().as_str().to_owned();
    let mut waits = facts(spec, Way::Token, Verify::Off, 1);
    waits.access = Some(Access::Token { id: "lab@pve!wiz".parse().unwrap(), secret: None });
    let seen = seen(Some(&text));
    let order = Order {
        spec,
        form,
        dialect: form.editor().unwrap(),
        facts: &waits,
        seen: &seen,
        example: None,
        declared: None,
        agreed: Vec::new(),
        awaits_secret: true,
        repair: Some(Vec::new()),
        keep: &|_| None,
    };
    let prepared = prepare(&order).unwrap();
    assert_eq!(changed(&prepared), ["PROXMOX_TOKEN_VALUE"]);
    let filled = prepared.edit.with_secret(&Secret::new(OTHER.into())).after().unwrap();
    assert_eq!(filled.text().as_str(), text.replace(SECRET, OTHER));
}
