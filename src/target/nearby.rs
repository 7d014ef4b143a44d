//! What lies around the target's file, held against the target's rules: which target it is, which example it starts from,
//! what its module declares, and how it is run.

use std::path::Path;

use crate::domain::{Around, Text, shell};
use crate::format::{Dialect, Document};
use crate::target::module::{Module, loaded_variables, outranks};
use crate::target::recognise::{Scene, is_clear, matches, recognise};
use crate::target::spec::{Dialect as Written, Form};
use crate::target::{Library, example};

/// The target that a folder clearly belongs to, by its code and by the files that lie beside.
pub fn folder(library: &Library, around: &Around) -> Option<String> {
    let providers = module(around).map(|module| module.providers).unwrap_or_default();
    let scene = |file: &str| {
        let found = recognise(library, Scene { file, keys: &[], beside: &around.names, providers: &providers });
        is_clear(&found).then(|| found[0].target.clone())
    };
    let usual = library.iter().flat_map(|target| &target.spec.form).flat_map(|form| form.file.iter());
    let mut found: Vec<String> = usual.filter(|file| !file.contains('*')).filter_map(|file| scene(file)).collect();
    found.sort();
    found.dedup();
    if let [one] = found.as_slice() { Some(one.clone()) } else { None }
}

/// The file of this form that is there already, or that an example asks for.
pub fn file(form: &Form, around: &Around) -> Option<String> {
    let fits = |name: &&String| form.file.iter().any(|pattern| matches(pattern, name)) && !example::is_example(name);
    if let Some(there) = around.names.iter().find(fits) {
        return Some(there.clone());
    }
    // `lab.tfvars.example` stands for a `lab.tfvars`. A `.env` needs no such hint: its name is the usual one.
    if form.dialect != Written::Hcl {
        return None;
    }
    let ends = [".example", ".sample", ".template", ".dist"];
    let asked = around.examples.iter().filter_map(|(name, _)| ends.iter().find_map(|end| name.strip_suffix(end)));
    let mut asked = asked.filter(|name| name.ends_with(".tfvars"));
    match (asked.next(), asked.next()) {
        (Some(one), None) => Some(one.to_owned()),
        _ => None,
    }
}

/// The module around a file of values.
pub fn module(around: &Around) -> Option<Module> {
    let module = around.module.as_ref()?;
    let folder = module.folder.display().to_string();
    Some(Module::read(&folder, module.code.iter().map(|(name, text)| (name.as_str(), text.as_str()))))
}

/// The variables that may be written, where the form goes by declarations.
pub fn declared(form: &Form, around: &Around) -> Option<Vec<String>> {
    form.declared.as_ref()?;
    module(around)?.declared()
}

/// The module's files that cannot be read, each with where and why: what they declare is not known.
pub fn damaged(form: &Form, around: &Around) -> Vec<String> {
    if form.declared.is_none() {
        return Vec::new();
    }
    let damaged = module(around).map(|module| module.damaged).unwrap_or_default();
    damaged.iter().map(|(file, error)| format!("{file} ({error})")).collect()
}

/// What the files that the module loads by itself set: file and variable.
pub fn loaded(around: &Around) -> Vec<(String, String)> {
    let Some(module) = &around.module else { return Vec::new() };
    let keys = |text: &Text| {
        Document::parse(Dialect::Hcl, text.clone())
            .map(|document| document.entries().map(|entry| entry.key().to_owned()).collect())
            .unwrap_or_default()
    };
    let files: Vec<(String, Vec<String>)> =
        module.loaded.iter().map(|(name, text)| (name.clone(), keys(text))).collect();
    loaded_variables("", &files)
}

/// Of these what counts before the file: all where lines for `TF_VAR_` stand in it, else what comes after a file of values.
pub fn counting_before(form: &Form, around: &Around, path: &Path) -> Vec<(String, String)> {
    let mut all = loaded(around);
    if form.dialect == Written::Hcl {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let beside =
            around.module.as_ref().is_some_and(|module| path.parent().is_some_and(|at| at.ends_with(&module.folder)));
        all.retain(|(file, _)| beside && outranks(file, &name));
    }
    all
}

/// The variables that the module needs and that nothing gives a value.
pub fn without_value(form: &Form, around: &Around, given: &[String]) -> Vec<String> {
    if form.declared.is_none() {
        return Vec::new();
    }
    let plain: Vec<String> = match &form.prefix {
        Some(prefix) => given.iter().filter_map(|key| key.strip_prefix(prefix.as_str())).map(str::to_owned).collect(),
        None => given.to_vec(),
    };
    module(around)
        .map(|module| module.without_value(&plain).iter().map(|variable| variable.name.clone()).collect())
        .unwrap_or_default()
}

/// The command that runs the module with this file, from the right folder.
pub fn run_command(form: &Form, around: &Around, path: &Path) -> Option<String> {
    form.declared.as_ref()?;
    let module = module(around)?;
    let command = module.command(&path.display().to_string(), "tofu", "plan");
    let words: Option<Vec<String>> = command.argv.iter().map(|word| quoted(word)).collect();
    let run = words?.join(" ");
    Some(match &command.folder {
        Some(folder) => format!("cd {} && {run}", shell::quote(folder).ok()?),
        None => run,
    })
}

/// One word of the command. The program's own option keeps its bare form; the file behind it is quoted where it must be.
fn quoted(word: &str) -> Option<String> {
    match word.split_once('=') {
        Some((option, value)) if option.starts_with('-') => Some(format!("{option}={}", shell::quote(value).ok()?)),
        _ => shell::quote(word).ok(),
    }
}
