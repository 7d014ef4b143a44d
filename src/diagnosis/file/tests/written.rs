//! What labwizard writes by its own defaults, read as a stranger's file.

use std::collections::BTreeMap;

use super::*;
use crate::diagnosis::config::understand_as;
use crate::domain::{Endpoint, Host, Secret};
use crate::format::{Document, Edit};
use crate::target::new_file::skeleton;
use crate::target::spec::VerifyWord;
use crate::target::write::{Surroundings, values};
use crate::target::{Access, Facts, Form, Spec, Verify};

fn facts(verify: Verify, host: Host, port: u16, password: bool) -> Facts {
    let access = match password {
        false => {
            Access::Token { id: "apex@pve!lab-tok.x_1".parse().unwrap(), secret: Some(Secret::new(SECRET.into())) }
        }
        true => Access::Password {
            user: "root@pam".parse().unwrap(),
            password: Some(Secret::new("hunter 22 $'\"#!".into())),
        },
    };
    Facts {
        endpoint: Some(Endpoint { host, port }),
        access: Some(access),
        verify,
        cluster: Some("home".into()),
        picks: BTreeMap::from(
            [("node", "pve"), ("ubuntu2204", "9000"), ("storage", "local-lvm")].map(|(k, v)| (k.into(), v.into())),
        ),
        ..Facts::default()
    }
}

fn new_file(spec: &Spec, form: &Form, facts: &Facts) -> Option<String> {
    let filled = values(spec, form, facts, Surroundings::default()).ok().filter(|filled| filled.refused.is_empty())?;
    let start = Document::parse(form.editor()?, skeleton(form, &filled)).unwrap();
    let edits: Vec<Edit> = filled.edits(None)?.into_iter().map(Edit::switching_on).collect();
    // A value that not all readers would take as it is, is refused at writing.
    let document = start.apply(&edits, &form.held_against(), None).ok()?.document;
    Some(document.text().as_str().to_owned())
}

#[test]
fn a_file_that_labwizard_wrote_by_its_defaults_is_silent_in_every_form() {
    let library = Library::built_in();
    let mut walked = 0;
    for target in library.iter() {
        for form in target.spec.form.iter().filter(|form| form.is_written()) {
            let hosts =
                [Host::Name("pve.lan".into()), Host::V4([10, 0, 0, 5].into()), Host::V6("fd00::5".parse().unwrap())];
            for (host, port) in hosts.into_iter().flat_map(|host| [(host.clone(), 8006), (host, 443)]) {
                for word in &form.verify {
                    let verify = match word {
                        VerifyWord::Off => Verify::Off,
                        VerifyWord::System => Verify::System,
                        VerifyWord::Ca => Verify::Ca { path: "/etc/ssl/lab.pem".into() },
                        VerifyWord::Pin => continue,
                    };
                    let place = Endpoint { host: host.clone(), port };
                    for password in [false, true] {
                        let Some(text) =
                            new_file(&target.spec, form, &facts(verify.clone(), host.clone(), port, password))
                        else {
                            continue;
                        };
                        let path = format!("/lab/{}", form.file[0].as_str());
                        let seen = seen(&path, Some(&text), 0o600);
                        let around = Around::default();
                        let scene = Scene { library: &library, seen: &seen, around: &around, environment: &[] };
                        let name = format!("{} {} {place} {word:?} {password}", target.name, form.name);
                        let config = understand_as(scene, &target.name, form.name.as_str());
                        let loud: Vec<_> = config.findings.iter().filter(|f| f.severity > Severity::Info).collect();
                        assert!(loud.is_empty(), "{name}\n{text}\n{loud:#?}");
                        let host = &config.hosts[0];
                        assert_eq!(
                            host.place.as_ref().unwrap().endpoints.as_slice(),
                            std::slice::from_ref(&place),
                            "{name}\n{text}"
                        );
                        assert!(host.credential.is_some(), "{name}");
                        if !password {
                            let own = understand(scene).unwrap();
                            assert_eq!((own.target, own.form), (config.target, config.form), "{name}");
                        }
                        walked += 1;
                    }
                }
            }
        }
    }
    assert!(walked > 100, "{walked}");
}

/// The value of the key as it should be, written by the editor that repairs use.
#[test]
fn a_value_that_readers_take_differently_is_written_so_that_they_agree() {
    for (which, old, new, key, value) in [
        ("glassdome", "=pve.lan", "=pve.lan # the old one", "PROXMOX_HOST", "pve.lan"),
        ("glassdome", "PROXMOX_HOST", "export PROXMOX_HOST", "PROXMOX_HOST", "pve.lan"),
        ("bpg-env", "ENDPOINT=https", "ENDPOINT = https", "PROXMOX_VE_ENDPOINT", "https://pve.lan:8006"),
        ("glassdome", "=tok", "=“tok”", "PROXMOX_TOKEN_NAME", "tok"),
    ] {
        let (path, text) = good(which);
        let broken = config(path, &text.replacen(old, new, 1));
        let library = Library::built_in();
        let form = broken.form(&library).unwrap();
        let edits = [Edit::new(key, crate::format::Setting::Text(value.into()))];
        let mended = broken.document.apply(&edits, &form.held_against(), None).map(|edited| edited.document);
        let mended = mended.unwrap_or_else(|error| panic!("{which} {new}: {error}"));
        let again = config(path, mended.text().as_str());
        assert_eq!(told(&again.findings), [] as [&str; 0], "{which} {new}");
    }
}
