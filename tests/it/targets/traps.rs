//! Files of the program's targets that step into a trap, and what is said.

use labwizard::format::{Dialect, Document};
use labwizard::target::read::held;
use labwizard::target::spec::Both;
use labwizard::target::traps::{Around, TrapHit, TrapKind, clashes, hits};
use labwizard::target::{Fact, Library};

fn step(target: &str, form: &str, text: &str, around: Around<'_>) -> Vec<TrapHit> {
    let library = Library::built_in();
    let spec = &library.get(target).unwrap().spec;
    let form = spec.form(Some(form)).unwrap();
    let document = Document::parse(form.editor().unwrap_or(Dialect::Dotenv), text.into()).unwrap();
    hits(spec, form, &held(&document), around)
}

const LAB: &str = "PROXMOX_HOST=pve.lan\nPROXMOX_USER=a@pve\nPROXMOX_TOKEN_NAME=tok\n\
    PROXMOX_TOKEN_VALUE=00000000-0000-4000-8000-000000000004\nPROXMOX_VERIFY_SSL=false\nPROXMOX_NODE=pve\nLAB_PROXMOX_INSTANCE=01\n";

fn lab(old: &str, new: &str) -> Vec<(TrapKind, String, Option<usize>)> {
    assert!(LAB.contains(old));
    step("glassdome", "env", &LAB.replace(old, new), Around::default())
        .into_iter()
        .map(|hit| (hit.kind, hit.key, hit.line))
        .collect()
}

#[test]
fn a_good_file_steps_into_nothing() {
    assert_eq!(lab("", ""), []);
}

#[test]
fn each_trap_is_seen_at_its_line() {
    use TrapKind as T;
    let table: Vec<(&str, &str, TrapKind, &str, Option<usize>)> = vec![
        ("=tok", "=a@pve!tok", T::FullId, "PROXMOX_TOKEN_NAME", Some(3)),
        ("=tok", "=a0000000-0000-4000-8000-000000000007", T::SecretInName, "PROXMOX_TOKEN_NAME", Some(3)),
        ("=pve.lan", "=https://pve.lan:8006", T::Scheme, "PROXMOX_HOST", Some(1)),
        (
            "00000000-0000-4000-8000-000000000004",
            "your-token-secret-here",
            T::Placeholder,
            "PROXMOX_TOKEN_VALUE",
            Some(4),
        ),
        ("=false", "=maybe", T::NoSwitch("true".into(), "false".into()), "PROXMOX_VERIFY_SSL", Some(5)),
        ("LAB_PROXMOX_INSTANCE=01\n", "", T::MissingKey, "LAB_PROXMOX_INSTANCE", None),
        ("PROXMOX_USER=a@pve\n", "PROXMOX_USER=\n", T::MissingKey, "PROXMOX_USER", None),
        ("PROXMOX_NODE=pve\n", "PROXMOX_NODE=pve\nPROXMOX_01_HOST=other\n", T::Beaten, "PROXMOX_HOST", Some(1)),
        ("PROXMOX_NODE=pve\n", "PROXMOX_NODE=pve\nPROXMOX_NODE=b\n", T::Duplicate(vec![6, 7]), "PROXMOX_NODE", Some(6)),
        (
            "PROXMOX_NODE=pve\n",
            "PROXMOX_NODE=pve\nPROXMOX_PASSWORD=p\n",
            T::BothWays(Both::Token),
            "PROXMOX_TOKEN_VALUE",
            Some(7),
        ),
    ];
    for (old, new, kind, key, line) in table {
        assert_eq!(lab(old, new), [(kind, key.to_owned(), line)], "{new}");
    }
    let ignored = lab("PROXMOX_NODE=pve\n", "PROXMOX_NODE=pve\nSECRETS_BACKEND=vault\n");
    assert!(matches!(&ignored[..], [(T::Ignored(_), key, Some(7))] if key == "SECRETS_BACKEND"));
    assert_eq!(lab("PROXMOX_NODE=pve\n", "PROXMOX_NODE=pve\nPROXMOX_01_HOST=pve.lan\n"), [], "equal values do no harm");
}

