//! What a check could not find out, and why: nobody signed in, or the time was over.

use std::path::Path;
use std::time::Duration;

use crate::diagnosis::codes;
use crate::diagnosis::verifying::{Beyond, Verifying};
use crate::domain::finding::{Finding, Mend, Severity::*, Step};
use crate::domain::visible::visible;
use crate::domain::{Id, Link, Observation, Seen};

const TRUST: Id = Id::fixed("trust");

/// Nobody signed in, since nothing says what the certificate is to be.
pub fn unsettled(typed: &str, strict: bool, by: &Verifying, seen: &[Observation]) -> Finding {
    let host = visible(typed);
    let title = format!("Nobody signed in to “{host}”: nothing says what its certificate is to be.");
    let finding = if let (None, Some(by)) = (by.verifies, &by.by) {
        // The tool may work as it stands; only this check could not tell.
        let cause = match by {
            Beyond::Environment(name) => format!(
                "{} is set in the environment, which counts before the file. labwizard never looks at its value, so it does not \
                 know whether the tool verifies.",
                visible(name)
            ),
            Beyond::Code => {
                "Neither the file nor what could be read of the code beside it says whether to verify it.".to_owned()
            }
        };
        Finding::new(codes::TLS_NOT_SETTLED, Warning, Step::Trust, title, cause)
    } else if by.verifies == Some(false) {
        Finding::new(
            codes::TLS_UNVERIFIED,
            Error,
            Step::Trust,
            format!("Nobody signed in to “{host}”: its certificate is not verified."),
            "The file says not to verify it, no earlier run agreed to it, and --strict sends nothing then.",
        )
    } else {
        let strictly = if strict { " --strict leaves it at that." } else { "" };
        Finding::new(
            codes::TLS_NOT_SETTLED,
            Error,
            Step::Trust,
            title,
            format!("The file does not say whether to verify it, and no earlier run agreed to it.{strictly}"),
        )
    };
    let shown = seen.iter().find_map(|one| match &one.seen {
        Seen::Certificate { leaf, .. } => Some(leaf.fingerprint),
        _ => None,
    });
    let finding = match shown {
        Some(fingerprint) => finding.seen(format!("it shows the certificate {fingerprint} now")),
        None => finding,
    };
    finding
        .say("labwizard FILE shows the certificate, says how to compare it, and remembers what you agree to.")
        .say("For one check alone: --trust sha256:FINGERPRINT, with the fingerprint that the host's own screen shows.")
        .mend(Mend::Certificate)
        .mend(Mend::Verify)
        .at(TRUST)
}

/// The time of the whole check was over before this host had answered everything.
pub fn unfinished(typed: &str, within: Duration, seen: &[Observation]) -> Finding {
    let stood = seen.iter().rev().find_map(|one| match one.seen {
        Seen::Started(link) => Some(link),
        _ => None,
    });
    let finding = Finding::new(
        codes::CHECK_UNFINISHED,
        Error,
        Step::Verify,
        format!("“{}” had not answered everything when the time was over.", visible(typed)),
        format!("The whole check has {}; what this host would have said is not known.", span(within)),
    );
    let at = match stood {
        Some(link) => format!("it stood at the link “{}”", link.word()),
        None => format!("it stood before the link “{}”", Link::Resolve.word()),
    };
    finding.seen(at).say(format!("Give it longer: labwizard check --within {} FILE.", longer(within)))
}

fn span(time: Duration) -> String {
    match time.as_secs_f64() {
        1.0 => "1 second".to_owned(),
        seconds => format!("{seconds} seconds"),
    }
}

fn longer(within: Duration) -> u64 {
    (within.as_secs() * 3).max(60)
}

/// The file with CAs that a config names cannot be used.
pub fn no_ca(path: &Path, why: &str) -> Finding {
    Finding::new(
        codes::FILE_UNREADABLE,
        Error,
        Step::Trust,
        format!("The CA file {} cannot be used.", visible(&path.to_string_lossy())),
        format!("{why} The tool holds the host's certificate against this file."),
    )
    .say("Put the cluster's CA there: on the host it is /etc/pve/pve-root-ca.pem.")
    .mend(Mend::Verify)
    .at(TRUST)
}

/// What was agreed to is labwizard's own knowledge: by its file the tool takes any certificate.
pub fn unverified(title: &str, typed: &str) -> Finding {
    Finding::new(
        codes::TLS_UNVERIFIED,
        Info,
        Step::Trust,
        format!("{title} itself does not verify the certificate of “{}”.", visible(typed)),
        "The file says not to. labwizard held the certificate against what was agreed to; whoever stands on the way between \
         the tool and the host can show any other, and read the token.",
    )
    .at(TRUST)
}
