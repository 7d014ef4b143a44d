//! What every form of the targets of this program is filled with.

use labwizard::domain::{Endpoint, Host, Secret, Text};
use labwizard::target::facts::{UnifiAccess, UnifiFacts};
use labwizard::target::spec::Refuses;
use labwizard::target::write::{Filled, Kind, RefusedValue, Surroundings, WriteError, values};
use labwizard::target::{Access, Fact, Facts, Library, Value, Verify};

const SECRET: &str = "00000000-0000-4000-8000-000000000001";

fn facts() -> Facts {
    Facts {
        endpoint: Some(Endpoint { host: Host::Name("pve.lan".into()), port: 8006 }),
        access: Some(Access::Token { id: "apex@pve!glass".parse().unwrap(), secret: Some(Secret::new(SECRET.into())) }),
        picks: [("node", "pve"), ("ubuntu2204", "9000"), ("storage", "local-lvm")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into(),
        ..Facts::default()
    }
}

fn with_password() -> Facts {
    let access = Access::Password { user: "root@pam".parse().unwrap(), password: Some(Secret::new("made up".into())) };
    Facts { access: Some(access), ..facts() }
}

fn owned(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|k| (*k).to_owned()).collect()
}

fn fill(target: &str, form: &str, facts: &Facts, existing: &[&str], declared: Option<&[&str]>) -> Filled {
    let library = Library::built_in();
    let spec = &library.get(target).unwrap().spec;
    let (existing, declared) = (owned(existing), declared.map(owned));
    let around = Surroundings { existing: &existing, declared: declared.as_deref() };
    values(spec, spec.form(Some(form)).unwrap(), facts, around).unwrap()
}

/// `KEY=value` lines, with `!` for what is secret, and without quotes what a dialect writes bare.
fn lines(filled: &Filled) -> Vec<String> {
    filled
        .set
        .iter()
        .map(|kv| {
            let text = kv.value.text().map_or("(awaited)", Text::as_str).replace(SECRET, "SECRET");
            let secret = if kv.secret { "!" } else { "" };
            match kv.kind {
                Kind::Text => format!("{secret}{}=\"{text}\"", kv.key),
                Kind::Number | Kind::Bool => format!("{secret}{}={text}", kv.key),
            }
        })
        .collect()
}

#[test]
fn every_form_of_this_program_fills_the_keys_that_its_tool_reads() {
    let table: &[(&str, &str, &[&str])] = &[
        (
            "glassdome",
            "env",
            &[
                "PROXMOX_HOST=\"pve.lan\"",
                "PROXMOX_USER=\"apex@pve\"",
                "PROXMOX_TOKEN_NAME=\"glass\"",
                "!PROXMOX_TOKEN_VALUE=\"SECRET\"",
                "PROXMOX_VERIFY_SSL=false",
                "PROXMOX_NODE=\"pve\"",
                "LAB_PROXMOX_INSTANCE=\"01\"",
                "UBUNTU_2204_TEMPLATE_ID=9000",
            ],
        ),
        (
            "opentofu-bpg",
            "tfvars",
            &[
                "proxmox_endpoint=\"https://pve.lan:8006\"",
                "!proxmox_api_token=\"apex@pve!glass=SECRET\"",
                "proxmox_insecure=true",
                "proxmox_node=\"pve\"",
            ],
        ),
        (
            "opentofu-bpg",
            "TF_VAR lines",
            &[
                "TF_VAR_proxmox_endpoint=\"https://pve.lan:8006\"",
                "!TF_VAR_proxmox_api_token=\"apex@pve!glass=SECRET\"",
                "TF_VAR_proxmox_insecure=true",
                "TF_VAR_proxmox_node=\"pve\"",
            ],
        ),
        (
            "opentofu-bpg",
            "provider's own variables",
            &[
                "PROXMOX_VE_ENDPOINT=\"https://pve.lan:8006\"",
                "!PROXMOX_VE_API_TOKEN=\"apex@pve!glass=SECRET\"",
                "PROXMOX_VE_INSECURE=true",
            ],
        ),
        (
            "opentofu-telmate",
            "tfvars",
            &[
                "proxmox_api_url=\"https://pve.lan:8006/api2/json\"",
                "proxmox_api_token_id=\"apex@pve!glass\"",
                "!proxmox_api_token_secret=\"SECRET\"",
                "proxmox_tls_insecure=true",
                "proxmox_node=\"pve\"",
            ],
        ),
        (
            "opentofu-telmate",
            "TF_VAR lines",
            &[
                "TF_VAR_proxmox_api_url=\"https://pve.lan:8006/api2/json\"",
                "TF_VAR_proxmox_api_token_id=\"apex@pve!glass\"",
                "!TF_VAR_proxmox_api_token_secret=\"SECRET\"",
                "TF_VAR_proxmox_tls_insecure=true",
                "TF_VAR_proxmox_node=\"pve\"",
            ],
        ),
        (
            "opentofu-telmate",
            "provider's own variables",
            &[
                "PM_API_URL=\"https://pve.lan:8006/api2/json\"",
                "PM_API_TOKEN_ID=\"apex@pve!glass\"",
                "!PM_API_TOKEN_SECRET=\"SECRET\"",
                "PM_TLS_INSECURE=true",
            ],
        ),
        (
            "depl0y",
            "sheet",
            &[
                "name=\"pve.lan\"",
                "hostname=\"pve.lan\"",
                "port=8006",
                "username=\"apex@pve\"",
                "api_token_id=\"apex@pve!glass\"",
                "!api_token_secret=\"SECRET\"",
                "verify_ssl=false",
            ],
        ),
        (
            "proxmox-env",
            "env",
            &[
                "PROXMOX_HOST=\"pve.lan\"",
                "PROXMOX_PORT=8006",
                "PROXMOX_TOKEN_ID=\"apex@pve!glass\"",
                "!PROXMOX_TOKEN_SECRET=\"SECRET\"",
                "PROXMOX_VERIFY_SSL=false",
                "PROXMOX_NODE=\"pve\"",
            ],
        ),
    ];
    let mut walked = 0;
    for (target, form, expected) in table {
        let filled = fill(target, form, &facts(), &[], None);
        assert_eq!(lines(&filled), *expected, "{target}, {form}");
        assert_eq!(filled.missing, [], "{target}, {form}");
        walked += 1;
    }
    let forms: usize = Library::built_in().iter().map(|t| t.spec.form.len()).sum();
    assert_eq!(walked, forms, "every form of this program stands in the table");
}

