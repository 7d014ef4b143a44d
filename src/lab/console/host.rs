//! What root runs on a host besides `pveum`: certificates made anew, services, the clock, the journal, and files that are read.
//!
//! pve-cluster `CLI/pvecm.pm`, pve-manager `CLI/pvenode.pm`; of other programs only what is asked of them here.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::super::certificates::NewCertificate;
use super::super::{Shared, locked};
use super::{Printed, failed, table};

/// The cluster's CA, which everybody may read.
const CA: &str = "/etc/pve/pve-root-ca.pem";

/// What it prints; none where there is no such command here.
pub fn run(shared: &Shared, words: &[&str]) -> Option<Printed> {
    Some(match words {
        ["pvecm", "updatecerts", options @ ..] => updatecerts(shared, options),
        ["pvecm", "status"] => said(cluster_status(shared)),
        ["pvenode", "cert", "info"] => said(certificates(shared)),
        ["systemctl", "restart", units @ ..] => restart(shared, units),
        ["systemctl", "status", "--no-pager", units @ ..] => status(shared, units),
        ["timedatectl"] => said(clock(shared)),
        ["timedatectl", "set-ntp", "true"] => {
            locked(&shared.cluster).clock_ahead = 0;
            Printed::default()
        }
        ["journalctl", "-u", unit, ..] => said(journal(shared, unit)),
        ["cat", path] => read(shared, path),
        ["mv", CA, "/root/"] => {
            locked(&shared.cluster).certificates.retain(|(file, _)| !CA.ends_with(file.as_str()));
            Printed::default()
        }
        _ => return None,
    })
}

fn said(output: String) -> Printed {
    Printed { output, ..Printed::default() }
}

/// As if on every node, so that each has a certificate that the others verify. A certificate of one's own stays in its place
/// (pve-cluster `Cluster/Setup.pm`, `pveproxy-ssl.pem`).
fn updatecerts(shared: &Shared, options: &[&str]) -> Printed {
    let force = match options {
        [] => false,
        ["--force" | "-f"] => true,
        other => return failed(255, format!("Unknown option: {}\n", other.join(" "))),
    };
    let mut cluster = locked(&shared.cluster);
    cluster.nodes.iter_mut().for_each(|node| node.trusted = true);
    let there = |name: &str| cluster.certificates.iter().any(|(file, _)| file == name);
    let (replaced, has_ca) = (there("pveproxy-ssl.pem"), there("pve-root-ca.pem"));
    drop(cluster);
    // A CA is made where none is, and every certificate with it.
    let new = if has_ca { NewCertificate::Renewed } else { NewCertificate::RenewedCa };
    if !replaced && (force || !has_ca) {
        let mut served = shared.tls.write().unwrap_or_else(PoisonError::into_inner);
        let made = served.swap(new, shared.release(), &mut locked(&shared.cluster));
        if let Err(error) = made {
            return failed(1, format!("{error}\n"));
        }
    }
    said("(re)generate node files\ngenerate new node certificate\nmerge authorized SSH keys\n".to_owned())
}

fn restart(shared: &Shared, units: &[&str]) -> Printed {
    for unit in units {
        match unit.trim_end_matches(".service") {
            "pveproxy" => shared.restarted.store(true, Ordering::SeqCst),
            "pvedaemon" => locked(&shared.cluster).daemon_runs = true,
            other => return failed(5, format!("Failed to restart {other}.service: Unit {other}.service not found.\n")),
        }
    }
    Printed::default()
}

/// 3 where one of them does not run, as systemd has it.
fn status(shared: &Shared, units: &[&str]) -> Printed {
    let mut printed = Printed::default();
    for unit in units {
        let unit = unit.trim_end_matches(".service");
        let runs = unit != "pvedaemon" || locked(&shared.cluster).daemon_runs;
        let state = if runs { "active (running)" } else { "inactive (dead)" };
        printed.output.push_str(&format!("● {unit}\n     Active: {state}\n"));
        printed.code = if runs { printed.code } else { 3 };
    }
    printed
}

fn clock(shared: &Shared) -> String {
    let synchronized = if locked(&shared.cluster).clock_ahead == 0 { "yes" } else { "no" };
    format!("System clock synchronized: {synchronized}\n")
}

fn cluster_status(shared: &Shared) -> String {
    let cluster = locked(&shared.cluster);
    let up = cluster.nodes.iter().filter(|node| node.online).count();
    let name = cluster.name.as_deref().unwrap_or_default();
    format!("Name:             {name}\nNodes:            {up}\nExpected votes:   {}\n", cluster.nodes.len())
}

/// Why logins were refused (pve-manager `bin/pveproxy`).
fn journal(shared: &Shared, unit: &str) -> String {
    let cluster = locked(&shared.cluster);
    let lines = cluster.refusals.iter().filter(|_| unit == "pveproxy");
    let node = cluster.here();
    lines
        .map(|why| format!("{node} pveproxy[1234]: authentication failure; rhost=::ffff:127.0.0.1 msg={why}\n"))
        .collect()
}

fn certificates(shared: &Shared) -> String {
    let cluster = locked(&shared.cluster);
    let rows = cluster
        .certificates
        .iter()
        .map(|(file, issued)| vec![file.clone(), issued.fingerprint(), issued.subject.clone(), issued.issuer.clone()]);
    table::drawn(&["filename", "fingerprint", "subject", "issuer"], &rows.collect::<Vec<_>>())
}

fn read(shared: &Shared, path: &str) -> Printed {
    match path {
        CA => {
            let served = shared.tls.read().unwrap_or_else(PoisonError::into_inner);
            said(served.authority.issued.pem.clone())
        }
        other => failed(1, format!("cat: {other}: No such file or directory\n")),
    }
}
