//! A file that two tools read, with a key in it that each takes for something else.

use std::collections::BTreeSet;

use super::stands;
use crate::domain::finding::{Finding, Severity, Step};
use crate::domain::host_input::parse_host;
use crate::domain::visible::whole;
use crate::format::{Document, Found};
use crate::target::recognise::{Scene, is_clear, recognise};
use crate::target::traps::{TrapHit, TrapKind, clashes};
use crate::target::{Fact, Form, Library};

/// What the text speaks for clearly: the one tool that reads it.
pub fn reader_of(library: &Library, file: &str, document: &Document) -> Option<String> {
    let keys = keys_of(document);
    let found = recognise(library, Scene { file, keys: &keys, ..Scene::default() });
    is_clear(&found).then(|| found[0].target.clone())
}

/// The lines that `target` and one of the others take for different things. `others` are names of targets that read this file
/// too; a name that the library does not have is passed over.
pub fn clash(
    library: &Library,
    target: &str,
    form: &Form,
    document: &Document,
    others: &BTreeSet<String>,
) -> Vec<Finding> {
    let Some(title) = library.get(target).map(|target| target.spec.title.as_str()) else { return Vec::new() };
    let keys = keys_of(document);
    let readers = others.iter().filter(|other| *other != target).filter_map(|other| library.get(other));
    readers
        .filter_map(|other| Some((other, other.spec.form.iter().find(|one| one.dialect == form.dialect)?)))
        .flat_map(|(other, theirs)| clashes(library, target, form, &other.name, theirs))
        .filter(|hit| keys.contains(&hit.key) && !is_the_same(document, hit))
        .map(|hit| {
            let words = hit.words(title);
            let (code, title) = (stands::code(&hit.kind), whole(&words.title));
            Finding::new(code, Severity::Warning, Step::Review, title, whole(&words.cause)).say(whole(&words.fix))
        })
        .collect()
}

/// A host without a port is the same to a tool that takes one there and to a tool that has the port elsewhere.
fn is_the_same(document: &Document, hit: &TrapHit) -> bool {
    let places = [Fact::Address, Fact::Host];
    let value = match (&hit.kind, document.get(&hit.key)) {
        (TrapKind::Clash { here, there }, Found::Once(entry)) if places.contains(here) && places.contains(there) => {
            entry.value().map(|value| value.as_str().to_owned())
        }
        _ => None,
    };
    let Some(value) = value else { return false };
    parse_host(&value).is_ok_and(|input| input.endpoints.first().is_some_and(|one| one.host.to_string() == value))
}

fn keys_of(document: &Document) -> Vec<String> {
    document.entries().filter(|entry| !entry.is_commented()).map(|entry| entry.key().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::file::tests::{config, good};

    /// What is said of a good Glassdome file for this host that these read too.
    fn said(host: &str, others: &[&str]) -> Vec<String> {
        let (library, (path, text)) = (Library::built_in(), good("glassdome"));
        let config = config(path, &text.replace("PROXMOX_HOST=pve.lan", &format!("PROXMOX_HOST={host}")));
        let others = others.iter().map(|name| (*name).to_owned()).collect();
        let found = clash(&library, "glassdome", config.form(&library).unwrap(), &config.document, &others);
        found.into_iter().map(|one| format!("{} {}", one.code, one.title)).collect()
    }

    #[test]
    fn a_key_that_two_tools_of_one_file_read_differently_is_named() {
        let words = "file.clash Glassdome and Plain Proxmox .env would read PROXMOX_HOST as different things.";
        assert_eq!(said("pve.lan:8443", &["proxmox-env"]), [words]);
        assert_eq!(said("pve.lan", &["proxmox-env"]), [] as [&str; 0], "a host is a host to both");
    }

    #[test]
    fn a_file_of_one_tool_and_one_of_an_unknown_tool_clash_with_nothing() {
        assert_eq!(said("pve.lan:8443", &["glassdome", "gone", "opentofu-bpg"]), [] as [&str; 0]);
    }
}
