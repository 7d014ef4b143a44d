//! Each shape that a file can be in, and the one line that mends it.

mod shapes;

use std::path::{Path, PathBuf};

use super::*;
use crate::diagnosis::config::{Scene, understand};
use crate::domain::file::{Folder, Identity, There};
use crate::domain::{Around, Base, Digest, Host};
use crate::format::Side;

const SECRET: &str = "00000000-0000-4000-8000-000000000001";

fn library() -> &'static Library {
    static LIBRARY: std::sync::OnceLock<Library> = std::sync::OnceLock::new();
    LIBRARY.get_or_init(Library::built_in)
}

fn seen(path: &str, text: &str, mode: u32) -> FileSeen {
    let base = Base {
        digest: Digest::of(text.as_bytes()),
        identity: Identity { device: 1, inode: 2, size: text.len() as u64, modified: (4, 5) },
    };
    FileSeen {
        given: path.into(),
        path: path.into(),
        there: Some(There { text: text.into(), base, mode, uid: 0, gid: 0, links: 1 }),
        folder: Folder { exists: true, writable: true, identity: None },
        oddities: Vec::new(),
    }
}

fn config(seen: &FileSeen) -> Config {
    let (library, around) = (library(), Around::default());
    understand(Scene { library, seen, around: &around, environment: &[] }).unwrap()
}

fn rewrite(key: &str) -> Mend {
    Mend::Rewrite { key: key.into() }
}

/// The file with the mends made.
fn mended(path: &str, text: &str, mends: &[Mend]) -> Result<String, NoMend> {
    mended_as_told(path, text, mends, Told::default()).map(|mended| match mended.prepared {
        Some(prepared) => prepared.edit.after().unwrap().text().as_str().to_owned(),
        None => text.to_owned(),
    })
}

fn mended_as_told(path: &str, text: &str, mends: &[Mend], told: Told<'_>) -> Result<Mended, NoMend> {
    let seen = seen(path, text, 0o600);
    let config = config(&seen);
    let shown = |path: &Path| path.display().to_string();
    plan(&Order { config: &config, library: library(), seen: &seen, told, mends, agreed: Vec::new(), shown: &shown })
}

const GLASSDOME: &str = "# mine\nOTHER=1 # note\nPROXMOX_HOST=pve.lan\nPROXMOX_USER=lab@pve\nPROXMOX_TOKEN_NAME=wiz\n\
                         PROXMOX_TOKEN_VALUE=00000000-0000-4000-8000-000000000001\nPROXMOX_VERIFY_SSL=false\n\
                         PROXMOX_NODE=pve1\nLAB_PROXMOX_INSTANCE=01\n";
const PLAIN: &str = "PROXMOX_HOST=pve.lan\nPROXMOX_PORT=8006\nPROXMOX_TOKEN_ID=lab@pve!wiz\n\
                     PROXMOX_TOKEN_SECRET=00000000-0000-4000-8000-000000000001\nPROXMOX_VERIFY_SSL=false\n";
const BPG: &str = "proxmox_endpoint  = \"https://pve.lan:8006/\"\n\
                   proxmox_api_token = \"lab@pve!wiz=00000000-0000-4000-8000-000000000001\" # a token\n\
                   size = 3\n";
const TELMATE: &str = "pm_api_url = \"https://pve.lan:8006/api2/json\"\npm_api_token_id = \"lab@pve!wiz\"\n\
                       pm_api_token_secret = \"00000000-0000-4000-8000-000000000001\"\n";

#[test]
fn a_line_too_many_goes_and_the_others_stay_to_the_byte() {
    let remove = |key: &str, line| Mend::Remove { key: key.into(), line };
    let text = GLASSDOME.replace("PROXMOX_USER=lab@pve\n", "PROXMOX_USER=a@pve\nPROXMOX_USER = \"lab@pve\" # x\n");
    let got = mended("/p/.env", &text, &[remove("PROXMOX_USER", 4)]).unwrap();
    assert_eq!(got, text.replace("PROXMOX_USER=a@pve\n", ""));
    let twice = [remove("PROXMOX_USER", 4), rewrite("PROXMOX_USER")];
    let got = mended("/p/.env", &text, &twice).unwrap();
    assert_eq!(got, text.replace("PROXMOX_USER=a@pve\nPROXMOX_USER = \"lab@pve\" # x", "# x\nPROXMOX_USER = lab@pve"));
    let beaten = format!("{GLASSDOME}PROXMOX_01_HOST=other.lan\n");
    let got = mended("/p/.env", &beaten, &[remove("PROXMOX_01_HOST", 10)]).unwrap();
    assert_eq!(got, GLASSDOME);
    let same = mended("/p/.env", &beaten, &[rewrite("PROXMOX_HOST")]).unwrap();
    assert_eq!(same, beaten.replace("other.lan", "pve.lan"), "what beats it gets the same value");
    let all = format!("{GLASSDOME}PROXMOX_PORT=1\nPROXMOX_PORT=2\nPROXMOX_PORT=3\n");
    let got = mended("/p/.env", &all, &[remove("PROXMOX_PORT", 10), remove("PROXMOX_PORT", 12)]).unwrap();
    assert_eq!(got, format!("{GLASSDOME}PROXMOX_PORT=2\n"));
}

