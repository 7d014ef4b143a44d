//! From the mends that were chosen to the smallest edit of a file that is there, and the plan that makes it.

pub mod facts;
mod sheet;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnosis::config::Config;
use crate::domain::finding::Mend;
use crate::domain::{Endpoint, FileSeen, Fingerprint, Oddity};
use crate::format::{Edit, Setting};
use crate::plan::action::{Action, FileEdit, Unfit};
use crate::plan::edit::{Prepared, known_open, tried};
use crate::plan::mend::sheet::{Mending, Sheet, live_keys};
use crate::plan::{Plan, Planned};
use crate::target::Library;
use crate::target::read::known;
use crate::target::spec::VerifyWord;
use crate::target::write::{Filled, WriteError};

/// What is known besides the file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told<'a> {
    /// Where hosts of the file were found to answer, by their numbers; of the others the file alone tells.
    pub endpoints: Option<&'a BTreeMap<u8, Endpoint>>,
    /// The variables that the module declares, where the form goes by declarations.
    pub declared: Option<&'a [String]>,
    /// What [`Mend::Verify`] has the tool verify against.
    pub verify: Option<&'a Verifying>,
}

/// What a host of the file is to be verified against from now on.
#[derive(Clone, Debug)]
pub struct Verifying {
    /// From 1.
    pub instance: u8,
    /// The cluster's CA that was seen; without one the CAs that the tool trusts anyway.
    pub ca: Option<CaSeen>,
}

/// The CA of a cluster, as its host served it.
#[derive(Clone, Debug)]
pub struct CaSeen {
    pub fingerprint: Fingerprint,
    pub pem: String,
}

/// Why a mend cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoMend {
    #[error("labwizard no longer knows the tool of this file")]
    UnknownTool,
    #[error("what stands for {0} does not tell the right value")]
    Unknown(String),
    #[error("{key} does not stand in line {line}")]
    NoSuchLine { key: String, line: usize },
    #[error("the tool has no way to verify the host from this file")]
    CannotVerify,
    #[error("it is not known yet what the host could be verified against")]
    NothingToVerifyBy,
    /// It is no change of the file: a question, a token, a grant.
    #[error("this is not mended in the file alone")]
    NotOfTheFile,
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// What a plan of mends is made from.
pub struct Order<'a> {
    pub config: &'a Config,
    pub library: &'a Library,
    /// What the mends are based on: the file as `config` was understood from.
    pub seen: &'a FileSeen,
    pub told: Told<'a>,
    pub mends: &'a [Mend],
    /// What is odd about the file and was agreed to.
    pub agreed: Vec<Oddity>,
    /// How a path is shown.
    pub shown: &'a dyn Fn(&Path) -> String,
}

/// The plan, and the edit in it where lines change or the file is closed.
#[derive(Debug)]
pub struct Mended {
    pub plan: Plan,
    pub prepared: Option<Prepared>,
}

/// Whether a mend changes nothing but the file and what lies beside it, and asks nothing.
pub fn is_of_the_file(mend: &Mend) -> bool {
    use Mend::*;
    matches!(mend, Rewrite { .. } | Switch { .. } | Port { .. } | Remove { .. } | Close | Ignore | Verify)
}

/// The edits that the mends ask for, each key once. [`Mend::Close`] and [`Mend::Ignore`] change no line.
///
/// # Errors
/// The first mend that cannot be made; then none is.
pub fn edits(config: &Config, library: &Library, told: &Told<'_>, mends: &[Mend]) -> Result<Vec<Edit>, NoMend> {
    let spec = config.spec(library).ok_or(NoMend::UnknownTool)?;
    let form = config.form(library).ok_or(NoMend::UnknownTool)?;
    let mending = Mending { config, spec, form, told, existing: live_keys(&config.document) };
    let mut sheet = Sheet::default();
    for mend in mends {
        match mend {
            Mend::Rewrite { key } => mending.rewrite(key, &mut sheet)?,
            Mend::Switch { key, word, .. } => mending.switch(key, word, &mut sheet)?,
            Mend::Port { key, line } => mending.move_port(key, *line, &mut sheet)?,
            Mend::Remove { key, line } => mending.remove(key, *line, &mut sheet)?,
            Mend::Verify => mending.verify(&mut sheet)?,
            Mend::Close | Mend::Ignore => {}
            Mend::Ask(_)
            | Mend::Grant
            | Mend::NewSecret
            | Mend::NewToken
            | Mend::Certificate
            | Mend::LookUp
            | Mend::Wake
            | Mend::User(_)
            | Mend::Token(_) => {
                return Err(NoMend::NotOfTheFile);
            }
        }
    }
    Ok(sheet.edits(&mending))
}

