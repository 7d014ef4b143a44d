//! A config file that is there: which target's it is, and what it says, host by host, by the parsers of the wizard's fields.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::diagnosis::agreed::Agreed;
use crate::diagnosis::codes;
use crate::diagnosis::file::{Doubt, Sight, port_of};
use crate::diagnosis::verifying::{self, Beyond, Verifying};
use crate::domain::finding::{Finding, Mend, Severity::*, Step};
use crate::domain::host_input::{HostError, HostInput};
use crate::domain::visible::{upper_first, visible};
use crate::domain::{Credential, FileSeen, Inquiry, Need, Observation, Release, Seen, Text, Trust};
use crate::format::{Dialect, Document, Entry, FormatError};
use crate::target::example::is_example;
use crate::target::read::{ReadFile, ReadValue, held_by, read};
use crate::target::recognise::{Match, Scene as Signs, dialect_fits, is_clear, matches, recognise};
use crate::target::traps::Around;
use crate::target::{Fact, Form, Library, Spec, Target, meant, nearby, needs};

/// What a file is understood from, as values.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    pub library: &'a Library,
    pub seen: &'a FileSeen,
    pub around: &'a crate::domain::Around,
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
    /// Those of them that depend on what a host says.
    pub doubts: Vec<Doubt>,
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
    /// Secret and address are both this file's own, whatever is wrong with the id between them.
    pub secret_is_own: bool,
    /// What stands there is asked and signed in with put right; the tool takes it as it stands.
    pub put_right: bool,
    /// Whether the tool verifies; none where nothing that is known says so.
    pub verifies: Option<bool>,
    /// What settles that beyond the file, or leaves it open.
    pub beyond: Option<Beyond>,
    /// The file with CAs that it names.
    pub ca_file: Option<PathBuf>,
    /// The answers to the target's picks that stand there.
    pub picks: BTreeMap<String, String>,
    /// What was answered when labwizard wrote the file, and stands in no line of it.
    pub agreed: Option<Agreed>,
}

/// Understands a file.
///
/// # Errors
/// The finding that says why it is left alone.
pub fn understand(scene: Scene<'_>) -> Result<Config, Box<Finding>> {
    let (document, target, form) = recognised(scene)?;
    Ok(read_as(scene, document, target, form))
}

/// Understands a file as one of this target in this form, whatever its text speaks for.
#[cfg(test)]
pub(super) fn understand_as(scene: Scene<'_>, target: &str, form: &str) -> Config {
    let target = scene.library.get(target).unwrap();
    let form = target.spec.form(Some(form)).unwrap();
    let document = Document::parse(form.editor().unwrap(), there(scene).unwrap().clone()).unwrap();
    read_as(scene, document, target, form)
}

fn there(scene: Scene<'_>) -> Result<&Text, Box<Finding>> {
    match &scene.seen.there {
        Some(there) => Ok(&there.text),
        None => Err(Box::new(super::file::missing(&scene.seen.path))),
    }
}

/// The file's name and that of its folder, as the patterns of forms have it; an example's without its ending.
fn place_of(path: &Path) -> String {
    let part = |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
    let name = part(path.file_name()).unwrap_or_default();
    let name = name.strip_prefix("env.").map_or(name.clone(), |rest| format!(".env.{rest}"));
    let bare = EXAMPLE_ENDS.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name).to_owned();
    match part(path.parent().and_then(Path::file_name)) {
        Some(folder) => format!("{folder}/{bare}"),
        None => bare,
    }
}

const EXAMPLE_ENDS: [&str; 4] = [".example", ".sample", ".template", ".dist"];

fn is_example_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| is_example(&name.to_string_lossy()))
}

