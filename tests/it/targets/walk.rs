//! Every form of the targets of this program, walked: a new file, read back, recognised.

use std::collections::BTreeMap;

use labwizard::domain::{Endpoint, Host, Secret};
use labwizard::format::{Document, Edit};
use labwizard::target::new_file::skeleton;
use labwizard::target::read::{ReadAccess, ReadFile, held, read};
use labwizard::target::recognise::{Scene, is_clear, recognise};
use labwizard::target::traps::{Around, hits};
use labwizard::target::write::{Surroundings, values};
use labwizard::target::{Access, Fact, Facts, Form, Library, Spec};

const SECRET: &str = "00000000-0000-4000-8000-000000000003";

fn facts() -> Facts {
    Facts {
        endpoint: Some(Endpoint { host: Host::Name("pve.lan".into()), port: 8007 }),
        access: Some(Access::Token { id: "apex@pve!lab".parse().unwrap(), secret: Some(Secret::new(SECRET.into())) }),
        cluster: Some("home".into()),
        picks: BTreeMap::from([("node".to_owned(), "pve".to_owned()), ("ubuntu2204".to_owned(), "9000".to_owned())]),
        ..Facts::default()
    }
}

/// The new file of a form, as it would be written.
fn new_file(spec: &Spec, form: &Form, facts: &Facts) -> Document {
    let filled = values(spec, form, facts, Surroundings::default()).unwrap();
    let start = Document::parse(form.editor().unwrap(), skeleton(form, &filled)).unwrap();
    let edits: Vec<Edit> = filled.edits(None).unwrap().into_iter().map(Edit::switching_on).collect();
    start.apply(&edits, &form.held_against(), None).unwrap().document
}

fn host(file: &ReadFile, instance: u8) -> Option<String> {
    file.values
        .iter()
        .find(|value| value.instance == instance && matches!(value.fact, Fact::Host | Fact::Address))
        .map(|value| value.text.as_str().to_owned())
}

fn keys(document: &Document) -> Vec<String> {
    held(document).into_iter().map(|line| line.key).collect()
}

#[test]
fn every_new_file_reads_back_as_what_was_filled_in_and_steps_into_no_trap() {
    for target in Library::built_in().iter() {
        for form in target.spec.form.iter().filter(|form| form.is_written()) {
            let name = format!("{}, {}", target.name, form.name);
            let document = new_file(&target.spec, form, &facts());
            let lines = held(&document);
            let file = read(&target.spec, form, &lines);
            assert_eq!(file.unknown, [] as [String; 0], "{name}");
            assert_eq!(file.instances(), [1], "{name}");
            assert!(file.host(1).unwrap().contains("pve.lan:8007"), "{name}");
            let ReadAccess::Token { id, secret } = file.access(&target.spec, 1) else { panic!("{name}") };
            assert_eq!(
                (id.unwrap().to_string().as_str(), secret.unwrap().reveal()),
                ("apex@pve!lab", SECRET),
                "{name}"
            );
            assert_eq!(file.verifies(&target.spec, 1), Some(false), "{name}");
            assert_eq!(hits(&target.spec, form, &lines, Around::default()), [], "{name}");
        }
    }
}

#[test]
fn every_new_file_is_recognised_as_its_own() {
    let library = Library::built_in();
    for target in library.iter() {
        for form in target.spec.form.iter().filter(|form| form.is_written()) {
            let name = format!("{}, {}", target.name, form.name);
            let keys = keys(&new_file(&target.spec, form, &facts()));
            let found = recognise(&library, Scene { file: form.file[0].as_str(), keys: &keys, ..Scene::default() });
            assert!(!found.is_empty(), "{name}: nothing");
            assert_eq!(
                (found[0].target.as_str(), found[0].form.as_str()),
                (&*target.name, form.name.as_str()),
                "{found:?}"
            );
            assert!(is_clear(&found), "{name}: {found:?}");
            assert!(!found[0].because.is_empty(), "{name}");
        }
    }
}

#[test]
fn a_provider_in_the_code_tells_the_target_before_there_is_a_file() {
    let library = Library::built_in();
    for (source, target) in [
        ("bpg/proxmox", "opentofu-bpg"),
        ("registry.terraform.io/bpg/proxmox", "opentofu-bpg"),
        ("telmate/proxmox", "opentofu-telmate"),
    ] {
        let providers = [source.to_owned()];
        let scene = Scene { file: "tofu/env/lab.tfvars", providers: &providers, ..Scene::default() };
        assert_eq!(recognise(&library, scene)[0].target, target);
    }
    let beside = ["glassdome/core/config.py".to_owned()];
    let found = recognise(&library, Scene { file: ".env", beside: &beside, ..Scene::default() });
    assert_eq!(found[0].target, "glassdome");
    let shared = ["PROXMOX_HOST".to_owned(), "PROXMOX_USER".to_owned()];
    assert_eq!(recognise(&library, Scene { file: ".env", keys: &shared, ..Scene::default() }), []);
}

