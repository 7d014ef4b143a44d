//! Each fault that is mended in the file alone, mended as its finding offers: the file is silent then.

use super::*;
use crate::diagnosis::file::tests::faults::ROWS;
use crate::diagnosis::file::tests::{config, good, told};
use crate::domain::finding::Severity;

#[test]
fn what_a_finding_offers_to_do_to_the_file_heals_it() {
    let library = Library::built_in();
    let mut wrong = Vec::new();
    let mut healed = 0;
    for (which, old, new, _) in ROWS {
        let (path, text) = good(which);
        let broken = config(path, &text.replacen(old, new, 1));
        let loud = |finding: &&crate::domain::Finding| finding.severity > Severity::Info;
        // Lines of one cause are mended together; else the first mend is the easiest.
        let is_several =
            |finding: &crate::domain::Finding| finding.mends.iter().all(|mend| matches!(mend, Mend::Rewrite { .. }));
        let first = |finding: &crate::domain::Finding| if is_several(finding) { finding.mends.len() } else { 1 };
        let mends: Vec<Mend> =
            broken.findings.iter().filter(loud).flat_map(|f| f.mends.iter().take(first(f)).cloned()).collect();
        let ours = |mend: &Mend| matches!(mend, Mend::Rewrite { .. } | Mend::Remove { .. });
        if mends.is_empty() || !mends.iter().all(ours) {
            continue;
        }
        let form = broken.form(&library).unwrap();
        let edits = edits(&broken, &library, &Told::default(), &mends);
        let text = edits.map_err(|error| error.to_string()).and_then(|edits| {
            let edited = broken.document.apply(&edits, &form.held_against(), None);
            edited.map(|edited| edited.text().as_str().to_owned()).map_err(|error| error.to_string())
        });
        match text {
            Err(error) => wrong.push(format!("{which}: {new:?} {mends:?}: {error}")),
            Ok(text) => {
                let said = told(&config(path, &text).findings);
                if said.is_empty() {
                    healed += 1;
                } else {
                    wrong.push(format!("{which}: {new:?} {mends:?}: {said:?}\n{text}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n", wrong.join("\n"));
    assert!(healed > 30, "{healed}");
}