/// Which target's file it is, by its place and its keys.
fn recognised(scene: Scene<'_>) -> Result<(Document, &Target, &Form), Box<Finding>> {
    let text = there(scene)?;
    let place = place_of(&scene.seen.path);
    let fits = |form: &&Form| form.editor().is_some() && dialect_fits(form.dialect, &place);
    let forms: Vec<&Form> = scene.library.iter().flat_map(|target| &target.spec.form).filter(fits).collect();
    let mut dialects: Vec<Dialect> = forms.iter().filter_map(|form| form.editor()).collect();
    dialects.dedup();
    dialects.sort_by_key(|dialect| *dialect != Dialect::Dotenv);
    dialects.dedup();
    let mut wrong = None;
    for dialect in dialects {
        let document = match Document::parse(dialect, text.clone()) {
            Ok(document) => document,
            Err(error) => {
                let named = forms.iter().any(|form| {
                    form.editor() == Some(dialect) && form.file.iter().any(|pattern| matches(pattern, &place))
                });
                wrong = wrong.or(Some(error).filter(|_| named && mentions(&forms, scene.library, text)));
                continue;
            }
        };
        let live = document.entries().filter(|entry| !entry.is_commented());
        let keys: Vec<String> = live.map(|entry| entry.key().to_owned()).collect();
        let providers = nearby::module(scene.around).map(|module| module.providers).unwrap_or_default();
        let signs = Signs { file: &place, keys: &keys, beside: &scene.around.names, providers: &providers };
        let found = recognise(scene.library, signs);
        let Some(first) = found.first() else { continue };
        if !is_clear(&found) {
            return Err(unclear(scene, &found));
        }
        let target = scene
            .library
            .get(&first.target)
            .filter(|target| target.spec.form(Some(&first.form)).is_some_and(|form| form.editor() == Some(dialect)));
        if let Some(target) = target
            && let Some(form) = target.spec.form(Some(&first.form))
        {
            return Ok((document, target, form));
        }
    }
    Err(match wrong {
        Some(error) => damaged(scene, &error),
        None if text.is_blank() => empty(scene),
        None if scene.seen.path.extension().is_some_and(|end| end == "tf") => code(scene),
        None => not_understood("It holds no keys of a tool that labwizard knows.", scene),
    })
}

/// Whether a text that cannot be read names a key of a tool: then it is that tool's file, and damaged; else it is nobody's.
fn mentions(forms: &[&Form], library: &Library, text: &Text) -> bool {
    let telling = forms.iter().filter_map(|form| form.found.as_ref()).flat_map(|found| found.keys.iter());
    let keys = library.iter().flat_map(|target| target.spec.keys.iter()).map(|(name, _)| name);
    telling.map(|key| key.as_str()).chain(keys.filter(|key| key.contains('_'))).any(|key| text.as_str().contains(key))
}

/// A document of this target and form, understood.
fn read_as(scene: Scene<'_>, document: Document, target: &Target, form: &Form) -> Config {
    let spec = &target.spec;
    let read = read(spec, form, &held_by(form, &document));
    let declared = nearby::declared(form, scene.around);
    let loaded = nearby::counting_before(form, scene.around, &scene.seen.path);
    let traps = Around { environment: scene.environment, declared: declared.as_deref(), loaded: &loaded };
    let sight = Sight { spec, form, document: &document, read: &read, traps, seen: scene.seen, around: scene.around };
    let (hosts, findings, doubts) = if is_example_file(&scene.seen.path) {
        // Nobody is asked with what an example holds.
        (Vec::new(), super::file::judge_example(&sight), Vec::new())
    } else {
        let judged = super::file::judge(&sight);
        let verifying = verifying::Scene {
            spec,
            form,
            document: &document,
            read: &read,
            around: scene.around,
            environment: scene.environment,
            unfit: &judged.unfit,
        };
        let wrong = |one: &&ReadValue| judged.findings.iter().any(|finding| puts_right(finding, &one.key));
        let put_right: BTreeSet<u8> = read.values.iter().filter(wrong).map(|value| value.instance).collect();
        let hosts = read.instances().into_iter().map(|instance| host(&verifying, instance, &put_right)).collect();
        (hosts, judged.findings, judged.doubts)
    };
    Config {
        path: scene.seen.path.clone(),
        target: target.name.clone(),
        form: form.name.to_string(),
        document,
        read,
        hosts,
        findings,
        doubts,
    }
}

