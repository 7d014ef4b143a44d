//! One value of a file in another shape, and how it is mended where it stands or where it belongs.

use super::*;
use crate::target::Fact;

/// One line of a file in another shape, and how that line is mended.
#[test]
fn each_shape_is_mended_in_its_own_line_and_every_other_byte_stays() {
    let rows: &[(&str, &str, &str, &str, &str)] = &[
        ("/p/.env", GLASSDOME, "PROXMOX_TOKEN_NAME", "PROXMOX_TOKEN_NAME=lab@pve!wiz", "PROXMOX_TOKEN_NAME=wiz"),
        ("/p/.env", GLASSDOME, "PROXMOX_TOKEN_NAME", "PROXMOX_TOKEN_NAME=“wiz”", "PROXMOX_TOKEN_NAME=wiz"),
        ("/p/.env", GLASSDOME, "PROXMOX_HOST", "PROXMOX_HOST=https://pve.lan:8006/", "PROXMOX_HOST=pve.lan"),
        ("/p/.env", GLASSDOME, "PROXMOX_HOST", "PROXMOX_HOST=https://pve.lan:8007", "PROXMOX_HOST=pve.lan:8007"),
        ("/p/.env", GLASSDOME, "PROXMOX_HOST", "PROXMOX_HOST='pve.lan' # here", "# here\nPROXMOX_HOST=pve.lan"),
        ("/p/.env", GLASSDOME, "PROXMOX_USER", "PROXMOX_USER=lab@pve!wiz", "PROXMOX_USER=lab@pve"),
        ("/p/.env", GLASSDOME, "PROXMOX_USER", "PROXMOX_USER=lab@pve\u{200b}", "PROXMOX_USER=lab@pve"),
        (
            "/p/.env",
            PLAIN,
            "PROXMOX_TOKEN_ID",
            "PROXMOX_TOKEN_ID=\u{a0}lab@pve!wiz\u{a0}",
            "PROXMOX_TOKEN_ID=lab@pve!wiz",
        ),
        ("/p/.env", GLASSDOME, "PROXMOX_VERIFY_SSL", "PROXMOX_VERIFY_SSL=0", "PROXMOX_VERIFY_SSL=false"),
        (
            "/p/.env",
            GLASSDOME,
            "PROXMOX_TOKEN_VALUE",
            "PROXMOX_TOKEN_VALUE=lab@pve!wiz=00000000-0000-4000-8000-000000000001",
            "PROXMOX_TOKEN_VALUE=00000000-0000-4000-8000-000000000001",
        ),
        (
            "/p/.env",
            GLASSDOME,
            "PROXMOX_TOKEN_VALUE",
            "PROXMOX_TOKEN_VALUE=“00000000-0000-4000-8000-000000000001”",
            "PROXMOX_TOKEN_VALUE=00000000-0000-4000-8000-000000000001",
        ),
        (
            "/p/.env",
            GLASSDOME,
            "PROXMOX_TOKEN_VALUE",
            "PROXMOX_TOKEN_VALUE=00000000-0000-4000-8000-00000000000A",
            "PROXMOX_TOKEN_VALUE=00000000-0000-4000-8000-00000000000a",
        ),
        ("/p/.env", PLAIN, "PROXMOX_HOST", "PROXMOX_HOST=pve.lan:8006", "PROXMOX_HOST=pve.lan"),
        ("/p/.env", PLAIN, "PROXMOX_HOST", "PROXMOX_HOST=[fd00::5]", "PROXMOX_HOST=fd00::5"),
        (
            "/p/.env",
            PLAIN,
            "PROXMOX_TOKEN_ID",
            "PROXMOX_TOKEN_ID=PVEAPIToken=lab@pve!wiz",
            "PROXMOX_TOKEN_ID=lab@pve!wiz",
        ),
        (
            "/p/.env",
            PLAIN,
            "PROXMOX_TOKEN_ID",
            "PROXMOX_TOKEN_ID=lab@pve!wiz=00000000-0000-4000-8000-000000000001",
            "PROXMOX_TOKEN_ID=lab@pve!wiz",
        ),
        ("/p/.env", PLAIN, "PROXMOX_TOKEN_ID", "PROXMOX_TOKEN_ID=\"lab@pve!wiz\"", "PROXMOX_TOKEN_ID='lab@pve!wiz'"),
        ("/p/.env", PLAIN, "PROXMOX_VERIFY_SSL", "PROXMOX_VERIFY_SSL=No", "PROXMOX_VERIFY_SSL=false"),
        (
            "/p/terraform.tfvars",
            BPG,
            "proxmox_endpoint",
            "proxmox_endpoint  = \"https://pve.lan:8006/api2/json\"",
            "proxmox_endpoint  = \"https://pve.lan:8006\"",
        ),
        (
            "/p/terraform.tfvars",
            BPG,
            "proxmox_endpoint",
            "proxmox_endpoint  = \"pve.lan\"",
            "proxmox_endpoint  = \"https://pve.lan:8006\"",
        ),
        (
            "/p/terraform.tfvars",
            BPG,
            "proxmox_endpoint",
            "proxmox_endpoint  = \"http://fd00::5\"",
            "proxmox_endpoint  = \"https://[fd00::5]:8006\"",
        ),
        (
            "/p/terraform.tfvars",
            BPG,
            "proxmox_api_token",
            "proxmox_api_token = \"PVEAPIToken=lab@pve!wiz=00000000-0000-4000-8000-000000000001\" # a token",
            "proxmox_api_token = \"lab@pve!wiz=00000000-0000-4000-8000-000000000001\" # a token",
        ),
        (
            "/p/terraform.tfvars",
            BPG,
            "proxmox_api_token",
            "proxmox_api_token = \"lab@pve!wiz:00000000-0000-4000-8000-000000000001\" # a token",
            "proxmox_api_token = \"lab@pve!wiz=00000000-0000-4000-8000-000000000001\" # a token",
        ),
        (
            "/p/terraform.tfvars",
            TELMATE,
            "pm_api_url",
            "pm_api_url = \"https://pve.lan:8006\"",
            "pm_api_url = \"https://pve.lan:8006/api2/json\"",
        ),
    ];
    for (path, sound, key, broken, right) in rows {
        let line = sound
            .lines()
            .find(|line| line.trim_start().starts_with(&format!("{key} ")) || line.starts_with(&format!("{key}=")));
        let text = sound.replace(line.unwrap(), broken);
        let got = mended(path, &text, &[rewrite(key)]).unwrap_or_else(|error| panic!("{broken}: {error}"));
        assert_eq!(got, text.replace(broken, right), "{broken}");
        assert_eq!(mended(path, &got, &[rewrite(key)]).unwrap(), got, "{broken}: mended it stays");
    }
}