#[test]
fn a_switch_gets_the_word_that_was_chosen_and_no_other() {
    let vars = |word: &str| {
        format!(
            "proxmox_endpoint  = \"https://pve.lan:8006\"\nproxmox_api_token = \"lab@pve!wiz={SECRET}\"\n\
             proxmox_insecure  = {word}\n"
        )
    };
    let switch = |word: &str| Mend::Switch { key: "proxmox_insecure".into(), word: word.into(), verifies: false };
    for word in ["true", "false"] {
        let got = mended("/p/terraform.tfvars", &vars("\"yes\""), &[switch(word)]);
        assert_eq!(got.unwrap(), vars(word));
    }
    let odd = mended("/p/terraform.tfvars", &vars("\"yes\""), &[switch("perhaps")]);
    assert_eq!(odd, Err(NoMend::Unknown("proxmox_insecure".into())));
}

#[test]
fn a_port_that_has_no_effect_goes_behind_the_host_and_is_shown() {
    let text = format!("{GLASSDOME}PROXMOX_PORT=41455\n");
    let port = |line| Mend::Port { key: "PROXMOX_PORT".into(), line };
    let got = mended("/p/.env", &text, &[port(10)]).unwrap();
    assert_eq!(got, GLASSDOME.replace("=pve.lan", "=pve.lan:41455"));
    assert_eq!(mended("/p/.env", &text, &[port(9)]), Err(NoMend::Unknown("PROXMOX_PORT".into())));
    for mend in [port(10), Mend::Remove { key: "PROXMOX_PORT".into(), line: 10 }] {
        let lines = mended_as_told("/p/.env", &text, &[mend], Told::default()).unwrap().prepared.unwrap().lines;
        assert!(lines.iter().any(|(_, line)| line == "PROXMOX_PORT=41455"), "{lines:?}");
    }
}

#[test]
fn all_mends_of_a_file_are_one_edit() {
    let text = GLASSDOME
        .replace("HOST=pve.lan", "HOST=https://pve.lan:8006")
        .replace("NAME=wiz", "NAME=lab@pve!wiz")
        .replace("OTHER=1", "SECRETS_BACKEND=env\nOTHER=1");
    let mends = [
        rewrite("PROXMOX_HOST"),
        rewrite("PROXMOX_TOKEN_NAME"),
        Mend::Remove { key: "SECRETS_BACKEND".into(), line: 2 },
        Mend::Ignore,
        Mend::Close,
    ];
    let seen = seen("/p/.env", &text, 0o644);
    let config = config(&seen);
    let shown = |path: &Path| path.display().to_string();
    let order = Order {
        config: &config,
        library: library(),
        seen: &seen,
        told: Told::default(),
        mends: &mends,
        agreed: Vec::new(),
        shown: &shown,
    };
    let made = plan(&order).unwrap();
    assert_eq!(made.prepared.as_ref().unwrap().edit.after().unwrap().text().as_str(), GLASSDOME);
    let told: Vec<&str> = made.plan.actions.iter().map(|planned| planned.sentence.as_str()).collect();
    assert_eq!(
        told,
        [
            "add a line to the .gitignore beside the file, so that git leaves it alone",
            "put right 2 values in /p/.env, remove one line, and close it to others"
        ]
    );
    assert!(matches!(&made.plan.actions[0].action, Action::Ignore(path) if path == Path::new("/p/.env")));
    let lines: Vec<String> = made
        .prepared
        .unwrap()
        .lines
        .iter()
        .map(|(side, line)| format!("{}{line}", if *side == Side::Removed { '-' } else { '+' }))
        .collect();
    assert_eq!(
        lines,
        [
            "-SECRETS_BACKEND=••••••••",
            "-PROXMOX_HOST=https://pve.lan:8006",
            "+PROXMOX_HOST=pve.lan",
            "-PROXMOX_TOKEN_NAME=lab@pve!wiz",
            "+PROXMOX_TOKEN_NAME=wiz"
        ]
    );
}