#[test]
fn a_further_host_gets_its_numbered_keys_and_leaves_the_shared_ones() {
    let second = Facts { instance: 2, ..facts() };
    let filled = fill("glassdome", "env", &second, &["PROXMOX_02_TOKEN_VALUE", "LAB_PROXMOX_INSTANCE"], None);
    assert_eq!(
        lines(&filled),
        [
            "PROXMOX_02_HOST=\"pve.lan\"",
            "PROXMOX_02_USER=\"apex@pve\"",
            "PROXMOX_02_TOKEN_NAME=\"glass\"",
            "!PROXMOX_02_TOKEN_VALUE=\"SECRET\"",
            "PROXMOX_02_VERIFY_SSL=false",
            "PROXMOX_02_NODE=\"pve\"",
            "UBUNTU_2204_TEMPLATE_ID=9000",
        ]
    );
    assert_eq!(filled.shared, ["LAB_PROXMOX_INSTANCE"]);
}

#[test]
fn a_name_that_stands_in_the_file_is_kept() {
    let filled = fill("glassdome", "env", &facts(), &["PROXMOX_ADMIN"], None);
    assert!(lines(&filled).contains(&"PROXMOX_ADMIN=\"apex@pve\"".to_owned()));
    assert!(!filled.set.iter().any(|kv| kv.key == "PROXMOX_USER"));
    let both = fill("glassdome", "env", &facts(), &["PROXMOX_ADMIN", "PROXMOX_USER"], None);
    assert!(both.set.iter().any(|kv| kv.key == "PROXMOX_USER"));
}

#[test]
fn a_key_that_beats_ours_is_set_to_the_same_value() {
    let filled = fill("glassdome", "env", &facts(), &["PROXMOX_01_HOST"], None);
    let hosts: Vec<_> = filled.set.iter().filter(|kv| kv.of == "PROXMOX_HOST").map(|kv| kv.key.as_str()).collect();
    assert_eq!(hosts, ["PROXMOX_01_HOST", "PROXMOX_HOST"]);
    assert_eq!(filled.set[0].value, filled.set[1].value);
}

#[test]
fn the_keys_of_the_other_way_in_go_where_the_tool_would_stumble_over_them() {
    let keys = ["PROXMOX_TOKEN_NAME", "PROXMOX_TOKEN_VALUE"];
    let filled = fill("glassdome", "env", &with_password(), &keys, None);
    assert_eq!(filled.remove, keys, "Glassdome would go on with the token");
    assert!(filled.set.iter().any(|kv| kv.key == "PROXMOX_PASSWORD" && kv.secret));
    let filled = fill("glassdome", "env", &facts(), &["PROXMOX_PASSWORD"], None);
    assert_eq!((filled.remove.len(), &filled.left[..]), (0, &["PROXMOX_PASSWORD".to_owned()][..]));
    let filled = fill("opentofu-telmate", "tfvars", &facts(), &["pm_password"], None);
    assert_eq!(filled.remove, ["pm_password"], "the provider refuses both");
}

