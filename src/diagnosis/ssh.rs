//! Root's shell over ssh: why there is none, as far as ssh tells, and whether it leads to the host that was looked at.

use crate::diagnosis::codes;
use crate::domain::finding::{Code, Finding, Severity::*, Step};
use crate::domain::{Fingerprint, Id, SshPlace, SshTrouble, shell};

const PLACE: Id = Id::fixed("ssh_place");
const HERE: &str = "Connect by hand, in another terminal";

/// Why there is no shell at that place. `step` is where it was asked for.
pub fn trouble(place: &SshPlace, trouble: &SshTrouble, step: Step) -> Finding {
    let finding = |code: Code, title: String, cause: &str| Finding::new(code, Error, step, title, cause).at(PLACE);
    match trouble {
        SshTrouble::NoSsh => finding(
            codes::SSH_NONE,
            "There is no ssh on this machine.".into(),
            "None was found in the folders of PATH; one inside the project's own folder is passed over.",
        )
        .say("Install OpenSSH's client (openssh-client), or choose another way."),
        SshTrouble::Ended { code, words } => ended(place, *code, words, step),
        SshTrouble::NotRoot(words) if place.sudo => finding(
            codes::SSH_NOT_ROOT,
            format!("{} is not root there, and sudo was refused.", place.user()),
            "sudo is called with -n, so that it asks nobody for a password. Proxmox VE installs no sudo by itself.",
        )
        .seen(said("the host", words))
        .say(format!("Connect as root@{}, or let this user run sudo without a password.", place.host())),
        SshTrouble::NotRoot(words) => {
            finding(codes::SSH_NOT_ROOT, format!("The shell at {place} is not root's."), "Only root runs pveum.")
                .seen(words.clone())
                .say("Connect as root, or as a user who may run sudo without a password.")
        }
        SshTrouble::NoPveum => finding(
            codes::SSH_NO_PVEUM,
            format!("The machine at {place} is no Proxmox VE."),
            "The connection holds and the shell is root's, but there is no pveum.",
        )
        .say("Type the Proxmox host itself, not a guest on it or a machine in front of it."),
        SshTrouble::TimedOut => finding(
            codes::SSH_NOT_CONNECTED,
            format!("ssh to {place} brought no shell in time."),
            "Nothing answers there, or ssh waits for something that nobody can give it here.",
        )
        .run(HERE, command(place)),
        SshTrouble::Stopped => {
            finding(codes::SSH_STOPPED, "Opening the shell was stopped.".into(), "It was given up before it was there.")
                .say("Press Enter to open it again.")
        }
    }
}

/// ssh ended by itself; its own words tell why.
fn ended(place: &SshPlace, code: Option<i32>, words: &str, step: Step) -> Finding {
    let (kind, title, cause) = if words.contains("Host key verification failed") {
        (
            codes::SSH_HOST_KEY,
            format!("ssh does not know the host {}, or knows another key of it.", place.host()),
            "What ssh checks is never made weaker. A host that was set up anew has a new key; so has somebody in between.",
        )
    } else if words.contains("Permission denied") || words.contains("Too many authentication failures") {
        (
            codes::SSH_REFUSED,
            format!("The host does not let {} in.", place.user()),
            "No key that ssh offered is known there, or the password was wrong.",
        )
    } else if code.is_none() && words.is_empty() {
        (
            codes::SSH_STOPPED,
            format!("ssh to {place} was stopped."),
            "It was ended before there was a shell, by Ctrl-C or from outside.",
        )
    } else {
        (
            codes::SSH_NOT_CONNECTED,
            format!("ssh to {place} ended before there was a shell."),
            "The host is not reached, or its ssh server does not run.",
        )
    };
    let finding = Finding::new(kind, Error, step, title, cause).at(PLACE).seen(match (code, words) {
        (Some(code), "") => format!("ssh ended with {code} and said nothing"),
        (Some(code), words) => format!("ssh ended with {code}: {words}"),
        (None, "") => "ssh was ended by a signal".into(),
        (None, words) => said("ssh", words),
    });
    let finding = match kind {
        codes::SSH_HOST_KEY => {
            finding.say("Compare the key that it shows with the host's own, when you connect by hand.")
        }
        codes::SSH_REFUSED => finding.say("Look whether the user is right, and whether your agent holds the key."),
        _ => finding,
    };
    finding.run(HERE, command(place))
}