#[test]
fn a_further_host_may_have_from_the_first_what_it_lacks() {
    let second = format!(
        "{LAB}PROXMOX_02_HOST=b\nPROXMOX_02_USER=a@pve\nPROXMOX_TOKEN_VALUE_02=00000000-0000-4000-8000-000000000005\n"
    );
    assert_eq!(step("glassdome", "env", &second, Around::default()), []);
    let lacks: Vec<_> = step("glassdome", "env", &format!("{LAB}PROXMOX_02_HOST=b\n"), Around::default());
    let keys: Vec<_> = lacks.iter().map(|hit| hit.key.as_str()).collect();
    assert_eq!(keys, ["PROXMOX_02_USER", "PROXMOX_TOKEN_VALUE_02"]);
}

#[test]
fn a_file_that_a_shell_reads_counts_before_the_environment() {
    let environment = ["PM_API_URL".to_owned()];
    let text = "PM_API_URL=https://pve.lan:8006/api2/json\n";
    let around = Around { environment: &environment, ..Around::default() };
    let hits = step("opentofu-telmate", "provider's own variables", text, around);
    assert!(!hits.iter().any(|hit| hit.kind == TrapKind::Shadowed), "{hits:?}");
}

#[test]
fn a_variable_of_the_environment_counts_before_the_file() {
    let environment = ["PROXMOX_HOST".to_owned(), "HOME".to_owned()];
    let hits = step("glassdome", "env", LAB, Around { environment: &environment, ..Around::default() });
    assert_eq!(hits.len(), 1);
    assert_eq!((hits[0].kind.clone(), hits[0].key.as_str()), (TrapKind::Shadowed, "PROXMOX_HOST"));
}

#[test]
fn a_value_without_declaration_and_a_line_that_is_outranked_are_seen() {
    let text = "proxmox_endpoint = \"https://pve.lan:8006/api2/json\"\nproxmox_api_token = \"a@pve!t=x\"\n";
    let declared = ["proxmox_endpoint".to_owned(), "proxmox_username".to_owned()];
    let around = Around { declared: Some(&declared), ..Around::default() };
    let kinds: Vec<_> = step("opentofu-bpg", "tfvars", text, around).into_iter().map(|h| (h.kind, h.key)).collect();
    assert_eq!(
        kinds,
        [(TrapKind::ApiPath, "proxmox_endpoint".to_owned()), (TrapKind::Undeclared, "proxmox_api_token".to_owned())]
    );
    let loaded = [("terraform.tfvars".to_owned(), "proxmox_endpoint".to_owned())];
    let text = "TF_VAR_proxmox_endpoint=https://pve.lan:8006\n";
    let hits = step(
        "opentofu-bpg",
        "TF_VAR lines",
        text,
        Around { loaded: &loaded, declared: Some(&declared), ..Around::default() },
    );
    assert_eq!(hits[0].kind, TrapKind::Outranked);
    assert_eq!(hits[0].other.as_deref(), Some("terraform.tfvars"));
    let telmate = step("opentofu-telmate", "tfvars", "proxmox_api_url = \"https://pve.lan:8006\"\n", Around::default());
    assert_eq!(telmate[0].kind, TrapKind::NoApiPath);
}

#[test]
fn two_tools_that_read_one_key_differently_do_not_share_a_file() {
    let library = Library::built_in();
    let form = |target: &str| library.get(target).unwrap().spec.form.first().unwrap();
    let found = clashes(&library, "glassdome", form("glassdome"), "proxmox-env", form("proxmox-env"));
    let keys: Vec<_> = found.iter().map(|hit| hit.key.as_str()).collect();
    assert_eq!(keys, ["PROXMOX_HOST"]);
    assert_eq!(found[0].kind, TrapKind::Clash { here: Fact::Address, there: Fact::Host });
    assert_eq!(clashes(&library, "glassdome", form("glassdome"), "opentofu-bpg", form("opentofu-bpg")), []);
}

#[test]
fn what_is_said_names_the_key_and_never_its_value() {
    let text = LAB.replace("=tok", "=a@pve!CANARY").replace("=false", "=CANARY")
        + "PROXMOX_PASSWORD=CANARY\nPROXMOX_NODE=CANARY\n";
    let hits = step("glassdome", "env", &text, Around::default());
    assert!(hits.len() >= 4, "{hits:?}");
    for hit in hits {
        let words = hit.words("Glassdome");
        let all = format!("{} {} {} {hit:?}", words.title, words.cause, words.fix);
        assert!(!all.contains("CANARY"), "{all}");
        assert!(words.title.ends_with('.') && words.cause.ends_with('.') && words.fix.ends_with('.'), "{all}");
        assert!(!all.contains('!') || matches!(hit.kind, TrapKind::FullId), "{all}");
    }
}