/// The actions with their sentences.
///
/// # Errors
/// As [`edits`]; or the file cannot hold a value so that all who read it agree.
pub fn plan(order: &Order<'_>) -> Result<Mended, NoMend> {
    let config = order.config;
    let spec = config.spec(order.library).ok_or(NoMend::UnknownTool)?;
    let form = config.form(order.library).ok_or(NoMend::UnknownTool)?;
    let dialect = form.editor().ok_or(NoMend::UnknownTool)?;
    let edits = edits(config, order.library, &order.told, order.mends)?;
    let edit = FileEdit {
        seen: order.seen.clone(),
        dialect,
        readers: form.held_against(),
        start: Default::default(),
        edits,
        heading: None,
        agreed: order.agreed.clone(),
        awaits: Arc::default(),
    };
    let filled = Filled::default();
    let mut open: BTreeSet<String> = known_open(spec, form, &config.document).into_iter().collect();
    // A key that is added is shown, unless a secret that stood elsewhere goes there.
    let is_secret = |key: &str| known(spec, form, key).is_none_or(|known| known.fact.is_secret());
    let is_there = |key: &str| config.document.entries().any(|entry| entry.key() == key);
    let added = edit.edits.iter().filter(|edit| !is_there(&edit.key) && !is_secret(&edit.key));
    open.extend(added.map(|edit| edit.key.clone()));
    // A port is no secret, also where the tool looks for none.
    open.extend(order.mends.iter().filter_map(|mend| match mend {
        Mend::Port { key, line } | Mend::Remove { key, line } => config.port_at(key, *line).map(|_| key.clone()),
        _ => None,
    }));
    let prepared = tried(edit, filled, Some(&config.document), &open)?;
    let mut mended = Mended { plan: Plan::default(), prepared: None };
    let path = (order.shown)(&order.seen.path);
    let mut push = |action, sentence| {
        mended.plan.actions.push(Planned { action, heading: "On this machine".to_owned(), sentence });
    };
    if order.mends.contains(&Mend::Ignore) {
        push(Action::Ignore(order.seen.path.clone()), IGNORES.to_owned());
    }
    if order.mends.contains(&Mend::Verify)
        && let Some(ca) = order.told.verify.and_then(|verify| verify.ca.as_ref())
        && form.verify.contains(&VerifyWord::Ca)
        && let Some(file) = ca_file(&order.seen.path, &ca.fingerprint)
    {
        let (roots, shown) = (spec.ca_needs_roots(), (order.shown)(&file));
        push(Action::WriteCa { path: file, pem: ca.pem.clone(), roots }, writes_ca(roots, &shown));
    }
    let is_open = order.seen.there.as_ref().is_some_and(|there| there.mode & 0o077 != 0);
    let closes = is_open && order.mends.contains(&Mend::Close);
    if prepared.changed > 0 || closes {
        let sentence = mends(&prepared, is_open, &path);
        push(Action::Edit(Box::new(prepared.edit.clone())), sentence);
        mended.prepared = Some(prepared);
    }
    Ok(mended)
}

/// The sentence of [`Action::Ignore`].
const IGNORES: &str = "add a line to the .gitignore beside the file, so that git leaves it alone";

/// The sentence of [`Action::WriteCa`].
fn writes_ca(roots: bool, path: &str) -> String {
    format!("write the cluster's CA{} to {path}", if roots { " and the system's CAs" } else { ", which is public," })
}

/// What becomes of the file.
fn mends(prepared: &Prepared, is_open: bool, path: &str) -> String {
    if prepared.changed == 0 {
        return format!("close {path} to others; every value is there already");
    }
    let is_gone = |edit: &&Edit| matches!(edit.value, Setting::Remove | Setting::RemoveLines(_));
    let lines = |n: usize, one: &str| if n == 1 { format!("one {one}") } else { format!("{n} {one}s") };
    let gone = prepared.edit.edits.iter().filter(is_gone);
    let removed = gone.clone().count().min(prepared.changed);
    // Of a key that stands in several lines, which of them goes is what matters.
    let numbers: Vec<usize> = gone
        .flat_map(|edit| match &edit.value {
            Setting::RemoveLines(lines) => lines.clone(),
            _ => Vec::new(),
        })
        .collect();
    let set = prepared.changed - removed;
    let mut parts = Vec::new();
    if set > 0 {
        parts.push(format!("put right {} in {path}", lines(set, "value")));
    }
    if removed > 0 {
        let at = if set > 0 { String::new() } else { format!(" from {path}") };
        let which = match numbers.as_slice() {
            [] => lines(removed, "line"),
            [line] if removed == 1 => format!("line {line}"),
            all if removed == 1 => {
                format!("lines {}", all.iter().map(usize::to_string).collect::<Vec<_>>().join(" and "))
            }
            // Whole keys go as well.
            _ => lines(removed, "line"),
        };
        parts.push(format!("remove {which}{at}"));
    }
    if is_open {
        parts.push("close it to others".to_owned());
    }
    match parts.split_last() {
        Some((last, first)) if !first.is_empty() => format!("{}, and {last}", first.join(", ")),
        _ => parts.concat(),
    }
}

/// Where a cluster's CA is written: beside the config, named by its own hash, so that another CA never takes its place.
pub fn ca_file(config: &Path, ca: &Fingerprint) -> Option<PathBuf> {
    let hex = ca.to_string().replace(':', "").to_lowercase();
    Some(config.parent()?.join(format!("pve-ca-{}.pem", hex.get(..8)?)))
}

#[cfg(test)]
mod heals;
#[cfg(test)]
mod tests;
