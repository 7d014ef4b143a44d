//! The lab's table of calls against Proxmox's own description of its API: who answers, whether tokens may, and what is taken.
//!
//! The descriptions are not part of this repository; LABWIZARD_SCHEMAS names the folder that holds them.

use std::path::Path;

use labwizard::lab::LabRelease;
use labwizard::lab::proxmox::route::{self, Route};
use serde_json::Value;

use crate::contract::{collect, truth};

const FILES: [(LabRelease, &str); 5] = [
    (LabRelease::V7_4_20, "pve-7.4.json"),
    (LabRelease::V8_4_16, "pve-8.4.json"),
    (LabRelease::V8_4_21, "pve-8.4.json"),
    (LabRelease::V9_1_4, "pve-9.1.json"),
    (LabRelease::V9_2_11, "pve-9.2.3.json"),
];

#[test]
fn every_call_of_the_lab_is_answered_by_whom_and_takes_what_the_description_says() {
    let Some(folder) = std::env::var_os("LABWIZARD_SCHEMAS") else {
        eprintln!("SKIPPED: LABWIZARD_SCHEMAS names no folder with Proxmox's API descriptions");
        return;
    };
    let mut wrong = Vec::new();
    for (release, file) in FILES {
        let text = std::fs::read_to_string(Path::new(&folder).join(file)).unwrap();
        let mut methods = std::collections::BTreeMap::new();
        collect(&serde_json::from_str(&text).unwrap(), &mut methods);
        for known in route::table() {
            // The agent's commands stand for many calls in one.
            if known.path.contains("{command}") || route::find(release, known.method, known.path).is_none() {
                continue;
            }
            let Some(info) = methods.get(&(known.method.to_owned(), known.path.to_owned())) else {
                wrong.push(format!("{release}: there is no {} {}", known.method, known.path));
                continue;
            };
            wrong.extend(
                differences(release, known, info)
                    .into_iter()
                    .map(|what| format!("{release}: {} {}: {what}", known.method, known.path)),
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn differences(release: LabRelease, known: &Route, info: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    if truth(&info["protected"]) != known.by_daemon(release) {
        wrong.push("another daemon answers it".to_owned());
    }
    let tokens = info.get("allowtoken").is_none_or(truth);
    if tokens != known.for_tokens(release) {
        wrong.push("tokens may or may not".to_owned());
    }
    if !known.path.starts_with("/access") {
        // Numbered parameters of guests are described otherwise.
        return wrong;
    }
    let described = info["parameters"]["properties"].as_object().cloned().unwrap_or_default();
    let params = (known.params)(release);
    for param in &params {
        match described.get(param.name) {
            None => wrong.push(format!("{} is not known", param.name)),
            Some(property) if truth(&property["optional"]) == param.needed => {
                wrong.push(format!("{} is needed, or not", param.name));
            }
            Some(_) => {}
        }
    }
    // What concerns making tokens is there whole; realms are made by nobody here.
    if !known.path.starts_with("/access/domains") {
        let left_out = described.keys().filter(|name| !params.iter().any(|param| param.name == name.as_str()));
        wrong.extend(left_out.map(|name| format!("{name} is left out")));
    }
    wrong
}
