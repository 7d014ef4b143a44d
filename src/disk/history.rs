//! Whether a secret stands in git's history: every object that is there is read past it, and the secret never leaves this process.

use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::domain::Secret;
use crate::domain::around::History;
use crate::domain::visible::upper_first;

use super::git::Git;
use super::matcher::Matcher;

/// The most bytes of objects that are read, unpacked.
pub const HISTORY_LIMIT: u64 = 1 << 30;
/// Shorter ones stand in many a text by chance.
pub const SHORTEST: usize = 8;
/// How much is read at once.
const CHUNK: usize = 256 << 10;

/// What came of reading objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Past {
    Found,
    End,
    Limit,
}

impl Git {
    /// Looks for the secrets in all objects of the repository around `folder`: packed, loose and those that nothing names any
    /// more. It ends with the first that is found, and after git's time or [`HISTORY_LIMIT`].
    pub fn history(&self, folder: &Path, secrets: &[Secret]) -> History {
        self.history_up_to(folder, secrets, HISTORY_LIMIT)
    }

    fn history_up_to(&self, folder: &Path, secrets: &[Secret], limit: u64) -> History {
        let needles: Vec<Matcher> =
            secrets.iter().filter(|secret| secret.reveal().len() >= SHORTEST).map(Matcher::new).collect();
        if needles.is_empty() {
            return History::NotSearched;
        }
        // In the order of the packs, for by their names each object would be unpacked anew.
        let arguments =
            ["--no-replace-objects", "cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"];
        match self.call(folder, &arguments, move |pipe| read_past(pipe, &needles, limit).ok()) {
            Ok(called) if called.taken == Past::Found => History::Found,
            Ok(called) if called.taken == Past::Limit => {
                History::Unfinished(format!("The first {} MiB of it were read, and it goes on.", limit >> 20))
            }
            Ok(called) if called.is_no_repository() => History::NotSearched,
            Ok(called) if called.code == Some(0) => History::Clean,
            Ok(called) => History::Unfinished(sentence(&called.why())),
            Err(why) => History::Unfinished(sentence(&why)),
        }
    }
}

fn sentence(why: &str) -> String {
    format!("{}.", upper_first(why))
}