fn said(who: &str, words: &str) -> String {
    format!("{who} said: {words}")
}

/// The same connection as a person makes it.
fn command(place: &SshPlace) -> String {
    let port = place.port().map(|port| port.to_string());
    let mut words = vec!["ssh"];
    if let Some(port) = &port {
        words.extend(["-p", port]);
    }
    words.extend(["-l", place.user(), "--", place.host()]);
    // The grammar of a place has nothing that cannot be quoted.
    shell::command(&words).unwrap_or_default()
}

/// What root's shell says of the host's certificate is not what the host showed, and trust hangs on it.
pub fn differs(place: &SshPlace, told: &Fingerprint, shown: &Fingerprint) -> Finding {
    another(place, told, shown, Step::Trust)
        .say("Type the very node that the address leads to: each node has a certificate of its own.")
        .say("If it is the same node, do not trust the certificate before you know who shows it.")
}

/// The same where trust was settled otherwise: what is made or removed there is on that host's cluster, whichever it is.
/// `meant`: the person said that it is another node of the same cluster.
pub fn elsewhere(place: &SshPlace, told: &Fingerprint, shown: &Fingerprint, meant: bool) -> Finding {
    let finding = another(place, told, shown, Step::Access);
    match meant {
        true => Finding { severity: Warning, ..finding }
            .say("It was said to be another node of the same cluster: what is done there is done for both."),
        false => finding
            .say("Type the very node that the address leads to.")
            .say("Where it is another node of the same cluster, say so: users, tokens and grants are the cluster's."),
    }
}

fn another(place: &SshPlace, told: &Fingerprint, shown: &Fingerprint, step: Step) -> Finding {
    Finding::new(
        codes::TLS_SSH_DIFFERS,
        Error,
        step,
        format!("The host at {place} has another certificate than the one that was shown."),
        "ssh leads to another node or machine than the address that was looked at; or a proxy with a certificate of its own \
         stands between; or somebody does.",
    )
    .at(PLACE)
    .seen(format!("over ssh: {told}"))
    .seen(format!("shown here: {shown}"))
}

/// The shell is there, and the host does not tell its certificate.
pub fn unread(place: &SshPlace) -> Finding {
    Finding::new(
        codes::TLS_SSH_UNREAD,
        Error,
        Step::Trust,
        format!("The host at {place} did not tell the fingerprint of its certificate."),
        "pvenode cert info brought none that could be read.",
    )
    .at(PLACE)
    .say("Compare the fingerprint by eye, or paste it.")
    .run(super::by_root::SHELL, "pvenode cert info")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &str) -> Code {
        let ended = SshTrouble::Ended { code: Some(255), words: words.into() };
        trouble(&"root@pve.lan".parse().unwrap(), &ended, Step::Access).code
    }

    #[test]
    fn what_ssh_says_is_told_apart() {
        assert_eq!(of("Host key verification failed."), codes::SSH_HOST_KEY);
        assert_eq!(of("root@pve.lan: Permission denied (publickey,password)."), codes::SSH_REFUSED);
        assert_eq!(of("ssh: connect to host pve.lan port 22: Connection refused"), codes::SSH_NOT_CONNECTED);
    }

    #[test]
    fn the_command_to_try_by_hand_is_the_same_connection() {
        let place: SshPlace = "root@[2001:db8::1]:2222".parse().unwrap();
        assert_eq!(command(&place), "ssh -p 2222 -l root -- 2001:db8::1");
    }

    #[test]
    fn another_certificate_is_an_error_until_it_is_said_to_be_another_node_s() {
        let place: SshPlace = "pve.lan".parse().unwrap();
        let (a, b) = (["AA"; 32].join(":").parse().unwrap(), ["BB"; 32].join(":").parse().unwrap());
        assert_eq!(differs(&place, &a, &b).severity, Error);
        assert_eq!(elsewhere(&place, &a, &b, false).severity, Error);
        let finding = elsewhere(&place, &a, &b, true);
        assert_eq!(finding.severity, Warning);
        assert!(finding.evidence[0].contains("AA:AA") && finding.evidence[1].contains("BB:BB"));
    }
}