#[test]
fn only_declared_variables_are_filled_under_their_own_names() {
    let declared = ["pve_endpoint", "pve_api_token", "target_node", "unrelated"];
    let filled = fill("opentofu-bpg", "tfvars", &facts(), &[], Some(&declared));
    assert_eq!(
        lines(&filled),
        ["pve_endpoint=\"https://pve.lan:8006\"", "!pve_api_token=\"apex@pve!glass=SECRET\"", "target_node=\"pve\""]
    );
    assert_eq!(filled.undeclared, [], "a variable that is not needed may stay undeclared");
    let filled = fill("opentofu-bpg", "TF_VAR lines", &facts(), &[], Some(&["proxmox_endpoint", "proxmox_username"]));
    assert_eq!(lines(&filled), ["TF_VAR_proxmox_endpoint=\"https://pve.lan:8006\""]);
    assert_eq!(filled.undeclared.len(), 1);
    assert_eq!(filled.undeclared[0].fact, Fact::Token);
    assert_eq!(filled.undeclared[0].names[0], "proxmox_api_token");
}

#[test]
fn a_ca_is_written_where_the_form_can_take_one_and_refused_where_not() {
    let ca = || Facts { verify: Verify::Ca { path: "/etc/labwizard/pve.pem".into() }, ..facts() };
    let filled = fill("glassdome", "env", &ca(), &[], None);
    assert!(lines(&filled).contains(&"REQUESTS_CA_BUNDLE=\"/etc/labwizard/pve.pem\"".to_owned()));
    assert!(lines(&filled).contains(&"PROXMOX_VERIFY_SSL=true".to_owned()));
    let library = Library::built_in();
    let spec = &library.get("opentofu-bpg").unwrap().spec;
    let refused = values(spec, &spec.form[0], &ca(), Surroundings::default());
    assert_eq!(refused, Err(WriteError::Verification));
}

#[test]
fn what_a_tool_cannot_do_at_all_is_refused() {
    let library = Library::built_in();
    let spec = &library.get("depl0y").unwrap().spec;
    let second = Facts { instance: 2, ..facts() };
    assert_eq!(values(spec, &spec.form[0], &second, Surroundings::default()), Err(WriteError::OneHost));
    let spec = &library.get("glassdome").unwrap().spec;
    let hundredth = Facts { instance: 100, ..facts() };
    assert_eq!(values(spec, &spec.form[0], &hundredth, Surroundings::default()), Err(WriteError::TooManyHosts(99)));
}

#[test]
fn a_host_that_the_tool_refuses_is_named_with_its_key() {
    let six = Endpoint { host: Host::V6("fd00::1".parse().unwrap()), port: 8006 };
    let filled = fill("depl0y", "sheet", &Facts { endpoint: Some(six), ..facts() }, &[], None);
    assert_eq!(filled.refused, [RefusedValue { key: "hostname".into(), why: Refuses::Ipv6 }]);
}

#[test]
fn a_secret_that_does_not_exist_yet_is_awaited() {
    let access = Access::Token { id: "apex@pve!glass".parse().unwrap(), secret: None };
    let filled = fill("opentofu-bpg", "tfvars", &Facts { access: Some(access), ..facts() }, &[], None);
    assert_eq!(filled.set[1].value, Value::Awaits { before: "apex@pve!glass=".into(), after: String::new() });
}

#[test]
fn what_is_not_known_is_missing_and_what_is_optional_is_not() {
    let filled = fill("glassdome", "env", &Facts { picks: Default::default(), ..facts() }, &[], None);
    let missing: Vec<_> = filled.missing.iter().map(|m| m.key.as_str()).collect();
    assert_eq!(missing, ["PROXMOX_NODE"]);
    let unifi = UnifiFacts {
        endpoint: Some(Endpoint { host: Host::Name("unifi".into()), port: 443 }),
        access: Some(UnifiAccess::ApiKey(Secret::new("made-up-key".into()))),
        ..UnifiFacts::default()
    };
    let filled = fill("glassdome", "env", &Facts { unifi: Some(unifi), ..facts() }, &[], None);
    assert!(lines(&filled).contains(&"!UBIQUITI_API_KEY=\"made-up-key\"".to_owned()));
}