/// The tool cannot use what stands for this key, which says where or as whom it signs in, and what was meant is known.
fn puts_right(finding: &Finding, key: &str) -> bool {
    let rewrites = |mend: &Mend| matches!(mend, Mend::Rewrite { key: of } if of == key);
    finding.severity == Error && finding.step < Step::Details && finding.mends.iter().any(rewrites)
}

/// One host. `scene.unfit`: the keys whose value the tool does not have from this file; a secret goes only with an address of the
/// same file, and only where both are the file's own.
fn host(scene: &verifying::Scene<'_>, instance: u8, put_right: &BTreeSet<u8>) -> ConfigHost {
    let verifying::Scene { spec, read, unfit, .. } = *scene;
    let Verifying { verifies, by: beyond } = scene.of(instance);
    let typed = read.host(instance).unwrap_or_default();
    let facts = [
        Fact::Address,
        Fact::Host,
        Fact::Port,
        Fact::Url,
        Fact::ApiUrl,
        Fact::User,
        Fact::UserName,
        Fact::Realm,
        Fact::TokenName,
        Fact::TokenId,
        Fact::TokenSecret,
        Fact::Token,
        Fact::Password,
    ];
    let fits = |fact: &&Fact| read.get(instance, fact).is_none_or(|value| !unfit.contains(&value.key));
    let own = facts.iter().all(|fact| fits(&fact));
    let is_id =
        |fact: &&Fact| matches!(fact, Fact::User | Fact::UserName | Fact::Realm | Fact::TokenName | Fact::TokenId);
    let secret_is_own = facts.iter().filter(|fact| !is_id(fact)).all(|fact| fits(&fact));
    let ca_file = read.get(instance, &Fact::CaFile).map(|value| PathBuf::from(value.text.as_str()));
    ConfigHost {
        instance,
        place: meant::place(read, instance),
        typed,
        secret_is_own,
        put_right: put_right.contains(&instance),
        credential: if own { meant::credential(spec, read, instance) } else { None },
        verifies,
        beyond,
        ca_file,
        picks: read.picks(),
        agreed: None,
    }
}

impl Config {
    /// The port that stands in this line for a key that is named after one.
    pub fn port_at(&self, key: &str, line: usize) -> Option<u16> {
        let is_it = |entry: &Entry<'_>| !entry.is_commented() && entry.key() == key && entry.line() == line;
        let value = self.document.entries().find(is_it)?.value()?;
        port_of(key, value.as_str())
    }

    /// An example's values are nobody's, so nobody is asked with them.
    pub fn is_example(&self) -> bool {
        is_example_file(&self.path)
    }

    pub fn spec<'l>(&self, library: &'l Library) -> Option<&'l Spec> {
        library.get(&self.target).map(|target| &*target.spec)
    }

    pub fn form<'l>(&self, library: &'l Library) -> Option<&'l Form> {
        self.spec(library)?.form.iter().find(|form| form.name.as_str() == self.form)
    }

    /// What the tool needs on this host, by what was answered for it. Where labwizard did not write the file, of the tool's
    /// yes-or-no questions none: no file says how they were answered.
    pub fn needs(&self, library: &Library, host: &ConfigHost, release: Release) -> Vec<Need> {
        let (picks, yes) = (host.answers(), host.yes());
        self.spec(library).map(|spec| needs::needs(spec, release, &picks, &yes)).unwrap_or_default()
    }
}

impl Config {
    /// The same by what was seen of the host: on its release, and where nothing says what was picked, wherever it is held.
    pub fn needs_seen(&self, library: &Library, host: &ConfigHost, seen: &[Observation]) -> Vec<Need> {
        let release = super::release(seen).unwrap_or(Release::new(9, 2, 0));
        let rights = seen.iter().find_map(|o| match &o.seen {
            Seen::Rights(rights) => Some(rights),
            _ => None,
        });
        let (Some(spec), Some(rights)) = (self.spec(library), rights) else {
            return self.needs(library, host, release);
        };
        needs::needs_wherever_held(spec, release, &host.answers(), &host.yes(), rights)
    }
}