fn shown(target: &str, form: Option<&str>) -> String {
    let library = Library::built_in();
    let spec = &library.get(target).unwrap().spec;
    let document = new_file(spec, spec.form(form).unwrap(), &facts());
    document.text().as_str().to_owned()
}

#[test]
fn new_files_look_as_their_tools_write_them() {
    let env = "provider's own variables";
    for (target, form, expected) in [
        (
            "glassdome",
            None,
            "PROXMOX_HOST=pve.lan:8007\nPROXMOX_USER=apex@pve\nPROXMOX_TOKEN_NAME=lab\nPROXMOX_TOKEN_VALUE=SECRET\n\
             PROXMOX_VERIFY_SSL=false\nPROXMOX_NODE=pve\n# Which Proxmox the labs run on; without it none starts.\n\
             LAB_PROXMOX_INSTANCE=01\nUBUNTU_2204_TEMPLATE_ID=9000\n",
        ),
        (
            "opentofu-bpg",
            None,
            "proxmox_endpoint  = \"https://pve.lan:8007\"\nproxmox_api_token = \"apex@pve!lab=SECRET\"\n\
             proxmox_insecure  = true\nproxmox_node      = \"pve\"\n",
        ),
        (
            "opentofu-telmate",
            Some(env),
            "PM_API_URL=https://pve.lan:8007/api2/json\nPM_API_TOKEN_ID=apex@pve!lab\nPM_API_TOKEN_SECRET=SECRET\n\
             PM_TLS_INSECURE=true\n",
        ),
        (
            "depl0y",
            None,
            "# Depl0y does not read this file: its hosts are entered on its web page. The values stand in the order of that form.\n\n\
             name=home\nhostname=pve.lan\nport=8007\nusername=apex@pve\n# The full id, with user and realm.\n\
             api_token_id=apex@pve!lab\napi_token_secret=SECRET\nverify_ssl=false\n",
        ),
        (
            "proxmox-env",
            None,
            "PROXMOX_HOST=pve.lan\nPROXMOX_PORT=8007\n# The full id, user@realm!name.\nPROXMOX_TOKEN_ID=apex@pve!lab\n\
             PROXMOX_TOKEN_SECRET=SECRET\nPROXMOX_VERIFY_SSL=false\nPROXMOX_NODE=pve\n",
        ),
    ] {
        assert_eq!(shown(target, form).replace(SECRET, "SECRET"), expected, "{target}");
    }
}

#[test]
fn a_sheet_says_in_its_first_line_that_nothing_reads_it() {
    assert!(shown("depl0y", None).lines().next().unwrap().contains("does not read this file"));
}

#[test]
fn several_hosts_share_a_file_and_read_back_each_as_its_own() {
    let everything = Spec::parse(include_str!("../fixtures/targets/everything.toml")).unwrap();
    let mut specs: Vec<Spec> = Library::built_in().iter().map(|target| Spec::clone(&target.spec)).collect();
    specs.push(everything);
    let mut walked = 0;
    for spec in specs.iter().filter(|spec| spec.instances.is_some()) {
        let form = &spec.form[0];
        let mut document = Document::parse(form.editor().unwrap(), "".into()).unwrap();
        for instance in [1, 2, 10, 99] {
            let facts = Facts {
                endpoint: Some(Endpoint { host: Host::Name(format!("pve{instance}.lan")), port: 8006 }),
                access: Some(Access::Token {
                    id: format!("u{instance}@pve!tok").parse().unwrap(),
                    secret: Some(Secret::new(format!("00000000-0000-4000-8000-0000000000{instance:02}"))),
                }),
                instance,
                ..facts()
            };
            let existing = keys(&document);
            let around = Surroundings { existing: &existing, declared: None };
            let filled = values(spec, form, &facts, around).unwrap();
            document = document.apply(&filled.edits(None).unwrap(), &form.held_against(), None).unwrap().document;
        }
        let file = read(spec, form, &held(&document));
        for instance in [1, 2, 10, 99] {
            assert_eq!(host(&file, instance).as_deref(), Some(format!("pve{instance}.lan").as_str()), "{}", spec.title);
        }
        assert_eq!(file.instances(), [1, 2, 10, 99], "{}", spec.title);
        assert_eq!(file.free_instance(), 3);
        walked += 1;
    }
    assert_eq!(walked, 2);
}
