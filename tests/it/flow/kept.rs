//! What a run leaves, and what taking it back leaves: trust stays, folders are completed, memory is private.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use labwizard::lab::Scenario;

use super::apply::{FROM_ENV, Place};

#[test]
fn a_folder_typed_without_a_slash_is_completed_by_the_usual_name() {
    for folder in [".", "..", "./"] {
        let place = Place::new(Scenario::Fine);
        let answers = place.answers(FROM_ENV).replace("file = \".env\"", &format!("file = \"{folder}\""));
        let ran = place.apply(&answers, &["--yes"]);
        assert_eq!(ran.code, 0, "{folder}: {}", ran.all());
        let at = place.project().join(folder).join(".env");
        assert!(at.is_file(), "{folder}: nothing at {}", at.display());
    }
}

#[test]
fn insecure_answers_send_no_token_to_a_changed_certificate_and_forget_no_trust() {
    let place = Place::new(Scenario::Fine);
    assert_eq!(place.apply(&place.answers(FROM_ENV), &["--yes"]).code, 0);
    let remembered = || std::fs::read_to_string(place.state().join("hosts.toml")).unwrap();
    let before = remembered();
    let insecure: String = place
        .answers(FROM_ENV)
        .lines()
        .map(|line| if line.starts_with("trust") { "trust = \"insecure\"\n".to_owned() } else { format!("{line}\n") })
        .collect();
    place.lab.swap_certificate(labwizard::lab::NewCertificate::NewCluster).unwrap();
    let asked = place.lab.received().len();
    assert_ne!(place.apply(&insecure, &["--yes"]).code, 0);
    assert_eq!(place.lab.received().len(), asked);
    assert_eq!(remembered(), before);
}

#[test]
fn undo_takes_the_file_back_and_leaves_the_trust_that_was_agreed_to() {
    let place = Place::new(Scenario::Fine);
    assert_eq!(place.apply(&place.answers(FROM_ENV), &["--yes"]).code, 0);
    let undo = |arguments: &[&str]| {
        let mut command = Command::new(place.command("", &[]).get_program());
        command.args(arguments).current_dir(place.project()).env_clear();
        command.env("HOME", place.home()).env("LABWIZARD_STATE", place.state());
        place.run(command)
    };
    // No run was named, and nobody is there to agree to the latest.
    let ran = undo(&["undo"]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.all().contains(&place.env_file().display().to_string()), "{}", ran.all());
    assert!(place.env_file().exists(), "{}", ran.all());
    let ran = undo(&["undo", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(!place.env_file().exists(), "{}", ran.all());
    let without_trust: String = place
        .answers(FROM_ENV)
        .lines()
        .filter(|line| !line.starts_with("trust"))
        .map(|line| format!("{line}\n"))
        .collect();
    let again = place.apply(&without_trust, &["--yes"]);
    assert_eq!(again.code, 0, "{}", again.all());
}

#[test]
#[cfg(target_os = "linux")]
fn the_program_leaves_no_core_and_lets_nobody_look_into_its_memory() {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65534;
    let home = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_labwizard"));
    program
        .args(["demo", "--serve", "--json"])
        .env_clear()
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    if rustix::process::geteuid().is_root() {
        // What root runs is root's anyway.
        std::os::unix::fs::chown(home.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        program.uid(NOBODY).gid(NOBODY);
    }
    let mut child = match program.spawn() {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            eprintln!("skipped: another user may not run the program where it lies");
            return;
        }
        spawned => spawned.unwrap(),
    };
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id()));
    let owner = std::fs::metadata(format!("/proc/{}/mem", child.id())).map(|of| of.uid());
    child.kill().unwrap();
    child.wait().unwrap();
    let limits = limits.unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().rev().nth(1), Some("0"), "{core}");
    // proc(5): what is not dumpable belongs to root, so that nobody else may read it.
    assert_eq!(owner.unwrap(), 0);
}

/// A target of the person's own that asks for power over the host, in the folder where such files are looked for.
fn own_target(place: &Place) {
    let folder = place.home().join(".config/labwizard/targets");
    std::fs::create_dir_all(&folder).unwrap();
    let text = "schema = 1\ntitle = \"Mine\"\nabout = \"a tool of mine\"\nservices = { proxmox = \"required\" }\n\
                accepts = { proxmox = [\"token\"] }\n\
                rights = [ { for = \"change the host\", on = \"/\", privs = \"Sys.Modify\" } ]\n\
                form = [ { name = \"env\", dialect = \"dotenv\", file = [\".env\"], verify = [\"off\"] } ]\n\
                [keys]\nMINE_HOST = { value = \"{proxmox.address}\" }\nMINE_TOKEN = { value = \"{proxmox.token}\", when = \"token\" }\n";
    std::fs::write(folder.join("mine.toml"), text).unwrap();
}

#[test]
fn power_over_the_host_for_a_target_of_ones_own_needs_a_yes_of_its_own() {
    let place = Place::with_token(Scenario::Fine, "root@pam!automation");
    own_target(&place);
    let answers = place.answers(FROM_ENV).replace("\"glassdome\"", "\"mine\"").replace("node = \"pve1\"\n", "");
    let ran = place.apply(&answers, &["--yes"]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.all().contains("Sys.Modify on /") && ran.all().contains("--dangerous-rights"), "{}", ran.all());
    assert!(!place.env_file().exists());
    assert!(place.lab.received().is_empty(), "nothing is asked of the host before that");
    let ran = place.apply(&answers, &["--yes", "--dangerous-rights"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(place.env_file().is_file());
}

#[test]
fn what_the_host_lacks_is_listed_at_the_end_with_how_to_make_it() {
    let place = Place::new(Scenario::Empty);
    let ran = place.apply(&place.answers(FROM_ENV), &["--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(
        ran.all().contains("UBUNTU_2204_TEMPLATE_ID") && ran.all().contains("Convert to template"),
        "{}",
        ran.all()
    );
    assert!(!std::fs::read_to_string(place.env_file()).unwrap().contains("\nUBUNTU_2204_TEMPLATE_ID="));
}

#[test]
fn a_command_that_is_misspelt_is_no_file_to_mend() {
    let home = tempfile::tempdir().unwrap();
    for (typed, meant) in [("chek", Some("labwizard check")), ("nothing-like-it.env", None)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_labwizard"));
        command.arg(typed).current_dir(home.path()).env_clear().env("HOME", home.path());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(&format!("There is no file “{typed}”.")), "{said}");
        assert_eq!(said.contains("Is the command meant?"), meant.is_some(), "{said}");
        assert!(said.contains(meant.unwrap_or_default()), "{said}");
    }
}
