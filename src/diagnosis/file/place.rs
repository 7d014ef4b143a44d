//! Where the file lies: who may read it, what git makes of it, and where else its secret stands.

use std::path::Path;

use super::{Sight, codes};
use crate::diagnosis::by_root::{SHELL, Who};
use crate::domain::finding::{Finding, Mend, Severity::*, Step};
use crate::domain::visible::visible;
use crate::domain::{CopySeen, Git, Grantee, History, TokenId, shell};
use crate::target::example::is_example;
use crate::target::meant::token_id;

const HERE: &str = "this machine's shell";

pub(super) fn judge(sight: &Sight<'_>) -> Vec<Finding> {
    if !sight.holds_secret() {
        return Vec::new();
    }
    let path = &sight.seen.path;
    let mut out = Vec::new();
    out.extend(open(sight, path));
    out.extend(git(&sight.around.git, path));
    out.extend(history(&sight.around.history, path));
    out.extend(copies(&sight.around.copies));
    out.extend(examples(sight));
    out.into_iter().map(|finding| new_secret(sight, finding)).collect()
}

/// Where a new secret is the way out, the command that makes it for the token of the file.
fn new_secret(sight: &Sight<'_>, finding: Finding) -> Finding {
    let mut tokens: Vec<TokenId> =
        sight.read.instances().into_iter().filter_map(|at| token_id(sight.read, at)).collect();
    tokens.dedup();
    // Which of several tokens is meant, only the comparison of secrets would tell.
    let [token] = tokens.as_slice() else { return finding };
    if !finding.mends.contains(&Mend::NewSecret) {
        return finding;
    }
    let named = Grantee::Token(token.clone());
    finding
        .say("The new secret, from Proxmox VE 9.2 on; the old one stops working at that moment. It is shown once: put it into the file.")
        .run(SHELL, Who(Some(&named)).new_secret())
}

fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy())
}

/// The path as a word of a command; a placeholder where it cannot be one.
pub(super) fn word(path: &Path) -> String {
    path.to_str().and_then(|path| shell::quote(path).ok()).unwrap_or_else(|| "'<file>'".into())
}

/// Takes a file out of what git tracks, from wherever it is run.
pub fn untrack(path: &Path) -> String {
    let folder = path.parent().map(word).unwrap_or_else(|| ".".into());
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // A “:” before a name means more than the name to git.
    let name = if name.starts_with(['-', ':']) { format!("./{name}") } else { name };
    format!("git -C {folder} rm --cached -- {}", word(Path::new(&name)))
}

/// Adds the line to the `.gitignore` beside it that keeps it out; none where its name would be more than itself in one. The line
/// is begun anew, for the last one there may lack its end.
fn ignore(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    plain.then(|| format!(r"printf '\n%s\n' /{name} >> {}", word(&path.with_file_name(".gitignore"))))
}

fn open(sight: &Sight<'_>, path: &Path) -> Option<Finding> {
    let mode = sight.seen.there.as_ref()?.mode;
    (mode & 0o077 != 0).then(|| {
        Finding::new(
            codes::FILE_OPEN,
            Warning,
            Step::Review,
            format!("Others on this machine may read {}.", shown(path)),
            "A secret stands in it, and its mode lets more people in than its owner.",
        )
        .seen(format!("mode {mode:04o}"))
        .mend(Mend::Close)
        .run(HERE, format!("chmod 600 -- {}", word(path)))
    })
}

fn git(git: &Git, path: &Path) -> Option<Finding> {
    match git {
        Git::Tracked => Some(
            Finding::new(
                codes::FILE_TRACKED,
                Warning,
                Step::Review,
                format!("Git tracks {}.", shown(path)),
                "The secret in it goes to everybody who has the repository, with each commit.",
            )
            // A line in the .gitignore alone changes nothing for a file that is tracked.
            .say("Take it out of git first. The file itself stays where it is.")
            .run(HERE, untrack(path))
            .then_run(HERE, ignore(path))
            .say("What is committed stays in the history: have a new secret made afterwards.")
            .mend(Mend::NewSecret),
        ),
        Git::WouldTrack => Some(
            Finding::new(
                codes::FILE_NOT_IGNORED,
                Warning,
                Step::Review,
                format!("Git would take {} in with the next git add.", shown(path)),
                "The secret would be in the repository's history then, where it cannot be taken back.",
            )
            .say("Have a line added to the .gitignore beside the file.")
            .then_run(HERE, ignore(path))
            .mend(Mend::Ignore),
        ),
        Git::NoRepository | Git::Ignored | Git::Unknown(_) => None,
    }
}

