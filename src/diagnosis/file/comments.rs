//! What comments and code around the file claim, and is not so.

use super::{Sight, codes};
use crate::domain::finding::{Finding, Severity::*, Step};
use crate::domain::guide_mistake;
use crate::domain::visible::visible;

pub(super) fn judge(sight: &Sight<'_>) -> Vec<Finding> {
    let text = sight.document.text().as_str();
    let mut out = claims(text);
    out.extend(dropped_right("the file", text));
    for (name, code) in sight.around.module.iter().flat_map(|module| &module.code) {
        out.extend(dropped_right(&visible(name), code.as_str()));
    }
    out
}

/// What guides get wrong, where a comment repeats it; each once.
fn claims(text: &str) -> Vec<Finding> {
    let mut out: Vec<Finding> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let Some(comment) = line.trim_start().strip_prefix(['#', ';']).or_else(|| line.trim_start().strip_prefix("//"))
        else {
            continue;
        };
        let comment = comment.trim_start_matches(['#', '/', ' ', '\t']);
        // A value that is commented out may hold anything.
        let Some(mistake) = guide_mistake(comment) else { continue };
        let title = format!("A comment repeats what is not so: {}.", mistake.claim);
        match out.iter_mut().find(|finding| finding.title == title) {
            Some(finding) => finding.evidence.push(format!("line {}", at + 1)),
            None => out.push(
                Finding::new(codes::FILE_CLAIM, Info, Step::Review, title, mistake.truth)
                    .seen(format!("line {}", at + 1))
                    .say("Nothing has to be done in the file; go by labwizard's commands where you make a token."),
            ),
        }
    }
    out
}

/// VM.Monitor is gone since Proxmox VE 9 (pve-access-control 0706945, “privileges: drop VM.Monitor”).
fn dropped_right(place: &str, text: &str) -> Option<Finding> {
    let line = text.lines().position(|line| line.contains("VM.Monitor"))? + 1;
    Some(
        Finding::new(
            codes::RIGHTS_UNKNOWN,
            Info,
            Step::Access,
            format!("{} names the privilege VM.Monitor.", crate::domain::visible::upper_first(place)),
            "Proxmox VE 9 has it no more and refuses a role with it. What it allowed is in VM.GuestAgent.Audit and its neighbours, and in Sys.Audit.",
        )
        .seen(format!("line {line} of {place}"))
        .say("On Proxmox VE 9 write VM.GuestAgent.Audit in its place; before that leave it."),
    )
}