impl ConfigHost {
    /// The answers to the target's picks: those of the file, and where it holds none those that are remembered.
    pub fn answers(&self) -> BTreeMap<String, String> {
        let remembered = self.agreed.iter().flat_map(|agreed| agreed.picks.clone());
        remembered.chain(self.picks.clone()).collect()
    }

    /// The target's yes-or-no questions that were answered yes.
    pub fn yes(&self) -> BTreeSet<String> {
        self.agreed.as_ref().map(|agreed| agreed.yes.clone()).unwrap_or_default()
    }

    pub fn verifying(&self) -> Verifying {
        Verifying { verifies: self.verifies, by: self.beyond.clone() }
    }

    /// What to ask this host, with the trust that was settled for it. Without trust nothing signs in.
    pub fn inquiry(&self, trust: Option<Trust>, paths: Vec<String>) -> Option<Inquiry> {
        let endpoints = self.place.as_ref().ok()?.endpoints.clone();
        let credential = trust.as_ref().and(self.credential.as_ref()).map(Credential::share);
        let estate = credential.is_some();
        Some(Inquiry { trust, estate, credential, paths, lists: true, ..Inquiry::to(endpoints) })
    }
}

fn shown(scene: Scene<'_>) -> String {
    visible(&scene.seen.path.to_string_lossy())
}

fn not_understood(why: &str, scene: Scene<'_>) -> Box<Finding> {
    Box::new(
        Finding::new(codes::FILE_UNKNOWN, Error, Step::Target, format!("{} is left alone.", shown(scene)), why)
            .say("labwizard targets lists the tools whose files it knows."),
    )
}

/// A module's code: the values that somebody sets are in a file beside it.
fn code(scene: Scene<'_>) -> Box<Finding> {
    let finding = not_understood("It is a module's code, and labwizard reads the values that are set for it.", scene);
    let values = scene.around.names.iter().find(|name| name.ends_with(".tfvars") && !is_example(name));
    Box::new(match values {
        Some(name) => finding.say(format!("The values are in {} beside it: name that file.", visible(name))),
        None => {
            finding.say("The values belong into terraform.tfvars beside it; labwizard, without a name, makes that.")
        }
    })
}

/// Why an empty file is left alone.
pub const EMPTY: &str = "It is empty, so it tells no tool anything.";

fn empty(scene: Scene<'_>) -> Box<Finding> {
    let title = format!("{} has nothing to mend.", shown(scene));
    let finding = Finding::new(codes::FILE_UNKNOWN, Error, Step::Target, title, EMPTY);
    Box::new(finding.say("Run labwizard without a file's name in this folder: it sets a tool up and fills the file."))
}

fn unclear(scene: Scene<'_>, found: &[Match]) -> Box<Finding> {
    let title = |found: &Match| scene.library.get(&found.target).map(|target| target.spec.title.as_str().to_owned());
    let titles: Vec<String> = found.iter().filter_map(title).map(|title| visible(&title)).collect();
    let mut finding = *not_understood("More than one tool reads such a file, and nothing in it says which.", scene);
    finding.evidence.push(format!("it may be a file of {}", titles.join(", or of ")));
    Box::new(finding.say("Run labwizard and choose the tool, then this file."))
}

/// The reader's own words hold nothing of the file.
fn damaged(scene: Scene<'_>, error: &FormatError) -> Box<Finding> {
    Box::new(
        Finding::new(
            codes::FILE_DAMAGED,
            Error,
            Step::Target,
            format!("{} cannot be read at line {}.", shown(scene), error.line),
            format!("{}.", upper_first(error.why)),
        )
        .seen(format!("line {}, column {}", error.line, error.column))
        .say(format!("Mend line {}, and run the check again. The file is left as it is.", error.line)),
    )
}