trait ThenRun {
    fn then_run(self, on: &str, command: Option<String>) -> Self;
}

impl ThenRun for Finding {
    /// The command, where there is one.
    fn then_run(self, on: &str, command: Option<String>) -> Self {
        match command {
            Some(command) => self.run(on, command),
            None => self,
        }
    }
}

fn history(history: &History, path: &Path) -> Option<Finding> {
    match history {
        History::Found => Some(
            Finding::new(
                codes::FILE_HISTORY,
                Warning,
                Step::Access,
                "The secret stands in the objects of the git repository.",
                format!(
                    "It was added or committed once, from {} or another file. Where it was committed, whoever has the repository can still read it.",
                    shown(path)
                ),
            )
            .say("Have a new secret made: the old one is worth nothing then, and the history can stay as it is.")
            .mend(Mend::NewSecret)
            .mend(Mend::NewToken),
        ),
        History::Unfinished(why) => Some(
            Finding::new(
                codes::FILE_HISTORY,
                Info,
                Step::Access,
                "Whether git's history holds the secret is not known.",
                format!("The search came to no end: {}", visible(why)),
            )
            .say("Where it may have been committed, have a new secret made."),
        ),
        History::NotSearched | History::Clean => None,
    }
}

fn is_document(path: &Path) -> bool {
    path.extension().is_some_and(|end| ["md", "markdown", "rst", "txt"].iter().any(|e| end.eq_ignore_ascii_case(e)))
}

/// Other files that hold the secret too.
pub fn copies(copies: &[CopySeen]) -> Vec<Finding> {
    copies.iter().filter(|copy| copy.holds_secret).filter_map(copy).collect()
}

fn copy(copy: &CopySeen) -> Option<Finding> {
    let path = shown(&copy.path);
    let name = copy.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if is_example(&name) || is_document(&copy.path) {
        return Some(example(&path));
    }
    copy.tracked.then(|| {
        Finding::new(
            codes::FILE_COPY,
            Warning,
            Step::Access,
            format!("Git tracks {path}, which holds the secret too."),
            "A copy of the config file was left beside it, and goes to everybody who has the repository.",
        )
        .run(HERE, untrack(&copy.path))
        .say("Then have a new secret made: what is committed stays in the history.")
        .mend(Mend::NewSecret)
    })
}

fn example(path: &str) -> Finding {
    Finding::new(
        codes::FILE_EXAMPLE,
        Warning,
        Step::Access,
        format!("{path} holds the secret that is in use."),
        "Examples and documents are passed on and committed; a secret never goes into them.",
    )
    .say(format!("Write a placeholder into {path}, and have a new secret made."))
    .mend(Mend::NewSecret)
}

/// Examples beside the file whose text was read already.
fn examples(sight: &Sight<'_>) -> Vec<Finding> {
    let secrets = super::example::secrets(sight.read);
    let told = |name: &str| {
        sight.around.copies.iter().any(|copy| copy.holds_secret && copy.path.file_name().is_some_and(|n| n == name))
    };
    let holds = |text: &str| secrets.iter().any(|secret| text.contains(secret.reveal()));
    sight
        .around
        .examples
        .iter()
        .filter(|(name, text)| !told(name) && holds(text.as_str()))
        .map(|(name, _)| example(&shown(&sight.around.folder.join(name))))
        .collect()
}

/// A file that was named and is not there.
pub fn missing(path: &Path) -> Finding {
    let title = format!("There is no file {}.", shown(path));
    Finding::new(codes::FILE_UNREADABLE, Error, Step::Target, title, "So nothing was read.")
        .say("Look whether its name and folder are right.")
        .say("To have the files found that lie below this folder, run labwizard check without a name.")
}
