//! Finds the programs that labwizard starts by itself: outside the project, for what lies in it was written by others.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Finds a program in the absolute folders of `paths` (the variable PATH), passing over those inside the repository of
/// `project`, and links that lead there.
pub fn find_program(name: &str, project: &Path, paths: &OsStr) -> Option<PathBuf> {
    let project = project.canonicalize().unwrap_or_else(|_| project.to_owned());
    // The whole repository is the project's, not only the folder of the file.
    let border = project
        .ancestors()
        .filter(|at| at.parent().is_some() && at.join(".git").exists())
        .last()
        .unwrap_or(&project)
        .to_owned();
    let outside = |path: &Path| path.canonicalize().is_ok_and(|real| !real.starts_with(&border));
    // Most folders do not have it: where they lead is looked up only where one does.
    std::env::split_paths(paths)
        .filter(|folder| folder.is_absolute())
        .map(|folder| (folder.join(name), folder))
        .find(|(program, folder)| is_program(program) && outside(folder) && outside(program))
        .map(|(program, _)| program)
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|there| there.is_file() && there.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_inside_the_project_or_in_a_relative_folder_is_passed_over() {
        let place = tempfile::tempdir().unwrap();
        let (project, bin) = (place.path().join("project"), place.path().join("bin"));
        for folder in [project.join("sub"), bin.clone(), project.join(".git")] {
            std::fs::create_dir_all(&folder).unwrap();
        }
        for program in [project.join("ssh"), project.join("sub/ssh"), bin.join("ssh")] {
            std::fs::write(&program, "#!/bin/sh\n").unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let sub = project.join("sub");
        let find = |folders: &[&Path]| find_program("ssh", &sub, &std::env::join_paths(folders).unwrap());
        assert_eq!(find(&[Path::new("bin"), &project, &sub, &bin]), Some(bin.join("ssh")));
        assert_eq!(find(&[&project, &sub]), None);
        std::os::unix::fs::symlink(project.join("ssh"), place.path().join("ssh")).unwrap();
        assert_eq!(find(&[place.path(), &bin]), Some(bin.join("ssh")), "a link into the project");
        std::os::unix::fs::symlink(&sub, place.path().join("linked")).unwrap();
        assert_eq!(find(&[&place.path().join("linked"), &bin]), Some(bin.join("ssh")), "a folder linked into it");
    }
}