#[test]
fn what_stood_in_the_wrong_place_is_not_lost() {
    let told = |text: &str, key: &str| mended("/p/.env", text, &[rewrite(key)]).unwrap();
    let other = GLASSDOME.replace("NAME=wiz", "NAME=ops@pam!wiz");
    assert_eq!(told(&other, "PROXMOX_TOKEN_NAME"), GLASSDOME.replace("USER=lab@pve", "USER=ops@pam"));
    let none = GLASSDOME.replace("PROXMOX_USER=lab@pve\n", "").replace("NAME=wiz", "NAME=lab@pve!wiz");
    assert!(told(&none, "PROXMOX_TOKEN_NAME").ends_with("PROXMOX_USER=lab@pve\n"));
    let port = PLAIN.replace("HOST=pve.lan", "HOST=pve.lan:8007");
    assert_eq!(told(&port, "PROXMOX_HOST"), PLAIN.replace("8006", "8007"));
    let whole = GLASSDOME.replace("PROXMOX_TOKEN_NAME=wiz\n", "").replace("VALUE=", "VALUE=lab@pve!wiz=");
    let got = told(&whole, "PROXMOX_TOKEN_VALUE");
    assert!(
        got.contains(&format!("\nPROXMOX_TOKEN_VALUE={SECRET}\n")) && got.ends_with("PROXMOX_TOKEN_NAME=wiz\n"),
        "{got}"
    );
}