/// Reads to the end, to the limit, or up to a needle. What was read is wiped.
fn read_past(mut pipe: impl Read, needles: &[Matcher], limit: u64) -> io::Result<Past> {
    let longest = needles.iter().map(Matcher::len).max().unwrap_or(1);
    let mut bytes = Zeroizing::new(vec![0u8; CHUNK + longest]);
    let (mut kept, mut read) = (0, 0u64);
    loop {
        let more = match pipe.read(&mut bytes[kept..]) {
            Ok(0) => return Ok(Past::End),
            Ok(more) => more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = kept + more;
        if needles.iter().any(|needle| needle.is_in(&bytes[..end])) {
            return Ok(Past::Found);
        }
        read += more as u64;
        if read > limit {
            return Ok(Past::Limit);
        }
        // A needle may begin in what was read and end in what comes.
        kept = end.min(longest - 1);
        bytes.copy_within(end - kept..end, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::git::tests::{plain_git, repository};
    use std::time::Duration;

    const SECRET: &str = "00000000-0000-4000-8000-0000000c0de1";

    fn secret() -> Vec<Secret> {
        vec![Secret::new(SECRET.into())]
    }

    fn commit(folder: &Path, name: &str, text: &str) {
        std::fs::write(folder.join(name), text).unwrap();
        plain_git(folder, &["add", name]);
        plain_git(folder, &["commit", "-qm", name]);
    }

    #[test]
    fn a_secret_is_found_in_a_loose_a_packed_and_a_dangling_object() {
        let Some((_temp, dir, git)) = repository() else { return };
        commit(&dir, "README", "nothing here\n");
        assert_eq!(git.history(&dir, &secret()), History::Clean);
        // A blob that no commit has ever named.
        std::fs::write(dir.join("x"), format!("{}TOKEN={SECRET}\n", "#\n".repeat(200_000))).unwrap();
        plain_git(&dir, &["hash-object", "-w", "x"]);
        assert_eq!(git.history(&dir, &secret()), History::Found, "dangling");
        plain_git(&dir, &["prune", "--expire=now"]);
        assert_eq!(git.history(&dir, &secret()), History::Clean);
        commit(&dir, ".env", &format!("TOKEN={SECRET}\n"));
        assert_eq!(git.history(&dir, &secret()), History::Found, "loose");
        commit(&dir, ".env", "TOKEN=\n");
        plain_git(&dir, &["repack", "-qad"]);
        plain_git(&dir, &["prune-packed", "-q"]);
        assert_eq!(git.history(&dir, &secret()), History::Found, "packed, and taken out of the file since");
        let folder = dir.join("deep/er");
        std::fs::create_dir_all(&folder).unwrap();
        assert_eq!(git.history(&folder, &secret()), History::Found, "from a folder below");
        let upper = vec![Secret::new(SECRET.to_uppercase()), Secret::new("short".into())];
        assert_eq!(git.history(&dir, &upper), History::Clean);
        assert_eq!(git.history(&dir, &upper[1..]), History::NotSearched, "too short to be told from chance");
        assert_eq!(git.history(&dir, &[]), History::NotSearched);
    }

    #[test]
    fn where_there_is_no_repository_nothing_is_searched() {
        let Some((_temp, _, git)) = repository() else { return };
        let outside = tempfile::tempdir().unwrap();
        assert_eq!(git.history(outside.path(), &secret()), History::NotSearched);
    }

    #[test]
    fn a_replaced_object_does_not_hide_the_one_that_it_replaces() {
        let Some((_temp, dir, git)) = repository() else { return };
        commit(&dir, ".env", &format!("TOKEN={SECRET}\n"));
        commit(&dir, "other", "harmless\n");
        plain_git(&dir, &["replace", "HEAD~1:.env", "HEAD:other"]);
        assert_eq!(git.history(&dir, &secret()), History::Found);
    }

    #[test]
    fn the_projects_own_settings_run_nothing_while_history_is_read() {
        use std::os::unix::fs::PermissionsExt;
        let Some((_temp, dir, git)) = repository() else { return };
        commit(&dir, ".env", &format!("TOKEN={SECRET}\n"));
        let (ran, script) = (dir.join("ran"), dir.join("evil.sh"));
        std::fs::write(&script, format!("#!/bin/sh\ntouch '{}'\n", ran.display())).unwrap();
        std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
        let evil = script.to_str().unwrap();
        for key in
            ["core.fsmonitor", "core.pager", "core.sshCommand", "diff.x.textconv", "filter.x.smudge", "alias.cat-file"]
        {
            plain_git(&dir, &["config", key, evil]);
        }
        plain_git(&dir, &["config", "remote.origin.promisor", "true"]);
        plain_git(&dir, &["config", "remote.origin.url", "ssh://localhost/x"]);
        plain_git(&dir, &["config", "extensions.partialClone", "origin"]);
        std::fs::write(dir.join(".gitattributes"), "* filter=x diff=x\n").unwrap();
        assert_eq!(git.history(&dir, &secret()), History::Found);
        assert!(!ran.exists(), "something of the project ran");
    }

    #[test]
    fn the_secret_is_in_no_argument_and_no_variable_and_the_search_is_bounded() {
        let temp = tempfile::tempdir().unwrap();
        let git = Git::fake(temp.path(), "echo \"$@\" > seen; env >> seen; exec head -c 3000000 /dev/zero");
        assert_eq!(git.history(temp.path(), &secret()), History::Clean);
        let seen = std::fs::read_to_string(temp.path().join("seen")).unwrap();
        assert!(seen.contains("cat-file") && !seen.contains(&SECRET[28..]), "{seen}");
        let limited = git.history_up_to(temp.path(), &secret(), 2 << 20);
        assert_eq!(limited, History::Unfinished("The first 2 MiB of it were read, and it goes on.".into()));
        let git = Git::fake(temp.path(), "echo CANARY >&2; exit 3");
        assert_eq!(git.history(temp.path(), &secret()), History::Unfinished("Git ended with code 3.".into()));
        let git = Git::fake(temp.path(), "sleep 1000").within(Duration::from_millis(200));
        let History::Unfinished(why) = git.history(temp.path(), &secret()) else { panic!("it is not over") };
        assert!(why.contains("did not answer"), "{why}");
    }

    #[test]
    fn a_needle_is_found_across_the_border_of_two_reads() {
        struct Slow<'a>(&'a [u8], usize);
        impl Read for Slow<'_> {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                let n = self.1.min(self.0.len()).min(into.len());
                into[..n].copy_from_slice(&self.0[..n]);
                self.0 = &self.0[n..];
                Ok(n)
            }
        }
        let needles: Vec<Matcher> = secret().iter().map(Matcher::new).collect();
        let text = format!("{}{SECRET}{}", "0".repeat(77), "1".repeat(40));
        for step in 1..60 {
            let past = |text: &str| read_past(Slow(text.as_bytes(), step), &needles, u64::MAX).unwrap();
            assert_eq!(past(&text), Past::Found, "{step}");
            assert_eq!(past(&text.replace("c0de1", "c0de2")), Past::End, "{step}");
        }
    }
}
