//! Searches what lies around a config for its secrets: git's history, and the copies beside it. It takes up to seconds, so it is
//! done only where a check or a repair asks for it.

use crate::disk;
use crate::domain::{Around, FileSeen, Git, Secret};

/// What lies around the file, with what the search brought. Waits for git and the disk.
///
/// The secrets stay in this process's memory. Nothing is searched for those that are too short to be told from chance.
pub fn searched(around: Around, seen: &FileSeen, secrets: &[Secret], git: Option<&disk::Git>) -> Around {
    let history = match (git, seen.path.parent(), &around.git) {
        (Some(git), Some(folder), Git::Tracked | Git::Ignored | Git::WouldTrack) => git.history(folder, secrets),
        _ => around.history,
    };
    Around { history, copies: disk::copies(seen, secrets, git), ..around }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::config::{Scene, understand};
    use crate::diagnosis::held::secrets;
    use crate::disk::Caller;
    use crate::domain::around::History;
    use crate::target::Library;
    use std::process::{Command, Stdio};

    const ONE: &str = "00000000-0000-4000-8000-0000000c0de1";
    const TWO: &str = "00000000-0000-4000-8000-0000000c0de2";

    #[test]
    fn the_secrets_of_every_host_of_a_config_are_looked_for() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().canonicalize().unwrap();
        let git = |arguments: &[&str]| {
            let mut command = Command::new("git");
            command.args(["-c", "user.name=x", "-c", "user.email=x@example.org"]).args(arguments).current_dir(&dir);
            command.env("GIT_CONFIG_GLOBAL", "/dev/null").stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        if !git(&["init", "-q"]) {
            eprintln!("skipped: there is no git here");
            return;
        }
        let text = format!(
            "PROXMOX_HOST=a.lan\nPROXMOX_USER=lab@pve\nPROXMOX_TOKEN_NAME=wiz\nPROXMOX_TOKEN_VALUE={ONE}\n\
             PROXMOX_02_HOST=b.lan\nPROXMOX_TOKEN_VALUE_02={TWO}\nPROXMOX_PASSWORD=glassdome\nLAB_PROXMOX_INSTANCE=01\n"
        );
        let (path, caller) = (dir.join(".env"), Caller::of_process(|_| None));
        std::fs::write(&path, &text).unwrap();
        std::fs::write(dir.join("NOTES.md"), format!("it is {TWO}\n")).unwrap();
        let seen = disk::read_config(&path, &caller).unwrap();
        let library = Library::built_in();
        let around = Around { git: Git::WouldTrack, ..Around::default() };
        let config = understand(Scene { library: &library, seen: &seen, around: &around, environment: &[] }).unwrap();
        let secrets = secrets(&config);
        assert_eq!(secrets.iter().map(Secret::reveal).collect::<Vec<_>>(), [ONE, TWO]);
        let found = disk::Git::find(&dir, |name| (name == "PATH").then(|| std::env::var_os("PATH")).flatten());
        let look = |around: &Around| searched(around.clone(), &seen, &secrets, found.as_ref());
        let first = look(&around);
        assert_eq!(first.history, History::Clean);
        assert_eq!(first.copies.len(), 1);
        assert!(git(&["add", ".env"]), "git takes it in");
        assert_eq!(look(&around).history, History::Found, "what was added once is in it");
        let outside = Around { git: Git::NoRepository, ..around };
        assert_eq!(look(&outside).history, History::NotSearched);
    }
}