#[test]
fn a_token_in_the_place_of_a_login_goes_into_its_own_keys_whole() {
    let text = "A=1\nPROXMOX_HOST=pve.lan\nPROXMOX_USER=apex@pve!whole\nPROXMOX_PASSWORD=00000000-0000-4000-8000-000000000001\n\
                PROXMOX_VERIFY_SSL=false\nPROXMOX_NODE=pve1\nLAB_PROXMOX_INSTANCE=01\n";
    let told = mended_as_told("/p/.env", text, &[rewrite("PROXMOX_USER")], Told::default()).unwrap();
    let prepared = told.prepared.unwrap();
    let shown = format!("{:?}", prepared.lines);
    assert!(!shown.contains(SECRET), "the secret stays covered where it goes: {shown}");
    let got = prepared.edit.after().unwrap().text().as_str().to_owned();
    for line in ["A=1", "PROXMOX_USER=apex@pve", "PROXMOX_TOKEN_NAME=whole", &format!("PROXMOX_TOKEN_VALUE={SECRET}")] {
        assert!(got.lines().any(|one| one == line), "{line}\n{got}");
    }
    assert!(!got.contains("PASSWORD"), "{got}");
    let other = text.replace(SECRET, "hunter22");
    let told = config(&seen("/p/.env", &other, 0o600));
    assert!(told.findings.iter().any(|finding| finding.mends == [Mend::Ask(crate::domain::Id::fixed("token"))]));
    assert!(told.hosts[0].credential.is_none());
}

#[test]
fn an_address_without_a_port_means_one_place_however_its_scheme_is_written() {
    let says = |text: &str| config(&seen("/p/terraform.tfvars", &BPG.replace("https://pve.lan:8006/", text), 0o600));
    let spec = &library().get("opentofu-bpg").unwrap().spec;
    for (old, new, same) in [
        ("HTTPS://pve.lan", "https://pve.lan:443", true),
        ("http://pve.lan", "https://pve.lan:443", true),
        ("HTTPS://pve.lan", "https://pve.lan:8006", false),
        ("pve.lan", "https://pve.lan:8006", true),
    ] {
        let (before, after) = (says(old), says(new));
        let is_same = crate::plan::meaning::is_same(spec, &before.read, &after.read, 1, &Fact::Url);
        assert_eq!(is_same, same, "{old} {new}");
    }
}

#[test]
fn a_value_that_nothing_tells_is_not_made_up() {
    let text = GLASSDOME.replace("VERIFY_SSL=false", "VERIFY_SSL=perhaps");
    assert_eq!(
        mended("/p/.env", &text, &[rewrite("PROXMOX_VERIFY_SSL")]),
        Err(NoMend::Unknown("PROXMOX_VERIFY_SSL".into()))
    );
    let text = GLASSDOME.replace("NAME=wiz", "NAME=1 2");
    let got = mended("/p/.env", &text, &[rewrite("PROXMOX_TOKEN_NAME")]).unwrap();
    assert_eq!(got, text, "what cannot be understood stays as it stands");
    assert_eq!(mended("/p/.env", GLASSDOME, &[rewrite("OTHER")]), Err(NoMend::Unknown("OTHER".into())));
    assert_eq!(mended("/p/.env", GLASSDOME, &[Mend::NewSecret]), Err(NoMend::NotOfTheFile));
    let gone = Mend::Remove { key: "OTHER".into(), line: 3 };
    assert_eq!(mended("/p/.env", GLASSDOME, &[gone]), Err(NoMend::NoSuchLine { key: "OTHER".into(), line: 3 }));
}

#[test]
fn a_needed_key_without_a_line_is_added_where_the_rest_of_the_file_tells_it() {
    let text = PLAIN.replace("PROXMOX_PORT=8006\n", "");
    assert_eq!(mended("/p/.env", &text, &[rewrite("PROXMOX_PORT")]).unwrap(), format!("{text}PROXMOX_PORT=8006\n"));
    let text = GLASSDOME.replace("LAB_PROXMOX_INSTANCE=01\n", "");
    assert_eq!(mended("/p/.env", &text, &[rewrite("LAB_PROXMOX_INSTANCE")]).unwrap(), GLASSDOME);
    let text = GLASSDOME.replace("PROXMOX_TOKEN_NAME=wiz\n", "");
    let unknown = Err(NoMend::Unknown("PROXMOX_TOKEN_NAME".into()));
    assert_eq!(mended("/p/.env", &text, &[rewrite("PROXMOX_TOKEN_NAME")]), unknown);
}
