//! A tool that takes no CA file: it verifies by the CAs of its system, so the cluster's own has to be among them.

use crate::diagnosis::by_root::SHELL;
use crate::diagnosis::codes;
use crate::domain::finding::{Finding, Mend};
use crate::target::spec::VerifyWord;
use crate::target::{Form, Spec};

/// Whether nothing in a file of this form names a CA or a certificate. Providers of OpenTofu are programs in Go, of which it is
/// known where they look for CAs (Go `crypto/x509/root_unix.go`, `root_linux.go`).
pub fn is_meant(spec: &Spec, form: &Form) -> bool {
    let provider = spec.form.iter().any(|form| form.found.as_ref().is_some_and(|found| found.provider.is_some()));
    let names = [VerifyWord::Ca, VerifyWord::Pin].iter().any(|word| form.verify.contains(word));
    provider && form.verify.contains(&VerifyWord::System) && !names
}

/// The CA is agreed to, and the tool does not know it: looking at the certificate once more changes nothing.
pub fn stops(finding: &mut Finding, tool: &str) {
    if finding.code != codes::TLS_UNKNOWN_CA {
        return;
    }
    finding.cause = format!(
        "{tool} takes no CA file: it goes by the CAs of this system, and the cluster's own is not among them. The host itself is \
         known: an earlier run agreed to it."
    );
    finding.mends.retain(|mend| *mend != Mend::Certificate);
    finding.fix.clear();
    let told = std::mem::replace(finding, Finding::new(finding.code, finding.severity, finding.step, "", ""));
    *finding = told
        .say("Give this system the cluster's CA; every program here then trusts what it signs. This prints it: put it into a file pve-root-ca.crt.")
        .run(SHELL, "cat /etc/pve/pve-root-ca.pem")
        .run(
            "This machine's shell, on Debian and Ubuntu",
            "sudo install -m 644 pve-root-ca.crt /usr/local/share/ca-certificates/ && sudo update-ca-certificates",
        )
        .run(
            "This machine's shell, on Fedora and its kin",
            "sudo install -m 644 pve-root-ca.crt /etc/pki/ca-trust/source/anchors/ && sudo update-ca-trust",
        )
        .say(format!(
            "Or for {tool} alone, on Linux: this, in the shell that starts it. labwizard does not look at this variable, and goes on \
             telling what stands here."
        ))
        .run("The shell that starts it", r#"export SSL_CERT_FILE="$PWD/pve-root-ca.crt""#);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Id;
    use crate::domain::finding::{Severity, Step};
    use crate::target::Library;

    #[test]
    fn a_tool_that_takes_no_ca_file_is_given_the_ca_by_its_system() {
        let library = Library::built_in();
        for (name, meant) in
            [("opentofu-bpg", true), ("opentofu-telmate", true), ("glassdome", false), ("depl0y", false)]
        {
            let spec = &library.get(name).unwrap().spec;
            assert!(spec.form.iter().all(|form| is_meant(spec, form) == meant), "{name}");
        }
        let new = |code| {
            Finding::new(code, Severity::Error, Step::Trust, "No CA.", "Because.")
                .say("Agree to it.")
                .mend(Mend::Certificate)
                .at(Id::fixed("trust"))
        };
        let mut finding = new(codes::TLS_UNKNOWN_CA);
        stops(&mut finding, "OpenTofu");
        assert_eq!(finding.mends, [], "looking at the certificate once more is a circle");
        let words = format!("{:?}", finding.fix);
        assert!(words.contains("update-ca-certificates") && words.contains("SSL_CERT_FILE"), "{words}");
        assert_eq!((finding.title.as_str(), finding.field), ("No CA.", Some(Id::fixed("trust"))));
        let mut other = new(codes::TLS_CHANGED);
        stops(&mut other, "OpenTofu");
        assert_eq!(other, new(codes::TLS_CHANGED));
    }
}
