//! Writes on a real disk: what is kept, what is refused, what is left.

use std::path::{Path, PathBuf};

use super::caller::Caller;
use super::error::{Change, DiskError};
use super::read::read_config;
use super::record::FileState;
use super::seen::{InPlace, Oddity};
use super::state::State;
use super::undo::FileUndo;
use super::write::FileWrite;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

/// A project folder and a state folder, both fresh.
struct Desk {
    _temp: tempfile::TempDir,
    project: PathBuf,
    state: State,
}

impl Desk {
    fn new() -> Desk {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("project")).unwrap();
        let state = State::open(root.join("state"), me()).unwrap();
        Desk { _temp: temp, project: root.join("project"), state }
    }

    fn file(&self, text: &str, mode: u32) -> PathBuf {
        let path = self.project.join(".env");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        path
    }

    fn plan(&self, path: &Path, text: &str) -> FileWrite {
        FileWrite::over(&read_config(path, &me()).unwrap(), text.into())
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(&self.project)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn me() -> Caller {
    Caller::of_process(|_| None)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o777
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_new_file_is_private_and_nothing_else_is_left_beside_it() {
    let desk = Desk::new();
    let path = desk.project.join(".env");
    let mut run = desk.state.begin_run(1).unwrap();
    let written = run.write(desk.plan(&path, "A=1\n")).unwrap();
    assert!(written.created && written.doubt.is_none() && written.notes.is_empty());
    assert_eq!((text(&path).as_str(), mode(&path)), ("A=1\n", 0o600));
    assert_eq!(desk.names(), [".env"]);
}

#[test]
fn an_existing_file_keeps_its_mode_unless_a_secret_goes_in() {
    let desk = Desk::new();
    let path = desk.file("A=0\n", 0o644);
    let mut run = desk.state.begin_run(1).unwrap();
    run.write(desk.plan(&path, "A=1\n")).unwrap();
    assert_eq!(mode(&path), 0o644);
    run.write(desk.plan(&path, "A=2\n").private()).unwrap();
    assert_eq!((text(&path).as_str(), mode(&path)), ("A=2\n", 0o600));
}

#[test]
fn the_backup_lies_in_the_state_folder_private_and_whole() {
    let desk = Desk::new();
    let path = desk.file("OLD=1\n", 0o644);
    let mut run = desk.state.begin_run(1).unwrap();
    run.write(desk.plan(&path, "NEW=1\n")).unwrap();
    let folder = desk.state.run_folder(run.id());
    assert_eq!(text(&folder.join("backup-1")), "OLD=1\n");
    assert_eq!((mode(&folder), mode(&folder.join("backup-1")), mode(&folder.join("journal"))), (0o700, 0o600, 0o600));
    let id = run.finish(2).unwrap();
    let record = desk.state.run(&id).unwrap();
    assert_eq!(record.files[0].state, FileState::Written);
    assert_eq!(record.files[0].path, path);
    assert_eq!(record.files[0].was.as_ref().unwrap().mode, 0o644);
}

#[test]
fn a_rehearsal_that_is_dropped_leaves_everything_as_it_was() {
    let desk = Desk::new();
    let path = desk.file("OLD=1\n", 0o600);
    let mut run = desk.state.begin_run(1).unwrap();
    let rehearsal = run.rehearse(desk.plan(&path, "NEW=1\n")).unwrap();
    assert_eq!(desk.names().len(), 2, "the temporary stands beside the file");
    assert_eq!(mode(&desk.project.join(format!("..env.labwizard-{}", run.id()))), 0o600);
    drop(rehearsal);
    assert_eq!((desk.names(), text(&path)), (vec![".env".to_string()], "OLD=1\n".to_string()));
}

#[test]
fn a_file_that_changed_since_the_review_is_not_touched() {
    type Swap = fn(&Path);
    let changes: [(&str, Swap, Change); 5] = [
        ("content", |path| std::fs::write(path, "THEIRS=1\n").unwrap(), Change::Content),
        ("same length", |path| std::fs::write(path, "OLD=2\n").unwrap(), Change::Content),
        ("removed", |path| std::fs::remove_file(path).unwrap(), Change::Vanished),
        (
            "replaced",
            |path| {
                std::fs::write(path.with_extension("n"), "OLD=1\n").unwrap();
                std::fs::rename(path.with_extension("n"), path).unwrap();
            },
            Change::OtherFile,
        ),
        (
            "made a link",
            |path| {
                std::fs::rename(path, path.with_extension("real")).unwrap();
                symlink(path.with_extension("real"), path).unwrap();
            },
            Change::OtherFile,
        ),
    ];
    for (name, change, how) in changes {
        for late in [false, true] {
            let desk = Desk::new();
            let path = desk.file("OLD=1\n", 0o600);
            let plan = desk.plan(&path, "NEW=1\n");
            let mut run = desk.state.begin_run(1).unwrap();
            let result = if late {
                let rehearsal = run.rehearse(plan).unwrap();
                std::thread::scope(|scope| scope.spawn(|| change(&path)).join().unwrap());
                rehearsal.commit(&mut run)
            } else {
                change(&path);
                run.write(plan)
            };
            match result {
                Err(DiskError::Changed { how: found, .. }) => assert_eq!(found, how, "{name}"),
                other => panic!("{name}, late: {late}: {other:?}"),
            }
            assert!(desk.names().iter().all(|name| !name.contains("labwizard")), "{name}");
            assert!(!std::fs::read_to_string(&path).is_ok_and(|text| text.contains("NEW")), "{name}");
        }
    }
}

#[test]
fn a_file_that_came_into_being_since_the_review_is_not_replaced() {
    let desk = Desk::new();
    let path = desk.project.join(".env");
    let mut run = desk.state.begin_run(1).unwrap();
    let rehearsal = run.rehearse(desk.plan(&path, "NEW=1\n")).unwrap();
    std::fs::write(&path, "THEIRS=1\n").unwrap();
    let error = rehearsal.commit(&mut run).unwrap_err();
    assert_eq!(error, DiskError::Changed { path: path.clone(), how: Change::Appeared });
    assert_eq!(text(&path), "THEIRS=1\n");
}

#[test]
fn a_folder_that_was_swapped_since_the_review_is_not_written_into() {
    let desk = Desk::new();
    let path = desk.project.join(".env");
    let plan = desk.plan(&path, "NEW=1\n");
    let mut run = desk.state.begin_run(1).unwrap();
    std::fs::rename(&desk.project, desk.project.with_extension("away")).unwrap();
    std::fs::create_dir(&desk.project).unwrap();
    assert_eq!(run.write(plan).unwrap_err(), DiskError::Changed { path: path.clone(), how: Change::Folder });
    assert!(!path.exists());
}

#[test]
fn a_link_is_kept_and_the_file_behind_it_is_replaced() {
    let desk = Desk::new();
    std::fs::write(desk.project.join("real"), "OLD=1\n").unwrap();
    symlink("real", desk.project.join(".env")).unwrap();
    let path = desk.project.join(".env");
    desk.state.begin_run(1).unwrap().write(desk.plan(&path, "NEW=1\n")).unwrap();
    assert!(std::fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!(text(&desk.project.join("real")), "NEW=1\n");
}

#[test]
fn an_oddity_is_refused_until_exactly_it_was_agreed_to() {
    let desk = Desk::new();
    let path = desk.file("OLD=1\n", 0o600);
    std::fs::hard_link(&path, desk.project.join("second")).unwrap();
    let mut run = desk.state.begin_run(1).unwrap();
    let refused = run.write(desk.plan(&path, "NEW=1\n")).unwrap_err();
    assert_eq!(refused, DiskError::NotAgreed { path: path.clone(), oddity: Oddity::HardLinks(2) });
    let other = desk.plan(&path, "NEW=1\n").allowing([Oddity::HardLinks(3)]);
    assert!(run.write(other).is_err());
    run.write(desk.plan(&path, "NEW=1\n").allowing([Oddity::HardLinks(2)])).unwrap();
    assert_eq!((text(&path), text(&desk.project.join("second"))), ("NEW=1\n".into(), "OLD=1\n".into()));
}

#[test]
fn a_second_run_on_the_same_file_is_told_who_has_it() {
    let desk = Desk::new();
    let path = desk.file("OLD=1\n", 0o600);
    let mut first = desk.state.begin_run(1).unwrap();
    let mut second = desk.state.begin_run(1).unwrap();
    let rehearsal = first.rehearse(desk.plan(&path, "NEW=1\n")).unwrap();
    let busy = second.rehearse(desk.plan(&path, "NEW=2\n")).err();
    assert_eq!(busy, Some(DiskError::Busy { path: path.clone(), pid: Some(std::process::id()) }));
    rehearsal.commit(&mut first).unwrap();
    second.write(desk.plan(&path, "NEW=2\n")).unwrap();
}

#[test]
fn in_place_it_stays_the_same_file() {
    let desk = Desk::new();
    let path = desk.file("A LONGER OLD=1\n", 0o640);
    let inode = std::fs::metadata(&path).unwrap().ino();
    let mut run = desk.state.begin_run(1).unwrap();
    let plan = desk.plan(&path, "NEW=1\n").private().allowing([Oddity::InPlace(InPlace::Mount)]);
    run.prepare(plan, None).unwrap().commit(&mut run).unwrap();
    assert_eq!((text(&path).as_str(), mode(&path)), ("NEW=1\n", 0o600));
    assert_eq!(std::fs::metadata(&path).unwrap().ino(), inode);
    let id = run.finish(2).unwrap();
    assert!(matches!(desk.state.take_back(&id, 1, &[]).unwrap(), FileUndo::Restored { doubt: None }));
    assert_eq!((text(&path).as_str(), mode(&path)), ("A LONGER OLD=1\n", 0o640));
    assert_eq!(std::fs::metadata(&path).unwrap().ino(), inode);
}

#[test]
fn root_keeps_the_owner_of_a_file_and_gives_a_new_one_to_the_folders_owner() {
    if !me().is_root() {
        eprintln!("skipped: only root can give files away");
        return;
    }
    let desk = Desk::new();
    std::os::unix::fs::chown(&desk.project, Some(4242), Some(4343)).unwrap();
    let path = desk.file("OLD=1\n", 0o600);
    std::os::unix::fs::chown(&path, Some(4444), Some(4545)).unwrap();
    let mut run = desk.state.begin_run(1).unwrap();
    for (name, owner) in [(".env", (4444, 4545)), ("new.env", (4242, 4343))] {
        let seen = read_config(&desk.project.join(name), &me()).unwrap();
        let plan = FileWrite::over(&seen, "NEW=1\n".into()).allowing(seen.oddities);
        let path = run.write(plan).unwrap().path;
        let meta = std::fs::metadata(&path).unwrap();
        assert_eq!(((meta.uid(), meta.gid()), mode(&path)), (owner, 0o600));
    }
}

/// Runs one test of this file again in a mount namespace of its own; `None`, said aloud, where that cannot be done.
fn in_own_mounts(test: &str) -> Option<()> {
    if std::env::var_os("LABWIZARD_TEST_OWN_MOUNTS").is_some() {
        return Some(());
    }
    let possible = me().is_root()
        && std::process::Command::new("unshare").args(["-m", "true"]).status().is_ok_and(|s| s.success());
    if !possible {
        eprintln!("skipped: only root can mount");
        return None;
    }
    let again = std::process::Command::new("unshare")
        .args(["-m", "--propagation", "private"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("disk::write_tests::{test}"), "--nocapture"])
        .env("LABWIZARD_TEST_OWN_MOUNTS", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&again.stderr));
    None
}

fn mount(arguments: &[&str]) {
    assert!(std::process::Command::new("mount").args(arguments).status().unwrap().success(), "{arguments:?}");
}

/// So that the test's own folder can be removed.
fn unmount(at: &str) {
    assert!(std::process::Command::new("umount").arg(at).status().unwrap().success(), "{at}");
}

#[test]
fn a_file_that_is_a_mount_is_written_in_place_after_a_yes() {
    let Some(()) = in_own_mounts("a_file_that_is_a_mount_is_written_in_place_after_a_yes") else { return };
    let desk = Desk::new();
    let path = desk.file("OLD=1\n", 0o600);
    let file = path.to_str().unwrap();
    mount(&["--bind", file, file]);
    let seen = read_config(&path, &me()).unwrap();
    assert_eq!(seen.oddities, [Oddity::InPlace(InPlace::Mount)]);
    let mut run = desk.state.begin_run(1).unwrap();
    let plan = FileWrite::over(&seen, "NEW=1\n".into());
    assert!(matches!(run.write(plan.clone()), Err(DiskError::NotAgreed { .. })));
    run.write(plan.allowing(seen.oddities)).unwrap();
    assert_eq!((text(&path).as_str(), desk.names()), ("NEW=1\n", vec![".env".to_string()]));
    // One that nobody noticed is refused by the rename itself, and the file stays.
    let plan = desk.plan(&path, "NEW=2\n");
    let error = run.prepare(plan, None).unwrap().commit(&mut run).unwrap_err();
    assert!(error.sentence().contains("in use as a mount"), "{error}");
    assert_eq!((text(&path).as_str(), desk.names()), ("NEW=1\n", vec![".env".to_string()]));
    unmount(file);
}

#[test]
fn a_full_or_read_only_disk_leaves_the_old_file_and_nothing_else() {
    let Some(()) = in_own_mounts("a_full_or_read_only_disk_leaves_the_old_file_and_nothing_else") else { return };
    let desk = Desk::new();
    let folder = desk.project.to_str().unwrap();
    mount(&["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
    let path = desk.file("OLD=1\n", 0o600);
    let mut run = desk.state.begin_run(1).unwrap();
    let error = run.write(desk.plan(&path, &"x".repeat(100_000))).unwrap_err();
    assert!(error.sentence().contains("the disk is full"), "{error}");
    assert_eq!((text(&path).as_str(), desk.names()), ("OLD=1\n", vec![".env".to_string()]));
    mount(&["-o", "remount,ro", folder]);
    let plan = desk.plan(&path, "NEW=1\n").allowing([Oddity::InPlace(InPlace::FolderClosed)]);
    let error = run.write(plan).unwrap_err();
    assert!(error.sentence().contains("mounted read-only"), "{error}");
    assert_eq!((text(&path).as_str(), desk.names()), ("OLD=1\n", vec![".env".to_string()]));
    unmount(folder);
}
