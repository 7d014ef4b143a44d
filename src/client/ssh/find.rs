//! Which ssh is run, and what it gets of the environment.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What ssh, its agent and its helpers go by. Everything else of this process's environment stays here: there may be secrets
/// in it.
const KEPT: [&str; 20] = [
    "HOME",
    "PATH",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "TERM",
    "TMPDIR",
    "SSH_AUTH_SOCK",
    "SSH_ASKPASS",
    "SSH_ASKPASS_REQUIRE",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "KRB5CCNAME",
];

/// Whether a variable is handed on.
pub fn is_for_ssh(name: &OsStr) -> bool {
    KEPT.iter().any(|kept| *kept == name)
}

/// Finds ssh in the absolute folders of `PATH`, passing over those inside the repository of `project`: what lies there was
/// written by others.
pub fn ssh(project: &Path, environment: &[(OsString, OsString)]) -> Option<PathBuf> {
    let project = project.canonicalize().unwrap_or_else(|_| project.to_owned());
    let border = project
        .ancestors()
        .filter(|at| at.parent().is_some() && at.join(".git").exists())
        .last()
        .unwrap_or(&project)
        .to_owned();
    let (_, paths) = environment.iter().find(|(name, _)| name == "PATH")?;
    std::env::split_paths(paths).filter(|folder| folder.is_absolute()).map(|folder| folder.join("ssh")).find(
        |program| {
            let outside = |path: &Path| path.canonicalize().is_ok_and(|real| !real.starts_with(&border));
            outside(program) && program.parent().is_some_and(outside) && is_program(program)
        },
    )
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|there| there.is_file() && there.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ssh_inside_the_project_is_passed_over() {
        let place = tempfile::tempdir().unwrap();
        let (project, bin) = (place.path().join("project"), place.path().join("bin"));
        for folder in [project.join("sub"), bin.clone(), project.join(".git")] {
            std::fs::create_dir_all(&folder).unwrap();
        }
        for program in [project.join("ssh"), project.join("sub/ssh"), bin.join("ssh")] {
            std::fs::write(&program, "#!/bin/sh\n").unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let path = |folders: &[&Path]| vec![("PATH".into(), std::env::join_paths(folders).unwrap())];
        let relative = Path::new("bin");
        let sub = project.join("sub");
        assert_eq!(ssh(&sub, &path(&[relative, &project, &sub, &bin])), Some(bin.join("ssh")));
        assert_eq!(ssh(&sub, &path(&[&project, &sub])), None);
        std::os::unix::fs::symlink(project.join("ssh"), place.path().join("ssh")).unwrap();
        assert_eq!(ssh(&sub, &path(&[place.path(), &bin])), Some(bin.join("ssh")), "a link into the project");
    }
}
