//! What `targets` shows, and how a file that starts from an example ends.

use labwizard::domain::{Endpoint, Host, Release, Secret, Text};
use labwizard::format::{Dialect, Document, Edit};
use labwizard::target::describe::{describe, in_short};
use labwizard::target::read::held;
use labwizard::target::write::{Surroundings, values};
use labwizard::target::{Access, Facts, Library};

#[test]
fn every_target_is_described_with_its_keys_and_rights() {
    for target in Library::built_in().iter() {
        assert!(in_short(target).starts_with(&target.name));
        let sections = describe(target, Release::new(9, 2, 11));
        let titles: Vec<_> = sections.iter().map(|s| s.title.as_str()).collect();
        assert!(titles.contains(&"Rights on Proxmox VE 9.2.11"), "{titles:?}");
        let all: Vec<_> = sections.iter().flat_map(|s| &s.lines).collect();
        for (key, _) in target.spec.keys.iter() {
            assert!(all.iter().any(|line| line.contains(key)), "{}: {key}", target.name);
        }
        for (group, ask) in target.spec.groups.iter() {
            assert!(titles.iter().any(|title| title.contains(ask.as_str())), "{}: {group}", target.name);
        }
    }
}

#[test]
fn a_dangerous_right_is_marked() {
    let library = Library::built_in();
    let sections = describe(library.get("glassdome").unwrap(), Release::new(8, 4, 0));
    let bridges = sections.iter().find(|s| s.title.contains("make bridges")).unwrap();
    assert_eq!(bridges.lines, ["/nodes/{pick.node}: make bridges on the node: Sys.Modify (dangerous)"]);
    let rights = sections.iter().find(|s| s.title.starts_with("Rights")).unwrap();
    assert!(rights.lines.iter().any(|line| line.contains("VM.Monitor")));
}

/// An example in the manner of the tool's own, with placeholders, keys in comments, and keys of others.
const EXAMPLE: &str = "# Lab settings\nBACKEND_PORT=8001\nMAIL_PASSWORD=your-password-here\n\n# Proxmox\n\
    PROXMOX_HOST=your-proxmox-ip-or-hostname\nPROXMOX_USER=apex@pve\n# PROXMOX_TOKEN_NAME=glassdome-token\n\
    PROXMOX_TOKEN_VALUE=your-token-secret-here\n#PROXMOX_VERIFY_SSL=true\n";

#[test]
fn a_file_that_starts_from_an_example_has_our_values_and_keeps_everything_else() {
    let library = Library::built_in();
    let spec = &library.get("glassdome").unwrap().spec;
    let form = &spec.form[0];
    let facts = Facts {
        endpoint: Some(Endpoint { host: Host::Name("pve.lan".into()), port: 8006 }),
        access: Some(Access::Token {
            id: "lab@pve!wiz".parse().unwrap(),
            secret: Some(Secret::new("00000000-0000-4000-8000-000000000006".into())),
        }),
        picks: [("node".to_owned(), "pve".to_owned())].into(),
        ..Facts::default()
    };
    let document = Document::parse(Dialect::Dotenv, Text::new(EXAMPLE)).unwrap();
    let existing: Vec<String> = held(&document).into_iter().map(|line| line.key).collect();
    let filled = values(spec, form, &facts, Surroundings { existing: &existing, declared: None }).unwrap();
    let edits: Vec<Edit> = filled.edits(None).unwrap().into_iter().map(Edit::switching_on).collect();
    let edited = document.apply(&edits, &form.held_against(), None).unwrap();
    let text = edited.text().as_str();
    assert!(
        text.starts_with(
            "# Lab settings\nBACKEND_PORT=8001\nMAIL_PASSWORD=your-password-here\n\n# Proxmox\nPROXMOX_HOST=pve.lan\n"
        ),
        "{text}"
    );
    assert!(text.contains("\nPROXMOX_TOKEN_NAME=wiz\n") && text.contains("\nPROXMOX_VERIFY_SSL=false\n"), "{text}");
    assert!(!text.contains("#PROXMOX_VERIFY_SSL") && !text.contains("# PROXMOX_TOKEN_NAME"), "{text}");
}
