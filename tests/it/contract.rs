//! Every request that the client can send, held against Proxmox's own description of its API.
//!
//! The descriptions are not part of this repository; LABWIZARD_SCHEMAS names the folder that holds them.

use std::collections::BTreeMap;
use std::path::Path;

use labwizard::client::proxmox::request::Request;
use labwizard::domain::Release;
use serde_json::Value;

const RELEASES: [(&str, Release); 4] = [
    ("pve-7.4.json", Release::new(7, 4, 0)),
    ("pve-8.4.json", Release::new(8, 4, 0)),
    ("pve-9.1.json", Release::new(9, 1, 0)),
    ("pve-9.2.3.json", Release::new(9, 2, 3)),
];

#[test]
fn every_request_fits_every_releases_own_description_of_its_api() {
    let Some(folder) = std::env::var_os("LABWIZARD_SCHEMAS") else {
        eprintln!("SKIPPED: LABWIZARD_SCHEMAS names no folder with Proxmox's API descriptions");
        return;
    };
    let mut wrong = Vec::new();
    for (file, release) in RELEASES {
        let text = std::fs::read_to_string(Path::new(&folder).join(file)).unwrap();
        let mut methods = BTreeMap::new();
        collect(&serde_json::from_str(&text).unwrap(), &mut methods);
        assert!(methods.len() > 400, "{file} describes only {} methods", methods.len());
        for request in Request::examples() {
            let faults = faults(&request, &methods);
            if request.since().is_some_and(|since| since > release) {
                // Else it would be there for longer than is said.
                assert!(!faults.is_empty(), "{file}: {request} fits already");
                continue;
            }
            wrong.extend(faults.into_iter().map(|fault| format!("{file}: {request}: {fault}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The check is able to fail.
#[test]
fn a_request_that_does_not_fit_is_found() {
    let methods: BTreeMap<_, _> = [(
        ("GET".to_owned(), "/access/permissions".to_owned()),
        serde_json::json!({"allowtoken": 1, "parameters": {"properties": {
            "path": {"type": "integer", "optional": 1}, "userid": {"type": "string"}}}}),
    )]
    .into();
    let faults = |request: &Request| faults(request, &methods);
    assert_eq!(faults(&Request::Nodes), ["there is no GET /nodes"]);
    assert_eq!(faults(&Request::PermissionsAt("/vms".into())), ["path is no integer", "userid is required"]);
    assert_eq!(faults(&Request::Permissions), ["userid is required"]);
}

/// Every call of a description, by its method and path.
pub fn collect(node: &Value, into: &mut BTreeMap<(String, String), Value>) {
    if let Value::Array(all) = node {
        return all.iter().for_each(|one| collect(one, into));
    }
    if !node.is_object() {
        return;
    }
    let path = node["path"].as_str().unwrap_or_default();
    for (method, info) in node["info"].as_object().into_iter().flatten() {
        into.insert((method.clone(), path.to_owned()), info.clone());
    }
    collect(&node["children"], into);
}

/// What a release's description has against a request.
fn faults(request: &Request, methods: &BTreeMap<(String, String), Value>) -> Vec<String> {
    // The login page is no part of the API.
    let Some(template) = request.template() else { return Vec::new() };
    let Some(info) = methods.get(&(request.method().to_string(), template.clone())) else {
        return vec![format!("there is no {} {template}", request.method())];
    };
    let mut given: Vec<(&str, String)> = request.path_parameters();
    given.extend(request.query().into_iter().map(|(name, value)| (name, value.to_owned())));
    given.extend(request.form().into_iter().flatten().map(|(name, value)| (name, value.to_string())));
    let known = info["parameters"]["properties"].as_object().cloned().unwrap_or_default();
    let mut faults = Vec::new();
    if request.form().is_some() && !matches!(request.method().as_str(), "POST" | "PUT") {
        faults.push("it has a body where none is taken".into());
    }
    for (name, value) in &given {
        match known.get(*name) {
            Some(property) => faults.extend(misfit(value, property).map(|why| format!("{name} {why}"))),
            None => faults.push(format!("{name} is not known")),
        }
    }
    for (name, property) in &known {
        let needed = !truth(&property["optional"]);
        // The description names a path's parameters as parameters too.
        if needed && !given.iter().any(|(one, _)| one == name) {
            faults.push(format!("{name} is required"));
        }
    }
    let world = info["permissions"]["user"] == "world";
    if request.needs_login() {
        if !truth(&info["allowtoken"]) {
            faults.push("a token may not ask this".into());
        }
    } else if !world {
        faults.push("nobody may ask this without a login".into());
    }
    faults
}

/// A boolean of a description.
pub fn truth(value: &Value) -> bool {
    matches!(value, Value::Bool(true)) || value.as_u64() == Some(1) || value == "1"
}

/// Why `value` does not fit `property`: its type, its list of values, its length, or what its format is known to want.
fn misfit(value: &str, property: &Value) -> Option<String> {
    let number = |name: &str| property[name].as_u64().or_else(|| property[name].as_str()?.parse().ok());
    match property["type"].as_str() {
        Some("integer") if value.parse::<i64>().is_err() => return Some("is no integer".into()),
        Some("boolean") if !matches!(value, "0" | "1") => return Some("is no boolean".into()),
        _ => {}
    }
    if property["enum"].as_array().is_some_and(|all| !all.iter().any(|one| one == value)) {
        return Some("is none of the values".into());
    }
    if number("maxLength").is_some_and(|most| value.len() as u64 > most) {
        return Some("is too long".into());
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    match property["format"].as_str() {
        Some("pve-node") if !value.chars().all(plain) => Some("is no node name".into()),
        Some("pve-userid") if !value.contains('@') => Some("is no user id".into()),
        _ => None,
    }
}
