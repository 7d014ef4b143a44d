//! Where a token lives, as far as the runs of this machine tell: the files that were given its secret.

use std::path::Path;

use crate::domain::change::carries_mark;
use crate::domain::{Change, ChangeState, Endpoint, RunSeen, TokenId};

/// What the runs of this machine know of a token.
#[derive(Debug, Default, PartialEq)]
pub struct Lives<'r> {
    /// The files that hold its secret, or may; each once.
    pub files: Vec<&'r Path>,
    /// One of the runs made it.
    pub made_here: bool,
}

/// Where the token of this host lives. `comment` is the one it has now: what a run made carries its mark, else it is another of
/// the same name.
pub fn of<'r>(runs: &'r [RunSeen], endpoint: &Endpoint, id: &TokenId, comment: Option<&str>) -> Lives<'r> {
    // What a run gave it: whether it made it, and whether that is known to have come through.
    let gave = |run: &RunSeen| {
        let ours = comment.is_some_and(|comment| carries_mark(comment, &run.name));
        run.changes.iter().filter(|one| one.endpoint == *endpoint).find_map(|one| {
            let known = match one.state {
                ChangeState::Made => true,
                ChangeState::Unknown => false,
                ChangeState::NotMade | ChangeState::TakenBack => return None,
            };
            match &one.change {
                Change::MakeToken(made) if made.id == *id && ours => Some((true, known)),
                Change::NewSecret(of) if of == id => Some((false, known)),
                _ => None,
            }
        })
    };
    let mut about: Vec<_> = runs.iter().filter_map(|run| Some((run, gave(run)?))).collect();
    about.sort_by_key(|(run, _)| std::cmp::Reverse(run.when));
    let made_here = about.iter().any(|(_, (made, _))| *made);
    // A token has one secret: what was written before the last one is dead.
    let last = about.iter().position(|(_, (_, known))| *known).map_or(about.len(), |at| at + 1);
    let mut files: Vec<&Path> = Vec::new();
    for file in about[..last].iter().flat_map(|(run, _)| &run.files).filter(|file| file.stands && holds(&file.path)) {
        if !files.contains(&file.path.as_path()) {
            files.push(&file.path);
        }
    }
    Lives { files, made_here }
}

/// Beside the file with the secret a run writes its `.gitignore` and the host's CA.
fn holds(path: &Path) -> bool {
    !path.ends_with(".gitignore") && path.extension().is_none_or(|kind| kind != "pem")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ChangeSeen, Host, RunFile, TokenMake};

    fn endpoint(port: u16) -> Endpoint {
        Endpoint { host: Host::Name("pve.lan".into()), port }
    }

    fn id() -> TokenId {
        "lab@pve!tool".parse().unwrap()
    }

    fn made() -> Change {
        Change::MakeToken(TokenMake { id: id(), separated: true, expire: None, comment: String::new() })
    }

    fn run(name: &str, when: i64, change: Change, state: ChangeState, file: &str) -> RunSeen {
        let paths = [file, "/p/.gitignore", "/p/pve-ca.pem"];
        let file = |(n, path): (usize, &str)| RunFile { n, path: path.into(), stands: true, holds_secret: true };
        RunSeen {
            name: name.into(),
            when,
            finished: true,
            changes: vec![ChangeSeen { n: 0, endpoint: endpoint(8006), change, state, was: None }],
            files: paths.into_iter().enumerate().map(file).collect(),
        }
    }

    fn told(runs: &[RunSeen], comment: &str) -> (Vec<String>, bool) {
        let lives = of(runs, &endpoint(8006), &id(), Some(comment));
        (lives.files.iter().map(|path| path.display().to_string()).collect(), lives.made_here)
    }

    #[test]
    fn a_token_lives_in_the_file_of_the_run_whose_mark_it_carries() {
        let runs = [run("0a1b2c", 1, made(), ChangeState::Made, "/p/.env")];
        assert_eq!(told(&runs, "labwizard 0a1b2c: for x"), (vec!["/p/.env".into()], true));
        // Somebody removed it since and made another of that name; or it is another host's.
        for comment in ["mine", "labwizard ffffff: for x"] {
            assert_eq!(told(&runs, comment), (vec![], false));
        }
        assert_eq!(of(&runs, &endpoint(8007), &id(), Some("labwizard 0a1b2c")), Lives::default());
    }

    #[test]
    fn a_new_secret_lives_where_it_was_written_and_the_old_one_is_dead() {
        let first = run("0a1b2c", 1, made(), ChangeState::Made, "/p/.env");
        let second = |state| run("0a1b2d", 2, Change::NewSecret(id()), state, "/q/.env");
        let (p, q) = ("/p/.env".to_owned(), "/q/.env".to_owned());
        let comment = "labwizard 0a1b2c: for x";
        assert_eq!(told(&[second(ChangeState::Made), first.clone()], comment), (vec![q.clone()], true));
        // Where its answer was lost, either may be the living one.
        assert_eq!(told(&[first.clone(), second(ChangeState::Unknown)], comment), (vec![q.clone(), p.clone()], true));
        assert_eq!(told(&[first, second(ChangeState::NotMade)], comment), (vec![p], true));
        // A token of others that got a new secret by a run.
        assert_eq!(told(&[second(ChangeState::Made)], "mine"), (vec![q], false));
    }
}
