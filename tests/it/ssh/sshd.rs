//! The real ssh against a real sshd on loopback, where `LABWIZARD_SSHD` names one; else these tests do nothing.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use super::*;

/// An sshd of this user's own, with the lab's programs before all others.
struct Sshd {
    child: Child,
    stand: Stand,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl Sshd {
    fn start(lab: &Lab) -> Option<Sshd> {
        let program = std::env::var("LABWIZARD_SSHD").ok()?;
        let stand = Stand::of(lab);
        let at = |name: &str| stand.path().join(name).display().to_string();
        for key in ["host_key", "user_key"] {
            run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", key, "-f", &at(key)]);
        }
        std::fs::copy(at("user_key.pub"), at("authorized_keys")).unwrap();
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = [
            "ListenAddress 127.0.0.1".to_owned(),
            format!("Port {port}"),
            format!("HostKey {}", at("host_key")),
            format!("AuthorizedKeysFile {}", at("authorized_keys")),
            format!("PidFile {}", at("sshd.pid")),
            format!("SetEnv PATH={}:/usr/bin:/bin", at("host")),
            "PermitRootLogin yes".into(),
            "PasswordAuthentication no".into(),
            "KbdInteractiveAuthentication no".into(),
            "UsePAM no".into(),
            // The temporary folder is everybody's.
            "StrictModes no".into(),
        ];
        std::fs::write(at("sshd_config"), settings.join("\n") + "\n").unwrap();
        let user = run("id", &["-un"]).trim().to_owned();
        let settings = [
            "Host pve.lan".to_owned(),
            "HostName 127.0.0.1".into(),
            format!("Port {port}"),
            format!("IdentityFile {}", at("user_key")),
            "IdentitiesOnly yes".into(),
            format!("UserKnownHostsFile {}", at("known_hosts")),
            "GlobalKnownHostsFile none".into(),
            // Would start another program on this side.
            "LocalCommand touch /tmp/labwizard-local-command".into(),
            "PermitLocalCommand yes".into(),
            "RemoteCommand false".into(),
        ];
        std::fs::write(at("ssh_config"), settings.join("\n") + "\n").unwrap();
        // sshd lets somebody who is not root sign in only as themself.
        let wrapper = format!(
            "#!/bin/bash\nwords=()\nfor word; do [ \"$word\" = root ] && word={user}; words+=(\"$word\"); done\n\
             exec /usr/bin/env ssh -F {} \"${{words[@]}}\"\n",
            at("ssh_config")
        );
        std::fs::write(at("ssh"), wrapper).unwrap();
        std::fs::set_permissions(at("ssh"), std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut child = Command::new(program)
            .args(["-D", "-e", "-f", &at("sshd_config")])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut said = Vec::new();
        let listens = lines.any(|line| {
            said.push(line);
            said.last().is_some_and(|line| line.starts_with("Server listening"))
        });
        assert!(listens, "sshd: {said:?}");
        // Somebody has to read what it goes on saying.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Sshd { child, stand })
    }

    /// Lets ssh know the host.
    fn introduce(&self) {
        let key = self.stand.noted("host_key.pub");
        let port =
            self.stand.noted("sshd_config").lines().find_map(|line| line.strip_prefix("Port ").map(str::to_owned));
        std::fs::write(self.stand.path().join("known_hosts"), format!("[127.0.0.1]:{} {key}", port.unwrap())).unwrap();
    }
}

#[tokio::test]
async fn a_token_is_made_and_taken_back_over_the_real_ssh() {
    let lab = Lab::start_in_thread(LabConfig::quick()).unwrap();
    let Some(sshd) = Sshd::start(&lab) else { return };
    sshd.introduce();
    let options = sshd.stand.options();
    let ShellAnswer::Open { shell, fingerprint } = ssh::open(&root(), true, &options) else { panic!("not open") };
    assert_eq!(fingerprint.unwrap().to_string(), lab.fingerprint());
    let desk = Desk::open(&at(&lab), &Credential::Shell(shell), &options).await.unwrap();
    let before = desk.estate().await.unwrap();
    let mut secret = None;
    for change in plan() {
        secret = done(&desk, &change).await.or(secret);
    }
    let secret = secret.unwrap();
    assert!(still_opens(&at(&lab), &token(), &secret, &options).await.unwrap());
    for change in plan().iter().rev().filter_map(Change::back) {
        done(&desk, &change).await;
    }
    assert_eq!(desk.estate().await.unwrap(), before);
    assert!(!everything_in(sshd.stand.path()).contains(secret.reveal()));
    assert!(!Path::new("/tmp/labwizard-local-command").exists(), "a command of the settings was run here");
}

#[test]
fn a_host_whose_key_is_unknown_or_another_is_not_connected_to() {
    let lab = Lab::start_in_thread(LabConfig::quick()).unwrap();
    let Some(sshd) = Sshd::start(&lab) else { return };
    let said = || match ssh::open(&root(), true, &sshd.stand.options()) {
        ShellAnswer::Failed(SshTrouble::Ended { code: Some(255), words }) => words,
        other => panic!("{other:?}"),
    };
    assert!(said().contains("Host key verification failed."));
    std::fs::copy(sshd.stand.path().join("user_key.pub"), sshd.stand.path().join("host_key.pub")).unwrap();
    sshd.introduce();
    assert!(said().contains("Host key verification failed."));
    assert!(sshd.stand.console.commands().is_empty());
}

#[tokio::test]
async fn a_killed_connection_is_lost_and_opened_anew() {
    let lab = Lab::start_in_thread(LabConfig::quick()).unwrap();
    let Some(sshd) = Sshd::start(&lab) else { return };
    sshd.introduce();
    let options = sshd.stand.options();
    let desk = desk(&lab, &options).await;
    // The program ends the shell that it was started from, and with it the connection, after it has acted.
    let pveum = sshd.stand.path().join("host/pveum");
    let whole = std::fs::read_to_string(&pveum).unwrap();
    std::fs::write(
        &pveum,
        whole.replace("exit \"$code\"", "kill -9 \"$PPID\" \"$(ps -o ppid= -p \"$PPID\" | tr -d ' ')\""),
    )
    .unwrap();
    let user = &plan()[0];
    assert!(matches!(desk.change(user).await, Changed::Lost(_)));
    std::fs::write(&pveum, whole).unwrap();
    assert!(has(&desk, user).await);
}
