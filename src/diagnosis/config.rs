//! A config file that is there: which target's it is, and what it says, host by host, by the parsers of the wizard's fields.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::diagnosis::codes;
use crate::domain::finding::{Finding, Severity::*, Step};
use crate::domain::host_input::{HostError, HostInput, parse_host};
use crate::domain::{Around, Credential, FileSeen, Inquiry, Need, Observation, Release, Seen, Trust};
use crate::format::{Dialect, Document};
use crate::target::read::{ReadAccess, ReadFile, held, read};
use crate::target::recognise::{Scene as Signs, is_clear, recognise};
use crate::target::spec::Dialect as Written;
use crate::target::{Form, Library, Spec, nearby, needs};

/// What a file is understood from, as values.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    pub library: &'a Library,
    pub seen: &'a FileSeen,
    pub around: &'a Around,
    /// The names of the variables that are set in the environment; their values are never asked for.
    pub environment: &'a [String],
}

/// A config file as its tool reads it.
#[derive(Debug)]
pub struct Config {
    pub path: PathBuf,
    /// The target's and the form's name in the library.
    pub target: String,
    pub form: String,
    pub document: Document,
    pub read: ReadFile,
    /// In the order of their numbers.
    pub hosts: Vec<ConfigHost>,
    /// What the text and the file alone tell; nobody was asked for it.
    pub findings: Vec<Finding>,
}

/// One host that a config file names.
#[derive(Debug)]
pub struct ConfigHost {
    /// From 1.
    pub instance: u8,
    /// The address as it stands there.
    pub typed: String,
    pub place: Result<HostInput, HostError>,
    /// What the tool signs in with, where it is whole, sound, and of this file alone.
    pub credential: Option<Credential>,
    /// Whether the tool verifies by this file; none where nothing says so.
    pub verifies: Option<bool>,
    /// The file with CAs that it names.
    pub ca_file: Option<PathBuf>,
    /// The answers to the target's picks that stand there.
    pub picks: BTreeMap<String, String>,
}

/// Understands a file.
///
/// # Errors
/// The finding that says why it is left alone.
pub fn understand(scene: Scene<'_>) -> Result<Config, Box<Finding>> {
    let path = scene.seen.path.clone();
    let there = scene.seen.there.as_ref().ok_or_else(|| not_understood("There is no such file.", scene))?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let parsed = [Dialect::Dotenv, Dialect::Hcl].map(|dialect| Document::parse(dialect, there.text.clone()).ok());
    let providers = nearby::module(scene.around).map(|module| module.providers).unwrap_or_default();
    let found = parsed.into_iter().flatten().find_map(|document| {
        let keys: Vec<String> = document.entries().filter(|e| !e.is_commented()).map(|e| e.key().to_owned()).collect();
        let signs = Signs { file: &name, keys: &keys, beside: &scene.around.names, providers: &providers };
        let found = recognise(scene.library, signs);
        let first = found.first().filter(|_| is_clear(&found))?.clone();
        Some((document, first))
    });
    let (document, found) =
        found.ok_or_else(|| not_understood("No tool that labwizard knows has such a file.", scene))?;
    let target = scene.library.get(&found.target).ok_or_else(|| not_understood("", scene))?;
    let spec = &target.spec;
    let form = spec.form.iter().find(|form| form.name.as_str() == found.form).unwrap_or(&spec.form[0]);
    let read = read(spec, form, &held(&document));
    let hosts = read.instances().into_iter().map(|instance| host(spec, &read, instance)).collect();
    let declared = nearby::declared(form, scene.around);
    let loaded = nearby::loaded(scene.around);
    let around =
        crate::target::traps::Around { environment: scene.environment, declared: declared.as_deref(), loaded: &loaded };
    let findings = super::file::traps(spec, form, &document, around);
    Ok(Config { path, target: found.target, form: found.form, document, read, hosts, findings })
}

fn host(spec: &Spec, read: &ReadFile, instance: u8) -> ConfigHost {
    let typed = read.host(instance).unwrap_or_default();
    let credential = match read.access(spec, instance) {
        ReadAccess::Token { id: Ok(id), secret: Some(secret) } => Some(Credential::Token { id, secret }),
        ReadAccess::Password { user: Ok(user), password } => Some(Credential::Password { user, password }),
        _ => None,
    };
    let ca_file = read.get(instance, &crate::target::Fact::CaFile).map(|value| PathBuf::from(value.text.as_str()));
    ConfigHost {
        instance,
        place: parse_host(&typed),
        typed,
        credential,
        verifies: read.verifies(spec, instance),
        ca_file,
        picks: read.picks(),
    }
}

impl Config {
    pub fn spec<'l>(&self, library: &'l Library) -> Option<&'l Spec> {
        library.get(&self.target).map(|target| &target.spec)
    }

    pub fn form<'l>(&self, library: &'l Library) -> Option<&'l Form> {
        self.spec(library)?.form.iter().find(|form| form.name.as_str() == self.form)
    }

    /// What the tool needs on this host: of its yes-or-no questions none, for no file says how they were answered.
    pub fn needs(&self, library: &Library, host: &ConfigHost, release: Release) -> Vec<Need> {
        let none = BTreeSet::new();
        self.spec(library).map(|spec| needs::needs(spec, release, &host.picks, &none)).unwrap_or_default()
    }
}

impl Config {
    /// The same by what was seen of the host: on its release, and where the file leaves open what was picked, wherever it is held.
    pub fn needs_seen(&self, library: &Library, host: &ConfigHost, seen: &[Observation]) -> Vec<Need> {
        let release = super::release(seen).unwrap_or(Release::new(9, 2, 0));
        let rights = seen.iter().find_map(|o| match &o.seen {
            Seen::Rights(rights) => Some(rights),
            _ => None,
        });
        let (Some(spec), Some(rights)) = (self.spec(library), rights) else {
            return self.needs(library, host, release);
        };
        needs::needs_wherever_held(spec, release, &host.picks, &BTreeSet::new(), rights)
    }
}

impl ConfigHost {
    /// What to ask this host, with the trust that was settled for it. Without trust nothing signs in.
    pub fn inquiry(&self, trust: Option<Trust>, paths: Vec<String>) -> Option<Inquiry> {
        let endpoints = self.place.as_ref().ok()?.endpoints.clone();
        let credential = trust.as_ref().and(self.credential.as_ref()).map(Credential::share);
        Some(Inquiry { endpoints, address: None, trust, estate: credential.is_some(), credential, paths, lists: true })
    }
}

fn not_understood(why: &str, scene: Scene<'_>) -> Box<Finding> {
    let shown = crate::domain::visible::visible(&scene.seen.path.to_string_lossy());
    Box::new(
        Finding::new(codes::FILE_UNKNOWN, Error, Step::Target, format!("{shown} is left alone."), why)
            .say("labwizard targets lists the tools whose files it knows."),
    )
}

/// Whether a form's file can be edited.
pub fn dialect(form: &Form) -> Option<Dialect> {
    match form.dialect {
        Written::Dotenv => Some(Dialect::Dotenv),
        Written::Hcl => Some(Dialect::Hcl),
        _ => None,
    }
}