#[test]
fn a_file_that_is_closed_alone_is_written_with_not_a_byte_changed() {
    let of_mode = |mode, mends: &[Mend]| {
        let seen = seen("/p/.env", GLASSDOME, mode);
        let config = config(&seen);
        let shown = |path: &Path| path.display().to_string();
        plan(&Order {
            config: &config,
            library: library(),
            seen: &seen,
            told: Told::default(),
            mends,
            agreed: Vec::new(),
            shown: &shown,
        })
        .unwrap()
    };
    let made = of_mode(0o644, &[Mend::Close]);
    assert_eq!(made.plan.actions[0].sentence, "close /p/.env to others; every value is there already");
    assert_eq!(made.prepared.unwrap().edit.after().unwrap().text().as_str(), GLASSDOME);
    assert!(of_mode(0o600, &[Mend::Close]).plan.actions.is_empty(), "it is closed already");
    assert!(of_mode(0o644, &[rewrite("PROXMOX_HOST")]).plan.actions.is_empty(), "nobody asked for it");
}

#[test]
fn verification_is_switched_on_by_what_was_seen() {
    let ca = CaSeen { fingerprint: Digest::of(b"ca").hex().parse().unwrap(), pem: "PEM".into() };
    let hex = &Digest::of(b"ca").hex()[..8];
    let with_ca = Verifying { instance: 1, ca: Some(ca.clone()) };
    let without = Verifying { instance: 1, ca: None };
    let made = |path: &str, text: &str, verify: &Verifying| {
        mended_as_told(path, text, &[Mend::Verify], Told { verify: Some(verify), ..Told::default() })
    };
    let text = |made: &Mended| made.prepared.as_ref().unwrap().edit.after().unwrap().text().as_str().to_owned();

    let glassdome = made("/p/.env", GLASSDOME, &with_ca).unwrap();
    let expected = GLASSDOME.replace("VERIFY_SSL=false", "VERIFY_SSL=true");
    assert_eq!(text(&glassdome), format!("{expected}REQUESTS_CA_BUNDLE=/p/pve-ca-{hex}.pem\n"));
    let Action::WriteCa { path, roots, .. } = &glassdome.plan.actions[0].action else { panic!() };
    assert_eq!((path, *roots), (&PathBuf::from(format!("/p/pve-ca-{hex}.pem")), true));
    assert!(
        glassdome.plan.actions[0].sentence.starts_with("write the cluster's CA and the system's CAs to /p/pve-ca-")
    );
    assert_eq!(made("/p/.env", GLASSDOME, &without).unwrap_err(), NoMend::NothingToVerifyBy);

    let plain = made("/p/.env", PLAIN, &without).unwrap();
    assert_eq!(text(&plain), PLAIN.replace("false", "true"));
    let open = format!("{BPG}proxmox_insecure = true\n");
    let bpg = made("/p/terraform.tfvars", &open, &with_ca).unwrap();
    assert_eq!(text(&bpg), open.replace("= true", "= false"));
    assert_eq!(bpg.plan.actions.len(), 1, "the provider takes no file with a CA");
}

#[test]
fn where_a_host_was_found_counts_before_what_an_address_leaves_open() {
    let text = BPG.replace("https://pve.lan:8006/", "https://pve.lan/api2/json");
    let there = BTreeMap::from([(1, Endpoint { host: Host::Name("pve.lan".into()), port: 443 })]);
    let told = Told { endpoints: Some(&there), ..Told::default() };
    let line = |told| {
        let made = mended_as_told("/p/terraform.tfvars", &text, &[rewrite("proxmox_endpoint")], told).unwrap();
        let edited = made.prepared.unwrap().edit.after().unwrap();
        edited.text().as_str().lines().next().unwrap().to_owned()
    };
    assert_eq!(line(told), "proxmox_endpoint  = \"https://pve.lan:443\"");
    assert_eq!(line(Told::default()), "proxmox_endpoint  = \"https://pve.lan:8006\"");
}

#[test]
fn no_message_holds_a_value() {
    let text = GLASSDOME.replace("VALUE=00000000", "VALUE=CANARY00");
    for key in ["PROXMOX_TOKEN_VALUE", "PROXMOX_TOKEN_NAME", "OTHER", "NOT_THERE"] {
        if let Err(error) = mended("/p/.env", &text, &[rewrite(key)]) {
            assert!(!format!("{error} {error:?}").contains("CANARY"));
        }
    }
}
